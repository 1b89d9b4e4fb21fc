/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that were made in a PKCS #11 token and never leave it: one signs, one agrees, one wraps. A
 * thread of its own talks to the token, so every answer comes later. */
#include "cmocka_all.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <svms/external_key.h>

#include "key_internal.h"
#include "pkcs11_subset.h"
#include "recording.h"
#include "sign.h"
#include "wrap.h"

#define JOBS_MOST 64

static const char *folder;
static const char *module_path;
static const char *pin;
static void *module;
static ck_functions token;
static ck_ulong slot;
static ck_ulong login_session;
static svms_ctx *ctx;

static ck_byte yes = 1;
static ck_byte no = 0;
static ck_byte p256_oid[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };

#define FLAG(type, flag)                                                                           \
    {                                                                                              \
        (type), &(flag), sizeof(flag)                                                              \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static ck_ulong open_session(void)
{
    ck_ulong session = 0;
    assert_int_equal(
        token.open_session(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        CKR_OK);
    return session;
}

static int set_up(void **state)
{
    (void)state;
    module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    ck_initialize_args args = { .flags = CKF_OS_LOCKING_OK };
    ck_ulong slots[16];
    ck_ulong count = COUNT(slots);
    if (!module || !ck_load(&token, module) || token.initialize(&args) != CKR_OK ||
        token.get_slot_list(1, slots, &count) != CKR_OK || count == 0) {
        return -1;
    }
    slot = slots[0];
    login_session = open_session();
    assert_int_equal(
        token.login(login_session, CKU_USER, (const ck_byte *)pin, (ck_ulong)strlen(pin)), CKR_OK);
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    token.close_session(login_session);
    token.finalize(NULL);
    return dlclose(module);
}

/* One who has a handle of a key in the token, and a thread that works off what he is asked. */
typedef struct job {
    svms_sign_request *sign;
    svms_unwrap_request *unwrap;
    const void *message;
} job;

typedef struct clerk {
    ck_ulong key;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    job jobs[JOBS_MOST];
    size_t taken;
    size_t done;
    bool closing;
    bool released;
} clerk;

static void answer_sign(const clerk *who, ck_ulong session, const job *todo)
{
    const svms_sign_message *message = todo->message;
    ck_mechanism mechanism = { CKM_ECDSA, NULL, 0 };
    ck_byte signature[128];
    ck_ulong size = sizeof signature;
    bool signed_it = token.sign_init(session, &mechanism, who->key) == CKR_OK &&
                     token.sign(session, message->digest, (ck_ulong)message->digest_size, signature,
                                &size) == CKR_OK;
    assert_int_equal(svms_sign_request_complete(todo->sign, signed_it ? SVMS_OK : SVMS_E_CRYPTO,
                                                signature, size),
                     SVMS_OK);
}

/* Reads the value of an extractable secret, and destroys it. */
static bool take_secret(ck_ulong session, ck_ulong secret, ck_byte *out, ck_ulong *size)
{
    ck_attribute value = { CKA_VALUE, out, *size };
    bool taken = token.get_attribute_value(session, secret, &value, 1) == CKR_OK;
    *size = value.size;
    return token.destroy_object(session, secret) == CKR_OK && taken;
}

static ck_ulong secret_class = CKO_SECRET_KEY;
static ck_ulong generic_type = CKK_GENERIC_SECRET;

static bool agree(const clerk *who, ck_ulong session, const svms_unwrap_message *message,
                  ck_byte *out, ck_ulong *size)
{
    ck_byte point[65];
    ck_ulong secret = 0;
    ck_ulong secret_size = 32;
    assert_int_equal(message->input_size, sizeof point);
    memcpy(point, message->input, sizeof point);
    ck_ecdh1_derive_params params = { CKD_NULL, 0, NULL, sizeof point, point };
    ck_mechanism mechanism = { CKM_ECDH1_DERIVE, &params, sizeof params };
    const ck_attribute template[] = {
        { CKA_CLASS, &secret_class, sizeof secret_class },
        { CKA_KEY_TYPE, &generic_type, sizeof generic_type },
        { CKA_VALUE_LEN, &secret_size, sizeof secret_size },
        FLAG(CKA_TOKEN, no),
        FLAG(CKA_SENSITIVE, no),
        FLAG(CKA_EXTRACTABLE, yes),
    };
    return token.derive_key(session, &mechanism, who->key, template, COUNT(template), &secret) ==
               CKR_OK &&
           take_secret(session, secret, out, size);
}

static bool wrap(const clerk *who, ck_ulong session, const svms_unwrap_message *message,
                 ck_byte *out, ck_ulong *size)
{
    ck_byte plain[32];
    ck_ulong secret = 0;
    ck_mechanism mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
    assert_int_equal(message->input_size, sizeof plain);
    memcpy(plain, message->input, sizeof plain);
    const ck_attribute template[] = {
        { CKA_CLASS, &secret_class, sizeof secret_class },
        { CKA_KEY_TYPE, &generic_type, sizeof generic_type },
        { CKA_VALUE, plain, sizeof plain },
        FLAG(CKA_TOKEN, no),
        FLAG(CKA_SENSITIVE, no),
        FLAG(CKA_EXTRACTABLE, yes),
    };
    if (token.create_object(session, template, COUNT(template), &secret) != CKR_OK) {
        return false;
    }
    bool wrapped = token.wrap_key(session, &mechanism, who->key, secret, out, size) == CKR_OK;
    return token.destroy_object(session, secret) == CKR_OK && wrapped;
}

static bool unwrap(const clerk *who, ck_ulong session, const svms_unwrap_message *message,
                   ck_byte *out, ck_ulong *size)
{
    ck_ulong secret = 0;
    ck_mechanism mechanism = { CKM_AES_KEY_WRAP, NULL, 0 };
    const ck_attribute template[] = {
        { CKA_CLASS, &secret_class, sizeof secret_class },
        { CKA_KEY_TYPE, &generic_type, sizeof generic_type },
        FLAG(CKA_TOKEN, no),
        FLAG(CKA_SENSITIVE, no),
        FLAG(CKA_EXTRACTABLE, yes),
    };
    return token.unwrap_key(session, &mechanism, who->key, message->input,
                            (ck_ulong)message->input_size, template, COUNT(template),
                            &secret) == CKR_OK &&
           take_secret(session, secret, out, size);
}

static void answer_unwrap(const clerk *who, ck_ulong session, const job *todo)
{
    const svms_unwrap_message *message = todo->message;
    ck_byte out[128];
    ck_ulong size = sizeof out;
    bool done = false;
    if (message->operation == SVMS_UNWRAP_P256) {
        done = agree(who, session, message, out, &size);
    } else if (message->operation == SVMS_UNWRAP_KEK_WRAP) {
        done = wrap(who, session, message, out, &size);
    } else if (message->operation == SVMS_UNWRAP_KEK_UNWRAP) {
        done = unwrap(who, session, message, out, &size);
    }
    assert_int_equal(
        svms_unwrap_request_complete(todo->unwrap, done ? SVMS_OK : SVMS_E_WRONG_KEY, out, size),
        SVMS_OK);
}

static void *clerk_works(void *argument)
{
    clerk *who = argument;
    ck_ulong session = open_session();
    pthread_mutex_lock(&who->lock);
    for (;;) {
        while (who->done == who->taken && !who->closing) {
            pthread_cond_wait(&who->changed, &who->lock);
        }
        if (who->done == who->taken) {
            break;
        }
        job todo = who->jobs[who->done % JOBS_MOST];
        who->done++;
        pthread_mutex_unlock(&who->lock);
        if (todo.sign) {
            answer_sign(who, session, &todo);
        } else {
            answer_unwrap(who, session, &todo);
        }
        pthread_mutex_lock(&who->lock);
    }
    pthread_mutex_unlock(&who->lock);
    token.close_session(session);
    return NULL;
}

static svms_status take_job(clerk *who, job todo)
{
    pthread_mutex_lock(&who->lock);
    bool room = who->taken - who->done < JOBS_MOST;
    if (room) {
        who->jobs[who->taken % JOBS_MOST] = todo;
        who->taken++;
        pthread_cond_signal(&who->changed);
    }
    pthread_mutex_unlock(&who->lock);
    return room ? SVMS_OK : SVMS_E_LIMIT;
}

static svms_status begin_sign(void *user, svms_sign_request *request,
                              const svms_sign_message *message)
{
    return take_job(user, (job){ .sign = request, .message = message });
}

static svms_status begin_unwrap(void *user, svms_unwrap_request *request,
                                const svms_unwrap_message *message)
{
    return take_job(user, (job){ .unwrap = request, .message = message });
}

static void released(void *user)
{
    clerk *who = user;
    who->released = true;
}

static void clerk_start(clerk *who, ck_ulong key)
{
    memset(who, 0, sizeof *who);
    who->key = key;
    assert_int_equal(pthread_mutex_init(&who->lock, NULL), 0);
    assert_int_equal(pthread_cond_init(&who->changed, NULL), 0);
    assert_int_equal(pthread_create(&who->thread, NULL, clerk_works, who), 0);
}

static void clerk_end(clerk *who)
{
    pthread_mutex_lock(&who->lock);
    who->closing = true;
    pthread_cond_signal(&who->changed);
    pthread_mutex_unlock(&who->lock);
    assert_int_equal(pthread_join(who->thread, NULL), 0);
    pthread_cond_destroy(&who->changed);
    pthread_mutex_destroy(&who->lock);
    assert_true(who->released);
}

/* A P-256 key pair in the token that can do one thing; gives its public half. */
static svms_public_key *make_pair(ck_ulong use, ck_ulong *private_key)
{
    ck_mechanism mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    ck_ulong public_key = 0;
    const ck_attribute public_template[] = {
        { CKA_EC_PARAMS, p256_oid, sizeof p256_oid },
        FLAG(CKA_TOKEN, yes),
    };
    ck_ulong other_use = use == CKA_SIGN ? CKA_DERIVE : CKA_SIGN;
    const ck_attribute private_template[] = {
        FLAG(CKA_TOKEN, yes),      FLAG(CKA_PRIVATE, yes), FLAG(CKA_SENSITIVE, yes),
        FLAG(CKA_EXTRACTABLE, no), FLAG(use, yes),         FLAG(other_use, no),
    };
    assert_int_equal(token.generate_key_pair(login_session, &mechanism, public_template,
                                             COUNT(public_template), private_template,
                                             COUNT(private_template), &public_key, private_key),
                     CKR_OK);
    /* An OCTET STRING with the uncompressed point. */
    ck_byte der[67];
    ck_attribute point = { CKA_EC_POINT, der, sizeof der };
    assert_int_equal(token.get_attribute_value(login_session, public_key, &point, 1), CKR_OK);
    assert_int_equal(point.size, sizeof der);
    char group[] = "P-256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, der + 2, 65),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;
    svms_public_key *half = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(state), 1);
    assert_int_equal(EVP_PKEY_fromdata(state, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    assert_int_equal(svms_public_key_from_evp(&half, ctx, pkey, NULL), SVMS_OK);
    EVP_PKEY_free(pkey);
    EVP_PKEY_CTX_free(state);
    return half;
}

static void a_key_in_the_token_signs(void **state)
{
    (void)state;
    clerk who;
    ck_ulong handle = 0;
    svms_public_key *half = make_pair(CKA_SIGN, &handle);
    clerk_start(&who, handle);
    svms_signer signer = SVMS_SIGNER_INIT;
    signer.user = &who;
    signer.begin = begin_sign;
    signer.release = released;
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    svms_verify_engine *verifier = NULL;
    assert_int_equal(svms_private_key_from_signer(&key, ctx, half, &signer, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_verify_engine_new(&verifier, ctx, half, NULL), SVMS_OK);
    svms_sign_ticket *tickets[32] = { NULL };
    for (uint8_t i = 0; i < COUNT(tickets); i++) {
        assert_int_equal(svms_sign_start(engine, &i, 1, &tickets[i], NULL), SVMS_OK);
    }
    for (uint8_t i = 0; i < COUNT(tickets); i++) {
        uint8_t signature[64];
        size_t size = sizeof signature;
        assert_int_equal(svms_sign_wait(tickets[i], signature, &size, NULL), SVMS_OK);
        assert_int_equal(
            svms_verify(verifier, SVMS_SIG_ECDSA_P256_SHA256, &i, 1, signature, size, NULL),
            SVMS_OK);
        svms_sign_ticket_free(&tickets[i]);
    }
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_sign(engine, "text", 4, signature, &size, NULL), SVMS_OK);
    svms_verify_engine_free(&verifier);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    clerk_end(&who);
}

static void a_key_of_the_token_that_may_not_sign_gives_a_failure(void **state)
{
    (void)state;
    clerk who;
    ck_ulong handle = 0;
    svms_public_key *half = make_pair(CKA_DERIVE, &handle);
    clerk_start(&who, handle);
    svms_signer signer = SVMS_SIGNER_INIT;
    signer.user = &who;
    signer.begin = begin_sign;
    signer.release = released;
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_private_key_from_signer(&key, ctx, half, &signer, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    assert_int_equal(svms_sign(engine, "text", 4, signature, &size, NULL), SVMS_E_CRYPTO);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    clerk_end(&who);
}

static void what_was_sealed_for_a_key_in_the_token_opens(void **state)
{
    (void)state;
    clerk who;
    ck_ulong handle = 0;
    svms_public_key *half = make_pair(CKA_DERIVE, &handle);
    clerk_start(&who, handle);
    svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
    unwrapper.user = &who;
    unwrapper.begin = begin_unwrap;
    unwrapper.release = released;
    svms_private_key *key = NULL;
    uint8_t enc[SVMS_HPKE_P256_ENC_SIZE];
    uint8_t sealed[32 + 16];
    uint8_t plain[32] = "thirty-two bytes of content key";
    uint8_t out[32] = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_private_key_from_unwrapper(&key, ctx, half, &unwrapper, NULL), SVMS_OK);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(
            svms_hpke_seal(ctx, half, "i", 1, "a", 1, plain, sizeof plain, enc, sealed, NULL),
            SVMS_OK);
        if (svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, &err) !=
            SVMS_OK) {
            fail_msg("%s", err.message);
        }
        assert_memory_equal(out, plain, sizeof plain);
    }
    sealed[0] ^= 1;
    assert_int_equal(
        svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, NULL),
        SVMS_E_WRONG_KEY);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    clerk_end(&who);
}

