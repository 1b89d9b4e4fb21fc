/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Signing video in a camera (ONVIF Media Signing 26.06). Rules: docs/spec/signedvideo.md (CS-SGN).
 *
 * Access units go in as the encoder makes them, and come out with the SEIs that are ready. The key
 * may be behind callbacks that answer later (svms/external_key.h): the stream never waits for it.
 */
#ifndef SVMS_CAMERA_SIGNER_H
#define SVMS_CAMERA_SIGNER_H

#include <svms/identity.h>
#include <svms/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/** No lists of hashes: fewer bytes, and what was changed cannot be told from its GOP. */
#define SVMS_CAMERA_LOW_BIT_RATE 0x01u
/** Certificates come once, in a SEI of their own at the beginning, and not with each signature:
 * fewer bytes, and who gets a part of the stream must keep that SEI. With a user's key it is always
 * so (CS-SGN-8). */
#define SVMS_CAMERA_CERTIFICATE_SEI 0x02u
/** Emulation prevention comes before the hash (reserved byte 0x40). */
#define SVMS_CAMERA_HASH_ESCAPED 0x04u

/** What a camera signs with, and how. Start from ::SVMS_CAMERA_SIGNER_OPTIONS_INIT. Since 0.1. */
typedef struct svms_camera_signer_options {
    uint32_t struct_size;             /**< sizeof(svms_camera_signer_options). */
    uint32_t codec;                   /**< ::SVMS_CODEC_H264 or ::SVMS_CODEC_H265. */
    svms_nal_framing framing;         /**< Of what goes in and comes out. */
    uint32_t flags;                   /**< SVMS_CAMERA_... above. */
    uint32_t sign_every;              /**< GOPs to one signature, 1 to 255; 0: 1. Parts that do not
                                           end their GOP are always signed. */
    uint32_t copies;                  /**< How often each SEI is sent, 1 to 3; 0: once. */
    uint32_t part_nal_units;          /**< A part ends after so many covered NAL units, 1 to 50,000;
                                           0: 1,000. */
    uint32_t part_ms;                 /**< A part ends after so long, in signed time, 1 to
                                           3,600,000; 0: 5,000. */
    const svms_chain *chain;          /**< The maker's certificates, leaf first, role *camera*. */
    const svms_private_key *key;      /**< Key of that leaf: P-256, P-384 or RSA. */
    const svms_chain *user_chain;     /**< The user's certificates, role *camera*, or NULL. */
    const svms_private_key *user_key; /**< Key of that leaf, which signs GOPs then, or NULL. */
    const char *firmware;             /**< Text of up to 255 bytes, UTF-8, or NULL. */
    const char *serial;               /**< The same. */
    const char *manufacturer;         /**< The same. */
} svms_camera_signer_options;

/** Initialiser of ::svms_camera_signer_options: H.264, 4-byte lengths, each GOP. */
#define SVMS_CAMERA_SIGNER_OPTIONS_INIT                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_camera_signer_options), SVMS_CODEC_H264, SVMS_NAL_LENGTH4, 0, 0, 0,  \
            0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL                                         \
    }

/** Opaque signer of one video stream. */
typedef struct svms_camera_signer svms_camera_signer;

/**
 * Make a signer. With ::SVMS_CAMERA_CERTIFICATE_SEI, or a user's key, the first access unit with a
 * picture that comes out has a certificate SEI. It is signed in this call, which waits for the
 * maker's key; nothing later does, but for svms_camera_signer_end(). Keys of a provider (not those
 * behind callbacks) sign within the call that asks them.
 *
 * @param[out] out  the signer; release with svms_camera_signer_free()
 * @param ctx       context; must outlive the signer
 * @param options   what to sign with; chains, keys and texts are only read in this call
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range, a text is no UTF-8, or key and
 *                             chain do not belong together
 * @retval SVMS_E_UNTRUSTED    a certificate does not allow the role *camera*, or signatures, or is
 *                             not valid now
 * @retval SVMS_E_UNSUPPORTED  a key of a kind that the format has no use for: Ed25519, X25519
 * @retval SVMS_E_LIMIT        the certificates, without the root, do not fit into a SEI, or that
 *                             not into a length field of fewer than 4 bytes
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed, or the maker's key did; other failures that the
 *                             holder of that key reports come as they are
 *
 * Thread safety: any thread; the signer belongs to one thread at a time. Rules: CS-SGN. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_camera_signer_new(svms_camera_signer **out, svms_ctx *ctx,
                       const svms_camera_signer_options *options, svms_error *err);

/**
 * Release a signer; what waits for signatures is dropped. NULL is allowed.
 *
 * @param signer  the signer; set to NULL
 *
 * Thread safety: any thread, when no other uses it. Since 0.1.
 */
