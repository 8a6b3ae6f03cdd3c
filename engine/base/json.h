/* JSON: jansson, with its memory from base/mem.h. */
#ifndef LIMN_BASE_JSON_H
#define LIMN_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* The text of `root`, which it frees (NULL: memory ran out while it was built, an error here), with a NUL behind its
 * *size bytes, one with JSON_INDENT ends with a newline; mem_free. `what` names it in the error. */
limn_status json_write(json_t *root, size_t flags, const char *what, char **out, size_t *size, limn_error *err);
/* Parses an object: UTF-8, duplicate keys (after unescaping) refused, nesting at most `max_depth`, nothing but spaces
 * (and, when `lines`, other white space) around it. LIMN_ERR_FORMAT with the byte offset. */
limn_status json_parse(const char *text, size_t size, int max_depth, bool lines, json_t **out, limn_error *err);

/* The same checks, but the object's entries come one by one, so that an object of a million entries never stands in
 * memory as a tree. Duplicate keys at this level are the caller's to find. */
struct json_walk {
    const char *text;
    size_t size, pos;
    bool started;
};
limn_status json_walk_begin(struct json_walk *w, const char *text, size_t size, int max_depth, bool lines,
                            limn_error *err);
/* The next entry: key with mem_free, value with json_decref; *key is NULL after the last. */
limn_status json_walk_next(struct json_walk *w, char **key, json_t **value, limn_error *err);

#endif
