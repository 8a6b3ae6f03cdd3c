/* Latent shifts at the border: names to numbers, defaults, one run, accessors. */
#include "api/shift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "tensor/npy.h"

#define DEFAULT_BATCH 8

const char *limn_shift_rule_name(size_t i)
{
    return i < SHIFT_RULES ? shift_rule_name((enum shift_rule)i) : NULL;
}

const char *limn_shift_path_name(size_t i)
{
    return i < PATH_COUNT ? shift_path_name((enum shift_path)i) : NULL;
}

const char *limn_shift_score_name(size_t i)
{
    return i < SCORE_OF_COUNT ? shift_score_name((enum shift_score)i) : NULL;
}

const char *limn_shift_heat_name(size_t i)
{
    return i < HEAT_COUNT ? shift_heat_name((enum shift_heat)i) : NULL;
}

/* Row of a table of names. */
static limn_status pick(const char *what, const char *name, const char *(*at)(size_t i), size_t *out, limn_error *err)
{
    const char *list[16];
    size_t n = 0;
    for (; name && n < 16 && at(n); n++) {
        list[n] = at(n);
        if (strcmp(list[n], name) == 0) {
            *out = n;
            return LIMN_OK;
        }
    }
    char safe[60];
    const char *near = name ? str_closest(name, list, n) : NULL;
    return !name ? LIMN_OK
                 : err_set(err, LIMN_ERR_NOT_FOUND, "no %s \"%s\"; did you mean %s?", what,
                           str_escape(safe, sizeof(safe), name), near ? near : list[0]);
}

/* Everything of one request. */
struct request_shift {
    const struct limn_shift_params *p;
    limn_shift *s;
    struct shift_engine_params engine;
    struct shift_options o;
    float *x;
};

static limn_status read_names(struct request_shift *r, limn_error *err)
{
    const struct limn_shift_params *p = r->p;
    size_t rule = SHIFT_SOUND, path = PATH_AUTO, score;
    limn_status st = LIMN_OK;
    TRY(pick("rule", p->rule, limn_shift_rule_name, &rule, err));
    TRY(pick("path", p->path, limn_shift_path_name, &path, err));
    score = rule == SHIFT_SOUND ? SCORE_OF_EVIDENCE : SCORE_OF_CHANCE;
    TRY(pick("score", p->score, limn_shift_score_name, &score, err));
    r->s->rule = (enum shift_rule)rule;
    r->s->score = r->engine.score = (enum shift_score)score;
    r->o.path = (enum shift_path)path;
    r->o.from = r->o.to = -1;
    TRY(p->from ? model_resolve_class(r->s->classifier->model, p->from, &r->o.from, err) : LIMN_OK);
    TRY(p->to ? model_resolve_class(r->s->classifier->model, p->to, &r->o.to, err) : LIMN_OK);
    if (p->from && p->to && r->o.from == r->o.to) {
        TRY(err_set(err, LIMN_ERR_ARG, "a shift from class %d to itself", r->o.from));
    }
out:
    return st;
}

static limn_status read_numbers(struct request_shift *r, limn_error *err)
{
    const struct limn_shift_params *p = r->p;
    const bool sound = r->s->rule == SHIFT_SOUND;
    struct shift_search *s = &r->o.search;
    double numbers[] = {p->target, p->budget, p->step, p->limit, p->drop, p->mix};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (!(numbers[i] >= 0 && isfinite(numbers[i]))) {
            return err_set(err, LIMN_ERR_ARG, "limn_shift_run: %g among the numbers (expected 0 or more)", numbers[i]);
        }
    }
    *s = shift_search_default(r->s->rule);
    s->step = p->step > 0 ? p->step : s->step;
    s->limit = p->limit > 0 ? p->limit : s->limit;
    s->drop = p->drop > 0 ? p->drop : s->drop;
    s->change = p->budget > 0 ? p->budget : s->change;
    s->fine = s->rule == SHIFT_GIFSPLANATION && p->step > 0 ? p->step / 5 : s->fine; /* 0.5 and 0.1, as published */
    r->o.target = p->target > 0 ? p->target : 0.9;
    r->o.both = p->both;
    r->o.frames = p->frames > 0 ? p->frames : sound ? 16 : 10;
    r->o.lambda = p->lambda;
    r->engine.batch = p->batch > 0 ? p->batch : DEFAULT_BATCH;
    r->engine.clip = sound && !p->no_clip;
    r->engine.mix = p->mix;
    r->engine.inner = p->inner;
    r->engine.source = p->source;
    return r->o.target < 1 ? LIMN_OK
                           : err_set(err, LIMN_ERR_ARG, "target probability %g (expected below 1)", p->target);
}

