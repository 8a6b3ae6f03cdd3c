/* The graphs of a latent shift.
 *
 *   encode   x -> z                                 the part of the autoencoder before the latent value
 *   forward  z -> picture -> clip, mix -> f -> scores, for a batch of frames
 *   see      x -> f -> scores: the original itself
 *   gradient forward for one picture, and d score / dz behind the late input `select`
 *
 * With an inner value v instead of z: forward is x, delta -> D(E(x) with v + delta), and what is shifted is delta. */
#include <math.h>
#include <string.h>

#include "pass/pass.h"
#include "shift/shift.h"

static const char *const score_names[SCORE_OF_COUNT] = {"log-probability", "margin", "logit", "probability",
                                                        "double-sigmoid"};

struct part { /* one executor */
    struct graph *graph;
    struct exec *exec;
    value_id x, z, original, picture, scores, select, grad;
    int32_t batch;
};

struct shift_engine {
    struct shift_engine_params p;
    struct part encode, forward, gradient, see;
    struct shape z, picture; /* of one */
    int32_t classes;
    float *x, *original; /* the picture that was encoded last: normalised, and in [0,1] */
    float *stage_z, *stage_x, *stage_original, *stage_picture, *stage_scores;
};

const char *shift_score_name(enum shift_score s)
{
    return s < SCORE_OF_COUNT ? score_names[s] : NULL;
}

/* --- graphs --- */

static void freeze(struct graph *g)
{
    for (size_t i = 0; i < g->n_value; i++) {
        g->value[i].flags &= ~(uint32_t)VALUE_PARAM;
    }
}

static limn_status finish(struct shift_engine *e, struct part *p, limn_error *err)
{
    limn_status st = graph_optimise(p->graph, OPTIMISE_ALL & ~(unsigned)OPTIMISE_BN, err);
    if (st != LIMN_OK) {
        return st;
    }
    return e->p.dev ? exec_vk_create(e->p.dev, p->graph, &e->p.exec, &p->exec, err)
                    : exec_ref_create(p->graph, &p->exec, err);
}

static value_id *unmapped(const struct graph *g, limn_error *err)
{
    value_id *map = mem_alloc(g->n_value + 1, sizeof(*map));
    for (size_t i = 0; map && i < g->n_value; i++) {
        map[i] = VALUE_NONE;
    }
    if (!map) {
        (void)err_nomem(err, g->n_value * sizeof(*map), "a graph");
    }
    return map;
}

/* Reads v + delta in place of v. */
struct added {
    value_id at, delta;
};

static value_id add_delta(void *user, struct builder *b, value_id v, value_id copy)
{
    const struct added *a = user;
    return v == a->at ? build_add(b, copy, a->delta) : copy;
}

static limn_status find_inner(const struct shift_engine *e, const struct autoencoder_graph *a, value_id *out,
                              limn_error *err)
{
    *out = e->p.inner ? graph_find(a->graph, e->p.inner) : a->latent;
    return *out != VALUE_NONE ? LIMN_OK
                              : err_set(err, LIMN_ERR_NOT_FOUND, "no layer \"%.100s\" in the autoencoder", e->p.inner);
}

/* The autoencoder from z, or from x and a delta, into p->graph. Sets p->z, p->x and returns its picture. */
static limn_status append_decoder(struct shift_engine *e, struct part *p, value_id *picture, limn_error *err)
{
    struct autoencoder_graph a = {0};
    value_id *map = NULL, site = VALUE_NONE;
    struct added added = {VALUE_NONE, VALUE_NONE};
    limn_status st = LIMN_OK;
    TRY(model_build_autoencoder(e->p.autoencoder, p->batch, &a, err));
    TRY(find_inner(e, &a, &site, err));
    TRY(graph_input(p->graph, "shifted", a.graph->value[site].shape, &p->z, err));
    map = unmapped(a.graph, err);
    if (!map) {
        TRY(LIMN_ERR_NOMEM);
    }
    struct graph_append job = {.prefix = "decode:", .want = &a.picture, .n_want = 1, .map = map};
    if (e->p.inner) {
        added = (struct added){site, p->z};
        job.after = add_delta;
        job.user = &added;
    } else {
        map[site] = p->z;
    }
    TRY(graph_append(p->graph, a.graph, &job, err));
    p->x = map[a.input];
    if (!e->p.inner && p->x != VALUE_NONE) {
        TRY(err_set(err, LIMN_ERR_UNSUPPORTED, "the decoder also reads what comes before \"%.100s\"",
                    model_latent(e->p.autoencoder)));
    }
    *picture = map[a.picture];
    graph_adopt(p->graph, &a.graph);
out:
    mem_free(map);
    graph_destroy(&a.graph);
    return st;
}

