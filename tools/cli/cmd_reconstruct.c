/* limn reconstruct: original | reconstruction | difference of an autoencoder, with how much they differ. */
#include <limn/shift.h>
#include <string.h>

#include "edit.h"
#include "rows.h"

static int save_panel(struct session *s, const struct args *a, const struct inputs *in, size_t i,
                      const struct limn_reconstruct *r, char *path, size_t size)
{
    char stem[256];
    limn_image *panel = NULL;
    const char *folder = args_text(a, OPT_OUTPUT, ".");
    inputs_stem(in, i, stem, sizeof(stem));
    output_path(path, size, folder, stem, "reconstruct", -1, "png");
    if (limn_folder_create(folder, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    int code = output_check(a, in, path);
    if (code) {
        return code;
    }
    limn_status st = limn_reconstruct_panel(r, &panel, &s->err);
    st = st == LIMN_OK ? limn_image_save(panel, path, save_flags(a), &s->err) : st;
    limn_image_destroy(&panel);
    return st == LIMN_OK ? 0 : say_status(&s->err);
}

static int one(struct session *s, const struct args *a, struct inputs *in, size_t i, const limn_image *image,
               json_t *items)
{
    struct limn_reconstruct r = {0};
    char path[4096], name[512];
    inputs_name(in, i, name, sizeof(name));
    if (limn_reconstruct(s->model, image, &r, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    session_note_software(s);
    int code = save_panel(s, a, in, i, &r, path, sizeof(path));
    if (code == 0 && items) {
        json_t *o = need(json_object());
        json_object_set_new(o, "input", json_text(name));
        json_object_set_new(o, "mse", json_real(r.mse));
        json_object_set_new(o, "mae", json_real(r.mae));
        json_object_set_new(o, "psnr", r.mse > 0 ? json_real(r.psnr) : json_null());
        json_object_set_new(o, "ssim", json_real(r.ssim));
        json_object_set_new(o, "path", json_text(path));
        json_array_append_new(items, o);
    } else if (code == 0) {
        printf("%s  MSE %.5f  PSNR %.2f dB  SSIM %.4f  %s\n", name, r.mse, r.psnr, r.ssim, safe(path));
    }
    limn_reconstruct_free(&r);
    return code;
}

static int run(const struct args *a)
{
    struct session s = {0};
    struct inputs in = {0};
    json_t *items = args_has(a, OPT_JSON) ? need(json_array()) : NULL;
    size_t next = 0, index = 0, n_done = 0;
    struct loaded loaded;
    int code = session_open(&s, a);
    const char *name = args_text(a, OPT_CLASSIFIER, NULL);
    limn_model *classifier = NULL;
    if (code == 0 && name && limn_model_open(s.context, name, NULL, &classifier, &s.err) != LIMN_OK) {
        code = say_status(&s.err);
    }
    code = code ? code : edits_apply(&s, a, s.model, classifier);
    code = code ? code : inputs_open(&in, a, &s);
    code = code ? code : session_device(&s, a);
    while (code == 0 && inputs_load(&in, s.model, &next, 1, &loaded, &index) == 1) {
        code = one(&s, a, &in, index, loaded.image, items);
        limn_image_destroy(&loaded.image);
        n_done += code == 0;
    }
    code = code ? code : signal_caught ? 128 + signal_caught : inputs_result(&in, n_done);
    if (items && (code == 0 || code == EXIT_SOME_FAILED)) {
        json_t *j = json_begin("reconstruct");
        json_object_update_new(j, session_json(&s));
        json_object_set(j, "items", items);
        json_object_set_new(j, "failed", json_integer((json_int_t)in.n_failed));
        json_end(j);
    }
    json_decref(items);
    inputs_close(&in);
    limn_model_edit(s.model, NULL, 0, NULL);
    limn_model_close(&classifier);
    session_close(&s);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    VALUE(OPT_OUTPUT, "output", 'o', "FOLDER", ".", TYPE_TEXT, "where the pictures go, as STEM.reconstruct.png"),
    ROW_EDIT,
    VALUE(OPT_CLASSIFIER, "classifier", 0, "MODEL", NULL, TYPE_TEXT, "whose gradient `gradient` is in --edit"),
    FLAG(OPT_LENIENT, "lenient", 0, "accept truncated pictures; the missing part is black"),
    ROWS_WRITE,
    ROWS_DEVICE,
    ROWS_MODEL,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_reconstruct = {
    .name = "reconstruct",
    .operands = "AUTOENCODER IMAGE...",
    .summary = "show what an autoencoder keeps of pictures",
    .text = "Encodes and decodes each picture and draws original, reconstruction and their difference side by side, "
            "with the mean squared error of pixels in [0,1], PSNR and structural similarity (SSIM).",
    .example = "limn reconstruct lenet_fashion_ae sneaker.png",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 2,
    .max_pos = (size_t)-1,
    .run = run,
};
