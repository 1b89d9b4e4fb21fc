/* SPDX-License-Identifier: Apache-2.0 */
/* When did a container exist? A witnessed checkpoint has a record that names its end (container.md,
 * C-TRL-5). */
#include <svms/audit_proof.h>
#include <svms/time.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "failure.h"
#include "json_read.h"
#include "options.h"

#define EVENT "recording.head"
#define BY_SIZE 256u
#define DEPTH 32u

/* The record is one that the log has: what is in it counts. */
static svms_status check_names(svms_json_document *document, const uint8_t digest[SVMS_DIGEST_SIZE],
                               svms_error *err)
{
    uint8_t end[SVMS_DIGEST_SIZE];
    svms_json_node root = svms_json_root(document);
    const char *event = svms_json_text(&root, "event");
    if (document->status != SVMS_OK) {
        return document->status;
    }
    if (strcmp(event, EVENT) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the audit record that is proven is about \"%.64s\", not \"" EVENT "\"",
                         event);
    }
    svms_json_node details = svms_json_object(&root, "details");
    svms_json_hex(&details, "end", end, sizeof end);
    if (document->status != SVMS_OK) {
        return document->status;
    }
    return memcmp(end, digest, sizeof end) == 0
               ? SVMS_OK
               : svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                           "the audit record that is proven names the end of something else");
}

static svms_status check_record(svms_ctx *ctx, const svms_audit_proven *proven,
                                const uint8_t digest[SVMS_DIGEST_SIZE], svms_error *err)
{
    const svms_json_limits limits = { SVMS_AUDIT_RECORD_MAX, DEPTH };
    svms_json_document document;
    svms_status status = svms_json_load_plain(&document, ctx, "the audit record", &limits,
                                              proven->record, proven->record_size, err);
    if (status == SVMS_OK) {
        status = check_names(&document, digest, err);
        svms_json_unload(&document);
    }
    return status;
}

static svms_status accept(svms_audit_attester *out, const svms_audit_attester *given,
                          svms_error *err)
{
    svms_status status = svms_options_read(out, sizeof *out, given, "svms_audit_attester", err);
    if (status == SVMS_OK && (!out->ctx || !out->trust || out->trust->quorum == 0)) {
        status = svms_fail(err, SVMS_E_USAGE, "an attester has a context, and asks for witnesses");
    }
    return status;
}

svms_status svms_audit_attest(void *user, const void *proof, size_t size, const uint8_t digest[32],
                              int64_t *attested_utc_ns, char by[BY_SIZE], svms_error *err)
{
    svms_audit_attester with = SVMS_AUDIT_ATTESTER_INIT;
    svms_audit_proven proven = SVMS_AUDIT_PROVEN_INIT;
    if (!user || !proof || !digest || !attested_utc_ns || !by) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    *attested_utc_ns = SVMS_NO_TIME;
    by[0] = '\0';
    svms_status status = accept(&with, user, err);
    if (status == SVMS_OK) {
        status = svms_audit_proof_verify(&proven, with.ctx, with.trust, proof, size, err);
    }
    if (status == SVMS_OK) {
        status = check_record(with.ctx, &proven, digest, err);
    }
    if (status == SVMS_OK) {
        *attested_utc_ns = proven.attested_utc_ns;
        /* The log's key begins with its origin (A-CHK-2). */
        (void)snprintf(by, BY_SIZE, "audit log %.*s, %" PRIu32 " witnesses",
                       (int)strcspn(with.trust->log_key, "+"), with.trust->log_key,
                       proven.witnessed);
    }
    svms_audit_proven_clear(&proven);
    return status;
}
