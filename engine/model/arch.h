/* The built-in architectures: one row of archs.def each, one file of engine/model/arch for each family. */
#ifndef LIMN_MODEL_ARCH_H
#define LIMN_MODEL_ARCH_H

#include "image/image.h"
#include "model/net.h"

struct arch_input { /* how torchvision prepares pictures of three channels */
    enum resize_filter filter;
    float mean[3], std[3];
};

struct arch_facts { /* of one weight file */
    int32_t channels, classes;
    int32_t depth, height, width; /* of the input, 0 where it is open; depth 0: pictures, -1: volumes, open */
    char layer[128];              /* default Grad-CAM layer */
};

struct arch {
    const char *name, *title;
    value_id (*make)(struct net *n, value_id x, int32_t variant); /* appends the layers, returns the logits */
    int32_t variant;                                              /* the family's own code: a depth, a version */
    const char *first;              /* weight whose dimension 1 is the number of input channels */
    const char *classifier;         /* weight whose dimension 0 is the number of classes */
    int32_t channels, size, resize; /* of the published network: input, and the shorter side before the crop */
    const struct arch_input *input;
    int32_t classes;
    const char *layer; /* default Grad-CAM layer */
    /* NULL: input and classes follow from the fields above. False when the weights are not of this kind. */
    bool (*facts)(const struct weights *w, struct arch_facts *out);
    /* Autoencoders: the value that the decoder starts from, NULL for a classifier. The output is then a picture,
     * normalised as the input is. */
    const char *latent;
    /* A decoder that is put on a classifier (arch_decoded), instead of one that `make` appends: */
    bool resizes;  /* upsampling by resizing and convolving instead of a transposed convolution */
    int32_t width; /* channels of its last layer but one; 0: no such decoder */
};

/* The build functions of the families, as the rows name them. */
#define ARCH(name, title, family, variant, first, classifier, channels, size, resize, input, classes, layer)           \
    value_id arch_##family(struct net *n, value_id x, int32_t v);
#include "model/archs.def"
#undef ARCH
#define AUTOENCODER(name, title, family, variant, channels, size, input, latent)                                       \
    value_id arch_##family(struct net *n, value_id x, int32_t v);
#include "model/autoencoders.def"
#undef AUTOENCODER
/* arch/decoder.c: from the features z back to pictures [N,channels,height,width], in modules "decoder.0", ... */
value_id arch_decoder(struct net *n, value_id z, const struct arch *a, const struct shape *picture);

/* Stands for a network that is a graph of its own (ONNX): name, and how pictures are prepared when nothing says so. */
extern const struct arch arch_onnx;

size_t arch_count(void);
const struct arch *arch_at(size_t i);
size_t autoencoder_count(void);
const struct arch *autoencoder_at(size_t i);
const struct arch *arch_find(const char *name); /* of either table; NULL when unknown */

/* An architecture that is written "CLASSIFIER+decoder@LAYER": a decoder on the features at LAYER of a built-in one.
 * "resize-decoder" upsamples by resizing and convolving, a number behind ("decoder32") is its width, else 16. */
struct arch_decoded {
    struct arch arch;
    char name[64], layer[64];
};
/* *out: `own->arch`, or the row of that name; NULL when there is neither. */
const struct arch *arch_named(const char *name, struct arch_decoded *own);
/* Whether a parameter of this name belongs to the decoder of an autoencoder. */
bool arch_in_decoder(const char *name);

struct arch_output {
    const char *name;
    value_id value;
};
struct arch_graph { /* what a build produces */
    struct graph *graph;
    value_id input, logits;     /* logits: of the chosen output, [N,classes], once head_attach ran */
    value_id latent;            /* of an autoencoder, whose `logits` are the picture; else VALUE_NONE */
    struct arch_output *output; /* as the network names them; in the graph's arena. A built-in one has one, "output" */
    size_t n_output;
    struct net_layer *layer; /* names live in the graph */
    size_t n_layer;
    value_id dropout_step; /* input that dropout reads, [2]; VALUE_NONE without dropout */
};
/* Builds for input [batch, channels, (depth,) height, width] and checks the weights: what is missing, unexpected or
 * mis-shaped is LIMN_ERR_FORMAT. transform_input: see net_transform_input. */
limn_status arch_build(const struct arch *a, struct weights *w, struct shape input, bool transform_input,
                       struct arch_graph *out, limn_error *err);
/* For training: with dropout, whose choices follow from `seed`. */
limn_status arch_build_train(const struct arch *a, struct weights *w, struct shape input, uint64_t seed,
                             struct arch_graph *out, limn_error *err);
void arch_graph_finish(struct arch_graph *g); /* zeroed struct allowed */
/* Channels, classes, input size and layer as the weights have them, the published ones for a recipe or what the file
 * lacks; false when it lacks the weights that tell. */
bool arch_facts(const struct arch *a, const struct weights *w, struct arch_facts *out);
/* The architecture that fits a weight file exactly; NULL when none does. */
limn_status arch_recognise(struct weights *w, const struct arch **out, limn_error *err);

#endif
