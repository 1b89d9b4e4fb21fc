/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a pull: connection, TLS, what is moved when, and how it ends. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "pull_internal.h"
#include "stream_interface.h"

#define CONNECT_NS (10 * STREAM_SECOND)
#define SILENCE_NS (10 * STREAM_SECOND)
#define LEAVE_NS (2 * STREAM_SECOND)
/* What one step takes from one socket, so that none starves the others. */
#define READS_MAX 64
#define DATAGRAMS_MAX 256
#define POLL_MS_MAX 1000

static const char *const end_names[] = {
    "goes on",     "stopped",  "unknown host", "unreachable",     "untrusted",
    "denied",      "refused",  "redirected",   "policy",          "nothing offered",
    "broken rule", "time-out", "no media",     "connection lost", "teardown",
    "goodbye",     "consumer", "failure",      "complete"
};

const char *stream_pull_end_name(stream_pull_end end)
{
    return (size_t)end < sizeof end_names / sizeof end_names[0] ? end_names[end] : "unknown";
}

void pull_end(stream_pull *pull, stream_pull_end end, svms_status status, const char *format, ...)
{
    if (pull->end != STREAM_PULL_GOES_ON) {
        return;
    }
    pull->end = end;
    pull->why = (svms_error)SVMS_ERROR_INIT;
    pull->why.status = status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(pull->why.message, sizeof pull->why.message, format, args);
    va_end(args);
}

void pull_fail(stream_pull *pull, stream_pull_end end, const svms_error *err)
{
    if (pull->end == STREAM_PULL_GOES_ON) {
        pull->end = end;
        pull->why = *err;
    }
}

void pull_note(stream_pull *pull, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (pull->options.events->note) {
        pull->options.events->note(pull->options.user, words);
    }
}

static svms_status refuse(svms_error *err, svms_status status, const char *words)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = status;
    (void)snprintf(err->message, sizeof err->message, "%s", words);
    return status;
}

static svms_status check_options(const stream_pull_options *options, const stream_url *url,
                                 svms_error *err)
{
    if (!url->secure && !options->clear) {
        return refuse(err, SVMS_E_POLICY,
                      "without TLS everybody on the way sees and changes the "
                      "video; use rtsps://");
    }
    if (url->secure && !options->tls) {
        return refuse(err, SVMS_E_USAGE, "rtsps:// needs to know whom to trust");
    }
    if (options->user_name && options->token) {
        return refuse(err, SVMS_E_USAGE, "a user and a token contradict each other");
    }
    if (options->from && !stream_dial_is_address(options->from)) {
        return refuse(err, SVMS_E_USAGE, "the own address to call from is no address in numbers");
    }
    if (options->interface && !stream_interface_is_name(options->interface)) {
        return refuse(err, SVMS_E_USAGE, "the interface to call through has no name of one");
    }
    if (options->interface && options->udp) {
        return refuse(err, SVMS_E_USAGE,
                      "UDP and an interface to call through contradict each other");
    }
    if (options->replay && options->udp && !options->replay->paced) {
        return refuse(err, SVMS_E_USAGE, "a replay by UDP needs to be paced");
    }
    return SVMS_OK;
}

static void set_defaults(stream_pull_options *options)
{
    options->connect_ns = options->connect_ns ? options->connect_ns : CONNECT_NS;
    options->silence_ns = options->silence_ns ? options->silence_ns : SILENCE_NS;
    options->suite = options->suite ? options->suite : SVMS_SRTP_AEAD_AES_256_GCM;
}

/* Says nothing of machine or user (RFC 7022). */
static svms_status make_cname(stream_pull *pull, svms_error *err)
{
    svms_srtp_key random = SVMS_SRTP_KEY_INIT;
    svms_status status =
        svms_srtp_key_random(&random, pull->ctx, SVMS_SRTP_AEAD_AES_128_GCM, 0, err);
    for (size_t i = 0; i < 12 && status == SVMS_OK; i++) {
        (void)snprintf(pull->cname + 2 * i, 3, "%02x", random.key[i]);
    }
    svms_srtp_key_wipe(&random);
    return status;
}

