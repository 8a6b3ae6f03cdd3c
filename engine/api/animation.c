/* Animations for showing: every frame of a GIF shrunk as it is read, so that a large one takes little memory. */
#include <limn/gif.h>

#include <stdio.h>
#include <string.h>

#include "api/shift.h"
#include "base/file.h"
#include "image/gif.h"
#include "tensor/npy.h"

#define MAX_FILE_BYTES (1u << 30)
#define MAX_FRAME_BYTES (1u << 30)

struct loading {
    struct limn_animation *a;
    const struct limn_animation_params *p;
    size_t cap, bytes;
};

/* The size of a picture within the limits of the request. */
static void fit(const struct limn_animation_params *p, int32_t *width, int32_t *height)
{
    double scale = 1;
    if (p->fit_width > 0 && *width * scale > p->fit_width) {
        scale = (double)p->fit_width / *width;
    }
    if (p->fit_height > 0 && *height * scale > p->fit_height) {
        scale = (double)p->fit_height / *height;
    }
    *width = (int32_t)(*width * scale + 0.5) > 1 ? (int32_t)(*width * scale + 0.5) : 1;
    *height = (int32_t)(*height * scale + 0.5) > 1 ? (int32_t)(*height * scale + 0.5) : 1;
}

static limn_status grow(struct loading *l, limn_error *err)
{
    const size_t cap = l->cap == 0 ? 16 : 2 * l->cap;
    limn_image **frame = mem_realloc(l->a->frame, cap, sizeof(*frame));
    if (frame == NULL) {
        return err_nomem(err, cap * sizeof(*frame), "frames");
    }
    l->a->frame = frame;
    double *seconds = mem_realloc(l->a->seconds, cap, sizeof(*seconds));
    if (seconds == NULL) {
        return err_nomem(err, cap * sizeof(*seconds), "frames");
    }
    l->a->seconds = seconds;
    l->cap = cap;
    return LIMN_OK;
}

static limn_status add_frame(struct loading *l, const struct image *canvas, double seconds, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct limn_animation *a = l->a;
    int32_t w = canvas->width, h = canvas->height;
    limn_image *image = NULL;
    fit(l->p, &w, &h);
    l->bytes += (size_t)w * (size_t)h * 3;
    if (l->bytes > MAX_FRAME_BYTES) {
        return err_set(err, LIMN_ERR_FORMAT, "frames take more than %u MiB", MAX_FRAME_BYTES >> 20);
    }
    if (a->n == l->cap) {
        TRY(grow(l, err));
    }
    if (w == canvas->width && h == canvas->height) {
        TRY(limn_image_create(w, h, canvas->rgb, &image, err));
    } else {
        image = mem_zalloc(1, sizeof(*image));
        if (image == NULL) {
            TRY(err_nomem(err, sizeof(*image), "a frame"));
        }
        TRY(image_resize(canvas, w, h, RESIZE_BILINEAR, true, &image->im, err));
    }
    a->frame[a->n] = image;
    a->seconds[a->n++] = seconds;
    image = NULL;
out:
    mem_free(image);
    return st;
}

static limn_status on_frame(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *err)
{
    return add_frame(user, canvas, f->delay_cs > 1 ? f->delay_cs / 100.0 : 0.1, err); /* 0 and 1: as browsers do */
}

static limn_status read_gif(struct loading *l, const char *path, const void *data, size_t size, limn_error *err)
{
    struct gif_info info = {0};
    const struct gif_limits lim = {.max_pixels = l->p->image.max_pixels, .lenient = l->p->image.lenient};
    limn_status st = gif_read(path, data, size, &lim, on_frame, l, &info, err);
    if (st == LIMN_OK) {
        l->a->width = info.width;
        l->a->height = info.height;
        l->a->loops = info.loops;
        snprintf(l->a->comment, sizeof l->a->comment, "%s", info.comment);
    }
    if (st == LIMN_OK && l->a->n == 1) {
        l->a->seconds[0] = 0;
    }
    return st;
}

static limn_status read_picture(struct loading *l, const char *path, const void *data, size_t size, limn_error *err)
{
    const struct decode_limits lim = {.max_pixels = l->p->image.max_pixels, .lenient = l->p->image.lenient};
    struct image im = {0};
    limn_status st = image_decode(path, data, size, &lim, &im, err);
    if (st == LIMN_OK) {
        l->a->width = im.width;
        l->a->height = im.height;
        l->a->loops = 1;
        st = add_frame(l, &im, 0, err);
        image_finish(&im);
    }
    return st;
}

limn_status limn_animation_load(const char *path, const struct limn_animation_params *p, struct limn_animation **out,
                                limn_error *err)
{
    static const struct limn_animation_params none = {0};
    limn_status st = LIMN_OK;
    void *data = NULL;
    size_t size = 0;
    struct limn_animation *a = NULL;
    API_NEED(path);
    API_NEED(out);
    TRY(file_read_all(path, MAX_FILE_BYTES, &data, &size, err));
    a = mem_zalloc(1, sizeof(*a));
    if (a == NULL) {
        TRY(err_nomem(err, sizeof(*a), "an animation"));
    }
    struct loading l = {.a = a, .p = p != NULL ? p : &none};
    TRY(size >= 4 && memcmp(data, "GIF8", 4) == 0 ? read_gif(&l, path, data, size, err)
                                                  : read_picture(&l, path, data, size, err));
    *out = a;
    a = NULL;
out:
    mem_free(data);
    limn_animation_free(&a);
    return st;
}

limn_status limn_animation_load_frames(const char *path, double seconds, struct limn_animation **out, limn_error *err)
{
    enum { ENDS = 8 }; /* the first and the last frame are shown so many times as long */
    static const struct limn_animation_params none = {0};
    limn_status st = LIMN_OK;
    struct tensor t = {0};
    struct image one = {0};
    struct limn_animation *a = NULL;
    API_NEED(path);
    API_NEED(out);
    TRY(npy_read(path, &t, err));
    const int32_t *d = t.shape.dim;
    if (t.shape.rank != 4 || (d[1] != 1 && d[1] != 3) || shape_elems(&t.shape) == 0) {
        char text[SHAPE_TEXT_MAX];
        st = err_set(err, LIMN_ERR_SHAPE, "%s: array of %s (expected frames x 1 or 3 channels x height x width)", path,
                     shape_text(&t.shape, text));
        goto out;
    }
    a = mem_zalloc(1, sizeof(*a));
    if (a == NULL) {
        TRY(err_nomem(err, sizeof(*a), "an animation"));
    }
    struct loading l = {.a = a, .p = &none};
    for (int32_t i = 0; i < d[0]; i++) {
        const size_t size = shape_elems(&t.shape) / (size_t)d[0];
        TRY(pixels_to_image(t.data + (size_t)i * size, &t.shape, &one, err));
        TRY(add_frame(&l, &one, i == 0 || i + 1 == d[0] ? ENDS * seconds : seconds, err));
        image_finish(&one);
    }
    a->width = d[3];
    a->height = d[2];
    *out = a;
    a = NULL;
out:
    image_finish(&one);
    tensor_finish(&t);
    limn_animation_free(&a);
    return st;
}

void limn_animation_free(struct limn_animation **animation)
{
    if (animation == NULL || *animation == NULL) {
        return;
    }
    for (size_t i = 0; i < (*animation)->n; i++) {
        limn_image_destroy(&(*animation)->frame[i]);
    }
    mem_free((*animation)->frame);
    mem_free((*animation)->seconds);
    mem_free(*animation);
    *animation = NULL;
}
