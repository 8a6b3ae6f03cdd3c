/* What terminals answer, whole, in pieces, between keys, too late and spoilt: each answer counts once, no byte of one
 * is a key, no key is lost. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "support/check.h"

#define ST "\033\\"

struct kind {
    const char *program;
    const char *answer[12]; /* in the order they come */
    unsigned got;
    uint32_t background;
    int32_t cell_width, cell_height;
    const char *name;
};
static const struct kind kinds[] = {
    {"xterm 379",
     {"\033P1+r524742=38" ST, "\033P1$r0;48:2::1:2:3m" ST, "\033P>|XTerm(379)" ST, "\033]10;rgb:0000/0000/0000" ST,
      "\033]11;rgb:ffff/ffff/ffff" ST, "\033[6;13;6t", "\033[?2026;0$y", "\033[?64;1;2;6;9;15;16;17;18;21;22;28c"},
     ANSWER_FENCE | ANSWER_TRUECOLOR | ANSWER_FOREGROUND | ANSWER_BACKGROUND | ANSWER_CELL,
     0xffffff,
     6,
     13,
     "XTerm(379)"},
    {"xterm -ti vt340",
     {"\033P1$r0;48:2::1:2:3m" ST, "\033P>|XTerm(379)" ST, "\033[6;13;6t", "\033[?63;1;2;4;6;9;15;16;22;28c"},
     ANSWER_FENCE | ANSWER_TRUECOLOR | ANSWER_CELL | ANSWER_SIXEL,
     0,
     6,
     13,
     "XTerm(379)"},
    {"foot",
     {"\033P1+r524742=38" ST, "\033P>|foot(1.16.2)" ST, "\033]10;rgb:dcdc/dcdc/cccc" ST,
      "\033]11;rgb:1111/1111/1111" ST, "\033[6;19;9t", "\033[?2026;2$y", "\033[?62;4;22c"},
     ANSWER_FENCE | ANSWER_TRUECOLOR | ANSWER_FOREGROUND | ANSWER_BACKGROUND | ANSWER_CELL | ANSWER_SYNC | ANSWER_SIXEL,
     0x111111,
     9,
     19,
     "foot(1.16.2)"},
    {"kitty",
     {"\033_Gi=4210;OK" ST, "\033P1$r48:2:1:2:3m" ST, "\033P>|kitty(0.31.0)" ST, "\033]10;rgb:dddd/dddd/dddd" ST,
      "\033]11;rgb:0000/0000/0000" ST, "\033[6;20;10t", "\033[?2026;2$y", "\033[?62;c"},
     ANSWER_FENCE | ANSWER_TRUECOLOR | ANSWER_FOREGROUND | ANSWER_BACKGROUND | ANSWER_CELL | ANSWER_SYNC | ANSWER_KITTY,
     0,
     10,
     20,
     "kitty(0.31.0)"},
    {"WezTerm",
     {"\033_Gi=4210;OK" ST, "\033P>|WezTerm 20240203-110809-5046fc22" ST, "\033]11;rgb:0000/0000/0000\007",
      "\033[6;22;10t", "\033[?2026;2$y", "\033[?65;4;6;18;22c"},
     ANSWER_FENCE | ANSWER_BACKGROUND | ANSWER_CELL | ANSWER_SYNC | ANSWER_KITTY | ANSWER_SIXEL,
     0,
     10,
     22,
     "WezTerm 20240203-110809-5046fc22"},
    {"VTE",
     {"\033P1$r0;48:2:1:2:3m" ST, "\033P>|VTE(7006)" ST, "\033]10;rgb:1717/1414/2121" ST,
      "\033]11;rgb:ffff/ffff/ffff" ST, "\033[6;18;9t", "\033[?2026;0$y", "\033[?65;1;9c"},
     ANSWER_FENCE | ANSWER_TRUECOLOR | ANSWER_FOREGROUND | ANSWER_BACKGROUND | ANSWER_CELL,
     0xffffff,
     9,
     18,
     "VTE(7006)"},
    {"mlterm",
     {"\033P0+r524742" ST, "\033P>|mlterm(3.9.3)" ST, "\033]10;rgb:00/00/00\007", "\033]11;rgb:ff/ff/ff\007",
      "\033[6;17;8t", "\033[?63;1;2;3;4;6;7;15;18;22;29c"},
     ANSWER_FENCE | ANSWER_FOREGROUND | ANSWER_BACKGROUND | ANSWER_CELL | ANSWER_SIXEL,
     0xffffff,
     8,
     17,
     "mlterm(3.9.3)"},
    {"tmux 3.3a", {"\033P>|tmux 3.3a" ST, "\033[?1;2c"}, ANSWER_FENCE, 0, 0, 0, "tmux 3.3a"},
    {"Windows Terminal",
     {"\033P1$r0;48;2;1;2;3m" ST, "\033]10;rgb:cccc/cccc/cccc" ST, "\033]11;rgb:0c0c/0c0c/0c0c" ST, "\033[6;20;10t",
      "\033[?2026;2$y", "\033[?61;4;6;7;14;21;22;23;24;28;32;42c"},
     ANSWER_FENCE | ANSWER_TRUECOLOR | ANSWER_FOREGROUND | ANSWER_BACKGROUND | ANSWER_CELL | ANSWER_SYNC | ANSWER_SIXEL,
     0x0c0c0c,
     10,
     20,
     ""},
    {"an old one", {"\033[?1;2c"}, ANSWER_FENCE, 0, 0, 0, ""},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The front end's loop, without a terminal. */
struct reader {
    struct answers a;
    unsigned char input[512];
    size_t n;
    bool pasting;
    char keys[4096]; /* text of each, with a blank after it */
};

static void append(char *out, size_t size, const char *text)
{
    const size_t n = strlen(out);
    snprintf(out + n, size - n, "%s", text);
}

static void look(struct reader *r, bool last)
{
    size_t at = 0;
    while (at < r->n) {
        struct key_event ev = {0};
        bool part = false;
        size_t n = probe_take(&r->a, r->input + at, r->n - at, last, &part);
        if (n == 0) {
            n = part && !last ? 0 : key_parse(r->input + at, r->n - at, last, &r->pasting, &ev);
        }
        if (n == 0) {
            break;
        }
        at += n;
        CHECK(at <= r->n);
        char text[16];
        if (ev.key != KEY_NONE) {
            append(r->keys, sizeof r->keys, key_text(ev.key, text));
            append(r->keys, sizeof r->keys, " ");
        }
    }
    r->n -= at;
    memmove(r->input, r->input + at, r->n);
}

static void feed(struct reader *r, const char *bytes, size_t n)
{
    while (n > 0) {
        const size_t room = sizeof r->input - r->n, k = n < room ? n : room;
        CHECK(room > 0);
        if (room == 0) {
            return;
        }
        memcpy(r->input + r->n, bytes, k);
        r->n += k;
        bytes += k;
        n -= k;
        look(r, false);
    }
}

static void check_kind(const struct reader *r, const struct kind *k, const char *keys)
{
    CHECK_INT(r->a.got, k->got);
    CHECK_INT(r->a.background, k->background);
    CHECK_INT(r->a.cell_width, k->cell_width);
    CHECK_INT(r->a.cell_height, k->cell_height);
    if (strcmp(r->a.name, k->name) != 0 || strcmp(r->keys, keys) != 0) {
        fprintf(stderr, "%s: name \"%s\", keys \"%s\", expected \"%s\"\n", k->program, r->a.name, r->keys, keys);
    }
    CHECK(strcmp(r->a.name, k->name) == 0 && strcmp(r->keys, keys) == 0);
    CHECK_INT(r->n, 0);
}

/* The answers one after the other, with keys between them. */
static size_t stream_of(const struct kind *k, bool keys, char out[1024])
{
    out[0] = '\0';
    for (size_t i = 0; i < 12 && k->answer[i] != NULL; i++) {
        append(out, 1024, keys && i == 0 ? "j" : keys && i == 1 ? "\033[A" : keys && i == 2 ? "\033[15~\303\244" : "");
        append(out, 1024, k->answer[i]);
    }
    append(out, 1024, keys ? "\033[6~q" : "");
    return strlen(out);
}

static const char *keys_of(const struct kind *k, char out[64])
{
    snprintf(out, 64, "j %s%sPgDn q ", k->answer[1] != NULL ? "Up " : "",
             k->answer[1] != NULL && k->answer[2] != NULL ? "F5 \303\244 " : "");
    return out;
}

static void test_pieces(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        char bytes[1024], keys[64];
        for (int with_keys = 0; with_keys < 2; with_keys++) {
            const size_t n = stream_of(&kinds[i], with_keys, bytes);
            const char *want = with_keys ? keys_of(&kinds[i], keys) : "";
            for (size_t cut = 0; cut <= n; cut++) {
                struct reader r = {0};
                feed(&r, bytes, cut);
                feed(&r, bytes + cut, n - cut);
                check_kind(&r, &kinds[i], want);
            }
            struct reader drip = {0};
            for (size_t k = 0; k < n; k++) {
                feed(&drip, bytes + k, 1);
            }
            check_kind(&drip, &kinds[i], want);
        }
    }
}

