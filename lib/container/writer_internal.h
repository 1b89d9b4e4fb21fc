/* SPDX-License-Identifier: Apache-2.0 */
/* State of a writer, shared by the files that implement it. */
#ifndef SVMS_WRITER_INTERNAL_H
#define SVMS_WRITER_INTERNAL_H

#include <svms/writer.h>

#include "header.h"
#include "access_block.h"
#include "batch_internal.h"
#include "index.h"
#include "key_schedule.h"
#include "light_plan.h"
#include "manifest.h"
#include "merkle.h"
#include "record.h"
#include "sample_cipher.h"
#include "signature.h"

/* Ciphertext is collected here on its way to the sink, so that a usual sample is one write. */
#define SVMS_STAGE_SIZE 131072u
/* Encrypt and hash in steps that stay in the first-level cache. */
#define SVMS_STEP_SIZE 65536u
#define SVMS_MAX_RUNS 64u
/* A segment without sync sample ends after this at the latest. */
#define SVMS_LONGEST_SEGMENT_NS INT64_C(10000000000)

/* Signatures that are under way at most; their records have C-SIG-4's 64 segments to come. */
#define SVMS_MAX_OUTSTANDING 56u
/* Manifest hashes that a time stamp may name (C-EVI-1). */
#define SVMS_RECENT_MANIFESTS SVMS_MAX_EVIDENCE_DISTANCE

/* A manifest whose signature has not come yet: from its own engine, or from a batch. */
typedef struct svms_outstanding {
    uint64_t number;
    svms_sign_ticket *ticket;
    svms_batch_member *member;
} svms_outstanding;

typedef struct svms_writer_track {
    svms_aead *aead; /* NULL: stored in the clear */
    svms_light_planner *planner;
    svms_track_keys keys;
    svms_merkle tree;
    int64_t first_pts;
    int64_t first_utc_ns;
} svms_writer_track;

typedef struct svms_open_segment {
    bool open;
    bool has_reference; /* a sample of the reference track is in it */
    svms_segment_start start;
    uint64_t offset;
    uint32_t records;
    uint32_t samples;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    uint8_t first_track;
    bool first_is_sync;
    uint8_t gap_reason;
    svms_merkle auxiliary;
} svms_open_segment;

struct svms_writer {
    svms_ctx *ctx;
    svms_sink sink;
    svms_header header;
    svms_durability durability;
    bool failed;
    uint8_t reference;
    uint8_t segment_root[SVMS_DIGEST_SIZE]; /* P */
    svms_hasher *hasher;
    svms_sign_engine *signer;
    bool late;
    bool sign_now; /* the next manifest is signed before the call returns */
    svms_batch *batch;
    svms_outstanding outstanding[SVMS_MAX_OUTSTANDING]; /* oldest first */
    size_t outstanding_count;
    uint8_t (*recent)[SVMS_DIGEST_SIZE]; /* by number modulo; made with the first manifest */
    svms_builder
        evidence; /* bodies of evidence records for the next segment, each after its length */
    uint32_t evidence_count;
    svms_end_reason end_reason;
    uint64_t durable_interval_ns;
    uint64_t synced_monotonic_ns;
    svms_builder scratch;
    svms_index index;
    svms_writer_track tracks[SVMS_MAX_TRACKS];
    svms_open_segment segment;
    uint64_t next_segment;
    uint8_t previous[SVMS_DIGEST_SIZE];
    int64_t previous_first_utc_ns;
    int64_t signed_last_utc_ns; /* latest moment of the complete segments, or SVMS_NO_TIME */
    uint8_t next_gap;
    uint8_t *stage;
    size_t staged;
    svms_iovec runs[SVMS_MAX_RUNS];
    size_t run_count;
    svms_range ranges[SVMS_LIGHT_MAX_RANGES];
    svms_writer_stats stats;
};

/* As svms_writer_open(), with 16 fresh random bytes that the caller wanted to know before; NULL:
 * none were made yet. */
SVMS_MUST_CHECK svms_status svms_writer_open_as(svms_writer **out, svms_ctx *ctx,
                                                const svms_sink *sink,
                                                const svms_writer_options *options,
                                                const uint8_t *container_id, svms_error *err);
/* Writes and counts; marks the writer failed when the sink fails. */
SVMS_MUST_CHECK svms_status svms_writer_emit(svms_writer *writer, const void *data, size_t size,
                                             svms_error *err);
SVMS_MUST_CHECK svms_status svms_writer_emit_runs(svms_writer *writer, const svms_iovec *runs,
                                                  size_t count, svms_error *err);
/* Whether a container with so many tracks can take the sample. */
SVMS_MUST_CHECK svms_status svms_sample_check(const svms_sample *sample, uint32_t track_count,
                                              svms_error *err);
/* Marks the writer failed and returns status. */
svms_status svms_writer_fail(svms_writer *writer, svms_status status);
/* Appends the signature record of object to out; nothing when unsigned. Waits for the signature. */
SVMS_MUST_CHECK svms_status svms_writer_put_signature(svms_writer *writer, svms_builder *out,
                                                      const uint8_t *object, size_t size,
                                                      uint64_t number, svms_error *err);

/* writer_sample.c: one sample record of the open segment. */
SVMS_MUST_CHECK svms_status svms_writer_put_sample(svms_writer *writer, const svms_sample *sample,
                                                   svms_error *err);

/* writer_late.c: signs the manifest whose record is in scratch: appends its signature record, or
 * leaves it for later. */
SVMS_MUST_CHECK svms_status svms_writer_sign_manifest(svms_writer *writer, size_t size,
                                                      uint64_t number, svms_error *err);
/* Stores the signatures that have come meanwhile into the open segment. */
SVMS_MUST_CHECK svms_status svms_writer_take_late(svms_writer *writer, svms_error *err);
/* Waits for the oldest one, and appends its record to out, which it replaces. */
SVMS_MUST_CHECK svms_status svms_writer_wait_late(svms_writer *writer, uint32_t record_number,
                                                  svms_builder *out, svms_error *err);
/* True when the oldest one must be stored before this segment ends. */
bool svms_writer_late_is_due(const svms_writer *writer, uint64_t segment);
void svms_writer_forget_late(svms_writer *writer);

/* writer_evidence.c: stores what was kept for this segment. */
SVMS_MUST_CHECK svms_status svms_writer_put_evidence(svms_writer *writer, svms_error *err);
/* Remembers the hash of the manifest that was just written. */
SVMS_MUST_CHECK svms_status svms_writer_remember(svms_writer *writer, uint64_t number,
                                                 svms_error *err);

/* writer_segment.c */
/* An auxiliary record of the open segment. */
SVMS_MUST_CHECK svms_status svms_writer_put_auxiliary(svms_writer *writer, const uint8_t *record,
                                                      size_t size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_writer_start_segment(svms_writer *writer, int64_t utc_ns,
                                                      svms_error *err);
SVMS_MUST_CHECK svms_status svms_writer_finish_segment(svms_writer *writer, svms_error *err);
SVMS_MUST_CHECK svms_status svms_writer_finish_container(svms_writer *writer, svms_error *err);

/* Whom the options name; borrowed. */
svms_recipients svms_writer_recipients(const svms_writer_options *options);
/* writer_options.c: checks options against each other and fills header (without chain and keys). */
SVMS_MUST_CHECK svms_status svms_writer_accept(svms_writer *writer,
                                               const svms_writer_options *options, svms_error *err);

#endif
