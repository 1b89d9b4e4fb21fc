/* SPDX-License-Identifier: Apache-2.0 */
/* A signer of one video stream: what it is made of. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "options.h"
#include "signer_internal.h"
#include "utf8.h"

#define SIGN_EVERY_MAX 255u
#define COPIES_MAX 3u
#define PART_NAL_UNITS_USUAL 1000u
#define PART_MS_MAX 3600000u
#define PART_MS_USUAL 5000u
#define NS_PER_MS INT64_C(1000000)
#define TEXT_MAX ((size_t)255)
#define FLAGS (SVMS_CAMERA_LOW_BIT_RATE | SVMS_CAMERA_CERTIFICATE_SEI | SVMS_CAMERA_HASH_ESCAPED)

static uint32_t or_usual(uint32_t given, uint32_t usual)
{
    return given > 0 ? given : usual;
}

static bool is_text(const char *text)
{
    size_t size = text ? strlen(text) : 0;
    if (size > TEXT_MAX) {
        return false;
    }
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t bytes = svms_utf8_peek(&cursor, &character);
        if (bytes == 0 || !svms_skip(&cursor, bytes)) {
            return false;
        }
    }
    return true;
}

static svms_status check_numbers(const svms_camera_signer_options *options, svms_error *err)
{
    if (options->codec != SVMS_CODEC_H264 && options->codec != SVMS_CODEC_H265) {
        return svms_fail(err, SVMS_E_USAGE, "a camera signs H.264 or H.265");
    }
    if ((unsigned)options->framing > SVMS_NAL_ANNEX_B || (options->flags & ~FLAGS) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "framing or flags of a camera's signer are unknown");
    }
    if (options->sign_every > SIGN_EVERY_MAX || options->copies > COPIES_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a camera signs at least every %u GOPs, and sends at most %u copies",
                         SIGN_EVERY_MAX, COPIES_MAX);
    }
    if (options->part_nal_units > SVMS_SIGNER_PART_MAX || options->part_ms > PART_MS_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a part of a GOP has at most %u NAL units and lasts at most %u ms",
                         SVMS_SIGNER_PART_MAX, PART_MS_MAX);
    }
    return SVMS_OK;
}

static svms_status check_options(const svms_camera_signer_options *options, svms_error *err)
{
    if (!options->chain || !options->key) {
        return svms_fail(err, SVMS_E_USAGE, "a camera's signer needs certificates and their key");
    }
    if (!options->user_chain != !options->user_key) {
        return svms_fail(err, SVMS_E_USAGE, "a user's key needs certificates, and these a key");
    }
    if (!is_text(options->firmware) || !is_text(options->serial) ||
        !is_text(options->manufacturer)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "firmware, serial number and manufacturer are UTF-8 of up to %zu bytes",
                         TEXT_MAX);
    }
    return check_numbers(options, err);
}

static svms_status put_more(svms_camera_signer *signer, const svms_camera_signer_options *options,
                            svms_error *err)
{
    if (options->firmware || options->serial || options->manufacturer) {
        svms_put_sei_vendor(&signer->more, options->firmware, options->serial,
                            options->manufacturer);
    }
    svms_status status = svms_signer_put_chain(&signer->more, options->chain, false, err);
    if (status == SVMS_OK && options->user_chain) {
        status = svms_signer_put_chain(&signer->more, options->user_chain, true, err);
    }
    return status;
}

/* CS-DOC-7: signed with the maker's key, whoever signs the rest. */
static svms_status make_certificate(svms_camera_signer *signer, const svms_signer_key *maker,
                                    svms_error *err)
{
    svms_sei_content content = { .flags = SVMS_SEI_CERTIFICATE,
                                 .more = signer->more.data,
                                 .more_size = signer->more.size,
                                 .room = maker->room };
    svms_signer_sei sei;
    svms_status status = svms_signer_sei_make(signer, &sei, maker, &content, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_signer_sei_settle(signer, &sei, maker, true, err);
    if (status == SVMS_OK) {
        signer->certificate = sei.framed;
        sei.framed = svms_builder_new(signer->ctx, 0);
        signer->is_announced = true;
    }
    svms_signer_sei_clear(&sei);
    return status;
}

static svms_status prepare(svms_camera_signer *signer, const svms_camera_signer_options *options,
                           svms_error *err)
{
    svms_signer_key maker = { .engine = NULL };
    svms_status status =
        svms_signer_key_open(&maker, signer->ctx, options->key, options->chain, err);
    if (status == SVMS_OK && options->user_key) {
        status = svms_signer_key_open(&signer->key, signer->ctx, options->user_key,
                                      options->user_chain, err);
    }
    if (status == SVMS_OK) {
        status = svms_camera_hasher_new(&signer->hasher, signer->ctx, err);
    }
    if (status == SVMS_OK) {
        status = put_more(signer, options, err);
    }
    bool has_certificate = options->user_key || (options->flags & SVMS_CAMERA_CERTIFICATE_SEI) != 0;
    if (status == SVMS_OK && has_certificate) {
        status = make_certificate(signer, &maker, err);
    }
    if (status == SVMS_OK && !options->user_key) {
        signer->key = maker;
        return SVMS_OK;
    }
    svms_signer_key_close(&maker);
    return status;
}

svms_status svms_camera_signer_new(svms_camera_signer **out, svms_ctx *ctx,
                                   const svms_camera_signer_options *options, svms_error *err)
{
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a camera's signer needs an out pointer, a context and options");
    }
    svms_camera_signer_options known = SVMS_CAMERA_SIGNER_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_camera_signer_options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_camera_signer *signer = svms_alloc(ctx, sizeof *signer);
    if (!signer) {
        return svms_fail_memory(err);
    }
    *signer = (svms_camera_signer){
        .ctx = ctx,
        .codec = known.codec,
        .framing = known.framing,
        .flags = known.flags,
        .sign_every = or_usual(known.sign_every, 1),
        .copies = or_usual(known.copies, 1),
        .part_nal_units = or_usual(known.part_nal_units, PART_NAL_UNITS_USUAL),
        .part_ns = (int64_t)or_usual(known.part_ms, PART_MS_USUAL) * NS_PER_MS,
        .more = svms_builder_new(ctx, SIZE_MAX),
        .certificate = svms_builder_new(ctx, SIZE_MAX),
        .out = svms_builder_new(ctx, SIZE_MAX),
    };
    status = prepare(signer, &known, err);
    if (status != SVMS_OK) {
        svms_camera_signer_free(&signer);
        return status;
    }
    *out = signer;
    return SVMS_OK;
}

