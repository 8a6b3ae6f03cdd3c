/* What users ask of the store: submit, cancel, retry, clear. Each is one transaction, so that it meets a job in one
 * state whatever workers do meanwhile.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "job/store.h"

limn_status limn_jobs_submit(limn_jobs *store, const struct limn_job_params *p, int64_t *id, limn_error *err)
{
    char command[32];
    JOB_NEED(store);
    JOB_NEED(p);
    JOB_NEED(p->document);
    JOB_NEED(id);
    size_t n = p->device != NULL ? strlen(p->device) : 0;
    if (n == 0 || n >= sizeof(((struct limn_job *)0)->device)) {
        return err_set(err, LIMN_ERR_ARG, "job: the device is a text of %zu bytes (expected a UUID or \"reference\")",
                       n);
    }
    limn_status st = document_check(p->document, command, err);
    st = st == LIMN_OK ? store_writable(store, err) : st;
    if (st == LIMN_OK) {
        st = sql_run(store->db, err,
                     "INSERT INTO job(command, title, device, created, resumable, document) VALUES(?, ?, ?, ?, ?, ?)",
                     "tttiit", command, p->title != NULL && p->title[0] != '\0' ? p->title : command, p->device,
                     store_now(), (int64_t)p->resumable, p->document);
    }
    if (st == LIMN_OK) {
        *id = sql_last_id(store->db);
    }
    return st;
}

static limn_status wrong_state(int64_t id, enum limn_job_state state, const char *expected, limn_error *err)
{
    return err_set(err, LIMN_ERR_ARG, "job %lld is %s (expected %s)", (long long)id, limn_job_state_name(state),
                   expected);
}

limn_status limn_jobs_cancel(limn_jobs *store, int64_t id, limn_error *err)
{
    enum limn_job_state state;
    JOB_NEED(store);
    limn_status st = store_writable(store, err);
    if (st != LIMN_OK) {
        return st;
    }
    TRY(limn_jobs_recover(store, NULL, err));
    TRY(sql_begin(store->db, err));
    TRY(store_state(store, id, &state, err));
    if (state == LIMN_JOB_RUNNING) {
        TRY(sql_run(store->db, err, "UPDATE job SET cancel = 1 WHERE id = ?", "i", id));
    } else if (state == LIMN_JOB_QUEUED || state == LIMN_JOB_INTERRUPTED) {
        TRY(sql_run(store->db, err, "UPDATE job SET state = ?, ended = ?, error = '', hint = '' WHERE id = ?", "iii",
                    (int64_t)LIMN_JOB_CANCELLED, store_now(), id));
    } else {
        st = wrong_state(id, state, "one that waits or runs", err);
        goto out;
    }
    TRY(sql_commit(store->db, err));
out:
    sql_rollback(store->db);
    return st;
}

limn_status limn_jobs_retry(limn_jobs *store, int64_t id, limn_error *err)
{
    enum limn_job_state state;
    JOB_NEED(store);
    limn_status st = store_writable(store, err);
    if (st != LIMN_OK) {
        return st;
    }
    TRY(limn_jobs_recover(store, NULL, err));
    TRY(sql_begin(store->db, err));
    TRY(store_state(store, id, &state, err));
    if (state != LIMN_JOB_FAILED && state != LIMN_JOB_CANCELLED && state != LIMN_JOB_INTERRUPTED) {
        st = wrong_state(id, state, "failed, cancelled or interrupted", err);
        goto out;
    }
    TRY(sql_run(store->db, err,
                "UPDATE job SET state = 0, cancel = 0, attempt = 0, started = 0, ended = 0, part = 0, stage = '', "
                "rate = -1, left_s = -1, exit_code = -1, error = '', hint = '' WHERE id = ?",
                "i", id));
    TRY(sql_commit(store->db, err));
out:
    sql_rollback(store->db);
    return st;
}

limn_status limn_jobs_clear(limn_jobs *store, int64_t id, unsigned states, size_t *n, limn_error *err)
{
    enum limn_job_state state;
    int64_t mask = states != 0 ? states & LIMN_JOB_OVER : LIMN_JOB_OVER;
    JOB_NEED(store);
    limn_status st = store_writable(store, err);
    if (st != LIMN_OK) {
        return st;
    }
    TRY(sql_begin(store->db, err));
    if (id != 0) {
        TRY(store_state(store, id, &state, err));
        if ((LIMN_JOB_BIT(state) & LIMN_JOB_OVER) == 0) {
            st = wrong_state(id, state, "done, failed or cancelled", err);
            goto out;
        }
    }
    TRY(sql_run(store->db, err, "DELETE FROM job WHERE (id = ?1 OR ?1 = 0) AND (1 << state) & ?2", "ii", id, mask));
    int64_t count = sql_changed(store->db);
    TRY(sql_commit(store->db, err));
    if (n != NULL) {
        *n = (size_t)count;
    }
out:
    sql_rollback(store->db);
    return st;
}
