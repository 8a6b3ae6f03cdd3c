/* The fused tail shared by the convolutions and matmul: inputs bias, add and mask, y = gate(act(acc + bias + add)). */
#ifndef LIMN_OPS_EPILOGUE_H
#define LIMN_OPS_EPILOGUE_H

#include "ops/ops.h"
#include "push/epilogue.h"

struct epilogue_push {
    PUSH_EPILOGUE
};

/* Checks bias [channels], add and mask (shape of y) and that the mask is there when the gate needs it. `first` is the
 * input number of bias; add and mask follow. */
limn_status epilogue_infer(const struct op_call *c, const struct epilogue *e, int first, int32_t channels,
                           const struct shape *y, limn_error *err);
/* Finishes element `at` of y, in channel `channel`. */
double epilogue_ref(const struct epilogue *e, const double *const *in, int first, double acc, size_t channel,
                    size_t at);
/* Sticky error in b unless the epilogue is nothing but bias and add: derivatives are taken before fusion. */
bool epilogue_neutral(struct builder *b, const struct epilogue *e, const char *op);
/* For the shaders: the numbers, and the value of specialisation constant 3. */
struct epilogue_push epilogue_push(const struct epilogue *e);
uint32_t epilogue_spec(const struct op_call *c, const struct epilogue *e, int first);

#endif
