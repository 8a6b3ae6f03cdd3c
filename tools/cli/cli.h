/* What the files of the command line share. The engine is seen through <limn/limn.h> only. */
#ifndef LIMN_CLI_CLI_H
#define LIMN_CLI_CLI_H

#include <jansson.h>
#include <limn/volume.h>
#include <stdarg.h>
#include <stdio.h>

#include "option_id.h"

#if defined(__GNUC__)
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define PRINTF(fmt, first)
#endif

enum { EXIT_SOME_FAILED = 1, EXIT_USAGE = 2, EXIT_INPUT = 3, EXIT_OUTPUT = 4, EXIT_DEVICE = 5, EXIT_MEMORY = 7 };

/* ---- options.c: one table per command feeds parsing, --help, the man page and bash completion ---- */

enum option_type {
    TYPE_FLAG,
    TYPE_TEXT,
    TYPE_FILE,
    TYPE_FOLDER,
    TYPE_INT,    /* min..max */
    TYPE_REAL,   /* min..max */
    TYPE_BYTES,  /* 512M, 2G */
    TYPE_SIZE,   /* N, HxW or DxHxW */
    TYPE_REALS,  /* a,b,c */
    TYPE_CHOICE, /* one of choice() */
    TYPE_CHOICES /* several of choice(), separated by commas */
};

struct option {
    enum option_id id;
    const char *name; /* without the dashes */
    char letter;      /* 0: none */
    const char *arg;  /* NULL for a flag */
    const char *def;  /* shown in the help; NULL: none */
    const char *help;
    enum option_type type;
    double min, max;
    const char *(*choice)(size_t i); /* NULL past the end */
    bool hidden;
};

#define OPTION_VALUES_MAX 64
struct option_values {
    const char *v[OPTION_VALUES_MAX]; /* lists are split; the rest holds each use */
    size_t n;
};

struct command;
struct args {
    const struct command *command;
    struct option_values opt[OPT_COUNT];
    const char **pos;
    size_t n_pos;
    char *split[OPTION_VALUES_MAX]; /* memory behind split lists */
    size_t n_split;
};

struct command {
    const char *name, *operands, *summary;
    const char *text;    /* paragraphs for --help and the man page */
    const char *example; /* one line */
    const struct option *options;
    size_t n_options, min_pos, max_pos;
    int (*run)(const struct args *a);
    bool hidden;
    bool passes; /* what follows the first operand belongs to it, options too */
};

/* 0, or an exit code after a message; *help is set when --help was given (then nothing else is checked). */
int args_parse(struct args *a, const struct command *command, int argc, char **argv, bool *help);
void args_finish(struct args *a);
const struct option *option_find(const struct command *c, const char *name, size_t length); /* long name; or NULL */
bool args_has(const struct args *a, enum option_id id);
const char *args_text(const struct args *a, enum option_id id, const char *otherwise);
long long args_int(const struct args *a, enum option_id id, long long otherwise);
double args_real(const struct args *a, enum option_id id, double otherwise);
uint64_t args_bytes(const struct args *a, enum option_id id, uint64_t otherwise);
void args_size(const struct args *a, enum option_id id, int32_t size[3]); /* depth (0: not named), height, width */
size_t args_reals(const struct args *a, enum option_id id, float *v, size_t max);

extern const struct option option_help_row; /* every command has it */
const char *choice_method(size_t i);        /* with "all" */
const char *choice_colormap(size_t i);
const char *choice_view(size_t i); /* with "none" */
const char *choice_axes(size_t i);

/* commands.def */
#define COMMAND(name) extern const struct command command_##name;
#include "commands.def"
#undef COMMAND
extern const struct command *const commands[];
extern const size_t n_commands;
const struct command *command_find(const char *name);

/* ---- doc.c ---- */
void doc_overview(FILE *to);
void doc_command(FILE *to, const struct command *c);
void doc_man(FILE *to);
void doc_bash(FILE *to);

/* ---- out.c: messages, tables, JSON ---- */
void out_set_level(int quiet, int verbose);
int say_error(int exit_code, const char *fmt, ...) PRINTF(2, 3); /* "limn: ..." on stderr; returns exit_code */
int say_status(const limn_error *err);                           /* the engine's text; returns its exit code */
void say_note(const char *fmt, ...) PRINTF(1, 2);                /* unless -q */
void say_more(int level, const char *fmt, ...) PRINTF(2, 3);     /* with -v */
const char *safe(const char *text); /* escaped for printing; one of eight rotating buffers */
void *need(void *p);                /* p, or the end of the program with exit code 7 when it is NULL */

enum { TABLE_MAX_COLUMNS = 10 };
struct table {
    size_t columns, n, cap;
    const char *align; /* one letter a column: l or r */
    char **cell;
};
void table_begin(struct table *t, const char *align, ...); /* as many headings (const char *) as letters */
void table_cell(struct table *t, const char *fmt, ...) PRINTF(2, 3);
void table_end(struct table *t); /* prints and frees */
char *text_bytes(uint64_t bytes, char buf[16]);
char *text_count(uint64_t n, char buf[16]); /* 25.6M */
char *text_shape(int32_t rank, const int32_t *dim, char buf[64]);
bool term_utf8(void);
int text_cells(const char *s); /* columns that UTF-8 text takes, roughly */
/* A bar of `width` cells filled to `part` in [0,1]. */
char *text_bar(double part, int width, char *buf, size_t size);

