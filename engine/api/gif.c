/* Pictures to an animated GIF at the border: argument checks, then one call down. */
#include <limn/gif.h>

#include "api/api.h"
#include "image/gif.h"

static limn_status read_frame(void *user, size_t i, uint8_t *rgb, limn_error *err)
{
    const limn_image *const *frames = user;
    struct image view = frames[i]->im;
    return gif_read_images(&view, 0, rgb, err);
}

static limn_status check_frames(const limn_image *const *frames, size_t n, limn_error *err)
{
    if (n == 0) {
        return err_set(err, LIMN_ERR_ARG, "limn_gif_save: no pictures");
    }
    for (size_t i = 0; i < n; i++) {
        API_NEED(frames[i]);
        if (frames[i]->im.width != frames[0]->im.width || frames[i]->im.height != frames[0]->im.height) {
            return err_set(err, LIMN_ERR_ARG, "limn_gif_save: picture %zu is %dx%d (expected %dx%d as the first)", i,
                           frames[i]->im.width, frames[i]->im.height, frames[0]->im.width, frames[0]->im.height);
        }
    }
    return LIMN_OK;
}

limn_status limn_gif_save(const limn_image *const *frames, size_t n, const struct limn_gif_params *p, const char *path,
                          unsigned flags, struct limn_gif_report *out, limn_error *err)
{
    API_NEED(frames);
    API_NEED(path);
    limn_status st = check_frames(frames, n, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct limn_gif_params none = {0};
    p = p ? p : &none;
    if (p->preset < LIMN_GIF_DEFAULT || p->preset > LIMN_GIF_FRAME_PALETTES) {
        return err_set(err, LIMN_ERR_ARG, "limn_gif_save: preset %d (expected 0 to %d)", p->preset,
                       LIMN_GIF_FRAME_PALETTES);
    }
    struct gif_source src = {frames[0]->im.width, frames[0]->im.height, n, read_frame, (void *)frames};
    struct gif_params q = {(enum gif_preset)p->preset,
                           p->frame_s,
                           p->first_s,
                           p->last_s,
                           p->ping_pong,
                           p->loops,
                           p->comment,
                           p->step,
                           p->user};
    struct gif_report r = {0};
    st = gif_write(path, &src, &q, (flags & LIMN_SAVE_FORCE) != 0, &r, err);
    if (st == LIMN_OK && out) {
        *out =
            (struct limn_gif_report){r.bytes,      r.n_frames, r.time_cs / 100.0, r.n_colours, r.tolerance, r.max_error,
                                     r.mean_error, r.psnr,     r.lossless};
    }
    return st;
}
