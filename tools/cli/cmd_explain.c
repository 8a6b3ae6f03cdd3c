/* limn explain: pictures of what a decision rests on, and the raw maps behind them. */
#include <limn/map.h>
#include <stdlib.h>
#include <string.h>

#include "edit.h"
#include "rows.h"

struct sink {
    json_t *items;    /* NULL: paths are printed */
    const char *view; /* as given; NULL: "auto" */
    struct limn_view_info info;
    bool pictures;
    const char *folder; /* of the pictures */
    const char *file;   /* -o FILE.png: the only picture */
    const char *npy;    /* folder of the raw maps, or NULL */
    char beside[4096];  /* that of --maps */
    const char *nifti;  /* folder of maps on the volumes' grids, or NULL */
    struct slice_request slices;
    struct limn_render_params render;
    int failure; /* first error while saving */
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- the request ---- */

static int find_view(const struct args *a, struct sink *k)
{
    const char *name = args_text(a, OPT_VIEW, "auto");
    k->pictures = strcmp(name, "none") != 0;
    k->view = k->pictures ? name : "auto";
    for (size_t i = 0; i < limn_view_count(); i++) {
        if (limn_view_info(i, &k->info, NULL) == LIMN_OK && strcmp(k->info.name, k->view) == 0) {
            break;
        }
    }
    if (!k->pictures && !args_has(a, OPT_NPY) && !args_has(a, OPT_MAPS) && !args_has(a, OPT_NIFTI)) {
        return say_error(EXIT_USAGE, "--view: none leaves nothing to write without --npy, --maps or --nifti");
    }
    return 0;
}

/* Methods asked for, and those that the view cannot do without. */
static size_t list_methods(const struct args *a, const struct sink *k, const char **method)
{
    size_t n = 0;
    for (size_t i = 0; i < a->opt[OPT_METHOD].n && n < LIST_MAX; i++) {
        method[n++] = a->opt[OPT_METHOD].v[i];
    }
    for (size_t i = 0; i < k->info.n_methods && n < LIST_MAX; i++) {
        method[n++] = k->info.methods[i];
    }
    if (n == 0) {
        method[n++] = "gradcam";
    }
    return n;
}

/* ---- before anything runs: every path that is known already ---- */

static int check_path(const struct args *a, const struct inputs *in, const char *folder, size_t i, const char *what,
                      const char *ext)
{
    char stem[300], path[4096];
    inputs_stem(in, i, stem, sizeof(stem));
    output_path(path, sizeof(path), folder, stem, what, -1, ext);
    return output_check(a, in, path);
}

static int check_outputs(const struct args *a, const struct inputs *in, const struct sink *k, const char *const *method,
                         size_t n)
{
    int code = 0;
    if (classes_several(a) || k->slices.asked) {
        return 0; /* names depend on the classes found; checked when they are written */
    }
    if (k->file != NULL) {
        return output_check(a, in, k->file);
    }
    for (size_t i = 0; i < in->n && code == 0; i++) {
        if (k->pictures && !k->info.per_method) {
            code = check_path(a, in, k->folder, i, k->view, "png");
        }
        if (code == 0 && args_has(a, OPT_MAPS)) {
            code = check_path(a, in, k->npy, i, "input", in->volumes ? "npy" : "png");
        }
        for (size_t j = 0; j < n && code == 0; j++) {
            if (k->pictures && k->info.per_method && strcmp(method[j], "all") != 0) {
                code = check_path(a, in, k->folder, i, method[j], "png");
            }
            if (code == 0 && k->npy != NULL && strcmp(method[j], "all") != 0) {
                code = check_path(a, in, k->npy, i, method[j], "npy");
            }
            if (code == 0 && k->nifti != NULL && strcmp(method[j], "all") != 0) {
                code = check_path(a, in, k->nifti, i, method[j], "nii.gz");
            }
        }
    }
    return code;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Where raw maps go: the folder of --npy, or with --maps that of the pictures. */
static const char *npy_folder(const struct args *a, struct sink *k)
{
    const char *slash = k->file != NULL ? strrchr(k->file, '/') : NULL;
    if (args_has(a, OPT_NPY) || !args_has(a, OPT_MAPS)) {
        return args_text(a, OPT_NPY, NULL);
    }
    if (slash != NULL) {
        snprintf(k->beside, sizeof(k->beside), "%.*s", slash == k->file ? 1 : (int)(slash - k->file), k->file);
    } else {
        snprintf(k->beside, sizeof(k->beside), "%s", k->folder[0] ? k->folder : ".");
    }
    return k->beside;
}

/* Two inputs of the same name would write the same files. */
static int check_stems(const struct inputs *in)
{
    int code = 0;
    char **stem = need(calloc(in->n + 1, sizeof(*stem)));
    for (size_t i = 0; i < in->n; i++) {
        char buf[300];
        inputs_stem(in, i, buf, sizeof(buf));
        stem[i] = need(strdup(buf));
    }
    qsort(stem, in->n, sizeof(*stem), by_text);
    for (size_t i = 0; i + 1 < in->n && code == 0; i++) {
        if (strcmp(stem[i], stem[i + 1]) == 0) {
            code = say_error(EXIT_USAGE,
                             "two inputs are called \"%s\" and would write the same files; run them apart with -o",
                             safe(stem[i]));
        }
    }
    for (size_t i = 0; i < in->n; i++) {
        free(stem[i]);
    }
    free(stem);
    return code;
}

static int prepare(const struct args *a, const struct inputs *in, struct sink *k, const char *const *method, size_t n)
{
    limn_error err = {0};
    const char *out = args_text(a, OPT_OUTPUT, NULL);
    bool one = in->n == 1 && !classes_several(a) && (!k->info.per_method || (n == 1 && strcmp(method[0], "all") != 0));
    bool gif = k->slices.gif_axis >= 0 && k->slices.n_slice == 0 && k->slices.montage_axis < 0;
    one = one && k->slices.n_slice + (k->slices.montage_axis >= 0) + (k->slices.gif_axis >= 0) <= 1;
    k->file = out != NULL && ends_with(out, gif ? ".gif" : ".png") ? out : NULL;
    k->folder = out != NULL && k->file == NULL ? out : "";
    k->npy = npy_folder(a, k);
    k->nifti = args_text(a, OPT_NIFTI, NULL);
    if (k->file != NULL && !one) {
        return say_error(EXIT_USAGE, "-o: %s: names one file, but there are several to write; name a folder",
                         safe(k->file));
    }
    int code = check_stems(in);
    code = code ? code : check_outputs(a, in, k, method, n);
    if (code == 0 && k->folder[0] != '\0' && k->pictures && limn_folder_create(k->folder, &err) != LIMN_OK) {
        code = say_status(&err);
    }
    if (code == 0 && k->npy != NULL && limn_folder_create(k->npy, &err) != LIMN_OK) {
        code = say_status(&err);
    }
    if (code == 0 && k->nifti != NULL && limn_folder_create(k->nifti, &err) != LIMN_OK) {
        code = say_status(&err);
    }
    return code;
}

/* ---- writing ---- */

struct target { /* one image and class */
    const char *stem;
    int32_t cls, suffix; /* suffix -1: none */
    json_t *outputs;
};

static int save_picture(struct run *r, limn_explanation *e, struct limn_which w, const struct target *t)
{
    struct sink *k = r->user;
    limn_error err = {0};
    limn_image *picture = NULL;
    char path[4096];
    const char *what = k->info.per_method ? limn_explanation_method(e, w.method) : k->view;
    output_path(path, sizeof(path), k->folder, t->stem, what, t->suffix, "png");
    const char *to = k->file ? k->file : path;
    int code = output_check(r->args, r->inputs, to);
    if (code == 0 && (limn_render(e, w, &k->render, &picture, &err) != LIMN_OK ||
                      limn_explanation_save_png(e, w, k->view, picture, to, save_flags(r->args), &err) != LIMN_OK)) {
        code = say_status(&err);
    }
    limn_image_destroy(&picture);
    if (code == 0) {
        output_report(t->outputs, what, "png", to, t->cls);
    }
    return code;
}

/* The map itself: as .npy, or on the grid of the volume that it belongs to. */
static int save_raw(struct run *r, limn_explanation *e, struct limn_which w, const struct target *t, bool nifti)
{
    struct sink *k = r->user;
    limn_error err = {0};
    char path[4096];
    const char *method = limn_explanation_method(e, w.method);
    output_path(path, sizeof(path), nifti ? k->nifti : k->npy, t->stem, method, t->suffix, nifti ? "nii.gz" : "npy");
    int code = output_check(r->args, r->inputs, path);
    const unsigned flags = save_flags(r->args);
    if (code == 0 && (nifti ? limn_explanation_save_nifti(e, w, r->volume[w.image], path, flags, &err)
                            : limn_explanation_save_npy(e, w, path, flags, &err)) != LIMN_OK) {
        code = say_status(&err);
    }
    if (code == 0) {
        output_report(t->outputs, method, nifti ? "nifti" : "npy", path, t->cls);
    }
    return code;
}

static int save_slices(struct run *r, limn_explanation *e, struct limn_which w, const struct target *t)
{
    struct sink *k = r->user;
    struct slice_target to = {k->folder, t->stem, k->file, t->cls, t->suffix, t->outputs, &k->render};
    return slices_save(r, &k->slices, e, w, &to);
}

/* The picture or volume that the maps lie on. */
static int save_input(struct run *r, limn_explanation *e, size_t image, const struct target *t)
{
    struct sink *k = r->user;
    limn_error err = {0};
    char path[4096];
    output_path(path, sizeof(path), k->npy, t->stem, "input", -1, r->inputs->volumes ? "npy" : "png");
    int code = output_check(r->args, r->inputs, path);
    if (code == 0 && limn_explanation_save_input(e, image, path, save_flags(r->args), &err) != LIMN_OK) {
        code = say_status(&err);
    }
    if (code == 0) {
        output_report(t->outputs, "input", "input", path, -1);
    }
    return code;
}

/* A blank picture should not puzzle anybody. */
static void tell_zero(const limn_explanation *e, struct limn_which w, const char *stem)
{
    struct limn_tensor t;
    if (limn_explanation_map(e, w, &t, NULL) != LIMN_OK) {
        return;
    }
    size_t n = 1;
    for (int32_t i = 0; i < t.rank; i++) {
        n *= (size_t)t.dim[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (t.data[i] != 0.0f) {
            return;
        }
    }
    say_note("note: %s: %s: the map is zero everywhere", safe(stem), limn_explanation_method(e, w.method));
}

static int save_class(struct run *r, limn_explanation *e, size_t image, size_t cls, const struct target *t)
{
    struct sink *k = r->user;
    int code = 0;
    struct limn_which w = {image, cls, 0};
    if (k->pictures && !k->info.per_method) {
        code = save_picture(r, e, w, t);
    }
    for (; w.method < limn_explanation_method_count(e) && code == 0; w.method++) {
        tell_zero(e, w, t->stem);
        if (k->pictures && k->info.per_method) {
            code = r->inputs->volumes ? save_slices(r, e, w, t) : save_picture(r, e, w, t);
        }
        if (code == 0 && k->npy != NULL) {
            code = save_raw(r, e, w, t, false);
        }
        if (code == 0 && k->nifti != NULL && r->volume != NULL) {
            code = save_raw(r, e, w, t, true);
        }
    }
    return code;
}

static int each(struct run *r, limn_explanation *e, const size_t *index)
{
    struct sink *k = r->user;
    int code = 0;
    for (size_t i = 0; i < limn_explanation_count(e) && code == 0; i++) {
        char stem[300], name[512], label[200];
        inputs_stem(r->inputs, index[i], stem, sizeof(stem));
        inputs_name(r->inputs, index[i], name, sizeof(name));
        json_t *outputs = k->items ? need(json_array()) : NULL, *classes = k->items ? need(json_array()) : NULL;
        size_t n = limn_explanation_class_count(e, i);
        if (args_has(r->args, OPT_MAPS)) {
            code = save_input(r, e, i, &(struct target){stem, -1, -1, outputs});
        }
        for (size_t c = 0; c < n && code == 0; c++) {
            int32_t cls = limn_explanation_class(e, i, c);
            struct target t = {stem, cls, n > 1 ? cls : -1, outputs};
            say_more(1, "%s: %s %.1f %%", name, class_name(r->session, cls, label, sizeof(label)),
                     100.0 * (double)limn_explanation_probabilities(e, i)[cls]);
            code = save_class(r, e, i, c, &t);
            if (classes != NULL) {
                json_array_append_new(classes, json_class(r->session, e, i, cls));
            }
        }
        if (k->items != NULL) {
            json_t *item = need(json_object());
            json_object_set_new(item, "input", json_text(name));
            json_object_set_new(item, "layers", json_text(limn_explanation_layers(e)));
            json_object_set_new(item, "classes", classes);
            json_object_set_new(item, "outputs", outputs);
            json_array_append_new(k->items, item);
        }
    }
    return code;
}

static int explain(const struct args *a, const char *command, struct sink *sink)
{
    struct session s = {0};
    struct inputs in = {0};
    const char *method[LIST_MAX];
    size_t n = list_methods(a, sink, method);
    sink->items = args_has(a, OPT_JSON) ? need(json_array()) : NULL;
    sink->render = (struct limn_render_params){.view = sink->view,
                                               .colormap = args_text(a, OPT_COLORMAP, NULL),
                                               .opacity = args_real(a, OPT_OPACITY, 0.0),
                                               .blur_px = (int32_t)args_int(a, OPT_BLUR, 0)};
    int code = session_open(&s, a);
    code = code ? code : slices_parse(a, &s, &sink->slices);
    code = code ? code : edits_apply(&s, a, s.model, NULL);
    code = code ? code : inputs_open(&in, a, &s);
    code = code ? code : prepare(a, &in, sink, method, n);
    code = code ? code : session_device(&s, a);
    if (code == 0) {
        struct run r = {.session = &s, .args = a, .inputs = &in, .each = each, .user = sink};
        code = run_options(&r);
        r.params.methods = method;
        r.params.n_methods = n;
        code = code ? code : run_all(&r);
        code = code ? code : inputs_result(&in, r.n_done);
    }
    if (sink->items != NULL && (code == 0 || code == EXIT_SOME_FAILED)) {
        json_t *j = json_begin(command);
        json_object_update_new(j, session_json(&s));
        json_object_set_new(j, "view", json_text(sink->pictures ? sink->view : "none"));
        json_object_set(j, "items", sink->items);
        json_object_set_new(j, "failed", json_integer((json_int_t)in.n_failed));
        json_end(j);
    }
    json_decref(sink->items);
    inputs_close(&in);
    session_close(&s);
    return code;
}

static int run(const struct args *a)
{
    struct sink sink = {0};
    int code = find_view(a, &sink);
    return code ? code : explain(a, "explain", &sink);
}

/* clang-format off */
static const struct option options[] = {
    CHOICE(OPT_METHOD, "method", 'm', "M[,M]", "gradcam", TYPE_CHOICES, choice_method,
           "methods, see the end of limn(1)"),
    ROWS_EXPLAIN,
    CHOICE(OPT_VIEW, "view", 0, "VIEW", "auto", TYPE_CHOICE, choice_view, "how maps are drawn; none: only raw maps"),
    VALUE(OPT_OUTPUT, "output", 'o', "PATH", NULL, TYPE_TEXT, "folder for the pictures, or FILE.png for a single one"),
    VALUE(OPT_NPY, "npy", 0, "DIR", NULL, TYPE_FOLDER, "also write raw maps, STEM.METHOD.npy"),
    FLAG(OPT_MAPS, "maps", 0,
         "as --npy, into the folder of the pictures, and the picture as the network saw it, STEM.input.png: what the "
         "viewer of `limn tui` draws from"),
    ROWS_SLICES,
    ROWS_WRITE,
    ROW_EDIT,
    ROWS_INPUT,
    ROWS_VOLUME,
    ROWS_DEVICE,
    ROWS_MODEL,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_explain = {
    .name = "explain",
    .operands = "MODEL IMAGE...",
    .summary = "draw what a decision rests on",
    .text =
        "Explains why the network puts pictures into a class (the most probable one unless --class says "
        "otherwise). Writes "
        "STEM.METHOD.png for each picture and method, with .CLASS before .png when there are several classes, and "
        "prints the "
        "paths. With --npy or --maps also the raw float32 maps: [h,w] at the layer's resolution for class activation "
        "maps, "
        "signed "
        "[C,H,W] at input resolution for the gradient family. For a network that takes volumes the inputs are .npy "
        "arrays ([C,]D,H,W) or NIfTI-1 files; STEM.METHOD.png is then a sheet of slices, --slice, --montage and "
        "--gif choose others, and --nifti writes maps that viewers lay over the volume. Of a network with several "
        "outputs the "
        "first one is explained unless --output-name says otherwise; an output with positions counts by its mean over "
        "them; a single score is two classes, 0 or - (no) and 1 or + (yes).",
    .example = "limn explain squeezenet1_0 cat.jpg --method gradcam,guided-backprop -o out",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 2,
    .max_pos = (size_t)-1,
    .run = run,
};

/* ---- compare: the same, with one sheet of all methods ---- */

static int run_compare(const struct args *a)
{
    struct sink sink = {.pictures = true, .view = "sheet", .npy = NULL};
    for (size_t i = 0; i < limn_view_count(); i++) {
        if (limn_view_info(i, &sink.info, NULL) == LIMN_OK && strcmp(sink.info.name, sink.view) == 0) {
            break;
        }
    }
    struct args with = *a;
    if (!args_has(a, OPT_METHOD)) {
        with.opt[OPT_METHOD].v[0] = "all";
        with.opt[OPT_METHOD].n = 1;
    }
    return explain(&with, "compare", &sink);
}

/* clang-format off */
static const struct option compare_options[] = {
    CHOICE(OPT_METHOD, "method", 'm', "M[,M]", "all", TYPE_CHOICES, choice_method, "methods to put beside each other"),
    ROWS_EXPLAIN,
    VALUE(OPT_OUTPUT, "output", 'o', "PATH", NULL, TYPE_TEXT, "FILE.png, or a folder for STEM.sheet.png"),
    ROWS_WRITE,
    ROW_EDIT,
    ROWS_INPUT,
    ROWS_VOLUME,
    ROWS_DEVICE,
    ROWS_MODEL,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_compare = {
    .name = "compare",
    .operands = "MODEL IMAGE",
    .summary = "draw all methods in one labelled sheet",
    .text = "Explains one picture with every method and puts the results into one labelled sheet, STEM.sheet.png.",
    .example = "limn compare squeezenet1_0 cat.jpg -o cat-sheet.png",
    .options = compare_options,
    .n_options = sizeof(compare_options) / sizeof(compare_options[0]),
    .min_pos = 2,
    .max_pos = 2,
    .run = run_compare,
};
