/* SPDX-License-Identifier: Apache-2.0 */
/* From OpenSSL's reasons to words that a person understands. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evperr.h>

#include "failure.h"
#include "key_kind.h"
#include "known_answer.h"
#include "tls_internal.h"

/* Alerts of the peer are reasons from this number on. */
#define ALERT_REASONS SSL_AD_REASON_OFFSET
#define ALERT_REASONS_END (SSL_AD_REASON_OFFSET + 256)

/* What OpenSSL's error queue held. */
typedef struct reasons {
    bool any;
    bool starved;    /* memory ran out */
    bool not_copied; /* a digest could not be copied, for which nothing but memory can be wanting */
    bool is_inner;   /* the first reason of libssl names another part of OpenSSL, or itself */
    int first_of_tls; /* the first reason of libssl, or 0 */
    const char *text; /* of the first entry that has words, or NULL */
} reasons;

static reasons take_reasons(void)
{
    reasons found = { .text = NULL };
    for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
        int reason = ERR_GET_REASON(code);
        found.any = true;
        found.starved = found.starved || reason == ERR_R_MALLOC_FAILURE;
        found.not_copied = found.not_copied || (ERR_GET_LIB(code) == ERR_LIB_EVP &&
                                                reason == EVP_R_NOT_ABLE_TO_COPY_CTX);
        if (found.first_of_tls == 0 && ERR_GET_LIB(code) == ERR_LIB_SSL) {
            found.first_of_tls = reason;
            found.is_inner = ERR_COMMON_ERROR(code) != 0;
            found.text = ERR_reason_error_string(code);
        }
    }
    return found;
}

typedef struct reason_words {
    int reason;
    svms_status status;
    const char *words;
} reason_words;

/* What the peer said last, in a fatal alert. */
static const reason_words alerts[] = {
    { SSL_AD_UNEXPECTED_MESSAGE, SVMS_E_POLICY, "it found a message out of place" },
    { SSL_AD_BAD_RECORD_MAC, SVMS_E_POLICY, "it found a record changed" },
    { SSL_AD_RECORD_OVERFLOW, SVMS_E_POLICY, "it found a record too long" },
    { SSL_AD_BAD_CERTIFICATE, SVMS_E_POLICY, "it does not accept our certificate" },
    { SSL_AD_UNSUPPORTED_CERTIFICATE, SVMS_E_POLICY, "our certificate is not for this use" },
    { SSL_AD_CERTIFICATE_REVOKED, SVMS_E_POLICY, "our certificate is revoked" },
    { SSL_AD_CERTIFICATE_EXPIRED, SVMS_E_POLICY, "our certificate has expired" },
    { SSL_AD_CERTIFICATE_UNKNOWN, SVMS_E_POLICY, "it does not accept our certificate" },
    { SSL_AD_ILLEGAL_PARAMETER, SVMS_E_POLICY, "it found a value that must not be" },
    { SSL_AD_UNKNOWN_CA, SVMS_E_POLICY, "it does not know the authority behind our certificate" },
    { SSL_AD_ACCESS_DENIED, SVMS_E_POLICY, "it denies us access" },
    { SSL_AD_DECODE_ERROR, SVMS_E_POLICY, "it could not read a message" },
    { SSL_AD_DECRYPT_ERROR, SVMS_E_POLICY, "it found a signature or key wrong" },
    { SSL_AD_INSUFFICIENT_SECURITY, SVMS_E_POLICY, "it wants stronger ciphers than ours" },
    { SSL_AD_INTERNAL_ERROR, SVMS_E_POLICY, "it failed by itself" },
    { SSL_AD_INAPPROPRIATE_FALLBACK, SVMS_E_POLICY, "it speaks a newer version of TLS" },
    { SSL_AD_USER_CANCELLED, SVMS_E_POLICY, "it was told to stop" },
    { SSL_AD_MISSING_EXTENSION, SVMS_E_POLICY, "it misses an extension" },
    { SSL_AD_UNSUPPORTED_EXTENSION, SVMS_E_POLICY, "it does not know an extension" },
    { SSL_AD_UNRECOGNIZED_NAME, SVMS_E_POLICY, "it does not know the host name" },
    { SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE, SVMS_E_POLICY,
      "it does not accept the OCSP response that was stapled" },
    { SSL_AD_NO_APPLICATION_PROTOCOL, SVMS_E_POLICY, "it speaks none of our protocols (ALPN)" },
};

