/* gif: what the writer reports is what the file shows when it is decoded; sizes, palettes, delays, loops, comment,
 * faults.
 */
#include "image/gif.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "base/rng.h"
#include "support/check.h"

#define PATH "gif_test.gif"

static limn_error err;

/* A made-up sequence: picture i of it by a formula. */
struct film {
    struct gif_source src;
    void (*paint)(const struct film *f, size_t i, uint8_t *rgb);
    size_t calls;
};

static limn_status read_film(void *user, size_t i, uint8_t *rgb, limn_error *e)
{
    struct film *f = user;
    (void)e;
    f->calls++;
    f->paint(f, i, rgb);
    return LIMN_OK;
}

static struct film film(int32_t width, int32_t height, size_t n, void (*paint)(const struct film *, size_t, uint8_t *))
{
    return (struct film){.src = {width, height, n, read_film, NULL}, .paint = paint};
}

static uint8_t to_byte(double v)
{
    return (uint8_t)lrint(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* Coloured waves with a spot that wanders over them. */
static void paint_waves(const struct film *f, size_t i, uint8_t *rgb)
{
    for (int32_t y = 0; y < f->src.height; y++) {
        for (int32_t x = 0; x < f->src.width; x++, rgb += 3) {
            double u = x * 0.13, v = y * 0.11, dx = x - 8 - 2.0 * (double)i, dy = y - 10;
            double spot = 120 * exp(-(dx * dx + dy * dy) / 50);
            rgb[0] = to_byte(110 + 90 * sin(u) + spot);
            rgb[1] = to_byte(110 + 80 * cos(v + 0.01 * (double)i) - spot);
            rgb[2] = to_byte(100 + 60 * sin(u + v));
        }
    }
}

static void paint_grey(const struct film *f, size_t i, uint8_t *rgb)
{
    for (int32_t y = 0; y < f->src.height; y++) {
        for (int32_t x = 0; x < f->src.width; x++, rgb += 3) {
            memset(rgb, (int)((size_t)(x + 3 * y) + 5 * i) % 255, 3);
        }
    }
}

/* Two colours, one of 7x9 squares that moves. */
static void paint_two(const struct film *f, size_t i, uint8_t *rgb)
{
    for (int32_t k = 0; k < f->src.width * f->src.height; k++, rgb += 3) {
        bool in = (size_t)(k % f->src.width / 3) == i % 4;
        memcpy(rgb, in ? "\xc8\x10\x20" : "\x05\x06\x70", 3);
    }
}

static void paint_noise(const struct film *f, size_t i, uint8_t *rgb)
{
    for (int32_t k = 0; k < 3 * f->src.width * f->src.height; k++) {
        rgb[k] = (uint8_t)rng_u64(7 + i, (uint64_t)k);
    }
}

/* 256 colours in every picture. */
static void paint_256(const struct film *f, size_t i, uint8_t *rgb)
{
    for (int32_t k = 0; k < f->src.width * f->src.height; k++, rgb += 3) {
        size_t c = (size_t)k + 31 * i;
        rgb[0] = (uint8_t)(c % 16 * 16);
        rgb[1] = (uint8_t)(c / 16 % 16 * 16);
        rgb[2] = 77;
    }
}

/* The same picture three times, then another. */
static void paint_still(const struct film *f, size_t i, uint8_t *rgb)
{
    paint_waves(f, i / 3, rgb);
}

/* ---- decoding back ---- */

struct seen {
    struct film *film;
    bool ping_pong;
    size_t showing; /* of the pictures in the order shown */
    uint32_t delay[4096];
    size_t n;
    struct gif_frame frame[4096];
    struct image canvas[40]; /* the first ones */
};

static limn_status take(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *e)
{
    struct seen *s = user;
    s->frame[s->n] = *f;
    if (s->n < 40) {
        CHECK(image_init(&s->canvas[s->n], canvas->width, canvas->height, e) == LIMN_OK);
        memcpy(s->canvas[s->n].rgb, canvas->rgb, 3 * (size_t)canvas->width * (size_t)canvas->height);
    }
    s->n++;
    return LIMN_OK;
}

static void forget(struct seen *s)
{
    for (size_t i = 0; i < s->n && i < 40; i++) {
        image_finish(&s->canvas[i]);
    }
    mem_free(s);
}

/* Reads PATH back. */
static struct seen *decode(struct gif_info *info)
{
    void *data = NULL;
    size_t size = 0;
    struct seen *s = mem_zalloc(1, sizeof(*s));
    CHECK_OK(file_read_all(PATH, 1 << 28, &data, &size, &err));
    CHECK_OK(gif_read(PATH, data, size, NULL, take, s, info, &err));
    mem_free(data);
    return s;
}

static struct gif_report write_film(struct film *f, const struct gif_params *p)
{
    struct gif_report r = {0};
    f->src.user = f;
    CHECK_OK(gif_write(PATH, &f->src, p, true, &r, &err));
    return r;
}

/* Largest and mean error of the pictures against the frames shown at their times, pictures being 10 cs apart. */
static void compare(struct film *f, const struct seen *s, bool ping_pong, const struct gif_report *r)
{
    size_t n = 3 * (size_t)f->src.width * (size_t)f->src.height, total = ping_pong ? 2 * f->src.n - 2 : f->src.n;
    uint8_t *rgb = mem_alloc(n, 1);
    double sum = 0, sq = 0;
    int max = 0;
    size_t frame = 0;
    uint64_t frame_end = (uint64_t)s->frame[0].delay_cs;
    for (size_t i = 0; i < total; i++) {
        while (frame + 1 < s->n && i * 10 >= frame_end) {
            frame_end += (uint64_t)s->frame[++frame].delay_cs;
        }
        f->paint(f, i < f->src.n ? i : 2 * f->src.n - 2 - i, rgb);
        for (size_t k = 0; k < n; k++) {
            int d = abs(rgb[k] - s->canvas[frame].rgb[k]);
            sum += d;
            sq += (double)d * d;
            max = d > max ? d : max;
        }
    }
    CHECK_INT(max, r->max_error);
    CHECK_NEAR(sum / (double)(n * total), r->mean_error, 1e-9);
    CHECK(r->lossless == (sq == 0));
    if (sq > 0) {
        CHECK_NEAR(10 * log10(65025.0 * (double)(n * total) / sq), r->psnr, 1e-9);
    }
    mem_free(rgb);
}

/* Rules of the format that every file obeys, and the report. */
static void check_film(struct film f, enum gif_preset preset, bool ping_pong)
{
    struct gif_params p = {.preset = preset, .frame_s = 0.1, .ping_pong = ping_pong};
    struct gif_report r = write_film(&f, &p);
    struct gif_info info = {0};
    struct seen *s = decode(&info);
    size_t total = ping_pong ? 2 * f.src.n - 2 : f.src.n;
    CHECK(info.width == f.src.width && info.height == f.src.height);
    CHECK_INT(info.n_frames, r.n_frames);
    CHECK_INT(info.time_cs, 10 * total);
    CHECK_INT(info.time_cs, r.time_cs);
    CHECK_INT(info.loops, f.src.n > 1 ? 0 : 1);
    CHECK(s->frame[0].width == f.src.width && s->frame[0].height == f.src.height && s->frame[0].transparent == -1);
    for (size_t i = 0; i < s->n; i++) {
        CHECK_INT(s->frame[i].disposal, 1);
        CHECK(s->frame[i].transparent < s->frame[i].n_colours && s->frame[i].delay_cs >= 2);
    }
    CHECK(s->n <= 40);
    compare(&f, s, ping_pong, &r);
    forget(s);
}

static void test_round_trips(void)
{
    for (int preset = GIF_DEFAULT; preset <= GIF_FRAME_PALETTES; preset++) {
        check_film(film(61, 37, 12, paint_waves), (enum gif_preset)preset, false);
        check_film(film(33, 20, 5, paint_waves), (enum gif_preset)preset, true);
        check_film(film(40, 31, 6, paint_grey), (enum gif_preset)preset, true);
        check_film(film(7, 9, 9, paint_two), (enum gif_preset)preset, false);
        check_film(film(64, 64, 3, paint_noise), (enum gif_preset)preset, false);
        check_film(film(32, 32, 4, paint_256), (enum gif_preset)preset, false);
        check_film(film(1, 1, 1, paint_waves), (enum gif_preset)preset, false);
        check_film(film(1, 1, 7, paint_noise), (enum gif_preset)preset, true);
        check_film(film(1, 300, 2, paint_waves), (enum gif_preset)preset, false);
        check_film(film(515, 1, 2, paint_grey), (enum gif_preset)preset, false);
        check_film(film(20, 20, 7, paint_still), (enum gif_preset)preset, false);
    }
}

/* Nothing is lost where the colours fit: 2, 255 greys, 256 in `exact` and in one picture. */
static void test_lossless(void)
{
    struct film two = film(7, 9, 9, paint_two), grey = film(120, 90, 6, paint_grey), all = film(32, 32, 4, paint_256);
    struct gif_params p = {.preset = GIF_EXACT};
    struct gif_report r = write_film(&two, &p);
    CHECK(r.lossless && r.n_colours == 2 && r.max_error == 0 && r.mean_error == 0 && isinf(r.psnr));
    r = write_film(&grey, &p);
    CHECK(r.lossless && r.n_colours == 255);
    r = write_film(&all, &p);
    CHECK(r.lossless && r.n_colours == 256);
    all.src.n = 1;
    r = write_film(&all, NULL);
    CHECK(r.lossless && r.n_colours == 256);
    r = write_film(&grey, NULL);
    CHECK(r.lossless && r.n_colours == 255 && r.tolerance == 0);
    all.src.n = 4;
    r = write_film(&all, NULL);
    CHECK(r.lossless && r.n_colours == 256);
}

/* T bounds what the palette error may grow by: shown^2 <= nearest^2 + T^2, so at most T in one channel when exact. */
static void test_tolerance(void)
{
    struct film waves = film(90, 60, 10, paint_waves);
    struct gif_report exact = write_film(&waves, &(struct gif_params){.preset = GIF_EXACT});
    struct gif_report plain = write_film(&waves, NULL);
    struct gif_report small = write_film(&waves, &(struct gif_params){.preset = GIF_SMALL});
    struct gif_report frames = write_film(&waves, &(struct gif_params){.preset = GIF_FRAME_PALETTES});
    CHECK(exact.tolerance == 0 && plain.tolerance > 0 && plain.tolerance <= 6 && small.tolerance > 4 &&
          small.tolerance <= 12);
    CHECK(small.bytes < plain.bytes && plain.bytes < exact.bytes);
    CHECK(small.psnr < plain.psnr && plain.psnr < exact.psnr && frames.psnr > plain.psnr);
    CHECK(plain.max_error <= exact.max_error + 6);
    CHECK(plain.psnr > 30);
}

/* The same pictures, the same bytes; and asked for in order. */
static void test_deterministic(void)
{
    void *a = NULL, *b = NULL;
    size_t na = 0, nb = 0;
    struct film waves = film(50, 40, 6, paint_waves);
    write_film(&waves, NULL);
    CHECK_OK(file_read_all(PATH, 1 << 28, &a, &na, &err));
    write_film(&waves, NULL);
    CHECK_OK(file_read_all(PATH, 1 << 28, &b, &nb, &err));
    CHECK(na == nb && memcmp(a, b, na) == 0);
    mem_free(a);
    mem_free(b);
}

/* The bytes of the head: version, screen, the loop block directly behind the palette, then the comment. */
static void test_bytes(void)
{
    void *data = NULL;
    size_t size = 0;
    struct film two = film(7, 9, 4, paint_two);
    write_film(&two, &(struct gif_params){.loops = 3, .comment = "made by \xc3\xa9 test"});
    CHECK_OK(file_read_all(PATH, 1 << 20, &data, &size, &err));
    const uint8_t *d = data;
    static const uint8_t loop[19] = {0x21, 0xff, 11,  'N', 'E', 'T', 'S', 'C', 'A', 'P',
                                     'E',  '2',  '.', '0', 3,   1,   2,   0,   0};
    CHECK(memcmp(d, "GIF89a\7\0\11\0", 10) == 0);
    CHECK_INT(d[10] & 0x87, 0x81); /* 4 entries: two colours and the transparent one */
    CHECK(memcmp(d + 13 + 12, loop, sizeof(loop)) == 0);
    CHECK(memcmp(d + 44, "\x21\xfe\x0fmade by \xc3\xa9 test\0", 19) == 0);
    CHECK(d[size - 1] == 0x3b);
    CHECK(memcmp(d + size - 29, "\x21\xfe\x18GIF: 2 colours, lossless\0\x3b", 29) == 0);
    mem_free(data);
    struct gif_info info = {0};
    forget(decode(&info));
    CHECK_STR(info.comment, "made by \xc3\xa9 test");
    CHECK_INT(info.loops, 3);
    write_film(&two, &(struct gif_params){.loops = 1});
    forget(decode(&info));
    CHECK_INT(info.loops, 1);
    two.src.n = 1;
    write_film(&two, &(struct gif_params){.loops = 5});
    forget(decode(&info));
    CHECK(info.loops == 1 && info.n_frames == 1);
}

/* A comment of 2000 bytes spans blocks; the reader keeps the beginning. */
static void test_long_comment(void)
{
    char text[2001];
    struct film two = film(7, 9, 2, paint_two);
    struct gif_info info = {0};
    for (int i = 0; i < 2000; i++) {
        text[i] = (char)('a' + i % 26);
    }
    text[2000] = '\0';
    write_film(&two, &(struct gif_params){.comment = text});
    forget(decode(&info));
    CHECK(strlen(info.comment) == 1023 && memcmp(info.comment, text, 1023) == 0);
}

static void test_delays(void)
{
    struct film two = film(7, 9, 6, paint_two);
    struct gif_info info = {0};
    struct gif_report r = write_film(&two, &(struct gif_params){.frame_s = 1 / 15.0});
    struct seen *s = decode(&info);
    static const int expected[6] = {7, 6, 7, 7, 6, 7}; /* ends at 6.67, 13.33, 20, ... */
    for (int i = 0; i < 6; i++) {
        CHECK_INT(s->frame[i].delay_cs, expected[i]);
    }
    CHECK_INT(r.time_cs, 40);
    forget(s);
    /* Holds at both ends of a ping-pong, each picture once in between. */
    r = write_film(&two, &(struct gif_params){.frame_s = 0.05, .first_s = 0.5, .last_s = 1, .ping_pong = true});
    s = decode(&info);
    CHECK(s->n == 10 && r.n_frames == 10 && s->frame[0].delay_cs == 50 && s->frame[5].delay_cs == 100);
    CHECK_INT(info.time_cs, 50 + 100 + 8 * 5);
    CHECK_INT(r.time_cs, info.time_cs);
    forget(s);
    /* Equal pictures are one frame with the time of all. */
    struct film still = film(20, 20, 7, paint_still);
    write_film(&still, &(struct gif_params){.frame_s = 0.03, .preset = GIF_EXACT});
    s = decode(&info);
    CHECK(s->n == 3 && s->frame[0].delay_cs == 9 && s->frame[1].delay_cs == 9 && s->frame[2].delay_cs == 3);
    forget(s);
    /* More time than one frame can have. */
    still.src.n = 3;
    r = write_film(&still, &(struct gif_params){.frame_s = 300});
    s = decode(&info);
    CHECK(s->n == 2 && info.time_cs == 90000 && r.time_cs == 90000 && s->frame[1].width == 1);
    forget(s);
}

static void test_many(void)
{
    struct film two = film(12, 5, 1000, paint_two);
    struct gif_info info = {0};
    struct gif_report r = write_film(&two, &(struct gif_params){.frame_s = 0.025});
    struct seen *s = decode(&info);
    CHECK(s->n == 1000 && r.n_frames == 1000 && info.time_cs == 2500 && r.lossless);
    CHECK(two.calls <= 3000);
    forget(s);
}

static limn_status failing_read(void *user, size_t i, uint8_t *rgb, limn_error *e)
{
    (void)user;
    memset(rgb, 0, 12);
    return i < 2 ? LIMN_OK : err_set(e, LIMN_ERR_FORMAT, "picture 2 is broken");
}

static bool stop_at_half(void *user, double done, const char *what)
{
    (void)user;
    CHECK(done >= 0 && done <= 1 && what);
    return done < 0.5;
}

static void test_refusals(void)
{
    struct film f = film(65536, 1, 1, paint_two);
    f.src.user = &f;
    unlink(PATH);
    CHECK(gif_write(PATH, &f.src, NULL, true, NULL, &err) == LIMN_ERR_ARG);
    CHECK(strstr(err.text, "65536 x 1 pixels (expected 1 to 65535 on a side)") != NULL);
    f.src.width = 0;
    CHECK(gif_write(PATH, &f.src, NULL, true, NULL, &err) == LIMN_ERR_ARG);
    f = film(4, 1, 0, paint_two);
    CHECK(gif_write(PATH, &f.src, NULL, true, NULL, &err) == LIMN_ERR_ARG);
    f = film(4, 1, 3, paint_two);
    f.src.user = &f;
    CHECK(gif_write(PATH, &f.src, &(struct gif_params){.loops = -1}, true, NULL, &err) == LIMN_ERR_ARG);
    CHECK(gif_write(PATH, &f.src, &(struct gif_params){.frame_s = 0.001}, true, NULL, &err) == LIMN_ERR_ARG);
    CHECK(gif_write(PATH, &f.src, &(struct gif_params){.frame_s = (double)NAN}, true, NULL, &err) == LIMN_ERR_ARG);
    CHECK(gif_write(PATH, &f.src, &(struct gif_params){.last_s = 1e9}, true, NULL, &err) == LIMN_ERR_ARG);
    CHECK(gif_write(PATH, &f.src, &(struct gif_params){.step = stop_at_half}, true, NULL, &err) == LIMN_CANCELLED);
    f.src.read = failing_read;
    CHECK(gif_write(PATH, &f.src, NULL, true, NULL, &err) == LIMN_ERR_FORMAT);
    CHECK_STR(err.text, "picture 2 is broken");
    CHECK(!file_exists(PATH));
    f = film(4, 1, 3, paint_two);
    write_film(&f, NULL);
    CHECK(gif_write(PATH, &f.src, NULL, false, NULL, &err) == LIMN_ERR_IO);
    /* The widest there is. */
    f = film(65535, 1, 2, paint_grey);
    CHECK(write_film(&f, NULL).lossless);
}

/* Every k-th failing allocation and file operation: an error with text, nothing left behind, an old file intact. */
static void test_faults(void)
{
    static const enum inject_kind kinds[2] = {INJECT_ALLOC, INJECT_FILE};
    struct film waves = film(40, 30, 3, paint_waves);
    waves.src.user = &waves;
    for (int i = 0; i < 4; i++) {
        bool done = false;
        CHECK_OK(file_write_atomic(PATH, "old", 3, true, &err));
        for (unsigned long k = 1; k < 400 && !done; k++) {
            err = (limn_error){0};
            struct gif_params p = {.preset = i < 2 ? GIF_DEFAULT : GIF_FRAME_PALETTES};
            inject_arm(kinds[i % 2], k, k % 2 != 0);
            limn_status st = gif_write(PATH, &waves.src, &p, true, NULL, &err);
            done = inject_seen(kinds[i % 2]) < k;
            inject_arm(kinds[i % 2], 0, false);
            CHECK((st == LIMN_OK) == done && (done || err.text[0]));
            char *data = NULL;
            size_t size = 0;
            CHECK_OK(file_read_all(PATH, 1 << 28, (void **)&data, &size, &err));
            CHECK(done ? memcmp(data, "GIF89a", 6) == 0 && data[size - 1] == 0x3b : memcmp(data, "old", 3) == 0);
            mem_free(data);
        }
        CHECK(done);
    }
}

static limn_status load_corpus(const char *name, const struct gif_limits *lim, struct seen *s, struct gif_info *info)
{
    char path[512];
    void *data = NULL;
    size_t size = 0;
    snprintf(path, sizeof(path), "%s/corpus/image/%s", LIMN_TEST_DATA, name);
    CHECK_OK(file_read_all(path, 1 << 28, &data, &size, &err));
    limn_status st = gif_read(name, data, size, lim, take, s, info, &err);
    mem_free(data);
    return st;
}

static bool is_colour(const struct image *im, int32_t x, int32_t y, uint8_t r, uint8_t g, uint8_t b)
{
    const uint8_t *p = im->rgb + 3 * (y * im->width + x);
    return p[0] == r && p[1] == g && p[2] == b;
}

/* Red 4x4; blue 2x2 that goes back to what was before; a green pixel that is cleared; a white pixel. */
static void test_disposals(void)
{
    struct seen *s = mem_zalloc(1, sizeof(*s));
    struct gif_info info = {0};
    CHECK_OK(load_corpus("accept/limn-disposals.gif", NULL, s, &info));
    CHECK(s->n == 4 && info.n_frames == 4 && info.time_cs == 28 && info.loops == 3);
    CHECK(is_colour(&s->canvas[0], 0, 0, 255, 0, 0) && is_colour(&s->canvas[0], 3, 3, 255, 0, 0));
    CHECK(is_colour(&s->canvas[1], 1, 1, 0, 0, 255) && is_colour(&s->canvas[1], 2, 2, 255, 0, 0));
    CHECK(is_colour(&s->canvas[2], 1, 1, 255, 0, 0) && is_colour(&s->canvas[2], 3, 3, 0, 255, 0));
    CHECK(is_colour(&s->canvas[3], 0, 0, 255, 255, 255) && is_colour(&s->canvas[3], 3, 3, 0, 0, 0));
    forget(s);
}

static void test_read_limits(void)
{
    static const struct {
        struct gif_limits lim;
        const char *says;
    } cases[] = {{{.max_frames = 3}, "more frames or pixels"},
                 {{.max_work = 20}, "more frames or pixels"},
                 {{.max_pixels = 15}, "4 x 4 pixels (expected at most 15 in all)"}};
    for (size_t i = 0; i < 3; i++) {
        struct seen *s = mem_zalloc(1, sizeof(*s));
        CHECK(load_corpus("accept/limn-disposals.gif", &cases[i].lim, s, NULL) == LIMN_ERR_FORMAT);
        CHECK(strstr(err.text, cases[i].says) != NULL);
        forget(s);
    }
}

/* A file cut anywhere is refused with its offset, or leniently gives the frames before the cut. */
static void test_truncated(void)
{
    void *data = NULL;
    size_t size = 0;
    struct film waves = film(30, 20, 4, paint_waves);
    write_film(&waves, NULL);
    CHECK_OK(file_read_all(PATH, 1 << 20, &data, &size, &err));
    size_t most = 0;
    for (size_t cut = 0; cut < size; cut += cut < 100 ? 1 : 37) {
        for (int lenient = 0; lenient < 2; lenient++) {
            struct seen *s = mem_zalloc(1, sizeof(*s));
            limn_status st = gif_read("cut", data, cut, &(struct gif_limits){.lenient = lenient}, take, s, NULL, &err);
            CHECK(st == LIMN_ERR_FORMAT || (st == LIMN_OK && lenient && s->n > 0));
            CHECK(st == LIMN_OK || (strstr(err.text, "cut: offset ") && !strchr(err.text, '\n')));
            most = s->n > most ? s->n : most;
            forget(s);
        }
    }
    CHECK_INT(most, 4);
    mem_free(data);
}

/* For tools/checks/gif-decoders: files in the working directory, and beside each the frames as this decoder sees them.
 */
static limn_status append(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *e)
{
    (void)f;
    return file_writer_add(user, canvas->rgb, 3 * (size_t)canvas->width * (size_t)canvas->height, e);
}

static void write_samples(void)
{
    struct film films[] = {film(61, 37, 12, paint_waves), film(40, 31, 6, paint_grey),  film(7, 9, 9, paint_two),
                           film(64, 64, 3, paint_noise),  film(32, 32, 4, paint_256),   film(1, 1, 1, paint_waves),
                           film(1, 1, 7, paint_noise),    film(1, 300, 2, paint_waves), film(20, 20, 7, paint_still)};
    for (size_t i = 0; i < 4 * sizeof(films) / sizeof(films[0]); i++) {
        char name[64];
        void *data = NULL;
        size_t size = 0;
        struct film f = films[i / 4];
        struct gif_params p = {(enum gif_preset)(i % 4), 0.07, 0.3, 1, i % 3 == 1, 0, "sample", NULL, NULL};
        struct file_writer *w = NULL;
        struct gif_info info = {0};
        write_film(&f, &p);
        CHECK_OK(file_read_all(PATH, 1 << 28, &data, &size, &err));
        snprintf(name, sizeof(name), "%zu-%d.rgb", i / 4, p.preset);
        CHECK_OK(file_writer_open(name, true, &w, &err));
        CHECK_OK(gif_read(PATH, data, size, NULL, append, w, &info, &err));
        CHECK_OK(file_writer_commit(&w, &err));
        snprintf(name, sizeof(name), "%zu-%d.gif", i / 4, p.preset);
        CHECK(rename(PATH, name) == 0);
        printf("%s %d %d %zu %llu\n", name, info.width, info.height, info.n_frames, (unsigned long long)info.time_cs);
        mem_free(data);
    }
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/limn-gif-XXXXXX";
    if (argc == 2) {
        CHECK(chdir(argv[1]) == 0);
        write_samples();
        return check_done();
    }
    CHECK(mkdtemp(dir) && chdir(dir) == 0);
    test_round_trips();
    test_lossless();
    test_tolerance();
    test_deterministic();
    test_bytes();
    test_long_comment();
    test_delays();
    test_many();
    test_refusals();
    test_disposals();
    test_read_limits();
    test_truncated();
    test_faults();
    unlink(PATH);
    CHECK(rmdir(dir) == 0); /* nothing was left behind */
    return check_done();
}
