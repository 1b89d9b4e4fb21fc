/* SPDX-License-Identifier: Apache-2.0 */
/* Who somebody is: passwords and their digests, and how often one may be wrong. */
#include "camera_users_internal.h"

#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "camera_failure.h"

#define TOKEN_LIFE_NS (INT64_C(300) * 1000000000)
#define DIGEST_SIZE 20
#define NONCE_LEAST 8u
#define NONCE_MOST 64u

static uint64_t now_monotonic(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

bool camera_users_may_try(camera_users *users, const char *name, const char *address)
{
    pthread_mutex_lock(&users->lock);
    bool is_closed = camera_lockout_is_closed(users->lockout, name, address, now_monotonic());
    pthread_mutex_unlock(&users->lock);
    return !is_closed;
}

void camera_users_tried(camera_users *users, const char *name, const char *address, bool is_right)
{
    if (is_right) {
        return;
    }
    camera_settings settings;
    camera_state_read(users->state, &settings);
    uint64_t now = now_monotonic();
    pthread_mutex_lock(&users->lock);
    /* Who goes on guessing while it is closed fills no log, and pushes no alarm out of the events.
     */
    bool was_closed = camera_lockout_is_closed(users->lockout, name, address, now);
    bool closed =
        !was_closed && camera_lockout_failed(users->lockout, &settings.lockout, name, address, now);
    pthread_mutex_unlock(&users->lock);
    if (was_closed || !users->events) {
        return;
    }
    camera_events_tell(users->events, CAMERA_LOGIN_FAILED, true, SVMS_NO_TIME, address, "as %s",
                       name);
    if (closed) {
        camera_events_tell(users->events, CAMERA_LOGIN_CLOSED, true, SVMS_NO_TIME, address,
                           "as %s, for %u seconds", name, settings.lockout.closed_s);
    }
}

void camera_users_secret(camera_users *users, const char *name, svms_rtsp_secret *out)
{
    pthread_mutex_lock(&users->lock);
    const user_entry *found = users_find(&users->list, name);
    out->kind = SVMS_RTSP_SECRET_NONE;
    if (found) {
        out->kind = SVMS_RTSP_SECRET_PASSWORD;
        out->size = (uint32_t)found->size;
        memcpy(out->bytes, found->password, found->size);
    }
    pthread_mutex_unlock(&users->lock);
}

/* Somebody that nobody is: names that do not exist take the same work. */
static void take_user(camera_users *users, const char *name, user_entry *out)
{
    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&users->lock);
    const user_entry *found = users_find(&users->list, name);
    if (found) {
        *out = *found;
    }
    pthread_mutex_unlock(&users->lock);
}

typedef struct piece {
    const void *data;
    size_t size;
} piece;

static svms_status hash(const char *algorithm, uint8_t *out, const piece *pieces, size_t count,
                        svms_error *err)
{
    EVP_MD *md = EVP_MD_fetch(NULL, algorithm, NULL);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = md && context && EVP_DigestInit_ex2(context, md, NULL) == 1;
    for (size_t i = 0; good && i < count; i++) {
        good = EVP_DigestUpdate(context, pieces[i].data, pieces[i].size) == 1;
    }
    good = good && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    EVP_MD_free(md);
    return good ? SVMS_OK : camera_fail(err, SVMS_E_CRYPTO, 0, "%s failed", algorithm);
}

static bool created_is_near(const char *created, int64_t now_utc_ns, int64_t *at)
{
    if (svms_time_parse(at, created, NULL) != SVMS_OK) {
        return false;
    }
    return *at >= now_utc_ns - TOKEN_LIFE_NS && *at <= now_utc_ns + TOKEN_LIFE_NS;
}

