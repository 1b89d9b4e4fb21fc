/* SPDX-License-Identifier: Apache-2.0 */
/* State of an export, shared by the files that implement it. */
#ifndef SVMS_EXPORT_INTERNAL_H
#define SVMS_EXPORT_INTERNAL_H

#include <svms/export.h>

#include "carried.h"
#include "case_document.h"
#include "link.h"
#include "package_header.h"
#include "package_writer.h"
#include "window.h"

/* A source that was added. */
typedef struct svms_exported_source {
    svms_export_period period;
    /* Of the manifests of its first and last segment (C-MAN-4). */
    uint8_t first_manifest[SVMS_DIGEST_SIZE];
    uint8_t last_manifest[SVMS_DIGEST_SIZE];
} svms_exported_source;

struct svms_export {
    svms_ctx *ctx;
    svms_export_options options;
    svms_package_header header;
    svms_package_writer writer;
    svms_hasher *content; /* of attachments, the presentation, manifests */
    svms_case_writer *document;
    bool failed;
    bool finished;
    bool sources_over; /* an attachment or the presentation has come */
    svms_exported_source *sources;
    uint32_t source_count;
    uint32_t source_room;
    svms_carried carried;
    uint32_t attachment_count;
    bool has_presentation;
    uint8_t presentation_hash[SVMS_DIGEST_SIZE];
    uint64_t presentation_size;
    uint8_t slot_hash[SVMS_DIGEST_SIZE]; /* zeros when it is not sealed */
    svms_recipient recipients[SVMS_MAX_RECIPIENTS];
    uint32_t recipient_count;
};

/* SVMS_E_STATE when nothing more can be done with it. */
SVMS_MUST_CHECK svms_status svms_export_usable(const svms_export *package, svms_error *err);
/* A failure ends the export. */
svms_status svms_export_settle(svms_export *package, svms_status status);

/* export_attachment.c: the hashes that belong to origins; *out is released by svms_release. NULL
 * for none. */
SVMS_MUST_CHECK svms_status svms_export_find_origins(svms_export *package,
                                                     const svms_export_origin *origins,
                                                     size_t count, svms_case_origin **out,
                                                     svms_error *err);

#endif
