/* Pictures of a latent shift: frames, the sheet, the curve, the heat map. Small pictures are enlarged by whole pixels,
 * so that nothing is seen that the network did not have, unless `smooth` asks for interpolation. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/shift.h"
#include "image/plot.h"

#define WANTED_PX 224
#define SHEET_FRAMES 8
#define SHEET_COLUMNS 5

limn_status pixels_to_image(const float *chw, const struct shape *s, struct image *out, limn_error *err)
{
    const int32_t channels = s->dim[1], height = s->dim[2], width = s->dim[3];
    const size_t plane = (size_t)height * (size_t)width;
    if (channels != 1 && channels != 3) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "a picture of %d channels (expected 1 or 3)", channels);
    }
    limn_status st = image_init(out, width, height, err);
    for (size_t i = 0; st == LIMN_OK && i < 3 * plane; i++) {
        float v = chw[(channels == 3 ? i % 3 : 0) * plane + i / 3];
        out->rgb[i] = (uint8_t)lrintf(255.0f * (v > 0 ? v < 1 ? v : 1 : 0)); /* NaN is black */
    }
    return st;
}

/* Takes `in` over. */
static limn_status enlarge(struct image *in, const struct limn_shift_draw *d, struct image *out, limn_error *err)
{
    int32_t side = in->width > in->height ? in->width : in->height;
    int32_t zoom = d->zoom > 0 ? d->zoom : side < WANTED_PX ? WANTED_PX / side : 1;
    if (zoom == 1) {
        *out = *in;
        *in = (struct image){0};
        return LIMN_OK;
    }
    if ((int64_t)side * zoom > 16384) {
        return err_set(err, LIMN_ERR_ARG, "%d pixels enlarged %d times (expected at most 16384)", side, zoom);
    }
    limn_status st = image_resize(in, in->width * zoom, in->height * zoom, d->smooth ? RESIZE_BICUBIC : RESIZE_NEAREST,
                                  false, out, err);
    image_finish(in);
    return st;
}

/* The original at the size of a frame. */
static limn_status original_of(const limn_shift *s, struct image *out, limn_error *err)
{
    const struct image *o = &s->original->im;
    return image_resize(o, s->shape.dim[3], s->shape.dim[2], RESIZE_BILINEAR, true, out, err);
}

static limn_status frame_image(const limn_shift *s, const float *pixels, const struct limn_shift_draw *d,
                               struct image *out, limn_error *err)
{
    struct image small = {0}, original = {0};
    limn_status st = LIMN_OK;
    TRY(pixels_to_image(pixels, &s->shape, &small, err));
    if (d->blend > 0) {
        TRY(original_of(s, &original, err));
        for (size_t i = 0; i < 3 * (size_t)small.width * (size_t)small.height; i++) {
            double v = d->blend * original.rgb[i] + (1 - d->blend) * small.rgb[i];
            small.rgb[i] = (uint8_t)lrint(v);
        }
    }
    TRY(enlarge(&small, d, out, err));
out:
    image_finish(&small);
    image_finish(&original);
    return st;
}

static void copy_into(struct image *to, const struct image *from, int32_t x, int32_t y)
{
    for (int32_t row = 0; row < from->height; row++) {
        memcpy(to->rgb + 3 * ((size_t)(y + row) * (size_t)to->width + (size_t)x),
               from->rgb + 3 * (size_t)row * (size_t)from->width, 3 * (size_t)from->width);
    }
}

static void fill(struct image *im, int32_t y, uint8_t grey)
{
    memset(im->rgb + 3 * (size_t)y * (size_t)im->width, grey, 3 * (size_t)(im->height - y) * (size_t)im->width);
}

static void bar(struct image *im, int32_t x, int32_t y, int32_t width, int32_t height, struct rgb colour)
{
    for (int32_t j = y; j < y + height && j < im->height; j++) {
        for (int32_t i = x; i < x + width && i < im->width; i++) {
            uint8_t *p = im->rgb + 3 * ((size_t)j * (size_t)im->width + (size_t)i);
            p[0] = colour.r;
            p[1] = colour.g;
            p[2] = colour.b;
        }
    }
}

/* One line: the class, its probability, a bar of that length. */
static void caption_line(struct image *im, int32_t y, int32_t scale, const limn_shift *s, int32_t cls, double p,
                         struct rgb colour)
{
    static const struct rgb ink = {38, 38, 42}, back = {228, 228, 232};
    char name[80], text[120], percent[16];
    int32_t gap = 3 * scale, high = text_height(scale);
    class_text(s->classifier, cls, name, sizeof(name));
    snprintf(percent, sizeof(percent), "%.0f %%", 100 * p);
    int32_t right = text_width("100 %", scale), left = im->width * 45 / 100;
    for (size_t n = strlen(name); n > 3 && text_width(name, scale) > left - 2 * gap; n--) {
        name[n - 1] = '\0';
    }
    snprintf(text, sizeof(text), "%s", name);
    text_draw(im, gap, y, scale, ink, text);
    int32_t room = im->width - left - right - 3 * gap;
    bar(im, left, y, room, high, back);
    bar(im, left, y, (int32_t)lrint(room * p), high, colour);
    text_draw(im, im->width - gap - text_width(percent, scale), y, scale, ink, percent);
}

