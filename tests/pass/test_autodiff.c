/* Differentiation against central differences of the reference executor in double, with a random cotangent. */
#include "support/check.h"

#include "base/rng.h"
#include "support/toy.h"

enum { X_N = 2 * 3 * 6 * 6, W_N = 4 * 3 * 3 * 3, K = 5, Y_N = 2 * K };

static limn_error err;

struct fixture {
    struct graph *g;
    value_id x, w, y, seed, mid;
    double x_data[X_N], w_data[W_N], seed_data[Y_N];
};

static void fill(double *v, size_t n, uint64_t stream)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = rng_symmetric(stream, i);
    }
}

/* conv(w is an input) -> BN -> act -> max pool -> two branches -> add -> act -> head */
static void fixture_init(struct fixture *f, const struct op *act, const struct op *act2)
{
    CHECK_OK(graph_create(&f->g, &err));
    struct builder b = {f->g, LIMN_OK, &err};
    struct conv_attrs attrs = conv_attrs_2d(1, 1, 1, 1);
    struct pool_attrs pool = {.size = {1, 2, 2}, .stride = {1, 2, 2}, .dilation = {1, 1, 1}};
    f->x = toy_input(&b, "x", SHAPE(2, 3, 6, 6));
    f->w = toy_input(&b, "w", SHAPE(4, 3, 3, 3));
    value_id h = toy_bn(&b, "bn", build(&b, &op_conv, "conv1", &attrs, f->x, f->w), 10);
    h = build(&b, &op_max_pool, "pool", &pool, build(&b, act, "act1", NULL, h));
    f->mid = h;
    value_id left = toy_conv(&b, "left", h, 4, 3, true, 20), right = toy_conv(&b, "right", h, 4, 1, false, 30);
    h = build(&b, act2, "act2", NULL, build_add(&b, build_add(&b, left, right), h));
    f->y = toy_head(&b, h, K, 40);
    f->seed = toy_input(&b, "seed", SHAPE(2, K));
    CHECK_OK(b.status);
    fill(f->x_data, X_N, 1);
    fill(f->w_data, W_N, 2);
    fill(f->seed_data, Y_N, 3);
}

/* <seed, y> at the fixture's data. */
static double score(struct fixture *f)
{
    double y[Y_N], s = 0.0;
    struct toy_feed feed[] = {{f->x, f->x_data}, {f->w, f->w_data}, {f->seed, f->seed_data}};
    f->g->value[f->y].flags |= VALUE_OUTPUT;
    CHECK_OK(toy_run(f->g, feed, 3, f->y, y, &err));
    for (int i = 0; i < Y_N; i++) {
        s += f->seed_data[i] * y[i];
    }
    return s;
}

static void read_value(struct fixture *f, value_id v, double *dst)
{
    struct toy_feed feed[] = {{f->x, f->x_data}, {f->w, f->w_data}, {f->seed, f->seed_data}};
    f->g->value[v].flags |= VALUE_OUTPUT;
    CHECK_OK(toy_run(f->g, feed, 3, v, dst, &err));
}

/* Compares every k-th entry of `grad` with central differences in `data`. */
static void check_against_differences(struct fixture *f, double *data, size_t n, size_t step, const double *grad)
{
    const double eps = 1e-6;
    for (size_t i = 0; i < n; i += step) {
        double keep = data[i];
        data[i] = keep + eps;
        double above = score(f);
        data[i] = keep - eps;
        double below = score(f);
        data[i] = keep;
        CHECK_NEAR(grad[i], (above - below) / (2 * eps), 2e-7);
    }
}

static void test_gradients(const struct op *act, const struct op *act2)
{
    struct fixture f;
    value_id grad[2] = {VALUE_NONE, VALUE_NONE};
    double gx[X_N], gw[W_N];
    fixture_init(&f, act, act2);
    CHECK_OK(autodiff(f.g, NULL, f.y, f.seed, (value_id[]){f.x, f.w}, 2, grad, &err));
    read_value(&f, grad[0], gx);
    read_value(&f, grad[1], gw);
    check_against_differences(&f, f.x_data, X_N, 7, gx);
    check_against_differences(&f, f.w_data, W_N, 5, gw);
    graph_destroy(&f.g);
}

