/* Activations that are spelled out become one operator with the same numbers; what only looks like one does not. */
#include "support/check.h"
#include "support/toy.h"

static limn_error err;

enum { N = 24 };

static value_id number(struct builder *b, float v)
{
    return toy_values(b, SHAPE(1), &v);
}

static value_id sigmoid_times(struct builder *b, value_id x)
{
    return build_mul(b, x, build_unary(b, &op_sigmoid, x));
}

static value_id times_sigmoid(struct builder *b, value_id x)
{
    return build_mul(b, build_unary(b, &op_sigmoid, x), x);
}

/* x is linear itself */
static value_id silu_of_linear(struct builder *b, value_id x)
{
    return sigmoid_times(b, build_affine(b, x, 2, -1));
}

static value_id mish(struct builder *b, value_id x)
{
    return build_mul(b, x, build_unary(b, &op_tanh, build_unary(b, &op_softplus, x)));
}

static value_id clip(struct builder *b, value_id x, float lo, float hi)
{
    return build(b, &op_clip, NULL, (&(struct clip_attrs){lo, hi}), x);
}

static value_id hard_sigmoid(struct builder *b, value_id x)
{
    return build_div(b, clip(b, build_add(b, x, number(b, 3)), 0, 6), number(b, 6));
}

static value_id keras_hard_sigmoid(struct builder *b, value_id x)
{
    return clip(b, build_add(b, number(b, 0.5f), build_mul(b, number(b, 0.2f), x)), 0, 1);
}

static value_id hard_swish(struct builder *b, value_id x)
{
    return build_mul(b, x, hard_sigmoid(b, x));
}

static value_id hard_swish_at_end(struct builder *b, value_id x)
{
    value_id six = build_unary(b, &op_relu6, build_affine(b, x, 1, 3));
    return build_div(b, build_mul(b, x, six), number(b, 6));
}

static value_id hard_swish_of_operator(struct builder *b, value_id x)
{
    const struct hard_sigmoid_attrs a = {1.0f / 6, 0.5f};
    return build_mul(b, build(b, &op_hard_sigmoid, NULL, &a, x), x);
}

static value_id one_plus_erf(struct builder *b, value_id x, float root)
{
    return build_add(b, build_unary(b, &op_erf, build_div(b, x, number(b, root))), number(b, 1));
}

static value_id gelu(struct builder *b, value_id x)
{
    return build_mul(b, build_mul(b, x, one_plus_erf(b, x, 1.41421356f)), number(b, 0.5f));
}

static value_id gelu_half_first(struct builder *b, value_id x)
{
    return build_mul(b, build_mul(b, number(b, 0.5f), x), one_plus_erf(b, x, 1.41421356f));
}

static value_id gelu_of_linear(struct builder *b, value_id x)
{
    return gelu(b, build_affine(b, x, 0.5f, 0.25f));
}

static value_id gelu_by_tanh(struct builder *b, value_id x, value_id cube)
{
    value_id u = build_affine(b, build_add(b, x, build_affine(b, cube, 0.044715f, 0)), 0.797884561f, 0);
    value_id one_plus = build_affine(b, build_unary(b, &op_tanh, u), 1, 1);
    return build_mul(b, build_affine(b, x, 0.5f, 0), one_plus);
}

static value_id gelu_by_power(struct builder *b, value_id x)
{
    return gelu_by_tanh(b, x, build(b, &op_pow, NULL, NULL, x, number(b, 3)));
}

static value_id gelu_by_products(struct builder *b, value_id x)
{
    return gelu_by_tanh(b, x, build_mul(b, build_mul(b, x, x), x));
}

/* --- what only looks like one --- */

static value_id other_gate(struct builder *b, value_id x)
{
    return build_mul(b, x, build_unary(b, &op_sigmoid, build_affine(b, x, 2, 0)));
}

static value_id other_root(struct builder *b, value_id x)
{
    return build_affine(b, build_mul(b, x, one_plus_erf(b, x, 1.4f)), 0.5f, 0);
}

static value_id no_half(struct builder *b, value_id x)
{
    return build_mul(b, x, one_plus_erf(b, x, 1.41421356f));
}

