/* Reading zip archives strictly (PKWARE APPNOTE 6.3.9).
 *
 * One end record that ends with the file; directory right before it; each local header says what its directory entry
 * says; the records tile the file from byte 0 to the directory, so nothing overlaps and nothing hides; unique names;
 * stored or deflated only, never encrypted. These are the places where two readers of one file come to disagree. */
#include "model/zip.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/checked.h"

#define END_BYTES 22
#define END64_BYTES 56
#define LOCATOR_BYTES 20
#define CENTRAL_BYTES 46
#define LOCAL_BYTES 30
#define TAIL_MAX (65535 + END_BYTES)
#define DIRECTORY_MAX (64u << 20)
#define NAME_MAX_BYTES 1024
#define FLAG_DESCRIPTOR 0x8u
#define FLAGS_KNOWN (0x806u | FLAG_DESCRIPTOR) /* deflate level, UTF-8 names */

struct record {
    struct zip_entry entry;
    uint64_t begin, end; /* local header to the last byte before any descriptor */
    uint32_t flags, method;
};

struct zip {
    struct file *file;
    struct arena names;
    struct record *record; /* sorted by name once open */
    size_t n;
    uint64_t directory, directory_bytes, count;
};

static uint32_t u16(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t u32(const uint8_t *p)
{
    return u16(p) | u16(p + 2) << 16;
}

static uint64_t u64(const uint8_t *p)
{
    return u32(p) | (uint64_t)u32(p + 4) << 32;
}

static limn_status bad(limn_error *err, uint64_t at, const char *what, uint64_t found, uint64_t expected)
{
    return err_set(err, LIMN_ERR_FORMAT, "zip offset %llu: %s (found %llu, expected %llu)", (unsigned long long)at,
                   what, (unsigned long long)found, (unsigned long long)expected);
}

/* The 64-bit end record, when its locator stands before the end record at `end`. *stop: where the directory ends. */
static limn_status read_end64(struct zip *z, const uint8_t *end, uint64_t end_at, uint64_t *stop, limn_error *err)
{
    uint8_t loc[LOCATOR_BYTES], e[END64_BYTES];
    limn_status st = LIMN_OK;
    bool wants = u16(end + 10) == 0xffff || u32(end + 12) == 0xffffffff || u32(end + 16) == 0xffffffff;
    memset(loc, 0, sizeof loc);
    if (end_at >= LOCATOR_BYTES) {
        TRY(file_read_at(z->file, end_at - LOCATOR_BYTES, loc, sizeof loc, err));
    }
    if (u32(loc) != 0x07064b50) {
        return wants ? bad(err, end_at, "no zip64 end record before this one", u32(loc), 0x07064b50) : LIMN_OK;
    }
    uint64_t at = u64(loc + 8), loc_at = end_at - LOCATOR_BYTES;
    if (loc_at < END64_BYTES || at != loc_at - END64_BYTES) {
        return bad(err, loc_at, "place of the zip64 end record", at, loc_at - END64_BYTES);
    }
    TRY(file_read_at(z->file, at, e, sizeof e, err));
    if (u32(e) != 0x06064b50 || u64(e + 4) != END64_BYTES - 12) {
        return bad(err, at, "zip64 end record's size", u64(e + 4), END64_BYTES - 12);
    }
    if (u32(loc + 4) != 0 || u32(loc + 16) > 1 || u32(e + 16) != 0 || u32(e + 20) != 0 || u64(e + 24) != u64(e + 32)) {
        return bad(err, at, "archive of several disks", u32(loc + 16), 1);
    }
    if ((u16(end + 10) != 0xffff && u16(end + 10) != u64(e + 32)) ||
        (u32(end + 12) != 0xffffffff && u32(end + 12) != u64(e + 40)) ||
        (u32(end + 16) != 0xffffffff && u32(end + 16) != u64(e + 48))) {
        return bad(err, end_at, "the two end records disagree: entries", u16(end + 10), u64(e + 32));
    }
    z->count = u64(e + 32);
    z->directory_bytes = u64(e + 40);
    z->directory = u64(e + 48);
    *stop = at;
out:
    return st;
}

/* Finds the one end record whose comment ends with the file. */
static limn_status read_end(struct zip *z, limn_error *err)
{
    uint64_t total = file_size(z->file), stop;
    size_t n = total < TAIL_MAX ? (size_t)total : TAIL_MAX, found = 0, at = 0;
    limn_status st = LIMN_OK;
    uint8_t *tail = mem_alloc(n, 1);
    if (tail == NULL) {
        return err_nomem(err, n, "the end of a zip archive");
    }
    TRY(file_read_at(z->file, total - n, tail, n, err));
    for (size_t i = 0; i + END_BYTES <= n; i++) {
        if (u32(tail + i) == 0x06054b50 && i + END_BYTES + u16(tail + i + 20) == n) {
            found++;
            at = i;
        }
    }
    if (found != 1) {
        TRY(err_set(err, LIMN_ERR_FORMAT, "%zu zip end records that end with the file (expected 1)%s", found,
                    found == 0 ? ": cut off, or data after the archive" : ""));
    }
    const uint8_t *end = tail + at;
    stop = total - n + at;
    if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != u16(end + 10)) {
        TRY(bad(err, stop, "archive of several disks", u16(end + 4), 0));
    }
    z->count = u16(end + 10);
    z->directory_bytes = u32(end + 12);
    z->directory = u32(end + 16);
    TRY(read_end64(z, end, stop, &stop, err));
    if (z->directory > stop || z->directory_bytes != stop - z->directory) {
        TRY(bad(err, stop, "end of the zip directory", z->directory + z->directory_bytes, stop));
    }
    if (z->directory_bytes > DIRECTORY_MAX || z->count > z->directory_bytes / CENTRAL_BYTES) {
        TRY(bad(err, stop, "zip entries", z->count, z->directory_bytes / CENTRAL_BYTES));
    }
out:
    mem_free(tail);
    return st;
}

