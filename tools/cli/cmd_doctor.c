/* limn doctor: what is right and wrong with Vulkan here, each problem with its remedy; or with the terminal. */
#include <stdlib.h>
#include <unistd.h>

#include "doctor.h"
#include "rows.h"

struct findings {
    json_t *list; /* NULL: print */
    size_t n_problem;
};

static void on_line(void *user, int level, const char *text)
{
    static const char *const word[] = {"ok", "note", "problem"};
    static const char *const colour[] = {"\033[32m", "\033[33m", "\033[31m"};
    struct findings *f = user;
    size_t l = level <= 0 ? 0 : level == 1 ? 1 : 2;
    f->n_problem += l == 2;
    if (f->list != NULL) {
        json_t *j = need(json_object());
        json_object_set_new(j, "level", json_text(word[l]));
        json_object_set_new(j, "text", json_text(text));
        json_array_append_new(f->list, j);
        return;
    }
    bool painted = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;
    printf("%s%-7s%s  %s\n", painted ? colour[l] : "", word[l], painted ? "\033[0m" : "", safe(text));
}

static int run(const struct args *a)
{
    struct findings f = {.list = args_has(a, OPT_JSON) ? need(json_array()) : NULL};
    int code = 0;
    if (args_has(a, OPT_TERMINAL)) {
        code = doctor_terminal(a, on_line, &f);
    } else {
        limn_doctor(on_line, &f);
    }
    if (f.list != NULL) {
        json_t *j = json_begin("doctor");
        json_object_set_new(j, "healthy", json_boolean(f.n_problem == 0));
        json_object_set_new(j, "findings", f.list);
        json_end(j);
    }
    return code != 0 ? code : f.n_problem == 0 ? 0 : EXIT_DEVICE;
}

/* clang-format off */
static const struct option options[] = {
    FLAG(OPT_TERMINAL, "terminal", 0, "ask the terminal instead: colours, graphics, what is chosen and why"),
    ROWS_TALK,
};
/* clang-format on */
const struct command command_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "say what is wrong with a GPU that limn cannot use, or what the terminal can show",
    .text = "Checks the Vulkan loader, the drivers, the render nodes and their permissions, and says for each problem "
            "what to do. "
            "Exit code 5 when there is a problem.\n\n"
            "With --terminal it asks the terminal what it can do and says what limn tui and limn preview make of it.",
    .example = "limn doctor",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
