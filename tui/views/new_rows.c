/* The lists of New job: one row in `picker` for each kind of field that has one. */
#include <limn/train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

struct picker {
    const char *title;
    int64_t (*count)(const struct app *a);
    void (*row)(const struct app *a, int64_t i, struct row *out);
    bool (*value)(const struct app *a, int64_t i, char *out, size_t size); /* NULL: rows are ways, not values */
};

static const struct field *field_here(const struct app *a)
{
    return &new_form(a)->field[a->new_job.at];
}

static const struct field_value *value_here(const struct app *a)
{
    return &new_form(a)->value[a->new_job.at];
}

static bool put(char *out, size_t size, const char *text)
{
    const int n = snprintf(out, size, "%s", text);
    return n >= 0 && (size_t)n < size;
}

/* ---- tasks, further options ---- */

static int64_t task_count(const struct app *a)
{
    return a->new_job.n_forms;
}

static void task_row(const struct app *a, int64_t i, struct row *out)
{
    const struct task *t = a->new_job.form[i].task;
    snprintf(out->text, sizeof out->text, "%s", t->title);
    snprintf(out->note, sizeof out->note, "%.99s", t->help);
    out->chosen = i == a->new_job.task;
}

static int64_t more_count(const struct app *a)
{
    const struct form *f = new_form(a);
    return f->n - f->more - 2;
}

static void more_row(const struct app *a, int64_t i, struct row *out)
{
    const struct form *f = new_form(a);
    const int32_t at = f->more + 1 + (int32_t)i;
    char text[300];
    snprintf(out->text, sizeof out->text, "%s", f->field[at].label);
    new_field_text(a, at, text, sizeof text);
    snprintf(out->note, sizeof out->note, "%.99s", text);
    out->chosen = f->value[at].n > 0;
}

/* ---- files ---- */

bool new_shows_files(const struct app *a, enum folder_of *which)
{
    static const struct {
        enum field_kind kind;
        enum folder_of folder;
    } shows[] = {{FIELD_PICTURES, FOLDER_PICTURES},
                 {FIELD_PICTURE, FOLDER_PICTURES},
                 {FIELD_DATA, FOLDER_DATA},
                 {FIELD_FILE, FOLDER_FILES}};
    const struct form *f = new_form(a);
    const enum field_kind kind = f != NULL ? field_here(a)->kind : FIELD_RUN;
    for (size_t i = 0; i < sizeof shows / sizeof shows[0]; i++) {
        if (shows[i].kind == kind) {
            *which = shows[i].folder;
            return true;
        }
    }
    *which = FOLDER_MODELS;
    return a->new_job.browsing && (kind == FIELD_CLASSIFIER || kind == FIELD_AUTOENCODER);
}

static const enum field_kind models[] = {FIELD_CLASSIFIER, FIELD_AUTOENCODER, FIELD_RUN};

static int64_t here_rows(const struct app *a) /* a data set may be the folder itself */
{
    return a->new_job.listed == FOLDER_DATA ? 1 : 0;
}

static int64_t file_count(const struct app *a)
{
    return (int64_t)a->new_job.n_files + here_rows(a);
}

static bool file_value(const struct app *a, int64_t i, char *out, size_t size)
{
    const struct new_state *n = &a->new_job;
    const char *folder = n->folder[n->listed];
    i -= here_rows(a);
    if (i < 0) {
        return put(out, size, folder);
    }
    const int k = snprintf(out, size, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, n->file[i].name);
    return !n->file[i].folder && k > 0 && (size_t)k < size;
}

static void file_row(const struct app *a, int64_t i, struct row *out)
{
    const struct new_state *n = &a->new_job;
    const int64_t at = i - here_rows(a);
    char size[16], path[4400];
    if (at < 0) {
        snprintf(out->text, sizeof out->text, "this folder");
        snprintf(out->note, sizeof out->note, "%zu %s in it", n->n_plain, n->n_plain == 1 ? "file" : "files");
    } else {
        const struct file_entry *e = &n->file[at];
        snprintf(out->text, sizeof out->text, "%s%s", e->name, e->folder ? "/" : "");
        out->folder = e->folder;
        if (!e->folder) {
            snprintf(out->note, sizeof out->note, "%s", ui_bytes(e->bytes, size));
        }
        const int32_t model = form_kind(new_form(a), models); /* one that nobody chose follows the picture */
        if (!e->folder && n->listed == FOLDER_PICTURES && n->info.channels > 0 && model >= 0 &&
            new_form(a)->value[model].n > 0 && name_is_volume(e->name) != (n->info.depth > 0)) {
            out->disabled = true;
            snprintf(out->note, sizeof out->note, "the network takes %s", n->info.depth > 0 ? "volumes" : "pictures");
        }
    }
    out->chosen = file_value(a, i, path, sizeof path) && value_has(value_here(a), path);
}

