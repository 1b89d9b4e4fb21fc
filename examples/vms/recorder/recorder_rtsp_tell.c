/* SPDX-License-Identifier: Apache-2.0 */
/* Who watched what goes to the log lines and to the audit log (audit.md, section 2). */
#include <stdlib.h>
#include <string.h>

#include "recorder_rtsp_internal.h"
#include "viewing.h"

#define SECOND INT64_C(1000000000)

static void drop(rtsp_watch **place)
{
    rtsp_watch *gone = *place;
    *place = gone->next;
    rtsp_pass_release(&gone->pass);
    free(gone);
}

void rtsp_watches_free(recorder_rtsp *self)
{
    while (self->watches) {
        drop(&self->watches);
    }
    rtsp_pass_release(&self->asked.pass);
}

/* What is known of it beyond what the server says; NULL: no memory was left for it. */
static rtsp_watch *begin(recorder_rtsp *self, const stream_serve_watch *watch)
{
    rtsp_watch *fresh = malloc(sizeof *fresh);
    if (fresh) {
        *fresh = self->asked;
        fresh->number = watch->number;
        fresh->pass = rtsp_pass_hold(fresh->pass);
        fresh->next = self->watches;
        self->watches = fresh;
    }
    return fresh;
}

static rtsp_watch **find(recorder_rtsp *self, uint64_t number)
{
    rtsp_watch **place = &self->watches;
    while (*place && (*place)->number != number) {
        place = &(*place)->next;
    }
    return *place ? place : NULL;
}

static svms_status tell_ranges(svms_audit_record *record, const stream_serve_watch *watch,
                               const rtsp_watch *known)
{
    svms_audit_range ranges[RTSP_RANGES_MAX];
    size_t count = known && !watch->is_over ? known->ranges.count : 0;
    for (size_t i = 0; i < count; i++) {
        ranges[i] = (svms_audit_range){ known->ranges.list[i].from_utc_ns,
                                        known->ranges.list[i].to_utc_ns };
    }
    if (watch->is_over && watch->first_utc_ns != SVMS_NO_TIME) {
        ranges[0] = (svms_audit_range){ watch->first_utc_ns, watch->last_utc_ns + 1 };
        count = 1;
    }
    return count > 0 ? svms_audit_record_ranges(record, "ranges", ranges, count, NULL) : SVMS_OK;
}

static svms_status fill(svms_audit_record *record, const stream_serve_watch *watch,
                        const rtsp_watch *known, bool is_replay)
{
    svms_status status = SVMS_OK;
    if (!is_replay) {
        status = svms_audit_record_text(record, "stream", watch->path, NULL);
    } else {
        status = tell_ranges(record, watch, known);
    }
    if (status == SVMS_OK && watch->is_over) {
        int64_t seconds = (watch->ended_utc_ns - watch->began_utc_ns) / SECOND;
        status =
            svms_audit_record_number(record, "seconds", seconds > 0 ? (uint64_t)seconds : 0, NULL);
    }
    if (status == SVMS_OK && watch->is_over) {
        status = svms_audit_record_number(record, "records", watch->samples, NULL);
    }
    if (status == SVMS_OK && is_replay && known && known->speed[0] != '\0') {
        status = svms_audit_record_text(record, "speed", known->speed, NULL);
    }
    return status;
}

