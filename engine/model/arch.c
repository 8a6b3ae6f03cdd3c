/* The table of architectures, building one, and recognising which one a weight file belongs to: the only one whose
 * parameters are exactly the file's. */
#include "model/arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#include "model/arch/stack3d.h"

#define IMAGENET .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}
static const struct arch_input imagenet = {RESIZE_BILINEAR, IMAGENET}, imagenet_bicubic = {RESIZE_BICUBIC, IMAGENET},
                               half_bicubic = {RESIZE_BICUBIC, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}},
                               plain = {RESIZE_BILINEAR, {0, 0, 0}, {1, 1, 1}},
                               xray = {RESIZE_BILINEAR, {0.5f, 0.5f, 0.5f}, {1.0f / 2048, 1.0f / 2048, 1.0f / 2048}};

static const struct arch archs[] = {
#define ARCH(name, title, family, variant, first, classifier, channels, size, resize, input, classes, layer)           \
    {#name,  title,    arch_##family, variant, first, classifier, channels, size,                                      \
     resize, &(input), classes,       layer,   NULL,  NULL,       false,    0},
#include "model/archs.def"
#undef ARCH
    {.name = "stack3d",
     .title = "Conv3d stack (what stands between its weights is assumed)",
     .make = arch_stack3d,
     .first = "first convolution",
     .classifier = "last Linear",
     .channels = STACK3D_CHANNELS,
     .size = STACK3D_SIZE,
     .resize = STACK3D_SIZE,
     .input = &imagenet,
     .classes = STACK3D_CLASSES,
     .facts = arch_stack3d_facts},
};

static const struct arch autoencoders[] = {
#define AUTOENCODER(name, title, family, variant, channels, size, input, latent)                                       \
    {#name,    title, arch_##family, variant, "conv1.weight", "conv1.weight", channels, size, size,                    \
     &(input), 0,     latent,        NULL,    latent,         false,          0},
#include "model/autoencoders.def"
#undef AUTOENCODER
};

const struct arch arch_onnx = {
    .name = "onnx", .title = "ONNX model", .first = "the input", .size = 224, .resize = 256, .input = &imagenet};

size_t arch_count(void)
{
    return sizeof archs / sizeof archs[0];
}

const struct arch *arch_at(size_t i)
{
    return &archs[i];
}

size_t autoencoder_count(void)
{
    return sizeof autoencoders / sizeof autoencoders[0];
}

const struct arch *autoencoder_at(size_t i)
{
    return &autoencoders[i];
}

const struct arch *arch_find(const char *name)
{
    for (size_t i = 0; i < arch_count(); i++) {
        if (strcmp(archs[i].name, name) == 0) {
            return &archs[i];
        }
    }
    for (size_t i = 0; i < autoencoder_count(); i++) {
        if (strcmp(autoencoders[i].name, name) == 0) {
            return &autoencoders[i];
        }
    }
    return NULL;
}

/* The end of `name` from '+' on, as "decoder@LAYER" with what may stand around; false when it is no such text. */
static bool decoder_text(const char *text, struct arch_decoded *own)
{
    struct arch *a = &own->arch;
    a->resizes = str_starts(text, "resize-");
    text += a->resizes ? strlen("resize-") : 0;
    if (!str_starts(text, "decoder")) {
        return false;
    }
    char *end = NULL;
    text += strlen("decoder");
    long width = *text >= '1' && *text <= '9' ? strtol(text, &end, 10) : 16;
    text = end != NULL ? end : text;
    if (*text != '@' || text[1] == '\0' || width > 512 || strlen(text + 1) >= sizeof own->layer) {
        return false;
    }
    a->width = (int32_t)width;
    snprintf(own->layer, sizeof own->layer, "%s", text + 1);
    a->latent = a->layer = own->layer;
    return true;
}

const struct arch *arch_named(const char *name, struct arch_decoded *own)
{
    const char *plus = strchr(name, '+');
    if (plus == NULL) {
        return arch_find(name);
    }
    if (strlen(name) >= sizeof own->name) {
        return NULL;
    }
    snprintf(own->name, sizeof own->name, "%.*s", (int)(plus - name), name);
    const struct arch *base = arch_find(own->name);
    if (base == NULL || base->latent != NULL || base->facts != NULL) {
        return NULL;
    }
    own->arch = *base;
    snprintf(own->name, sizeof own->name, "%s", name);
    own->arch.name = own->name;
    return decoder_text(plus + 1, own) ? &own->arch : NULL;
}

bool arch_in_decoder(const char *name)
{
    static const char *const parts[] = {"decoder.", "uplayer", "conv1_1."};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (str_starts(name, parts[i])) {
            return true;
        }
    }
    return false;
}

