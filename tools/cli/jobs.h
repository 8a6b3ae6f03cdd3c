/* Jobs on the command line: documents, submitting, the worker. */
#ifndef LIMN_CLI_JOBS_H
#define LIMN_CLI_JOBS_H

#include <limn/worker.h>

#include "cli.h"

/* ---- job_doc.c: a job document says what a command line says, and each becomes the other ---- */

/* Name of operand i in documents ("model", "image"), false past the last; *list: all that follow have the same. `task`
 * is the first operand (of `limn train`, which takes others for each task), or NULL. */
bool operand_name(const struct command *c, const char *task, size_t i, char name[32], bool *list);
/* The document of a parsed command line, with absolute paths, once its inputs were looked at; NULL after a message,
 * then *code is the exit code. `title` for lists of jobs. */
json_t *document_make(const struct args *a, char *title, size_t size, int *code);

/* The command line of a document: argv of `command`, after its name. Each option is one word, --NAME=VALUE; operands
 * follow "--". What the document names wrongly args_parse will refuse. 0, or an exit code after a message. */
struct document_line {
    const struct command *command;
    char **argv;
    int argc;
};
int document_line(const char *text, struct document_line *out);
void document_line_finish(struct document_line *l);
void document_line_add(struct document_line *l, const char *fmt, ...) PRINTF(2, 3); /* an option, before the operands */
bool document_line_has(const struct document_line *l, const char *option);
void document_line_remove(struct document_line *l, const char *option);

/* ---- cmd_submit.c ---- */
struct submit_options {
    const char *store; /* folder, or NULL */
    bool json, start;
    bool dry; /* only look whether it could be, and print its document */
};
/* Puts a parsed command into the queue, and prints its number: 0, or an exit code after a message. */
int submit_args(const struct args *a, const struct submit_options *o);
/* Name by which a device has a worker: its UUID, or "reference". */
int device_key(const char *device, char key[40]);

/* ---- cmd_jobs.c ---- */
int jobs_open(const struct args *a, limn_jobs **out); /* --store: 0, or an exit code after a message */
int parse_id(const char *text, int64_t *id);          /* likewise */

/* ---- job_run.c ---- */
struct worker {
    limn_jobs *store;
    int64_t id;
    int lock; /* inherited by programs of jobs: no other worker runs as long as one of them lives */
    double beat;
};
void worker_beat(struct worker *w);
/* Runs a job that was taken, to its end. Returns when the store knows about it; false when it will not. */
bool job_run(struct worker *w, int64_t id);
/* FOLDER/run/ID.KIND: "events", "out", "err". */
void job_file(const limn_jobs *store, int64_t id, const char *kind, char path[4096]);

/* ---- job_events.c: reading what a job's program tells ---- */
struct job_told {
    int64_t id;
    int64_t read_events, read_stderr; /* bytes that the store knows about */
    int exit_code;                    /* of the last "end"; -1: none */
    bool begun;                       /* progress was told */
    char error[400], last[400];       /* the last error; the last line of stderr */
    double started;
};
/* Stores what is new. False when the store could not be written: to be tried again. */
bool told_began(const limn_jobs *store, int64_t id); /* whether any attempt told progress */
bool told_read(struct worker *w, struct job_told *t, bool all);

#endif
