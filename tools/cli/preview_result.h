/* Results in the terminal: raw maps, arrays, and the JSON that names them. */
#ifndef LIMN_CLI_PREVIEW_RESULT_H
#define LIMN_CLI_PREVIEW_RESULT_H

#include "cli.h"
#include "preview.h"

bool preview_is_result(const char *path); /* by its name: .npy, .json */
/* Shows it in the room and with the colours of `p`. An exit code; messages are printed. */
int preview_result(const struct args *a, struct preview *p, const char *path);
/* cmd_preview.c: one animation or picture. */
int preview_animation(const struct args *a, struct preview *p, const struct limn_animation *s, const char *name);

#endif