/* d <v, dscore/dx> / dx against differences of the gradient. */
static void test_twice(void)
{
    struct fixture f;
    value_id grad = VALUE_NONE, hv = VALUE_NONE;
    static double v_data[X_N], hessian[X_N], above[X_N], below[X_N];
    const double eps = 1e-5;
    fixture_init(&f, &op_sigmoid, &op_tanh);
    struct builder b = {f.g, LIMN_OK, &err};
    CHECK_OK(autodiff(f.g, NULL, f.y, f.seed, &f.x, 1, &grad, &err));
    float *v = toy_random(4, X_N, 1.0);
    value_id v_const = toy_values(&b, SHAPE(2, 3, 6, 6), v);
    CHECK_OK(b.status);
    CHECK_OK(autodiff(f.g, NULL, grad, v_const, &f.x, 1, &hv, &err));
    read_value(&f, hv, hessian);
    for (size_t i = 0; i < X_N; i++) {
        v_data[i] = (double)v[i];
    }
    for (size_t i = 0; i < X_N; i++) {
        f.x_data[i] += eps * v_data[i];
    }
    read_value(&f, grad, above);
    for (size_t i = 0; i < X_N; i++) {
        f.x_data[i] -= 2 * eps * v_data[i];
    }
    read_value(&f, grad, below);
    double most = 0.0;
    for (size_t i = 0; i < X_N; i++) { /* the Hessian is symmetric: Hv either way */
        CHECK_NEAR(hessian[i], (above[i] - below[i]) / (2 * eps), 1e-7);
        most = fmax(most, fabs(hessian[i]));
    }
    CHECK(most > 1e-3);
    mem_free(v);
    graph_destroy(&f.g);
}

static void test_stops_at_target(void)
{
    struct fixture f;
    value_id grad = VALUE_NONE;
    fixture_init(&f, &op_relu, &op_relu6);
    size_t before = toy_live(f.g, NULL);
    CHECK_OK(autodiff(f.g, NULL, f.y, f.seed, &f.mid, 1, &grad, &err));
    CHECK(toy_live(f.g, NULL) > before);
    CHECK_INT(toy_live(f.g, &op_conv_transpose), 2); /* of left and right; conv1 is below the target */
    CHECK_INT(toy_live(f.g, &op_conv_weight_grad), 0);
    CHECK_INT(toy_live(f.g, &op_max_pool_grad), 0);
    graph_destroy(&f.g);
}

/* y = x * x + x: contributions of several readers add up; y itself as target; a value y does not depend on. */
static void test_fan_out(void)
{
    struct graph *g = NULL;
    double out[3];
    value_id grad[3];
    const double x_data[] = {1.5, -2.0, 0.25}, one[] = {1, 1, 1};
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(3)), seed = toy_input(&b, "seed", SHAPE(3));
    value_id other = toy_input(&b, "other", SHAPE(2, 2));
    value_id y = build_add(&b, build_mul(&b, x, x), x);
    CHECK_OK(b.status);
    CHECK_OK(autodiff(g, NULL, y, seed, (value_id[]){x, y, other}, 3, grad, &err));
    CHECK_INT(grad[1], seed);
    CHECK(g->value[grad[2]].kind == VALUE_CONST);
    CHECK_INT(shape_elems(&g->value[grad[2]].shape), 4);
    g->value[grad[0]].flags |= VALUE_OUTPUT;
    struct toy_feed feed[] = {{x, x_data}, {seed, one}};
    CHECK_OK(toy_run(g, feed, 2, grad[0], out, &err));
    for (int i = 0; i < 3; i++) {
        CHECK_NEAR(out[i], 2 * x_data[i] + 1, 1e-12);
    }
    CHECK_INT(autodiff(g, NULL, y, other, &x, 1, grad, &err), LIMN_ERR_SHAPE);
    CHECK(strstr(err.text, "2x2") != NULL && strstr(err.text, "expected 3") != NULL);
    graph_destroy(&g);
}

static void triple(struct vjp *v)
{
    v->gin[0] = build_affine(v->b, v->gout[0], 3.0f, 0.0f);
}

/* A rule replaces the derivative of its operator and of no other. */
static void test_rule(void)
{
    struct graph *g = NULL;
    double out[2];
    value_id grad = VALUE_NONE;
    const double x_data[] = {-1.0, 2.0}, one[] = {1, 1};
    const struct vjp_rule rule = {&op_relu, triple};
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2)), seed = toy_input(&b, "seed", SHAPE(2));
    value_id y = build_affine(&b, build(&b, &op_relu, NULL, NULL, x), 5.0f, 1.0f);
    CHECK_OK(b.status);
    CHECK_OK(autodiff(g, &(struct autodiff){.rules = &rule, .n_rules = 1}, y, seed, &x, 1, &grad, &err));
    g->value[grad].flags |= VALUE_OUTPUT;
    CHECK_OK(toy_run(g, (struct toy_feed[]){{x, x_data}, {seed, one}}, 2, grad, out, &err));
    CHECK_NEAR(out[0], 15.0, 1e-12);
    CHECK_NEAR(out[1], 15.0, 1e-12);
    graph_destroy(&g);
}

int main(void)
{
    test_gradients(&op_relu, &op_relu6);
    test_gradients(&op_tanh, &op_silu);
    test_twice();
    test_stops_at_target();
    test_fan_out();
    test_rule();
    return check_done();
}
