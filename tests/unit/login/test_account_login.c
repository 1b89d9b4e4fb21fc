/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in: verdicts, and what the peer hears of them; limits; one path of work (login.md,
 * L-ACC-5 to L-ACC-10). */
#include "cmocka_all.h"

#include <openssl/err.h>

#include "../container/failing_provider.h"
#include "account_case.h"

#define ADDRESS "192.0.2.7"
#define STEP (30 * CASE_SECONDS)

static account_case it;
static svms_password_cost cost;

static svms_login typed(const char *password, const char *code)
{
    svms_login login = SVMS_LOGIN_INIT;
    login.name = CASE_NAME;
    login.address = ADDRESS;
    login.password = password;
    login.password_size = strlen(password);
    login.code = code;
    login.cost = &cost;
    return login;
}

static svms_login_result log_in(svms_account *account, const svms_login *login)
{
    svms_login_result result = SVMS_LOGIN_RESULT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_account_login(account, it.ctx, login, &result, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return result;
}

static svms_login_verdict try_with(svms_account *account, const char *password, const char *code)
{
    svms_login login = typed(password, code);
    return log_in(account, &login).verdict;
}

static void a_right_password_is_welcome(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login login = typed(CASE_PASSWORD, NULL);
    it.now_utc_ns += 7;
    svms_login_result result = log_in(account, &login);
    assert_int_equal(result.verdict, SVMS_LOGIN_GOOD);
    assert_int_equal(result.answer, SVMS_LOGIN_SAY_WELCOME);
    assert_int_equal(result.methods, SVMS_LOGIN_BY_PASSWORD);
    assert_int_equal(result.account_changed, 1);
    case_store_and_read(&it, &account);
    svms_account_info info = SVMS_ACCOUNT_INFO_INIT;
    assert_int_equal(svms_account_describe(account, &info, NULL), SVMS_OK);
    assert_int_equal(info.last_login_utc_ns, CASE_BEGIN + 7);
    svms_account_free(&account);
}

/* Told apart in the record, and nowhere else. */
static void the_peer_hears_wrong_whatever_was_wrong(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_account *empty = NULL;
    svms_login login = typed("wrong", NULL);
    assert_int_equal(svms_account_new(&empty, it.ctx, CASE_NAME, case_key, NULL), SVMS_OK);
    svms_login_result results[5];
    results[0] = log_in(NULL, &login);
    assert_int_equal(results[0].verdict, SVMS_LOGIN_UNKNOWN_NAME);
    results[1] = log_in(empty, &login);
    assert_int_equal(results[1].verdict, SVMS_LOGIN_NO_PASSWORD);
    results[2] = log_in(account, &login);
    assert_int_equal(results[2].verdict, SVMS_LOGIN_WRONG_PASSWORD);
    svms_account_lock(account, 1);
    results[3] = log_in(account, &login);
    assert_int_equal(results[3].verdict, SVMS_LOGIN_LOCKED);
    login = typed(CASE_PASSWORD, NULL);
    results[4] = log_in(account, &login);
    assert_int_equal(results[4].verdict, SVMS_LOGIN_LOCKED);
    for (size_t i = 0; i < 5; i++) {
        results[i].verdict = SVMS_LOGIN_NO_VERDICT;
        svms_login_result plain = SVMS_LOGIN_RESULT_INIT;
        assert_memory_equal(&results[i], &plain, sizeof plain);
    }
    svms_account_lock(account, 0);
    assert_int_equal(try_with(account, CASE_PASSWORD, NULL), SVMS_LOGIN_GOOD);
    svms_account_free(&empty);
    svms_account_free(&account);
}

static void a_password_that_must_change_opens_nothing_else(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    uint32_t findings = 0;
    svms_login login = typed(CASE_SECOND, NULL);
    assert_int_equal(case_set_password(account, CASE_SECOND, 1, &findings), SVMS_OK);
    for (int i = 0; i < 2; i++) {
        case_store_and_read(&it, &account);
        svms_login_result result = log_in(account, &login);
        assert_int_equal(result.verdict, SVMS_LOGIN_MUST_CHANGE);
        assert_int_equal(result.answer, SVMS_LOGIN_SAY_CHANGE);
    }
    assert_int_equal(
        case_change_password(account, CASE_PASSWORD, "third Teapot 83", NULL, &findings),
        SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_OLD_WRONG);
    assert_int_equal(case_change_password(account, CASE_SECOND, CASE_SECOND, NULL, &findings),
                     SVMS_E_POLICY);
    assert_int_equal(findings, SVMS_PASSWORD_USED_BEFORE);
    assert_int_equal(case_change_password(account, CASE_SECOND, "third Teapot 83", NULL, &findings),
                     SVMS_OK);
    case_store_and_read(&it, &account);
    assert_int_equal(try_with(account, CASE_SECOND, NULL), SVMS_LOGIN_WRONG_PASSWORD);
    assert_int_equal(try_with(account, "third Teapot 83", NULL), SVMS_LOGIN_GOOD);
    svms_account_free(&account);
}

static void an_authenticator_is_asked_for_and_its_codes_are_used_up(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    case_factor factor;
    char code[SVMS_TOTP_CODE_SIZE];
    char wrong[SVMS_TOTP_CODE_SIZE];
    case_enrol(&it, account, &factor);
    case_code(&it, factor.secret, code);
    svms_login login = typed(CASE_PASSWORD, NULL);
    svms_login_result result = log_in(account, &login);
    assert_int_equal(result.verdict, SVMS_LOGIN_CODE_NEEDED);
    assert_int_equal(result.answer, SVMS_LOGIN_SAY_CODE);
    assert_int_equal(result.methods, 0);
    assert_int_equal(result.account_changed, 0);
    /* The one that enrolled it has been used. */
    assert_int_equal(try_with(account, CASE_PASSWORD, code), SVMS_LOGIN_CODE_USED);
    it.now_utc_ns += 2 * STEP;
    case_code(&it, factor.secret, code);
    memcpy(wrong, code, sizeof wrong);
    wrong[5] = wrong[5] == '9' ? '0' : (char)(wrong[5] + 1);
    assert_int_equal(try_with(account, CASE_PASSWORD, wrong), SVMS_LOGIN_CODE_WRONG);
    assert_int_equal(try_with(account, "wrong", code), SVMS_LOGIN_WRONG_PASSWORD);
    login = typed(CASE_PASSWORD, code);
    result = log_in(account, &login);
    assert_int_equal(result.verdict, SVMS_LOGIN_GOOD);
    assert_int_equal(result.methods, SVMS_LOGIN_BY_PASSWORD | SVMS_LOGIN_BY_TOTP);
    /* Not twice, even after a restart. */
    assert_int_equal(try_with(account, CASE_PASSWORD, code), SVMS_LOGIN_CODE_USED);
    case_store_and_read(&it, &account);
    assert_int_equal(try_with(account, CASE_PASSWORD, code), SVMS_LOGIN_CODE_USED);
    it.now_utc_ns += STEP;
    assert_int_equal(try_with(account, CASE_PASSWORD, code), SVMS_LOGIN_CODE_USED);
    case_code(&it, factor.secret, code);
    assert_int_equal(try_with(account, CASE_PASSWORD, code), SVMS_LOGIN_GOOD);
    svms_account_free(&account);
}

static void each_recovery_code_opens_once(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    case_factor factor;
    case_enrol(&it, account, &factor);
    for (uint32_t i = 0; i < SVMS_ACCOUNT_RECOVERY_CODES; i++) {
        assert_int_equal(try_with(account, "wrong", factor.recovery[i]), SVMS_LOGIN_WRONG_PASSWORD);
        svms_login login = typed(CASE_PASSWORD, factor.recovery[i]);
        svms_login_result result = log_in(account, &login);
        assert_int_equal(result.verdict, SVMS_LOGIN_GOOD);
        assert_int_equal(result.methods, SVMS_LOGIN_BY_PASSWORD | SVMS_LOGIN_BY_RECOVERY);
        case_store_and_read(&it, &account);
        assert_int_equal(try_with(account, CASE_PASSWORD, factor.recovery[i]),
                         SVMS_LOGIN_CODE_WRONG);
        assert_int_equal(svms_recovery_left(&account->recovery),
                         SVMS_ACCOUNT_RECOVERY_CODES - 1 - i);
    }
    svms_account_free(&account);
}

typedef struct mailbox {
    char code[SVMS_TOTP_CODE_SIZE];
    size_t count;
} mailbox;

static svms_status put_in_mailbox(void *user, const char *name, const char *destination,
                                  const char *code, svms_error *err)
{
    mailbox *box = user;
    (void)err;
    assert_string_equal(name, CASE_NAME);
    assert_string_equal(destination, "mail");
    assert_true(strlen(code) < sizeof box->code);
    memcpy(box->code, code, strlen(code) + 1);
    box->count++;
    return SVMS_OK;
}

static svms_code_book *open_book(mailbox *box)
{
    svms_code_book *book = NULL;
    svms_code_book_options options = SVMS_CODE_BOOK_OPTIONS_INIT;
    options.capacity = 16;
    options.tries = 3;
    options.pause_s = 0;
    options.deliver = put_in_mailbox;
    options.user = box;
    assert_int_equal(svms_code_book_new(&book, it.ctx, &options, NULL), SVMS_OK);
    return book;
}

static void a_delivered_code_counts_where_the_caller_has_them(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    mailbox box = { { 0 }, 0 };
    svms_code_book *book = open_book(&box);
    svms_login login = typed(CASE_PASSWORD, NULL);
    login.demand_code = 1;
    login.codes = book;
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_CODE_NEEDED);
    assert_int_equal(svms_code_book_send(book, CASE_NAME, "mail", NULL, NULL), SVMS_OK);
    /* Wrong passwords spend no tries of it. */
    for (int i = 0; i < 5; i++) {
        svms_login guess = typed("wrong", "000000");
        guess.demand_code = 1;
        guess.codes = book;
        assert_int_equal(log_in(account, &guess).verdict, SVMS_LOGIN_WRONG_PASSWORD);
        guess.code = box.code;
        assert_int_equal(log_in(account, &guess).verdict, SVMS_LOGIN_WRONG_PASSWORD);
    }
    login.code = box.code;
    login.codes = NULL;
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_CODE_WRONG);
    login.codes = book;
    svms_login_result result = log_in(account, &login);
    assert_int_equal(result.verdict, SVMS_LOGIN_GOOD);
    assert_int_equal(result.methods, SVMS_LOGIN_BY_PASSWORD | SVMS_LOGIN_BY_DELIVERED);
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_CODE_WRONG);
    assert_int_equal(box.count, 1);
    svms_code_book_free(&book);
    svms_account_free(&account);
}

