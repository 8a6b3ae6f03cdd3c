/* Rewrites keep every output and tap: optimised against plain, by the reference executor. */
#include "support/check.h"

#include "base/rng.h"
#include "support/toy.h"

static limn_error err;

enum { N_X = 2 * 4 * 5 * 5, N_TAP = N_X, K = 3 };

/* --- BatchNorm --- */

struct bn_case {
    bool transposed, bias;
    int32_t groups;
};

/* conv -> BN [-> second reader]; returns the BN's value. */
static value_id build_bn_case(struct builder *b, const struct bn_case *c, value_id x, value_id *conv)
{
    struct conv_attrs attrs = conv_attrs_2d(1, 1, 1, c->groups);
    const int32_t cin = 4, cout = 6;
    struct shape w = c->transposed ? SHAPE(cin, cout / c->groups, 3, 3) : SHAPE(cout, cin / c->groups, 3, 3);
    attrs.size[0] = c->transposed ? 1 : 0;
    attrs.size[1] = attrs.size[2] = c->transposed ? 5 : 0;
    value_id bias = c->bias ? toy_const(b, SHAPE(cout), 8, 0.0, 0.5) : VALUE_NONE;
    value_id weight = toy_const(b, w, 7, 0.0, 0.5);
    *conv = build(b, c->transposed ? &op_conv_transpose : &op_conv, "conv", &attrs, x, weight, bias);
    return toy_bn(b, "bn", *conv, 50);
}

static void test_bn_fold(const struct bn_case *c)
{
    double x_data[N_X], plain[2 * 6 * 25], folded[2 * 6 * 25], most = 0.0;
    value_id conv, x, bn;
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    x = toy_input(&b, "x", SHAPE(2, 4, 5, 5));
    bn = build_bn_case(&b, c, x, &conv);
    CHECK_OK(b.status);
    g->value[bn].flags |= VALUE_OUTPUT;
    for (size_t i = 0; i < N_X; i++) {
        x_data[i] = rng_symmetric(5, i);
    }
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, bn, plain, &err));
    CHECK_OK(graph_optimise(g, OPTIMISE_BN, &err));
    CHECK_INT(toy_live(g, &op_batch_norm), 0);
    CHECK_INT(toy_live(g, NULL), 1);
    CHECK(toy_ordered(g));
    CHECK_INT(graph_find(g, "bn"), bn);
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, bn, folded, &err));
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        most = fmax(most, fabs(plain[i] - folded[i]));
    }
    CHECK(most < 1e-6); /* folded weights are rounded to float32 once */
    CHECK(most > 0.0);
    graph_destroy(&g);
}

/* `hold`: 0 tap on the convolution, 1 a second reader, 2 a trainable weight. */
static void test_bn_stays(int hold)
{
    struct graph *g = NULL;
    value_id conv;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id bn = build_bn_case(&b, &(struct bn_case){false, true, 1}, toy_input(&b, "x", SHAPE(2, 4, 5, 5)), &conv);
    if (hold == 0) {
        g->value[conv].flags |= VALUE_TAP;
    } else if (hold == 1) {
        value_id second = build_affine(&b, conv, 2.0f, 0.0f);
        g->value[second].flags |= VALUE_OUTPUT;
    } else {
        g->value[g->node[g->value[conv].producer].in[CONV_W]].flags |= VALUE_PARAM;
    }
    g->value[bn].flags |= VALUE_OUTPUT;
    CHECK_OK(b.status);
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_INT(toy_live(g, &op_batch_norm), 1);
    CHECK_INT(toy_live(g, &op_conv), 1);
    graph_destroy(&g);
}

/* --- epilogues, counted --- */

/* x -> conv -> +bias constant -> +x -> relu; `tap`: which of the four values is a tap (-1: none). */
static void test_forward_chain(int tap, size_t expect_live)
{
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id v[4], x = toy_input(&b, "x", SHAPE(2, 4, 5, 5));
    v[0] = toy_conv(&b, "conv", x, 4, 3, false, 3);
    v[1] = build_add(&b, v[0], toy_const(&b, SHAPE(1, 4, 1, 1), 9, 0.0, 1.0));
    v[2] = build_add(&b, x, v[1]);
    v[3] = build(&b, &op_relu, "relu", NULL, v[2]);
    CHECK_OK(b.status);
    g->value[v[3]].flags |= VALUE_OUTPUT;
    double x_data[N_X], before[2][N_TAP], after[2][N_TAP];
    for (size_t i = 0; i < N_X; i++) {
        x_data[i] = rng_symmetric(6, i);
    }
    value_id watched = tap >= 0 ? v[tap] : v[3];
    g->value[watched].flags |= VALUE_TAP | VALUE_OUTPUT;
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, v[3], before[0], &err));
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, watched, before[1], &err));
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_INT(toy_live(g, NULL), expect_live);
    CHECK(toy_ordered(g));
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, v[3], after[0], &err));
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, watched, after[1], &err));
    for (size_t i = 0; i < N_TAP; i++) {
        CHECK_NEAR(after[0][i], before[0][i], 1e-12);
        CHECK_NEAR(after[1][i], before[1][i], 1e-12);
    }
    graph_destroy(&g);
}

