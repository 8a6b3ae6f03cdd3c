/* The byte buffer: growing, dropping, base64 (the test vectors of RFC 4648). */
#include "bytes.h"

#include "support/check.h"

static bool is(const struct bytes *b, const char *text)
{
    return b->n == strlen(text) && memcmp(b->data, text, b->n) == 0;
}

static void test_base64(void)
{
    static const char *const pair[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"},
                                          {"\xff\xfe\xfd", "//79"}};
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        struct bytes b = {0};
        bytes_base64(&b, pair[i][0], strlen(pair[i][0]));
        CHECK(pair[i][1][0] == '\0' ? b.n == 0 : is(&b, pair[i][1]));
        bytes_finish(&b);
    }
}

int main(void)
{
    struct bytes b = {0};
    bytes_text(&b, "abc");
    bytes_printf(&b, "%d;%c", 12, 'm');
    CHECK(is(&b, "abc12;m"));
    bytes_drop(&b, 3);
    CHECK(is(&b, "12;m"));
    bytes_drop(&b, 100);
    CHECK_INT(b.n, 0);
    for (int i = 0; i < 100000; i++) {
        bytes_add(&b, "0123456789", 10);
    }
    CHECK(b.n == 1000000 && !b.failed && memcmp(b.data + 999990, "0123456789", 10) == 0);
    bytes_clear(&b);
    CHECK_INT(b.n, 0);
    bytes_finish(&b);
    test_base64();
    return check_done();
}
