/* Keys: what a terminal sends, and the table of actions (keymap.def) that they stand for. No terminal is touched. */
#ifndef LIMN_TUI_KEYS_H
#define LIMN_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key is a code point, a control character (Enter is 13, Ctrl-L 12) or one of these. */
enum key_special {
    KEY_NONE = 0,
    KEY_TAB = 9,
    KEY_RETURN = 13,
    KEY_ESCAPE = 27,
    KEY_BACK = 127,
    KEY_FIRST_SPECIAL = 0x110000,
    KEY_ARROW_UP = KEY_FIRST_SPECIAL,
    KEY_ARROW_DOWN,
    KEY_ARROW_LEFT,
    KEY_ARROW_RIGHT,
    KEY_HOME_, /* curses has taken the plain names */
    KEY_END_,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_INSERT,
    KEY_DELETE,
    KEY_BACK_TAB,
    KEY_F1,
    KEY_F12 = KEY_F1 + 11,
    KEY_MOUSE_CLICK, /* left button went down */
    KEY_WHEEL_UP,
    KEY_WHEEL_DOWN
};

struct key_event {
    int32_t key;
    int32_t x, y; /* of the mouse, from 0 */
};
/* The first event of what was read. Returns the bytes it took, with ev->key KEY_NONE when they mean nothing (so also
 * what is pasted); 0: more bytes are needed, unless `last`: none will come, so that a lone escape is the key. Pasted
 * text is dropped: *pasting carries that state from call to call. */
size_t key_parse(const unsigned char *bytes, size_t n, bool last, bool *pasting, struct key_event *ev);

/* "q", "C-l", "S-Tab", "PgUp"; "" unknown. */
char *key_text(int32_t key, char out[16]);
int32_t key_named(const char *name, size_t n); /* the other way round; KEY_NONE: no key */

enum action {
    ACT_NONE,
#define ACTION(id, name, keys, where, help, hint) ACT_##id,
#include "keymap.def"
#undef ACTION
    ACT_COUNT
};

/* Where an action applies, as a set of screens. */
enum key_where {
    IN_QUEUE = 1,
    IN_NEW = 2,
    IN_VIEWER = 4,
    IN_MODELS = 8,
    IN_LOG = 16,
    IN_COMPARE = 32,
    IN_EXPORT = 64,
    IN_EDIT = 128, /* while a text is typed */
    IN_QUIT = 256, /* the questions of prompt.c */
    IN_STOP = 512,
    IN_LISTS = IN_QUEUE | IN_NEW | IN_MODELS | IN_LOG | IN_EXPORT,
    IN_ALL = IN_LISTS | IN_VIEWER | IN_COMPARE
};

struct action_info {
    const char *name, *keys, *help, *hint;
    unsigned where;
};
const struct action_info *action_info(enum action a); /* NULL outside the table */

#define KEYS_PER_ACTION 4
struct keymap {
    int32_t key[ACT_COUNT][KEYS_PER_ACTION];
};
void keymap_default(struct keymap *m);
/* Lines "ACTION KEY KEY ..." (no key: none), # begins a comment; what is not named keeps its keys. A key that is given
 * goes away from other actions of the same place. False with one line in `err` when a line is wrong; then nothing of it
 * counts. `text` is the file's. */
bool keymap_read(struct keymap *m, const char *text, char *err, size_t size);
enum action keymap_find(const struct keymap *m, unsigned where, int32_t key);
char *keymap_keys(const struct keymap *m, enum action a, char *out, size_t size); /* "Up k" */

#endif
