/* Export: what is written, where, and what becomes of files that are there already; beside it every file by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"

enum { EXPORT_WIDE = 100 }; /* fields and files beside each other, and a preview */

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

/* Why nothing can be written; NULL: it can. */
static const char *problem_of(const struct export_state *e)
{
    if (e->folder_problem[0] != '\0') {
        return e->folder_problem;
    }
    return e->n == 0 ? "there is nothing to write" : export_count(e) == 0 ? "all files are there already" : NULL;
}

static size_t files_there(const struct export_state *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        n += e->file[i].exists;
    }
    return n;
}

static size_t files_written(const struct export_state *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->n; i++) {
        n += e->file[i].end == EXPORT_WRITTEN;
    }
    return n;
}

/* ---- drawing ---- */

static void what_text(const struct app *a, char *out, size_t size)
{
    const struct export_state *e = &a->export;
    const struct limn_job *j = queue_job(&a->queue);
    switch (e->what) {
    case EXPORT_SHOWN:
        snprintf(out, size, "what the viewer shows");
        break;
    case EXPORT_JOB:
        snprintf(out, size, j != NULL ? "all results of job %lld" : "no job", j != NULL ? (long long)j->id : 0LL);
        break;
    case EXPORT_PINNED:
        snprintf(out, size, "the pinned results (%zu)", a->marks.n_pins);
        break;
    case EXPORT_COMPARED:
        snprintf(out, size, "what Compare shows (%zu)", a->compare.n);
        break;
    default:
        snprintf(out, size, "all results of the marked jobs (%zu)", a->marks.n);
    }
}

static void field_value(const struct app *a, enum export_field f, char *out, size_t size)
{
    static const char *const rule[RULES] = {"stay as they are", "stay; the new ones get other names", "are replaced"};
    static const char *const form[FORMS] = {
        "pictures (PNG)",  "one sheet with captions (PNG)", "animation (GIF)",
        "raw maps (.npy)", "how they were made (JSON)",     "files as the job wrote them"};
    const struct export_state *e = &a->export;
    const char *problem = problem_of(e);
    const size_t n = export_count(e), done = files_written(e);
    if (f == EXPORT_WHAT) {
        what_text(a, out, size);
    } else if (f == EXPORT_FORM) {
        snprintf(out, size, "%s", form[e->form]);
    } else if (f == EXPORT_RULE) {
        snprintf(out, size, "%s", rule[e->rule]);
    } else if (e->writing) {
        snprintf(out, size, "writing %zu of %zu", e->n_done < e->n_asked ? e->n_done + 1 : e->n_done, e->n_asked);
    } else if (done > 0 && done == e->n) {
        snprintf(out, size, "%zu %s written", done, done == 1 ? "file" : "files");
    } else {
        snprintf(out, size, problem != NULL ? "%s" : "%.0s%zu %s", problem, n, n == 1 ? "file" : "files");
    }
}

