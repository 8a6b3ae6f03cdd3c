/* A new job: what to do, then the fields of that form, each with a list to choose from or a text to type; what cannot
 * be chosen says why. Here are the keys; the fields are in form.c, their lists in new_rows.c, the screen in new_draw.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

static struct field *field_here(const struct app *a)
{
    return &new_form(a)->field[a->new_job.at];
}

static struct field_value *value_here(const struct app *a)
{
    return &new_form(a)->value[a->new_job.at];
}

/* ---- between fields ---- */

void new_mark_chosen(struct app *a)
{
    struct new_state *n = &a->new_job;
    new_filter(a);
    for (int64_t i = 0; i < n->n_shown; i++) {
        struct row row;
        new_row(a, n->shown[i], &row);
        if (row.chosen) {
            n->marked = i;
            break;
        }
    }
}

void new_go_field(struct app *a, int32_t field)
{
    struct new_state *n = &a->new_job;
    enum folder_of which;
    n->at = field;
    n->filter[0] = '\0';
    n->filtering = n->browsing = n->marking = n->editing = false;
    n->marked = 0;
    new_mark_chosen(a);
    if (new_shows_files(a, &which)) {
        a->want |= WANT_FOLDER;
    }
}

/* Further options are passed over as long as they have no value: the field "more" lists them. */
static bool is_stop(const struct form *f, int32_t i)
{
    return i <= f->more || i == f->n - 1 || f->value[i].n > 0;
}

static void step(struct app *a, int32_t by)
{
    const struct form *f = new_form(a);
    int32_t to = a->new_job.at;
    do {
        to = (to + by + f->n) % f->n;
    } while (!is_stop(f, to));
    new_go_field(a, to);
}

/* After a value was given. */
static void go_on(struct app *a)
{
    const struct form *f = new_form(a);
    if (a->new_job.at > f->more) {
        new_go_field(a, f->more);
    } else {
        step(a, 1);
    }
}

/* The other form takes over what it asks for as well and does not know yet. */
void new_go_task(struct app *a, int32_t task)
{
    struct new_state *n = &a->new_job;
    const struct form *from = new_form(a);
    struct form *to = &n->form[task];
    for (int32_t i = 0; i < to->n && from != NULL && from != to; i++) {
        const int32_t k = form_find(from, to->field[i].key);
        const bool same = k >= 0 && to->field[i].option == NULL && to->value[i].n == 0;
        if (same && from->value[k].n > 0 && !field_several(to->field[i].kind)) {
            value_set(&to->value[i], from->value[k].text[0]);
        } else if (same) {
            value_copy(&to->value[i], &from->value[k]);
        }
    }
    n->task = task;
}

/* Layers and classes are those of a model: with another one they mean nothing. */
static void forget_parts(struct form *f)
{
    for (int32_t i = 0; i < f->n; i++) {
        const enum field_kind k = f->field[i].kind;
        if (k == FIELD_LAYERS || k == FIELD_LAYER || k == FIELD_CLASSES || k == FIELD_CLASS) {
            value_set(&f->value[i], NULL);
        }
    }
}

static void give(struct app *a, const char *text)
{
    struct form *f = new_form(a);
    const enum field_kind kind = field_here(a)->kind;
    char before[4096];
    snprintf(before, sizeof before, "%s", new_model(a));
    value_set(value_here(a), text[0] != '\0' ? text : NULL);
    if ((kind == FIELD_CLASSIFIER || kind == FIELD_AUTOENCODER) && strcmp(before, new_model(a)) != 0) {
        forget_parts(f);
    }
    f->problem[0] = '\0';
}

/* The form that is shown when it takes such a model, else the first one that does. */
void new_use_model(struct app *a, size_t m)
{
    struct new_state *n = &a->new_job;
    const struct model_fact *fact = a->models.fact != NULL ? &a->models.fact[m] : NULL;
    const bool draws = fact != NULL && fact->known && fact->problem[0] == '\0' && fact->n_classes == 0;
    const enum field_kind kind[] = {draws ? FIELD_AUTOENCODER : FIELD_CLASSIFIER, FIELD_RUN};
    for (int32_t k = 0; k < n->n_forms; k++) {
        const int32_t task = k == 0 ? n->task : k - 1;
        const int32_t at = form_kind(&n->form[task], kind);
        if (at >= 0) {
            n->task = task;
            n->at = at;
            give(a, a->models.model[m].name);
            n->at = 1;
            break;
        }
    }
    app_go(a, VIEW_NEW);
}

