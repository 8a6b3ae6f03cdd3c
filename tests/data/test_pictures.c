/* Data sets of picture files: class folders, splits, CUB-200-2011, loose pictures. Each way to break one is one line of
 * error that names the place; samples are what the files hold. */
#include "files.h"

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

static void test_faults(void)
{
    make_cub();
    fault_all("cub", 2);
    wipe();
    make_folders("train", "test");
    fault_all("folders", 11);
}

int main(void)
{
    begin();
    test_folders();
    test_bad_folders();
    test_bad_pictures();
    test_split_file();
    test_loose();
    test_sizes();
    test_cub();
    test_faults();
    end();
    return check_done();
}