void svms_camera_signer_free(svms_camera_signer **signer)
{
    if (!signer || !*signer) {
        return;
    }
    svms_camera_signer *gone = *signer;
    *signer = NULL;
    for (size_t i = 0; i < gone->waiting_count; i++) {
        svms_signer_sei_clear(&gone->waiting[i]);
    }
    svms_signer_key_close(&gone->key);
    svms_camera_hasher_free(&gone->hasher);
    svms_builder_clear(&gone->more);
    svms_builder_clear(&gone->certificate);
    svms_builder_clear(&gone->out);
    svms_release(gone->ctx, gone->list.hashes);
    svms_release(gone->ctx, gone);
}

void svms_camera_signer_announce(svms_camera_signer *signer)
{
    if (signer) {
        signer->is_announced = signer->certificate.size > 0;
    }
}

uint32_t svms_camera_signer_waiting(const svms_camera_signer *signer)
{
    size_t ready = 0;
    if (!signer) {
        return 0;
    }
    while (ready < signer->waiting_count && signer->waiting[ready].is_ready) {
        ready++;
    }
    return (uint32_t)(signer->waiting_count - ready);
}

void svms_signer_tell(svms_camera_signer *signer, svms_status status, const svms_error *cause)
{
    if (signer->trouble.status == SVMS_OK) {
        signer->trouble = *cause;
        signer->trouble.status = status;
    }
}
