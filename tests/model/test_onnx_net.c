/* ONNX files as models: the size of their input with card and options, batches, outputs, layers and the default one,
 * non-finite weights, what is refused, and every allocation failing. TIMEOUT: 120 */
#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "exec/exec.h"
#include "model/model.h"

#define NETS LIMN_TEST_DATA "/corpus/onnx/nets/"
#define LENET LIMN_TEST_DATA "/golden/models/lenet_mnist.onnx"

static limn_error err;
static char dir[] = "/tmp/limn-onnx-net-XXXXXX";

static struct model *open_model(const char *path, const struct model_options *o)
{
    struct model *m = NULL;
    CHECK_OK(model_open(path, o, &m, &err));
    if (m == NULL) {
        exit(1);
    }
    return m;
}

static void refused(const char *path, const struct model_options *o, limn_status status, const char *words)
{
    struct model *m = NULL;
    err.text[0] = '\0';
    CHECK_INT(model_open(path, o, &m, &err), status);
    if (strstr(err.text, words) == NULL || m != NULL || strchr(err.text, '\n') != NULL) {
        fprintf(stderr, "%s: \"%s\" lacks \"%s\"\n", path, err.text, words);
        check_failed++;
    }
    model_close(&m);
}

static void check_size(struct model *m, int32_t channels, int32_t depth, int32_t height, int32_t width)
{
    const struct model_card *c = model_get_card(m);
    struct graph *g = NULL;
    value_id in, scores;
    CHECK_INT(c->channels, channels);
    CHECK_INT(c->depth, depth);
    CHECK_INT(c->height, height);
    CHECK_INT(c->width, width);
    CHECK_INT(c->n_classes, 2);
    CHECK_STR(c->arch, "onnx");
    CHECK_OK(model_build(m, 1, &g, &in, &scores, &err));
    if (g != NULL) {
        struct shape want = model_input_shape(m, 1), two = SHAPE(1, 2);
        CHECK(shape_equal(&g->value[in].shape, &want));
        CHECK(shape_equal(&g->value[scores].shape, &two));
    }
    graph_destroy(&g);
}

static void put(const char *name, const void *data, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_OK(file_write_atomic(path, data, n, true, &err));
}

/* A copy of a model, with a card beside it. */
static const char *with_card(const char *from, const char *card)
{
    static char path[256];
    void *data = NULL;
    size_t n = 0;
    CHECK_OK(file_read_all(from, 1 << 20, &data, &n, &err));
    put("m.onnx", data, n);
    put("m.json", card, strlen(card));
    mem_free(data);
    snprintf(path, sizeof path, "%s/m.onnx", dir);
    return path;
}

static void test_size(void)
{
    struct model_options o = {.height = 40, .width = 24}, square = {.height = 16}, same = {.height = 12, .width = 10};
    struct model *m = open_model(NETS "free_size.onnx", NULL);
    check_size(m, 3, 0, 224, 224);
    CHECK_NEAR(model_get_card(m)->mean[0], 0.485, 1e-6); /* nothing says otherwise */
    CHECK_INT(model_get_card(m)->resize, 256);
    model_close(&m);
    m = open_model(NETS "free_size.onnx", &o);
    check_size(m, 3, 0, 40, 24);
    model_close(&m);
    m = open_model(NETS "fixed_size.onnx", NULL);
    check_size(m, 3, 0, 12, 10);
    CHECK_INT(model_get_card(m)->resize, 10); /* small inputs are not cropped */
    model_close(&m);
    m = open_model(NETS "fixed_size.onnx", &same);
    model_close(&m);
    refused(NETS "fixed_size.onnx", &square, LIMN_ERR_ARG,
            "\"x\" is fixed at 1x3x12x10 in the file (asked for 1x3x16x16)");
    m = open_model(NETS "volume.onnx", NULL);
    check_size(m, 1, 6, 7, 8);
    model_close(&m);
}

static void test_card(void)
{
    const char *path = with_card(NETS "free_size.onnx",
                                 "{\"title\": \"T\", \"arch\": \"lenet\", \"input\": [3, 20, 30], \"mean\": [0.5],"
                                 "\"std\": [0.25], \"layer\": \"layer4.2\", \"labels\": [\"no\", \"yes\"]}");
    struct model *m = open_model(path, NULL);
    const struct model_card *c = model_get_card(m);
    int32_t k = -1;
    check_size(m, 3, 0, 20, 30);
    CHECK_STR(c->title, "T");
    CHECK_NEAR(c->mean[2], 0.5, 0);
    CHECK_STR(c->default_layer, "relu"); /* the card's layer is that of another format */
    CHECK_OK(model_resolve_class(m, "yes", &k, &err));
    CHECK_INT(k, 1);
    model_close(&m);
    refused(with_card(NETS "free_size.onnx", "{\"input\": [1, 20, 30]}"), NULL, LIMN_ERR_FORMAT,
            "card says 1 input channels");
    refused(with_card(NETS "fixed_size.onnx", "{\"input\": [3, 20, 30]}"), NULL, LIMN_ERR_ARG, "fixed at 1x3x12x10");
    refused(with_card(NETS "free_size.onnx", "{\"labels\": [\"a\"]}"), NULL, LIMN_ERR_FORMAT, "1 labels (expected 2");
    m = open_model(with_card(NETS "fixed_size.onnx", "{\"epochs\": 3, \"lr\": 0.1, \"seed\": 4}"), NULL);
    check_size(m, 3, 0, 12, 10); /* notes of a training run, no card */
    model_close(&m);
}

