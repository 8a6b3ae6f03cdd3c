/* JSON for the model layer: jansson, with its memory from base/mem.h. */
#ifndef LIMN_MODEL_JSON_H
#define LIMN_MODEL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* Parses an object: UTF-8, duplicate keys (after unescaping) refused, nesting at most `max_depth`, nothing but spaces
 * (and, when `lines`, other white space) around it. LIMN_ERR_FORMAT with the byte offset. */
limn_status json_parse(const char *text, size_t size, int max_depth, bool lines, json_t **out, limn_error *err);

#endif
