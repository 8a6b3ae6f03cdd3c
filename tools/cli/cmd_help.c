/* limn help: the same texts as --help, and the man page and completion script that the build makes from the tables. */
#include "rows.h"

static int run(const struct args *a)
{
    if (args_has(a, OPT_MAN)) {
        doc_man(stdout);
    } else if (args_has(a, OPT_BASH)) {
        doc_bash(stdout);
    } else if (a->n_pos == 0) {
        doc_overview(stdout);
    } else {
        const struct command *c = command_find(a->pos[0]);
        if (c == NULL) {
            return say_error(EXIT_USAGE, "help: unknown command \"%s\"; see limn help", safe(a->pos[0]));
        }
        doc_command(stdout, c);
    }
    return 0;
}

/* clang-format off */
static const struct option options[] = {
    {.id = OPT_MAN, .name = "man", .help = "print the man page", .hidden = true},
    {.id = OPT_BASH, .name = "bash-completion", .help = "print the bash completion script", .hidden = true},
};
/* clang-format on */
const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "explain a command",
    .text = "Explains a command, or lists all of them.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .max_pos = 1,
    .run = run,
};
