/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody outside who keeps a key: signs and decrypts with OpenSSL itself, at once, or later on
 * threads of his own, or when he is told to. Include after key_material.h. */
#ifndef SVMS_TEST_KEY_OWNER_H
#define SVMS_TEST_KEY_OWNER_H

#include <pthread.h>

#include <openssl/rsa.h>

#include <svms/external_key.h>

#define OWNER_MOST 64

typedef enum owner_form { FORM_DER, FORM_RAW, FORM_RAW_HIGH_S, FORM_DER_HIGH_S } owner_form;

typedef enum owner_time {
    AT_ONCE,   /* within begin */
    ON_THREAD, /* a thread for each request */
    WHEN_TOLD  /* by the test */
} owner_time;

typedef struct owner {
    EVP_PKEY *pkey;
    uint8_t kek[32];
    owner_time time;
    owner_form form;
    svms_status refusal; /* of begin */
    svms_status failure; /* given instead of a result */
    pthread_mutex_t lock;
    pthread_t threads[OWNER_MOST];
    int thread_count;
    svms_sign_request *sign_requests[OWNER_MOST];
    const svms_sign_message *sign_messages[OWNER_MOST];
    svms_unwrap_request *unwrap_requests[OWNER_MOST];
    const svms_unwrap_message *unwrap_messages[OWNER_MOST];
    int request_count;
    int wait_count;
    int release_count;
} owner;

typedef struct owner_job {
    owner *who;
    svms_sign_request *sign_request;
    const svms_sign_message *sign_message;
    svms_unwrap_request *unwrap_request;
    const svms_unwrap_message *unwrap_message;
} owner_job;

static inline void owner_start(owner *who, EVP_PKEY *pkey)
{
    memset(who, 0, sizeof *who);
    who->pkey = pkey;
    assert_int_equal(pthread_mutex_init(&who->lock, NULL), 0);
}

/* s instead of n - s, or the other way round, so that it is above n/2. */
static inline void raise_s(EVP_PKEY *pkey, ECDSA_SIG *signature)
{
    BIGNUM *order = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_EC_ORDER, &order), 1);
    BIGNUM *high = BN_new();
    BIGNUM *half = BN_new();
    assert_int_equal(BN_rshift1(half, order), 1);
    const BIGNUM *s = ECDSA_SIG_get0_s(signature);
    if (BN_cmp(s, half) > 0) {
        assert_non_null(BN_copy(high, s));
    } else {
        assert_int_equal(BN_sub(high, order, s), 1);
    }
    assert_int_equal(ECDSA_SIG_set0(signature, BN_dup(ECDSA_SIG_get0_r(signature)), high), 1);
    BN_free(half);
    BN_free(order);
}

static inline size_t shape_ecdsa(const owner *who, const uint8_t *der, size_t size, uint8_t *out,
                                 size_t room)
{
    const uint8_t *next = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &next, (long)size);
    assert_non_null(signature);
    if (who->form == FORM_RAW_HIGH_S || who->form == FORM_DER_HIGH_S) {
        raise_s(who->pkey, signature);
    }
    size_t written = 0;
    if (who->form == FORM_DER || who->form == FORM_DER_HIGH_S) {
        uint8_t *place = out;
        assert_true((size_t)i2d_ECDSA_SIG(signature, NULL) <= room);
        written = (size_t)i2d_ECDSA_SIG(signature, &place);
    } else {
        int width = (EVP_PKEY_get_bits(who->pkey) + 7) / 8;
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, width);
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + width, width);
        written = 2 * (size_t)width;
    }
    ECDSA_SIG_free(signature);
    return written;
}

static inline size_t owner_signs(const owner *who, const svms_sign_message *message, uint8_t *out,
                                 size_t room)
{
    uint8_t plain[1024];
    size_t size = sizeof plain;
    if (message->scheme == SVMS_SIGN_ED25519) {
        EVP_MD_CTX *state = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(state, NULL, NULL, NULL, who->pkey), 1);
        assert_int_equal(EVP_DigestSign(state, out, &room, message->data, message->size), 1);
        EVP_MD_CTX_free(state);
        return room;
    }
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new(who->pkey, NULL);
    assert_int_equal(EVP_PKEY_sign_init(state), 1);
    if (message->scheme == SVMS_SIGN_RSA_PSS_SHA256) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(state, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_signature_md(state, EVP_sha256()), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(state, 32), 1);
    }
    assert_int_equal(EVP_PKEY_sign(state, plain, &size, message->digest, message->digest_size), 1);
    EVP_PKEY_CTX_free(state);
    if (message->scheme == SVMS_SIGN_RSA_PSS_SHA256) {
        assert_true(size <= room);
        memcpy(out, plain, size);
        return size;
    }
    return shape_ecdsa(who, plain, size, out, room);
}

static inline svms_status owner_answers_sign(const owner *who, svms_sign_request *request,
                                             const svms_sign_message *message)
{
    uint8_t signature[1024];
    if (who->failure != SVMS_OK) {
        return svms_sign_request_complete(request, who->failure, NULL, 0);
    }
    size_t size = owner_signs(who, message, signature, sizeof signature);
    return svms_sign_request_complete(request, SVMS_OK, signature, size);
}

