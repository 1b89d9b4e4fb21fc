/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SRTP and SRTCP: media packets that are encrypted and authenticated (RFC 3711, RFC 7714).
 *
 * Packets are handed in and changed in place; nothing here reads a socket, and keys come from
 * elsewhere: MIKEY (svms/mikey.h) or DTLS (svms/dtls.h). A build without SRTP has all functions;
 * those that make a session return ::SVMS_E_UNSUPPORTED there. Rules: docs/spec/srtp.md (SR-...).
 */
#ifndef SVMS_SRTP_H
#define SVMS_SRTP_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How packets are protected: cipher, tag and sizes. */
typedef enum svms_srtp_suite {
    SVMS_SRTP_AEAD_AES_256_GCM = 1,       /**< RFC 7714: key 32, salt 12, tag 16 bytes. */
    SVMS_SRTP_AEAD_AES_128_GCM = 2,       /**< RFC 7714: key 16, salt 12, tag 16 bytes. */
    SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 = 3 /**< RFC 3711: key 16, salt 14, tag 10 bytes; refused
                                               unless ::SVMS_SRTP_ALLOW_SHA1 is set. */
} svms_srtp_suite;

/** Most bytes of a master key. */
#define SVMS_SRTP_KEY_MAX 32u
/** Most bytes of a master salt. */
#define SVMS_SRTP_SALT_MAX 14u
/** Most bytes of a master key identifier. */
#define SVMS_SRTP_MKI_MAX 16u
/** Most bytes that protecting adds to a packet: tag, index of SRTCP, and MKI. */
#define SVMS_SRTP_OVERHEAD_MAX 36u
/** Most bytes of a packet, protected. */
#define SVMS_SRTP_PACKET_MAX 65535u

/**
 * The name of a suite, as its RFC writes it.
 *
 * @param suite  SVMS_SRTP_...
 * @return "AEAD_AES_256_GCM" and the like; NULL for another number
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_srtp_suite_name(svms_srtp_suite suite);

/**
 * Bytes of a suite's master key.
 *
 * @param suite  SVMS_SRTP_...
 * @return number of bytes; 0 for another number
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API size_t svms_srtp_key_size(svms_srtp_suite suite);

/**
 * Bytes of a suite's master salt.
 *
 * @param suite  SVMS_SRTP_...
 * @return number of bytes; 0 for another number
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API size_t svms_srtp_salt_size(svms_srtp_suite suite);

/** A master key with its salt and identifier. Holds secrets: wipe it with svms_srtp_key_wipe().
 * Start from ::SVMS_SRTP_KEY_INIT. Since 0.1. */
typedef struct svms_srtp_key {
    uint32_t struct_size;             /**< sizeof(svms_srtp_key). */
    uint32_t suite;                   /**< SVMS_SRTP_...; decides the sizes of key and salt. */
    uint8_t key[SVMS_SRTP_KEY_MAX];   /**< Master key. */
    uint8_t salt[SVMS_SRTP_SALT_MAX]; /**< Master salt. */
    uint8_t reserved[2];              /**< 0. */
    uint32_t mki_size;                /**< Bytes of the MKI; 0: packets carry none. */
    uint8_t mki[SVMS_SRTP_MKI_MAX];   /**< Master key identifier, in every packet's end. */
} svms_srtp_key;

/** Initialiser of ::svms_srtp_key. */
#define SVMS_SRTP_KEY_INIT                                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_srtp_key), 0, { 0 }, { 0 }, { 0 }, 0,                                \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Draw a fresh key.
 *
 * @param[out] out  the key, initialised with ::SVMS_SRTP_KEY_INIT; wipe it when it is used up
 * @param ctx       context
 * @param suite     what it is for
 * @param mki_size  bytes of a random identifier that is not all zero; 0: none
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK        drawn
 * @retval SVMS_E_USAGE   an argument is NULL, no such suite, or above ::SVMS_SRTP_MKI_MAX
 * @retval SVMS_E_CRYPTO  no random bytes
 *
 * Thread safety: any thread. Rule: SR-KEY-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_key_random(svms_srtp_key *out, svms_ctx *ctx,
                                                          svms_srtp_suite suite, uint32_t mki_size,
                                                          svms_error *err);

