/* SPDX-License-Identifier: Apache-2.0 */
/* What there is: the recorder, its cameras, and what was recorded. */
#include <string.h>

#include "api_internal.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)
/* Lists are cut there; the answer says so. */
#define LISTED_MAX 10000u

void api_status(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    api_caller caller;
    gate_answer answer;
    static const char *const names[] = { NULL };
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.action = "config.read.recording";
    if (api_admit(&caller, web, exchange, request) && api_query(&caller, names) &&
        api_may(&caller, "access.decide", &question, &answer)) {
        const recorder_settings *is_set = web->options.parts->settings;
        json_t *storages = json_array();
        for (size_t i = 0; i < is_set->storage_count; i++) {
            uint64_t bytes = 0;
            svms_error err = SVMS_ERROR_INIT;
            const storage_settings *one = &is_set->storages[i];
            if (recorder_index_bytes(web->options.parts->index, one->name, &bytes, &err) !=
                SVMS_OK) {
                service_log_error(web->options.parts->service, SERVICE_WARNING, &err,
                                  "the index does not say how large a storage is");
            }
            json_t *entry = json_pack("{s:o, s:I, s:s}", "name", api_text(one->name), "bytes",
                                      (json_int_t)bytes, "mode",
                                      one->mode == SVMS_PROTECT_LIGHT ? "light" : "strong");
            if (!api_append(storages, entry)) {
                json_decref(storages);
                storages = NULL;
            }
        }
        api_answer(exchange, HTTP_OK,
                   json_pack("{s:s, s:o, s:i, s:i, s:o}", "version", svms_version(), "now",
                             api_time(recorder_now()), "cameras", (int)is_set->camera_count,
                             "streams", (int)web->stream_count, "storages", storages));
    }
    gate_pass_free(&caller.pass);
}

/* Whether something of the last time may be played, as much of it as can be asked about at once. */
static bool may_play(const api_caller *caller, const char *camera)
{
    static const int days[] = { 366, 31, 7, 1 };
    gate_answer answer = { .words = api_too_long };
    int64_t now = recorder_now();
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.device = camera;
    question.action = "playback.view";
    for (size_t i = 0; i < sizeof days / sizeof days[0] && answer.words == api_too_long; i++) {
        question.range = (svms_time_range){ now - days[i] * DAY, now };
        (void)api_asks(caller->web, caller->pass, &question, &answer);
    }
    return answer.is_allowed;
}

/* What of this camera may be seen: bit 0 live, bit 1 recorded at any time. */
static unsigned visible(const api_caller *caller, const char *camera)
{
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.device = camera;
    question.action = "live.view";
    unsigned seen = api_asks(caller->web, caller->pass, &question, &answer) ? 1 : 0;
    return seen | (may_play(caller, camera) ? 2u : 0u);
}

static json_t *describe(const recorder_web *web, const recorded_camera *camera, unsigned seen)
{
    camera_status is;
    memset(&is, 0, sizeof is);
    if (!camera_fleet_look(web->options.fleet, camera->id, &is)) {
        is.condition = CAMERA_WAITS;
        is.since_utc_ns = SVMS_NO_TIME;
    }
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:b, s:b, s:b}", "id", camera->id, "name",
                     api_text(camera->name), "condition", camera_condition_name(is.condition),
                     "since", api_time(is.since_utc_ns), "why",
                     is.words[0] ? api_text(is.words) : json_null(), "live", (seen & 1u) != 0,
                     "playback", (seen & 2u) != 0 && web->options.keys, "signed",
                     camera->is_signed);
}

static json_t *list_cameras(const api_caller *caller)
{
    const recorder_web *web = caller->web;
    const recorder_settings *is_set = web->options.parts->settings;
    json_t *list = json_array();
    for (size_t i = 0; i < is_set->camera_count; i++) {
        unsigned seen = visible(caller, is_set->cameras[i].id);
        if (seen != 0 && !api_append(list, describe(web, &is_set->cameras[i], seen))) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o}", "cameras", list);
}

