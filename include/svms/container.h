/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What writer, reader and verifier of containers have in common.
 *
 * The format is docs/spec/container.md; identifiers such as C-HDR-3 refer to it.
 */
#ifndef SVMS_CONTAINER_H
#define SVMS_CONTAINER_H

#include <svms/identity.h>
#include <svms/io.h>
#include <svms/media.h>
#include <svms/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most tracks a container can have. */
#define SVMS_MAX_TRACKS 32
/** Most bytes a sample can have. */
#define SVMS_MAX_SAMPLE_SIZE 67108864u
/** Most bytes of a device name. */
#define SVMS_MAX_NAME_SIZE 1024

/** Where the media of a container come from (C-HDR-11). */
typedef enum svms_origin {
    SVMS_ORIGIN_LIVE = 1,  /**< Recorded as it happened. */
    SVMS_ORIGIN_EDGE = 2,  /**< Fetched later from the camera's own storage. */
    SVMS_ORIGIN_IMPORT = 3 /**< Brought in from a file. */
} svms_origin;

/** What capture times rest on (C-HDR-11). */
typedef enum svms_capture_clock {
    SVMS_CLOCK_UNKNOWN = 0, /**< Not known. */
    SVMS_CLOCK_SYSTEM = 1,  /**< The recorder's system clock. */
    SVMS_CLOCK_NTP = 2,     /**< Network time. */
    SVMS_CLOCK_PTP = 3,     /**< IEEE 1588. */
    SVMS_CLOCK_GNSS = 4,    /**< Satellite time. */
    SVMS_CLOCK_CAMERA = 5,  /**< The camera's word. */
    SVMS_CLOCK_GIVEN = 6    /**< The importer's word. */
} svms_capture_clock;

/** Why there is a gap before a segment (section 7 of the format). */
typedef enum svms_gap_reason {
    SVMS_GAP_NONE = 0,         /**< There is none. */
    SVMS_GAP_UNSPECIFIED = 1,  /**< No reason was given. */
    SVMS_GAP_SCHEDULE = 2,     /**< Not scheduled. */
    SVMS_GAP_MOTION = 3,       /**< Nothing moved. */
    SVMS_GAP_SIGNAL_LOST = 4,  /**< The camera was lost. */
    SVMS_GAP_EDGE_PENDING = 5, /**< The camera has it and will deliver. */
    SVMS_GAP_RESTART = 6,      /**< The recorder restarted. */
    SVMS_GAP_OVERLOAD = 7      /**< The recorder could not keep up. */
} svms_gap_reason;

/**
 * Name of a gap reason ("signal lost").
 *
 * @param reason  a reason
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_gap_reason_name(svms_gap_reason reason);

/** How a container was ended (section 12 of the format). */
typedef enum svms_end_reason {
    SVMS_END_CLOSED = 1,     /**< The recording was stopped. */
    SVMS_END_ROTATION = 2,   /**< The next container goes on. */
    SVMS_END_CLOCK_STEP = 3, /**< The clock stepped back; the next container goes on. */
    SVMS_END_ERROR = 4       /**< Something failed that did not keep the end from being written. */
} svms_end_reason;

/** What a writer found when it looked for the container that it continues (C-HDR-17). */
typedef enum svms_link_state {
    SVMS_LINK_NONE = 0,     /**< There is no link. */
    SVMS_LINK_VERIFIED = 1, /**< The predecessor was there and is what was remembered. */
    SVMS_LINK_MISMATCH = 2, /**< It is not what was remembered elsewhere. */
    SVMS_LINK_MISSING = 3,  /**< What was remembered elsewhere is not there. */
    SVMS_LINK_UNCHECKED = 4 /**< It was not looked at. */
} svms_link_state;

/**
 * The newest complete segment of a container: what a successor links to, what is kept off the
 * medium, and what a time stamp attests. Since 0.1.
 */
typedef struct svms_head {
    uint32_t struct_size;        /**< sizeof(svms_head). */
    uint32_t reserved;           /**< 0. */
    uint8_t container_id[16];    /**< Of the container. */
    uint8_t recording_id[16];    /**< Of the recording. */
    uint64_t recording_sequence; /**< Number of the container in the recording. */
    uint64_t segment; /**< Number of its newest complete segment; ::SVMS_NO_SEGMENT: none yet. */
    uint8_t manifest_hash[32]; /**< Hash of that segment's manifest (C-MAN-4); h without segment. */
    int64_t last_utc_ns;       /**< Latest moment of its complete segments, or ::SVMS_NO_TIME. */
} svms_head;

/** Initialiser of ::svms_head. */
#define SVMS_HEAD_INIT                                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_head), 0, { 0 }, { 0 }, 0, SVMS_NO_SEGMENT, { 0 }, INT64_MIN         \
    }

/**
 * Opaque set of passwords and private keys with which a container may be opened. Not for two
 * threads at a time while it is being filled.
 */
typedef struct svms_keyring svms_keyring;

/**
 * Make an empty key ring.
 *
 * @param[out] out  the ring; release with svms_keyring_free()
 * @param ctx       context; must outlive the ring
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_keyring_new(svms_keyring **out, svms_ctx *ctx,
                                                      svms_error *err);

/**
 * Add a password (at most four).
 *
 * @param ring      the ring
 * @param password  its bytes; copied
 * @param size      1 to 1,024 bytes
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           added
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_LIMIT      the ring holds four passwords
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_keyring_add_password(svms_keyring *ring,
                                                               const char *password, size_t size,
                                                               svms_error *err);

/**
 * Add a private key (at most sixteen).
 *
 * @param ring      the ring
 * @param key       X25519, P-256, or RSA of 2048, 3072 or 4096 bits, also outside the process;
 * borrowed, must outlive the ring
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             added
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_UNSUPPORTED  a key of another kind
 * @retval SVMS_E_LIMIT        the ring holds sixteen keys
 *
 * Thread safety: one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_keyring_add_key(svms_keyring *ring,
                                                          const svms_private_key *key,
                                                          svms_error *err);

/**
 * Add a key-encryption key (at most sixteen).
 *
 * @param ring      the ring
 * @param kek       the key; borrowed, must outlive the ring
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  an argument is NULL
 * @retval SVMS_E_LIMIT  the ring holds sixteen of them
 *
 * Thread safety: one thread. Specification: C-ACC-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_keyring_add_kek(svms_keyring *ring, const svms_kek *kek,
                                                          svms_error *err);

/**
 * Release a key ring and wipe its passwords.
 *
 * @param ring  address of the ring; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the ring any more. Since 0.1.
 */
SVMS_API void svms_keyring_free(svms_keyring **ring);

#ifdef __cplusplus
}
#endif

#endif
