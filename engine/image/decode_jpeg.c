/* JPEG through libjpeg-turbo. Warnings are errors unless lenient (a corrupt file only warns), progressive files may
 * have 100 scans, the pixel limit is checked before decompression starts, memory is capped. */
#include "image/decode.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "base/mem.h"

#define MAX_SCANS 100
#define MAX_LIBRARY_BYTES (512L << 20)

struct state {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    bool lenient, complete;
    char message[JMSG_LENGTH_MAX];
    struct jpeg_decompress_struct jpeg;
    JSAMPROW row;
    struct image image;
    limn_status status;
};

static void on_error(j_common_ptr c)
{
    struct state *s = (struct state *)(void *)c->err;
    c->err->format_message(c, s->message);
    longjmp(s->jump, 1);
}

static void on_message(j_common_ptr c, int level)
{
    struct state *s = (struct state *)(void *)c->err;
    if (level < 0 && !s->lenient) {
        on_error(c);
    }
}

static void on_output(j_common_ptr c)
{
    (void)c;
}

static void on_progress(j_common_ptr c)
{
    struct state *s = (struct state *)(void *)c->err;
    if (c->is_decompressor && s->jpeg.input_scan_number > MAX_SCANS) {
        snprintf(s->message, sizeof(s->message), "more than %d scans", MAX_SCANS);
        longjmp(s->jump, 1);
    }
}

/* Adobe's CMYK is stored inverted. */
static void cmyk_row(const uint8_t *in, uint8_t *rgb, int32_t width, bool inverted)
{
    for (int32_t x = 0; x < width; x++) {
        int k = inverted ? in[4 * x + 3] : 255 - in[4 * x + 3];
        for (int c = 0; c < 3; c++) {
            int v = inverted ? in[4 * x + c] : 255 - in[4 * x + c];
            rgb[3 * x + c] = (uint8_t)((v * k + 127) / 255);
        }
    }
}

static void read_rows(struct state *s)
{
    struct jpeg_decompress_struct *j = &s->jpeg;
    bool cmyk = j->output_components == 4;
    size_t stride = 3 * (size_t)j->output_width;
    while (j->output_scanline < j->output_height) {
        uint8_t *dst = s->image.rgb + stride * j->output_scanline;
        JSAMPROW row = cmyk ? s->row : dst;
        if (jpeg_read_scanlines(j, &row, 1) == 1 && cmyk) {
            cmyk_row(s->row, dst, (int32_t)j->output_width, j->saw_Adobe_marker);
        }
    }
    jpeg_finish_decompress(j);
}

/* Runs under setjmp; everything it allocates hangs on `s`. */
static void read_picture(struct state *s, const char *name, const struct bytes *in, const struct decode_limits *lim,
                         limn_error *err)
{
    struct jpeg_decompress_struct *j = &s->jpeg;
    jpeg_create_decompress(j);
    j->progress = &s->progress;
    j->mem->max_memory_to_use = MAX_LIBRARY_BYTES;
    jpeg_mem_src(j, in->data, (unsigned long)in->size);
    jpeg_read_header(j, TRUE);
    s->status = decode_check_size(name, j->image_width, j->image_height, lim, err);
    if (s->status != LIMN_OK) {
        return;
    }
    j->out_color_space = j->num_components == 4 ? JCS_CMYK : JCS_RGB;
    j->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(j);
    s->status = image_init(&s->image, (int32_t)j->output_width, (int32_t)j->output_height, err);
    if (s->status == LIMN_OK && j->output_components == 4) {
        s->row = mem_alloc(j->output_width, 4);
        s->status = s->row ? LIMN_OK : err_nomem(err, 4 * (size_t)j->output_width, "a CMYK row");
    }
    if (s->status == LIMN_OK) {
        read_rows(s);
    }
}

limn_status decode_jpeg(const char *name, struct bytes *in, const struct decode_limits *lim, struct image *out,
                        limn_error *err)
{
    struct state *s = mem_zalloc(1, sizeof(*s));
    if (!s) {
        return err_nomem(err, sizeof(*s), "a JPEG decoder");
    }
    s->lenient = lim && lim->lenient;
    s->jpeg.err = jpeg_std_error(&s->errors);
    s->errors.error_exit = on_error;
    s->errors.emit_message = on_message;
    s->errors.output_message = on_output;
    s->progress.progress_monitor = on_progress;
    if (setjmp(s->jump) == 0) {
        read_picture(s, name, in, lim, err);
    } else if (!(s->lenient && s->image.rgb)) {
        size_t at = in->size - (s->jpeg.src ? s->jpeg.src->bytes_in_buffer : in->size);
        s->status = err_set(err, LIMN_ERR_FORMAT, "%s: offset %zu: JPEG: %s", name, at, s->message);
    }
    limn_status st = s->status;
    jpeg_destroy_decompress(&s->jpeg);
    mem_free(s->row);
    if (st == LIMN_OK) {
        *out = s->image;
    } else {
        image_finish(&s->image);
    }
    mem_free(s);
    return st;
}
