/* Cases of mod: those of both remainders; this one has the sign of b. */
#include "elementwise_cases.h"

REMAINDER_CASES(mod)
