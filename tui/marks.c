/* Marked jobs and pinned results. */
#include "marks.h"

#include <string.h>

static size_t find_job(const struct marks *m, int64_t job)
{
    size_t i = 0;
    while (i < m->n && m->job[i] != job) {
        i++;
    }
    return i;
}

bool marks_has(const struct marks *m, int64_t job)
{
    return find_job(m, job) < m->n;
}

static bool unmark(struct marks *m, int64_t job)
{
    const size_t i = find_job(m, job);
    if (i == m->n) {
        return false;
    }
    memmove(m->job + i, m->job + i + 1, (--m->n - i) * sizeof m->job[0]);
    return true;
}

bool marks_toggle(struct marks *m, int64_t job)
{
    if (unmark(m, job)) {
        return true;
    }
    if (m->n == MARKS_MAX) {
        return false;
    }
    m->job[m->n++] = job;
    return true;
}

size_t marks_find(const struct marks *m, const struct pin *p)
{
    size_t i = 0;
    while (i < m->n_pins && !pin_same(&m->pin[i], p)) {
        i++;
    }
    return i;
}

static void unpin(struct marks *m, size_t i)
{
    pin_free(&m->pin[i]);
    memmove(m->pin + i, m->pin + i + 1, (--m->n_pins - i) * sizeof m->pin[0]);
}

bool marks_pin(struct marks *m, const struct pin *p)
{
    const size_t i = marks_find(m, p);
    if (i < m->n_pins) {
        unpin(m, i);
        return true;
    }
    if (m->n_pins == PINS_MAX || !pin_copy(&m->pin[m->n_pins], p)) {
        return false;
    }
    m->n_pins++;
    return true;
}

size_t marks_drop(struct marks *m, int64_t job)
{
    size_t n = unmark(m, job);
    for (size_t i = m->n_pins; i-- > 0;) {
        if (m->pin[i].job == job) {
            unpin(m, i);
            n++;
        }
    }
    return n;
}

void marks_clear(struct marks *m)
{
    while (m->n_pins > 0) {
        unpin(m, m->n_pins - 1);
    }
    m->n = 0;
}
