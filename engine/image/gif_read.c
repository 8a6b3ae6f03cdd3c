/* GIF through giflib, record by record (DGifSlurp has no limits): every frame drawn on a canvas as a player does, with
 * the three disposals. The canvas starts black; what players leave transparent stays black. */
#include "image/gif.h"

#include <gif_lib.h>
#include <string.h>

#include "base/mem.h"
#include "image/decode.h"

#define MAX_EXTENSIONS 1024 /* before a frame */
#define DEFAULT_MAX_FRAMES 65536
#define DEFAULT_MAX_WORK ((uint64_t)4096 << 20)

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
    struct bytes in;
    struct gif_limits lim;
    GifFileType *gif;
    gif_frame_fn on_frame;
    void *user;
    struct gif_frame
        frame; /* delay, disposal and transparent index: of the graphics control block, for the next frame */
    bool truncated, has_comment;
    uint64_t work;
    GifPixelType *row; /* one canvas wide */
    struct image canvas, saved;
    struct gif_info info;
};

static limn_status fail(const struct state *s, const char *what, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "%s: offset %zu: GIF: %s", s->name, s->in.pos, what);
}

static limn_status gif_error(const struct state *s, limn_error *err)
{
    const char *text = s->gif ? GifErrorString(s->gif->Error) : NULL;
    return fail(s, text ? text : "malformed record", err);
}

/* ---- extensions ---- */

static void take_comment(struct state *s, const GifByteType *block)
{
    size_t have = strlen(s->info.comment), n = block[0];
    if (s->has_comment) {
        return;
    }
    n = n < sizeof(s->info.comment) - 1 - have ? n : sizeof(s->info.comment) - 1 - have;
    memcpy(s->info.comment + have, block + 1, n);
    s->info.comment[have + n] = '\0';
}

static void take_block(struct state *s, int code, int number, const GifByteType *block, bool *netscape)
{
    if (code == GRAPHICS_EXT_FUNC_CODE && number == 0 && block[0] >= 4) {
        s->frame.disposal = block[1] >> 2 & 7;
        s->frame.delay_cs = block[2] | block[3] << 8;
        s->frame.transparent = block[1] & 1 ? block[4] : -1;
    } else if (code == COMMENT_EXT_FUNC_CODE) {
        take_comment(s, block);
    } else if (code == APPLICATION_EXT_FUNC_CODE && number == 0) {
        *netscape = block[0] == 11 && memcmp(block + 1, "NETSCAPE2.0", 11) == 0;
    } else if (*netscape && block[0] >= 3 && block[1] == 1) {
        int32_t repeats = block[2] | block[3] << 8;
        s->info.loops = repeats == 0 ? 0 : repeats + 1;
    }
}

static limn_status read_extension(struct state *s, limn_error *err)
{
    int code;
    GifByteType *block = NULL;
    bool netscape = false;
    if (DGifGetExtension(s->gif, &code, &block) == GIF_ERROR) {
        return gif_error(s, err);
    }
    for (int number = 0; block; number++) {
        take_block(s, code, number, block, &netscape);
        if (DGifGetExtensionNext(s->gif, &block) == GIF_ERROR) {
            return gif_error(s, err);
        }
    }
    s->has_comment = s->has_comment || code == COMMENT_EXT_FUNC_CODE;
    return LIMN_OK;
}

/* ---- frames ---- */

static limn_status draw_row(struct state *s, const ColorMapObject *map, int32_t y, limn_error *err)
{
    const struct gif_frame *f = &s->frame;
    uint8_t *dst = s->canvas.rgb + 3 * ((size_t)y * (size_t)s->canvas.width + (size_t)f->left);
    for (int x = 0; x < f->width; x++) {
        int index = s->row[x];
        if (index >= map->ColorCount) {
            return fail(s, "palette index past the palette", err);
        }
        if (index != f->transparent) {
            dst[3 * x] = map->Colors[index].Red;
            dst[3 * x + 1] = map->Colors[index].Green;
            dst[3 * x + 2] = map->Colors[index].Blue;
        }
    }
    return LIMN_OK;
}