/* ---- choosing ---- */

static bool go_folder(struct app *a, const char *name)
{
    struct new_state *n = &a->new_job;
    enum folder_of which;
    char to[4096], *folder;
    if (!new_shows_files(a, &which)) {
        return true;
    }
    folder = n->folder[which];
    if (strcmp(name, "..") == 0) {
        const char *slash = strrchr(folder, '/');
        snprintf(to, sizeof to, "%.*s", slash > folder ? (int)(slash - folder) : 1, folder);
    } else if (name[0] == '/') {
        snprintf(to, sizeof to, "%s", name);
    } else if ((size_t)snprintf(to, sizeof to, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name) >= sizeof to) {
        return true;
    }
    memcpy(folder, to, sizeof to);
    n->marked = 0;
    n->filter[0] = '\0';
    n->filtering = false;
    a->want |= WANT_FOLDER;
    return true;
}

static void begin_edit(struct app *a)
{
    struct new_state *n = &a->new_job;
    const struct field_value *v = value_here(a);
    size_t at = 0;
    n->editing = true;
    n->edit[0] = n->edit_problem[0] = '\0';
    for (size_t i = 0; i < v->n && at < sizeof n->edit; i++) {
        at += (size_t)snprintf(n->edit + at, sizeof n->edit - at, "%s%s", i > 0 ? "," : "", v->text[i]);
    }
}

static bool choose(struct app *a)
{
    struct new_state *n = &a->new_job;
    const enum field_kind kind = field_here(a)->kind;
    struct row row;
    char value[4400];
    if (kind == FIELD_RUN) {
        app_act(a, ACT_SUBMIT);
    } else if (kind == FIELD_TEXT) {
        begin_edit(a);
    } else if (n->marking && value_here(a)->n > 0) {
        go_on(a);
    } else if (n->marked < n->n_shown) {
        const int64_t i = n->shown[n->marked];
        new_row(a, i, &row);
        if (row.disabled) {
            app_say(a, UI_NOTE, "%.200s: %.100s", row.text, row.note[0] ? row.note : "cannot be chosen");
        } else if (kind == FIELD_TASK) {
            new_go_task(a, (int32_t)i);
            step(a, 1);
        } else if (kind == FIELD_MORE) {
            new_go_field(a, new_form(a)->more + 1 + (int32_t)i);
        } else if (new_row_value(a, i, value, sizeof value)) {
            give(a, value);
            go_on(a);
        } else if (row.folder && (kind == FIELD_CLASSIFIER || kind == FIELD_AUTOENCODER) && !n->browsing) {
            n->browsing = true;
            new_filter(a);
            a->want |= WANT_FOLDER;
        } else if (row.folder) {
            row.text[strlen(row.text) - 1] = '\0';
            return go_folder(a, row.text);
        }
    }
    return true;
}

static bool mark(struct app *a)
{
    struct new_state *n = &a->new_job;
    struct field_value *v = value_here(a);
    struct row row;
    char value[4400];
    if (!field_several(field_here(a)->kind)) {
        app_say(a, UI_NOTE, "one only here: Enter takes it");
    } else if (n->marked < n->n_shown) {
        const int64_t i = n->shown[n->marked];
        new_row(a, i, &row);
        const bool can = new_row_value(a, i, value, sizeof value) && !row.disabled;
        if (can && value[0] == '\0') {
            value_set(v, NULL);
        } else if (can && value_has(v, value)) {
            value_remove(v, value);
        } else if (can) {
            value_add(v, value);
        } else {
            app_say(a, UI_NOTE, "%.200s: %.100s", row.text,
                    row.disabled ? row.note : "Enter opens it, then * marks all");
        }
        n->marking |= can;
        new_form(a)->problem[0] = '\0';
        app_move(a, ACT_DOWN, n->n_shown, &n->marked);
    }
    return true;
}

