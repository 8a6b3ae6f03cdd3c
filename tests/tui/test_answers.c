/* The real program on a terminal that answers: graphics only after a yes, no answer taken for a key, nothing waits for
 * answers, images gone at every end, colours and theme as they were said to be. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "image/image.h"
#include "session.h"
#include "support/check.h"

#define ST "\033\\"
#define ASKED "\033[c"
static const char *const plain[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", NULL};
static const char *const full[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", "COLORTERM", "truecolor", NULL};
static const char kitty[] = "\033_Gi=4210;OK" ST "\033P>|kitty(0.31.0)" ST "\033]10;rgb:dddd/dddd/dddd" ST
                            "\033]11;rgb:0000/0000/0000" ST "\033[6;20;10t\033[?2026;2$y\033[?62;c";
static const char foot[] = "\033P1+r524742=38" ST "\033P>|foot(1.16.2)" ST "\033]11;rgb:1111/1111/1111" ST
                           "\033[6;19;9t\033[?2026;2$y\033[?62;4;22c";
static const char xterm[] = "\033P1$r0;48:2::1:2:3m" ST "\033P>|XTerm(379)" ST "\033]11;rgb:ffff/ffff/ffff" ST
                            "\033[6;13;6t\033[?2026;0$y\033[?64;1;2;6;22c";
static const char mute[] = "\033[?1;2c";

/* Waits until the bytes contain a text after `from`; its place, NULL when it does not come. */
static const char *wait_raw(struct session *s, size_t from, const char *text)
{
    for (const double end = pty_clock() + 20; pty_clock() < end && !s->closed;) {
        const char *found = s->n_raw > from ? memmem(s->raw + from, s->n_raw - from, text, strlen(text)) : NULL;
        if (found != NULL) {
            return found;
        }
        session_pump(s, 0.1);
    }
    fprintf(stderr, "%zu bytes came, not what was waited for\n", s->n_raw - from);
    return NULL;
}

static bool wrote(const struct session *s, size_t from, const char *text)
{
    return memmem(s->raw + from, s->n_raw - from, text, strlen(text)) != NULL;
}

/* On the screen of a picture. The first screen is there before anything is answered. */
static void begin(struct session *s, const char *const *env, const char *answers)
{
    session_start(s, (const char *const[]){"tui", NULL}, env, 120, 40);
    s->record = s->stream.graphics = true;
    CHECK(session_wait(s, "No jobs yet"));
    CHECK(wait_raw(s, 0, ASKED) != NULL);
    session_type(s, answers);
    session_type(s, "2\tG");
    CHECK(session_wait(s, "photo.png"));
    session_settle(s, 0.3);
}

static void leave(struct session *s)
{
    session_settle(s, 0.1); /* what is on its way at the end is thrown away, in the middle of a sequence */
    session_type(s, "q");
    CHECK_INT(session_end(s), 0);
    session_check_restored(s, "a terminal that answers");
    session_finish(s);
}

/* The pixels of a kitty image whose first piece begins at p. */
static void check_image(const char *p)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static uint8_t data[1 << 20];
    struct image im = {0};
    limn_error err;
    uint32_t v = 0;
    size_t n = 0;
    int bits = 0;
    for (bool more = true; more && p != NULL;) {
        const char *text = strchr(p, ';');
        more = memmem(p, (size_t)(text - p), "m=1", 3) != NULL;
        for (p = text + 1; *p != '\033' && *p != '='; p++) {
            v = v << 6 | (uint32_t)(strchr(digit, *p) - digit);
            bits += 6;
            if (bits >= 8) {
                bits -= 8;
                data[n++] = (uint8_t)(v >> bits);
            }
        }
        p = strstr(p, "\033_G");
    }
    CHECK(image_decode("sent", data, n, NULL, &im, &err) == LIMN_OK);
    CHECK(im.width == 90 && im.height == 60);
    for (int i = 0; im.rgb != NULL && i < 90 * 60; i++) {
        CHECK(im.rgb[3 * i] == i % 90 * 2 && im.rgb[3 * i + 1] == i / 90 * 4 && im.rgb[3 * i + 2] == 77);
    }
    image_finish(&im);
}

