/* Questions and answers: see probe.h. The forms are those of xterm's ctlseqs (DA1, DECRQM, DECRQSS, XTGETTCAP,
 * XTVERSION, OSC 10 and 11, CSI 16 t) and of kitty's graphics protocol (a=q). */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ESC = 27, BELL = 7, STRING_MS = 1000, KEY_MS = 40, LATE_KEY_MS = 250 };

void probe_questions(const struct caps *caps, struct bytes *out)
{
    if (!caps->ask) {
        return;
    }
    if (!caps->inside) { /* what is between would show it, take it for a title, or answer by itself */
        bytes_text(out, "\033_Gi=4210,s=1,v=1,a=q,t=d,f=24;AAAA\033\\");
    }
    if (caps->colours < PICTURE_TRUE && caps->colours > PICTURE_MONO) {
        bytes_text(out, "\033P+q524742;5463\033\\"); /* RGB, Tc */
        bytes_text(out, "\033[48;2;1;2;3m\033P$qm\033\\\033[m");
    }
    bytes_text(out, "\033[>0q\033]10;?\033\\\033]11;?\033\\\033[16t\033[?2026$p\033[c");
}

/* ---- answers ---- */

/* Numbers between ';' from `text` to the first other character. */
static int numbers(const char *text, const char *end, long out[32])
{
    int n = 0;
    while (n < 32 && text < end) {
        char *stop;
        out[n] = strtol(text, &stop, 10);
        if (stop == text || *text < '0' || *text > '9') {
            break;
        }
        n++;
        text = *stop == ';' ? stop + 1 : end;
    }
    return n;
}

static void take_attributes(struct answers *a, const char *text, const char *end)
{
    long v[32];
    const int n = numbers(text, end, v);
    for (int i = 1; i < n; i++) { /* the first is the terminal's class */
        a->got |= v[i] == 4 ? ANSWER_SIXEL : 0;
    }
    a->got |= ANSWER_FENCE;
    snprintf(a->attributes, sizeof a->attributes, "%.*s", (int)(end - text), text);
}

/* After ESC [, a whole sequence whose last byte is at `end`. False: it is no answer, perhaps a key. */
static bool take_csi(struct answers *a, const char *text, const char *end)
{
    long v[32];
    if (*text == '?' && *end == 'c') {
        take_attributes(a, text + 1, end);
        return true;
    }
    if (*text == '?' && *end == 'y' && end[-1] == '$') {
        const int n = numbers(text + 1, end, v);
        a->got |= n == 2 && v[0] == 2026 && v[1] >= 1 && v[1] <= 3 ? ANSWER_SYNC : 0;
        return true;
    }
    if (*end == 't') {
        const bool sane = numbers(text, end, v) == 3 && v[0] == 6 && v[1] > 1 && v[1] < 256 && v[2] > 1 && v[2] < 256;
        if (sane) {
            a->cell_height = (int32_t)v[1];
            a->cell_width = (int32_t)v[2];
            a->got |= ANSWER_CELL;
        }
        return true;
    }
    return false;
}

/* "rgb:RRRR/GGGG/BBBB", 1 to 4 digits each. */
static bool read_colour(const char *text, uint32_t *out)
{
    uint32_t rgb = 0;
    const bool alpha = strncmp(text, "rgba:", 5) == 0;
    if (!alpha && strncmp(text, "rgb:", 4) != 0) {
        return false;
    }
    text += alpha ? 5 : 4;
    for (int k = 0; k < 3; k++) {
        const size_t digits = strspn(text, "0123456789abcdefABCDEF");
        if (digits < 1 || digits > 4) {
            return false;
        }
        const unsigned long v = strtoul(text, NULL, 16), most = (1ul << 4 * digits) - 1;
        rgb = rgb << 8 | (uint32_t)((v * 255 + most / 2) / most);
        text += digits;
        if (k < 2 && *text++ != '/') {
            return false;
        }
    }
    *out = rgb;
    return true;
}

