/* Convolutions in parts (graph_split) compute what the whole ones do: scores, layers, gradients, guided
 * backpropagation and Grad-CAM, by the reference executor and on a device; and parts of weights read no more than their
 * window.
 *
 * LABELS: gpu */
#include "support/check.h"

#include <string.h>

#include "base/rng.h"
#include "explain/emit.h"
#include "support/toy.h"
#include "vk/device.h"

static limn_error err;

enum { SIDE = 6, N_X = 2 * 6 * SIDE * SIDE, CLASSES = 5, MOST = 2 * 64 * 144, N_MAP = 3 };

struct net {
    struct graph *g;
    value_id x, select, logits, layer[6], map[N_MAP];
    size_t n_layer;
};

static value_id toy_transpose(struct builder *b, const char *name, value_id x, int32_t channels, int32_t groups,
                              uint64_t seed)
{
    struct conv_attrs a = conv_attrs_2d(2, 0, 1, groups);
    const struct shape s = *build_shape(b, x);
    a.size[0] = 1;
    a.size[1] = 2 * s.dim[2];
    a.size[2] = 2 * s.dim[3];
    value_id w = toy_const(b, SHAPE(s.dim[1], channels / groups, 2, 2), seed, 0.0, 0.4);
    return build(b, &op_conv_transpose, name, &a, x, w, toy_const(b, SHAPE(channels), seed + 1, 0.0, 0.3));
}

static value_id grouped(struct builder *b, const char *name, value_id x, int32_t channels, int32_t groups,
                        uint64_t seed)
{
    struct conv_attrs a = conv_attrs_2d(1, 1, 1, groups);
    value_id w = toy_const(b, SHAPE(channels, build_shape(b, x)->dim[1] / groups, 3, 3), seed, 0.0, 0.2);
    return build(b, &op_conv, name, &a, x, w, toy_const(b, SHAPE(channels), seed + 1, 0.0, 0.3));
}

/* A convolution with BatchNorm, one in groups, one transposed, one whose result is large, one whose input is. */
static void build_net(struct net *n, struct builder *b)
{
    struct conv_attrs down = conv_attrs_2d(2, 1, 1, 1);
    n->x = toy_input(b, "x", SHAPE(2, 6, SIDE, SIDE));
    value_id h = build(b, &op_relu, NULL, NULL,
                       n->layer[n->n_layer++] = toy_bn(b, "c1", toy_conv(b, NULL, n->x, 24, 3, true, 3), 5));
    h = build(b, &op_relu, NULL, NULL, n->layer[n->n_layer++] = grouped(b, "c2", h, 32, 2, 11));
    h = build(b, &op_relu, NULL, NULL, n->layer[n->n_layer++] = toy_transpose(b, "up", h, 16, 1, 15));
    h = n->layer[n->n_layer++] = build(b, &op_relu6, NULL, NULL, toy_conv(b, "wide", h, 64, 1, true, 17));
    h = build(b, &op_relu, NULL, NULL,
              n->layer[n->n_layer++] =
                  build(b, &op_conv, "down", &down, h, toy_const(b, SHAPE(8, 64, 3, 3), 21, 0.0, 0.1)));
    h = n->layer[n->n_layer++] = toy_transpose(b, "up2", h, 12, 4, 25);
    n->logits = toy_head(b, h, CLASSES, 31);
    for (size_t i = 0; i < n->n_layer; i++) {
        n->g->value[n->layer[i]].flags |= VALUE_TAP | VALUE_OUTPUT;
    }
    n->g->value[n->logits].flags |= VALUE_OUTPUT;
}

static size_t count_convs(const struct graph *g)
{
    return toy_live(g, &op_conv) + toy_live(g, &op_conv_transpose);
}

/* max_bytes 0: whole. *convs: how many convolutions the forward graph has. */
static void make(struct net *n, uint64_t max_bytes, size_t *convs)
{
    const struct device_caps caps = {.max_storage_range = max_bytes};
    *n = (struct net){0};
    CHECK_OK(graph_create(&n->g, &err));
    struct builder b = {n->g, LIMN_OK, &err};
    build_net(n, &b);
    CHECK_OK(b.status);
    CHECK_OK(graph_optimise(n->g, OPTIMISE_DEAD | OPTIMISE_BN, &err));
    CHECK_OK(graph_split(n->g, max_bytes > 0 ? &caps : NULL, &err));
    *convs = count_convs(n->g);
    CHECK_OK(graph_input(n->g, "select", SHAPE(2, CLASSES), &n->select, &err));
    const struct method_site site = {&b, n->x, n->logits, n->select, n->layer + 3, 1};
    n->map[0] = emit_input_gradient(&site, GATE_VANILLA);
    n->map[1] = emit_input_gradient(&site, GATE_GUIDED);
    n->map[2] = emit_gradcam(&site);
    CHECK_OK(b.status);
    for (int i = 0; i < N_MAP; i++) {
        n->g->value[n->map[i]].flags |= VALUE_OUTPUT;
    }
    CHECK_OK(graph_optimise(n->g, OPTIMISE_ALL, &err));
    CHECK(toy_ordered(n->g));
}

