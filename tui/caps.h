/* What the terminal can show, from the environment: colours, block glyphs, UTF-8. Never by guess where a wrong one
 * garbles the screen: an unknown terminal gets less. */
#ifndef LIMN_TUI_CAPS_H
#define LIMN_TUI_CAPS_H

#include "picture.h"

struct caps {
    enum picture_colours colours;
    enum picture_glyphs glyphs;
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
 * 0.58); the Linux console has half blocks; others quadrants and eighths */
void caps_detect(const char *(*get)(const char *name), const char *codeset, struct caps *out);

const char *colours_name(size_t i); /* "mono", "8", "16", "256", "true": by enum; NULL past the last */
const char *glyphs_name(size_t i);  /* "ascii", "half", "quadrant", "eighth", "sextant" */

#endif
