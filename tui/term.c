/* The terminal: line discipline, modes, what waits to be written, what was read. Bytes go out through a descriptor of
 * our own that does not block. */
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ask.h"
#include "graphics.h"
#include "paint.h"
#include "probe.h"
#include "term_curses.h"
#include "term_signals.h"

/* Modes of xterm and its kin: alternate screen, paste, mouse. */
#define SCREEN_ON "\033[?1049h" /* once: it keeps the cursor of the other screen, the second time its own */
#define MODES_ON "\033[?25l\033[?2004h"
#define MOUSE_ON "\033[?1000h\033[?1006h"
#define WRAP_OFF "\033[?7l" /* a character of another width than we think shall stay in its line */
#define MODES_OFF "\033[?2026l\033[?7h\033[?2004l\033[?1006l\033[?1002l\033[?1000l\033[0m\033[?25h"
#define SCREEN_OFF "\033[?1049l"
enum { COPY_MAX = 65536 }; /* terminals drop what is much longer */
enum { STRAIN_FRAMES = 24 };

static struct {
    bool open, curses, modes, asked;
    struct caps caps;
    struct termios before;
    bool have_before;
    int out;            /* our own description of the terminal: not blocking */
    struct bytes wait;  /* that the terminal has not taken */
    struct paint paint; /* truecolor */
    bool painting;
    struct bytes ending, reset; /* what ends the cells' writer, and all that gives the terminal back */
    struct graphics graphics;
    int32_t width, height;
    bool gone;
    int32_t strain; /* how many frames ago the terminal was too slow for one, counted down */
} t = {.out = -1};

/* ---- bytes on their way ---- */

/* Writes what the terminal takes now. */
static void flush_bytes(void)
{
    size_t at = 0;
    while (at < t.wait.n) {
        const ssize_t n = write(t.out, t.wait.data + at, t.wait.n - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        } else {
            t.gone = true;
            at = t.wait.n;
        }
    }
    bytes_drop(&t.wait, at);
}

/* ---- opening and closing ---- */

static void line_discipline(bool raw)
{
    struct termios now = t.before;
    if (raw) {
        now.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON);
        now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
        now.c_oflag &= ~(tcflag_t)OPOST;
        now.c_cc[VMIN] = 1;
        now.c_cc[VTIME] = 0;
    }
    while (tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0 && errno == EINTR && !signals_stopped()) {
    }
}

/* What gives the terminal back: all that may be switched on, off. */
static void make_reset(void)
{
    bytes_clear(&t.reset);
    graphics_end(&t.graphics, &t.reset);
    bytes_add(&t.reset, t.ending.data, t.ending.n);
    signals_reset_text(t.reset.data, t.reset.n);
}

static void modes_on(void)
{
    bytes_text(&t.wait, t.modes ? MODES_ON : "");
    bytes_text(&t.wait, t.curses ? "" : WRAP_OFF);
    bytes_text(&t.wait, t.modes && t.caps.mouse ? MOUSE_ON : "");
}

/* The terminal in our modes, everything unknown. */
static void take(bool ask)
{
    line_discipline(true);
    signals_taken(true);
    bytes_text(&t.wait, t.curses ? "" : SCREEN_ON); /* ncurses sends its own */
    modes_on();
    if (ask) { /* before the screen is cleared: what does not understand a question may show it */
        probe_questions(&t.caps, &t.wait);
    }
    bytes_text(&t.wait, t.curses ? "" : "\033[2J");
    term_forget();
}

/* Standard output once more, so that its flags are ours alone. */
static int open_output(void)
{
    char path[256];
    const bool named = ttyname_r(STDOUT_FILENO, path, sizeof path) == 0;
    const int fd = named ? open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3); /* then a slow terminal blocks us */
}

