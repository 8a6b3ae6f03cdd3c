/* What the files of the job store share. */
#ifndef LIMN_JOB_STORE_H
#define LIMN_JOB_STORE_H

#include <limn/worker.h>

#include "job/sql.h"

struct limn_jobs {
    struct sql *db;
    char *folder;
    bool read_only;
    int64_t recovered; /* when limn_jobs_changes last looked after workers */
    int64_t logged;    /* job that got log lines since limn_worker_begin, 0: none */
};

#define JOB_NEED(pointer)                                                                                              \
    do {                                                                                                               \
        if ((pointer) == NULL) {                                                                                       \
            return err_set(err, LIMN_ERR_ARG, "%s: %s is NULL", __func__, #pointer);                                   \
        }                                                                                                              \
    } while (0)

int64_t store_now(void); /* ms since 1970 */
/* LIMN_ERR_IO when the store was opened for reading only. */
limn_status store_writable(const limn_jobs *s, limn_error *err);
/* LIMN_ERR_NOT_FOUND when there is no such job. */
limn_status store_state(limn_jobs *s, int64_t id, enum limn_job_state *state, limn_error *err);

/* ---- proc.c: which process is meant, also after its number went to another one or the machine was started anew ----
 */
struct proc {
    int32_t pid;
    int64_t start;  /* clock ticks after the start of the machine; 0: unknown */
    char boot[40];  /* identifies the start of the machine */
    char space[40]; /* and the set of processes that the number counts in */
};
void proc_self(struct proc *out);
bool proc_alive(const struct proc *p, int64_t last_beat); /* `last_beat` decides where the process cannot be seen */

/* ---- document.c ---- */
#define DOCUMENT_MAX_BYTES ((size_t)16 << 20)
/* Checks the form and copies the command's name. */
limn_status document_check(const char *text, char command[32], limn_error *err);

#endif
