/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as records of a recorder (CS-REC-1). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#include "camera_record.h"
#include "certificate.h"
#include "json_put.h"
#include "verdict_name.h"

static void put_reasons(svms_builder *out, uint32_t reasons)
{
    svms_json_open(out, "reasons", '[');
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        const char *name = (reasons & bit) != 0 ? svms_camera_reason_name(bit) : NULL;
        if (name != NULL) {
            svms_json_put_text(out, NULL, name);
        }
    }
    svms_json_close(out, ']');
}

/* Nanoseconds are more than many readers of JSON can hold in a number. */
static void put_time(svms_builder *out, const char *name, int64_t utc_ns)
{
    char digits[24];
    if (utc_ns != SVMS_NO_TIME) {
        (void)snprintf(digits, sizeof(digits), "%" PRId64, utc_ns);
        svms_json_put_text(out, name, digits);
    }
}

/* Cut between characters where it is too long. */
static void put_subject(svms_builder *out, const char *subject)
{
    char words[SVMS_CAMERA_TEXT_SIZE];
    svms_builder whole = svms_builder_new(out->ctx, SVMS_CAMERA_RECORD_MAX);
    svms_put_bytes(&whole, subject, strlen(subject) + 1);
    if (whole.status == SVMS_OK) {
        svms_name_fit(words, sizeof(words), &whole);
        svms_json_put_text(out, "subject", words);
    } else if (out->status == SVMS_OK) {
        out->status = whole.status;
    }
    svms_builder_clear(&whole);
}

static void put_signer(svms_builder *out, const svms_camera_gop *gop)
{
    static const uint8_t none[sizeof(gop->key_sha256)] = { 0 };
    svms_json_put_flag(out, "trusted", gop->identity.verdict == SVMS_IDENTITY_TRUSTED);
    svms_json_put_text(out, "identity", svms_identity_name(gop->identity.verdict));
    if (memcmp(gop->key_sha256, none, sizeof(none)) != 0) {
        svms_json_put_hex(out, "key", gop->key_sha256, sizeof(gop->key_sha256));
    }
    if (gop->signer != NULL) {
        put_subject(out, svms_chain_subject(gop->signer));
    }
}

static void put_remarks(svms_builder *out, const svms_camera_remark *remarks, uint32_t count)
{
    uint32_t kept = count < SVMS_CAMERA_RECORD_REMARKS ? count : SVMS_CAMERA_RECORD_REMARKS;
    svms_json_open(out, "remarks", '[');
    for (uint32_t i = 0; i < kept; i++) {
        svms_json_open(out, NULL, '{');
        svms_json_put_number(out, "frame", remarks[i].frame);
        svms_json_put_text(out, "verdict", svms_camera_verdict_name(remarks[i].verdict));
        svms_json_put_number(out, "nal_units", remarks[i].nal_units);
        svms_json_close(out, '}');
    }
    svms_json_close(out, ']');
    if (kept < count) {
        svms_json_put_number(out, "remarks_left_out", count - kept);
    }
}

void svms_camera_record_put(svms_builder *out, const svms_camera_gop *gop,
                            const svms_camera_remark *remarks, uint32_t track)
{
    svms_json_open(out, NULL, '{');
    svms_json_put_number(out, "track", track);
    svms_json_put_text(out, "verdict", svms_camera_verdict_name(gop->verdict));
    put_reasons(out, gop->reasons);
    put_signer(out, gop);
    if (gop->format != SVMS_CAMERA_FORMAT_NONE) {
        svms_json_put_text(out, "format", svms_camera_format_name(gop->format));
    }
    svms_json_put_number(out, "counter", gop->counter);
    svms_json_put_number(out, "first_frame", gop->first_frame);
    svms_json_put_number(out, "frames", gop->frame_count);
    svms_json_put_number(out, "missing", gop->missing_nal_units);
    svms_json_put_number(out, "changed", gop->changed_nal_units);
    svms_json_put_number(out, "inserted", gop->inserted_nal_units);
    svms_json_put_number(out, "missing_gops", gop->missing_gops);
    put_time(out, "from", gop->from_utc_ns);
    put_time(out, "to", gop->to_utc_ns);
    put_remarks(out, remarks, gop->remark_count);
    svms_json_close(out, '}');
}
