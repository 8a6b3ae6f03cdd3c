/* The preview: still pictures as lines of text that scroll, animations and the pictures of graphics protocols painted
 * in place. The terminal's settings are put back on every way out; a stop from the keyboard (SIGTSTP) leaves them in
 * order too. Frames are dropped while the terminal has not taken the earlier ones. */
#include "preview.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "graphics.h"
#include "paint.h"

enum { DRAIN_BYTES = 16384, FRAME_BYTES = 40960, MAX_TOLERANCE = 8 };

static volatile sig_atomic_t stop_asked; /* the keyboard's stop; nothing else can tell a handler */

static void on_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static int write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        const ssize_t k = write(STDOUT_FILENO, bytes, n);
        if (k < 0 && errno == EAGAIN) {
            struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
            poll(&out, 1, 1000);
        } else if (k < 0 && errno != EINTR) {
            return errno;
        } else if (k > 0) {
            bytes += k;
            n -= (size_t)k;
        }
    }
    return 0;
}

static int flush(struct paint *p)
{
    const int e = p->out.failed ? ENOMEM : write_all(p->out.data, p->out.n);
    bytes_clear(&p->out);
    return e;
}

struct rect preview_size(const struct preview *p)
{
    const struct rect room = {0, 0, p->columns, p->rows};
    struct rect r = caps_fit(&p->caps, p->animation->width, p->animation->height, room);
    r.x = r.y = 0;
    return r;
}

static bool draw(const struct preview *p, size_t frame, struct grid *g)
{
    const limn_image *im = p->animation->frame[frame];
    const int32_t w = limn_image_width(im), h = limn_image_height(im);
    const struct picture_source src = {limn_image_rgb(im), w, h, 0, 0, w, h};
    return picture_draw(g, (struct rect){0, 0, g->width, g->height}, &src,
                        (struct picture_style){p->caps.colours, p->caps.glyphs, p->caps.light});
}

/* Row by row, each ended by a line feed. */
static int show_still(const struct preview *p, size_t frame)
{
    const struct rect r = preview_size(p);
    struct grid g, row = {.width = r.w, .height = 1};
    struct paint paint;
    if (!grid_init(&g, r.w, r.h)) {
        return ENOMEM;
    }
    int e = paint_init(&paint, r.w, 1, p->caps.colours, 0) && draw(p, frame, &g) ? 0 : ENOMEM;
    for (int32_t y = 0; e == 0 && y < r.h; y++) {
        row.cell = grid_at(&g, 0, y);
        paint_forget(&paint);
        paint.x = paint.y = 0;
        paint_frame(&paint, &row);
        bytes_text(&paint.out, "\n");
    }
    e = e != 0 ? e : flush(&paint);
    paint_finish(&paint);
    grid_finish(&g);
    return e;
}

/* ---- animations ---- */

struct player {
    const struct preview *p;
    struct paint paint;
    struct graphics graphics;
    struct grid grid;
    struct termios old;
    bool keys; /* standard input is a terminal, and ours */
    bool paused, over;
    double speed;
    size_t frame;
    int32_t played;
};

static bool moves(const struct preview *p)
{
    return p->play && p->animation->n > 1;
}

static void keys_on(struct player *pl)
{
    pl->keys = moves(pl->p) && isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &pl->old) == 0;
    if (pl->keys) {
        struct termios raw = pl->old;
        raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
}

static void keys_off(struct player *pl)
{
    if (pl->keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &pl->old);
    }
}

/* Room for the picture below the cursor, which ends at its top left corner. */
static int begin(struct player *pl)
{
    keys_on(pl);
    for (int32_t y = 0; y < pl->grid.height; y++) {
        bytes_text(&pl->paint.out, "\n");
    }
    pl->paint.y = pl->grid.height;
    pl->paint.x = 0;
    bytes_text(&pl->paint.out, "\033[?25l");
    paint_move(&pl->paint, 0, 0);
    paint_forget(&pl->paint);
    graphics_forget(&pl->graphics);
    return flush(&pl->paint);
}

static int end(struct player *pl)
{
    bytes_clear(&pl->paint.out);
    paint_move(&pl->paint, 0, pl->grid.height);
    bytes_text(&pl->paint.out, "\033[m\033[?25h");
    const int e = flush(&pl->paint);
    keys_off(pl);
    return e;
}

static bool drained(void)
{
    int waiting = 0;
    return ioctl(STDOUT_FILENO, TIOCOUTQ, &waiting) != 0 || waiting < DRAIN_BYTES;
}

