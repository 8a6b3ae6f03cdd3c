/* Latent shift of one picture: the direction, how far along it, the frames on the way.
 *
 * SHIFT_SOUND goes along the gradient scaled to length 1, in steps of a part of |z|. Where the straight line does not
 * reach the goal, the gradient is taken anew after each step (iterative): a path of pieces of equal length, on which
 * lambda is the length so far. */
#include <math.h>
#include <string.h>

#include "shift/shift.h"

#define STEPS_OF_LENGTH 50 /* steps of SHIFT_SOUND to the length of z */
#define LIMIT_OF_LENGTH 3
#define SEARCH_BATCH 8
#define STILL 1e-3 /* changes of less are motionless */
#define SLACK                                                                                                          \
    1e-3 /* by which a probability may turn back on a path that counts as monotone: a tenth of what is shown */

static const char *const path_names[PATH_COUNT] = {"auto", "straight", "iterative"};

const char *shift_path_name(enum shift_path p)
{
    return p < PATH_COUNT ? path_names[p] : NULL;
}

struct running {
    struct shift_engine *e;
    struct shift_options o;
    struct shift_result *r;
    size_t dim, y, k;
    float *z0, *d; /* dim each */
    float *path;   /* n_path + 1 points of the iterative path, from z0 on */
    size_t n_path, cap_path;
    float *z, *picture, *scores, *prob; /* SEARCH_BATCH of each */
    const struct model_card *card;
    enum score_kind kind;
};

static double length_of(const float *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)v[i] * (double)v[i];
    }
    return sqrt(sum);
}

static int32_t top_of(const float *score, size_t n, int32_t but)
{
    int32_t top = but == 0 ? 1 : 0;
    for (size_t i = 0; i < n; i++) {
        top = (int32_t)i != but && score[i] > score[top] ? (int32_t)i : top;
    }
    return top;
}

static bool is_sound(const struct running *w)
{
    return w->o.search.rule == SHIFT_SOUND;
}

/* The value at lambda. */
static void point(const struct running *w, double lambda, float *z)
{
    if (w->r->iterative && lambda > 0) {
        double at = lambda / w->o.search.step;
        size_t i = at >= (double)w->n_path ? w->n_path - 1 : (size_t)at;
        float t = (float)(at - (double)i);
        const float *a = w->path + i * w->dim, *b = a + w->dim;
        for (size_t j = 0; j < w->dim; j++) {
            z[j] = a[j] + t * (b[j] - a[j]);
        }
        return;
    }
    for (size_t j = 0; j < w->dim; j++) {
        z[j] = w->z0[j] + (float)lambda * w->d[j];
    }
}

/* sum |x0 - x| / sum |x0|: in the network's numbers for the published rules, of what is shown else. */
static double change_of(const struct running *w, const float *x0, const float *x)
{
    const struct model_card *c = w->card;
    const struct shape *s = shift_frame_shape(w->e);
    const size_t plane = (size_t)s->dim[2] * (size_t)s->dim[3];
    double sum = 0, all = 0;
    for (size_t i = 0; i < w->y; i++) {
        size_t ch = i / plane;
        double a = (double)x0[i], b = (double)x[i];
        if (is_sound(w)) {
            a = a < 0 ? 0 : a > 1 ? 1 : a;
            b = b < 0 ? 0 : b > 1 ? 1 : b;
        } else {
            ch = c->bgr ? (size_t)s->dim[1] - 1 - ch : ch;
            a = (a * (double)c->range - (double)c->mean[ch]) / (double)c->std[ch];
            b = (b * (double)c->range - (double)c->mean[ch]) / (double)c->std[ch];
        }
        sum += fabs(a - b);
        all += fabs(a);
    }
    return all > 0 ? sum / all : sum > 0 ? INFINITY : 0;
}

