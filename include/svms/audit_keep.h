/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * How long the records of an audit log stay, what stays longer, and time stamps on its checkpoints.
 *
 * Specification: audit.md, section 8.
 */
#ifndef SVMS_AUDIT_KEEP_H
#define SVMS_AUDIT_KEEP_H

#include <svms/audit_log.h>
#include <svms/audit_trust.h>
#include <svms/timestamp.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is pruned. Start from ::SVMS_AUDIT_PRUNE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_prune_options {
    uint32_t struct_size;           /**< sizeof(svms_audit_prune_options). */
    uint32_t is_trial;              /**< 1: only tell what would go. */
    int64_t before_utc_ns;          /**< Records that are older go. */
    int64_t evidence_before_utc_ns; /**< Records related to evidence that are older go;
                                         ::SVMS_NO_TIME: none. */
    uint64_t attested_size;         /**< Records below this number are older than before_utc_ns,
                                         whatever they say: a third party has attested it; or 0. */
    const svms_audit_event *by;     /**< Who prunes: actor, server, component, process and reason;
                                         NULL: the log itself. */
} svms_audit_prune_options;

/** Initialiser of ::svms_audit_prune_options: evidence stays. */
#define SVMS_AUDIT_PRUNE_OPTIONS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_prune_options), 0, INT64_MIN, INT64_MIN, 0, NULL               \
    }

/** What was pruned. Start from ::SVMS_AUDIT_PRUNED_INIT. Since 0.1. */
typedef struct svms_audit_pruned {
    uint32_t struct_size;   /**< sizeof(svms_audit_pruned). */
    uint32_t is_waiting;    /**< 1: records that are old enough are still in the journal; a later
                                 pruning finds them free. */
    uint64_t minimum;       /**< Number of the first record that was not pruned. */
    uint64_t removed;       /**< Records that went with their bundles. */
    uint64_t kept;          /**< Records of these bundles that stay. */
    uint64_t later;         /**< Records of earlier prunings that stayed then, and went now. */
    int64_t stopped_utc_ns; /**< Time that made the first bundle stay that was not old enough, or
                                 ::SVMS_NO_TIME. */
} svms_audit_pruned;

/** Initialiser of ::svms_audit_pruned. */
#define SVMS_AUDIT_PRUNED_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_pruned), 0, 0, 0, 0, 0, INT64_MIN                              \
    }

/**
 * Remove records that are older than they need to be, bundle by bundle. Their hashes stay, and so
 * do evidence, until its own time, and what is held. A record says what goes, before it does.
 *
 * What was interrupted, by a crash or a failure, is finished by the next call. Appends and readers
 * go on meanwhile.
 *
 * @param log       the log
 * @param options   what goes; the time must be given
 * @param[out] out  what went
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               done; also where nothing was old enough
 * @retval SVMS_E_USAGE          an argument is NULL or out of range; the time has not come yet;
 *                               evidence would go sooner than other records
 * @retval SVMS_E_NOT_AUTHENTIC  a record is not the one that the log had, or missing; nothing
 *                               behind it is removed; err->message names it
 * @retval SVMS_E_MALFORMED      a file of the log is none; err->message names it
 * @retval SVMS_E_IO             the folder failed
 * @retval SVMS_E_STATE          as in svms_audit_log_append()
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: A-RET-1 to A-RET-7. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_prune(svms_audit_log *log,
                                                          const svms_audit_prune_options *options,
                                                          svms_audit_pruned *out, svms_error *err);

/** Records that stay. Texts are borrowed. Start from ::SVMS_AUDIT_HOLD_INIT. Since 0.1. */
typedef struct svms_audit_hold {
    uint32_t struct_size; /**< sizeof(svms_audit_hold). */
    uint32_t reserved;    /**< 0. */
    const char *name; /**< For whom or what: 1 to 64 of A–Z, a–z, 0–9, ".", "-", "_". Several
                           holds may have one name. */
    uint64_t first;   /**< Number of the first record. */
    uint64_t last;    /**< Number of the last record, which must be in the log. */
    int64_t until_utc_ns; /**< When it ends, or ::SVMS_NO_TIME: when it is lifted. */
} svms_audit_hold;

/** Initialiser of ::svms_audit_hold. */
#define SVMS_AUDIT_HOLD_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_hold), 0, NULL, 0, 0, INT64_MIN                                \
    }

