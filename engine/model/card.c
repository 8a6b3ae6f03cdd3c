/* Model cards: NAME.json beside NAME.safetensors. One flat JSON object; every field is optional:
 *
 *   arch title licence origin trained_on layer  texts        input   [channels, height, width], of
 *                                                      volumes [channels, depth, height, width]
 *   mean std      one number a channel, or one for all       range   1 or 255
 *   bgr           true when the network wants blue first     resize  shorter side before the centre crop
 *   rule          "short-side", "exact" or "none"            filter  "nearest", "bilinear" or "bicubic"
 *   labels        a file with one label a line, relative to the card, or an array of texts
 *   output        name of the output to explain              head    "auto", "softmax" or "sigmoid" (several labels)
 *   pool          "mean" or "sum": scores of an output with positions
 *   axes          of NIfTI volumes: "xyz" (nibabel, MONAI) or "zyx" (SimpleITK)
 *   pre_activation  true: scores before a final softmax, log_softmax or sigmoid
 *   transform_input  false when a GoogLeNet or Inception was trained without torchvision's option of that name
 *
 * A key that is none of these is an error: a mistyped field would otherwise be ignored in silence. An object of more
 * than two keys, none of them one of these, is no card but some other file of that name (notes of a training run), and
 * says nothing. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "model/model_priv.h"

#define CARD_BYTES_MAX (4u << 20)

static const char *const card_keys[] = {"arch",
                                        "title",
                                        "licence",
                                        "origin",
                                        "trained_on",
                                        "layer",
                                        "input",
                                        "mean",
                                        "std",
                                        "range",
                                        "bgr",
                                        "resize",
                                        "rule",
                                        "filter",
                                        "labels",
                                        "output",
                                        "head",
                                        "pool",
                                        "pre_activation",
                                        "transform_input",
                                        "axes"};

static limn_status card_text(const json_t *root, const char *key, char *buf, size_t size, limn_error *err)
{
    const json_t *v = json_object_get(root, key);
    if (v == NULL) {
        return LIMN_OK;
    }
    if (!json_is_string(v) || json_string_length(v) >= size) {
        return err_set(err, LIMN_ERR_FORMAT, "\"%s\" is not a text shorter than %zu bytes", key, size);
    }
    snprintf(buf, size, "%s", json_string_value(v));
    return LIMN_OK;
}

static limn_status card_choice(const json_t *root, const char *key, const char *const *names, int n, int *out,
                               limn_error *err)
{
    char text[32] = "";
    limn_status st = card_text(root, key, text, sizeof text, err);
    if (st != LIMN_OK || json_object_get(root, key) == NULL) {
        return st;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return LIMN_OK;
        }
    }
    return err_set(err, LIMN_ERR_FORMAT, "\"%s\" is \"%s\" (expected one of %s, %s%s%s)", key, text, names[0], names[1],
                   n > 2 ? ", " : "", n > 2 ? names[2] : "");
}

static limn_status card_floats(const json_t *root, const char *key, float *out, bool positive, limn_error *err)
{
    const json_t *v = json_object_get(root, key);
    if (v == NULL) {
        return LIMN_OK;
    }
    size_t n = json_array_size(v);
    float f[4] = {0};
    bool good = json_is_array(v) && n >= 1 && n <= 4;
    for (size_t i = 0; good && i < n; i++) {
        f[i] = (float)json_number_value(json_array_get(v, i));
        good = json_is_number(json_array_get(v, i)) && isfinite(f[i]) && (!positive || f[i] > 0);
    }
    if (!good) {
        return err_set(err, LIMN_ERR_FORMAT, "\"%s\" is not a list of 1 to 4 %snumbers", key,
                       positive ? "positive " : "");
    }
    for (size_t i = n; i < 4; i++) {
        f[i] = n == 1 ? f[0] : 0; /* one number stands for every channel */
    }
    memcpy(out, f, sizeof f);
    return LIMN_OK;
}

static bool card_int(const json_t *v, int32_t min, int32_t max, int32_t *out)
{
    if (!json_is_integer(v) || json_integer_value(v) < min || json_integer_value(v) > max) {
        return false;
    }
    *out = (int32_t)json_integer_value(v);
    return true;
}

