/* Writing, checking and choosing checkpoints (format: checkpoint.h). Writing streams one tensor at a time. */
#include "train/checkpoint.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/str.h"
#include "model/st_write.h"

#define MAGIC "LIMNCKPT"
#define STATE_MAX (64u << 20)
enum { MAGIC_BYTES = 8, PATH_SIZE = 4096 };

static uint32_t crc(uint32_t before, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (size_t k; n > 0; n -= k, p += k) {
        k = n < (1u << 30) ? n : (1u << 30);
        before = (uint32_t)crc32(before, p, (uInt)k);
    }
    return before;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static size_t trailer_bytes(size_t n_tensor)
{
    return 4 * n_tensor + 4 + MAGIC_BYTES + 4;
}

/* --- writing --- */

struct writing {
    struct train_plan *p;
    struct file_writer *w;
    struct st_tensor *tensor; /* all of the file */
    const struct st_tensor **list;
    size_t *from; /* tensors of the plan */
    size_t n;
    float *buf;
    uint8_t *trailer; /* NULL: a plain weight file */
};

static void describe(struct st_tensor *t, const char *name, enum dtype dtype, const struct shape *shape)
{
    *t = (struct st_tensor){.name = name, .dtype = dtype, .rank = shape->rank, .elems = shape_elems(shape)};
    for (int32_t i = 0; i < shape->rank; i++) {
        t->dim[i] = shape->dim[i];
    }
    t->bytes = t->elems * dtype_size(dtype);
}

static void writing_finish(struct writing *x)
{
    file_writer_abort(&x->w);
    mem_free(x->tensor);
    mem_free(x->list);
    mem_free(x->from);
    mem_free(x->buf);
    mem_free(x->trailer);
}

static size_t average_of(const struct train_plan *p, size_t i, bool ema)
{
    const char *name = train_plan_tensor(p, i)->name;
    for (size_t k = i; ema && k < train_plan_count(p); k++) {
        const struct train_tensor *t = train_plan_tensor(p, k);
        if (t->kind == TENSOR_EMA && strcmp(t->name + strlen("ema."), name) == 0) {
            return k;
        }
    }
    return i;
}

/* Lists the plan's tensors: all, or only the network's. */
static limn_status list_tensors(struct writing *x, bool all, bool ema, limn_error *err)
{
    size_t count = train_plan_count(x->p), most = 0;
    x->tensor = mem_zalloc(count + 2, sizeof(*x->tensor));
    x->list = mem_zalloc(count + 2, sizeof(*x->list));
    x->from = mem_zalloc(count + 2, sizeof(*x->from));
    if (!x->tensor || !x->list || !x->from) {
        return err_nomem(err, count * sizeof(*x->tensor), "a list of tensors");
    }
    for (size_t i = 0; i < count; i++) {
        const struct train_tensor *t = train_plan_tensor(x->p, i);
        if (all || t->kind == TENSOR_PARAM || t->kind == TENSOR_STAT || t->kind == TENSOR_FIXED) {
            x->from[x->n] = average_of(x->p, i, ema);
            describe(&x->tensor[x->n], t->name, DTYPE_F32, &t->shape);
            x->list[x->n] = &x->tensor[x->n];
            x->n++;
            most = t->n > most ? t->n : most;
        }
    }
    x->buf = mem_alloc(most + 1, sizeof(float));
    return x->buf ? LIMN_OK : err_nomem(err, most * sizeof(float), "the largest tensor");
}

static limn_status write_tensors(struct writing *x, limn_error *err)
{
    limn_status st = LIMN_OK;
    for (size_t i = 0; i < x->n; i++) {
        const struct st_tensor *t = &x->tensor[i];
        TRY(train_plan_get(x->p, x->from[i], x->buf, err));
        for (size_t k = 0; k < t->elems; k++) {
            if (!isfinite(x->buf[k])) {
                TRY(err_set(err, LIMN_ERR_NUMERIC, "%s: element %zu is not finite", t->name, k));
            }
        }
        TRY(file_writer_add(x->w, x->buf, (size_t)t->bytes, err));
        if (x->trailer) {
            put32(x->trailer + 4 * i, crc(0, x->buf, (size_t)t->bytes));
        }
    }
out:
    return st;
}

static limn_status write_end(struct writing *x, const char *state, const uint8_t *head, size_t head_bytes,
                             limn_error *err)
{
    size_t n = strlen(state), total = trailer_bytes(x->n + 1), at = 4 * x->n;
    limn_status st = LIMN_OK;
    TRY(file_writer_add(x->w, state, n, err));
    put32(x->trailer + at, crc(0, state, n));
    put32(x->trailer + at + 4, crc(0, head, head_bytes));
    memcpy(x->trailer + at + 8, MAGIC, MAGIC_BYTES);
    put32(x->trailer + total - 4, crc(0, x->trailer, total - 4));
    TRY(file_writer_add(x->w, x->trailer, total, err));
out:
    return st;
}

limn_status checkpoint_write(const char *path, struct train_plan *p, const char *state, limn_error *err)
{
    static const struct st_note note[] = {{"format", "pt"}, {"limn", "checkpoint of a training"}};
    struct writing x = {.p = p};
    uint8_t *head = NULL;
    size_t head_bytes = 0;
    limn_status st = LIMN_OK;
    TRY(list_tensors(&x, true, false, err));
    size_t total = trailer_bytes(x.n + 1);
    x.trailer = mem_zalloc(total, 1);
    if (!x.trailer) {
        TRY(err_nomem(err, total, "a checkpoint"));
    }
    struct shape text = SHAPE((int32_t)strlen(state)), end = SHAPE((int32_t)total);
    describe(&x.tensor[x.n], "limn.state", DTYPE_U8, &text);
    describe(&x.tensor[x.n + 1], "limn.trailer", DTYPE_U8, &end);
    x.list[x.n] = &x.tensor[x.n];
    x.list[x.n + 1] = &x.tensor[x.n + 1];
    TRY(file_writer_open(path, true, &x.w, err));
    TRY(safetensors_begin(x.w, x.list, x.n + 2, note, 2, &head, &head_bytes, err));
    TRY(write_tensors(&x, err));
    TRY(write_end(&x, state, head, head_bytes, err));
    st = file_writer_commit(&x.w, err);
out:
    mem_free(head);
    writing_finish(&x);
    return st;
}

limn_status checkpoint_export(const char *path, struct train_plan *p, bool ema, limn_error *err)
{
    static const struct st_note note[] = {{"format", "pt"}};
    struct writing x = {.p = p};
    limn_status st = LIMN_OK;
    TRY(list_tensors(&x, false, ema, err));
    TRY(file_writer_open(path, true, &x.w, err));
    TRY(safetensors_begin(x.w, x.list, x.n, note, 1, NULL, NULL, err));
    TRY(write_tensors(&x, err));
    st = file_writer_commit(&x.w, err);
out:
    writing_finish(&x);
    return st;
}

/* --- reading --- */

struct checkpoint {
    struct safetensors *file;
    char *state;
    char path[PATH_SIZE];
};

const char *checkpoint_state(const struct checkpoint *c)
{
    return c->state;
}

void checkpoint_close(struct checkpoint **c)
{
    if (c && *c) {
        safetensors_close(&(*c)->file);
        mem_free((*c)->state);
        mem_free(*c);
        *c = NULL;
    }
}

/* CRC of the header with its length. */
static limn_status header_crc(const char *path, uint32_t *out, limn_error *err)
{
    struct file *f = NULL;
    uint8_t length[8], *head = NULL;
    uint64_t n = 0;
    limn_status st = LIMN_OK;
    TRY(file_open(path, &f, err));
    TRY(file_read_at(f, 0, length, sizeof(length), err));
    for (int i = 8; i-- > 0;) {
        n = n << 8 | length[i];
    }
    if (n > file_size(f)) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: header of %llu bytes in a shorter file", path, (unsigned long long)n));
    }
    head = mem_alloc((size_t)n, 1);
    if (!head) {
        TRY(err_nomem(err, (size_t)n, path));
    }
    TRY(file_read_at(f, sizeof(length), head, (size_t)n, err));
    *out = crc(crc(0, length, sizeof(length)), head, (size_t)n);
out:
    mem_free(head);
    file_close(&f);
    return st;
}

