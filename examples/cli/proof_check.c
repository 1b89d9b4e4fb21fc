/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_check.h"

#include <string.h>

#include "message.h"
#include "presentation_feed.h"

static bool has_report(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNDECRYPTABLE ||
           status == SVMS_E_UNTRUSTED || status == SVMS_E_INCOMPLETE;
}

static exit_status compare_file(svms_proof *proof, svms_ctx *ctx, const char *path)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&source, ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_proof_compare_file(proof, &source, &err);
    }
    svms_source_close(&source);
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot read %s", path);
}

static exit_status compare(proof_findings *out, svms_proof *proof, svms_ctx *ctx, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_proof_get_info(proof, &out->info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read the proof");
    }
    bool picture = strncmp(out->info.media_type, "image/", strlen("image/")) == 0;
    /* First, so that a file that is not there is no evidence. */
    exit_status status = compare_file(proof, ctx, path);
    if (status == EXIT_GOOD && !picture) {
        status = presentation_feed_mp4(proof, path, &out->unreadable);
    } else if (status == EXIT_GOOD && !out->info.decoded) {
        status = presentation_feed_whole(proof, ctx, path);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    return has_report(svms_proof_finish(proof, &out->report, &err))
               ? EXIT_GOOD
               : complain_error(&err, "cannot compare %s", path);
}

exit_status proof_check(proof_findings *out, svms_ctx *ctx, svms_evidence *evidence,
                        const char *path, const svms_export_verify_options *options)
{
    const proof_findings blank = { SVMS_PROOF_INFO_INIT, SVMS_PROOF_REPORT_INIT, false };
    svms_proof *proof = NULL;
    svms_error err = SVMS_ERROR_INIT;
    *out = blank;
    if (svms_proof_begin(&proof, evidence, options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use the proof");
    }
    exit_status status = compare(out, proof, ctx, path);
    svms_proof_free(&proof);
    return status;
}
