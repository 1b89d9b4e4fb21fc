/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * TLS with everything weak switched off: contexts, connections, who the peer is.
 *
 * TLS 1.3, or 1.2 with AEAD and forward secrecy where asked; mutual unless told otherwise; no
 * renegotiation, no compression, no early data. Specification: identity.md section "TLS".
 */
#ifndef SVMS_TLS_H
#define SVMS_TLS_H

#include <svms/identity.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque configuration of many connections; shared freely between threads. */
typedef struct svms_tls_context svms_tls_context;
/** Opaque connection; belongs to one thread at a time. */
typedef struct svms_tls svms_tls;

/** Which end of a connection. */
typedef enum svms_tls_side {
    SVMS_TLS_CLIENT = 1, /**< Connects. */
    SVMS_TLS_SERVER = 2  /**< Accepts. */
} svms_tls_side;

/** Versions of TLS. */
typedef enum svms_tls_version {
    SVMS_TLS_1_3 = 0, /**< TLS 1.3 (RFC 8446). */
    SVMS_TLS_1_2 = 1  /**< TLS 1.2 (RFC 5246) with AEAD and ephemeral keys. */
} svms_tls_version;

/** What is asked of the peer's certificate. */
typedef enum svms_tls_peer_rule {
    SVMS_TLS_PEER_REQUIRED = 0,  /**< It must have one, and it must be trusted (the default). */
    SVMS_TLS_PEER_OPTIONAL = 1,  /**< Servers: no certificate is fine, a bad one is not. */
    SVMS_TLS_PEER_NOT_ASKED = 2, /**< Servers: none is asked for. */
    SVMS_TLS_PEER_INSPECTED = 3  /**< Clients: whatever it is, the connection stands and
                                      svms_tls_peer_info() says what is wrong. For diagnosis. */
} svms_tls_peer_rule;

/** Session tickets. */
typedef enum svms_tls_ticket_rule {
    SVMS_TLS_TICKETS_OFF = 0,    /**< No session is resumed (the default). */
    SVMS_TLS_TICKETS_ROTATED = 1 /**< Tickets under keys that change hourly and never leave memory;
                                      a reload of credentials ends them all. */
} svms_tls_ticket_rule;

/** Who one is and whom one trusts. Start from ::SVMS_TLS_CREDENTIALS_INIT. Since 0.1. */
typedef struct svms_tls_credentials {
    uint32_t struct_size;        /**< sizeof(svms_tls_credentials). */
    uint32_t reserved;           /**< 0. */
    const svms_chain *chain;     /**< Own chain; NULL: none (clients only). */
    const svms_private_key *key; /**< Its key; not behind callbacks. */
    const svms_trust *trust;     /**< Whom to trust; NULL only where no peer is judged by it. */
    const void *ocsp;            /**< OCSP response to staple, in DER, or NULL (servers only). */
    size_t ocsp_size;            /**< Its size. */
} svms_tls_credentials;

/** Initialiser of ::svms_tls_credentials. */
#define SVMS_TLS_CREDENTIALS_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_tls_credentials), 0, NULL, NULL, NULL, NULL, 0                       \
    }

/** What a context is for. Start from ::SVMS_TLS_OPTIONS_INIT. Since 0.1. */
typedef struct svms_tls_options {
    uint32_t struct_size;         /**< sizeof(svms_tls_options). */
    svms_tls_side side;           /**< Which end. */
    svms_tls_version min_version; /**< Oldest version that is spoken. */
    svms_tls_peer_rule peer;      /**< What is asked of the peer. */
    svms_tls_ticket_rule tickets; /**< Session tickets. */
    uint32_t peer_roles;          /**< Roles of which the peer needs one: bits 1 << role; 0: any
                                       certificate with the TLS purpose of its side. */
    uint32_t require_revocation;  /**< 1: the peer's revocation state must be known and good. */
    uint32_t require_staple;      /**< 1: clients: the server must staple a good OCSP response. */
    const char *const *alpn;      /**< Protocols (RFC 7301), best first, or NULL. A peer that
                                       shares none of them is refused. */
    size_t alpn_count;            /**< How many, at most 16. */
    svms_tls_credentials credentials; /**< Who one is; svms_tls_context_reload() replaces it. */
} svms_tls_options;

/** Initialiser of ::svms_tls_options: no side. */
#define SVMS_TLS_OPTIONS_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_tls_options), (svms_tls_side)0, SVMS_TLS_1_3,                        \
            SVMS_TLS_PEER_REQUIRED, SVMS_TLS_TICKETS_OFF, 0, 0, 0, NULL, 0,                        \
            SVMS_TLS_CREDENTIALS_INIT                                                              \
    }

/** Make a context. What the credentials point to need not outlive the call. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_context_new(svms_tls_context **out, svms_ctx *ctx,
                                                          const svms_tls_options *options,
                                                          svms_error *err);

/**
 * Replace certificate, key, trust, lists and staple. Connections that stand go on with what they
 * began with; those that begin later use the new ones. When it fails, nothing has changed.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_context_reload(
    svms_tls_context *context, const svms_tls_credentials *credentials, svms_error *err);

/** Release a context; its connections go on. NULL and pointer to NULL are accepted; cleared. */
SVMS_API void svms_tls_context_free(svms_tls_context **context);

/** Whom a client means to reach. Start from ::SVMS_TLS_TARGET_INIT. Since 0.1. */
typedef struct svms_tls_target {
    uint32_t struct_size; /**< sizeof(svms_tls_target). */
    uint32_t reserved;    /**< 0. */
    const char *host;     /**< DNS name or IP address that the certificate must be for; NULL only
                               with a pin. */
    const uint8_t *pin;   /**< SHA-256 (32 bytes) of the server's certificate, or NULL. With a pin
                               no path and no name is needed; period and purpose still are. */
} svms_tls_target;

