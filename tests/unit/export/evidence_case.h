/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests that read packages share. */
#ifndef SVMS_TEST_EVIDENCE_CASE_H
#define SVMS_TEST_EVIDENCE_CASE_H

#include "package_case.h"

/* What a verification told by its callbacks. */
typedef struct told {
    uint32_t links;
    svms_export_link link[8]; /* note is copied into notes */
    char notes[8][64];
    uint32_t sources;
    svms_verdict source[8];
    svms_report report[8];
    uint32_t findings;
    uint32_t finding_source;
    svms_finding finding; /* the last one */
    uint64_t progress;
    uint64_t cancel_at; /* call that cancels, from 1; 0: none */
    uint64_t last_done;
    uint64_t last_total;
} told;

/* Package that stands in self->out, opened with password unless that is NULL. */
svms_status open_package(export_case *self, memory_file *file, const char *password,
                         svms_evidence **out);
svms_evidence *open_well(export_case *self, memory_file *file, const char *password);
/* With the fixture's trust. */
svms_export_verify_options trusting(const export_case *self, told *seen);
svms_status verify_evidence(export_case *self, svms_evidence *evidence,
                            const svms_export_verify_options *options, svms_export_report *report);
/* Opens and verifies; the verdict, or -1 with *opening what svms_export_open() gave. */
int judge(export_case *self, memory_file *file, const char *password, svms_export_report *report,
          svms_status *opening);
void expect_authentic(export_case *self, const char *password);

/* Samples of all segments from first, of tracks that are not removed. */
void expect_samples_of(export_case *self, svms_evidence *evidence, uint32_t source,
                       const recipe *how, uint32_t removed, uint32_t first, uint32_t count);

/* Somebody who signs links. */
typedef struct person {
    svms_private_key *key;
    svms_chain *chain;
    svms_export_signer signer;
} person;
void person_make(export_case *self, person *who, svms_role role);
void person_clear(person *who);

/* A store over memory. */
typedef struct memory_store {
    memory_file *file;
    uint64_t fails_at; /* call that fails, from 1; 0: none */
    uint64_t calls;
    size_t torn_at; /* writing stops after so many bytes in all; 0: never */
    size_t written;
    uint32_t dies_at; /* power fails before this sync is done, from 1, and stays away; 0: never */
    uint32_t syncs;
    memory_file durable; /* then: as the sync before left it, for the caller to clear */
    bool no_cut;
} memory_store;
svms_store store_of(memory_store *store);
svms_status countersign(export_case *self, const svms_export_signer *signer, uint8_t head[32]);

#endif