static void test_batch(void)
{
    struct graph *g = NULL;
    value_id in, scores;
    struct model *m = open_model(NETS "fixed_batch.onnx", NULL);
    CHECK_INT(model_batch_max(m), 1);
    CHECK(model_build(m, 3, &g, &in, &scores, &err) != LIMN_OK && g == NULL);
    model_close(&m);
    m = open_model(NETS "fixed_size.onnx", NULL); /* a 1 that is nowhere else */
    CHECK(model_batch_max(m) > 100);
    CHECK_OK(model_build(m, 3, &g, &in, &scores, &err));
    CHECK(g != NULL && g->value[in].shape.dim[0] == 3 && g->value[scores].shape.dim[0] == 3);
    graph_destroy(&g);
    model_close(&m);
    refused(NETS "batch_of_4.onnx", NULL, LIMN_ERR_ARG, "fixed at 4x3x12x12");
}

/* The first score for an input of ones. */
static float first_score(struct model *m, limn_status want)
{
    struct graph *g = NULL;
    struct exec *e = NULL;
    value_id in, scores;
    struct shape s = model_input_shape(m, 1);
    size_t n = shape_elems(&s);
    float *x = mem_alloc(n, sizeof *x), y[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        x[i] = 1;
    }
    CHECK_OK(model_build(m, 1, &g, &in, &scores, &err));
    if (g != NULL) {
        limn_status st = exec_ref_create(g, &e, &err);
        st = st == LIMN_OK ? exec_set(e, in, x, n, &err) : st;
        st = st == LIMN_OK ? exec_run(e, 0, 1, &err) : st;
        CHECK_INT(st, want);
        CHECK(st != LIMN_OK || exec_get(e, scores, y, 2, &err) == LIMN_OK);
    }
    exec_destroy(&e);
    graph_destroy(&g);
    mem_free(x);
    return y[0];
}

static void test_outputs(void)
{
    struct model_options small = {.height = 8}, other = {.height = 8, .output = "other"},
                         none = {.height = 8, .output = "othr"};
    struct model *m = open_model(NETS "two_outputs.onnx", &small), *o = open_model(NETS "two_outputs.onnx", &other);
    CHECK_INT(model_output_count(m), 2);
    CHECK_STR(model_output_name(m, 0), "y");
    CHECK_STR(model_output_name(m, 1), "other");
    float y = first_score(m, LIMN_OK);
    CHECK(y != 0 && first_score(o, LIMN_OK) == -y);
    model_close(&m);
    model_close(&o);
    refused(NETS "two_outputs.onnx", &none, LIMN_ERR_NOT_FOUND, "did you mean \"other\"?");
}

static void test_not_finite(void)
{
    struct model_options small = {.height = 8}, strict = {.height = 8, .strict = true};
    struct model *m = open_model(NETS "not_finite.onnx", &small);
    CHECK(model_warning(m) == NULL);
    for (int i = 0; i < 2; i++) { /* the second graph reads the same weights again */
        first_score(m, LIMN_OK);
        CHECK_STR(model_warning(m), "tensor \"w\": 2 of 54 weights are not finite (and in 1 other tensors)");
    }
    model_close(&m);
    m = open_model(NETS "not_finite.onnx", &strict);
    first_score(m, LIMN_ERR_NUMERIC);
    CHECK(strstr(err.text, "weights are not finite") != NULL);
    model_close(&m);
    m = open_model(NETS "free_size.onnx", &small);
    first_score(m, LIMN_OK);
    CHECK(model_warning(m) == NULL);
    model_close(&m);
}

