/* SPDX-License-Identifier: Apache-2.0 */
/* Says what the library says of streams of camera-signed video, for many of them in one run.
 *
 *   camera_judge TRUST < STREAMS
 *
 * A stream is u32 codec (264 or 265), u32 number of access units, and for each of them u32 size and
 * NAL units with 4-byte lengths; numbers are big-endian. The size 2^32 - 1 has no bytes: something
 * is known to be missing there, and the unit counts as one. For each stream comes one line, a JSON
 * array of reports. TRUST is a file of anchors (PEM). Exit status 3 and words on stderr: it failed.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/signedvideo.h>
#include <svms/time.h>

#define MOST (64u << 20)
#define GAP UINT32_MAX

static void need(svms_status status, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s (status %d)\n", err->message, (int)status);
        exit(3);
    }
}

static void need_that(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        exit(3);
    }
}

/* False at the end of the file. */
static bool read_number(uint32_t *out)
{
    uint8_t bytes[4];
    const size_t got = fread(bytes, 1, sizeof bytes, stdin);
    need_that(got == 0 || got == sizeof bytes, "half a number");
    *out = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return got != 0;
}

/* Exactly as large as it is, so that a sanitizer sees what is read behind it. */
static uint8_t *read_bytes(uint32_t size)
{
    need_that(size <= MOST, "too many bytes");
    uint8_t *bytes = malloc(size == 0 ? 1 : size);
    need_that(bytes != NULL, "no memory");
    need_that(fread(bytes, 1, size, stdin) == size, "too few bytes");
    return bytes;
}

static void print_reasons(uint32_t reasons)
{
    const char *between = "";
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        if ((reasons & bit) != 0) {
            const char *name = svms_camera_reason_name(bit);
            printf("%s\"%s\"", between, name == NULL ? "?" : name);
            between = ",";
        }
    }
}

static void print_remarks(const svms_camera_validator *validator, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
        need(svms_camera_validator_remark(validator, i, &remark, &err), &err);
        printf("%s{\"frame\":%" PRIu64 ",\"verdict\":\"%s\",\"nal_units\":%" PRIu64 "}",
               i == 0 ? "" : ",", remark.frame, svms_camera_verdict_name(remark.verdict),
               remark.nal_units);
    }
}

static void print_report(const svms_camera_validator *validator, const svms_camera_gop *gop)
{
    printf("{\"verdict\":\"%s\",\"first_frame\":%" PRIu64 ",\"frames\":%" PRIu64
           ",\"missing_gops\":%" PRIu32 ",\"missing\":%" PRIu64 ",\"changed\":%" PRIu64
           ",\"inserted\":%" PRIu64 ",\"signed\":%s,\"trusted\":%s,\"reasons\":[",
           svms_camera_verdict_name(gop->verdict), gop->first_frame, gop->frame_count,
           gop->missing_gops, gop->missing_nal_units, gop->changed_nal_units,
           gop->inserted_nal_units, gop->is_signed ? "true" : "false",
           gop->identity.verdict == SVMS_IDENTITY_TRUSTED ? "true" : "false");
    print_reasons(gop->reasons);
    printf("],\"format\":\"%s\",\"counter\":%" PRIu32 ",\"identity\":%d,\"from_ns\":%" PRId64
           ",\"to_ns\":%" PRId64 ",\"key\":\"",
           svms_camera_format_name(gop->format), gop->counter, (int)gop->identity.verdict,
           gop->from_utc_ns, gop->to_utc_ns);
    for (size_t i = 0; i < sizeof gop->key_sha256; i++) {
        printf("%02x", gop->key_sha256[i]);
    }
    printf("\",\"remarks\":[");
    print_remarks(validator, gop->remark_count);
    printf("]}");
}

static void print_ready(svms_camera_validator *validator, const char **between)
{
    for (;;) {
        svms_error err = SVMS_ERROR_INIT;
        svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
        const svms_status status = svms_camera_validator_next(validator, &gop, &err);
        if (status == SVMS_END) {
            return;
        }
        need(status, &err);
        printf("%s", *between);
        print_report(validator, &gop);
        *between = ",";
    }
}

static void judge(svms_ctx *ctx, const svms_trust *trust, uint32_t codec)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    options.codec = codec == 264 ? SVMS_CODEC_H264 : SVMS_CODEC_H265;
    options.trust = trust;
    svms_camera_validator *validator = NULL;
    need(svms_camera_validator_new(&validator, ctx, &options, &err), &err);
    uint32_t count = 0;
    need_that(read_number(&count), "no number of access units");
    const char *between = "";
    printf("[");
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = 0;
        need_that(read_number(&size), "no size");
        if (size == GAP) {
            need(svms_camera_validator_gap(validator, &err), &err);
        } else {
            uint8_t *bytes = read_bytes(size);
            need(svms_camera_validator_add(validator, bytes, size, SVMS_NO_TIME, &err), &err);
            free(bytes);
        }
        print_ready(validator, &between);
    }
    need(svms_camera_validator_end(validator, &err), &err);
    print_ready(validator, &between);
    printf("]\n");
    svms_camera_validator_free(&validator);
}

static svms_trust *read_trust(svms_ctx *ctx, const char *path)
{
    FILE *file = fopen(path, "rb");
    need_that(file != NULL, "no anchors");
    char pem[65536];
    const size_t size = fread(pem, 1, sizeof pem, file);
    fclose(file);
    svms_error err = SVMS_ERROR_INIT;
    svms_trust *trust = NULL;
    need(svms_trust_from_pem(&trust, ctx, pem, size, &err), &err);
    return trust;
}

int main(int argc, char **argv)
{
    need_that(argc == 2, "usage: camera_judge TRUST < STREAMS");
    svms_error err = SVMS_ERROR_INIT;
    svms_ctx *ctx = NULL;
    need(svms_ctx_new(&ctx, NULL, &err), &err);
    svms_trust *trust = read_trust(ctx, argv[1]);
    uint32_t codec = 0;
    while (read_number(&codec)) {
        judge(ctx, trust, codec);
    }
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    need_that(fflush(stdout) == 0, "cannot write");
    return 0;
}
