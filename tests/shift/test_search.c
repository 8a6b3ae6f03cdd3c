/* The bound searches and heat maps of latent shift on linear cases worked out by hand from the published rules. */
#include "shift/shift.h"
#include "support/check.h"

/* score = p0 + slope * lambda, but never above `turn` reflected: below lambda = turn it rises again; the picture
 * changes by |lambda| * rate. */
struct line {
    double p0, slope, rate, turn;
    double asked[4096];
    size_t n;
};

static limn_status probe(void *user, const double *lambda, size_t n, struct shift_probe *out, limn_error *err)
{
    struct line *l = user;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        double at = lambda[i] < l->turn ? 2 * l->turn - lambda[i] : lambda[i];
        if (l->n < 4096) {
            l->asked[l->n++] = lambda[i];
        }
        out[i] = (struct shift_probe){
            .score = l->p0 + l->slope * at, .change = fabs(lambda[i]) * l->rate, .goal = lambda[i] >= 3};
    }
    return LIMN_OK;
}

static struct shift_bound search(struct shift_search s, struct line l, size_t batch)
{
    limn_error err = {0};
    struct shift_bound b = {0};
    CHECK_OK(shift_find_bound(&s, 1, batch, probe, &l, &b, &err));
    return b;
}

static void grids(void)
{
    static const double ten[] = {0, -10, -21, -34, -48, -63, -80, -98, -118, -140, -164, -191, -221};
    static const double two[] = {0, -2, -5, -8, -11, -15, -19, -23, -28, -33, -39, -45, -52};
    static const double old[] = {0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -20, -30};
    struct shift_search s = shift_search_default(SHIFT_LATENTSHIFT), g = shift_search_default(SHIFT_GIFSPLANATION);
    double a = 0, b = 0, c = 0;
    for (size_t i = 0; i < 13; i++) {
        CHECK_NEAR(a, ten[i], 0);
        CHECK_NEAR(b, two[i], 0);
        CHECK_NEAR(c, old[i], 0);
        s.step = 10;
        a = shift_next(&s, a, 1);
        s.step = 2;
        b = shift_next(&s, b, 1);
        c = shift_next(&g, c, 1);
    }
}

static void latentshift(void)
{
    const struct shift_search s = shift_search_default(SHIFT_LATENTSHIFT);
    for (size_t batch = 1; batch < 9; batch += 7) { /* asking ahead changes nothing */
        /* p = 0.9 + 0.002 lambda: below 0.05 first at lambda < -425; the drop of 0.8 at lambda < -400, which comes
         * first: ..., -395? the grid from -221: -254, -290, -329, -372, -420 */
        struct shift_bound b = search(s, (struct line){.p0 = 0.9, .slope = 0.002, .turn = -1e9}, batch);
        CHECK_NEAR(b.lambda, -420, 0);
        CHECK_INT(b.stop, STOP_DROP);
        CHECK_INT(b.probes, 18);
        /* p = 0.5 + 0.002 lambda: below 0.05 at lambda < -225: -254 */
        b = search(s, (struct line){.p0 = 0.5, .slope = 0.002, .turn = -1e9}, batch);
        CHECK_NEAR(b.lambda, -254, 0);
        CHECK_INT(b.stop, STOP_FLOOR);
        /* p falls until -100, then rises: -118 is 0.718 against 0.804 at -98 -> still 2*-100+118 = -82: 0.836, rose */
        b = search(s, (struct line){.p0 = 1, .slope = 0.002, .turn = -100}, batch);
        CHECK_NEAR(b.lambda, -118, 0);
        CHECK_INT(b.stop, STOP_ROSE);
        /* a flat score never rises nor falls; the picture changes by 0.001 a unit: above 0.05 after -50 -> -63 */
        b = search(s, (struct line){.p0 = 0.5, .rate = 0.001, .turn = -1e9}, batch);
        CHECK_NEAR(b.lambda, -63, 0);
        CHECK_INT(b.stop, STOP_CHANGE);
        /* nothing at all: the limit of 3000 bounds lambda, not the number of steps */
        b = search(s, (struct line){.p0 = 0.5, .turn = -1e9}, batch);
        CHECK(b.lambda <= -3000 && b.lambda > -3500);
        CHECK_INT(b.stop, STOP_LIMIT);
        /* below the floor from the start: an animation of nothing */
        b = search(s, (struct line){.p0 = 0.04, .slope = 0.002, .turn = -1e9}, batch);
        CHECK_NEAR(b.lambda, 0, 0);
        CHECK_INT(b.stop, STOP_FLOOR);
    }
    /* where several reasons hold at once the first of the list counts: at -21 the score rose and the change is 0.063 */
    struct shift_search tight = s;
    tight.drop = 0.3;
    struct shift_bound b = search(s, (struct line){.p0 = 0.5, .slope = 0.002, .rate = 0.003, .turn = -12}, 1);
    CHECK_INT(b.stop, STOP_ROSE);
    CHECK_NEAR(b.lambda, -21, 0);
    b = search(tight, (struct line){.p0 = 0.5, .slope = 0.05, .rate = 1, .turn = -1e9}, 1);
    CHECK_INT(b.stop, STOP_FLOOR); /* at -10 the score is 0: floor, drop and change */
}

