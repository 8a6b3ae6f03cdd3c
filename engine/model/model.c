/* Opening a model: find it, read its card, open its weights, settle every setting (option, else card, else
 * architecture), and build the network once for one image, so that a mismatch is known at once and the layers have
 * names and shapes. */
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "model/model_priv.h"
#include "model/hash_cache.h"
#include "model/sha256.h"

#define VOLUME_SIZE 64 /* of each side when neither the network nor the user says */

static limn_status arch_unknown(const char *name, limn_error *err)
{
    const char *names[160];
    size_t n = 0;
    for (; n < arch_count() && n < sizeof names / sizeof names[0]; n++) {
        names[n] = arch_at(n)->name;
    }
    const char *close = str_closest(name, names, n);
    return close != NULL
               ? err_set(err, LIMN_ERR_NOT_FOUND, "no architecture \"%.60s\" (did you mean \"%s\"?)", name, close)
               : err_set(err, LIMN_ERR_NOT_FOUND, "no architecture \"%.60s\" (one of %zu built in)", name, n);
}

/* The architecture that the card or the user names, else the one that fits the weights. */
static limn_status choose_arch(struct model *m, limn_error *err)
{
    if (m->onnx != NULL) {
        m->arch = &arch_onnx;
        return LIMN_OK;
    }
    if (m->card.arch[0] == '\0') {
        return arch_recognise(m->weights, &m->arch, err);
    }
    m->arch = arch_named(m->card.arch, &m->decoded);
    return m->arch != NULL ? LIMN_OK : arch_unknown(m->card.arch, err);
}

/* What the card leaves open follows the network. */
static limn_status card_complete(struct model_card *c, const struct arch *a, struct arch_facts f, limn_error *err)
{
    snprintf(c->arch, sizeof c->arch, "%s", a->name);
    if (c->channels != 0 && c->channels != f.channels) {
        return err_set(err, LIMN_ERR_FORMAT, "card says %d input channels, %s has %d", c->channels, a->first,
                       f.channels);
    }
    if (c->height > 0 && (c->depth > 0) != (f.depth > 0)) {
        return err_set(err, LIMN_ERR_FORMAT, "card says %s, %s takes %s", c->depth > 0 ? "volumes" : "pictures",
                       a->name, f.depth > 0 ? "volumes" : "pictures");
    }
    int32_t channels = c->channels = f.channels;
    c->depth = c->depth > 0 ? c->depth : f.depth;
    c->height = c->height > 0 ? c->height : f.height;
    c->width = c->width > 0 ? c->width : f.width;
    c->range = c->range > 0 ? c->range : 1;
    if (c->std[0] == 0) {
        for (int32_t k = 0; k < 4; k++) {
            bool colours = (channels == 3 || (a->latent != NULL && a->width == 0)) && k < 3 && c->depth == 0;
            c->mean[k] = colours ? a->input->mean[k] : 0;
            c->std[k] = colours ? a->input->std[k] : 1;
        }
    }
    int32_t side = c->height < c->width ? c->height : c->width;
    c->resize = c->resize > 0 ? c->resize : (int32_t)((int64_t)a->resize * side / a->size);
    c->filter = c->filter == FILTER_OPEN ? a->input->filter : c->filter;
    if (c->default_layer[0] == '\0') {
        snprintf(c->default_layer, sizeof c->default_layer, "%s", f.layer);
    }
    if (c->title[0] == '\0') {
        snprintf(c->title, sizeof c->title, "%s", a->title);
    }
    return LIMN_OK;
}

