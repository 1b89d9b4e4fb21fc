/* SPDX-License-Identifier: Apache-2.0 */
/* Records one metadata document every 100 ms for three seconds: write OUT.svms CA-OUT.pem
 * The password is "demonstration". A real recorder loads its key and certificate from files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#define PASSWORD "demonstration"
#define DOCUMENTS 30
#define DAY_NS INT64_C(86400000000000)

typedef struct signer {
    svms_private_key *key;
    svms_chain *chain;
} signer;

static int64_t now_ns(void)
{
    return (int64_t)time(NULL) * 1000000000;
}

/* A certificate for a new key; without issuer a CA. pem receives its text. */
static svms_status certify(svms_ctx *ctx, signer *out, const signer *issuer, char *pem,
                           size_t capacity, svms_error *err)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = issuer ? SVMS_ROLE_RECORDER : SVMS_ROLE_NONE;
    options.common_name = issuer ? "snippet recorder" : "snippet CA";
    options.not_before_utc_ns = now_ns();
    options.not_after_utc_ns = now_ns() + DAY_NS;
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

static svms_status open_writer(svms_writer **out, svms_ctx *ctx, const svms_sink *sink,
                               const signer *recorder, svms_error *err)
{
    svms_track track = SVMS_TRACK_INIT;
    track.kind = SVMS_TRACK_METADATA;
    track.codec = SVMS_CODEC_ONVIF_METADATA;
    track.timebase_den = 1000;

    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    options.tracks = &track;
    options.track_count = 1;
    options.signer_key = recorder->key;
    options.signer_chain = recorder->chain;
    options.password = PASSWORD;
    options.password_size = strlen(PASSWORD);
    options.device_name = "Front door";
    options.segment_ns = 1000000000;
    return svms_writer_open(out, ctx, sink, &options, err);
}

static svms_status append_documents(svms_writer *writer, svms_error *err)
{
    for (int64_t i = 0; i < DOCUMENTS; i++) {
        char document[64];
        int size = snprintf(document, sizeof document, "<Frame number=\"%" PRId64 "\"/>", i);
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.flags = SVMS_SAMPLE_SYNC;
        sample.dts = sample.pts = i * 100;
        sample.duration = 100;
        sample.data = (const uint8_t *)document;
        sample.size = (size_t)size;
        svms_status status = svms_writer_append(writer, &sample, err);
        if (status != SVMS_OK) {
            return status;
        }
        const struct timespec pause = { 0, 100000000 };
        nanosleep(&pause, NULL);
    }
    return SVMS_OK;
}

static int save(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        return -1;
    }
    int written = fputs(text, file);
    return fclose(file) == 0 && written >= 0 ? 0 : -1;
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    signer ca = { NULL, NULL };
    signer recorder = { NULL, NULL };
    svms_sink sink = SVMS_SINK_INIT;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    char pem[4096];
    if (count != 3) {
        fprintf(stderr, "usage: write OUT.svms CA-OUT.pem\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = certify(ctx, &ca, NULL, pem, sizeof pem, &err);
    }
    if (status == SVMS_OK && save(arguments[2], pem) != 0) {
        fprintf(stderr, "cannot write %s\n", arguments[2]);
        status = SVMS_E_IO;
    }
    if (status == SVMS_OK) {
        status = certify(ctx, &recorder, &ca, pem, sizeof pem, &err);
    }
    if (status == SVMS_OK) {
        status = svms_sink_create_file(&sink, ctx, arguments[1], &err);
    }
    if (status == SVMS_OK) {
        status = open_writer(&writer, ctx, &sink, &recorder, &err);
    }
    if (status == SVMS_OK) {
        status = append_documents(writer, &err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "write: %s\n", err.message);
    }

    svms_writer_abort(&writer);
    svms_sink_close(&sink);
    svms_chain_free(&recorder.chain);
    svms_private_key_free(&recorder.key);
    svms_chain_free(&ca.chain);
    svms_private_key_free(&ca.key);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
