/* limn: raw maps that were stored, drawn again without the network. The rules of <limn/limn.h> hold here too.
 *
 * `limn explain --maps` writes each map as it is and, beside them, the picture (or volume) as the network saw it. The
 * two make an explanation again, which limn_render draws to the same pixels as the one that it was saved from. */
#ifndef LIMN_MAP_H
#define LIMN_MAP_H

#include <limn/volume.h>

#ifdef __cplusplus
extern "C" {
#endif

struct limn_stored_map {
    const char *map;   /* .npy: [h,w] or [C,H,W], of a volume [d,h,w] or [C,D,H,W]; numbers that are not finite count
                        * as 0 */
    const char *input; /* the picture, or the volume as .npy [C,D,H,W]; NULL: black, of the map's proportions */
    const limn_image *picture; /* instead of `input`; copied */
    const char *method;        /* that made it; NULL: told by the shape */
    int32_t cls;               /* -1: unknown */
};
/* An explanation of one input, class and method, without a model, scores and probabilities: for limn_render (all views
 * of one map but "panel"), limn_render_slice, limn_explanation_map, limn_explanation_picture and what follows. A file
 * that does not fit the method is LIMN_ERR_SHAPE. File. */
LIMN_API limn_status limn_explanation_load(const struct limn_stored_map *p, limn_explanation **out, limn_error *err);

/* The picture as the network saw it, as PNG, or the volume as .npy [C,D,H,W]: what `input` above wants. File. */
LIMN_API limn_status limn_explanation_save_input(const limn_explanation *e, size_t image, const char *path,
                                                 unsigned flags, limn_error *err);
/* The picture as a network sees it, resized and cropped: what a map lies on whose input was not stored. Quick. */
LIMN_API limn_status limn_model_picture(const limn_model *m, const limn_image *image, limn_image **out,
                                        limn_error *err);
/* Size of the volume; all 0 of a picture. */
LIMN_API void limn_explanation_volume_size(const limn_explanation *e, size_t image, int32_t size[3]);

/* What the colours of a picture mean: `low` has the colour map's colour at 0, `high` the one at 1. */
struct limn_scale {
    double low, high;
    bool diverging;       /* 0 is in the middle */
    const char *colormap; /* NULL: the picture shows no map */
    const char *unit;     /* "score", "score per input", "of full scale" */
};

struct limn_drawing {
    struct limn_render_params render; /* the view is one of one map */
    bool bare;                        /* no frame, title or bar is drawn round a map (view "signed") */
    const struct limn_slice *slice;   /* of a volume; NULL: the strongest across axis 0 */
    double full; /* the number that the colours' end stands for, so that maps can be compared; 0: each map's own. Not
                  * for volumes and not for the grey-centred pictures of gradients; `scale` says what was drawn */
};
/* limn_render or limn_render_slice, and what the colours mean. `d` and `scale` may be NULL. Quick. */
LIMN_API limn_status limn_draw(const limn_explanation *e, struct limn_which which, const struct limn_drawing *d,
                               limn_image **out, struct limn_scale *scale, limn_error *err);
/* Map a minus map b over no picture, in a diverging colour map (render.view is not looked at): maps of one method and
 * resolution in their own unit, others as parts of each one's full scale. Both are of one size of input. Quick. */
LIMN_API limn_status limn_draw_difference(const limn_explanation *a, struct limn_which which_a,
                                          const limn_explanation *b, struct limn_which which_b,
                                          const struct limn_drawing *d, limn_image **out, struct limn_scale *scale,
                                          limn_error *err);
/* The largest difference of a channel |a - b| of each pixel, in colours; `full` (of 255) has the colour at 1, 0: the
 * largest that there is. Both are of one size; colormap NULL: "inferno". `scale` may be NULL. Quick. */
LIMN_API limn_status limn_image_difference(const limn_image *a, const limn_image *b, double full, const char *colormap,
                                           limn_image **out, struct limn_scale *scale, limn_error *err);

struct limn_agreement {
    double pearson;  /* correlation, -1 to 1; NaN when one map is constant; likewise the next */
    double spearman; /* of the ranks */
    double overlap;  /* of the hottest tenths: the pixels in both among those in either, 0 to 1; NaN: both are all 0 */
};
/* How alike two maps are, as the heat that is drawn of them at the size of a's input (b's is resized to it). Of a
 * volume in one slice. `d` (may be NULL) says the slice and the blur. Quick. */
LIMN_API limn_status limn_map_agreement(const limn_explanation *a, struct limn_which which_a, const limn_explanation *b,
                                        struct limn_which which_b, const struct limn_drawing *d,
                                        struct limn_agreement *out, limn_error *err);

/* Colour of a colour map at t in [0,1] (clamped). LIMN_ERR_NOT_FOUND. Quick. */
LIMN_API limn_status limn_colormap_colour(const char *name, double t, uint8_t rgb[3], limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
