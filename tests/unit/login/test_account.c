/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: what they hold, and the text that holds it (login.md, L-ACC-1 to L-ACC-4, L-ACC-11,
 * L-ACC-12). */
#include "cmocka_all.h"

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "account_case.h"

static account_case it;

static svms_account_info describe(const svms_account *account)
{
    svms_account_info info = SVMS_ACCOUNT_INFO_INIT;
    assert_int_equal(svms_account_describe(account, &info, NULL), SVMS_OK);
    return info;
}

static void an_account_comes_back_as_it_was_stored(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    case_factor factor;
    uint32_t findings = 0;
    char uri[512];
    size_t size = sizeof uri;
    case_enrol(&it, account, &factor);
    assert_int_equal(case_set_password(account, CASE_SECOND, 1, &findings), SVMS_OK);
    assert_int_equal(svms_account_start_totp(account, "Site", uri, &size, NULL), SVMS_OK);
    svms_account_lock(account, 1);
    svms_account before = *account;
    case_store_and_read(&it, &account);
    svms_account_info info = describe(account);
    assert_string_equal(svms_account_name(account), CASE_NAME);
    assert_int_equal(info.has_password, 1);
    assert_int_equal(info.must_change, 1);
    assert_int_equal(info.is_locked, 1);
    assert_int_equal(info.has_totp, 1);
    assert_int_equal(info.totp_is_pending, 1);
    assert_int_equal(info.recovery_left, SVMS_ACCOUNT_RECOVERY_CODES);
    assert_int_equal(info.history, 1);
    assert_int_equal(info.password_set_utc_ns, CASE_BEGIN);
    assert_int_equal(info.last_login_utc_ns, SVMS_NO_TIME);
    assert_memory_equal(account->hashes, before.hashes, sizeof before.hashes);
    assert_memory_equal(account->totp.secret, factor.secret, sizeof factor.secret);
    assert_memory_equal(account->pending.secret, before.pending.secret,
                        sizeof before.pending.secret);
    assert_int_equal(account->last_step, before.last_step);
    assert_memory_equal(account->recovery.hashes, before.recovery.hashes,
                        sizeof before.recovery.hashes);
    svms_account_free(&account);
}

static void an_account_without_anything_is_one_as_well(void **state)
{
    (void)state;
    svms_account *account = NULL;
    assert_int_equal(svms_account_new(&account, it.ctx, CASE_NAME, case_key, NULL), SVMS_OK);
    case_store_and_read(&it, &account);
    svms_account_info info = describe(account);
    svms_account_info nothing = SVMS_ACCOUNT_INFO_INIT;
    nothing.password_set_utc_ns = SVMS_NO_TIME;
    nothing.last_login_utc_ns = SVMS_NO_TIME;
    assert_memory_equal(&info, &nothing, sizeof info);
    svms_account_free(&account);
    assert_null(account);
    svms_account_free(&account);
    svms_account_free(NULL);
}

static size_t write_full(char text[SVMS_ACCOUNT_TEXT_MAX])
{
    svms_account *account = case_account(&it);
    case_factor factor;
    size_t size = SVMS_ACCOUNT_TEXT_MAX;
    case_enrol(&it, account, &factor);
    assert_int_equal(svms_account_write(account, text, &size, NULL), SVMS_OK);
    assert_int_equal(strlen(text), size);
    svms_account_free(&account);
    return size;
}

static svms_status read_as(const char *name, const uint8_t *key, const char *text, size_t size)
{
    svms_account *account = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_account_read(&account, it.ctx, name, key, text, size, &err);
    assert_int_equal(status == SVMS_OK, account != NULL);
    assert_int_equal(err.status, status);
    svms_account_free(&account);
    return status;
}

static void no_character_of_the_text_can_be_changed(void **state)
{
    (void)state;
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t size = write_full(text);
    assert_memory_equal(text, "svms-account.1.", 15);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            text[i] = (char)(text[i] ^ 1 << bit);
            svms_status status = read_as(CASE_NAME, case_key, text, size);
            assert_true(status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED ||
                        status == SVMS_E_WRONG_KEY);
            text[i] = (char)(text[i] ^ 1 << bit);
        }
    }
    for (size_t i = 0; i < size; i++) {
        svms_status status = read_as(CASE_NAME, case_key, text, i);
        assert_true(status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED ||
                    status == SVMS_E_WRONG_KEY);
    }
    text[size] = 'A';
    assert_int_not_equal(read_as(CASE_NAME, case_key, text, size + 1), SVMS_OK);
    assert_int_equal(read_as(CASE_NAME, case_key, text, size), SVMS_OK);
}

