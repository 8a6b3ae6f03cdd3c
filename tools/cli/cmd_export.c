/* limn export: writes what the Export screen of limn tui asks for. */
#include "export.h"
#include "rows.h"

static int run(const struct args *a)
{
    char err[400];
    (void)a;
    const int code = export_write(stdin, stdout, &signal_caught, err, sizeof(err));
    return code < 0 ? say_error(EXIT_USAGE, "export: %s", safe(err)) : code > 0 ? EXIT_OUTPUT : 0;
}

/* clang-format off */
static const struct option options[] = {
    ROWS_TALK,
};
/* clang-format on */
const struct command command_export = {
    .name = "export",
    .operands = "",
    .summary = "write what the front end asks for",
    .text = "Reads a request of limn tui on standard input and writes its files.",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
    .hidden = true,
};
