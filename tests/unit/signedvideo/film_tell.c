/* SPDX-License-Identifier: Apache-2.0 */
/* What a validator says of a film, in one line. */
#include "../base/cmocka_all.h"

#include "film.h"

#include <stdio.h>
#include <string.h>

static void say(char out[FILM_TEXT_ROOM], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char out[FILM_TEXT_ROOM], const char *format, ...)
{
    va_list arguments;
    size_t length = strlen(out);
    va_start(arguments, format);
    int added = vsnprintf(out + length, FILM_TEXT_ROOM - length, format, arguments);
    va_end(arguments);
    assert_true(added >= 0 && length + (size_t)added < FILM_TEXT_ROOM);
}

static void say_remarks(char out[FILM_TEXT_ROOM], const svms_camera_validator *validator,
                        const svms_camera_gop *gop)
{
    for (uint32_t i = 0; i < gop->remark_count; i++) {
        svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
        assert_int_equal(svms_camera_validator_remark(validator, i, &remark, NULL), SVMS_OK);
        say(out, " %s@%llu", svms_camera_verdict_name(remark.verdict),
            (unsigned long long)remark.frame);
        if (remark.nal_units != 1) {
            say(out, "x%llu", (unsigned long long)remark.nal_units);
        }
    }
}

static void say_report(char out[FILM_TEXT_ROOM], const svms_camera_validator *validator,
                       const svms_camera_gop *gop)
{
    char between = ':';
    say(out, "%s%s", out[0] ? "; " : "", svms_camera_verdict_name(gop->verdict));
    for (uint32_t reason = 1; reason <= SVMS_CAMERA_WHY_STRAY; reason <<= 1) {
        if ((gop->reasons & reason) != 0) {
            say(out, "%c%s", between, svms_camera_reason_name(reason));
            between = '+';
        }
    }
    if (gop->missing_gops > 0) {
        say(out, "-%u", gop->missing_gops);
    }
    say(out, " %llu+%llu", (unsigned long long)gop->first_frame,
        (unsigned long long)gop->frame_count);
    if (gop->is_signed && gop->identity.verdict != SVMS_IDENTITY_TRUSTED) {
        say(out, "?");
    }
    say_remarks(out, validator, gop);
}

/* Whatever the verdicts are, the frames are all there, once and in order. */
static void take_reports(char out[FILM_TEXT_ROOM], svms_camera_validator *validator,
                         uint64_t *frames)
{
    svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
    svms_status status;
    while ((status = svms_camera_validator_next(validator, &gop, NULL)) == SVMS_OK) {
        assert_int_equal(gop.first_frame, *frames);
        assert_int_not_equal(gop.verdict, SVMS_CAMERA_PENDING);
        *frames += gop.frame_count;
        say_report(out, validator, &gop);
    }
    assert_int_equal(status, SVMS_END);
}

svms_status film_try(char out[FILM_TEXT_ROOM], svms_ctx *ctx, const film *of,
                     const svms_camera_validator_options *options, svms_error *err)
{
    svms_camera_validator *validator = NULL;
    uint64_t frames = 0;
    uint64_t taken = 0;
    out[0] = '\0';
    svms_status status = svms_camera_validator_new(&validator, ctx, options, err);
    for (size_t at = 0; at < of->count && status == SVMS_OK; taken++) {
        bytes unit = { NULL, 0 };
        int64_t utc_ns = of->units[at].utc_ns;
        if (of->units[at].is_behind_gap) {
            status = svms_camera_validator_gap(validator, err);
        }
        at = film_unit_bytes(of, at, &unit);
        if (status == SVMS_OK) {
            status = svms_camera_validator_add(validator, unit.data, unit.size, utc_ns, err);
        }
        bytes_free(&unit);
        if (status == SVMS_OK) {
            take_reports(out, validator, &frames);
        }
    }
    if (status == SVMS_OK) {
        status = svms_camera_validator_end(validator, err);
    }
    if (status == SVMS_OK) {
        take_reports(out, validator, &frames);
        assert_int_equal(frames, taken);
    }
    svms_camera_validator_free(&validator);
    return status;
}

void film_tell(char out[FILM_TEXT_ROOM], svms_ctx *ctx, const film *of,
               const svms_camera_validator_options *options)
{
    svms_error err = SVMS_ERROR_INIT;
    if (film_try(out, ctx, of, options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

void film_expect(svms_ctx *ctx, const film *of, const svms_camera_validator_options *options,
                 const char *expected)
{
    char text[FILM_TEXT_ROOM];
    film_tell(text, ctx, of, options);
    assert_string_equal(text, expected);
}
