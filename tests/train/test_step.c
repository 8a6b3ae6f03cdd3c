/* One training step against PyTorch (golden.txt by make_golden.py): losses and their derivatives, gradients of two
 * networks, every optimiser, running statistics; what is frozen does not move; sums over several batches are one batch;
 * two runs give the same bytes. TIMEOUT: 600 */
#include <stdlib.h>

#include "base/file.h"
#include "model/arch.h"
#include "support/check.h"
#include "support/toy.h"
#include "train/train.h"
#include "vk/device.h"

static limn_error err;
static struct vk_device *dev;

/* --- the golden numbers --- */

struct golden {
    char kase[32], tensor[96];
    double sum, abs_sum, v[8];
};
static struct golden golden[400];
static size_t n_golden;

static void read_golden(void)
{
    FILE *f = fopen(LIMN_TEST_DATA "/train/golden.txt", "r");
    CHECK(f != NULL);
    for (; f && n_golden < 400; n_golden++) {
        struct golden *g = &golden[n_golden];
        int n = fscanf(f, "%31s %95s %lf %lf", g->kase, g->tensor, &g->sum, &g->abs_sum);
        for (int k = 0; k < 8 && n == 4; k++) {
            CHECK_INT(fscanf(f, "%lf", &g->v[k]), 1);
        }
        if (n != 4) {
            break;
        }
    }
    if (f) {
        fclose(f);
    }
    CHECK(n_golden > 150);
}

/* Largest difference from the golden numbers of a tensor, relative to its mean magnitude and at least `floor`. */
static double differs(const char *kase, const char *tensor, const float *v, size_t n, double floor)
{
    for (size_t i = 0; i < n_golden; i++) {
        const struct golden *g = &golden[i];
        if (strcmp(g->kase, kase) != 0 || strcmp(g->tensor, tensor) != 0) {
            continue;
        }
        double sum = 0, abs_sum = 0, scale = fmax(g->abs_sum / (double)n, floor), worst = 0;
        for (size_t k = 0; k < n; k++) {
            sum += (double)v[k];
            abs_sum += fabs((double)v[k]);
        }
        for (size_t k = 0; k < 8; k++) {
            worst = fmax(worst, fabs((double)v[k * n / 8] - g->v[k]) / scale);
        }
        worst = fmax(worst, fabs(sum - g->sum) / (scale * sqrt((double)n)));
        return fmax(worst, fabs(abs_sum - g->abs_sum) / (scale * (double)n));
    }
    fprintf(stderr, "no golden numbers of %s %s\n", kase, tensor);
    return INFINITY;
}

static void check_golden(const char *kase, const char *tensor, const float *v, size_t n, double tol)
{
    double d = differs(kase, tensor, v, n, 1e-6);
    check_count++;
    if (!(d <= tol)) {
        check_failed++;
        fprintf(stderr, "%s %s: differs by %.3g (allowed %.3g)\n", kase, tensor, d, tol);
    }
}

/* --- losses --- */

static void sines(float *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v[i] = (float)sin(0.37 * (double)i);
    }
}

static void loss_inputs(float *y, float *t, float *p)
{
    sines(y, 12);
    for (int i = 0; i < 12; i++) {
        y[i] *= 3;
        t[i] = fabsf((float)cos(0.53 * i));
    }
    for (int i = 0; i < 12; i++) {
        double sum = 0;
        for (int k = i / 4 * 4; k < i / 4 * 4 + 4; k++) {
            sum += (double)t[k];
        }
        p[i] = (float)((double)t[i] / sum);
    }
}

static struct exec *loss_exec(struct graph *g)
{
    struct exec *e = NULL;
    CHECK_OK(graph_optimise(g, OPTIMISE_ALL, &err));
    CHECK_OK(dev ? exec_vk_create(dev, g, NULL, &e, &err) : exec_ref_create(g, &e, &err));
    return e;
}

