/* SPDX-License-Identifier: Apache-2.0 */
/* What an association is for: media keys, and with whom they are shared. */
#include "dtls_internal.h"

#include <stdio.h>
#include <string.h>

#include <openssl/srtp.h>

#include "cursor.h"
#include "failure.h"
#include "options.h"

/* Of both ends. */
#define MATERIAL_MAX (2 * (SVMS_SRTP_KEY_MAX + SVMS_SRTP_SALT_MAX))

static const char label[] = "EXTRACTOR-dtls_srtp";

static svms_srtp_suite suite_of(SSL *ssl)
{
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(ssl);
    switch (profile ? profile->id : 0) {
    case SRTP_AEAD_AES_256_GCM:
        return SVMS_SRTP_AEAD_AES_256_GCM;
    case SRTP_AEAD_AES_128_GCM:
        return SVMS_SRTP_AEAD_AES_128_GCM;
    case SRTP_AES128_CM_SHA1_80:
        return SVMS_SRTP_AES_CM_128_HMAC_SHA1_80;
    default:
        return (svms_srtp_suite)0;
    }
}

/* The client's key, the server's key, the client's salt, the server's salt (RFC 5764 section 4.2).
 */
static void part(svms_srtp_key *client, svms_srtp_key *server, const uint8_t *material,
                 svms_srtp_suite suite)
{
    size_t key_size = svms_srtp_key_size(suite);
    size_t salt_size = svms_srtp_salt_size(suite);
    svms_cursor cursor = svms_cursor_over(material, 2 * (key_size + salt_size), 0);
    client->suite = (uint32_t)suite;
    server->suite = (uint32_t)suite;
    svms_read_copy(&cursor, client->key, key_size);
    svms_read_copy(&cursor, server->key, key_size);
    svms_read_copy(&cursor, client->salt, salt_size);
    svms_read_copy(&cursor, server->salt, salt_size);
}

static svms_status give(svms_dtls *dtls, svms_srtp_key *send, svms_srtp_key *receive,
                        svms_error *err)
{
    uint8_t material[MATERIAL_MAX];
    svms_srtp_key of[2] = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT }; /* client, server */
    svms_srtp_suite suite = suite_of(dtls->tls.ssl);
    size_t size = 2 * (svms_srtp_key_size(suite) + svms_srtp_salt_size(suite));
    bool is_server = dtls->tls.state->rules.side == SVMS_TLS_SERVER;
    if (size == 0 || size > sizeof material || !dtls->tls.peer.is_trusted) {
        return svms_fail(err, SVMS_E_INTERNAL, "an association stands without what it needs");
    }
    svms_status status = svms_tls_export_key(&dtls->tls, label, NULL, 0, material, size, err);
    if (status == SVMS_OK) {
        part(&of[0], &of[1], material, suite);
        status = svms_result_write(send, &of[is_server], sizeof of[0], "svms_srtp_key", err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(receive, &of[!is_server], sizeof of[0], "svms_srtp_key", err);
        if (status != SVMS_OK) {
            svms_srtp_key_wipe(send);
        }
    }
    svms_wipe(material, sizeof material);
    svms_wipe(of, sizeof of);
    return status;
}

svms_status svms_dtls_keys(svms_dtls *dtls, svms_srtp_key *send, svms_srtp_key *receive,
                           svms_error *err)
{
    if (!dtls || !send || !receive) {
        return svms_fail(err, SVMS_E_USAGE, "media keys need an association and places");
    }
    if (dtls->tls.failure != SVMS_OK) {
        return svms_fail_as(err, dtls->tls.failure, &dtls->tls.failure_words);
    }
    if (!dtls->tls.is_ready || dtls->is_closed) {
        return svms_fail(err, SVMS_E_STATE, "the association does not stand%s",
                         dtls->is_closed ? " any more" : " yet");
    }
    return give(dtls, send, receive, err);
}

svms_status svms_dtls_peer_info(const svms_dtls *dtls, svms_dtls_peer *out, svms_error *err)
{
    svms_dtls_peer found = SVMS_DTLS_PEER_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    if (!dtls || !out) {
        return svms_fail(err, SVMS_E_USAGE, "who the peer is needs an association and a place");
    }
    svms_status status = svms_tls_peer_info(&dtls->tls, &peer, err);
    if (status != SVMS_OK) {
        return status;
    }
    found.suite = suite_of(dtls->tls.ssl);
    found.by_fingerprint = dtls->tls.judge != NULL;
    /* What a certificate says of itself is believed of a path only. */
    found.roles = found.by_fingerprint ? 0 : peer.roles;
    found.revocation = peer.revocation;
    memcpy(found.cipher, peer.cipher, sizeof found.cipher);
    memcpy(found.group, peer.group, sizeof found.group);
    found.certificate = peer.certificate;
    status = svms_dtls_fingerprint_of(&found.fingerprint, dtls->tls.ctx, dtls->tls.peer.chain,
                                      SVMS_DTLS_SHA_256, err);
    return status == SVMS_OK ? svms_result_write(out, &found, sizeof found, "svms_dtls_peer", err)
                             : status;
}

const svms_chain *svms_dtls_peer_chain(const svms_dtls *dtls)
{
    return dtls ? svms_tls_peer_chain(&dtls->tls) : NULL;
}