static void take_osc(struct answers *a, const char *text)
{
    if (strncmp(text, "10;", 3) == 0 && read_colour(text + 3, &a->foreground)) {
        a->got |= ANSWER_FOREGROUND;
    } else if (strncmp(text, "11;", 3) == 0 && read_colour(text + 3, &a->background)) {
        a->got |= ANSWER_BACKGROUND;
    }
}

static void take_dcs(struct answers *a, const char *text)
{
    if (strncmp(text, ">|", 2) == 0) {
        size_t n = 0;
        for (text += 2; *text >= ' ' && *text < 0x7f && n + 1 < sizeof a->name; text++) {
            a->name[n++] = *text;
        }
        a->name[n] = '\0';
    } else if (strncmp(text, "1+r524742", 9) == 0 || strncmp(text, "1+r5463", 7) == 0) {
        a->got |= ANSWER_TRUECOLOR;
    } else if (strncmp(text, "1$r", 3) == 0) { /* the colour that was set, in one of the three forms */
        const bool kept = strstr(text, "48:2::1:2:3") != NULL || strstr(text, "48:2:1:2:3") != NULL ||
                          strstr(text, "48;2;1;2;3") != NULL;
        a->got |= kept ? ANSWER_TRUECOLOR : 0;
    }
}

static void take_string(struct answers *a, unsigned char kind, const unsigned char *body, size_t n)
{
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)n, (const char *)body);
    if (kind == 'P') {
        take_dcs(a, text);
    } else if (kind == ']') {
        take_osc(a, text);
    } else if (strncmp(text, "Gi=4210", 7) == 0 && strstr(text, ";OK") != NULL) {
        a->got |= ANSWER_KITTY;
    }
}

/* Whether n bytes after ESC and the kind agree with the begin of an answer; `whole` ones are those that cannot be the
 * keys of somebody who typed Alt and a letter. */
static bool begins(unsigned char kind, const unsigned char *b, size_t n, bool *whole)
{
    static const char *const dcs[] = {"1$r", "0$r", "1+r", "0+r", ">|", "$r", "+r", NULL};
    static const char *const osc[] = {"10;", "11;", NULL}, *const apc[] = {"G", NULL};
    const char *const *list = kind == 'P' ? dcs : kind == ']' ? osc : apc;
    for (; *list != NULL; list++) {
        const size_t length = strlen(*list), k = n < length ? n : length;
        if (memcmp(b, *list, k) == 0) {
            *whole = n >= length;
            return true;
        }
    }
    return false;
}

/* Where a string ends: its body, and the bytes with BEL or ESC \ after it; what no string contains ends it too, and is
 * left alone. False: it goes on. */
static bool string_end(const unsigned char *b, size_t n, size_t *body, size_t *all)
{
    size_t i = 0;
    while (i < n && b[i] >= ' ' && b[i] < 0x7f) {
        i++;
    }
    *body = i;
    *all = i + (i < n && b[i] == BELL);
    if (i + 1 < n && b[i] == ESC && b[i + 1] == '\\') {
        *all = i + 2;
    }
    return i < n && (b[i] != ESC || i + 1 < n);
}

/* The rest of a string that was given up. */
static size_t take_rest(struct answers *a, const unsigned char *b, size_t n, bool last, bool *part)
{
    size_t body, all;
    if (string_end(b, n, &body, &all)) {
        a->inside = false;
        return all;
    }
    if (body < n && last) { /* an ESC that nothing follows: a key */
        a->inside = false;
    } else if (body < n) {
        *part = body == 0;
    }
    return body;
}

static size_t take_sequence(struct answers *a, const unsigned char *b, size_t n, bool *part)
{
    size_t i = 2;
    while (i < n && b[i] >= 0x20 && b[i] < 0x40) {
        i++;
    }
    *part = i == n && n < 128;
    char text[128];
    if (i == n || i >= sizeof text) {
        return 0;
    }
    memcpy(text, b, i + 1);
    text[i + 1] = '\0';
    return take_csi(a, text + 2, text + i) ? i + 1 : 0;
}

