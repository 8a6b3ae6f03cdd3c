/* 3-D networks against PyTorch (tests/golden/make_volume.py): logits, gradient, Grad-CAM, guided backprop and guided
 * Grad-CAM of volumes, by the reference executor and by the shaders; with recipe weights, and from a weight file whose
 * layers follow from its names.
 * LABELS: golden gpu */
#include "support/check.h"

#include <stdlib.h>

#include "explain/explain.h"
#include "tensor/npy.h"
#include "vk/device.h"

static limn_error err;

static const struct {
    const char *file, *method;
} quantities[] = {{"gradient", "gradient"},
                  {"gradcam", "gradcam"},
                  {"guided_backprop", "guided-backprop"},
                  {"guided_gradcam", "guided-gradcam"}};
enum { N_QUANTITY = sizeof(quantities) / sizeof(quantities[0]) };

struct row {
    const char *model, *folder;
    int32_t size[3], cls;
};

static struct tensor load(const char *folder, const char *name)
{
    char path[512];
    struct tensor t = {0};
    snprintf(path, sizeof(path), "%s/golden/%s/%s.npy", LIMN_TEST_DATA, folder, name);
    CHECK_OK(npy_read(path, &t, &err));
    return t;
}

static void compare(const struct row *r, const char *what, const char *where, const float *got,
                    const struct tensor *want)
{
    double error = 0.0, top = 0.0;
    for (size_t i = 0; i < shape_elems(&want->shape); i++) {
        double d = fabs((double)got[i] - (double)want->data[i]);
        error = isnan(d) ? INFINITY : fmax(error, d);
        top = fmax(top, fabs((double)want->data[i]));
    }
    printf("%-16s %-16s %-4s %.2e of %.3g\n", r->folder, what, where, error, top);
    CHECK(top > 0.0 && error <= 1e-4 * top);
}

static void run(const struct row *r, struct vk_device *dev)
{
    char path[512];
    struct model *m = NULL;
    struct explain_plan *plan = NULL;
    const char *where = dev != NULL ? "vk" : "ref";
    const struct method *methods[N_QUANTITY];
    struct model_options opt = {.depth = r->size[0], .height = r->size[1], .width = r->size[2]};
    struct tensor x = load(r->folder, "input"), logits = load(r->folder, "logits");
    snprintf(path, sizeof(path), "%s/golden/%s", LIMN_TEST_DATA, r->model);
    for (size_t i = 0; i < N_QUANTITY; i++) {
        methods[i] = method_find(quantities[i].method);
    }
    CHECK_OK(model_open(strncmp(r->model, "recipe:", 7) == 0 ? r->model : path, &opt, &m, &err));
    struct explain_params p = {.device = dev, .batch = 1, .methods = methods, .n_methods = N_QUANTITY};
    if (m != NULL && explain_plan_create(m, &p, &plan, &err) == LIMN_OK) {
        size_t k = shape_elems(&logits.shape);
        float *scores = mem_zalloc(k, sizeof(*scores));
        CHECK_INT(model_get_card(m)->n_classes, k);
        CHECK_OK(explain_forward(plan, x.data, scores, &err));
        compare(r, "logits", where, scores, &logits);
        CHECK_OK(explain_backward(plan, &r->cls, &err));
        for (size_t i = 0; i < N_QUANTITY; i++) {
            struct tensor want = load(r->folder, quantities[i].file);
            size_t n = shape_elems(explain_map_shape(plan, i));
            float *map = mem_zalloc(n, sizeof(*map));
            CHECK_INT(n, shape_elems(&want.shape));
            CHECK_OK(explain_map(plan, i, map, n, &err));
            compare(r, quantities[i].file, where, map, &want);
            mem_free(map);
            tensor_finish(&want);
        }
        mem_free(scores);
    } else {
        CHECK_OK(m == NULL ? LIMN_ERR_INTERNAL : explain_plan_create(m, &p, &plan, &err));
    }
    explain_plan_destroy(&plan);
    model_close(&m);
    tensor_finish(&x);
    tensor_finish(&logits);
}

int main(void)
{
    static const struct row rows[] = {
        {"recipe:stack3d", "recipe_stack3d", {12, 16, 20}, 1},
        {"recipe_stack3d/stack3d.onnx", "recipe_stack3d", {0, 0, 0}, 1},
        {"stack3d_flat/stack3d_flat.safetensors", "stack3d_flat", {8, 12, 8}, 0},
    };
    const char *which = getenv("LIMN_TEST_DEVICE");
    struct vk_device *dev = NULL;
    CHECK_OK(vk_device_open(which != NULL ? which : "cpu", &dev, &err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run(&rows[i], NULL);
        if (dev != NULL) {
            run(&rows[i], dev);
        }
    }
    vk_device_close(&dev);
    return check_done();
}
