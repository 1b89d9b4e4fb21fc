/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Camera-signed video (ONVIF Media Signing 26.06, and Axis Signed Video): was what a camera sent
 * changed on its way? Rules: docs/spec/signedvideo.md (CS-...). Signing: svms/camera_signer.h.
 *
 * A validator takes the access units of one video track in decoding order, and hands out one report
 * for each GOP, or part of one that the camera signed, as soon as its verdict cannot change any
 * more. Every access unit belongs to exactly one report.
 */
#ifndef SVMS_SIGNEDVIDEO_H
#define SVMS_SIGNEDVIDEO_H

#include <svms/identity.h>
#include <svms/media.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codec of the track in which a recorder keeps verdicts (CS-REC-1). */
#define SVMS_CODEC_CAMERA_VERDICTS SVMS_FOURCC('s', 'v', 'c', 'v')

/** Most bytes of one text of a camera about itself, with its NUL. */
#define SVMS_CAMERA_TEXT_SIZE 256

/** What is said of a frame or a GOP (section 4). */
typedef enum svms_camera_verdict {
    SVMS_CAMERA_PENDING = 0,   /**< Not decided yet; in no report. */
    SVMS_CAMERA_AUTHENTIC = 1, /**< As it was signed. */
    SVMS_CAMERA_MISSING = 2,   /**< NAL units that were signed are not there. */
    SVMS_CAMERA_CHANGED = 3,   /**< Others than were signed. */
    SVMS_CAMERA_INSERTED = 4,  /**< Never signed, among what was. */
    SVMS_CAMERA_REPEATED = 5,  /**< Frames: signed once, and there twice. */
    SVMS_CAMERA_MOVED = 6,     /**< Frames: signed at another place. */
    SVMS_CAMERA_UNSIGNED = 7   /**< No valid signature covers it. */
} svms_camera_verdict;

/** Nothing signed came after it. */
#define SVMS_CAMERA_WHY_TAIL 0x0001u
/** What signed it came before the stream, or never; of what is signed: the stream begins in the
 * midst of it. */
#define SVMS_CAMERA_WHY_HEAD 0x0002u
/** The camera's counter shows that a SEI is missing. */
#define SVMS_CAMERA_WHY_SEI_MISSING 0x0004u
/** A SEI was changed: its signature does not fit. */
#define SVMS_CAMERA_WHY_SEI_CHANGED 0x0008u
/** A SEI breaks the format. */
#define SVMS_CAMERA_WHY_SEI_MALFORMED 0x0010u
/** There is no list of hashes: which frames are concerned cannot be told. */
#define SVMS_CAMERA_WHY_NO_LIST 0x0020u
/** It names another predecessor than the one that is there. */
#define SVMS_CAMERA_WHY_LINK 0x0040u
/** The camera began to sign anew here. No alarm by itself. */
#define SVMS_CAMERA_WHY_NEW_SESSION 0x0080u
/** The stream's times differ from signed ones, or signed ones go back. */
#define SVMS_CAMERA_WHY_CLOCK 0x0100u
/** Another key than before. No alarm by itself. */
#define SVMS_CAMERA_WHY_KEY_CHANGED 0x0200u
/** No certificate came with the signature, or before it. */
#define SVMS_CAMERA_WHY_NO_KEY 0x0400u
/** Algorithm or key of a kind that is not supported. */
#define SVMS_CAMERA_WHY_UNSUPPORTED 0x0800u
/** Signed in a form of the older format of one maker that is not validated (CS-VER-12). */
#define SVMS_CAMERA_WHY_OTHER_FORMAT 0x1000u
/** More NAL units waited than the caller allows. */
#define SVMS_CAMERA_WHY_LIMIT 0x2000u
/** The caller knows that the camera signs, and there is no SEI at all. */
#define SVMS_CAMERA_WHY_STRIPPED 0x4000u
/** A SEI came that fits nothing here. */
#define SVMS_CAMERA_WHY_STRAY 0x8000u