static void check_loss(const char *name, enum loss_kind kind, bool sum)
{
    struct graph *g = NULL;
    float y[12], t[12], p[12], items[3], grad[12];
    char of_grad[64];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id vy = toy_input(&b, "y", SHAPE(3, 4)), vt = toy_input(&b, "t", SHAPE(3, 4)), vg = VALUE_NONE;
    value_id v = loss_items(&b, kind, sum, vy, vt);
    CHECK_OK(b.status);
    CHECK_OK(autodiff(g, NULL, v, build_fill(&b, SHAPE(3), 1), &vy, 1, &vg, &err));
    g->value[v].flags |= VALUE_OUTPUT;
    g->value[vg].flags |= VALUE_OUTPUT;
    struct exec *e = loss_exec(g);
    loss_inputs(y, t, p);
    CHECK_OK(exec_set(e, vy, y, 12, &err));
    CHECK_OK(exec_set(e, vt, kind == LOSS_CROSS_ENTROPY ? p : t, 12, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, v, items, 3, &err));
    CHECK_OK(exec_get(e, vg, grad, 12, &err));
    snprintf(of_grad, sizeof of_grad, "%s.grad", name);
    check_golden("loss", name, items, 3, 2e-6);
    check_golden("loss", of_grad, grad, 12, 2e-6);
    exec_destroy(&e);
    graph_destroy(&g);
}

/* Class weights: PyTorch's weighted mean, by the weights of the sum. */
static void check_weighted(void)
{
    static const int hard[3] = {2, 0, 3};
    static const float w[4] = {0.5f, 2, 1, 3};
    struct graph *g = NULL;
    float y[12], t[12] = {0}, p[12], weight[3], total, grad[12];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id vy = toy_input(&b, "y", SHAPE(3, 4)), vt = toy_input(&b, "t", SHAPE(3, 4)), vg = VALUE_NONE;
    value_id vw = toy_input(&b, "w", SHAPE(3));
    value_id v = loss_total(&b, loss_items(&b, LOSS_CROSS_ENTROPY, false, vy, vt), vw);
    CHECK_OK(b.status);
    CHECK_OK(autodiff(g, NULL, v, build_fill(&b, (struct shape){0}, 1), &vy, 1, &vg, &err));
    g->value[v].flags |= VALUE_OUTPUT;
    g->value[vg].flags |= VALUE_OUTPUT;
    struct exec *e = loss_exec(g);
    loss_inputs(y, t, p);
    memset(t, 0, sizeof t);
    for (int i = 0; i < 3; i++) {
        t[4 * i + hard[i]] = 1;
        weight[i] = w[hard[i]] / (w[2] + w[0] + w[3]);
    }
    CHECK_OK(exec_set(e, vy, y, 12, &err));
    CHECK_OK(exec_set(e, vt, t, 12, &err));
    CHECK_OK(exec_set(e, vw, weight, 3, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, v, &total, 1, &err));
    CHECK_OK(exec_get(e, vg, grad, 12, &err));
    check_golden("loss", "weighted", &total, 1, 2e-6);
    check_golden("loss", "weighted.grad", grad, 12, 2e-6);
    exec_destroy(&e);
    graph_destroy(&g);
}

/* At y = 0, where relu and abs would lie, and far out, where exp would overflow. */
static void check_bce_limits(void)
{
    static const float y[4] = {0, 0, 200, -200}, t[4] = {0, 1, 0, 1}, want[4] = {0.5f, -0.5f, 1, -1};
    struct graph *g = NULL;
    float items[4], grad[4];
    CHECK_OK(graph_create(&g, &err));
    struct builder b = {g, LIMN_OK, &err};
    value_id vy = toy_input(&b, "y", SHAPE(4, 1)), vt = toy_input(&b, "t", SHAPE(4, 1)), vg = VALUE_NONE;
    value_id v = loss_items(&b, LOSS_BCE, true, vy, vt);
    CHECK_OK(autodiff(g, NULL, v, build_fill(&b, SHAPE(4), 1), &vy, 1, &vg, &err));
    g->value[v].flags |= VALUE_OUTPUT;
    g->value[vg].flags |= VALUE_OUTPUT;
    struct exec *e = loss_exec(g);
    CHECK_OK(exec_set(e, vy, y, 4, &err));
    CHECK_OK(exec_set(e, vt, t, 4, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, v, items, 4, &err));
    CHECK_OK(exec_get(e, vg, grad, 4, &err));
    for (int i = 0; i < 4; i++) {
        CHECK_NEAR(grad[i], want[i], 1e-6);
        CHECK_NEAR(items[i], i < 2 ? 0.693147181 : 200, 1e-4);
    }
    exec_destroy(&e);
    graph_destroy(&g);
}

/* --- networks --- */

struct net_task { /* an architecture with recipe weights and hard labels */
    struct train_task base;
    const struct arch *arch;
    struct weights *weights;
};

