/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Reading audit logs: records by their number, by time, by what they say, while others append.
 *
 * Specification: audit.md, sections 3, 4 and 9.
 */
#ifndef SVMS_AUDIT_READ_H
#define SVMS_AUDIT_READ_H

#include <svms/audit_log.h>
#include <svms/audit_trust.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque reader of a log; belongs to one thread at a time. Any number of readers, in any process,
 * may read a log that somebody else appends to. */
typedef struct svms_audit_reader svms_audit_reader;

/**
 * Open a log for reading, and take up what is there. Nothing is locked, and nothing written.
 *
 * @param[out] out  the reader; close with svms_audit_reader_close()
 * @param ctx       context; must outlive the reader
 * @param folder    where the log is; must outlive the reader. Its checkpoint and tiles alone will
 *                  do: what is in the journal only is not seen then
 * @param trust     whom to believe; NULL: the key that the folder itself names, and what is read is
 *                  told as unverified. Of witnesses a reader asks nothing
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               open
 * @retval SVMS_E_USAGE          an argument or the log's key is NULL, or trust makes no sense
 * @retval SVMS_E_IO             the folder failed, or there is no log; err->os_error says how
 * @retval SVMS_E_NOT_AUTHENTIC  it is not what the log's keys signed; err->message says where
 * @retval SVMS_E_MALFORMED      a file of it is none; err->message names it
 * @retval SVMS_E_TRUNCATED      a file of it is too short; err->message names it
 * @retval SVMS_E_LIMIT          a file of it is too large; err->message names it
 * @retval SVMS_E_UNSUPPORTED    it is of a later version
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: A-CHK-1, A-EPO-3, A-RD-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_open(svms_audit_reader **out, svms_ctx *ctx,
                                                            const svms_folder *folder,
                                                            const svms_audit_trust *trust,
                                                            svms_error *err);

/**
 * Take up what was appended since. After a failure the reader is as it was before.
 *
 * @param reader    the reader
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               done, whether there was anything new or not
 * @retval SVMS_E_USAGE          no reader was given
 * @retval SVMS_E_NOT_AUTHENTIC  as in svms_audit_reader_open(); or the log does not have any more
 *                               what it had, so that it was cut back or rewritten
 * @return otherwise as svms_audit_reader_open()
 *
 * Thread safety: the reader belongs to one thread. Specification: A-RD-4. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_refresh(svms_audit_reader *reader,
                                                               svms_error *err);

/**
 * What the reader has taken up: size and root of the log, and how much of it is in tiles.
 *
 * At most 131,072 records behind the newest checkpoint in tiles are taken up at a time.
 *
 * @param reader    the reader
 * @param[out] out  receives it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  an argument is NULL, or struct_size is too large
 *
 * Thread safety: the reader belongs to one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_head(const svms_audit_reader *reader,
                                                            svms_audit_head *out, svms_error *err);

/**
 * The key that the reader began with: the one of trust, or the one that the folder names. Its name
 * is the log's origin.
 *
 * @param reader    the reader
 * @param[out] key  receives the verifier key in text, with its NUL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           told
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the reader belongs to one thread. Specification: A-EPO-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_key(const svms_audit_reader *reader,
                                                           char key[SVMS_AUDIT_KEY_SIZE],
                                                           svms_error *err);

/**
 * One record, verified against the newest checkpoint.
 *
 * @param reader        the reader
 * @param index         its number, below the size of svms_audit_reader_head()
 * @param[out] out      receives the record's bytes and NUL
 * @param[in,out] size  capacity of @p out; receives the length without NUL, or, with
 *                      ::SVMS_E_LIMIT, the capacity that is needed, at most
 *                      ::SVMS_AUDIT_RECORD_MAX + 1
 * @param[out] err      why it failed, or NULL
 *
 * @retval SVMS_OK               it is in the log
 * @retval SVMS_E_USAGE          an argument is NULL, or the log has no such record
 * @retval SVMS_E_LIMIT          @p out is too small
 * @retval SVMS_E_STATE          it was pruned
 * @retval SVMS_E_NOT_AUTHENTIC  it is not what was signed; err->message names the file
 * @return otherwise as svms_audit_reader_open()
 *
 * Thread safety: the reader belongs to one thread. Specification: A-RD-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_record(svms_audit_reader *reader,
                                                              uint64_t index, void *out,
                                                              size_t *size, svms_error *err);

/** How to look for records. */
typedef enum svms_audit_find_flag {
    SVMS_AUDIT_NEWEST_FIRST = 1, /**< From the end of the log to its beginning. */
    SVMS_AUDIT_NO_INDEX = 2      /**< Reads every bundle of the range. The index only says where
                                      nothing can be found; who changes it hides records, until
                                      svms_audit_check() is asked, or this. */
} svms_audit_find_flag;

