/* SPDX-License-Identifier: Apache-2.0 */
/* What the text of an account holds (login.md, L-ACC-4). */
#include <string.h>

#include "account_internal.h"
#include "cursor.h"
#include "failure.h"
#include "password_phc.h"

#define MUST_CHANGE 1u
#define LOCKED 2u
#define PERIOD_LEAST 15
#define PERIOD_MOST 300

static void put_totp(svms_builder *out, const svms_account_totp *totp)
{
    svms_put_u8(out, totp->is_there);
    if (totp->is_there) {
        svms_put_u8(out, (uint8_t)totp->hash);
        svms_put_u8(out, (uint8_t)totp->digits);
        svms_put_u16(out, (uint16_t)totp->period_s);
        svms_put_u8(out, (uint8_t)totp->secret_size);
        svms_put_bytes(out, totp->secret, totp->secret_size);
    }
}

static void put_recovery(svms_builder *out, const svms_recovery_set *set)
{
    svms_put_u8(out, (uint8_t)set->count);
    if (set->count > 0) {
        svms_put_bytes(out, set->salt, sizeof set->salt);
        svms_put_bytes(out, set->hashes, (size_t)set->count * SVMS_RECOVERY_HASH_SIZE);
    }
}

void svms_put_account(svms_builder *out, const svms_account *account)
{
    svms_put_u8(out, (uint8_t)((account->must_change ? MUST_CHANGE : 0u) |
                               (account->is_locked ? LOCKED : 0u)));
    svms_put_i64(out, account->password_set_utc_ns);
    svms_put_i64(out, account->last_login_utc_ns);
    svms_put_u8(out, (uint8_t)account->hash_count);
    for (size_t i = 0; i < account->hash_count; i++) {
        size_t length = strlen(account->hashes[i]);
        svms_put_u8(out, (uint8_t)length);
        svms_put_bytes(out, account->hashes[i], length);
    }
    put_totp(out, &account->totp);
    put_totp(out, &account->pending);
    svms_put_i64(out, account->last_step);
    put_recovery(out, &account->recovery);
}

static svms_status refuse(svms_error *err, const char *words)
{
    return svms_fail(err, SVMS_E_MALFORMED, "the account has %s", words);
}

static svms_status read_hashes(svms_account *out, svms_cursor *cursor, svms_error *err)
{
    svms_status status = SVMS_OK;
    out->hash_count = svms_read_u8(cursor);
    if (out->hash_count > SVMS_PASSWORD_HISTORY_MAX) {
        return refuse(err, "too many hashes");
    }
    for (size_t i = 0; status == SVMS_OK && i < out->hash_count; i++) {
        svms_phc phc;
        uint8_t length = svms_read_u8(cursor);
        const uint8_t *text = svms_read_bytes(cursor, length);
        if (!text) {
            return refuse(err, "a hash that ends too early");
        }
        status = svms_phc_read(&phc, (const char *)text, length, err);
        memcpy(out->hashes[i], text, length);
        svms_wipe(&phc, sizeof phc);
    }
    return status;
}

static svms_status read_totp(svms_account_totp *out, svms_cursor *cursor, svms_error *err)
{
    uint8_t is_there = svms_read_u8(cursor);
    if (is_there == 0) {
        return SVMS_OK;
    }
    out->is_there = is_there == 1;
    out->hash = (svms_totp_hash)svms_read_u8(cursor);
    out->digits = svms_read_u8(cursor);
    out->period_s = svms_read_u16(cursor);
    out->secret_size = svms_read_u8(cursor);
    if (!out->is_there || out->hash < SVMS_TOTP_SHA1 || out->hash > SVMS_TOTP_SHA512 ||
        out->digits < 6 || out->digits > 8 || out->period_s < PERIOD_LEAST ||
        out->period_s > PERIOD_MOST || out->secret_size < SVMS_TOTP_SECRET_MIN ||
        out->secret_size > SVMS_TOTP_SECRET_MAX) {
        return refuse(err, "an authenticator that cannot be");
    }
    svms_read_copy(cursor, out->secret, out->secret_size);
    return SVMS_OK;
}

static svms_status read_recovery(svms_recovery_set *out, svms_cursor *cursor, svms_error *err)
{
    out->count = svms_read_u8(cursor);
    if (out->count > SVMS_RECOVERY_MAX) {
        return refuse(err, "too many recovery codes");
    }
    if (out->count > 0) {
        svms_read_copy(cursor, out->salt, sizeof out->salt);
        svms_read_copy(cursor, out->hashes, (size_t)out->count * SVMS_RECOVERY_HASH_SIZE);
    }
    return SVMS_OK;
}

svms_status svms_account_read_content(svms_account *out, const void *content, size_t size,
                                      svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(content, size, 0);
    uint8_t flags = svms_read_u8(&cursor);
    if ((flags & ~(MUST_CHANGE | LOCKED)) != 0) {
        return refuse(err, "flags that nobody knows");
    }
    out->must_change = (flags & MUST_CHANGE) != 0;
    out->is_locked = (flags & LOCKED) != 0;
    out->password_set_utc_ns = svms_read_i64(&cursor);
    out->last_login_utc_ns = svms_read_i64(&cursor);
    svms_status status = read_hashes(out, &cursor, err);
    if (status == SVMS_OK) {
        status = read_totp(&out->totp, &cursor, err);
    }
    if (status == SVMS_OK) {
        status = read_totp(&out->pending, &cursor, err);
    }
    out->last_step = svms_read_i64(&cursor);
    if (status == SVMS_OK && !cursor.failed &&
        (out->last_step < SVMS_TOTP_NO_STEP ||
         (out->last_step != SVMS_TOTP_NO_STEP && !out->totp.is_there))) {
        status = refuse(err, "a last step that cannot be");
    }
    if (status == SVMS_OK) {
        status = read_recovery(&out->recovery, &cursor, err);
    }
    if (status == SVMS_OK && !svms_cursor_at_end(&cursor)) {
        status = refuse(err, cursor.failed ? "a content that ends too early"
                                           : "bytes left over behind its content");
    }
    return status;
}
