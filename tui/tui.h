/* limn tui: the full-screen front end. */
#ifndef LIMN_TUI_TUI_H
#define LIMN_TUI_TUI_H

#include "caps.h"

struct tui_result {
    int signal;      /* that ended it, or 0 */
    bool jobs_go_on; /* some run or wait */
    char error[300]; /* why it could not start */
};
/* Runs until the user leaves. False: it could not start. */
bool tui_run(const struct caps *caps, struct tui_result *out);

#endif
