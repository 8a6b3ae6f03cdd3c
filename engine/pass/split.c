/* Convolutions whose weight, or one sample of whose input or result, is more than a device binds become convolutions of
 * parts: w is cut along its two channel axes, which are the channels of x and y,
 *   conv:            y_i = sum over j of conv(x_j, w_ij),            y = concat of y_i
 *   conv_transpose:  y_j = sum over i of conv_transpose(x_i, w_ij),  y = concat of y_j
 * and groups are cut between groups, or one by one where a single group is too large. The sum runs through the `add`
 * input. The last node takes the result's name. This is for a forward graph, after BatchNorm folding and before
 * differentiation: the backward of the parts is again in parts. A part of a fixed weight is a constant that reads its
 * window when an executor asks; of any other weight, a slice. */
#include <string.h>

#include "ops/conv_geom.h"
#include "pass/pass.h"

/* Rows and columns of a weight seen as [rows, columns, k...]; whole rows where columns = all columns. */
struct window {
    int32_t row, rows, col, cols;
};

struct part_source {
    struct const_source base;
    const struct const_source *from;
    size_t total, row_elems, col_elems; /* of the weight, of its row, of one column of a row */
    struct window w;
};

struct job {
    struct builder b;
    uint64_t max_bytes;
    const struct conv_attrs *attrs;
    bool transposed;
    value_id w, bias;
    int32_t rows, cols;                     /* of w, per group */
    int32_t rows_fit, cols_fit, groups_fit; /* of a part */
    value_id part[OP_MAX_IN];
    int32_t n_part;
};

static limn_status part_read(const struct const_source *base, float *dst, size_t n, limn_error *err)
{
    const struct part_source *s = (const struct part_source *)base;
    size_t first = (size_t)s->w.row * s->row_elems, rows = (size_t)s->w.rows, cols = (size_t)s->w.cols * s->col_elems;
    float *whole = NULL;
    limn_status st = LIMN_OK;
    if (cols == s->row_elems) {
        return const_source_part(s->from, s->total, first, dst, n, err);
    }
    whole = mem_alloc(rows * s->row_elems, sizeof(*whole));
    if (whole == NULL) {
        TRY(err_nomem(err, rows * s->row_elems * sizeof(*whole), "a part of a weight"));
    }
    TRY(const_source_part(s->from, s->total, first, whole, rows * s->row_elems, err));
    for (size_t i = 0; i < rows; i++) {
        memcpy(dst + i * cols, whole + i * s->row_elems + (size_t)s->w.col * s->col_elems, cols * sizeof(*dst));
    }
out:
    mem_free(whole);
    return st;
}

static value_id take(struct job *j, value_id v, int axis, int32_t first, int32_t size)
{
    struct shape s = *build_shape(&j->b, v);
    struct slice_attrs a = {.step = {1, 1, 1, 1, 1}};
    if (s.dim[axis] == size) {
        return v;
    }
    memcpy(a.size, s.dim, sizeof(a.size));
    a.begin[axis] = first;
    a.size[axis] = size;
    return build(&j->b, &op_slice, NULL, &a, v);
}

/* A window of a constant [rows, columns...], or of anything else by slices. */
static value_id take_window(struct job *j, value_id v, const struct window *w)
{
    struct graph *g = j->b.g;
    struct shape shape = *build_shape(&j->b, v);
    value_id out = VALUE_NONE;
    if (v == VALUE_NONE || j->b.status != LIMN_OK) {
        return VALUE_NONE;
    }
    if (g->value[v].kind != VALUE_CONST || (g->value[v].flags & VALUE_PARAM) != 0) {
        value_id rows = take(j, v, 0, w->row, w->rows);
        return shape.rank < 2 ? rows : take(j, rows, 1, w->col, w->cols);
    }
    struct part_source *s = arena_alloc(&g->arena, 1, sizeof(*s));
    if (s == NULL) {
        j->b.status = err_nomem(j->b.err, sizeof(*s), "a part of a weight");
        return VALUE_NONE;
    }
    size_t total = shape_elems(&shape), row = total / (size_t)shape.dim[0];
    size_t columns = shape.rank < 2 ? 1 : (size_t)shape.dim[1];
    *s = (struct part_source){{.read = part_read}, g->value[v].source, total, row, row / columns, *w};
    shape.dim[0] = w->rows;
    if (shape.rank > 1) {
        shape.dim[1] = w->cols;
    }
    j->b.status = graph_const(g, NULL, shape, &s->base, &out, j->b.err);
    return out;
}

/* Channels first .. first + n - 1 of the bias, which is [channels]. */
static value_id take_bias(struct job *j, int32_t first, int32_t n)
{
    return take_window(j, j->bias, &(struct window){first, n, 0, 1});
}

static value_id conv_part(struct job *j, value_id x, const struct window *w, int32_t groups, value_id bias,
                          value_id add)
{
    struct conv_attrs a = *j->attrs;
    a.groups = groups;
    return build(&j->b, j->transposed ? &op_conv_transpose : &op_conv, NULL, &a, x, take_window(j, j->w, w), bias, add);
}

