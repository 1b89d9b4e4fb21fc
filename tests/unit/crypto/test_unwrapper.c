/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys and key-encryption keys that decrypt by callbacks. */
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

typedef struct desk {
    EVP_PKEY *pkey;
    owner who;
    svms_public_key *half;
    svms_private_key *key;
} desk;

static void desk_open(desk *d, const char *kind)
{
    memset(d, 0, sizeof *d);
    d->pkey = make_pkey(kind);
    owner_start(&d->who, d->pkey);
    d->half = take_public(ctx, d->pkey);
    svms_unwrapper unwrapper = unwrapper_of(&d->who);
    assert_int_equal(svms_private_key_from_unwrapper(&d->key, ctx, d->half, &unwrapper, NULL),
                     SVMS_OK);
}

static void desk_close(desk *d)
{
    svms_private_key_free(&d->key);
    svms_public_key_free(&d->half);
    owner_ends(&d->who);
    assert_int_equal(d->who.release_count, 1);
    EVP_PKEY_free(d->pkey);
}

typedef struct sealed_text {
    uint8_t enc[SVMS_HPKE_P256_ENC_SIZE];
    uint8_t bytes[4 + 16];
} sealed_text;

static sealed_text seal_for(const svms_public_key *recipient)
{
    sealed_text sealed;
    assert_int_equal(svms_hpke_seal(ctx, recipient, "info", 4, "aad", 3, "text", 4, sealed.enc,
                                    sealed.bytes, NULL),
                     SVMS_OK);
    return sealed;
}

static svms_status open_sealed(const svms_private_key *key, const sealed_text *sealed,
                               uint8_t out[4], svms_error *err)
{
    return svms_hpke_open(ctx, key, sealed->enc, "info", 4, "aad", 3, sealed->bytes,
                          sizeof sealed->bytes, out, err);
}

static const char *const kinds[] = { "X25519", "P-256" };

static void what_was_sealed_opens_at_once_and_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        desk d;
        desk_open(&d, kinds[i]);
        sealed_text sealed = seal_for(d.half);
        for (int later = 0; later < 2; later++) {
            uint8_t out[4] = { 0 };
            d.who.time = later ? ON_THREAD : AT_ONCE;
            assert_int_equal(open_sealed(d.key, &sealed, out, NULL), SVMS_OK);
            assert_memory_equal(out, "text", 4);
        }
        sealed.bytes[0] ^= 1;
        uint8_t out[4];
        assert_int_equal(open_sealed(d.key, &sealed, out, NULL), SVMS_E_WRONG_KEY);
        desk_close(&d);
    }
}

/* Looks at what it was asked, and refuses. */
typedef struct witness {
    svms_unwrap_message seen;
    uint8_t input[SVMS_RSA_SEALED_MAX];
} witness;

static svms_status look(void *user, svms_unwrap_request *request,
                        const svms_unwrap_message *message)
{
    (void)request;
    witness *eye = user;
    eye->seen = *message;
    memcpy(eye->input, message->input, message->input_size);
    return SVMS_E_POLICY;
}

static void what_is_asked_for_names_operation_key_and_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        svms_unwrap_operation operation;
        size_t input;
    } asked[] = {
        { "X25519", SVMS_UNWRAP_X25519, 32 },
        { "P-256", SVMS_UNWRAP_P256, 65 },
        { "RSA:2048", SVMS_UNWRAP_RSA_OAEP, 256 },
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        EVP_PKEY *pkey = make_pkey(asked[i].kind);
        svms_public_key *half = take_public(ctx, pkey);
        svms_private_key *key = NULL;
        witness eye;
        svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
        unwrapper.user = &eye;
        unwrapper.begin = look;
        assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, half, &unwrapper, NULL),
                         SVMS_OK);
        uint8_t id[SVMS_DIGEST_SIZE];
        uint8_t out[32];
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_public_key_id(half, id, NULL), SVMS_OK);
        if (asked[i].operation == SVMS_UNWRAP_RSA_OAEP) {
            uint8_t sealed[256] = { 9 };
            assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, sizeof sealed, out, 32, &err),
                             SVMS_E_POLICY);
            assert_memory_equal(eye.input, sealed, sizeof sealed);
        } else {
            sealed_text sealed = seal_for(half);
            assert_int_equal(open_sealed(key, &sealed, out, &err), SVMS_E_POLICY);
            assert_memory_equal(eye.input, sealed.enc, asked[i].input);
        }
        assert_string_equal(err.message, "who holds the key refused the request: policy");
        assert_int_equal(eye.seen.struct_size, sizeof eye.seen);
        assert_int_equal(eye.seen.operation, asked[i].operation);
        assert_int_equal(eye.seen.input_size, asked[i].input);
        assert_int_equal(eye.seen.output_size, 32);
        assert_memory_equal(eye.seen.key_id, id, sizeof eye.seen.key_id);
        svms_private_key_free(&key);
        svms_public_key_free(&half);
        EVP_PKEY_free(pkey);
    }
}

