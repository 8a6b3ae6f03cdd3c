/* The capability ladder: see caps.h. */
#include "caps.h"

#include <stdio.h>
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

/* "FOREGROUND;BACKGROUND", numbers of the first 16 colours; rxvt, Konsole and others set it. */
static bool find_light(const char *(*get)(const char *))
{
    const char *last = strrchr(value(get, "COLORFGBG"), ';');
    const long n = last != NULL && last[1] >= '0' && last[1] <= '9' ? strtol(last + 1, NULL, 10) : 0;
    return n == 7 || (n > 8 && n < 16);
}

void caps_detect(const char *(*get)(const char *name), const char *codeset, struct caps *out)
{
    static const char *const utf8[] = {"UTF-8", "UTF8", NULL};
    static const char *const still[] = {"", "dumb", "unknown", NULL};
    const char *term = value(get, "TERM");
    const bool screen = value(get, "STY")[0] != '\0' || (strncmp(term, "screen", 6) == 0 && get("TMUX") == NULL);
    *out = (struct caps){.light = find_light(get)};
    out->utf8 = one_of(codeset, utf8);
    out->colours = find_colours(get, term);
    out->glyphs = out->utf8 ? find_glyphs(get, term) : PICTURE_ASCII;
    out->moves = !one_of(term, still);
    out->mouse = true;
    out->sync = out->moves && strcmp(term, "linux") != 0 && !one_of(term, plain);
    out->ask = out->sync && !screen; /* screen hands unknown strings on to the terminal, as text */
    out->inside = screen || value(get, "TMUX")[0] != '\0' || strncmp(term, "tmux", 4) == 0;
}

struct rect caps_fit(const struct caps *c, int32_t width, int32_t height, struct rect area)
{
    const bool sized = c->cell_width > 0 && c->cell_height > 0 && width < 1000000 && height < 1000000;
    return sized ? picture_fit(width * c->cell_height, height * 2 * c->cell_width, area)
                 : picture_fit(width, height, area);
}

const char *graphics_choice(size_t i)
{
    static const char *const name[] = {"auto",   "none",    "ascii", "half", "quadrant",
                                       "eighth", "sextant", "sixel", "kitty"};
    return i < sizeof name / sizeof name[0] ? name[i] : NULL;
}

const char *theme_choice(size_t i)
{
    static const char *const name[] = {"auto", "light", "dark"};
    return i < sizeof name / sizeof name[0] ? name[i] : NULL;
}

static size_t choice_of(const char *(*choice)(size_t), const char *name)
{
    size_t i = 0;
    while (choice(i) != NULL && strcmp(choice(i), name) != 0) {
        i++;
    }
    return i;
}

bool caps_choose_graphics(struct caps *c, const char *name, char *err, size_t size)
{
    enum { AUTO, NONE, ASCII, SIXEL = ASCII + PICTURE_SEXTANT + 1, KITTY, UNKNOWN };
    const size_t i = choice_of(graphics_choice, name);
    if (i >= UNKNOWN) {
        snprintf(err, size, "no kind of graphics is called \"%.40s\"", name);
        return false;
    }
    if (i == KITTY && c->inside) {
        snprintf(err, size, "kitty's graphics cannot be placed within tmux or screen; tmux 3.4 may show sixel");
        return false;
    }
    if (i == AUTO) {
        return true;
    }
    c->chosen |= CAPS_GRAPHICS;
    c->graphics = i == KITTY ? GRAPHICS_KITTY : i == SIXEL ? GRAPHICS_SIXEL : GRAPHICS_NONE;
    if (i >= ASCII && i < SIXEL) {
        c->glyphs = (enum picture_glyphs)(i - ASCII);
        c->chosen |= CAPS_GLYPHS;
    }
    return true;
}

bool caps_choose_theme(struct caps *c, const char *name, char *err, size_t size)
{
    const size_t i = choice_of(theme_choice, name);
    if (theme_choice(i) == NULL) {
        snprintf(err, size, "no theme is called \"%.40s\"", name);
        return false;
    }
    c->light = i == 0 ? c->light : i == 1;
    c->chosen |= i == 0 ? 0 : CAPS_THEME;
    return true;
}

void caps_choose_colours(struct caps *c, enum picture_colours colours)
{
    c->colours = colours;
    c->chosen |= CAPS_COLOURS;
}
