/* Sequences of tensors: lists that exist while importing only. What exporters make of chunk and split comes out as
 * plain slices. Positions must be known at load. */
#include <string.h>

#include "model/onnx/import.h"

static struct onnx_val *sequence_new(struct onnx_call *c, size_t n)
{
    struct onnx_val *v = val_scalar(c, ONNX_UNDEFINED, 0);
    struct onnx_val **item = v != NULL ? arena_alloc(&c->m->arena, n + 1, sizeof *item) : NULL;
    if (item == NULL) {
        call_fail(c, LIMN_ERR_NOMEM, "out of memory: a sequence of %zu tensors", n);
        return NULL;
    }
    v->sequence = true;
    v->item = item;
    v->n_item = n;
    return v;
}

/* The sequence that input 0 is; NULL with an error. */
static struct onnx_val *sequence_in(struct onnx_call *c)
{
    struct onnx_val *s = call_in(c, 0);
    if (!s->sequence) {
        call_fail(c, LIMN_ERR_FORMAT, "\"%.80s\" is no sequence", s->name);
        return NULL;
    }
    return s;
}

/* A position among n, negative ones counted from the end; also the one behind them when `behind`. */
static size_t position(struct onnx_call *c, struct onnx_val *v, size_t n, bool behind, size_t def)
{
    int64_t at = (int64_t)def;
    if (v == NULL) {
        return def;
    }
    if (val_ints(c, v, &at, 1) != 1) {
        call_fail(c, LIMN_ERR_FORMAT, "no position");
        return 0;
    }
    at = at < 0 ? at + (int64_t)n : at;
    if (at < 0 || at >= (int64_t)n + behind) {
        call_fail(c, LIMN_ERR_FORMAT, "position %lld of %zu", (long long)at, n);
        return 0;
    }
    return (size_t)at;
}

void onnx_sequence_construct(struct onnx_call *c)
{
    struct onnx_val *s = sequence_new(c, c->n_in);
    for (size_t i = 0; i < c->n_in && s != NULL; i++) {
        if (c->in[i] == NULL || c->in[i]->sequence) {
            call_fail(c, LIMN_ERR_FORMAT, "input %zu is no tensor", i);
            return;
        }
        s->item[i] = c->in[i];
    }
    c->out[0] = s;
}

void onnx_sequence_empty(struct onnx_call *c)
{
    c->out[0] = sequence_new(c, 0);
}

void onnx_sequence_length(struct onnx_call *c)
{
    struct onnx_val *s = sequence_in(c);
    c->out[0] = s != NULL ? val_scalar(c, ONNX_INT64, (double)s->n_item) : NULL;
}

void onnx_sequence_at(struct onnx_call *c)
{
    struct onnx_val *s = sequence_in(c);
    size_t at = s != NULL ? position(c, call_in(c, 1), s->n_item, false, 0) : 0;
    c->out[0] = s != NULL && call_ok(c) ? val_copy(c, s->item[at]) : NULL;
}

void onnx_sequence_insert(struct onnx_call *c)
{
    struct onnx_val *s = sequence_in(c), *x = call_in(c, 1);
    size_t at = s != NULL ? position(c, call_in(c, 2), s->n_item, true, s->n_item) : 0;
    struct onnx_val *to = s != NULL && call_ok(c) ? sequence_new(c, s->n_item + 1) : NULL;
    if (to == NULL || x->sequence) {
        call_fail(c, LIMN_ERR_FORMAT, "input 1 is no tensor");
        return;
    }
    memcpy(to->item, s->item, at * sizeof(struct onnx_val *));
    memcpy(to->item + at + 1, s->item + at, (s->n_item - at) * sizeof(struct onnx_val *));
    to->item[at] = x;
    c->out[0] = to;
}

