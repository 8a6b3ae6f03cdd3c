/* Class labels: reading a file of them, and finding the class that a user's words mean.
 *
 * A label may hold synonyms separated by commas ("tench, Tinca tinca"); each of them names the class. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/str.h"
#include "model/model_priv.h"

#define LABELS_BYTES_MAX (16u << 20)

limn_status labels_read(const char *path, struct arena *a, const char ***labels, int32_t *n, limn_error *err)
{
    void *data = NULL;
    size_t size = 0, count = 0;
    limn_status st = file_read_all(path, LABELS_BYTES_MAX, &data, &size, err);
    if (st != LIMN_OK) {
        return st;
    }
    const char *text = data;
    for (size_t i = 0; i < size; i++) {
        count += text[i] == '\n' || i + 1 == size;
        if (text[i] == '\0') {
            st = err_set(err, LIMN_ERR_FORMAT, "%s: NUL at byte %zu (expected text, one label a line)", path, i);
            goto out;
        }
    }
    const char **list = arena_alloc(a, count + 1, sizeof *list);
    char *copy = arena_alloc(a, size + 1, 1);
    if (list == NULL || copy == NULL) {
        st = err_nomem(err, size + count * sizeof *list, "labels");
        goto out;
    }
    memcpy(copy, text, size);
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(copy, "\n");
        list[i] = copy;
        copy[length] = '\0';
        if (length > 0 && copy[length - 1] == '\r') {
            copy[length - 1] = '\0';
        }
        copy += length + 1;
    }
    *labels = list;
    *n = (int32_t)count;
out:
    mem_free(data);
    return st;
}

/* Whether `text` is the label or one of its synonyms, ignoring case. */
static bool label_is(const char *label, const char *text)
{
    size_t n = strlen(text);
    if (strcasecmp(label, text) == 0) {
        return true;
    }
    for (const char *p = label; *p != '\0';) {
        size_t length = strcspn(p, ",");
        if (length == n && strncasecmp(p, text, n) == 0) {
            return true;
        }
        p += length;
        p += strspn(p, ", ");
    }
    return false;
}

static const char *label_closest(const struct model_card *c, const char *text)
{
    const char *close = str_closest(text, c->labels, (size_t)c->n_classes);
    for (int32_t i = 0; close == NULL && i < c->n_classes; i++) { /* against the first synonym alone */
        char first[64];
        snprintf(first, sizeof first, "%.*s", (int)strcspn(c->labels[i], ","), c->labels[i]);
        const char *list[] = {first};
        close = str_closest(text, list, 1) != NULL ? c->labels[i] : NULL;
    }
    return close;
}

/* LIMN_ERR_NOT_FOUND for text that is part of no label, or of several. */
static limn_status label_unresolved(const struct model_card *c, const char *text, int32_t first, int32_t second,
                                    int32_t n, limn_error *err)
{
    if (n > 1) {
        return err_set(err, LIMN_ERR_NOT_FOUND, "class \"%.60s\" fits %d labels, e.g. %d \"%.60s\" and %d \"%.60s\"",
                       text, n, first, c->labels[first], second, c->labels[second]);
    }
    const char *close = label_closest(c, text);
    return close == NULL
               ? err_set(err, LIMN_ERR_NOT_FOUND, "no class \"%.60s\" among %d", text, c->n_classes)
               : err_set(err, LIMN_ERR_NOT_FOUND, "no class \"%.60s\" (did you mean \"%.60s\"?)", text, close);
}

limn_status model_resolve_class(struct model *m, const char *text, int32_t *out, limn_error *err)
{
    const struct model_card *c = &m->card;
    int64_t index;
    if (m->head.single && (strcmp(text, "+") == 0 || strcmp(text, "-") == 0)) {
        *out = text[0] == '+';
        return LIMN_OK;
    }
    if (str_to_i64(text, INT32_MIN, INT32_MAX, &index)) {
        if (index < 0 || index >= c->n_classes) {
            return err_set(err, LIMN_ERR_NOT_FOUND, "class %lld (expected 0 to %d)", (long long)index,
                           c->n_classes - 1);
        }
        *out = (int32_t)index;
        return LIMN_OK;
    }
    if (c->labels == NULL) {
        return err_set(err, LIMN_ERR_NOT_FOUND, "class \"%.60s\": the model has no labels (expected 0 to %d)", text,
                       c->n_classes - 1);
    }
    int32_t n[2] = {0, 0}, found[2][2] = {{0}}; /* by equality, by part */
    for (int32_t i = 0; i < c->n_classes && text[0] != '\0'; i++) {
        bool fits[2] = {label_is(c->labels[i], text), strcasestr(c->labels[i], text) != NULL};
        for (int k = 0; k < 2; k++) {
            if (fits[k] && n[k]++ < 2) {
                found[k][n[k] - 1] = i;
            }
        }
    }
    for (int k = 0; k < 2; k++) {
        if (n[k] == 1) {
            *out = found[k][0];
            return LIMN_OK;
        }
    }
    int k = n[0] > 1 ? 0 : 1;
    return label_unresolved(c, text, found[k][0], found[k][1], n[k], err);
}
