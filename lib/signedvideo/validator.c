/* SPDX-License-Identifier: Apache-2.0 */
/* A validator's life, and how access units come in. */
#include "validator.h"

#include <string.h>

#include <svms/time.h>

#include "failure.h"
#include "options.h"

#define WAITING_DEFAULT 131072u
#define WAITING_LEAST 64u
#define WAITING_MOST 1048576u
#define TOLERANCE_DEFAULT_MS 10000u
/* A picture has at most a few hundred slices. */
#define NALS_MAX 65536u
#define NALS_FIRST 64u

static svms_status read_options(svms_camera_validator_options *out,
                                const svms_camera_validator_options *options, svms_error *err)
{
    svms_status status =
        svms_options_read(out, sizeof *out, options, "svms_camera_validator_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->codec != SVMS_CODEC_H264 && out->codec != SVMS_CODEC_H265) {
        return svms_fail(err, SVMS_E_USAGE, "camera-signed video is H.264 or H.265");
    }
    if ((unsigned)out->framing > SVMS_NAL_ANNEX_B || out->reserved != 0 ||
        (out->flags & ~SVMS_CAMERA_EXPECT_SIGNED) != 0 ||
        (out->policy != SVMS_TIME_ATTESTED && out->policy != SVMS_TIME_CLAIMED)) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the validator has an unknown value");
    }
    if (out->waiting_max == 0) {
        out->waiting_max = WAITING_DEFAULT;
    }
    if (out->waiting_max < WAITING_LEAST || out->waiting_max > WAITING_MOST) {
        return svms_fail(err, SVMS_E_USAGE, "from %u to %u NAL units can wait, not %u",
                         WAITING_LEAST, WAITING_MOST, out->waiting_max);
    }
    if (out->clock_tolerance_ms == 0) {
        out->clock_tolerance_ms = TOLERANCE_DEFAULT_MS;
    }
    return SVMS_OK;
}

static void set_up(svms_camera_validator *v, svms_ctx *ctx)
{
    const svms_camera_validator_options *options = &v->options;
    v->ctx = ctx;
    v->trust = (svms_camera_trust){ options->trust, options->user_trust, options->policy,
                                    options->now_utc_ns, options->attested_utc_ns };
    v->tolerance_ns = options->clock_tolerance_ms == SVMS_CAMERA_ANY_CLOCK
                          ? -1
                          : (int64_t)options->clock_tolerance_ms * 1000000;
    v->order = SVMS_CAMERA_LITTLE_ENDIAN;
    v->last_from_utc_ns = SVMS_NO_TIME;
    v->last_to_utc_ns = SVMS_NO_TIME;
    v->summary = (svms_camera_summary)SVMS_CAMERA_SUMMARY_INIT;
    svms_camera_items_init(&v->items, ctx, v->hasher);
    svms_camera_authors_init(&v->authors, ctx, v->hasher);
}