static ck_ulong aes_type = CKK_AES;
static const uint8_t name[SVMS_KEK_ID_SIZE] = "in the token";

static svms_kek *kek_of(clerk *who, ck_ulong handle)
{
    svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
    svms_kek *kek = NULL;
    clerk_start(who, handle);
    unwrapper.user = who;
    unwrapper.begin = begin_unwrap;
    unwrapper.release = released;
    assert_int_equal(svms_kek_from_unwrapper(&kek, ctx, name, &unwrapper, NULL), SVMS_OK);
    return kek;
}

static void a_kek_that_was_made_in_the_token_wraps_and_unwraps(void **state)
{
    (void)state;
    ck_mechanism mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    ck_ulong size = 32;
    ck_ulong handles[2] = { 0 };
    const ck_attribute template[] = {
        { CKA_VALUE_LEN, &size, sizeof size },
        FLAG(CKA_TOKEN, yes),
        FLAG(CKA_PRIVATE, yes),
        FLAG(CKA_SENSITIVE, yes),
        FLAG(CKA_EXTRACTABLE, no),
        FLAG(CKA_WRAP, yes),
        FLAG(CKA_UNWRAP, yes),
    };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            token.generate_key(login_session, &mechanism, template, COUNT(template), &handles[i]),
            CKR_OK);
    }
    ck_byte secret[32];
    ck_attribute value = { CKA_VALUE, secret, sizeof secret };
    assert_int_not_equal(token.get_attribute_value(login_session, handles[0], &value, 1), CKR_OK);

    clerk who;
    clerk other;
    svms_kek *kek = kek_of(&who, handles[0]);
    svms_kek *other_kek = kek_of(&other, handles[1]);
    uint8_t plain[32] = "thirty-two bytes of content key";
    uint8_t wrapped[40];
    uint8_t out[32] = { 0 };
    assert_int_equal(svms_kek_wrap(kek, plain, wrapped, NULL), SVMS_OK);
    assert_int_equal(svms_kek_unwrap(kek, wrapped, out, NULL), SVMS_OK);
    assert_memory_equal(out, plain, sizeof plain);
    assert_int_equal(svms_kek_unwrap(other_kek, wrapped, out, NULL), SVMS_E_WRONG_KEY);
    wrapped[20] ^= 1;
    assert_int_equal(svms_kek_unwrap(kek, wrapped, out, NULL), SVMS_E_WRONG_KEY);
    svms_kek_free(&kek);
    svms_kek_free(&other_kek);
    clerk_end(&who);
    clerk_end(&other);
}

