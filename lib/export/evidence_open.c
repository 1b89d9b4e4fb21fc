/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a package: header, access slot, links, directories (evidence.md, sections 2, 4, 7). */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "options.h"
#include "segment.h"
#include "stream.h"

static svms_status read_header(svms_evidence *evidence, svms_error *err)
{
    uint8_t bytes[SVMS_PACKAGE_HEADER_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_window_refresh(&evidence->window, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_window_copy(&evidence->window, 0, sizeof(bytes), bytes, &found);
    if (status == SVMS_E_TRUNCATED) {
        return svms_fail_at(err, status, evidence->window.size,
                            "the file ends within the header of a package");
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &found);
    }
    return svms_package_header_parse(&evidence->header, evidence->ctx, bytes, err);
}

/* The slot must be valid (E-HDR-3); whether it is the one that was signed, link 0 tells. */
static svms_status check_slot(svms_evidence *evidence, const svms_header *as_container,
                              const uint8_t *slot, svms_access_view *view, svms_error *err)
{
    const char *damage = NULL;
    svms_status status =
        svms_access_parse_slot(view, evidence->ctx, as_container, slot, 0, &damage, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!view->present || view->revision != 1 || view->officer != NULL) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, SVMS_PACKAGE_HEADER_SIZE, "%s (E-HDR-3)",
                            damage != NULL ? damage : "the access slot is not that of a package");
    }
    return SVMS_OK;
}

static void list_recipients(svms_evidence *evidence, const svms_access_view *view)
{
    svms_cursor cursor = svms_cursor_over(view->stanzas, view->stanzas_size, 0);
    svms_stanza_view stanza;
    while (evidence->recipient_count < SVMS_MAX_RECIPIENTS &&
           svms_access_next_stanza(view, &cursor, &stanza)) {
        svms_recipient *recipient = &evidence->recipients[evidence->recipient_count++];
        recipient->kind = stanza.type;
        recipient->size = stanza.size;
        if (stanza.type != SVMS_RECIPIENT_PASSWORD && stanza.size >= sizeof(recipient->key_id)) {
            memcpy(recipient->key_id, stanza.body, sizeof(recipient->key_id));
        }
    }
}

/* Key check first (C-KEY-2): a wrong key never gets as far as a frame. */
static svms_status unlock(svms_evidence *evidence, const svms_header *as_container,
                          const svms_access_view *view, const svms_keyring *keys, svms_error *err)
{
    uint8_t key[SVMS_CONTENT_KEY_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_access_unlock(evidence->ctx, as_container, view, keys, key, &found);
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &found);
    }
    status = svms_segment_root(evidence->ctx, key, evidence->header.h, evidence->root, err);
    svms_wipe(key, sizeof(key));
    evidence->unlocked = status == SVMS_OK;
    return status;
}

/* slot: as it stands in the file, and as link 0 signed it. */
static svms_status open_slot(svms_evidence *evidence, const uint8_t *slot, const svms_keyring *keys,
                             svms_error *err)
{
    svms_access_view view = { 0 };
    svms_header *as_container = svms_alloc(evidence->ctx, sizeof(*as_container));
    if (as_container == NULL) {
        return svms_fail_memory(err);
    }
    svms_package_as_container(&evidence->header, as_container);
    svms_status status = check_slot(evidence, as_container, slot, &view, err);
    if (status == SVMS_OK) {
        list_recipients(evidence, &view);
    }
    if (status == SVMS_OK && keys != NULL) {
        status = unlock(evidence, as_container, &view, keys, err);
    }
    svms_release(evidence->ctx, as_container);
    return status;
}

static svms_status read_slot(svms_evidence *evidence, uint8_t **slot, svms_error *err)
{
    uint32_t size = evidence->header.slot_size;
    svms_error found = SVMS_ERROR_INIT;
    *slot = NULL;
    if (!evidence->header.sealed) {
        return SVMS_OK;
    }
    *slot = svms_alloc(evidence->ctx, size);
    if (*slot == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status =
        svms_window_copy(&evidence->window, SVMS_PACKAGE_HEADER_SIZE, size, *slot, &found);
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &found);
    }
    svms_iovec run = { *slot, size };
    return svms_sha256(evidence->ctx, &run, 1, evidence->slot_hash, err);
}

static svms_status open_parts(svms_evidence *evidence, const svms_keyring *keys, svms_error *err)
{
    uint8_t *slot = NULL;
    svms_status status = svms_hasher_new(&evidence->hasher, evidence->ctx, err);
    if (status == SVMS_OK) {
        status = read_header(evidence, err);
    }
    if (status == SVMS_OK) {
        status = read_slot(evidence, &slot, err);
    }
    if (status == SVMS_OK) {
        status = svms_evidence_find_links(evidence, err);
    }
    if (status == SVMS_OK && slot != NULL) {
        status = open_slot(evidence, slot, keys, err);
    }
    if (status == SVMS_OK) {
        status = svms_evidence_read_index(evidence, err);
    }
    svms_release(evidence->ctx, slot);
    return status;
}

