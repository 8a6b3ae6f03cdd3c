/* Contexts: which device a caller wants and, once something has to run, that device. Opening is put off until then, so
 * that listing layers or reading a picture works on a machine without any Vulkan driver.
 */
#include "api/api.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"

const char *limn_version(void)
{
    return LIMN_VERSION;
}

char *limn_text_escape(char *dst, size_t size, const char *src)
{
    if (dst == NULL || size == 0) {
        return dst;
    }
    return str_escape(dst, size, src ? src : "");
}

const char *limn_text_closest(const char *text, const char *const *candidates, size_t n)
{
    if (text == NULL || candidates == NULL) {
        return NULL;
    }
    return str_closest(text, candidates, n);
}

limn_status api_null(limn_error *err, const char *function, const char *name)
{
    return err_set(err, LIMN_ERR_ARG, "%s: %s is NULL", function, name);
}

limn_status limn_context_create(const struct limn_context_params *p, limn_context **out, limn_error *err)
{
    API_NEED(out);
    limn_context *ctx = mem_zalloc(1, sizeof(*ctx));
    if (ctx == NULL) {
        return err_nomem(err, sizeof(*ctx), "a context");
    }
    if (p != NULL) {
        ctx->max_memory = p->max_memory;
        ctx->reference = p->reference;
        if (p->device != NULL) {
            ctx->device_name = mem_strdup(p->device);
            if (ctx->device_name == NULL) {
                mem_free(ctx);
                return err_nomem(err, strlen(p->device) + 1, "a device name");
            }
        }
    }
    *out = ctx;
    return LIMN_OK;
}

void limn_context_destroy(limn_context **ctx)
{
    if (ctx == NULL || *ctx == NULL) {
        return;
    }
    vk_device_close(&(*ctx)->device);
    mem_free((*ctx)->device_name);
    mem_free(*ctx);
    *ctx = NULL;
}

void limn_remove_litter(const char *folder)
{
    if (folder != NULL) {
        dir_remove_litter(folder);
    }
}
