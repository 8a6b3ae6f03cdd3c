/* limn tui: the full-screen front end. What it shows and does is in tui/; here it is a command like the others. */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forms.h"
#include "rows.h"
#include "tui.h"

static const char *get_environment(const char *name)
{
    return getenv(name);
}

static size_t index_of(const char *(*name)(size_t), const char *text)
{
    size_t i = 0;
    while (name(i) != NULL && strcmp(name(i), text) != 0) {
        i++;
    }
    return i;
}

static int run(const struct args *a)
{
    struct tui_params params = {0};
    struct tui_result result;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return say_error(EXIT_USAGE,
                         "tui: standard input and output must be a terminal; see limn jobs and limn submit");
    }
    struct caps *caps = &params.caps;
    caps_detect(get_environment, nl_langinfo(CODESET), caps);
    if (args_has(a, OPT_COLORS)) {
        caps->colours = (enum picture_colours)index_of(colours_name, args_text(a, OPT_COLORS, "mono"));
    }
    if (args_has(a, OPT_GLYPHS)) {
        caps->glyphs = (enum picture_glyphs)index_of(glyphs_name, args_text(a, OPT_GLYPHS, "ascii"));
    }
    caps->mouse = !args_has(a, OPT_NO_MOUSE);
    struct form_command *forms = forms_make(&params.n_commands);
    params.command = forms;
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
    CHOICE(OPT_COLORS, "colors", 0, "N", "what the terminal has", TYPE_CHOICE, colours_name,
           "colours: mono, 8, 16, 256 or true"),
    CHOICE(OPT_GLYPHS, "glyphs", 0, "SET", "what the terminal has", TYPE_CHOICE, glyphs_name,
           "characters: ascii, half, quadrant, eighth or sextant"),
    FLAG(OPT_NO_MOUSE, "no-mouse", 0, "leave the mouse to the terminal, for marking text"),
    ROWS_TALK,
};
/* clang-format on */
const struct command command_tui = {
    .name = "tui",
    .operands = "",
    .summary = "work with jobs, models and results on the whole screen",
    .text =
        "Shows the queue of jobs and their progress, describes new ones, and shows their results in the terminal. Keys "
        "are named at the bottom; ? explains all of them. Leaving ends the view only: jobs go on. The file "
        "limn/keys in the configuration folder ($XDG_CONFIG_HOME or ~/.config) may give actions other keys, one "
        "action a line: its name and its keys, see KEYS. limn without a command starts this on a terminal.",
    .example = "limn tui",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
