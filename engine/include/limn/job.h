/* limn: the job store. A job is a JSON document that says what a command line says; the store is an SQLite database in
 * the user's state folder, read and written by any number of processes at once: `limn submit`, `limn jobs`, the
 * terminal front end, and the workers that run jobs (<limn/worker.h>). The rules of limn.h hold: a store is used from
 * one thread at a time. Everything here is file work and returns within milliseconds, or, while another process writes,
 * within ten seconds with LIMN_ERR_IO. Texts come back as they were stored: escape them (limn_text_escape) before
 * printing.
 *
 * The document: {"schema": 1, "command": "explain", "args": {"model": "lenet_fashion", "image": ["/p/a.png"],
 * "method": ["gradcam"], "device": "cpu", "force": true}}. Keys of "args" are the command's long options and, in lower
 * case, its operands; values are texts, numbers, true (a flag), or lists of texts and numbers. Paths are absolute.
 * `limn submit -` makes paths absolute, checks a document against the option tables and starts a worker; what calls
 * limn_jobs_submit itself has only the document's form checked. */
#ifndef LIMN_JOB_H
#define LIMN_JOB_H

#include <limn/limn.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct limn_jobs limn_jobs;

/* Opens the store in `folder` (NULL: $LIMN_STATE, else $XDG_STATE_HOME/limn, else ~/.local/state/limn), made with mode
 * 0700 when it is not there; the database has mode 0600. A folder or file of another user is LIMN_ERR_IO; a file that
 * is no job store, a damaged one, and one of a later version are LIMN_ERR_FORMAT; where nothing can be written the
 * store opens for reading, and what writes is LIMN_ERR_IO. Stores of earlier versions are brought up to date. */
LIMN_API limn_status limn_jobs_open(const char *folder, limn_jobs **out, limn_error *err);
LIMN_API void limn_jobs_close(limn_jobs **store);
LIMN_API const char *limn_jobs_folder(const limn_jobs *store); /* absolute; NULL for NULL */

enum limn_job_state {
    LIMN_JOB_QUEUED,
    LIMN_JOB_RUNNING,
    LIMN_JOB_DONE,
    LIMN_JOB_FAILED, /* error and hint say why */
    LIMN_JOB_CANCELLED,
    LIMN_JOB_INTERRUPTED, /* its worker is gone; the next worker of the device goes on with it */
    LIMN_JOB_STATES
};
/* "queued", ...; NULL past the last. Quick. */
LIMN_API const char *limn_job_state_name(size_t state);
/* A set of states for the filters below. */
#define LIMN_JOB_BIT(state) (1U << (state))
#define LIMN_JOB_ALL ((1U << LIMN_JOB_STATES) - 1U)
#define LIMN_JOB_OVER (LIMN_JOB_BIT(LIMN_JOB_DONE) | LIMN_JOB_BIT(LIMN_JOB_FAILED) | LIMN_JOB_BIT(LIMN_JOB_CANCELLED))

struct limn_job { /* what a list shows */
    int64_t id;
    enum limn_job_state state;
    bool cancelling; /* running, and asked to stop */
    bool resumable;  /* goes on from its last checkpoint instead of starting anew */
    char command[32], title[200];
    char device[40];                 /* UUID of the device whose worker takes it, or "reference" */
    int64_t created, started, ended; /* ms since 1970; 0: not yet */
    int32_t attempt;                 /* how often it was started */
    double part;                     /* progress, 0 to 1 */
    char stage[120];                 /* "epoch 3/10", "forward"; "" unknown */
    double rate, left;               /* per second, in `rate_unit`; seconds to the end; -1: not known */
    char rate_unit[16];              /* "samples" */
    int32_t exit_code;               /* of a job that is over; 128+N: ended by signal N; -1: none */
    char reason[200];                /* of failed and interrupted ones: begin of the error's text */
    uint32_t n_artifacts;
    uint64_t changed; /* change counter (below) when the job last changed */
};

enum limn_job_order {
    LIMN_JOBS_NEWEST,  /* first */
    LIMN_JOBS_OLDEST,  /* first */
    LIMN_JOBS_BY_STATE /* what runs, waits, was interrupted, failed, then the rest; the newest first of each */
};
struct limn_jobs_query { /* zero: the newest 1000 in any state */
    unsigned states;     /* LIMN_JOB_BIT(...)s; 0: all */
    size_t first, n;     /* page: skip so many, give at most so many (0: 1000) */
    const char *text;    /* only jobs whose title has this part (whatever the case of ASCII letters) or that have this
                          * number; NULL or "": all */
    enum limn_job_order order;
};
/* *list is NULL when there is none. Recovers (below) first. */
LIMN_API limn_status limn_jobs_list(limn_jobs *store, const struct limn_jobs_query *q, struct limn_job **list,
                                    size_t *n, limn_error *err);
