/* Opening models: bundled ones by name, names and classes with suggestions, options, preprocessing, bad cards and
 * weights that do not fit, non-finite weights, hashes, and every allocation failing. TIMEOUT: 120 */
#include "support/check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "model/model.h"
#include "model/sha256.h"
#include "model/safetensors.h"

#define ASSETS LIMN_SOURCE_DIR "/assets"

static limn_error err;
static char dir[64];

static const char *file(const char *name)
{
    static char path[2][128];
    static int k;
    k = !k;
    snprintf(path[k], sizeof path[k], "%s/%s", dir, name);
    return path[k];
}

#define CHECK_FAILS(call, status, words)                                                                               \
    do {                                                                                                               \
        err.text[0] = '\0';                                                                                            \
        CHECK_INT(call, status);                                                                                       \
        if (strstr(err.text, words) == NULL) {                                                                         \
            fprintf(stderr, "%s:%d: \"%s\" lacks \"%s\"\n", __FILE__, __LINE__, err.text, words);                      \
            check_failed++;                                                                                            \
        }                                                                                                              \
    } while (0)

static struct model *open_model(const char *name, const struct model_options *o)
{
    struct model *m = NULL;
    CHECK_OK(model_open(name, o, &m, &err));
    if (m == NULL) {
        exit(1);
    }
    return m;
}

static void test_bundled(void)
{
    static const struct {
        const char *name, *layer, *label;
        int32_t c, size, classes, first;
    } t[] = {{"squeezenet1_0", "features.12", "Egyptian cat", 3, 224, 1000, 285},
             {"mobilenet_v2", "features.18", "espresso", 3, 224, 1000, 967},
             {"cifar_resnet20", "layer3", "cat", 3, 32, 10, 3},
             {"lenet_mnist", "relu2", "7", 1, 28, 10, 7},
             {"lenet_fashion", "relu2", "Coat", 1, 28, 10, 4}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct model *m = open_model(t[i].name, NULL);
        const struct model_card *c = model_get_card(m);
        int32_t class = -1;
        CHECK_STR(c->default_layer, t[i].layer);
        CHECK_INT(c->channels, t[i].c);
        CHECK_INT(c->height, t[i].size);
        CHECK_INT(c->n_classes, t[i].classes);
        CHECK(c->labels != NULL && c->licence[0] != '\0' && c->origin[0] != '\0');
        CHECK_OK(model_resolve_class(m, t[i].label, &class, &err));
        CHECK_INT(class, t[i].first);
        model_close(&m);
    }
    struct model_entry *list = NULL;
    size_t n = 0, seen = 0;
    CHECK_OK(model_list(&list, &n, &err));
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof t / sizeof t[0]; k++) {
            seen += strcmp(list[i].name, t[k].name) == 0 && list[i].title[0] != '\0' && list[i].bytes > 100000;
        }
        CHECK(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
    }
    CHECK_INT(seen, sizeof t / sizeof t[0]);
    mem_free(list);
}

