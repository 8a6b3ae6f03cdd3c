/* limn models: what is installed. */
#include "rows.h"

static void print_json(const struct limn_model_entry *list, size_t n)
{
    json_t *j = json_begin("models"), *all = need(json_array());
    for (size_t i = 0; i < n; i++) {
        json_t *m = need(json_object());
        json_object_set_new(m, "name", json_text(list[i].name));
        json_object_set_new(m, "title", json_text(list[i].title));
        json_object_set_new(m, "path", json_text(list[i].path));
        json_object_set_new(m, "licence", json_text(list[i].licence));
        json_object_set_new(m, "bytes", json_integer((json_int_t)list[i].bytes));
        json_array_append_new(all, m);
    }
    json_object_set_new(j, "models", all);
    json_end(j);
}

static void print_table(const struct limn_model_entry *list, size_t n)
{
    struct table t;
    char size[16];
    table_begin(&t, "llrl", "NAME", "TITLE", "SIZE", "LICENCE");
    for (size_t i = 0; i < n; i++) {
        table_cell(&t, "%s", safe(list[i].name));
        table_cell(&t, "%s", safe(list[i].title));
        table_cell(&t, "%s", text_bytes(list[i].bytes, size));
        table_cell(&t, "%s", safe(list[i].licence));
    }
    table_end(&t);
}

static int run(const struct args *a)
{
    struct limn_model_entry *list = NULL;
    size_t n = 0;
    limn_error err = {0};
    if (limn_model_list(&list, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    if (args_has(a, OPT_JSON)) {
        print_json(list, n);
    } else if (args_has(a, OPT_NAMES)) {
        for (size_t i = 0; i < n; i++) {
            puts(safe(list[i].name));
        }
    } else if (n > 0) {
        print_table(list, n);
    } else {
        say_note("no models installed; set LIMN_MODELS to a folder of model files");
    }
    limn_model_list_free(&list);
    return 0;
}

/* clang-format off */
static const struct option options[] = {
    FLAG(OPT_NAMES, "names", 0, "names only, one a line"),
    ROWS_TALK,
};
/* clang-format on */
const struct command command_models = {
    .name = "models",
    .operands = "",
    .summary = "list the installed models",
    .text =
        "Lists the models that can be named without a path. A model is a .safetensors, .onnx, .pth or .pt file, "
        "best with a card (NAME.json) beside it, in $LIMN_MODELS, in the XDG data folder or in limn's installation.",
    .example = "limn models",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run,
};
