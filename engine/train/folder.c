/* The folder of a training: its lock, its log, its curve, exported weights. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "image/plot.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

enum { LINE_MAX_BYTES = 512, FILE_PATH = 4096 };

/* The lock is the kernel's: it ends with the process, however that ends. */
static limn_status take_lock(struct train_folder *f, limn_error *err)
{
    char path[FILE_PATH], pid[32] = "";
    snprintf(path, sizeof(path), "%s/.lock", f->path);
    f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (f->lock < 0) {
        return err_set(err, LIMN_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    if (flock(f->lock, LOCK_EX | LOCK_NB) != 0) {
        ssize_t n = pread(f->lock, pid, sizeof(pid) - 1, 0);
        pid[n > 0 ? n : 0] = '\0';
        pid[strcspn(pid, "\n")] = '\0';
        close(f->lock);
        f->lock = -1;
        return err_set(err, LIMN_ERR_IO, "%s: another process trains here (process %s holds %s)", f->path,
                       pid[0] ? pid : "unknown", ".lock");
    }
    int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(f->lock, 0) != 0 || pwrite(f->lock, pid, (size_t)n, 0) != n) {
        return err_set(err, LIMN_ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    }
    return LIMN_OK;
}

static bool holds_training(const struct train_folder *f)
{
    struct checkpoint *c = NULL;
    char path[FILE_PATH] = "", model[FILE_PATH];
    checkpoint_newest(f->path, NULL, NULL, &c, path, sizeof(path), NULL);
    checkpoint_close(&c);
    snprintf(model, sizeof(model), "%s/model.safetensors", f->path);
    return path[0] || file_exists(model); /* damaged ones count */
}

limn_status folder_open(struct train_folder *f, const char *path, bool resume, bool force, limn_error *err)
{
    limn_status st = LIMN_OK;
    f->lock = -1;
    if ((size_t)snprintf(f->path, sizeof(f->path), "%s", path) >= sizeof(f->path)) {
        return err_set(err, LIMN_ERR_IO, "%.80s...: path too long", path);
    }
    TRY(dir_ensure(path, err));
    TRY(take_lock(f, err));
    if (!resume && !force && holds_training(f)) {
        TRY(err_set(err, LIMN_ERR_IO, "%s: holds a training (--resume continues it, --force starts anew)", path));
    }
    checkpoint_prune(f->path, SIZE_MAX);
out:
    if (st != LIMN_OK) {
        folder_close(f);
    }
    return st;
}

void folder_close(struct train_folder *f)
{
    if (f->path[0] && f->lock >= 0) {
        close(f->lock);
    }
    memset(f, 0, sizeof(*f));
}

limn_status folder_write_log(const struct train_folder *f, const struct train_task *t, const struct train_state *s,
                             limn_error *err)
{
    char path[FILE_PATH];
    size_t n = 0;
    limn_status st = LIMN_OK;
    char *text = mem_alloc(s->n_history + 1, LINE_MAX_BYTES);
    if (!text) {
        return err_nomem(err, s->n_history * LINE_MAX_BYTES, "a log");
    }
    for (size_t i = 0; i < s->n_history; i++) {
        int k = epoch_line(t, &s->history[i], text + n, LINE_MAX_BYTES);
        if (k < 0) {
            TRY(err_nomem(err, LINE_MAX_BYTES, "a log"));
        }
        n += (size_t)k;
    }
    snprintf(path, sizeof(path), "%s/log.jsonl", f->path);
    st = file_write_atomic(path, text, n, true, err);
out:
    mem_free(text);
    return st;
}

limn_status folder_draw_losses(const struct train_folder *f, const struct train_state *s, limn_error *err)
{
    size_t n = s->n_history;
    struct image im = {0};
    char path[FILE_PATH];
    limn_status st = LIMN_OK;
    double *y = mem_alloc(2 * n + 1, sizeof(*y));
    if (!y) {
        return err_nomem(err, 2 * n * sizeof(*y), "a curve");
    }
    for (size_t i = 0; i < n; i++) {
        y[i] = s->history[i].loss;
        y[n + i] = s->history[i].val_loss < 0 ? NAN : s->history[i].val_loss;
    }
    struct plot_curve curve[2] = {{.name = "training", .y = y, .n = n, .dots = true},
                                  {.name = "validation", .y = y + n, .n = n, .dots = true}};
    struct plot p = {
        .title = "loss", .x_name = "epoch", .curve = curve, .n_curve = n && s->history[0].val_loss < 0 ? 1 : 2};
    TRY(plot_draw(&p, &im, err));
    snprintf(path, sizeof(path), "%s/loss.png", f->path);
    TRY(image_save_png(path, &im, NULL, 0, true, err));
out:
    image_finish(&im);
    mem_free(y);
    return st;
}

limn_status folder_export(const struct train_folder *f, const char *name, struct train_plan *p, bool ema,
                          const char *card, limn_error *err)
{
    char path[FILE_PATH];
    limn_status st = LIMN_OK;
    snprintf(path, sizeof(path), "%s/%s.json", f->path, name);
    if (card) {
        TRY(file_write_atomic(path, card, strlen(card), true, err));
    }
    snprintf(path, sizeof(path), "%s/%s.safetensors", f->path, name);
    TRY(checkpoint_export(path, p, ema, err));
out:
    return st;
}
