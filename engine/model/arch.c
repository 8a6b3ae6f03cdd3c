/* The table of architectures, building one, and recognising which one a weight file belongs to: the only one whose
 * parameters are exactly the file's. */
#include "model/arch.h"

#include <string.h>

#define IMAGENET .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}
static const struct arch_input imagenet = {RESIZE_BILINEAR, IMAGENET}, imagenet_bicubic = {RESIZE_BICUBIC, IMAGENET},
                               half_bicubic = {RESIZE_BICUBIC, {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};

static const struct arch archs[] = {
#define ARCH(name, title, family, variant, first, classifier, channels, size, resize, input, classes, layer)           \
    {#name, title, arch_##family, variant, first, classifier, channels, size, resize, &(input), classes, layer},
#include "model/archs.def"
#undef ARCH
};

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

bool arch_dims(const struct arch *a, const struct weights *w, int32_t *channels, int32_t *classes)
{
    struct shape first, classifier;
    if (weights_sizes(w, channels, classes)) {
        return true;
    }
    if (weights_file(w) == NULL) {
        *channels = a->channels;
        *classes = a->classes;
        return true;
    }
    if (!weights_shape(w, a->first, &first) || !weights_shape(w, a->classifier, &classifier) || first.rank != 4 ||
        classifier.rank < 2) {
        return false;
    }
    *channels = first.dim[1];
    *classes = classifier.dim[0];
    return true;
}

static limn_status build_with(const struct arch *a, struct weights *w, struct shape input, struct net n,
                              struct arch_graph *out, limn_error *err)
{
    struct arch_graph r = {.input = VALUE_NONE, .logits = VALUE_NONE};
    int32_t channels;
    limn_status st = LIMN_OK;
    n.weights = w;
    n.classes = a->classes;
    n.step = VALUE_NONE;
    arch_dims(a, w, &channels, &n.classes); /* when it fails, the check below names what is missing */
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
        int32_t channels, classes;
        if (!arch_dims(&archs[i], w, &channels, &classes)) {
            continue;
        }
        weights_begin(w, true);
        limn_status st = build_with(&archs[i], w, SHAPE(1, channels, archs[i].size, archs[i].size),
                                    (struct net){.transform_input = true}, &g, err);
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