/** Most entries of a list in a query. */
#define SVMS_AUDIT_QUERY_MAX 1024

/** What to look for: records of which everything is true that is given. Texts are borrowed for the
 * call. Start from ::SVMS_AUDIT_QUERY_INIT, which finds all. Since 0.1. */
typedef struct svms_audit_query {
    uint32_t struct_size;       /**< sizeof(svms_audit_query). */
    uint32_t flags;             /**< ::svms_audit_find_flag. */
    int64_t from_utc_ns;        /**< First time, as the records say; ::SVMS_NO_TIME: any. */
    int64_t to_utc_ns;          /**< First time behind it; ::SVMS_NO_TIME: any. */
    uint64_t first;             /**< Number of the first record. */
    uint64_t end;               /**< Number behind the last one; UINT64_MAX: all. */
    uint64_t limit;             /**< Most results; 0: all. */
    const char *const *actors;  /**< Ids or names of who acted, or in whose place; one of them. */
    size_t actor_count;         /**< How many; 0: any. */
    const char *const *events;  /**< Names of events, "login.*", "*"; one of them. */
    size_t event_count;         /**< How many; 0: any. */
    const char *const *devices; /**< Ids of devices; one of them. */
    size_t device_count;        /**< How many; 0: any. */
    uint32_t outcomes;          /**< Bits 1 << ::svms_audit_outcome; 0: any. */
    uint32_t reserved;          /**< 0. */
    const char *text;           /**< Text in any of its values, A to Z and a to z alike; or NULL. */
} svms_audit_query;

/** Initialiser of ::svms_audit_query. */
#define SVMS_AUDIT_QUERY_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_query), 0, INT64_MIN, INT64_MIN, 0, UINT64_MAX, 0, NULL, 0,    \
            NULL, 0, NULL, 0, 0, 0, NULL                                                           \
    }

/** A record that was found. It is there for the call only. */
typedef struct svms_audit_found {
    uint32_t struct_size;  /**< sizeof(svms_audit_found), as the library knows it. */
    uint32_t is_verified;  /**< 1: it is in a log that a key of trust vouches for. */
    uint64_t index;        /**< Its number. */
    const uint8_t *record; /**< Its bytes. */
    size_t size;           /**< How many. */
} svms_audit_found;

/**
 * Told of one record.
 *
 * @param user   what svms_audit_reader_find() was given
 * @param found  the record
 * @return ::SVMS_OK to go on; ::SVMS_END when it is enough; anything else ends it, too, and is what
 *         svms_audit_reader_find() returns
 */
typedef svms_status (*svms_audit_each)(void *user, const svms_audit_found *found);

/**
 * Find records. They are told while the log is being read, in its order. What was taken up by the
 * last svms_audit_reader_refresh() is looked at, and nothing behind it. Everything that is read is
 * compared with the hashes of the tree, also what is not told.
 *
 * @param reader    the reader; the callback must not use it
 * @param query     what to look for; NULL: everything
 * @param each      told of each record
 * @param user      for @p each
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               all was told, or @p each had enough
 * @retval SVMS_E_USAGE          an argument is NULL, or the query makes no sense; err->message says
 *                               why
 * @retval SVMS_E_NOT_AUTHENTIC  something is not what was signed; err->message names the file.
 *                               What was told before is right
 * @return otherwise as svms_audit_reader_open(), or what @p each returned
 *
 * Thread safety: the reader belongs to one thread. Specification: A-RD-1 to A-RD-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_find(svms_audit_reader *reader,
                                                            const svms_audit_query *query,
                                                            svms_audit_each each, void *user,
                                                            svms_error *err);

/** What the last svms_audit_reader_find() did. Start from ::SVMS_AUDIT_TALLY_INIT. Since 0.1. */
typedef struct svms_audit_tally {
    uint32_t struct_size; /**< sizeof(svms_audit_tally). */
    uint32_t reserved;    /**< 0. */
    uint64_t found;       /**< Records that were told. */
    uint64_t read;        /**< Records that were looked at. */
    uint64_t skipped;     /**< Records in bundles that the index ruled out. */
    uint64_t pruned;      /**< Records of the range that are not there any more. Whether
                               that was announced, svms_audit_check() says. */
} svms_audit_tally;

/** Initialiser of ::svms_audit_tally. */
#define SVMS_AUDIT_TALLY_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_tally), 0, 0, 0, 0, 0                                          \
    }

