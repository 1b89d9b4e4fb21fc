/* SPDX-License-Identifier: Apache-2.0 */
/* CS-REC-1: what is written is read as it was meant, and nothing else is read. */
#include "../base/cmocka_all.h"

#include <stdio.h>

#include <svms/time.h>

#include "../base/failing_allocator.h"
#include "camera_record.h"

#define KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const char example[] =
    "{\"track\":1,\"verdict\":\"changed\",\"reasons\":[\"no_list\",\"clock\"],\"trusted\":true,"
    "\"identity\":\"trusted\",\"key\":\"" KEY "\",\"subject\":\"CN=front door\","
    "\"format\":\"axis_signed_video_1\",\"counter\":7,"
    "\"first_frame\":50,\"frames\":25,\"missing\":0,\"changed\":1,\"inserted\":2,"
    "\"missing_gops\":0,\"from\":\"1763800000000000000\",\"to\":\"1763800001000000000\","
    "\"remarks\":[{\"frame\":51,\"verdict\":\"repeated\",\"nal_units\":2}]}";

static svms_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static svms_status read_text(const char *text, svms_camera_record *record, svms_error *err)
{
    return svms_camera_record_read(ctx, text, strlen(text), record, err);
}

/* The example with one piece of it, which must be there once, replaced. */
static char *edited(const char *piece, const char *by)
{
    const char *at = strstr(example, piece);
    size_t size = strlen(example) + strlen(by) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    assert_non_null(at);
    assert_null(strstr(at + 1, piece));
    snprintf(text, size, "%.*s%s%s", (int)(at - example), example, by, at + strlen(piece));
    return text;
}

static svms_camera_gop report(void)
{
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    gop.verdict = SVMS_CAMERA_CHANGED;
    gop.reasons = SVMS_CAMERA_WHY_NO_LIST | SVMS_CAMERA_WHY_CLOCK;
    gop.counter = 7;
    gop.first_frame = 50;
    gop.frame_count = 25;
    gop.changed_nal_units = 1;
    gop.inserted_nal_units = 2;
    gop.from_utc_ns = INT64_C(1763800000000000000);
    gop.to_utc_ns = INT64_C(1763800001000000000);
    gop.identity.verdict = SVMS_IDENTITY_TRUSTED;
    gop.format = SVMS_CAMERA_FORMAT_AXIS_1;
    for (uint8_t i = 0; i < 32; i++) {
        gop.key_sha256[i] = i;
    }
    return gop;
}

