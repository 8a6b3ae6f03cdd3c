/* Export: what is written, where, and what becomes of files that are there already; beside it every file by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

bool export_writes(const struct export_file *f)
{
    return !f->exists || f->rule == RULE_REPLACE || (f->rule == RULE_RENAME && f->renamed[0] != '\0');
}

const char *export_name(const struct export_file *f)
{
    return f->exists && f->rule == RULE_RENAME && f->renamed[0] != '\0' ? f->renamed : f->name;
}

size_t export_count(const struct export_state *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        n += export_writes(&e->file[i]);
    }
    return n;
}

void export_files_free(struct export_state *e)
{
    for (size_t i = 0; i < e->n; i++) {
        free(e->file[i].from);
    }
    free(e->file);
    e->file = NULL;
    e->n = 0;
}

/* Why nothing can be written; NULL: it can. */
static const char *problem_of(const struct export_state *e)
{
    if (e->folder_problem[0] != '\0') {
        return e->folder_problem;
    }
    return e->n == 0 ? "nothing is chosen" : export_count(e) == 0 ? "all files are there already" : NULL;
}

static size_t files_there(const struct export_state *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        n += e->file[i].exists;
    }
    return n;
}

/* ---- drawing ---- */

static void field_value(const struct app *a, enum export_field f, char *out, size_t size)
{
    static const char *const rule[RULES] = {"keep them", "write under another name", "replace them"};
    const struct export_state *e = &a->export;
    const char *problem = problem_of(e);
    const struct limn_job *j = queue_job(&a->queue);
    const size_t n = export_count(e);
    if (f == EXPORT_WHAT && e->what == EXPORT_MARKED) {
        snprintf(out, size, "all results of %zu marked %s", a->marks.n, a->marks.n == 1 ? "job" : "jobs");
    } else if (f == EXPORT_WHAT && j != NULL) {
        snprintf(out, size, "all results of job %lld", (long long)j->id);
    } else if (f == EXPORT_WHAT) {
        snprintf(out, size, "no job");
    } else if (f == EXPORT_RULE) {
        snprintf(out, size, "%s", rule[e->rule]);
    } else if (e->writing) {
        snprintf(out, size, "writing %zu of %zu", e->n_done < e->n_asked ? e->n_done + 1 : e->n_done, e->n_asked);
    } else {
        snprintf(out, size, problem != NULL ? "%s" : "%.0s%zu %s", problem, n, n == 1 ? "file" : "files");
    }
}

static void draw_field(const struct app *a, const struct ui *u, struct rect line, enum export_field f)
{
    static const char *const name[EXPORT_FIELDS] = {"what", "folder", "if there", "write"};
    const struct export_state *e = &a->export;
    const bool here = e->marked == (int64_t)f;
    char value[520];
    enum ui_role role = here ? UI_SELECTED : UI_STRONG;
    if (here) {
        grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
    } else if (f == EXPORT_WRITE) {
        role = problem_of(e) != NULL ? UI_NOTE : UI_GOOD;
    }
    ui_text(u, line, line.x + 1, line.y, 9, here ? UI_SELECTED : UI_DIM, name[f]);
    const int32_t x = line.x + 11, w = line.w - 12;
    if (f == EXPORT_FOLDER) {
        const char *path = e->typing ? e->typed : e->folder;
        const char *note = e->typing ? "_" : e->folder_new ? " (new)" : "";
        const int32_t columns = ui_columns(path), extra = ui_columns(note);
        const int32_t used = columns < w - extra ? columns : w - extra;
        ui_path(u, line, x, line.y, w - extra, role, path);
        ui_text(u, line, x + used, line.y, extra, here ? UI_SELECTED : UI_DIM, note);
    } else {
        field_value(a, f, value, sizeof value);
        ui_text(u, line, x, line.y, w, role, value);
    }
}