limn_status limn_shift_picture(const limn_shift *s, size_t frame, const struct limn_shift_draw *d, limn_image **out,
                               limn_error *err)
{
    static const struct limn_shift_draw none = {0};
    static const struct rgb blue = {66, 112, 178}, orange = {214, 116, 46};
    API_NEED(s);
    API_NEED(out);
    d = d ? d : &none;
    struct limn_shift_frame f;
    struct image picture = {0}, small = {0}, original = {0};
    limn_image *im = NULL;
    limn_status st = LIMN_OK;
    TRY(limn_shift_frame(s, frame, &f, err));
    TRY(frame_image(s, f.pixels, d, &picture, err));
    if (d->side) {
        TRY(original_of(s, &small, err));
        TRY(enlarge(&small, d, &original, err));
    }
    int32_t scale = picture.width >= 320 ? 2 : 1, gap = d->side ? picture.width / 28 + 2 : 0;
    int32_t line = text_height(scale) + 4 * scale, width = picture.width + (d->side ? original.width + gap : 0);
    im = mem_zalloc(1, sizeof(*im));
    if (!im) {
        TRY(err_nomem(err, sizeof(*im), "a picture"));
    }
    TRY(image_init(&im->im, width, picture.height + (d->caption ? 2 * line + 4 * scale : 0), err));
    fill(&im->im, 0, 255);
    copy_into(&im->im, &picture, width - picture.width, 0);
    if (d->side) {
        copy_into(&im->im, &original, 0, 0);
    }
    if (d->caption) {
        int32_t y = picture.height + 4 * scale;
        caption_line(&im->im, y, scale, s, s->r.from, f.p_from, orange);
        caption_line(&im->im, y + line, scale, s, s->r.to, f.p_to, blue);
    }
    *out = im;
    im = NULL;
out:
    limn_image_destroy(&im);
    image_finish(&picture);
    image_finish(&small);
    image_finish(&original);
    return st;
}

static limn_status take(struct image *im, limn_image **out, limn_error *err)
{
    limn_image *p = mem_zalloc(1, sizeof(*p));
    if (!p) {
        image_finish(im);
        return err_nomem(err, sizeof(*p), "a picture");
    }
    p->im = *im;
    *im = (struct image){0};
    *out = p;
    return LIMN_OK;
}

limn_status limn_shift_heat_picture(const limn_shift *s, const char *kind, const struct limn_shift_draw *d,
                                    limn_image **out, limn_error *err)
{
    static const struct limn_shift_draw none = {0};
    API_NEED(s);
    API_NEED(out);
    d = d ? d : &none;
    struct limn_tensor heat = {0};
    struct image base = {0}, over = {0};
    struct plane small = {0}, large = {0};
    limn_status st = LIMN_OK;
    TRY(limn_shift_heat(s, kind, &heat, err));
    TRY(frame_image(s, s->r.original, d, &base, err));
    small = (struct plane){s->shape.dim[3], s->shape.dim[2], (float *)heat.data};
    TRY(plane_resize(&small, base.width, base.height, d->smooth ? RESIZE_BILINEAR : RESIZE_NEAREST, false, &large,
                     err));
    plane_scale_minmax(&large);
    TRY(overlay_blend(&base, &large, colormap_find("jet"), 0.6, &over, err));
    TRY(take(&over, out, err));
out:
    limn_tensor_free(&heat);
    image_finish(&base);
    image_finish(&over);
    plane_finish(&large);
    return st;
}

/* The cells of a sheet: pictures and their texts. */
struct sheet {
    struct image *image;
    char (*title)[80], (*caption)[120];
    struct panel_cell *cell;
    size_t n;
};

static void sheet_finish(struct sheet *t)
{
    for (size_t i = 0; t->image && i < t->n; i++) {
        image_finish(&t->image[i]);
    }
    mem_free(t->image);
    mem_free(t->title);
    mem_free(t->caption);
    mem_free(t->cell);
}

