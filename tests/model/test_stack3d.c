/* Stacks of Conv3d blocks read from the names and shapes of their weights: which modules are taken to stand between
 * them, what the input size decides, and files that are no such stack. The weights are holes in sparse files. */
#include "support/check.h"

#include <stdlib.h>
#include <unistd.h>

#include "model/model.h"

static limn_error err;
static char path[64];

struct tensor_row {
    const char *name;
    int32_t rank, dim[5];
};
struct layer_row {
    const char *name, *op;
    int32_t rank, dim[5]; /* without the image */
};

static void write_file(const struct tensor_row *t)
{
    char text[8192];
    size_t at = 8, data = 0;
    text[at++] = '{';
    for (size_t i = 0; t[i].name != NULL; i++) {
        size_t elems = 1;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", i ? "," : "",
                               t[i].name);
        for (int32_t d = 0; d < t[i].rank; d++) {
            elems *= (size_t)t[i].dim[d];
            at += (size_t)snprintf(text + at, sizeof(text) - at, d > 0 ? ",%d" : "%d", t[i].dim[d]);
        }
        at += (size_t)snprintf(text + at, sizeof(text) - at, "],\"data_offsets\":[%zu,%zu]}", data, data + 4 * elems);
        data += 4 * elems;
    }
    text[at++] = '}';
    for (int i = 0; i < 8; i++) {
        text[i] = (char)((at - 8) >> (8 * i));
    }
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(text, 1, at, f) == at);
    if (f != NULL) {
        fclose(f);
        CHECK(truncate(path, (off_t)(at + data)) == 0);
    }
}

/* The layers of the file at an input size (0: as found) are those of `want`, in order. */
static void check_layers(const struct tensor_row *t, int32_t size, const struct layer_row *want, const char *target)
{
    struct model *m = NULL;
    struct model_options opt = {.depth = size, .height = size, .width = size};
    const struct model_layer *l = NULL;
    size_t n = 0, k = 0;
    write_file(t);
    CHECK_OK(model_open(path, &opt, &m, &err));
    if (m == NULL) {
        return;
    }
    CHECK_STR(model_get_card(m)->arch, "stack3d");
    CHECK_STR(model_get_card(m)->default_layer, target);
    CHECK_OK(model_layers(m, &l, &n, &err));
    for (; want[k].name != NULL; k++) {
        struct shape s = {.rank = want[k].rank + 1, .dim = {1}};
        memcpy(s.dim + 1, want[k].dim, sizeof(s.dim) - sizeof(s.dim[0]));
        bool same = k < n && strcmp(l[k].name, want[k].name) == 0 && strcmp(l[k].op, want[k].op) == 0 &&
                    shape_equal(&l[k].shape, &s);
        if (!same) {
            char text[SHAPE_TEXT_MAX];
            fprintf(stderr, "layer %zu is %s %s %s, expected %s %s\n", k, k < n ? l[k].name : "none",
                    k < n ? l[k].op : "", k < n ? shape_text(&l[k].shape, text) : "", want[k].name, want[k].op);
        }
        CHECK(same);
    }
    CHECK_INT(n, k);
    model_close(&m);
}

static void check_refused(const struct tensor_row *t)
{
    struct model *m = NULL;
    write_file(t);
    CHECK_OK(model_open(path, NULL, &m, &err)); /* opens as a list of tensors */
    CHECK(m == NULL || model_get_card(m)->arch[0] == '\0');
    model_close(&m);
    struct model_options opt = {.arch = "stack3d"};
    CHECK_INT(model_open(path, &opt, &m, &err), LIMN_ERR_FORMAT);
}

static void test_numbered(void)
{
    const struct tensor_row t[] = {{"module.0.weight", 5, {4, 1, 3, 3, 3}},
                                   {"module.0.bias", 1, {4}},
                                   {"module.3.weight", 5, {6, 4, 3, 3, 3}},
                                   {"module.3.bias", 1, {6}},
                                   {"module.7.weight", 2, {5, 6}},
                                   {"module.7.bias", 1, {5}},
                                   {0}};
    const struct layer_row l[] = {{"0", "conv", 4, {4, 8, 8, 8}},
                                  {"1", "relu", 4, {4, 8, 8, 8}},
                                  {"2", "max_pool", 4, {4, 4, 4, 4}},
                                  {"3", "conv", 4, {6, 4, 4, 4}},
                                  {"4", "relu", 4, {6, 4, 4, 4}},
                                  {"7", "matmul", 1, {5}},
                                  {0}};
    check_layers(t, 8, l, "4"); /* 5 and 6 are the global average and Flatten */
}

