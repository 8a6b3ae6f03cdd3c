/* Latent shift (Cohen et al. 2021): what change of its picture would change the network's mind.
 *
 * z = E(x); frames are D(z + lambda d) with d = d score(f(D(z))) / dz. Classifier f and decoder D are one graph, with
 * the change of pixel range between them. Or, instead of z, any value inside the autoencoder: v + lambda d. */
#ifndef LIMN_SHIFT_SHIFT_H
#define LIMN_SHIFT_SHIFT_H

#include "exec/exec.h"
#include "model/model.h"
#include "ops/ops.h"

/* ---- bridge.c: pixel ranges inside a graph ---- */
/* Of values normalised as the card says: pictures in [0,1] where they are pictures, red first, not clipped. */
value_id bridge_to_picture(struct builder *b, const struct model_card *from, value_id x);
/* Pictures to a network's input: channels, size (linear), normalisation. Differentiable. */
value_id bridge_from_picture(struct builder *b, const struct model_card *to, value_id v);

/* ---- reconstruct.c ---- */
/* One picture x, normalised for the autoencoder, and what comes back, [1,C,H,W] in [0,1], not clipped, of one size. */
limn_status shift_reconstruct(struct model *autoencoder, struct vk_device *dev, const struct exec_params *ep,
                              const float *x, struct tensor *original, struct tensor *picture, limn_error *err);

/* ---- search.c: how far to go ---- */
enum shift_rule {
    SHIFT_SOUND,         /* d has length 1; steps of `step`; stops at the goal, or when what may change has changed */
    SHIFT_LATENTSHIFT,   /* of the package latentshift: the step grows by a tenth of lambda; lambda < 0 */
    SHIFT_GIFSPLANATION, /* of the first published code: 1 up to 10, then 10; lambda < 0 */
    SHIFT_RULES
};
const char *shift_rule_name(enum shift_rule r); /* "sound", "latentshift", "gifsplanation" */
enum shift_stop {
    STOP_NONE,
    STOP_ROSE,    /* the score rose since the step before */
    STOP_FLOOR,   /* it is below the floor */
    STOP_DROP,    /* it fell by `drop` */
    STOP_LIMIT,   /* lambda is at its limit */
    STOP_CHANGE,  /* the picture changed by more than `change` */
    STOP_REACHED, /* the goal: SHIFT_SOUND only */
    STOP_COUNT
};
const char *shift_stop_text(enum shift_stop s); /* "the score rose again", ... */
struct shift_search {
    enum shift_rule rule;
    double step, limit; /* limit: of |lambda| */
    double floor, drop; /* of the score, LATENTSHIFT and GIFSPLANATION (drop) */
    double change;      /* sum |x0 - x| / sum |x0| */
    double fine;        /* GIFSPLANATION: the step while |lambda| < step */
};
/* What the published code has: (10, 3000, 0.05, 0.8, 0.05) and (10, then 1000, drop 0.15, fine 1). SHIFT_SOUND: no step
 * yet. */
struct shift_search shift_search_default(enum shift_rule r);
/* The lambda that is tried after this one. `sign` +1 or -1: of SHIFT_SOUND, the others go down. */
double shift_next(const struct shift_search *s, double lambda, double sign);

struct shift_probe {
    double score;  /* what the rule looks at */
    double change; /* sum |x0 - x| / sum |x0| */
    bool goal;     /* SHIFT_SOUND */
};
/* Evaluates pictures at n values of lambda. */
typedef limn_status (*shift_probe_fn)(void *user, const double *lambda, size_t n, struct shift_probe *out,
                                      limn_error *err);
struct shift_bound {
    double lambda; /* the one that stopped the search: it is kept, as published */
    enum shift_stop stop;
    size_t probes;
};
/* Walks along the grid from lambda = 0 until the first reason to stop, in the order of METHODS: rose, floor, drop,
 * limit, change; SOUND: reached, change, limit. `batch`: values are asked for so many at a time, which changes nothing
 * else. */
limn_status shift_find_bound(const struct shift_search *s, double sign, size_t batch, shift_probe_fn probe, void *user,
                             struct shift_bound *out, limn_error *err);
/* n frames: LATENTSHIFT and SOUND from low to high, both included; GIFSPLANATION as numpy.arange(low, 0, |low| / n),
 * which leaves 0 out. */
void shift_frames(enum shift_rule rule, double low, double high, size_t n, double *lambda);

/* ---- heat.c: where the pictures change ---- */
enum shift_heat { HEAT_INT, HEAT_MEAN, HEAT_MAX, HEAT_MM, HEAT_FIRST, HEAT_COUNT };
const char *shift_heat_name(enum shift_heat h); /* "int", "mean", "max", "mm", "first" */
/* frame: n pictures [C,H,W] in the order of lambda, x0 [C,H,W]. out [H,W]: the mean over channels of
 *   int    mean |f_i - f_i+1|     mean  mean |x0 - f_i|     max  max |x0 - f_i|
 *   mm     |f_first - f_last|     first |x0 - f_first|, what the first published code calls max */
