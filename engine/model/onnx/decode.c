/* From the checked copy of the bytes to plain structs, by way of protobuf-c, which no other file knows. protobuf-c
 * allocates through the budget; what it makes is copied into the file's arena and freed. */
#include "model/onnx/onnx_priv.h"

#include <string.h>

#include <onnx.pb-c.h>

#include "base/checked.h"

#define ATTRS_MAX 256 /* of a node: no operator comes near */
#define BLOCK_HEAD 16 /* keeps the size in front of each block, aligned */

struct decode {
    struct onnx_file *f;
    limn_error *err;
};

static void *pb_alloc(void *budget, size_t size)
{
    size_t bytes;
    if (!add_size(size, BLOCK_HEAD, &bytes) || !onnx_budget_take(budget, bytes)) {
        return NULL;
    }
    unsigned char *p = mem_alloc(bytes, 1);
    if (p == NULL) {
        onnx_budget_give(budget, bytes);
        return NULL;
    }
    memcpy(p, &bytes, sizeof bytes);
    return p + BLOCK_HEAD;
}

static void pb_free(void *budget, void *block)
{
    if (block != NULL) {
        unsigned char *p = (unsigned char *)block - BLOCK_HEAD;
        size_t bytes;
        memcpy(&bytes, p, sizeof bytes);
        onnx_budget_give(budget, bytes);
        mem_free(p);
    }
}

/* Zeroed memory for `count` things that live with the file. */
static limn_status take(struct decode *d, size_t count, size_t size, void *out_ptr)
{
    size_t bytes;
    void *p = NULL;
    if (!mul_size(count, size, &bytes) || !onnx_budget_take(&d->f->budget, bytes)) {
        return onnx_budget_error(&d->f->budget, d->err);
    }
    p = arena_alloc(&d->f->arena, count, size);
    if (p == NULL) {
        return err_nomem(d->err, bytes, "a model");
    }
    memcpy(out_ptr, &p, sizeof p);
    return LIMN_OK;
}

static limn_status text(struct decode *d, const char *s, const char **out)
{
    char *copy = NULL;
    size_t n = s != NULL ? strlen(s) : 0;
    if (n == 0) {
        *out = "";
        return LIMN_OK;
    }
    limn_status st = take(d, n + 1, 1, &copy);
    if (st == LIMN_OK) {
        memcpy(copy, s, n);
        *out = copy;
    }
    return st;
}

static limn_status texts(struct decode *d, char *const *s, size_t n, const char *const **out)
{
    const char **list = NULL;
    limn_status st = take(d, n, sizeof *list, &list);
    for (size_t i = 0; i < n && st == LIMN_OK; i++) {
        st = text(d, s[i], &list[i]);
    }
    *out = list;
    return st;
}

/* "ai.onnx" is the name of the default domain. */
static const char *plain_domain(const char *s)
{
    return s == NULL || strcmp(s, "ai.onnx") == 0 ? "" : s;
}

static limn_status read_place(struct decode *d, const LimnOnnx__Tensor *p, struct onnx_place *place)
{
    const char *checksum = "", *basepath = "";
    const struct {
        const char *key, **to;
    } known[] = {{"location", &place->location},
                 {"offset", &place->offset},
                 {"length", &place->length},
                 {"checksum", &checksum},
                 {"basepath", &basepath}};
    bool seen[sizeof known / sizeof known[0]] = {false};
    *place = (struct onnx_place){"", "", ""};
    for (size_t i = 0; i < p->n_external_data; i++) {
        const char *key = p->external_data[i]->key != NULL ? p->external_data[i]->key : "";
        size_t k = 0;
        while (k < sizeof known / sizeof known[0] && strcmp(known[k].key, key) != 0) {
            k++;
        }
        if (k == sizeof known / sizeof known[0] || seen[k]) {
            return err_set(d->err, LIMN_ERR_FORMAT, "external data: key \"%.40s\" %s", key,
                           k < sizeof known / sizeof known[0] ? "given twice" : "is unknown");
        }
        seen[k] = true;
        *known[k].to = p->external_data[i]->value != NULL ? p->external_data[i]->value : "";
    }
    return LIMN_OK;
}

