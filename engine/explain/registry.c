/* The method table, from methods.def. */
#include <string.h>

#include "base/str.h"
#include "explain/emit.h"

#define METHOD(id) extern const struct method method_##id;
#include "explain/methods.def"
#undef METHOD

static const struct method *const table[] = {
#define METHOD(id) &method_##id,
#include "explain/methods.def"
#undef METHOD
};
enum { N_METHOD = sizeof(table) / sizeof(table[0]) };

size_t method_count(void)
{
    return N_METHOD;
}

const struct method *method_at(size_t i)
{
    return table[i];
}

const struct method *method_find(const char *name)
{
    for (size_t i = 0; i < N_METHOD; i++) {
        if (strcmp(table[i]->name, name) == 0) {
            return table[i];
        }
    }
    return NULL;
}

limn_status method_resolve(const char *name, const struct method **out, limn_error *err)
{
    const char *names[N_METHOD];
    char safe[96];
    const struct method *m = method_find(name);
    if (m != NULL) {
        *out = m;
        return LIMN_OK;
    }
    for (size_t i = 0; i < N_METHOD; i++) {
        names[i] = table[i]->name;
    }
    const char *near = str_closest(name, names, N_METHOD);
    str_escape(safe, sizeof(safe), name);
    if (near != NULL) {
        return err_set(err, LIMN_ERR_NOT_FOUND, "no method \"%s\"; did you mean %s?", safe, near);
    }
    return err_set(err, LIMN_ERR_NOT_FOUND, "no method \"%s\" (found none of that name among %d)", safe, (int)N_METHOD);
}