static void a_text_is_for_one_name_and_one_key(void **state)
{
    (void)state;
    char text[SVMS_ACCOUNT_TEXT_MAX];
    uint8_t key[SVMS_ACCOUNT_KEY_SIZE];
    size_t size = write_full(text);
    static const char *const names[] = { "berta@site.example", "anna@site.exampl",
                                         "anna@site.example ", "Anna@site.example", "a" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(read_as(names[i], case_key, text, size), SVMS_E_WRONG_KEY);
    }
    for (size_t i = 0; i < sizeof key; i++) {
        memcpy(key, case_key, sizeof key);
        key[i] ^= 0x80;
        assert_int_equal(read_as(CASE_NAME, key, text, size), SVMS_E_WRONG_KEY);
    }
}

static void the_key_can_be_changed(void **state)
{
    (void)state;
    static const uint8_t next[SVMS_ACCOUNT_KEY_SIZE] = { 9 };
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t size = sizeof text;
    svms_account *account = case_account(&it);
    assert_int_equal(svms_account_set_key(account, next, NULL), SVMS_OK);
    assert_int_equal(svms_account_write(account, text, &size, NULL), SVMS_OK);
    assert_int_equal(read_as(CASE_NAME, case_key, text, size), SVMS_E_WRONG_KEY);
    assert_int_equal(read_as(CASE_NAME, next, text, size), SVMS_OK);
    svms_account_free(&account);
}

static void a_text_shows_nothing_and_never_repeats(void **state)
{
    (void)state;
    char text[2][SVMS_ACCOUNT_TEXT_MAX];
    svms_account *account = case_account(&it);
    for (size_t i = 0; i < 2; i++) {
        size_t size = sizeof text[i];
        assert_int_equal(svms_account_write(account, text[i], &size, NULL), SVMS_OK);
        assert_null(strstr(text[i], "argon2"));
        assert_null(strstr(text[i], "scrypt"));
    }
    assert_string_not_equal(text[0], text[1]);
    svms_account_free(&account);
}

