/* The store as workers use it. A job is taken by one UPDATE ... RETURNING, which SQLite runs under its write lock: of
 * two workers one gets the row and the other the next. What a job told is stored together with how much of it was read,
 * so that nothing counts twice after a kill. Whoever looks at the store notices workers that are gone.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "job/store.h"

enum { LOG_LINES_MAX = 5000, LOG_LINE_BYTES = 2000 };

/* ---- workers ---- */

limn_status limn_worker_enter(limn_jobs *store, const char *device, int64_t *worker, limn_error *err)
{
    struct proc me;
    JOB_NEED(store);
    JOB_NEED(device);
    JOB_NEED(worker);
    proc_self(&me);
    limn_status st = store_writable(store, err);
    if (st == LIMN_OK) {
        st = sql_run(store->db, err,
                     "INSERT INTO worker(device, pid, start, boot, space, since, beat) VALUES(?, ?, ?, ?, ?, ?6, ?6)",
                     "tiitti", device, (int64_t)me.pid, me.start, me.boot, me.space, store_now());
    }
    if (st == LIMN_OK) {
        *worker = sql_last_id(store->db);
    }
    return st;
}

limn_status limn_worker_beat(limn_jobs *store, int64_t worker, limn_error *err)
{
    JOB_NEED(store);
    return sql_run(store->db, err, "UPDATE worker SET beat = ? WHERE id = ?", "ii", store_now(), worker);
}

limn_status limn_worker_leave(limn_jobs *store, int64_t worker, bool force, bool *left, limn_error *err)
{
    int64_t waiting = 0;
    JOB_NEED(store);
    JOB_NEED(left);
    limn_status st = LIMN_OK;
    TRY(sql_begin(store->db, err));
    TRY(sql_number(store->db, 0, &waiting, err,
                   "SELECT count(*) FROM job WHERE device = (SELECT device FROM worker WHERE id = ?) AND "
                   "state IN (0, 5)",
                   "i", worker));
    if (waiting == 0 || force) {
        TRY(sql_run(store->db, err, "DELETE FROM worker WHERE id = ?", "i", worker));
    }
    TRY(sql_commit(store->db, err));
    *left = waiting == 0 || force;
out:
    sql_rollback(store->db);
    return st;
}

static limn_status read_workers(limn_jobs *s, struct limn_worker **list, int64_t **ids, size_t *n, bool alive,
                                limn_error *err)
{
    struct sql_rows *r = NULL;
    struct limn_worker *w = NULL;
    int64_t *id = NULL;
    size_t cap = 0, id_cap = 0, count = 0;
    bool row = false;
    limn_status st = LIMN_OK;
    TRY(sql_query(s->db, &r, err,
                  "SELECT id, device, pid, start, boot, space, since, beat, (SELECT max(id) FROM job WHERE state = 1 "
                  "AND worker = worker.id) FROM worker ORDER BY id",
                  ""));
    for (;;) {
        TRY(sql_next(r, &row, err));
        if (!row) {
            break;
        }
        struct proc p = {.pid = (int32_t)sql_int(r, 2), .start = sql_int(r, 3)};
        snprintf(p.boot, sizeof(p.boot), "%.39s", sql_text(r, 4));
        snprintf(p.space, sizeof(p.space), "%.39s", sql_text(r, 5));
        if (proc_alive(&p, sql_int(r, 7)) != alive) {
            continue;
        }
        TRY(mem_grow(&w, &cap, count + 1, sizeof(*w), err));
        TRY(mem_grow(&id, &id_cap, count + 1, sizeof(*id), err));
        w[count] =
            (struct limn_worker){.pid = p.pid, .since = sql_int(r, 6), .beat = sql_int(r, 7), .job = sql_int(r, 8)};
        snprintf(w[count].device, sizeof(w[count].device), "%.39s", sql_text(r, 1));
        id[count++] = sql_int(r, 0);
    }
    *list = w;
    *ids = id;
    *n = count;
    w = NULL;
    id = NULL;
out:
    sql_end(r);
    mem_free(w);
    mem_free(id);
    return st;
}

limn_status limn_jobs_workers(limn_jobs *store, struct limn_worker **list, size_t *n, limn_error *err)
{
    int64_t *id = NULL;
    JOB_NEED(store);
    JOB_NEED(list);
    JOB_NEED(n);
    limn_status st = read_workers(store, list, &id, n, true, err);
    if (st == LIMN_OK) {
        mem_free(id);
    }
    return st;
}

void limn_jobs_workers_free(struct limn_worker **list)
{
    if (list != NULL) {
        mem_free(*list);
        *list = NULL;
    }
}

