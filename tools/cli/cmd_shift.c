/* limn shift: pictures that show what would change the network's mind, as a GIF, a sheet, a curve and numbers. */
#include <limn/gif.h>
#include <limn/shift.h>
#include <stdlib.h>
#include <string.h>

#include "edit.h"
#include "rows.h"

enum { FRAMES_MAX = 1000 };

struct shifting {
    struct session *s;
    const struct args *a;
    limn_model *autoencoder;
    struct inputs in;
    struct progress progress;
    double lambda[FRAMES_MAX];
    json_t *items; /* NULL: print for people */
    size_t n_done;
};

static const char *choice_preset(size_t i)
{
    static const char *const names[] = {"default", "exact", "small", "frame-palettes"};
    return i < 4 ? names[i] : NULL;
}

/* "A:B:N": N numbers from A to B. */
static int read_range(struct shifting *w, size_t *n)
{
    const char *text = args_text(w->a, OPT_STRENGTHS, NULL);
    double from = 0, to = 0;
    int count = 0, used = 0;
    if (!text) {
        *n = 0;
        return 0;
    }
    if (sscanf(text, "%lf:%lf:%d%n", &from, &to, &count, &used) != 3 || text[used] != '\0' || count < 2 ||
        count > FRAMES_MAX || !(to - from < 1e12 && to - from > -1e12)) {
        return say_error(EXIT_USAGE, "--strengths: bad value (found \"%s\", expected FROM:TO:N with N from 2 to %d)",
                         safe(text), FRAMES_MAX);
    }
    for (int i = 0; i < count; i++) {
        w->lambda[i] = from + (to - from) * i / (count - 1);
    }
    *n = (size_t)count;
    return 0;
}

static int shift_params(struct shifting *w, struct limn_shift_params *p)
{
    const struct args *a = w->a;
    size_t given = 0;
    int code = read_range(w, &given);
    *p = (struct limn_shift_params){.rule = args_text(a, OPT_SEARCH, NULL),
                                    .path = args_text(a, OPT_ITERATE, NULL),
                                    .score = args_text(a, OPT_SCORE, NULL),
                                    .from = args_text(a, OPT_CLASS, NULL),
                                    .to = args_text(a, OPT_TO, NULL),
                                    .target = args_real(a, OPT_TARGET, 0),
                                    .budget = args_real(a, OPT_BUDGET, 0),
                                    .step = args_real(a, OPT_STEP, 0),
                                    .limit = args_real(a, OPT_LIMIT, 0),
                                    .both = args_has(a, OPT_BOTH),
                                    .frames = given ? given : (size_t)args_int(a, OPT_FRAMES, 0),
                                    .no_clip = args_has(a, OPT_NO_CLIP),
                                    .mix = args_real(a, OPT_MIX, 0),
                                    .inner = args_text(a, OPT_INNER, NULL),
                                    .source = args_text(a, OPT_SOURCE, NULL),
                                    .lambda = given ? w->lambda : NULL,
                                    .batch = (int32_t)args_int(a, OPT_BATCH, 0),
                                    .step_fn = progress_step,
                                    .user = &w->progress};
    if (code == 0 && p->inner && !given) {
        return say_error(EXIT_USAGE, "--inner: needs --strengths FROM:TO:N; there is no search for inner values");
    }
    return code;
}

static struct limn_shift_draw draw_params(const struct args *a)
{
    return (struct limn_shift_draw){.zoom = (int32_t)args_int(a, OPT_ZOOM, 0),
                                    .smooth = args_has(a, OPT_SMOOTH),
                                    .side = args_has(a, OPT_SIDE),
                                    .caption = !args_has(a, OPT_NO_CAPTION),
                                    .blend = args_real(a, OPT_BLEND, 0)};
}

/* ---- files ---- */

struct target {
    char folder[2048], stem[256];
    json_t *outputs;
};

static int path_of(const struct shifting *w, const struct target *t, const char *what, const char *ext, char *buf,
                   size_t size)
{
    output_path(buf, size, t->folder, t->stem, what, -1, ext);
    return output_check(w->a, &w->in, buf);
}

