/* Prepare calls, scratch, windows and failures of the Vulkan executor, with an operator made for this test:
 * y = x * (2 w + 1), where 2 w + 1 is packed by two prepare calls and read in windows. TIMEOUT: 300
 * LABELS: gpu */
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/rng.h"
#include "exec/vk_exec.h"
#include "ops/ops.h"
#include "push/binary.h"
#include "push/unary.h"
#include "shaders_gen.h"
#include "support/check.h"

enum { N = 5003, WINDOW = 1024 };

static limn_status pack_infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    (void)err;
    out[0] = c->in[0];
    return LIMN_OK;
}

static void pack_ref(const struct op_call *c, const double *const *in, double *const *out)
{
    for (size_t i = 0; i < shape_elems(&c->out[0]); i++) {
        out[0][i] = in[0][i] * (2 * in[1][i] + 1);
    }
}

static void bind_twice(struct kernel_call *c, enum bind_space space, int index, int access, uint64_t offset,
                       uint64_t size)
{
    for (int i = 0; i < 2; i++) {
        struct kernel_bind *b = kernel_bind(c, space, index, access);
        b->offset = offset;
        b->size = size;
    }
}

static void add_affine(struct kernel_list *l, const struct device_caps *caps, enum bind_space from, int index, int to,
                       float scale, float shift)
{
    struct {
        PUSH_UNARY
    } push = {.n = N, .a = scale, .b = shift};
    struct kernel_call *c = kernel_add(l, SHADER_UNARY, 64, 1, 1);
    c->prepare = true;
    kernel_spec(c, UNARY_AFFINE);
    kernel_push(c, &push, sizeof(push));
    bind_twice(c, from, index, ACCESS_READ, 0, 0);
    bind_twice(c, BIND_SCRATCH, to, ACCESS_WRITE, 0, 0);
    kernel_grid_1d(c, caps, (N + 3) / 4, 64);
}

static void add_window(struct kernel_list *l, const struct device_caps *caps, int packed, uint32_t first)
{
    uint32_t n = N - first < WINDOW ? N - first : WINDOW;
    struct {
        PUSH_BINARY
    } push = {.n = n};
    struct kernel_call *c = kernel_add(l, SHADER_BINARY, 64, 1, 1);
    kernel_spec(c, BINARY_MUL);
    kernel_push(c, &push, sizeof(push));
    bind_twice(c, BIND_IN, 0, ACCESS_READ, first * 4, WINDOW * 4);
    bind_twice(c, BIND_SCRATCH, packed, ACCESS_READ, first * 4, WINDOW * 4);
    bind_twice(c, BIND_OUT, 0, ACCESS_WRITE, first * 4, WINDOW * 4);
    kernel_grid_1d(c, caps, (n + 3) / 4, 64);
}

static limn_status pack_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                             limn_error *err)
{
    (void)c;
    int packed = kernel_scratch(l, N * 4, true), half = kernel_scratch(l, N * 4, false);
    if (packed < 0 || half < 0 || mem_grow(&l->call, &l->cap_call, 32, sizeof(*l->call), err) != LIMN_OK) {
        return err_nomem(err, 64, "scratch");
    }
    add_affine(l, caps, BIND_IN, 1, half, 1, 0.5f);
    add_affine(l, caps, BIND_SCRATCH, half, packed, 2, 0);
    for (uint32_t first = 0; first < N; first += WINDOW) {
        add_window(l, caps, packed, first);
    }
    return LIMN_OK;
}