static void test_kitty(void)
{
    struct session s;
    begin(&s, full, kitty);
    check_image(wait_raw(&s, 0, "\033_Ga=t"));
    CHECK(wait_raw(&s, 0, "\033_Ga=p") != NULL);
    CHECK(!wrote(&s, 0, "\033P0;1;0q"));
    size_t from = s.n_raw;
    session_type(&s, "?"); /* what covers it clips it, and it is not sent again */
    CHECK(session_wait(&s, "Help: New job"));
    CHECK(wait_raw(&s, from, "\033_Ga=d,d=i") != NULL);
    session_settle(&s, 0.2);
    CHECK(!wrote(&s, from, "\033_Ga=t"));
    session_type(&s, "\033");
    from = s.n_raw;
    CHECK(wait_raw(&s, from, "\033_Ga=p") != NULL);
    from = s.n_raw;
    session_type(&s, "1"); /* another screen */
    CHECK(wait_raw(&s, from, "\033_Ga=d,d=I,i=4211") != NULL);
    CHECK(session_wait(&s, "No jobs yet"));
    session_type(&s, "2");
    CHECK(wait_raw(&s, from, "\033_Ga=t") != NULL);
    session_settle(&s, 0.2);
    from = s.n_raw;
    session_type(&s, "q");
    CHECK_INT(session_end(&s), 0);
    const char *gone = memmem(s.raw + from, s.n_raw - from, "\033_Ga=d,d=I,i=4211", 17);
    const char *left = memmem(s.raw + from, s.n_raw - from, "\033[?1049l", 8);
    CHECK(gone != NULL && left != NULL && gone < left);
    session_check_restored(&s, "kitty");
    session_finish(&s);
}

static void test_sixel(void)
{
    struct session s;
    begin(&s, plain, foot);
    CHECK(wait_raw(&s, 0, "\033P0;1;0q\"1;1;") != NULL);
    CHECK(!wrote(&s, 0, "\033_Ga=t") && wrote(&s, 0, "48;2;")); /* truecolor too, though COLORTERM was lost */
    leave(&s);
}

/* Images go when a signal ends the program as well. */
static void test_signals(void)
{
    static const int number[] = {SIGTERM, SIGSEGV};
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++) {
        struct session s;
        begin(&s, full, kitty);
        CHECK(wait_raw(&s, 0, "\033_Ga=t") != NULL);
        const size_t from = s.n_raw;
        kill(s.pty.pid, number[i]);
        const int status = session_end(&s);
        if (i == 0 || WIFSIGNALED(status)) { /* sanitizers make a crash an exit */
            CHECK(wrote(&s, from, "\033_Ga=d,d=I,i=4211"));
            CHECK(pty_restored(&s.pty));
        }
        session_finish(&s);
    }
}

/* Without a yes nothing of the kind is sent. */
static void test_never(void)
{
    static const char *const mono[] = {"TERM", "xterm-256color", "LC_ALL", "C.UTF-8", "NO_COLOR", "1", NULL};
    static const char *const tmux[] = {"TERM", "tmux-256color", "LC_ALL", "C.UTF-8", "TMUX", "/tmp/no,1,0", NULL};
    static const char refused[] = "\033_Gi=4210;ENOTSUP:no" ST "\033[?1;2c";
    const struct {
        const char *const *env, *answers;
    } each[] = {{full, ""}, {full, mute}, {full, refused}, {mono, kitty}, {tmux, foot}, {full, xterm}};
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        struct session s;
        begin(&s, each[i].env, each[i].answers);
        CHECK(!wrote(&s, 0, "\033_Ga=t") && !wrote(&s, 0, "\033_Ga=p") && !wrote(&s, 0, "\033P0;1;0q"));
        leave(&s);
    }
}

/* By choice against what the terminal says, and characters against graphics. */
static void test_choice(void)
{
    struct session s;
    session_start(&s, (const char *const[]){"tui", "--graphics", "sixel", "--no-mouse", NULL}, full, 120, 40);
    s.record = s.stream.graphics = true;
    CHECK(session_wait(&s, "No jobs yet"));
    session_type(&s, mute);
    session_type(&s, "2\tG");
    CHECK(wait_raw(&s, 0, "\033P0;1;0q\"1;1;") != NULL);
    CHECK(!wrote(&s, 0, "\033[?1000h"));
    leave(&s);
    /* beside ncurses: what it believes to be blank is blank when the picture is gone */
    session_start(&s, (const char *const[]){"tui", "--graphics", "sixel", "--colors", "256", NULL}, plain, 120, 40);
    s.record = s.stream.graphics = true;
    CHECK(session_wait(&s, "No jobs yet"));
    session_type(&s, mute);
    session_type(&s, "2\tG");
    CHECK(wait_raw(&s, 0, "\033P0;1;0q\"1;1;") != NULL);
    CHECK(!wrote(&s, 0, "48;2;9"));
    const size_t from = s.n_raw;
    session_type(&s, "1");
    CHECK(wait_raw(&s, from, "C            ") != NULL); /* moved there, blanks over it */
    CHECK(session_wait(&s, "No jobs yet"));
    leave(&s);
    session_start(&s, (const char *const[]){"tui", "--graphics", "half", NULL}, full, 120, 40);
    s.record = s.stream.graphics = true;
    CHECK(session_wait(&s, "No jobs yet"));
    CHECK(wrote(&s, 0, "\033[?1000h"));
    session_type(&s, kitty);
    session_type(&s, "2\tG");
    CHECK(session_wait(&s, "\xe2\x96\x80"));
    CHECK(!wrote(&s, 0, "\033_Ga=t"));
    leave(&s);
}