svms_status svms_camera_validator_new(svms_camera_validator **out, svms_ctx *ctx,
                                      const svms_camera_validator_options *options, svms_error *err)
{
    svms_camera_validator_options known = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    if (!out || !ctx || !options) {
        return svms_fail(err, SVMS_E_USAGE, "a validator needs a context and options");
    }
    svms_status status = read_options(&known, options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_camera_validator *v = svms_alloc(ctx, sizeof *v);
    if (!v) {
        return svms_fail_memory(err);
    }
    status = svms_camera_hasher_new(&v->hasher, ctx, err);
    if (status != SVMS_OK) {
        svms_release(ctx, v);
        return status;
    }
    v->options = known;
    set_up(v, ctx);
    if (known.chain) {
        status = svms_camera_authors_add(&v->authors, known.chain, err);
    }
    if (status != SVMS_OK) {
        svms_camera_validator_free(&v);
        return status;
    }
    *out = v;
    return SVMS_OK;
}

void svms_camera_validator_free(svms_camera_validator **validator)
{
    if (!validator || !*validator) {
        return;
    }
    svms_camera_validator *v = *validator;
    *validator = NULL;
    svms_camera_claims_clear(v);
    svms_camera_reports_clear(v);
    svms_camera_authors_clear(&v->authors);
    svms_camera_items_clear(&v->items);
    svms_camera_hasher_free(&v->hasher);
    svms_release(v->ctx, v->claims);
    svms_release(v->ctx, v->links);
    svms_release(v->ctx, v->nals);
    svms_release(v->ctx, v);
}

static svms_status keep_nal(svms_camera_validator *v, size_t count, const svms_camera_nal *nal,
                            svms_error *err)
{
    if (count == NALS_MAX) {
        return svms_fail(err, SVMS_E_MALFORMED, "an access unit has more than %u NAL units",
                         NALS_MAX);
    }
    if (count == v->nal_capacity) {
        size_t capacity = count ? count * 2 : NALS_FIRST;
        svms_camera_nal *grown =
            svms_grow(v->ctx, v->nals, count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            return svms_fail_memory(err);
        }
        v->nals = grown;
        v->nal_capacity = capacity;
    }
    v->nals[count] = *nal;
    return SVMS_OK;
}

/* All NAL units that matter, before any of them is used: an access unit that breaks off is none. */
static svms_status collect_nals(svms_camera_validator *v, const uint8_t *data, size_t size,
                                size_t *count, svms_error *err)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_status status = svms_nal_begin(&it, v->options.codec, v->options.framing, data, size);
    *count = 0;
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, err)) == SVMS_OK) {
        svms_camera_nal known = svms_camera_nal_of(v->options.codec, &nal);
        if (known.kind != SVMS_CAMERA_NAL_IGNORED) {
            status = keep_nal(v, *count, &known, err);
            *count += status == SVMS_OK;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status take_nal(svms_camera_validator *v, const svms_camera_nal *nal, int64_t utc_ns,
                            svms_error *err)
{
    switch (nal->kind) {
    case SVMS_CAMERA_NAL_SLICE:
        return svms_camera_take_item(v, SVMS_CAMERA_ITEM_SLICE, nal, utc_ns, err);
    case SVMS_CAMERA_NAL_ANCHOR:
        return svms_camera_take_item(v, SVMS_CAMERA_ITEM_ANCHOR, nal, utc_ns, err);
    case SVMS_CAMERA_NAL_SEI:
        return svms_camera_take_sei(v, nal, utc_ns, err);
    default:
        return SVMS_OK;
    }
}

static svms_status take_unit(svms_camera_validator *v, const uint8_t *data, size_t size,
                             int64_t utc_ns, svms_status *parsed, svms_error *err)
{
    size_t count = 0;
    *parsed = collect_nals(v, data, size, &count, err);
    if (*parsed == SVMS_E_NO_MEMORY) {
        return SVMS_E_NO_MEMORY;
    }
    svms_status status = SVMS_OK;
    uint64_t first = v->items.end;
    v->has_led = false;
    if (*parsed != SVMS_OK) {
        svms_camera_nal all = { .data = data, .size = size };
        status = svms_camera_take_item(v, SVMS_CAMERA_ITEM_BROKEN, &all, utc_ns, err);
        count = 0;
    }
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        status = take_nal(v, &v->nals[i], utc_ns, err);
    }
    if (!v->has_led && first < v->items.end && first >= v->items.base) {
        svms_camera_item_at(&v->items, first)->leads = true;
    }
    v->frames++;
    return status == SVMS_OK ? svms_camera_emit(v, false, err) : status;
}

svms_status svms_camera_validator_add(svms_camera_validator *validator, const void *data,
                                      size_t size, int64_t utc_ns, svms_error *err)
{
    if (!validator || (!data && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "a validator and bytes are needed");
    }
    if (validator->has_failed || validator->has_ended) {
        return svms_fail(err, SVMS_E_STATE, "the validator takes no more");
    }
    /* What a parser says of an access unit must outlive what is done about it. */
    svms_status parsed = SVMS_OK;
    svms_error of_parser = SVMS_ERROR_INIT;
    svms_status status = take_unit(validator, data, size, utc_ns, &parsed, &of_parser);
    if (status != SVMS_OK) {
        validator->has_failed = true;
        return svms_fail_as(err, status, &of_parser);
    }
    return parsed == SVMS_OK ? SVMS_OK : svms_fail_as(err, parsed, &of_parser);
}

svms_status svms_camera_validator_end(svms_camera_validator *validator, svms_error *err)
{
    if (!validator) {
        return svms_fail(err, SVMS_E_USAGE, "no validator");
    }
    if (validator->has_failed) {
        return svms_fail(err, SVMS_E_STATE, "the validator takes no more");
    }
    if (validator->has_ended) {
        return SVMS_OK;
    }
    validator->has_ended = true;
    svms_status status = svms_camera_emit(validator, true, err);
    if (status == SVMS_OK) {
        status = svms_camera_report_rest(validator, err);
    }
    validator->has_failed = status != SVMS_OK;
    return status;
}
