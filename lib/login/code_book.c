/* SPDX-License-Identifier: Apache-2.0 */
/* Codes that were sent to somebody and not typed yet. */
#include <string.h>

#include <svms/second_factor.h>

#include "code_digits.h"
#include "digest.h"
#include "failure.h"
#include "login_name.h"
#include "name_key.h"
#include "options.h"
#include "platform.h"
#include "record_table.h"
#include "steady_clock.h"

#define CAPACITY_MOST 1048576u
#define LIFE_LEAST 30u
#define DAY 86400u
#define TRIES_MOST 10u
/* Draws of which each fails less than once in a hundred. */
#define DRAWS 32

/* A name to which a code was sent. It is kept while the code is good, and while the pause lasts. */
typedef struct sending {
    svms_record_head head;
    uint8_t key[SVMS_NAME_KEY_SIZE];
    uint8_t mac[SVMS_DIGEST_SIZE];
    uint64_t sent_ns;
    uint64_t number; /* tells this sending from later ones */
    uint32_t tries;
    uint32_t is_live;
} sending;

struct svms_code_book {
    svms_ctx *ctx;
    svms_code_book_options options;
    svms_platform_latch latch;
    svms_record_table table;
    uint64_t latest_ns;
    uint64_t swept_ns;
    uint64_t number;
    uint8_t secret[SVMS_NAME_SECRET_SIZE];
};

static svms_status read_options(svms_code_book_options *out, const svms_code_book_options *given,
                                svms_error *err)
{
    svms_status status = svms_options_read(out, sizeof *out, given, "the options of codes", err);
    if (status != SVMS_OK) {
        return status;
    }
    const char *wrong = !out->deliver                                        ? "deliver"
                        : out->capacity < 1 || out->capacity > CAPACITY_MOST ? "capacity"
                        : out->life_s < LIFE_LEAST || out->life_s > DAY      ? "life_s"
                        : out->digits < SVMS_DIGITS_LEAST || out->digits > SVMS_DIGITS_MOST
                            ? "digits"
                        : out->tries < 1 || out->tries > TRIES_MOST ? "tries"
                        : out->pause_s > DAY                        ? "pause_s"
                                                                    : NULL;
    return wrong ? svms_fail(err, SVMS_E_USAGE, "the options of codes: %s is out of range", wrong)
                 : SVMS_OK;
}

svms_status svms_code_book_new(svms_code_book **out, svms_ctx *ctx,
                               const svms_code_book_options *options, svms_error *err)
{
    svms_code_book_options known = SVMS_CODE_BOOK_OPTIONS_INIT;
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE, "codes need a context and options");
    }
    svms_status status = read_options(&known, options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_code_book *book = svms_alloc(ctx, sizeof *book);
    if (!book) {
        return svms_fail_memory(err);
    }
    book->ctx = ctx;
    book->options = known;
    if (svms_platform_latch_init(&book->latch) != 0) {
        svms_release(ctx, book);
        return svms_fail_memory(err);
    }
    status = svms_random(ctx, book->secret, sizeof book->secret, err);
    if (status == SVMS_OK) {
        status = svms_record_table_init(&book->table, ctx, known.capacity, sizeof(sending),
                                        SVMS_NAME_KEY_SIZE, err);
    }
    if (status != SVMS_OK) {
        svms_code_book_free(&book);
        return status;
    }
    *out = book;
    return SVMS_OK;
}

void svms_code_book_free(svms_code_book **book)
{
    if (!book || !*book) {
        return;
    }
    svms_platform_latch_destroy(&(*book)->latch);
    svms_record_table_clear(&(*book)->table);
    svms_release_secret((*book)->ctx, *book, sizeof **book);
    *book = NULL;
}

/* Digits of which each occurs as often as any other: draws above the last whole multiple are thrown
 * away. */
