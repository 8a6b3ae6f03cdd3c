/* The only file that includes ncurses. It writes into a memory file (newterm on a stream of ours), which is then copied
 * to the terminal through a descriptor of our own that does not block. The line discipline is set here. */
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "paint.h"
#include "terminfo_own.h"

/* Modes of xterm and its kin: mouse, paste, alternate screen. */
#define MODES_ON "\033[?1049h\033[?25l\033[?1000h\033[?1006h\033[?2004h"
#define MODES_OFF "\033[?2026l\033[?2004l\033[?1006l\033[?1000l\033[0m\033[?25h"
#define SCREEN_OFF "\033[?1049l"
#define PAIR_COLOURS 241 /* 16..255 and the default */

static struct {
    bool open, curses, modes;
    struct caps caps;
    struct termios before;
    bool have_before;
    int out;     /* our own description of the terminal: not blocking */
    int pipe[2]; /* written by signal handlers */
    char *wait;  /* bytes that the terminal has not taken */
    size_t n_wait, cap_wait;
    struct paint paint; /* truecolor */
    bool painting;
    FILE *memory; /* ncurses writes here */
    SCREEN *screen;
    uint8_t pair[PAIR_COLOURS * PAIR_COLOURS / 8 + 1];
    int32_t width, height;
    uint64_t bytes;
    bool gone;
    struct sigaction old[32];
    uint32_t handled; /* bits of `old` */
} t = {.out = -1, .pipe = {-1, -1}};

/* What handlers touch. */
static char reset_text[512];
static volatile sig_atomic_t reset_length, taken, stop_signal, resized, asked_sleep;

/* ---- signals ---- */

static void wake(void)
{
    const int kept = errno;
    const ssize_t n = write(t.pipe[1], "", 1);
    (void)n; /* a full pipe wakes as well */
    errno = kept;
}

static void on_stop(int number)
{
    stop_signal = number;
    wake();
}

static void on_note(int number)
{
    if (number == SIGTSTP) {
        asked_sleep = 1;
    } else {
        resized = 1;
    }
    wake();
}

/* Async-signal-safe: a string made beforehand, and tcsetattr. */
static void restore_now(void)
{
    if (taken) {
        taken = 0;
        const ssize_t n = write(STDOUT_FILENO, reset_text, (size_t)reset_length);
        (void)n;
        tcsetattr(STDIN_FILENO, TCSANOW, &t.before);
    }
}

static void on_crash(int number)
{
    if (taken) {
        tcflush(STDOUT_FILENO, TCOFLUSH); /* a terminal that takes nothing shall not keep us here */
    }
    restore_now();
    signal(number, SIG_DFL);
    raise(number);
}

static void handle(int number, void (*f)(int), int flags)
{
    struct sigaction sa = {.sa_handler = f, .sa_flags = flags}, old;
    sigemptyset(&sa.sa_mask);
    if (sigaction(number, NULL, &old) == 0 && (old.sa_handler != SIG_IGN || f == on_note)) {
        sigaction(number, &sa, NULL);
        t.old[number] = old;
        t.handled |= 1u << number;
    }
}

static void handle_all(void)
{
    static char stack[1 << 15];
    static const int stop[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT}, note[] = {SIGWINCH, SIGTSTP, SIGCONT};
    static const int crash[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof stop / sizeof stop[0]; i++) {
        handle(stop[i], on_stop, 0);
    }
    for (size_t i = 0; i < sizeof note / sizeof note[0]; i++) {
        handle(note[i], on_note, SA_RESTART);
    }
    for (size_t i = 0; i < sizeof crash / sizeof crash[0]; i++) {
        handle(crash[i], on_crash, (int)SA_ONSTACK);
    }
}

static void handle_none(void)
{
    for (int i = 1; i < 32; i++) {
        if (t.handled >> i & 1) {
            sigaction(i, &t.old[i], NULL);
        }
    }
    t.handled = 0;
}

/* ---- bytes on their way ---- */

