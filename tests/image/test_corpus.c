/* The labelled corpus of pictures: everything in accept/ decodes, everything in reject/ is refused with one line that
 * names the file and a place. Files from PngSuite, libpng, wuffs, image-gif, libjpeg-turbo (see corpus/README.md). */
#include "image/image.h"

#include <dirent.h>
#include <stdlib.h>

#include "support/check.h"

static int walk(const char *verdict, bool accept)
{
    char dir[512], path[1024];
    int n = 0;
    snprintf(dir, sizeof(dir), "%s/corpus/image/%s", LIMN_TEST_DATA, verdict);
    DIR *d = opendir(dir);
    CHECK(d != NULL);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') {
            continue;
        }
        limn_error err = {0};
        struct image im = {0};
        struct decode_limits lim = {.max_pixels = 1 << 24};
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        limn_status st = image_load(path, &lim, &im, &err);
        if ((st == LIMN_OK) != accept) {
            fprintf(stderr, "%s: %s\n", path, st == LIMN_OK ? "accepted" : err.text);
        }
        CHECK((st == LIMN_OK) == accept);
        CHECK(accept || (st == LIMN_ERR_FORMAT && strstr(err.text, e->d_name) && !strchr(err.text, '\n') &&
                         (strstr(err.text, "offset") || strstr(err.text, "header"))));
        image_finish(&im);
        n++;
    }
    if (d) {
        closedir(d);
    }
    return n;
}

static void check_refused(const char *data, size_t n, const char *expected)
{
    limn_error err = {0};
    struct image im = {0};
    CHECK(image_decode("x", data, n, NULL, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, expected) != NULL);
}

/* What people hand in by mistake is named. */
static void test_mistakes(void)
{
    check_refused("", 0, "empty file");
    check_refused("<!DOCTYPE html>", 15, "HTML page");
    check_refused("version https://git-lfs.github.com/spec/v1\n", 43, "git-lfs pointer");
    check_refused("\x1f\x8b\x08", 3, "gzip");
    check_refused("PK\3\4zip", 7, "zip");
    check_refused("\n <!doctype HTML>", 17, "HTML page");
    check_refused("\xef\xbb\xbf<html lang=en>", 17, "HTML page");
    check_refused("<?xml version=\"1.0\"?>", 21, "XML file");
    check_refused("<svg", 4, "SVG drawing");
    check_refused("<ht", 3, "a text file");
    check_refused("hello\n", 6, "a text file");
    check_refused("he\0lo", 5, "unknown file type");
    check_refused("\x89PNG\r\n\x1a\n", 8, "file ends early");
    check_refused("GIF89a", 6, "GIF");
    check_refused("\xff\xd8\xff\xe0", 4, "JPEG");
}

/* A truncated file is refused, or, leniently, keeps what came before. */
static void test_lenient(void)
{
    static const char *const names[] = {"peacock.default.truncated.jpeg", "hippopotamus.regular.truncated.png"};
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        limn_error err = {0};
        struct image im = {0};
        struct decode_limits lim = {.lenient = true};
        snprintf(path, sizeof(path), "%s/corpus/image/reject/%s", LIMN_TEST_DATA, names[i]);
        CHECK_OK(image_load(path, &lim, &im, &err));
        int lit = 0;
        for (int k = 0; im.rgb && k < 3 * im.width * im.height; k++) {
            lit += im.rgb[k] != 0;
        }
        CHECK(lit > 100);
        image_finish(&im);
    }
}

static void test_limits(void)
{
    limn_error err = {0};
    struct image im = {0};
    struct decode_limits lim = {.max_pixels = 1023};
    CHECK(image_load(LIMN_TEST_DATA "/corpus/image/accept/pngsuite-basn2c08.png", &lim, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "32 x 32 pixels (expected at most 1023 in all)") != NULL);
    CHECK(image_load("/dev/null", NULL, &im, &err) == LIMN_ERR_READ);
}

int main(void)
{
    CHECK(walk("accept", true) >= 40);
    CHECK(walk("reject", false) >= 30);
    test_mistakes();
    test_lenient();
    test_limits();
    return check_done();
}
