/* What a terminal says about itself when asked: graphics, colours, background, size of a cell. The answers come between
 * the keys, in pieces, late or never; the last question (DA1) is one that nearly all terminals answer, so that its
 * answer means that no other will come. No terminal is touched here. */
#ifndef LIMN_TUI_PROBE_H
#define LIMN_TUI_PROBE_H

#include "bytes.h"
#include "caps.h"

enum { PROBE_CAP_MS = 1000, PROBE_LATE_MS = 10000 };

enum answer { /* bits: what was answered with yes, or at all */
              ANSWER_FENCE = 1,
              ANSWER_SIXEL = 2,
              ANSWER_KITTY = 4,
              ANSWER_TRUECOLOR = 8,
              ANSWER_SYNC = 16,
              ANSWER_FOREGROUND = 32,
              ANSWER_BACKGROUND = 64,
              ANSWER_CELL = 128
};
struct answers { /* zero: none yet */
    unsigned got;
    uint32_t foreground, background; /* 0xRRGGBB */
    int32_t cell_width, cell_height; /* pixels */
    char name[48];                   /* XTVERSION: program and version, printable ASCII; "" not said */
    char attributes[48];             /* DA1: numbers and ';' */
    bool inside;                     /* in the rest of an answer that was too long or came too slowly */
};

/* Appends the questions that this terminal may be asked; none where caps->ask is false. */
void probe_questions(const struct caps *caps, struct bytes *out);
/* Bytes at the beginning of the input that are an answer, whose meaning goes to *a, or the rest of one; 0: they are
 * not. *part: they may be the begin of one, wait for more. With `last`, no more will come soon: then the begin of a
 * long answer is taken as well, so that its end is not taken for keys. */
size_t probe_take(struct answers *a, const unsigned char *bytes, size_t n, bool last, bool *part);
/* How long to wait for the rest of what may be an escape sequence, `since` ms after asking (-1: not asked). */
int probe_patience(const struct answers *a, const unsigned char *bytes, size_t n, int64_t since);
/* Changes what `caps` says by the answers, but for what the user chose. True when something changed. */
bool probe_apply(const struct answers *a, struct caps *caps);

#endif