/* What the classifier sees of a picture. */
static limn_status shown(struct shift_engine *e, struct part *p, struct builder *b, value_id picture, value_id *out,
                         limn_error *err)
{
    static const struct clip_attrs unit = {0, 1};
    if (e->p.clip) {
        picture = build(b, &op_clip, NULL, &unit, picture);
    }
    if (e->p.mix > 0 && b->status == LIMN_OK) {
        limn_status st = graph_input(p->graph, "original", *build_shape(b, picture), &p->original, err);
        if (st != LIMN_OK) {
            return st;
        }
        picture = build_add(b, build_affine(b, picture, (float)(1 - e->p.mix), 0),
                            build_affine(b, p->original, (float)e->p.mix, 0));
    }
    *out = picture;
    return b->status;
}

static limn_status append_classifier(struct shift_engine *e, struct part *p, value_id input, value_id *map_layer,
                                     const char *layer, limn_error *err)
{
    struct graph *g = NULL;
    value_id in = VALUE_NONE, scores = VALUE_NONE, *map = NULL;
    limn_status st = LIMN_OK;
    TRY(model_build(e->p.classifier, p->batch, &g, &in, &scores, err));
    value_id want[2] = {scores, layer ? graph_find(g, layer) : VALUE_NONE};
    map = unmapped(g, err);
    if (!map) {
        TRY(LIMN_ERR_NOMEM);
    }
    map[in] = input;
    struct graph_append job = {
        .prefix = "classify:", .want = want, .n_want = want[1] != VALUE_NONE ? 2 : 1, .map = map};
    TRY(graph_append(p->graph, g, &job, err));
    p->scores = map[scores];
    if (map_layer) {
        *map_layer = want[1] != VALUE_NONE ? map[want[1]] : VALUE_NONE;
    }
    graph_adopt(p->graph, &g);
out:
    mem_free(map);
    graph_destroy(&g);
    return st;
}

static limn_status make_forward(struct shift_engine *e, struct part *p, limn_error *err)
{
    value_id y = VALUE_NONE, seen = VALUE_NONE;
    limn_status st = LIMN_OK;
    p->x = p->z = p->original = VALUE_NONE;
    TRY(graph_create(&p->graph, err));
    TRY(append_decoder(e, p, &y, err));
    struct builder b = {.g = p->graph, .err = err};
    p->picture = bridge_to_picture(&b, model_get_card(e->p.autoencoder), y);
    TRY(shown(e, p, &b, p->picture, &seen, err));
    seen = bridge_from_picture(&b, model_get_card(e->p.classifier), seen);
    TRY(b.status);
    TRY(append_classifier(e, p, seen, NULL, NULL, err));
    p->graph->value[p->picture].flags |= VALUE_OUTPUT;
    p->graph->value[p->scores].flags |= VALUE_OUTPUT;
    freeze(p->graph);
    TRY(graph_optimise(p->graph, OPTIMISE_DEAD | OPTIMISE_ACTIVATION | OPTIMISE_BN, err));
out:
    return st;
}

/* sum_k select[n,k] score_k for each picture, by the kind of score. */
static value_id build_score(struct builder *b, const struct shift_engine *e, value_id scores, value_id select)
{
    static const struct axis_attrs classes = {.axis = 1};
    enum score_kind kind = model_head(e->p.classifier)->kind;
    if (e->p.score == SCORE_OF_EVIDENCE) {
        value_id minus = kind == SCORE_SIGMOID ? build_affine(b, scores, -1, 0) : VALUE_NONE;
        scores = kind == SCORE_SOFTMAX   ? build(b, &op_log_softmax, NULL, &classes, scores)
                 : kind == SCORE_SIGMOID ? build_affine(b, build_unary(b, &op_softplus, minus), -1, 0)
                 : kind == SCORE_LOG     ? scores
                                         : build_unary(b, &op_log, scores);
    }
    if (e->p.score == SCORE_OF_CHANCE || e->p.score == SCORE_OF_DOUBLE) {
        scores = kind == SCORE_SOFTMAX   ? build(b, &op_softmax, NULL, &classes, scores)
                 : kind == SCORE_SIGMOID ? build_unary(b, &op_sigmoid, scores)
                 : kind == SCORE_LOG     ? build_unary(b, &op_exp, scores)
                                         : scores;
    }
    if (e->p.score == SCORE_OF_DOUBLE) {
        scores = build_unary(b, &op_sigmoid, scores);
    }
    return build_reduce(b, &op_reduce_sum, build_mul(b, scores, select), 1 << 1, false);
}

