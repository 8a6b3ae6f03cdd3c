/* Saved pictures carry where they come from as PNG text chunks, so that a heat map found in a folder next year can
 * still be made again. No times and no paths: the same request gives the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include "api/api.h"

#define N_TEXT 10

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
    char class_text[256], score[32], seed[24];
    snprintf(class_text, sizeof(class_text), label ? "%d %s" : "%d", k, label ? label : "");
    snprintf(score, sizeof(score), "%.6f", (double)e->item[which.image].prob[k]);
    snprintf(seed, sizeof(seed), "%llu", (unsigned long long)e->seed);
    const struct png_text text[N_TEXT] = {
        {"Software", "limn " LIMN_VERSION},
        {"limn:model", base ? base + 1 : e->model->name},
        {"limn:arch", card->arch},
        {"limn:model-sha256", hash},
        {"limn:method", e->method[which.method]->name},
        {"limn:layer", e->layers},
        {"limn:class", class_text},
        {"limn:probability", score},
        {"limn:view", view ? view : "auto"},
        {"limn:seed", seed},
    };
    return image_save_png(path, &picture->im, text, N_TEXT, (flags & LIMN_SAVE_FORCE) != 0, err);
}
