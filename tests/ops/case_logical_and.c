/* Cases of logical_and: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(logical_and)
