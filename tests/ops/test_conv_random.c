/* Random geometry: conv, conv_transpose and conv_weight_grad of the same attributes, reference against shaders, for the
 * kernels of every device class. TIMEOUT: 900. Argument: the seed (default 1). */
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"
#include "exec/exec.h"
#include "ops/ops.h"
#include "support/check.h"
#include "vk/device.h"

enum { N_TRIALS = 40 };

struct draw {
    uint64_t seed, at;
};

static int32_t between(struct draw *d, int32_t lo, int32_t hi)
{
    return lo + (int32_t)(rng_u64(d->seed, d->at++) % (uint64_t)(hi - lo + 1));
}

/* Mostly small numbers, since a rare large stride says little. */
static int32_t small(struct draw *d, int32_t hi)
{
    return between(d, 0, 1) ? 1 : between(d, 1, hi);
}

struct trial {
    struct conv_attrs a;
    struct shape x, w;
};

static void draw_trial(struct draw *d, struct trial *t)
{
    int32_t pick = between(d, 0, 4), rank = pick == 0 ? 3 : pick == 1 ? 5 : 4, groups = small(d, 5);
    int32_t c = between(d, 0, 2) ? between(d, 1, 9) : 1, m = between(d, 1, 11), n = between(d, 1, 3);
    *t = (struct trial){.a = {.groups = groups}};
    t->x = (struct shape){.rank = rank, .dim = {n, groups * c}};
    t->w = (struct shape){.rank = rank, .dim = {groups * m, c}};
    for (int i = 0; i < 3; i++) {
        t->a.stride[i] = t->a.dilation[i] = 1;
        if (i < 5 - rank) {
            continue;
        }
        int axis = rank - 3 + i;
        t->a.stride[i] = small(d, 5);
        t->a.dilation[i] = small(d, 4);
        t->w.dim[axis] = between(d, 1, 4);
        t->a.pad_begin[i] = between(d, -1, 4);
        t->a.pad_end[i] = between(d, -1, 4);
        int32_t reach = t->a.dilation[i] * (t->w.dim[axis] - 1) + 1 - t->a.pad_begin[i] - t->a.pad_end[i];
        t->x.dim[axis] = (reach > 1 ? reach : 1) + between(d, 0, rank == 4 ? 13 : 6);
    }
}

/* y = conv(x, w); dx and dw by its adjoints with cotangent g. */
static limn_status build_trial(const struct trial *t, struct graph *g, value_id in[3], value_id out[3], limn_error *err)
{
    limn_status st = LIMN_OK;
    struct conv_attrs a = t->a;
    value_id args[2];
    TRY(graph_input(g, "x", t->x, &in[0], err));
    TRY(graph_input(g, "w", t->w, &in[1], err));
    TRY(graph_node(g, &op_conv, "y", &a, 2, in, &out[0], err));
    TRY(graph_input(g, "g", g->value[out[0]].shape, &in[2], err));
    for (int i = 0; i < 3; i++) {
        int axis = t->x.rank - 3 + i;
        a.size[i] = axis < 2 ? 1 : t->x.dim[axis];
    }
    args[0] = in[2];
    args[1] = in[1];
    TRY(graph_node(g, &op_conv_transpose, "dx", &a, 2, args, &out[1], err));
    for (int i = 0; i < 3; i++) {
        int axis = t->x.rank - 3 + i;
        a.size[i] = axis < 2 ? 1 : t->w.dim[axis];
    }
    args[0] = in[0];
    args[1] = in[2];
    TRY(graph_node(g, &op_conv_weight_grad, "dw", &a, 2, args, &out[2], err));
    for (int i = 0; i < 3; i++) {
        g->value[out[i]].flags |= VALUE_OUTPUT;
    }
out:
    return st;
}