static const reason_words own[] = {
    { SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS, SVMS_E_UNTRUSTED,
      "the key in the peer's certificate cannot be used" },
    { SSL_R_NO_SHARED_CIPHER, SVMS_E_POLICY,
      "the peer offers no cipher suite that is spoken here" },
    { SSL_R_NO_CIPHERS_SPECIFIED, SVMS_E_POLICY, "the peer offers no cipher suite" },
    { SSL_R_UNKNOWN_CIPHER_RETURNED, SVMS_E_POLICY,
      "the peer chose a cipher suite that is not spoken here" },
    { SSL_R_WRONG_CIPHER_RETURNED, SVMS_E_POLICY,
      "the peer chose a cipher suite that was not offered" },
    { SSL_R_NO_SUITABLE_KEY_SHARE, SVMS_E_POLICY,
      "the peer offers no key exchange group that is spoken here" },
    { SSL_R_NO_SUITABLE_GROUPS, SVMS_E_POLICY,
      "the peer offers no key exchange group that is spoken here" },
    { SSL_R_WRONG_CURVE, SVMS_E_POLICY,
      "the peer chose a key exchange group that was not offered" },
    { SSL_R_BAD_KEY_SHARE, SVMS_E_POLICY,
      "the peer chose a key exchange group that was not offered, or a bad key" },
    { SSL_R_DH_KEY_TOO_SMALL, SVMS_E_POLICY, "the peer's key exchange is too weak" },
    { SSL_R_EE_KEY_TOO_SMALL, SVMS_E_POLICY, "the peer's key is too weak" },
    { SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, SVMS_E_POLICY,
      "the peer takes no signature scheme that is spoken here" },
    { SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SVMS_E_POLICY,
      "the peer takes no signature scheme that fits our certificate" },
    { SSL_R_MISSING_SIGALGS_EXTENSION, SVMS_E_POLICY, "the peer names no signature schemes" },
    { SSL_R_WRONG_SIGNATURE_TYPE, SVMS_E_POLICY,
      "the peer signed with a scheme that is not spoken here" },
    { SSL_R_UNKNOWN_DIGEST, SVMS_E_POLICY,
      "the peer signed with a scheme that is not spoken here" },
    { SSL_R_NO_APPLICATION_PROTOCOL, SVMS_E_POLICY,
      "the peer speaks none of our protocols (ALPN)" },
    { SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, SVMS_E_UNTRUSTED, "the client has no certificate" },
    { SSL_R_NO_RENEGOTIATION, SVMS_E_POLICY, "the peer wants to renegotiate" },
    { SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, SVMS_E_POLICY,
      "the peer does not know secure renegotiation (RFC 5746)" },
    { SSL_R_INAPPROPRIATE_FALLBACK, SVMS_E_POLICY,
      "the peer fell back to an older version of TLS without need" },
    { SSL_R_NO_COMPRESSION_SPECIFIED, SVMS_E_POLICY, "the peer insists on compression" },
    { SSL_R_INVALID_COMPRESSION_ALGORITHM, SVMS_E_MALFORMED,
      "the peer offers compression together with TLS 1.3" },
    { SSL_R_UNSUPPORTED_COMPRESSION_ALGORITHM, SVMS_E_POLICY, "the peer insists on compression" },
    { SSL_R_EXCESSIVE_MESSAGE_SIZE, SVMS_E_LIMIT,
      "the peer sent more certificates, or a longer message, than is read" },
    { SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, SVMS_E_MALFORMED,
      "a record was changed on its way, or is of another connection" },
    { SSL_R_READ_TIMEOUT_EXPIRED, SVMS_E_TRUNCATED,
      "the peer does not answer, however often it is asked" },
    { SSL_R_BAD_SIGNATURE, SVMS_E_MALFORMED, "the peer does not hold the key of its certificate" },
    { SSL_R_DIGEST_CHECK_FAILED, SVMS_E_MALFORMED, "the handshake was changed on its way" },
};

void svms_tls_name(char out[SVMS_NAME_WORDS_SIZE], const svms_chain *chain)
{
    const char *subject = svms_chain_subject(chain);
    const svms_builder text = { .data = (uint8_t *)(uintptr_t)subject,
                                .size = strlen(subject) + 1 };
    svms_name_fit(out, SVMS_NAME_WORDS_SIZE, &text);
}

static const char *version_name(unsigned version)
{
    switch (version) {
    case SSL2_VERSION:
        return "SSL 2.0";
    case SSL3_VERSION:
        return "SSL 3.0";
    case TLS1_VERSION:
        return "TLS 1.0";
    case TLS1_1_VERSION:
        return "TLS 1.1";
    case TLS1_2_VERSION:
        return "TLS 1.2";
    case DTLS1_BAD_VER:
    case DTLS1_VERSION:
        return "DTLS 1.0";
    case DTLS1_2_VERSION:
        return "DTLS 1.2";
    default:
        return NULL;
    }
}

