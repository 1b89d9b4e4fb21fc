/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence records: what a third party attested while the recording went on (C-EVI). */
#include <string.h>

#include "failure.h"
#include "segment.h"

svms_status svms_evidence_check(svms_scanner *scanner, const svms_record *record, uint64_t offset,
                                uint64_t holder, svms_error *err)
{
    svms_evidence_record evidence = { 0 };
    uint8_t fixed[SVMS_EVIDENCE_FIXED_SIZE];
    uint64_t at = offset + record->header_size;
    if (record->body_size < sizeof(fixed) || record->body_size > SVMS_MAX_AUXILIARY_SIZE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset + 4,
                            "an evidence record of wrong length (C-EVI)");
    }
    svms_status status = svms_window_copy(&scanner->front->window, at, sizeof(fixed), fixed, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(fixed, sizeof(fixed), at);
    uint16_t kind = svms_read_u16(&cursor);
    uint16_t zero = svms_read_u16(&cursor);
    evidence.segment = svms_read_u64(&cursor);
    svms_read_copy(&cursor, evidence.hash, SVMS_DIGEST_SIZE);
    if (kind < 1 || kind > 2 || zero != 0 || evidence.segment >= holder ||
        holder - evidence.segment > SVMS_MAX_EVIDENCE_DISTANCE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, at, "an evidence record is malformed (C-EVI-1)");
    }
    const svms_known_manifest *named =
        scanner->known == NULL ? NULL : svms_known_find(scanner->known, evidence.segment);
    if (named == NULL) {
        return SVMS_OK;
    }
    if (memcmp(named->hash, evidence.hash, SVMS_DIGEST_SIZE) != 0) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, at + 12,
                            "an evidence record names another segment %llu (C-EVI-1)",
                            (unsigned long long)evidence.segment);
    }
    if (kind == SVMS_EVIDENCE_RFC3161 && scanner->evidence != NULL) {
        evidence.holder = holder;
        evidence.unproven = scanner->ahead;
        evidence.made_utc_ns = named->made_utc_ns;
        evidence.offset = at + SVMS_EVIDENCE_FIXED_SIZE;
        evidence.size = record->body_size - SVMS_EVIDENCE_FIXED_SIZE;
        scanner->evidence(scanner->user, &evidence);
    }
    return SVMS_OK;
}
