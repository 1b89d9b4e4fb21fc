/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * DTLS-SRTP: media keys that two peers agree on beside their media (RFC 5764).
 *
 * DTLS 1.2 with AEAD and forward secrecy, mutual without exception: an association gives keys only
 * when the peer's certificate was accepted, by its fingerprint or by a path, and a protection
 * profile was agreed on. Nothing here reads a socket: datagrams are handed in and handed out. A
 * build without TLS has all functions; those that return a status return ::SVMS_E_UNSUPPORTED
 * there, but for those of fingerprints and svms_dtls_packet_kind_of(), which need none.
 * Specification: srtp.md, DT-1 to DT-30.
 */
#ifndef SVMS_DTLS_H
#define SVMS_DTLS_H

#include <svms/srtp.h>
#include <svms/tls.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque: who one is and what one accepts; shared freely between threads. */
typedef struct svms_dtls_context svms_dtls_context;
/** Opaque association with one peer; belongs to one thread at a time. */
typedef struct svms_dtls svms_dtls;

/** What a datagram on a port that is shared is (RFC 7983). */
typedef enum svms_dtls_packet_kind {
    SVMS_DTLS_PACKET_UNKNOWN = 0, /**< None of these: to be dropped. */
    SVMS_DTLS_PACKET_STUN = 1,    /**< STUN (RFC 8489). */
    SVMS_DTLS_PACKET_ZRTP = 2,    /**< ZRTP (RFC 6189). */
    SVMS_DTLS_PACKET_DTLS = 3,    /**< DTLS: for svms_dtls_feed() or svms_dtls_accept(). */
    SVMS_DTLS_PACKET_TURN = 4,    /**< Data of a TURN channel (RFC 8656). */
    SVMS_DTLS_PACKET_RTP = 5,     /**< RTP or SRTP. */
    SVMS_DTLS_PACKET_RTCP = 6     /**< RTCP or SRTCP (RFC 5761). */
} svms_dtls_packet_kind;

/**
 * Tell what a datagram is by its first bytes.
 *
 * @param datagram  the datagram
 * @param size      bytes of it
 * @return what it is; ::SVMS_DTLS_PACKET_UNKNOWN also for NULL and for none
 *
 * Thread safety: any thread. Clauses: RFC 7983 section 7, RFC 5761 section 4. Specification: DT-30.
 * Since 0.1.
 */
SVMS_API svms_dtls_packet_kind svms_dtls_packet_kind_of(const void *datagram, size_t size);

/** Hash functions of fingerprints. */
typedef enum svms_dtls_hash {
    SVMS_DTLS_SHA_256 = 1, /**< "sha-256": 32 bytes. */
    SVMS_DTLS_SHA_384 = 2, /**< "sha-384": 48 bytes. */
    SVMS_DTLS_SHA_512 = 3  /**< "sha-512": 64 bytes. */
} svms_dtls_hash;

/** Most bytes of a fingerprint. */
#define SVMS_DTLS_DIGEST_MAX 64u
/** Bytes for any fingerprint as text, with its end. */
#define SVMS_DTLS_FINGERPRINT_TEXT_SIZE 200u

/** Fingerprint of a certificate. Start from ::SVMS_DTLS_FINGERPRINT_INIT. Since 0.1. */
typedef struct svms_dtls_fingerprint {
    uint32_t struct_size;                 /**< sizeof(svms_dtls_fingerprint). */
    uint32_t hash;                        /**< ::svms_dtls_hash. */
    uint8_t digest[SVMS_DTLS_DIGEST_MAX]; /**< As many bytes as the hash has, then zeros. */
} svms_dtls_fingerprint;

