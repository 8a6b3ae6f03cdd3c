/* Every architecture: its number of parameters against the published one, names and shapes of layers, and the recipe
 * weights against values made by another program. TIMEOUT: 120 */
#include "support/check.h"
#include "support/sparse.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/rng.h"
#include "exec/exec.h"
#include "model/arch.h"
#include "model/model.h"

static limn_error err;

static const struct model_layer *layer(struct model *m, const char *name)
{
    const struct model_layer *list = NULL;
    size_t n = 0;
    CHECK_OK(model_layers(m, &list, &n, &err));
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, name) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static struct model *open_recipe(const char *arch)
{
    char name[80];
    struct model *m = NULL;
    snprintf(name, sizeof name, "recipe:%s", arch);
    CHECK_OK(model_open(name, NULL, &m, &err));
    return m;
}

/* Counts as torchvision publishes them, Inception v3 without its auxiliary classifier (27161264 with it); the CIFAR
 * ResNets and LeNet by their papers' formulas. */
static const struct {
    const char *arch;
    uint64_t params;
} published[] = {{"lenet", 44426},
                 {"squeezenet1_0", 1248424},
                 {"squeezenet1_1", 1235496},
                 {"vgg11", 132863336},
                 {"vgg13", 133047848},
                 {"vgg16", 138357544},
                 {"vgg19", 143667240},
                 {"vgg11_bn", 132868840},
                 {"vgg13_bn", 133053736},
                 {"vgg16_bn", 138365992},
                 {"vgg19_bn", 143678248},
                 {"resnet18", 11689512},
                 {"resnet34", 21797672},
                 {"resnet50", 25557032},
                 {"resnet101", 44549160},
                 {"resnet152", 60192808},
                 {"cifar_resnet20", 269722},
                 {"cifar_resnet56", 853018},
                 {"mobilenet_v2", 3504872},
                 {"densenet121", 7978856},
                 {"alexnet", 61100840},
                 {"resnext50_32x4d", 25028904},
                 {"resnext101_32x8d", 88791336},
                 {"resnext101_64x4d", 83455272},
                 {"wide_resnet50_2", 68883240},
                 {"wide_resnet101_2", 126886696},
                 {"densenet161", 28681000},
                 {"densenet169", 14149480},
                 {"densenet201", 20013928},
                 {"inception_v3", 23834568},
                 {"googlenet", 6624904},
                 {"shufflenet_v2_x0_5", 1366792},
                 {"shufflenet_v2_x1_0", 2278604},
                 {"shufflenet_v2_x1_5", 3503624},
                 {"shufflenet_v2_x2_0", 7393996},
                 {"mobilenet_v3_small", 2542856},
                 {"mobilenet_v3_large", 5483032},
                 {"mnasnet0_5", 2218512},
                 {"mnasnet0_75", 3170208},
                 {"mnasnet1_0", 4383312},
                 {"mnasnet1_3", 6282256},
                 {"efficientnet_b0", 5288548},
                 {"efficientnet_b1", 7794184},
                 {"efficientnet_b2", 9109994},
                 {"efficientnet_b3", 12233232},
                 {"efficientnet_b4", 19341616},
                 {"efficientnet_b5", 30389784},
                 {"efficientnet_b6", 43040704},
                 {"efficientnet_b7", 66347960},
                 {"efficientnet_v2_s", 21458488},
                 {"efficientnet_v2_m", 54139356},
                 {"efficientnet_v2_l", 118515272},
                 {"regnet_x_400mf", 5495976},
                 {"regnet_x_800mf", 7259656},
                 {"regnet_x_1_6gf", 9190136},
                 {"regnet_x_3_2gf", 15296552},
                 {"regnet_x_8gf", 39572648},
                 {"regnet_x_16gf", 54278536},
                 {"regnet_x_32gf", 107811560},
                 {"regnet_y_400mf", 4344144},
                 {"regnet_y_800mf", 6432512},
                 {"regnet_y_1_6gf", 11202430},
                 {"regnet_y_3_2gf", 19436338},
                 {"regnet_y_8gf", 39381472},
                 {"regnet_y_16gf", 83590140},
                 {"regnet_y_32gf", 145046770},
                 {"regnet_y_128gf", 644812894},
                 {"convnext_tiny", 28589128},
                 {"convnext_small", 50223688},
                 {"convnext_base", 88591464},
                 {"convnext_large", 197767336},
                 {"stack3d", 17796}};

