/* Small bundled networks through the reference executor against logits of PyTorch. Skipped without the data pack.
 * LABELS: golden
 * TIMEOUT: 300 */
#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "exec/exec.h"
#include "model/model.h"
#include "tensor/npy.h"

#define PACK LIMN_SOURCE_DIR "/../shared/pack"

static limn_error err;

/* Logits of a picture; free. */
static float *forward(struct model *m, const char *picture)
{
    const struct model_card *c = model_get_card(m);
    struct image im = {0};
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id in, out;
    size_t n = (size_t)c->channels * (size_t)c->height * (size_t)c->width;
    float *x = malloc(n * sizeof *x), *y = malloc((size_t)c->n_classes * sizeof *y);
    CHECK_OK(image_load(picture, NULL, &im, &err));
    CHECK_OK(model_preprocess(m, &im, x, NULL, &err));
    CHECK_OK(model_build(m, 1, &g, &in, &out, &err));
    CHECK_OK(exec_ref_create(g, &e, &err));
    CHECK_OK(exec_set(e, in, x, n, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, out, y, (size_t)c->n_classes, &err));
    exec_destroy(&e);
    graph_destroy(&g);
    image_finish(&im);
    free(x);
    return y;
}

static int argmax(const float *v, int n)
{
    int best = 0;
    for (int i = 1; i < n; i++) {
        best = v[i] > v[best] ? i : best;
    }
    return best;
}

static void test_golden(const char *model, const char *picture, const char *golden, double tolerance)
{
    struct model *m = NULL;
    struct tensor want = {0};
    CHECK_OK(model_open(model, NULL, &m, &err));
    CHECK_OK(npy_read(golden, &want, &err));
    if (m != NULL && want.data != NULL) {
        int n = model_get_card(m)->n_classes;
        float *y = forward(m, picture);
        double worst = 0, scale = 0;
        for (int i = 0; i < n; i++) {
            worst = fmax(worst, fabs((double)y[i] - want.data[i]));
            scale = fmax(scale, fabs((double)want.data[i]));
        }
        fprintf(stderr, "%s: worst error %.2g of %.4g\n", model, worst, scale);
        CHECK(worst <= tolerance * scale);
        CHECK_INT(argmax(y, n), argmax(want.data, n));
        free(y);
    }
    tensor_finish(&want);
    model_close(&m);
}

int main(void)
{
    if (access(PACK, R_OK) != 0) {
        fprintf(stderr, "skipped: no data pack\n");
        return 77;
    }
    test_golden("lenet_mnist", PACK "/images/mnist_9990.png", PACK "/golden/lenet_mnist/9990/logits.npy", 1e-5);
    test_golden("lenet_fashion", PACK "/images/fashion_9991.png", PACK "/golden/lenet_fashion/9991/logits.npy", 1e-5);
    test_golden("cifar_resnet20", PACK "/images/cat_32.png", PACK "/golden/cifar_resnet20/cat/logits.npy", 1e-5);
    test_golden(PACK "/models/squeezenet1_0_imagenet.safetensors", PACK "/images/macaw_224.png",
                PACK "/golden/squeezenet1_0/macaw/logits.npy", 1e-5);
    /* F16 files: rounding the weights moves SqueezeNet's logits; the pack's MobileNet reference has the F16 weights too
     */
    test_golden("squeezenet1_0", PACK "/images/macaw_224.png", PACK "/golden/squeezenet1_0/macaw/logits.npy", 5e-3);
    test_golden("mobilenet_v2", PACK "/images/samoyed_224.png", PACK "/golden/mobilenet_v2/samoyed/logits.npy", 5e-3);
    return check_done();
}
