/* SPDX-License-Identifier: Apache-2.0 */
/* Holds are set, lifted, told (A-RET-8, A-RET-9). */
#include <inttypes.h>
#include <string.h>

#include "failure.h"
#include "keep.h"
#include "options.h"

static svms_status append_record(svms_audit_log *log, const char *event, const svms_hold *hold,
                                 const svms_audit_event *by, svms_error *err)
{
    svms_audit_record *record = NULL;
    svms_status status = svms_keep_begin_record(log, event, by, &record, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_audit_record_text(record, "hold", hold->name, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "first", hold->first, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_number(record, "last", hold->last, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_time(record, "until", hold->until_utc_ns, err);
    }
    if (status != SVMS_OK) {
        svms_audit_record_free(&record);
        return status;
    }
    return svms_keep_append(log, record, err);
}

/* A time in the spelling of the file, or none. */
static bool is_until(int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    int64_t same = 0;
    if (utc_ns == SVMS_NO_TIME) {
        return true;
    }
    svms_time_format(utc_ns, text);
    return svms_time_parse(&same, text, NULL) == SVMS_OK && same == utc_ns;
}

static svms_status read_hold(svms_audit_log *log, const svms_audit_hold *given, svms_hold *out,
                             svms_error *err)
{
    svms_audit_hold known = SVMS_AUDIT_HOLD_INIT;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_status status = svms_options_read(&known, sizeof known, given, "the hold", err);
    if (status == SVMS_OK) {
        status = svms_audit_log_head(log, &head, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!known.name || !svms_hold_is_name(known.name) || known.reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the name of a hold has 1 to %u of A-Z a-z 0-9 . - _",
                         SVMS_HOLD_NAME_MAX);
    }
    if (known.first > known.last || known.last >= head.size) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the log has no records %" PRIu64 " to %" PRIu64 ": it has %" PRIu64
                         " records",
                         known.first, known.last, head.size);
    }
    if (!is_until(known.until_utc_ns)) {
        return svms_fail(err, SVMS_E_USAGE, "the end of a hold is no time");
    }
    *out =
        (svms_hold){ .first = known.first, .last = known.last, .until_utc_ns = known.until_utc_ns };
    memcpy(out->name, known.name, strlen(known.name) + 1);
    return SVMS_OK;
}

/* Records of one pruned bundle, from one place to another, that did not stay. */
static svms_status count_in_bundle(svms_audit_log *log, uint64_t number, uint32_t from, uint32_t to,
                                   uint64_t *gone, svms_error *err)
{
    svms_kept kept;
    char path[SVMS_TILE_PATH_MAX];
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(log->ctx, SVMS_KEPT_MAX);
    svms_kept_path(number, path);
    svms_status status = svms_log_read_file(log->folder, path, &bytes, &why);
    if (svms_log_is_missing(status, &why)) {
        kept.count = 0;
        status = SVMS_OK;
    } else if (status == SVMS_OK) {
        status = svms_kept_parse(&kept, bytes.data, bytes.size, &why);
    }
    if (status != SVMS_OK) {
        status = svms_fail_as(err, status, &why);
    }
    for (uint32_t place = from; place <= to && status == SVMS_OK; place++) {
        *gone += svms_kept_find(&kept, place) == NULL;
    }
    svms_builder_clear(&bytes);
    return status;
}

static svms_status count_gone(svms_audit_log *log, const svms_hold *hold, uint64_t *gone,
                              svms_error *err)
{
    svms_log_minimum minimum;
    svms_status status = svms_log_read_minimum(log->ctx, log->folder, &minimum, err);
    uint64_t at = hold->first;
    *gone = 0;
    while (status == SVMS_OK && at <= hold->last && at < minimum.first) {
        uint64_t number = at / SVMS_TILE_WIDTH;
        uint64_t end = (number + 1) * SVMS_TILE_WIDTH - 1;
        uint64_t last = hold->last < end ? hold->last : end;
        status = count_in_bundle(log, number, (uint32_t)(at % SVMS_TILE_WIDTH),
                                 (uint32_t)(last % SVMS_TILE_WIDTH), gone, err);
        at = last + 1;
    }
    return status;
}

static bool is_there(const svms_holds *holds, const svms_hold *hold)
{
    for (size_t i = 0; i < holds->count; i++) {
        if (svms_hold_is_same(&holds->hold[i], hold)) {
            return true;
        }
    }
    return false;
}

static svms_status set(svms_audit_log *log, const svms_hold *hold, const svms_audit_event *by,
                       uint64_t *gone, svms_error *err)
{
    svms_holds holds;
    svms_status status = svms_holds_read(&holds, log->ctx, log->folder, err);
    if (status == SVMS_OK) {
        status = count_gone(log, hold, gone, err);
    }
    if (status == SVMS_OK && !is_there(&holds, hold)) {
        status = svms_holds_add(&holds, hold, err);
        if (status == SVMS_OK) {
            status = svms_holds_write(&holds, log->folder, err);
        }
    }
    svms_holds_clear(&holds);
    return status == SVMS_OK ? append_record(log, "log.hold", hold, by, err) : status;
}

svms_status svms_audit_log_hold(svms_audit_log *log, const svms_audit_hold *hold,
                                const svms_audit_event *by, uint64_t *gone, svms_error *err)
{
    svms_hold known = { .name = "" };
    uint64_t missing = 0;
    if (!log || !hold) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = read_hold(log, hold, &known, err);
    if (status == SVMS_OK) {
        svms_keep_take(log);
        status = set(log, &known, by, &missing, err);
        svms_keep_give_up(log);
    }
    if (status == SVMS_OK && gone) {
        *gone = missing;
    }
    return status;
}

static svms_status lift(svms_audit_log *log, const char *name, const svms_audit_event *by,
                        svms_error *err)
{
    svms_holds holds;
    size_t left = 0;
    svms_status status = svms_holds_read(&holds, log->ctx, log->folder, err);
    for (size_t i = 0; status == SVMS_OK && i < holds.count; i++) {
        if (strcmp(holds.hold[i].name, name) == 0) {
            status = append_record(log, "log.lift", &holds.hold[i], by, err);
        } else {
            holds.hold[left++] = holds.hold[i];
        }
    }
    if (status == SVMS_OK && left == holds.count) {
        status = svms_fail(err, SVMS_E_STATE, "there is no hold of that name");
    }
    if (status == SVMS_OK) {
        holds.count = left;
        status = svms_holds_write(&holds, log->folder, err);
    }
    svms_holds_clear(&holds);
    return status;
}

svms_status svms_audit_log_lift(svms_audit_log *log, const char *name, const svms_audit_event *by,
                                svms_error *err)
{
    if (!log || !name) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_keep_take(log);
    svms_status status = lift(log, name, by, err);
    svms_keep_give_up(log);
    return status;
}

svms_status svms_audit_holds(svms_ctx *ctx, const svms_folder *folder, svms_audit_hold_each each,
                             void *user, svms_error *err)
{
    svms_holds holds;
    if (!ctx || !folder || !each) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_holds_read(&holds, ctx, folder, err);
    for (size_t i = 0; status == SVMS_OK && i < holds.count; i++) {
        svms_audit_hold told = SVMS_AUDIT_HOLD_INIT;
        told.name = holds.hold[i].name;
        told.first = holds.hold[i].first;
        told.last = holds.hold[i].last;
        told.until_utc_ns = holds.hold[i].until_utc_ns;
        status = each(user, &told);
    }
    svms_holds_clear(&holds);
    return status;
}
