/* A new job: picture, network, method, layer and class, each with a list to choose from; what cannot be chosen says
 * why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

static const char *const field_name[FIELD_COUNT] = {"picture", "model", "method", "layer", "class", "run"};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static struct limn_method_info method_info(int32_t i)
{
    struct limn_method_info m = {0};
    limn_method_info((size_t)i, &m, NULL);
    return m;
}

const char *new_problem(const struct app *a)
{
    const struct new_state *n = &a->new_job;
    if (n->picture[0] == '\0') {
        return "choose a picture first";
    }
    if (n->model[0] == '\0') {
        return "choose a model first";
    }
    if (n->model_problem[0] != '\0') {
        return n->model_problem;
    }
    return n->sending ? "on its way into the queue" : NULL;
}

/* ---- rows ---- */

int64_t new_rows(const struct app *a, enum new_field f)
{
    const struct new_state *n = &a->new_job;
    switch (f) {
    case FIELD_PICTURE:
        return (int64_t)n->n_files;
    case FIELD_MODEL:
        return (int64_t)a->models.n_models;
    case FIELD_METHOD:
        return (int64_t)limn_method_count();
    case FIELD_LAYER:
        return (int64_t)n->n_layers + 1;
    case FIELD_CLASS:
        return n->n_classes + 1;
    default:
        return 0;
    }
}

static void file_row(const struct new_state *n, int64_t i, struct row *out)
{
    const struct file_entry *e = &n->file[i];
    char size[16];
    snprintf(out->text, sizeof out->text, "%s%s", e->name, e->folder ? "/" : "");
    if (!e->folder) {
        snprintf(out->note, sizeof out->note, "%s", ui_bytes(e->bytes, size));
        out->chosen =
            strcmp(base_name(n->picture), e->name) == 0 && strncmp(n->picture, n->folder, strlen(n->folder)) == 0;
    }
}

static void layer_row(const struct new_state *n, int64_t i, struct row *out)
{
    const struct limn_method_info m = method_info(n->method);
    out->chosen = n->layer_at == (int32_t)i - 1;
    if (i == 0) {
        const char *name = n->n_classes > 0 ? n->info.default_layer : "";
        snprintf(out->text, sizeof out->text, "default%s%.200s", name[0] ? ": " : "", name);
    } else {
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
        if (places < 2) {
            out->disabled = true;
            snprintf(out->note, sizeof out->note, "has no positions to map");
        }
    }
    if (!m.uses_layer) {
        out->disabled = i > 0;
        snprintf(out->note, sizeof out->note, i > 0 ? "%.0s" : "%s uses no layer", m.title ? m.title : "");
    }
}

void new_row(const struct app *a, enum new_field f, int64_t i, struct row *out)
{
    const struct new_state *n = &a->new_job;
    memset(out, 0, sizeof *out);
    if (f == FIELD_PICTURE) {
        file_row(n, i, out);
    } else if (f == FIELD_MODEL) {
        const struct limn_model_entry *e = &a->models.model[i];
        snprintf(out->text, sizeof out->text, "%s", e->name);
        snprintf(out->note, sizeof out->note, "%.90s", e->title);
        out->chosen = strcmp(n->model, e->name) == 0;
    } else if (f == FIELD_METHOD) {
        const struct limn_method_info m = method_info((int32_t)i);
        snprintf(out->text, sizeof out->text, "%s", m.title);
        snprintf(out->note, sizeof out->note, "%s", m.uses_layer ? "of a layer" : "of the input");
        out->chosen = n->method == (int32_t)i;
    } else if (f == FIELD_LAYER) {
        layer_row(n, i, out);
    } else if (i == 0) {
        snprintf(out->text, sizeof out->text, "what the network is surest of");
        out->chosen = n->class_at < 0;
    } else {
        const char *label = n->label != NULL ? n->label[i - 1] : NULL;
        if (label != NULL) {
            snprintf(out->text, sizeof out->text, "%.250s", label);
        } else {
            snprintf(out->text, sizeof out->text, "class %lld", (long long)i - 1);
        }
        snprintf(out->note, sizeof out->note, "%lld", (long long)i - 1);
        out->chosen = n->class_at == (int32_t)i - 1;
    }
}

void new_filter(struct app *a)
{
    struct new_state *n = &a->new_job;
    const int64_t all = new_rows(a, n->field);
    int32_t *shown = realloc(n->shown, (size_t)(all > 0 ? all : 1) * sizeof *shown);
    n->n_shown = 0;
    if (shown == NULL) {
        return;
    }
    n->shown = shown;
    for (int64_t i = 0; i < all; i++) {
        struct row row;
        new_row(a, n->field, i, &row);
        if (text_contains(row.text, n->filter)) {
            n->shown[n->n_shown++] = (int32_t)i;
        }
    }
    int64_t *m = &n->marked[n->field];
    *m = *m >= n->n_shown ? n->n_shown - 1 : *m;
    *m = *m < 0 ? 0 : *m;
}

