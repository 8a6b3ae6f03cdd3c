/* Random input of a terminal: keys of the keymap, text, mouse, pastes, answers that nobody asked for, broken sequences
 * and characters. The same seed gives the same input. */
#ifndef LIMN_TEST_TUI_STORM_H
#define LIMN_TEST_TUI_STORM_H

#include <stddef.h>
#include <stdint.h>

#include "keys.h"

struct storm {
    uint64_t state;
    struct keymap keys;
};
void storm_init(struct storm *s, uint64_t seed);
uint32_t storm_below(struct storm *s, uint32_t n);
enum { STORM_MOST = 128 };
/* The next piece, at most STORM_MOST bytes; returns their number, at least 1. */
size_t storm_next(struct storm *s, unsigned char *out);

#endif
