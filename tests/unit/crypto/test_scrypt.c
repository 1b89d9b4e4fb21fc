/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "key_material.h"
#include "wrap.h"

static svms_ctx *ctx;

static int make_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int free_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

/* RFC 7914, section 12; of the 64 bytes published, the first 32 do not depend on the length. */
static void scrypt_gives_the_published_key(void **state)
{
    (void)state;
    uint8_t expected[32];
    uint8_t found[32];
    from_hex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2", expected,
             sizeof expected);
    assert_int_equal(
        svms_scrypt_with(ctx, "pleaseletmein", 13, "SodiumChloride", 14, 14, found, NULL), SVMS_OK);
    assert_memory_equal(found, expected, sizeof expected);
}

/* RFC 7914, section 12. */
static void scrypt_at_other_costs_gives_the_published_keys(void **state)
{
    (void)state;
    static const struct {
        const char *password;
        const char *salt;
        svms_scrypt_cost cost;
        const char *key;
    } table[] = {
        { "",
          "",
          { 4, 1, 1 },
          "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
          "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906" },
        { "password",
          "NaCl",
          { 10, 8, 16 },
          "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
          "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t expected[64];
        uint8_t found[64];
        from_hex(table[i].key, expected, sizeof expected);
        assert_int_equal(svms_scrypt_at(ctx, &table[i].cost, table[i].password,
                                        strlen(table[i].password), table[i].salt,
                                        strlen(table[i].salt), found, sizeof found, NULL),
                         SVMS_OK);
        assert_memory_equal(found, expected, sizeof expected);
    }
}

/* Expected by tests/vectors/scrypt_vectors.py. */
static void every_input_counts(void **state)
{
    (void)state;
    static const uint8_t salt[SVMS_SCRYPT_SALT_SIZE] = { 1, 2,  3,  4,  5,  6,  7,  8,
                                                         9, 10, 11, 12, 13, 14, 15, 16 };
    static const struct {
        const char *password;
        unsigned log2_n;
        const char *key;
    } table[] = {
        { "correct horse", 10, "9db4e501251348d4cb1b37c70a8606687c1373923e7eebd419780e2174710478" },
        { "correct horsf", 10, "d24015df803ecd4c59847c2042c610ea68e68da847cbef44dbf8bc761d7d3c18" },
        { "", 10, "d2ff899d76ccdc58188545309183b4a1919c80a3edfbe4ddfee14115362998b9" },
        { "correct horse", 11, "b5cd46122d8bbd9fd1c9f15b71c41c784799e4ca63a6db3340c8f2c519a0ad2a" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t expected[32];
        uint8_t found[32];
        from_hex(table[i].key, expected, sizeof expected);
        const char *password = table[i].password;
        assert_int_equal(svms_scrypt(ctx, password[0] ? password : NULL, strlen(password), salt,
                                     table[i].log2_n, found, NULL),
                         SVMS_OK);
        assert_memory_equal(found, expected, sizeof expected);
    }
}

static void the_dearest_cost_is_within_reach(void **state)
{
    (void)state;
    static const uint8_t salt[SVMS_SCRYPT_SALT_SIZE];
    uint8_t found[32];
    assert_int_equal(svms_scrypt(ctx, "x", 1, salt, 18, found, NULL), SVMS_OK);
}

static void costs_outside_the_bounds_are_refused(void **state)
{
    (void)state;
    static const uint8_t salt[SVMS_SCRYPT_SALT_SIZE];
    static const unsigned costs[] = { 0, 9, 19, 63, 64, 4294967295u };
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        uint8_t found[32] = { 7 };
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_scrypt(ctx, "x", 1, salt, costs[i], found, &err), SVMS_E_LIMIT);
        assert_int_equal(err.status, SVMS_E_LIMIT);
        assert_int_equal(found[0], 7);
    }
}

#define UNIT(test) cmocka_unit_test_teardown(test, no_openssl_errors_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(scrypt_gives_the_published_key),
        UNIT(scrypt_at_other_costs_gives_the_published_keys),
        UNIT(every_input_counts),
        UNIT(the_dearest_cost_is_within_reach),
        UNIT(costs_outside_the_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
