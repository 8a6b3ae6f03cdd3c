/* Elementwise operators. A row names the engine's operator where ours is the same; the others are short compositions.
 * Booleans are 0 and 1, integers whole numbers: where a result would not be one (Div), it is cut towards zero. */
#include <math.h>
#include <string.h>

#include "model/onnx/import.h"

/* Before opset 7 the second operand was matched at an axis: its shape gets ones behind it. */
static struct onnx_val *second_operand(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *y = call_in(c, 1);
    int64_t dim[ONNX_MAX_RANK];
    if (c->opset >= 7 || y == NULL || attr_find(c, "axis", ONNX_ATTR_INT) == NULL || y->rank > x->rank) {
        return y;
    }
    int32_t axis = attr_axis(c, "axis", 0, x->rank);
    for (int32_t i = axis; i < x->rank; i++) {
        dim[i - axis] = i - axis < y->rank ? y->dim[i - axis] : 1;
    }
    return call_ok(c) ? move_view(c, y, x->rank - axis, dim) : NULL;
}

void onnx_unary(struct onnx_call *c)
{
    c->out[0] = make_unary(c, c->row->engine, NULL, call_in(c, 0));
}

void onnx_binary(struct onnx_call *c)
{
    c->out[0] = make_binary(c, c->row->engine, call_in(c, 0), second_operand(c));
}

void onnx_mul(struct onnx_call *c)
{
    struct onnx_val *y = second_operand(c), *whole = pattern_mul(c, call_in(c, 0), y);
    c->out[0] = whole != NULL ? whole : make_binary(c, &op_mul, call_in(c, 0), y);
}

/* Comparisons and logic: the result is boolean. */
void onnx_predicate(struct onnx_call *c)
{
    struct onnx_val *in[2] = {call_in(c, 0), c->n_in > 1 ? second_operand(c) : NULL};
    c->out[0] = make_each(c, ONNX_BOOL, c->row->engine, NULL, c->n_in > 1 ? 2 : 1, in);
}

void onnx_is_inf(struct onnx_call *c)
{
    struct is_inf_attrs a = {attr_flag(c, "detect_negative", true), attr_flag(c, "detect_positive", true)};
    c->out[0] = make_each(c, ONNX_BOOL, &op_is_inf, &a, 1, c->in);
}

static struct onnx_val *chain(struct onnx_call *c, const struct op *op)
{
    struct onnx_val *v = val_copy(c, call_in(c, 0));
    for (size_t i = 1; i < c->n_in; i++) {
        v = make_binary(c, op, v, c->in[i]);
    }
    return v;
}

/* Max, Min, Sum of any number of inputs. */
void onnx_variadic(struct onnx_call *c)
{
    c->out[0] = chain(c, c->row->engine);
}

void onnx_mean(struct onnx_call *c)
{
    c->out[0] = make_affine(c, chain(c, &op_add), 1.0 / (double)c->n_in, 0);
}

/* Towards zero: sign(x) floor(|x|). On known numbers the type does it. */
static struct onnx_val *truncate(struct onnx_call *c, struct onnx_val *x)
{
    if (x == NULL || val_known(x)) {
        return x;
    }
    struct onnx_val *whole = make_unary(c, &op_floor, NULL, make_unary(c, &op_abs, NULL, x));
    return make_binary(c, &op_mul, make_unary(c, &op_sign, NULL, x), whole);
}

void onnx_div(struct onnx_call *c)
{
    struct onnx_val *whole = pattern_div(c, call_in(c, 0), call_in(c, 1));
    struct onnx_val *y = whole != NULL ? whole : make_binary(c, &op_div, call_in(c, 0), second_operand(c));
    c->out[0] = onnx_type_is_float(call_in(c, 0)->type) ? y : truncate(c, y);
}

void onnx_pow(struct onnx_call *c)
{
    struct onnx_val *y = make_binary(c, &op_pow, call_in(c, 0), second_operand(c));
    c->out[0] = onnx_type_is_float(call_in(c, 0)->type) ? y : truncate(c, y);
}

