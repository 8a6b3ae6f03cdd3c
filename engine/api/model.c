/* Models at the border: parameters to options, cards to info structs, engine lists to public ones. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

limn_status limn_model_open(limn_context *ctx, const char *name, const struct limn_model_params *p, limn_model **out,
                            limn_error *err)
{
    API_NEED(ctx);
    API_NEED(name);
    API_NEED(out);
    limn_status st = LIMN_OK;
    struct model_options opt = {0};
    if (p != NULL) {
        opt = (struct model_options){.arch = p->arch,
                                     .labels_path = p->labels_path,
                                     .layer = p->layer,
                                     .depth = p->depth,
                                     .height = p->height,
                                     .width = p->width,
                                     .mean = p->mean,
                                     .std = p->std,
                                     .resize = p->resize,
                                     .strict = p->strict,
                                     .output = p->output,
                                     .axes = p->axes,
                                     .pre_activation = p->pre_activation,
                                     .multi_label = p->multi_label};
    }
    limn_model *m = mem_zalloc(1, sizeof(*m));
    if (m == NULL) {
        return err_nomem(err, sizeof(*m), "a model");
    }
    m->ctx = ctx;
    m->name = mem_strdup(name);
    if (m->name == NULL) {
        st = err_nomem(err, strlen(name) + 1, "a model name");
        goto out;
    }
    TRY(model_open(name, &opt, &m->model, err));
    *out = m;
    m = NULL;
out:
    limn_model_close(&m);
    return st;
}

void limn_model_close(limn_model **m)
{
    if (m == NULL || *m == NULL) {
        return;
    }
    explain_plan_destroy(&(*m)->plan);
    model_edits_destroy(&(*m)->edits);
    model_close(&(*m)->model);
    mem_free((*m)->plan_key);
    mem_free((*m)->layers);
    mem_free((*m)->name);
    mem_free(*m);
    *m = NULL;
}

const char *limn_model_output_name(const limn_model *m, size_t i)
{
    return m ? model_output_name(m->model, i) : NULL;
}

static const char *const score_names[] = {[SCORE_SOFTMAX] = "softmax",
                                          [SCORE_SIGMOID] = "sigmoid",
                                          [SCORE_PROBABILITY] = "probability",
                                          [SCORE_LOG] = "log-probability"};

limn_status limn_model_describe(const limn_model *m, struct limn_model_info *out, limn_error *err)
{
    API_NEED(m);
    API_NEED(out);
    const struct model_card *c = model_get_card(m->model);
    *out = (struct limn_model_info){
        .name = m->name,
        .path = model_path(m->model),
        .arch = c->arch,
        .title = c->title,
        .licence = c->licence,
        .origin = c->origin,
        .trained_on = c->trained_on,
        .default_layer = c->default_layer,
        .channels = c->channels,
        .depth = c->depth,
        .height = c->height,
        .width = c->width,
        .range = c->range,
        .n_classes = c->n_classes,
        .has_labels = c->labels != NULL,
        .params = model_params(m->model),
        .output = c->arch[0] == '\0'     ? ""
                  : c->output[0] != '\0' ? c->output
                                         : model_output_name(m->model, 0),
        .scores = score_names[model_head(m->model)->kind],
        .single_score = model_head(m->model)->single,
    };
    memcpy(out->mean, c->mean, sizeof(out->mean));
    memcpy(out->std, c->std, sizeof(out->std));
    return LIMN_OK;
}

const char *limn_model_sha256(limn_model *m, limn_error *err)
{
    if (m == NULL) {
        (void)api_null(err, "limn_model_sha256", "m");
        return NULL;
    }
    if (model_path(m->model)[0] == '\0') {
        return "";
    }
    return model_sha256(m->model, err);
}

const char *limn_model_warning(const limn_model *m)
{
    return m ? model_warning(m->model) : NULL;
}

const char *limn_model_label(const limn_model *m, int32_t k)
{
    if (m == NULL) {
        return NULL;
    }
    const struct model_card *c = model_get_card(m->model);
    return c->labels != NULL && k >= 0 && k < c->n_classes ? c->labels[k] : NULL;
}

limn_status limn_model_find_class(limn_model *m, const char *text, int32_t *out, limn_error *err)
{
    API_NEED(m);
    API_NEED(text);
    API_NEED(out);
    return model_resolve_class(m->model, text, out, err);
}

limn_status limn_model_layers(limn_model *m, const struct limn_layer_info **list, size_t *n, limn_error *err)
{
    API_NEED(m);
    API_NEED(list);
    API_NEED(n);
    if (m->layers == NULL) {
        const struct model_layer *found = NULL;
        size_t count = 0;
        limn_status st = model_layers(m->model, &found, &count, err);
        if (st != LIMN_OK) {
            return st;
        }
        struct limn_layer_info *copy = mem_zalloc(count, sizeof(*copy));
        if (copy == NULL) {
            return err_nomem(err, count * sizeof(*copy), "the layer list");
        }
        for (size_t i = 0; i < count; i++) {
            copy[i] = (struct limn_layer_info){.name = found[i].name,
                                               .op = found[i].op,
                                               .rank = found[i].shape.rank,
                                               .params = found[i].params,
                                               .is_default = found[i].is_default};
            memcpy(copy[i].dim, found[i].shape.dim, sizeof(copy[i].dim));
        }
        m->layers = copy;
        m->n_layers = count;
    }
    *list = m->layers;
    *n = m->n_layers;
    return LIMN_OK;
}

limn_status limn_model_list(struct limn_model_entry **list, size_t *n, limn_error *err)
{
    API_NEED(list);
    API_NEED(n);
    struct model_entry *found = NULL;
    size_t count = 0;
    limn_status st = model_list(&found, &count, err);
    if (st != LIMN_OK) {
        return st;
    }
    struct limn_model_entry *copy = mem_zalloc(count, sizeof(*copy));
    if (copy == NULL) {
        mem_free(found);
        return err_nomem(err, count * sizeof(*copy), "the model list");
    }
    for (size_t i = 0; i < count; i++) {
        snprintf(copy[i].name, sizeof(copy[i].name), "%s", found[i].name);
        snprintf(copy[i].title, sizeof(copy[i].title), "%s", found[i].title);
        snprintf(copy[i].path, sizeof(copy[i].path), "%s", found[i].path);
        snprintf(copy[i].licence, sizeof(copy[i].licence), "%s", found[i].licence);
        copy[i].bytes = found[i].bytes;
    }
    mem_free(found);
    *list = copy;
    *n = count;
    return LIMN_OK;
}

void limn_model_list_free(struct limn_model_entry **list)
{
    if (list != NULL) {
        mem_free(*list);
        *list = NULL;
    }
}
