/* Folders and pictures for the file picker: hidden files are left out, and files that are no pictures by their name. */
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

static bool picture_name(const char *name)
{
    static const char *const end[] = {".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof end / sizeof end[0]; i++) {
        if (strcasecmp(dot, end[i]) == 0) {
            return true;
        }
    }
    return false;
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
    if (name[0] == '.' || strlen(name) >= sizeof n->file[0].name || fstatat(dir, name, &info, 0) != 0 ||
        !(S_ISDIR(info.st_mode) || (S_ISREG(info.st_mode) && picture_name(name)))) {
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

void folder_read(struct new_state *n)
{
    size_t cap = 0;
    free(n->file);
    n->file = NULL;
    n->n_files = 0;
    n->folder_problem[0] = '\0';
    if ((n->folder[0] == '\0' || access(n->folder, R_OK | X_OK) != 0) && getcwd(n->folder, sizeof n->folder) == NULL) {
        snprintf(n->folder, sizeof n->folder, "/");
    }
    DIR *d = opendir(n->folder);
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