static void a_code_that_is_not_due_is_passed_over(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    mailbox box = { { 0 }, 0 };
    svms_code_book *book = open_book(&box);
    svms_login login = typed(CASE_PASSWORD, box.code);
    assert_int_equal(svms_code_book_send(book, CASE_NAME, "mail", NULL, NULL), SVMS_OK);
    login.codes = book;
    svms_login_result result = log_in(account, &login);
    assert_int_equal(result.verdict, SVMS_LOGIN_GOOD);
    assert_int_equal(result.methods, SVMS_LOGIN_BY_PASSWORD);
    /* It was not used up. */
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    assert_int_equal(svms_code_book_check(book, CASE_NAME, box.code, &verdict, NULL), SVMS_OK);
    svms_code_book_free(&book);
    svms_account_free(&account);
}

static svms_login_limiter *open_limiter(uint32_t lock_after)
{
    svms_login_limiter *limiter = NULL;
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    limits.capacity = 16;
    limits.lock_after = lock_after;
    assert_int_equal(svms_login_limiter_new(&limiter, it.ctx, &limits, NULL), SVMS_OK);
    return limiter;
}

static void known_and_unknown_names_wait_alike(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    for (int known = 0; known < 2; known++) {
        svms_login_limiter *limiter = open_limiter(0);
        size_t waits = 0;
        for (int i = 0; i < 12; i++) {
            svms_login login = typed("wrong", NULL);
            login.limiter = limiter;
            svms_login_result result = log_in(known ? account : NULL, &login);
            if (result.verdict == SVMS_LOGIN_TOO_SOON) {
                assert_int_equal(result.answer, SVMS_LOGIN_SAY_WAIT);
                assert_true(result.wait_s > 0);
                it.now_utc_ns += result.wait_s * CASE_SECONDS;
                waits = waits * 1000 + result.wait_s + (size_t)i;
            }
        }
        static size_t before;
        assert_true(waits > 0);
        assert_true(known == 0 || waits == before);
        before = waits;
        svms_login_limiter_free(&limiter);
    }
    svms_account_free(&account);
}