static limn_status card_bool(const json_t *root, const char *key, bool *out, limn_error *err)
{
    const json_t *v = json_object_get(root, key);
    if (v != NULL && !json_is_boolean(v)) {
        return err_set(err, LIMN_ERR_FORMAT, "\"%s\" is not true or false", key);
    }
    *out = v != NULL ? json_is_true(v) : *out;
    return LIMN_OK;
}

/* [C,H,W] or [C,D,H,W]. */
static bool card_input(const json_t *input, struct model_card *c)
{
    size_t n = json_array_size(input);
    return (n == 3 || n == 4) && card_int(json_array_get(input, 0), 1, 4, &c->channels) &&
           (n == 3 || card_int(json_array_get(input, 1), 1, 16384, &c->depth)) &&
           card_int(json_array_get(input, n - 2), 1, 16384, &c->height) &&
           card_int(json_array_get(input, n - 1), 1, 16384, &c->width);
}

static limn_status card_numbers(const json_t *root, struct model_card *c, limn_error *err)
{
    const json_t *input = json_object_get(root, "input"), *range = json_object_get(root, "range"),
                 *resize = json_object_get(root, "resize");
    bool transform = !c->keep_input;
    if (input != NULL && !card_input(input, c)) {
        return err_set(err, LIMN_ERR_FORMAT,
                       "\"input\" is not [channels, height, width] or [channels, depth, height, width] within [4, "
                       "16384, 16384, 16384]");
    }
    if (range != NULL) {
        c->range = (float)json_number_value(range);
        if (!json_is_number(range) || !isfinite(c->range) || c->range <= 0) {
            return err_set(err, LIMN_ERR_FORMAT, "\"range\" is not a positive number");
        }
    }
    limn_status st = card_bool(root, "bgr", &c->bgr, err);
    st = st == LIMN_OK ? card_bool(root, "pre_activation", &c->head.pre_activation, err) : st;
    st = st == LIMN_OK ? card_bool(root, "transform_input", &transform, err) : st;
    if (st != LIMN_OK) {
        return st;
    }
    c->keep_input = !transform;
    if (resize != NULL && !card_int(resize, 1, 16384, &c->resize)) {
        return err_set(err, LIMN_ERR_FORMAT, "\"resize\" is not a number of pixels from 1 to 16384");
    }
    return LIMN_OK;
}

static limn_status card_label_list(const json_t *list, struct model_card *c, struct arena *a, limn_error *err)
{
    size_t n = json_array_size(list);
    const char **labels = arena_alloc(a, n + 1, sizeof *labels);
    if (labels == NULL) {
        return err_nomem(err, n * sizeof *labels, "labels");
    }
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL) {
            return err_set(err, LIMN_ERR_FORMAT, "\"labels\"[%zu] is not a text", i);
        }
        labels[i] = arena_strdup(a, text);
        if (labels[i] == NULL) {
            return err_nomem(err, strlen(text) + 1, "labels");
        }
    }
    c->labels = labels;
    c->n_classes = (int32_t)n;
    return LIMN_OK;
}

static limn_status card_labels(const json_t *root, const char *path, struct model_card *c, struct arena *a,
                               char labels[MODEL_PATH_MAX], limn_error *err)
{
    const json_t *v = json_object_get(root, "labels");
    labels[0] = '\0';
    if (v == NULL) {
        return LIMN_OK;
    }
    if (json_is_array(v)) {
        return card_label_list(v, c, a, err);
    }
    const char *name = json_string_value(v), *slash = strrchr(path, '/');
    if (name == NULL || name[0] == '\0') {
        return err_set(err, LIMN_ERR_FORMAT, "\"labels\" is neither a file name nor an array of texts");
    }
    int dir = name[0] == '/' || slash == NULL ? 0 : (int)(slash - path + 1);
    if (snprintf(labels, MODEL_PATH_MAX, "%.*s%s", dir, path, name) >= MODEL_PATH_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "\"labels\": path longer than %d bytes", MODEL_PATH_MAX);
    }
    return LIMN_OK;
}

