/* The terminal: taken over, drawn on, given back. Truecolor terminals get their bytes from paint.h, within synchronized
 * output; with 256 and fewer colours ncurses makes them, from terminfo. Either way the bytes lie in memory first and
 * are written as fast as the terminal takes them, never faster: as long as some wait, new frames are refused, so that a
 * slow connection sees fewer frames and nothing blocks.
 *
 * There is one terminal in a process, and signal handlers must restore it: this module alone (with its parts,
 * term_signals.c and term_curses.c) has state of its own. */
#ifndef LIMN_TUI_TERM_H
#define LIMN_TUI_TERM_H

#include "caps.h"

/* Takes over standard input and output, which must be a terminal. False with one line in `err`. */
bool term_open(const struct caps *caps, char *err, size_t size);
/* Gives it back as it was. Allowed at any time, also twice. */
void term_close(void);

const struct caps *term_caps(void); /* as given, less what the terminal's entry does not have */
/* The terminal turned out to be able to do more. Colours do not go back from truecolor. */
void term_change(const struct caps *caps);
bool term_asked(void); /* the questions of probe.h were asked when it was opened: answers come with the input */

enum term_event {
    TERM_INPUT = 1,   /* term_read has bytes */
    TERM_RESIZED = 2, /* or came back from sleep: ask term_size and draw */
    TERM_WRITTEN = 4, /* nothing waits any more: frames are taken again */
    TERM_OTHER = 8,   /* one of the caller's descriptors */
    TERM_GONE = 16    /* closed or hung up: leave, nothing can be written */
};
struct pollfd;
/* Waits for at most `ms` (-1: for ever) for one of these, or a signal. `more` may hold n descriptors of the caller. */
unsigned term_wait(struct pollfd *more, size_t n, int ms);
int term_stopped(void); /* number of the signal that asks to end; 0: none */
void term_size(int32_t *width, int32_t *height);
size_t term_read(unsigned char *out, size_t size);

/* Whether a frame would be taken now. */
bool term_ready(void);
/* Shows the grid, of the terminal's size. False: the terminal is still busy with an earlier one, or memory is short. */
bool term_draw(const struct grid *g);
/* Pictures may differ by this much (paint.h) to save bytes. */
void term_tolerance(int32_t tolerance);
void term_forget(void); /* the next frame paints all */
void term_suspend(void);

/* Puts a text into the clipboard of the terminal's user (OSC 52; not all terminals let programs do so). False: this
 * terminal does not know such sequences, or the text is longer than 64 KiB. */
bool term_copy(const char *text);

#endif