static void who_must_wait_is_not_even_looked_at(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login_limiter *limiter = open_limiter(0);
    svms_login login = typed("wrong", NULL);
    login.limiter = limiter;
    svms_login_result result = log_in(account, &login);
    for (int i = 0; i < 10 && result.verdict != SVMS_LOGIN_TOO_SOON; i++) {
        result = log_in(account, &login);
    }
    login = typed(CASE_PASSWORD, NULL);
    login.limiter = limiter;
    it.count = 0;
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_TOO_SOON);
    for (size_t i = 0; i < it.count; i++) {
        assert_true(it.sizes[i] < 32 * 1024); /* no hash was computed */
    }
    it.now_utc_ns += result.wait_s * CASE_SECONDS;
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_GOOD);
    svms_login_limiter_free(&limiter);
    svms_account_free(&account);
}

/* Whoever knows the password cannot wipe out the failures of codes by stopping before the code. */
static void a_password_without_its_code_forgives_nothing(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login_limiter *limiter = open_limiter(0);
    case_factor factor;
    size_t guesses = 0;
    case_enrol(&it, account, &factor);
    svms_login_result result = SVMS_LOGIN_RESULT_INIT;
    while (result.verdict != SVMS_LOGIN_TOO_SOON && guesses < 100) {
        svms_login login = typed(CASE_PASSWORD, "not one");
        login.limiter = limiter;
        result = log_in(account, &login);
        guesses++;
        login.code = NULL;
        svms_login_verdict verdict = log_in(account, &login).verdict;
        assert_true(verdict == SVMS_LOGIN_CODE_NEEDED || verdict == SVMS_LOGIN_TOO_SOON);
    }
    assert_true(guesses < 10);
    svms_login_limiter_free(&limiter);
    svms_account_free(&account);
}

