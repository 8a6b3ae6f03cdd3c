/* The reference executor: stages, lifetimes, errors. */
#include "support/check.h"

#include "support/toy.h"

static limn_error err;

struct small {
    struct graph *g;
    value_id x, late, early, y;
};

/* early = relu(2x) is stage 0 and not an output; y = (early + late) * early is stage 1. */
static void small_init(struct small *s)
{
    CHECK_OK(graph_create(&s->g, &err));
    struct builder b = {s->g, LIMN_OK, &err};
    s->x = toy_input(&b, "x", SHAPE(3));
    s->late = toy_input(&b, "late", SHAPE(3));
    s->early = build(&b, &op_relu, "early", NULL, build_affine(&b, s->x, 2.0f, 0.0f));
    s->y = build_mul(&b, build_add(&b, s->early, s->late), s->early);
    CHECK_OK(b.status);
    s->g->value[s->late].flags |= VALUE_LATE;
    s->g->value[s->y].flags |= VALUE_OUTPUT;
}

static void test_stages(void)
{
    struct small s;
    struct exec *e = NULL;
    float y[3];
    small_init(&s);
    CHECK_OK(exec_ref_create(s.g, &e, &err));
    CHECK_INT(exec_run(e, 0, 0, &err), LIMN_ERR_ARG); /* x has no numbers */
    CHECK(strstr(err.text, "\"x\"") != NULL);
    CHECK_OK(exec_set(e, s.x, (float[]){1, -1, 2}, 3, &err));
    CHECK_OK(exec_run(e, 0, 0, &err));
    CHECK(exec_get(e, s.y, y, 3, &err) != LIMN_OK); /* stage 1 did not run */
    for (int pass = 0; pass < 3; pass++) {          /* stage 1 repeats on the same stage 0 */
        float late = (float)pass;
        CHECK_OK(exec_set(e, s.late, (float[]){late, late, late}, 3, &err));
        CHECK_OK(exec_run(e, 1, 1, &err));
        CHECK_OK(exec_get(e, s.y, y, 3, &err));
        CHECK_NEAR(y[0], (2 + pass) * 2, 0);
        CHECK_NEAR(y[1], 0, 0);
        CHECK_NEAR(y[2], (4 + pass) * 4, 0);
    }
    CHECK(exec_get(e, s.early, y, 3, &err) != LIMN_OK); /* not an output */
    struct exec_stats stats;
    exec_stats(e, &stats);
    CHECK(stats.activation_bytes >= 4 * 3 * sizeof(double) && stats.activation_bytes <= 6 * 3 * sizeof(double));
    exec_destroy(&e);
    graph_destroy(&s.g);
}

/* A long chain needs room for two values, not for all. */
static void test_values_die(void)
{
    struct graph *g = NULL;
    struct exec *e = NULL;
    struct exec_stats stats;
    enum { SIZE = 100, DEPTH = 50 };
    static float x[SIZE], y[SIZE];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id in = toy_input(&b, "x", SHAPE(SIZE)), v = in;
    for (int i = 0; i < DEPTH; i++) {
        v = build_affine(&b, v, 1.0f, 1.0f);
    }
    CHECK_OK(b.status);
    g->value[v].flags |= VALUE_OUTPUT;
    CHECK_OK(exec_ref_create(g, &e, &err));
    CHECK_OK(exec_set(e, in, x, SIZE, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, v, y, SIZE, &err));
    CHECK_NEAR(y[SIZE - 1], DEPTH, 0);
    exec_stats(e, &stats);
    CHECK_INT(stats.activation_bytes, 3 * SIZE * sizeof(double)); /* the input and two in the chain */
    exec_destroy(&e);
    graph_destroy(&g);
}

static limn_status fail_to_read(const struct const_source *s, float *dst, size_t n, limn_error *e)
{
    (void)s;
    (void)dst;
    return err_set(e, LIMN_ERR_READ, "weights: %zu numbers out of reach", n);
}

/* A constant that cannot be read fails creation, but only when somebody needs it. */
static void test_constants(void)
{
    struct graph *g = NULL;
    struct exec *e = NULL;
    const struct const_source source = {.read = fail_to_read};
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id x = toy_input(&b, "x", SHAPE(2)), w = VALUE_NONE;
    CHECK_OK(graph_const(g, "w", SHAPE(2), &source, &w, &err));
    value_id y = build_affine(&b, x, 1.0f, 0.0f);
    build_add(&b, x, w);
    g->value[y].flags |= VALUE_OUTPUT;
    CHECK_OK(b.status);
    CHECK_INT(exec_ref_create(g, &e, &err), LIMN_ERR_READ);
    CHECK(e == NULL);
    CHECK(strstr(err.text, "out of reach") != NULL);
    CHECK_OK(graph_optimise(g, OPTIMISE_DEAD, &err));
    CHECK_OK(exec_ref_create(g, &e, &err));
    exec_destroy(&e);
    graph_destroy(&g);
}

int main(void)
{
    test_stages();
    test_values_die();
    test_constants();
    return check_done();
}
