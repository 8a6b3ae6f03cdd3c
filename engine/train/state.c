/* The JSON text of a checkpoint. Real numbers are written with 17 digits, which give the same double back. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "train/trainer.h"

enum { STATE_VERSION = 1 };

static json_t *score_json(const struct train_score *s)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:[f, f, f, f]}", "loss", s->loss, "weight", s->weight, "hits", s->hits,
                     "samples", s->samples, "extra", s->extra[0], s->extra[1], s->extra[2], s->extra[3]);
}

static json_t *epoch_json(const struct train_epoch *e)
{
    return json_pack("{s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:b}", "epoch", e->epoch, "loss", e->loss, "hits", e->hits,
                     "val_loss", e->val_loss, "val_hits", e->val_hits, "lr", e->lr, "seconds", e->seconds, "best",
                     e->best);
}

static json_t *history_json(const struct train_state *s)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_history; i++) {
        if (json_array_append_new(list, epoch_json(&s->history[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *config_json(const struct train_options *o)
{
    json_t *c = NULL;
    if (!o->config) {
        return json_object();
    }
    return json_parse(o->config, strlen(o->config), 8, true, &c, NULL) == LIMN_OK ? c : NULL;
}

limn_status state_text(const struct train_state *s, const struct train_options *o, uint64_t fingerprint,
                       const char *device, char **out, limn_error *err)
{
    char hex[20];
    snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)fingerprint);
    json_t *root =
        json_pack("{s:i, s:s, s:s, s:s, s:o, s:i, s:I, s:I, s:I, s:f, s:o, s:o, s:i, s:o}", "version", STATE_VERSION,
                  "task", o->task->name, "data", hex, "device", device, "config", config_json(o), "epoch", s->epoch,
                  "batch", (json_int_t)s->batch, "step", (json_int_t)s->step, "update", (json_int_t)s->update,
                  "seconds", s->seconds, "score", score_json(&s->score), "best_score", score_json(&s->best_score),
                  "best_epoch", s->best_epoch, "history", history_json(s));
    size_t n = 0;
    return json_write(root, JSON_COMPACT | JSON_REAL_PRECISION(17), "the state of a training", out, &n, err);
}

static bool parse_score(const json_t *root, const char *key, struct train_score *s)
{
    return json_unpack((json_t *)json_object_get(root, key), "{s:F, s:F, s:F, s:F, s:[F, F, F, F]}", "loss", &s->loss,
                       "weight", &s->weight, "hits", &s->hits, "samples", &s->samples, "extra", &s->extra[0],
                       &s->extra[1], &s->extra[2], &s->extra[3]) == 0;
}

static bool parse_epoch(json_t *v, struct train_epoch *e)
{
    int best = 0;
    bool ok = json_unpack(v, "{s:i, s:F, s:F, s:F, s:F, s:F, s:F, s:b}", "epoch", &e->epoch, "loss", &e->loss, "hits",
                          &e->hits, "val_loss", &e->val_loss, "val_hits", &e->val_hits, "lr", &e->lr, "seconds",
                          &e->seconds, "best", &best) == 0;
    e->best = best != 0;
    return ok;
}

static const char *short_text(const json_t *v, char *buf, size_t size)
{
    size_t n = v ? json_dumpb(v, buf, size - 1, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9)) : 0;
    if (n == 0 || n > size - 1) {
        snprintf(buf, size, "%s", v ? "something else" : "none");
    } else {
        buf[n] = '\0';
    }
    return buf;
}

/* Says the first entry that differs. */
static limn_status compare_config(const json_t *had, const json_t *want, limn_error *err)
{
    const char *key;
    json_t *v;
    json_object_foreach ((json_t *)want, key, v) {
        json_t *old = json_object_get(had, key);
        if (!json_equal(old, v)) {
            char a[64], b[64];
            return err_set(err, LIMN_ERR_ARG, "the training that is to be resumed had %s %s (now %s)", key,
                           short_text(old, a, sizeof(a)), short_text(v, b, sizeof(b)));
        }
    }
    return LIMN_OK;
}

