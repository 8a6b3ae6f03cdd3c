/* The table of actions, names of keys, and the user's keymap. */
#include "keys.h"

#include <stdio.h>
#include <string.h>

static const struct action_info table[ACT_COUNT] = {
    {"", "", "", "", 0},
#define ACTION(id, name, keys, where, help, hint) {name, keys, help, hint, where},
#include "keymap.def"
#undef ACTION
};

static const struct {
    const char *name;
    int32_t key;
} special[] = {
    {"Enter", KEY_RETURN},    {"Tab", KEY_TAB},           {"S-Tab", KEY_BACK_TAB}, {"Esc", KEY_ESCAPE},
    {"Space", ' '},           {"Backspace", KEY_BACK},    {"Up", KEY_ARROW_UP},    {"Down", KEY_ARROW_DOWN},
    {"Left", KEY_ARROW_LEFT}, {"Right", KEY_ARROW_RIGHT}, {"Home", KEY_HOME_},     {"End", KEY_END_},
    {"PgUp", KEY_PAGE_UP},    {"PgDn", KEY_PAGE_DOWN},    {"Insert", KEY_INSERT},  {"Delete", KEY_DELETE},
};

const struct action_info *action_info(enum action a)
{
    return (int)a > ACT_NONE && a < ACT_COUNT ? &table[a] : NULL;
}

static int32_t utf8_single(const char *s, size_t n)
{
    static const uint8_t mask[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    if (n < 1 || n > 4) {
        return KEY_NONE;
    }
    int32_t ch = (unsigned char)s[0] & mask[n];
    for (size_t i = 1; i < n; i++) {
        if (((unsigned char)s[i] & 0xc0) != 0x80) {
            return KEY_NONE;
        }
        ch = ch << 6 | ((unsigned char)s[i] & 0x3f);
    }
    return ch > ' ' && ch != KEY_BACK && (n == 1) == (ch < 0x80) ? ch : KEY_NONE;
}

int32_t key_named(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (strlen(special[i].name) == n && memcmp(special[i].name, name, n) == 0) {
            return special[i].key;
        }
    }
    if (n == 3 && name[0] == 'C' && name[1] == '-' && name[2] >= 'a' && name[2] <= 'z') {
        return name[2] - 'a' + 1;
    }
    if ((n == 2 || n == 3) && name[0] == 'F' && name[1] >= '1' && name[1] <= '9') {
        const int k = n == 2 ? name[1] - '0' : (name[1] - '0') * 10 + name[2] - '0';
        return k >= 1 && k <= 12 && (n == 2 || (name[2] >= '0' && name[2] <= '9')) ? KEY_F1 + k - 1 : KEY_NONE;
    }
    return utf8_single(name, n);
}

char *key_text(int32_t key, char out[16])
{
    out[0] = '\0';
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (special[i].key == key) {
            snprintf(out, 16, "%s", special[i].name);
            return out;
        }
    }
    if (key >= KEY_F1 && key <= KEY_F12) {
        snprintf(out, 16, "F%d", (int)(key - KEY_F1 + 1));
    } else if (key > 0 && key < ' ') {
        snprintf(out, 16, "C-%c", (char)('a' + key - 1));
    } else if (key > ' ' && key < 0x80) {
        snprintf(out, 16, "%c", (char)key);
    } else if (key < 0x800 && key > 0) {
        snprintf(out, 16, "%c%c", (char)(0xc0 | key >> 6), (char)(0x80 | (key & 0x3f)));
    } else if (key > 0 && key < 0x10000) {
        snprintf(out, 16, "%c%c%c", (char)(0xe0 | key >> 12), (char)(0x80 | (key >> 6 & 0x3f)),
                 (char)(0x80 | (key & 0x3f)));
    }
    return out;
}

/* The next word of a line; its length, 0 at the end. */
static size_t word(const char **s)
{
    *s += strspn(*s, " \t\r");
    return **s == '#' ? 0 : strcspn(*s, " \t\r\n");
}

static bool set_keys(int32_t out[KEYS_PER_ACTION], const char *keys, const char **bad, size_t *n_bad)
{
    size_t at = 0;
    memset(out, 0, KEYS_PER_ACTION * sizeof out[0]);
    for (size_t n; (n = word(&keys)) > 0; keys += n) {
        const int32_t key = key_named(keys, n);
        *bad = keys;
        *n_bad = n;
        if (key == KEY_NONE || at == KEYS_PER_ACTION) {
            return false;
        }
        out[at++] = key;
    }
    return true;
}

void keymap_default(struct keymap *m)
{
    const char *bad;
    size_t n;
    memset(m, 0, sizeof *m);
    for (int a = 1; a < ACT_COUNT; a++) {
        set_keys(m->key[a], table[a].keys, &bad, &n);
    }
}

/* Takes the keys of `a` away from other actions that apply at one of its places. */
static void take_keys(struct keymap *m, int a)
{
    for (int b = 1; b < ACT_COUNT; b++) {
        for (int i = 0; i < KEYS_PER_ACTION && b != a && (table[a].where & table[b].where) != 0; i++) {
            for (int j = 0; j < KEYS_PER_ACTION; j++) {
                if (m->key[a][j] != KEY_NONE && m->key[b][i] == m->key[a][j]) {
                    m->key[b][i] = KEY_NONE;
                }
            }
        }
    }
}

static bool read_line(struct keymap *m, const char *line, int number, char *err, size_t size)
{
    const char *bad = line;
    size_t n = word(&line), n_bad = n;
    int a = 1;
    if (n == 0 || line[0] == '#') {
        return true;
    }
    while (a < ACT_COUNT && (strlen(table[a].name) != n || memcmp(table[a].name, line, n) != 0)) {
        a++;
    }
    if (a == ACT_COUNT) {
        snprintf(err, size, "line %d: unknown action \"%.*s\"", number, (int)(n > 60 ? 60 : n), line);
        return false;
    }
    if (!set_keys(m->key[a], line + n, &bad, &n_bad)) {
        snprintf(err, size, "line %d: \"%.*s\" is no key, or one too many (at most %d)", number,
                 (int)(n_bad > 60 ? 60 : n_bad), bad, KEYS_PER_ACTION);
        return false;
    }
    take_keys(m, a);
    return true;
}

bool keymap_read(struct keymap *m, const char *text, char *err, size_t size)
{
    struct keymap all = *m;
    char line[512];
    for (int number = 1; *text != '\0'; number++) {
        const size_t n = strcspn(text, "\n");
        if (n >= sizeof line) {
            snprintf(err, size, "line %d: longer than %d bytes", number, (int)sizeof line - 1);
            return false;
        }
        memcpy(line, text, n);
        line[n] = '\0';
        if (!read_line(&all, line, number, err, size)) {
            return false;
        }
        text += n + (text[n] == '\n');
    }
    *m = all;
    return true;
}

enum action keymap_find(const struct keymap *m, unsigned where, int32_t key)
{
    for (int a = 1; a < ACT_COUNT && key != KEY_NONE; a++) {
        for (int i = 0; i < KEYS_PER_ACTION && (table[a].where & where) != 0; i++) {
            if (m->key[a][i] == key) {
                return (enum action)a;
            }
        }
    }
    return ACT_NONE;
}

char *keymap_keys(const struct keymap *m, enum action a, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (int i = 0; i < KEYS_PER_ACTION; i++) {
        char text[16];
        if (m->key[a][i] != KEY_NONE && key_text(m->key[a][i], text)[0] != '\0' && at + strlen(text) + 2 < size) {
            at += (size_t)snprintf(out + at, size - at, "%s%s", at ? " " : "", text);
        }
    }
    return out;
}
