/* How activations pass gradients back under guided backpropagation and deconvnet (engine/explain/emit.h): every
 * operator that calls itself an activation against the rule's formula; gates; a small network against PyTorch with
 * hooks. */
#include "explain/emit.h"
#include "explain/rules_golden.h"
#include "support/check.h"
#include "support/toy.h"

static limn_error err;

static const enum gate rules[] = {GATE_VANILLA, GATE_GUIDED, GATE_DECONV};

/* --- score = c . f(x), per operator and rule --- */

enum { M = 12 };
static const double x_data[M] = {-7, -2.3, -1.1, -0.4, 0.3, 0.8, 1.7, 2.6, 6.5, -1.4, 0.6, 4.2};

static const void *attrs_of(const struct op *op)
{
    static const struct leaky_relu_attrs leaky = {-0.2f}; /* falls below 0 */
    static const struct gelu_attrs gelu = {0};
    static const struct hard_sigmoid_attrs hard = {0.25f, 0.5f};
    static const struct elu_attrs elu = {0.7f};
    static const struct clip_attrs clip = {-1.25f, 2};
    static const struct thresholded_relu_attrs threshold = {0.5f};
    const struct {
        const struct op *op;
        const void *attrs;
    } with[] = {{&op_leaky_relu, &leaky}, {&op_gelu, &gelu}, {&op_hard_sigmoid, &hard},
                {&op_elu, &elu},          {&op_clip, &clip}, {&op_thresholded_relu, &threshold}};
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        if (with[i].op == op) {
            return with[i].attrs;
        }
    }
    CHECK(op->attr_bytes == 0);
    return NULL;
}

/* d score / dx for score = c . f(x) or, for a gate, c . (1 f(x)). */
static void gradient_of(const struct op *op, const float *c, enum gate rule, bool gate, double *got)
{
    struct graph *g = NULL;
    const double one = 1;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(1, M)), select = toy_input(&b, "select", SHAPE(1, 1));
    value_id in[] = {x, VALUE_NONE};
    if (op->n_in_min == 2) {
        in[1] = toy_values(&b, SHAPE(1), (const float[]){0.3f}); /* slope of prelu */
    }
    value_id h = build_node(&b, op, "h", attrs_of(op), op->n_in_min, in);
    if (gate) {
        h = build_mul(&b, build_fill(&b, SHAPE(1, M), 1), h);
    }
    value_id y = build(&b, &op_matmul, NULL, (&(struct matmul_attrs){0}), h, toy_values(&b, SHAPE(M, 1), c));
    value_id grad = emit_input_gradient(&(struct method_site){&b, x, y, select, NULL, 0}, rule);
    CHECK_OK(b.status);
    g->value[grad].flags |= VALUE_OUTPUT;
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_OK(toy_run(g, (struct toy_feed[]){{x, x_data}, {select, &one}}, 2, grad, got, &err));
    graph_destroy(&g);
}

static void check_operator(const struct op *op)
{
    float ones[M], c[M];
    double slope[M], plain[M], guided[M], deconv[M], gated[M];
    bool may_gate = op == &op_sigmoid || op == &op_hard_sigmoid;
    for (int i = 0; i < M; i++) {
        ones[i] = 1;
        c[i] = i % 3 == 1 ? -1.5f : 0.5f + 0.1f * (float)i;
    }
    gradient_of(op, ones, GATE_VANILLA, false, slope);
    gradient_of(op, c, GATE_VANILLA, false, plain);
    gradient_of(op, c, GATE_GUIDED, false, guided);
    gradient_of(op, c, GATE_DECONV, false, deconv);
    for (int i = 0; i < M; i++) {
        double g = (double)c[i];
        CHECK_NEAR(plain[i], g * slope[i], 1e-7);
        CHECK_NEAR(guided[i], fmax(g, 0) * fmax(slope[i], 0), 1e-7);
        CHECK_NEAR(deconv[i], fmax(g, 0), 1e-7);
    }
    for (size_t r = 1; r < 3; r++) { /* one that multiplies: only sigmoids change their ways */
        gradient_of(op, c, rules[r], true, gated);
        for (int i = 0; i < M; i++) {
            CHECK_NEAR(gated[i], may_gate ? plain[i] : r == 1 ? guided[i] : deconv[i], 1e-7);
        }
    }
}