static const char *oldest_version(const svms_tls *tls)
{
    if (tls->state->rules.is_datagram) {
        return "DTLS 1.2";
    }
    return tls->state->rules.min_version == SVMS_TLS_1_2 ? "TLS 1.2" : "TLS 1.3";
}

static svms_status refused_version(const svms_tls *tls, svms_error *err)
{
    const char *best = version_name(tls->peer_version);
    if (best) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the peer speaks only %s; at least version %s is needed", best,
                         oldest_version(tls));
    }
    return svms_fail(err, SVMS_E_POLICY,
                     "the peer speaks no version of %s that is spoken here (at least %s)",
                     tls->state->rules.is_datagram ? "DTLS" : "TLS", oldest_version(tls));
}

static svms_status say_alert(const svms_tls *tls, int alert, svms_error *err)
{
    bool has_certificate = SSL_get_certificate(tls->ssl) != NULL;
    bool is_client = tls->state->rules.side == SVMS_TLS_CLIENT;
    if (alert == SSL_AD_PROTOCOL_VERSION) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the peer refused: it does not speak version %s, the oldest that is "
                         "spoken here",
                         oldest_version(tls));
    }
    if (alert == SSL_AD_CERTIFICATE_REQUIRED ||
        (alert == SSL_AD_HANDSHAKE_FAILURE && tls->was_asked && !has_certificate)) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the server refused: it wants a certificate of ours, and got none");
    }
    if (alert == SSL_AD_HANDSHAKE_FAILURE) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the peer refused: it shares no cipher suite, group or signature scheme "
                         "with us%s",
                         is_client ? "" : ", or does not accept our certificate");
    }
    for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++) {
        if (alerts[i].reason == alert) {
            return svms_fail(err, alerts[i].status, "the peer refused: %s (%s)", alerts[i].words,
                             SSL_alert_desc_string_long(alert));
        }
    }
    return svms_fail(err, SVMS_E_POLICY, "the peer refused, with alert %d", alert);
}

/* A peer that began with something else than TLS. NULL: nothing is known of that. */
static const char *first_words(const svms_tls_carrier *carrier)
{
    static const struct {
        const char *start;
        const char *words;
    } known[] = {
        { "HTTP/", "the peer speaks HTTP without TLS" },
        { "GET ", "the peer speaks HTTP without TLS" },
        { "HEAD ", "the peer speaks HTTP without TLS" },
        { "POST ", "the peer speaks HTTP without TLS" },
        { "PUT ", "the peer speaks HTTP without TLS" },
        { "DELETE ", "the peer speaks HTTP without TLS" },
        { "PATCH ", "the peer speaks HTTP without TLS" },
        { "CONNECT ", "the peer takes us for an HTTP proxy, without TLS" },
        { "PRI * HT", "the peer speaks HTTP/2 without TLS" },
        { "RTSP/", "the peer speaks RTSP without TLS" },
        { "DESCRIBE", "the peer speaks RTSP without TLS" },
        { "OPTIONS ", "the peer speaks HTTP or RTSP without TLS" },
        { "SSH-", "the peer speaks SSH, not TLS" },
        { "220 ", "the peer speaks a mail or file protocol without TLS" },
        { "220-", "the peer speaks a mail or file protocol without TLS" },
        { "* OK ", "the peer speaks a mail protocol without TLS" },
        { "+OK ", "the peer speaks a mail protocol without TLS" },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        size_t length = strlen(known[i].start);
        size_t size = length < SVMS_TLS_FIRST_SIZE ? length : SVMS_TLS_FIRST_SIZE;
        if (carrier->first_size >= size && memcmp(carrier->first, known[i].start, size) == 0) {
            return known[i].words;
        }
    }
    bool is_record = carrier->first_size >= 2 && carrier->first[0] >= SSL3_RT_CHANGE_CIPHER_SPEC &&
                     carrier->first[0] <= SSL3_RT_APPLICATION_DATA &&
                     carrier->first[1] == SSL3_VERSION_MAJOR;
    return is_record || carrier->first_size < 2 ? NULL : "what the peer sent is not TLS";
}