static void a_small_buffer_is_told_what_suffices(void **state)
{
    (void)state;
    char text[SVMS_ACCOUNT_TEXT_MAX] = "x";
    svms_account *account = case_account(&it);
    size_t size = 0;
    assert_int_equal(svms_account_write(account, NULL, &size, NULL), SVMS_E_LIMIT);
    size_t needed = size;
    size = needed - 1;
    assert_int_equal(svms_account_write(account, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, needed);
    assert_string_equal(text, "x");
    assert_int_equal(svms_account_write(account, text, &size, NULL), SVMS_OK);
    assert_int_equal(size, needed - 1);
    svms_account_free(&account);
}

static void the_fullest_account_fits(void **state)
{
    (void)state;
    char text[SVMS_ACCOUNT_TEXT_MAX];
    size_t size = sizeof text;
    svms_account *account = case_account(&it);
    account->hash_count = SVMS_PASSWORD_HISTORY_MAX;
    for (size_t i = 0; i < SVMS_PASSWORD_HISTORY_MAX; i++) {
        strcpy(account->hashes[i], "$argon2id$v=19$m=1048576,t=64,p=16$"
                                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                   "AAAAAAAAAAAAAAAAAAAAAAA$"
                                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                                   "AAAAAAAAAAAAAAAAAAAAAAA");
    }
    account->totp = (svms_account_totp){ true, SVMS_TOTP_SHA512, 8, 300, { 1 }, 64 };
    account->pending = account->totp;
    account->recovery.count = SVMS_RECOVERY_MAX;
    case_store_and_read(&it, &account);
    assert_int_equal(account->hash_count, SVMS_PASSWORD_HISTORY_MAX);
    assert_int_equal(svms_account_write(account, text, &size, NULL), SVMS_OK);
    svms_account_free(&account);
}

typedef struct content {
    const char *words;
    uint8_t bytes[64];
    size_t size;
} content;

#define TIMES 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define NO_STEP 255, 255, 255, 255, 255, 255, 255, 255
#define SECRET 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16

/* What only somebody with the key can write. */
static const content contents[] = {
    { NULL, { 0, TIMES, 0, 0, 0, NO_STEP, 0 }, 29 },
    { NULL, { 3, TIMES, 0, 0, 0, NO_STEP, 0 }, 29 },
    { NULL, { 0, TIMES, 0, 1, 1, 6, 0, 30, 16, SECRET, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0 }, 50 },
    { "the account has flags that nobody knows", { 4, TIMES, 0, 0, 0, NO_STEP, 0 }, 29 },
    { "the account has too many hashes", { 0, TIMES, 25, 0, 0, NO_STEP, 0 }, 29 },
    { "the account has a hash that ends too early", { 0, TIMES, 1, 60, 0, NO_STEP, 0 }, 29 },
    { "a hashed password does not begin with '$'", { 0, TIMES, 1, 1, 'x', 0, 0, NO_STEP, 0 }, 31 },
    { "a hashed password does not begin with '$'", { 0, TIMES, 1, 0, 0, 0, NO_STEP, 0 }, 30 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 2, 1, 6, 0, 30, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 0, 6, 0, 30, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 4, 6, 0, 30, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 1, 5, 0, 30, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 1, 9, 0, 30, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 1, 6, 0, 14, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 1, 6, 1, 45, 16, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 1, 1, 6, 0, 30, 15, SECRET, 0, NO_STEP, 0 },
      50 },
    { "the account has an authenticator that cannot be",
      { 0, TIMES, 0, 0, 1, 1, 6, 0, 30, 65, SECRET, NO_STEP, 0 },
      50 },
    { "the account has a last step that cannot be",
      { 0, TIMES, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0 },
      29 },
    { "the account has a last step that cannot be",
      { 0, TIMES, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 254, 0 },
      29 },
    { "the account has too many recovery codes", { 0, TIMES, 0, 0, 0, NO_STEP, 17 }, 29 },
    { "the account has a content that ends too early", { 0, TIMES, 0, 0, 0, NO_STEP, 1 }, 29 },
    { "the account has a content that ends too early", { 0, TIMES, 0, 0, 0, NO_STEP }, 28 },
    { "the account has a content that ends too early", { 0, TIMES, 0, 1, 1, 6, 0, 30, 40 }, 40 },
    { "the account has a content that ends too early", { 0 }, 1 },
    { "the account has bytes left over behind its content",
      { 0, TIMES, 0, 0, 0, NO_STEP, 0, 0 },
      30 },
};

static void content_that_breaks_a_rule_is_refused_with_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        svms_account *account = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_account_new(&account, it.ctx, CASE_NAME, case_key, NULL), SVMS_OK);
        svms_status status =
            svms_account_read_content(account, contents[i].bytes, contents[i].size, &err);
        if (contents[i].words) {
            assert_int_equal(status, SVMS_E_MALFORMED);
            assert_string_equal(err.message, contents[i].words);
        } else {
            svms_builder again = svms_builder_new(it.ctx, 64);
            assert_int_equal(status, SVMS_OK);
            svms_put_account(&again, account);
            assert_int_equal(again.size, contents[i].size);
            assert_memory_equal(again.data, contents[i].bytes, again.size);
            svms_builder_clear(&again);
        }
        svms_account_free(&account);
    }
}