static limn_status card_override(struct model_card *c, const struct model_options *o, limn_error *err)
{
    int32_t before = c->height < c->width ? c->height : c->width;
    c->height = o->height != 0 ? o->height : c->height;
    c->width = o->width != 0 ? o->width : o->height != 0 ? o->height : c->width;
    if (c->height < 1 || c->width < 1 || c->height > 16384 || c->width > 16384) {
        return err_set(err, LIMN_ERR_ARG, "input size %dx%d (expected 1 to 16384)", c->height, c->width);
    }
    if (c->depth > 0) {
        c->depth = o->depth != 0 ? o->depth : o->height != 0 ? o->height : c->depth;
    }
    if (c->depth < 0 || c->depth > 16384 || (c->depth == 0 && o->depth != 0)) {
        return err_set(err, LIMN_ERR_ARG, "input depth %d (expected %s)", c->depth != 0 ? c->depth : o->depth,
                       c->depth != 0 ? "1 to 16384" : "none: the network takes pictures");
    }
    int32_t side = c->height < c->width ? c->height : c->width;
    c->resize = (int32_t)((int64_t)c->resize * side / before);
    if (o->resize < -1 || o->resize > 16384) {
        return err_set(err, LIMN_ERR_ARG, "resize to %d pixels (expected 1 to 16384)", o->resize);
    }
    if (o->resize != 0) {
        c->rule = o->resize > 0 ? RULE_SHORT_SIDE : RULE_NONE;
        c->resize = o->resize > 0 ? o->resize : c->resize;
    }
    for (int32_t k = 0; k < c->channels && k < 4; k++) {
        c->mean[k] = o->mean != NULL ? o->mean[k] : c->mean[k];
        c->std[k] = o->std != NULL ? o->std[k] : c->std[k];
        if (!(c->std[k] > 0) || c->mean[k] - c->mean[k] != 0 || c->std[k] - c->std[k] != 0) {
            return err_set(err, LIMN_ERR_ARG, "channel %d: mean %g, std %g (expected numbers, std > 0)", k,
                           (double)c->mean[k], (double)c->std[k]);
        }
    }
    if (o->layer != NULL && strcmp(o->layer, "auto") != 0) {
        snprintf(c->default_layer, sizeof c->default_layer, "%s", o->layer);
    }
    if (o->axes != NULL && strcmp(o->axes, "xyz") != 0 && strcmp(o->axes, "zyx") != 0) {
        return err_set(err, LIMN_ERR_ARG, "axes \"%.20s\" (expected xyz or zyx)", o->axes);
    }
    c->axes = o->axes == NULL ? c->axes : o->axes[0] == 'x' ? VOLUME_XYZ : VOLUME_ZYX;
    if (o->output != NULL) {
        snprintf(c->output, sizeof c->output, "%s", o->output);
    }
    c->head.pre_activation = c->head.pre_activation || o->pre_activation;
    c->head.classes = o->multi_label ? HEAD_SIGMOID : c->head.classes;
    return LIMN_OK;
}

/* One label for each class; a network with one score may have the label of its "yes" only. */
static limn_status set_labels(struct model *m, const char *from, const char **labels, int32_t n, limn_error *err)
{
    if (n == 1 && m->head.single) {
        const char **two = arena_alloc(&m->arena, 2, sizeof *two);
        if (two == NULL || (two[0] = arena_printf(&m->arena, "not %s", labels[0])) == NULL) {
            return err_nomem(err, 2 * sizeof *two, "labels");
        }
        two[1] = labels[0];
        labels = two;
        n = 2;
    }
    if (n != m->card.n_classes) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: %d labels (expected %d, one a class)", from, n, m->card.n_classes);
    }
    m->card.labels = labels;
    return LIMN_OK;
}

/* The classes are what the network has; labels in the card must be as many. */
static limn_status card_classes(struct model *m, limn_error *err)
{
    int32_t n_labels = m->card.n_classes;
    if (m->arch->latent != NULL) {
        m->card.n_classes = 0;
        m->card.labels = NULL;
        return LIMN_OK;
    }
    m->card.n_classes = m->probe.graph->value[m->probe.logits].shape.dim[1];
    return m->card.labels == NULL ? LIMN_OK : set_labels(m, "card", m->card.labels, n_labels, err);
}

/* Labels: the option's file, the card's, or for 1000 classes the installed ImageNet list. */
static limn_status load_labels(struct model *m, const char *given, const char *from_card, limn_error *err)
{
    char path[MODEL_PATH_MAX] = "", dir[MODEL_PATH_MAX];
    const char **labels = NULL;
    int32_t n = 0;
    if (given != NULL) {
        snprintf(path, sizeof path, "%.*s", MODEL_PATH_MAX - 1, given);
    } else if (m->card.labels != NULL) {
        return LIMN_OK;
    } else if (from_card[0] != '\0') {
        snprintf(path, sizeof path, "%s", from_card);
    } else if (m->path[0] != '\0' && m->card.n_classes == 1000) {
        for (size_t i = 0; path[0] == '\0' && assets_dir(i, "labels", dir); i++) {
            snprintf(path, sizeof path, "%.4000s/imagenet.txt", dir);
            path[0] = file_exists(path) ? path[0] : '\0';
        }
    }
    if (path[0] == '\0') {
        return LIMN_OK;
    }
    limn_status st = labels_read(path, &m->arena, &labels, &n, err);
    return st == LIMN_OK ? set_labels(m, path, labels, n, err) : st;
}

struct shape model_input_shape(const struct model *m, int32_t batch)
{
    const struct model_card *c = &m->card;
    return c->depth > 0 ? SHAPE(batch, c->channels, c->depth, c->height, c->width)
                        : SHAPE(batch, c->channels, c->height, c->width);
}