/* Whether the gradient of the classifier's own value, on the original picture, is what goes into the autoencoder. */
static bool has_source(const struct shift_engine *e, const struct shape *site)
{
    struct graph *g = NULL;
    value_id in, scores;
    const char *name = e->p.source ? e->p.source : e->p.inner;
    if (!e->p.inner || model_build(e->p.classifier, 1, &g, &in, &scores, NULL) != LIMN_OK) {
        return false;
    }
    value_id v = graph_find(g, name);
    bool same = v != VALUE_NONE && shape_equal(&g->value[v].shape, site);
    graph_destroy(&g);
    return same;
}

/* The classifier on the autoencoder's input. *wrt: its value `layer`, unless that is NULL. */
static limn_status make_seen(struct shift_engine *e, struct part *p, const char *layer, value_id *wrt, limn_error *err)
{
    const struct model_card *c = model_get_card(e->p.autoencoder);
    limn_status st = LIMN_OK;
    p->batch = 1;
    p->z = p->original = p->picture = VALUE_NONE;
    TRY(graph_create(&p->graph, err));
    TRY(graph_input(p->graph, "input", SHAPE(1, c->channels, c->height, c->width), &p->x, err));
    struct builder b = {.g = p->graph, .err = err};
    value_id seen = bridge_from_picture(&b, model_get_card(e->p.classifier), bridge_to_picture(&b, c, p->x));
    TRY(b.status);
    TRY(append_classifier(e, p, seen, wrt, layer, err));
    p->graph->value[p->scores].flags |= VALUE_OUTPUT;
    if (layer) {
        p->graph->value[*wrt].flags |= VALUE_TAP;
    }
    freeze(p->graph);
    TRY(graph_optimise(p->graph, OPTIMISE_DEAD | OPTIMISE_ACTIVATION | OPTIMISE_BN, err));
out:
    return st;
}

static limn_status make_gradient(struct shift_engine *e, limn_error *err)
{
    struct part *p = &e->gradient;
    value_id wrt = VALUE_NONE, seed;
    limn_status st = LIMN_OK;
    p->batch = 1;
    if (has_source(e, &e->z)) {
        TRY(make_seen(e, p, e->p.source ? e->p.source : e->p.inner, &wrt, err));
    } else if (e->p.source) {
        TRY(err_set(err, LIMN_ERR_SHAPE, "the classifier has no layer \"%.100s\" of the shape of \"%.100s\"",
                    e->p.source, e->p.inner ? e->p.inner : ""));
    } else {
        TRY(make_forward(e, p, err));
        wrt = p->z;
    }
    TRY(graph_input(p->graph, "%select", SHAPE(1, e->classes), &p->select, err));
    p->graph->value[p->select].flags |= VALUE_LATE;
    struct builder b = {.g = p->graph, .err = err};
    value_id score = build_score(&b, e, p->scores, p->select);
    seed = build_fill(&b, SHAPE(1), 1);
    TRY(b.status);
    TRY(autodiff(p->graph, NULL, score, seed, &wrt, 1, &p->grad, err));
    p->grad = build_affine(&b, p->grad, 1, 0);
    TRY(b.status);
    p->graph->value[p->grad].flags |= VALUE_OUTPUT;
    TRY(finish(e, p, err));
out:
    return st;
}

static limn_status make_encode(struct shift_engine *e, limn_error *err)
{
    struct autoencoder_graph a = {0};
    struct part *p = &e->encode;
    limn_status st = LIMN_OK;
    value_id site = VALUE_NONE;
    TRY(model_build_autoencoder(e->p.autoencoder, 1, &a, err));
    p->graph = a.graph;
    p->batch = 1;
    TRY(find_inner(e, &a, &site, err));
    e->z = a.graph->value[site].shape;
    e->picture = a.graph->value[a.picture].shape;
    p->x = a.input;
    struct builder b = {.g = a.graph, .err = err};
    p->z = build_affine(&b, site, 1, 0);
    p->original = bridge_to_picture(&b, model_get_card(e->p.autoencoder), a.input);
    TRY(b.status);
    a.graph->value[a.picture].flags &= ~(uint32_t)VALUE_OUTPUT;
    a.graph->value[p->z].flags |= VALUE_OUTPUT;
    a.graph->value[p->original].flags |= VALUE_OUTPUT;
    freeze(a.graph);
    TRY(graph_optimise(a.graph, OPTIMISE_DEAD | OPTIMISE_ACTIVATION | OPTIMISE_BN, err));
    TRY(finish(e, p, err));
out:
    return st;
}

/* --- life --- */

