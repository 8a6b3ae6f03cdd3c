/* Pictures in host memory and what limn does to them. Depends on base only.
 *
 * image: 8-bit RGB, interleaved, row-major, top row first (what files hold and screens show).
 * plane: one float channel (a heat map), row-major.
 */
#ifndef LIMN_IMAGE_IMAGE_H
#define LIMN_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct image {
    int32_t width, height;
    uint8_t *rgb; /* 3 * width * height bytes, mem_alloc */
};

struct plane {
    int32_t width, height;
    float *v; /* width * height, mem_alloc */
};

limn_status image_init(struct image *im, int32_t width, int32_t height, limn_error *err); /* black */
void image_finish(struct image *im);
limn_status plane_init(struct plane *p, int32_t width, int32_t height, limn_error *err); /* zeros */
void plane_finish(struct plane *p);

/* ---- decode.c: PNG, JPEG, GIF (first frame), TIFF where libtiff is there, by content, never by extension; limits of
 * untrusted input ---- */
struct decode_limits {
    uint64_t max_pixels; /* 0: 64 Mpx */
    bool lenient;        /* accept a truncated file (the missing part is black) instead of refusing it */
};
/* 16-bit samples are reduced to 8, grey and palette expanded, alpha composed on black... CMYK JPEG converted. EXIF
 * ignored. */
limn_status image_load(const char *path, const struct decode_limits *lim, struct image *out, limn_error *err);
limn_status image_decode(const char *name, const void *data, size_t size, const struct decode_limits *lim,
                         struct image *out, limn_error *err);

/* ---- png_write.c ---- */
struct png_text {
    const char *key, *value; /* Latin-1 keyword, UTF-8 value (iTXt) */
};
limn_status image_save_png(const char *path, const struct image *im, const struct png_text *text, size_t n_text,
                           bool force, limn_error *err);

/* ---- resize.c: half-pixel centres, edges clamped ---- */
enum resize_filter {
    RESIZE_NEAREST,
    RESIZE_BILINEAR,
    RESIZE_BICUBIC
}; /* bicubic: a = -0.5 (antialiased, as PIL), -0.75 else (as OpenCV, torch) */
/* antialias: the filter widens by the scale when shrinking (PIL's rule, reproduced to +-1 of 255 for images). */
limn_status image_resize(const struct image *in, int32_t width, int32_t height, enum resize_filter f, bool antialias,
                         struct image *out, limn_error *err);
limn_status plane_resize(const struct plane *in, int32_t width, int32_t height, enum resize_filter f, bool antialias,
                         struct plane *out, limn_error *err);
/* Cuts a width x height window at the centre (torchvision rounding); parts outside are black. */
limn_status image_center_crop(const struct image *in, int32_t width, int32_t height, struct image *out,
                              limn_error *err);
/* Box blur of odd or even `width` (OpenCV anchoring: width/2, border reflect-101). */
limn_status plane_box_blur(const struct plane *in, int32_t width, struct plane *out, limn_error *err);

/* ---- colormap.c: tables from colormaps.def ---- */
struct colormap {
    const char *name, *doc;
    bool diverging;                       /* 0.5 is neutral */
    void (*at)(double t, uint8_t rgb[3]); /* t in [0,1], clamped */
};
const struct colormap *colormap_find(const char *name); /* NULL when unknown */
size_t colormap_count(void);
const struct colormap *colormap_at(size_t i); /* jet, viridis, bwr, gray, magma, ... */

/* ---- overlay.c ---- */
/* METHODS 2.1: c = max(v,0) - min; c /= 1e-7 + max. All-zero and constant maps become zero. In place. */
void plane_scale_cam(struct plane *p);
/* (v - min) / (max - min), zero when constant. In place. */
void plane_scale_minmax(struct plane *p);
/* v / max|v| in [-1,1], zero when all zero. In place. */
void plane_scale_signed(struct plane *p);
/* show_cam_on_image: h = map[uint8(255*heat)]/255; o = (1-w)h + w*img; o /= max(o); uint8(255*o). heat in [0,1], same
 * size. */
limn_status overlay_cam(const struct image *im, const struct plane *heat, const struct colormap *map,
                        double image_weight, struct image *out, limn_error *err);
/* out = (1-opacity)*img + opacity*map(heat), rounded. */
limn_status overlay_blend(const struct image *im, const struct plane *heat, const struct colormap *map, double opacity,
                          struct image *out, limn_error *err);
/* The notebook recipe: heat resized to the picture, box blur of blur_px (0: none), jet, 0.5*heat + 1.0*img saturating.
 */
limn_status overlay_classic(const struct image *im, const struct plane *heat, int32_t blur_px, struct image *out,
                            limn_error *err);
/* out = heat * img, heat in [0,1]. */
limn_status overlay_multiply(const struct image *im, const struct plane *heat, struct image *out, limn_error *err);
/* The map alone, in colours: heat in [0,1] (sequential) or [-1,1] for a diverging map. */
limn_status plane_render(const struct plane *heat, const struct colormap *map, bool is_signed, struct image *out,
                         limn_error *err);
/* METHODS 2.1 deprocess of a signed [C,H,W] gradient (C = 1 or 3): g-mean; /(std+1e-5); *0.1+0.5; clip; uint8(*255). */
limn_status gradient_deprocess(const float *g, int32_t channels, int32_t height, int32_t width, struct image *out,
                               limn_error *err);

/* ---- text.c: a built-in bitmap font (own drawing), printable ASCII; other characters as '?' ---- */
struct rgb {
    uint8_t r, g, b;
};
void text_draw(struct image *im, int32_t x, int32_t y, int32_t scale, struct rgb colour, const char *text);
int32_t text_width(const char *text, int32_t scale); /* pixels */
int32_t text_height(int32_t scale);

/* ---- panel.c: titled pictures side by side, dark text on white, equal cells, wrapped into `columns` ---- */
struct panel_cell {
    const struct image *image;
    const char *title, *caption; /* NULL: none */
    const struct colormap *bar;  /* a colour bar with the two numbers at its ends; NULL: none */
    double bar_min, bar_max;
};
limn_status panel_compose(const char *title, const struct panel_cell *cells, size_t n, int32_t columns, int32_t cell_px,
                          struct image *out, limn_error *err);

#endif
