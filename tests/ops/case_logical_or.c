/* Cases of logical_or: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(logical_or)