/**
 * What the last svms_audit_reader_find() did, also when it failed.
 *
 * @param reader    the reader
 * @param[out] out  receives it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  an argument is NULL, or struct_size is too large
 *
 * Thread safety: the reader belongs to one thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_reader_tally(const svms_audit_reader *reader,
                                                             svms_audit_tally *out,
                                                             svms_error *err);

/**
 * Close a reader.
 *
 * @param reader  address of the reader; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_audit_reader_close(svms_audit_reader **reader);

/** What a record says. Everything it points to is the view's own. Start from
 * ::SVMS_AUDIT_VIEW_INIT. Since 0.1. */
typedef struct svms_audit_view {
    uint32_t struct_size;             /**< sizeof(svms_audit_view). */
    svms_audit_outcome outcome;       /**< How it ended; one that nobody knows here:
                                           ::SVMS_AUDIT_UNKNOWN. */
    int64_t at_utc_ns;                /**< When. */
    const char *id;                   /**< Its id. */
    const char *time;                 /**< When, as it stands there. */
    const char *event;                /**< Name of the event, of section 2 or another. */
    const char *outcome_name;         /**< How it ended, as it stands there. */
    const char *server;               /**< On which server. */
    const char *component;            /**< In which part of it, or NULL. */
    const char *process;              /**< In which process, or NULL. */
    svms_audit_actor_kind actor_kind; /**< What kind acted; one that nobody knows here:
                                           ::SVMS_AUDIT_ACTOR_UNKNOWN. */
    uint32_t reserved;                /**< 0. */
    const char *actor_kind_name;      /**< What kind acted, as it stands there. */
    const char *actor_id;             /**< Who: what stays the same; or NULL. */
    const char *actor_name;           /**< Who: what people know; or NULL. */
    const char *address;              /**< From which address, or NULL. */
    const char *client;               /**< With which client, or NULL. */
    const char *session;              /**< In which session, or NULL. */
    const char *token;                /**< `jti` of the token, or NULL. */
    const char *const *in_place_of;   /**< For whom, the nearest first, or NULL. */
    size_t in_place_of_count;         /**< How many. */
    const char *device;               /**< On which device, or NULL. */
    const char *const *devices;       /**< On which devices, or NULL. */
    size_t device_count;              /**< How many. */
    const char *object;               /**< What else it is about, or NULL. */
    int64_t from_utc_ns;              /**< Recorded time, or ::SVMS_NO_TIME. */
    int64_t to_utc_ns;                /**< Its end, or ::SVMS_NO_TIME. */
    const char *reason;               /**< Why, in words, or NULL. */
    const char *code;                 /**< Why, as a name, or NULL. */
    const char *details;              /**< `details` as JSON, with NUL; or NULL. */
    size_t details_size;              /**< How many bytes, without NUL. */
    void *memory;                     /**< What holds all this; NULL: nothing. */
} svms_audit_view;

/** Initialiser of ::svms_audit_view. */
#define SVMS_AUDIT_VIEW_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_view), SVMS_AUDIT_UNKNOWN, INT64_MIN, NULL, NULL, NULL, NULL,  \
            NULL, NULL, NULL, SVMS_AUDIT_ACTOR_UNKNOWN, 0, NULL, NULL, NULL, NULL, NULL, NULL,     \
            NULL, NULL, 0, NULL, NULL, 0, NULL, INT64_MIN, INT64_MIN, NULL, NULL, NULL, 0, NULL    \
    }

/**
 * Take a record apart. Events and members that are not in the catalogue do no harm.
 *
 * @param[in,out] out  receives what it says; what an earlier call left there is released. Release
 *                     with svms_audit_view_clear()
 * @param ctx          context; must outlive the view
 * @param record       the record's bytes
 * @param size         how many
 * @param[out] err     why it failed, or NULL
 *
 * @retval SVMS_OK            taken apart
 * @retval SVMS_E_USAGE       an argument is NULL, or struct_size is not that of this version
 * @retval SVMS_E_MALFORMED   it is no record of audit.md, section 1; err->message says why
 * @retval SVMS_E_UNSUPPORTED it is one of a later version
 * @retval SVMS_E_NO_MEMORY   the allocator failed
 *
 * Thread safety: any thread; the view belongs to one. Specification: audit.md, section 1; A-REC-5.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_view_read(svms_audit_view *out, svms_ctx *ctx,
                                                          const void *record, size_t size,
                                                          svms_error *err);

/**
 * Release what a view holds.
 *
 * @param view  the view; NULL and a cleared one are accepted
 *
 * Thread safety: no other thread may use it any more. Since 0.1.
 */
SVMS_API void svms_audit_view_clear(svms_audit_view *view);

#ifdef __cplusplus
}
#endif

#endif