static limn_status parse_fields(json_t *root, struct train_state *s, limn_error *err)
{
    json_int_t batch = 0, step = 0, update = 0;
    json_t *history = json_object_get(root, "history");
    bool ok = json_unpack(root, "{s:i, s:I, s:I, s:I, s:F, s:i}", "epoch", &s->epoch, "batch", &batch, "step", &step,
                          "update", &update, "seconds", &s->seconds, "best_epoch", &s->best_epoch) == 0;
    ok = ok && parse_score(root, "score", &s->score) && parse_score(root, "best_score", &s->best_score);
    ok = ok && s->epoch >= 0 && batch >= 0 && step >= 0 && update >= 0;
    for (size_t i = 0; ok && i < json_array_size(history); i++) {
        struct train_epoch e;
        ok = parse_epoch(json_array_get(history, i), &e) && state_add_epoch(s, &e, err) == LIMN_OK;
    }
    s->batch = (size_t)batch;
    s->step = (uint64_t)step;
    s->update = (uint64_t)update;
    return ok ? LIMN_OK : err_set(err, LIMN_ERR_FORMAT, "limn.state: not the state of a training");
}

limn_status state_parse(const char *text, const struct train_options *o, uint64_t fingerprint, const char *device,
                        struct train_state *s, bool *device_same, limn_error *err)
{
    struct train_state r = {0};
    char hex[20];
    const char *task = "", *data = "", *ran_on = "";
    json_t *root = NULL, *now = config_json(o);
    int version = 0;
    limn_status st = LIMN_OK;
    snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)fingerprint);
    TRY(json_parse(text, strlen(text), 8, false, &root, err));
    if (json_unpack(root, "{s:i, s:s, s:s, s:s}", "version", &version, "task", &task, "data", &data, "device",
                    &ran_on) != 0) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "limn.state: not the state of a training"));
    }
    if (version != STATE_VERSION || strcmp(task, o->task->name) != 0) {
        TRY(err_set(err, LIMN_ERR_ARG, "the training that is to be resumed is a %.40s, version %d (expected %s, %d)",
                    task, version, o->task->name, STATE_VERSION));
    }
    TRY(compare_config(json_object_get(root, "config"), now, err));
    if (strcmp(data, hex) != 0) {
        TRY(err_set(err, LIMN_ERR_ARG,
                    "the training that is to be resumed had other data (samples, labels or splits)"));
    }
    TRY(parse_fields(root, &r, err));
    *device_same = strcmp(ran_on, device) == 0;
    *s = r;
    r.history = NULL;
out:
    mem_free(r.history);
    json_decref(root);
    json_decref(now);
    return st;
}

void state_finish(struct train_state *s)
{
    mem_free(s->history);
    *s = (struct train_state){0};
}

limn_status state_add_epoch(struct train_state *s, const struct train_epoch *e, limn_error *err)
{
    limn_status st = mem_grow(&s->history, &s->cap_history, s->n_history + 1, sizeof(*s->history), err);
    if (st == LIMN_OK) {
        s->history[s->n_history++] = *e;
    }
    return st;
}

static bool put_number(json_t *o, const char *key, double v)
{
    return json_object_set_new(o, key, v < 0 ? json_null() : json_real(v)) == 0;
}

int epoch_line(const struct train_task *t, const struct train_epoch *e, char *buf, size_t size)
{
    char val[64];
    snprintf(val, sizeof(val), "val_%.50s", t->val_hits ? t->val_hits : "accuracy");
    json_t *o = json_pack("{s:i}", "epoch", e->epoch);
    bool ok = o && size > 2 && put_number(o, "train_loss", e->loss) &&
              (t->val_hits || put_number(o, "train_accuracy", e->hits)) && put_number(o, "val_loss", e->val_loss) &&
              put_number(o, val, e->val_hits) && put_number(o, "lr", e->lr) && put_number(o, "seconds", e->seconds) &&
              json_object_set_new(o, "best", json_boolean(e->best)) == 0;
    if (!ok) {
        json_decref(o);
        return -1;
    }
    size_t n = json_dumpb(o, buf, size - 2, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(o);
    if (n == 0 || n > size - 2) {
        return -1;
    }
    buf[n] = '\n';
    buf[n + 1] = '\0';
    return (int)n + 1;
}