/* An answer that stops in the middle for longer than anyone waits: its rest is swallowed all the same. */
static void test_slow(void)
{
    for (size_t i = 0; i < KINDS; i++) {
        for (size_t k = 0; k < 12 && kinds[i].answer[k] != NULL; k++) {
            const char *text = kinds[i].answer[k];
            const size_t n = strlen(text);
            for (size_t cut = 5; text[1] != '[' && cut < n; cut++) {
                struct reader r = {0};
                feed(&r, text, cut);
                look(&r, true);
                feed(&r, text + cut, n - cut);
                feed(&r, "q", 1);
                /* cut before the backslash: an escape key, and what Alt and backslash send */
                CHECK(strcmp(r.keys, "q ") == 0 || (text[cut - 1] == 27 && strcmp(r.keys, "Esc \\ q ") == 0));
            }
        }
    }
}

/* Keys that begin as answers do. */
static void test_keys(void)
{
    static const char *const pair[][2] = {{"\033P", "Esc P "},       {"\033]", "Esc ] "},  {"\033_", "Esc _ "},
                                          {"\033", "Esc "},          {"\033[", ""},        {"\033Pq", "Esc P q "},
                                          {"\033]x", "Esc ] x "},    {"\033[1;2R", "F3 "}, {"\033\033[?1;2c", "Esc "},
                                          {"\033[<0;1;1M", "Click "}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        struct reader r = {0};
        feed(&r, pair[i][0], strlen(pair[i][0]));
        look(&r, true);
        if (strcmp(r.keys, pair[i][1]) != 0 && i != 9) {
            fprintf(stderr, "%zu: \"%s\"\n", i, r.keys);
        }
        CHECK(i == 9 ? r.keys[0] != '\0' : strcmp(r.keys, pair[i][1]) == 0);
    }
}

