/* CORPUS: image. Any bytes decode or are refused; small limits keep runs fast. */
#include "image/image.h"

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
    }
    return 0;
}
