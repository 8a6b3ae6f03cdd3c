/* What all views share: the lines at the top and the bottom, moving between views, keys to actions. */
#include "app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define VIEW(id, name) extern const struct view view_##name;
#include "views.def"
#undef VIEW
#define VIEW(id, name) &view_##name,
const struct view *const views[VIEW_COUNT] = {
#include "views.def"
};
#undef VIEW

enum { LEAST_WIDTH = 40, LEAST_HEIGHT = 10 };

void app_init(struct app *a, const struct caps *caps)
{
    memset(a, 0, sizeof *a);
    a->caps = *caps;
    a->width = 80;
    a->height = 24;
    viewer_init(&a->viewer);
    compare_init(&a->compare);
    keymap_default(&a->keys);
}

bool jobs_go_on(const struct app *a)
{
    const uint64_t *n = a->queue.count;
    return n[LIMN_JOB_RUNNING] + n[LIMN_JOB_QUEUED] + n[LIMN_JOB_INTERRUPTED] > 0;
}

unsigned app_where(const struct app *a)
{
    const bool fields = a->view == VIEW_NEW && (a->new_job.editing || a->new_job.filtering);
    return fields || (a->view == VIEW_QUEUE && a->queue.typing) ? IN_EDIT : views[a->view]->where;
}

void app_say(struct app *a, enum ui_role role, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(a->message, sizeof a->message, fmt, ap);
    va_end(ap);
    a->message_role = role;
    a->message_until = a->now + (role == UI_BAD ? 15000 : 6000);
}

bool text_contains(const char *text, const char *part)
{
    const size_t n = strlen(part);
    for (; n > 0 && *text != '\0'; text++) {
        if (strncasecmp(text, part, n) == 0) {
            return true;
        }
    }
    return n == 0;
}

bool text_key(char *text, size_t size, int32_t key)
{
    size_t n = strlen(text);
    if (key == KEY_BACK) {
        while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80) {
            n--;
        }
        text[n > 0 ? n - 1 : 0] = '\0';
        return true;
    }
    if (key < ' ' || key >= KEY_FIRST_SPECIAL) {
        return false;
    }
    char one[5];
    const size_t add = (size_t)utf8_put((uint32_t)key, one);
    if (n + add < size) {
        memcpy(text + n, one, add + 1);
    }
    return true;
}

/* ---- drawing ---- */

static void draw_counts(const struct app *a, const struct ui *u, struct rect r, int32_t x)
{
    const uint64_t *n = a->queue.count;
    char text[120] = "";
    size_t at = 0;
    const struct {
        uint64_t n;
        const char *word;
    } part[] = {{n[LIMN_JOB_RUNNING], "running"},
                {n[LIMN_JOB_QUEUED] + n[LIMN_JOB_INTERRUPTED], "waiting"},
                {n[LIMN_JOB_FAILED], "failed"}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        if (part[i].n > 0) {
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu %s", at ? " · " : "",
                                   (unsigned long long)part[i].n, part[i].word);
        }
    }
    if (ui_columns(text) + 2 <= r.x + r.w - x) {
        ui_right(u, r, x, r.y, r.x + r.w - x - 1, UI_BAR, text);
    }
}

static int32_t tabs_start(int32_t width)
{
    return width >= 80 ? 7 : 1;
}

static char *tab_text(const struct app *a, int i, int32_t width, char out[40])
{
    char key[16];
    keymap_keys(&a->keys, (enum action)(ACT_VIEW_QUEUE + i), key, sizeof key);
    const bool full = a->view == (enum view_id)i || width >= 72;
    snprintf(out, 40, full ? " %s %s " : " %s ", key, views[i]->title);
    return out;
}

static void draw_tabs(const struct app *a, const struct ui *u, struct rect r)
{
    grid_fill(u->grid, r, ' ', ui_style(UI_BAR, u->colours));
    int32_t x = tabs_start(r.w);
    if (x > 4) {
        struct style name = ui_style(UI_BAR, u->colours);
        name.attr |= CELL_BOLD;
        grid_text(u->grid, r, 1, r.y, name, "limn");
    }
    for (int i = 0; i < VIEW_COUNT; i++) {
        char text[40];
        tab_text(a, i, r.w, text);
        const bool here = a->view == (enum view_id)i;
        const struct style s = here && u->colours < PICTURE_256 ? ui_style(UI_STRONG, u->colours)
                                                                : ui_style(here ? UI_SELECTED : UI_BAR, u->colours);
        const int32_t end = grid_text(u->grid, r, x, r.y, s, text);
        ui_hit(u, (struct rect){x, r.y, end - x, 1}, HIT_ACTION, ACT_VIEW_QUEUE + i);
        x = end;
    }
    draw_counts(a, u, r, x);
}