/** Initialiser of ::svms_tls_target. */
#define SVMS_TLS_TARGET_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_tls_target), 0, NULL, NULL                                           \
    }

/** Begin a connection whose bytes the caller carries (svms_tls_feed(), svms_tls_drain()).
 * @p target is NULL for servers. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_open(svms_tls **out, svms_tls_context *context,
                                                   const svms_tls_target *target, svms_error *err);

/** Begin a connection on a connected socket, blocking or not, which stays the caller's. Signals
 * are not raised (SIGPIPE). */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_open_socket(svms_tls **out, svms_tls_context *context,
                                                          const svms_tls_target *target, int socket,
                                                          svms_error *err);

/** Release a connection, without saying goodbye to the peer (svms_tls_close() does). NULL and
 * pointer to NULL are accepted; cleared. */
SVMS_API void svms_tls_free(svms_tls **tls);

/**
 * Go on with the handshake. Reading and writing do so too.
 *
 * @retval SVMS_OK           the connection stands, and the peer is who it must be
 * @retval SVMS_AGAIN        bytes of the peer are needed, or room for ours: svms_tls_wants()
 * @retval SVMS_E_UNTRUSTED  the peer's certificate is not good enough; err->message says why
 * @retval SVMS_E_POLICY     the peer refused us, or speaks nothing that we do (its version,
 *                           ciphers, protocols); err->message says which
 * @retval SVMS_E_MALFORMED  what came is not TLS, or breaks its rules
 * @retval SVMS_E_TRUNCATED  the peer went away
 * @retval SVMS_E_IO         the socket failed
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_handshake(svms_tls *tls, svms_error *err);

/** Read what the peer wrote. ::SVMS_END: the peer said goodbye; ::SVMS_E_TRUNCATED: it went away
 * without. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_read(svms_tls *tls, void *out, size_t capacity,
                                                   size_t *size, svms_error *err);

/** Write; *taken may be less than @p size. After ::SVMS_AGAIN any other call may come between. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_write(svms_tls *tls, const void *data, size_t size,
                                                    size_t *taken, svms_error *err);

/** Say goodbye (close_notify). ::SVMS_AGAIN: there is no room for it yet. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_close(svms_tls *tls, svms_error *err);

/** What a connection waits for: bits of ::svms_tls_want. */
typedef enum svms_tls_want {
    SVMS_TLS_WANTS_NOTHING = 0, /**< The last call did what it was asked. */
    SVMS_TLS_WANTS_READ = 1,    /**< Bytes of the peer. */
    SVMS_TLS_WANTS_WRITE = 2    /**< Room for bytes to the peer. */
} svms_tls_want;

/** What the last call that gave ::SVMS_AGAIN waits for. */
SVMS_API svms_tls_want svms_tls_wants(const svms_tls *tls);

/** Hand in bytes of the peer; *taken may be less than @p size (a bounded buffer). */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_feed(svms_tls *tls, const void *data, size_t size,
                                                   size_t *taken, svms_error *err);

/** The peer's bytes have ended. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_feed_end(svms_tls *tls, svms_error *err);

/** Take bytes for the peer; *size 0 when there are none. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_drain(svms_tls *tls, void *out, size_t capacity,
                                                    size_t *size, svms_error *err);

/** Bytes of plaintext that svms_tls_read() has at hand without any more bytes of the peer. */
SVMS_API size_t svms_tls_pending(const svms_tls *tls);

/** Who the peer is. Start from ::SVMS_TLS_PEER_INIT. Since 0.1. */
typedef struct svms_tls_peer {
    uint32_t struct_size;              /**< sizeof(svms_tls_peer). */
    uint32_t resumed;                  /**< 1: an earlier session was resumed. */
    svms_tls_version version;          /**< What is spoken. */
    svms_identity_verdict verdict;     /**< ::SVMS_IDENTITY_TRUSTED unless inspected or none. */
    svms_revocation revocation;        /**< What is known of its revocation. */
    uint32_t roles;                    /**< Its roles, bits 1 << role; 0 unless trusted. */
    uint32_t stapled;                  /**< 1: it stapled a good OCSP response. */
    uint32_t name_matches;             /**< 1: its certificate is for the host that was meant. */
    char cipher[64];                   /**< Name of the cipher suite. */
    char group[32];                    /**< Name of the key exchange group. */
    char alpn[256];                    /**< Protocol that was agreed on, or empty. */
    char reason[256];                  /**< Inspected: what is wrong with it, or empty. */
    svms_certificate_info certificate; /**< Its certificate; subject empty when it has none. */
    uint32_t asked_certificate;        /**< 1: a server that asked for a certificate of ours. */
    uint32_t reserved;                 /**< 0. */
} svms_tls_peer;

/** Initialiser of ::svms_tls_peer. */
#define SVMS_TLS_PEER_INIT                                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_tls_peer), 0, SVMS_TLS_1_3, SVMS_IDENTITY_UNSIGNED,                  \
            SVMS_REVOCATION_NOT_CHECKED, 0, 0, 0, { 0 }, { 0 }, { 0 }, { 0 },                      \
            SVMS_CERTIFICATE_INFO_INIT, 0, 0                                                       \
    }

/** Who the peer is, once the handshake is done. */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_peer_info(const svms_tls *tls, svms_tls_peer *out,
                                                        svms_error *err);

/** The peer's chain as it was sent, borrowed; NULL when it has none. */
SVMS_API const svms_chain *svms_tls_peer_chain(const svms_tls *tls);

/** Derive keys for other protocols from the connection (RFC 8446 section 7.5, RFC 5705). */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_export_key(svms_tls *tls, const char *label,
                                                         const void *context, size_t context_size,
                                                         void *out, size_t size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
