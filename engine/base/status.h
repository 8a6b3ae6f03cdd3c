/* Error reporting inside the engine. The deepest function that knows the facts sets the text (err_set);
 * callers add where they are (err_at). Nobody logs and returns the same error. */
#ifndef LIMN_BASE_STATUS_H
#define LIMN_BASE_STATUS_H

#include <limn/status.h>

#if defined(__GNUC__)
#define LIMN_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define LIMN_PRINTF(fmt, first)
#endif

/* Stores code and text in `err` (may be NULL) and returns `code`. Control characters in the text are escaped. */
limn_status err_set(limn_error *err, limn_status code, const char *fmt, ...) LIMN_PRINTF(3, 4);

/* Puts "PREFIX: " before the text already in `err` and returns its code (LIMN_ERR_INTERNAL when err is NULL or clean).
 */
limn_status err_at(limn_error *err, const char *fmt, ...) LIMN_PRINTF(2, 3);

/* The one cleanup idiom: a local `limn_status st = LIMN_OK` and a label `out:` that frees everything. */
#define TRY(expr)                                                                                                      \
    do {                                                                                                               \
        st = (expr);                                                                                                   \
        if (st != LIMN_OK) {                                                                                           \
            goto out;                                                                                                  \
        }                                                                                                              \
    } while (0)

#endif
