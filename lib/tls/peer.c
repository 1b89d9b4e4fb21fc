/* SPDX-License-Identifier: Apache-2.0 */
/* Who the peer is, and what was agreed on with it. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

#include "certificate.h"
#include "connection.h"
#include "cursor.h"
#include "failure.h"
#include "options.h"
#include "purpose.h"

/* As many bytes as an exporter of TLS 1.3 can give (RFC 8446 section 7.5). */
#define EXPORT_MAX ((size_t)255 * 32)
#define LABEL_MAX 249

/* A connection that stood and failed since has a peer all the same. */
static svms_status check_stood(const svms_tls *tls, svms_error *err)
{
    if (tls->is_ready) {
        return SVMS_OK;
    }
    return tls->failure != SVMS_OK
               ? svms_fail_as(err, tls->failure, &tls->failure_words)
               : svms_fail(err, SVMS_E_STATE, "the connection does not stand yet");
}

static void describe_agreed(const svms_tls *tls, svms_tls_peer *out)
{
    SSL *ssl = tls->ssl;
    const unsigned char *protocol = NULL;
    unsigned size = 0;
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    const char *suite = cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
    const char *group = SSL_group_to_name(ssl, (int)SSL_get_negotiated_group(ssl));
    out->resumed = SSL_session_reused(ssl) == 1;
    out->version = SSL_version(ssl) == TLS1_3_VERSION ? SVMS_TLS_1_3 : SVMS_TLS_1_2;
    snprintf(out->cipher, sizeof out->cipher, "%s", suite ? suite : "");
    snprintf(out->group, sizeof out->group, "%s", group ? group : "");
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    if (size < sizeof out->alpn && size > 0) {
        memcpy(out->alpn, protocol, size);
    }
}

/* DER of a certificate in the wire form of a chain; NULL: there are not so many. */
static const uint8_t *certificate_in(const svms_builder *wire, size_t index, size_t *size)
{
    svms_cursor cursor = svms_cursor_over(wire->data, wire->size, 0);
    const uint8_t *der = NULL;
    do {
        *size = svms_cursor_at_end(&cursor) ? 0 : svms_read_u32(&cursor);
        der = *size > 0 ? svms_read_bytes(&cursor, *size) : NULL;
    } while (der && index-- > 0);
    return der;
}

/* A leaf that no chain may begin with, as far as it can be read. */
static svms_status describe_leaf(const svms_tls *tls, svms_certificate_info *out, svms_error *err)
{
    X509 *certificate = NULL;
    svms_error cause = SVMS_ERROR_INIT;
    size_t size = 0;
    const uint8_t *der = certificate_in(&tls->peer.sent, 0, &size);
    if (!der) {
        return SVMS_OK;
    }
    svms_status status = svms_certificate_parse(&certificate, tls->ctx, der, size, 0, &cause);
    if (status == SVMS_OK) {
        status = svms_certificate_describe(out, tls->ctx, certificate, &cause);
    }
    X509_free(certificate);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT) {
        *out = (svms_certificate_info)SVMS_CERTIFICATE_INFO_INIT;
        return SVMS_OK;
    }
    return status == SVMS_OK ? status : svms_fail_as(err, status, &cause);
}

svms_status svms_tls_peer_info(const svms_tls *tls, svms_tls_peer *out, svms_error *err)
{
    svms_tls_peer found = SVMS_TLS_PEER_INIT;
    if (!tls || !out) {
        return svms_fail(err, SVMS_E_USAGE, "who the peer is needs a connection and a place");
    }
    svms_status status = check_stood(tls, err);
    if (status != SVMS_OK) {
        return status;
    }
    const svms_tls_finding *peer = &tls->peer;
    describe_agreed(tls, &found);
    ERR_clear_error();
    found.verdict = peer->verdict;
    found.revocation = peer->revocation;
    found.stapled = peer->stapled;
    found.name_matches = peer->name_matches;
    found.asked_certificate = tls->was_asked;
    if (peer->chain) {
        found.roles = peer->is_trusted ? svms_chain_roles(peer->chain) : 0;
        status = svms_chain_certificate(peer->chain, 0, &found.certificate, err);
    } else {
        status = describe_leaf(tls, &found.certificate, err);
    }
    if (peer->status != SVMS_OK) {
        snprintf(found.reason, sizeof found.reason, "%s", peer->words.message);
    }
    return status == SVMS_OK ? svms_result_write(out, &found, sizeof found, "svms_tls_peer", err)
                             : status;
}

const svms_chain *svms_tls_peer_chain(const svms_tls *tls)
{
    return tls && tls->is_ready ? tls->peer.chain : NULL;
}

const uint8_t *svms_tls_peer_der(const svms_tls *tls, size_t index, size_t *size)
{
    size_t found = 0;
    const uint8_t *der = NULL;
    if (tls && size && tls->is_ready) {
        der = tls->peer.chain ? svms_chain_der(tls->peer.chain, index, &found)
                              : certificate_in(&tls->peer.sent, index, &found);
    }
    if (size) {
        *size = der ? found : 0;
    }
    return der;
}

svms_status svms_tls_export_key(svms_tls *tls, const char *label, const void *context,
                                size_t context_size, void *out, size_t size, svms_error *err)
{
    if (!tls || !label || !out || (!context && context_size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an exported key needs a label and a place");
    }
    size_t label_size = strlen(label);
    if (label_size == 0 || label_size > LABEL_MAX || size == 0 || size > EXPORT_MAX ||
        context_size > UINT16_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "label, context or size of an exported key is out of range");
    }
    svms_status status = tls->failure == SVMS_OK
                             ? check_stood(tls, err)
                             : svms_fail_as(err, tls->failure, &tls->failure_words);
    if (status != SVMS_OK) {
        return status;
    }
    ERR_clear_error();
    if (SSL_export_keying_material(tls->ssl, out, size, label, label_size, context, context_size,
                                   context != NULL) != 1) {
        svms_wipe(out, size);
        return svms_fail_crypto(err, "cannot export a key");
    }
    return SVMS_OK;
}