static bool on_step(void *user, float done)
{
    const struct limn_shift_params *p = user;
    return !p->step_fn || p->step_fn(p->user, (double)done, "shift");
}

static limn_status prepare(struct request_shift *r, limn_error *err)
{
    limn_model *f = r->s->classifier, *ae = r->s->autoencoder;
    struct image view = {0};
    limn_status st = LIMN_OK;
    TRY(read_names(r, err));
    TRY(read_numbers(r, err));
    if (!f->ctx->reference) {
        TRY(context_open_device(f->ctx, err));
    }
    r->engine.classifier = f->model;
    r->engine.autoencoder = ae->model;
    r->engine.dev = f->ctx->device;
    r->engine.exec = (struct exec_params){.max_memory = f->ctx->max_memory, .step = on_step, .user = (void *)r->p};
    struct shape in = model_input_shape(ae->model, 1);
    r->x = mem_alloc(shape_elems(&in), sizeof(float));
    if (!r->x) {
        TRY(err_nomem(err, shape_elems(&in) * sizeof(float), "an input"));
    }
    TRY(model_preprocess(ae->model, &r->p->image->im, r->x, &view, err));
    st = limn_image_create(view.width, view.height, view.rgb, &r->s->original, err);
out:
    image_finish(&view);
    return st;
}