static void add_part(struct job *j, value_id v)
{
    if (j->b.status == LIMN_OK && j->n_part == OP_MAX_IN) {
        j->b.status = err_set(j->b.err, LIMN_ERR_UNSUPPORTED, "%s: more than %d parts of %llu bytes",
                              j->transposed ? "conv_transpose" : "conv", OP_MAX_IN, (unsigned long long)j->max_bytes);
    } else if (j->b.status == LIMN_OK) {
        j->part[j->n_part++] = v;
    }
}

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Parts of about the same size: the fewest of at most `fit` each, in eights where that is no more parts. */
static int32_t part_size(int32_t all, int32_t fit)
{
    int32_t n = (all + fit - 1) / fit, even = (all + n - 1) / n, eights = (even + 7) / 8 * 8;
    return eights <= fit ? eights : even;
}

/* One group: x has its channels; its rows and result begin at those of group `group`. */
static void split_group(struct job *j, value_id x, int32_t group)
{
    const int32_t n_in = j->transposed ? j->rows : j->cols, n_out = j->transposed ? j->cols : j->rows;
    const int32_t in = part_size(n_in, j->transposed ? j->rows_fit : j->cols_fit);
    const int32_t out = part_size(n_out, j->transposed ? j->cols_fit : j->rows_fit);
    for (int32_t y = 0; y < n_out; y += out) {
        int32_t n_y = least(out, n_out - y);
        value_id sum = VALUE_NONE;
        for (int32_t c = 0; c < n_in; c += in) {
            int32_t n_c = least(in, n_in - c);
            struct window w = j->transposed ? (struct window){group * j->rows + c, n_c, y, n_y}
                                            : (struct window){group * j->rows + y, n_y, c, n_c};
            value_id bias = c == 0 ? take_bias(j, group * n_out + y, n_y) : VALUE_NONE;
            sum = conv_part(j, take(j, x, 1, c, n_c), &w, 1, bias, sum);
        }
        add_part(j, sum);
    }
}

static void split_groups(struct job *j, value_id x)
{
    const int32_t all = j->attrs->groups, n_in = j->transposed ? j->rows : j->cols;
    const int32_t n_out = j->transposed ? j->cols : j->rows;
    const int32_t per = j->groups_fit > 0 && all > 1 ? part_size(all, least(j->groups_fit, all)) : 1;
    for (int32_t at = 0; at < all; at += per) {
        int32_t n = least(per, all - at);
        value_id part = take(j, x, 1, at * n_in, n * n_in);
        if (all == 1 || j->groups_fit == 0) {
            split_group(j, part, at);
        } else {
            struct window w = {at * j->rows, n * j->rows, 0, j->cols};
            value_id bias = take_bias(j, at * n_out, n * n_out);
            add_part(j, conv_part(j, part, &w, n, bias, VALUE_NONE));
        }
    }
}

static uint64_t padded(int32_t n, int32_t to)
{
    return ((uint64_t)n + (uint64_t)to - 1) / (uint64_t)to * (uint64_t)to;
}

/* How many of `each` bytes fit, in eights where there are that many. */
static int32_t fitting(const struct job *j, uint64_t each)
{
    uint64_t n = j->max_bytes / each;
    n = n > INT32_MAX ? INT32_MAX : n;
    return (int32_t)(n >= 8 ? n / 8 * 8 : n);
}

/* Bytes of one channel of x or y with the padding that kernels may put around it, in either direction. */
static uint64_t plane_bytes(const struct conv_geom *g, const int32_t dim[3])
{
    uint64_t n = 4;
    for (int i = 0; i < 3; i++) {
        n *= (uint64_t)dim[i] + 2 * (uint64_t)(g->k[i] - 1) * (uint64_t)g->dilation[i];
    }
    return n;
}

/* Sizes of parts; false when the node is fine as it is, or cannot be helped (its plan then says why). */
static bool measure(struct job *j, const struct conv_geom *g)
{
    const uint64_t max = j->max_bytes, taps = conv_volume(g->k) * 4, groups = (uint64_t)g->groups;
    const uint64_t big = (uint64_t)g->c * conv_volume(g->big) * 4, small = (uint64_t)g->m * conv_volume(g->small) * 4;
    const bool depthwise = g->c == 1 && g->m == 1;
    uint64_t weight = taps * (depthwise ? 1 : padded(g->m, 8) * padded(g->c, 8));
    if (groups * weight <= max && groups * big <= max && groups * small <= max) {
        return false;
    }
    /* rows of w are channels of the convolution's result ("small"), columns those of its input ("big") */
    uint64_t big_plane = plane_bytes(g, g->big), small_plane = plane_bytes(g, g->small);
    int32_t one = least(fitting(j, weight), fitting(j, padded(g->c, depthwise ? 1 : 4) * big_plane));
    j->groups_fit = least(one, fitting(j, padded(g->m, depthwise ? 1 : 4) * small_plane));
    j->cols_fit = least(fitting(j, big_plane), g->c);
    j->rows_fit = least(fitting(j, small_plane), g->m);
    j->rows_fit = j->cols_fit < 1 ? 0 : least(j->rows_fit, fitting(j, padded(j->cols_fit, 8) * taps));
    j->rows = g->m;
    j->cols = g->c;
    return (j->groups_fit > 0 && g->groups > 1) || j->rows_fit > 0;
}