bool arch_facts(const struct arch *a, const struct weights *w, struct arch_facts *out)
{
    struct shape first, classifier;
    struct arch_facts f = {.channels = a->channels, .classes = a->classes, .height = a->size, .width = a->size};
    snprintf(f.layer, sizeof f.layer, "%s", a->layer != NULL ? a->layer : "");
    *out = f;
    if (a->facts != NULL) {
        return a->facts(w, out);
    }
    if (weights_sizes(w, &out->channels, &out->classes)) {
        return true;
    }
    if (weights_file(w) == NULL) {
        return true;
    }
    if (!weights_shape(w, a->first, &first) || !weights_shape(w, a->classifier, &classifier) || first.rank != 4 ||
        classifier.rank < 2) {
        return false;
    }
    out->channels = first.dim[1];
    out->classes = classifier.dim[0];
    return true;
}

/* Of an autoencoder: the latent value, and the decoder where `make` appended none. */
static limn_status build_decoder(const struct arch *a, struct net *n, struct arch_graph *r, limn_error *err)
{
    if (a->latent == NULL || n->b.status != LIMN_OK) {
        return n->b.status;
    }
    r->latent = graph_find(r->graph, a->latent);
    if (r->latent == VALUE_NONE) {
        return err_set(err, LIMN_ERR_NOT_FOUND, "%s: no layer \"%.60s\" for the decoder", a->name, a->latent);
    }
    if (a->width > 0) {
        struct shape picture = r->graph->value[r->input].shape;
        r->logits = arch_decoder(n, r->latent, a, &picture);
    }
    return n->b.status;
}

static limn_status build_with(const struct arch *a, struct weights *w, struct shape input, struct net n,
                              struct arch_graph *out, limn_error *err)
{
    struct arch_graph r = {.input = VALUE_NONE, .logits = VALUE_NONE, .latent = VALUE_NONE};
    struct arch_facts facts;
    limn_status st = LIMN_OK;
    arch_facts(a, w, &facts); /* when it fails, the check below names what is missing */
    n.weights = w;
    n.classes = facts.classes;
    n.step = VALUE_NONE;
    TRY(graph_create(&r.graph, err));
    n.b = (struct builder){.g = r.graph, .err = err};
    TRY(graph_input(r.graph, "input", input, &r.input, err));
    r.logits = a->make(&n, r.input, a->variant);
    TRY(build_decoder(a, &n, &r, err));
    TRY(weights_end(w, a->name, err));
    r.graph->value[r.logits].flags |= VALUE_OUTPUT;
    r.output = arena_alloc(&r.graph->arena, 1, sizeof *r.output);
    if (r.output == NULL) {
        TRY(err_nomem(err, sizeof *r.output, "an output"));
    }
    r.output[0] = (struct arch_output){"output", r.logits};
    r.n_output = 1;
    r.layer = n.layer;
    r.n_layer = n.n_layer;
    r.dropout_step = n.step;
    *out = r;
    return LIMN_OK;
out:
    mem_free(n.layer);
    graph_destroy(&r.graph);
    return st;
}

limn_status arch_build(const struct arch *a, struct weights *w, struct shape input, bool transform_input,
                       struct arch_graph *out, limn_error *err)
{
    weights_begin(w, false);
    return build_with(a, w, input, (struct net){.transform_input = transform_input}, out, err);
}

limn_status arch_build_train(const struct arch *a, struct weights *w, struct shape input, uint64_t seed,
                             struct arch_graph *out, limn_error *err)
{
    weights_begin(w, false);
    return build_with(a, w, input, (struct net){.train = true, .seed = seed}, out, err);
}

void arch_graph_finish(struct arch_graph *g)
{
    mem_free(g->layer);
    graph_destroy(&g->graph);
    *g = (struct arch_graph){0};
}

limn_status arch_recognise(struct weights *w, const struct arch **out, limn_error *err)
{
    for (size_t i = 0; i < arch_count() + autoencoder_count(); i++) {
        const struct arch *a = i < arch_count() ? arch_at(i) : autoencoder_at(i - arch_count());
        struct arch_graph g = {0};
        struct arch_facts f;
        if (!arch_facts(a, w, &f)) {
            continue;
        }
        struct shape input =
            f.depth > 0 ? SHAPE(1, f.channels, f.depth, f.height, f.width) : SHAPE(1, f.channels, f.height, f.width);
        weights_begin(w, true);
        limn_status st = build_with(a, w, input, (struct net){.transform_input = true}, &g, err);
        arch_graph_finish(&g);
        if (st == LIMN_OK) {
            *out = a;
            return LIMN_OK;
        }
        if (st == LIMN_ERR_NOMEM) {
            return st;
        }
    }
    *out = NULL;
    return LIMN_OK;
}
