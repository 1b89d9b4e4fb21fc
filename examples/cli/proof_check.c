/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_check.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "message.h"

#define READ_SIZE 65536

static bool has_report(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNDECRYPTABLE ||
           status == SVMS_E_UNTRUSTED || status == SVMS_E_INCOMPLETE;
}

static exit_status compare_picture(svms_proof *proof, const svms_source *source, const char *path)
{
    static const uint32_t only_track = 0;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t at = 0;
    size_t got = 1;
    svms_status status = SVMS_OK;
    uint8_t *bytes = malloc(READ_SIZE);
    if (!bytes) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    while (status == SVMS_OK && got > 0) {
        int os_error = 0;
        status = source->read_at(source->user, at, bytes, READ_SIZE, &got, &os_error);
        if (status != SVMS_OK) {
            free(bytes);
            return complain_system(os_error, "cannot read %s", path);
        }
        at += got;
        status = svms_proof_feed(proof, only_track, bytes, got, &err);
    }
    free(bytes);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot compare %s", path);
}

static exit_status compare_source(proof_findings *out, svms_proof *proof, const svms_source *source,
                                  const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    bool picture = strncmp(out->info.media_type, "image/", strlen("image/")) == 0;
    if (svms_proof_compare_file(proof, source, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read %s", path);
    }
    if (picture) {
        return out->info.decoded ? EXIT_GOOD : compare_picture(proof, source, path);
    }
    svms_status status = svms_proof_check_film(proof, source, &err);
    if (status == SVMS_E_CANCELLED) {
        complain("interrupted");
        return EXIT_ENVIRONMENT;
    }
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot compare %s", path);
}

static exit_status compare(proof_findings *out, svms_proof *proof, svms_ctx *ctx, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_proof_get_info(proof, &out->info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read the proof");
    }
    if (svms_source_open_file(&source, ctx, path, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read %s", path);
    }
    exit_status status = compare_source(out, proof, &source, path);
    svms_source_close(&source);
    if (status != EXIT_GOOD) {
        return status;
    }
    return has_report(svms_proof_finish(proof, &out->report, &err))
               ? EXIT_GOOD
               : complain_error(&err, "cannot compare %s", path);
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    (void)user;
    (void)done;
    (void)total;
    return interrupt_came() ? 1 : 0;
}

exit_status proof_check(proof_findings *out, svms_ctx *ctx, svms_evidence *evidence,
                        const char *path, const svms_export_verify_options *given)
{
    const proof_findings blank = { SVMS_PROOF_INFO_INIT, SVMS_PROOF_REPORT_INIT };
    svms_export_verify_options options = *given;
    svms_proof *proof = NULL;
    svms_error err = SVMS_ERROR_INIT;
    *out = blank;
    options.progress = on_progress;
    svms_status begun = svms_proof_begin(&proof, evidence, &options, &err);
    if (begun == SVMS_E_CANCELLED) {
        complain("interrupted");
        return EXIT_ENVIRONMENT;
    }
    if (begun != SVMS_OK) {
        return complain_error(&err, "cannot use the proof");
    }
    exit_status status = compare(out, proof, ctx, path);
    svms_proof_free(&proof);
    return status;
}
