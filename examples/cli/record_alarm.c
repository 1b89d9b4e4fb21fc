/* SPDX-License-Identifier: Apache-2.0 */
#include "record_alarm.h"

#include <inttypes.h>
#include <stdio.h>

#include "camera_words.h"
#include "message.h"

static const char *signer_words(const camera_alarm *alarm)
{
    return alarm->verdict == SVMS_CAMERA_AUTHENTIC ? ", by nobody who is trusted" : "";
}

static void tell_bad(const camera_alarm *alarm, const char *when)
{
    camera_reasons why = camera_reason_words(alarm->reasons);
    complain("WARNING: camera: track %" PRIu32 ", from %s on: %s%s%s%s", alarm->track, when,
             camera_verdict_title(alarm->verdict), signer_words(alarm),
             why.text[0] != '\0' ? ": " : "", why.text);
}

void record_alarm_tell(const camera_alarm *alarm)
{
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(alarm->to_utc_ns != SVMS_NO_TIME ? alarm->to_utc_ns : alarm->from_utc_ns,
                     when);
    switch (alarm->kind) {
    case CAMERA_ALARM_BAD:
        tell_bad(alarm, when);
        break;
    case CAMERA_ALARM_SILENT:
        complain("WARNING: camera: track %" PRIu32 ": no signature came for %d seconds, from %s on",
                 alarm->track, (int)(CAMERA_END_MAX_NS / INT64_C(1000000000)), when);
        break;
    case CAMERA_ALARM_OVER:
        complain("camera: track %" PRIu32 " is what the camera signed again, from %s on; %" PRIu64
                 " group%s of pictures %s not",
                 alarm->track, when, alarm->reports, alarm->reports == 1 ? "" : "s",
                 alarm->reports == 1 ? "was" : "were");
        break;
    }
}

alarm_words record_alarm_words(const camera_alarm *alarm)
{
    alarm_words out = { "" };
    switch (alarm->kind) {
    case CAMERA_ALARM_BAD:
        snprintf(out.text, sizeof out.text, "what the camera signed: %s%s",
                 svms_camera_verdict_name(alarm->verdict), signer_words(alarm));
        break;
    case CAMERA_ALARM_SILENT:
        snprintf(out.text, sizeof out.text, "what the camera signed: no signature comes");
        break;
    case CAMERA_ALARM_OVER:
        snprintf(out.text, sizeof out.text,
                 "what the camera signed: authentic again, after %" PRIu64 " groups of pictures",
                 alarm->reports);
        break;
    }
    return out;
}
