/* Optimisers and learning-rate schedules: the few numbers that change from step to step. The steps themselves are the
 * operators of ops/update.c. */
#include <math.h>

#include "train/train.h"

const char *optim_name(enum optim_rule r)
{
    static const char *const names[OPTIM_COUNT] = {"sgd", "adam", "adamw"};
    return names[r];
}

const char *schedule_name(enum schedule_kind k)
{
    static const char *const names[SCHEDULE_COUNT] = {"constant", "step", "cosine"};
    return names[k];
}

struct optim_options optim_default(enum optim_rule r)
{
    struct optim_options o = {.rule = r, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    o.lr = r == OPTIM_SGD ? 1e-2 : 1e-3;
    o.momentum = r == OPTIM_SGD ? 0.9 : 0;
    o.weight_decay = r == OPTIM_ADAMW ? 1e-2 : 0;
    return o;
}

limn_status optim_check(const struct optim_options *o, limn_error *err)
{
    const struct {
        const char *name;
        double value, below;
        bool used;
    } part[] = {{"momentum", o->momentum, 1, o->rule == OPTIM_SGD},
                {"beta1", o->beta1, 1, o->rule != OPTIM_SGD},
                {"beta2", o->beta2, 1, o->rule != OPTIM_SGD},
                {"weight decay", o->weight_decay, INFINITY, true}};
    if (!(o->lr > 0 && o->lr < INFINITY)) {
        return err_set(err, LIMN_ERR_ARG, "learning rate %g (expected more than 0)", o->lr);
    }
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
        if (part[i].used && !(part[i].value >= 0 && part[i].value < part[i].below)) {
            return err_set(err, LIMN_ERR_ARG, "%s %g (expected 0 or more%s)", part[i].name, part[i].value,
                           part[i].below < 2 ? ", below 1" : "");
        }
    }
    if (o->rule != OPTIM_SGD && !(o->eps > 0)) {
        return err_set(err, LIMN_ERR_ARG, "epsilon %g (expected more than 0)", o->eps);
    }
    if (o->nesterov && o->momentum <= 0) {
        return err_set(err, LIMN_ERR_ARG, "Nesterov momentum needs a momentum (found %g)", o->momentum);
    }
    return LIMN_OK;
}

int32_t optim_rows(const struct optim_options *o)
{
    return o->rule == OPTIM_SGD ? 1 : o->amsgrad ? 3 : 2;
}

const char *optim_row_name(const struct optim_options *o, int32_t i)
{
    static const char *const adam[] = {"m", "v", "vmax"};
    return o->rule == OPTIM_SGD ? "momentum" : adam[i];
}

void optim_numbers(const struct optim_options *o, double lr, uint64_t t, float h[4])
{
    bool sgd = o->rule == OPTIM_SGD;
    h[0] = (float)lr;
    h[1] = sgd ? 0 : (float)(lr / (1 - pow(o->beta1, (double)t)));
    h[2] = sgd ? 0 : (float)(1 / sqrt(1 - pow(o->beta2, (double)t)));
    h[3] = 0;
}

double schedule_rate(const struct schedule *s, double lr, uint64_t t, uint64_t per_epoch, int32_t epochs)
{
    double at = (double)t / (double)per_epoch, rest = (double)epochs - s->warmup;
    if (at < s->warmup) {
        return lr * (double)(t + 1) / ceil(s->warmup * (double)per_epoch);
    }
    if (s->kind == SCHEDULE_STEP) {
        return lr * pow(s->gamma, floor(at / s->every));
    }
    if (s->kind == SCHEDULE_COSINE && rest > 0) {
        double part = fmin((at - s->warmup) / rest, 1);
        return lr * (s->floor + (1 - s->floor) * 0.5 * (1 + cos(3.141592653589793 * part)));
    }
    return lr;
}
