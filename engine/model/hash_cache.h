/* Hashes of large weight files, remembered between runs: reading half a gigabyte again only to name it in a picture
 * would take longer than the picture. An entry counts while the file's size, times, inode and device are the same. */
#ifndef LIMN_MODEL_HASH_CACHE_H
#define LIMN_MODEL_HASH_CACHE_H

#include <stdbool.h>

#define HASH_KEY_MAX 128
struct hash_key {
    char entry[1024];         /* path of the cache file */
    char facts[HASH_KEY_MAX]; /* size, times, inode, device */
};

/* Identifies the file as it is now; false when it is too small to bother or there is nowhere to keep it. */
bool hash_cache_key(const char *path, struct hash_key *key);
/* Fills hex (65 bytes) when the hash is known. */
bool hash_cache_get(const struct hash_key *key, char *hex);
/* Remembers it, unless the file changed since the key was made. Failures do not matter. */
void hash_cache_put(const char *path, const struct hash_key *key, const char *hex);

#endif
