/* What the tests of the job store share: stores in a folder that goes in the end. */
#ifndef LIMN_TEST_JOB_JOB_TEST_H
#define LIMN_TEST_JOB_JOB_TEST_H

#include <limn/worker.h>
#include <stdlib.h>

#include "job/sql.h"
#include "support/check.h"

#define DEVICE "reference"
static const char document[] = "{\"schema\": 1, \"command\": \"explain\", \"args\": {\"model\": \"m\"}}";
static char root[64];
static limn_error err;

static inline const char *folder(const char *name)
{
    static char path[4][160];
    static int turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof(path[0]), "%s/%s", root, name);
    return p;
}

static inline limn_jobs *open_store(const char *name)
{
    limn_jobs *s = NULL;
    CHECK_OK(limn_jobs_open(folder(name), &s, &err));
    if (s == NULL) {
        exit(1);
    }
    return s;
}

static inline int64_t submit(limn_jobs *s, const char *title)
{
    struct limn_job_params p = {.document = document, .title = title, .device = DEVICE};
    int64_t id = 0;
    CHECK_OK(limn_jobs_submit(s, &p, &id, &err));
    return id;
}

static inline limn_status end(limn_jobs *s, int64_t worker, int64_t id, enum limn_job_state state)
{
    struct limn_job_end e = {
        .state = state, .exit_code = state == LIMN_JOB_DONE ? 0 : 3, .counts = true, .error = "why"};
    return limn_worker_end(s, worker, id, &e, &err);
}

static inline void begin_tests(void)
{
    snprintf(root, sizeof(root), "/tmp/limn-store-XXXXXX");
    if (mkdtemp(root) == NULL) {
        exit(1);
    }
}

static inline int end_tests(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s'", root);
    CHECK(system(command) == 0);
    return check_done();
}

#endif
