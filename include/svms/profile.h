/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Export profiles: what an organisation sets for its exports, and what of it nobody may change.
 *
 * A profile is JSON (docs/spec/export-profile.md). Before anything is exported, the application
 * fills an ::svms_profile_request with what its user asked for, and svms_profile_apply() fills in
 * what he left open, or refuses.
 */
#ifndef SVMS_PROFILE_H
#define SVMS_PROFILE_H

#include <svms/key.h>
#include <svms/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a profile. */
#define SVMS_PROFILE_MAX_SIZE 65536u
/** Bytes that hold the path of a destination with its NUL. */
#define SVMS_PROFILE_FOLDER_SIZE 4096

/** Opaque export profile; immutable, shared freely between threads. */
typedef struct svms_profile svms_profile;

/** What an export makes. */
typedef enum svms_profile_format {
    SVMS_FORMAT_SVMX = 0,  /**< Evidence package. */
    SVMS_FORMAT_MP4 = 1,   /**< Clear MP4, with or without proof. */
    SVMS_FORMAT_ONVIF = 2, /**< ONVIF export file. */
    SVMS_FORMAT_JPEG = 3,  /**< Stills as JPEG. */
    SVMS_FORMAT_PNG = 4    /**< Stills as PNG. */
} svms_profile_format;

/** Options of a profile. As bits (1u << option) they name what was given, and what is unmet. */
typedef enum svms_profile_option {
    SVMS_PROFILE_FORMATS = 0,              /**< "formats". */
    SVMS_PROFILE_DESTINATIONS = 1,         /**< "destinations". */
    SVMS_PROFILE_SEALED = 2,               /**< "sealed". */
    SVMS_PROFILE_REEXPORT = 3,             /**< "reexport". */
    SVMS_PROFILE_PASSWORD = 4,             /**< "password". */
    SVMS_PROFILE_PASSWORD_LENGTH = 5,      /**< "password_length". */
    SVMS_PROFILE_PASSWORD_CLASSES = 6,     /**< "password_classes". */
    SVMS_PROFILE_PASSWORD_UNRELATED = 7,   /**< "password_unrelated". */
    SVMS_PROFILE_RECIPIENTS = 8,           /**< "recipients". */
    SVMS_PROFILE_SIGNATURE_ALGORITHMS = 9, /**< "signature_algorithms". */
    SVMS_PROFILE_TIME_STAMP = 10,          /**< "time_stamp". */
    SVMS_PROFILE_CASE = 11,                /**< "case". */
    SVMS_PROFILE_OPERATOR = 12,            /**< "operator". */
    SVMS_PROFILE_REASON = 13,              /**< "reason". */
    SVMS_PROFILE_COMMENT = 14,             /**< "comment". */
    SVMS_PROFILE_PROOF = 15,               /**< "proof". */
    SVMS_PROFILE_INCLUDE_UNVERIFIED = 16,  /**< "include_unverified". */
    SVMS_PROFILE_TRACK_REMOVAL = 17,       /**< "track_removal". */
    SVMS_PROFILE_ATTACHMENTS = 18,         /**< "attachments". */
    SVMS_PROFILE_MAXIMUM_PERIOD = 19       /**< "maximum_period". */
} svms_profile_option;

/**
 * What was asked for, and after svms_profile_apply() what is to be done. Start from
 * ::SVMS_PROFILE_REQUEST_INIT. Everything that it points to is borrowed for the call; texts are
 * UTF-8, NULL is none. Since 0.1.
 */
