/* Maps to pictures: one table row per view. A class activation map is scaled at its own low resolution and then
 * enlarged bilinearly (METHODS 2.1); a gradient map is shown by the deprocess rule, and where a view needs one number
 * per pixel, as its channel sum (signed views) or the sum of magnitudes clipped at the 99th percentile (all others).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/scene.h"
#include "base/str.h"

#define CELL_PX 224 /* smallest cell of panels, so that 32-pixel pictures can be read */

static const struct colormap *map_or(const struct scene *s, const char *name)
{
    const struct colormap *map = s->colormap ? s->colormap : colormap_find(name);
    if (s->scale != NULL) {
        s->scale->colormap = map->name;
    }
    return map;
}

/* ---- planes ---- */

/* One number per pixel of a gradient map: the channel sum of g, or of |g|. */
static limn_status channel_sum(const struct tensor *map, bool magnitude, struct plane *out, limn_error *err)
{
    int32_t c = map->shape.dim[0], h = map->shape.dim[1], w = map->shape.dim[2];
    limn_status st = plane_init(out, w, h, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t n = (size_t)h * (size_t)w;
    for (int32_t ch = 0; ch < c; ch++) {
        const float *g = map->data + (size_t)ch * n;
        for (size_t i = 0; i < n; i++) {
            out->v[i] += magnitude ? fabsf(g[i]) : g[i];
        }
    }
    return LIMN_OK;
}

limn_status scene_fit(const struct scene *s, struct plane *p, struct plane *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct plane big = {0};
    TRY(plane_resize(p, s->picture->width, s->picture->height, RESIZE_BILINEAR, false, &big, err));
    if (s->blur_px > 0) {
        TRY(plane_box_blur(&big, s->blur_px, out, err));
    } else {
        *out = big;
        big = (struct plane){0};
    }
out:
    plane_finish(&big);
    plane_finish(p);
    return st;
}

static limn_status low_plane(const struct tensor *map, struct plane *out, limn_error *err)
{
    limn_status st = plane_init(out, map->shape.dim[1], map->shape.dim[0], err);
    if (st == LIMN_OK) {
        memcpy(out->v, map->data, shape_elems(&map->shape) * sizeof(float));
    }
    return st;
}

limn_status scene_plane(const struct scene *s, struct plane *out, limn_error *err)
{
    return s->method->kind == MAP_CAM ? low_plane(s->map, out, err) : channel_sum(s->map, false, out, err);
}

/* What 0 and 1 of the heat stand for; `p` is not scaled yet. */
static void tell_scale(const struct scene *s, const float *v, size_t n)
{
    const bool cam = s->method->kind == MAP_CAM;
    if (s->scale == NULL) {
        return;
    }
    s->scale->unit = s->method->unit;
    for (size_t i = 0; i < n; i++) {
        const double x = cam ? fmax((double)v[i], 0.0) : (double)v[i];
        s->scale->low = i == 0 || x < s->scale->low ? x : s->scale->low;
        s->scale->high = i == 0 || x > s->scale->high ? x : s->scale->high;
    }
}

/* Heat by a scale from outside: 0 is 0, s->full is 1. */
static void scale_to_full(const struct scene *s, struct plane *p)
{
    for (size_t i = 0; i < (size_t)p->width * (size_t)p->height; i++) {
        p->v[i] = (float)fmin(fmax((double)p->v[i], 0.0) / s->full, 1.0);
    }
    if (s->scale != NULL) {
        s->scale->low = 0.0;
        s->scale->high = s->full;
        s->scale->unit = s->method->unit;
    }
}

limn_status scene_heat(const struct scene *s, struct plane *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct plane p = {0};
    if (s->is_volume) {
        TRY(slice_heat(s, false, &p, NULL, err));
    } else if (s->full > 0.0) {
        TRY(s->method->kind == MAP_CAM ? low_plane(s->map, &p, err) : channel_sum(s->map, true, &p, err));
        scale_to_full(s, &p);
    } else if (s->method->kind == MAP_CAM) {
        TRY(low_plane(s->map, &p, err));
        tell_scale(s, p.v, (size_t)p.width * (size_t)p.height);
        plane_scale_cam(&p);
    } else {
        TRY(channel_sum(s->map, true, &p, err));
        TRY(floats_clip(p.v, (size_t)p.width * (size_t)p.height, err));
        tell_scale(s, p.v, (size_t)p.width * (size_t)p.height);
        plane_scale_minmax(&p);
    }
    TRY(scene_fit(s, &p, out, err));
out:
    plane_finish(&p);
    return st;
}

limn_status scene_signed(const struct scene *s, struct plane *out, double *peak, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct plane p = {0};
    if (s->is_volume) {
        TRY(slice_heat(s, true, &p, peak, err));
        return scene_fit(s, &p, out, err); /* the scale is the whole volume's */
    }
    TRY(scene_plane(s, &p, err));
    TRY(scene_fit(s, &p, out, err));
    *peak = 0.0;
    for (size_t i = 0; i < (size_t)out->width * (size_t)out->height; i++) {
        *peak = fmax(*peak, fabs((double)out->v[i]));
    }
    if (s->full > 0.0) {
        *peak = s->full;
        for (size_t i = 0; i < (size_t)out->width * (size_t)out->height; i++) {
            out->v[i] = (float)fmax(fmin((double)out->v[i] / s->full, 1.0), -1.0);
        }
    } else {
        plane_scale_signed(out);
    }
out:
    plane_finish(&p);
    return st;
}

/* ---- views of one map ---- */

static limn_status draw_overlay(const struct scene *s, struct image *out, limn_error *err)
{
    struct plane heat = {0};
    limn_status st = scene_heat(s, &heat, err);
    if (st == LIMN_OK) {
        double weight = s->opacity > 0.0 ? 1.0 - s->opacity : 0.5;
        st = overlay_cam(s->picture, &heat, map_or(s, "jet"), weight, out, err);
    }
    plane_finish(&heat);
    return st;
}

static limn_status blend(const struct scene *s, const char *colormap, struct image *out, limn_error *err)
{
    struct plane heat = {0};
    limn_status st = scene_heat(s, &heat, err);
    if (st == LIMN_OK) {
        st = overlay_blend(s->picture, &heat, map_or(s, colormap), s->opacity > 0.0 ? s->opacity : 0.5, out, err);
    }
    plane_finish(&heat);
    return st;
}

static limn_status draw_blend(const struct scene *s, struct image *out, limn_error *err)
{
    return blend(s, "viridis", out, err);
}

static limn_status draw_classic(const struct scene *s, struct image *out, limn_error *err)
{
    struct scene sharp = *s;
    sharp.blur_px = 0; /* the recipe blurs by itself */
    if (s->scale != NULL) {
        s->scale->colormap = "jet";
    }
    struct plane heat = {0};
    limn_status st = scene_heat(&sharp, &heat, err);
    if (st == LIMN_OK) {
        st = overlay_classic(s->picture, &heat, s->blur_px, out, err);
    }
    plane_finish(&heat);
    return st;
}

static limn_status draw_heatmap(const struct scene *s, struct image *out, limn_error *err)
{
    struct plane heat = {0};
    limn_status st = scene_heat(s, &heat, err);
    if (st == LIMN_OK) {
        st = plane_render(&heat, map_or(s, s->method->kind == MAP_CAM ? "jet" : "gray"), false, out, err);
    }
    plane_finish(&heat);
    return st;
}

static limn_status draw_multiply(const struct scene *s, struct image *out, limn_error *err)
{
    struct plane heat = {0};
    limn_status st = scene_heat(s, &heat, err);
    if (s->scale != NULL) {
        s->scale->colormap = "gray";
    }
    if (st == LIMN_OK) {
        st = overlay_multiply(s->picture, &heat, out, err);
    }
    plane_finish(&heat);
    return st;
}

static limn_status draw_picture(const struct scene *s, struct image *out, limn_error *err)
{
    limn_status st = image_init(out, s->picture->width, s->picture->height, err);
    if (st == LIMN_OK) {
        memcpy(out->rgb, s->picture->rgb, 3 * (size_t)out->width * (size_t)out->height);
    }
    return st;
}

static int32_t cell_px(const struct scene *s)
{
    int32_t side = s->picture->width > s->picture->height ? s->picture->width : s->picture->height;
    return side > CELL_PX ? side : CELL_PX;
}

static limn_status draw_signed(const struct scene *s, struct image *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct plane v = {0};
    struct image flat = {0};
    double peak = 0.0;
    const struct colormap *map = map_or(s, "bwr");
    TRY(scene_signed(s, &v, &peak, err));
    if (s->scale != NULL) {
        s->scale->low = -peak;
        s->scale->high = peak;
        s->scale->diverging = true;
        s->scale->unit = s->method->unit;
    }
    TRY(plane_render(&v, map, true, s->bare ? out : &flat, err));
    if (s->bare) {
        goto out;
    }
    struct panel_cell cell = {.image = &flat, .title = s->method->title, .bar = map, .bar_min = -peak, .bar_max = peak};
    TRY(panel_compose(NULL, &cell, 1, 1, cell_px(s), out, err));
out:
    plane_finish(&v);
    image_finish(&flat);
    return st;
}

/* Black and white of the deprocess rule: five deviations below and above the mean. */
static void tell_deprocess(const struct scene *s)
{
    double sum = 0.0, squares = 0.0;
    const size_t n = s->scale != NULL ? shape_elems(&s->map->shape) : 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)s->map->data[i];
        squares += (double)s->map->data[i] * (double)s->map->data[i];
    }
    if (n > 0) {
        const double mean = sum / (double)n, std = sqrt(fmax(0.0, squares / (double)n - mean * mean));
        *s->scale =
            (struct limn_scale){mean - 5.0 * (std + 1e-5), mean + 5.0 * (std + 1e-5), true, "gray", s->method->unit};
    }
}