static void a_peer_that_is_no_point_is_never_asked_about(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    sealed_text sealed = seal_for(d.half);
    uint8_t out[4];
    sealed_text bad = sealed;
    bad.enc[64] ^= 1; /* off the curve */
    assert_int_equal(open_sealed(d.key, &bad, out, NULL), SVMS_E_WRONG_KEY);
    bad = sealed;
    bad.enc[0] = 0x02; /* not the one form */
    assert_int_equal(open_sealed(d.key, &bad, out, NULL), SVMS_E_WRONG_KEY);
    memset(&bad, 0, sizeof bad);
    assert_int_equal(open_sealed(d.key, &bad, out, NULL), SVMS_E_WRONG_KEY);
    assert_int_equal(d.who.request_count, 0);
    desk_close(&d);
}

/* Gives all zeros for whatever it is asked. */
static svms_status give_zeros(void *user, svms_unwrap_request *request,
                              const svms_unwrap_message *message)
{
    static const uint8_t zeros[64];
    const size_t *size = user;
    (void)message;
    assert_int_equal(svms_unwrap_request_complete(request, SVMS_OK, zeros, *size),
                     *size == message->output_size ? SVMS_OK : SVMS_E_LIMIT);
    return SVMS_OK;
}

static void a_result_of_zeros_or_of_another_size_is_not_used(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        size_t size;
        svms_status expected;
    } given[] = {
        { "X25519", 32, SVMS_E_WRONG_KEY },  { "X25519", 31, SVMS_E_CRYPTO },
        { "X25519", 33, SVMS_E_CRYPTO },     { "X25519", 0, SVMS_E_CRYPTO },
        { "P-256", 32, SVMS_E_WRONG_KEY },   { "P-256", 64, SVMS_E_CRYPTO },
        { "RSA:2048", 32, SVMS_OK },         { "RSA:2048", 33, SVMS_E_WRONG_KEY },
        { "RSA:2048", 0, SVMS_E_WRONG_KEY },
    };
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        EVP_PKEY *pkey = make_pkey(given[i].kind);
        svms_public_key *half = take_public(ctx, pkey);
        svms_private_key *key = NULL;
        size_t size = given[i].size;
        svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
        unwrapper.user = &size;
        unwrapper.begin = give_zeros;
        assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, half, &unwrapper, NULL),
                         SVMS_OK);
        uint8_t out[32];
        svms_status status;
        if (strcmp(given[i].kind, "RSA:2048") == 0) {
            uint8_t sealed[256] = { 1 };
            status = svms_rsa_oaep_open(ctx, key, sealed, sizeof sealed, out, 32, NULL);
        } else {
            sealed_text sealed = seal_for(half);
            status = open_sealed(key, &sealed, out, NULL);
        }
        assert_int_equal(status, given[i].expected);
        svms_private_key_free(&key);
        svms_public_key_free(&half);
        EVP_PKEY_free(pkey);
    }
}

static void rsa_opens_at_once_and_later(void **state)
{
    (void)state;
    static const char *const rsa[] = { "RSA:2048", "RSA:3072" };
    for (size_t i = 0; i < 2; i++) {
        desk d;
        desk_open(&d, rsa[i]);
        uint8_t sealed[SVMS_RSA_SEALED_MAX];
        uint8_t out[32] = { 0 };
        size_t size = sizeof sealed;
        uint8_t plain[32] = "thirty-two bytes of content key";
        assert_int_equal(svms_rsa_oaep_seal(ctx, d.half, plain, sizeof plain, sealed, &size, NULL),
                         SVMS_OK);
        assert_int_equal(svms_rsa_sealed_size_of_private(d.key), size);
        for (int later = 0; later < 2; later++) {
            d.who.time = later ? ON_THREAD : AT_ONCE;
            memset(out, 0, sizeof out);
            assert_int_equal(svms_rsa_oaep_open(ctx, d.key, sealed, size, out, sizeof out, NULL),
                             SVMS_OK);
            assert_memory_equal(out, plain, sizeof plain);
        }
        sealed[9] ^= 1;
        assert_int_equal(svms_rsa_oaep_open(ctx, d.key, sealed, size, out, sizeof out, NULL),
                         SVMS_E_WRONG_KEY);
        int asked = d.who.request_count;
        assert_int_equal(svms_rsa_oaep_open(ctx, d.key, sealed, size - 1, out, sizeof out, NULL),
                         SVMS_E_WRONG_KEY);
        assert_int_equal(d.who.request_count, asked);
        desk_close(&d);
    }
}

