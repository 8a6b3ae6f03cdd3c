/* What the fields of New job hold: chosen by hand or, of models, by themselves; what is wrong with them; in words. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app.h"

static const enum field_kind models[] = {FIELD_CLASSIFIER, FIELD_AUTOENCODER, FIELD_RUN};
static const enum field_kind pictures[] = {FIELD_PICTURES, FIELD_PICTURE, FIELD_RUN};
static const enum field_kind classifiers[] = {FIELD_CLASSIFIER, FIELD_RUN};
static const enum field_kind autoencoders[] = {FIELD_AUTOENCODER, FIELD_RUN};

struct form *new_form(const struct app *a)
{
    const struct new_state *n = &a->new_job;
    return n->task < n->n_forms ? &n->form[n->task] : NULL;
}

/* ---- models by themselves ---- */

static const struct model_fact *fact_of(const struct app *a, const char *model)
{
    for (size_t i = 0; i < a->models.n_models && a->models.fact != NULL; i++) {
        if (strcmp(a->models.model[i].name, model) == 0 && a->models.fact[i].known) {
            return &a->models.fact[i];
        }
    }
    return NULL;
}

static bool usable(const struct model_fact *f, enum field_kind kind)
{
    return f->known && f->problem[0] == '\0' && (f->n_classes > 0) == (kind == FIELD_CLASSIFIER);
}

/* How well a classifier and an autoencoder go together: 0 not at all. */
static int match(const struct model_fact *x, const struct model_fact *y)
{
    if (x->channels != y->channels || x->depth != y->depth || x->height != y->height || x->width != y->width) {
        return 0;
    }
    const size_t nx = strcspn(x->arch, "+"), ny = strcspn(y->arch, "+");
    const bool kin = nx == ny && strncmp(x->arch, y->arch, nx) == 0;
    return 1 + (kin ? 1 : 0) + (x->trained_on[0] != '\0' && strcmp(x->trained_on, y->trained_on) == 0 ? 2 : 0);
}

/* The model that goes best with `to`; without it the first autoencoder, and the classifier of most classes that takes
 * what is chosen: pictures or volumes. */
static const char *best_model(const struct app *a, enum field_kind kind, const struct model_fact *to)
{
    const bool volume = name_is_volume(new_picture(a));
    const struct models_state *m = &a->models;
    const char *best = "";
    int64_t most = 0;
    for (size_t i = 0; i < m->n_models && m->fact != NULL; i++) {
        const struct model_fact *f = &m->fact[i];
        const int64_t size = (int64_t)(m->model[i].bytes >> 10); /* of equal ones the smallest is quickest */
        const int64_t score =
            !usable(f, kind) ? 0
            : to != NULL     ? match(f, to)
            : kind == FIELD_AUTOENCODER
                ? 1
                : ((f->depth > 0) == volume) * (((int64_t)f->n_classes << 32) - (size < 1 << 30 ? size : 0));
        if (score > most) {
            most = score;
            best = m->model[i].name;
        }
    }
    return best;
}

static const char *chosen(const struct form *f, int32_t i)
{
    return i >= 0 && f->value[i].n > 0 ? f->value[i].text[0] : "";
}

static const char *own_model(const struct app *a, const struct form *f, int32_t i)
{
    const bool draws = f->field[i].kind == FIELD_AUTOENCODER;
    const int32_t other = form_kind(f, draws ? classifiers : autoencoders);
    const char *name = other >= 0 ? chosen(f, other) : "";
    if (other >= 0 && name[0] == '\0' && !draws) { /* both are open: the autoencoder leads */
        name = best_model(a, FIELD_AUTOENCODER, NULL);
    }
    const struct model_fact *to = name[0] != '\0' ? fact_of(a, name) : NULL;
    return name[0] != '\0' && to == NULL ? "" : best_model(a, f->field[i].kind, to);
}

const char *new_value(const struct app *a, int32_t i)
{
    const struct form *f = new_form(a);
    if (f == NULL || i < 0 || i >= f->n) {
        return "";
    }
    const char *text = chosen(f, i);
    const bool model = f->field[i].kind == FIELD_CLASSIFIER || f->field[i].kind == FIELD_AUTOENCODER;
    return text[0] == '\0' && model ? own_model(a, f, i) : text;
}

const char *new_model(const struct app *a)
{
    const struct form *f = new_form(a);
    return f != NULL ? new_value(a, form_kind(f, models)) : "";
}

const char *new_picture(const struct app *a)
{
    const struct form *f = new_form(a);
    return f != NULL ? new_value(a, form_kind(f, pictures)) : "";
}

