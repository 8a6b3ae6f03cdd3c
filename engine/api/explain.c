/* limn_explain: resolve the request, get a plan (the last one again when it fits), then chunk by chunk one forward pass
 * and one backward pass per class rank. A chunk that the device has no memory for is halved until it fits. The last
 * chunk is padded with zeros, because a plan has a fixed batch.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "base/checked.h"

#define BATCH_GPU 8 /* images in one pass when the caller leaves it to us; more gains little on any device measured */

struct request {
    limn_model *m;
    const struct limn_explain_params *p;
    const struct method **method;
    size_t n_method;
    const char **layer;
    size_t n_layer;
    size_t n_item;
    int32_t batch;
    size_t input_elems; /* of one image */
    float *input;       /* batch x input_elems */
    float *logits;      /* batch x classes */
    double at, width;   /* the pass that runs, in the whole */
    const char *what;
    limn_explanation *e;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

/* The pass `what` begins, `at` of everything is done, and it will add `width`. */
static limn_status report(struct request *r, double at, double width, const char *what, limn_error *err)
{
    r->at = at;
    r->width = width;
    r->what = what;
    if (r->p->step != NULL && !r->p->step(r->p->user, at, what)) {
        return err_set(err, LIMN_CANCELLED, "cancelled");
    }
    return LIMN_OK;
}

/* From inside a pass. */
static bool plan_step(void *user, float done)
{
    const struct request *r = ((const limn_model *)user)->running;
    return r == NULL || r->p->step == NULL || r->p->step(r->p->user, r->at + r->width * (double)done, r->what);
}

static limn_status resolve_methods(struct request *r, limn_error *err)
{
    size_t cap = r->p->n_methods * method_count();
    r->method = mem_zalloc(cap, sizeof(*r->method));
    if (r->method == NULL) {
        return err_nomem(err, cap * sizeof(*r->method), "the methods");
    }
    for (size_t i = 0; i < r->p->n_methods; i++) {
        bool all = r->p->methods[i] != NULL && strcmp(r->p->methods[i], "all") == 0;
        for (size_t j = 0; j < (all ? method_count() : 1); j++) {
            const struct method *found = all ? method_at(j) : NULL;
            if (!all) {
                limn_status st = method_resolve(r->p->methods[i] ? r->p->methods[i] : "", &found, err);
                if (st != LIMN_OK) {
                    return st;
                }
            }
            bool seen = false;
            for (size_t k = 0; k < r->n_method; k++) {
                seen = seen || r->method[k] == found;
            }
            if (!seen) {
                r->method[r->n_method++] = found;
            }
        }
    }
    return LIMN_OK;
}

static limn_status resolve_layers(struct request *r, limn_error *err)
{
    r->n_layer = r->p->n_layers ? r->p->n_layers : 1;
    r->layer = mem_zalloc(r->n_layer, sizeof(*r->layer));
    if (r->layer == NULL) {
        return err_nomem(err, r->n_layer * sizeof(*r->layer), "the layers");
    }
    bool needed = r->p->n_layers > 0;
    for (size_t i = 0; i < r->n_method; i++) {
        needed = needed || r->method[i]->uses_layer;
    }
    if (!needed) {
        r->n_layer = 0;
        return LIMN_OK;
    }
    for (size_t i = 0; i < r->n_layer; i++) {
        limn_status st = model_resolve_layer(r->m->model, r->p->n_layers ? r->p->layers[i] : NULL, &r->layer[i], err);
        if (st != LIMN_OK) {
            return st;
        }
    }
    return LIMN_OK;
}

/* Texts joined by ","; caller frees. */
static char *join(const char *const *text, size_t n)
{
    size_t size = 1;
    for (size_t i = 0; i < n; i++) {
        size += strlen(text[i]) + 1;
    }
    char *s = mem_zalloc(size, 1);
    for (size_t i = 0, at = 0; s != NULL && i < n; i++) {
        at += (size_t)snprintf(s + at, size - at, "%s%s", i ? "," : "", text[i]);
    }
    return s;
}

/* A preprocessed tensor: the network's input shape, with or without the number of images. */
static limn_status check_tensor(struct request *r, const struct limn_tensor *t, limn_error *err)
{
    const struct shape want = model_input_shape(r->m->model, 1);
    int32_t lead = t->rank - want.rank + 1; /* 1 with N, 0 without */
    bool same = t->data != NULL && (lead == 0 || lead == 1) && (lead == 0 || t->dim[0] >= 1);
    for (int32_t i = 1; i < want.rank && same; i++) {
        same = t->dim[lead + i - 1] == want.dim[i];
    }
    if (!same) {
        struct shape s = {.rank = t->rank < 0 || t->rank > SHAPE_MAX_RANK ? 0 : t->rank};
        struct shape one = {.rank = want.rank - 1};
        memcpy(s.dim, t->dim, sizeof(s.dim));
        memcpy(one.dim, want.dim + 1, sizeof(one.dim) - sizeof(one.dim[0]));
        char found[SHAPE_TEXT_MAX], expected[SHAPE_TEXT_MAX];
        return err_set(err, LIMN_ERR_SHAPE, "input tensor: shape (found %s, expected Nx%s)", shape_text(&s, found),
                       shape_text(&one, expected));
    }
    r->n_item = lead == 1 ? (size_t)t->dim[0] : 1;
    return LIMN_OK;
}

static limn_status check_input(struct request *r, limn_error *err)
{
    const struct model_card *c = model_get_card(r->m->model);
    const struct limn_explain_params *p = r->p;
    if (c->arch[0] == '\0') {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: the architecture is not one that limn knows; name it (arch)",
                       r->m->name);
    }
    if (model_latent(r->m->model) != NULL) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "%s: is an autoencoder: it gives pictures, not classes", r->m->name);
    }
    const struct shape one = model_input_shape(r->m->model, 1);
    r->input_elems = shape_elems(&one);
    if ((p->tensor != NULL) + (p->n_images > 0) + (p->n_volumes > 0) != 1) {
        return err_set(err, LIMN_ERR_ARG, "limn_explain: needs either pictures, volumes or a tensor");
    }
    if (p->tensor != NULL) {
        return check_tensor(r, p->tensor, err);
    }
    if ((p->n_volumes > 0) != (c->depth > 0)) {
        return err_set(err, LIMN_ERR_ARG, "%s: takes %s (found %s)", r->m->name, c->depth > 0 ? "volumes" : "pictures",
                       c->depth > 0 ? "pictures" : "volumes");
    }
    r->n_item = p->n_images + p->n_volumes;
    for (size_t i = 0; i < r->n_item; i++) {
        if (c->depth > 0 ? p->volumes == NULL || p->volumes[i] == NULL : p->images == NULL || p->images[i] == NULL) {
            return err_set(err, LIMN_ERR_ARG, "limn_explain: picture or volume %zu is NULL", i);
        }
    }
    return LIMN_OK;
}

