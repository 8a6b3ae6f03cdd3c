/* The graph: nodes over named values. Append-only in topological order; passes mark nodes dead or rewrite them in
 * place.
 *
 * Names are those the user knows: a value carries the module path that produced it ("layer4.2.conv1"), and containers
 * ("layer4") are aliases of their last value. A name always means the same tensor, fused or not.
 * All memory belongs to the graph's arena. */
#ifndef LIMN_IR_GRAPH_H
#define LIMN_IR_GRAPH_H

#include "ir/op.h"
#include "tensor/tensor.h"

/* Where a constant's numbers come from: read on demand, so that weights stream from the file to the device. */
struct const_source {
    /* Writes all n float32 elements. Called any number of times, from the thread that runs the graph. */
    limn_status (*read)(const struct const_source *s, float *dst, size_t n, limn_error *err);
    /* May be NULL (const_source_part then reads everything): elements first .. first + n - 1 only. */
    limn_status (*read_part)(const struct const_source *s, size_t first, float *dst, size_t n, limn_error *err);
};

enum value_kind { VALUE_INPUT, VALUE_CONST, VALUE_RESULT };
enum value_flag {
    VALUE_OUTPUT = 1, /* read back after a run */
    VALUE_TAP = 2,    /* named tensor that must exist as such: a barrier for fusion */
    VALUE_PARAM = 4,  /* a trainable constant (kept apart by passes that fold constants) */
    VALUE_LATE =
        8, /* an input that is set after stage 0 ran (the class selection): nodes that depend on it are stage 1 */
    VALUE_STATE = 16,  /* an input whose numbers for the next run are computed by this one: graph_state */
    VALUE_STREAM = 32, /* an input that changes with every run and may be set while one goes on: exec_set */
};

struct value {
    const char *name; /* never NULL; generated names start with '%' */
    struct shape shape;
    enum value_kind kind;
    uint32_t flags;
    int32_t producer;                  /* node index, -1 for inputs and constants */
    int32_t out_index;                 /* which output of the producer */
    const struct const_source *source; /* VALUE_CONST only */
};

struct node {
    const struct op *op;
    const void *attrs;
    int32_t n_in, n_out;
    value_id *in; /* VALUE_NONE for absent optional inputs */
    value_id out[OP_MAX_OUT];
    bool dead;
};

struct graph_state { /* after a run that computes `next`, `value` holds its numbers */
    value_id value, next;
};

struct graph {
    struct arena arena;
    struct value *value;
    size_t n_value, cap_value;
    struct node *node;
    size_t n_node, cap_node;
    struct graph_alias *alias; /* name -> value, containers */
    size_t n_alias, cap_alias;
    struct graph_state *state;
    size_t n_state, cap_state;
    struct graph *adopted; /* graphs whose memory this one still uses: graph_adopt */
};

struct builder;
limn_status graph_create(struct graph **out, limn_error *err);
void graph_destroy(struct graph **g); /* NULL-safe */

limn_status graph_input(struct graph *g, const char *name, struct shape shape, value_id *out, limn_error *err);
limn_status graph_const(struct graph *g, const char *name, struct shape shape, const struct const_source *src,
                        value_id *out, limn_error *err);
/* A constant whose numbers are copied into the arena. */
limn_status graph_const_data(struct graph *g, const char *name, struct shape shape, const float *data, value_id *out,
                             limn_error *err);
/* Appends a node; infers shapes; the outputs are named `name` (NULL: generated), "name:1", ... `attrs` is copied. */
limn_status graph_node(struct graph *g, const struct op *op, const char *name, const void *attrs, int32_t n_in,
                       const value_id *in, value_id *out, limn_error *err);
limn_status graph_alias(struct graph *g, const char *name, value_id v, limn_error *err);
/* Declares that input `value` is state: after each run that computes `next` (of the same shape, by a node whose
 * operator updates in place, op.h) the input holds next's numbers, without leaving the device. No node may read `value`
 * after the one that computes `next`. `next` becomes an output. The host sets the first numbers and may get and set
 * them. */
limn_status graph_state(struct graph *g, value_id value, value_id next, limn_error *err);
/* By value name first, then alias; VALUE_NONE when unknown. */
value_id graph_find(const struct graph *g, const char *name);
/* Every live reader of `from` reads `to` instead; output flags are not moved. */
void graph_replace_uses(struct graph *g, value_id from, value_id to);
/* Live readers of each value: counts[n_value], caller's memory. A value flagged OUTPUT or TAP counts one more. */
void graph_count_uses(const struct graph *g, int32_t *counts);
limn_status const_read(const struct value *v, float *dst, size_t n, limn_error *err);
/* Elements first .. first + n - 1 of a source that has `total`. */
limn_status const_source_part(const struct const_source *s, size_t total, size_t first, float *dst, size_t n,
                              limn_error *err);
/* Fills an op_call for node i; `shapes` is caller's memory for n_in + n_out shapes. */
void graph_call(const struct graph *g, const struct node *n, struct shape *shapes, struct op_call *c);

size_t graph_alias_count(const struct graph *g);
const char *graph_alias_at(const struct graph *g, size_t i, value_id *value);

/* append.c: copies to the end of dst what `want` needs of src, back to the values that are given. */
struct graph_append {
    const char *prefix;   /* of the names in dst */
    const value_id *want; /* values of src */
    size_t n_want;
    value_id *map; /* src->n_value entries. Before: values of dst that stand for those of src, else VALUE_NONE. After:
                    * also what was copied. Inputs that are needed and not given become inputs of dst */
    /* May be NULL: called for each copied result v; what it returns is read in place of `copy`. */
    value_id (*after)(void *user, struct builder *b, value_id v, value_id copy);
    void *user;
};
limn_status graph_append(struct graph *dst, const struct graph *src, const struct graph_append *p, limn_error *err);
/* Constants of a copy are read from where the original reads them: this makes g keep *other until g is destroyed. */
void graph_adopt(struct graph *g, struct graph **other);

/* dump.c: one line per live node, for people; and Graphviz. Append to a growing text (mem_free it). */
limn_status graph_dump_text(const struct graph *g, char **out, limn_error *err);
limn_status graph_dump_dot(const struct graph *g, char **out, limn_error *err);

/* A builder carries the first error, so that architectures and vjps read as plain formulas: once it failed, every call
 * returns VALUE_NONE and does nothing. Check b.status at the end. */
struct builder {
    struct graph *g;
    limn_status status;
    limn_error *err;
};
value_id build_node(struct builder *b, const struct op *op, const char *name, const void *attrs, int32_t n_in,
                    const value_id *in);
/* build(b, &op_relu, "layer1.relu", NULL, x) */
#define build(b, op, name, attrs, ...)                                                                                 \
    build_node(b, op, name, attrs, (int32_t)(sizeof((value_id[]){__VA_ARGS__}) / sizeof(value_id)),                    \
               (value_id[]){__VA_ARGS__})
/* A scalar or filled constant. */
value_id build_fill(struct builder *b, struct shape shape, float v);
const struct shape *build_shape(const struct builder *b, value_id v);

#endif
