/* Which results are exported, and what is known of their jobs. */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gather { /* details of jobs, once each */
    struct client *c;
    struct export_list list;
    struct limn_job_detail *detail[MARKS_MAX + PINS_MAX + 2];
    size_t n;
};

static const struct limn_job_detail *detail_of(struct gather *g, int64_t job)
{
    struct limn_job_detail *d = NULL;
    for (size_t i = 0; i < g->n; i++) {
        if (g->detail[i]->job.id == job) {
            return g->detail[i];
        }
    }
    if (job == 0 || g->c->store == NULL || g->n == sizeof g->detail / sizeof g->detail[0] ||
        limn_jobs_show(g->c->store, job, &d, NULL) != LIMN_OK) {
        return NULL;
    }
    return g->detail[g->n++] = d;
}

static void add(struct gather *g, const struct pin *p, const struct pin *minus)
{
    if (!export_list_add(&g->list, p, minus, detail_of(g, p->job))) {
        g->c->app->export.left_out = true;
    }
}

static void add_result(struct gather *g, const struct results *r, const struct result *x, const struct result_map *m,
                       const struct map_look *look, size_t frame)
{
    struct pin p;
    if (pin_take(&p, r, x, m, look, frame)) {
        add(g, &p, NULL);
    }
    pin_free(&p);
}

/* Every result that a job made itself, as the viewer would show it. */
static void add_results(struct gather *g, const struct results *r)
{
    const struct viewer_state *v = &g->c->app->viewer;
    for (size_t i = 0; i < r->n; i++) {
        const struct result *x = &r->item[i];
        struct map_look look = {0};
        if (x->kind != RESULT_MAPS) {
            add_result(g, r, x, NULL, &look, 0);
        }
        for (size_t k = 0; k < x->n_map; k++) {
            look = viewer_first_look(v, &x->map[k]);
            if (x->map[k].job == r->job) {
                add_result(g, r, x, &x->map[k], &look, 0);
            }
        }
    }
}

static void add_job(struct gather *g, int64_t job)
{
    struct export_state *e = &g->c->app->export;
    const struct limn_job_detail *d = detail_of(g, job);
    struct results r = {0};
    if (d == NULL) {
        return;
    }
    for (size_t i = 0; i < d->n_artifacts && e->form == FORM_FILES; i++) {
        export_add_copy(e, d->artifact[i].path, job);
    }
    if (e->form != FORM_FILES) {
        results_read(&r, d);
        add_results(g, &r);
        results_free(&r);
    }
}

/* What the viewer shows, with the difference that it may show. */
static void add_shown(struct gather *g)
{
    struct viewer_state *v = &g->c->app->viewer;
    const struct result *x = viewer_item(v);
    const struct map_look look = viewer_look(v, false);
    struct pin p = {0}, minus = {0};
    if (x != NULL && pin_take(&p, &v->results, x, v->map, &look, v->motion.frame)) {
        bool less = v->minus != NULL && pin_take(&minus, &v->results, x, v->minus, &look, 0);
        if (v->difference && viewer_plays(v) && pin_copy(&minus, &p)) {
            less = true;
            minus.frame = viewer_rest_frame(v);
            p.look.full = v->scale.high;
        }
        add(g, &p, less ? &minus : NULL);
    } else if (x != NULL && x->path != NULL && g->c->app->export.form == FORM_FILES) {
        export_add_copy(&g->c->app->export, x->path, v->results.job);
    }
    pin_free(&p);
    pin_free(&minus);
}

static void add_compared(struct gather *g)
{
    const struct compare_state *s = &g->c->app->compare;
    struct pin p, first;
    for (size_t i = 0; i < s->n; i++) {
        compare_pin(s, i, &p);
        compare_pin(s, 0, &first);
        add(g, &p, s->how.difference && i > 0 ? &first : NULL);
    }
}

/* "overlay, jet, opacity 50 %": of the first result that is drawn. */
static void tell_drawing(const struct export_list *l, struct export_state *e)
{
    e->drawn[0] = '\0';
    const bool drawn = e->form == FORM_PICTURES || e->form == FORM_SHEET || e->form == FORM_GIF;
    for (size_t i = 0; i < l->n && drawn && e->drawn[0] == '\0'; i++) {
        const struct pin *p = &l->result[i].pin;
        if (p->kind == RESULT_MAPS) {
            const struct viewer_mode *m = viewer_mode_shown(p->look.view, false);
            const int n =
                snprintf(e->drawn, sizeof e->drawn, "%s%s%s", l->result[i].minus != NULL ? "difference" : m->name,
                         p->look.colormap != NULL ? ", " : "", p->look.colormap != NULL ? p->look.colormap : "");
            if (m->opaque && l->result[i].minus == NULL && p->look.opacity > 0) {
                snprintf(e->drawn + n, sizeof e->drawn - (size_t)n, ", opacity %.0f %%", 100 * p->look.opacity);
            }
        }
    }
}

static void tell_missing(const struct gather *g, struct export_state *e)
{
    static const char *const nothing[EXPORT_WHATS] = {"The viewer shows no picture.", "This job has no results yet.",
                                                      "Nothing is pinned: the viewer pins what it shows.",
                                                      "Nothing is compared.",
                                                      "No job is marked: the queue marks them."};
    static const char *const otherwise[FORMS] = {"There is no picture among them.",
                                                 "There is no picture among them.",
                                                 "There is no animation, and no second map to go on with.",
                                                 "There is no map among them.",
                                                 "There is nothing to tell.",
                                                 "There is no file."};
    snprintf(e->missing, sizeof e->missing, "%s", g->list.n == 0 ? nothing[e->what] : otherwise[e->form]);
}

void client_export_list(struct client *c)
{
    struct app *a = c->app;
    struct export_state *e = &a->export;
    struct gather g = {.c = c, .list.apart = e->what == EXPORT_JOB || e->what == EXPORT_MARKED};
    client_results(c);
    if (e->what == EXPORT_SHOWN) {
        add_shown(&g);
    } else if (e->what == EXPORT_JOB) {
        add_job(&g, a->queue.id);
    } else if (e->what == EXPORT_COMPARED) {
        client_compare(c);
        add_compared(&g);
    }
    for (size_t i = 0; e->what == EXPORT_PINNED && i < a->marks.n_pins; i++) {
        add(&g, &a->marks.pin[i], NULL);
    }
    for (size_t i = 0; e->what == EXPORT_MARKED && i < a->marks.n; i++) {
        add_job(&g, a->marks.job[i]);
    }
    export_list_end(&g.list, e);
    tell_drawing(&g.list, e);
    tell_missing(&g, e);
    export_list_free(&g.list);
    for (size_t i = 0; i < g.n; i++) {
        limn_job_detail_free(&g.detail[i]);
    }
}
