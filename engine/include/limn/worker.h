/* limn: the side of the job store (<limn/job.h>) that runs jobs. Views do not need it. */
#ifndef LIMN_WORKER_H
#define LIMN_WORKER_H

#include <limn/job.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIMN_JOB_ATTEMPTS 3 /* a job that loses its worker so often fails */

/* Enters this process as the worker of a device; the lock that makes it the only one is the caller's. */
LIMN_API limn_status limn_worker_enter(limn_jobs *store, const char *device, int64_t *worker, limn_error *err);
/* A sign of life, every few seconds. */
LIMN_API limn_status limn_worker_beat(limn_jobs *store, int64_t worker, limn_error *err);
/* Leaves when no job waits for the device: *left says whether. What is submitted later finds no worker. With `force`
 * leaves in any case. */
LIMN_API limn_status limn_worker_leave(limn_jobs *store, int64_t worker, bool force, bool *left, limn_error *err);

/* Takes the oldest job that waits for the worker's device; *id 0: none. No two workers take the same. */
LIMN_API limn_status limn_worker_take(limn_jobs *store, int64_t worker, int64_t *id, limn_error *err);
/* Whether the job was asked to stop (or is no longer this worker's). */
LIMN_API limn_status limn_worker_asked(limn_jobs *store, int64_t worker, int64_t id, bool *stop, limn_error *err);
/* Process group of the job's program, so that whoever comes after this worker can end it. */
LIMN_API limn_status limn_worker_child(limn_jobs *store, int64_t id, int32_t pid, limn_error *err);

/* Such a process group of a job of the device that waits: left behind by a worker that is gone. *pid 0: none. */
LIMN_API limn_status limn_worker_orphan(limn_jobs *store, const char *device, int32_t *pid, limn_error *err);

/* What a job's program told, in the order of the file it tells it in. All events between begin and commit are stored
 * together with the place in that file up to which they reach, so that each counts once whatever is killed when. */
LIMN_API limn_status limn_worker_begin(limn_jobs *store, limn_error *err);
LIMN_API limn_status limn_worker_commit(limn_jobs *store, int64_t id, int64_t read_events, int64_t read_stderr,
                                        limn_error *err);
LIMN_API void limn_worker_abandon(limn_jobs *store); /* after a failure between begin and commit */
LIMN_API limn_status limn_worker_place(limn_jobs *store, int64_t id, int64_t *read_events, int64_t *read_stderr,
                                       limn_error *err);
struct limn_job_progress {
    double part;       /* negative: as before; so is NULL below */
    const char *stage; /* "epoch 3/10" */
    double rate, left; /* a second; seconds to the end; -1: not known */
    const char *rate_unit;
};
LIMN_API limn_status limn_worker_progress(limn_jobs *store, int64_t id, const struct limn_job_progress *p,
                                          limn_error *err);
/* At most 5000 lines of a job are kept; the first ones go. */
LIMN_API limn_status limn_worker_log(limn_jobs *store, int64_t id, enum limn_log_level level, const char *text,
                                     limn_error *err);
LIMN_API limn_status limn_worker_artifact(limn_jobs *store, int64_t id, const char *kind, const char *path,
                                          limn_error *err);
/* NULL and negative: as before. */
LIMN_API limn_status limn_worker_provenance(limn_jobs *store, int64_t id, const char *model_hash, const char *device,
                                            int64_t seed, limn_error *err);

struct limn_job_end {
    enum limn_job_state state; /* done, failed, cancelled or interrupted */
    int32_t exit_code;
    bool counts; /* interrupted: the attempt counts against LIMN_JOB_ATTEMPTS */
    const char *error, *hint;
};
/* Ends the worker's run of a job. An interrupted one whose attempts are used up fails with that reason. */
LIMN_API limn_status limn_worker_end(limn_jobs *store, int64_t worker, int64_t id, const struct limn_job_end *end,
                                     limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
