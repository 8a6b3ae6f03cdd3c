/* Forms of their tables, values, and whether a typed one can be: see form.h. */
#include "form.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not part of a job, or of no use in one: how a run talks, and what stands for the pictures of a form. */
static const char left_out[] = " help verbose quiet json submit progress tensor class-each ";

static bool among(const char *words, const char *word)
{
    char with[80];
    return snprintf(with, sizeof with, " %s ", word) < (int)sizeof with && strstr(words, with) != NULL;
}

static const struct form_option *option_of(const struct form_command *c, const char *key)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->option[i].name, key) == 0) {
            return &c->option[i];
        }
    }
    return NULL;
}

static enum field_kind kind_of(const struct form_option *o)
{
    static const enum field_kind kind[] = {[FORM_FLAG] = FIELD_FLAG,
                                           [FORM_FILE] = FIELD_FILE,
                                           [FORM_CHOICE] = FIELD_CHOICE,
                                           [FORM_CHOICES] = FIELD_CHOICE,
                                           [FORM_REALS] = FIELD_TEXT};
    const size_t n = sizeof kind / sizeof kind[0];
    return (size_t)o->type < n && kind[o->type] != FIELD_TASK ? kind[o->type] : FIELD_TEXT;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* What an option without a value means, in words: its default, as the table or its help says. */
static void say_default(struct field *x, const struct field_row *r)
{
    static const char says[] = "default: ";
    const struct form_option *o = x->option;
    const char *at = o != NULL && o->help != NULL ? strstr(o->help, says) : NULL;
    if (r->otherwise != NULL) {
        snprintf(x->otherwise, sizeof x->otherwise, "%s", r->otherwise);
    } else if (strcmp(x->key, "output") == 0) { /* a job has a folder */
        snprintf(x->otherwise, sizeof x->otherwise, "the job's own folder");
    } else if (o != NULL && o->def != NULL) {
        snprintf(x->otherwise, sizeof x->otherwise, "%s", o->def);
    } else if (at != NULL) {
        at += sizeof says - 1;
        snprintf(x->otherwise, sizeof x->otherwise, "%.*s", (int)strcspn(at, ")"), at);
    } else {
        snprintf(x->otherwise, sizeof x->otherwise, "not set");
    }
}

static void add(struct form *f, const struct field_row *r, const struct form_option *o)
{
    if (f->n < FORM_FIELDS_MAX) {
        f->field[f->n++] = (struct field){
            .key = r->key,
            .label = r->label,
            .help = or_empty(r->help != NULL ? r->help
                             : o != NULL     ? o->help
                                             : NULL),
            .kind = r->kind == FIELD_TEXT && o != NULL ? kind_of(o) : r->kind,
            .needed = r->needed,
            .option = o,
            .choice = r->choice != NULL ? r->choice
                      : o != NULL       ? o->choice
                                        : NULL,
        };
        say_default(&f->field[f->n - 1], r);
    }
}

static void fill(struct form *f, const struct task *t, const struct form_command *c)
{
    f->task = t;
    add(f, &(struct field_row){"", "what", FIELD_TASK, false, "", t->help, NULL}, NULL);
    for (size_t i = 0; i < t->n; i++) {
        add(f, &t->row[i], option_of(c, t->row[i].key));
    }
    f->more = f->n;
    add(f, &(struct field_row){"", "more", FIELD_MORE, false, "", "further options of the command", NULL}, NULL);
    for (size_t i = 0; i < c->n && f->n < FORM_FIELDS_MAX - 1; i++) {
        const char *name = c->option[i].name;
        if (!among(left_out, name) && !among(t->without, name) && form_find(f, name) < 0) {
            const char *otherwise = c->option[i].type == FORM_FLAG ? "no" : NULL;
            add(f, &(struct field_row){name, name, FIELD_TEXT, false, otherwise, NULL, NULL}, &c->option[i]);
        }
    }
    add(f, &(struct field_row){"", "run", FIELD_RUN, false, "", "", NULL}, NULL);
}

struct form *form_create(const struct form_command *command, size_t n, int32_t *count)
{
    struct form *all = calloc(n_form_tasks, sizeof *all);
    *count = 0;
    for (size_t i = 0; all != NULL && i < n_form_tasks; i++) {
        for (size_t k = 0; k < n; k++) {
            if (strcmp(command[k].name, form_task[i].command) == 0) {
                fill(&all[(*count)++], &form_task[i], &command[k]);
                break;
            }
        }
    }
    return all;
}

void form_destroy(struct form **form, int32_t n)
{
    for (int32_t i = 0; *form != NULL && i < n; i++) {
        for (int32_t k = 0; k < FORM_FIELDS_MAX; k++) {
            value_set(&(*form)[i].value[k], NULL);
        }
    }
    free(*form);
    *form = NULL;
}

int32_t form_find(const struct form *f, const char *key)
{
    for (int32_t i = 0; i < f->n; i++) {
        if (key[0] != '\0' && strcmp(f->field[i].key, key) == 0) {
            return i;
        }
    }
    return -1;
}

int32_t form_kind(const struct form *f, const enum field_kind *kind)
{
    for (int32_t i = 0; i < f->n; i++) {
        for (const enum field_kind *k = kind; *k != FIELD_RUN; k++) {
            if (f->field[i].kind == *k) {
                return i;
            }
        }
    }
    return -1;
}

bool field_several(enum field_kind kind)
{
    return kind == FIELD_PICTURES || kind == FIELD_METHODS || kind == FIELD_LAYERS || kind == FIELD_CLASSES;
}

bool field_lists(enum field_kind kind)
{
    return kind != FIELD_TEXT && kind != FIELD_RUN;
}

/* ---- values ---- */

static uint32_t hash_of(const char *text) /* FNV-1a */
{
    uint32_t h = 2166136261u;
    for (; *text != '\0'; text++) {
        h = (h ^ (unsigned char)*text) * 16777619u;
    }
    return h;
}

static size_t place(const struct field_value *v, const char *text)
{
    const uint32_t h = hash_of(text);
    size_t i = 0;
    while (i < v->n && (v->hash[i] != h || strcmp(v->text[i], text) != 0)) {
        i++;
    }
    return i;
}

bool value_has(const struct field_value *v, const char *text)
{
    return place(v, text) < v->n;
}

/* Room for one more. */
static bool grow(struct field_value *v)
{
    if ((v->n & (v->n - 1)) != 0) { /* it doubles at powers of two */
        return true;
    }
    const size_t more = v->n > 0 ? 2 * v->n : 1;
    char **text = realloc(v->text, more * sizeof *text);
    v->text = text != NULL ? text : v->text;
    uint32_t *hash = text != NULL ? realloc(v->hash, more * sizeof *hash) : NULL;
    v->hash = hash != NULL ? hash : v->hash;
    return hash != NULL;
}

bool value_add(struct field_value *v, const char *text)
{
    char *copy = v->n < FORM_VALUES_MAX && !value_has(v, text) && grow(v) ? strdup(text) : NULL;
    if (copy == NULL) {
        return false;
    }
    v->hash[v->n] = hash_of(copy);
    v->text[v->n++] = copy;
    return true;
}

void value_remove(struct field_value *v, const char *text)
{
    const size_t i = place(v, text);
    if (i < v->n) { /* the room that was made stays: shrinking past a power of two only makes it anew */
        free(v->text[i]);
        memmove(v->text + i, v->text + i + 1, (v->n - i - 1) * sizeof *v->text);
        memmove(v->hash + i, v->hash + i + 1, (v->n - i - 1) * sizeof *v->hash);
        v->n--;
    }
}

void value_set(struct field_value *v, const char *text)
{
    char *copy = text != NULL ? strdup(text) : NULL; /* it may be one of these */
    for (size_t i = 0; i < v->n; i++) {
        free(v->text[i]);
    }
    free(v->text);
    free(v->hash);
    *v = (struct field_value){0};
    if (copy != NULL) {
        value_add(v, copy);
    }
    free(copy);
}

void value_copy(struct field_value *to, const struct field_value *from)
{
    value_set(to, NULL);
    for (size_t i = 0; i < from->n; i++) {
        value_add(to, from->text[i]);
    }
}

/* ---- checks ---- */

static bool whole(const char *text, double *v)
{
    char *end;
    *v = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*v);
}