/* The output that the user or the card names, else the first. */
static limn_status choose_output(const struct model *m, const struct arch_graph *g, value_id *out, limn_error *err)
{
    const char *names[64];
    size_t n = 0;
    for (size_t i = 0; i < g->n_output; i++) {
        if (m->card.output[0] == '\0' || strcmp(g->output[i].name, m->card.output) == 0) {
            *out = g->output[i].value;
            return LIMN_OK;
        }
        names[n] = g->output[i].name;
        n += n + 1 < sizeof names / sizeof names[0];
    }
    const char *close = str_closest(m->card.output, names, n);
    return err_set(err, LIMN_ERR_NOT_FOUND, "no output \"%.100s\" among %zu (%s \"%.60s\"%s)", m->card.output,
                   g->n_output, close != NULL ? "did you mean" : "the first is", close != NULL ? close : names[0],
                   close != NULL ? "?" : "");
}

/* The network for one batch, with the chosen output as scores per class. */
static limn_status build_network(struct model *m, int32_t batch, struct arch_graph *out, struct head *head,
                                 limn_error *err)
{
    struct arch_graph g = {0};
    value_id output = VALUE_NONE;
    limn_status st = LIMN_OK;
    struct shape input = model_input_shape(m, batch);
    TRY(m->onnx != NULL ? onnx_net_build(m->onnx, input, &g, err)
                        : arch_build(m->arch, m->weights, input, !m->card.keep_input, &g, err));
    if (m->arch->latent != NULL) { /* its output is a picture */
        *out = g;
        return LIMN_OK;
    }
    TRY(choose_output(m, &g, &output, err));
    TRY(head_attach(g.graph, output, batch, &m->card.head, head, err));
    g.logits = head->scores;
    *out = g;
    return LIMN_OK;
out:
    arch_graph_finish(&g);
    return st;
}

/* Channels and size of the input. A graph of its own that leaves its size open takes the card's, else the usual one;
 * small pictures are not cropped. */
static limn_status network_facts(struct model *m, struct arch_facts *f, limn_error *err)
{
    if (m->onnx == NULL) {
        arch_facts(m->arch, m->weights, f); /* when it fails, building names what is missing */
        return LIMN_OK;
    }
    limn_status st = onnx_net_facts(m->onnx, f, err);
    if (st != LIMN_OK) {
        return st;
    }
    int32_t usual = f->depth != 0 ? VOLUME_SIZE : m->arch->size;
    f->height = f->height > 0 ? f->height : f->width > 0 ? f->width : usual;
    f->width = f->width > 0 ? f->width : f->height;
    f->depth = f->depth < 0 ? f->height : f->depth;
    int32_t side = f->height < f->width ? f->height : f->width;
    if (m->card.resize == 0 && side < 128) {
        m->card.resize = side;
    }
    return LIMN_OK;
}

/* A card beside several formats may name a layer of another one: then, as without a card, the last layer. */
static limn_status choose_layer(struct model *m, const char *asked, limn_error *err)
{
    const char *found = NULL, *given = m->card.default_layer;
    if (given[0] != '\0' && (asked != NULL || model_resolve_layer(m, given, &found, NULL) == LIMN_OK)) {
        return LIMN_OK;
    }
    const char *layer = onnx_net_layer(&m->probe, err);
    if (layer == NULL) {
        return LIMN_ERR_NOMEM;
    }
    snprintf(m->card.default_layer, sizeof m->card.default_layer, "%s", layer);
    return LIMN_OK;
}

static limn_status open_network(struct model *m, const struct model_options *o, const char *labels, limn_error *err)
{
    limn_status st = LIMN_OK;
    const char *layer = NULL;
    struct arch_facts facts = {0};
    TRY(choose_arch(m, err));
    if (m->arch == NULL) {
        m->card.filter = m->card.filter == FILTER_OPEN ? RESIZE_BILINEAR : m->card.filter;
        return LIMN_OK;
    }
    TRY(network_facts(m, &facts, err));
    TRY(card_complete(&m->card, m->arch, facts, err));
    TRY(card_override(&m->card, o, err));
    TRY(build_network(m, 1, &m->probe, &m->head, err));
    TRY(card_classes(m, err));
    if (m->onnx != NULL) {
        TRY(choose_layer(m, o->layer, err));
    }
    if (m->card.default_layer[0] != '\0') {
        TRY(model_resolve_layer(m, m->card.default_layer, &layer, err));
    }
    TRY(load_labels(m, o->labels_path, labels, err));
out:
    return st;
}

