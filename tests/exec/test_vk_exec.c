/* The Vulkan executor: results against the reference executor, runs repeated bit by bit, stages, views, outputs that
 * are inputs, limits, cancelling. TIMEOUT: 300 LABELS: gpu */
#include <stdlib.h>

#include "base/rng.h"
#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
#include "vk/vk_internal.h"

enum { N = 2 * 3 * 7 * 5 };

struct net {
    struct graph *g;
    value_id x, late, y, z, view, scale;
};

/* y = relu(x * w + w2), view = y reshaped, z = sum((y * late) + sigmoid(y)): z depends on the late input. */
static limn_status build_net(struct net *t, limn_error *err)
{
    float w[N], w2[5];
    struct shape shape = SHAPE(2, 3, 7, 5);
    for (size_t i = 0; i < N; i++) {
        w[i] = (float)rng_symmetric(3, i);
    }
    for (size_t i = 0; i < 5; i++) {
        w2[i] = (float)rng_symmetric(4, i);
    }
    value_id cw = VALUE_NONE, cw2 = VALUE_NONE;
    limn_status st = graph_create(&t->g, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct builder b = {.g = t->g, .err = err};
    if (graph_input(t->g, "x", shape, &t->x, err) != LIMN_OK ||
        graph_input(t->g, "late", shape, &t->late, err) != LIMN_OK ||
        graph_const_data(t->g, "w", shape, w, &cw, err) != LIMN_OK ||
        graph_const_data(t->g, "w2", SHAPE(5), w2, &cw2, err) != LIMN_OK) {
        return LIMN_ERR_NOMEM;
    }
    t->g->value[t->late].flags |= VALUE_LATE;
    t->scale = cw2;
    value_id m = build_add(&b, build_mul(&b, t->x, cw), cw2);
    t->y = build(&b, &op_relu, "y", NULL, m);
    t->view = build_reshape(&b, "view", t->y, SHAPE(6, 35));
    value_id late = build_reshape(&b, NULL, t->late, SHAPE(6, 35));
    value_id s = build(&b, &op_sigmoid, NULL, NULL, t->view);
    t->z = build_reduce(&b, &op_reduce_sum, build_add(&b, build_mul(&b, t->view, late), s), 2, false);
    for (int i = 0; b.status == LIMN_OK && i < 3; i++) {
        t->g->value[(value_id[]){t->y, t->view, t->z}[i]].flags |= VALUE_OUTPUT;
    }
    if (b.status == LIMN_OK) {
        t->g->value[cw2].flags |= VALUE_OUTPUT;
        t->g->value[t->x].flags |= VALUE_OUTPUT;
    }
    return b.status;
}

static void fill(float *p, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        p[i] = (float)rng_symmetric(seed, i);
    }
}

static void compare_outputs(struct exec *a, struct exec *b, const struct net *t)
{
    value_id outs[] = {t->y, t->view, t->z, t->scale, t->x};
    limn_error err = {0};
    for (size_t k = 0; k < sizeof(outs) / sizeof(outs[0]); k++) {
        float p[N], q[N];
        size_t n = shape_elems(&t->g->value[outs[k]].shape);
        CHECK_OK(exec_get(a, outs[k], p, n, &err));
        CHECK_OK(exec_get(b, outs[k], q, n, &err));
        for (size_t i = 0; i < n; i++) {
            CHECK_NEAR(p[i], q[i], 1e-5);
        }
    }
}

static void set_both(struct exec *a, struct exec *b, value_id v, uint64_t seed)
{
    float x[N];
    limn_error err = {0};
    fill(x, N, seed);
    CHECK_OK(exec_set(a, v, x, N, &err));
    CHECK_OK(exec_set(b, v, x, N, &err));
}

