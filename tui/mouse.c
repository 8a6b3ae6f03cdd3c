/* The mouse: what was drawn where it points decides. Everything that it does keys do as well. */
#include "app.h"

/* Rows of the view: one click marks, a click on what is marked opens. */
static void click_row(struct app *a, const struct hit *h)
{
    const struct view *v = views[a->view];
    if (v->click != NULL && v->click(a, h->list, h->index)) {
        app_act(a, v->open);
    }
}

static void click(struct app *a, const struct key_event *ev)
{
    const struct hit *found = hits_find(a->hits, ev->x, ev->y);
    if (found == NULL) {
        return;
    }
    const struct hit h = *found; /* the next drawing makes them anew */
    if (h.kind == HIT_ROW) {
        click_row(a, &h);
    } else if (h.kind == HIT_HELP) {
        overlay_click(a, h.index);
    } else if (a->overlay == OVERLAY_PROMPT) {
        prompt_act(a, (enum action)h.index);
    } else {
        app_act(a, (enum action)h.index);
    }
}

bool mouse_key(struct app *a, const struct key_event *ev)
{
    if (ev->key == KEY_MOUSE_CLICK) {
        click(a, ev);
        return true;
    }
    if (ev->key != KEY_WHEEL_UP && ev->key != KEY_WHEEL_DOWN) {
        return false;
    }
    const bool up = ev->key == KEY_WHEEL_UP;
    if (a->overlay != OVERLAY_NONE) {
        overlay_wheel(a, up);
        return true;
    }
    const enum action own = views[a->view]->wheel[up ? 0 : 1];
    for (int i = 0; i < (own != ACT_NONE ? 1 : 3); i++) {
        app_act(a, own != ACT_NONE ? own : up ? ACT_UP : ACT_DOWN);
    }
    return true;
}