bool new_model_fits(const struct app *a, int32_t i, size_t m, char why[100])
{
    const struct model_fact *fact = a->models.fact != NULL ? &a->models.fact[m] : NULL;
    const enum field_kind kind = new_form(a)->field[i].kind;
    why[0] = '\0';
    if (fact == NULL || !fact->known) {
        return true;
    }
    if (fact->problem[0] != '\0') {
        snprintf(why, 100, "%.99s", fact->problem);
    } else if (kind == FIELD_CLASSIFIER && fact->n_classes == 0) {
        snprintf(why, 100, "gives a picture: an autoencoder");
    } else if (kind == FIELD_AUTOENCODER && fact->n_classes > 0) {
        snprintf(why, 100, "gives classes: no autoencoder");
    }
    return why[0] == '\0';
}

/* ---- what is wrong ---- */

static bool ends_with(const char *name, const char *const *end)
{
    const size_t n = strlen(name);
    for (; *end != NULL; end++) {
        const size_t k = strlen(*end);
        if (n > k && strcasecmp(name + n - k, *end) == 0) {
            return true;
        }
    }
    return false;
}

bool name_is_volume(const char *name)
{
    static const char *const end[] = {".npy", ".nii", ".nii.gz", NULL};
    return ends_with(name, end);
}

bool name_is_picture(const char *name)
{
    static const char *const end[] = {".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", NULL};
    return ends_with(name, end);
}

static void class_problem(const struct app *a, const char *text, char *out, size_t size)
{
    char *end;
    const long k = strtol(text, &end, 10);
    if (end != text && *end == '\0' && a->new_job.n_classes > 0 && (k < 0 || k >= a->new_job.n_classes)) {
        snprintf(out, size, "class %ld: the network has %d", k, (int)a->new_job.n_classes);
    }
}

static void missing(const struct app *a, const struct field *f, char *out, size_t size)
{
    if (f->kind == FIELD_AUTOENCODER && a->models.n_models > 0) {
        snprintf(out, size, "none of the autoencoders is made for this classifier: choose one, or train a decoder");
    } else {
        snprintf(out, size, "choose a %s first", strcmp(f->key, "image") == 0 ? "picture" : f->label);
    }
}

/* A classifier where an autoencoder is wanted, or the other way round, as far as it is known. */
static bool wrong_kind(const struct app *a, int32_t i, const char *value)
{
    const struct form *f = new_form(a);
    const enum field_kind kind = f->field[i].kind;
    const struct model_fact *fact = fact_of(a, value);
    const bool open = i == form_kind(f, models) && a->new_job.n_layers > 0;
    if ((kind != FIELD_CLASSIFIER && kind != FIELD_AUTOENCODER) || (fact == NULL && !open)) {
        return false;
    }
    return ((fact != NULL ? fact->n_classes : a->new_job.n_classes) > 0) != (kind == FIELD_CLASSIFIER);
}

const char *new_field_problem(const struct app *a, int32_t i, char *text, size_t size)
{
    const struct new_state *n = &a->new_job;
    const struct form *f = new_form(a);
    const struct field *x = &f->field[i];
    const char *value = new_value(a, i);
    text[0] = '\0';
    if (f->problem[0] != '\0' && f->problem_at == i) {
        snprintf(text, size, "%s", f->problem);
    } else if (x->needed && value[0] == '\0') {
        missing(a, x, text, size);
    } else if (i == form_kind(f, models) && n->model_problem[0] != '\0') {
        snprintf(text, size, "%s", n->model_problem);
    } else if (wrong_kind(a, i, value)) {
        snprintf(text, size,
                 x->kind == FIELD_CLASSIFIER ? "gives a picture: a classifier is wanted"
                                             : "gives classes: an autoencoder is wanted");
    } else if (x->kind == FIELD_PICTURES || x->kind == FIELD_PICTURE) {
        const bool volume = name_is_volume(value);
        if (n->info.channels > 0 && volume != (n->info.depth > 0)) {
            snprintf(text, size, "%s, the network takes %s", volume ? "a volume" : "a picture",
                     volume ? "pictures" : "volumes: .npy or NIfTI");
        }
    } else if (x->kind == FIELD_CLASSES || x->kind == FIELD_CLASS) {
        for (size_t k = 0; k < f->value[i].n && text[0] == '\0'; k++) {
            class_problem(a, f->value[i].text[k], text, size);
        }
    } else {
        field_check(x, value, text, size);
    }
    return text[0] != '\0' ? text : NULL;
}

