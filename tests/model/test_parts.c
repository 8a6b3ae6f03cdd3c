/* Every source of constants gives the same numbers in parts as all at once (const_source_part): files of each format
 * and element type, recipes, starting weights, folded BatchNorm, and weights that are looked at when first read. */
#include "support/check.h"

#include <dirent.h>
#include <string.h>

#include "base/mem.h"
#include "model/model.h"
#include "model/tensor_file.h"
#include "model/weights.h"
#include "pass/pass.h"

static limn_error err;

/* Three windows of which the first is read before, the others after the whole. */
static void check_source(const struct const_source *s, size_t n, const char *name)
{
    const size_t cut[] = {n / 3, n - n / 4, n, 0};
    float *all = mem_alloc(n + 1, sizeof *all), *parts = mem_zalloc(n + 1, sizeof *parts);
    const int failed = check_failed;
    CHECK(all != NULL && parts != NULL);
    CHECK_OK(const_source_part(s, n, 0, parts, cut[0], &err));
    CHECK_OK(s->read(s, all, n, &err));
    CHECK_OK(const_source_part(s, n, cut[0], parts + cut[0], cut[1] - cut[0], &err));
    CHECK_OK(const_source_part(s, n, cut[1], parts + cut[1], n - cut[1], &err));
    CHECK(memcmp(all, parts, n * sizeof *all) == 0);
    CHECK(const_source_part(s, n, n, parts, 1, &err) != LIMN_OK);
    if (check_failed != failed) {
        fprintf(stderr, "%s: %zu elements\n", name, n);
    }
    mem_free(all);
    mem_free(parts);
}

static int test_file(const char *path)
{
    struct tensor_file *f = NULL;
    int n = 0;
    CHECK_OK(tensor_file_open(path, &f, &err));
    for (size_t i = 0; f != NULL && i < tensor_file_count(f); i++) {
        const struct st_tensor *t = tensor_file_at(f, i);
        if (t->elems > 0) {
            check_source(&t->source, t->elems, path);
            n++;
        }
    }
    tensor_file_close(&f);
    return n;
}

static void test_dir(const char *dir, const char *suffix, int at_least)
{
    char path[1024];
    int n = 0;
    DIR *d = opendir(dir);
    CHECK(d != NULL);
    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;) {
        size_t length = strlen(f->d_name), end = strlen(suffix);
        if (length > end && strcmp(f->d_name + length - end, suffix) == 0) {
            snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
            n += test_file(path);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    CHECK(n >= at_least);
}

/* All constants of a model's graph, before and after BatchNorm goes into the weights. */
static void test_model(const char *name, bool fold)
{
    struct model *m = NULL;
    struct graph *g = NULL;
    value_id in, out;
    CHECK_OK(model_open(name, &(struct model_options){0}, &m, &err));
    CHECK_OK(model_build(m, 1, &g, &in, &out, &err));
    for (size_t i = 0; fold && g != NULL && i < g->n_value; i++) {
        g->value[i].flags &= ~(uint32_t)VALUE_PARAM;
    }
    if (fold && g != NULL) {
        size_t before = g->n_value;
        CHECK_OK(graph_optimise(g, OPTIMISE_BN, &err));
        CHECK(g->n_value > before);
    }
    for (size_t i = 0; g != NULL && i < g->n_value; i++) {
        if (g->value[i].kind == VALUE_CONST) {
            check_source(g->value[i].source, shape_elems(&g->value[i].shape), g->value[i].name);
        }
    }
    graph_destroy(&g);
    model_close(&m);
}

static void test_start(void)
{
    struct arena a = {0};
    const struct const_source *s = NULL;
    CHECK_OK(init_source(&a, 3, "conv1.weight", WEIGHT_KERNEL, 9, &s, &err));
    check_source(s, 100, "starting weights");
    arena_finish(&a);
}

int main(void)
{
    test_dir(LIMN_TEST_DATA "/corpus/torch/accept", ".pth", 30);
    test_dir(LIMN_TEST_DATA "/corpus/safetensors/accept", ".safetensors", 6);
    test_file(LIMN_TEST_DATA "/corpus/onnx/accept/raw_float16.onnx");
    test_file(LIMN_TEST_DATA "/corpus/onnx/accept/external.onnx");
    CHECK(test_file(LIMN_TEST_DATA "/golden/models/lenet_mnist.onnx") >= 8);
    test_model(LIMN_TEST_DATA "/golden/models/lenet_mnist.onnx", false);
    test_model(LIMN_TEST_DATA "/golden/models/lenet_mnist.pth", false);
    test_model(LIMN_SOURCE_DIR "/assets/models/cifar_resnet20.safetensors", true);
    test_model("recipe:resnet18", true);
    test_start();
    return check_done();
}
