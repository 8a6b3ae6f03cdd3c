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
    value_id s = VALUE_NONE, t = VALUE_NONE;
    for (int32_t k = 0; k < o->channels; k++) {
        scale[k] = o->std[k] / o->range;
        shift[k] = o->mean[k] / o->range;
    }
    if (b->status == LIMN_OK) {
        b->status = graph_const_data(b->g, NULL, SHAPE(o->channels), scale, &s, b->err);
    }
    if (b->status == LIMN_OK) {
        b->status = graph_const_data(b->g, NULL, SHAPE(o->channels), shift, &t, b->err);
    }
    return build_scale_channels(b, x, s, t);
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

static limn_status decoder_make(struct train_task *t, int32_t batch, bool train, struct train_graph *out,
                                limn_error *err)
{
    struct decoder *d = (struct decoder *)t;
    struct shape input = SHAPE(batch, d->opt.channels, d->opt.height, d->opt.width);
    struct arch_graph a = {0};
    struct train_graph g = {.target = VALUE_NONE, .output = VALUE_NONE, .dropout_step = VALUE_NONE};
    limn_status st = LIMN_OK;
    (void)train;
    TRY(arch_build(d->opt.arch, d->weights, input, false, &a, err));
    a.graph->value[a.logits].flags &= ~(uint32_t)VALUE_OUTPUT;
    struct builder b = {a.graph, LIMN_OK, err};
    value_id y = to_size(&b, as_picture(&b, &d->opt, a.logits), &input), x = as_picture(&b, &d->opt, a.input);
    g.items = loss_items(&b, d->opt.loss == DECODER_L1 ? LOSS_L1 : LOSS_MSE, false, y, x);
    if (d->opt.loss == DECODER_ELASTIC) {
        g.items = build_add(&b, g.items, loss_items(&b, LOSS_L1, false, y, x));
    }
    TRY(b.status);
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
    d->base = (struct train_task){.name = "decoder", .make = decoder_make};
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
