/* TIFF through libtiff: the first picture of the file, any photometric that libtiff's RGBA reader knows. libtiff gets
 * the file in memory, may not allocate more than a picture of the accepted size needs, and reports through handlers of
 * this one handle, never through its global ones. Later directories are not looked at, so loops of them do no harm. */
#include "image/decode.h"

#include <stdio.h>
#include <string.h>
#include <tiffio.h>

#include "base/checked.h"
#include "base/mem.h"
#include "base/str.h"

struct source {
    const char *name;
    struct bytes *in;
    char said[160]; /* the first error that libtiff reported */
};

static tmsize_t on_read(thandle_t handle, void *dst, tmsize_t n)
{
    struct bytes *in = ((struct source *)handle)->in;
    size_t left = in->pos < in->size ? in->size - in->pos : 0, want = n < 0 ? 0 : (size_t)n;
    size_t got = want < left ? want : left;
    memcpy(dst, in->data + (got ? in->pos : 0), got);
    in->pos += got;
    return (tmsize_t)got;
}

static tmsize_t on_write(thandle_t handle, void *src, tmsize_t n)
{
    (void)handle;
    (void)src;
    (void)n;
    return 0;
}

static toff_t on_seek(thandle_t handle, toff_t offset, int whence)
{
    struct bytes *in = ((struct source *)handle)->in;
    uint64_t base = whence == SEEK_CUR ? in->pos : whence == SEEK_END ? in->size : 0, at;
    if (__builtin_add_overflow(base, offset, &at) || at > SIZE_MAX) {
        return (toff_t)-1;
    }
    in->pos = (size_t)at;
    return at;
}

static int on_close(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t on_size(thandle_t handle)
{
    return ((struct source *)handle)->in->size;
}

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    struct source *s = user;
    (void)tiff;
    (void)module;
    if (!s->said[0]) {
        char text[sizeof(s->said)];
        vsnprintf(text, sizeof(text), format, args);
        str_escape(s->said, sizeof(s->said), text);
    }
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    (void)tiff;
    (void)user;
    (void)module;
    (void)format;
    (void)args;
    return 1;
}

static limn_status fail(const struct source *s, const char *what, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "%s: offset %zu: TIFF: %s", s->name,
                   s->in->pos < s->in->size ? s->in->pos : s->in->size, s->said[0] ? s->said : what);
}

static TIFF *open_tiff(struct source *s, size_t max_alloc)
{
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    TIFF *tiff = NULL;
    if (options) {
        TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)max_alloc);
        TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, s);
        TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, s);
        tiff = TIFFClientOpenExt("file", "rmO", s, on_read, on_write, on_seek, on_close, on_size, NULL, NULL, options);
        TIFFOpenOptionsFree(options);
    }
    return tiff;
}

/* A picture whose data cannot be in a file of this size is refused before memory is taken for it. */
static limn_status check_plausible(const struct source *s, TIFF *tiff, uint64_t pixels, limn_error *err)
{
    uint16_t compression = COMPRESSION_NONE, bits = 1, samples = 1;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
    if (bits > 64 || samples > 64) {
        return fail(s, "more than 64 bits or samples", err);
    }
    /* Deflate and LZW reach about 1000:1, bilevel fax codes more. */
    uint64_t most = compression == COMPRESSION_NONE ? 1 : 4096;
    if (pixels * bits * samples / 8 / most > s->in->size) {
        return fail(s, "the file is too short for its picture", err);
    }
    return LIMN_OK;
}

static limn_status read_pixels(struct source *s, TIFF *tiff, bool lenient, struct image *im, limn_error *err)
{
    limn_status st = LIMN_OK;
    char why[1024] = "";
    size_t n = (size_t)im->width * (size_t)im->height;
    uint32_t *raster = mem_zalloc(n, sizeof(*raster));
    if (!raster) {
        return err_nomem(err, n * sizeof(*raster), "a TIFF picture");
    }
    if (!TIFFRGBAImageOK(tiff, why)) {
        if (!s->said[0]) {
            str_escape(s->said, sizeof(s->said), why);
        }
        st = fail(s, "not a picture", err);
        goto out;
    }
    if (!TIFFReadRGBAImageOriented(tiff, (uint32_t)im->width, (uint32_t)im->height, raster, ORIENTATION_TOPLEFT,
                                   !lenient) ||
        (s->said[0] && !lenient)) {
        st = fail(s, "broken data", err);
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        im->rgb[3 * i] = (uint8_t)TIFFGetR(raster[i]);
        im->rgb[3 * i + 1] = (uint8_t)TIFFGetG(raster[i]);
        im->rgb[3 * i + 2] = (uint8_t)TIFFGetB(raster[i]);
    }
out:
    mem_free(raster);
    return st;
}

limn_status decode_tiff(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                        limn_error *err)
{
    struct source s = {name, in, ""};
    struct image im = {0};
    uint32_t width = 0, height = 0;
    limn_status st = LIMN_OK;
    uint64_t max_pixels = lim && lim->max_pixels ? lim->max_pixels : (uint64_t)64 << 20;
    TIFF *tiff = open_tiff(&s, (size_t)max_pixels * 8 + (1 << 20));
    if (!tiff) {
        return fail(&s, "malformed header", err);
    }
    if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height)) {
        TRY(fail(&s, "no size", err));
    }
    TRY(decode_check_size(name, width, height, lim, err));
    TRY(check_plausible(&s, tiff, (uint64_t)width * height, err));
    TRY(image_init(&im, (int32_t)width, (int32_t)height, err));
    TRY(read_pixels(&s, tiff, lim && lim->lenient, &im, err));
    *out = im;
    im = (struct image){0};
out:
    image_finish(&im);
    TIFFClose(tiff);
    return st;
}
