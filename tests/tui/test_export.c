/* Results picked out, compared and written: the real program in a terminal, from a job to files whose pixels are those
 * that explain drew. Nothing is overwritten unasked; what cannot be written is one line; names may be hostile. */
#if !__has_include(<vterm.h>)
int main(void)
{
    return 77; /* nothing to look with */
}
#else
#include <limn/gif.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session.h"
#include "support/check.h"

#define EVIL "a\x1b]0;x\x07 b"
#define TOLD "a\\x1b]0;x\\x07 b" /* what result.json calls it */

static limn_error err;

static char *in_folder(const char *name)
{
    static char path[4][600];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[0], "%s/%s", session_folder(), name);
    return path[turn];
}

static int run(const char *command)
{
    char text[2000];
    snprintf(text, sizeof text, "cd %s && limn=" LIMN_BINARY_DIR "/tools/limn; %s", session_folder(), command);
    const int status = system(text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in_folder(name), "w");
    CHECK(f != NULL && fputs(text, f) >= 0);
    if (f != NULL) {
        fclose(f);
    }
}

static bool holds(const char *name, const char *text)
{
    char is[400] = "";
    FILE *f = fopen(in_folder(name), "r");
    if (f != NULL) {
        is[fread(is, 1, sizeof is - 1, f)] = '\0';
        fclose(f);
    }
    return strstr(is, text) != NULL;
}

static void check_same_picture(const char *a, const char *b)
{
    limn_image *x = NULL, *y = NULL;
    CHECK_OK(limn_image_load(in_folder(a), NULL, &x, &err));
    CHECK_OK(limn_image_load(in_folder(b), NULL, &y, &err));
    const int32_t w = limn_image_width(x), h = limn_image_height(x);
    const bool same = x != NULL && y != NULL && w == limn_image_width(y) && h == limn_image_height(y) &&
                      memcmp(limn_image_rgb(x), limn_image_rgb(y), 3 * (size_t)w * (size_t)h) == 0;
    if (!same) {
        fprintf(stderr, "%s differs from %s\n", a, b);
    }
    CHECK(same);
    limn_image_destroy(&x);
    limn_image_destroy(&y);
}

/* Two pinned maps are compared, and exported as they are seen. */
static void test_pinned(struct session *s)
{
    session_type(s, "3");
    CHECK(session_wait(s, "Grad-CAM"));
    session_type(s, "P");
    CHECK(session_wait(s, "pinned, 1 in all"));
    session_type(s, "m");
    CHECK(session_wait(s, "LayerCAM"));
    session_type(s, "4");
    CHECK(session_wait(s, "the pinned one and the viewer's"));
    session_type(s, "3P");
    CHECK(session_wait(s, "pinned, 2 in all"));
    session_type(s, "4");
    CHECK(session_wait(s, "2 pinned"));
    CHECK(session_wait(s, "hottest tenth"));
    session_type(s, "e");
    CHECK(session_wait(s, "what Compare shows (2)"));
    session_type(s, "kk\r\025out\r"); /* a folder that is not there, below this one */
    CHECK(session_wait(s, "/out (new)"));
    CHECK(session_wait(s, "\\x1b]0;x\\x07 b.gradcam.png")); /* harmless */
    session_type(s, "w");
    CHECK(session_wait(s, "2 files written"));
    check_same_picture("out/" EVIL ".gradcam.png", "results/" EVIL ".gradcam.png");
    check_same_picture("out/" EVIL ".layercam.png", "results/" EVIL ".layercam.png");
}

static void test_existing(struct session *s)
{
    put("out/" EVIL ".gradcam.png", "mine");
    session_type(s, "w");
    CHECK(session_wait(s, "all files are there already"));
    session_type(s, "j "); /* other names for the new ones */
    CHECK(session_wait(s, "b.gradcam-2.png"));
    session_type(s, "w");
    CHECK(session_wait(s, "2 files written"));
    CHECK(holds("out/" EVIL ".gradcam.png", "mine"));
    check_same_picture("out/" EVIL ".gradcam-2.png", "results/" EVIL ".gradcam.png");
    session_type(s, " "); /* replace */
    CHECK(session_wait(s, "is replaced"));
    session_type(s, "w");
    CHECK(session_wait(s, "2 files written"));
    check_same_picture("out/" EVIL ".gradcam.png", "results/" EVIL ".gradcam.png");
    session_type(s, " "); /* keep, as at first */
}

