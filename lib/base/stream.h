/* SPDX-License-Identifier: Apache-2.0 */
/* Checked use of svms_source and svms_sink. */
#ifndef SVMS_STREAM_H
#define SVMS_STREAM_H

#include <stdbool.h>

#include <svms/io.h>

/* True when the struct has the callbacks the library needs. */
bool svms_source_usable(const svms_source *source);
bool svms_sink_usable(const svms_sink *sink);

SVMS_MUST_CHECK svms_status svms_source_size(const svms_source *source, uint64_t *size,
                                             svms_error *err);
/* Exactly size bytes; SVMS_E_TRUNCATED with the offset where the source ended otherwise. */
SVMS_MUST_CHECK svms_status svms_source_read(const svms_source *source, uint64_t offset, void *out,
                                             size_t size, svms_error *err);
/* Up to size bytes; *got tells. */
SVMS_MUST_CHECK svms_status svms_source_read_some(const svms_source *source, uint64_t offset,
                                                  void *out, size_t size, size_t *got,
                                                  svms_error *err);
SVMS_MUST_CHECK svms_status svms_sink_write(const svms_sink *sink, const svms_iovec *runs,
                                            size_t count, svms_error *err);
/* True when it has all four callbacks. */
bool svms_store_usable(const svms_store *store);
/* A source that reads the store; it is not closed by itself. */
svms_source svms_store_source(const svms_store *store);
SVMS_MUST_CHECK svms_status svms_store_write(const svms_store *store, uint64_t offset,
                                             const void *data, size_t size, svms_error *err);
/* As svms_store_open_file(), but several may have it open, and it is for reading only where it may
 * not be written; no symbolic link. For folders, which have a lock of their own. */
SVMS_MUST_CHECK svms_status svms_store_open_shared(svms_store *out, svms_ctx *ctx, const char *path,
                                                   svms_error *err);
/* SVMS_E_STATE where the store cannot. */
SVMS_MUST_CHECK svms_status svms_store_cut(const svms_store *store, uint64_t size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_store_sync(const svms_store *store, svms_error *err);
SVMS_MUST_CHECK svms_status svms_sink_sync(const svms_sink *sink, svms_error *err);

#endif
