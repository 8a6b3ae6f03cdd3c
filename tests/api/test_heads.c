/* Scores through the public header: a network with one score and both signs, one class for each image of a batch,
 * several labels, labels of "yes" only. LeNet with one class, written as safetensors here. */
#include <limn/limn.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/check.h"

enum { SIDE = 28, N_X = SIDE * SIDE };
static limn_error err;
static char folder[] = "/tmp/limn-heads-XXXXXX", path[64], labels[64];

/* The parameters of LeNet with `classes` outputs, random. */
static void write_lenet(int classes)
{
    const struct {
        const char *name, *shape;
        int n;
    } t[] = {{"conv1.weight", "6,1,5,5", 150}, {"conv1.bias", "6", 6},   {"conv2.weight", "16,6,5,5", 2400},
             {"conv2.bias", "16", 16},         {"fc1.bias", "120", 120}, {"fc1.weight", "120,256", 30720},
             {"fc2.weight", "84,120", 10080},  {"fc2.bias", "84", 84},   {"fc3.weight", "%d,84", 84 * classes},
             {"fc3.bias", "%d", classes}};
    char head[2048] = "{", shape[32];
    size_t at = 1, n = 0;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        snprintf(shape, sizeof(shape), "%s", t[i].shape);
        if (t[i].shape[0] == '%') {
            snprintf(shape, sizeof(shape), "%d%s", classes, t[i].shape + 2);
        }
        at += (size_t)snprintf(head + at, sizeof(head) - at,
                               "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}", i ? "," : "",
                               t[i].name, shape, 4 * n, 4 * (n + (size_t)t[i].n));
        n += (size_t)t[i].n;
    }
    at += (size_t)snprintf(head + at, sizeof(head) - at, "}");
    size_t size = 8 + at + 4 * n;
    uint8_t *all = mem_zalloc(size, 1);
    for (size_t i = 0; i < 8; i++) {
        all[i] = (uint8_t)((uint64_t)at >> (8 * i));
    }
    memcpy(all + 8, head, at);
    for (size_t i = 0; i < n; i++) {
        float v = (float)(0.15 * rng_symmetric(77, i));
        memcpy(all + 8 + at + 4 * i, &v, 4);
    }
    CHECK_OK(file_write_atomic(path, all, size, true, &err));
    mem_free(all);
}

static limn_explanation *explain(limn_model *m, const struct limn_tensor *t, const char *const *each, size_t n_each,
                                 const char *const *classes, size_t n_classes)
{
    static const char *const method[] = {"gradient"};
    limn_explanation *e = NULL;
    struct limn_explain_params p = {.tensor = t,
                                    .methods = method,
                                    .n_methods = 1,
                                    .classes = classes,
                                    .n_classes = n_classes,
                                    .image_classes = each,
                                    .n_image_classes = n_each,
                                    .batch = 2};
    CHECK_OK(limn_explain(m, &p, &e, &err));
    return e;
}

static const float *map_of(const limn_explanation *e, size_t image, size_t cls)
{
    struct limn_tensor t = {0};
    CHECK_OK(limn_explanation_map(e, (struct limn_which){image, cls, 0}, &t, &err));
    return t.data;
}