/* NAME.json beside NAME.safetensors, when there. */
static limn_status open_card(struct model *m, char labels[MODEL_PATH_MAX], limn_error *err)
{
    char path[MODEL_PATH_MAX];
    const char *dot = strrchr(m->path, '.'), *slash = strrchr(m->path, '/');
    int stem = dot != NULL && (slash == NULL || dot > slash) ? (int)(dot - m->path) : (int)strlen(m->path);
    labels[0] = '\0';
    if ((size_t)snprintf(path, sizeof path, "%.*s.json", stem, m->path) >= sizeof path || !file_exists(path)) {
        return LIMN_OK;
    }
    return card_read(path, &m->card, &m->arena, labels, err);
}

/* "ARCH" or "ARCH@GAIN"; ARCH may have a decoder: "lenet+decoder@pool2" */
static limn_status open_recipe(struct model *m, const char *text, limn_error *err)
{
    const char *plus = strchr(text, '+'), *decoder = plus != NULL ? strchr(plus, '@') : NULL; /* ARCH+decoder@LAYER */
    size_t skip = decoder != NULL ? (size_t)(decoder + 1 - text) : 0;
    size_t name = skip + strcspn(text + skip, "@");
    char *end = NULL;
    double gain = text[name] == '@' ? strtod(text + name + 1, &end) : 1;
    if ((end != NULL && (*end != '\0' || end == text + name + 1)) || !(gain > 0 && gain <= 16)) {
        return err_set(err, LIMN_ERR_ARG, "recipe gain \"%.60s\" (expected a number above 0, at most 16)", text + name);
    }
    snprintf(m->card.arch, sizeof m->card.arch, "%.*s", (int)(name < 63 ? name : 63), text);
    snprintf(m->card.licence, sizeof m->card.licence, "none (computed)");
    return weights_recipe(gain, &m->weights, err);
}

/* An ONNX model brings its network along, unless the user names a built-in one for its initializers. */
static limn_status open_file(struct model *m, const struct model_options *o, limn_error *err)
{
    enum tensor_format format;
    limn_status st = tensor_file_format(m->path, &format, err);
    if (st != LIMN_OK) {
        return st;
    }
    return format == TENSOR_ONNX && o->arch == NULL ? onnx_net_open(m->path, o->strict, &m->onnx, err)
                                                    : weights_open(m->path, o->strict, &m->weights, err);
}

limn_status model_open(const char *name, const struct model_options *opt, struct model **out, limn_error *err)
{
    static const struct model_options none = {0};
    const struct model_options *o = opt != NULL ? opt : &none;
    char labels[MODEL_PATH_MAX] = "";
    limn_status st = LIMN_OK;
    struct model *m = mem_zalloc(1, sizeof *m);
    if (m == NULL) {
        return err_nomem(err, sizeof *m, "a model");
    }
    m->card.filter = FILTER_OPEN;
    if (str_starts(name, "recipe:")) {
        TRY(open_recipe(m, name + strlen("recipe:"), err));
    } else {
        TRY(assets_find_model(name, m->path, err));
        TRY(open_file(m, o, err));
        TRY(open_card(m, labels, err));
    }
    if (o->arch != NULL) {
        snprintf(m->card.arch, sizeof m->card.arch, "%s", o->arch);
    }
    st = open_network(m, o, labels, err);
    if (st == LIMN_ERR_FORMAT || st == LIMN_ERR_SHAPE || (m->onnx != NULL && st == LIMN_ERR_UNSUPPORTED)) {
        err_at(err, "%s", m->path[0] != '\0' ? m->path : name);
    }
    TRY(st);
    *out = m;
    m = NULL;
out:
    model_close(&m);
    return st;
}

void model_close(struct model **m)
{
    if (m == NULL || *m == NULL) {
        return;
    }
    arch_graph_finish(&(*m)->probe);
    weights_close(&(*m)->weights);
    onnx_net_close(&(*m)->onnx);
    mem_free((*m)->layers);
    arena_finish(&(*m)->arena);
    mem_free(*m);
    *m = NULL;
}

const struct model_card *model_get_card(const struct model *m)
{
    return &m->card;
}

const char *model_path(const struct model *m)
{
    return m->path;
}

const struct head *model_head(const struct model *m)
{
    return &m->head;
}

size_t model_output_count(const struct model *m)
{
    return m->probe.n_output;
}

const char *model_output_name(const struct model *m, size_t i)
{
    return i < m->probe.n_output ? m->probe.output[i].name : NULL;
}

