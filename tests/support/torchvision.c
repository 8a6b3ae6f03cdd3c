/* A golden file is one vector of float32: side, class, gain, largest |logit|, largest |gradient|, torch's own float32
 * errors of both, then LOGITS logits and GRADIENTS elements of the input gradient, evenly spaced. The input is
 * 2 * uniform("input"), from the same generator as the recipe. */
#include "support/torchvision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/rng.h"
#include "tensor/npy.h"
#include "vk/device.h"

enum { SIDE, CLASS, GAIN, MAX_LOGIT, MAX_GRAD, TORCH_LOGIT, TORCH_GRAD, HEAD, LOGITS = 64, GRADIENTS = 256 };

/* Rounding of float32, and where torch's own float32 is off by more, as much. A rounding that moves one ReLU's input
 * across zero changes the gradient by that unit's share, which is more than the rounding. */
#define LOGIT_LIMIT 1e-5
#define GRAD_LIMIT 2e-2
/* The reference executor computes in double, from float32 weights and folded BatchNorm rounded to float32. */
#define EXACT_LIMIT 1e-5

static void golden_path(const char *arch, const char *suffix, char path[512])
{
    snprintf(path, 512, LIMN_TEST_DATA "/golden/torchvision/%s%s.npy", arch, suffix);
}

static void fill_input(float *x, size_t n)
{
    uint64_t seed = rng_hash_text("input") ^ 2020;
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(2 * ((double)(rng_u64(seed, i) >> 40) * 0x1p-23 - 1.0));
    }
}

/* Largest |got - want| over the samples, got[k * n / count]. Not finite counts as infinitely far. */
static double largest_difference(const float *got, size_t n, const float *want, size_t count)
{
    double worst = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs((double)got[k * n / count] - (double)want[k]);
        worst = isfinite(d) ? fmax(worst, d) : INFINITY;
    }
    return worst;
}

/* guided: the largest element and samples of guided backpropagation, or NULL. */
static limn_status run(struct model *m, struct vk_device *dev, const float *golden, const float *guided,
                       struct torchvision_result *r, limn_error *err)
{
    const struct method *methods[2] = {method_find("gradient"), method_find("guided-backprop")};
    struct explain_params p = {.device = dev, .batch = 1, .methods = methods, .n_methods = guided != NULL ? 2 : 1};
    struct explain_plan *plan = NULL;
    size_t n = 3 * (size_t)r->side * (size_t)r->side, classes = (size_t)model_get_card(m)->n_classes;
    int32_t label = (int32_t)golden[CLASS];
    float *x = mem_alloc(n, sizeof *x), *g = mem_alloc(n, sizeof *g), *y = mem_alloc(classes, sizeof *y);
    limn_status st = LIMN_OK;
    if (x == NULL || g == NULL || y == NULL) {
        TRY(err_nomem(err, n * sizeof *x, "a test's input"));
    }
    fill_input(x, n);
    TRY(explain_plan_create(m, &p, &plan, err));
    TRY(explain_forward(plan, x, y, err));
    TRY(explain_backward(plan, &label, err));
    TRY(explain_map(plan, 0, g, n, err));
    r->logit = largest_difference(y, classes, golden + HEAD, LOGITS) / (double)golden[MAX_LOGIT];
    r->grad = largest_difference(g, n, golden + HEAD + LOGITS, GRADIENTS) / (double)golden[MAX_GRAD];
    if (guided != NULL) {
        TRY(explain_map(plan, 1, g, n, err));
        r->guided = largest_difference(g, n, guided + 1, GRADIENTS) / (double)guided[0];
    }
out:
    explain_plan_destroy(&plan);
    mem_free(x);
    mem_free(g);
    mem_free(y);
    return st;
}

