/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Audit records from other processes: a local socket, a server for who holds the log, and clients.
 *
 * Specification: audit.md, section 11.
 */
#ifndef SVMS_AUDIT_SOCKET_H
#define SVMS_AUDIT_SOCKET_H

#include <svms/audit_log.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque server. */
typedef struct svms_audit_server svms_audit_server;

/** How a server serves. Start from ::SVMS_AUDIT_SERVER_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_server_options {
    uint32_t struct_size; /**< sizeof(svms_audit_server_options). */
    uint32_t clients;     /**< Most clients at a time, 1 to 1,024; each costs at most 2 MiB. */
    uint32_t patience_ms; /**< How long a client may take to send a frame it has begun, or to
                               receive an answer, 1 to 3,600,000. */
} svms_audit_server_options;

/** Initialiser of ::svms_audit_server_options: 32 clients, 10 seconds. */
#define SVMS_AUDIT_SERVER_OPTIONS_INIT                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_server_options), 32, 10000                                     \
    }

/**
 * Make a socket, and start a thread that appends what clients send. What several of them send at
 * about the same time shares one write.
 *
 * @param[out] out  the server; close with svms_audit_server_close()
 * @param ctx       context; must outlive the server
 * @param log       log that is open for appending; must outlive the server, and may be appended to
 *                  in other ways, too
 * @param path      path of the socket, at most 107 bytes; its folder must be this user's, and
 * closed to everybody else (mode 0700); a socket that a dead server left is replaced
 * @param options   how, or NULL for the defaults
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           clients can connect
 * @retval SVMS_E_USAGE      an argument is NULL or out of range
 * @retval SVMS_E_STATE      another server has the path, or others may enter the folder
 * @retval SVMS_E_EXISTS     there is something at the path that is no socket
 * @retval SVMS_E_IO         the socket cannot be made, or no thread started; err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: any thread. Specification: A-SOC-1, A-SOC-2, A-SOC-6. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_server_start(
    svms_audit_server **out, svms_ctx *ctx, svms_audit_log *log, const char *path,
    const svms_audit_server_options *options, svms_error *err);

/**
 * End a server: what it is at is appended and answered, then all connections end, and the socket is
 * removed.
 *
 * @param server  address of the server; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the server any more. Since 0.1.
 */
SVMS_API void svms_audit_server_close(svms_audit_server **server);

/** Opaque connection to who holds the log; belongs to one thread at a time. */
typedef struct svms_audit_client svms_audit_client;

/** How a client connects. Start from ::SVMS_AUDIT_CLIENT_OPTIONS_INIT. Since 0.1. */
typedef struct svms_audit_client_options {
    uint32_t struct_size; /**< sizeof(svms_audit_client_options). */
    uint32_t patience_ms; /**< How long to wait for the other side, 1 to 3,600,000. */
} svms_audit_client_options;

/** Initialiser of ::svms_audit_client_options: a minute, because disks can be slow. */
#define SVMS_AUDIT_CLIENT_OPTIONS_INIT                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_audit_client_options), 60000                                         \
    }

/**
 * Connect to who holds a log.
 *
 * @param[out] out  the client; release with svms_audit_client_close()
 * @param ctx       context; must outlive the client
 * @param path      path of the socket
 * @param options   how, or NULL for the defaults
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK             connected, and served
 * @retval SVMS_E_USAGE        an argument is NULL or out of range
 * @retval SVMS_E_IO           nobody is there, or does not answer in time; err->os_error says how
 * @retval SVMS_E_STATE        it serves as many clients as it can
 * @retval SVMS_E_UNTRUSTED    who is there is another user's process, or does not serve this user
 * @retval SVMS_E_MALFORMED    who is there holds no log
 * @retval SVMS_E_TRUNCATED    it has hung up
 * @retval SVMS_E_UNSUPPORTED  it speaks a later version
 * @retval SVMS_E_NO_MEMORY    the allocator failed
 *
 * Thread safety: any thread. Specification: A-SOC-2, A-SOC-3. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status
svms_audit_client_connect(svms_audit_client **out, svms_ctx *ctx, const char *path,
                          const svms_audit_client_options *options, svms_error *err);

/**
 * Append records. They are durable and signed when this returns.
 *
 * Where the connection ends before an answer has come, they may be in the log or not. To append
 * them once more is no harm: their `id` tells repeats.
 *
 * @param client      the client
 * @param records     the records, each of 1 to ::SVMS_AUDIT_RECORD_MAX bytes
 * @param count       how many, 1 to ::SVMS_AUDIT_APPEND_MAX
 * @param[out] first  receives the number of the first one; the others follow
 * @param[out] err    why it failed, or NULL
 *
 * @retval SVMS_OK           they are in the log
 * @retval SVMS_E_USAGE      an argument is NULL, a record is empty or too large, or there are too
 *                           many
 * @retval SVMS_E_LIMIT      the records together are larger than 1 MiB, or the log is full; none is
 *                           in the log
 * @retval SVMS_E_IO         the log could not be written: none is in it; or the connection failed:
 *                           nobody knows
 * @retval SVMS_E_TRUNCATED  the other side has hung up: nobody knows
 * @retval SVMS_E_MALFORMED  the answer is none: nobody knows
 * @retval SVMS_E_STATE      an earlier call has lost the connection; connect again
 * @retval SVMS_E_NO_MEMORY  the allocator failed, here or there; none is in the log
 * @retval SVMS_E_CRYPTO     the provider failed there; none is in the log
 * @retval SVMS_E_INTERNAL   there is a defect there; none is in the log
 *
 * Thread safety: the client belongs to one thread at a time. Specification: A-SOC-4, A-SOC-5.
 * Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_audit_client_append(svms_audit_client *client,
                                                              const svms_iovec *records,
                                                              size_t count, uint64_t *first,
                                                              svms_error *err);

/**
 * Hang up.
 *
 * @param client  address of the client; NULL and pointer to NULL are accepted; cleared
 *
 * Thread safety: no other thread may use the client any more. Since 0.1.
 */
SVMS_API void svms_audit_client_close(svms_audit_client **client);

#ifdef __cplusplus
}
#endif

#endif
