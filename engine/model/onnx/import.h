/* Inside the importer: values, calls and what the rows of onnx_ops.def are written with.
 *
 * A value of the file is a `struct onnx_val`: its ONNX shape (up to rank 8, dimensions of 0 allowed) and either a value
 * of the graph, or numbers that are known already: a tensor of the file, one number everywhere, or numbers computed
 * while importing. What is known becomes a constant of the graph only when a device value needs it, so shape arithmetic
 * leaves no trace. Numbers are doubles: whole numbers are exact up to 2^53, larger ones saturate where they are used.
 * A value of rank above 5 lies in the graph as a flat one.
 *
 * Errors stick in the importer's builder: after the first one every function here returns NULL, VALUE_NONE or 0 and
 * does nothing. A row's function may run on for a few lines, but must not divide by what it got. */
#ifndef LIMN_MODEL_ONNX_IMPORT_PRIV_H
#define LIMN_MODEL_ONNX_IMPORT_PRIV_H

#include "base/checked.h"
#include "model/onnx/onnx_import.h"
#include "ops/ops.h"

struct onnx_val {
    const char *name; /* of the file; "" for inner ones */
    int32_t type, rank;
    int64_t dim[ONNX_MAX_RANK];
    size_t n; /* elements */
    value_id dev;
    const struct const_source *source; /* a tensor of the file, or derived from one */
    const struct onnx_tensor *file;    /* what `source` reads, when that is a tensor as it is */
    const double *host;
    bool param;  /* trainable: a floating tensor of the file or given from outside */
    bool filled; /* every element is `fill` */
    double fill;
    bool sequence; /* a list of tensors; everything above is that of an unknown scalar */
    struct onnx_val **item;
    size_t n_item;
};

struct onnx_row;
struct onnx_importer {
    struct builder b;   /* the graph and the first error */
    struct arena arena; /* of what lives during the import */
    size_t room;        /* numbers that may still be computed: what a file asks for in a few bytes is bounded */
    const struct onnx_model *model;
    const struct onnx_bind *bind;
    struct onnx_scope *scope; /* names in sight */
    int32_t depth;            /* of functions and branches */
    size_t inlined;           /* nodes of theirs so far */
    struct onnx_step *step;   /* the nodes with results on the device, in order */
    size_t n_step, cap_step;
};
struct onnx_call {
    struct onnx_importer *m;
    struct builder *b; /* m's: the graph and the first error */
    const struct onnx_node *node;
    const struct onnx_row *row;
    int64_t opset;
    size_t n_in, n_out;    /* as written at the node */
    struct onnx_val **in;  /* NULL: absent */
    struct onnx_val **out; /* for the row's function to fill; what stays NULL cannot be read */
};

enum { ONNX_ANY = 1 << 20 }; /* of inputs or outputs */
struct onnx_row {
    const char *domain, *op;
    int32_t since, until; /* opsets with these semantics; until 0: all later ones */
    int32_t n_in_min, n_in_max, n_out_max;
    bool grad;     /* differentiable in its floating inputs */
    bool sequence; /* takes sequences */
    void (*import)(struct onnx_call *c);
    const struct op *engine; /* for families of one shape: the operator of ours */
};
/* The rows' functions; a function may serve several rows. */
#define ONNX_OP(domain, op, since, until, n_min, n_max, n_out, grad, function, engine)                                 \
    void function(struct onnx_call *c);
#include "model/onnx/onnx_ops.def"
#undef ONNX_OP
/* NULL when no row has this operator at this opset. */
const struct onnx_row *onnx_row_find(const char *domain, const char *op, int64_t opset);
size_t onnx_row_count(void);
const struct onnx_row *onnx_row_at(size_t i);

/* --- call.c: errors and attributes; the texts name the attribute, the importer adds the node --- */
bool call_ok(const struct onnx_call *c);
void call_fail(struct onnx_call *c, limn_status status, const char *fmt, ...) LIMN_PRINTF(3, 4);
struct onnx_val *call_in(const struct onnx_call *c, size_t i); /* NULL: absent */
bool call_wants(const struct onnx_call *c, size_t out);        /* the output has a name */
/* NULL when absent; another type than expected is an error. */
const struct onnx_attr *attr_find(struct onnx_call *c, const char *name, enum onnx_attr_type type);
int64_t attr_int(struct onnx_call *c, const char *name, int64_t def, int64_t min, int64_t max);
bool attr_flag(struct onnx_call *c, const char *name, bool def);
float attr_float(struct onnx_call *c, const char *name, float def);
/* Which of the names (NULL-ended) a text attribute is; `def` when absent. */
int attr_choice(struct onnx_call *c, const char *name, int def, const char *const *names);
/* The number of entries; 0 when absent. */
size_t attr_ints(struct onnx_call *c, const char *name, int64_t *dst, size_t max, int64_t lo, int64_t hi);
/* An axis attribute or number, negative ones counted from `rank`. */
int32_t attr_axis(struct onnx_call *c, const char *name, int64_t def, int32_t rank);
int32_t call_axis(struct onnx_call *c, int64_t axis, int32_t rank);
/* Small numbers given by an attribute in older opsets and by input `input` in newer ones; those of the input must be
 * known. Returns whether there are any. */