size_t probe_take(struct answers *a, const unsigned char *b, size_t n, bool last, bool *part)
{
    bool whole = false;
    *part = false;
    if (a->inside && n > 0) {
        const size_t rest = take_rest(a, b, n, last, part);
        if (rest > 0 || *part) {
            return rest;
        }
    }
    if (n == 0 || b[0] != ESC) {
        return 0;
    }
    if (n == 1) {
        *part = true;
        return 0;
    }
    if (b[1] == '[') {
        return take_sequence(a, b, n, part);
    }
    if ((b[1] != 'P' && b[1] != ']' && b[1] != '_') || !begins(b[1], b + 2, n - 2, &whole)) {
        return 0;
    }
    size_t body, all;
    if (string_end(b + 2, n - 2, &body, &all)) {
        take_string(a, b[1], b + 2, whole ? body : 0);
        return whole ? all + 2 : 0;
    }
    if (whole && (last || n > 400)) {
        a->inside = true;
        return 2 + body;
    }
    *part = true;
    return 0;
}

int probe_patience(const struct answers *a, const unsigned char *b, size_t n, int64_t since)
{
    bool whole = false;
    if (a->inside || (n > 2 && b[0] == ESC && begins(b[1], b + 2, n - 2, &whole) && whole)) {
        return STRING_MS;
    }
    if (since < 0 || (a->got & ANSWER_FENCE) || since > PROBE_LATE_MS) {
        return KEY_MS;
    }
    return since < PROBE_CAP_MS - LATE_KEY_MS ? (int)(PROBE_CAP_MS - since) : LATE_KEY_MS;
}

/* ---- what follows from them ---- */

/* Terminals that draw sextants themselves, whatever the font. */
static bool draws_sextants(const char *name)
{
    static const char *const known[] = {"kitty(", "foot(", "WezTerm ", "ghostty ", "contour ", "Konsole ", NULL};
    for (const char *const *k = known; *k != NULL; k++) {
        if (strncmp(name, *k, strlen(*k)) == 0) {
            return true;
        }
    }
    return strncmp(name, "VTE(", 4) == 0 && strtol(name + 4, NULL, 10) >= 5800;
}

static bool is_light(uint32_t rgb)
{
    return 299 * (rgb >> 16) + 587 * (rgb >> 8 & 255) + 114 * (rgb & 255) > 127500;
}

bool probe_apply(const struct answers *a, struct caps *caps)
{
    const struct caps before = *caps;
    const unsigned open = ~caps->chosen;
    if ((a->got & ANSWER_TRUECOLOR) && (open & CAPS_COLOURS) && caps->colours > PICTURE_MONO) {
        caps->colours = PICTURE_TRUE;
    }
    if (caps->utf8 && (open & CAPS_GLYPHS) && draws_sextants(a->name)) {
        caps->glyphs = PICTURE_SEXTANT;
    }
    if ((a->got & ANSWER_BACKGROUND) && (open & CAPS_THEME)) {
        caps->light = is_light(a->background);
    }
    if (a->got & ANSWER_FENCE) { /* who does not say that it knows them does not get them */
        caps->sync = (a->got & ANSWER_SYNC) != 0;
    }
    if (a->got & ANSWER_CELL) {
        caps->cell_width = a->cell_width;
        caps->cell_height = a->cell_height;
    }
    if ((open & CAPS_GRAPHICS) && caps->colours > PICTURE_MONO && !caps->inside) {
        const bool sized = caps->cell_width > 0;
        caps->graphics = a->got & ANSWER_KITTY              ? GRAPHICS_KITTY
                         : (a->got & ANSWER_SIXEL) && sized ? GRAPHICS_SIXEL
                                                            : caps->graphics;
    }
    return before.colours != caps->colours || before.glyphs != caps->glyphs || before.light != caps->light ||
           before.graphics != caps->graphics || before.cell_width != caps->cell_width ||
           before.cell_height != caps->cell_height;
}
