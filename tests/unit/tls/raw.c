/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/err.h>

void raw_make(raw *r, bool is_server, const identity_card *card)
{
    *r = (raw){ .context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()) };
    assert_non_null(r->context);
    SSL_CTX_set_security_level(r->context, 0);
    SSL_CTX_set_min_proto_version(r->context, TLS1_VERSION);
    SSL_CTX_set_cipher_list(r->context, "ALL:eNULL:@SECLEVEL=0");
    if (card) {
        assert_int_equal(SSL_CTX_use_certificate(r->context, card->certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(r->context, card->key), 1);
    }
    raw_again(r, NULL);
}

void raw_again(raw *r, SSL_SESSION *session)
{
    SSL_free(r->ssl);
    r->failed = false;
    r->reason = 0;
    r->ssl = SSL_new(r->context);
    r->in = BIO_new(BIO_s_mem());
    r->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(r->in, -1);
    SSL_set_bio(r->ssl, r->in, r->out);
    if (session) {
        assert_int_equal(SSL_set_session(r->ssl, session), 1);
    }
    if (SSL_is_server(r->ssl)) {
        SSL_set_accept_state(r->ssl);
    } else {
        SSL_set_connect_state(r->ssl);
    }
}

void raw_free(raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->context);
    *r = (raw){ .context = NULL };
}

void raw_step(raw *r)
{
    ERR_clear_error();
    int result = r->failed ? 1 : SSL_do_handshake(r->ssl);
    int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(r->ssl, result);
    if (error != SSL_ERROR_NONE && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
        r->failed = true;
        r->reason = ERR_GET_REASON(ERR_peek_error());
    }
    ERR_clear_error();
}

bool raw_carry(raw *r, svms_tls *tls)
{
    uint8_t bytes[4096];
    size_t size = 0;
    size_t taken = 0;
    bool moved = false;
    while (svms_tls_drain(tls, bytes, sizeof bytes, &size, NULL) == SVMS_OK && size > 0) {
        assert_int_equal(BIO_write(r->in, bytes, (int)size), size);
        moved = true;
    }
    int got = BIO_read(r->out, bytes, sizeof bytes);
    if (got > 0) {
        moved = true;
        if (svms_tls_feed(tls, bytes, (size_t)got, &taken, NULL) == SVMS_OK) {
            assert_int_equal(taken, got);
        }
    }
    return moved;
}

void raw_shake(raw *r, end *e)
{
    bool moved = true;
    while (moved) {
        raw_step(r);
        if (e->status == SVMS_AGAIN) {
            e->status = svms_tls_handshake(e->tls, &e->err);
        }
        moved = raw_carry(r, e->tls);
    }
}

void end_open(end *e, const svms_tls_target *target)
{
    svms_tls_free(&e->tls);
    assert_int_equal(svms_tls_open(&e->tls, e->context, target, NULL), SVMS_OK);
    e->status = SVMS_AGAIN;
    e->err = (svms_error)SVMS_ERROR_INIT;
}
