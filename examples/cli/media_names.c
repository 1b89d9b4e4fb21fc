/* SPDX-License-Identifier: Apache-2.0 */
#include "media_names.h"

#include <inttypes.h>
#include <stdio.h>

#include <svms/signedvideo.h>

static const struct {
    uint32_t codec;
    const char *name;
} known_codecs[] = {
    { SVMS_CODEC_H264, "H.264" },
    { SVMS_CODEC_H265, "H.265" },
    { SVMS_CODEC_MJPEG, "Motion JPEG" },
    { SVMS_CODEC_AAC, "AAC" },
    { SVMS_CODEC_OPUS, "Opus" },
    { SVMS_CODEC_PCMU, "G.711 mu-law" },
    { SVMS_CODEC_PCMA, "G.711 A-law" },
    { SVMS_CODEC_ONVIF_METADATA, "ONVIF metadata" },
    { SVMS_CODEC_CAMERA_VERDICTS, "verdicts on the camera" },
};

codec_name name_of_codec(uint32_t codec)
{
    codec_name name;
    for (size_t i = 0; i < sizeof known_codecs / sizeof known_codecs[0]; i++) {
        if (known_codecs[i].codec == codec) {
            snprintf(name.text, sizeof name.text, "%s", known_codecs[i].name);
            return name;
        }
    }
    const char letters[5] = { (char)(codec >> 24), (char)(codec >> 16), (char)(codec >> 8),
                              (char)codec, '\0' };
    for (size_t i = 0; i < 4; i++) {
        if (letters[i] < 0x20 || letters[i] > 0x7e) {
            snprintf(name.text, sizeof name.text, "0x%08" PRIx32, codec);
            return name;
        }
    }
    snprintf(name.text, sizeof name.text, "%s", letters);
    return name;
}

const char *name_of_kind(svms_track_kind kind)
{
    switch (kind) {
    case SVMS_TRACK_VIDEO:
        return "video";
    case SVMS_TRACK_AUDIO:
        return "audio";
    case SVMS_TRACK_METADATA:
        return "metadata";
    }
    return "unknown";
}

const char *name_of_protection(svms_protection protection)
{
    switch (protection) {
    case SVMS_PROTECT_STRONG:
        return "strong";
    case SVMS_PROTECT_LIGHT:
        return "light";
    case SVMS_PROTECT_NONE:
        return "none";
    }
    return "unknown";
}

const char *name_of_origin(svms_origin origin)
{
    switch (origin) {
    case SVMS_ORIGIN_LIVE:
        return "live";
    case SVMS_ORIGIN_EDGE:
        return "edge";
    case SVMS_ORIGIN_IMPORT:
        return "import";
    }
    return "unknown";
}

const char *name_of_clock(svms_capture_clock clock)
{
    switch (clock) {
    case SVMS_CLOCK_SYSTEM:
        return "system";
    case SVMS_CLOCK_NTP:
        return "ntp";
    case SVMS_CLOCK_PTP:
        return "ptp";
    case SVMS_CLOCK_GNSS:
        return "gnss";
    case SVMS_CLOCK_CAMERA:
        return "camera";
    case SVMS_CLOCK_GIVEN:
        return "given";
    case SVMS_CLOCK_UNKNOWN:
        break;
    }
    return "unknown";
}