/* All that is shown; when they are marked already, none of them. */
static bool mark_all(struct app *a)
{
    const struct new_state *n = &a->new_job;
    struct field_value *v = value_here(a);
    const enum field_kind kind = field_here(a)->kind;
    struct row row;
    char value[4400];
    bool more = false;
    if (kind != FIELD_PICTURES && kind != FIELD_METHODS) {
        app_say(a, UI_NOTE, "not all of these together");
        return true;
    }
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < n->n_shown; i++) {
            new_row(a, n->shown[i], &row);
            if (row.disabled || row.folder || !new_row_value(a, n->shown[i], value, sizeof value)) {
                continue;
            }
            if (pass == 0) {
                more |= value_add(v, value);
            } else if (!more) {
                value_remove(v, value);
            }
        }
    }
    a->new_job.marking = true;
    app_say(a, UI_NOTE, "%zu %s marked", v->n, kind == FIELD_PICTURES ? "pictures" : "methods");
    return true;
}

/* ---- typing ---- */

static void take_edit(struct app *a)
{
    struct new_state *n = &a->new_job;
    if (field_check(field_here(a), n->edit, n->edit_problem, sizeof n->edit_problem)) {
        n->editing = false;
        give(a, n->edit);
        go_on(a);
    }
}

static bool edit_key(struct app *a, const struct key_event *ev)
{
    struct new_state *n = &a->new_job;
    if (ev->key == KEY_ESCAPE || ev->key == 3) {
        n->editing = false;
    } else if (ev->key == KEY_RETURN || ev->key == KEY_TAB) {
        take_edit(a);
    } else if (ev->key == 21) { /* Ctrl-U, as shells have it */
        n->edit[0] = '\0';
    } else if (text_key(n->edit, sizeof n->edit, ev->key)) {
        field_check(field_here(a), n->edit, n->edit_problem, sizeof n->edit_problem);
    }
    return true;
}

bool new_filter_key(struct app *a, const struct key_event *ev)
{
    struct new_state *n = &a->new_job;
    if (n->editing) {
        return edit_key(a, ev);
    }
    if (!n->filtering) {
        return false;
    }
    if (ev->key == KEY_ESCAPE) {
        n->filtering = false;
        n->filter[0] = '\0';
    } else if (ev->key == KEY_RETURN) {
        n->filtering = false;
        return choose(a);
    } else if (!text_key(n->filter, sizeof n->filter, ev->key)) {
        return false;
    } else {
        n->marked = 0;
    }
    new_filter(a);
    return true;
}

/* ---- actions ---- */

/* The field that a refusal speaks of: it names the option, or what was chosen. */
static int32_t field_meant(const struct app *a, const char *why)
{
    const struct form *f = new_form(a);
    for (int32_t i = f->n - 2; i > 0; i--) {
        char option[80];
        const size_t n = (size_t)snprintf(option, sizeof option, "--%s", f->field[i].key);
        const char *at = f->field[i].key[0] != '\0' ? strstr(why, option) : NULL;
        if (at != NULL && strchr(" :=,;", at[n]) != NULL) { /* which finds the end as well */
            return i;
        }
    }
    for (int32_t i = 1; i < f->n - 1; i++) {
        const char *value = new_value(a, i);
        for (size_t k = 0; strlen(value) > 3 && (k == 0 || k < f->value[i].n); k++) {
            if (strstr(why, k == 0 ? value : f->value[i].text[k]) != NULL) {
                return i;
            }
        }
    }
    return f->n - 1;
}

void new_refused(struct app *a, const char *why)
{
    struct form *f = new_form(a);
    app_say(a, UI_BAD, "%s", why);
    if (f != NULL) {
        snprintf(f->problem, sizeof f->problem, "%s", why);
        f->problem_at = field_meant(a, why);
        if (a->view == VIEW_NEW) {
            new_go_field(a, f->problem_at);
        }
    }
}