static limn_status external_data(struct decode *d, const LimnOnnx__Tensor *p, const struct onnx_tensor *t,
                                 struct onnx_data *out)
{
    struct onnx_place place;
    size_t bytes = onnx_type_size(t->type);
    limn_status st = LIMN_OK;
    if (bytes == 0) {
        TRY(err_set(d->err, LIMN_ERR_UNSUPPORTED, "external data of type %d (%s) is not supported", t->type,
                    onnx_type_name(t->type)));
    }
    for (int32_t i = 0; i < t->rank; i++) {
        if (t->dim[i] < 0 || !mul_size(bytes, (size_t)t->dim[i], &bytes) || bytes > INT64_MAX) {
            TRY(err_set(d->err, LIMN_ERR_FORMAT, "dimension %d is %lld", i, (long long)t->dim[i]));
        }
    }
    TRY(read_place(d, p, &place));
    *out = (struct onnx_data){.size = bytes, .count = bytes, .field = ONNX_FIELD_RAW};
    TRY(onnx_external_find(d->f, &place, bytes, &out->bytes, &out->at, d->err));
out:
    return st;
}

static limn_status decode_tensor_fields(struct decode *d, const LimnOnnx__Tensor *p, struct onnx_tensor *t)
{
    struct onnx_data data = {.bytes = d->f->bytes,
                             .at = p->data_at,
                             .size = p->data_bytes,
                             .count = p->data_count,
                             .field = p->data_field,
                             .tagged = p->data_tagged};
    limn_status st = LIMN_OK;
    if (p->n_dims > ONNX_MAX_RANK) {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "%zu dimensions (expected at most %d)", p->n_dims, ONNX_MAX_RANK));
    }
    t->type = p->data_type;
    t->rank = (int32_t)p->n_dims;
    for (size_t i = 0; i < p->n_dims; i++) {
        t->dim[i] = p->dims[i];
    }
    if (p->data_location == 1) {
        if (data.field != 0) {
            TRY(err_set(d->err, LIMN_ERR_FORMAT, "numbers in field %d and in external data", data.field));
        }
        TRY(external_data(d, p, t, &data));
    } else if (p->data_location != 0 || p->n_external_data > 0) {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "data_location %d with %zu keys of external data", p->data_location,
                    p->n_external_data));
    }
    TRY(onnx_tensor_set(d->f, t, &data, d->err));
out:
    return st;
}

static limn_status decode_tensor(struct decode *d, const LimnOnnx__Tensor *p, struct onnx_tensor *t)
{
    limn_status st = text(d, p->name, &t->name);
    if (st == LIMN_OK) {
        st = decode_tensor_fields(d, p, t);
        if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
            err_at(d->err, "tensor \"%.80s\"", t->name);
        }
    }
    return st;
}

static limn_status decode_graph(struct decode *d, const LimnOnnx__Graph *p, struct onnx_graph *g);

/* Into memory of `take`; an empty list may be NULL. */
static void copy_list(const void *taken, const void *from, size_t bytes)
{
    void *to;
    memcpy(&to, &taken, sizeof to);
    if (bytes > 0) {
        memcpy(to, from, bytes);
    }
}

static limn_status decode_value_of(struct decode *d, const LimnOnnx__Attribute *p, struct onnx_attr *a)
{
    struct onnx_tensor *tensor = NULL;
    struct onnx_graph *graph = NULL;
    limn_status st = LIMN_OK;
    switch (a->type) {
    case ONNX_ATTR_FLOAT:
        a->f = p->f;
        break;
    case ONNX_ATTR_INT:
        a->i = p->i;
        break;
    case ONNX_ATTR_STRING:
        return text(d, p->s, &a->s);
    case ONNX_ATTR_TENSOR:
        TRY(take(d, 1, sizeof *tensor, &tensor));
        TRY(decode_tensor(d, p->t, tensor));
        a->tensor = tensor;
        break;
    case ONNX_ATTR_GRAPH:
        TRY(take(d, 1, sizeof *graph, &graph));
        TRY(decode_graph(d, p->g, graph));
        a->graph = graph;
        break;
    case ONNX_ATTR_FLOATS:
        a->n = p->n_floats;
        TRY(take(d, a->n, sizeof *a->floats, &a->floats));
        copy_list(a->floats, p->floats, a->n * sizeof *a->floats);
        break;
    case ONNX_ATTR_INTS:
        a->n = p->n_ints;
        TRY(take(d, a->n, sizeof *a->ints, &a->ints));
        copy_list(a->ints, p->ints, a->n * sizeof *a->ints);
        break;
    default: /* STRINGS */
        a->n = p->n_strings;
        return texts(d, p->strings, p->n_strings, &a->strings);
    }
out:
    return st;
}

