/* Every method on nets small enough to compute by hand, by the reference executor. */
#include "support/check.h"

#include "base/rng.h"
#include "explain/emit.h"
#include "support/toy.h"

static limn_error err;

enum { SIDE = 4, PIX = SIDE * SIDE, CH = 2, K = 2, N = 2 };

/* input [N,1,4,4] -> conv 1x1 to two channels -> relu = layer A -> average pool 2 = layer P -> mean -> Linear */
static const float CONV_WEIGHT[CH] = {1.0f, -0.5f};
static const float FC[K * CH] = {2.0f, 1.0f, -1.0f, 3.0f};

struct net {
    struct graph *g;
    struct builder b;
    value_id input, logits, select, layer[2];
    double x[N * PIX], one_hot[N * K];
};

static void net_init(struct net *t, float logit_shift)
{
    CHECK_OK(graph_create(&t->g, &err));
    t->b = (struct builder){t->g, LIMN_OK, &err};
    struct builder *b = &t->b;
    struct conv_attrs conv = conv_attrs_2d(1, 0, 1, 1);
    struct pool_attrs pool = {.size = {1, 2, 2}, .stride = {1, 2, 2}, .dilation = {1, 1, 1}};
    struct matmul_attrs fc = {.trans_b = 1};
    t->input = toy_input(b, "input", SHAPE(N, 1, SIDE, SIDE));
    value_id h = build(b, &op_conv, "conv", &conv, t->input, toy_values(b, SHAPE(CH, 1, 1, 1), CONV_WEIGHT));
    t->layer[0] = h = build(b, &op_relu, "A", NULL, h);
    t->layer[1] = h = build(b, &op_avg_pool, "P", &pool, h);
    h = build_reduce(b, &op_reduce_mean, h, 1 << 2 | 1 << 3, false);
    h = build(b, &op_matmul, "fc", &fc, h, toy_values(b, SHAPE(K, CH), FC));
    t->logits = build_affine(b, h, 1.0f, logit_shift);
    t->select = toy_input(b, "select", SHAPE(N, K));
    CHECK_OK(b->status);
    t->g->value[t->select].flags |= VALUE_LATE;
    for (int i = 0; i < N * PIX; i++) {
        t->x[i] = 2.0 * rng_symmetric(77, (uint64_t)i);
    }
    for (int i = 0; i < N * K; i++) {
        t->one_hot[i] = i == 0 || i == 3; /* image 0: class 0, image 1: class 1 */
    }
}

/* The map of a method on layers[first..first + n), optimised as a plan does it. */
static void net_map(const char *name, float shift, size_t first, size_t n_layers, double *map, size_t count)
{
    struct net t;
    net_init(&t, shift);
    const struct method_site site = {&t.b, t.input, t.logits, t.select, t.layer + first, n_layers};
    const struct method *m = method_find(name);
    CHECK(m != NULL);
    for (size_t i = 0; i < n_layers; i++) {
        t.g->value[t.layer[first + i]].flags |= VALUE_TAP;
    }
    value_id v = m->emit(&site);
    CHECK_OK(t.b.status);
    CHECK_INT(shape_elems(&t.g->value[v].shape), count);
    CHECK_INT(t.g->value[v].shape.rank, m->kind == MAP_CAM ? 3 : 4);
    t.g->value[v].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(t.g, OPTIMISE_ALL, &err));
    struct toy_feed feed[] = {{t.input, t.x}, {t.select, t.one_hot}};
    CHECK_OK(toy_run(t.g, feed, 2, v, map, &err));
    graph_destroy(&t.g);
}

/* A[n,k,i] and its gradient G[n,k], the same at every pixel because the head only averages. */
static double act(const struct net *t, int n, int k, int i)
{
    return fmax(0.0, t->x[n * PIX + i] * (double)CONV_WEIGHT[k]);
}

static double grad(int n, int k)
{
    return (double)FC[n * CH + k] / PIX; /* image n asks for class n */
}

static void check_maps(const double *got, const double *want, size_t n, double tol)
{
    double most = 0.0;
    for (size_t i = 0; i < n; i++) {
        CHECK_NEAR(got[i], want[i], tol);
        most = fmax(most, fabs(want[i]));
    }
    CHECK(most > 0.0);
}

