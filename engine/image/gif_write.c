/* The GIF file itself: screen, loop block, comment, frames with their delays. giflib writes the records and does LZW;
 * this file decides what is in them. A frame waits until it is known how long it is shown: pictures that change nothing
 * only add their time to it. */
#include "image/gif.h"

#include <gif_lib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/file.h"
#include "base/mem.h"
#include "image/gif_priv.h"

#define MAX_SIDE 65535
#define MAX_DELAY 65535
#define MIN_DELAY 2
#define DEFAULT_FRAME_S 0.08
#define BUFFER 65536

/* T follows the error that the palette makes anyway, and vanishes with it. Measured over the sequences of tools/bench
 * (gif_table): with these numbers neither PSNR nor SSIM of any of them falls below what one palette by median cut gives
 * without any tolerance. */
static const struct preset {
    double tolerance, share; /* T <= tolerance, T <= share * palette error */
    double spread;           /* as a part of T */
    bool frame_palettes;
} presets[] = {
    [GIF_DEFAULT] = {6, 1.15, 0.6, false},
    [GIF_EXACT] = {0, 0, 0, false},
    [GIF_SMALL] = {12, INFINITY, 0.6, false},
    [GIF_FRAME_PALETTES] = {6, 1.15, 0.6, true},
};

struct waiting { /* the frame whose delay still grows */
    bool any;
    struct gif_rect rect;
    uint8_t *index;
    int transparent;
    uint32_t delay_cs;
    struct gif_palette palette; /* of this frame with GIF_FRAME_PALETTES */
};

struct writer {
    const struct gif_source *src;
    struct gif_params p;
    const struct preset *preset;
    struct file_writer *file;
    uint8_t *buffer; /* giflib writes single bytes */
    size_t n_buffer;
    limn_status st; /* of the file, and its text: giflib does not hand errors through everywhere */
    limn_error *err;
    GifFileType *gif;
    struct gif_histogram *histogram;
    struct gif_coder *coder;
    struct gif_palette palette;
    uint8_t *rgb, *before; /* the picture at hand; with GIF_FRAME_PALETTES the one before */
    struct waiting wait;
    uint64_t sum_abs, sum_sq, n_samples;
    double planned_s; /* end of the last picture shown */
    struct gif_report report;
};

static void flush(struct writer *w)
{
    if (w->st == LIMN_OK && w->n_buffer > 0) {
        w->st = file_writer_add(w->file, w->buffer, w->n_buffer, w->err);
        w->report.bytes += w->n_buffer;
    }
    w->n_buffer = 0;
}

static int on_write(GifFileType *gif, const GifByteType *data, int n)
{
    struct writer *w = gif->UserData;
    for (int i = 0; i < n; i++) {
        if (w->n_buffer == BUFFER) {
            flush(w);
        }
        w->buffer[w->n_buffer++] = data[i];
    }
    return w->st == LIMN_OK ? n : 0;
}

/* The status after a call into giflib. */
static limn_status put(struct writer *w, int result)
{
    if (w->st == LIMN_OK && result == GIF_ERROR) {
        const char *text = GifErrorString(w->gif->Error);
        w->st = err_set(w->err, LIMN_ERR_INTERNAL, "GIF: %s", text ? text : "encoder failed");
    }
    return w->st;
}

static limn_status step(struct writer *w, double done, const char *what)
{
    if (w->p.step && !w->p.step(w->p.user, done, what)) {
        return err_set(w->err, LIMN_CANCELLED, "cancelled while writing a GIF");
    }
    return LIMN_OK;
}

static size_t n_pixels(const struct writer *w)
{
    return (size_t)w->src->width * (size_t)w->src->height;
}

static size_t n_shown(const struct writer *w)
{
    size_t n = w->src->n;
    return w->p.ping_pong && n > 2 ? 2 * n - 2 : n;
}

static size_t shown_at(const struct writer *w, size_t i)
{
    return i < w->src->n ? i : 2 * w->src->n - 2 - i;
}

static limn_status read_picture(struct writer *w, size_t i)
{
    return w->src->read(w->src->user, i, w->rgb, w->err);
}

/* ---- palette ---- */

/* A palette from what was counted, for the next frames. 256 colours are kept when no more there are: see
 * gif_coder_palette. */
