/* Job documents: made of what New job holds, and read for the details of a job. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* Text that is not UTF-8 makes json_string fail, and that makes the whole document fail: such a path cannot be said. */
char *document_text(const struct new_state *n)
{
    struct limn_method_info m = {0};
    char number[16];
    limn_method_info((size_t)n->method, &m, NULL);
    json_t *args =
        json_pack("{s:s, s:[s], s:[s]}", "model", n->model, "image", n->picture, "method", m.name ? m.name : "gradcam");
    bool fine = args != NULL;
    if (fine && m.uses_layer && n->layer_at >= 0 && (size_t)n->layer_at < n->n_layers) {
        fine = json_object_set_new(args, "layer", json_pack("[s]", n->layer[n->layer_at].name)) == 0;
    }
    if (fine && n->class_at >= 0) {
        snprintf(number, sizeof number, "%d", (int)n->class_at);
        fine = json_object_set_new(args, "class", json_pack("[s]", number)) == 0;
    }
    json_t *j = fine ? json_pack("{s:i, s:s, s:O}", "schema", 1, "command", "explain", "args", args) : NULL;
    char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
    json_decref(args);
    json_decref(j);
    return text;
}

static void add_value(const json_t *v, char *out, size_t size)
{
    const size_t n = strlen(out);
    const char *gap = n > 0 ? ", " : "";
    if (json_is_string(v)) {
        snprintf(out + n, size - n, "%s%s", gap, json_string_value(v));
    } else if (json_is_integer(v)) {
        snprintf(out + n, size - n, "%s%lld", gap, (long long)json_integer_value(v));
    } else if (json_is_number(v)) {
        snprintf(out + n, size - n, "%s%g", gap, json_number_value(v));
    } else if (json_is_boolean(v)) {
        snprintf(out + n, size - n, "%s%s", gap, json_is_true(v) ? "yes" : "no");
    }
}

void document_read(struct queue_state *q, const char *text)
{
    json_t *j = json_loads(text, 0, NULL), *value, *item;
    const char *name;
    size_t i;
    q->n_arguments = 0;
    json_object_foreach (json_object_get(j, "args"), name, value) {
        if (q->n_arguments == ARGUMENTS_MAX) {
            break;
        }
        struct argument *a = &q->argument[q->n_arguments++];
        a->value[0] = '\0';
        snprintf(a->name, sizeof a->name, "%s", name);
        if (json_is_array(value)) {
            json_array_foreach (value, i, item) {
                add_value(item, a->value, sizeof a->value);
            }
        } else {
            add_value(value, a->value, sizeof a->value);
        }
    }
    json_decref(j);
}
