/* The remembered hash of a large file is right, is used, and is dropped when the file changes. */
#include "model/hash_cache.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "support/check.h"

int main(void)
{
    char folder[] = "/tmp/limn-hash-XXXXXX", path[64], hex[65] = "";
    const char *some = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct hash_key key, later;
    limn_error err = {0};
    CHECK(mkdtemp(folder) != NULL);
    CHECK(setenv("XDG_CACHE_HOME", folder, 1) == 0);
    snprintf(path, sizeof(path), "%s/weights", folder);
    CHECK(!hash_cache_key(path, &key)); /* there is none */
    CHECK_OK(file_write_atomic(path, "small", 5, true, &err));
    CHECK(!hash_cache_key(path, &key)); /* not worth it */
    CHECK(truncate(path, 20 << 20) == 0);
    CHECK(hash_cache_key(path, &key));
    CHECK(!hash_cache_get(&key, hex));
    hash_cache_put(path, &key, some);
    CHECK(hash_cache_get(&key, hex));
    CHECK_STR(hex, some);
    CHECK(truncate(path, 21 << 20) == 0);
    CHECK(hash_cache_key(path, &later));
    CHECK(!hash_cache_get(&later, hex)); /* another file now */
    hash_cache_put(path, &key, some);    /* changed since the key was made: not stored */
    CHECK(!hash_cache_get(&later, hex));
    CHECK_OK(file_write_atomic(later.entry, "nonsense", 8, true, &err));
    CHECK(!hash_cache_get(&later, hex));
    unlink(later.entry);
    unlink(path);
    return check_done();
}