static void test_params(void)
{
    CHECK_INT(arch_count(), sizeof published / sizeof published[0]);
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        struct model *m = open_recipe(published[i].arch);
        if (m == NULL) {
            continue;
        }
        const struct model_card *c = model_get_card(m);
        const struct model_layer *l = layer(m, c->default_layer);
        fprintf(stderr, "%s\n", published[i].arch);
        CHECK_INT(model_params(m), published[i].params);
        CHECK(l != NULL && l->is_default && l->shape.rank >= 4 && l->shape.dim[2] > 1);
        struct graph *g = NULL;
        value_id in = VALUE_NONE, out = VALUE_NONE;
        CHECK_OK(model_build(m, 3, &g, &in, &out, &err));
        if (g != NULL) {
            struct shape want = SHAPE(3, c->n_classes);
            CHECK(shape_equal(&g->value[out].shape, &want));
        }
        graph_destroy(&g);
        model_close(&m);
    }
}

static void test_layers(void)
{
    static const struct {
        const char *arch, *layer, *op;
        int32_t c, h;
        uint64_t params;
    } t[] = {
        {"resnet18", "layer4", "", 512, 7, 8393728},
        {"resnet18", "layer1.0.relu", "relu", 64, 56, 0},
        {"resnet18", "layer1.0.relu:2", "relu", 64, 56, 0},
        {"resnet18", "layer4.1", "", 512, 7, 4720640},
        {"resnet18", "layer2.0.downsample", "", 128, 28, 8448},
        {"resnet18", "maxpool", "max_pool", 64, 56, 0},
        {"resnet50", "layer4.2", "", 2048, 7, 4462592},
        {"resnet50", "layer3.0.relu:3", "relu", 1024, 14, 0},
        {"resnet50", "layer2.0.conv2", "conv", 128, 28, 147456},
        {"squeezenet1_0", "features.12", "concat", 512, 13, 197184},
        {"squeezenet1_0", "features.12.expand3x3_activation", "relu", 256, 13, 0},
        {"squeezenet1_0", "features", "", 512, 13, 735424},
        {"vgg16", "features.29", "relu", 512, 14, 0},
        {"vgg16", "features", "", 512, 7, 14714688},
        {"vgg16", "avgpool", "", 512, 7, 0},
        {"mobilenet_v2", "features.18", "", 1280, 7, 412160},
        {"mobilenet_v2", "features.3", "add", 24, 56, 8832},
        {"mobilenet_v2", "features.3.conv.0.2", "relu6", 144, 56, 0},
        {"densenet121", "features.denseblock1.denselayer1", "", 32, 56, 45440},
        {"densenet121", "features.denseblock4", "concat", 1024, 7, 2158080},
        {"densenet121", "features", "", 1024, 7, 6953856},
        {"cifar_resnet20", "layer3", "", 64, 8, 203520},
        {"cifar_resnet20", "layer2.0.shortcut", "", 32, 16, 0},
        {"lenet", "relu2", "relu", 16, 8, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct model *m = open_recipe(t[i].arch);
        const struct model_layer *l = m != NULL ? layer(m, t[i].layer) : NULL;
        struct shape want = SHAPE(1, t[i].c, t[i].h, t[i].h);
        char a[SHAPE_TEXT_MAX], b[SHAPE_TEXT_MAX];
        CHECK(l != NULL);
        if (l != NULL && (!shape_equal(&l->shape, &want) || strcmp(l->op, t[i].op) != 0 || l->params != t[i].params)) {
            fprintf(stderr, "%s %s: %s %s %llu, expected %s %s %llu\n", t[i].arch, t[i].layer, l->op,
                    shape_text(&l->shape, a), (unsigned long long)l->params, t[i].op, shape_text(&want, b),
                    (unsigned long long)t[i].params);
            check_failed++;
        }
        model_close(&m);
    }
}

/* Containers stand before their parts, every name once. */
static void test_order(void)
{
    struct model *m = open_recipe("resnet18");
    const struct model_layer *list = NULL;
    size_t n = 0;
    static const char *const first[] = {"conv1",         "bn1",           "relu",           "maxpool",
                                        "layer1",        "layer1.0",      "layer1.0.conv1", "layer1.0.bn1",
                                        "layer1.0.relu", "layer1.0.conv2"};
    if (m == NULL) {
        return;
    }
    CHECK_OK(model_layers(m, &list, &n, &err));
    for (size_t i = 0; i < sizeof first / sizeof first[0] && i < n; i++) {
        CHECK_STR(list[i].name, first[i]);
    }
    CHECK_STR(list[n - 1].name, "fc");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            CHECK(strcmp(list[i].name, list[k].name) != 0);
        }
    }
    model_close(&m);
}

static void check_const(const struct graph *g, const char *name, const double *want, size_t n)
{
    value_id v = graph_find(g, name);
    CHECK(v != VALUE_NONE);
    if (v == VALUE_NONE) {
        return;
    }
    size_t all = shape_elems(&g->value[v].shape);
    float *x = malloc(all * sizeof *x);
    CHECK_OK(const_read(&g->value[v], x, all, &err));
    for (size_t i = 0; i < n; i++) {
        CHECK_NEAR(x[i], want[i], 1e-8);
    }
    free(x);
}

