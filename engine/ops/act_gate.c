/* act_gate(g, m): a gradient passed back through a piecewise-linear activation whose output (or input) is m. The rule
 * says which gradient an explanation method wants: VANILLA: g where lo < m < hi, slope * g elsewhere    (the
 * derivative) GUIDED:  the same, and 0 where g <= 0                (guided backpropagation, Springenberg et al. 2014)
 *   DECONV:  g where g > 0, else 0; m is not read        (deconvnet, Zeiler and Fergus 2013) */
#include "ops/ops.h"

#include <math.h>

#include "ops/elementwise.h"
#include "push/binary.h"

static limn_status infer(const struct op_call *c, struct shape *out, limn_error *err)
{
    const struct act_gate_attrs *a = c->attrs;
    char tg[SHAPE_TEXT_MAX], tm[SHAPE_TEXT_MAX];
    if (a->gate != GATE_VANILLA && a->gate != GATE_GUIDED && a->gate != GATE_DECONV) {
        return err_set(err, LIMN_ERR_ARG, "gate is %d (expected 1 to 3)", a->gate);
    }
    if (a->gate != GATE_DECONV && !op_has(c, 1)) {
        return err_set(err, LIMN_ERR_SHAPE, "the mask is missing");
    }
    if (op_has(c, 1) && !shape_equal(&c->in[0], &c->in[1])) {
        return err_set(err, LIMN_ERR_SHAPE, "gradient is %s, mask is %s", shape_text(&c->in[0], tg),
                       shape_text(&c->in[1], tm));
    }
    out[0] = c->in[0];
    return LIMN_OK;
}

static void ref(const struct op_call *c, const double *const *in, double *const *out)
{
    const struct act_gate_attrs *a = c->attrs;
    size_t n = shape_elems(&c->out[0]);
    for (size_t i = 0; i < n; i++) {
        double g = in[0][i], y = g;
        if (a->gate != GATE_DECONV && !((double)a->lo < in[1][i] && in[1][i] < (double)a->hi)) {
            y = (double)a->slope * g;
        }
        out[0][i] = a->gate != GATE_VANILLA && g <= 0 ? 0 : y;
    }
}

/* Linear in g where g keeps its sign; m only selects. */
static void vjp(struct vjp *v)
{
    const struct act_gate_attrs *a = v->call->attrs;
    value_id g = v->gout[0];
    if (!v->need[0]) {
        return;
    }
    if (a->gate != GATE_DECONV) {
        g = build(v->b, &op_act_gate, NULL, (&(struct act_gate_attrs){GATE_VANILLA, a->lo, a->hi, a->slope}), g,
                  v->in[1]);
    }
    if (a->gate != GATE_VANILLA) {
        g = build(v->b, &op_act_gate, NULL, (&(struct act_gate_attrs){GATE_VANILLA, 0, INFINITY, 0}), g, v->in[0]);
    }
    v->gin[0] = g;
}

static limn_status plan(const struct op_call *c, const struct device_caps *caps, struct kernel_list *l, limn_error *err)
{
    static const uint32_t fn[] = {
        [GATE_VANILLA] = BINARY_GATE_VANILLA, [GATE_GUIDED] = BINARY_GATE_GUIDED, [GATE_DECONV] = BINARY_GATE_DECONV};
    const struct act_gate_attrs *a = c->attrs;
    return plan_binary(c, caps, l, fn[a->gate], (float[3]){a->lo, a->hi, a->slope}, err);
}

static const struct attr_desc attrs[] = {{"gate", ATTR_I32, offsetof(struct act_gate_attrs, gate)},
                                         {"lo", ATTR_F32, offsetof(struct act_gate_attrs, lo)},
                                         {"hi", ATTR_F32, offsetof(struct act_gate_attrs, hi)},
                                         {"slope", ATTR_F32, offsetof(struct act_gate_attrs, slope)}};

/* Tolerance: a selection, or one product. */
const struct op op_act_gate = {
    .name = "act_gate",
    .doc = "g where lo < m < hi, slope * g elsewhere; 0 where g <= 0 if guided",
    .n_in_min = 1,
    .n_in_max = 2,
    .n_out = 1,
    .flags = OP_INPLACE,
    .attrs = attrs,
    .n_attrs = 4,
    .attr_bytes = sizeof(struct act_gate_attrs),
    .infer = infer,
    .ref = ref,
    .vjp = vjp,
    .plan = plan,
    .tol = 1e-6f,
};
