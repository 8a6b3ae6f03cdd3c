/* The mutator of the targets that read ONNX: half of the time the bytes, half of the time the tree of messages that
 * they are, so that what comes out is still a model. Included once by each target: it defines libFuzzer's hook. */
#ifndef LIMN_TEST_ONNX_MUTATE_H
#define LIMN_TEST_ONNX_MUTATE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/onnx/import.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

enum { ITEMS_MAX = 512, DEPTH_MAX = 24 };

struct item { /* a field: tag [begin, payload), for bytes with their length, payload [payload, end) */
    size_t begin, after_tag, payload, end;
    unsigned type;
};

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static bool read_varint(const uint8_t *m, size_t n, size_t *at, uint64_t *v)
{
    *v = 0;
    for (int k = 0; k < 10 && *at < n; k++) {
        uint8_t b = m[(*at)++];
        *v |= (uint64_t)(b & 0x7f) << (7 * k);
        if (b < 0x80) {
            return true;
        }
    }
    return false;
}

static size_t write_varint(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    do {
        out[n++] = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        v >>= 7;
    } while (v != 0);
    return n;
}

/* The fields of a message; 0 when these bytes are none. */
static size_t scan(const uint8_t *m, size_t n, struct item *items)
{
    size_t count = 0, at = 0;
    while (at < n) {
        struct item it = {.begin = at};
        uint64_t key, v;
        if (count == ITEMS_MAX || !read_varint(m, n, &at, &key) || key >> 3 == 0 || key >> 3 > 64) {
            return 0;
        }
        it.type = key & 7;
        it.after_tag = it.payload = at;
        if (it.type == 0 || it.type == 2) {
            if (!read_varint(m, n, &at, &v) || (it.type == 2 && v > n - at)) {
                return 0;
            }
            it.payload = it.type == 2 ? at : it.payload;
            at += it.type == 2 ? (size_t)v : 0;
        } else if (it.type == 1 || it.type == 5) {
            at += it.type == 1 ? 8 : 4;
        } else {
            return 0;
        }
        if (at > n) {
            return 0;
        }
        it.end = at;
        items[count++] = it;
    }
    return count;
}

/* Puts `n_new` bytes in the place of [begin, end); the size stays as it is when they do not fit. */
static size_t splice(uint8_t *m, size_t n, size_t max, size_t begin, size_t end, const uint8_t *with, size_t n_new)
{
    size_t size = n - (end - begin) + n_new;
    if (size > max) {
        return n;
    }
    memmove(m + begin + n_new, m + end, n - end);
    if (n_new > 0) {
        memcpy(m + begin, with, n_new);
    }
    return size;
}

/* A field of bytes gets another payload, its length put right. */
static size_t put_payload(uint8_t *m, size_t n, size_t max, const struct item *it, const uint8_t *payload, size_t size)
{
    uint8_t length[10];
    size_t k = write_varint(length, size), now = splice(m, n, max, it->payload, it->end, payload, size);
    return now != n || size == it->end - it->payload ? splice(m, now, max, it->after_tag, it->payload, length, k) : n;
}

static size_t other_value(uint8_t *m, size_t n, size_t max, const struct item *it, unsigned *seed)
{
    static const uint64_t values[] = {0, 1, 2, 3, 4, 7, 8, 16, UINT64_MAX, UINT64_MAX - 1, 1u << 31, 1ull << 40};
    static const char *const names[] = {"x",
                                        "y",
                                        "w",
                                        "b",
                                        "c",
                                        "r",
                                        "p",
                                        "axis",
                                        "axes",
                                        "perm",
                                        "pads",
                                        "strides",
                                        "kernel_shape",
                                        "dilations",
                                        "group",
                                        "mode",
                                        "value",
                                        "to",
                                        "ai.onnx",
                                        ""};
    uint8_t buf[10];
    if (it->type == 0) {
        size_t k = write_varint(buf, values[next(seed) % (sizeof values / sizeof values[0])]);
        return splice(m, n, max, it->payload, it->end, buf, k);
    }
    if (it->type == 2 && next(seed) % 2 == 0) {
        bool op = next(seed) % 2 == 0;
        const char *name =
            op ? onnx_row_at(next(seed) % onnx_row_count())->op : names[next(seed) % (sizeof names / sizeof names[0])];
        return put_payload(m, n, max, it, (const uint8_t *)name, strlen(name));
    }
    size_t size = it->end - it->payload;
    uint8_t *copy = malloc(size + 64);
    memcpy(copy, m + it->payload, size);
    size_t changed = LLVMFuzzerMutate(copy, size, size + (it->type == 2 ? 64 : 0));
    n = it->type == 2 ? put_payload(m, n, max, it, copy, changed)
                      : splice(m, n, max, it->payload, it->end, copy, changed < size ? size : changed);
    free(copy);
    return n;
}

static size_t mutate_message(uint8_t *m, size_t n, size_t max, unsigned *seed, int depth)
{
    struct item *items = malloc(2 * ITEMS_MAX * sizeof *items);
    size_t count = scan(m, n, items);
    if (count == 0) {
        free(items);
        return LLVMFuzzerMutate(m, n, max);
    }
    struct item it = items[next(seed) % count], other = items[next(seed) % count];
    size_t size = it.end - it.begin;
    uint8_t *copy = malloc(max + size + 1);
    bool inner = it.type == 2 && depth < DEPTH_MAX && scan(m + it.payload, it.end - it.payload, items + ITEMS_MAX) > 0;
    if (inner && next(seed) % 5 != 0) {
        size_t had = it.end - it.payload;
        memcpy(copy, m + it.payload, had);
        n = put_payload(m, n, max, &it, copy, mutate_message(copy, had, max - n + had, seed, depth + 1));
    } else {
        memcpy(copy, m + it.begin, size);
        switch (next(seed) % 5) {
        case 0:
            n = splice(m, n, max, it.begin, it.end, NULL, 0);
            break;
        case 1:
            n = splice(m, n, max, other.begin, other.begin, copy, size);
            break;
        case 2:
            n = splice(m, n, max, other.begin, other.end, copy, size);
            break;
        default:
            n = other_value(m, n, max, &it, seed);
        }
    }
    free(copy);
    free(items);
    return n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return next(&seed) % 2 == 0 ? LLVMFuzzerMutate(data, size, max_size)
                                : mutate_message(data, size, max_size, &seed, 0);
}

#endif
