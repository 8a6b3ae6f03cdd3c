/* Whole ONNX networks: import, optimise, run, compare. */
#include "support/onnx_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "exec/exec.h"
#include "image/image.h"
#include "model/model.h"
#include "model/onnx/onnx_import.h"
#include "model/weights.h"
#include "pass/pass.h"
#include "support/check.h"
#include "support/toy.h"
#include "vk/device.h"

enum { MAX_GIVEN = 1024, MAX_LAYER = 1024 };

struct graph_run {
    const struct graph_row *row;
    struct vk_device *dev;
    struct onnx_file *file;
    struct onnx_import imp;
    struct onnx_given given[MAX_GIVEN];
    size_t n_given;
    struct arena arena; /* of the recipes */
};

static void pack_path(char path[600], const char *fmt, const char *name)
{
    const char *pack = getenv("LIMN_PACK");
    int n = snprintf(path, 600, "%s/", pack != NULL ? pack : LIMN_SOURCE_DIR "/../shared/pack");
    if (n > 0 && n < 600) {
        snprintf(path + n, 600 - (size_t)n, fmt, name);
    }
}

/* Runs a graph on one input and reads the values that are flagged OUTPUT. */
static limn_status run_graph(const struct graph_run *r, struct graph *g, value_id input, const float *x,
                             const value_id *want, size_t n, float *const *dst, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct exec *e = NULL;
    TRY(graph_optimise(g, OPTIMISE_ALL, err));
    TRY(r->dev != NULL ? exec_vk_create(r->dev, g, NULL, &e, err) : exec_ref_create(g, &e, err));
    TRY(exec_set(e, input, x, shape_elems(&g->value[input].shape), err));
    TRY(exec_run(e, 0, 1, err));
    for (size_t i = 0; i < n; i++) {
        TRY(exec_get(e, want[i], dst[i], shape_elems(&g->value[want[i]].shape), err));
    }
out:
    exec_destroy(&e);
    return st;
}

/* Largest difference relative to the largest number. */
static double difference(const float *a, const float *b, size_t n)
{
    double worst = 0, top = 0;
    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        top = fmax(top, fabs((double)b[i]));
    }
    return top > 0 ? worst / top : worst;
}

/* The input that ONNX's light models were evaluated with: 0, 1/n, 2/n, ... */
static void run_light(struct graph_run *r)
{
    char path[600];
    struct onnx_file *want_file = NULL;
    const struct onnx_tensor *want = NULL;
    limn_error err = {0};
    pack_path(path, "onnx_light/light_%s_output_0.pb", r->row->name);
    CHECK_OK(onnx_tensor_open(path, &want_file, &want, &err));
    CHECK_OK(onnx_import(r->file, NULL, &r->imp, &err));
    if (want == NULL || r->imp.graph == NULL) {
        onnx_file_close(&want_file);
        return;
    }
    struct graph *g = r->imp.graph;
    CHECK_INT(r->imp.n_input, 1);
    CHECK_INT(r->imp.n_output, 1);
    size_t n_in = shape_elems(&g->value[r->imp.input[0].value].shape);
    float *x = mem_alloc(n_in, sizeof *x), *y = mem_alloc(want->elems, sizeof *y), *ref = mem_alloc(want->elems, 4);
    for (size_t i = 0; i < n_in; i++) {
        x[i] = (float)((double)i / (double)n_in);
    }
    g->value[r->imp.output[0].value].flags |= VALUE_OUTPUT;
    CHECK_INT(want->elems, shape_elems(&g->value[r->imp.output[0].value].shape));
    CHECK_OK(run_graph(r, g, r->imp.input[0].value, x, &r->imp.output[0].value, 1, &y, &err));
    CHECK_OK(want->source.read(&want->source, ref, want->elems, &err));
    double off = difference(y, ref, want->elems);
    printf("%s: differs by %.2g\n", r->row->name, off);
    CHECK_NEAR(off, 0, 1e-5);
    mem_free(x);
    mem_free(y);
    mem_free(ref);
    onnx_file_close(&want_file);
}

/* A layer of the twin that the ONNX file has under the same name and shape. */
struct shared_layer {
    const char *name;
    value_id here, there;
    float *a, *b;
};

