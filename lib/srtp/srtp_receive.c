/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that packets are received under (SR-KEY-6 to SR-KEY-9). */
#include <string.h>

#include "failure.h"
#include "srtp_internal.h"
#include "srtp_suite.h"

static svms_srtp_lane *find_lane(const svms_srtp *srtp, bool any, uint32_t ssrc)
{
    for (uint32_t i = 0; i < srtp->lane_count; i++) {
        svms_srtp_lane *lane = &srtp->lanes[i];
        if (lane->any == any && lane->ssrc == ssrc) {
            return lane;
        }
    }
    return NULL;
}

svms_srtp_lane *svms_srtp_lane_of(const svms_srtp *srtp, uint32_t ssrc)
{
    svms_srtp_lane *own = find_lane(srtp, false, ssrc);
    return own ? own : find_lane(srtp, true, 0);
}

void svms_srtp_free_opener(svms_ctx *ctx, svms_srtp_opener **opener)
{
    if (!*opener) {
        return;
    }
    svms_srtp_engine_free(&(*opener)->engine);
    svms_release(ctx, (*opener)->places);
    svms_release_secret(ctx, *opener, sizeof **opener);
    *opener = NULL;
}

/* A lane of one source gets its stream now, one of all sources a template for those to come. */
static svms_status make_opener(svms_srtp_opener **out, svms_srtp *srtp, bool any, uint32_t ssrc,
                               const svms_srtp_key *key, svms_error *err)
{
    svms_srtp_opener *opener = svms_alloc(srtp->ctx, sizeof *opener);
    if (!opener) {
        return svms_fail_memory(err);
    }
    opener->key = *key;
    opener->places = svms_alloc_array(srtp->ctx, srtp->options.max_sources, sizeof *opener->places);
    svms_status status =
        opener->places ? svms_srtp_engine_new(&opener->engine, err) : svms_fail_memory(err);
    if (status == SVMS_OK) {
        status =
            svms_srtp_engine_add(opener->engine, key, any, ssrc, srtp->options.replay_window, err);
    }
    if (status != SVMS_OK) {
        svms_srtp_free_opener(srtp->ctx, &opener);
        return status;
    }
    *out = opener;
    return SVMS_OK;
}

static void set_places(const svms_srtp *srtp, svms_srtp_opener *opener, bool first_key)
{
    for (uint32_t i = 0; i < srtp->options.max_sources; i++) {
        bool known = i < srtp->heard_count;
        opener->places[i].key_end =
            known ? svms_srtp_key_end(&srtp->heard[i].track, first_key) : SVMS_SRTP_INDICES;
    }
}

typedef struct wish {
    bool any;
    uint32_t ssrc;
    uint32_t roc;
    const svms_srtp_key *key;
    uint8_t mark[SVMS_SRTP_MARK_SIZE];
} wish;

/* A source that came under the key of all sources must not begin a window anew under the same key
 * as its own. */
static svms_status check_fresh(const svms_srtp *srtp, const wish *wanted, bool known,
                               svms_error *err)
{
    const svms_srtp_lane *any = find_lane(srtp, true, 0);
    if (!wanted->any && known && any && svms_srtp_is_marked(&any->marks, wanted->mark)) {
        return svms_fail(err, SVMS_E_STATE, "source %08x came under that key already",
                         (unsigned)wanted->ssrc);
    }
    return SVMS_OK;
}

static svms_status add_lane(svms_srtp *srtp, const wish *wanted, svms_error *err)
{
    uint32_t place = svms_srtp_find_heard(srtp, wanted->ssrc);
    bool known = !wanted->any && place < srtp->heard_count;
    if (!wanted->any && !known && srtp->heard_count >= srtp->options.max_sources) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %u sources to receive",
                         (unsigned)srtp->options.max_sources);
    }
    svms_status status = check_fresh(srtp, wanted, known, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_srtp_lane *lane = &srtp->lanes[srtp->lane_count];
    *lane = (svms_srtp_lane){ .any = wanted->any, .ssrc = wanted->ssrc, .count = 1 };
    status = svms_srtp_grow_marks(srtp->ctx, &lane->marks, err);
    if (status == SVMS_OK) {
        status = make_opener(&lane->openers[0], srtp, wanted->any, wanted->ssrc, wanted->key, err);
    }
    if (status != SVMS_OK) {
        svms_release(srtp->ctx, lane->marks.rows);
        return status;
    }
    svms_srtp_add_mark(&lane->marks, wanted->mark);
    if (!wanted->any && !known) {
        srtp->heard[srtp->heard_count] =
            (svms_srtp_heard){ .ssrc = wanted->ssrc, .track = svms_srtp_track_from(wanted->roc) };
        srtp->heard_count++;
    }
    set_places(srtp, lane->openers[0], !known);
    if (!wanted->any) {
        lane->openers[0]->places[place].has_stream = true;
    }
    srtp->lane_count++;
    return SVMS_OK;
}

