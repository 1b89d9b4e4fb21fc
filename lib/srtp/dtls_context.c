/* SPDX-License-Identifier: Apache-2.0 */
#include "dtls_internal.h"

#include <openssl/srtp.h>

#include "failure.h"
#include "key_kind.h"
#include "options.h"

#define MTU_DEFAULT 1200 /* fits every path that carries IPv6, tunnels included */
#define FIRST_WAIT_DEFAULT_MS 1000
#define FIRST_WAIT_MIN_MS 50
#define FIRST_WAIT_MAX_MS 60000
#define LAST_WAIT_MS 60000 /* RFC 6347 section 4.2.4.1 */
#define FLAGS_KNOWN (SVMS_DTLS_ALLOW_SHA1 | SVMS_DTLS_REQUIRE_REVOCATION)

static uint16_t profile_of(svms_srtp_suite suite)
{
    switch (suite) {
    case SVMS_SRTP_AEAD_AES_256_GCM:
        return SRTP_AEAD_AES_256_GCM;
    case SVMS_SRTP_AEAD_AES_128_GCM:
        return SRTP_AEAD_AES_128_GCM;
    case SVMS_SRTP_AES_CM_128_HMAC_SHA1_80:
        return SRTP_AES128_CM_SHA1_80;
    default:
        return 0;
    }
}

static svms_status add_suite(svms_tls_rules *rules, svms_srtp_suite suite, uint32_t flags,
                             svms_error *err)
{
    uint16_t profile = profile_of(suite);
    if (profile == 0) {
        return svms_fail(err, SVMS_E_USAGE, "a suite of SRTP that is not known");
    }
    if (profile == SRTP_AES128_CM_SHA1_80 && (flags & SVMS_DTLS_ALLOW_SHA1) == 0) {
        return svms_fail(err, SVMS_E_POLICY,
                         "AES128_CM_SHA1_80 is agreed on only where it is allowed");
    }
    for (size_t i = 0; i < rules->profile_count; i++) {
        if (rules->profiles[i] == profile) {
            return svms_fail(err, SVMS_E_USAGE, "a suite of SRTP is named twice");
        }
    }
    rules->profiles[rules->profile_count++] = profile;
    return SVMS_OK;
}

static svms_status read_suites(svms_tls_rules *rules, const svms_dtls_options *options,
                               svms_error *err)
{
    static const svms_srtp_suite usual[] = { SVMS_SRTP_AEAD_AES_256_GCM,
                                             SVMS_SRTP_AEAD_AES_128_GCM };
    const svms_srtp_suite *suites = options->suites ? options->suites : usual;
    size_t count = options->suites ? options->suite_count : sizeof usual / sizeof usual[0];
    if (!options->suites != (options->suite_count == 0) || count > SVMS_TLS_PROFILES_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "suites of SRTP and their number do not agree");
    }
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        status = add_suite(rules, suites[i], options->flags, err);
    }
    return status;
}

static bool in_range(const svms_dtls_options *options)
{
    bool mtu = options->mtu == 0 ||
               (options->mtu >= SVMS_DTLS_MTU_MIN && options->mtu <= SVMS_DTLS_MTU_MAX);
    bool wait = options->first_wait_ms == 0 || (options->first_wait_ms >= FIRST_WAIT_MIN_MS &&
                                                options->first_wait_ms <= FIRST_WAIT_MAX_MS);
    return mtu && wait && (options->flags & ~FLAGS_KNOWN) == 0 &&
           (options->peer_roles & ~SVMS_TLS_ROLES_KNOWN) == 0;
}

static svms_status read_rules(svms_tls_rules *rules, const svms_dtls_options *options,
                              svms_error *err)
{
    bool needs_revocation = (options->flags & SVMS_DTLS_REQUIRE_REVOCATION) != 0;
    if (options->side != SVMS_TLS_CLIENT && options->side != SVMS_TLS_SERVER) {
        return svms_fail(err, SVMS_E_USAGE, "the options of DTLS name no side");
    }
    if (!in_range(options)) {
        return svms_fail(err, SVMS_E_USAGE, "an option of DTLS is out of range");
    }
    if (!options->chain || !options->key) {
        return svms_fail(err, SVMS_E_USAGE,
                         "both ends of DTLS-SRTP need a certificate chain and its key");
    }
    /* libssl offers the suites that such a certificate needs to servers of TLS 1.2 alone. */
    if (options->side == SVMS_TLS_SERVER &&
        svms_private_key_kind(options->key) == SVMS_KEY_ED25519) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "OpenSSL's DTLS has no servers with an Ed25519 key");
    }
    if (!options->trust && (needs_revocation || options->peer_roles != 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "roles and revocation are known of a path only: a trust store is needed");
    }
    *rules = (svms_tls_rules){ .side = options->side,
                               .min_version = SVMS_TLS_1_2,
                               .peer = SVMS_TLS_PEER_REQUIRED,
                               .tickets = SVMS_TLS_TICKETS_OFF,
                               .peer_roles = options->peer_roles,
                               .require_revocation = needs_revocation,
                               .is_datagram = true,
                               .names_peers = !options->trust,
                               .mtu = options->mtu != 0 ? options->mtu : MTU_DEFAULT,
                               .first_wait_ms = options->first_wait_ms != 0 ? options->first_wait_ms
                                                                            : FIRST_WAIT_DEFAULT_MS,
                               .last_wait_ms = LAST_WAIT_MS };
    return read_suites(rules, options, err);
}

static svms_status fill(svms_dtls_context *context, const svms_tls_rules *rules,
                        const svms_dtls_options *options, svms_error *err)
{
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    credentials.chain = options->chain;
    credentials.key = options->key;
    credentials.trust = options->trust;
    svms_status status =
        svms_tls_state_new(&context->state, context->ctx, rules, &credentials, NULL, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_dtls_use_cookies(context->state->ssl);
    return svms_random(context->ctx, context->secret, sizeof context->secret, err);
}

svms_status svms_dtls_context_new(svms_dtls_context **out, svms_ctx *ctx,
                                  const svms_dtls_options *given, svms_error *err)
{
    svms_dtls_options options = SVMS_DTLS_OPTIONS_INIT;
    svms_tls_rules rules;
    if (!out || !ctx || !given) {
        return svms_fail(err, SVMS_E_USAGE, "DTLS needs an out pointer, a context and options");
    }
    svms_status status =
        svms_options_read(&options, sizeof options, given, "svms_dtls_options", err);
    if (status == SVMS_OK) {
        status = read_rules(&rules, &options, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_dtls_context *context = svms_alloc(ctx, sizeof *context);
    if (!context) {
        return svms_fail_memory(err);
    }
    context->ctx = ctx;
    status = fill(context, &rules, &options, err);
    if (status != SVMS_OK) {
        svms_dtls_context_free(&context);
        return status;
    }
    *out = context;
    return SVMS_OK;
}

void svms_dtls_context_free(svms_dtls_context **context)
{
    if (!context || !*context) {
        return;
    }
    svms_dtls_context *gone = *context;
    *context = NULL;
    if (gone->state) {
        svms_tls_state_release(gone->state);
    }
    svms_release_secret(gone->ctx, gone, sizeof *gone);
}