LIMN_API void limn_jobs_list_free(struct limn_job **list);
/* How many jobs a query means, without its page. */
LIMN_API limn_status limn_jobs_matches(limn_jobs *store, const struct limn_jobs_query *q, uint64_t *n, limn_error *err);
/* Jobs in each state. */
LIMN_API limn_status limn_jobs_count(limn_jobs *store, uint64_t count[LIMN_JOB_STATES], limn_error *err);
/* A number that grows whenever a job, its log or its artifacts change, whoever changed them: what a view asks several
 * times a second (one page read; once a second it recovers, see below), to list anew only when it differs. */
LIMN_API limn_status limn_jobs_changes(limn_jobs *store, uint64_t *out, limn_error *err);
/* Running jobs whose worker is gone (killed, or the machine was started anew) become interrupted. Cheap: reads only
 * when there is none. `n` may be NULL. */
LIMN_API limn_status limn_jobs_recover(limn_jobs *store, size_t *n, limn_error *err);

struct limn_artifact {
    char kind[24]; /* "png", "gif", "npy", "nifti", "model", "json", "text", ... */
    char *path;    /* absolute */
};
struct limn_job_detail {
    struct limn_job job;
    char *document;              /* JSON */
    char *folder;                /* results that no option sends elsewhere */
    char *error, *hint;          /* one line each, "" when there is none */
    char *model_hash;            /* SHA-256 of the weights, "" unknown; so also below */
    char *limn_version, *device; /* that ran it; the device's name */
    int64_t seed;                /* -1: unknown */
    struct limn_artifact *artifact;
    size_t n_artifacts;
};
/* LIMN_ERR_NOT_FOUND when there is no such job. */
LIMN_API limn_status limn_jobs_show(limn_jobs *store, int64_t id, struct limn_job_detail **out, limn_error *err);
LIMN_API void limn_job_detail_free(struct limn_job_detail **detail);

/* Whether the text is a job document by its form: LIMN_ERR_FORMAT with what is wrong and where. Quick. */
LIMN_API limn_status limn_job_check(const char *document, limn_error *err);

struct limn_job_params {
    const char *document;
    const char *title;  /* NULL: the command */
    const char *device; /* UUID, or "reference": which worker takes it */
    bool resumable;
};
LIMN_API limn_status limn_jobs_submit(limn_jobs *store, const struct limn_job_params *p, int64_t *id, limn_error *err);
/* A job that waits is cancelled at once; one that runs is asked to stop (`cancelling`) and ends as cancelled within a
 * second, a resumable one when its checkpoint is written. LIMN_ERR_ARG when it is over. */
LIMN_API limn_status limn_jobs_cancel(limn_jobs *store, int64_t id, limn_error *err);
/* A failed, cancelled or interrupted job waits again, under the same number. LIMN_ERR_ARG in other states. */
LIMN_API limn_status limn_jobs_retry(limn_jobs *store, int64_t id, limn_error *err);
/* Forgets jobs that are over, with log and artifact list; files stay. `id` 0: all of them. `states`: 0, or which of
 * LIMN_JOB_OVER. LIMN_ERR_ARG for a job that is not over. `n` (may be NULL): how many. */
LIMN_API limn_status limn_jobs_clear(limn_jobs *store, int64_t id, unsigned states, size_t *n, limn_error *err);

enum limn_log_level { LIMN_LOG_ERROR, LIMN_LOG_NOTE, LIMN_LOG_MORE, LIMN_LOG_OUTPUT /* of libraries and drivers */ };
struct limn_log_line {
    int64_t seq, time; /* seq grows; time in ms since 1970 */
    enum limn_log_level level;
    char *text;
};
/* Lines with seq > `after`, oldest first, at most n (0: 1000). *list is NULL when there is none. */
LIMN_API limn_status limn_jobs_log(limn_jobs *store, int64_t id, int64_t after, size_t n, struct limn_log_line **list,
                                   size_t *n_out, limn_error *err);
LIMN_API void limn_jobs_log_free(struct limn_log_line **list, size_t n);

/* ---------------------------------------------------------------- workers, as views see them */

struct limn_worker {
    char device[40];
    int32_t pid;
    int64_t since, beat; /* ms since 1970: start, last sign of life */
    int64_t job;         /* that it runs, 0: idle */
};
/* The workers that live. *list is NULL when there is none. */
LIMN_API limn_status limn_jobs_workers(limn_jobs *store, struct limn_worker **list, size_t *n, limn_error *err);
LIMN_API void limn_jobs_workers_free(struct limn_worker **list);
/* Makes sure that a worker runs for the device: runs `program worker --background` (program NULL: /proc/self/exe),
 * which returns when a worker in a session of its own has taken over. Blocks up to some seconds. To be called after
 * every submit and retry: a worker may have been about to leave. */
LIMN_API limn_status limn_jobs_start_worker(limn_jobs *store, const char *program, const char *device, limn_error *err);

#ifdef __cplusplus
}
#endif
#endif
