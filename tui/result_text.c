/* Results that are no pictures, as lines: texts as they are, lines of JSON and CSV as aligned columns, arrays as their
 * numbers. What is too long is cut: a table keeps its end (the last epochs), a text its beginning. */
#include "results.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, LINES_MAX = 5000, COLUMNS_MAX = 12, CELL_MAX = 28, LINE_MAX_ = 600 };

static bool add_line(struct result *x, const char *text, size_t n)
{
    char **more = realloc(x->line, (x->n_line + 1) * sizeof *more);
    if (more == NULL) {
        return false;
    }
    x->line = more;
    n = n < LINE_MAX_ ? n : LINE_MAX_;
    more[x->n_line] = malloc(n + 1);
    if (more[x->n_line] == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        more[x->n_line][i] = text[i] == '\t' || text[i] == '\r' ? ' ' : text[i];
    }
    more[x->n_line++][n] = '\0';
    return true;
}

static bool fail(struct result *x, const char *text)
{
    x->problem = strdup(text);
    return false;
}

/* ---- tables ---- */

struct table {
    char name[COLUMNS_MAX][CELL_MAX];
    size_t columns, rows;
    char (*cell)[COLUMNS_MAX][CELL_MAX]; /* LINES_MAX rows in a ring: the last ones are kept */
};

static size_t column(struct table *t, const char *name)
{
    for (size_t i = 0; i < t->columns; i++) {
        if (strncmp(t->name[i], name, CELL_MAX - 1) == 0) {
            return i;
        }
    }
    if (t->columns < COLUMNS_MAX) {
        snprintf(t->name[t->columns], CELL_MAX, "%s", name);
        return t->columns++;
    }
    return COLUMNS_MAX;
}

static char (*next_row(struct table *t))[CELL_MAX]
{
    char(*row)[CELL_MAX] = t->cell[t->rows++ % LINES_MAX];
    memset(row, 0, sizeof t->cell[0]);
    return row;
}

static void put_value(char *cell, const json_t *v)
{
    if (json_is_string(v)) {
        snprintf(cell, CELL_MAX, "%s", json_string_value(v));
    } else if (json_is_integer(v)) {
        snprintf(cell, CELL_MAX, "%lld", (long long)json_integer_value(v));
    } else if (json_is_real(v)) {
        snprintf(cell, CELL_MAX, "%.4g", json_real_value(v));
    } else if (json_is_boolean(v)) {
        snprintf(cell, CELL_MAX, "%s", json_is_true(v) ? "yes" : "");
    }
}

/* False: not a line of JSON that holds single values. */
static bool json_row(struct table *t, const char *line, size_t n)
{
    json_t *o = json_loadb(line, n, 0, NULL), *v;
    const char *key;
    const bool fine = json_is_object(o);
    char(*row)[CELL_MAX] = fine ? next_row(t) : NULL;
    json_object_foreach (o, key, v) {
        const size_t k = json_is_object(v) || json_is_array(v) ? COLUMNS_MAX : column(t, key);
        if (k < COLUMNS_MAX) {
            put_value(row[k], v);
        }
    }
    json_decref(o);
    return fine;
}