/**
 * Overwrite the secrets of a key.
 *
 * @param key  the key, or NULL; afterwards as ::SVMS_SRTP_KEY_INIT
 *
 * Thread safety: nobody else may use it. Since 0.1.
 */
SVMS_API void svms_srtp_key_wipe(svms_srtp_key *key);

/** Permit ::SVMS_SRTP_AES_CM_128_HMAC_SHA1_80. */
#define SVMS_SRTP_ALLOW_SHA1 0x01u

/** How a session behaves. Start from ::SVMS_SRTP_OPTIONS_INIT. Since 0.1. */
typedef struct svms_srtp_options {
    uint32_t struct_size;   /**< sizeof(svms_srtp_options). */
    uint32_t flags;         /**< SVMS_SRTP_ALLOW_SHA1. */
    uint32_t replay_window; /**< RTP packets whose numbers are remembered, 64 to 32,767; 0:
                                 1,024. For RTCP it is always 128. */
    uint32_t max_sources;   /**< Sources received at most, and sent at most, 1 to 64; 0: 16. */
} svms_srtp_options;

/** Initialiser of ::svms_srtp_options. */
#define SVMS_SRTP_OPTIONS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_srtp_options), 0, 0, 0                                               \
    }

/** Opaque protected media session with one peer: what is sent and what is received, RTP and
 * RTCP. */
typedef struct svms_srtp svms_srtp;

/**
 * Make a session without keys.
 *
 * @param[out] out  the session; release with svms_srtp_free()
 * @param ctx       context; must outlive the session
 * @param options   how it behaves, or NULL for the defaults
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_UNSUPPORTED  this build has no SRTP
 * @retval SVMS_E_CRYPTO       libsrtp does not start
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_new(svms_srtp **out, svms_ctx *ctx,
                                                   const svms_srtp_options *options,
                                                   svms_error *err);

/**
 * Set the key that a source is sent with. Called again it changes the key: sequence numbers and
 * the roll-over counter go on, and the packets that follow use the new key.
 *
 * A key never protects two packets of one number: what would allow that is refused.
 *
 * @param srtp      the session
 * @param ssrc      the source
 * @param key       the key; copied
 * @param[out] err  why it failed, or NULL; then the key before stays, unless libsrtp failed within
 *                  the change: the source cannot be sent any more then
 *
 * @retval SVMS_OK           packets of that source are protected with it from now on
 * @retval SVMS_E_USAGE      an argument is NULL, no such suite, or an MKI that is too long
 * @retval SVMS_E_POLICY     the suite is not allowed
 * @retval SVMS_E_STATE      this source has or had that key, the peer sends that source, or the
 *                           source was lost in a change that failed
 * @retval SVMS_E_LIMIT      more sources, or more keys of one source (4,096), than allowed
 * @retval SVMS_E_CRYPTO     the provider failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the session belongs to one thread at a time. Rules: SR-KEY-2 to SR-KEY-5. Since
 * 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_send(svms_srtp *srtp, uint32_t ssrc,
                                                    const svms_srtp_key *key, svms_error *err);

/** For svms_srtp_receive(): the key is for every source that has none of its own. */
#define SVMS_SRTP_ANY_SOURCE 0x01u

