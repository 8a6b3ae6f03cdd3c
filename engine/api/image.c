/* Pictures and tensors at the border: argument checks and ownership, then one call down. */
#include <string.h>

#include "api/api.h"
#include "base/checked.h"
#include "base/file.h"
#include "tensor/npy.h"

limn_status limn_image_load(const char *path, const struct limn_image_params *p, limn_image **out, limn_error *err)
{
    API_NEED(path);
    API_NEED(out);
    struct decode_limits lim = {0};
    if (p != NULL) {
        lim.max_pixels = p->max_pixels;
        lim.lenient = p->lenient;
    }
    limn_image *image = mem_zalloc(1, sizeof(*image));
    if (image == NULL) {
        return err_nomem(err, sizeof(*image), "a picture");
    }
    limn_status st = image_load(path, &lim, &image->im, err);
    if (st != LIMN_OK) {
        mem_free(image);
        return st;
    }
    *out = image;
    return LIMN_OK;
}

limn_status limn_image_create(int32_t width, int32_t height, const uint8_t *rgb, limn_image **out, limn_error *err)
{
    API_NEED(rgb);
    API_NEED(out);
    if (width < 1 || height < 1) {
        return err_set(err, LIMN_ERR_ARG, "limn_image_create: size (found %dx%d, expected at least 1x1)", width,
                       height);
    }
    limn_image *image = mem_zalloc(1, sizeof(*image));
    if (image == NULL) {
        return err_nomem(err, sizeof(*image), "a picture");
    }
    limn_status st = image_init(&image->im, width, height, err);
    if (st != LIMN_OK) {
        mem_free(image);
        return st;
    }
    memcpy(image->im.rgb, rgb, (size_t)width * (size_t)height * 3);
    *out = image;
    return LIMN_OK;
}

void limn_image_destroy(limn_image **image)
{
    if (image == NULL || *image == NULL) {
        return;
    }
    image_finish(&(*image)->im);
    mem_free(*image);
    *image = NULL;
}

int32_t limn_image_width(const limn_image *image)
{
    return image ? image->im.width : 0;
}

int32_t limn_image_height(const limn_image *image)
{
    return image ? image->im.height : 0;
}

const uint8_t *limn_image_rgb(const limn_image *image)
{
    return image ? image->im.rgb : NULL;
}

limn_status limn_image_save(const limn_image *picture, const char *path, unsigned flags, limn_error *err)
{
    API_NEED(picture);
    API_NEED(path);
    return image_save_png(path, &picture->im, NULL, 0, (flags & LIMN_SAVE_FORCE) != 0, err);
}

limn_status limn_tensor_load(const char *path, struct limn_tensor *out, limn_error *err)
{
    API_NEED(path);
    API_NEED(out);
    struct tensor t = {0};
    limn_status st = npy_read(path, &t, err);
    if (st != LIMN_OK) {
        return st;
    }
    memset(out, 0, sizeof(*out));
    out->rank = t.shape.rank;
    memcpy(out->dim, t.shape.dim, sizeof(out->dim));
    out->data = t.data;
    return LIMN_OK;
}

void limn_tensor_free(struct limn_tensor *t)
{
    if (t != NULL) {
        struct tensor own = {.data = (float *)t->data};
        tensor_finish(&own);
        memset(t, 0, sizeof(*t));
    }
}

limn_status limn_folder_create(const char *path, limn_error *err)
{
    API_NEED(path);
    return dir_ensure(path, err);
}

limn_status limn_file_copy(const char *from, const char *to, unsigned flags, limn_error *err)
{
    API_NEED(from);
    API_NEED(to);
    enum { BLOCK = 1 << 18 };
    limn_status st = LIMN_OK;
    struct file *in = NULL;
    struct file_writer *out = NULL;
    unsigned char *block = mem_alloc(BLOCK, 1);
    if (block == NULL) {
        return err_nomem(err, BLOCK, "a copy");
    }
    TRY(file_open(from, &in, err));
    TRY(file_writer_open(to, (flags & LIMN_SAVE_FORCE) != 0, &out, err));
    for (uint64_t at = 0; at < file_size(in);) {
        const uint64_t left = file_size(in) - at;
        const size_t n = left < BLOCK ? (size_t)left : BLOCK;
        TRY(file_read_at(in, at, block, n, err));
        TRY(file_writer_add(out, block, n, err));
        at += n;
    }
    TRY(file_writer_commit(&out, err));
out:
    file_writer_abort(&out);
    file_close(&in);
    mem_free(block);
    return st;
}