static void the_example_is_read(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    svms_camera_gop gop = report();
    assert_int_equal(read_text(example, &record, NULL), SVMS_OK);
    assert_int_equal(record.track, 1);
    assert_int_equal(record.verdict, SVMS_CAMERA_CHANGED);
    assert_int_equal(record.reasons, SVMS_CAMERA_WHY_NO_LIST | SVMS_CAMERA_WHY_CLOCK);
    assert_int_equal(record.trusted, 1);
    assert_int_equal(record.identity, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(record.first_frame, 50);
    assert_int_equal(record.frame_count, 25);
    assert_int_equal(record.from_utc_ns, INT64_C(1763800000000000000));
    assert_int_equal(record.to_utc_ns, INT64_C(1763800001000000000));
    assert_string_equal(record.subject, "CN=front door");
    assert_int_equal(record.format, SVMS_CAMERA_FORMAT_AXIS_1);
    assert_memory_equal(record.key_sha256, gop.key_sha256, 32);
}

static svms_builder written(const svms_camera_gop *gop, const svms_camera_remark *remarks)
{
    svms_builder text = svms_builder_new(ctx, SVMS_CAMERA_RECORD_MAX);
    svms_camera_record_put(&text, gop, remarks, 1);
    return text;
}

/* No chain can be had without a certificate: the subject is proved where there is one. */
static void a_report_is_written_as_the_text_says(void **state)
{
    (void)state;
    const svms_camera_gop base = report();
    svms_camera_gop gop = base;
    svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
    char *expected = edited(",\"subject\":\"CN=front door\"", "");
    remark.verdict = SVMS_CAMERA_REPEATED;
    remark.frame = 51;
    remark.nal_units = 2;
    gop.remark_count = 1;
    svms_builder text = written(&gop, &remark);
    assert_int_equal(text.status, SVMS_OK);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
    svms_builder_clear(&text);
    free(expected);
}

static void what_a_report_lacks_is_absent(void **state)
{
    (void)state;
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    static const uint8_t none[32] = { 0 };
    gop.verdict = SVMS_CAMERA_UNSIGNED;
    svms_builder text = written(&gop, NULL);
    svms_put_u8(&text, 0);
    assert_int_equal(text.status, SVMS_OK);
    assert_null(strstr((const char *)text.data, "\"key\""));
    assert_null(strstr((const char *)text.data, "\"from\""));
    assert_null(strstr((const char *)text.data, "\"format\""));
    assert_int_equal(read_text((const char *)text.data, &record, NULL), SVMS_OK);
    assert_int_equal(record.verdict, SVMS_CAMERA_UNSIGNED);
    assert_int_equal(record.identity, SVMS_IDENTITY_UNSIGNED);
    assert_int_equal(record.trusted, 0);
    assert_int_equal(record.from_utc_ns, SVMS_NO_TIME);
    assert_int_equal(record.to_utc_ns, SVMS_NO_TIME);
    assert_memory_equal(record.key_sha256, none, sizeof none);
    assert_string_equal(record.subject, "");
    assert_int_equal(record.format, SVMS_CAMERA_FORMAT_NONE);
    svms_builder_clear(&text);
}

static void more_remarks_than_fit_are_counted(void **state)
{
    (void)state;
    static svms_camera_remark remarks[300];
    svms_camera_gop gop = report();
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    for (size_t i = 0; i < 300; i++) {
        remarks[i] = (svms_camera_remark)SVMS_CAMERA_REMARK_INIT;
        remarks[i].verdict = SVMS_CAMERA_CHANGED;
        remarks[i].frame = SVMS_CAMERA_RECORD_NUMBER;
        remarks[i].nal_units = SVMS_CAMERA_RECORD_NUMBER;
    }
    for (uint32_t count = 255; count <= 300; count += 1 + 43 * (count > 256)) {
        gop.remark_count = count;
        svms_builder text = written(&gop, remarks);
        svms_put_u8(&text, 0);
        assert_int_equal(text.status, SVMS_OK);
        assert_int_equal(read_text((const char *)text.data, &record, NULL), SVMS_OK);
        assert_true((strstr((const char *)text.data, "\"remarks_left_out\"") != NULL) ==
                    (count > 256));
        assert_true(count != 300 || strstr((const char *)text.data, "\"remarks_left_out\":44}"));
        svms_builder_clear(&text);
    }
}

static void every_verdict_and_reason_comes_back(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    for (svms_camera_verdict verdict = SVMS_CAMERA_AUTHENTIC; verdict <= SVMS_CAMERA_UNSIGNED;
         verdict++) {
        svms_camera_gop gop = report();
        bool is_of_frames = verdict == SVMS_CAMERA_REPEATED || verdict == SVMS_CAMERA_MOVED;
        gop.verdict = verdict;
        gop.reasons = 0xFFFF;
        svms_builder text = written(&gop, NULL);
        svms_put_u8(&text, 0);
        assert_int_equal(read_text((const char *)text.data, &record, NULL),
                         is_of_frames ? SVMS_E_MALFORMED : SVMS_OK);
        assert_true(is_of_frames || (record.verdict == verdict && record.reasons == 0xFFFF));
        svms_builder_clear(&text);
    }
}

static void every_verdict_on_a_signer_comes_back(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    for (svms_identity_verdict identity = SVMS_IDENTITY_TRUSTED; identity <= SVMS_IDENTITY_FUTURE;
         identity++) {
        svms_camera_gop gop = report();
        gop.identity.verdict = identity;
        svms_builder text = written(&gop, NULL);
        svms_put_u8(&text, 0);
        assert_int_equal(read_text((const char *)text.data, &record, NULL), SVMS_OK);
        assert_int_equal(record.identity, identity);
        assert_int_equal(record.trusted, identity == SVMS_IDENTITY_TRUSTED);
        svms_builder_clear(&text);
    }
}

static const struct {
    const char *piece; /* of the example */
    const char *by;
    const char *says;
} mistakes[] = {
    { "{\"track\"", "[\"track\"", "it is not JSON" },
    { "]}", "]", "it ends too early" },
    { "]}", "]}x", "something follows its end" },
    { "\"track\":1", "\"track\":1,\"track\":1", "a name occurs twice in an object" },
    { "\"track\":1,", "", "track is missing" },
    { "\"track\":1", "\"track\":-1", "track is out of range" },
    { "\"track\":1", "\"track\":4294967296", "track is out of range" },
    { "\"track\":1", "\"track\":1.5", "track is not a whole number" },
    { "\"track\":1", "\"track\":1,\"more\":0", "'more' is not known here" },
    { "\"changed\",\"reasons\"", "\"pending\",\"reasons\"", "verdict is no verdict on a GOP" },
    { "\"changed\",\"reasons\"", "\"moved\",\"reasons\"", "verdict is no verdict on a GOP" },
    { "\"changed\",\"reasons\"", "\"Changed\",\"reasons\"", "verdict is no verdict on a GOP" },
    { "\"changed\",\"reasons\"", "3,\"reasons\"", "verdict is not a text" },
    { "\"no_list\"", "\"clock\"", "reasons has an entry that is no reason, or comes twice" },
    { "\"no_list\"", "\"\"", "reasons has an entry that is no reason, or comes twice" },
    { "\"no_list\"", "7", "is not a text" },
    { "\"trusted\":true", "\"trusted\":false", "trusted is not what the identity says" },
    { "\"trusted\":true", "\"trusted\":1", "trusted is neither true nor false" },
    { "\"identity\":\"trusted\"", "\"identity\":\"revoked\"",
      "trusted is not what the identity says" },
    { "\"identity\":\"trusted\"", "\"identity\":\"unknown\"",
      "identity is no verdict on a signer" },
    { "\"000102", "\"0001", "key" },
    { "\"000102", "\"00010G", "key" },
    { "\"CN=front door\"", "null", "subject is not a text" },
    { "CN=front door", "CN=front\\u001b[2J", "subject is too long, or not printable" },
    { "CN=front door", "CN=front\\u202edoor", "subject is too long, or not printable" },
    { "\"axis_signed_video_1\"", "\"none\"", "format is no format in which cameras sign" },
    { "\"axis_signed_video_1\"", "\"axis_signed_video_3\"",
      "format is no format in which cameras sign" },
    { "\"axis_signed_video_1\"", "1", "format is not a text" },
    { "\"counter\":7", "\"counter\":4294967296", "counter is out of range" },
    { "\"first_frame\":50", "\"first_frame\":9007199254740992", "first_frame is out of range" },
    { "\"frames\":25", "\"frames\":\"25\"", "frames is not a whole number" },
    { "\"inserted\":2,", "", "inserted is missing" },
    { "\"missing_gops\":0,", "", "missing_gops is missing" },
    { "\"1763800000000000000\"", "1763800000000000000", "from is not a text" },
    { "\"1763800000000000000\"", "\"\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"-\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"-0\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"01\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"+1\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"1 \"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"9223372036854775808\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"-9223372036854775808\"", "from is no number of nanoseconds" },
    { "\"1763800000000000000\"", "\"99999999999999999999\"", "from is no number of nanoseconds" },
    { "\"remarks\":[", "\"remarks\":[[],", "remarks" },
    { "\"frame\":51", "\"frame\":51,\"x\":1", "remarks[0].'x' is not known here" },
    { "\"frame\":51,", "", "remarks[0].frame is missing" },
    { "\"repeated\"", "\"pending\"", "remarks[0].verdict is no verdict" },
    { "\"nal_units\":2", "\"nal_units\":-2", "remarks[0].nal_units is out of range" },
    { "\"nal_units\":2", "\"nal_units\":[[]]", "levels deep" },
    { "\"nal_units\":2}]", "\"nal_units\":2}],\"remarks_left_out\":1",
      "remarks_left_out is there, and none is left out" },
};

static void each_mistake_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
        svms_error err = SVMS_ERROR_INIT;
        char *text = edited(mistakes[i].piece, mistakes[i].by);
        svms_status status = read_text(text, &record, &err);
        if (status != SVMS_E_MALFORMED || !strstr(err.message, mistakes[i].says)) {
            fail_msg("%s -> %s: %d, %s, not %s", mistakes[i].piece, mistakes[i].by, (int)status,
                     err.message, mistakes[i].says);
        }
        assert_int_equal(record.verdict, SVMS_CAMERA_PENDING);
        assert_int_equal(err.status, SVMS_E_MALFORMED);
        free(text);
    }
}

