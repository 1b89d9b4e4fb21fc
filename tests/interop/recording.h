/* SPDX-License-Identifier: Apache-2.0 */
/* A recording that is signed by a key outside the process and opened by another one. Include after
 * cmocka_all.h. */
#ifndef SVMS_TEST_RECORDING_H
#define SVMS_TEST_RECORDING_H

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#define RECORDED_SAMPLES 5

static inline svms_certificate_options certificate_of(svms_role role, const char *name)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = (int64_t)time(NULL) * 1000000000;
    options.role = role;
    options.common_name = name;
    options.not_before_utc_ns = now - INT64_C(60000000000);
    options.not_after_utc_ns = now + INT64_C(86400000000000);
    return options;
}

static inline svms_chain *issue(svms_ctx *ctx, svms_role role, const svms_private_key *key,
                                const svms_chain *issuer, const svms_private_key *issuer_key,
                                svms_trust **trust)
{
    svms_certificate_options options = certificate_of(role, issuer ? "recorder" : "CA");
    svms_chain *chain = NULL;
    char pem[8192];
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_certificate_issue(ctx, &options, key, issuer, issuer_key, pem, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(svms_chain_from_pem(&chain, ctx, pem, size, NULL), SVMS_OK);
    if (trust) {
        assert_int_equal(svms_trust_from_pem(trust, ctx, pem, size, NULL), SVMS_OK);
    }
    return chain;
}

static inline void record_to(svms_ctx *ctx, const char *path, const svms_private_key *signer,
                             const svms_chain *chain, const svms_public_key *recipient)
{
    svms_track track = SVMS_TRACK_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_writer *writer = NULL;
    svms_error err = SVMS_ERROR_INIT;
    track.kind = SVMS_TRACK_METADATA;
    track.codec = SVMS_CODEC_ONVIF_METADATA;
    track.timebase_den = 1000;
    options.tracks = &track;
    options.track_count = 1;
    options.signer_key = signer;
    options.signer_chain = chain;
    options.recipients = &recipient;
    options.recipient_count = 1;
    options.segment_ns = 1000000000;
    assert_int_equal(svms_sink_create_file(&sink, ctx, path, NULL), SVMS_OK);
    if (svms_writer_open(&writer, ctx, &sink, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    for (uint8_t i = 0; i < RECORDED_SAMPLES; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        sample.flags = SVMS_SAMPLE_SYNC;
        sample.dts = sample.pts = i * 600;
        sample.duration = 600;
        sample.data = &i;
        sample.size = 1;
        assert_int_equal(svms_writer_append(writer, &sample, NULL), SVMS_OK);
    }
    if (svms_writer_close(&writer, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_sink_close(&sink);
}

static inline void verify_at(svms_ctx *ctx, const char *path, const svms_trust *trust)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.trust = trust;
    assert_int_equal(svms_source_open_file(&source, ctx, path, NULL), SVMS_OK);
    if (svms_verify_container(ctx, &source, &options, &report, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(report.segments_verified > 1);
    svms_source_close(&source);
}

static inline void read_at(svms_ctx *ctx, const char *path, const svms_private_key *key)
{
    svms_keyring *ring = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_keyring_new(&ring, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, key, NULL), SVMS_OK);
    options.keys = ring;
    assert_int_equal(svms_source_open_file(&source, ctx, path, NULL), SVMS_OK);
    if (svms_reader_open(&reader, ctx, &source, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    for (uint8_t i = 0; i < RECORDED_SAMPLES; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        if (svms_reader_next(reader, &sample, &err) != SVMS_OK) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(sample.size, 1);
        assert_int_equal(sample.data[0], i);
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
    svms_keyring_free(&ring);
}

/* A CA in the process certifies the signer; the rest is as with any recording. */
static inline void record_verify_and_read(svms_ctx *ctx, const char *folder,
                                          const svms_private_key *signer,
                                          const svms_private_key *recipient,
                                          const svms_public_key *recipient_half)
{
    char path[512];
    svms_private_key *authority = NULL;
    svms_trust *trust = NULL;
    snprintf(path, sizeof path, "%s/recording.svms", folder);
    assert_int_equal(svms_private_key_generate(&authority, ctx, NULL), SVMS_OK);
    svms_chain *root = issue(ctx, SVMS_ROLE_NONE, authority, NULL, NULL, &trust);
    svms_chain *chain = issue(ctx, SVMS_ROLE_RECORDER, signer, root, authority, NULL);
    record_to(ctx, path, signer, chain, recipient_half);
    verify_at(ctx, path, trust);
    read_at(ctx, path, recipient);
    assert_int_equal(unlink(path), 0);
    svms_chain_free(&chain);
    svms_chain_free(&root);
    svms_trust_free(&trust);
    svms_private_key_free(&authority);
}

#endif
