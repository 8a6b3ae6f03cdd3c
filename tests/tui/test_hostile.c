/* Names, labels, titles, messages and log lines that hold control sequences, on every screen of the real program: every
 * byte that it writes is text or one of limn's own sequences. In truecolor, in 256 colours and in the C locale. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <stdlib.h>
#include <unistd.h>

#include "app.h"
#include "hostile.h"
#include "session.h"
#include "support/check.h"

static void keys(struct session *s, const char *text)
{
    session_type(s, text);
    session_settle(s, 0.006);
}

static void go(struct session *s, enum view_id view)
{
    const char text[3] = {'\033', (char)('1' + view), '\0'};
    keys(s, text);
}

/* Whether the screen shows the number of a name. */
static bool shows_name(struct session *s, size_t i)
{
    char text[8];
    snprintf(text, sizeof text, "n%02zu", i);
    return session_wait(s, text);
}

/* The queue with details and log of every job, and, with `all`, what is seen of each on the other screens. */
static void look_at_jobs(struct session *s, bool all)
{
    static const enum view_id others[] = {VIEW_VIEWER, VIEW_LOG, VIEW_COMPARE, VIEW_EXPORT};
    go(s, VIEW_QUEUE);
    keys(s, "g");
    for (size_t i = HOSTILE_NAMES; i-- > 0;) {
        go(s, VIEW_QUEUE);
        if (!shows_name(s, i)) {
            CHECK(false);
            return;
        }
        for (size_t k = 0; all && k < sizeof others / sizeof others[0]; k++) {
            go(s, others[k]);
        }
        go(s, VIEW_QUEUE);
        if (i + 1 < HOSTILE_NAMES) { /* says that it is over; of the one that runs it would ask */
            keys(s, "c");
        }
        keys(s, i % 2 == 0 ? " " : "\033[B"); /* marked for Compare and Export, and on */
    }
    go(s, VIEW_COMPARE);
    keys(s, "n");
    keys(s, "\033[C");
    go(s, VIEW_EXPORT);
    keys(s, "\033[B\033[B");
}

/* Pictures, then models, layers and classes of one of them; its card comes from the screen of models. */
static void look_at_models(struct session *s, size_t n)
{
    go(s, VIEW_NEW);
    keys(s, "\t"); /* from what to do to the pictures */
    CHECK(shows_name(s, 5));
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        keys(s, "\033[B"); /* each in the preview */
    }
    for (size_t i = 0; i < n; i++) {
        go(s, VIEW_MODELS);
        CHECK(shows_name(s, i));
        keys(s, "g");
        for (size_t k = 0; k < i; k++) {
            keys(s, "\033[B");
        }
        keys(s, "\r"); /* a new job with it */
        for (int field = 0; field < 12; field++) {
            keys(s, "\t");
            keys(s, "\033[6~");
            keys(s, "/n0");
            keys(s, "\177\177\r");
        }
    }
}

/* What is typed is shown as well. */
static void type_names(struct session *s)
{
    static const char *const begin[] = {"?", ":"};
    for (size_t i = 0; i < HOSTILE_NAMES; i++) {
        go(s, VIEW_QUEUE);
        keys(s, begin[i % 2]);
        for (const char *p = hostile_name(i); *p != '\0'; p++) {
            if (*p != '\x1b' && *p != '\r' && *p != '\n' && *p != 3 && *p != 26) { /* these do something */
                pty_type(&s->pty, p, 1);
            }
        }
        session_settle(s, 0.006);
    }
    go(s, VIEW_QUEUE);
}

static void look(const char *const *env, bool strict, bool ascii, bool all)
{
    struct session s;
    session_start(&s, (const char *const[]){"tui", NULL}, env, 160, 50);
    s.stream.strict = strict;
    look_at_jobs(&s, all);
    look_at_models(&s, all ? 6 : 2);
    if (all) {
        type_names(&s);
        session_resize(&s, 80, 24);
        look_at_jobs(&s, false);
    }
    session_leave(&s);
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, env[1]);
    if (ascii) {
        CHECK_INT(s.stream.n_high, 0);
    }
    session_finish(&s);
}

int main(void)
{
    static const char *const colours_256[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", NULL};
    static const char *const c_locale[] = {"TERM", "xterm", "COLORTERM", "truecolor", "LC_ALL", "C", NULL};
    hostile_stage();
    look(session_truecolor, true, false, true);
    look(colours_256, false, false, false);
    look(c_locale, true, true, false);
    session_folder_remove();
    return check_done();
}
#endif