/**
 * Name of a verdict, as records have it (CS-REC-1).
 *
 * @param verdict  the verdict
 * @return a static string, or NULL for unknown values
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_camera_verdict_name(svms_camera_verdict verdict);

/**
 * Name of a reason, as records have it (CS-REC-1).
 *
 * @param reason  one of SVMS_CAMERA_WHY_...
 * @return a static string, or NULL for what is not exactly one reason
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_camera_reason_name(uint32_t reason);

/** In which format a camera signed. */
typedef enum svms_camera_format {
    SVMS_CAMERA_FORMAT_NONE = 0,          /**< None: no valid signature covers it. */
    SVMS_CAMERA_FORMAT_MEDIA_SIGNING = 1, /**< ONVIF Media Signing. */
    SVMS_CAMERA_FORMAT_AXIS_1 = 2,        /**< Axis Signed Video, before its version 2. */
    SVMS_CAMERA_FORMAT_AXIS_2 = 3         /**< Axis Signed Video, from its version 2 on. */
} svms_camera_format;

/**
 * Name of a format, for reports.
 *
 * @param format  the format
 * @return a static string, or NULL for unknown values
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_camera_format_name(svms_camera_format format);

/** The camera is known to sign: a stream without SEIs was stripped (CS-VER-8). */
#define SVMS_CAMERA_EXPECT_SIGNED 0x01u

/** Clocks of stream and signature are not compared. */
#define SVMS_CAMERA_ANY_CLOCK UINT32_MAX

/** How to validate. Start from ::SVMS_CAMERA_VALIDATOR_OPTIONS_INIT. Since 0.1. */
typedef struct svms_camera_validator_options {
    uint32_t struct_size;         /**< sizeof(svms_camera_validator_options). */
    uint32_t codec;               /**< ::SVMS_CODEC_H264 or ::SVMS_CODEC_H265. */
    svms_nal_framing framing;     /**< How NAL units follow one another in access units. */
    uint32_t flags;               /**< ::SVMS_CAMERA_EXPECT_SIGNED, or 0. */
    const svms_trust *trust;      /**< Anchors of makers of cameras, or NULL; must outlive the
                                       validator. */
    const svms_trust *user_trust; /**< Anchors of keys that users put into cameras, or NULL. */
    svms_time_policy policy;      /**< Whether a claimed time is believed (C-VER-4). */
    uint32_t clock_tolerance_ms;  /**< Most that stream and signature may differ; 0: 10 s;
                                       ::SVMS_CAMERA_ANY_CLOCK. */
    uint32_t waiting_max;         /**< Most NAL units that wait for a SEI, 64 to 1,048,576; 0:
                                       131,072. */
    uint32_t reserved;            /**< 0. */
    int64_t now_utc_ns;           /**< Present time, or ::SVMS_NO_TIME for the context's. */
    int64_t attested_utc_ns;      /**< When all of it is attested to have existed, or
                                       ::SVMS_NO_TIME. */
    const svms_chain *chain;      /**< Certificates of the maker's key, where the stream has none (a
                                       trimmed file), or NULL; copied. They count until the stream
                                       brings its own; whether they are trusted is another
                                       question. */
} svms_camera_validator_options;

/** Initialiser of ::svms_camera_validator_options: H.264, 4-byte lengths, nobody trusted. */
#define SVMS_CAMERA_VALIDATOR_OPTIONS_INIT                                                         \
    {                                                                                              \
        (uint32_t)sizeof(svms_camera_validator_options), SVMS_CODEC_H264, SVMS_NAL_LENGTH4, 0,     \
            NULL, NULL, SVMS_TIME_ATTESTED, 0, 0, 0, INT64_MIN, INT64_MIN, NULL                    \
    }

/** Opaque validator of one video track. */
typedef struct svms_camera_validator svms_camera_validator;

/**
 * Make a validator.
 *
 * @param[out] out  the validator; release with svms_camera_validator_free()
 * @param ctx       context; must outlive the validator
 * @param options   how to validate
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             made
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_UNSUPPORTED  the chain's key is of a kind that cameras do not sign with
 * @retval SVMS_E_LIMIT        the chain has more than 64 KiB of text
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 * @retval SVMS_E_CRYPTO       the provider failed
 *
 * Thread safety: any thread; the validator belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_camera_validator_new(svms_camera_validator **out, svms_ctx *ctx,
                          const svms_camera_validator_options *options, svms_error *err);

/**
 * Release a validator. NULL is allowed.
 *
 * @param validator  the validator; set to NULL
 *
 * Thread safety: any thread, when no other uses it. Since 0.1.
 */
