/* What the terminal can show, from the environment: colours, block glyphs, UTF-8. Never by guess where a wrong one
 * garbles the screen: an unknown terminal gets less. */
#ifndef LIMN_TUI_CAPS_H
#define LIMN_TUI_CAPS_H

#include "picture.h"

enum graphics_kind { GRAPHICS_NONE, GRAPHICS_SIXEL, GRAPHICS_KITTY };
enum caps_choice { CAPS_COLOURS = 1, CAPS_GLYPHS = 2, CAPS_GRAPHICS = 4, CAPS_THEME = 8 };

struct caps {
    enum picture_colours colours;
    enum picture_glyphs glyphs;
    enum graphics_kind graphics;     /* only after an answer that says so (probe.h), or by choice */
    bool light;                      /* the background */
    int32_t cell_width, cell_height; /* pixels; 0: not known */
    unsigned chosen;                 /* enum caps_choice bits: what answers do not change */
    bool ask;                        /* questions (probe.h) do no harm */
    bool inside;                     /* of tmux or screen, which answers instead of the terminal */
    bool utf8;
    bool moves; /* the cursor can be moved: not with TERM unset or "dumb" */
    bool mouse; /* reports of it are wanted */
    bool sync;  /* synchronized output (DECSET 2026) does no harm; terminals that do not know it ignore it */
};

/* `get` is getenv, or a test's; `codeset` is nl_langinfo(CODESET).
 *   NO_COLOR (not empty), TERM=dumb|vt100|vt220|unset   no colours
 *   COLORTERM=truecolor|24bit, TERM=*-direct, terminals known to have it   truecolor
 *   TERM=*256color*   256;  linux 8;  others 8
 *   sextants only on terminals that draw them themselves (kitty, foot, WezTerm, Ghostty, Contour, Alacritty, VTE >=
 * 0.58); the Linux console has half blocks; others quadrants and eighths
 *   light: COLORFGBG, where a terminal sets it
 *   ask: not the Linux console, VT100s, screen */
void caps_detect(const char *(*get)(const char *name), const char *codeset, struct caps *out);

const char *colours_name(size_t i); /* "mono", "8", "16", "256", "true": by enum; NULL past the last */
const char *glyphs_name(size_t i);  /* "ascii", "half", "quadrant", "eighth", "sextant" */

/* As picture_fit, with cells of the terminal's own proportions where they are known. */
struct rect caps_fit(const struct caps *c, int32_t width, int32_t height, struct rect area);

/* What a user may ask for instead. */
const char *graphics_choice(size_t i); /* "auto", "none" (characters), the glyph sets, "sixel", "kitty"; NULL */
const char *theme_choice(size_t i);    /* "auto", "light", "dark" */
/* False with one line in `err`: no such name, or it cannot be had here. */
bool caps_choose_graphics(struct caps *c, const char *name, char *err, size_t size);
bool caps_choose_theme(struct caps *c, const char *name, char *err, size_t size);
void caps_choose_colours(struct caps *c, enum picture_colours colours);

#endif
