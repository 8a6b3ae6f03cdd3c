/* Pixels as sixel graphics (DEC STD 070): bands of six rows, each colour of a band a row of characters, runs counted.
 */
#ifndef LIMN_TUI_SIXEL_H
#define LIMN_TUI_SIXEL_H

#include <stdint.h>

#include "bytes.h"

/* Appends one graphic of w x h pixels, given as indices (rows `stride` apart) into n <= 256 colours, of which only the
 * used ones are defined. False when out of memory. */
bool sixel_write(struct bytes *out, const uint8_t *index, int32_t stride, int32_t w, int32_t h,
                 const uint8_t (*palette)[3], int32_t n);

#endif