const char *class_text(const limn_model *m, int32_t k, char *buf, size_t size)
{
    const char *label = limn_model_label(m, k);
    char safe[64];
    if (label) {
        snprintf(buf, size, "%s", str_escape(safe, sizeof(safe), label));
    } else {
        snprintf(buf, size, "class %d", k);
    }
    return buf;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static limn_status set_provenance(limn_shift *s, limn_error *err)
{
    char from[80], to[80];
    const char *f = limn_model_sha256(s->classifier, err), *a = f ? limn_model_sha256(s->autoencoder, err) : NULL;
    if (!a) {
        return LIMN_ERR_READ;
    }
    snprintf(s->provenance, sizeof(s->provenance),
             "limn " LIMN_VERSION "; latent shift, %s rule, %s score%s%s; classifier %.100s %.16s; autoencoder %.100s "
             "%.16s; from %d %s to %d %s; lambda %.6g to %.6g",
             shift_rule_name(s->rule), shift_score_name(s->score), s->inner ? ", inner " : "", s->inner ? s->inner : "",
             base_name(s->classifier->name), f, base_name(s->autoencoder->name), a, s->r.from,
             class_text(s->classifier, s->r.from, from, sizeof(from)), s->r.to,
             class_text(s->classifier, s->r.to, to, sizeof(to)), s->r.frame[0].lambda, s->r.frame[s->r.n - 1].lambda);
    return LIMN_OK;
}

/* Fewer frames at a time where the device has no room for more, unless their number was asked for. */
static limn_status create_engine(struct request_shift *r, struct shift_engine **out, limn_error *err)
{
    limn_status st = shift_engine_create(&r->engine, out, err);
    while (st == LIMN_ERR_DEVICE_NOMEM && r->p->batch == 0 && r->engine.batch > 1) {
        r->engine.batch /= 2;
        st = shift_engine_create(&r->engine, out, err);
    }
    return st;
}

limn_status limn_shift_run(limn_model *classifier, limn_model *autoencoder, const struct limn_shift_params *p,
                           limn_shift **out, limn_error *err)
{
    API_NEED(classifier);
    API_NEED(autoencoder);
    API_NEED(p);
    API_NEED(out);
    API_NEED(p->image);
    struct shift_engine *e = NULL;
    struct request_shift r = {.p = p};
    limn_status st = LIMN_OK;
    r.s = mem_zalloc(1, sizeof(*r.s));
    if (!r.s) {
        return err_nomem(err, sizeof(*r.s), "a shift");
    }
    r.s->classifier = classifier;
    r.s->autoencoder = autoencoder;
    r.s->inner = p->inner ? mem_strdup(p->inner) : NULL;
    TRY(prepare(&r, err));
    TRY(create_engine(&r, &e, err));
    r.s->shape = *shift_frame_shape(e);
    TRY(shift_run(e, r.x, &r.o, &r.s->r, err));
    TRY(set_provenance(r.s, err));
    *out = r.s;
    r.s = NULL;
out:
    shift_engine_destroy(&e);
    mem_free(r.x);
    limn_shift_destroy(&r.s);
    return st;
}

void limn_shift_destroy(limn_shift **s)
{
    if (s && *s) {
        shift_result_finish(&(*s)->r);
        limn_image_destroy(&(*s)->original);
        mem_free((*s)->inner);
        mem_free(*s);
        *s = NULL;
    }
}

limn_status limn_shift_describe(const limn_shift *s, struct limn_shift_info *out, limn_error *err)
{
    API_NEED(s);
    API_NEED(out);
    const struct shift_result *r = &s->r;
    *out = (struct limn_shift_info){.from = r->from,
                                    .to = r->to,
                                    .frames = r->n,
                                    .channels = s->shape.dim[1],
                                    .height = s->shape.dim[2],
                                    .width = s->shape.dim[3],
                                    .rule = shift_rule_name(s->rule),
                                    .score = shift_score_name(s->score),
                                    .iterative = r->iterative,
                                    .original = r->seen,
                                    .reached = r->reached,
                                    .motionless = r->motionless,
                                    .monotone = r->monotone,
                                    .low_stop = shift_stop_text(r->low.stop),
                                    .high_stop = shift_stop_text(r->high.stop),
                                    .low = r->low.lambda,
                                    .high = r->high.lambda,
                                    .latent_length = r->length,
                                    .gradient_length = r->gradient,
                                    .evaluations = r->evaluations};
    return LIMN_OK;
}

limn_status limn_shift_frame(const limn_shift *s, size_t i, struct limn_shift_frame *out, limn_error *err)
{
    API_NEED(s);
    API_NEED(out);
    if (i >= s->r.n) {
        return err_set(err, LIMN_ERR_ARG, "frame %zu (expected 0 to %zu)", i, s->r.n - 1);
    }
    const struct shift_frame *f = &s->r.frame[i];
    *out = (struct limn_shift_frame){.lambda = f->lambda,
                                     .change = f->change,
                                     .p_from = f->p_from,
                                     .p_to = f->p_to,
                                     .top = f->top,
                                     .probability =
                                         s->r.probability + i * (size_t)model_get_card(s->classifier->model)->n_classes,
                                     .pixels = s->r.picture + i * shape_elems(&s->shape)};
    return LIMN_OK;
}

const limn_image *limn_shift_original(const limn_shift *s)
{
    return s ? s->original : NULL;
}

const char *limn_shift_provenance(const limn_shift *s)
{
    return s ? s->provenance : NULL;
}

limn_status limn_shift_heat(const limn_shift *s, const char *kind, struct limn_tensor *out, limn_error *err)
{
    API_NEED(s);
    API_NEED(out);
    size_t heat = HEAT_INT;
    size_t plane = (size_t)s->shape.dim[2] * (size_t)s->shape.dim[3];
    limn_status st = pick("heat map", kind, limn_shift_heat_name, &heat, err);
    if (st != LIMN_OK) {
        return st;
    }
    float *v = mem_alloc(plane, sizeof(*v));
    if (!v) {
        return err_nomem(err, plane * sizeof(*v), "a heat map");
    }
    shift_heat((enum shift_heat)heat, s->r.picture, s->r.n, s->r.original, s->shape.dim[1], plane, v);
    *out = (struct limn_tensor){.rank = 2, .dim = {s->shape.dim[2], s->shape.dim[3]}, .data = v};
    return LIMN_OK;
}

limn_status limn_tensor_save(const struct limn_tensor *t, const char *path, unsigned flags, limn_error *err)
{
    API_NEED(t);
    API_NEED(path);
    if (t->rank < 0 || t->rank > SHAPE_MAX_RANK || !t->data) {
        return err_set(err, LIMN_ERR_ARG, "limn_tensor_save: rank %d (expected 0 to %d, with data)", t->rank,
                       SHAPE_MAX_RANK);
    }
    struct shape s = shape_of(t->rank, t->dim);
    limn_status st = shape_check(&s, err);
    return st == LIMN_OK ? npy_write(path, &s, t->data, (flags & LIMN_SAVE_FORCE) != 0, err) : st;
}