const char *new_problem(const struct app *a, int32_t *field, char *text, size_t size)
{
    const struct form *f = new_form(a);
    *field = 0;
    if (f == NULL) {
        return "no command can be made into a job";
    }
    for (int32_t i = 0; i < f->n; i++) {
        const bool old = f->problem[0] != '\0' && f->problem_at == i; /* of another time: the job may be tried again */
        if (!old && new_field_problem(a, i, text, size) != NULL) {
            *field = i;
            return text;
        }
    }
    *field = f->n - 1;
    return a->new_job.sending ? "on its way into the queue" : NULL;
}

/* ---- in words ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* One value as people say it. */
static void value_words(const struct app *a, const struct field *x, const char *value, char *out, size_t size)
{
    struct limn_method_info m;
    char *end;
    const long k = strtol(value, &end, 10);
    snprintf(out, size, "%s", value);
    if (x->kind == FIELD_METHODS) {
        snprintf(out, size, "%s", method_named(value, &m) ? m.title : value);
    } else if (x->kind == FIELD_CLASS || x->kind == FIELD_CLASSES) {
        const char *label =
            end != value && *end == '\0' && k >= 0 && k < a->new_job.n_classes && a->new_job.label != NULL
                ? a->new_job.label[k]
                : NULL;
        if (label != NULL) {
            snprintf(out, size, "%s", label);
        } else if (strncmp(value, "top", 3) == 0) {
            snprintf(out, size, "the %.20s surest", value + 3);
        } else {
            snprintf(out, size, "class %.100s", value);
        }
    } else if (value[0] == '/') {
        snprintf(out, size, "%s", base_name(value));
    }
}

void new_field_text(const struct app *a, int32_t i, char *out, size_t size)
{
    const struct form *f = new_form(a);
    const struct field *x = &f->field[i];
    const struct field_value *v = &f->value[i];
    const char *value = new_value(a, i);
    out[0] = '\0';
    if (x->kind == FIELD_TASK) {
        snprintf(out, size, "%s", f->task->title);
    } else if (x->kind == FIELD_MORE) {
        snprintf(out, size, "further options");
    } else if (x->kind == FIELD_RUN) {
        int32_t at;
        char problem[400];
        const char *why = new_problem(a, &at, problem, sizeof problem);
        snprintf(out, size, "%s", why ? why : "put into the queue");
    } else if (value[0] == '\0') {
        snprintf(out, size, "%s", x->otherwise);
    } else if (v->n > 1 && (x->kind == FIELD_PICTURES || x->kind == FIELD_CLASSES)) {
        snprintf(out, size, "%zu %s", v->n, x->kind == FIELD_PICTURES ? "pictures" : "classes");
    } else {
        size_t at = 0;
        char one[400];
        for (size_t k = 0; k < (v->n > 0 ? v->n : 1) && at + 4 < size; k++) {
            value_words(a, x, v->n > 0 ? v->text[k] : value, one, sizeof one);
            const int put = snprintf(out + at, size - at, "%s%s", k > 0 ? ", " : "", one);
            at += put > 0 ? (size_t)put : 0;
        }
    }
}

/* ---- the same as a command line ---- */

static void add_word(char *out, size_t size, const char *option, const char *word)
{
    const size_t n = strlen(out);
    const bool quote = word[strcspn(word, " \t\"'\\$&;()<>|*?[]#~`!")] != '\0';
    if (n + 1 < size) {
        snprintf(out + n, size - n, " %s%s%s%s%s%s", option[0] ? "--" : "", option, option[0] && word[0] ? " " : "",
                 quote ? "\"" : "", word, quote ? "\"" : "");
    }
}

void new_command_line(const struct app *a, char *out, size_t size)
{
    const struct form *f = new_form(a);
    snprintf(out, size, "limn %s%s%s", f->task->command, f->task->operand ? " " : "",
             f->task->operand ? f->task->operand : "");
    for (int pass = 0; pass < 3; pass++) { /* models, then what they work on, then options: as every command has it */
        for (int32_t i = 0; i < f->n; i++) {
            const struct field *x = &f->field[i];
            const bool model = x->kind == FIELD_CLASSIFIER || x->kind == FIELD_AUTOENCODER;
            const struct field_value *v = &f->value[i];
            if (x->key[0] == '\0' || pass != (x->option != NULL ? 2 : model ? 0 : 1)) {
                continue;
            }
            if (v->n == 0 && model) {
                add_word(out, size, "", new_value(a, i));
            }
            for (size_t k = 0; k < v->n && k < 4; k++) {
                add_word(out, size, x->option != NULL ? x->key : "",
                         x->kind == FIELD_FLAG ? "" : base_name(v->text[k]));
            }
            if (v->n > 4) {
                add_word(out, size, "", "…");
            }
        }
    }
}
