/* Tables that a plan brings along (here the weights of a cubic resampling): they reach the device beside poisoned
 * memory, survive replays, and every allocation and Vulkan call on the way may fail without a leak. */
#include "support/check.h"

#include <stdlib.h>

#include "base/inject.h"
#include "exec/exec.h"
#include "ops/ops.h"
#include "vk/device.h"

enum { N_X = 2 * 4 * 5, N_Y = 2 * 7 * 9 };
static limn_error err;

static struct graph *cubic(value_id *x, value_id *y)
{
    const struct resize_attrs a = {.mode = RESIZE_MODE_CUBIC, .cubic_a = -0.75f, .size = {1, 7, 9}};
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    CHECK_OK(graph_input(g, "x", SHAPE(1, 2, 4, 5), x, &err));
    CHECK_OK(graph_node(g, &op_resize, "y", &a, 1, x, y, &err));
    g->value[*y].flags |= VALUE_OUTPUT;
    return g;
}

static limn_status run(struct exec *e, value_id x, value_id y, float *out)
{
    float in[N_X];
    limn_status st = LIMN_OK;
    for (int i = 0; i < N_X; i++) {
        in[i] = (float)(i * i % 17) - 8;
    }
    TRY(exec_set(e, x, in, N_X, &err));
    TRY(exec_run(e, 0, 1, &err));
    TRY(exec_get(e, y, out, N_Y, &err));
out:
    return st;
}

static void test_values(struct vk_device *d)
{
    value_id x, y;
    struct graph *g = cubic(&x, &y);
    struct exec *ref = NULL, *vk = NULL;
    float want[N_Y], got[N_Y];
    CHECK_OK(exec_ref_create(g, &ref, &err));
    CHECK_OK(exec_vk_create(d, g, NULL, &vk, &err));
    CHECK_OK(run(ref, x, y, want));
    for (int replay = 0; replay < 3; replay++) {
        CHECK_OK(run(vk, x, y, got));
        for (int i = 0; i < N_Y; i++) {
            CHECK_NEAR(got[i], want[i], 1e-5);
        }
    }
    exec_destroy(&ref);
    exec_destroy(&vk);
    graph_destroy(&g);
}

static void test_inject(struct vk_device *d, enum inject_kind kind)
{
    value_id x, y;
    struct graph *g = cubic(&x, &y);
    unsigned long k = 1, failed = 0;
    float out[N_Y];
    for (bool hit = true; hit && k < 1000; k++) {
        struct exec *e = NULL;
        memset(&err, 0, sizeof(err));
        inject_arm(kind, k, false);
        limn_status st = exec_vk_create(d, g, NULL, &e, &err);
        st = st == LIMN_OK ? run(e, x, y, out) : st;
        exec_destroy(&e);
        hit = inject_seen(kind) >= k;
        inject_arm(kind, 0, false);
        CHECK(hit || st == LIMN_OK);
        CHECK(st == LIMN_OK || (err.code == st && err.text[0]));
        CHECK_INT((long long)vk_device_bytes_in_use(d), 0);
        failed += st != LIMN_OK;
    }
    CHECK(failed > 10);
    graph_destroy(&g);
}

int main(void)
{
    struct vk_device *d = NULL;
    setenv("LIMN_POISON", "1", 1);
    if (vk_device_open(getenv("LIMN_TEST_DEVICE"), &d, &err) != LIMN_OK) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return 77;
    }
    test_values(d);
    test_inject(d, INJECT_ALLOC);
    test_inject(d, INJECT_VULKAN);
    vk_device_close(&d);
    return check_done();
}
