/* Explanation plans over whole models, by the reference executor: stages, batches, classes, layers, errors. */
#include "support/check.h"

#include "base/inject.h"
#include "explain/explain.h"
#include "support/toy.h"

static limn_error err;

enum { IN = 28 * 28, K = 10 };

static struct explain_plan *make_plan(struct model *m, int32_t batch, const char *layer, const char *const *names,
                                      size_t n)
{
    const struct method *methods[8];
    struct explain_plan *plan = NULL;
    for (size_t i = 0; i < n; i++) {
        methods[i] = method_find(names[i]);
    }
    struct explain_params p = {.batch = batch, .layers = &layer, .n_layers = layer != NULL, .methods = methods};
    p.n_methods = n;
    CHECK_OK(explain_plan_create(m, &p, &plan, &err));
    return plan;
}

/* Two images in a batch of two: each has its own class, logits and map, equal to those of batches of one. */
static void test_batch(struct model *m)
{
    static const char *const names[] = {"gradcam", "gradient"};
    static float logits[2][2 * K], cam[2][2 * 64], gradient[2][2 * IN];
    const int32_t classes[2] = {3, 7};
    float *x = toy_random(5, 2 * IN, 1.0);
    struct explain_plan *two = make_plan(m, 2, "relu2", names, 2), *one = make_plan(m, 1, "relu2", names, 2);
    CHECK_OK(explain_forward(two, x, logits[0], &err));
    CHECK_OK(explain_backward(two, classes, &err));
    CHECK_OK(explain_map(two, 0, cam[0], 2 * 64, &err));
    CHECK_OK(explain_map(two, 1, gradient[0], 2 * IN, &err));
    for (int i = 0; i < 2; i++) {
        CHECK_OK(explain_forward(one, x + i * IN, logits[1] + i * K, &err));
        CHECK_OK(explain_backward(one, classes + i, &err));
        CHECK_OK(explain_map(one, 0, cam[1] + i * 64, 64, &err));
        CHECK_OK(explain_map(one, 1, gradient[1] + i * IN, IN, &err));
    }
    CHECK(memcmp(logits[0], logits[1], sizeof(logits[0])) == 0);
    CHECK(memcmp(cam[0], cam[1], sizeof(cam[0])) == 0);
    CHECK(memcmp(gradient[0], gradient[1], sizeof(gradient[0])) == 0);
    CHECK(memcmp(gradient[0], gradient[0] + IN, IN * sizeof(float)) != 0);
    explain_plan_destroy(&two);
    explain_plan_destroy(&one);
    mem_free(x);
}

/* Another class on the same forward pass, and back again. */
static void test_classes(struct model *m)
{
    static const char *const names[] = {"guided-backprop"};
    static float logits[K], map[3][IN];
    float *x = toy_random(6, IN, 1.0);
    struct explain_plan *plan = make_plan(m, 1, NULL, names, 1);
    CHECK_INT(explain_backward(plan, (int32_t[]){0}, &err), LIMN_ERR_ARG);
    CHECK_OK(explain_forward(plan, x, logits, &err));
    CHECK_INT(explain_map(plan, 0, map[0], IN, &err), LIMN_ERR_ARG);
    CHECK_INT(explain_backward(plan, (int32_t[]){K}, &err), LIMN_ERR_ARG);
    CHECK_INT(explain_backward(plan, (int32_t[]){-1}, &err), LIMN_ERR_ARG);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(explain_backward(plan, (int32_t[]){i == 1 ? 4 : 1}, &err));
        CHECK_OK(explain_map(plan, 0, map[i], IN, &err));
    }
    CHECK(memcmp(map[0], map[2], sizeof(map[0])) == 0);
    CHECK(memcmp(map[0], map[1], sizeof(map[0])) != 0);
    explain_plan_destroy(&plan);
    mem_free(x);
}

