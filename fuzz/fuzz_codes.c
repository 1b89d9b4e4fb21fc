/* SPDX-License-Identifier: Apache-2.0 */
/* What people type at a login: codes of all kinds, names, addresses, the text of a session; and
 * what an administrator writes into an enrolment. The input is texts, each ended by NUL or by the
 * end. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/session.h>

#define TEXTS 4
#define ROOM 600
#define URI_ROOM 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct scene {
    svms_ctx *ctx;
    char texts[TEXTS][ROOM];
    char sent[SVMS_TOTP_CODE_SIZE];
} scene;

/* Of no use against an attacker, but the same in every run. */
static int count_bytes(void *user, uint8_t *out, size_t size)
{
    (void)user;
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)i;
    }
    return 0;
}

static void split(scene *at, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < TEXTS && size > 0; i++) {
        size_t length = 0;
        while (length < size && data[length] != 0) {
            length++;
        }
        memcpy(at->texts[i], data, length < ROOM - 1 ? length : ROOM - 1);
        size_t taken = length < size ? length + 1 : length;
        data += taken;
        size -= taken;
    }
}

static void demand(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void try_authenticator(scene *at)
{
    static const uint8_t secret[SVMS_TOTP_SECRET_SIZE] = "12345678901234567890";
    svms_totp totp = SVMS_TOTP_INIT;
    int64_t last = SVMS_TOTP_NO_STEP;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    char uri[URI_ROOM];
    size_t size = sizeof uri;
    totp.secret = secret;
    totp.secret_size = sizeof secret;
    if (svms_totp_check(at->ctx, &totp, at->texts[0], 0, &last, &verdict, NULL) == SVMS_OK) {
        demand(last >= 0 && verdict == SVMS_CODE_GOOD);
        demand(svms_totp_check(at->ctx, &totp, at->texts[0], 0, &last, &verdict, NULL) ==
               SVMS_E_POLICY);
    }
    if (svms_totp_uri(at->ctx, &totp, at->texts[1], at->texts[2], uri, &size, NULL) == SVMS_OK) {
        /* Whatever was written, these stand where they belong. */
        demand(strlen(uri) == size && strspn(uri, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                                                  "uvwxyz0123456789-._~%:/?=&") == size);
        const char *query = strchr(uri, '?');
        demand(query && !strchr(query + 1, '?') && strchr(uri + 10, ':') < query);
        demand(strncmp(query, "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=", 48) == 0);
    }
}

static void try_recovery(scene *at)
{
    char codes[2][SVMS_RECOVERY_CODE_SIZE];
    svms_recovery_set set = SVMS_RECOVERY_SET_INIT;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    demand(svms_recovery_make(at->ctx, 2, codes, &set, NULL) == SVMS_OK);
    svms_status status = svms_recovery_check(at->ctx, at->texts[0], &set, &verdict, NULL);
    demand(svms_recovery_left(&set) == (status == SVMS_OK ? 1 : 2));
}

static svms_status keep(void *user, const char *name, const char *destination, const char *code,
                        svms_error *err)
{
    (void)name;
    (void)destination;
    (void)err;
    memcpy(((scene *)user)->sent, code, SVMS_TOTP_CODE_SIZE);
    return SVMS_OK;
}

static void try_delivered(scene *at)
{
    svms_code_book_options options = SVMS_CODE_BOOK_OPTIONS_INIT;
    svms_code_book *book = NULL;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    options.capacity = 2;
    options.deliver = keep;
    options.user = at;
    demand(svms_code_book_new(&book, at->ctx, &options, NULL) == SVMS_OK);
    if (svms_code_book_send(book, at->texts[1], at->texts[2], NULL, NULL) == SVMS_OK) {
        svms_status status = svms_code_book_check(book, at->texts[1], at->texts[0], &verdict, NULL);
        demand(status == SVMS_OK ||
               svms_code_book_check(book, at->texts[1], at->sent, &verdict, NULL) == SVMS_OK);
    }
    svms_code_book_free(&book);
}

static void try_limiter(scene *at)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    svms_login_limiter *limiter = NULL;
    svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
    limits.capacity = 16;
    demand(svms_login_limiter_new(&limiter, at->ctx, &limits, NULL) == SVMS_OK);
    if (svms_login_limiter_ask(limiter, at->texts[1], at->texts[3], &attempt, NULL) == SVMS_OK) {
        demand(svms_login_limiter_tell(limiter, &attempt, SVMS_LOGIN_FAILED, NULL) == SVMS_OK);
    }
    svms_login_limiter_free(&limiter);
}

static void try_session(scene *at)
{
    svms_session_limits limits = SVMS_SESSION_LIMITS_INIT;
    svms_session_book *book = NULL;
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    svms_session_verdict verdict = SVMS_SESSION_GOOD;
    char text[SVMS_SESSION_TEXT_SIZE];
    limits.capacity = 2;
    demand(svms_session_book_new(&book, at->ctx, &limits, NULL) == SVMS_OK);
    bool stands = svms_session_begin(book, at->texts[1], 0, text, NULL) == SVMS_OK;
    if (svms_session_find(book, at->texts[0], strlen(at->texts[0]), &info, &verdict, NULL) ==
        SVMS_OK) {
        demand(stands && strcmp(text, at->texts[0]) == 0 && strcmp(info.name, at->texts[1]) == 0);
    }
    svms_session_book_free(&book);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scene at = { .ctx = NULL };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.random_bytes = count_bytes;
    split(&at, data, size);
    demand(svms_ctx_new(&at.ctx, &options, NULL) == SVMS_OK);
    try_authenticator(&at);
    try_recovery(&at);
    try_delivered(&at);
    try_limiter(&at);
    try_session(&at);
    svms_ctx_free(&at.ctx);
    return 0;
}
