/* Cases of greater: those of every comparison. */
#include "elementwise_cases.h"

PREDICATE_CASES(greater)