/* One value, of the type that the attribute says; a zero or an empty list may be left out of the file. */
static limn_status check_attr(struct decode *d, const LimnOnnx__Attribute *p)
{
    const bool has[] = {[ONNX_ATTR_FLOAT] = p->has_f,      [ONNX_ATTR_INT] = p->has_i,
                        [ONNX_ATTR_STRING] = p->s != NULL, [ONNX_ATTR_TENSOR] = p->t != NULL,
                        [ONNX_ATTR_GRAPH] = p->g != NULL,  [ONNX_ATTR_FLOATS] = p->n_floats > 0,
                        [ONNX_ATTR_INTS] = p->n_ints > 0,  [ONNX_ATTR_STRINGS] = p->n_strings > 0};
    static const char *const name[] = {
        "undefined", "float",   "int",    "string",        "tensor",         "graph",      "floats",     "ints",
        "strings",   "tensors", "graphs", "sparse_tensor", "sparse_tensors", "type_proto", "type_protos"};
    bool ref = p->ref_attr_name != NULL && p->ref_attr_name[0] != '\0';
    if (p->type < 0 || p->type > 14 || (p->type == 0 && !ref)) {
        return err_set(d->err, LIMN_ERR_FORMAT, "type %d (expected 1 to 14)", p->type);
    }
    if (p->type > ONNX_ATTR_STRINGS) {
        return err_set(d->err, LIMN_ERR_UNSUPPORTED, "type %s is not supported", name[p->type]);
    }
    for (int32_t k = 1; k <= ONNX_ATTR_STRINGS; k++) {
        if (has[k] && (k != p->type || ref)) {
            return err_set(d->err, LIMN_ERR_FORMAT, "%s value in an attribute of type %s", name[k],
                           ref ? "reference" : name[p->type]);
        }
    }
    if (!ref && ((p->type == ONNX_ATTR_TENSOR && p->t == NULL) || (p->type == ONNX_ATTR_GRAPH && p->g == NULL))) {
        return err_set(d->err, LIMN_ERR_FORMAT, "type %s without its value", name[p->type]);
    }
    return LIMN_OK;
}

static limn_status decode_attr(struct decode *d, const LimnOnnx__Attribute *p, struct onnx_attr *a)
{
    limn_status st = LIMN_OK;
    if (p->name == NULL || p->name[0] == '\0') {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "attribute without a name"));
    }
    a->s = "";
    TRY(text(d, p->name, &a->name));
    TRY(text(d, p->ref_attr_name, &a->ref));
    st = check_attr(d, p);
    a->type = p->type;
    if (st == LIMN_OK && a->ref[0] == '\0') {
        st = decode_value_of(d, p, a);
    }
    if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
        err_at(d->err, "attribute \"%.60s\"", p->name);
    }
out:
    return st;
}

static limn_status decode_attrs(struct decode *d, LimnOnnx__Attribute *const *p, size_t n, const struct onnx_attr **out)
{
    struct onnx_attr *list = NULL;
    limn_status st = LIMN_OK;
    if (n > ATTRS_MAX) {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "%zu attributes (expected at most %d)", n, ATTRS_MAX));
    }
    TRY(take(d, n, sizeof *list, &list));
    for (size_t i = 0; i < n; i++) {
        TRY(decode_attr(d, p[i], &list[i]));
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list[k].name, list[i].name) == 0) {
                TRY(err_set(d->err, LIMN_ERR_FORMAT, "attribute \"%.60s\" given twice", list[i].name));
            }
        }
    }
    *out = list;
out:
    return st;
}

static limn_status decode_node_fields(struct decode *d, const LimnOnnx__Node *p, struct onnx_node *n)
{
    limn_status st = LIMN_OK;
    TRY(text(d, plain_domain(p->domain), &n->domain));
    n->n_in = p->n_input;
    n->n_out = p->n_output;
    n->n_attr = p->n_attribute;
    TRY(texts(d, p->input, p->n_input, &n->in));
    TRY(texts(d, p->output, p->n_output, &n->out));
    if (n->op[0] == '\0') {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "no op_type"));
    }
    TRY(decode_attrs(d, p->attribute, p->n_attribute, &n->attr));
out:
    return st;
}

