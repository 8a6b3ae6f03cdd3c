/* Compare: loads what is picked out. */
#include "client.h"

#include <stdio.h>
#include <string.h>

static void free_item(struct compare_item *i)
{
    limn_animation_free(&i->shown);
    memset(i, 0, sizeof *i);
}

/* One more result, unless there is no room; what was loaded already moves over from `old`. */
static void add_picture(struct compare_state *c, struct compare_state *old, const struct limn_job *j, const char *path)
{
    limn_error err = {0};
    if (c->all++ >= COMPARE_MAX) {
        return;
    }
    struct compare_item *item = &c->item[c->n++];
    for (size_t i = 0; i < old->n; i++) {
        if (strcmp(old->item[i].path, path) == 0) {
            *item = old->item[i];
            memset(&old->item[i], 0, sizeof old->item[i]);
            return;
        }
    }
    item->job = j->id;
    snprintf(item->path, sizeof item->path, "%s", path);
    snprintf(item->title, sizeof item->title, "%s", j->title);
    const struct limn_animation_params p = {.fit_width = 1600, .fit_height = 1600};
    if (limn_animation_load(path, &p, &item->shown, &err) != LIMN_OK) {
        snprintf(item->problem, sizeof item->problem, "%.290s", err.text);
    }
}

static void add_job(struct compare_state *c, struct compare_state *old, const struct limn_job_detail *d, size_t most)
{
    for (size_t i = 0; i < d->n_artifacts && most > 0; i++) {
        if (client_shows(d->artifact[i].path)) {
            add_picture(c, old, &d->job, d->artifact[i].path);
            most--;
        }
    }
}

void client_compare(struct client *c)
{
    struct compare_state *s = &c->app->compare, old = *s;
    const struct marks *m = &c->app->marks;
    const struct limn_job_detail *shown = c->app->queue.detail;
    memset(s->item, 0, sizeof s->item);
    s->n = s->all = 0;
    for (size_t i = 0; i < m->n; i++) {
        struct limn_job_detail *d = NULL;
        if (c->store != NULL && limn_jobs_show(c->store, m->job[i], &d, NULL) == LIMN_OK) {
            add_job(s, &old, d, 1);
        }
        limn_job_detail_free(&d);
    }
    if (m->n == 0 && shown != NULL) {
        add_job(s, &old, shown, SIZE_MAX);
    }
    bool same = s->n == old.n;
    for (size_t i = 0; i < COMPARE_MAX; i++) { /* what did not move over is not compared any more */
        same = same && old.item[i].path[0] == '\0';
        free_item(&old.item[i]);
    }
    s->at = s->at < s->n ? s->at : 0;
    if (!same) { /* others than before */
        s->look = LOOK_ALL;
        motion_start(&s->motion, true);
    }
}

void client_compare_free(struct client *c)
{
    for (size_t i = 0; i < COMPARE_MAX; i++) {
        free_item(&c->app->compare.item[i]);
    }
}
