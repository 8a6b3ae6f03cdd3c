/* Data sets of picture files: class folders, splits, CUB-200-2011, loose pictures, COCO annotations. Each way to break
 * one is one line of error that names the place; samples are what the files hold. */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/rng.h"
#include "data/pictures.h"
#include "support/check.h"

static char root[64];
static limn_error err;

/* ---- making folders ---- */

static const char *at(const char *format, ...)
{
    static char path[4][512];
    static int next;
    char *out = path[next++ % 4];
    int n = snprintf(out, 512, "%s/", root);
    va_list args;
    va_start(args, format);
    vsnprintf(out + n, 512 - (size_t)n, format, args);
    va_end(args);
    return out;
}

static void make_folder_of(const char *path)
{
    char dir[512];
    snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = '\0';
    CHECK_OK(dir_ensure(dir, &err));
}

static void put_text(const char *path, const char *text)
{
    make_folder_of(path);
    CHECK_OK(file_write_atomic(path, text, strlen(text), true, &err));
}

/* A w x h picture of one colour, its first pixel white. */
static void put_picture(const char *path, int w, int h, int r, int g, int b)
{
    struct image im = {0};
    make_folder_of(path);
    CHECK_OK(image_init(&im, w, h, &err));
    for (int i = 0; i < w * h; i++) {
        memcpy(im.rgb + 3 * i, (uint8_t[3]){(uint8_t)r, (uint8_t)g, (uint8_t)b}, 3);
    }
    memset(im.rgb, 255, 3);
    CHECK_OK(image_save_png(path, &im, NULL, 0, true, &err));
    image_finish(&im);
}

static void wipe(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'/*", root);
    CHECK(system(command) == 0);
}

static struct dataset *open_ok(const char *path, const struct data_options *opt)
{
    struct dataset *d = NULL;
    CHECK_OK(dataset_open(path, opt, &d, &err));
    return d;
}

/* One line that says all the given things, and nothing opened. */
static void refused(const char *path, const struct data_options *opt, const char *says)
{
    struct dataset *d = NULL;
    err = (limn_error){0};
    limn_status st = dataset_open(path, opt, &d, &err);
    if (st == LIMN_OK || !strstr(err.text, says)) {
        fprintf(stderr, "expected \"%s\", found \"%s\"\n", says, err.text);
    }
    CHECK(st != LIMN_OK && d == NULL && limn_status_exit_code(st) == 3);
    CHECK(strstr(err.text, says) != NULL && strchr(err.text, '\n') == NULL);
    dataset_close(&d);
}

static bool is_sample(struct dataset *d, enum data_split split, size_t i, int r, int g, int b)
{
    const struct data_info *f = dataset_info(d);
    size_t n = (size_t)f->height * (size_t)f->width;
    uint8_t *chw = mem_alloc(n, (size_t)f->channels);
    CHECK_OK(dataset_sample(d, split, i, chw, &err));
    bool same = chw[n - 1] == r && (f->channels == 1 || (chw[2 * n - 1] == g && chw[3 * n - 1] == b));
    mem_free(chw);
    return same;
}

/* ---- class folders ---- */

static void make_folders(const char *train, const char *test)
{
    for (int i = 0; i < 6; i++) {
        put_picture(at("%s/bee/%d.png", train, i), 8, 6, 10 + i, 0, 0);
        put_picture(at("%s/ant/x %d.PNG", train, i), 8, 6, 0, 20 + i, 0);
    }
    put_picture(at("%s/ant/a.png", test), 8, 6, 1, 2, 3);
    put_picture(at("%s/bee/b.png", test), 8, 6, 4, 5, 6);
}

