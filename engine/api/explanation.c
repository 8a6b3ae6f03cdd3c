/* Explanations: what limn_explain found, and access to it. */
#include <string.h>

#include "api/api.h"
#include "tensor/npy.h"

static void explained_finish(struct explained *x, size_t n_method)
{
    for (size_t i = 0; x->map != NULL && i < x->n_cls * n_method; i++) {
        tensor_finish(&x->map[i]);
    }
    mem_free(x->map);
    mem_free(x->cls);
    mem_free(x->ranking);
    mem_free(x->logits);
    mem_free(x->prob);
    limn_image_destroy(&x->picture);
    volume_finish(&x->volume);
}

void limn_explanation_destroy(limn_explanation **e)
{
    if (e == NULL || *e == NULL) {
        return;
    }
    for (size_t i = 0; (*e)->item != NULL && i < (*e)->n_item; i++) {
        explained_finish(&(*e)->item[i], (*e)->n_method);
    }
    mem_free((*e)->item);
    heat_volume_destroy(&(*e)->heat);
    mem_free((*e)->method);
    mem_free((*e)->layers);
    mem_free(*e);
    *e = NULL;
}

static const struct explained *item_at(const limn_explanation *e, size_t image)
{
    return e != NULL && image < e->n_item ? &e->item[image] : NULL;
}

size_t limn_explanation_count(const limn_explanation *e)
{
    return e ? e->n_item : 0;
}

size_t limn_explanation_class_count(const limn_explanation *e, size_t image)
{
    const struct explained *x = item_at(e, image);
    return x ? x->n_cls : 0;
}

int32_t limn_explanation_class(const limn_explanation *e, size_t image, size_t cls)
{
    const struct explained *x = item_at(e, image);
    return x && cls < x->n_cls ? x->cls[cls] : -1;
}

size_t limn_explanation_method_count(const limn_explanation *e)
{
    return e ? e->n_method : 0;
}

const char *limn_explanation_method(const limn_explanation *e, size_t method)
{
    return e && method < e->n_method ? e->method[method]->name : NULL;
}

const char *limn_explanation_layers(const limn_explanation *e)
{
    return e ? e->layers : NULL;
}

const float *limn_explanation_logits(const limn_explanation *e, size_t image)
{
    const struct explained *x = item_at(e, image);
    return x ? x->logits : NULL;
}

const float *limn_explanation_probabilities(const limn_explanation *e, size_t image)
{
    const struct explained *x = item_at(e, image);
    return x ? x->prob : NULL;
}

const int32_t *limn_explanation_ranking(const limn_explanation *e, size_t image)
{
    const struct explained *x = item_at(e, image);
    return x ? x->ranking : NULL;
}

const limn_image *limn_explanation_picture(const limn_explanation *e, size_t image)
{
    const struct explained *x = item_at(e, image);
    return x ? x->picture : NULL;
}

limn_status api_check_which(const limn_explanation *e, struct limn_which which, limn_error *err)
{
    if (which.image >= e->n_item) {
        return err_set(err, LIMN_ERR_ARG, "image index (found %zu, expected below %zu)", which.image, e->n_item);
    }
    if (which.method >= e->n_method) {
        return err_set(err, LIMN_ERR_ARG, "method index (found %zu, expected below %zu)", which.method, e->n_method);
    }
    if (which.cls >= e->item[which.image].n_cls) {
        return err_set(err, LIMN_ERR_ARG, "class index (found %zu, expected below %zu)", which.cls,
                       e->item[which.image].n_cls);
    }
    return LIMN_OK;
}

limn_status limn_explanation_map(const limn_explanation *e, struct limn_which which, struct limn_tensor *out,
                                 limn_error *err)
{
    API_NEED(e);
    API_NEED(out);
    limn_status st = api_check_which(e, which, err);
    if (st != LIMN_OK) {
        return st;
    }
    const struct tensor *t = &e->item[which.image].map[which.cls * e->n_method + which.method];
    out->rank = t->shape.rank;
    memcpy(out->dim, t->shape.dim, sizeof(out->dim));
    out->data = t->data;
    return LIMN_OK;
}

limn_status limn_explanation_stats(const limn_explanation *e, struct limn_stats *out, limn_error *err)
{
    API_NEED(e);
    API_NEED(out);
    *out = e->stats;
    return LIMN_OK;
}

limn_status limn_explanation_save_npy(const limn_explanation *e, struct limn_which which, const char *path,
                                      unsigned flags, limn_error *err)
{
    API_NEED(e);
    API_NEED(path);
    limn_status st = api_check_which(e, which, err);
    if (st != LIMN_OK) {
        return st;
    }
    const struct tensor *t = &e->item[which.image].map[which.cls * e->n_method + which.method];
    return npy_write(path, &t->shape, t->data, (flags & LIMN_SAVE_FORCE) != 0, err);
}
