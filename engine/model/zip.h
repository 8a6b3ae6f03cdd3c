/* Zip archives, read so that there is only one way to understand them: whatever two readers could see differently is
 * refused. Names are keys, never paths. */
#ifndef LIMN_MODEL_ZIP_H
#define LIMN_MODEL_ZIP_H

#include "base/file.h"
#include "base/mem.h"

struct zip;

struct zip_entry {
    const char *name;
    uint64_t data;         /* offset of the bytes in the file */
    uint64_t packed, size; /* equal when stored */
    uint32_t crc;
    bool deflated;
};

/* `f` stays the caller's and must outlive the archive. */
limn_status zip_open(struct file *f, struct zip **out, limn_error *err);
void zip_close(struct zip **z); /* NULL-safe */
/* Entries in the order of their names. */
size_t zip_count(const struct zip *z);
const struct zip_entry *zip_at(const struct zip *z, size_t i);
const struct zip_entry *zip_find(const struct zip *z, const char *name);

/* The whole entry, at most `max` bytes, its CRC checked. Free *data with mem_free. */
limn_status zip_read(const struct zip *z, const struct zip_entry *e, size_t max, uint8_t **data, limn_error *err);
/* Reads a stored entry through and compares its CRC; a compressed one is LIMN_ERR_UNSUPPORTED. */
limn_status zip_check(const struct zip *z, const struct zip_entry *e, limn_error *err);

#endif