void onnx_mod(struct onnx_call *c)
{
    c->out[0] = make_binary(c, attr_flag(c, "fmod", false) ? &op_fmod : &op_mod, call_in(c, 0), call_in(c, 1));
}

/* x * 2^y, or the whole part of x / 2^y; the type wraps what is shifted out. */
void onnx_bit_shift(struct onnx_call *c)
{
    static const char *const names[] = {"LEFT", "RIGHT", NULL};
    struct onnx_val *x = call_in(c, 0), *base = val_scalar(c, ONNX_DOUBLE, 2);
    bool right = attr_choice(c, "direction", 0, names) == 1;
    struct onnx_val *by = make_binary(c, &op_pow, base, call_in(c, 1));
    struct onnx_val *y = make_binary(c, right ? &op_div : &op_mul, x, by);
    c->out[0] = right && y != NULL && !val_known(y) ? make_unary(c, &op_floor, NULL, y) : y;
}

void onnx_neg(struct onnx_call *c)
{
    c->out[0] = make_affine(c, call_in(c, 0), -1, 0);
}

void onnx_where(struct onnx_call *c)
{
    c->out[0] = make_each(c, call_in(c, 1)->type, &op_where, NULL, 3, c->in);
}

/* --- activations with parameters --- */

void onnx_leaky_relu(struct onnx_call *c)
{
    struct leaky_relu_attrs a = {.slope = attr_float(c, "alpha", 0.01f)};
    c->out[0] = make_unary(c, &op_leaky_relu, &a, call_in(c, 0));
}

void onnx_elu(struct onnx_call *c)
{
    struct elu_attrs a = {.alpha = attr_float(c, "alpha", 1)};
    c->out[0] = make_unary(c, &op_elu, &a, call_in(c, 0));
}

void onnx_selu(struct onnx_call *c)
{
    struct elu_attrs a = {.alpha = attr_float(c, "alpha", 1.67326319217681884765625f)};
    double gamma = (double)attr_float(c, "gamma", 1.05070102214813232421875f);
    c->out[0] = make_affine(c, make_unary(c, &op_elu, &a, call_in(c, 0)), gamma, 0);
}

/* alpha elu(x / alpha) */
void onnx_celu(struct onnx_call *c)
{
    double alpha = (double)attr_float(c, "alpha", 1);
    if (alpha == 0) {
        call_fail(c, LIMN_ERR_FORMAT, "attribute alpha is 0");
        return;
    }
    struct onnx_val *y = make_affine(c, call_in(c, 0), 1 / alpha, 0);
    c->out[0] = make_affine(c, make_unary(c, &op_elu, (&(struct elu_attrs){1}), y), alpha, 0);
}

void onnx_thresholded_relu(struct onnx_call *c)
{
    struct thresholded_relu_attrs a = {.alpha = attr_float(c, "alpha", 1)};
    c->out[0] = make_unary(c, &op_thresholded_relu, &a, call_in(c, 0));
}

void onnx_hard_sigmoid(struct onnx_call *c)
{
    struct hard_sigmoid_attrs a = {attr_float(c, "alpha", 0.2f), attr_float(c, "beta", 0.5f)};
    c->out[0] = make_unary(c, &op_hard_sigmoid, &a, call_in(c, 0));
}

void onnx_gelu(struct onnx_call *c)
{
    static const char *const names[] = {"none", "tanh", NULL};
    struct gelu_attrs a = {.tanh = attr_choice(c, "approximate", 0, names)};
    c->out[0] = make_unary(c, &op_gelu, &a, call_in(c, 0));
}

/* A slope of one dimension belonged to the channels before opset 7. */
void onnx_prelu(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *slope = call_in(c, 1);
    int64_t dim[ONNX_MAX_RANK] = {0};
    if (c->opset < 7 && slope->rank == 1 && x->rank > 1 && slope->n > 1) {
        for (int32_t i = 0; i < x->rank - 1; i++) {
            dim[i] = i == 0 ? slope->dim[0] : 1;
        }
        slope = move_view(c, slope, x->rank - 1, dim);
    }
    c->out[0] = make_binary(c, &op_prelu, x, slope);
}

