/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVMS_ACCOUNT_INTERNAL_H
#define SVMS_ACCOUNT_INTERNAL_H

#include <svms/account.h>

#include "builder.h"

/* What an authenticator and we both know. */
typedef struct svms_account_totp {
    bool is_there;
    svms_totp_hash hash;
    uint32_t digits;
    uint32_t period_s;
    uint8_t secret[SVMS_TOTP_SECRET_MAX];
    size_t secret_size;
} svms_account_totp;

struct svms_account {
    svms_ctx *ctx;
    char name[SVMS_LOGIN_NAME_MAX + 1];
    uint8_t key[SVMS_ACCOUNT_KEY_SIZE];
    bool must_change;
    bool is_locked;
    int64_t password_set_utc_ns;
    int64_t last_login_utc_ns;
    /* That of now, then earlier ones, the newest first. */
    char hashes[SVMS_PASSWORD_HISTORY_MAX][SVMS_PASSWORD_HASH_SIZE];
    size_t hash_count;
    svms_account_totp totp;
    svms_account_totp pending;
    int64_t last_step;
    svms_recovery_set recovery;
};

/* The content of the text (L-ACC-4), in the clear. Reading fills what the text holds; the rest of
 * the account stays. */
void svms_put_account(svms_builder *out, const svms_account *account);
SVMS_MUST_CHECK svms_status svms_account_read_content(svms_account *out, const void *content,
                                                      size_t size, svms_error *err);
/* Borrows the secret. */
svms_totp svms_account_totp_of(const svms_account_totp *from);

#endif
