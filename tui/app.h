/* The state of the front end, and the views that show it. Views draw from const state and change it by actions; what
 * needs a file, the job store or a program is only wished for (app.want) and done by client.c, so that all of this
 * works without a terminal and without a store. */
#ifndef LIMN_TUI_APP_H
#define LIMN_TUI_APP_H

#include <limn/gif.h>
#include <limn/job.h>

#include "compare.h"
#include "export.h"
#include "keys.h"
#include "marks.h"
#include "motion.h"
#include "ui.h"

enum view_id {
#define VIEW(id, name) VIEW_##id,
#include "views.def"
#undef VIEW
    VIEW_COUNT
};

struct log_line {
    int64_t seq, time;
    enum limn_log_level level;
    char *text;
};
struct argument { /* of a job's document */
    char name[24], value[400];
};
enum { ARGUMENTS_MAX = 12 };

struct queue_state {
    struct limn_job *job; /* a part of the list: n jobs from number `first` on, newest first */
    int64_t n, first, total;
    int64_t marked; /* position in the whole list */
    int64_t id;     /* of the marked job, 0: none */
    uint64_t count[LIMN_JOB_STATES];
    struct limn_job_detail *detail; /* of job `id`, or NULL */
    struct argument argument[ARGUMENTS_MAX];
    size_t n_arguments;
    struct log_line *line; /* of job `id`, oldest first */
    size_t n_lines;
    int64_t log_job;   /* whose log that is */
    char problem[512]; /* the store cannot be read */
};

enum new_field { FIELD_PICTURE, FIELD_MODEL, FIELD_METHOD, FIELD_LAYER, FIELD_CLASS, FIELD_RUN, FIELD_COUNT };
struct file_entry {
    char name[256];
    bool folder;
    uint64_t bytes;
};
struct new_state {
    enum new_field field;
    int64_t marked[FIELD_COUNT]; /* position among the shown rows of each field */
    char filter[64];
    bool filtering;
    int32_t *shown; /* rows of the field that the filter leaves */
    int64_t n_shown;
    char folder[4096], samples[4096];
    struct file_entry *file;
    size_t n_files;
    char folder_problem[512];
    char picture[4096]; /* "" none yet */
    char model[520];    /* name or path; "" none yet */
    char model_problem[512];
    struct limn_model_info info; /* when a model is open */
    const struct limn_layer_info *layer;
    size_t n_layers;
    const char *const *label;
    int32_t n_classes; /* 0: no model is open */
    int32_t method;    /* row of the table */
    int32_t layer_at;  /* -1: the default */
    int32_t class_at;  /* -1: the one the network is surest of */
    limn_image *preview;
    char preview_path[4096], preview_problem[512];
    bool sending;
};

struct viewer_state {
    int64_t job;
    char **path; /* pictures among the job's results */
    size_t n, at;
    struct limn_animation *shown;
    char shown_path[4096], problem[512];
    struct motion motion;
    struct look look;
};

struct device_row {
    char name[128], kind[16], memory[16], note[200];
    bool usable;
};
struct models_state {
    struct limn_model_entry *model;
    size_t n_models;
    int64_t marked;
    char problem[512];
    struct device_row device[16];
    size_t n_devices;
    bool asking; /* the devices are being looked for */
    char device_problem[512];
};

enum overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_PALETTE };

enum want {
    WANT_QUIT = 1,
    WANT_SUSPEND = 2,
    WANT_REDRAW = 4,
    WANT_JOBS = 8,    /* another part of the list, or another job's details */
    WANT_CANCEL = 16, /* job queue.id; likewise below */
    WANT_RETRY = 32,
    WANT_FORGET = 64,
    WANT_SUBMIT = 128,
    WANT_MODELS = 256,
    WANT_MODEL = 512,    /* open new.model */
    WANT_FOLDER = 1024,  /* read new.folder */
    WANT_PREVIEW = 2048, /* of the marked file */
    WANT_RESULTS = 4096, /* the viewer's pictures, or the one that it is at */
    WANT_EXPORT = 8192,  /* the list of files to be written */
    WANT_WRITE = 16384,
    WANT_COMPLETE = 32768, /* the folder that is being typed */
    WANT_COMPARE = 65536
};

struct app {
    struct caps caps;
    struct keymap keys;
    int32_t width, height;
    int64_t now; /* ms since 1970 */
    enum view_id view;
    enum overlay overlay;
    char search[64]; /* of the overlay */
    int64_t overlay_marked;
    char message[400];
    enum ui_role message_role;
    int64_t message_until; /* 0: none */
    struct queue_state queue;
    struct new_state new_job;
    struct viewer_state viewer;
    struct models_state models;
    struct marks marks;
    struct compare_state compare;
    struct export_state export;
    int64_t log_back; /* lines that the log is scrolled back from its end */
    unsigned want;
};

struct view {
    const char *name, *title;
    unsigned where;
    void (*draw)(const struct app *a, const struct ui *u, struct rect r);
    bool (*act)(struct app *a, enum action action); /* false: not one of mine */
};
extern const struct view *const views[VIEW_COUNT];

void app_init(struct app *a, const struct caps *caps);
/* The whole screen; g has the app's size. */
void app_draw(const struct app *a, struct grid *g);
void app_key(struct app *a, const struct key_event *ev);
void app_act(struct app *a, enum action action);
void app_say(struct app *a, enum ui_role role, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void app_go(struct app *a, enum view_id view);
/* Moves a mark among n lines by an action of lists; false when it is none. */
bool app_move(const struct app *a, enum action action, int64_t n, int64_t *marked);

/* overlay.c: help and palette, both from the table of actions */
void overlay_draw(const struct app *a, const struct ui *u, struct rect r);
void overlay_key(struct app *a, const struct key_event *ev);

/* views/queue.c */
const struct limn_job *queue_job(const struct queue_state *q); /* the marked one, or NULL */
bool job_over(const struct limn_job *j);
const char *job_sign(const struct limn_job *j, enum ui_role *role);
/* views/log.c: the last lines that fit, `back` lines before the end; returns how many lines there are in all */
int64_t log_draw(const struct app *a, const struct ui *u, struct rect r, int64_t back);
/* views/new.c */
struct row {
    char text[300], note[100];
    bool disabled, chosen; /* disabled: note says why */
};
int64_t new_rows(const struct app *a, enum new_field f);
void new_row(const struct app *a, enum new_field f, int64_t i, struct row *out);
void new_filter(struct app *a);               /* makes new_job.shown anew */
const char *new_problem(const struct app *a); /* why the job cannot be put into the queue yet; NULL: it can */
/* Path of the marked file, false when it is a folder or nothing. */
bool new_marked_file(const struct app *a, char *path, size_t size);
bool new_filter_key(struct app *a, const struct key_event *ev);
/* views/export.c: keys while the folder is typed; false: not one of those */
bool export_key(struct app *a, const struct key_event *ev);
int64_t compare_tick(struct app *a); /* views/compare.c, likewise: */
/* views/viewer.c: the frame that is due at app.now; returns ms until the next one, -1: none */
int64_t viewer_tick(struct app *a);

/* Changes an UTF-8 text by a key: appends, or takes the last character away. False when it is no such key. */
bool text_key(char *text, size_t size, int32_t key);
bool text_contains(const char *text, const char *part); /* without regard to case (ASCII) */

#endif
