/* The loop: waits for keys, the terminal, programs and time; changes the state; draws when something changed. With
 * nothing to do it looks once a second whether another process changed a job, and writes nothing. */
#include "tui.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "probe.h"
#include "term.h"

enum { LOOK_BUSY_MS = 250, LOOK_IDLE_MS = 1000 };

struct loop {
    struct app *app;
    struct client client;
    struct grid grid;
    struct hits hits; /* of what the grid shows */
    unsigned char input[512];
    size_t n_input;
    int64_t input_at, asked_at; /* steady_ms when bytes came, when the terminal was asked; -1: not */
    struct answers answers;
    struct answers applied; /* what was done about them so far */
    bool pasting;
    bool dirty, gone; /* gone: the terminal is */
    bool more;        /* the client has something left for idle moments */
    int64_t looked, ticked;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t steady_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t since_asked(const struct loop *l)
{
    return l->asked_at >= 0 ? steady_ms() - l->asked_at : -1;
}

/* What the terminal answered so far, once all is there or the time for it is over; what comes later counts too. */
static void take_answers(struct loop *l)
{
    struct caps caps = *term_caps();
    const bool due = (l->answers.got & ANSWER_FENCE) || since_asked(l) >= PROBE_CAP_MS;
    if (due && memcmp(&l->applied, &l->answers, sizeof l->applied) != 0) {
        memcpy(&l->applied, &l->answers, sizeof l->applied);
        if (probe_apply(&l->answers, &caps)) {
            l->dirty = true;
        }
        term_change(&caps);
        l->app->caps = *term_caps();
    }
}

/* Keys out of the bytes read so far; with `last` a lone escape is the key. */
static void take_keys(struct loop *l, bool last)
{
    size_t at = 0;
    while (at < l->n_input) {
        struct key_event ev;
        bool part = false;
        size_t n = l->pasting ? 0 : probe_take(&l->answers, l->input + at, l->n_input - at, last, &part);
        if (n > 0) {
            at += n;
            continue;
        }
        n = part && !last ? 0 : key_parse(l->input + at, l->n_input - at, last, &l->pasting, &ev);
        if (n == 0) {
            break;
        }
        at += n;
        app_key(l->app, &ev);
        l->dirty |= ev.key != KEY_NONE;
        if (client_serve(&l->client)) {
            l->dirty = true;
        }
    }
    l->n_input -= at;
    memmove(l->input, l->input + at, l->n_input);
    take_answers(l);
}

/* ms until what was read is taken as it is. */
static int64_t patience_left(const struct loop *l)
{
    const int patience = probe_patience(&l->answers, l->input, l->n_input, since_asked(l));
    const int64_t left = l->input_at + patience - steady_ms();
    return left < 0 ? 0 : left;
}

static bool draw(struct loop *l)
{
    struct app *a = l->app;
    if (!term_ready()) {
        return false;
    }
    term_size(&a->width, &a->height);
    if (l->grid.width != a->width || l->grid.height != a->height) {
        grid_finish(&l->grid);
        if (!grid_init(&l->grid, a->width, a->height)) {
            return false;
        }
    }
    const bool plays =
        (a->view == VIEW_VIEWER && a->viewer.motion.playing) || (a->view == VIEW_COMPARE && a->compare.motion.playing);
    const bool moving = plays && a->overlay == OVERLAY_NONE;
    term_tolerance(moving ? 4 : 0);
    app_draw(a, &l->grid);
    return term_draw(&l->grid);
}

static int time_to_wait(struct loop *l)
{
    const struct app *a = l->app;
    int64_t ms = l->looked + (client_busy(&l->client) ? LOOK_BUSY_MS : LOOK_IDLE_MS) - a->now;
    const int64_t ticks[] = {viewer_tick(l->app), compare_tick(l->app)}, frame = ticks[0] >= 0 ? ticks[0] : ticks[1];
    if (frame >= 0 && frame < ms) {
        ms = frame;
    }
    if (l->n_input > 0 && ms > patience_left(l)) {
        ms = patience_left(l);
    }
    const int64_t asked = since_asked(l);
    if (asked >= 0 && asked < PROBE_CAP_MS && ms > PROBE_CAP_MS - asked) {
        ms = PROBE_CAP_MS - asked;
    }
    if (a->message_until != 0 && a->message_until - a->now < ms) {
        ms = a->message_until - a->now;
    }
    return ms < 0 || l->more ? 0 : (int)ms;
}

static void pass_time(struct loop *l)
{
    struct app *a = l->app;
    const size_t frame = a->viewer.motion.frame, compared = a->compare.motion.frame;
    a->now = now_ms();
    if (l->looked > a->now) { /* the clock was set back */
        l->looked = a->now;
    }
    if (a->now - l->looked >= (client_busy(&l->client) ? LOOK_BUSY_MS : LOOK_IDLE_MS)) {
        l->looked = a->now;
        l->dirty |= client_look(&l->client);
        l->dirty |= client_serve(&l->client);
    }
    if (a->queue.count[LIMN_JOB_RUNNING] > 0 && a->view == VIEW_QUEUE && a->now - l->ticked >= 1000) {
        l->ticked = a->now;
        l->dirty = true; /* times that pass */
    }
    if (a->message_until != 0 && a->now >= a->message_until) {
        a->message_until = 0;
        l->dirty = true;
    }
    viewer_tick(a);
    compare_tick(a);
    l->dirty |= a->viewer.motion.frame != frame || a->compare.motion.frame != compared;
}

static size_t descriptors(struct client *c, struct pollfd *out)
{
    struct child *child[CLIENT_CHILDREN];
    const size_t all = client_programs(c, child);
    size_t n = 0;
    for (size_t i = 0; i < all; i++) {
        const int fd = child[i]->fd[0] >= 0 ? child[i]->fd[0] : child[i]->fd[1];
        if (child[i]->pid != 0 && fd >= 0) {
            out[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
        }
    }
    return n;
}

static void copy_text(struct app *a)
{
    if (term_copy(a->copy)) {
        app_say(a, UI_GOOD, "the path is in the clipboard, if the terminal lets programs use it");
    } else {
        app_say(a, UI_NOTE, "%s", a->copy); /* to be picked up by hand */
    }
}

/* One round; false: the end. */
static bool turn(struct loop *l)
{
    struct pollfd more[CLIENT_CHILDREN];
    struct app *a = l->app;
    const size_t n = descriptors(&l->client, more);
    const unsigned got = term_wait(more, n, time_to_wait(l));
    if ((got & TERM_GONE) || term_stopped()) {
        l->gone = (got & TERM_GONE) != 0;
        return false;
    }
    pass_time(l);
    if (got & TERM_INPUT) {
        l->n_input += term_read(l->input + l->n_input, sizeof l->input - l->n_input);
        l->input_at = steady_ms();
        term_size(&a->width,
                  &a->height); /* what keys mean may depend on what has room, and they may come just after it */
        take_keys(l, false);
    } else if (l->n_input > 0 && patience_left(l) == 0) {
        take_keys(l, true);
    }
    take_answers(l);
    if (got & TERM_OTHER) {
        l->dirty |= client_children(&l->client);
        l->dirty |= client_serve(&l->client);
    }
    l->more = client_idle(&l->client);
    if (l->more) {
        l->dirty = true;
        client_serve(&l->client);
    }
    if (a->want & WANT_REDRAW) {
        term_forget();
        l->dirty = true;
    }
    if (a->want & WANT_COPY) {
        copy_text(a);
        l->dirty = true;
    }
    if (a->want & WANT_SUSPEND) {
        term_suspend();
    }
    l->dirty |= (got & TERM_RESIZED) != 0 || a->width != l->grid.width || a->height != l->grid.height;
    const bool quit = (a->want & WANT_QUIT) != 0;
    a->want = 0;
    if (l->dirty && !quit) {
        l->dirty = !draw(l); /* refused: the terminal is busy, try with the next event */
    }
    return !quit;
}

bool tui_run(const struct tui_params *p, struct tui_result *out)
{
    struct app *a = calloc(1, sizeof *a);
    struct loop *l = calloc(1, sizeof *l);
    *out = (struct tui_result){0};
    const bool fine = a != NULL && l != NULL && term_open(&p->caps, out->error, sizeof out->error);
    if (fine) {
        app_init(a, term_caps());
        a->new_job.form = form_create(p->command, p->n_commands, &a->new_job.n_forms);
        l->asked_at = term_asked() ? steady_ms() : -1;
        term_size(&a->width, &a->height);
        l->app = a;
        a->hits = &l->hits;
        l->client.start_worker = p->start_worker;
        a->now = l->looked = now_ms();
        client_open(&l->client, a);
        l->dirty = !draw(l);
        while (turn(l)) {
        }
        out->signal = term_stopped() ? term_stopped() : l->gone ? SIGHUP : 0;
        term_close();
        out->jobs_go_on = client_busy(&l->client) && !a->cancelled_all;
        client_close(&l->client);
        grid_finish(&l->grid);
    }
    free(a);
    free(l);
    return fine;
}
