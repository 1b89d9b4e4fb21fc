/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_words.h"

#include <stdio.h>
#include <string.h>

#include "json_output.h"
#include "verify_report.h"

const char *camera_verdict_title(svms_camera_verdict verdict)
{
    static const char *const titles[] = { "NOTHING TO SAY", "AUTHENTIC", "MISSING", "CHANGED",
                                          "INSERTED",       "REPEATED",  "MOVED",   "UNSIGNED" };
    return (size_t)verdict < sizeof titles / sizeof titles[0] ? titles[verdict] : "UNKNOWN";
}

const char *camera_verdict_words(svms_camera_verdict verdict)
{
    switch (verdict) {
    case SVMS_CAMERA_AUTHENTIC:
        return "The pictures are what the camera signed, all of them, in their order.";
    case SVMS_CAMERA_MISSING:
        return "What is there is what the camera signed, but something is missing.";
    case SVMS_CAMERA_CHANGED:
        return "This is not what the camera signed: something was changed or moved.";
    case SVMS_CAMERA_INSERTED:
        return "Something is there that the camera never signed, among what it signed.";
    case SVMS_CAMERA_UNSIGNED:
        return "Not all of it is covered by a valid signature of a camera.";
    default:
        return "There are no pictures.";
    }
}

const char *camera_format_words(svms_camera_format format)
{
    static const char *const words[] = { "none", "ONVIF Media Signing", "Axis Signed Video 1",
                                         "Axis Signed Video 2" };
    return (size_t)format < sizeof words / sizeof words[0] ? words[format] : "unknown";
}

camera_reasons camera_reason_words(uint32_t reasons)
{
    static const struct {
        uint32_t reason;
        const char *words;
    } all[] = {
        { SVMS_CAMERA_WHY_TAIL, "nothing signed came after it" },
        { SVMS_CAMERA_WHY_HEAD, "what signed it came before" },
        { SVMS_CAMERA_WHY_SEI_MISSING, "a signature is missing" },
        { SVMS_CAMERA_WHY_SEI_CHANGED, "a signature was changed" },
        { SVMS_CAMERA_WHY_SEI_MALFORMED, "a signature breaks the format" },
        { SVMS_CAMERA_WHY_NO_LIST, "no list says which frames" },
        { SVMS_CAMERA_WHY_LINK, "it does not follow what is before it" },
        { SVMS_CAMERA_WHY_NEW_SESSION, "the camera began to sign anew" },
        { SVMS_CAMERA_WHY_CLOCK, "the times do not fit" },
        { SVMS_CAMERA_WHY_KEY_CHANGED, "another key than before" },
        { SVMS_CAMERA_WHY_NO_KEY, "no certificate" },
        { SVMS_CAMERA_WHY_UNSUPPORTED, "signed in a way that is not supported" },
        { SVMS_CAMERA_WHY_OTHER_FORMAT, "signed in another format" },
        { SVMS_CAMERA_WHY_LIMIT, "too much waited for a signature" },
        { SVMS_CAMERA_WHY_STRIPPED, "its signatures were taken away" },
        { SVMS_CAMERA_WHY_STRAY, "a signature fits nothing here" },
    };
    camera_reasons out = { "" };
    size_t used = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if ((reasons & all[i].reason) != 0 && used < sizeof out.text) {
            int size = snprintf(out.text + used, sizeof out.text - used, "%s%s", used ? ", " : "",
                                all[i].words);
            used += size > 0 ? (size_t)size : 0;
        }
    }
    return out;
}

json_t *camera_reasons_to_json(uint32_t reasons)
{
    json_t *names = json_array();
    for (uint32_t bit = 1; names && bit != 0; bit <<= 1) {
        const char *name = (reasons & bit) != 0 ? svms_camera_reason_name(bit) : NULL;
        if (name && json_array_append_new(names, json_string(name)) != 0) {
            json_decref(names);
            return NULL;
        }
    }
    return names;
}

static json_t *remark_to_json(const svms_camera_remark *remark)
{
    return json_pack("{s:I, s:s, s:I, s:o}", "frame", (json_int_t)remark->frame, "verdict",
                     svms_camera_verdict_name(remark->verdict), "nal_units",
                     (json_int_t)remark->nal_units, "time", json_time(remark->utc_ns));
}

