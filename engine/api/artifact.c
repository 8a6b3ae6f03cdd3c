/* Saved pictures carry where they come from as PNG text chunks, so that a heat map found in a folder next year can
 * still be made again. No times and no paths: the same request gives the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

#define N_TEXT 10

/* The methods that a picture shows, joined by ",": its own, or those of a view that joins several. */
static void methods_text(const limn_explanation *e, struct limn_which which, const char *view, char *buf, size_t size)
{
    struct limn_view_info info = {.per_method = true};
    for (size_t i = 0; view != NULL && i < limn_view_count(); i++) {
        struct limn_view_info row;
        if (limn_view_info(i, &row, NULL) == LIMN_OK && strcmp(row.name, view) == 0) {
            info = row;
        }
    }
    if (info.per_method) {
        snprintf(buf, size, "%s", e->method[which.method]->name);
        return;
    }
    size_t n = info.n_methods > 0 ? info.n_methods : e->n_method, at = 0;
    for (size_t i = 0; i < n && at < size; i++) {
        const char *name = info.n_methods > 0 ? info.methods[i] : e->method[i]->name;
        at += (size_t)snprintf(buf + at, size - at, "%s%s", i > 0 ? "," : "", name);
    }
}

limn_status limn_explanation_save_png(const limn_explanation *e, struct limn_which which, const char *view,
                                      const limn_image *picture, const char *path, unsigned flags, limn_error *err)
{
    API_NEED(e);
    API_NEED(picture);
    API_NEED(path);
    limn_status st = api_check_which(e, which, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (flags & LIMN_SAVE_STRIP) {
        return limn_image_save(picture, path, flags, err);
    }
    const struct model_card *card = model_get_card(e->model->model);
    const char *hash = limn_model_sha256(e->model, err);
    if (hash == NULL) {
        return LIMN_ERR_READ;
    }
    int32_t k = e->item[which.image].cls[which.cls];
    const char *label = limn_model_label(e->model, k);
    const char *base = strrchr(e->model->name, '/');
    char class_text[256], score[32], seed[24], methods[512];
    methods_text(e, which, view, methods, sizeof(methods));
    snprintf(class_text, sizeof(class_text), label ? "%d %s" : "%d", k, label ? label : "");
    snprintf(score, sizeof(score), "%.6f", (double)e->item[which.image].prob[k]);
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)e->seed);
    const struct png_text text[N_TEXT] = {
        {"Software", "limn " LIMN_VERSION},
        {"limn:model", base ? base + 1 : e->model->name},
        {"limn:arch", card->arch},
        {"limn:model-sha256", hash},
        {"limn:method", methods},
        {"limn:layer", e->layers},
        {"limn:class", class_text},
        {"limn:probability", score},
        {"limn:view", view ? view : "auto"},
        {"limn:seed", seed},
    };
    return image_save_png(path, &picture->im, text, N_TEXT, (flags & LIMN_SAVE_FORCE) != 0, err);
}