static int save_picture(struct shifting *w, const limn_shift *s, limn_status st, limn_image **im, const char *path,
                        const char *kind, struct target *t)
{
    if (st == LIMN_OK) {
        st = limn_shift_save_png(s, *im, path, save_flags(w->a), &w->s->err);
    }
    limn_image_destroy(im);
    if (st != LIMN_OK) {
        return say_status(&w->s->err);
    }
    output_report(t->outputs, "shift", kind, path, -1);
    return 0;
}

static int save_gif(struct shifting *w, const limn_shift *s, const struct limn_shift_info *info, const char *path,
                    struct target *t, struct limn_gif_report *report)
{
    const struct limn_shift_draw d = draw_params(w->a);
    const char *preset = args_text(w->a, OPT_PRESET, "default");
    limn_image **frame = need(calloc(info->frames, sizeof(*frame)));
    limn_status st = LIMN_OK;
    struct limn_gif_params g = {.frame_s = args_real(w->a, OPT_DELAY, 0.12),
                                .first_s = 0.8,
                                .last_s = 1.2,
                                .ping_pong = true,
                                .comment = args_has(w->a, OPT_STRIP) ? NULL : limn_shift_provenance(s)};
    for (int i = 0; choice_preset((size_t)i); i++) {
        g.preset = strcmp(choice_preset((size_t)i), preset) == 0 ? i : g.preset;
    }
    for (size_t i = 0; i < info->frames && st == LIMN_OK; i++) {
        st = limn_shift_picture(s, i, &d, &frame[i], &w->s->err);
    }
    if (st == LIMN_OK) {
        st = limn_gif_save((const limn_image *const *)frame, info->frames, &g, path, save_flags(w->a), report,
                           &w->s->err);
    }
    for (size_t i = 0; i < info->frames; i++) {
        limn_image_destroy(&frame[i]);
    }
    free((void *)frame);
    if (st != LIMN_OK) {
        return say_status(&w->s->err);
    }
    output_report(t->outputs, "shift", "gif", path, -1);
    return 0;
}

/* STEM.frames.npy [N,C,H,W] and STEM.shift.NNN.png. */
static int save_frames(struct shifting *w, const limn_shift *s, const struct limn_shift_info *info, struct target *t)
{
    char path[4096], what[32];
    struct limn_shift_frame f;
    struct limn_shift_draw plain = {.zoom = 1};
    int code = 0;
    if (args_has(w->a, OPT_NPY)) {
        code = path_of(w, t, "frames", "npy", path, sizeof(path));
        struct limn_tensor all = {.rank = 4, .dim = {(int32_t)info->frames, info->channels, info->height, info->width}};
        limn_status st = limn_shift_frame(s, 0, &f, &w->s->err);
        all.data = f.pixels; /* the frames are one after another */
        st = st == LIMN_OK && code == 0 ? limn_tensor_save(&all, path, save_flags(w->a), &w->s->err) : st;
        code = code ? code : st != LIMN_OK ? say_status(&w->s->err) : 0;
        if (code == 0) {
            output_report(t->outputs, "shift", "npy", path, -1);
        }
    }
    for (size_t i = 0; args_has(w->a, OPT_PNG) && i < info->frames && code == 0; i++) {
        limn_image *im = NULL;
        snprintf(what, sizeof(what), "shift.%03zu", i);
        code = path_of(w, t, what, "png", path, sizeof(path));
        if (code == 0) {
            limn_status st = limn_shift_picture(s, i, &plain, &im, &w->s->err);
            code = save_picture(w, s, st, &im, path, "frame", t);
        }
    }
    return code;
}