static limn_status net_make(struct train_task *t, int32_t batch, bool train, struct train_graph *out, limn_error *e)
{
    const struct net_task *n = (const struct net_task *)t;
    struct arch_graph a = {0};
    struct shape s = SHAPE(batch, n->arch->channels, n->arch->size, n->arch->size);
    limn_status st =
        train ? arch_build_train(n->arch, n->weights, s, 1, &a, e) : arch_build(n->arch, n->weights, s, false, &a, e);
    if (st != LIMN_OK) {
        return st;
    }
    struct builder b = {a.graph, LIMN_OK, e};
    *out = (struct train_graph){a.graph,    a.input,  toy_input(&b, "target", SHAPE(batch, n->arch->classes)),
                                VALUE_NONE, a.logits, a.dropout_step};
    out->items = loss_items(&b, LOSS_CROSS_ENTROPY, false, a.logits, out->target);
    mem_free(a.layer);
    return b.status;
}

static struct net_task net_task(const char *arch)
{
    struct net_task t = {{.name = "test", .make = net_make}, arch_find(arch), NULL};
    CHECK_OK(weights_recipe(1, &t.weights, &err));
    return t;
}

struct feed {
    float *x, *target, *weight;
    int32_t n;
};

static struct feed feed_of(const struct arch *a, int32_t n)
{
    size_t elems = (size_t)(n * a->channels * a->size * a->size);
    struct feed f = {mem_alloc(elems, sizeof(float)), mem_zalloc((size_t)(n * a->classes), sizeof(float)),
                     mem_alloc((size_t)n, sizeof(float)), n};
    sines(f.x, elems);
    for (int32_t i = 0; i < n; i++) {
        f.target[i * a->classes + 3 * i % 10] = 1;
        f.weight[i] = 1 / (float)n;
    }
    return f;
}

static void feed_finish(struct feed *f)
{
    mem_free(f->x);
    mem_free(f->target);
    mem_free(f->weight);
}

static struct train_plan *plan_of(struct net_task *t, int32_t n, const struct train_spec *spec)
{
    struct train_plan *p = NULL;
    CHECK_OK(train_plan_create(dev, NULL, &t->base, n, spec, &p, &err));
    return p;
}

static void step(struct train_plan *p, const struct feed *f, const struct train_spec *spec, uint64_t t, float *items)
{
    struct train_numbers n = {.step = t, .first = true, .last = true};
    optim_numbers(&spec->optim, spec->optim.lr, t, n.h);
    CHECK_OK(train_plan_step(p, &(struct train_batch){f->x, f->target, f->weight}, &n, items, NULL, &err));
}

static float *tensor_of(struct train_plan *p, size_t i)
{
    size_t n = train_plan_tensor(p, i)->n;
    float *v = mem_alloc(n, sizeof(*v));
    CHECK_OK(train_plan_get(p, i, v, &err));
    return v;
}

/* With plain SGD the momentum of the first step is the gradient. */
static void check_gradients(const char *arch, int32_t n, double tol)
{
    struct net_task t = net_task(arch);
    struct feed f = feed_of(t.arch, n);
    struct train_spec spec = {.optim = optim_default(OPTIM_SGD)};
    float items[8], loss = 0;
    size_t seen = 0;
    spec.optim.momentum = 0;
    struct train_plan *p = plan_of(&t, n, &spec);
    for (size_t i = 0; p && i < 1; i++) {
        step(p, &f, &spec, 1, items);
        for (int32_t k = 0; k < n; k++) {
            loss += items[k] / (float)n;
        }
        check_golden(arch, "loss", &loss, 1, 2e-5);
    }
    for (size_t i = 0; p && i < train_plan_count(p); i++) {
        const struct train_tensor *x = train_plan_tensor(p, i);
        if (x->kind != TENSOR_OPTIM && x->kind != TENSOR_STAT) {
            continue;
        }
        float *v = tensor_of(p, i);
        check_golden(arch, x->kind == TENSOR_STAT ? x->name : x->name + strlen("optim.momentum."), v, x->n, tol);
        mem_free(v);
        seen++;
    }
    CHECK(seen >= 10);
    train_plan_destroy(&p);
    weights_close(&t.weights);
    feed_finish(&f);
}

