/* Constants, casts and control: Constant, ConstantOfShape, Cast, If, Dropout. */
#include <math.h>
#include <string.h>

#include "model/onnx/import.h"

void onnx_constant(struct onnx_call *c)
{
    const struct onnx_attr *a;
    double *num = NULL;
    if ((a = attr_find(c, "value", ONNX_ATTR_TENSOR)) != NULL && a->tensor != NULL) {
        if (a->tensor->type == ONNX_STRING) {
            call_fail(c, LIMN_ERR_UNSUPPORTED, "a tensor of texts");
            return;
        }
        c->out[0] = val_file_new(c, a->tensor);
    } else if ((a = attr_find(c, "value_float", ONNX_ATTR_FLOAT)) != NULL) {
        c->out[0] = val_scalar(c, ONNX_FLOAT, (double)a->f);
    } else if ((a = attr_find(c, "value_int", ONNX_ATTR_INT)) != NULL) {
        c->out[0] = val_scalar(c, ONNX_INT64, (double)a->i);
    } else if ((a = attr_find(c, "value_floats", ONNX_ATTR_FLOATS)) != NULL) {
        c->out[0] = val_host_new(c, ONNX_FLOAT, 1, (int64_t[]){(int64_t)a->n}, &num);
        for (size_t i = 0; num != NULL && i < a->n; i++) {
            num[i] = (double)a->floats[i];
        }
    } else if ((a = attr_find(c, "value_ints", ONNX_ATTR_INTS)) != NULL) {
        c->out[0] = val_host_new(c, ONNX_INT64, 1, (int64_t[]){(int64_t)a->n}, &num);
        for (size_t i = 0; num != NULL && i < a->n; i++) {
            num[i] = (double)a->ints[i];
        }
    } else {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "a constant that is no tensor of numbers");
    }
}

void onnx_constant_of_shape(struct onnx_call *c)
{
    int64_t dim[ONNX_MAX_RANK];
    size_t n = val_ints(c, call_in(c, 0), dim, ONNX_MAX_RANK);
    const struct onnx_attr *a = attr_find(c, "value", ONNX_ATTR_TENSOR);
    double v = 0;
    int32_t type = ONNX_FLOAT;
    if (a != NULL && a->tensor != NULL && call_ok(c)) {
        if (a->tensor->elems != 1) {
            call_fail(c, LIMN_ERR_FORMAT, "attribute value has %zu elements (expected 1)", a->tensor->elems);
            return;
        }
        c->b->status = onnx_tensor_f64(a->tensor, &v, 1, c->b->err);
        type = a->tensor->type;
    }
    c->out[0] = call_ok(c) ? val_fill_new(c, type, (int32_t)n, dim, v) : NULL;
}

void onnx_if(struct onnx_call *c)
{
    const struct onnx_attr *yes = attr_find(c, "then_branch", ONNX_ATTR_GRAPH);
    const struct onnx_attr *no = attr_find(c, "else_branch", ONNX_ATTR_GRAPH);
    const double *condition = val_numbers(c, call_in(c, 0));
    if (condition == NULL || yes == NULL || no == NULL || call_in(c, 0)->n != 1) {
        call_fail(c, LIMN_ERR_FORMAT, "expected one condition and two branches");
        return;
    }
    import_branch(c, condition[0] != 0 ? yes->graph : no->graph);
}

void onnx_dropout(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    double training = c->opset >= 12 ? call_number(c, NULL, 2, 0) : 0, ratio = call_number(c, "ratio", 1, 0.5);
    if (training != 0 && ratio != 0) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "dropout in training mode is random");
        return;
    }
    c->out[0] = val_copy(c, x);
    if (call_wants(c, 1)) { /* the mask, all kept */
        c->out[1] = val_fill_new(c, c->opset >= 10 ? ONNX_BOOL : x->type, x->rank, x->dim, 1);
    }
}