SVMS_API void svms_camera_signer_free(svms_camera_signer **signer);

/** Most SEIs that wait for signatures; see svms_camera_signer_add(). */
#define SVMS_CAMERA_WAITING_MAX 32

/**
 * Take the next access unit, and give it back with the SEIs that are ready.
 *
 * Whatever fails after the access unit was taken concerns signatures alone: @p out is what is to be
 * sent, and the stream goes on. Only where nothing was taken @p out is NULL.
 *
 * @param signer         the signer
 * @param data           NAL units of one access unit, in decoding order
 * @param size           bytes of them
 * @param utc_ns         when it was captured, by the camera's clock, nanoseconds since 1970, 0 or
 *                       more; where pictures are not sent in the order of capture, a time that
 *                       grows with the order of sending. A clock that is set is no failure
 *                       (CS-SGN-7)
 * @param[out] out       the access unit with the SEIs that are ready before its first slice; NULL
 *                       when nothing was taken. Valid until the next call; may be @p data
 * @param[out] out_size  bytes of it
 * @param[out] err       why it failed, or NULL; the first failure where there is more than one
 *
 * @retval SVMS_OK             there it is
 * @retval SVMS_E_USAGE        an argument is NULL, or @p utc_ns negative; nothing was taken
 * @retval SVMS_E_STATE        svms_camera_signer_end() was called; nothing was taken
 * @retval SVMS_E_MALFORMED    the bytes are no NAL units; nothing was taken
 * @retval SVMS_E_TRUNCATED    a length reaches beyond the end; nothing was taken
 * @retval SVMS_E_UNSUPPORTED  it has SEIs of another signer; nothing was taken
 * @retval SVMS_E_LIMIT        a length field of fewer than 4 bytes cannot hold the SEI, or
 *                             ::SVMS_CAMERA_WAITING_MAX of them wait for the key already, so that
 *                             this GOP has none; with @p out NULL: more than 4,096 NAL units that
 *                             would be covered, and nothing was taken
 * @retval SVMS_E_NO_MEMORY    the allocator failed; with @p out NULL nothing was taken
 * @retval SVMS_E_CRYPTO       key or provider failed (CS-SGN-5)
 * @retval SVMS_E_CANCELLED    the holder of the key cancelled
 *
 * Other failures that the holder of a key reports come as they are. The GOPs concerned have no
 * signature.
 *
 * Thread safety: one thread at a time. Rules: CS-NAL, CS-DOC, CS-SGN. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_signer_add(svms_camera_signer *signer,
                                                            const void *data, size_t size,
                                                            int64_t utc_ns, const void **out,
                                                            size_t *out_size, svms_error *err);

/**
 * Somebody begins to watch (SetSynchronizationPoint): the next access unit gets a certificate SEI.
 * Without such SEIs nothing changes.
 *
 * @param signer  the signer; NULL is allowed
 *
 * Thread safety: one thread at a time. Clause: MS, "Handling SetSynchronizationPoint". Since 0.1.
 */
SVMS_API void svms_camera_signer_announce(svms_camera_signer *signer);

/**
 * SEIs whose signatures are under way, or that wait behind such.
 *
 * @param signer  the signer; NULL is allowed
 * @return how many; 0 for NULL
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API uint32_t svms_camera_signer_waiting(const svms_camera_signer *signer);

/**
 * The stream ends: the last GOP is signed, what is under way is waited for, and the SEIs that are
 * left come out, for the end of the last access unit. Where a signature fails, @p out has the
 * others.
 *
 * @param signer         the signer
 * @param utc_ns         when the stream ends: the end of the last GOP (CS-SGN-7)
 * @param[out] out       NAL units, framed as the stream is; the signer's, until it is freed. NULL
 *                       when there are none
 * @param[out] out_size  bytes of them; may be 0
 * @param[out] err       why it failed, or NULL; the first failure where there is more than one
 *
 * @retval SVMS_OK           there they are
 * @retval SVMS_E_USAGE      an argument is NULL, or @p utc_ns negative; nothing has ended
 * @retval SVMS_E_STATE      it was called before
 * @retval SVMS_E_LIMIT      a length field of fewer than 4 bytes cannot hold the SEI
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     key or provider failed
 * @retval SVMS_E_CANCELLED  the holder of the key cancelled
 *
 * Other failures that the holder of a key reports come as they are.
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_signer_end(svms_camera_signer *signer,
                                                            int64_t utc_ns, const void **out,
                                                            size_t *out_size, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
