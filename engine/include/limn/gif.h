/* limn: a sequence of pictures as an animated GIF. The rules of <limn/limn.h> hold here too. */
#ifndef LIMN_GIF_H
#define LIMN_GIF_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

enum limn_gif_preset {
    LIMN_GIF_DEFAULT = 0,       /* changes nobody sees are left out: at most 4 of 255 (RGB distance) */
    LIMN_GIF_EXACT = 1,         /* every pixel is its nearest palette colour; lossless up to 256 colours in all */
    LIMN_GIF_SMALL = 2,         /* about half the size of the default, for mails and web pages */
    LIMN_GIF_FRAME_PALETTES = 3 /* a palette for every frame: best colours, largest file */
};

struct limn_gif_params {    /* zero or NULL: the default of each field */
    int preset;             /* enum limn_gif_preset */
    double frame_s;         /* seconds a picture is shown, at least 0.02; 0: 0.08 */
    double first_s, last_s; /* the first and the last picture instead; 0: frame_s */
    bool ping_pong;         /* forth and back */
    int32_t loops;          /* times played; 0: for ever */
    const char *comment;    /* where the pictures come from, kept in the file; NULL: none */
    bool (*step)(void *user, double done, const char *what); /* done in [0,1]; false cancels: LIMN_CANCELLED */
    void *user;
};

struct limn_gif_report { /* measured against the pictures given, every showing counted */
    uint64_t bytes;
    size_t n_frames;   /* in the file; equal ones in a row are one */
    double seconds;    /* of one round */
    int32_t n_colours; /* of the palette */
    double tolerance;  /* see the presets */
    int32_t max_error; /* largest difference of one channel, of 255 */
    double mean_error; /* mean difference of a channel, of 255 */
    double psnr;       /* dB; infinity when lossless */
    bool lossless;
};

/* Writes n pictures of one size through a temporary file and a rename; an existing path is LIMN_ERR_IO without
 * LIMN_SAVE_FORCE. The same pictures give the same bytes. `p` and `out` may be NULL. File. */
LIMN_API limn_status limn_gif_save(const limn_image *const *frames, size_t n, const struct limn_gif_params *p,
                                   const char *path, unsigned flags, struct limn_gif_report *out, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
