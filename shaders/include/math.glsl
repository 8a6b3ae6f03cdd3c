// Functions whose precision Vulkan leaves too loose for a comparison with the reference (sin, cos: 2^-11 absolute;
// atan: 4096 ULP; pow: what exp2 and log2 lose together; erf and the hyperbolic inverses: none at all). Each reduces
// its argument to a small interval and evaluates a polynomial there, fitted to relative error below 4e-8 (weighted
// least squares, reweighted towards equal ripple). NaN gives NaN.
#ifndef LIMN_MATH_GLSL
#define LIMN_MATH_GLSL

#define LN2_HIGH 0.693359375 // 9 bits: exact times an exponent
#define LN2_LOW -2.12194440e-4

vec4 nan4()
{
    return vec4(uintBitsToFloat(0x7fc00000u));
}

vec4 inf4()
{
    return vec4(uintBitsToFloat(0x7f800000u));
}

// x = m 2^e with m in [sqrt(1/2), sqrt(2)); x is positive and normal. Returns log(m) = 2 atanh((m - 1) / (m + 1)).
vec4 log_mantissa(vec4 x, out vec4 e)
{
    ivec4 bits = floatBitsToInt(x), n = (bits - 0x3f3504f3) >> 23;
    vec4 m = intBitsToFloat(bits - (n << 23)), s = (m - 1) / (m + 1), z = s * s;
    e = vec4(n);
    return s * (2 + z * (0.666668207 + z * (0.399742597 + z * 0.299401186)));
}

// Natural logarithm; subnormal numbers count as the smallest normal one.
vec4 log_exact(vec4 x)
{
    vec4 e, r = log_mantissa(max(x, vec4(1.17549435e-38)), e);
    vec4 y = e * LN2_HIGH + (r + e * LN2_LOW);
    y = mix(y, x, equal(x, inf4()));
    y = mix(y, -inf4(), equal(x, vec4(0)));
    return mix(nan4(), y, greaterThanEqual(x, vec4(0)));
}

// log(1 + x), x > -1
vec4 log1p(vec4 x)
{
    vec4 s = x / (2 + x), z = s * s;
    vec4 near = s * (2 + z * (0.666668207 + z * (0.399742597 + z * 0.299401186)));
    return mix(log_exact(1 + x), near, lessThan(abs(x), vec4(0.29)));
}

// 2^n for whole n in [-252, 254], in two factors as one alone may overflow.
vec4 scale_by_power(vec4 x, vec4 n)
{
    ivec4 whole = ivec4(n), half_n = whole >> 1;
    return x * intBitsToFloat((half_n + 127) << 23) * intBitsToFloat((whole - half_n + 127) << 23);
}

vec4 exp2_exact(vec4 x)
{
    vec4 t = clamp(x, vec4(-250), vec4(250)), n = floor(t + 0.5), f = t - n;
    vec4 p = 1 + f * (0.693147206 +
                      f * (0.240226469 + f * (0.0555032878 + f * (0.00961848897 + f * (0.00133999312 +
                                                                                       f * 0.000153458076)))));
    return scale_by_power(p, n);
}

// exp(x) - 1
vec4 expm1(vec4 x)
{
    vec4 p = 1 + x * (0.500000042 + x * (0.166666629 + x * (0.0416653182 + x * (0.00833363468 +
                                                                                x * (0.00139973243 +
                                                                                     x * 0.000198411815)))));
    vec4 y = mix(exp(x) - 1, x * p, lessThan(abs(x), vec4(0.5)));
    return mix(y, x, isnan(x));
}

