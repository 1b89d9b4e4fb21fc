/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "export_internal.h"
#include "failure.h"
#include "options.h"
#include "stream.h"

static const uint8_t *manifest_of(const svms_export *package, uint32_t source, uint64_t segment)
{
    const svms_exported_source *from = &package->sources[source];
    if (segment == from->period.first_segment) {
        return from->first_manifest;
    }
    if (segment == from->period.last_segment) {
        return from->last_manifest;
    }
    return svms_carried_find(&package->carried, source, segment);
}

static svms_status find_origin(const svms_export *package, const svms_export_origin *origin,
                               svms_case_origin *out, svms_error *err)
{
    out->origin = *origin;
    if (origin->source >= package->source_count || origin->first_segment > origin->last_segment ||
        origin->last_segment >= SVMS_MAX_SEGMENTS) {
        return svms_fail(err, SVMS_E_USAGE, "an original is not in the package (E-CAS-1)");
    }
    const svms_export_period *period = &package->sources[origin->source].period;
    if (origin->track != UINT32_MAX && origin->track >= period->track_count) {
        return svms_fail(err, SVMS_E_USAGE, "an original has no track %u", origin->track);
    }
    const uint8_t *first = manifest_of(package, origin->source, origin->first_segment);
    const uint8_t *last = manifest_of(package, origin->source, origin->last_segment);
    if ((first == NULL || last == NULL) && svms_carried_is_full(&package->carried)) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "the package is too long to say which segments within it an attachment "
                         "was made of; name whole sources");
    }
    if (first == NULL || last == NULL) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the segments %llu to %llu of source %u are not in the package (E-CAS-1)",
                         (unsigned long long)origin->first_segment,
                         (unsigned long long)origin->last_segment, origin->source);
    }
    memcpy(out->first_manifest, first, SVMS_DIGEST_SIZE);
    memcpy(out->last_manifest, last, SVMS_DIGEST_SIZE);
    return SVMS_OK;
}

svms_status svms_export_find_origins(svms_export *package, const svms_export_origin *origins,
                                     size_t count, svms_case_origin **out, svms_error *err)
{
    *out = NULL;
    if (count == 0) {
        return SVMS_OK;
    }
    if (origins == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "originals are counted, but not given");
    }
    svms_case_origin *found = svms_alloc_array(package->ctx, count, sizeof(*found));
    if (found == NULL) {
        return svms_fail_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        svms_status status = find_origin(package, &origins[i], &found[i], err);
        if (status != SVMS_OK) {
            svms_release(package->ctx, found);
            return status;
        }
    }
    *out = found;
    return SVMS_OK;
}

/* Goes once over a source, hashing it, and into the frame under way when there is one. */
static svms_status take_content(svms_export *package, svms_window *window, bool in_frame,
                                uint8_t digest[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_status status = SVMS_OK;
    if (!svms_hasher_start(package->content)) {
        return svms_fail_crypto(err, "cannot hash a file");
    }
    for (uint64_t at = 0; status == SVMS_OK && at < window->size;) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        uint64_t left = window->size - at;
        uint64_t step = left < SVMS_FRAME_CHUNK ? left : SVMS_FRAME_CHUNK;
        status = svms_window_piece(window, at, step, &bytes, &got, err);
        if (status == SVMS_OK && !svms_hasher_update(package->content, bytes, got)) {
            status = svms_fail_crypto(err, "cannot hash a file");
        }
        if (status == SVMS_OK && in_frame) {
            status = svms_package_frame_body(&package->writer, bytes, got, err);
        }
        at += got;
    }
    if (status == SVMS_OK && !svms_hasher_finish(package->content, digest)) {
        status = svms_fail_crypto(err, "cannot hash a file");
    }
    return status;
}