static void file_note(const struct export_file *f, bool writing, char out[340], enum ui_role *role)
{
    *role = UI_DIM;
    if (f->end == EXPORT_FAILED) {
        *role = UI_BAD;
        snprintf(out, 340, "%s", f->problem);
    } else if (f->end == EXPORT_WRITTEN) {
        *role = UI_GOOD;
        snprintf(out, 340, "written");
    } else if (writing && f->asked) {
        snprintf(out, 340, "waits");
    } else if (!f->exists) {
        snprintf(out, 340, "new");
    } else if (f->rule == RULE_REPLACE) {
        *role = UI_BAD;
        snprintf(out, 340, "is replaced");
    } else if (f->rule == RULE_RENAME && f->renamed[0] != '\0') {
        *role = UI_NOTE;
        snprintf(out, 340, "exists: %s", f->renamed);
    } else {
        *role = UI_NOTE;
        snprintf(out, 340, "exists: is kept");
    }
}

static void draw_file(const struct export_state *e, const struct ui *u, struct rect line, size_t i)
{
    const struct export_file *f = &e->file[i];
    const bool here = e->marked == EXPORT_FIELDS + (int64_t)i;
    char note[340];
    enum ui_role role;
    file_note(f, e->writing, note, &role);
    if (here) {
        grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
    }
    const int32_t wide = ui_columns(note), most = line.w / 2, w = wide < most ? wide : most;
    const char *name = f->end == EXPORT_WRITTEN ? f->written : f->name;
    ui_path(u, line, line.x + 1, line.y, line.w - w - 4, here ? UI_SELECTED : UI_TEXT, name);
    ui_right(u, line, line.x + line.w - w - 1, line.y, w, here ? UI_SELECTED : role, note);
}

static void draw_files(const struct app *a, const struct ui *u, struct rect r)
{
    const struct export_state *e = &a->export;
    const size_t there = files_there(e);
    char note[64] = "", key[64], text[120];
    if (e->n > 0) {
        snprintf(note, sizeof note, there > 0 ? "%zu, %zu there already" : "%zu", e->n, there);
    }
    struct rect in = ui_title(u, r, e->marked >= EXPORT_FIELDS, "Files", note);
    if (e->n == 0) {
        const struct limn_job *j = queue_job(&a->queue);
        keymap_keys(&a->keys, ACT_MARK, key, sizeof key);
        snprintf(text, sizeof text, "Mark jobs with %s in the queue.", key);
        ui_centre(u, in,
                  (const char *const[]){"Nothing to export",
                                        j != NULL && e->what == EXPORT_JOB ? "This job has no results yet." : "", text},
                  3);
        return;
    }
    const int64_t at = e->marked - EXPORT_FIELDS, first = ui_first((int64_t)e->n, at < 0 ? 0 : at, in.h);
    for (int32_t i = 0; i < in.h && first + i < (int64_t)e->n; i++) {
        const struct rect line = {in.x, in.y + i, in.w - 1, 1};
        ui_hit_row(u, line, 0, EXPORT_FIELDS + first + i);
        draw_file(e, u, line, (size_t)(first + i));
    }
    ui_scroll(u, in, (int64_t)e->n, first);
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const struct export_state *e = &a->export;
    const bool wide = r.w >= 100;
    struct rect left = wide ? ui_left(&r, r.w * 45 / 100, 2) : ui_top(&r, EXPORT_FIELDS + 1, r.h >= 14 ? 1 : 0);
    left = ui_title(u, left, e->marked < EXPORT_FIELDS, "Export", "");
    for (int f = 0; f < EXPORT_FIELDS && f < left.h; f++) {
        ui_hit_row(u, (struct rect){left.x, left.y + f, left.w, 1}, 0, f);
        draw_field(a, u, (struct rect){left.x, left.y + f, left.w, 1}, (enum export_field)f);
    }
    if (e->writing && left.h > EXPORT_FIELDS + 1) {
        const double part = e->n_asked > 0 ? (double)e->n_done / (double)e->n_asked : 0;
        ui_bar(u, left, left.x + 11, left.y + EXPORT_FIELDS, left.w - 12, part, UI_ACCENT);
    }
    draw_files(a, u, r);
}