static limn_status draw_auto(const struct scene *s, struct image *out, limn_error *err)
{
    if (s->method->kind == MAP_CAM) { /* an overlay is scaled by its own brightest point: slices would not compare */
        return s->is_volume ? blend(s, "jet", out, err) : draw_overlay(s, out, err);
    }
    if (s->is_volume) {
        return slice_gradient(s, out, err);
    }
    const struct shape *shape = &s->map->shape;
    if (shape->dim[0] != 1 && shape->dim[0] != 3) {
        return draw_heatmap(s, out, err); /* the deprocess rule is for grey and colour inputs */
    }
    tell_deprocess(s);
    return gradient_deprocess(s->map->data, shape->dim[0], shape->dim[1], shape->dim[2], out, err);
}

/* ---- sheets ---- */

/* "Samoyed, .89": the label up to its first comma, or "class 12". */
static void class_caption(const struct scene *s, char *buf, size_t size)
{
    int32_t k = s->item->cls[s->which.cls];
    const char *label = limn_model_label(s->e->model, k);
    if (label != NULL) {
        snprintf(buf, size, "%.*s %.1f%%", (int)strcspn(label, ","), label, 100.0 * (double)s->item->prob[k]);
    } else {
        snprintf(buf, size, "class %d %.1f%%", k, 100.0 * (double)s->item->prob[k]);
    }
}