bool call_ints(struct onnx_call *c, const char *attr, size_t input, int64_t *dst, size_t max, size_t *n);
double call_number(struct onnx_call *c, const char *attr, size_t input, double def);

/* --- val.c: values --- */
bool onnx_type_is_float(int32_t type);
struct onnx_val *val_dev_new(struct onnx_call *c, int32_t type, value_id v);
/* A value of the graph under an ONNX shape of as many elements. */
struct onnx_val *val_dev_as(struct onnx_call *c, int32_t type, value_id v, int32_t rank, const int64_t *dim);
/* Room for numbers known at import: *num to be filled (type rules are applied by val_settle). */
struct onnx_val *val_host_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim, double **num);
struct onnx_val *val_fill_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim, double v);
struct onnx_val *val_scalar(struct onnx_call *c, int32_t type, double v);
struct onnx_val *val_file_new(struct onnx_call *c, const struct onnx_tensor *t);
/* A constant that streams; float32 numbers, a trainable one. */
struct onnx_val *val_source_new(struct onnx_call *c, int32_t type, int32_t rank, const int64_t *dim,
                                const struct const_source *source);
/* The same numbers under another shape or type; NULL in, NULL out. */
struct onnx_val *val_copy(struct onnx_call *c, const struct onnx_val *v);
/* Rounds host numbers to what `type` can hold: integers truncate and wrap, booleans are 0 or 1. */
void val_settle(int32_t type, double *v, size_t n);
bool val_known(const struct onnx_val *v); /* its numbers are known */
bool val_folds(const struct onnx_val *v); /* and few enough that arithmetic is done at import */
/* The numbers, read if need be; NULL with an error when they are not known ("data-dependent") or too many. */
const double *val_numbers(struct onnx_call *c, struct onnx_val *v);
/* The same as at most `max` whole numbers of a tensor of rank 0 or 1. */
size_t val_ints(struct onnx_call *c, struct onnx_val *v, int64_t *dst, size_t max);
value_id val_dev(struct onnx_call *c, struct onnx_val *v);
bool val_shape(struct onnx_call *c, const struct onnx_val *v, struct shape *s); /* false with an error: above rank 5 */
bool dims_count(struct onnx_call *c, int32_t rank, const int64_t *dim, size_t *n);
bool dims_same(const struct onnx_val *a, const struct onnx_val *b);
bool dims_broadcast(struct onnx_call *c, const struct onnx_val *a, const struct onnx_val *b, int32_t *rank,
                    int64_t *dim);
const char *dims_text(const struct onnx_val *v, char buf[SHAPE_TEXT_MAX * 2]);

/* --- make.c: nodes, or their result when all inputs are known and few --- */
/* An operator whose output has the broadcast shape of its inputs; any rank. */
struct onnx_val *make_each(struct onnx_call *c, int32_t type, const struct op *op, const void *attrs, int32_t n,
                           struct onnx_val *const *in);
/* Any operator, inputs of ranks and sizes that the graph takes; returns the first output. */
struct onnx_val *make_node(struct onnx_call *c, int32_t type, const struct op *op, const void *attrs, int32_t n,
                           struct onnx_val *const *in);
/* The same with `n_out` outputs. */
void make_outputs(struct onnx_call *c, const int32_t *type, const struct op *op, const void *attrs, int32_t n,
                  struct onnx_val *const *in, size_t n_out, struct onnx_val **out);
struct onnx_val *make_unary(struct onnx_call *c, const struct op *op, const void *attrs, struct onnx_val *x);
struct onnx_val *make_binary(struct onnx_call *c, const struct op *op, struct onnx_val *x, struct onnx_val *y);
struct onnx_val *make_affine(struct onnx_call *c, struct onnx_val *x, double scale, double shift);
/* op_reduce_*: over the axes of a mask. */
struct onnx_val *make_reduce(struct onnx_call *c, const struct op *op, struct onnx_val *x, uint32_t axes, bool keep);