static void test_names(void)
{
    struct model *m = NULL;
    const char *layer = NULL;
    int32_t class = -1;
    CHECK_FAILS(model_open("squeezenet1_9", NULL, &m, &err), LIMN_ERR_NOT_FOUND, "did you mean \"squeezenet1_0\"");
    CHECK_FAILS(model_open("qqqqqqqqqqqqqqqqqq", NULL, &m, &err), LIMN_ERR_NOT_FOUND, "no model");
    CHECK_FAILS(model_open("resnet50", NULL, &m, &err), LIMN_ERR_NOT_FOUND, "architecture");
    CHECK_FAILS(model_open("nowhere/x.safetensors", NULL, &m, &err), LIMN_ERR_READ, "nowhere/x.safetensors");
    CHECK_FAILS(model_open("recipe:resnet19", NULL, &m, &err), LIMN_ERR_NOT_FOUND, "did you mean \"resnet1");
    m = open_model("squeezenet1_0", NULL);
    CHECK_OK(model_resolve_layer(m, "auto", &layer, &err));
    CHECK_STR(layer, "features.12");
    CHECK_OK(model_resolve_layer(m, NULL, &layer, &err));
    CHECK_STR(layer, "features.12");
    CHECK_OK(model_resolve_layer(m, "features.3.squeeze", &layer, &err));
    CHECK_STR(layer, "features.3.squeeze");
    CHECK_FAILS(model_resolve_layer(m, "feature.12", &layer, &err), LIMN_ERR_NOT_FOUND, "did you mean \"features.12\"");
    CHECK_FAILS(model_resolve_layer(m, "zzzzzzzzzzzzzzzz", &layer, &err), LIMN_ERR_NOT_FOUND, "inspect");
    CHECK_OK(model_resolve_class(m, "285", &class, &err));
    CHECK_INT(class, 285);
    CHECK_OK(model_resolve_class(m, "egyptian CAT", &class, &err));
    CHECK_INT(class, 285);
    CHECK_OK(model_resolve_class(m, "Tinca tinca", &class, &err)); /* a synonym */
    CHECK_INT(class, 0);
    CHECK_OK(model_resolve_class(m, "samoy", &class, &err)); /* a part */
    CHECK_INT(class, 258);
    CHECK_FAILS(model_resolve_class(m, "1000", &class, &err), LIMN_ERR_NOT_FOUND, "0 to 999");
    CHECK_FAILS(model_resolve_class(m, "-1", &class, &err), LIMN_ERR_NOT_FOUND, "0 to 999");
    CHECK_FAILS(model_resolve_class(m, "terrier", &class, &err), LIMN_ERR_NOT_FOUND, "labels, e.g.");
    CHECK_FAILS(model_resolve_class(m, "expresso", &class, &err), LIMN_ERR_NOT_FOUND, "did you mean \"espresso\"");
    CHECK_FAILS(model_resolve_class(m, "", &class, &err), LIMN_ERR_NOT_FOUND, "no class");
    CHECK_FAILS(model_resolve_class(m, "qqqqqqqqqqqqqqqqqqqqqqqqqq", &class, &err), LIMN_ERR_NOT_FOUND, "among 1000");
    model_close(&m);
    m = open_model("recipe:resnet18", NULL);
    CHECK_FAILS(model_resolve_class(m, "cat", &class, &err), LIMN_ERR_NOT_FOUND, "no labels");
    model_close(&m);
}

static void test_options(void)
{
    const float half[3] = {0.5f, 0.5f, 0.5f}, zero[3] = {0};
    struct model_options o = {.height = 192, .width = 256, .mean = half, .std = half, .layer = "features.7"};
    struct model *m = open_model("squeezenet1_0", &o), *none = NULL;
    const struct model_card *c = model_get_card(m);
    CHECK_INT(c->height, 192);
    CHECK_INT(c->width, 256);
    CHECK_INT(c->resize, 219); /* 256 * 192 / 224 */
    CHECK_NEAR(c->mean[2], 0.5, 0);
    CHECK_STR(c->default_layer, "features.7");
    model_close(&m);
    CHECK_FAILS(model_open("squeezenet1_0", &(struct model_options){.std = zero}, &none, &err), LIMN_ERR_ARG, "std 0");
    CHECK_FAILS(model_open("squeezenet1_0", &(struct model_options){.height = -3}, &none, &err), LIMN_ERR_ARG, "-3");
    CHECK_FAILS(model_open("squeezenet1_0", &(struct model_options){.height = 4}, &none, &err), LIMN_ERR_SHAPE,
                "features");
    CHECK_FAILS(model_open("squeezenet1_0", &(struct model_options){.layer = "featurs.7"}, &none, &err),
                LIMN_ERR_NOT_FOUND, "features.7");
    CHECK_FAILS(model_open("squeezenet1_0", &(struct model_options){.arch = "squeezenet1_1"}, &none, &err),
                LIMN_ERR_FORMAT, "weights do not fit squeezenet1_1: features.0.weight is 96x3x7x7 (expected 64x3x3x3)");
    CHECK_FAILS(model_open("squeezenet1_0", &(struct model_options){.arch = "resnet18"}, &none, &err), LIMN_ERR_FORMAT,
                "missing conv1.weight");
    CHECK(strstr(err.text, "and ") != NULL && strstr(err.text, " more") != NULL);
    CHECK_FAILS(
        model_open("squeezenet1_0", &(struct model_options){.labels_path = ASSETS "/labels/cifar10.txt"}, &none, &err),
        LIMN_ERR_FORMAT, "10 labels (expected 1000");
}

