/* SPDX-License-Identifier: Apache-2.0 */
/* What is shared between threads: verifiers whose keys are replaced and fetched, lists of
 * revocations, memories of what was used. tests/run.sh runs this under ThreadSanitizer, too. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "token_world.h"

#define READERS 4
#define ROUNDS 300
#define SINGLES 64

typedef struct scene {
    svms_ctx *ctx;
    svms_private_key *key;
    char jwks[4096];
    svms_revocations *revocations;
    svms_replay *replay;
    svms_token_verifier *verifier; /* revocations, fetch */
    svms_token_verifier *once;     /* single use */
    svms_token_verifier *approver;
    svms_token *asking;
    uint8_t request_hash[32];
    char token[SVMS_JWS_MAX];
    char stranger[SVMS_JWS_MAX]; /* of a key that nobody has */
    char approval[SVMS_JWS_MAX];
    char singles[SINGLES][SVMS_JWS_MAX];
    atomic_uint taken[SINGLES];
    atomic_uint approved;
    atomic_uint fetched;
    atomic_uint wrong;
    atomic_uint ready;
} scene;

static int64_t an_hour_before(void *user)
{
    (void)user;
    return (WORLD_NOW_S - 3600) * WORLD_NS;
}

static svms_status fetch(void *user, const char *issuer, svms_keyset **out, svms_error *err)
{
    scene *s = user;
    (void)issuer;
    atomic_fetch_add(&s->fetched, 1u);
    return svms_keyset_from_jwks(out, s->ctx, s->jwks, strlen(s->jwks), err);
}

/* All begin at once. */
static void wait_for_all(scene *s, unsigned threads)
{
    atomic_fetch_add(&s->ready, 1u);
    while (atomic_load(&s->ready) < threads) {
        sched_yield();
    }
}

static svms_token_verdict ask(svms_token_verifier *verifier, const char *text)
{
    svms_token *token = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    svms_token_question question = world_question();
    (void)!svms_token_verify(&token, verifier, text, strlen(text), &question, &verdict, NULL);
    svms_token_free(&token);
    return verdict;
}

/* cmocka's assertions belong to its own thread: what is wrong is counted. */
static void *verify_again_and_again(void *user)
{
    scene *s = user;
    wait_for_all(s, READERS + 3);
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (ask(s->verifier, s->token) != SVMS_TOKEN_GOOD ||
            ask(s->verifier, s->stranger) != SVMS_TOKEN_UNKNOWN_KEY) {
            atomic_fetch_add(&s->wrong, 1u);
        }
    }
    return NULL;
}

static void *replace_keys(void *user)
{
    scene *s = user;
    wait_for_all(s, READERS + 3);
    for (unsigned i = 0; i < ROUNDS; i++) {
        svms_keyset *keys = NULL;
        svms_status status = svms_keyset_from_jwks(&keys, s->ctx, s->jwks, strlen(s->jwks), NULL);
        if (status == SVMS_OK) {
            status = svms_token_verifier_replace(s->verifier, WORLD_ISSUER, &keys, NULL);
        }
        /* Another thread may be fetching. */
        if (status != SVMS_OK && status != SVMS_E_STATE) {
            atomic_fetch_add(&s->wrong, 1u);
        }
        svms_keyset_free(&keys);
    }
    return NULL;
}

static void *revoke_others(void *user)
{
    scene *s = user;
    wait_for_all(s, READERS + 3);
    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        char name[32];
        char list[16384];
        size_t size = sizeof list;
        svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
        (void)snprintf(name, sizeof name, "other-%u", i % 50);
        entry.issuer = WORLD_ISSUER;
        entry.value = name;
        if (svms_revocations_add(s->revocations, &entry, NULL) != SVMS_OK ||
            svms_revocations_write(s->revocations, list, &size, NULL) != SVMS_OK ||
            svms_revocations_merge(s->revocations, list, size, NULL) != SVMS_OK) {
            atomic_fetch_add(&s->wrong, 1u);
        }
    }
    return NULL;
}

static void *use_singles(void *user)
{
    scene *s = user;
    wait_for_all(s, READERS);
    for (size_t i = 0; i < SINGLES; i++) {
        svms_token_verdict verdict = ask(s->once, s->singles[i]);
        if (verdict == SVMS_TOKEN_GOOD) {
            atomic_fetch_add(&s->taken[i], 1u);
        } else if (verdict != SVMS_TOKEN_REPLAYED) {
            atomic_fetch_add(&s->wrong, 1u);
        }
    }
    return NULL;
}

static void *approve(void *user)
{
    scene *s = user;
    svms_token *approval = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_REVOKED;
    svms_token_question question = world_question();
    wait_for_all(s, READERS);
    svms_status status =
        svms_approval_check(&approval, s->approver, s->approval, strlen(s->approval), s->asking,
                            s->request_hash, &question, &verdict, NULL);
    if (status == SVMS_OK) {
        atomic_fetch_add(&s->approved, 1u);
    } else if (verdict != SVMS_TOKEN_REPLAYED) {
        atomic_fetch_add(&s->wrong, 1u);
    }
    svms_token_free(&approval);
    return NULL;
}

