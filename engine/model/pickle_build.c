/* What a pickle may build: the callables of torch.save, as rows of a table, and the storages and tensors they make.
 * A view is checked against its storage here, so that readers of tensors need no further checks. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "model/pickle_priv.h"

enum global_role { ROLE_DICT, ROLE_TENSOR, ROLE_TENSOR_V2, ROLE_PARAMETER, ROLE_STORAGE };

static const struct global {
    const char *module, *name;
    enum global_role role;
    enum dtype dtype; /* of a storage */
} globals[] = {
    {"collections", "OrderedDict", ROLE_DICT, DTYPE_F32},
    {"torch._utils", "_rebuild_tensor", ROLE_TENSOR, DTYPE_F32},
    {"torch._utils", "_rebuild_tensor_v2", ROLE_TENSOR_V2, DTYPE_F32},
    {"torch._utils", "_rebuild_parameter", ROLE_PARAMETER, DTYPE_F32},
    {"torch", "FloatStorage", ROLE_STORAGE, DTYPE_F32},
    {"torch", "HalfStorage", ROLE_STORAGE, DTYPE_F16},
    {"torch", "BFloat16Storage", ROLE_STORAGE, DTYPE_BF16},
    {"torch", "DoubleStorage", ROLE_STORAGE, DTYPE_F64},
    {"torch", "LongStorage", ROLE_STORAGE, DTYPE_I64},
    {"torch", "IntStorage", ROLE_STORAGE, DTYPE_I32},
    {"torch", "ShortStorage", ROLE_STORAGE, DTYPE_I16},
    {"torch", "CharStorage", ROLE_STORAGE, DTYPE_I8},
    {"torch", "ByteStorage", ROLE_STORAGE, DTYPE_U8},
    {"torch", "BoolStorage", ROLE_STORAGE, DTYPE_BOOL},
};

limn_status pickle_op_global(struct pickle_machine *m)
{
    char module[128], name[128], text[400];
    limn_status st = LIMN_OK;
    TRY(pickle_line(m, module));
    TRY(pickle_line(m, name));
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        if (strcmp(globals[i].module, module) == 0 && strcmp(globals[i].name, name) == 0) {
            return pickle_push_new(m, PICKLE_GLOBAL, (int64_t)i, NULL);
        }
    }
    snprintf(text, sizeof text, "wants %s.%s, which limn does not build (expected tensors, dicts and numbers only)",
             module, name);
    st = pickle_bad(m, text);
out:
    return st;
}

static bool is_role(const struct pickle_value *v, enum global_role role)
{
    return v->kind == PICKLE_GLOBAL && globals[v->u.i].role == role;
}

/* ("storage", torch.FloatStorage, key, location, number of elements[, None]) */
limn_status pickle_op_persid(struct pickle_machine *m)
{
    struct pickle_value *id = NULL, *v = NULL;
    limn_status st = LIMN_OK;
    TRY(pickle_pop(m, &id));
    struct pickle_value **x = id->u.seq.item;
    if (id->kind != PICKLE_TUPLE) {
        return pickle_bad_kind(m, "the persistent id", id, "tuple");
    }
    size_t n = id->u.seq.n;
    if ((n != 5 && n != 6) || x[0]->kind != PICKLE_STR || strcmp(x[0]->u.str.s, "storage") != 0 ||
        !is_role(x[1], ROLE_STORAGE) || x[2]->kind != PICKLE_STR || x[3]->kind != PICKLE_STR ||
        x[4]->kind != PICKLE_INT) {
        return pickle_bad(m, "persistent id is not (\"storage\", a storage class, key, location, number of elements)");
    }
    if (n == 6 && x[5]->kind != PICKLE_NONE) {
        return pickle_bad_kind(m, "the storage's view", x[5], "none");
    }
    struct pickle_storage *s = arena_alloc(m->arena, 1, sizeof *s);
    if (s == NULL) {
        return err_nomem(m->err, sizeof *s, "a storage");
    }
    *s = (struct pickle_storage){x[2]->u.str.s, globals[x[1]->u.i].dtype, x[4]->u.i, m->storages};
    size_t bytes;
    if (s->elems < 0 || !mul_size((size_t)s->elems, dtype_size(s->dtype), &bytes)) {
        return pickle_bad(m, "the storage's number of elements is negative or overflows");
    }
    m->storages = s;
    TRY(pickle_push_new(m, PICKLE_STORAGE, 0, &v));
    v->u.storage = s;
out:
    return st;
}

/* Every element of the view must lie in its storage, and views that repeat elements must not grow beyond it. */
static limn_status check_view(struct pickle_machine *m, struct pickle_tensor *t)
{
    size_t last = (size_t)t->offset, elems = 1, part;
    size_t have = (size_t)t->storage->elems;
    bool fits = true;
    for (int32_t i = 0; i < t->rank; i++) {
        fits = fits && mul_size(elems, (size_t)t->dim[i], &elems);
    }
    t->elems = elems;
    for (int32_t i = 0; i < t->rank && fits && elems > 0; i++) {
        fits = mul_size((size_t)t->dim[i] - 1, (size_t)t->stride[i], &part) && add_size(last, part, &last);
    }
    if (!fits || (elems > 0 && last >= have) || last > have) {
        return pickle_bad(m, "tensor's offset, sizes and strides reach beyond its storage");
    }
    return elems <= have ? LIMN_OK : pickle_bad(m, "tensor has more elements than its storage");
}

