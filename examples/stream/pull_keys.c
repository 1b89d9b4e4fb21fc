/* SPDX-License-Identifier: Apache-2.0 */
/* Media keys: the camera's offer in the description, or ours in SETUP, and fresh ones afterwards.
 * None of this happens without TLS: the client refuses to send a key then, and pull_talk.c to take
 * one. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "pull_internal.h"

#define MKI_SIZE 4
/* How long packets under the key before may still be on their way. */
#define OLD_KEY_NS (5 * STREAM_SECOND)
#define BODY_SIZE (SVMS_MIKEY_TEXT_SIZE + 16)

static bool fail(pull_track *track, const svms_error *err, const char *words)
{
    stream_pull_end end = err->status == SVMS_E_NO_MEMORY || err->status == SVMS_E_CRYPTO
                              ? STREAM_PULL_FAILED
                              : STREAM_PULL_POLICY;
    pull_end(track->pull, end, err->status, "%s: %.300s", words, err->message);
    return false;
}

static bool judge_suite(pull_track *track)
{
    svms_srtp_suite suite = (svms_srtp_suite)track->key.key.suite;
    if (suite == SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 && !track->pull->options.allow_sha1) {
        pull_end(track->pull, STREAM_PULL_POLICY, SVMS_E_POLICY,
                 "the camera offers SRTP with %s only, which is too weak",
                 svms_srtp_suite_name(suite));
        return false;
    }
    track->told.suite = suite;
    return true;
}

bool pull_key_take(pull_track *track, const svms_sdp_media *media)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_mikey_read(&track->key, media->key_mgmt, media->key_mgmt_size, NULL, &err) !=
        SVMS_OK) {
        return fail(track, &err, "the media key that the camera offers cannot be used");
    }
    return judge_suite(track);
}

/* For the camera's source, which we do not know yet: SSRC 0. */
static svms_status make_message(pull_track *track, svms_mikey *out, svms_mikey_form form,
                                uint32_t mki_size, svms_srtp_suite suite, svms_error *err)
{
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_status status = svms_srtp_key_random(&key, track->pull->ctx, suite, mki_size, err);
    if (status == SVMS_OK) {
        status = svms_mikey_make(out, track->pull->ctx, form, &key, err);
    }
    svms_srtp_key_wipe(&key);
    if (status == SVMS_OK) {
        out->source_count = 1;
        out->sources[0] = (svms_mikey_source){ 0, 0, 0 };
    }
    return status;
}

bool pull_key_make(pull_track *track)
{
    svms_error err = SVMS_ERROR_INIT;
    if (make_message(track, &track->key, SVMS_MIKEY_ONVIF, MKI_SIZE, track->pull->options.suite,
                     &err) != SVMS_OK) {
        return fail(track, &err, "no media key can be made");
    }
    track->key_is_ours = true;
    return judge_suite(track);
}

bool pull_key_offer(const pull_track *track, uint8_t *out, size_t *size)
{
    svms_error err = SVMS_ERROR_INIT;
    bool wanted = track->told.protection == STREAM_IN_SRTP && track->key_is_ours;
    if (!wanted) {
        *size = 0;
        return true;
    }
    if (svms_mikey_write(&track->key, out, size, &err) != SVMS_OK) {
        pull_fail(track->pull, STREAM_PULL_FAILED, &err);
        return false;
    }
    return true;
}

/* The camera may answer an offer with a key of its own (RFC 4567). */
static bool take_answer(pull_track *track, const svms_rtsp_client_event *answer)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_mikey before = track->key;
    if (!track->key_is_ours || !answer->mikey) {
        return true;
    }
    svms_mikey_wipe(&track->key);
    svms_status status =
        svms_mikey_read(&track->key, answer->mikey, answer->mikey_size, &before, &err);
    svms_mikey_wipe(&before);
    if (status != SVMS_OK) {
        return fail(track, &err, "the media key that the camera answers with cannot be used");
    }
    return judge_suite(track);
}

static uint32_t roc_of(const svms_mikey *message, uint32_t ssrc)
{
    for (uint32_t i = 0; i < message->source_count; i++) {
        if (message->sources[i].ssrc == ssrc) {
            return message->sources[i].roc;
        }
    }
    return 0;
}

/* Where the camera says its source, a roll-over counter may come with it; whatever source there is
 * is taken under the same key, because cameras change it when they restart an encoder. */
static svms_status receive_with(pull_track *track, const svms_mikey *message, svms_error *err)
{
    uint32_t ssrc = track->has_ssrc             ? track->ssrc
                    : message->source_count > 0 ? message->sources[0].ssrc
                                                : 0;
    svms_status status =
        svms_srtp_receive(track->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &message->key, err);
    uint32_t roc = ssrc != 0 ? roc_of(message, ssrc) : 0;
    if (status == SVMS_OK && roc != 0) {
        status = svms_srtp_receive(track->srtp, 0, ssrc, roc, &message->key, err);
    }
    return status;
}