static limn_status sheet_fill(const limn_shift *s, struct sheet *t, const struct limn_shift_draw *d, const char *heat,
                              limn_error *err)
{
    struct limn_shift_draw plain = *d;
    limn_image *map = NULL;
    struct image small = {0};
    limn_status st = LIMN_OK;
    char to[80];
    size_t shown = t->n - 2;
    class_text(s->classifier, s->r.to, to, sizeof(to));
    plain.side = plain.caption = false;
    TRY(original_of(s, &small, err));
    TRY(enlarge(&small, &plain, &t->image[0], err));
    snprintf(t->title[0], sizeof(t->title[0]), "original");
    snprintf(t->caption[0], sizeof(t->caption[0]), "%.40s %.0f %%", to, 100 * (double)s->r.seen[s->r.to]);
    for (size_t i = 0; i < shown; i++) {
        size_t k = shown > 1 ? (i * (s->r.n - 1) + (shown - 1) / 2) / (shown - 1) : 0;
        const struct shift_frame *f = &s->r.frame[k];
        char top[60];
        TRY(frame_image(s, s->r.picture + k * shape_elems(&s->shape), &plain, &t->image[i + 1], err));
        class_text(s->classifier, f->top, top, sizeof(top));
        snprintf(t->title[i + 1], sizeof(t->title[0]), "%.40s", top);
        snprintf(t->caption[i + 1], sizeof(t->caption[0]), "%.40s %.0f %%", to, 100 * f->p_to);
    }
    TRY(limn_shift_heat_picture(s, heat, &plain, &map, err));
    t->image[t->n - 1] = map->im;
    map->im = (struct image){0};
    snprintf(t->title[t->n - 1], sizeof(t->title[0]), "where it changes");
out:
    image_finish(&small);
    limn_image_destroy(&map);
    return st;
}

limn_status limn_shift_sheet(const limn_shift *s, size_t n, const struct limn_shift_draw *d, const char *heat,
                             limn_image **out, limn_error *err)
{
    static const struct limn_shift_draw none = {0};
    API_NEED(s);
    API_NEED(out);
    d = d ? d : &none;
    n = n > 0 ? n : SHEET_FRAMES;
    n = n < s->r.n ? n : s->r.n;
    struct sheet t = {.n = n + 2};
    struct image sheet = {0};
    char title[200], from[80], to[80];
    limn_status st = LIMN_OK;
    t.image = mem_zalloc(t.n, sizeof(*t.image));
    t.title = mem_zalloc(t.n, sizeof(*t.title));
    t.caption = mem_zalloc(t.n, sizeof(*t.caption));
    t.cell = mem_zalloc(t.n, sizeof(*t.cell));
    if (!t.image || !t.title || !t.caption || !t.cell) {
        TRY(err_nomem(err, t.n * sizeof(*t.image), "a sheet"));
    }
    TRY(sheet_fill(s, &t, d, heat, err));
    for (size_t i = 0; i < t.n; i++) {
        t.cell[i] = (struct panel_cell){
            .image = &t.image[i], .title = t.title[i], .caption = t.caption[i][0] ? t.caption[i] : NULL};
    }
    class_text(s->classifier, s->r.from, from, sizeof(from));
    class_text(s->classifier, s->r.to, to, sizeof(to));
    snprintf(title, sizeof(title), "From %s to %s", from, to);
    int32_t side = t.image[0].width > t.image[0].height ? t.image[0].width : t.image[0].height;
    TRY(panel_compose(title, t.cell, t.n, SHEET_COLUMNS, side, &sheet, err));
    TRY(take(&sheet, out, err));
out:
    image_finish(&sheet);
    sheet_finish(&t);
    return st;
}

limn_status limn_shift_curve(const limn_shift *s, limn_image **out, limn_error *err)
{
    API_NEED(s);
    API_NEED(out);
    char from[80], to[80];
    struct image im = {0};
    limn_status st = LIMN_OK;
    double *v = mem_alloc(3 * s->r.n, sizeof(*v));
    if (!v) {
        return err_nomem(err, 3 * s->r.n * sizeof(*v), "a curve");
    }
    for (size_t i = 0; i < s->r.n; i++) {
        v[i] = s->r.frame[i].lambda;
        v[s->r.n + i] = s->r.frame[i].p_from;
        v[2 * s->r.n + i] = s->r.frame[i].p_to;
    }
    const struct plot_curve curve[] = {{.name = class_text(s->classifier, s->r.from, from, sizeof(from)),
                                        .x = v,
                                        .y = v + s->r.n,
                                        .n = s->r.n,
                                        .dots = true},
                                       {.name = class_text(s->classifier, s->r.to, to, sizeof(to)),
                                        .x = v,
                                        .y = v + 2 * s->r.n,
                                        .n = s->r.n,
                                        .dots = true}};
    const struct plot p = {.title = "Probability along the shift",
                           .x_name = "lambda",
                           .y_name = "probability",
                           .curve = curve,
                           .n_curve = s->r.from == s->r.to ? 1 : 2,
                           .y_min = 0,
                           .y_max = 1};
    TRY(plot_draw(&p, &im, err));
    TRY(take(&im, out, err));
out:
    mem_free(v);
    return st;
}

limn_status limn_shift_save_png(const limn_shift *s, const limn_image *picture, const char *path, unsigned flags,
                                limn_error *err)
{
    API_NEED(s);
    API_NEED(picture);
    API_NEED(path);
    if (flags & LIMN_SAVE_STRIP) {
        return limn_image_save(picture, path, flags, err);
    }
    const struct png_text text[] = {{"Software", "limn " LIMN_VERSION}, {"limn:shift", s->provenance}};
    return image_save_png(path, &picture->im, text, 2, (flags & LIMN_SAVE_FORCE) != 0, err);
}
