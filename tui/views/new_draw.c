/* The screen of New job: the fields, beside or below them the list of the one that has the keys, and the picture. */
#include <stdio.h>
#include <string.h>

#include "app.h"

static const struct field *field_here(const struct app *a)
{
    return &new_form(a)->field[a->new_job.at];
}

/* ---- fields ---- */

/* Fields that are shown: further options only with a value, or when they have the keys. */
static int32_t shown_fields(const struct app *a, int32_t out[FORM_FIELDS_MAX], int32_t *here)
{
    const struct form *f = new_form(a);
    int32_t n = 0;
    *here = 0;
    for (int32_t i = 0; i < f->n; i++) {
        if (i <= f->more || i == f->n - 1 || f->value[i].n > 0 || i == a->new_job.at) {
            *here = i == a->new_job.at ? n : *here;
            out[n++] = i;
        }
    }
    return n;
}

static void draw_field(const struct app *a, const struct ui *u, struct rect line, int32_t i, int32_t left)
{
    const struct form *f = new_form(a);
    char value[520], problem[400];
    const bool here = a->new_job.at == i, run = f->field[i].kind == FIELD_RUN;
    const bool missing = f->field[i].needed && new_value(a, i)[0] == '\0';
    const bool bad = !run && !missing && new_field_problem(a, i, problem, sizeof problem) != NULL;
    int32_t at;
    new_field_text(a, i, value, sizeof value);
    if (here) {
        grid_fill(u->grid, line, ' ', ui_style(UI_MARKED, u->colours));
    }
    const enum ui_role role = here                ? UI_MARKED
                              : run               ? new_problem(a, &at, problem, sizeof problem) ? UI_NOTE : UI_GOOD
                              : bad               ? UI_BAD
                              : f->value[i].n > 0 ? UI_STRONG
                              : i == 0            ? UI_STRONG
                              : f->field[i].needed && !missing ? UI_TEXT
                                                               : UI_DIM;
    ui_text(u, line, line.x + 1, line.y, left - 1, here ? UI_MARKED : UI_DIM, f->field[i].label);
    if (bad) {
        ui_text(u, line, line.x, line.y, 1, here ? UI_MARKED : UI_BAD, "!");
    }
    ui_text(u, line, line.x + left + 1, line.y, line.w - left - 2, role, value);
}

/* Returns the lines that it took. */
static int32_t draw_fields(const struct app *a, const struct ui *u, struct rect r)
{
    int32_t field[FORM_FIELDS_MAX], here, left = 8;
    const int32_t n = shown_fields(a, field, &here);
    const int64_t first = ui_first(n, here, r.h);
    for (int32_t i = 0; i < n; i++) {
        const int32_t w = ui_columns(new_form(a)->field[field[i]].label) + 1;
        left = w > left ? w : left;
    }
    for (int32_t i = 0; i < r.h && first + i < n; i++) {
        ui_hit_row(u, (struct rect){r.x, r.y + i, r.w, 1}, NEW_FIELDS, field[first + i]);
        draw_field(a, u, (struct rect){r.x, r.y + i, r.w, 1}, field[first + i], left);
    }
    return n < r.h ? n : r.h;
}

/* ---- the list ---- */

static const char *empty_text(const struct app *a)
{
    const struct new_state *n = &a->new_job;
    enum folder_of which;
    if (n->filter[0] != '\0') {
        return "nothing contains that";
    }
    if (new_shows_files(a, &which)) {
        return n->folder_problem[0]       ? n->folder_problem
               : which == FOLDER_PICTURES ? "no pictures here; Backspace goes to the folder above"
                                          : "nothing here; Backspace goes to the folder above";
    }
    return "";
}

