/* limn: a sequence of pictures as an animated GIF. The rules of <limn/limn.h> hold here too. */
#ifndef LIMN_GIF_H
#define LIMN_GIF_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* T: a pixel may stay as it is shown when that makes its distance to the true colour (RGB, 0..441) at most
 * sqrt(d^2 + T^2), d being that of its nearest palette colour. Changes of a channel below about T / 2 may not be seen.
 */
enum limn_gif_preset {
    LIMN_GIF_DEFAULT = 0, /* T follows the palette's own mean error, at most 6; lossless up to 256 colours in all */
    LIMN_GIF_EXACT = 1,   /* T = 0: every pixel is its nearest palette colour; also lossless up to 256 colours */
    LIMN_GIF_SMALL = 2,   /* T = 12: about half the size, also of what could be lossless; for mails, web pages */
    LIMN_GIF_FRAME_PALETTES = 3 /* as the default with a palette for every frame: best colours, largest file */
};

struct limn_gif_params {    /* zero or NULL: the default of each field */
    int preset;             /* enum limn_gif_preset */
    double frame_s;         /* seconds a picture is shown, at least 0.02; 0: 0.08 */
    double first_s, last_s; /* the first and the last picture instead; 0: frame_s */
    bool ping_pong;         /* forth and back */
    int32_t loops;          /* times played; 0: for ever */
    const char *comment;    /* where the pictures come from, kept in the file with the measured errors; NULL: none */
    bool (*step)(void *user, double done, const char *what); /* done in [0,1]; false cancels: LIMN_CANCELLED */
    void *user;
};

struct limn_gif_report { /* measured against the pictures given, every showing counted */
    uint64_t bytes;
    size_t n_frames;   /* in the file; equal ones in a row are one */
    double seconds;    /* of one round */
    int32_t n_colours; /* of the palette */
    double tolerance;  /* T that was used */
    int32_t max_error; /* largest difference of one channel, of 255 */
    double mean_error; /* mean difference of a channel, of 255 */
    double psnr;       /* dB; infinity when lossless */
    bool lossless;
};

/* Writes n pictures of one size through a temporary file and a rename; an existing path is LIMN_ERR_IO without
 * LIMN_SAVE_FORCE. The same pictures give the same bytes. `p` and `out` may be NULL. File. */
LIMN_API limn_status limn_gif_save(const limn_image *const *frames, size_t n, const struct limn_gif_params *p,
                                   const char *path, unsigned flags, struct limn_gif_report *out, limn_error *err);

/* A picture file as frames: those of a GIF, one of any other format. */
struct limn_animation {
    limn_image **frame;
    double *seconds; /* that each is shown; 0 for a single picture */
    size_t n;
    int32_t width, height; /* of the file; frames are smaller when they were shrunk */
    int32_t loops;         /* 0: for ever */
    char comment[1024];    /* of the file: escape before printing */
};
struct limn_animation_params {     /* zero: the default of each field */
    int32_t fit_width, fit_height; /* frames larger than this are shrunk, proportions kept; 0: as they are */
    struct limn_image_params image;
};
/* All frames in memory, at most 1 GiB of them. Free with limn_animation_free. `p` may be NULL. File. */
LIMN_API limn_status limn_animation_load(const char *path, const struct limn_animation_params *p,
                                         struct limn_animation **out, limn_error *err);
/* Frames that were stored as numbers, [N,C,H,W] with C 1 or 3 and 0..1 as black to white (what `limn shift --npy`
 * writes), each shown for `seconds`, the first and the last one longer. LIMN_ERR_SHAPE for another array. File. */
LIMN_API limn_status limn_animation_load_frames(const char *path, double seconds, struct limn_animation **out,
                                                limn_error *err);
LIMN_API void limn_animation_free(struct limn_animation **animation);

#ifdef __cplusplus
}
#endif
#endif