static void test_against_reference(struct vk_device *d)
{
    struct net t = {0};
    struct exec *ref = NULL, *vk = NULL;
    limn_error err = {0};
    float z1[6], z2[6];
    CHECK_OK(build_net(&t, &err));
    CHECK_OK(exec_ref_create(t.g, &ref, &err));
    CHECK_OK(exec_vk_create(d, t.g, NULL, &vk, &err));
    if (ref && vk) {
        set_both(ref, vk, t.x, 1);
        CHECK_OK(exec_run(vk, 0, 0, &err)); /* stage 0 needs no late input */
        CHECK_INT(exec_run(vk, 0, 1, &err), LIMN_ERR_ARG);
        set_both(ref, vk, t.late, 2);
        CHECK_OK(exec_run(ref, 0, 1, &err));
        CHECK_OK(exec_run(vk, 0, 1, &err));
        compare_outputs(ref, vk, &t);
        CHECK_OK(exec_get(vk, t.z, z1, 6, &err));
        CHECK_OK(exec_run(vk, 0, 1, &err));
        CHECK_OK(exec_get(vk, t.z, z2, 6, &err));
        CHECK(memcmp(z1, z2, sizeof(z1)) == 0);
        set_both(ref, vk, t.late, 5);
        CHECK_OK(exec_run(ref, 1, 1, &err));
        CHECK_OK(exec_run(vk, 1, 1, &err));
        CHECK_OK(exec_run(vk, 1, 1, &err)); /* stage 1 must not have eaten what it reads of stage 0 */
        compare_outputs(ref, vk, &t);
        CHECK_OK(exec_get(vk, t.z, z2, 6, &err));
        CHECK(memcmp(z1, z2, sizeof(z1)) != 0);
        struct exec_stats stats;
        exec_stats(vk, &stats);
        CHECK(stats.activation_bytes > 0 && stats.weight_bytes >= N * 4 && stats.n_dispatch >= 6);
    }
    exec_destroy(&ref);
    exec_destroy(&vk);
    graph_destroy(&t.g);
}

static bool cancel(void *user, float done)
{
    (void)done;
    *(int *)user += 1;
    return false;
}

static void test_arguments(struct vk_device *d)
{
    struct net t = {0};
    struct exec *vk = NULL;
    limn_error err = {0};
    float x[N];
    int calls = 0;
    fill(x, N, 1);
    CHECK_OK(build_net(&t, &err));
    struct exec_params small = {.max_memory = 1000}, cancelling = {.step = cancel, .user = &calls};
    CHECK_INT(exec_vk_create(d, t.g, &small, &vk, &err), LIMN_ERR_DEVICE_NOMEM);
    CHECK(strstr(err.text, "limit") != NULL);
    CHECK_OK(exec_vk_create(d, t.g, &cancelling, &vk, &err));
    if (vk) {
        CHECK_INT(exec_run(vk, 0, 0, &err), LIMN_ERR_ARG);
        CHECK(strstr(err.text, "x: ") != NULL);
        CHECK_INT(exec_set(vk, t.y, x, N, &err), LIMN_ERR_ARG);
        CHECK_INT(exec_set(vk, t.x, x, N - 1, &err), LIMN_ERR_SHAPE);
        CHECK_INT(exec_get(vk, t.late, x, N, &err), LIMN_ERR_ARG);
        CHECK_INT(exec_run(vk, 1, 0, &err), LIMN_ERR_ARG);
        CHECK_OK(exec_set(vk, t.x, x, N, &err));
        CHECK_INT(exec_run(vk, 0, 0, &err), LIMN_CANCELLED);
        CHECK_INT(calls, 1);
        struct exec *second = NULL; /* which fits alone, not beside the first */
        struct exec_params both = {.max_memory = vk_device_bytes_in_use(d) * 3 / 2};
        CHECK_INT(exec_vk_create(d, t.g, &both, &second, &err), LIMN_ERR_DEVICE_NOMEM);
        CHECK(strstr(err.text, "in use") != NULL);
        both.max_memory = vk_device_bytes_in_use(d) * 2;
        CHECK_OK(exec_vk_create(d, t.g, &both, &second, &err));
        exec_destroy(&second);
    }
    exec_destroy(&vk);
    CHECK(vk == NULL);
    graph_destroy(&t.g);
}

int main(void)
{
    struct vk_device *d = NULL;
    limn_error err = {0};
    if (vk_device_open(getenv("LIMN_TEST_DEVICE"), &d, &err) != LIMN_OK) {
        fprintf(stderr, "skipped: %s\n", err.text);
        return 77;
    }
    test_against_reference(d);
    test_arguments(d);
    d->no_map = true; /* uploads and readbacks through the staging block */
    test_against_reference(d);
    vk_device_close(&d);
    return check_done();
}
