/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys whose signatures come from callbacks. */
#include "cmocka_all.h"

#include "failing_allocator.h"
#include "key_material.h"
#include "key_owner.h"
#include "sign.h"
#include "wrap.h"

static svms_ctx *ctx;

static int make_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int free_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

/* A key of the kind with his callbacks, an engine over it, and one to verify with. */
typedef struct desk {
    EVP_PKEY *pkey;
    owner who;
    svms_public_key *half;
    svms_private_key *key;
    svms_sign_engine *engine;
    svms_verify_engine *verifier;
} desk;

static void desk_open_with(desk *d, svms_ctx *own, const char *kind, void (*wait)(void *user))
{
    memset(d, 0, sizeof *d);
    d->pkey = make_pkey(kind);
    owner_start(&d->who, d->pkey);
    d->half = take_public(own, d->pkey);
    svms_signer signer = signer_of(&d->who);
    signer.wait = wait;
    assert_int_equal(svms_private_key_from_signer(&d->key, own, d->half, &signer, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&d->engine, own, d->key, NULL), SVMS_OK);
    assert_int_equal(svms_verify_engine_new(&d->verifier, own, d->half, NULL), SVMS_OK);
}

static void desk_open(desk *d, const char *kind)
{
    desk_open_with(d, ctx, kind, NULL);
}

static void desk_close(desk *d)
{
    svms_verify_engine_free(&d->verifier);
    svms_sign_engine_free(&d->engine);
    svms_private_key_free(&d->key);
    svms_public_key_free(&d->half);
    owner_ends(&d->who);
    assert_int_equal(d->who.release_count, 1);
    EVP_PKEY_free(d->pkey);
}

static svms_status verify(desk *d, const void *data, size_t data_size, const uint8_t *signature,
                          size_t size)
{
    return svms_verify(d->verifier, svms_sign_engine_algorithm(d->engine), data, data_size,
                       signature, size, NULL);
}

static const char *const kinds[] = { "P-256", "P-384", "ED25519", "RSA:2048" };
static const size_t sizes[] = { 64, 96, 64, 256 };
#define KINDS (sizeof kinds / sizeof kinds[0])

static void every_kind_of_key_signs_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        desk d;
        desk_open(&d, kinds[i]);
        for (size_t data_size = 0; data_size < 3; data_size++) {
            uint8_t signature[SVMS_SIGNATURE_MAX];
            size_t size = sizeof signature;
            assert_int_equal(
                svms_sign(d.engine, data_size ? "ab" : NULL, data_size, signature, &size, NULL),
                SVMS_OK);
            assert_int_equal(size, sizes[i]);
            assert_int_equal(verify(&d, "ab", data_size, signature, size), SVMS_OK);
        }
        desk_close(&d);
    }
}

static void every_form_of_ecdsa_becomes_the_one_that_verifies(void **state)
{
    (void)state;
    static const owner_form forms[] = { FORM_DER, FORM_RAW, FORM_RAW_HIGH_S, FORM_DER_HIGH_S };
    for (size_t curve = 0; curve < 2; curve++) {
        desk d;
        desk_open(&d, kinds[curve]);
        for (size_t i = 0; i < 4; i++) {
            for (int repeat = 0; repeat < 8; repeat++) {
                uint8_t signature[96];
                size_t size = sizeof signature;
                d.who.form = forms[i];
                assert_int_equal(svms_sign(d.engine, "text", 4, signature, &size, NULL), SVMS_OK);
                assert_int_equal(size, sizes[curve]);
                assert_int_equal(verify(&d, "text", 4, signature, size), SVMS_OK);
            }
        }
        desk_close(&d);
    }
}

