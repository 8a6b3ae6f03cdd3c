/* limn: the few colours that show a picture best, found as for GIFs. The rules of <limn/limn.h> hold here too. */
#ifndef LIMN_PALETTE_H
#define LIMN_PALETTE_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct limn_palette limn_palette;

/* At most max_colours (1 to 256) colours for n > 0 RGB pixels; when these have no more, exactly theirs. The same pixels
 * give the same palette. Free with limn_palette_free. */
LIMN_API limn_status limn_palette_create(const uint8_t *rgb, size_t n, int32_t max_colours, limn_palette **out,
                                         limn_error *err);
LIMN_API void limn_palette_free(limn_palette **palette);
LIMN_API int32_t limn_palette_count(const limn_palette *palette);
/* Colour i; the last one where i is out of range. */
LIMN_API void limn_palette_colour(const limn_palette *palette, int32_t i, uint8_t rgb[3]);
/* The nearest colour of each of n pixels. Returns the root mean square distance to them (RGB, 0..441). Remembers
 * answers in the palette: one thread at a time. */
LIMN_API double limn_palette_index(limn_palette *palette, const uint8_t *rgb, size_t n, uint8_t *index);

#ifdef __cplusplus
}
#endif
#endif
