/* Installed models: NAME.safetensors, NAME.onnx, NAME.pth or NAME.pt with NAME.json, in $LIMN_MODELS (directories
 * separated by colons), then `models` below the user's data directory, share/limn beside the program's bin (an
 * installed tree may be moved), the install prefix and the source tree. The first folder with a name wins, then the
 * first suffix. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "model/model_priv.h"

static const char *const suffixes[] = {".safetensors", ".onnx", ".pth", ".pt"};
enum { N_SUFFIXES = sizeof suffixes / sizeof suffixes[0], SUFFIX_LONGEST = 12 };

/* PREFIX/share/limn/SUB for the running PREFIX/bin/PROGRAM; "" where that is unknown. */
static void beside_program(const char *sub, char buf[MODEL_PATH_MAX])
{
    char exe[MODEL_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(exe, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
    }
    if (n <= 0 || (size_t)snprintf(buf, MODEL_PATH_MAX, "%.4000s/share/limn/%s", exe, sub) >= MODEL_PATH_MAX) {
        buf[0] = '\0';
    }
}

bool assets_dir(size_t i, const char *sub, char buf[MODEL_PATH_MAX])
{
    static const char *const fixed[] = {LIMN_INSTALL_ASSETS, LIMN_SOURCE_ASSETS};
    const char *p = getenv("LIMN_MODELS");
    buf[0] = '\0';
    while (p != NULL && *p != '\0') { /* as they are: the user named the directories themselves */
        size_t n = strcspn(p, ":");
        if (i-- == 0) {
            snprintf(buf, MODEL_PATH_MAX, "%.*s", (int)(n < MODEL_PATH_MAX ? n : 0), p);
            return true;
        }
        p += n + (p[n] == ':');
    }
    if (i == 0) {
        char data[MODEL_PATH_MAX];
        dir_xdg("DATA", data, sizeof data);
        if (data[0] != '\0' && (size_t)snprintf(buf, MODEL_PATH_MAX, "%.4000s/%s", data, sub) >= MODEL_PATH_MAX) {
            buf[0] = '\0';
        }
        return true;
    }
    if (i == 1) {
        beside_program(sub, buf);
        return true;
    }
    if (i - 2 < sizeof fixed / sizeof fixed[0]) {
        snprintf(buf, MODEL_PATH_MAX, "%s/%s", fixed[i - 2], sub);
        return true;
    }
    return false;
}

static int entry_by_name(const void *a, const void *b)
{
    return strcmp(((const struct model_entry *)a)->name, ((const struct model_entry *)b)->name);
}

/* The suffix of a file of weights; N_SUFFIXES for others. */
static size_t suffix_of(const char *name)
{
    size_t k = 0;
    while (k < N_SUFFIXES && !str_ends(name, suffixes[k])) {
        k++;
    }
    return k;
}

static void entry_fill(struct model_entry *e, struct arena *a)
{
    char card_path[MODEL_PATH_MAX], labels[MODEL_PATH_MAX];
    struct model_card c = {0};
    struct file *f = NULL;
    snprintf(card_path, sizeof card_path, "%.*s.json", (int)(strlen(e->path) - strlen(suffixes[suffix_of(e->path)])),
             e->path);
    if (card_read(card_path, &c, a, labels, NULL) == LIMN_OK) { /* a model without a card is listed by its name alone */
        snprintf(e->title, sizeof e->title, "%s", c.title);
        snprintf(e->licence, sizeof e->licence, "%s", c.licence);
    }
    if (file_open(e->path, &f, NULL) == LIMN_OK) {
        e->bytes = file_size(f);
        file_close(&f);
    }
}

struct entry_list {
    struct model_entry *item;
    size_t n, cap;
};

static limn_status list_dir(struct entry_list *l, const char *dir, struct arena *a, limn_error *err)
{
    DIR *d = dir[0] != '\0' ? opendir(dir) : NULL;
    size_t first = l->n;
    limn_status st = LIMN_OK;
    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        struct model_entry e = {0};
        size_t k = suffix_of(f->d_name), i = 0;
        size_t n = k < N_SUFFIXES ? strlen(f->d_name) - strlen(suffixes[k]) : 0;
        if (n == 0 || n >= sizeof e.name ||
            (size_t)snprintf(e.path, sizeof e.path, "%s/%s", dir, f->d_name) >= sizeof e.path) {
            continue;
        }
        snprintf(e.name, sizeof e.name, "%.*s", (int)n, f->d_name);
        while (i < l->n && strcmp(l->item[i].name, e.name) != 0) {
            i++;
        }
        if (i < l->n) { /* the same folder: another suffix of the name may come first */
            if (i >= first && k < suffix_of(l->item[i].path)) {
                entry_fill(&e, a);
                l->item[i] = e;
            }
            continue;
        }
        st = mem_grow(&l->item, &l->cap, l->n + 1, sizeof *l->item, err);
        if (st != LIMN_OK) {
            break;
        }
        entry_fill(&e, a);
        l->item[l->n++] = e;
    }
    if (d != NULL) {
        closedir(d);
    }
    return st;
}

