/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of sources that are sent, and their packets (SR-KEY-3 to SR-KEY-5, SR-SND). */
#include <string.h>

#include "failure.h"
#include "srtp_internal.h"
#include "srtp_suite.h"

static svms_status add_source(svms_srtp *srtp, uint32_t ssrc, uint32_t roc,
                              const svms_srtp_key *key, const uint8_t *mark, svms_error *err)
{
    if (srtp->sent_count >= srtp->options.max_sources) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %u sources to send",
                         (unsigned)srtp->options.max_sources);
    }
    svms_srtp_sent *sent = &srtp->sent[srtp->sent_count];
    svms_status status = svms_srtp_grow_marks(srtp->ctx, &sent->marks, err);
    if (status == SVMS_OK) {
        status =
            svms_srtp_engine_add(srtp->sender, key, false, ssrc, srtp->options.replay_window, err);
    }
    if (status != SVMS_OK) {
        /* The row is not in use yet, and would be taken for one with marks by whoever is next. */
        svms_release(srtp->ctx, sent->marks.rows);
        sent->marks = (svms_srtp_marks){ 0 };
        return status;
    }
    (void)srtp_set_stream_roc(srtp->sender, ssrc, roc);
    sent->ssrc = ssrc;
    sent->key = *key;
    sent->track = svms_srtp_track_from(roc);
    sent->key_end = svms_srtp_key_end(&sent->track, true);
    svms_srtp_add_mark(&sent->marks, mark);
    srtp->sent_count++;
    return SVMS_OK;
}

static svms_status change_key(svms_srtp *srtp, svms_srtp_sent *sent, const svms_srtp_key *key,
                              const uint8_t *mark, svms_error *err)
{
    if (svms_srtp_is_marked(&sent->marks, mark)) {
        return svms_fail(err, SVMS_E_STATE, "source %08x has or had that key",
                         (unsigned)sent->ssrc);
    }
    svms_status status = svms_srtp_grow_marks(srtp->ctx, &sent->marks, err);
    if (status != SVMS_OK) {
        return status;
    }
    status =
        svms_srtp_engine_change(srtp->sender, key, sent->ssrc, srtp->options.replay_window, err);
    if (status != SVMS_OK) {
        sent->dead = true;
        return status;
    }
    if (!sent->track.started) {
        (void)srtp_set_stream_roc(srtp->sender, sent->ssrc, svms_srtp_roc_of(sent->track.index));
    }
    sent->key = *key;
    sent->key_end = svms_srtp_key_end(&sent->track, false);
    svms_srtp_add_mark(&sent->marks, mark);
    return SVMS_OK;
}

static svms_status set_key(svms_srtp *srtp, uint32_t ssrc, uint32_t roc, const svms_srtp_key *key,
                           svms_error *err)
{
    if (svms_srtp_find_heard(srtp, ssrc) < srtp->heard_count) {
        return svms_fail(err, SVMS_E_STATE, "the peer sends source %08x", (unsigned)ssrc);
    }
    svms_srtp_sent *sent = svms_srtp_find_sent(srtp, ssrc);
    if (sent && sent->dead) {
        return svms_fail(err, SVMS_E_STATE, "source %08x was lost when its key changed",
                         (unsigned)ssrc);
    }
    uint8_t mark[SVMS_SRTP_MARK_SIZE];
    svms_status status = svms_srtp_mark_of(srtp->ctx, key, mark, err);
    if (status != SVMS_OK) {
        return status;
    }
    return sent ? change_key(srtp, sent, key, mark, err)
                : add_source(srtp, ssrc, roc, key, mark, err);
}

svms_status svms_srtp_send_from(svms_srtp *srtp, uint32_t ssrc, uint32_t roc,
                                const svms_srtp_key *key, svms_error *err)
{
    if (!srtp) {
        return svms_fail(err, SVMS_E_USAGE, "the SRTP session is NULL");
    }
    svms_srtp_key known;
    svms_status status = svms_srtp_take_key(srtp, &known, key, err);
    if (status == SVMS_OK) {
        status = set_key(srtp, ssrc, roc, &known, err);
    }
    svms_srtp_key_wipe(&known);
    return status;
}

svms_status svms_srtp_send(svms_srtp *srtp, uint32_t ssrc, const svms_srtp_key *key,
                           svms_error *err)
{
    return svms_srtp_send_from(srtp, ssrc, 0, key, err);
}

static svms_status find_source(const svms_srtp *srtp, uint32_t ssrc, svms_srtp_sent **out,
                               svms_error *err)
{
    *out = svms_srtp_find_sent(srtp, ssrc);
    if (!*out || (*out)->dead) {
        return svms_fail(err, SVMS_E_STATE, "source %08x has no key to send with", (unsigned)ssrc);
    }
    return SVMS_OK;
}

