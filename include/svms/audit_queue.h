/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Queues in front of an audit log: records are taken without waiting for the disk, and a thread of
 * the queue's own appends them in their order.
 *
 * What is in a queue is not acknowledged: a crash loses it. Specification: audit.md, A-JRN-6.
 */
#ifndef SVMS_AUDIT_QUEUE_H
#define SVMS_AUDIT_QUEUE_H

#include <svms/audit_log.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most records that a queue holds. */
#define SVMS_AUDIT_QUEUE_RECORDS_MAX 1048576u
/** Most bytes that a queue holds. */
#define SVMS_AUDIT_QUEUE_BYTES_MAX 1073741824u

/** Opaque queue; shared freely between threads. */
typedef struct svms_audit_queue svms_audit_queue;

/** What happens to records for which there is no room. */
typedef enum svms_audit_when_full {
    SVMS_AUDIT_FULL_WAITS = 0, /**< Who brings them waits, in the order of their coming. */
    SVMS_AUDIT_FULL_FAILS = 1, /**< They are refused with ::SVMS_E_LIMIT. */
    SVMS_AUDIT_FULL_DROPS = 2  /**< They are dropped and counted: the log gets a record `log.gap`
                                    before the next one that comes in. */
} svms_audit_when_full;

/** How a queue is made. Start from ::SVMS_AUDIT_QUEUE_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_queue_options {
    uint32_t struct_size;           /**< sizeof(svms_audit_queue_options). */
    svms_audit_when_full when_full; /**< What happens when it is full. */
    uint32_t records;               /**< Most records that wait, 1 to
                                         ::SVMS_AUDIT_QUEUE_RECORDS_MAX. */
    uint32_t bytes;                 /**< Most bytes that wait, ::SVMS_AUDIT_RECORD_MAX to
                                         ::SVMS_AUDIT_QUEUE_BYTES_MAX. */
} svms_audit_queue_options;

/** Initialiser of ::svms_audit_queue_options: 16,384 records, 4 MiB, the caller waits. */
#define SVMS_AUDIT_QUEUE_OPTIONS_INIT                                                              \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_queue_options), SVMS_AUDIT_FULL_WAITS, 16384, 4194304          \
    }

/**
 * Make a queue, and start its thread. All memory it needs is taken now.
 *
 * @param[out] out  the queue; close with svms_audit_queue_close()
 * @param ctx       context; must outlive the queue
 * @param log       log that is open for appending; must outlive the queue, and may be appended to
 *                  in other ways, too
 * @param options   how, or NULL for the defaults
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_IO         no thread could be started; err->os_error says how
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_queue_new(svms_audit_queue **out, svms_ctx *ctx,
                                                          svms_audit_log *log,
                                                          const svms_audit_queue_options *options,
                                                          svms_error *err);

/**
 * Bring records; all of them, or none. They are copied.
 *
 * @param queue     the queue
 * @param records   the records, each of 1 to ::SVMS_AUDIT_RECORD_MAX bytes
 * @param count     how many, at least 1
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       they wait in the queue; or, with ::SVMS_AUDIT_FULL_DROPS, they were dropped
 *                       and counted
 * @retval SVMS_E_USAGE  an argument is NULL, or a record is empty or too large
 * @retval SVMS_E_LIMIT  they do not even fit an empty queue; or, with ::SVMS_AUDIT_FULL_FAILS,
 * there is no room now
 * @retval SVMS_E_STATE  the queue was closed while the call waited for room
 *
 * Thread safety: any thread. Specification: A-JRN-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_queue_push(svms_audit_queue *queue,
                                                           const svms_iovec *records, size_t count,
                                                           svms_error *err);

/**
 * Wait until everything that was brought before is in the log, and durable. Where the log fails,
 * nothing is lost: the queue goes on trying, less and less often, and at once when this is called.
 *
 * @param queue     the queue
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       it is
 * @retval SVMS_E_USAGE  no queue was given
 * @return otherwise as in svms_audit_log_append(): an attempt failed meanwhile
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_queue_flush(svms_audit_queue *queue,
                                                            svms_error *err);

/** How a queue is doing. Start from ::SVMS_AUDIT_QUEUE_STATE_INIT. Since 0.1. */
typedef struct svms_audit_queue_state {
    uint32_t struct_size; /**< sizeof(svms_audit_queue_state). */
    svms_status failure;  /**< Why the log took nothing at the last attempt, or ::SVMS_OK. */
    int os_error;         /**< errno value behind ::SVMS_E_IO, or 0. */
    uint32_t attempts;    /**< How many attempts have failed since the last that did not. */
    int64_t failing_since_utc_ns; /**< When the first of them did; ::SVMS_NO_TIME: none has. */
    uint64_t waiting;             /**< Records that wait. */
    uint64_t waiting_bytes;       /**< Their bytes. */
    uint64_t appended;            /**< Records that are in the log. */
    uint64_t dropped;             /**< Records that were dropped, since the queue was made. */
    uint64_t untold;              /**< Those among them of which the log does not tell yet. */
    uint64_t callers;             /**< Calls that wait for room. */
} svms_audit_queue_state;

/** Initialiser of ::svms_audit_queue_state. */
#define SVMS_AUDIT_QUEUE_STATE_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_queue_state), SVMS_OK, 0, 0, INT64_MIN, 0, 0, 0, 0, 0, 0       \
    }

/**
 * How the queue is doing.
 *
 * @param queue     the queue
 * @param[out] out  receives it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  an argument is NULL, or struct_size is too large
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_queue_look(svms_audit_queue *queue,
                                                           svms_audit_queue_state *out,
                                                           svms_error *err);

/**
 * Close a queue. Records that wait are appended. Where the log fails at that, once more than
 * before, they are lost; @p lost tells how many, and so will a record `log.gap` as soon as the log
 * can be written again. Who does not want to lose them calls svms_audit_queue_flush() first.
 *
 * @param queue      address of the queue; NULL and pointer to NULL are accepted; cleared, whatever
 *                   is returned
 * @param[out] lost  receives how many records were lost, or NULL
 * @param[out] err   why they were, or NULL
 *
 * @retval SVMS_OK  closed, and all is in the log; otherwise as in svms_audit_log_append()
 *
 * Thread safety: no other thread may begin to use the queue any more; those that wait for room are
 * let go. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_queue_close(svms_audit_queue **queue,
                                                            uint64_t *lost, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
