/* See stream.h. */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"

static void complain(struct stream *s)
{
    if (s->n_bad++ == 0) {
        size_t at = (size_t)snprintf(s->bad, sizeof s->bad, "at byte %zu: ", s->at);
        for (size_t i = 0; i < s->n_held && at + 8 < sizeof s->bad; i++) {
            const unsigned char c = (unsigned char)s->held[i];
            at += (size_t)snprintf(s->bad + at, sizeof s->bad - at, c > ' ' && c < 0x7f ? "%c" : "\\x%02x", c);
        }
    }
}

const long stream_mode[STREAM_MODES] = {25, 7, 1000, 1002, 1006, 1049, 2004, 2026, 1, 12};
enum { USUAL = 2, KEPT = 8 }; /* the first ones are usually set; from number KEPT on: of no harm */

static bool good_mode(struct stream *s, const char *text, bool set)
{
    const long n = strtol(text, NULL, 10);
    for (int i = 0; i < STREAM_MODES; i++) {
        if (stream_mode[i] == n) {
            const bool on = i < USUAL ? !set : set;
            s->set = on ? s->set | 1U << i : s->set & ~(1U << i);
            return true;
        }
    }
    return false;
}

long stream_left(const struct stream *s)
{
    for (int i = 0; i < KEPT; i++) {
        if (s->set >> i & 1) {
            return stream_mode[i];
        }
    }
    return s->titles != 0 ? 22 : 0;
}

/* Parameters of "m": in strict mode only what paint.c writes. */
static bool good_style(struct stream *s, const char *text)
{
    char *end;
    bool colour = false, fine = true;
    for (const char *p = text; fine && *p != '\0' && *p != 'm'; p = *end == ';' || *end == ':' ? end + 1 : end) {
        const long n = strtol(p, &end, 10);
        if (n == 38 || n == 48) {
            const long how = *end != '\0' ? strtol(end + 1, &end, 10) : 0;
            for (int i = 0; i < (how == 2 ? 3 : 1) && *end == ';'; i++) {
                strtol(end + 1, &end, 10);
            }
            fine = how == 2 || !s->strict;
            colour = true;
        } else {
            colour = colour || (n >= 30 && n < 38) || (n >= 40 && n < 48) || (n >= 90 && n < 108);
            fine = !s->strict || n == 0 || n == 1 || n == 2 || n == 4 || n == 7 || n == 39 || n == 49;
        }
        fine = fine && (*end == 'm' || *end == ';' || *end == ':');
    }
    s->n_colours += colour;
    return fine;
}

/* A whole CSI sequence, `text` after "ESC [". */
static bool good_csi(struct stream *s, const char *text)
{
    static const char finals[] = "ABCDGHJKLMPSTXbdr@";
    const char last = text[strlen(text) - 1];
    if (strcmp(text, "22;0;0t") == 0 || strcmp(text, "23;0;0t") == 0) { /* xterm keeps its title, in smcup and rmcup */
        s->titles += text[1] == '2' ? 1 : -1;
        return true;
    }
    if (strcmp(text, ">0q") == 0 || strcmp(text, "16t") == 0 || strcmp(text, "?2026$p") == 0 ||
        strcmp(text, "c") == 0) {
        return true; /* questions (probe.h) */
    }
    if (strcmp(text, "?2026l") == 0) {
        s->n_frames++;
    }
    if (strspn(text, "0123456789;:") == strlen(text) - 1) {
        return last == 'm' ? good_style(s, text) : last == 'l' || last == 'h' || strchr(finals, last) != NULL;
    }
    return text[0] == '?' && (last == 'c' || ((last == 'h' || last == 'l') && good_mode(s, text + 1, last == 'h')));
}

/* Strings: the questions of probe.h, pictures, and text for the clipboard, of which nothing but base64 may come. */
static bool good_string(const struct stream *s, const char *text)
{
    static const char clipboard[] = "]52;c;";
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    if (strncmp(text, clipboard, sizeof clipboard - 1) == 0) {
        text += sizeof clipboard - 1;
        return strcmp(text + strspn(text, base64), "\033\\") == 0;
    }
    static const char *const graphics[] = {"P0;1;0q\"1;1;", "_Ga=t,", "_Gm=", "_Ga=p,", "_Ga=d,"};
    for (size_t i = 0; s->graphics && i < sizeof graphics / sizeof graphics[0]; i++) {
        if (strncmp(text, graphics[i], strlen(graphics[i])) == 0) {
            return true;
        }
    }
    static const char *const known[] = {"_Gi=4210,s=1,v=1,a=q,t=d,f=24;AAAA", "P+q524742;5463", "P$qm", "]10;?",
                                        "]11;?"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const size_t n = strlen(known[i]);
        if (strncmp(text, known[i], n) == 0 && strcmp(text + n, "\033\\") == 0) {
            return true;
        }
    }
    return false;
}

/* Takes what is held when it is whole. */
static bool whole(struct stream *s, bool *fine)
{
    const unsigned char first = (unsigned char)s->held[0], last = (unsigned char)s->held[s->n_held - 1];
    s->held[s->n_held] = '\0';
    *fine = true;
    if (first == 27) {
        if (s->n_held == 1) {
            return false;
        }
        const char kind = s->held[1];
        if (kind == '[') {
            const bool ends = s->n_held > 2 && (last < 0x20 || last >= 0x40);
            *fine = !ends || good_csi(s, s->held + 2);
            return ends;
        }
        if (strchr("P]_", kind) != NULL) {
            const bool ends = s->n_held > 3 && last == '\\' && s->held[s->n_held - 2] == 27;
            const bool broken = last < ' ' && last != 27;
            *fine = !broken && (!ends || good_string(s, s->held + 1));
            return ends || broken;
        }
        if (kind == '(' || kind == ')') {
            *fine = s->n_held < 3 || last == 'B' || last == '0';
            return s->n_held == 3;
        }
        *fine = strchr("=>78M", kind) != NULL || (kind == '\\' && s->graphics);
        return true;
    }
    if (first < 0x80) {
        *fine = first >= 0x20 ? first != 0x7f : strchr("\r\n\b\t\016\017", first) != NULL && first != 0;
        return true;
    }
    const size_t need = (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 1;
    if (s->n_held < need) {
        return (last & 0xc0) != 0x80 && s->n_held > 1;
    }
    const char *p = s->held;
    const uint32_t c = utf8_next(&p);
    const bool turns = (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    *fine = need > 1 && c != 0xfffd && c >= 0xa0 && p == s->held + need && !turns && c != 0x061c && c != 0x2028 &&
            c != 0x2029 && (c < 0xe0000 || c > 0xe007f);
    return true;
}

void stream_feed(struct stream *s, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++, s->at++) {
        bool fine = true;
        s->n_high += ((unsigned char)bytes[i] & 0x80) != 0;
        const bool string = s->n_held > 100 && s->held[0] == 27 && (s->held[1] == 'P' || s->held[1] == '_');
        if (string && s->graphics) { /* the begin and the end of long ones are enough */
            s->held[99] = s->held[s->n_held - 1];
            s->n_held = 100;
        }
        if (s->cuts && bytes[i] == 27 && s->n_held > 0 && (!string || s->graphics)) {
            s->n_held = s->held[0] == 27 && s->n_held > 1 && strchr("P]_", s->held[1]) != NULL ? s->n_held : 0;
        }
        s->held[s->n_held++] = bytes[i];
        const bool over = s->n_held + 2 > sizeof s->held;
        if (whole(s, &fine) || over) {
            if (!fine || over) {
                complain(s);
            }
            s->n_held = 0;
        }
    }
}