static void texts_that_are_no_account_have_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        svms_status status;
        const char *words;
    } cases[] = {
        { "", SVMS_E_MALFORMED, "the text is no account" },
        { "svms-accoun", SVMS_E_MALFORMED, "the text is no account" },
        { "{\"format\":\"svms-account\"}", SVMS_E_MALFORMED, "the text is no account" },
        { "svms-account.", SVMS_E_UNSUPPORTED, "the account is of another version than 1" },
        { "svms-account.2.AAAA", SVMS_E_UNSUPPORTED, "the account is of another version than 1" },
        { "svms-account.11.AAA", SVMS_E_UNSUPPORTED, "the account is of another version than 1" },
        { "svms-account.1.", SVMS_E_MALFORMED, "the text of the account has lost its end" },
        { "svms-account.1.AAAA", SVMS_E_MALFORMED, "the text of the account has lost its end" },
        { "svms-account.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SVMS_E_MALFORMED,
          "the text of the account has lost its end" },
        { "svms-account.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", SVMS_E_MALFORMED,
          "the account is no base64url without padding" },
        { "svms-account.1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SVMS_E_WRONG_KEY,
          "the account was changed, is somebody else's or is sealed with another key" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_account *account = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_account_read(&account, it.ctx, CASE_NAME, case_key, cases[i].text,
                                           strlen(cases[i].text), &err),
                         cases[i].status);
        assert_string_equal(err.message, cases[i].words);
        assert_null(account);
    }
    static char long_text[SVMS_ACCOUNT_TEXT_MAX];
    memset(long_text, 'A', sizeof long_text);
    assert_int_equal(read_as(CASE_NAME, case_key, long_text, sizeof long_text), SVMS_E_LIMIT);
}

static void names_have_their_bounds(void **state)
{
    (void)state;
    char name[SVMS_LOGIN_NAME_MAX + 2];
    svms_account *account = NULL;
    static const char *const bad[] = { "", "a\nb", "a\x7F", "a\xC2\x85", "\xFF", "\xED\xA0\x80" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(svms_account_new(&account, it.ctx, bad[i], case_key, NULL), SVMS_E_USAGE);
    }
    memset(name, 'a', sizeof name);
    name[SVMS_LOGIN_NAME_MAX + 1] = '\0';
    assert_int_equal(svms_account_new(&account, it.ctx, name, case_key, NULL), SVMS_E_USAGE);
    name[SVMS_LOGIN_NAME_MAX] = '\0';
    assert_int_equal(svms_account_new(&account, it.ctx, name, case_key, NULL), SVMS_OK);
    assert_string_equal(svms_account_name(account), name);
    svms_account_free(&account);
    assert_int_equal(svms_account_new(&account, it.ctx, "J\xC3\xBCrgen M", case_key, NULL),
                     SVMS_OK);
    svms_account_free(&account);
    assert_null(svms_account_name(NULL));
}

static void earlier_passwords_are_remembered_as_the_policy_says(void **state)
{
    (void)state;
    static const char *const passwords[] = { "first of 7 Lanterns", "second of 7 Lanterns",
                                             "third of 7 Lanterns", "fourth of 7 Lanterns",
                                             "fifth of 7 Lanterns", "sixth of 7 Lanterns" };
    svms_account *account = NULL;
    uint32_t findings = 0;
    assert_int_equal(svms_account_new(&account, it.ctx, CASE_NAME, case_key, NULL), SVMS_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(case_set_password(account, passwords[i], 0, &findings), SVMS_OK);
        assert_int_equal(describe(account).history, i < 5 ? i : 4);
        case_store_and_read(&it, &account);
    }
    for (size_t i = 1; i < 6; i++) {
        assert_int_equal(case_set_password(account, passwords[i], 0, &findings), SVMS_E_POLICY);
        assert_int_equal(findings, SVMS_PASSWORD_USED_BEFORE);
    }
    /* Five ago is long enough. */
    assert_int_equal(case_set_password(account, passwords[0], 0, &findings), SVMS_OK);
    svms_account_free(&account);
}

static void changing_demands_the_old_password(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    uint32_t findings = 0;
    svms_account before = *account;
    assert_int_equal(case_change_password(account, "wrong", CASE_SECOND, NULL, &findings),
                     SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_OLD_WRONG);
    /* Nothing is said of the new one then. */
    assert_int_equal(case_change_password(account, "wrong", "x", NULL, &findings), SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_OLD_WRONG);
    assert_int_equal(case_change_password(account, CASE_PASSWORD, CASE_PASSWORD, NULL, &findings),
                     SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_USED_BEFORE);
    assert_int_equal(case_change_password(account, CASE_PASSWORD, "anna", NULL, &findings),
                     SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_SHORT | SVMS_PASSWORD_NAMES_USER);
    case_assert_same(&it, account, &before);
    svms_account_lock(account, 1);
    assert_int_equal(case_change_password(account, CASE_PASSWORD, CASE_SECOND, NULL, &findings),
                     SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_OLD_WRONG);
    svms_account_lock(account, 0);
    assert_int_equal(case_change_password(account, CASE_PASSWORD, CASE_SECOND, NULL, &findings),
                     SVMS_OK);
    assert_int_equal(findings, 0);
    svms_account_free(&account);
}