/* Largest |a - b| relative to the largest |a|. */
static double difference(const double *a, const double *b, size_t n)
{
    double most = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs(a[i] - b[i]));
        size = fmax(size, fabs(a[i]));
    }
    CHECK(size > 1e-3);
    return most / size;
}

static size_t elems(const struct net *n, value_id v)
{
    return shape_elems(&n->g->value[v].shape);
}

static value_id watched(const struct net *n, size_t i)
{
    return i < n->n_layer ? n->layer[i] : i == n->n_layer ? n->logits : n->map[i - n->n_layer - 1];
}

static void fill(double *x, double *select)
{
    for (size_t i = 0; i < N_X; i++) {
        x[i] = (double)(float)rng_symmetric(5, i);
    }
    memset(select, 0, 2 * CLASSES * sizeof(*select));
    select[1] = select[CLASSES + 3] = 1;
}

/* No part is larger than asked for. */
static void check_sizes(const struct graph *g, uint64_t max_bytes)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const struct node *n = &g->node[i];
        if (n->dead || (n->op != &op_conv && n->op != &op_conv_transpose)) {
            continue;
        }
        for (int k = 0; k < 2; k++) {
            const struct shape *s = &g->value[n->in[k]].shape;
            CHECK(shape_elems(s) * 4 / (size_t)(k == CONV_X ? s->dim[0] : 1) <= max_bytes);
        }
        const struct shape *y = &g->value[n->out[0]].shape;
        CHECK(shape_elems(y) * 4 / (size_t)y->dim[0] <= max_bytes);
    }
}

static void test_parts(uint64_t max_bytes, size_t expect_convs, struct vk_device *dev)
{
    static double a[MOST], b[MOST];
    static float x32[N_X], select32[2 * CLASSES], y32[MOST];
    double x[N_X], select[2 * CLASSES];
    struct net whole, parts;
    struct exec *e = NULL;
    size_t convs[2];
    make(&whole, 0, &convs[0]);
    make(&parts, max_bytes, &convs[1]);
    CHECK_INT(convs[0], 6);
    CHECK_INT(convs[1], expect_convs);
    check_sizes(parts.g, max_bytes);
    CHECK_INT(graph_find(parts.g, "c2"), whole.layer[1]);
    fill(x, select);
    for (size_t i = 0; i < N_X; i++) {
        x32[i] = (float)x[i];
    }
    for (size_t i = 0; i < 2 * CLASSES; i++) {
        select32[i] = (float)select[i];
    }
    if (dev != NULL) {
        CHECK_OK(exec_vk_create(dev, parts.g, &(struct exec_params){0}, &e, &err));
        CHECK_OK(exec_set(e, parts.x, x32, N_X, &err));
        CHECK_OK(exec_set(e, parts.select, select32, 2 * CLASSES, &err));
        CHECK_OK(exec_run(e, 0, 1, &err));
    }
    for (size_t i = 0; i < whole.n_layer + 1 + N_MAP; i++) {
        value_id v = watched(&whole, i), w = watched(&parts, i);
        size_t n = elems(&whole, v);
        CHECK(n <= MOST && elems(&parts, w) == n);
        CHECK_OK(toy_run(whole.g, (struct toy_feed[]){{whole.x, x}, {whole.select, select}}, 2, v, a, &err));
        CHECK_OK(toy_run(parts.g, (struct toy_feed[]){{parts.x, x}, {parts.select, select}}, 2, w, b, &err));
        CHECK(difference(a, b, n) < 1e-12);
        if (dev != NULL) {
            CHECK_OK(exec_get(e, w, y32, n, &err));
            for (size_t k = 0; k < n; k++) {
                b[k] = (double)y32[k];
            }
            CHECK(difference(a, b, n) < 2e-5); /* sums of up to 576 products in float32 */
        }
    }
    exec_destroy(&e);
    graph_destroy(&whole.g);
    graph_destroy(&parts.g);
}

/* --- what is read --- */

struct counted {
    struct const_source source;
    size_t total, read, most, calls;
};

static limn_status counted_part(const struct const_source *s, size_t first, float *dst, size_t n, limn_error *e)
{
    struct counted *c = (struct counted *)s;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        dst[i] = (float)rng_symmetric(7, first + i);
    }
    c->calls++;
    c->read += n;
    c->most = n > c->most ? n : c->most;
    return LIMN_OK;
}