/**
 * Hold records: they stay until the hold ends. A record says so. A hold that is there already is
 * told once more.
 *
 * @param log        the log
 * @param hold       which records
 * @param by         who holds: actor, server, component, process and reason; NULL: the log itself
 * @param[out] gone  receives how many of the records were pruned before, or NULL
 * @param[out] err   why it failed, or NULL
 *
 * @retval SVMS_OK           they stay
 * @retval SVMS_E_USAGE      an argument is NULL or out of range, or the log has no such records
 * @retval SVMS_E_LIMIT      there are 4,096 holds
 * @retval SVMS_E_MALFORMED  a file of the log is none; err->message names it
 * @retval SVMS_E_IO         the folder failed; the hold may be in force all the same
 * @retval SVMS_E_STATE      as in svms_audit_log_append()
 * @retval SVMS_E_NO_MEMORY  the allocator failed; as with SVMS_E_IO
 * @retval SVMS_E_CRYPTO     the provider failed; as with SVMS_E_IO
 *
 * Thread safety: any thread. Specification: A-RET-8, A-RET-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_hold(svms_audit_log *log,
                                                         const svms_audit_hold *hold,
                                                         const svms_audit_event *by, uint64_t *gone,
                                                         svms_error *err);

/**
 * Lift all holds of a name. Records say so.
 *
 * @param log       the log
 * @param name      the name
 * @param by        who lifts; as in svms_audit_log_hold()
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           lifted; what was held goes with the next pruning
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_STATE      there is no such hold; or as in svms_audit_log_append()
 * @retval SVMS_E_MALFORMED  the file of holds is none
 * @retval SVMS_E_IO         the folder failed; the holds are in force, though a record may say
 *                           that they were lifted
 * @retval SVMS_E_NO_MEMORY  the allocator failed; as with SVMS_E_IO
 * @retval SVMS_E_CRYPTO     the provider failed; as with SVMS_E_IO
 *
 * Thread safety: any thread. Specification: A-RET-8, A-RET-9. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_lift(svms_audit_log *log, const char *name,
                                                         const svms_audit_event *by,
                                                         svms_error *err);

/**
 * Told of one hold; anything but ::SVMS_OK ends the listing.
 *
 * @param user  what the lister was given
 * @param hold  the hold, for this call
 * @return ::SVMS_OK to go on
 */
typedef svms_status (*svms_audit_hold_each)(void *user, const svms_audit_hold *hold);

/**
 * Tell the holds of a log, those that have ended included, in the order in which they were set.
 * Needs no lock.
 *
 * @param ctx       context
 * @param folder    where the log is
 * @param each      told of each
 * @param user      passed to it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           all were told
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  the file of holds is none
 * @retval SVMS_E_IO         the folder failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @return otherwise what @p each returned
 *
 * Thread safety: any thread. Specification: A-RET-8. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_holds(svms_ctx *ctx, const svms_folder *folder,
                                                      svms_audit_hold_each each, void *user,
                                                      svms_error *err);

/** What a time stamp authority is asked. Start from ::SVMS_AUDIT_STAMP_QUERY_INIT. Since 0.1. */
typedef struct svms_audit_stamp_query {
    uint32_t struct_size;                     /**< sizeof(svms_audit_stamp_query). */
    uint32_t reserved;                        /**< 0. */
    uint64_t size;                            /**< Size of the checkpoint. */
    uint8_t digest[32];                       /**< SHA-256 of its text. */
    uint8_t query[SVMS_TIMESTAMP_QUERY_SIZE]; /**< What to send (TimeStampReq, DER). */
    uint8_t padding[2];                       /**< 0. */
} svms_audit_stamp_query;

