/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a recorder, strictly (CS-REC-1). */
#include <string.h>

#include <svms/time.h>

#include "camera_record.h"
#include "certificate.h"
#include "cursor.h"
#include "failure.h"
#include "json_read.h"
#include "options.h"
#include "utf8.h"
#include "verdict_name.h"

/* The record, its remarks, and one remark. */
#define RECORD_DEPTH 3u

static const char *const members[] = {
    "track",   "verdict",     "reasons", "trusted",          "identity", "key",      "subject",
    "counter", "first_frame", "frames",  "missing",          "changed",  "inserted", "missing_gops",
    "from",    "to",          "remarks", "remarks_left_out", "format",   NULL
};

static bool is_of_gop(svms_camera_verdict verdict)
{
    return verdict != SVMS_CAMERA_PENDING && verdict != SVMS_CAMERA_REPEATED &&
           verdict != SVMS_CAMERA_MOVED;
}

static svms_camera_verdict verdict_of(const char *name)
{
    for (svms_camera_verdict verdict = SVMS_CAMERA_AUTHENTIC;
         name != NULL && svms_camera_verdict_name(verdict) != NULL; verdict++) {
        if (strcmp(name, svms_camera_verdict_name(verdict)) == 0) {
            return verdict;
        }
    }
    return SVMS_CAMERA_PENDING;
}

static uint32_t reason_of(const char *name)
{
    for (uint32_t bit = 1; name != NULL && svms_camera_reason_name(bit) != NULL; bit <<= 1) {
        if (strcmp(name, svms_camera_reason_name(bit)) == 0) {
            return bit;
        }
    }
    return 0;
}

static uint32_t read_reasons(const svms_json_node *root)
{
    uint32_t reasons = 0;
    size_t count = svms_json_count(root, "reasons", 32);
    for (size_t i = 0; i < count && !svms_json_failed(root); i++) {
        uint32_t reason = reason_of(svms_json_item_text(root, "reasons", i));
        if (reason == 0 || (reasons & reason) != 0) {
            svms_json_refuse(root, "reasons", "has an entry that is no reason, or comes twice");
        }
        reasons |= reason;
    }
    return reasons;
}

static svms_identity_verdict read_identity(const svms_json_node *root)
{
    const char *name = svms_json_text(root, "identity");
    svms_identity_verdict identity = SVMS_IDENTITY_TRUSTED;
    while (name != NULL && identity <= SVMS_IDENTITY_FUTURE &&
           strcmp(name, svms_identity_name(identity)) != 0) {
        identity++;
    }
    if (identity > SVMS_IDENTITY_FUTURE) {
        svms_json_refuse(root, "identity", "is no verdict on a signer");
        return SVMS_IDENTITY_UNSIGNED;
    }
    return identity;
}

/* Absent where nobody signed, and in records that are older than it. */
static svms_camera_format read_format(const svms_json_node *root)
{
    if (!svms_json_is_there(root, "format")) {
        return SVMS_CAMERA_FORMAT_NONE;
    }
    const char *name = svms_json_text(root, "format");
    for (svms_camera_format format = SVMS_CAMERA_FORMAT_MEDIA_SIGNING;
         name != NULL && svms_camera_format_name(format) != NULL; format++) {
        if (strcmp(name, svms_camera_format_name(format)) == 0) {
            return format;
        }
    }
    svms_json_refuse(root, "format", "is no format in which cameras sign");
    return SVMS_CAMERA_FORMAT_NONE;
}

/* One spelling: no plus, no leading zero, no minus zero. */
static int64_t read_time(const svms_json_node *root, const char *member)
{
    if (!svms_json_is_there(root, member)) {
        return SVMS_NO_TIME;
    }
    const char *text = svms_json_text(root, member);
    bool is_negative = text != NULL && text[0] == '-';
    const char *digits = text != NULL ? text + (is_negative ? 1 : 0) : "";
    size_t count = strspn(digits, "0123456789");
    uint64_t number = 0;
    for (size_t i = 0; i < count && count <= 19; i++) {
        number = number * 10 + (uint64_t)(digits[i] - '0');
    }
    bool is_one = count > 0 && count <= 19 && digits[count] == '\0' && number <= INT64_MAX &&
                  (digits[0] != '0' || (count == 1 && !is_negative));
    if (!is_one) {
        svms_json_refuse(root, member, "is no number of nanoseconds");
        return SVMS_NO_TIME;
    }
    return is_negative ? -(int64_t)number : (int64_t)number;
}