static bool submit(struct app *a)
{
    char text[400];
    int32_t at;
    const char *problem = new_problem(a, &at, text, sizeof text);
    if (problem == NULL) {
        new_form(a)->problem[0] = '\0';
        a->want |= WANT_SUBMIT;
    } else {
        if (!a->new_job.sending && new_form(a) != NULL && at != a->new_job.at) {
            new_go_field(a, at);
        }
        app_say(a, UI_NOTE, "%s", problem);
    }
    return true;
}

static bool samples(struct app *a)
{
    static const enum field_kind pictures[] = {FIELD_PICTURES, FIELD_PICTURE, FIELD_RUN};
    const int32_t at = form_kind(new_form(a), pictures);
    if (at < 0 || a->new_job.samples[0] == '\0') {
        app_say(a, UI_NOTE, at < 0 ? "this takes no pictures" : "no sample pictures are installed");
        return true;
    }
    if (a->new_job.at != at) {
        new_go_field(a, at);
    }
    return go_folder(a, a->new_job.samples);
}

static bool back(struct app *a)
{
    struct new_state *n = &a->new_job;
    const struct form *f = new_form(a);
    if (n->filter[0] != '\0') {
        n->filter[0] = '\0';
        new_filter(a);
    } else if (n->browsing || n->at > f->more) {
        new_go_field(a, n->browsing ? n->at : n->at < f->n - 1 ? f->more : n->at);
    } else {
        return false;
    }
    return true;
}

static bool act(struct app *a, enum action action)
{
    struct new_state *n = &a->new_job;
    if (new_form(a) == NULL) {
        return false;
    }
    if (app_move(a, action, n->n_shown, &n->marked)) {
        return true;
    }
    switch (action) {
    case ACT_FIELD_NEXT:
    case ACT_FIELD_PREV:
        step(a, action == ACT_FIELD_NEXT ? 1 : -1);
        return true;
    case ACT_CHOOSE:
        return choose(a);
    case ACT_MARK_VALUE:
        return mark(a);
    case ACT_MARK_ALL:
        return mark_all(a);
    case ACT_CLEAR_FIELD:
        give(a, "");
        new_go_field(a, n->at);
        return true;
    case ACT_PARENT:
        return go_folder(a, "..");
    case ACT_SAMPLES:
        return samples(a);
    case ACT_FILTER:
        n->filtering = field_lists(field_here(a)->kind);
        return true;
    case ACT_TAKE_TEXT:
    case ACT_DROP_TEXT: /* by the mouse: as the keys */
        return new_filter_key(a, &(struct key_event){.key = action == ACT_TAKE_TEXT ? KEY_RETURN : KEY_ESCAPE});
    case ACT_BACK:
        return back(a);
    case ACT_SUBMIT:
        return submit(a);
    default:
        return false;
    }
}

/* Which hints make sense at this field. */
static const char *hint(const struct app *a, enum action action)
{
    const enum field_kind kind = new_form(a) != NULL ? field_here(a)->kind : FIELD_RUN;
    enum folder_of which;
    const bool files = new_form(a) != NULL && new_shows_files(a, &which);
    switch (action) {
    case ACT_CHOOSE:
        return kind == FIELD_TEXT ? "change" : kind == FIELD_RUN ? "" : NULL;
    case ACT_MARK_VALUE:
        return field_several(kind) ? NULL : "";
    case ACT_PARENT:
        return files ? NULL : "";
    case ACT_SAMPLES:
        return kind == FIELD_PICTURES || kind == FIELD_PICTURE ? NULL : "";
    case ACT_FILTER:
        return field_lists(kind) && kind != FIELD_FLAG && kind != FIELD_TASK ? NULL : "";
    default:
        return NULL;
    }
}

static bool click(struct app *a, int32_t list, int64_t index)
{
    struct new_state *n = &a->new_job;
    const bool again = !n->editing && index == (list == NEW_FIELDS ? n->at : n->marked);
    n->editing = n->filtering = false;
    if (list == NEW_FIELDS && !again) {
        new_go_field(a, (int32_t)index);
    } else if (list == NEW_LIST) {
        n->marked = index;
    }
    return again;
}

const struct view view_new = {.name = "new",
                              .title = "New job",
                              .where = IN_NEW,
                              .draw = new_draw,
                              .act = act,
                              .click = click,
                              .open = ACT_CHOOSE,
                              .hint = hint};