static bool queue_bytes(const char *bytes, size_t n)
{
    if (t.n_wait + n > t.cap_wait) {
        const size_t cap = 2 * (t.n_wait + n) + 4096;
        char *grown = realloc(t.wait, cap);
        if (grown == NULL) {
            return false;
        }
        t.wait = grown;
        t.cap_wait = cap;
    }
    memcpy(t.wait + t.n_wait, bytes, n);
    t.n_wait += n;
    return true;
}

/* Writes what the terminal takes now. */
static void flush_bytes(void)
{
    size_t at = 0;
    while (at < t.n_wait) {
        const ssize_t n = write(t.out, t.wait + at, t.n_wait - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            break;
        } else {
            t.gone = true;
            at = t.n_wait;
        }
    }
    t.bytes += at;
    t.n_wait -= at;
    memmove(t.wait, t.wait + at, t.n_wait);
}

/* What ncurses has written since the last time. */
static bool take_curses(void)
{
    const int fd = fileno(t.memory);
    char block[4096];
    bool fine = true;
    lseek(fd, 0, SEEK_SET);
    for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;) {
        fine = queue_bytes(block, (size_t)n) && fine;
    }
    lseek(fd, 0, SEEK_SET);
    return ftruncate(fd, 0) == 0 && fine;
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
    while (tcsetattr(STDIN_FILENO, TCSANOW, &now) != 0 && errno == EINTR && !stop_signal) {
    }
}

/* Without terminfo's padding, "$<2>". */
static void add_reset(const char *text)
{
    for (; text != NULL && text != (char *)-1 && *text != '\0'; text++) {
        const size_t pad = strncmp(text, "$<", 2) == 0 ? strcspn(text, ">") : 0;
        text += pad;
        if (pad == 0 && (size_t)reset_length < sizeof reset_text) {
            reset_text[reset_length++] = *text;
        }
    }
}

static bool same_family(void) /* as xterm: an alternate screen by DECSET 1049 */
{
    const char *s = tigetstr("smcup");
    return s != NULL && s != (char *)-1 && strstr(s, "?1049h") != NULL;
}

/* A screen of ncurses for the terminal's type, or for the entry that limn brings along when there is none. */
static bool open_curses(char *err, size_t size)
{
    const int fd = memfd_create("limn", MFD_CLOEXEC);
    t.memory = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (t.memory == NULL) {
        snprintf(err, size, "no memory file for the screen: %s", strerror(errno));
        return false;
    }
    const char *term = getenv("TERM");
    char number[16];
    snprintf(number, sizeof number, "%d", (int)t.height);
    setenv("LINES", number, 1); /* ncurses cannot ask a memory file for its size */
    snprintf(number, sizeof number, "%d", (int)t.width);
    setenv("COLUMNS", number, 1);
    t.screen = newterm(term, t.memory, stdin);
    if (t.screen == NULL) {
        setenv("TERMINFO", TERMINFO_OWN, 1);
        t.screen = newterm(TERMINFO_OWN_NAME, t.memory, stdin);
        unsetenv("TERMINFO");
    }
    unsetenv("LINES");
    unsetenv("COLUMNS");
    if (t.screen == NULL || tigetstr("cup") == NULL || tigetstr("cup") == (char *)-1) {
        snprintf(err, size, "the terminal \"%.40s\" cannot place its cursor", term ? term : "");
        return false;
    }
    raw();
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, TRUE);
    if (t.caps.colours != PICTURE_MONO && has_colors()) {
        start_color();
        use_default_colors();
        if (COLORS < 256 && t.caps.colours > PICTURE_16) {
            t.caps.colours = COLORS >= 16 ? PICTURE_16 : PICTURE_8;
        }
        if (COLORS < 16 && t.caps.colours == PICTURE_16) {
            t.caps.colours = PICTURE_8;
        }
    } else {
        t.caps.colours = PICTURE_MONO;
    }
    t.modes = same_family();
    memset(t.pair, 0, sizeof t.pair);
    return true;
}

static void make_reset(void)
{
    reset_length = 0;
    if (t.curses) {
        add_reset(tigetstr("sgr0"));
        add_reset(tigetstr("rmkx"));
        add_reset(tigetstr("cnorm"));
        add_reset(t.modes ? MODES_OFF : tigetstr("clear"));
        add_reset(tigetstr("rmcup")); /* takes back what newterm sent, xterm's kept title among it */
    } else {
        add_reset(MODES_OFF SCREEN_OFF);
    }
}