// a^b as C has it: a negative needs a whole b, the sign follows odd ones; 1 when a is 1 or b is 0.
vec4 power(vec4 a, vec4 b)
{
    vec4 m = abs(a), e, r = log_mantissa(max(m, vec4(1.17549435e-38)), e);
    vec4 y = exp2_exact(b * e + b * r * 1.44269504);
    bvec4 up = greaterThan(b, vec4(0));
    y = mix(y, mix(inf4(), vec4(0), up), equal(m, vec4(0)));
    y = mix(y, mix(vec4(0), inf4(), up), equal(m, inf4()));
    y = mix(y, vec4(1), equal(m, vec4(1)));
    vec4 halved = b * 0.5;
    bvec4 whole = equal(floor(b), b), even = equal(floor(halved), halved); // from 2^24 on all are even
    bvec4 negative = greaterThan(floatBitsToUint(a), uvec4(0x7fffffffu));
    y = mix(y, -y, equal(uvec4(negative) & uvec4(whole) & uvec4(not(even)), uvec4(1)));
    bvec4 finite = lessThan(m, inf4());
    bvec4 below = lessThan(a, vec4(0));
    y = mix(y, nan4(), equal(uvec4(below) & uvec4(finite) & uvec4(not(whole)), uvec4(1)));
    y = mix(y, a * a, equal(b, vec4(2)));
    y = mix(y, a, equal(b, vec4(1)));
    y = mix(y, nan4(), isnan(a));
    y = mix(y, nan4(), isnan(b));
    y = mix(y, vec4(1), equal(a, vec4(1)));
    return mix(y, vec4(1), equal(b, vec4(0)));
}

// Odd polynomial in x up to 1; beyond, 1 - exp(-x^2) q(1 / (1 + x / 2)) with q fitted to exp(x^2) erfc(x) on [1, 4].
vec4 error_function(vec4 x)
{
    vec4 z = x * x, m = abs(x), t = 1 / (1 + 0.5 * m);
    vec4 near =
        x * (1.12837917 +
             z * (-0.376126258 +
                  z * (0.112835851 +
                       z * (-0.0268538119 + z * (0.00518832756 + z * (-0.000801019251 + z * 7.85385767e-05))))));
    vec4 q = -0.000153188161 +
             t * (0.284896251 +
                  t * (0.259801652 +
                       t * (0.347361157 + t * (-0.102592931 + t * (0.561873688 + t * (-0.470152143 +
                                                                                      t * 0.119016159))))));
    vec4 far = sign(x) * (1 - exp(-z) * q);
    return mix(mix(far, near, lessThan(m, vec4(1))), x, isnan(x));
}

// x = n pi/2 + r with |r| <= pi/4; pi/2 in pieces short enough that n times each is exact for n < 2^15. Beyond
// |x| = 5e4 the result stays bounded but loses digits.
vec4 quarter_turns(vec4 x, out ivec4 n)
{
    vec4 k = floor(x * 0.636619772 + 0.5);
    n = ivec4(clamp(k, vec4(-1e9), vec4(1e9)));
    precise vec4 r = x - k * 1.5703125;
    r = r - k * 0.00048351287841796875;
    r = r - k * 3.1385570764541626e-07;
    r = r - k * 6.0771006e-11;
    return r;
}

// sin(x + quarter pi/2)
vec4 sine(vec4 x, int quarter)
{
    ivec4 n;
    vec4 r = quarter_turns(x, n), z = r * r;
    n += quarter;
    vec4 s = r * (1 + z * (-0.166666666 + z * (0.0083333281 + z * (-0.000198390056 + z * 2.71559603e-06))));
    vec4 c = 1 + z * (-0.499999995 + z * (0.0416666105 + z * (-0.00138864332 + z * 2.43630328e-05)));
    vec4 y = mix(s, c, equal(n & 1, ivec4(1)));
    y = mix(y, -y, equal(n & 2, ivec4(2)));
    return mix(clamp(y, vec4(-1), vec4(1)), nan4(), not(lessThan(abs(x), inf4())));
}

// Of |x| <= 1/2
vec4 arc_sine_near(vec4 x)
{
    vec4 z = x * x;
    return x * (1 + z * (0.166667901 + z * (0.0749443485 + z * (0.045550175 + z * (0.0238582163 + z * 0.0426355672)))));
}