static void test_single(limn_context *ctx, const struct limn_tensor *t)
{
    limn_model *m = NULL;
    struct limn_model_params mp = {.labels_path = labels};
    struct limn_model_info info;
    write_lenet(1);
    CHECK_OK(limn_model_open(ctx, path, &mp, &m, &err));
    CHECK_OK(limn_model_describe(m, &info, &err));
    CHECK_INT(info.n_classes, 2);
    CHECK(info.single_score);
    CHECK_STR(info.scores, "sigmoid");
    CHECK_STR(info.output, "output");
    CHECK_STR(limn_model_label(m, 0), "not tumour");
    CHECK_STR(limn_model_label(m, 1), "tumour");
    limn_explanation *both = explain(m, t, NULL, 0, (const char *[]){"-", "+"}, 2);
    for (size_t i = 0; i < 2; i++) {
        const float *s = limn_explanation_logits(both, i), *p = limn_explanation_probabilities(both, i);
        CHECK_NEAR(s[0], -s[1], 0.0);
        CHECK_NEAR(p[1], 1.0 / (1.0 + exp(-(double)s[1])), 1e-6);
        CHECK_NEAR(p[0] + p[1], 1.0, 1e-6);
        CHECK_INT(limn_explanation_ranking(both, i)[0], s[1] > 0.0f);
        const float *no = map_of(both, i, 0), *yes = map_of(both, i, 1);
        double sum = 0.0;
        for (int k = 0; k < N_X; k++) {
            CHECK_NEAR(no[k], -yes[k], 0.0);
            sum += fabs((double)yes[k]);
        }
        CHECK(sum > 0.0);
    }
    limn_explanation *each = explain(m, t, (const char *[]){"+", "-"}, 2, NULL, 0);
    CHECK_INT(limn_explanation_class(each, 0, 0), 1);
    CHECK_INT(limn_explanation_class(each, 1, 0), 0);
    CHECK(memcmp(map_of(each, 0, 0), map_of(both, 0, 1), sizeof(float) * N_X) == 0);
    CHECK(memcmp(map_of(each, 1, 0), map_of(both, 1, 0), sizeof(float) * N_X) == 0);
    limn_explanation_destroy(&each);
    limn_explanation_destroy(&both);
    limn_explanation *none = NULL;
    struct limn_explain_params p = {.tensor = t, .image_classes = (const char *[]){"+"}, .n_image_classes = 1};
    CHECK_INT(limn_explain(m, &p, &none, &err), LIMN_ERR_ARG);
    limn_model_close(&m);
}

static void test_labels(limn_context *ctx, const struct limn_tensor *t)
{
    limn_model *m = NULL;
    int32_t k = -1;
    struct limn_model_params mp = {.multi_label = true};
    write_lenet(3);
    CHECK_OK(limn_model_open(ctx, path, &mp, &m, &err));
    CHECK_INT(limn_model_find_class(m, "+", &k, &err), LIMN_ERR_NOT_FOUND);
    limn_explanation *e = explain(m, t, (const char *[]){"2", "top2"}, 2, NULL, 0);
    CHECK_INT(limn_explanation_class_count(e, 0), 1);
    CHECK_INT(limn_explanation_class(e, 0, 0), 2);
    CHECK_INT(limn_explanation_class_count(e, 1), 2);
    for (size_t i = 0; i < 3; i++) {
        double s = limn_explanation_logits(e, 0)[i];
        CHECK_NEAR(limn_explanation_probabilities(e, 0)[i], 1.0 / (1.0 + exp(-s)), 1e-6);
    }
    limn_explanation_destroy(&e);
    limn_model_close(&m);
    mp = (struct limn_model_params){.output = "boxes"};
    CHECK_INT(limn_model_open(ctx, path, &mp, &m, &err), LIMN_ERR_NOT_FOUND);
    CHECK(strstr(err.text, "boxes") != NULL && strstr(err.text, "output") != NULL);
    mp = (struct limn_model_params){.labels_path = labels}; /* one label for three classes */
    CHECK_INT(limn_model_open(ctx, path, &mp, &m, &err), LIMN_ERR_FORMAT);
}

int main(void)
{
    static float x[2 * N_X];
    struct limn_tensor t = {.rank = 4, .dim = {2, 1, SIDE, SIDE}, .data = x};
    limn_context *ctx = NULL;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/lenet.safetensors", folder);
    snprintf(labels, sizeof(labels), "%s/labels.txt", folder);
    CHECK_OK(file_write_atomic(labels, "tumour\n", 7, false, &err));
    for (size_t i = 0; i < 2 * N_X; i++) {
        x[i] = (float)rng_symmetric(3, i);
    }
    CHECK_OK(limn_context_create(&(struct limn_context_params){.reference = true}, &ctx, &err));
    test_single(ctx, &t);
    test_labels(ctx, &t);
    limn_context_destroy(&ctx);
    unlink(path);
    unlink(labels);
    rmdir(folder);
    return check_done();
}
