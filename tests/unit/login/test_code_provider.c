/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call into the cryptographic provider fails, for every n: codes, limits and sessions end
 * in SVMS_E_CRYPTO or in the right result, and never in a verdict that is not true. */
#include "cmocka_all.h"

#include <string.h>

#include <openssl/err.h>

#include <svms/session.h>

#include "../container/failing_provider.h"

#define TEXT_LENGTH (SVMS_SESSION_TEXT_SIZE - 1)
#define CALLS_MAX 2000u
#define NS INT64_C(1000000000)

/* Made while nothing fails. */
typedef struct scene {
    svms_ctx *ctx;
    svms_login_limiter *limiter;
    svms_code_book *codes;
    svms_session_book *sessions;
    char sent[SVMS_TOTP_CODE_SIZE];
    char text[SVMS_SESSION_TEXT_SIZE];
    char recovery[1][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set set;
    bool was_typed;
} scene;

typedef svms_status attempt(scene *at, svms_error *err);

static svms_totp authenticator(svms_totp_hash hash)
{
    static const uint8_t secret[SVMS_TOTP_SECRET_SIZE] = "12345678901234567890";
    svms_totp totp = SVMS_TOTP_INIT;
    totp.hash = hash;
    totp.secret = secret;
    totp.secret_size = sizeof secret;
    return totp;
}

static svms_status show_code(scene *at, svms_error *err)
{
    svms_totp totp = authenticator(SVMS_TOTP_SHA256);
    char code[SVMS_TOTP_CODE_SIZE] = "x";
    svms_status status = svms_totp_code(at->ctx, &totp, 0, code, err);
    assert_int_equal(strlen(code), status == SVMS_OK ? 6 : 1);
    return status;
}

static svms_status check_code(scene *at, svms_error *err)
{
    svms_totp totp = authenticator(SVMS_TOTP_SHA1);
    int64_t last = SVMS_TOTP_NO_STEP;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_status status = svms_totp_check(at->ctx, &totp, "338314", 150 * NS, &last, &verdict, err);
    assert_int_equal(last, status == SVMS_OK ? 4 : SVMS_TOTP_NO_STEP);
    assert_int_equal(verdict, status == SVMS_OK ? SVMS_CODE_GOOD : SVMS_CODE_WRONG);
    return status;
}

static svms_status make_secret(scene *at, svms_error *err)
{
    uint8_t secret[SVMS_TOTP_SECRET_SIZE];
    return svms_totp_secret(at->ctx, secret, sizeof secret, err);
}

static svms_status make_recovery(scene *at, svms_error *err)
{
    char codes[3][SVMS_RECOVERY_CODE_SIZE] = { "x" };
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    svms_status status = svms_recovery_make(at->ctx, 3, codes, &set, err);
    assert_int_equal(set.count, status == SVMS_OK ? 3 : 0);
    assert_int_equal(strcmp(codes[0], "x") == 0, status != SVMS_OK);
    return status;
}

static svms_status use_recovery(scene *at, svms_error *err)
{
    svms_recovery_set set = at->set;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_status status = svms_recovery_check(at->ctx, at->recovery[0], &set, &verdict, err);
    assert_int_equal(svms_recovery_left(&set), status == SVMS_OK ? 0 : 1);
    return status;
}

static svms_status deliver(void *user, const char *name, const char *destination, const char *code,
                           svms_error *err)
{
    (void)name;
    (void)destination;
    (void)err;
    memcpy(((scene *)user)->sent, code, SVMS_TOTP_CODE_SIZE);
    return SVMS_OK;
}

/* What fails sends nothing, and the code of before stays good. */
static svms_status send_code(scene *at, svms_error *err)
{
    char before[SVMS_TOTP_CODE_SIZE];
    memcpy(before, at->sent, sizeof before);
    svms_status status = svms_code_book_send(at->codes, "anna", NULL, NULL, err);
    if (status != SVMS_OK)
        assert_string_equal(at->sent, before);
    return status;
}

/* A try that failed is none: the code is not used up by it, nor are its tries. */
static svms_status type_code(scene *at, svms_error *err)
{
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    svms_status status = svms_code_book_check(at->codes, "anna", at->sent, &verdict, err);
    /* It was typed before, when OpenSSL got over a failure. */
    if (at->was_typed && verdict == SVMS_CODE_MISSING)
        status = SVMS_OK;
    at->was_typed = at->was_typed || status == SVMS_OK;
    return status;
}

static svms_status make_book(scene *at, svms_error *err)
{
    svms_code_book_options options = SVMS_CODE_BOOK_OPTIONS_INIT;
    svms_code_book *book = NULL;
    options.deliver = deliver;
    svms_status status = svms_code_book_new(&book, at->ctx, &options, err);
    svms_code_book_free(&book);
    return status;
}

static svms_status make_limiter(scene *at, svms_error *err)
{
    svms_login_limiter *limiter = NULL;
    svms_status status = svms_login_limiter_new(&limiter, at->ctx, NULL, err);
    svms_login_limiter_free(&limiter);
    return status;
}

/* What fails is not counted, or there would soon be a wait. */
static svms_status ask(scene *at, svms_error *err)
{
    svms_login_attempt made = SVMS_LOGIN_ATTEMPT_INIT;
    svms_status status = svms_login_limiter_ask(at->limiter, "anna", "192.0.2.1", &made, err);
    assert_int_equal(made.limit, status == SVMS_OK ? SVMS_LOGIN_MAY : SVMS_LOGIN_REFUSED);
    if (status == SVMS_OK)
        status = svms_login_limiter_tell(at->limiter, &made, SVMS_LOGIN_UNDECIDED, err);
    return status;
}

static svms_status unlock(scene *at, svms_error *err)
{
    return svms_login_limiter_unlock(at->limiter, "anna", err);
}

static svms_status begin(scene *at, svms_error *err)
{
    char text[SVMS_SESSION_TEXT_SIZE] = "x";
    svms_status status = svms_session_begin(at->sessions, "bob", 1, text, err);
    assert_int_equal(strlen(text), status == SVMS_OK ? TEXT_LENGTH : 1);
    return status;
}

static svms_status find(scene *at, svms_error *err)
{
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    svms_status status =
        svms_session_find(at->sessions, at->text, TEXT_LENGTH, NULL, &verdict, err);
    assert_int_equal(verdict, status == SVMS_OK ? SVMS_SESSION_GOOD : SVMS_SESSION_UNKNOWN);
    return status;
}

/* What fails leaves the old text. */
static svms_status renew(scene *at, svms_error *err)
{
    char fresh[SVMS_SESSION_TEXT_SIZE];
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    svms_status status =
        svms_session_renew(at->sessions, at->text, TEXT_LENGTH, 1, fresh, &verdict, err);
    if (status == SVMS_OK)
        memcpy(at->text, fresh, sizeof fresh);
    return status;
}

static svms_status end(scene *at, svms_error *err)
{
    return svms_session_end(at->sessions, at->text, TEXT_LENGTH, err);
}

static void fail_each_call(scene *at, attempt *body, failing_manner manner)
{
    svms_status status = SVMS_E_CRYPTO;
    unsigned n = 0;
    while (status != SVMS_OK) {
        svms_error err = SVMS_ERROR_INIT;
        failing_plan plan = { .at = ++n, .manner = manner };
        assert_true(n < CALLS_MAX);
        failing_provider_arm(&plan);
        status = body(at, &err);
        uint64_t calls = failing_provider_disarm();
        if (status != SVMS_OK) {
            /* What a provider that returns NULL has run out of is, to OpenSSL, memory. */
            assert_true(status == SVMS_E_CRYPTO || status == SVMS_E_NO_MEMORY);
            assert_int_equal(err.status, status);
            assert_non_null(failing_provider_victim());
            assert_int_equal(ERR_peek_error(), 0);
        } else if (calls >= n) {
            /* OpenSSL got over it; so must the next call. */
            status = SVMS_E_CRYPTO;
        }
        ERR_clear_error();
    }
    /* The provider was needed at all. */
    assert_true(n > 1);
}

static void a_provider_that_fails_changes_no_verdict(void **state)
{
    static attempt *const bodies[] = {
        show_code, check_code, make_secret, make_recovery, use_recovery,
        make_book, send_code,  type_code,   make_limiter,  ask,
        unlock,    begin,      find,        renew,         end,
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        for (int manner = FAILS_SILENTLY; manner <= FAILS_WITH_REASON; manner++) {
            scene at = { .set = SVMS_RECOVERY_SET_INIT };
            svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
            svms_code_book_options delivery = SVMS_CODE_BOOK_OPTIONS_INIT;
            delivery.deliver = deliver;
            delivery.user = &at;
            delivery.pause_s = 0;
            options.ossl_context = failing_provider_load();
            assert_non_null(options.ossl_context);
            assert_int_equal(svms_ctx_new(&at.ctx, &options, NULL), SVMS_OK);
            assert_int_equal(svms_login_limiter_new(&at.limiter, at.ctx, NULL, NULL), SVMS_OK);
            assert_int_equal(svms_code_book_new(&at.codes, at.ctx, &delivery, NULL), SVMS_OK);
            assert_int_equal(svms_session_book_new(&at.sessions, at.ctx, NULL, NULL), SVMS_OK);
            assert_int_equal(svms_recovery_make(at.ctx, 1, at.recovery, &at.set, NULL), SVMS_OK);
            assert_int_equal(svms_code_book_send(at.codes, "anna", NULL, NULL, NULL), SVMS_OK);
            assert_int_equal(svms_session_begin(at.sessions, "anna", 1, at.text, NULL), SVMS_OK);
            fail_each_call(&at, bodies[i], (failing_manner)manner);
            svms_session_book_free(&at.sessions);
            svms_code_book_free(&at.codes);
            svms_login_limiter_free(&at.limiter);
            svms_ctx_free(&at.ctx);
            failing_provider_unload();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_provider_that_fails_changes_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