// acos(x) for x >= 0: through the half angle above 1/2. NaN where x > 1.
vec4 arc_cosine_positive(vec4 x)
{
    vec4 far = 2 * arc_sine_near(sqrt(max(0.5 - 0.5 * x, vec4(0))));
    vec4 y = mix(far, 1.57079633 - arc_sine_near(x), lessThan(x, vec4(0.5)));
    return mix(nan4(), y, lessThanEqual(x, vec4(1)));
}

vec4 arc_cosine(vec4 x)
{
    vec4 y = arc_cosine_positive(abs(x));
    return mix(y, 3.14159265 - y, lessThan(x, vec4(0)));
}

vec4 arc_sine(vec4 x)
{
    vec4 m = abs(x), far = sign(x) * (1.57079633 - arc_cosine_positive(m));
    return mix(far, arc_sine_near(x), lessThan(m, vec4(0.5)));
}

vec4 arc_tangent(vec4 x)
{
    vec4 m = abs(x);
    bvec4 outside = greaterThan(m, vec4(1));
    vec4 t = mix(m, 1 / m, outside), z = t * t;
    vec4 p = t * (0.999999998 +
                  z * (-0.333332836 +
                       z * (0.19998266 +
                            z * (-0.142619323 +
                                 z * (0.109420266 +
                                      z * (-0.0837730367 +
                                           z * (0.0575519014 +
                                                z * (-0.030804398 + z * (0.0107268375 + z * -0.00175390642)))))))));
    p = sign(x) * mix(p, 1.57079633 - p, outside);
    return mix(p, x, isnan(x));
}

// Half of exp(|x|) and of exp(-|x|), without overflow before cosh itself does.
vec4 half_exp(vec4 x, out vec4 small)
{
    vec4 h = exp(0.5 * abs(x));
    small = 0.5 / h / h;
    return 0.5 * h * h;
}

vec4 hyperbolic_sine(vec4 x)
{
    vec4 small, large = half_exp(x, small), z = x * x;
    vec4 near = x * (1 + z * (0.166666664 + z * (0.00833335259 + z * (0.000198358125 + z * 2.81852382e-06))));
    return mix(mix(sign(x) * (large - small), near, lessThan(abs(x), vec4(1))), x, isnan(x));
}

vec4 hyperbolic_cosine(vec4 x)
{
    vec4 small, large = half_exp(x, small);
    return mix(large + small, x, isnan(x));
}

vec4 inverse_hyperbolic_sine(vec4 x)
{
    vec4 m = abs(x), y = log1p(m + m * (m / (1 + sqrt(m * m + 1))));
    y = mix(y, log_exact(m) + 0.693147181, greaterThan(m, vec4(1e9)));
    return mix(sign(x) * y, x, isnan(x));
}

vec4 inverse_hyperbolic_cosine(vec4 x)
{
    vec4 t = x - 1, y = log1p(t + sqrt(t * (t + 2)));
    y = mix(y, log_exact(x) + 0.693147181, greaterThan(x, vec4(1e9)));
    return mix(nan4(), y, greaterThanEqual(x, vec4(1)));
}

vec4 inverse_hyperbolic_tangent(vec4 x)
{
    vec4 m = abs(x), y = 0.5 * log1p(2 * m / (1 - m));
    y = mix(y, inf4(), equal(m, vec4(1)));
    return mix(nan4(), sign(x) * y, lessThanEqual(m, vec4(1)));
}

// a - b trunc(a / b), exact: long division, one binary digit a step. A quotient in floating point would be off by one
// near whole numbers, and the remainder by b.
float remainder_of(float a, float b)
{
    float r = abs(a), d = abs(b);
    if (!(d > 0) || !(r < inf4().x) || isnan(b)) {
        return nan4().x;
    }
    for (int shift = max((floatBitsToInt(r) >> 23) - (floatBitsToInt(d) >> 23), 0); shift >= 0 && r >= d; shift--) {
        float t = intBitsToFloat(floatBitsToInt(d) + (shift << 23));
        r -= r >= t ? t : 0;
    }
    return a < 0 ? -r : r;
}

// The same with the sign of b.
float modulo(float a, float b)
{
    float r = remainder_of(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

#endif
