/* Gemm and MatMul. */
#include <string.h>

#include "model/onnx/import.h"

/* C of a Gemm as the bias of a matmul: one number per column. */
static struct onnx_val *as_bias(struct onnx_call *c, struct onnx_val *bias, int64_t columns)
{
    bool row = bias != NULL && bias->n == (size_t)columns &&
               (bias->rank == 1 || (bias->rank == 2 && bias->dim[0] == 1 && bias->dim[1] == columns));
    return row ? move_view(c, bias, 1, &columns) : NULL;
}

void onnx_gemm(struct onnx_call *c)
{
    struct onnx_val *a = call_in(c, 0), *b = call_in(c, 1), *add = call_in(c, 2);
    struct matmul_attrs m = {.trans_a = attr_flag(c, "transA", false), .trans_b = attr_flag(c, "transB", false)};
    double alpha = (double)attr_float(c, "alpha", 1), beta = (double)attr_float(c, "beta", 1);
    if (!call_ok(c) || a->rank != 2 || b->rank != 2) {
        call_fail(c, LIMN_ERR_SHAPE, "operands of rank %d and %d (expected 2)", (int)a->rank, (int)b->rank);
        return;
    }
    struct onnx_val *bias = alpha == 1 && beta == 1 ? as_bias(c, add, b->dim[m.trans_b ? 0 : 1]) : NULL;
    value_id y =
        build(c->b, &op_matmul, NULL, &m, val_dev(c, a), val_dev(c, b), bias != NULL ? val_dev(c, bias) : VALUE_NONE);
    struct onnx_val *v = val_dev_new(c, a->type, y);
    v = alpha == 1 ? v : make_affine(c, v, alpha, 0);
    if (add != NULL && bias == NULL) {
        v = make_binary(c, &op_add, v, beta == 1 ? add : make_affine(c, add, beta, 0));
    }
    c->out[0] = v;
}

void onnx_matmul(struct onnx_call *c)
{
    struct onnx_val *a = call_in(c, 0), *b = call_in(c, 1);
    struct matmul_attrs m = {0};
    int64_t dim[ONNX_MAX_RANK];
    int32_t rank = 0;
    bool row = a->rank == 1, column = b->rank == 1;
    if (a->rank < 1 || b->rank < 1) {
        call_fail(c, LIMN_ERR_SHAPE, "a product of a scalar");
        return;
    }
    a = row ? move_view(c, a, 2, (int64_t[]){1, a->dim[0]}) : a;
    b = column ? move_view(c, b, 2, (int64_t[]){b->dim[0], 1}) : b;
    value_id id = build(c->b, &op_matmul, NULL, &m, val_dev(c, a), val_dev(c, b));
    struct onnx_val *y = val_dev_new(c, a != NULL ? a->type : 0, id);
    for (int32_t i = 0; y != NULL && i < y->rank; i++) {
        bool drop = (row && i == y->rank - 2) || (column && i == y->rank - 1);
        if (!drop) {
            dim[rank++] = y->dim[i];
        }
    }
    c->out[0] = move_view(c, y, rank, dim);
}