SVMS_API void svms_camera_validator_free(svms_camera_validator **validator);

/**
 * Take the next access unit. Frames count from 0. Bytes are not kept.
 *
 * @param validator  the validator
 * @param data       NAL units of one access unit; may be NULL when @p size is 0
 * @param size       bytes of them
 * @param utc_ns     when it was captured, as the stream says, or ::SVMS_NO_TIME
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK           taken; svms_camera_validator_next() may have reports now
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      svms_camera_validator_end() was called, or a call failed before
 * @retval SVMS_E_MALFORMED  the bytes are no NAL units; the whole access unit counts as one NAL
 * unit that was never signed, and the next one can be taken
 * @retval SVMS_E_TRUNCATED  the same, for a length beyond the end
 * @retval SVMS_E_NO_MEMORY  the allocator failed; the validator is of no more use
 * @retval SVMS_E_CRYPTO     the provider failed; the validator is of no more use
 *
 * SEIs that are changed, malformed or unsupported are no failures of this call; reports tell them.
 *
 * Thread safety: one thread at a time. Rules: CS-NAL, CS-DOC, CS-VER. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_validator_add(svms_camera_validator *validator,
                                                               const void *data, size_t size,
                                                               int64_t utc_ns, svms_error *err);

/**
 * Between the access unit before and the next one something is missing, as the caller knows: a
 * connection was lost, say, or a recorder stood still. Whatever waits is decided; what ends here is
 * *unsigned*, reason "tail". What follows begins as a stream does: the camera may have gone on with
 * its counters, or have started again, neither of which is an alarm. That something is gone is not
 * told. Nothing is forgotten for it: keys, copies, and the time of what was signed before; what was
 * signed earlier than that, and comes now, is *changed*, reason "link" (CS-VER-13).
 *
 * To be called for what is certainly not there, and not for each lost packet: of what the lists of
 * the camera still cover the validator says exactly what is missing.
 *
 * @param validator  the validator
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK           done; svms_camera_validator_next() may have reports now
 * @retval SVMS_E_USAGE      @p validator is NULL
 * @retval SVMS_E_STATE      svms_camera_validator_end() was called, or a call failed before
 * @retval SVMS_E_NO_MEMORY  the allocator failed; the validator is of no more use
 * @retval SVMS_E_CRYPTO     the provider failed; the validator is of no more use
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_validator_gap(svms_camera_validator *validator,
                                                               svms_error *err);

/**
 * No more access units come: whatever waits is decided (CS-VER-7).
 *
 * @param validator  the validator
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK           done; a second call changes nothing
 * @retval SVMS_E_USAGE      @p validator is NULL
 * @retval SVMS_E_STATE      a call failed before
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_validator_end(svms_camera_validator *validator,
                                                               svms_error *err);

/** One report: a GOP, or part of one. Start from ::SVMS_CAMERA_GOP_INIT. Since 0.1. */
typedef struct svms_camera_gop {
    uint32_t struct_size;        /**< sizeof(svms_camera_gop). */
    svms_camera_verdict verdict; /**< What is said of all of it. */
    uint32_t reasons;            /**< SVMS_CAMERA_WHY_..., any number of them. */
    uint32_t counter;            /**< The camera's counter; 0 where no SEI covers it. */
    uint32_t is_signed;          /**< 1: a valid signature covers it. */
    uint32_t is_partial;         /**< 1: the camera signed part of a GOP. */
    uint32_t missing_gops;       /**< Signed GOPs that are missing before this one. */
    uint32_t remark_count;       /**< Number of remarks, svms_camera_validator_remark(). */
    uint64_t first_frame;        /**< Number of its first access unit. */
    uint64_t frame_count;        /**< Its access units that are there; may be 0. */
    uint64_t nal_units;          /**< Its covered NAL units that are there. */
    uint64_t missing_nal_units;  /**< Signed, and not there. */
    uint64_t changed_nal_units;  /**< Others than were signed. */
    uint64_t inserted_nal_units; /**< Never signed, or at another place, or twice. */
    int64_t from_utc_ns;         /**< Signed time of its first picture, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;           /**< Signed time of the picture after it, or ::SVMS_NO_TIME. */
    int64_t stream_utc_ns;       /**< What the stream says of its first frame, or
                                      ::SVMS_NO_TIME. */
    uint8_t key_sha256[32];   /**< SHA-256 of the leaf certificate that signed; of a key that came
                                   without one, of its SubjectPublicKeyInfo; zeros. */
    const svms_chain *signer; /**< Who signed, or NULL, also for a key that came without
                                   certificates; valid until the next call. */
    svms_identity_result identity; /**< What was found out about the signer. */
    svms_camera_format format;     /**< In which format it is signed. */
    uint32_t reserved;             /**< 0. */
} svms_camera_gop;