static void test_folders(void)
{
    wipe();
    make_folders("set/train", "set/test");
    put_text(at("set/train/ant/notes.txt"), "no picture");
    put_text(at("set/train/.hidden/x.png"), "no class");
    struct dataset *d = open_ok(at("set"), NULL);
    const struct data_info *f = dataset_info(d);
    CHECK_STR(dataset_format(d), "folders");
    CHECK(f->n_classes == 2 && f->channels == 3 && f->height == 6 && f->width == 8);
    CHECK_STR(f->class_name[0], "ant");
    CHECK_STR(f->class_name[1], "bee");
    CHECK(dataset_count(d, DATA_TRAIN) == 12 && dataset_count(d, DATA_VAL) == 0 && dataset_count(d, DATA_TEST) == 2);
    CHECK(dataset_label(d, DATA_TRAIN, 0) == 0 && dataset_label(d, DATA_TRAIN, 11) == 1);
    CHECK(is_sample(d, DATA_TRAIN, 0, 0, 20, 0) && is_sample(d, DATA_TRAIN, 11, 15, 0, 0));
    CHECK(is_sample(d, DATA_TEST, 1, 4, 5, 6));
    char where[256];
    dataset_describe(d, DATA_TRAIN, 3, where, sizeof where);
    CHECK_STR(where, at("set/train/ant/x 3.PNG"));
    dataset_close(&d);
    /* Without split folders everything is training; NCT-CRC-HE has its own names for them. */
    d = open_ok(at("set/train"), &(struct data_options){.val_part = 0.25, .seed = 3});
    CHECK(dataset_count(d, DATA_TRAIN) == 9 && dataset_count(d, DATA_VAL) == 3);
    dataset_close(&d);
    make_folders("nct/NCT-CRC-HE-100K", "nct/CRC-VAL-HE-7K");
    make_folders("nct/NCT-CRC-HE-100K-NONORM", "nct/CRC-VAL-HE-7K");
    d = open_ok(at("nct"), NULL);
    CHECK(dataset_count(d, DATA_TRAIN) == 12 && dataset_count(d, DATA_TEST) == 2);
    dataset_describe(d, DATA_TRAIN, 0, where, sizeof where);
    CHECK(strstr(where, "/NCT-CRC-HE-100K/") != NULL);
    dataset_close(&d);
}

static void test_bad_folders(void)
{
    wipe();
    make_folders("set/train", "set/test");
    CHECK_OK(dir_ensure(at("set/train/cat"), &err));
    refused(at("set"), NULL, "set/train/cat: class without a picture");
    CHECK(rmdir(at("set/train/cat")) == 0);
    put_picture(at("set/test/wasp/1.png"), 8, 6, 1, 1, 1);
    refused(at("set"), NULL, "set/test: class wasp is not among the 2 of the first split");
    CHECK(unlink(at("set/test/wasp/1.png")) == 0 && rmdir(at("set/test/wasp")) == 0);
    CHECK_OK(dir_ensure(at("set/Training"), &err));
    refused(at("set"), &(struct data_options){.format = "folders"}, "set: more than one folder for the train split");
    CHECK(rmdir(at("set/Training")) == 0);
    refused(at("nothing"), NULL, "nothing: no such file or folder");
    CHECK_OK(dir_ensure(at("empty"), &err));
    refused(at("empty"), NULL, "empty: no data set of a known layout");
    refused(at("empty"), &(struct data_options){.format = "pictures"}, "no picture in it");
    refused(at("empty"), &(struct data_options){.format = "folders"}, "0 folders of classes");
    refused(at("empty"), &(struct data_options){.format = "cub"}, "no images.txt");
    refused(at("empty"), &(struct data_options){.format = "coco"}, "no annotation file");
}

/* A picture that is broken or too large stops at that picture, by name; the others stay readable. */
static void test_bad_pictures(void)
{
    wipe();
    make_folders("set/train", "set/test");
    put_text(at("set/train/bee/3.png"), "\x89PNG\r\n\x1a\nrubbish");
    struct dataset *d = open_ok(at("set"), NULL);
    uint8_t chw[3 * 8 * 6];
    CHECK(dataset_sample(d, DATA_TRAIN, 9, chw, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "set/train/bee/3.png: ") != NULL && strchr(err.text, '\n') == NULL);
    CHECK_OK(dataset_sample(d, DATA_TRAIN, 10, chw, &err));
    CHECK(unlink(at("set/train/bee/4.png")) == 0);
    CHECK(dataset_sample(d, DATA_TRAIN, 10, chw, &err) == LIMN_ERR_READ);
    dataset_close(&d);
    void *bomb = NULL;
    size_t size;
    CHECK_OK(
        file_read_all(LIMN_TEST_DATA "/corpus/image/reject/limn-bomb-32768x32768.png", 1 << 20, &bomb, &size, &err));
    CHECK_OK(file_write_atomic(at("set/train/ant/x 0.PNG"), bomb, size, true, &err));
    mem_free(bomb);
    refused(at("set"), NULL, "ant/x 0.PNG: header: 32768 x 32768 pixels");
    d = open_ok(at("set"), &(struct data_options){.width = 8, .height = 6});
    CHECK(dataset_sample(d, DATA_TRAIN, 0, chw, &err) == LIMN_ERR_FORMAT);
    dataset_close(&d);
}