void shift_heat(enum shift_heat h, const float *frame, size_t n, const float *x0, int32_t channels, size_t plane,
                float *out);

/* ---- engine.c: the graphs ---- */
enum shift_score {
    SCORE_OF_EVIDENCE, /* log of the probability: the class against all others, never flat */
    SCORE_OF_MARGIN,   /* score of the class that is wanted less that of the present one */
    SCORE_OF_LOGIT,    /* score of the class */
    SCORE_OF_CHANCE,   /* its probability */
    SCORE_OF_DOUBLE,   /* sigmoid(probability), as published: its networks end in a sigmoid already */
    SCORE_OF_COUNT
};
const char *
shift_score_name(enum shift_score s); /* "log-probability", "margin", "logit", "probability", "double-sigmoid" */

struct shift_engine_params {
    struct model *classifier, *autoencoder;
    struct vk_device *dev; /* NULL: the reference executor */
    struct exec_params exec;
    int32_t batch; /* pictures in one pass */
    bool clip;     /* the classifier sees pictures clipped to [0,1] */
    double mix;    /* and so much of the original mixed in */
    enum shift_score score;
    const char *inner;  /* value of the autoencoder that is shifted instead of the latent one; NULL: that */
    const char *source; /* inner: value of the classifier whose gradient is taken; NULL: that of `inner`, by name when
                         * it has the same shape, else through the decoder */
};
struct shift_engine;
limn_status shift_engine_create(const struct shift_engine_params *p, struct shift_engine **out, limn_error *err);
void shift_engine_destroy(struct shift_engine **e);                  /* NULL-safe */
size_t shift_dim(const struct shift_engine *e);                      /* numbers of the value that is shifted */
const struct shape *shift_frame_shape(const struct shift_engine *e); /* [1,C,H,W] of a picture */
int32_t shift_classes(const struct shift_engine *e);
const struct model_card *shift_card(const struct shift_engine *e); /* of the autoencoder */
enum score_kind shift_kind(const struct shift_engine *e);          /* of the classifier's scores */
/* x: preprocessed for the autoencoder. Gives the value that is shifted (zeros for `inner`: shifts are relative). */
limn_status shift_encode(struct shift_engine *e, const float *x, float *z, limn_error *err);
/* n (any number) values z to pictures [n,C,H,W] in [0,1], not clipped, and scores [n,K]. */
limn_status shift_decode(struct shift_engine *e, const float *z, size_t n, float *picture, float *scores,
                         limn_error *err);
/* Scores [K] of the picture x itself. */
limn_status shift_classify(struct shift_engine *e, const float *x, float *scores, limn_error *err);
/* d score / dz at z, for one picture. */
limn_status shift_gradient(struct shift_engine *e, const float *z, int32_t from, int32_t to, float *g, limn_error *err);
/* What the search of a published rule looks at: the score by the engine's kind. */
double shift_score_value(const struct shift_engine *e, const float *scores, int32_t from, int32_t to);

/* ---- run.c: one picture ---- */
enum shift_path { PATH_AUTO, PATH_STRAIGHT, PATH_ITERATIVE, PATH_COUNT };
const char *shift_path_name(enum shift_path p); /* "auto", "straight", "iterative" */
struct shift_options {
    struct shift_search search; /* step 0: a fiftieth of the latent's length; limit 0: three times that length */
    enum shift_path path;       /* auto: straight, or iterative when that is better */
    int32_t from, to;           /* classes; -1: the most probable one of the reconstruction, the next one */
    double target;              /* goal: the class `to` comes first with this probability */
    bool both;                  /* SHIFT_SOUND: also away from it */
    size_t frames;
    const double *lambda; /* `frames` given ones instead of a search; NULL: search */
};
struct shift_frame {
    double lambda, change;
    double p_from, p_to;
    int32_t top; /* most probable class */
};
struct shift_result {
    int32_t from, to;
    double length, gradient; /* of z, of d before it was scaled */
    struct shift_bound low, high;
    bool iterative, reached, motionless, monotone;
    size_t n;
    struct shift_frame *frame;
    float *picture;     /* n of [C,H,W] in [0,1], not clipped */
    float *original;    /* [C,H,W]: lambda = 0, the reconstruction */
    float *probability; /* n x K */
    float *seen;        /* K: of the picture itself, without the autoencoder */
    size_t evaluations;
};
limn_status shift_run(struct shift_engine *e, const float *x, const struct shift_options *o, struct shift_result *out,
                      limn_error *err);
void shift_result_finish(struct shift_result *r);

#endif
