/* Random numbers: RandomUniform, RandomNormal, their Like forms, Bernoulli. Drawn while importing, by a counter-based
 * generator from the `seed` attribute or else the node's names, so that the same file gives the same numbers in every
 * run, on every device. */
#include <string.h>

#include "base/rng.h"
#include "model/onnx/import.h"

static uint64_t node_seed(struct onnx_call *c)
{
    const struct onnx_attr *a = attr_find(c, "seed", ONNX_ATTR_FLOAT);
    uint32_t bits = 0;
    if (a != NULL) {
        memcpy(&bits, &a->f, sizeof bits);
        return rng_mix(bits);
    }
    return rng_hash_text(c->node->name) ^ rng_mix(rng_hash_text(c->node->n_out > 0 ? c->node->out[0] : ""));
}

/* `spread` x + `shift` of numbers x in [0,1), or of mean 0 and variance 1. */
static struct onnx_val *draw(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim, bool normal,
                             double spread, double shift)
{
    double *num = NULL;
    const uint64_t seed = node_seed(c);
    struct onnx_val *v = val_host_new(c, type, rank, dim, &num);
    for (size_t i = 0; num != NULL && i < v->n; i++) {
        num[i] = spread * (normal ? rng_normal(seed, i) : rng_uniform(seed, i)) + shift;
    }
    return v;
}

static struct onnx_val *draw_as_asked(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim, bool normal)
{
    if (normal) {
        return draw(c, type, rank, dim, true, (double)attr_float(c, "scale", 1), (double)attr_float(c, "mean", 0));
    }
    const double low = (double)attr_float(c, "low", 0), high = (double)attr_float(c, "high", 1);
    return draw(c, type, rank, dim, false, high - low, low);
}

void onnx_random(struct onnx_call *c)
{
    int64_t dim[ONNX_MAX_RANK];
    const size_t rank = attr_ints(c, "shape", dim, ONNX_MAX_RANK, 0, INT32_MAX);
    const int32_t type = (int32_t)attr_int(c, "dtype", ONNX_FLOAT, ONNX_FLOAT, ONNX_BFLOAT16);
    c->out[0] = draw_as_asked(c, type, (int32_t)rank, dim, strcmp(c->row->op, "RandomNormal") == 0);
}

void onnx_random_like(struct onnx_call *c)
{
    const struct onnx_val *x = call_in(c, 0);
    const int32_t type = (int32_t)attr_int(c, "dtype", x->type, ONNX_FLOAT, ONNX_BFLOAT16);
    c->out[0] = draw_as_asked(c, type, x->rank, x->dim, strcmp(c->row->op, "RandomNormalLike") == 0);
}

/* 1 with probability p, else 0. */
void onnx_bernoulli(struct onnx_call *c)
{
    struct onnx_val *p = call_in(c, 0);
    const int32_t type = (int32_t)attr_int(c, "dtype", p->type, ONNX_FLOAT, ONNX_BFLOAT16);
    struct onnx_val *u = draw(c, p->type, p->rank, p->dim, false, 1, 0);
    c->out[0] = u != NULL ? make_each(c, type, &op_greater, NULL, 2, (struct onnx_val *[]){p, u}) : NULL;
}
