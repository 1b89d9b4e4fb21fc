/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a small signed recording under a staged clock, for what no test can wait for: certificates
 * that expired long ago, or while recording, or are not valid yet.
 * Usage: staged_recording FOLDER NOT-BEFORE NOT-AFTER OPENED LATER (RFC 3339)
 * The clock says OPENED until the recording has begun, then LATER. The folder receives ca.pem and
 * a.svms. */
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define SECONDS_PER_YEAR INT64_C(31557600)
#define SAMPLES 20

typedef struct signer {
    svms_private_key *key;
    svms_chain *chain;
} signer;

static int64_t staged_now(void *user)
{
    return *(const int64_t *)user;
}

static svms_status certify(svms_ctx *ctx, signer *out, const signer *issuer, int64_t from,
                           int64_t to, char *pem, size_t capacity, svms_error *err)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = issuer ? SVMS_ROLE_RECORDER : SVMS_ROLE_NONE;
    options.common_name = issuer ? "staged recorder" : "staged CA";
    options.not_before_utc_ns = from;
    options.not_after_utc_ns = to;
    svms_status status = svms_private_key_generate(&out->key, ctx, err);
    if (status == SVMS_OK) {
        status = svms_certificate_issue(ctx, &options, out->key, issuer ? issuer->chain : NULL,
                                        issuer ? issuer->key : NULL, pem, &capacity, err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(&out->chain, ctx, pem, capacity, err);
    }
    return status;
}

static int save(const char *folder, const char *name, const char *text)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!file) {
        return -1;
    }
    int written = fputs(text, file);
    return fclose(file) == 0 && written >= 0 ? 0 : -1;
}

static svms_status record(svms_ctx *ctx, const char *folder, const signer *recorder, int64_t *clock,
                          int64_t later, svms_error *err)
{
    char path[4096];
    svms_sink sink = SVMS_SINK_INIT;
    svms_writer *writer = NULL;
    svms_track track = SVMS_TRACK_INIT;
    track.codec = SVMS_FOURCC('t', 'e', 's', 't');
    track.protection = SVMS_PROTECT_NONE;
    track.timebase_den = 10;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    options.tracks = &track;
    options.track_count = 1;
    options.signer_key = recorder->key;
    options.signer_chain = recorder->chain;
    options.segment_ns = NS_PER_SECOND;
    snprintf(path, sizeof path, "%s/a.svms", folder);
    svms_status status = svms_sink_create_file(&sink, ctx, path, err);
    if (status == SVMS_OK) {
        status = svms_writer_open(&writer, ctx, &sink, &options, err);
    }
    *clock = later;
    for (int64_t i = 0; i < SAMPLES && status == SVMS_OK; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.flags = SVMS_SAMPLE_SYNC;
        sample.dts = sample.pts = i;
        sample.duration = 1;
        sample.data = (const uint8_t *)"sample";
        sample.size = strlen("sample");
        status = svms_writer_append(writer, &sample, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, err);
    }
    svms_writer_abort(&writer);
    svms_sink_close(&sink);
    return status;
}

int main(int count, char **arguments)
{
    int64_t times[4];
    signer ca = { NULL, NULL };
    signer recorder = { NULL, NULL };
    svms_ctx *ctx = NULL;
    char pem[4096];
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = count == 6 ? SVMS_OK : SVMS_E_USAGE;
    for (int i = 0; i < 4 && status == SVMS_OK; i++) {
        status = svms_time_parse(&times[i], arguments[2 + i], &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "usage: staged_recording FOLDER NOT-BEFORE NOT-AFTER OPENED LATER\n");
        return 2;
    }
    int64_t clock = times[2];
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = &clock;
    options.utc_now = staged_now;
    status = svms_ctx_new(&ctx, &options, &err);
    if (status == SVMS_OK) {
        status = certify(ctx, &ca, NULL, 0, 100 * SECONDS_PER_YEAR * NS_PER_SECOND, pem, sizeof pem,
                         &err);
    }
    if (status == SVMS_OK && save(arguments[1], "ca.pem", pem) != 0) {
        status = SVMS_E_IO;
    }
    if (status == SVMS_OK) {
        status = certify(ctx, &recorder, &ca, times[0], times[1], pem, sizeof pem, &err);
    }
    if (status == SVMS_OK) {
        status = record(ctx, arguments[1], &recorder, &clock, times[3], &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "staged_recording: %s %s\n", svms_status_name(status), err.message);
    }
    svms_chain_free(&recorder.chain);
    svms_private_key_free(&recorder.key);
    svms_chain_free(&ca.chain);
    svms_private_key_free(&ca.key);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
