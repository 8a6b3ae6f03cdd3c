/* See storm.h. */
#include "storm.h"

#include <stdio.h>
#include <string.h>

#include "cell.h"

void storm_init(struct storm *s, uint64_t seed)
{
    s->state = seed * 0x9e3779b97f4a7c15ULL + 0x1234567;
    keymap_default(&s->keys);
}

uint32_t storm_below(struct storm *s, uint32_t n)
{
    s->state ^= s->state << 13;
    s->state ^= s->state >> 7;
    s->state ^= s->state << 17;
    return (uint32_t)(s->state >> 32) % n;
}

static size_t put_key(int32_t key, unsigned char *out)
{
    static const struct {
        int32_t key;
        const char *bytes;
    } special[] = {{KEY_ARROW_UP, "\033[A"},   {KEY_ARROW_DOWN, "\033[B"}, {KEY_ARROW_RIGHT, "\033[C"},
                   {KEY_ARROW_LEFT, "\033[D"}, {KEY_HOME_, "\033[H"},      {KEY_END_, "\033[F"},
                   {KEY_PAGE_UP, "\033[5~"},   {KEY_PAGE_DOWN, "\033[6~"}, {KEY_INSERT, "\033[2~"},
                   {KEY_DELETE, "\033[3~"},    {KEY_BACK_TAB, "\033[Z"},   {KEY_F1, "\033OP"},
                   {KEY_F1 + 4, "\033[15~"},   {KEY_F1 + 9, "\033[21~"}};
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (special[i].key == key) {
            memcpy(out, special[i].bytes, strlen(special[i].bytes));
            return strlen(special[i].bytes);
        }
    }
    return key > 0 && key < KEY_FIRST_SPECIAL ? (size_t)utf8_put((uint32_t)key, (char *)out) : 0;
}

/* What an action of the table has for a key; seldom what leaves. */
static size_t put_action(struct storm *s, unsigned char *out)
{
    const enum action act = (enum action)(1 + storm_below(s, ACT_COUNT - 1));
    const struct action_info *info = action_info(act);
    const bool leaves = strncmp(info->name, "quit", 4) == 0 || strcmp(info->name, "suspend") == 0;
    if (leaves && storm_below(s, 20) > 0) {
        return 0;
    }
    return put_key(s->keys.key[act][storm_below(s, KEYS_PER_ACTION)], out);
}

static size_t put_text(struct storm *s, unsigned char *out)
{
    const size_t n = 1 + storm_below(s, 6);
    for (size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)(' ' + storm_below(s, 95));
    }
    return n;
}

static size_t put_mouse(struct storm *s, unsigned char *out)
{
    static const int button[] = {0, 0, 0, 1, 2, 3, 32, 35, 64, 65, 66, 128, 4096};
    return (size_t)snprintf((char *)out, STORM_MOST, "\033[<%d;%u;%u%c", button[storm_below(s, 13)],
                            storm_below(s, storm_below(s, 10) > 0 ? 140 : 99999), storm_below(s, 60),
                            storm_below(s, 4) > 0 ? 'M' : 'm');
}

static size_t put_character(struct storm *s, unsigned char *out)
{
    static const uint32_t most[] = {0x100, 0x800, 0x3100, 0x10000, 0x20000, 0x10ffff};
    size_t n = (size_t)utf8_put(0x80 + storm_below(s, most[storm_below(s, 6)] - 0x80), (char *)out);
    return storm_below(s, 4) == 0 && n > 1 ? n - 1 : n;
}

static size_t put_bytes(struct storm *s, unsigned char *out)
{
    const size_t n = 1 + storm_below(s, 24);
    for (size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)storm_below(s, 256);
        out[i] = out[i] == 3 || out[i] == 26 ? ' ' : out[i];
    }
    return n;
}

static size_t put_sequence(struct storm *s, unsigned char *out)
{
    static const char *const text[] = {"\033[200~",
                                       "\033[201~",
                                       "\033[200~pasted \033[A text\033[201~",
                                       "\033[?62;4;22c",
                                       "\033[?2026;2$y",
                                       "\033P1+r544e=787465726d\033\\",
                                       "\033P0+r\033\\",
                                       "\033_Gi=31;OK\033\\",
                                       "\033]11;rgb:0000/0000/0000\033\\",
                                       "\033]11;rgb:ffff/ffff/ffff\007",
                                       "\033[6;16;8t",
                                       "\033[4;600;800t",
                                       "\033[8;24;80t",
                                       "\033[",
                                       "\033O",
                                       "\033",
                                       "\033P",
                                       "\033_G",
                                       "\033]",
                                       "\033[<",
                                       "\033[<0;",
                                       "\033[1;5A",
                                       "\033[27;5;9~",
                                       "\033[99999999999999999999~",
                                       "\033[?1;2",
                                       "\033\033\033[A",
                                       "\033[M !!",
                                       "\033[I",
                                       "\033[O"};
    if (storm_below(s, 3) == 0) {
        return (size_t)snprintf((char *)out, STORM_MOST, "\033[%u;%u%c", storm_below(s, 300), storm_below(s, 300),
                                (int)(0x20 + storm_below(s, 0x5f)));
    }
    const char *t = text[storm_below(s, sizeof text / sizeof text[0])];
    memcpy(out, t, strlen(t));
    return strlen(t);
}

size_t storm_next(struct storm *s, unsigned char *out)
{
    static const struct {
        uint32_t weight;
        size_t (*put)(struct storm *s, unsigned char *out);
    } kind[] = {{60, put_action},   {10, put_text},    {8, put_mouse},
                {6, put_character}, {6, put_sequence}, {3, put_bytes}};
    for (;;) {
        uint32_t at = storm_below(s, 93);
        size_t i = 0;
        while (at >= kind[i].weight) {
            at -= kind[i++].weight;
        }
        size_t n = kind[i].put(s, out);
        if (n > 0 && n * 20 <= STORM_MOST && storm_below(s, 12) == 0) { /* held down */
            const size_t times = 2 + storm_below(s, 18);
            for (size_t k = 1; k < times; k++) {
                memcpy(out + k * n, out, n);
            }
            n *= times;
        }
        if (n > 0) {
            return n;
        }
    }
}