/* Asking for the code is no failure. */
static void a_password_without_its_code_counts_against_nobody(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login_limiter *limiter = open_limiter(0);
    case_factor factor;
    case_enrol(&it, account, &factor);
    for (int i = 0; i < 20; i++) {
        svms_login login = typed(CASE_PASSWORD, NULL);
        login.limiter = limiter;
        assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_CODE_NEEDED);
    }
    svms_login_limiter_free(&limiter);
    svms_account_free(&account);
}

static void an_account_is_locked_when_the_limiter_says_so(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login_limiter *limiter = open_limiter(5);
    svms_login_result result = SVMS_LOGIN_RESULT_INIT;
    for (int i = 0; i < 50 && !result.account_changed; i++) {
        svms_login login = typed("wrong", NULL);
        login.limiter = limiter;
        result = log_in(account, &login);
        it.now_utc_ns += result.wait_s * CASE_SECONDS;
    }
    assert_int_equal(result.account_changed, 1);
    assert_int_equal(result.verdict, SVMS_LOGIN_WRONG_PASSWORD);
    assert_int_equal(result.answer, SVMS_LOGIN_SAY_WRONG);
    case_store_and_read(&it, &account);
    assert_int_equal(try_with(account, CASE_PASSWORD, NULL), SVMS_LOGIN_LOCKED);
    svms_account_lock(account, 0);
    assert_int_equal(svms_login_limiter_unlock(limiter, CASE_NAME, NULL), SVMS_OK);
    svms_login login = typed(CASE_PASSWORD, NULL);
    login.limiter = limiter;
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_GOOD);
    svms_login_limiter_free(&limiter);
    svms_account_free(&account);
}

static void a_cheap_hash_is_made_anew_by_a_good_login_only(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    char before[SVMS_PASSWORD_HASH_SIZE];
    svms_password_cost dearer = cost;
    svms_login login = typed("wrong", NULL);
    memcpy(before, account->hashes[0], sizeof before);
    dearer.memory_kib *= 2;
    login.cost = &dearer;
    log_in(account, &login);
    assert_string_equal(account->hashes[0], before);
    login = typed(CASE_PASSWORD, NULL);
    log_in(account, &login);
    assert_string_equal(account->hashes[0], before);
    login.cost = &dearer;
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_GOOD);
    assert_string_not_equal(account->hashes[0], before);
    assert_int_equal(account->hash_count, 1);
    svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
    assert_int_equal(svms_password_verify(it.ctx, account->hashes[0], &dearer, CASE_PASSWORD,
                                          strlen(CASE_PASSWORD), &result, NULL),
                     SVMS_OK);
    assert_int_equal(result.is_right, 1);
    assert_int_equal(result.needs_rehash, 0);
    svms_account_free(&account);
}