bool term_open(const struct caps *caps, char *err, size_t size)
{
    t.caps = *caps;
    t.gone = false;
    if (!caps->moves) {
        const char *term = getenv("TERM");
        snprintf(err, size, "TERM is \"%.40s\": it cannot place the cursor; limn jobs shows the queue as text",
                 term ? term : "");
        return false;
    }
    t.have_before = tcgetattr(STDIN_FILENO, &t.before) == 0;
    if (!t.have_before || !isatty(STDOUT_FILENO)) {
        snprintf(err, size, "standard input and output must be a terminal");
        return false;
    }
    t.out = open_output();
    t.open = true;
    term_size(&t.width, &t.height);
    ask_cell_size(&t.caps);
    t.curses = caps->colours != PICTURE_TRUE;
    if (t.curses && !curses_open(&t.caps, t.width, t.height, err, size)) {
        term_close();
        return false;
    }
    t.modes = !t.curses || curses_xterm();
    graphics_init(&t.graphics, &t.caps, "\033[H");
    if (t.curses) {
        curses_reset(&t.ending, MODES_OFF);
    } else {
        bytes_text(&t.ending, MODES_OFF SCREEN_OFF);
    }
    make_reset();
    if (!signals_open(&t.before)) {
        snprintf(err, size, "no pipe: %s", strerror(errno));
        term_close();
        return false;
    }
    t.caps.ask = t.caps.ask && t.modes;
    t.asked = t.caps.ask;
    take(true);
    return true;
}

bool term_asked(void)
{
    return t.asked;
}

void term_change(const struct caps *caps)
{
    const bool pictures = caps->graphics != t.caps.graphics || caps->cell_width != t.caps.cell_width ||
                          caps->cell_height != t.caps.cell_height;
    const bool repaint = caps->colours != t.caps.colours || pictures;
    t.caps = *caps;
    if (pictures) {
        graphics_change(&t.graphics, &t.caps);
    }
    make_reset();
    if (t.curses && caps->colours == PICTURE_TRUE) { /* its ending still holds */
        curses_close();
        t.curses = false;
    }
    if (repaint) {
        term_forget();
    }
}

const struct caps *term_caps(void)
{
    return &t.caps;
}

static void give_back(void)
{
    if (!t.gone) {
        fcntl(t.out, F_SETFL, fcntl(t.out, F_GETFL) & ~O_NONBLOCK);
        if (t.wait.n > 0) { /* half of a frame, perhaps half of a sequence: end it */
            bytes_clear(&t.wait);
            tcflush(STDOUT_FILENO, TCOFLUSH); /* who does not read shall not keep us here */
        }
        signals_restore();
    }
    if (t.have_before) {
        line_discipline(false);
    }
    signals_taken(false);
}

void term_close(void)
{
    if (!t.open) {
        return;
    }
    give_back();
    signals_close();
    curses_close();
    if (t.painting) {
        paint_finish(&t.paint);
        t.painting = false;
    }
    close(t.out);
    t.out = -1;
    bytes_finish(&t.wait);
    bytes_finish(&t.ending);
    bytes_finish(&t.reset);
    graphics_finish(&t.graphics);
    t.open = false;
}

void term_suspend(void)
{
    struct sigaction old, plain = {.sa_handler = SIG_DFL};
    fcntl(t.out, F_SETFL, fcntl(t.out, F_GETFL) & ~O_NONBLOCK);
    bytes_clear(&t.wait);
    signals_restore();
    sigemptyset(&plain.sa_mask);
    sigaction(SIGTSTP, &plain, &old);
    kill(0, SIGTSTP); /* sleeps here, with whatever script started us, as if the terminal had sent it */
    sigaction(SIGTSTP, &old, NULL);
    fcntl(t.out, F_SETFL, fcntl(t.out, F_GETFL) | O_NONBLOCK);
    take(false);
    if (t.curses && t.modes) {
        curses_resume(&t.wait);
    }
    signals_resized();
}

/* ---- waiting ---- */

int term_stopped(void)
{
    return signals_stopped();
}

static unsigned take_signals(void)
{
    const unsigned got = signals_drain();
    if (got & SIGNAL_SLEEP) {
        term_suspend();
    }
    if (got & SIGNAL_RESIZED) {
        line_discipline(true); /* after a stop that could not be caught */
        modes_on();
        ask_cell_size(&t.caps);
        if (t.asked && t.graphics.kind == GRAPHICS_SIXEL) { /* the size of letters may have changed */
            bytes_text(&t.wait, "\033[16t");
        }
        graphics_change(&t.graphics, &t.caps);
        term_forget();
        return TERM_RESIZED;
    }
    return 0;
}

