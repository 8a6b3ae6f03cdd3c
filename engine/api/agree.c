/* How alike two stored or fresh maps are. */
#include <limn/map.h>

#include "api/scene.h"
#include "image/agree.h"

limn_status limn_map_agreement(const limn_explanation *a, struct limn_which which_a, const limn_explanation *b,
                               struct limn_which which_b, const struct limn_drawing *d, struct limn_agreement *out,
                               limn_error *err)
{
    API_NEED(a);
    API_NEED(b);
    API_NEED(out);
    limn_status st = LIMN_OK;
    const struct limn_drawing plain = {0};
    struct image cut_a = {0}, cut_b = {0};
    struct scene sa = {0}, sb = {0};
    struct plane p = {0}, q = {0}, fit = {0};
    struct agreement r = {0};
    TRY(scene_open(a, which_a, d ? d : &plain, &cut_a, &sa, err));
    struct limn_drawing same = d ? *d : plain;
    same.slice = sa.is_volume ? &sa.slice : NULL;
    TRY(scene_open(b, which_b, &same, &cut_b, &sb, err));
    sa.full = sb.full = 0.0; /* correlations do not know scales; a clipped map would be another one */
    TRY(scene_heat(&sa, &p, err));
    TRY(scene_heat(&sb, &q, err));
    TRY(plane_resize(&q, p.width, p.height, RESIZE_BILINEAR, true, &fit, err));
    TRY(agree(p.v, fit.v, (size_t)p.width * (size_t)p.height, &r, err));
    *out = (struct limn_agreement){r.pearson, r.spearman, r.overlap};
out:
    plane_finish(&p);
    plane_finish(&q);
    plane_finish(&fit);
    image_finish(&cut_a);
    image_finish(&cut_b);
    return st;
}
