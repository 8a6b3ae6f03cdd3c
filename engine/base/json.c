/* A guarded door to jansson. The nesting depth is measured by a flat scan first, so that a hostile file never drives
 * the recursive parser deeper than its caller allows. */
#include "base/json.h"

#include <setjmp.h>
#include <string.h>

#include "base/mem.h"

/* jansson goes on after a failed allocation where it must not (a string that could not grow is taken for whole), so it
 * never sees one: the hook leaves the parser by longjmp, and what it had allocated is freed from this list. The hooks
 * take no context, hence one pointer a thread, set only while json_loadb runs. */
struct blocks {
    jmp_buf refused;
    void **block;
    size_t n, cap;
};
static _Thread_local struct blocks *active;

static void *json_mem_alloc(size_t size)
{
    struct blocks *a = active;
    void *p = mem_alloc(size, 1);
    if (a && (!p || mem_grow(&a->block, &a->cap, a->n + 1, sizeof(*a->block), NULL) != LIMN_OK)) {
        mem_free(p);
        longjmp(a->refused, 1);
    }
    if (a) {
        a->block[a->n++] = p;
    }
    return p;
}

static void json_mem_free(void *p)
{
    struct blocks *a = active;
    for (size_t i = a && p ? a->n : 0; i-- > 0;) {
        if (a->block[i] == p) {
            a->block[i] = a->block[--a->n];
            break;
        }
    }
    mem_free(p);
}

/* json_loadb; false when memory ran out. */
static bool load_guarded(struct blocks *a, const char *text, size_t size, json_t **root, json_error_t *why)
{
    active = a;
    if (setjmp(a->refused)) {
        active = NULL;
        for (size_t i = 0; i < a->n; i++) {
            mem_free(a->block[i]);
        }
        return false;
    }
    *root = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, why);
    active = NULL;
    return true;
}

static bool is_space(char c, bool lines)
{
    return c == ' ' || (lines && (c == '\n' || c == '\r' || c == '\t'));
}

/* Checks the outline: one object, depth within bounds, only space around it. Syntax is left to the parser. */
static limn_status json_scan(const char *text, size_t size, int max_depth, bool lines, limn_error *err)
{
    size_t i = 0;
    int depth = 0;
    while (lines && i < size && is_space(text[i], lines)) {
        i++;
    }
    if (i == size || text[i] != '{') {
        return err_set(err, LIMN_ERR_FORMAT, "JSON byte %zu: expected '{'", i);
    }
    for (bool in_string = false; i < size; i++) {
        char c = text[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max_depth) {
                return err_set(err, LIMN_ERR_FORMAT, "JSON byte %zu: nested deeper than %d", i, max_depth);
            }
        } else if ((c == '}' || c == ']') && --depth == 0) {
            break;
        }
    }
    if (i >= size) {
        return err_set(err, LIMN_ERR_FORMAT, "JSON ends at byte %zu inside an object", size);
    }
    for (i++; i < size; i++) {
        if (!is_space(text[i], lines)) {
            return err_set(err, LIMN_ERR_FORMAT, "JSON byte %zu: content after the end of the object", i);
        }
    }
    return LIMN_OK;
}

/* jansson on bytes begin..end of a document; offsets in messages are the document's. */
static limn_status json_load(const char *text, size_t begin, size_t end, json_t **out, limn_error *err)
{
    json_error_t why;
    json_t *root = NULL;
    struct blocks a = {.n = 0};
    json_set_alloc_funcs(json_mem_alloc, json_mem_free);
    bool fits = load_guarded(&a, text + begin, end - begin, &root, &why);
    mem_free(a.block);
    if (!fits) {
        return err_nomem(err, end - begin, "a JSON document");
    }
    if (root == NULL) {
        return err_set(err, LIMN_ERR_FORMAT, "JSON byte %zu: %s", begin + (size_t)why.position, why.text);
    }
    *out = root;
    return LIMN_OK;
}

limn_status json_parse(const char *text, size_t size, int max_depth, bool lines, json_t **out, limn_error *err)
{
    limn_status st = json_scan(text, size, max_depth, lines, err);
    return st != LIMN_OK ? st : json_load(text, 0, size, out, err);
}