static void draw_row(const struct app *a, const struct ui *u, struct rect line, int64_t i, bool here)
{
    struct row row;
    new_row(a, i, &row);
    if (here) {
        grid_fill(u->grid, line, ' ', ui_style(row.disabled ? UI_MARKED : UI_SELECTED, u->colours));
    }
    const enum ui_role plain = here ? row.disabled ? UI_MARKED : UI_SELECTED : row.disabled ? UI_DIM : UI_TEXT;
    if (row.chosen) {
        ui_text(u, line, line.x, line.y, 1, here ? plain : UI_GOOD, "✓");
    }
    const enum field_kind kind = field_here(a)->kind;
    const bool layer = kind == FIELD_LAYER || kind == FIELD_LAYERS;
    if (kind == FIELD_TASK || kind == FIELD_MORE) { /* two columns */
        ui_text(u, line, line.x + 2, line.y, 16, plain, row.text);
        ui_text(u, line, line.x + 19, line.y, line.w - 20, here ? plain : UI_DIM, row.note);
        return;
    }
    const int32_t wide = ui_columns(row.note), all = ui_columns(row.text), most = line.w * 65 / 100;
    const int32_t rest = line.w - all - 5; /* what is chosen goes first, its note takes what is left */
    const bool whole =
        layer || kind == FIELD_CLASS || kind == FIELD_CLASSES; /* numbers say nothing when they are cut */
    int32_t note = wide < most || whole ? wide : most;
    note = whole || note <= rest ? note : rest > 12 ? rest : note < 12 ? note : 12;
    if (layer) { /* of module paths the end tells more */
        ui_path(u, line, line.x + 2, line.y, line.w - note - 5, plain, row.text);
    } else {
        ui_text(u, line, line.x + 2, line.y, line.w - note - 5, plain, row.text);
    }
    ui_right(u, line, line.x + line.w - note - 1, line.y, note, here ? plain : UI_DIM, row.note);
}

static void draw_rows(const struct app *a, const struct ui *u, struct rect in)
{
    const struct new_state *n = &a->new_job;
    const int64_t first = ui_first(n->n_shown, n->marked, in.h);
    if (n->n_shown == 0) {
        ui_wrap(u, in, UI_DIM, empty_text(a), true);
    }
    for (int32_t i = 0; i < in.h && first + i < n->n_shown; i++) {
        const struct rect line = {in.x, in.y + i, in.w - 1, 1};
        ui_hit_row(u, line, NEW_LIST, first + i);
        draw_row(a, u, line, n->shown[first + i], first + i == n->marked);
    }
    ui_scroll(u, in, n->n_shown, first);
}

/* ---- what has no list ---- */

static struct rect draw_text(const struct ui *u, struct rect r, enum ui_role role, const char *text, int32_t gap)
{
    if (text[0] != '\0') {
        ui_top(&r, ui_wrap(u, r, role, text, true), gap);
    }
    return r;
}

static void draw_edit(const struct app *a, const struct ui *u, struct rect r)
{
    const struct new_state *n = &a->new_job;
    char text[500], limits[100];
    const struct field *f = field_here(a);
    field_limits(f, limits, sizeof limits);
    snprintf(text, sizeof text, "%s%s%s%.200s", limits, limits[0] ? "; " : "", "empty: ", f->otherwise);
    r = draw_text(u, r, UI_DIM, text, 1);
    new_field_text(a, n->at, text, sizeof text);
    const char *shown = n->editing ? n->edit : new_value(a, n->at)[0] ? text : "";
    ui_hit_row(u, (struct rect){r.x, r.y, r.w, 1}, NEW_FIELDS, n->at);
    const int32_t w = ui_columns(shown), room = r.w - 5;
    int32_t x = r.x + ui_text(u, r, r.x, r.y, r.w, UI_ACCENT, ">") + 1;
    ui_path(u, r, x, r.y, room, n->editing || shown[0] ? UI_STRONG : UI_DIM, shown);
    if (n->editing) {
        x += w < room ? w : room;
        const struct style cursor = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_REVERSE};
        grid_fill(u->grid, rect_clip(r, (struct rect){x, r.y, 1, 1}), ' ', cursor);
    }
    ui_top(&r, 1, 1);
    if (n->editing) {
        draw_text(u, r, UI_BAD, n->edit_problem, 0);
    } else {
        draw_text(u, r, UI_DIM, "Enter: type another value", 0);
    }
}

