/* Compare: what is picked out, or else the methods of one picture. */
#include "client.h"

#include <string.h>

/* Pins that are made for a moment; all counts also those that have no room. */
struct list {
    struct pin pin[COMPARE_MAX];
    size_t n, all, skip;
};

static void add(struct list *l, const struct pin *p)
{
    if (p->path != NULL && l->all++ >= l->skip && l->n < COMPARE_MAX && pin_copy(&l->pin[l->n], p)) {
        l->n++;
    }
}

static void clear(struct list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        pin_free(&l->pin[i]);
    }
    l->n = l->all = 0;
}

/* A result of a list as it would be shown first. */
static void add_result(struct list *l, struct app *a, const struct results *r, const struct result *x,
                       const struct result_map *m)
{
    struct pin p;
    const struct map_look look = viewer_first_look(&a->viewer, m);
    if (pin_take(&p, r, x, m, &look, 0)) {
        add(l, &p);
    }
    pin_free(&p);
}

/* The first result of a marked job: a map like the one in the viewer, an animation, a picture. */
static void add_job(struct client *c, struct list *l, int64_t id)
{
    struct limn_job_detail *d = NULL;
    struct results r = {0};
    if (c->store == NULL || limn_jobs_show(c->store, id, &d, NULL) != LIMN_OK) {
        return;
    }
    results_read(&r, d);
    for (size_t i = 0; i < r.n; i++) {
        const struct result *x = &r.item[i];
        const size_t before = l->all;
        add_result(l, c->app, &r, x, x->kind == RESULT_MAPS ? viewer_like(&c->app->viewer, x) : NULL);
        if (l->all > before) {
            break;
        }
    }
    results_free(&r);
    limn_job_detail_free(&d);
}

/* All methods' maps of the viewer's picture, of its class, each once; of a job without maps its pictures. */
static void add_shown(struct list *l, struct app *a)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    struct limn_method_info m;
    if (x != NULL && x->kind == RESULT_MAPS) { /* the one that is looked at is what others are compared with */
        const struct result_map *here = result_find(x, v->name.method, v->name.layer, v->name.cls);
        if (here != NULL) {
            add_result(l, a, &v->results, x, here);
        }
        for (size_t i = 0; limn_method_info(i, &m, NULL) == LIMN_OK; i++) {
            const struct result_map *map = result_find(x, m.name, v->name.layer, v->name.cls);
            map = map != NULL ? map : result_find(x, m.name, NULL, v->name.cls);
            if (map != NULL && map != here) {
                add_result(l, a, &v->results, x, map);
            }
        }
        return;
    }
    for (size_t i = 0; i < v->results.n; i++) {
        add_result(l, a, &v->results, &v->results.item[i], NULL);
    }
}

/* What the viewer shows beside the only pin, or the only marked job. */
static void add_here(struct list *l, struct app *a)
{
    const struct viewer_state *v = &a->viewer;
    const struct result *x = viewer_item(v);
    const struct map_look look = viewer_look(v, false);
    struct pin p = {0};
    if (x != NULL && pin_take(&p, &v->results, x, v->map, &look, v->motion.frame) &&
        (l->n == 0 || !pin_same(&l->pin[0], &p))) {
        add(l, &p);
    }
    pin_free(&p);
}

/* Which of them there are at least two of. */
static enum compare_of choose(const struct marks *m, int64_t shown)
{
    if (m->n_pins > 0) {
        return COMPARE_PINS;
    }
    return m->n > 1 || (m->n == 1 && m->job[0] != shown) ? COMPARE_JOBS : COMPARE_METHODS;
}

void client_compare(struct client *c)
{
    struct app *a = c->app;
    struct compare_state *s = &a->compare;
    struct list l = {.skip = s->first};
    client_results(c);
    s->of = choose(&a->marks, a->viewer.results.job);
    for (size_t i = 0; s->of == COMPARE_PINS && i < a->marks.n_pins; i++) {
        add(&l, &a->marks.pin[i]);
    }
    for (size_t i = 0; s->of == COMPARE_JOBS && i < a->marks.n; i++) {
        add_job(c, &l, a->marks.job[i]);
    }
    s->here = s->of != COMPARE_METHODS && l.all == 1;
    if (s->here) {
        add_here(&l, a);
    }
    if (s->of == COMPARE_METHODS || (l.all < 2 && l.skip == 0)) {
        s->of = COMPARE_METHODS;
        s->here = false;
        clear(&l);
        add_shown(&l, a);
    }
    if (l.n == 0 && s->first > 0) { /* there are fewer than before */
        s->first = 0;
        client_compare(c);
        return;
    }
    compare_set(s, l.pin, l.n, l.all);
    clear(&l);
    compare_show(s, a->caps.colours < PICTURE_256);
}
