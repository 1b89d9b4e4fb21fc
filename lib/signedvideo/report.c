/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: made of items, kept until somebody takes them, summed up. */
#include <string.h>

#include <svms/time.h>

#include "failure.h"
#include "options.h"
#include "validator.h"

#define FIRST_CAPACITY 8
static void clear_report(svms_ctx *ctx, svms_camera_report *report)
{
    svms_camera_author_free(&report->author);
    svms_release(ctx, report->remarks);
    *report = (svms_camera_report){ 0 };
}

void svms_camera_reports_clear(svms_camera_validator *v)
{
    for (size_t i = 0; i < v->report_count; i++) {
        clear_report(v->ctx, &v->reports[v->report_first + i]);
    }
    clear_report(v->ctx, &v->given);
    svms_release(v->ctx, v->reports);
    v->reports = NULL;
    v->report_count = 0;
    v->report_capacity = 0;
}

static svms_status make_place(svms_camera_validator *v, svms_error *err)
{
    if (v->report_first > 0 && v->report_first + v->report_count == v->report_capacity) {
        memmove(v->reports, v->reports + v->report_first, v->report_count * sizeof *v->reports);
        v->report_first = 0;
    }
    if (v->report_first + v->report_count < v->report_capacity) {
        return SVMS_OK;
    }
    size_t capacity = v->report_capacity ? v->report_capacity * 2 : FIRST_CAPACITY;
    svms_camera_report *grown =
        svms_grow(v->ctx, v->reports, v->report_count * sizeof *grown, capacity * sizeof *grown);
    if (!grown) {
        return svms_fail_memory(err);
    }
    v->reports = grown;
    v->report_capacity = capacity;
    return SVMS_OK;
}

static svms_status add_remark(svms_ctx *ctx, svms_camera_report *report,
                              const svms_camera_remark *remark, svms_error *err)
{
    size_t count = report->gop.remark_count;
    if (count == report->remark_capacity) {
        size_t capacity = count ? count * 2 : FIRST_CAPACITY;
        svms_camera_remark *grown =
            svms_grow(ctx, report->remarks, count * sizeof *grown, capacity * sizeof *grown);
        if (!grown) {
            return svms_fail_memory(err);
        }
        report->remarks = grown;
        report->remark_capacity = capacity;
    }
    report->remarks[count] = *remark;
    report->gop.remark_count++;
    return SVMS_OK;
}

/* What the NAL units of one frame are. */
typedef struct tally {
    uint64_t frame;
    int64_t utc_ns;
    uint64_t counts[SVMS_CAMERA_UNSIGNED + 1];
} tally;

static svms_status put_tally(svms_camera_validator *v, svms_camera_report *report,
                             const tally *frame, svms_error *err)
{
    static const svms_camera_verdict order[] = { SVMS_CAMERA_MISSING, SVMS_CAMERA_CHANGED,
                                                 SVMS_CAMERA_INSERTED, SVMS_CAMERA_MOVED,
                                                 SVMS_CAMERA_REPEATED };
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < sizeof order / sizeof order[0] && status == SVMS_OK; i++) {
        if (frame->counts[order[i]] > 0) {
            svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
            remark.verdict = order[i];
            remark.frame = frame->frame;
            remark.nal_units = frame->counts[order[i]];
            remark.utc_ns = frame->utc_ns;
            status = add_remark(v->ctx, report, &remark, err);
        }
    }
    return status;
}

bool svms_camera_is_repeated(const svms_camera_validator *v, uint64_t seq, uint32_t *left)
{
    size_t size = v->items.digest_size;
    const uint8_t *hash = svms_camera_item_hash(&v->items, seq);
    if (svms_camera_item_at(&v->items, seq)->kind == SVMS_CAMERA_ITEM_BROKEN) {
        return false;
    }
    for (uint64_t at = seq; at > v->items.base && *left > 0; --*left) {
        at--;
        if (svms_camera_item_at(&v->items, at)->verdict == SVMS_CAMERA_AUTHENTIC &&
            memcmp(svms_camera_item_hash(&v->items, at), hash, size) == 0) {
            return true;
        }
    }
    return false;
}

static void count_item(svms_camera_report *report, const svms_camera_item *item, tally *frame)
{
    report->gop.missing_nal_units += item->missing_before;
    frame->counts[SVMS_CAMERA_MISSING] += item->missing_before;
    frame->counts[item->verdict]++;
    switch (item->verdict) {
    case SVMS_CAMERA_CHANGED:
        report->gop.changed_nal_units++;
        break;
    case SVMS_CAMERA_REPEATED:
        report->repeated++;
        report->gop.inserted_nal_units++;
        break;
    case SVMS_CAMERA_INSERTED:
    case SVMS_CAMERA_MOVED:
        report->gop.inserted_nal_units++;
        break;
    default:
        break;
    }
}