void onnx_sequence_erase(struct onnx_call *c)
{
    struct onnx_val *s = sequence_in(c);
    size_t at = s != NULL ? position(c, call_in(c, 1), s->n_item, false, s->n_item - 1) : 0;
    struct onnx_val *to = s != NULL && s->n_item > 0 && call_ok(c) ? sequence_new(c, s->n_item - 1) : NULL;
    if (to == NULL) {
        call_fail(c, LIMN_ERR_FORMAT, "nothing to erase");
        return;
    }
    memcpy(to->item, s->item, at * sizeof(struct onnx_val *));
    memcpy(to->item + at, s->item + at + 1, (s->n_item - 1 - at) * sizeof(struct onnx_val *));
    c->out[0] = to;
}

/* Pieces of equal size (the last shorter), or of the sizes given; single ones lose the axis without keepdims. */
void onnx_split_to_sequence(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *sizes = call_in(c, 1);
    int32_t axis = x->sequence ? 0 : attr_axis(c, "axis", 0, x->rank);
    int64_t total = call_ok(c) && x->rank > 0 ? x->dim[axis] : 0, each = 1, at = 0;
    const double *num = sizes != NULL ? val_numbers(c, sizes) : NULL;
    bool listed = num != NULL && sizes->rank == 1, drop = sizes == NULL && !attr_flag(c, "keepdims", true);
    if (!call_ok(c) || x->sequence || x->rank < 1 || (num != NULL && !listed && !(num[0] >= 1 && num[0] <= 1e9))) {
        call_fail(c, LIMN_ERR_FORMAT, "no tensor to split or no sizes");
        return;
    }
    each = num != NULL && !listed ? (int64_t)num[0] : 1;
    size_t n = listed ? sizes->n : (size_t)((total + each - 1) / each);
    struct onnx_val *s = n <= OP_MAX_IN ? sequence_new(c, n) : NULL;
    for (size_t i = 0; i < n && s != NULL && call_ok(c); i++) {
        int64_t left = total - at, size = !listed                                 ? (each < left ? each : left)
                                          : num[i] >= 0 && num[i] <= (double)left ? (int64_t)num[i]
                                                                                  : -1;
        if (size < 0) {
            call_fail(c, LIMN_ERR_SHAPE, "piece %zu of %g elements, %lld are left", i, num[i], (long long)left);
            return;
        }
        s->item[i] = move_slice(c, x, axis, at, size, 1);
        at += size;
        if (drop && s->item[i] != NULL) {
            int64_t dim[ONNX_MAX_RANK];
            memcpy(dim, x->dim, sizeof dim);
            memmove(dim + axis, dim + axis + 1, (size_t)(x->rank - axis - 1) * sizeof *dim);
            s->item[i] = move_view(c, s->item[i], x->rank - 1, dim);
        }
    }
    if (s == NULL || at != total) {
        call_fail(c, LIMN_ERR_SHAPE, "%zu pieces do not make up %lld elements", n, (long long)total);
    }
    c->out[0] = s;
}

/* Joined along an axis, or along a new one. */
void onnx_concat_from_sequence(struct onnx_call *c)
{
    struct onnx_val *s = sequence_in(c);
    bool stack = attr_flag(c, "new_axis", false);
    if (s == NULL || s->n_item == 0) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "the result is empty");
        return;
    }
    int32_t rank = s->item[0]->rank + (stack ? 1 : 0), axis = attr_axis(c, "axis", INT64_MIN, rank);
    struct onnx_val **x = arena_alloc(&c->m->arena, s->n_item, sizeof *x);
    for (size_t i = 0; i < s->n_item && x != NULL && call_ok(c); i++) {
        int64_t dim[ONNX_MAX_RANK + 1];
        const struct onnx_val *v = s->item[i];
        for (int32_t k = 0; k < rank && stack && rank <= ONNX_MAX_RANK; k++) {
            dim[k] = k == axis ? 1 : v->dim[k < axis ? k : k - 1];
        }
        x[i] = !stack ? s->item[i] : v->rank + 1 == rank ? move_view(c, s->item[i], rank, dim) : NULL;
    }
    c->out[0] = x != NULL && call_ok(c) ? move_concat(c, x, s->n_item, axis) : NULL;
}
