/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures that come later than what they sign (C-SIG-4). */
#include <string.h>

#include "failure.h"
#include "segment.h"

void svms_known_add(svms_known *known, const svms_segment *segment)
{
    uint64_t number = segment->manifest.segment;
    svms_known_manifest *item = &known->items[number % SVMS_KNOWN_MANIFESTS];
    if (item->present && item->number == number &&
        memcmp(item->hash, segment->hash, SVMS_DIGEST_SIZE) == 0) {
        return; /* read again: what is known of it stays known */
    }
    item->present = true;
    item->late_offset = 0;
    item->lacks_signature = segment->lacks_signature;
    item->attested = !segment->lacks_signature;
    item->number = number;
    item->offset = segment->manifest_offset;
    item->size = segment->manifest_size;
    item->made_utc_ns = segment->manifest.made_utc_ns;
    item->first_utc_ns = segment->manifest.first_utc_ns;
    memcpy(item->hash, segment->hash, SVMS_DIGEST_SIZE);
}

svms_known_manifest *svms_known_find(svms_known *known, uint64_t number)
{
    svms_known_manifest *item = &known->items[number % SVMS_KNOWN_MANIFESTS];
    return item->present && item->number == number ? item : NULL;
}

/* Reads the manifest again, and makes sure that it is the one that was read before. */
static svms_status read_again(svms_scanner *scanner, const svms_known_manifest *item,
                              svms_error *err)
{
    svms_front *front = scanner->front;
    uint8_t hash[SVMS_DIGEST_SIZE];
    svms_status status =
        svms_window_copy(&front->window, item->offset, item->size, scanner->manifest_raw, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_once(front->proof_hasher, scanner->manifest_raw, item->size, hash)) {
        return svms_fail_crypto(err, "hashing a manifest");
    }
    if (memcmp(hash, item->hash, sizeof(hash)) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, item->offset,
                            "the file was changed while it was read");
    }
    return SVMS_OK;
}

static svms_status check_place(const svms_header *header, const svms_signature *signature,
                               uint64_t offset, uint64_t next, svms_error *err)
{
    if (!(header->critical & SVMS_CRITICAL_LATE) || signature->number >= next ||
        next - signature->number > SVMS_MAX_SIGNATURE_DELAY) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a signature stands where none may stand (C-SIG-4)");
    }
    return SVMS_OK;
}

svms_status svms_late_signature_check(svms_scanner *scanner, const svms_record *record,
                                      uint64_t offset, uint64_t next, uint64_t *number,
                                      svms_error *err)
{
    svms_front *front = scanner->front;
    svms_signature signature;
    uint8_t body[SVMS_MAX_SIGNATURE_RECORD];
    uint64_t at = offset + record->header_size;
    *number = SVMS_NO_SEGMENT;
    if (front->verifier == NULL || record->body_size > sizeof(body)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a signature stands where none may stand (C-SIG-4, C-LIM-1)");
    }
    svms_status status = svms_window_copy(&front->window, at, record->body_size, body, err);
    if (status == SVMS_OK) {
        status = svms_signature_parse(&signature, &front->header, body, record->body_size, at, err);
    }
    if (status == SVMS_OK) {
        status = check_place(&front->header, &signature, offset, next, err);
    }
    if (status != SVMS_OK || scanner->known == NULL) {
        return status;
    }
    svms_known_manifest *item = svms_known_find(scanner->known, signature.number);
    if (item == NULL) {
        return SVMS_OK;
    }
    if (!item->lacks_signature && item->late_offset != offset) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a second signature for segment %llu (C-SIG-4)",
                            (unsigned long long)signature.number);
    }
    *number = signature.number;
    status = read_again(scanner, item, err);
    if (status == SVMS_OK) {
        status =
            svms_signature_check(&signature, &front->header, front->verifier, front->proof_hasher,
                                 scanner->manifest_raw + SVMS_RECORD_HEADER_SIZE,
                                 item->size - SVMS_RECORD_HEADER_SIZE, offset, err);
    }
    if (status == SVMS_OK) {
        item->lacks_signature = false;
        item->attested = true;
        item->late_offset = offset;
    }
    return status;
}