/* ---- models ---- */

/* Installed ones, what jobs have trained, and the way to all other files. */
static int64_t model_count(const struct app *a)
{
    return a->new_job.browsing ? file_count(a) : (int64_t)(a->models.n_models + a->models.n_trained) + 1;
}

static const struct trained_model *trained(const struct app *a, int64_t i)
{
    i -= (int64_t)a->models.n_models;
    return i >= 0 && i < (int64_t)a->models.n_trained ? &a->models.trained[i] : NULL;
}

static void installed_row(const struct app *a, int64_t i, struct row *out)
{
    const struct limn_model_entry *e = &a->models.model[i];
    char why[100];
    out->disabled = !new_model_fits(a, a->new_job.at, (size_t)i, why);
    snprintf(out->text, sizeof out->text, "%s", e->name);
    snprintf(out->note, sizeof out->note, "%.99s", out->disabled ? why : e->title);
    out->chosen = strcmp(new_value(a, a->new_job.at), e->name) == 0;
}

static void model_row(const struct app *a, int64_t i, struct row *out)
{
    const struct trained_model *t = trained(a, i);
    if (a->new_job.browsing) {
        file_row(a, i, out);
    } else if (i < (int64_t)a->models.n_models) {
        installed_row(a, i, out);
    } else if (t != NULL) {
        snprintf(out->text, sizeof out->text, "of job %lld", (long long)t->job);
        snprintf(out->note, sizeof out->note, "%.99s", t->title);
        out->chosen = value_has(value_here(a), t->path);
    } else {
        const struct field_value *v = value_here(a);
        snprintf(out->text, sizeof out->text, "a file of weights …");
        snprintf(out->note, sizeof out->note, "from a folder");
        out->folder = true;
        out->chosen = v->n > 0 && v->text[0][0] == '/';
        for (int64_t k = 0; out->chosen && k < (int64_t)a->models.n_trained; k++) {
            out->chosen = strcmp(v->text[0], a->models.trained[k].path) != 0;
        }
    }
}

static bool model_value(const struct app *a, int64_t i, char *out, size_t size)
{
    const struct trained_model *t = trained(a, i);
    if (a->new_job.browsing) {
        return file_value(a, i, out, size);
    }
    return t != NULL ? put(out, size, t->path)
                     : i < (int64_t)a->models.n_models && put(out, size, a->models.model[i].name);
}

/* ---- methods ---- */

static int64_t method_count(const struct app *a)
{
    (void)a;
    return (int64_t)limn_method_count();
}

static bool method_value(const struct app *a, int64_t i, char *out, size_t size)
{
    struct limn_method_info m;
    (void)a;
    return limn_method_info((size_t)i, &m, NULL) == LIMN_OK && put(out, size, m.name);
}

static void method_row(const struct app *a, int64_t i, struct row *out)
{
    struct limn_method_info m;
    if (limn_method_info((size_t)i, &m, NULL) == LIMN_OK) {
        const struct field_value *v = value_here(a);
        snprintf(out->text, sizeof out->text, "%s", m.title);
        snprintf(out->note, sizeof out->note, "%s", m.uses_layer ? "of a layer" : "of the input");
        const char *otherwise = field_here(a)->otherwise;
        out->chosen =
            v->n > 0 ? value_has(v, m.name) : strcmp(otherwise, m.title) == 0 || strcmp(otherwise, "all") == 0;
    }
}

/* ---- layers: first the default ---- */

static int64_t layer_count(const struct app *a)
{
    return (int64_t)a->new_job.n_layers + 1;
}

static bool layer_value(const struct app *a, int64_t i, char *out, size_t size)
{
    return put(out, size, i == 0 ? "" : a->new_job.layer[i - 1].name);
}

/* Whether any of the chosen methods makes its map of a layer. */
static bool method_uses_layer(const struct app *a)
{
    const struct form *f = new_form(a);
    const int32_t at = form_find(f, "method");
    struct limn_method_info m;
    if (at < 0 || f->value[at].n == 0) {
        return true;
    }
    for (size_t i = 0; limn_method_info(i, &m, NULL) == LIMN_OK; i++) {
        if (m.uses_layer && value_has(&f->value[at], m.name)) {
            return true;
        }
    }
    return value_has(&f->value[at], "all");
}

