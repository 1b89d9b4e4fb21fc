/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of a connection as somebody else would build it: OpenSSL with TLS 1.2 alone, which
 * two ends of ours never agree on, a certificate, and no judgement of the other's. */
#ifndef SVMS_FUZZ_TLS_FOREIGN_H
#define SVMS_FUZZ_TLS_FOREIGN_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "fuzz_tls_identity.h"

typedef struct fuzz_foreign {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in;
    BIO *out;
    bool over;
} fuzz_foreign;

static BIO *fuzz_foreign_text(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, (int)strlen(pem));
    return bio ? bio : (abort(), NULL);
}

static void fuzz_foreign_identity(SSL_CTX *context, OSSL_LIB_CTX *library, const char *chain,
                                  const char *key_text)
{
    BIO *chain_bio = fuzz_foreign_text(chain);
    BIO *key_bio = fuzz_foreign_text(key_text);
    X509 *certificate = X509_new_ex(library, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey_ex(key_bio, NULL, NULL, NULL, library, NULL);
    if (!certificate || !key || !PEM_read_bio_X509(chain_bio, &certificate, NULL, NULL) ||
        SSL_CTX_use_certificate(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, key) != 1) {
        abort();
    }
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(key_bio);
    BIO_free(chain_bio);
}

static int fuzz_foreign_believe(X509_STORE_CTX *store, void *argument)
{
    (void)store;
    (void)argument;
    return 1;
}

static void fuzz_foreign_open(fuzz_foreign *end, OSSL_LIB_CTX *library, bool server)
{
    end->context =
        SSL_CTX_new_ex(library, NULL, server ? TLS_server_method() : TLS_client_method());
    if (!end->context || !SSL_CTX_set_max_proto_version(end->context, TLS1_2_VERSION)) {
        abort();
    }
    fuzz_foreign_identity(end->context, library, server ? fuzz_server : fuzz_client,
                          server ? fuzz_server_key : fuzz_client_key);
    SSL_CTX_set_cert_verify_callback(end->context, fuzz_foreign_believe, NULL);
    SSL_CTX_set_verify(end->context, SSL_VERIFY_PEER, NULL);
    end->ssl = SSL_new(end->context);
    end->in = BIO_new(BIO_s_mem());
    end->out = BIO_new(BIO_s_mem());
    if (!end->ssl || !end->in || !end->out) {
        abort();
    }
    BIO_set_mem_eof_return(end->in, -1);
    SSL_set_bio(end->ssl, end->in, end->out);
    if (server) {
        SSL_set_accept_state(end->ssl);
    } else {
        SSL_set_connect_state(end->ssl);
        char name[] = "recorder.test";
        (void)SSL_set_tlsext_host_name(end->ssl, name);
    }
    end->over = false;
}

static void fuzz_foreign_close(fuzz_foreign *end)
{
    SSL_free(end->ssl);
    SSL_CTX_free(end->context);
}

#endif
