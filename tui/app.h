/* The state of the front end, and the views that show it. Views draw from const state and change it by actions; what
 * needs a file, the job store or a program is only wished for (app.want) and done by client.c, so that all of this
 * works without a terminal and without a store. */
#ifndef LIMN_TUI_APP_H
#define LIMN_TUI_APP_H

#include <limn/gif.h>
#include <limn/job.h>

#include "compare.h"
#include "export.h"
#include "form.h"
#include "keys.h"
#include "marks.h"
#include "motion.h"
#include "ui.h"
#include "viewer.h"

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
    struct limn_job *job;    /* a part of the list: n jobs from number `first` on, newest first */
    int64_t n, first, total; /* total: that the list shows, all of its pages */
    int64_t marked;          /* position in the whole list */
    int64_t id;              /* of the marked job, 0: none */
    uint64_t count[LIMN_JOB_STATES];
    struct limn_job_detail *detail; /* of job `id`, or NULL */
    struct argument argument[ARGUMENTS_MAX];
    size_t n_arguments;
    struct log_line *line; /* of job `id`, oldest first */
    size_t n_lines;
    int64_t log_job;     /* whose log that is */
    int32_t show, order; /* rows of the tables in queue_filter.c */
    char text[64];       /* that titles must have; "" any */
    bool typing;         /* keys go into it */
    char problem[512];   /* the store cannot be read */
    char no_worker[300]; /* why jobs wait and no worker lives; "": one does, or is about to */
    limn_image *picture; /* the first that job `picture_job` made, or NULL */
    int64_t picture_job;
    uint32_t picture_of; /* results that it had then */
};

enum new_list { NEW_FIELDS, NEW_LIST }; /* of rows that can be clicked: fields by number, rows as shown */
enum folder_of { FOLDER_PICTURES, FOLDER_DATA, FOLDER_MODELS, FOLDER_FILES, FOLDER_KINDS };
struct file_entry {
    char name[256];
    bool folder;
    uint64_t bytes;
};
struct found_class {
    int32_t index;
    double probability;
};
enum { FOUND_MAX = 5 };
struct new_state {
    struct form *form;         /* one a task, n_forms of them; NULL: nothing can be made */
    int32_t n_forms, task, at; /* the form that is shown, and its field that has the keys */
    int64_t marked;            /* among the shown rows of that field's list */
    char filter[64];
    bool filtering;
    int32_t *shown; /* rows of the list that the filter leaves */
    int64_t n_shown;
    bool browsing; /* a field of models shows folders instead of what is installed */
    bool marking;  /* Space was used here: Enter takes what is marked */
    bool editing;  /* keys go into `edit` */
    char edit[1024], edit_problem[200];
    char folder[FOLDER_KINDS][4096], samples[4096];
    struct file_entry *file; /* in the folder of the field */
    size_t n_files;
    size_t n_plain; /* all files that are there, listed or not; no folders */
    enum folder_of listed;
    char folder_problem[512];
    char model_problem[512]; /* of the form's first model, as all of the following */
    struct limn_model_info info;
    const struct limn_layer_info *layer;
    size_t n_layers;
    const char *const *label;
    int32_t n_classes;                   /* 0: no classifier is open */
    struct found_class found[FOUND_MAX]; /* what it finds in the first picture */
    size_t n_found;
    bool finding;
    limn_image *preview;
    char preview_path[4096], preview_problem[512];
    bool sending;
};

struct device_row {
    char name[128], kind[16], memory[16], note[200];
    bool usable;
};
struct model_fact { /* of an installed model, read little by little */
    bool known;
    int32_t n_classes, channels, depth, height, width; /* n_classes 0: it gives a picture */
    char arch[64], trained_on[80], problem[200];       /* problem: cannot be used, "" */
};
struct trained_model { /* that a job made */
    int64_t job;
    char title[120], path[4096];
};
enum { TRAINED_MAX = 20 };
struct models_state {
    struct trained_model trained[TRAINED_MAX]; /* the newest first */
    size_t n_trained;
    struct limn_model_entry *model;
    struct model_fact *fact; /* as many */
    size_t n_models;
    int64_t marked;
    char problem[512];
    struct device_row device[16];
    size_t n_devices;
    bool asking; /* the devices are being looked for */
    char device_problem[512];
};

