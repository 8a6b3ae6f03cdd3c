/* The real program on a terminal that is looked at: what it writes goes through libvterm, and byte by byte through a
 * check that knows every control sequence that limn may write. */
#ifndef LIMN_TEST_TUI_SESSION_H
#define LIMN_TEST_TUI_SESSION_H

#include <vterm.h>

#include "stream.h"
#include "support/pty.h"

struct session {
    struct pty pty;
    VTerm *vt;
    VTermScreen *screen;
    int rows, columns;
    size_t bytes;
    bool closed; /* the program's side */
    struct stream stream;
    char last[96]; /* the end of what it wrote */
    size_t n_last;
    bool record; /* keep all that it writes in raw */
    char *raw;   /* NUL-terminated */
    size_t n_raw;
};

/* A folder of the test's own with LIMN_STATE, XDG_CONFIG_HOME and HOME in it; gone after session_folder_remove. */
const char *session_folder(void);
void session_folder_remove(void);

/* `limn ARGS...` in session_folder(); args NULL: none. `env`: name, value, ..., NULL. */
void session_start(struct session *s, const char *const *args, const char *const *env, int columns, int rows);
extern bool session_silent; /* pty.h; false */
/* Another program, argv[0] its path. */
void session_program(struct session *s, const char *const *argv, const char *const *env, int columns, int rows);
#define SESSION_LIMN LIMN_BINARY_DIR "/tools/limn"
/* Reads for at most `seconds`; false when nothing came. */
bool session_pump(struct session *s, double seconds);
bool session_shows(const struct session *s, const char *text);
/* The text of one line; valid until the next call. */
const char *session_line(const struct session *s, int y);
/* Waits up to 20 s (sanitizers, busy processors) until the screen shows the text; complains when it does not come. */
bool session_wait(struct session *s, const char *text);
void session_type(struct session *s, const char *keys);
void session_resize(struct session *s, int columns, int rows);
/* Reads until nothing comes for `seconds`. */
void session_settle(struct session *s, double seconds);
/* Types what leaves, also where jobs that run make it ask. */
void session_leave(struct session *s);
/* Waits for the end; its status as of waitpid, -1 when it does not come. */
int session_end(struct session *s);
bool session_wrote_last(const struct session *s, const char *text);
/* CHECKs that the line discipline is what it was, and that only known sequences came. */
void session_check_restored(struct session *s, const char *what);
void session_finish(struct session *s);

extern const char *const session_truecolor[]; /* environment */

#endif