/**
 * Set the key that a source, or any source, is received with. Called again it changes the key.
 *
 * The key before stays valid beside the new one: where the two have different MKIs, for whatever
 * carries its MKI; otherwise for packets older than the first that came under the new key. It ends
 * with svms_srtp_receive_drop_old(), or when the key changes again. The key that holds already,
 * given again, changes nothing.
 *
 * @param srtp      the session
 * @param flags     ::SVMS_SRTP_ANY_SOURCE, or 0
 * @param ssrc      the source; 0 with ::SVMS_SRTP_ANY_SOURCE
 * @param roc       the source's roll-over counter where it is known (MIKEY); heeded for a source
 *                  that is new
 * @param key       the key; copied
 * @param[out] err  why it failed, or NULL; then everything stays as it was
 *
 * @retval SVMS_OK           packets under that key are accepted from now on
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, no such suite, or an MKI that is
 *                           too long
 * @retval SVMS_E_POLICY     the suite is not allowed
 * @retval SVMS_E_STATE      the key was held before, or this side sends that source
 * @retval SVMS_E_LIMIT      more sources, or more keys (4,096), than allowed
 * @retval SVMS_E_CRYPTO     the provider failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the session belongs to one thread at a time. Rules: SR-KEY-2, SR-KEY-6 to
 * SR-KEY-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_receive(svms_srtp *srtp, uint32_t flags,
                                                       uint32_t ssrc, uint32_t roc,
                                                       const svms_srtp_key *key, svms_error *err);

/**
 * Forget the keys that were changed: nothing under them is accepted any more.
 *
 * @param srtp      the session
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       forgotten, or there were none
 * @retval SVMS_E_USAGE  @p srtp is NULL
 *
 * Thread safety: the session belongs to one thread at a time. Rule: SR-KEY-8. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_receive_drop_old(svms_srtp *srtp, svms_error *err);

/**
 * Protect an RTP packet, in place.
 *
 * @param srtp          the session
 * @param packet        the packet, at any alignment
 * @param[in,out] size  bytes of it; receives those of the protected packet
 * @param capacity      bytes that @p packet has room for; ::SVMS_SRTP_OVERHEAD_MAX more than
 *                      @p size always suffice
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           protected
 * @retval SVMS_E_USAGE      an argument is NULL, or the packet has no room for tag and MKI
 * @retval SVMS_E_MALFORMED  no RTP packet
 * @retval SVMS_E_TRUNCATED  it ends within its header
 * @retval SVMS_E_STATE      its source has no key, or its number was sent already or is too old:
 *                           protecting it again would expose both
 * @retval SVMS_E_LIMIT      it or its header is too long, or the key has protected all it may:
 *                           change it
 * @retval SVMS_E_CRYPTO     the provider failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * After a failure other than of the provider the packet is unchanged. Thread safety: the session
 * belongs to one thread at a time. Rules: SR-PKT, SR-SND. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_protect(svms_srtp *srtp, uint8_t *packet,
                                                       size_t *size, size_t capacity,
                                                       svms_error *err);

/**
 * Check and decrypt an SRTP packet, in place.
 *
 * @param srtp          the session
 * @param packet        the packet, at any alignment; of no use after a failure
 * @param[in,out] size  bytes of it; receives those of the RTP packet
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK               it is the peer's, came for the first time, and is decrypted
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_MALFORMED      no SRTP packet
 * @retval SVMS_E_TRUNCATED      it ends within its header, tag or MKI
 * @retval SVMS_E_NOT_AUTHENTIC  the tag is wrong: another key, or somebody changed it
 * @retval SVMS_E_WRONG_KEY      no key for its source, or for its MKI
 * @retval SVMS_E_POLICY         it came already (a replay), or is older than the replay window
 * @retval SVMS_E_STATE          authentic, but of a source that this side sends: a collision, or
 *                               our own packet come back
 * @retval SVMS_E_LIMIT          too long, one source more than allowed, or beyond what its key may
 *                               protect
 * @retval SVMS_E_CRYPTO         the provider failed
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 *
 * Whatever fails changes nothing but counts. Thread safety: the session belongs to one thread at a
 * time. Rules: SR-PKT, SR-RCV. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_unprotect(svms_srtp *srtp, uint8_t *packet,
                                                         size_t *size, svms_error *err);

/**
 * Protect a compound RTCP packet, in place. As svms_srtp_protect(), but a number is never given by
 * the caller, and a source sends 2^31 - 1 of them in its life.
 *
 * @param srtp          the session
 * @param packet        the packet, at any alignment
 * @param[in,out] size  bytes of it; receives those of the protected packet
 * @param capacity      bytes that @p packet has room for
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           protected
 * @retval SVMS_E_USAGE      an argument is NULL, or the packet has no room for tag, index and MKI
 * @retval SVMS_E_MALFORMED  no RTCP packet
 * @retval SVMS_E_TRUNCATED  it ends within its header
 * @retval SVMS_E_STATE      its source has no key
 * @retval SVMS_E_LIMIT      it is too long, or the source has sent all RTCP packets it may
 * @retval SVMS_E_CRYPTO     the provider failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the session belongs to one thread at a time. Rules: SR-PKT, SR-SND. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_protect_rtcp(svms_srtp *srtp, uint8_t *packet,
                                                            size_t *size, size_t capacity,
                                                            svms_error *err);

/**
 * Check and decrypt an SRTCP packet, in place. Errors as of svms_srtp_unprotect(); a packet that
 * is authentic but not encrypted is ::SVMS_E_POLICY.
 *
 * @param srtp          the session
 * @param packet        the packet, at any alignment; of no use after a failure
 * @param[in,out] size  bytes of it; receives those of the RTCP packet
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK               it is the peer's, came for the first time, and is decrypted
 * @retval SVMS_E_USAGE          an argument is NULL
 * @retval SVMS_E_MALFORMED      no SRTCP packet
 * @retval SVMS_E_TRUNCATED      it ends within its header, tag, index or MKI
 * @retval SVMS_E_NOT_AUTHENTIC  the tag is wrong: another key, or somebody changed it
 * @retval SVMS_E_WRONG_KEY      no key for its source, or for its MKI
 * @retval SVMS_E_POLICY         a replay, older than the replay window, or not encrypted
 * @retval SVMS_E_STATE          authentic, but of a source that this side sends
 * @retval SVMS_E_LIMIT          too long, or one source more than allowed
 * @retval SVMS_E_CRYPTO         the provider failed
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 *
 * Thread safety: the session belongs to one thread at a time. Rules: SR-PKT, SR-RCV. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_unprotect_rtcp(svms_srtp *srtp, uint8_t *packet,
                                                              size_t *size, svms_error *err);

/**
 * The roll-over counter of a source, for MIKEY.
 *
 * @param srtp  the session
 * @param ssrc  a source that is sent or received
 * @return how often its sequence numbers went round; 0 for an unknown one or NULL
 *
 * Thread safety: the session belongs to one thread at a time. Since 0.1.
 */