static int save_heat(struct shifting *w, const limn_shift *s, struct target *t)
{
    const struct limn_shift_draw d = draw_params(w->a);
    const char *kind = args_text(w->a, OPT_HEATMAP, NULL);
    char path[4096], what[32];
    limn_image *im = NULL;
    struct limn_tensor heat = {0};
    if (!kind) {
        return 0;
    }
    snprintf(what, sizeof(what), "heat-%s", kind);
    int code = path_of(w, t, what, "png", path, sizeof(path));
    if (code == 0) {
        limn_status st = limn_shift_heat_picture(s, kind, &d, &im, &w->s->err);
        code = save_picture(w, s, st, &im, path, "heat", t);
    }
    if (code == 0 && args_has(w->a, OPT_NPY)) {
        code = path_of(w, t, what, "npy", path, sizeof(path));
        limn_status st = code ? LIMN_OK : limn_shift_heat(s, kind, &heat, &w->s->err);
        st = code || st != LIMN_OK ? st : limn_tensor_save(&heat, path, save_flags(w->a), &w->s->err);
        code = code ? code : st != LIMN_OK ? say_status(&w->s->err) : 0;
        if (code == 0) {
            output_report(t->outputs, "shift", "heat-npy", path, -1);
        }
    }
    limn_tensor_free(&heat);
    return code;
}

static int save_all(struct shifting *w, const limn_shift *s, const struct limn_shift_info *info, struct target *t,
                    const char *gif, struct limn_gif_report *report)
{
    const struct limn_shift_draw d = draw_params(w->a);
    char path[4096];
    limn_image *im = NULL;
    int code = save_gif(w, s, info, gif, t, report);
    if (code == 0 && !args_has(w->a, OPT_NO_SHEET)) {
        code = path_of(w, t, "sheet", "png", path, sizeof(path));
        if (code == 0) {
            limn_status st = limn_shift_sheet(s, 0, &d, args_text(w->a, OPT_HEATMAP, NULL), &im, &w->s->err);
            code = save_picture(w, s, st, &im, path, "sheet", t);
        }
    }
    if (code == 0 && args_has(w->a, OPT_CURVE)) {
        code = path_of(w, t, "curve", "png", path, sizeof(path));
        if (code == 0) {
            limn_status st = limn_shift_curve(s, &im, &w->s->err);
            code = save_picture(w, s, st, &im, path, "curve", t);
        }
    }
    code = code ? code : save_heat(w, s, t);
    return code ? code : save_frames(w, s, info, t);
}

/* ---- telling ---- */

static json_t *json_number(double v)
{
    return v - v == 0 ? json_real(v) : json_null();
}

static void add_class(const struct shifting *w, json_t *o, const char *key, int32_t k)
{
    json_t *c = need(json_object());
    json_object_set_new(c, "index", json_integer(k));
    json_object_set_new(c, "label", json_text(limn_model_label(w->s->model, k)));
    json_object_set_new(o, key, c);
}

static json_t *item_json(const struct shifting *w, const limn_shift *s, const struct limn_shift_info *info,
                         const char *name, const struct limn_gif_report *gif)
{
    json_t *o = need(json_object()), *frames = need(json_array()), *g = need(json_object());
    json_object_set_new(o, "input", json_text(name));
    add_class(w, o, "from", info->from);
    add_class(w, o, "to", info->to);
    json_object_set_new(o, "original_p_from", json_number((double)info->original[info->from]));
    json_object_set_new(o, "original_p_to", json_number((double)info->original[info->to]));
    json_object_set_new(o, "rule", json_text(info->rule));
    json_object_set_new(o, "score", json_text(info->score));
    json_object_set_new(o, "path", json_text(info->iterative ? "iterative" : "straight"));
    json_object_set_new(o, "reached", json_boolean(info->reached));
    json_object_set_new(o, "motionless", json_boolean(info->motionless));
    json_object_set_new(o, "monotone", json_boolean(info->monotone));
    json_object_set_new(o, "stop_low", json_text(info->low_stop));
    json_object_set_new(o, "stop_high", json_text(info->high_stop));
    json_object_set_new(o, "latent_length", json_number(info->latent_length));
    json_object_set_new(o, "gradient_length", json_number(info->gradient_length));
    json_object_set_new(o, "evaluations", json_integer((json_int_t)info->evaluations));
    for (size_t i = 0; i < info->frames; i++) {
        struct limn_shift_frame f;
        if (limn_shift_frame(s, i, &f, NULL) != LIMN_OK) {
            continue;
        }
        json_t *x = need(json_object());
        json_object_set_new(x, "lambda", json_number(f.lambda));
        json_object_set_new(x, "change", json_number(f.change));
        json_object_set_new(x, "p_from", json_number(f.p_from));
        json_object_set_new(x, "p_to", json_number(f.p_to));
        json_object_set_new(x, "top", json_integer(f.top));
        json_array_append_new(frames, x);
    }
    json_object_set_new(o, "frames", frames);
    json_object_set_new(g, "bytes", json_integer((json_int_t)gif->bytes));
    json_object_set_new(g, "colours", json_integer(gif->n_colours));
    json_object_set_new(g, "max_error", json_integer(gif->max_error));
    json_object_set_new(g, "mean_error", json_number(gif->mean_error));
    json_object_set_new(g, "lossless", json_boolean(gif->lossless));
    json_object_set_new(o, "gif", g);
    json_object_set_new(o, "provenance", json_text(limn_shift_provenance(s)));
    return o;
}

