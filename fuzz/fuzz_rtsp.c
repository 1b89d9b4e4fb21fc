/* SPDX-License-Identifier: Apache-2.0 */
/* RTSP messages and frames, and the values of headers. The first byte says in how large pieces the
 * rest comes: what is found must not depend on it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "header_values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Everything that was found, as one number. */
typedef struct summary {
    uint64_t hash;
    svms_status status;
} summary;

static void mix(summary *s, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        s->hash = (s->hash ^ bytes[i]) * UINT64_C(1099511628211);
    }
    s->hash = (s->hash ^ size) * UINT64_C(1099511628211);
}

static void check_text(svms_text_piece text)
{
    require(strlen(text.data) == text.size && svms_rtsp_text_is_plain(text.data, text.size));
}

static void check_message(summary *s, const svms_rtsp_message *m)
{
    if (m->is_request) {
        check_text(m->method_name);
        check_text(m->url);
        mix(s, m->method_name.data, m->method_name.size);
        mix(s, m->url.data, m->url.size);
    } else {
        require(m->status >= 100 && m->status <= 599);
        check_text(m->phrase);
        mix(s, &m->status, sizeof m->status);
        mix(s, m->phrase.data, m->phrase.size);
    }
    require(m->header_count <= SVMS_RTSP_HEADERS_MAX && m->body_size <= SVMS_RTSP_BODY_MAX);
    for (size_t i = 0; i < m->header_count; i++) {
        check_text(m->headers[i].name);
        check_text(m->headers[i].value);
        mix(s, m->headers[i].name.data, m->headers[i].name.size);
        mix(s, m->headers[i].value.data, m->headers[i].value.size);
    }
    mix(s, m->body, m->body_size);
}

/* What was read can be written, and then says the same. */
static void check_transport(svms_ctx *ctx, svms_text_piece value)
{
    svms_rtsp_transport list[SVMS_RTSP_TRANSPORTS_MAX];
    svms_rtsp_transport again;
    size_t count = 0;
    if (svms_rtsp_transports_read(list, &count, value, NULL) != SVMS_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        svms_builder out = svms_builder_new(ctx, 4096);
        svms_rtsp_put_transport(&out, &list[i]);
        require(out.status == SVMS_OK);
        svms_text_piece text = { (const char *)out.data, out.size };
        require(strchr(list[i].source, ';') == NULL);
        svms_status status = svms_rtsp_transport_read(&again, text, NULL);
        /* An address may hold what only quotes allow; all else comes back. */
        if (status == SVMS_OK && list[i].source[0] == '\0' && list[i].destination[0] == '\0') {
            require(again.secure == list[i].secure && again.feedback == list[i].feedback &&
                    again.ssrc == list[i].ssrc && again.has_channels == list[i].has_channels &&
                    again.channel_rtcp == list[i].channel_rtcp);
        }
        svms_builder_clear(&out);
    }
}

static void check_range(svms_text_piece value)
{
    svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
    svms_rtsp_range again = SVMS_RTSP_RANGE_INIT;
    char text[SVMS_RTSP_RANGE_SIZE];
    size_t size = sizeof text;
    if (svms_rtsp_range_read(&range, value.data, value.size, NULL) == SVMS_OK) {
        require(svms_rtsp_range_write(&range, text, &size, NULL) == SVMS_OK);
        require(svms_rtsp_range_read(&again, text, size, NULL) == SVMS_OK);
        require(memcmp(&range, &again, sizeof range) == 0);
    }
}

static void check_values(svms_ctx *ctx, const svms_rtsp_message *m)
{
    svms_rtsp_play play;
    svms_status status = svms_rtsp_play_read(&play, m, NULL);
    require(status != SVMS_OK || svms_rtsp_play_is_sound(&play));
    for (size_t i = 0; i < m->header_count; i++) {
        svms_text_piece value = m->headers[i].value;
        uint8_t mikey[SVMS_RTSP_MIKEY_MAX];
        size_t size = sizeof mikey;
        svms_text_piece uri;
        svms_text_piece rest = value;
        svms_rtsp_track_info info;
        svms_rtsp_session session;
        int32_t milli = 0;
        check_transport(ctx, value);
        check_range(value);
        if (svms_rtsp_key_mgmt_read(mikey, &size, &uri, value, NULL) == SVMS_OK) {
            require(size > 0 && size <= sizeof mikey);
        }
        while (svms_rtsp_track_info_next(&rest, &info, NULL) == SVMS_OK) {
            require(info.url.size > 0 && info.sequence <= 65535);
        }
        if (svms_rtsp_session_read(&session, value)) {
            require(session.id.size > 0 && session.id.size <= 128);
        }
        require(!svms_rtsp_decimal_read(&milli, value) || milli != 0);
        (void)svms_rtsp_methods_read(value);
        (void)svms_rtsp_list_has(value, "onvif-replay");
    }
}

static summary read_all(svms_ctx *ctx, const uint8_t *data, size_t size, size_t step)
{
    summary s = { UINT64_C(14695981039346656037), SVMS_OK };
    svms_rtsp_reader *reader = NULL;
    require(svms_rtsp_reader_new(&reader, ctx, 0, NULL) == SVMS_OK);
    size_t at = 0;
    while (s.status == SVMS_OK && at < size) {
        size_t used = 0;
        svms_rtsp_item item = SVMS_RTSP_ITEM_NONE;
        size_t piece = size - at < step ? size - at : step;
        s.status = svms_rtsp_reader_take(reader, data + at, piece, &used, &item, NULL);
        require(used <= piece && (used > 0 || s.status != SVMS_OK));
        at += used;
        if (item == SVMS_RTSP_ITEM_FRAME) {
            svms_rtsp_frame frame = svms_rtsp_reader_frame(reader);
            mix(&s, &frame.channel, 1);
            mix(&s, frame.data, frame.size);
        } else if (item == SVMS_RTSP_ITEM_MESSAGE) {
            check_message(&s, svms_rtsp_reader_message(reader));
            check_values(ctx, svms_rtsp_reader_message(reader));
        }
    }
    svms_rtsp_reader_free(&reader);
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Made once: it costs more than all the rest. */
    static svms_ctx *ctx;
    if (size < 1) {
        return 0;
    }
    require(ctx || svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    summary whole = read_all(ctx, data + 1, size - 1, size);
    summary pieces = read_all(ctx, data + 1, size - 1, (size_t)data[0] + 1);
    require(whole.hash == pieces.hash && whole.status == pieces.status);
    return 0;
}