/* Keys that matter here, as far as they fit; help and quit have their place at the end. */
static void draw_hints(const struct app *a, const struct ui *u, struct rect r)
{
    static const enum action always[] = {ACT_HELP, ACT_QUIT};
    int32_t room = r.w - 2, x = r.x + 1;
    char keys[32], one[16];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 1; i < ACT_COUNT; i++) {
            const enum action act = (enum action)i;
            const struct action_info *info = action_info(act);
            const bool last = act == always[0] || act == always[1], here = (info->where & app_where(a)) != 0;
            const char *now = here && views[a->view]->hint != NULL ? views[a->view]->hint(a, act) : NULL;
            const char *hint = now != NULL ? now : info->hint;
            if (hint[0] == '\0' || !here || last != (pass == 1)) {
                continue;
            }
            snprintf(one, sizeof one, "%.15s", keymap_keys(&a->keys, act, keys, sizeof keys));
            one[strcspn(one, " ")] = '\0';
            const int32_t w = ui_columns(one) + 1 + ui_columns(hint);
            const int32_t kept = pass == 0 ? 16 : 0; /* "? help  q quit", and a gap before */
            if (one[0] == '\0' || w + kept > room) {
                continue;
            }
            ui_hit(u, (struct rect){x, r.y, w, 1}, HIT_ACTION, act);
            x += ui_text(u, r, x, r.y, room, UI_ACCENT, one) + 1;
            x += ui_text(u, r, x, r.y, room, UI_DIM, hint) + 2;
            room = r.x + r.w - 1 - x;
        }
    }
}

static void draw_too_small(const struct app *a, const struct ui *u, struct rect r)
{
    char text[80];
    const struct limn_job *j = queue_job(&a->queue);
    ui_text(u, r, 0, 0, r.w, UI_STRONG, "limn needs 40x10 cells");
    snprintf(text, sizeof text, "this is %dx%d; q leaves", (int)a->width, (int)a->height);
    ui_text(u, r, 0, 1, r.w, UI_DIM, text);
    if (j != NULL && j->state == LIMN_JOB_RUNNING) {
        snprintf(text, sizeof text, "job %lld %d %%", (long long)j->id, (int)(100 * j->part));
        ui_text(u, r, 0, 2, r.w, UI_ACCENT, text);
    }
}

static void forget_hits(const struct app *a)
{
    if (a->hits != NULL) {
        a->hits->n = 0;
    }
}

void app_draw(const struct app *a, struct grid *g)
{
    const struct ui u = {g, a->caps.colours, a->hits};
    struct rect r = {0, 0, g->width, g->height};
    g->areas = a->caps.graphics != GRAPHICS_NONE;
    grid_clear(g);
    forget_hits(a);
    if (g->width < LEAST_WIDTH || g->height < LEAST_HEIGHT) {
        draw_too_small(a, &u, r);
    } else {
        const struct rect all = {0, 1, g->width, g->height - 2};
        draw_tabs(a, &u, ui_top(&r, 1, g->height >= 20 ? 1 : 0));
        struct rect body = ui_top(&r, r.h - 2, 0);
        const struct rect message = ui_top(&r, 1, 0);
        body.x++;
        body.w -= 2;
        views[a->view]->draw(a, &u, body);
        if (a->message_until != 0) {
            ui_text(&u, message, 1, message.y, message.w - 2, a->message_role, a->message);
        }
        draw_hints(a, &u, r);
        if (a->overlay != OVERLAY_NONE) {
            forget_hits(a); /* of what lies beneath */
            if (a->overlay == OVERLAY_PROMPT) {
                prompt_draw(a, &u, all);
            } else {
                overlay_draw(a, &u, all);
            }
        }
    }
    ui_theme(g, a->caps.colours, a->caps.light);
    if (!a->caps.utf8) {
        grid_ascii(g);
    }
}

/* ---- keys ---- */

/* Height of the part that views draw, for pages. */
static int32_t app_page(const struct app *a)
{
    return a->height > 8 ? a->height - 8 : 1;
}

