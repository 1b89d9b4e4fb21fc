/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of export files share: small MP4 files made by hand, signers of every kind, and
 * short words for sealing, signing and verifying. */
#ifndef SVMS_TEST_ONVIF_CASE_H
#define SVMS_TEST_ONVIF_CASE_H

#include "fixture.h"

typedef enum signer_kind {
    SIGNER_RSA2048,
    SIGNER_RSA3072,
    SIGNER_P256,
    SIGNER_P384,
    SIGNER_CUSTODIAN, /* P-256 */
    SIGNER_RECORDER,  /* P-256 in the wrong role */
    SIGNER_STRANGER,  /* P-256, exporter of another CA */
    SIGNER_BRIEF,     /* P-256, exporter whose certificate expires after a day */
    SIGNERS
} signer_kind;

typedef struct onvif_case {
    fixture *fix;
    svms_private_key *keys[SIGNERS];
    svms_chain *chains[SIGNERS];
    svms_private_key *other_ca_key;
    svms_chain *other_ca;
} onvif_case;

int onvif_setup(void **state);
int onvif_teardown(void **state);

typedef enum mp4_layout {
    MP4_PLAIN,      /* ftyp, moov with two tracks, mdat */
    MP4_LONG,       /* the same, with 64-bit sizes of mdat */
    MP4_FRAGMENTED, /* ftyp, moov, moof, mdat, moof, mdat, mfra */
    MP4_OPEN        /* mdat goes on to the end */
} mp4_layout;
memory_file make_mp4(mp4_layout shape);

/* Appends a box; payload NULL: zeros. */
void put_box(memory_file *file, const char *type, const void *payload, size_t size);
/* Offset of the first box of that type at or behind from; SIZE_MAX: none. By its letters. */
size_t find_box(const memory_file *file, const char *type, size_t from);
uint32_t load_u32(const memory_file *file, size_t offset);
void store_u32(memory_file *file, size_t offset, uint32_t value);
/* Puts bytes in, or takes them out when data is NULL. */
void insert_bytes(memory_file *file, size_t offset, const void *data, size_t size);
void remove_bytes(memory_file *file, size_t offset, size_t size);

/* Options as every test wants them: two tracks described, starts, a note. */
svms_onvif_seal_options seal_options(const onvif_case *given, signer_kind kind);
svms_onvif_countersign_options sign_options(const onvif_case *given, signer_kind kind);

svms_status seal(const onvif_case *given, signer_kind kind, memory_file *in, memory_file *out,
                 svms_error *err);
svms_status countersign(const onvif_case *given, signer_kind kind, memory_file *in,
                        memory_file *out, svms_error *err);
/* A sealed file of that layout with so many signatures, by SIGNER_P256 and SIGNER_CUSTODIAN. */
memory_file sealed_file(const onvif_case *given, mp4_layout shape, unsigned signatures);

/* Trusting the fixture's CA; the report may be NULL when there is none. */
svms_status verify_export(const onvif_case *given, memory_file *file, bool any_role,
                          svms_onvif_report **report, svms_error *err);
svms_onvif_summary summary_of(const svms_onvif_report *report);
svms_onvif_signature signature_of(const svms_onvif_report *report, uint32_t number);
/* The verdict, and its status; nothing else is kept. */
svms_status status_of(const onvif_case *given, memory_file *file);
bool has_warning(const svms_onvif_report *report, const char *part);

#endif