static svms_status count_items(svms_camera_validator *v, svms_camera_report *report, uint64_t end,
                               bool has_remarks, svms_error *err)
{
    uint32_t left = SVMS_CAMERA_COMPARISONS;
    tally frame = { 0 };
    svms_status status = SVMS_OK;
    for (uint64_t seq = v->decided; seq < end && status == SVMS_OK; seq++) {
        svms_camera_item *item = svms_camera_item_at(&v->items, seq);
        if (item->verdict == SVMS_CAMERA_INSERTED && svms_camera_is_repeated(v, seq, &left)) {
            item->verdict = SVMS_CAMERA_REPEATED;
        }
        if (item->frame != frame.frame || seq == v->decided) {
            status = has_remarks ? put_tally(v, report, &frame, err) : SVMS_OK;
            frame = (tally){ .frame = item->frame, .utc_ns = item->utc_ns };
        }
        count_item(report, item, &frame);
    }
    return status == SVMS_OK && has_remarks ? put_tally(v, report, &frame, err) : status;
}

/* The first frame that begins behind these items. */
static uint64_t frame_behind(const svms_camera_validator *v, uint64_t end)
{
    for (uint64_t seq = end; seq < v->items.end; seq++) {
        const svms_camera_item *item = svms_camera_item_at(&v->items, seq);
        if (item->leads) {
            return item->frame > v->next_frame ? item->frame : v->next_frame;
        }
    }
    return v->frames > v->next_frame ? v->frames : v->next_frame;
}

