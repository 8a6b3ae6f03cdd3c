/* The store as views see it: lists, one job, and what a user asks of it. Lists walk the primary key or the index over
 * (state, id) backwards, so that a page costs the same whether the store holds ten jobs or ten thousand.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "job/store.h"

const char *limn_job_state_name(size_t state)
{
    static const char *const names[] = {"queued", "running", "done", "failed", "cancelled", "interrupted"};
    return state < LIMN_JOB_STATES ? names[state] : NULL;
}

/* ---- reading ---- */

#define COLUMNS                                                                                                        \
    "id, state, cancel, resumable, command, title, device, created, started, ended, attempt, part, stage, rate, "      \
    "rate_unit, left_s, exit_code, error, changed, (SELECT count(*) FROM artifact WHERE artifact.job = job.id)"
enum { N_COLUMNS = 20 };

#define COPY(field, text) copy_text(field, sizeof(field), text)

/* As much as fits, without half a character at the end. */
static void copy_text(char *dst, size_t size, const char *src)
{
    size_t n = strlen(src);
    if (n >= size) {
        for (n = size - 1; n > 0 && ((unsigned char)src[n] & 0xc0) == 0x80; n--) {
        }
    }
    memcpy(dst, src, n);
    dst[n] = '\0';
}

static void read_job(struct sql_rows *r, struct limn_job *j)
{
    int64_t state = sql_int(r, 1);
    memset(j, 0, sizeof(*j));
    j->id = sql_int(r, 0);
    j->state = state >= 0 && state < LIMN_JOB_STATES ? (enum limn_job_state)state : LIMN_JOB_FAILED;
    j->cancelling = j->state == LIMN_JOB_RUNNING && sql_int(r, 2) != 0;
    j->resumable = sql_int(r, 3) != 0;
    COPY(j->command, sql_text(r, 4));
    COPY(j->title, sql_text(r, 5));
    COPY(j->device, sql_text(r, 6));
    j->created = sql_int(r, 7);
    j->started = sql_int(r, 8);
    j->ended = sql_int(r, 9);
    j->attempt = (int32_t)sql_int(r, 10);
    j->part = sql_real(r, 11);
    COPY(j->stage, sql_text(r, 12));
    j->rate = sql_real(r, 13);
    COPY(j->rate_unit, sql_text(r, 14));
    j->left = sql_real(r, 15);
    j->exit_code = (int32_t)sql_int(r, 16);
    COPY(j->reason, sql_text(r, 17));
    j->changed = (uint64_t)sql_int(r, 18);
    j->n_artifacts = (uint32_t)sql_int(r, 19);
}

#define MATCHES "(1 << state) & ?1 AND (?2 = '' OR instr(lower(title), lower(?2)) > 0 OR CAST(id AS TEXT) = ?2)"
#define PAGE " LIMIT ?3 OFFSET ?4"

/* The newest of all or of one state come off an index. */
static limn_status start_newest(limn_jobs *s, unsigned states, int64_t first, int64_t n, struct sql_rows **r,
                                limn_error *err)
{
    unsigned one = 0;
    while (one < LIMN_JOB_STATES && states != LIMN_JOB_BIT(one)) {
        one++;
    }
    if (states == LIMN_JOB_ALL) {
        return sql_query(s->db, r, err, "SELECT " COLUMNS " FROM job ORDER BY id DESC LIMIT ? OFFSET ?", "ii", n,
                         first);
    }
    if (one < LIMN_JOB_STATES) {
        return sql_query(s->db, r, err, "SELECT " COLUMNS " FROM job WHERE state = ? ORDER BY id DESC LIMIT ? OFFSET ?",
                         "iii", (int64_t)one, n, first);
    }
    return sql_query(s->db, r, err,
                     "SELECT " COLUMNS " FROM job WHERE (1 << state) & ? ORDER BY id DESC LIMIT ? OFFSET ?", "iii",
                     (int64_t)states, n, first);
}

static limn_status start_list(limn_jobs *s, const struct limn_jobs_query *q, unsigned states, size_t most,
                              struct sql_rows **r, limn_error *err)
{
    static const char *const text[] = {
        [LIMN_JOBS_NEWEST] = "SELECT " COLUMNS " FROM job WHERE " MATCHES " ORDER BY id DESC" PAGE,
        [LIMN_JOBS_OLDEST] = "SELECT " COLUMNS " FROM job WHERE " MATCHES " ORDER BY id" PAGE,
        [LIMN_JOBS_BY_STATE] =
            "SELECT " COLUMNS " FROM job WHERE " MATCHES " ORDER BY CASE state WHEN 1 THEN 0 WHEN 0 THEN 1 WHEN 5 THEN "
            "2 WHEN 3 THEN 3 ELSE 4 END, id DESC" PAGE,
    };
    const int64_t first = (int64_t)(q->first < INT32_MAX ? q->first : INT32_MAX), n = (int64_t)most;
    const char *part = q->text != NULL ? q->text : "";
    if ((unsigned)q->order > LIMN_JOBS_BY_STATE) {
        return err_set(err, LIMN_ERR_ARG, "order %d (expected 0 to %d)", (int)q->order, (int)LIMN_JOBS_BY_STATE);
    }
    if (q->order == LIMN_JOBS_NEWEST && part[0] == '\0') {
        return start_newest(s, states, first, n, r, err);
    }
    return sql_query(s->db, r, err, text[q->order], "itii", (int64_t)states, part, n, first);
}