static void test_every_activation(void)
{
    size_t n = 0;
    for (size_t i = 0; i < op_count(); i++) {
        if (op_at(i)->flags & OP_ACTIVATION) {
            check_operator(op_at(i));
            n++;
        }
    }
    CHECK(n >= 16);
}

/* A sigmoid that ends the network keeps its derivative, whatever the sign of the selection. */
static void test_final_sigmoid(void)
{
    static const double x_in[2] = {0.5, -1}, minus[2] = {-1, 1};
    for (size_t r = 0; r < 3; r++) {
        struct graph *g = NULL;
        double got[2];
        CHECK_OK(graph_create(&g, &err));
        struct builder b = {g, LIMN_OK, &err};
        value_id x = toy_input(&b, "x", SHAPE(1, 2)), select = toy_input(&b, "select", SHAPE(1, 2));
        value_id y = build_unary(&b, &op_sigmoid, x);
        value_id grad = emit_input_gradient(&(struct method_site){&b, x, y, select, NULL, 0}, rules[r]);
        CHECK_OK(b.status);
        g->value[grad].flags |= VALUE_OUTPUT;
        CHECK_OK(toy_run(g, (struct toy_feed[]){{x, x_in}, {select, minus}}, 2, grad, got, &err));
        for (int i = 0; i < 2; i++) {
            double s = 1 / (1 + exp(-x_in[i]));
            CHECK_NEAR(got[i], minus[i] * s * (1 - s), 1e-9);
        }
        graph_destroy(&g);
    }
}

/* --- the network of tests/golden/activation_rules.py --- */

static value_id wave(struct builder *b, struct shape shape, double a, double at_0, double scale)
{
    float v[96];
    for (size_t i = 0; i < shape_elems(&shape); i++) {
        v[i] = (float)(scale * sin(a * (double)i + at_0));
    }
    return toy_values(b, shape, v);
}

struct parts {
    const struct op *first, *second, *gate;
    const void *first_attrs, *second_attrs, *gate_attrs;
};

static value_id conv(struct builder *b, value_id x, int32_t pad, value_id w)
{
    struct conv_attrs a = conv_attrs_2d(1, pad, 1, 1);
    return build(b, &op_conv, NULL, &a, x, w);
}

static value_id spatial_mean(struct builder *b, value_id v, bool keep)
{
    return build_reduce(b, &op_reduce_mean, v, 1 << 2 | 1 << 3, keep);
}

static value_id network(struct builder *b, value_id x, const struct parts *p)
{
    value_id h = conv(b, x, 1, wave(b, SHAPE(4, 2, 3, 3), 0.37, 0.1, 0.9));
    h = build(b, p->first, NULL, p->first_attrs, h);
    value_id s = conv(b, spatial_mean(b, h, true), 0, wave(b, SHAPE(4, 4, 1, 1), 0.9, 0.4, 1.5));
    h = build_mul(b, h, build(b, p->gate, NULL, p->gate_attrs, s));
    h = conv(b, h, 0, wave(b, SHAPE(3, 4, 1, 1), 0.7, 0.2, 1.2));
    h = spatial_mean(b, build(b, p->second, NULL, p->second_attrs, h), false);
    return build(b, &op_matmul, NULL, (&(struct matmul_attrs){.trans_b = 1}), h, wave(b, SHAPE(2, 3), 1.1, 1.5, 1));
}

