/* SPDX-License-Identifier: Apache-2.0 */
/* Packets that come: which keys may open them, and what is noted when one does (SR-RCV). */
#include <string.h>

#include "failure.h"
#include "srtp_internal.h"
#include "srtp_suite.h"

enum {
    /* SR-RCV-6: from here on the roll-over counter may be behind. */
    MISSES_MAX = 16,
    ROC_TRIES = 8
};

/* A packet under way. */
typedef struct incoming {
    bool rtcp;
    bool own; /* of a source that this side sends */
    svms_srtp_header header;
    uint8_t *data; /* aligned; what is worked on */
    size_t size;
    const uint8_t *pristine; /* a copy, where there may be another attempt */
    size_t whole;            /* bytes as it came */
    uint32_t place;          /* of its source in svms_srtp.heard */
    uint64_t index;          /* RTP: estimated */
    uint32_t rtcp_index;
} incoming;

static bool is_known(const svms_srtp *srtp, const incoming *in)
{
    return in->place < srtp->heard_count;
}

static svms_status fail_to_open(svms_srtp *srtp, const incoming *in, srtp_err_status_t code,
                                svms_error *err)
{
    unsigned ssrc = in->header.ssrc;
    switch (code) {
    case srtp_err_status_auth_fail:
        srtp->counts.forged++;
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "a packet of source %08x is not authentic",
                         ssrc);
    case srtp_err_status_replay_fail:
        srtp->counts.replayed++;
        return svms_fail(err, SVMS_E_POLICY, "a packet of source %08x was replayed", ssrc);
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
        srtp->counts.too_old++;
        return svms_fail(err, SVMS_E_POLICY, "a packet of source %08x is too old", ssrc);
    case srtp_err_status_cant_check:
        srtp->counts.unencrypted++;
        return svms_fail(err, SVMS_E_POLICY, "RTCP of source %08x is not encrypted", ssrc);
    case srtp_err_status_key_expired:
        srtp->counts.limited++;
        return svms_fail(err, SVMS_E_LIMIT, "source %08x is beyond what its key protects", ssrc);
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
        srtp->counts.malformed++;
        return svms_fail(err, SVMS_E_TRUNCATED, "a packet of source %08x has no room for its tag",
                         ssrc);
    default:
        return svms_srtp_engine_fail(code, "cannot open a packet", err);
    }
}

/* libsrtp begins a known source at 0 under a new key: it gets a stream and is told where the source
 * is (SR-KEY-9). */
static srtp_err_status_t prepare_stream(const svms_srtp *srtp, svms_srtp_opener *opener,
                                        const incoming *in)
{
    if (!is_known(srtp, in)) {
        return srtp_err_status_ok;
    }
    svms_srtp_place *place = &opener->places[in->place];
    if (!place->has_stream) {
        svms_status status =
            svms_srtp_engine_add(opener->engine, &opener->key, false, in->header.ssrc,
                                 srtp->options.replay_window, NULL);
        if (status != SVMS_OK) {
            return status == SVMS_E_NO_MEMORY ? srtp_err_status_alloc_fail : srtp_err_status_fail;
        }
        place->has_stream = true;
    }
    if (!in->rtcp && !place->rtp_came) {
        return srtp_set_stream_roc(opener->engine, in->header.ssrc, svms_srtp_roc_of(in->index));
    }
    return srtp_err_status_ok;
}

static srtp_err_status_t open_rtp(svms_srtp *srtp, svms_srtp_opener *opener, incoming *in)
{
    if (is_known(srtp, in) && in->index >= opener->places[in->place].key_end) {
        return srtp_err_status_key_expired;
    }
    srtp_err_status_t code = prepare_stream(srtp, opener, in);
    int length = (int)in->size;
    if (code == srtp_err_status_ok) {
        code = srtp_unprotect(opener->engine, in->data, &length);
    }
    if (code == srtp_err_status_ok) {
        in->size = (size_t)length;
        if (is_known(srtp, in) && !opener->places[in->place].rtp_came) {
            /* A counter that was told holds for the first packet only. */
            (void)srtp_set_stream_roc(opener->engine, in->header.ssrc, 0);
        }
    }
    return code;
}