static void check_optimiser(const char *name, struct optim_options o)
{
    struct net_task t = net_task("lenet");
    struct feed f = feed_of(t.arch, 6);
    struct train_spec spec = {.optim = o};
    struct train_plan *p = plan_of(&t, 6, &spec);
    for (uint64_t k = 1; p && k <= 3; k++) {
        step(p, &f, &spec, k, NULL);
    }
    for (size_t i = 0; p && i < train_plan_count(p); i++) {
        if (train_plan_tensor(p, i)->kind == TENSOR_PARAM) {
            float *v = tensor_of(p, i);
            check_golden(name, train_plan_tensor(p, i)->name, v, train_plan_tensor(p, i)->n, 2e-4);
            mem_free(v);
        }
    }
    train_plan_destroy(&p);
    weights_close(&t.weights);
    feed_finish(&f);
}

static void check_optimisers(void)
{
    struct optim_options o = optim_default(OPTIM_SGD);
    o.lr = 0.05;
    o.momentum = 0;
    check_optimiser("sgd", o);
    o = (struct optim_options){.rule = OPTIM_SGD, .lr = 0.02, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true};
    check_optimiser("sgd-nesterov", o);
    o = optim_default(OPTIM_ADAM);
    check_optimiser("adam", o);
    o.weight_decay = 0.01;
    check_optimiser("adam-decay", o);
    o = optim_default(OPTIM_ADAM);
    o.beta1 = 0.8;
    o.beta2 = 0.99;
    o.amsgrad = true;
    check_optimiser("amsgrad", o);
    o = optim_default(OPTIM_ADAMW);
    o.weight_decay = 0.1;
    check_optimiser("adamw", o);
}

static size_t find(const struct train_plan *p, const char *name)
{
    for (size_t i = 0; i < train_plan_count(p); i++) {
        if (strcmp(train_plan_tensor(p, i)->name, name) == 0) {
            return i;
        }
    }
    CHECK(false);
    return 0;
}

/* What is frozen keeps its numbers and its statistics; what is not, moves; the network that validates agrees. */
static void check_frozen(void)
{
    static const char *const frozen[] = {"conv1", "bn1", "layer1", "layer2."};
    struct net_task t = net_task("cifar_resnet20");
    struct feed f = feed_of(t.arch, 4);
    struct train_spec spec = {.optim = optim_default(OPTIM_ADAM), .frozen = frozen, .n_frozen = 4, .ema = 0.5};
    struct train_plan *p = plan_of(&t, 4, &spec);
    struct train_eval *e = NULL;
    float items[4], again[4];
    CHECK_INT(train_plan_tensor(p, find(p, "layer1.0.bn1.running_mean"))->kind, TENSOR_FIXED);
    CHECK_INT(train_plan_tensor(p, find(p, "layer2.2.conv2.weight"))->kind, TENSOR_FIXED);
    CHECK_INT(train_plan_tensor(p, find(p, "layer3.0.bn1.running_mean"))->kind, TENSOR_STAT);
    CHECK_INT(train_plan_tensor(p, find(p, "layer3.0.bn1.weight"))->kind, TENSOR_PARAM);
    size_t w = find(p, "linear.weight"), m = find(p, "layer3.2.bn2.running_mean"), a = find(p, "ema.linear.weight");
    float *w0 = tensor_of(p, w), *m0 = tensor_of(p, m);
    CHECK_OK(train_eval_create(dev, NULL, 4, p, &e, &err));
    CHECK_OK(train_eval_load(e, false, &err));
    CHECK_OK(train_eval_run(e, f.x, f.target, items, NULL, &err));
    for (uint64_t k = 1; k <= 5; k++) {
        step(p, &f, &spec, k, NULL);
    }
    float *w1 = tensor_of(p, w), *m1 = tensor_of(p, m), *a1 = tensor_of(p, a);
    CHECK(memcmp(w0, w1, sizeof(float) * 640) != 0 && memcmp(m0, m1, sizeof(float) * 64) != 0);
    CHECK(fabsf(a1[0] - w1[0]) < fabsf(w0[0] - w1[0]) && a1[0] != w1[0]);
    CHECK_OK(train_eval_load(e, false, &err));
    CHECK_OK(train_eval_run(e, f.x, f.target, again, NULL, &err));
    CHECK(again[0] + again[1] + again[2] + again[3] < items[0] + items[1] + items[2] + items[3]);
    float *all[] = {w0, m0, w1, m1, a1};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        mem_free(all[i]);
    }
    train_eval_destroy(&e);
    train_plan_destroy(&p);
    static const char *const everything[] = {""};
    spec.frozen = everything;
    spec.n_frozen = 1;
    limn_status st = train_plan_create(dev, NULL, &t.base, 4, &spec, &p, &err);
    CHECK(st == LIMN_OK); /* an empty prefix names nothing */
    train_plan_destroy(&p);
    weights_close(&t.weights);
    feed_finish(&f);
}

