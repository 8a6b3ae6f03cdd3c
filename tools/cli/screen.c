/* The terminal of tui, preview and doctor: one place for what they may be told about it. */
#include "screen.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>

static const char *get_environment(const char *name)
{
    return getenv(name);
}

static const char *environment_or(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

/* One setting: the variable's, then the option's. */
static int choose(const struct args *a, enum option_id id, const char *variable,
                  bool (*set)(struct caps *, const char *, char *, size_t), struct caps *c)
{
    char err[200];
    const char *asked = args_has(a, id) ? args_text(a, id, "auto") : environment_or(variable, "auto");
    if (set(c, asked, err, sizeof err)) {
        return 0;
    }
    return args_has(a, id) ? say_error(EXIT_USAGE, "%s", err) : say_error(EXIT_USAGE, "%s: %s", variable, safe(err));
}

int screen_caps(const struct args *a, struct caps *out)
{
    caps_detect(get_environment, nl_langinfo(CODESET), out);
    for (size_t i = 0; args_has(a, OPT_COLORS) && colours_name(i) != NULL; i++) {
        if (strcmp(colours_name(i), args_text(a, OPT_COLORS, "")) == 0) {
            caps_choose_colours(out, (enum picture_colours)i);
        }
    }
    const int code = choose(a, OPT_GRAPHICS, "LIMN_GRAPHICS", caps_choose_graphics, out);
    return code != 0 ? code : choose(a, OPT_THEME, "LIMN_THEME", caps_choose_theme, out);
}