static void tell(const struct shifting *w, const limn_shift *s, const struct limn_shift_info *info, const char *name)
{
    struct limn_shift_frame first, last;
    char from[200], to[200];
    if (limn_shift_frame(s, 0, &first, NULL) != LIMN_OK || limn_shift_frame(s, info->frames - 1, &last, NULL)) {
        return;
    }
    say_note("%s: %s %.0f %% -> %.0f %%, %s %.0f %% -> %.0f %%, %.0f %% of the picture changed%s%s", safe(name),
             class_name(w->s, info->from, from, sizeof(from)), 100 * first.p_from, 100 * last.p_from,
             class_name(w->s, info->to, to, sizeof(to)), 100 * first.p_to, 100 * last.p_to,
             100 * (last.change > first.change ? last.change : first.change),
             info->iterative ? ", gradient taken anew at each step" : "",
             info->motionless ? "; nothing moves: the search ended where it began" : "");
    if (strcmp(info->rule, "sound") == 0 && !info->reached && strcmp(info->high_stop, "no search") != 0) {
        say_note("note: %s: not reached: %s", safe(name), info->high_stop);
    }
}

/* ---- one picture ---- */

static int make_target(const struct shifting *w, size_t i, struct target *t, char *gif, size_t size)
{
    const char *output = args_text(w->a, OPT_OUTPUT, ".");
    size_t n = strlen(output);
    inputs_stem(&w->in, i, t->stem, sizeof(t->stem));
    if (n > 4 && strcmp(output + n - 4, ".gif") == 0) {
        const char *slash = strrchr(output, '/');
        int folder = slash ? (int)(slash - output) : 0;
        if (w->in.n > 1) {
            return say_error(EXIT_USAGE, "--output: %s takes the GIF of one picture (found %zu); name a folder",
                             safe(output), w->in.n);
        }
        snprintf(t->folder, sizeof(t->folder), "%.*s", slash ? folder + (folder == 0) : 1, slash ? output : ".");
        snprintf(t->stem, sizeof(t->stem), "%.*s", (int)(n - 4) - (slash ? folder + 1 : 0),
                 output + (slash ? folder + 1 : 0));
        snprintf(gif, size, "%s", output);
        return output_check(w->a, &w->in, gif);
    }
    snprintf(t->folder, sizeof(t->folder), "%s", output);
    if (limn_folder_create(output, &w->s->err) != LIMN_OK) {
        return say_status(&w->s->err);
    }
    return path_of(w, t, "shift", "gif", gif, size);
}