static svms_status explain_end(const svms_tls *tls, svms_error *err)
{
    const svms_tls_carrier *carrier = &tls->carrier;
    int error = carrier->read_error != 0 ? carrier->read_error : carrier->write_error;
    const char *words = tls->is_ready ? NULL : first_words(carrier);
    if (words) {
        return svms_fail(err, SVMS_E_MALFORMED, "%s", words);
    }
    if (error != 0) {
        return svms_fail_io(err, error, "the connection to the peer failed");
    }
    return svms_fail(err, SVMS_E_TRUNCATED, "%s",
                     tls->is_ready ? "the peer went away without saying goodbye"
                                   : "the peer went away before the connection stood");
}

static bool is_about_versions(int reason)
{
    return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW ||
           reason == SSL_R_NO_PROTOCOLS_AVAILABLE || reason == SSL_R_WRONG_SSL_VERSION ||
           reason == SSL_R_BAD_PROTOCOL_VERSION_NUMBER || reason == SSL_R_UNKNOWN_PROTOCOL ||
           reason == SSL_R_UNSUPPORTED_SSL_VERSION;
}

static svms_status explain_reason(const svms_tls *tls, const reasons *found, svms_error *err)
{
    const char *start = tls->is_ready ? NULL : first_words(&tls->carrier);
    int reason = found->first_of_tls;
    if (start) {
        return svms_fail(err, SVMS_E_MALFORMED, "%s", start);
    }
    if (is_about_versions(reason)) {
        return refused_version(tls, err);
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (own[i].reason == reason) {
            return svms_fail(err, own[i].status, "%s", own[i].words);
        }
    }
    /* What the peer did wrong it is told in an alert. */
    bool is_our_own =
        tls->has_sent_alert ? tls->alert_sent == SSL_AD_INTERNAL_ERROR : found->is_inner;
    if (is_our_own || reason == 0) {
        return svms_fail(err, SVMS_E_CRYPTO, "TLS failed: %s",
                         found->text ? found->text : "the provider failed");
    }
    return svms_fail(err, SVMS_E_MALFORMED, "what the peer sent breaks the rules of TLS: %s",
                     found->text ? found->text : "no reason is known");
}

/* libssl blames the peer when it was memory or the provider that failed. Its key was read once, by
 * us; and that a signature is wrong is believed only while right ones are taken (ADR 0016). */
static bool blames_for_nothing(const svms_tls *tls, const reasons *found)
{
    const svms_chain *chain = tls->peer.chain;
    switch (chain ? found->first_of_tls : 0) {
    case SSL_R_UNKNOWN_CERTIFICATE_TYPE:
    case SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS:
        return true;
    case SSL_R_BAD_SIGNATURE:
        return found->not_copied ||
               !svms_known_key_is_taken(tls->ctx, svms_public_key_kind(svms_chain_leaf_key(chain)));
    default:
        return false;
    }
}

/* A verdict about the certificate, where that is why the handshake stopped. */
static bool is_verdict(const svms_tls *tls, int reason)
{
    return tls->peer.status != SVMS_OK &&
           (reason == SSL_R_CERTIFICATE_VERIFY_FAILED || reason == SSL_R_INVALID_STATUS_RESPONSE ||
            reason == SSL_R_OCSP_CALLBACK_FAILURE);
}

svms_status svms_tls_explain(svms_tls *tls, int ssl_error, svms_error *err)
{
    reasons found = take_reasons();
    int reason = found.first_of_tls;
    if (is_verdict(tls, reason)) {
        /* A LIMIT or a key of an unknown kind, too, is a certificate that is not good enough. */
        bool ours = tls->peer.status == SVMS_E_NO_MEMORY || tls->peer.status == SVMS_E_CRYPTO ||
                    tls->peer.status == SVMS_E_INTERNAL;
        return svms_fail_as(err, ours ? tls->peer.status : SVMS_E_UNTRUSTED, &tls->peer.words);
    }
    if (found.starved || tls->carrier.starved) {
        return svms_fail_memory(err);
    }
    if (blames_for_nothing(tls, &found)) {
        ERR_clear_error();
        return svms_fail(err, SVMS_E_CRYPTO, "TLS failed: what the peer signed cannot be checked");
    }
    if (tls->refusal) {
        return svms_fail(err, SVMS_E_POLICY, "%s", tls->refusal);
    }
    if (reason >= ALERT_REASONS && reason < ALERT_REASONS_END) {
        return say_alert(tls, reason - ALERT_REASONS, err);
    }
    if (ssl_error == SSL_ERROR_ZERO_RETURN) {
        return svms_fail(err, SVMS_E_TRUNCATED,
                         "the peer said goodbye before the connection stood");
    }
    bool ended = tls->carrier.ended || tls->carrier.read_error != 0;
    if (ended && (!found.any || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
        return explain_end(tls, err);
    }
    return explain_reason(tls, &found, err);
}