/* The jobs of workers that are not there: asked to stop, they are cancelled; else they wait for the next worker. */
static limn_status forget(limn_jobs *s, const int64_t *gone, size_t n, int64_t *count, limn_error *err)
{
    limn_status st = LIMN_OK;
    TRY(sql_begin(s->db, err));
    for (size_t i = 0; i < n; i++) {
        TRY(sql_run(s->db, err, "DELETE FROM worker WHERE id = ?", "i", gone[i]));
    }
    TRY(sql_run(s->db, err,
                "UPDATE job SET state = CASE WHEN cancel THEN 4 ELSE 5 END, ended = CASE WHEN cancel THEN ? ELSE 0 END,"
                " left_s = -1, error = CASE WHEN cancel THEN '' ELSE 'its worker ended' END WHERE state = 1 AND worker "
                "NOT IN (SELECT id FROM worker)",
                "i", store_now()));
    *count = sql_changed(s->db);
    TRY(sql_commit(s->db, err));
out:
    sql_rollback(s->db);
    return st;
}

limn_status limn_jobs_recover(limn_jobs *store, size_t *n, limn_error *err)
{
    struct limn_worker *list = NULL;
    int64_t *gone = NULL, orphans = 0, count = 0;
    size_t n_gone = 0;
    JOB_NEED(store);
    limn_status st = LIMN_OK;
    TRY(read_workers(store, &list, &gone, &n_gone, false, err));
    TRY(sql_number(store->db, 0, &orphans, err,
                   "SELECT count(*) FROM job WHERE state = 1 AND worker NOT IN (SELECT id FROM worker)", ""));
    if (!store->read_only && (n_gone > 0 || orphans > 0)) {
        TRY(forget(store, gone, n_gone, &count, err));
    }
    if (n != NULL) {
        *n = (size_t)count;
    }
out:
    mem_free(list);
    mem_free(gone);
    return st;
}

/* ---- running a job ---- */

limn_status limn_worker_take(limn_jobs *store, int64_t worker, int64_t *id, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(id);
    int64_t waiting = 0;
    /* a read first: an idle worker asks often, and writes nothing */
    limn_status st = sql_number(store->db, 0, &waiting, err,
                                "SELECT id FROM job WHERE device = (SELECT device FROM worker WHERE id = ?) AND state "
                                "IN (0, 5) LIMIT 1",
                                "i", worker);
    if (st == LIMN_OK && waiting != 0) {
        st = sql_number(store->db, 0, &waiting, err,
                        "UPDATE job SET state = 1, worker = ?1, attempt = attempt + 1, started = ?2, ended = 0, "
                        "part = 0, stage = '', rate = -1, left_s = -1, error = '', hint = '', exit_code = -1, "
                        "limn = ?3, child = 0 WHERE id = (SELECT id FROM job WHERE device = (SELECT device FROM worker "
                        "WHERE id = ?1) AND state IN (0, 5) ORDER BY id LIMIT 1) RETURNING id",
                        "iit", worker, store_now(), limn_version());
    }
    if (st == LIMN_OK) {
        *id = waiting;
    }
    return st;
}

limn_status limn_worker_asked(limn_jobs *store, int64_t worker, int64_t id, bool *stop, limn_error *err)
{
    int64_t v = 1;
    JOB_NEED(store);
    JOB_NEED(stop);
    limn_status st = sql_number(store->db, 1, &v, err,
                                "SELECT cancel FROM job WHERE id = ? AND worker = ? AND state = 1", "ii", id, worker);
    if (st == LIMN_OK) {
        *stop = v != 0;
    }
    return st;
}

limn_status limn_worker_child(limn_jobs *store, int64_t id, int32_t pid, limn_error *err)
{
    JOB_NEED(store);
    return sql_run(store->db, err, "UPDATE job SET child = ? WHERE id = ?", "ii", (int64_t)pid, id);
}

limn_status limn_worker_orphan(limn_jobs *store, const char *device, int32_t *pid, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(device);
    JOB_NEED(pid);
    int64_t v = 0;
    limn_status st = sql_number(store->db, 0, &v, err,
                                "SELECT child FROM job WHERE device = ? AND state IN (0, 5) AND child > 0 ORDER BY id "
                                "LIMIT 1",
                                "t", device);
    if (st == LIMN_OK) {
        *pid = (int32_t)v;
    }
    return st;
}

limn_status limn_worker_begin(limn_jobs *store, limn_error *err)
{
    JOB_NEED(store);
    store->logged = 0;
    return sql_begin(store->db, err);
}

limn_status limn_worker_commit(limn_jobs *store, int64_t id, int64_t read_events, int64_t read_stderr, limn_error *err)
{
    JOB_NEED(store);
    limn_status st = LIMN_OK;
    TRY(sql_run(store->db, err, "UPDATE job SET read_events = ?, read_stderr = ? WHERE id = ?", "iii", read_events,
                read_stderr, id));
    if (store->logged != 0) {
        TRY(sql_run(store->db, err,
                    "DELETE FROM log WHERE job = ?1 AND seq <= (SELECT seq FROM log WHERE job = ?1 ORDER BY seq DESC "
                    "LIMIT 1 OFFSET ?2)",
                    "ii", store->logged, (int64_t)LOG_LINES_MAX));
    }
    TRY(sql_commit(store->db, err));
out:
    sql_rollback(store->db);
    return st;
}