/* A picture of the input's size is taken as it is; the numbers are those of torchvision's ToTensor and Normalize. */
static void test_preprocess(void)
{
    struct model *m = open_model("squeezenet1_0", NULL);
    struct image im = {0}, view = {0}, tall = {0};
    float *x = malloc(3 * 224 * 224 * sizeof *x);
    CHECK_OK(image_load(ASSETS "/photos/chelsea.png", NULL, &im, &err));
    CHECK_OK(model_preprocess(m, &im, x, &view, &err));
    CHECK(view.width == 224 && view.height == 224 && memcmp(view.rgb, im.rgb, 3 * 224 * 224) == 0);
    const float mean[3] = {0.485f, 0.456f, 0.406f}, std[3] = {0.229f, 0.224f, 0.225f};
    for (int i = 0; i < 3 * 224 * 224; i += 101) {
        int k = i / (224 * 224), p = i % (224 * 224);
        CHECK_NEAR(x[i], ((double)im.rgb[3 * p + k] / 255 - (double)mean[k]) / (double)std[k], 1e-6);
    }
    image_finish(&view);
    CHECK_OK(image_resize(&im, 300, 500, RESIZE_BILINEAR, true, &tall, &err));
    CHECK_OK(model_preprocess(m, &tall, x, &view, &err));
    CHECK(view.width == 224 && view.height == 224);
    image_finish(&view);
    image_finish(&tall);
    CHECK_OK(image_init(&tall, 20000, 1, &err));
    CHECK_FAILS(model_preprocess(m, &tall, x, &view, &err), LIMN_ERR_UNSUPPORTED, "oblong");
    image_finish(&tall);
    model_close(&m);
    m = open_model("lenet_mnist", NULL); /* grey as PIL's convert("L") */
    CHECK_OK(image_init(&tall, 28, 28, &err));
    memcpy(tall.rgb, (uint8_t[]){200, 100, 50, 0, 0, 255}, 6);
    CHECK_OK(model_preprocess(m, &tall, x, NULL, &err));
    CHECK_NEAR(x[0], 124.0 / 255, 1e-7);
    CHECK_NEAR(x[1], 29.0 / 255, 1e-7);
    image_finish(&tall);
    image_finish(&im);
    model_close(&m);
    free(x);
}

static void write_file(const char *path, const void *data, size_t n)
{
    CHECK_OK(file_write_atomic(path, data, n, true, &err));
}

/* The MNIST LeNet under another name, with `edit` applied to its bytes. */
static void copy_lenet(const char *to, void (*edit)(uint8_t *data, size_t n))
{
    void *data = NULL;
    size_t n = 0;
    CHECK_OK(file_read_all(ASSETS "/models/lenet_mnist.safetensors", 1 << 20, &data, &n, &err));
    if (edit != NULL) {
        edit(data, n);
    }
    write_file(to, data, n);
    mem_free(data);
}

static void put_nan(uint8_t *data, size_t n)
{
    const uint8_t nan[4] = {0, 0, 0xc0, 0x7f};
    memcpy(data + n - 8, nan, 4); /* in fc3's last tensor */
    memcpy(data + n - 4, nan, 4);
    memcpy(data + 8 + 768 + 4, nan, 4); /* and in conv1, the first read */
}

static void rename_tensor(uint8_t *data, size_t n)
{
    (void)n;
    memcpy(strstr((char *)data + 8, "conv2.bias"), "conv9.bias", 10);
}

/* LeNet as data-parallel training saves it: "module." before every name, and a counter that inference has no use for.
 */
static void write_module_prefix(const char *to)
{
    void *data = NULL;
    size_t n = 0, at = 8;
    CHECK_OK(file_read_all(ASSETS "/models/lenet_mnist.safetensors", 1 << 20, &data, &n, &err));
    const uint8_t *p = data;
    size_t header = p[0] | (size_t)p[1] << 8, bytes = n - 8 - header;
    char *out = malloc(n + 1024);
    const char *text = (const char *)p + 8, *end = text + header;
    while (end[-1] != '}') {
        end--;
    }
    for (end--; text < end; text++) {
        if (*text == '"' && (strncmp(text, "\"conv", 5) == 0 || strncmp(text, "\"fc", 3) == 0)) {
            memcpy(out + at, "\"module.", 8);
            at += 8;
        } else {
            out[at++] = *text;
        }
    }
    at += (size_t)snprintf(
        out + at, 256,
        ",\"module.bn.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[%zu,%zu]}}", bytes,
        bytes + 8);
    memset(out, 0, 8);
    out[0] = (char)((at - 8) & 0xff);
    out[1] = (char)((at - 8) >> 8);
    memcpy(out + at, p + 8 + header, bytes);
    memset(out + at + bytes, 0, 8);
    write_file(to, out, at + bytes + 8);
    free(out);
    mem_free(data);
}

