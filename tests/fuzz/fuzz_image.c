/* CORPUS: image. Any bytes decode or are refused; small limits keep runs fast. GIFs are also read to their last frame.
 */
#include "image/gif.h"

static limn_status on_frame(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *err)
{
    uint32_t *sum = user;
    (void)err;
    for (int32_t y = f->top; y < f->top + f->height; y++) {
        for (int32_t x = 3 * f->left; x < 3 * (f->left + f->width); x++) {
            *sum = *sum * 31 + canvas->rgb[3 * (size_t)canvas->width * (size_t)y + (size_t)x];
        }
    }
    return LIMN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    limn_error err = {0};
    for (int lenient = 0; lenient < 2; lenient++) {
        struct decode_limits lim = {.max_pixels = 1 << 18, .lenient = lenient};
        struct image im = {0};
        if (image_decode("fuzz", data, size, &lim, &im, &err) == LIMN_OK) {
            image_finish(&im);
        }
        struct gif_limits frames = {.max_pixels = 1 << 16, .lenient = lenient, .max_frames = 64, .max_work = 1 << 20};
        uint32_t sum = 0;
        if (size >= 6 && data[0] == 'G') {
            gif_read("fuzz", data, size, &frames, on_frame, &sum, NULL, &err);
        }
    }
    return 0;
}
