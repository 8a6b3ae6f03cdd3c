/* A network of two sections with four outputs (tests/golden/make_outputs.py, from an ONNX file): each output by its
 * name, scores before and after its last activation, a class for each image of a batch, both signs of a single logit,
 * scores of an output with positions; gradients against PyTorch on both executors. Layers of every section by name, and
 * the ones that an output does not depend on. LABELS: golden gpu */
#include "support/check.h"

#include <stdlib.h>

#include "explain/explain.h"
#include "tensor/npy.h"
#include "vk/device.h"

#define FOLDER LIMN_TEST_DATA "/golden/outputs/"
enum { N_X = 2 * 3 * 16 * 16 };
static limn_error err;

static const struct row {
    const char *file, *output;
    bool pre_activation;
    const char *classes[2];
    int32_t n_classes;
    enum score_kind kind;
    const char *layer, *other; /* one it depends on, one it does not */
} rows[] = {
    {"kind", "kind", false, {"2", "0"}, 4, SCORE_PROBABILITY, "kind.1", "findings.1"},
    {"findings", "findings", false, {"3", "1"}, 5, SCORE_PROBABILITY, "findings.1", "kind.1"},
    {"findings_before", "findings", true, {"3", "1"}, 5, SCORE_SIGMOID, "encoder.1", "segments"},
    {"segments", "segments", false, {"1", "2"}, 3, SCORE_SOFTMAX, "encoder", "findings.1"},
    {"risk", "risk", false, {"-", "+"}, 2, SCORE_SIGMOID, "encoder.4", "kind.0"},
};

static void check_gradient(const struct row *r, const char *where, const float *got)
{
    char path[512];
    struct tensor want = {0};
    double error = 0.0, top = 0.0;
    snprintf(path, sizeof(path), FOLDER "%s.npy", r->file);
    CHECK_OK(npy_read(path, &want, &err));
    for (size_t i = 0; i < N_X; i++) {
        double d = fabs((double)got[i] - (double)want.data[i]);
        error = isnan(d) ? INFINITY : fmax(error, d);
        top = fmax(top, fabs((double)want.data[i]));
    }
    printf("%-16s %-4s %.2e of %.3g\n", r->file, where, error, top);
    CHECK(top > 0.0 && error <= 1e-4 * top);
    tensor_finish(&want);
}

static void run(const struct row *r, const float *x, struct vk_device *dev)
{
    const struct method *methods[] = {method_find("gradient"), method_find("gradcam")};
    struct model_options opt = {.output = r->output, .pre_activation = r->pre_activation};
    struct model *m = NULL;
    struct explain_plan *plan = NULL;
    int32_t classes[2];
    static float scores[2 * 8], gradient[N_X];
    CHECK_OK(model_open(FOLDER "outputs.onnx", &opt, &m, &err));
    if (m == NULL) {
        return;
    }
    CHECK_INT(model_output_count(m), 4);
    CHECK_INT(model_get_card(m)->n_classes, r->n_classes);
    CHECK_INT(model_head(m)->kind, r->kind);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(model_resolve_class(m, r->classes[i], &classes[i], &err));
    }
    struct explain_params p = {
        .device = dev, .batch = 2, .methods = methods, .n_methods = 2, .layers = &r->layer, .n_layers = 1};
    CHECK_OK(explain_plan_create(m, &p, &plan, &err));
    if (plan != NULL) {
        CHECK_OK(explain_forward(plan, x, scores, &err));
        CHECK_OK(explain_backward(plan, classes, &err));
        CHECK_OK(explain_map(plan, 0, gradient, N_X, &err));
        check_gradient(r, dev != NULL ? "vk" : "ref", gradient);
        explain_plan_destroy(&plan);
    }
    p.layers = &r->other;
    CHECK_INT(explain_plan_create(m, &p, &plan, &err), LIMN_ERR_ARG);
    CHECK(strstr(err.text, r->other) != NULL && strstr(err.text, "no part") != NULL);
    p.n_layers = 0; /* the default layer is one that counts */
    CHECK_OK(explain_plan_create(m, &p, &plan, &err));
    explain_plan_destroy(&plan);
    model_close(&m);
}

int main(void)
{
    const char *which = getenv("LIMN_TEST_DEVICE");
    struct vk_device *dev = NULL;
    struct tensor x = {0};
    struct model *m = NULL;
    CHECK_OK(npy_read(FOLDER "input.npy", &x, &err));
    CHECK_OK(vk_device_open(which != NULL ? which : "cpu", &dev, &err));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && x.data != NULL; i++) {
        run(&rows[i], x.data, NULL);
        if (dev != NULL) {
            run(&rows[i], x.data, dev);
        }
    }
    struct model_options none = {.output = "finding"};
    CHECK_INT(model_open(FOLDER "outputs.onnx", &none, &m, &err), LIMN_ERR_NOT_FOUND);
    CHECK(strstr(err.text, "findings") != NULL);
    tensor_finish(&x);
    vk_device_close(&dev);
    return check_done();
}
