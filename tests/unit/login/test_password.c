/* SPDX-License-Identifier: Apache-2.0 */
/* Hashing and comparing passwords (login.md, L-PWD-1 to L-PWD-6). */
#include "cmocka_all.h"

#include <string.h>

#include <openssl/err.h>

#include "../base/failing_allocator.h"
#include "../container/failing_provider.h"
#include "password_argon2id.h"

#define PASSWORD "correct horse"

static svms_ctx *ctx;

static svms_password_cost cheap(svms_password_scheme scheme)
{
    svms_password_cost cost = SVMS_PASSWORD_COST_INIT;
    cost.scheme = scheme;
    cost.memory_kib = 64;
    cost.passes = 1;
    cost.lanes = 2;
    return cost;
}

static svms_password_result verify(const char *hash, const svms_password_cost *cost,
                                   const char *password)
{
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_password_verify(ctx, hash, cost, password, strlen(password), &result, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return result;
}

static void what_was_hashed_is_right_and_nothing_else(void **state)
{
    (void)state;
    static const svms_password_scheme schemes[] = { SVMS_PASSWORD_SCRYPT, SVMS_PASSWORD_BEST };
    for (size_t i = 0; i < 2; i++) {
        svms_password_cost cost = cheap(schemes[i]);
        char hash[2][SVMS_PASSWORD_HASH_SIZE];
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(
                svms_password_hash(ctx, &cost, PASSWORD, strlen(PASSWORD), hash[k], NULL), SVMS_OK);
            assert_int_equal(verify(hash[k], &cost, PASSWORD).is_right, 1);
            assert_int_equal(verify(hash[k], &cost, PASSWORD).needs_rehash, 0);
            assert_int_equal(verify(hash[k], &cost, "correct hors").is_right, 0);
            assert_int_equal(verify(hash[k], &cost, "correct horse ").is_right, 0);
            assert_int_equal(verify(hash[k], &cost, "Correct horse").is_right, 0);
            assert_int_equal(verify(hash[k], &cost, "").is_right, 0);
        }
        assert_string_not_equal(hash[0], hash[1]);
    }
}

static void a_password_may_be_any_bytes(void **state)
{
    (void)state;
    svms_password_cost cost = cheap(SVMS_PASSWORD_BEST);
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    char hash[SVMS_PASSWORD_HASH_SIZE];
    uint8_t bytes[SVMS_PASSWORD_MAX + 1];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    assert_int_equal(svms_password_hash(ctx, &cost, bytes, SVMS_PASSWORD_MAX, hash, NULL), SVMS_OK);
    assert_int_equal(
        svms_password_verify(ctx, hash, &cost, bytes, SVMS_PASSWORD_MAX, &result, NULL), SVMS_OK);
    assert_int_equal(result.is_right, 1);
    /* A byte more is not cut off. */
    assert_int_equal(
        svms_password_verify(ctx, hash, &cost, bytes, SVMS_PASSWORD_MAX + 1, &result, NULL),
        SVMS_OK);
    assert_int_equal(result.is_right, 0);
    assert_int_equal(svms_password_hash(ctx, &cost, bytes, SVMS_PASSWORD_MAX + 1, hash, NULL),
                     SVMS_E_LIMIT);
    assert_int_equal(svms_password_hash(ctx, &cost, bytes, 0, hash, NULL), SVMS_E_LIMIT);
}

typedef struct foreign {
    const char *hash;
    const char *password;
    const char *maker;
} foreign;

static const foreign foreigners[] = {
    { "$argon2id$v=19$m=64,t=2,p=1$48ih9fm6Vq6aXS9lwn9G/g$0UIfOkkDWR8ptaCu6Z0YXQ", PASSWORD,
      "python3-argon2 21.1" },
    { "$argon2id$v=19$m=512,t=1,p=4$iYTYEeu+6hVSKbt8VwHBfibRLzmzG5hPwK73ckNpfp4$"
      "h/vi8z0n+sIh985V+XrGlorr2GV+HSw9KLr9lxQryL9zhv+czLg2hC1m2E7TGb4MUejYlcv+SS9Lmzf9YUQMQw",
      "p\xC3\xA4ssw\xC3\xB6rd", "python3-argon2 21.1" },
    { "$argon2id$v=19$m=128,t=1,p=2$UUoJgfCes9ZaCyFE6H1vbQ$ao1svkHvsHQNuudI834P8A", PASSWORD,
      "python3-passlib 1.7.4" },
    { "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHR2YWx1ZQ$JjJNUqbJDwbTQ2MTB5CtDjN5I1XlHwDo", PASSWORD,
      "argon2(1) 20171227" },
    { "$scrypt$ln=10,r=8,p=1$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
      PASSWORD, "python3-passlib 1.7.4" },
    { "$scrypt$ln=4,r=2,p=3$LAXAmDOm9P4$D5WXV34qEZdof55T7+Da9SYeLIOEP/3MK4nnIp4UtYI", PASSWORD,
      "python3-passlib 1.7.4" },
};

