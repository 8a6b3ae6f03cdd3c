/* Pictures by sixel and kitty's protocol: a small terminal of the test's own takes the bytes, and its pixels are
 * compared with the picture: whole, covered, uncovered, moving, gone. */
#include "graphics.h"

#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "picture.h"
#include "support/check.h"

enum {
    CW = 8,
    CH = 16,
    COLUMNS = 40,
    ROWS = 20,
    W = COLUMNS * CW,
    H = ROWS * CH,
    EMPTY = 0x01000000,
    IMAGES = 16,
    PLACES = 64
};

/* ---- the terminal ---- */

struct place {
    bool used;
    uint32_t id, number;
    int32_t x, y, px, py, pw, ph, columns, rows;
};
static struct {
    uint32_t pixel[H][W]; /* sixel; EMPTY where there is none */
    int32_t x, y, kept_x, kept_y;
    struct image image[IMAGES]; /* of GRAPHICS_ID + i */
    struct place place[PLACES];
    char *sent; /* base64 of the image that is coming */
    size_t n_sent, longest;
    uint32_t coming;
    int bad, sequences, images; /* not understood; graphics seen; images that came */
} term;

static void term_reset(void)
{
    for (int i = 0; i < IMAGES; i++) {
        image_finish(&term.image[i]);
    }
    free(term.sent);
    memset(&term, 0, sizeof term);
    for (int i = 0; i < H * W; i++) {
        term.pixel[i / W][i % W] = EMPTY;
    }
}

static void term_erase(int32_t x, int32_t y)
{
    for (int32_t i = 0; i < CW * CH; i++) {
        term.pixel[y * CH + i / CW][x * CW + i % CW] = EMPTY;
    }
}

static long number(const char **p)
{
    char *end;
    const long v = strtol(*p, &end, 10);
    *p = end;
    return v;
}

static void sixel_column(int32_t x, int32_t y, int bits, uint32_t colour, int32_t w, int32_t h)
{
    for (int k = 0; k < 6; k++) {
        const int32_t px = term.x * CW + x, py = term.y * CH + y + k;
        if (bits >> k & 1) {
            const bool inside = x < w && y + k < h && px < W && py < H;
            term.bad += !inside;
            if (inside) {
                term.pixel[py][px] = colour;
            }
        }
    }
}

/* After ESC P, up to ESC \. */
static void take_sixel(const char *p, const char *end)
{
    uint32_t palette[256], colour = EMPTY;
    long w = 0, h = 0;
    int32_t x = 0, y = 0;
    memset(palette, 0xff, sizeof palette);
    term.bad += strncmp(p, "0;1;0q\"1;1;", 11) != 0;
    p += 11;
    w = number(&p);
    term.bad += *p++ != ';';
    h = number(&p);
    while (p < end) {
        const char c = *p++;
        if (c == '#') {
            const long i = number(&p);
            term.bad += i < 0 || i > 255;
            if (*p == ';') {
                long v[4] = {0};
                for (int k = 0; k < 4 && *p == ';'; k++) {
                    p++;
                    v[k] = number(&p);
                }
                term.bad += v[0] != 2 || v[1] > 100 || v[2] > 100 || v[3] > 100;
                palette[i & 255] = (uint32_t)(v[1] * 255 / 100) << 16 | (uint32_t)(v[2] * 255 / 100) << 8 |
                                   (uint32_t)(v[3] * 255 / 100);
            }
            colour = palette[i & 255];
            term.bad += colour == 0xffffffff; /* used before it is defined */
        } else if (c == '$') {
            x = 0;
        } else if (c == '-') {
            x = 0;
            y += 6;
        } else {
            const long n = c == '!' ? number(&p) : 1;
            const char bits = c == '!' ? *p++ : c;
            term.bad += bits < '?' || bits > '~';
            for (long k = 0; k < n; k++) {
                sixel_column(x++, y, bits - '?', colour, (int32_t)w, (int32_t)h);
            }
        }
    }
}

static size_t from_base64(const char *in, size_t n, uint8_t *out)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t v = 0;
    size_t bits = 0, k = 0;
    for (size_t i = 0; i < n && in[i] != '='; i++) {
        const char *at = strchr(digit, in[i]);
        term.bad += at == NULL;
        v = v << 6 | (uint32_t)(at != NULL ? at - digit : 0);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[k++] = (uint8_t)(v >> bits);
        }
    }
    return k;
}