static void run_threads(scene *s, void *(*const work[])(void *), size_t count)
{
    pthread_t threads[READERS + 3];
    atomic_store(&s->ready, 0u);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work[i], s), 0);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(atomic_load(&s->wrong), 0);
}

static void keys_and_revocations_change_while_tokens_are_verified(void **state)
{
    scene *s = *state;
    void *(*const work[READERS + 3])(void *) = { verify_again_and_again, verify_again_and_again,
                                                 verify_again_and_again, verify_again_and_again,
                                                 replace_keys,           replace_keys,
                                                 revoke_others };
    /* Keys that were replaced just now are not fetched: the first stranger comes before that. */
    assert_int_equal(ask(s->verifier, s->stranger), SVMS_TOKEN_UNKNOWN_KEY);
    assert_int_equal(atomic_load(&s->fetched), 1);
    run_threads(s, work, READERS + 3);
    assert_int_equal(svms_revocations_count(s->revocations), 50);
    /* However many strangers came: once in 30 seconds, and this takes a few at most. */
    assert_in_range(atomic_load(&s->fetched), 1, 20);
}

static void a_token_for_single_use_is_used_by_one_thread(void **state)
{
    scene *s = *state;
    void *(*const work[READERS])(void *) = { use_singles, use_singles, use_singles, use_singles };
    run_threads(s, work, READERS);
    for (size_t i = 0; i < SINGLES; i++) {
        assert_int_equal(atomic_load(&s->taken[i]), 1);
    }
}

static void an_approval_is_used_by_one_thread(void **state)
{
    scene *s = *state;
    void *(*const work[READERS])(void *) = { approve, approve, approve, approve };
    run_threads(s, work, READERS);
    assert_int_equal(atomic_load(&s->approved), 1);
}

static void issue(const scene *s, char out[SVMS_JWS_MAX], const char *kid)
{
    size_t size = SVMS_JWS_MAX;
    svms_token_claims claims =
        world_claims("[{\"type\":\"svms\",\"actions\":[\"live.view\"],\"devices\":[\"a\"]}]");
    assert_int_equal(
        svms_token_issue(s->ctx, &claims, s->key, SVMS_TOKEN_NO_ALGORITHM, kid, out, &size, NULL),
        SVMS_OK);
}

static void make_approval(scene *s)
{
    size_t size = sizeof s->approval;
    svms_approval_request request = SVMS_APPROVAL_REQUEST_INIT;
    svms_token_claims claims = world_claims(NULL);
    request.action = "audit.export";
    claims.subject = "chief";
    claims.life_s = 300;
    assert_int_equal(svms_approval_hash(s->ctx, &request, s->request_hash, NULL), SVMS_OK);
    assert_int_equal(svms_approval_issue(s->ctx, &claims, s->request_hash, s->token,
                                         strlen(s->token), s->key, SVMS_TOKEN_NO_ALGORITHM, "k1",
                                         s->approval, &size, NULL),
                     SVMS_OK);
    s->asking = world_take(s->verifier, s->token, strlen(s->token));
}

static int set_up(void **state)
{
    static scene s;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.utc_now = an_hour_before;
    assert_int_equal(svms_ctx_new(&s.ctx, &options, NULL), SVMS_OK);
    s.key = world_key(s.ctx, SVMS_TOKEN_ES256);
    world_jwks(s.jwks, sizeof s.jwks, s.ctx, s.key, SVMS_TOKEN_ES256, "k1");
    assert_int_equal(svms_revocations_new(&s.revocations, s.ctx, NULL), SVMS_OK);
    assert_int_equal(svms_replay_new(&s.replay, s.ctx, (size_t)2 * SINGLES, NULL), SVMS_OK);
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    rules.revocations = s.revocations;
    rules.fetch = fetch;
    rules.user = &s;
    s.verifier = world_verifier(s.ctx, &rules, s.key, SVMS_TOKEN_ES256);
    rules.fetch = NULL;
    rules.replay = s.replay;
    s.once = world_verifier(s.ctx, &rules, s.key, SVMS_TOKEN_ES256);
    rules.profile = SVMS_TOKEN_APPROVING;
    s.approver = world_verifier(s.ctx, &rules, s.key, SVMS_TOKEN_ES256);
    issue(&s, s.token, "k1");
    issue(&s, s.stranger, "k2");
    for (size_t i = 0; i < SINGLES; i++) {
        issue(&s, s.singles[i], "k1");
    }
    make_approval(&s);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_token_free(&s->asking);
    svms_token_verifier_free(&s->verifier);
    svms_token_verifier_free(&s->once);
    svms_token_verifier_free(&s->approver);
    svms_replay_free(&s->replay);
    svms_revocations_free(&s->revocations);
    svms_private_key_free(&s->key);
    svms_ctx_free(&s->ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_revocations_change_while_tokens_are_verified),
        cmocka_unit_test(a_token_for_single_use_is_used_by_one_thread),
        cmocka_unit_test(an_approval_is_used_by_one_thread),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