typedef struct svms_profile_request {
    uint32_t struct_size; /**< sizeof(svms_profile_request). */
    uint32_t given;       /**< In: bits of ::SVMS_PROFILE_FORMATS, ::SVMS_PROFILE_DESTINATIONS,
                             ::SVMS_PROFILE_SEALED, ::SVMS_PROFILE_REEXPORT whose fields the user
                             set himself; the others are filled in. */
    uint32_t unmet;       /**< Out: bits of options that the profile wants otherwise but has not
                             locked; worth a question or a warning. */
    svms_profile_format format;  /**< In and out: what is made. */
    uint32_t sealed;             /**< In and out: 1: encrypted. Only ::SVMS_FORMAT_SVMX can be. */
    uint32_t reexport;           /**< In and out: 1: re-export is allowed. Only
                                    ::SVMS_FORMAT_SVMX can say otherwise. */
    uint32_t time_stamp;         /**< 1: an authority will be asked for a time stamp. */
    uint32_t proof;              /**< 1: a proof is made as well (::SVMS_FORMAT_MP4). */
    uint32_t include_unverified; /**< 1: what does not verify shall be included. */
    uint32_t removed_tracks;     /**< Number of tracks that shall be left out. */
    uint32_t attachments;        /**< Number of attachments. */
    uint32_t recipient_count;    /**< Entries of recipients. */
    const uint8_t (*recipients)[16];       /**< Ids of everybody who shall be able to open it
                                              (svms_recipient_id(), svms_kek_id()). */
    const char *password;                  /**< Password, not NUL-terminated, or NULL. */
    size_t password_size;                  /**< Its bytes. */
    const svms_private_key *signer;        /**< Key that signs, or NULL where nothing is signed. */
    int64_t from_utc_ns;                   /**< Start of the period, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;                     /**< Its end, or ::SVMS_NO_TIME. */
    const char *destination;               /**< Folder that the output goes to. */
    const char *case_number;               /**< Case. */
    const char *operator_name;             /**< Who exports. */
    const char *reason;                    /**< Why. */
    const char *comment;                   /**< Anything else. */
    char folder[SVMS_PROFILE_FOLDER_SIZE]; /**< Out: where the output must go, without symbolic
                                              links; empty where the profile names no destination
                                              and none was given. */
} svms_profile_request;

/** Initialiser of ::svms_profile_request: a sealed package, nothing given. */
#define SVMS_PROFILE_REQUEST_INIT                                                                  \
    {                                                                                              \
        (uint32_t)sizeof(svms_profile_request), 0, 0, SVMS_FORMAT_SVMX, 1, 1, 0, 0, 0, 0, 0, 0,    \
            NULL, NULL, 0, NULL, INT64_MIN, INT64_MIN, NULL, NULL, NULL, NULL, NULL,               \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Read a profile. Whatever it holds that this version does not know is refused, so that a slip of
 * the pen unlocks nothing.
 *
 * @param[out] out  the profile; release with svms_profile_free()
 * @param ctx       context; must outlive the profile
 * @param json      UTF-8 text, not NUL-terminated
 * @param size      its bytes, at most ::SVMS_PROFILE_MAX_SIZE
 * @param[out] err  what is wrong with it, or NULL
 *
 * @retval SVMS_OK             read
 * @retval SVMS_E_USAGE        an argument is NULL
 * @retval SVMS_E_MALFORMED    not a profile: not JSON, an unknown member or option, a wrong type or
 *                             value; too large, or too deeply nested
 * @retval SVMS_E_UNSUPPORTED  another version of the format
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Specification: export-profile.md, section 2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_profile_parse(svms_profile **out, svms_ctx *ctx,
                                                        const void *json, size_t size,
                                                        svms_error *err);

/**
 * Release a profile.
 *
 * @param profile  address of the profile; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the profile any more. Since 0.1.
 */
SVMS_API void svms_profile_free(svms_profile **profile);

/**
 * Name of a profile, as the case of a package and the audit record of an export say it.
 *
 * @param profile  the profile, or NULL
 * @return its name, which belongs to it; "" for NULL
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_profile_name(const svms_profile *profile);

/**
 * Name of an option as profiles spell it ("formats").
 *
 * @param option  an option
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_profile_option_name(svms_profile_option option);

/**
 * Name of a format as profiles spell it ("mp4").
 *
 * @param format  a format
 * @return a static string; "unknown" for values that are not listed
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API const char *svms_profile_format_name(svms_profile_format format);

/**
 * Hold a request against a profile: what the user left open is filled in, what he asked for against
 * a locked option is refused.
 *
 * The destination is judged by what it is, not by how it is spelled: the folder must exist, and
 * symbolic links and dots are resolved. The output should then be written to
 * svms_profile_request.folder, since what was resolved may be replaced afterwards by whoever may
 * write there.
 *
 * @param profile         the profile
 * @param[in,out] request what was asked for, and what is to be done; changed only on success
 * @param[out] err        which option is locked, what was asked for, what the profile says; or
 *                        NULL. Never holds the password.
 *
 * @retval SVMS_OK           the request fits, as it now stands
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or the destination is too long
 * @retval SVMS_E_POLICY     a locked option forbids it
 * @retval SVMS_E_IO         the destination does not exist or is no folder
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread; each request on its own. Specification: export-profile.md, sections 3
 * and 4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_profile_apply(const svms_profile *profile,
                                                        svms_profile_request *request,
                                                        svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