/* Dark and light: the bar at the top tells them apart. */
static void test_theme(void)
{
    struct session s;
    begin(&s, full, xterm);
    CHECK(wait_raw(&s, 0, "48;2;213;220;228") != NULL);
    CHECK(session_wait(&s, "photo.png"));
    leave(&s);
    session_start(&s, (const char *const[]){"tui", "--theme", "dark", NULL}, full, 120, 40);
    s.record = s.stream.graphics = true;
    CHECK(wait_raw(&s, 0, ASKED) != NULL);
    session_type(&s, xterm);
    CHECK(session_wait(&s, "No jobs yet"));
    session_settle(&s, 0.3);
    CHECK(!wrote(&s, 0, "48;2;213;220;228"));
    leave(&s);
}

/* In pieces, with keys between them, and a second too late: the screen is what the keys made it. */
static void test_slow(void)
{
    struct session s;
    session_start(&s, (const char *const[]){"tui", NULL}, plain, 120, 40);
    s.record = s.stream.graphics = true;
    CHECK(session_wait(&s, "No jobs yet"));
    const size_t n = strlen(kitty);
    for (size_t at = 0; at < n; at++) {
        const char one[2] = {kitty[at], '\0'};
        session_type(&s, one);
        session_pump(&s, at % 40 == 1 ? 0.12 : 0); /* just after an escape, too */
    }
    session_settle(&s, 0.3);
    CHECK(session_shows(&s, "No jobs yet") && !session_shows(&s, "Help"));
    session_settle(&s, 1.2);
    session_type(&s, foot); /* what was not asked for, or too late */
    session_settle(&s, 0.3);
    CHECK(session_shows(&s, "No jobs yet") && !session_shows(&s, "Help"));
    session_type(&s, "?");
    CHECK(session_wait(&s, "Help: Queue"));
    session_type(&s, "\033");
    leave(&s);
}

static void test_programs(void)
{
    struct session s;
    session_start(&s, (const char *const[]){"preview", "photo.png", NULL}, full, 80, 24);
    s.record = s.stream.graphics = true;
    CHECK(wait_raw(&s, 0, ASKED) != NULL);
    session_type(&s, kitty);
    const char *sent = wait_raw(&s, 0, "\033_Ga=t");
    CHECK(sent != NULL);
    CHECK_INT(session_end(&s), 0);
    check_image(memmem(s.raw, s.n_raw, "\033_Ga=t", 6));
    CHECK(!wrote(&s, 0, "a=d") && pty_restored(&s.pty)); /* it stays, as text would */
    session_finish(&s);
    session_start(&s, (const char *const[]){"doctor", "--terminal", NULL}, plain, 100, 24);
    s.record = s.stream.graphics = true;
    CHECK(wait_raw(&s, 0, ASKED) != NULL);
    session_type(&s, foot);
    CHECK_INT(session_end(&s), 0);
    CHECK(session_shows(&s, "foot(1.16.2)") && session_shows(&s, "pictures: sixel graphics"));
    CHECK(session_shows(&s, "9 x 19") && session_shows(&s, "colours: true (as the terminal answers)"));
    CHECK(pty_restored(&s.pty));
    session_finish(&s);
}

static bool make_photo(void)
{
    char path[200];
    struct image im;
    limn_error err;
    snprintf(path, sizeof path, "%s/photo.png", session_folder());
    if (image_init(&im, 90, 60, &err) != LIMN_OK) {
        return false;
    }
    for (int i = 0; i < 90 * 60; i++) {
        im.rgb[3 * i] = (uint8_t)(i % 90 * 2);
        im.rgb[3 * i + 1] = (uint8_t)(i / 90 * 4);
        im.rgb[3 * i + 2] = 77;
    }
    const bool fine = image_save_png(path, &im, NULL, 0, true, &err) == LIMN_OK;
    image_finish(&im);
    return fine;
}

int main(void)
{
    CHECK(make_photo());
    test_kitty();
    test_sixel();
    test_signals();
    test_never();
    test_choice();
    test_theme();
    test_slow();
    test_programs();
    session_folder_remove();
    return check_done();
}
#endif