static bool is_printable(const char *text)
{
    svms_cursor cursor = svms_cursor_over(text, strlen(text), 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || svms_is_deceptive(character)) {
            return false;
        }
        (void)svms_read_bytes(&cursor, length);
    }
    return true;
}

static void read_signer(svms_camera_record *out, const svms_json_node *root)
{
    out->identity = read_identity(root);
    out->trusted = svms_json_flag(root, "trusted") ? 1 : 0;
    if ((out->trusted != 0) != (out->identity == SVMS_IDENTITY_TRUSTED)) {
        svms_json_refuse(root, "trusted", "is not what the identity says");
    }
    if (svms_json_is_there(root, "key")) {
        svms_json_hex(root, "key", out->key_sha256, sizeof(out->key_sha256));
    }
    const char *subject =
        svms_json_is_there(root, "subject") ? svms_json_text(root, "subject") : NULL;
    if (subject != NULL && (strlen(subject) >= sizeof(out->subject) || !is_printable(subject))) {
        svms_json_refuse(root, "subject", "is too long, or not printable");
    } else if (subject != NULL) {
        memcpy(out->subject, subject, strlen(subject) + 1);
    }
}

static void check_remarks(const svms_json_node *root)
{
    static const char *const of_remark[] = { "frame", "verdict", "nal_units", NULL };
    size_t count = svms_json_count(root, "remarks", SVMS_CAMERA_RECORD_REMARKS);
    for (size_t i = 0; i < count && !svms_json_failed(root); i++) {
        svms_json_node remark = svms_json_item(root, "remarks", i);
        svms_json_only(&remark, of_remark);
        (void)svms_json_number(&remark, "frame", SVMS_CAMERA_RECORD_NUMBER);
        (void)svms_json_number(&remark, "nal_units", SVMS_CAMERA_RECORD_NUMBER);
        if (verdict_of(svms_json_text(&remark, "verdict")) == SVMS_CAMERA_PENDING) {
            svms_json_refuse(&remark, "verdict", "is no verdict");
        }
    }
    if (svms_json_is_there(root, "remarks_left_out") &&
        (svms_json_number(root, "remarks_left_out", UINT32_MAX) == 0 ||
         count < SVMS_CAMERA_RECORD_REMARKS)) {
        svms_json_refuse(root, "remarks_left_out", "is there, and none is left out");
    }
}

static void check_counts(const svms_json_node *root)
{
    static const char *const counts[] = { "missing", "changed", "inserted" };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        (void)svms_json_number(root, counts[i], SVMS_CAMERA_RECORD_NUMBER);
    }
    (void)svms_json_number(root, "counter", UINT32_MAX);
    (void)svms_json_number(root, "missing_gops", UINT32_MAX);
}

static void read_record(svms_camera_record *out, const svms_json_node *root)
{
    svms_json_only(root, members);
    out->track = (uint32_t)svms_json_number(root, "track", UINT32_MAX);
    out->verdict = verdict_of(svms_json_text(root, "verdict"));
    if (!is_of_gop(out->verdict)) {
        svms_json_refuse(root, "verdict", "is no verdict on a GOP");
    }
    out->reasons = read_reasons(root);
    read_signer(out, root);
    out->format = read_format(root);
    check_counts(root);
    out->first_frame = svms_json_number(root, "first_frame", SVMS_CAMERA_RECORD_NUMBER);
    out->frame_count = svms_json_number(root, "frames", SVMS_CAMERA_RECORD_NUMBER);
    out->from_utc_ns = read_time(root, "from");
    out->to_utc_ns = read_time(root, "to");
    check_remarks(root);
}

svms_status svms_camera_record_read(svms_ctx *ctx, const void *data, size_t size,
                                    svms_camera_record *record, svms_error *err)
{
    static const svms_json_limits limits = { SVMS_CAMERA_RECORD_MAX, RECORD_DEPTH };
    svms_camera_record found = SVMS_CAMERA_RECORD_INIT;
    svms_json_document document;
    if (ctx == NULL || data == NULL || record == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (size > SVMS_CAMERA_RECORD_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a record of %zu bytes exceeds %u", size,
                         SVMS_CAMERA_RECORD_MAX);
    }
    svms_status status =
        svms_json_load_plain(&document, ctx, "the camera record", &limits, data, size, err);
    if (status == SVMS_OK) {
        svms_json_node root = svms_json_root(&document);
        read_record(&found, &root);
        status = document.status;
        svms_json_unload(&document);
    }
    return status == SVMS_OK
               ? svms_result_write(record, &found, sizeof(found), "svms_camera_record", err)
               : status;
}
