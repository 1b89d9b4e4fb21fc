/* SPDX-License-Identifier: Apache-2.0 */
/* What a server staples: an OCSP response about its own certificate (RFC 6066 section 8). */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "failure.h"
#include "purpose.h"
#include "tls_internal.h"

int svms_tls_give_staple(SSL *ssl, void *unused)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    const svms_tls_state *state = tls->state;
    (void)unused;
    if (!state->staple || svms_utc_now(state->ctx) >= state->staple_until_utc_ns) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    /* OpenSSL releases what it is given. */
    unsigned char *copy = OPENSSL_memdup(state->staple, state->staple_size);
    if (!copy) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    if (SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)state->staple_size) != 1) {
        OPENSSL_free(copy);
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

svms_status svms_tls_load_staple(svms_tls_state *state, const svms_tls_credentials *given,
                                 svms_error *err)
{
    (void)state;
    (void)given;
    return svms_fail(err, SVMS_E_UNSUPPORTED, "stapling");
}