static void image_came(void)
{
    limn_error err;
    const uint32_t i = term.coming - GRAPHICS_ID;
    uint8_t *data = malloc(term.n_sent + 4);
    const size_t n = from_base64(term.sent, term.n_sent, data);
    CHECK(i < IMAGES);
    image_finish(&term.image[i]);
    CHECK(image_decode("image", data, n, NULL, &term.image[i], &err) == LIMN_OK);
    term.images++;
    for (int k = 0; k < PLACES; k++) { /* sending an image anew takes its placements away */
        term.place[k].used = term.place[k].used && term.place[k].id != term.coming;
    }
    free(data);
    term.n_sent = 0;
}

static long key(const char *p, const char *end, char name, long otherwise)
{
    while (p < end && *p != ';') {
        if (p[0] == name && p[1] == '=') {
            p += 2;
            return name == 'a' || name == 'd' ? *p : number(&p);
        }
        const char *comma = memchr(p, ',', (size_t)(end - p));
        p = comma != NULL ? comma + 1 : end;
    }
    return otherwise;
}

static void take_pieces(const char *p, const char *end)
{
    const char *data = memchr(p, ';', (size_t)(end - p));
    CHECK(data != NULL && end - data - 1 <= 4096);
    const size_t n = (size_t)(end - data - 1);
    term.sent = realloc(term.sent, term.n_sent + n + 1);
    memcpy(term.sent + term.n_sent, data + 1, n);
    term.n_sent += n;
    CHECK((n % 4) == 0);
    if (key(p, end, 'm', 0) == 0) {
        image_came();
    }
}

static void take_place(const char *p, const char *end, uint32_t id)
{
    struct place *free_one = NULL;
    const uint32_t n = (uint32_t)key(p, end, 'p', 0);
    for (int k = PLACES - 1; k >= 0; k--) {
        struct place *q = &term.place[k];
        free_one = !q->used || (q->id == id && q->number == n) ? q : free_one;
    }
    CHECK(free_one != NULL && key(p, end, 'C', 0) == 1);
    if (free_one != NULL) {
        *free_one = (struct place){true,
                                   id,
                                   n,
                                   term.x,
                                   term.y,
                                   (int32_t)key(p, end, 'x', 0),
                                   (int32_t)key(p, end, 'y', 0),
                                   (int32_t)key(p, end, 'w', 0),
                                   (int32_t)key(p, end, 'h', 0),
                                   (int32_t)key(p, end, 'c', 0),
                                   (int32_t)key(p, end, 'r', 0)};
    }
}

/* After ESC _G, up to ESC \. */
static void take_kitty(const char *p, const char *end)
{
    const long what = key(p, end, 'a', 0);
    const uint32_t id = (uint32_t)key(p, end, 'i', 0);
    CHECK_INT(key(p, end, 'q', 0), 2);
    if (what == 't') {
        CHECK_INT(key(p, end, 'f', 0), 100);
        term.coming = id;
        take_pieces(p, end);
    } else if (what == 0) {
        take_pieces(p, end);
    } else if (what == 'p') {
        CHECK(id - GRAPHICS_ID < IMAGES && term.image[id - GRAPHICS_ID].rgb != NULL);
        take_place(p, end, id);
    } else if (what == 'd') {
        for (int k = 0; k < PLACES; k++) {
            term.place[k].used = term.place[k].used && term.place[k].id != id;
        }
        if (key(p, end, 'd', 0) == 'I' && id - GRAPHICS_ID < IMAGES) {
            image_finish(&term.image[id - GRAPHICS_ID]);
        }
    } else {
        term.bad++;
    }
}

static const char *take_control(const char *p)
{
    const long n = *p >= '0' && *p <= '9' ? number(&p) : 1;
    if (*p == 'H') {
        term.x = term.y = 0;
    } else if (*p == 'B') {
        term.y += (int32_t)n;
    } else if (*p == 'C') {
        term.x += (int32_t)n;
    } else {
        term.bad++;
    }
    return p + 1;
}