static svms_status change_lane(svms_srtp *srtp, svms_srtp_lane *lane, const wish *wanted,
                               svms_error *err)
{
    const svms_srtp_key *now = &lane->openers[0]->key;
    if (svms_equal_secret(lane->marks.rows[lane->marks.count - 1], wanted->mark,
                          SVMS_SRTP_MARK_SIZE) &&
        now->mki_size == wanted->key->mki_size &&
        memcmp(now->mki, wanted->key->mki, now->mki_size) == 0) {
        return SVMS_OK;
    }
    if (svms_srtp_is_marked(&lane->marks, wanted->mark)) {
        return svms_fail(err, SVMS_E_STATE, "that key was held before");
    }
    svms_status status = svms_srtp_grow_marks(srtp->ctx, &lane->marks, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_srtp_opener *opener = NULL;
    status = make_opener(&opener, srtp, lane->any, lane->ssrc, wanted->key, err);
    if (status != SVMS_OK) {
        return status;
    }
    set_places(srtp, opener, false);
    if (!lane->any) {
        opener->places[svms_srtp_find_heard(srtp, lane->ssrc)].has_stream = true;
    }
    svms_srtp_free_opener(srtp->ctx, &lane->openers[1]);
    lane->openers[1] = lane->openers[0];
    lane->openers[0] = opener;
    lane->count = SVMS_SRTP_KEYS_KEPT;
    svms_srtp_add_mark(&lane->marks, wanted->mark);
    return SVMS_OK;
}

static svms_status accept_key(svms_srtp *srtp, wish *wanted, svms_error *err)
{
    if (!wanted->any && svms_srtp_find_sent(srtp, wanted->ssrc)) {
        return svms_fail(err, SVMS_E_STATE, "source %08x is sent by this side",
                         (unsigned)wanted->ssrc);
    }
    svms_status status = svms_srtp_mark_of(srtp->ctx, wanted->key, wanted->mark, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_srtp_lane *lane = find_lane(srtp, wanted->any, wanted->ssrc);
    return lane ? change_lane(srtp, lane, wanted, err) : add_lane(srtp, wanted, err);
}

svms_status svms_srtp_receive(svms_srtp *srtp, uint32_t flags, uint32_t ssrc, uint32_t roc,
                              const svms_srtp_key *key, svms_error *err)
{
    bool any = (flags & SVMS_SRTP_ANY_SOURCE) != 0;
    if (!srtp || (flags & ~SVMS_SRTP_ANY_SOURCE) != 0 || (any && (ssrc != 0 || roc != 0))) {
        return svms_fail(err, SVMS_E_USAGE, "the SRTP session is NULL, or a flag or source wrong");
    }
    svms_srtp_key known;
    svms_status status = svms_srtp_take_key(srtp, &known, key, err);
    if (status == SVMS_OK) {
        wish wanted = { .any = any, .ssrc = ssrc, .roc = roc, .key = &known };
        status = accept_key(srtp, &wanted, err);
    }
    svms_srtp_key_wipe(&known);
    return status;
}

svms_status svms_srtp_receive_drop_old(svms_srtp *srtp, svms_error *err)
{
    if (!srtp) {
        return svms_fail(err, SVMS_E_USAGE, "the SRTP session is NULL");
    }
    for (uint32_t i = 0; i < srtp->lane_count; i++) {
        svms_srtp_lane *lane = &srtp->lanes[i];
        svms_srtp_free_opener(srtp->ctx, &lane->openers[1]);
        lane->count = 1;
    }
    return SVMS_OK;
}