static void test_split_file(void)
{
    wipe();
    make_folders("set", "other");
    char text[2048] = "\n";
    for (int i = 0; i < 6; i++) {
        char line[128];
        snprintf(line, sizeof line, "ant/x %d.PNG\t%s\r\nbee/%d.png  %s\n", i, i < 4 ? "train" : "val", i,
                 i < 5 ? "training" : "test");
        strncat(text, line, sizeof text - strlen(text) - 1);
    }
    put_text(at("split.txt"), text);
    struct data_options opt = {.split_path = at("split.txt")};
    struct dataset *d = open_ok(at("set"), &opt);
    CHECK(dataset_count(d, DATA_TRAIN) == 9 && dataset_count(d, DATA_VAL) == 2 && dataset_count(d, DATA_TEST) == 1);
    CHECK(is_sample(d, DATA_TEST, 0, 15, 0, 0) && is_sample(d, DATA_VAL, 0, 0, 24, 0));
    dataset_close(&d);
    put_text(at("split.txt"), "bee/0.png train\n");
    refused(at("set"), &opt, "split.txt: no line for ant/x 0.PNG");
    put_text(at("split.txt"), "bee/0.png train\n\nbee/0.png val\n");
    refused(at("set"), &opt, "split.txt: line 3: bee/0.png again");
    put_text(at("split.txt"), "bee/9.png train\n");
    refused(at("set"), &opt, "split.txt: line 1: bee/9.png is not in the data set");
    put_text(at("split.txt"), "bee/0.png maybe\n");
    refused(at("set"), &opt, "split.txt: line 1: expected \"FILE train\", val or test");
    put_text(at("split.txt"), "bee/0.png\n");
    refused(at("set"), &opt, "split.txt: line 1: expected");
    unlink(at("split.txt"));
    refused(at("set"), &opt, "split.txt: cannot open: No such file or directory");
    /* All of a class in another split. */
    text[0] = '\0';
    for (int i = 0; i < 6; i++) {
        char line[128];
        snprintf(line, sizeof line, "ant/x %d.PNG train\nbee/%d.png val\n", i, i);
        strncat(text, line, sizeof text - strlen(text) - 1);
    }
    put_text(at("split.txt"), text);
    refused(at("set"), &opt, "class 1 (bee) has no sample in the training split");
}

static void test_loose(void)
{
    wipe();
    put_picture(at("set/b.png"), 5, 4, 9, 8, 7);
    put_picture(at("set/a.png"), 5, 4, 1, 2, 3);
    struct dataset *d = open_ok(at("set"), NULL);
    CHECK_STR(dataset_format(d), "pictures");
    CHECK(dataset_info(d)->n_classes == 0 && dataset_count(d, DATA_TRAIN) == 2);
    CHECK_INT(dataset_label(d, DATA_TRAIN, 0), -1);
    CHECK(is_sample(d, DATA_TRAIN, 0, 1, 2, 3) && is_sample(d, DATA_TRAIN, 1, 9, 8, 7));
    dataset_close(&d);
    put_picture(at("two/train/b.png"), 5, 4, 9, 8, 7);
    put_picture(at("two/val/a.png"), 5, 4, 1, 2, 3);
    d = open_ok(at("two"), NULL);
    CHECK(dataset_count(d, DATA_TRAIN) == 1 && dataset_count(d, DATA_VAL) == 1);
    CHECK(is_sample(d, DATA_VAL, 0, 1, 2, 3));
    dataset_close(&d);
}

