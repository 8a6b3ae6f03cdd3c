/* Forms for new jobs: which commands there are and what each wants to know. A form's fields are the rows of a task in
 * form_tasks.c, in their order, and then every other option of the command as the command line's own tables have it, so
 * that nothing is listed twice. Values are the texts that the job's document will hold. No file is touched here. */
#ifndef LIMN_TUI_FORM_H
#define LIMN_TUI_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the command line's tables, handed in by who starts the front end ---- */

enum form_type {
    FORM_FLAG,
    FORM_TEXT,
    FORM_FILE,
    FORM_FOLDER,
    FORM_INT, /* min..max; so FORM_REAL */
    FORM_REAL,
    FORM_BYTES,   /* 512M, 2G */
    FORM_SIZE,    /* N, HxW or DxHxW */
    FORM_REALS,   /* a,b,c */
    FORM_CHOICE,  /* one of choice() */
    FORM_CHOICES, /* several of choice() */
};
struct form_option {
    const char *name, *arg, *def, *help; /* arg and def may be NULL */
    enum form_type type;
    double min, max;
    const char *(*choice)(size_t i); /* NULL past the end */
};
struct form_command { /* one that can be a job; all of it outlives the forms */
    const char *name;
    const struct form_option *option;
    size_t n;
};

/* ---- fields ---- */

enum field_kind {
    FIELD_TASK, /* what to do; the first field of every form */
    FIELD_PICTURES,
    FIELD_PICTURE,
    FIELD_DATA, /* a folder or file with a data set */
    FIELD_FILE,
    FIELD_CLASSIFIER,
    FIELD_AUTOENCODER,
    FIELD_METHODS,
    FIELD_LAYERS, /* of the form's first model, as maps can be made of; so FIELD_LAYER, any one */
    FIELD_LAYER,
    FIELD_CLASSES, /* of the form's first model, or topN; so FIELD_CLASS, one and no topN */
    FIELD_CLASS,
    FIELD_CHOICE,
    FIELD_FLAG,
    FIELD_TEXT, /* typed, checked by the option's type */
    FIELD_MORE, /* folds and unfolds what comes after it */
    FIELD_RUN,  /* the last one */
    FIELD_KINDS
};
struct field_row {
    const char *key, *label;
    enum field_kind kind;
    bool needed;
    const char *otherwise;           /* in words: what no value means; NULL: as the option says */
    const char *help;                /* NULL: the option's */
    const char *(*choice)(size_t i); /* of FIELD_CHOICE, NULL: the option's */
};
struct task {
    const char *command;
    const char *operand; /* first operand of the command, a word ("classifier"), or NULL */
    const char *title, *help;
    const struct field_row *row;
    size_t n;
    const char *without; /* options that make no sense for this task, between blanks */
};
extern const struct task form_task[];
extern const size_t n_form_tasks;

struct field {
    const char *key, *label, *help; /* never NULL */
    char otherwise[120];            /* in words: what no value means */
    enum field_kind kind;
    bool needed;
    const struct form_option *option; /* NULL: an operand, or none */
    const char *(*choice)(size_t i);
};
struct field_value {
    char **text;
    uint32_t *hash; /* of each, so that thousands of paths are told apart quickly */
    size_t n;       /* 0: as `otherwise` says */
};

enum { FORM_FIELDS_MAX = 80, FORM_VALUES_MAX = 20000 };
struct form {
    const struct task *task;
    struct field field[FORM_FIELDS_MAX];
    struct field_value value[FORM_FIELDS_MAX];
    int32_t n, more;   /* fields; position of FIELD_MORE */
    char problem[400]; /* what was wrong with field problem_at when the job was handed over; "" nothing */
    int32_t problem_at;
};

/* The forms of the tasks whose command is among the n; *count how many. NULL when memory is short. */
struct form *form_create(const struct form_command *command, size_t n, int32_t *count);
void form_destroy(struct form **form, int32_t n);
int32_t form_find(const struct form *f, const char *key);             /* field, or -1 */
int32_t form_kind(const struct form *f, const enum field_kind *kind); /* first field of one of these (to FIELD_RUN) */
bool field_several(enum field_kind kind);                             /* takes more than one value */
bool field_lists(enum field_kind kind);                               /* chosen from a list, not typed */

/* Values. What memory is too short for is not taken. */
void value_set(struct field_value *v, const char *text); /* the only one; NULL: none */
bool value_has(const struct field_value *v, const char *text);
bool value_add(struct field_value *v, const char *text); /* false: there, or too many */
void value_remove(struct field_value *v, const char *text);
void value_copy(struct field_value *to, const struct field_value *from);

/* Whether `text` can be the field's value: false with the reason in `why`. "" can: it stands for no value. */
bool field_check(const struct field *f, const char *text, char *why, size_t size);
/* "1 to 1024", "a number, 0.01 to 1"; "" when anything goes. */
char *field_limits(const struct field *f, char *out, size_t size);

#endif
