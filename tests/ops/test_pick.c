/* Operators that pick by value or position: NaN comes first and infinities stand where they belong, for reference and
 * shader alike; an index that is a constant gives what the same index as an input gives. */
#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
#include "vk/device.h"

#define N 13
static const float edge[N] = {1, NAN, INFINITY, -INFINITY, 0, -0.0f, 3, 3, -7, INFINITY, NAN, 2, -INFINITY};
static limn_error err;

static void get(struct exec *e, const struct graph *g, const value_id *out, int k, float *y)
{
    CHECK_OK(exec_get(e, out[k], y, shape_elems(&g->value[out[k]].shape), &err));
}

/* Output `k` of op(edge as `shape`) by the executor of `dev` (NULL: by reference). */
static void picked(struct vk_device *dev, const struct op *op, const void *attrs, struct shape shape, int k, float *y)
{
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id x, out[OP_MAX_OUT];
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "x", shape, &x, &err));
    CHECK_OK(graph_node(g, op, "y", attrs, 1, &x, out, &err));
    g->value[out[k]].flags |= VALUE_OUTPUT;
    CHECK_OK(dev ? exec_vk_create(dev, g, NULL, &e, &err) : exec_ref_create(g, &e, &err));
    CHECK_OK(exec_set(e, x, edge, N, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    get(e, g, out, k, y);
    exec_destroy(&e);
    graph_destroy(&g);
}

static void expect(struct vk_device *dev, const struct op *op, const void *attrs, struct shape shape, int k, size_t n,
                   const float *want)
{
    for (int who = 0; who < (dev ? 2 : 1); who++) {
        float y[N] = {0};
        picked(who ? dev : NULL, op, attrs, shape, k, y);
        for (size_t i = 0; i < n; i++) {
            check_count++;
            if (isnan(want[i]) ? !isnan(y[i]) : y[i] != want[i]) {
                check_failed++;
                fprintf(stderr, "%s, %s: output %d, element %zu is %g, expected %g\n", op->name,
                        who ? "shader" : "reference", k, i, (double)y[i], (double)want[i]);
            }
        }
    }
}

static void check_order(struct vk_device *dev)
{
    const struct shape row = SHAPE(N), plane = SHAPE(1, 1, N);
    const struct top_k_attrs down = {.k = N}, up = {.k = N, .smallest = 1};
    expect(dev, &op_arg_max, &(struct arg_attrs){0}, row, 0, 1, (float[]){1});
    expect(dev, &op_arg_max, &(struct arg_attrs){.last = 1}, row, 0, 1, (float[]){10});
    expect(dev, &op_arg_min, &(struct arg_attrs){0}, row, 0, 1, (float[]){1});
    expect(dev, &op_top_k, &down, row, 1, N, (float[]){1, 10, 2, 9, 6, 7, 11, 0, 4, 5, 8, 3, 12});
    expect(dev, &op_top_k, &up, row, 1, N, (float[]){1, 10, 3, 12, 8, 4, 5, 0, 11, 6, 7, 2, 9});
    expect(dev, &op_top_k, &down, row, 0, 5, (float[]){NAN, NAN, INFINITY, INFINITY, 3});
    /* windows 0..4, 4..8, 8..12 */
    const struct adaptive_attrs three = {.size = {1, 1, 3}};
    expect(dev, &op_adaptive_max_pool, &three, plane, 0, 3, (float[]){NAN, 3, NAN});
    expect(dev, &op_adaptive_max_pool, &three, plane, 1, 3, (float[]){1, 6, 10});
    expect(dev, &op_cumsum, &(struct cumsum_attrs){.exclusive = 1}, row, 0, 3, (float[]){0, 1, NAN});
}

/* gather_grad(g, index) with the index as a constant or an input; two runs. */
static void scattered(struct vk_device *dev, bool constant, float y[4])
{
    static const float index[5] = {3, 0, 3, 1, 3}, g_data[5] = {1, 2, 4, 8, 16};
    const struct gather_attrs attrs = {.size = 4};
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id in[2], out;
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "g", SHAPE(5), &in[0], &err));
    CHECK_OK(constant ? graph_const_data(g, "i", SHAPE(5), index, &in[1], &err)
                      : graph_input(g, "i", SHAPE(5), &in[1], &err));
    CHECK_OK(graph_node(g, &op_gather_grad, "y", &attrs, 2, in, &out, &err));
    g->value[out].flags |= VALUE_OUTPUT;
    CHECK_OK(exec_vk_create(dev, g, NULL, &e, &err));
    CHECK_OK(exec_set(e, in[0], g_data, 5, &err));
    if (!constant) {
        CHECK_OK(exec_set(e, in[1], index, 5, &err));
    }
    for (int run = 0; run < 2; run++) {
        CHECK_OK(exec_run(e, 0, 1, &err));
        get(e, g, &out, 0, y);
        CHECK(y[0] == 2 && y[1] == 8 && y[2] == 0 && y[3] == 21);
    }
    exec_destroy(&e);
    graph_destroy(&g);
}

int main(void)
{
    struct vk_device *dev = NULL;
    float y[4];
    bool device = vk_device_open(NULL, &dev, &err) == LIMN_OK;
    check_order(dev);
    if (device) {
        scattered(dev, false, y);
        scattered(dev, true, y);
    }
    vk_device_close(&dev);
    int failed = check_done();
    return failed ? 1 : device ? 0 : 77;
}
