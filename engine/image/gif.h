/* Animated GIF. Writing: one palette for the whole sequence (exact when the colours fit, else optimal splits refined by
 * k-means over all frames), pixels that may stay stay, the rest is coded so that LZW finds long matches. Reading: frame
 * by frame onto a canvas, within limits. giflib does the container and LZW. Depends on base only.
 */
#ifndef LIMN_IMAGE_GIF_H
#define LIMN_IMAGE_GIF_H

#include "image/image.h"

/* T: a pixel may stay as it is shown when that makes its distance to the true colour (RGB, 0..441) at most
 * sqrt(d^2 + T^2), d being that of its nearest palette colour. */
enum gif_preset {
    GIF_DEFAULT,       /* T follows the palette's own mean error and is 6 at most: lossless up to 256 colours in all */
    GIF_EXACT,         /* T = 0: every pixel is its nearest palette colour; also lossless up to 256 colours */
    GIF_SMALL,         /* T = 12: about half the size, also of what could be lossless; for mails and web pages */
    GIF_FRAME_PALETTES /* as the default with a palette for every frame: best colours, largest file */
};

/* The pictures, all of one size, asked for in order and more than once: the same index must give the same bytes. */
struct gif_source {
    int32_t width, height;                                                    /* at most 65535 each */
    size_t n;                                                                 /* pictures */
    limn_status (*read)(void *user, size_t i, uint8_t *rgb, limn_error *err); /* fills 3 * width * height bytes */
    void *user;
};

struct gif_params { /* zero or NULL: the default of each field */
    enum gif_preset preset;
    double frame_s;         /* time a picture is shown; 0: 0.08. GIF counts in 0.01 s: rounding errors are spread, and
                             * nothing is shown for less than 0.02 s (players slow such frames down) */
    double first_s, last_s; /* picture 0 and picture n-1 instead; 0: frame_s */
    bool ping_pong;         /* 0 .. n-1, then n-2 .. 1 */
    int32_t loops;          /* 0: for ever, else played that many times (at most 65536) */
    const char *comment;    /* provenance, into a comment; a second one tells the measured errors. NULL: none */
    bool (*step)(void *user, double done, const char *what); /* done in [0,1]; false cancels: LIMN_CANCELLED */
    void *user;
};

/* Measured against the pictures as the file shows them; every showing counts. */
struct gif_report {
    uint64_t bytes;
    size_t n_frames;   /* in the file; fewer than shown where successive ones are equal */
    uint32_t time_cs;  /* of one round */
    int32_t n_colours; /* of the palette (the largest one with GIF_FRAME_PALETTES), without the transparent entry */
    double tolerance;  /* T that was used */
    int32_t max_error; /* largest difference of one channel, 0..255 */
    double mean_error; /* mean difference of a channel */
    double psnr;       /* dB over all channels; infinity when lossless */
    bool lossless;
};

/* Writes through a temporary file and a rename; without `force` an existing path is LIMN_ERR_IO. Same pictures, same
 * bytes. Memory: 40 MB at most for palettes and tables, and 40 bytes for each pixel of one picture; never the sequence.
 */
limn_status gif_write(const char *path, const struct gif_source *src, const struct gif_params *p, bool force,
                      struct gif_report *out, limn_error *err);

/* gif_source.read over an array of pictures (const struct image *), which must have the size of the source. */
limn_status gif_read_images(void *images, size_t i, uint8_t *rgb, limn_error *err);

/* ---- gif_read.c ---- */
struct gif_limits {      /* zero: the default of each field */
    uint64_t max_pixels; /* of the canvas; 0: 64 Mpx */
    bool lenient;        /* a truncated file ends with what could be read of its last frame */
    size_t max_frames;   /* 0: 65536 */
    uint64_t max_work;   /* pixels of all frames together; 0: 4096 Mpx */
};
struct gif_frame {
    size_t index;
    int32_t left, top, width, height; /* what the record covers */
    int32_t delay_cs, disposal;
    int32_t transparent; /* palette index, -1: none */
    int32_t n_colours;   /* entries of its palette */
};
struct gif_info {
    int32_t width, height;
    size_t n_frames;
    uint64_t time_cs;
    int32_t loops;      /* 0: for ever, else times played; 1 without a loop block */
    char comment[1024]; /* of the first comment extension, cut to fit; bytes of the file: escape before printing */
};
typedef limn_status (*gif_frame_fn)(void *user, const struct gif_frame *f, const struct image *canvas, limn_error *err);
/* Calls `frame` with the canvas after each frame (black where nothing was drawn), valid during the call only. A
 * callback that fails ends the reading with its status. `lim` and `out` may be NULL. Memory: two canvases. */
limn_status gif_read(const char *name, const void *data, size_t size, const struct gif_limits *lim, gif_frame_fn frame,
                     void *user, struct gif_info *out, limn_error *err);

#endif