static limn_status draw_rows(struct state *s, const ColorMapObject *map, bool interlaced, limn_error *err)
{
    static const int start[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    limn_status st = LIMN_OK;
    for (int pass = 0; pass < (interlaced ? 4 : 1) && st == LIMN_OK; pass++) {
        for (int y = interlaced ? start[pass] : 0; y < s->frame.height && st == LIMN_OK;
             y += interlaced ? step[pass] : 1) {
            if (DGifGetLine(s->gif, s->row, s->frame.width) == GIF_ERROR) {
                s->truncated = true;
                return s->lim.lenient ? LIMN_OK : gif_error(s, err);
            }
            st = draw_row(s, map, s->frame.top + y, err);
        }
    }
    return st;
}

/* Place and palette of the next frame, checked. */
static limn_status begin_frame(struct state *s, const ColorMapObject **map, limn_error *err)
{
    if (DGifGetImageDesc(s->gif) == GIF_ERROR) {
        return gif_error(s, err);
    }
    const GifImageDesc *d = &s->gif->Image;
    *map = d->ColorMap ? d->ColorMap : s->gif->SColorMap;
    if (!*map) {
        return fail(s, "no palette", err);
    }
    if (d->Width < 1 || d->Height < 1 || d->Left < 0 || d->Top < 0 || d->Left + d->Width > s->canvas.width ||
        d->Top + d->Height > s->canvas.height) {
        return fail(s, "frame outside the canvas", err);
    }
    s->work += (uint64_t)d->Width * (uint64_t)d->Height;
    if (s->info.n_frames >= s->lim.max_frames || s->work > s->lim.max_work) {
        return fail(s, "more frames or pixels than are accepted", err);
    }
    s->frame.index = s->info.n_frames++;
    s->frame.left = d->Left;
    s->frame.top = d->Top;
    s->frame.width = d->Width;
    s->frame.height = d->Height;
    s->frame.n_colours = (*map)->ColorCount;
    s->info.time_cs += (uint64_t)s->frame.delay_cs;
    return LIMN_OK;
}

static void dispose(struct state *s)
{
    const struct gif_frame *f = &s->frame;
    size_t stride = 3 * (size_t)s->canvas.width, n = 3 * (size_t)f->width;
    for (int32_t y = f->top; y < f->top + f->height; y++) {
        size_t at = (size_t)y * stride + 3 * (size_t)f->left;
        if (f->disposal == DISPOSE_BACKGROUND) {
            memset(s->canvas.rgb + at, 0, n);
        } else if (f->disposal == DISPOSE_PREVIOUS) {
            memcpy(s->canvas.rgb + at, s->saved.rgb + at, n);
        }
    }
}

static limn_status read_frame(struct state *s, limn_error *err)
{
    const ColorMapObject *map = NULL;
    limn_status st = LIMN_OK;
    TRY(begin_frame(s, &map, err));
    if (s->frame.disposal == DISPOSE_PREVIOUS) {
        if (!s->saved.rgb) {
            TRY(image_init(&s->saved, s->canvas.width, s->canvas.height, err));
        }
        memcpy(s->saved.rgb, s->canvas.rgb, 3 * (size_t)s->canvas.width * (size_t)s->canvas.height);
    }
    TRY(draw_rows(s, map, s->gif->Image.Interlace, err));
    TRY(s->on_frame(s->user, &s->frame, &s->canvas, err));
    dispose(s);
    s->frame = (struct gif_frame){.transparent = -1};
    /* giflib keeps a copy of each descriptor: thrown away, so that many frames do not pile up. */
    GifFreeSavedImages(s->gif);
    s->gif->SavedImages = NULL;
    s->gif->ImageCount = 0;
out:
    return st;
}

static limn_status read_records(struct state *s, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (int extensions = 0; !s->truncated;) {
        GifRecordType type;
        if (DGifGetRecordType(s->gif, &type) == GIF_ERROR) {
            return s->lim.lenient && s->info.n_frames > 0 ? LIMN_OK : gif_error(s, err);
        }
        if (type == IMAGE_DESC_RECORD_TYPE) {
            extensions = 0;
            TRY(read_frame(s, err));
        } else if (type == EXTENSION_RECORD_TYPE) {
            if (++extensions > MAX_EXTENSIONS) {
                return fail(s, "too many extension blocks before a frame", err);
            }
            TRY(read_extension(s, err));
        } else {
            return s->info.n_frames > 0 ? LIMN_OK : fail(s, "no frame", err);
        }
    }
out:
    return st;
}

limn_status gif_read(const char *name, const void *data, size_t size, const struct gif_limits *lim, gif_frame_fn frame,
                     void *user, struct gif_info *out, limn_error *err)
{
    struct state s = {.name = name, .in = {data, size, 0}, .on_frame = frame, .user = user};
    int code = 0;
    s.lim = lim ? *lim : (struct gif_limits){0};
    s.lim.max_frames = s.lim.max_frames ? s.lim.max_frames : DEFAULT_MAX_FRAMES;
    s.lim.max_work = s.lim.max_work ? s.lim.max_work : DEFAULT_MAX_WORK;
    s.frame.transparent = -1;
    s.info.loops = 1;
    s.gif = DGifOpen(&s.in, on_read, &code);
    if (!s.gif) {
        const char *text = GifErrorString(code);
        return fail(&s, text ? text : "malformed header", err);
    }
    limn_status st = LIMN_OK;
    struct decode_limits pixels = {.max_pixels = s.lim.max_pixels};
    TRY(decode_check_size(name, (uint64_t)s.gif->SWidth, (uint64_t)s.gif->SHeight, &pixels, err));
    TRY(image_init(&s.canvas, s.gif->SWidth, s.gif->SHeight, err));
    s.info.width = s.canvas.width;
    s.info.height = s.canvas.height;
    s.row = mem_alloc((size_t)s.canvas.width, sizeof(*s.row));
    if (!s.row) {
        st = err_nomem(err, (size_t)s.canvas.width, "a GIF row");
        goto out;
    }
    TRY(read_records(&s, err));
    if (out) {
        *out = s.info;
    }
out:
    image_finish(&s.canvas);
    image_finish(&s.saved);
    mem_free(s.row);
    DGifCloseFile(s.gif, &code);
    return st;
}
