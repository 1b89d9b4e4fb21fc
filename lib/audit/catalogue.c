/* SPDX-License-Identifier: Apache-2.0 */
/* The events of audit.md section 2, in its order. */
#include <svms/audit.h>

#include <stddef.h>
#include <string.h>

/* clang-format off */
#define MAY(name, kind) { name, SVMS_AUDIT_##kind, 0 }
#define MUST(name, kind) { name, SVMS_AUDIT_##kind, 1 }
#define END { NULL, SVMS_AUDIT_TEXT, 0 }

static const svms_audit_member of_login_success[] = {
    MUST("methods", LIST),
    MAY("wait_s", NUMBER),
    END,
};
static const svms_audit_member of_login_factor[] = {
    MUST("method", TEXT),
    END,
};
static const svms_audit_member of_login_logout[] = {
    MUST("why", TEXT),
    END,
};
static const svms_audit_member of_account_locked[] = {
    MAY("until", TIME),
    END,
};
static const svms_audit_member of_account_password[] = {
    MAY("forced", FLAG),
    END,
};
static const svms_audit_member of_approval_asked[] = {
    MUST("action", TEXT),
    MUST("request", DIGEST),
    MAY("second", TEXT),
    END,
};
static const svms_audit_member of_live_start[] = {
    MUST("stream", TEXT),
    MAY("purpose", TEXT),
    MAY("seconds", NUMBER),
    MAY("records", NUMBER),
    END,
};
static const svms_audit_member of_playback_start[] = {
    MAY("ranges", RANGES),
    MAY("seconds", NUMBER),
    MAY("records", NUMBER),
    MAY("speed", TEXT),
    END,
};
static const svms_audit_member of_playback_search[] = {
    MAY("query", TEXT),
    MAY("found", NUMBER),
    END,
};
static const svms_audit_member of_snapshot_create[] = {
    MUST("format", TEXT),
    END,
};
static const svms_audit_member of_export_create[] = {
    MUST("format", TEXT),
    MUST("ranges", RANGES),
    MUST("records", NUMBER),
    MUST("bytes", NUMBER),
    MUST("destination", TEXT),
    MUST("encryption", TEXT),
    MUST("password", FLAG),
    MUST("recipients", LIST),
    MUST("signatures", LIST),
    MUST("reexport", FLAG),
    MAY("digest", DIGEST),
    MAY("receipt", DIGEST),
    MAY("masks", TEXT),
    END,
};
static const svms_audit_member of_export_verify[] = {
    MUST("verdict", TEXT),
    MAY("segments", NUMBER),
    MAY("first_failure", TIME),
    MAY("digest", DIGEST),
    END,
};
static const svms_audit_member of_evidence_countersign[] = {
    MUST("link", NUMBER),
    MUST("digest", DIGEST),
    END,
};
static const svms_audit_member of_evidence_lock[] = {
    MUST("ranges", RANGES),
    MAY("until", TIME),
    END,
};
static const svms_audit_member of_ptz_move[] = {
    MAY("preset", TEXT),
    END,
};
static const svms_audit_member of_output_activate[] = {
    MUST("output", TEXT),
    MUST("state", TEXT),
    END,
};
static const svms_audit_member of_alarm_raised[] = {
    MUST("alarm", TEXT),
    MAY("priority", NUMBER),
    END,
};
static const svms_audit_member of_bookmark_create[] = {
    MUST("bookmark", TEXT),
    END,
};
static const svms_audit_member of_mask_lift[] = {
    MAY("regions", LIST),
    MAY("until", TIME),
    END,
};
static const svms_audit_member of_config_change[] = {
    MUST("setting", TEXT),
    MAY("before", VALUE),
    MAY("after", VALUE),
    END,
};
static const svms_audit_member of_user_create[] = {
    MAY("setting", TEXT),
    MAY("before", VALUE),
    MAY("after", VALUE),
    MAY("revision", NUMBER),
    END,
};
static const svms_audit_member of_token_issue[] = {
    MAY("audience", TEXT),
    MAY("verdict", TEXT),
    MAY("kind", TEXT),
    MAY("until", TIME),
    END,
};
static const svms_audit_member of_access_decide[] = {
    MUST("action", TEXT),
    MAY("rule", TEXT),
    MAY("right", NUMBER),
    MAY("until", TIME),
    END,
};
static const svms_audit_member of_device_enroll[] = {
    MAY("certificate", DIGEST),
    MAY("kind", TEXT),
    END,
};
static const svms_audit_member of_device_tamper[] = {
    MUST("what", TEXT),
    END,
};
static const svms_audit_member of_time_jump[] = {
    MAY("back_ns", NUMBER),
    MAY("ahead_ns", NUMBER),
    MAY("source", TEXT),
    END,
};
static const svms_audit_member of_certificate_expiring[] = {
    MUST("sha256", DIGEST),
    MUST("subject", TEXT),
    MUST("until", TIME),
    END,
};
static const svms_audit_member of_update_accept[] = {
    MUST("version", TEXT),
    MAY("digest", DIGEST),
    END,
};
static const svms_audit_member of_storage_full[] = {
    MAY("path", TEXT),
    MAY("free_bytes", NUMBER),
    MAY("before", TIME),
    END,
};
static const svms_audit_member of_recording_start[] = {
    MUST("container", TEXT),
    MUST("recording", TEXT),
    MAY("segment", NUMBER),
    MAY("manifest", DIGEST),
    MAY("end", DIGEST),
    MAY("why", TEXT),
    END,
};
static const svms_audit_member of_service_start[] = {
    MAY("version", TEXT),
    MAY("why", TEXT),
    END,
};
static const svms_audit_member of_log_open[] = {
    MAY("version", TEXT),
    MUST("size", NUMBER),
    END,
};
static const svms_audit_member of_log_epoch[] = {
    MUST("epoch", NUMBER),
    MUST("key", TEXT),
    END,
};
static const svms_audit_member of_log_gap[] = {
    MUST("records", NUMBER),
    MAY("since", TIME),
    MUST("why", TEXT),
    END,
};
static const svms_audit_member of_log_quarantine[] = {
    MUST("bytes", NUMBER),
    MUST("sha256", DIGEST),
    MUST("records", NUMBER),
    END,
};
static const svms_audit_member of_log_pruned[] = {
    MUST("before", TIME),
    MUST("first", NUMBER),
    MUST("last", NUMBER),
    MUST("kept", NUMBER),
    MAY("evidence_before", TIME),
    END,
};
static const svms_audit_member of_log_hold[] = {
    MUST("hold", TEXT),
    MUST("first", NUMBER),
    MUST("last", NUMBER),
    MAY("until", TIME),
    END,
};
static const svms_audit_member of_log_forward[] = {
    MUST("receiver", TEXT),
    MUST("missed", NUMBER),
    END,
};

