/* limn: why a convolutional network decided what it decided, on any Vulkan device. The one public header; C11 and C++.
 *
 * Rules that hold everywhere
 *   Threads    Objects that belong to one limn_context are used from one thread at a time; different contexts are
 *              independent. The table and text functions (limn_method_*, limn_status_*, ...) may be called anywhere.
 *   Errors     Every fallible function returns a limn_status and, when `err` is not NULL, one line of text.
 * Out-parameters are written on success only. A required pointer that is NULL is LIMN_ERR_ARG, never a crash. Ownership
 * What a *_create, *_open, *_load, *_list or limn_explain returns is yours and goes back through the matching
 *              *_destroy, *_close or *_free, each of which takes the address of your pointer, allows NULL in it and
 * clears it. Pointers that accessors return belong to the object and live as long as it. Inputs are borrowed for the
 *              call. A model must not outlive its context, an explanation not its model.
 *   Shapes     Row-major, the last dimension is contiguous; tensors are N,C,H,W float32; pictures are 8-bit RGB, top
 * row first. Blocking   "quick" functions do no input or output; "file" ones read or write files; "device" ones run the
 * network and return when it is done (limn_explain reports progress and can be cancelled from its callback). Nothing
 * here prints, installs signal handlers or keeps global state.
 */
#ifndef LIMN_LIMN_H
#define LIMN_LIMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <limn/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library, "0.1.0". Quick; never NULL. */
LIMN_API const char *limn_version(void);

/* ---------------------------------------------------------------- text helpers (quick) */

/* Copies text that may come from a file or a stranger so that it is safe to print: control bytes, bidirectional
 * overrides and invalid UTF-8 become \xNN or \u{NNNN}. Always terminates when size > 0; returns dst. NULL src counts as
 * "". */
LIMN_API char *limn_text_escape(char *dst, size_t size, const char *src);

/* The candidate nearest to `text` by edit distance when near enough to be meant, else NULL. */
LIMN_API const char *limn_text_closest(const char *text, const char *const *candidates, size_t n);

/* Removes from a folder the temporary files that killed programs of this library left there; those of programs that
 * live are locked and stay. What cannot be read or removed stays as well. NULL: nothing. File. */
LIMN_API void limn_remove_litter(const char *folder);

/* ---------------------------------------------------------------- devices */

struct limn_device_info {
    int32_t index;         /* what --device takes */
    char name[256];        /* safe to print */
    char driver[256];      /* "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)" */
    char uuid[37];         /* stable over reboots */
    char pci[16];          /* "0000:01:00.0" or "" */
    char kind[16];         /* "discrete", "integrated", "virtual", "cpu", "other" */
    char api[16];          /* Vulkan version, "1.3.230" */
    uint64_t memory_bytes; /* of the largest device-local heap */
    bool usable;           /* limn can run on it */
    char reason[160];      /* why not, "" when it is usable */
};

/* All Vulkan devices of this machine; *n = 0 when a loader is there but no device. LIMN_ERR_DEVICE without loader or
 * driver. Blocks for the driver's start (tens of ms). */
LIMN_API limn_status limn_device_list(struct limn_device_info **list, size_t *n, limn_error *err);
LIMN_API void limn_device_list_free(struct limn_device_info **list);

/* Calls `line` once per finding about Vulkan on this machine, good or bad, each problem with its remedy. */
enum limn_doctor_level { LIMN_DOCTOR_FINE = 0, LIMN_DOCTOR_NOTE = 1, LIMN_DOCTOR_PROBLEM = 2 };
LIMN_API void limn_doctor(void (*line)(void *user, int level, const char *text), void *user);

/* ---------------------------------------------------------------- context */

typedef struct limn_context limn_context;

struct limn_context_params { /* zero or NULL: the default of each field */
    const char *device;  /* index, UUID, PCI address, unique part of a name, "cpu" for a software device; NULL: the best
                          * GPU,  a software device only when there is nothing else */
    uint64_t max_memory; /* bytes that one plan may take on the device; 0: what the device has */
    bool reference;      /* run in double precision on the CPU without Vulkan: slow, for checking */
};

/* Quick: the device itself is opened when it is first needed. `p` may be NULL. */
LIMN_API limn_status limn_context_create(const struct limn_context_params *p, limn_context **out, limn_error *err);
LIMN_API void limn_context_destroy(limn_context **ctx);

/* Opens the device if that has not happened and describes it; *out belongs to the context. With `reference` the
 * description is a made-up one of kind "cpu". Device. */
LIMN_API limn_status limn_context_device(limn_context *ctx, const struct limn_device_info **out, limn_error *err);

