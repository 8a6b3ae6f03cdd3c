/* Autoencoders at the border: what they keep of a picture. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/shift.h"
#include "image/metrics.h"

#define CELL_PX 224

/* In place: what a picture can show. */
static void clip(struct tensor *t)
{
    for (size_t i = 0; i < shape_elems(&t->shape); i++) {
        t->data[i] = t->data[i] > 0 ? t->data[i] < 1 ? t->data[i] : 1 : 0;
    }
}

static limn_status to_image(const struct tensor *t, limn_image **out, limn_error *err)
{
    limn_image *im = mem_zalloc(1, sizeof(*im));
    if (!im) {
        return err_nomem(err, sizeof(*im), "a picture");
    }
    limn_status st = pixels_to_image(t->data, &t->shape, &im->im, err);
    if (st != LIMN_OK) {
        mem_free(im);
        return st;
    }
    *out = im;
    return LIMN_OK;
}

static limn_status compare(struct tensor *a, struct tensor *b, struct limn_reconstruct *r, limn_error *err)
{
    struct metrics m;
    limn_status st = LIMN_OK;
    const struct shape *s = &a->shape;
    clip(a);
    clip(b);
    TRY(metrics_compare(a->data, b->data, s->dim[1], s->dim[2], s->dim[3], &m, err));
    r->mse = m.mse;
    r->mae = m.mae;
    r->psnr = m.psnr;
    r->ssim = m.ssim;
    r->max_difference = m.max;
    TRY(to_image(a, &r->original, err));
    TRY(to_image(b, &r->reconstruction, err));
    for (size_t i = 0; i < shape_elems(s); i++) {
        a->data[i] = m.max > 0 ? (float)(fabs((double)a->data[i] - (double)b->data[i]) / m.max) : 0;
    }
    TRY(to_image(a, &r->difference, err));
out:
    return st;
}

limn_status limn_reconstruct(limn_model *autoencoder, const limn_image *image, struct limn_reconstruct *out,
                             limn_error *err)
{
    API_NEED(autoencoder);
    API_NEED(image);
    API_NEED(out);
    limn_context *ctx = autoencoder->ctx;
    struct limn_reconstruct r = {0};
    struct tensor a = {0}, b = {0};
    struct shape in = model_input_shape(autoencoder->model, 1);
    struct exec_params ep = {.max_memory = ctx->max_memory};
    limn_status st = LIMN_OK;
    float *x = mem_alloc(shape_elems(&in), sizeof(float));
    if (!x) {
        TRY(err_nomem(err, shape_elems(&in) * sizeof(float), "an input"));
    }
    if (!ctx->reference) {
        TRY(context_open_device(ctx, err));
    }
    TRY(model_preprocess(autoencoder->model, &image->im, x, NULL, err));
    TRY(shift_reconstruct(autoencoder->model, ctx->device, &ep, x, &a, &b, err));
    TRY(compare(&a, &b, &r, err));
    *out = r;
    r = (struct limn_reconstruct){0};
out:
    limn_reconstruct_free(&r);
    tensor_finish(&a);
    tensor_finish(&b);
    mem_free(x);
    return st;
}

void limn_reconstruct_free(struct limn_reconstruct *r)
{
    if (r) {
        limn_image_destroy(&r->original);
        limn_image_destroy(&r->reconstruction);
        limn_image_destroy(&r->difference);
    }
}

limn_status limn_reconstruct_panel(const struct limn_reconstruct *r, limn_image **out, limn_error *err)
{
    API_NEED(r);
    API_NEED(out);
    API_NEED(r->original);
    API_NEED(r->reconstruction);
    API_NEED(r->difference);
    const limn_image *from[] = {r->original, r->reconstruction, r->difference};
    const char *const title[] = {"original", "reconstruction", "difference"};
    struct image large[3] = {0};
    struct panel_cell cell[3];
    char caption[2][80];
    limn_status st = LIMN_OK;
    limn_image *im = mem_zalloc(1, sizeof(*im));
    if (!im) {
        return err_nomem(err, sizeof(*im), "a picture");
    }
    snprintf(caption[0], sizeof(caption[0]), "PSNR %.1f dB, SSIM %.3f", r->psnr, r->ssim);
    snprintf(caption[1], sizeof(caption[1]), "white: %.2f of 1", r->max_difference);
    int32_t side = 0;
    for (int i = 0; i < 3; i++) {
        const struct image *p = &from[i]->im;
        int32_t longer = p->width > p->height ? p->width : p->height, zoom = longer < CELL_PX ? CELL_PX / longer : 1;
        side = longer * zoom > side ? longer * zoom : side;
        TRY(image_resize(p, p->width * zoom, p->height * zoom, RESIZE_NEAREST, false, &large[i], err));
        cell[i] = (struct panel_cell){.image = &large[i], .title = title[i], .caption = i > 0 ? caption[i - 1] : NULL};
    }
    TRY(panel_compose(NULL, cell, 3, 3, side, &im->im, err));
    *out = im;
    im = NULL;
out:
    for (int i = 0; i < 3; i++) {
        image_finish(&large[i]);
    }
    limn_image_destroy(&im);
    return st;
}
