/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_verdict.h"

#define DIGEST_SIZE 32

exit_status audit_tell_verdict(audit_trail *trail, const audit_verdict *what)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    audit_deed deed = AUDIT_DEED_INIT;
    bool good = what->verdict == SVMS_VERDICT_AUTHENTIC;
    if (!trail) {
        return EXIT_GOOD;
    }
    deed.event = what->event;
    deed.object = what->object;
    deed.outcome = good ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_FAILURE;
    deed.reason = good                              ? NULL
                  : what->reason && what->reason[0] ? what->reason
                                                    : svms_verdict_name(what->verdict);
    exit_status status = audit_trail_begin(&record, trail, &deed);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status put =
        svms_audit_record_text(record, "verdict", svms_verdict_name(what->verdict), &err);
    if (put == SVMS_OK) {
        put = svms_audit_record_number(record, "segments", what->segments, &err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_time(record, "first_failure", what->first_failure_utc_ns, &err);
    }
    if (put == SVMS_OK && what->digest) {
        put = svms_audit_record_digest(record, "digest", what->digest, DIGEST_SIZE, &err);
    }
    return audit_trail_tell(trail, &record, put, &err);
}

exit_status audit_tell_failure(audit_trail *trail, const char *event, const char *object,
                               exit_status status)
{
    svms_audit_record *record = NULL;
    audit_deed deed = AUDIT_DEED_INIT;
    if (!trail || status == EXIT_GOOD) {
        return status;
    }
    deed.event = event;
    deed.object = object;
    deed.status = status;
    exit_status told = audit_trail_begin(&record, trail, &deed);
    if (told == EXIT_GOOD) {
        told = audit_trail_tell(trail, &record, SVMS_OK, NULL);
    }
    return told == EXIT_GOOD ? status : told;
}

exit_status audit_tell_countersign(audit_trail *trail, const char *object, uint64_t link,
                                   const uint8_t digest[32])
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    audit_deed deed = AUDIT_DEED_INIT;
    if (!trail) {
        return EXIT_GOOD;
    }
    deed.event = COUNTERSIGN_EVENT;
    deed.object = object;
    exit_status status = audit_trail_begin(&record, trail, &deed);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status put = svms_audit_record_number(record, "link", link, &err);
    if (put == SVMS_OK) {
        put = svms_audit_record_digest(record, "digest", digest, DIGEST_SIZE, &err);
    }
    return audit_trail_tell(trail, &record, put, &err);
}
