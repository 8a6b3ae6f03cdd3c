/* Cases of greater_or_equal: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(greater_or_equal)
