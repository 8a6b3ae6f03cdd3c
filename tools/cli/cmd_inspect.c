/* limn inspect: how a model is fed and what layers it has; for weights without a known architecture, its tensors. */
#include <string.h>

#include "rows.h"

static void print_fact(const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        printf("%-13s %s\n", name, safe(value));
    }
}

/* "scores, boxes (scores is explained, softmax)" */
static void print_outputs(const struct session *s)
{
    char text[600] = "";
    size_t at = 0;
    const char *name;
    for (size_t i = 0; (name = limn_model_output_name(s->model, i)) != NULL && at < sizeof(text) / 2; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.100s", i > 0 ? ", " : "", name);
    }
    print_fact(strchr(text, ',') != NULL ? "outputs" : "output", text);
    if (strchr(text, ',') != NULL) {
        print_fact("explained", s->info.output);
    }
    snprintf(text, sizeof(text), "%s%s", s->info.scores, s->info.single_score ? " of one score, - and +" : "");
    print_fact("probability", text);
}

static void print_head(const struct session *s)
{
    const struct limn_model_info *m = &s->info;
    char text[200], count[16];
    print_fact("model", m->name);
    print_fact("title", m->title);
    print_fact("architecture", m->arch);
    print_fact("weights", m->path);
    char depth[16] = "";
    if (m->depth > 0) {
        snprintf(depth, sizeof(depth), "%d x ", m->depth);
    }
    snprintf(text, sizeof(text), "%d x %s%d x %d", m->channels, depth, m->height, m->width);
    print_fact("input", text);
    size_t at = (size_t)snprintf(text, sizeof(text), "(v x %g - mean) / deviation, mean", (double)m->range);
    for (int i = 0; i < m->channels && i < 4; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, " %g", (double)m->mean[i]);
    }
    at += (size_t)snprintf(text + at, sizeof(text) - at, ", deviation");
    for (int i = 0; i < m->channels && i < 4; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at, " %g", (double)m->std[i]);
    }
    print_fact("preprocessing", text);
    if (m->n_classes > 0 || m->arch[0] == '\0') {
        snprintf(text, sizeof(text), "%d%s", m->n_classes, m->has_labels ? "" : " (no labels)");
        print_fact("classes", text);
        print_outputs(s);
    } else {
        print_fact("output", "a picture (autoencoder)");
    }
    print_fact("parameters", text_count(m->params, count));
    print_fact("default layer", m->default_layer);
    print_fact("trained on", m->trained_on);
    print_fact("licence", m->licence);
    print_fact("origin", m->origin);
    putchar('\n');
}

static void print_layers(const struct limn_layer_info *l, size_t n)
{
    struct table t;
    char shape[64], count[16];
    table_begin(&t, "llllr", "", "LAYER", "OPERATOR", "OUTPUT", "PARAMETERS");
    for (size_t i = 0; i < n; i++) {
        table_cell(&t, "%s", l[i].is_default ? "*" : "");
        table_cell(&t, "%s", safe(l[i].name));
        table_cell(&t, "%s", l[i].op);
        table_cell(&t, "%s", text_shape(l[i].rank, l[i].dim, shape));
        table_cell(&t, "%s", l[i].params ? text_count(l[i].params, count) : "");
    }
    table_end(&t);
}

static void layers_json(const struct session *s, const struct limn_layer_info *l, size_t n)
{
    const struct limn_model_info *m = &s->info;
    json_t *j = json_begin("inspect"), *all = need(json_array());
    json_t *mean = need(json_array()), *std = need(json_array());
    for (int i = 0; i < m->channels && i < 4; i++) {
        json_array_append_new(mean, json_real((double)m->mean[i]));
        json_array_append_new(std, json_real((double)m->std[i]));
    }
    json_object_update_new(j, session_json(s));
    json_object_set_new(j, "title", json_text(m->title));
    json_object_set_new(j, "licence", json_text(m->licence));
    json_object_set_new(j, "origin", json_text(m->origin));
    json_object_set_new(j, "trained_on", json_text(m->trained_on));
    json_object_set_new(j, "mean", mean);
    json_object_set_new(j, "std", std);
    json_object_set_new(j, "range", json_real((double)m->range));
    json_object_set_new(j, "default_layer", json_text(m->default_layer));
    json_object_set_new(j, "parameters", json_integer((json_int_t)m->params));
    json_t *outputs = need(json_array());
    const char *name;
    for (size_t i = 0; (name = limn_model_output_name(s->model, i)) != NULL; i++) {
        json_array_append_new(outputs, json_text(name));
    }
    json_object_set_new(j, "outputs", outputs);
    json_object_set_new(j, "output", json_text(m->output));
    json_object_set_new(j, "probability", json_text(m->scores));
    for (size_t i = 0; i < n; i++) {
        json_t *o = need(json_object());
        json_object_set_new(o, "name", json_text(l[i].name));
        json_object_set_new(o, "operator", json_text(l[i].op));
        json_object_set_new(o, "shape", json_shape(l[i].rank, l[i].dim));
        json_object_set_new(o, "parameters", json_integer((json_int_t)l[i].params));
        json_object_set_new(o, "default", json_boolean(l[i].is_default));
        json_array_append_new(all, o);
    }
    json_object_set_new(j, "layers", all);
    json_end(j);
}