static int shift_one(struct shifting *w, size_t i, const limn_image *image, struct limn_shift_params *p)
{
    struct limn_shift_info info;
    struct limn_gif_report report = {0};
    struct target t = {.outputs = w->items ? need(json_array()) : NULL};
    char gif[4096], name[512];
    limn_shift *s = NULL;
    p->image = image;
    int code = make_target(w, i, &t, gif, sizeof(gif));
    inputs_name(&w->in, i, name, sizeof(name));
    if (code == 0) {
        limn_status st = limn_shift_run(w->s->model, w->autoencoder, p, &s, &w->s->err);
        progress_clear(&w->progress);
        st = st == LIMN_OK ? limn_shift_describe(s, &info, &w->s->err) : st;
        code = st != LIMN_OK ? say_status(&w->s->err) : 0;
    }
    if (code == 0) {
        session_note_software(w->s);
        code = save_all(w, s, &info, &t, gif, &report);
    }
    if (code == 0 && w->items) {
        json_t *o = item_json(w, s, &info, name, &report);
        json_object_set(o, "outputs", t.outputs);
        json_array_append_new(w->items, o);
    } else if (code == 0) {
        tell(w, s, &info, name);
    }
    w->n_done += code == 0;
    json_decref(t.outputs);
    limn_shift_destroy(&s);
    return code;
}

static int shift_all(struct shifting *w)
{
    struct limn_shift_params p;
    size_t next = 0, index = 0;
    struct loaded one;
    int code = shift_params(w, &p);
    while (code == 0 && inputs_load(&w->in, w->s->model, &next, 1, &one, &index) == 1) {
        code = shift_one(w, index, one.image, &p);
        limn_image_destroy(&one.image);
    }
    if (code == 0 && signal_caught) {
        return 128 + signal_caught;
    }
    return code ? code : inputs_result(&w->in, w->n_done);
}

static int run(const struct args *a)
{
    struct session s = {0};
    struct shifting w = {.s = &s, .a = a, .items = args_has(a, OPT_JSON) ? need(json_array()) : NULL};
    int code = session_open(&s, a);
    if (code == 0 && limn_model_open(s.context, a->pos[1], NULL, &w.autoencoder, &s.err) != LIMN_OK) {
        code = say_status(&s.err);
    }
    code = code ? code : edits_apply(&s, a, w.autoencoder, s.model);
    code = code ? code : session_device(&s, a);
    w.in = (struct inputs){.path = a->pos + 2, .n = a->n_pos - 2, .lenient = args_has(a, OPT_LENIENT)};
    snprintf(w.progress.title, sizeof(w.progress.title), "shift");
    w.progress.width = 1;
    code = code ? code : shift_all(&w);
    if (w.items && (code == 0 || code == EXIT_SOME_FAILED)) {
        json_t *j = json_begin("shift");
        json_object_update_new(j, session_json(&s));
        json_object_set_new(j, "autoencoder", json_text(a->pos[1]));
        json_object_set(j, "items", w.items);
        json_object_set_new(j, "failed", json_integer((json_int_t)w.in.n_failed));
        json_end(j);
    }
    json_decref(w.items);
    limn_model_close(&w.autoencoder);
    session_close(&s);
    return code;
}

