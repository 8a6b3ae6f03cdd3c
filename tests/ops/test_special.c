/* Numbers at the edges, shader and reference alike: NaN is never swallowed (a network with a NaN weight must be
 * noticed), large arguments saturate instead of overflowing, infinities and signed zeros select what IEEE arithmetic
 * selects. */
#include <float.h>
#include <stdlib.h>

#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
#include "support/run_node.h"
#include "vk/device.h"

#define N 13 /* three whole vec4s and a tail */
static const float edge[N] = {NAN, INFINITY, -INFINITY, 0, -0.0f, 100, -100, 1e30f, -1e30f, 6, -3.0f, NAN, -FLT_MIN};

static bool same(double got, double want)
{
    if (want != want || got != got) {
        return want != want && got != got;
    }
    return got == want || fabs(got - want) <= 1e-5 * fmax(1, fabs(want));
}

/* A function or reduction of one tensor at the edges. NaN gives NaN but for predicates (OP_STEP with only 0 and 1). */
static void check_op(struct vk_device *dev, const struct op *op, const void *attrs)
{
    float found[N], expected[N];
    bool predicate = op == &op_is_nan || op == &op_is_inf || op == &op_logical_not;
    bool periodic = op == &op_sin || op == &op_cos || op == &op_tan; /* digits are lost beyond 5e4: math.glsl */
    bool reduces = strncmp(op->name, "reduce", 6) == 0;
    bool ok = run_node(dev, op, attrs, 1, (const float *const[]){edge}, N, expected, found);
    for (size_t i = 0; i < (reduces ? 1 : N) && ok; i++) {
        if (!same((double)found[i], (double)expected[i]) && !(periodic && fabsf(edge[i]) > 5e4f)) {
            check_failed++;
            fprintf(stderr, "%s(%g): shader %g, reference %g\n", op->name, (double)(reduces ? NAN : edge[i]),
                    (double)found[i], (double)expected[i]);
        }
        CHECK(predicate || i != 0 || expected[i] != expected[i]);
    }
}

/* Every pair of edges; NaN in either stays, but for comparisons and where it does not matter. */
static void check_pairs(struct vk_device *dev, const struct op *op, bool keeps_nan)
{
    float a[N * N], b[N * N], c[N * N], found[N * N], expected[N * N];
    for (size_t i = 0; i < N * N; i++) {
        a[i] = edge[i / N];
        b[i] = edge[i % N];
        c[i] = (float)i;
    }
    const float *const in[] = {a, b, c};
    bool ok = run_node(dev, op, NULL, op->n_in_min, in, N * N, expected, found);
    for (size_t i = 0; i < N * N && ok; i++) {
        if (!same((double)found[i], (double)expected[i])) {
            check_failed++;
            fprintf(stderr, "%s(%g, %g): shader %g, reference %g\n", op->name, (double)a[i], (double)b[i],
                    (double)found[i], (double)expected[i]);
        }
        CHECK(!keeps_nan || (!isnan(a[i]) && !isnan(b[i])) || isnan(expected[i]));
    }
}

/* The result of a node whose smaller operand was computed just before: its buffer must not be taken over in place. */
static void check_small_operand(struct vk_device *dev)
{
    struct graph *g = NULL;
    limn_error err = {0};
    value_id x, y;
    float found[3], one = 3;
    struct exec *e = NULL;
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "one", SHAPE(1), &x, &err));
    CHECK_OK(graph_input(g, "x", SHAPE(3), &y, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id doubled = build_affine(&b, x, 2, 0), out = build_sub(&b, doubled, y);
    CHECK(b.status == LIMN_OK);
    g->value[out].flags |= VALUE_OUTPUT;
    CHECK_OK(exec_vk_create(dev, g, &(struct exec_params){0}, &e, &err));
    CHECK_OK(exec_set(e, x, &one, 1, &err));
    CHECK_OK(exec_set(e, y, edge + 7, 3, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, out, found, 3, &err));
    for (int i = 0; i < 3; i++) {
        CHECK(same((double)found[i], (double)(6 - edge[7 + i])));
    }
    exec_destroy(&e);
    graph_destroy(&g);
}

int main(void)
{
    struct vk_device *dev = NULL;
    limn_error err = {0};
    if (vk_device_open(NULL, &dev, &err) != LIMN_OK) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return 77;
    }
    static const struct op *const plain[] = {
        &op_relu,     &op_relu6, &op_sigmoid, &op_tanh,   &op_silu,        &op_hard_swish, &op_softplus,
        &op_softsign, &op_mish,  &op_abs,     &op_exp,    &op_log,         &op_sqrt,       &op_sign,
        &op_floor,    &op_ceil,  &op_round,   &op_rsqrt,  &op_erf,         &op_sin,        &op_reciprocal,
        &op_cos,      &op_tan,   &op_asin,    &op_acos,   &op_atan,        &op_sinh,       &op_cosh,
        &op_asinh,    &op_acosh, &op_atanh,   &op_is_nan, &op_logical_not,
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        check_op(dev, plain[i], NULL);
    }
    static const struct op *const pairs[] = {&op_add, &op_sub, &op_mul, &op_div, &op_min, &op_max, &op_mod, &op_fmod};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        check_pairs(dev, pairs[i], true);
    }
    static const struct op *const others[] = {
        &op_pow,         &op_equal,      &op_less,        &op_less_or_equal, &op_greater, &op_greater_or_equal,
        &op_logical_and, &op_logical_or, &op_logical_xor, &op_prelu,         &op_where};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        check_pairs(dev, others[i], false);
    }
    check_op(dev, &op_gelu, &(struct gelu_attrs){0});
    check_op(dev, &op_gelu, &(struct gelu_attrs){1});
    check_op(dev, &op_hard_sigmoid, &(struct hard_sigmoid_attrs){0.2f, 0.5f});
    check_op(dev, &op_elu, &(struct elu_attrs){0.5f});
    check_op(dev, &op_clip, &(struct clip_attrs){-1, 2});
    check_op(dev, &op_clip, &(struct clip_attrs){-INFINITY, INFINITY});
    check_op(dev, &op_thresholded_relu, &(struct thresholded_relu_attrs){1});
    check_op(dev, &op_is_inf, &(struct is_inf_attrs){1, 0});
    check_op(dev, &op_reduce_min, &(struct reduce_attrs){1, 0});
    check_op(dev, &op_reduce_prod, &(struct reduce_attrs){1, 0});
    check_op(dev, &op_leaky_relu, &(struct leaky_relu_attrs){0.1f});
    check_op(dev, &op_affine, &(struct affine_attrs){2, 1});
    check_op(dev, &op_reduce_max, &(struct reduce_attrs){1, 0});
    check_op(dev, &op_reduce_sum, &(struct reduce_attrs){1, 0});
    check_op(dev, &op_softmax, &(struct axis_attrs){0});
    check_op(dev, &op_log_softmax, &(struct axis_attrs){0});
    check_small_operand(dev);
    vk_device_close(&dev);
    return check_done();
}
