/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the server, and the time that passes (RC-TIM). */
#include "client_internal.h"

#include "failure.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NEVER UINT64_MAX

/* Half of a session's timeout, for timeouts that make sense. */
enum { KEEPALIVE_LEAST_S = 1, KEEPALIVE_MOST_S = 1800 };

static uint64_t later(uint64_t from, uint64_t by)
{
    return from > NEVER - by ? NEVER : from + by;
}

/* Requests are made without a time: theirs begins with the next call that brings one. */
static void arm(svms_rtsp_client *client)
{
    if (!client->is_untimed) {
        return;
    }
    client->is_untimed = false;
    client->last_sent_ns = client->now_ns;
    if (client->queued > 0 && client->queue[0]->is_sent && !client->queue[0]->is_timed) {
        client->queue[0]->is_timed = true;
        client->queue[0]->sent_ns = client->now_ns;
    }
}

static svms_status begin(svms_rtsp_client *client, uint64_t now_ns, svms_error *err)
{
    svms_status status = svms_rtsp_client_check(client, err);
    if (status == SVMS_OK && client->is_busy) {
        status = svms_fail(err, SVMS_E_STATE, "called from a callback of the client");
    }
    if (status == SVMS_OK) {
        client->now_ns = now_ns > client->now_ns ? now_ns : client->now_ns;
        arm(client);
    }
    return status;
}

static svms_status take_item(svms_rtsp_client *client, svms_rtsp_item item, svms_error *err)
{
    if (item == SVMS_RTSP_ITEM_FRAME) {
        svms_rtsp_frame frame = svms_rtsp_reader_frame(client->reader);
        svms_rtsp_client_event event = { .struct_size = (uint32_t)sizeof event,
                                         .kind = SVMS_RTSP_CLIENT_FRAME,
                                         .channel = frame.channel,
                                         .data = frame.data,
                                         .data_size = frame.size };
        return svms_rtsp_client_tell(client, &event, err);
    }
    const svms_rtsp_message *message = svms_rtsp_reader_message(client->reader);
    return message->is_request ? svms_rtsp_client_request(client, message, err)
                               : svms_rtsp_client_response(client, message, err);
}

static svms_status take_all(svms_rtsp_client *client, const uint8_t *data, size_t size,
                            svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && size > 0) {
        size_t used = 0;
        svms_rtsp_item item = SVMS_RTSP_ITEM_NONE;
        status = svms_rtsp_reader_take(client->reader, data, size, &used, &item, err);
        data += used;
        size -= used;
        if (status == SVMS_OK && item != SVMS_RTSP_ITEM_NONE) {
            client->is_within = false;
            status = take_item(client, item, err);
        }
    }
    bool is_within = !svms_rtsp_reader_between(client->reader);
    if (is_within && !client->is_within) {
        client->within_since_ns = client->now_ns;
    }
    client->is_within = is_within;
    return status;
}

