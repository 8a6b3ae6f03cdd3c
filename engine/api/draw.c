/* Pictures of maps with what their colours mean, and of differences between maps and between pictures. */
#include <limn/map.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/scene.h"

static const struct limn_drawing plain;

limn_status limn_draw(const limn_explanation *e, struct limn_which which, const struct limn_drawing *d,
                      limn_image **out, struct limn_scale *scale, limn_error *err)
{
    struct limn_scale own = {0};
    API_NEED(e);
    API_NEED(out);
    limn_status st = scene_render(e, which, d ? d : &plain, out, &own, err);
    if (st == LIMN_OK && scale != NULL) {
        *scale = own;
    }
    return st;
}

limn_status limn_colormap_colour(const char *name, double t, uint8_t rgb[3], limn_error *err)
{
    API_NEED(name);
    API_NEED(rgb);
    const struct colormap *map = colormap_find(name);
    if (map == NULL) {
        return err_set(err, LIMN_ERR_NOT_FOUND, "no such colour map");
    }
    map->at(t, rgb);
    return LIMN_OK;
}

/* ---- differences ---- */

static void subtract(struct plane *a, const struct plane *b)
{
    for (size_t i = 0; i < (size_t)a->width * (size_t)a->height; i++) {
        a->v[i] -= b->v[i];
    }
}

/* a - b at the size of the picture, not scaled. Maps of a volume are compared by heat: their scale is the volume's. */
static limn_status difference_plane(const struct scene *a, const struct scene *b, struct plane *out, const char **unit,
                                    limn_error *err)
{
    limn_status st = LIMN_OK;
    struct plane p = {0}, q = {0};
    const bool alike = a->method == b->method && !a->is_volume && shape_equal(&a->map->shape, &b->map->shape);
    *unit = alike ? a->method->unit : "of full scale";
    if (a->picture->width != b->picture->width || a->picture->height != b->picture->height) {
        return err_set(err, LIMN_ERR_SHAPE, "maps over pictures of %d x %d and %d x %d (expected one size)",
                       a->picture->width, a->picture->height, b->picture->width, b->picture->height);
    }
    TRY(alike ? scene_plane(a, &p, err) : scene_heat(a, &p, err));
    TRY(alike ? scene_plane(b, &q, err) : scene_heat(b, &q, err));
    subtract(&p, &q);
    if (alike) {
        TRY(scene_fit(a, &p, out, err));
    } else {
        *out = p;
        p = (struct plane){0};
    }
out:
    plane_finish(&p);
    plane_finish(&q);
    return st;
}

limn_status limn_draw_difference(const limn_explanation *a, struct limn_which which_a, const limn_explanation *b,
                                 struct limn_which which_b, const struct limn_drawing *d, limn_image **out,
                                 struct limn_scale *scale, limn_error *err)
{
    API_NEED(a);
    API_NEED(b);
    API_NEED(out);
    limn_status st = LIMN_OK;
    struct image cut_a = {0}, cut_b = {0};
    struct scene sa = {0}, sb = {0};
    struct plane p = {0};
    const char *unit = NULL;
    double peak = 0.0;
    d = d ? d : &plain;
    limn_image *image = mem_zalloc(1, sizeof(*image));
    if (image == NULL) {
        return err_nomem(err, sizeof(*image), "a picture");
    }
    TRY(scene_open(a, which_a, d, &cut_a, &sa, err));
    struct limn_drawing same = *d;
    same.slice = &sa.slice; /* also when it was the strongest of a */
    TRY(scene_open(b, which_b, &same, &cut_b, &sb, err));
    const struct colormap *map = sa.colormap != NULL && sa.colormap->diverging ? sa.colormap : colormap_find("bwr");
    TRY(difference_plane(&sa, &sb, &p, &unit, err));
    for (size_t i = 0; i < (size_t)p.width * (size_t)p.height; i++) {
        peak = fmax(peak, fabs((double)p.v[i]));
    }
    plane_scale_signed(&p);
    TRY(plane_render(&p, map, true, &image->im, err));
    if (scale != NULL) {
        *scale = (struct limn_scale){-peak, peak, true, map->name, unit};
    }
    *out = image;
    image = NULL;
out:
    limn_image_destroy(&image);
    plane_finish(&p);
    image_finish(&cut_a);
    image_finish(&cut_b);
    return st;
}

limn_status limn_image_difference(const limn_image *a, const limn_image *b, double full, const char *colormap,
                                  limn_image **out, struct limn_scale *scale, limn_error *err)
{
    API_NEED(a);
    API_NEED(b);
    API_NEED(out);
    limn_status st = LIMN_OK;
    struct plane p = {0};
    const struct colormap *map = colormap_find(colormap ? colormap : "inferno");
    limn_image *image = mem_zalloc(1, sizeof(*image));
    if (image == NULL) {
        return err_nomem(err, sizeof(*image), "a picture");
    }
    const int32_t w = a->im.width, h = a->im.height;
    if (w != b->im.width || h != b->im.height || map == NULL) {
        st = map == NULL ? err_set(err, LIMN_ERR_NOT_FOUND, "no such colour map")
                         : err_set(err, LIMN_ERR_SHAPE, "pictures of %d x %d and %d x %d (expected one size)", w, h,
                                   b->im.width, b->im.height);
        goto out;
    }
    TRY(plane_init(&p, w, h, err));
    int most = 0;
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        int largest = 0;
        for (size_t c = 0; c < 3; c++) {
            const int one = abs((int)a->im.rgb[3 * i + c] - (int)b->im.rgb[3 * i + c]);
            largest = one > largest ? one : largest;
        }
        most = largest > most ? largest : most;
        p.v[i] = (float)largest;
    }
    full = full > 0.0 ? full : most > 0 ? most : 1.0;
    for (size_t i = 0; i < (size_t)w * (size_t)h; i++) {
        p.v[i] = (float)fmin((double)p.v[i] / full, 1.0);
    }
    TRY(plane_render(&p, map, false, &image->im, err));
    if (scale != NULL) {
        *scale = (struct limn_scale){0.0, full, false, map->name, "of 255"};
    }
    *out = image;
    image = NULL;
out:
    limn_image_destroy(&image);
    plane_finish(&p);
    return st;
}
