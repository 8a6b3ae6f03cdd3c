/* The decoder task: L(x, D(E(x))) on pictures in [0,1], v = (x std + mean) / range, before any clipping. A decoder
 * whose pictures have another size than the input is compared at the input's, linearly resized. The encoder has no
 * dropout and, frozen, keeps its BatchNorm statistics. */
#include "train/decoder.h"

#include <string.h>

#include "base/str.h"

struct decoder {
    struct train_task base;
    struct decoder_options opt;
    struct weights *weights;
    char **frozen;
    size_t n_frozen;
};

static const char *const names[DECODER_LOSSES] = {"mse", "l1", "elastic"};

const char *decoder_loss_name(enum decoder_loss k)
{
    return k < DECODER_LOSSES ? names[k] : NULL;
}

/* x in the network's range as a picture in [0,1]. */
static value_id as_picture(struct builder *b, const struct decoder_options *o, value_id x)
{
    float scale[4], shift[4];
    for (int32_t k = 0; k < o->channels; k++) {
        scale[k] = o->std[k] / o->range;
        shift[k] = o->mean[k] / o->range;
    }
    return build_affine_channels(b, x, o->channels, scale, shift);
}

static value_id to_size(struct builder *b, value_id y, const struct shape *s)
{
    const struct shape *have = build_shape(b, y);
    if (b->status != LIMN_OK || (have->dim[2] == s->dim[2] && have->dim[3] == s->dim[3])) {
        return y;
    }
    struct resize_attrs a = {.mode = RESIZE_MODE_LINEAR, .coord = RESIZE_TORCH, .size = {1, s->dim[2], s->dim[3]}};
    return build(b, &op_resize, NULL, &a, y);
}

/* A picture in [0,1] as x in the network's range. */
static value_id from_picture(struct builder *b, const struct decoder_options *o, value_id v)
{
    float scale[4], shift[4];
    for (int32_t k = 0; k < o->channels; k++) {
        scale[k] = o->range / o->std[k];
        shift[k] = -o->mean[k] / o->std[k];
    }
    return build_affine_channels(b, v, o->channels, scale, shift);
}

static limn_status append_scores(struct graph *to, const struct graph *g, value_id in, value_id scores, value_id x,
                                 const char *prefix, value_id *out, limn_error *err)
{
    value_id *map = mem_alloc(g->n_value, sizeof(*map));
    if (!map) {
        return err_nomem(err, g->n_value * sizeof(*map), "a classifier");
    }
    for (size_t i = 0; i < g->n_value; i++) {
        map[i] = VALUE_NONE;
    }
    map[in] = x;
    limn_status st =
        graph_append(to, g, &(struct graph_append){.prefix = prefix, .want = &scores, .n_want = 1, .map = map}, err);
    *out = map[scores];
    mem_free(map);
    return st;
}

/* The classifier's scores of the input and of its reconstruction `y`, a picture that is drawn clipped: [N, 2 classes].
 */
static limn_status judge(const struct decoder *d, struct builder *b, value_id x, value_id y, value_id *out)
{
    static const struct clip_attrs unit = {0, 1};
    static const struct concat_attrs side = {1};
    struct graph *g = NULL;
    value_id in, scores, of[2];
    limn_status st = LIMN_OK;
    limn_error *err = b->err;
    y = from_picture(b, &d->opt, build(b, &op_clip, NULL, &unit, y));
    TRY(b->status);
    TRY(model_build(d->opt.classifier, build_shape(b, x)->dim[0], &g, &in, &scores, err));
    TRY(append_scores(b->g, g, in, scores, x, "of_input:", &of[0], err));
    TRY(append_scores(b->g, g, in, scores, y, "of_output:", &of[1], err));
    graph_adopt(b->g, &g);
    *out = build(b, &op_concat, NULL, &side, of[0], of[1]);
    st = b->status;
out:
    graph_destroy(&g);
    return st;
}

static int32_t top_of(const float *score, int32_t n)
{
    int32_t top = 0;
    for (int32_t k = 1; k < n; k++) {
        top = score[k] > score[top] ? k : top;
    }
    return top;
}

static void decoder_score(const struct train_task *t, const float *output, const float *target, int32_t label,
                          struct train_score *s)
{
    int32_t n = ((const struct decoder *)t)->opt.classes;
    (void)target;
    (void)label;
    s->hits += top_of(output, n) == top_of(output + n, n);
}

