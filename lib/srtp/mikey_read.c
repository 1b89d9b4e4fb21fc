/* SPDX-License-Identifier: Apache-2.0 */
/* Reading MIKEY messages (MK-RD). */
#include <string.h>

#include "context_internal.h"
#include "failure.h"
#include "mikey_internal.h"
#include "options.h"

enum { VERSION = 1, MAP_SRTP = 0, TIME_NTP_UTC = 0, TIME_NTP = 1, TIME_COUNTER = 2 };
enum { PAYLOADS_MAX = 32 };

/* What was read so far. */
typedef struct reading {
    svms_mikey *message;
    bool has_time;
    bool has_rand;
    bool has_key;
    bool has_policy;
    bool is_error;
    unsigned error_number;
    svms_mikey_policy policy;
    svms_mikey_key_data key;
} reading;

svms_status svms_mikey_whole(const svms_cursor *cursor, const char *what, svms_error *err)
{
    return cursor->failed ? svms_fail_at(err, SVMS_E_TRUNCATED, svms_cursor_offset(cursor),
                                         "MIKEY: ends within %s", what)
                          : SVMS_OK;
}

static svms_status read_sources(reading *in, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    uint32_t count = svms_read_u8(cursor);
    unsigned map = svms_read_u8(cursor);
    svms_status status = svms_mikey_whole(cursor, "the header", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (map != MAP_SRTP) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset,
                            "MIKEY: a map of sources of kind %u is not supported", map);
    }
    if (count > SVMS_MIKEY_SOURCES_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "MIKEY: more than %u sources",
                            SVMS_MIKEY_SOURCES_MAX);
    }
    for (uint32_t i = 0; i < count; i++) {
        svms_mikey_source *source = &in->message->sources[i];
        source->policy = svms_read_u8(cursor);
        source->ssrc = svms_read_u32(cursor);
        source->roc = svms_read_u32(cursor);
    }
    in->message->source_count = count;
    return svms_mikey_whole(cursor, "the sources", err);
}

static svms_status read_header(reading *in, svms_cursor *cursor, unsigned *next, svms_error *err)
{
    unsigned version = svms_read_u8(cursor);
    unsigned kind = svms_read_u8(cursor);
    *next = svms_read_u8(cursor);
    (void)svms_read_u8(cursor); /* V and the PRF: MK-RD-2 */
    in->message->csb_id = svms_read_u32(cursor);
    svms_status status = svms_mikey_whole(cursor, "the header", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (version != VERSION) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, 0, "MIKEY: version %u is not supported",
                            version);
    }
    in->is_error = kind == SVMS_MIKEY_ERROR_MESSAGE;
    if (kind != SVMS_MIKEY_PRE_SHARED && !in->is_error) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, 1,
                            "MIKEY: a message of kind %u is not supported, only pre-shared keys",
                            kind);
    }
    return read_sources(in, cursor, err);
}

static svms_status read_time(reading *in, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    unsigned kind = svms_read_u8(cursor);
    switch (kind) {
    case TIME_NTP_UTC:
        in->message->time_kind = SVMS_MIKEY_TIME_NTP_UTC;
        in->message->time = svms_read_u64(cursor);
        break;
    case TIME_NTP:
        in->message->time_kind = SVMS_MIKEY_TIME_NTP;
        in->message->time = svms_read_u64(cursor);
        break;
    case TIME_COUNTER:
        in->message->time_kind = SVMS_MIKEY_TIME_COUNTER;
        in->message->time = svms_read_u32(cursor);
        break;
    default:
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset,
                            "MIKEY: a time stamp of kind %u is not supported", kind);
    }
    return svms_mikey_whole(cursor, "the time stamp", err);
}

static svms_status read_rand(reading *in, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    uint32_t size = svms_read_u8(cursor);
    const uint8_t *data = svms_read_bytes(cursor, size);
    svms_status status = svms_mikey_whole(cursor, "RAND", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (size < SVMS_MIKEY_RAND_MIN) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "MIKEY: RAND of less than %d bytes",
                            SVMS_MIKEY_RAND_MIN);
    }
    if (size > SVMS_MIKEY_RAND_MAX) {
        return svms_fail_at(err, SVMS_E_LIMIT, offset, "MIKEY: RAND of more than %u bytes",
                            SVMS_MIKEY_RAND_MAX);
    }
    memcpy(in->message->rand, data, size);
    in->message->rand_size = size;
    return SVMS_OK;
}

/* Identities and extensions, which say nothing about media keys. */
static svms_status pass_over(svms_cursor *cursor, svms_error *err)
{
    (void)svms_read_u8(cursor);
    (void)svms_skip(cursor, svms_read_u16(cursor));
    return svms_mikey_whole(cursor, "an identity or extension", err);
}

static svms_status read_error(reading *in, svms_cursor *cursor, svms_error *err)
{
    in->is_error = true;
    in->error_number = svms_read_u8(cursor);
    (void)svms_skip(cursor, 2);
    return svms_mikey_whole(cursor, "an error", err);
}

static svms_status take_once(bool *taken, uint64_t offset, unsigned type, svms_error *err)
{
    if (*taken) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "MIKEY: payload %u stands twice", type);
    }
    *taken = true;
    return SVMS_OK;
}