/* false: it was used before, or so many were that it cannot be told. */
static bool take_nonce(camera_users *users, const uint8_t *nonce_hash, int64_t until, int64_t now)
{
    used_nonce *place = NULL;
    bool is_new = true;
    pthread_mutex_lock(&users->lock);
    for (size_t i = 0; is_new && i < NONCES; i++) {
        used_nonce *each = &users->nonces[i];
        if (each->until_utc_ns <= now) {
            place = place ? place : each;
        } else if (memcmp(each->hash, nonce_hash, sizeof each->hash) == 0) {
            is_new = false;
        }
    }
    if (is_new && place) {
        memcpy(place->hash, nonce_hash, sizeof place->hash);
        place->until_utc_ns = until;
    }
    pthread_mutex_unlock(&users->lock);
    return is_new && place;
}

static svms_status judge_digest(const camera_token *token, const user_entry *user, bool *is_right,
                                svms_error *err)
{
    uint8_t wanted[EVP_MAX_MD_SIZE];
    const piece pieces[] = { { token->nonce, token->nonce_size },
                             { token->created, strlen(token->created) },
                             { user->password, user->size } };
    svms_status status = hash("SHA1", wanted, pieces, 3, err);
    *is_right = status == SVMS_OK && CRYPTO_memcmp(wanted, token->digest, DIGEST_SIZE) == 0 &&
                user->level != CAMERA_ANONYMOUS;
    OPENSSL_cleanse(wanted, sizeof wanted);
    return status;
}

svms_status camera_users_judge(camera_users *users, const camera_token *token, int64_t now_utc_ns,
                               camera_level *out, svms_error *err)
{
    uint8_t nonce_hash[EVP_MAX_MD_SIZE];
    user_entry user;
    int64_t created = 0;
    bool is_right = false;
    *out = CAMERA_ANONYMOUS;
    bool may_try = camera_users_may_try(users, token->name, token->address);
    bool is_good = token->nonce_size >= NONCE_LEAST && token->nonce_size <= NONCE_MOST &&
                   created_is_near(token->created, now_utc_ns, &created);
    const piece nonce = { token->nonce, is_good ? token->nonce_size : 0 };
    take_user(users, token->name, &user);
    svms_status status = hash("SHA256", nonce_hash, &nonce, 1, err);
    if (status == SVMS_OK) {
        status = judge_digest(token, &user, &is_right, err);
    }
    if (status == SVMS_OK && may_try) {
        /* Only nonces of who knows a password take room. */
        is_right = is_right && is_good &&
                   take_nonce(users, nonce_hash, created + TOKEN_LIFE_NS + 1, now_utc_ns);
        camera_users_tried(users, token->name, token->address, is_right);
        *out = is_right ? user.level : CAMERA_ANONYMOUS;
    }
    OPENSSL_cleanse(&user, sizeof user);
    return status;
}

svms_status camera_users_login(camera_users *users, const char *name, const char *address,
                               const void *password, size_t size, camera_level *out,
                               svms_error *err)
{
    uint8_t mine[EVP_MAX_MD_SIZE];
    uint8_t theirs[EVP_MAX_MD_SIZE];
    user_entry user;
    *out = CAMERA_ANONYMOUS;
    bool may_try = camera_users_may_try(users, name, address);
    take_user(users, name, &user);
    /* Hashes, as the comparison must not tell how long the password is. */
    const piece known = { user.password, user.size };
    const piece given = { password, size };
    svms_status status = hash("SHA256", mine, &known, 1, err);
    if (status == SVMS_OK) {
        status = hash("SHA256", theirs, &given, 1, err);
    }
    if (status == SVMS_OK && may_try) {
        bool is_right = CRYPTO_memcmp(mine, theirs, 32) == 0 && user.level != CAMERA_ANONYMOUS;
        camera_users_tried(users, name, address, is_right);
        *out = is_right ? user.level : CAMERA_ANONYMOUS;
    }
    OPENSSL_cleanse(&user, sizeof user);
    OPENSSL_cleanse(mine, sizeof mine);
    OPENSSL_cleanse(theirs, sizeof theirs);
    return status;
}