static svms_status put_attachment(svms_export *package, svms_window *window,
                                  uint8_t digest[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_frame_plan plan = { 0 };
    plan.kind = SVMS_FRAME_ATTACHMENT;
    plan.seals_body = true;
    plan.number = package->attachment_count;
    plan.first_utc_ns = SVMS_NO_TIME;
    plan.last_utc_ns = SVMS_NO_TIME;
    plan.body_size = window->size;
    svms_status status = svms_package_frame_begin(&package->writer, &plan, err);
    if (status == SVMS_OK) {
        status = take_content(package, window, true, digest, err);
    }
    return status == SVMS_OK ? svms_package_frame_end(&package->writer, err) : status;
}

static svms_status open_window(svms_window *window, svms_ctx *ctx, const svms_source *source,
                               svms_error *err)
{
    svms_source given = SVMS_SOURCE_INIT;
    svms_status status = svms_options_read(&given, sizeof(given), source, "svms_source", err);
    if (status == SVMS_OK && !svms_source_usable(&given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_window_init(window, ctx, &given);
    return svms_window_refresh(window, err);
}

static svms_status add_attachment(svms_export *package, const svms_source *source,
                                  const svms_export_attachment *options, svms_error *err)
{
    svms_export_attachment given = SVMS_EXPORT_ATTACHMENT_INIT;
    svms_window window = { 0 };
    svms_case_origin *origins = NULL;
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_export_attachment", err);
    if (status == SVMS_OK && package->options.kind != SVMS_EXPORT_PACKAGE) {
        status = svms_fail(err, SVMS_E_USAGE, "a proof has no attachments");
    }
    if (status == SVMS_OK && package->attachment_count == SVMS_EXPORT_MAX_SOURCES) {
        status = svms_fail(err, SVMS_E_LIMIT, "a package has at most %u attachments (E-OVR-5)",
                           SVMS_EXPORT_MAX_SOURCES);
    }
    if (status == SVMS_OK) {
        status =
            svms_export_find_origins(package, given.origins, given.origin_count, &origins, err);
    }
    if (status == SVMS_OK) {
        status = open_window(&window, package->ctx, source, err);
    }
    if (status == SVMS_OK) {
        status = put_attachment(package, &window, digest, err);
    }
    if (status == SVMS_OK) {
        status = svms_case_add_attachment(package->document, &given, package->attachment_count,
                                          window.size, digest, origins, err);
    }
    package->attachment_count += status == SVMS_OK ? 1 : 0;
    package->sources_over = true;
    if (window.ctx != NULL) {
        svms_window_clear(&window);
    }
    svms_release(package->ctx, origins);
    return status;
}

svms_status svms_export_add_attachment(svms_export *package, const svms_source *source,
                                       const svms_export_attachment *options, svms_error *err)
{
    if (package == NULL || source == NULL || options == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "package, source and options must not be NULL");
    }
    svms_status status = svms_export_usable(package, err);
    return status == SVMS_OK
               ? svms_export_settle(package, add_attachment(package, source, options, err))
               : status;
}

static svms_status set_presentation(svms_export *package, const svms_source *source,
                                    const svms_export_presentation *options, svms_error *err)
{
    svms_export_presentation given = SVMS_EXPORT_PRESENTATION_INIT;
    svms_window window = { 0 };
    svms_case_origin *origins = NULL;
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_export_presentation", err);
    if (status == SVMS_OK && package->options.kind != SVMS_EXPORT_PROOF) {
        status = svms_fail(err, SVMS_E_USAGE, "only a proof goes with a presentation");
    }
    if (status == SVMS_OK && package->has_presentation) {
        status = svms_fail(err, SVMS_E_STATE, "the proof has a presentation already");
    }
    if (status == SVMS_OK) {
        status =
            svms_export_find_origins(package, given.origins, given.origin_count, &origins, err);
    }
    if (status == SVMS_OK) {
        status = open_window(&window, package->ctx, source, err);
    }
    if (status == SVMS_OK) {
        status = take_content(package, &window, false, package->presentation_hash, err);
    }
    if (status == SVMS_OK) {
        status = svms_case_set_presentation(package->document, &given, window.size,
                                            package->presentation_hash, origins, err);
    }
    if (status == SVMS_OK) {
        package->presentation_size = window.size;
        package->has_presentation = true;
        package->sources_over = true;
    }
    if (window.ctx != NULL) {
        svms_window_clear(&window);
    }
    svms_release(package->ctx, origins);
    return status;
}

svms_status svms_export_set_presentation(svms_export *package, const svms_source *source,
                                         const svms_export_presentation *options, svms_error *err)
{
    if (package == NULL || source == NULL || options == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "package, source and options must not be NULL");
    }
    svms_status status = svms_export_usable(package, err);
    return status == SVMS_OK
               ? svms_export_settle(package, set_presentation(package, source, options, err))
               : status;
}