bool app_move(const struct app *a, enum action action, int64_t n, int64_t *marked)
{
    int64_t to = *marked;
    switch (action) {
    case ACT_UP:
        to--;
        break;
    case ACT_DOWN:
        to++;
        break;
    case ACT_PAGE_UP:
        to -= app_page(a);
        break;
    case ACT_PAGE_DOWN:
        to += app_page(a);
        break;
    case ACT_FIRST:
        to = 0;
        break;
    case ACT_LAST:
        to = n - 1;
        break;
    default:
        return false;
    }
    to = to >= n ? n - 1 : to;
    *marked = to < 0 ? 0 : to;
    return true;
}

void app_go(struct app *a, enum view_id view)
{
    a->view = view;
    a->overlay = OVERLAY_NONE;
    a->new_job.filtering = a->new_job.editing = a->queue.typing = false;
    a->log_back = 0;
    if (view == VIEW_NEW) {
        a->want |= WANT_FOLDER | WANT_MODELS;
        new_mark_chosen(a);
    } else if (view == VIEW_VIEWER) {
        a->want |= WANT_RESULTS;
    } else if (view == VIEW_COMPARE) {
        a->want |= WANT_COMPARE;
    } else if (view == VIEW_EXPORT) {
        a->want |= WANT_EXPORT;
    } else if (view == VIEW_MODELS) {
        a->want |= WANT_MODELS;
    } else {
        a->want |= WANT_JOBS;
    }
}

void app_act(struct app *a, enum action action)
{
    if (action == ACT_NONE || views[a->view]->act(a, action)) {
        return;
    }
    switch (action) {
    case ACT_HELP:
    case ACT_PALETTE:
        a->overlay = action == ACT_HELP ? OVERLAY_HELP : OVERLAY_PALETTE;
        a->search[0] = '\0';
        a->overlay_marked = 0;
        break;
    case ACT_NEXT_VIEW:
    case ACT_PREV_VIEW:
        app_go(a, (enum view_id)((a->view + (action == ACT_NEXT_VIEW ? 1 : VIEW_COUNT - 1)) % VIEW_COUNT));
        break;
    case ACT_BACK:
        if (a->view != VIEW_QUEUE) {
            app_go(a, VIEW_QUEUE);
        }
        break;
    case ACT_EXPORT:
        export_begin(a);
        app_go(a, VIEW_EXPORT);
        break;
    case ACT_UNMARK:
        if (a->marks.n + a->marks.n_pins > 0) {
            app_say(a, UI_NOTE, "nothing is marked or pinned any more");
        }
        marks_clear(&a->marks);
        a->want |= a->view == VIEW_COMPARE ? WANT_COMPARE : a->view == VIEW_EXPORT ? WANT_EXPORT : 0U;
        break;
    case ACT_REDRAW:
        a->want |= WANT_REDRAW;
        break;
    case ACT_SUSPEND:
        a->want |= WANT_SUSPEND;
        break;
    case ACT_QUIT:
        if (jobs_go_on(a)) {
            prompt_ask(a, PROMPT_QUIT);
            break;
        } /* fall through */
    case ACT_QUIT_NOW:
        a->want |= WANT_QUIT;
        break;
    default:
        if (action >= ACT_VIEW_QUEUE && action < ACT_VIEW_QUEUE + (int)VIEW_COUNT) {
            app_go(a, (enum view_id)(action - ACT_VIEW_QUEUE));
        }
    }
}

void app_key(struct app *a, const struct key_event *ev)
{
    if (ev->key == KEY_NONE) {
        return;
    }
    if (a->message_until != 0 && a->message_role != UI_BAD) {
        a->message_until = 0;
    }
    if (a->width < LEAST_WIDTH || a->height < LEAST_HEIGHT) { /* nothing is seen: only leaving makes sense */
        const enum action act = keymap_find(&a->keys, views[a->view]->where, ev->key);
        if (act == ACT_QUIT || act == ACT_QUIT_NOW) { /* nor can anything be asked */
            app_act(a, ACT_QUIT_NOW);
        } else if (act == ACT_SUSPEND || act == ACT_REDRAW) {
            app_act(a, act);
        }
        return;
    }
    if (mouse_key(a, ev)) {
        return;
    }
    if (a->overlay == OVERLAY_PROMPT) {
        prompt_key(a, ev);
        return;
    }
    if (a->overlay != OVERLAY_NONE) {
        overlay_key(a, ev);
        return;
    }
    if ((a->view == VIEW_NEW && new_filter_key(a, ev)) || (a->view == VIEW_QUEUE && queue_filter_key(a, ev)) ||
        (a->view == VIEW_EXPORT && export_key(a, ev))) {
        return;
    }
    app_act(a, keymap_find(&a->keys, views[a->view]->where, ev->key));
}