static void test_patience(void)
{
    const struct answers none = {0}, done = {.got = ANSWER_FENCE};
    const unsigned char esc[] = {27}, begun[] = "\033]11;rgb:";
    CHECK_INT(probe_patience(&none, esc, 1, -1), 40);
    CHECK_INT(probe_patience(&none, esc, 1, 0), PROBE_CAP_MS);
    CHECK_INT(probe_patience(&none, esc, 1, PROBE_LATE_MS + 1), 40);
    CHECK_INT(probe_patience(&done, esc, 1, 10), 40);
    CHECK(probe_patience(&none, esc, 1, 5000) < 400);
    CHECK_INT(probe_patience(&done, begun, 9, 20000), 1000);
}

static void test_spoilt(void)
{
    static const char *const bad[] = {"\033]11;rgb:zzzz/0/0" ST,
                                      "\033]11;rgb:ffff/ffff" ST,
                                      "\033]11;rgb:11111/1/1" ST,
                                      "\033[6;0;0t",
                                      "\033[6;9999;8t",
                                      "\033[?2026;4$y",
                                      "\033[6;-3;8t",
                                      "\033_Gi=4210;ENOENT:no" ST,
                                      "\033_Gi=99;OK" ST,
                                      "\033P0$r" ST,
                                      "\033P1$r0m" ST,
                                      "\033]11;" ST,
                                      "\033_G" ST};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct reader r = {0};
        feed(&r, bad[i], strlen(bad[i]));
        CHECK_INT(r.a.got, 0);
        CHECK(r.keys[0] == '\0' && r.n == 0);
    }
    struct reader r = {0}; /* a megabyte without an end, then an end */
    static char much[1 << 20];
    memset(much, 'A', sizeof much);
    feed(&r, "\033P>|", 4);
    feed(&r, much, sizeof much);
    feed(&r, ST "q", 3);
    CHECK(strcmp(r.keys, "q ") == 0 && r.a.got == 0);
    struct reader c = {0}; /* control characters within a string end it */
    feed(&c, "\033P>|evil\033[31m\nq", 15);
    CHECK(strstr(c.keys, "q ") != NULL);
    for (const char *p = c.a.name; *p != '\0'; p++) {
        CHECK(*p >= ' ' && *p < 0x7f);
    }
}