static limn_status decode_nodes(struct decode *d, LimnOnnx__Node *const *p, size_t n, const struct onnx_node **out)
{
    struct onnx_node *list = NULL;
    limn_status st = LIMN_OK;
    TRY(take(d, n, sizeof *list, &list));
    for (size_t i = 0; i < n; i++) {
        TRY(text(d, p[i]->name, &list[i].name));
        TRY(text(d, p[i]->op_type, &list[i].op));
        st = decode_node_fields(d, p[i], &list[i]);
        if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
            err_at(d->err, "node %zu \"%.80s\" (%.40s)", i, list[i].name, list[i].op);
        }
        TRY(st);
    }
    *out = list;
out:
    return st;
}

static limn_status decode_dims(struct decode *d, const LimnOnnx__Shape *p, struct onnx_value *v)
{
    limn_status st = LIMN_OK;
    if (p->n_dim > ONNX_MAX_RANK) {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "%zu dimensions (expected at most %d)", p->n_dim, ONNX_MAX_RANK));
    }
    for (size_t i = 0; i < p->n_dim; i++) {
        TRY(text(d, p->dim[i]->dim_param, &v->param[i]));
        v->dim[i] = p->dim[i]->has_dim_value ? p->dim[i]->dim_value : -1;
        if (v->dim[i] < -1 || v->dim[i] > INT32_MAX) {
            TRY(err_set(d->err, LIMN_ERR_FORMAT, "dimension %zu is %lld", i, (long long)v->dim[i]));
        }
        if (p->dim[i]->has_dim_value && v->param[i][0] != '\0') {
            TRY(err_set(d->err, LIMN_ERR_FORMAT, "dimension %zu is both %lld and \"%.40s\"", i, (long long)v->dim[i],
                        v->param[i]));
        }
    }
    v->rank = (int32_t)p->n_dim;
out:
    return st;
}

static limn_status decode_values(struct decode *d, LimnOnnx__Value *const *p, size_t n, const struct onnx_value **out)
{
    struct onnx_value *list = NULL;
    limn_status st = LIMN_OK;
    TRY(take(d, n, sizeof *list, &list));
    for (size_t i = 0; i < n; i++) {
        const LimnOnnx__TensorType *t = p[i]->type != NULL ? p[i]->type->tensor_type : NULL;
        list[i].rank = -1;
        for (size_t k = 0; k < ONNX_MAX_RANK; k++) {
            list[i].param[k] = "";
            list[i].dim[k] = -1;
        }
        TRY(text(d, p[i]->name, &list[i].name));
        list[i].type = t != NULL ? t->elem_type : ONNX_UNDEFINED;
        if (t != NULL && t->shape != NULL) {
            st = decode_dims(d, t->shape, &list[i]);
            if (st == LIMN_ERR_FORMAT) {
                err_at(d->err, "value \"%.80s\"", list[i].name);
            }
            TRY(st);
        }
    }
    *out = list;
out:
    return st;
}

static limn_status decode_graph(struct decode *d, const LimnOnnx__Graph *p, struct onnx_graph *g)
{
    struct onnx_tensor *init = NULL;
    limn_status st = LIMN_OK;
    TRY(text(d, p->name, &g->name));
    g->n_node = p->n_node;
    g->n_init = p->n_initializer;
    g->n_input = p->n_input;
    g->n_output = p->n_output;
    g->n_value = p->n_value_info;
    TRY(decode_nodes(d, p->node, p->n_node, &g->node));
    TRY(take(d, g->n_init, sizeof *init, &init));
    g->init = init;
    for (size_t i = 0; i < g->n_init; i++) {
        TRY(decode_tensor(d, p->initializer[i], &init[i]));
    }
    TRY(decode_values(d, p->input, p->n_input, &g->input));
    TRY(decode_values(d, p->output, p->n_output, &g->output));
    TRY(decode_values(d, p->value_info, p->n_value_info, &g->value));
out:
    return st;
}

/* The version of the default domain; others go to *list. */
static limn_status decode_opsets(struct decode *d, LimnOnnx__Opset *const *p, size_t n, int64_t *opset,
                                 const char *const **list, size_t *n_list)
{
    const char **names = NULL;
    size_t used = 0;
    bool seen = false;
    limn_status st = LIMN_OK;
    TRY(take(d, n, sizeof *names, &names));
    for (size_t i = 0; i < n; i++) {
        const char *domain = plain_domain(p[i]->domain);
        if (domain[0] != '\0') {
            TRY(text(d, domain, &names[used++]));
            continue;
        }
        if (seen || p[i]->version < 1) {
            TRY(err_set(d->err, LIMN_ERR_FORMAT, "opset_import %zu: version %lld of the default domain%s", i,
                        (long long)p[i]->version, seen ? ", which is imported already" : ""));
        }
        seen = true;
        *opset = p[i]->version;
    }
    if (list != NULL) {
        *list = names;
        *n_list = used;
    }
out:
    return st;
}

