/* Explanation methods. Each emits graph nodes: forward is shared, everything runs on the device in one plan.
 *
 * The score of image n is sum_k select[n,k] * logits[n,k] with `select` an input set after the forward pass (one-hot
 * for a class), so one plan serves every class. Sources: METHODS of each file's header. */
#ifndef LIMN_EXPLAIN_EXPLAIN_H
#define LIMN_EXPLAIN_EXPLAIN_H

#include "exec/exec.h"
#include "model/model.h"

enum map_kind {
    MAP_CAM,      /* [N,h,w] at the layer's resolution, after ReLU, not normalised */
    MAP_GRADIENT, /* [N,C,H,W] signed, at input resolution */
};

struct method_site { /* what a method builds on; shared by all methods of a plan */
    struct builder *b;
    value_id input, logits, select; /* [N,C,H,W] [N,K] [N,K] */
    const value_id *layers;         /* target layers, [N,c,h,w] */
    size_t n_layers;
};

struct method {
    const char *name, *title, *doc; /* "gradcam", "Grad-CAM", one sentence with the paper */
    enum map_kind kind;
    bool uses_layer;
    const char *unit; /* of the map's numbers: "score", "score per input" (after normalisation) */
    /* Emits the nodes and returns the map's value; errors are sticky in site->b. */
    value_id (*emit)(const struct method_site *site);
};
size_t method_count(void);
const struct method *method_at(size_t i);
const struct method *method_find(const char *name);
/* LIMN_ERR_NOT_FOUND with a suggestion. */
limn_status method_resolve(const char *name, const struct method **out, limn_error *err);

/* --- plan.c: one explanation plan for a model, a batch size, layers and methods --- */
struct explain_plan;
struct explain_params {
    struct vk_device *device; /* NULL: the reference executor */
    int32_t batch;
    const char *const *layers; /* names; n_layers 0: the default layer */
    size_t n_layers;
    const struct method *const *methods;
    size_t n_methods; /* 0: logits only */
    uint64_t max_memory;
    bool (*step)(void *user, float done); /* called between submissions of each run; false cancels it. May be NULL */
    void *user;                           /* must live as long as the plan */
};
limn_status explain_plan_create(struct model *m, const struct explain_params *p, struct explain_plan **out,
                                limn_error *err);
/* Forward of a batch [N,C,H,W]; logits [N,K] are copied out. */
limn_status explain_forward(struct explain_plan *p, const float *input, float *logits, limn_error *err);
/* Backward for one class per image, on the last forward. */
limn_status explain_backward(struct explain_plan *p, const int32_t *classes, limn_error *err);
/* Shape of method i's map (with N) and its numbers after explain_backward. */
const struct shape *explain_map_shape(const struct explain_plan *p, size_t method);
limn_status explain_map(struct explain_plan *p, size_t method, float *dst, size_t n, limn_error *err);
void explain_plan_stats(const struct explain_plan *p, struct exec_stats *out);
void explain_plan_destroy(struct explain_plan **p);

#endif