/* Scaled to cover, the centre cut; grey by luma. */
static void test_sizes(void)
{
    struct image im = {0};
    uint8_t chw[3 * 64 * 64];
    CHECK_OK(image_init(&im, 40, 20, &err));
    for (int i = 0; i < 40 * 20; i++) {
        im.rgb[3 * i] = (uint8_t)(i % 40 < 10 ? 0 : i % 40 < 30 ? 100 : 200);
        im.rgb[3 * i + 1] = 50;
    }
    struct data_info info = {.channels = 3, .height = 20, .width = 20};
    CHECK_OK(picture_to_sample(&im, &info, 0, chw, &err));
    CHECK(chw[0] == 100 && chw[399] == 100 && chw[400] == 50 && chw[800] == 0);
    info = (struct data_info){.channels = 1, .height = 20, .width = 40};
    CHECK_OK(picture_to_sample(&im, &info, 0, chw, &err));
    CHECK_INT(chw[0], 29);  /* 0.587 * 50 = 29.35 */
    CHECK_INT(chw[20], 59); /* + 29.9 */
    info = (struct data_info){.channels = 3, .height = 10, .width = 10};
    CHECK_OK(picture_to_sample(&im, &info, 40, chw, &err)); /* to 80x40, of which the middle 10x10 */
    CHECK(chw[0] == 100 && chw[99] == 100);
    info = (struct data_info){.channels = 3, .height = 4, .width = 8};
    CHECK_OK(picture_to_sample(&im, &info, 0, chw, &err)); /* covers by 8x4 exactly */
    CHECK(chw[0] == 0 && chw[3] == 100 && chw[7] == 200);
    CHECK(picture_to_sample(&(struct image){1, 30000, im.rgb}, &info, 8192, chw, &err) == LIMN_ERR_FORMAT);
    image_finish(&im);
    struct data_options bad = {.channels = 2, .width = 3, .height = 3};
    CHECK(picture_sizes(&bad, 0, 0, &info, &err) == LIMN_ERR_ARG);
}

/* ---- CUB ---- */

static void make_cub(void)
{
    wipe();
    put_text(at("CUB_200_2011/images.txt"),
             "1 001.Wren/Wren_1.png\n2 001.Wren/Wren_2.png\n4 002.Gull/Gull_4.png\n3 002.Gull/Gull_3.png\n");
    put_text(at("CUB_200_2011/classes.txt"), "1 001.Wren\n2 002.Gull\n");
    put_text(at("CUB_200_2011/image_class_labels.txt"), "1 1\n2 1\n3 2\n4 2\n");
    put_text(at("CUB_200_2011/train_test_split.txt"), "1 1\n2 0\n3 0\n4 1\n");
    for (int i = 1; i <= 4; i++) {
        const char *bird = i < 3 ? "001.Wren/Wren" : "002.Gull/Gull";
        put_picture(at("CUB_200_2011/images/%s_%d.png", bird, i), 4, 4, 10 * i, 0, 0);
    }
}

