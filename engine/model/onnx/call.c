/* What every row of the table reads its node with: attributes by name and type, axes, numbers that an attribute gave in
 * older opsets and an input gives in newer ones. Every error names what was found and what was expected. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/onnx/import.h"

bool call_ok(const struct onnx_call *c)
{
    return c->b->status == LIMN_OK;
}

void call_fail(struct onnx_call *c, limn_status status, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    if (!call_ok(c)) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->b->status = err_set(c->b->err, status, "%s", text);
}

struct onnx_val *call_in(const struct onnx_call *c, size_t i)
{
    return i < c->n_in ? c->in[i] : NULL;
}

bool call_wants(const struct onnx_call *c, size_t out)
{
    return out < c->n_out && c->node->out[out][0] != '\0';
}

static const char *attr_type_name(int32_t type)
{
    static const char *const names[] = {"undefined", "float",  "int",  "text", "tensor",
                                        "graph",     "floats", "ints", "texts"};
    return type >= 0 && type < (int32_t)(sizeof names / sizeof *names) ? names[type] : "of an unknown type";
}

const struct onnx_attr *attr_find(struct onnx_call *c, const char *name, enum onnx_attr_type type)
{
    for (size_t i = 0; call_ok(c) && i < c->node->n_attr; i++) {
        const struct onnx_attr *a = &c->node->attr[i];
        if (strcmp(a->name, name) != 0) {
            continue;
        }
        a = scope_attr(c->m->scope, a);
        if (a == NULL) {
            return NULL;
        }
        if (a->type != (int32_t)type) {
            call_fail(c, LIMN_ERR_FORMAT, "attribute %s is %s (expected %s)", name, attr_type_name(a->type),
                      attr_type_name((int32_t)type));
            return NULL;
        }
        return a;
    }
    return NULL;
}

int64_t attr_int(struct onnx_call *c, const char *name, int64_t def, int64_t min, int64_t max)
{
    const struct onnx_attr *a = attr_find(c, name, ONNX_ATTR_INT);
    if (a != NULL && (a->i < min || a->i > max)) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute %s is %lld (expected %lld to %lld)", name, (long long)a->i,
                  (long long)min, (long long)max);
        return def;
    }
    return a != NULL ? a->i : def;
}

bool attr_flag(struct onnx_call *c, const char *name, bool def)
{
    return attr_int(c, name, def, INT64_MIN, INT64_MAX) != 0;
}

float attr_float(struct onnx_call *c, const char *name, float def)
{
    const struct onnx_attr *a = attr_find(c, name, ONNX_ATTR_FLOAT);
    if (a != NULL && !isfinite(a->f)) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute %s is %f (expected a finite number)", name, (double)a->f);
    }
    return a != NULL ? a->f : def;
}

int attr_choice(struct onnx_call *c, const char *name, int def, const char *const *names)
{
    const struct onnx_attr *a = attr_find(c, name, ONNX_ATTR_STRING);
    for (int i = 0; a != NULL && names[i] != NULL; i++) {
        if (strcmp(a->s, names[i]) == 0) {
            return i;
        }
    }
    if (a != NULL) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "attribute %s is \"%.40s\" (expected %s or the like)", name, a->s, names[0]);
    }
    return def;
}

size_t attr_ints(struct onnx_call *c, const char *name, int64_t *dst, size_t max, int64_t lo, int64_t hi)
{
    const struct onnx_attr *a = attr_find(c, name, ONNX_ATTR_INTS);
    if (a != NULL && a->n > max) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute %s has %zu entries (expected at most %zu)", name, a->n, max);
        return 0;
    }
    for (size_t i = 0; a != NULL && i < a->n; i++) {
        if (a->ints[i] < lo || a->ints[i] > hi) {
            call_fail(c, LIMN_ERR_FORMAT, "attribute %s has entry %zu = %lld (expected %lld to %lld)", name, i,
                      (long long)a->ints[i], (long long)lo, (long long)hi);
            return 0;
        }
        dst[i] = a->ints[i];
    }
    return a != NULL ? a->n : 0;
}

int32_t call_axis(struct onnx_call *c, int64_t axis, int32_t rank)
{
    int64_t at = axis < 0 && axis >= -rank ? axis + rank : axis;
    if (at < 0 || at >= rank) {
        call_fail(c, LIMN_ERR_FORMAT, "axis %lld of a tensor of rank %d", (long long)axis, (int)rank);
        return 0;
    }
    return (int32_t)at;
}

int32_t attr_axis(struct onnx_call *c, const char *name, int64_t def, int32_t rank)
{
    return call_axis(c, attr_int(c, name, def, INT64_MIN, INT64_MAX), rank);
}

bool call_ints(struct onnx_call *c, const char *attr, size_t input, int64_t *dst, size_t max, size_t *n)
{
    struct onnx_val *v = call_in(c, input);
    *n = 0;
    if (v != NULL) {
        *n = val_ints(c, v, dst, max);
        return call_ok(c);
    }
    if (attr != NULL && attr_find(c, attr, ONNX_ATTR_INTS) != NULL) {
        *n = attr_ints(c, attr, dst, max, INT64_MIN, INT64_MAX);
        return call_ok(c);
    }
    return false;
}

double call_number(struct onnx_call *c, const char *attr, size_t input, double def)
{
    struct onnx_val *v = call_in(c, input);
    if (v == NULL) {
        return attr != NULL ? (double)attr_float(c, attr, (float)def) : def;
    }
    const double *p = val_numbers(c, v);
    if (p != NULL && v->n != 1) {
        call_fail(c, LIMN_ERR_FORMAT, "input %zu has %zu elements (expected one)", input, v->n);
    }
    return p != NULL && v->n == 1 ? p[0] : def;
}
