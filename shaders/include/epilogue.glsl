/* The fused tail of convolutions and matmul (push/epilogue.h): bindings 2..5 are y, bias, add, mask. An absent input is
 * bound to something valid and never read. The clamp is written with comparisons so that NaN passes through. */
#ifndef LIMN_EPILOGUE_GLSL
#define LIMN_EPILOGUE_GLSL

layout(constant_id = 3) const uint EPILOGUE = 0;

layout(set = 0, binding = 2, std430) writeonly buffer buf_y { float y[]; };
TENSOR1(3, bias)
TENSOR1(4, addend)
TENSOR1(5, mask)

float epilogue_bias(uint channel)
{
    return (EPILOGUE & EPILOGUE_BIAS) != 0 ? LOAD1(bias, channel) : 0.0;
}

/* Finishes `v`, which includes its bias, and stores it at element `at`. */
void epilogue_finish(float v, uint at)
{
    if ((EPILOGUE & EPILOGUE_ADD) != 0) {
        v += LOAD1(addend, at);
    }
    v = v < push.act_lo ? push.act_lo : (v > push.act_hi ? push.act_hi : v);
    if ((EPILOGUE & EPILOGUE_MASK) != 0) {
        float m = LOAD1(mask, at);
        v = m > push.gate_lo && m < push.gate_hi ? v : 0.0;
    }
    y[at] = push.positive != 0 && v <= 0.0 ? 0.0 : v;
}

/* The same for a sum of output channel `channel` without its bias. */
void epilogue_store(float v, uint channel, uint at)
{
    epilogue_finish(v + epilogue_bias(channel), at);
}

#endif
