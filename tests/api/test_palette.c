/* Palettes for programs on top: exact for few colours, nearest for many, errors for nonsense. */
#include <limn/palette.h>
#include <stdlib.h>

#include "support/check.h"

int main(void)
{
    static uint8_t rgb[64 * 64 * 3], index[64 * 64];
    limn_palette *p = NULL;
    limn_error err;
    for (int i = 0; i < 64 * 64; i++) {
        rgb[3 * i] = (uint8_t)(i % 5 * 50);
        rgb[3 * i + 1] = (uint8_t)(i % 3 * 100);
        rgb[3 * i + 2] = 7;
    }
    CHECK(limn_palette_create(rgb, 64 * 64, 256, &p, &err) == LIMN_OK);
    CHECK_INT(limn_palette_count(p), 15);
    CHECK(limn_palette_index(p, rgb, 64 * 64, index) == 0);
    for (int i = 0; i < 64 * 64; i++) {
        uint8_t c[3];
        limn_palette_colour(p, index[i], c);
        CHECK(memcmp(c, rgb + 3 * i, 3) == 0);
    }
    limn_palette_free(&p);
    CHECK(p == NULL);
    for (int i = 0; i < 64 * 64 * 3; i++) {
        rgb[i] = (uint8_t)(i * 2654435761u >> 24);
    }
    CHECK(limn_palette_create(rgb, 64 * 64, 16, &p, &err) == LIMN_OK);
    CHECK_INT(limn_palette_count(p), 16);
    const double error = limn_palette_index(p, rgb, 64 * 64, index);
    double sum = 0;
    for (int i = 0; i < 64 * 64; i++) {
        int32_t best = INT32_MAX, is = 0;
        for (int32_t k = 0; k < 16; k++) {
            uint8_t c[3];
            limn_palette_colour(p, k, c);
            int32_t d = 0;
            for (int j = 0; j < 3; j++) {
                d += (c[j] - rgb[3 * i + j]) * (c[j] - rgb[3 * i + j]);
            }
            best = d < best ? d : best;
            is = k == index[i] ? d : is;
        }
        CHECK_INT(is, best);
        sum += best;
    }
    CHECK_NEAR(error, sqrt(sum / 4096), 1e-6);
    limn_palette_free(&p);
    limn_palette_free(&p);
    CHECK(limn_palette_create(rgb, 0, 16, &p, &err) == LIMN_ERR_ARG && p == NULL);
    CHECK(limn_palette_create(rgb, 10, 257, &p, &err) == LIMN_ERR_ARG);
    CHECK(limn_palette_create(NULL, 10, 16, &p, &err) == LIMN_ERR_ARG);
    return check_done();
}
