/* Cases of act_gate: every rule; masks stay off the limits, gradients off 0. */
#include "ops_cases.h"

#define GATE(...)                                                                                                      \
    .attrs = &(const struct act_gate_attrs)                                                                            \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"relu", {DISTINCT(2, 3, 5, 7), DISTINCT(2, 3, 5, 7)}, GATE(GATE_VANILLA, 0, INFINITY, 0)},
    {"relu6", {DISTINCT(2, 3, 5, 7), DISTINCT(2, 3, 5, 7)}, GATE(GATE_VANILLA, 0, 6, 0)},
    {"leaky relu", {DISTINCT(2, 3, 5), DISTINCT(2, 3, 5)}, GATE(GATE_VANILLA, 0, INFINITY, 0.1f)},
    {"left side", {DISTINCT(2, 4, 8), DISTINCT(2, 4, 8)}, GATE(GATE_VANILLA, -INFINITY, 0, 0)},
    {"guided", {DISTINCT(2, 3, 5, 7), DISTINCT(2, 3, 5, 7)}, GATE(GATE_GUIDED, 0, INFINITY, 0)},
    {"guided relu6", {DISTINCT(2, 3, 5), DISTINCT(2, 3, 5)}, GATE(GATE_GUIDED, 0, 6, 0)},
    {"guided leaky relu", {DISTINCT(2, 3, 5), DISTINCT(2, 3, 5)}, GATE(GATE_GUIDED, 0, INFINITY, 0.1f)},
    {"deconv", {DISTINCT(2, 3, 5, 7)}, GATE(GATE_DECONV, 0, 0, 0)},
    {"deconv with a mask", {DISTINCT(2, 3, 5), DISTINCT(2, 3, 5)}, GATE(GATE_DECONV, 0, INFINITY, 0)},
    {"one element", {DISTINCT(1), DISTINCT(1)}, GATE(GATE_GUIDED, 0, INFINITY, 0)},
    {"several work groups",
     {DISTINCT(2, 17, 33, 13), DISTINCT(2, 17, 33, 13)},
     GATE(GATE_GUIDED, 0, 6, 0),
     .flags = FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"mask missing", {NORMAL(2, 3)}, GATE(GATE_VANILLA, 0, 1, 0)},
    {"mask shape", {NORMAL(2, 3), NORMAL(3, 2)}, GATE(GATE_GUIDED, 0, 1, 0)},
    {"mask broadcast", {NORMAL(2, 3), NORMAL(3)}, GATE(GATE_VANILLA, 0, 1, 0)},
    {"no rule", {NORMAL(2, 3), NORMAL(2, 3)}, GATE(GATE_NONE, 0, 1, 0)},
};
OP_CASES(act_gate, good, bad)