static void test_forms(struct session *s)
{
    struct limn_animation *a = NULL;
    session_type(s, "kk "); /* a sheet */
    CHECK(session_wait(s, "one sheet"));
    session_type(s, "w");
    CHECK(session_wait(s, "b.sheet.png"));
    CHECK(session_wait(s, "written: "));
    session_type(s, " w");
    CHECK(session_wait(s, "b.slides.gif"));
    CHECK(session_wait(s, "written: "));
    session_type(s, "y");
    CHECK(session_wait(s, "clipboard"));
    session_type(s, " w"); /* maps, then how they were made */
    CHECK(session_wait(s, "2 files written"));
    session_type(s, " ");
    CHECK(session_wait(s, "b.gradcam.json"));
    session_type(s, "w");
    CHECK(session_wait(s, "2 files written"));
    CHECK_OK(limn_animation_load(in_folder("out/" TOLD ".slides.gif"), NULL, &a, &err));
    CHECK(a != NULL && a->n == 2 && a->seconds[0] > 0.9);
    limn_animation_free(&a);
    limn_image *sheet = NULL;
    CHECK_OK(limn_image_load(in_folder("out/" TOLD ".sheet.png"), NULL, &sheet, &err));
    CHECK(limn_image_width(sheet) > 3 * 224); /* input and two maps */
    limn_image_destroy(&sheet);
    CHECK_INT(run("cmp out/*.gradcam.npy results/*.gradcam.npy"), 0);
    CHECK_INT(run("grep -q '\"limn:method\": \"gradcam\"' out/*.gradcam.json"), 0);
}

static void test_unwritable(struct session *s)
{
    put("file", "x");
    session_type(s, "j\r\025file/below\r");
    CHECK(session_wait(s, "cannot be written: Not a directory"));
    session_type(s, "w");
    CHECK(session_wait(s, "cannot be written"));
    session_type(s, "\r\025out\rg");
    CHECK(session_wait(s, "/out"));
}

/* What is forgotten is not pinned any more. */
static void test_forgotten(struct session *s)
{
    session_type(s, "1 ");
    CHECK(session_wait(s, "1 marked"));
    session_type(s, "x");
    CHECK(session_wait(s, "no longer marked or pinned"));
    session_type(s, "4");
    CHECK(session_wait(s, "Nothing to compare"));
    session_type(s, "5");
    CHECK(session_wait(s, "Nothing to export"));
}

/* The writer by itself: a disk that fails, a folder that cannot be made, requests that are none. */
static void test_writer(void)
{
    char text[1200];
    snprintf(text, sizeof text,
             "{\"schema\":1,\"folder\":\"%s/out\",\"files\":[{\"to\":\"copy\",\"copy\":\"%s/file\"},"
             "{\"to\":\"../up\",\"copy\":\"%s/file\"},{\"to\":\"none\"}]}",
             session_folder(), session_folder(), session_folder());
    put("request", text);
    CHECK_INT(run("LIMN_INJECT=file:2+ $limn export <request >answer"), 4);
    CHECK_INT(run("test $(grep -c error answer) = 3 && test ! -e out/copy"), 0);
    CHECK_INT(run("$limn export <request >answer"), 4); /* the first one now */
    CHECK_INT(run("test $(grep -c error answer) = 2 && cmp file out/copy && test ! -e up"), 0);
    CHECK_INT(run("$limn export <request >answer; grep -q 'copy: exists already' answer"), 0);
    CHECK_INT(run("test -z \"$(find out -name '.*' -type f)\""), 0); /* nothing half-written */
    CHECK_INT(run("ulimit -f 1; head -c 9000 /dev/zero >big 2>/dev/null; true"), 0);
    put("request", "{\"schema\":1,\"folder\":\"/dev/null/x\",\"files\":[{\"to\":\"a\",\"copy\":\"/etc/hostname\"}]}");
    CHECK_INT(run("$limn export <request >answer"), 4);
    CHECK_INT(run("test $(wc -l <answer) = 1"), 0);
    put("request", "{\"schema\":1,\"folder\":\"/tmp\",\"files\":[{\"to\":\"a.png\",\"draw\":{\"pin\":7}},"
                   "{\"to\":\"a.gif\",\"gif\":{\"cells\":[]}},{\"to\":\"b.png\",\"sheet\":{\"cells\":[{\"pin\":{"
                   "\"kind\":0,\"path\":\"/nowhere.npy\",\"title\":\"x\"}}]}}]}");
    CHECK_INT(run("$limn export <request >answer"), 4);
    CHECK_INT(run("test $(grep -c error answer) = 3"), 0);
    put("request", "[1,2");
    CHECK_INT(run("$limn export <request 2>answer"), 2);
    CHECK_INT(run("test $(wc -l <answer) = 1"), 0);
}

int main(void)
{
    struct session s;
    put(EVIL ".png", "");
    CHECK_INT(run("cp " LIMN_SOURCE_DIR "/assets/photos/digit7.png a*b.png"), 0);
    CHECK_INT(run("$limn submit --no-worker explain recipe:lenet a*b.png --device reference --method gradcam,layercam "
                  "--maps -o results >/dev/null 2>&1"),
              0);
    CHECK_INT(run("$limn worker --device reference --once >/dev/null 2>&1"), 0);
    session_start(&s, NULL, session_truecolor, 120, 30);
    CHECK(session_wait(&s, "results "));
    test_pinned(&s);
    test_existing(&s);
    test_forms(&s);
    test_unwritable(&s);
    test_forgotten(&s);
    session_type(&s, "q");
    CHECK_INT(session_end(&s), 0);
    session_check_restored(&s, "export");
    session_finish(&s);
    test_writer();
    session_folder_remove();
    return check_done();
}
#endif
