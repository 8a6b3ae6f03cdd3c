/* The operator table, from ops.def. */
#include "ops/ops.h"

#include <string.h>

static const struct op *const table[] = {
#define OP(name) &op_##name,
#include "ops/ops.def"
#undef OP
    NULL, /* the list may be empty while the tree is young; never counted */
};

size_t op_count(void)
{
    return sizeof(table) / sizeof(table[0]) - 1;
}

const struct op *op_at(size_t i)
{
    return table[i];
}

const struct op *op_find(const char *name)
{
    for (size_t i = 0; i < op_count(); i++) {
        if (strcmp(table[i]->name, name) == 0) {
            return table[i];
        }
    }
    return NULL;
}