limn_status model_list(struct model_entry **list, size_t *n, limn_error *err)
{
    struct entry_list l = {0};
    struct arena a = {0};
    char dir[MODEL_PATH_MAX];
    limn_status st = LIMN_OK;
    for (size_t i = 0; st == LIMN_OK && assets_dir(i, "models", dir); i++) {
        st = list_dir(&l, dir, &a, err);
    }
    arena_finish(&a);
    if (st != LIMN_OK) {
        mem_free(l.item);
        return st;
    }
    if (l.n > 0) {
        qsort(l.item, l.n, sizeof *l.item, entry_by_name);
    }
    *list = l.item;
    *n = l.n;
    return LIMN_OK;
}

static limn_status model_unknown(const char *name, limn_error *err)
{
    struct model_entry *list = NULL;
    size_t n = 0;
    const char *close = NULL;
    if (arch_find(name) != NULL) {
        return err_set(err, LIMN_ERR_NOT_FOUND,
                       "no model \"%s\" installed: it is an architecture (give a weight file, --arch %s)", name, name);
    }
    limn_status st = model_list(&list, &n, err);
    if (st != LIMN_OK) {
        return st;
    }
    const char **names = mem_alloc(n + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < n; i++) {
        names[i] = list[i].name;
    }
    if (names != NULL && n > 0) {
        close = str_closest(name, names, n);
    }
    st = close != NULL ? err_set(err, LIMN_ERR_NOT_FOUND, "no model \"%.100s\" (did you mean \"%s\"?)", name, close)
                       : err_set(err, LIMN_ERR_NOT_FOUND, "no model \"%.100s\" (limn models lists %zu)", name, n);
    mem_free(names);
    mem_free(list);
    return st;
}

limn_status assets_find_model(const char *name, char path[MODEL_PATH_MAX], limn_error *err)
{
    char dir[MODEL_PATH_MAX];
    if (strlen(name) >= MODEL_PATH_MAX - 1) {
        return err_set(err, LIMN_ERR_READ, "%.60s...: path longer than %d bytes", name, MODEL_PATH_MAX - 1);
    }
    /* A slash or a file suffix says that a path is meant: opening it gives the right error. A directory that happens to
     * be called like a model (results are often sorted so) does not hide it. */
    const char *dot = strrchr(name, '.');
    if (strchr(name, '/') != NULL || (file_exists(name) && !dir_exists(name)) ||
        (dot != NULL && strlen(dot) > 2 && strlen(dot) <= SUFFIX_LONGEST)) {
        snprintf(path, MODEL_PATH_MAX, "%s", name);
        return LIMN_OK;
    }
    for (size_t i = 0; assets_dir(i, "models", dir); i++) {
        for (size_t k = 0; dir[0] != '\0' && k < N_SUFFIXES; k++) {
            snprintf(path, MODEL_PATH_MAX, "%.3000s/%.1000s%s", dir, name, suffixes[k]);
            if (file_exists(path)) {
                return LIMN_OK;
            }
        }
    }
    return model_unknown(name, err);
}
