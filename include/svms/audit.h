/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Audit records: who did what, when, from where, on what, and how it ended.
 *
 * A record is built from what a caller knows, checked against the catalogue of events, and is from
 * then on its bytes. Specification: audit.md, sections 1 and 2.
 */
#ifndef SVMS_AUDIT_H
#define SVMS_AUDIT_H

#include <svms/context.h>
#include <svms/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most bytes of a record. */
#define SVMS_AUDIT_RECORD_MAX 16384

/** How it ended. */
typedef enum svms_audit_outcome {
    SVMS_AUDIT_UNKNOWN = 0, /**< Nobody knows. */
    SVMS_AUDIT_SUCCESS = 1, /**< It was done. */
    SVMS_AUDIT_FAILURE = 2, /**< Who tried was wrong: a password, a signature. */
    SVMS_AUDIT_DENIED = 3,  /**< Who asked may not. */
    SVMS_AUDIT_ERROR = 4    /**< The system failed. */
} svms_audit_outcome;

/** Kinds of those who act. */
typedef enum svms_audit_actor_kind {
    SVMS_AUDIT_ACTOR_UNKNOWN = 0, /**< Not known who. */
    SVMS_AUDIT_ACTOR_USER = 1,    /**< A person. */
    SVMS_AUDIT_ACTOR_SERVICE = 2, /**< Another server, or an integration. */
    SVMS_AUDIT_ACTOR_DEVICE = 3,  /**< A device. */
    SVMS_AUDIT_ACTOR_SYSTEM = 4   /**< The program itself. */
} svms_audit_actor_kind;

/** What all events have. Texts are borrowed for the call. Start from ::SVMS_AUDIT_EVENT_INIT.
 * Since 0.1. */
typedef struct svms_audit_event {
    uint32_t struct_size;             /**< sizeof(svms_audit_event). */
    svms_audit_outcome outcome;       /**< How it ended. */
    const char *event;                /**< Name of the event (audit.md, section 2). */
    int64_t at_utc_ns;                /**< When; ::SVMS_NO_TIME: the context's clock. */
    const char *server;               /**< On which server. */
    const char *component;            /**< In which part of it, or NULL. */
    const char *process;              /**< In which process, or NULL. */
    svms_audit_actor_kind actor_kind; /**< What kind acted. */
    uint32_t reserved;                /**< 0. */
    const char *actor_id;             /**< Who: what stays the same; or NULL. */
    const char *actor_name;           /**< Who: what people know; or NULL. */
    const char *address;              /**< From which address, or NULL. */
    const char *client;               /**< With which client, or NULL. */
    const char *session;              /**< In which session (not what opens it), or NULL. */
    const char *token;                /**< `jti` of the token (never a token), or NULL. */
    const char *const *in_place_of;   /**< For whom, the nearest first, or NULL. */
    size_t in_place_of_count;         /**< How many. */
    const char *device;               /**< On which device, or NULL. */
    const char *const *devices;       /**< On which devices, or NULL. */
    size_t device_count;              /**< How many. */
    const char *object;               /**< What else it is about, or NULL. */
    int64_t from_utc_ns;              /**< Recorded time, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;                /**< Its end, or ::SVMS_NO_TIME. */
    const char *reason;               /**< Why, in words; needed for what did not succeed. */
    const char *code;                 /**< Why, as a name of a closed list, or NULL. */
} svms_audit_event;

/** Initialiser of ::svms_audit_event. */
#define SVMS_AUDIT_EVENT_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_event), SVMS_AUDIT_UNKNOWN, NULL, INT64_MIN, NULL, NULL, NULL, \
            SVMS_AUDIT_ACTOR_UNKNOWN, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL,  \
            0, NULL, INT64_MIN, INT64_MIN, NULL, NULL                                              \
    }

/** Opaque record that is being built; belongs to one thread. */
typedef struct svms_audit_record svms_audit_record;

/**
 * Begin a record.
 *
 * @param[out] out  the record; release with svms_audit_record_free()
 * @param ctx       context; must outlive the record
 * @param event     what all events have
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           begun
 * @retval SVMS_E_USAGE      an argument or a member that must be there is NULL; the event has no
 *                           name that events have; what did not succeed has no reason; a time is
 *                           none
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     there is no randomness
 *
 * Thread safety: any thread. Specification: A-REC-1 to A-REC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_new(svms_audit_record **out, svms_ctx *ctx,
                                                           const svms_audit_event *event,
                                                           svms_error *err);

/**
 * Add a text. What stands in a URL before "@" is left out (A-REC-3); what is longer than 4,096
 * bytes is cut.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param text      NUL-terminated; what is not UTF-8 becomes U+FFFD; NULL: the member is left out
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  an argument is NULL; the event has no such member, it is of another kind,
 * or is there already
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-2 to A-REC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_text(svms_audit_record *record,
                                                            const char *name, const char *text,
                                                            svms_error *err);

/**
 * Add a number.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param number    the number, at most 2^53 − 1
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  as in svms_audit_record_text(), or the number is too large for JSON
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_number(svms_audit_record *record,
                                                              const char *name, uint64_t number,
                                                              svms_error *err);

/**
 * Add yes or no.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param flag      0: no
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  as in svms_audit_record_text()
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_flag(svms_audit_record *record,
                                                            const char *name, uint32_t flag,
                                                            svms_error *err);

/**
 * Add a time.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param utc_ns    the time; ::SVMS_NO_TIME: the member is left out
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  as in svms_audit_record_text(), or it is no time that can be written
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_time(svms_audit_record *record,
                                                            const char *name, int64_t utc_ns,
                                                            svms_error *err);

/**
 * Add a digest, in hexadecimal. Never a key.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param digest    the bytes
 * @param size      16 to 64
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  as in svms_audit_record_text(), or the size is not that of a digest
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_digest(svms_audit_record *record,
                                                              const char *name,
                                                              const uint8_t *digest, size_t size,
                                                              svms_error *err);

/**
 * Add a list of texts.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param texts     the texts, each as in svms_audit_record_text()
 * @param count     how many; of more than 256 the first are told, and how many are not
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  as in svms_audit_record_text()
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_list(svms_audit_record *record,
                                                            const char *name,
                                                            const char *const *texts, size_t count,
                                                            svms_error *err);

/** A stretch of recorded time. */
typedef struct svms_audit_range {
    int64_t from_utc_ns; /**< First moment. */
    int64_t to_utc_ns;   /**< First moment behind it. */
} svms_audit_range;

