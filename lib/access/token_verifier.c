/* SPDX-License-Identifier: Apache-2.0 */
#include "token_verifier.h"

#include <string.h>

#include "failure.h"
#include "options.h"
#include "token_internal.h"

#define SKEW_MAX 300u
#define LIFE_MAX 31622400u
#define NS_PER_SECOND UINT64_C(1000000000)
#define FETCH_PAUSE_NS (30 * NS_PER_SECOND)

static svms_status check_rules(const svms_token_rules *rules, svms_error *err)
{
    if (rules->profile < SVMS_TOKEN_ACCESS || rules->profile > SVMS_TOKEN_APPROVING) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no kind of token", (int)rules->profile);
    }
    if (rules->profile == SVMS_TOKEN_APPROVING && !rules->replay) {
        return svms_fail(err, SVMS_E_USAGE, "approvals are for single use, which needs a memory");
    }
    if (!rules->audience || rules->audience[0] == '\0' ||
        strnlen(rules->audience, SVMS_CLAIM_MAX + 1) > SVMS_CLAIM_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a verifier of tokens needs its own name, of 1 to %d bytes",
                         SVMS_CLAIM_MAX);
    }
    if (rules->skew_s > SKEW_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "clocks may differ by at most %u seconds", SKEW_MAX);
    }
    if (rules->longest_life_s == 0 || rules->longest_life_s > LIFE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "the longest life of a token is 1 to %u seconds",
                         LIFE_MAX);
    }
    if (rules->demand_binding > 1 || rules->nbf_may_be_absent > 1 || rules->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a switch of the rules is neither 0 nor 1");
    }
    return SVMS_OK;
}

svms_status svms_token_verifier_new(svms_token_verifier **out, svms_ctx *ctx,
                                    const svms_token_rules *rules, svms_error *err)
{
    svms_token_rules read = SVMS_TOKEN_RULES_INIT;
    if (!out || !ctx || !rules) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&read, sizeof read, rules, "svms_token_rules", err);
    if (status == SVMS_OK) {
        status = check_rules(&read, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_token_verifier *verifier = svms_alloc(ctx, sizeof *verifier);
    if (!verifier) {
        return svms_fail_memory(err);
    }
    verifier->ctx = ctx;
    verifier->rules = read;
    verifier->audience = svms_copy_text(ctx, read.audience);
    verifier->rules.audience = verifier->audience;
    if (!verifier->audience) {
        svms_token_verifier_free(&verifier);
        return svms_fail_memory(err);
    }
    *out = verifier;
    return SVMS_OK;
}

static svms_token_issuer *find_issuer(svms_token_verifier *verifier, const char *name)
{
    for (size_t i = 0; i < verifier->count; i++) {
        if (strcmp(verifier->issuers[i].name, name) == 0) {
            return &verifier->issuers[i];
        }
    }
    return NULL;
}

static void free_keys(svms_ctx *ctx, svms_issuer_keys *keys)
{
    if (keys) {
        svms_keyset_free(&keys->current);
        svms_keyset_free(&keys->withdrawn);
        svms_release(ctx, keys);
    }
}

svms_status svms_token_verifier_add(svms_token_verifier *verifier, const char *issuer,
                                    svms_keyset **keys, uint32_t is_exchanger, svms_error *err)
{
    if (!verifier || !issuer || !keys || !*keys || is_exchanger > 1) {
        return svms_fail(err, SVMS_E_USAGE, "an issuer needs a verifier, a name and keys");
    }
    if (issuer[0] == '\0' || strnlen(issuer, SVMS_ISSUER_MAX + 1) > SVMS_ISSUER_MAX ||
        find_issuer(verifier, issuer)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the name of an issuer has 1 to %d bytes, and is there once",
                         SVMS_ISSUER_MAX);
    }
    if (verifier->count == SVMS_TOKEN_ISSUERS) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %d issuers", SVMS_TOKEN_ISSUERS);
    }
    svms_token_issuer *added = &verifier->issuers[verifier->count];
    svms_issuer_keys *held = svms_alloc(verifier->ctx, sizeof *held);
    char *name = svms_copy_text(verifier->ctx, issuer);
    if (!held || !name) {
        svms_release(verifier->ctx, held);
        svms_release(verifier->ctx, name);
        return svms_fail_memory(err);
    }
    held->current = *keys;
    *keys = NULL;
    added->name = name;
    added->is_exchanger = is_exchanger == 1;
    svms_shared_init(&added->keys, held);
    atomic_flag_clear(&added->is_replacing);
    atomic_init(&added->next_fetch_ns, 0);
    verifier->count++;
    return SVMS_OK;
}