static void what_is_asked_for_is_message_and_hash(void **state)
{
    (void)state;
    static const char text[] = "what was recorded";
    static const svms_sign_scheme schemes[] = { SVMS_SIGN_ECDSA_P256_SHA256,
                                                SVMS_SIGN_ECDSA_P384_SHA384, SVMS_SIGN_ED25519,
                                                SVMS_SIGN_RSA_PSS_SHA256 };
    const EVP_MD *digests[] = { EVP_sha256(), EVP_sha384(), NULL, EVP_sha256() };
    for (size_t i = 0; i < KINDS; i++) {
        desk d;
        svms_sign_ticket *ticket = NULL;
        desk_open(&d, kinds[i]);
        d.who.time = WHEN_TOLD;
        char given[sizeof text];
        memcpy(given, text, sizeof text);
        assert_int_equal(svms_sign_start(d.engine, given, sizeof given, &ticket, NULL), SVMS_OK);
        memset(given, 0, sizeof given);
        const svms_sign_message *message = d.who.sign_messages[0];
        assert_int_equal(message->struct_size, sizeof *message);
        assert_int_equal(message->scheme, schemes[i]);
        assert_int_equal(message->scheme, svms_sign_engine_algorithm(d.engine));
        assert_int_equal(message->size, sizeof text);
        assert_memory_equal(message->data, text, sizeof text);
        if (digests[i]) {
            uint8_t expected[EVP_MAX_MD_SIZE];
            unsigned size = 0;
            assert_int_equal(EVP_Digest(text, sizeof text, expected, &size, digests[i], NULL), 1);
            assert_int_equal(message->digest_size, size);
            assert_memory_equal(message->digest, expected, size);
        } else {
            assert_int_equal(message->digest_size, 0);
            assert_null(message->digest);
        }
        assert_int_equal(owner_answers_sign(&d.who, d.who.sign_requests[0], message), SVMS_OK);
        uint8_t signature[SVMS_SIGNATURE_MAX];
        size_t size = sizeof signature;
        bool done = false;
        assert_int_equal(svms_sign_poll(ticket, &done, signature, &size, NULL), SVMS_OK);
        assert_true(done);
        assert_int_equal(verify(&d, text, sizeof text, signature, size), SVMS_OK);
        svms_sign_ticket_free(&ticket);
        desk_close(&d);
    }
}

static void tickets_are_done_in_the_order_of_the_answers(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    d.who.time = WHEN_TOLD;
    svms_sign_ticket *tickets[8] = { NULL };
    char texts[8] = "abcdefg";
    for (int i = 0; i < 8; i++) {
        assert_int_equal(svms_sign_start(d.engine, &texts[i], 1, &tickets[i], NULL), SVMS_OK);
    }
    for (int i = 7; i >= 0; i--) {
        assert_int_equal(owner_answers_sign(&d.who, d.who.sign_requests[i], d.who.sign_messages[i]),
                         SVMS_OK);
        for (int j = 0; j < 8; j++) {
            uint8_t signature[64] = { 0 };
            size_t size = sizeof signature;
            bool done = j < i;
            assert_int_equal(svms_sign_poll(tickets[j], &done, signature, &size, NULL), SVMS_OK);
            assert_int_equal(done, j >= i);
            static const uint8_t nothing[64];
            assert_int_equal(memcmp(signature, nothing, 64) != 0, j >= i);
            assert_int_equal(verify(&d, &texts[j], 1, signature, 64),
                             j >= i ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        }
    }
    for (int i = 0; i < 8; i++) {
        svms_sign_ticket_free(&tickets[i]);
    }
    desk_close(&d);
}

static void answers_of_other_threads_are_waited_for(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    d.who.time = ON_THREAD;
    svms_sign_ticket *tickets[16] = { NULL };
    for (uint8_t i = 0; i < 16; i++) {
        assert_int_equal(svms_sign_start(d.engine, &i, 1, &tickets[i], NULL), SVMS_OK);
    }
    for (uint8_t i = 0; i < 16; i++) {
        uint8_t signature[64];
        size_t size = sizeof signature;
        assert_int_equal(svms_sign_wait(tickets[i], signature, &size, NULL), SVMS_OK);
        assert_int_equal(verify(&d, &i, 1, signature, size), SVMS_OK);
        svms_sign_ticket_free(&tickets[i]);
    }
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_sign(d.engine, "x", 1, signature, &size, NULL), SVMS_OK);
    assert_int_equal(verify(&d, "x", 1, signature, size), SVMS_OK);
    desk_close(&d);
}