static const svms_audit_event_kind catalogue[] = {
    { "login.success", 0, 0, of_login_success },
    { "login.failure", 0, 0, of_login_success },
    { "login.factor", 0, 0, of_login_factor },
    { "login.logout", 0, 0, of_login_logout },
    { "account.locked", 0, 0, of_account_locked },
    { "account.unlocked", 0, 0, of_account_locked },
    { "account.password", 0, 0, of_account_password },
    { "approval.asked", 1, 0, of_approval_asked },
    { "approval.given", 1, 0, of_approval_asked },
    { "approval.refused", 1, 0, of_approval_asked },
    { "live.start", 0, 0, of_live_start },
    { "live.stop", 0, 0, of_live_start },
    { "playback.start", 0, 0, of_playback_start },
    { "playback.stop", 0, 0, of_playback_start },
    { "playback.search", 0, 0, of_playback_search },
    { "snapshot.create", 0, 0, of_snapshot_create },
    { "export.create", 1, 0, of_export_create },
    { "export.verify", 1, 0, of_export_verify },
    { "recording.verify", 1, 0, of_export_verify },
    { "evidence.countersign", 1, 0, of_evidence_countersign },
    { "evidence.lock", 1, 0, of_evidence_lock },
    { "evidence.unlock", 1, 0, of_evidence_lock },
    { "evidence.delete", 1, 0, of_evidence_lock },
    { "ptz.move", 0, 0, of_ptz_move },
    { "ptz.preset", 0, 0, of_ptz_move },
    { "output.activate", 0, 0, of_output_activate },
    { "alarm.raised", 0, 0, of_alarm_raised },
    { "alarm.taken", 0, 0, of_alarm_raised },
    { "alarm.closed", 0, 0, of_alarm_raised },
    { "bookmark.create", 0, 0, of_bookmark_create },
    { "bookmark.edit", 0, 0, of_bookmark_create },
    { "bookmark.delete", 0, 0, of_bookmark_create },
    { "mask.lift", 1, 0, of_mask_lift },
    { "config.change", 0, 0, of_config_change },
    { "user.create", 0, 0, of_user_create },
    { "user.edit", 0, 0, of_user_create },
    { "user.delete", 0, 0, of_user_create },
    { "role.change", 0, 0, of_user_create },
    { "policy.change", 0, 0, of_user_create },
    { "token.issue", 0, 0, of_token_issue },
    { "token.exchange", 0, 0, of_token_issue },
    { "token.revoke", 0, 0, of_token_issue },
    { "token.refuse", 0, 0, of_token_issue },
    { "access.decide", 0, 0, of_access_decide },
    { "device.enroll", 0, 0, of_device_enroll },
    { "device.remove", 0, 0, of_device_enroll },
    { "device.lost", 0, 0, of_device_enroll },
    { "device.found", 0, 0, of_device_enroll },
    { "device.tamper", 1, 0, of_device_tamper },
    { "time.jump", 1, 0, of_time_jump },
    { "certificate.expiring", 0, 0, of_certificate_expiring },
    { "certificate.expired", 0, 0, of_certificate_expiring },
    { "certificate.revoked", 0, 0, of_certificate_expiring },
    { "update.accept", 0, 0, of_update_accept },
    { "update.refuse", 0, 0, of_update_accept },
    { "storage.full", 1, 0, of_storage_full },
    { "storage.failed", 1, 0, of_storage_full },
    { "storage.pruned", 1, 0, of_storage_full },
    { "recording.start", 1, 0, of_recording_start },
    { "recording.stop", 1, 0, of_recording_start },
    { "recording.gap", 1, 0, of_recording_start },
    { "recording.recovered", 1, 0, of_recording_start },
    { "recording.head", 1, 0, of_recording_start },
    { "service.start", 0, 0, of_service_start },
    { "service.stop", 0, 0, of_service_start },
    { "log.open", 1, 0, of_log_open },
    { "log.epoch", 1, 0, of_log_epoch },
    { "log.gap", 1, 0, of_log_gap },
    { "log.quarantine", 1, 0, of_log_quarantine },
    { "log.pruned", 1, 0, of_log_pruned },
    { "log.hold", 1, 0, of_log_hold },
    { "log.lift", 1, 0, of_log_hold },
    { "log.forward", 1, 0, of_log_forward },
};
/* clang-format on */

#define CATALOGUE_SIZE (sizeof catalogue / sizeof catalogue[0])

const svms_audit_event_kind *svms_audit_event_kind_at(size_t index)
{
    return index < CATALOGUE_SIZE ? &catalogue[index] : NULL;
}

const svms_audit_event_kind *svms_audit_event_kind_of(const char *name)
{
    for (size_t i = 0; name && i < CATALOGUE_SIZE; i++) {
        if (strcmp(catalogue[i].name, name) == 0) {
            return &catalogue[i];
        }
    }
    return NULL;
}
