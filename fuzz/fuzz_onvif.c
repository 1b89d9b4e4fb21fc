/* SPDX-License-Identifier: Apache-2.0 */
/* Export files of ONVIF: verified, sealed and signed again, whatever they are. Only the files of
 * the corpus, which are vectors of the second implementation, may be authentic; what is sealed
 * here, or signed again, holds. */
#include <stdlib.h>
#include <string.h>

#include <svms/onvif.h>

#include "fuzz_onvif_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW (INT64_C(1800000000) * 1000000000)
#define ROOM (1u << 20)

typedef struct written {
    uint8_t data[ROOM];
    size_t size;
} written;

typedef struct means {
    svms_ctx *ctx;
    svms_trust *trust;
    svms_chain *chain;
    svms_private_key *key;
} means;

static int64_t now(void *user)
{
    (void)user;
    return NOW;
}

static svms_status append(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    written *out = user;
    *os_error = 0;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].size > ROOM - out->size) {
            return SVMS_E_IO;
        }
        if (runs[i].size > 0) {
            memcpy(out->data + out->size, runs[i].data, runs[i].size);
        }
        out->size += runs[i].size;
    }
    return SVMS_OK;
}

static void need(bool condition)
{
    if (!condition) {
        abort();
    }
}

static means *prepare(void)
{
    static means given;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    if (given.ctx) {
        return &given;
    }
    options.utc_now = now;
    need(svms_ctx_new(&given.ctx, &options, NULL) == SVMS_OK);
    need(svms_trust_from_pem(&given.trust, given.ctx, fuzz_ca, strlen(fuzz_ca), NULL) == SVMS_OK);
    need(svms_chain_from_pem(&given.chain, given.ctx, fuzz_exporter, strlen(fuzz_exporter), NULL) ==
         SVMS_OK);
    need(svms_private_key_from_pem(&given.key, given.ctx, fuzz_key, strlen(fuzz_key), NULL) ==
         SVMS_OK);
    return &given;
}

/* Everything a report says is looked at. */
static svms_onvif_summary look(const svms_onvif_report *report)
{
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    size_t seen = 0;
    need(svms_onvif_report_summary(report, &summary, NULL) == SVMS_OK);
    seen += strlen(summary.unit_name) + strlen(summary.unit_url) + strlen(summary.unit_mac) +
            strlen(summary.export_operator) + strlen(summary.reason);
    for (uint32_t i = 0; i < summary.signature_count; i++) {
        svms_onvif_signature one = SVMS_ONVIF_SIGNATURE_INIT;
        need(svms_onvif_report_signature(report, i, &one, NULL) == SVMS_OK);
        seen += strlen(one.signer) + strlen(one.algorithm) + strlen(one.note) +
                strlen(one.identity_reason);
        need((one.integrity == SVMS_INTEGRITY_INTACT) == (one.integrity_reason[0] == '\0'));
        for (uint32_t start = 0; start < one.start_count; start++) {
            seen += one.starts[start].track_id;
        }
    }
    for (uint32_t i = 0; i < summary.track_count; i++) {
        svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
        need(svms_onvif_report_track(report, i, &track, NULL) == SVMS_OK);
        seen += strlen(track.name) + strlen(track.line);
    }
    for (uint32_t i = 0; i < summary.warning_count; i++) {
        seen += strlen(svms_onvif_report_warning(report, i));
    }
    need(seen != SIZE_MAX);
    return summary;
}

static svms_onvif_summary verify(const means *given, const uint8_t *data, size_t size)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_onvif_report *report = NULL;
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    options.trust = given->trust;
    options.any_role = size % 2;
    need(svms_source_from_memory(&source, given->ctx, data, size, NULL) == SVMS_OK);
    svms_status status = svms_onvif_verify(&report, given->ctx, &source, &options, NULL);
    if (report) {
        summary = look(report);
        need((status == SVMS_OK) == (summary.verdict == SVMS_VERDICT_AUTHENTIC));
        need(status != SVMS_OK || summary.signature_count > 0);
    } else {
        need(status != SVMS_OK);
    }
    svms_onvif_report_free(&report);
    svms_source_close(&source);
    return summary;
}

/* What is made of the file holds, and has one signature more. */
static void make(const means *given, const uint8_t *data, size_t size, uint32_t before, bool seal)
{
    static written out;
    svms_source source = SVMS_SOURCE_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_status status;
    out.size = 0;
    sink.user = &out;
    sink.write = append;
    need(svms_source_from_memory(&source, given->ctx, data, size, NULL) == SVMS_OK);
    if (seal) {
        svms_onvif_seal_options options = SVMS_ONVIF_SEAL_OPTIONS_INIT;
        options.chain = given->chain;
        options.key = given->key;
        options.export_utc_ns = NOW;
        status = svms_onvif_seal(given->ctx, &source, &sink, &options, NULL);
    } else {
        svms_onvif_countersign_options options = SVMS_ONVIF_COUNTERSIGN_OPTIONS_INIT;
        options.chain = given->chain;
        options.key = given->key;
        options.note = "fuzz";
        status = svms_onvif_countersign(given->ctx, &source, &sink, &options, NULL);
    }
    svms_source_close(&source);
    if (status == SVMS_OK) {
        svms_onvif_summary made = verify(given, out.data, out.size);
        need(made.integrity == SVMS_INTEGRITY_INTACT);
        need(made.signature_count == before + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t nothing[1];
    const means *given = prepare();
    const uint8_t *bytes = size > 0 ? data : nothing;
    if (size > ROOM / 2) {
        return 0;
    }
    svms_onvif_summary summary = verify(given, bytes, size);
    make(given, bytes, size, 0, true);
    make(given, bytes, size, summary.signature_count, false);
    return 0;
}
