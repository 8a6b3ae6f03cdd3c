/* Nodes of the graph from values of the file, or their results when everything is known: then the operator's own
 * reference runs at import, so that folding cannot differ from running.
 *
 * Elementwise operators take any rank: dimensions that all inputs walk alike are merged until five are left. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/onnx/import.h"

enum { FOLD_OUT = 1 << 20, MAKE_IN = 3 };

static bool all_fold(int32_t n, struct onnx_val *const *in)
{
    for (int32_t i = 0; i < n; i++) {
        if (in[i] != NULL && !val_folds(in[i])) {
            return false;
        }
    }
    return n > 0;
}

/* One use of an operator on known numbers. */
struct fold {
    const struct op *op;
    const void *attrs;
    int32_t n;
    const struct shape *shape; /* rank -1: absent */
    const double *const *in;
};

static void fold_run(struct onnx_call *c, const struct fold *f, struct shape *shape, double **out)
{
    struct op_call call = {f->op, f->attrs, f->n, f->op->n_out, f->shape, shape};
    c->b->status = f->op->infer(&call, shape, c->b->err);
    for (int32_t k = 0; k < f->op->n_out && call_ok(c); k++) {
        c->b->status = shape_check(&shape[k], c->b->err);
        size_t n = call_ok(c) ? shape_elems(&shape[k]) : 0;
        out[k] = call_ok(c) && n <= FOLD_OUT ? arena_alloc(&c->m->arena, n, sizeof(double)) : NULL;
        if (call_ok(c) && (out[k] == NULL || n > c->m->room)) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "constants of too many elements to compute while loading (%zu)", n);
        }
        c->m->room -= call_ok(c) ? n : 0;
    }
    if (call_ok(c)) {
        f->op->ref(&call, f->in, out);
    }
}

/* Outputs as host values. */
static void fold_outputs(struct onnx_call *c, const int32_t *type, const struct fold *f, size_t n_out,
                         struct onnx_val **out)
{
    struct shape shape[OP_MAX_OUT];
    double *num[OP_MAX_OUT] = {NULL};
    fold_run(c, f, shape, num);
    for (size_t k = 0; k < n_out && call_ok(c); k++) {
        int64_t dim[ONNX_MAX_RANK] = {0};
        for (int32_t i = 0; i < shape[k].rank; i++) {
            dim[i] = shape[k].dim[i];
        }
        out[k] = val_fill_new(c, type[k], shape[k].rank, dim, 0);
        if (out[k] != NULL) {
            val_settle(type[k], num[k], out[k]->n);
            out[k]->filled = false;
            out[k]->host = num[k];
        }
    }
}

static void node_outputs(struct onnx_call *c, const int32_t *type, const struct op *op, const void *attrs, int32_t n,
                         const value_id *in, size_t n_out, struct onnx_val **out)
{
    value_id id[OP_MAX_OUT];
    if (call_ok(c)) {
        c->b->status = graph_node(c->b->g, op, NULL, attrs, n, in, id, c->b->err);
    }
    for (size_t k = 0; k < n_out && call_ok(c); k++) {
        out[k] = val_dev_new(c, type[k], id[k]);
    }
}

void make_outputs(struct onnx_call *c, const int32_t *type, const struct op *op, const void *attrs, int32_t n,
                  struct onnx_val *const *in, size_t n_out, struct onnx_val **out)
{
    struct shape *shape = arena_alloc(&c->m->arena, (size_t)n + 1, sizeof *shape);
    const double **num = arena_alloc(&c->m->arena, (size_t)n + 1, sizeof *num);
    value_id *id = arena_alloc(&c->m->arena, (size_t)n + 1, sizeof *id);
    bool fold = all_fold(n, in);
    memset(out, 0, n_out * sizeof *out);
    if (shape == NULL || num == NULL || id == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: a node of %d inputs", (int)n);
        return;
    }
    for (int32_t i = 0; i < n && call_ok(c); i++) {
        shape[i] = (struct shape){.rank = -1};
        id[i] = VALUE_NONE;
        if (in[i] == NULL || !val_shape(c, in[i], &shape[i])) {
            continue;
        }
        if (fold) {
            num[i] = val_numbers(c, in[i]);
        } else {
            id[i] = val_dev(c, in[i]);
        }
    }
    if (call_ok(c) && fold) {
        fold_outputs(c, type, &(struct fold){op, attrs, n, shape, num}, n_out, out);
    } else if (call_ok(c)) {
        node_outputs(c, type, op, attrs, n, id, n_out, out);
    }
}

struct onnx_val *make_node(struct onnx_call *c, int32_t type, const struct op *op, const void *attrs, int32_t n,
                           struct onnx_val *const *in)
{
    struct onnx_val *out = NULL;
    make_outputs(c, &type, op, attrs, n, in, 1, &out);
    return out;
}

/* --- elementwise --- */

/* The shapes of n inputs after merging; all of one rank. False with an error when more than five dimensions are left.
 */