static svms_status check_room(const svms_srtp_sent *sent, size_t size, size_t capacity, bool rtcp,
                              svms_error *err)
{
    size_t whole = size + svms_srtp_overhead(&sent->key, rtcp);
    if (whole > SVMS_SRTP_PACKET_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "protected, the packet has more than %u bytes",
                         SVMS_SRTP_PACKET_MAX);
    }
    if (whole > capacity) {
        return svms_fail(err, SVMS_E_USAGE, "the protected packet has %zu bytes, and room for %zu",
                         whole, capacity);
    }
    return SVMS_OK;
}

static svms_status fail_to_protect(const svms_srtp_sent *sent, srtp_err_status_t code,
                                   uint16_t sequence, svms_error *err)
{
    switch (code) {
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
        return svms_fail(err, SVMS_E_STATE, "source %08x has sent number %u or is far beyond it",
                         (unsigned)sent->ssrc, (unsigned)sequence);
    case srtp_err_status_key_expired:
        return svms_fail(err, SVMS_E_LIMIT, "source %08x has sent all packets that its key allows",
                         (unsigned)sent->ssrc);
    default:
        return svms_srtp_engine_fail(code, "cannot protect a packet", err);
    }
}

typedef srtp_err_status_t (*transform)(srtp_t engine, void *packet, int *size);

/* libsrtp reads words: a packet that does not lie on one goes through a copy. */
static svms_status run(svms_srtp *srtp, transform protect, uint8_t *packet, size_t *size,
                       size_t overhead, srtp_err_status_t *code, svms_error *err)
{
    int length = (int)*size;
    if ((uintptr_t)packet % sizeof(uint32_t) == 0) {
        *code = protect(srtp->sender, packet, &length);
    } else {
        uint8_t *copy = svms_srtp_scratch(srtp, *size + overhead);
        if (!copy) {
            return svms_fail_memory(err);
        }
        memcpy(copy, packet, *size);
        *code = protect(srtp->sender, copy, &length);
        if (*code == srtp_err_status_ok) {
            memcpy(packet, copy, (size_t)length);
        }
    }
    *size = (size_t)length;
    return SVMS_OK;
}

static void count_sent(svms_srtp *srtp, svms_srtp_sent *sent, uint8_t *packet, size_t *size)
{
    svms_srtp_insert_mki(&sent->key, packet, size);
    srtp->counts.sent++;
    srtp->counts.sent_bytes += *size;
}

svms_status svms_srtp_protect(svms_srtp *srtp, uint8_t *packet, size_t *size, size_t capacity,
                              svms_error *err)
{
    if (!srtp || !packet || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_srtp_header header;
    svms_srtp_sent *sent = NULL;
    svms_status status = svms_srtp_read_rtp(&header, packet, *size, err);
    if (status == SVMS_OK) {
        status = find_source(srtp, header.ssrc, &sent, err);
    }
    if (status == SVMS_OK) {
        status = check_room(sent, *size, capacity, false, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t index = svms_srtp_estimate(&sent->track, header.sequence);
    if (index >= sent->key_end) {
        return fail_to_protect(sent, srtp_err_status_key_expired, header.sequence, err);
    }
    srtp_err_status_t code = srtp_err_status_fail;
    size_t length = *size;
    status =
        run(srtp, srtp_protect, packet, &length, svms_srtp_overhead(&sent->key, false), &code, err);
    if (status != SVMS_OK) {
        return status;
    }
    /* Whatever was no repetition has used up its index, also where the cipher failed. */
    if (code != srtp_err_status_replay_fail && code != srtp_err_status_replay_old) {
        svms_srtp_advance(&sent->track, index);
    }
    if (code != srtp_err_status_ok) {
        return fail_to_protect(sent, code, header.sequence, err);
    }
    *size = length;
    count_sent(srtp, sent, packet, size);
    return SVMS_OK;
}

svms_status svms_srtp_protect_rtcp(svms_srtp *srtp, uint8_t *packet, size_t *size, size_t capacity,
                                   svms_error *err)
{
    if (!srtp || !packet || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_srtp_header header;
    svms_srtp_sent *sent = NULL;
    svms_status status = svms_srtp_read_rtcp(&header, packet, *size, err);
    if (status == SVMS_OK) {
        status = find_source(srtp, header.ssrc, &sent, err);
    }
    if (status == SVMS_OK) {
        status = check_room(sent, *size, capacity, true, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (sent->rtcp_sent >= SVMS_SRTP_RTCP_MAX) {
        return fail_to_protect(sent, srtp_err_status_key_expired, 0, err);
    }
    srtp_err_status_t code = srtp_err_status_fail;
    size_t length = *size;
    status = run(srtp, srtp_protect_rtcp, packet, &length, svms_srtp_overhead(&sent->key, true),
                 &code, err);
    if (status != SVMS_OK) {
        return status;
    }
    /* libsrtp counts before it encrypts, and the index of a failed one is gone. */
    sent->rtcp_sent++;
    if (code != srtp_err_status_ok) {
        return fail_to_protect(sent, code, 0, err);
    }
    *size = length;
    count_sent(srtp, sent, packet, size);
    return SVMS_OK;
}
