/* Pictures of volumes: single slices, a sheet of slices, a GIF through the volume. */
#include <limn/gif.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { FRAMES_MAX = 128 };

static const char *const axis_names[] = {"depth", "height", "width"};

/* Reads "depth", "1", ... up to a colon or the end; *rest is what follows the colon, or NULL. */
static bool read_axis(const char *text, int *axis, const char **rest)
{
    size_t n = strcspn(text, ":");
    *rest = text[n] == ':' ? text + n + 1 : NULL;
    for (int i = 0; i < 3; i++) {
        char digit[2] = {(char)('0' + i), '\0'};
        if ((strlen(axis_names[i]) == n && strncmp(text, axis_names[i], n) == 0) || (n == 1 && text[0] == digit[0])) {
            *axis = i;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, long max, int *out)
{
    char *end = NULL;
    long v = strtol(text, &end, 10);
    if (end == text || *end != '\0' || text[0] < '0' || text[0] > '9' || v > max) {
        return false;
    }
    *out = (int)v;
    return true;
}

static int bad(const char *option, const char *text, const char *expected)
{
    return say_error(EXIT_USAGE, "--%s: bad value (found \"%s\", expected %s)", option, safe(text), expected);
}

static int parse_slice(const char *text, const struct session *s, struct limn_slice *out)
{
    const int32_t size[3] = {s->info.depth, s->info.height, s->info.width};
    const char *rest = NULL;
    int axis = -1, index = -1;
    char expected[120];
    if (strcmp(text, "auto") == 0) {
        *out = (struct limn_slice){-1, -1};
        return 0;
    }
    if (!read_axis(text, &axis, &rest)) {
        return bad("slice", text, "auto, or depth, height or width with an index, as depth:12");
    }
    if (rest != NULL && strcmp(rest, "auto") != 0 && !read_number(rest, size[axis] - 1, &index)) {
        snprintf(expected, sizeof(expected), "an index from 0 to %d across the %s of the network's input",
                 size[axis] - 1, axis_names[axis]);
        return bad("slice", text, expected);
    }
    *out = (struct limn_slice){axis, index};
    return 0;
}

int slices_parse(const struct args *a, const struct session *s, struct slice_request *out)
{
    const struct option_values *v = &a->opt[OPT_SLICE];
    const char *montage = args_text(a, OPT_MONTAGE, NULL), *gif = args_text(a, OPT_GIF, NULL), *rest = NULL;
    struct slice_request q = {.montage_axis = -1, .gif_axis = -1};
    q.asked = v->n > 0 || montage != NULL || gif != NULL;
    if (s->info.depth == 0) {
        *out = q;
        return q.asked || args_has(a, OPT_NIFTI)
                   ? say_error(EXIT_USAGE, "--slice, --montage, --gif and --nifti are for volumes; %s takes pictures",
                               safe(s->info.name))
                   : 0;
    }
    for (size_t i = 0; i < v->n; i++) {
        int code = parse_slice(v->v[i], s, &q.slice[q.n_slice++]);
        if (code != 0) {
            return code;
        }
    }
    if (montage != NULL && (!read_axis(montage, &q.montage_axis, &rest) ||
                            (rest != NULL && (!read_number(rest, 400, &q.montage_n) || q.montage_n < 1)))) {
        return bad("montage", montage, "depth, height or width, with up to 400 slices as depth:16");
    }
    if (gif != NULL && (!read_axis(gif, &q.gif_axis, &rest) || rest != NULL)) {
        return bad("gif", gif, "depth, height or width");
    }
    q.montage_axis = q.asked ? q.montage_axis : 0;
    *out = q;
    return 0;
}

/* ---- saving ---- */

static int save_png(struct run *r, const limn_explanation *e, struct limn_which w, const struct slice_target *t,
                    const char *what, const limn_image *picture)
{
    char path[4096];
    limn_error err = {0};
    output_path(path, sizeof(path), t->folder, t->stem, what, t->suffix, "png");
    const char *to = t->file != NULL ? t->file : path;
    int code = output_check(r->args, r->inputs, to);
    if (code == 0 &&
        limn_explanation_save_png(e, w, t->render->view, picture, to, save_flags(r->args), &err) != LIMN_OK) {
        code = say_status(&err);
    }
    if (code == 0) {
        output_report(t->outputs, limn_explanation_method(e, w.method), "png", to, t->cls);
    }
    return code;
}

static int save_slice(struct run *r, const limn_explanation *e, struct limn_which w, const struct slice_target *t,
                      struct limn_slice slice)
{
    limn_error err = {0};
    limn_image *picture = NULL;
    char what[80];
    if ((slice.index < 0 && limn_explanation_slice(e, w, slice.axis, &slice, &err) != LIMN_OK) ||
        limn_render_slice(e, w, slice, t->render, &picture, &err) != LIMN_OK) {
        return say_status(&err);
    }
    snprintf(what, sizeof(what), "%.50s.%s-%d", limn_explanation_method(e, w.method), axis_names[slice.axis],
             slice.index);
    int code = save_png(r, e, w, t, what, picture);
    limn_image_destroy(&picture);
    return code;
}

static int save_montage(struct run *r, const limn_explanation *e, struct limn_which w, const struct slice_target *t,
                        const struct slice_request *q)
{
    limn_error err = {0};
    limn_image *picture = NULL;
    if (limn_render_montage(e, w, q->montage_axis, q->montage_n, t->render, &picture, &err) != LIMN_OK) {
        return say_status(&err);
    }
    int code = save_png(r, e, w, t, limn_explanation_method(e, w.method), picture);
    limn_image_destroy(&picture);
    return code;
}

static int save_gif(struct run *r, const limn_explanation *e, struct limn_which w, const struct slice_target *t,
                    int axis)
{
    const struct limn_model_info *m = &r->session->info;
    const int32_t all = (const int32_t[]){m->depth, m->height, m->width}[axis], n = all < FRAMES_MAX ? all : FRAMES_MAX;
    const char *method = limn_explanation_method(e, w.method);
    limn_image *frame[FRAMES_MAX] = {NULL};
    limn_error err = {0};
    char path[4096], comment[160];
    output_path(path, sizeof(path), t->folder, t->stem, method, t->suffix, "gif");
    const char *to = t->file != NULL ? t->file : path;
    int code = output_check(r->args, r->inputs, to);
    for (int32_t i = 0; i < n && code == 0; i++) {
        struct limn_slice slice = {axis, (int32_t)(((int64_t)2 * i + 1) * all / (2 * n))};
        code = limn_render_slice(e, w, slice, t->render, &frame[i], &err) == LIMN_OK ? 0 : say_status(&err);
        code = signal_caught ? 128 + signal_caught : code;
    }
    snprintf(comment, sizeof(comment), "limn %.60s class %d, slices across the %s", method, t->cls, axis_names[axis]);
    struct limn_gif_params p = {.ping_pong = true, .comment = args_has(r->args, OPT_STRIP) ? NULL : comment};
    if (code == 0 && limn_gif_save((const limn_image *const *)frame, (size_t)n, &p, to, save_flags(r->args), NULL,
                                   &err) != LIMN_OK) {
        code = say_status(&err);
    }
    if (code == 0) {
        output_report(t->outputs, method, "gif", to, t->cls);
    }
    for (int32_t i = 0; i < n; i++) {
        limn_image_destroy(&frame[i]);
    }
    return code;
}

int slices_save(struct run *r, const struct slice_request *q, const limn_explanation *e, struct limn_which w,
                const struct slice_target *t)
{
    int code = 0;
    for (size_t i = 0; i < q->n_slice && code == 0; i++) {
        code = save_slice(r, e, w, t, q->slice[i]);
    }
    if (code == 0 && q->montage_axis >= 0) {
        code = save_montage(r, e, w, t, q);
    }
    if (code == 0 && q->gif_axis >= 0) {
        code = save_gif(r, e, w, t, q->gif_axis);
    }
    return code;
}
