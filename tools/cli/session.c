/* What most commands do first and last: the model of the first operand, the device, the pictures one after another, a
 * progress bar on a terminal, and a clean end after Ctrl-C.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "events.h"

#define CLASS_FILE_MAX (1 << 20)

volatile int signal_caught;

static void on_signal(int number)
{
    signal_caught = number; /* noticed at the next progress step; the second signal ends the program at once */
}

void signals_install(void)
{
    const int stop[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < sizeof(stop) / sizeof(stop[0]); i++) {
        struct sigaction old;
        if (sigaction(stop[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN) { /* nohup stays nohup */
            sigaction(stop[i], &sa, NULL);
        }
    }
    signal(SIGPIPE, SIG_IGN); /* a write error tells us, after temporary files are gone */
    signal(SIGXFSZ, SIG_IGN);
}

/* ---- model and device ---- */

int session_open(struct session *s, const struct args *a)
{
    memset(s, 0, sizeof(*s));
    const char *device = args_text(a, OPT_DEVICE, NULL);
    bool reference = device != NULL && strcmp(device, "reference") == 0;
    struct limn_context_params cp = {
        .device = reference ? NULL : device, .max_memory = args_bytes(a, OPT_MAX_MEMORY, 0), .reference = reference};
    if (limn_context_create(&cp, &s->context, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    float mean[4], std[4];
    struct limn_model_params mp = {.arch = args_text(a, OPT_ARCH, NULL),
                                   .labels_path = args_text(a, OPT_LABELS, NULL),
                                   .resize = (int32_t)args_int(a, OPT_RESIZE, 0),
                                   .strict = args_has(a, OPT_STRICT),
                                   .output = args_text(a, OPT_OUTPUT_NAME, NULL),
                                   .pre_activation = args_has(a, OPT_PRE_ACTIVATION),
                                   .multi_label = args_has(a, OPT_MULTI_LABEL)};
    size_t n_mean = args_reals(a, OPT_MEAN, mean, 4), n_std = args_reals(a, OPT_STD, std, 4);
    int32_t size[3];
    args_size(a, OPT_SIZE, size);
    mp.depth = size[0];
    mp.height = size[1];
    mp.width = size[2];
    mp.axes = args_text(a, OPT_AXES, NULL);
    for (size_t i = n_mean; n_mean > 0 && i < 4; i++) {
        mean[i] = mean[n_mean - 1]; /* one number serves all channels */
    }
    for (size_t i = n_std; n_std > 0 && i < 4; i++) {
        std[i] = std[n_std - 1];
    }
    mp.mean = n_mean > 0 ? mean : NULL;
    mp.std = n_std > 0 ? std : NULL;
    if (limn_model_open(s->context, a->pos[0], &mp, &s->model, &s->err) != LIMN_OK ||
        limn_model_describe(s->model, &s->info, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    size_t channels = (size_t)s->info.channels;
    if ((n_mean > 1 && n_mean != channels) || (n_std > 1 && n_std != channels)) {
        return say_error(EXIT_USAGE, "%s: %zu numbers (expected 1 or %zu, one for each channel of %s)",
                         n_mean > 1 && n_mean != channels ? "--mean" : "--std",
                         n_mean > 1 && n_mean != channels ? n_mean : n_std, channels, safe(s->info.name));
    }
    return 0;
}

int session_device(struct session *s, const struct args *a)
{
    if (s->info.arch[0] == '\0') {
        return say_error(EXIT_INPUT, "%s: no architecture that limn knows has these tensors; name it with --arch",
                         safe(s->info.name));
    }
    if (limn_context_device(s->context, &s->device, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    if (events_on()) {
        event_provenance(s->info.name, limn_model_sha256(s->model, NULL), s->device->name, args_int(a, OPT_SEED, 0));
    }
    s->software = !args_has(a, OPT_DEVICE) && strcmp(s->device->kind, "cpu") == 0;
    say_more(1, "device: %s, %s", s->device->name, s->device->driver);
    return 0;
}

void session_note_software(struct session *s)
{
    if (s->software) {
        say_note("note: no GPU found, running on the software device %s; see limn doctor", s->device->name);
        s->software = false;
    }
}

void session_close(struct session *s)
{
    limn_model_close(&s->model);
    limn_context_destroy(&s->context);
}

json_t *session_json(const struct session *s)
{
    json_t *j = need(json_object()), *m = need(json_object());
    json_object_set_new(m, "name", json_text(s->info.name));
    json_object_set_new(m, "path", json_text(s->info.path));
    json_object_set_new(m, "arch", json_text(s->info.arch));
    json_object_set_new(m, "classes", json_integer(s->info.n_classes));
    json_t *input = json_pack("[iii]", s->info.channels, s->info.height, s->info.width);
    if (s->info.depth > 0) {
        json_array_insert_new(need(input), 1, json_integer(s->info.depth));
    }
    json_object_set_new(m, "input", need(input));
    json_object_set_new(j, "model", m);
    if (s->device != NULL) {
        json_t *d = need(json_object());
        json_object_set_new(d, "name", json_text(s->device->name));
        json_object_set_new(d, "kind", json_text(s->device->kind));
        json_object_set_new(d, "driver", json_text(s->device->driver));
        json_object_set_new(j, "device", d);
    }
    return j;
}

const char *class_name(const struct session *s, int32_t k, char *buf, size_t size)
{
    const char *label = limn_model_label(s->model, k);
    if (label != NULL) {
        limn_text_escape(buf, size, label);
    } else {
        snprintf(buf, size, "class %d", k);
    }
    return buf;
}

json_t *json_class(const struct session *s, const limn_explanation *e, size_t image, int32_t k)
{
    json_t *j = need(json_object());
    json_object_set_new(j, "index", json_integer(k));
    json_object_set_new(j, "label", json_text(limn_model_label(s->model, k)));
    json_object_set_new(j, "probability", json_real((double)limn_explanation_probabilities(e, image)[k]));
    json_object_set_new(j, "logit", json_real((double)limn_explanation_logits(e, image)[k]));
    return j;
}

/* ---- progress ---- */

bool progress_step(void *user, double done, const char *what)
{
    enum { CELLS = 30 };
    struct progress *p = user;
    double all = p->base + p->width * done;
    event_progress(all, what, -1, NULL, -1);
    if (p->title[0] != '\0' && events_bar() && isatty(STDERR_FILENO)) {
        char bar[4 * CELLS];
        text_bar(all, CELLS, bar, sizeof(bar));
        fprintf(stderr, "\r\033[K%s  %3.0f %%  %s%*s  %s", p->title, 100.0 * all, bar, CELLS - text_cells(bar), "",
                what);
        fflush(stderr);
        p->shown = true;
    }
    return signal_caught == 0;
}

void progress_clear(struct progress *p)
{
    if (p->shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        p->shown = false;
    }
}

/* ---- inputs ---- */

int inputs_open(struct inputs *in, const struct args *a, struct session *s)
{
    memset(in, 0, sizeof(*in));
    in->path = a->pos + 1;
    in->n = a->n_pos - 1;
    in->lenient = args_has(a, OPT_LENIENT);
    in->volumes = s->info.depth > 0;
    in->tensor_path = args_text(a, OPT_TENSOR, NULL);
    if (in->tensor_path == NULL) {
        return 0;
    }
    if (in->n > 0) {
        return say_error(EXIT_USAGE, "--tensor: takes the place of images (found %zu images too)", in->n);
    }
    if (limn_tensor_load(in->tensor_path, &in->tensor, &s->err) != LIMN_OK) {
        return say_status(&s->err);
    }
    in->n = in->tensor.rank == (in->volumes ? 5 : 4) ? (size_t)in->tensor.dim[0] : 1;
    return 0;
}

void inputs_close(struct inputs *in)
{
    limn_tensor_free(&in->tensor);
}

/* The wrong order of axes turns and distorts a volume without any error, so say it when the other one fits exactly. */
static void note_axes(const limn_model *m, const char *path, const struct limn_volume_info *v)
{
    struct limn_model_info to;
    if (v->nifti && limn_model_describe(m, &to, NULL) == LIMN_OK && v->depth != to.depth && v->depth == to.width &&
        v->height == to.height && v->width == to.depth) {
        say_note("note: %s: %dx%dx%d, resampled to the network's %dx%dx%d, which it has with the other --axes",
                 safe(path), v->depth, v->height, v->width, to.depth, to.height, to.width);
    }
}

static limn_status load_one(const struct inputs *in, const limn_model *m, size_t i, struct loaded *out, limn_error *err)
{
    struct limn_image_params p = {.lenient = in->lenient};
    struct limn_volume_info info;
    *out = (struct loaded){0};
    if (!in->volumes) {
        return limn_image_load(in->path[i], &p, &out->image, err);
    }
    limn_status st = limn_volume_load(m, in->path[i], &out->volume, err);
    if (st == LIMN_OK && limn_volume_describe(out->volume, &info, NULL) == LIMN_OK) {
        note_axes(m, in->path[i], &info);
        if (info.n_replaced > 0) {
            say_note("note: %s: %zu voxels are not finite, taken as 0", safe(in->path[i]), info.n_replaced);
        }
    }
    return st;
}

size_t inputs_load(struct inputs *in, const limn_model *m, size_t *next, size_t max, struct loaded *out, size_t *index)
{
    size_t n = 0;
    while (*next < in->n && n < max && signal_caught == 0) {
        size_t i = (*next)++;
        limn_error err = {0};
        if (load_one(in, m, i, &out[n], &err) == LIMN_OK) {
            index[n++] = i;
        } else {
            in->failure = say_status(&err);
            in->n_failed++;
        }
    }
    return n;
}

void inputs_name(const struct inputs *in, size_t i, char *buf, size_t size)
{
    if (in->tensor_path == NULL) {
        limn_text_escape(buf, size, in->path[i]);
    } else if (in->n == 1) {
        limn_text_escape(buf, size, in->tensor_path);
    } else {
        snprintf(buf, size, "%s[%zu]", safe(in->tensor_path), i);
    }
}

void inputs_stem(const struct inputs *in, size_t i, char *buf, size_t size)
{
    const char *path = in->tensor_path ? in->tensor_path : in->path[i];
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    int length = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
    if (length > 4 && dot != NULL && strcmp(dot, ".gz") == 0 && strncmp(base + length - 4, ".nii", 4) == 0) {
        length -= 4;
    }
    if (in->tensor_path == NULL || in->n == 1) {
        snprintf(buf, size, "%.*s", length, base);
    } else {
        snprintf(buf, size, "%.*s-%zu", length, base, i);
    }
}

int inputs_result(const struct inputs *in, size_t n_done)
{
    if (in->n_failed == 0) {
        return 0;
    }
    return n_done == 0 ? in->failure : EXIT_SOME_FAILED;
}

/* ---- the loop over chunks ---- */

static void run_forget_classes(struct run *r)
{
    free(r->class_text);
    free((void *)r->class_each);
    r->class_text = NULL;
    r->class_each = NULL;
}

/* --class-each: one text per input, from the command line (commas) or a file (lines). */
static int read_classes(struct run *r, const char *list)
{
    const char *separator = list[0] == '@' ? "\r\n" : ",";
    size_t n = 0;
    if (list[0] == '@') {
        FILE *f = fopen(list + 1, "r");
        r->class_text = need(calloc(1, CLASS_FILE_MAX + 1));
        size_t got = f != NULL ? fread(r->class_text, 1, CLASS_FILE_MAX + 1, f) : 0;
        bool bad = f == NULL || ferror(f) || got > CLASS_FILE_MAX;
        if (f != NULL) {
            fclose(f);
        }
        if (bad) {
            run_forget_classes(r);
            return say_error(EXIT_INPUT, "--class-each: %s: cannot be read, or has more than %d bytes", safe(list + 1),
                             CLASS_FILE_MAX);
        }
        r->class_text[got] = '\0';
    } else {
        r->class_text = need(strdup(list));
    }
    r->class_each = need(calloc(r->inputs->n + 1, sizeof(*r->class_each)));
    char *save = NULL;
    for (char *part = strtok_r(r->class_text, separator, &save); part != NULL;
         part = strtok_r(NULL, separator, &save)) {
        r->class_each[n < r->inputs->n ? n : r->inputs->n] = part;
        n++;
    }
    if (n != r->inputs->n) {
        run_forget_classes(r);
        return say_error(EXIT_USAGE, "--class-each: %zu classes (expected one for each of %zu inputs)", n,
                         r->inputs->n);
    }
    return 0;
}

int run_options(struct run *r)
{
    const struct args *a = r->args;
    const char *each = args_text(a, OPT_CLASS_EACH, NULL);
    r->params.layers = a->opt[OPT_LAYER].v;
    r->params.n_layers = a->opt[OPT_LAYER].n;
    r->params.classes = a->opt[OPT_CLASS].v;
    r->params.n_classes = a->opt[OPT_CLASS].n;
    r->params.seed = (uint64_t)args_int(a, OPT_SEED, 0);
    r->params.batch = (int32_t)args_int(a, OPT_BATCH, 0);
    if (each != NULL && r->params.n_classes > 0) {
        return say_error(EXIT_USAGE, "--class-each: takes the place of --class (both found)");
    }
    return each != NULL ? read_classes(r, each) : 0;
}

static int explain_chunk(struct run *r, struct progress *progress, const size_t *index)
{
    limn_explanation *e = NULL;
    limn_error err = {0};
    r->params.step = progress_step;
    r->params.user = progress;
    const char *each[CHUNK_MAX];
    size_t n = r->params.n_images + r->params.n_volumes;
    for (size_t i = 0; r->class_each != NULL && i < n; i++) {
        each[i] = r->class_each[index[i]];
    }
    if (r->class_each != NULL) {
        bool tensor = r->params.tensor != NULL;
        r->params.image_classes = tensor ? r->class_each : each;
        r->params.n_image_classes = tensor ? r->inputs->n : n;
    }
    limn_status st = limn_explain(r->session->model, &r->params, &e, &err);
    progress_clear(progress);
    int code = st == LIMN_OK ? 0 : signal_caught ? 128 + signal_caught : say_status(&err);
    if (code == 0) {
        session_note_software(r->session);
        struct limn_stats stats;
        if (limn_explanation_stats(e, &stats, NULL) == LIMN_OK) {
            char activations[16], weights[16];
            say_more(1, "device memory: activations %s, weights %s", text_bytes(stats.activation_bytes, activations),
                     text_bytes(stats.weight_bytes, weights));
            say_more(1, "plan %.0f ms, forward %.0f ms, backward %.0f ms, batch %d", stats.plan_ms, stats.forward_ms,
                     stats.backward_ms, stats.batch);
        }
        const char *warning = r->n_done == 0 ? limn_model_warning(r->session->model) : NULL;
        if (warning != NULL) {
            say_note("warning: %s", warning);
        }
        r->n_done += limn_explanation_count(e);
        code = r->each(r, e, index);
    }
    limn_explanation_destroy(&e);
    return code;
}

/* Explains what was loaded, and frees it. */
static int explain_loaded(struct run *r, struct progress *progress, struct loaded *loaded, size_t n,
                          const size_t *index)
{
    const limn_image *image[CHUNK_MAX];
    const limn_volume *volume[CHUNK_MAX];
    bool volumes = r->inputs->volumes;
    for (size_t i = 0; i < n; i++) {
        image[i] = loaded[i].image;
        volume[i] = loaded[i].volume;
    }
    r->params.images = image;
    r->params.n_images = volumes ? 0 : n;
    r->params.volumes = volume;
    r->params.n_volumes = volumes ? n : 0;
    r->volume = volumes ? volume : NULL;
    int code = explain_chunk(r, progress, index);
    r->volume = NULL;
    for (size_t i = 0; i < n; i++) {
        limn_image_destroy(&loaded[i].image);
        limn_volume_destroy(&loaded[i].volume);
    }
    return code;
}

static int run_chunks(struct run *r)
{
    struct inputs *in = r->inputs;
    struct progress progress = {.width = 1.0};
    struct loaded loaded[CHUNK_MAX] = {{0}};
    size_t index[CHUNK_MAX], next = 0;
    size_t chunk = r->params.batch > 0 && r->params.batch < CHUNK_MAX ? (size_t)r->params.batch
                   : in->volumes                                      ? 1
                                                                      : CHUNK_MAX / 4;
    int code = 0;
    snprintf(progress.title, sizeof(progress.title), "%s", args_has(r->args, OPT_QUIET) ? "" : "limn");
    if (in->tensor_path != NULL) {
        size_t *all = need(malloc(in->n * sizeof(*all)));
        for (size_t i = 0; i < in->n; i++) {
            all[i] = i;
        }
        r->params.tensor = &in->tensor;
        code = explain_chunk(r, &progress, all);
        free(all);
        return code;
    }
    while (next < in->n && code == 0) {
        progress.base = (double)next / (double)in->n;
        size_t n = inputs_load(in, r->session->model, &next, chunk, loaded, index);
        progress.width = (double)next / (double)in->n - progress.base;
        code = signal_caught ? 128 + signal_caught : n > 0 ? explain_loaded(r, &progress, loaded, n, index) : 0;
    }
    return code;
}

int run_all(struct run *r)
{
    int code = run_chunks(r);
    run_forget_classes(r);
    return code;
}