static bool card_key_known(const char *key)
{
    size_t n = sizeof card_keys / sizeof card_keys[0], i = 0;
    while (i < n && strcmp(key, card_keys[i]) != 0) {
        i++;
    }
    return i < n;
}

/* Several keys and none of a card: one or two may be mistyped. */
static bool card_is_foreign(json_t *root)
{
    const char *key;
    json_t *v;
    json_object_foreach (root, key, v) {
        if (card_key_known(key)) {
            return false;
        }
    }
    return json_object_size(root) > 2;
}

static limn_status card_check_keys(json_t *root, limn_error *err)
{
    const char *key;
    json_t *v;
    size_t n = sizeof card_keys / sizeof card_keys[0];
    json_object_foreach (root, key, v) {
        if (!card_key_known(key)) {
            const char *close = str_closest(key, card_keys, n);
            return err_set(err, LIMN_ERR_FORMAT, "unknown field \"%.60s\"%s%s%s", key,
                           close != NULL ? " (did you mean \"" : "", close != NULL ? close : "",
                           close != NULL ? "\"?)" : "");
        }
    }
    return LIMN_OK;
}

static limn_status card_fields(json_t *root, const char *path, struct model_card *c, struct arena *a,
                               char labels[MODEL_PATH_MAX], limn_error *err)
{
    static const char *const rules[] = {"short-side", "exact", "none"}, *const filters[] = {"nearest", "bilinear",
                                                                                            "bicubic"};
    static const char *const heads[] = {"auto", "softmax", "sigmoid"}, *const pools[] = {"mean", "sum"},
                             *const axes_names[] = {"xyz", "zyx"};
    int rule = c->rule, filter = c->filter, head = (int)c->head.classes, pool = (int)c->head.pool, axes = (int)c->axes;
    limn_status st = LIMN_OK;
    TRY(card_check_keys(root, err));
    TRY(card_text(root, "arch", c->arch, sizeof c->arch, err));
    TRY(card_text(root, "title", c->title, sizeof c->title, err));
    TRY(card_text(root, "licence", c->licence, sizeof c->licence, err));
    TRY(card_text(root, "origin", c->origin, sizeof c->origin, err));
    TRY(card_text(root, "trained_on", c->trained_on, sizeof c->trained_on, err));
    TRY(card_text(root, "layer", c->default_layer, sizeof c->default_layer, err));
    TRY(card_numbers(root, c, err));
    TRY(card_floats(root, "mean", c->mean, false, err));
    TRY(card_floats(root, "std", c->std, true, err));
    TRY(card_choice(root, "rule", rules, 3, &rule, err));
    TRY(card_choice(root, "filter", filters, 3, &filter, err));
    TRY(card_text(root, "output", c->output, sizeof c->output, err));
    TRY(card_choice(root, "head", heads, 3, &head, err));
    TRY(card_choice(root, "pool", pools, 2, &pool, err));
    TRY(card_labels(root, path, c, a, labels, err));
    TRY(card_choice(root, "axes", axes_names, 2, &axes, err));
    c->axes = (enum volume_axes)axes;
    c->head.classes = (enum head_classes)head;
    c->head.pool = (enum head_pool)pool;
    c->rule = (enum resize_rule)rule;
    c->filter = (enum resize_filter)filter;
out:
    return st;
}

limn_status card_read(const char *path, struct model_card *card, struct arena *a, char labels[MODEL_PATH_MAX],
                      limn_error *err)
{
    void *text = NULL;
    size_t size = 0;
    json_t *root = NULL;
    struct model_card c = *card;
    limn_status st = file_read_all(path, CARD_BYTES_MAX, &text, &size, err);
    if (st != LIMN_OK) {
        return st;
    }
    labels[0] = '\0';
    st = json_parse(text, size, 8, true, &root, err);
    if (st == LIMN_OK && !card_is_foreign(root)) {
        st = card_fields(root, path, &c, a, labels, err);
    }
    if (st == LIMN_OK) {
        *card = c;
    } else if (st != LIMN_ERR_NOMEM) {
        err_at(err, "%s", path);
    }
    json_decref(root);
    mem_free(text);
    return st;
}
