/* SPDX-License-Identifier: Apache-2.0 */
#include "api_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#define HEAD_SIZE 512

static bool make_room(api_piece *self, size_t more)
{
    if (self->room - self->size >= more) {
        return true;
    }
    size_t room = self->size + more + self->room / 2;
    uint8_t *larger = realloc(self->bytes, room);
    if (larger) {
        self->bytes = larger;
        self->room = room;
    }
    return larger != NULL;
}

static bool add_part(api_piece *self, const char *head, const void *data, size_t size)
{
    size_t length = strlen(head);
    if (!make_room(self, length + size + 2)) {
        return false;
    }
    memcpy(self->bytes + self->size, head, length);
    if (size > 0) {
        memcpy(self->bytes + self->size + length, data, size);
    }
    memcpy(self->bytes + self->size + length + size, "\r\n", 2);
    self->size += length + size + 2;
    return true;
}

static bool add_json(api_piece *self, json_t *body)
{
    char head[HEAD_SIZE];
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    size_t size = text ? strlen(text) : 0;
    (void)snprintf(head, sizeof head,
                   "--" API_BOUNDARY "\r\nContent-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   size);
    bool is_added = text && add_part(self, head, text, size);
    free(text);
    return is_added;
}

static json_t *base64(const uint8_t *bytes, size_t size)
{
    unsigned char *text = size <= 1048576 ? malloc(4 * ((size + 2) / 3) + 1) : NULL;
    if (!text) {
        return NULL;
    }
    int length = EVP_EncodeBlock(text, bytes, (int)size);
    json_t *value = json_stringn((const char *)text, (size_t)length);
    free(text);
    return value;
}

static const char *kind_name(svms_track_kind kind)
{
    switch (kind) {
    case SVMS_TRACK_VIDEO:
        return "video";
    case SVMS_TRACK_AUDIO:
        return "audio";
    default:
        return "metadata";
    }
}

static const char *codec_name(uint32_t codec)
{
    static const struct {
        uint32_t codec;
        const char *name;
    } names[] = {
        { SVMS_CODEC_H264, "h264" },
        { SVMS_CODEC_H265, "h265" },
        { SVMS_CODEC_MJPEG, "mjpeg" },
        { SVMS_CODEC_AAC, "aac" },
        { SVMS_CODEC_OPUS, "opus" },
        { SVMS_CODEC_PCMU, "pcmu" },
        { SVMS_CODEC_PCMA, "pcma" },
        { SVMS_CODEC_ONVIF_METADATA, "onvif" },
        { SVMS_CODEC_CAMERA_VERDICTS, "camera-verdicts" },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].codec == codec) {
            return names[i].name;
        }
    }
    return "other";
}

static json_t *describe(const svms_track *track)
{
    json_t *config =
        track->config_size > 0 ? base64(track->config, track->config_size) : json_null();
    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:o}", "kind", kind_name(track->kind),
                     "codec", codec_name(track->codec), "width", (int)track->width, "height",
                     (int)track->height, "timebase_num", (int)track->timebase_num, "timebase_den",
                     (int)track->timebase_den, "channels", (int)track->channels, "config", config);
}

bool api_piece_tracks(api_piece *self, const svms_track *tracks, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        if (json_array_append_new(list, describe(&tracks[i])) != 0) {
            json_decref(list);
            return false;
        }
    }
    return add_json(self, json_pack("{s:o}", "tracks", list));
}

bool api_piece_config(api_piece *self, uint32_t track, const uint8_t *config, size_t size)
{
    return add_json(self,
                    json_pack("{s:i, s:o}", "track", (int)track, "config", base64(config, size)));
}

bool api_piece_sample(api_piece *self, const svms_sample *sample, bool is_after_gap)
{
    char head[HEAD_SIZE];
    char time[SVMS_TIME_TEXT_SIZE + 16] = "";
    char moment[SVMS_TIME_TEXT_SIZE];
    bool is_sync = (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    if (sample->utc_ns != SVMS_NO_TIME) {
        svms_time_format(sample->utc_ns, moment);
        (void)snprintf(time, sizeof time, "Svms-Time: %s\r\n", moment);
    }
    (void)snprintf(head, sizeof head,
                   "--" API_BOUNDARY "\r\nContent-Type: application/octet-stream\r\n"
                   "Content-Length: %zu\r\nSvms-Track: %u\r\n%s"
                   "Svms-Offset: %lld\r\nSvms-Duration: %u\r\n%s%s\r\n",
                   sample->size, (unsigned)sample->track, time,
                   (long long)(sample->pts - sample->dts), (unsigned)sample->duration,
                   is_sync ? "Svms-Sync: 1\r\n" : "", is_after_gap ? "Svms-Gap: 1\r\n" : "");
    return add_part(self, head, sample->data, sample->size);
}

bool api_piece_missing(api_piece *self, const char *why)
{
    return add_json(self, json_pack("{s:s}", "missing", why));
}

bool api_piece_end(api_piece *self, const char *why)
{
    static const char last[] = "--" API_BOUNDARY "--\r\n";
    if (!add_json(self, json_pack("{s:s}", "end", why)) || !make_room(self, sizeof last)) {
        return false;
    }
    memcpy(self->bytes + self->size, last, sizeof last - 1);
    self->size += sizeof last - 1;
    return true;
}

void api_piece_clear(api_piece *self)
{
    free(self->bytes);
    memset(self, 0, sizeof *self);
}
