/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * TLS with everything weak switched off: contexts, connections, who the peer is.
 *
 * TLS 1.3, or 1.2 with AEAD and forward secrecy where asked; mutual unless told otherwise; no
 * renegotiation, no compression, no early data. Whether a peer is trusted is decided by the same
 * path checks that judge signers, never by OpenSSL's own. A build without TLS has all functions;
 * those that return a status return ::SVMS_E_UNSUPPORTED there. Specification: identity.md, I-TLS-1
 * to I-TLS-30.
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
    SVMS_TLS_TICKETS_ROTATED = 1 /**< Tickets under keys that write for an hour, read for two and
                                      never leave memory; a reload of credentials ends them
                                      all. */
} svms_tls_ticket_rule;

/** Who one is and whom one trusts. Start from ::SVMS_TLS_CREDENTIALS_INIT. Since 0.1. */
typedef struct svms_tls_credentials {
    uint32_t struct_size;        /**< sizeof(svms_tls_credentials). */
    uint32_t reserved;           /**< 0. */
    const svms_chain *chain;     /**< Own chain, for this side, and valid now unless a reload
                                      keeps its leaf; NULL: none (clients only). */
    const svms_private_key *key; /**< Its key; not behind callbacks. */
    const svms_trust *trust;     /**< Whom to trust; NULL where no peer is judged by it: servers
                                      that ask for none, clients that inspect or have a pin. */
    const void *ocsp;            /**< OCSP response to staple, in DER, at most 64 KiB, or NULL
                                      (servers only). It is checked, and no longer stapled from its
                                      next update on. */
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
                                       shares none of them, or names none, is refused. */
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

/**
 * Make a context.
 *
 * @param[out] out  the context; release with svms_tls_context_free()
 * @param ctx       context; must outlive this one and its connections
 * @param options   what it is for; what they point to need not outlive the call
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL, an option is out of range or does not fit the
 *                             side, or key and chain do not belong together
 * @retval SVMS_E_UNTRUSTED    one's own certificate, or the response to staple, is one that peers
 *                             would refuse: expired, not yet valid, not for this side, revoked
 * @retval SVMS_E_UNSUPPORTED  the key is behind callbacks, or a provider keeps it and OpenSSL's TLS
 *                             does not sign with it, or the build has no TLS
 * @retval SVMS_E_LIMIT        more than 16 protocols
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed or lacks an algorithm
 *
 * Thread safety: any thread. Clauses: RFC 8446, RFC 5246. Specification: I-TLS-1 to I-TLS-9. Since
 * 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_context_new(svms_tls_context **out, svms_ctx *ctx,
                                                          const svms_tls_options *options,
                                                          svms_error *err);

/**
 * Replace certificate, key, trust, lists and staple.
 *
 * Connections that were opened go on with what they began with; those that are opened later use the
 * new ones. No earlier session is resumed any more. When it fails, nothing has changed.
 *
 * One's own certificate that has expired since it was loaded does not stop a reload that keeps it:
 * trust and lists are replaced, the log gets a warning, and nothing is stapled.
 *
 * @param context      the context
 * @param credentials  what replaces all of what it had; what they point to need not outlive the
 *                     call
 * @param[out] err     why it failed, or NULL
 *
 * @return as svms_tls_context_new()
 *
 * Thread safety: any thread, while others use the context. Specification: I-TLS-20. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_context_reload(
    svms_tls_context *context, const svms_tls_credentials *credentials, svms_error *err);

/**
 * Release a context; its connections go on.
 *
 * @param context  address of the context; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the context any more. Since 0.1.
 */
SVMS_API void svms_tls_context_free(svms_tls_context **context);

/** Whom a client means to reach. Start from ::SVMS_TLS_TARGET_INIT. Since 0.1. */
typedef struct svms_tls_target {
    uint32_t struct_size; /**< sizeof(svms_tls_target). */
    uint32_t reserved;    /**< 0. */
    const char *host;     /**< DNS name or IP address that the certificate must be for; NULL only
                               with a pin. A DNS name is told to the server (RFC 6066 section 3). */
    const uint8_t *pin;   /**< SHA-256 (32 bytes) of the server's certificate in DER, or NULL. With
                               a pin no other certificate will do, and no path and no name is
                               needed; period and purpose still are. */
} svms_tls_target;

/** Initialiser of ::svms_tls_target. */
#define SVMS_TLS_TARGET_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_tls_target), 0, NULL, NULL                                           \
    }