/* Two convolutions meet in an addition: the later one takes it, the earlier stays an input made before it. */
static void test_residual_meets(void)
{
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2, 4, 5, 5));
    value_id one = toy_conv(&b, "one", x, 4, 3, true, 3), two = toy_conv(&b, "two", x, 4, 1, true, 5);
    value_id y = build(&b, &op_relu6, "y", NULL, build_add(&b, one, two));
    CHECK_OK(b.status);
    g->value[y].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_INT(toy_live(g, NULL), 2);
    CHECK(toy_ordered(g));
    const struct node *n = &g->node[g->value[y].producer];
    CHECK_INT(n->in[CONV_ADD], one);
    CHECK_INT(((const struct conv_attrs *)n->attrs)->epi.act, ACT_RELU6);
    graph_destroy(&g);
}

/* relu(conv(x)) + x is not relu(conv(x) + x). */
static void test_add_behind_activation(void)
{
    struct graph *g = NULL;
    double x_data[N_X], before[N_X], after[N_X];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2, 4, 5, 5));
    value_id y = build_add(&b, build(&b, &op_relu, "relu", NULL, toy_conv(&b, "conv", x, 4, 3, true, 3)), x);
    CHECK_OK(b.status);
    g->value[y].flags |= VALUE_OUTPUT;
    for (size_t i = 0; i < N_X; i++) {
        x_data[i] = rng_symmetric(8, i);
    }
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, y, before, &err));
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_INT(toy_live(g, NULL), 2);
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, y, after, &err));
    for (size_t i = 0; i < N_X; i++) {
        CHECK_NEAR(after[i], before[i], 1e-12);
    }
    graph_destroy(&g);
}

/* What runs once per image must not move into what runs once per class. */
static void test_stages_stay_apart(void)
{
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2, 4, 5, 5)), late = toy_input(&b, "late", SHAPE(2, 4, 5, 5));
    value_id y = build_add(&b, toy_conv(&b, "conv", x, 4, 3, false, 3), late);
    CHECK_OK(b.status);
    g->value[late].flags |= VALUE_LATE;
    g->value[y].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_INT(toy_live(g, &op_conv), 1);
    CHECK_INT(toy_live(g, &op_add), 1);
    graph_destroy(&g);
}

static void test_same_nodes_merge(void)
{
    struct graph *g = NULL;
    value_id first = VALUE_NONE, second = VALUE_NONE;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2, 4, 5, 5)), seed = toy_input(&b, "seed", SHAPE(2, K));
    value_id y = toy_head(&b, build(&b, &op_relu, "relu", NULL, toy_conv(&b, "conv", x, 4, 3, true, 3)), K, 4);
    value_id copy = build(&b, &op_relu, "named", NULL, graph_find(g, "conv"));
    CHECK_OK(b.status);
    CHECK_OK(autodiff(g, NULL, y, seed, &x, 1, &first, &err));
    CHECK_OK(autodiff(g, NULL, y, seed, &x, 1, &second, &err));
    value_id sum = build_add(&b, first, second);
    g->value[sum].flags |= VALUE_OUTPUT;
    g->value[copy].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(g, OPTIMISE_SAME | OPTIMISE_DEAD, &err));
    CHECK_INT(toy_live(g, &op_conv_transpose), 1);
    CHECK_INT(toy_live(g, &op_relu), 2); /* names stay */
    const struct node *n = &g->node[g->value[sum].producer];
    CHECK_INT(n->in[0], n->in[1]);
    CHECK(toy_ordered(g));
    graph_destroy(&g);
}