/* A case that nobody could read would make a package half verified. */
static svms_status need_json(svms_ctx *ctx, svms_error *err)
{
    svms_case *none = NULL;
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_case_parse(&none, ctx, "{}", 2, &found);
    svms_case_free(&none);
    return status == SVMS_E_UNSUPPORTED || status == SVMS_E_NO_MEMORY
               ? svms_fail_as(err, status, &found)
               : SVMS_OK;
}

svms_status svms_export_open(svms_evidence **out, svms_ctx *ctx, const svms_source *source,
                             const svms_evidence_options *options, svms_error *err)
{
    svms_evidence_options given = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_source given_source = SVMS_SOURCE_INIT;
    if (out == NULL || ctx == NULL || source == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx and source must not be NULL");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_evidence_options", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&given_source, sizeof(given_source), source, "svms_source", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_source_usable(&given_source) || given.reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the source lacks a callback, or reserved is not 0");
    }
    status = need_json(ctx, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_evidence *evidence = svms_alloc(ctx, sizeof(*evidence));
    if (evidence == NULL) {
        return svms_fail_memory(err);
    }
    evidence->ctx = ctx;
    evidence->chunk.keyed = SVMS_NO_ENTRY;
    evidence->chunk.entry = SVMS_NO_ENTRY;
    evidence->leaves_entry = SVMS_NO_ENTRY;
    evidence->front.number = UINT32_MAX;
    for (uint32_t i = 0; i < SVMS_EVIDENCE_FRAMES; i++) {
        evidence->frames[i].entry = SVMS_NO_ENTRY;
    }
    svms_window_init(&evidence->window, ctx, &given_source);
    status = open_parts(evidence, given.keys, err);
    if (status != SVMS_OK) {
        svms_export_close(&evidence);
        return status;
    }
    *out = evidence;
    return SVMS_OK;
}

static void release_links(svms_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->link_count && evidence->links != NULL; i++) {
        svms_release(evidence->ctx, evidence->links[i].note);
    }
    svms_release(evidence->ctx, evidence->links);
}

void svms_export_close(svms_evidence **evidence)
{
    if (evidence == NULL || *evidence == NULL) {
        return;
    }
    svms_evidence *closed = *evidence;
    svms_ctx *ctx = closed->ctx;
    release_links(closed);
    svms_release(ctx, closed->directories);
    for (size_t i = 0; i < sizeof(closed->blocks) / sizeof(closed->blocks[0]); i++) {
        svms_release(ctx, closed->blocks[i].bytes);
    }
    svms_release(ctx, closed->checked);
    svms_release(ctx, closed->failed);
    svms_release(ctx, closed->parts);
    svms_release(ctx, closed->attachments);
    svms_evidence_front_clear(closed);
    svms_aead_free(&closed->chunk.aead);
    svms_release(ctx, closed->chunk.sealed);
    svms_release_secret(ctx, closed->chunk.opened, SVMS_FRAME_CHUNK);
    if (closed->case_json != NULL) {
        svms_release_secret(ctx, closed->case_json, closed->case_size);
    }
    svms_case_free(&closed->document);
    svms_hasher_free(&closed->hasher);
    svms_window_clear(&closed->window);
    svms_release_secret(ctx, closed, sizeof(*closed));
    *evidence = NULL;
}

svms_status svms_export_get_info(const svms_evidence *evidence, svms_evidence_info *info,
                                 svms_error *err)
{
    svms_evidence_info known = SVMS_EVIDENCE_INFO_INIT;
    if (evidence == NULL || info == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "evidence and info must not be NULL");
    }
    const svms_evidence_link *newest = &evidence->links[evidence->link_count - 1];
    known.kind = evidence->header.kind;
    memcpy(known.package_id, evidence->header.package_id, sizeof(known.package_id));
    memcpy(known.head, newest->head, sizeof(known.head));
    known.created_utc_ns = evidence->header.created_utc_ns;
    known.bytes = evidence->window.size;
    known.unattested_bytes = evidence->window.size - evidence->attested_end;
    known.frames = evidence->first.frames;
    known.sources = evidence->first.sources;
    known.attachments = evidence->first.attachments;
    known.links = evidence->link_count;
    known.policy = svms_evidence_policy(evidence);
    known.sealed = evidence->header.sealed;
    known.opened = !evidence->header.sealed || evidence->unlocked;
    known.broken = newest->broken || evidence->foreign_rest;
    (void)snprintf(known.software, sizeof(known.software), "%s", evidence->header.software);
    return svms_result_write(info, &known, sizeof(known), "svms_evidence_info", err);
}

svms_status svms_export_get_recipients(const svms_evidence *evidence, svms_recipient *out,
                                       uint32_t *count, svms_error *err)
{
    if (evidence == NULL || count == NULL || (out == NULL && *count != 0)) {
        return svms_fail(err, SVMS_E_USAGE, "evidence, out and count must not be NULL");
    }
    uint32_t room = *count;
    *count = evidence->recipient_count;
    if (room < evidence->recipient_count) {
        return svms_fail(err, SVMS_E_LIMIT, "there are %u recipients", evidence->recipient_count);
    }
    for (uint32_t i = 0; i < evidence->recipient_count; i++) {
        out[i] = evidence->recipients[i];
    }
    return SVMS_OK;
}