/* Broken plans: what they ask for is refused, not sent to the driver. */
static limn_status bad_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l,
                            limn_error *err)
{
    limn_status st = pack_plan(c, caps, l, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct kernel_call *last = &l->call[l->n_call - 1];
    switch ((int)((const float *)c->attrs)[0]) {
    case 0:
        last->bind[0].index = 7;
        break;
    case 1:
        last->bind[0].offset = N * 4 + 64;
        break;
    case 2:
        last->bind[0].offset = 4;
        break;
    case 3:
        last->groups[1] = 0;
        break;
    case 4:
        last->spec[0] = 1u << 20;
        break;
    case 5:
        last->shader = SHADER_COUNT;
        break;
    default: /* not broken, but slow: every call becomes a submission of its own */
        for (size_t i = 0; i < l->n_call; i++) {
            l->call[i].flops = 1e13;
        }
        break;
    }
    return LIMN_OK;
}

static const struct op pack_op = {
    .name = "pack_test",
    .doc = "x * (2 w + 1)",
    .n_in_min = 2,
    .n_in_max = 2,
    .n_out = 1,
    .infer = pack_infer,
    .ref = pack_ref,
    .plan = pack_plan,
    .tol = 1e-6f,
};
static const struct op bad_op = {
    .name = "bad_test",
    .doc = "",
    .n_in_min = 2,
    .n_in_max = 2,
    .n_out = 1,
    .attr_bytes = sizeof(float),
    .infer = pack_infer,
    .ref = pack_ref,
    .plan = bad_plan,
    .tol = 1e-6f,
};

struct net {
    struct graph *g;
    value_id x, w, y;
    float data[N];
};

enum { W_CONST, W_INPUT, W_CONST_SHARED };

static limn_status build_net(struct net *t, const struct op *op, float attr, int kind, limn_error *err)
{
    struct shape shape = SHAPE(N);
    for (size_t i = 0; i < N; i++) {
        t->data[i] = (float)rng_symmetric(11, i);
    }
    limn_status st = graph_create(&t->g, err);
    if (st == LIMN_OK) {
        st = graph_input(t->g, "x", shape, &t->x, err);
    }
    if (st == LIMN_OK) {
        st = kind == W_INPUT ? graph_input(t->g, "w", shape, &t->w, err)
                             : graph_const_data(t->g, "w", shape, t->data, &t->w, err);
    }
    struct builder b = {.g = t->g, .status = st, .err = err};
    t->y = build(&b, op, "packed", op->attr_bytes ? &attr : NULL, t->x, t->w);
    t->y = build_add(&b, t->y, kind == W_CONST_SHARED ? t->w : t->x);
    if (b.status == LIMN_OK) {
        t->g->value[t->y].flags |= VALUE_OUTPUT;
    }
    return b.status;
}

/* Creates, sets, runs twice and reads; `out` may be NULL. */
static limn_status cycle(struct vk_device *d, const struct net *t, float *out, struct exec_stats *stats,
                         limn_error *err)
{
    struct exec *e = NULL;
    float again[N];
    limn_status st = LIMN_OK;
    TRY(exec_vk_create(d, t->g, NULL, &e, err));
    TRY(exec_set(e, t->x, t->data, N, err));
    if (t->g->value[t->w].kind == VALUE_INPUT) {
        TRY(exec_set(e, t->w, t->data, N, err));
    }
    TRY(exec_run(e, 0, 1, err));
    TRY(exec_get(e, t->y, out, N, err));
    TRY(exec_run(e, 0, 1, err));
    TRY(exec_get(e, t->y, again, N, err));
    CHECK(memcmp(out, again, sizeof(again)) == 0);
    exec_stats(e, stats);
    /* The windows are independent of each other; the addition waits for them, and they for packing when it is replayed,
     * whose second half waits for the first. */
    CHECK_INT(((struct vk_exec *)e)->n_barrier, t->g->value[t->w].kind == VALUE_INPUT ? 3 : 1);
    CHECK(vk_device_bytes_in_use(d) >= stats->weight_bytes + stats->activation_bytes);
out:
    exec_destroy(&e);
    return st;
}

static void test_prepare(struct vk_device *d, int kind, uint64_t weights)
{
    static struct net t;
    static float out[N];
    struct exec_stats stats = {0};
    limn_error err = {0};
    CHECK_OK(build_net(&t, &pack_op, 0, kind, &err));
    CHECK_OK(cycle(d, &t, out, &stats, &err));
    for (size_t i = 0; i < N; i++) {
        double x = (double)t.data[i];
        CHECK_NEAR(out[i], x * (2 * x + 1) + x, 1e-6);
    }
    /* The raw constant stays on the device only when a replayed call reads it. */
    CHECK(stats.weight_bytes >= weights * N * 4 && stats.weight_bytes <= weights * (N * 4 + 512));
    CHECK_INT(stats.n_dispatch, 6 + (kind == W_INPUT ? 2 : 0));
    graph_destroy(&t.g);
}

static void test_bad_plans(struct vk_device *d)
{
    static struct net t;
    for (int i = 0; i < 6; i++) {
        struct exec *e = NULL;
        limn_error err = {0};
        CHECK_OK(build_net(&t, &bad_op, (float)i, W_CONST, &err));
        CHECK_INT(exec_vk_create(d, t.g, NULL, &e, &err), LIMN_ERR_INTERNAL);
        CHECK(strstr(err.text, "bad_test") != NULL);
        CHECK(e == NULL);
        graph_destroy(&t.g);
    }
    CHECK_INT((long long)vk_device_bytes_in_use(d), 0);
}

struct progress {
    int calls, cancel_at;
    float done;
};

static bool count_steps(void *user, float done)
{
    struct progress *p = user;
    CHECK(done >= p->done && done <= 1.00001f);
    p->done = done;
    return ++p->calls != p->cancel_at;
}

/* Long work is cut into submissions; progress rises to one; a cancelled run can be repeated. */
static void test_submissions(struct vk_device *d)
{
    static struct net t;
    static float out[N];
    struct exec *e = NULL;
    struct progress p = {.cancel_at = 3};
    struct exec_params params = {.step = count_steps, .user = &p, .profile = true};
    struct exec_time times[8];
    limn_error err = {0};
    CHECK_OK(build_net(&t, &bad_op, 6, W_CONST, &err));
    CHECK_OK(exec_vk_create(d, t.g, &params, &e, &err));
    if (e) {
        CHECK_OK(exec_set(e, t.x, t.data, N, &err));
        CHECK_INT(exec_run(e, 0, 1, &err), LIMN_CANCELLED);
        CHECK_INT(p.calls, 3);
        p = (struct progress){.cancel_at = 0};
        CHECK_OK(exec_run(e, 0, 1, &err));
        CHECK_INT(p.calls, 6);
        CHECK_NEAR(p.done, 1, 1e-5);
        CHECK_OK(exec_get(e, t.y, out, N, &err));
        CHECK_NEAR(out[N - 1], (double)t.data[N - 1] * (2 * (double)t.data[N - 1] + 2), 1e-6);
        struct exec_stats stats;
        exec_stats(e, &stats);
        CHECK(d->phys.timestamp_bits == 0 || stats.device_ms > 0);
        CHECK_INT(exec_vk_times(e, times, 8), d->phys.timestamp_bits ? 6 : 0);
        double sum = 0;
        for (int i = 0; i < 6 && d->phys.timestamp_bits; i++) {
            sum += times[i].ms;
        }
        CHECK(sum <= stats.device_ms * 1.001);
        CHECK(d->phys.timestamp_bits == 0 || strcmp(times[0].op, "bad_test") == 0);
        CHECK(d->phys.timestamp_bits == 0 || strcmp(times[5].shader, "binary") == 0);
    }
    exec_destroy(&e);
    graph_destroy(&t.g);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

/* The pipeline cache file: written at closing, a damaged one ignored and replaced. */
static void test_cache(void)
{
    static struct net t;
    static float out[N];
    char dir[] = "/tmp/limn-test-XXXXXX", file[4096];
    struct exec_stats stats;
    limn_error err = {0};
    CHECK(mkdtemp(dir) != NULL);
    setenv("XDG_CACHE_HOME", dir, 1);
    setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
    CHECK_OK(build_net(&t, &pack_op, 0, W_CONST, &err));
    for (int round = 0; round < 3; round++) {
        struct vk_device *d = NULL;
        void *data = NULL;
        size_t size = 0;
        CHECK_OK(vk_device_open(getenv("LIMN_TEST_DEVICE"), &d, &err));
        snprintf(file, sizeof(file), "%s/limn/pipelines-%s-%08x.bin", dir, d->phys.info.uuid,
                 d->phys.props.driverVersion);
        CHECK_INT(d->n_saved > 0, round == 2); /* rounds 0 and 1 find nothing and rubbish */
        CHECK_OK(cycle(d, &t, out, &stats, &err));
        vk_device_close(&d);
        CHECK_OK(file_read_all(file, 1 << 26, &data, &size, &err));
        CHECK(size >= sizeof(VkPipelineCacheHeaderVersionOne));
        mem_free(data);
        if (round == 0) {
            CHECK_OK(file_write_atomic(file, "rubbish", 7, true, &err));
        }
    }
    graph_destroy(&t.g);
    CHECK_INT(nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0); /* drivers and layers put things there too */
    unsetenv("XDG_CACHE_HOME");
    unsetenv("MESA_SHADER_CACHE_DISABLE");
}

/* Fails every call of one kind in turn, on a fresh device, with pipelines still to be made. */
static void test_inject(enum inject_kind kind, const char *name)
{
    static struct net t;
    static float out[N];
    struct exec_stats stats;
    limn_error err = {0};
    unsigned long k = 1, failed = 0;
    CHECK_OK(build_net(&t, &pack_op, 0, W_CONST, &err));
    for (bool hit = true; hit && k < 2000; k++) {
        struct vk_device *d = NULL;
        memset(&err, 0, sizeof(err));
        inject_arm(kind, 0, false);
        CHECK_OK(vk_device_open(getenv("LIMN_TEST_DEVICE"), &d, &err));
        inject_arm(kind, k, false);
        limn_status st = cycle(d, &t, out, &stats, &err);
        hit = inject_seen(kind) >= k;
        inject_arm(kind, 0, false);
        CHECK(hit || st == LIMN_OK);
        CHECK(st == LIMN_OK || (err.code == st && err.text[0] && !strchr(err.text, '\n')));
        CHECK(st == LIMN_OK || st == LIMN_ERR_NOMEM || st == LIMN_ERR_DEVICE_NOMEM);
        CHECK_INT((long long)vk_device_bytes_in_use(d), 0);
        failed += st != LIMN_OK;
        vk_device_close(&d);
    }
    fprintf(stderr, "%s: %lu failures injected, %lu reported\n", name, k - 1, failed);
    CHECK(failed > 20);
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
    test_prepare(d, W_CONST, 1);
    test_prepare(d, W_INPUT, 0);
    test_prepare(d, W_CONST_SHARED, 2);
    test_bad_plans(d);
    test_submissions(d);
    setenv("LIMN_POISON", "1", 1);
    test_prepare(d, W_CONST, 1);
    test_prepare(d, W_INPUT, 0);
    unsetenv("LIMN_POISON");
    vk_device_close(&d);
    test_cache();
    if (!getenv("VK_INSTANCE_LAYERS")) { /* hundreds of devices: too slow under a layer */
        test_inject(INJECT_VULKAN, "vulkan");
        test_inject(INJECT_ALLOC, "allocation");
    }
    return check_done();
}
