/* CORPUS: lists. Lists of ids (CUB-200-2011) and lines "FILE SPLIT". */
#include <stdlib.h>
#include <string.h>

#include "data/pictures.h"

static char *copy(const uint8_t *data, size_t size)
{
    char *text = mem_alloc(size + 1, 1);
    if (text) {
        memcpy(text, data, size);
        text[size] = '\0';
    }
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct id_list l = {0};
    limn_error err = {0};
    char *text = copy(data, size);
    if (text && id_list_parse("fuzz", text, &l, &err) == LIMN_OK) {
        for (size_t i = 0; i < l.n; i++) {
            if (strlen(l.item[i]) > size || strchr(l.item[i], '\n')) {
                abort();
            }
        }
        id_list_finish(&l);
    }
    text = copy(data, size);
    char *at = text;
    size_t number = 0;
    for (char *line; text && (line = next_line(&at, &number)) != NULL;) {
        char *value = NULL;
        enum data_split split = DATA_SPLITS;
        if (line[0] == '\0' || (cut_last(line, &value) && (value[0] == '\0' || line[0] == '\0'))) {
            abort();
        }
        if (value && split_from_name(value, &split) && split >= DATA_SPLITS) {
            abort();
        }
        is_inner_path(line);
    }
    mem_free(text);
    return 0;
}