static limn_status decode_functions(struct decode *d, const LimnOnnx__Model *p, struct onnx_model *m)
{
    struct onnx_function *list = NULL;
    limn_status st = LIMN_OK;
    m->n_function = p->n_functions;
    TRY(take(d, p->n_functions, sizeof *list, &list));
    m->function = list;
    for (size_t i = 0; i < p->n_functions; i++) {
        const LimnOnnx__Function *from = p->functions[i];
        struct onnx_function *to = &list[i];
        if (from->name == NULL || from->name[0] == '\0') {
            TRY(err_set(d->err, LIMN_ERR_FORMAT, "function %zu has no name", i));
        }
        TRY(text(d, from->name, &to->name));
        TRY(text(d, plain_domain(from->domain), &to->domain));
        to->n_in = from->n_input;
        to->n_out = from->n_output;
        to->n_attr = from->n_attribute;
        to->n_node = from->n_node;
        to->n_default = from->n_attribute_proto;
        TRY(texts(d, from->input, from->n_input, &to->in));
        TRY(texts(d, from->output, from->n_output, &to->out));
        TRY(texts(d, from->attribute, from->n_attribute, &to->attr));
        TRY(decode_opsets(d, from->opset_import, from->n_opset_import, &to->opset, NULL, NULL));
        st = decode_attrs(d, from->attribute_proto, from->n_attribute_proto, &to->attr_default);
        st = st == LIMN_OK ? decode_nodes(d, from->node, from->n_node, &to->node) : st;
        if (st != LIMN_OK && st != LIMN_ERR_NOMEM) {
            err_at(d->err, "function \"%.80s\"", to->name);
        }
        TRY(st);
    }
out:
    return st;
}

static limn_status decode_model(struct decode *d, const LimnOnnx__Model *p)
{
    struct onnx_model *m = &d->f->model;
    struct onnx_graph *graph = NULL;
    limn_status st = LIMN_OK;
    if (p->ir_version < 1 || p->graph == NULL) {
        TRY(err_set(d->err, LIMN_ERR_FORMAT, "no ONNX model: ir_version %lld and %s graph", (long long)p->ir_version,
                    p->graph != NULL ? "a" : "no"));
    }
    m->ir_version = p->ir_version;
    TRY(text(d, p->producer_name, &m->producer));
    TRY(decode_opsets(d, p->opset_import, p->n_opset_import, &m->opset, &m->domain, &m->n_domain));
    TRY(take(d, 1, sizeof *graph, &graph));
    TRY(decode_graph(d, p->graph, graph));
    m->graph = graph;
    TRY(decode_functions(d, p, m));
out:
    return st;
}

/* protobuf-c says only that it failed; the bytes were checked, so memory is the reason. */
static limn_status unpack_failed(struct decode *d, size_t n)
{
    return d->f->budget.spent ? onnx_budget_error(&d->f->budget, d->err) : err_nomem(d->err, n, "a model's structure");
}

limn_status onnx_decode(struct onnx_file *f, enum onnx_message root, const struct onnx_copy *in, limn_error *err)
{
    struct decode d = {f, err};
    ProtobufCAllocator alloc = {pb_alloc, pb_free, &f->budget};
    limn_status st = LIMN_OK;
    if (root == ONNX_MSG_TENSOR) {
        LimnOnnx__Tensor *t = limn_onnx__tensor__unpack(&alloc, in->n, in->data);
        st = t == NULL ? unpack_failed(&d, in->n) : take(&d, 1, sizeof *f->tensor, &f->tensor);
        st = st == LIMN_OK ? decode_tensor(&d, t, f->tensor) : st;
        limn_onnx__tensor__free_unpacked(t, &alloc);
        return st;
    }
    LimnOnnx__Model *m = limn_onnx__model__unpack(&alloc, in->n, in->data);
    st = m == NULL ? unpack_failed(&d, in->n) : decode_model(&d, m);
    limn_onnx__model__free_unpacked(m, &alloc);
    return st;
}