static void describe(const struct running *w, const float *picture, const float *scores, struct shift_frame *f,
                     float *prob)
{
    head_probabilities(w->kind, scores, w->k, prob);
    f->p_from = (double)prob[w->r->from];
    f->p_to = (double)prob[w->r->to];
    f->top = top_of(scores, w->k, -1);
    f->change = change_of(w, w->r->original, picture);
}

static bool is_goal(const struct running *w, const struct shift_frame *f)
{
    return f->top == w->r->to && f->p_to >= w->o.target;
}

static limn_status probe(void *user, const double *lambda, size_t n, struct shift_probe *out, limn_error *err)
{
    struct running *w = user;
    for (size_t i = 0; i < n; i++) {
        point(w, lambda[i], w->z + i * w->dim);
    }
    limn_status st = shift_decode(w->e, w->z, n, w->picture, w->scores, err);
    for (size_t i = 0; st == LIMN_OK && i < n; i++) {
        struct shift_frame f = {0};
        const float *s = w->scores + i * w->k;
        describe(w, w->picture + i * w->y, s, &f, w->prob);
        out[i] = (struct shift_probe){.score = is_sound(w) ? f.p_to : shift_score_value(w->e, s, w->r->from, -1),
                                      .change = f.change,
                                      .goal = lambda[i] < 0 ? f.p_to < 1 - w->o.target : is_goal(w, &f)};
    }
    w->r->evaluations += n;
    return st;
}

/* --- the direction --- */

/* The reconstruction, and the classes: the most probable one there, and the next. */
static limn_status look(struct running *w, limn_error *err)
{
    struct shift_result *r = w->r;
    limn_status st = shift_decode(w->e, w->z0, 1, r->original, w->scores, err);
    if (st != LIMN_OK) {
        return st;
    }
    r->from = w->o.from >= 0 ? w->o.from : top_of(w->scores, w->k, w->o.to);
    r->to = w->o.to >= 0 ? w->o.to : w->k > 1 ? top_of(w->scores, w->k, r->from) : r->from;
    if (r->from >= (int32_t)w->k || r->to >= (int32_t)w->k) {
        return err_set(err, LIMN_ERR_ARG, "class %d (expected 0 to %zu)", r->from > r->to ? r->from : r->to, w->k - 1);
    }
    return LIMN_OK;
}

static limn_status aim(struct running *w, limn_error *err)
{
    struct shift_result *r = w->r;
    struct shift_search *s = &w->o.search;
    limn_status st = shift_gradient(w->e, w->z0, r->from, is_sound(w) ? r->to : -1, w->d, err);
    if (st != LIMN_OK) {
        return st;
    }
    r->gradient = length_of(w->d, w->dim);
    r->length = length_of(w->z0, w->dim);
    if (!is_sound(w) || w->o.lambda) { /* lambda are multiples of the gradient as it is */
        return LIMN_OK;
    }
    double unit = r->length > 0 ? r->length : 1;
    s->step = s->step > 0 ? s->step : unit / STEPS_OF_LENGTH;
    s->limit = s->limit > 0 ? s->limit : unit * LIMIT_OF_LENGTH;
    for (size_t i = 0; i < w->dim && r->gradient > 0; i++) {
        w->d[i] = (float)((double)w->d[i] / r->gradient);
    }
    return LIMN_OK;
}

/* --- the iterative path --- */

static limn_status path_point(struct running *w, size_t i, limn_error *err)
{
    if (i >= w->cap_path) {
        size_t cap = w->cap_path ? 2 * w->cap_path : 64;
        float *more = mem_alloc(cap * w->dim, sizeof(float));
        if (!more) {
            return err_nomem(err, cap * w->dim * sizeof(float), "a path");
        }
        if (w->path) {
            memcpy(more, w->path, w->cap_path * w->dim * sizeof(float));
        }
        mem_free(w->path);
        w->path = more;
        w->cap_path = cap;
    }
    return LIMN_OK;
}