static svms_private_key *shared_key;
static svms_public_key *shared_half;

static void *sign_much(void *argument)
{
    svms_sign_engine *engine = NULL;
    svms_verify_engine *verifier = NULL;
    bool good = svms_sign_engine_new(&engine, ctx, shared_key, NULL) == SVMS_OK &&
                svms_verify_engine_new(&verifier, ctx, shared_half, NULL) == SVMS_OK;
    for (uint8_t i = 0; good && i < 10; i++) {
        uint8_t signature[64];
        size_t size = sizeof signature;
        good = svms_sign(engine, &i, 1, signature, &size, NULL) == SVMS_OK &&
               svms_verify(verifier, SVMS_SIG_ECDSA_P256_SHA256, &i, 1, signature, size, NULL) ==
                   SVMS_OK;
    }
    svms_verify_engine_free(&verifier);
    svms_sign_engine_free(&engine);
    return good ? argument : NULL;
}

static void threads_share_a_key(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    d.who.time = ON_THREAD;
    shared_key = d.key;
    shared_half = d.half;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_much, &d), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    assert_int_equal(d.who.request_count, 40);
    desk_close(&d);
}

/* Answers one request at the third time he is called. */
static void answer_at_third_call(void *user)
{
    owner *who = user;
    who->wait_count++;
    if (who->wait_count == 3) {
        assert_int_equal(owner_answers_sign(who, who->sign_requests[0], who->sign_messages[0]),
                         SVMS_OK);
    }
}

static void wait_is_called_until_the_answer_is_there(void **state)
{
    (void)state;
    desk d;
    desk_open_with(&d, ctx, "P-256", answer_at_third_call);
    d.who.time = WHEN_TOLD;
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_sign(d.engine, "x", 1, signature, &size, NULL), SVMS_OK);
    assert_int_equal(d.who.wait_count, 3);
    desk_close(&d);

    /* Nor is it called when there is nothing to wait for. */
    desk_open_with(&d, ctx, "P-256", answer_at_third_call);
    assert_int_equal(svms_sign(d.engine, "x", 1, signature, &size, NULL), SVMS_OK);
    assert_int_equal(d.who.wait_count, 0);
    desk_close(&d);
}

static void expect_failure(svms_sign_ticket *ticket, svms_status expected, const char *words)
{
    for (int again = 0; again < 2; again++) {
        uint8_t signature[SVMS_SIGNATURE_MAX] = { 0 };
        size_t size = sizeof signature;
        bool done = false;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(again ? svms_sign_wait(ticket, signature, &size, &err)
                               : svms_sign_poll(ticket, &done, signature, &size, &err),
                         expected);
        assert_int_equal(err.status, expected);
        if (!strstr(err.message, words)) {
            fail_msg("\"%s\" is not in \"%s\"", words, err.message);
        }
        assert_int_equal(signature[0], 0);
        assert_int_equal(size, sizeof signature);
        assert_false(done);
    }
}

static void a_signature_that_is_wrong_is_never_used(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        desk d;
        desk_open(&d, kinds[kind]);
        d.who.time = WHEN_TOLD;
        uint8_t good[1024];
        uint8_t bad[1024] = { 0 };
        for (int i = 0; i < 10; i++) {
            svms_sign_ticket *ticket = NULL;
            assert_int_equal(svms_sign_start(d.engine, "text", 4, &ticket, NULL), SVMS_OK);
            d.who.form = i % 2 == 0 ? FORM_RAW : FORM_DER;
            size_t size = owner_signs(&d.who, d.who.sign_messages[i], good, sizeof good);
            memcpy(bad, good, sizeof bad);
            svms_status answer = SVMS_OK;
            switch (i) {
            case 0: /* a bit of the front */
            case 1:
                bad[size / 3] ^= 1;
                break;
            case 2: /* a bit of the back */
            case 3:
                bad[size - 1] ^= 1;
                break;
            case 4: /* one byte short */
            case 5:
                size--;
                break;
            case 6: /* nothing but zeros */
                memset(bad, 0, sizeof bad);
                break;
            case 7: /* all ones */
                memset(bad, 0xFF, sizeof bad);
                break;
            case 8: /* longer than it can be */
                size = sizeof bad;
                answer = SVMS_E_LIMIT;
                break;
            default: /* empty */
                size = 0;
                answer = SVMS_E_LIMIT;
                break;
            }
            assert_int_equal(svms_sign_request_complete(d.who.sign_requests[i], SVMS_OK, bad, size),
                             answer);
            expect_failure(ticket, SVMS_E_CRYPTO, "who holds the key");
            svms_sign_ticket_free(&ticket);
        }
        desk_close(&d);
    }
}