static void layer_row(const struct app *a, int64_t i, struct row *out)
{
    const struct new_state *n = &a->new_job;
    const struct field_value *v = value_here(a);
    if (i == 0) {
        const char *name = field_here(a)->kind == FIELD_LAYERS && n->n_layers > 0 ? n->info.default_layer : "";
        snprintf(out->text, sizeof out->text, "%s%s%.200s", field_here(a)->otherwise, name[0] ? ": " : "", name);
        out->chosen = v->n == 0;
        return;
    }
    const struct limn_layer_info *l = &n->layer[i - 1];
    size_t at = 0;
    snprintf(out->text, sizeof out->text, "%.200s%s", l->name, l->is_default ? " (default)" : "");
    for (int32_t d = 1; d < l->rank && at < 40; d++) {
        at += (size_t)snprintf(out->note + at, sizeof out->note - at, "%s%d", d > 1 ? "×" : "", (int)l->dim[d]);
    }
    snprintf(out->note + at, sizeof out->note - at, "  %-8.9s", l->op);
    int64_t places = l->rank > 2 ? 1 : 0;
    for (int32_t d = 2; d < l->rank; d++) {
        places *= l->dim[d];
    }
    out->chosen = value_has(v, l->name);
    if (places < 2) {
        out->disabled = true;
        snprintf(out->note, sizeof out->note, "has no positions");
    } else if (field_here(a)->kind == FIELD_LAYERS && !method_uses_layer(a)) {
        out->disabled = true;
        snprintf(out->note, sizeof out->note, "the method uses no layer");
    }
}

/* ---- classes: the default, topN where several are taken, what the network finds, then all ---- */

static const int32_t top[] = {3, 5};
enum { TOPS = sizeof top / sizeof top[0] };

static int64_t class_heads(const struct app *a)
{
    return 1 + (field_here(a)->kind == FIELD_CLASSES ? TOPS : 0);
}

static int64_t class_count(const struct app *a)
{
    return class_heads(a) + (int64_t)a->new_job.n_found + a->new_job.n_classes;
}

static int32_t class_index(const struct app *a, int64_t i, const struct found_class **found)
{
    const struct new_state *n = &a->new_job;
    i -= class_heads(a);
    *found = i < (int64_t)n->n_found ? &n->found[i] : NULL;
    return *found != NULL ? (*found)->index : (int32_t)(i - (int64_t)n->n_found);
}

static bool class_value(const struct app *a, int64_t i, char *out, size_t size)
{
    const struct found_class *found;
    if (i == 0) {
        return put(out, size, "");
    }
    if (i < class_heads(a)) {
        snprintf(out, size, "top%d", (int)top[i - 1]);
    } else {
        snprintf(out, size, "%d", (int)class_index(a, i, &found));
    }
    return true;
}

static void class_row(const struct app *a, int64_t i, struct row *out)
{
    const struct new_state *n = &a->new_job;
    const struct found_class *found = NULL;
    char value[16];
    class_value(a, i, value, sizeof value);
    out->chosen = i == 0 ? value_here(a)->n == 0 : value_has(value_here(a), value);
    if (i == 0) {
        snprintf(out->text, sizeof out->text, "%s", field_here(a)->otherwise);
    } else if (i < class_heads(a)) {
        snprintf(out->text, sizeof out->text, "the %d surest", (int)top[i - 1]);
    } else {
        const int32_t k = class_index(a, i, &found);
        const char *label = n->label != NULL && k >= 0 && k < n->n_classes ? n->label[k] : NULL;
        if (label != NULL) {
            snprintf(out->text, sizeof out->text, "%.250s", label);
        } else {
            snprintf(out->text, sizeof out->text, "class %d", (int)k);
        }
        if (found != NULL) {
            snprintf(out->note, sizeof out->note, "%.1f %% here   %4d", 100 * found->probability, (int)k);
        } else {
            snprintf(out->note, sizeof out->note, "%d", (int)k);
        }
    }
}

/* ---- choices and flags: first what no value means ---- */

static int64_t choice_count(const struct app *a)
{
    const struct field *f = field_here(a);
    int64_t n = 0;
    while (f->choice != NULL && f->choice((size_t)n) != NULL) {
        n++;
    }
    return n + 1;
}

static bool choice_value(const struct app *a, int64_t i, char *out, size_t size)
{
    return put(out, size, i == 0 ? "" : field_here(a)->choice((size_t)(i - 1)));
}