static limn_status next_point(struct running *w, limn_error *err)
{
    float *g = w->z; /* free between probes */
    limn_status st = LIMN_OK;
    TRY(path_point(w, w->n_path + 1, err));
    const float *from = w->path + w->n_path * w->dim;
    float *to = w->path + (w->n_path + 1) * w->dim;
    TRY(shift_gradient(w->e, from, w->r->from, w->r->to, g, err));
    double length = length_of(g, w->dim);
    for (size_t i = 0; i < w->dim; i++) {
        to[i] = from[i] + (length > 0 ? (float)(w->o.search.step / length) * g[i] : 0);
    }
    w->n_path++;
    w->r->evaluations++;
out:
    return st;
}

static limn_status walk(struct running *w, limn_error *err)
{
    struct shift_bound b = {0};
    limn_status st = LIMN_OK;
    w->r->iterative = true;
    w->n_path = 0;
    TRY(path_point(w, 0, err));
    memcpy(w->path, w->z0, w->dim * sizeof(float));
    while (b.stop == STOP_NONE) {
        struct shift_probe p;
        TRY(next_point(w, err));
        b.lambda = w->o.search.step * (double)w->n_path;
        TRY(probe(w, &b.lambda, 1, &p, err));
        b.probes++;
        b.stop = p.goal                                 ? STOP_REACHED
                 : p.change > w->o.search.change        ? STOP_CHANGE
                 : b.lambda >= w->o.search.limit * .999 ? STOP_LIMIT
                                                        : STOP_NONE;
    }
    w->r->high = b;
out:
    return st;
}

/* --- frames --- */

static limn_status find_bounds(struct running *w, limn_error *err)
{
    struct shift_result *r = w->r;
    limn_status st = LIMN_OK;
    if (!is_sound(w)) {
        return shift_find_bound(&w->o.search, -1, SEARCH_BATCH, probe, w, &r->low, err);
    }
    if (w->o.both) {
        TRY(shift_find_bound(&w->o.search, -1, SEARCH_BATCH, probe, w, &r->low, err));
    }
    if (w->o.path == PATH_ITERATIVE) {
        return walk(w, err);
    }
    TRY(shift_find_bound(&w->o.search, 1, SEARCH_BATCH, probe, w, &r->high, err));
out:
    return st;
}

static limn_status make_frames(struct running *w, limn_error *err)
{
    struct shift_result *r = w->r;
    limn_status st = LIMN_OK;
    double *lambda = mem_alloc(r->n, sizeof(*lambda));
    if (!lambda) {
        TRY(err_nomem(err, r->n * sizeof(*lambda), "frames"));
    }
    shift_frames(w->o.search.rule, r->low.lambda, r->high.lambda, r->n, lambda);
    if (w->o.lambda) {
        memcpy(lambda, w->o.lambda, r->n * sizeof(*lambda));
    }
    for (size_t at = 0; at < r->n; at += SEARCH_BATCH) {
        size_t n = r->n - at < SEARCH_BATCH ? r->n - at : SEARCH_BATCH;
        for (size_t i = 0; i < n; i++) {
            point(w, lambda[at + i], w->z + i * w->dim);
        }
        TRY(shift_decode(w->e, w->z, n, r->picture + at * w->y, w->scores, err));
        for (size_t i = 0; i < n; i++) {
            r->frame[at + i].lambda = lambda[at + i];
            describe(w, r->picture + (at + i) * w->y, w->scores + i * w->k, &r->frame[at + i],
                     r->probability + (at + i) * w->k);
        }
    }
out:
    mem_free(lambda);
    return st;
}

static void judge(struct running *w)
{
    struct shift_result *r = w->r;
    double most = 0;
    r->monotone = true;
    r->reached = false;
    for (size_t i = 0; i < r->n; i++) {
        const struct shift_frame *f = &r->frame[i], *before = &r->frame[i > 0 ? i - 1 : 0];
        most = f->change > most ? f->change : most;
        r->reached = r->reached || is_goal(w, f);
        double rises = is_sound(w) ? f->p_to - before->p_to : f->p_from - before->p_from;
        double falls = is_sound(w) ? before->p_from - f->p_from : 0;
        r->monotone = r->monotone && rises >= -SLACK && falls >= -SLACK;
    }
    r->motionless = most < STILL;
}