bool pull_key_begin(pull_track *track, const svms_rtsp_client_event *answer)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    if (track->told.protection != STREAM_IN_SRTP) {
        return true;
    }
    if (!take_answer(track, answer)) {
        return false;
    }
    options.flags = track->pull->options.allow_sha1 ? SVMS_SRTP_ALLOW_SHA1 : 0;
    svms_status status = svms_srtp_new(&track->srtp, track->pull->ctx, &options, &err);
    if (status == SVMS_OK) {
        status = receive_with(track, &track->key, &err);
    }
    track->keyed_ns = track->pull->now;
    return status == SVMS_OK || fail(track, &err, "SRTP cannot begin");
}

static uint64_t packets_of(const pull_track *track)
{
    svms_srtp_counts counts = SVMS_SRTP_COUNTS_INIT;
    return svms_srtp_count(track->srtp, &counts, NULL) == SVMS_OK ? counts.received : 0;
}

static bool is_due(const pull_track *track)
{
    const stream_pull_options *options = &track->pull->options;
    bool by_time = options->rekey_ns > 0 && track->pull->now - track->keyed_ns >= options->rekey_ns;
    bool by_packets = options->rekey_packets > 0 &&
                      packets_of(track) - track->keyed_packets >= options->rekey_packets;
    return by_time || by_packets;
}

static svms_status ask(pull_track *track, svms_error *err)
{
    char body[BODY_SIZE] = "mikey: ";
    size_t head = strlen(body);
    size_t size = SVMS_MIKEY_TEXT_SIZE;
    svms_status status =
        svms_mikey_write_text(&track->fresh, track->pull->ctx, body + head, &size, err);
    if (status == SVMS_OK) {
        size += head;
        memcpy(body + size, "\r\n", 2);
        status =
            svms_rtsp_client_set_parameter(track->pull->client, track->control, NULL,
                                           (const uint8_t *)body, size + 2, &track->rekey, err);
    }
    OPENSSL_cleanse(body, sizeof body);
    return status;
}

/* The key is accepted before the camera can have it: its first packet may come before its
 * answer. */
static void renew(pull_track *track)
{
    svms_error err = SVMS_ERROR_INIT;
    uint32_t mki_size = track->key.key.mki_size;
    svms_mikey_wipe(&track->fresh);
    svms_status status = make_message(track, &track->fresh, track->key.form, mki_size,
                                      (svms_srtp_suite)track->key.key.suite, &err);
    if (status == SVMS_OK) {
        track->fresh.csb_id = track->key.csb_id;
        if (track->has_ssrc) {
            track->fresh.sources[0].ssrc = track->ssrc;
            track->fresh.sources[0].roc = svms_srtp_roc(track->srtp, track->ssrc);
        }
        status =
            svms_srtp_receive(track->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &track->fresh.key, &err);
    }
    if (status == SVMS_OK) {
        status = ask(track, &err);
    }
    if (status != SVMS_OK) {
        track->keeps_key = true;
        pull_note(track->pull, "no fresh media key can be given, the present one stays: %s",
                  err.message);
    }
}

void pull_key_tend(pull_track *track)
{
    if (!track->srtp) {
        return;
    }
    if (track->pull->now >= track->drop_old_ns) {
        track->drop_old_ns = STREAM_NEVER;
        if (svms_srtp_receive_drop_old(track->srtp, NULL) != SVMS_OK) {
            pull_end(track->pull, STREAM_PULL_FAILED, SVMS_E_INTERNAL, "an old key stays");
        }
    }
    bool idle = track->rekey == 0 && track->drop_old_ns == STREAM_NEVER;
    if (idle && !track->keeps_key && is_due(track)) {
        renew(track);
    }
}

uint64_t pull_key_wait(const pull_track *track)
{
    const stream_pull_options *options = &track->pull->options;
    if (!track->srtp) {
        return STREAM_NEVER;
    }
    if (track->drop_old_ns != STREAM_NEVER) {
        return track->drop_old_ns;
    }
    bool waits = options->rekey_ns > 0 && track->rekey == 0 && !track->keeps_key;
    return waits ? track->keyed_ns + options->rekey_ns : STREAM_NEVER;
}

/* Two keys at most are valid beside one another, so after a no the one in use stays for good. */
void pull_key_answered(pull_track *track, uint32_t status)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_pull *pull = track->pull;
    track->rekey = 0;
    if (status < 200 || status >= 300) {
        track->keeps_key = true;
        pull_note(pull, "the camera does not take a fresh media key (%u): the present one stays",
                  status);
        return;
    }
    track->keyed_ns = pull->now;
    track->keyed_packets = packets_of(track);
    track->drop_old_ns = pull->now + OLD_KEY_NS;
    svms_mikey_wipe(&track->key);
    track->key = track->fresh;
    svms_mikey_wipe(&track->fresh);
    pull->rekeys++;
    if (track->own_ssrc != 0 &&
        svms_srtp_send(track->srtp, track->own_ssrc, &track->key.key, &err) != SVMS_OK) {
        (void)fail(track, &err, "reports cannot be protected with the fresh key");
    }
}