/* Replaces fields that are 0xffffffff by those of the zip64 extra field. */
static limn_status read_extra(const uint8_t *p, size_t n, uint64_t at, uint64_t *field[3], limn_error *err)
{
    bool seen = false;
    for (size_t i = 0; i < n;) {
        if (n - i < 4 || u16(p + i + 2) > n - i - 4) {
            return bad(err, at, "extra field runs over its end: bytes left", n - i, 4);
        }
        size_t size = u16(p + i + 2), k = i + 4, end = k + size;
        if (u16(p + i) == 1) {
            if (seen) {
                return bad(err, at, "zip64 extra fields", 2, 1);
            }
            seen = true;
            for (int j = 0; j < 3; j++) {
                if (field[j] != NULL && *field[j] == 0xffffffff) {
                    if (end - k < 8) {
                        return bad(err, at, "zip64 extra field too short: bytes", size, size + 8);
                    }
                    *field[j] = u64(p + k);
                    k += 8;
                }
            }
        }
        i = end;
    }
    for (int j = 0; j < 3 && !seen; j++) {
        if (field[j] != NULL && *field[j] == 0xffffffff) {
            return bad(err, at, "no zip64 extra field for a size or offset of", 0xffffffff, 0);
        }
    }
    return LIMN_OK;
}

static limn_status record_check(const struct record *r, uint64_t at, limn_error *err)
{
    const struct zip_entry *e = &r->entry;
    if ((r->flags & 0x2041u) != 0) {
        return err_set(err, LIMN_ERR_FORMAT, "zip offset %llu: entry \"%s\" is encrypted (flags 0x%x)",
                       (unsigned long long)at, e->name, r->flags);
    }
    if ((r->flags & ~FLAGS_KNOWN) != 0) {
        return err_set(err, LIMN_ERR_FORMAT, "zip offset %llu: entry \"%s\" has flags 0x%x (expected within 0x%x)",
                       (unsigned long long)at, e->name, r->flags, FLAGS_KNOWN);
    }
    if (r->method != 0 && r->method != 8) {
        return err_set(err, LIMN_ERR_UNSUPPORTED,
                       "zip offset %llu: entry \"%s\" is packed by method %u (expected 0 or 8)", (unsigned long long)at,
                       e->name, r->method);
    }
    return r->method != 0 || e->packed == e->size ? LIMN_OK
                                                  : bad(err, at, "stored entry's packed size", e->packed, e->size);
}

