/* Every byte that goes to a terminal, judged: text (valid UTF-8 that neither is a control character nor turns the
 * direction of writing) and the control sequences that limn and terminfo are known to write. Whatever else comes must
 * have come out of a name, a label or a message of somebody else. */
#ifndef LIMN_TEST_TUI_STREAM_H
#define LIMN_TEST_TUI_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
    bool strict;     /* truecolor: the only colours are 38;2 and 48;2 */
    bool cuts;       /* sequences may be broken off by the next escape: what a slow terminal never got is thrown away */
    bool graphics;   /* sixel, kitty's graphics and what places them are expected */
    char held[8192]; /* begin of a sequence or character; a path for the clipboard is the longest */
    size_t n_held;
    size_t n_bad, at; /* `at`: bytes seen */
    char bad[200];    /* the first bad one, readable */
    size_t n_high;    /* bytes of 0x80 and above */
    size_t n_colours; /* SGR sequences that set a colour */
    size_t n_frames;  /* ends of synchronized updates */
    int titles;       /* kept and not given back */
    uint32_t set;     /* bit i: mode i of stream_mode is not as usual */
};
enum { STREAM_MODES = 10 };
extern const long stream_mode[STREAM_MODES]; /* DEC private modes that may be changed */
/* The first mode that must not outlive a program (mouse, paste, alternate screen, ...) and did, 25 when the cursor
 * was left hidden, 7 when lines do not wrap, 22 when a kept title was not given back; 0: none. */
long stream_left(const struct stream *s);
void stream_feed(struct stream *s, const char *bytes, size_t n);

#endif
