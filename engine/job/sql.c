/* SQLite behind a small door: the only file that knows it. Statements are prepared once per connection and found by the
 * address of their text; every value is bound. WAL with synchronous=FULL: a job that was submitted survives a power
 * cut; readers never wait for writers. SQLite uses its own allocator: replacing it is a process-wide setting that a
 * library must not touch.
 */
#include "job/sql.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { STATEMENTS_MAX = 64 };

struct sql_rows {
    struct sql *db;
    const char *text;
    sqlite3_stmt *stmt;
};

struct sql {
    sqlite3 *db;
    char *path;
    int64_t changed;
    struct sql_rows statement[STATEMENTS_MAX];
    size_t n;
};

static limn_status sql_fail(struct sql *s, limn_error *err)
{
    int code = s->db != NULL ? sqlite3_errcode(s->db) : SQLITE_NOMEM;
    const char *why = s->db != NULL ? sqlite3_errmsg(s->db) : "";
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return err_nomem(err, 0, "the job store");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, LIMN_ERR_IO, "%s: another process has been writing for %d s; try again", s->path,
                       SQL_BUSY_MS / 1000);
    case SQLITE_FULL:
        return err_set(err, LIMN_ERR_IO, "%s: cannot write (the disk is full)", s->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return err_set(err, LIMN_ERR_IO, "%s: cannot write (found: %s)", s->path, why);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* the schema is not what it should be: all statements are constants */
        return err_set(err, LIMN_ERR_FORMAT, "%s: damaged, or not a job store (%s); move it away to start a new one",
                       s->path, why);
    default:
        return err_set(err, LIMN_ERR_INTERNAL, "%s: SQLite error %d: %s", s->path, code, why);
    }
}

/* A file that cannot be written at all (a mounted image): no locks, no journal, no shared memory. */
static int open_immutable(const char *path, sqlite3 **db)
{
    char uri[3 * 4096 + 32] = "file:";
    size_t at = 5;
    for (const char *p = path; *p != '\0' && at + 32 < sizeof(uri); p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '/' ||
                     *p == '.' || *p == '-' || *p == '_';
        at += (size_t)snprintf(uri + at, sizeof(uri) - at, plain ? "%c" : "%%%02x", (unsigned char)*p);
    }
    snprintf(uri + at, sizeof(uri) - at, "?immutable=1");
    return sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
}

limn_status sql_open(const char *path, bool read_only, struct sql **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct sql *s = mem_zalloc(1, sizeof(*s));
    if (s == NULL || (s->path = mem_strdup(path)) == NULL) {
        mem_free(s);
        return err_nomem(err, sizeof(*s), "the job store");
    }
    int rc = read_only
                 ? open_immutable(path, &s->db)
                 : sqlite3_open_v2(
                       path, &s->db,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
    if (rc != SQLITE_OK) {
        st = sql_fail(s, err);
        goto out;
    }
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, SQL_BUSY_MS);
    TRY(sql_script(s, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON;", err));
    if (!read_only) {
        TRY(sql_script(s, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=500;", err));
    }
    *out = s;
    s = NULL;
out:
    sql_close(&s);
    return st;
}

void sql_close(struct sql **db)
{
    if (db == NULL || *db == NULL) {
        return;
    }
    struct sql *s = *db;
    for (size_t i = 0; i < s->n; i++) {
        sqlite3_finalize(s->statement[i].stmt);
    }
    sqlite3_close(s->db);
    mem_free(s->path);
    mem_free(s);
    *db = NULL;
}

limn_status sql_script(struct sql *s, const char *text, limn_error *err)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? LIMN_OK : sql_fail(s, err);
}

static limn_status find_statement(struct sql *s, const char *text, struct sql_rows **out, limn_error *err)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->statement[i].text == text) {
            *out = &s->statement[i];
            return LIMN_OK;
        }
    }
    if (s->n == STATEMENTS_MAX) {
        return err_set(err, LIMN_ERR_INTERNAL, "more than %d statements on the job store", STATEMENTS_MAX);
    }
    struct sql_rows *r = &s->statement[s->n];
    if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &r->stmt, NULL) != SQLITE_OK) {
        return sql_fail(s, err);
    }
    r->db = s;
    r->text = text;
    s->n++;
    *out = r;
    return LIMN_OK;
}

