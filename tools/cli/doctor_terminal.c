/* limn doctor --terminal: see doctor.h. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ask.h"
#include "screen.h"

struct report {
    finding_fn line;
    void *user;
};

static void say(const struct report *r, int level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void say(const struct report *r, int level, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    r->line(r->user, level, text);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : "not set";
}

static void say_environment(const struct report *r, const struct caps *c)
{
    say(r, FINDING_OK, "TERM is %.60s, COLORTERM %.40s, NO_COLOR %.20s", variable("TERM"), variable("COLORTERM"),
        variable("NO_COLOR"));
    if (c->utf8) {
        say(r, FINDING_OK, "the locale is UTF-8");
    } else {
        say(r, FINDING_NOTE, "the locale is not UTF-8: pictures are made of ASCII characters; set LC_ALL or LANG");
    }
    if (c->inside) {
        say(r, FINDING_NOTE,
            "within tmux or screen, which answers instead of the terminal: pictures are made of characters; "
            "tmux 3.4 and later may show --graphics sixel");
    }
}

static void say_answers(const struct report *r, const struct answers *a, bool asked, const char *why)
{
    if (!asked) {
        say(r, FINDING_NOTE, "the terminal was not asked: %s", why != NULL ? why : "it cannot be set up for that");
        return;
    }
    if (!(a->got & ANSWER_FENCE)) {
        say(r, FINDING_NOTE, "the terminal did not answer within %d ms, as over a very slow line", PROBE_CAP_MS);
    } else {
        say(r, FINDING_OK, "the terminal answers: %s, attributes %s", a->name[0] ? a->name : "no name", a->attributes);
    }
    say(r, FINDING_OK, "kitty's graphics %s, sixel %s, truecolor %s, synchronized output %s",
        a->got & ANSWER_KITTY ? "yes" : "no", a->got & ANSWER_SIXEL ? "yes" : "no",
        a->got & ANSWER_TRUECOLOR ? "yes" : "not said", a->got & ANSWER_SYNC ? "yes" : "no");
    if (a->got & ANSWER_BACKGROUND) {
        say(r, FINDING_OK, "its background is #%06x", (unsigned)a->background);
    }
}

static const char *reason(const struct caps *c, enum caps_choice what, bool answered)
{
    return c->chosen & (unsigned)what ? "chosen by you" : answered ? "as the terminal answers" : "from the environment";
}

static void say_pictures(const struct report *r, const struct caps *c, const struct answers *a)
{
    const char *size = c->cell_width > 0 ? "" : ", though the size of its cells is not known";
    if (c->graphics != GRAPHICS_NONE) {
        say(r, FINDING_OK, "pictures: %s graphics%s (%s)", c->graphics == GRAPHICS_KITTY ? "kitty's" : "sixel", size,
            reason(c, CAPS_GRAPHICS, true));
        return;
    }
    const char *why = c->chosen & CAPS_GRAPHICS    ? "chosen by you"
                      : c->colours == PICTURE_MONO ? "without colours"
                      : c->inside                  ? "within tmux or screen"
                      : a->got & ANSWER_SIXEL      ? "it has sixel, but does not say how large its cells are"
                      : a->got & ANSWER_FENCE      ? "it has no graphics that limn knows"
                                                   : "it was not asked, or did not answer";
    say(r, FINDING_OK, "pictures: characters, set %s (%s)", glyphs_name(c->glyphs), why);
}

int doctor_terminal(const struct args *a, finding_fn line, void *user)
{
    const struct report r = {line, user};
    struct caps before, c;
    struct answers answers;
    const char *why;
    const int code = screen_caps(a, &c);
    if (code != 0) {
        return code;
    }
    ask_cell_size(&c);
    before = c;
    const bool asked = ask_terminal(&c, &answers, &why);
    probe_apply(&answers, &c);
    say_environment(&r, &c);
    say_answers(&r, &answers, asked, why);
    if (c.cell_width > 0) {
        say(&r, FINDING_OK, "its cells have %d x %d pixels", (int)c.cell_width, (int)c.cell_height);
    }
    say(&r, FINDING_OK, "colours: %s (%s)", colours_name(c.colours),
        reason(&c, CAPS_COLOURS, c.colours != before.colours));
    say_pictures(&r, &c, &answers);
    say(&r, FINDING_OK, "theme: for a %s background (%s)", c.light ? "light" : "dark",
        reason(&c, CAPS_THEME, (answers.got & ANSWER_BACKGROUND) != 0));
    return 0;
}