static limn_status counted_all(const struct const_source *s, float *dst, size_t n, limn_error *e)
{
    return counted_part(s, 0, dst, n, e);
}

/* Every part of the weight is its window; `ranged` tells whether the source can read parts. */
static void test_reads(bool ranged, bool trained)
{
    const struct device_caps caps = {.max_storage_range = 8192};
    const size_t total = 64 * 16 * 9, row = 16 * 9;
    struct counted c = {.source = {.read = counted_all, .read_part = ranged ? counted_part : NULL}, .total = total};
    static float want[64 * 16 * 9], got[64 * 16 * 9];
    struct conv_attrs attrs = conv_attrs_2d(1, 1, 1, 1);
    struct graph *g = NULL;
    value_id w = VALUE_NONE;
    size_t at = 0, parts = 0;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(1, 16, 3, 3));
    CHECK_OK(graph_const(g, "w", SHAPE(64, 16, 3, 3), &c.source, &w, &err));
    g->value[w].flags |= trained ? VALUE_PARAM : 0;
    value_id y = build(&b, &op_conv, "y", &attrs, x, w);
    CHECK_OK(b.status);
    g->value[y].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_split(g, &caps, &err));
    CHECK_INT(toy_live(g, &op_slice), trained ? 8 : 0);
    CHECK_OK(counted_part(&c.source, 0, want, total, &err));
    c = (struct counted){.source = c.source, .total = total};
    for (size_t i = 0; i < g->n_node && !trained; i++) {
        const struct value *v = g->node[i].op == &op_conv ? &g->value[g->node[i].in[CONV_W]] : NULL;
        if (v != NULL) {
            size_t n = shape_elems(&v->shape);
            CHECK(n * 4 <= caps.max_storage_range && n % row == 0 && at + n <= total);
            CHECK_OK(const_read(v, got + at, n, &err));
            at += n;
            parts++;
        }
    }
    CHECK(trained || (at == total && memcmp(got, want, sizeof(want)) == 0));
    CHECK_INT(c.read, trained ? 0 : ranged ? total : parts * total);
    CHECK(!ranged || c.most * 4 <= caps.max_storage_range);
    CHECK(trained || parts == 8);
    graph_destroy(&g);
}

/* A trained weight: the gradient of the whole comes back from the parts. */
static void test_trained(void)
{
    const struct device_caps caps = {.max_storage_range = 3000};
    double x[4 * 9], w[24 * 4 * 9], grad[2][24 * 4 * 9];
    for (size_t i = 0; i < 4 * 9; i++) {
        x[i] = rng_symmetric(1, i);
    }
    for (size_t i = 0; i < sizeof(w) / sizeof(w[0]); i++) {
        w[i] = rng_symmetric(2, i);
    }
    for (int split = 0; split < 2; split++) {
        struct graph *g = NULL;
        struct conv_attrs attrs = conv_attrs_2d(1, 1, 1, 1);
        value_id to = VALUE_NONE;
        CHECK_OK(graph_create(&g, &err));
        struct builder b = {g, LIMN_OK, &err};
        value_id in = toy_input(&b, "x", SHAPE(1, 4, 3, 3)), weight = toy_input(&b, "w", SHAPE(24, 4, 3, 3));
        value_id y = build(&b, &op_conv, "y", &attrs, in, weight);
        CHECK_OK(graph_split(g, split ? &caps : NULL, &err));
        CHECK_INT(toy_live(g, &op_conv), split ? 3 : 1);
        value_id seed = toy_const(&b, SHAPE(1, 24, 3, 3), 9, 0.0, 1.0);
        CHECK_OK(b.status);
        CHECK_OK(autodiff(g, NULL, y, seed, &weight, 1, &to, &err));
        g->value[to].flags |= VALUE_OUTPUT;
        CHECK_OK(toy_run(g, (struct toy_feed[]){{in, x}, {weight, w}}, 2, to, grad[split], &err));
        graph_destroy(&g);
    }
    CHECK(difference(grad[0], grad[1], sizeof(w) / sizeof(w[0])) < 1e-12);
}

int main(void)
{
    struct vk_device *dev = NULL;
    if (vk_device_open("cpu", &dev, &err) != LIMN_OK) {
        printf("no device: %s\n", err.text);
    }
    test_parts(1 << 20, 6, NULL);
    test_parts(20000, 10, NULL);
    test_parts(10000, 17, dev);
    test_parts(5000, 53, dev);
    test_parts(3500, 86, NULL);
    test_reads(true, false);
    test_reads(false, false);
    test_reads(true, true);
    test_trained();
    vk_device_close(&dev);
    return check_done();
}
