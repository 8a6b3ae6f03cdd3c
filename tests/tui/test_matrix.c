/* Every kind of terminal in every locale, with and without colours, in every size: the real program starts and shows,
 * cell for cell, what the views draw, or refuses with one clear line; it leaves when asked, the terminal as it was. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "session.h"
#include "support/check.h"

enum { WIDE = 2, TERMS = 9, LOCALES = 2, COLOURS = 3, SIZES = 4 };
static const char *const terms[TERMS] = {"xterm-256color", "xterm-direct",     "linux",
                                         "vt100",          "screen-256color",  "tmux-256color",
                                         "dumb",           "no-such-terminal", ""};
static const char *const locales[LOCALES] = {"C.UTF-8", "C"};
static const char *const colours[COLOURS][2] = {{"NO_COLOR", ""}, {"NO_COLOR", "1"}, {"COLORTERM", "truecolor"}};
static const int sizes[SIZES][2] = {{20, 5}, {80, 24}, {120, 40}, {300, 90}};

struct kind {
    const char *term, *locale;
    const char *const *colour;
    int columns, rows;
    char name[120];
    const char *env[7];
};
static const struct kind *asked; /* by caps_detect */

static const char *get(const char *name)
{
    for (int i = 0; i < 6; i += 2) {
        if (strcmp(asked->env[i], name) == 0) {
            return asked->env[i + 1];
        }
    }
    return NULL;
}

/* What the first screen of an empty queue must be. */
static bool wanted(const struct kind *k, struct grid *g)
{
    static struct app a;
    struct caps caps;
    asked = k;
    caps_detect(get, strcmp(k->locale, "C") == 0 ? "ANSI_X3.4-1968" : "UTF-8", &caps);
    app_init(&a, &caps);
    a.width = k->columns;
    a.height = k->rows;
    return grid_init(g, k->columns, k->rows) && (app_draw(&a, g), true);
}

/* Row of the first difference between a screen and a grid, -1: none; the grid's row as text in `want`. */
static int differs(const struct session *s, const struct grid *g, char want[4000])
{
    for (int y = 0; y < g->height; y++) {
        size_t n = 0;
        for (int x = 0; x < g->width; x++) {
            n += (size_t)utf8_put(grid_at(g, x, y)->ch, want + n);
        }
        while (n > 0 && want[n - 1] == ' ') {
            n--;
        }
        want[n] = '\0';
        const char *line = session_line(s, y);
        size_t have = strlen(line);
        while (have > 0 && line[have - 1] == ' ') {
            have--;
        }
        if (have != n || memcmp(line, want, n) != 0) {
            return y;
        }
    }
    return -1;
}

static void check_screen(struct session *s, const struct kind *k)
{
    struct grid g = {0};
    char want[4000];
    int row = 0;
    CHECK(wanted(k, &g));
    for (const double end = pty_clock() + 20; pty_clock() < end && (row = differs(s, &g, want)) >= 0 && !s->closed;) {
        session_pump(s, 0.1);
    }
    if (row >= 0) {
        fprintf(stderr, "%s: line %d is\n  |%s|, expected\n  |%s|\n", k->name, row, session_line(s, row), want);
    }
    CHECK(row < 0);
    grid_finish(&g);
}

static void check_refused(struct session *s, const struct kind *k)
{
    CHECK_INT(WEXITSTATUS(session_end(s)), 2);
    char text[1000] = "";
    for (int y = 0; y < s->rows; y++) { /* the line may be broken by the screen's edge */
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s", session_line(s, y));
    }
    const bool said =
        s->rows < 10 || (strncmp(text, "limn: tui: TERM is", 18) == 0 && strstr(text, "place the cursor"));
    if (!said) {
        fprintf(stderr, "%s: \"%s\"\n", k->name, text);
    }
    CHECK(said);
    CHECK(s->bytes < 400);
}

static void one(int number)
{
    struct kind k = {.term = terms[number % TERMS], .locale = locales[number / TERMS % LOCALES]};
    const int *size = sizes[number / TERMS / LOCALES / COLOURS];
    struct session s;
    k.colour = colours[number / TERMS / LOCALES % COLOURS];
    k.columns = size[0];
    k.rows = size[1];
    const char *const env[] = {"TERM", k.term, "LC_ALL", k.locale, k.colour[0], k.colour[1], NULL};
    memcpy(k.env, env, sizeof env);
    snprintf(k.name, sizeof k.name, "TERM=%s LC_ALL=%s %s=%s %dx%d", k.term, k.locale, k.colour[0], k.colour[1],
             k.columns, k.rows);
    session_start(&s, (const char *const[]){"tui", NULL}, env, k.columns, k.rows);
    if (k.term[0] == '\0' || strcmp(k.term, "dumb") == 0) {
        check_refused(&s, &k);
    } else {
        check_screen(&s, &k);
        session_type(&s, "q");
        CHECK_INT(session_end(&s), 0);
    }
    session_check_restored(&s, k.name);
    const bool plain = strcmp(k.colour[0], "NO_COLOR") != 0 || k.colour[1][0] == '\0';
    if ((strcmp(k.locale, "C") == 0 && s.stream.n_high > 0) || (!plain && s.stream.n_colours > 0)) {
        fprintf(stderr, "%s: %zu bytes beyond ASCII, %zu colours\n", k.name, s.stream.n_high, s.stream.n_colours);
    }
    CHECK(strcmp(k.locale, "C") != 0 || s.stream.n_high == 0);
    CHECK(plain || s.stream.n_colours == 0);
    session_finish(&s);
}

int main(void)
{
    pid_t child[WIDE];
    session_folder();
    for (int i = 0; i < WIDE; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            for (int k = i; k < TERMS * LOCALES * COLOURS * SIZES; k += WIDE) {
                one(k);
            }
            _exit(check_done());
        }
    }
    for (int i = 0; i < WIDE; i++) {
        int status = 1;
        waitpid(child[i], &status, 0);
        CHECK_INT(status, 0);
    }
    session_folder_remove();
    return check_done();
}
#endif
