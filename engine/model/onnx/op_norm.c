/* Normalisations: batch (both modes), layer, instance, group, mean and variance; LRN is the engine's own. */
#include <string.h>

#include "model/onnx/import.h"

/* The axes from `first` on. */
static uint32_t axes_from(const struct onnx_val *x, int32_t first)
{
    return ((1u << x->rank) - 1) & ~((1u << first) - 1);
}

/* momentum * old + (1 - momentum) * now */
static struct onnx_val *running(struct onnx_call *c, struct onnx_val *old, struct onnx_val *now, double momentum)
{
    return make_binary(c, &op_add, make_affine(c, old, momentum, 0), make_affine(c, now, 1 - momentum, 0));
}

static void batch_norm_training(struct onnx_call *c, const struct batch_norm_attrs *a)
{
    double momentum = (double)attr_float(c, "momentum", 0.9f);
    int32_t type[3] = {c->in[0]->type, c->in[3]->type, c->in[4]->type};
    struct onnx_val *out[3];
    make_outputs(c, type, &op_batch_norm_train, a, 3, c->in, 3, out);
    c->out[0] = out[0];
    for (size_t i = 1; i < 3 && i < c->n_out; i++) {
        c->out[i] = call_wants(c, i) ? running(c, c->in[2 + i], out[i], momentum) : NULL;
    }
}

void onnx_batch_norm(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    struct batch_norm_attrs a = {.eps = attr_float(c, "epsilon", 1e-5f)};
    bool training = c->opset >= 14 ? attr_flag(c, "training_mode", false) : c->n_out > 1;
    if (!attr_flag(c, "spatial", true)) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "statistics for each position (attribute spatial is 0)");
        return;
    }
    if (training) {
        batch_norm_training(c, &a);
    } else {
        c->out[0] = make_node(c, x->type, &op_batch_norm, &a, 5, c->in);
    }
}

/* The device value of an input that has at most five axes. */
static value_id plain(struct onnx_call *c, struct onnx_val *v)
{
    struct shape s;
    return v != NULL && val_shape(c, v, &s) ? val_dev(c, v) : VALUE_NONE;
}

void onnx_layer_norm(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *bias = call_in(c, 2);
    int32_t axis = attr_axis(c, "axis", -1, x->rank);
    value_id mean = VALUE_NONE, inv = VALUE_NONE, v = plain(c, x);
    v = build_normalise(c->b, v, (int32_t)axes_from(x, axis), attr_float(c, "epsilon", 1e-5f), &mean, &inv);
    struct onnx_val *y = val_dev_new(c, x->type, v);
    y = make_binary(c, &op_mul, y, call_in(c, 1));
    c->out[0] = bias != NULL ? make_binary(c, &op_add, y, bias) : y;
    if (call_wants(c, 1)) {
        c->out[1] = val_dev_new(c, ONNX_FLOAT, mean);
    }
    if (call_wants(c, 2)) {
        c->out[2] = val_dev_new(c, ONNX_FLOAT, inv);
    }
}

void onnx_instance_norm(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    if (x->rank < 3) {
        call_fail(c, LIMN_ERR_SHAPE, "a tensor of rank %d (expected 3 or more)", (int)x->rank);
        return;
    }
    value_id v = plain(c, x);
    v = build_normalise(c->b, v, (int32_t)axes_from(x, 2), attr_float(c, "epsilon", 1e-5f), NULL, NULL);
    v = build_scale_channels(c->b, v, plain(c, call_in(c, 1)), plain(c, call_in(c, 2)));
    c->out[0] = val_dev_new(c, x->type, v);
}

/* Opset 18 has a scale for each group, later ones for each channel. */
void onnx_group_norm(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *scale = call_in(c, 1), *shift = call_in(c, 2);
    int64_t groups = attr_int(c, "num_groups", 0, 1, INT32_MAX);
    if (!call_ok(c) || x->rank < 2 || groups < 1 || x->dim[1] % groups != 0 || x->n == 0) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute num_groups is %lld for a tensor of rank %d", (long long)groups,
                  (int)x->rank);
        return;
    }
    int64_t rest = (int64_t)x->n / (x->dim[0] * groups);
    value_id v = plain(c, move_view(c, x, 3, (int64_t[]){x->dim[0], groups, rest}));
    v = build_normalise(c->b, v, 4, attr_float(c, "epsilon", 1e-5f), NULL, NULL);
    bool per_group = scale->n == (size_t)groups && groups != x->dim[1];
    if (per_group) {
        v = build_scale_channels(c->b, v, plain(c, scale), plain(c, shift));
    }
    struct onnx_val *y = move_view(c, val_dev_new(c, x->type, v), x->rank, x->dim);
    if (!per_group && y != NULL) {
        y = val_dev_new(c, x->type, build_scale_channels(c->b, plain(c, y), plain(c, scale), plain(c, shift)));
    }
    c->out[0] = y;
}

void onnx_mean_variance_norm(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    int64_t axes[ONNX_MAX_RANK] = {0, 2, 3};
    size_t n = attr_ints(c, "axes", axes, ONNX_MAX_RANK, -x->rank, x->rank - 1);
    int32_t mask = 0;
    for (size_t i = 0; i < (n > 0 ? n : 3) && call_ok(c); i++) {
        mask |= 1 << call_axis(c, axes[i], x->rank);
    }
    value_id v = build_normalise(c->b, plain(c, x), mask, 1e-9f, NULL, NULL);
    c->out[0] = val_dev_new(c, x->type, v);
}

void onnx_lrn(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    struct lrn_attrs a = {(int32_t)attr_int(c, "size", 0, 1, INT32_MAX), attr_float(c, "alpha", 1e-4f),
                          attr_float(c, "beta", 0.75f), attr_float(c, "bias", 1)};
    c->out[0] = make_node(c, x->type, &op_lrn, &a, 1, &x);
}
