/* The labelled corpus of pictures: everything in accept/ decodes, everything in reject/ is refused with one line that
 * names the file and a place. Files from PngSuite, libpng, wuffs, image-gif, libjpeg-turbo (see corpus/README.md). */
#include "image/image.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/inject.h"
#include "support/check.h"

static bool has_decoder(const char *name)
{
#ifdef LIMN_HAVE_TIFF
    (void)name;
    return true;
#else
    return strstr(name, ".tif") == NULL;
#endif
}

static int walk(const char *verdict, bool accept)
{
    char dir[512], path[1024];
    int n = 0;
    snprintf(dir, sizeof(dir), "%s/corpus/image/%s", LIMN_TEST_DATA, verdict);
    DIR *d = opendir(dir);
    CHECK(d != NULL);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.' || (accept && !has_decoder(e->d_name))) {
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

static limn_status load(const char *file, bool lenient, struct image *im, limn_error *err)
{
    char path[512];
    struct decode_limits lim = {.lenient = lenient};
    snprintf(path, sizeof(path), "%s/corpus/image/%s", LIMN_TEST_DATA, file);
    return image_load(path, &lim, im, err);
}

/* Crafted sizes are refused from the header, and what leniency forgives does not lift the cap on scans. */
static void test_bombs(void)
{
    limn_error err = {0};
    struct image im = {0};
    CHECK(load("reject/limn-bomb-32768x32768.png", true, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "32768 x 32768 pixels") != NULL);
    CHECK(load("reject/limn-bomb-65500x65500.jpg", true, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "65500 x 65500 pixels") != NULL);
    CHECK(load("reject/limn-bomb-65535x65535.gif", true, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "65535 x 65535 pixels") != NULL);
    CHECK(load("reject/limn-many-scans.jpg", true, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "more than 100 scans") != NULL);
    CHECK(load("reject/limn-zero-bytes.png", true, &im, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "empty file") != NULL);
    CHECK(im.rgb == NULL && im.width == 0);
}

/* Adobe CMYK (0, 255, 128, 64 of ink) becomes what other readers show: 191, 0, 95. */
static void test_cmyk(void)
{
    limn_error err = {0};
    struct image im = {0};
    CHECK_OK(load("accept/limn-cmyk.jpg", false, &im, &err));
    CHECK(im.rgb && im.rgb[0] == 191 && im.rgb[1] == 0 && im.rgb[2] == 95);
    image_finish(&im);
}

#ifdef LIMN_HAVE_TIFF
/* All the ways to store the same 32x32 photo show what its PNG shows. */
static void test_tiff(void)
{
    static const struct {
        const char *name;
        int within;
    } files[] = {{"rgb", 0},   {"lzw", 0},  {"zip16", 0}, {"tiled", 0}, {"msb", 0},
                 {"jpeg", 40}, {"cmyk", 2}, {"grey", -1}, {"fax", -1},  {"palette", 140}};
    limn_error err = {0};
    struct image png = {0};
    CHECK_OK(image_load(LIMN_SOURCE_DIR "/assets/photos/bird_32.png", NULL, &png, &err));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[64];
        struct image im = {0};
        int most = 0, colour = 0;
        snprintf(path, sizeof(path), "accept/limn-%s.tif", files[i].name);
        CHECK_OK(load(path, false, &im, &err));
        CHECK(im.width == 32 && im.height == 32);
        for (int k = 0; im.rgb && k < 3 * 32 * 32; k++) {
            int d = abs(im.rgb[k] - png.rgb[k]);
            most = d > most ? d : most;
            colour += im.rgb[k] != im.rgb[k - k % 3];
        }
        if (files[i].within >= 0 ? most > files[i].within : colour > 0) {
            fprintf(stderr, "%s: differs by %d, %d coloured\n", path, most, colour);
        }
        CHECK(files[i].within >= 0 ? most <= files[i].within : colour == 0);
        image_finish(&im);
    }
    image_finish(&png);
}
#endif

/* Every k-th failing allocation, alone and with all later ones, in each decoder. */
static void test_faults(void)
{
    static const char *const files[] = {"accept/pngsuite-basi3p02.png", "accept/limn-cmyk.jpg",
                                        "accept/peacock.progressive.jpeg", "accept/small-frame-interlaced.gif",
                                        "reject/pngsuite-xcsn0g01.png"};
    for (size_t i = 0; i < 2 * sizeof(files) / sizeof(files[0]); i++) {
        bool done = false, reject = strncmp(files[i / 2], "reject", 6) == 0;
        for (unsigned long k = 1; k < 200 && !done; k++) {
            limn_error err = {0};
            struct image im = {0};
            inject_arm(INJECT_ALLOC, k, i % 2 != 0);
            limn_status st = load(files[i / 2], k % 2 == 0, &im, &err);
            done = inject_seen(INJECT_ALLOC) < k;
            inject_arm(INJECT_ALLOC, 0, false);
            CHECK((st == LIMN_OK) == (im.rgb != NULL));
            CHECK(st == LIMN_OK || err.text[0] != '\0');
            CHECK(!done || (st == LIMN_OK) != reject || k % 2 == 0);
            image_finish(&im);
        }
        CHECK(done);
    }
}

int main(void)
{
    CHECK(walk("accept", true) >= 70);
    CHECK(walk("reject", false) >= 45);
    test_mistakes();
    test_lenient();
    test_limits();
    test_bombs();
    test_cmyk();
#ifdef LIMN_HAVE_TIFF
    test_tiff();
#endif
    test_faults();
    return check_done();
}
