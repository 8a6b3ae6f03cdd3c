/* Screens of 256 and fewer colours, by ncurses: the only part that includes it. It writes into a memory file (newterm
 * on a stream of ours), from where the bytes are taken. Part of term.c: there is one screen in a process. */
#ifndef LIMN_TUI_TERM_CURSES_H
#define LIMN_TUI_TERM_CURSES_H

#include "bytes.h"
#include "caps.h"

/* A screen for the terminal's type, or for the entry that limn brings along when that is unknown. Lowers the colours to
 * what the entry has. False with one line in `err`. */
bool curses_open(struct caps *caps, int32_t width, int32_t height, char *err, size_t size);
void curses_close(void);
/* Whether the terminal is like xterm: an alternate screen by DECSET 1049, so that the other modes do no harm. */
bool curses_xterm(void);
/* Appends what ends the attributes, the modes (given; of terminals like xterm) and the screen. */
void curses_reset(struct bytes *out, const char *modes);
void curses_resume(struct bytes *out); /* appends what begins a screen */
/* Appends what makes the screen into the grid. False when memory is short. */
bool curses_draw(const struct grid *g, struct bytes *out);
void curses_forget(void); /* the next one paints all */

#endif
