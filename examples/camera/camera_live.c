/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_live.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "camera_failure.h"
#include "stream_clock.h"

#define FAREWELL (STREAM_SECOND / 5)
#define REALM "svms-camera"
#define NAME_ROOM 128

struct camera_live {
    camera_media_options options;
    svms_tls_context *tls;
    stream_serve *serve;
    stream_presentation *presentation;
    svms_track tracks[2];
    uint32_t track_count;
    bool is_known; /* who was refused last had said rightly who he is: no failed login */
};

static svms_status give_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                               svms_rtsp_secret *out)
{
    camera_live *self = user;
    (void)algorithm;
    self->is_known = false;
    camera_users_secret(self->options.users, name, out);
    return SVMS_OK;
}

/* Recorders and servers of the installation need no password: mutual TLS is better than one. */
static svms_status identify(void *user, const svms_tls *tls, const char *address,
                            char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    const uint32_t let_in = 1u << SVMS_ROLE_RECORDER | 1u << SVMS_ROLE_SERVER;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    (void)user;
    (void)address;
    identity[0] = '\0';
    svms_status status = svms_tls_peer_info(tls, &peer, err);
    if (status == SVMS_OK && (peer.roles & let_in) != 0) {
        size_t size = strnlen(peer.certificate.subject, SVMS_RTSP_IDENTITY_SIZE - 1);
        memcpy(identity, peer.certificate.subject, size);
        identity[size] = '\0';
    }
    return status;
}

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * (int64_t)STREAM_SECOND + now.tv_nsec;
}

static int64_t certificate_end(const svms_chain *chain)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    return chain && svms_chain_certificate(chain, 0, &info, NULL) == SVMS_OK ? info.not_after_utc_ns
                                                                             : INT64_MIN;
}

/* Whether a chain still lets in: lists of revocations may be newer than the connection. */
static bool chain_is_good(camera_live *self, const svms_chain *chain)
{
    static const svms_role roles[] = { SVMS_ROLE_RECORDER, SVMS_ROLE_SERVER };
    const camera_papers *papers = camera_identity_take(self->options.identity);
    svms_status status = SVMS_E_UNTRUSTED;
    for (size_t i = 0; i < 2 && status != SVMS_OK; i++) {
        svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
        svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
        question.role = roles[i];
        question.from_utc_ns = question.to_utc_ns = question.now_utc_ns = utc_now();
        status = svms_identity_check(papers->trust, chain, &question, &result, NULL);
    }
    camera_identity_give(self->options.identity, &papers);
    return status == SVMS_OK;
}

static void permit(void *user, const stream_serve_question *question, stream_serve_verdict *verdict)
{
    camera_live *self = user;
    self->is_known = true;
    if (question->kind == STREAM_SERVE_NOTHING) {
        return;
    }
    if (question->scheme == SVMS_RTSP_SCHEME_TLS) {
        verdict->is_allowed = question->certificate && chain_is_good(self, question->certificate);
        verdict->valid_until_utc_ns = certificate_end(question->certificate);
        return;
    }
    bool goes_on = question->wish == STREAM_SERVE_CONTINUES;
    camera_level least = question->kind == STREAM_SERVE_REPLAY ? CAMERA_OPERATOR : CAMERA_USER;
    verdict->is_allowed = camera_users_level(self->options.users, question->identity) >= least &&
                          (goes_on || camera_users_may_try(self->options.users, question->identity,
                                                           question->address));
    /* As a wrong password would be answered: a login that is closed says no more. */
    verdict->refusal = STREAM_SERVE_STRANGER;
}

/* What was sent of a recording. */
static svms_status tell_range(svms_audit_record *record, const stream_serve_watch *watch)
{
    const svms_audit_range range = { watch->first_utc_ns, watch->last_utc_ns + 1 };
    bool has_range =
        watch->kind == STREAM_SERVE_REPLAY && watch->is_over && watch->first_utc_ns != SVMS_NO_TIME;
    return has_range ? svms_audit_record_ranges(record, "ranges", &range, 1, NULL) : SVMS_OK;
}

static void audit_watch(camera_live *self, const stream_serve_watch *watch)
{
    bool is_live = watch->kind == STREAM_SERVE_LIVE;
    const char *begin = is_live ? "live.start" : "playback.start";
    const char *end = is_live ? "live.stop" : "playback.stop";
    svms_audit_event event =
        auditor_event(self->options.auditor, watch->is_over ? end : begin, SVMS_AUDIT_SUCCESS);
    svms_audit_record *record = NULL;
    event.actor_kind =
        watch->scheme == SVMS_RTSP_SCHEME_TLS ? SVMS_AUDIT_ACTOR_DEVICE : SVMS_AUDIT_ACTOR_USER;
    event.actor_id = watch->identity;
    event.address = watch->address;
    event.object = watch->path;
    svms_status parts = auditor_begin(&record, self->options.auditor, &event, NULL);
    if (parts == SVMS_OK && is_live) {
        parts = svms_audit_record_text(record, "stream", watch->path, NULL);
    }
    if (parts == SVMS_OK) {
        parts = tell_range(record, watch);
    }
    if (parts == SVMS_OK && watch->is_over) {
        int64_t seconds = (watch->ended_utc_ns - watch->began_utc_ns) / (int64_t)STREAM_SECOND;
        parts =
            svms_audit_record_number(record, "seconds", seconds > 0 ? (uint64_t)seconds : 0, NULL);
    }
    if (parts == SVMS_OK && watch->is_over) {
        parts = svms_audit_record_number(record, "records", watch->samples, NULL);
    }
    auditor_tell_later(self->options.auditor, &record, parts);
}