SVMS_API uint32_t svms_srtp_roc(const svms_srtp *srtp, uint32_t ssrc);

/**
 * How much the key of a source that is sent may still protect, so that it is changed in time.
 *
 * @param srtp       the session
 * @param ssrc       the source
 * @param[out] rtp   RTP packets left, if none is passed over; or NULL
 * @param[out] rtcp  RTCP packets left; or NULL
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  @p srtp is NULL
 * @retval SVMS_E_STATE  that source has no key
 *
 * Thread safety: the session belongs to one thread at a time. Rule: SR-KEY-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_key_left(const svms_srtp *srtp, uint32_t ssrc,
                                                        uint64_t *rtp, uint64_t *rtcp,
                                                        svms_error *err);

/** What a session has counted since it was made, RTP and RTCP together. Start from
 * ::SVMS_SRTP_COUNTS_INIT. Since 0.1. */
typedef struct svms_srtp_counts {
    uint32_t struct_size;    /**< sizeof(svms_srtp_counts). */
    uint32_t sources;        /**< Sources that are received. */
    uint64_t sent;           /**< Packets protected. */
    uint64_t sent_bytes;     /**< Their bytes, protected. */
    uint64_t received;       /**< Packets accepted. */
    uint64_t received_bytes; /**< Their bytes, protected. */
    uint64_t malformed;      /**< Refused: no packet of the kind, or too long. */
    uint64_t forged;         /**< Refused: the tag is wrong. */
    uint64_t replayed;       /**< Refused: came already. */
    uint64_t too_old;        /**< Refused: older than the replay window. */
    uint64_t no_key;         /**< Refused: no key for the source. */
    uint64_t unknown_mki;    /**< Refused: no key for the MKI. */
    uint64_t unencrypted;    /**< Refused: RTCP that is not encrypted. */
    uint64_t collisions;     /**< Refused: of a source that this side sends. */
    uint64_t limited;        /**< Refused: one source more than allowed, or a key at its end. */
} svms_srtp_counts;

/** Initialiser of ::svms_srtp_counts. */
#define SVMS_SRTP_COUNTS_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_srtp_counts), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0               \
    }

/**
 * What was counted.
 *
 * @param srtp         the session
 * @param[out] counts  filled; initialised with ::SVMS_SRTP_COUNTS_INIT
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: the session belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_srtp_count(const svms_srtp *srtp,
                                                     svms_srtp_counts *counts, svms_error *err);

/**
 * Release a session and wipe its keys.
 *
 * @param srtp  address of the session; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: nobody may use the session any more. Since 0.1.
 */
SVMS_API void svms_srtp_free(svms_srtp **srtp);

#ifdef __cplusplus
}
#endif

#endif