static void guesses_at_the_old_password_are_limited(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login_limiter *limiter = NULL;
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    uint32_t findings = 0;
    limits.capacity = 16;
    limits.lock_after = 6;
    assert_int_equal(svms_login_limiter_new(&limiter, it.ctx, &limits, NULL), SVMS_OK);
    size_t tried = 0;
    for (; !describe(account).is_locked && tried < 100; tried++) {
        assert_int_equal(case_change_password(account, "wrong", CASE_SECOND, limiter, &findings),
                         SVMS_E_POLICY);
        it.now_utc_ns += findings == 0 ? 60 * CASE_SECONDS : 0;
    }
    assert_int_equal(describe(account).is_locked, 1);
    assert_true(tried >= 6 && tried < 100);
    svms_login_limiter_free(&limiter);
    svms_account_free(&account);
}

static void a_new_authenticator_counts_after_its_first_code(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    case_factor old;
    char uri[512];
    size_t size = sizeof uri;
    uint8_t secret[SVMS_TOTP_SECRET_SIZE];
    char code[SVMS_TOTP_CODE_SIZE];
    char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE];
    case_enrol(&it, account, &old);
    assert_int_equal(svms_account_confirm_totp(account, "000000", it.now_utc_ns, codes, NULL),
                     SVMS_E_STATE);
    assert_int_equal(svms_account_start_totp(account, "Site", uri, &size, NULL), SVMS_OK);
    case_secret(uri, secret);
    assert_memory_not_equal(secret, old.secret, sizeof secret);
    case_store_and_read(&it, &account);
    /* A code of the old one does not do. */
    it.now_utc_ns += 60 * CASE_SECONDS;
    case_code(&it, old.secret, code);
    assert_int_equal(svms_account_confirm_totp(account, code, it.now_utc_ns, codes, NULL),
                     SVMS_E_POLICY);
    assert_memory_equal(account->totp.secret, old.secret, sizeof old.secret);
    case_code(&it, secret, code);
    assert_int_equal(svms_account_confirm_totp(account, code, SVMS_NO_TIME, codes, NULL), SVMS_OK);
    assert_memory_equal(account->totp.secret, secret, sizeof secret);
    assert_int_equal(describe(account).totp_is_pending, 0);
    svms_account_stop_totp(account);
    assert_int_equal(describe(account).has_totp, 0);
    assert_int_equal(describe(account).recovery_left, 0);
    svms_account_stop_totp(NULL);
    svms_account_lock(NULL, 1);
    svms_account_free(&account);
}

static void recovery_codes_can_be_made_anew(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    case_factor factor;
    char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE];
    case_enrol(&it, account, &factor);
    svms_recovery_set before = account->recovery;
    assert_int_equal(svms_account_renew_recovery(account, codes, NULL), SVMS_OK);
    assert_memory_not_equal(&account->recovery, &before, sizeof before);
    assert_int_equal(describe(account).recovery_left, SVMS_ACCOUNT_RECOVERY_CODES);
    svms_account_free(&account);
}

