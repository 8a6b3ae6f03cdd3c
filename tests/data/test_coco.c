/* Annotated pictures: boxes become tiles, categories labels; splits take whole pictures; every number of the file is
 * checked; threads see the same samples. */
#include <pthread.h>

#include "files.h"

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
    refused(root, &(struct data_options){.split_path = at("split.txt")}, "split.txt: line 2: p0.png again");
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

static void test_faults(void)
{
    make_coco();
    put_coco(IMAGES, BOX(7, 1, "1,2,9,9") "," BOX(3, 2, "1,2,9,9"));
    fault_all("coco", 2);
}

int main(void)
{
    begin();
    test_coco();
    test_bad_coco();
    test_coco_splits();
    test_threads();
    test_faults();
    end();
    return check_done();
}