static void choice_row(const struct app *a, int64_t i, struct row *out)
{
    const struct field *f = field_here(a);
    char value[100];
    choice_value(a, i, value, sizeof value);
    if (i == 0) {
        snprintf(out->text, sizeof out->text, "%.200s", f->otherwise);
        snprintf(out->note, sizeof out->note, "default");
    } else {
        snprintf(out->text, sizeof out->text, "%s", value);
    }
    out->chosen = i == 0 ? value_here(a)->n == 0 : value_has(value_here(a), value);
}

static int64_t flag_count(const struct app *a)
{
    (void)a;
    return 2;
}

static bool flag_value(const struct app *a, int64_t i, char *out, size_t size)
{
    (void)a;
    return put(out, size, i == 0 ? "" : "yes");
}

static void flag_row(const struct app *a, int64_t i, struct row *out)
{
    snprintf(out->text, sizeof out->text, i == 0 ? "no" : "yes");
    out->chosen = (value_here(a)->n > 0) == (i == 1);
}

/* ---- all of them ---- */

static const struct picker picker[FIELD_KINDS] = {
    [FIELD_TASK] = {"What to do", task_count, task_row, NULL},
    [FIELD_PICTURES] = {"Pictures", file_count, file_row, file_value},
    [FIELD_PICTURE] = {"Pictures", file_count, file_row, file_value},
    [FIELD_DATA] = {"Data sets", file_count, file_row, file_value},
    [FIELD_FILE] = {"Files", file_count, file_row, file_value},
    [FIELD_CLASSIFIER] = {"Models", model_count, model_row, model_value},
    [FIELD_AUTOENCODER] = {"Autoencoders", model_count, model_row, model_value},
    [FIELD_METHODS] = {"Methods", method_count, method_row, method_value},
    [FIELD_LAYERS] = {"Layers", layer_count, layer_row, layer_value},
    [FIELD_LAYER] = {"Layers", layer_count, layer_row, layer_value},
    [FIELD_CLASSES] = {"Classes", class_count, class_row, class_value},
    [FIELD_CLASS] = {"Classes", class_count, class_row, class_value},
    [FIELD_CHOICE] = {"", choice_count, choice_row, choice_value},
    [FIELD_FLAG] = {"", flag_count, flag_row, flag_value},
    [FIELD_MORE] = {"More options", more_count, more_row, NULL},
    [FIELD_RUN] = {"Run", NULL, NULL, NULL},
};

static const struct picker *picker_here(const struct app *a)
{
    enum folder_of which;
    const struct picker *p = new_form(a) != NULL ? &picker[field_here(a)->kind] : &picker[FIELD_RUN];
    const bool stale = new_form(a) != NULL && new_shows_files(a, &which) && which != a->new_job.listed;
    return stale ? &picker[FIELD_RUN]
                 : p; /* the files of another field: its folder is read when the key is done with */
}

const char *new_list_title(const struct app *a)
{
    const char *title = picker[field_here(a)->kind].title;
    return title != NULL && title[0] != '\0' ? title : field_here(a)->label;
}

int64_t new_rows(const struct app *a)
{
    const struct picker *p = picker_here(a);
    return p->count != NULL ? p->count(a) : 0;
}

void new_row(const struct app *a, int64_t i, struct row *out)
{
    const struct picker *p = picker_here(a);
    memset(out, 0, sizeof *out);
    if (p->row != NULL && i < p->count(a)) { /* else the list is about to be made anew */
        p->row(a, i, out);
    }
}

bool new_row_value(const struct app *a, int64_t i, char *out, size_t size)
{
    const struct picker *p = picker_here(a);
    return p->value != NULL && i < p->count(a) && p->value(a, i, out, size);
}

void new_filter(struct app *a)
{
    struct new_state *n = &a->new_job;
    const int64_t all = new_rows(a);
    int32_t *shown = realloc(n->shown, (size_t)(all > 0 ? all : 1) * sizeof *shown);
    n->n_shown = 0;
    if (shown == NULL) {
        return;
    }
    n->shown = shown;
    for (int64_t i = 0; i < all; i++) {
        struct row row;
        if (n->filter[0] != '\0') {
            new_row(a, i, &row);
        }
        if (n->filter[0] == '\0' || text_contains(row.text, n->filter)) {
            n->shown[n->n_shown++] = (int32_t)i;
        }
    }
    n->marked = n->marked >= n->n_shown ? n->n_shown - 1 : n->marked;
    n->marked = n->marked < 0 ? 0 : n->marked;
}

bool new_marked_file(const struct app *a, char *path, size_t size)
{
    const struct new_state *n = &a->new_job;
    enum folder_of which;
    return new_form(a) != NULL && new_shows_files(a, &which) && which == FOLDER_PICTURES && n->marked < n->n_shown &&
           new_row_value(a, n->shown[n->marked], path, size);
}