/* Three batches of two, summed, are one batch of six (no BatchNorm); and the same run twice is the same to the bit. */
static void check_accumulate(void)
{
    struct net_task t = net_task("lenet");
    struct feed f = feed_of(t.arch, 6);
    struct train_spec whole = {.optim = optim_default(OPTIM_ADAM)}, parts = whole;
    parts.accumulate = 3;
    struct train_plan *a = plan_of(&t, 6, &whole), *b = plan_of(&t, 2, &parts), *c = plan_of(&t, 6, &whole);
    for (uint64_t k = 1; k <= 2; k++) {
        step(a, &f, &whole, k, NULL);
        step(c, &f, &whole, k, NULL);
        for (int i = 0; i < 3; i++) {
            struct train_numbers n = {.step = k, .first = i == 0, .last = i == 2};
            struct train_batch batch = {f.x + i * 2 * 784, f.target + i * 20, f.weight + i * 2};
            optim_numbers(&parts.optim, parts.optim.lr, k, n.h);
            CHECK_OK(train_plan_step(b, &batch, &n, NULL, NULL, &err));
        }
    }
    for (size_t i = 0; i < train_plan_count(a); i++) {
        const struct train_tensor *x = train_plan_tensor(a, i);
        float *va = tensor_of(a, i), *vb = tensor_of(b, i), *vc = tensor_of(c, i);
        CHECK(memcmp(va, vc, x->n * sizeof(float)) == 0);
        for (size_t k = 0; k < x->n && x->kind == TENSOR_PARAM; k += 7) {
            CHECK_NEAR(va[k], vb[k], 2e-5);
        }
        CHECK_OK(train_plan_set(b, i, va, &err));
        CHECK_OK(train_plan_get(b, i, vb, &err));
        CHECK(memcmp(va, vb, x->n * sizeof(float)) == 0);
        mem_free(va);
        mem_free(vb);
        mem_free(vc);
    }
    train_plan_destroy(&a);
    train_plan_destroy(&b);
    train_plan_destroy(&c);
    weights_close(&t.weights);
    feed_finish(&f);
}

static void check_schedule(void)
{
    struct schedule s = {.kind = SCHEDULE_COSINE, .warmup = 1};
    CHECK_NEAR(schedule_rate(&s, 1, 0, 10, 5), 0.1, 1e-12);
    CHECK_NEAR(schedule_rate(&s, 1, 9, 10, 5), 1, 1e-12);
    CHECK_NEAR(schedule_rate(&s, 1, 10, 10, 5), 1, 1e-12);
    CHECK_NEAR(schedule_rate(&s, 1, 30, 10, 5), 0.5, 1e-12);
    CHECK_NEAR(schedule_rate(&s, 1, 50, 10, 5), 0, 1e-12);
    s = (struct schedule){.kind = SCHEDULE_STEP, .every = 2, .gamma = 0.1};
    CHECK_NEAR(schedule_rate(&s, 2, 19, 10, 9), 2, 1e-12);
    CHECK_NEAR(schedule_rate(&s, 2, 20, 10, 9), 0.2, 1e-12);
    CHECK_NEAR(schedule_rate(&s, 2, 45, 10, 9), 0.02, 1e-12);
    s = (struct schedule){.kind = SCHEDULE_CONSTANT};
    CHECK_NEAR(schedule_rate(&s, 0.5, 45, 10, 9), 0.5, 0);
}

int main(void)
{
    if (getenv("LIMN_TEST_DEVICE") && strcmp(getenv("LIMN_TEST_DEVICE"), "ref") == 0) {
        dev = NULL;
    } else if (vk_device_open(getenv("LIMN_TEST_DEVICE"), &dev, &err) != LIMN_OK) {
        fprintf(stderr, "no device, the reference instead: %s\n", err.text);
    }
    read_golden();
    check_schedule();
    check_loss("cross-entropy", LOSS_CROSS_ENTROPY, false);
    check_loss("mse", LOSS_MSE, false);
    check_loss("l1", LOSS_L1, false);
    check_loss("bce", LOSS_BCE, false);
    check_loss("mse.sum", LOSS_MSE, true);
    check_weighted();
    check_bce_limits();
    check_gradients("lenet", 6, 1e-4);
    check_gradients("cifar_resnet20", 4, 1e-3);
    check_optimisers();
    check_accumulate();
    check_frozen();
    vk_device_close(&dev);
    return check_done();
}