/* Fields between commas, "quoted" or not. The first line has the names. */
static bool csv_row(struct table *t, const char *line, size_t n)
{
    char(*row)[CELL_MAX] = t->columns > 0 ? next_row(t) : t->name;
    size_t k = 0, at = 0;
    bool quoted = false;
    for (size_t i = 0; i <= n && k < COLUMNS_MAX; i++) {
        if (i == n || (line[i] == ',' && !quoted)) {
            row[k][at] = '\0';
            k++;
            at = 0;
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (at + 1 < CELL_MAX) {
            row[k][at++] = line[i];
        }
    }
    t->columns = t->columns > 0 ? t->columns : k;
    return true;
}

static void end_row(struct result *x, const struct table *t, char (*row)[CELL_MAX], const int width[COLUMNS_MAX])
{
    char line[COLUMNS_MAX * (CELL_MAX + 2) + 1];
    size_t at = 0;
    line[0] = '\0';
    for (size_t k = 0; k < t->columns; k++) {
        at += (size_t)snprintf(line + at, sizeof line - at, "%s%*s", k > 0 ? "  " : "", width[k], row[k]);
    }
    add_line(x, line, at);
}

static void end_table(struct result *x, struct table *t)
{
    int width[COLUMNS_MAX] = {0};
    const size_t first = t->rows > LINES_MAX ? t->rows - LINES_MAX : 0;
    for (size_t k = 0; k < t->columns; k++) {
        width[k] = (int)strlen(t->name[k]);
        for (size_t i = first; i < t->rows; i++) {
            const int n = (int)strlen(t->cell[i % LINES_MAX][k]);
            width[k] = n > width[k] ? n : width[k];
        }
    }
    end_row(x, t, t->name, width);
    for (size_t i = first; i < t->rows; i++) {
        end_row(x, t, t->cell[i % LINES_MAX], width);
    }
}

static bool read_table(struct result *x, const char *text, size_t n, bool (*row)(struct table *, const char *, size_t))
{
    struct table t = {.cell = calloc(LINES_MAX, sizeof *t.cell)};
    bool fine = t.cell != NULL;
    for (size_t at = 0; at < n && fine;) {
        const char *end = memchr(text + at, '\n', n - at);
        const size_t length = end != NULL ? (size_t)(end - text) - at : n - at;
        fine = length == 0 || row(&t, text + at, length);
        at += length + 1;
    }
    fine = fine && t.columns > 0;
    if (fine) {
        end_table(x, &t);
    }
    free(t.cell);
    return fine;
}

static void read_lines(struct result *x, const char *text, size_t n)
{
    for (size_t at = 0; at < n && x->n_line < LINES_MAX;) {
        const char *end = memchr(text + at, '\n', n - at);
        const size_t length = end != NULL ? (size_t)(end - text) - at : n - at;
        if (!add_line(x, text + at, length)) {
            return;
        }
        at += length + 1;
    }
}

static bool read_text(struct result *x)
{
    FILE *f = fopen(x->path, "re");
    char *text = f != NULL ? malloc(TEXT_MAX) : NULL;
    const char *dot = strrchr(x->path, '.');
    const bool lines = dot != NULL && strcmp(dot, ".jsonl") == 0;
    if (text != NULL && lines && fseek(f, -TEXT_MAX, SEEK_END) == 0) { /* longer: its end, from a whole line on */
        for (int ch = 0; ch != '\n' && ch != EOF;) {
            ch = fgetc(f);
        }
    } else if (f != NULL) {
        rewind(f);
    }
    const size_t n = text != NULL ? fread(text, 1, TEXT_MAX, f) : 0;
    const bool bad = text == NULL || ferror(f) != 0;
    if (f != NULL) {
        fclose(f);
    }
    if (!bad) {
        const bool csv = dot != NULL && strcmp(dot, ".csv") == 0;
        if ((!lines || !read_table(x, text, n, json_row)) && (!csv || !read_table(x, text, n, csv_row))) {
            read_lines(x, text, n);
        }
        if (x->n_line == 0) {
            add_line(x, "(empty)", 7);
        }
    }
    free(text);
    return bad ? fail(x, "the file cannot be read") : x->line != NULL || fail(x, "out of memory");
}

/* ---- arrays ---- */

static void number_line(struct result *x, const char *what, double v)
{
    char text[80];
    const int n = snprintf(text, sizeof text, "%-12s %.6g", what, v);
    add_line(x, text, (size_t)n);
}

static void add_numbers(struct result *x, const struct limn_tensor *t)
{
    char text[160] = "shape       ";
    size_t n = 1, at = strlen(text), strange = 0;
    double low = INFINITY, high = -INFINITY, sum = 0;
    for (int32_t i = 0; i < t->rank; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%d", i ? " × " : " ", (int)t->dim[i]);
        n *= (size_t)t->dim[i];
    }
    add_line(x, text, at);
    for (size_t i = 0; i < n; i++) {
        const double v = (double)t->data[i];
        if (v - v == 0) {
            low = v < low ? v : low;
            high = v > high ? v : high;
            sum += v;
        } else {
            strange++;
        }
    }
    number_line(x, "numbers", (double)n);
    if (n > strange) {
        number_line(x, "minimum", low);
        number_line(x, "maximum", high);
        number_line(x, "mean", sum / (double)(n - strange));
    }
    if (strange > 0) {
        number_line(x, "not finite", (double)strange);
    }
}

/* The numbers, and where the shape allows it a picture of them. */
static bool read_array(struct result *x)
{
    limn_error err = {0};
    struct limn_tensor t = {0};
    if (limn_tensor_load(x->path, &t, &err) != LIMN_OK) {
        return fail(x, err.text);
    }
    add_numbers(x, &t);
    limn_tensor_free(&t);
    (void)limn_explanation_load(&(struct limn_stored_map){.map = x->path, .cls = -1}, &x->array, NULL);
    return x->line != NULL || fail(x, "out of memory");
}

bool result_text_open(struct result *item)
{
    if (item->path == NULL) {
        return fail(item, "the file is not known");
    }
    return item->kind == RESULT_ARRAY ? read_array(item) : read_text(item);
}