static limn_status read_central(struct zip *z, const uint8_t *p, size_t left, uint64_t at, size_t *used,
                                limn_error *err)
{
    struct record r = {0};
    if (left < CENTRAL_BYTES || u32(p) != 0x02014b50) {
        return bad(err, at, "directory entry's signature", left < 4 ? 0 : u32(p), 0x02014b50);
    }
    size_t name = u16(p + 28), extra = u16(p + 30), comment = u16(p + 32), all = CENTRAL_BYTES + name + extra + comment;
    if (all > left) {
        return bad(err, at, "directory entry's bytes", all, left);
    }
    const uint8_t *text = p + CENTRAL_BYTES;
    if (name == 0 || name > NAME_MAX_BYTES || memchr(text, 0, name) != NULL) {
        return bad(err, at, "entry name empty, too long or with a NUL byte: length", name, NAME_MAX_BYTES);
    }
    r.entry = (struct zip_entry){.packed = u32(p + 20), .size = u32(p + 24), .crc = u32(p + 16)};
    r.begin = u32(p + 42);
    r.flags = u16(p + 8);
    r.method = u16(p + 10);
    r.entry.deflated = r.method == 8;
    if (u16(p + 34) != 0) {
        return bad(err, at, "entry's disk", u16(p + 34), 0);
    }
    limn_status st = read_extra(text + name, extra, at, (uint64_t *[3]){&r.entry.size, &r.entry.packed, &r.begin}, err);
    if (st != LIMN_OK) {
        return st;
    }
    r.entry.name = arena_printf(&z->names, "%.*s", (int)name, (const char *)text);
    if (r.entry.name == NULL) {
        return err_nomem(err, name + 1, "an entry's name");
    }
    z->record[z->n++] = r;
    *used = all;
    return record_check(&r, at, err);
}

static limn_status read_directory(struct zip *z, limn_error *err)
{
    limn_status st = LIMN_OK;
    size_t n = (size_t)z->directory_bytes, at = 0, used = 0;
    uint8_t *dir = mem_alloc(n, 1);
    z->record = mem_zalloc((size_t)z->count, sizeof *z->record);
    if (dir == NULL || z->record == NULL) {
        TRY(err_nomem(err, n, "a zip directory"));
    }
    TRY(file_read_at(z->file, z->directory, dir, n, err));
    while (z->n < z->count) {
        TRY(read_central(z, dir + at, n - at, z->directory + at, &used, err));
        at += used;
    }
    if (at != n) {
        TRY(bad(err, z->directory + at, "bytes after the last directory entry", n - at, 0));
    }
out:
    mem_free(dir);
    return st;
}

/* Local header against directory entry; sets where the data is. */
static limn_status read_local(struct zip *z, struct record *r, limn_error *err)
{
    uint8_t h[LOCAL_BYTES], *rest = NULL;
    struct zip_entry *e = &r->entry;
    limn_status st = LIMN_OK;
    if (z->directory < LOCAL_BYTES || r->begin > z->directory - LOCAL_BYTES) {
        return bad(err, r->begin, "local header after the records, which end at", r->begin, z->directory);
    }
    TRY(file_read_at(z->file, r->begin, h, sizeof h, err));
    size_t name = u16(h + 26), extra = u16(h + 28), n = name + extra;
    if (u32(h) != 0x04034b50) {
        return bad(err, r->begin, "local header's signature", u32(h), 0x04034b50);
    }
    e->data = r->begin + LOCAL_BYTES + n;
    if (e->data > z->directory || e->packed > z->directory - e->data) {
        return bad(err, r->begin, "entry runs into the directory: bytes", e->packed, z->directory);
    }
    rest = mem_alloc(n, 1);
    if (rest == NULL) {
        TRY(err_nomem(err, n, "an entry's name"));
    }
    TRY(file_read_at(z->file, r->begin + LOCAL_BYTES, rest, n, err));
    uint64_t size = u32(h + 22), packed = u32(h + 18);
    uint32_t crc = u32(h + 14);
    bool later = (r->flags & FLAG_DESCRIPTOR) != 0;
    TRY(read_extra(rest + name, extra, r->begin, (uint64_t *[3]){&size, &packed, NULL}, err));
    if (name != strlen(e->name) || memcmp(rest, e->name, name) != 0) {
        st =
            err_set(err, LIMN_ERR_FORMAT, "zip offset %llu: local name \"%.*s\" (expected \"%s\", as in the directory)",
                    (unsigned long long)r->begin, (int)(name < 80 ? name : 80), (const char *)rest, e->name);
    } else if (u16(h + 6) != r->flags || u16(h + 8) != r->method) {
        st = bad(err, r->begin, "local flags or method differ from the directory: flags", u16(h + 6), r->flags);
    } else if (crc != e->crc && !(later && crc == 0)) {
        st = bad(err, r->begin, "local CRC differs from the directory", crc, e->crc);
    } else if ((size != e->size && !(later && size == 0)) || (packed != e->packed && !(later && packed == 0))) {
        st = bad(err, r->begin, "local size differs from the directory", size, e->size);
    }
    r->end = e->data + e->packed;
out:
    mem_free(rest);
    return st;
}

