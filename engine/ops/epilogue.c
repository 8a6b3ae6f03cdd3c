/* The fused tail of convolutions and matmul. The comparisons are those of shaders/include/epilogue.glsl: NaN passes. */
#include "ops/epilogue.h"

#include <math.h>

static bool needs_mask(const struct epilogue *e)
{
    return e->gate == GATE_VANILLA || e->gate == GATE_GUIDED;
}

limn_status epilogue_infer(const struct op_call *c, const struct epilogue *e, int first, int32_t channels,
                           const struct shape *y, limn_error *err)
{
    static const char *const what[] = {"bias", "add", "mask"};
    char found[SHAPE_TEXT_MAX], expected[SHAPE_TEXT_MAX];
    if (e->act < ACT_NONE || e->act > ACT_RELU6 || e->gate < GATE_NONE || e->gate > GATE_DECONV) {
        return err_set(err, LIMN_ERR_ARG, "epilogue: activation %d, gate %d unknown", (int)e->act, (int)e->gate);
    }
    for (int i = 0; i < 3; i++) {
        struct shape want = i == 0 ? shape_of(1, &channels) : *y;
        if (op_has(c, first + i) && !shape_equal(&c->in[first + i], &want)) {
            return err_set(err, LIMN_ERR_SHAPE, "%s: found %s, expected %s", what[i],
                           shape_text(&c->in[first + i], found), shape_text(&want, expected));
        }
    }
    if (needs_mask(e) != op_has(c, first + 2)) {
        return err_set(err, LIMN_ERR_ARG, "mask: %s, but gate is %d", needs_mask(e) ? "missing" : "given",
                       (int)e->gate);
    }
    return LIMN_OK;
}

double epilogue_ref(const struct epilogue *e, const double *const *in, int first, double acc, size_t channel, size_t at)
{
    double v = acc;
    if (in[first] != NULL) {
        v += in[first][channel];
    }
    if (in[first + 1] != NULL) {
        v += in[first + 1][at];
    }
    if (e->act != ACT_NONE && v < 0) {
        v = 0;
    }
    if (e->act == ACT_RELU6 && v > 6) {
        v = 6;
    }
    if (needs_mask(e)) {
        double m = in[first + 2][at];
        v = m > e->gate_lo && m < e->gate_hi ? v : 0;
    }
    if ((e->gate == GATE_GUIDED || e->gate == GATE_DECONV) && v <= 0) {
        v = 0;
    }
    return v;
}

bool epilogue_neutral(struct builder *b, const struct epilogue *e, const char *op)
{
    if (b->status == LIMN_OK && (e->act != ACT_NONE || e->gate != GATE_NONE)) {
        b->status = err_set(b->err, LIMN_ERR_INTERNAL, "%s: derivative of a fused activation (%d) or gate (%d)", op,
                            (int)e->act, (int)e->gate);
    }
    return b->status == LIMN_OK;
}

struct epilogue_push epilogue_push(const struct epilogue *e)
{
    return (struct epilogue_push){
        .act_lo = e->act == ACT_NONE ? -INFINITY : 0,
        .act_hi = e->act == ACT_RELU6 ? 6 : INFINITY,
        .gate_lo = e->gate_lo,
        .gate_hi = e->gate_hi,
        .positive = e->gate == GATE_GUIDED || e->gate == GATE_DECONV,
    };
}

uint32_t epilogue_spec(const struct op_call *c, const struct epilogue *e, int first)
{
    return (op_has(c, first) ? EPILOGUE_BIAS : 0u) | (op_has(c, first + 1) ? EPILOGUE_ADD : 0u) |
           (needs_mask(e) ? EPILOGUE_MASK : 0u);
}
