/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_find.h"

#include <string.h>

#include "audit_place.h"
#include "keys.h"
#include "message.h"

exit_status audit_find_check(const audit_trust_options *trust, bool unverified, const char *command)
{
    if (trust->key && unverified) {
        return usage_error(command, "--key and --unverified contradict each other");
    }
    if (!trust->key && !unverified) {
        complain("refused: nothing could be verified; give --key, the key that svms audit create "
                 "printed, or --unverified to believe the log itself");
        return EXIT_POLICY;
    }
    return EXIT_GOOD;
}

exit_status audit_find_failed(const audit_open_log *log, const svms_error *err)
{
    exit_status status = complain_error(err, "cannot read the log %s", log->path);
    return status == EXIT_USAGE ? EXIT_ENVIRONMENT : status;
}

exit_status audit_find_open(audit_open_log *out, const char *path, const audit_trust_options *trust,
                            const char *command)
{
    svms_error err = SVMS_ERROR_INIT;
    memset(out, 0, sizeof *out);
    out->path = path;
    exit_status status = trust->key ? audit_trust_load(&out->trust, trust, command) : EXIT_GOOD;
    if (status == EXIT_GOOD) {
        status = make_context(&out->ctx);
    }
    if (status == EXIT_GOOD) {
        status = audit_place_folder(&out->folder, out->ctx, path);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status opened = svms_audit_reader_open(&out->reader, out->ctx, &out->folder,
                                                trust->key ? &out->trust.trust : NULL, &err);
    if (opened == SVMS_E_USAGE) {
        return usage_error(command, "%s", err.message);
    }
    return opened == SVMS_OK ? EXIT_GOOD : audit_find_failed(out, &err);
}

void audit_find_close(audit_open_log *log)
{
    svms_audit_reader_close(&log->reader);
    svms_folder_close(&log->folder);
    svms_ctx_free(&log->ctx);
}

static exit_status take_outcomes(uint32_t *out, const text_list *names, const char *command)
{
    static const char *const outcomes[] = { "unknown", "success", "failure", "denied", "error" };
    for (size_t i = 0; i < names->count; i++) {
        uint32_t bit = 0;
        for (size_t k = 0; k < sizeof outcomes / sizeof outcomes[0]; k++) {
            bit = strcmp(outcomes[k], names->items[i]) == 0 ? UINT32_C(1) << k : bit;
        }
        if (bit == 0) {
            return usage_error(command,
                               "--outcome is success, failure, denied, error or unknown, not '%s'",
                               names->items[i]);
        }
        *out |= bit;
    }
    return EXIT_GOOD;
}

exit_status audit_find_query(svms_audit_query *out, const audit_filter *filter, const char *command)
{
    bool ends = filter->from_utc_ns != SVMS_NO_TIME && filter->to_utc_ns != SVMS_NO_TIME;
    if (ends && filter->from_utc_ns >= filter->to_utc_ns) {
        return usage_error(command, "--from is not before --to");
    }
    out->from_utc_ns = filter->from_utc_ns;
    out->to_utc_ns = filter->to_utc_ns;
    out->actors = filter->actors.items;
    out->actor_count = filter->actors.count;
    out->events = filter->events.items;
    out->event_count = filter->events.count;
    out->devices = filter->devices.items;
    out->device_count = filter->devices.count;
    out->text = filter->text;
    return take_outcomes(&out->outcomes, &filter->outcomes, command);
}