static void test_cub(void)
{
    make_cub();
    struct dataset *d = open_ok(root, NULL);
    CHECK_STR(dataset_format(d), "cub");
    CHECK(dataset_info(d)->n_classes == 2 && dataset_count(d, DATA_TRAIN) == 2 && dataset_count(d, DATA_TEST) == 2);
    CHECK_STR(dataset_info(d)->class_name[1], "Gull");
    CHECK(dataset_label(d, DATA_TRAIN, 1) == 1 && is_sample(d, DATA_TRAIN, 1, 40, 0, 0));
    CHECK(dataset_label(d, DATA_TEST, 0) == 0 && is_sample(d, DATA_TEST, 0, 20, 0, 0));
    dataset_close(&d);
    static const struct {
        const char *file, *text, *says;
    } breaks[] = {
        {"train_test_split.txt", NULL, "train_test_split.txt: cannot open: No such file"},
        {"train_test_split.txt", "1 1\n2 0\n3 0\n", "train_test_split.txt: 3 lines (expected 4, one for each image)"},
        {"train_test_split.txt", "1 1\n2 0\n3 0\n4 2\n", "train_test_split.txt: image 4: 2 (expected 0 or 1)"},
        {"image_class_labels.txt", "1 1\n2 1\n3 2\n4 2\n5 1\n", "image_class_labels.txt: 5 lines (expected 4"},
        {"image_class_labels.txt", "1 1\n2 1\n3 2\n4 7\n",
         "image_class_labels.txt: image 4: class 7 (expected 1 to 2)"},
        {"image_class_labels.txt", "1 1\n2 1\n3 2\n3 2\n", "image_class_labels.txt: line 4: id 3 again"},
        {"image_class_labels.txt", "1 1\n2 1\n3 2\nx 2\n", "image_class_labels.txt: line 4: expected an id from 1 to"},
        {"image_class_labels.txt", "1 1\n2 1\n3 2\n4\n", "image_class_labels.txt: line 4: expected an id"},
        {"images.txt", "1 a.png\n2 b.png\n5 c.png\n3 d.png\n", "images.txt: 4 lines, but id 4 is missing"},
        {"images.txt", "1 a.png\n2 ../../b.png\n3 c.png\n4 d.png\n", "images.txt: image 2: ../../b.png leads out"},
        {"images.txt", "1 /etc/passwd\n2 b\n3 c.png\n4 d.png\n", "images.txt: image 1: /etc/passwd leads out"},
        {"images.txt", "", "no picture in it"},
        {"classes.txt", "1 001.Wren\n2 002.Gull\n3 003.Auk\n", "class 2 (Auk) has no sample in the training split"},
        {"classes.txt", "\n", "classes.txt: 0 classes"},
        {"images.txt", "1 a.png\n2 b.png\n3 c.png\n4 d.png\n", "images/a.png: cannot open"},
    };
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        make_cub();
        if (breaks[i].text) {
            put_text(at("CUB_200_2011/%s", breaks[i].file), breaks[i].text);
        } else {
            unlink(at("CUB_200_2011/%s", breaks[i].file));
        }
        if (strcmp(breaks[i].says, "no picture in it") == 0) {
            put_text(at("CUB_200_2011/image_class_labels.txt"), "");
            put_text(at("CUB_200_2011/train_test_split.txt"), "");
        }
        refused(root, NULL, breaks[i].says);
    }
}

/* ---- COCO ---- */

#define CATEGORIES "\"categories\":[{\"id\":2,\"name\":\"hard negative\"},{\"id\":1,\"name\":\"mitotic figure\"}]"
#define IMAGES                                                                                                         \
    "\"images\":[{\"id\":7,\"file_name\":\"b.png\",\"width\":60,\"height\":40},{\"id\":3,\"file_name\":\"a.png\"}]"

static void put_coco(const char *images, const char *boxes)
{
    char text[4096];
    snprintf(text, sizeof text, "{\"info\":{},\n" CATEGORIES ",%s,\"annotations\":[%s]}", images, boxes);
    put_text(at("MIDOG.json"), text);
}

static void make_coco(void)
{
    struct image im = {0};
    wipe();
    CHECK_OK(image_init(&im, 60, 40, &err));
    for (int i = 0; i < 60 * 40; i++) {
        im.rgb[3 * i] = (uint8_t)(4 * (i % 60));
        im.rgb[3 * i + 1] = (uint8_t)(6 * (i / 60));
    }
    CHECK_OK(dir_ensure(at("images"), &err));
    CHECK_OK(image_save_png(at("images/b.png"), &im, NULL, 0, true, &err));
    image_finish(&im);
    put_picture(at("images/a.png"), 50, 50, 9, 9, 9);
}

#define BOX(image, category, box) "{\"id\":0,\"image_id\":" #image ",\"category_id\":" #category ",\"bbox\":[" box "]}"

