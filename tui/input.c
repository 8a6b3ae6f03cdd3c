/* What terminals send for keys: UTF-8 text, control characters, and the sequences of xterm, the VT series and the Linux
 * console (ECMA-48 CSI, SS3), mouse reports in SGR form (DECSET 1006), bracketed paste (DECSET 2004). */
#include <string.h>

#include "cell.h"
#include "keys.h"

static int32_t csi_letter(unsigned char c)
{
    switch (c) {
    case 'A':
        return KEY_ARROW_UP;
    case 'B':
        return KEY_ARROW_DOWN;
    case 'C':
        return KEY_ARROW_RIGHT;
    case 'D':
        return KEY_ARROW_LEFT;
    case 'H':
        return KEY_HOME_;
    case 'F':
        return KEY_END_;
    case 'Z':
        return KEY_BACK_TAB;
    case 'M': /* SS3 M: Enter of the number block */
        return KEY_RETURN;
    case 'P':
    case 'Q':
    case 'R':
    case 'S':
        return KEY_F1 + c - 'P';
    default:
        return KEY_NONE;
    }
}

/* CSI number ~ */
static int32_t csi_number(int32_t n)
{
    static const int32_t key[25] = {
        [1] = KEY_HOME_,     [2] = KEY_INSERT,  [3] = KEY_DELETE,  [4] = KEY_END_,     [5] = KEY_PAGE_UP,
        [6] = KEY_PAGE_DOWN, [7] = KEY_HOME_,   [8] = KEY_END_,    [11] = KEY_F1,      [12] = KEY_F1 + 1,
        [13] = KEY_F1 + 2,   [14] = KEY_F1 + 3, [15] = KEY_F1 + 4, [17] = KEY_F1 + 5,  [18] = KEY_F1 + 6,
        [19] = KEY_F1 + 7,   [20] = KEY_F1 + 8, [21] = KEY_F1 + 9, [23] = KEY_F1 + 10, [24] = KEY_F12};
    return n >= 0 && n < 25 ? key[n] : KEY_NONE;
}

/* CSI < button ; x ; y M or m */
static void mouse(const int32_t p[3], unsigned char end, struct key_event *ev)
{
    if (end == 'M' && (p[0] == 0 || p[0] == 64 || p[0] == 65)) {
        ev->key = p[0] == 0 ? KEY_MOUSE_CLICK : p[0] == 64 ? KEY_WHEEL_UP : KEY_WHEEL_DOWN;
        ev->x = p[1] - 1;
        ev->y = p[2] - 1;
    }
}

/* After ESC [. */
static size_t csi(const unsigned char *b, size_t n, bool *pasting, struct key_event *ev)
{
    int32_t p[3] = {0};
    int at = 0;
    size_t i = 2;
    const bool is_mouse = n > 2 && b[2] == '<', console = n > 2 && b[2] == '[';
    i += is_mouse || console;
    for (; i < n && b[i] >= 0x20 && b[i] < 0x40 && i < 40; i++) {
        if (b[i] == ';') {
            at = at < 2 ? at + 1 : at;
        } else if (b[i] >= '0' && b[i] <= '9') {
            p[at] = p[at] < 10000 ? p[at] * 10 + (b[i] - '0') : p[at];
        }
    }
    if (i == n) {
        return 0;
    }
    if (b[i] < 0x40 || b[i] > 0x7e) {
        return i; /* broken off: what follows is looked at anew */
    }
    if (is_mouse) {
        mouse(p, b[i], ev);
    } else if (console && b[i] >= 'A' && b[i] <= 'E') {
        ev->key = KEY_F1 + b[i] - 'A';
    } else if (b[i] == '~' && (p[0] == 200 || p[0] == 201)) {
        *pasting = p[0] == 200;
    } else if (b[i] == '~') {
        ev->key = csi_number(p[0]);
    } else if (b[i] != 'M') {
        ev->key = csi_letter(b[i]);
    }
    return i + 1;
}

static size_t escape(const unsigned char *b, size_t n, bool last, bool *pasting, struct key_event *ev)
{
    size_t took = 0;
    if (n > 1 && b[1] == '[') {
        took = csi(b, n, pasting, ev);
    } else if (n > 2 && b[1] == 'O') {
        ev->key = csi_letter(b[2]);
        took = 3;
    } else if (n > 1 && b[1] != 'O') {
        ev->key = KEY_ESCAPE; /* what follows is a key of its own */
        took = 1;
    }
    if (took == 0 && (last || n > 40)) {
        ev->key = n == 1 ? KEY_ESCAPE : KEY_NONE;
        took = n;
    }
    return took;
}

static size_t text(const unsigned char *b, size_t n, bool last, struct key_event *ev)
{
    const size_t need = b[0] < 0x80 ? 1 : (b[0] & 0xe0) == 0xc0 ? 2 : (b[0] & 0xf0) == 0xe0 ? 3 : 4;
    char one[5] = {0};
    if (b[0] == '\n' || b[0] == '\b') {
        ev->key = b[0] == '\n' ? KEY_RETURN : KEY_BACK;
        return 1;
    }
    if (b[0] < 0x80) {
        ev->key = b[0];
        return 1;
    }
    if (n < need) {
        return last ? n : 0;
    }
    memcpy(one, b, need);
    const char *p = one;
    const uint32_t ch = utf8_next(&p);
    const bool fine = ch != 0xfffd && ch >= 0xa0 && p == one + need;
    ev->key = fine ? (int32_t)ch : KEY_NONE;
    return fine ? need : 1;
}

size_t key_parse(const unsigned char *bytes, size_t n, bool last, bool *pasting, struct key_event *ev)
{
    *ev = (struct key_event){0};
    if (n == 0) {
        return 0;
    }
    const bool dropped = *pasting;
    const size_t took = bytes[0] == 27 ? escape(bytes, n, last, pasting, ev) : text(bytes, n, last, ev);
    if (dropped) {
        ev->key = KEY_NONE;
    }
    return took;
}
