/* SPDX-License-Identifier: Apache-2.0 */
/* A recording, a proof of it, and its clear samples, for the tests of proofs. */
#ifndef SVMS_TEST_PROOF_BENCH_H
#define SVMS_TEST_PROOF_BENCH_H

#include "package_case.h"

#include <svms/proof.h>

#define MOST_SAMPLES 256
#define PNG "\x89PNG\r\n\x1A\n"
#define JPEG "\xFF\xD8\xFF\xE0pict"
#define FILE_TEXT "the file that the samples are in"

/* A sample as whoever takes the clear file apart finds it. */
typedef struct clear_sample {
    uint32_t track; /* of the file: one more than that of the recording */
    uint8_t *bytes;
    size_t size;
    uint64_t segment;
    uint64_t number; /* in its track */
    int64_t utc_ns;
} clear_sample;

typedef struct bench {
    export_case *made;
    clear_sample samples[MOST_SAMPLES];
    size_t count;
    memory_file file; /* the presentation */
    svms_proof_report report;
    svms_error err;
} bench;

void take_samples(bench *self, memory_file *container, uint32_t removed);
svms_export_presentation mp4_presentation(void);
void set_presentation(bench *self, svms_export *package,
                      const svms_export_presentation *presentation);
svms_export *begin_proof(bench *self);
void open_bench(bench *self, void **state);
void make_bench(bench *self, void **state, const recipe *how, uint32_t removed);
void close_bench(bench *self);
recipe recipe_of(size_t protection);
svms_status begin_proof_check(bench *self, svms_evidence **evidence, svms_proof **proof,
                              svms_source *source);
svms_status check_in_steps(bench *self, size_t step);
svms_status check_bench(bench *self);

#endif
