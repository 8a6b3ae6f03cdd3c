/* Status names, exit codes and error text, from one table. */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct {
    const char *text;
    int exit_code;
} table[] = {
    [LIMN_OK] = {"ok", 0},
    [LIMN_ERR_NOMEM] = {"out of memory", 7},
    [LIMN_ERR_DEVICE_NOMEM] = {"out of device memory", 7},
    [LIMN_ERR_IO] = {"cannot write", 4},
    [LIMN_ERR_READ] = {"cannot read", 3},
    [LIMN_ERR_FORMAT] = {"malformed file", 3},
    [LIMN_ERR_SHAPE] = {"shapes do not fit", 3},
    [LIMN_ERR_ARG] = {"invalid argument", 2},
    [LIMN_ERR_UNSUPPORTED] = {"not supported", 3},
    [LIMN_ERR_NOT_FOUND] = {"not found", 2},
    [LIMN_ERR_DEVICE] = {"Vulkan device error", 5},
    [LIMN_ERR_DEVICE_LOST] = {"Vulkan device lost", 5},
    [LIMN_ERR_NUMERIC] = {"not a finite number", 6},
    [LIMN_CANCELLED] = {"cancelled", 130},
    [LIMN_ERR_INTERNAL] = {"internal error", 70},
};
#define TABLE_SIZE ((int)(sizeof(table) / sizeof(table[0])))

const char *limn_status_text(limn_status status)
{
    return (int)status >= 0 && (int)status < TABLE_SIZE ? table[status].text : "unknown status";
}

int limn_status_exit_code(limn_status status)
{
    return (int)status >= 0 && (int)status < TABLE_SIZE ? table[status].exit_code : 70;
}

limn_status err_set(limn_error *err, limn_status code, const char *fmt, ...)
{
    if (err) {
        char raw[sizeof(err->text)];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(raw, sizeof(raw), fmt, ap);
        va_end(ap);
        err->code = code;
        str_escape(err->text, sizeof(err->text), raw);
    }
    return code;
}

limn_status err_at(limn_error *err, const char *fmt, ...)
{
    if (!err || err->code == LIMN_OK) {
        return LIMN_ERR_INTERNAL;
    }
    char raw[256], prefix[256], old[sizeof(err->text)];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof(raw), fmt, ap);
    va_end(ap);
    str_escape(prefix, sizeof(prefix), raw);
    memcpy(old, err->text, sizeof(old));
    int n = snprintf(err->text, sizeof(err->text), "%s: ", prefix);
    if (n > 0 && (size_t)n < sizeof(err->text)) {
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, "%.*s", (int)(sizeof(err->text) - (size_t)n - 1), old);
    }
    return err->code;
}