void limn_worker_abandon(limn_jobs *store)
{
    if (store != NULL) {
        sql_rollback(store->db);
    }
}

limn_status limn_worker_place(limn_jobs *store, int64_t id, int64_t *read_events, int64_t *read_stderr, limn_error *err)
{
    int64_t events = 0, errors = 0;
    JOB_NEED(store);
    JOB_NEED(read_events);
    JOB_NEED(read_stderr);
    limn_status st = LIMN_OK;
    TRY(sql_number(store->db, 0, &events, err, "SELECT read_events FROM job WHERE id = ?", "i", id));
    TRY(sql_number(store->db, 0, &errors, err, "SELECT read_stderr FROM job WHERE id = ?", "i", id));
    *read_events = events;
    *read_stderr = errors;
out:
    return st;
}

limn_status limn_worker_progress(limn_jobs *store, int64_t id, const struct limn_job_progress *p, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(p);
    double part = p->part > 1 ? 1 : p->part;
    return sql_run(store->db, err,
                   "UPDATE job SET part = CASE WHEN ?2 >= 0 THEN ?2 ELSE part END, stage = coalesce(?3, stage), "
                   "rate = ?4, rate_unit = coalesce(?5, rate_unit), left_s = ?6 WHERE id = ?1",
                   "idtdtd", id, part, p->stage, p->rate, p->rate_unit, p->left);
}

limn_status limn_worker_log(limn_jobs *store, int64_t id, enum limn_log_level level, const char *text, limn_error *err)
{
    char line[LOG_LINE_BYTES + 1];
    JOB_NEED(store);
    JOB_NEED(text);
    snprintf(line, sizeof(line), "%s", text);
    store->logged = id;
    return sql_run(store->db, err, "INSERT INTO log(job, time, level, text) VALUES(?, ?, ?, ?)", "iiit", id,
                   store_now(), (int64_t)level, line);
}

limn_status limn_worker_artifact(limn_jobs *store, int64_t id, const char *kind, const char *path, limn_error *err)
{
    JOB_NEED(store);
    JOB_NEED(kind);
    JOB_NEED(path);
    return sql_run(store->db, err,
                   "INSERT OR IGNORE INTO artifact(job, path, kind, seq) VALUES(?1, ?2, ?3, (SELECT count(*) FROM "
                   "artifact WHERE job = ?1))",
                   "itt", id, path, kind);
}

limn_status limn_worker_provenance(limn_jobs *store, int64_t id, const char *model_hash, const char *device,
                                   int64_t seed, limn_error *err)
{
    JOB_NEED(store);
    return sql_run(store->db, err,
                   "UPDATE job SET model_hash = coalesce(?2, model_hash), ran_on = coalesce(?3, ran_on), "
                   "seed = CASE WHEN ?4 >= 0 THEN ?4 ELSE seed END WHERE id = ?1",
                   "itti", id, model_hash, device, seed);
}

limn_status limn_worker_end(limn_jobs *store, int64_t worker, int64_t id, const struct limn_job_end *end,
                            limn_error *err)
{
    char spent[400];
    JOB_NEED(store);
    JOB_NEED(end);
    limn_status st = LIMN_OK;
    int64_t attempt = 0, state = end->state;
    const char *error = end->error != NULL ? end->error : "", *hint = end->hint != NULL ? end->hint : "";
    TRY(sql_begin(store->db, err));
    TRY(sql_number(store->db, 0, &attempt, err, "SELECT attempt FROM job WHERE id = ?", "i", id));
    if (state == LIMN_JOB_INTERRUPTED && end->counts && attempt >= LIMN_JOB_ATTEMPTS) {
        state = LIMN_JOB_FAILED;
        snprintf(spent, sizeof(spent), "interrupted %lld times, given up: %.300s", (long long)attempt, error);
        error = spent;
        hint = "limn jobs retry starts it once more";
    }
    attempt -= state == LIMN_JOB_INTERRUPTED && !end->counts ? 1 : 0;
    TRY(sql_run(
        store->db, err,
        "UPDATE job SET state = ?3, exit_code = ?4, error = ?5, hint = ?6, attempt = ?7, ended = ?8, child = 0,"
        " left_s = -1, part = CASE WHEN ?3 = 2 THEN 1 ELSE part END WHERE id = ?1 AND worker = ?2 AND state = 1",
        "iiiittii", id, worker, state, (int64_t)end->exit_code, error, hint, attempt,
        state == LIMN_JOB_INTERRUPTED ? (int64_t)0 : store_now()));
    if (sql_changed(store->db) != 1) {
        st = err_set(err, LIMN_ERR_ARG, "job %lld is not run by this worker", (long long)id);
        goto out;
    }
    TRY(sql_commit(store->db, err));
out:
    sql_rollback(store->db);
    return st;
}
