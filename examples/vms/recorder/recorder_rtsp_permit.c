/* SPDX-License-Identifier: Apache-2.0 */
/* Who may see what, until when, and which part of a recording. */
#include <stdio.h>
#include <string.h>

#include "recorder_rtsp_internal.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
/* So far before what was asked for lies what it is decoded from, at most. */
#define LEAD_NS (60 * SECOND)
/* Obligations that this server can keep. */
#define KEPT SVMS_OBLIGED_AUDIT_EACH

/* A question of a client, as the gate is asked. */
typedef struct asking {
    recorder_rtsp *rtsp;
    rtsp_pass *pass;
    const rtsp_camera *camera;
    bool is_replay;
    bool is_from_end; /* a range that is too long is cut at its beginning */
    svms_access_question question;
} asking;

static svms_status stop(void *user, const indexed_container *container)
{
    *(int64_t *)user = container->first_utc_ns;
    return SVMS_E_CANCELLED;
}

/* SVMS_NO_TIME: nothing was recorded, or it cannot be found out. */
static int64_t first_moment(const recorder_rtsp *self, const char *camera)
{
    const indexed_range all = { camera, INT64_MIN + 1, INT64_MAX };
    int64_t first = SVMS_NO_TIME;
    (void)recorder_index_containers(self->options.parts->index, &all, stop, &first, NULL);
    return first;
}

/* What the client asks for. */
static svms_time_range range_of(const asking *from, const stream_serve_question *question)
{
    const char *camera = from->camera->camera->id;
    int64_t now = recorder_now();
    svms_time_range range = { question->from_utc_ns, question->to_utc_ns };
    if (from->is_from_end) {
        range = (svms_time_range){ question->to_utc_ns, question->from_utc_ns };
    }
    if (range.from_utc_ns == SVMS_NO_TIME) {
        range.from_utc_ns = first_moment(from->rtsp, camera);
    }
    if (range.to_utc_ns == SVMS_NO_TIME) {
        /* It is being recorded; permission ends before that. */
        range.to_utc_ns = now + DAY;
    } else if (range.to_utc_ns < INT64_MAX) {
        range.to_utc_ns++;
    }
    if (range.from_utc_ns == SVMS_NO_TIME) {
        range.from_utc_ns = now < range.to_utc_ns ? now : range.to_utc_ns - 1;
    }
    if (range.from_utc_ns >= range.to_utc_ns) {
        range.to_utc_ns = range.from_utc_ns + 1;
    }
    return range;
}

/* Ranges that fall into too many pieces are asked about as far as that is possible. */
static bool ask(asking *from, const char *action, gate_answer *answer)
{
    static const int64_t spans[] = { 366 * DAY, 31 * DAY, 7 * DAY, DAY };
    const recorder_parts *parts = from->rtsp->options.parts;
    svms_error err = SVMS_ERROR_INIT;
    from->question.action = action;
    svms_status status = gate_ask(parts->gate, from->pass->pass, &from->question, answer, &err);
    for (size_t i = 0; status == SVMS_E_LIMIT && i < sizeof spans / sizeof spans[0]; i++) {
        svms_time_range *range = &from->question.range;
        if (range->to_utc_ns - range->from_utc_ns <= spans[i]) {
            continue;
        }
        if (from->is_from_end) {
            range->from_utc_ns = range->to_utc_ns - spans[i];
        } else {
            range->to_utc_ns = range->from_utc_ns + spans[i];
        }
        status = gate_ask(parts->gate, from->pass->pass, &from->question, answer, &err);
    }
    if (status != SVMS_OK) {
        service_log_error(parts->service, SERVICE_ERROR, &err,
                          "it cannot be decided whether somebody may %s", action);
        *answer =
            (gate_answer){ .reason = SVMS_ACCESS_NO_RULE, .words = "it could not be decided" };
    }
    if (answer->is_allowed && (answer->obligations & ~(uint32_t)KEPT) != 0) {
        answer->is_allowed = false;
        answer->words = "it comes with obligations that this server cannot keep";
    }
    return answer->is_allowed;
}

/* What leads to what was asked for, where that may be seen, too. */
static void add_lead(asking *from, rtsp_ranges *ranges)
{
    gate_answer answer;
    asking lead = *from;
    svms_time_range *range = &lead.question.range;
    if (ranges->count == 0 || ranges->list[0].from_utc_ns != range->from_utc_ns ||
        range->from_utc_ns < INT64_MIN + 1 + LEAD_NS) {
        return;
    }
    *range = (svms_time_range){ range->from_utc_ns - LEAD_NS, range->from_utc_ns };
    if (ask(&lead, "playback.view", &answer) && answer.range_count > 0 &&
        answer.ranges[answer.range_count - 1].to_utc_ns == ranges->list[0].from_utc_ns) {
        ranges->list[0].from_utc_ns = answer.ranges[answer.range_count - 1].from_utc_ns;
    }
}

static bool is_covered(const svms_time_range *range, const gate_answer *by)
{
    for (size_t i = 0; i < by->range_count; i++) {
        if (by->ranges[i].from_utc_ns <= range->from_utc_ns &&
            by->ranges[i].to_utc_ns >= range->to_utc_ns) {
            return true;
        }
    }
    return false;
}