static void a_signature_by_another_key_or_of_other_words_is_never_used(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    d.who.pkey = make_pkey("P-256");
    uint8_t signature[64];
    size_t size = sizeof signature;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_sign(d.engine, "text", 4, signature, &size, &err), SVMS_E_CRYPTO);
    EVP_PKEY_free(d.who.pkey);
    d.who.pkey = d.pkey;

    d.who.time = WHEN_TOLD;
    d.who.request_count = 0;
    svms_sign_ticket *tickets[2] = { NULL };
    assert_int_equal(svms_sign_start(d.engine, "one", 3, &tickets[0], NULL), SVMS_OK);
    assert_int_equal(svms_sign_start(d.engine, "two", 3, &tickets[1], NULL), SVMS_OK);
    uint8_t signatures[2][128];
    size_t written[2];
    for (int i = 0; i < 2; i++) {
        written[i] =
            owner_signs(&d.who, d.who.sign_messages[i], signatures[i], sizeof signatures[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(svms_sign_request_complete(d.who.sign_requests[i], SVMS_OK,
                                                    signatures[1 - i], written[1 - i]),
                         SVMS_OK);
        expect_failure(tickets[i], SVMS_E_CRYPTO, "its public half refuses");
        svms_sign_ticket_free(&tickets[i]);
    }
    desk_close(&d);
}

static BIGNUM *number(const char *hex)
{
    BIGNUM *value = NULL;
    assert_true(BN_hex2bn(&value, hex) > 0);
    return value;
}

/* The private key d for which (r, s) with nonce k signs the hash: d = (s k - hash) / r mod n. */
static BIGNUM *solve_for_key(const EC_GROUP *curve, const BIGNUM *k, const BIGNUM *r,
                             const BIGNUM *s, const BIGNUM *hash, BN_CTX *work)
{
    const BIGNUM *n = EC_GROUP_get0_order(curve);
    BIGNUM *d = BN_new();
    BIGNUM *inverse = BN_mod_inverse(NULL, r, n, work);
    assert_int_equal(BN_mod_mul(d, s, k, n, work), 1);
    assert_int_equal(BN_mod_sub(d, d, hash, n, work), 1);
    assert_int_equal(BN_mod_mul(d, d, inverse, n, work), 1);
    BN_free(inverse);
    return d;
}

/* 30 3E, 02 20 and r, 02 1A and s: a key that gives such a signature has to be made for it. */
static void der_that_is_as_long_as_r_and_s_is_taken_for_what_it_is(void **state)
{
    (void)state;
    BN_CTX *work = BN_CTX_new();
    EC_GROUP *curve = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(curve);
    uint8_t digest[32];
    assert_int_equal(EVP_Digest("text", 4, digest, NULL, EVP_sha256(), NULL), 1);
    BIGNUM *hash = BN_bin2bn(digest, sizeof digest, NULL);
    BIGNUM *k = number("1");
    BIGNUM *r = BN_new();
    BIGNUM *s = number("7F000000000000000000000000000000000000000000000000FF");
    do {
        assert_int_equal(BN_add_word(k, 1), 1);
        assert_int_equal(EC_POINT_mul(curve, point, k, NULL, NULL, work), 1);
        assert_int_equal(EC_POINT_get_affine_coordinates(curve, point, r, NULL, work), 1);
    } while (BN_num_bits(r) != 255);
    BIGNUM *d = solve_for_key(curve, k, r, s, hash, work);
    assert_int_equal(EC_POINT_mul(curve, point, d, NULL, NULL, work), 1);
    char *d_hex = BN_bn2hex(d);
    char *point_hex = EC_POINT_point2hex(curve, point, POINT_CONVERSION_UNCOMPRESSED, work);
    EVP_PKEY *pkey = ec_pkey("P-256", d_hex, point_hex);
    ECDSA_SIG *signature = ECDSA_SIG_new();
    uint8_t expected[64];
    BN_bn2binpad(r, expected, 32);
    BN_bn2binpad(s, expected + 32, 32);
    assert_int_equal(ECDSA_SIG_set0(signature, r, s), 1);
    uint8_t der[80];
    uint8_t *end = der;
    assert_int_equal(i2d_ECDSA_SIG(signature, &end), 64);

    owner who;
    owner_start(&who, pkey);
    who.time = WHEN_TOLD;
    svms_signer signer = signer_of(&who);
    svms_public_key *half = take_public(ctx, pkey);
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    svms_sign_ticket *ticket = NULL;
    uint8_t found[64];
    size_t size = sizeof found;
    assert_int_equal(svms_private_key_from_signer(&key, ctx, half, &signer, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_sign_start(engine, "text", 4, &ticket, NULL), SVMS_OK);
    assert_int_equal(svms_sign_request_complete(who.sign_requests[0], SVMS_OK, der, 64), SVMS_OK);
    assert_int_equal(svms_sign_wait(ticket, found, &size, NULL), SVMS_OK);
    assert_memory_equal(found, expected, sizeof expected);
    svms_sign_ticket_free(&ticket);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    owner_ends(&who);
    ECDSA_SIG_free(signature);
    EVP_PKEY_free(pkey);
    OPENSSL_free(point_hex);
    OPENSSL_free(d_hex);
    BN_free(d);
    BN_free(k);
    BN_free(hash);
    EC_POINT_free(point);
    EC_GROUP_free(curve);
    BN_CTX_free(work);
}

static void a_refusal_and_a_failure_come_through(void **state)
{
    (void)state;
    static const struct {
        svms_status given;
        svms_status expected;
    } failures[] = {
        { SVMS_E_CANCELLED, SVMS_E_CANCELLED },
        { SVMS_E_POLICY, SVMS_E_POLICY },
        { SVMS_E_IO, SVMS_E_IO },
        { SVMS_END, SVMS_E_CRYPTO },
        { (svms_status)77, SVMS_E_CRYPTO },
    };
    desk d;
    desk_open(&d, "P-256");
    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
        svms_sign_ticket *ticket = NULL;
        svms_error err = SVMS_ERROR_INIT;
        d.who.refusal = failures[i].given;
        assert_int_equal(svms_sign_start(d.engine, "x", 1, &ticket, &err), failures[i].expected);
        assert_int_equal(err.status, failures[i].expected);
        assert_null(ticket);
        d.who.refusal = SVMS_OK;
        d.who.failure = failures[i].given;
        assert_int_equal(svms_sign_start(d.engine, "x", 1, &ticket, NULL), SVMS_OK);
        expect_failure(ticket, failures[i].expected, "who holds the key reports a failure");
        svms_sign_ticket_free(&ticket);
        d.who.failure = SVMS_OK;
    }
    d.who.time = WHEN_TOLD;
    svms_sign_ticket *ticket = NULL;
    d.who.request_count = 0;
    assert_int_equal(svms_sign_start(d.engine, "x", 1, &ticket, NULL), SVMS_OK);
    assert_int_equal(svms_sign_request_complete(d.who.sign_requests[0], SVMS_OK, NULL, 64),
                     SVMS_E_USAGE);
    expect_failure(ticket, SVMS_E_CRYPTO, "who holds the key");
    svms_sign_ticket_free(&ticket);
    assert_int_equal(svms_sign_request_complete(NULL, SVMS_OK, "", 1), SVMS_E_USAGE);
    desk_close(&d);
}

static void a_second_completion_changes_nothing(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    d.who.time = WHEN_TOLD;
    svms_sign_ticket *ticket = NULL;
    assert_int_equal(svms_sign_start(d.engine, "x", 1, &ticket, NULL), SVMS_OK);
    svms_sign_request *request = d.who.sign_requests[0];
    assert_int_equal(owner_answers_sign(&d.who, request, d.who.sign_messages[0]), SVMS_OK);
    uint8_t junk[64] = { 1 };
    assert_int_equal(svms_sign_request_complete(request, SVMS_OK, junk, sizeof junk), SVMS_E_STATE);
    assert_int_equal(svms_sign_request_complete(request, SVMS_E_CANCELLED, NULL, 0), SVMS_E_STATE);
    uint8_t signature[64];
    size_t size = sizeof signature;
    bool done = false;
    assert_int_equal(svms_sign_poll(ticket, &done, signature, &size, NULL), SVMS_OK);
    assert_int_equal(verify(&d, "x", 1, signature, size), SVMS_OK);
    svms_sign_ticket_free(&ticket);
    /* Even long after the request is over, and while others are under way. */
    d.who.time = AT_ONCE;
    for (int i = 0; i < 32; i++) {
        assert_int_equal(svms_sign_request_complete(request, SVMS_OK, junk, sizeof junk),
                         SVMS_E_STATE);
        assert_int_equal(svms_sign(d.engine, "y", 1, signature, &size, NULL), SVMS_OK);
        assert_ptr_not_equal(d.who.sign_requests[1 + i], request);
    }
    assert_int_equal(svms_sign_request_complete(request, SVMS_OK, junk, sizeof junk), SVMS_E_STATE);
    /* The memory of many signatures does not grow for ever. */
    for (int i = 0; i < 100; i++) {
        assert_int_equal(svms_sign(d.engine, "y", 1, signature, &size, NULL), SVMS_OK);
    }
    desk_close(&d);
}

static void a_request_that_was_refused_may_not_be_completed(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    svms_sign_ticket *ticket = NULL;
    d.who.refusal = SVMS_E_POLICY;
    assert_int_equal(svms_sign_start(d.engine, "x", 1, &ticket, NULL), SVMS_E_POLICY);
    assert_int_equal(svms_sign_request_complete(d.who.sign_requests[0], SVMS_OK, "junk", 4),
                     SVMS_E_STATE);
    desk_close(&d);
}

static void a_request_outlives_ticket_engine_and_key(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    svms_ctx *own = NULL;
    assert_int_equal(svms_ctx_new(&own, &options, NULL), SVMS_OK);
    long at_rest = allocator.live;
    desk d;
    desk_open_with(&d, own, "P-256", NULL);
    d.who.time = WHEN_TOLD;
    for (int i = 0; i < 3; i++) {
        svms_sign_ticket *ticket = NULL;
        assert_int_equal(svms_sign_start(d.engine, "given up", 8, &ticket, NULL), SVMS_OK);
        svms_sign_ticket_free(&ticket);
        assert_null(ticket);
    }
    svms_verify_engine_free(&d.verifier);
    svms_sign_engine_free(&d.engine);
    svms_private_key_free(&d.key);
    svms_public_key_free(&d.half);
    assert_int_equal(d.who.release_count, 0);
    assert_true(allocator.live > at_rest);
    /* What it points to is still there. */
    assert_memory_equal(d.who.sign_messages[1]->data, "given up", 8);
    assert_int_equal(owner_answers_sign(&d.who, d.who.sign_requests[1], d.who.sign_messages[1]),
                     SVMS_OK);
    assert_int_equal(svms_sign_request_complete(d.who.sign_requests[0], SVMS_E_CANCELLED, NULL, 0),
                     SVMS_OK);
    assert_int_equal(d.who.release_count, 0);
    assert_int_equal(svms_sign_request_complete(d.who.sign_requests[2], SVMS_E_CANCELLED, NULL, 0),
                     SVMS_OK);
    assert_int_equal(d.who.release_count, 1);
    assert_int_equal(allocator.live, at_rest);
    svms_ctx_free(&own);
    owner_ends(&d.who);
    EVP_PKEY_free(d.pkey);
}

static void answers_on_threads_and_giving_up_do_not_collide(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        desk d;
        desk_open(&d, "P-256");
        d.who.time = ON_THREAD;
        svms_sign_ticket *tickets[4] = { NULL };
        for (int i = 0; i < 4; i++) {
            assert_int_equal(svms_sign_start(d.engine, "x", 1, &tickets[i], NULL), SVMS_OK);
        }
        for (int i = 0; i < 4; i++) {
            svms_sign_ticket_free(&tickets[i]);
        }
        desk_close(&d);
    }
}

