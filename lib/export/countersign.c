/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a link to a package (E-LNK-5, E-LNK-6). */
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "options.h"
#include "stream.h"

/* All that was checked while it was opened must hold: who signs vouches for it. */
static svms_status check_package(const svms_evidence *evidence, svms_error *err)
{
    const svms_evidence_link *newest = &evidence->links[evidence->link_count - 1];
    if (newest->broken) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, newest->offset, "%s", newest->reason);
    }
    for (uint32_t n = 0; n < evidence->link_count; n++) {
        if (evidence->links[n].unsupported) {
            return svms_fail_at(err, SVMS_E_UNSUPPORTED, evidence->links[n].offset, "%s",
                                evidence->links[n].reason);
        }
    }
    if (evidence->foreign_rest) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, evidence->attested_end,
                            "bytes behind the last link that nobody has signed (E-LNK-5)");
    }
    if (evidence->link_count == SVMS_EXPORT_MAX_LINKS) {
        return svms_fail(err, SVMS_E_LIMIT, "a package has at most %u links (E-OVR-5)",
                         SVMS_EXPORT_MAX_LINKS);
    }
    return SVMS_OK;
}

static svms_status make_link(svms_evidence *evidence, const svms_export_signer *signer,
                             svms_builder *out, uint8_t head[SVMS_DIGEST_SIZE], svms_error *err)
{
    const svms_evidence_link *newest = &evidence->links[evidence->link_count - 1];
    svms_link_object object = { 0 };
    memcpy(object.package_id, evidence->header.package_id, sizeof(object.package_id));
    memcpy(object.h, evidence->header.h, sizeof(object.h));
    object.number = evidence->link_count;
    object.policy = newest->policy | signer->policy;
    object.utc_ns = svms_utc_now(evidence->ctx);
    object.offset = evidence->attested_end;
    object.previous_offset = newest->offset;
    memcpy(object.previous, newest->head, sizeof(object.previous));
    object.note = signer->note == NULL ? "" : signer->note;
    object.note_size = strlen(object.note);
    return svms_link_sign(out, evidence->ctx, &object, signer, head, err);
}

static svms_status write_durably(const svms_store *store, uint64_t offset, const uint8_t *bytes,
                                 size_t size, svms_error *err)
{
    svms_status status = svms_store_write(store, offset, bytes, size, err);
    return status == SVMS_OK ? svms_store_sync(store, err) : status;
}

/* Blocks reach a disk in any order, so the tail is written when the link that it names is there for
 * good. What a failure leaves behind is taken away again where that can be done; where not, it is
 * an interrupted link, which the next one cuts off. */
static svms_status write_link(const svms_store *store, uint64_t offset, const svms_builder *link,
                              svms_error *err)
{
    size_t size = link->size - SVMS_LINK_TAIL_SIZE;
    svms_status status = write_durably(store, offset, link->data, size, err);
    if (status == SVMS_OK) {
        status = write_durably(store, offset + size, link->data + size, SVMS_LINK_TAIL_SIZE, err);
    }
    if (status != SVMS_OK && store->cut != NULL && svms_store_cut(store, offset, NULL) == SVMS_OK) {
        (void)!svms_store_sync(store, NULL);
    }
    return status;
}

/* Nothing of an interrupted link may come back beneath the new one. */
static svms_status cut_rest(const svms_evidence *evidence, const svms_store *store, svms_error *err)
{
    if (evidence->window.size == evidence->attested_end) {
        return SVMS_OK;
    }
    svms_status status = svms_store_cut(store, evidence->attested_end, err);
    return status == SVMS_OK ? svms_store_sync(store, err) : status;
}

static svms_status add_link(svms_evidence *evidence, const svms_store *store,
                            const svms_export_signer *signer, uint8_t head[SVMS_DIGEST_SIZE],
                            svms_error *err)
{
    svms_builder link = svms_builder_new(evidence->ctx, SVMS_LINK_LARGEST + SVMS_LINK_TAIL_SIZE);
    svms_status status = check_package(evidence, err);
    if (status == SVMS_OK) {
        status = svms_link_check_signer(evidence->ctx, signer, false, err);
    }
    if (status == SVMS_OK) {
        status = make_link(evidence, signer, &link, head, err);
    }
    if (status == SVMS_OK) {
        status = cut_rest(evidence, store, err);
    }
    if (status == SVMS_OK) {
        status = write_link(store, evidence->attested_end, &link, err);
    }
    svms_builder_clear(&link);
    return status;
}

svms_status svms_export_countersign(svms_ctx *ctx, const svms_store *store,
                                    const svms_export_signer *signer, uint8_t head[32],
                                    svms_error *err)
{
    svms_store given_store = SVMS_STORE_INIT;
    svms_export_signer given = SVMS_EXPORT_SIGNER_INIT;
    uint8_t made[SVMS_DIGEST_SIZE];
    svms_evidence *evidence = NULL;
    if (ctx == NULL || store == NULL || signer == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, store and signer must not be NULL");
    }
    svms_status status =
        svms_options_read(&given_store, sizeof(given_store), store, "svms_store", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&given, sizeof(given), signer, "svms_export_signer", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_store_usable(&given_store)) {
        return svms_fail(err, SVMS_E_USAGE, "the store lacks a callback");
    }
    svms_source source = svms_store_source(&given_store);
    status = svms_export_open(&evidence, ctx, &source, NULL, err);
    if (status == SVMS_OK) {
        status = add_link(evidence, &given_store, &given, made, err);
    }
    svms_export_close(&evidence);
    if (status == SVMS_OK && head != NULL) {
        memcpy(head, made, sizeof(made));
    }
    return status;
}
