/* What the queue tells of the marked job: its facts, the first picture that it made, and the end of its log. */
#include <stdio.h>
#include <string.h>

#include "app.h"

/* One line "name  value"; returns the next line. */
static int32_t fact(const struct ui *u, struct rect r, int32_t y, enum ui_role role, const char *name,
                    const char *value)
{
    if (value[0] != '\0' && y < r.y + r.h) {
        ui_text(u, r, r.x, y, 10, UI_DIM, name);
        const struct rect text = {r.x + 11, y, r.w - 11, r.y + r.h - y};
        if (value[0] == '/') { /* a path */
            ui_path(u, text, text.x, y, text.w, role, value);
            return y + 1;
        }
        y += ui_wrap(u, text, role, value, true);
    }
    return y;
}

static int32_t state_facts(const struct ui *u, struct rect r, const struct limn_job *j)
{
    char text[400], t1[24], rate[64] = "";
    enum ui_role role;
    int32_t y = r.y;
    const char *sign = job_sign(j, &role), *state = limn_job_state_name(j->state);
    snprintf(text, sizeof text, "%s %s%s", sign, state ? state : "", j->cancelling ? ", stopping" : "");
    if (j->state == LIMN_JOB_RUNNING && j->stage[0] != '\0') {
        snprintf(text, sizeof text, "%s %s: %s", sign, state, j->stage);
    } else if (job_over(j) && j->started > 0 && j->ended >= j->started) {
        snprintf(text, sizeof text, "%s %s, took %s", sign, state,
                 ui_duration((double)(j->ended - j->started) / 1000, t1));
    }
    y = fact(u, r, y, role, "state", text);
    if (j->state == LIMN_JOB_RUNNING && y < r.y + r.h) {
        if (j->rate > 0) {
            snprintf(rate, sizeof rate, " %.3g %s/s", j->rate, j->rate_unit);
        }
        const int32_t w = r.w - 11 - 6 - ui_columns(rate);
        ui_text(u, r, r.x, y, 10, UI_DIM, "progress");
        ui_bar(u, r, r.x + 11, y, w, j->part, UI_ACCENT);
        snprintf(text, sizeof text, " %3d %%%s", (int)(100 * j->part), rate);
        ui_text(u, r, r.x + 11 + w, y, r.w, UI_TEXT, text);
        y++;
    }
    if (j->attempt > 1) {
        snprintf(text, sizeof text, "%d", (int)j->attempt);
        y = fact(u, r, y, UI_TEXT, "attempt", text);
    }
    return y;
}

/* "11 files in /home/me/.local/state/limn/results/2": the folder of the first, which nearly all of them share. */
static int32_t results_fact(const struct ui *u, struct rect r, int32_t y, const struct limn_job_detail *d)
{
    char text[60];
    if (d->n_artifacts == 0) {
        return y;
    }
    const char *path = d->artifact[0].path, *slash = strrchr(path, '/');
    char folder[4096];
    snprintf(folder, sizeof folder, "%.*s", slash > path ? (int)(slash - path) : 1, path);
    snprintf(text, sizeof text, "%zu file%s in", d->n_artifacts, d->n_artifacts == 1 ? "" : "s");
    y = fact(u, r, y, UI_GOOD, "results", text);
    return fact(u, r, y, UI_GOOD, "", folder);
}

/* Returns the line after the last one. */
static int32_t draw_facts(const struct app *a, const struct ui *u, struct rect r)
{
    const struct queue_state *q = &a->queue;
    const struct limn_job *j = queue_job(q);
    char title[64] = "Job";
    if (j != NULL) {
        snprintf(title, sizeof title, "Job %lld", (long long)j->id);
    }
    r = ui_title(u, r, false, title, j != NULL ? j->command : "");
    if (j == NULL) {
        return r.y;
    }
    const struct limn_job_detail *d = q->detail != NULL && q->detail->job.id == j->id ? q->detail : NULL;
    int32_t y = state_facts(u, r, j);
    if (d == NULL) {
        return fact(u, r, y, UI_BAD, "reason", j->reason);
    }
    y = fact(u, r, y, UI_BAD, "error", d->error);
    y = fact(u, r, y, UI_NOTE, "hint", d->hint);
    for (size_t i = 0; i < q->n_arguments; i++) {
        y = fact(u, r, y, UI_TEXT, q->argument[i].name, q->argument[i].value);
    }
    y = fact(u, r, y, UI_TEXT, "device", d->device);
    return results_fact(u, r, y, d);
}

static const limn_image *picture(const struct queue_state *q)
{
    return q->picture_job == q->id ? q->picture : NULL;
}

void queue_details_tall(const struct app *a, const struct ui *u, struct rect r)
{
    enum { LOG_LEAST = 5, PICTURE_LEAST = 6 };
    const struct rect facts = {r.x, r.y, r.w, r.h - LOG_LEAST};
    const int32_t end = draw_facts(a, u, facts) - r.y;
    const limn_image *image = picture(&a->queue);
    ui_top(&r, end < r.h / 2 && image == NULL ? r.h / 2 : end, 1);
    if (image != NULL && r.h >= PICTURE_LEAST + 1 + LOG_LEAST) {
        struct rect area = {r.x, r.y, r.w, r.h * 2 / 3};
        const struct rect used = ui_image(u, area, image, a->caps);
        ui_top(&r, used.h, 1);
    }
    log_draw(a, u, r, 0);
}

void queue_details_wide(const struct app *a, const struct ui *u, struct rect r)
{
    const limn_image *image = picture(&a->queue);
    if (image != NULL && r.h > 5) {
        const int32_t w = 2 * (r.h - 1);
        const struct rect used = caps_fit(&a->caps, limn_image_width(image), limn_image_height(image),
                                          (struct rect){0, 0, w < r.w / 2 ? w : r.w / 2, r.h - 1});
        ui_image(u, (struct rect){r.x + r.w - used.w, r.y + 1, used.w, used.h}, image, a->caps);
        r.w -= used.w + 2;
    }
    draw_facts(a, u, r);
}