static void an_engine_outlives_its_key(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    svms_private_key_free(&d.key);
    assert_int_equal(d.who.release_count, 0);
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_sign(d.engine, "x", 1, signature, &size, NULL), SVMS_OK);
    desk_close(&d);
}

static void a_place_that_is_too_small_may_be_tried_again(void **state)
{
    (void)state;
    for (int external = 0; external < 2; external++) {
        desk d;
        desk_open(&d, "P-256");
        svms_sign_engine *engine = d.engine;
        svms_private_key *own = NULL;
        if (!external) {
            own = take_private(ctx, d.pkey);
            assert_int_equal(svms_sign_engine_new(&engine, ctx, own, NULL), SVMS_OK);
        }
        svms_sign_ticket *ticket = NULL;
        assert_int_equal(svms_sign_start(engine, "x", 1, &ticket, NULL), SVMS_OK);
        uint8_t signature[64];
        size_t size = 63;
        bool done = false;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_sign_poll(ticket, &done, signature, &size, &err), SVMS_E_LIMIT);
        assert_string_equal(err.message, "a signature needs 64 bytes");
        assert_int_equal(svms_sign_wait(ticket, signature, &size, &err), SVMS_E_LIMIT);
        size = 64;
        for (int again = 0; again < 2; again++) {
            assert_int_equal(svms_sign_poll(ticket, &done, signature, &size, NULL), SVMS_OK);
            assert_true(done);
            assert_int_equal(verify(&d, "x", 1, signature, size), SVMS_OK);
        }
        assert_int_equal(svms_sign_wait(ticket, signature, &size, NULL), SVMS_OK);
        svms_sign_ticket_free(&ticket);
        size = 63;
        assert_int_equal(svms_sign(engine, "x", 1, signature, &size, &err), SVMS_E_LIMIT);
        if (!external) {
            svms_sign_engine_free(&engine);
            svms_private_key_free(&own);
        }
        desk_close(&d);
    }
}