/** Initialiser of ::svms_dtls_fingerprint: no hash. */
#define SVMS_DTLS_FINGERPRINT_INIT                                                                 \
    {                                                                                              \
        (uint32_t)sizeof(svms_dtls_fingerprint), 0,                                                \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * The fingerprint of a certificate: of the first one of a chain.
 *
 * @param[out] out  the fingerprint, initialised with ::SVMS_DTLS_FINGERPRINT_INIT
 * @param ctx       context
 * @param chain     whose
 * @param hash      with which function
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL, or there is no such function
 * @retval SVMS_E_NO_MEMORY    memory ran out
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Clauses: RFC 8122 section 5. Specification: DT-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_fingerprint_of(svms_dtls_fingerprint *out,
                                                              svms_ctx *ctx,
                                                              const svms_chain *chain,
                                                              svms_dtls_hash hash, svms_error *err);

/**
 * Read a fingerprint as SDP has it: "sha-256 4A:AD:B9:...".
 *
 * @param[out] out  the fingerprint, initialised with ::SVMS_DTLS_FINGERPRINT_INIT
 * @param text      what stands behind "a=fingerprint:"
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_POLICY       the function is MD2, MD5 or SHA-1, with which certificates can be
 *                             forged
 * @retval SVMS_E_UNSUPPORTED  the function is one that is not known here
 * @retval SVMS_E_MALFORMED    it is no fingerprint, or not as long as its function says
 *
 * Thread safety: any thread. Clauses: RFC 8122 section 5. Specification: DT-10, DT-11. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_fingerprint_read(svms_dtls_fingerprint *out,
                                                                const char *text, svms_error *err);

/**
 * Write a fingerprint as SDP has it.
 *
 * @param[out] out     the text, with its end; ::SVMS_DTLS_FINGERPRINT_TEXT_SIZE bytes do
 * @param capacity     room there
 * @param fingerprint  what to write
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK       written
 * @retval SVMS_E_USAGE  an argument is NULL, or the fingerprint has no hash that is known
 * @retval SVMS_E_LIMIT  there is not enough room
 *
 * Thread safety: any thread. Clauses: RFC 8122 section 5. Specification: DT-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_fingerprint_write(
    char *out, size_t capacity, const svms_dtls_fingerprint *fingerprint, svms_error *err);

/** AES128_CM_SHA1_80 may be agreed on where it is among the suites. */
#define SVMS_DTLS_ALLOW_SHA1 0x1u
/** The revocation state of a peer that is judged by its path must be known and good. */
#define SVMS_DTLS_REQUIRE_REVOCATION 0x2u

/** Least bytes of a datagram that an association may be told to make. */
#define SVMS_DTLS_MTU_MIN 256u
/** Most bytes of a datagram that an association makes. */
#define SVMS_DTLS_MTU_MAX 1500u
/** Fingerprints of one peer at most. */
#define SVMS_DTLS_FINGERPRINTS_MAX 8u
/** Bytes of an address at most, as svms_dtls_accept() takes it. */
#define SVMS_DTLS_ADDRESS_MAX 64u

/** What a context is for. Start from ::SVMS_DTLS_OPTIONS_INIT. Since 0.1. */
typedef struct svms_dtls_options {
    uint32_t struct_size;          /**< sizeof(svms_dtls_options). */
    svms_tls_side side;            /**< Which end: clients begin ("a=setup:active"). */
    uint32_t flags;                /**< SVMS_DTLS_ALLOW_SHA1, ... */
    uint32_t mtu;                  /**< Most bytes of a datagram without IP and UDP headers; 0:
                                        1200. */
    uint32_t first_wait_ms;        /**< Milliseconds until what was not answered is sent again, the
                                        first time; each time twice as long, up to 60 s. 50 to
                                        60,000; 0: 1000. */
    uint32_t peer_roles;           /**< Roles of which a peer that is judged by its path needs one:
                                        bits 1 << role; 0: any certificate with the TLS purpose of
                                        its side. */
    const svms_srtp_suite *suites; /**< What may be agreed on, best first; NULL: AES-256-GCM, then
                                        AES-128-GCM. */
    size_t suite_count;            /**< How many, 1 to 3; 0 with NULL. */
    const svms_chain *chain;       /**< Own chain; with a trust store it must be good for this side
                                        and valid now. */
    const svms_private_key *key;   /**< Its key; not behind callbacks. */
    const svms_trust *trust;       /**< Peers are judged by their path to what it trusts; NULL: each
                                        by the fingerprints that its target names. */
} svms_dtls_options;

/** Initialiser of ::svms_dtls_options: no side. */
#define SVMS_DTLS_OPTIONS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_dtls_options), (svms_tls_side)0, 0, 0, 0, 0, NULL, 0, NULL, NULL,    \
            NULL                                                                                   \
    }

