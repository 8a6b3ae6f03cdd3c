/* Numbers at the edges, shader and reference alike: NaN is never swallowed (a network with a NaN weight must be
 * noticed), large arguments saturate instead of overflowing, infinities and signed zeros select what IEEE arithmetic
 * selects. */
#include <float.h>
#include <stdlib.h>

#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
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

static bool run(struct exec *e, value_id x, value_id y, size_t n_out, float *got, limn_error *err)
{
    bool ok = e && exec_set(e, x, edge, N, err) == LIMN_OK && exec_run(e, 0, 1, err) == LIMN_OK &&
              exec_get(e, y, got, n_out, err) == LIMN_OK;
    exec_destroy(&e);
    return ok;
}

static void check_op(struct vk_device *dev, const struct op *op, const void *attrs)
{
    struct graph *g = NULL;
    limn_error err = {0};
    value_id x, y;
    float found[N], expected[N];
    struct exec *ref = NULL, *vk = NULL;
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "x", SHAPE(N), &x, &err));
    CHECK_OK(graph_node(g, op, "y", attrs, 1, &x, &y, &err));
    g->value[y].flags |= VALUE_OUTPUT;
    size_t n = shape_elems(&g->value[y].shape);
    CHECK_OK(exec_ref_create(g, &ref, &err));
    CHECK_OK(exec_vk_create(dev, g, &(struct exec_params){0}, &vk, &err));
    bool ok = run(ref, x, y, n, expected, &err) && run(vk, x, y, n, found, &err);
    CHECK(ok);
    for (size_t i = 0; i < n && ok; i++) {
        if (!same((double)found[i], (double)expected[i])) {
            check_failed++;
            fprintf(stderr, "%s(%g): shader %g, reference %g\n", op->name, n == N ? (double)edge[i] : (double)NAN,
                    (double)found[i], (double)expected[i]);
        }
        CHECK(n == N ? i != 0 || expected[i] != expected[i] : expected[i] != expected[i]);
    }
    graph_destroy(&g);
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
    static const struct op *const plain[] = {&op_relu,       &op_relu6, &op_sigmoid, &op_tanh, &op_silu,
                                             &op_hard_swish, &op_abs,   &op_exp,     &op_log,  &op_sqrt};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        check_op(dev, plain[i], NULL);
    }
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