static void such_a_key_signs_and_does_nothing_else(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    uint8_t id[2][SVMS_DIGEST_SIZE];
    char pem[PEM_ROOM];
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    assert_true(svms_private_key_is_external(d.key));
    assert_null(svms_private_key_evp(d.key));
    assert_int_equal(EVP_PKEY_eq(svms_private_key_public_evp(d.key), d.pkey), 1);
    assert_int_equal(svms_private_key_id(d.key, id[0], NULL), SVMS_OK);
    assert_int_equal(svms_public_key_id(d.half, id[1], NULL), SVMS_OK);
    assert_memory_equal(id[0], id[1], sizeof id[0]);
    assert_int_equal(svms_private_key_to_pem(d.key, pem, &size, &err), SVMS_E_UNSUPPORTED);
    assert_int_equal(err.status, SVMS_E_UNSUPPORTED);
    assert_int_equal(svms_hpke_kem_of_private(d.key), 0);
    uint8_t bytes[100] = { 0 };
    assert_int_equal(
        svms_hpke_open(ctx, d.key, bytes, NULL, 0, NULL, 0, bytes, sizeof bytes, bytes, &err),
        SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "this P-256 key only signs");
    assert_int_equal(
        svms_hpke_seal_with(ctx, d.key, d.half, NULL, 0, NULL, 0, "x", 1, bytes, bytes, &err),
        SVMS_E_USAGE);
    desk_close(&d);

    desk_open(&d, "RSA:2048");
    assert_int_equal(svms_rsa_sealed_size_of_private(d.key), 0);
    desk_close(&d);
}

