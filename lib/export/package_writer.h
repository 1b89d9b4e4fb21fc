/* SPDX-License-Identifier: Apache-2.0 */
/* A package on its way to a sink: frames one after the other, their digests, the directories that
 * hold these, and the digest of the whole file. Memory does not depend on how much is written. */
#ifndef SVMS_PACKAGE_WRITER_H
#define SVMS_PACKAGE_WRITER_H

#include "frame.h"

typedef struct svms_package_writer {
    svms_ctx *ctx;
    svms_sink sink;
    unsigned export_kind;
    bool sealed;
    uint8_t p[SVMS_DIGEST_SIZE];
    svms_hasher *file;  /* all that was written */
    svms_hasher *frame; /* of the frame under way what its digest covers */
    svms_aead *aead;    /* NULL in a package that is not sealed */
    uint8_t *stage;     /* small parts wait here, so that they are one write */
    size_t staged;
    uint8_t *plain; /* a chunk that is not full yet */
    size_t plain_size;
    uint8_t *cipher;
    uint64_t offset; /* where the next byte goes */
    uint64_t frames; /* directories included */
    /* Of the frame under way. */
    svms_frame_entry entry;
    uint8_t header[SVMS_FRAME_HEADER_SIZE];
    bool omits_body;
    bool seals_body;
    uint64_t body_left; /* before it is sealed */
    uint32_t closing_left;
    uint64_t chunk;
    /* Directories. */
    svms_builder entries; /* that wait */
    uint32_t waiting;
    uint64_t directory_offset;
    uint8_t directory_hash[SVMS_DIGEST_SIZE];
} svms_package_writer;

/* What a frame will be, before anything is sealed. */
typedef struct svms_frame_plan {
    uint8_t kind;
    uint8_t flags; /* but the one that says that the body is sealed */
    bool seals_body;
    uint64_t number;
    uint64_t origin;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    const uint8_t *secrets;
    size_t secrets_size;
    uint64_t body_size;
    uint32_t closing_size;
} svms_frame_plan;

/* Always follow with svms_package_writer_clear(), also after a failure. p: P of the package, NULL
 * when it is not sealed. */
SVMS_MUST_CHECK svms_status svms_package_writer_init(svms_package_writer *writer, svms_ctx *ctx,
                                                     const svms_sink *sink, unsigned export_kind,
                                                     const uint8_t *p, svms_error *err);
void svms_package_writer_clear(svms_package_writer *writer);
/* Bytes that belong to no frame. */
SVMS_MUST_CHECK svms_status svms_package_put(svms_package_writer *writer, const void *data,
                                             size_t size, svms_error *err);
/* Hands what waits to the sink, and makes it durable. */
SVMS_MUST_CHECK svms_status svms_package_sync(svms_package_writer *writer, svms_error *err);

/* A frame: begin, body*, closing*, end. Exactly the bytes that were planned must come. */
SVMS_MUST_CHECK svms_status svms_package_frame_begin(svms_package_writer *writer,
                                                     const svms_frame_plan *plan, svms_error *err);
SVMS_MUST_CHECK svms_status svms_package_frame_body(svms_package_writer *writer, const void *data,
                                                    size_t size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_package_frame_closing(svms_package_writer *writer,
                                                       const void *data, size_t size,
                                                       svms_error *err);
/* Writes a directory when enough entries wait (E-DIR-1). */
SVMS_MUST_CHECK svms_status svms_package_frame_end(svms_package_writer *writer, svms_error *err);
/* The last directory, if any entry waits. */
SVMS_MUST_CHECK svms_status svms_package_last_directory(svms_package_writer *writer,
                                                        svms_error *err);

#endif
