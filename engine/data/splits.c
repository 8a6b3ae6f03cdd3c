/* Splits from a text file: lines "FILE train|val|test". Names are looked up in a sorted list, so that long lists take
 * n log n. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "data/pictures.h"

#define MAX_LIST ((size_t)256 << 20)

static int by_file(const void *a, const void *b)
{
    const struct split_entry *x = a, *y = b;
    const int order = strcmp(x->file, y->file);
    return order != 0 ? order : (x->item > y->item) - (x->item < y->item);
}

/* The first entry that does not come before `file`. */
static size_t lower_bound(const struct split_entry *e, size_t n, const char *file)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (strcmp(e[mid].file, file) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static limn_status apply_line(const char *path, size_t number, char *line, struct split_entry *e, size_t n,
                              limn_error *err)
{
    char *value;
    char shown[256];
    enum data_split split;
    if (!cut_last(line, &value) || !split_from_name(value, &split)) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: line %zu: expected \"FILE train\", val or test", path, number);
    }
    const size_t first = lower_bound(e, n, line);
    const bool found = first < n && strcmp(e[first].file, line) == 0;
    const size_t at = first + (found ? e[first].taken : 0); /* of several of one name, each line takes the next */
    if (!found || at >= n || strcmp(e[at].file, line) != 0) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: line %zu: %s %s", path, number,
                       str_escape(shown, sizeof(shown), line), found ? "again" : "is not in the data set");
    }
    e[first].taken++;
    e[at].seen = true;
    e[at].split = split;
    return LIMN_OK;
}

limn_status splits_read(const char *path, struct split_entry *e, size_t n, limn_error *err)
{
    void *text = NULL;
    size_t size, number = 0;
    char shown[256];
    limn_status st = LIMN_OK;
    qsort(e, n, sizeof(*e), by_file);
    TRY(file_read_all(path, MAX_LIST, &text, &size, err));
    char *at = text;
    for (char *line; (line = next_line(&at, &number)) != NULL;) {
        TRY(apply_line(path, number, line, e, n, err));
    }
    for (size_t i = 0; i < n; i++) {
        if (!e[i].seen && !e[i].optional) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "%s: no line for %s", path, str_escape(shown, sizeof(shown), e[i].file)));
        }
    }
out:
    mem_free(text);
    return st;
}