static limn_status make_stage(struct shift_engine *e, limn_error *err)
{
    const struct model_card *c = model_get_card(e->p.autoencoder);
    size_t n = (size_t)e->p.batch, z = shape_elems(&e->z), y = shape_elems(&e->picture);
    size_t x = (size_t)c->channels * (size_t)c->height * (size_t)c->width;
    e->x = mem_zalloc(x, sizeof(float));
    e->original = mem_zalloc(x, sizeof(float));
    e->stage_x = mem_zalloc(n * x, sizeof(float));
    e->stage_z = mem_zalloc(n * z, sizeof(float));
    e->stage_picture = mem_zalloc(n * y, sizeof(float));
    e->stage_original = mem_zalloc(n * y, sizeof(float));
    e->stage_scores = mem_zalloc(n * (size_t)e->classes, sizeof(float));
    return e->x && e->original && e->stage_x && e->stage_z && e->stage_picture && e->stage_original && e->stage_scores
               ? LIMN_OK
               : err_nomem(err, n * (x + z + 2 * y) * sizeof(float), "frames");
}

limn_status shift_engine_create(const struct shift_engine_params *p, struct shift_engine **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct shift_engine *e = mem_zalloc(1, sizeof(*e));
    if (!e) {
        return err_nomem(err, sizeof(*e), "a latent shift");
    }
    e->p = *p;
    if (p->batch < 1 || !(p->mix >= 0 && p->mix < 1)) {
        TRY(err_set(err, LIMN_ERR_ARG, "batch %d, mix %g (expected at least 1; 0 or more, below 1)", p->batch, p->mix));
    }
    e->classes = model_get_card(p->classifier)->n_classes;
    TRY(make_encode(e, err));
    e->forward.batch = p->batch;
    TRY(make_forward(e, &e->forward, err));
    TRY(finish(e, &e->forward, err));
    const struct model_card *c = model_get_card(p->autoencoder);
    if (p->mix > 0 && (e->picture.dim[2] != c->height || e->picture.dim[3] != c->width)) {
        TRY(err_set(err, LIMN_ERR_UNSUPPORTED, "mixing needs pictures of the input's size"));
    }
    TRY(make_gradient(e, err));
    TRY(make_seen(e, &e->see, NULL, NULL, err));
    TRY(finish(e, &e->see, err));
    TRY(make_stage(e, err));
    *out = e;
    e = NULL;
out:
    shift_engine_destroy(&e);
    return st;
}

void shift_engine_destroy(struct shift_engine **e)
{
    if (!e || !*e) {
        return;
    }
    struct part *parts[] = {&(*e)->encode, &(*e)->forward, &(*e)->gradient, &(*e)->see};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        exec_destroy(&parts[i]->exec);
        graph_destroy(&parts[i]->graph);
    }
    float *memory[] = {(*e)->x,           (*e)->original,      (*e)->stage_x,
                       (*e)->stage_z,     (*e)->stage_picture, (*e)->stage_original,
                       (*e)->stage_scores};
    for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
        mem_free(memory[i]);
    }
    mem_free(*e);
    *e = NULL;
}

size_t shift_dim(const struct shift_engine *e)
{
    return shape_elems(&e->z);
}

const struct shape *shift_frame_shape(const struct shift_engine *e)
{
    return &e->picture;
}

int32_t shift_classes(const struct shift_engine *e)
{
    return e->classes;
}

const struct model_card *shift_card(const struct shift_engine *e)
{
    return model_get_card(e->p.autoencoder);
}

enum score_kind shift_kind(const struct shift_engine *e)
{
    return model_head(e->p.classifier)->kind;
}

/* --- runs --- */

static size_t elems(const struct part *p, value_id v)
{
    return shape_elems(&p->graph->value[v].shape);
}

limn_status shift_encode(struct shift_engine *e, const float *x, float *z, limn_error *err)
{
    struct part *p = &e->encode;
    size_t n = elems(p, p->x);
    limn_status st = LIMN_OK;
    TRY(exec_set(p->exec, p->x, x, n, err));
    TRY(exec_run(p->exec, 0, 0, err));
    TRY(exec_get(p->exec, p->z, z, shift_dim(e), err));
    TRY(exec_get(p->exec, p->original, e->original, n, err));
    memcpy(e->x, x, n * sizeof(float));
    for (size_t i = 0; i < (size_t)e->forward.batch; i++) {
        memcpy(e->stage_x + i * n, x, n * sizeof(float));
        if (e->p.mix > 0) {
            memcpy(e->stage_original + i * n, e->original, n * sizeof(float));
        }
    }
    if (e->p.inner) {
        memset(z, 0, shift_dim(e) * sizeof(float));
    }
out:
    return st;
}