static void wrong_arguments_are_refused_and_nobody_is_released(void **state)
{
    (void)state;
    EVP_PKEY *pkey = make_pkey("P-256");
    EVP_PKEY *exchange = make_pkey("X25519");
    svms_public_key *half = take_public(ctx, pkey);
    svms_public_key *agreeing = take_public(ctx, exchange);
    owner who;
    owner_start(&who, pkey);
    svms_signer signer = signer_of(&who);
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_private_key_from_signer(NULL, ctx, half, &signer, &err), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_signer(&key, NULL, half, &signer, &err), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_signer(&key, ctx, NULL, &signer, &err), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_signer(&key, ctx, half, NULL, &err), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_signer(&key, ctx, agreeing, &signer, &err),
                     SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "X25519 keys cannot sign");
    signer.begin = NULL;
    assert_int_equal(svms_private_key_from_signer(&key, ctx, half, &signer, &err), SVMS_E_USAGE);
    assert_string_equal(err.message, "a signer needs begin");
    signer = signer_of(&who);
    signer.struct_size = 3;
    assert_int_equal(svms_private_key_from_signer(&key, ctx, half, &signer, &err), SVMS_E_USAGE);
    assert_null(key);
    assert_int_equal(who.release_count, 0);
    owner_ends(&who);
    svms_public_key_free(&half);
    svms_public_key_free(&agreeing);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(exchange);
    svms_sign_ticket_free(NULL);
}