/* x + bias below -lambd, x - bias above lambd, else 0 */
void onnx_shrink(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0);
    double limit = (double)attr_float(c, "lambd", 0.5f), bias = (double)attr_float(c, "bias", 0);
    struct onnx_val *lo = val_scalar(c, x->type, -limit), *hi = val_scalar(c, x->type, limit);
    struct onnx_val *below = make_each(c, ONNX_BOOL, &op_less, NULL, 2, (struct onnx_val *[]){x, lo});
    struct onnx_val *above = make_each(c, ONNX_BOOL, &op_greater, NULL, 2, (struct onnx_val *[]){x, hi});
    struct onnx_val *rest =
        make_each(c, x->type, &op_where, NULL, 3,
                  (struct onnx_val *[]){above, make_affine(c, x, 1, -bias), val_scalar(c, x->type, 0)});
    c->out[0] =
        make_each(c, x->type, &op_where, NULL, 3, (struct onnx_val *[]){below, make_affine(c, x, 1, bias), rest});
}

/* Limits that are known make one of the operators that explanation rules know. */
static struct onnx_val *clip_known(struct onnx_call *c, struct onnx_val *x, double lo, double hi)
{
    struct clip_attrs a = {(float)lo, (float)hi};
    if (lo == 0 && (hi == 6 || hi == HUGE_VAL)) {
        return make_unary(c, hi == 6 ? &op_relu6 : &op_relu, NULL, x);
    }
    return make_unary(c, &op_clip, &a, x);
}

void onnx_clip(struct onnx_call *c)
{
    struct onnx_val *x = call_in(c, 0), *lo = call_in(c, 1), *hi = call_in(c, 2);
    if ((lo == NULL || val_known(lo)) && (hi == NULL || val_known(hi))) {
        double low = call_number(c, c->opset < 11 ? "min" : NULL, 1, -HUGE_VAL);
        double high = call_number(c, c->opset < 11 ? "max" : NULL, 2, HUGE_VAL);
        c->out[0] = clip_known(c, x, low, high);
        return;
    }
    struct onnx_val *y = lo != NULL ? make_binary(c, &op_max, x, lo) : x;
    c->out[0] = hi != NULL ? make_binary(c, &op_min, y, hi) : y;
}

/* --- types --- */

static void cast(struct onnx_call *c, int32_t type)
{
    struct onnx_val *x = call_in(c, 0), *y;
    if (type == ONNX_STRING || type <= ONNX_UNDEFINED || type > ONNX_BFLOAT16) {
        call_fail(c, LIMN_ERR_UNSUPPORTED, "a cast to %s",
                  type == ONNX_STRING ? "strings" : "a type limn does not have");
        return;
    }
    if (val_known(x) && (val_folds(x) || !onnx_type_is_float(type))) {
        double *num = NULL;
        const double *from = val_numbers(c, x);
        y = from != NULL ? val_host_new(c, type, x->rank, x->dim, &num) : NULL;
        if (y != NULL) {
            memcpy(num, from, x->n * sizeof *num);
            val_settle(type, num, x->n);
        }
    } else if (type == ONNX_BOOL && x->type != ONNX_BOOL) {
        struct onnx_val *zero =
            make_each(c, ONNX_BOOL, &op_equal, NULL, 2, (struct onnx_val *[]){x, val_scalar(c, x->type, 0)});
        y = make_each(c, ONNX_BOOL, &op_logical_not, NULL, 1, &zero);
    } else {
        y = val_copy(c, onnx_type_is_float(x->type) && !onnx_type_is_float(type) ? truncate(c, x) : x);
    }
    if (y != NULL) {
        y->type = type;
    }
    c->out[0] = y;
}

void onnx_cast(struct onnx_call *c)
{
    cast(c, (int32_t)attr_int(c, "to", ONNX_UNDEFINED, 0, 1000));
}

void onnx_cast_like(struct onnx_call *c)
{
    cast(c, call_in(c, 1)->type);
}