static void test_coco(void)
{
    make_coco();
    put_coco(IMAGES, BOX(7, 1, "10,8,10,8") "," BOX(3, 2, "0,0,6,6.5") "," BOX(7, 2, "50,30,10,10") "," BOX(
                         7, 1, "-3,-3,10,10"));
    struct dataset *d = open_ok(root, &(struct data_options){.border = 2});
    const struct data_info *f = dataset_info(d);
    CHECK_STR(dataset_format(d), "coco");
    CHECK(f->n_classes == 2 && dataset_count(d, DATA_TRAIN) == 4);
    CHECK_STR(f->class_name[0], "mitotic figure");
    CHECK(f->height == 11 && f->width == 11); /* of the first: 6.5 -> 7, a border of 2 on both sides */
    dataset_close(&d);
    d = open_ok(root, &(struct data_options){.tile = 6});
    uint8_t chw[3 * 36];
    static const int labels[4] = {1, 0, 1, 0}; /* by image id, then in the order of the file */
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(dataset_label(d, DATA_TRAIN, i), labels[i]);
    }
    CHECK_OK(dataset_sample(d, DATA_TRAIN, 1, chw, &err)); /* centre 15, 12: columns 12.. 17, rows 9.. 14 */
    CHECK(chw[0] == 4 * 12 && chw[5] == 4 * 17 && chw[36] == 6 * 9 && chw[36 + 35] == 6 * 14);
    CHECK_OK(dataset_sample(d, DATA_TRAIN, 2, chw, &err)); /* centre 55, 35 */
    CHECK(chw[0] == 4 * 52 && chw[35] == 4 * 57 && chw[36] == 6 * 32 && chw[71] == 6 * 37);
    CHECK_OK(dataset_sample(d, DATA_TRAIN, 3, chw, &err)); /* centre 2, 2: the edge is repeated */
    CHECK(chw[0] == 0 && chw[1] == 0 && chw[5] == 4 * 4 && chw[36] == 0 && chw[71] == 6 * 4);
    char where[64];
    dataset_describe(d, DATA_TRAIN, 1, where, sizeof where);
    CHECK_STR(where, "b.png[15,12]");
    dataset_close(&d);
    /* The same boxes by their corners. */
    put_coco(IMAGES, BOX(7, 1, "10,8,20,16") "," BOX(7, 2, "50,30,60,40"));
    d = open_ok(root, &(struct data_options){.tile = 6});
    CHECK_OK(dataset_sample(d, DATA_TRAIN, 0, chw, &err));
    CHECK(chw[0] == 4 * 12 && chw[36] == 6 * 9);
    dataset_close(&d);
}

static void test_bad_coco(void)
{
    static const struct {
        const char *images, *boxes, *says;
    } breaks[] = {
        {IMAGES, BOX(7, 1, "1,2,3"), "annotations[0]: bbox is not a list of 4 numbers"},
        {IMAGES, BOX(7, 1, "1,2,3,\"4\""), "annotations[0]: bbox holds something that is no coordinate"},
        {IMAGES, BOX(7, 1, "1,2,1e300,4"), "annotations[0]: bbox holds something that is no coordinate"},
        {IMAGES, BOX(7, 1, "1,2,9,9") "," BOX(7, 1, "1,2,0,4"), "annotations[1]: bbox is neither"},
        {IMAGES, BOX(7, 1, "1,2,9,-9"), "annotations[0]: bbox is neither"},
        {IMAGES, BOX(7, 1, "70,2,9,9"), "annotations[0]: bbox is neither"},
        {IMAGES, BOX(7, 3, "1,2,9,9"), "annotations[0]: category_id is not that of a category"},
        {IMAGES, BOX(8, 1, "1,2,9,9"), "annotations[0]: image_id is not that of an image"},
        {IMAGES, "", "no list \"annotations\" with something in it"},
        {IMAGES, "{}", "annotations[0]: expected an image_id"},
        {IMAGES, BOX(7, 1, "1,2,9,9") ",", "MIDOG.json: JSON"},
        {"\"images\":[{\"id\":7,\"file_name\":\"../b.png\"}]", BOX(7, 1, "1,2,9,9"), "images[0]: file_name leads out"},
        {"\"images\":[{\"id\":7,\"file_name\":\"c.png\"}]", BOX(7, 1, "1,2,9,9"), "picture c.png is missing"},
        {"\"images\":[{\"id\":7,\"file_name\":\"b.png\",\"width\":0}]", BOX(7, 1, "1,2,9,9"), "images[0]: width or"},
        {"\"images\":[{\"id\":7,\"file_name\":\"a.png\"},{\"id\":7,\"file_name\":\"b.png\"}]", BOX(7, 1, "1,2,9,9"),
         "images: id 7 is there twice"},
        {"\"pictures\":[]", BOX(7, 1, "1,2,9,9"), "no list \"images\""},
        {IMAGES, BOX(7, 1, "1,2,9,9"), "class 1 (hard negative) has no sample in the training split"},
    };
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        make_coco();
        put_coco(breaks[i].images, breaks[i].boxes);
        refused(root, NULL, breaks[i].says);
    }
    put_text(at("MIDOG.json"), "{\"categories\":[{\"id\":1,\"name\":\"a\"},{\"id\":1,\"name\":\"b\"}]}");
    refused(root, NULL, "categories: id 1 is there twice");
    /* Sizes that the picture does not have are found when it is read. */
    put_coco("\"images\":[{\"id\":3,\"file_name\":\"a.png\",\"width\":60,\"height\":40}]",
             BOX(3, 1, "1,2,9,9") "," BOX(3, 2, "1,2,9,9"));
    struct dataset *d = open_ok(root, NULL);
    uint8_t chw[3 * 81];
    CHECK(dataset_sample(d, DATA_TRAIN, 0, chw, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "images/a.png: 50x50 pixels (expected 60x40 as in") != NULL);
    dataset_close(&d);
    put_coco("\"images\":[{\"id\":3,\"file_name\":\"a.png\"}]", BOX(3, 1, "90,2,9,9") "," BOX(3, 2, "1,2,9,9"));
    d = open_ok(root, NULL);
    CHECK(dataset_sample(d, DATA_TRAIN, 0, chw, &err) == LIMN_ERR_FORMAT);
    CHECK(strstr(err.text, "an annotation at 94.5, 6.5, outside of") != NULL);
    dataset_close(&d);
    refused(root, &(struct data_options){.width = 8192, .height = 8192, .split_path = at("none")}, "none: cannot open");
}

