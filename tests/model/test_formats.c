/* The same network from ONNX, from a PyTorch checkpoint and from safetensors: the same scores and gradients, bit for
 * bit where the graphs are the same, and batches as in one pass each. Small files are here, larger ones in the data
 * pack. LABELS: gpu TIMEOUT: 300 */
#include "support/check.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "explain/explain.h"
#include "model/model.h"
#include "model/torch_file.h"
#include "vk/device.h"

#define HERE LIMN_TEST_DATA "/golden/models/"
#define PACK LIMN_SOURCE_DIR "/../shared/pack/models/"

static limn_error err;
static struct vk_device *device; /* NULL: the reference executor */

/* Scores and input gradient of class 1 for a batch of random pictures; free both. */
struct answer {
    float *scores, *gradient;
    size_t n_scores, n_gradient;
};

static size_t input_elems(const struct model *m)
{
    struct shape s = model_input_shape(m, 1);
    return shape_elems(&s);
}

static void ask(struct model *m, int32_t batch, size_t first, struct answer *out)
{
    size_t per = input_elems(m), classes = (size_t)model_get_card(m)->n_classes, n = (size_t)batch;
    const struct method *method = method_find("gradient");
    const char *layer = model_get_card(m)->default_layer;
    struct explain_params p = {
        .device = device, .batch = batch, .layers = &layer, .n_layers = 1, .methods = &method, .n_methods = 1};
    struct explain_plan *plan = NULL;
    float *x = mem_alloc(n * per, sizeof *x);
    int32_t label[4] = {1, 1, 1, 1};
    *out = (struct answer){.n_scores = n * classes, .n_gradient = n * per};
    out->scores = mem_zalloc(out->n_scores, sizeof(float));
    out->gradient = mem_zalloc(out->n_gradient, sizeof(float));
    for (size_t i = 0; i < n * per; i++) {
        x[i] = (float)rng_uniform(5, first * per + i);
    }
    CHECK_OK(explain_plan_create(m, &p, &plan, &err));
    if (plan != NULL) {
        CHECK_OK(explain_forward(plan, x, out->scores, &err));
        CHECK_OK(explain_backward(plan, label, &err));
        CHECK_INT(shape_elems(explain_map_shape(plan, 0)), out->n_gradient);
        CHECK_OK(explain_map(plan, 0, out->gradient, out->n_gradient, &err));
    }
    explain_plan_destroy(&plan);
    mem_free(x);
}

static void answer_finish(struct answer *a)
{
    mem_free(a->scores);
    mem_free(a->gradient);
}

static double distance(const float *a, const float *b, size_t n)
{
    double worst = 0, scale = 0;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        scale = fmax(scale, fabs((double)b[i]));
    }
    return scale > 0 ? worst / scale : INFINITY;
}

/* Each file against the first; tolerance 0: bit for bit. */
static void test_same(const char *dir, const char *const *names, size_t n, double tolerance)
{
    struct answer want = {0};
    for (size_t i = 0; i < n; i++) {
        char path[512];
        struct model *m = NULL;
        struct answer got = {0};
        snprintf(path, sizeof path, "%s%s", dir, names[i]);
        if (!file_exists(path)) {
            fprintf(stderr, "skipped: no %s\n", names[i]);
            continue;
        }
        CHECK_OK(model_open(path, NULL, &m, &err));
        if (m != NULL && want.scores == NULL) {
            ask(m, 1, 0, &want);
        } else if (m != NULL) {
            ask(m, 1, 0, &got);
            CHECK_INT(got.n_scores, want.n_scores);
            CHECK_INT(got.n_gradient, want.n_gradient);
            double scores = distance(got.scores, want.scores, want.n_scores);
            double gradient = distance(got.gradient, want.gradient, want.n_gradient);
            fprintf(stderr, "%s: scores differ by %.1e, gradient by %.1e\n", names[i], scores, gradient);
            CHECK(scores <= tolerance && gradient <= tolerance);
        }
        answer_finish(&got);
        model_close(&m);
    }
    answer_finish(&want);
}

/* Three pictures in one pass, and one by one. */
static void test_batch(const char *path)
{
    struct model *m = NULL;
    struct answer all, one;
    if (!file_exists(path)) {
        return;
    }
    CHECK_OK(model_open(path, NULL, &m, &err));
    if (m == NULL) {
        return;
    }
    CHECK(model_batch_max(m) > 3);
    ask(m, 3, 0, &all);
    for (size_t i = 0; i < 3; i++) {
        ask(m, 1, i, &one);
        CHECK(distance(all.scores + i * one.n_scores, one.scores, one.n_scores) < 1e-5);
        CHECK(distance(all.gradient + i * one.n_gradient, one.gradient, one.n_gradient) < 1e-4);
        answer_finish(&one);
    }
    answer_finish(&all);
    model_close(&m);
}

#define SAME(dir, tolerance, ...)                                                                                      \
    test_same(dir, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),    \
              tolerance)

/* A header of 0x0280 bytes starts as a pickle of protocol 2 does. */
static void test_like_pickle(void)
{
    static const uint8_t safetensors[] = {0x80, 0x02, 0, 0, 0, 0, 0, 0, '{', '"'};
    static const uint8_t pickle[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20};
    CHECK(!torch_file_is(safetensors, sizeof safetensors, false));
    CHECK(torch_file_is(pickle, sizeof pickle, false));
}

int main(void)
{
    test_like_pickle();
    if (vk_device_open("cpu", &device, &err) != LIMN_OK) {
        fprintf(stderr, "no device (%s): the reference executor\n", err.text);
    }
    SAME(HERE, 0, "lenet_mnist.pth", "lenet_mnist.onnx", "../../../assets/models/lenet_mnist.safetensors");
    SAME(PACK, 0, "lenet_fashion.pth", "lenet_fashion.onnx", "lenet_fashion.safetensors");
    SAME(PACK, 0, "squeezenet1_0_imagenet.pth", "squeezenet1_0_imagenet.onnx", "squeezenet1_0_imagenet.safetensors");
    SAME(PACK, 1e-5, "mobilenet_v2_imagenet.pth", "mobilenet_v2_imagenet.onnx");
    SAME(PACK, 1e-5, "resnet20-12fca82f.th", "resnet20_cifar10.onnx");
    test_batch(PACK "resnet8_cifar10.onnx");
    test_batch(HERE "lenet_mnist.onnx");
    vk_device_close(&device);
    return check_done();
}