/* The terminal in our modes, everything unknown. */
static void take(void)
{
    line_discipline(true);
    taken = 1;
    if (t.modes) {
        queue_bytes(MODES_ON, strlen(MODES_ON));
    }
    if (!t.curses) {
        queue_bytes("\033[2J", 4);
    }
    term_forget();
}

bool term_open(const struct caps *caps, char *err, size_t size)
{
    char path[256];
    t.caps = *caps;
    t.gone = false;
    stop_signal = 0;
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
    const bool named = ttyname_r(STDOUT_FILENO, path, sizeof path) == 0;
    t.out = named ? open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (t.out < 0) { /* then a slow terminal blocks us */
        t.out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    }
    if (pipe2(t.pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        snprintf(err, size, "no pipe: %s", strerror(errno));
        return false;
    }
    t.open = true;
    term_size(&t.width, &t.height);
    t.curses = caps->colours != PICTURE_TRUE;
    t.modes = true;
    if (t.curses && !open_curses(err, size)) {
        term_close();
        return false;
    }
    make_reset();
    handle_all();
    take();
    return true;
}

static void give_back(void)
{
    if (taken && !t.gone) {
        fcntl(t.out, F_SETFL, fcntl(t.out, F_GETFL) & ~O_NONBLOCK);
        if (t.n_wait > 0) { /* half of a frame, perhaps half of a sequence: end it */
            t.n_wait = 0;
            tcflush(STDOUT_FILENO, TCOFLUSH); /* who does not read shall not keep us here */
        }
        restore_now();
    }
    if (t.have_before) {
        line_discipline(false);
    }
    taken = 0;
}

void term_close(void)
{
    if (!t.open) {
        return;
    }
    give_back();
    handle_none();
    if (t.screen != NULL) {
        endwin(); /* into the memory file: the terminal has its own ending already */
        delscreen(t.screen);
        t.screen = NULL;
    }
    if (t.memory != NULL) {
        fclose(t.memory);
        t.memory = NULL;
    }
    if (t.painting) {
        paint_finish(&t.paint);
        t.painting = false;
    }
    close(t.out);
    close(t.pipe[0]);
    close(t.pipe[1]);
    t.out = t.pipe[0] = t.pipe[1] = -1;
    free(t.wait);
    t.wait = NULL;
    t.n_wait = t.cap_wait = 0;
    t.open = false;
}

void term_suspend(void)
{
    struct sigaction old, plain = {.sa_handler = SIG_DFL};
    fcntl(t.out, F_SETFL, fcntl(t.out, F_GETFL) & ~O_NONBLOCK);
    t.n_wait = 0;
    restore_now();
    sigemptyset(&plain.sa_mask);
    sigaction(SIGTSTP, &plain, &old);
    kill(0, SIGTSTP); /* sleeps here, with whatever script started us, as if the terminal had sent it */
    sigaction(SIGTSTP, &old, NULL);
    fcntl(t.out, F_SETFL, fcntl(t.out, F_GETFL) | O_NONBLOCK);
    take();
    if (t.curses && t.modes) {
        queue_bytes(tigetstr("smcup"), strlen(tigetstr("smcup")));
    }
    resized = 1;
    wake();
}

/* ---- waiting ---- */

int term_stopped(void)
{
    return stop_signal;
}

static unsigned drain_pipe(void)
{
    char rest[64];
    unsigned got = 0;
    while (read(t.pipe[0], rest, sizeof rest) > 0) {
    }
    if (asked_sleep) {
        asked_sleep = 0;
        term_suspend();
    }
    if (resized) {
        resized = 0;
        line_discipline(true); /* after a stop that could not be caught */
        if (t.modes) {
            queue_bytes(MODES_ON, strlen(MODES_ON));
        }
        term_forget();
        got |= TERM_RESIZED;
    }
    return got;
}

unsigned term_wait(struct pollfd *more, size_t n, int ms)
{
    struct pollfd set[8] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = t.pipe[0], .events = POLLIN}};
    const bool busy = t.n_wait > 0;
    set[2] = (struct pollfd){.fd = busy ? t.out : -1, .events = POLLOUT};
    n = n > 5 ? 5 : n;
    memcpy(set + 3, more, n * sizeof set[0]);
    if (poll(set, 3 + n, stop_signal ? 0 : ms) < 0 && errno != EINTR) {
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
        got |= drain_pipe();
    }
    if (busy) {
        flush_bytes();
        got |= t.n_wait == 0 ? TERM_WRITTEN : 0;
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
        clearok(curscr, TRUE);
    }
}

