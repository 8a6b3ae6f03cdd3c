/* PNG through libpng, with the limits that it does not set by itself: sides, chunk sizes and count, a cap on what it
 * may allocate in all, benign errors as errors (otherwise a length error only warns and the allocation happens). */
#include "image/decode.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "base/mem.h"

#define MAX_CHUNKS 128
#define MAX_CHUNK_BYTES (1 << 20)
#define MAX_LIBRARY_BYTES ((size_t)16 << 20)

struct state {
    struct bytes *in;
    const char *name;
    bool lenient;
    char message[160];
    size_t allocated;
    png_structp png;
    png_infop info;
    png_bytep row; /* one decoded row */
    struct image image;
    limn_status status;
};

static void on_error(png_structp png, png_const_charp text)
{
    struct state *s = png_get_error_ptr(png);
    size_t n = strlen(text);
    n = n < sizeof(s->message) ? n : sizeof(s->message) - 1;
    memcpy(s->message, text, n);
    s->message[n] = '\0';
    png_longjmp(png, 1); /* not png_jmpbuf: this may run while the struct is being created */
}

static void on_warning(png_structp png, png_const_charp text)
{
    struct state *s = png_get_error_ptr(png);
    if (!s->lenient && s->png) {
        on_error(png, text);
    }
}

static png_voidp on_alloc(png_structp png, png_alloc_size_t n)
{
    struct state *s = png_get_mem_ptr(png);
    if (n > MAX_LIBRARY_BYTES - s->allocated) {
        return NULL;
    }
    s->allocated += n; /* never given back: libpng allocates little and briefly */
    return mem_alloc(n, 1);
}

static void on_free(png_structp png, png_voidp p)
{
    (void)png;
    mem_free(p);
}

static void on_read(png_structp png, png_bytep dst, size_t n)
{
    const struct state *s = png_get_io_ptr(png);
    struct bytes *in = s->in;
    size_t left = in->size - in->pos;
    if (n > left && (left == 0 || !s->lenient)) {
        png_error(png, "file ends early");
    }
    size_t got = n < left ? n : left; /* lenient: what is left of a cut chunk still holds rows */
    memcpy(dst, in->data + in->pos, got);
    memset(dst + got, 0, n - got);
    in->pos += got;
}

static const png_byte skipped_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0"
    "tEXt\0tIME\0zTXt";

static void set_limits(struct state *s)
{
    png_set_user_limits(s->png, 32768, 32768);
    png_set_chunk_cache_max(s->png, MAX_CHUNKS);
    png_set_chunk_malloc_max(s->png, MAX_CHUNK_BYTES);
    png_set_benign_errors(s->png, 0);
    /* Metadata is skipped unread: it changes no pixel here, and broken colour profiles are common in good photos. */
    png_set_keep_unknown_chunks(s->png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks, sizeof(skipped_chunks) / 5);
    png_set_keep_unknown_chunks(s->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_read_fn(s->png, s, on_read);
}

/* Every colour type becomes 8-bit RGB; transparency is composed on black. */
static void set_transforms(struct state *s)
{
    png_color_16 black = {0};
    png_set_strip_16(s->png);
    png_set_packing(s->png);
    png_set_expand(s->png);
    png_set_gray_to_rgb(s->png);
    png_set_background(s->png, &black, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
}

/* Runs under setjmp; everything it allocates hangs on `s`. */
static void read_picture(struct state *s, const struct decode_limits *lim, limn_error *err)
{
    set_limits(s);
    png_read_info(s->png, s->info);
    png_uint_32 width = png_get_image_width(s->png, s->info), height = png_get_image_height(s->png, s->info);
    s->status = decode_check_size(s->name, width, height, lim, err);
    if (s->status == LIMN_OK) {
        s->status = image_init(&s->image, (int32_t)width, (int32_t)height, err);
    }
    if (s->status != LIMN_OK) {
        return;
    }
    set_transforms(s);
    int passes = png_set_interlace_handling(s->png);
    png_read_update_info(s->png, s->info);
    if (png_get_rowbytes(s->png, s->info) != 3 * (size_t)width) {
        png_error(s->png, "unexpected row size");
    }
    for (int pass = 0; pass < passes; pass++) {
        for (png_uint_32 y = 0; y < height; y++) {
            png_read_row(s->png, s->image.rgb + 3 * (size_t)width * y, NULL);
        }
    }
    png_read_end(s->png, NULL);
}

limn_status decode_png(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                       limn_error *err)
{
    struct state *s = mem_zalloc(1, sizeof(*s));
    if (!s) {
        return err_nomem(err, sizeof(*s), "a PNG decoder");
    }
    s->in = in;
    s->name = name;
    s->lenient = lim && lim->lenient;
    s->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, s, on_error, on_warning, s, on_alloc, on_free);
    s->info = s->png ? png_create_info_struct(s->png) : NULL;
    if (!s->info) {
        s->status = err_nomem(err, sizeof(*s), "a PNG decoder");
    } else if (setjmp(png_jmpbuf(s->png)) == 0) {
        read_picture(s, lim, err);
    } else if (!(s->lenient && s->image.rgb)) {
        s->status = err_set(err, LIMN_ERR_FORMAT, "%s: offset %zu: PNG: %s", name, in->pos, s->message);
    }
    limn_status st = s->status;
    if (s->png) {
        png_destroy_read_struct(&s->png, s->info ? &s->info : NULL, NULL);
    }
    if (st == LIMN_OK) {
        *out = s->image;
    } else {
        image_finish(&s->image);
    }
    mem_free(s);
    return st;
}