static limn_status bind_all(struct sql_rows *r, const char *types, va_list ap, limn_error *err)
{
    int rc = SQLITE_OK;
    for (int i = 1; *types != '\0' && rc == SQLITE_OK; types++, i++) {
        if (*types == 'i') {
            rc = sqlite3_bind_int64(r->stmt, i, va_arg(ap, int64_t));
        } else if (*types == 'd') {
            rc = sqlite3_bind_double(r->stmt, i, va_arg(ap, double));
        } else {
            rc = sqlite3_bind_text(r->stmt, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
        }
    }
    return rc == SQLITE_OK ? LIMN_OK : sql_fail(r->db, err);
}

static limn_status start(struct sql *s, struct sql_rows **out, limn_error *err, const char *text, const char *types,
                         va_list ap)
{
    struct sql_rows *r = NULL;
    limn_status st = find_statement(s, text, &r, err);
    if (st == LIMN_OK) {
        sqlite3_reset(r->stmt);
        st = bind_all(r, types, ap, err);
    }
    *out = st == LIMN_OK ? r : NULL;
    return st;
}

limn_status sql_query(struct sql *s, struct sql_rows **out, limn_error *err, const char *text, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    limn_status st = start(s, out, err, text, types, ap);
    va_end(ap);
    return st;
}

limn_status sql_next(struct sql_rows *r, bool *row, limn_error *err)
{
    int rc = sqlite3_step(r->stmt);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW) {
        return LIMN_OK;
    }
    limn_status st = rc == SQLITE_DONE ? LIMN_OK : sql_fail(r->db, err);
    sqlite3_reset(r->stmt);
    return st;
}

void sql_end(struct sql_rows *r)
{
    if (r != NULL) {
        sqlite3_reset(r->stmt);
        sqlite3_clear_bindings(r->stmt);
    }
}

limn_status sql_run(struct sql *s, limn_error *err, const char *text, const char *types, ...)
{
    struct sql_rows *r = NULL;
    bool row = true;
    va_list ap;
    va_start(ap, types);
    limn_status st = start(s, &r, err, text, types, ap);
    va_end(ap);
    int64_t before = sqlite3_total_changes64(s->db);
    while (st == LIMN_OK && row) {
        st = sql_next(r, &row, err);
    }
    s->changed = sqlite3_total_changes64(s->db) > before ? sqlite3_changes64(s->db) : 0;
    sql_end(r);
    return st;
}

int64_t sql_changed(struct sql *s)
{
    return s->changed;
}

int64_t sql_last_id(struct sql *s)
{
    return sqlite3_last_insert_rowid(s->db);
}

int64_t sql_int(struct sql_rows *r, int column)
{
    return sqlite3_column_int64(r->stmt, column);
}

double sql_real(struct sql_rows *r, int column)
{
    return sqlite3_column_double(r->stmt, column);
}

const char *sql_text(struct sql_rows *r, int column)
{
    const unsigned char *text = sqlite3_column_text(r->stmt, column);
    return text != NULL ? (const char *)text : "";
}

limn_status sql_number(struct sql *s, int64_t otherwise, int64_t *out, limn_error *err, const char *text,
                       const char *types, ...)
{
    struct sql_rows *r = NULL;
    int64_t v = otherwise;
    bool row = true;
    va_list ap;
    va_start(ap, types);
    limn_status st = start(s, &r, err, text, types, ap);
    va_end(ap);
    while (st == LIMN_OK && row) { /* to the end: only then a statement that writes is committed */
        st = sql_next(r, &row, err);
        v = row ? sql_int(r, 0) : v;
    }
    if (st == LIMN_OK) {
        *out = v;
    }
    sql_end(r);
    return st;
}

limn_status sql_begin(struct sql *s, limn_error *err)
{
    return sql_run(s, err, "BEGIN IMMEDIATE", "");
}

limn_status sql_commit(struct sql *s, limn_error *err)
{
    limn_status st = sql_run(s, err, "COMMIT", "");
    if (st != LIMN_OK) {
        sql_rollback(s);
    }
    return st;
}

void sql_rollback(struct sql *s)
{
    if (sqlite3_get_autocommit(s->db) == 0) {
        (void)sql_run(s, NULL, "ROLLBACK", "");
    }
}