static void test_random(void)
{
    static const char *const part[] = {"\033", "[",    "?",  "6;", "4",  "c",         "$",    "y",    "t",
                                       "P",    "1",    "+r", "r",  ">|", "]",         "11;",  "rgb:", "ffff",
                                       "/",    "\007", "\\", "_",  "G",  "i=4210;OK", "\x80", "\n",   "x"};
    uint32_t seed = 7;
    for (int i = 0; i < 3000; i++) {
        struct reader r = {0};
        for (int k = 0; k < 40; k++) {
            seed = seed * 1664525 + 1013904223;
            const char *p = part[(seed >> 16) % (sizeof part / sizeof part[0])];
            feed(&r, p, strlen(p));
            if ((seed >> 8) % 7 == 0) {
                look(&r, true);
            }
        }
        look(&r, true);
        look(&r, true);
        CHECK_INT(r.n, 0);
        CHECK(r.a.cell_width < 256 && r.a.background <= 0xffffff);
    }
}

static const char *environment[8];
static const char *get(const char *name)
{
    for (int i = 0; environment[i] != NULL; i += 2) {
        if (strcmp(environment[i], name) == 0) {
            return environment[i + 1];
        }
    }
    return NULL;
}

/* Every kind, asked over an SSH link that brings TERM only. */
static void test_apply(void)
{
    static const enum graphics_kind graphics[KINDS] = {
        [1] = GRAPHICS_SIXEL, [2] = GRAPHICS_SIXEL, [3] = GRAPHICS_KITTY,
        [4] = GRAPHICS_KITTY, [6] = GRAPHICS_SIXEL, [8] = GRAPHICS_SIXEL};
    environment[0] = "TERM";
    environment[1] = "xterm-256color";
    for (size_t i = 0; i < KINDS; i++) {
        char bytes[1024], err[100];
        struct reader r = {0};
        struct caps caps, chosen, plain;
        caps_detect(get, "UTF-8", &caps);
        chosen = plain = caps;
        feed(&r, bytes, stream_of(&kinds[i], false, bytes));
        probe_apply(&r.a, &caps);
        CHECK_INT(caps.graphics, graphics[i]);
        CHECK_INT(caps.colours, kinds[i].got & ANSWER_TRUECOLOR ? PICTURE_TRUE : PICTURE_256);
        CHECK_INT(caps.light, kinds[i].background == 0xffffff);
        CHECK_INT(caps.sync, (kinds[i].got & ANSWER_SYNC) != 0);
        CHECK_INT(caps.glyphs, i >= 2 && i <= 5 ? PICTURE_SEXTANT : PICTURE_EIGHTH);
        CHECK(caps_choose_graphics(&chosen, "half", err, sizeof err) && caps_choose_theme(&chosen, "dark", err, 100));
        caps_choose_colours(&chosen, PICTURE_16);
        probe_apply(&r.a, &chosen); /* the user's word counts */
        CHECK(chosen.graphics == GRAPHICS_NONE && chosen.glyphs == PICTURE_HALF && !chosen.light);
        CHECK_INT(chosen.colours, PICTURE_16);
        plain.colours = PICTURE_MONO; /* NO_COLOR */
        probe_apply(&r.a, &plain);
        CHECK(plain.colours == PICTURE_MONO && plain.graphics == GRAPHICS_NONE);
    }
    const struct answers nothing = {0};
    struct caps caps;
    caps_detect(get, "UTF-8", &caps);
    CHECK(!probe_apply(&nothing, &caps) && caps.sync);
}

static bool asks(const char *term, const char *name, const char *value, const char *part)
{
    struct caps caps;
    struct bytes b = {0};
    environment[0] = "TERM";
    environment[1] = term;
    environment[2] = name;
    environment[3] = value;
    caps_detect(get, "UTF-8", &caps);
    probe_questions(&caps, &b);
    bytes_add(&b, "", 1);
    const bool found = strstr(b.data, part) != NULL;
    bytes_finish(&b);
    return found;
}

static void test_questions(void)
{
    static const char *const none[] = {"linux", "vt100", "vt220", "dumb", "", "screen", "screen-256color"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        CHECK(!asks(none[i], NULL, NULL, "\033"));
    }
    CHECK(asks("xterm-256color", NULL, NULL, "\033_G") && asks("xterm-256color", NULL, NULL, "\033[c"));
    CHECK(asks("xterm-256color", NULL, NULL, "+q524742"));
    CHECK(!asks("xterm-256color", "COLORTERM", "truecolor", "+q524742"));
    CHECK(!asks("screen-256color", "TMUX", "/tmp/tmux-0/default,1,0", "\033_G")); /* tmux would take it for a title */
    CHECK(asks("screen-256color", "TMUX", "/tmp/tmux-0/default,1,0", "\033[c"));
    CHECK(!asks("screen.xterm-256color", "STY", "1.pts", "\033"));
}

int main(void)
{
    test_pieces();
    test_slow();
    test_keys();
    test_patience();
    test_spoilt();
    test_random();
    test_apply();
    test_questions();
    return check_done();
}