/* ---- the plan ---- */

static char *plan_key(const struct request *r)
{
    char *layers = join(r->layer, r->n_layer);
    const char **names = mem_zalloc(r->n_method, sizeof(*names));
    char *key = NULL;
    if (layers != NULL && names != NULL) {
        for (size_t i = 0; i < r->n_method; i++) {
            names[i] = r->method[i]->name;
        }
        char *methods = join(names, r->n_method);
        size_t size = strlen(layers) + (methods ? strlen(methods) : 0) + 32;
        key = methods ? mem_alloc(size, 1) : NULL;
        if (key != NULL) {
            snprintf(key, size, "%s|%s", methods, layers);
        }
        mem_free(methods);
    }
    mem_free(layers);
    mem_free(names);
    return key;
}

static int32_t choose_batch(const struct request *r)
{
    size_t want = r->p->batch > 0 ? (size_t)r->p->batch : 1;
    if (r->p->batch <= 0 && r->m->ctx->device != NULL && !vk_device_caps(r->m->ctx->device)->cpu) {
        want = BATCH_GPU;
    }
    want = want < r->n_item ? want : r->n_item;
    return want > 1 && model_batch_max(r->m->model) < (int32_t)want ? model_batch_max(r->m->model) : (int32_t)want;
}

/* The plan of the last request serves again when nothing but the number of images differs. */
static bool plan_fits(const struct request *r, const char *key)
{
    const limn_model *m = r->m;
    return m->plan != NULL && strcmp(key, m->plan_key) == 0 &&
           (m->plan_wanted == r->batch ||
            (m->plan_batch >= r->batch && (r->p->batch <= 0 || m->plan_batch <= r->p->batch)));
}