/**
 * Make a context.
 *
 * @param[out] out  the context; release with svms_dtls_context_free()
 * @param ctx       context; must outlive this one and its associations
 * @param options   what it is for; what they point to need not outlive the call
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL, an option is out of range, a suite is named
 *                             twice, roles or revocation are asked for without a trust store, or
 *                             key and chain do not belong together
 * @retval SVMS_E_POLICY       AES128_CM_SHA1_80 is among the suites, and not allowed
 * @retval SVMS_E_UNTRUSTED    with a trust store: one's own certificate is one that peers would
 *                             refuse: expired, not yet valid, not for this side
 * @retval SVMS_E_UNSUPPORTED  the key is behind callbacks, or a provider keeps it and OpenSSL does
 *                             not sign with it, or it is a server's and of Ed25519, which OpenSSL's
 *                             DTLS does not use; or the build has no TLS
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed or lacks an algorithm
 *
 * Thread safety: any thread. Clauses: RFC 5764 section 4.1, RFC 6347. Specification: DT-1 to DT-9.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_context_new(svms_dtls_context **out, svms_ctx *ctx,
                                                           const svms_dtls_options *options,
                                                           svms_error *err);

/**
 * Release a context; its associations go on.
 *
 * @param context  address of the context; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the context any more. Since 0.1.
 */
SVMS_API void svms_dtls_context_free(svms_dtls_context **context);

/** Whom an association is meant for. Start from ::SVMS_DTLS_TARGET_INIT. Since 0.1. */
typedef struct svms_dtls_target {
    uint32_t struct_size;                      /**< sizeof(svms_dtls_target). */
    uint32_t fingerprint_count;                /**< How many, at most 8; 0 with a trust store. */
    const svms_dtls_fingerprint *fingerprints; /**< What signalling that is authentic said of the
                                                    peer's certificate. Of the strongest function
                                                    that is there one must match; the others do not
                                                    count. */
    const char *host; /**< Clients with a trust store: DNS name or IP address that the certificate
                           must be for; otherwise NULL. */
} svms_dtls_target;

/** Initialiser of ::svms_dtls_target. */
#define SVMS_DTLS_TARGET_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_dtls_target), 0, NULL, NULL                                          \
    }

/**
 * Begin an association. A client has its first datagram ready to be drained; a server answers any
 * client from now on, so the peer's address should have been checked before (as ICE does), or
 * svms_dtls_accept() be used.
 *
 * @param[out] out  the association; release with svms_dtls_free()
 * @param context   what it is made of; may be released before it
 * @param target    whom it is meant for; NULL for servers with a trust store
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             begun
 * @retval SVMS_E_USAGE        an argument is NULL, the host is neither a DNS name nor an IP
 *                             address, a fingerprint has no hash that is known, or the target does
 *                             not fit the context
 * @retval SVMS_E_LIMIT        more than 8 fingerprints
 * @retval SVMS_E_UNSUPPORTED  the build has no TLS
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread; the association belongs to one thread at a time. Specification: DT-10
 * to DT-14. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_open(svms_dtls **out, svms_dtls_context *context,
                                                    const svms_dtls_target *target,
                                                    svms_error *err);

/**
 * Servers: make a client show that it receives what is sent to its address, before anything is kept
 * of it. For datagrams of addresses that have no association yet.
 *
 * @param[out] out          the association, which has read the datagram; NULL unless ::SVMS_OK
 * @param context           what it is made of
 * @param target            whom it is meant for; NULL with a trust store
 * @param address           where the datagram came from, in any form that is the same each time
 * @param address_size      bytes of it, 1 to ::SVMS_DTLS_ADDRESS_MAX
 * @param datagram          the datagram
 * @param size              bytes of it
 * @param[out] answer       ::SVMS_AGAIN: a datagram for that address, never longer than what came
 * @param capacity          room there; 256 bytes do
 * @param[out] answer_size  bytes of it; 0 unless ::SVMS_AGAIN
 * @param[out] err          why it failed, or NULL
 *
 * @retval SVMS_OK           its cookie is one that was sent to this address in the last two
 *                           minutes: the association has begun
 * @retval SVMS_AGAIN        it has none, or an old one, or another's: send the answer, keep nothing
 * @retval SVMS_E_MALFORMED  it is no first message of DTLS: drop it
 * @retval SVMS_E_LIMIT      there is no room for the answer
 *
 * Otherwise as svms_dtls_open(). Thread safety: any thread; the association belongs to one thread
 * at a time. Clauses: RFC 6347 section 4.2.1. Specification: DT-15 to DT-17. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_accept(svms_dtls **out, svms_dtls_context *context,
                                                      const svms_dtls_target *target,
                                                      const void *address, size_t address_size,
                                                      const void *datagram, size_t size,
                                                      void *answer, size_t capacity,
                                                      size_t *answer_size, svms_error *err);

/**
 * Release an association, without saying goodbye to the peer; svms_dtls_close() does that. Its
 * secrets are wiped.
 *
 * @param dtls  address of the association; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the association any more. Since 0.1.
 */
