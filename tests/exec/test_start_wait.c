/* A run in two halves: what is set while it goes on is for the next one, which ends as it would have in a row; what
 * must not be done meanwhile is refused; failures at each Vulkan call, a lost device, a cancel and a destroyed executor
 * leave everything usable or safely dead. LABELS: gpu */
#include <stdlib.h>

#include "base/inject.h"
#include "base/rng.h"
#include "support/check.h"
#include "support/toy.h"
#include "vk/vk_internal.h"

enum { N = 48 * 1024, OPS = 4, STEPS = 3 };

static limn_error err;

/* y = sigmoid(... sigmoid(x) + c ...), sum' = k0 sum + k1 y: x and k change with every run, c stays, sum is state. */
struct net {
    struct graph *g;
    value_id x, k, c, sum, y;
};

static void net_init(struct net *t, bool stream)
{
    CHECK_OK(graph_create(&t->g, &err));
    struct builder b = {t->g, LIMN_OK, &err};
    t->x = toy_input(&b, "x", SHAPE(N));
    t->k = toy_input(&b, "k", SHAPE(2));
    t->c = toy_input(&b, "c", SHAPE(N));
    t->sum = toy_input(&b, "sum", SHAPE(N));
    value_id y = t->x;
    for (int i = 0; i < OPS; i++) {
        y = build_add(&b, build(&b, &op_sigmoid, NULL, NULL, y), t->c);
    }
    t->y = y;
    value_id next = build(&b, &op_combine, NULL, NULL, t->sum, y, t->k);
    CHECK_OK(b.status);
    CHECK_OK(graph_state(t->g, t->sum, next, &err));
    t->g->value[y].flags |= VALUE_OUTPUT;
    for (int i = 0; i < 2; i++) {
        t->g->value[i ? t->k : t->x].flags |= stream ? VALUE_STREAM : 0;
    }
}

static float *numbers(uint64_t seed)
{
    float *v = mem_alloc(N, sizeof(*v));
    CHECK(v != NULL);
    for (size_t i = 0; v && i < N; i++) {
        v[i] = (float)rng_symmetric(seed, i);
    }
    return v;
}

static limn_status set_numbers(struct exec *e, value_id to, uint64_t seed)
{
    float *v = numbers(seed);
    limn_status st = exec_set(e, to, v, N, &err);
    mem_free(v);
    return st;
}

static void set_start(const struct net *t, struct exec *e)
{
    CHECK_OK(set_numbers(e, t->c, 100));
    CHECK_OK(set_numbers(e, t->sum, 101));
}

static limn_status set_step(const struct net *t, struct exec *e, uint64_t step)
{
    limn_status st = exec_set(e, t->k, (float[]){0.5f, 1 + 0.25f * (float)step}, 2, &err);
    return st == LIMN_OK ? set_numbers(e, t->x, step) : st;
}

static float *result(struct exec *e, value_id of)
{
    float *v = mem_zalloc(N, sizeof(*v));
    CHECK_OK(exec_get(e, of, v, N, &err));
    return v;
}

static void check_same(struct exec *a, struct exec *b, value_id of)
{
    float *x = result(a, of), *y = result(b, of);
    CHECK(memcmp(x, y, N * sizeof(*x)) == 0);
    mem_free(x);
    mem_free(y);
}

static struct exec *create(const struct net *t, struct vk_device *d, const struct exec_params *p)
{
    struct exec *e = NULL;
    CHECK_OK(d ? exec_vk_create(d, t->g, p, &e, &err) : exec_ref_create(t->g, &e, &err));
    return e;
}

/* The steps one after another, without any overlap, on a graph without streams. */
static struct exec *in_a_row(const struct net *t, struct vk_device *d, int steps)
{
    struct exec *e = create(t, d, NULL);
    set_start(t, e);
    for (int i = 0; i < steps; i++) {
        CHECK_OK(set_step(t, e, (uint64_t)i));
        CHECK_OK(exec_run(e, 0, 1, &err));
    }
    return e;
}