/* What stands between the end of one record's data and the next record: nothing, or a descriptor that agrees. */
static limn_status check_gap(struct zip *z, const struct record *r, uint64_t next, limn_error *err)
{
    uint8_t d[24];
    if (next < r->end) {
        return bad(err, next, "two entries overlap: start", next, r->end);
    }
    uint64_t gap = next - r->end;
    if ((r->flags & FLAG_DESCRIPTOR) == 0) {
        return gap == 0 ? LIMN_OK : bad(err, r->end, "bytes between two entries", gap, 0);
    }
    if (gap != 12 && gap != 16 && gap != 20 && gap != 24) {
        return bad(err, r->end, "bytes of a data descriptor", gap, 16);
    }
    limn_status st = file_read_at(z->file, r->end, d, (size_t)gap, err);
    if (st != LIMN_OK) {
        return st;
    }
    size_t k = gap == 16 || gap == 24 ? 4 : 0;
    uint64_t packed = gap >= 20 ? u64(d + k + 4) : u32(d + k + 4), size = gap >= 20 ? u64(d + k + 12) : u32(d + k + 8);
    if ((k == 4 && u32(d) != 0x08074b50) || u32(d + k) != r->entry.crc) {
        return bad(err, r->end, "data descriptor's CRC", u32(d + k), r->entry.crc);
    }
    return packed == r->entry.packed && size == r->entry.size
               ? LIMN_OK
               : bad(err, r->end, "data descriptor's size", size, r->entry.size);
}

