/* SPDX-License-Identifier: Apache-2.0 */
/* What is looked at while hands are shaken: what the peer offers, and what was agreed on. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "tls_internal.h"

#define HEADER_SIZE 4 /* of a handshake message */
#define DATAGRAM_HEADER_SIZE 12
#define ALERT_FATAL 2

/* The best version up to TLS 1.3 that a client offers; of DTLS up to 1.2, which is as far as the
 * old field goes. */
static uint16_t best_version(SSL *ssl, bool is_datagram)
{
    const unsigned char *data = NULL;
    size_t size = 0;
    uint16_t best = 0;
    if (is_datagram) {
        return (uint16_t)SSL_client_hello_get0_legacy_version(ssl);
    }
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &data, &size) != 1) {
        unsigned legacy = SSL_client_hello_get0_legacy_version(ssl);
        return (uint16_t)(legacy < TLS1_2_VERSION ? legacy : TLS1_2_VERSION);
    }
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    (void)svms_read_u8(&cursor);
    while (!svms_cursor_at_end(&cursor) && !cursor.failed) {
        uint16_t version = svms_read_u16(&cursor);
        if (!cursor.failed && version <= TLS1_3_VERSION && version > best) {
            best = version;
        }
    }
    return best;
}

/* Whether the client names a protection profile of ours (RFC 5764 section 4.1.1). */
static bool offers_profile(SSL *ssl, const svms_tls_rules *rules)
{
    const unsigned char *data = NULL;
    size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_use_srtp, &data, &size) != 1) {
        return false;
    }
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    for (size_t left = svms_read_u16(&cursor) / 2; left > 0 && !cursor.failed; left--) {
        uint16_t profile = svms_read_u16(&cursor);
        for (size_t i = 0; !cursor.failed && i < rules->profile_count; i++) {
            if (profile == rules->profiles[i]) {
                return true;
            }
        }
    }
    return false;
}

static const char *words_about_secret(const svms_tls_rules *rules)
{
    return rules->is_datagram ? "the peer speaks DTLS 1.2 without extended master secret"
                              : "the peer speaks TLS 1.2 without extended master secret";
}

static const char without_profile[] =
    "the peer agrees to no protection profile of SRTP that is allowed here";

bool svms_tls_shares_profile(svms_tls *tls)
{
    if (tls->state->rules.profile_count > 0 && !SSL_get_selected_srtp_profile(tls->ssl)) {
        tls->refusal = without_profile;
        return false;
    }
    return true;
}

int svms_tls_hello_came(SSL *ssl, int *alert, void *unused)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    const svms_tls_rules *rules = &tls->state->rules;
    const unsigned char *data = NULL;
    size_t size = 0;
    (void)unused;
    tls->peer_version = best_version(ssl, rules->is_datagram);
    bool is_1_2 = rules->is_datagram
                      ? tls->peer_version == DTLS1_2_VERSION
                      : tls->peer_version == TLS1_2_VERSION && rules->min_version == SVMS_TLS_1_2;
    if (is_1_2 &&
        SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_extended_master_secret, &data, &size) != 1) {
        tls->refusal = words_about_secret(rules);
        *alert = SSL_AD_HANDSHAKE_FAILURE;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (is_1_2 && rules->profile_count > 0 && !offers_profile(ssl, rules)) {
        tls->refusal = without_profile;
        *alert = SSL_AD_HANDSHAKE_FAILURE;
        return SSL_CLIENT_HELLO_ERROR;
    }
    /* Of a client that names none OpenSSL would not ask which one to choose. */
    if (rules->alpn_size > 0 &&
        SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data,
                                  &size) != 1) {
        tls->refusal = "the peer speaks none of our protocols (ALPN)";
        *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
        return SSL_CLIENT_HELLO_ERROR;
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Whether a list as RFC 7301 writes it holds a name. */
static bool lists(const unsigned char *list, size_t list_size, const uint8_t *name, size_t size)
{
    svms_cursor cursor = svms_cursor_over(list, list_size, 0);
    while (!svms_cursor_at_end(&cursor) && !cursor.failed) {
        size_t length = svms_read_u8(&cursor);
        const uint8_t *entry = svms_read_bytes(&cursor, length);
        if (!cursor.failed && length == size && memcmp(entry, name, size) == 0) {
            return true;
        }
    }
    return false;
}

int svms_tls_choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_size,
                             const unsigned char *in, unsigned int in_size, void *unused)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    svms_tls_rules *rules = &tls->state->rules;
    svms_cursor cursor = svms_cursor_over(rules->alpn, rules->alpn_size, 0);
    (void)unused;
    while (!svms_cursor_at_end(&cursor) && !cursor.failed) {
        size_t size = svms_read_u8(&cursor);
        const uint8_t *name = svms_read_bytes(&cursor, size);
        if (!cursor.failed && lists(in, in_size, name, size)) {
            *out = name;
            *out_size = (unsigned char)size;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* What the peer says of itself in plain text before it is known. */
static void watch_handshake(svms_tls *tls, const uint8_t *message, size_t size)
{
    size_t header = tls->state->rules.is_datagram ? DATAGRAM_HEADER_SIZE : HEADER_SIZE;
    if (message[0] == SSL3_MT_SERVER_HELLO && size >= header + 2) {
        tls->peer_version = (uint16_t)(message[header] << 8 | message[header + 1]);
    }
    if (message[0] == SSL3_MT_CERTIFICATE_REQUEST) {
        tls->was_asked = true;
    }
}

void svms_tls_watch(int is_ours, int version, int kind, const void *data, size_t size, SSL *ssl,
                    void *unused)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    const uint8_t *bytes = data;
    (void)version;
    (void)unused;
    if (!tls || size == 0) {
        return;
    }
    if (kind == SSL3_RT_ALERT && is_ours && size == 2 && bytes[0] == ALERT_FATAL) {
        tls->has_sent_alert = true;
        tls->alert_sent = bytes[1];
    }
    if (kind == SSL3_RT_HANDSHAKE && !is_ours) {
        watch_handshake(tls, bytes, size);
    }
}

svms_status svms_tls_check_agreed(svms_tls *tls, svms_error *err)
{
    const svms_tls_rules *rules = &tls->state->rules;
    const unsigned char *name = NULL;
    unsigned size = 0;
    if (SSL_version(tls->ssl) != TLS1_3_VERSION && SSL_get_extms_support(tls->ssl) != 1) {
        return svms_fail(err, SVMS_E_POLICY, "%s", words_about_secret(rules));
    }
    if (!svms_tls_shares_profile(tls)) {
        return svms_fail(err, SVMS_E_POLICY, "%s", without_profile);
    }
    SSL_get0_alpn_selected(tls->ssl, &name, &size);
    if (size == 0 && rules->alpn_size > 0) {
        return svms_fail(err, SVMS_E_POLICY, "the peer agreed to none of our protocols (ALPN)");
    }
    if (size > 0 && !lists(rules->alpn, rules->alpn_size, name, size)) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the server chose a protocol (ALPN) that was not offered");
    }
    bool must_be_trusted = rules->peer == SVMS_TLS_PEER_REQUIRED ||
                           (rules->peer == SVMS_TLS_PEER_OPTIONAL && tls->peer.chain);
    if (must_be_trusted && (tls->peer.status != SVMS_OK || !tls->peer.is_trusted)) {
        return svms_fail(err, SVMS_E_INTERNAL, "a handshake was done without a trusted peer");
    }
    return SVMS_OK;
}
