/* The fused tail of convolutions and matmul: y = gate(act(acc + bias + add)). Specialisation constant 3 says which of
 * the optional inputs exist; the rest is numbers, so that one pipeline serves every activation. */
#ifndef LIMN_PUSH_EPILOGUE_H
#define LIMN_PUSH_EPILOGUE_H

#include "push/push.h"

#define EPILOGUE_BIAS 1
#define EPILOGUE_ADD 2
#define EPILOGUE_MASK 4

/* Clamp to act_lo..act_hi; then 0 unless gate_lo < mask < gate_hi; then 0 unless positive, when `positive` is set. */
#define PUSH_EPILOGUE \
    PUSH_F32(act_lo) PUSH_F32(act_hi) PUSH_F32(gate_lo) PUSH_F32(gate_hi) PUSH_U32(positive)

#endif
