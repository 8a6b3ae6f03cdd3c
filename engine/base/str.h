/* Small text helpers. */
#ifndef LIMN_BASE_STR_H
#define LIMN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies untrusted text for printing: control bytes, C1 controls, bidi overrides and invalid UTF-8 become \xNN /
 * \u{NNNN}. Always terminates; returns dst. */
char *str_escape(char *dst, size_t size, const char *src);

/* Whether n bytes (NUL among them allowed) are valid UTF-8. */
bool str_is_utf8(const char *text, size_t n);

/* The candidate closest to `text` by edit distance when close enough to suggest, else NULL. */
const char *str_closest(const char *text, const char *const *candidates, size_t n);

/* Strict decimal parsers: the whole text must be one number in range. Locale-independent. */
bool str_to_i64(const char *text, int64_t min, int64_t max, int64_t *out);
bool str_to_double(const char *text, double *out);

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

#endif