static limn_status read_trailer(const struct checkpoint *c, uint8_t *trailer, size_t total, limn_error *err)
{
    size_t n = safetensors_count(c->file);
    const struct st_tensor *t = safetensors_at(c->file, n - 1);
    uint8_t check[4];
    limn_status st = LIMN_OK;
    if (strcmp(t->name, "limn.trailer") != 0 || t->bytes != total) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: not a checkpoint of a training (no trailer at its end)", c->path);
    }
    TRY(safetensors_read_raw(t, trailer, err));
    put32(check, crc(0, trailer, total - 4));
    if (memcmp(trailer + total - 4 - MAGIC_BYTES, MAGIC, MAGIC_BYTES) != 0 ||
        memcmp(check, trailer + total - 4, 4) != 0) {
        st = err_set(err, LIMN_ERR_FORMAT, "%s: limn.trailer: damaged (wrong checksum)", c->path);
    }
out:
    return st;
}

/* Compares one tensor with its checksum; hands limn.state over. */
static limn_status check_tensor(struct checkpoint *c, size_t i, const uint8_t *want, limn_error *err)
{
    const struct st_tensor *t = safetensors_at(c->file, i);
    uint8_t check[4], *data = mem_zalloc((size_t)t->bytes + 1, 1);
    limn_status st = LIMN_OK;
    if (!data) {
        return err_nomem(err, (size_t)t->bytes, t->name);
    }
    TRY(safetensors_read_raw(t, data, err));
    put32(check, crc(0, data, (size_t)t->bytes));
    if (memcmp(check, want, 4) != 0) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: %s: damaged (wrong checksum)", c->path, t->name));
    }
    if (strcmp(t->name, "limn.state") == 0 && t->bytes <= STATE_MAX) {
        c->state = (char *)data;
        data = NULL;
    }
