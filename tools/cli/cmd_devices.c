/* limn devices: the Vulkan devices of this machine and whether limn can run on them. */
#include "rows.h"

static json_t *device_json(const struct limn_device_info *d)
{
    json_t *j = need(json_object());
    json_object_set_new(j, "index", json_integer(d->index));
    json_object_set_new(j, "name", json_text(d->name));
    json_object_set_new(j, "kind", json_text(d->kind));
    json_object_set_new(j, "driver", json_text(d->driver));
    json_object_set_new(j, "vulkan", json_text(d->api));
    json_object_set_new(j, "uuid", json_text(d->uuid));
    json_object_set_new(j, "pci", json_text(d->pci));
    json_object_set_new(j, "memory_bytes", json_integer((json_int_t)d->memory_bytes));
    json_object_set_new(j, "usable", json_boolean(d->usable));
    json_object_set_new(j, "reason", json_text(d->reason));
    return j;
}

static void print_json(const struct limn_device_info *list, size_t n)
{
    json_t *j = json_begin("devices"), *all = need(json_array());
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(all, device_json(&list[i]));
    }
    json_object_set_new(j, "devices", all);
    json_end(j);
}

static void print_table(const struct limn_device_info *list, size_t n)
{
    struct table t;
    char memory[16];
    table_begin(&t, "rlllrll", "#", "NAME", "KIND", "VULKAN", "MEMORY", "UUID", "STATUS");
    for (size_t i = 0; i < n; i++) {
        table_cell(&t, "%d", list[i].index);
        table_cell(&t, "%s", list[i].name);
        table_cell(&t, "%s", list[i].kind);
        table_cell(&t, "%s", list[i].api);
        table_cell(&t, "%s", text_bytes(list[i].memory_bytes, memory));
        table_cell(&t, "%s", list[i].uuid);
        table_cell(&t, "%s%s", list[i].usable ? "usable" : "not usable: ", list[i].reason);
    }
    table_end(&t);
}

static int run(const struct args *a)
{
    struct limn_device_info *list = NULL;
    size_t n = 0;
    limn_error err = {0};
    if (limn_device_list(&list, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    size_t usable = 0;
    for (size_t i = 0; i < n; i++) {
        usable += list[i].usable;
    }
    if (args_has(a, OPT_JSON)) {
        print_json(list, n);
    } else if (n > 0) {
        print_table(list, n);
    }
    limn_device_list_free(&list);
    return usable > 0 ? 0 : say_error(EXIT_DEVICE, "no usable Vulkan device (found %zu devices); see limn doctor", n);
}

/* clang-format off */
static const struct option options[] = {
    ROWS_TALK,
};
/* clang-format on */
const struct command command_devices = {
    .name = "devices",
    .operands = "",
    .summary = "list the Vulkan devices of this machine",
    .text = "Lists the Vulkan devices of this machine. The index, the UUID or a part of the name is what --device of "
            "the other "
            "commands takes; the index may change when hardware changes, the UUID does not.",
    .example = "limn devices",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