/* With is_replacing set. What was withdrawn before goes at once: its time of grace was at least the
 * pause between two fetches, unless the caller is in a hurry, and then he means it. */
static svms_status replace(svms_token_verifier *verifier, svms_token_issuer *issuer,
                           svms_keyset **keys, svms_error *err)
{
    svms_issuer_keys *fresh = svms_alloc(verifier->ctx, sizeof *fresh);
    unsigned ticket = 0;
    if (!fresh) {
        return svms_fail_memory(err);
    }
    fresh->current = *keys;
    *keys = NULL;
    /* Nobody else replaces, so what is read here is what will be handed back. */
    svms_issuer_keys *old = svms_shared_enter(&issuer->keys, &ticket);
    fresh->withdrawn = old->current;
    svms_shared_leave(&issuer->keys, ticket);
    fresh->withdrawn_end_ns =
        svms_monotonic_now(verifier->ctx) + (uint64_t)verifier->rules.grace_s * NS_PER_SECOND;
    old = svms_shared_replace(&issuer->keys, fresh);
    old->current = NULL;
    free_keys(verifier->ctx, old);
    return SVMS_OK;
}

svms_status svms_token_verifier_replace(svms_token_verifier *verifier, const char *issuer,
                                        svms_keyset **keys, svms_error *err)
{
    if (!verifier || !issuer || !keys || !*keys) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_token_issuer *found = find_issuer(verifier, issuer);
    if (!found) {
        return svms_fail(err, SVMS_E_USAGE, "the verifier knows no such issuer");
    }
    if (atomic_flag_test_and_set(&found->is_replacing)) {
        return svms_fail(err, SVMS_E_STATE, "another thread is replacing the keys of this issuer");
    }
    svms_status status = replace(verifier, found, keys, err);
    atomic_flag_clear(&found->is_replacing);
    return status;
}

static bool may_fetch(svms_token_issuer *issuer, uint64_t now_ns)
{
    uint64_t next = atomic_load(&issuer->next_fetch_ns);
    return now_ns >= next &&
           atomic_compare_exchange_strong(&issuer->next_fetch_ns, &next, now_ns + FETCH_PAUSE_NS);
}

static bool refresh(svms_token_verifier *verifier, svms_token_issuer *issuer)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_keyset *keys = NULL;
    if (atomic_flag_test_and_set(&issuer->is_replacing)) {
        return false;
    }
    svms_status status = verifier->rules.fetch(verifier->rules.user, issuer->name, &keys, &err);
    if (status == SVMS_OK && keys) {
        status = replace(verifier, issuer, &keys, &err);
    }
    if (status != SVMS_OK) {
        svms_log(verifier->ctx, SVMS_LOG_WARNING, "the keys of %s cannot be fetched: %s",
                 issuer->name, err.message);
    }
    svms_keyset_free(&keys);
    atomic_flag_clear(&issuer->is_replacing);
    return status == SVMS_OK;
}

bool svms_issuers_refresh(svms_token_verifier *verifier)
{
    bool changed = false;
    if (!verifier->rules.fetch) {
        return false;
    }
    uint64_t now_ns = svms_monotonic_now(verifier->ctx);
    for (size_t i = 0; i < verifier->count; i++) {
        if (may_fetch(&verifier->issuers[i], now_ns)) {
            changed = refresh(verifier, &verifier->issuers[i]) || changed;
        }
    }
    return changed;
}

void svms_token_verifier_free(svms_token_verifier **verifier)
{
    if (!verifier || !*verifier) {
        return;
    }
    svms_token_verifier *given = *verifier;
    *verifier = NULL;
    for (size_t i = 0; i < given->count; i++) {
        free_keys(given->ctx, atomic_load(&given->issuers[i].keys.value));
        svms_release(given->ctx, given->issuers[i].name);
    }
    svms_release(given->ctx, given->audience);
    svms_release(given->ctx, given);
}