/* One way in which a login can be refused with "wrong". */
typedef struct refusal {
    const char *what;
    bool is_known;
    bool has_password;
    bool has_totp;
    bool is_locked;
    const char *password;
} refusal;

static const refusal refusals[] = {
    { "a wrong password", true, true, false, false, "wrong password..." },
    { "an unknown name", false, false, false, false, "wrong password..." },
    { "an account without password", true, false, false, false, "wrong password..." },
    { "a locked account", true, true, false, true, "wrong password..." },
    { "a locked account, right password", true, true, false, true, CASE_PASSWORD },
    { "a wrong password beside an authenticator", true, true, true, false, "wrong password..." },
    { "a locked account with an authenticator", true, true, true, true, CASE_PASSWORD },
};

typedef struct work {
    size_t sizes[CASE_LEDGER];
    size_t count;
    uint64_t calls;
} work;

static void measure(work *out, const refusal *how, const char *code, svms_code_book *book,
                    svms_login_limiter *limiter)
{
    static const failing_plan none;
    svms_account *account = case_account(&it);
    case_factor factor;
    if (how->has_totp) {
        case_enrol(&it, account, &factor);
    }
    if (!how->has_password) {
        account->hash_count = 0;
    }
    svms_account_lock(account, how->is_locked);
    svms_login login = typed(how->password, code);
    login.password_size = strlen("wrong password...");
    login.codes = book;
    login.limiter = limiter;
    memset(it.sizes, 0, sizeof it.sizes);
    it.count = 0;
    failing_provider_arm(&none);
    svms_login_result result = log_in(how->is_known ? account : NULL, &login);
    out->calls = failing_provider_disarm();
    assert_int_equal(result.answer, SVMS_LOGIN_SAY_WRONG);
    memcpy(out->sizes, it.sizes, sizeof out->sizes);
    out->count = it.count;
    svms_account_free(&account);
}

/* Counted, not timed: the same allocations in the same order, the same calls of the provider. */
static void which_of_them_was_wrong_does_not_show_in_the_work(void **state)
{
    (void)state;
    static const char *const codes[] = { NULL, "123456", "7QF2-M0XK-7QF2-M0XK-7QF2-M0XK", "" };
    case_close(&it);
    case_open(&it, failing_provider_load());
    mailbox box = { { 0 }, 0 };
    for (size_t k = 0; k < sizeof codes / sizeof codes[0]; k++) {
        svms_code_book *book = open_book(&box);
        svms_login_limiter *limiter = open_limiter(0);
        work expected = { { 0 }, 0, 0 };
        assert_int_equal(svms_code_book_send(book, CASE_NAME, "mail", NULL, NULL), SVMS_OK);
        for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
            work found = { { 0 }, 0, 0 };
            assert_int_equal(svms_login_limiter_unlock(limiter, CASE_NAME, NULL), SVMS_OK);
            measure(&found, &refusals[i], codes[k], book, limiter);
            if (i == 0) {
                expected = found;
            }
            if (found.calls != expected.calls || found.count != expected.count ||
                memcmp(found.sizes, expected.sizes, sizeof found.sizes) != 0) {
                fail_msg("%s with code %s: %zu allocations and %llu calls instead of %zu and %llu",
                         refusals[i].what, codes[k] ? codes[k] : "none", found.count,
                         (unsigned long long)found.calls, expected.count,
                         (unsigned long long)expected.calls);
            }
        }
        assert_true(expected.calls > 0);
        svms_login_limiter_free(&limiter);
        svms_code_book_free(&book);
    }
    case_close(&it);
    failing_provider_unload();
    case_open(&it, NULL);
}