static void term_feed(const struct bytes *b)
{
    const char *p = b->data, *all = b->data + b->n;
    while (p < all) {
        if (*p == ' ') {
            term_erase(term.x++, term.y);
            p++;
            continue;
        }
        term.bad += *p != 27;
        const char kind = p[1];
        if (kind == '7' || kind == '8') {
            *(kind == '7' ? &term.kept_x : &term.x) = kind == '7' ? term.x : term.kept_x;
            *(kind == '7' ? &term.kept_y : &term.y) = kind == '7' ? term.y : term.kept_y;
            p += 2;
        } else if (kind == '[') {
            p = take_control(p + 2);
        } else {
            const char *end = memmem(p, (size_t)(all - p), "\033\\", 2);
            CHECK(end != NULL && (kind == 'P' || (kind == '_' && p[2] == 'G')));
            if (end == NULL) {
                return;
            }
            (kind == 'P' ? take_sixel : take_kitty)(p + (kind == 'P' ? 2 : 3), end);
            term.sequences++;
            term.longest = (size_t)(end - p) > term.longest ? (size_t)(end - p) : term.longest;
            p = end + 2;
        }
    }
}

/* What is seen at a pixel: sixel, or the placement over it. */
static uint32_t seen(int32_t x, int32_t y)
{
    for (int k = 0; k < PLACES; k++) {
        const struct place *q = &term.place[k];
        const int32_t dx = x - q->x * CW, dy = y - q->y * CH;
        if (q->used && dx >= 0 && dy >= 0 && dx < q->columns * CW && dy < q->rows * CH) {
            const struct image *im = &term.image[q->id - GRAPHICS_ID];
            const int32_t sx = q->px + dx * q->pw / (q->columns * CW), sy = q->py + dy * q->ph / (q->rows * CH);
            if (sx >= im->width || sy >= im->height) {
                return EMPTY;
            }
            const uint8_t *c = im->rgb + 3 * (sy * im->width + sx);
            return (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
        }
    }
    return term.pixel[y][x];
}

/* ---- the front end ---- */

static struct grid grid;
static uint8_t photo[W * H * 3];

/* Pixels of the screen's own resolution; few colours so that a palette holds them exactly, or a smooth photo. */
static void make_photo(bool few, int step)
{
    for (int32_t y = 0; y < H; y++) {
        for (int32_t x = 0; x < W; x++) {
            uint8_t *c = photo + 3 * (y * W + x);
            const bool spot = (x - 60 - step) * (x - 60 - step) + (y - 60) * (y - 60) < 200;
            c[0] = (uint8_t)(few ? x / 40 % 4 * 85 : spot ? 255 : x * 255 / W);
            c[1] = (uint8_t)(few ? y / 40 % 4 * 85 : spot ? 20 : y * 255 / H);
            c[2] = (uint8_t)(few ? (spot ? 255 : 0) : 128);
        }
    }
}

static const struct rect place = {3, 2, 30, 15};
static struct picture_source source(void)
{
    return (struct picture_source){photo, W, H, 0, 0, place.w * CW, place.h * CH};
}

/* One frame: grid drawn, cells written as a writer of cells would (text takes pixels away), graphics around it. */
static size_t frame(struct graphics *gr, bool picture, const struct rect *over)
{
    const struct picture_source src = source();
    struct bytes out = {0};
    grid_clear(&grid);
    CHECK(!picture || picture_draw(&grid, place, &src, (struct picture_style){PICTURE_TRUE, PICTURE_SEXTANT, false}));
    if (over != NULL) {
        grid_fill(&grid, *over, 'x', STYLE_PLAIN);
    }
    CHECK(graphics_before(gr, &grid, &out));
    term_feed(&out);
    size_t n = out.n;
    bytes_clear(&out);
    for (int32_t i = 0; i < COLUMNS * ROWS; i++) {
        if (grid.cell[i].ch != ' ') {
            term_erase(i % COLUMNS, i / COLUMNS);
        }
    }
    CHECK(graphics_after(gr, &grid, &out));
    term_feed(&out);
    n += out.n;
    CHECK(term.x == 0 && term.y == 0 && term.bad == 0);
    bytes_finish(&out);
    return n;
}

/* The largest difference of a channel within the picture's visible cells; nothing may be seen elsewhere. */
static int difference(void)
{
    int most = 0;
    for (int32_t y = 0; y < H; y++) {
        for (int32_t x = 0; x < W; x++) {
            const uint32_t is = seen(x, y);
            const struct cell *c = grid_at(&grid, x / CW, y / CH);
            if (!(c->attr & CELL_PICTURE)) {
                most = is != EMPTY ? 1000 : most;
                continue;
            }
            const uint8_t *want = photo + 3 * ((y - place.y * CH) * W + x - place.x * CW);
            for (int k = 0; k < 3; k++) {
                const int d = is == EMPTY ? 999 : abs((int)(is >> (16 - 8 * k) & 255) - want[k]);
                most = d > most ? d : most;
            }
        }
    }
    return most;
}

static void begin(struct graphics *gr, enum graphics_kind kind)
{
    const struct caps caps = {.graphics = kind, .cell_width = CW, .cell_height = CH};
    term_reset();
    graphics_init(gr, &caps, "\033[H");
    grid.areas = kind != GRAPHICS_NONE;
}

static void test_none(void)
{
    struct graphics gr;
    begin(&gr, GRAPHICS_NONE);
    make_photo(true, 0);
    CHECK_INT(frame(&gr, true, NULL), 0);
    CHECK(grid.n_pictures == 0 && grid_at(&grid, 5, 5)->bg != COLOUR_DEFAULT); /* cells instead */
    struct bytes end = {0};
    graphics_end(&gr, &end);
    CHECK_INT(end.n, 0);
    graphics_finish(&gr);
}

static void test_still(enum graphics_kind kind)
{
    static const struct rect box = {10, 5, 12, 6}, edge = {0, 0, 8, ROWS};
    struct graphics gr;
    const int rounding = kind == GRAPHICS_SIXEL ? 3 : 0; /* colours in per cent */
    begin(&gr, kind);
    make_photo(true, 0);
    const size_t whole = frame(&gr, true, NULL);
    CHECK(difference() <= rounding && whole > 0);
    CHECK_INT(frame(&gr, true, NULL), 0); /* nothing changed, nothing is sent */
    const size_t covered = frame(&gr, true, &box);
    CHECK(difference() <= rounding);
    const size_t uncovered = frame(&gr, true, NULL);
    CHECK(difference() <= rounding && covered < whole / 4 && uncovered < whole / 2);
    frame(&gr, true, &edge);
    CHECK(difference() <= rounding);
    frame(&gr, true, &box);
    CHECK(difference() <= rounding);
    CHECK(kind == GRAPHICS_SIXEL || term.images == 1); /* covering sends no image again */
    frame(&gr, false, NULL);
    CHECK(difference() == 0); /* another screen: nothing is left */
    CHECK_INT(frame(&gr, false, NULL), 0);
    frame(&gr, true, NULL);
    CHECK(difference() <= rounding);
    graphics_forget(&gr); /* as Ctrl-L */
    CHECK(frame(&gr, true, NULL) >= whole && difference() <= rounding);
    graphics_forget(&gr);
    frame(&gr, false, NULL);
    CHECK(kind == GRAPHICS_SIXEL || difference() == 0); /* the writer of cells paints all, here only for kitty */
    graphics_finish(&gr);
}

static void test_end(void)
{
    struct graphics gr;
    struct bytes end = {0};
    begin(&gr, GRAPHICS_KITTY);
    make_photo(true, 0);
    frame(&gr, true, NULL);
    graphics_end(&gr, &end);
    CHECK(end.n > 2 && end.n < 400 && memcmp(end.data, "\033\\", 2) == 0);
    bytes_drop(&end, 2);
    term_feed(&end);
    for (int i = 0; i < IMAGES; i++) {
        CHECK(term.image[i].rgb == NULL && !term.place[i].used);
    }
    bytes_finish(&end);
    graphics_finish(&gr);
}

static void test_photo(enum graphics_kind kind)
{
    struct graphics gr;
    begin(&gr, kind);
    make_photo(false, 0);
    frame(&gr, true, NULL);
    CHECK(difference() <= (kind == GRAPHICS_SIXEL ? 16 : 0));
    const size_t whole = frame(&gr, true, NULL) + 1;
    CHECK_INT(whole, 1);
    graphics_finish(&gr);
}

/* A spot that moves: few bytes a frame, near enough while it does, exact when it stops. */
static void test_moving(void)
{
    struct graphics gr;
    begin(&gr, GRAPHICS_SIXEL);
    make_photo(false, 0);
    const size_t whole = frame(&gr, true, NULL);
    graphics_moving(&gr, true);
    for (int step = 1; step < 6; step++) {
        make_photo(false, 4 * step);
        const size_t n = frame(&gr, true, NULL);
        CHECK(n > 0 && n < whole / 5);
        CHECK(difference() < 40);
    }
    graphics_moving(&gr, false);
    frame(&gr, true, NULL);
    CHECK(difference() <= 20);
    graphics_finish(&gr);
}

/* Noise in all colours, the worst that there is: no sequence is longer than tmux takes; a moving one gets coarser. */
static void test_large(void)
{
    enum { SIDE = 700 };
    struct graphics gr;
    struct bytes out = {0};
    const struct caps caps = {.graphics = GRAPHICS_SIXEL, .inside = true, .cell_width = 10, .cell_height = 20};
    uint8_t *noise = malloc(SIDE * SIDE * 3);
    struct grid large;
    uint32_t seed = 3;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        seed = seed * 1664525 + 1013904223;
        noise[i] = (uint8_t)(seed >> 24);
    }
    CHECK(grid_init(&large, 60, 41));
    large.areas = true;
    const struct picture_source src = {noise, SIDE, SIDE, 0, 0, SIDE, SIDE};
    CHECK(grid_picture(&large, (struct rect){0, 0, 60, 40}, &src));
    graphics_init(&gr, &caps, "\033[H");
    graphics_moving(&gr, true);
    CHECK(graphics_before(&gr, &large, &out) && graphics_after(&gr, &large, &out));
    size_t longest = 0, n = 0;
    for (const char *p = out.data, *q; (q = memmem(p, (size_t)(out.data + out.n - p), "\033\\", 2)) != NULL;
         p = q + 2) {
        longest = (size_t)(q - p) > longest ? (size_t)(q - p) : longest;
        n++;
    }
    CHECK(longest > 1000 && longest < 1000100 && n > 1);
    CHECK_INT(gr.level, 1);
    const size_t fine = out.n;
    bytes_clear(&out);
    graphics_forget(&gr);
    CHECK(graphics_before(&gr, &large, &out) && graphics_after(&gr, &large, &out));
    CHECK(out.n < fine);
    graphics_finish(&gr);
    grid_finish(&large);
    bytes_finish(&out);
    free(noise);
}

