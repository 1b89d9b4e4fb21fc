/* SPDX-License-Identifier: Apache-2.0 */
/* The one constructor of everything that speaks TLS (ADR 0028). */
#include "tls_internal.h"

#include "failure.h"
#include "ocsp.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/srtp.h>

/* At least 112 bits of strength, for keys, signatures and groups. */
#define SECURITY_LEVEL 2
/* More than any chain that is read, with what stands between its certificates. */
#define CERTIFICATES_MAX (SVMS_CHAIN_MAX_SIZE + 1024)
/* TLS 1.3 puts a server's staple into the same message. A chain that is too long by itself is
 * refused when it is read. */
#define CERTIFICATES_AND_STAPLE_MAX (CERTIFICATES_MAX + SVMS_OCSP_SIZE_MAX)

static const char suites_1_3[] =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
/* Ephemeral keys and AEAD; none of CCM, whose tags are short. */
static const char suites_1_2[] = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                 "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
                                 "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
/* What a provider lacks is left out, from the front. */
static const char *const groups[] = { "X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384",
                                      "P-256:P-384" };
static const char signatures[] =
    "ed25519:ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:"
    "rsa_pss_rsae_sha512:rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";

/* OpenSSL's macros ask for pointers to what may change, and change nothing. */
static void *unchanged(const char *text)
{
    return (void *)(uintptr_t)text;
}

static bool set_groups(SSL_CTX *ssl)
{
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (SSL_CTX_set1_groups_list(ssl, unchanged(groups[i])) == 1) {
            ERR_clear_error();
            return true;
        }
    }
    return false;
}

static bool set_versions(SSL_CTX *ssl, const svms_tls_rules *rules)
{
    if (rules->is_datagram) {
        return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
               SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) == 1;
    }
    int oldest = rules->min_version == SVMS_TLS_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
    return SSL_CTX_set_min_proto_version(ssl, oldest) == 1 &&
           SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) == 1;
}

/* What the machine's openssl.cnf says of TLS was read before, and goes. */
static void set_options(SSL_CTX *ssl, const svms_tls_rules *rules)
{
    SSL_CTX_clear_options(ssl, SSL_CTX_get_options(ssl));
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    if (rules->is_datagram) {
        SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU); /* nobody below knows more than we do */
    }
    SSL_CTX_clear_mode(ssl, SSL_CTX_get_mode(ssl));
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    if (rules->tickets == SVMS_TLS_TICKETS_OFF) {
        SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
    }
    SSL_CTX_set_max_early_data(ssl, 0);
    SSL_CTX_set_recv_max_early_data(ssl, 0);
    SSL_CTX_set_max_cert_list(ssl, rules->side == SVMS_TLS_CLIENT ? CERTIFICATES_AND_STAPLE_MAX
                                                                  : CERTIFICATES_MAX);
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    SSL_CTX_set_quiet_shutdown(ssl, 0);
}

static int verify_mode(svms_tls_peer_rule rule)
{
    switch (rule) {
    case SVMS_TLS_PEER_NOT_ASKED:
        return SSL_VERIFY_NONE;
    case SVMS_TLS_PEER_OPTIONAL:
        return SSL_VERIFY_PEER;
    default:
        return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
}

static bool set_callbacks(SSL_CTX *ssl, const svms_tls_rules *rules)
{
    SSL_CTX_set_verify(ssl, verify_mode(rules->peer), NULL);
    SSL_CTX_set_cert_verify_callback(ssl, svms_tls_verify, NULL);
    SSL_CTX_set_msg_callback(ssl, svms_tls_watch);
    if (rules->side == SVMS_TLS_SERVER) {
        SSL_CTX_set_client_hello_cb(ssl, svms_tls_hello_came, NULL);
        if (rules->alpn_size > 0) {
            SSL_CTX_set_alpn_select_cb(ssl, svms_tls_choose_protocol, NULL);
        }
        return SSL_CTX_set_tlsext_status_cb(ssl, svms_tls_give_staple) == 1;
    }
    return SSL_CTX_set_tlsext_status_cb(ssl, svms_tls_status_came) == 1 &&
           SSL_CTX_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp) == 1 &&
           (rules->alpn_size == 0 ||
            SSL_CTX_set_alpn_protos(ssl, rules->alpn, rules->alpn_size) == 0);
}

/* Protection profiles of SRTP, for those that the rules name. */
static bool offer_profiles(SSL_CTX *ssl, const svms_tls_rules *rules)
{
    static const struct {
        uint16_t id;
        const char *name;
    } known[] = { { SRTP_AEAD_AES_256_GCM, "SRTP_AEAD_AES_256_GCM" },
                  { SRTP_AEAD_AES_128_GCM, "SRTP_AEAD_AES_128_GCM" },
                  { SRTP_AES128_CM_SHA1_80, "SRTP_AES128_CM_SHA1_80" } };
    char names[SVMS_TLS_PROFILES_MAX * 32] = "";
    for (size_t i = 0; i < rules->profile_count; i++) {
        for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
            if (known[k].id == rules->profiles[i]) {
                size_t used = strlen(names);
                snprintf(names + used, sizeof names - used, "%s%s", used > 0 ? ":" : "",
                         known[k].name);
            }
        }
    }
    /* Unlike all else around it, this gives 0 when it has worked. */
    return names[0] == '\0' || SSL_CTX_set_tlsext_use_srtp(ssl, names) == 0;
}

static const SSL_METHOD *method_of(const svms_tls_rules *rules)
{
    bool is_server = rules->side == SVMS_TLS_SERVER;
    if (rules->is_datagram) {
        return is_server ? DTLS_server_method() : DTLS_client_method();
    }
    return is_server ? TLS_server_method() : TLS_client_method();
}

svms_status svms_tls_hardened(SSL_CTX **out, svms_ctx *ctx, const svms_tls_rules *rules,
                              svms_error *err)
{
    static const unsigned char purpose[] = "libsvms TLS";
    ERR_clear_error();
    SSL_CTX *ssl =
        SSL_CTX_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx), method_of(rules));
    if (!ssl) {
        return svms_fail_crypto(err, "cannot make a TLS context");
    }
    set_options(ssl, rules);
    bool done = set_versions(ssl, rules) && SSL_CTX_set_ciphersuites(ssl, suites_1_3) == 1 &&
                SSL_CTX_set_cipher_list(ssl, suites_1_2) == 1 && set_groups(ssl) &&
                SSL_CTX_set1_sigalgs_list(ssl, unchanged(signatures)) == 1 &&
                SSL_CTX_set1_client_sigalgs_list(ssl, unchanged(signatures)) == 1 &&
                SSL_CTX_set_session_id_context(ssl, purpose, sizeof purpose - 1) == 1 &&
                SSL_CTX_set_num_tickets(ssl, rules->tickets == SVMS_TLS_TICKETS_OFF ? 0 : 2) == 1 &&
                offer_profiles(ssl, rules) && set_callbacks(ssl, rules);
    if (!done) {
        SSL_CTX_free(ssl);
        return svms_fail_crypto(err, "cannot set up TLS");
    }
    ERR_clear_error();
    *out = ssl;
    return SVMS_OK;
}
