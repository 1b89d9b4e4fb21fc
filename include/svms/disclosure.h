/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Disclosure: secrets that open some tracks of some segments of one container, and nothing else.
 *
 * Whoever can open a container makes a disclosure of a range of time and hands it over beside the
 * container, which is not changed. The receiver adds it to a key ring. Each secret is checked
 * against the signed commitment of its segment before it is used, so a disclosure can neither open
 * anything else nor make a recording show something that was not recorded.
 */
#ifndef SVMS_DISCLOSURE_H
#define SVMS_DISCLOSURE_H

#include <svms/reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most secrets in a disclosure (C-LIM-1). */
#define SVMS_MAX_DISCLOSED 1048576u

/** Opaque disclosure; immutable, shared freely between threads. */
typedef struct svms_disclosure svms_disclosure;

/** What to disclose. Start from ::SVMS_DISCLOSURE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_disclosure_options {
    uint32_t struct_size;     /**< sizeof(svms_disclosure_options). */
    uint32_t track_mask;      /**< Bit n stands for track n; 0: every track that is encrypted. */
    const svms_keyring *keys; /**< What opens the container; borrowed for the call. */
    const svms_trust *trust;  /**< Trust anchors the signer must lead to, or NULL for no check of
                                 identity; borrowed for the call. */
    svms_time_policy time_policy; /**< Which time decides when the certificate has expired. */
    uint32_t reserved;            /**< 0. */
    int64_t from_utc_ns;          /**< Start of the range, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;            /**< End of the range (exclusive), or ::SVMS_NO_TIME. */
    void *user;                   /**< Passed to progress. */
    /** Progress in bytes, now and then; a result other than 0 cancels. Optional. */
    int (*progress)(void *user, uint64_t done, uint64_t total);
} svms_disclosure_options;

/** Initialiser of ::svms_disclosure_options: everything that is encrypted. */
#define SVMS_DISCLOSURE_OPTIONS_INIT                                                               \
    {                                                                                              \
        (uint32_t)sizeof(svms_disclosure_options), 0, NULL, NULL, SVMS_TIME_ATTESTED, 0,           \
            INT64_MIN, INT64_MIN, NULL, NULL                                                       \
    }

/** What a disclosure says of itself. Start from ::SVMS_DISCLOSURE_INFO_INIT. Since 0.1. */
typedef struct svms_disclosure_info {
    uint32_t struct_size;      /**< sizeof(svms_disclosure_info). */
    uint32_t entries;          /**< Secrets in it. */
    uint8_t container_id[16];  /**< Of the container it belongs to. */
    uint8_t header_digest[32]; /**< SHA-256 of that container's header. */
    uint64_t first_segment;    /**< Number of the first segment it opens something of. */
    uint64_t last_segment;     /**< Number of the last one. */
    uint32_t track_mask;       /**< Bit n: something of track n is opened. */
    uint32_t segments;         /**< Segments it opens something of. */
    int64_t first_utc_ns; /**< First moment of these segments; ::SVMS_NO_TIME when it was read from
                             a file, which does not say. */
    int64_t last_utc_ns;  /**< Last moment; likewise. */
} svms_disclosure_info;

/** Initialiser of ::svms_disclosure_info. */
#define SVMS_DISCLOSURE_INFO_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_disclosure_info), 0, { 0 }, { 0 }, 0, 0, 0, 0, INT64_MIN, INT64_MIN  \
    }

