/* Class lists of a request. An item is an index, a label, or "topN"; a list written as one text "281,top2" is taken
 * apart only when it names no class itself, because labels hold commas.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/str.h"

struct class_list {
    int32_t *v;
    size_t n, cap;
};

static limn_status append(struct class_list *l, int32_t k, limn_error *err)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i] == k) {
            return LIMN_OK; /* asked for twice: explained once */
        }
    }
    limn_status st = mem_grow(&l->v, &l->cap, l->n + 1, sizeof(*l->v), err);
    if (st == LIMN_OK) {
        l->v[l->n++] = k;
    }
    return st;
}

/* One item. Without a ranking, "topN" is only checked. */
static limn_status append_item(struct model *m, const char *text, const int32_t *ranking, int32_t n_class,
                               struct class_list *l, limn_error *err)
{
    int64_t n = 0;
    if (str_starts(text, "top") && str_to_i64(text + 3, 1, n_class, &n)) {
        for (int64_t i = 0; ranking != NULL && i < n; i++) {
            limn_status st = append(l, ranking[i], err);
            if (st != LIMN_OK) {
                return st;
            }
        }
        return LIMN_OK;
    }
    int32_t k = 0;
    limn_status st = model_resolve_class(m, text, &k, err);
    return st == LIMN_OK ? append(l, k, err) : st;
}

static limn_status append_text(struct model *m, const char *text, const int32_t *ranking, int32_t n_class,
                               struct class_list *l, limn_error *err)
{
    limn_error whole = {0};
    limn_status st = append_item(m, text, ranking, n_class, l, &whole);
    if (st != LIMN_ERR_NOT_FOUND && st != LIMN_ERR_ARG) {
        if (st != LIMN_OK && err != NULL) {
            *err = whole;
        }
        return st;
    }
    char *copy = strchr(text, ',') ? mem_strdup(text) : NULL;
    if (copy == NULL) {
        if (err != NULL) {
            *err = whole;
        }
        return st;
    }
    char *save = NULL;
    st = LIMN_OK;
    for (char *part = strtok_r(copy, ",", &save); part != NULL && st == LIMN_OK; part = strtok_r(NULL, ",", &save)) {
        while (*part == ' ') {
            part++;
        }
        st = append_item(m, part, ranking, n_class, l, err);
    }
    mem_free(copy);
    return st;
}

limn_status classes_resolve(struct model *m, const char *const *text, size_t n, const int32_t *ranking, int32_t n_class,
                            int32_t **out, size_t *n_out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct class_list l = {0};
    if (n == 0) {
        st = append_text(m, "top1", ranking, n_class, &l, err);
    }
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        if (text[i] == NULL) {
            st = err_set(err, LIMN_ERR_ARG, "class %zu is NULL", i);
        } else {
            st = append_text(m, text[i], ranking, n_class, &l, err);
        }
    }
    if (st != LIMN_OK) {
        mem_free(l.v);
        return st;
    }
    *out = l.v;
    *n_out = l.n;
    return LIMN_OK;
}

limn_status classes_check(struct model *m, const char *const *text, size_t n, limn_error *err)
{
    int32_t *v = NULL;
    size_t count = 0;
    limn_status st = classes_resolve(m, text, n, NULL, model_get_card(m)->n_classes, &v, &count, err);
    if (st == LIMN_OK) {
        mem_free(v);
    }
    return st;
}