enum overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_PALETTE, OVERLAY_PROMPT };
enum prompt { PROMPT_QUIT, PROMPT_STOP };

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
    WANT_FOLDER = 512,   /* read the folder that New job shows */
    WANT_PREVIEW = 1024, /* of a file that Export will write */
    WANT_RESULTS = 4096, /* the viewer's pictures, or the one that it is at */
    WANT_EXPORT = 8192,  /* the list of files to be written */
    WANT_WRITE = 16384,
    WANT_COMPLETE = 32768, /* the folder that is being typed */
    WANT_COMPARE = 65536,
    WANT_LAYERS = 131072,      /* of the viewer's model, to step over them */
    WANT_MAP = 262144,         /* that the viewer misses */
    WANT_COPY = 524288,        /* app.copy, into the clipboard */
    WANT_CANCEL_ALL = 1 << 20, /* and then leave */
    WANT_UNDO = 1 << 21,
    WANT_STOP = 1 << 22, /* the writing of files */
    WANTS_OF_LOOP = WANT_QUIT | WANT_SUSPEND | WANT_REDRAW | WANT_COPY
};

struct app {
    struct caps caps;
    struct keymap keys;
    int32_t width, height;
    int64_t now; /* ms since 1970 */
    enum view_id view;
    enum overlay overlay;
    enum prompt prompt; /* of the overlay */
    char search[64];    /* of the overlay */
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
    char copy[4096];
    int64_t log_back;         /* lines that the log is scrolled back from its end */
    int64_t undo, undo_until; /* job that was cancelled while it waited, and may be put back until then; 0: none */
    bool cancelled_all;       /* on the way out */
    struct hits *hits;        /* what a click on the screen means: filled by app_draw; NULL: nobody wants to know */
    unsigned want;
};