bool new_marked_file(const struct app *a, char *path, size_t size)
{
    const struct new_state *n = &a->new_job;
    const int64_t m = n->marked[FIELD_PICTURE];
    if (n->field != FIELD_PICTURE || m >= n->n_shown || (size_t)n->shown[m] >= n->n_files ||
        n->file[n->shown[m]].folder) {
        return false;
    }
    const bool root = strcmp(n->folder, "/") == 0;
    const int k = snprintf(path, size, "%s/%s", root ? "" : n->folder, n->file[n->shown[m]].name);
    return k > 0 && (size_t)k < size;
}

/* ---- drawing ---- */

static void field_value(const struct app *a, enum new_field f, char *out, size_t size)
{
    const struct new_state *n = &a->new_job;
    const struct limn_method_info m = method_info(n->method);
    out[0] = '\0';
    if (f == FIELD_PICTURE) {
        snprintf(out, size, "%.255s", n->picture[0] ? base_name(n->picture) : "none yet");
    } else if (f == FIELD_MODEL) {
        snprintf(out, size, "%.255s", n->model[0] ? n->model : "none yet");
    } else if (f == FIELD_METHOD) {
        snprintf(out, size, "%s", m.title ? m.title : "");
    } else if (f == FIELD_LAYER) {
        const bool own = n->layer_at >= 0 && (size_t)n->layer_at < n->n_layers;
        snprintf(out, size, "%s", !m.uses_layer ? "none" : own ? n->layer[n->layer_at].name : "default");
    } else if (f == FIELD_CLASS && n->class_at < 0) {
        snprintf(out, size, "the surest");
    } else if (f == FIELD_CLASS) {
        const char *label = n->label != NULL && n->class_at < n->n_classes ? n->label[n->class_at] : NULL;
        if (label != NULL) {
            snprintf(out, size, "%s", label);
        } else {
            snprintf(out, size, "class %d", (int)n->class_at);
        }
    } else {
        const char *problem = new_problem(a);
        snprintf(out, size, "%s", problem ? problem : "put it into the queue");
    }
}

static void draw_fields(const struct app *a, const struct ui *u, struct rect r)
{
    const struct new_state *n = &a->new_job;
    for (int f = 0; f < FIELD_COUNT && f < r.h; f++) {
        char value[520];
        const bool here = n->field == (enum new_field)f;
        const struct rect line = {r.x, r.y + f, r.w, 1};
        field_value(a, (enum new_field)f, value, sizeof value);
        if (here) {
            grid_fill(u->grid, line, ' ', ui_style(UI_MARKED, u->colours));
        }
        const bool none = (f == FIELD_PICTURE && n->picture[0] == '\0') || (f == FIELD_MODEL && n->model[0] == '\0') ||
                          (f == FIELD_LAYER && !method_info(n->method).uses_layer);
        const enum ui_role role = here             ? UI_MARKED
                                  : f == FIELD_RUN ? new_problem(a) ? UI_NOTE : UI_GOOD
                                  : none           ? UI_DIM
                                                   : UI_STRONG;
        ui_text(u, line, line.x + 1, line.y, 9, here ? UI_MARKED : UI_DIM, field_name[f]);
        ui_text(u, line, line.x + 10, line.y, line.w - 11, role, value);
    }
}

static const char *empty_text(const struct app *a)
{
    const struct new_state *n = &a->new_job;
    if (n->filter[0] != '\0') {
        return "nothing contains that";
    }
    if (n->field == FIELD_PICTURE) {
        return n->folder_problem[0] ? n->folder_problem : "no pictures here";
    }
    return n->field == FIELD_MODEL ? "no models are installed: set LIMN_MODELS to a folder of model files" : "";
}

static void draw_rows(const struct app *a, const struct ui *u, struct rect in)
{
    const struct new_state *n = &a->new_job;
    const int64_t marked = n->marked[n->field], first = ui_first(n->n_shown, marked, in.h);
    if (n->n_shown == 0) {
        ui_wrap(u, in, UI_DIM, empty_text(a), true);
    }
    for (int32_t i = 0; i < in.h && first + i < n->n_shown; i++) {
        struct row row;
        const bool here = first + i == marked;
        const struct rect line = {in.x, in.y + i, in.w - 1, 1};
        new_row(a, n->field, n->shown[first + i], &row);
        if (here) {
            grid_fill(u->grid, line, ' ', ui_style(row.disabled ? UI_MARKED : UI_SELECTED, u->colours));
        }
        const enum ui_role plain = here ? row.disabled ? UI_MARKED : UI_SELECTED : row.disabled ? UI_DIM : UI_TEXT;
        const enum ui_role dim = here ? plain : UI_DIM;
        if (row.chosen) {
            ui_text(u, line, line.x, line.y, 1, here ? plain : UI_GOOD, "✓");
        }
        const int32_t wide = ui_columns(row.note), most = line.w * 65 / 100, note = wide < most ? wide : most;
        if (n->field == FIELD_LAYER) { /* of module paths the end tells more */
            ui_path(u, line, line.x + 2, line.y, line.w - note - 5, plain, row.text);
        } else {
            ui_text(u, line, line.x + 2, line.y, line.w - note - 5, plain, row.text);
        }
        ui_right(u, line, line.x + line.w - note - 1, line.y, note, dim, row.note);
    }
    ui_scroll(u, in, n->n_shown, first);
}