static void gifsplanation(void)
{
    const struct shift_search s = shift_search_default(SHIFT_GIFSPLANATION);
    /* p0 - 0.15 > p: 0.9 + 0.01 lambda falls by more than 0.15 after -15: -20 */
    struct shift_bound b = search(s, (struct line){.p0 = 0.9, .slope = 0.01, .turn = -1e9}, 8);
    CHECK_NEAR(b.lambda, -20, 0);
    CHECK_INT(b.stop, STOP_DROP);
    b = search(s, (struct line){.p0 = 0.9, .slope = 0.06, .turn = -1e9}, 8);
    CHECK_NEAR(b.lambda, -3, 0);
    b = search(s, (struct line){.p0 = 0.01, .slope = 1e-9, .rate = 1, .turn = -1e9}, 8); /* no floor, no change */
    CHECK_NEAR(b.lambda, -1000, 0);
    CHECK_INT(b.stop, STOP_LIMIT);
    b = search(s, (struct line){.p0 = 0.9, .slope = 0.01, .turn = -4}, 8);
    CHECK_NEAR(b.lambda, -5, 0);
    CHECK_INT(b.stop, STOP_ROSE);
}

static void sound(void)
{
    struct shift_search s = shift_search_default(SHIFT_SOUND);
    s.step = 0.5;
    s.limit = 10;
    s.change = 2;
    struct shift_bound b = search(s, (struct line){.p0 = 0.5, .turn = -1e9}, 8);
    CHECK_NEAR(b.lambda, 3, 0);
    CHECK_INT(b.stop, STOP_REACHED);
    b = search(s, (struct line){.p0 = 0.5, .rate = 1, .turn = -1e9}, 8);
    CHECK_NEAR(b.lambda, 2.5, 0);
    CHECK_INT(b.stop, STOP_CHANGE);
    s.limit = 1;
    b = search(s, (struct line){.p0 = 0.5, .turn = -1e9}, 8);
    CHECK_NEAR(b.lambda, 1, 0);
    CHECK_INT(b.stop, STOP_LIMIT);
    limn_error err = {0};
    struct line l = {0};
    s.step = 0;
    CHECK_INT(shift_find_bound(&s, 1, 8, probe, &l, &b, &err), LIMN_ERR_ARG);
}

static void frames(void)
{
    double v[10];
    shift_frames(SHIFT_LATENTSHIFT, -90, 0, 10, v); /* numpy.linspace(-90, 0, 10) */
    for (int i = 0; i < 10; i++) {
        CHECK_NEAR(v[i], -90 + 10 * i, 1e-12);
    }
    shift_frames(SHIFT_GIFSPLANATION, -20, 0, 10, v); /* numpy.arange(-20, 0, 2): without 0 */
    for (int i = 0; i < 10; i++) {
        CHECK_NEAR(v[i], -20 + 2 * i, 1e-12);
    }
    shift_frames(SHIFT_GIFSPLANATION, 0, 0, 10, v); /* numpy refuses a step of 0; nothing moves */
    CHECK_NEAR(v[0], 0, 0);
    CHECK_NEAR(v[9], 0, 0);
    shift_frames(SHIFT_SOUND, -1, 2, 4, v);
    CHECK_NEAR(v[0], -1, 0);
    CHECK_NEAR(v[2], 1, 1e-12);
    CHECK_NEAR(v[3], 2, 0);
}

/* Three frames of two channels and two pixels; x0 is the last frame. */
static void heat(void)
{
    static const float f[3][2][2] = {{{0, 4}, {8, 0}}, {{2, 4}, {6, 1}}, {{1, 0}, {0, 1}}};
    const float *x0 = f[2][0];
    static const struct {
        enum shift_heat kind;
        float want[2];
    } rows[] = {
        /* channel 0: |0-2| |2-1| -> 1.5, |4-4| |4-0| -> 2; channel 1: 2, 6 -> 4; 1, 0 -> 0.5 */
        {HEAT_INT, {(1.5f + 4) / 2, (2 + 0.5f) / 2}},
        /* to x0: 1, 1, 0 -> 2/3; 4, 4, 0 -> 8/3; 8, 6, 0 -> 14/3; 1, 0, 0 -> 1/3 */
        {HEAT_MEAN, {(2.0f / 3 + 14.0f / 3) / 2, (8.0f / 3 + 1.0f / 3) / 2}},
        {HEAT_MAX, {(1 + 8) / 2.0f, (4 + 1) / 2.0f}},
        {HEAT_MM, {(1 + 8) / 2.0f, (4 + 1) / 2.0f}},
        {HEAT_FIRST, {(1 + 8) / 2.0f, (4 + 1) / 2.0f}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        float out[2];
        shift_heat(rows[i].kind, f[0][0], 3, x0, 2, 2, out);
        CHECK_NEAR(out[0], rows[i].want[0], 1e-6);
        CHECK_NEAR(out[1], rows[i].want[1], 1e-6);
    }
    /* first is not max where a frame in between is farther off */
    static const float g[3] = {1, 5, 0};
    float a, b, c;
    shift_heat(HEAT_MAX, g, 3, g + 2, 1, 1, &a);
    shift_heat(HEAT_FIRST, g, 3, g + 2, 1, 1, &b);
    shift_heat(HEAT_MM, g, 3, g + 1, 1, 1, &c);
    CHECK_NEAR(a, 5, 0);
    CHECK_NEAR(b, 1, 0);
    CHECK_NEAR(c, 1, 0);
}

int main(void)
{
    grids();
    latentshift();
    gifsplanation();
    sound();
    frames();
    heat();
    return check_done();
}