limn_status torchvision_compare(const char *arch, struct vk_device *dev, struct torchvision_result *out,
                                limn_error *err)
{
    struct torchvision_result r = {0};
    struct tensor golden = {0}, guided = {0};
    struct model *m = NULL;
    struct timespec begin, end;
    char path[512], name[96];
    limn_status st = LIMN_OK;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    golden_path(arch, ".guided", path);
    if (file_exists(path)) {
        TRY(npy_read(path, &guided, err));
    }
    golden_path(arch, "", path);
    TRY(npy_read(path, &golden, err));
    if (shape_elems(&golden.shape) != HEAD + LOGITS + GRADIENTS ||
        (guided.data != NULL && shape_elems(&guided.shape) != 1 + GRADIENTS)) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %zu numbers (expected %d)", path, shape_elems(&golden.shape),
                    HEAD + LOGITS + GRADIENTS));
    }
    r.side = (int32_t)golden.data[SIDE];
    r.gain = (double)golden.data[GAIN];
    r.torch32[0] = (double)golden.data[TORCH_LOGIT];
    r.torch32[1] = (double)golden.data[TORCH_GRAD];
    snprintf(name, sizeof name, "recipe:%s@%g", arch, r.gain);
    TRY(model_open(name, &(struct model_options){.height = r.side, .width = r.side}, &m, err));
    r.params = model_params(m);
    TRY(run(m, dev, golden.data, guided.data, &r, err));
    clock_gettime(CLOCK_MONOTONIC, &end);
    r.seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    *out = r;
out:
    tensor_finish(&golden);
    tensor_finish(&guided);
    model_close(&m);
    return st;
}

bool torchvision_device(struct vk_device **out)
{
    const char *which = getenv("LIMN_TEST_DEVICE");
    limn_error err = {0};
    *out = NULL;
    if (vk_device_open(which != NULL ? which : "cpu", out, &err) != LIMN_OK) {
        printf("no device: %s\n", err.text);
        return false;
    }
    printf("on %s\n", vk_device_get_info(*out)->name);
    return true;
}

static void print_errors(const struct torchvision_result *r, bool ran)
{
    if (ran) {
        printf(" %.1e | %.1e |", r->logit, r->grad);
    } else {
        printf(" | |");
    }
}

static bool within(const struct torchvision_result *r, double logit, double grad, double torch)
{
    return r->logit <= logit + torch * r->torch32[0] && r->grad <= grad + torch * r->torch32[1] &&
           r->guided <= grad + torch * r->torch32[1];
}

bool torchvision_row(const char *arch, struct vk_device *dev, bool reference)
{
    struct torchvision_result r = {0}, exact = {0};
    limn_error err = {0};
    limn_status st = torchvision_compare(arch, dev, &r, &err);
    bool ran = st == LIMN_OK, fine = ran && within(&r, LOGIT_LIMIT, GRAD_LIMIT, 8);
    if (st == LIMN_ERR_UNSUPPORTED) {
        printf("%s: %s; on the reference executor only\n", arch, err.text);
        fine = reference = true;
    } else if (!ran) {
        printf("FAIL %s: %s\n", arch, err.text);
        return false;
    }
    if (reference && torchvision_compare(arch, NULL, &exact, &err) != LIMN_OK) {
        printf("FAIL %s on the reference executor: %s\n", arch, err.text);
        return false;
    }
    fine = fine && (!reference || within(&exact, EXACT_LIMIT, EXACT_LIMIT, 1));
    const struct torchvision_result *any = ran ? &r : &exact;
    printf("| %s | %llu | %d | %g |", arch, (unsigned long long)any->params, any->side, any->gain);
    print_errors(&r, ran);
    print_errors(&exact, reference);
    printf(" %.1e | %.1e |%s %.1f s, %.1f s", any->torch32[0], any->torch32[1], fine ? "" : " FAIL", r.seconds,
           exact.seconds);
    if (any->guided > 0) {
        printf(", guided backpropagation %.1e, %.1e", r.guided, exact.guided);
    }
    printf("\n");
    fflush(stdout);
    return fine;
}