static svms_status read_body(reading *in, svms_cursor *cursor, unsigned type, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    svms_status status = SVMS_OK;
    switch (type) {
    case SVMS_MIKEY_T:
        status = take_once(&in->has_time, offset, type, err);
        return status == SVMS_OK ? read_time(in, cursor, err) : status;
    case SVMS_MIKEY_RAND:
        status = take_once(&in->has_rand, offset, type, err);
        return status == SVMS_OK ? read_rand(in, cursor, err) : status;
    case SVMS_MIKEY_SP:
        if (in->has_policy) {
            return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset,
                                "MIKEY: more than one security policy is not supported");
        }
        in->has_policy = true;
        return svms_mikey_read_policy(&in->policy, cursor, err);
    case SVMS_MIKEY_KEMAC:
        status = take_once(&in->has_key, offset, type, err);
        return status == SVMS_OK ? svms_mikey_read_kemac(&in->key, cursor, err) : status;
    case SVMS_MIKEY_ID:
    case SVMS_MIKEY_EXTENSION:
        return pass_over(cursor, err);
    case SVMS_MIKEY_ERR:
        return read_error(in, cursor, err);
    default:
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset,
                            "MIKEY: a payload of type %u is not supported", type);
    }
}

static svms_status read_payloads(reading *in, svms_cursor *cursor, unsigned next, svms_error *err)
{
    for (unsigned count = 0; next != SVMS_MIKEY_LAST; count++) {
        if (count == PAYLOADS_MAX) {
            return svms_fail_at(err, SVMS_E_LIMIT, svms_cursor_offset(cursor),
                                "MIKEY: more than %d payloads", PAYLOADS_MAX);
        }
        unsigned type = next;
        next = svms_read_u8(cursor);
        svms_status status = svms_mikey_whole(cursor, "a payload", err);
        if (status == SVMS_OK) {
            status = read_body(in, cursor, type, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (!svms_cursor_at_end(cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, svms_cursor_offset(cursor),
                            "MIKEY: bytes behind the last payload");
    }
    return SVMS_OK;
}

/* Which suite holds (MK-RD-6, MK-RD-7). before: that of the message before, or 0. */
static svms_status settle_suite(const reading *in, uint32_t before, svms_error *err)
{
    svms_mikey *message = in->message;
    message->has_policy = in->has_policy ? 1 : 0;
    message->key.suite = in->has_policy ? in->policy.suite : before;
    if (message->key.suite == 0) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "MIKEY: no security policy, and none of a message before");
    }
    if (before != 0 && message->key.suite != before) {
        return svms_fail(err, SVMS_E_POLICY, "MIKEY: a re-key that changes the suite is refused");
    }
    for (uint32_t i = 0; in->has_policy && i < message->source_count; i++) {
        if (message->sources[i].policy != in->policy.number) {
            return svms_fail(err, SVMS_E_MALFORMED,
                             "MIKEY: a source names security policy %u, which is not there",
                             (unsigned)message->sources[i].policy);
        }
    }
    return SVMS_OK;
}

static svms_status settle_key(const reading *in, svms_error *err)
{
    svms_srtp_key *key = &in->message->key;
    const svms_mikey_key_data *data = &in->key;
    size_t key_size = svms_srtp_key_size((svms_srtp_suite)key->suite);
    size_t salt_size = svms_srtp_salt_size((svms_srtp_suite)key->suite);
    bool fits = data->salt ? data->tek_size == key_size && data->salt_size == salt_size
                           : data->tek_size == key_size + salt_size;
    if (!fits) {
        return svms_fail_at(err, SVMS_E_MALFORMED, data->offset,
                            "MIKEY: key and salt are not as long as the suite wants them");
    }
    memcpy(key->key, data->tek, key_size);
    memcpy(key->salt, data->salt ? data->salt : data->tek + key_size, salt_size);
    key->mki_size = (uint32_t)data->mki_size;
    if (data->mki) {
        memcpy(key->mki, data->mki, data->mki_size);
    }
    in->message->form = data->mki || data->salt ? SVMS_MIKEY_ONVIF : SVMS_MIKEY_JOINED;
    return SVMS_OK;
}

static svms_status read_message(svms_mikey *message, svms_cursor *cursor, uint32_t before,
                                svms_error *err)
{
    reading in = { .message = message };
    unsigned next = 0;
    svms_status status = read_header(&in, cursor, &next, err);
    if (status == SVMS_OK) {
        status = read_payloads(&in, cursor, next, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (in.is_error) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "MIKEY: the other end reports error %u",
                         in.error_number);
    }
    if (!in.has_key) {
        return svms_fail(err, SVMS_E_MALFORMED, "MIKEY: a message without key");
    }
    status = settle_suite(&in, before, err);
    return status == SVMS_OK ? settle_key(&in, err) : status;
}

static svms_status suite_before(uint32_t *out, const svms_mikey *before, svms_error *err)
{
    svms_mikey known = SVMS_MIKEY_INIT;
    svms_status status = svms_options_read(&known, sizeof known, before, "svms_mikey", err);
    *out = known.key.suite;
    svms_wipe(&known, sizeof known);
    if (status == SVMS_OK && before && svms_srtp_key_size((svms_srtp_suite)*out) == 0) {
        status = svms_fail(err, SVMS_E_USAGE, "the MIKEY message before has no suite");
    }
    return status;
}

svms_status svms_mikey_read(svms_mikey *out, const uint8_t *data, size_t size,
                            const svms_mikey *before, svms_error *err)
{
    uint32_t suite = 0;
    if (!out || !data) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = suite_before(&suite, before, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (size > SVMS_MIKEY_SIZE_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a MIKEY message of more than %u bytes",
                         SVMS_MIKEY_SIZE_MAX);
    }
    svms_mikey message = SVMS_MIKEY_INIT;
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    status = read_message(&message, &cursor, suite, err);
    if (status == SVMS_OK) {
        status = svms_result_write(out, &message, sizeof message, "svms_mikey", err);
    }
    svms_wipe(&message, sizeof message);
    return status;
}
