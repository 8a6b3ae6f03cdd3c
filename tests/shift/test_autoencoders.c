/* The residual autoencoders with recipe weights against PyTorch (tests/golden/make_autoencoders.py): parameters, latent
 * value and picture.
 * LABELS: gpu golden
 * TIMEOUT: 300 */
#include <stdio.h>

#include "base/rng.h"
#include "shift/shift.h"
#include "support/check.h"
#include "support/torchvision.h"
#include "tensor/npy.h"
#include "vk/device.h"

enum {
    SIDE,
    GAIN,
    MAX_LATENT,
    MAX_OUTPUT,
    TORCH_LATENT,
    TORCH_OUTPUT,
    MILLIONS,
    REST,
    HEAD,
    LATENT = 64,
    OUTPUT = 256
};
#define LIMIT 2e-5 /* of the largest number: float32 rounding; torch's own is 1e-6 */

static double worst(const float *got, size_t n, const float *want, size_t count)
{
    double most = 0;
    for (size_t k = 0; k < count; k++) {
        double d = fabs((double)got[k * n / count] - (double)want[k]);
        most = d > most || isnan(d) ? d : most;
    }
    return most;
}

static void compare(const char *name, struct vk_device *dev)
{
    limn_error err = {0};
    struct tensor golden = {0}, x = {0}, z = {0}, y = {0};
    struct model *m = NULL;
    struct autoencoder_graph a = {0};
    struct exec *e = NULL;
    struct exec_params ep = {0};
    char path[512], recipe[64];
    limn_status st = LIMN_OK;
    snprintf(path, sizeof path, LIMN_TEST_DATA "/golden/autoencoders/%s.npy", name);
    TRY(npy_read(path, &golden, &err));
    CHECK_INT(shape_elems(&golden.shape), HEAD + LATENT + OUTPUT);
    int32_t side = (int32_t)golden.data[SIDE];
    snprintf(recipe, sizeof recipe, "recipe:%s@%g", name, (double)golden.data[GAIN]);
    TRY(model_open(recipe, &(struct model_options){.height = side, .width = side}, &m, &err));
    CHECK_INT(model_params(m), 1000000LL * (long long)golden.data[MILLIONS] + (long long)golden.data[REST]);
    TRY(model_build_autoencoder(m, 1, &a, &err));
    a.graph->value[a.latent].flags |= VALUE_OUTPUT;
    TRY(exec_vk_create(dev, a.graph, &ep, &e, &err));
    TRY(tensor_init(&x, a.graph->value[a.input].shape, &err));
    TRY(tensor_init(&z, a.graph->value[a.latent].shape, &err));
    TRY(tensor_init(&y, a.graph->value[a.picture].shape, &err));
    uint64_t seed = rng_hash_text("input") ^ 2020;
    for (size_t i = 0; i < shape_elems(&x.shape); i++) {
        x.data[i] = (float)((double)(rng_u64(seed, i) >> 40) * 0x1p-23 - 1.0);
    }
    TRY(exec_set(e, a.input, x.data, shape_elems(&x.shape), &err));
    TRY(exec_run(e, 0, 0, &err));
    TRY(exec_get(e, a.latent, z.data, shape_elems(&z.shape), &err));
    TRY(exec_get(e, a.picture, y.data, shape_elems(&y.shape), &err));
    double dz = worst(z.data, shape_elems(&z.shape), golden.data + HEAD, LATENT) / (double)golden.data[MAX_LATENT];
    double dy =
        worst(y.data, shape_elems(&y.shape), golden.data + HEAD + LATENT, OUTPUT) / (double)golden.data[MAX_OUTPUT];
    fprintf(stderr, "%-12s latent %.2g, picture %.2g of the largest\n", name, dz, dy);
    CHECK_NEAR(dz, 0, LIMIT);
    CHECK_NEAR(dy, 0, LIMIT);
out:
    CHECK_OK(st);
    exec_destroy(&e);
    graph_destroy(&a.graph);
    model_close(&m);
    tensor_finish(&golden);
    tensor_finish(&x);
    tensor_finish(&z);
    tensor_finish(&y);
}

/* Sizes at the published inputs, also of the variants that resize: latent and picture. */
static void check_shapes(const char *name, struct shape latent, struct shape picture)
{
    limn_error err = {0};
    struct model *m = NULL;
    struct autoencoder_graph a = {0};
    CHECK_OK(model_open(name, NULL, &m, &err));
    if (m != NULL) {
        CHECK_OK(model_build_autoencoder(m, 1, &a, &err));
        CHECK(a.graph != NULL && shape_equal(&a.graph->value[a.latent].shape, &latent));
        CHECK(a.graph != NULL && shape_equal(&a.graph->value[a.picture].shape, &picture));
        value_id in, out;
        struct graph *g = NULL;
        CHECK_INT(model_build(m, 1, &g, &in, &out, &err), LIMN_ERR_UNSUPPORTED);
    }
    graph_destroy(&a.graph);
    model_close(&m);
}

int main(void)
{
    struct vk_device *dev = NULL;
    if (!torchvision_device(&dev)) {
        return 77;
    }
    compare("resnetae101", dev);
    compare("resnetae50", dev);
    compare("resnet50_ae", dev);
    check_shapes("recipe:resnetae101", SHAPE(1, 512, 3, 3), SHAPE(1, 1, 224, 224));
    check_shapes("recipe:resnetae101_resize", SHAPE(1, 512, 3, 3), SHAPE(1, 1, 224, 224));
    check_shapes("recipe:resnet50_ae", SHAPE(1, 2048, 25, 25), SHAPE(1, 3, 200, 200));
    check_shapes("recipe:resnet50_ae_resize", SHAPE(1, 2048, 25, 25), SHAPE(1, 3, 200, 200));
    check_shapes("recipe:conv_ae", SHAPE(1, 32, 4, 4), SHAPE(1, 3, 32, 32));
    check_shapes("recipe:lenet+decoder@pool2", SHAPE(1, 16, 4, 4), SHAPE(1, 1, 28, 28));
    check_shapes("recipe:lenet+decoder@fc2", SHAPE(1, 84), SHAPE(1, 1, 28, 28));
    check_shapes("recipe:cifar_resnet20+resize-decoder8@layer3@0.5", SHAPE(1, 64, 8, 8), SHAPE(1, 3, 32, 32));
    limn_error err = {0};
    struct model *m = NULL;
    CHECK_INT(model_open("recipe:lenet+decoder@nowhere", NULL, &m, &err), LIMN_ERR_NOT_FOUND);
    CHECK_INT(model_open("recipe:lenet+encoder@pool2", NULL, &m, &err), LIMN_ERR_NOT_FOUND);
    vk_device_close(&dev);
    return check_done();
}
