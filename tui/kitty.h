/* Pictures by kitty's graphics protocol: sent once as PNG, in pieces of 4096 bytes, then placed by number. The terminal
 * is told to answer nothing (q=2). */
#ifndef LIMN_TUI_KITTY_H
#define LIMN_TUI_KITTY_H

#include <stdint.h>

#include "bytes.h"
#include "cell.h"

/* Sends w x h pixels as image `id`, in place of an earlier one with all that it placed. False when out of memory. */
bool kitty_send(struct bytes *out, uint32_t id, const uint8_t *rgb, int32_t w, int32_t h);
/* Shows a part of it, in pixels, at the cursor, stretched over columns x rows cells. `place` tells placements apart. */
void kitty_place(struct bytes *out, uint32_t id, int32_t place, struct rect pixels, int32_t columns, int32_t rows);
void kitty_unplace(struct bytes *out, uint32_t id); /* it stays known */
void kitty_delete(struct bytes *out, uint32_t id);

#endif