static void test_shapes_and_errors(struct model *m)
{
    static const char *const cam[] = {"gradcam"};
    const struct method *methods[] = {method_find("gradcam")};
    const struct shape one = SHAPE(1, 24, 24), two = SHAPE(2, 24, 24);
    struct explain_plan *plan = make_plan(m, 2, "relu1", cam, 1);
    CHECK(shape_equal(explain_map_shape(plan, 0), &two));
    explain_plan_destroy(&plan);
    plan = make_plan(m, 1, NULL, cam, 0); /* logits only */
    float logits[K], *x = toy_random(7, IN, 1.0);
    CHECK_OK(explain_forward(plan, x, logits, &err));
    CHECK_INT(explain_backward(plan, (int32_t[]){0}, &err), LIMN_ERR_ARG);
    explain_plan_destroy(&plan);
    const char *const layers[] = {"relu2", "relu1"};
    struct explain_params p = {.batch = 1, .layers = layers, .n_layers = 2, .methods = methods, .n_methods = 1};
    CHECK_OK(explain_plan_create(m, &p, &plan, &err));
    CHECK(shape_equal(explain_map_shape(plan, 0), &one));
    explain_plan_destroy(&plan);
    const char *bad[] = {"fc1", "relu9"};
    for (int i = 0; i < 2; i++) {
        p.layers = &bad[i];
        p.n_layers = 1;
        CHECK_INT(explain_plan_create(m, &p, &plan, &err), i == 0 ? LIMN_ERR_ARG : LIMN_ERR_NOT_FOUND);
        CHECK(plan == NULL);
    }
    mem_free(x);
}

/* Each allocation of making and running a plan fails once: an error that says so, nothing made, nothing leaked. */
static void test_no_memory(void)
{
    struct model *m = NULL;
    const struct method *methods[16];
    const struct explain_params p = {.batch = 1, .methods = methods, .n_methods = method_count()};
    float logits[K], *x = toy_random(9, IN, 1.0);
    unsigned long k = 0;
    limn_status st = LIMN_ERR_NOMEM;
    for (size_t i = 0; i < method_count(); i++) {
        methods[i] = method_at(i);
    }
    CHECK_OK(model_open("recipe:lenet", NULL, &m, &err));
    while (st != LIMN_OK && k < 100000) {
        struct explain_plan *plan = NULL;
        inject_arm(INJECT_ALLOC, ++k, false);
        st = explain_plan_create(m, &p, &plan, &err);
        CHECK(st == LIMN_OK || (st == LIMN_ERR_NOMEM && plan == NULL));
        st = st == LIMN_OK ? explain_forward(plan, x, logits, &err) : st;
        st = st == LIMN_OK ? explain_backward(plan, (int32_t[]){1}, &err) : st;
        CHECK(st == LIMN_OK || st == LIMN_ERR_NOMEM);
        explain_plan_destroy(&plan);
    }
    inject_arm(INJECT_ALLOC, 0, false);
    CHECK(k > 100 && k < 100000);
    model_close(&m);
    mem_free(x);
}

/* BatchNorm and activations are inside the convolutions: a plan has hardly more kernels than the network has
 * convolutions, and the backward pass uses the folded weights too. */
static void test_fused(void)
{
    static const char *const names[] = {"gradient"};
    enum { SIDE = 32, N_X = 3 * SIDE * SIDE };
    static float logits[2][K], map[N_X];
    struct model *m = NULL;
    struct exec_stats stats;
    CHECK_OK(model_open("recipe:cifar_resnet20", NULL, &m, &err));
    float *x = toy_random(8, N_X, 1.0);
    struct explain_plan *plan = make_plan(m, 1, NULL, names, 1), *forward = make_plan(m, 1, NULL, names, 0);
    CHECK_OK(explain_forward(forward, x, logits[0], &err));
    explain_plan_stats(forward, &stats);
    CHECK(stats.n_dispatch <= 30); /* 19 convolutions, a Linear, pooling, flattening, shortcuts that pad */
    CHECK_OK(explain_forward(plan, x, logits[1], &err));
    CHECK(memcmp(logits[0], logits[1], sizeof(logits[0])) == 0);
    CHECK_OK(explain_backward(plan, (int32_t[]){2}, &err));
    CHECK_OK(explain_map(plan, 0, map, N_X, &err));
    explain_plan_stats(plan, &stats);
    CHECK(stats.n_dispatch <= 35);
    explain_plan_destroy(&plan);
    explain_plan_destroy(&forward);
    model_close(&m);
    mem_free(x);
}

int main(void)
{
    struct model *m = NULL;
    CHECK_OK(model_open("recipe:lenet", NULL, &m, &err));
    if (m != NULL) {
        test_batch(m);
        test_classes(m);
        test_shapes_and_errors(m);
    }
    model_close(&m);
    test_fused();
    test_no_memory();
    return check_done();
}
