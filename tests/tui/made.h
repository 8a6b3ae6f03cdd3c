/* A made-up state of the front end, for tests of its screens: jobs, files, models, results; and ways to type and look.
 */
#ifndef LIMN_TEST_MADE_H
#define LIMN_TEST_MADE_H

#include "app.h"
#include "support/check.h"

#define NOW 1700000000000

struct app *make(void);
void unmake(struct app *a);
/* As if these bytes came from the terminal. "@" first: nothing is marked, and there are no results; "#": what
 * is compared is maps. */
void type(struct app *a, const char *keys);
/* Compares with tests/tui/screens/NAME.WxH.txt, or with LIMN_REWRITE_SCREENS writes it. */
void check_screen(const struct app *a, const char *name, int32_t w, int32_t h);
/* A blank cell of that style, its colours as the theme has them. */
struct cell themed(enum ui_role role, enum picture_colours colours, bool light);
/* Nothing but text and our own signs, and the frame around the views stays whole. */
void check_cells(const struct app *a, const struct grid *g, const char *name);
/* Likewise at all sizes from w x h to 200x60, each size near those where the layout changes. */
void check_sizes(struct app *a, const char *name, int32_t least_w, int32_t least_h);

#endif
