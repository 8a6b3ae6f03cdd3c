/* SHA-256 as FIPS 180-4 writes it. The round constants are the first 32 bits of the fractional parts of the cube roots
 * of the first 64 primes. */
#include "model/sha256.h"

#include <string.h>

static const uint32_t sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* One round; the caller rotates the names of the eight words instead of moving them. */
static void sha256_round(uint32_t a, uint32_t b, uint32_t c, uint32_t *d, uint32_t e, uint32_t f, uint32_t g,
                         uint32_t *h, uint32_t kw)
{
    uint32_t t1 = *h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (g ^ (e & (f ^ g))) + kw;
    uint32_t t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) | (c & (a | b)));
    *d += t1;
    *h = t1 + t2;
}

static void sha256_block(uint32_t h[8], const uint8_t *p)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) {
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) + w[i - 7] + (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
    }
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 64; i += 8) {
        const uint32_t *k = sha256_k + i, *x = w + i;
        sha256_round(v[0], v[1], v[2], &v[3], v[4], v[5], v[6], &v[7], k[0] + x[0]);
        sha256_round(v[7], v[0], v[1], &v[2], v[3], v[4], v[5], &v[6], k[1] + x[1]);
        sha256_round(v[6], v[7], v[0], &v[1], v[2], v[3], v[4], &v[5], k[2] + x[2]);
        sha256_round(v[5], v[6], v[7], &v[0], v[1], v[2], v[3], &v[4], k[3] + x[3]);
        sha256_round(v[4], v[5], v[6], &v[7], v[0], v[1], v[2], &v[3], k[4] + x[4]);
        sha256_round(v[3], v[4], v[5], &v[6], v[7], v[0], v[1], &v[2], k[5] + x[5]);
        sha256_round(v[2], v[3], v[4], &v[5], v[6], v[7], v[0], &v[1], k[6] + x[6]);
        sha256_round(v[1], v[2], v[3], &v[4], v[5], v[6], v[7], &v[0], k[7] + x[7]);
    }
    for (int i = 0; i < 8; i++) {
        h[i] += v[i];
    }
}

void sha256_begin(struct sha256 *s)
{
    *s = (struct sha256){
        .h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *s, const void *data, size_t n)
{
    const uint8_t *p = data;
    while (n > 0) {
        size_t have = s->bytes % 64, take = 64 - have < n ? 64 - have : n;
        if (have == 0 && n >= 64) { /* whole blocks need no copy */
            sha256_block(s->h, p);
            s->bytes += 64;
            p += 64;
            n -= 64;
            continue;
        }
        memcpy(s->block + have, p, take);
        s->bytes += take;
        p += take;
        n -= take;
        if (s->bytes % 64 == 0) {
            sha256_block(s->h, s->block);
        }
    }
}

void sha256_end(struct sha256 *s, char hex[65])
{
    static const char digit[] = "0123456789abcdef";
    uint64_t bits = s->bytes * 8;
    uint8_t length[8];
    for (int i = 0; i < 8; i++) {
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    sha256_add(s, "\x80", 1);
    while (s->bytes % 64 != 56) {
        sha256_add(s, "", 1);
    }
    sha256_add(s, length, 8);
    for (int i = 0; i < 64; i++) {
        hex[i] = digit[s->h[i / 8] >> (28 - 4 * (i % 8)) & 15];
    }
    hex[64] = '\0';
}
