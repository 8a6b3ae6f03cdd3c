/* Opening a job store: whose it is, what it is, which version it has. The folder must be the user's own and closed to
 * others, so that two users never share one, not even by way of a HOME that sudo left behind. The version of the schema
 * is SQLite's user_version; migration[v] leads from v to v + 1, all missing ones in one transaction.
 */
#include "job/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define APPLICATION_ID "0x4c494d4e" /* LIMN */

static const char *const migration[] = {
    /* to 1: what there is. Times are ms since 1970; state, level: the enums of job.h */
    "CREATE TABLE job(id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL DEFAULT 0,"
    " cancel INTEGER NOT NULL DEFAULT 0, resumable INTEGER NOT NULL DEFAULT 0, command TEXT NOT NULL,"
    " title TEXT NOT NULL, device TEXT NOT NULL, created INTEGER NOT NULL, started INTEGER NOT NULL DEFAULT 0,"
    " ended INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, part REAL NOT NULL DEFAULT 0,"
    " stage TEXT NOT NULL DEFAULT '', rate REAL NOT NULL DEFAULT -1, rate_unit TEXT NOT NULL DEFAULT '',"
    " left_s REAL NOT NULL DEFAULT -1, exit_code INTEGER NOT NULL DEFAULT -1, error TEXT NOT NULL DEFAULT '',"
    " hint TEXT NOT NULL DEFAULT '', worker INTEGER NOT NULL DEFAULT 0, child INTEGER NOT NULL DEFAULT 0,"
    " read_events INTEGER NOT NULL DEFAULT 0, read_stderr INTEGER NOT NULL DEFAULT 0,"
    " model_hash TEXT NOT NULL DEFAULT '', limn TEXT NOT NULL DEFAULT '', ran_on TEXT NOT NULL DEFAULT '',"
    " seed INTEGER NOT NULL DEFAULT -1, changed INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL);"
    "CREATE TABLE log(seq INTEGER PRIMARY KEY AUTOINCREMENT, job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,"
    " time INTEGER NOT NULL, level INTEGER NOT NULL, text TEXT NOT NULL);"
    "CREATE TABLE artifact(job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE, path TEXT NOT NULL,"
    " kind TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(job, path)) WITHOUT ROWID;"
    "CREATE TABLE worker(id INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, pid INTEGER NOT NULL,"
    " start INTEGER NOT NULL, boot TEXT NOT NULL, space TEXT NOT NULL, since INTEGER NOT NULL, beat INTEGER NOT NULL);"
    "CREATE TABLE change(n INTEGER NOT NULL); INSERT INTO change VALUES(1);",
    /* to 2: quick answers for long lists, and the counter that tells views to look again */
    "CREATE INDEX job_state ON job(state, id);"
    "CREATE INDEX job_wait ON job(device, id) WHERE state IN (0, 5);"
    "CREATE INDEX log_job ON log(job, seq);"
    "CREATE TRIGGER job_insert AFTER INSERT ON job BEGIN UPDATE change SET n = n + 1;"
    " UPDATE job SET changed = (SELECT n FROM change) WHERE id = NEW.id; END;"
    "CREATE TRIGGER job_update AFTER UPDATE OF state, cancel, started, ended, attempt, part, stage, rate, left_s, "
    "error,"
    " model_hash, ran_on, seed ON job BEGIN UPDATE change SET n = n + 1;"
    " UPDATE job SET changed = (SELECT n FROM change) WHERE id = NEW.id; END;"
    "CREATE TRIGGER job_delete AFTER DELETE ON job BEGIN UPDATE change SET n = n + 1; END;"
    "CREATE TRIGGER log_insert AFTER INSERT ON log BEGIN UPDATE change SET n = n + 1; END;"
    "CREATE TRIGGER artifact_insert AFTER INSERT ON artifact BEGIN UPDATE change SET n = n + 1;"
    " UPDATE job SET changed = (SELECT n FROM change) WHERE id = NEW.job; END;",
};
enum { VERSION = (int)(sizeof(migration) / sizeof(migration[0])) };

int64_t store_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

limn_status store_writable(const limn_jobs *s, limn_error *err)
{
    return s->read_only ? err_set(err, LIMN_ERR_IO, "%s: the job store cannot be written here", s->folder) : LIMN_OK;
}

/* ---- the folder and the file ---- */

static limn_status check_owner(const char *path, const struct stat *info, limn_error *err)
{
    if (info->st_uid != geteuid()) {
        return err_set(err, LIMN_ERR_IO, "%s: belongs to another user (found %ld, expected %ld); choose another folder",
                       path, (long)info->st_uid, (long)geteuid());
    }
    return LIMN_OK;
}

