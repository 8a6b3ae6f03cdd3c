/* Running golden cases. The tolerance of each quantity is read from the text in the case's manifest. */
#include "support/golden.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "explain/emit.h"
#include "tensor/npy.h"
#include "vk/device.h"

/* --- methods that exist for these tests only: Grad-CAM's channel weights, and the map before its ReLU --- */

static value_id emit_weights(const struct method_site *site)
{
    value_id g = VALUE_NONE;
    emit_gradients(site, GATE_VANILLA, site->layers, 1, &g);
    return emit_spatial(site->b, &op_reduce_mean, g);
}

static value_id emit_prerelu(const struct method_site *site)
{
    value_id product = build_mul(site->b, site->layers[0], emit_weights(site));
    return build_reduce(site->b, &op_reduce_sum, product, 1 << 1, false);
}

static const struct method weights = {"weights", "weights", "test", MAP_CAM, true, "score", emit_weights};
static const struct method prerelu = {"prerelu", "prerelu", "test", MAP_CAM, true, "score", emit_prerelu};

static const struct quantity {
    const char *file, *method; /* method NULL: `own` */
    const struct method *own;
} quantities[] = {
    {"gradcam", "gradcam", NULL},
    {"gradcam_prerelu", NULL, &prerelu},
    {"gradcam_weights", NULL, &weights},
    {"gradient", "gradient", NULL},
    {"guided_backprop", "guided-backprop", NULL},
    {"guided_gradcam", "guided-gradcam", NULL},
};
enum { N_QUANTITY = sizeof(quantities) / sizeof(quantities[0]), N_CAM_QUANTITY = 3 };

/* --- one comparison --- */

struct golden_tally {
    size_t cases, quantities, failed;
};

struct golden_case {
    char dir[720], id[96];
    const char *root; /* images are below it */
    json_t *manifest;
    struct vk_device *dev;
    struct golden_tally *tally;
};

static const char *tolerance_text(const struct golden_case *c, const char *name)
{
    const json_t *all = json_object_get(c->manifest, "tolerance");
    const char *text = json_string_value(json_object_get(all, name));
    while (text != NULL && strncmp(text, "as ", 3) == 0) {
        text = json_string_value(json_object_get(all, text + 3));
    }
    return text;
}

struct difference {
    double max_abs, max_ref, l2, ref_l2, dot, got_l2;
};

static struct difference measure(const float *got, const float *want, size_t n)
{
    struct difference d = {0};
    for (size_t i = 0; i < n; i++) {
        double a = (double)got[i], b = (double)want[i];
        d.max_abs = isnan(a) ? INFINITY : fmax(d.max_abs, fabs(a - b));
        d.max_ref = fmax(d.max_ref, fabs(b));
        d.l2 += (a - b) * (a - b);
        d.ref_l2 += b * b;
        d.got_l2 += a * a;
        d.dot += a * b;
    }
    return d;
}

/* "abs <= R * max|logit|", "max abs error <= R * absmax" or "relative L2 <= R and cosine >= C". */
static void judge(const struct golden_case *c, const char *name, const char *layer, const float *got, const float *want,
                  size_t n)
{
    const char *text = tolerance_text(c, name), *bound = text ? strstr(text, "<= ") : NULL;
    const char *cosine_text = text ? strstr(text, "cosine >= ") : NULL;
    struct difference d = measure(got, want, n);
    double limit = bound ? strtod(bound + 3, NULL) : 0.0, error = d.max_abs / d.max_ref, cosine = 1.0;
    bool fine = limit > 0.0;
    if (cosine_text != NULL) {
        error = sqrt(d.l2 / d.ref_l2);
        cosine = d.dot / sqrt(d.ref_l2 * d.got_l2);
        fine = fine && cosine >= strtod(cosine_text + 10, NULL);
    }
    fine = fine && error <= limit;
    c->tally->quantities++;
    c->tally->failed += !fine;
    printf("%-4s %-28s %-16s %-11s %-8s %.2e of %.0e", fine ? "ok" : "FAIL", c->id, name, layer,
           cosine_text ? "rel. L2" : "max/max", error, limit);
    if (cosine_text != NULL) {
        printf("  1-cosine %.1e", 1.0 - cosine);
    }
    printf("\n");
}

static void broken(const struct golden_case *c, const char *what, const limn_error *err)
{
    printf("FAIL %-28s %s: %s\n", c->id, what, err->text);
    c->tally->quantities++;
    c->tally->failed++;
}

