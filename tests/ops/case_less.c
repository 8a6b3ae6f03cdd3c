/* Cases of less: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(less)