SVMS_API void svms_dtls_free(svms_dtls **dtls);

/** How far an association is. */
typedef enum svms_dtls_phase {
    SVMS_DTLS_HANDSHAKE = 1, /**< Nothing is agreed on yet. */
    SVMS_DTLS_READY = 2,     /**< It stands: svms_dtls_keys() gives the media keys. */
    SVMS_DTLS_CLOSED = 3,    /**< One end said goodbye: no more media. */
    SVMS_DTLS_FAILED = 4     /**< It failed; svms_dtls_feed() says how. */
} svms_dtls_phase;

/**
 * How far an association is.
 *
 * @param dtls  the association
 * @return its phase; ::SVMS_DTLS_FAILED for NULL
 *
 * Thread safety: the association belongs to one thread at a time. Since 0.1.
 */
SVMS_API svms_dtls_phase svms_dtls_phase_of(const svms_dtls *dtls);

/**
 * Hand in a datagram of the peer; drain afterwards. What is no DTLS, is damaged, repeated or of
 * another association changes nothing and is no failure; before the association stands, though, one
 * that can write into the path of its datagrams can end it, as RFC 6347 has it.
 *
 * @param dtls      the association
 * @param datagram  the datagram
 * @param size      bytes of it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           taken, or dropped: svms_dtls_phase_of() says how far it is
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_UNTRUSTED  the peer's certificate is not the one that was named, or not good
 *                           enough; err->message says why
 * @retval SVMS_E_POLICY     the peer refused us, or speaks nothing that we do (its version,
 *                           ciphers, protection profiles); err->message says which
 * @retval SVMS_E_MALFORMED  what came breaks the rules of DTLS
 * @retval SVMS_E_LIMIT      the peer sends more than is read
 * @retval SVMS_E_TRUNCATED  the peer said goodbye before the association stood
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * After a failure with one of the last seven every later call that has to do with datagrams or keys
 * gives the same; what is left for the peer (an alert) can still be drained.
 *
 * Thread safety: the association belongs to one thread at a time. Clauses: RFC 6347. Specification:
 * DT-18 to DT-27. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_feed(svms_dtls *dtls, const void *datagram,
                                                    size_t size, svms_error *err);

/**
 * Take a datagram for the peer. Works after a failure, too: an alert may say why.
 *
 * @param dtls       the association
 * @param[out] out   receives the datagram
 * @param capacity   room there; ::SVMS_DTLS_MTU_MAX bytes do
 * @param[out] size  bytes of it; 0 unless ::SVMS_OK
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       taken
 * @retval SVMS_END      there is none (now)
 * @retval SVMS_E_LIMIT  there is not enough room; it waits
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the association belongs to one thread at a time. Specification: DT-22. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_drain(svms_dtls *dtls, void *out, size_t capacity,
                                                     size_t *size, svms_error *err);

/**
 * How long svms_dtls_tick() has time, if nothing comes before. This is real time, measured by the
 * machine's clock as OpenSSL reads it: its timers take no other (DT-20).
 *
 * @param dtls  the association
 * @return nanoseconds, 0 when it is due; UINT64_MAX when nothing is waited for
 *
 * Thread safety: the association belongs to one thread at a time. Specification: DT-20. Since 0.1.
 */