static srtp_err_status_t open_rtcp(svms_srtp *srtp, svms_srtp_opener *opener, incoming *in)
{
    uint32_t trailer = svms_srtcp_index(&opener->key, in->data, in->size);
    if ((trailer & SVMS_SRTCP_ENCRYPTED) == 0) {
        return srtp_err_status_cant_check;
    }
    in->rtcp_index = trailer & ~SVMS_SRTCP_ENCRYPTED;
    srtp_err_status_t code = prepare_stream(srtp, opener, in);
    int length = (int)in->size;
    if (code == srtp_err_status_ok) {
        code = srtp_unprotect_rtcp(opener->engine, in->data, &length);
    }
    if (code == srtp_err_status_ok) {
        in->size = (size_t)length;
    }
    return code;
}

/* One attempt, on a fresh copy where there is one. */
static srtp_err_status_t attempt(svms_srtp *srtp, svms_srtp_opener *opener, incoming *in)
{
    if (in->pristine) {
        memcpy(in->data, in->pristine, in->whole);
    }
    in->size = in->whole;
    if (in->whole < in->header.size + svms_srtp_overhead(&opener->key, in->rtcp)) {
        return srtp_err_status_bad_param;
    }
    svms_srtp_remove_mki(&opener->key, in->data, &in->size);
    return in->rtcp ? open_rtcp(srtp, opener, in) : open_rtp(srtp, opener, in);
}

static bool may_be_ahead(const svms_srtp *srtp, const incoming *in)
{
    return !in->rtcp && is_known(srtp, in) && srtp->heard[in->place].misses >= MISSES_MAX;
}

/* SR-RCV-6: the same packet at a later value of the roll-over counter. */
static srtp_err_status_t attempt_ahead(svms_srtp *srtp, svms_srtp_opener *opener, incoming *in)
{
    uint32_t rounds = 1 + srtp->heard[in->place].misses % ROC_TRIES;
    uint64_t guess = in->index + ((uint64_t)rounds << 16);
    if (guess >= opener->places[in->place].key_end) {
        return srtp_err_status_auth_fail;
    }
    memcpy(in->data, in->pristine, in->whole);
    in->size = in->whole;
    svms_srtp_remove_mki(&opener->key, in->data, &in->size);
    (void)srtp_set_stream_roc(opener->engine, in->header.ssrc, svms_srtp_roc_of(guess));
    int length = (int)in->size;
    srtp_err_status_t code = srtp_unprotect(opener->engine, in->data, &length);
    (void)srtp_set_stream_roc(opener->engine, in->header.ssrc, 0);
    if (code == srtp_err_status_ok) {
        in->size = (size_t)length;
        in->index = guess;
        return code;
    }
    return srtp_err_status_auth_fail;
}

/* True where the packet is older than all that came under the opener's key. */
static bool is_before(const svms_srtp *srtp, const svms_srtp_opener *opener, const incoming *in)
{
    if (!is_known(srtp, in)) {
        return true;
    }
    const svms_srtp_place *place = &opener->places[in->place];
    return in->rtcp ? !place->rtcp_came || in->rtcp_index < place->rtcp_first
                    : !place->rtp_came || in->index < place->rtp_first;
}

static bool began(const svms_srtp *srtp, const svms_srtp_opener *opener, const incoming *in)
{
    if (!is_known(srtp, in)) {
        return true;
    }
    const svms_srtp_place *place = &opener->places[in->place];
    return in->rtcp ? place->rtcp_came : place->rtp_came;
}

/* Which of two keys opens it, where its end does not tell (SR-KEY-8). The one that has begun is
 * tried first. What the new key had before is never given to the old one. */