static void test_layers(void)
{
    static const struct {
        const char *name, *op;
        uint64_t params;
    } want[] = {{"features", "", 56},         {"features.0", "Conv", 56},       {"features.1", "Relu", 0},
                {"features.2", "MaxPool", 0}, {"pool", "GlobalAveragePool", 0}, {"Flatten", "Flatten", 0}};
    struct model *m = open_model(NETS "torch_scopes.onnx", NULL);
    const struct model_layer *list = NULL;
    const char *found = NULL;
    size_t n = 0;
    CHECK_OK(model_layers(m, &list, &n, &err));
    CHECK_INT(n, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < n && i < sizeof want / sizeof want[0]; i++) {
        CHECK_STR(list[i].name, want[i].name);
        CHECK_STR(list[i].op, want[i].op);
        CHECK_INT(list[i].params, want[i].params);
        CHECK_INT(list[i].is_default, strcmp(list[i].name, "features.1") == 0); /* before the pooling */
    }
    CHECK_INT(model_params(m), 56);
    CHECK_OK(model_resolve_layer(m, "auto", &found, &err));
    CHECK_STR(found, "features.1");
    CHECK_OK(model_resolve_layer(m, "r", &found, &err)); /* a value, and the node that makes it */
    CHECK_STR(found, "r");
    CHECK_OK(model_resolve_layer(m, "/features/features.1/Relu", &found, &err));
    CHECK_STR(found, "r");
    CHECK_INT(model_resolve_layer(m, "w", &found, &err), LIMN_ERR_NOT_FOUND);
    CHECK_INT(model_resolve_layer(m, "x", &found, &err), LIMN_ERR_NOT_FOUND);
    CHECK_INT(model_resolve_layer(m, "featrues.0", &found, &err), LIMN_ERR_NOT_FOUND);
    CHECK(strstr(err.text, "did you mean \"features.0\"") != NULL);
    model_close(&m);
    struct model_options bad = {.layer = "nosuch"};
    refused(NETS "torch_scopes.onnx", &bad, LIMN_ERR_NOT_FOUND, "no layer \"nosuch\"");
}

static void test_refused(void)
{
    refused(NETS "two_inputs.onnx", NULL, LIMN_ERR_UNSUPPORTED, "has 2 inputs (\"x\" to \"mask\")");
    refused(NETS "no_input.onnx", NULL, LIMN_ERR_UNSUPPORTED, "has no input");
    refused(NETS "no_outputs.onnx", NULL, LIMN_ERR_UNSUPPORTED, "0 outputs");
    refused(NETS "channels_last.onnx", NULL, LIMN_ERR_UNSUPPORTED, "1x12x12x3");
    refused(NETS "channels_last.onnx", NULL, LIMN_ERR_UNSUPPORTED, "channels last are not supported");
    refused(NETS "channels_5.onnx", NULL, LIMN_ERR_UNSUPPORTED, "float32 1x5x12x12 (expected");
    refused(NETS "channels_free.onnx", NULL, LIMN_ERR_UNSUPPORTED, "float32 1xCx12x12 (expected");
    refused(NETS "int_input.onnx", NULL, LIMN_ERR_UNSUPPORTED, "int64 1x3x12x12 (expected");
    refused(NETS "vector_input.onnx", NULL, LIMN_ERR_UNSUPPORTED, "float32 Nx3 (expected");
    refused(LIMN_TEST_DATA "/corpus/onnx/reject/graph_op_unknown.onnx", NULL, LIMN_ERR_UNSUPPORTED,
            "graph_op_unknown.onnx: unsupported operators: Frobnicate");
    refused(LIMN_TEST_DATA "/corpus/onnx/reject/kind_lfs.onnx", NULL, LIMN_ERR_FORMAT, "git-lfs pointer");
    refused(LIMN_TEST_DATA "/corpus/onnx/reject/graph_stride_0.onnx", NULL, LIMN_ERR_FORMAT, "node \"conv\" (Conv)");
}

/* Its initializers in a built-in architecture. */
static void test_arch(void)
{
    struct model_options o = {.arch = "lenet"}, wrong = {.arch = "vgg16"};
    struct model *m = open_model(LENET, &o), *plain = open_model(LENET, NULL);
    CHECK_STR(model_get_card(m)->arch, "lenet");
    CHECK_STR(model_get_card(plain)->arch, "onnx");
    CHECK_INT(model_params(m), model_params(plain));
    CHECK_STR(model_get_card(plain)->default_layer, "relu2");
    CHECK_STR(model_sha256(plain, &err), "db46be6527211cf47c8a245052149073b54d21b986b206429af87d3f50e71ecf");
    model_close(&m);
    model_close(&plain);
    refused(LENET, &wrong, LIMN_ERR_FORMAT, "do not fit vgg16");
}

static void test_faults(enum inject_kind kind)
{
    struct model_options small = {.height = 8};
    limn_status st = LIMN_ERR_INTERNAL;
    unsigned long k = 1;
    for (; k < 4000 && st != LIMN_OK; k++) {
        struct model *m = NULL;
        inject_arm(kind, k, false);
        st = model_open(NETS "torch_scopes.onnx", &small, &m, &err);
        inject_arm(kind, 0, false);
        CHECK(st == LIMN_OK || st == (kind == INJECT_ALLOC ? LIMN_ERR_NOMEM : LIMN_ERR_READ));
        CHECK((st == LIMN_OK) == (m != NULL));
        model_close(&m);
    }
    CHECK(st == LIMN_OK && k > (kind == INJECT_ALLOC ? 100 : 3));
}

int main(void)
{
    CHECK(mkdtemp(dir) != NULL);
    test_size();
    test_card();
    test_batch();
    test_outputs();
    test_not_finite();
    test_layers();
    test_refused();
    test_arch();
    test_faults(INJECT_ALLOC);
    test_faults(INJECT_FILE);
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", dir);
    CHECK(system(command) == 0);
    return check_done();
}
