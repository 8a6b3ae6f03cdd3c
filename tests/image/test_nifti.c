/* NIfTI-1 volumes: the labelled corpus (values of accept/ as nibabel reads them, see corpus/nifti/make.py; reject/
 * refused with the file and the place), writing maps back onto the grid they came from, trilinear resampling, failing
 * allocations. */
#include "image/volume.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/inject.h"
#include "base/mem.h"
#include "support/check.h"

static limn_error err;

static const char *corpus(const char *verdict, const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/corpus/nifti/%s/%s", LIMN_TEST_DATA, verdict, name);
    return path;
}

/* Voxel (x, y, z) of channel c in the corpus. */
static double voxel(const char *name, int x, int y, int z, int c)
{
    double v = (x + 3 * y + 12 * z + 60 * c) % 100;
    bool is_unsigned = strchr("utve", name[0]) != NULL; /* u*, time, vector, extension */
    v -= is_unsigned ? 0.0 : 50.0;
    if (strcmp(name, "scaled.nii") == 0) {
        v = 0.5 * v - 3.0;
    }
    return strcmp(name, "not-finite.nii") == 0 && x < 2 && y + z + c == 0 ? 0.0 : v;
}

static void check_values(const char *name, const struct volume *v)
{
    size_t bad = 0;
    bool xyz = v->axes == VOLUME_XYZ;
    CHECK_INT(v->size[xyz ? 0 : 2], 3);
    CHECK_INT(v->size[1], 4);
    CHECK_INT(v->size[xyz ? 2 : 0], 5);
    CHECK_NEAR(v->spacing[xyz ? 0 : 2], 2.0, 1e-6);
    CHECK_NEAR(v->spacing[1], 2.502, 1e-3);
    CHECK_INT(v->channels, strncmp(name, "time", 4) == 0 ? 2 : strncmp(name, "vec", 3) == 0 ? 3 : 1);
    CHECK_INT(v->n_replaced, strcmp(name, "not-finite.nii") == 0 ? 2 : 0);
    for (int c = 0; c < v->channels; c++) {
        for (int i = 0; i < 60; i++) {
            int x = i / 20, y = i / 5 % 4, z = i % 5; /* of the array [x,y,z] */
            size_t at = (size_t)c * 60 + (size_t)(xyz ? i : (z * 4 + y) * 3 + x);
            bad += (double)v->v[at] != voxel(name, x, y, z, c);
        }
    }
    if (bad > 0) {
        fprintf(stderr, "%s: %zu voxels differ\n", name, bad);
    }
    CHECK_INT(bad, 0);
}

static int walk(const char *verdict, bool accept)
{
    int n = 0;
    DIR *d = opendir(corpus(verdict, ""));
    CHECK(d != NULL);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') {
            continue;
        }
        struct volume v = {0};
        err = (limn_error){0};
        limn_status st = nifti_read(corpus(verdict, e->d_name), n % 2 ? VOLUME_ZYX : VOLUME_XYZ, &v, &err);
        if ((st == LIMN_OK) != accept) {
            fprintf(stderr, "%s: %s\n", e->d_name, st == LIMN_OK ? "accepted" : err.text);
        }
        CHECK((st == LIMN_OK) == accept);
        if (accept && st == LIMN_OK) {
            check_values(e->d_name, &v);
        }
        CHECK(accept || ((st == LIMN_ERR_FORMAT || st == LIMN_ERR_UNSUPPORTED) && strstr(err.text, e->d_name) &&
                         strstr(err.text, "offset") && !strchr(err.text, '\n')));
        volume_finish(&v);
        n++;
    }
    if (d) {
        closedir(d);
    }
    return n;
}

static void check_words(const char *name, const char *words)
{
    struct volume v = {0};
    CHECK(nifti_read(corpus("reject", name), VOLUME_XYZ, &v, &err) != LIMN_OK);
    if (strstr(err.text, words) == NULL) {
        fprintf(stderr, "%s: \"%s\" lacks \"%s\"\n", name, err.text, words);
    }
    CHECK(strstr(err.text, words) != NULL);
}