static void draw_run(const struct app *a, const struct ui *u, struct rect r)
{
    const char *problem = new_problem(a);
    char key[32], text[120];
    const struct limn_method_info m = method_info(a->new_job.method);
    keymap_keys(&a->keys, ACT_SUBMIT, key, sizeof key);
    snprintf(text, sizeof text, "Enter or %s puts the job into the queue.", key);
    int32_t h = ui_wrap(u, r, problem ? UI_NOTE : UI_GOOD, problem ? problem : text, true);
    ui_top(&r, h, 1);
    if (m.doc != NULL) {
        h = ui_wrap(u, r, UI_DIM, m.doc, true);
    }
}

static void draw_picker(const struct app *a, const struct ui *u, struct rect r)
{
    const struct new_state *n = &a->new_job;
    static const char *const title[FIELD_COUNT] = {"Pictures", "Models", "Methods", "Layers", "Classes", "Run"};
    char note[300] = "";
    if (n->filtering || n->filter[0] != '\0') {
        snprintf(note, sizeof note, "/%s%s", n->filter, n->filtering ? "_" : "");
    } else if (n->field == FIELD_MODEL || n->field == FIELD_LAYER || n->field == FIELD_CLASS) {
        snprintf(note, sizeof note, "%lld", (long long)n->n_shown);
    }
    struct rect in = ui_title(u, r, true, title[n->field], note);
    if (n->field == FIELD_PICTURE) {
        ui_path(u, in, in.x, in.y, in.w, UI_DIM, n->folder);
        ui_top(&in, 1, 0);
    }
    if (n->field == FIELD_RUN) {
        draw_run(a, u, in);
        return;
    }
    if ((n->field == FIELD_LAYER || n->field == FIELD_CLASS) && n->n_classes == 0) {
        const char *why = n->model_problem[0] ? n->model_problem : "choose a model first: its own list appears here";
        ui_top(&in, ui_wrap(u, in, n->model_problem[0] ? UI_BAD : UI_DIM, why, true), 1);
    }
    if (n->field == FIELD_METHOD && in.h > 10) { /* what the marked one does */
        const struct limn_method_info m = method_info(n->n_shown > 0 ? n->shown[n->marked[FIELD_METHOD]] : 0);
        struct rect foot = {in.x + 2, in.y + in.h - 4, in.w - 3, 4};
        in.h -= 5;
        ui_wrap(u, foot, UI_DIM, m.doc ? m.doc : "", true);
    }
    draw_rows(a, u, in);
}

static void draw_preview(const struct app *a, const struct ui *u, struct rect r)
{
    const struct new_state *n = &a->new_job;
    if (r.h < 4 || r.w < 10) {
        return;
    }
    if (n->preview_problem[0] != '\0') {
        ui_wrap(u, r, UI_BAD, n->preview_problem, true);
    } else if (n->preview != NULL) {
        const int32_t w = limn_image_width(n->preview), h = limn_image_height(n->preview);
        char text[300];
        snprintf(text, sizeof text, "%.200s  %d×%d", base_name(n->preview_path), (int)w, (int)h);
        struct rect where = picture_fit(w, h, (struct rect){r.x, r.y, r.w, r.h - 1});
        where.y = r.y;
        const struct picture_source src = {limn_image_rgb(n->preview), w, h, 0, 0, w, h};
        picture_draw(u->grid, where, &src, (struct picture_style){a->caps.colours, a->caps.glyphs, false});
        const int32_t columns = ui_columns(text);
        ui_text(u, r, columns < r.w ? r.x + (r.w - columns) / 2 : r.x, r.y + where.h, r.w, UI_DIM, text);
    }
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    if (r.w >= 116) {
        struct rect left = ui_left(&r, 36, 2);
        struct rect fields = ui_title(u, left, false, "New job", "");
        draw_fields(a, u, fields);
        const struct rect preview = {r.x + r.w * 55 / 100 + 2, r.y + 1, r.w - r.w * 55 / 100 - 2, r.h - 1};
        draw_picker(a, u, ui_left(&r, r.w * 55 / 100, 2));
        draw_preview(a, u, preview);
    } else if (r.w >= 76) {
        struct rect left = ui_left(&r, 33, 2);
        struct rect fields = ui_title(u, left, false, "New job", "");
        draw_fields(a, u, ui_top(&fields, FIELD_COUNT, 1));
        draw_preview(a, u, fields);
        draw_picker(a, u, r);
    } else {
        const bool room = r.h >= 12;
        if (room) {
            draw_fields(a, u, ui_top(&r, FIELD_COUNT, r.h >= 16 ? 1 : 0));
        }
        draw_picker(a, u, r);
    }
}