limn_status limn_jobs_matches(limn_jobs *store, const struct limn_jobs_query *q, uint64_t *n, limn_error *err)
{
    static const struct limn_jobs_query all = {0};
    int64_t count = 0;
    JOB_NEED(store);
    JOB_NEED(n);
    q = q != NULL ? q : &all;
    const unsigned states = q->states != 0 ? q->states & LIMN_JOB_ALL : LIMN_JOB_ALL;
    limn_status st = sql_number(store->db, 0, &count, err, "SELECT count(*) FROM job WHERE " MATCHES, "it",
                                (int64_t)states, q->text != NULL ? q->text : "");
    if (st == LIMN_OK) {
        *n = (uint64_t)count;
    }
    return st;
}

limn_status limn_jobs_list(limn_jobs *store, const struct limn_jobs_query *q, struct limn_job **list, size_t *n,
                           limn_error *err)
{
    static const struct limn_jobs_query all = {0};
    JOB_NEED(store);
    JOB_NEED(list);
    JOB_NEED(n);
    q = q != NULL ? q : &all;
    limn_status st = LIMN_OK;
    struct sql_rows *r = NULL;
    struct limn_job *job = NULL;
    size_t cap = 0, count = 0, most = q->n > 0 ? q->n : 1000;
    unsigned states = q->states != 0 ? q->states & LIMN_JOB_ALL : LIMN_JOB_ALL;
    bool row = false;
    most = most < INT32_MAX ? most : INT32_MAX;
    TRY(limn_jobs_recover(store, NULL, err));
    TRY(start_list(store, q, states, most, &r, err));
    for (;;) {
        TRY(sql_next(r, &row, err));
        if (!row) {
            break;
        }
        TRY(mem_grow(&job, &cap, count + 1, sizeof(*job), err));
        read_job(r, &job[count++]);
    }
    *list = job;
    *n = count;
    job = NULL;
out:
    sql_end(r);
    mem_free(job);
    return st;
}

void limn_jobs_list_free(struct limn_job **list)
{
    if (list != NULL) {
        mem_free(*list);
        *list = NULL;
    }
}

limn_status limn_jobs_count(limn_jobs *store, uint64_t count[LIMN_JOB_STATES], limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(count);
    struct sql_rows *r = NULL;
    uint64_t found[LIMN_JOB_STATES] = {0};
    bool row = false;
    limn_status st = sql_query(store->db, &r, err, "SELECT state, count(*) FROM job GROUP BY state", "");
    while (st == LIMN_OK && (st = sql_next(r, &row, err)) == LIMN_OK && row) {
        int64_t state = sql_int(r, 0);
        if (state >= 0 && state < LIMN_JOB_STATES) {
            found[state] = (uint64_t)sql_int(r, 1);
        }
    }
    if (st == LIMN_OK) {
        memcpy(count, found, sizeof(found));
    }
    sql_end(r);
    return st;
}

limn_status limn_jobs_changes(limn_jobs *store, uint64_t *out, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(out);
    int64_t n = 0, now = store_now();
    limn_status st = LIMN_OK;
    if (now - store->recovered > 1000 || now < store->recovered) {
        store->recovered = now;
        st = limn_jobs_recover(store, NULL, err);
    }
    st = st == LIMN_OK ? sql_number(store->db, 0, &n, err, "SELECT n FROM change", "") : st;
    if (st == LIMN_OK) {
        *out = (uint64_t)n;
    }
    return st;
}

limn_status store_state(limn_jobs *s, int64_t id, enum limn_job_state *state, limn_error *err)
{
    int64_t v = -1;
    limn_status st = sql_number(s->db, -1, &v, err, "SELECT state FROM job WHERE id = ?", "i", id);
    if (st == LIMN_OK && (v < 0 || v >= LIMN_JOB_STATES)) {
        st = err_set(err, LIMN_ERR_NOT_FOUND, "there is no job %lld", (long long)id);
    }
    if (st == LIMN_OK) {
        *state = (enum limn_job_state)v;
    }
    return st;
}

/* ---- one job ---- */

