/* SPDX-License-Identifier: Apache-2.0 */
/* What the container tests share: a context with a settable clock and failing hooks, a CA with
 * signers, containers in memory, and samples whose bytes can be foretold. */
#ifndef SVMS_TEST_FIXTURE_H
#define SVMS_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/svms.h>

#define SECOND INT64_C(1000000000)
#define T0 (INT64_C(1767225600) * SECOND) /* 2026-01-01T00:00:00Z */
#define DAY (86400 * SECOND)

/* Bytes in memory that can be written to and read from; can be made to fail. */
typedef struct memory_file {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint64_t writes;
    uint64_t write_fails_at; /* number of the write that fails, from 1; 0: none */
    size_t room;             /* bytes that fit, like a small disk; 0: unlimited */
    uint64_t reads;
    uint64_t read_fails_at;
    uint64_t syncs;
} memory_file;

void memory_file_clear(memory_file *file);
svms_sink memory_sink(memory_file *file);
svms_source memory_source(memory_file *file);
memory_file memory_copy(const memory_file *file);

typedef struct fixture {
    int64_t now;
    uint64_t allocations;
    uint64_t allocation_fails_at; /* from 1; 0: none */
    int64_t live_blocks;
    uint64_t allocated_bytes; /* since a test set it to 0 */
    const char *sought;       /* words that no block may hold when it is released; NULL: any */
    uint64_t left_behind;     /* blocks that did */
    svms_ctx *ctx;
    svms_private_key *ca_key;
    svms_chain *ca;
    svms_trust *trust;
    svms_private_key *recorder_key;
    svms_chain *recorder; /* valid for a year from T0 */
} fixture;

/* The clock stands at T0 until a test moves it; each reading of it adds a microsecond. */
int fixture_setup(void **state);
/* With a library context and a property query of OpenSSL. */
int fixture_setup_in(void **state, struct ossl_lib_ctx_st *library, const char *properties);
int fixture_teardown(void **state);

/* A chain issued by the fixture's CA. */
svms_chain *issue_chain(fixture *fix, const svms_private_key *key, svms_role role, int64_t from,
                        int64_t to);
svms_trust *trust_of_new_ca(fixture *fix);

/* What a test container looks like. */
typedef struct recipe {
    svms_protection protection;
    uint32_t tracks;    /* 1: opaque video; 2: and opaque audio */
    uint32_t segments;  /* of one second each */
    uint32_t frames;    /* video samples in a segment */
    size_t sample_size; /* video; audio samples have 40 bytes */
    bool is_unsigned;
    const char *password; /* cost 2^10 */
    const svms_public_key *recipient;
    const svms_private_key *key; /* instead of the fixture's recorder */
    const svms_chain *chain;
    bool leave_open;
    uint8_t seed;
} recipe;

#define RECIPE_INIT                                                                                \
    {                                                                                              \
        SVMS_PROTECT_STRONG, 2, 3, 3, 100, false, "pass word", NULL, NULL, NULL, false, 1          \
    }

svms_writer_options writer_options(fixture *fix, const recipe *how, svms_track tracks[2]);
/* Records; ends (or abandons) the container. */
void record_container(fixture *fix, const recipe *how, memory_file *file);
/* Appends the samples of one segment (number counts from 0) to a writer. */
svms_status append_segment(svms_writer *writer, const recipe *how, uint32_t number,
                           svms_error *err);
/* Fills the bytes of a sample. */
void sample_bytes(const recipe *how, uint32_t track, uint32_t number, uint8_t *out, size_t size);
svms_keyring *password_ring(fixture *fix, const char *password);

svms_status verify_file(fixture *fix, memory_file *file, const svms_trust *trust,
                        svms_report *report);

/* Offsets of what is in a container, by walking it without the library. */
typedef struct layout {
    size_t header_size;
    size_t first_record;
    size_t segment_count;
    size_t segments[64]; /* start of each, then the end of the last */
    size_t end_record;
} layout;
layout lay_out_file(const memory_file *file);

#endif
