/* GIF through giflib, record by record (DGifSlurp has no limits): the first frame, drawn on a black canvas. */
#include "image/decode.h"

#include <gif_lib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_EXTENSIONS 1024

static int on_read(GifFileType *gif, GifByteType *dst, int n)
{
    struct bytes *in = gif->UserData;
    size_t left = in->size - in->pos, want = n < 0 ? 0 : (size_t)n;
    size_t got = want < left ? want : left;
    memcpy(dst, in->data + in->pos, got);
    in->pos += got;
    return (int)got;
}

struct state {
    const char *name;
    struct bytes *in;
    GifFileType *gif;
    bool lenient;
    int transparent; /* palette index, -1: none */
    GifPixelType *row;
    struct image image;
};

static limn_status fail(const struct state *s, const char *what, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "%s: offset %zu: GIF: %s", s->name, s->in->pos, what);
}

static limn_status gif_error(const struct state *s, limn_error *err)
{
    const char *text = s->gif ? GifErrorString(s->gif->Error) : NULL;
    return fail(s, text ? text : "malformed record", err);
}

static limn_status read_extension(struct state *s, limn_error *err)
{
    int code;
    GifByteType *block = NULL;
    if (DGifGetExtension(s->gif, &code, &block) == GIF_ERROR) {
        return gif_error(s, err);
    }
    if (code == GRAPHICS_EXT_FUNC_CODE && block && block[0] >= 4 && (block[1] & 1)) {
        s->transparent = block[4];
    }
    while (block) {
        if (DGifGetExtensionNext(s->gif, &block) == GIF_ERROR) {
            return gif_error(s, err);
        }
    }
    return LIMN_OK;
}

static limn_status draw_row(struct state *s, const ColorMapObject *map, int32_t y, limn_error *err)
{
    const GifImageDesc *d = &s->gif->Image;
    uint8_t *dst = s->image.rgb + 3 * ((size_t)y * (size_t)s->image.width + (size_t)d->Left);
    for (int x = 0; x < d->Width; x++) {
        int index = s->row[x];
        if (index >= map->ColorCount) {
            return fail(s, "palette index past the palette", err);
        }
        if (index != s->transparent) {
            dst[3 * x] = map->Colors[index].Red;
            dst[3 * x + 1] = map->Colors[index].Green;
            dst[3 * x + 2] = map->Colors[index].Blue;
        }
    }
    return LIMN_OK;
}

static limn_status read_frame(struct state *s, limn_error *err)
{
    static const int start[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    if (DGifGetImageDesc(s->gif) == GIF_ERROR) {
        return gif_error(s, err);
    }
    const GifImageDesc *d = &s->gif->Image;
    const ColorMapObject *map = d->ColorMap ? d->ColorMap : s->gif->SColorMap;
    if (!map) {
        return fail(s, "no palette", err);
    }
    if (d->Width < 1 || d->Height < 1 || d->Left < 0 || d->Top < 0 || d->Left + d->Width > s->image.width ||
        d->Top + d->Height > s->image.height) {
        return fail(s, "frame outside the canvas", err);
    }
    s->row = mem_alloc((size_t)d->Width, sizeof(*s->row));
    if (!s->row) {
        return err_nomem(err, (size_t)d->Width, "a GIF row");
    }
    limn_status st = LIMN_OK;
    for (int pass = 0; pass < (d->Interlace ? 4 : 1) && st == LIMN_OK; pass++) {
        for (int y = d->Interlace ? start[pass] : 0; y < d->Height && st == LIMN_OK;
             y += d->Interlace ? step[pass] : 1) {
            if (DGifGetLine(s->gif, s->row, d->Width) == GIF_ERROR) {
                return s->lenient ? LIMN_OK : gif_error(s, err);
            }
            st = draw_row(s, map, d->Top + y, err);
        }
    }
    return st;
}

static limn_status read_records(struct state *s, limn_error *err)
{
    for (int extensions = 0;;) {
        GifRecordType type;
        if (DGifGetRecordType(s->gif, &type) == GIF_ERROR) {
            return gif_error(s, err);
        }
        if (type == IMAGE_DESC_RECORD_TYPE) {
            return read_frame(s, err);
        }
        if (type != EXTENSION_RECORD_TYPE) {
            return fail(s, "no frame", err);
        }
        if (++extensions > MAX_EXTENSIONS) {
            return fail(s, "too many extension blocks before the first frame", err);
        }
        limn_status st = read_extension(s, err);
        if (st != LIMN_OK) {
            return st;
        }
    }
}

limn_status decode_gif(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                       limn_error *err)
{
    struct state s = {.name = name, .in = in, .lenient = lim && lim->lenient, .transparent = -1};
    int code = 0;
    s.gif = DGifOpen(in, on_read, &code);
    if (!s.gif) {
        const char *text = GifErrorString(code);
        return fail(&s, text ? text : "malformed header", err);
    }
    limn_status st = LIMN_OK;
    TRY(decode_check_size(name, (uint64_t)s.gif->SWidth, (uint64_t)s.gif->SHeight, lim, err));
    TRY(image_init(&s.image, s.gif->SWidth, s.gif->SHeight, err));
    TRY(read_records(&s, err));
    *out = s.image;
    s.image = (struct image){0};
out:
    image_finish(&s.image);
    mem_free(s.row);
    DGifCloseFile(s.gif, &code);
    return st;
}