/* clang-format off */
static const struct option options[] = {
    VALUE(OPT_TO, "to", 0, "CLASS", NULL, TYPE_TEXT, "class to become (default: the runner-up)"),
    VALUE(OPT_CLASS, "class", 'c', "CLASS", NULL, TYPE_TEXT,
          "class to leave (default: the most probable one of the reconstruction)"),
    VALUE(OPT_OUTPUT, "output", 'o', "FOLDER|FILE.gif", ".", TYPE_TEXT, "where results go"),
    NUMBER(OPT_TARGET, "target", 0, "P", "0.9", TYPE_REAL, 0.01, 0.9999, "probability of the new class to reach"),
    NUMBER(OPT_BUDGET, "budget", 0, "X", "1", TYPE_REAL, 1e-6, 1e6,
           "how much may change: sum of differences over the sum of the picture (latentshift: 0.05)"),
    NUMBER(OPT_FRAMES, "frames", 'n', "N", "16", TYPE_INT, 2, FRAMES_MAX, "frames (the published rules: 10)"),
    FLAG(OPT_BOTH, "both", 0, "also go away from the new class, so that the picture is in the middle"),
    CHOICE(OPT_SEARCH, "rule", 0, "NAME", "sound", TYPE_CHOICE, limn_shift_rule_name,
           "how far to go: sound, or as published: latentshift, gifsplanation"),
    CHOICE(OPT_ITERATE, "path", 0, "NAME", "auto", TYPE_CHOICE, limn_shift_path_name,
           "straight along one gradient, or iterative: taken anew at each step; auto: where the first fails"),
    CHOICE(OPT_SCORE, "score", 0, "NAME", NULL, TYPE_CHOICE, limn_shift_score_name,
           "whose gradient (default: log-probability; of the published rules probability)"),
    NUMBER(OPT_STEP, "step", 0, "X", NULL, TYPE_REAL, 1e-9, 1e9, "step of lambda (latentshift and gifsplanation: 10)"),
    NUMBER(OPT_LIMIT, "limit", 0, "X", NULL, TYPE_REAL, 1e-9, 1e9, "largest lambda (3000; gifsplanation: 1000)"),
    NUMBER(OPT_MIX, "mix", 0, "0..0.99", "0", TYPE_REAL, 0, 0.99, "part of the original in what the classifier sees"),
    FLAG(OPT_NO_CLIP, "no-clip", 0, "let the classifier see pixels beyond black and white"),
    VALUE(OPT_INNER, "inner", 0, "LAYER", NULL, TYPE_TEXT,
          "shift this layer inside the autoencoder by multiples of the gradient (--strengths)"),
    VALUE(OPT_SOURCE, "source", 0, "LAYER", NULL, TYPE_TEXT,
          "--inner: layer of the classifier whose gradient it is (default: the same name, else through the decoder)"),
    VALUE(OPT_STRENGTHS, "strengths", 0, "FROM:TO:N", NULL, TYPE_TEXT, "these lambda instead of a search"),
    NUMBER(OPT_BLEND, "blend", 0, "0..0.99", "0", TYPE_REAL, 0, 0.99, "part of the original in what is drawn"),
    NUMBER(OPT_ZOOM, "zoom", 0, "N", NULL, TYPE_INT, 1, 64, "enlarge N times (default: to about 224 pixels)"),
    FLAG(OPT_SMOOTH, "smooth", 0, "enlarge smoothly instead of by whole pixels"),
    FLAG(OPT_SIDE, "side", 0, "the original beside each frame"),
    FLAG(OPT_NO_CAPTION, "no-caption", 0, "no probabilities under the frames of the GIF"),
    FLAG(OPT_NO_SHEET, "no-sheet", 0, "no sheet of frames"),
    FLAG(OPT_CURVE, "curve", 0, "also draw the probabilities over lambda"),
    CHOICE(OPT_HEATMAP, "heat", 0, "KIND", NULL, TYPE_CHOICE, limn_shift_heat_name,
           "also write a heat map: int, mean, max, mm or first"),
    FLAG(OPT_NPY, "npy", 0, "also write the frames (and the heat map) as .npy"),
    FLAG(OPT_PNG, "png", 0, "also write each frame as it is, one PNG each"),
    NUMBER(OPT_DELAY, "delay", 0, "SECONDS", "0.12", TYPE_REAL, 0.02, 60, "time of a frame of the GIF"),
    CHOICE(OPT_PRESET, "preset", 0, "NAME", "default", TYPE_CHOICE, choice_preset, "how the GIF is coded"),
    ROW_EDIT,
    FLAG(OPT_LENIENT, "lenient", 0, "accept truncated pictures; the missing part is black"),
    ROWS_WRITE,
    ROWS_DEVICE,
    ROWS_MODEL,
    ROWS_JOB,
    ROWS_TALK,
};
/* clang-format on */
const struct command command_shift = {
    .name = "shift",
    .operands = "CLASSIFIER AUTOENCODER IMAGE...",
    .summary = "show what would change the network's mind",
    .text = "Encodes each picture, moves its latent value along the gradient of the classifier's score through the "
            "decoder, and decodes frames on the way: an animation from what the network sees to what it would have to "
            "see to decide otherwise (latent shift). Frames are reconstructions: compare them with the first one, not "
            "with the original. A GIF and a sheet of frames with probabilities are written.",
    .example = "limn shift lenet_fashion lenet_fashion_ae sneaker.png --to \"Ankle boot\"",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .min_pos = 3,
    .max_pos = (size_t)-1,
    .run = run,
};
