/* State: numbers that a run hands to the next one, by both executors, with and without stages; wrong uses refused. */
#include "support/check.h"

#include "support/toy.h"
#include "vk/device.h"

static limn_error err;

struct walk { /* w' = w - lr (w - x), the mean square of w - x is the loss; sum' = k0 sum + k1 x */
    struct graph *g;
    value_id x, w, s, h, sum, k, new_w, loss;
};

static void walk_init(struct walk *t, bool late)
{
    CHECK_OK(graph_create(&t->g, &err));
    struct builder b = {t->g, LIMN_OK, &err};
    t->x = toy_input(&b, "x", SHAPE(5));
    t->w = toy_input(&b, "w", SHAPE(5));
    t->s = toy_input(&b, "s", SHAPE(1, 5));
    t->h = toy_input(&b, "h", SHAPE(4));
    t->k = toy_input(&b, "k", SHAPE(2));
    t->sum = toy_input(&b, "sum", SHAPE(5));
    value_id d = build_sub(&b, t->w, t->x);
    t->loss = build_reduce(&b, &op_reduce_mean, build_mul(&b, d, d), 1, false);
    value_id total = build(&b, &op_combine, NULL, NULL, t->sum, d, t->k);
    struct sgd_attrs a = {.momentum = 0.5f};
    t->new_w = build(&b, &op_sgd_update, NULL, &a, t->w, t->s, total, t->h);
    CHECK_OK(b.status);
    CHECK_OK(graph_state(t->g, t->sum, total, &err));
    CHECK_OK(graph_state(t->g, t->w, t->new_w, &err));
    CHECK_OK(graph_state(t->g, t->s, t->new_w + 1, &err));
    t->g->value[t->loss].flags |= VALUE_OUTPUT;
    t->g->value[t->h].flags |= late ? VALUE_LATE : 0;
    CHECK_OK(graph_optimise(t->g, OPTIMISE_ALL, &err));
}

static void walk_set(const struct walk *t, struct exec *e)
{
    static const float zero[5] = {0}, w[5] = {1, -2, 3, 0.5f, 7};
    CHECK_OK(exec_set(e, t->w, w, 5, &err));
    CHECK_OK(exec_set(e, t->s, zero, 5, &err));
    CHECK_OK(exec_set(e, t->sum, (float[]){NAN, NAN, NAN, NAN, NAN}, 5, &err));
    CHECK_OK(exec_set(e, t->x, zero, 5, &err));
    CHECK_OK(exec_set(e, t->h, (float[]){0.25f, 0, 0, 0}, 4, &err));
}

static void add(const struct walk *t, struct exec *e, bool fresh, int last)
{
    CHECK_OK(exec_set(e, t->k, (float[]){fresh ? 0 : 1, 1}, 2, &err));
    CHECK_OK(exec_run(e, 0, last, &err));
}

/* Independent of the executors: momentum descent of w/2 towards 0, `micro` gradients per step. */
static double expected(double w, int steps, int micro)
{
    double m = 0;
    for (int i = 0; i < steps; i++) {
        m = 0.5 * m + micro * w;
        w -= 0.25 * m;
    }
    return w;
}

static void check_walk(struct exec *e, const struct walk *t, bool late)
{
    static const double start[5] = {1, -2, 3, 0.5, 7};
    float w[5], loss;
    int micro = late ? 3 : 1;
    walk_set(t, e);
    for (int step = 0; step < 4; step++) {
        for (int i = 0; i < micro; i++) {
            add(t, e, i == 0, late ? 0 : 1);
        }
        if (late) {
            CHECK_OK(exec_run(e, 1, 1, &err));
        }
        CHECK_OK(exec_get(e, t->w, w, 5, &err));
        for (int i = 0; i < 5; i++) {
            CHECK_NEAR(w[i], expected(start[i], step + 1, micro), 1e-5);
        }
    }
    CHECK_OK(exec_get(e, t->loss, &loss, 1, &err));
    CHECK_OK(exec_set(e, t->w, w, 5, &err)); /* a state can be set again: the walk goes on from there */
    CHECK_OK(exec_get(e, t->new_w, w, 5, &err));
}

static void test_walk(struct vk_device *dev, bool late)
{
    struct walk t;
    struct exec *e = NULL;
    walk_init(&t, late);
    CHECK_OK(exec_ref_create(t.g, &e, &err));
    check_walk(e, &t, late);
    exec_destroy(&e);
    if (dev) {
        CHECK_OK(exec_vk_create(dev, t.g, NULL, &e, &err));
        check_walk(e, &t, late);
        exec_destroy(&e);
    }
    graph_destroy(&t.g);
}

static void test_refused(void)
{
    struct graph *g = NULL;
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(3)), s = toy_input(&b, "s", SHAPE(3)), k = toy_input(&b, "k", SHAPE(2));
    value_id sum = build_add(&b, s, x), next = build(&b, &op_combine, NULL, NULL, s, x, k);
    CHECK_INT(graph_state(g, s, sum, &err), LIMN_ERR_INTERNAL);  /* add does not update */
    CHECK_INT(graph_state(g, x, next, &err), LIMN_ERR_INTERNAL); /* next replaces s, not x */
    CHECK_INT(graph_state(g, sum, next, &err), LIMN_ERR_INTERNAL);
    build(&b, &op_relu, NULL, NULL, s);
    CHECK_INT(graph_state(g, s, next, &err), LIMN_ERR_INTERNAL); /* s is read later */
    CHECK(strstr(err.text, "read after its update") != NULL);
    graph_destroy(&g);
}

int main(void)
{
    struct vk_device *dev = NULL;
    if (vk_device_open(NULL, &dev, &err) != LIMN_OK) {
        fprintf(stderr, "no device: %s\n", err.text);
    }
    test_walk(dev, false);
    test_walk(dev, true);
    test_refused();
    vk_device_close(&dev);
    return check_done();
}
