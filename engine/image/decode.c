/* Chooses the decoder by the first bytes, never by the name, and recognises what people hand in by mistake. */
#include "image/decode.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define MAX_SIDE 32768
#define DEFAULT_MAX_PIXELS ((uint64_t)64 << 20)
#ifdef LIMN_HAVE_TIFF
#define KNOWN "PNG, JPEG, GIF or TIFF"
#define TIFF_DECODER decode_tiff
#else
#define KNOWN "PNG, JPEG or GIF"
#define TIFF_DECODER NULL
#endif
#define MAX_FILE ((size_t)1 << 30)

static const struct format {
    const char *magic;
    size_t n;
    limn_status (*decode)(const char *, struct bytes *, const struct decode_limits *, struct image *, limn_error *);
    const char *what; /* for formats that are only recognised */
} formats[] = {
    {"\x89PNG\r\n\x1a\n", 8, decode_png, NULL},
    {"\xff\xd8\xff", 3, decode_jpeg, NULL},
    {"GIF87a", 6, decode_gif, NULL},
    {"GIF89a", 6, decode_gif, NULL},
    {"RIFF", 4, NULL, "a RIFF file (WebP?)"},
    {"II*\0", 4, TIFF_DECODER, "a TIFF file, for which this build has no decoder"},
    {"MM\0*", 4, TIFF_DECODER, "a TIFF file, for which this build has no decoder"},
    {"BM", 2, NULL, "a BMP file"},
    {"\x1f\x8b", 2, NULL, "a gzip file"},
    {"PK\3\4", 4, NULL, "a zip file"},
    {"%PDF", 4, NULL, "a PDF file"},
    {"version https://git-lfs", 23, NULL, "a git-lfs pointer, not the file itself (run git lfs pull)"},
    {"\x93NUMPY", 6, NULL, "a .npy file (use --tensor)"},
};

/* Case and leading blanks vary in what a web server sends instead of a picture. */
static const struct {
    const char *prefix, *what; /* prefix in lower case */
} texts[] = {
    {"<!doctype html", "an HTML page"}, {"<html", "an HTML page"}, {"<head", "an HTML page"},
    {"<svg", "an SVG drawing"},         {"<?xml", "an XML file"},
};

static bool starts_with_text(const struct bytes *in, const char *prefix)
{
    size_t at = in->size >= 3 && memcmp(in->data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < in->size && (in->data[at] == ' ' || (in->data[at] >= '\t' && in->data[at] <= '\r'))) {
        at++;
    }
    for (; *prefix; prefix++, at++) {
        if (at >= in->size) {
            return false;
        }
        uint8_t c = in->data[at];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != *prefix) {
            return false;
        }
    }
    return true;
}

/* Only printable bytes and line ends among the first ones: somebody's text. */
static bool looks_like_text(const struct bytes *in)
{
    for (size_t i = 0; i < in->size && i < 256; i++) {
        uint8_t c = in->data[i];
        if (c == 0x7f || (c < ' ' && (c < '\t' || c > '\r'))) {
            return false;
        }
    }
    return true;
}

/* What a file that is no known binary format is. */
static const char *name_text(const struct bytes *in)
{
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (starts_with_text(in, texts[i].prefix)) {
            return texts[i].what;
        }
    }
    return looks_like_text(in) ? "a text file" : "unknown file type";
}

limn_status decode_check_size(const char *name, uint64_t width, uint64_t height, const struct decode_limits *lim,
                              limn_error *err)
{
    uint64_t max = lim && lim->max_pixels ? lim->max_pixels : DEFAULT_MAX_PIXELS;
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: header: %llu x %llu pixels (expected 1 to %d on a side)", name,
                       (unsigned long long)width, (unsigned long long)height, MAX_SIDE);
    }
    if (width * height > max) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: header: %llu x %llu pixels (expected at most %llu in all)", name,
                       (unsigned long long)width, (unsigned long long)height, (unsigned long long)max);
    }
    return LIMN_OK;
}

limn_status image_decode(const char *name, const void *data, size_t size, const struct decode_limits *lim,
                         struct image *out, limn_error *err)
{
    struct bytes in = {data, size, 0};
    if (size == 0) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: offset 0: empty file (expected " KNOWN ")", name);
    }
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        const struct format *f = &formats[i];
        if (size < f->n || memcmp(data, f->magic, f->n) != 0) {
            continue;
        }
        if (f->decode) {
            return f->decode(name, &in, lim, out, err);
        }
        return err_set(err, LIMN_ERR_FORMAT, "%s: offset 0: %s (expected " KNOWN ")", name, f->what);
    }
    return err_set(err, LIMN_ERR_FORMAT, "%s: offset 0: %s (expected " KNOWN ")", name, name_text(&in));
}

limn_status image_load(const char *path, const struct decode_limits *lim, struct image *out, limn_error *err)
{
    void *data = NULL;
    size_t size = 0;
    limn_status st = file_read_all(path, MAX_FILE, &data, &size, err);
    if (st == LIMN_OK) {
        st = image_decode(path, data, size, lim, out, err);
    }
    mem_free(data);
    return st;
}
