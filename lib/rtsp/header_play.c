/* SPDX-License-Identifier: Apache-2.0 */
#include "header_values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "message.h"

enum { WHOLE_MOST = 1000000, MILLI_DIGITS = 3 };

bool svms_rtsp_decimal_read(int32_t *milli, svms_text_piece text)
{
    bool is_negative = text.size > 0 && text.data[0] == '-';
    if (text.size > 0 && (is_negative || text.data[0] == '+')) {
        text.data++;
        text.size--;
    }
    uint32_t whole = 0;
    uint32_t part = 0;
    svms_text_piece digits = svms_text_piece_cut(&text, '.');
    if (!svms_text_piece_number(digits, WHOLE_MOST, &whole)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    for (size_t i = 0; i < MILLI_DIGITS; i++) {
        part = part * 10 + (uint32_t)(i < text.size ? text.data[i] - '0' : 0);
    }
    int32_t value = (int32_t)(whole * 1000 + part);
    *milli = is_negative ? -value : value;
    /* 0 is no speed at all (RFC 2326 sections 12.34 and 12.35), and means "not said" here. */
    return value != 0;
}

void svms_rtsp_put_decimal(svms_builder *out, int32_t milli)
{
    char text[32];
    int64_t size = milli < 0 ? -(int64_t)milli : milli;
    int length = snprintf(text, sizeof text, "%s%" PRId64 ".%03" PRId64, milli < 0 ? "-" : "",
                          size / 1000, size % 1000);
    while (text[length - 1] == '0' && text[length - 2] != '.') {
        length--;
    }
    svms_put_bytes(out, text, (size_t)length);
}

bool svms_rtsp_choice_read(svms_rtsp_choice *out, svms_text_piece text)
{
    *out = svms_text_piece_is(text, "yes") ? SVMS_RTSP_YES : SVMS_RTSP_NO;
    return *out == SVMS_RTSP_YES || svms_text_piece_is(text, "no");
}

bool svms_rtsp_frames_read(svms_rtsp_frames *out, uint32_t *interval_ms, svms_text_piece text)
{
    *interval_ms = 0;
    if (svms_text_piece_is(text, "all")) {
        *out = SVMS_RTSP_FRAMES_ALL;
        return true;
    }
    if (svms_text_piece_is(text, "predicted")) {
        *out = SVMS_RTSP_FRAMES_PREDICTED;
        return true;
    }
    bool has_interval = memchr(text.data, '/', text.size) != NULL;
    svms_text_piece kind = svms_text_piece_cut(&text, '/');
    *out = SVMS_RTSP_FRAMES_INTRA;
    return svms_text_piece_is(kind, "intra") &&
           (!has_interval || svms_text_piece_number(text, UINT32_MAX, interval_ms));
}

static void put_choice(svms_builder *out, const char *name, svms_rtsp_choice choice)
{
    if (choice != SVMS_RTSP_NOT_SAID) {
        svms_rtsp_put_header(out, name, choice == SVMS_RTSP_YES ? "yes" : "no");
    }
}

static void put_milli(svms_builder *out, const char *name, int32_t milli)
{
    if (milli != 0) {
        svms_rtsp_put_text(out, name);
        svms_rtsp_put_decimal(out, milli);
        svms_rtsp_put_text(out, "\r\n");
    }
}

static void put_frames(svms_builder *out, const svms_rtsp_play *play)
{
    static const char *const kinds[] = { NULL, "all", "intra", "predicted" };
    if (play->frames == SVMS_RTSP_FRAMES_NOT_SAID) {
        return;
    }
    svms_rtsp_put_text(out, "Frames: ");
    svms_rtsp_put_text(out, kinds[play->frames]);
    if (play->intra_interval_ms != 0) {
        svms_put_u8(out, '/');
        svms_rtsp_put_number(out, play->intra_interval_ms);
    }
    svms_rtsp_put_text(out, "\r\n");
}

void svms_rtsp_put_play(svms_builder *out, const svms_rtsp_play *play)
{
    if (play->range.kind != SVMS_RTSP_RANGE_NONE) {
        svms_rtsp_put_text(out, "Range: ");
        svms_rtsp_put_range(out, &play->range);
        svms_rtsp_put_text(out, "\r\n");
    }
    put_milli(out, "Scale: ", play->scale_milli);
    put_milli(out, "Speed: ", play->speed_milli);
    put_choice(out, "Rate-Control", play->rate_control);
    put_choice(out, "Immediate", play->immediate);
    put_frames(out, play);
}

bool svms_rtsp_play_is_sound(const svms_rtsp_play *play)
{
    int32_t most = WHOLE_MOST * 1000;
    bool has_interval = play->intra_interval_ms != 0;
    return svms_rtsp_range_is_sound(&play->range) && play->scale_milli <= most &&
           play->scale_milli >= -most && play->speed_milli <= most && play->speed_milli >= 0 &&
           (uint32_t)play->rate_control <= SVMS_RTSP_NO &&
           (uint32_t)play->immediate <= SVMS_RTSP_NO &&
           (uint32_t)play->frames <= SVMS_RTSP_FRAMES_PREDICTED &&
           (!has_interval || play->frames == SVMS_RTSP_FRAMES_INTRA);
}

static svms_status refuse(const char *name, svms_error *err)
{
    return svms_fail(err, SVMS_E_MALFORMED, "a %s header that cannot be read", name);
}

svms_status svms_rtsp_play_read(svms_rtsp_play *out, const svms_rtsp_message *message,
                                svms_error *err)
{
    *out = (svms_rtsp_play)SVMS_RTSP_PLAY_INIT;
    const svms_text_piece *value = svms_rtsp_find(message, "Scale");
    if (value && !svms_rtsp_decimal_read(&out->scale_milli, *value)) {
        return refuse("Scale", err);
    }
    value = svms_rtsp_find(message, "Speed");
    if (value && (!svms_rtsp_decimal_read(&out->speed_milli, *value) || out->speed_milli < 0)) {
        return refuse("Speed", err);
    }
    value = svms_rtsp_find(message, "Rate-Control");
    if (value && !svms_rtsp_choice_read(&out->rate_control, *value)) {
        return refuse("Rate-Control", err);
    }
    value = svms_rtsp_find(message, "Immediate");
    if (value && !svms_rtsp_choice_read(&out->immediate, *value)) {
        return refuse("Immediate", err);
    }
    value = svms_rtsp_find(message, "Frames");
    if (value && !svms_rtsp_frames_read(&out->frames, &out->intra_interval_ms, *value)) {
        return refuse("Frames", err);
    }
    value = svms_rtsp_find(message, "Range");
    return value ? svms_rtsp_range_read_piece(&out->range, *value, err) : SVMS_OK;
}