static void test_overlap(struct vk_device *d)
{
    struct net t, plain;
    net_init(&t, true);
    net_init(&plain, false);
    struct exec *e = create(&t, d, NULL);
    set_start(&t, e);
    CHECK_INT(exec_run(e, 0, 1, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, d ? "was not set" : "no numbers yet") != NULL);
    CHECK_OK(set_step(&t, e, 0));
    for (int i = 0; i < STEPS; i++) {
        struct exec *want = in_a_row(&plain, d, i + 1);
        CHECK_OK(exec_start(e, 0, 1, &err));
        CHECK_OK(set_step(&t, e, 77)); /* twice: the last one counts */
        CHECK_OK(set_step(&t, e, (uint64_t)i + 1));
        CHECK_OK(exec_wait(e, &err));
        check_same(e, want, t.y);
        check_same(e, want, t.sum);
        exec_destroy(&want);
    }
    exec_destroy(&e);
    graph_destroy(&t.g);
    graph_destroy(&plain.g);
}

/* What is not set anew stays as it was, whichever slot it lies in. */
static void test_stays(struct vk_device *d)
{
    struct net t, plain;
    struct exec *e[2];
    net_init(&t, true);
    net_init(&plain, false);
    e[0] = create(&t, d, NULL);
    e[1] = create(&plain, d, NULL);
    for (int i = 0; i < 2; i++) {
        set_start(&t, e[i]);
        CHECK_OK(set_step(&t, e[i], 3));
        CHECK_OK(exec_run(e[i], 0, 1, &err));
        CHECK_OK(exec_run(e[i], 0, 1, &err));
        CHECK_OK(exec_set(e[i], t.k, (float[]){-1, 2}, 2, &err));
        CHECK_OK(exec_run(e[i], 0, 1, &err));
        CHECK_OK(set_numbers(e[i], t.x, 9));
        CHECK_OK(exec_run(e[i], 0, 1, &err));
    }
    check_same(e[0], e[1], t.y);
    check_same(e[0], e[1], t.sum);
    struct exec_stats a, b;
    exec_stats(e[0], &a);
    exec_stats(e[1], &b);
    if (d) { /* a second slot and no more */
        uint64_t align = vk_device_caps(d)->offset_align < 64 ? 64 : vk_device_caps(d)->offset_align;
        CHECK_INT(a.activation_bytes - b.activation_bytes, N * sizeof(float) + align);
    }
    CHECK(a.weight_bytes == b.weight_bytes);
    exec_destroy(&e[0]);
    exec_destroy(&e[1]);
    graph_destroy(&t.g);
    graph_destroy(&plain.g);
}

static void test_refused(struct vk_device *d)
{
    struct net t;
    net_init(&t, true);
    struct exec *e = create(&t, d, NULL), *want = in_a_row(&t, d, 1);
    set_start(&t, e);
    CHECK_OK(set_step(&t, e, 0));
    CHECK_INT(exec_wait(e, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "no run") != NULL);
    CHECK_INT(exec_start(e, 1, 0, &err), LIMN_ERR_ARG);
    CHECK_INT(exec_wait(e, &err), LIMN_ERR_ARG);
    CHECK_OK(exec_start(e, 0, 1, &err));
    CHECK_INT(exec_start(e, 0, 1, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "goes on") != NULL);
    CHECK_INT(exec_run(e, 0, 1, &err), LIMN_ERR_ARG);
    CHECK_INT(set_numbers(e, t.c, 5), LIMN_ERR_ARG);
    CHECK(strstr(err.text, "c: is in use") != NULL);
    CHECK_INT(set_numbers(e, t.sum, 5), LIMN_ERR_ARG);
    float y[4];
    CHECK_INT(exec_get(e, t.y, y, 4, &err), LIMN_ERR_SHAPE);
    float *all = numbers(1);
    CHECK_INT(exec_get(e, t.y, all, N, &err), LIMN_ERR_ARG);
    CHECK_INT(exec_set(e, t.x, all, N - 1, &err), LIMN_ERR_SHAPE);
    mem_free(all);
    CHECK_OK(exec_wait(e, &err));
    CHECK_INT(exec_wait(e, &err), LIMN_ERR_ARG);
    check_same(e, want, t.sum);
    exec_destroy(&e);
    exec_destroy(&want);
    graph_destroy(&t.g);
}

/* --- failures, of the device only --- */