static value_id scaled_relu6(struct builder *b, value_id x)
{
    return build_div(b, build_unary(b, &op_relu6, x), number(b, 6));
}

static value_id variable_shift(struct builder *b, value_id x)
{
    return build_div(b, clip(b, build_add(b, x, x), 0, 6), number(b, 6));
}

static value_id other_cube(struct builder *b, value_id x)
{
    return gelu_by_tanh(b, x, build(b, &op_pow, NULL, NULL, x, number(b, 2)));
}

/* --- */

struct row {
    const char *name;
    value_id (*make)(struct builder *b, value_id x);
    const struct op *op; /* NULL: stays as it is */
    size_t live;         /* nodes left */
};

static void check_row(const struct row *r)
{
    struct graph *g = NULL;
    double x_data[N], plain[N], joined[N];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2, 3, 4)), y = r->make(&b, x);
    CHECK_OK(b.status);
    g->value[y].flags |= VALUE_OUTPUT;
    size_t before = toy_live(g, NULL);
    for (int i = 0; i < N; i++) {
        x_data[i] = -6 + 0.53 * i;
    }
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, y, plain, &err));
    CHECK_OK(graph_optimise(g, OPTIMISE_ACTIVATION | OPTIMISE_DEAD, &err));
    CHECK_OK(toy_run(g, &(struct toy_feed){x, x_data}, 1, y, joined, &err));
    for (int i = 0; i < N; i++) {
        CHECK_NEAR(joined[i], plain[i], 1e-6);
    }
    check_count++;
    if (toy_live(g, NULL) != (r->op ? r->live : before) || (r->op && toy_live(g, r->op) != 1)) {
        check_failed++;
        fprintf(stderr, "%s: %zu nodes, %zu of %s\n", r->name, toy_live(g, NULL), toy_live(g, r->op),
                r->op ? r->op->name : "any");
    }
    graph_destroy(&g);
}

/* A value in between that is asked for stays, and the last one depends on it: a gradient may be asked of it. */
static void test_barrier(void)
{
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(N)), s = build_unary(&b, &op_sigmoid, x), y = build_mul(&b, x, s);
    CHECK_OK(b.status);
    g->value[s].flags |= VALUE_TAP;
    g->value[y].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(g, OPTIMISE_ACTIVATION | OPTIMISE_DEAD, &err));
    CHECK_INT(toy_live(g, &op_silu), 0);
    CHECK_INT(toy_live(g, NULL), 2);
    graph_destroy(&g);
}

int main(void)
{
    static const struct row rows[] = {
        {"x sigmoid(x)", sigmoid_times, &op_silu, 1},
        {"sigmoid(x) x", times_sigmoid, &op_silu, 1},
        {"silu of a linear function", silu_of_linear, &op_silu, 2},
        {"mish", mish, &op_mish, 1},
        {"hard sigmoid", hard_sigmoid, &op_hard_sigmoid, 1},
        {"hard sigmoid of Keras", keras_hard_sigmoid, &op_hard_sigmoid, 1},
        {"hard swish", hard_swish, &op_hard_swish, 1},
        {"hard swish, divided at the end", hard_swish_at_end, &op_hard_swish, 1},
        {"hard swish of the operator", hard_swish_of_operator, &op_hard_swish, 1},
        {"gelu", gelu, &op_gelu, 1},
        {"gelu, half first", gelu_half_first, &op_gelu, 1},
        {"gelu of a linear function", gelu_of_linear, &op_gelu, 2},
        {"gelu by tanh and pow", gelu_by_power, &op_gelu, 1},
        {"gelu by tanh and products", gelu_by_products, &op_gelu, 1},
        {"sigmoid of something else", other_gate, NULL, 0},
        {"not the root of 2", other_root, NULL, 0},
        {"no half", no_half, NULL, 0},
        {"a scaled ReLU6", scaled_relu6, NULL, 0},
        {"a shift that is no constant", variable_shift, NULL, 0},
        {"a square for a cube", other_cube, NULL, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_row(&rows[i]);
    }
    test_barrier();
    return check_done();
}