/* ---------------------------------------------------------------- models */

typedef struct limn_model limn_model;

struct limn_model_params {   /* zero or NULL: from the model card beside the weights, or recognised */
    const char *arch;        /* architecture name */
    const char *labels_path; /* text file, one label a line */
    const char *layer;       /* default layer of class activation maps */
    int32_t height, width;   /* input size */
    int32_t depth;           /* of a network for volumes; 0 with a height: as the height */
    const float *mean, *std; /* one per input channel */
    int32_t resize;          /* shorter side before the centre crop; -1: no resizing */
    bool strict;             /* non-finite weights are an error */
    const char *output;      /* of a network with several: which one is explained; NULL: the card's or the first */
    const char *axes;        /* of NIfTI volumes, "xyz" or "zyx"; NULL: the card's, or xyz */
    bool pre_activation;     /* scores before a final softmax, log_softmax or sigmoid instead of what comes out of it */
    bool multi_label;        /* classes do not exclude each other: probabilities are sigmoids, not a softmax */
};

/* `name`: a .safetensors path, the name of an installed model, or "recipe:ARCH" (an architecture with weights computed
 * from names, for tests). Reads the card and the header of the weight file only. `p` may be NULL. File. */
LIMN_API limn_status limn_model_open(limn_context *ctx, const char *name, const struct limn_model_params *p,
                                     limn_model **out, limn_error *err);
LIMN_API void limn_model_close(limn_model **m);

struct limn_model_info { /* strings belong to the model; "" where the card says nothing, `arch` also when it is unknown:
                          * such a model can be listed but not run */
    const char *name;    /* as given to limn_model_open */
    const char *path;    /* of the weights; "" for a recipe */
    const char *arch, *title, *licence, *origin, *trained_on;
    const char *default_layer;
    int32_t channels, height, width;
    int32_t depth;                /* 0: the network takes pictures; else volumes, see <limn/volume.h> */
    float mean[4], std[4], range; /* x = (v * range - mean) / std for v in [0,1] */
    int32_t n_classes;
    bool has_labels;
    uint64_t params;    /* trainable; elements of all tensors when the architecture is unknown */
    const char *output; /* the chosen one */
    const char *scores; /* how a probability comes of a score: "softmax", "sigmoid"; "probability", "log-probability":
                         * the network ends in one */
    bool single_score;  /* one score s means two classes: 0 "no" (score -s) and 1 "yes" (s), also called "-" and "+" */
};
LIMN_API limn_status limn_model_describe(const limn_model *m, struct limn_model_info *out, limn_error *err);

/* Name of output i; NULL past the last. Quick. */
LIMN_API const char *limn_model_output_name(const limn_model *m, size_t i);

/* SHA-256 of the weight file in hex, computed once; "" for a recipe; NULL with `err` set on failure. File. */
LIMN_API const char *limn_model_sha256(limn_model *m, limn_error *err);

/* One line about weights that are not finite, known once a run has read them; NULL when there is nothing to say. Quick.
 */
LIMN_API const char *limn_model_warning(const limn_model *m);

/* Label of class k; "class 12" style text is not made up: NULL without labels or out of range. Quick. */
LIMN_API const char *limn_model_label(const limn_model *m, int32_t k);

/* Class by index or label (case-insensitive; a part is enough when it is unique), "+" or "-" of a single score.
 * LIMN_ERR_NOT_FOUND with a suggestion. */
LIMN_API limn_status limn_model_find_class(limn_model *m, const char *text, int32_t *out, limn_error *err);

struct limn_layer_info {
    const char *name;     /* module path, "layer4.2.conv1" */
    const char *op;       /* "conv2d", ...; "" for a container */
    int32_t rank, dim[5]; /* output for one image */
    uint64_t params;
    bool is_default;
};
/* All layers in order of execution; the list belongs to the model. */
LIMN_API limn_status limn_model_layers(limn_model *m, const struct limn_layer_info **list, size_t *n, limn_error *err);

struct limn_model_entry {
    char name[64], title[128], path[512], licence[128];
    uint64_t bytes;
};
/* Installed models, looked for in $LIMN_MODELS, the XDG data folder and the installation. File. */
LIMN_API limn_status limn_model_list(struct limn_model_entry **list, size_t *n, limn_error *err);
LIMN_API void limn_model_list_free(struct limn_model_entry **list);