json_t *json_text(const char *text);     /* invalid UTF-8 is escaped; NULL becomes null */
json_t *json_begin(const char *command); /* {"schema": 1, "limn": version, "command": ...} */
void json_end(json_t *object);           /* prints and releases */
json_t *json_shape(int32_t rank, const int32_t *dim);

/* ---- session.c: context, model, pictures, progress, signals ---- */
extern volatile int signal_caught; /* number of the signal that asked us to stop */
void signals_install(void);

struct session {
    limn_context *context;
    limn_model *model;
    struct limn_model_info info;
    const struct limn_device_info *device;
    bool software; /* chosen because there is nothing else, and not yet said */
    limn_error err;
};
/* Each: 0 or an exit code after a message. session_open opens the model of pos[0]; session_device the device. */
int session_open(struct session *s, const struct args *a);
int session_device(struct session *s, const struct args *a);
/* Says once that a software device was chosen for want of a GPU. Called with the first result, so that a failure is one
 * line. */
void session_note_software(struct session *s);
void session_close(struct session *s);
json_t *session_json(const struct session *s); /* model and device */

struct progress {
    double base, width; /* of the current part in the whole */
    char title[64];
    bool shown;
};
bool progress_step(void *progress, double done, const char *what); /* for limn_explain_params.step */
void progress_clear(struct progress *p);

/* The inputs of one command: pictures that are read when their turn comes, or one tensor. */
struct inputs {
    const char **path;
    size_t n;
    struct limn_tensor tensor;
    const char *tensor_path;
    bool lenient;
    bool volumes; /* the network takes volumes */
    size_t n_failed;
    int failure; /* exit code of the last failure */
};
int inputs_open(struct inputs *in, const struct args *a, struct session *s);
void inputs_close(struct inputs *in);
struct loaded { /* one of the two */
    limn_image *image;
    limn_volume *volume;
};
/* Loads up to `max` pictures or volumes from *next on; index[] says which. Failures are told and counted. */
size_t inputs_load(struct inputs *in, const limn_model *m, size_t *next, size_t max, struct loaded *out, size_t *index);
void inputs_name(const struct inputs *in, size_t i, char *buf, size_t size); /* for people */
void inputs_stem(const struct inputs *in, size_t i, char *buf, size_t size); /* for output names */
int inputs_result(const struct inputs *in, size_t n_done);                   /* 0, 1, or the code of the only failure */

#define CHUNK_MAX 64
#define LIST_MAX OPTION_VALUES_MAX
/* Calls `each` with the explanation of every chunk; index maps its items to inputs. */
struct run {
    struct session *session;
    const struct args *args;
    struct inputs *inputs;
    const limn_volume *const *volume;  /* those of the explanation that `each` gets; NULL: pictures or a tensor */
    struct limn_explain_params params; /* methods, layers, classes, seed, batch filled in */
    int (*each)(struct run *r, limn_explanation *e, const size_t *index);
    void *user;
    size_t n_done;
    char *class_text;        /* memory behind class_each */
    const char **class_each; /* a class for each input, or NULL */
};
/* Layers, classes, seed and batch from the arguments: 0, or an exit code after a message. run_all frees what it made.
 */
int run_options(struct run *r);
int run_all(struct run *r);

json_t *json_class(const struct session *s, const limn_explanation *e, size_t image, int32_t k);
const char *class_name(const struct session *s, int32_t k, char *buf, size_t size); /* escaped label or "class 7" */

/* ---- save.c: output names and files ---- */
/* FOLDER/STEM.METHOD[.CLASS].EXT */
void output_path(char *buf, size_t size, const char *folder, const char *stem, const char *what, int32_t cls,
                 const char *ext);
/* 0, or exit 4 after a message, when the path exists and --force was not given, or when it is one of the inputs. */
int output_check(const struct args *a, const struct inputs *in, const char *path);
/* Prints the path, or (`outputs` not NULL) adds {method, class, kind, path}. */
void output_report(json_t *outputs, const char *method, const char *kind, const char *path, int32_t cls);
bool classes_several(const struct args *a);
unsigned save_flags(const struct args *a);

/* ---- slices.c: pictures of volumes ---- */
struct slice_request {
    struct limn_slice slice[LIST_MAX]; /* axis -1: any; index -1: the strongest */
    size_t n_slice;
    int montage_axis, montage_n; /* axis -1: none */
    int gif_axis;                /* -1: none */
    bool asked;                  /* one of the options was given */
};
struct slice_target { /* where the pictures of one map go */
    const char *folder, *stem;
    const char *file; /* -o FILE of the only one, or NULL */
    int32_t cls, suffix;
    json_t *outputs;
    const struct limn_render_params *render;
};
/* Reads --slice, --montage and --gif; without them a montage across axis 0. 0, or an exit code after a message. */
int slices_parse(const struct args *a, const struct session *s, struct slice_request *out);
int slices_save(struct run *r, const struct slice_request *q, const limn_explanation *e, struct limn_which w,
                const struct slice_target *t);

#endif