static void hashes_made_elsewhere_verify(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; i < sizeof foreigners / sizeof foreigners[0]; i++) {
        const foreign *it = &foreigners[i];
        svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
        svms_status status = svms_password_verify(ctx, it->hash, NULL, it->password,
                                                  strlen(it->password), &result, NULL);
        if (strncmp(it->hash, "$argon2id", 9) == 0 && !svms_argon2id_is_there()) {
            assert_int_equal(status, SVMS_E_UNSUPPORTED);
            continue;
        }
        assert_int_equal(status, SVMS_OK);
        if (!result.is_right) {
            fail_msg("%s of %s", it->hash, it->maker);
        }
        assert_int_equal(result.needs_rehash, 1);
        assert_int_equal(verify(it->hash, NULL, "another one").is_right, 0);
        tried++;
    }
    assert_true(tried > 0);
}

static void any_other_salt_cost_or_hash_is_wrong(void **state)
{
    (void)state;
    static const char *const changed[] = {
        "$scrypt$ln=11,r=8,p=1$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
        "$scrypt$ln=10,r=7,p=1$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
        "$scrypt$ln=10,r=8,p=2$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
        "$scrypt$ln=10,r=8,p=1$q9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
        "$scrypt$ln=10,r=8,p=1$p9SaE8IYgzBmDKHUem8NYQ$W7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIM",
        "$scrypt$ln=10,r=8,p=1$p9SaE8IYgzBmDKHUem8NYQ$V7NmPz4tYcdQ2fV05rNYxqODUVe5on2KccIiZN2ONIQ",
    };
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        assert_int_equal(verify(changed[i], NULL, PASSWORD).is_right, 0);
    }
}

typedef struct rehash {
    const char *hash;
    svms_password_cost cost;
    uint32_t needed;
} rehash;

#define S16 "AAAAAAAAAAAAAAAAAAAAAA"
#define H32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define SCRYPT_COST(memory, passes)                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_password_cost), SVMS_PASSWORD_SCRYPT, memory, passes, 1, 0           \
    }
#define ARGON2_COST(memory, passes, lanes)                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_password_cost), SVMS_PASSWORD_ARGON2ID, memory, passes, lanes, 0     \
    }

