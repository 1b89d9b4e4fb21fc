/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 of bodies, and the name and code of HTTP Basic. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "est_body.h"

static void base64_is_that_of_openssl(void **state)
{
    unsigned char data[200];
    (void)state;
    for (size_t size = 0; size < sizeof data; size++) {
        char text[400];
        char dense[400] = "";
        unsigned char wanted[400];
        unsigned char back[300];
        size_t used = 0;
        size_t dense_size = 0;
        for (size_t i = 0; i < size; i++) {
            data[i] = (unsigned char)(i * 37 + size * 11);
        }
        size_t written = est_base64_encode(data, size, text);
        assert_true(written + 1 <= est_base64_room(size));
        assert_int_equal(strlen(text), written);
        for (size_t i = 0; i < written; i++) {
            if (text[i] != '\n') {
                dense[dense_size++] = text[i];
            }
        }
        int length = EVP_EncodeBlock(wanted, data, (int)size);
        assert_int_equal((size_t)length, dense_size);
        assert_memory_equal(dense, wanted, dense_size);
        assert_true(est_base64_decode(text, written, back, &used));
        assert_int_equal(used, size);
        assert_memory_equal(back, data, size);
    }
}

static void lines_have_64_symbols(void **state)
{
    unsigned char data[100] = { 0 };
    char text[200];
    (void)state;
    est_base64_encode(data, 96, text);
    assert_int_equal(strcspn(text, "\n"), 64);
    assert_int_equal(strcspn(text + 65, "\n"), 64);
    assert_string_equal(text + 129, "\n");
}

static void what_is_not_base64_is_refused(void **state)
{
    static const char *const bad[] = {
        "A",     "AA",   "AAA",  "AAAAA", "AA=",     "A===", "====", "=AAA",  "AA=A",
        "AA==A", "AB==", "AAB=", "AA-_",  "AAA\x80", "AA A", "AAA*", "AAAA=", "AAAA=="
    };
    unsigned char out[16];
    size_t used = 0;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(est_base64_decode(bad[i], strlen(bad[i]), out, &used));
    }
    assert_false(est_base64_decode("AA\0A", 4, out, &used));
}

static void white_space_may_stand_anywhere(void **state)
{
    unsigned char out[16];
    size_t used = 0;
    const char text[] = " \tA A\r\nE = \n";
    (void)state;
    assert_true(est_base64_decode(text, sizeof text - 1, out, &used));
    assert_int_equal(used, 2);
    assert_memory_equal(out, "\0\1", 2);
}

static bool parse_login(const char *scheme, const char *plain, size_t size, est_login *out)
{
    unsigned char text[2048];
    char value[2100];
    assert_true(size < 1000);
    (void)EVP_EncodeBlock(text, (const unsigned char *)plain, (int)size);
    int length = snprintf(value, sizeof value, "%s%s", scheme, (const char *)text);
    return est_login_parse(out, value, (size_t)length);
}

static void the_last_colon_parts_name_and_code(void **state)
{
    static const struct {
        const char *plain;
        const char *name;
        const char *password;
    } cases[] = {
        { "door:1234", "door", "1234" },
        { "hall: door:1234", "hall: door", "1234" },
        { ":1234", "", "1234" },
        { "door:", "door", "" },
        { "T\xc3\xbcr:1", "T\xc3\xbcr", "1" },
    };
    est_login login;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(parse_login("Basic ", cases[i].plain, strlen(cases[i].plain), &login));
        assert_string_equal(login.name, cases[i].name);
        assert_string_equal(login.password, cases[i].password);
    }
    assert_true(parse_login("bAsIc ", "a:b", 3, &login));
}

static void what_is_no_login_is_refused_and_leaves_nothing(void **state)
{
    char plain[900];
    est_login login;
    est_login nothing;
    (void)state;
    memset(&nothing, 0, sizeof nothing);
    memset(plain, 'a', sizeof plain);
    assert_false(parse_login("Basic ", "no colon", 8, &login));
    assert_memory_equal(&login, &nothing, sizeof login);
    assert_false(parse_login("Basic ", "a\0b:c", 5, &login));
    assert_false(parse_login("Bearer ", "a:b", 3, &login));
    assert_false(parse_login("Basic", "a:b", 3, &login));
    assert_false(parse_login("", "", 0, &login));
    assert_false(est_login_parse(&login, "Basic", 5));
    assert_false(est_login_parse(&login, "Basic !", 7));
    /* As long as either part may be, and one more. */
    plain[EST_NAME_MAX] = ':';
    assert_true(parse_login("Basic ", plain, 2 * EST_NAME_MAX + 1, &login));
    assert_int_equal(strlen(login.name), EST_NAME_MAX);
    assert_int_equal(strlen(login.password), EST_NAME_MAX);
    assert_false(parse_login("Basic ", plain, 2 * EST_NAME_MAX + 2, &login));
    plain[EST_NAME_MAX] = 'a';
    plain[EST_NAME_MAX + 1] = ':';
    assert_false(parse_login("Basic ", plain, 2 * EST_NAME_MAX, &login));
    assert_false(parse_login("Basic ", plain, sizeof plain, &login));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_that_of_openssl),
        cmocka_unit_test(lines_have_64_symbols),
        cmocka_unit_test(what_is_not_base64_is_refused),
        cmocka_unit_test(white_space_may_stand_anywhere),
        cmocka_unit_test(the_last_colon_parts_name_and_code),
        cmocka_unit_test(what_is_no_login_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
