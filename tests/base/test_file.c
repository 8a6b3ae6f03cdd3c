/* base/file: reading refuses what is not a regular file; writing is all or nothing, whatever fails. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "support/check.h"

static char dir[] = "/tmp/limn-test-XXXXXX";
static char path[256];

static const char *in_dir(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static int entries(void)
{
    int n = 0;
    DIR *d = opendir(dir);
    while (d && readdir(d)) {
        n++;
    }
    if (d) {
        closedir(d);
    }
    return n - 2;
}

static void test_round_trip(void)
{
    limn_error err = {0};
    void *data = NULL;
    size_t n = 0;
    CHECK_OK(file_write_atomic(in_dir("a"), "hello", 5, false, &err));
    CHECK_OK(file_read_all(in_dir("a"), 100, &data, &n, &err));
    CHECK(n == 5 && data && memcmp(data, "hello", 6) == 0);
    mem_free(data);
    CHECK(file_write_atomic(in_dir("a"), "other", 5, false, &err) == LIMN_ERR_IO && strstr(err.text, "--force"));
    CHECK_OK(file_write_atomic(in_dir("a"), "other", 5, true, &err));
    CHECK(file_read_all(in_dir("a"), 4, &data, &n, &err) == LIMN_ERR_FORMAT);
    CHECK_INT(entries(), 1);
}

static void test_refusals(void)
{
    limn_error err = {0};
    struct file *f = NULL;
    char byte;
    CHECK(file_open(dir, &f, &err) == LIMN_ERR_READ && strstr(err.text, "directory"));
    CHECK(file_open(in_dir("missing"), &f, &err) == LIMN_ERR_READ && strstr(err.text, "No such file"));
    CHECK_INT(mkfifo(in_dir("fifo"), 0600), 0);
    CHECK(file_open(in_dir("fifo"), &f, &err) == LIMN_ERR_READ); /* and does not block */
    unlink(in_dir("fifo"));
    CHECK_OK(file_open(in_dir("a"), &f, &err));
    CHECK(f && file_size(f) == 5);
    CHECK(file_read_at(f, 5, &byte, 1, &err) == LIMN_ERR_FORMAT && strstr(err.text, "offset 5"));
    file_close(&f);
    file_close(&f);
    CHECK(file_write_atomic(in_dir("no/such/dir"), "x", 1, false, &err) == LIMN_ERR_IO);
    CHECK_INT(symlink("a", in_dir("link")), 0);
    CHECK(file_write_atomic(in_dir("link"), "x", 1, true, &err) == LIMN_ERR_IO);
    unlink(in_dir("link"));
}

/* Every k-th failing system call: the old content survives and no temporary file stays. */
static void test_faults(void)
{
    limn_error err = {0};
    for (unsigned long k = 1; k < 20; k++) {
        inject_arm(INJECT_FILE, k, false);
        limn_status st = file_write_atomic(in_dir("a"), "third", 5, true, &err);
        inject_arm(INJECT_FILE, 0, false);
        CHECK_INT(entries(), 1);
        void *data = NULL;
        size_t n = 0;
        CHECK_OK(file_read_all(in_dir("a"), 100, &data, &n, &err));
        CHECK(data && memcmp(data, st == LIMN_OK ? "third" : "other", 5) == 0);
        mem_free(data);
        if (st == LIMN_OK) {
            CHECK(k > 2);
            return;
        }
    }
    CHECK(!"a write must succeed once the fault lies beyond it");
}

static void test_directories(void)
{
    limn_error err = {0};
    char buf[128];
    CHECK_OK(dir_ensure(in_dir("x/y/z"), &err));
    CHECK_OK(dir_ensure(in_dir("x/y/z"), &err));
    CHECK(dir_ensure(in_dir("a/b"), &err) == LIMN_ERR_IO);
    CHECK(dir_exists(in_dir("x/y")) && !dir_exists(in_dir("a")) && !dir_exists(in_dir("none")));
    setenv("XDG_CACHE_HOME", "/c", 1);
    dir_xdg("CACHE", buf, sizeof(buf));
    CHECK_STR(buf, "/c/limn");
    setenv("XDG_CACHE_HOME", "relative", 1); /* the specification says: ignore */
    setenv("HOME", "/h", 1);
    dir_xdg("CACHE", buf, sizeof(buf));
    CHECK_STR(buf, "/h/.cache/limn");
}

/* Left by killed programs, by living ones, and what only looks alike. */
static void test_litter(void)
{
    limn_error err = {0};
    struct file_writer *w = NULL;
    CHECK_OK(dir_ensure(in_dir("l"), &err));
    CHECK_OK(file_write_atomic(in_dir("l/.limn-abcdef"), "x", 1, false, &err));
    CHECK_OK(file_write_atomic(in_dir("l/.limn-abcdefg"), "x", 1, false, &err));
    CHECK_OK(file_write_atomic(in_dir("l/limn-abcdef"), "x", 1, false, &err));
    CHECK_OK(file_writer_open(in_dir("l/new"), false, &w, &err));
    CHECK_OK(file_writer_add(w, "whole", 5, &err));
    dir_remove_litter(in_dir("l"));
    dir_remove_litter(in_dir("none"));
    CHECK(!file_exists(in_dir("l/.limn-abcdef")));
    CHECK(file_exists(in_dir("l/.limn-abcdefg")) && file_exists(in_dir("l/limn-abcdef")));
    CHECK_OK(file_writer_commit(&w, &err)); /* a living writer's file was left alone */
    CHECK(file_exists(in_dir("l/new")));
}

int main(void)
{
    if (!mkdtemp(dir)) {
        return 1;
    }
    test_round_trip();
    test_refusals();
    test_faults();
    test_directories();
    test_litter();
    char command[300];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) | check_done();
}