/**
 * Begin a connection whose bytes the caller carries with svms_tls_feed() and svms_tls_drain().
 *
 * @param[out] out  the connection; release with svms_tls_free()
 * @param context   what it is made of; may be released before it
 * @param target    whom a client means; NULL for servers
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             begun; nothing was sent yet
 * @retval SVMS_E_USAGE        an argument is NULL, the host is neither a DNS name nor an IP
 * address, or the target does not fit the context
 * @retval SVMS_E_UNSUPPORTED  the build has no TLS
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread; the connection belongs to one thread at a time. Specification:
 * I-TLS-10, I-TLS-11. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_open(svms_tls **out, svms_tls_context *context,
                                                   const svms_tls_target *target, svms_error *err);

/**
 * Begin a connection on a connected stream socket.
 *
 * @param[out] out  the connection; release with svms_tls_free()
 * @param context   what it is made of; may be released before it
 * @param target    whom a client means; NULL for servers
 * @param socket    blocking (calls wait) or not (calls return ::SVMS_AGAIN); stays the caller's,
 *                  must outlive the connection, and is used by nobody else meanwhile. SIGPIPE is
 *                  not raised.
 * @param[out] err  why it failed, or NULL
 *
 * @return as svms_tls_open()
 *
 * Thread safety: any thread; the connection belongs to one thread at a time. Specification:
 * I-TLS-10, I-TLS-25. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_open_socket(svms_tls **out, svms_tls_context *context,
                                                          const svms_tls_target *target, int socket,
                                                          svms_error *err);

/**
 * Release a connection, without saying goodbye to the peer; svms_tls_close() does that.
 *
 * @param tls  address of the connection; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the connection any more. Since 0.1.
 */
SVMS_API void svms_tls_free(svms_tls **tls);

/**
 * Go on with the handshake. Reading and writing do so too.
 *
 * After a failure of this or any other call with a status of the peer, the network, memory or the
 * provider, every later call gives the same status and words; what is left for the peer (an alert)
 * can still be drained, and svms_tls_peer_info() still says who the peer was. In TLS 1.3 a client
 * is done before the server has judged it: that a server refused is said by the first
 * svms_tls_read() or a later svms_tls_write().
 *
 * @param tls       the connection
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           the connection stands, and the peer is who it must be
 * @retval SVMS_AGAIN        bytes of the peer are needed, or room for ours: svms_tls_wants()
 * @retval SVMS_E_UNTRUSTED  the peer's certificate is not good enough; err->message says why
 * @retval SVMS_E_POLICY     the peer refused us, or speaks nothing that we do (its version,
 *                           ciphers, protocols); err->message says which
 * @retval SVMS_E_MALFORMED  what came is not TLS, or breaks its rules
 * @retval SVMS_E_TRUNCATED  the peer went away
 * @retval SVMS_E_LIMIT      the peer sends more than is read
 * @retval SVMS_E_IO         the socket failed; err->os_error says how
 * @retval SVMS_E_USAGE      @p tls is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: the connection belongs to one thread at a time. Clauses: RFC 8446 section 4.
 * Specification: I-TLS-12 to I-TLS-19, I-TLS-28. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_handshake(svms_tls *tls, svms_error *err);

/**
 * Read what the peer wrote.
 *
 * @param tls        the connection
 * @param[out] out   receives bytes
 * @param capacity   how many at most, at least 1
 * @param[out] size  how many came; 0 unless ::SVMS_OK
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK           at least one byte
 * @retval SVMS_END          the peer said goodbye; one may still write
 * @retval SVMS_AGAIN        bytes of the peer are needed: svms_tls_wants()
 * @retval SVMS_E_TRUNCATED  the peer went away without saying goodbye: what was read may be cut
 * @retval SVMS_E_MALFORMED  a record was changed on its way, or breaks the rules
 * @retval SVMS_E_LIMIT      the peer sends messages of TLS without end, and no data
 *
 * Otherwise as svms_tls_handshake(). Thread safety: the connection belongs to one thread at a time.
 * Specification: I-TLS-26, I-TLS-27. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_read(svms_tls *tls, void *out, size_t capacity,
                                                   size_t *size, svms_error *err);

/**
 * Write.
 *
 * @param tls         the connection
 * @param data        bytes
 * @param size        how many; 0: only what was taken before is sent on
 * @param[out] taken  how many were taken, which may be fewer; 0 unless ::SVMS_OK
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       some were taken, and the peer gets those and no others: they are with the
 *                       socket, or to be drained. Where svms_tls_wants() names
 *                       ::SVMS_TLS_WANTS_WRITE, a part still waits for room at a socket that does
 *                       not block: the next handshake, read, write or close sends it on, and
 *                       svms_tls_free() drops it.
 * @retval SVMS_AGAIN    none were: room is needed, or bytes of the peer (svms_tls_wants()). The
 *                       next write may offer others.
 * @retval SVMS_E_STATE  svms_tls_close() was called
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Otherwise as svms_tls_handshake(). Thread safety: the connection belongs to one thread at a time.
 * Specification: I-TLS-25. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_write(svms_tls *tls, const void *data, size_t size,
                                                    size_t *taken, svms_error *err);

/**
 * Say goodbye (close_notify). Reading goes on until the peer says so too.
 *
 * @param tls       the connection
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       said, or to be drained
 * @retval SVMS_AGAIN    there is no room for it yet
 * @retval SVMS_E_STATE  the handshake is not done
 *
 * Otherwise as svms_tls_handshake(). Thread safety: the connection belongs to one thread at a time.
 * Clauses: RFC 8446 section 6.1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_close(svms_tls *tls, svms_error *err);

/** What a connection waits for: bits of ::svms_tls_want. */
typedef enum svms_tls_want {
    SVMS_TLS_WANTS_NOTHING = 0, /**< The last call did what it was asked. */
    SVMS_TLS_WANTS_READ = 1,    /**< Bytes of the peer. */
    SVMS_TLS_WANTS_WRITE = 2    /**< Room for bytes to the peer. */
} svms_tls_want;

