/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of accounts share: a context with a clock of its own and an allocator that counts
 * and fails, cheap hashes, an account with everything. Include after cmocka_all.h. */
#ifndef SVMS_TEST_ACCOUNT_CASE_H
#define SVMS_TEST_ACCOUNT_CASE_H

#include <string.h>

#include <svms/time.h>

#include "../base/failing_allocator.h"
#include "account_internal.h"

#define CASE_NAME "anna@site.example"
#define CASE_PASSWORD "vJ7#lantern Quartz"
#define CASE_SECOND "another Kettle 52"
#define CASE_SECONDS INT64_C(1000000000)
#define CASE_BEGIN (INT64_C(1800000000) * CASE_SECONDS)
#define CASE_LEDGER 256

static const uint8_t case_key[SVMS_ACCOUNT_KEY_SIZE] = { 7, 1, 4 };

typedef struct account_case {
    svms_ctx *ctx;
    int64_t now_utc_ns; /* the monotonic clock goes with it */
    long until_failure; /* allocations that still succeed, or NEVER_FAILS */
    long live;
    size_t sizes[CASE_LEDGER]; /* what was asked for since count was last set to 0 */
    size_t count;
} account_case;

static inline void *case_allocate(void *user, size_t size)
{
    account_case *it = user;
    if (it->until_failure == 0) {
        return NULL;
    }
    it->until_failure -= it->until_failure > 0;
    if (it->count < CASE_LEDGER) {
        it->sizes[it->count] = size;
    }
    it->count++;
    it->live++;
    void *pointer = malloc(size);
    assert_non_null(pointer);
    memset(pointer, 0xA5, size);
    return pointer;
}

static inline void case_release(void *user, void *pointer)
{
    account_case *it = user;
    it->live--;
    free(pointer);
}

static inline int64_t case_utc_now(void *user)
{
    return ((account_case *)user)->now_utc_ns;
}

static inline uint64_t case_monotonic_now(void *user)
{
    return (uint64_t)((account_case *)user)->now_utc_ns;
}

static inline void case_open(account_case *it, struct ossl_lib_ctx_st *ossl_context)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    memset(it, 0, sizeof *it);
    it->now_utc_ns = CASE_BEGIN;
    it->until_failure = NEVER_FAILS;
    options.user = it;
    options.allocate = case_allocate;
    options.release = case_release;
    options.utc_now = case_utc_now;
    options.monotonic_now = case_monotonic_now;
    options.ossl_context = ossl_context;
    assert_int_equal(svms_ctx_new(&it->ctx, &options, NULL), SVMS_OK);
}

static inline void case_close(account_case *it)
{
    svms_ctx_free(&it->ctx);
    assert_int_equal(it->live, 0);
}

static inline svms_password_cost case_cost(void)
{
    svms_password_cost cost = SVMS_PASSWORD_COST_INIT;
    cost.memory_kib = 32;
    cost.passes = 1;
    cost.lanes = 1;
    return cost;
}

static inline svms_status case_set_password(svms_account *account, const char *password,
                                            uint32_t must_change, uint32_t *findings)
{
    svms_password_cost cost = case_cost();
    svms_password_change change = SVMS_PASSWORD_CHANGE_INIT;
    change.cost = &cost;
    change.password = password;
    change.size = strlen(password);
    change.must_change = must_change;
    return svms_account_set_password(account, &change, findings, NULL);
}

static inline svms_status case_change_password(svms_account *account, const char *old_password,
                                               const char *password, svms_login_limiter *limiter,
                                               uint32_t *findings)
{
    svms_password_cost cost = case_cost();
    svms_password_change change = SVMS_PASSWORD_CHANGE_INIT;
    change.cost = &cost;
    change.password = password;
    change.size = strlen(password);
    change.old_password = old_password;
    change.old_size = strlen(old_password);
    change.limiter = limiter;
    change.address = "192.0.2.7";
    return svms_account_change_password(account, &change, findings, NULL);
}

static inline svms_account *case_account(account_case *it)
{
    svms_account *account = NULL;
    uint32_t findings = 0;
    assert_int_equal(svms_account_new(&account, it->ctx, CASE_NAME, case_key, NULL), SVMS_OK);
    assert_int_equal(case_set_password(account, CASE_PASSWORD, 0, &findings), SVMS_OK);
    assert_int_equal(findings, 0);
    return account;
}

/* The secret stands in the URI in base32. */
static inline void case_secret(const char *uri, uint8_t out[SVMS_TOTP_SECRET_SIZE])
{
    const char *text = strstr(uri, "secret=");
    uint32_t bits = 0;
    size_t held = 0;
    size_t written = 0;
    assert_non_null(text);
    for (text += strlen("secret="); written < SVMS_TOTP_SECRET_SIZE; text++) {
        bits = bits << 5 | (uint32_t)(*text >= 'A' ? *text - 'A' : *text - '2' + 26);
        held += 5;
        if (held >= 8) {
            held -= 8;
            out[written++] = (uint8_t)(bits >> held);
        }
    }
}

static inline void case_code(account_case *it, const uint8_t secret[SVMS_TOTP_SECRET_SIZE],
                             char out[SVMS_TOTP_CODE_SIZE])
{
    svms_totp totp = SVMS_TOTP_INIT;
    totp.secret = secret;
    totp.secret_size = SVMS_TOTP_SECRET_SIZE;
    assert_int_equal(svms_totp_code(it->ctx, &totp, it->now_utc_ns, out, NULL), SVMS_OK);
}

typedef struct case_factor {
    uint8_t secret[SVMS_TOTP_SECRET_SIZE];
    char recovery[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE];
} case_factor;

/* Enrols an authenticator; its code of now is used up by it. */
static inline void case_enrol(account_case *it, svms_account *account, case_factor *factor)
{
    char uri[512];
    char code[SVMS_TOTP_CODE_SIZE];
    size_t size = sizeof uri;
    assert_int_equal(svms_account_start_totp(account, "Site", uri, &size, NULL), SVMS_OK);
    case_secret(uri, factor->secret);
    case_code(it, factor->secret, code);
    assert_int_equal(
        svms_account_confirm_totp(account, code, it->now_utc_ns, factor->recovery, NULL), SVMS_OK);
}

/* The same content; what lies between members does not count. */
static inline void case_assert_same(account_case *it, const svms_account *a, const svms_account *b)
{
    svms_builder texts[2] = { svms_builder_new(it->ctx, 8192), svms_builder_new(it->ctx, 8192) };
    svms_put_account(&texts[0], a);
    svms_put_account(&texts[1], b);
    assert_int_equal(texts[0].status, SVMS_OK);
    assert_int_equal(texts[0].size, texts[1].size);
    assert_memory_equal(texts[0].data, texts[1].data, texts[0].size);
    svms_builder_clear(&texts[0]);
    svms_builder_clear(&texts[1]);
}

/* As after a restart: written, forgotten, read. */
static inline void case_store_and_read(account_case *it, svms_account **account)
{
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t size = sizeof text;
    assert_int_equal(svms_account_write(*account, text, &size, NULL), SVMS_OK);
    svms_account_free(account);
    assert_int_equal(svms_account_read(account, it->ctx, CASE_NAME, case_key, text, size, NULL),
                     SVMS_OK);
}

#endif