unsigned term_wait(struct pollfd *more, size_t n, int ms)
{
    struct pollfd set[8] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = signals_descriptor(), .events = POLLIN}};
    const bool busy = t.wait.n > 0;
    set[2] = (struct pollfd){.fd = busy ? t.out : -1, .events = POLLOUT};
    n = n > 5 ? 5 : n;
    memcpy(set + 3, more, n * sizeof set[0]);
    if (poll(set, 3 + n, signals_stopped() ? 0 : ms) < 0 && errno != EINTR) {
        return TERM_GONE;
    }
    unsigned got = 0;
    int waiting = 0;
    memcpy(more, set + 3, n * sizeof set[0]);
    for (size_t i = 0; i < n; i++) {
        got |= more[i].revents ? TERM_OTHER : 0;
    }
    if (set[0].revents & POLLIN) { /* readable and nothing there: the end */
        got |= ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting > 0 ? TERM_INPUT : TERM_GONE;
    } else if (set[0].revents & (POLLHUP | POLLERR | POLLNVAL)) {
        got |= TERM_GONE;
    }
    if (set[1].revents & POLLIN) {
        got |= take_signals();
    }
    if (busy) {
        flush_bytes();
        got |= t.wait.n == 0 ? TERM_WRITTEN : 0;
    }
    return t.gone ? got | TERM_GONE : got;
}

void term_size(int32_t *width, int32_t *height)
{
    struct winsize size = {0};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *width = known ? size.ws_col : 80;
    *height = known ? size.ws_row : 24;
    *width = *width > 1000 ? 1000 : *width;
    *height = *height > 500 ? 500 : *height;
}

size_t term_read(unsigned char *out, size_t size)
{
    const ssize_t n = read(STDIN_FILENO, out, size);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        t.gone = true;
    }
    return n > 0 ? (size_t)n : 0;
}

/* ---- drawing ---- */

void term_forget(void)
{
    if (t.painting) {
        paint_finish(&t.paint);
        t.painting = false;
    }
    if (t.curses) {
        curses_forget();
    }
    graphics_forget(&t.graphics);
}

void term_tolerance(int32_t tolerance)
{
    t.paint.tolerance = tolerance;
    graphics_moving(&t.graphics, tolerance > 0);
}

static bool draw_paint(const struct grid *g)
{
    const int32_t tolerance = t.paint.tolerance;
    if (t.painting && (t.paint.shown.width != g->width || t.paint.shown.height != g->height)) {
        term_forget();
    }
    const bool fresh = !t.painting;
    if (fresh) {
        if (!paint_init(&t.paint, g->width, g->height, t.caps.colours, tolerance)) {
            return false;
        }
        t.painting = true;
    }
    bytes_text(&t.paint.out, t.caps.sync ? "\033[?2026h" : "");
    const size_t before = t.paint.out.n;
    bytes_text(&t.paint.out, fresh ? "\033[m\033[H" : "");
    bool fine = graphics_before(&t.graphics, g, &t.paint.out);
    if (tolerance > 0 && t.strain > 0) {
        t.paint.tolerance = 2 * tolerance; /* coarser pictures before fewer */
        paint_frame(&t.paint, g);
        t.paint.tolerance = tolerance;
    } else if (tolerance == 0 || fresh || !paint_moving(&t.paint, g)) {
        paint_frame(&t.paint, g);
    }
    fine = fine && graphics_after(&t.graphics, g, &t.paint.out);
    const bool changed = t.paint.out.n > before;
    bytes_text(&t.paint.out, t.caps.sync ? "\033[?2026l" : "");
    if (changed) {
        bytes_add(&t.wait, t.paint.out.data, t.paint.out.n);
    }
    fine = fine && !t.paint.out.failed && !t.wait.failed;
    bytes_clear(&t.paint.out);
    if (!fine) {
        term_forget();
    }
    return fine;
}

static bool draw_curses(const struct grid *g)
{
    const bool fine =
        graphics_before(&t.graphics, g, &t.wait) && curses_draw(g, &t.wait) && graphics_after(&t.graphics, g, &t.wait);
    if (!fine) {
        term_forget();
    }
    return fine;
}

bool term_ready(void)
{
    flush_bytes();
    t.strain = t.wait.n > 0 ? STRAIN_FRAMES : t.strain;
    return !t.gone && t.wait.n == 0;
}

bool term_draw(const struct grid *g)
{
    if (!term_ready()) {
        return false;
    }
    t.strain -= t.strain > 0;
    const bool fine = t.curses ? draw_curses(g) : draw_paint(g);
    flush_bytes();
    return fine;
}

bool term_copy(const char *text)
{
    const size_t n = strlen(text);
    if (!t.modes || t.gone || n > COPY_MAX) {
        return false;
    }
    bytes_text(&t.wait, "\033]52;c;");
    bytes_base64(&t.wait, text, n);
    bytes_text(&t.wait, "\033\\");
    return true;
}
