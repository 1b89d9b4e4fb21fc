/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_check.h"

#include <stdio.h>
#include <string.h>

#include "chain_internal.h"
#include "failure.h"

/* What is wrong with the file and not with the machine. */
static bool is_finding(svms_status status)
{
    return status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED || status == SVMS_E_LIMIT ||
           status == SVMS_E_NOT_AUTHENTIC;
}

/* SVMS_OK with the reason kept, when the signature is to blame. */
static svms_status note_failure(svms_onvif_checked *item, svms_status status,
                                const svms_error *cause, svms_error *err)
{
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    if (!is_finding(status)) {
        return svms_fail_as(err, status, cause);
    }
    snprintf(item->reason, sizeof item->reason, "%s", cause->message);
    return SVMS_OK;
}

/* Leaf and intermediates in the wire form of chains. */
static svms_status make_chain(svms_onvif_checked *item, const svms_onvif_file *file,
                              const svms_iso_box *cert, const svms_chain *intermediates,
                              svms_error *err)
{
    uint8_t *der = NULL;
    size_t size = 0;
    svms_status status = svms_onvif_load(file, cert, SVMS_ONVIF_MAX_CERTIFICATE, &der, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_builder wire = svms_builder_new(file->ctx, SVMS_CHAIN_MAX_SIZE);
    svms_put_u32(&wire, (uint32_t)size);
    svms_put_bytes(&wire, der, size);
    if (intermediates) {
        const uint8_t *more = svms_chain_wire(intermediates, &size);
        svms_put_bytes(&wire, more, size);
    }
    status = svms_builder_check(&wire, "a certificate with its intermediates", err);
    if (status == SVMS_OK) {
        status = svms_chain_from_wire(&item->chain, file->ctx, wire.data, wire.size,
                                      svms_iso_payload_offset(cert), err);
    }
    svms_builder_clear(&wire);
    svms_release(file->ctx, der);
    return status;
}

static svms_status find_algorithm(svms_onvif_checked *item, const svms_onvif_file *file,
                                  const svms_iso_box *sigc, svms_error *err)
{
    uint8_t *der = NULL;
    size_t size = 0;
    item->algorithm = svms_onvif_default_algorithm();
    svms_status status = SVMS_OK;
    if (sigc->type != 0) {
        status = svms_onvif_load(file, sigc, SVMS_ONVIF_MAX_CONFIG, &der, &size, err);
        if (status == SVMS_OK) {
            status = svms_onvif_read_algorithm(&item->algorithm, der, size,
                                               svms_iso_payload_offset(sigc), err);
        }
        svms_release(file->ctx, der);
    }
    item->has_algorithm = status == SVMS_OK;
    return status;
}

static svms_status take_signature(svms_onvif_checked *item, const svms_onvif_file *file,
                                  const svms_iso_box *sibo, svms_error *err)
{
    uint64_t size = svms_iso_payload_size(sibo);
    if (size == 0 || size > sizeof item->signature) {
        return svms_fail_at(err, SVMS_E_MALFORMED, sibo->offset,
                            "the signature has an impossible length");
    }
    item->signature_size = (size_t)size;
    return svms_source_read(file->source, svms_iso_payload_offset(sibo), item->signature,
                            item->signature_size, err);
}

/* Certificate and algorithm are told of also where the other one is to blame. */
static svms_status take_parts(svms_onvif_checked *item, const svms_onvif_file *file,
                              const svms_onvif_sinf *sinf, const svms_chain *intermediates,
                              svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_status configured = find_algorithm(item, file, &sinf->sigc, &cause);
    if (configured != SVMS_OK && !is_finding(configured)) {
        return svms_fail_as(err, configured, &cause);
    }
    if (sinf->cert.type != 0) {
        svms_status status = make_chain(item, file, &sinf->cert, intermediates, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (configured != SVMS_OK) {
        return svms_fail_as(err, configured, &cause);
    }
    if (sinf->defect) {
        return svms_fail_at(err, SVMS_E_MALFORMED, sinf->box.offset, "%s", sinf->defect);
    }
    return take_signature(item, file, &sinf->sibo, err);
}

/* Offsets into the file are hashed as they stand: a box that later bytes pushed on would no longer
 * be what they lead to (O-HASH-5). */
static svms_status check_covered(const svms_onvif_file *file, uint32_t number,
                                 const svms_onvif_edits *edits, svms_error *err)
{
    uint64_t omission = svms_onvif_first_omission(edits);
    if (omission < file->fixed_end) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, omission,
                            "what was added later stands in front of other boxes, and moved them");
    }
    if (file->lies_elsewhere) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, file->moov.offset,
                            "the media of a track lie in another file, which nobody signed");
    }
    if (file->astray[0] != '\0') {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, file->moov.offset, "%s", file->astray);
    }
    return svms_onvif_check_later(file, number, err);
}

static svms_status prepare(const svms_onvif_file *file, const svms_chain *intermediates,
                           svms_onvif_checked *items, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < file->sinf_count; i++) {
        svms_error cause = SVMS_ERROR_INIT;
        svms_status taken = take_parts(&items[i], file, &file->sinfs[i], intermediates, &cause);
        svms_onvif_view_of(&items[i].edits, file, i);
        if (taken == SVMS_OK) {
            taken = check_covered(file, i, &items[i].edits, &cause);
        }
        status = note_failure(&items[i], taken, &cause, err);
    }
    return status;
}

/* One that can be checked at all has no reason yet. */
static svms_status check_one(svms_ctx *ctx, svms_onvif_checked *item, const uint8_t *digest,
                             svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_status status = svms_onvif_check(ctx, svms_chain_leaf_key(item->chain), &item->algorithm,
                                          digest, item->signature, item->signature_size, &cause);
    item->holds = status == SVMS_OK;
    return note_failure(item, status, &cause, err);
}

svms_status svms_onvif_check_all(const svms_onvif_file *file, const svms_chain *intermediates,
                                 svms_onvif_checked *items, svms_onvif_lane *extra, svms_error *err)
{
    svms_onvif_lane *lanes = svms_alloc_array(file->ctx, file->sinf_count + 1, sizeof *lanes);
    uint32_t count = 0;
    uint32_t place = 0;
    if (!lanes) {
        return svms_fail_memory(err);
    }
    svms_status status = prepare(file, intermediates, items, err);
    for (uint32_t i = 0; status == SVMS_OK && i < file->sinf_count; i++) {
        if (items[i].reason[0] == '\0') {
            lanes[count++] =
                (svms_onvif_lane){ .edits = &items[i].edits, .digest = items[i].algorithm.digest };
        }
    }
    if (extra) {
        lanes[count++] = *extra;
    }
    if (status == SVMS_OK && count > 0) {
        status = svms_onvif_digest_lanes(file, lanes, count, err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < file->sinf_count; i++) {
        if (items[i].reason[0] == '\0') {
            status = check_one(file->ctx, &items[i], lanes[place++].out, err);
        }
    }
    if (status == SVMS_OK && extra) {
        memcpy(extra->out, lanes[place].out, sizeof extra->out);
    }
    svms_release(file->ctx, lanes);
    return status;
}

void svms_onvif_checked_clear(svms_onvif_checked *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        svms_chain_free(&items[i].chain);
    }
}
