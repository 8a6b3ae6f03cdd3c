/* limn convert: any weight file that limn reads, as safetensors. */
#include "rows.h"

static int run(const struct args *a)
{
    const char *from = a->pos[0], *to = a->pos[1];
    struct inputs in = {.path = a->pos, .n = 1};
    struct limn_tensor_info *list = NULL;
    size_t n = 0;
    uint64_t bytes = 0;
    limn_error err = {0};
    int code = output_check(a, &in, to);
    if (code != 0) {
        return code;
    }
    if (limn_weights_convert(from, to, args_has(a, OPT_FORCE), &err) != LIMN_OK ||
        limn_weights_list(to, &list, &n, &err) != LIMN_OK) {
        return say_status(&err);
    }
    for (size_t i = 0; i < n; i++) {
        bytes += list[i].bytes;
    }
    limn_weights_list_free(&list);
    if (args_has(a, OPT_JSON)) {
        json_t *j = json_begin("convert");
        json_object_set_new(j, "input", json_text(from));
        json_object_set_new(j, "output", json_text(to));
        json_object_set_new(j, "tensors", json_integer((json_int_t)n));
        json_object_set_new(j, "bytes", json_integer((json_int_t)bytes));
        json_end(j);
    } else {
        char size[16];
        say_note("%s: %zu tensors, %s", safe(to), n, text_bytes(bytes, size));
    }
    return 0;
}

/* clang-format off */
static const struct option options[] = {
    FLAG(OPT_FORCE, "force", 'f', "replace existing files"),
    ROWS_TALK,
};
/* clang-format on */
const struct command command_convert = {
    .name = "convert",
    .operands = "IN OUT.safetensors",
    .summary = "write the tensors of a checkpoint or an ONNX model as safetensors",
    .text = "Writes the tensors of IN as safetensors: same names, types and bytes. IN is a checkpoint of torch.save "
            "(.pth, .pt, .th), an ONNX model, of which the initializers are taken, or a safetensors file. Nothing of "
            "a checkpoint is executed; what is not a tensor is left out. OUT appears whole or not at all.",
    .example = "limn convert resnet18.pth resnet18.safetensors",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 2,
    .max_pos = 2,
    .run = run,
};
