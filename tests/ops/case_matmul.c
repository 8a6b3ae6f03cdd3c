/* Cases of matmul: every transposition, few rows and many, sizes that are no multiple of four, batches and
 * broadcasting. */
#include <math.h>

#include "ops_cases.h"

#define MATMUL(...)                                                                                                    \
    .attrs = &(const struct matmul_attrs)                                                                              \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }

static const struct op_case good[] = {
    {"one number", {NORMAL(1, 1), NORMAL(1, 1)}, MATMUL(0)},
    {"one row", {NORMAL(1, 16), NORMAL(16, 20)}, MATMUL(0)},
    {"one row, odd", {NORMAL(1, 13), NORMAL(13, 17)}, MATMUL(0)},
    {"one row, bias, linear", {NORMAL(1, 16), NORMAL(7, 16), NORMAL(7)}, MATMUL(.trans_b = 1)},
    {"one row, linear, odd", {NORMAL(1, 13), NORMAL(7, 13), NORMAL(7)}, MATMUL(.trans_b = 1)},
    {"two rows, linear", {NORMAL(2, 20), NORMAL(17, 20), NORMAL(17)}, MATMUL(.trans_b = 1)},
    {"two rows, both transposed", {NORMAL(20, 2), NORMAL(17, 20)}, MATMUL(1, 1)},
    {"three rows, a transposed", {NORMAL(13, 3), NORMAL(13, 8)}, MATMUL(.trans_a = 1)},
    {"four rows", {NORMAL(4, 12), NORMAL(12, 33), NORMAL(33)}, MATMUL(0)},
    {"seven rows", {NORMAL(7, 13), NORMAL(13, 5), NORMAL(5)}, MATMUL(0)},
    {"seven rows, linear", {NORMAL(7, 13), NORMAL(5, 13)}, MATMUL(.trans_b = 1)},
    {"seven rows, a transposed", {NORMAL(13, 7), NORMAL(13, 17)}, MATMUL(.trans_a = 1)},
    {"seven rows, both transposed", {NORMAL(13, 7), NORMAL(17, 13)}, MATMUL(1, 1)},
    {"bias, add", {NORMAL(2, 12), NORMAL(5, 12), NORMAL(5), NORMAL(2, 5)}, MATMUL(.trans_b = 1)},
    {"bias, add, relu",
     {NORMAL(3, 12), NORMAL(5, 12), NORMAL(5), NORMAL(3, 5)},
     MATMUL(.trans_b = 1, .epi = {.act = ACT_RELU}),
     FORWARD_ONLY},
    {"vanilla gate, stored by columns",
     {NORMAL(1, 12), NORMAL(12, 20), ABSENT, ABSENT, NORMAL(1, 20)},
     MATMUL(.epi = {.gate = GATE_VANILLA, .gate_lo = 0, .gate_hi = INFINITY}),
     FORWARD_ONLY},
    {"guided gate, many rows",
     {NORMAL(9, 12), NORMAL(12, 20), ABSENT, ABSENT, NORMAL(9, 20)},
     MATMUL(.epi = {.gate = GATE_GUIDED, .gate_lo = 0, .gate_hi = 6}),
     FORWARD_ONLY},
    {"long rows", {NORMAL(1, 4096), NORMAL(33, 4096), NORMAL(33)}, MATMUL(.trans_b = 1), FORWARD_ONLY},
    {"long columns", {NORMAL(2, 1031), NORMAL(1031, 132)}, MATMUL(0), FORWARD_ONLY},
    {"several work groups", {NORMAL(65, 130), NORMAL(131, 130), NORMAL(131)}, MATMUL(.trans_b = 1), FORWARD_ONLY},
    {"batch", {NORMAL(3, 5, 7), NORMAL(3, 7, 6)}, MATMUL(0)},
    {"batch of one", {NORMAL(1, 5, 7), NORMAL(1, 7, 6)}, MATMUL(0)},
    {"batch, both transposed", {NORMAL(3, 7, 5), NORMAL(3, 6, 7)}, MATMUL(1, 1)},
    {"batch, a transposed", {NORMAL(3, 7, 5), NORMAL(3, 7, 1)}, MATMUL(.trans_a = 1)},
    {"batch against one matrix", {NORMAL(2, 3, 5, 7), NORMAL(7, 6), NORMAL(6)}, MATMUL(0)},
    {"batch against one weight", {NORMAL(3, 1, 7), NORMAL(9, 7), NORMAL(9)}, MATMUL(.trans_b = 1)},
    {"batch against one matrix, a transposed", {NORMAL(3, 7, 5), NORMAL(7, 6)}, MATMUL(.trans_a = 1)},
    {"one matrix against a batch", {NORMAL(5, 7), NORMAL(2, 3, 7, 6)}, MATMUL(0)},
    {"batch dimensions broadcast", {NORMAL(2, 1, 3, 5), NORMAL(4, 5, 2)}, MATMUL(0)},
    {"rank 5", {NORMAL(2, 1, 3, 4, 5), NORMAL(1, 2, 1, 5, 6)}, MATMUL(0)},
    {"rank 5, bias, add",
     {NORMAL(1, 2, 2, 4, 5), NORMAL(2, 1, 2, 6, 5), NORMAL(6), NORMAL(2, 2, 2, 4, 6)},
     MATMUL(.trans_b = 1)},
    {"batch, bias, guided gate",
     {NORMAL(2, 9, 12), NORMAL(2, 12, 5), NORMAL(5), ABSENT, NORMAL(2, 9, 5)},
     MATMUL(.epi = {.gate = GATE_GUIDED, .gate_lo = 0, .gate_hi = 6}),
     FORWARD_ONLY},
    {"attention", {NORMAL(2, 4, 49, 32), NORMAL(2, 4, 49, 32)}, MATMUL(.trans_b = 1), FORWARD_ONLY},
    {"long batch", {NORMAL(700, 3, 4), NORMAL(700, 4, 5)}, MATMUL(0), FORWARD_ONLY},
};

static const struct op_case bad[] = {
    {"inner size", {NORMAL(2, 3), NORMAL(4, 5)}, MATMUL(0)},
    {"inner size, transposed", {NORMAL(2, 3), NORMAL(3, 5)}, MATMUL(.trans_b = 1)},
    {"rank", {NORMAL(4), NORMAL(4, 5)}, MATMUL(0)},
    {"batch sizes", {NORMAL(2, 3, 4), NORMAL(3, 4, 5)}, MATMUL(0)},
    {"inner size of a batch", {NORMAL(2, 3, 4), NORMAL(2, 3, 5)}, MATMUL(0)},
    {"bias", {NORMAL(2, 3), NORMAL(3, 5), NORMAL(2)}, MATMUL(0)},
};
OP_CASES(matmul, good, bad)
