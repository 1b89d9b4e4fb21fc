/* SPDX-License-Identifier: Apache-2.0 */
#include "replay.h"

#include <string.h>

#include "digest.h"
#include "failure.h"
#include "platform.h"

#define CAPACITY_MAX ((size_t)16777216)
#define KEY_SIZE 16
#define NONE UINT32_MAX

/* A used token, by a hash of issuer and id. */
typedef struct used {
    uint8_t key[KEY_SIZE];
    int64_t until_s;
    uint32_t next; /* in its bucket, or among those that are free */
} used;

/* Chains in a table that is as large as it will ever be. A full one is swept of what has expired,
 * but not more than once a second, so that a flood costs a flooder's tokens and not the server's
 * time. */
struct svms_replay {
    svms_ctx *ctx;
    svms_platform_latch latch;
    int64_t born_s;
    size_t capacity;
    uint32_t *buckets;
    used *entries;
    uint32_t free;
    int64_t swept_s;
};

svms_status svms_replay_new(svms_replay **out, svms_ctx *ctx, size_t capacity, svms_error *err)
{
    if (!out || !ctx || capacity == 0 || capacity > CAPACITY_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a memory of tokens needs a context and a capacity of 1 to %zu",
                         CAPACITY_MAX);
    }
    svms_replay *replay = svms_alloc(ctx, sizeof *replay);
    if (!replay) {
        return svms_fail_memory(err);
    }
    replay->ctx = ctx;
    if (svms_platform_latch_init(&replay->latch) != 0) {
        svms_release(ctx, replay);
        return svms_fail_memory(err);
    }
    /* Of the second in which it began, part had passed. */
    replay->born_s = svms_floor_seconds(svms_utc_now(ctx)) + 1;
    replay->swept_s = INT64_MIN;
    replay->capacity = capacity;
    replay->buckets = svms_alloc_array(ctx, capacity, sizeof *replay->buckets);
    replay->entries = svms_alloc_array(ctx, capacity, sizeof *replay->entries);
    if (!replay->buckets || !replay->entries) {
        svms_replay_free(&replay);
        return svms_fail_memory(err);
    }
    for (size_t i = 0; i < capacity; i++) {
        replay->buckets[i] = NONE;
        replay->entries[i].next = i + 1 < capacity ? (uint32_t)(i + 1) : NONE;
    }
    *out = replay;
    return SVMS_OK;
}

void svms_replay_free(svms_replay **replay)
{
    if (!replay || !*replay) {
        return;
    }
    svms_platform_latch_destroy(&(*replay)->latch);
    svms_release((*replay)->ctx, (*replay)->buckets);
    svms_release((*replay)->ctx, (*replay)->entries);
    svms_release((*replay)->ctx, *replay);
    *replay = NULL;
}

static size_t bucket_of(const svms_replay *replay, const uint8_t key[KEY_SIZE])
{
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof number; i++) {
        number = number << 8 | key[i];
    }
    return (size_t)(number % replay->capacity);
}

static bool is_known(const svms_replay *replay, const uint8_t key[KEY_SIZE])
{
    uint32_t at = replay->buckets[bucket_of(replay, key)];
    while (at != NONE) {
        if (memcmp(replay->entries[at].key, key, KEY_SIZE) == 0) {
            return true;
        }
        at = replay->entries[at].next;
    }
    return false;
}

static void sweep(svms_replay *replay, int64_t now_s)
{
    for (size_t i = 0; i < replay->capacity; i++) {
        uint32_t *link = &replay->buckets[i];
        while (*link != NONE) {
            used *entry = &replay->entries[*link];
            if (entry->until_s > now_s) {
                link = &entry->next;
                continue;
            }
            uint32_t freed = *link;
            *link = entry->next;
            entry->next = replay->free;
            replay->free = freed;
        }
    }
    replay->swept_s = now_s;
}

static bool remember(svms_replay *replay, const uint8_t key[KEY_SIZE], int64_t until_s,
                     int64_t now_s)
{
    if (replay->free == NONE && replay->swept_s != now_s) {
        sweep(replay, now_s);
    }
    if (replay->free == NONE) {
        return false;
    }
    uint32_t taken = replay->free;
    used *entry = &replay->entries[taken];
    uint32_t *bucket = &replay->buckets[bucket_of(replay, key)];
    replay->free = entry->next;
    memcpy(entry->key, key, KEY_SIZE);
    entry->until_s = until_s;
    entry->next = *bucket;
    *bucket = taken;
    return true;
}

static svms_status key_of(const svms_token *token, uint8_t digest[SVMS_DIGEST_SIZE],
                          svms_error *err)
{
    /* The NUL of the issuer parts the two. */
    svms_iovec runs[] = { { token->issuer, strlen(token->issuer) + 1 },
                          { token->id, strlen(token->id) } };
    return svms_sha256(token->ctx, runs, 2, digest, err);
}

svms_status svms_replay_use(svms_replay *replay, const svms_token *token, int64_t now_s,
                            uint32_t skew_s, svms_token_verdict *verdict, svms_error *err)
{
    uint8_t digest[SVMS_DIGEST_SIZE];
    *verdict = SVMS_TOKEN_REPLAYED;
    if (!token->id || token->issued_s < 0) {
        return svms_fail(err, SVMS_E_POLICY,
                         "a token for single use has a name and a time of issue");
    }
    /* The issuer's clock may be ahead: what was used just before the start may claim to be younger
     * than it. */
    if (token->issued_s < replay->born_s + (int64_t)skew_s) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the token was issued before this server began to remember");
    }
    svms_status status = key_of(token, digest, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_platform_lock(&replay->latch);
    bool known = is_known(replay, digest);
    bool taken = !known && remember(replay, digest, token->expires_s + skew_s, now_s);
    svms_platform_unlock(&replay->latch);
    if (known) {
        return svms_fail(err, SVMS_E_POLICY, "the token was used before");
    }
    if (!taken) {
        *verdict = SVMS_TOKEN_BUSY;
        return svms_fail(err, SVMS_E_POLICY,
                         "too many tokens are in use to tell whether this one was used before");
    }
    return SVMS_OK;
}