/* Sections by number, ten after two; the end of a section like the block before; Linear layers that have names only. */
static void test_sections(void)
{
    const struct tensor_row t[] = {{"conv10.0.weight", 5, {3, 2, 3, 3, 3}},
                                   {"conv10.0.bias", 1, {3}},
                                   {"conv2.0.weight", 5, {2, 2, 3, 3, 3}},
                                   {"conv2.0.bias", 1, {2}},
                                   {"conv2.3.bias", 1, {2}},
                                   {"conv2.3.weight", 5, {2, 2, 1, 1, 1}},
                                   {"fc1.weight", 2, {7, 24}},
                                   {"fc1.bias", 1, {7}},
                                   {"fc2.weight", 2, {2, 7}},
                                   {"fc2.bias", 1, {2}},
                                   {0}};
    const struct layer_row l[] = {{"conv2.0", "conv", 4, {2, 16, 16, 16}},
                                  {"conv2.1", "relu", 4, {2, 16, 16, 16}},
                                  {"conv2.2", "max_pool", 4, {2, 8, 8, 8}},
                                  {"conv2.3", "conv", 4, {2, 8, 8, 8}},
                                  {"conv2.4", "relu", 4, {2, 8, 8, 8}},
                                  {"conv2.5", "max_pool", 4, {2, 4, 4, 4}},
                                  {"conv10.0", "conv", 4, {3, 4, 4, 4}},
                                  {"conv10.1", "relu", 4, {3, 4, 4, 4}},
                                  {"conv10.2", "max_pool", 4, {3, 2, 2, 2}},
                                  {"fc1", "matmul", 1, {7}},
                                  {"fc2", "matmul", 1, {2}},
                                  {0}};
    check_layers(t, 0, l, "conv10.1"); /* 24 features of 3 channels: 2 x 2 x 2 after three poolings: 16 */
}

/* The features must come out of the size: without padding, and without the last pooling. */
static void test_readings(void)
{
    const struct tensor_row bare[] = {
        {"0.weight", 5, {4, 1, 3, 3, 3}}, {"0.bias", 1, {4}}, {"4.weight", 2, {2, 4 * 64}}, {"4.bias", 1, {2}}, {0}};
    const struct layer_row unpadded[] = {{"0", "conv", 4, {4, 8, 8, 8}},
                                         {"1", "relu", 4, {4, 8, 8, 8}},
                                         {"2", "max_pool", 4, {4, 4, 4, 4}},
                                         {"4", "matmul", 1, {2}},
                                         {0}};
    const struct layer_row padded[] = {{"0", "conv", 4, {4, 8, 8, 8}},
                                       {"1", "relu", 4, {4, 8, 8, 8}},
                                       {"2", "max_pool", 4, {4, 4, 4, 4}},
                                       {"4", "matmul", 1, {2}},
                                       {0}};
    check_layers(bare, 10, unpadded, "1");
    check_layers(bare, 8, padded, "1");
    const struct tensor_row end[] = {{"features.0.weight", 5, {4, 1, 3, 3, 3}},
                                     {"features.0.bias", 1, {4}},
                                     {"classifier.weight", 2, {2, 4 * 512}},
                                     {"classifier.bias", 1, {2}},
                                     {0}};
    const struct layer_row no_pool[] = {{"features.0", "conv", 4, {4, 8, 8, 8}},
                                        {"features.1", "relu", 4, {4, 8, 8, 8}},
                                        {"classifier", "matmul", 1, {2}},
                                        {0}};
    check_layers(end, 8, no_pool, "features.1");
}

static void test_refusals(void)
{
    const struct tensor_row no_linear[] = {{"0.weight", 5, {4, 1, 3, 3, 3}}, {"0.bias", 1, {4}}, {0}};
    const struct tensor_row foreign[] = {{"0.weight", 5, {4, 1, 3, 3, 3}},
                                         {"0.bias", 1, {4}},
                                         {"2.weight", 2, {2, 4}},
                                         {"2.bias", 1, {2}},
                                         {"3.alpha", 1, {4}},
                                         {0}};
    const struct tensor_row apart[] = {{"0.weight", 5, {4, 1, 3, 3, 3}},
                                       {"0.bias", 1, {4}},
                                       {"2.weight", 1, {4}},
                                       {"2.bias", 1, {4}},
                                       {"2.running_mean", 1, {4}},
                                       {"2.running_var", 1, {4}},
                                       {"6.weight", 2, {2, 4}},
                                       {"6.bias", 1, {2}},
                                       {0}};
    const struct tensor_row channels[] = {{"0.weight", 5, {4, 1, 3, 3, 3}},
                                          {"0.bias", 1, {4}},
                                          {"3.weight", 5, {4, 9, 3, 3, 3}},
                                          {"3.bias", 1, {4}},
                                          {"7.weight", 2, {2, 4}},
                                          {"7.bias", 1, {2}},
                                          {0}};
    check_refused(no_linear);
    check_refused(foreign);
    check_refused(apart); /* something stands between a convolution and its BatchNorm */
    check_refused(channels);
}

int main(void)
{
    snprintf(path, sizeof(path), "stack3d-test-%d.safetensors", (int)getpid());
    test_numbered();
    test_sections();
    test_readings();
    test_refusals();
    unlink(path);
    return check_done();
}
