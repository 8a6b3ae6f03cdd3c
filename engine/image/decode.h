/* The decoders behind image_decode; each is one file that knows one library. `name` is for error texts. */
#ifndef LIMN_IMAGE_DECODE_H
#define LIMN_IMAGE_DECODE_H

#include "image/image.h"

struct bytes {
    const uint8_t *data;
    size_t size, pos;
};

/* Refuses sizes that are zero, over 32768 on a side, or over the pixel limit. */
limn_status decode_check_size(const char *name, uint64_t width, uint64_t height, const struct decode_limits *lim,
                              limn_error *err);

limn_status decode_png(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                       limn_error *err);
limn_status decode_jpeg(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                        limn_error *err);
limn_status decode_gif(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                       limn_error *err);
/* Only with libtiff (LIMN_HAVE_TIFF). */
limn_status decode_tiff(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                        limn_error *err);

#endif