svms_status stream_pull_open(stream_pull **out, svms_ctx *ctx, const stream_pull_options *options,
                             svms_error *err)
{
    const stream_link none = STREAM_LINK_INIT;
    stream_url url;
    const char *wrong = stream_url_parse(&url, options->url);
    if (wrong) {
        return refuse(err, SVMS_E_USAGE, wrong);
    }
    svms_status status = check_options(options, &url, err);
    if (status != SVMS_OK) {
        return status;
    }
    stream_pull *pull = calloc(1, sizeof *pull);
    if (!pull) {
        return refuse(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    const stream_dial_way way = { options->from, options->interface };
    pull->ctx = ctx;
    pull->options = *options;
    if (options->replay) {
        pull->replay = *options->replay;
        pull->options.replay = &pull->replay;
    }
    pull->url = url;
    pull->link = none;
    pull->bye_ns = STREAM_NEVER;
    set_defaults(&pull->options);
    pull->tracks = calloc(STREAM_PULL_TRACKS_MAX, sizeof *pull->tracks);
    pull->packet = malloc(PULL_PACKET_SIZE);
    pull->dial = stream_dial_begin(url.host, url.port, &way, pull->options.connect_ns);
    pull->now = stream_clock();
    pull->limit = pull->now + pull->options.connect_ns;
    status = make_cname(pull, err);
    if (status == SVMS_OK && (!pull->tracks || !pull->packet || !pull->dial)) {
        status = refuse(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    if (status != SVMS_OK) {
        stream_pull_free(&pull);
        return status;
    }
    *out = pull;
    return SVMS_OK;
}

static void begin_link(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    target.host = pull->url.host;
    target.pin = pull->options.pin;
    int socket = stream_dial_take(pull->dial);
    stream_dial_free(&pull->dial);
    svms_status begun =
        stream_link_begin(&pull->link, socket, pull->url.secure ? pull->options.tls : NULL,
                          pull->url.secure ? &target : NULL, &err);
    if (begun != SVMS_OK) {
        pull_fail(pull, STREAM_PULL_FAILED, &err);
        return;
    }
    pull->phase = PULL_SHAKES;
}

static void dial(stream_pull *pull)
{
    switch (stream_dial_step(pull->dial, pull->now)) {
    case STREAM_DIAL_UNDER_WAY:
        return;
    case STREAM_DIAL_CONNECTED:
        begin_link(pull);
        return;
    case STREAM_DIAL_UNKNOWN:
        pull_end(pull, STREAM_PULL_UNKNOWN, SVMS_E_IO, "%s", stream_dial_words(pull->dial));
        return;
    case STREAM_DIAL_FAILED:
        break;
    }
    pull_end(pull, STREAM_PULL_UNREACHABLE, SVMS_E_IO, "%s", stream_dial_words(pull->dial));
}

/* What a failure of TLS or of the RTSP client says of the camera. */
static stream_pull_end end_of(svms_status status, stream_pull_end otherwise)
{
    switch (status) {
    case SVMS_E_UNTRUSTED:
        return STREAM_PULL_UNTRUSTED;
    case SVMS_E_POLICY:
        return STREAM_PULL_POLICY;
    case SVMS_E_TRUNCATED:
        return STREAM_PULL_LOST;
    case SVMS_E_MALFORMED:
    case SVMS_E_UNSUPPORTED:
        return STREAM_PULL_BROKEN;
    case SVMS_E_NO_MEMORY:
    case SVMS_E_CRYPTO:
        return STREAM_PULL_FAILED;
    default:
        return otherwise;
    }
}

static void shake(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = stream_link_shake(&pull->link, &err);
    if (status == SVMS_AGAIN) {
        if (pull->now >= pull->limit) {
            pull_end(pull, STREAM_PULL_TIMEOUT, SVMS_E_IO, "TLS did not come about in time");
        }
        return;
    }
    if (status == SVMS_OK) {
        pull->limit = STREAM_NEVER;
        pull->phase = PULL_TALKS;
        (void)pull_talk_begin(pull);
        return;
    }
    pull_fail(pull, end_of(status, STREAM_PULL_LOST), &err);
}

static void client_failed(stream_pull *pull, svms_status status, const svms_error *err)
{
    /* SVMS_E_IO of the client is a request that was not answered. */
    pull_fail(pull, end_of(status, status == SVMS_E_IO ? STREAM_PULL_TIMEOUT : STREAM_PULL_BROKEN),
              err);
}

static void read_socket(pull_track *track, bool is_rtcp)
{
    stream_pull *pull = track->pull;
    int socket = is_rtcp ? track->ports.rtcp : track->ports.rtp;
    for (int i = 0; i < DATAGRAMS_MAX && pull->end == STREAM_PULL_GOES_ON; i++) {
        size_t size = stream_ports_receive(socket, pull->packet, SVMS_RTP_PACKET_MAX);
        if (size == 0) {
            return;
        }
        pull_media_take(track, is_rtcp, pull->packet, size);
    }
}

/* What came by UDP before the end is still taken. With TLS the end is the camera's word; without,
 * anybody may have ended the connection. */
static void say_closed(stream_pull *pull)
{
    for (size_t i = 0; i < pull->track_count && pull->phase >= PULL_PLAYS; i++) {
        if (pull->tracks[i].ports.rtp >= 0) {
            read_socket(&pull->tracks[i], false);
            read_socket(&pull->tracks[i], true);
        }
    }
    if (pull->bye_ns != STREAM_NEVER) {
        pull_end(pull, STREAM_PULL_BYE, SVMS_END, "the camera said goodbye");
    } else if (pull->link.tls && pull->phase >= PULL_PLAYS) {
        pull_end(pull, STREAM_PULL_TEARDOWN, SVMS_END, "the camera ended the connection");
    } else {
        pull_end(pull, STREAM_PULL_LOST, SVMS_E_TRUNCATED, "the camera closed the connection");
    }
}

static void read_link(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    uint8_t bytes[16384];
    svms_status status = SVMS_OK;
    for (int i = 0; i < READS_MAX && status == SVMS_OK; i++) {
        size_t size = 0;
        status = stream_link_read(&pull->link, bytes, sizeof bytes, &size, &err);
        if (status == SVMS_OK) {
            svms_status fed = svms_rtsp_client_feed(pull->client, bytes, size, pull->now, &err);
            OPENSSL_cleanse(bytes, size);
            if (fed != SVMS_OK) {
                client_failed(pull, fed, &err);
                return;
            }
        }
        if (pull->end != STREAM_PULL_GOES_ON) {
            return;
        }
    }
    pull->has_more = status == SVMS_OK;
    if (status == SVMS_END) {
        say_closed(pull);
    } else if (status != SVMS_OK && status != SVMS_AGAIN) {
        pull_fail(pull, end_of(status, STREAM_PULL_LOST), &err);
    }
}

/* False: nothing more can be written now. */
static bool write_some(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    if (pull->waiting_from == pull->waiting_to) {
        if (svms_rtsp_client_drain(pull->client, pull->waiting, sizeof pull->waiting, &size,
                                   &err) != SVMS_OK) {
            size = 0;
        }
        pull->waiting_from = 0;
        pull->waiting_to = size;
    }
    svms_status status = stream_link_write(&pull->link, pull->waiting + pull->waiting_from,
                                           pull->waiting_to - pull->waiting_from, &size, &err);
    if (status != SVMS_OK && status != SVMS_AGAIN) {
        pull_fail(pull, end_of(status, STREAM_PULL_LOST), &err);
        return false;
    }
    OPENSSL_cleanse(pull->waiting + pull->waiting_from, size);
    pull->waiting_from += size;
    return status == SVMS_OK &&
           (pull->waiting_from < pull->waiting_to || svms_rtsp_client_pending(pull->client) > 0);
}

static void write_link(stream_pull *pull)
{
    bool more = pull->waiting_from < pull->waiting_to || pull->link.wants_write ||
                svms_rtsp_client_pending(pull->client) > 0;
    while (more) {
        more = write_some(pull);
    }
}

static bool is_ready(const struct pollfd *ready, size_t count, int socket)
{
    for (size_t i = 0; i < count; i++) {
        if (ready[i].fd == socket && ready[i].revents != 0) {
            return true;
        }
    }
    return false;
}

static void tend_tracks(stream_pull *pull, const struct pollfd *ready, size_t count)
{
    for (size_t i = 0; i < pull->track_count && pull->phase >= PULL_PLAYS; i++) {
        pull_track *track = &pull->tracks[i];
        if (track->ports.rtp >= 0 && is_ready(ready, count, track->ports.rtp)) {
            read_socket(track, false);
        }
        if (track->ports.rtcp >= 0 && is_ready(ready, count, track->ports.rtcp)) {
            read_socket(track, true);
        }
        if (pull->phase == PULL_PLAYS && pull->end == STREAM_PULL_GOES_ON) {
            pull_media_tend(track);
            pull_key_tend(track);
        }
    }
}

/* All tracks of a replay have come to their ends: the session is of no more use. */
static void look_for_completion(stream_pull *pull)
{
    bool all = pull->options.replay && pull->phase == PULL_PLAYS;
    for (size_t i = 0; i < pull->track_count; i++) {
        all = all && pull->tracks[i].is_done;
    }
    if (all && pull->end == STREAM_PULL_GOES_ON) {
        pull->is_complete = true;
        stream_pull_stop(pull);
    }
}

static void check_limits(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_rtsp_client_tick(pull->client, pull->now, &err);
    if (status != SVMS_OK && pull->phase != PULL_LEAVES) {
        client_failed(pull, status, &err);
    }
    if (pull->phase == PULL_PLAYS && !pull->is_held &&
        pull->now - pull->media_ns >= pull->options.silence_ns) {
        pull_end(pull, STREAM_PULL_SILENT, SVMS_E_IO, "no media came for %.1f seconds",
                 (double)pull->options.silence_ns / (double)STREAM_SECOND);
    }
    if (pull->now >= pull->bye_ns) {
        pull_end(pull, STREAM_PULL_BYE, SVMS_END, "the camera said goodbye");
    }
    if (pull->phase == PULL_LEAVES && pull->now >= pull->limit) {
        pull_left(pull);
    }
    look_for_completion(pull);
}

/* Tells what is held, says goodbye where that may still arrive, and lets go of everything. */
static void finish(stream_pull *pull)
{
    stream_pull_end end = pull->end;
    for (size_t i = 0; i < pull->track_count; i++) {
        if (end != STREAM_PULL_CONSUMER) {
            pull_media_flush(&pull->tracks[i]);
        }
        stream_ports_close(&pull->tracks[i].ports);
    }
    if ((end == STREAM_PULL_STOPPED || end == STREAM_PULL_COMPLETE) && pull->client) {
        write_link(pull);
    }
    stream_dial_free(&pull->dial);
    pull->phase = PULL_OVER;
}

stream_pull_end stream_pull_step(stream_pull *pull, const struct pollfd *ready, size_t count)
{
    if (pull->phase == PULL_OVER) {
        return pull->end;
    }
    pull->now = stream_clock();
    pull->has_more = false;
    count = ready ? count : 0;
    if (pull->end == STREAM_PULL_GOES_ON && pull->phase == PULL_DIALS) {
        dial(pull);
    }
    if (pull->end == STREAM_PULL_GOES_ON && pull->phase == PULL_SHAKES) {
        shake(pull);
    }
    /* In this order: what came by UDP was sent before the connection ended. */
    if (pull->end == STREAM_PULL_GOES_ON && pull->client) {
        tend_tracks(pull, ready, count);
    }
    if (pull->end == STREAM_PULL_GOES_ON && pull->client && !pull->is_held) {
        read_link(pull);
    }
    if (pull->end == STREAM_PULL_GOES_ON && pull->client) {
        check_limits(pull);
    }
    if (pull->end == STREAM_PULL_GOES_ON && pull->client) {
        write_link(pull);
    }
    if (pull->end != STREAM_PULL_GOES_ON) {
        finish(pull);
    }
    return pull->end;
}

size_t stream_pull_poll(const stream_pull *pull, struct pollfd *out)
{
    size_t count = 0;
    if (pull->phase == PULL_OVER) {
        return 0;
    }
    if (pull->phase == PULL_DIALS) {
        out[0] = stream_dial_poll(pull->dial);
        return out[0].fd >= 0 ? 1 : 0;
    }
    out[count++] = (struct pollfd){ pull->link.socket, stream_link_events(&pull->link), 0 };
    if (pull->is_held) {
        out[0].events &= (short)~POLLIN;
    }
    for (size_t i = 0; i < pull->track_count && pull->phase >= PULL_PLAYS; i++) {
        const stream_ports *ports = &pull->tracks[i].ports;
        if (ports->rtp >= 0) {
            out[count++] = (struct pollfd){ ports->rtp, POLLIN, 0 };
            out[count++] = (struct pollfd){ ports->rtcp, POLLIN, 0 };
        }
    }
    return count;
}

uint64_t stream_pull_wait(const stream_pull *pull)
{
    if (pull->has_more || pull->end != STREAM_PULL_GOES_ON) {
        return 0;
    }
    if (pull->phase == PULL_DIALS) {
        return stream_dial_wait(pull->dial);
    }
    uint64_t when = pull->limit;
    when = pull->client ? stream_earlier(when, svms_rtsp_client_wait(pull->client)) : when;
    if (pull->phase == PULL_PLAYS) {
        when =
            pull->is_held ? when : stream_earlier(when, pull->media_ns + pull->options.silence_ns);
        when = stream_earlier(when, pull->bye_ns);
        for (size_t i = 0; i < pull->track_count; i++) {
            when = stream_earlier(when, pull_media_wait(&pull->tracks[i]));
            when = stream_earlier(when, pull_key_wait(&pull->tracks[i]));
        }
    }
    return when;
}

void stream_pull_take(stream_pull *pull, bool more)
{
    if (pull->is_held != more) {
        return;
    }
    pull->is_held = !more;
    pull->now = stream_clock();
    pull->media_ns = pull->now;
    pull->has_more = more;
    svms_rtsp_client_set_reading(pull->client, more ? 1 : 0, pull->now);
}

void stream_pull_stop(stream_pull *pull)
{
    if (pull->end != STREAM_PULL_GOES_ON || pull->phase >= PULL_LEAVES) {
        return;
    }
    pull->now = stream_clock();
    if (pull->phase != PULL_PLAYS) {
        pull_end(pull, STREAM_PULL_STOPPED, SVMS_END, "it was stopped");
        return;
    }
    stream_pull_take(pull, true);
    for (size_t i = 0; i < pull->track_count; i++) {
        pull_media_goodbye(&pull->tracks[i]);
    }
    pull->phase = PULL_LEAVES;
    pull->limit = pull->now + LEAVE_NS;
    pull_talk_leave(pull);
}

stream_pull_end stream_pull_run(stream_pull *pull, bool (*wants_end)(void *user), void *user)
{
    struct pollfd ready[STREAM_PULL_POLL_MAX];
    stream_pull_end end = STREAM_PULL_GOES_ON;
    while (end == STREAM_PULL_GOES_ON) {
        size_t count = stream_pull_poll(pull, ready);
        uint64_t now = stream_clock();
        uint64_t wait = stream_pull_wait(pull);
        uint64_t ms = wait > now ? (wait - now) / 1000000 + 1 : 0;
        /* A signal ends the waiting, and its flag may be set just before. */
        int found = poll(ready, (nfds_t)count, ms < POLL_MS_MAX ? (int)ms : POLL_MS_MAX);
        if (found < 0 && errno != EINTR) {
            pull_end(pull, STREAM_PULL_FAILED, SVMS_E_IO, "cannot poll: %s", strerror(errno));
        }
        if (wants_end(user)) {
            stream_pull_stop(pull);
        }
        end = stream_pull_step(pull, found > 0 ? ready : NULL, count);
    }
    return end;
}

const svms_error *stream_pull_why(const stream_pull *pull)
{
    return &pull->why;
}

const svms_tls *stream_pull_tls(const stream_pull *pull)
{
    return pull->link.tls;
}

void stream_pull_count(const stream_pull *pull, stream_pull_counts *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < pull->track_count; i++) {
        svms_rtp_receiver_counts counts = SVMS_RTP_RECEIVER_COUNTS_INIT;
        const svms_rtp_receiver *receiver = pull->tracks[i].receiver;
        if (receiver && svms_rtp_receiver_count(receiver, &counts, NULL) == SVMS_OK) {
            out->packets += counts.packets;
            out->lost += counts.lost;
            out->dropped += counts.dropped;
            out->duplicates += counts.duplicates;
            out->late += counts.late;
            out->refused += counts.refused + counts.foreign;
        }
    }
    out->refused += pull->forged;
    out->rekeys = pull->rekeys;
    out->sync_wanted = pull->sync_wanted;
}

void stream_pull_free(stream_pull **pull)
{
    stream_pull *self = *pull;
    if (!self) {
        return;
    }
    for (size_t i = 0; self->tracks && i < STREAM_PULL_TRACKS_MAX; i++) {
        pull_track_release(&self->tracks[i]);
    }
    svms_rtsp_client_free(&self->client);
    stream_link_end(&self->link);
    stream_dial_free(&self->dial);
    OPENSSL_cleanse(self->waiting, sizeof self->waiting);
    free(self->tracks);
    free(self->packet);
    free(self);
    *pull = NULL;
}