/** Initialiser of ::svms_camera_gop. */
#define SVMS_CAMERA_GOP_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_camera_gop), SVMS_CAMERA_PENDING, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   \
            0, INT64_MIN, INT64_MIN, INT64_MIN, { 0 }, NULL, SVMS_IDENTITY_RESULT_INIT,            \
            SVMS_CAMERA_FORMAT_NONE, 0                                                             \
    }

/**
 * Next report. Reports come in the order of the stream.
 *
 * @param validator  the validator
 * @param[out] gop   the report, initialised with ::SVMS_CAMERA_GOP_INIT
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK       one report
 * @retval SVMS_END      nothing more is decided
 * @retval SVMS_E_USAGE  an argument is NULL
 * @retval SVMS_E_STATE  a call failed before
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_validator_next(svms_camera_validator *validator,
                                                                svms_camera_gop *gop,
                                                                svms_error *err);

/** What is said of one frame, where that is not "authentic" in an authentic GOP or "unsigned" in an
 * unsigned one. Start from ::SVMS_CAMERA_REMARK_INIT. Since 0.1. */
typedef struct svms_camera_remark {
    uint32_t struct_size;        /**< sizeof(svms_camera_remark). */
    svms_camera_verdict verdict; /**< What is said. */
    uint64_t frame;     /**< Number of the access unit; of ::SVMS_CAMERA_MISSING, of the one before
                             which NAL units are missing. */
    uint64_t nal_units; /**< How many NAL units are concerned. */
    int64_t utc_ns;     /**< What the stream says of that frame, or ::SVMS_NO_TIME. */
} svms_camera_remark;

/** Initialiser of ::svms_camera_remark. */
#define SVMS_CAMERA_REMARK_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_camera_remark), SVMS_CAMERA_PENDING, 0, 0, INT64_MIN                 \
    }

/**
 * A remark of the report that svms_camera_validator_next() gave last. In a GOP that is *changed*
 * without a list (::SVMS_CAMERA_WHY_NO_LIST) there is none: all its frames may be concerned.
 *
 * @param validator    the validator
 * @param index        0 to svms_camera_gop::remark_count - 1; in the order of the stream
 * @param[out] remark  the remark, initialised with ::SVMS_CAMERA_REMARK_INIT
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK       there it is
 * @retval SVMS_E_USAGE  an argument is NULL, or there is no such remark
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_camera_validator_remark(const svms_camera_validator *validator, uint32_t index,
                             svms_camera_remark *remark, svms_error *err);

/** What was found so far. Start from ::SVMS_CAMERA_SUMMARY_INIT. Since 0.1. */
typedef struct svms_camera_summary {
    uint32_t struct_size;        /**< sizeof(svms_camera_summary). */
    svms_camera_verdict verdict; /**< The worst that was reported: changed, inserted, missing,
                                      unsigned, authentic, in this order; pending without any. */
    uint32_t reasons;            /**< All reasons that were reported. */
    uint32_t trusted;            /**< 1: all that is signed is by signers who are trusted. */
    uint64_t frames;             /**< Access units taken. */
    uint64_t gops;               /**< Reports. */
    uint64_t authentic_gops;     /**< Of them authentic. */
    uint64_t seis;               /**< SEIs that sign that were seen, whatever they held. */
    uint64_t first_failed_frame; /**< First frame of the first report that is not authentic, or
                                      UINT64_MAX. */
    int64_t first_failed_utc_ns; /**< When it was captured, as signature or stream say, or
                                      ::SVMS_NO_TIME. */
    char firmware[SVMS_CAMERA_TEXT_SIZE];     /**< Signed; printable as it is, or empty. */
    char serial[SVMS_CAMERA_TEXT_SIZE];       /**< Signed; printable as it is, or empty. */
    char manufacturer[SVMS_CAMERA_TEXT_SIZE]; /**< Signed; printable as it is, or empty. */
} svms_camera_summary;

