/* What a terminal can show, and what the user says about it: for the commands that draw pictures with characters. */
#ifndef LIMN_CLI_SCREEN_H
#define LIMN_CLI_SCREEN_H

#include "caps.h"
#include "rows.h"

/* From the environment, then LIMN_GRAPHICS and LIMN_THEME, then --colors, --graphics and --theme. Returns 0, or the
 * exit code after the message. */
int screen_caps(const struct args *a, struct caps *out);

#define ROW_COLORS(default_)                                                                                           \
    CHOICE(OPT_COLORS, "colors", 0, "N", default_, TYPE_CHOICE, colours_name, "colours: mono, 8, 16, 256 or true")
#define ROW_GRAPHICS                                                                                                   \
    CHOICE(OPT_GRAPHICS, "graphics", 0, "KIND", "the best that the terminal says it has", TYPE_CHOICE,                 \
           graphics_choice,                                                                                            \
           "pictures by a protocol (sixel, kitty) or with characters (none: those that fit; ascii, half, quadrant, "   \
           "eighth, sextant); auto: the default, against LIMN_GRAPHICS")
#define ROW_THEME                                                                                                      \
    CHOICE(OPT_THEME, "theme", 0, "NAME", "auto", TYPE_CHOICE, theme_choice,                                           \
           "for a light or a dark background; auto: the terminal is asked")

#endif