/**
 * Add a list of stretches of recorded time.
 *
 * @param record    the record
 * @param name      member of the event's details
 * @param ranges    the stretches
 * @param count     how many; of more than 256 the first are told, and how many are not
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  as in svms_audit_record_text(), or a time is none
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_ranges(svms_audit_record *record,
                                                              const char *name,
                                                              const svms_audit_range *ranges,
                                                              size_t count, svms_error *err);

/** Values of a setting that was changed. Start from ::SVMS_AUDIT_CHANGE_INIT. Since 0.1. */
typedef struct svms_audit_change {
    uint32_t struct_size; /**< sizeof(svms_audit_change). */
    uint32_t is_secret;   /**< 1: its values are never told; also without this where the name of the
                               setting ends as those of secrets do. */
    const char *setting;  /**< Name of the setting. */
    const char *before;   /**< What it was; NULL: it was not there. */
    const char *after;    /**< What it is; NULL: it is not there. */
} svms_audit_change;

/** Initialiser of ::svms_audit_change. */
#define SVMS_AUDIT_CHANGE_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_change), 0, NULL, NULL, NULL                                   \
    }

/**
 * Add what a setting was and is: the members `setting`, `before`, `after`.
 *
 * @param record    the record
 * @param change    the setting
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       added
 * @retval SVMS_E_USAGE  an argument or the setting is NULL; the event has no such members, or has
 *                       them already
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_change(svms_audit_record *record,
                                                              const svms_audit_change *change,
                                                              svms_error *err);

/**
 * End a record, and get its bytes.
 *
 * @param record    the record
 * @param[out] out  its bytes; live as long as the record
 * @param[out] size how many
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           the record stands; nothing can be added any more
 * @retval SVMS_E_USAGE      an argument is NULL, or a member that the event must have is missing
 *                           (details may be, where the outcome is denied or error);
 *                           err->message names it
 * @retval SVMS_E_LIMIT      it is larger than ::SVMS_AUDIT_RECORD_MAX
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the record belongs to one thread. Specification: A-REC-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_record_end(svms_audit_record *record,
                                                           const uint8_t **out, size_t *size,
                                                           svms_error *err);

/**
 * Release a record.
 *
 * @param record  address of the record; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_audit_record_free(svms_audit_record **record);

/** Kinds of members of details. */
typedef enum svms_audit_kind {
    SVMS_AUDIT_TEXT = 1,   /**< Text. */
    SVMS_AUDIT_NUMBER = 2, /**< Whole number. */
    SVMS_AUDIT_FLAG = 3,   /**< Yes or no. */
    SVMS_AUDIT_TIME = 4,   /**< Time. */
    SVMS_AUDIT_DIGEST = 5, /**< Hexadecimal digits. */
    SVMS_AUDIT_LIST = 6,   /**< List of texts. */
    SVMS_AUDIT_RANGES = 7, /**< List of stretches of recorded time. */
    SVMS_AUDIT_VALUE = 8   /**< Value of a setting: text, or what kind of secret it is. */
} svms_audit_kind;

/** One member of the details of an event. */
typedef struct svms_audit_member {
    const char *name;     /**< Its name; NULL behind the last. */
    svms_audit_kind kind; /**< Its kind. */
    uint32_t is_required; /**< 1: it must be there. */
} svms_audit_member;

/** An event of the catalogue. */
typedef struct svms_audit_event_kind {
    const char *name;                 /**< Its name. */
    uint32_t is_evidence;             /**< 1: related to evidence, kept longer. */
    uint32_t reserved;                /**< 0. */
    const svms_audit_member *members; /**< Members of its details, behind the last one without a
                                           name. */
} svms_audit_event_kind;

/**
 * The catalogue of events.
 *
 * @param index  which, from 0
 * @return the event, static; NULL behind the last
 *
 * Thread safety: any thread. Specification: audit.md, section 2. Since 0.1.
 */
SVMS_API const svms_audit_event_kind *svms_audit_event_kind_at(size_t index);

/**
 * An event of the catalogue, by its name.
 *
 * @param name  a name, or NULL
 * @return the event, static; NULL for a name that is not in it
 *
 * Thread safety: any thread. Specification: audit.md, section 2. Since 0.1.
 */
SVMS_API const svms_audit_event_kind *svms_audit_event_kind_of(const char *name);

#ifdef __cplusplus
}
#endif

#endif
