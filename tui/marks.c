/* Marked jobs. */
#include "marks.h"

#include <string.h>

static size_t find(const struct marks *m, int64_t job)
{
    size_t i = 0;
    while (i < m->n && m->job[i] != job) {
        i++;
    }
    return i;
}

bool marks_has(const struct marks *m, int64_t job)
{
    return find(m, job) < m->n;
}

bool marks_drop(struct marks *m, int64_t job)
{
    const size_t i = find(m, job);
    if (i == m->n) {
        return false;
    }
    memmove(m->job + i, m->job + i + 1, (--m->n - i) * sizeof m->job[0]);
    return true;
}

bool marks_toggle(struct marks *m, int64_t job)
{
    if (marks_drop(m, job)) {
        return true;
    }
    if (m->n == MARKS_MAX) {
        return false;
    }
    m->job[m->n++] = job;
    return true;
}
