/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests share that alter packages, and sign them again. */
#ifndef SVMS_TEST_FORGE_CASE_H
#define SVMS_TEST_FORGE_CASE_H

#include "evidence_case.h"
#include "link.h"

/* A small package with two links, and where its parts are. */
typedef struct target {
    export_case *self;
    const char *password;
    seen_package *seen;
    person custodian;
    uint64_t link; /* the second one */
    uint8_t head[32];
} target;

void target_make(export_case *self, target *out, svms_protection protection, bool sealed);
void target_clear(target *this);

/* A link as it stands in a file, with its tail. */
typedef struct piece {
    uint8_t *data;
    size_t size;
} piece;

piece cut_out(const memory_file *file, uint64_t from, uint64_t to);
void append(memory_file *file, const void *data, size_t size);

/* What a forger changes of a link that he signs anew. */
typedef void change_link(svms_link_object *object, const void *with);
/* Replaces the link at offset, and cuts what stands behind it. */
void sign_anew(export_case *self, uint64_t offset, const svms_export_signer *signer,
               change_link *change, const void *with);
/* Digest of a frame as E-DIR-2 wants it. */
void digest_frame(const svms_frame *is, const uint8_t *bytes, uint8_t out[32]);
/* Entry of a frame in the first directory. */
uint8_t *entry_of(export_case *self, const target *this, const seen_frame *frame);
/* Digest of the frame into its entry, hash of the directory into link 0. */
void sign_frame(export_case *self, const target *this, const seen_frame *frame,
                const person *exporter);

/* A frame that a forger carries: one that stands in a file, with another header if he likes. */
typedef struct carried {
    const uint8_t *parts; /* A, B and C */
    svms_frame frame;
    int64_t first_utc_ns; /* of its entry */
    int64_t last_utc_ns;
} carried;

/* Frames of a package, without directories; bytes must live as long as they do. */
size_t carry(const seen_package *seen, carried *out, size_t room);
/* Puts a package into self->out that consists of front (header and slot) and these frames, at most
 * 256, with one directory, under a link 0 of the exporter's that counts what is there. */
void assemble(export_case *self, const piece *front, const carried *frames, size_t count,
              const person *exporter);

#endif
