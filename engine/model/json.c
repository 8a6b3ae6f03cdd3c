/* A guarded door to jansson. The nesting depth is measured by a flat scan first, so that a hostile file never drives
 * the recursive parser deeper than its caller allows. */
#include "model/json.h"

#include <string.h>

#include "base/mem.h"

/* The parser reports a failed allocation inside a string as a syntax error, and its hooks take no context: this flag,
 * one a thread and set only while json_loadb runs, tells the two apart. */
static _Thread_local bool json_refused;

static void *json_mem_alloc(size_t size)
{
    void *p = mem_alloc(size, 1);
    json_refused = json_refused || p == NULL;
    return p;
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

limn_status json_parse(const char *text, size_t size, int max_depth, bool lines, json_t **out, limn_error *err)
{
    limn_status st = json_scan(text, size, max_depth, lines, err);
    if (st != LIMN_OK) {
        return st;
    }
    json_error_t why;
    json_set_alloc_funcs(json_mem_alloc, mem_free);
    json_refused = false;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL) {
        if (json_refused) {
            return err_nomem(err, size, "a JSON document");
        }
        return err_set(err, LIMN_ERR_FORMAT, "JSON byte %d: %s", why.position, why.text);
    }
    *out = root;
    return LIMN_OK;
}