static inline size_t owner_agrees(const owner *who, const svms_unwrap_message *message,
                                  uint8_t *out, size_t room)
{
    EVP_PKEY *peer = EVP_PKEY_new();
    assert_int_equal(EVP_PKEY_copy_parameters(peer, who->pkey), 1);
    if (message->operation == SVMS_UNWRAP_X25519) {
        EVP_PKEY_free(peer);
        peer =
            EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, message->input, message->input_size);
    } else {
        assert_int_equal(
            EVP_PKEY_set1_encoded_public_key(peer, message->input, message->input_size), 1);
    }
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new(who->pkey, NULL);
    assert_int_equal(EVP_PKEY_derive_init(state), 1);
    bool done =
        EVP_PKEY_derive_set_peer(state, peer) == 1 && EVP_PKEY_derive(state, out, &room) == 1;
    EVP_PKEY_CTX_free(state);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return done ? room : 0;
}

static inline size_t owner_decrypts(const owner *who, const svms_unwrap_message *message,
                                    uint8_t *out, size_t room)
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new(who->pkey, NULL);
    assert_int_equal(EVP_PKEY_decrypt_init(state), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(state, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(state, EVP_sha256()), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(state, EVP_sha256()), 1);
    bool done = EVP_PKEY_decrypt(state, out, &room, message->input, message->input_size) == 1;
    EVP_PKEY_CTX_free(state);
    ERR_clear_error();
    return done ? room : 0;
}

static inline size_t owner_wraps(const owner *who, const svms_unwrap_message *message, uint8_t *out)
{
    int size = 0;
    EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
    EVP_CIPHER_CTX_set_flags(state, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool done = EVP_CipherInit_ex(state, EVP_aes_256_wrap(), NULL, who->kek, NULL,
                                  message->operation == SVMS_UNWRAP_KEK_WRAP) == 1 &&
                EVP_CipherUpdate(state, out, &size, message->input, (int)message->input_size) == 1;
    EVP_CIPHER_CTX_free(state);
    ERR_clear_error();
    return done ? (size_t)size : 0;
}

static inline svms_status owner_answers_unwrap(const owner *who, svms_unwrap_request *request,
                                               const svms_unwrap_message *message)
{
    uint8_t output[1024];
    size_t size = 0;
    if (who->failure != SVMS_OK) {
        return svms_unwrap_request_complete(request, who->failure, NULL, 0);
    }
    if (message->operation == SVMS_UNWRAP_X25519 || message->operation == SVMS_UNWRAP_P256) {
        size = owner_agrees(who, message, output, sizeof output);
    } else if (message->operation == SVMS_UNWRAP_RSA_OAEP) {
        size = owner_decrypts(who, message, output, sizeof output);
    } else {
        size = owner_wraps(who, message, output);
    }
    return svms_unwrap_request_complete(request, size > 0 ? SVMS_OK : SVMS_E_WRONG_KEY, output,
                                        size);
}

static inline void *owner_works(void *argument)
{
    owner_job *job = argument;
    svms_status status =
        job->sign_request
            ? owner_answers_sign(job->who, job->sign_request, job->sign_message)
            : owner_answers_unwrap(job->who, job->unwrap_request, job->unwrap_message);
    free(job);
    return status == SVMS_OK ? NULL : argument;
}

static inline svms_status owner_takes(owner_job *given)
{
    owner *who = given->who;
    pthread_mutex_lock(&who->lock);
    int number = who->request_count++;
    if (number < OWNER_MOST) {
        who->sign_requests[number] = given->sign_request;
        who->sign_messages[number] = given->sign_message;
        who->unwrap_requests[number] = given->unwrap_request;
        who->unwrap_messages[number] = given->unwrap_message;
    }
    if (who->refusal == SVMS_OK && who->time == ON_THREAD) {
        owner_job *job = malloc(sizeof *job);
        *job = *given;
        assert_true(who->thread_count < OWNER_MOST);
        assert_int_equal(pthread_create(&who->threads[who->thread_count++], NULL, owner_works, job),
                         0);
    }
    pthread_mutex_unlock(&who->lock);
    if (who->refusal == SVMS_OK && who->time == AT_ONCE) {
        owner_job *job = malloc(sizeof *job);
        *job = *given;
        assert_null(owner_works(job));
    }
    return who->refusal;
}

static inline svms_status owner_begins_sign(void *user, svms_sign_request *request,
                                            const svms_sign_message *message)
{
    owner_job job = { .who = user, .sign_request = request, .sign_message = message };
    return owner_takes(&job);
}

static inline svms_status owner_begins_unwrap(void *user, svms_unwrap_request *request,
                                              const svms_unwrap_message *message)
{
    owner_job job = { .who = user, .unwrap_request = request, .unwrap_message = message };
    return owner_takes(&job);
}

static inline void owner_released(void *user)
{
    owner *who = user;
    pthread_mutex_lock(&who->lock);
    who->release_count++;
    pthread_mutex_unlock(&who->lock);
}

static inline svms_signer signer_of(owner *who)
{
    svms_signer signer = SVMS_SIGNER_INIT;
    signer.user = who;
    signer.begin = owner_begins_sign;
    signer.release = owner_released;
    return signer;
}

static inline svms_unwrapper unwrapper_of(owner *who)
{
    svms_unwrapper unwrapper = SVMS_UNWRAPPER_INIT;
    unwrapper.user = who;
    unwrapper.begin = owner_begins_unwrap;
    unwrapper.release = owner_released;
    return unwrapper;
}

/* Waits for his threads; each must have found its request waiting. */
static inline void owner_ends(owner *who)
{
    for (int i = 0; i < who->thread_count; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(who->threads[i], &result), 0);
        assert_null(result);
    }
    who->thread_count = 0;
    pthread_mutex_destroy(&who->lock);
}

#endif