struct limn_tensor_info {
    char name[200];
    char type[8]; /* "F32" */
    int32_t rank;
    int64_t dim[8];
    uint64_t bytes;
};
/* The tensors of a weight file, also when limn knows no architecture for it. File. */
LIMN_API limn_status limn_weights_list(const char *path, struct limn_tensor_info **list, size_t *n, limn_error *err);
LIMN_API void limn_weights_list_free(struct limn_tensor_info **list);
/* Writes the tensors of a weight file (a PyTorch checkpoint, or safetensors) as safetensors: same names, types and
 * bytes, one tensor in memory at a time. The file appears whole or not at all; `force` replaces an existing one.
 * File. */
LIMN_API limn_status limn_weights_convert(const char *from, const char *to, bool force, limn_error *err);

/* ---------------------------------------------------------------- pictures */

typedef struct limn_image limn_image;

struct limn_image_params {
    uint64_t max_pixels; /* 0: 64 million */
    bool lenient;        /* accept a truncated file; the missing part is black */
};
/* PNG, JPEG, GIF (first frame) or, where libtiff is built in, TIFF; told by content. `p` may be NULL. File. */
LIMN_API limn_status limn_image_load(const char *path, const struct limn_image_params *p, limn_image **out,
                                     limn_error *err);
/* A copy of 3 * width * height bytes. Quick. */
LIMN_API limn_status limn_image_create(int32_t width, int32_t height, const uint8_t *rgb, limn_image **out,
                                       limn_error *err);
LIMN_API void limn_image_destroy(limn_image **image);
LIMN_API int32_t limn_image_width(const limn_image *image);      /* 0 for NULL */
LIMN_API int32_t limn_image_height(const limn_image *image);     /* 0 for NULL */
LIMN_API const uint8_t *limn_image_rgb(const limn_image *image); /* NULL for NULL */

/* ---------------------------------------------------------------- tables (quick; the pointers live for ever) */

enum limn_map_kind {
    LIMN_MAP_CAM,      /* [(d,)h,w] at the layer's resolution, after the ReLU, not normalised */
    LIMN_MAP_GRADIENT, /* [C,(D,)H,W], signed, at input resolution */
};
struct limn_method_info {
    const char *name, *title, *doc; /* "gradcam", "Grad-CAM", one sentence */
    enum limn_map_kind kind;
    bool uses_layer;
    const char *unit; /* of a map's numbers: "score", "score per input" */
};
LIMN_API size_t limn_method_count(void);
/* Row i, or LIMN_ERR_ARG; likewise below. */
LIMN_API limn_status limn_method_info(size_t i, struct limn_method_info *out, limn_error *err);

struct limn_colormap_info {
    const char *name, *doc;
    bool diverging;
};
LIMN_API size_t limn_colormap_count(void);
LIMN_API limn_status limn_colormap_info(size_t i, struct limn_colormap_info *out, limn_error *err);

struct limn_view_info {
    const char *name, *doc;
    const char *const *methods; /* methods that must be among those explained, or NULL */
    size_t n_methods;
    bool per_method; /* one picture a method; false: one picture for all */
};
LIMN_API size_t limn_view_count(void);
LIMN_API limn_status limn_view_info(size_t i, struct limn_view_info *out, limn_error *err);

/* ---------------------------------------------------------------- explain */

typedef struct limn_explanation limn_explanation;
typedef struct limn_volume limn_volume; /* see <limn/volume.h> */

struct limn_tensor { /* float32, row-major */
    int32_t rank, dim[5];
    const float *data;
};

struct limn_explain_params {         /* zero or NULL: the default of each field */
    const limn_image *const *images; /* n_images pictures, any sizes ... */
    size_t n_images;
    const limn_volume *const *volumes; /* ... or volumes, for a network that takes them ... */
    size_t n_volumes;
    const struct limn_tensor *tensor; /* ... or one preprocessed tensor [N,C,(D,)H,W] (or without N) instead */
    const char *const *methods;       /* names; none: classify only */
    size_t n_methods;
    const char *const *layers; /* names or "auto"; none: the model's default layer. Several are combined */
    size_t n_layers;
    const char *const *classes; /* each an index, a label or "topN"; none: "top1" */
    size_t n_classes;
    const char *const *image_classes; /* instead: one text for each image, likewise */
    size_t n_image_classes;
    int32_t batch; /* images in one pass; 0: chosen for the device. Halved until it fits */
    uint64_t seed; /* of methods that draw random numbers; also recorded in saved pictures */
    bool (*step)(void *user, double done, const char *what); /* done in [0,1]; false cancels: LIMN_CANCELLED */
    void *user;
};

/* Runs the network on all pictures and every method for every class. The plan of the last request is kept by the model,
 * so that a like request (same methods, layers and batch) starts at once. Device. */
LIMN_API limn_status limn_explain(limn_model *m, const struct limn_explain_params *p, limn_explanation **out,
                                  limn_error *err);