/* ---- keys ---- */

bool export_key(struct app *a, const struct key_event *ev)
{
    struct export_state *e = &a->export;
    if (!e->typing) {
        return false;
    }
    if (ev->key == KEY_ESCAPE) {
        e->typing = false;
    } else if (ev->key == KEY_TAB) {
        a->want |= WANT_COMPLETE;
    } else if (ev->key == KEY_RETURN) {
        e->typing = false;
        snprintf(e->folder, sizeof e->folder, "%s", e->typed);
        a->want |= WANT_EXPORT;
    } else if (ev->key == 21) { /* Ctrl-U: all of it */
        e->typed[0] = '\0';
    } else {
        text_key(e->typed, sizeof e->typed, ev->key);
    }
    return true;
}

static int turned(int at, int by, int n)
{
    return (at + by + n) % n;
}

static bool change(struct app *a, int by)
{
    struct export_state *e = &a->export;
    const int64_t at = e->marked - EXPORT_FIELDS;
    if (e->writing) {
        return true;
    }
    if (e->marked == EXPORT_WHAT) {
        e->what = (enum export_what)turned(e->what, by, EXPORT_WHATS);
        a->want |= WANT_EXPORT;
    } else if (e->marked == EXPORT_RULE) {
        e->rule = (enum export_rule)turned(e->rule, by, RULES);
        for (size_t i = 0; i < e->n; i++) {
            e->file[i].rule = e->rule;
            e->file[i].own_rule = false;
        }
    } else if (at >= 0 && at < (int64_t)e->n && e->file[at].exists) {
        e->file[at].rule = (enum export_rule)turned(e->file[at].rule, by, RULES);
        e->file[at].own_rule = true;
        e->file[at].end = EXPORT_WAITS;
    } else if (at >= 0 && at < (int64_t)e->n) {
        app_say(a, UI_NOTE, "no such file is there yet: there is nothing to choose");
    }
    return true;
}

static bool write_files(struct app *a)
{
    const char *problem = problem_of(&a->export);
    if (a->export.writing) {
        app_say(a, UI_NOTE, "the files are being written");
    } else if (problem != NULL) {
        app_say(a, UI_NOTE, "%s", problem);
    } else {
        a->want |= WANT_WRITE;
    }
    return true;
}

static bool edit(struct app *a)
{
    struct export_state *e = &a->export;
    if (e->marked == EXPORT_WRITE) {
        return write_files(a);
    }
    if (e->marked != EXPORT_FOLDER) {
        return change(a, 1);
    }
    e->typing = !e->writing;
    snprintf(e->typed, sizeof e->typed, "%s", e->folder);
    return true;
}

static bool act(struct app *a, enum action action)
{
    if (app_move(a, action, EXPORT_FIELDS + (int64_t)a->export.n, &a->export.marked)) {
        return true;
    }
    switch (action) {
    case ACT_EDIT:
        return edit(a);
    case ACT_CHANGE_NEXT:
        return a->export.marked == EXPORT_FOLDER ? edit(a) : change(a, 1);
    case ACT_CHANGE_PREV:
        return a->export.marked == EXPORT_FOLDER || change(a, -1);
    case ACT_WRITE:
        return write_files(a);
    default:
        return false;
    }
}

static bool click(struct app *a, int32_t list, int64_t index)
{
    const bool again = a->export.marked == index;
    (void)list;
    a->export.marked = index;
    return again;
}

const struct view view_export = {.name = "export",
                                 .title = "Export",
                                 .where = IN_EXPORT,
                                 .draw = draw,
                                 .act = act,
                                 .click = click,
                                 .open = ACT_EDIT};