static void tensors_json(const char *path, const struct limn_tensor_info *w, size_t n)
{
    json_t *j = json_begin("inspect"), *all = need(json_array());
    json_object_set_new(j, "path", json_text(path));
    for (size_t i = 0; i < n; i++) {
        json_t *o = need(json_object()), *shape = need(json_array());
        for (int32_t d = 0; d < w[i].rank; d++) {
            json_array_append_new(shape, json_integer((json_int_t)w[i].dim[d]));
        }
        json_object_set_new(o, "name", json_text(w[i].name));
        json_object_set_new(o, "type", json_text(w[i].type));
        json_object_set_new(o, "shape", shape);
        json_object_set_new(o, "bytes", json_integer((json_int_t)w[i].bytes));
        json_array_append_new(all, o);
    }
    json_object_set_new(j, "tensors", all);
    json_end(j);
}

static void tensors_table(const struct limn_tensor_info *w, size_t n)
{
    struct table t;
    char size[16];
    table_begin(&t, "lllr", "TENSOR", "TYPE", "SHAPE", "SIZE");
    for (size_t i = 0; i < n; i++) {
        char shape[160] = "scalar";
        size_t at = 0;
        for (int32_t d = 0; d < w[i].rank && at < 130; d++) {
            at += (size_t)snprintf(shape + at, sizeof(shape) - at, "%s%lld", d ? "x" : "", (long long)w[i].dim[d]);
        }
        table_cell(&t, "%s", safe(w[i].name));
        table_cell(&t, "%s", w[i].type);
        table_cell(&t, "%s", shape);
        table_cell(&t, "%s", text_bytes(w[i].bytes, size));
    }
    table_end(&t);
}

/* Weights of an architecture that limn does not know: says so, and lists what is there. */
static int inspect_tensors(const struct args *a, const char *path)
{
    struct limn_tensor_info *list = NULL;
    size_t n = 0;
    limn_error err = {0};
    if (limn_weights_list(path, &list, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    say_note("note: %s: no architecture that limn knows has these tensors; listing them", safe(path));
    if (args_has(a, OPT_JSON)) {
        tensors_json(path, list, n);
    } else {
        tensors_table(list, n);
    }
    limn_weights_list_free(&list);
    return 0;
}

static int open_model(struct session *s, const struct args *a)
{
    struct limn_context_params cp = {0};
    struct limn_model_params mp = {.arch = args_text(a, OPT_ARCH, NULL),
                                   .labels_path = args_text(a, OPT_LABELS, NULL),
                                   .output = args_text(a, OPT_OUTPUT_NAME, NULL),
                                   .pre_activation = args_has(a, OPT_PRE_ACTIVATION),
                                   .multi_label = args_has(a, OPT_MULTI_LABEL)};
    int32_t size[3];
    args_size(a, OPT_SIZE, size);
    mp.depth = size[0];
    mp.height = size[1];
    mp.width = size[2];
    if (limn_context_create(&cp, &s->context, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    limn_status st = limn_model_open(s->context, a->pos[0], &mp, &s->model, &s->err);
    return st == LIMN_OK && limn_model_describe(s->model, &s->info, &s->err) == LIMN_OK ? 0 : say_status(&s->err);
}

static int inspect_layers(struct session *s, const struct args *a)
{
    const struct limn_layer_info *layer = NULL;
    size_t n = 0;
    if (limn_model_layers(s->model, &layer, &n, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    if (args_has(a, OPT_JSON)) {
        layers_json(s, layer, n);
    } else {
        print_head(s);
        print_layers(layer, n);
    }
    return 0;
}

static int run(const struct args *a)
{
    struct session s = {0};
    int code = open_model(&s, a);
    if (code == 0) {
        code = s.info.arch[0] != '\0' ? inspect_layers(&s, a) : inspect_tensors(a, s.info.path);
    }
    session_close(&s);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    ROW_ARCH,
    ROW_SIZE,
    ROW_LABELS,
    ROWS_HEAD,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_inspect = {
    .name = "inspect",
    .operands = "MODEL",
    .summary = "show a model's input, layers, shapes and parameters",
    .text = "Shows how a model is fed, and its layers in order with operator, output shape for one image and number of "
            "parameters. "
            "The default layer of class activation maps is marked with *. A weight file of an unknown architecture "
            "lists its "
            "tensors.",
    .example = "limn inspect squeezenet1_0",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 1,
    .max_pos = 1,
    .run = run,
};