static void test_gradients(void)
{
    struct net t;
    double want[4][N * PIX], got[N * PIX];
    static const char *const name[] = {"gradient", "input-x-gradient", "guided-backprop", "deconvnet"};
    net_init(&t, 0.0f);
    for (int i = 0; i < N * PIX; i++) {
        int n = i / PIX;
        double sum[3] = {0, 0, 0};
        for (int k = 0; k < CH; k++) {
            double w = (double)CONV_WEIGHT[k], g = grad(n, k);
            bool on = t.x[i] * w > 0.0;
            sum[0] += on ? w * g : 0.0;
            sum[1] += on && g > 0.0 ? w * g : 0.0;
            sum[2] += g > 0.0 ? w * g : 0.0;
        }
        want[0][i] = sum[0];
        want[1][i] = sum[0] * t.x[i];
        want[2][i] = sum[1];
        want[3][i] = sum[2];
    }
    for (int m = 0; m < 4; m++) {
        net_map(name[m], 0.0f, 0, 0, got, N * PIX);
        check_maps(got, want[m], N * PIX, 1e-7);
    }
    graph_destroy(&t.g);
}

/* score = c . relu6(x): the four cases of each rule on one vector each. */
static void test_relu6_rules(void)
{
    enum { M = 6 };
    static const double x_data[M] = {-1, 3, 7, -1, 3, 7}, one = 1.0;
    static const float c[M] = {2, 2, 2, -2, -2, -2};
    static const struct {
        enum gate rule;
        double want[M];
    } rows[] = {
        {GATE_VANILLA, {0, 2, 0, 0, -2, 0}}, {GATE_GUIDED, {0, 2, 0, 0, 0, 0}}, {GATE_DECONV, {2, 2, 2, 0, 0, 0}}};
    for (size_t r = 0; r < 3; r++) {
        double got[M];
        struct graph *g = NULL;
        CHECK_OK(graph_create(&g, &err));
        struct builder b = {g, LIMN_OK, &err};
        struct matmul_attrs fc = {0};
        value_id x = toy_input(&b, "x", SHAPE(1, M)), select = toy_input(&b, "select", SHAPE(1, 1));
        value_id h = build(&b, &op_relu6, NULL, NULL, x);
        value_id y = build(&b, &op_matmul, NULL, &fc, h, toy_values(&b, SHAPE(M, 1), c));
        value_id grad = emit_input_gradient(&(struct method_site){&b, x, y, select, NULL, 0}, rows[r].rule);
        CHECK_OK(b.status);
        g->value[grad].flags |= VALUE_OUTPUT;
        CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
        CHECK_OK(toy_run(g, (struct toy_feed[]){{x, x_data}, {select, &one}}, 2, grad, got, &err));
        for (int i = 0; i < M; i++) {
            CHECK_NEAR(got[i], rows[r].want[i], 0);
        }
        graph_destroy(&g);
    }
}

/* The weight of channel k per METHODS 2.1, from A and the constant G. */
static double cam_weight(const struct net *t, const char *name, int n, int k)
{
    double g = grad(n, k), sum = 0.0;
    for (int i = 0; i < PIX; i++) {
        sum += act(t, n, k, i);
    }
    if (strcmp(name, "layercam") == 0) {
        return fmax(g, 0.0);
    }
    if (strcmp(name, "xgradcam") == 0) {
        return g * sum / (sum + 1e-7);
    }
    if (strcmp(name, "gradcam++") == 0) {
        return PIX * fmax(g, 0.0) * g * g / (2 * g * g + sum * g * g * g + 1e-6);
    }
    return g; /* gradcam, hirescam */
}

static void test_cams(void)
{
    static const char *const name[] = {"gradcam", "hirescam", "layercam", "xgradcam", "gradcam++"};
    struct net t;
    double want[N * PIX], got[N * PIX];
    net_init(&t, 0.0f);
    for (size_t m = 0; m < sizeof(name) / sizeof(name[0]); m++) {
        for (int i = 0; i < N * PIX; i++) {
            int n = i / PIX;
            double sum = 0.0;
            for (int k = 0; k < CH; k++) {
                sum += cam_weight(&t, name[m], n, k) * act(&t, n, k, i % PIX);
            }
            want[i] = fmax(sum, 0.0);
        }
        net_map(name[m], 0.0f, 0, 1, got, N * PIX);
        check_maps(got, want, N * PIX, 1e-6);
    }
    graph_destroy(&t.g);
}