/** Initialiser of ::svms_audit_stamp_query. */
#define SVMS_AUDIT_STAMP_QUERY_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_stamp_query), 0, 0, { 0 }, { 0 },                              \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * Ask for a time stamp on the newest checkpoint of a log. Needs no lock: the log may be open
 * elsewhere.
 *
 * @param[out] out  what to send to the authority, and to keep for svms_audit_stamp_keep()
 * @param ctx       context
 * @param folder    where the log is
 * @param trust     the log's key; NULL: the one that its folder names
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               made
 * @retval SVMS_E_USAGE          an argument is NULL, or what is trusted is none
 * @retval SVMS_E_STATE          the log has no checkpoint yet
 * @retval SVMS_E_NOT_AUTHENTIC  the checkpoint is not the log's, or not that of its tiles
 * @retval SVMS_E_MALFORMED      a file of the log is none
 * @retval SVMS_E_UNSUPPORTED    a file of the log is of a later version
 * @retval SVMS_E_IO             the folder failed
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: A-WIT-4, A-RET-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_stamp_request(svms_audit_stamp_query *out,
                                                              svms_ctx *ctx,
                                                              const svms_folder *folder,
                                                              const svms_audit_trust *trust,
                                                              svms_error *err);

/**
 * Keep the time stamp that an authority answered with, after verifying it.
 *
 * @param ctx         context
 * @param folder      where the log is
 * @param anchors     whom to trust as authority
 * @param query       what was asked
 * @param reply       the answer (TimeStampResp, DER)
 * @param reply_size  its bytes
 * @param[out] info   what the stamp says, or NULL
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK      kept, durably
 * @retval SVMS_E_STATE there is one for that size already, which is trusted
 * @return otherwise as svms_timestamp_accept(), svms_timestamp_check() and
 *         svms_audit_stamp_request(); nothing was kept
 *
 * Thread safety: any thread. Specification: A-WIT-4, A-RET-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_stamp_keep(svms_ctx *ctx, const svms_folder *folder,
                                                           const svms_trust *anchors,
                                                           const svms_audit_stamp_query *query,
                                                           const void *reply, size_t reply_size,
                                                           svms_timestamp_info *info,
                                                           svms_error *err);

/** A time stamp on a checkpoint. Start from ::SVMS_AUDIT_STAMP_INIT. Since 0.1. */
typedef struct svms_audit_stamp {
    uint32_t struct_size;     /**< sizeof(svms_audit_stamp). */
    svms_status status;       /**< ::SVMS_OK: it attests its time; ::SVMS_E_UNTRUSTED: nobody who is
                                   trusted does (info says why); otherwise it is worth nothing. */
    uint64_t size;            /**< Every record below this number existed at the time. */
    svms_timestamp_info info; /**< What it says. */
} svms_audit_stamp;

/** Initialiser of ::svms_audit_stamp. */
#define SVMS_AUDIT_STAMP_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_stamp), SVMS_OK, 0, SVMS_TIMESTAMP_INFO_INIT                   \
    }

/**
 * Told of one stamp; anything but ::SVMS_OK ends the listing.
 *
 * @param user   what the lister was given
 * @param stamp  the stamp, for this call
 * @return ::SVMS_OK to go on
 */
typedef svms_status (*svms_audit_stamp_each)(void *user, const svms_audit_stamp *stamp);

/**
 * Tell the time stamps of a log, by size, each verified. Needs no lock.
 *
 * @param ctx       context
 * @param folder    where the log is
 * @param anchors   whom to trust as authority; NULL: nobody
 * @param each      told of each
 * @param user      passed to it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           all were told; also those that are worth nothing
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_MALFORMED  a file of the log is none
 * @retval SVMS_E_LIMIT      there are more than 65,536
 * @retval SVMS_E_IO         the folder failed
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 * @return otherwise what @p each returned
 *
 * Thread safety: any thread. Specification: A-RET-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_stamps(svms_ctx *ctx, const svms_folder *folder,
                                                       const svms_trust *anchors,
                                                       svms_audit_stamp_each each, void *user,
                                                       svms_error *err);

/**
 * The earliest attested time at which a record of a log existed.
 *
 * The stamp speaks about the tree that the log's hashes make; that the record is the one with that
 * hash is what svms_audit_proof_verify() shows.
 *
 * @param[out] out  the stamp
 * @param ctx       context
 * @param folder    where the log is
 * @param anchors   whom to trust as authority
 * @param index     number of the record
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       found: info.gen_time_utc_ns is the time
 * @retval SVMS_E_STATE  no stamp that is trusted covers the record
 * @return otherwise as svms_audit_stamps()
 *
 * Thread safety: any thread. Specification: A-RET-10. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_stamp_earliest(svms_audit_stamp *out, svms_ctx *ctx,
                                                               const svms_folder *folder,
                                                               const svms_trust *anchors,
                                                               uint64_t index, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