static srtp_err_status_t open_by_trial(svms_srtp *srtp, svms_srtp_opener *const openers[2],
                                       incoming *in, svms_srtp_opener **opened)
{
    bool new_first = began(srtp, openers[0], in);
    *opened = openers[new_first ? 0 : 1];
    srtp_err_status_t first = attempt(srtp, *opened, in);
    bool hopeless = first != srtp_err_status_auth_fail && first != srtp_err_status_key_expired;
    if (hopeless || (new_first && !is_before(srtp, openers[0], in))) {
        return first;
    }
    *opened = openers[new_first ? 1 : 0];
    srtp_err_status_t second = attempt(srtp, *opened, in);
    return second;
}

static srtp_err_status_t open_with(svms_srtp *srtp, svms_srtp_opener *const openers[2],
                                   uint32_t count, incoming *in, svms_srtp_opener **opened)
{
    *opened = openers[0];
    srtp_err_status_t code =
        count == 1 ? attempt(srtp, openers[0], in) : open_by_trial(srtp, openers, in, opened);
    if (code == srtp_err_status_auth_fail && may_be_ahead(srtp, in) &&
        openers[0]->places[in->place].has_stream) {
        *opened = openers[0];
        code = attempt_ahead(srtp, openers[0], in);
    }
    return code;
}

static void note_place(svms_srtp *srtp, svms_srtp_opener *opener, const incoming *in)
{
    svms_srtp_place *place = &opener->places[in->place];
    place->has_stream = true;
    if (in->rtcp) {
        if (!place->rtcp_came || in->rtcp_index < place->rtcp_first) {
            place->rtcp_first = in->rtcp_index;
        }
        place->rtcp_came = true;
        return;
    }
    if (!place->rtp_came || in->index < place->rtp_first) {
        place->rtp_first = in->index;
    }
    place->rtp_came = true;
    svms_srtp_advance(&srtp->heard[in->place].track, in->index);
}

static void note_opened(svms_srtp *srtp, svms_srtp_opener *opener, const incoming *in)
{
    if (in->place == srtp->heard_count) {
        srtp->heard[in->place] =
            (svms_srtp_heard){ .ssrc = in->header.ssrc, .track = svms_srtp_track_from(0) };
        srtp->heard_count++;
    }
    srtp->heard[in->place].misses = 0;
    note_place(srtp, opener, in);
    srtp->counts.received++;
    srtp->counts.received_bytes += in->whole;
}

/* The keys that its end allows; 0: none. */
static uint32_t candidates(const svms_srtp_lane *lane, const uint8_t *packet, size_t size,
                           svms_srtp_opener *out[2])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < lane->count; i++) {
        if (svms_srtp_has_mki(&lane->openers[i]->key, packet, size)) {
            out[count++] = lane->openers[i];
        }
    }
    return count;
}

static svms_status check_source(svms_srtp *srtp, incoming *in, const svms_srtp_lane *lane,
                                svms_error *err)
{
    if (!lane) {
        srtp->counts.no_key++;
        return svms_fail(err, SVMS_E_WRONG_KEY, "no key for source %08x",
                         (unsigned)in->header.ssrc);
    }
    in->own = svms_srtp_find_sent(srtp, in->header.ssrc) != NULL;
    in->place = svms_srtp_find_heard(srtp, in->header.ssrc);
    if (!in->own && in->place >= srtp->options.max_sources) {
        srtp->counts.limited++;
        return svms_fail(err, SVMS_E_LIMIT, "source %08x is one more than allowed",
                         (unsigned)in->header.ssrc);
    }
    svms_srtp_track unheard = svms_srtp_track_from(0);
    const svms_srtp_track *track = is_known(srtp, in) ? &srtp->heard[in->place].track : &unheard;
    in->index = in->rtcp ? 0 : svms_srtp_estimate(track, in->header.sequence);
    return SVMS_OK;
}