/* Compares with DIR/NAME[_LAYER].npy when that exists. */
static void compare_file(const struct golden_case *c, const char *name, const char *suffix, const char *layer,
                         const float *got, size_t n)
{
    char path[800];
    struct tensor want = {0};
    limn_error err = {0};
    snprintf(path, sizeof(path), "%s/%s%s%s.npy", c->dir, name, *suffix ? "_" : "", suffix);
    if (!file_exists(path)) {
        return;
    }
    if (npy_read(path, &want, &err) != LIMN_OK) {
        broken(c, name, &err);
    } else if (shape_elems(&want.shape) != n) {
        err_set(&err, LIMN_ERR_SHAPE, "map has %zu numbers, expected %zu", n, shape_elems(&want.shape));
        broken(c, name, &err);
    } else {
        judge(c, name, layer, got, want.data, n);
    }
    tensor_finish(&want);
}

/* --- one case --- */

static limn_status load_input(struct model *m, const struct golden_case *c, float **out, limn_error *err)
{
    const struct model_card *card = model_get_card(m);
    size_t n = (size_t)card->channels * (size_t)card->height * (size_t)card->width;
    limn_status st = LIMN_OK;
    struct image picture = {0}, view = {0};
    char path[800];
    float *chw = mem_alloc(n, sizeof(float));
    snprintf(path, sizeof(path), "%s/%s", c->root, json_string_value(json_object_get(c->manifest, "input")));
    if (chw == NULL) {
        TRY(err_nomem(err, n * sizeof(float), "an input"));
    }
    TRY(image_load(path, NULL, &picture, err));
    TRY(model_preprocess(m, &picture, chw, &view, err));
    *out = chw;
    chw = NULL;
out:
    mem_free(chw);
    image_finish(&picture);
    image_finish(&view);
    return st;
}

static limn_status compare_maps(struct explain_plan *plan, const struct golden_case *c, size_t count,
                                const char *suffix, const char *layer, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; st == LIMN_OK && i < count; i++) {
        size_t n = shape_elems(explain_map_shape(plan, i));
        float *got = mem_alloc(n, sizeof(float));
        st = got == NULL ? err_nomem(err, n * sizeof(float), "a map") : explain_map(plan, i, got, n, err);
        if (st == LIMN_OK) {
            compare_file(c, quantities[i].file, suffix, i < N_CAM_QUANTITY || i == 5 ? layer : "", got, n);
        }
        mem_free(got);
    }
    return st;
}

/* The maps at one layer; the main layer of the manifest has all quantities and files without suffix. */
static limn_status run_layer(struct model *m, const struct golden_case *c, const char *layer, bool is_main,
                             const float *input, limn_error *err)
{
    limn_status st = LIMN_OK;
    const struct method *method[N_QUANTITY];
    const int32_t label = (int32_t)json_integer_value(json_object_get(c->manifest, "class_index"));
    struct explain_plan *plan = NULL;
    char suffix[64];
    const size_t classes = (size_t)model_get_card(m)->n_classes;
    float *logits = mem_zalloc(classes, sizeof(float));
    for (size_t i = 0; i < N_QUANTITY; i++) {
        method[i] = quantities[i].own != NULL ? quantities[i].own : method_find(quantities[i].method);
    }
    struct explain_params p = {.device = c->dev, .batch = 1, .layers = &layer, .n_layers = 1, .methods = method};
    p.n_methods = is_main ? N_QUANTITY : N_CAM_QUANTITY;
    TRY(explain_plan_create(m, &p, &plan, err));
    TRY(explain_forward(plan, input, logits, err));
    TRY(explain_backward(plan, &label, err));
    if (is_main) {
        compare_file(c, "logits", "", "", logits, classes);
    }
    snprintf(suffix, sizeof(suffix), "%s", is_main ? "" : layer);
    for (char *s = suffix; *s; s++) {
        *s = *s == '.' ? '_' : *s;
    }
    TRY(compare_maps(plan, c, p.n_methods, suffix, layer, err));
out:
    explain_plan_destroy(&plan);
    mem_free(logits);
    return st;
}