static void draw_field(const struct app *a, const struct ui *u, struct rect line, enum export_field f)
{
    static const char *const name[EXPORT_FIELDS] = {"what", "form", "folder", "existing", "write"};
    const struct export_state *e = &a->export;
    const bool here = e->marked == (int64_t)f;
    char value[520];
    enum ui_role role = here ? UI_SELECTED : UI_STRONG;
    if (here) {
        grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
    } else if (f == EXPORT_WRITE) {
        role = problem_of(e) != NULL && files_written(e) < e->n ? UI_NOTE : UI_GOOD;
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
        snprintf(out, 340, "beside the existing one");
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
    const char *name = f->end == EXPORT_WRITTEN ? f->written : export_name(f);
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
        const bool mark = e->what == EXPORT_MARKED, pin = e->what == EXPORT_PINNED || e->what == EXPORT_COMPARED;
        keymap_keys(&a->keys, mark ? ACT_MARK : ACT_PIN, key, sizeof key);
        snprintf(text, sizeof text, mark ? "%s in the queue marks a job." : "%s in the viewer pins a result.", key);
        ui_centre(u, in, (const char *const[]){"Nothing to export", e->missing, text}, mark || pin ? 3 : 2);
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

/* Below the fields: how results are drawn, and how far the writer is. */
static void draw_below(const struct app *a, const struct ui *u, struct rect r)
{
    const struct export_state *e = &a->export;
    char text[300];
    if (e->writing) {
        const double done = e->n_asked > 0 ? ((double)e->n_done + e->part) / (double)e->n_asked : 0;
        ui_bar(u, r, r.x + 11, r.y, r.w - 12, done, UI_ACCENT);
    } else if (e->left_out) {
        snprintf(text, sizeof text, "only the first %d files: there are more", EXPORT_FILES_MAX);
        ui_text(u, r, r.x + 11, r.y, r.w - 12, UI_NOTE, text);
    } else if (e->drawn[0] != '\0' && e->n > 0) {
        snprintf(text, sizeof text, "drawn as %s", e->drawn);
        ui_text(u, r, r.x + 11, r.y, r.w - 12, UI_DIM, text);
    }
}

static void draw_preview(const struct app *a, const struct ui *u, struct rect r)
{
    if (a->export.preview != NULL && r.w >= 10 && r.h >= 4) {
        ui_image(u, r, a->export.preview, a->caps);
    }
}

static void draw_fields(const struct app *a, const struct ui *u, struct rect r)
{
    r = ui_title(u, r, a->export.marked < EXPORT_FIELDS, "Export", "");
    for (int f = 0; f < EXPORT_FIELDS && f < r.h; f++) {
        const struct rect line = {r.x, r.y + f, r.w, 1};
        ui_hit_row(u, line, 0, f);
        draw_field(a, u, line, (enum export_field)f);
    }
    if (r.h > EXPORT_FIELDS) {
        draw_below(a, u, (struct rect){r.x, r.y + EXPORT_FIELDS, r.w, 1});
    }
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const int32_t lines = EXPORT_FIELDS + 2;
    if (r.w >= EXPORT_WIDE) {
        struct rect left = ui_left(&r, r.w * 45 / 100, 2);
        draw_fields(a, u, ui_top(&left, lines, 1));
        draw_preview(a, u, left);
    } else if (r.h < lines + 4) { /* room for one of them: what is marked */
        if (a->export.marked < EXPORT_FIELDS) {
            draw_fields(a, u, r);
            return;
        }
    } else {
        draw_fields(a, u, ui_top(&r, lines, r.h >= 16 ? 1 : 0));
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

void export_begin(struct app *a)
{
    struct export_state *e = &a->export;
    const bool viewer = a->view == VIEW_VIEWER, compare = a->view == VIEW_COMPARE;
    const bool plays = viewer ? viewer_plays(&a->viewer) : compare && compare_longest(&a->compare) != NULL;
    if (e->writing) {
        return; /* what is being written stays as it is */
    }
    e->what = viewer ? EXPORT_SHOWN : compare ? EXPORT_COMPARED : a->marks.n > 0 ? EXPORT_MARKED : EXPORT_JOB;
    if (plays && e->form == FORM_PICTURES) {
        e->form = FORM_GIF;
    } else if (viewer && !plays && e->form == FORM_GIF) { /* one picture does not play */
        e->form = FORM_PICTURES;
    }
    e->marked = EXPORT_WRITE;
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
    } else if (e->marked == EXPORT_FORM) {
        e->form = (enum export_form)turned(e->form, by, FORMS);
        a->want |= WANT_EXPORT;
    } else if (e->marked == EXPORT_RULE) {
        e->rule = (enum export_rule)turned(e->rule, by, RULES);
        for (size_t i = 0; i < e->n; i++) {
            e->file[i].rule = e->rule;
            e->file[i].own_rule = false;
            e->file[i].end = EXPORT_WAITS; /* what is to come is told, not what was */
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

/* The path of the file on the line, else of what was written last, else of the folder. */
static bool copy_path(struct app *a)
{
    const struct export_state *e = &a->export;
    const int64_t at = e->marked - EXPORT_FIELDS;
    if (at >= 0 && at < (int64_t)e->n) {
        const struct export_file *f = &e->file[at];
        snprintf(a->copy, sizeof a->copy, "%.3800s/%s", strcmp(e->folder, "/") == 0 ? "" : e->folder,
                 f->end == EXPORT_WRITTEN ? f->written : export_name(f));
    } else {
        snprintf(a->copy, sizeof a->copy, "%.4090s", e->last[0] != '\0' ? e->last : e->folder);
    }
    a->want |= WANT_COPY;
    return true;
}

static bool act(struct app *a, enum action action)
{
    if (app_move(a, action, EXPORT_FIELDS + (int64_t)a->export.n, &a->export.marked)) {
        a->want |= WANT_PREVIEW;
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
    case ACT_STOP_WRITING:
        if (a->export.writing) {
            a->want |= WANT_STOP;
        } else {
            app_say(a, UI_NOTE, "nothing is being written");
        }
        return true;
    case ACT_COPY:
        return copy_path(a);
    default:
        return false;
    }
}

static const char *hint(const struct app *a, enum action action)
{
    const struct export_state *e = &a->export;
    const bool can = !e->writing && problem_of(e) == NULL;
    switch (action) {
    case ACT_EDIT:
        return e->writing                                                                 ? ""
               : e->marked == EXPORT_WRITE                                                ? can ? "write" : ""
               : e->marked == EXPORT_FOLDER                                               ? "type"
               : e->marked >= EXPORT_FIELDS && !e->file[e->marked - EXPORT_FIELDS].exists ? ""
                                                                                          : NULL;
    case ACT_WRITE:
        return can && e->marked != EXPORT_WRITE ? NULL : "";
    case ACT_STOP_WRITING:
        return e->writing ? "stop" : "";
    default:
        return NULL;
    }
}

static bool click(struct app *a, int32_t list, int64_t index)
{
    const bool again = a->export.marked == index;
    (void)list;
    a->export.marked = index;
    a->want |= WANT_PREVIEW;
    return again;
}

const struct view view_export = {.name = "export",
                                 .title = "Export",
                                 .where = IN_EXPORT,
                                 .draw = draw,
                                 .act = act,
                                 .hint = hint,
                                 .click = click,
                                 .open = ACT_EDIT};