static int show_frame(struct player *pl)
{
    if (moves(pl->p) && !drained()) {
        return 0;
    }
    grid_clear(&pl->grid);
    if (!draw(pl->p, pl->frame, &pl->grid)) {
        return ENOMEM;
    }
    graphics_moving(&pl->graphics, moves(pl->p) && !pl->paused);
    if (pl->p->caps.sync) {
        bytes_text(&pl->paint.out, "\033[?2026h");
    }
    paint_frame(&pl->paint, &pl->grid);
    if (pl->graphics.kind != GRAPHICS_NONE) {
        paint_move(&pl->paint, 0, 0);
        pl->paint.out.failed |= !graphics_before(&pl->graphics, &pl->grid, &pl->paint.out) ||
                                !graphics_after(&pl->graphics, &pl->grid, &pl->paint.out);
    }
    if (pl->p->caps.sync) {
        bytes_text(&pl->paint.out, "\033[?2026l");
    }
    if (pl->paint.out.n > FRAME_BYTES && pl->paint.tolerance < MAX_TOLERANCE) {
        pl->paint.tolerance++; /* a slow line gets coarser pictures before it gets fewer */
    }
    return flush(&pl->paint);
}

static void step(struct player *pl, bool forth)
{
    const size_t n = pl->p->animation->n;
    if (forth && pl->frame + 1 == n) {
        pl->played++;
        pl->over = !pl->paused && pl->p->loops > 0 && pl->played >= pl->p->loops;
    }
    pl->frame = pl->over ? pl->frame : (pl->frame + (forth ? 1 : n - 1)) % n;
}

/* True when the frame changed. */
static bool key(struct player *pl, char c)
{
    switch (c) {
    case 'q':
    case 4: /* end of file from the keyboard */
        pl->over = true;
        return false;
    case ' ':
        pl->paused = !pl->paused;
        return pl->paused; /* once more, exactly */
    case '+':
        pl->speed *= pl->speed < 8 ? 1.25 : 1;
        return false;
    case '-':
        pl->speed /= pl->speed > 0.1 ? 1.25 : 1;
        return false;
    case '.':
    case ',':
        pl->paused = true;
        step(pl, c == '.');
        return true;
    default:
        return false;
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits until the time, a key that changes the frame, or the end. */
static int wait_until(struct player *pl, double when)
{
    while (!pl->over && *pl->p->stop == 0) {
        double left = when - now();
        if (stop_asked) {
            stop_asked = 0;
            end(pl);
            raise(SIGSTOP);
            const int e = begin(pl);
            return e != 0 ? e : show_frame(pl);
        }
        if (!pl->paused && left <= 0) {
            step(pl, true);
            return 0;
        }
        left = pl->paused || left > 0.25 ? 0.25 : left;
        struct pollfd in = {pl->keys ? STDIN_FILENO : -1, POLLIN, 0};
        if (poll(&in, 1, (int)(left * 1000) + 1) <= 0) {
            continue;
        }
        char c = 4;
        if (read(STDIN_FILENO, &c, 1) <= 0) {
            c = 'q'; /* the terminal went away */
        }
        if (key(pl, c)) {
            return 0;
        }
    }
    return 0;
}

static bool player_init(struct player *pl, const struct preview *p)
{
    static uint32_t shown; /* images of one preview stay when the next one comes */
    const struct rect r = preview_size(p);
    *pl = (struct player){.p = p, .speed = 1};
    graphics_init(&pl->graphics, &p->caps, "");
    pl->graphics.first_id = 1u << 28 | ((uint32_t)getpid() & 0xffff) << 8 | (shown++ & 255);
    const bool fine = grid_init(&pl->grid, r.w, r.h) && paint_init(&pl->paint, r.w, r.h, p->caps.colours, 4);
    pl->grid.areas = p->caps.graphics != GRAPHICS_NONE;
    return fine;
}

static void player_finish(struct player *pl)
{
    graphics_finish(&pl->graphics);
    paint_finish(&pl->paint);
    grid_finish(&pl->grid);
}

/* The picture itself, by a protocol. */
static int show_pixels(const struct preview *p)
{
    struct player pl;
    int e = player_init(&pl, p) ? begin(&pl) : ENOMEM;
    e = e != 0 ? e : show_frame(&pl);
    const int last = end(&pl);
    player_finish(&pl);
    return e != 0 ? e : last;
}

static int show_moving(const struct preview *p)
{
    struct player pl;
    struct sigaction sa = {.sa_handler = on_stop}, old;
    if (!player_init(&pl, p)) {
        player_finish(&pl);
        return ENOMEM;
    }
    sigemptyset(&sa.sa_mask);
    sigaction(SIGTSTP, &sa, &old);
    int e = begin(&pl);
    double when = now();
    while (e == 0 && !pl.over && *p->stop == 0) {
        e = show_frame(&pl);
        when += p->animation->seconds[pl.frame] / pl.speed;
        when = when < now() - 1 || pl.paused ? now() : when; /* after a pause there is nothing to catch up with */
        e = e != 0 ? e : wait_until(&pl, when);
    }
    const int last = end(&pl);
    sigaction(SIGTSTP, &old, NULL);
    player_finish(&pl);
    return e != 0 ? e : last;
}

int preview_show(const struct preview *p)
{
    return moves(p) ? show_moving(p) : p->caps.graphics != GRAPHICS_NONE ? show_pixels(p) : show_still(p, 0);
}
