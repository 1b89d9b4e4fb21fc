/* SPDX-License-Identifier: Apache-2.0 */
/* Excerpts in memory: what svms_excerpt_collect() tells, laid out as svms_excerpt wants it; and
 * containers signed in all ways. */
#ifndef SVMS_TEST_SPARSE_H
#define SVMS_TEST_SPARSE_H

#include "fixture.h"

#include "excerpt.h"

#define SPARSE_PIECES 700u

typedef struct sparse {
    fixture *fix;
    memory_file image; /* what the source gives */
    size_t front_size; /* header and signature record; zeros follow up to first_record */
    size_t first_record;
    size_t count;
    svms_piece pieces[SPARSE_PIECES];
    size_t told_manifests; /* pieces whose manifest was handed over */
    svms_source source;
    svms_excerpt excerpt;
    uint64_t calls; /* of piece_at and find */
    uint64_t call_fails_at;
    size_t callback_fails_at; /* piece of collecting, from 1; 0: none */
    svms_front *keys;         /* unlocked: gives secrets */
    bool lent;                /* and belongs to somebody else */
    uint64_t wrong_secret;    /* segment + 1 whose secrets are false */
    uint64_t no_secret;       /* segment + 1 whose secrets are not carried */
} sparse;

/* Collects and lays out. The report is that of collecting. */
svms_status sparse_collect(sparse *out, fixture *fix, memory_file *file,
                           const svms_verify_options *options, bool include_unverified,
                           svms_report *report);
/* Lays out the bytes of the pieces that are there now. */
void sparse_lay_out(sparse *out, const memory_file *file);
/* Leaves out the samples of these tracks. */
void sparse_remove(sparse *out, const memory_file *file, uint32_t tracks);
/* Lets it give secrets. */
void sparse_unlock(sparse *out, memory_file *file, const char *password);
/* The same with keys that were unlocked before. */
void sparse_lend(sparse *out, svms_front *keys);
/* A piece is left out; its bytes are gone too. */
void sparse_drop(sparse *out, size_t n);
void sparse_clear(sparse *out);
svms_status sparse_verify(sparse *of, const svms_verify_options *options, svms_report *report,
                          svms_excerpt_findings *findings);

/* How a container is signed. */
typedef struct signing {
    const char *name;
    uint32_t interval;
    uint32_t late;
    uint32_t behind; /* answers of the signer stay this many segments behind */
    bool batch;
    bool batch_signed; /* after every segment; otherwise when somebody waits */
    bool is_unsigned;
} signing;
extern const signing signings[];
extern const size_t signing_count;

/* Records segments of one second; closes, or leaves the last one open. */
void record_signed(fixture *fix, const signing *how, const recipe *what, memory_file *file);

#endif