static limn_status make_plan(struct request *r, limn_error *err)
{
    limn_model *m = r->m;
    struct explain_params ep = {.device = m->ctx->device,
                                .layers = r->layer,
                                .n_layers = r->n_layer,
                                .methods = r->method,
                                .n_methods = r->n_method,
                                .max_memory = m->ctx->max_memory,
                                .step = plan_step,
                                .user = m};
    double t = now_ms();
    limn_status st = LIMN_OK;
    m->plan_wanted = r->batch;
    for (int32_t batch = r->batch; batch > 0; batch /= 2) {
        ep.batch = batch;
        st = explain_plan_create(m->model, &ep, &m->plan, err);
        m->plan_batch = batch;
        if (st != LIMN_ERR_NOMEM && st != LIMN_ERR_DEVICE_NOMEM) {
            break;
        }
    }
    r->e->stats.plan_ms = now_ms() - t;
    return st;
}

static limn_status get_plan(struct request *r, limn_error *err)
{
    limn_model *m = r->m;
    char *key = plan_key(r);
    if (key == NULL) {
        return err_nomem(err, 64, "a plan");
    }
    limn_status st = LIMN_OK;
    if (plan_fits(r, key)) {
        mem_free(key);
    } else {
        explain_plan_destroy(&m->plan);
        mem_free(m->plan_key);
        m->plan_key = key;
        st = make_plan(r, err);
    }
    r->batch = m->plan_batch;
    return st;
}

/* ---- one chunk ---- */