/* jansson allocates while it writes, too: a text is whole when both passes agree. */
limn_status json_write(json_t *root, size_t flags, const char *what, char **out, size_t *size, limn_error *err)
{
    size_t n = root ? json_dumpb(root, NULL, 0, flags) : 0;
    char *text = n ? mem_alloc(n + 2, 1) : NULL;
    bool whole = text && json_dumpb(root, text, n, flags) == n;
    json_decref(root);
    if (!whole) {
        mem_free(text);
        return err_nomem(err, n, what);
    }
    if (flags & JSON_MAX_INDENT) {
        text[n++] = '\n';
    }
    text[n] = '\0';
    *out = text;
    *size = n;
    return LIMN_OK;
}

limn_status json_walk_begin(struct json_walk *w, const char *text, size_t size, int max_depth, bool lines,
                            limn_error *err)
{
    limn_status st = json_scan(text, size, max_depth, lines, err);
    if (st == LIMN_OK) {
        *w =
            (struct json_walk){.text = text, .size = size, .pos = (size_t)((char *)memchr(text, '{', size) - text) + 1};
    }
    return st;
}

static char walk_char(struct json_walk *w)
{
    while (w->pos < w->size && is_space(w->text[w->pos], true)) {
        w->pos++;
    }
    return w->pos < w->size ? w->text[w->pos] : '\0';
}

static limn_status walk_fail(const struct json_walk *w, const char *expected, limn_error *err)
{
    return err_set(err, LIMN_ERR_FORMAT, "JSON byte %zu: expected %s", w->pos, expected);
}

/* Moves past one value without judging it: to the bracket that closes it, the quote that ends it, or what delimits it.
 */
static void walk_skip(struct json_walk *w)
{
    int depth = 0;
    bool in_string = false;
    for (; w->pos < w->size; w->pos++) {
        char c = w->text[w->pos];
        if (in_string) {
            w->pos += c == '\\';
            in_string = c != '"';
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_space(c, true))) {
            return;
        } else {
            in_string = c == '"';
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
        if (depth == 0 && !in_string && (c == '"' || c == '}' || c == ']')) {
            w->pos++;
            return;
        }
    }
    w->pos = w->size;
}

/* The key at bytes begin..end, quotes included. Plain ASCII is copied; anything else goes through the library. */
static limn_status walk_key(const struct json_walk *w, size_t begin, char **key, limn_error *err)
{
    size_t n = w->pos - begin, i = 1;
    json_t *v = NULL;
    while (i + 1 < n && w->text[begin + i] >= 0x20 && w->text[begin + i] < 0x7f && w->text[begin + i] != '\\') {
        i++;
    }
    if (n >= 2 && i + 1 == n && w->text[begin + i] == '"') {
        *key = mem_alloc(n - 1, 1);
        if (*key == NULL) {
            return err_nomem(err, n, "a JSON key");
        }
        memcpy(*key, w->text + begin + 1, n - 2);
        (*key)[n - 2] = '\0';
        return LIMN_OK;
    }
    limn_status st = json_load(w->text, begin, w->pos, &v, err);
    if (st == LIMN_OK) {
        *key = json_is_string(v) ? mem_strdup(json_string_value(v)) : NULL;
        st = *key != NULL ? LIMN_OK : err_nomem(err, n, "a JSON key");
    }
    json_decref(v);
    return st;
}

limn_status json_walk_next(struct json_walk *w, char **key, json_t **value, limn_error *err)
{
    char c = walk_char(w);
    *key = NULL;
    if (c == '}') {
        return LIMN_OK;
    }
    if (w->started) {
        if (c != ',') {
            return walk_fail(w, "',' or '}'", err);
        }
        w->pos++;
        c = walk_char(w);
    }
    w->started = true;
    if (c != '"') {
        return walk_fail(w, "a name in quotes", err);
    }
    size_t begin = w->pos;
    walk_skip(w);
    limn_status st = walk_key(w, begin, key, err);
    if (st != LIMN_OK) {
        return st;
    }
    if (walk_char(w) != ':') {
        st = walk_fail(w, "':'", err);
    } else {
        w->pos++;
        walk_char(w);
        begin = w->pos;
        walk_skip(w);
        st = json_load(w->text, begin, w->pos, value, err);
    }
    if (st != LIMN_OK) {
        mem_free(*key);
        *key = NULL;
    }
    return st;
}
