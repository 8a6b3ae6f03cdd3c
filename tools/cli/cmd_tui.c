/* limn tui: the full-screen front end. What it shows and does is in tui/; here it is a command like the others. */
#include <unistd.h>

#include "forms.h"
#include "screen.h"
#include "tui.h"

static int run(const struct args *a)
{
    struct tui_params params = {0};
    struct tui_result result;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return say_error(EXIT_USAGE,
                         "tui: standard input and output must be a terminal; see limn jobs and limn submit");
    }
    struct caps *caps = &params.caps;
    const int code = screen_caps(a, caps);
    if (code != 0) {
        return code;
    }
    caps->mouse = !args_has(a, OPT_NO_MOUSE);
    struct form_command *forms = forms_make(&params.n_commands);
    params.command = forms;
    params.start_worker = !args_has(a, OPT_NO_WORKER);
    const bool ran = tui_run(&params, &result);
    forms_free(forms, params.n_commands);
    if (!ran) {
        return say_error(EXIT_USAGE, "tui: %s", result.error[0] ? safe(result.error) : "out of memory");
    }
    if (result.signal != 0) {
        return 128 + result.signal;
    }
    if (result.jobs_go_on) {
        say_note("jobs go on; limn tui or limn jobs shows them");
    }
    return 0;
}

/* clang-format off */
static const struct option options[] = {
    ROW_COLORS("what the terminal has"),
    ROW_GRAPHICS,
    ROW_THEME,
    FLAG(OPT_NO_WORKER, "no-worker", 0, "do not start a worker where jobs wait and none runs"),
    FLAG(OPT_NO_MOUSE, "no-mouse", 0, "leave the mouse to the terminal, for marking text"),
    ROWS_TALK,
};
/* clang-format on */
const struct command command_tui = {
    .name = "tui",
    .operands = "",
    .summary = "work with jobs, models and results on the whole screen",
    .text =
        "Shows the queue of jobs and their progress, describes new ones, shows their results in the terminal, "
        "compares them side by side and writes them to files. Keys "
        "are named at the bottom; ? explains all of them. Leaving asks whether jobs that run or wait are to go on "
        "or to be cancelled; where jobs wait and no worker lives, one is started. The file limn/keys in the "
        "configuration folder ($XDG_CONFIG_HOME or ~/.config) may give actions other keys, one "
        "action a line: its name and its keys, see KEYS. limn without a command starts this on a terminal.\n\n"
        "The terminal is asked what it can do: pictures are shown by sixel or kitty's graphics after a yes, else with "
        "block characters. limn doctor --terminal says what it answers.",
    .example = "limn tui",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
