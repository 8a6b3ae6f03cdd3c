/* The Export screen: what is written to which files. The view changes the choices; client_export.c makes the list of
 * files of them, with for each what is in it; `limn export` (export_write.c) draws and writes in a process of its own,
 * so that nothing freezes. */
#ifndef LIMN_TUI_EXPORT_H
#define LIMN_TUI_EXPORT_H

#include <stdio.h>

#include "pin.h"

enum export_what { EXPORT_SHOWN, EXPORT_JOB, EXPORT_PINNED, EXPORT_COMPARED, EXPORT_MARKED, EXPORT_WHATS };
enum export_form {
    FORM_PICTURES, /* PNG, one a result */
    FORM_SHEET,    /* PNG, all results of a picture with captions */
    FORM_GIF,      /* what plays, side by side; maps one after the other */
    FORM_MAPS,     /* .npy */
    FORM_JSON,     /* how each result was made */
    FORM_FILES,    /* as the job wrote them */
    FORMS
};
enum export_rule {              /* for a file that is there already */
                   RULE_KEEP,   /* the one that is there; nothing is written */
                   RULE_RENAME, /* the new one gets the next free name */
                   RULE_REPLACE,
                   RULES
};
enum export_field { EXPORT_WHAT, EXPORT_FORM, EXPORT_FOLDER, EXPORT_RULE, EXPORT_WRITE, EXPORT_FIELDS };
enum export_end { EXPORT_WAITS, EXPORT_WRITTEN, EXPORT_FAILED };

struct export_file {
    char *content;                /* JSON, see export_write */
    int64_t job;                  /* whose result it is; 0: of several */
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
    enum export_form form;
    enum export_rule rule;
    int64_t marked; /* line: the fields, then the files */
    char folder[4096], typed[4096];
    bool typing;              /* the folder's name */
    bool folder_new;          /* it will be made */
    char folder_problem[300]; /* nothing can be written there */
    char drawn[200];          /* how results are drawn: "overlay, opacity 50 %" */
    char missing[200];        /* why there is no file */
    struct export_file *file;
    size_t n;
    bool left_out; /* there are more than fit */
    bool writing;
    size_t n_asked, n_done;
    double part;         /* of the file that is being written */
    char last[4600];     /* path of what was written last; "" nothing yet */
    limn_image *preview; /* of file number preview_of, or NULL */
    size_t preview_of;
    bool preview_stale;
};

/* Whether the file will be written as things stand, and under which name. */
bool export_writes(const struct export_file *f);
const char *export_name(const struct export_file *f);
size_t export_count(const struct export_state *e); /* files that will be written */
void export_files_free(struct export_state *e);

/* export_list.c: files out of results. Results are added one by one, with what is known of their jobs; export_list_end
 * makes the files of the form. */
enum { EXPORT_FILES_MAX = 4096 };
struct export_result {
    struct pin pin;
    struct pin *minus;                    /* what it is drawn less; NULL: as it is */
    const struct limn_job_detail *detail; /* of its job; NULL: unknown */
};
struct export_list {
    struct export_result *result;
    size_t n;
    bool apart; /* results of several pictures are several sheets; else they are one */
};
/* Copies the pins. False: out of memory, or there are EXPORT_FILES_MAX already. */
bool export_list_add(struct export_list *l, const struct pin *p, const struct pin *minus,
                     const struct limn_job_detail *detail);
void export_list_free(struct export_list *l);
/* The files into e->file, without a look at the folder. `e` says the form. */
void export_list_end(const struct export_list *l, struct export_state *e);
/* One more file that copies another. */
void export_add_copy(struct export_state *e, const char *path, int64_t job);
/* Names that are given twice get the number of their job, or a number. */
void export_name_apart(struct export_state *e);
/* "a.png", 2 -> "a-2.png" */
void export_numbered(const char *name, int number, char out[256]);

/* What `limn export` does: reads a request, writes its files, and says on `out`, one JSON object a line, how each went:
 * {"file": 0} or {"file": 1, "error": "..."}, and meanwhile {"part": 0.5}. The request: {"schema": 1, "folder":
 * "/there", "files": [{"to": "a.png", "replace": false, CONTENT}]}, where CONTENT is one of
 *     "copy": "/here/a.png"
 *     "draw": CELL, "text": {"limn:method": "gradcam", ...}
 *     "sheet": {"title": "...", "columns": 2, "cells": [CELL, ...]}, "text": {...}
 *     "gif": {"cells": [CELL, ...], "slides": false}, "comment": "..."
 *     "json": {...}
 * and CELL {"pin": PIN (pin.h), "minus": PIN, "name": "...", "origin": "..."}. 0, or 1 when a file could not be
 * written; -1: not a request, *err (size bytes) says why. When *stop is not 0 it ends with the file before, or within a
 * GIF, and says nothing of the rest. */
int export_write(FILE *request, FILE *out, const volatile int *stop, char *err, size_t size);

/* export_draw.c, for export_write: each writes the file `to`. */
struct export_to {
    const char *path;
    unsigned flags;                        /* enum limn_save_flag */
    bool (*part)(void *user, double part); /* false: stop */
    void *user;
};
limn_status export_draw(const json_t *file, const struct export_to *to, limn_error *err);
/* What the file will look like, for a preview; LIMN_ERR_UNSUPPORTED when it is no picture, or one of many parts. */
limn_status export_preview(const char *content, limn_image **out, limn_error *err);
limn_status export_sheet(const json_t *file, const struct export_to *to, limn_error *err);
limn_status export_gif(const json_t *file, const struct export_to *to, limn_error *err);

#endif