static limn_status take_palette(struct writer *w, bool animated)
{
    limn_status st = LIMN_OK;
    int max = animated && gif_histogram_colours(w->histogram) != 256 ? 255 : 256;
    TRY(gif_palette_build(w->histogram, max, &w->palette, w->err));
    double t = isinf(w->preset->share) ? INFINITY : w->preset->share * w->palette.error;
    t = t < w->preset->tolerance ? t : w->preset->tolerance;
    gif_coder_palette(w->coder, &w->palette, t, w->preset->spread * t);
    w->report.tolerance = t > w->report.tolerance ? t : w->report.tolerance;
    w->report.n_colours = w->palette.n > w->report.n_colours ? w->palette.n : w->report.n_colours;
out:
    return st;
}

static limn_status whole_palette(struct writer *w)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < w->src->n; i++) {
        TRY(step(w, 0.3 * (double)i / (double)w->src->n, "counting colours"));
        TRY(read_picture(w, i));
        TRY(gif_histogram_add(w->histogram, w->rgb, NULL, n_pixels(w), w->err));
    }
    TRY(take_palette(w, w->src->n > 1));
out:
    return st;
}

/* A palette for the colours of the pixels that are new in this picture; what stands still keeps the colour it has. (256
 * new colours leave no transparent index: then all pixels must find theirs.) */
static limn_status frame_palette(struct writer *w, bool first)
{
    limn_status st = LIMN_OK;
    gif_histogram_clear(w->histogram);
    TRY(gif_histogram_add(w->histogram, w->rgb, first ? NULL : w->before, n_pixels(w), w->err));
    if (gif_histogram_colours(w->histogram) == 256) {
        gif_histogram_clear(w->histogram);
        TRY(gif_histogram_add(w->histogram, w->rgb, NULL, n_pixels(w), w->err));
    }
    if (gif_histogram_colours(w->histogram) > 0) {
        TRY(take_palette(w, !first));
    }
    memcpy(w->before, w->rgb, 3 * n_pixels(w));
out:
    return st;
}

/* ---- records ---- */

static limn_status make_map(const struct writer *w, const struct gif_palette *pal, ColorMapObject **out)
{
    GifColorType colours[256] = {{0}};
    for (int i = 0; i < pal->n; i++) {
        colours[i] = (GifColorType){pal->rgb[i][0], pal->rgb[i][1], pal->rgb[i][2]};
    }
    *out = GifMakeMapObject(1 << gif_bits(pal), colours);
    return *out ? LIMN_OK : err_nomem(w->err, sizeof(colours), "a GIF palette");
}

static limn_status put_loop(struct writer *w)
{
    /* Players repeat as often as the block says, after having played once; 0 is for ever. */
    int repeats = w->p.loops > 0 ? w->p.loops - 1 : 0;
    GifByteType block[3] = {1, (GifByteType)(repeats & 255), (GifByteType)(repeats >> 8)};
    if (w->src->n < 2 || w->p.loops == 1) {
        return LIMN_OK;
    }
    put(w, EGifPutExtensionLeader(w->gif, APPLICATION_EXT_FUNC_CODE));
    put(w, EGifPutExtensionBlock(w->gif, 11, "NETSCAPE2.0"));
    put(w, EGifPutExtensionBlock(w->gif, 3, block));
    return put(w, EGifPutExtensionTrailer(w->gif));
}

static limn_status put_head(struct writer *w)
{
    limn_status st = LIMN_OK;
    ColorMapObject *map = NULL;
    if (!w->preset->frame_palettes) {
        TRY(make_map(w, &w->palette, &map));
    }
    EGifSetGifVersion(w->gif, true);
    TRY(put(w, EGifPutScreenDesc(w->gif, w->src->width, w->src->height, 8, 0, map)));
    TRY(put_loop(w));
    if (w->p.comment && w->p.comment[0]) {
        TRY(put(w, EGifPutComment(w->gif, w->p.comment)));
    }
out:
    GifFreeMapObject(map);
    return st;
}