static limn_status set_constant(struct shift_engine *e, struct part *p, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (p->x != VALUE_NONE) {
        TRY(exec_set(p->exec, p->x, e->stage_x, elems(p, p->x), err));
    }
    if (p->original != VALUE_NONE) {
        TRY(exec_set(p->exec, p->original, e->stage_original, elems(p, p->original), err));
    }
out:
    return st;
}

limn_status shift_decode(struct shift_engine *e, const float *z, size_t n, float *picture, float *scores,
                         limn_error *err)
{
    struct part *p = &e->forward;
    const size_t dim = shift_dim(e), y = shape_elems(&e->picture), k = (size_t)e->classes, batch = (size_t)p->batch;
    limn_status st = LIMN_OK;
    TRY(set_constant(e, p, err));
    for (size_t at = 0; at < n; at += batch) {
        size_t count = n - at < batch ? n - at : batch;
        memcpy(e->stage_z, z + at * dim, count * dim * sizeof(float));
        for (size_t i = count; i < batch; i++) { /* what fills the last batch up */
            memcpy(e->stage_z + i * dim, z + at * dim, dim * sizeof(float));
        }
        TRY(exec_set(p->exec, p->z, e->stage_z, batch * dim, err));
        TRY(exec_run(p->exec, 0, 0, err));
        TRY(exec_get(p->exec, p->picture, e->stage_picture, batch * y, err));
        TRY(exec_get(p->exec, p->scores, e->stage_scores, batch * k, err));
        memcpy(picture + at * y, e->stage_picture, count * y * sizeof(float));
        memcpy(scores + at * k, e->stage_scores, count * k * sizeof(float));
    }
out:
    return st;
}

limn_status shift_classify(struct shift_engine *e, const float *x, float *scores, limn_error *err)
{
    struct part *p = &e->see;
    limn_status st = LIMN_OK;
    TRY(exec_set(p->exec, p->x, x, elems(p, p->x), err));
    TRY(exec_run(p->exec, 0, 0, err));
    TRY(exec_get(p->exec, p->scores, scores, (size_t)e->classes, err));
out:
    return st;
}

static void class_weights(const struct shift_engine *e, int32_t from, int32_t to, float *select)
{
    memset(select, 0, (size_t)e->classes * sizeof(float));
    if (e->p.score == SCORE_OF_MARGIN && to >= 0 && from >= 0 && from != to) {
        select[from] = -1;
    }
    select[to >= 0 ? to : from] = 1;
}

limn_status shift_gradient(struct shift_engine *e, const float *z, int32_t from, int32_t to, float *g, limn_error *err)
{
    struct part *p = &e->gradient;
    float *select = mem_alloc((size_t)e->classes, sizeof(float));
    limn_status st = LIMN_OK;
    if (!select) {
        TRY(err_nomem(err, (size_t)e->classes * sizeof(float), "a class"));
    }
    class_weights(e, from, to, select);
    TRY(set_constant(e, p, err));
    if (p->z != VALUE_NONE) {
        TRY(exec_set(p->exec, p->z, z, shift_dim(e), err));
    }
    TRY(exec_set(p->exec, p->select, select, (size_t)e->classes, err));
    TRY(exec_run(p->exec, 0, 1, err));
    TRY(exec_get(p->exec, p->grad, g, shift_dim(e), err));
    for (size_t i = 0; i < shift_dim(e); i++) {
        if (!isfinite(g[i])) {
            TRY(err_set(err, LIMN_ERR_NUMERIC, "the gradient of the score is not finite"));
        }
    }
out:
    mem_free(select);
    return st;
}

double shift_score_value(const struct shift_engine *e, const float *scores, int32_t from, int32_t to)
{
    const size_t n = (size_t)e->classes;
    const int32_t k = to >= 0 ? to : from;
    if (e->p.score == SCORE_OF_LOGIT) {
        return (double)scores[k];
    }
    if (e->p.score == SCORE_OF_MARGIN) {
        return (double)scores[k] - (to >= 0 && from >= 0 && from != to ? (double)scores[from] : 0);
    }
    double p = 0;
    float *chance = mem_alloc(n, sizeof(*chance));
    if (chance) {
        head_probabilities(model_head(e->p.classifier)->kind, scores, n, chance);
        p = (double)chance[k];
    }
    mem_free(chance);
    if (e->p.score == SCORE_OF_EVIDENCE) {
        return log(p);
    }
    return e->p.score == SCORE_OF_DOUBLE ? 1 / (1 + exp(-p)) : p;
}
