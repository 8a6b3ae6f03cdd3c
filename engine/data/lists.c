/* Folders and text files that list pictures. Everything is sorted by bytes, so that the order of samples does not
 * depend on the file system. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/str.h"
#include "data/pictures.h"

enum { MAX_NAMES = 50000000 };

bool is_picture_name(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcasecmp(dot, endings[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool is_inner_path(const char *path)
{
    if (path[0] == '/' || path[0] == '\0') {
        return false;
    }
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
            return false;
        }
    }
    return true;
}

void name_list_finish(struct name_list *l)
{
    mem_free(l->name);
    arena_finish(&l->arena);
    *l = (struct name_list){0};
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_wanted(const char *folder, const char *name, bool folders)
{
    char path[DATA_PATH];
    struct stat info;
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (name[0] == '.' || n < 0 || n >= (int)sizeof(path) || (!folders && !is_picture_name(name))) {
        return false;
    }
    return stat(path, &info) == 0 && (folders ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode));
}

static limn_status add_name(struct name_list *l, const char *name, limn_error *err)
{
    char *copy = l->n < MAX_NAMES ? arena_strdup(&l->arena, name) : NULL;
    limn_status st = copy ? mem_grow(&l->name, &l->cap, l->n + 1, sizeof(*l->name), err)
                          : err_nomem(err, strlen(name), "the names in a folder");
    if (st == LIMN_OK) {
        l->name[l->n++] = copy;
    }
    return st;
}

static limn_status list(const char *path, bool folders, struct name_list *out, limn_error *err)
{
    struct name_list l = {0};
    limn_status st = LIMN_OK;
    DIR *dir = opendir(path);
    if (!dir) {
        return err_set(err, LIMN_ERR_READ, "%s: cannot open: %s", path, strerror(errno));
    }
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (is_wanted(path, e->d_name, folders)) {
            TRY(add_name(&l, e->d_name, err));
        }
    }
    if (l.n > 0) {
        qsort(l.name, l.n, sizeof(*l.name), by_bytes);
    }
    *out = l;
    l = (struct name_list){0};
out:
    closedir(dir);
    name_list_finish(&l);
    return st;
}

limn_status list_folders(const char *path, struct name_list *out, limn_error *err)
{
    return list(path, true, out, err);
}

limn_status list_pictures(const char *path, struct name_list *out, limn_error *err)
{
    return list(path, false, out, err);
}

/* ---- lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

char *next_line(char **at, size_t *number)
{
    while (**at) {
        char *line = *at, *end = line + strcspn(line, "\n");
        *at = *end ? end + 1 : end;
        ++*number;
        while (is_blank(*line)) {
            line++;
        }
        while (end > line && is_blank(end[-1])) {
            end--;
        }
        *end = '\0';
        if (line < end) {
            return line;
        }
    }
    return NULL;
}

bool cut_last(char *line, char **value)
{
    char *end = line + strlen(line);
    while (end > line && !is_blank(*end)) {
        end--;
    }
    if (end == line) {
        return false;
    }
    *value = end + 1;
    while (end > line && is_blank(end[-1])) {
        end--;
    }
    *end = '\0';
    return true;
}

static size_t count_lines(const char *text)
{
    size_t n = 1;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++) {
        n++;
    }
    return n;
}

static limn_status take_item(const char *name, size_t line, char *text, struct id_list *l, size_t most, limn_error *err)
{
    int64_t id;
    char *item = text + strcspn(text, " \t");
    bool has_item = *item != '\0';
    *item = '\0';
    if (!has_item || !str_to_i64(text, 1, (int64_t)most, &id)) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: line %zu: expected an id from 1 to %zu and a text", name, line, most);
    }
    for (item++; is_blank(*item); item++) {
    }
    if (l->item[id - 1]) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: line %zu: id %lld again", name, line, (long long)id);
    }
    l->item[id - 1] = item;
    l->n++;
    return LIMN_OK;
}

limn_status id_list_parse(const char *name, void *text, struct id_list *out, limn_error *err)
{
    struct id_list l = {.text = text};
    size_t line = 0, most = count_lines(text);
    limn_status st = LIMN_OK;
    char *at = text;
    l.item = mem_zalloc(most, sizeof(*l.item));
    if (!l.item) {
        TRY(err_nomem(err, most * sizeof(*l.item), name));
    }
    for (char *s; (s = next_line(&at, &line)) != NULL;) {
        TRY(take_item(name, line, s, &l, most, err));
    }
    for (size_t i = 0; i < l.n; i++) {
        if (!l.item[i]) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %zu lines, but id %zu is missing", name, l.n, i + 1));
        }
    }
    *out = l;
    return LIMN_OK;
out:
    id_list_finish(&l);
    return st;
}

void id_list_finish(struct id_list *l)
{
    mem_free(l->item);
    mem_free(l->text);
    *l = (struct id_list){0};
}

bool split_from_name(const char *name, enum data_split *out)
{
    static const struct {
        const char *name;
        enum data_split split;
    } known[] = {
        {"train", DATA_TRAIN},        {"training", DATA_TRAIN},        {"val", DATA_VAL},
        {"valid", DATA_VAL},          {"validation", DATA_VAL},        {"test", DATA_TEST},
        {"testing", DATA_TEST},       {"NCT-CRC-HE-100K", DATA_TRAIN}, {"NCT-CRC-HE-100K-NONORM", DATA_TRAIN},
        {"CRC-VAL-HE-7K", DATA_TEST},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(name, known[i].name) == 0) {
            *out = known[i].split;
            return true;
        }
    }
    return false;
}