static bool merge_shapes(struct onnx_call *c, int32_t rank, const int64_t *dim, int32_t n, struct onnx_val *const *in,
                         struct shape *shape)
{
    int32_t r = 0;
    uint32_t last = 0;
    for (int32_t i = 0; i < rank; i++) {
        uint32_t mask = 1u << 31; /* which inputs are broadcast along this one */
        for (int32_t k = 0; k < n; k++) {
            int32_t at = i - (rank - in[k]->rank);
            mask |= (at < 0 || in[k]->dim[at] == 1 ? 1u : 0u) << k;
        }
        if (dim[i] == 1) {
            continue;
        }
        if (mask != last && r == SHAPE_MAX_RANK) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "tensors of rank %d broadcast in too many ways", (int)rank);
            return false;
        }
        for (int32_t k = 0; k < n; k++) {
            int32_t d = (mask >> k & 1) != 0 ? 1 : (int32_t)dim[i];
            shape[k].dim[mask == last ? r - 1 : r] = mask == last ? shape[k].dim[r - 1] * d : d;
        }
        r += mask != last;
        last = mask;
    }
    for (int32_t k = 0; k < n; k++) {
        shape[k].rank = r;
    }
    return true;
}

struct onnx_val *make_each(struct onnx_call *c, int32_t type, const struct op *op, const void *attrs, int32_t n,
                           struct onnx_val *const *in)
{
    int64_t dim[ONNX_MAX_RANK];
    int32_t rank = 0;
    struct shape shape[MAKE_IN];
    struct onnx_val *part[MAKE_IN], *out = NULL;
    struct onnx_val sum = {0};
    bool high = false;
    for (int32_t i = 0; i < n; i++) {
        if (in[i] == NULL || !dims_broadcast(c, i > 0 ? &sum : in[0], in[i], &rank, dim)) {
            return NULL;
        }
        sum.rank = rank;
        memcpy(sum.dim, dim, sizeof dim);
        high = high || in[i]->rank > SHAPE_MAX_RANK;
    }
    size_t count = 0;
    if (!dims_count(c, rank, dim, &count) || count == 0) {
        return call_ok(c) ? val_fill_new(c, type, rank, dim, 0) : NULL;
    }
    if (!high) {
        return make_node(c, type, op, attrs, n, in);
    }
    if (!merge_shapes(c, rank, dim, n, in, shape)) {
        return NULL;
    }
    for (int32_t k = 0; k < n; k++) {
        int64_t d[SHAPE_MAX_RANK];
        for (int32_t i = 0; i < shape[k].rank; i++) {
            d[i] = shape[k].dim[i];
        }
        part[k] = move_view(c, in[k], shape[k].rank, d);
    }
    out = make_node(c, type, op, attrs, n, part);
    return move_view(c, out, rank, dim);
}

struct onnx_val *make_unary(struct onnx_call *c, const struct op *op, const void *attrs, struct onnx_val *x)
{
    return x != NULL ? make_each(c, x->type, op, attrs, 1, &x) : NULL;
}

struct onnx_val *make_binary(struct onnx_call *c, const struct op *op, struct onnx_val *x, struct onnx_val *y)
{
    return x != NULL ? make_each(c, x->type, op, NULL, 2, (struct onnx_val *[]){x, y}) : NULL;
}

struct onnx_val *make_affine(struct onnx_call *c, struct onnx_val *x, double scale, double shift)
{
    return make_unary(c, &op_affine, (&(struct affine_attrs){(float)scale, (float)shift}), x);
}

/* --- reductions --- */

/* Merges neighbours that are both reduced or both kept: the same reduction at rank 5 or less. */
static struct onnx_val *reduce_merged(struct onnx_call *c, const struct op *op, struct onnx_val *x, uint32_t axes)
{
    int64_t dim[ONNX_MAX_RANK];
    int32_t r = 0;
    uint32_t merged = 0, last = 2;
    for (int32_t i = 0; i < x->rank; i++) {
        uint32_t on = axes >> i & 1;
        if (on == last) {
            dim[r - 1] *= x->dim[i];
        } else {
            dim[r] = x->dim[i];
            merged |= on << r;
            r++;
        }
        last = on;
    }
    struct onnx_val *flat = move_view(c, x, r, dim);
    struct reduce_attrs a = {.axes = (int32_t)merged, .keepdims = 0};
    return make_node(c, x->type, op, &a, 1, &flat);
}

struct onnx_val *make_reduce(struct onnx_call *c, const struct op *op, struct onnx_val *x, uint32_t axes, bool keep)
{
    int64_t dim[ONNX_MAX_RANK];
    int32_t rank = 0;
    if (x == NULL || !call_ok(c)) {
        return NULL;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if ((axes >> i & 1) == 0) {
            dim[rank++] = x->dim[i];
        } else if (keep) {
            dim[rank++] = 1;
        }
    }
    if (axes == 0) {
        return val_copy(c, x);
    }
    if (x->rank <= SHAPE_MAX_RANK) {
        struct reduce_attrs a = {.axes = (int32_t)axes, .keepdims = keep};
        return make_node(c, x->type, op, &a, 1, &x);
    }
    return move_view(c, reduce_merged(c, op, x, axes), rank, dim);
}