/* The same grid, affine and units; another pass through gzip gives the same bytes. */
static void test_write(void)
{
    static const char *const files[] = {"f4-be.nii", "i2-gz.nii.gz", "time.nii.gz", "extension.nii"};
    char path[64], plain[64];
    snprintf(path, sizeof(path), "nifti-test-%d.nii.gz", (int)getpid());
    snprintf(plain, sizeof(plain), "nifti-test-%d.nii", (int)getpid());
    for (size_t i = 0; i < 4; i++) {
        for (int axes = 0; axes < 2; axes++) {
            struct volume a = {0}, b = {0};
            void *data = NULL;
            size_t n = 0;
            CHECK_OK(nifti_read(corpus("accept", files[i]), (enum volume_axes)axes, &a, &err));
            CHECK_OK(nifti_write(path, &a, "gradcam", true, &err));
            CHECK_OK(nifti_read(path, (enum volume_axes)axes, &b, &err));
            check_values(files[i], &b);
            CHECK(memcmp(a.header + 76, b.header + 76, 32) == 0);   /* pixdim */
            CHECK(memcmp(a.header + 252, b.header + 252, 76) == 0); /* qform, sform */
            CHECK_INT(b.header[123], a.header[123]);
            CHECK_STR((const char *)b.header + 148, "limn gradcam");
            CHECK_OK(nifti_write(plain, &b, "gradcam", true, &err));
            CHECK_OK(file_read_all(plain, 1 << 20, &data, &n, &err));
            CHECK_INT(n, 352 + 240 * (size_t)b.channels);
            mem_free(data);
            CHECK_INT(nifti_write(plain, &b, "gradcam", false, &err), LIMN_ERR_IO);
            volume_finish(&a);
            volume_finish(&b);
        }
    }
    struct volume v = {0};
    CHECK_OK(volume_init(&v, 1, (int32_t[]){2, 3, 4}, &err)); /* without a header */
    for (int i = 0; i < 24; i++) {
        v.v[i] = (float)i;
    }
    struct volume back = {0};
    CHECK_OK(nifti_write(path, &v, "x", true, &err));
    CHECK_OK(nifti_read(path, VOLUME_XYZ, &back, &err));
    CHECK(back.size[0] == 2 && back.size[1] == 3 && back.size[2] == 4 && memcmp(v.v, back.v, 96) == 0);
    back.size[0] = 4; /* no longer the grid of its header */
    back.size[2] = 2;
    CHECK_INT(nifti_write(path, &back, "x", true, &err), LIMN_ERR_SHAPE);
    volume_finish(&v);
    volume_finish(&back);
    unlink(path);
    unlink(plain);
}

/* A linear ramp stays linear inside, edges are clamped; the same size is the same volume. */
static void test_resize(void)
{
    struct volume a = {0}, b = {0}, c = {0};
    CHECK_OK(volume_init(&a, 2, (int32_t[]){4, 3, 5}, &err));
    for (int i = 0; i < 120; i++) {
        int z = i / 15 % 4, y = i / 5 % 3, x = i % 5, ch = i / 60;
        a.v[i] = (float)(z + 10 * y + 100 * x + 1000 * ch);
    }
    CHECK_OK(volume_resize(&a, a.size, &c, &err));
    CHECK(memcmp(a.v, c.v, 120 * sizeof(float)) == 0);
    a.spacing[0] = 3.0f;
    CHECK_OK(volume_resize(&a, (int32_t[]){8, 6, 2}, &b, &err));
    for (int i = 0; i < 192; i++) {
        int z = i / 12 % 8, y = i / 2 % 6, x = i % 2, ch = i / 96;
        double fz = fmin(fmax(0.5 * z - 0.25, 0), 3), fy = fmin(fmax(0.5 * y - 0.25, 0), 2), fx = 2.5 * x + 0.75;
        CHECK_NEAR(b.v[i], fz + 10 * fy + 100 * fx + 1000 * ch, 1e-3);
    }
    CHECK_NEAR(b.spacing[0], 1.5, 1e-6);
    CHECK_NEAR(b.spacing[2], 2.5, 1e-6);
    volume_finish(&c);
    CHECK_INT(volume_resize(&a, (int32_t[]){1 << 20, 1 << 20, 1}, &c, &err), LIMN_ERR_SHAPE);
    volume_finish(&a);
    volume_finish(&b);
    volume_finish(&c);
}

static void test_faults(void)
{
    static const char *const files[] = {"members.nii.gz", "i2-le.nii"};
    char path[64];
    snprintf(path, sizeof(path), "nifti-fault-%d.nii.gz", (int)getpid());
    for (size_t i = 0; i < 2; i++) {
        bool done = false;
        for (unsigned long k = 1; k < 200 && !done; k++) {
            struct volume v = {0}, half = {0};
            err = (limn_error){0};
            inject_arm(INJECT_ALLOC, k, i == 1);
            limn_status st = nifti_read(corpus("accept", files[i]), VOLUME_XYZ, &v, &err);
            st = st == LIMN_OK ? volume_resize(&v, (int32_t[]){2, 2, 2}, &half, &err) : st;
            st = st == LIMN_OK ? nifti_write(path, &v, "x", true, &err) : st;
            done = inject_seen(INJECT_ALLOC) < k;
            inject_arm(INJECT_ALLOC, 0, false);
            CHECK(done ? st == LIMN_OK : st == LIMN_ERR_NOMEM);
            volume_finish(&v);
            volume_finish(&half);
        }
        CHECK(done);
    }
    unlink(path);
}

int main(void)
{
    CHECK(walk("accept", true) >= 25);
    CHECK(walk("reject", false) >= 36);
    check_words("nifti2.nii", "NIfTI-2");
    check_words("pair.nii", ".hdr/.img");
    check_words("offset-nan.nii", "nan");
    check_words("dim-negative.nii", "-4");
    check_words("bits.nii", "8 bits a voxel (expected 16 for int16)");
    check_words("bomb.nii.gz", "at most");
    check_words("checksum.nii.gz", "damaged");
    check_words("type-rgb.nii", "RGB24");
    test_write();
    test_resize();
    test_faults();
    return check_done();
}
