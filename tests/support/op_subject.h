/* One operator case under test: its inputs, a graph that holds the node and, where asked, the nodes of its vjp, and the
 * value of everything in double precision. Independent of passes and executors: what it checks, they build on. */
#ifndef LIMN_TEST_OP_SUBJECT_H
#define LIMN_TEST_OP_SUBJECT_H

#include "ops/ops_cases.h"

struct op_subject {
    const struct op *op;
    const struct op_case *cs;
    uint64_t seed;
    struct graph *g;
    int32_t n_in;
    value_id in[OP_CASE_MAX_IN], out[OP_MAX_OUT];
    value_id gout[OP_MAX_OUT]; /* cotangents: graph inputs; VALUE_NONE where the output carries none */
    value_id gin[OP_CASE_MAX_IN];
    struct shape shape[OP_CASE_MAX_IN + OP_MAX_OUT];
    struct op_call call;
    double **val; /* by value id, of subject_eval; inputs hold float values */
    size_t n_val;
};

/* Builds the graph of one node over inputs filled from (op, case, seed). The status is that of graph_node. */
limn_status subject_create(struct op_subject *s, const struct op *op, const struct op_case *cs, uint64_t seed,
                           limn_error *err);
/* Adds the nodes of the operator's vjp with random cotangents. */
limn_status subject_add_vjp(struct op_subject *s, limn_error *err);
/* Computes every value with the operators' references. False, with a text, when one writes less or more than infer says
 * or something that is not finite. */
bool subject_eval(struct op_subject *s, limn_error *err);
/* Compares the evaluated vjp with central differences of the reference: the largest difference relative to the largest
 * gradient of that input. */
bool subject_check_vjp(struct op_subject *s, double tol, double *worst, limn_error *err);
void subject_finish(struct op_subject *s);

#endif