static limn_status read_sizes(struct pickle_machine *m, const struct pickle_value *v, const char *what, int64_t *out)
{
    for (size_t i = 0; i < v->u.seq.n; i++) {
        if (v->u.seq.item[i]->kind != PICKLE_INT) {
            return pickle_bad_kind(m, what, v->u.seq.item[i], "int");
        }
        out[i] = v->u.seq.item[i]->u.i;
        if (out[i] < 0) {
            return pickle_bad(m, "a tensor's size or stride is negative");
        }
    }
    return LIMN_OK;
}

/* (storage, offset, sizes, strides[, requires_grad, hooks[, metadata]]) */
static limn_status make_tensor(struct pickle_machine *m, const struct pickle_value *args, bool v2)
{
    struct pickle_value **x = args->u.seq.item, *v = NULL;
    size_t n = args->u.seq.n;
    limn_status st = LIMN_OK;
    if (v2 ? n != 6 && n != 7 : n != 4) {
        return pickle_bad(m, "number of arguments of a tensor");
    }
    if (x[0]->kind != PICKLE_STORAGE || x[1]->kind != PICKLE_INT || x[2]->kind != PICKLE_TUPLE ||
        x[3]->kind != PICKLE_TUPLE || (v2 && (x[4]->kind != PICKLE_BOOL || x[5]->kind != PICKLE_DICT))) {
        return pickle_bad(m, "arguments of a tensor are not (storage, int, tuple, tuple, bool, dict)");
    }
    if (n == 7 && x[6]->kind != PICKLE_DICT && x[6]->kind != PICKLE_NONE) {
        return pickle_bad_kind(m, "a tensor's metadata", x[6], "dict");
    }
    if (x[2]->u.seq.n != x[3]->u.seq.n || x[2]->u.seq.n > PICKLE_MAX_RANK) {
        return pickle_bad(m, "a tensor's sizes and strides differ in number or are more than 8");
    }
    struct pickle_tensor *t = arena_alloc(m->arena, 1, sizeof *t);
    if (t == NULL) {
        return err_nomem(m->err, sizeof *t, "a tensor");
    }
    t->storage = x[0]->u.storage;
    t->offset = x[1]->u.i;
    t->rank = (int32_t)x[2]->u.seq.n;
    if (t->offset < 0) {
        return pickle_bad(m, "a tensor's offset is negative");
    }
    TRY(read_sizes(m, x[2], "a tensor's size", t->dim));
    TRY(read_sizes(m, x[3], "a tensor's stride", t->stride));
    TRY(check_view(m, t));
    TRY(pickle_push_new(m, PICKLE_TENSOR, 0, &v));
    v->u.tensor = t;
out:
    return st;
}

limn_status pickle_op_reduce(struct pickle_machine *m)
{
    struct pickle_value *args = NULL, *f = NULL, *d = NULL;
    limn_status st = LIMN_OK;
    TRY(pickle_pop(m, &args));
    TRY(pickle_pop(m, &f));
    if (args->kind != PICKLE_TUPLE) {
        return pickle_bad_kind(m, "the arguments", args, "tuple");
    }
    if (f->kind != PICKLE_GLOBAL) {
        return pickle_bad_kind(m, "the callable", f, "global");
    }
    struct pickle_value **x = args->u.seq.item;
    size_t n = args->u.seq.n;
    switch (globals[f->u.i].role) {
    case ROLE_DICT:
        if (n != 0) {
            return pickle_bad(m, "OrderedDict with arguments (expected none)");
        }
        TRY(pickle_push_new(m, PICKLE_DICT, 0, &d));
        d->u.seq.ordered = true;
        break;
    case ROLE_TENSOR:
    case ROLE_TENSOR_V2:
        return make_tensor(m, args, globals[f->u.i].role == ROLE_TENSOR_V2);
    case ROLE_PARAMETER:
        if (n != 3 || x[0]->kind != PICKLE_TENSOR || x[1]->kind != PICKLE_BOOL || x[2]->kind != PICKLE_DICT) {
            return pickle_bad(m, "arguments of a parameter are not (tensor, bool, dict)");
        }
        return pickle_push(m, x[0]);
    case ROLE_STORAGE:
        return pickle_bad(m, "a storage class is called");
    }
out:
    return st;
}

/* Attributes of an OrderedDict (torch's _metadata) say nothing about tensors and are dropped. */
limn_status pickle_op_build(struct pickle_machine *m)
{
    struct pickle_value *state = NULL, *object = NULL;
    limn_status st = LIMN_OK;
    TRY(pickle_pop(m, &state));
    TRY(pickle_top(m, &object));
    if (object->kind != PICKLE_DICT || !object->u.seq.ordered) {
        return pickle_bad_kind(m, "the object", object, "OrderedDict");
    }
    if (state->kind != PICKLE_DICT) {
        return pickle_bad_kind(m, "the state", state, "dict");
    }
out:
    return st;
}