static const uint8_t kek_bytes[32] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const uint8_t kek_name[SVMS_KEK_ID_SIZE] = "made in a token";

static void a_kek_outside_wraps_and_unwraps(void **state)
{
    (void)state;
    owner who;
    owner_start(&who, NULL);
    memcpy(who.kek, kek_bytes, sizeof who.kek);
    svms_unwrapper unwrapper = unwrapper_of(&who);
    svms_kek *outside = NULL;
    svms_kek *inside = NULL;
    assert_int_equal(svms_kek_from_unwrapper(&outside, ctx, kek_name, &unwrapper, NULL), SVMS_OK);
    assert_int_equal(svms_kek_from_bytes(&inside, ctx, kek_name, kek_bytes, NULL), SVMS_OK);
    uint8_t id[SVMS_KEK_ID_SIZE];
    svms_kek_id(outside, id);
    assert_memory_equal(id, kek_name, sizeof id);
    for (int later = 0; later < 2; later++) {
        who.time = later ? ON_THREAD : AT_ONCE;
        uint8_t plain[32] = "thirty-two bytes of content key";
        uint8_t wrapped[40];
        uint8_t expected[40];
        uint8_t out[32] = { 0 };
        assert_int_equal(svms_kek_wrap(outside, plain, wrapped, NULL), SVMS_OK);
        assert_int_equal(svms_kek_wrap(inside, plain, expected, NULL), SVMS_OK);
        assert_memory_equal(wrapped, expected, sizeof wrapped);
        assert_int_equal(svms_kek_unwrap(outside, wrapped, out, NULL), SVMS_OK);
        assert_memory_equal(out, plain, sizeof plain);
        wrapped[39] ^= 1;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_kek_unwrap(outside, wrapped, out, &err), SVMS_E_WRONG_KEY);
        assert_string_equal(err.message, "who holds the key reports a failure: wrong_key");
    }
    char pem[512];
    size_t size = sizeof pem;
    assert_int_equal(svms_kek_to_pem(outside, pem, &size, NULL), SVMS_E_UNSUPPORTED);
    svms_kek_free(&outside);
    svms_kek_free(&inside);
    owner_ends(&who);
    assert_int_equal(who.release_count, 1);
}

static svms_unwrap_request *kept;

static svms_status keep(void *user, svms_unwrap_request *request,
                        const svms_unwrap_message *message)
{
    (void)user;
    (void)message;
    kept = request;
    static const uint8_t result[32] = { 1 };
    return svms_unwrap_request_complete(request, SVMS_OK, result, message->output_size);
}

static void a_second_completion_changes_nothing(void **state)
{
    (void)state;
    svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
    unwrapper.begin = keep;
    svms_kek *kek = NULL;
    uint8_t wrapped[40] = { 0 };
    uint8_t out[32];
    assert_int_equal(svms_kek_from_unwrapper(&kek, ctx, kek_name, &unwrapper, NULL), SVMS_OK);
    assert_int_equal(svms_kek_unwrap(kek, wrapped, out, NULL), SVMS_OK);
    assert_int_equal(out[0], 1);
    assert_int_equal(svms_unwrap_request_complete(kept, SVMS_OK, wrapped, 32), SVMS_E_STATE);
    assert_int_equal(svms_unwrap_request_complete(NULL, SVMS_OK, wrapped, 32), SVMS_E_USAGE);
    svms_kek_free(&kek);
}

static void such_a_key_decrypts_and_does_nothing_else(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256");
    svms_sign_engine *engine = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char pem[PEM_ROOM];
    size_t size = sizeof pem;
    assert_int_equal(svms_sign_engine_new(&engine, ctx, d.key, &err), SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "this P-256 key only decrypts");
    assert_int_equal(svms_private_key_to_pem(d.key, pem, &size, &err), SVMS_E_UNSUPPORTED);
    assert_int_equal(svms_hpke_kem_of_private(d.key), 0x0010);
    desk_close(&d);
}

