/* What a view draws from, shared by the files that render. */
#ifndef LIMN_API_SCENE_H
#define LIMN_API_SCENE_H

#include <limn/map.h>

#include "api/api.h"

/* A map of a volume at input resolution, its colours scaled by the whole volume. */
struct heat_volume {
    const struct tensor *map; /* what it was made of */
    int32_t size[3];
    float *heat;      /* [0,1] */
    float *sign;      /* [-1,1] */
    double peak;      /* what 1 of `sign` stands for */
    double low, high; /* likewise 0 and 1 of `heat` */
    double mean, std; /* of the channel sum of a gradient: the deprocess rule */
};

struct scene { /* what a view draws from */
    const limn_explanation *e;
    struct limn_which which;
    const struct explained *item;
    const struct image *picture;
    const struct tensor *map;
    const struct method *method;
    const struct colormap *colormap; /* NULL: the view's own */
    double opacity;                  /* 0: the view's own */
    int32_t blur_px;
    bool is_volume;
    double full;              /* what the end of the colours stands for; 0: the map's own */
    bool bare;                /* a map without a frame round it */
    struct limn_scale *scale; /* filled when it is not NULL */
    struct limn_slice slice;  /* of a volume */
};

struct view {
    const char *name, *doc;
    const char *const *methods;
    size_t n_methods;
    bool per_method;
    limn_status (*draw)(const struct scene *s, struct image *out, limn_error *err);
    bool captions; /* says the class and its probability */
};

/* Draws the view that `d` names (NULL: auto) of one picture, or of one slice of a volume. */
limn_status scene_render(const limn_explanation *e, struct limn_which which, const struct limn_drawing *d,
                         limn_image **out, struct limn_scale *scale, limn_error *err);
/* A scene of that map; `cut` holds the slice of a volume and is to be finished. */
limn_status scene_open(const limn_explanation *e, struct limn_which which, const struct limn_drawing *d,
                       struct image *cut, struct scene *out, limn_error *err);
/* Heat in [0,1], or [-1,1] with the number that 1 stands for, at the picture's size. */
limn_status scene_heat(const struct scene *s, struct plane *out, limn_error *err);
limn_status scene_signed(const struct scene *s, struct plane *out, double *peak, limn_error *err);
/* One number per pixel of a map at its own resolution: a class activation map itself, a gradient's channel sum. */
limn_status scene_plane(const struct scene *s, struct plane *out, limn_error *err);
/* To the picture's size, then the blur that was asked for. Consumes *p. */
limn_status scene_fit(const struct scene *s, struct plane *p, struct plane *out, limn_error *err);

/* ---- floats.c ---- */
limn_status floats_sorted(const float *v, size_t n, float **out, limn_error *err); /* a rising copy; mem_free */
/* Cuts values above the 99th percentile, so that a few hot pixels do not darken everything else. */
limn_status floats_clip(float *v, size_t n, limn_error *err);

/* ---- volume_heat.c ---- */
/* The heat of s->map; kept by the explanation until another map is drawn. */
limn_status heat_volume_get(const struct scene *s, const struct heat_volume **out, limn_error *err);
void slice_cut(const float *v, const int32_t size[3], struct limn_slice slice, float *dst);
/* Height and width of a slice. */
void slice_size(const int32_t size[3], int32_t axis, int32_t *height, int32_t *width);
/* Height and width of its picture: voxels keep their proportions, and small volumes are enlarged. */
void slice_pixels(const struct volume *v, int32_t axis, int32_t *height, int32_t *width);
/* Heat in [0,1], signed heat, and the grey-centred gradient picture of the scene's slice, at the picture's size. */
limn_status slice_heat(const struct scene *s, bool is_signed, struct plane *out, double *peak, limn_error *err);
limn_status slice_gradient(const struct scene *s, struct image *out, limn_error *err);
/* The volume's slice in grey. */
limn_status slice_picture(const struct explained *x, struct limn_slice slice, struct image *out, limn_error *err);
/* The slice across `axis` (-1: any) with the largest mean magnitude of the map. */
limn_status slice_strongest(const struct scene *s, int32_t axis, struct limn_slice *out, limn_error *err);

#endif