void api_cameras(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const names[] = { NULL };
    api_caller caller;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, names)) {
        api_answer(exchange, HTTP_OK, list_cameras(&caller));
    }
    gate_pass_free(&caller.pass);
}

static json_t *describe_more(const recorder_web *web, const recorded_camera *camera, unsigned seen)
{
    camera_status is;
    json_t *body = describe(web, camera, seen);
    if (!body || !camera_fleet_look(web->options.fleet, camera->id, &is)) {
        return body;
    }
    json_t *more = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:b}", "packets", (json_int_t)is.packets,
        "packets_lost", (json_int_t)is.lost, "connections", (json_int_t)is.connections,
        "samples_left_out", (json_int_t)is.store.left_out, "verdicts", (json_int_t)is.verdicts,
        "bad_verdicts", (json_int_t)is.bad, "recording", api_hex(is.store.recording_id, 16),
        "complete_until", api_time(is.store.last_utc_ns), "storage_fails", is.store.is_failing);
    if (!more || json_object_update_new(body, more) != 0) {
        json_decref(body);
        return NULL;
    }
    return body;
}

void api_camera_one(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    static const char *const names[] = { NULL };
    api_caller caller;
    if (api_admit(&caller, web, exchange, request) && api_query(&caller, names)) {
        const recorded_camera *camera = api_camera(&caller);
        unsigned seen = camera ? visible(&caller, camera->id) : 0;
        if (camera && seen == 0) {
            api_refuse(exchange, HTTP_NOT_FOUND, "there is no such camera");
        } else if (camera) {
            api_answer(exchange, HTTP_OK, describe_more(web, camera, seen));
        }
    }
    gate_pass_free(&caller.pass);
}

/* What is listed, cut to what may be seen. */
typedef struct listing {
    const gate_answer *allowed;
    json_t *list;
    bool is_cut;
} listing;

/* Adds the parts of [from, to) that may be seen; members as json_pack() would have them beside from
 * and to. */
static svms_status add_parts(listing *self, int64_t from, int64_t to, const json_t *members)
{
    for (size_t i = 0; i < self->allowed->range_count; i++) {
        const svms_time_range *range = &self->allowed->ranges[i];
        int64_t begin = from > range->from_utc_ns ? from : range->from_utc_ns;
        int64_t end = to < range->to_utc_ns ? to : range->to_utc_ns;
        if (begin > end || (begin == end && from != to)) {
            continue;
        }
        if (json_array_size(self->list) >= LISTED_MAX) {
            self->is_cut = true;
            return SVMS_E_CANCELLED;
        }
        json_t *entry = json_copy((json_t *)(uintptr_t)members);
        if (json_object_set_new(entry, "from", api_time(begin)) != 0 ||
            json_object_set_new(entry, "to", api_time(end)) != 0) {
            json_decref(entry);
            return SVMS_E_NO_MEMORY;
        }
        if (!api_append(self->list, entry)) {
            return SVMS_E_NO_MEMORY;
        }
    }
    return SVMS_OK;
}

static svms_status add_container(void *user, const indexed_container *container)
{
    if (container->first_utc_ns == SVMS_NO_TIME) {
        return SVMS_OK;
    }
    json_t *members =
        json_pack("{s:b, s:b, s:I, s:o}", "edge", container->is_edge, "closed",
                  container->is_closed, "number", (json_int_t)container->head.recording_sequence,
                  "container", api_hex(container->head.container_id, 16));
    svms_status status = add_parts(user, container->first_utc_ns, container->last_utc_ns, members);
    json_decref(members);
    return status;
}

static svms_status add_gap(void *user, const indexed_gap *gap)
{
    json_t *members = json_pack("{s:o, s:b}", "reason", api_text(gap->reason), "lasts",
                                gap->to_utc_ns == SVMS_NO_TIME);
    int64_t end = gap->to_utc_ns == SVMS_NO_TIME ? recorder_now() : gap->to_utc_ns;
    svms_status status = add_parts(user, gap->from_utc_ns, end, members);
    json_decref(members);
    return status;
}