static void draw_run(const struct app *a, const struct ui *u, struct rect r)
{
    char key[32], text[2000], problem[400];
    int32_t at;
    const char *why = new_problem(a, &at, problem, sizeof problem);
    keymap_keys(&a->keys, ACT_SUBMIT, key, sizeof key);
    snprintf(text, sizeof text, "Enter or %s puts the job into the queue.", key);
    r = draw_text(u, r, why ? UI_NOTE : UI_GOOD, why ? why : text, 1);
    r = draw_text(u, r, UI_DIM, "The same as a command:", 0);
    new_command_line(a, text, sizeof text);
    r = draw_text(u, r, UI_TEXT, text, 1);
    const char *command = new_form(a) != NULL ? new_form(a)->task->command : "";
    if (strcmp(command, "explain") == 0 || strcmp(command, "shift") == 0) {
        draw_text(u, r, UI_DIM, "and besides the pictures the numbers that the viewer draws from.", 0);
    }
}

/* ---- the field that has the keys ---- */

static void picker_note(const struct app *a, char *note, size_t size)
{
    const struct new_state *n = &a->new_job;
    const struct field_value *v = &new_form(a)->value[n->at];
    if (n->filtering || n->filter[0] != '\0') {
        snprintf(note, size, "/%s%s", n->filter, n->filtering ? "_" : "");
    } else if (field_several(field_here(a)->kind) && v->n > 0) {
        snprintf(note, size, "%zu marked", v->n);
    } else if (n->finding && (field_here(a)->kind == FIELD_CLASS || field_here(a)->kind == FIELD_CLASSES)) {
        snprintf(note, size, "looking at the picture …");
    }
}

/* Lines before the list: the folder, or what the field is; why it cannot stay so. */
static struct rect draw_about(const struct app *a, const struct ui *u, struct rect in)
{
    const struct field *f = field_here(a);
    enum folder_of which;
    char problem[400];
    const bool small = in.h < 8;
    if (f->help[0] != '\0' && f->kind != FIELD_TASK && !small) {
        in = draw_text(u, in, UI_DIM, f->help, new_shows_files(a, &which) ? 0 : 1);
    }
    const char *why = f->kind == FIELD_RUN ? NULL : new_field_problem(a, a->new_job.at, problem, sizeof problem);
    const bool missing = f->needed && new_value(a, a->new_job.at)[0] == '\0';
    if (why != NULL && !missing && !(small && in.h < 4)) {
        in = draw_text(u, in, UI_BAD, why, small ? 0 : 1);
    }
    if (new_shows_files(a, &which)) {
        ui_path(u, in, in.x, in.y, in.w, UI_TEXT, a->new_job.folder[which]);
        ui_top(&in, 1, 0);
    }
    const bool parts =
        f->kind == FIELD_LAYERS || f->kind == FIELD_LAYER || f->kind == FIELD_CLASSES || f->kind == FIELD_CLASS;
    if (parts && a->new_job.n_layers == 0 && !small) {
        in = draw_text(u, in, UI_DIM, "choose a model first: its own list appears here", 1);
    }
    return in;
}

/* More about a row than it has room for. */
static const char *foot_text(const struct app *a, int64_t i)
{
    const struct form *f = new_form(a);
    struct limn_method_info m;
    switch (field_here(a)->kind) {
    case FIELD_TASK:
        return a->new_job.form[i].task->help;
    case FIELD_MORE:
        return f->field[f->more + 1 + i].help;
    case FIELD_METHODS:
        return limn_method_info((size_t)i, &m, NULL) == LIMN_OK ? m.doc : "";
    default:
        return "";
    }
}