/* Splits by chance and by file take whole pictures. */
static void test_coco_splits(void)
{
    char images[4096] = "\"images\":[", boxes[16384] = "", lines[1024] = "";
    make_coco();
    for (int i = 0; i < 20; i++) {
        char part[256];
        put_picture(at("images/p%d.png", i), 30, 30, i, i, i);
        snprintf(part, sizeof part, "%s{\"id\":%d,\"file_name\":\"p%d.png\"}", i ? "," : "", i, i);
        strncat(images, part, sizeof images - strlen(images) - 2);
        for (int k = 0; k < 4; k++) {
            snprintf(part, sizeof part, "%s{\"image_id\":%d,\"category_id\":%d,\"bbox\":[%d,2,9,9]}", i + k ? "," : "",
                     i, 1 + k % 2, 2 * k);
            strncat(boxes, part, sizeof boxes - strlen(boxes) - 1);
        }
        snprintf(part, sizeof part, "p%d.png %s\n", i, i < 15 ? "train" : "test");
        strncat(lines, part, sizeof lines - strlen(lines) - 1);
    }
    strncat(images, "]", sizeof images - strlen(images) - 1);
    char *text = mem_alloc(32768, 1);
    snprintf(text, 32768, "{" CATEGORIES ",%s,\"annotations\":[%s]}", images, boxes);
    put_text(at("MIDOG.json"), text);
    mem_free(text);
    struct dataset *d = open_ok(root, &(struct data_options){.val_part = 0.2, .test_part = 0.1, .seed = 5});
    CHECK(dataset_count(d, DATA_VAL) == 16 && dataset_count(d, DATA_TEST) == 8 && dataset_count(d, DATA_TRAIN) == 56);
    int seen[20] = {0};
    for (int s = 0; s < DATA_SPLITS; s++) {
        for (size_t i = 0; i < dataset_count(d, (enum data_split)s); i++) {
            uint8_t chw[3 * 81];
            CHECK_OK(dataset_sample(d, (enum data_split)s, i, chw, &err));
            seen[chw[80]] |= 1 << s;
        }
    }
    for (int i = 0; i < 20; i++) {
        CHECK(seen[i] == 1 || seen[i] == 2 || seen[i] == 4);
    }
    dataset_close(&d);
    put_text(at("split.txt"), lines);
    d = open_ok(root, &(struct data_options){.split_path = at("split.txt")});
    CHECK(dataset_count(d, DATA_TRAIN) == 60 && dataset_count(d, DATA_TEST) == 20);
    dataset_close(&d);
    put_text(at("split.txt"), "p0.png train\np0.png train\n");
    refused(root, &(struct data_options){.split_path = at("split.txt")}, "split.txt: line 2: p0.png is again or not");
    put_text(at("split.txt"), "p0.png train\n");
    refused(root, &(struct data_options){.split_path = at("split.txt")}, "split.txt: no line for p1.png");
}

struct reader {
    struct dataset *d;
    size_t from;
    uint8_t *out;
    limn_status st;
};