/**
 * Disclose a range of time of some tracks.
 *
 * Whole segments are disclosed: all that overlap the range. Each is verified first, and each secret
 * is compared with the signed commitment. Nothing is disclosed when any segment of the range does
 * not verify. Of a recording that is still being written, its complete segments count;
 * svms_disclosure_info says how far they reach.
 *
 * @param[out] out  the disclosure; release with svms_disclosure_free()
 * @param ctx       context; must outlive the disclosure
 * @param source    bytes of the container; borrowed
 * @param options   what to disclose; keys must be given
 * @param[out] err  where it failed and why, or NULL; err->segment names the segment
 *
 * @retval SVMS_OK               made
 * @retval SVMS_E_USAGE          an argument is NULL or out of range, there is no such track, a
 *                               chosen track is stored in the clear, or nothing is encrypted
 * @retval SVMS_E_INCOMPLETE     no segment overlaps the range, or a chosen track has no sample
 * there
 * @retval SVMS_E_NOT_AUTHENTIC  a segment of the range does not verify
 * @retval SVMS_E_UNTRUSTED      nobody signed, or trust was given and the signer does not hold up
 * @retval SVMS_E_UNDECRYPTABLE  a commitment is that of another key
 * @retval SVMS_E_WRONG_KEY      the keys do not open the container
 * @retval SVMS_E_LIMIT          more than ::SVMS_MAX_DISCLOSED secrets, or a bound of the format
 * @retval SVMS_E_MALFORMED      not a container
 * @retval SVMS_E_TRUNCATED      the file ends within its header
 * @retval SVMS_E_UNSUPPORTED    an unknown major version or critical bit
 * @retval SVMS_E_CANCELLED      the progress callback asked for it
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_IO             the source failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread; each call on its own. Specification: C-KEY-4, C-KEY-5, section 17.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_disclosure_make(svms_disclosure **out, svms_ctx *ctx,
                                                          const svms_source *source,
                                                          const svms_disclosure_options *options,
                                                          svms_error *err);

/**
 * Read a disclosure file.
 *
 * @param[out] out  the disclosure; release with svms_disclosure_free()
 * @param ctx       context; must outlive the disclosure
 * @param data      bytes of the file; copied
 * @param size      their number
 * @param[out] err  where it failed and why, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    not a disclosure file, or damaged; err->offset names the byte
 * @retval SVMS_E_TRUNCATED    the file ends too early
 * @retval SVMS_E_LIMIT        more than ::SVMS_MAX_DISCLOSED secrets
 * @retval SVMS_E_UNSUPPORTED  a later version
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread. Specification: C-DIS-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_disclosure_parse(svms_disclosure **out, svms_ctx *ctx,
                                                           const void *data, size_t size,
                                                           svms_error *err);

/**
 * The bytes of a disclosure file. They are a secret: store them with mode 0600.
 *
 * @param disclosure  the disclosure
 * @param[out] size   number of bytes
 * @return the bytes; they live as long as the disclosure; NULL when an argument is NULL
 *
 * Thread safety: any thread. Specification: C-DIS-1. Since 0.1.
 */
SVMS_API const uint8_t *svms_disclosure_data(const svms_disclosure *disclosure, size_t *size);

/**
 * What a disclosure opens, as it says itself.
 *
 * @param disclosure  the disclosure
 * @param[out] info   initialised with ::SVMS_DISCLOSURE_INFO_INIT
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       filled
 * @retval SVMS_E_USAGE  an argument is NULL or the struct is of an unknown longer version
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_disclosure_get_info(const svms_disclosure *disclosure,
                                                              svms_disclosure_info *info,
                                                              svms_error *err);

/**
 * Release a disclosure. Its secrets are wiped when the last key ring and the last reader that use
 * it are gone as well.
 *
 * @param disclosure  address of the disclosure; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API void svms_disclosure_free(svms_disclosure **disclosure);

/**
 * Add a disclosure to a key ring (at most sixteen).
 *
 * A reader opened with the ring, when no other key of the ring opens the container, opens what is
 * disclosed; see svms_container_info.disclosed.
 *
 * @param ring        the ring; keeps the disclosure alive
 * @param disclosure  the disclosure; may be released afterwards
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  an argument is NULL
 * @retval SVMS_E_LIMIT  the ring holds sixteen disclosures
 *
 * Thread safety: one thread for the ring. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_keyring_add_disclosure(svms_keyring *ring,
                                                                 svms_disclosure *disclosure,
                                                                 svms_error *err);

/**
 * Go to the first segment of which something was disclosed, so that the next sample comes from its
 * beginning. Works by number, as disclosures do not know times.
 *
 * @param reader    the reader
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           there
 * @retval SVMS_END          the container ends before that segment; the next sample would be the
 * end
 * @retval SVMS_E_USAGE      @p reader is NULL
 * @retval SVMS_E_STATE      the reader was not opened by a disclosure
 * @retval SVMS_E_IO         the source failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_reader_seek_disclosed(svms_reader *reader,
                                                                svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
