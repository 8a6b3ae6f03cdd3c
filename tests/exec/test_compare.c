/* Both executors node by node: they agree on a net with convolutions, pooling and its backward pass, and with no
 * tolerance at all the comparison names the first node that rounds differently. LABELS: gpu */
#include <stdlib.h>

#include "support/check.h"

#include "support/toy.h"
#include "vk/device.h"

static limn_error err;

int main(void)
{
    enum { N_X = 2 * 3 * 9 * 9, K = 4 };
    struct vk_device *dev = NULL;
    struct graph *g = NULL;
    const char *which = getenv("LIMN_TEST_DEVICE");
    if (vk_device_open(which != NULL ? which : "cpu", &dev, &err) != LIMN_OK) {
        printf("no device: %s\n", err.text);
        return 77;
    }
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    struct pool_attrs pool = {.size = {1, 3, 3}, .stride = {1, 2, 2}, .dilation = {1, 1, 1}};
    value_id x = toy_input(&b, "x", SHAPE(2, 3, 9, 9)), seed = toy_input(&b, "seed", SHAPE(2, K)), grad = VALUE_NONE;
    value_id h = build(&b, &op_relu, "relu1", NULL, toy_bn(&b, "bn", toy_conv(&b, "conv1", x, 8, 3, false, 1), 2));
    h = build(&b, &op_max_pool, "pool", &pool, h);
    h = build(&b, &op_relu6, "relu2", NULL, build_add(&b, toy_conv(&b, "conv2", h, 8, 3, true, 3), h));
    value_id y = toy_head(&b, build(&b, &op_sigmoid, "sigmoid", NULL, h), K, 5);
    CHECK_OK(b.status);
    g->value[seed].flags |= VALUE_LATE;
    CHECK_OK(autodiff(g, NULL, y, seed, &x, 1, &grad, &err));
    g->value[grad].flags |= VALUE_OUTPUT;
    g->value[y].flags |= VALUE_OUTPUT;
    float *x_data = toy_random(6, N_X, 1.0), *seed_data = toy_random(7, 2 * K, 1.0);
    const float *const data[] = {x_data, seed_data};
    bool agree = false;
    struct exec_divergence first = {0};
    CHECK_OK(exec_compare(dev, g, (value_id[]){x, seed}, data, 2, 10.0, &agree, &first, &err));
    if (!agree) {
        printf("%s (%s): %g, tolerance %g\n", first.value, first.op, first.difference, first.tolerance);
    }
    CHECK(agree);
    CHECK_OK(exec_compare(dev, g, (value_id[]){x, seed}, data, 2, 0.0, &agree, &first, &err));
    CHECK(!agree);
    CHECK(first.value != NULL && first.op != NULL && first.difference > 0.0 && first.tolerance == 0.0);
    CHECK((g->value[h].flags & VALUE_OUTPUT) == 0); /* the graph is as it was */
    mem_free(x_data);
    mem_free(seed_data);
    graph_destroy(&g);
    vk_device_close(&dev);
    return check_done();
}