static void test_recipe(void)
{
    struct model *m = open_recipe("resnet18");
    struct graph *g = NULL;
    value_id in, out;
    if (m != NULL) {
        CHECK_OK(model_build(m, 1, &g, &in, &out, &err));
        check_const(g, "conv1.weight", (double[]){0.130243152, -0.0983124599, 0.0754801631}, 3);
        check_const(g, "bn1.running_var", (double[]){0.910951793, 1.21154022, 1.29206479}, 3);
        check_const(g, "fc.bias", (double[]){0.0408034511, -0.0499637015, 0.0426840596}, 3);
    }
    graph_destroy(&g);
    model_close(&m);
}

/* Without a card, names and shapes alone tell every architecture from all others. */
static void test_recognise(void)
{
    char path[64];
    snprintf(path, sizeof path, "arch-test-%d.safetensors", (int)getpid());
    for (size_t i = 0; i < arch_count(); i++) {
        struct model *recipe = open_recipe(arch_at(i)->name), *m = NULL;
        struct graph *g = NULL;
        value_id in, out;
        CHECK_OK(model_build(recipe, 1, &g, &in, &out, &err));
        CHECK(sparse_write(path, g, NULL));
        CHECK_OK(model_open(path, NULL, &m, &err));
        if (m != NULL) {
            CHECK_STR(model_get_card(m)->arch, arch_at(i)->name);
            CHECK_INT(model_get_card(m)->n_classes, arch_at(i)->classes);
            CHECK_INT(model_get_card(m)->height, arch_at(i)->size);
        }
        model_close(&m);
        graph_destroy(&g);
        model_close(&recipe);
    }
    unlink(path);
}

/* denselayer1.norm1.weight as denselayer1.norm.1.weight */
static void old_densenet(const char *name, char out[256])
{
    const char *part = strstr(name, ".denselayer") != NULL ? strchr(strstr(name, ".denselayer") + 1, '.') : NULL;
    int head = part != NULL ? (int)(part - name) + 5 : (int)strlen(name);
    snprintf(out, 256, "%.*s%s%s", head, name, part != NULL ? "." : "", name + head);
}

static void parallel(const char *name, char out[256])
{
    snprintf(out, 256, "module.%s", name);
}

/* The architecture that is recognised in an edited file, "" when none is. */
static void check_file(const char *arch, struct sparse_edit e, const char *want)
{
    char path[64];
    struct model *recipe = open_recipe(arch), *m = NULL;
    struct graph *g = NULL;
    value_id in, out;
    snprintf(path, sizeof path, "arch-file-%d.safetensors", (int)getpid());
    e.first = arch_find(arch)->first;
    e.classifier = arch_find(arch)->classifier;
    CHECK_OK(model_build(recipe, 1, &g, &in, &out, &err));
    CHECK(sparse_write(path, g, &e));
    CHECK_OK(model_open(path, NULL, &m, &err));
    if (m != NULL) {
        CHECK_STR(model_get_card(m)->arch, want);
        CHECK(want[0] == '\0' || e.classes == 0 || model_get_card(m)->n_classes == e.classes);
        CHECK(want[0] == '\0' || e.channels == 0 || model_get_card(m)->channels == e.channels);
    }
    model_close(&m);
    graph_destroy(&g);
    model_close(&recipe);
    unlink(path);
}

/* Files as people have them: saved from parallel training, by old versions, with or without what inference leaves out,
 * with another classifier or other pictures. */
static void test_files(void)
{
    static const struct sparse_edit other_head = {.classes = 7}, grey = {.channels = 1}, four = {.channels = 4};
    static const char *const archs[] = {
        "alexnet",        "vgg11_bn",           "resnet18",      "resnext50_32x4d",    "squeezenet1_1",
        "densenet161",    "inception_v3",       "googlenet",     "shufflenet_v2_x1_0", "mobilenet_v2",
        "mnasnet1_0",     "mobilenet_v3_small", "convnext_tiny", "efficientnet_b0",    "efficientnet_v2_s",
        "regnet_x_400mf", "regnet_y_400mf"};
    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++) {
        check_file(archs[i], other_head, archs[i]);
        check_file(archs[i], grey, archs[i]);
        check_file(archs[i], four, archs[i]);
        check_file(archs[i], (struct sparse_edit){.batches = true, .rename = parallel}, archs[i]);
        check_file(archs[i], (struct sparse_edit){.extra = {"further.weight"}}, "");
    }
    check_file("densenet121", (struct sparse_edit){.rename = old_densenet}, "densenet121");
    check_file("googlenet", (struct sparse_edit){.extra = {"aux1.conv.conv.weight", "aux2.fc2.bias"}}, "googlenet");
    check_file("inception_v3", (struct sparse_edit){.extra = {"AuxLogits.conv0.bn.weight"}}, "inception_v3");
    check_file("resnet18", (struct sparse_edit){.extra = {"AuxLogits.conv0.bn.weight"}}, "");
}