/* Node `index` becomes the concatenation of its parts, which are appended (split_order puts them before it). */
static limn_status split_node(struct graph *g, size_t index, uint64_t max_bytes, limn_error *err)
{
    const struct node n = g->node[index];
    struct job j = {.b = {g, LIMN_OK, err}, .max_bytes = max_bytes, .attrs = n.attrs, .w = n.in[CONV_W]};
    struct concat_attrs *concat = NULL;
    struct conv_geom geom;
    struct shape shapes[CONV_N_IN + 1];
    struct op_call call;
    limn_status st = LIMN_OK;
    j.transposed = n.op == &op_conv_transpose;
    j.bias = n.n_in > CONV_BIAS ? n.in[CONV_BIAS] : VALUE_NONE;
    graph_call(g, &n, shapes, &call);
    TRY(conv_geom_of(&call, j.transposed, &geom, err));
    if (!measure(&j, &geom)) {
        return LIMN_OK;
    }
    split_groups(&j, n.in[CONV_X]);
    TRY(j.b.status);
    value_id *in = arena_alloc(&g->arena, (size_t)j.n_part, sizeof(*in));
    concat = arena_alloc(&g->arena, 1, sizeof(*concat));
    if (in == NULL || concat == NULL) {
        TRY(err_nomem(err, sizeof(*in) * (size_t)j.n_part, "a split convolution"));
    }
    struct node *to = &g->node[index];
    if (j.n_part == 1) { /* the last of a sum stands for the node */
        struct node *last = &g->node[g->value[j.part[0]].producer];
        to->attrs = last->attrs;
        to->in = last->in;
        to->n_in = last->n_in;
        last->dead = true;
        return LIMN_OK;
    }
    memcpy(in, j.part, (size_t)j.n_part * sizeof(*in));
    concat->axis = 1;
    to->op = &op_concat;
    to->attrs = concat;
    to->in = in;
    to->n_in = j.n_part;
out:
    return st;
}

static bool is_plain(const struct node *n)
{
    const struct conv_attrs *a = n->attrs;
    if (n->dead || (n->op != &op_conv && n->op != &op_conv_transpose) || a->epi.act != ACT_NONE ||
        a->epi.gate != GATE_NONE) {
        return false;
    }
    for (int32_t i = CONV_ADD; i < n->n_in; i++) {
        if (n->in[i] != VALUE_NONE) {
            return false;
        }
    }
    return true;
}

/* Moves the nodes from `first[i]` on to before node i, for i < n: each appended block belongs to one node. */
static limn_status split_order(struct graph *g, const size_t *first, size_t n, limn_error *err)
{
    size_t at = 0;
    struct node *sorted = mem_alloc(g->n_node, sizeof(*sorted));
    if (sorted == NULL) {
        return err_nomem(err, g->n_node * sizeof(*sorted), "the order of a graph");
    }
    for (size_t i = 0; i < n; i++) {
        size_t block = first[i + 1] - first[i];
        memcpy(sorted + at, g->node + first[i], block * sizeof(*sorted));
        at += block;
        sorted[at++] = g->node[i];
    }
    memcpy(g->node, sorted, g->n_node * sizeof(*sorted));
    mem_free(sorted);
    for (size_t i = 0; i < g->n_node; i++) {
        for (int32_t k = 0; k < g->node[i].n_out; k++) {
            g->value[g->node[i].out[k]].producer = (int32_t)i;
        }
    }
    return LIMN_OK;
}

limn_status graph_split(struct graph *g, const struct device_caps *caps, limn_error *err)
{
    const size_t n = g->n_node;
    limn_status st = LIMN_OK;
    size_t *first = caps != NULL ? mem_alloc(n + 1, sizeof(*first)) : NULL; /* appended for node i: first[i] on */
    if (caps == NULL) {
        return LIMN_OK;
    }
    if (first == NULL) {
        return err_nomem(err, (n + 1) * sizeof(*first), "the splitting of weights");
    }
    for (size_t i = 0; i < n; i++) {
        first[i] = g->n_node;
        if (is_plain(&g->node[i])) {
            TRY(split_node(g, i, caps->max_storage_range, err));
        }
    }
    first[n] = g->n_node;
    if (g->n_node > n) {
        TRY(split_order(g, first, n, err));
    }
out:
    mem_free(first);
    return st;
}