static void a_record_that_is_older_than_formats_is_read(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    char *text = edited("\"format\":\"axis_signed_video_1\",", "");
    assert_int_equal(read_text(text, &record, NULL), SVMS_OK);
    assert_int_equal(record.format, SVMS_CAMERA_FORMAT_NONE);
    free(text);
}

static void every_format_comes_back(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    for (svms_camera_format format = SVMS_CAMERA_FORMAT_NONE; format <= SVMS_CAMERA_FORMAT_AXIS_2;
         format++) {
        svms_camera_gop gop = report();
        gop.format = format;
        svms_builder text = written(&gop, NULL);
        svms_put_u8(&text, 0);
        assert_int_equal(read_text((const char *)text.data, &record, NULL), SVMS_OK);
        assert_int_equal(record.format, format);
        svms_builder_clear(&text);
    }
}

static void a_subject_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char subject[SVMS_CAMERA_TEXT_SIZE + 1];
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    for (size_t size = 255; size <= 256; size++) {
        memset(subject, 'a', size);
        subject[size] = '\0';
        char *text = edited("CN=front door", subject);
        assert_int_equal(read_text(text, &record, NULL), size == 255 ? SVMS_OK : SVMS_E_MALFORMED);
        free(text);
    }
    assert_int_equal(strlen(record.subject), 255);
}

