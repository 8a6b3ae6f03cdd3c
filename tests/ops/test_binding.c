/* One copy through an operator of the test's own. With LIMN_TEST_FAR_WRITE set its kernel writes gigabytes past the end
 * of the buffer: the negative control of the GPU-assisted checks, which must report it (and keep the write from
 * happening). Without those checks the variable must not be set: what a stray write does is up to the driver. */
#include <stdlib.h>

#include "exec/exec.h"
#include "ops/copy.h"
#include "ops/ops.h"
#include "support/check.h"
#include "vk/device.h"

#define N 256

static limn_status infer_same(const struct op_call *c, struct shape *out, limn_error *err)
{
    (void)err;
    out[0] = c->in[0];
    return LIMN_OK;
}

static limn_status plan_copy(const struct op_call *c, const struct device_caps *caps, struct kernel_list *out,
                             limn_error *err)
{
    struct copy_region r = {.rank = 1, .dim = {(int32_t)shape_elems(&c->out[0])}, .sx = {1}, .sy = {1}, .scale = 1};
    limn_status st = copy_plan(&r, 0, caps, out, err);
    if (st == LIMN_OK && getenv("LIMN_TEST_FAR_WRITE")) {
        int32_t far = 1 << 27; /* vec4s: 2 GiB, past every buffer; y_offset is the last field of PUSH_COPY */
        struct kernel_call *k = &out->call[0];
        memcpy(k->push + k->push_bytes - sizeof(far), &far, sizeof(far));
    }
    return st;
}

int main(void)
{
    static const struct op copy = {
        .name = "copy", .n_in_min = 1, .n_in_max = 1, .n_out = 1, .infer = infer_same, .plan = plan_copy};
    struct vk_device *dev = NULL;
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id in = VALUE_NONE, out = VALUE_NONE;
    float x[N], y[N] = {0};
    limn_error err = {0};
    if (vk_device_open(NULL, &dev, &err) != LIMN_OK) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return 77;
    }
    for (int i = 0; i < N; i++) {
        x[i] = (float)i - 7.5f;
    }
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "x", SHAPE(N), &in, &err));
    CHECK_OK(graph_node(g, &copy, "y", NULL, 1, &in, &out, &err));
    g->value[out].flags |= VALUE_OUTPUT;
    CHECK_OK(exec_vk_create(dev, g, NULL, &e, &err));
    CHECK_OK(exec_set(e, in, x, N, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, out, y, N, &err));
    CHECK(memcmp(x, y, sizeof(x)) == 0);
    exec_destroy(&e);
    graph_destroy(&g);
    vk_device_close(&dev);
    return check_done();
}