/* The bias of a batched product runs along its last dimension: one along another, of the same length, stays an add. */
static void batch_bias(struct shape bias, size_t adds)
{
    double x_data[2 * 3 * 3], plain[2 * 3 * 3], fast[2 * 3 * 3];
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    struct matmul_attrs none = {.trans_a = 0};
    value_id x = toy_input(&b, "x", SHAPE(2, 3, 3)), w = toy_const(&b, SHAPE(2, 3, 3), 3, 0.0, 0.5);
    value_id y = build_add(&b, build(&b, &op_matmul, "mm", &none, x, w), toy_const(&b, bias, 4, 0.0, 0.5));
    CHECK_OK(b.status);
    g->value[y].flags |= VALUE_OUTPUT;
    for (size_t i = 0; i < 18; i++) {
        x_data[i] = rng_symmetric(5, i);
    }
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, y, plain, &err));
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_INT(toy_live(g, &op_add), adds);
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, y, fast, &err));
    for (size_t i = 0; i < 18; i++) {
        CHECK_NEAR(fast[i], plain[i], 1e-12);
    }
    graph_destroy(&g);
}

/* Two activations in one concatenation, as in SqueezeNet: `outside` reads the first of them elsewhere too, and then its
 * gradient is more than the slice. */
static void fire_gradient(bool optimised, bool outside, double *grad, size_t *gates)
{
    struct graph *g = NULL;
    value_id dx = VALUE_NONE;
    double x_data[N_X], seed_data[2 * K];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    struct concat_attrs axis = {.axis = 1};
    value_id x = toy_input(&b, "x", SHAPE(2, 4, 5, 5)), seed = toy_input(&b, "seed", SHAPE(2, K));
    value_id one = build(&b, &op_relu, "one", NULL, toy_conv(&b, NULL, x, 3, 1, true, 3));
    value_id two = build(&b, &op_relu, "two", NULL, toy_conv(&b, NULL, x, 5, 3, true, 5));
    value_id h = toy_conv(&b, NULL, build(&b, &op_concat, "cat", &axis, one, two), 4, 1, true, 7);
    h = outside ? build_add(&b, h, toy_conv(&b, NULL, one, 4, 1, false, 9)) : h;
    value_id y = toy_head(&b, h, K, 11);
    CHECK_OK(b.status);
    CHECK_OK(autodiff(g, NULL, y, seed, &x, 1, &dx, &err));
    g->value[y].flags |= VALUE_OUTPUT; /* so that the concatenation itself is needed */
    g->value[dx].flags |= VALUE_OUTPUT;
    for (size_t i = 0; i < N_X; i++) {
        x_data[i] = rng_symmetric(12, i);
    }
    for (size_t i = 0; i < 2 * K; i++) {
        seed_data[i] = rng_symmetric(13, i);
    }
    if (optimised) {
        CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
        CHECK(toy_ordered(g));
    }
    *gates = toy_live(g, &op_act_gate);
    CHECK_INT(toy_live(g, &op_slice), 2);
    CHECK_OK(toy_run(g, (struct toy_feed[]){{x, x_data}, {seed, seed_data}}, 2, dx, grad, &err));
    graph_destroy(&g);
}

static void test_gates_before_slices(void)
{
    double plain[N_X], fast[N_X];
    size_t gates;
    for (int outside = 0; outside < 2; outside++) {
        fire_gradient(false, outside, plain, &gates);
        CHECK_INT(gates, 2);
        fire_gradient(true, outside, fast, &gates);
        CHECK_INT(gates, outside ? 1 : 0);
        for (size_t i = 0; i < N_X; i++) {
            CHECK_NEAR(fast[i], plain[i], 1e-12);
        }
    }
}

/* --- random nets --- */

struct random_net {
    struct graph *g;
    value_id x, seed, y, tap, grad;
};

static void random_net(struct random_net *r, uint64_t seed)
{
    value_id pool[40];
    uint64_t draw = 0;
    size_t n = 1;
    CHECK_OK(graph_create(&r->g, &err));
    struct builder b = {r->g, LIMN_OK, &err};
    pool[0] = r->x = toy_input(&b, "x", SHAPE(2, 4, 5, 5));
    for (int i = 0; i < 16; i++) {
        value_id from = pool[n - 1 - rng_u64(seed, draw++) % (n < 3 ? n : 3)];
        value_id other = pool[rng_u64(seed, draw++) % n];
        uint64_t kind = rng_u64(seed, draw++) % 8, size = 1 + 2 * (rng_u64(seed, draw++) % 2);
        value_id v;
        if (kind < 3) {
            v = toy_conv(&b, NULL, from, 4, (int32_t)size, kind == 1, seed + draw);
        } else if (kind == 3) {
            v = toy_bn(&b, NULL, toy_conv(&b, NULL, from, 4, 3, true, seed + draw), draw);
        } else if (kind < 6) {
            v = build(&b, kind == 4 ? &op_relu : &op_relu6, NULL, NULL, from);
        } else {
            v = build_add(&b, from, other);
        }
        pool[n++] = v;
    }
    r->tap = pool[n / 2];
    r->y = toy_head(&b, pool[n - 1], K, seed);
    r->seed = toy_input(&b, "seed", SHAPE(2, K));
    CHECK_OK(b.status);
    r->g->value[r->seed].flags |= VALUE_LATE;
    r->g->value[r->tap].flags |= VALUE_TAP | VALUE_OUTPUT;
    r->g->value[r->y].flags |= VALUE_OUTPUT;
}