static int by_begin(const void *pa, const void *pb)
{
    const struct record *a = pa, *b = pb;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

static int by_name(const void *pa, const void *pb)
{
    return strcmp(((const struct record *)pa)->entry.name, ((const struct record *)pb)->entry.name);
}

static limn_status check_records(struct zip *z, limn_error *err)
{
    limn_status st = LIMN_OK;
    if (z->n == 0) {
        return err_set(err, LIMN_ERR_FORMAT, "an empty zip archive");
    }
    for (size_t i = 0; i < z->n; i++) {
        TRY(read_local(z, &z->record[i], err));
    }
    qsort(z->record, z->n, sizeof *z->record, by_begin);
    if (z->record[0].begin != 0) {
        TRY(bad(err, 0, "bytes before the first entry", z->record[0].begin, 0));
    }
    for (size_t i = 0; i < z->n; i++) {
        TRY(check_gap(z, &z->record[i], i + 1 < z->n ? z->record[i + 1].begin : z->directory, err));
    }
    qsort(z->record, z->n, sizeof *z->record, by_name);
    for (size_t i = 1; i < z->n; i++) {
        if (by_name(&z->record[i - 1], &z->record[i]) == 0) {
            TRY(err_set(err, LIMN_ERR_FORMAT, "zip offset %llu: duplicate entry \"%s\"",
                        (unsigned long long)z->record[i].begin, z->record[i].entry.name));
        }
    }
out:
    return st;
}

limn_status zip_open(struct file *f, struct zip **out, limn_error *err)
{
    limn_status st = LIMN_OK;
    struct zip *z = mem_zalloc(1, sizeof *z);
    if (z == NULL) {
        return err_nomem(err, sizeof *z, "a zip archive");
    }
    z->file = f;
    TRY(read_end(z, err));
    TRY(read_directory(z, err));
    TRY(check_records(z, err));
    *out = z;
    z = NULL;
out:
    zip_close(&z);
    return st;
}

void zip_close(struct zip **z)
{
    if (z == NULL || *z == NULL) {
        return;
    }
    arena_finish(&(*z)->names);
    mem_free((*z)->record);
    mem_free(*z);
    *z = NULL;
}

size_t zip_count(const struct zip *z)
{
    return z->n;
}

const struct zip_entry *zip_at(const struct zip *z, size_t i)
{
    return &z->record[i].entry;
}

const struct zip_entry *zip_find(const struct zip *z, const char *name)
{
    struct record key = {.entry.name = name};
    const struct record *r = bsearch(&key, z->record, z->n, sizeof key, by_name);
    return r != NULL ? &r->entry : NULL;
}

static limn_status crc_compare(const struct zip_entry *e, uint32_t crc, limn_error *err)
{
    return crc == e->crc ? LIMN_OK
                         : err_set(err, LIMN_ERR_FORMAT, "entry \"%s\": CRC of its bytes is %08x (expected %08x)",
                                   e->name, crc, e->crc);
}

/* The output must be exactly as long as the directory says, and all of the input must be used. */
static limn_status unpack(const struct zip_entry *e, uint8_t *src, uint8_t *dst, limn_error *err)
{
    z_stream s = {.next_in = src, .avail_in = (uInt)e->packed, .next_out = dst, .avail_out = (uInt)e->size};
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK) {
        return err_nomem(err, 65536, "unpacking");
    }
    int r = inflate(&s, Z_FINISH);
    inflateEnd(&s);
    return r == Z_STREAM_END && s.avail_out == 0 && s.avail_in == 0
               ? LIMN_OK
               : err_set(err, LIMN_ERR_FORMAT,
                         "entry \"%s\": deflate data unpack to %llu bytes or more (expected %llu)", e->name,
                         (unsigned long long)s.total_out, (unsigned long long)e->size);
}

limn_status zip_read(const struct zip *z, const struct zip_entry *e, size_t max, uint8_t **data, limn_error *err)
{
    limn_status st = LIMN_OK;
    uint8_t *packed = NULL, *plain = NULL;
    if (e->size > max || e->packed > max || max > UINT32_MAX) {
        return err_set(err, LIMN_ERR_FORMAT, "entry \"%s\": %llu bytes (expected at most %zu)", e->name,
                       (unsigned long long)e->size, max);
    }
    packed = mem_alloc((size_t)e->packed, 1);
    plain = e->deflated ? mem_alloc((size_t)e->size, 1) : packed;
    if (packed == NULL || plain == NULL) {
        TRY(err_nomem(err, (size_t)(e->packed + e->size), "a zip entry"));
    }
    TRY(file_read_at(z->file, e->data, packed, (size_t)e->packed, err));
    if (e->deflated) {
        TRY(unpack(e, packed, plain, err));
    }
    TRY(crc_compare(e, (uint32_t)crc32(0, plain, (uInt)e->size), err));
    *data = plain;
    packed = e->deflated ? packed : NULL;
    plain = NULL;
out:
    if (plain != packed) {
        mem_free(plain);
    }
    mem_free(packed);
    return st;
}

limn_status zip_check(const struct zip *z, const struct zip_entry *e, limn_error *err)
{
    enum { CHUNK = 65536 };
    limn_status st = LIMN_OK;
    uLong crc = crc32(0, NULL, 0);
    if (e->deflated) {
        return err_set(err, LIMN_ERR_UNSUPPORTED, "entry \"%s\" is compressed (expected stored)", e->name);
    }
    uint8_t *buf = mem_alloc(CHUNK, 1);
    if (buf == NULL) {
        return err_nomem(err, CHUNK, "checking a zip entry");
    }
    for (uint64_t at = 0; at < e->size; at += CHUNK) {
        size_t n = e->size - at < CHUNK ? (size_t)(e->size - at) : CHUNK;
        TRY(file_read_at(z->file, e->data + at, buf, n, err));
        crc = crc32(crc, buf, (uInt)n);
    }
    st = crc_compare(e, (uint32_t)crc, err);
out:
    mem_free(buf);
    return st;
}