/* Packets lie on a word for libsrtp, and are kept where one attempt may not do: then the copy is
 * the pristine one, otherwise it is worked on. */
static svms_status place_packet(svms_srtp *srtp, incoming *in, uint8_t *packet, bool retry,
                                svms_error *err)
{
    bool aligned = (uintptr_t)packet % sizeof(uint32_t) == 0;
    in->data = packet;
    if (aligned && !retry) {
        return SVMS_OK;
    }
    size_t rounded = (in->whole + 7) / 8 * 8;
    uint8_t *copies = svms_srtp_scratch(srtp, aligned || !retry ? rounded : 2 * rounded);
    if (!copies) {
        return svms_fail_memory(err);
    }
    memcpy(copies, packet, in->whole);
    if (retry) {
        in->pristine = copies;
    }
    if (!aligned) {
        in->data = retry ? copies + rounded : copies;
    }
    return SVMS_OK;
}

/* SR-RCV-4: what opens under a key of the peer's, but bears a source of ours. */
static svms_status refuse_own(svms_srtp *srtp, const incoming *in, svms_error *err)
{
    srtp->counts.collisions++;
    return svms_fail(err, SVMS_E_STATE, "source %08x is sent by this side",
                     (unsigned)in->header.ssrc);
}

static svms_status finish(svms_srtp *srtp, incoming *in, svms_srtp_opener *opened,
                          srtp_err_status_t code, svms_error *err)
{
    if (code == srtp_err_status_ok) {
        if (in->own) {
            return refuse_own(srtp, in, err);
        }
        note_opened(srtp, opened, in);
        return SVMS_OK;
    }
    if (code == srtp_err_status_auth_fail && is_known(srtp, in) && !in->rtcp &&
        srtp->heard[in->place].misses < UINT32_MAX) {
        srtp->heard[in->place].misses++;
    }
    return fail_to_open(srtp, in, code, err);
}

static svms_status open_packet(svms_srtp *srtp, incoming *in, uint8_t *packet, size_t *size,
                               svms_error *err)
{
    const svms_srtp_lane *lane = svms_srtp_lane_of(srtp, in->header.ssrc);
    svms_status status = check_source(srtp, in, lane, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_srtp_opener *openers[SVMS_SRTP_KEYS_KEPT] = { NULL, NULL };
    uint32_t count = candidates(lane, packet, in->whole, openers);
    if (count == 0) {
        srtp->counts.unknown_mki++;
        return svms_fail(err, SVMS_E_WRONG_KEY, "no key for the MKI of source %08x",
                         (unsigned)in->header.ssrc);
    }
    status = place_packet(srtp, in, packet, count > 1 || may_be_ahead(srtp, in), err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_srtp_opener *opened = NULL;
    srtp_err_status_t code = open_with(srtp, openers, count, in, &opened);
    status = finish(srtp, in, opened, code, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (in->data != packet) {
        memcpy(packet, in->data, in->size);
    }
    *size = in->size;
    return SVMS_OK;
}

svms_status svms_srtp_unprotect(svms_srtp *srtp, uint8_t *packet, size_t *size, svms_error *err)
{
    if (!srtp || !packet || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    incoming in = { .whole = *size };
    svms_status status = svms_srtp_read_rtp(&in.header, packet, *size, err);
    if (status != SVMS_OK) {
        srtp->counts.malformed++;
        return status;
    }
    return open_packet(srtp, &in, packet, size, err);
}

svms_status svms_srtp_unprotect_rtcp(svms_srtp *srtp, uint8_t *packet, size_t *size,
                                     svms_error *err)
{
    if (!srtp || !packet || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    incoming in = { .rtcp = true, .whole = *size };
    svms_status status = svms_srtp_read_rtcp(&in.header, packet, *size, err);
    if (status != SVMS_OK) {
        srtp->counts.malformed++;
        return status;
    }
    return open_packet(srtp, &in, packet, size, err);
}