const char *model_warning(const struct model *m)
{
    return m->onnx != NULL ? onnx_net_warning(m->onnx) : weights_warning(m->weights);
}

void model_set_rewrite(struct model *m, model_rewrite_fn rewrite, void *user)
{
    m->rewrite = rewrite;
    m->rewrite_user = user;
}

limn_status model_build(struct model *m, int32_t batch, struct graph **g, value_id *input, value_id *logits,
                        limn_error *err)
{
    struct graph *made = NULL;
    value_id v[2];
    limn_status st = model_build_plain(m, batch, &made, &v[0], &v[1], err);
    if (st == LIMN_OK && m->rewrite != NULL) {
        st = m->rewrite(m->rewrite_user, &made, v, 2, err);
    }
    if (st != LIMN_OK) {
        graph_destroy(&made);
        return st;
    }
    *g = made;
    *input = v[0];
    *logits = v[1];
    return LIMN_OK;
}

limn_status model_build_plain(struct model *m, int32_t batch, struct graph **g, value_id *input, value_id *logits,
                              limn_error *err)
{
    struct arch_graph r = {0};
    if (m->arch == NULL) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "%s: architecture not recognised from its %zu tensors (name it with --arch)", m->path,
                       tensor_file_count(weights_file(m->weights)));
    }
    if (batch < 1) {
        return err_set(err, LIMN_ERR_ARG, "batch of %d (expected at least 1)", batch);
    }
    if (m->arch->latent != NULL) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%.200s is an autoencoder: it gives pictures, not classes",
                       m->path[0] != '\0' ? m->path : m->card.arch);
    }
    struct head head = {0};
    limn_status st = build_network(m, batch, &r, &head, err);
    if (st != LIMN_OK) {
        return st;
    }
    *g = r.graph;
    *input = r.input;
    *logits = r.logits;
    mem_free(r.layer);
    return LIMN_OK;
}

const char *model_latent(const struct model *m)
{
    return m->arch != NULL ? m->arch->latent : NULL;
}

limn_status model_build_autoencoder(struct model *m, int32_t batch, struct autoencoder_graph *out, limn_error *err)
{
    struct arch_graph r = {0};
    struct head head = {0};
    if (model_latent(m) == NULL) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%.200s is no autoencoder",
                       m->path[0] != '\0' ? m->path : m->card.arch);
    }
    limn_status st = build_network(m, batch, &r, &head, err);
    if (st != LIMN_OK) {
        return st;
    }
    value_id v[3] = {r.input, r.latent, r.logits};
    if (m->rewrite != NULL) {
        st = m->rewrite(m->rewrite_user, &r.graph, v, 3, err);
    }
    if (st != LIMN_OK) {
        arch_graph_finish(&r);
        return st;
    }
    *out = (struct autoencoder_graph){r.graph, v[0], v[1], v[2]};
    mem_free(r.layer);
    return LIMN_OK;
}

int32_t model_batch_max(struct model *m)
{
    if (m->batch_max == 0) {
        struct arch_graph g = {0};
        struct head head = {0};
        m->batch_max = m->onnx == NULL || build_network(m, 2, &g, &head, NULL) == LIMN_OK ? INT32_MAX : 1;
        arch_graph_finish(&g);
    }
    return m->batch_max;
}

const char *model_sha256(const struct model *m, limn_error *err)
{
    enum { CHUNK = 65536 };
    struct model *cache = (struct model *)m; /* every model is made by model_open, none is const */
    struct file *f = NULL;
    struct sha256 s;
    uint8_t *buf = NULL;
    limn_status st = LIMN_OK;
    if (m->sha256[0] != '\0' || m->path[0] == '\0') {
        return m->sha256;
    }
    struct hash_key key;
    bool cached = hash_cache_key(m->path, &key);
    if (cached && hash_cache_get(&key, cache->sha256)) {
        return m->sha256;
    }
    buf = mem_alloc(CHUNK, 1);
    if (buf == NULL) {
        TRY(err_nomem(err, CHUNK, "a file's hash"));
    }
    TRY(file_open(m->path, &f, err));
    sha256_begin(&s);
    for (uint64_t at = 0; at < file_size(f); at += CHUNK) {
        size_t n = file_size(f) - at < CHUNK ? (size_t)(file_size(f) - at) : CHUNK;
        TRY(file_read_at(f, at, buf, n, err));
        sha256_add(&s, buf, n);
    }
    sha256_end(&s, cache->sha256);
    if (cached) {
        hash_cache_put(m->path, &key, m->sha256);
    }
out:
    file_close(&f);
    mem_free(buf);
    return st == LIMN_OK ? m->sha256 : NULL;
}