static limn_status run(struct exec *e, const struct graph *g, const value_id in[3], const value_id out[3],
                       float *result[3], uint64_t seed, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (int i = 0; i < 3 && st == LIMN_OK; i++) {
        size_t n = shape_elems(&g->value[in[i]].shape);
        float *data = mem_alloc(n, sizeof(*data));
        for (size_t k = 0; data != NULL && k < n; k++) {
            data[k] = (float)rng_symmetric(seed + (uint64_t)i, k);
        }
        st = data == NULL ? err_nomem(err, n * 4, "an input") : exec_set(e, in[i], data, n, err);
        mem_free(data);
    }
    st = st == LIMN_OK ? exec_run(e, 0, 1, err) : st;
    for (int i = 0; i < 3 && st == LIMN_OK; i++) {
        size_t n = shape_elems(&g->value[out[i]].shape);
        result[i] = mem_alloc(n, sizeof(float));
        st = result[i] == NULL ? err_nomem(err, n * 4, "a result") : exec_get(e, out[i], result[i], n, err);
    }
    return st;
}

static void describe(const struct trial *t, uint64_t seed, int i)
{
    char x[SHAPE_TEXT_MAX], w[SHAPE_TEXT_MAX];
    fprintf(stderr, "seed %llu, trial %d: x %s, w %s, groups %d, stride", (unsigned long long)seed, i,
            shape_text(&t->x, x), shape_text(&t->w, w), (int)t->a.groups);
    for (int k = 0; k < 3; k++) {
        fprintf(stderr, " %d(dilation %d, padding %d %d)", (int)t->a.stride[k], (int)t->a.dilation[k],
                (int)t->a.pad_begin[k], (int)t->a.pad_end[k]);
    }
    fprintf(stderr, "\n");
}

static void compare(const struct graph *g, const value_id out[3], float *const want[3], float *const got[3])
{
    for (int i = 0; i < 3; i++) {
        size_t n = shape_elems(&g->value[out[i]].shape);
        double most = 1, worst = 0;
        for (size_t k = 0; k < n; k++) {
            double diff = fabs((double)want[i][k] - got[i][k]);
            most = fmax(most, fabs((double)want[i][k]));
            worst = diff <= worst ? worst : diff; /* NaN counts */
        }
        CHECK_NEAR(worst, 0, 3e-5 * most);
    }
}

static void check_trial(struct vk_device *dev, const struct trial *t, uint64_t seed, int number)
{
    limn_error err = {0};
    struct graph *g = NULL;
    struct exec *e[2] = {NULL, NULL};
    value_id in[3], out[3];
    float *result[2][3] = {{NULL}};
    int before = check_failed;
    limn_status st = graph_create(&g, &err);
    st = st == LIMN_OK ? build_trial(t, g, in, out, &err) : st;
    st = st == LIMN_OK ? exec_ref_create(g, &e[0], &err) : st;
    st = st == LIMN_OK ? exec_vk_create(dev, g, &(struct exec_params){0}, &e[1], &err) : st;
    for (int k = 0; k < 2 && st == LIMN_OK; k++) {
        st = run(e[k], g, in, out, result[k], seed * 1000 + (uint64_t)number, &err);
    }
    CHECK_OK(st);
    if (st == LIMN_OK) {
        compare(g, out, result[0], result[1]);
    }
    if (check_failed > before) {
        describe(t, seed, number);
    }
    for (int k = 0; k < 6; k++) {
        mem_free(result[k / 3][k % 3]);
    }
    exec_destroy(&e[0]);
    exec_destroy(&e[1]);
    graph_destroy(&g);
}

int main(int argc, char **argv)
{
    static const char *const families[] = {"", "gpu", "direct"};
    int64_t seed = 1;
    if (argc > 1 && !str_to_i64(argv[1], 0, INT32_MAX, &seed)) {
        return 2;
    }
    for (int f = 0; f < 3; f++) {
        limn_error err = {0};
        struct vk_device *dev = NULL;
        struct draw d = {.seed = (uint64_t)seed * 31 + (uint64_t)f};
        setenv("LIMN_CONV_FAMILY", families[f], 1);
        if (vk_device_open(NULL, &dev, &err) != LIMN_OK) {
            fprintf(stderr, "no device: %s\n", err.text);
            return 77;
        }
        for (int i = 0; i < N_TRIALS; i++) {
            struct trial t;
            draw_trial(&d, &t);
            check_trial(dev, &t, (uint64_t)seed, i);
        }
        vk_device_close(&dev);
    }
    return check_done();
}
