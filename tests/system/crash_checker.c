/* SPDX-License-Identifier: Apache-2.0 */
/* What the library says of a recording that was cut short, and whether it opens to what
 * crash_recorder put in. Usage: crash_checker CA KEY (PEM files); then for each line of standard
 * input, which names a file, one line of JSON. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#include "crash_content.h"

#define PEM_MAX 65536

typedef struct equipment {
    svms_ctx *ctx;
    svms_trust *trust;
    svms_private_key *key;
    svms_keyring *ring;
} equipment;

typedef struct counts {
    uint64_t attested;   /* samples of complete segments, with the right content */
    uint64_t unattested; /* samples behind them, with the right content */
    uint64_t wrong;      /* any other */
} counts;

static void count_sample(counts *found, uint32_t next[SVMS_MAX_TRACKS], const svms_sample *sample,
                         uint64_t segments)
{
    static uint8_t bytes[CONTENT_MAX];
    uint32_t number = next[sample->track]++;
    size_t size = content_fill(sample->track, number, bytes);
    bool attested = (sample->flags & SVMS_SAMPLE_UNATTESTED) == 0;
    if (sample->size != size || memcmp(sample->data, bytes, size) != 0 ||
        sample->dts != (int64_t)number * TICKS_IN_FRAME ||
        attested != (sample->segment < segments)) {
        found->wrong++;
    } else if (attested) {
        found->attested++;
    } else {
        found->unattested++;
    }
}

/* Reads everything there is, also what nobody signed yet. */
static svms_status read_all(const equipment *checker, const svms_source *source, uint64_t segments,
                            counts *found, svms_error *err)
{
    svms_reader *reader = NULL;
    uint32_t next[SVMS_MAX_TRACKS] = { 0 };
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.keys = checker->ring;
    options.trust = checker->trust;
    options.allow_unverified = 1;
    svms_status status = svms_reader_open(&reader, checker->ctx, source, &options, err);
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_reader_next(reader, &sample, err);
        if (status == SVMS_OK) {
            count_sample(found, next, &sample, segments);
        }
    }
    svms_reader_close(&reader);
    return status;
}

static void check(const equipment *checker, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    counts found = { 0, 0, 0 };
    svms_status read = SVMS_OK;
    options.trust = checker->trust;
    options.keys = checker->ring;
    svms_status status = svms_source_open_file(&source, checker->ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_verify_container(checker->ctx, &source, &options, &report, &err);
        read = read_all(checker, &source, report.segments_verified, &found, NULL);
    }
    svms_source_close(&source);
    printf("{\"status\": \"%s\", \"verdict\": \"%s\", \"segments\": %" PRIu64
           ", \"failed\": %" PRIu64 ", \"samples\": %" PRIu64 ", \"unattested_bytes\": %" PRIu64
           ", \"read\": \"%s\""
           ", \"attested\": %" PRIu64 ", \"unattested\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
           svms_status_name(status), svms_verdict_name(report.verdict), report.segments_verified,
           report.segments_failed, report.samples_verified, report.bytes_unattested,
           svms_status_name(read), found.attested, found.unattested, found.wrong);
    fflush(stdout);
}

static size_t read_text(const char *path, char out[PEM_MAX])
{
    FILE *file = fopen(path, "r");
    if (!file) {
        return 0;
    }
    size_t size = fread(out, 1, PEM_MAX, file);
    fclose(file);
    return size;
}

static svms_status load(equipment *checker, char **paths, svms_error *err)
{
    char pem[PEM_MAX];
    size_t size = read_text(paths[0], pem);
    svms_status status = svms_ctx_new(&checker->ctx, NULL, err);
    if (status == SVMS_OK) {
        status = svms_trust_from_pem(&checker->trust, checker->ctx, pem, size, err);
    }
    if (status == SVMS_OK) {
        size = read_text(paths[1], pem);
        status = svms_private_key_from_pem(&checker->key, checker->ctx, pem, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_new(&checker->ring, checker->ctx, err);
    }
    return status == SVMS_OK ? svms_keyring_add_key(checker->ring, checker->key, err) : status;
}

int main(int count, char **arguments)
{
    equipment checker = { NULL, NULL, NULL, NULL };
    svms_error err = SVMS_ERROR_INIT;
    char path[4096];
    if (count != 3) {
        fprintf(stderr, "usage: crash_checker CA KEY\n");
        return 2;
    }
    svms_status status = load(&checker, arguments + 1, &err);
    if (status != SVMS_OK) {
        fprintf(stderr, "crash_checker: %s %s\n", svms_status_name(status), err.message);
    }
    while (status == SVMS_OK && fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = '\0';
        check(&checker, path);
    }
    svms_keyring_free(&checker.ring);
    svms_private_key_free(&checker.key);
    svms_trust_free(&checker.trust);
    svms_ctx_free(&checker.ctx);
    return status == SVMS_OK ? 0 : 1;
}
