/* SPDX-License-Identifier: Apache-2.0 */
/* HelloVerifyRequest: whoever cannot hear us gets nothing but a cookie (RFC 6347 section 4.2.1). */
#include "dtls_internal.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "digest.h"
#include "failure.h"

/* A cookie holds for the minute in which it was made and for the next. */
#define PERIOD_NS INT64_C(60000000000)
#define PERIOD_SIZE 8
#define COOKIE_SIZE SVMS_DIGEST_SIZE

static bool make_cookie(uint8_t out[COOKIE_SIZE], svms_ctx *ctx, svms_dtls_caller *caller,
                        uint64_t period)
{
    uint8_t text[PERIOD_SIZE + SVMS_DTLS_ADDRESS_MAX];
    for (size_t i = 0; i < PERIOD_SIZE; i++) {
        text[i] = (uint8_t)(period >> 8 * (PERIOD_SIZE - 1 - i));
    }
    memcpy(text + PERIOD_SIZE, caller->address, caller->address_size);
    svms_status status = svms_hmac_sha256(ctx, caller->secret, SVMS_DTLS_SECRET_SIZE, text,
                                          PERIOD_SIZE + caller->address_size, out, NULL);
    caller->failed = status != SVMS_OK ? status : caller->failed;
    return status == SVMS_OK;
}

static uint64_t period_now(svms_ctx *ctx)
{
    return (uint64_t)(svms_utc_now(ctx) / PERIOD_NS);
}

static int give_cookie(SSL *ssl, unsigned char *cookie, unsigned *size)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    const svms_dtls *dtls = tls->user;
    *size = COOKIE_SIZE;
    return dtls->caller && make_cookie(cookie, tls->ctx, dtls->caller, period_now(tls->ctx));
}

static int take_cookie(SSL *ssl, const unsigned char *cookie, unsigned size)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    const svms_dtls *dtls = tls->user;
    uint64_t now = period_now(tls->ctx);
    bool good = false;
    for (uint64_t ago = 0; ago < 2 && dtls->caller && size == COOKIE_SIZE; ago++) {
        uint8_t own[COOKIE_SIZE];
        bool made = make_cookie(own, tls->ctx, dtls->caller, now - ago);
        good = good || (made && CRYPTO_memcmp(own, cookie, COOKIE_SIZE) == 0);
    }
    return good;
}

void svms_dtls_use_cookies(SSL_CTX *ssl)
{
    SSL_CTX_set_cookie_generate_cb(ssl, give_cookie);
    SSL_CTX_set_cookie_verify_cb(ssl, take_cookie);
}

/* What came of a first message without a good cookie: an answer, or nothing. */
static svms_status give_answer(svms_dtls *dtls, size_t size, void *answer, size_t capacity,
                               size_t *answer_size, svms_error *err)
{
    svms_tls_queue *out = &dtls->tls.carrier.out;
    size_t waiting = svms_tls_datagram_size(out);
    if (svms_crypto_starved()) {
        return svms_fail_memory(err);
    }
    if (waiting == 0 || waiting > size) {
        ERR_clear_error();
        return svms_fail(err, SVMS_E_MALFORMED, "no first message of DTLS");
    }
    if (waiting > capacity) {
        return svms_fail(err, SVMS_E_LIMIT, "the answer to a first message needs %zu bytes of room",
                         waiting);
    }
    *answer_size = svms_tls_datagram_take(out, answer, capacity);
    return SVMS_AGAIN;
}

static svms_status listen_to(svms_dtls *dtls, const void *datagram, size_t size, void *answer,
                             size_t capacity, size_t *answer_size, svms_error *err)
{
    svms_tls_carrier *carrier = &dtls->tls.carrier;
    ERR_clear_error();
    BIO_ADDR *nobody = BIO_ADDR_new();
    if (!nobody || !svms_tls_datagram_put(&carrier->in, datagram, size, &carrier->starved)) {
        BIO_ADDR_free(nobody);
        return svms_fail_memory(err);
    }
    int result = DTLSv1_listen(dtls->tls.ssl, nobody);
    BIO_ADDR_free(nobody);
    svms_status status = SVMS_OK;
    if (result > 0) {
        ERR_clear_error();
        status = svms_dtls_go_on(dtls, err);
    }
    if (carrier->starved || dtls->caller->failed == SVMS_E_NO_MEMORY) {
        return svms_fail_memory(err);
    }
    if (result < 0 || dtls->caller->failed != SVMS_OK) {
        return svms_fail_crypto(err, "cannot answer a first message");
    }
    return result > 0 ? status : give_answer(dtls, size, answer, capacity, answer_size, err);
}

static svms_status check_caller(const svms_dtls_context *context, const void *address,
                                size_t address_size, const void *datagram, size_t size,
                                svms_error *err)
{
    if (!address || address_size == 0 || address_size > SVMS_DTLS_ADDRESS_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a cookie needs an address of 1 to %u bytes",
                         SVMS_DTLS_ADDRESS_MAX);
    }
    if (context->state->rules.side != SVMS_TLS_SERVER) {
        return svms_fail(err, SVMS_E_USAGE, "only servers accept");
    }
    if (svms_dtls_packet_kind_of(datagram, size) != SVMS_DTLS_PACKET_DTLS ||
        size > SVMS_TLS_DATAGRAM_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "no datagram of DTLS");
    }
    return SVMS_OK;
}

svms_status svms_dtls_accept(svms_dtls **out, svms_dtls_context *context,
                             const svms_dtls_target *target, const void *address,
                             size_t address_size, const void *datagram, size_t size, void *answer,
                             size_t capacity, size_t *answer_size, svms_error *err)
{
    svms_dtls *dtls = NULL;
    if (!out || !context || !datagram || !answer || !answer_size) {
        return svms_fail(err, SVMS_E_USAGE,
                         "accepting needs a context, a datagram and room for an answer");
    }
    *out = NULL;
    *answer_size = 0;
    svms_status status = check_caller(context, address, address_size, datagram, size, err);
    if (status == SVMS_OK) {
        status = svms_dtls_begin(&dtls, context, target, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_dtls_caller caller = { context->secret, address, address_size, SVMS_OK };
    dtls->caller = &caller;
    status = listen_to(dtls, datagram, size, answer, capacity, answer_size, err);
    dtls->caller = NULL;
    if (status != SVMS_OK) {
        svms_dtls_free(&dtls);
        return status;
    }
    *out = dtls;
    return SVMS_OK;
}