/* A wrong code costs what a wrong password costs. */
static void a_wrong_code_does_not_show_that_the_password_was_right(void **state)
{
    (void)state;
    static const failing_plan none;
    case_close(&it);
    case_open(&it, failing_provider_load());
    mailbox box = { { 0 }, 0 };
    svms_code_book *book = open_book(&box);
    svms_account *account = case_account(&it);
    case_factor factor;
    work works[2];
    case_enrol(&it, account, &factor);
    for (int right = 0; right < 2; right++) {
        svms_login login = typed(right ? CASE_PASSWORD : "wrong password...", "not one");
        login.password_size = strlen("wrong password...");
        login.codes = book;
        login.password_size = right ? strlen(CASE_PASSWORD) : login.password_size;
        memset(it.sizes, 0, sizeof it.sizes);
        it.count = 0;
        failing_provider_arm(&none);
        svms_login_result result = log_in(account, &login);
        works[right].calls = failing_provider_disarm();
        works[right].count = it.count;
        memcpy(works[right].sizes, it.sizes, sizeof it.sizes);
        assert_int_equal(result.verdict, right ? SVMS_LOGIN_CODE_WRONG : SVMS_LOGIN_WRONG_PASSWORD);
        assert_int_equal(result.answer, SVMS_LOGIN_SAY_WRONG);
    }
    assert_int_equal(works[0].calls, works[1].calls);
    assert_int_equal(works[0].count, works[1].count);
    assert_memory_equal(works[0].sizes, works[1].sizes, sizeof works[0].sizes);
    svms_account_free(&account);
    svms_code_book_free(&book);
    case_close(&it);
    failing_provider_unload();
    case_open(&it, NULL);
}

/* Memory or provider fail in the middle: nobody is in, and the account is as it was. */
static void check_failure(svms_account *account, svms_status status,
                          const svms_login_result *result, const svms_account *before)
{
    if (status == SVMS_OK) {
        assert_int_equal(result->verdict, SVMS_LOGIN_GOOD);
        *account = *before;
        return;
    }
    assert_true(status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO);
    assert_int_equal(result->verdict, SVMS_LOGIN_NO_VERDICT);
    case_assert_same(&it, account, before);
}

static void a_failure_lets_nobody_in_and_changes_nothing(void **state)
{
    (void)state;
    static const failing_manner manners[] = { FAILS_SILENTLY, FAILS_WITH_REASON, FAILS_NEGATIVELY };
    case_close(&it);
    case_open(&it, failing_provider_load());
    svms_login_limiter *limiter = open_limiter(0);
    svms_account *account = case_account(&it);
    svms_password_cost dearer = cost;
    case_factor factor;
    size_t failures = 0;
    case_enrol(&it, account, &factor);
    svms_account before = *account;
    svms_login login = typed(CASE_PASSWORD, factor.recovery[3]);
    dearer.scheme = SVMS_PASSWORD_SCRYPT;
    dearer.memory_kib *= 2;
    login.cost = &dearer;
    login.limiter = limiter;
    svms_status status = SVMS_E_NO_MEMORY;
    for (long n = 0; status != SVMS_OK; n++) {
        svms_login_result result = SVMS_LOGIN_RESULT_INIT;
        long live = it.live;
        it.until_failure = n;
        status = svms_account_login(account, it.ctx, &login, &result, NULL);
        it.until_failure = NEVER_FAILS;
        assert_int_equal(it.live, live);
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        check_failure(account, status, &result, &before);
        failures += status != SVMS_OK;
    }
    for (size_t k = 0; k < 6; k++) {
        failing_plan plan = { 1, manners[k % 3], k >= 3 };
        const char *victim = "";
        for (; victim; plan.at++) {
            svms_login_result result = SVMS_LOGIN_RESULT_INIT;
            failing_provider_arm(&plan);
            status = svms_account_login(account, it.ctx, &login, &result, NULL);
            victim = failing_provider_victim();
            failing_provider_disarm();
            check_failure(account, status, &result, &before);
            failures += status != SVMS_OK;
            ERR_clear_error();
        }
    }
    assert_true(failures > 50);
    /* None of these was held against anybody. */
    assert_int_equal(log_in(account, &login).verdict, SVMS_LOGIN_GOOD);
    svms_account_free(&account);
    svms_login_limiter_free(&limiter);
    case_close(&it);
    failing_provider_unload();
    case_open(&it, NULL);
}

