/* The capability ladder: see caps.h. */
#include "caps.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *colours_name(size_t i)
{
    static const char *const name[] = {"mono", "8", "16", "256", "true"};
    return i < sizeof name / sizeof name[0] ? name[i] : NULL;
}

const char *glyphs_name(size_t i)
{
    static const char *const name[] = {"ascii", "half", "quadrant", "eighth", "sextant"};
    return i < sizeof name / sizeof name[0] ? name[i] : NULL;
}

static const char *value(const char *(*get)(const char *), const char *name)
{
    const char *v = get(name);
    return v != NULL ? v : "";
}

static bool one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcasecmp(text, *list) == 0) {
            return true;
        }
    }
    return false;
}

/* Terminals whose TERM names them, and that draw truecolor and sextants themselves. */
static const char *const modern[] = {"xterm-kitty", "foot",    "foot-extra",     "wezterm",   "xterm-ghostty",
                                     "ghostty",     "contour", "contour-latest", "alacritty", NULL};
static const char *const plain[] = {"", "dumb", "vt100", "vt102", "vt220", "unknown", NULL};

static enum picture_colours find_colours(const char *(*get)(const char *), const char *term)
{
    static const char *const full[] = {"truecolor", "24bit", NULL};
    if (value(get, "NO_COLOR")[0] != '\0' || one_of(term, plain)) {
        return PICTURE_MONO;
    }
    if (strcmp(term, "linux") == 0) {
        return PICTURE_8; /* it takes truecolor sequences, and shows the nearest of 16 */
    }
    if (one_of(value(get, "COLORTERM"), full) || strstr(term, "-direct") != NULL || one_of(term, modern)) {
        return PICTURE_TRUE;
    }
    return strstr(term, "256color") != NULL ? PICTURE_256 : strstr(term, "16color") != NULL ? PICTURE_16 : PICTURE_8;
}

static enum picture_glyphs find_glyphs(const char *(*get)(const char *), const char *term)
{
    static const char *const programs[] = {"WezTerm", "ghostty", "contour", NULL};
    if (strcmp(term, "linux") == 0) {
        return PICTURE_HALF;
    }
    if (one_of(term, modern) || one_of(value(get, "TERM_PROGRAM"), programs) ||
        strtol(value(get, "VTE_VERSION"), NULL, 10) >= 5800) {
        return PICTURE_SEXTANT;
    }
    return PICTURE_EIGHTH;
}

void caps_detect(const char *(*get)(const char *name), const char *codeset, struct caps *out)
{
    static const char *const utf8[] = {"UTF-8", "UTF8", NULL};
    static const char *const still[] = {"", "dumb", "unknown", NULL};
    const char *term = value(get, "TERM");
    out->utf8 = one_of(codeset, utf8);
    out->colours = find_colours(get, term);
    out->glyphs = out->utf8 ? find_glyphs(get, term) : PICTURE_ASCII;
    out->moves = !one_of(term, still);
    out->mouse = true;
    out->sync = out->moves && strcmp(term, "linux") != 0 && !one_of(term, plain);
}