/* Writes the waiting frame. */
static limn_status put_frame(struct writer *w)
{
    limn_status st = LIMN_OK;
    struct waiting *f = &w->wait;
    ColorMapObject *map = NULL;
    GifByteType control[4];
    if (!f->any) {
        return LIMN_OK;
    }
    GraphicsControlBlock gcb = {DISPOSE_DO_NOT, false, (int)f->delay_cs, f->transparent};
    if (w->preset->frame_palettes) {
        TRY(make_map(w, &f->palette, &map));
    }
    EGifGCBToExtension(&gcb, control);
    TRY(put(w, EGifPutExtension(w->gif, GRAPHICS_EXT_FUNC_CODE, sizeof(control), control)));
    TRY(put(w, EGifPutImageDesc(w->gif, f->rect.left, f->rect.top, f->rect.width, f->rect.height, false, map)));
    for (int32_t y = 0; y < f->rect.height; y++) {
        TRY(put(w, EGifPutLine(w->gif, f->index + (size_t)y * (size_t)f->rect.width, f->rect.width)));
    }
    w->report.n_frames++;
    w->report.time_cs += f->delay_cs;
    f->any = false;
out:
    GifFreeMapObject(map);
    return st;
}

/* ---- pictures ---- */

static double shown_s(const struct writer *w, size_t picture)
{
    double s = w->p.frame_s > 0 ? w->p.frame_s : DEFAULT_FRAME_S;
    s = picture == 0 && w->p.first_s > 0 ? w->p.first_s : s;
    return picture == w->src->n - 1 && w->p.last_s > 0 ? w->p.last_s : s;
}

static void measure(struct writer *w)
{
    const uint8_t *shown = gif_coder_shown(w->coder);
    size_t n = 3 * n_pixels(w);
    uint64_t sum = 0, sq = 0;
    int32_t max = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t d = shown[i] > w->rgb[i] ? shown[i] - w->rgb[i] : w->rgb[i] - shown[i];
        sum += (uint64_t)d;
        sq += (uint64_t)(d * d);
        max = d > max ? d : max;
    }
    w->sum_abs += sum;
    w->sum_sq += sq;
    w->n_samples += n;
    w->report.max_error = max > w->report.max_error ? max : w->report.max_error;
}

/* The delay of the next picture: what is missing to its planned end, at least MIN_DELAY. */
static uint32_t next_delay(struct writer *w, size_t picture)
{
    w->planned_s += shown_s(w, picture);
    double missing = w->planned_s * 100 - (double)(w->report.time_cs + (w->wait.any ? w->wait.delay_cs : 0));
    return missing < MIN_DELAY ? MIN_DELAY : (uint32_t)lrint(missing);
}

/* Shows w->rgb for delay_cs. */
static limn_status add_picture(struct writer *w, uint32_t delay_cs)
{
    limn_status st = LIMN_OK;
    struct waiting *f = &w->wait;
    struct gif_coded coded = gif_coder_next(w->coder, w->rgb);
    measure(w);
    if (coded.rect.width == 0 && f->any && f->delay_cs + delay_cs <= MAX_DELAY) {
        f->delay_cs += delay_cs;
        return LIMN_OK;
    }
    TRY(put_frame(w));
    if (coded.rect.width == 0) { /* the delay of one frame is not enough: one pixel as it is */
        coded.rect = (struct gif_rect){0, 0, 1, 1};
    }
    f->any = true;
    f->rect = coded.rect;
    f->transparent = coded.transparent;
    f->delay_cs = delay_cs;
    f->palette = w->palette;
    memcpy(f->index, coded.index, (size_t)coded.rect.width * (size_t)coded.rect.height);
out:
    return st;
}

static limn_status put_pictures(struct writer *w)
{
    limn_status st = LIMN_OK;
    size_t n = n_shown(w);
    for (size_t i = 0; i < n; i++) {
        size_t picture = shown_at(w, i);
        TRY(step(w, 0.3 + 0.7 * (double)i / (double)n, "writing frames"));
        TRY(read_picture(w, picture));
        if (w->preset->frame_palettes) {
            TRY(frame_palette(w, i == 0));
        }
        TRY(add_picture(w, next_delay(w, picture)));
    }
    TRY(put_frame(w));
out:
    return st;
}

/* ---- the whole ---- */

static limn_status check(const struct gif_source *src, const struct gif_params *p, limn_error *err)
{
    if (src->width < 1 || src->height < 1 || src->width > MAX_SIDE || src->height > MAX_SIDE) {
        return err_set(err, LIMN_ERR_ARG, "GIF: %d x %d pixels (expected 1 to %d on a side)", src->width, src->height,
                       MAX_SIDE);
    }
    if (src->n < 1) {
        return err_set(err, LIMN_ERR_ARG, "GIF: no pictures");
    }
    if (p->loops < 0 || p->loops > 65536) {
        return err_set(err, LIMN_ERR_ARG, "GIF: %d loops (expected 0 to 65536)", p->loops);
    }
    const double times[3] = {p->frame_s, p->first_s, p->last_s};
    for (int i = 0; i < 3; i++) {
        if (!(times[i] == 0 || (times[i] >= 0.02 && times[i] <= 655.35))) {
            return err_set(err, LIMN_ERR_ARG, "GIF: a picture shown for %g s (expected 0.02 to 655.35)", times[i]);
        }
    }
    return LIMN_OK;
}