/* ---- keys ---- */

static void go_field(struct app *a, int to)
{
    struct new_state *n = &a->new_job;
    n->field = (enum new_field)((to + FIELD_COUNT) % FIELD_COUNT);
    n->filter[0] = '\0';
    n->filtering = false;
    new_filter(a);
    for (int64_t i = 0; i < n->n_shown; i++) { /* what is chosen already is marked */
        struct row row;
        new_row(a, n->field, n->shown[i], &row);
        if (row.chosen) {
            n->marked[n->field] = i;
        }
    }
}

static bool go_folder(struct app *a, const char *name)
{
    struct new_state *n = &a->new_job;
    char to[4096];
    if (strcmp(name, "..") == 0) {
        char *slash = strrchr(n->folder, '/');
        snprintf(to, sizeof to, "%.*s", slash > n->folder ? (int)(slash - n->folder) : 1, n->folder);
    } else if (name[0] == '/') {
        snprintf(to, sizeof to, "%s", name);
    } else if ((size_t)snprintf(to, sizeof to, "%s/%s", strcmp(n->folder, "/") == 0 ? "" : n->folder, name) >=
               sizeof to) {
        return true;
    }
    memcpy(n->folder, to, sizeof n->folder);
    n->marked[FIELD_PICTURE] = 0;
    n->filter[0] = '\0';
    n->filtering = false;
    a->want |= WANT_FOLDER;
    return true;
}

static bool choose(struct app *a)
{
    struct new_state *n = &a->new_job;
    struct row row;
    const int64_t m = n->marked[n->field];
    if (n->field == FIELD_RUN) {
        app_act(a, ACT_SUBMIT);
        return true;
    }
    if (m >= n->n_shown) {
        return true;
    }
    const int32_t i = n->shown[m];
    new_row(a, n->field, i, &row);
    if (row.disabled) {
        app_say(a, UI_NOTE, "%.200s: %.100s", row.text, row.note[0] ? row.note : "cannot be chosen");
        return true;
    }
    if (n->field == FIELD_PICTURE && n->file[i].folder) {
        return go_folder(a, n->file[i].name);
    }
    if (n->field == FIELD_PICTURE) {
        new_marked_file(a, n->picture, sizeof n->picture);
    } else if (n->field == FIELD_MODEL) {
        snprintf(n->model, sizeof n->model, "%s", a->models.model[i].name);
        a->want |= WANT_MODEL;
    } else if (n->field == FIELD_METHOD) {
        n->method = i;
    } else if (n->field == FIELD_LAYER) {
        n->layer_at = i - 1;
    } else {
        n->class_at = i - 1;
    }
    go_field(a, n->field + 1);
    return true;
}

bool new_filter_key(struct app *a, const struct key_event *ev)
{
    struct new_state *n = &a->new_job;
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
        n->marked[n->field] = 0;
    }
    new_filter(a);
    a->want |= WANT_PREVIEW;
    return true;
}

static bool act(struct app *a, enum action action)
{
    struct new_state *n = &a->new_job;
    const char *problem = new_problem(a);
    if (app_move(a, action, n->n_shown, &n->marked[n->field])) {
        a->want |= WANT_PREVIEW;
        return true;
    }
    switch (action) {
    case ACT_FIELD_NEXT:
        go_field(a, n->field + 1);
        return true;
    case ACT_FIELD_PREV:
        go_field(a, n->field - 1);
        return true;
    case ACT_CHOOSE:
        return choose(a);
    case ACT_PARENT:
        return n->field != FIELD_PICTURE || go_folder(a, "..");
    case ACT_SAMPLES:
        if (n->samples[0] == '\0') {
            app_say(a, UI_NOTE, "no sample pictures are installed");
            return true;
        }
        go_field(a, FIELD_PICTURE);
        return go_folder(a, n->samples);
    case ACT_FILTER:
        n->filtering = n->field != FIELD_RUN;
        return true;
    case ACT_SUBMIT:
        if (problem != NULL) {
            app_say(a, UI_NOTE, "%s", problem);
        } else {
            a->want |= WANT_SUBMIT;
        }
        return true;
    default:
        return false;
    }
}

const struct view view_new = {.name = "new", .title = "New job", .where = IN_NEW, .draw = draw, .act = act};
