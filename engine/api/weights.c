/* The tensors of a weight file, for people who want to know what is in it; no architecture needed. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/str.h"
#include "model/st_write.h"
#include "model/tensor_file.h"

static void describe(const struct st_tensor *from, struct limn_tensor_info *to)
{
    str_escape(to->name, sizeof(to->name), from->name);
    snprintf(to->type, sizeof(to->type), "%s", dtype_name(from->dtype));
    to->rank = from->rank;
    memcpy(to->dim, from->dim, sizeof(to->dim));
    to->bytes = from->bytes;
}

limn_status limn_weights_list(const char *path, struct limn_tensor_info **list, size_t *n, limn_error *err)
{
    API_NEED(path);
    API_NEED(list);
    API_NEED(n);
    limn_status st = LIMN_OK;
    struct tensor_file *file = NULL;
    struct limn_tensor_info *copy = NULL;
    TRY(tensor_file_open(path, &file, err));
    size_t count = tensor_file_count(file);
    copy = mem_zalloc(count, sizeof(*copy));
    if (copy == NULL) {
        st = err_nomem(err, count * sizeof(*copy), "the tensor list");
        goto out;
    }
    for (size_t i = 0; i < count; i++) {
        describe(tensor_file_at(file, i), &copy[i]);
    }
    *list = copy;
    *n = count;
out:
    tensor_file_close(&file);
    return st;
}

void limn_weights_list_free(struct limn_tensor_info **list)
{
    if (list != NULL) {
        mem_free(*list);
        *list = NULL;
    }
}

limn_status limn_weights_convert(const char *from, const char *to, bool force, limn_error *err)
{
    API_NEED(from);
    API_NEED(to);
    struct tensor_file *file = NULL;
    limn_status st = tensor_file_open(from, &file, err);
    if (st == LIMN_OK) {
        st = safetensors_write(file, to, force, err);
    }
    tensor_file_close(&file);
    return st;
}
