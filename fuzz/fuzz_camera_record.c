/* SPDX-License-Identifier: Apache-2.0 */
/* Records of recorders as they come; and, behind a first byte 'w', reports that are written and
 * must be read again as what they were. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "camera_record.h"
#include "certificate.h"
#include "context_internal.h"
#include "cursor.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
    if (!good) {
        abort();
    }
}

static void check_subject(const char *subject)
{
    const char *end = memchr(subject, '\0', SVMS_CAMERA_TEXT_SIZE);
    check(end != NULL);
    svms_cursor cursor = svms_cursor_over(subject, (size_t)(end - subject), 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        check(length > 0 && !svms_is_deceptive(character));
        (void)svms_read_bytes(&cursor, length);
    }
}

static void read_record(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    if (svms_camera_record_read(ctx, data, size, &record, NULL) != SVMS_OK) {
        check(record.verdict == SVMS_CAMERA_PENDING);
        return;
    }
    check(record.verdict != SVMS_CAMERA_PENDING && record.verdict <= SVMS_CAMERA_UNSIGNED);
    check((record.trusted == 1) == (record.identity == SVMS_IDENTITY_TRUSTED));
    check(record.frame_count <= SVMS_CAMERA_RECORD_NUMBER);
    check_subject(record.subject);
}

static void write_record(svms_ctx *ctx, const uint8_t *data, size_t size)
{
    static const svms_camera_verdict verdicts[] = { SVMS_CAMERA_AUTHENTIC, SVMS_CAMERA_MISSING,
                                                    SVMS_CAMERA_CHANGED, SVMS_CAMERA_INSERTED,
                                                    SVMS_CAMERA_UNSIGNED };
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    gop.verdict = verdicts[svms_read_u8(&cursor) % 5];
    gop.reasons = svms_read_u16(&cursor);
    gop.identity.verdict = (svms_identity_verdict)(svms_read_u8(&cursor) % 11);
    gop.counter = svms_read_u32(&cursor);
    gop.from_utc_ns = (int64_t)svms_read_u64(&cursor);
    gop.to_utc_ns = (int64_t)svms_read_u64(&cursor);
    gop.first_frame = svms_read_u64(&cursor) & SVMS_CAMERA_RECORD_NUMBER;
    gop.frame_count = svms_read_u32(&cursor);
    gop.remark_count = svms_read_u8(&cursor) % 2;
    remark.verdict = (svms_camera_verdict)(1 + svms_read_u8(&cursor) % 7);
    remark.frame = svms_read_u32(&cursor);
    svms_builder text = svms_builder_new(ctx, SVMS_CAMERA_RECORD_MAX);
    svms_camera_record_put(&text, &gop, &remark, 3);
    if (text.status == SVMS_OK) {
        check(svms_camera_record_read(ctx, text.data, text.size, &record, NULL) == SVMS_OK);
        check(record.track == 3 && record.verdict == gop.verdict);
        check(record.reasons == gop.reasons && record.identity == gop.identity.verdict);
        check(record.from_utc_ns == gop.from_utc_ns && record.to_utc_ns == gop.to_utc_ns);
        check(record.first_frame == gop.first_frame && record.frame_count == gop.frame_count);
    }
    svms_builder_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_ctx *ctx = NULL;
    if (size == 0 || svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 0;
    }
    if (data[0] == 'w') {
        write_record(ctx, data + 1, size - 1);
    } else {
        read_record(ctx, data, size);
    }
    svms_ctx_free(&ctx);
    return 0;
}
