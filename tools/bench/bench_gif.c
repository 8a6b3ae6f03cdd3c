/* Sequences for GIF writers, limn's own GIFs of them, and what any GIF of them is worth. tools/bench/gif_table calls
 * this beside the programs of other projects and prints the table. bench_gif make PHOTOS OUT OUT/<sequence>/000.png ...
 * from assets/photos bench_gif limn PRESET SEQUENCE FILE     default, exact, small or frame-palettes; prints seconds
 * and the report bench_gif measure SEQUENCE FILE         prints bytes, PSNR (dB; 99 when lossless), SSIM SSIM: Wang et
 * al. 2004 in 8x8 windows every 4 pixels, mean of R, G, B and of all frames (5 cs apart). */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "image/gif.h"
#include "gif_sequences.h"

static int fail(const char *what, const limn_error *err)
{
    fprintf(stderr, "bench_gif: %s: %s\n", what, err->text);
    return 1;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- a sequence on disk ---- */

struct frames {
    struct image *im;
    size_t n;
};

static void frames_finish(struct frames *f)
{
    for (size_t i = 0; i < f->n; i++) {
        image_finish(&f->im[i]);
    }
    mem_free(f->im);
}

static limn_status frames_load(const char *dir, struct frames *f, limn_error *err)
{
    char path[4096];
    size_t cap = 0;
    limn_status st = LIMN_OK;
    for (;;) {
        snprintf(path, sizeof(path), "%s/%03zu.png", dir, f->n);
        if (!file_exists(path)) {
            break;
        }
        TRY(mem_grow(&f->im, &cap, f->n + 1, sizeof(*f->im), err));
        f->im[f->n] = (struct image){0};
        TRY(image_load(path, NULL, &f->im[f->n], err));
        f->n++;
    }
    if (f->n == 0) {
        st = err_set(err, LIMN_ERR_READ, "%s: no 000.png", dir);
    }
out:
    return st;
}

static int make(const char *photos, const char *out)
{
    limn_error err = {0};
    char path[4096];
    for (size_t s = 0; s < sequence_count(); s++) {
        struct sequence seq = {0};
        if (sequence_open(s, photos, &seq, &err) != LIMN_OK) {
            return fail(sequence_name(s), &err);
        }
        snprintf(path, sizeof(path), "%s/%s", out, sequence_name(s));
        limn_status st = dir_ensure(path, &err);
        for (size_t i = 0; i < SEQUENCE_FRAMES && st == LIMN_OK; i++) {
            struct image im = {0};
            st = sequence_frame(&seq, i, &im, &err);
            snprintf(path, sizeof(path), "%s/%s/%03zu.png", out, sequence_name(s), i);
            st = st == LIMN_OK ? image_save_png(path, &im, NULL, 0, true, &err) : st;
            image_finish(&im);
        }
        sequence_close(&seq);
        if (st != LIMN_OK) {
            return fail(sequence_name(s), &err);
        }
    }
    return 0;
}

/* ---- writers ---- */

static int write_limn(const char *preset, const char *dir, const char *path)
{
    static const char *const names[] = {"default", "exact", "small", "frame-palettes"};
    limn_error err = {0};
    struct frames f = {0};
    struct gif_params p = {.frame_s = 0.05};
    int code = 1;
    for (int i = 0; i < 4; i++) {
        p.preset = strcmp(preset, names[i]) == 0 ? (enum gif_preset)i : p.preset;
    }
    if (frames_load(dir, &f, &err) != LIMN_OK) {
        fail(dir, &err);
        goto out;
    }
    double start = now_s();
    struct gif_source src = {f.im[0].width, f.im[0].height, f.n, gif_read_images, f.im};
    struct gif_report r = {0};
    if (gif_write(path, &src, &p, true, &r, &err) != LIMN_OK) {
        fail(path, &err);
        goto out;
    }
    printf("%.3f s, T %.2f, %d colours, psnr %.3f\n", now_s() - start, r.tolerance, r.n_colours, r.psnr);
    code = 0;
out:
    frames_finish(&f);
    return code;
}

/* ---- measure ---- */

struct meter {
    const struct frames *f;
    struct image last; /* shown until `time` */
    size_t next;       /* picture that has not been compared yet */
    uint64_t time;
    double sq, ssim;
    uint64_t n, n_ssim;
};

struct window {
    double a, b, aa, bb, ab;
};

static double ssim_of(const struct window *w)
{
    const double n = 64, c1 = 6.5025, c2 = 58.5225;
    double ma = w->a / n, mb = w->b / n, va = w->aa / n - ma * ma, vb = w->bb / n - mb * mb, cov = w->ab / n - ma * mb;
    return (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
}

static void compare(struct meter *m, const struct image *a, const struct image *b)
{
    size_t n = 3 * (size_t)a->width * (size_t)a->height, stride = 3 * (size_t)a->width;
    for (size_t i = 0; i < n; i++) {
        int d = a->rgb[i] - b->rgb[i];
        m->sq += (double)(d * d);
    }
    m->n += n;
    for (int32_t y = 0; y + 8 <= a->height; y += 4) {
        for (int32_t x = 0; x + 8 <= a->width; x += 4) {
            for (size_t c = 0; c < 3; c++) {
                struct window w = {0};
                for (size_t k = 0; k < 64; k++) {
                    size_t at = ((size_t)y + k / 8) * stride + 3 * ((size_t)x + k % 8) + c;
                    double p = a->rgb[at], q = b->rgb[at];
                    w.a += p, w.b += q, w.aa += p * p, w.bb += q * q, w.ab += p * q;
                }
                m->ssim += ssim_of(&w);
                m->n_ssim++;
            }
        }
    }
}

/* Compares all pictures whose time (5 cs each) begins before `end` with the canvas shown until then. */
static void compare_until(struct meter *m, uint64_t end)
{
    for (; m->next < m->f->n && m->next * 5 < end; m->next++) {
        compare(m, &m->f->im[m->next], &m->last);
    }
}

static limn_status on_frame(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *err)
{
    struct meter *m = user;
    if (canvas->width != m->f->im[0].width || canvas->height != m->f->im[0].height) {
        return err_set(err, LIMN_ERR_SHAPE, "the GIF has another size than the sequence");
    }
    memcpy(m->last.rgb, canvas->rgb, 3 * (size_t)canvas->width * (size_t)canvas->height);
    m->time += (uint64_t)f->delay_cs;
    compare_until(m, m->time);
    return LIMN_OK;
}

static int measure(const char *dir, const char *path)
{
    limn_error err = {0};
    struct frames f = {0};
    struct meter m = {.f = &f};
    void *data = NULL;
    size_t size = 0;
    limn_status st = frames_load(dir, &f, &err);
    st = st == LIMN_OK ? image_init(&m.last, f.im[0].width, f.im[0].height, &err) : st;
    st = st == LIMN_OK ? file_read_all(path, (size_t)1 << 30, &data, &size, &err) : st;
    st = st == LIMN_OK ? gif_read(path, data, size, NULL, on_frame, &m, NULL, &err) : st;
    if (st == LIMN_OK) {
        compare_until(&m, UINT64_MAX);
        double psnr = m.sq > 0 ? 10 * log10(65025.0 * (double)m.n / m.sq) : 99;
        printf("%zu %.3f %.5f\n", size, psnr, m.ssim / (double)m.n_ssim);
    }
    mem_free(data);
    image_finish(&m.last);
    frames_finish(&f);
    return st == LIMN_OK ? 0 : fail(path, &err);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "make") == 0) {
        return make(argv[2], argv[3]);
    }
    if (argc == 5 && strcmp(argv[1], "limn") == 0) {
        return write_limn(argv[2], argv[3], argv[4]);
    }
    if (argc == 4 && strcmp(argv[1], "measure") == 0) {
        return measure(argv[2], argv[3]);
    }
    fprintf(stderr, "usage: bench_gif make PHOTOS OUT | limn PRESET SEQUENCE FILE | measure "
                    "SEQUENCE FILE\n");
    return 2;
}