/* The picture behind a preprocessed tensor: v = (x * std + mean) / range, clipped. */
static limn_status picture_of_tensor(const struct model_card *c, const float *chw, struct image *out, limn_error *err)
{
    limn_status st = image_init(out, c->width, c->height, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t plane = (size_t)c->width * (size_t)c->height;
    for (int32_t ch = 0; ch < 3; ch++) {
        int32_t from = c->channels >= 3 ? (c->bgr ? 2 - ch : ch) : 0;
        for (size_t i = 0; i < plane; i++) {
            float v = (chw[(size_t)from * plane + i] * c->std[from] + c->mean[from]) / c->range * 255.0f + 0.5f;
            out->rgb[3 * i + (size_t)ch] = (uint8_t)(v > 0.0f ? (v < 255.0f ? v : 255.0f) : 0.0f); /* NaN becomes 0 */
        }
    }
    return LIMN_OK;
}

static limn_status load_chunk(struct request *r, size_t first, size_t n, limn_error *err)
{
    const struct model_card *c = model_get_card(r->m->model);
    memset(r->input, 0, (size_t)r->batch * r->input_elems * sizeof(float));
    for (size_t i = 0; i < n; i++) {
        float *dst = r->input + i * r->input_elems;
        struct explained *x = &r->e->item[first + i];
        x->picture = mem_zalloc(1, sizeof(*x->picture));
        if (x->picture == NULL) {
            return err_nomem(err, sizeof(*x->picture), "a picture");
        }
        limn_status st = LIMN_OK;
        if (r->p->tensor != NULL) {
            memcpy(dst, r->p->tensor->data + (first + i) * r->input_elems, r->input_elems * sizeof(float));
        }
        if (c->depth > 0) {
            st = volume_input(r->m->model, r->p->n_volumes > 0 ? &r->p->volumes[first + i]->v : NULL, dst, x, err);
        } else if (r->p->tensor != NULL) {
            st = picture_of_tensor(c, dst, &x->picture->im, err);
        } else {
            st = model_preprocess(r->m->model, &r->p->images[first + i]->im, dst, &x->picture->im, err);
        }
        if (st != LIMN_OK) {
            return st;
        }
    }
    return LIMN_OK;
}

struct ranked {
    float v;
    int32_t k;
};
static int by_value(const void *pa, const void *pb)
{
    const struct ranked *a = pa, *b = pb;
    if (a->v != b->v) {
        return a->v < b->v ? 1 : -1;
    }
    return (a->k > b->k) - (a->k < b->k); /* equal scores: lower index first, so that results do not depend on qsort */
}

static limn_status judge(struct request *r, struct explained *x, const float *logits, limn_error *err)
{
    size_t k = (size_t)r->e->n_class;
    x->logits = mem_alloc(k, sizeof(float));
    x->prob = mem_alloc(k, sizeof(float));
    x->ranking = mem_alloc(k, sizeof(int32_t));
    struct ranked *order = mem_alloc(k, sizeof(*order));
    limn_status st = LIMN_OK;
    if (x->logits == NULL || x->prob == NULL || x->ranking == NULL || order == NULL) {
        st = err_nomem(err, k * 16, "the class scores");
        goto out;
    }
    for (size_t i = 0; i < k; i++) {
        if (!isfinite(logits[i])) {
            const char *why = model_warning(r->m->model); /* weights that are not finite themselves */
            st = err_set(err, LIMN_ERR_NUMERIC, "logits: class %zu (found %g, expected a finite number)%s%s", i,
                         (double)logits[i], why != NULL ? "; " : "", why != NULL ? why : "");
            goto out;
        }
        x->logits[i] = logits[i];
        order[i] = (struct ranked){logits[i], (int32_t)i};
    }
    head_probabilities(model_head(r->m->model)->kind, logits, k, x->prob);
    qsort(order, k, sizeof(*order), by_value);
    for (size_t i = 0; i < k; i++) {
        x->ranking[i] = order[i].k;
    }
out:
    mem_free(order);
    return st;
}

/* Copies map `method` of every image of the chunk that has a class of this rank. */
static limn_status store_maps(struct request *r, size_t first, size_t n, size_t rank, size_t method, limn_error *err)
{
    const struct shape *s = explain_map_shape(r->m->plan, method);
    size_t total = shape_elems(s), one = total / (size_t)s->dim[0];
    struct shape each = {.rank = s->rank - 1};
    memcpy(each.dim, s->dim + 1, (size_t)each.rank * sizeof(each.dim[0]));
    float *all = mem_alloc(total, sizeof(float));
    if (all == NULL) {
        return err_nomem(err, total * sizeof(float), "a map");
    }
    limn_status st = LIMN_OK;
    TRY(explain_map(r->m->plan, method, all, total, err));
    for (size_t i = 0; i < n; i++) {
        struct explained *x = &r->e->item[first + i];
        if (rank >= x->n_cls) {
            continue;
        }
        struct tensor *t = &x->map[rank * r->n_method + method];
        TRY(tensor_init(t, each, err));
        memcpy(t->data, all + i * one, one * sizeof(float));
        for (size_t j = 0; j < one; j++) {
            if (!isfinite(t->data[j])) {
                st = err_set(err, LIMN_ERR_NUMERIC, "%s: element %zu of the map (found %g, expected a finite number)",
                             r->method[method]->name, j, (double)t->data[j]);
                goto out;
            }
        }
    }
out:
    mem_free(all);
    return st;
}

static limn_status forward_chunk(struct request *r, size_t first, size_t n, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t k = (size_t)r->e->n_class;
    TRY(load_chunk(r, first, n, err));
    double t = now_ms();
    TRY(explain_forward(r->m->plan, r->input, r->logits, err));
    r->e->stats.forward_ms += now_ms() - t;
    for (size_t i = 0; i < n; i++) {
        struct explained *x = &r->e->item[first + i];
        TRY(judge(r, x, r->logits + i * k, err));
        if (r->n_method > 0) {
            const bool own = r->p->n_image_classes > 0;
            TRY(classes_resolve(r->m->model, own ? r->p->image_classes + first + i : r->p->classes,
                                own ? 1 : r->p->n_classes, x->ranking, r->e->n_class, &x->cls, &x->n_cls, err));
            x->map = mem_zalloc(x->n_cls * r->n_method, sizeof(*x->map));
            if (x->map == NULL) {
                st = err_nomem(err, x->n_cls * r->n_method * sizeof(*x->map), "the maps");
                goto out;
            }
        }
    }
out:
    return st;
}

static limn_status run_chunk(struct request *r, size_t first, size_t n, limn_error *err)
{
    limn_status st = LIMN_OK;
    double at = (double)first / (double)r->n_item, width = (double)n / (double)r->n_item;
    double forward = r->n_method > 0 ? width / 2.0 : width; /* a guess: how many classes there are shows afterwards */
    int32_t *cls = mem_zalloc((size_t)r->batch, sizeof(*cls));
    if (cls == NULL) {
        return err_nomem(err, (size_t)r->batch * sizeof(*cls), "the classes");
    }
    TRY(report(r, at, forward, "forward", err));
    TRY(forward_chunk(r, first, n, err));
    size_t ranks = 0;
    for (size_t i = 0; i < n; i++) {
        ranks = r->e->item[first + i].n_cls > ranks ? r->e->item[first + i].n_cls : ranks;
    }
    for (size_t rank = 0; rank < ranks; rank++) {
        double each = (width - forward) / (double)ranks;
        TRY(report(r, at + forward + each * (double)rank, each, "backward", err));
        for (size_t i = 0; i < n; i++) {
            const struct explained *x = &r->e->item[first + i];
            cls[i] = rank < x->n_cls ? x->cls[rank] : x->cls[0];
        }
        double t = now_ms();
        TRY(explain_backward(r->m->plan, cls, err));
        r->e->stats.backward_ms += now_ms() - t;
        for (size_t i = 0; i < r->n_method; i++) {
            TRY(store_maps(r, first, n, rank, i, err));
        }
    }
out:
    mem_free(cls);
    return st;
}

/* ---- the whole ---- */

static limn_status prepare(struct request *r, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(check_input(r, err));
    TRY(resolve_methods(r, err));
    TRY(resolve_layers(r, err));
    TRY(classes_check(r->m->model, r->p->classes, r->p->n_classes, err));
    TRY(classes_check(r->m->model, r->p->image_classes, r->p->n_image_classes, err));
    if (r->p->n_image_classes > 0 && (r->p->n_image_classes != r->n_item || r->p->n_classes > 0)) {
        st = err_set(err, LIMN_ERR_ARG, "classes of each image: %zu for %zu images%s", r->p->n_image_classes, r->n_item,
                     r->p->n_classes > 0 ? ", and classes of all besides" : "");
        goto out;
    }
    TRY(context_open_device(r->m->ctx, err));
    r->e = mem_zalloc(1, sizeof(*r->e));
    if (r->e == NULL) {
        st = err_nomem(err, sizeof(*r->e), "an explanation");
        goto out;
    }
    r->e->model = r->m;
    r->e->seed = r->p->seed;
    r->e->n_class = model_get_card(r->m->model)->n_classes;
    r->e->layers = join(r->layer, r->n_layer);
    r->e->item = mem_zalloc(r->n_item, sizeof(*r->e->item));
    if (r->e->layers == NULL || r->e->item == NULL) {
        st = err_nomem(err, r->n_item * sizeof(*r->e->item), "an explanation");
        goto out;
    }
    r->e->n_item = r->n_item;
    TRY(report(r, 0.0, 0.0, "loading", err));
    r->batch = choose_batch(r);
    TRY(get_plan(r, err));
    size_t n_input = 0;
    if (mul_size((size_t)r->batch, r->input_elems, &n_input)) {
        r->input = mem_alloc(n_input, sizeof(float));
        r->logits = mem_alloc((size_t)r->batch * (size_t)r->e->n_class, sizeof(float));
    }
    if (r->input == NULL || r->logits == NULL) {
        st = err_nomem(err, n_input * sizeof(float), "the input batch");
    }
out:
    return st;
}

limn_status limn_explain(limn_model *m, const struct limn_explain_params *p, limn_explanation **out, limn_error *err)
{
    API_NEED(m);
    API_NEED(p);
    API_NEED(out);
    if ((p->n_methods > 0 && p->methods == NULL) || (p->n_layers > 0 && p->layers == NULL) ||
        (p->n_classes > 0 && p->classes == NULL) || (p->n_image_classes > 0 && p->image_classes == NULL)) {
        return err_set(err, LIMN_ERR_ARG, "limn_explain: a list with a count is NULL");
    }
    limn_status st = LIMN_OK;
    struct request r = {.m = m, .p = p};
    m->running = &r;
    TRY(prepare(&r, err));
    for (size_t first = 0; first < r.n_item; first += (size_t)r.batch) {
        size_t left = r.n_item - first;
        TRY(run_chunk(&r, first, left < (size_t)r.batch ? left : (size_t)r.batch, err));
    }
    struct exec_stats s = {0};
    explain_plan_stats(m->plan, &s);
    r.e->stats.device_ms = s.device_ms;
    r.e->stats.activation_bytes = s.activation_bytes;
    r.e->stats.weight_bytes = s.weight_bytes;
    r.e->stats.n_dispatch = s.n_dispatch;
    r.e->stats.flops = s.flops;
    r.e->stats.batch = r.batch;
    r.e->method = r.method;
    r.e->n_method = r.n_method;
    r.method = NULL;
    TRY(report(&r, 1.0, 0.0, "done", err));
    *out = r.e;
    r.e = NULL;
out:
    m->running = NULL;
    if (st == LIMN_ERR_DEVICE || st == LIMN_ERR_DEVICE_LOST) {
        explain_plan_destroy(&m->plan); /* what it holds can no longer be trusted */
    }
    if (st != LIMN_OK && r.e != NULL) {
        r.e->n_method = r.n_method; /* the maps made so far are counted by it */
    }
    limn_explanation_destroy(&r.e);
    mem_free(r.method);
    mem_free(r.layer);
    mem_free(r.input);
    mem_free(r.logits);
    return st;
}