static svms_status draw(svms_code_book *book, char out[SVMS_TOTP_CODE_SIZE], svms_error *err)
{
    uint32_t count = svms_digits_count(book->options.digits);
    uint32_t usable = UINT32_MAX - UINT32_MAX % count;
    for (int i = 0; i < DRAWS; i++) {
        uint32_t value = 0;
        svms_status status = svms_random(book->ctx, &value, sizeof value, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (value < usable) {
            svms_digits_write(out, value % count, book->options.digits);
            svms_wipe(&value, sizeof value);
            return SVMS_OK;
        }
    }
    return svms_fail(err, SVMS_E_CRYPTO, "the random source gives no random numbers");
}

/* What is kept of a code. */
static svms_status mac_of(svms_code_book *book, const char *name, const char *code,
                          uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    return svms_name_hmac(book->ctx, book->secret, SVMS_PLACE_CODE, name, code, strlen(code), out,
                          err);
}

static bool has_passed(uint64_t since_ns, uint32_t seconds, uint64_t now_ns)
{
    return now_ns - since_ns >= seconds * SVMS_NS_OF_SECOND;
}

static void end_code(sending *entry)
{
    entry->is_live = 0;
    svms_wipe(entry->mac, sizeof entry->mac);
}

/* Whether the code could still be typed; ends it where its life is over. */
static bool is_live(const svms_code_book *book, sending *entry, uint64_t now_ns)
{
    if (entry->is_live && has_passed(entry->sent_ns, book->options.life_s, now_ns)) {
        end_code(entry);
    }
    return entry->is_live != 0;
}

/* Not more than once a second, so that a flood costs the flooder's names and not the server's time.
 */
static void sweep(svms_code_book *book, uint64_t now_ns)
{
    if (book->swept_ns != 0 && !has_passed(book->swept_ns, 1, now_ns)) {
        return;
    }
    book->swept_ns = now_ns;
    for (uint32_t i = 0; i < book->table.capacity; i++) {
        sending *entry = svms_record_at(&book->table, i);
        if (entry && !is_live(book, entry, now_ns) &&
            has_passed(entry->sent_ns, book->options.pause_s, now_ns)) {
            svms_record_remove(&book->table, entry);
        }
    }
}

/* With the lock held. SVMS_OK: the code counts from now on, as *number. */
static svms_status enter(svms_code_book *book, const uint8_t key[SVMS_NAME_KEY_SIZE],
                         const uint8_t mac[SVMS_DIGEST_SIZE], uint64_t *number, uint32_t *wait_s,
                         svms_error *err)
{
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    uint64_t pause_ns = book->options.pause_s * SVMS_NS_OF_SECOND;
    sending *entry = svms_record_find(&book->table, key);
    if (entry && now_ns - entry->sent_ns < pause_ns) {
        *wait_s = svms_ceil_seconds(pause_ns - (now_ns - entry->sent_ns));
        return svms_fail(err, SVMS_E_POLICY, "the next code can be sent in %u s",
                         (unsigned)*wait_s);
    }
    if (!entry && !(entry = svms_record_add(&book->table, key))) {
        sweep(book, now_ns);
        entry = svms_record_add(&book->table, key);
    }
    if (!entry) {
        return svms_fail(err, SVMS_E_LIMIT, "%u names have a code, and there is no room for more",
                         (unsigned)book->options.capacity);
    }
    memcpy(entry->mac, mac, sizeof entry->mac);
    entry->sent_ns = now_ns;
    entry->number = *number = ++book->number;
    entry->tries = 0;
    entry->is_live = 1;
    return SVMS_OK;
}

/* Ends the code of a sending that failed, unless there has been a later one. */
static void withdraw(svms_code_book *book, const uint8_t key[SVMS_NAME_KEY_SIZE], uint64_t number)
{
    svms_platform_lock(&book->latch);
    sending *entry = svms_record_find(&book->table, key);
    if (entry && entry->number == number) {
        end_code(entry);
    }
    svms_platform_unlock(&book->latch);
}

static svms_status deliver(svms_code_book *book, const char *name, const char *destination,
                           const char *code, svms_error *err)
{
    svms_status status = book->options.deliver(book->options.user, name, destination, code, err);
    if (status > SVMS_OK) {
        return svms_fail(err, SVMS_E_IO, "the code was not delivered");
    }
    return status;
}

/* Makes the code and what is kept of it and of the name. */
static svms_status prepare(svms_code_book *book, const char *name, char code[SVMS_TOTP_CODE_SIZE],
                           uint8_t key[SVMS_NAME_KEY_SIZE], uint8_t mac[SVMS_DIGEST_SIZE],
                           svms_error *err)
{
    svms_status status =
        svms_name_key(book->ctx, book->secret, SVMS_PLACE_NAME, name, NULL, 0, key, err);
    if (status == SVMS_OK) {
        status = draw(book, code, err);
    }
    return status == SVMS_OK ? mac_of(book, name, code, mac, err) : status;
}

svms_status svms_code_book_send(svms_code_book *book, const char *name, const char *destination,
                                uint32_t *wait_s, svms_error *err)
{
    char code[SVMS_TOTP_CODE_SIZE];
    uint8_t key[SVMS_NAME_KEY_SIZE];
    uint8_t mac[SVMS_DIGEST_SIZE];
    uint64_t number = 0;
    uint32_t wait = 0;
    if (wait_s) {
        *wait_s = 0;
    }
    if (!book || !name) {
        return svms_fail(err, SVMS_E_USAGE, "to send a code takes a table and a name");
    }
    svms_status status = svms_login_name_check(name, err);
    if (status == SVMS_OK) {
        status = prepare(book, name, code, key, mac, err);
    }
    if (status == SVMS_OK) {
        svms_platform_lock(&book->latch);
        status = enter(book, key, mac, &number, &wait, err);
        svms_platform_unlock(&book->latch);
    }
    if (status == SVMS_OK) {
        status = deliver(book, name, destination, code, err);
        if (status != SVMS_OK) {
            withdraw(book, key, number);
        }
    }
    if (wait_s) {
        *wait_s = wait;
    }
    svms_wipe(code, sizeof code);
    svms_wipe(mac, sizeof mac);
    return status;
}

/* With the lock held. */
static svms_code_verdict judge(svms_code_book *book, const uint8_t key[SVMS_NAME_KEY_SIZE],
                               const uint8_t mac[SVMS_DIGEST_SIZE])
{
    uint64_t now_ns = svms_steady_now(book->ctx, &book->latest_ns);
    sending *entry = svms_record_find(&book->table, key);
    if (!entry || !is_live(book, entry, now_ns)) {
        return SVMS_CODE_MISSING;
    }
    bool is_right = svms_equal_secret(entry->mac, mac, sizeof entry->mac);
    entry->tries++;
    if (is_right || entry->tries >= book->options.tries) {
        end_code(entry);
    }
    return is_right ? SVMS_CODE_GOOD : SVMS_CODE_WRONG;
}

svms_status svms_code_book_check(svms_code_book *book, const char *name, const char *code,
                                 svms_code_verdict *verdict, svms_error *err)
{
    char digits[SVMS_TOTP_CODE_SIZE];
    uint8_t key[SVMS_NAME_KEY_SIZE];
    uint8_t mac[SVMS_DIGEST_SIZE];
    if (verdict) {
        *verdict = SVMS_CODE_WRONG;
    }
    if (!book || !code || !verdict) {
        return svms_fail(err, SVMS_E_USAGE, "to check a code takes a table, a code and a verdict");
    }
    /* Without a name the work is the same, for an entry that nobody has. */
    svms_status status = name ? svms_login_name_check(name, err) : SVMS_OK;
    if (status != SVMS_OK) {
        return status;
    }
    /* What is not digits leaves an empty text, which is the code of nobody. */
    (void)svms_digits_read(digits, code, book->options.digits);
    status = svms_name_key(book->ctx, book->secret, SVMS_PLACE_NAME, name, NULL, 0, key, err);
    if (status == SVMS_OK) {
        status = mac_of(book, name, digits, mac, err);
    }
    if (status == SVMS_OK) {
        svms_platform_lock(&book->latch);
        *verdict = judge(book, key, mac);
        svms_platform_unlock(&book->latch);
    }
    svms_wipe(digits, sizeof digits);
    svms_wipe(mac, sizeof mac);
    if (status != SVMS_OK || *verdict == SVMS_CODE_GOOD) {
        return status;
    }
    return svms_fail(err, SVMS_E_POLICY,
                     *verdict == SVMS_CODE_WRONG ? "the code is wrong"
                                                 : "no code of this name is good now");
}
