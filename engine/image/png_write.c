/* PNG writing: encoded in memory, then written atomically. Text goes into iTXt chunks (UTF-8). */
#include "image/image.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

struct sink {
    uint8_t *data;
    size_t used, cap;
    png_structp png;
    png_infop info;
    png_textp text;
    char message[128];
    bool refused; /* an allocation: libpng says so in many ways, or goes on without the text */
};

static void on_error(png_structp png, png_const_charp text)
{
    struct sink *s = png_get_error_ptr(png);
    size_t n = strlen(text);
    n = n < sizeof(s->message) ? n : sizeof(s->message) - 1;
    memcpy(s->message, text, n);
    s->message[n] = '\0';
    png_longjmp(png, 1); /* not png_jmpbuf: this may run while the struct is being created */
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static png_voidp on_alloc(png_structp png, png_alloc_size_t n)
{
    struct sink *s = png_get_mem_ptr(png);
    void *p = mem_alloc(n, 1);
    s->refused = s->refused || !p;
    return p;
}

static void on_free(png_structp png, png_voidp p)
{
    (void)png;
    mem_free(p);
}

static void on_write(png_structp png, png_bytep data, size_t n)
{
    struct sink *s = png_get_io_ptr(png);
    if (mem_grow(&s->data, &s->cap, s->used + n, 1, NULL) != LIMN_OK) {
        s->refused = true;
        png_error(png, "out of memory");
    }
    memcpy(s->data + s->used, data, n);
    s->used += n;
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Runs under setjmp. */
static void write_picture(struct sink *s, const struct image *im, size_t n_text)
{
    png_set_write_fn(s->png, s, on_write, on_flush);
    png_set_IHDR(s->png, s->info, (png_uint_32)im->width, (png_uint_32)im->height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (n_text) {
        png_set_text(s->png, s->info, s->text, (int)n_text);
    }
    png_write_info(s->png, s->info);
    for (int32_t y = 0; y < im->height; y++) {
        png_write_row(s->png, im->rgb + 3 * (size_t)im->width * (size_t)y);
    }
    png_write_end(s->png, s->info);
}

static limn_status make_text(struct sink *s, const struct png_text *text, size_t n, limn_error *err)
{
    s->text = mem_zalloc(n ? n : 1, sizeof(*s->text));
    if (!s->text) {
        return err_nomem(err, n * sizeof(*s->text), "PNG text");
    }
    for (size_t i = 0; i < n; i++) {
        /* libpng's interface predates const; it copies both. */
        s->text[i].compression = PNG_ITXT_COMPRESSION_NONE;
        memcpy(&s->text[i].key, &text[i].key, sizeof(char *));
        memcpy(&s->text[i].text, &text[i].value, sizeof(char *));
        s->text[i].itxt_length = strlen(text[i].value);
    }
    return LIMN_OK;
}

limn_status image_save_png(const char *path, const struct image *im, const struct png_text *text, size_t n_text,
                           bool force, limn_error *err)
{
    struct sink *s = mem_zalloc(1, sizeof(*s));
    if (!s) {
        return err_nomem(err, sizeof(*s), "a PNG encoder");
    }
    limn_status st = make_text(s, text, n_text, err);
    if (st == LIMN_OK) {
        s->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, s, on_error, on_warning, s, on_alloc, on_free);
        s->info = s->png ? png_create_info_struct(s->png) : NULL;
        if (!s->info) {
            st = err_nomem(err, sizeof(*s), "a PNG encoder");
        } else if (setjmp(png_jmpbuf(s->png)) == 0) {
            write_picture(s, im, n_text);
        } else {
            st = err_set(err, LIMN_ERR_INTERNAL, "%s: PNG: %s", path, s->message);
        }
    }
    if (s->refused) {
        st = err_set(err, LIMN_ERR_NOMEM, "out of memory: the PNG of %s", path);
    }
    if (st == LIMN_OK) {
        st = file_write_atomic(path, s->data, s->used, force, err);
    }
    if (s->png) {
        png_destroy_write_struct(&s->png, s->info ? &s->info : NULL);
    }
    mem_free(s->text);
    mem_free(s->data);
    mem_free(s);
    return st;
}