static void watched(void *user, const stream_serve_watch *watch)
{
    camera_live *self = user;
    service_log(self->options.service, SERVICE_INFO, "%s %s %s from %s",
                watch->identity[0] ? watch->identity : "somebody",
                watch->is_over ? "stops watching" : "watches", watch->path, watch->address);
    if (self->options.auditor) {
        audit_watch(self, watch);
    }
}

/* "ADDRESS as NAME": somebody's password, or token, was wrong. */
static void count_failure(camera_live *self, const char *who)
{
    char address[NAME_ROOM];
    const char *as = strstr(who, " as ");
    if (!as || (size_t)(as - who) >= sizeof address) {
        return;
    }
    memcpy(address, who, (size_t)(as - who));
    address[as - who] = '\0';
    camera_users_tried(self->options.users, as + strlen(" as "), address, false);
}

static void note(void *user, stream_serve_note what, const char *who, const char *words)
{
    static const char *const names[] = { "refused", "plays", "is behind", "is gone" };
    camera_live *self = user;
    service_log(self->options.service, what == STREAM_SERVE_REFUSED ? SERVICE_NOTICE : SERVICE_INFO,
                "%s: %s: %s", names[what], who, words);
    if (what == STREAM_SERVE_REFUSED && !self->is_known) {
        count_failure(self, who);
    }
}

static void fill_tls(svms_tls_credentials *out, const camera_papers *papers)
{
    out->chain = papers->chain;
    out->key = papers->key;
    out->trust = papers->trust;
}

static svms_status open_tls(camera_live *self, svms_error *err)
{
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    const camera_papers *papers = camera_identity_take(self->options.identity);
    options.side = SVMS_TLS_SERVER;
    options.min_version = SVMS_TLS_1_2; /* which many players still speak */
    options.peer = SVMS_TLS_PEER_OPTIONAL;
    fill_tls(&options.credentials, papers);
    svms_status status = svms_tls_context_new(&self->tls, self->options.ctx, &options, err);
    camera_identity_give(self->options.identity, &papers);
    return status;
}

static svms_status open_server(camera_live *self, svms_error *err)
{
    const camera_media_options *from = &self->options;
    stream_serve_options options;
    memset(&options, 0, sizeof options);
    options.ctx = from->ctx;
    options.listener = from->listener;
    options.tls = self->tls;
    options.media = STREAM_SERVE_SRTP;
    options.form = from->mikey;
    options.server_flags = SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_REPLAY |
                           (from->allow_md5 ? SVMS_RTSP_SERVER_ALLOW_MD5 : 0);
    options.realm = REALM;
    options.max_clients = from->max_clients;
    options.user = self;
    options.secret = give_secret;
    options.identify = identify;
    options.permit = permit;
    options.watch = watched;
    options.note = note;
    return stream_serve_open(&self->serve, &options, err);
}

svms_status camera_live_open(camera_live **out, const camera_media_options *options,
                             svms_error *err)
{
    camera_live *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a server");
    }
    self->options = *options;
    svms_status status = open_tls(self, err);
    if (status == SVMS_OK) {
        status = open_server(self, err);
    }
    if (status != SVMS_OK) {
        camera_live_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

stream_serve *camera_live_server(camera_live *live)
{
    return live->serve;
}

svms_status camera_live_reload(camera_live *live, svms_error *err)
{
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    const camera_papers *papers = camera_identity_take(live->options.identity);
    fill_tls(&credentials, papers);
    svms_status status = svms_tls_context_reload(live->tls, &credentials, err);
    camera_identity_give(live->options.identity, &papers);
    stream_serve_judge_again(live->serve);
    return status;
}

static bool is_same_kind(const camera_live *self, const svms_track *tracks, uint32_t count)
{
    bool is_same = self->presentation && count == self->track_count;
    for (uint32_t i = 0; is_same && i < count; i++) {
        is_same = tracks[i].codec == self->tracks[i].codec &&
                  tracks[i].timebase_den == self->tracks[i].timebase_den;
    }
    return is_same;
}

svms_status camera_live_tracks(camera_live *live, const svms_track *tracks, uint32_t count,
                               svms_error *err)
{
    svms_status status = SVMS_OK;
    if (is_same_kind(live, tracks, count)) {
        for (uint32_t i = 0; status == SVMS_OK && i < count; i++) {
            status = stream_presentation_change(live->presentation, i, &tracks[i], err);
        }
    } else {
        stream_live_options options = { CAMERA_LIVE_PATH, NULL, tracks, count };
        stream_serve_remove(live->serve, &live->presentation);
        status = stream_serve_add_live(&live->presentation, live->serve, &options, err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < count; i++) {
        live->tracks[i] = tracks[i];
        live->tracks[i].config = NULL; /* only codec and time base are looked at again */
        live->tracks[i].config_size = 0;
    }
    live->track_count = status == SVMS_OK ? count : 0;
    return status;
}

stream_presentation *camera_live_presentation(camera_live *live)
{
    return live->presentation;
}

void camera_live_close(camera_live **live)
{
    if (!live || !*live) {
        return;
    }
    camera_live *self = *live;
    if (self->serve) {
        stream_serve_finish(self->serve);
        (void)stream_serve_run(self->serve, stream_clock() + FAREWELL, NULL);
    }
    stream_serve_close(&self->serve);
    svms_tls_context_free(&self->tls);
    free(self);
    *live = NULL;
}