/* Everything that an account can do, each step with memory or the provider failing. */
static svms_status live(svms_ctx *ctx, svms_error *err)
{
    svms_account *account = NULL;
    svms_account *again = NULL;
    svms_password_cost cost = case_cost();
    svms_password_change change = SVMS_PASSWORD_CHANGE_INIT;
    char text[SVMS_ACCOUNT_TEXT_MAX];
    char uri[512];
    size_t size = sizeof uri;
    uint32_t findings = 0;
    change.cost = &cost;
    change.password = CASE_PASSWORD;
    change.size = strlen(CASE_PASSWORD);
    svms_status status = svms_account_new(&account, ctx, CASE_NAME, case_key, err);
    if (status == SVMS_OK) {
        status = svms_account_set_password(account, &change, &findings, err);
    }
    if (status == SVMS_OK) {
        change.old_password = CASE_PASSWORD;
        change.old_size = strlen(CASE_PASSWORD);
        change.password = CASE_SECOND;
        change.size = strlen(CASE_SECOND);
        status = svms_account_change_password(account, &change, &findings, err);
    }
    if (status == SVMS_OK) {
        status = svms_account_start_totp(account, "Site", uri, &size, err);
    }
    if (status == SVMS_OK) {
        char code[SVMS_TOTP_CODE_SIZE];
        char codes[SVMS_ACCOUNT_RECOVERY_CODES][SVMS_RECOVERY_CODE_SIZE];
        svms_totp totp = svms_account_totp_of(&account->pending);
        status = svms_totp_code(ctx, &totp, CASE_BEGIN, code, err);
        if (status == SVMS_OK) {
            status = svms_account_confirm_totp(account, code, CASE_BEGIN, codes, err);
            assert_int_equal(account->totp.is_there, status == SVMS_OK);
        }
    }
    if (status == SVMS_OK) {
        size = sizeof text;
        status = svms_account_write(account, text, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_account_read(&again, ctx, CASE_NAME, case_key, text, size, err);
    }
    assert_int_equal(findings, 0);
    svms_account_free(&again);
    svms_account_free(&account);
    return status;
}

static void each_failing_allocation_is_called_that(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(live);
}

static void a_failing_provider_is_called_that(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    account_case frail;
    size_t failures = 0;
    case_open(&frail, failing_provider_load());
    for (size_t k = 0; k < 6; k++) {
        failing_plan plan = { 1, manners[k % 3], k >= 3 };
        const char *victim = "";
        for (; victim; plan.at++) {
            failing_provider_arm(&plan);
            svms_status status = live(frail.ctx, NULL);
            victim = failing_provider_victim();
            failing_provider_disarm();
            failures += victim != NULL;
            if (status != SVMS_OK && status != SVMS_E_CRYPTO && status != SVMS_E_NO_MEMORY) {
                fail_msg("call %llu, %s: %s", (unsigned long long)plan.at, victim,
                         svms_status_name(status));
            }
            ERR_clear_error();
        }
    }
    assert_true(failures > 100);
    case_close(&frail);
    failing_provider_unload();
}

static void missing_arguments_are_refused(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    char text[8];
    size_t size = sizeof text;
    uint32_t findings = 0;
    svms_password_change change = SVMS_PASSWORD_CHANGE_INIT;
    svms_account_info info = SVMS_ACCOUNT_INFO_INIT;
    assert_int_equal(svms_account_new(NULL, it.ctx, "a", case_key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_new(&account, it.ctx, NULL, case_key, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_new(&account, it.ctx, "a", NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_write(NULL, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_write(account, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_set_key(account, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_describe(NULL, &info, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_set_password(account, &change, &findings, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_set_password(account, NULL, &findings, NULL), SVMS_E_USAGE);
    change.password = "x";
    assert_int_equal(svms_account_change_password(account, &change, &findings, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_start_totp(account, NULL, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_renew_recovery(account, NULL, NULL), SVMS_E_USAGE);
    svms_account_free(&account);
}

static int open_case(void **state)
{
    (void)state;
    case_open(&it, NULL);
    return 0;
}

static int close_case(void **state)
{
    (void)state;
    case_close(&it);
    return 0;
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, open_case, close_case)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(an_account_comes_back_as_it_was_stored),
        UNIT(an_account_without_anything_is_one_as_well),
        UNIT(no_character_of_the_text_can_be_changed),
        UNIT(a_text_is_for_one_name_and_one_key),
        UNIT(the_key_can_be_changed),
        UNIT(a_text_shows_nothing_and_never_repeats),
        UNIT(a_small_buffer_is_told_what_suffices),
        UNIT(the_fullest_account_fits),
        UNIT(content_that_breaks_a_rule_is_refused_with_words),
        UNIT(texts_that_are_no_account_have_words),
        UNIT(names_have_their_bounds),
        UNIT(earlier_passwords_are_remembered_as_the_policy_says),
        UNIT(changing_demands_the_old_password),
        UNIT(guesses_at_the_old_password_are_limited),
        UNIT(a_new_authenticator_counts_after_its_first_code),
        UNIT(recovery_codes_can_be_made_anew),
        UNIT(each_failing_allocation_is_called_that),
        UNIT(a_failing_provider_is_called_that),
        UNIT(missing_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
