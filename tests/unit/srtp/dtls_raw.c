/* SPDX-License-Identifier: Apache-2.0 */
#include "dtls_raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/srtp.h>

/* Memory has no datagrams: each one is written with one call, and read whole. */
#define MTU 1400

static int accept_any(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

void dtls_raw_make(dtls_raw *r, bool is_server, const identity_card *card, const char *profiles)
{
    *r = (dtls_raw){ .context =
                         SSL_CTX_new(is_server ? DTLS_server_method() : DTLS_client_method()) };
    assert_non_null(r->context);
    SSL_CTX_set_security_level(r->context, 0);
    SSL_CTX_set_cipher_list(r->context, "ALL:eNULL:@SECLEVEL=0");
    SSL_CTX_set_verify(r->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(r->context, accept_any, NULL);
    SSL_CTX_set_options(r->context, SSL_OP_NO_QUERY_MTU);
    if (card) {
        assert_int_equal(SSL_CTX_use_certificate(r->context, card->certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(r->context, card->key), 1);
    }
    if (profiles) {
        assert_int_equal(SSL_CTX_set_tlsext_use_srtp(r->context, profiles), 0);
    }
}

void dtls_raw_open(dtls_raw *r)
{
    r->ssl = SSL_new(r->context);
    r->in = BIO_new(BIO_s_mem());
    r->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(r->in, -1);
    BIO_set_mem_eof_return(r->out, -1);
    SSL_set_bio(r->ssl, r->in, r->out);
    SSL_set_mtu(r->ssl, MTU);
    if (SSL_is_server(r->ssl)) {
        SSL_set_accept_state(r->ssl);
    } else {
        SSL_set_connect_state(r->ssl);
    }
}

void dtls_raw_free(dtls_raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->context);
    *r = (dtls_raw){ .context = NULL };
    ERR_clear_error();
}

static void step(dtls_raw *r)
{
    uint8_t byte;
    ERR_clear_error();
    if (SSL_do_handshake(r->ssl) == 1) {
        (void)SSL_read(r->ssl, &byte, 1);
    }
    ERR_clear_error();
}

/* Records of one write belong together, which OpenSSL reads in any case. */
static bool to_ours(dtls_raw *r, svms_dtls *dtls, svms_status *status, svms_error *err)
{
    uint8_t bytes[16384];
    int size = BIO_read(r->out, bytes, sizeof bytes);
    if (size <= 0) {
        return false;
    }
    svms_error why = SVMS_ERROR_INIT;
    svms_status fed = svms_dtls_feed(dtls, bytes, (size_t)size, &why);
    if (*status == SVMS_OK) {
        *status = fed;
        *err = why;
    }
    return true;
}

svms_status dtls_raw_carry(dtls_raw *r, svms_dtls *dtls, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool moved = true;
    while (moved) {
        uint8_t bytes[SVMS_DTLS_MTU_MAX];
        size_t size = 0;
        step(r);
        moved = to_ours(r, dtls, &status, err);
        while (svms_dtls_drain(dtls, bytes, sizeof bytes, &size, NULL) == SVMS_OK) {
            assert_int_equal(BIO_write(r->in, bytes, (int)size), (int)size);
            step(r);
            moved = true;
        }
    }
    return status;
}

svms_dtls *dtls_open_for(svms_tls_side side, const identity_card *peer)
{
    svms_dtls_context *context = NULL;
    svms_dtls *dtls = NULL;
    dtls_order order = dtls_order_for(side, NULL);
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    svms_dtls_fingerprint print = print_of(peer, SVMS_DTLS_SHA_256);
    target.fingerprints = &print;
    target.fingerprint_count = 1;
    order.options.first_wait_ms = 60000;
    assert_int_equal(dtls_context_make(&context, &order, NULL), SVMS_OK);
    assert_int_equal(svms_dtls_open(&dtls, context, &target, NULL), SVMS_OK);
    svms_dtls_context_free(&context);
    return dtls;
}
