/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"
#include "options.h"
#include "srtp_internal.h"
#include "srtp_suite.h"

enum {
    WINDOW_MIN = 64,
    WINDOW_USUAL = 1024,
    WINDOW_MAX = 32767,
    SOURCES_USUAL = 16,
    SOURCES_MAX = 64,
    SCRATCH_STEP = 2048
};

static svms_status check_options(svms_srtp_options *options, svms_error *err)
{
    if (options->replay_window == 0) {
        options->replay_window = WINDOW_USUAL;
    }
    if (options->max_sources == 0) {
        options->max_sources = SOURCES_USUAL;
    }
    if ((options->flags & ~SVMS_SRTP_ALLOW_SHA1) != 0 || options->replay_window < WINDOW_MIN ||
        options->replay_window > WINDOW_MAX || options->max_sources > SOURCES_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the SRTP session is out of range");
    }
    return SVMS_OK;
}

static svms_status set_up(svms_srtp *srtp, svms_error *err)
{
    size_t sources = srtp->options.max_sources;
    srtp->counts = (svms_srtp_counts)SVMS_SRTP_COUNTS_INIT;
    srtp->sent = svms_alloc_array(srtp->ctx, sources, sizeof *srtp->sent);
    srtp->heard = svms_alloc_array(srtp->ctx, sources, sizeof *srtp->heard);
    srtp->lanes = svms_alloc_array(srtp->ctx, sources + 1, sizeof *srtp->lanes);
    if (!srtp->sent || !srtp->heard || !srtp->lanes) {
        return svms_fail_memory(err);
    }
    return svms_srtp_engine_new(&srtp->sender, err);
}

svms_status svms_srtp_new(svms_srtp **out, svms_ctx *ctx, const svms_srtp_options *options,
                          svms_error *err)
{
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_srtp_options known = SVMS_SRTP_OPTIONS_INIT;
    svms_status status = svms_options_read(&known, sizeof known, options, "svms_srtp_options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_srtp *srtp = svms_alloc(ctx, sizeof *srtp);
    if (!srtp) {
        return svms_fail_memory(err);
    }
    srtp->ctx = ctx;
    srtp->options = known;
    status = set_up(srtp, err);
    if (status != SVMS_OK) {
        svms_srtp_free(&srtp);
        return status;
    }
    *out = srtp;
    return SVMS_OK;
}

static void free_sent(svms_srtp *srtp)
{
    for (uint32_t i = 0; i < srtp->sent_count; i++) {
        svms_release(srtp->ctx, srtp->sent[i].marks.rows);
    }
    svms_release_secret(srtp->ctx, srtp->sent, srtp->options.max_sources * sizeof *srtp->sent);
}

static void free_lanes(svms_srtp *srtp)
{
    for (uint32_t i = 0; i < srtp->lane_count; i++) {
        svms_srtp_lane *lane = &srtp->lanes[i];
        for (uint32_t k = 0; k < lane->count; k++) {
            svms_srtp_free_opener(srtp->ctx, &lane->openers[k]);
        }
        svms_release(srtp->ctx, lane->marks.rows);
    }
    svms_release(srtp->ctx, srtp->lanes);
}

void svms_srtp_free(svms_srtp **srtp)
{
    if (!srtp || !*srtp) {
        return;
    }
    svms_srtp *s = *srtp;
    free_sent(s);
    free_lanes(s);
    svms_release(s->ctx, s->heard);
    svms_release_secret(s->ctx, s->scratch, s->scratch_size);
    svms_srtp_engine_free(&s->sender);
    svms_release(s->ctx, s);
    *srtp = NULL;
}

svms_status svms_srtp_take_key(const svms_srtp *srtp, svms_srtp_key *out, const svms_srtp_key *key,
                               svms_error *err)
{
    svms_status status = svms_srtp_key_read(out, key, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->suite == SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 &&
        (srtp->options.flags & SVMS_SRTP_ALLOW_SHA1) == 0) {
        return svms_fail(err, SVMS_E_POLICY, "the suite %s is not allowed",
                         svms_srtp_suite_name((svms_srtp_suite)out->suite));
    }
    return SVMS_OK;
}

svms_srtp_sent *svms_srtp_find_sent(const svms_srtp *srtp, uint32_t ssrc)
{
    for (uint32_t i = 0; i < srtp->sent_count; i++) {
        if (srtp->sent[i].ssrc == ssrc) {
            return &srtp->sent[i];
        }
    }
    return NULL;
}

uint32_t svms_srtp_find_heard(const svms_srtp *srtp, uint32_t ssrc)
{
    uint32_t i = 0;
    while (i < srtp->heard_count && srtp->heard[i].ssrc != ssrc) {
        i++;
    }
    return i;
}

uint8_t *svms_srtp_scratch(svms_srtp *srtp, size_t size)
{
    if (size > srtp->scratch_size) {
        size_t rounded = (size + SCRATCH_STEP - 1) / SCRATCH_STEP * SCRATCH_STEP;
        uint8_t *grown = svms_alloc(srtp->ctx, rounded);
        if (!grown) {
            return NULL;
        }
        svms_release_secret(srtp->ctx, srtp->scratch, srtp->scratch_size);
        srtp->scratch = grown;
        srtp->scratch_size = rounded;
    }
    return srtp->scratch;
}

uint32_t svms_srtp_roc(const svms_srtp *srtp, uint32_t ssrc)
{
    if (!srtp) {
        return 0;
    }
    const svms_srtp_sent *sent = svms_srtp_find_sent(srtp, ssrc);
    if (sent) {
        return svms_srtp_roc_of(sent->track.index);
    }
    uint32_t place = svms_srtp_find_heard(srtp, ssrc);
    return place < srtp->heard_count ? svms_srtp_roc_of(srtp->heard[place].track.index) : 0;
}

svms_status svms_srtp_key_left(const svms_srtp *srtp, uint32_t ssrc, uint64_t *rtp, uint64_t *rtcp,
                               svms_error *err)
{
    if (!srtp) {
        return svms_fail(err, SVMS_E_USAGE, "the SRTP session is NULL");
    }
    const svms_srtp_sent *sent = svms_srtp_find_sent(srtp, ssrc);
    if (!sent) {
        return svms_fail(err, SVMS_E_STATE, "source %08x is not sent", (unsigned)ssrc);
    }
    if (rtp) {
        uint64_t next = sent->track.index + (sent->track.started ? 1 : 0);
        *rtp = sent->key_end - next;
    }
    if (rtcp) {
        *rtcp = SVMS_SRTP_RTCP_MAX - sent->rtcp_sent;
    }
    return SVMS_OK;
}

svms_status svms_srtp_count(const svms_srtp *srtp, svms_srtp_counts *counts, svms_error *err)
{
    if (!srtp) {
        return svms_fail(err, SVMS_E_USAGE, "the SRTP session is NULL");
    }
    svms_srtp_counts known = srtp->counts;
    known.sources = srtp->heard_count;
    return svms_result_write(counts, &known, sizeof known, "svms_srtp_counts", err);
}