static EVP_PKEY *pkey_at_hand;

static svms_status make_and_sign(svms_ctx *failing, svms_error *err)
{
    owner who;
    owner_start(&who, pkey_at_hand);
    svms_signer signer = signer_of(&who);
    svms_public_key *half = NULL;
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    svms_sign_ticket *ticket = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    bool made = false;
    svms_status status = svms_public_key_from_evp(&half, failing, pkey_at_hand, err);
    if (status == SVMS_OK) {
        status = svms_private_key_from_signer(&key, failing, half, &signer, err);
        made = status == SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = svms_sign_engine_new(&engine, failing, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign_start(engine, "text", 4, &ticket, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign_wait(ticket, signature, &size, err);
    }
    for (int i = 0; status == SVMS_OK && i < 40; i++) {
        status = svms_sign(engine, "text", 4, signature, &size, err);
    }
    svms_sign_ticket_free(&ticket);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    owner_ends(&who);
    assert_int_equal(who.release_count, made ? 1 : 0);
    return status;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    pkey_at_hand = make_pkey("P-256");
    each_allocation_fails_cleanly(make_and_sign);
    EVP_PKEY_free(pkey_at_hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_kind_of_key_signs_at_once, no_openssl_errors_left),
        cmocka_unit_test(every_form_of_ecdsa_becomes_the_one_that_verifies),
        cmocka_unit_test_teardown(what_is_asked_for_is_message_and_hash, no_openssl_errors_left),
        cmocka_unit_test(tickets_are_done_in_the_order_of_the_answers),
        cmocka_unit_test(answers_of_other_threads_are_waited_for),
        cmocka_unit_test(threads_share_a_key),
        cmocka_unit_test(wait_is_called_until_the_answer_is_there),
        cmocka_unit_test_teardown(a_signature_that_is_wrong_is_never_used, no_openssl_errors_left),
        cmocka_unit_test(a_signature_by_another_key_or_of_other_words_is_never_used),
        cmocka_unit_test(der_that_is_as_long_as_r_and_s_is_taken_for_what_it_is),
        cmocka_unit_test(a_refusal_and_a_failure_come_through),
        cmocka_unit_test(a_second_completion_changes_nothing),
        cmocka_unit_test(a_request_that_was_refused_may_not_be_completed),
        cmocka_unit_test(a_request_outlives_ticket_engine_and_key),
        cmocka_unit_test(answers_on_threads_and_giving_up_do_not_collide),
        cmocka_unit_test(an_engine_outlives_its_key),
        cmocka_unit_test(a_place_that_is_too_small_may_be_tried_again),
        cmocka_unit_test(such_a_key_signs_and_does_nothing_else),
        cmocka_unit_test(wrong_arguments_are_refused_and_nobody_is_released),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