static limn_status draw_panel(const struct scene *s, struct image *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct image heat = {0}, over = {0};
    char caption[160];
    class_caption(s, caption, sizeof(caption));
    bool cam = s->method->kind == MAP_CAM;
    double low = 0.0, high = 0.0;
    if (cam) {
        low = high = s->map->data[0];
        for (size_t i = 0; i < shape_elems(&s->map->shape); i++) {
            low = fmin(low, s->map->data[i]);
            high = fmax(high, s->map->data[i]);
        }
        TRY(draw_heatmap(s, &heat, err));
    } else {
        TRY(draw_auto(s, &heat, err));
    }
    TRY(draw_overlay(s, &over, err));
    struct panel_cell cells[] = {
        {.image = s->picture, .title = "input", .caption = caption},
        {.image = &heat,
         .title = s->method->title,
         .bar = cam ? map_or(s, "jet") : NULL,
         .bar_min = low,
         .bar_max = high},
        {.image = &over, .title = "overlay"},
    };
    TRY(panel_compose(NULL, cells, 3, 3, cell_px(s), out, err));
out:
    image_finish(&heat);
    image_finish(&over);
    return st;
}

/* The picture and the automatic view of the methods in `pick` (indices into the explanation), in `columns`. */
static limn_status compose(const struct scene *s, bool with_input, const size_t *pick, size_t n, int32_t columns,
                           struct image *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    char caption[160];
    class_caption(s, caption, sizeof(caption));
    struct image *drawn = mem_zalloc(n, sizeof(*drawn));
    struct panel_cell *cell = mem_zalloc(n + 1, sizeof(*cell));
    size_t at = 0;
    if (drawn == NULL || cell == NULL) {
        st = err_nomem(err, n * (sizeof(*drawn) + sizeof(*cell)), "a sheet");
        goto out;
    }
    if (with_input) {
        cell[at++] = (struct panel_cell){.image = s->picture, .title = "input", .caption = caption};
    }
    for (size_t i = 0; i < n; i++) {
        struct scene one = *s;
        one.which.method = pick[i];
        one.method = s->e->method[pick[i]];
        one.map = &s->item->map[s->which.cls * s->e->n_method + pick[i]];
        TRY(draw_auto(&one, &drawn[i], err));
        cell[at++] = (struct panel_cell){.image = &drawn[i], .title = one.method->title};
    }
    TRY(panel_compose(with_input ? NULL : caption, cell, at, columns, cell_px(s), out, err));
out:
    for (size_t i = 0; drawn != NULL && i < n; i++) {
        image_finish(&drawn[i]);
    }
    mem_free(drawn);
    mem_free(cell);
    return st;
}

