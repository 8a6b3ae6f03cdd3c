/* Keeps the support library non-empty; shared test helpers live beside this file. */
#include "support/check.h"

int limn_test_support_version(void);
int limn_test_support_version(void)
{
    return 1;
}
