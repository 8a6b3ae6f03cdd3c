/* The door to SQLite: prepared statements that are bound by type letters, and its errors as one line. */
#ifndef LIMN_JOB_SQL_H
#define LIMN_JOB_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct sql;      /* a connection */
struct sql_rows; /* a statement that runs; belongs to the connection */

#define SQL_BUSY_MS 10000 /* how long a writer waits for another one */

/* Opens or makes a database; `read_only` opens one that nobody can write at all. `path` names it in errors. */
limn_status sql_open(const char *path, bool read_only, struct sql **out, limn_error *err);
void sql_close(struct sql **db); /* NULL-safe */

/* Several statements without parameters or results. */
limn_status sql_script(struct sql *db, const char *text, limn_error *err);
/* One statement. It is prepared once and found again by the address of its text, so `text` is a literal. `types` has a
 * letter for each parameter: i int64_t, d double, t const char * (NULL allowed). */
limn_status sql_run(struct sql *db, limn_error *err, const char *text, const char *types, ...);
int64_t sql_changed(struct sql *db); /* rows that the last sql_run changed */
int64_t sql_last_id(struct sql *db);

/* A statement with results: sql_query, then sql_next until *row is false (which ends it), or sql_end before that. */
limn_status sql_query(struct sql *db, struct sql_rows **out, limn_error *err, const char *text, const char *types, ...);
limn_status sql_next(struct sql_rows *rows, bool *row, limn_error *err);
void sql_end(struct sql_rows *rows); /* NULL and ended ones are allowed */
int64_t sql_int(struct sql_rows *rows, int column);
double sql_real(struct sql_rows *rows, int column);
const char *sql_text(struct sql_rows *rows, int column); /* until the next sql_next; never NULL */
/* The integer that a query of one row gives; `otherwise` without a row. */
limn_status sql_number(struct sql *db, int64_t otherwise, int64_t *out, limn_error *err, const char *text,
                       const char *types, ...);

/* Transactions that write. Nested calls are not allowed. */
limn_status sql_begin(struct sql *db, limn_error *err);
limn_status sql_commit(struct sql *db, limn_error *err); /* rolls back when it fails */
void sql_rollback(struct sql *db);                       /* allowed without a transaction */

#endif
