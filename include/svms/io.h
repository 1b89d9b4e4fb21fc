/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Sources and sinks: the only way bytes enter and leave the library.
 *
 * A sink is strictly forward, so it can be a file, a pipe, a raw partition or an object
 * store. A source serves sized reads at an offset.
 */
#ifndef SVMS_IO_H
#define SVMS_IO_H

#include <svms/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A borrowed run of bytes. */
typedef struct svms_iovec {
    const void *data; /**< First byte; may be NULL when size is 0. */
    size_t size;      /**< Number of bytes. */
} svms_iovec;

/**
 * Where bytes come from. Fill it in yourself, or use svms_source_open_file() or
 * svms_source_from_memory(). Callbacks return ::SVMS_OK or a failure and store an errno
 * value through @p os_error. Since 0.1.
 */
typedef struct svms_source {
    uint32_t struct_size; /**< sizeof(svms_source). */
    void *user;           /**< Passed to every callback. */
    /** Read up to @p size bytes at @p offset; fewer than asked only at the end of the source. */
    svms_status (*read_at)(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error);
    /** Current size in bytes; may grow between calls while a recording is live. */
    svms_status (*get_size)(void *user, uint64_t *size, int *os_error);
    /** Optional: bytes [offset, offset + size) in place, valid and unchanging until close; NULL if
     * not available. */
    const uint8_t *(*view)(void *user, uint64_t offset, size_t size);
    /** Optional: release what user points to. */
    void (*close)(void *user);
} svms_source;

/** Initialiser of ::svms_source. */
#define SVMS_SOURCE_INIT                                                                           \
    {                                                                                              \
        (uint32_t)sizeof(svms_source), NULL, NULL, NULL, NULL, NULL                                \
    }

/**
 * Where bytes go, strictly forward. A write is complete or failed; after a failure the
 * library writes nothing more to the sink. Since 0.1.
 */
typedef struct svms_sink {
    uint32_t struct_size; /**< sizeof(svms_sink). */
    void *user;           /**< Passed to every callback. */
    /** Append all bytes of @p count runs, in order. */
    svms_status (*write)(void *user, const svms_iovec *runs, size_t count, int *os_error);
    /** Make everything written so far durable; optional. */
    svms_status (*sync)(void *user, int *os_error);
    /** Optional: release what user points to; unsynced bytes may be lost. */
    void (*close)(void *user);
} svms_sink;

/** Initialiser of ::svms_sink. */
#define SVMS_SINK_INIT                                                                             \
    {                                                                                              \
        (uint32_t)sizeof(svms_sink), NULL, NULL, NULL, NULL                                        \
    }

/**
 * Bytes that can be changed in place: for what the format allows to change after a container was
 * written (access slots, trailers). Fill it in yourself, or use svms_store_open_file(). Since 0.1.
 */
typedef struct svms_store {
    uint32_t struct_size; /**< sizeof(svms_store). */
    void *user;           /**< Passed to every callback. */
    /** As in ::svms_source. */
    svms_status (*read_at)(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error);
    /** As in ::svms_source. */
    svms_status (*get_size)(void *user, uint64_t *size, int *os_error);
    /** Write all @p size bytes at @p offset, which is at most the present size. */
    svms_status (*write_at)(void *user, uint64_t offset, const void *data, size_t size,
                            int *os_error);
    /** Make everything written so far durable. */
    svms_status (*sync)(void *user, int *os_error);
    /** Optional: release what user points to. */
    void (*close)(void *user);
    /** Optional: forget everything from @p size on, which is at most the present size. */
    svms_status (*cut)(void *user, uint64_t size, int *os_error);
    /** Optional: begin to write out the @p size bytes at @p offset, without waiting for it, so that
     * a later sync has less to do. It promises nothing, so it cannot fail. */
    void (*hasten)(void *user, uint64_t offset, size_t size);
} svms_store;

/** Initialiser of ::svms_store. */
#define SVMS_STORE_INIT                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(svms_store), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL               \
    }

/**
 * Open an existing regular file for changes in place, locked against a recorder that still writes
 * it and against other changes. Never creates or truncates a file.
 *
 * @param[out] out  the store; close with svms_store_close()
 * @param ctx       context; must outlive the store
 * @param path      file name in the system's encoding
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           open
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_IO         it cannot be opened, is no regular file, or somebody else writes it;
 *                           err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the store belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_store_open_file(svms_store *out, svms_ctx *ctx,
                                                          const char *path, svms_error *err);

/**
 * Close a store and clear it.
 *
 * @param store  the store; NULL and an already cleared one are accepted
 *
 * Thread safety: no other thread may use the store any more. Since 0.1.
 */
SVMS_API void svms_store_close(svms_store *store);

/**
 * Open a regular file (or block device) as a source.
 *
 * @param[out] out  the source; close with svms_source_close()
 * @param ctx       context; must outlive the source
 * @param path      file name in the system's encoding
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           open
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_IO         it cannot be opened, or is a directory, FIFO, socket or character
 *                           device; err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the source may be read by several threads. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_source_open_file(svms_source *out, svms_ctx *ctx,
                                                           const char *path, svms_error *err);

/**
 * Make a source of bytes in memory, which stay the caller's and must not change.
 *
 * @param[out] out  the source; close with svms_source_close()
 * @param ctx       context; must outlive the source
 * @param data      the bytes; may be NULL when @p size is 0
 * @param size      number of bytes
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           made
 * @retval SVMS_E_USAGE      @p out or @p ctx is NULL, or @p data is NULL and @p size is not 0
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the source may be read by several threads. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_source_from_memory(svms_source *out, svms_ctx *ctx,
                                                             const void *data, size_t size,
                                                             svms_error *err);

/**
 * Close a source and clear it.
 *
 * @param source  the source; NULL and an already cleared one are accepted
 *
 * Thread safety: no other thread may use the source any more. Since 0.1.
 */
SVMS_API void svms_source_close(svms_source *source);

/**
 * Create a new file as a sink, mode 0600, locked against a second writer. Never opens or
 * truncates an existing file.
 *
 * @param[out] out  the sink; close with svms_sink_close()
 * @param ctx       context; must outlive the sink
 * @param path      file name in the system's encoding; must not exist
 * @param[out] err  why it failed, or NULL
 *
 * @retval SVMS_OK           created; the directory entry becomes durable with the first sync
 * @retval SVMS_E_USAGE      an argument is NULL
 * @retval SVMS_E_EXISTS     something of that name exists; it was not touched
 * @retval SVMS_E_IO         it cannot be created; err->os_error says how
 * @retval SVMS_E_NO_MEMORY  the allocator failed
 *
 * Thread safety: the sink belongs to one thread at a time. Since 0.1.
 */
SVMS_API SVMS_MUST_CHECK svms_status svms_sink_create_file(svms_sink *out, svms_ctx *ctx,
                                                           const char *path, svms_error *err);

/**
 * Close a sink and clear it.
 *
 * @param sink  the sink; NULL and an already cleared one are accepted
 *
 * Thread safety: no other thread may use the sink any more. Since 0.1.
 */
SVMS_API void svms_sink_close(svms_sink *sink);

#ifdef __cplusplus
}
#endif

#endif