svms_status svms_rtsp_client_feed(svms_rtsp_client *client, const void *data, size_t size,
                                  uint64_t now_ns, svms_error *err)
{
    if (!client || (!data && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "a client: an argument is NULL");
    }
    svms_status status = begin(client, now_ns, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_error cause = SVMS_ERROR_INIT;
    status = take_all(client, data, size, &cause);
    if (status != SVMS_OK) {
        return svms_rtsp_client_end(client, status, &cause, err);
    }
    arm(client);
    return SVMS_OK;
}

svms_status svms_rtsp_client_feed_end(svms_rtsp_client *client, svms_error *err)
{
    svms_status status = begin(client, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_error cause = SVMS_ERROR_INIT;
    if (client->queued > 0) {
        const char *name = svms_rtsp_method_name(client->queue[0]->method);
        status = svms_fail(&cause, SVMS_E_TRUNCATED,
                           "the server closed the connection before it answered %s", name);
    } else if (!svms_rtsp_reader_between(client->reader)) {
        status = svms_fail_at(&cause, SVMS_E_TRUNCATED, svms_rtsp_reader_offset(client->reader),
                              "the server closed the connection within a message");
    }
    if (status != SVMS_OK) {
        return svms_rtsp_client_end(client, status, &cause, err);
    }
    (void)svms_fail(&client->failure, SVMS_E_STATE, "the server has closed the connection");
    return SVMS_OK;
}

static uint64_t keepalive_interval(const svms_rtsp_client *client)
{
    uint64_t seconds = client->session_timeout_s;
    uint64_t half = seconds * NS_PER_SECOND / 2;
    half = half < KEEPALIVE_LEAST_S * NS_PER_SECOND ? KEEPALIVE_LEAST_S * NS_PER_SECOND : half;
    half = half > KEEPALIVE_MOST_S * NS_PER_SECOND ? KEEPALIVE_MOST_S * NS_PER_SECOND : half;
    uint64_t told = client->options.keepalive_ns;
    return told != 0 && told < half ? told : half;
}

static bool in_flight(const svms_rtsp_client *client)
{
    return client->queued > 0 && client->queue[0]->is_sent;
}

/* When a keepalive is to be sent. While the caller reads, what is in flight shows life as well, and
 * its own time runs. */
static uint64_t keepalive_at(const svms_rtsp_client *client)
{
    bool wanted =
        client->session[0] != '\0' && !svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_NO_KEEPALIVE);
    bool must_wait = client->is_reading && (in_flight(client) || client->keepalives.is_waiting);
    if (!wanted || must_wait) {
        return NEVER;
    }
    return client->keepalives.is_due ? client->now_ns
                                     : later(client->last_sent_ns, keepalive_interval(client));
}

typedef struct patience {
    uint64_t until_ns;
    const char *what; /* has not come by then */
} patience;

/* What runs out first. */
static patience patience_of(const svms_rtsp_client *client)
{
    patience first = { NEVER, NULL };
    if (!client->is_reading) {
        return first;
    }
    uint64_t most = client->options.request_timeout_ns;
    if (in_flight(client) && client->queue[0]->is_timed) {
        first.until_ns = later(client->queue[0]->sent_ns, most);
        first.what = svms_rtsp_method_name(client->queue[0]->method);
    }
    if (client->keepalives.is_waiting &&
        later(client->keepalives.since_ns, most) < first.until_ns) {
        first.until_ns = later(client->keepalives.since_ns, most);
        first.what = "a keepalive";
    }
    if (client->is_within && later(client->within_since_ns, most) < first.until_ns) {
        first.until_ns = later(client->within_since_ns, most);
        first.what = NULL;
    }
    return first;
}

static svms_status pass_time(svms_rtsp_client *client, svms_error *err)
{
    patience first = patience_of(client);
    if (first.until_ns <= client->now_ns) {
        uint64_t ms = client->options.request_timeout_ns / 1000000;
        return first.what ? svms_fail(err, SVMS_E_IO, "the server did not answer %s within %llu ms",
                                      first.what, (unsigned long long)ms)
                          : svms_fail(err, SVMS_E_IO,
                                      "the server did not end what it began to send within %llu ms",
                                      (unsigned long long)ms);
    }
    return keepalive_at(client) <= client->now_ns ? svms_rtsp_client_send_keepalive(client, err)
                                                  : SVMS_OK;
}

svms_status svms_rtsp_client_tick(svms_rtsp_client *client, uint64_t now_ns, svms_error *err)
{
    svms_status status = begin(client, now_ns, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_error cause = SVMS_ERROR_INIT;
    status = pass_time(client, &cause);
    return status == SVMS_OK ? SVMS_OK : svms_rtsp_client_end(client, status, &cause, err);
}

uint64_t svms_rtsp_client_wait(const svms_rtsp_client *client)
{
    if (!client || client->failure.status != SVMS_OK) {
        return NEVER;
    }
    if (client->is_untimed) {
        return client->now_ns;
    }
    uint64_t patience_ends = patience_of(client).until_ns;
    uint64_t keepalive = keepalive_at(client);
    return patience_ends < keepalive ? patience_ends : keepalive;
}

void svms_rtsp_client_set_reading(svms_rtsp_client *client, uint32_t reading, uint64_t now_ns)
{
    if (!client || client->is_reading == (reading != 0)) {
        return;
    }
    client->now_ns = now_ns > client->now_ns ? now_ns : client->now_ns;
    client->is_reading = reading != 0;
    client->within_since_ns = client->now_ns;
    client->keepalives.since_ns = client->now_ns;
    if (in_flight(client)) {
        client->queue[0]->sent_ns = client->now_ns;
    }
}