out:
    mem_free(data);
    return st;
}

static limn_status check_file(struct checkpoint *c, limn_error *err)
{
    size_t n = safetensors_count(c->file), total = trailer_bytes(n - 1);
    uint8_t head[4], *trailer = mem_alloc(total, 1);
    uint32_t head_crc = 0;
    limn_status st = LIMN_OK;
    if (!trailer) {
        return err_nomem(err, total, "a checkpoint");
    }
    TRY(read_trailer(c, trailer, total, err));
    TRY(header_crc(c->path, &head_crc, err));
    put32(head, head_crc);
    if (memcmp(head, trailer + 4 * (n - 1), 4) != 0) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: header: damaged (wrong checksum)", c->path));
    }
    for (size_t i = 0; i + 1 < n; i++) {
        TRY(check_tensor(c, i, trailer + 4 * i, err));
    }
    if (!c->state) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: not a checkpoint of a training (no limn.state)", c->path));
    }
out:
    mem_free(trailer);
    return st;
}

limn_status checkpoint_open(const char *path, struct checkpoint **out, limn_error *err)
{
    struct checkpoint *c = mem_zalloc(1, sizeof(*c));
    limn_status st = LIMN_OK;
    if (!c) {
        return err_nomem(err, sizeof(*c), "a checkpoint");
    }
    snprintf(c->path, sizeof(c->path), "%s", path);
    TRY(safetensors_open(path, &c->file, err));
    if (safetensors_count(c->file) == 0) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: no tensors", path));
    }
    TRY(check_file(c, err));
    *out = c;
    c = NULL;
out:
    checkpoint_close(&c);
    return st;
}

static const struct st_tensor *find_tensor(const struct checkpoint *c, const struct train_tensor *t)
{
    struct shape s;
    for (size_t i = 0; i < safetensors_count(c->file); i++) {
        const struct st_tensor *x = safetensors_at(c->file, i);
        if (strcmp(x->name, t->name) == 0) {
            return x->dtype == DTYPE_F32 && st_tensor_shape(x, &s) && shape_equal(&s, &t->shape) ? x : NULL;
        }
    }
    return NULL;
}

static limn_status restore_tensor(struct checkpoint *c, struct train_plan *p, size_t i, limn_error *err)
{
    const struct train_tensor *t = train_plan_tensor(p, i);
    const struct st_tensor *x = find_tensor(c, t);
    float *v = mem_alloc(2 * t->n, sizeof(*v));
    limn_status st = LIMN_OK;
    if (!v) {
        return err_nomem(err, 2 * t->n * sizeof(*v), t->name);
    }
    if (!x) {
        char text[SHAPE_TEXT_MAX];
        TRY(err_set(err, LIMN_ERR_FORMAT, "%s: no tensor \"%s\" of %s", c->path, t->name, shape_text(&t->shape, text)));
    }
    TRY(safetensors_read_raw(x, v, err));
    if (t->kind != TENSOR_FIXED) {
        TRY(train_plan_set(p, i, v, err));
    } else {
        TRY(train_plan_get(p, i, v + t->n, err));
        if (memcmp(v, v + t->n, t->n * sizeof(*v)) != 0) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "%s: \"%s\" is frozen, but now starts with other numbers", c->path,
                        t->name));
        }
    }
