/* How much two pictures of one size differ: planes [C,H,W] in [0,1]. */
#ifndef LIMN_IMAGE_METRICS_H
#define LIMN_IMAGE_METRICS_H

#include "image/image.h"

struct metrics {
    double mse, mae, max;
    double psnr; /* dB for a peak of 1; infinity when equal */
    double ssim; /* Wang et al. 2004: Gaussian window of 11 pixels, sigma 1.5 (smaller pictures: the largest odd window
                  * that fits), K1 0.01, K2 0.03, mean over places where the window fits and over channels */
};
limn_status metrics_compare(const float *a, const float *b, int32_t channels, int32_t height, int32_t width,
                            struct metrics *out, limn_error *err);

#endif