/* Whether sound may be heard wherever pictures may be seen. */
static bool may_listen(const asking *from, const rtsp_ranges *ranges, int64_t *until)
{
    gate_answer answer;
    asking sound = *from;
    if (from->is_replay) {
        sound.question.range.from_utc_ns = ranges->list[0].from_utc_ns;
        sound.question.range.to_utc_ns = ranges->list[ranges->count - 1].to_utc_ns;
    }
    if (!ask(&sound, from->is_replay ? "playback.listen" : "live.listen", &answer)) {
        return false;
    }
    for (size_t i = 0; i < ranges->count; i++) {
        if (!is_covered(&ranges->list[i], &answer)) {
            return false;
        }
    }
    *until = answer.valid_until_utc_ns < *until ? answer.valid_until_utc_ns : *until;
    return true;
}

static void refuse(const asking *from, const stream_serve_question *question,
                   const gate_answer *answer, stream_serve_verdict *verdict)
{
    bool is_token = answer->reason == SVMS_ACCESS_NO_TOKEN || answer->reason == SVMS_ACCESS_EXPIRED;
    verdict->refusal = is_token ? STREAM_SERVE_STRANGER : STREAM_SERVE_UNKNOWN;
    (void)snprintf(verdict->words, sizeof verdict->words, "%s", answer->words);
    /* Where he watched already, that it ended says why. */
    if (question->wish != STREAM_SERVE_CONTINUES) {
        gate_tell_no(from->rtsp->options.parts->gate, from->pass->pass,
                     from->is_replay ? "playback.start" : "live.start", &from->question, answer);
    }
}

/* For what will be told, and opened, next. */
static void remember(asking *from, const stream_serve_question *question, const rtsp_ranges *ranges)
{
    rtsp_watch *asked = &from->rtsp->asked;
    rtsp_pass_release(&asked->pass);
    asked->pass = rtsp_pass_hold(from->pass);
    asked->camera = from->camera->camera;
    asked->ranges = *ranges;
    asked->from_utc_ns = question->from_utc_ns;
    asked->to_utc_ns = question->to_utc_ns;
    asked->speed[0] = '\0';
    if (question->play && from->is_replay) {
        int64_t scale = question->play->scale_milli ? question->play->scale_milli : 1000;
        (void)snprintf(asked->speed, sizeof asked->speed, "%.3f", (double)scale / 1000.0);
    }
}

static void decide(asking *from, const stream_serve_question *question,
                   stream_serve_verdict *verdict)
{
    gate_answer answer;
    rtsp_ranges ranges = { .count = 0 };
    if (!ask(from, from->is_replay ? "playback.view" : "live.view", &answer)) {
        refuse(from, question, &answer, verdict);
        return;
    }
    ranges.count = answer.range_count;
    memcpy(ranges.list, answer.ranges, answer.range_count * sizeof ranges.list[0]);
    if (from->is_replay &&
        (question->wish == STREAM_SERVE_STARTS || question->wish == STREAM_SERVE_CONTINUES)) {
        add_lead(from, &ranges);
    }
    verdict->is_allowed = true;
    verdict->valid_until_utc_ns = answer.valid_until_utc_ns;
    if (question->has_sound) {
        verdict->without_sound = !may_listen(from, &ranges, &verdict->valid_until_utc_ns);
    }
    if (question->wish == STREAM_SERVE_STARTS &&
        (answer.obligations & SVMS_OBLIGED_AUDIT_EACH) != 0) {
        rtsp_tell_use(from->rtsp, from->pass, &from->question, &answer);
    }
    if (question->wish != STREAM_SERVE_CONTINUES) {
        remember(from, question, &ranges);
    }
    if (question->cursor &&
        (question->wish == STREAM_SERVE_STARTS || question->wish == STREAM_SERVE_CONTINUES)) {
        rtsp_replay_allow(question->cursor, &ranges);
    }
}

void rtsp_permit(void *user, const stream_serve_question *question, stream_serve_verdict *verdict)
{
    recorder_rtsp *self = user;
    asking from = { .rtsp = self, .question = SVMS_ACCESS_QUESTION_INIT };
    verdict->refusal = STREAM_SERVE_UNKNOWN;
    from.camera = rtsp_camera_at(self, question->path, &from.is_replay);
    if (!from.camera) {
        (void)snprintf(verdict->words, sizeof verdict->words, "there is no such camera");
        return;
    }
    from.pass = rtsp_pass_of(self, question);
    if (!from.pass) {
        verdict->refusal = STREAM_SERVE_STRANGER;
        (void)snprintf(verdict->words, sizeof verdict->words, "the token does not hold any more");
        return;
    }
    from.is_from_end = from.is_replay && question->play && question->play->scale_milli < 0;
    from.question.device = from.camera->camera->id;
    if (from.is_replay) {
        from.question.range = range_of(&from, question);
    }
    decide(&from, question, verdict);
    rtsp_pass_release(&from.pass);
}
