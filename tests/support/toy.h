/* Small graphs with random numbers, and running them with the reference executor. Errors of building are sticky in the
 * builder; running returns them. */
#ifndef LIMN_TEST_TOY_H
#define LIMN_TEST_TOY_H

#include "exec/exec.h"
#include "ops/ops.h"
#include "pass/pass.h"

/* n numbers in [-scale, scale) of stream `seed`; mem_free. */
float *toy_random(uint64_t seed, size_t n, double scale);
/* A constant of such numbers around `centre`. */
value_id toy_const(struct builder *b, struct shape shape, uint64_t seed, double centre, double scale);
value_id toy_values(struct builder *b, struct shape shape, const float *v);
value_id toy_input(struct builder *b, const char *name, struct shape shape);
/* size x size convolution to `channels`, same padding; bias as asked. */
value_id toy_conv(struct builder *b, const char *name, value_id x, int32_t channels, int32_t size, bool bias,
                  uint64_t seed);
value_id toy_bn(struct builder *b, const char *name, value_id x, uint64_t seed);
/* Global average, then a Linear to `classes`. */
value_id toy_head(struct builder *b, value_id x, int32_t classes, uint64_t seed);

size_t toy_live(const struct graph *g, const struct op *op); /* live nodes of an operator; NULL: of any */
bool toy_ordered(const struct graph *g); /* every live node reads live or given values made before it */

/* Runs g on the inputs and reads one value flagged OUTPUT, in double. */
struct toy_feed {
    value_id input;
    const double *data;
};
limn_status toy_run(const struct graph *g, const struct toy_feed *feed, size_t n_feed, value_id out, double *dst,
                    limn_error *err);

#endif