static svms_status add_lock(void *user, const indexed_lock *lock)
{
    json_t *members = json_pack("{s:s}", "id", lock->id);
    svms_status status = add_parts(user, lock->from_utc_ns, lock->to_utc_ns, members);
    json_decref(members);
    return status;
}

static svms_status stop_at_first(void *user, const indexed_container *container)
{
    if (container->first_utc_ns == SVMS_NO_TIME) {
        return SVMS_OK;
    }
    *(int64_t *)user = container->first_utc_ns;
    return SVMS_E_CANCELLED;
}

void api_clamp(const recorder_web *web, const char *camera, svms_time_range *range)
{
    int64_t first = SVMS_NO_TIME;
    int64_t now = recorder_now() + SECOND;
    const indexed_range all = { camera, range->from_utc_ns, range->to_utc_ns };
    (void)recorder_index_containers(web->options.parts->index, &all, stop_at_first, &first, NULL);
    if (range->to_utc_ns > now && now > range->from_utc_ns) {
        range->to_utc_ns = now;
    }
    /* Where there is nothing, nothing is left out by this. */
    first = first == SVMS_NO_TIME ? range->to_utc_ns - 2 * SECOND : first;
    if (first > range->from_utc_ns && first < range->to_utc_ns) {
        range->from_utc_ns = first;
    }
}

static json_t *list_recorded(const recorder_web *web, const char *camera,
                             const svms_time_range *range, const gate_answer *allowed)
{
    const indexed_range of = { camera, range->from_utc_ns, range->to_utc_ns };
    listing stretches = { allowed, json_array(), false };
    listing gaps = { allowed, json_array(), false };
    listing locks = { allowed, json_array(), false };
    recorder_index *index = web->options.parts->index;
    svms_status status = recorder_index_containers(index, &of, add_container, &stretches, NULL);
    if (status == SVMS_OK || status == SVMS_E_CANCELLED) {
        status = recorder_index_gaps(index, &of, add_gap, &gaps, NULL);
    }
    if (status == SVMS_OK || status == SVMS_E_CANCELLED) {
        status = recorder_index_locks(index, &of, add_lock, &locks, NULL);
    }
    bool is_cut = stretches.is_cut || gaps.is_cut || locks.is_cut;
    json_t *body = json_pack("{s:s, s:o, s:o, s:o, s:b}", "camera", camera, "recorded",
                             stretches.list, "gaps", gaps.list, "locks", locks.list, "cut", is_cut);
    if (status != SVMS_OK && status != SVMS_E_CANCELLED) {
        json_decref(body);
        return NULL;
    }
    return body;
}

static void tell_search(const api_caller *caller, const char *camera, const svms_time_range *range,
                        const json_t *body)
{
    svms_audit_record *record = NULL;
    svms_status status = api_record(&record, caller->web, caller->pass, "playback.search", camera,
                                    range, NULL, NULL);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_number(record, "found",
                                          json_array_size(json_object_get(body, "recorded")), NULL);
    }
    api_tell(caller->web, &record, status);
}

/* What was asked is looked at first, so that it tells nobody which cameras there are. */
static void search(const api_caller *caller)
{
    static const char *const names[] = { "from", "to", NULL };
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    if (!api_query(caller, names) || !api_range(caller, &question.range)) {
        return;
    }
    const recorded_camera *camera = api_camera(caller);
    if (!camera) {
        return;
    }
    api_clamp(caller->web, camera->id, &question.range);
    question.action = "playback.search";
    question.device = camera->id;
    if (!api_may(caller, "playback.search", &question, &answer)) {
        return;
    }
    json_t *body = list_recorded(caller->web, camera->id, &question.range, &answer);
    if (!body) {
        svms_error err = SVMS_ERROR_INIT;
        api_fail(caller->web, caller->exchange, &err, "the index cannot be read");
        return;
    }
    tell_search(caller, camera->id, &question.range, body);
    api_answer(caller->exchange, HTTP_OK, body);
}

void api_recorded(void *user, web_exchange *exchange, const web_request *request)
{
    api_caller caller;
    if (api_admit(&caller, user, exchange, request)) {
        search(&caller);
    }
    gate_pass_free(&caller.pass);
}
