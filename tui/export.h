/* The Export screen: what is written to which files. The view changes the choices, client_export.c makes the list of
 * files of them, and `limn export` (export_write.c) writes in a process of its own, so that nothing freezes. */
#ifndef LIMN_TUI_EXPORT_H
#define LIMN_TUI_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum export_what { EXPORT_JOB, EXPORT_MARKED, EXPORT_WHATS };
enum export_rule {              /* for a file that is there already */
                   RULE_KEEP,   /* the one that is there; nothing is written */
                   RULE_RENAME, /* the new one gets the next free name */
                   RULE_REPLACE,
                   RULES
};
enum export_field { EXPORT_WHAT, EXPORT_FOLDER, EXPORT_RULE, EXPORT_WRITE, EXPORT_FIELDS };
enum export_end { EXPORT_WAITS, EXPORT_WRITTEN, EXPORT_FAILED };

struct export_file {
    char *from;                   /* the file that is copied */
    char name[256], renamed[256]; /* within the folder; renamed: by RULE_RENAME */
    bool exists;                  /* a file `name` is there */
    bool own_rule;                /* chosen for this file */
    enum export_rule rule;
    bool asked; /* of the writer, as `written` */
    char written[256];
    enum export_end end;
    char problem[300];
};
struct export_state {
    enum export_what what;
    enum export_rule rule;
    int64_t marked; /* line: the fields, then the files */
    char folder[4096], typed[4096];
    bool typing;              /* the folder's name */
    bool folder_new;          /* it will be made */
    char folder_problem[300]; /* nothing can be written there */
    struct export_file *file;
    size_t n;
    bool writing;
    size_t n_asked, n_done;
};

/* Whether the file will be written as things stand, and under which name. */
bool export_writes(const struct export_file *f);
const char *export_name(const struct export_file *f);
size_t export_count(const struct export_state *e); /* files that will be written */
void export_files_free(struct export_state *e);

/* What `limn export` does: reads a request, writes its files, and says on `out`, one JSON object a line, how each went:
 * {"file": 0} or {"file": 1, "error": "..."}. The request: {"schema": 1, "folder": "/there", "files": [{"to": "a.png",
 * "copy": "/here/a.png", "replace": false}]}. 0, or 1 when a file could not be written; -1: not a request, *err (size
 * bytes) says why. */
int export_write(FILE *request, FILE *out, char *err, size_t size);

#endif