static void tell(recorder_rtsp *self, const stream_serve_watch *watch, const rtsp_watch *known)
{
    static const char *const names[2][2] = { { "live.start", "live.stop" },
                                             { "playback.start", "playback.stop" } };
    bool is_replay = watch->kind == STREAM_SERVE_REPLAY;
    auditor *log = self->options.parts->auditor;
    svms_audit_record *record = NULL;
    if (!log) {
        return;
    }
    svms_audit_event event =
        auditor_event(log, names[is_replay][watch->is_over], SVMS_AUDIT_SUCCESS);
    event.actor_kind = SVMS_AUDIT_ACTOR_USER;
    event.actor_id = watch->identity;
    event.address = watch->address;
    if (known && known->pass) {
        gate_pass_name(known->pass->pass, &event);
    }
    event.device = known && known->camera ? known->camera->id : NULL;
    event.object = watch->path;
    event.reason = watch->is_over ? watch->why : NULL;
    if (is_replay && known) {
        bool is_turned = known->to_utc_ns != SVMS_NO_TIME && known->from_utc_ns > known->to_utc_ns;
        event.from_utc_ns = is_turned ? known->to_utc_ns : known->from_utc_ns;
        event.to_utc_ns = is_turned ? known->from_utc_ns : known->to_utc_ns;
    }
    svms_status status = auditor_begin(&record, log, &event, NULL);
    if (status == SVMS_OK) {
        status = fill(record, watch, known, is_replay);
    }
    auditor_tell_later(log, &record, status);
}

/* That it began, as soon as it lasted long enough to be told; where no memory was left to know
 * that, in any case. */
static void tell_begin(recorder_rtsp *self, const stream_serve_watch *watch, rtsp_watch *known)
{
    const viewing_rule *rule = &self->options.parts->settings->viewing;
    bool is_due = viewing_is_told(rule, watch->kind == STREAM_SERVE_LIVE, watch->began_utc_ns,
                                  watch->samples);
    if (known ? !known->is_told && is_due : !watch->is_over) {
        stream_serve_watch begun = *watch;
        begun.is_over = false;
        tell(self, &begun, known);
        if (known) {
            known->is_told = true;
        }
    }
}

static void look(void *user, const stream_serve_watch *watch)
{
    recorder_rtsp *self = user;
    rtsp_watch **place = find(self, watch->number);
    if (place) {
        tell_begin(self, watch, *place);
    }
}

void rtsp_watches_tend(recorder_rtsp *self)
{
    stream_serve_look(self->serve, look, self);
}

void rtsp_watched(void *user, const stream_serve_watch *watch)
{
    recorder_rtsp *self = user;
    bool is_replay = false;
    rtsp_watch **place = watch->is_over ? find(self, watch->number) : NULL;
    rtsp_watch *known = watch->is_over ? (place ? *place : NULL) : begin(self, watch);
    service_log(self->options.parts->service, SERVICE_INFO, "%s %s %s from %s%s%s", watch->identity,
                watch->is_over ? "stops watching" : "watches", watch->path, watch->address,
                watch->is_over ? ": " : "", watch->is_over ? watch->why : "");
    tell_begin(self, watch, known);
    if (watch->is_over && (!known || known->is_told)) {
        tell(self, watch, known);
    }
    if (place) {
        drop(place);
    }
    rtsp_camera *camera = rtsp_camera_at(self, watch->path, &is_replay);
    if (!watch->is_over && camera && !is_replay) {
        rtsp_live_join(camera);
    }
}

static svms_status fill_use(svms_audit_record *record, const svms_access_question *question,
                            const gate_answer *answer)
{
    svms_status status = svms_audit_record_text(record, "action", question->action, NULL);
    if (status == SVMS_OK && answer->rule[0] != '\0') {
        status = svms_audit_record_text(record, "rule", answer->rule, NULL);
    }
    return status;
}

void rtsp_tell_use(recorder_rtsp *self, const rtsp_pass *pass, const svms_access_question *question,
                   const gate_answer *answer)
{
    auditor *log = self->options.parts->auditor;
    svms_audit_record *record = NULL;
    if (!log) {
        return;
    }
    svms_audit_event event = auditor_event(log, "access.decide", SVMS_AUDIT_SUCCESS);
    gate_pass_name(pass->pass, &event);
    event.device = question->device;
    event.from_utc_ns = question->range.from_utc_ns;
    event.to_utc_ns = question->range.to_utc_ns;
    svms_status status = auditor_begin(&record, log, &event, NULL);
    if (status == SVMS_OK) {
        status = fill_use(record, question, answer);
    }
    auditor_tell_later(log, &record, status);
}
