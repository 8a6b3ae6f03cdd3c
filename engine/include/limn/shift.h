/* limn: autoencoders and latent shifts, pictures that show what would change the network's mind. The rules of
 * <limn/limn.h> hold here too.
 *
 * An autoencoder opens as any model; limn_model_info.n_classes is 0. */
#ifndef LIMN_SHIFT_H
#define LIMN_SHIFT_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---------------------------------------------------------------- reconstruct */

struct limn_reconstruct {                               /* of one picture */
    limn_image *original, *reconstruction, *difference; /* difference: |a - b| of each channel, over its maximum */
    double mse, mae, psnr, ssim; /* of pictures in [0,1] as they are shown; ssim: structural similarity, mean */
    double max_difference;
};
/* Encodes and decodes a picture, prepared as the autoencoder's card says. Device. */
LIMN_API limn_status limn_reconstruct(limn_model *autoencoder, const limn_image *image, struct limn_reconstruct *out,
                                      limn_error *err);
LIMN_API void limn_reconstruct_free(struct limn_reconstruct *r); /* its pictures; zeroed struct allowed */

/* The three side by side, small ones enlarged by whole pixels. */
LIMN_API limn_status limn_reconstruct_panel(const struct limn_reconstruct *r, limn_image **out, limn_error *err);

/* ---------------------------------------------------------------- latent shift */

/* Names of the rules of search ("sound", "latentshift", "gifsplanation"), of paths ("auto", "straight", "iterative"),
 * of scores ("log-probability", "margin", "logit", "probability", "double-sigmoid") and of heat maps ("int", "mean",
 * "max", "mm", "first"); NULL past the last. Quick. */
LIMN_API const char *limn_shift_rule_name(size_t i);
LIMN_API const char *limn_shift_path_name(size_t i);
LIMN_API const char *limn_shift_score_name(size_t i);
LIMN_API const char *limn_shift_heat_name(size_t i);

struct limn_shift_params { /* zero or NULL: the default of each field */
    const limn_image *image;
    const char *rule;  /* "sound": along the gradient scaled to length 1 until `target` is reached or `budget` spent.
                        * The published ones: the bare gradient, downwards from `from`, with their own grids and reasons
                        * to stop; the search keeps the step that triggered it */
    const char *path;  /* sound: "auto" follows the gradient anew after each step where the straight line fails */
    const char *score; /* whose gradient is taken: sound "log-probability" of `to`; the published rules "probability" of
                        * `from`; "margin": the score of `to` less that of `from` */
    const char *from, *to; /* classes; NULL: the most probable one of the reconstruction, and the next */
    double target;         /* sound: probability of `to` to reach: 0.9 */
    double budget;         /* sound: sum |x0 - x| / sum |x0| that may change: 1; latentshift: 0.05 */
    double step, limit;    /* of lambda; sound: parts of the latent's length, 0.02 and 3. latentshift: 10, 3000;
                            * gifsplanation: 10, 1000 */
    double drop;           /* latentshift: 0.8, gifsplanation: 0.15 */
    bool both;             /* sound: also away from `to` */
    size_t frames;         /* 16; the published rules: 10 */
    bool no_clip;          /* the classifier sees pictures beyond black and white (the published rules: always) */
    double mix;            /* part of the original in what the classifier sees */
    const char *inner;     /* shift this value inside the autoencoder instead of its latent one ... */
    const char *source;    /* ... along the gradient at this value of the classifier (NULL: the one of the same name and
                            * shape, else through the decoder) ... */
    const double *lambda;  /* ... by these multiples of it (`frames` numbers; also without `inner`) */
    int32_t batch;         /* frames in one pass: 8, fewer where the device has no room */
    bool (*step_fn)(void *user, double done, const char *what); /* false cancels: LIMN_CANCELLED */
    void *user;
};

typedef struct limn_shift limn_shift;
/* Device. The models must outlive the result. */
LIMN_API limn_status limn_shift_run(limn_model *classifier, limn_model *autoencoder, const struct limn_shift_params *p,
                                    limn_shift **out, limn_error *err);
LIMN_API void limn_shift_destroy(limn_shift **s);

struct limn_shift_info {
    int32_t from, to; /* classes */
    size_t frames;
    int32_t channels, height, width; /* of a frame */
    const char *rule, *score;
    bool iterative, reached, motionless; /* motionless: no frame differs from the reconstruction */
    bool monotone;                       /* the probability never falls on the way (published rules: never rises) */
    const char *low_stop, *high_stop;    /* why the search ended on each side, "no search" */
    double low, high;                    /* where */
    double latent_length, gradient_length;
    const float *original; /* probabilities of all classes for the picture itself, without the autoencoder */
    size_t evaluations;    /* pictures decoded and classified in the search */
};
LIMN_API limn_status limn_shift_describe(const limn_shift *s, struct limn_shift_info *out, limn_error *err);

struct limn_shift_frame {
    double lambda, change; /* change: sum |x0 - x| / sum |x0| */
    double p_from, p_to;
    int32_t top;              /* most probable class */
    const float *probability; /* of all classes */
    const float *pixels;      /* [C,H,W] in [0,1], not clipped */
};
/* Frames in the order of lambda; quick. */
LIMN_API limn_status limn_shift_frame(const limn_shift *s, size_t i, struct limn_shift_frame *out, limn_error *err);
/* The picture that was given, as the autoencoder sees it. */
LIMN_API const limn_image *limn_shift_original(const limn_shift *s);
/* A heat map [H,W] of where the frames differ; *out's data goes back through limn_tensor_free. */
LIMN_API limn_status limn_shift_heat(const limn_shift *s, const char *kind, struct limn_tensor *out, limn_error *err);

/* ---------------------------------------------------------------- pictures of it */

struct limn_shift_draw { /* zero: the default of each field */
    int32_t zoom;        /* small pictures are enlarged to about 224 pixels; n: n times */
    bool smooth;         /* enlarged bicubically instead of by whole pixels */
    bool side;           /* the original beside the frame */
    bool caption;        /* with the probabilities below */
    double blend;        /* part of the original in the picture that is drawn */
};
LIMN_API limn_status limn_shift_picture(const limn_shift *s, size_t frame, const struct limn_shift_draw *d,
                                        limn_image **out, limn_error *err);
/* Original, `n` frames (0: at most 8) with the probability under each, and the heat map. */
LIMN_API limn_status limn_shift_sheet(const limn_shift *s, size_t n, const struct limn_shift_draw *d, const char *heat,
                                      limn_image **out, limn_error *err);
/* Probabilities of both classes over lambda. */
LIMN_API limn_status limn_shift_curve(const limn_shift *s, limn_image **out, limn_error *err);
/* The heat map over the reconstruction. */
LIMN_API limn_status limn_shift_heat_picture(const limn_shift *s, const char *kind, const struct limn_shift_draw *d,
                                             limn_image **out, limn_error *err);
/* PNG with provenance. File. */
LIMN_API limn_status limn_shift_save_png(const limn_shift *s, const limn_image *picture, const char *path,
                                         unsigned flags, limn_error *err);
/* One line about where a result comes from, for the comment of a GIF; belongs to the result. */
LIMN_API const char *limn_shift_provenance(const limn_shift *s);
/* float32 numbers as .npy. File. */
LIMN_API limn_status limn_tensor_save(const struct limn_tensor *t, const char *path, unsigned flags, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
