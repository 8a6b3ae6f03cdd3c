/* What lies behind limn_shift, for the files that run and draw it. */
#ifndef LIMN_API_SHIFT_H
#define LIMN_API_SHIFT_H

#include <limn/shift.h>

#include "api/api.h"
#include "shift/shift.h"

struct limn_shift {
    limn_model *classifier, *autoencoder;
    struct shift_result r;
    struct shape shape; /* [1,C,H,W] of a frame */
    enum shift_rule rule;
    enum shift_score score;
    char *inner;          /* NULL: the latent value */
    limn_image *original; /* at the size of the autoencoder's input */
    char provenance[1024];
};

/* [C,H,W] in [0,1] (clipped) as a picture. */
limn_status pixels_to_image(const float *chw, const struct shape *s, struct image *out, limn_error *err);
/* "Ankle boot" or "class 9", safe to draw. */
const char *class_text(const limn_model *m, int32_t k, char *buf, size_t size);

#endif
