/* Host tensors: a checked shape and its zero-filled numbers. */
#include "tensor/tensor.h"

#include "base/mem.h"

limn_status tensor_init(struct tensor *t, struct shape shape, limn_error *err)
{
    limn_status st = shape_check(&shape, err);
    if (st != LIMN_OK) {
        return st;
    }
    float *data = mem_zalloc(shape_elems(&shape), sizeof *data);
    if (data == NULL) {
        return err_nomem(err, shape_elems(&shape) * sizeof *data, "a tensor");
    }
    t->shape = shape;
    t->data = data;
    return LIMN_OK;
}

void tensor_finish(struct tensor *t)
{
    mem_free(t->data);
    *t = (struct tensor){0};
}