struct view {
    const char *name, *title;
    unsigned where;
    void (*draw)(const struct app *a, const struct ui *u, struct rect r);
    bool (*act)(struct app *a, enum action action); /* false: not one of mine */
    /* The hint of an action as things stand; "" : it does nothing now; NULL: the table's. May be NULL. */
    const char *(*hint)(const struct app *a, enum action action);
    /* A click on a row that draw noted by ui_hit_row: marks it; true when it was marked before, so that `open` is to be
     * done. NULL: rows cannot be clicked. */
    bool (*click)(struct app *a, int32_t list, int64_t index);
    enum action open;
    enum action wheel[2]; /* up and down; ACT_NONE: a line up and down */
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

/* Where keys mean something now: the view, or what is typed or asked. */
unsigned app_where(const struct app *a);
bool jobs_go_on(const struct app *a); /* some run or wait */

/* prompt.c: questions. Asked by prompt_ask, answered by actions. */
void prompt_ask(struct app *a, enum prompt what);
void prompt_draw(const struct app *a, const struct ui *u, struct rect r);
void prompt_key(struct app *a, const struct key_event *ev);
void prompt_act(struct app *a, enum action action);

/* overlay.c: help and palette, both from the table of actions */
void overlay_draw(const struct app *a, const struct ui *u, struct rect r);
void overlay_key(struct app *a, const struct key_event *ev);
void overlay_click(struct app *a, int64_t row);
void overlay_wheel(struct app *a, bool up);

/* mouse.c: false when it is no event of the mouse */
bool mouse_key(struct app *a, const struct key_event *ev);

/* views/queue.c */
const struct limn_job *queue_job(const struct queue_state *q); /* the marked one, or NULL */
bool job_over(const struct limn_job *j);
const char *job_sign(const struct limn_job *j, enum ui_role *role);
/* views/queue_details.c: of the marked job, in a column beside the list or in some lines below it */
void queue_details_tall(const struct app *a, const struct ui *u, struct rect r);
void queue_details_wide(const struct app *a, const struct ui *u, struct rect r);
/* views/queue_filter.c: which jobs are shown. The page is the caller's. */
struct limn_jobs_query queue_query(const struct queue_state *q);
bool queue_filtered(const struct queue_state *q);
void queue_filter_text(const struct queue_state *q, char *out, size_t size);
bool queue_filter_act(struct app *a, enum action action); /* false: not one of its actions */
bool queue_filter_key(struct app *a, const struct key_event *ev);
/* views/log.c: the last lines that fit, `back` lines before the end; returns how many lines there are in all */
int64_t log_draw(const struct app *a, const struct ui *u, struct rect r, int64_t back);
/* views/new.c */
struct form *new_form(const struct app *a); /* that is shown; NULL when there is none */
void new_go_field(struct app *a, int32_t field);
void new_mark_chosen(struct app *a); /* the list anew, with the mark on what is chosen */
void new_go_task(struct app *a, int32_t task);
void new_use_model(struct app *a, size_t m);      /* goes there with an installed model, to a form that takes it */
void new_refused(struct app *a, const char *why); /* the job: shows why where it is to be changed */
bool new_filter_key(struct app *a, const struct key_event *ev);
/* views/new_values.c: what the fields of the form hold. Field i's first value, chosen or else by itself (models that
 * fit); "" none. */
const char *new_value(const struct app *a, int32_t i);
const char *new_model(const struct app *a);   /* the form's first model, "" none */
const char *new_picture(const struct app *a); /* its first picture, "" none */
/* Why the job cannot be put into the queue yet, and which field must change for it; NULL: it can. `text` holds it. */
const char *new_problem(const struct app *a, int32_t *field, char *text, size_t size);
/* What is wrong with field i, in `text`; NULL: nothing. */
const char *new_field_problem(const struct app *a, int32_t i, char *text, size_t size);
void new_field_text(const struct app *a, int32_t i, char *out, size_t size); /* its values for people */
void new_command_line(const struct app *a, char *out, size_t size);
/* Whether installed model m can be the form's field i: false with the reason. */
bool new_model_fits(const struct app *a, int32_t i, size_t m, char why[100]);
bool name_is_picture(const char *name); /* by its end; so volumes */
bool name_is_volume(const char *name);
/* views/new_rows.c: the list that belongs to the field that has the keys */
struct row {
    char text[300], note[100];
    bool disabled, chosen, folder; /* disabled: note says why; folder: to be entered */
};
int64_t new_rows(const struct app *a);
void new_row(const struct app *a, int64_t i, struct row *out);
/* What choosing row i gives the field: false when it is no value but a way. "" stands for none. */
bool new_row_value(const struct app *a, int64_t i, char *out, size_t size);
const char *new_list_title(const struct app *a);
bool new_shows_files(const struct app *a, enum folder_of *which); /* the list is a folder's */
void new_filter(struct app *a);                                   /* makes new_job.shown anew */
/* Path of the marked file, false when it is a folder or nothing. */
bool new_marked_file(const struct app *a, char *path, size_t size);
/* views/new_draw.c */
void new_draw(const struct app *a, const struct ui *u, struct rect r);
/* views/export.c: keys while the folder is typed; false: not one of those */
bool export_key(struct app *a, const struct key_event *ev);
void export_begin(struct app *a);    /* what the screen shows that is left for Export; Enter writes it */
int64_t compare_tick(struct app *a); /* views/compare.c, likewise: */
/* views/viewer.c: the frame that is due at app.now; returns ms until the next one, -1: none */
int64_t viewer_tick(struct app *a);

/* Changes an UTF-8 text by a key: appends, or takes the last character away. False when it is no such key. */
bool text_key(char *text, size_t size, int32_t key);
bool text_contains(const char *text, const char *part); /* without regard to case (ASCII) */

#endif