/* --- move.c: the same numbers elsewhere, of any rank, on the host or as nodes --- */
struct onnx_val *move_view(struct onnx_call *c, struct onnx_val *x, int32_t rank, const int64_t *dim);
struct onnx_val *move_transpose(struct onnx_call *c, struct onnx_val *x, const int32_t *perm);
struct onnx_val *move_slice(struct onnx_call *c, struct onnx_val *x, int32_t axis, int64_t begin, int64_t size,
                            int64_t step);
struct onnx_val *move_concat(struct onnx_call *c, struct onnx_val *const *x, size_t n, int32_t axis);
struct onnx_val *move_expand(struct onnx_call *c, struct onnx_val *x, int32_t rank, const int64_t *dim);
struct onnx_val *
move_pad(struct onnx_call *c, struct onnx_val *x, const int64_t *begin, const int64_t *end,
         double v); /* out[i] = x[from[i]] of the flat x, `fill` for -1; the positions are known (op_index.c). */
struct onnx_val *move_pick(struct onnx_call *c, struct onnx_val *x, int32_t rank, const int64_t *dim,
                           const int64_t *from, double fill);

/* --- op_pattern.c: an activation that is written as several nodes; NULL when the product or quotient is none --- */
struct onnx_val *pattern_mul(struct onnx_call *c, struct onnx_val *a, struct onnx_val *b);
struct onnx_val *pattern_div(struct onnx_call *c, struct onnx_val *a, struct onnx_val *b);

/* --- names.c: a map from texts, which outlive it --- */
struct name_map {
    struct name_slot *slot;
    size_t n, cap; /* a power of two, or 0 */
};
limn_status name_put(struct name_map *m, const char *name, void *what, limn_error *err); /* replaces */
void *name_get(const struct name_map *m, const char *name);                              /* NULL: none */
void name_finish(struct name_map *m);

/* --- scope.c: the names in sight of a node --- */
struct onnx_scope {
    struct name_map names;           /* to struct onnx_val */
    const struct onnx_scope *parent; /* whose names are in sight too; NULL for a function's body */
    const struct onnx_scope *caller; /* of a function's body: where it is called */
    const struct onnx_node *call;
    const struct onnx_function *function;
    const char *prefix; /* of the names that a function's values get in the graph */
    int64_t opset;
};
/* An attribute as it is, or the one of the call that it refers to; NULL when that is absent. */
const struct onnx_attr *scope_attr(const struct onnx_scope *s, const struct onnx_attr *a);
struct onnx_val *scope_find(const struct onnx_scope *s, const char *name);
/* Makes v known by a name, in the scope and in the graph. v NULL: an output that is not computed. */
void scope_bind(struct onnx_call *c, const char *name, struct onnx_val *v);

/* --- import.c --- */
/* The model-local function that a node calls; NULL when there is none. */
const struct onnx_function *onnx_function_find(const struct onnx_model *m, const struct onnx_node *n);
/* The nodes of a body in the scope of c->m. */
void import_nodes(struct onnx_call *c, const struct onnx_node *node, size_t n, const char *const *output,
                  size_t n_output, const char *const *given, size_t n_given);
/* Initializers of a graph become known in the scope; names[i] is that of the i-th. */
void import_initializers(struct onnx_call *c, const struct onnx_graph *g, const char **names);
/* A branch of If: its outputs become those of the node. */
void import_branch(struct onnx_call *c, const struct onnx_graph *g);

/* --- layers.c --- */
struct onnx_step {
    const char *node, *op, *out;
    value_id value;
    uint64_t params;
};
void layers_note(struct onnx_call *c);
/* Aliases for nodes and module paths, and the list for people. */
void layers_list(struct onnx_call *c, struct onnx_import *out);

/* --- sort.c --- */
/* The nodes that the outputs need, each after what it reads, in the file's order where that is free. `given` knows the
 * names defined outside. Undefined names, names defined twice and cycles are LIMN_ERR_FORMAT. mem_free *order. */
struct onnx_body {
    size_t n_node, n_output, n_given;
    const struct onnx_node *node;
    const char *const *output, *const *given; /* `given`: inputs and initializers, each once */
    const struct name_map *const *outer;      /* names of enclosing graphs, NULL-ended */
};
limn_status onnx_sort(const struct onnx_body *body, size_t **order, size_t *n, limn_error *err);

#endif