static void test_weights(void)
{
    struct model *m = NULL;
    struct graph *g = NULL;
    value_id in, out;
    copy_lenet(file("plain.safetensors"), NULL); /* no card: recognised */
    m = open_model(file("plain.safetensors"), NULL);
    CHECK_STR(model_get_card(m)->arch, "lenet");
    CHECK(model_get_card(m)->labels == NULL);
    CHECK_STR(model_sha256(m, &err), "770ae5a154e8d9ec072532e44db52ff8c643ac01342796070e187487f32cf02a");
    model_close(&m);
    write_module_prefix(file("plain.safetensors"));
    m = open_model(file("plain.safetensors"), NULL);
    CHECK_STR(model_get_card(m)->arch, "lenet");
    CHECK_INT(model_params(m), 44426);
    model_close(&m);
    copy_lenet(file("nan.safetensors"), put_nan);
    for (int strict = 0; strict < 2; strict++) {
        m = open_model(file("nan.safetensors"), &(struct model_options){.strict = strict != 0});
        CHECK_OK(model_build(m, 1, &g, &in, &out, &err));
        CHECK(model_warning(m) == NULL);
        limn_status st = LIMN_OK;
        for (size_t i = 0; g != NULL && i < g->n_value && st == LIMN_OK; i++) {
            float *x = g->value[i].kind == VALUE_CONST ? malloc(shape_elems(&g->value[i].shape) * sizeof *x) : NULL;
            st = x != NULL ? const_read(&g->value[i], x, shape_elems(&g->value[i].shape), &err) : LIMN_OK;
            free(x);
        }
        CHECK_INT(st, strict ? LIMN_ERR_NUMERIC : LIMN_OK);
        CHECK(strict || (model_warning(m) != NULL &&
                         strcmp(model_warning(m), "tensor \"conv1.weight\": 1 of 150 weights are not finite "
                                                  "(and in 1 other tensors)") == 0));
        graph_destroy(&g);
        model_close(&m);
    }
    copy_lenet(file("odd.safetensors"), rename_tensor); /* unknown: lists its tensors, refuses to run */
    m = open_model(file("odd.safetensors"), NULL);
    const struct model_layer *list = NULL;
    size_t n = 0;
    CHECK_OK(model_layers(m, &list, &n, &err));
    CHECK_INT(n, 10);
    CHECK_STR(list[0].name, "conv1.weight");
    CHECK_STR(list[0].op, "F32");
    CHECK_INT(list[0].params, 150);
    CHECK_INT(model_params(m), 44426);
    CHECK_FAILS(model_build(m, 1, &g, &in, &out, &err), LIMN_ERR_UNSUPPORTED, "not recognised");
    model_close(&m);
    CHECK_FAILS(model_open(file("odd.safetensors"), &(struct model_options){.arch = "lenet"}, &m, &err),
                LIMN_ERR_FORMAT, "missing conv2.bias; unexpected conv9.bias");
}

