/* The method and colour map tables, one info struct per row, so that front ends know no row by name. */
#include "api/api.h"

size_t limn_method_count(void)
{
    return method_count();
}

limn_status limn_method_info(size_t i, struct limn_method_info *out, limn_error *err)
{
    API_NEED(out);
    if (i >= method_count()) {
        return err_set(err, LIMN_ERR_ARG, "method index (found %zu, expected below %zu)", i, method_count());
    }
    const struct method *m = method_at(i);
    *out = (struct limn_method_info){
        m->name, m->title, m->doc, m->kind == MAP_CAM ? LIMN_MAP_CAM : LIMN_MAP_GRADIENT, m->uses_layer, m->unit};
    return LIMN_OK;
}

size_t limn_colormap_count(void)
{
    return colormap_count();
}

limn_status limn_colormap_info(size_t i, struct limn_colormap_info *out, limn_error *err)
{
    API_NEED(out);
    if (i >= colormap_count()) {
        return err_set(err, LIMN_ERR_ARG, "colour map index (found %zu, expected below %zu)", i, colormap_count());
    }
    const struct colormap *c = colormap_at(i);
    *out = (struct limn_colormap_info){c->name, c->doc, c->diverging};
    return LIMN_OK;
}