out:
    mem_free(v);
    return st;
}

limn_status checkpoint_restore(struct checkpoint *c, struct train_plan *p, limn_error *err)
{
    size_t extra = safetensors_count(c->file) - 2;
    limn_status st = LIMN_OK;
    if (extra != train_plan_count(p)) {
        return err_set(err, LIMN_ERR_FORMAT, "%s: %zu tensors (expected %zu of this network and optimiser)", c->path,
                       extra, train_plan_count(p));
    }
    for (size_t i = 0; i < train_plan_count(p); i++) {
        TRY(restore_tensor(c, p, i, err));
    }
out:
    return st;
}

/* --- folders --- */

void checkpoint_path(const char *folder, uint64_t step, char *buf, size_t size)
{
    snprintf(buf, size, "%s/checkpoint-%010llu.safetensors", folder, (unsigned long long)step);
}

static bool is_checkpoint(const char *name)
{
    static const char before[] = "checkpoint-", after[] = ".safetensors";
    size_t n = strlen(name), digits = strspn(name + (str_starts(name, before) ? sizeof(before) - 1 : 0), "0123456789");
    return str_starts(name, before) && digits >= 10 && n == sizeof(before) - 1 + digits + sizeof(after) - 1 &&
           str_ends(name, after);
}

static int newest_first(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    size_t nx = strlen(x), ny = strlen(y);
    return nx != ny ? (nx < ny ? 1 : -1) : -strcmp(x, y);
}

struct names {
    char **v;
    size_t n, cap;
};

static void names_finish(struct names *list)
{
    for (size_t i = 0; i < list->n; i++) {
        mem_free(list->v[i]);
    }
    mem_free(list->v);
}

static limn_status list_names(const char *folder, struct names *list, limn_error *err)
{
    DIR *d = opendir(folder);
    limn_status st = LIMN_OK;
    if (!d) {
        return LIMN_OK;
    }
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (is_checkpoint(e->d_name)) {
            TRY(mem_grow(&list->v, &list->cap, list->n + 1, sizeof(*list->v), err));
            char *copy = mem_strdup(e->d_name);
            if (!copy) {
                TRY(err_nomem(err, strlen(e->d_name), "the names of checkpoints"));
            }
            list->v[list->n++] = copy;
        }
    }
    if (list->n) {
        qsort(list->v, list->n, sizeof(*list->v), newest_first);
    }
out:
    closedir(d);
    return st;
}

limn_status checkpoint_newest(const char *folder, void (*note)(void *user, const char *line), void *user,
                              struct checkpoint **out, char *path, size_t size, limn_error *err)
{
    struct names list = {0};
    limn_status st = LIMN_OK;
    *out = NULL;
    TRY(list_names(folder, &list, err));
    for (size_t i = 0; i < list.n && !*out; i++) {
        limn_error why = {0};
        snprintf(path, size, "%s/%s", folder, list.v[i]);
        st = checkpoint_open(path, out, &why);
        if (st == LIMN_ERR_NOMEM) {
            TRY(err_set(err, st, "%s", why.text));
        }
        if (st != LIMN_OK && note) {
            char line[sizeof(why.text) + 16];
            snprintf(line, sizeof(line), "skipped %s", why.text);
            note(user, line);
        }
        st = LIMN_OK;
    }
out:
    names_finish(&list);
    return st;
}

void checkpoint_prune(const char *folder, size_t keep)
{
    struct names list = {0};
    char path[PATH_SIZE + 300];
    if (list_names(folder, &list, NULL) == LIMN_OK) {
        for (size_t i = keep; i < list.n; i++) {
            snprintf(path, sizeof(path), "%s/%s", folder, list.v[i]);
            unlink(path);
        }
    }
    names_finish(&list);
    dir_remove_litter(folder);
}
