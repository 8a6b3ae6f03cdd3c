/* LABELS: gpu
 * Every case of Debian's libonnx-testdata (ONNX's own conformance data), against the committed list testdata.list: a
 * case that passed must pass, and a case out of scope must be out for the reason that is written there.
 * LIMN_TEST_DEVICE chooses the device ("ref": the reference executor; otherwise a software device); LIMN_ONNX_RECORD
 * names a file to write the list to. LIMN_ONNX_ONLY runs the cases whose names contain it. */
#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "support/check.h"
#include "support/onnx_case.h"
#include "vk/device.h"

static const char *const suites[] = {"node", "simple", "pytorch-operator", "pytorch-converted"};
enum { N_SUITE = sizeof suites / sizeof *suites, MAX_REASON = 160 };

struct tally {
    int n[3], known;
};
struct listed {
    char *text; /* the file */
    size_t size;
};
struct reason {
    char text[320];
    int n;
};
struct state {
    struct vk_device *dev;
    struct listed list;
    struct tally tally[N_SUITE];
    struct reason reason[MAX_REASON];
    size_t n_reason;
    FILE *record;
    const char *only;
};

/* What the list says of a case: the rest of its line, or NULL. */
static const char *list_find(const struct listed *l, const char *name, char *buf, size_t size)
{
    size_t n = strlen(name);
    for (const char *line = l->text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t length = end != NULL ? (size_t)(end - line) : strlen(line);
        if (length > n && strncmp(line, name, n) == 0 && line[n] == ' ') {
            snprintf(buf, size, "%.*s", (int)(length - n - 1), line + n + 1);
            return buf;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

static void count_reason(struct state *s, const char *text)
{
    size_t i = 0;
    while (i < s->n_reason && strcmp(s->reason[i].text, text) != 0) {
        i++;
    }
    if (i == s->n_reason && i < MAX_REASON) {
        snprintf(s->reason[s->n_reason++].text, sizeof s->reason[0].text, "%s", text);
    }
    s->reason[i < MAX_REASON ? i : MAX_REASON - 1].n++;
}

static void judge(struct state *s, size_t suite, const char *name, const struct case_result *r)
{
    char line[480], now[480];
    const char *said = list_find(&s->list, name, line, sizeof line);
    snprintf(now, sizeof now, "%s%s",
             r->verdict == CASE_PASS ? "pass" : "out: ", r->verdict == CASE_PASS ? "" : r->text);
    s->tally[suite].n[r->verdict]++;
    s->tally[suite].known += r->verdict == CASE_PASS && r->known_at_load;
    if (r->verdict == CASE_FAIL) {
        printf("FAIL %s: %s\n", name, r->text);
    } else if (said == NULL) {
        printf("new: %s %s\n", name, now);
    } else if (strcmp(said, now) != 0) {
        printf("changed: %s %s (listed: %s)\n", name, now, said);
    }
    if (r->verdict == CASE_OUT) {
        count_reason(s, r->text);
    }
    if (s->record != NULL && r->verdict != CASE_FAIL) {
        fprintf(s->record, "%s %s\n", name, now);
    } else if (s->record == NULL) {
        CHECK(r->verdict != CASE_FAIL); /* in scope and wrong */
        CHECK(said != NULL || r->verdict == CASE_PASS);
        CHECK(said == NULL || strcmp(said, "pass") != 0 || r->verdict == CASE_PASS); /* a regression */
        CHECK(said == NULL || r->verdict == CASE_PASS || strcmp(said, now) == 0);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run_suite(struct state *s, const char *root, size_t suite)
{
    char path[600];
    char *names[1200];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s", root, suites[suite]);
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && n < 1200 && (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, "test_", 5) == 0) {
            names[n++] = mem_strdup(e->d_name);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        char name[300];
        struct case_result r;
        snprintf(name, sizeof name, "%s/%s", suites[suite], names[i]);
        if (s->only == NULL || strstr(name, s->only) != NULL) {
            snprintf(path, sizeof path, "%s/%s", root, name);
            /* the windows' data were made with pi = 3.1415 */
            onnx_case_run(path, s->dev, strstr(name, "window") != NULL ? 10 : 1, &r);
            judge(s, suite, name, &r);
        }
        mem_free(names[i]);
    }
}

static void report(const struct state *s)
{
    int pass[N_SUITE] = {0};
    for (size_t i = 0; i < N_SUITE; i++) {
        const struct tally *t = &s->tally[i];
        printf("%-18s %3d pass (%d of them known at load), %3d out of scope, %d fail\n", suites[i], t->n[CASE_PASS],
               t->known, t->n[CASE_OUT], t->n[CASE_FAIL]);
        pass[i] = t->n[CASE_PASS];
    }
    for (size_t i = 0; i < s->n_reason; i++) {
        printf("  %3d %s\n", s->reason[i].n, s->reason[i].text);
    }
    if (s->only == NULL && s->record == NULL) {
        CHECK(pass[0] >= 400); /* of node's 932 */
        CHECK(pass[3] >= 60);  /* of the 82 converted ones */
    }
}

int main(void)
{
    const char *root = getenv("LIMN_ONNX_TESTDATA"), *which = getenv("LIMN_TEST_DEVICE");
    const char *record = getenv("LIMN_ONNX_RECORD");
    static struct state s;
    void *text = NULL;
    limn_error err;
    root = root != NULL ? root : "/usr/share/libonnx-testdata/data";
    s.only = getenv("LIMN_ONNX_ONLY");
    if (!dir_exists(root)) {
        printf("no %s (package libonnx-testdata)\n", root);
        return 77;
    }
    if (which == NULL || strcmp(which, "ref") != 0) {
        if (vk_device_open(which != NULL ? which : "cpu", &s.dev, &err) != LIMN_OK) {
            printf("no device: %s\n", err.text);
            return 77;
        }
        printf("on %s\n", vk_device_get_info(s.dev)->name);
    }
    if (record == NULL) {
        CHECK_OK(file_read_all(LIMN_TEST_DATA "/onnx/testdata.list", 1 << 20, &text, &s.list.size, &err));
        s.list.text = text;
    } else {
        s.record = fopen(record, "w");
    }
    for (size_t i = 0; i < N_SUITE; i++) {
        run_suite(&s, root, i);
    }
    report(&s);
    if (s.record != NULL) {
        fclose(s.record);
    }
    mem_free(text);
    vk_device_close(&s.dev);
    return check_done();
}
