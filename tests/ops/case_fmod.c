/* Cases of fmod: those of both remainders; this one has the sign of a. */
#include "elementwise_cases.h"

REMAINDER_CASES(fmod)
