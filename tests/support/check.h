/* The smallest test harness that says what failed: CHECK prints file, line and both values and goes on; a test program
 * returns check_done(). */
#ifndef LIMN_TEST_CHECK_H
#define LIMN_TEST_CHECK_H

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One of each in a program, whatever files it is made of. */
__attribute__((weak)) int check_failed, check_count;

#define CHECK(cond)                                                                                                    \
    do {                                                                                                               \
        check_count++;                                                                                                 \
        if (!(cond)) {                                                                                                 \
            check_failed++;                                                                                            \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #cond);                                         \
        }                                                                                                              \
    } while (0)

#define CHECK_INT(a, b)                                                                                                \
    do {                                                                                                               \
        long long check_a = (long long)(a), check_b = (long long)(b);                                                  \
        check_count++;                                                                                                 \
        if (check_a != check_b) {                                                                                      \
            check_failed++;                                                                                            \
            fprintf(stderr, "%s:%d: %s is %lld, expected %lld\n", __FILE__, __LINE__, #a, check_a, check_b);           \
        }                                                                                                              \
    } while (0)

#define CHECK_NEAR(a, b, tol)                                                                                          \
    do {                                                                                                               \
        double check_a = (double)(a), check_b = (double)(b);                                                           \
        check_count++;                                                                                                 \
        if (!(fabs(check_a - check_b) <= (tol))) {                                                                     \
            check_failed++;                                                                                            \
            fprintf(stderr, "%s:%d: %s is %.9g, expected %.9g within %g\n", __FILE__, __LINE__, #a, check_a, check_b,  \
                    (double)(tol));                                                                                    \
        }                                                                                                              \
    } while (0)

#define CHECK_STR(a, b)                                                                                                \
    do {                                                                                                               \
        const char *check_a = (a), *check_b = (b);                                                                     \
        check_count++;                                                                                                 \
        if (check_a == NULL || strcmp(check_a, check_b) != 0) {                                                        \
            check_failed++;                                                                                            \
            fprintf(stderr, "%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #a,                          \
                    check_a ? check_a : "(null)", check_b);                                                            \
        }                                                                                                              \
    } while (0)

/* CHECK that a call returned LIMN_OK, printing the error text otherwise; needs `limn_error err` in scope. */
#define CHECK_OK(call)                                                                                                 \
    do {                                                                                                               \
        int check_st = (int)(call);                                                                                    \
        check_count++;                                                                                                 \
        if (check_st != 0) {                                                                                           \
            check_failed++;                                                                                            \
            fprintf(stderr, "%s:%d: %s: status %d: %s\n", __FILE__, __LINE__, #call, check_st, err.text);              \
        }                                                                                                              \
    } while (0)

static inline int check_done(void)
{
    fprintf(stderr, "%d checks, %d failed\n", check_count, check_failed);
    return check_failed != 0;
}

#endif