static size_t share_layers(struct graph_run *r, struct model *m, struct graph *there, struct shared_layer *list)
{
    const struct model_layer *layers = NULL;
    size_t n_layer = 0, n = 0;
    limn_error err = {0};
    CHECK_OK(model_layers(m, &layers, &n_layer, &err));
    for (size_t i = 0; i < n_layer && n + 1 < MAX_LAYER; i++) {
        value_id a = graph_find(r->imp.graph, layers[i].name), b = graph_find(there, layers[i].name);
        if (a == VALUE_NONE || b == VALUE_NONE || strchr(layers[i].name, ':') != NULL) {
            continue;
        }
        const struct shape *s = &there->value[b].shape;
        if (!shape_equal(&r->imp.graph->value[a].shape, s)) {
            continue;
        }
        list[n++] =
            (struct shared_layer){layers[i].name, a, b, mem_zalloc(shape_elems(s), 4), mem_zalloc(shape_elems(s), 4)};
        r->imp.graph->value[a].flags |= VALUE_OUTPUT;
        there->value[b].flags |= VALUE_OUTPUT;
    }
    return n;
}

static void compare_layers(struct graph_run *r, const struct shared_layer *l, size_t n, const struct graph *g)
{
    size_t wrong = 0, before = 0;
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double off = difference(l[i].a, l[i].b, shape_elems(&g->value[l[i].there].shape));
        /* torch folds BatchNorm when it exports: the convolution before one has other numbers */
        bool folded = off > 1e-3 && (strstr(l[i].name, "conv") != NULL || str_ends(l[i].name, ".0"));
        before += folded;
        wrong += !folded && off > 1e-3;
        worst = folded ? worst : fmax(worst, off);
        if (!folded && off > 1e-3) {
            printf("  %s: differs by %.2g\n", l[i].name, off);
        }
    }
    printf("%s: %zu layers of the same name (%zu before a folded BatchNorm), the others differ by %.2g at most\n",
           r->row->name, n, before, worst);
    CHECK(n > before + 4);
    CHECK_INT(wrong, 0);
}

/* Both graphs on one random input. */
static void run_pair(struct graph_run *r, struct model *m)
{
    struct graph *there = NULL;
    value_id input = VALUE_NONE, logits = VALUE_NONE, here[MAX_LAYER], want[MAX_LAYER];
    static struct shared_layer list[MAX_LAYER];
    float *a[MAX_LAYER], *b[MAX_LAYER];
    limn_error err = {0};
    CHECK_OK(model_build(m, 1, &there, &input, &logits, &err));
    if (there == NULL || r->imp.n_input != 1 || r->imp.n_output != 1) {
        CHECK(false);
        graph_destroy(&there);
        return;
    }
    struct graph *g = r->imp.graph;
    size_t n_in = shape_elems(&there->value[input].shape), n = share_layers(r, m, there, list);
    float *x = toy_random(7, n_in, 2.0);
    CHECK(shape_equal(&there->value[input].shape, &g->value[r->imp.input[0].value].shape));
    CHECK(shape_equal(&there->value[logits].shape, &g->value[r->imp.output[0].value].shape));
    size_t n_out = shape_elems(&there->value[logits].shape);
    list[n++] =
        (struct shared_layer){"logits", r->imp.output[0].value, logits, mem_zalloc(n_out, 4), mem_zalloc(n_out, 4)};
    g->value[r->imp.output[0].value].flags |= VALUE_OUTPUT;
    there->value[logits].flags |= VALUE_OUTPUT;
    for (size_t i = 0; i < n; i++) {
        here[i] = list[i].here;
        want[i] = list[i].there;
        a[i] = list[i].a;
        b[i] = list[i].b;
    }
    CHECK_OK(run_graph(r, g, r->imp.input[0].value, x, here, n, a, &err));
    CHECK_OK(run_graph(r, there, input, x, want, n, b, &err));
    compare_layers(r, list, n, there);
    for (size_t i = 0; i < n; i++) {
        mem_free(list[i].a);
        mem_free(list[i].b);
    }
    mem_free(x);
    graph_destroy(&there);
}

static void run_twin(struct graph_run *r)
{
    char path[600];
    struct model *m = NULL;
    limn_error err = {0};
    pack_path(path, "models/%s", r->row->twin);
    CHECK_OK(onnx_import(r->file, NULL, &r->imp, &err));
    CHECK_OK(model_open(path, NULL, &m, &err));
    if (m != NULL && r->imp.graph != NULL) {
        run_pair(r, m);
    }
    model_close(&m);
}

/* The part a parameter plays in recipe weights: BatchNorm's when its module has a running_var. */
static enum weight_role role_of(const struct onnx_graph *g, const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *part = dot != NULL ? dot + 1 : name;
    bool norm = false;
    for (size_t i = 0; i < g->n_input && dot != NULL; i++) {
        size_t n = (size_t)(dot - name);
        norm = norm || (strncmp(g->input[i].name, name, n) == 0 && strcmp(g->input[i].name + n, ".running_var") == 0);
    }
    if (strcmp(part, "running_mean") == 0 || strcmp(part, "running_var") == 0) {
        return part[8] == 'm' ? WEIGHT_NORM_MEAN : WEIGHT_NORM_VAR;
    }
    if (strcmp(part, "bias") == 0) {
        return norm ? WEIGHT_NORM_SHIFT : WEIGHT_BIAS;
    }
    return norm ? WEIGHT_NORM_SCALE : WEIGHT_KERNEL;
}

