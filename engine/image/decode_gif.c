/* The first frame of a GIF as a picture. */
#include <string.h>

#include "image/decode.h"
#include "image/gif.h"

/* Copies the canvas and ends the reading: LIMN_CANCELLED with a picture in hand is success. */
static limn_status take_first(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *err)
{
    struct image *out = user;
    (void)f;
    limn_status st = image_init(out, canvas->width, canvas->height, err);
    if (st == LIMN_OK) {
        memcpy(out->rgb, canvas->rgb, 3 * (size_t)canvas->width * (size_t)canvas->height);
        st = LIMN_CANCELLED;
    }
    return st;
}

limn_status decode_gif(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                       limn_error *err)
{
    struct gif_limits limits = {.max_pixels = lim ? lim->max_pixels : 0, .lenient = lim && lim->lenient};
    struct image first = {0};
    limn_status st = gif_read(name, in->data, in->size, &limits, take_first, &first, NULL, err);
    if (first.rgb) {
        *out = first;
        return LIMN_OK;
    }
    return st;
}
