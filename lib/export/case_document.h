/* SPDX-License-Identifier: Apache-2.0 */
/* The case of a package: JSON with section 6 of evidence.md. */
#ifndef SVMS_CASE_DOCUMENT_H
#define SVMS_CASE_DOCUMENT_H

#include <svms/export.h>

#include "builder.h"
#include "case_format.h"
#include "digest.h"
#include "header.h"

/* Texts of a description, NULL where there is none. */
typedef struct svms_case_device {
    const char *name;
    const char *place;
    const char *remark;
} svms_case_device;

/* A derivation's segment ends, by their right hashes. */
typedef struct svms_case_origin {
    svms_export_origin origin;
    uint8_t first_manifest[SVMS_DIGEST_SIZE];
    uint8_t last_manifest[SVMS_DIGEST_SIZE];
} svms_case_origin;

/* Writing: opaque, grows as things are added. */
typedef struct svms_case_writer svms_case_writer;
SVMS_MUST_CHECK svms_status svms_case_writer_new(svms_case_writer **out, svms_ctx *ctx,
                                                 const svms_export_options *options,
                                                 int64_t created_utc_ns, svms_error *err);
void svms_case_writer_free(svms_case_writer **writer);
/* A failure of a source that is declared (E-SRC-8); those behind the thousandth are only counted.
 */
SVMS_MUST_CHECK svms_status svms_case_add_finding(svms_case_writer *writer,
                                                  const svms_finding *finding, svms_error *err);
/* A source with what was found in it since the one before; h and tracks from its header. */
SVMS_MUST_CHECK svms_status svms_case_add_source(svms_case_writer *writer,
                                                 const svms_export_period *period,
                                                 const svms_header *header,
                                                 const svms_case_device *device,
                                                 const svms_report *report, int64_t checked_utc_ns,
                                                 svms_error *err);
SVMS_MUST_CHECK svms_status svms_case_add_attachment(svms_case_writer *writer,
                                                     const svms_export_attachment *attachment,
                                                     uint32_t number, uint64_t size,
                                                     const uint8_t digest[SVMS_DIGEST_SIZE],
                                                     const svms_case_origin *origins,
                                                     svms_error *err);
SVMS_MUST_CHECK svms_status svms_case_set_presentation(
    svms_case_writer *writer, const svms_export_presentation *presentation, uint64_t size,
    const uint8_t digest[SVMS_DIGEST_SIZE], const svms_case_origin *origins, svms_error *err);
/* Appends the JSON. */
SVMS_MUST_CHECK svms_status svms_case_write(svms_case_writer *writer, svms_builder *out,
                                            svms_error *err);

/* Reading: what E-CAS-1 has to be compared with. */
typedef struct svms_case_source {
    uint32_t number;
    uint8_t container_id[16];
    uint8_t header[SVMS_DIGEST_SIZE];
    uint8_t device_id[16];    /* of the device that names it */
    uint8_t recording_id[16]; /* likewise */
    uint64_t sequence;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    uint64_t first_segment;
    uint64_t last_segment;
    int64_t first_utc_ns; /* or SVMS_NO_TIME */
    int64_t last_utc_ns;
    uint32_t removed_tracks; /* of included = false */
    uint32_t track_count;
    uint8_t kinds[SVMS_MAX_TRACKS];                     /* svms_track.kind; 0: none of those */
    char codecs[SVMS_MAX_TRACKS][SVMS_CASE_CODEC_SIZE]; /* as svms_case_codec_text() spells them */
} svms_case_source;

typedef struct svms_case_attachment {
    uint32_t number;
    const char *name; /* belongs to the document; E-CAS-4 holds */
    uint64_t size;
    uint8_t digest[SVMS_DIGEST_SIZE];
    size_t origin_count;
} svms_case_attachment;

typedef struct svms_case_presentation {
    bool present;
    const char *name;
    const char *media_type;
    uint64_t size;
    uint8_t digest[SVMS_DIGEST_SIZE];
    uint32_t track_count;
    svms_export_track_pair tracks[SVMS_MAX_TRACKS];
    size_t origin_count;
} svms_case_presentation;

/* Opaque parsed document. */
typedef struct svms_case svms_case;
/* Types, ranges, duplicates, depth, sizes; unknown members are ignored. SVMS_E_MALFORMED. */
SVMS_MUST_CHECK svms_status svms_case_parse(svms_case **out, svms_ctx *ctx, const void *json,
                                            size_t size, svms_error *err);
void svms_case_free(svms_case **document);
bool svms_case_reexport(const svms_case *document);
int64_t svms_case_created(const svms_case *document);
uint32_t svms_case_source_count(const svms_case *document);
/* In the order of their numbers. */
const svms_case_source *svms_case_source_at(const svms_case *document, uint32_t n);
/* Texts of the device of which n is the first source; NULL for its other sources (E-CAS-3). */
const svms_case_device *svms_case_device_of(const svms_case *document, uint32_t n);
uint32_t svms_case_attachment_count(const svms_case *document);
const svms_case_attachment *svms_case_attachment_at(const svms_case *document, uint32_t n);
const svms_case_presentation *svms_case_get_presentation(const svms_case *document);
/* Origin i of attachment n; n == SVMS_CASE_PRESENTATION: of the presentation. */
#define SVMS_CASE_PRESENTATION UINT32_MAX
const svms_case_origin *svms_case_origin_at(const svms_case *document, uint32_t n, size_t i);

#endif