void term_tolerance(int32_t tolerance)
{
    t.paint.tolerance = tolerance;
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
    paint_text(&t.paint, t.caps.sync ? "\033[?2026h" : "");
    const size_t before = t.paint.n;
    paint_text(&t.paint, fresh ? "\033[m\033[H" : "");
    paint_frame(&t.paint, g);
    const bool changed = t.paint.n > before;
    paint_text(&t.paint, t.caps.sync ? "\033[?2026l" : "");
    const bool fine = !t.paint.failed && (!changed || queue_bytes(t.paint.bytes, t.paint.n));
    paint_clear(&t.paint);
    if (!fine) {
        term_forget();
    }
    return fine;
}

/* Number of a colour as ncurses counts; -1 default. */
static int curses_colour(uint32_t colour)
{
    if (colour >= COLOUR_DEFAULT) {
        return -1;
    }
    const float rgb[3] = {(float)(colour >> 16), (float)(colour >> 8 & 255), (float)(colour & 255)};
    float shown[3];
    return palette_nearest(t.caps.colours, rgb, shown);
}

/* With room for all pairs each has a fixed number; else ncurses gives the oldest away. */
static int curses_pair(uint32_t fg, uint32_t bg)
{
    if (t.caps.colours == PICTURE_MONO || (fg >= COLOUR_DEFAULT && bg >= COLOUR_DEFAULT)) {
        return 0;
    }
    const int f = curses_colour(fg), b = curses_colour(bg);
    if (t.caps.colours != PICTURE_256 || COLOR_PAIRS <= PAIR_COLOURS * PAIR_COLOURS) {
        const int pair = alloc_pair(f, b);
        return pair > 0 ? pair : 0;
    }
    const int i = (f < 0 ? 240 : f - 16) * PAIR_COLOURS + (b < 0 ? 240 : b - 16);
    if ((t.pair[i / 8] >> (i % 8) & 1) == 0) {
        init_extended_pair(i + 1, f, b);
        t.pair[i / 8] = (uint8_t)(t.pair[i / 8] | 1 << (i % 8));
    }
    return i + 1;
}

static void curses_cell(int32_t x, int32_t y, const struct cell *c)
{
    const wchar_t text[2] = {(wchar_t)c->ch, 0};
    const attr_t attr = (c->attr & CELL_BOLD ? A_BOLD : 0) | (c->attr & CELL_DIM ? A_DIM : 0) |
                        (c->attr & CELL_UNDERLINE ? A_UNDERLINE : 0) | (c->attr & CELL_REVERSE ? A_REVERSE : 0);
    int pair = curses_pair(c->fg, c->bg);
    cchar_t cc;
    if (setcchar(&cc, text, attr, 0, &pair) == OK) {
        mvadd_wch(y, x, &cc);
    }
}

static bool draw_curses(const struct grid *g)
{
    if (LINES != g->height || COLS != g->width) {
        resize_term(g->height, g->width);
        clearok(curscr, TRUE);
    }
    for (int32_t y = 0; y < g->height; y++) {
        for (int32_t x = 0; x < g->width; x++) {
            const struct cell *c = grid_at(g, x, y);
            if (c->ch != 0) {
                curses_cell(x, y, c);
            }
        }
    }
    refresh();
    return take_curses();
}

bool term_draw(const struct grid *g)
{
    if (t.gone || (t.n_wait > 0 && t.bytes > 0)) {
        return false;
    }
    const bool fine = t.curses ? draw_curses(g) : draw_paint(g);
    flush_bytes();
    return fine;
}
