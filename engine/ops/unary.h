/* Functions of one element. Each is a row that holds the kernel's number and the value in double, and a descriptor with
 * UNARY(name, doc, ...); the rows lie in tables by family (activation.c, unary.c, trigonometric.c). Attribute structs
 * of these operators are at most two numbers, which are the kernel's parameters a and b. */
#ifndef LIMN_OPS_UNARY_H
#define LIMN_OPS_UNARY_H

#include "ops/elementwise.h"

struct unary {
    const struct op *op; /* NULL ends a table */
    uint32_t fn;         /* UNARY_* of push/unary.h */
    double (*value)(double x);
    double (*value_with)(double x, const float p[2]); /* instead of value, with parameters */
};
extern const struct unary unary_activations[], unary_plain[], unary_trigonometric[];

void unary_ref(const struct op_call *c, const double *const *in, double *const *out);
limn_status unary_plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err);

#define UNARY(id, doc_, ...)                                                                                           \
    const struct op op_##id = {.name = #id,                                                                            \
                               .doc = doc_,                                                                            \
                               .n_in_min = 1,                                                                          \
                               .n_in_max = 1,                                                                          \
                               .n_out = 1,                                                                             \
                               .infer = infer_same,                                                                    \
                               .ref = unary_ref,                                                                       \
                               .plan = unary_plan,                                                                     \
                               __VA_ARGS__}
#define UNARY_ATTRS(table_, struct_)                                                                                   \
    .attrs = table_, .n_attrs = sizeof(table_) / sizeof((table_)[0]), .attr_bytes = sizeof(struct_)

#endif