static bool check_number(const struct form_option *o, const char *text, char *why, size_t size)
{
    char limits[80];
    double v;
    const struct field f = {.option = o, .kind = FIELD_TEXT};
    const bool number = strspn(text, "+-.0123456789eE") == strlen(text) && whole(text, &v);
    if (number && v >= o->min && v <= o->max && (o->type == FORM_REAL || v == floor(v))) {
        return true;
    }
    snprintf(why, size, "expected %s", field_limits(&f, limits, sizeof limits));
    return false;
}

/* N, HxW or DxHxW, each within the limits. */
static bool check_size(const struct form_option *o, const char *text, char *why, size_t size)
{
    int parts = 0;
    bool fine = true;
    for (const char *p = text; fine && parts < 4; parts++) {
        char *end;
        const long v = *p >= '0' && *p <= '9' ? strtol(p, &end, 10) : -1;
        fine = v >= (long)o->min && v <= (long)o->max && (*end == 'x' || *end == '\0');
        if (!fine || *end == '\0') {
            break;
        }
        p = end + 1;
    }
    if (!fine || parts > 2) {
        snprintf(why, size, "expected %s, each %g to %g", o->arg ? o->arg : "N", o->min, o->max);
    }
    return fine && parts <= 2;
}

static bool check_reals(const char *text, char *why, size_t size)
{
    for (const char *p = text;;) {
        char *end;
        const double v = strtod(p, &end);
        if (end == p || !isfinite(v) || (*end != ',' && *end != '\0')) {
            snprintf(why, size, "expected numbers with commas between them");
            return false;
        }
        if (*end == '\0') {
            return true;
        }
        p = end + 1;
    }
}

