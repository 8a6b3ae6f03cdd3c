/* The table of architectures, building one, and recognising which one a weight file belongs to: the only one whose
 * parameters are exactly the file's. */
#include "model/arch.h"

#include <stdio.h>
#include <string.h>

#include "model/arch/stack3d.h"

#define IMAGENET .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}
static const struct arch_input imagenet = {RESIZE_BILINEAR, IMAGENET}, imagenet_bicubic = {RESIZE_BICUBIC, IMAGENET},
                               half_bicubic = {RESIZE_BICUBIC, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};

static const struct arch archs[] = {
#define ARCH(name, title, family, variant, first, classifier, channels, size, resize, input, classes, layer)           \
    {#name, title, arch_##family, variant, first, classifier, channels, size, resize, &(input), classes, layer, NULL},
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

const struct arch *arch_find(const char *name)
{
    for (size_t i = 0; i < arch_count(); i++) {
        if (strcmp(archs[i].name, name) == 0) {
            return &archs[i];
        }
    }
    return NULL;
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

static limn_status build_with(const struct arch *a, struct weights *w, struct shape input, struct net n,
                              struct arch_graph *out, limn_error *err)
{
    struct arch_graph r = {.input = VALUE_NONE, .logits = VALUE_NONE};
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
    TRY(n.b.status);
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
    for (size_t i = 0; i < arch_count(); i++) {
        struct arch_graph g = {0};
        struct arch_facts f;
        if (!arch_facts(&archs[i], w, &f)) {
            continue;
        }
        struct shape input =
            f.depth > 0 ? SHAPE(1, f.channels, f.depth, f.height, f.width) : SHAPE(1, f.channels, f.height, f.width);
        weights_begin(w, true);
        limn_status st = build_with(&archs[i], w, input, (struct net){.transform_input = true}, &g, err);
        arch_graph_finish(&g);
        if (st == LIMN_OK) {
            *out = &archs[i];
            return LIMN_OK;
        }
        if (st == LIMN_ERR_NOMEM) {
            return st;
        }
    }
    *out = NULL;
    return LIMN_OK;
}
