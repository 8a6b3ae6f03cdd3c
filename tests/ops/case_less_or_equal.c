/* Cases of less_or_equal: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(less_or_equal)
