/* Help and command palette: the rows of keymap.def that apply, searched by what is typed; Enter does the marked one. */
#include <stdio.h>
#include <string.h>

#include "app.h"

/* Actions that apply now and match the search: those of the view first. */
static int list_actions(const struct app *a, enum action out[ACT_COUNT])
{
    int n = 0;
    for (int general = 0; general < 2; general++) {
        for (int i = 1; i < ACT_COUNT; i++) {
            const struct action_info *info = action_info((enum action)i);
            char keys[64];
            const bool here = (info->where & views[a->view]->where) != 0;
            keymap_keys(&a->keys, (enum action)i, keys, sizeof keys);
            const bool found = text_contains(info->help, a->search) || text_contains(info->name, a->search) ||
                               strcmp(keys, a->search) == 0;
            if (here && found && (info->where == IN_ALL || info->where == IN_LISTS) == general) {
                out[n++] = (enum action)i;
            }
        }
    }
    return n;
}

void overlay_draw(const struct app *a, const struct ui *u, struct rect r)
{
    enum action list[ACT_COUNT];
    const int n = list_actions(a, list);
    const bool help = a->overlay == OVERLAY_HELP;
    const int32_t w = r.w < 84 ? r.w - 2 : 84, most = r.h - 1;
    const int32_t h = n + 5 < most ? n + 5 : most;
    char title[80];
    snprintf(title, sizeof title, help ? "Help: %s" : "Commands: %s", views[a->view]->title);
    struct rect in = ui_box(u, (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 3, w, h}, title);
    if (in.h < 3) {
        return;
    }
    int32_t x = in.x + ui_text(u, in, in.x, in.y, in.w, UI_ACCENT, "search") + 1;
    x += ui_text(u, in, x, in.y, in.w - 8, UI_STRONG, a->search);
    const struct style cursor = {COLOUR_DEFAULT, COLOUR_DEFAULT, CELL_REVERSE};
    grid_fill(u->grid, rect_clip(in, (struct rect){x, in.y, 1, 1}), ' ', cursor);
    ui_top(&in, 1, 1);
    const struct rect foot = {in.x, in.y + in.h - 1, in.w, 1};
    in.h--;
    if (n == 0) {
        ui_text(u, in, in.x, in.y, in.w, UI_DIM, "nothing is called so");
    }
    const int64_t first = ui_first(n, a->overlay_marked, in.h);
    for (int32_t i = 0; i < in.h && first + i < n; i++) {
        const enum action act = list[first + i];
        const bool marked = first + i == a->overlay_marked;
        char keys[64];
        keymap_keys(&a->keys, act, keys, sizeof keys);
        const struct rect line = {in.x, in.y + i, in.w, 1};
        ui_hit(u, line, HIT_HELP, first + i);
        if (marked) {
            grid_fill(u->grid, line, ' ', ui_style(UI_SELECTED, u->colours));
        }
        const int32_t left = help ? 14 : 18;
        ui_text(u, line, in.x + 1, line.y, left - 1, marked ? UI_SELECTED : UI_ACCENT,
                help ? keys : action_info(act)->name);
        const int32_t right = help ? 0 : 12;
        ui_text(u, line, in.x + left + 1, line.y, in.w - left - right - 2, marked ? UI_SELECTED : UI_TEXT,
                action_info(act)->help);
        if (!help) {
            ui_right(u, line, in.x + in.w - right - 1, line.y, right, marked ? UI_SELECTED : UI_DIM, keys);
        }
    }
    ui_scroll(u, (struct rect){in.x + 1, in.y, in.w, in.h}, n, first);
    ui_text(u, foot, foot.x, foot.y, foot.w, UI_DIM, "type to search · Enter does it · Esc closes");
}

static void overlay_do(struct app *a)
{
    enum action list[ACT_COUNT];
    const int n = list_actions(a, list);
    a->overlay = OVERLAY_NONE;
    if (a->overlay_marked < n) {
        app_act(a, list[a->overlay_marked]);
    }
}

void overlay_click(struct app *a, int64_t row)
{
    const bool again = a->overlay_marked == row;
    a->overlay_marked = row;
    if (again) {
        overlay_do(a);
    }
}

void overlay_wheel(struct app *a, bool up)
{
    enum action list[ACT_COUNT];
    const int n = a->overlay == OVERLAY_PROMPT ? 0 : list_actions(a, list);
    if (n > 0) {
        app_move(a, up ? ACT_UP : ACT_DOWN, n, &a->overlay_marked);
    }
}

void overlay_key(struct app *a, const struct key_event *ev)
{
    enum action list[ACT_COUNT];
    const int n = list_actions(a, list);
    const enum action act = keymap_find(&a->keys, IN_LOG, ev->key);
    const bool printable = ev->key >= ' ' && ev->key < KEY_FIRST_SPECIAL;
    if (ev->key == KEY_ESCAPE || (ev->key == 3 && act == ACT_QUIT)) {
        a->overlay = OVERLAY_NONE;
    } else if (ev->key == KEY_RETURN) {
        overlay_do(a);
    } else if (!printable && ev->key != KEY_BACK && app_move(a, act, n, &a->overlay_marked)) {
        return;
    } else if (text_key(a->search, sizeof a->search, ev->key)) {
        a->overlay_marked = 0;
    }
}
