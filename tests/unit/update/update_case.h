/* SPDX-License-Identifier: Apache-2.0 */
/* An authority, who signs updates, a device that reads them, and files in memory. Include after
 * cmocka_all.h. */
#ifndef SVMS_TEST_UPDATE_CASE_H
#define SVMS_TEST_UPDATE_CASE_H

#include "../identity/ca_workshop.h"
#include "../identity/fixture.h"
#include "update_manifest.h"

#define CASE_FILE_MAX ((size_t)1 << 20)
/* Two chunks of 4,096 and a rest; and one byte. */
#define CASE_FIRST_SIZE 10000
#define CASE_SECOND_SIZE 1

typedef struct update_file {
    uint8_t data[CASE_FILE_MAX];
    size_t size;
    long writes_left; /* until the sink fails; -1: never */
} update_file;

/* What a device was given. */
typedef struct update_device {
    unsigned accepted;
    svms_status answer_accepted;
    svms_status answer_data;
    size_t given[2];
    uint8_t bytes[2][CASE_FIRST_SIZE];
} update_device;

typedef struct update_case {
    fixture_allocator allocator; /* first: it and the clock get the same pointer */
    svms_ctx *ctx;
    int64_t now;
    workshop_ca root;
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
    uint8_t first[CASE_FIRST_SIZE];
    uint8_t second[CASE_SECOND_SIZE];
    svms_source sources[2];
    svms_update_content contents[2];
    svms_update_options options;
    svms_update_reader_options device_options;
    update_device device;
    update_file file;
    svms_error err;
    svms_update_refusal refusal;
} update_case;

/* provider: library context and properties, or NULL. */
update_case *case_open(struct ossl_lib_ctx_st *provider);
void case_close(update_case *c);
/* A chain for the key of the case in that role; kind of the key as workshop_key() has them. */
svms_chain *case_chain(update_case *c, svms_role role, svms_private_key *key);
svms_status case_make(update_case *c);
/* Hands the file in, in pieces of that size, and ends it; what the device was given is fresh. */
svms_status case_read(update_case *c, size_t piece);
/* Puts this manifest, signed, in place of the file, and behind it the parts of the case. */
void case_sign(update_case *c, const void *manifest, size_t size);
/* The manifest of the file, which must be good. */
svms_iovec case_manifest(update_case *c);

#endif