static void test_cards(void)
{
    static const struct {
        const char *card;
        limn_status status;
        const char *words;
    } t[] = {
        {"", LIMN_ERR_FORMAT, "card.json: JSON byte 0"},
        {"[]", LIMN_ERR_FORMAT, "'{'"},
        {"{\"arch\":\"lenet\"} x", LIMN_ERR_FORMAT, "after the end"},
        {"{\"arch\":5}", LIMN_ERR_FORMAT, "\"arch\""},
        {"{\"arch\":\"lenett\"}", LIMN_ERR_NOT_FOUND, "did you mean \"lenet\""},
        {"{\"arch\":\"resnet18\"}", LIMN_ERR_FORMAT, "missing"},
        {"{\"labls\":[]}", LIMN_ERR_FORMAT, "did you mean \"labels\""},
        {"{\"labels\":[\"a\"]}", LIMN_ERR_FORMAT, "1 labels"},
        {"{\"labels\":[1]}", LIMN_ERR_FORMAT, "\"labels\"[0]"},
        {"{\"labels\":\"none.txt\"}", LIMN_ERR_READ, "none.txt"},
        {"{\"input\":[3,28,28]}", LIMN_ERR_FORMAT, "3 input channels"},
        {"{\"input\":[1,28]}", LIMN_ERR_FORMAT, "\"input\""},
        {"{\"input\":[1,0,28]}", LIMN_ERR_FORMAT, "\"input\""},
        {"{\"input\":[1,40,28]}", LIMN_ERR_FORMAT, "fc1.weight"},
        {"{\"mean\":[\"x\"]}", LIMN_ERR_FORMAT, "\"mean\""},
        {"{\"mean\":[0.5,0.5],\"std\":[0]}", LIMN_ERR_FORMAT, "\"std\""},
        {"{\"std\":[0]}", LIMN_ERR_FORMAT, "\"std\""},
        {"{\"std\":[1,1,1,1,1]}", LIMN_ERR_FORMAT, "\"std\""},
        {"{\"range\":-1}", LIMN_ERR_FORMAT, "\"range\""},
        {"{\"bgr\":1}", LIMN_ERR_FORMAT, "\"bgr\""},
        {"{\"resize\":0}", LIMN_ERR_FORMAT, "\"resize\""},
        {"{\"rule\":\"other\"}", LIMN_ERR_FORMAT, "short-side"},
        {"{\"filter\":\"other\"}", LIMN_ERR_FORMAT, "bilinear"},
        {"{\"layer\":\"relu9\"}", LIMN_ERR_NOT_FOUND, "relu9"},
        {"{\"title\":\"a\",\"title\":\"b\"}", LIMN_ERR_FORMAT, "duplicate"},
        {"{\"a\":[[[[[[[[[]]]]]]]]]}", LIMN_ERR_FORMAT, "deeper"},
    };
    copy_lenet(file("card.safetensors"), NULL);
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct model *m = NULL;
        write_file(file("card.json"), t[i].card, strlen(t[i].card));
        err.text[0] = '\0';
        limn_status st = model_open(file("card.safetensors"), NULL, &m, &err);
        if (st != t[i].status || strstr(err.text, t[i].words) == NULL || m != NULL) {
            fprintf(stderr, "%s: status %d \"%s\", expected %d \"%s\"\n", t[i].card, st, err.text, t[i].status,
                    t[i].words);
            check_failed++;
        }
        model_close(&m);
    }
    static const char good[] =
        "{\n \"labels\": [\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"],\n \"bgr\": true,"
        " \"range\": 255, \"rule\": \"exact\", \"filter\": \"bicubic\"\n}\n";
    write_file(file("card.json"), good, strlen(good));
    struct model *m = open_model(file("card.safetensors"), NULL);
    CHECK(model_get_card(m)->rule == RULE_EXACT && model_get_card(m)->filter == RESIZE_BICUBIC &&
          model_get_card(m)->bgr);
    model_close(&m);
}

static void test_sha256(void)
{
    static const struct {
        const char *text, *hex;
    } t[] = {{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
             {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
             {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"}};
    for (size_t i = 0; i < 3; i++) {
        struct sha256 s;
        char hex[65];
        sha256_begin(&s);
        for (const char *p = t[i].text; *p != '\0'; p++) {
            sha256_add(&s, p, 1);
        }
        sha256_end(&s, hex);
        CHECK_STR(hex, t[i].hex);
    }
}

/* Each allocation of an open fails in turn: always a clean "out of memory", never a leak or a half-open model. */
static void test_no_memory(void)
{
    for (int from_then_on = 0; from_then_on < 2; from_then_on++) {
        unsigned long k = 1;
        for (; k < 5000; k++) {
            struct model *m = NULL;
            inject_arm(INJECT_ALLOC, k, from_then_on != 0);
            limn_status st = model_open(ASSETS "/models/lenet_mnist.safetensors", NULL, &m, &err);
            inject_arm(INJECT_ALLOC, 0, false);
            CHECK((st == LIMN_OK) == (m != NULL));
            model_close(&m);
            if (st == LIMN_OK) {
                break;
            }
            CHECK_INT(st, LIMN_ERR_NOMEM);
        }
        CHECK(k > 50 && k < 5000);
    }
}

int main(void)
{
    snprintf(dir, sizeof dir, "model-test-%d", (int)getpid());
    CHECK(mkdir(dir, 0700) == 0);
    unsetenv("LIMN_MODELS");
    test_bundled();
    test_names();
    test_options();
    test_preprocess();
    test_weights();
    test_cards();
    test_sha256();
    test_no_memory();
    static const char *const made[] = {"plain.safetensors", "nan.safetensors", "odd.safetensors", "card.safetensors",
                                       "card.json"};
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        unlink(file(made[i]));
    }
    rmdir(dir);
    return check_done();
}