/* Makes the folder (its parents too) and gives its absolute path. */
static limn_status prepare_folder(const char *folder, char **out, limn_error *err)
{
    struct stat info;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        char parent[4096];
        int n = snprintf(parent, sizeof(parent), "%s", folder);
        char *slash = n > 0 && n < (int)sizeof(parent) ? strrchr(parent, '/') : NULL;
        if (errno != ENOENT || slash == NULL || slash == parent) {
            return err_set(err, LIMN_ERR_IO, "%s: cannot make the folder: %s", folder, strerror(errno));
        }
        *slash = '\0';
        limn_status st = dir_ensure(parent, err);
        if (st != LIMN_OK) {
            return st;
        }
        if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
            return err_set(err, LIMN_ERR_IO, "%s: cannot make the folder: %s", folder, strerror(errno));
        }
    }
    char real[4096];
    if (realpath(folder, real) == NULL || stat(real, &info) != 0) {
        return err_set(err, LIMN_ERR_IO, "%s: %s", folder, strerror(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
        return err_set(err, LIMN_ERR_IO, "%s: exists and is not a folder", folder);
    }
    limn_status st = check_owner(real, &info, err);
    if (st == LIMN_OK && (info.st_mode & 077) != 0 && chmod(real, 0700) != 0 && errno != EROFS) {
        st = err_set(err, LIMN_ERR_IO, "%s: open to others, and cannot be closed: %s", real, strerror(errno));
    }
    if (st == LIMN_OK && (*out = mem_strdup(real)) == NULL) {
        st = err_nomem(err, strlen(real) + 1, "a path");
    }
    return st;
}

/* The file by its name only: opening and closing it would drop the locks of other connections in this process. */
static limn_status check_file(const char *path, limn_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? LIMN_OK : err_set(err, LIMN_ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return err_set(err, LIMN_ERR_IO, "%s: not a regular file", path);
    }
    limn_status st = check_owner(path, &info, err);
    if (st == LIMN_OK && (info.st_mode & 077) != 0 && chmod(path, 0600) != 0 && errno != EROFS) {
        st = err_set(err, LIMN_ERR_IO, "%s: open to others, and cannot be closed: %s", path, strerror(errno));
    }
    return st;
}

/* ---- the schema ---- */

static limn_status read_version(struct sql *db, const char *path, int64_t *version, limn_error *err)
{
    int64_t application = 0, tables = 0;
    limn_status st = sql_number(db, 0, version, err, "PRAGMA user_version", "");
    st = st == LIMN_OK ? sql_number(db, 0, &application, err, "PRAGMA application_id", "") : st;
    st = st == LIMN_OK ? sql_number(db, 0, &tables, err, "SELECT count(*) FROM sqlite_master", "") : st;
    if (st != LIMN_OK) {
        return st;
    }
    if ((*version != 0 || tables != 0) && application != strtol(APPLICATION_ID, NULL, 16)) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: a database of another program; move it away", path);
    }
    if (*version < 0 || *version > VERSION) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: written by a later limn (found version %lld, expected at most %d)",
                       path, (long long)*version, VERSION);
    }
    return LIMN_OK;
}

static limn_status migrate(struct sql *db, const char *path, limn_error *err)
{
    int64_t version = 0;
    char mark[80];
    limn_status st = read_version(db, path, &version, err);
    if (st != LIMN_OK || version == VERSION) {
        return st;
    }
    TRY(sql_begin(db, err));
    TRY(read_version(db, path, &version, err)); /* another process may have been quicker */
    for (int64_t v = version; v < VERSION; v++) {
        TRY(sql_script(db, migration[v], err));
    }
    snprintf(mark, sizeof(mark), "PRAGMA application_id=%s; PRAGMA user_version=%d", APPLICATION_ID, VERSION);
    TRY(sql_script(db, mark, err));
    TRY(sql_commit(db, err));
out:
    if (st != LIMN_OK) {
        sql_rollback(db);
    }
    return st;
}

/* ---- open and close ---- */

static limn_status default_folder(char *buf, size_t size, limn_error *err)
{
    const char *set = getenv("LIMN_STATE");
    if (set != NULL && set[0] != '\0') {
        snprintf(buf, size, "%s", set);
    } else {
        dir_xdg("STATE", buf, size);
    }
    return buf[0] != '\0' ? LIMN_OK
                          : err_set(err, LIMN_ERR_IO,
                                    "no place for the job store: neither LIMN_STATE, XDG_STATE_HOME "
                                    "nor HOME is set");
}

static limn_status open_database(limn_jobs *s, limn_error *err)
{
    char path[4096 + 16];
    int64_t version = 0;
    snprintf(path, sizeof(path), "%s/jobs.db", s->folder);
    limn_status st = check_file(path, err);
    if (st != LIMN_OK) {
        return st;
    }
    s->read_only = access(s->folder, W_OK) != 0 || (file_exists(path) && access(path, W_OK) != 0);
    if (s->read_only && !file_exists(path)) {
        return err_set(err, LIMN_ERR_IO, "%s: cannot write: %s", s->folder, strerror(errno));
    }
    int made = s->read_only ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made >= 0) { /* an empty file is an empty database; SQLite gives its other files the same mode */
        close(made);
    }
    st = sql_open(path, s->read_only, &s->db, err);
    if (st == LIMN_OK && s->read_only) {
        st = read_version(s->db, path, &version, err);
        if (st == LIMN_OK && version != VERSION) {
            st =
                err_set(err, LIMN_ERR_IO, "%s: of an earlier limn, and cannot be brought up to date where it is", path);
        }
        return st;
    }
    return st == LIMN_OK ? migrate(s->db, path, err) : st;
}

limn_status limn_jobs_open(const char *folder, limn_jobs **out, limn_error *err)
{
    char standard[4096];
    JOB_NEED(out);
    limn_status st = LIMN_OK;
    limn_jobs *s = mem_zalloc(1, sizeof(*s));
    if (s == NULL) {
        return err_nomem(err, sizeof(*s), "the job store");
    }
    if (folder == NULL) {
        TRY(default_folder(standard, sizeof(standard), err));
        folder = standard;
    }
    TRY(prepare_folder(folder, &s->folder, err));
    TRY(open_database(s, err));
    *out = s;
    s = NULL;
out:
    limn_jobs_close(&s);
    return st;
}

void limn_jobs_close(limn_jobs **store)
{
    if (store != NULL && *store != NULL) {
        sql_close(&(*store)->db);
        mem_free((*store)->folder);
        mem_free(*store);
        *store = NULL;
    }
}

const char *limn_jobs_folder(const limn_jobs *store)
{
    return store != NULL ? store->folder : NULL;
}