static void token_and_library_wrap_the_same(void **state)
{
    (void)state;
    ck_byte bytes[32];
    for (ck_byte i = 0; i < sizeof bytes; i++) {
        bytes[i] = i;
    }
    ck_ulong handle = 0;
    const ck_attribute template[] = {
        { CKA_CLASS, &secret_class, sizeof secret_class },
        { CKA_KEY_TYPE, &aes_type, sizeof aes_type },
        { CKA_VALUE, bytes, sizeof bytes },
        FLAG(CKA_TOKEN, yes),
        FLAG(CKA_WRAP, yes),
        FLAG(CKA_UNWRAP, yes),
    };
    assert_int_equal(token.create_object(login_session, template, COUNT(template), &handle),
                     CKR_OK);
    clerk who;
    svms_kek *outside = kek_of(&who, handle);
    svms_kek *inside = NULL;
    uint8_t plain[32] = "thirty-two bytes of content key";
    uint8_t wrapped[2][40];
    uint8_t out[32] = { 0 };
    assert_int_equal(svms_kek_from_bytes(&inside, ctx, name, bytes, NULL), SVMS_OK);
    assert_int_equal(svms_kek_wrap(outside, plain, wrapped[0], NULL), SVMS_OK);
    assert_int_equal(svms_kek_wrap(inside, plain, wrapped[1], NULL), SVMS_OK);
    assert_memory_equal(wrapped[0], wrapped[1], sizeof wrapped[0]);
    assert_int_equal(svms_kek_unwrap(inside, wrapped[0], out, NULL), SVMS_OK);
    assert_memory_equal(out, plain, sizeof plain);
    svms_kek_free(&inside);
    svms_kek_free(&outside);
    clerk_end(&who);
}

