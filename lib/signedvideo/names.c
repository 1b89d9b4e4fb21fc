/* SPDX-License-Identifier: Apache-2.0 */
/* Names of verdicts and reasons, as records and reports have them (CS-REC-1). */
#include <svms/signedvideo.h>

const char *svms_camera_verdict_name(svms_camera_verdict verdict)
{
    static const char *const names[] = { "pending",  "authentic", "missing", "changed",
                                         "inserted", "repeated",  "moved",   "unsigned" };
    if ((size_t)verdict >= sizeof names / sizeof names[0]) {
        return NULL;
    }
    return names[verdict];
}

const char *svms_camera_format_name(svms_camera_format format)
{
    static const char *const names[] = { "none", "onvif_media_signing", "axis_signed_video_1",
                                         "axis_signed_video_2" };
    return (size_t)format < sizeof names / sizeof names[0] ? names[format] : NULL;
}

const char *svms_camera_reason_name(uint32_t reason)
{
    static const char *const names[] = {
        "tail",         "head",        "sei_missing", "sei_changed", "sei_malformed", "no_list",
        "link",         "new_session", "clock",       "key_changed", "no_key",        "unsupported",
        "other_format", "limit",       "stripped",    "stray",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (reason == UINT32_C(1) << i) {
            return names[i];
        }
    }
    return NULL;
}
