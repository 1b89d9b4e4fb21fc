/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "export_internal.h"
#include "failure.h"
#include "options.h"

/* What a result owns: it says by itself who releases it. */
typedef struct kept_periods {
    svms_ctx *ctx;
    svms_export_period list[];
} kept_periods;

static svms_status put_case(svms_export *package, svms_error *err)
{
    svms_frame_plan plan = { 0 };
    svms_builder json = svms_builder_new(package->ctx, SVMS_MAX_CASE_SIZE);
    svms_status status = svms_case_write(package->document, &json, err);
    plan.kind = SVMS_FRAME_CASE;
    plan.seals_body = true;
    plan.first_utc_ns = SVMS_NO_TIME;
    plan.last_utc_ns = SVMS_NO_TIME;
    plan.body_size = json.size;
    if (status == SVMS_OK) {
        status = svms_package_frame_begin(&package->writer, &plan, err);
    }
    if (status == SVMS_OK) {
        status = svms_package_frame_body(&package->writer, json.data, json.size, err);
    }
    if (status == SVMS_OK) {
        status = svms_package_frame_end(&package->writer, err);
    }
    svms_builder_clear(&json);
    return status;
}

static svms_link_object first_link(const svms_export *package)
{
    svms_link_object object = { 0 };
    const svms_export_signer *signer = &package->options.signer;
    memcpy(object.package_id, package->header.package_id, sizeof(object.package_id));
    memcpy(object.h, package->header.h, sizeof(object.h));
    memcpy(object.previous, package->slot_hash, sizeof(object.previous));
    object.policy = signer->policy;
    object.utc_ns = svms_utc_now(package->ctx);
    object.offset = package->writer.offset;
    object.directory_offset = package->writer.directory_offset;
    memcpy(object.directory_hash, package->writer.directory_hash, sizeof(object.directory_hash));
    object.frames = package->writer.frames;
    object.sources = package->source_count;
    object.attachments = package->attachment_count;
    memcpy(object.presentation_hash, package->presentation_hash, sizeof(object.presentation_hash));
    object.presentation_size = package->presentation_size;
    object.note = signer->note;
    object.note_size = signer->note == NULL ? 0 : strlen(signer->note);
    return object;
}

/* All before is durable before the tail is, so that no power failure leaves a signed package
 * without its frames. */
static svms_status put_link(svms_export *package, svms_export_result *result, svms_error *err)
{
    svms_builder link = svms_builder_new(package->ctx, SVMS_LINK_LARGEST + SVMS_LINK_TAIL_SIZE);
    svms_link_object object = first_link(package);
    svms_status status = svms_package_sync(&package->writer, err);
    if (status == SVMS_OK) {
        status = svms_link_sign(&link, package->ctx, &object, &package->options.signer,
                                result->head, err);
    }
    if (status == SVMS_OK) {
        result->signed_utc_ns = object.utc_ns;
        status = svms_package_put(&package->writer, link.data, link.size, err);
    }
    if (status == SVMS_OK && !svms_hasher_finish(package->writer.file, result->digest)) {
        status = svms_fail_crypto(err, "cannot hash the package");
    }
    if (status == SVMS_OK) {
        status = svms_package_sync(&package->writer, err);
    }
    svms_builder_clear(&link);
    return status;
}

static svms_status keep_periods(const svms_export *package, svms_export_result *result,
                                svms_error *err)
{
    if (package->source_count == 0) {
        return SVMS_OK;
    }
    kept_periods *kept = svms_alloc(package->ctx, sizeof(*kept) + package->source_count *
                                                                      sizeof(svms_export_period));
    if (kept == NULL) {
        return svms_fail_memory(err);
    }
    kept->ctx = package->ctx;
    for (uint32_t i = 0; i < package->source_count; i++) {
        kept->list[i] = package->sources[i].period;
    }
    result->periods = kept->list;
    result->period_count = package->source_count;
    return SVMS_OK;
}

static void fill_result(const svms_export *package, svms_export_result *result)
{
    const svms_export_options *options = &package->options;
    result->kind = options->kind;
    memcpy(result->package_id, package->header.package_id, sizeof(result->package_id));
    result->bytes = package->writer.offset;
    result->sealed = package->header.sealed ? 1 : 0;
    result->has_password = options->password != NULL ? 1 : 0;
    result->policy = options->signer.policy;
    result->stamped = options->signer.stamp != NULL ? 1 : 0;
    result->attachment_count = package->attachment_count;
    result->recipient_count = package->recipient_count;
    memcpy(result->recipients, package->recipients, sizeof(result->recipients));
    (void)snprintf(result->signer, sizeof(result->signer), "%s",
                   svms_chain_subject(options->signer.chain));
}

static svms_status finish(svms_export *package, svms_export_result *result, svms_error *err)
{
    svms_status status = keep_periods(package, result, err);
    if (status == SVMS_OK) {
        status = put_case(package, err);
    }
    if (status == SVMS_OK) {
        status = svms_package_last_directory(&package->writer, err);
    }
    if (status == SVMS_OK) {
        status = put_link(package, result, err);
    }
    fill_result(package, result);
    return status;
}

static svms_status check_finish(const svms_export *package, svms_error *err)
{
    svms_status status = svms_export_usable(package, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (package->source_count + package->attachment_count == 0) {
        return svms_fail(err, SVMS_E_USAGE, "nothing was added to the package");
    }
    if (package->options.kind == SVMS_EXPORT_PROOF && !package->has_presentation) {
        return svms_fail(err, SVMS_E_USAGE, "a proof needs what it is the proof of");
    }
    return SVMS_OK;
}

svms_status svms_export_finish(svms_export *package, svms_export_result *result, svms_error *err)
{
    if (package == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "package must not be NULL");
    }
    svms_ctx *ctx = package->ctx;
    svms_export_result *made = svms_alloc(ctx, sizeof(*made));
    if (made == NULL) {
        return svms_export_settle(package, svms_fail_memory(err));
    }
    /* Whether there is a place for the result is asked while there is something to lose. */
    svms_status status = svms_options_read(made, sizeof(*made), result, "svms_export_result", err);
    *made = (svms_export_result)SVMS_EXPORT_RESULT_INIT;
    if (status == SVMS_OK) {
        status = check_finish(package, err);
    }
    if (status == SVMS_OK) {
        status = svms_export_settle(package, finish(package, made, err));
        package->finished = status == SVMS_OK;
    }
    if (status == SVMS_OK && result != NULL) {
        status = svms_result_write(result, made, sizeof(*made), "svms_export_result", err);
    }
    if (status != SVMS_OK || result == NULL || result->struct_size < sizeof(*made)) {
        svms_export_result_clear(made);
    }
    svms_release(ctx, made);
    return status;
}

void svms_export_result_clear(svms_export_result *result)
{
    if (result == NULL) {
        return;
    }
    if (result->periods != NULL) {
        uint8_t *list = (uint8_t *)(void *)result->periods;
        kept_periods *kept = (kept_periods *)(void *)(list - offsetof(kept_periods, list));
        svms_release(kept->ctx, kept);
    }
    *result = (svms_export_result)SVMS_EXPORT_RESULT_INIT;
}

svms_status svms_export_get_period(const svms_export *package, uint32_t number,
                                   svms_export_period *period, svms_error *err)
{
    if (package == NULL || period == NULL || number >= package->source_count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such source in the package");
    }
    return svms_result_write(period, &package->sources[number].period,
                             sizeof(package->sources[number].period), "svms_export_period", err);
}
