/* One small file a hash in the cache folder, named by the hash of the path: "FACTS HEX". Written atomically; anything
 * unexpected in it means that it is not there. */
#include "model/hash_cache.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"

#define SMALL_BYTES (8 << 20) /* hashed in a few hundredths of a second */
#define HEX_LENGTH 64

bool hash_cache_key(const char *path, struct hash_key *key)
{
    struct stat s;
    char folder[900];
    dir_xdg("CACHE", folder, sizeof(folder));
    if (folder[0] == '\0' || stat(path, &s) != 0 || s.st_size < SMALL_BYTES) {
        return false;
    }
    snprintf(key->facts, sizeof(key->facts), "%lld %lld.%09ld %lld.%09ld %llu %llu", (long long)s.st_size,
             (long long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec, (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec,
             (unsigned long long)s.st_ino, (unsigned long long)s.st_dev);
    int n =
        snprintf(key->entry, sizeof(key->entry), "%s/sha256/%016llx", folder, (unsigned long long)rng_hash_text(path));
    return n > 0 && (size_t)n < sizeof(key->entry);
}

bool hash_cache_get(const struct hash_key *key, char *hex)
{
    void *data = NULL;
    size_t size = 0, facts = strlen(key->facts);
    if (file_read_all(key->entry, 1024, &data, &size, NULL) != LIMN_OK) {
        return false;
    }
    const char *text = data;
    bool good = size == facts + 1 + HEX_LENGTH && memcmp(text, key->facts, facts) == 0 && text[facts] == ' ' &&
                strspn(text + facts + 1, "0123456789abcdef") == HEX_LENGTH;
    if (good) {
        memcpy(hex, text + facts + 1, HEX_LENGTH + 1);
    }
    mem_free(data);
    return good;
}

void hash_cache_put(const char *path, const struct hash_key *key, const char *hex)
{
    struct hash_key now;
    char folder[1024], text[HASH_KEY_MAX + HEX_LENGTH + 2];
    if (!hash_cache_key(path, &now) || strcmp(now.facts, key->facts) != 0) {
        return;
    }
    snprintf(folder, sizeof(folder), "%s", key->entry);
    *strrchr(folder, '/') = '\0';
    int n = snprintf(text, sizeof(text), "%s %s", key->facts, hex);
    if (dir_ensure(folder, NULL) == LIMN_OK) {
        (void)file_write_atomic(key->entry, text, (size_t)n, true, NULL);
    }
}
