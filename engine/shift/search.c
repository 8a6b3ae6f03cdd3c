/* The bound searches of latent shift: METHODS 2.9. Pure functions of what `probe` reports, so that a batch of values
 * can be evaluated ahead: the walk then uses as many of them as it needs. */
#include <math.h>

#include "base/mem.h"
#include "shift/shift.h"

static const char *const rules[SHIFT_RULES] = {"sound", "latentshift", "gifsplanation"};
static const char *const stops[STOP_COUNT] = {[STOP_NONE] = "no search",
                                              [STOP_ROSE] = "the score rose again",
                                              [STOP_FLOOR] = "the score is below its floor",
                                              [STOP_DROP] = "the score fell far enough",
                                              [STOP_LIMIT] = "lambda is at its limit",
                                              [STOP_CHANGE] = "the picture changed as much as it may",
                                              [STOP_REACHED] = "the goal is reached"};

const char *shift_rule_name(enum shift_rule r)
{
    return r < SHIFT_RULES ? rules[r] : NULL;
}

const char *shift_stop_text(enum shift_stop s)
{
    return s < STOP_COUNT ? stops[s] : NULL;
}

struct shift_search shift_search_default(enum shift_rule r)
{
    switch (r) {
    case SHIFT_LATENTSHIFT:
        return (struct shift_search){r, 10, 3000, 0.05, 0.8, 0.05, 0};
    case SHIFT_GIFSPLANATION:
        return (struct shift_search){r, 10, 1000, -INFINITY, 0.15, INFINITY, 1};
    default:
        return (struct shift_search){.rule = SHIFT_SOUND, .floor = 0, .drop = INFINITY, .change = 1};
    }
}

double shift_next(const struct shift_search *s, double lambda, double sign)
{
    switch (s->rule) {
    case SHIFT_LATENTSHIFT:
        return lambda - s->step + floor(lambda / 10);
    case SHIFT_GIFSPLANATION:
        return lambda - (fabs(lambda) < s->step ? s->fine : s->step);
    default:
        return lambda + sign * s->step;
    }
}

/* Why to stop at `lambda`, in this order. */
static enum shift_stop stop_at(const struct shift_search *s, double lambda, double before, double first,
                               const struct shift_probe *p)
{
    bool at_limit = fabs(lambda) >= s->limit;
    if (s->rule == SHIFT_SOUND) {
        return p->goal ? STOP_REACHED : p->change > s->change ? STOP_CHANGE : at_limit ? STOP_LIMIT : STOP_NONE;
    }
    if (before < p->score) {
        return STOP_ROSE;
    }
    if (s->rule == SHIFT_LATENTSHIFT && p->score < s->floor) {
        return STOP_FLOOR;
    }
    if (p->score < first - s->drop) {
        return STOP_DROP;
    }
    if (at_limit) {
        return STOP_LIMIT;
    }
    return s->rule == SHIFT_LATENTSHIFT && p->change > s->change ? STOP_CHANGE : STOP_NONE;
}

static limn_status check(const struct shift_search *s, limn_error *err)
{
    if (!(s->step > 0) || !(s->limit > 0) || !isfinite(s->step) || !isfinite(s->limit) || s->limit / s->step > 1e6) {
        return err_set(err, LIMN_ERR_ARG, "shift in steps of %g up to %g (expected numbers above 0, at most 1e6 steps)",
                       s->step, s->limit);
    }
    return LIMN_OK;
}

limn_status shift_find_bound(const struct shift_search *s, double sign, size_t batch, shift_probe_fn probe, void *user,
                             struct shift_bound *out, limn_error *err)
{
    struct shift_bound r = {0};
    double *lambda = mem_alloc(batch, sizeof(*lambda)), next = 0, before = 0, first = 0;
    struct shift_probe *p = mem_alloc(batch, sizeof(*p));
    limn_status st = LIMN_OK;
    if (!lambda || !p) {
        TRY(err_nomem(err, batch * sizeof(*p), "a search"));
    }
    TRY(check(s, err));
    for (size_t done = 0; r.stop == STOP_NONE; done += batch) {
        for (size_t i = 0; i < batch; i++) {
            lambda[i] = next;
            next = shift_next(s, next, sign);
        }
        TRY(probe(user, lambda, batch, p, err));
        for (size_t i = 0; i < batch && r.stop == STOP_NONE; i++) {
            first = done + i == 0 ? p[i].score : first;
            before = done + i == 0 ? p[i].score : before;
            r.stop = stop_at(s, lambda[i], before, first, &p[i]);
            r.lambda = lambda[i];
            r.probes++;
            before = p[i].score;
        }
    }
    *out = r;
out:
    mem_free(lambda);
    mem_free(p);
    return st;
}

void shift_frames(enum shift_rule rule, double low, double high, size_t n, double *lambda)
{
    double parts = rule == SHIFT_GIFSPLANATION ? (double)n : (double)(n > 1 ? n - 1 : 1);
    high = rule == SHIFT_GIFSPLANATION ? 0 : high;
    for (size_t i = 0; i < n; i++) {
        lambda[i] = low + (high - low) * (double)i / parts;
    }
    if (rule != SHIFT_GIFSPLANATION && n > 1) {
        lambda[n - 1] = high;
    }
}