/* Grad-CAM at the pooled layer: [N,2,2]. */
static void cam_pooled(const struct net *t, double *map)
{
    for (int i = 0; i < N * 4; i++) {
        int n = i / 4, row = i % 4 / 2 * 2, col = i % 2 * 2;
        double sum = 0.0;
        for (int k = 0; k < CH; k++) {
            double mean = 0.0;
            for (int p = 0; p < 4; p++) {
                mean += act(t, n, k, (row + p / 2) * SIDE + col + p % 2) / 4;
            }
            sum += (double)FC[n * CH + k] / 4 * mean;
        }
        map[i] = fmax(sum, 0.0);
    }
}

/* 2x2 to 4x4: samples at -0.25, 0.25, 0.75, 1.25, edges clamped. */
static double upsampled(const double *map, int y, int x)
{
    static const double second[SIDE] = {0.0, 0.25, 0.75, 1.0};
    double top = map[0] * (1 - second[x]) + map[1] * second[x];
    double bottom = map[2] * (1 - second[x]) + map[3] * second[x];
    return top * (1 - second[y]) + bottom * second[y];
}

static void test_resized(void)
{
    struct net t;
    double pooled[N * 4], at_relu[N * PIX], guided[N * PIX], want[N * PIX], got[N * PIX];
    net_init(&t, 0.0f);
    cam_pooled(&t, pooled);
    net_map("gradcam", 0.0f, 1, 1, got, N * 4);
    check_maps(got, pooled, N * 4, 1e-7);
    net_map("gradcam", 0.0f, 0, 1, at_relu, N * PIX);
    net_map("guided-backprop", 0.0f, 0, 0, guided, N * PIX);
    for (int i = 0; i < N * PIX; i++) {
        want[i] = guided[i] * upsampled(pooled + i / PIX * 4, i % PIX / SIDE, i % SIDE);
    }
    net_map("guided-gradcam", 0.0f, 1, 1, got, N * PIX);
    check_maps(got, want, N * PIX, 1e-7);
    for (int i = 0; i < N * PIX; i++) { /* several layers: the mean at the resolution of the largest */
        want[i] = 0.5 * (at_relu[i] + upsampled(pooled + i / PIX * 4, i % PIX / SIDE, i % SIDE));
    }
    net_map("gradcam", 0.0f, 0, 2, got, N * PIX);
    check_maps(got, want, N * PIX, 1e-7);
    graph_destroy(&t.g);
}

/* A constant added to every logit changes no map. */
static void test_logit_shift(void)
{
    double a[N * PIX], b[N * PIX];
    net_map("gradcam", 0.0f, 0, 1, a, N * PIX);
    net_map("gradcam", 1000.0f, 0, 1, b, N * PIX);
    check_maps(a, b, N * PIX, 0.0);
}

/* Grad-CAM alone computes nothing below its layer, and methods share what they have in common. */
static void test_work_is_shared(void)
{
    static const char *const name[] = {"gradient", "input-x-gradient", "gradcam", "hirescam"};
    struct net t;
    for (int both = 0; both < 2; both++) {
        net_init(&t, 0.0f);
        const struct method_site site = {&t.b, t.input, t.logits, t.select, t.layer, 1};
        for (size_t i = both ? 0 : 2; i < 4; i++) {
            value_id map = method_find(name[i])->emit(&site); /* moves the values */
            t.g->value[map].flags |= VALUE_OUTPUT;
        }
        CHECK_OK(t.b.status);
        CHECK_OK(graph_optimise(t.g, OPTIMISE_ALL, &err));
        CHECK_INT(toy_live(t.g, &op_conv_transpose), both);
        CHECK_INT(toy_live(t.g, &op_avg_pool_grad), 1);
        graph_destroy(&t.g);
    }
}

static void test_table(void)
{
    const struct method *m = NULL;
    CHECK(method_count() >= 10);
    for (size_t i = 0; i < method_count(); i++) {
        CHECK_OK(method_resolve(method_at(i)->name, &m, &err));
        CHECK(m == method_at(i) && m->title != NULL && m->doc != NULL && m->emit != NULL);
    }
    CHECK_INT(method_resolve("grad-cam", &m, &err), LIMN_ERR_NOT_FOUND);
    CHECK(strstr(err.text, "did you mean gradcam?") != NULL);
    CHECK_INT(method_resolve("zzzzzzzzzzzz", &m, &err), LIMN_ERR_NOT_FOUND);
}

int main(void)
{
    test_gradients();
    test_relu6_rules();
    test_cams();
    test_resized();
    test_logit_shift();
    test_work_is_shared();
    test_table();
    return check_done();
}