static limn_status prepare(struct writer *w, const char *path, bool force)
{
    limn_status st = LIMN_OK;
    size_t n = n_pixels(w);
    int code = 0;
    w->rgb = mem_alloc(n, 3);
    w->before = w->preset->frame_palettes ? mem_alloc(n, 3) : NULL;
    w->wait.index = mem_alloc(n, 1);
    w->buffer = mem_alloc(BUFFER, 1);
    if (!w->rgb || (w->preset->frame_palettes && !w->before) || !w->wait.index || !w->buffer) {
        return err_nomem(w->err, 7 * n + BUFFER, "a GIF frame");
    }
    TRY(file_writer_open(path, force, &w->file, w->err));
    TRY(gif_histogram_create(&w->histogram, w->err));
    TRY(gif_coder_create(w->src->width, w->src->height, &w->coder, w->err));
    w->gif = EGifOpen(w, on_write, &code);
    if (!w->gif) {
        st = err_nomem(w->err, sizeof(*w->gif), "a GIF encoder");
    }
out:
    return st;
}

static void finish_report(struct writer *w)
{
    struct gif_report *r = &w->report;
    r->mean_error = (double)w->sum_abs / (double)w->n_samples;
    r->lossless = w->sum_sq == 0;
    r->psnr = r->lossless ? INFINITY : 10 * log10(255.0 * 255.0 * (double)w->n_samples / (double)w->sum_sq);
}

/* What was measured follows the provenance, as a second comment at the end: it is known only now. */
static limn_status put_tail(struct writer *w)
{
    const struct gif_report *r = &w->report;
    char text[160];
    if (!w->p.comment || !w->p.comment[0]) {
        return LIMN_OK;
    }
    if (r->lossless) {
        snprintf(text, sizeof(text), "GIF: %d colours, lossless", r->n_colours);
    } else {
        snprintf(text, sizeof(text), "GIF: %d colours, tolerance %.2f, error max %d, mean %.3f, PSNR %.2f dB",
                 r->n_colours, r->tolerance, r->max_error, r->mean_error, r->psnr);
    }
    return put(w, EGifPutComment(w->gif, text));
}

limn_status gif_write(const char *path, const struct gif_source *src, const struct gif_params *p, bool force,
                      struct gif_report *out, limn_error *err)
{
    struct writer w = {.src = src, .err = err};
    int code = 0;
    if (p) {
        w.p = *p;
    }
    limn_status st = check(src, &w.p, err);
    if (st != LIMN_OK) {
        return st;
    }
    w.preset = &presets[w.p.preset];
    TRY(prepare(&w, path, force));
    if (!w.preset->frame_palettes) {
        TRY(whole_palette(&w));
    }
    TRY(put_head(&w));
    TRY(put_pictures(&w));
    finish_report(&w);
    TRY(put_tail(&w));
    int closed = EGifCloseFile(w.gif, &code);
    w.gif = NULL;
    if (w.st == LIMN_OK && closed == GIF_ERROR) {
        w.st = err_set(err, LIMN_ERR_INTERNAL, "GIF: closing failed");
    }
    flush(&w);
    TRY(w.st);
    TRY(file_writer_commit(&w.file, err));
    if (out) {
        *out = w.report;
    }
out:
    if (w.gif) {
        EGifCloseFile(w.gif, &code);
    }
    file_writer_abort(&w.file);
    gif_histogram_destroy(&w.histogram);
    gif_coder_destroy(&w.coder);
    mem_free(w.rgb);
    mem_free(w.before);
    mem_free(w.wait.index);
    mem_free(w.buffer);
    return st;
}

limn_status gif_read_images(void *images, size_t i, uint8_t *rgb, limn_error *err)
{
    const struct image *im = (const struct image *)images + i;
    size_t n;
    if (!mul_size((size_t)im->width * 3, (size_t)im->height, &n)) {
        return err_set(err, LIMN_ERR_ARG, "picture %zu: %d x %d pixels are too many", i, im->width, im->height);
    }
    memcpy(rgb, im->rgb, n);
    return LIMN_OK;
}