static limn_status decoder_make(struct train_task *t, int32_t batch, bool train, struct train_graph *out,
                                limn_error *err)
{
    struct decoder *d = (struct decoder *)t;
    struct shape input = SHAPE(batch, d->opt.channels, d->opt.height, d->opt.width);
    struct arch_graph a = {0};
    struct train_graph g = {.target = VALUE_NONE, .output = VALUE_NONE, .dropout_step = VALUE_NONE};
    limn_status st = LIMN_OK;
    TRY(arch_build(d->opt.arch, d->weights, input, false, &a, err));
    a.graph->value[a.logits].flags &= ~(uint32_t)VALUE_OUTPUT;
    struct builder b = {a.graph, LIMN_OK, err};
    value_id y = to_size(&b, as_picture(&b, &d->opt, a.logits), &input), x = as_picture(&b, &d->opt, a.input);
    g.items = loss_items(&b, d->opt.loss == DECODER_L1 ? LOSS_L1 : LOSS_MSE, false, y, x);
    if (d->opt.loss == DECODER_ELASTIC) {
        g.items = build_add(&b, g.items, loss_items(&b, LOSS_L1, false, y, x));
    }
    TRY(b.status);
    if (!train && d->base.score) {
        TRY(judge(d, &b, a.input, y, &g.output));
    }
    g.input = a.input;
    g.graph = a.graph;
    a.graph = NULL;
    *out = g;
out:
    arch_graph_finish(&a);
    return st;
}

/* Every parameter outside the decoder. */
static limn_status list_frozen(struct decoder *d, limn_error *err)
{
    struct arch_graph a = {0};
    limn_status st = LIMN_OK;
    TRY(arch_build(d->opt.arch, d->weights, SHAPE(1, d->opt.channels, d->opt.height, d->opt.width), false, &a, err));
    d->frozen = mem_zalloc(a.graph->n_value + 1, sizeof(*d->frozen));
    if (!d->frozen) {
        TRY(err_nomem(err, a.graph->n_value * sizeof(*d->frozen), "names"));
    }
    for (size_t i = 0; i < a.graph->n_value && !d->opt.whole; i++) {
        const struct value *v = &a.graph->value[i];
        if ((v->flags & VALUE_PARAM) == 0 || arch_in_decoder(v->name)) {
            continue;
        }
        d->frozen[d->n_frozen] = mem_strdup(v->name);
        if (!d->frozen[d->n_frozen++]) {
            TRY(err_nomem(err, strlen(v->name), "a name"));
        }
    }
out:
    arch_graph_finish(&a);
    return st;
}

/* The classifier can judge: it takes what the data set has. */
static bool fits(const struct decoder_options *o)
{
    const struct model_card *c = o->classifier ? model_get_card(o->classifier) : NULL;
    return c && o->classes > 1 && c->channels == o->channels && c->height == o->height && c->width == o->width;
}

limn_status decoder_create(const struct decoder_options *o, struct train_task **out, limn_error *err)
{
    struct weights_start start = {
        .seed = o->seed, .channels = o->channels, .classes = o->classes, .path = o->start, .decoder = true};
    struct train_task *t = NULL;
    limn_status st = LIMN_OK;
    struct decoder *d = mem_zalloc(1, sizeof(*d));
    if (!d) {
        return err_nomem(err, sizeof(*d), "a decoder");
    }
    t = &d->base;
    d->opt = *o;
    d->base = (struct train_task){.name = "decoder", .make = decoder_make, .val_hits = "class_kept"};
    if (fits(o)) {
        d->base.score = decoder_score;
        d->base.output_elems = 2 * (size_t)o->classes;
    }
    TRY(weights_random(&start, &d->weights, err));
    st = list_frozen(d, err);
    if (st == LIMN_ERR_FORMAT && o->start) {
        err_at(err, "%s", o->start);
    }
    TRY(st);
    *out = t;
    t = NULL;
out:
    decoder_destroy(&t);
    return st;
}

const char *const *decoder_frozen(const struct train_task *t, size_t *n)
{
    const struct decoder *d = (const struct decoder *)t;
    *n = d->n_frozen;
    return (const char *const *)d->frozen;
}

void decoder_destroy(struct train_task **t)
{
    if (t && *t) {
        struct decoder *d = (struct decoder *)*t;
        for (size_t i = 0; d->frozen && i < d->n_frozen; i++) {
            mem_free(d->frozen[i]);
        }
        mem_free(d->frozen);
        weights_close(&d->weights);
        mem_free(d);
        *t = NULL;
    }
}
