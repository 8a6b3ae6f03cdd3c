/* Asks the terminal at standard input and output what it can do, and waits for the answers: for programs that take no
 * terminal over (those ask and go on: term.h). */
#ifndef LIMN_TUI_ASK_H
#define LIMN_TUI_ASK_H

#include "probe.h"

/* Waits at most PROBE_CAP_MS. False where nothing was asked: no terminal on both sides, not in the foreground,
 * something typed already, or caps->ask is false; `why` says which (NULL otherwise). What is typed meanwhile is lost.
 */
bool ask_terminal(const struct caps *caps, struct answers *out, const char **why);
/* Size of a cell in pixels, where the terminal at standard output tells the system. */
void ask_cell_size(struct caps *caps);

#endif