/* Pictures that reach over the edge, are tiny, many, or larger than any screen. */
static void test_odd(enum graphics_kind kind)
{
    static const struct rect where[] = {{0, 0, 9000, 9000}, {-3, -2, 8, 5}, {38, 18, 8, 5}, {0, 0, 1, 1}, {5, 5, 0, 3},
                                        {100, 100, 4, 4},   {2, 2, 40, 20}, {7, 7, 3, 2},   {12, 3, 9, 9}};
    struct graphics gr;
    struct bytes out = {0};
    const struct picture_source src = {photo, W, H, 3.5, 7.25, 100.5, 0.5};
    begin(&gr, kind);
    for (int turn = 0; turn < 2; turn++) {
        grid_clear(&grid);
        for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
            CHECK(picture_draw(&grid, where[i], &src, (struct picture_style){PICTURE_TRUE, PICTURE_HALF, false}));
        }
        CHECK(graphics_before(&gr, &grid, &out) && graphics_after(&gr, &grid, &out));
    }
    CHECK(out.n > 0 && out.n < 200000);
    bytes_finish(&out);
    graphics_finish(&gr);
}

int main(void)
{
    CHECK(grid_init(&grid, COLUMNS, ROWS));
    test_none();
    for (enum graphics_kind k = GRAPHICS_SIXEL; k <= GRAPHICS_KITTY; k++) {
        test_still(k);
        test_photo(k);
        test_odd(k);
    }
    test_end();
    test_moving();
    test_large();
    term_reset();
    grid_finish(&grid);
    return check_done();
}
