/* The signals of a program that holds a terminal: to end, to sleep, a new size, a crash. Part of term.c, and as it
 * alone has state of its own: handlers reach nothing else. */
#ifndef LIMN_TUI_TERM_SIGNALS_H
#define LIMN_TUI_TERM_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* Handlers for all of them, that wake whoever polls signals_descriptor(). `before`: the line discipline to restore.
 * False with errno. */
bool signals_open(const struct termios *before);
void signals_close(void);
int signals_descriptor(void); /* readable: call signals_drain */
int signals_stopped(void);    /* number of the signal that asks to end; 0: none */

enum { SIGNAL_RESIZED = 1, SIGNAL_SLEEP = 2 };
unsigned signals_drain(void); /* what came since the last time */
void signals_resized(void);   /* as if the terminal had another size */

/* What is written to a terminal that is taken, to give it back: copied. */
void signals_reset_text(const char *text, size_t n);
void signals_taken(bool taken);
/* Gives it back when it is taken. Async-signal-safe; handlers of crashes call it. */
void signals_restore(void);

#endif
