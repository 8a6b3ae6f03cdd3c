/* Folders for the file pickers: hidden files are left out, and files that by their names are not what is looked for. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client.h"

enum { ENTRIES_MAX = 20000 };

static bool ends_with(const char *name, const char *const *end)
{
    const char *dot = strrchr(name, '.');
    for (; dot != NULL && *end != NULL; end++) {
        if (strcasecmp(dot, *end) == 0) {
            return true;
        }
    }
    return false;
}

static bool wanted(const char *name, enum folder_of which)
{
    static const char *const models[] = {".safetensors", ".onnx", ".pth", ".pt", ".th", NULL};
    static const char *const data[] = {".json", NULL};
    switch (which) {
    case FOLDER_PICTURES:
        return name_is_picture(name) || name_is_volume(name);
    case FOLDER_MODELS:
        return ends_with(name, models);
    case FOLDER_DATA: /* most are folders; one is told by the file of its annotations */
        return ends_with(name, data);
    default:
        return true;
    }
}

static int by_name(const void *a, const void *b)
{
    const struct file_entry *x = a, *y = b;
    if (x->folder != y->folder) {
        return x->folder ? -1 : 1;
    }
    const int i = strcasecmp(x->name, y->name);
    return i != 0 ? i : strcmp(x->name, y->name);
}

static void add_entry(struct new_state *n, size_t *cap, int dir, const char *name)
{
    struct stat info;
    if (name[0] == '.' || strlen(name) >= sizeof n->file[0].name || fstatat(dir, name, &info, 0) != 0) {
        return;
    }
    n->n_plain += S_ISREG(info.st_mode);
    if (!S_ISDIR(info.st_mode) && !(S_ISREG(info.st_mode) && wanted(name, n->listed))) {
        return;
    }
    if (n->n_files == *cap) {
        const size_t more = *cap * 2 + 64;
        struct file_entry *grown = realloc(n->file, more * sizeof *grown);
        if (grown == NULL) {
            return;
        }
        n->file = grown;
        *cap = more;
    }
    struct file_entry *e = &n->file[n->n_files++];
    memset(e, 0, sizeof *e);
    snprintf(e->name, sizeof e->name, "%s", name);
    e->folder = S_ISDIR(info.st_mode);
    e->bytes = (uint64_t)info.st_size;
}

void folder_read(struct new_state *n, enum folder_of which)
{
    size_t cap = 0;
    char *folder = n->folder[which];
    n->listed = which;
    free(n->file);
    n->file = NULL;
    n->n_files = n->n_plain = 0;
    n->folder_problem[0] = '\0';
    if ((folder[0] == '\0' || access(folder, R_OK | X_OK) != 0) && getcwd(folder, sizeof n->folder[0]) == NULL) {
        snprintf(folder, sizeof n->folder[0], "/");
    }
    DIR *d = opendir(folder);
    if (d == NULL) {
        snprintf(n->folder_problem, sizeof n->folder_problem, "cannot be read: %s", strerror(errno));
        return;
    }
    for (const struct dirent *e; n->n_files < ENTRIES_MAX && (e = readdir(d)) != NULL;) {
        add_entry(n, &cap, dirfd(d), e->d_name);
    }
    closedir(d);
    if (n->n_files > 0) {
        qsort(n->file, n->n_files, sizeof n->file[0], by_name);
    }
}

void path_whole(char *path, size_t size)
{
    char whole[4096] = "", start[4096] = "";
    const char *home = getenv("HOME"), *rest = path;
    if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL && home[0] == '/') {
        snprintf(start, sizeof start, "%s", home);
        rest = path + 1 + (path[1] == '/');
    } else if (path[0] == '/' || getcwd(start, sizeof start) == NULL) {
        return;
    }
    const int n = snprintf(whole, sizeof whole, "%s/%s", strcmp(start, "/") == 0 ? "" : start, rest);
    if (n > 0 && (size_t)n < sizeof whole && (size_t)n < size) {
        snprintf(path, size, "%s", whole);
    }
}
