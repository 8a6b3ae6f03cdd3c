/* Escaping of untrusted text, edit distance for suggestions, strict number parsing. */
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Decodes one UTF-8 sequence of at most `left` bytes; returns its length, 0 when invalid. */
static int utf8_decode(const unsigned char *s, size_t left, uint32_t *cp)
{
    static const uint32_t min[5] = {0, 0, 0x80, 0x800, 0x10000};
    int n = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
    if (n == 0 || (size_t)n > left) {
        return 0;
    }
    *cp = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
        *cp = *cp << 6 | (s[i] & 0x3f);
    }
    return *cp < min[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff) ? 0 : n;
}

bool str_is_utf8(const char *text, size_t n)
{
    uint32_t cp;
    for (size_t i = 0; i < n;) {
        int len = utf8_decode((const unsigned char *)text + i, n - i, &cp);
        if (len == 0) {
            return false;
        }
        i += (size_t)len;
    }
    return true;
}

/* Control characters, C1 controls, what turns the direction of writing, and what cannot be seen must never reach a
 * terminal. */
static bool unprintable(uint32_t cp)
{
    static const uint32_t range[][2] = {{0, 0x1f},         {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
                                        {0x180e, 0x180e},  {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                        {0xfeff, 0xfeff},  {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0x1d173, 0x1d17a},
                                        {0xe0000, 0xe0fff}};
    for (size_t i = 0; i < sizeof(range) / sizeof(range[0]); i++) {
        if (cp >= range[i][0] && cp <= range[i][1]) {
            return true;
        }
    }
    return false;
}

char *str_escape(char *dst, size_t size, const char *src)
{
    const unsigned char *s = (const unsigned char *)src;
    size_t used = 0;
    while (*s) {
        char piece[16];
        uint32_t cp = 0;
        int n = utf8_decode(s, SIZE_MAX, &cp), len; /* stops at the NUL */
        if (n == 0) {
            len = snprintf(piece, sizeof(piece), "\\x%02x", *s);
            n = 1;
        } else if (!unprintable(cp)) {
            memcpy(piece, s, (size_t)n);
            len = n;
        } else {
            len = snprintf(piece, sizeof(piece), cp < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)cp);
        }
        if (used + (size_t)len + 1 > size) {
            break;
        }
        memcpy(dst + used, piece, (size_t)len);
        used += (size_t)len;
        s += n;
    }
    if (size) {
        dst[used] = '\0';
    }
    return dst;
}

/* Levenshtein distance, case-insensitive, of texts up to 63 characters. */
static int distance(const char *a, const char *b)
{
    int row[64], n = (int)strlen(b), i = 0;
    if (n > 63 || strlen(a) > 63) {
        return 1000;
    }
    for (int j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (; a[i]; i++) {
        int diagonal = row[0];
        row[0] = i + 1;
        for (int j = 1; j <= n; j++) {
            int change = diagonal + (tolower((unsigned char)a[i]) != tolower((unsigned char)b[j - 1]));
            int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = change < best ? change : best;
        }
    }
    return row[n];
}

const char *str_closest(const char *text, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    int best_distance = (int)strlen(text) / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        int d = distance(text, candidates[i]);
        if (d < best_distance) {
            best_distance = d;
            best = candidates[i];
        }
    }
    return best;
}

bool str_to_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end;
    if (!isdigit((unsigned char)text[text[0] == '-'])) {
        return false;
    }
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (*end || errno || v < min || v > max) {
        return false;
    }
    *out = v;
    return true;
}

bool str_to_double(const char *text, double *out)
{
    /* The C locale whatever the process uses, so that "0.5" means a half under de_DE too. */
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c) {
        return false;
    }
    char *end;
    double v = strtod_l(text, &end, c);
    freelocale(c);
    bool numeric = end != text && *end == '\0' && !isspace((unsigned char)text[0]) && v - v == 0.0;
    if (numeric) {
        *out = v;
    }
    return numeric;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && strcmp(text + n - m, suffix) == 0;
}
