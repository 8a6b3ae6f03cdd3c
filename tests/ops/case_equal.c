/* Cases of equal: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(equal)
