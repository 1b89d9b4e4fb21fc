/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Audit logs: records appended to a signed Merkle tree, durable before they are acknowledged.
 *
 * Specification: audit.md, sections 3 to 5.
 */
#ifndef SVMS_AUDIT_LOG_H
#define SVMS_AUDIT_LOG_H

#include <svms/audit.h>
#include <svms/folder.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Most records that are appended in one call. */
#define SVMS_AUDIT_APPEND_MAX 4000
/** Bytes that hold the key that verifiers are given, in text with its NUL. */
#define SVMS_AUDIT_KEY_SIZE 256

/** Opaque log that is open for appending; shared freely between threads. */
typedef struct svms_audit_log svms_audit_log;

/**
 * Make a log: its name, and its first key.
 *
 * @param ctx       context
 * @param folder    where; it must be empty
 * @param origin    name of the log, for everybody else: 1 to 128 of a–z, 0–9, ".", "-", "/", "_"
 * @param[out] key  receives the key that verifiers are given, in text with its NUL
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      an argument is NULL, or the origin is none
 * @retval SVMS_E_STATE      there is something in the folder
 * @retval SVMS_E_IO         the folder failed; err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 * @retval SVMS_E_CRYPTO     the provider failed
 *
 * Thread safety: any thread. Specification: A-CHK-1, A-EPO-1. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_create(svms_ctx *ctx, const svms_folder *folder,
                                                           const char *origin,
                                                           char key[SVMS_AUDIT_KEY_SIZE],
                                                           svms_error *err);

/** How a log is opened. Start from ::SVMS_AUDIT_LOG_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_log_options {
    uint32_t struct_size; /**< sizeof(svms_audit_log_options). */
    uint32_t epoch_s;     /**< How long a key signs, seconds: 3,600 to 31,622,400. */
    const char *server;   /**< Name of the server, for the log's own records. */
} svms_audit_log_options;

/** Initialiser of ::svms_audit_log_options: a key for each day. */
#define SVMS_AUDIT_LOG_OPTIONS_INIT                                                                \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_log_options), 86400, NULL                                      \
    }

/**
 * Open a log for appending. What a crash left behind the last whole group is put aside, and a
 * record says so; a new key signs from now on.
 *
 * @param[out] out  the log; close with svms_audit_log_close()
 * @param ctx       context; must outlive the log
 * @param folder    where it is; must outlive the log
 * @param options   how; the server must be named
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK               open
 * @retval SVMS_E_USAGE          an argument is NULL or out of range
 * @retval SVMS_E_STATE          somebody else has it open
 * @retval SVMS_E_IO             the folder failed, or there is no log; err->os_error says how
 * @retval SVMS_E_NOT_AUTHENTIC  it was changed, or records are missing that were acknowledged;
 *                               err->message says where
 * @retval SVMS_E_MALFORMED      a file of it is none; err->message names it
 * @retval SVMS_E_UNSUPPORTED    it is of a later version
 * @retval SVMS_E_NO_MEMORY      the allocator failed
 * @retval SVMS_E_CRYPTO         the provider failed
 *
 * Thread safety: any thread. Specification: A-JRN-2 to A-JRN-4, A-EPO-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_open(svms_audit_log **out, svms_ctx *ctx,
                                                         const svms_folder *folder,
                                                         const svms_audit_log_options *options,
                                                         svms_error *err);

/**
 * Append records. They are durable and signed when this returns; callers of several threads share
 * one write.
 *
 * @param log         the log
 * @param records     the records, each of 1 to ::SVMS_AUDIT_RECORD_MAX bytes
 * @param count       how many, 1 to ::SVMS_AUDIT_APPEND_MAX
 * @param[out] first  receives the number of the first one; the others follow
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           they are in the log
 * @retval SVMS_E_USAGE      an argument is NULL, a record is empty or too large, or there are too
 *                           many
 * @retval SVMS_E_LIMIT      the log is full, or the records together are larger than 4 MiB
 * @retval SVMS_E_IO         they could not be made durable; none is in the log, and a record will
 *                           say how many were refused
 * @retval SVMS_E_NO_MEMORY  the allocator failed; none is in the log
 * @retval SVMS_E_CRYPTO     the provider failed; none is in the log
 *
 * Thread safety: any thread. Specification: A-JRN-1, A-JRN-5. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_append(svms_audit_log *log,
                                                           const svms_iovec *records, size_t count,
                                                           uint64_t *first, svms_error *err);

/** Size and root of a log. Start from ::SVMS_AUDIT_HEAD_INIT. Since 0.1. */
typedef struct svms_audit_head {
    uint32_t struct_size; /**< sizeof(svms_audit_head). */
    uint32_t reserved;    /**< 0. */
    uint64_t size;        /**< How many records. */
    uint64_t published;   /**< How many of them are in tiles, where readers find them. */
    uint64_t epoch;       /**< Number of the key that signs. */
    uint8_t root[32];     /**< Root of the tree. */
} svms_audit_head;

/** Initialiser of ::svms_audit_head. */
#define SVMS_AUDIT_HEAD_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_head), 0, 0, 0, 0,                                             \
        {                                                                                          \
            0                                                                                      \
        }                                                                                          \
    }

/**
 * What has been acknowledged so far.
 *
 * @param log       the log
 * @param[out] out  receives it
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK       told
 * @retval SVMS_E_USAGE  an argument is NULL, or struct_size is too large
 *
 * Thread safety: any thread. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_head(svms_audit_log *log, svms_audit_head *out,
                                                         svms_error *err);

/**
 * Do what is due: publish tiles and a checkpoint, begin a new epoch, remove journal that is not
 * needed any more. To be called once a second or so, by one thread of the caller; appends go on
 * meanwhile. Where it is not called, appends do it when much is waiting.
 *
 * @param log       the log
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           done
 * @retval SVMS_E_USAGE      no log was given
 * @retval SVMS_E_IO         the folder failed; nothing that was acknowledged is lost, and the next
 *                           call goes on
 * @retval SVMS_E_NO_MEMORY  the allocator failed; as above
 * @retval SVMS_E_CRYPTO     the provider failed; as above
 *
 * Thread safety: any thread. Specification: A-TRE-2, A-TRE-3, A-EPO-2. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_tend(svms_audit_log *log, svms_error *err);

/**
 * Close a log, after publishing what is there.
 *
 * @param log       address of the log; NULL and pointer to NULL are accepted; cleared, whatever
 *                  is returned
 * @param[out] err  why publishing failed, or NULL
 *
 * @retval SVMS_OK  closed, and all is published; otherwise as in svms_audit_log_tend(): nothing
 *                  that was acknowledged is lost
 *
 * Thread safety: no other thread may use the log any more. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_log_close(svms_audit_log **log, svms_error *err);

#ifdef __cplusplus
}
#endif

#endif