static bool check_bytes(const char *text, char *why, size_t size)
{
    const size_t digits = strspn(text, "0123456789.");
    const bool unit = text[digits] == '\0' || (strchr("kKmMgGtT", text[digits]) != NULL && text[digits + 1] == '\0');
    if (digits == 0 || !unit) {
        snprintf(why, size, "expected bytes, as 512M or 2G");
        return false;
    }
    return true;
}

bool field_check(const struct field *f, const char *text, char *why, size_t size)
{
    const struct form_option *o = f->option;
    why[0] = '\0';
    if (text[0] == '\0' || o == NULL || f->kind != FIELD_TEXT) {
        return true;
    }
    switch (o->type) {
    case FORM_INT:
    case FORM_REAL:
        return check_number(o, text, why, size);
    case FORM_SIZE:
        return check_size(o, text, why, size);
    case FORM_REALS:
        return check_reals(text, why, size);
    case FORM_BYTES:
        return check_bytes(text, why, size);
    default:
        return true;
    }
}

char *field_limits(const struct field *f, char *out, size_t size)
{
    const struct form_option *o = f->option;
    out[0] = '\0';
    if (o == NULL || f->kind != FIELD_TEXT) {
        return out;
    }
    if (o->type == FORM_INT || o->type == FORM_REAL) {
        snprintf(out, size, "%s from %.10g to %.10g", o->type == FORM_INT ? "a whole number" : "a number", o->min,
                 o->max);
    } else if (o->arg != NULL) {
        snprintf(out, size, "%s", o->arg);
    }
    return out;
}