static void what_makes_no_login_is_refused(void **state)
{
    (void)state;
    svms_account *account = case_account(&it);
    svms_login good = typed(CASE_PASSWORD, NULL);
    svms_login_result result = SVMS_LOGIN_RESULT_INIT;
    account_case other;
    case_open(&other, NULL);
    assert_int_equal(svms_account_login(account, other.ctx, &good, &result, NULL), SVMS_E_USAGE);
    case_close(&other);
    svms_login bad[5] = { good, good, good, good, good };
    bad[0].name = NULL;
    bad[1].name = "";
    bad[2].name = "berta";
    bad[3].password = NULL;
    bad[4].now_utc_ns = -1;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(svms_account_login(account, it.ctx, &bad[i], &result, NULL), SVMS_E_USAGE);
    }
    assert_int_equal(svms_account_login(account, NULL, &good, &result, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_login(account, it.ctx, NULL, &result, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_account_login(account, it.ctx, &good, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(result.verdict, SVMS_LOGIN_NO_VERDICT);
    /* Nowhere to tell it: then nobody logs in. */
    result.struct_size = 0;
    assert_int_equal(svms_account_login(account, it.ctx, &good, &result, NULL), SVMS_E_USAGE);
    assert_int_equal(account->last_login_utc_ns, SVMS_NO_TIME);
    svms_account_free(&account);
}

static void methods_have_the_names_of_rfc_8176(void **state)
{
    (void)state;
    static const struct {
        uint32_t methods;
        size_t count;
        const char *names[3];
    } table[] = {
        { 0, 0, { NULL, NULL, NULL } },
        { SVMS_LOGIN_BY_PASSWORD, 1, { "pwd", NULL, NULL } },
        { SVMS_LOGIN_BY_TOTP, 1, { "otp", NULL, NULL } },
        { SVMS_LOGIN_BY_PASSWORD | SVMS_LOGIN_BY_TOTP, 3, { "pwd", "otp", "mfa" } },
        { SVMS_LOGIN_BY_PASSWORD | SVMS_LOGIN_BY_DELIVERED, 3, { "pwd", "otp", "mfa" } },
        { SVMS_LOGIN_BY_PASSWORD | SVMS_LOGIN_BY_RECOVERY, 3, { "pwd", "otp", "mfa" } },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *names[SVMS_LOGIN_METHOD_NAMES_MAX] = { NULL };
        assert_int_equal(svms_login_method_names(table[i].methods, names), table[i].count);
        for (size_t k = 0; k < table[i].count; k++) {
            assert_string_equal(names[k], table[i].names[k]);
        }
    }
    assert_int_equal(svms_login_method_names(3, NULL), 0);
}

static void each_verdict_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int a = SVMS_LOGIN_NO_VERDICT; a <= SVMS_LOGIN_CODE_USED; a++) {
        for (int b = SVMS_LOGIN_NO_VERDICT; b <= SVMS_LOGIN_CODE_USED; b++) {
            assert_int_equal(strcmp(svms_login_verdict_name((svms_login_verdict)a),
                                    svms_login_verdict_name((svms_login_verdict)b)) == 0,
                             a == b);
        }
    }
    assert_string_equal(svms_login_verdict_name(SVMS_LOGIN_CODE_USED), "code used");
    assert_string_equal(svms_login_verdict_name((svms_login_verdict)99), "none of these");
}

static int open_case(void **state)
{
    (void)state;
    cost = case_cost();
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
        UNIT(a_right_password_is_welcome),
        UNIT(the_peer_hears_wrong_whatever_was_wrong),
        UNIT(a_password_that_must_change_opens_nothing_else),
        UNIT(an_authenticator_is_asked_for_and_its_codes_are_used_up),
        UNIT(each_recovery_code_opens_once),
        UNIT(a_delivered_code_counts_where_the_caller_has_them),
        UNIT(a_code_that_is_not_due_is_passed_over),
        UNIT(known_and_unknown_names_wait_alike),
        UNIT(who_must_wait_is_not_even_looked_at),
        UNIT(a_password_without_its_code_forgives_nothing),
        UNIT(a_password_without_its_code_counts_against_nobody),
        UNIT(an_account_is_locked_when_the_limiter_says_so),
        UNIT(a_cheap_hash_is_made_anew_by_a_good_login_only),
        UNIT(which_of_them_was_wrong_does_not_show_in_the_work),
        UNIT(a_wrong_code_does_not_show_that_the_password_was_right),
        UNIT(a_failure_lets_nobody_in_and_changes_nothing),
        UNIT(what_makes_no_login_is_refused),
        UNIT(methods_have_the_names_of_rfc_8176),
        UNIT(each_verdict_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