/** Initialiser of ::svms_camera_summary. */
#define SVMS_CAMERA_SUMMARY_INIT                                                                   \
    {                                                                                              \
        (uint32_t)sizeof(svms_camera_summary), SVMS_CAMERA_PENDING, 0, 0, 0, 0, 0, 0, UINT64_MAX,  \
            INT64_MIN, { 0 }, { 0 },                                                               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Sum of the reports that svms_camera_validator_next() has given.
 *
 * @param validator     the validator
 * @param[out] summary  the sum, initialised with ::SVMS_CAMERA_SUMMARY_INIT
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK       there it is
 * @retval SVMS_E_USAGE  an argument is NULL
 *
 * Thread safety: one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_validator_summary(
    const svms_camera_validator *validator, svms_camera_summary *summary, svms_error *err);

/**
 * The report that svms_camera_validator_next() gave last as a record of a recorder (CS-REC-1).
 *
 * @param validator     the validator
 * @param track         number of the video track in the container
 * @param[out] out      receives JSON text and NUL; may be NULL when @p size says 0
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity needed
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK           there it is
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      there was no report yet
 * @retval SVMS_E_LIMIT      @p out is too small
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: one thread at a time. Rules: CS-REC. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_camera_validator_record(const svms_camera_validator *validator, uint32_t track, char *out,
                             size_t *size, svms_error *err);

/** What a recorder's record says. Start from ::SVMS_CAMERA_RECORD_INIT. Since 0.1. */
typedef struct svms_camera_record {
    uint32_t struct_size;           /**< sizeof(svms_camera_record). */
    uint32_t track;                 /**< Number of the video track. */
    svms_camera_verdict verdict;    /**< What the recorder found. */
    uint32_t reasons;               /**< SVMS_CAMERA_WHY_... */
    uint32_t trusted;               /**< 1: the signer was trusted. */
    svms_identity_verdict identity; /**< What was found out about the signer. */
    uint64_t first_frame;           /**< Number of the first access unit. */
    uint64_t frame_count;           /**< Access units. */
    int64_t from_utc_ns;            /**< Signed time, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;              /**< Signed time, or ::SVMS_NO_TIME. */
    char
        subject[SVMS_CAMERA_TEXT_SIZE]; /**< Subject of the signer; printable as it is, or empty. */
    uint8_t key_sha256[32];             /**< SHA-256 of the signer's leaf, or zeros. */
    svms_camera_format format;          /**< In which it is signed, or none where nobody says. */
    uint32_t reserved;                  /**< 0. */
} svms_camera_record;

/** Initialiser of ::svms_camera_record. */
#define SVMS_CAMERA_RECORD_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(svms_camera_record), 0, SVMS_CAMERA_PENDING, 0, 0,                        \
            SVMS_IDENTITY_UNSIGNED, 0, 0, INT64_MIN, INT64_MIN, { 0 }, { 0 },                      \
            SVMS_CAMERA_FORMAT_NONE, 0                                                             \
    }

/**
 * Read a record of a recorder, a sample of a ::SVMS_CODEC_CAMERA_VERDICTS track.
 *
 * @param ctx          context
 * @param data         the sample
 * @param size         bytes of it, at most 64 KiB
 * @param[out] record  what it says, initialised with ::SVMS_CAMERA_RECORD_INIT
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK            read
 * @retval SVMS_E_USAGE       an argument is NULL
 * @retval SVMS_E_MALFORMED   no record; err->message says where
 * @retval SVMS_E_LIMIT       longer than 64 KiB
 * @retval SVMS_E_NO_MEMORY   the allocator failed
 *
 * Thread safety: any thread. Rules: CS-REC. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_camera_record_read(svms_ctx *ctx, const void *data,
                                                             size_t size,
                                                             svms_camera_record *record,
                                                             svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