static limn_status read_artifacts(limn_jobs *s, struct limn_job_detail *d, limn_error *err)
{
    struct sql_rows *r = NULL;
    size_t cap = 0;
    bool row = false;
    limn_status st = LIMN_OK;
    TRY(sql_query(s->db, &r, err, "SELECT kind, path FROM artifact WHERE job = ? ORDER BY seq, path", "i", d->job.id));
    for (;;) {
        TRY(sql_next(r, &row, err));
        if (!row) {
            break;
        }
        TRY(mem_grow(&d->artifact, &cap, d->n_artifacts + 1, sizeof(*d->artifact), err));
        struct limn_artifact *a = &d->artifact[d->n_artifacts];
        COPY(a->kind, sql_text(r, 0));
        a->path = mem_strdup(sql_text(r, 1));
        if (a->path == NULL) {
            st = err_nomem(err, strlen(sql_text(r, 1)) + 1, "a path");
            goto out;
        }
        d->n_artifacts++;
    }
out:
    sql_end(r);
    return st;
}

static limn_status read_detail(limn_jobs *s, int64_t id, struct limn_job_detail *d, limn_error *err)
{
    struct sql_rows *r = NULL;
    char folder[4096 + 40];
    bool row = false;
    limn_status st = LIMN_OK;
    TRY(sql_query(s->db, &r, err,
                  "SELECT " COLUMNS ", document, error, hint, model_hash, limn, ran_on, seed FROM job WHERE id = ?",
                  "i", id));
    TRY(sql_next(r, &row, err));
    if (!row) {
        st = err_set(err, LIMN_ERR_NOT_FOUND, "there is no job %lld", (long long)id);
        goto out;
    }
    read_job(r, &d->job);
    snprintf(folder, sizeof(folder), "%s/results/%lld", s->folder, (long long)id);
    char **to[] = {&d->document, &d->error, &d->hint, &d->model_hash, &d->limn_version, &d->device, &d->folder};
    for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
        const char *text = to[i] == &d->folder ? folder : sql_text(r, N_COLUMNS + (int)i);
        if ((*to[i] = mem_strdup(text)) == NULL) {
            st = err_nomem(err, strlen(text) + 1, "a job");
            goto out;
        }
    }
    d->seed = sql_int(r, N_COLUMNS + 6);
out:
    sql_end(r);
    return st;
}

limn_status limn_jobs_show(limn_jobs *store, int64_t id, struct limn_job_detail **out, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(out);
    limn_status st = LIMN_OK;
    struct limn_job_detail *d = mem_zalloc(1, sizeof(*d));
    if (d == NULL) {
        return err_nomem(err, sizeof(*d), "a job");
    }
    TRY(limn_jobs_recover(store, NULL, err));
    TRY(read_detail(store, id, d, err));
    TRY(read_artifacts(store, d, err));
    *out = d;
    d = NULL;
out:
    limn_job_detail_free(&d);
    return st;
}

void limn_job_detail_free(struct limn_job_detail **detail)
{
    if (detail == NULL || *detail == NULL) {
        return;
    }
    struct limn_job_detail *d = *detail;
    char *text[] = {d->document, d->error, d->hint, d->model_hash, d->limn_version, d->device, d->folder};
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        mem_free(text[i]);
    }
    for (size_t i = 0; i < d->n_artifacts; i++) {
        mem_free(d->artifact[i].path);
    }
    mem_free(d->artifact);
    mem_free(d);
    *detail = NULL;
}

/* ---- log ---- */

limn_status limn_jobs_log(limn_jobs *store, int64_t id, int64_t after, size_t n, struct limn_log_line **list,
                          size_t *n_out, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(list);
    JOB_NEED(n_out);
    enum limn_job_state state;
    struct sql_rows *r = NULL;
    struct limn_log_line *line = NULL;
    size_t cap = 0, count = 0;
    bool row = false;
    limn_status st = LIMN_OK;
    TRY(store_state(store, id, &state, err));
    TRY(sql_query(store->db, &r, err,
                  "SELECT seq, time, level, text FROM log WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?", "iii", id,
                  after, (int64_t)(n > 0 && n < INT32_MAX ? n : 1000)));
    for (;;) {
        TRY(sql_next(r, &row, err));
        if (!row) {
            break;
        }
        TRY(mem_grow(&line, &cap, count + 1, sizeof(*line), err));
        line[count] = (struct limn_log_line){sql_int(r, 0), sql_int(r, 1), (enum limn_log_level)sql_int(r, 2),
                                             mem_strdup(sql_text(r, 3))};
        if (line[count].text == NULL) {
            st = err_nomem(err, 1, "a log line");
            goto out;
        }
        count++;
    }
    *list = line;
    *n_out = count;
    line = NULL;
out:
    sql_end(r);
    if (line != NULL) {
        limn_jobs_log_free(&line, count);
    }
    return st;
}

void limn_jobs_log_free(struct limn_log_line **list, size_t n)
{
    for (size_t i = 0; list != NULL && *list != NULL && i < n; i++) {
        mem_free((*list)[i].text);
    }
    if (list != NULL) {
        mem_free(*list);
        *list = NULL;
    }
}
