/* Weights that are not numbers: noticed when they are read, said once. */
#ifndef LIMN_MODEL_FINITE_H
#define LIMN_MODEL_FINITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct finite_watch {
    bool strict; /* an error instead of a warning */
    size_t n_bad;
    char warning[256];
};

/* Looks at the n values of a tensor; call it once for each. *bad (unless NULL): whether some were not finite. */
limn_status finite_look(struct finite_watch *w, const char *name, const float *v, size_t n, bool *bad, limn_error *err);
/* NULL, or one line that names the first tensor and counts the others. */
const char *finite_warning(const struct finite_watch *w);

#endif
