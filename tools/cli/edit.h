/* --edit of classify, explain, reconstruct and shift. */
#ifndef LIMN_CLI_EDIT_H
#define LIMN_CLI_EDIT_H

#include <limn/edit.h>

#include "cli.h"

/* Applies every --edit to m. classifier: whose gradient `gradient` is; NULL: m's own. 0 or an exit code after a
 * message.
 */
int edits_apply(struct session *s, const struct args *a, limn_model *m, limn_model *classifier);

/* clang-format off */
#define ROW_EDIT \
    VALUE(OPT_EDIT, "edit", 0, "LAYER:OP:FACTOR[*FACTOR][:S]", NULL, TYPE_TEXT, \
          "change activations: OP add (v + S t), scale (v (1 + S (t - 1))) or replace (v + S (t - v)); FACTOR a .npy " \
          "file (the layer's shape, or a number a channel), a number or gradient[=CLASS]; may be repeated")
/* clang-format on */

#endif
