/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of packages share: an exporter, containers, and a reader of packages of its own
 * that takes nothing on trust. */
#ifndef SVMS_TEST_PACKAGE_CASE_H
#define SVMS_TEST_PACKAGE_CASE_H

#include "../container/fixture.h"

#include <svms/export.h>

#include "frame.h"
#include "package_header.h"

#define MOST_FRAMES 2048
#define PASSWORD "pass word" /* of containers */
#define SEAL "seal word"     /* of packages */

typedef struct export_case {
    fixture *fix;
    svms_private_key *key;
    svms_chain *exporter;
    svms_keyring *ring; /* opens containers */
    memory_file container;
    memory_file out;
    svms_export_result result;
    svms_report report;
    svms_error err;
} export_case;

int export_case_setup(void **state);
/* With a library context of OpenSSL. */
int export_case_setup_in(void **state, struct ossl_lib_ctx_st *library);
int export_case_teardown(void **state);

/* Sealed with SEAL at the lowest cost, signed by the exporter. */
svms_export_options sealed_options(const export_case *self);
svms_export_options clear_options(const export_case *self);
/* Everything of a container, with trust and keys. */
svms_export_source whole_source(const export_case *self);

/* Makes a package of one source into self->out. */
svms_status export_one(export_case *self, const svms_export_options *options,
                       const svms_export_source *source);
/* The same, and it must succeed. */
void export_well(export_case *self, const svms_export_options *options,
                 const svms_export_source *source);
svms_export *begin_export(export_case *self, const svms_export_options *options);
void add_source_well(export_case *self, svms_export *package, memory_file *container,
                     const svms_export_source *source);
/* Finishes into self->result and releases. */
void finish_well(export_case *self, svms_export **package);
/* Nobody could take what is in self->out for a package. */
bool looks_finished(const memory_file *file);

/* A frame as it stands in the file. */
typedef struct seen_frame {
    uint64_t offset;
    uint64_t index;
    svms_frame frame;
    const uint8_t *header;
    const uint8_t *a;
    const uint8_t *b;
    const uint8_t *c;
    int64_t first_utc_ns; /* of its entry */
    int64_t last_utc_ns;
} seen_frame;

typedef struct seen_package {
    svms_package_header header;
    bool opened;
    uint8_t p[32];
    size_t count;
    seen_frame frames[MOST_FRAMES];
    size_t directories;
    uint64_t link_offset;
    uint32_t policy;
    const char *note;
    size_t note_size;
    size_t token_size;
    uint32_t sources;
    uint32_t attachments;
    const uint8_t *presentation; /* hash and size, 40 bytes */
    const uint8_t *head;
} seen_package;

/* Walks self->out and checks every rule of sections 2 to 4 and 7, each digest anew, and what the
 * result says of it. Opens it with password unless that is NULL. Release with free(). */
seen_package *look_at_package(export_case *self, const char *password);
/* Content of part A or B of a frame, opened when it is sealed; free() it. */
uint8_t *secrets_of(export_case *self, const seen_package *seen, const seen_frame *frame,
                    size_t *size);
uint8_t *body_of(export_case *self, const seen_package *seen, const seen_frame *frame,
                 size_t *size);
/* The nth frame of a kind, from 0. */
const seen_frame *frame_of(const seen_package *seen, uint8_t kind, size_t n);
size_t frames_of(const seen_package *seen, uint8_t kind);
/* The case, NUL-terminated; free() it. */
char *case_of(export_case *self, const seen_package *seen);

void sha256_of(const void *data, size_t size, uint8_t out[32]);

#endif
