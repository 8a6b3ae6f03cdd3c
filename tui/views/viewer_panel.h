/* Parts of the viewer: what is known beside the picture. */
#ifndef LIMN_TUI_VIEWER_PANEL_H
#define LIMN_TUI_VIEWER_PANEL_H

#include "app.h"

enum { BAR_WIDTH = 13 };
enum { VIEWER_RESULTS, VIEWER_CLASSES }; /* lists of rows to click on */
/* The colour bar with its numbers, BAR_WIDTH wide. */
void viewer_bar(const struct app *a, const struct ui *u, struct rect r);
/* A colour bar that lies in one line, its numbers and unit beside it. */
void viewer_scale_line(const struct app *a, const struct ui *u, struct rect line, const struct limn_scale *s);
/* Results, classes, facts of the map; frames of a counterfactual. */
void viewer_panel(const struct app *a, const struct ui *u, struct rect r);
/* The same in two lines, where there is no room for the panel. */
void viewer_status(const struct app *a, const struct ui *u, struct rect r);
/* "Egyptian cat", or "class 281" */
char *viewer_class_text(const struct result *x, int32_t cls, char out[200]);

#endif
