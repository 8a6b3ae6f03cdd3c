/* What stands between the state that views show and the world: job store, models, files, programs, and the memory of
 * the last session. Nothing here blocks for long: what may runs in a program of its own. */
#ifndef LIMN_TUI_CLIENT_H
#define LIMN_TUI_CLIENT_H

#include "app.h"
#include "child.h"

enum { CLIENT_CHILDREN = 8 }; /* at most: programs at a time */
struct client {
    struct app *app;
    limn_jobs *store;
    uint64_t changes;
    limn_context *context;
    limn_model *model;
    char model_open[520]; /* that `model` is */
    const char **label;
    struct child submit, retry, devices, export, found, request, worker, cancel;
    size_t exported;    /* bytes of the export's answers that were read */
    bool stopped;       /* the export was */
    uint64_t export_of; /* what the list of files was made of, as a number */
    /* model and picture whose classes are, or are being, looked for */
    char found_for[4096 + 520], found_asked[4096 + 520];
    bool start_worker; /* where jobs wait and none lives */
    int32_t worker_tries;
    /* since when jobs wait with no worker, 0: not; when to try next, and when it was looked for last */
    int64_t worker_alone, worker_next, worker_looked;
};

void client_open(struct client *c, struct app *a);
void client_close(struct client *c);
/* Does what the views wished for, but leaving, sleeping and redrawing. True when something changed. */
bool client_serve(struct client *c);
/* Looks whether jobs changed. True when something to show did. */
bool client_look(struct client *c);
/* A little of what can wait, between keys. False: nothing is left. */
bool client_idle(struct client *c);
/* Reads what programs say. True when one is over. */
bool client_children(struct client *c);
bool client_busy(const struct client *c); /* jobs run or wait */

/* For the files of the client only. */
void client_jobs(struct client *c); /* lists the jobs anew; the marked one keeps its mark */
void client_drop_marks(struct client *c);
size_t client_programs(struct client *c, struct child *out[CLIENT_CHILDREN]); /* all that may run */
/* client_queue.c */
void client_change(struct client *c, unsigned want); /* cancel, undo, retry, forget, cancel all */
void client_retry_answer(struct client *c);
void client_worker_answer(struct client *c);
void client_cancel_answer(struct client *c);
bool client_worker(struct client *c);        /* sees to it that jobs do not wait alone; true: something to show */
bool client_queue_picture(struct client *c); /* of the marked job; true: another one is to be shown */
/* client_models.c */
void client_models(struct client *c);     /* looks for models, and once for devices */
bool client_model_fact(struct client *c); /* reads one more fact about an installed model; false: all are known */
bool client_model_open(struct client *c); /* of the form, with its layers and classes; false: it is open */
void client_model_close(struct client *c);
void client_devices_answer(struct client *c);
/* client_submit.c */
void client_submit(struct client *c);
void client_submit_answer(struct client *c);
bool client_send(struct child *by, const char *document); /* `limn submit`; NULL, or one that runs: false */
/* The job that it made; 0: none, and `why` says why not. */
int64_t client_sent(const struct child *by, char *why, size_t size);
bool client_shows(const char *path); /* a file that the viewer can show, by its name */
/* client_results.c */
void client_results(struct client *c); /* the viewer's results, and what it is at */
void client_layers(struct client *c);  /* steps over the model's layers */
void client_request(struct client *c); /* a job for the map that is missing */
void client_request_answer(struct client *c);
bool client_requests_look(struct client *c); /* true: one is over */
/* client_compare.c */
void client_compare(struct client *c); /* loads what is picked out */
/* client_export_list.c */
void client_export_list(struct client *c); /* the files that the choices mean, without a look at the folder */
/* client_export.c */
void client_export_plan(struct client *c);    /* the files that the choices mean */
bool client_export_changed(struct client *c); /* other results are there than when the list was made */
void client_export_preview(struct client *c);
void client_export_write(struct client *c); /* begins to write them */
bool client_export_progress(struct client *c);
void client_export_answer(struct client *c);
void client_export_stop(struct client *c);     /* ends the writer; what it had begun is gone */
void client_export_complete(struct client *c); /* the folder that is being typed, as far as there is one choice */

/* client_new.c */
void client_new(struct client *c, bool folder); /* what New job shows of the world; `folder`: read it again */
void client_found_answer(struct client *c);

/* session.c */
void session_load(struct app *a, const char *folder);
void session_save(const struct app *a, const char *folder);
void keymap_load(struct app *a);
/* document.c */
char *document_text(const struct app *a); /* of the form; to be freed; NULL: cannot be said, or out of memory */
void document_read(struct queue_state *q, const char *text); /* fills q->argument */
/* folder.c */
void folder_read(struct new_state *n, enum folder_of which);
/* "~", "~/x" and what does not begin with a slash become whole paths; what has no room stays as it is. */
void path_whole(char *path, size_t size);

#endif