static limn_status draw(struct running *w, limn_error *err)
{
    limn_status st = make_frames(w, err);
    if (st == LIMN_OK) {
        judge(w);
    }
    return st;
}

/* auto: where the straight line does not reach the goal, or not without turning back, the iterative path, if that is
 * better. */
static limn_status improve(struct running *w, limn_error *err)
{
    struct shift_result *r = w->r;
    const bool reached = r->reached, monotone = r->monotone;
    const struct shift_bound straight = r->high;
    limn_status st = LIMN_OK;
    if (w->o.path != PATH_AUTO || !is_sound(w) || w->o.lambda || r->gradient <= 0 || (reached && monotone)) {
        return LIMN_OK;
    }
    TRY(walk(w, err));
    TRY(draw(w, err));
    if (r->reached + r->monotone < reached + monotone || (reached && !r->reached)) {
        r->iterative = false;
        r->high = straight;
        TRY(draw(w, err));
    }
out:
    return st;
}

static limn_status make_memory(struct running *w, limn_error *err)
{
    struct shift_result *r = w->r;
    const size_t b = SEARCH_BATCH;
    w->z0 = mem_alloc(w->dim, sizeof(float));
    w->d = mem_alloc(w->dim, sizeof(float));
    w->z = mem_alloc(b * w->dim, sizeof(float));
    w->picture = mem_alloc(b * w->y, sizeof(float));
    w->scores = mem_alloc(b * w->k, sizeof(float));
    w->prob = mem_alloc(w->k, sizeof(float));
    r->frame = mem_zalloc(r->n, sizeof(*r->frame));
    r->picture = mem_alloc(r->n * w->y, sizeof(float));
    r->original = mem_alloc(w->y, sizeof(float));
    r->probability = mem_alloc(r->n * w->k, sizeof(float));
    r->seen = mem_alloc(w->k, sizeof(float));
    return w->z0 && w->d && w->z && w->picture && w->scores && w->prob && r->frame && r->picture && r->original &&
                   r->probability && r->seen
               ? LIMN_OK
               : err_nomem(err, (b + r->n) * (w->dim + w->y) * sizeof(float), "frames");
}

limn_status shift_run(struct shift_engine *e, const float *x, const struct shift_options *o, struct shift_result *out,
                      limn_error *err)
{
    struct shift_result r = {.n = o->frames};
    struct running w = {.e = e,
                        .o = *o,
                        .r = &r,
                        .dim = shift_dim(e),
                        .y = shape_elems(shift_frame_shape(e)),
                        .k = (size_t)shift_classes(e),
                        .card = shift_card(e),
                        .kind = shift_kind(e)};
    limn_status st = LIMN_OK;
    if (o->frames < 2 || o->frames > 10000) {
        return err_set(err, LIMN_ERR_ARG, "%zu frames (expected 2 to 10000)", o->frames);
    }
    TRY(make_memory(&w, err));
    TRY(shift_encode(e, x, w.z0, err));
    TRY(look(&w, err));
    TRY(shift_classify(e, x, w.scores, err));
    head_probabilities(w.kind, w.scores, w.k, r.seen);
    TRY(aim(&w, err));
    if (!o->lambda && r.gradient > 0) {
        TRY(find_bounds(&w, err));
    }
    TRY(draw(&w, err));
    TRY(improve(&w, err));
    *out = r;
    r = (struct shift_result){0};
out:
    shift_result_finish(&r);
    float *memory[] = {w.z0, w.d, w.path, w.z, w.picture, w.scores, w.prob};
    for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        mem_free(memory[i]);
    }
    return st;
}

void shift_result_finish(struct shift_result *r)
{
    mem_free(r->frame);
    mem_free(r->picture);
    mem_free(r->original);
    mem_free(r->probability);
    mem_free(r->seen);
    *r = (struct shift_result){0};
}