static void run_recipe(struct graph_run *r)
{
    const struct onnx_graph *g = onnx_file_model(r->file)->graph;
    struct model *m = NULL;
    limn_error err = {0};
    char name[100];
    for (size_t i = 1; i < g->n_input && r->n_given < MAX_GIVEN; i++) {
        const struct onnx_value *v = &g->input[i];
        struct shape s = {.rank = v->rank};
        for (int32_t k = 0; k < v->rank; k++) {
            s.dim[k] = (int32_t)v->dim[k];
        }
        struct onnx_given *given = &r->given[r->n_given++];
        *given = (struct onnx_given){.name = v->name};
        CHECK_OK(recipe_source(&r->arena, v->name, role_of(g, v->name), 1, &s, &given->source, &err));
    }
    struct onnx_bind bind = {.given = r->given, .n_given = r->n_given};
    CHECK_OK(onnx_import(r->file, &bind, &r->imp, &err));
    snprintf(name, sizeof name, "recipe:%s", r->row->name);
    CHECK_OK(model_open(name, NULL, &m, &err));
    if (m != NULL && r->imp.graph != NULL) {
        run_pair(r, m);
    }
    model_close(&m);
}

/* A network without a twin: what it says of a picture, fed as 0..255. */
static void run_class(struct graph_run *r)
{
    char path[600];
    struct image cat = {0};
    limn_error err = {0};
    float y[10] = {0}, *to = y;
    pack_path(path, "images/%s", "cat_32.png");
    CHECK_OK(onnx_import(r->file, NULL, &r->imp, &err));
    CHECK_OK(image_load(path, NULL, &cat, &err));
    if (cat.rgb == NULL || r->imp.graph == NULL || r->imp.n_output != 1) {
        return;
    }
    struct graph *g = r->imp.graph;
    size_t plane = 32 * 32;
    float *x = mem_zalloc(3 * plane, sizeof *x);
    CHECK_INT(shape_elems(&g->value[r->imp.input[0].value].shape), 3 * plane);
    CHECK(cat.width == 32 && cat.height == 32);
    for (size_t i = 0; i < 3 * plane; i++) {
        x[i] = (float)cat.rgb[3 * (i % plane) + i / plane];
    }
    g->value[r->imp.output[0].value].flags |= VALUE_OUTPUT;
    CHECK_OK(run_graph(r, g, r->imp.input[0].value, x, &r->imp.output[0].value, 1, &to, &err));
    int best = 0;
    for (int i = 1; i < 10; i++) {
        best = y[i] > y[best] ? i : best;
    }
    printf("%s: class %d\n", r->row->name, best);
    CHECK_INT(best, 3);
    mem_free(x);
    image_finish(&cat);
}

int onnx_graph_main(const struct graph_row *rows, size_t n)
{
    static const char *const where[] = {"onnx_light/light_%s.onnx", "models/%s.onnx", "arch/%s_noweights.onnx",
                                        "models/%s.onnx"};
    static void (*const run[])(struct graph_run *) = {run_light, run_twin, run_recipe, run_class};
    const char *which = getenv("LIMN_TEST_DEVICE"), *only = getenv("LIMN_ONNX_ONLY");
    static struct graph_run r;
    limn_error err = {0};
    size_t done = 0;
    struct vk_device *dev = NULL;
    if ((which == NULL || strcmp(which, "ref") != 0) &&
        vk_device_open(which != NULL ? which : "cpu", &dev, &err) != 0) {
        printf("no device: %s\n", err.text);
        return 77;
    }
    for (size_t i = 0; i < n; i++) {
        char path[600];
        r = (struct graph_run){.row = &rows[i], .dev = dev};
        pack_path(path, where[rows[i].test], rows[i].name);
        if (!file_exists(path) || (only != NULL && strstr(rows[i].name, only) == NULL)) {
            printf("skip %s\n", path);
            continue;
        }
        clock_t start = clock();
        CHECK_OK(onnx_file_open(path, &r.file, &err));
        if (r.file != NULL) {
            run[rows[i].test](&r);
        }
        printf("  %.1f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
        fflush(stdout);
        onnx_import_finish(&r.imp);
        arena_finish(&r.arena);
        onnx_file_close(&r.file);
        done++;
    }
    vk_device_close(&dev);
    return done == 0 ? 77 : check_done();
}
