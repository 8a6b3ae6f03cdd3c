/* Made-up animations of the kinds that explanations make, for bench_gif: each a formula over the sample photos. */
#ifndef BENCH_SEQUENCES_H
#define BENCH_SEQUENCES_H

#include "image/image.h"

#define SEQUENCE_FRAMES 32

struct sequence {
    size_t kind;
    struct image a, b; /* photos at the sequence's size */
};

size_t sequence_count(void);
const char *sequence_name(size_t i);
limn_status sequence_open(size_t i, const char *photos, struct sequence *out, limn_error *err);
void sequence_close(struct sequence *s);
limn_status sequence_frame(const struct sequence *s, size_t frame, struct image *out, limn_error *err);

#endif