static void random_net_read(struct random_net *r, double *tap, double *y, double *grad)
{
    double x[N_X], seed[2 * K];
    for (size_t i = 0; i < N_X; i++) {
        x[i] = rng_symmetric(100, i);
    }
    for (size_t i = 0; i < 2 * K; i++) {
        seed[i] = rng_symmetric(101, i);
    }
    struct toy_feed feed[] = {{r->x, x}, {r->seed, seed}};
    CHECK_OK(toy_run(r->g, feed, 2, r->tap, tap, &err));
    CHECK_OK(toy_run(r->g, feed, 2, r->y, y, &err));
    CHECK_OK(toy_run(r->g, feed, 2, r->grad, grad, &err));
}

static double relative_error(const double *a, const double *b, size_t n)
{
    double worst = 0.0, most = 1e-30;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs(a[i] - b[i]));
        most = fmax(most, fabs(a[i]));
    }
    return worst / most;
}

static void test_random_net(uint64_t seed, size_t *saved)
{
    struct random_net plain, fast;
    double tap[2][N_TAP], y[2][2 * K], grad[2][N_X];
    random_net(&plain, seed);
    random_net(&fast, seed);
    CHECK_OK(graph_optimise(fast.g, OPTIMISE_DEAD | OPTIMISE_BN, &err));
    for (int i = 0; i < 2; i++) {
        struct random_net *r = i == 0 ? &plain : &fast;
        CHECK_OK(autodiff(r->g, NULL, r->y, r->seed, &r->x, 1, &r->grad, &err));
        struct builder b = {r->g, LIMN_OK, &err};
        r->grad = build_affine(&b, r->grad, 1.0f, 0.0f);
        CHECK_OK(b.status);
        r->g->value[r->grad].flags |= VALUE_OUTPUT;
    }
    CHECK_OK(graph_optimise(fast.g, OPTIMISE_ALL, &err));
    CHECK(toy_ordered(fast.g));
    CHECK(toy_live(fast.g, NULL) <= toy_live(plain.g, NULL));
    *saved += toy_live(plain.g, NULL) - toy_live(fast.g, NULL);
    random_net_read(&plain, tap[0], y[0], grad[0]);
    random_net_read(&fast, tap[1], y[1], grad[1]);
    CHECK(relative_error(tap[0], tap[1], N_TAP) < 1e-5);
    CHECK(relative_error(y[0], y[1], 2 * K) < 1e-5);
    CHECK(relative_error(grad[0], grad[1], N_X) < 1e-5);
    CHECK_OK(graph_optimise(fast.g, OPTIMISE_ALL, &err)); /* nothing left that breaks on a second pass */
    CHECK(toy_ordered(fast.g));
    random_net_read(&fast, tap[1], y[1], grad[1]);
    CHECK(relative_error(grad[0], grad[1], N_X) < 1e-5);
    graph_destroy(&plain.g);
    graph_destroy(&fast.g);
}

int main(void)
{
    static const struct bn_case bn[] = {{false, false, 1}, {false, true, 2}, {true, false, 1}, {true, true, 2}};
    size_t saved = 0;
    for (size_t i = 0; i < sizeof(bn) / sizeof(bn[0]); i++) {
        test_bn_fold(&bn[i]);
    }
    for (int hold = 0; hold < 3; hold++) {
        test_bn_stays(hold);
    }
    test_forward_chain(-1, 1);
    test_forward_chain(3, 1);
    test_forward_chain(2, 2);
    test_forward_chain(0, 4);
    test_residual_meets();
    test_add_behind_activation();
    test_stages_stay_apart();
    test_same_nodes_merge();
    batch_bias(SHAPE(3), 0);
    batch_bias(SHAPE(1, 1, 3), 0);
    batch_bias(SHAPE(3, 1), 1);
    test_gates_before_slices();
    for (uint64_t seed = 1; seed <= 24; seed++) {
        test_random_net(1000 * seed, &saved);
    }
    CHECK(saved > 100);
    return check_done();
}