static void a_recording_is_signed_and_opened_with_keys_in_the_token(void **state)
{
    (void)state;
    clerk signing;
    clerk agreeing;
    ck_ulong handles[2] = { 0 };
    svms_public_key *halves[2] = { make_pair(CKA_SIGN, &handles[0]),
                                   make_pair(CKA_DERIVE, &handles[1]) };
    svms_private_key *keys[2] = { NULL };
    svms_signer signer = SVMS_SIGNER_INIT;
    svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
    clerk_start(&signing, handles[0]);
    clerk_start(&agreeing, handles[1]);
    signer.user = &signing;
    signer.begin = begin_sign;
    signer.release = released;
    unwrapper.user = &agreeing;
    unwrapper.begin = begin_unwrap;
    unwrapper.release = released;
    assert_int_equal(svms_private_key_from_signer(&keys[0], ctx, halves[0], &signer, NULL),
                     SVMS_OK);
    assert_int_equal(svms_private_key_from_unwrapper(&keys[1], ctx, halves[1], &unwrapper, NULL),
                     SVMS_OK);
    record_verify_and_read(ctx, folder, keys[0], keys[1], halves[1]);
    for (size_t i = 0; i < 2; i++) {
        svms_private_key_free(&keys[i]);
        svms_public_key_free(&halves[i]);
    }
    clerk_end(&signing);
    clerk_end(&agreeing);
}

int main(int count, char **arguments)
{
    if (count != 4) {
        return 2;
    }
    folder = arguments[1];
    module_path = arguments[2];
    pin = arguments[3];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_in_the_token_signs),
        cmocka_unit_test(a_key_of_the_token_that_may_not_sign_gives_a_failure),
        cmocka_unit_test(what_was_sealed_for_a_key_in_the_token_opens),
        cmocka_unit_test(a_kek_that_was_made_in_the_token_wraps_and_unwraps),
        cmocka_unit_test(token_and_library_wrap_the_same),
        cmocka_unit_test(a_recording_is_signed_and_opened_with_keys_in_the_token),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