static const char *const figure_methods[] = {"gradcam", "gradient", "guided-backprop", "guided-gradcam"};
#define N_FIGURE (sizeof(figure_methods) / sizeof(figure_methods[0]))

static limn_status draw_figure(const struct scene *s, struct image *out, limn_error *err)
{
    size_t pick[N_FIGURE];
    for (size_t i = 0; i < N_FIGURE; i++) {
        size_t j = 0;
        while (j < s->e->n_method && strcmp(s->e->method[j]->name, figure_methods[i]) != 0) {
            j++;
        }
        if (j == s->e->n_method) {
            return err_set(err, LIMN_ERR_ARG, "view figure: method %s is not among those explained", figure_methods[i]);
        }
        pick[i] = j;
    }
    return compose(s, false, pick, N_FIGURE, 2, out, err);
}

static limn_status draw_sheet(const struct scene *s, struct image *out, limn_error *err)
{
    size_t n = s->e->n_method;
    size_t *pick = mem_alloc(n, sizeof(*pick));
    if (pick == NULL) {
        return err_nomem(err, n * sizeof(*pick), "a sheet");
    }
    for (size_t i = 0; i < n; i++) {
        pick[i] = i;
    }
    int32_t columns = n + 1 <= 4 ? (int32_t)n + 1 : 4;
    limn_status st = compose(s, true, pick, n, columns, out, err);
    mem_free(pick);
    return st;
}

static const struct view views[] = {
    {"auto", "overlay for class activation maps, grey-centred gradient picture otherwise", NULL, 0, true, draw_auto,
     false},
    {"overlay", "heat over the picture, brightest point full scale", NULL, 0, true, draw_overlay, false},
    {"blend", "plain alpha blend of heat and picture", NULL, 0, true, draw_blend, false},
    {"classic", "half the jet heat added to the picture, saturating", NULL, 0, true, draw_classic, false},
    {"heatmap", "the map alone in colours", NULL, 0, true, draw_heatmap, false},
    {"signed", "channel sum from blue (against) to red (for), with its scale", NULL, 0, true, draw_signed, false},
    {"multiply", "the picture, dark where the map is low", NULL, 0, true, draw_multiply, false},
    {"picture", "the picture as the network saw it, without a map", NULL, 0, true, draw_picture, false},
    {"panel", "picture, map and overlay side by side", NULL, 0, true, draw_panel, true},
    {"figure", "Grad-CAM, gradient, guided backprop and guided Grad-CAM in one picture", figure_methods, N_FIGURE,
     false, draw_figure, true},
    {"sheet", "the picture and every method in one labelled sheet", NULL, 0, false, draw_sheet, true},
};
#define N_VIEW (sizeof(views) / sizeof(views[0]))

size_t limn_view_count(void)
{
    return N_VIEW;
}

limn_status limn_view_info(size_t i, struct limn_view_info *out, limn_error *err)
{
    API_NEED(out);
    if (i >= N_VIEW) {
        return err_set(err, LIMN_ERR_ARG, "view index (found %zu, expected below %zu)", i, N_VIEW);
    }
    *out =
        (struct limn_view_info){views[i].name, views[i].doc, views[i].methods, views[i].n_methods, views[i].per_method};
    return LIMN_OK;
}