LIMN_API void limn_explanation_destroy(limn_explanation **e);

/* Accessors (quick). `image` counts 0 .. limn_explanation_count - 1; `cls` counts the classes explained for that image,
 * not the network's; `method` counts the methods of the request ("all" expanded). NULL or out of range: 0, -1 or NULL.
 */
LIMN_API size_t limn_explanation_count(const limn_explanation *e);
LIMN_API size_t limn_explanation_class_count(const limn_explanation *e, size_t image);
LIMN_API int32_t limn_explanation_class(const limn_explanation *e, size_t image, size_t cls);
LIMN_API size_t limn_explanation_method_count(const limn_explanation *e);
LIMN_API const char *limn_explanation_method(const limn_explanation *e, size_t method);
/* Names of the layers used, joined by ",". */
LIMN_API const char *limn_explanation_layers(const limn_explanation *e);
/* n_classes of the model numbers: scores; probabilities by limn_model_info.scores; classes by falling score. */
LIMN_API const float *limn_explanation_logits(const limn_explanation *e, size_t image);
LIMN_API const float *limn_explanation_probabilities(const limn_explanation *e, size_t image);
LIMN_API const int32_t *limn_explanation_ranking(const limn_explanation *e, size_t image);
/* The picture as the network saw it: resized and cropped to the input size; of a volume its middle slice. */
LIMN_API const limn_image *limn_explanation_picture(const limn_explanation *e, size_t image);

struct limn_which { /* one map of an explanation */
    size_t image, cls, method;
};
/* The raw map: [(d,)h,w] or [C,(D,)H,W]; out->data belongs to the explanation. */
LIMN_API limn_status limn_explanation_map(const limn_explanation *e, struct limn_which which, struct limn_tensor *out,
                                          limn_error *err);

struct limn_stats {
    double plan_ms;     /* building the plan, weights and pipelines; 0 when an earlier plan served */
    double forward_ms;  /* wall time of all forward passes of this request */
    double backward_ms; /* likewise backward */
    double device_ms;   /* of the last run by the device's clock; 0 where unknown */
    uint64_t activation_bytes, weight_bytes;
    uint32_t n_dispatch;
    double flops;  /* of one pass over the batch */
    int32_t batch; /* used */
};
LIMN_API limn_status limn_explanation_stats(const limn_explanation *e, struct limn_stats *out, limn_error *err);

/* ---------------------------------------------------------------- render and save */

struct limn_render_params {
    const char *view;     /* NULL: "auto" */
    const char *colormap; /* NULL: the view's own */
    double opacity;       /* of the heat over the picture, 0 < opacity <= 1; 0: the view's own (0.5) */
    int32_t blur_px;      /* box blur of the heat map, 0: none */
};
/* One map (or, for a view with per_method false, all of that image and class) as a picture. `p` may be NULL. */
LIMN_API limn_status limn_render(const limn_explanation *e, struct limn_which which, const struct limn_render_params *p,
                                 limn_image **out, limn_error *err);

enum limn_save_flag {
    LIMN_SAVE_FORCE = 1, /* replace an existing file */
    LIMN_SAVE_STRIP = 2, /* without the text chunks about where the picture comes from */
};
/* Writes PNG through a temporary file and a rename; an existing path is LIMN_ERR_IO without LIMN_SAVE_FORCE. File. */
LIMN_API limn_status limn_image_save(const limn_image *picture, const char *path, unsigned flags, limn_error *err);
/* The same with provenance: version, model, model hash, method, layer, class and seed of `which`. */
LIMN_API limn_status limn_explanation_save_png(const limn_explanation *e, struct limn_which which, const char *view,
                                               const limn_image *picture, const char *path, unsigned flags,
                                               limn_error *err);
/* The raw map as .npy, <f4. File. */
LIMN_API limn_status limn_explanation_save_npy(const limn_explanation *e, struct limn_which which, const char *path,
                                               unsigned flags, limn_error *err);

/* A .npy file as a tensor; free *out's data with limn_tensor_free. File. */
LIMN_API limn_status limn_tensor_load(const char *path, struct limn_tensor *out, limn_error *err);
LIMN_API void limn_tensor_free(struct limn_tensor *t);

/* Makes a folder and its parents; an existing one is fine. File. */
LIMN_API limn_status limn_folder_create(const char *path, limn_error *err);
/* A file's bytes under another name: the copy appears whole or not at all; an existing path is LIMN_ERR_IO without
 * LIMN_SAVE_FORCE. File. */
LIMN_API limn_status limn_file_copy(const char *from, const char *to, unsigned flags, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