static json_t *remarks_to_json(const svms_camera_validator *validator, uint32_t count)
{
    json_t *remarks = json_array();
    for (uint32_t i = 0; remarks && i < count; i++) {
        svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
        bool read = svms_camera_validator_remark(validator, i, &remark, NULL) == SVMS_OK;
        if (!read || json_array_append_new(remarks, remark_to_json(&remark)) != 0) {
            json_decref(remarks);
            return NULL;
        }
    }
    return remarks;
}

static json_t *key_to_json(const uint8_t key[32])
{
    static const uint8_t none[32] = { 0 };
    return memcmp(key, none, sizeof none) == 0 ? json_null() : json_hex(key, sizeof none);
}

json_t *camera_gop_to_json(const svms_camera_validator *validator, const svms_camera_gop *gop)
{
    const char *subject = gop->signer ? svms_chain_subject(gop->signer) : NULL;
    json_t *signer =
        json_pack("{s:o, s:o, s:s, s:b, s:s}", "key", key_to_json(gop->key_sha256), "subject",
                  json_text(subject), "identity", verify_identity_name(gop->identity.verdict),
                  "trusted", (int)(gop->identity.verdict == SVMS_IDENTITY_TRUSTED), "format",
                  svms_camera_format_name(gop->format));
    json_t *counts = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "missing_gops", (json_int_t)gop->missing_gops,
        "first_frame", (json_int_t)gop->first_frame, "frames", (json_int_t)gop->frame_count,
        "nal_units", (json_int_t)gop->nal_units, "missing", (json_int_t)gop->missing_nal_units,
        "changed", (json_int_t)gop->changed_nal_units, "inserted",
        (json_int_t)gop->inserted_nal_units);
    json_t *report = json_pack(
        "{s:s, s:o, s:I, s:b, s:b, s:o, s:o, s:o, s:o}", "verdict",
        svms_camera_verdict_name(gop->verdict), "reasons", camera_reasons_to_json(gop->reasons),
        "counter", (json_int_t)gop->counter, "signed", (int)gop->is_signed, "partial",
        (int)gop->is_partial, "from", json_time(gop->from_utc_ns), "to", json_time(gop->to_utc_ns),
        "stream_time", json_time(gop->stream_utc_ns), "remarks",
        remarks_to_json(validator, gop->remark_count));
    bool whole = report && json_object_update(report, signer) == 0 &&
                 json_object_update(report, counts) == 0;
    json_decref(signer);
    json_decref(counts);
    if (!whole) {
        json_decref(report);
        return NULL;
    }
    return report;
}

json_t *camera_summary_to_json(const svms_camera_summary *summary)
{
    return json_pack("{s:s, s:o, s:b, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "verdict",
                     svms_camera_verdict_name(summary->verdict), "reasons",
                     camera_reasons_to_json(summary->reasons), "trusted", (int)summary->trusted,
                     "frames", (json_int_t)summary->frames, "gops", (json_int_t)summary->gops,
                     "authentic_gops", (json_int_t)summary->authentic_gops, "seis",
                     (json_int_t)summary->seis, "first_failed_frame",
                     json_place(summary->first_failed_frame), "first_failed_time",
                     json_time(summary->first_failed_utc_ns), "firmware",
                     json_text(summary->firmware[0] ? summary->firmware : NULL), "serial",
                     json_text(summary->serial[0] ? summary->serial : NULL), "manufacturer",
                     json_text(summary->manufacturer[0] ? summary->manufacturer : NULL));
}

svms_camera_verdict camera_worse(svms_camera_verdict one, svms_camera_verdict other)
{
    static const svms_camera_verdict worst_first[] = { SVMS_CAMERA_CHANGED, SVMS_CAMERA_INSERTED,
                                                       SVMS_CAMERA_MISSING, SVMS_CAMERA_UNSIGNED,
                                                       SVMS_CAMERA_AUTHENTIC };
    for (size_t i = 0; i < sizeof worst_first / sizeof worst_first[0]; i++) {
        if (one == worst_first[i] || other == worst_first[i]) {
            return worst_first[i];
        }
    }
    return SVMS_CAMERA_PENDING;
}