static void draw_picker(const struct app *a, const struct ui *u, struct rect r)
{
    const struct new_state *n = &a->new_job;
    const struct field *f = field_here(a);
    char note[300] = "";
    picker_note(a, note, sizeof note);
    struct rect in = draw_about(a, u, ui_title(u, r, true, new_list_title(a), note));
    if (f->kind == FIELD_RUN) {
        draw_run(a, u, in);
        return;
    }
    if (f->kind == FIELD_TEXT) {
        draw_edit(a, u, in);
        return;
    }
    if (in.h > 10 && n->n_shown > 0) { /* what the marked one does */
        const char *text = foot_text(a, n->shown[n->marked]);
        struct rect foot = {in.x + 2, in.y + in.h - 4, in.w - 3, 4};
        in.h -= text[0] != '\0' ? 5 : 0;
        ui_wrap(u, foot, UI_DIM, text, true);
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
        ui_wrap(u, r, UI_DIM, n->preview_problem, true);
    } else if (n->preview != NULL) {
        const int32_t w = limn_image_width(n->preview), h = limn_image_height(n->preview);
        const char *slash = strrchr(n->preview_path, '/');
        char text[300];
        snprintf(text, sizeof text, "%.200s  %d×%d", slash ? slash + 1 : n->preview_path, (int)w, (int)h);
        const struct rect where = ui_image(u, (struct rect){r.x, r.y, r.w, r.h - 1}, n->preview, a->caps);
        const int32_t columns = ui_columns(text);
        ui_text(u, r, columns < r.w ? r.x + (r.w - columns) / 2 : r.x, r.y + where.h, r.w, UI_DIM, text);
    }
}

/* All fields in one line: which one it is, and what it holds. */
static void draw_line(const struct app *a, const struct ui *u, struct rect line)
{
    char text[520], head[120], problem[400];
    int32_t field[FORM_FIELDS_MAX], here, at;
    const struct form *f = new_form(a);
    const int32_t n = shown_fields(a, field, &here);
    const bool ready = new_problem(a, &at, problem, sizeof problem) == NULL;
    snprintf(head, sizeof head, "%s %d/%d", f->task->title, (int)here + 1, (int)n);
    int32_t x = line.x + ui_text(u, line, line.x, line.y, line.w, UI_STRONG, head) + 2;
    if (here > 0 && here < n - 1) {
        snprintf(head, sizeof head, "%s:", f->field[a->new_job.at].label);
        x += ui_text(u, line, x, line.y, line.x + line.w - x, UI_DIM, head) + 1;
        new_field_text(a, a->new_job.at, text, sizeof text);
        ui_text(u, line, x, line.y, line.x + line.w - x - 2, UI_TEXT, text);
    }
    ui_text(u, line, line.x + line.w - 1, line.y, 1, ready ? UI_GOOD : UI_NOTE, ready ? "✓" : "○");
}

void new_draw(const struct app *a, const struct ui *u, struct rect r)
{
    if (new_form(a) == NULL) {
        ui_centre(u, r, (const char *const[]){"No jobs can be made here"}, 1);
        return;
    }
    if (r.w >= 76) {
        struct rect left = ui_left(&r, r.w >= 116 ? 38 : 33, 2);
        struct rect fields = ui_title(u, left, false, "New job", "");
        ui_top(&fields, draw_fields(a, u, fields), 1);
        if (r.w >= 78) { /* room for a third column */
            const struct rect preview = {r.x + r.w * 55 / 100 + 2, r.y + 1, r.w - r.w * 55 / 100 - 2, r.h - 1};
            static const enum field_kind pictures[] = {FIELD_PICTURES, FIELD_PICTURE, FIELD_RUN};
            const enum field_kind kind = field_here(a)->kind;
            const bool wide = kind == FIELD_TASK || kind == FIELD_MORE || form_kind(new_form(a), pictures) < 0;
            draw_picker(a, u, wide ? r : ui_left(&r, r.w * 55 / 100, 2));
            draw_preview(a, u, wide ? fields : preview);
        } else {
            draw_preview(a, u, fields);
            draw_picker(a, u, r);
        }
        return;
    }
    if (r.h >= 14) {
        int32_t field[FORM_FIELDS_MAX], here;
        const int32_t n = shown_fields(a, field, &here), most = r.h / 2;
        draw_fields(a, u, ui_top(&r, n < most ? n : most, 1));
    } else {
        draw_line(a, u, ui_top(&r, 1, 0));
    }
    draw_picker(a, u, r);
}