/* One call of Vulkan failing somewhere between set and wait: `want_status` comes from one of them. */
static void test_faults(struct vk_device *d, enum inject_kind kind, limn_status want_status)
{
    struct net t;
    net_init(&t, true);
    struct exec *e = create(&t, d, NULL), *want = in_a_row(&t, d, 2);
    size_t failed = 0;
    for (unsigned long k = 1; k < 100; k++) {
        set_start(&t, e);
        CHECK_OK(set_step(&t, e, 0));
        inject_arm(kind, k, false);
        limn_status st = exec_start(e, 0, 1, &err), set = LIMN_OK;
        if (st == LIMN_OK) {
            set = set_step(&t, e, 1);
            st = exec_wait(e, &err);
            CHECK(st == LIMN_OK || exec_wait(e, &err) == LIMN_ERR_ARG);
        }
        bool hit = inject_seen(kind) >= k;
        inject_arm(kind, 0, false);
        CHECK(d->lost == (hit && kind == INJECT_LOST));
        d->lost = false; /* it is not: the rest tells that nothing is in a wrong state */
        CHECK((st != LIMN_OK || set != LIMN_OK) == hit);
        CHECK(st == LIMN_OK || st == want_status);
        CHECK(set == LIMN_OK || set == want_status);
        failed += hit;
        set_start(&t, e); /* and now the two steps as if nothing had been */
        CHECK_OK(set_step(&t, e, 0));
        CHECK_OK(exec_start(e, 0, 1, &err));
        CHECK_OK(set_step(&t, e, 1));
        CHECK_OK(exec_wait(e, &err));
        CHECK_OK(exec_run(e, 0, 1, &err));
        check_same(e, want, t.sum);
        if (!hit) {
            break;
        }
    }
    CHECK(failed >= 5); /* reset and submit of the copy and of the run, the two waits */
    exec_destroy(&e);
    exec_destroy(&want);
    graph_destroy(&t.g);
}

static void test_lost(struct vk_device *d)
{
    struct net t;
    net_init(&t, true);
    for (int when = 0; when < 2; when++) {
        struct exec *e = create(&t, d, NULL);
        set_start(&t, e);
        CHECK_OK(set_step(&t, e, 0));
        CHECK_OK(exec_start(e, 0, 1, &err));
        d->lost = true;
        if (when) {
            CHECK_INT(set_step(&t, e, 1), LIMN_ERR_DEVICE_LOST);
        }
        CHECK_INT(exec_wait(e, &err), LIMN_ERR_DEVICE_LOST);
        CHECK_INT(exec_wait(e, &err), LIMN_ERR_ARG);
        CHECK_INT(exec_start(e, 0, 1, &err), LIMN_ERR_DEVICE_LOST);
        CHECK_INT(set_step(&t, e, 1), LIMN_ERR_DEVICE_LOST);
        exec_destroy(&e);
        d->lost = false;
    }
    graph_destroy(&t.g);
}

static bool no(void *user, float done)
{
    (void)done;
    ++*(int *)user;
    return false;
}

static void test_ends(struct vk_device *d)
{
    struct net t;
    int calls = 0;
    struct exec_params cancelling = {.step = no, .user = &calls};
    net_init(&t, true);
    struct exec *e = create(&t, d, &cancelling);
    set_start(&t, e);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(set_step(&t, e, 0));
        CHECK_OK(exec_start(e, 0, 1, &err));
        CHECK_INT(exec_wait(e, &err), LIMN_CANCELLED);
        CHECK_INT(calls, i + 1);
    }
    CHECK_OK(exec_start(e, 0, 1, &err));
    exec_destroy(&e); /* while it runs */
    graph_destroy(&t.g);
}

static void test_all(struct vk_device *d)
{
    test_overlap(d);
    test_stays(d);
    test_refused(d);
}

int main(void)
{
    struct vk_device *d = NULL;
    test_all(NULL);
    if (vk_device_open(getenv("LIMN_TEST_DEVICE"), &d, &err) != LIMN_OK) {
        fprintf(stderr, "no device: %s\n", err.text);
        return check_done();
    }
    for (int map = 1; map >= 0; map--) { /* and through the staging block */
        d->no_map = map == 0;
        test_all(d);
        test_faults(d, INJECT_VULKAN, LIMN_ERR_DEVICE_NOMEM);
        test_faults(d, INJECT_LOST, LIMN_ERR_DEVICE_LOST);
        test_lost(d);
        test_ends(d);
    }
    vk_device_close(&d);
    return check_done();
}
