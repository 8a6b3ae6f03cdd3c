/* Cases of logical_xor: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(logical_xor)
