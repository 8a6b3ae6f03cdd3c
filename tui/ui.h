/* Pieces that views are made of: styles by meaning, lines of text, rules, bars, lists. Everything draws into a grid and
 * keeps to its rectangle. */
#ifndef LIMN_TUI_UI_H
#define LIMN_TUI_UI_H

#include <limn/limn.h>

#include "caps.h"
#include "hits.h"

/* The background stays the terminal's, so styles hold colours by meaning (from COLOUR_THEME on), which ui_theme
 * replaces once a screen is drawn: no view needs to know whether it is light. */
#define COLOUR_THEME 0x04000000u
enum ui_role {
    UI_TEXT,
    UI_STRONG,
    UI_DIM,
    UI_ACCENT, /* titles of what is active, keys, progress */
    UI_GOOD,
    UI_BAD,
    UI_NOTE,     /* waits, warns */
    UI_SELECTED, /* the marked line of the list that has the keys */
    UI_MARKED,   /* the marked line of another list */
    UI_BAR       /* the line at the top */
};
struct style ui_style(enum ui_role role, enum picture_colours colours);
void ui_theme(struct grid *g, enum picture_colours colours, bool light);

struct ui { /* what drawing needs everywhere */
    struct grid *grid;
    enum picture_colours colours;
    struct hits *hits; /* filled while drawing; may be NULL */
};
/* Notes what a click on r means. */
void ui_hit(const struct ui *u, struct rect r, enum hit_kind kind, int64_t index);
void ui_hit_row(const struct ui *u, struct rect r, int32_t list, int64_t index); /* of the view */
int32_t ui_columns(const char *text); /* that it takes when drawn, escapes included */
/* Text in a field of `w` cells: what is too long ends in an ellipsis. Returns the columns used. */
int32_t ui_text(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, enum ui_role role,
                const char *text);
/* Likewise at the right end of the field. */
void ui_right(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, enum ui_role role, const char *text);
/* A path: what is too long loses its beginning. */
void ui_path(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, enum ui_role role, const char *text);
/* Text over several lines, broken at blanks; returns the lines it takes. With `draw` false it only counts. */
int32_t ui_wrap(const struct ui *u, struct rect r, enum ui_role role, const char *text, bool draw);
/* A title with a rule after it, on the first line of r; returns what is left of r. */
struct rect ui_title(const struct ui *u, struct rect r, bool active, const char *title, const char *note);
void ui_bar(const struct ui *u, struct rect r, int32_t x, int32_t y, int32_t w, double part, enum ui_role role);
/* Cuts n columns (lines) off r and returns them; `gap` more go. */
struct rect ui_left(struct rect *r, int32_t n, int32_t gap);
struct rect ui_top(struct rect *r, int32_t n, int32_t gap);
/* First line of a list that shows its marked one: as near to the middle as the ends allow. */
int64_t ui_first(int64_t n, int64_t marked, int32_t h);
/* A bar along the right edge that says which part of a longer list is seen. */
void ui_scroll(const struct ui *u, struct rect r, int64_t n, int64_t first);
/* A whole picture, fitted into r, at its top and centred; returns the cells it takes. */
struct rect ui_image(const struct ui *u, struct rect r, const limn_image *image, struct caps caps);
/* An empty screen's words, in the middle. */
void ui_centre(const struct ui *u, struct rect r, const char *const *line, int32_t n);
/* A frame for what lies above the rest; clears it and returns its inside. */
struct rect ui_box(const struct ui *u, struct rect r, const char *title);
void grid_ascii(struct grid *g); /* replaces what only UTF-8 can show */

char *ui_bytes(uint64_t n, char out[16]);        /* 4.9 MB */
char *ui_duration(double seconds, char out[24]); /* 45 s, 3:07, 2 h 05, 3 d 4 h */
char *ui_ago(double seconds, char out[24]);      /* "just now", "3 min ago" */

#endif