static const rehash rehashes[] = {
    { "$scrypt$ln=6,r=8,p=2$" S16 "$" H32, SCRYPT_COST(64, 2), 0 },
    { "$scrypt$ln=7,r=9,p=3$" S16 "$" H32, SCRYPT_COST(64, 2), 0 },
    { "$scrypt$ln=6,r=8,p=2$" S16 "$" H32, SCRYPT_COST(127, 2), 0 }, /* taken down to 64 */
    { "$scrypt$ln=6,r=8,p=2$" S16 "$" H32, SCRYPT_COST(128, 2), 1 },
    { "$scrypt$ln=6,r=8,p=2$" S16 "$" H32, SCRYPT_COST(64, 3), 1 },
    { "$scrypt$ln=6,r=7,p=2$" S16 "$" H32, SCRYPT_COST(64, 2), 1 },
    { "$scrypt$ln=6,r=8,p=2$AAAAAAAAAAAAAAAAAAAA$" H32, SCRYPT_COST(64, 2), 1 },
    { "$scrypt$ln=6,r=8,p=2$" S16 "$" S16, SCRYPT_COST(64, 2), 1 },
    { "$scrypt$ln=6,r=8,p=2$" S16 "$" H32, ARGON2_COST(64, 2, 1), 1 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" H32, ARGON2_COST(64, 2, 2), 0 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" H32, ARGON2_COST(63, 1, 1), 0 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" H32, ARGON2_COST(65, 2, 2), 1 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" H32, ARGON2_COST(64, 3, 2), 1 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" H32, ARGON2_COST(64, 2, 3), 1 },
    { "$argon2id$v=19$m=64,t=2,p=2$AAAAAAAAAAAAAAAAAAAA$" H32, ARGON2_COST(64, 2, 2), 1 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" S16, ARGON2_COST(64, 2, 2), 1 },
    { "$argon2id$v=19$m=64,t=2,p=2$" S16 "$" H32, SCRYPT_COST(64, 2), 1 },
};

static void a_hash_is_made_anew_when_anything_in_it_is_cheaper(void **state)
{
    (void)state;
    size_t tried = 0;
    for (size_t i = 0; i < sizeof rehashes / sizeof rehashes[0]; i++) {
        bool is_argon2 = strncmp(rehashes[i].hash, "$argon2id", 9) == 0;
        if (is_argon2 && !svms_argon2id_is_there()) {
            continue;
        }
        svms_password_result result = verify(rehashes[i].hash, &rehashes[i].cost, PASSWORD);
        if (result.needs_rehash != rehashes[i].needed) {
            fail_msg("%zu: %s", i, rehashes[i].hash);
        }
        assert_int_equal(result.is_right, 0);
        tried++;
    }
    assert_true(tried > 5);
}

static void the_default_is_the_second_choice_of_rfc_9106(void **state)
{
    (void)state;
    char hash[SVMS_PASSWORD_HASH_SIZE];
    svms_password_cost cost = SVMS_PASSWORD_COST_INIT;
    const char *front =
        svms_argon2id_is_there() ? "$argon2id$v=19$m=65536,t=3,p=4$" : "$scrypt$ln=16,r=8,p=3$";
    assert_int_equal(svms_password_hash(ctx, NULL, PASSWORD, strlen(PASSWORD), hash, NULL),
                     SVMS_OK);
    assert_memory_equal(hash, front, strlen(front));
    assert_int_equal(verify(hash, NULL, PASSWORD).is_right, 1);
    assert_int_equal(verify(hash, &cost, PASSWORD).needs_rehash, 0);
    cost.scheme = SVMS_PASSWORD_SCRYPT;
    assert_int_equal(svms_password_hash(ctx, &cost, PASSWORD, strlen(PASSWORD), hash, NULL),
                     SVMS_OK);
    assert_memory_equal(hash, "$scrypt$ln=16,r=8,p=3$", 22);
}

static void costs_out_of_bounds_are_refused(void **state)
{
    (void)state;
    static const svms_password_cost costs[] = {
        SCRYPT_COST(15, 1),           SCRYPT_COST(0, 1),          SCRYPT_COST(1048577, 1),
        SCRYPT_COST(64, 0),           SCRYPT_COST(64, 17),        ARGON2_COST(15, 1, 2),
        ARGON2_COST(0, 1, 1),         ARGON2_COST(1048577, 1, 1), ARGON2_COST(64, 0, 1),
        ARGON2_COST(64, 65, 1),       ARGON2_COST(64, 1, 0),      ARGON2_COST(1024, 1, 17),
        ARGON2_COST(64, 1, 1u << 29),
    };
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        char hash[SVMS_PASSWORD_HASH_SIZE] = "x";
        svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
        assert_int_equal(svms_password_hash(ctx, &costs[i], "x", 1, hash, NULL), SVMS_E_LIMIT);
        assert_string_equal(hash, "x");
        assert_int_equal(svms_password_verify(ctx, NULL, &costs[i], "x", 1, &result, NULL),
                         SVMS_E_LIMIT);
    }
    svms_password_cost unknown = SCRYPT_COST(64, 1);
    char hash[SVMS_PASSWORD_HASH_SIZE];
    unknown.scheme = (svms_password_scheme)3;
    assert_int_equal(svms_password_hash(ctx, &unknown, "x", 1, hash, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_password_hash(ctx, NULL, NULL, 1, hash, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_password_verify(ctx, NULL, NULL, "x", 1, NULL, NULL), SVMS_E_USAGE);
}

/* Records the sizes that were asked for, in their order. */
typedef struct ledger {
    size_t sizes[64];
    size_t count;
} ledger;

static void *record(void *user, size_t size)
{
    ledger *book = user;
    assert_true(book->count < 64);
    book->sizes[book->count++] = size;
    return malloc(size);
}

static void give_back(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

/* Counted, not timed: the same allocations, the same calls of the provider. */
static void nobody_costs_as_much_as_somebody(void **state)
{
    (void)state;
    static const failing_plan none;
    static const svms_password_scheme schemes[] = { SVMS_PASSWORD_SCRYPT, SVMS_PASSWORD_BEST };
    for (size_t i = 0; i < 2; i++) {
        ledger books[4] = { 0 };
        uint64_t calls[4];
        char hash[SVMS_PASSWORD_HASH_SIZE];
        svms_password_cost cost = cheap(schemes[i]);
        assert_int_equal(svms_password_hash(ctx, &cost, PASSWORD, 13, hash, NULL), SVMS_OK);
        for (size_t k = 0; k < 4; k++) {
            svms_ctx *counted = NULL;
            svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
            svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
            options.user = &books[k];
            options.allocate = record;
            options.release = give_back;
            options.ossl_context = failing_provider_load();
            assert_non_null(options.ossl_context);
            assert_int_equal(svms_ctx_new(&counted, &options, NULL), SVMS_OK);
            failing_provider_arm(&none);
            assert_int_equal(svms_password_verify(counted, k % 2 == 0 ? hash : NULL, &cost,
                                                  k < 2 ? PASSWORD : "another one 1", 13, &result,
                                                  NULL),
                             SVMS_OK);
            calls[k] = failing_provider_disarm();
            assert_int_equal(result.is_right, k == 0);
            svms_ctx_free(&counted);
            failing_provider_unload();
            assert_memory_equal(&books[k], &books[0], sizeof books[0]);
            assert_int_equal(calls[k], calls[0]);
        }
        assert_true(calls[0] > 0 || books[0].count > 1);
    }
}

static svms_status hash_and_verify(svms_ctx *any, svms_error *err)
{
    svms_password_cost cost = cheap(SVMS_PASSWORD_BEST);
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    char hash[SVMS_PASSWORD_HASH_SIZE];
    svms_status status = svms_password_hash(any, &cost, PASSWORD, 13, hash, err);
    if (status == SVMS_OK) {
        status = svms_password_verify(any, hash, &cost, PASSWORD, 13, &result, err);
        assert_int_equal(result.is_right, status == SVMS_OK);
    }
    return status;
}

static void each_failing_allocation_is_called_that(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(hash_and_verify);
}

static void a_failing_provider_is_never_a_wrong_password(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    svms_password_cost cost = cheap(SVMS_PASSWORD_SCRYPT);
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *frail = NULL;
    char hash[SVMS_PASSWORD_HASH_SIZE];
    size_t failures = 0;
    options.ossl_context = failing_provider_load();
    assert_int_equal(svms_ctx_new(&frail, &options, NULL), SVMS_OK);
    assert_int_equal(svms_password_hash(frail, &cost, PASSWORD, 13, hash, NULL), SVMS_OK);
    for (size_t k = 0; k < 6; k++) {
        failing_plan plan = { 1, manners[k % 3], k >= 3 };
        const char *victim = "";
        for (; victim; plan.at++) {
            svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
            failing_provider_arm(&plan);
            svms_status status =
                svms_password_verify(frail, hash, &cost, PASSWORD, 13, &result, NULL);
            victim = failing_provider_victim();
            failing_provider_disarm();
            failures += victim != NULL;
            /* Where a state cannot be made, OpenSSL says that memory ran out. */
            assert_true(status == SVMS_OK || status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY);
            assert_int_equal(result.is_right, status == SVMS_OK);
            ERR_clear_error();
        }
    }
    assert_true(failures > 10);
    svms_ctx_free(&frail);
    failing_provider_unload();
}

static int fail_at_random(void *user, uint8_t *out, size_t size)
{
    (void)user;
    (void)out;
    (void)size;
    return -1;
}

/* What is big is the memory that Argon2id worked in. */
static void *lend(void *user, size_t size)
{
    size_t *block = malloc(sizeof *block + size);
    assert_non_null(block);
    *block = size;
    *(size_t *)user += size >= 65536;
    return block + 1;
}

static void take_back(void *user, void *pointer)
{
    size_t *block = (size_t *)pointer - 1;
    const uint8_t *bytes = pointer;
    (void)user;
    for (size_t i = 0; *block >= 65536 && i < *block; i++) {
        assert_int_equal(bytes[i], 0);
    }
    free(block);
}

static void the_memory_of_argon2id_is_the_contexts_and_comes_back_wiped(void **state)
{
    (void)state;
    size_t lent = 0;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *lender = NULL;
    svms_password_cost cost = cheap(SVMS_PASSWORD_ARGON2ID);
    char hash[SVMS_PASSWORD_HASH_SIZE];
    if (!svms_argon2id_is_there()) {
        skip();
    }
    options.user = &lent;
    options.allocate = lend;
    options.release = take_back;
    assert_int_equal(svms_ctx_new(&lender, &options, NULL), SVMS_OK);
    assert_int_equal(svms_password_hash(lender, &cost, PASSWORD, 13, hash, NULL), SVMS_OK);
    assert_int_equal(lent, 1);
    svms_ctx_free(&lender);
}

/* An allocator may itself hash passwords, with another context. */
static void *hash_and_lend(void *user, size_t size)
{
    svms_password_cost cost = cheap(SVMS_PASSWORD_BEST);
    char hash[SVMS_PASSWORD_HASH_SIZE];
    (void)user;
    assert_int_equal(svms_password_hash(ctx, &cost, "inner", 5, hash, NULL), SVMS_OK);
    return malloc(size);
}

static void free_only(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static void an_allocator_that_hashes_disturbs_nothing(void **state)
{
    (void)state;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *odd = NULL;
    svms_password_cost cost = cheap(SVMS_PASSWORD_BEST);
    char hash[SVMS_PASSWORD_HASH_SIZE];
    options.allocate = hash_and_lend;
    options.release = free_only;
    assert_int_equal(svms_ctx_new(&odd, &options, NULL), SVMS_OK);
    assert_int_equal(svms_password_hash(odd, &cost, PASSWORD, 13, hash, NULL), SVMS_OK);
    assert_int_equal(verify(hash, &cost, PASSWORD).is_right, 1);
    svms_ctx_free(&odd);
}

static void no_salt_no_hash(void **state)
{
    (void)state;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *without = NULL;
    char hash[SVMS_PASSWORD_HASH_SIZE] = "x";
    options.random_bytes = fail_at_random;
    assert_int_equal(svms_ctx_new(&without, &options, NULL), SVMS_OK);
    assert_int_equal(svms_password_hash(without, NULL, "x", 1, hash, NULL), SVMS_E_CRYPTO);
    assert_string_equal(hash, "x");
    svms_ctx_free(&without);
}

static void without_libargon2_its_hashes_are_unsupported_not_wrong(void **state)
{
    (void)state;
    svms_password_cost cost = cheap(SVMS_PASSWORD_ARGON2ID);
    svms_error err = SVMS_ERROR_INIT;
    char hash[SVMS_PASSWORD_HASH_SIZE];
    svms_status status = svms_password_hash(ctx, &cost, "x", 1, hash, &err);
    if (svms_argon2id_is_there()) {
        assert_int_equal(status, SVMS_OK);
        return;
    }
    assert_int_equal(status, SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "this library was built without libargon2");
}

static int open_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int close_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_hashed_is_right_and_nothing_else),
        cmocka_unit_test(a_password_may_be_any_bytes),
        cmocka_unit_test(hashes_made_elsewhere_verify),
        cmocka_unit_test(any_other_salt_cost_or_hash_is_wrong),
        cmocka_unit_test(a_hash_is_made_anew_when_anything_in_it_is_cheaper),
        cmocka_unit_test(the_default_is_the_second_choice_of_rfc_9106),
        cmocka_unit_test(costs_out_of_bounds_are_refused),
        cmocka_unit_test(nobody_costs_as_much_as_somebody),
        cmocka_unit_test(each_failing_allocation_is_called_that),
        cmocka_unit_test(a_failing_provider_is_never_a_wrong_password),
        cmocka_unit_test(the_memory_of_argon2id_is_the_contexts_and_comes_back_wiped),
        cmocka_unit_test(an_allocator_that_hashes_disturbs_nothing),
        cmocka_unit_test(no_salt_no_hash),
        cmocka_unit_test(without_libargon2_its_hashes_are_unsupported_not_wrong),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