static void *read_all(void *user)
{
    struct reader *r = user;
    limn_error e = {0};
    size_t n = dataset_count(r->d, DATA_TRAIN);
    for (size_t i = 0; i < n && r->st == LIMN_OK; i++) {
        size_t at = (r->from + 7 * i) % n;
        r->st = dataset_sample(r->d, DATA_TRAIN, at, r->out + at * 3 * 81, &e);
    }
    return NULL;
}

/* Four threads in different orders see the same samples. */
static void test_threads(void)
{
    char boxes[8192] = "";
    make_coco();
    for (int i = 0; i < 40; i++) {
        char part[128];
        snprintf(part, sizeof part, "%s{\"image_id\":%d,\"category_id\":%d,\"bbox\":[%d,%d,9,9]}", i ? "," : "",
                 i % 2 ? 7 : 3, 1 + i % 3 % 2, i, i / 2);
        strncat(boxes, part, sizeof boxes - strlen(boxes) - 1);
    }
    char *text = mem_alloc(16384, 1);
    snprintf(text, 16384, "{" CATEGORIES ",%s,\"annotations\":[%s]}", IMAGES, boxes);
    put_text(at("MIDOG.json"), text);
    mem_free(text);
    struct dataset *d = open_ok(root, NULL);
    struct reader r[4];
    pthread_t thread[4];
    for (size_t k = 0; k < 4; k++) {
        r[k] = (struct reader){d, 11 * k, mem_zalloc(40, 3 * 81), LIMN_OK};
        CHECK(pthread_create(&thread[k], NULL, read_all, &r[k]) == 0);
    }
    for (size_t k = 0; k < 4; k++) {
        pthread_join(thread[k], NULL);
        CHECK(r[k].st == LIMN_OK && memcmp(r[0].out, r[k].out, 40 * 3 * 81) == 0);
    }
    CHECK(r[0].out[39 * 3 * 81] != 0 || r[0].out[39 * 3 * 81 + 80] != 0);
    for (size_t k = 0; k < 4; k++) {
        mem_free(r[k].out);
    }
    dataset_close(&d);
}

/* One attempt with the k-th call of a kind failing (and all later ones): an error with text, or, where only the
 * guessing of the format was hit, the right data set. True when nothing failed. */
static bool try_fault(enum inject_kind kind, unsigned long k, bool from_then_on, const char *format, size_t n)
{
    struct dataset *d = NULL;
    uint8_t chw[3 * 256];
    err = (limn_error){0};
    inject_arm(kind, k, from_then_on);
    limn_status st = dataset_open(root, &(struct data_options){.val_part = 0.1}, &d, &err);
    st = st == LIMN_OK ? dataset_sample(d, DATA_TRAIN, 0, chw, &err) : st;
    bool done = inject_seen(kind) < k;
    inject_arm(kind, 0, false);
    CHECK(st == LIMN_OK ? strcmp(dataset_format(d), format) == 0 && dataset_count(d, DATA_TRAIN) == n
                        : !done && err.text[0] != '\0');
    dataset_close(&d);
    return done;
}

static void fault_all(const char *format, size_t n)
{
    static const enum inject_kind kinds[2] = {INJECT_ALLOC, INJECT_FILE};
    for (int kind = 0; kind < 4; kind++) {
        unsigned long k = 1;
        while (k < 2000 && !try_fault(kinds[kind % 2], k, kind >= 2, format, n)) {
            k++;
        }
        CHECK(k < 2000);
    }
}

static void test_faults(void)
{
    make_cub();
    fault_all("cub", 2);
    make_coco();
    put_coco(IMAGES, BOX(7, 1, "1,2,9,9") "," BOX(3, 2, "1,2,9,9"));
    fault_all("coco", 2);
    wipe();
    make_folders("train", "test");
    fault_all("folders", 11);
}

int main(void)
{
    snprintf(root, sizeof root, "/tmp/limn-pictures-XXXXXX");
    CHECK(mkdtemp(root) != NULL);
    test_folders();
    test_bad_folders();
    test_bad_pictures();
    test_split_file();
    test_loose();
    test_sizes();
    test_cub();
    test_coco();
    test_bad_coco();
    test_coco_splits();
    test_threads();
    test_faults();
    wipe();
    rmdir(root);
    return check_done();
}