/**
 * What the last call that gave ::SVMS_AGAIN waits for; after a write that gave ::SVMS_OK whether
 * some of it still waits for room.
 *
 * @param tls  the connection
 * @return bits; ::SVMS_TLS_WANTS_NOTHING when the last call gave something else
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
SVMS_API svms_tls_want svms_tls_wants(const svms_tls *tls);

/**
 * Hand in bytes of the peer. They wait in a buffer of 64 KiB until a call uses them; what comes
 * behind the peer's goodbye is passed over.
 *
 * @param tls         the connection
 * @param data        bytes
 * @param size        how many
 * @param[out] taken  how many were taken, which may be fewer, or none
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           handed in
 * @retval SVMS_E_STATE      the connection has a socket, or svms_tls_feed_end() was called
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed; nothing was taken, and it may be tried again
 *
 * Otherwise the failure of an earlier call. Thread safety: the connection belongs to one thread at
 * a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_feed(svms_tls *tls, const void *data, size_t size,
                                                   size_t *taken, svms_error *err);

/**
 * Say that the peer's bytes have ended.
 *
 * @param tls       the connection
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       noted; svms_tls_read() gives what is there, then ::SVMS_END or
 *                       ::SVMS_E_TRUNCATED
 * @retval SVMS_E_STATE  the connection has a socket
 * @retval SVMS_E_USAGE  @p tls is NULL
 *
 * Otherwise the failure of an earlier call. Thread safety: the connection belongs to one thread at
 * a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_feed_end(svms_tls *tls, svms_error *err);

/**
 * Take bytes for the peer. Works after a failure, too: an alert may say why.
 *
 * @param tls        the connection
 * @param[out] out   receives bytes
 * @param capacity   how many at most
 * @param[out] size  how many came; 0: there are none
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       taken
 * @retval SVMS_E_STATE  the connection has a socket
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_drain(svms_tls *tls, void *out, size_t capacity,
                                                    size_t *size, svms_error *err);

/**
 * Bytes of plaintext that are opened already. What was fed, and is still to be opened, does not
 * count: read until ::SVMS_AGAIN.
 *
 * @param tls  the connection
 * @return number of bytes that the next svms_tls_read() gives without looking at more
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
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

/**
 * Who the peer is, once the handshake is done; also when the connection has failed since.
 *
 * @param tls       the connection
 * @param[out] out  what is known
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_STATE  the handshake is not done
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Otherwise as svms_tls_handshake(). Thread safety: the connection belongs to one thread at a time.
 * Specification: I-TLS-18, I-TLS-19. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_peer_info(const svms_tls *tls, svms_tls_peer *out,
                                                        svms_error *err);

/**
 * The peer's chain as it was sent, or as it was when the session that is resumed began.
 *
 * @param tls  the connection
 * @return borrowed, lives as long as the connection; NULL when the handshake is not done, and for a
 *         peer without a certificate or (inspected) with one that no chain can be made of
 *
 * Thread safety: the connection belongs to one thread at a time. Since 0.1.
 */
SVMS_API const svms_chain *svms_tls_peer_chain(const svms_tls *tls);

/**
 * A certificate of the peer in DER, in the order in which they were sent; (inspected) also one that
 * svms_tls_peer_chain() has no room for, because its key is too weak or of a kind that is not
 * taken.
 *
 * @param tls        the connection
 * @param index      0 for the peer's own
 * @param[out] size  its size; 0 when there is none
 * @return borrowed, lives as long as the connection; NULL when the handshake is not done, when the
 *         peer sent fewer certificates, and (inspected) when it sent more than are read
 *
 * Thread safety: the connection belongs to one thread at a time. Specification: I-TLS-18. Since
 * 0.1.
 */
SVMS_API const uint8_t *svms_tls_peer_der(const svms_tls *tls, size_t index, size_t *size);

/**
 * Derive keys for other protocols from the connection.
 *
 * @param tls           the connection
 * @param label         what for, 1 to 249 characters
 * @param context       bytes that both ends know, or NULL for none
 * @param context_size  how many, at most 65535
 * @param[out] out      the key; wipe it after use
 * @param size          its size, 1 to 8160
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           derived
 * @retval SVMS_E_STATE      the handshake is not done
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  memory ran out
 * @retval SVMS_E_CRYPTO     the provider failed, or the label is one that TLS uses itself
 *
 * Thread safety: the connection belongs to one thread at a time. Clauses: RFC 8446 section 7.5, RFC
 * 5705. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_tls_export_key(svms_tls *tls, const char *label,
                                                         const void *context, size_t context_size,
                                                         void *out, size_t size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
