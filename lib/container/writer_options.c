/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <svms/version.h>

#include "chain_internal.h"
#include "description.h"
#include "failure.h"
#include "key_internal.h"
#include "options.h"
#include "signer_check.h"
#include "stanza.h"
#include "wrap.h"
#include "writer_internal.h"

#define DEFAULT_SEGMENT_NS UINT64_C(2000000000)
#define DEFAULT_DURABLE_NS UINT64_C(10000000000)
#define SHORTEST_SEGMENT_NS UINT64_C(100000000)
#define DEFAULT_SEGMENT_BYTES (UINT64_C(64) << 20)
#define SMALLEST_SEGMENT_BYTES (UINT64_C(64) << 10)
#define LARGEST_SEGMENT_BYTES (UINT64_C(1) << 30)

static svms_status accept_track(svms_header *header, const svms_track *given, uint32_t number,
                                svms_error *err)
{
    svms_track track = SVMS_TRACK_INIT;
    svms_status status = svms_options_read(&track, sizeof(track), given, "svms_track", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (track.kind < SVMS_TRACK_VIDEO || track.kind > SVMS_TRACK_METADATA ||
        track.protection < SVMS_PROTECT_STRONG || track.protection > SVMS_PROTECT_NONE) {
        return svms_fail(err, SVMS_E_USAGE, "track %u has an unknown kind or protection", number);
    }
    if (track.timebase_num == 0 || track.timebase_den == 0 || track.codec == 0) {
        return svms_fail(err, SVMS_E_USAGE, "track %u needs a codec and a time base", number);
    }
    if (track.config_size > SVMS_MAX_CONFIG_SIZE ||
        (track.config == NULL && track.config_size != 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "track %u has a codec configuration of %u bytes (at most %u)", number,
                         track.config_size, SVMS_MAX_CONFIG_SIZE);
    }
    header->tracks[number] = track;
    return SVMS_OK;
}

static svms_status accept_tracks(svms_header *header, const svms_writer_options *options,
                                 svms_error *err)
{
    const uint8_t *at = (const uint8_t *)options->tracks;
    if (options->tracks == NULL || options->track_count == 0 ||
        options->track_count > SVMS_MAX_TRACKS) {
        return svms_fail(err, SVMS_E_USAGE, "a container has 1 to %d tracks", SVMS_MAX_TRACKS);
    }
    uint32_t stride = options->tracks[0].struct_size;
    for (uint32_t i = 0; i < options->track_count; i++) {
        svms_status status = accept_track(
            header, (const svms_track *)(const void *)(at + (size_t)i * stride), i, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    header->track_count = options->track_count;
    return SVMS_OK;
}

static svms_status accept_signer(svms_writer *writer, const svms_writer_options *options,
                                 svms_error *err)
{
    if (options->signer_key == NULL && options->signer_chain == NULL) {
        return options->unsigned_media == 1
                   ? SVMS_OK
                   : svms_fail(err, SVMS_E_POLICY,
                               "no signer was given, and unsigned media were not asked for");
    }
    if (options->signer_key == NULL || options->signer_chain == NULL ||
        options->unsigned_media != 0) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a signer is a key and its certificate, and then media are not unsigned");
    }
    if (options->role != SVMS_ROLE_RECORDER && options->role != SVMS_ROLE_CAMERA) {
        return svms_fail(err, SVMS_E_USAGE,
                         "containers are signed by a recorder or a camera (C-ALG-4)");
    }
    svms_status status = svms_signer_check(options->signer_key, options->signer_chain,
                                           options->role, writer->header.created_utc_ns, err);
    if (status != SVMS_OK) {
        return status;
    }
    writer->header.signer.role = (uint8_t)options->role;
    writer->header.chain = svms_chain_wire(options->signer_chain, &writer->header.chain_size);
    memcpy(writer->header.signer.signer_digest, svms_chain_leaf_digest(options->signer_chain),
           SVMS_DIGEST_SIZE);
    return SVMS_OK;
}

svms_recipients svms_writer_recipients(const svms_writer_options *options)
{
    svms_recipients recipients = { 0 };
    recipients.keys = options->recipients;
    recipients.key_count = options->recipient_count;
    recipients.keks = options->keks;
    recipients.kek_count = options->kek_count;
    recipients.password = options->password;
    recipients.password_size = options->password_size;
    recipients.password_log2_n = options->password_log2_n == 0 ? 17 : options->password_log2_n;
    return recipients;
}

/* Room for the recipients, and for those that come later. */
static svms_status accept_slot_size(svms_header *header, const svms_writer_options *options,
                                    svms_error *err)
{
    svms_recipients recipients = svms_writer_recipients(options);
    uint32_t needed = svms_slot_size_for(&recipients);
    if (options->slot_size != 0 &&
        (options->slot_size % 512 != 0 || options->slot_size > SVMS_MAX_SLOT_SIZE ||
         options->slot_size < needed)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an access slot for these recipients has %u to %u bytes, in steps of 512",
                         needed, SVMS_MAX_SLOT_SIZE);
    }
    header->slot_size = options->slot_size != 0         ? options->slot_size
                        : needed > SVMS_USUAL_SLOT_SIZE ? needed
                                                        : SVMS_USUAL_SLOT_SIZE;
    return SVMS_OK;
}

static svms_status accept_recipients(svms_header *header, const svms_writer_options *options,
                                     svms_error *err)
{
    bool any =
        options->recipient_count != 0 || options->kek_count != 0 || options->password != NULL;
    if (options->recipient_count > SVMS_MAX_STANZAS - 1 ||
        options->kek_count > SVMS_MAX_STANZAS - 1 - options->recipient_count ||
        (options->recipient_count != 0 && options->recipients == NULL) ||
        (options->kek_count != 0 && options->keks == NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "a container has at most %u recipients",
                         SVMS_MAX_STANZAS - 1);
    }
    for (size_t i = 0; i < options->recipient_count; i++) {
        if (options->recipients[i] == NULL || !svms_stanza_can_wrap(options->recipients[i])) {
            return svms_fail(err, SVMS_E_UNSUPPORTED,
                             "recipient %zu is not an X25519, P-256 or RSA key", i);
        }
    }
    for (size_t i = 0; i < options->kek_count; i++) {
        if (options->keks[i] == NULL) {
            return svms_fail(err, SVMS_E_USAGE, "key-encryption key %zu is NULL", i);
        }
    }
    if (options->password != NULL &&
        (options->password_size == 0 || options->password_size > 1024)) {
        return svms_fail(err, SVMS_E_USAGE, "a password has 1 to 1024 bytes (C-ACC-8)");
    }
    if (options->password_log2_n != 0 &&
        (options->password_log2_n < 10 || options->password_log2_n > 18)) {
        return svms_fail(err, SVMS_E_USAGE, "the password cost is 10 to 18 (C-ACC-6)");
    }
    for (uint32_t i = 0; i < header->track_count; i++) {
        if (svms_track_is_sealed(&header->tracks[i]) && !any) {
            return svms_fail(err, SVMS_E_POLICY,
                             "track %u is to be encrypted, but nobody could decrypt it: no "
                             "recipient, no password",
                             i);
        }
    }
    header->has_keys = any;
    return any ? accept_slot_size(header, options, err) : SVMS_OK;
}

static svms_status accept_signing(svms_writer *writer, const svms_writer_options *options,
                                  svms_error *err)
{
    svms_header *header = &writer->header;
    uint32_t interval = options->signature_interval == 0 ? 1 : options->signature_interval;
    bool late = options->late_signatures == 1 || options->batch != NULL;
    if (interval > SVMS_MAX_SIGNATURE_INTERVAL || options->late_signatures > 1) {
        return svms_fail(err, SVMS_E_USAGE, "every 1st to %uth manifest is signed (C-LIM-1)",
                         SVMS_MAX_SIGNATURE_INTERVAL);
    }
    if (header->signer.role == SVMS_ROLE_NONE && (interval != 1 || late)) {
        return svms_fail(err, SVMS_E_USAGE, "unsigned media have no signatures that could wait");
    }
    header->signature_interval = interval;
    header->critical = (interval != 1 ? SVMS_CRITICAL_DEFERRED : 0) |
                       (late ? SVMS_CRITICAL_LATE : 0) |
                       (options->batch != NULL ? SVMS_CRITICAL_BATCH : 0);
    writer->late = late;
    writer->batch = options->batch;
    return SVMS_OK;
}

static svms_status accept_link(svms_header *header, const svms_writer_options *options,
                               svms_error *err)
{
    svms_head previous = SVMS_HEAD_INIT;
    if (options->previous == NULL) {
        return options->link_state == SVMS_LINK_NONE
                   ? SVMS_OK
                   : svms_fail(err, SVMS_E_USAGE, "a link needs the head of the container before");
    }
    if (options->link_state < SVMS_LINK_VERIFIED || options->link_state > SVMS_LINK_UNCHECKED) {
        return svms_fail(err, SVMS_E_USAGE, "the state of the link is unknown (C-HDR-17)");
    }
    svms_status status =
        svms_options_read(&previous, sizeof(previous), options->previous, "svms_head", err);
    if (status != SVMS_OK) {
        return status;
    }
    header->linked = true;
    memcpy(header->previous.container_id, previous.container_id, 16);
    header->previous.segment = previous.segment;
    memcpy(header->previous.manifest_hash, previous.manifest_hash, SVMS_DIGEST_SIZE);
    header->previous.state = (uint8_t)options->link_state;
    return SVMS_OK;
}

static svms_status accept_limits(svms_header *header, const svms_writer_options *options,
                                 svms_error *err)
{
    header->segment_ns = options->segment_ns == 0 ? DEFAULT_SEGMENT_NS : options->segment_ns;
    header->segment_bytes =
        options->segment_bytes == 0 ? DEFAULT_SEGMENT_BYTES : options->segment_bytes;
    if (header->segment_ns < SHORTEST_SEGMENT_NS || header->segment_ns > SVMS_LONGEST_SEGMENT_NS) {
        return svms_fail(err, SVMS_E_USAGE, "a segment lasts 0.1 to 10 seconds");
    }
    if (header->segment_bytes < SMALLEST_SEGMENT_BYTES ||
        header->segment_bytes > LARGEST_SEGMENT_BYTES) {
        return svms_fail(err, SVMS_E_USAGE, "a segment is bounded by 64 KiB to 1 GiB");
    }
    if (options->origin < SVMS_ORIGIN_LIVE || options->origin > SVMS_ORIGIN_IMPORT ||
        options->capture_clock < SVMS_CLOCK_UNKNOWN || options->capture_clock > SVMS_CLOCK_GIVEN ||
        options->durability < SVMS_DURABLE_SEGMENT || options->durability > SVMS_DURABLE_INTERVAL) {
        return svms_fail(err, SVMS_E_USAGE, "origin, clock or durability is unknown");
    }
    if (options->device_name != NULL && (strlen(options->device_name) > SVMS_MAX_NAME_SIZE ||
                                         !svms_is_text(options->device_name))) {
        return svms_fail(err, SVMS_E_USAGE, "a device name is UTF-8 text of at most %d bytes",
                         SVMS_MAX_NAME_SIZE);
    }
    return SVMS_OK;
}

static svms_status fill_identity(svms_writer *writer, const svms_writer_options *options,
                                 svms_error *err)
{
    static const uint8_t none[16] = { 0 };
    svms_header *header = &writer->header;
    svms_status status = SVMS_OK;
    if (memcmp(none, header->container_id, 16) == 0) {
        status = svms_random(writer->ctx, header->container_id, 16, err);
    }
    memcpy(header->recording_id, options->recording_id, 16);
    if (status == SVMS_OK && memcmp(none, options->recording_id, 16) == 0) {
        status = svms_random(writer->ctx, header->recording_id, 16, err);
    }
    memcpy(header->device_id, options->device_id, 16);
    header->recording_sequence = options->recording_sequence;
    header->start_utc_ns =
        options->start_utc_ns == SVMS_NO_TIME ? header->created_utc_ns : options->start_utc_ns;
    header->origin = (uint8_t)options->origin;
    header->capture_clock = (uint8_t)options->capture_clock;
    header->software = (const uint8_t *)"libsvms " SVMS_VERSION_TEXT;
    header->software_size = sizeof("libsvms " SVMS_VERSION_TEXT) - 1;
    writer->durability = options->durability;
    writer->durable_interval_ns =
        options->durable_interval_ns == 0 ? DEFAULT_DURABLE_NS : options->durable_interval_ns;
    return status;
}

svms_status svms_writer_accept(svms_writer *writer, const svms_writer_options *options,
                               svms_error *err)
{
    svms_header *header = &writer->header;
    header->created_utc_ns = svms_utc_now(writer->ctx);
    svms_status status = accept_tracks(header, options, err);
    if (status == SVMS_OK) {
        status = accept_signer(writer, options, err);
    }
    if (status == SVMS_OK) {
        status = accept_recipients(header, options, err);
    }
    if (status == SVMS_OK) {
        status = accept_signing(writer, options, err);
    }
    if (status == SVMS_OK) {
        status = accept_link(header, options, err);
    }
    if (status == SVMS_OK) {
        status = accept_limits(header, options, err);
    }
    if (status == SVMS_OK) {
        status = fill_identity(writer, options, err);
    }
    return status;
}