static void run_logits(const struct arch_graph *a, const float *x, size_t n, float *y)
{
    struct exec *e = NULL;
    CHECK_OK(exec_ref_create(a->graph, &e, &err));
    CHECK_OK(exec_set(e, a->input, x, n, &err));
    CHECK_OK(exec_run(e, 0, 1, &err));
    CHECK_OK(exec_get(e, a->logits, y, 1000, &err));
    exec_destroy(&e);
}

/* With transform_input the network changes the normalisation to mean and deviation 0.5 itself. */
static void test_transform(void)
{
    enum { SIDE = 48, N = 3 * SIDE * SIDE };
    static const double mean[3] = {0.485, 0.456, 0.406}, std[3] = {0.229, 0.224, 0.225};
    static float x[N], half[N], inside[1000], outside[1000], without[1000];
    struct weights *w = NULL;
    struct arch_graph with = {0}, plain = {0};
    for (size_t i = 0; i < N; i++) {
        size_t c = i / (SIDE * SIDE);
        x[i] = (float)(rng_u64(7, i) >> 40) * 0x1p-23f - 1;
        half[i] = (float)(((double)x[i] * std[c] + mean[c] - 0.5) / 0.5);
    }
    CHECK_OK(weights_recipe(1, &w, &err));
    CHECK_OK(arch_build(arch_find("googlenet"), w, SHAPE(1, 3, SIDE, SIDE), true, &with, &err));
    CHECK_OK(arch_build(arch_find("googlenet"), w, SHAPE(1, 3, SIDE, SIDE), false, &plain, &err));
    run_logits(&with, x, N, inside);
    run_logits(&plain, half, N, outside);
    run_logits(&plain, x, N, without);
    double worst = 0, change = 0;
    for (int i = 0; i < 1000; i++) {
        worst = fmax(worst, fabs((double)inside[i] - (double)outside[i]));
        change = fmax(change, fabs((double)inside[i] - (double)without[i]));
    }
    CHECK(worst < 1e-4 && change > 1);
    arch_graph_finish(&with);
    arch_graph_finish(&plain);
    weights_close(&w);
}

/* What an architecture says of its pictures, and what a card says instead. */
static void test_cards(void)
{
    static const char card[] = "{\"filter\": \"bilinear\", \"transform_input\": false}";
    struct model *m = open_recipe("efficientnet_v2_l"), *recipe = open_recipe("googlenet"), *inception = NULL;
    const struct model_card *c = model_get_card(m);
    CHECK(c->filter == RESIZE_BICUBIC && c->resize == 480 && c->height == 480 && !c->keep_input);
    CHECK_NEAR(c->mean[0], 0.5, 0);
    model_close(&m);
    m = open_recipe("efficientnet_b1");
    c = model_get_card(m);
    CHECK(c->filter == RESIZE_BICUBIC && c->resize == 256 && c->height == 240);
    CHECK_NEAR(c->std[2], 0.225, 1e-6);
    model_close(&m);
    CHECK_OK(model_open("recipe:inception_v3", &(struct model_options){.height = 150}, &inception, &err));
    c = model_get_card(inception);
    CHECK(c->filter == RESIZE_BILINEAR && c->resize == 171 && c->height == 150); /* 342 to 299, in proportion */
    model_close(&inception);
    struct graph *g = NULL;
    value_id in, out;
    CHECK_OK(model_build(recipe, 1, &g, &in, &out, &err));
    CHECK(sparse_write("arch-card.safetensors", g, NULL));
    FILE *f = fopen("arch-card.json", "w");
    CHECK(f != NULL && fwrite(card, 1, strlen(card), f) == strlen(card) && fclose(f) == 0);
    CHECK_OK(model_open("arch-card.safetensors", NULL, &m, &err));
    CHECK(m != NULL && model_get_card(m)->keep_input && model_get_card(m)->filter == RESIZE_BILINEAR);
    model_close(&m);
    graph_destroy(&g);
    model_close(&recipe);
    unlink("arch-card.json");
    unlink("arch-card.safetensors");
}

int main(void)
{
    test_transform();
    test_cards();
    test_files();
    test_recognise();
    test_params();
    test_layers();
    test_order();
    test_recipe();
    return check_done();
}
