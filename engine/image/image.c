/* Images and planes in memory. */
#include "image/image.h"

#include <string.h>

#include "base/checked.h"
#include "base/mem.h"

static limn_status check_size(int32_t width, int32_t height, limn_error *err)
{
    int32_t pixels, bytes;
    if (width < 1 || height < 1 || !mul_i32(width, height, &pixels) || !mul_i32(pixels, 4, &bytes)) {
        return err_set(err, LIMN_ERR_ARG, "picture of %d x %d pixels (expected at least 1 x 1, at most 2^29 pixels)",
                       width, height);
    }
    return LIMN_OK;
}

limn_status image_init(struct image *im, int32_t width, int32_t height, limn_error *err)
{
    limn_status st = check_size(width, height, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t n = 3 * (size_t)width * (size_t)height;
    uint8_t *rgb = mem_zalloc(n, 1);
    if (!rgb) {
        return err_nomem(err, n, "a picture");
    }
    *im = (struct image){width, height, rgb};
    return LIMN_OK;
}

void image_finish(struct image *im)
{
    mem_free(im->rgb);
    *im = (struct image){0};
}

limn_status plane_init(struct plane *p, int32_t width, int32_t height, limn_error *err)
{
    limn_status st = check_size(width, height, err);
    if (st != LIMN_OK) {
        return st;
    }
    float *v = mem_zalloc((size_t)width * (size_t)height, sizeof(*v));
    if (!v) {
        return err_nomem(err, (size_t)width * (size_t)height * sizeof(*v), "a heat map");
    }
    *p = (struct plane){width, height, v};
    return LIMN_OK;
}

void plane_finish(struct plane *p)
{
    mem_free(p->v);
    *p = (struct plane){0};
}