static void wrong_arguments_are_refused_and_nobody_is_released(void **state)
{
    (void)state;
    static const char *const unfit[] = { "P-384", "ED25519", "RSA:2560" };
    EVP_PKEY *pkey = make_pkey("P-256");
    svms_public_key *half = take_public(ctx, pkey);
    owner who;
    owner_start(&who, pkey);
    svms_unwrapper unwrapper = unwrapper_of(&who);
    svms_private_key *key = NULL;
    svms_kek *kek = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_private_key_from_unwrapper(NULL, ctx, half, &unwrapper, &err),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_unwrapper(&key, NULL, half, &unwrapper, &err),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, NULL, &unwrapper, &err),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, half, NULL, &err), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_unwrapper(NULL, ctx, kek_name, &unwrapper, &err), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_unwrapper(&kek, NULL, kek_name, &unwrapper, &err), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_unwrapper(&kek, ctx, NULL, &unwrapper, &err), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_unwrapper(&kek, ctx, kek_name, NULL, &err), SVMS_E_USAGE);
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        EVP_PKEY *other = make_pkey(unfit[i]);
        svms_public_key *other_half = take_public(ctx, other);
        assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, other_half, &unwrapper, &err),
                         SVMS_E_UNSUPPORTED);
        svms_public_key_free(&other_half);
        EVP_PKEY_free(other);
    }
    unwrapper.begin = NULL;
    assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, half, &unwrapper, &err),
                     SVMS_E_USAGE);
    assert_string_equal(err.message, "an unwrapper needs begin");
    unwrapper.struct_size = 0;
    assert_int_equal(svms_kek_from_unwrapper(&kek, ctx, kek_name, &unwrapper, &err), SVMS_E_USAGE);
    assert_null(key);
    assert_null(kek);
    assert_int_equal(who.release_count, 0);
    owner_ends(&who);
    svms_public_key_free(&half);
    EVP_PKEY_free(pkey);
}

static EVP_PKEY *pkey_at_hand;
static sealed_text sealed_at_hand;

static svms_status make_and_open(svms_ctx *failing, svms_error *err)
{
    owner who;
    owner_start(&who, pkey_at_hand);
    svms_unwrapper unwrapper = unwrapper_of(&who);
    svms_public_key *half = NULL;
    svms_private_key *key = NULL;
    svms_kek *kek = NULL;
    uint8_t out[40];
    int made = 0;
    svms_status status = svms_public_key_from_evp(&half, failing, pkey_at_hand, err);
    if (status == SVMS_OK) {
        status = svms_private_key_from_unwrapper(&key, failing, half, &unwrapper, err);
        made += status == SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = svms_hpke_open(failing, key, sealed_at_hand.enc, "info", 4, "aad", 3,
                                sealed_at_hand.bytes, sizeof sealed_at_hand.bytes, out, err);
    }
    if (status == SVMS_OK) {
        status = svms_kek_from_unwrapper(&kek, failing, kek_name, &unwrapper, err);
        made += status == SVMS_OK;
    }
    if (status == SVMS_OK) {
        status = svms_kek_wrap(kek, kek_bytes, out, err);
    }
    svms_kek_free(&kek);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    owner_ends(&who);
    assert_int_equal(who.release_count, made);
    return status;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    pkey_at_hand = make_pkey("P-256");
    svms_public_key *half = take_public(ctx, pkey_at_hand);
    sealed_at_hand = seal_for(half);
    each_allocation_fails_cleanly(make_and_open);
    svms_public_key_free(&half);
    EVP_PKEY_free(pkey_at_hand);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_was_sealed_opens_at_once_and_later, no_openssl_errors_left),
        cmocka_unit_test_teardown(what_is_asked_for_names_operation_key_and_sizes,
                                  no_openssl_errors_left),
        cmocka_unit_test_teardown(a_peer_that_is_no_point_is_never_asked_about,
                                  no_openssl_errors_left),
        cmocka_unit_test(a_result_of_zeros_or_of_another_size_is_not_used),
        cmocka_unit_test_teardown(rsa_opens_at_once_and_later, no_openssl_errors_left),
        cmocka_unit_test_teardown(a_kek_outside_wraps_and_unwraps, no_openssl_errors_left),
        cmocka_unit_test(a_second_completion_changes_nothing),
        cmocka_unit_test(such_a_key_decrypts_and_does_nothing_else),
        cmocka_unit_test(wrong_arguments_are_refused_and_nobody_is_released),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