limn_status view_resolve(const char *name, const struct view **out, limn_error *err)
{
    const char *names[N_VIEW];
    for (size_t i = 0; i < N_VIEW; i++) {
        names[i] = views[i].name;
        if (strcmp(name, views[i].name) == 0) {
            *out = &views[i];
            return LIMN_OK;
        }
    }
    const char *near = str_closest(name, names, N_VIEW);
    char safe[64];
    str_escape(safe, sizeof(safe), name);
    return err_set(err, LIMN_ERR_NOT_FOUND, "no view \"%s\"%s%s%s", safe, near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

static limn_status resolve_colormap(const char *name, const struct colormap **out, limn_error *err)
{
    *out = name ? colormap_find(name) : NULL;
    if (name == NULL || *out != NULL) {
        return LIMN_OK;
    }
    const char *near = NULL;
    const char **names = mem_alloc(colormap_count(), sizeof(*names));
    for (size_t i = 0; names != NULL && i < colormap_count(); i++) {
        names[i] = colormap_at(i)->name;
    }
    near = names ? str_closest(name, names, colormap_count()) : NULL;
    mem_free(names);
    char safe[64];
    str_escape(safe, sizeof(safe), name);
    return err_set(err, LIMN_ERR_NOT_FOUND, "no colour map \"%s\"%s%s%s", safe, near ? "; did you mean " : "",
                   near ? near : "", near ? "?" : "");
}

static limn_status draw(const struct view *view, const struct scene *s, limn_image **out, limn_error *err)
{
    limn_image *image = mem_zalloc(1, sizeof(*image));
    if (image == NULL) {
        return err_nomem(err, sizeof(*image), "a picture");
    }
    limn_status st = view->draw(s, &image->im, err);
    if (st != LIMN_OK) {
        mem_free(image); /* a failed draw leaves no pixels behind */
        return st;
    }
    *out = image;
    return LIMN_OK;
}

limn_status scene_open(const limn_explanation *e, struct limn_which which, const struct limn_drawing *d,
                       struct image *cut, struct scene *out, limn_error *err)
{
    limn_status st = LIMN_OK;
    const struct limn_render_params *p = &d->render;
    if (!(d->full >= 0.0 && d->full < INFINITY)) {
        return err_set(err, LIMN_ERR_ARG, "full scale (found %g, expected at least 0)", d->full);
    }
    if (!(p->opacity >= 0.0 && p->opacity <= 1.0)) {
        return err_set(err, LIMN_ERR_ARG, "opacity (found %g, expected 0 to 1)", p->opacity);
    }
    TRY(api_check_which(e, which, err));
    const struct explained *item = &e->item[which.image];
    struct scene s = {.e = e,
                      .which = which,
                      .item = item,
                      .picture = &item->picture->im,
                      .map = &item->map[which.cls * e->n_method + which.method],
                      .method = e->method[which.method],
                      .opacity = p->opacity,
                      .blur_px = p->blur_px,
                      .is_volume = item->volume.v != NULL,
                      .full = d->full,
                      .bare = d->bare};
    TRY(resolve_colormap(p->colormap, &s.colormap, err));
    if (s.is_volume) {
        s.slice = d->slice != NULL ? *d->slice : (struct limn_slice){0};
        TRY(d->slice == NULL ? slice_strongest(&s, 0, &s.slice, err) : LIMN_OK);
        TRY(slice_picture(s.item, s.slice, cut, err));
        s.picture = cut;
    }
    *out = s;
out:
    return st;
}

limn_status scene_render(const limn_explanation *e, struct limn_which which, const struct limn_drawing *d,
                         limn_image **out, struct limn_scale *scale, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct image cut = {0};
    struct scene s = {0};
    const struct view *view = &views[0];
    TRY(d->render.view ? view_resolve(d->render.view, &view, err) : LIMN_OK);
    TRY(scene_open(e, which, d, &cut, &s, err));
    if (e->model == NULL && view->captions) {
        st = err_set(err, LIMN_ERR_ARG, "view %s: not of a stored map: its probabilities are not known", view->name);
        goto out;
    }
    s.scale = scale;
    TRY(draw(view, &s, out, err));
out:
    image_finish(&cut);
    return st;
}

limn_status limn_render(const limn_explanation *e, struct limn_which which, const struct limn_render_params *p,
                        limn_image **out, limn_error *err)
{
    API_NEED(e);
    API_NEED(out);
    const struct limn_drawing d = {.render = p ? *p : (struct limn_render_params){0}};
    return scene_render(e, which, &d, out, NULL, err);
}