svms_status svms_camera_report_add(svms_camera_validator *v, uint64_t end, bool has_remarks,
                                   svms_camera_report **out, svms_error *err)
{
    svms_status status = make_place(v, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_camera_report *report = &v->reports[v->report_first + v->report_count++];
    *report = (svms_camera_report){ .gop = SVMS_CAMERA_GOP_INIT };
    report->gop.first_frame = v->next_frame;
    if (end > v->decided) {
        report->gop.nal_units = end - v->decided;
        report->gop.stream_utc_ns = svms_camera_item_at(&v->items, v->decided)->utc_ns;
        report->gop.frame_count = frame_behind(v, end) - v->next_frame;
        status = count_items(v, report, end, has_remarks, err);
    }
    v->next_frame += report->gop.frame_count;
    v->decided = end;
    *out = report;
    return status;
}

svms_status svms_camera_report_missing(svms_camera_validator *v, svms_camera_report *report,
                                       uint32_t count, bool has_remarks, svms_error *err)
{
    report->gop.missing_nal_units += count;
    if (count == 0 || !has_remarks) {
        return SVMS_OK;
    }
    tally behind = { .frame = v->next_frame, .utc_ns = SVMS_NO_TIME };
    behind.counts[SVMS_CAMERA_MISSING] = count;
    return put_tally(v, report, &behind, err);
}

svms_status svms_camera_report_sign(svms_camera_validator *v, svms_camera_report *report,
                                    const svms_camera_claim *claim, svms_error *err)
{
    svms_camera_gop *gop = &report->gop;
    const svms_chain *chain = svms_camera_author_chain(claim->author, claim->by_user);
    const uint8_t *leaf = svms_camera_author_digest(claim->author, claim->by_user);
    /* Of Axis the start is not always known. */
    bool has_end_only =
        claim->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING && claim->from_utc_ns == SVMS_NO_TIME;
    int64_t from = has_end_only ? claim->to_utc_ns : claim->from_utc_ns;
    gop->format = claim->format;
    gop->counter = claim->counter;
    gop->is_signed = 1;
    gop->is_partial = claim->is_partial;
    gop->from_utc_ns = claim->from_utc_ns;
    gop->to_utc_ns = claim->to_utc_ns;
    gop->signer = chain;
    report->author = svms_camera_author_retain(claim->author);
    if (v->has_key && memcmp(v->key_sha256, leaf, sizeof v->key_sha256) != 0) {
        gop->reasons |= SVMS_CAMERA_WHY_KEY_CHANGED;
    }
    memcpy(gop->key_sha256, leaf, sizeof gop->key_sha256);
    memcpy(v->key_sha256, leaf, sizeof v->key_sha256);
    v->has_key = true;
    return svms_camera_author_check(claim->author, claim->by_user, &v->trust, from,
                                    claim->to_utc_ns, &gop->identity, err);
}

void svms_camera_report_tell(svms_camera_validator *v, uint32_t reasons)
{
    if (v->report_count > 0) {
        v->reports[v->report_first + v->report_count - 1].gop.reasons |= reasons;
    } else {
        v->summary.reasons |= reasons;
    }
}

svms_status svms_camera_report_rest(svms_camera_validator *v, svms_error *err)
{
    uint64_t rest = v->frames - v->next_frame;
    svms_camera_report *report = NULL;
    if (rest == 0) {
        return SVMS_OK;
    }
    v->next_frame = v->frames;
    if (v->report_count > 0) {
        v->reports[v->report_first + v->report_count - 1].gop.frame_count += rest;
        return SVMS_OK;
    }
    svms_status status = svms_camera_report_add(v, v->decided, true, &report, err);
    if (status == SVMS_OK) {
        report->gop.verdict = SVMS_CAMERA_UNSIGNED;
        report->gop.reasons = v->seis > 0 || v->is_at_gap ? SVMS_CAMERA_WHY_TAIL : 0;
        report->gop.first_frame = v->frames - rest;
        report->gop.frame_count = rest;
    }
    return status;
}

/* The worse, the higher. */
static int rank_of(svms_camera_verdict verdict)
{
    switch (verdict) {
    case SVMS_CAMERA_CHANGED:
        return 5;
    case SVMS_CAMERA_INSERTED:
        return 4;
    case SVMS_CAMERA_MISSING:
        return 3;
    case SVMS_CAMERA_UNSIGNED:
        return 2;
    case SVMS_CAMERA_AUTHENTIC:
        return 1;
    default:
        return 0;
    }
}

static void sum_signer(svms_camera_summary *sum, const svms_camera_report *report, bool is_first)
{
    bool is_trusted = report->gop.identity.verdict == SVMS_IDENTITY_TRUSTED;
    sum->trusted = is_first ? is_trusted : sum->trusted && is_trusted;
    if (is_first && report->author->has_texts) {
        memcpy(sum->firmware, report->author->firmware, sizeof sum->firmware);
        memcpy(sum->serial, report->author->serial, sizeof sum->serial);
        memcpy(sum->manufacturer, report->author->manufacturer, sizeof sum->manufacturer);
    }
}

static void sum_up(svms_camera_validator *v, const svms_camera_report *report)
{
    svms_camera_summary *sum = &v->summary;
    const svms_camera_gop *gop = &report->gop;
    sum->gops++;
    sum->reasons |= gop->reasons;
    sum->authentic_gops += gop->verdict == SVMS_CAMERA_AUTHENTIC;
    if (rank_of(gop->verdict) > rank_of(sum->verdict)) {
        sum->verdict = gop->verdict;
    }
    if (gop->verdict != SVMS_CAMERA_AUTHENTIC && sum->first_failed_frame == UINT64_MAX) {
        sum->first_failed_frame = gop->first_frame;
        sum->first_failed_utc_ns =
            gop->from_utc_ns != SVMS_NO_TIME ? gop->from_utc_ns : gop->stream_utc_ns;
    }
    if (gop->is_signed) {
        sum_signer(sum, report, !v->has_signed);
        v->has_signed = true;
    }
}

svms_status svms_camera_validator_next(svms_camera_validator *validator, svms_camera_gop *gop,
                                       svms_error *err)
{
    if (!validator || !gop) {
        return svms_fail(err, SVMS_E_USAGE, "a validator and a place are needed");
    }
    if (validator->has_failed) {
        return svms_fail(err, SVMS_E_STATE, "the validator failed");
    }
    if (validator->report_count == 0) {
        return SVMS_END;
    }
    svms_camera_report *report = &validator->reports[validator->report_first];
    svms_status status =
        svms_result_write(gop, &report->gop, sizeof report->gop, "svms_camera_gop", err);
    if (status != SVMS_OK) {
        return status;
    }
    clear_report(validator->ctx, &validator->given);
    validator->given = *report;
    validator->has_given = true;
    validator->report_count--;
    validator->report_first = validator->report_count > 0 ? validator->report_first + 1 : 0;
    sum_up(validator, &validator->given);
    return SVMS_OK;
}

svms_status svms_camera_validator_remark(const svms_camera_validator *validator, uint32_t index,
                                         svms_camera_remark *remark, svms_error *err)
{
    if (!validator || !remark) {
        return svms_fail(err, SVMS_E_USAGE, "a validator and a place are needed");
    }
    if (!validator->has_given || index >= validator->given.gop.remark_count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no remark %u", index);
    }
    return svms_result_write(remark, &validator->given.remarks[index], sizeof *remark,
                             "svms_camera_remark", err);
}

svms_status svms_camera_validator_summary(const svms_camera_validator *validator,
                                          svms_camera_summary *summary, svms_error *err)
{
    if (!validator || !summary) {
        return svms_fail(err, SVMS_E_USAGE, "a validator and a place are needed");
    }
    svms_camera_summary known = validator->summary;
    known.frames = validator->frames;
    known.seis = validator->seis;
    return svms_result_write(summary, &known, sizeof known, "svms_camera_summary", err);
}

const svms_camera_gop *svms_camera_validator_last(const svms_camera_validator *validator,
                                                  const svms_camera_remark **remarks,
                                                  svms_ctx **ctx)
{
    if (!validator->has_given) {
        return NULL;
    }
    *remarks = validator->given.remarks;
    *ctx = validator->ctx;
    return &validator->given.gop;
}
