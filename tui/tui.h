/* limn tui: the full-screen front end. */
#ifndef LIMN_TUI_TUI_H
#define LIMN_TUI_TUI_H

#include "caps.h"
#include "form.h"

struct tui_params {
    struct caps caps;
    const struct form_command *command; /* those that can be jobs */
    size_t n_commands;
    bool start_worker; /* where jobs wait and no worker lives */
};
struct tui_result {
    int signal;      /* that ended it, or 0 */
    bool jobs_go_on; /* some run or wait */
    char error[300]; /* why it could not start */
};
/* Runs until the user leaves. False: it could not start. */
bool tui_run(const struct tui_params *p, struct tui_result *out);

#endif