static void a_record_has_at_most_64_kib(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    char *text = malloc(SVMS_CAMERA_RECORD_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', SVMS_CAMERA_RECORD_MAX + 1);
    memcpy(text, example, sizeof example - 1);
    assert_int_equal(svms_camera_record_read(ctx, text, SVMS_CAMERA_RECORD_MAX, &record, NULL),
                     SVMS_OK);
    assert_int_equal(svms_camera_record_read(ctx, text, SVMS_CAMERA_RECORD_MAX + 1, &record, NULL),
                     SVMS_E_LIMIT);
    free(text);
}

static void misuse_is_told(void **state)
{
    (void)state;
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    svms_camera_record small = { 0 };
    assert_int_equal(svms_camera_record_read(NULL, "", 0, &record, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_record_read(ctx, NULL, 0, &record, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_record_read(ctx, "", 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_camera_record_read(ctx, "", 0, &record, NULL), SVMS_E_MALFORMED);
    assert_int_equal(svms_camera_record_read(ctx, example, strlen(example), &small, NULL),
                     SVMS_E_USAGE);
}

static svms_status read_example(svms_ctx *own, svms_error *err)
{
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    return svms_camera_record_read(own, example, strlen(example), &record, err);
}

static svms_status write_example(svms_ctx *own, svms_error *err)
{
    svms_camera_gop gop = report();
    svms_builder text = svms_builder_new(own, SVMS_CAMERA_RECORD_MAX);
    svms_camera_record_put(&text, &gop, NULL, 0);
    svms_status status = svms_builder_check(&text, "the record", err);
    svms_builder_clear(&text);
    return status;
}

static void memory_that_is_lacking_is_told(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(read_example);
    each_allocation_fails_cleanly(write_example);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_read),
        cmocka_unit_test(a_report_is_written_as_the_text_says),
        cmocka_unit_test(what_a_report_lacks_is_absent),
        cmocka_unit_test(more_remarks_than_fit_are_counted),
        cmocka_unit_test(every_verdict_and_reason_comes_back),
        cmocka_unit_test(every_verdict_on_a_signer_comes_back),
        cmocka_unit_test(each_mistake_is_refused_with_its_place),
        cmocka_unit_test(a_record_that_is_older_than_formats_is_read),
        cmocka_unit_test(every_format_comes_back),
        cmocka_unit_test(a_subject_that_is_too_long_is_refused),
        cmocka_unit_test(a_record_has_at_most_64_kib),
        cmocka_unit_test(misuse_is_told),
        cmocka_unit_test(memory_that_is_lacking_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