static void check_network(const struct parts *p, size_t row)
{
    enum { X = 32 };
    static const double first_class[2] = {1, 0};
    struct graph *g = NULL;
    double x_in[X], got[X];
    value_id grad[3];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(1, 2, 4, 4)), select = toy_input(&b, "select", SHAPE(1, 2));
    value_id y = network(&b, x, p);
    for (size_t r = 0; r < 3; r++) { /* in one graph: the backward nodes of one rule must not mislead the next */
        grad[r] = emit_input_gradient(&(struct method_site){&b, x, y, select, NULL, 0}, rules[r]);
        CHECK_OK(b.status);
        g->value[grad[r]].flags |= VALUE_OUTPUT;
    }
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    for (int i = 0; i < X; i++) {
        x_in[i] = (double)(float)(2 * sin(0.53 * i));
    }
    for (size_t r = 0; r < 3; r++) {
        double most = 0;
        CHECK_OK(toy_run(g, (struct toy_feed[]){{x, x_in}, {select, first_class}}, 2, grad[r], got, &err));
        for (int i = 0; i < X; i++) {
            CHECK_NEAR(got[i], golden[row][r][i], 1e-6);
            most = fmax(most, fabs(got[i]));
        }
        CHECK(most > 1e-3);
    }
    graph_destroy(&g);
}

static void test_networks(void)
{
    const struct hard_sigmoid_attrs hard = {1.0f / 6, 0.5f};
    const struct gelu_attrs exact = {0}, by_tanh = {1};
    const struct elu_attrs elu = {0.7f};
    const struct leaky_relu_attrs leaky = {0.1f};
    const struct parts rows[] = {
        {&op_silu, &op_silu, &op_sigmoid, NULL, NULL, NULL},
        {&op_hard_swish, &op_hard_swish, &op_hard_sigmoid, NULL, NULL, &hard},
        {&op_gelu, &op_elu, &op_sigmoid, &exact, &elu, NULL},
        {&op_gelu, &op_softplus, &op_sigmoid, &by_tanh, NULL, NULL},
        {&op_mish, &op_tanh, &op_hard_sigmoid, NULL, NULL, &hard},
        {&op_leaky_relu, &op_sigmoid, &op_sigmoid, &leaky, NULL, NULL},
        {&op_softsign, &op_relu6, &op_sigmoid, NULL, NULL, NULL},
    };
    CHECK_INT(sizeof(rows) / sizeof(rows[0]), sizeof(golden) / sizeof(golden[0]));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_network(&rows[i], i);
    }
}

/* A file that spells its activations out gives the maps of a network that names them. */
static void test_spelled_out(void)
{
    enum { X = 75 };
    struct model *m = NULL;
    struct explain_plan *plan = NULL;
    const struct method *methods[] = {method_find("gradient"), method_find("guided-backprop"),
                                      method_find("deconvnet")};
    struct explain_params p = {.batch = 1, .methods = methods, .n_methods = 3}; /* by the reference executor */
    float x[X], logits[3], got[X];
    const int32_t second_class = 1;
    for (int i = 0; i < X; i++) {
        x[i] = (float)(2 * sin(0.53 * i));
    }
    CHECK_OK(model_open(LIMN_TEST_DATA "/golden/models/activations.onnx", &(struct model_options){0}, &m, &err));
    CHECK_OK(explain_plan_create(m, &p, &plan, &err));
    CHECK_OK(explain_forward(plan, x, logits, &err));
    CHECK_OK(explain_backward(plan, &second_class, &err));
    for (size_t r = 0; r < 3; r++) {
        CHECK_OK(explain_map(plan, r, got, X, &err));
        for (int i = 0; i < X; i++) {
            CHECK_NEAR(got[i], golden_spelled[0][r][i], 1e-5);
        }
    }
    explain_plan_destroy(&plan);
    model_close(&m);
}

int main(void)
{
    test_spelled_out();
    test_every_activation();
    test_final_sigmoid();
    test_networks();
    return check_done();
}
