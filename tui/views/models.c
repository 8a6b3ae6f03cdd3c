/* What is there to work with: installed models and the devices of this machine. */
#include <stdio.h>
#include <string.h>

#include "app.h"

static void draw_models(const struct app *a, const struct ui *u, struct rect r)
{
    const struct models_state *m = &a->models;
    char note[32] = "", size[16];
    if (m->n_models > 0) {
        snprintf(note, sizeof note, "%zu", m->n_models);
    }
    struct rect in = ui_title(u, r, true, "Models", note);
    if (m->problem[0] != '\0') {
        ui_wrap(u, in, UI_BAD, m->problem, true);
        return;
    }
    if (m->n_models == 0) {
        ui_centre(u, in,
                  (const char *const[]){"No models are installed", "Set LIMN_MODELS to a folder of model files."}, 2);
        return;
    }
    const int32_t name_w = in.w >= 60 ? 24 : 18, licence = in.w >= 90 ? 24 : 0;
    const int64_t first = ui_first((int64_t)m->n_models, m->marked, in.h);
    for (int32_t i = 0; i < in.h && first + i < (int64_t)m->n_models; i++) {
        const struct limn_model_entry *e = &m->model[first + i];
        const bool marked = first + i == m->marked;
        ui_hit_row(u, (struct rect){in.x, in.y + i, in.w, 1}, 0, first + i);
        const struct rect line = {in.x, in.y + i, in.w - 1, 1};
        if (marked) {
            grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
        }
        const enum ui_role plain = marked ? UI_SELECTED : UI_TEXT, dim = marked ? UI_SELECTED : UI_DIM;
        const int32_t rest = in.w - name_w - 14 - (licence ? licence + 2 : 0);
        ui_text(u, line, line.x + 1, line.y, name_w - 1, plain, e->name);
        ui_text(u, line, line.x + 1 + name_w, line.y, rest, dim, e->title);
        if (licence) {
            ui_text(u, line, line.x + 3 + name_w + rest, line.y, licence, dim, e->licence);
        }
        ui_right(u, line, line.x + line.w - 10, line.y, 9, dim, ui_bytes(e->bytes, size));
    }
    ui_scroll(u, in, (int64_t)m->n_models, first);
}

static void draw_devices(const struct app *a, const struct ui *u, struct rect r)
{
    const struct models_state *m = &a->models;
    struct rect in = ui_title(u, r, false, "Devices", m->asking ? "looking" : "");
    if (m->device_problem[0] != '\0') {
        ui_wrap(u, in, UI_BAD, m->device_problem, true);
        return;
    }
    if (m->n_devices == 0 && !m->asking) {
        ui_text(u, in, in.x, in.y, in.w, UI_DIM, "none that Vulkan knows; limn doctor says more");
    }
    for (size_t i = 0; i < m->n_devices && (int32_t)i < in.h; i++) {
        const struct device_row *d = &m->device[i];
        const int32_t y = in.y + (int32_t)i;
        char text[300];
        ui_text(u, in, in.x + 1, y, 1, d->usable ? UI_GOOD : UI_BAD, d->usable ? "✓" : "✗");
        snprintf(text, sizeof text, "%s, %s%s%s", d->kind, d->memory, d->note[0] ? ": " : "", d->note);
        const int32_t w = in.w > 90 ? in.w / 2 : in.w - 30 > 10 ? in.w - 30 : 10;
        ui_text(u, in, in.x + 3, y, w - 4, UI_TEXT, d->name);
        ui_text(u, in, in.x + w, y, in.w - w, d->usable ? UI_DIM : UI_BAD, text);
    }
}

static void draw(const struct app *a, const struct ui *u, struct rect r)
{
    const size_t n = a->models.n_devices;
    int32_t h = r.h - 3 - (int32_t)(n > 1 ? n : 1);
    h = h < r.h / 2 ? r.h / 2 : h;
    draw_models(a, u, ui_top(&r, h, 1));
    draw_devices(a, u, r);
}

static bool act(struct app *a, enum action action)
{
    struct models_state *m = &a->models;
    if (app_move(a, action, (int64_t)m->n_models, &m->marked)) {
        return true;
    }
    if (action == ACT_USE && m->marked < (int64_t)m->n_models) {
        new_use_model(a, (size_t)m->marked);
        return true;
    }
    if (action == ACT_RELOAD) {
        a->want |= WANT_MODELS;
        m->n_devices = 0;
        return true;
    }
    return false;
}

static bool click(struct app *a, int32_t list, int64_t index)
{
    const bool again = a->models.marked == index;
    (void)list;
    a->models.marked = index;
    return again;
}

const struct view view_models = {
    .name = "models", .title = "Models", .where = IN_MODELS, .draw = draw, .act = act, .click = click, .open = ACT_USE};
