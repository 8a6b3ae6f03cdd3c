/* The only file that includes ncurses. Its descriptor is a memory file: nothing that it does waits for the terminal. */
#include "term_curses.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#include <ncurses.h>

#include "terminfo_own.h"

#define PAIR_COLOURS 241 /* 16..255 and the default */

static struct {
    FILE *memory; /* ncurses writes here */
    SCREEN *screen;
    enum picture_colours colours;
    uint8_t pair[PAIR_COLOURS * PAIR_COLOURS / 8 + 1]; /* those that were made */
} c;

static const char *string(const char *name) /* of the entry; NULL: it has none */
{
    const char *text = tigetstr(name);
    return text != (char *)-1 ? text : NULL;
}

static void new_screen(int32_t width, int32_t height)
{
    char number[16];
    snprintf(number, sizeof number, "%d", (int)height);
    setenv("LINES", number, 1); /* ncurses cannot ask a memory file for its size */
    snprintf(number, sizeof number, "%d", (int)width);
    setenv("COLUMNS", number, 1);
    c.screen = newterm(getenv("TERM"), c.memory, stdin);
    if (c.screen == NULL) {
        setenv("TERMINFO", TERMINFO_OWN, 1);
        c.screen = newterm(TERMINFO_OWN_NAME, c.memory, stdin);
        unsetenv("TERMINFO");
    }
    unsetenv("LINES");
    unsetenv("COLUMNS");
}

static enum picture_colours start_colours(enum picture_colours wanted)
{
    if (wanted == PICTURE_MONO || !has_colors()) {
        return PICTURE_MONO;
    }
    start_color();
    use_default_colors();
    const enum picture_colours most = COLORS >= 256 ? PICTURE_256 : COLORS >= 16 ? PICTURE_16 : PICTURE_8;
    return wanted < most ? wanted : most;
}

bool curses_open(struct caps *caps, int32_t width, int32_t height, char *err, size_t size)
{
    const int fd = memfd_create("limn", MFD_CLOEXEC);
    c.memory = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (c.memory == NULL) {
        snprintf(err, size, "no memory file for the screen: %s", strerror(errno));
        return false;
    }
    new_screen(width, height);
    if (c.screen == NULL || string("cup") == NULL) {
        const char *term = getenv("TERM");
        snprintf(err, size, "the terminal \"%.40s\" cannot place its cursor", term ? term : "");
        return false;
    }
    raw();
    noecho();
    nonl();
    curs_set(0);
    leaveok(stdscr, TRUE);
    c.colours = caps->colours = start_colours(caps->colours);
    memset(c.pair, 0, sizeof c.pair);
    return true;
}

void curses_close(void)
{
    if (c.screen != NULL) {
        endwin(); /* into the memory file: the terminal has its own ending already */
        delscreen(c.screen);
    }
    if (c.memory != NULL) {
        fclose(c.memory);
    }
    c.screen = NULL;
    c.memory = NULL;
}

void curses_forget(void)
{
    clearok(curscr, TRUE);
}

bool curses_xterm(void)
{
    const char *s = string("smcup");
    return s != NULL && strstr(s, "?1049h") != NULL;
}

/* Without terminfo's padding, "$<2>". */
static void add_unpadded(struct bytes *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        const size_t pad = strncmp(text, "$<", 2) == 0 ? strcspn(text, ">") : 0;
        text += pad;
        if (*text == '\0') {
            return;
        }
        bytes_add(out, text, pad == 0);
    }
}

void curses_reset(struct bytes *out, const char *modes)
{
    add_unpadded(out, string("sgr0"));
    add_unpadded(out, string("rmkx"));
    add_unpadded(out, string("cnorm"));
    if (curses_xterm()) {
        bytes_text(out, modes);
    } else {
        add_unpadded(out, string("clear"));
    }
    add_unpadded(out, string("rmcup")); /* takes back what newterm sent, xterm's kept title among it */
}

void curses_resume(struct bytes *out)
{
    add_unpadded(out, string("smcup"));
}

/* What ncurses has written since the last time. */
static bool take_curses(struct bytes *out)
{
    const int fd = fileno(c.memory);
    char block[4096];
    lseek(fd, 0, SEEK_SET);
    for (ssize_t n; (n = read(fd, block, sizeof block)) > 0;) {
        bytes_add(out, block, (size_t)n);
    }
    lseek(fd, 0, SEEK_SET);
    return ftruncate(fd, 0) == 0 && !out->failed;
}

/* Number of a colour as ncurses counts; -1 default. */
static int colour_number(uint32_t colour)
{
    if (colour >= COLOUR_DEFAULT) {
        return -1;
    }
    const float rgb[3] = {(float)(colour >> 16), (float)(colour >> 8 & 255), (float)(colour & 255)};
    float shown[3];
    return palette_nearest(c.colours, rgb, shown);
}

/* With room for all pairs each has a fixed number; else ncurses gives the oldest away. */
static int pair_number(uint32_t fg, uint32_t bg)
{
    if (c.colours == PICTURE_MONO || (fg >= COLOUR_DEFAULT && bg >= COLOUR_DEFAULT)) {
        return 0;
    }
    const int f = colour_number(fg), b = colour_number(bg);
    if (c.colours != PICTURE_256 || COLOR_PAIRS <= PAIR_COLOURS * PAIR_COLOURS) {
        const int pair = alloc_pair(f, b);
        return pair > 0 ? pair : 0;
    }
    const int i = (f < 0 ? 240 : f - 16) * PAIR_COLOURS + (b < 0 ? 240 : b - 16);
    if ((c.pair[i / 8] >> (i % 8) & 1) == 0) {
        init_extended_pair(i + 1, f, b);
        c.pair[i / 8] = (uint8_t)(c.pair[i / 8] | 1 << (i % 8));
    }
    return i + 1;
}

static void draw_cell(int32_t x, int32_t y, const struct cell *cell)
{
    const wchar_t text[2] = {(wchar_t)cell->ch, 0};
    const attr_t attr = (cell->attr & CELL_BOLD ? A_BOLD : 0) | (cell->attr & CELL_DIM ? A_DIM : 0) |
                        (cell->attr & CELL_UNDERLINE ? A_UNDERLINE : 0) | (cell->attr & CELL_REVERSE ? A_REVERSE : 0);
    int pair = pair_number(cell->fg, cell->bg);
    cchar_t cc;
    if (setcchar(&cc, text, attr, 0, &pair) == OK) {
        mvadd_wch(y, x, &cc);
    }
}

bool curses_draw(const struct grid *g, struct bytes *out)
{
    if (LINES != g->height || COLS != g->width) {
        resize_term(g->height, g->width);
        clearok(curscr, TRUE);
    }
    for (int32_t y = 0; y < g->height; y++) {
        for (int32_t x = 0; x < g->width; x++) {
            const struct cell *cell = grid_at(g, x, y);
            if (cell->ch != 0) {
                draw_cell(x, y, cell);
            }
        }
    }
    refresh();
    return take_curses(out);
}