SVMS_API uint64_t svms_dtls_wait(const svms_dtls *dtls);

/**
 * Send again what was not answered in time, if that is due; drain afterwards.
 *
 * @param dtls      the association
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           done, or nothing is due
 * @retval SVMS_E_USAGE      @p dtls is NULL
 * @retval SVMS_E_TRUNCATED  the peer does not answer: the same was sent 12 times
 *
 * Otherwise as svms_dtls_feed(). Thread safety: the association belongs to one thread at a time.
 * Clauses: RFC 6347 section 4.2.4. Specification: DT-20, DT-21. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_tick(svms_dtls *dtls, svms_error *err);

/**
 * The media keys. They are fresh: no two associations have the same.
 *
 * @param dtls          the association
 * @param[out] send     for what we send; initialised by the caller with its struct_size, as
 *                      ::SVMS_SRTP_KEY_INIT does; wipe it with svms_srtp_key_wipe()
 * @param[out] receive  for what the peer sends; the same
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK       both are given, without MKI
 * @retval SVMS_E_STATE  the association does not stand (yet, or any more)
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Otherwise as svms_dtls_feed(). Thread safety: the association belongs to one thread at a time.
 * Clauses: RFC 5764 section 4.2, RFC 7714 section 12. Specification: DT-28, DT-29. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_keys(svms_dtls *dtls, svms_srtp_key *send,
                                                    svms_srtp_key *receive, svms_error *err);

/**
 * Say goodbye (close_notify); drain afterwards. It may be lost on its way, as every datagram.
 *
 * @param dtls      the association
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       to be drained, or said before
 * @retval SVMS_E_STATE  the association does not stand yet
 * @retval SVMS_E_USAGE  @p dtls is NULL
 *
 * Otherwise as svms_dtls_feed(). Thread safety: the association belongs to one thread at a time.
 * Specification: DT-27. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_close(svms_dtls *dtls, svms_error *err);

/** Who the peer is. Start from ::SVMS_DTLS_PEER_INIT. Since 0.1. */
typedef struct svms_dtls_peer {
    uint32_t struct_size;              /**< sizeof(svms_dtls_peer). */
    svms_srtp_suite suite;             /**< What was agreed on. */
    uint32_t by_fingerprint;           /**< 1: it was accepted by its fingerprint. */
    uint32_t roles;                    /**< Roles, bits 1 << role; 0 by fingerprint. */
    svms_revocation revocation;        /**< What is known of its revocation. */
    uint32_t reserved;                 /**< 0. */
    char cipher[64];                   /**< Name of the cipher suite of DTLS. */
    char group[32];                    /**< Name of the key exchange group. */
    svms_dtls_fingerprint fingerprint; /**< SHA-256 of its certificate. */
    svms_certificate_info certificate; /**< Its certificate. By fingerprint nothing in it was
                                            checked but that it is the one. */
} svms_dtls_peer;

/** Initialiser of ::svms_dtls_peer. */
#define SVMS_DTLS_PEER_INIT                                                                        \
    {                                                                                              \
        (uint32_t)sizeof(svms_dtls_peer), (svms_srtp_suite)0, 0, 0, SVMS_REVOCATION_NOT_CHECKED,   \
            0, { 0 }, { 0 }, SVMS_DTLS_FINGERPRINT_INIT, SVMS_CERTIFICATE_INFO_INIT                \
    }

/**
 * Who the peer is, once the association stands; also after its end.
 *
 * @param dtls      the association
 * @param[out] out  what is known
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_STATE  the association never stood
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Otherwise as svms_dtls_feed(). Thread safety: the association belongs to one thread at a time.
 * Specification: DT-13, DT-14. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_dtls_peer_info(const svms_dtls *dtls, svms_dtls_peer *out,
                                                         svms_error *err);

/**
 * The peer's chain as it was sent.
 *
 * @param dtls  the association
 * @return borrowed, lives as long as the association; NULL when it never stood
 *
 * Thread safety: the association belongs to one thread at a time. Since 0.1.
 */
SVMS_API const svms_chain *svms_dtls_peer_chain(const svms_dtls *dtls);

#ifdef __cplusplus
}
#endif

#endif