static bool read_normalisation(const struct golden_case *c, float *mean, float *std)
{
    const json_t *p = json_object_get(c->manifest, "preprocessing");
    const json_t *m = json_object_get(p, "mean"), *s = json_object_get(p, "std");
    for (size_t i = 0; i < 4 && i < json_array_size(m); i++) {
        mean[i] = (float)json_number_value(json_array_get(m, i));
        std[i] = (float)json_number_value(json_array_get(s, i));
    }
    return json_array_size(m) > 0;
}

static void run_case(const char *model, struct golden_case *c)
{
    limn_status st = LIMN_OK;
    limn_error err = {0};
    struct model *m = NULL;
    float *input = NULL;
    const char *name;
    json_t *unused;
    const char *main_layer = json_string_value(json_object_get(c->manifest, "layer"));
    float mean[4], std[4];
    struct model_options opt = {.resize = -1};
    if (strchr(model, '/') != NULL && read_normalisation(c, mean, std)) { /* bare weights: no card beside them */
        opt.mean = mean;
        opt.std = std;
    }
    c->tally->cases++;
    TRY(model_open(model, &opt, &m, &err));
    TRY(load_input(m, c, &input, &err));
    json_object_foreach (json_object_get(c->manifest, "gradcam_layers"), name, unused) {
        TRY(run_layer(m, c, name, strcmp(name, main_layer) == 0, input, &err));
    }
out:
    if (st != LIMN_OK) {
        broken(c, "run", &err);
    }
    mem_free(input);
    model_close(&m);
}

/* --- finding cases --- */

static bool is_dir(const char *path)
{
    DIR *d = opendir(path);
    return d != NULL && closedir(d) == 0;
}

/* The root that inputs and weights are named from, and the folder of cases below it; false when there is none. */
static bool find_root(const struct golden_row *row, char root[512], char golden[640])
{
    const char *pack = getenv("LIMN_PACK");
    if (row->place == GOLDEN_HERE) {
        snprintf(root, 512, "%s", LIMN_TEST_DATA "/golden");
        snprintf(golden, 640, "%s/%s", root, row->folder);
    } else {
        snprintf(root, 512, "%s", pack != NULL ? pack : LIMN_SOURCE_DIR "/../shared/pack");
        snprintf(golden, 640, "%s/golden/%s", root, row->folder);
    }
    return is_dir(golden);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void run_row(const struct golden_row *row, struct vk_device *dev, struct golden_tally *t)
{
    char root[512], golden[640], model[640], path[800];
    struct dirent **list = NULL;
    bool found = find_root(row, root, golden);
    bool is_path = strchr(row->model, '/') != NULL;
    snprintf(model, sizeof(model), "%s%s%s", is_path ? root : "", is_path ? "/" : "", row->model);
    if (!found || (is_path && !file_exists(model))) {
        printf("skip %s: no data\n", row->folder);
        return;
    }
    printf("%s %s\n", row->place == GOLDEN_HERE ? "here:" : "pack:", row->model);
    int n = scandir(golden, &list, NULL, by_name);
    for (int i = 0; i < n; i++) {
        struct golden_case c = {.root = root, .dev = dev, .tally = t};
        json_error_t why;
        snprintf(c.dir, sizeof(c.dir), "%s/%.60s", golden, list[i]->d_name);
        snprintf(path, sizeof(path), "%s/manifest.json", c.dir);
        free(list[i]);
        if (c.dir[strlen(c.dir) - 1] == '.' || (c.manifest = json_load_file(path, 0, &why)) == NULL) {
            continue;
        }
        snprintf(c.id, sizeof(c.id), "%s", json_string_value(json_object_get(c.manifest, "id")));
        run_case(model, &c);
        fflush(stdout);
        json_decref(c.manifest);
    }
    free(list);
}

int golden_main(const struct golden_row *rows, size_t n)
{
    const char *which = getenv("LIMN_TEST_DEVICE");
    struct vk_device *dev = NULL;
    struct golden_tally tally = {0};
    limn_error err;
    if (which == NULL || strcmp(which, "ref") != 0) {
        if (vk_device_open(which != NULL ? which : "cpu", &dev, &err) != LIMN_OK) {
            printf("no device: %s\n", err.text);
            return 77;
        }
        printf("on %s\n", vk_device_get_info(dev)->name);
    }
    for (size_t i = 0; i < n; i++) {
        run_row(&rows[i], dev, &tally);
    }
    vk_device_close(&dev);
    printf("%zu cases, %zu quantities, %zu failed\n", tally.cases, tally.quantities, tally.failed);
    return tally.quantities == 0 ? 77 : tally.failed != 0;
}
