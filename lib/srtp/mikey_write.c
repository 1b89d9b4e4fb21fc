/* SPDX-License-Identifier: Apache-2.0 */
/* Writing MIKEY messages (MK-WR): header, time stamp, RAND, policy, key. */
#include <string.h>

#include "builder.h"
#include "failure.h"
#include "mikey_internal.h"
#include "options.h"

/* The longest: 82 bytes of header, 10 of time, 66 of RAND, 40 of policy, 73 of key. */
enum { WRITTEN_MAX = 512, PARAMETER_SIZE = 3, NUMBER_MAX = 255 };
enum { SHA_1_KEY = 20, CM_TAG = 10, GCM_TAG = 16 };

typedef struct written {
    uint8_t data[WRITTEN_MAX];
    size_t size;
} written;

static void put_u8(written *out, unsigned value)
{
    out->data[out->size++] = (uint8_t)value;
}

static void put_u16(written *out, size_t value)
{
    svms_store_u16(out->data + out->size, (uint16_t)value);
    out->size += 2;
}

static void put_u32(written *out, uint32_t value)
{
    svms_store_u32(out->data + out->size, value);
    out->size += 4;
}

static void put_bytes(written *out, const uint8_t *data, size_t size)
{
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

static unsigned payload_after_time(const svms_mikey *message)
{
    if (message->rand_size > 0) {
        return SVMS_MIKEY_RAND;
    }
    return message->has_policy ? SVMS_MIKEY_SP : SVMS_MIKEY_KEMAC;
}

static void put_header(written *out, const svms_mikey *message)
{
    bool has_time = message->time_kind != SVMS_MIKEY_TIME_NONE;
    put_u8(out, 1);
    put_u8(out, SVMS_MIKEY_PRE_SHARED);
    put_u8(out, has_time ? SVMS_MIKEY_T : payload_after_time(message));
    put_u8(out, 0);
    put_u32(out, message->csb_id);
    put_u8(out, message->source_count);
    put_u8(out, 0);
    for (uint32_t i = 0; i < message->source_count; i++) {
        put_u8(out, message->sources[i].policy);
        put_u32(out, message->sources[i].ssrc);
        put_u32(out, message->sources[i].roc);
    }
}

static void put_time(written *out, const svms_mikey *message)
{
    if (message->time_kind == SVMS_MIKEY_TIME_NONE) {
        return;
    }
    put_u8(out, payload_after_time(message));
    put_u8(out, (unsigned)message->time_kind - SVMS_MIKEY_TIME_NTP_UTC);
    if (message->time_kind == SVMS_MIKEY_TIME_COUNTER) {
        put_u32(out, (uint32_t)message->time);
        return;
    }
    svms_store_u64(out->data + out->size, message->time);
    out->size += 8;
}

static void put_rand(written *out, const svms_mikey *message)
{
    if (message->rand_size > 0) {
        put_u8(out, message->has_policy ? SVMS_MIKEY_SP : SVMS_MIKEY_KEMAC);
        put_u8(out, message->rand_size);
        put_bytes(out, message->rand, message->rand_size);
    }
}

typedef struct parameter {
    unsigned type;
    size_t value;
} parameter;

static void put_parameters(written *out, const parameter *list, size_t count)
{
    put_u16(out, count * PARAMETER_SIZE);
    for (size_t i = 0; i < count; i++) {
        put_u8(out, list[i].type);
        put_u8(out, 1);
        put_u8(out, (unsigned)list[i].value);
    }
}

/* What ONVIF Streaming lists for each suite. */
static void put_policy(written *out, const svms_mikey *message)
{
    svms_srtp_suite suite = (svms_srtp_suite)message->key.suite;
    size_t key = svms_srtp_key_size(suite);
    size_t salt = svms_srtp_salt_size(suite);
    const parameter of_cm[] = {
        { SVMS_MIKEY_ENCRYPTION, SVMS_MIKEY_AES_CM },
        { SVMS_MIKEY_ENCRYPTION_KEY, key },
        { SVMS_MIKEY_AUTHENTICATION, SVMS_MIKEY_HMAC_SHA_1 },
        { SVMS_MIKEY_AUTHENTICATION_KEY, SHA_1_KEY },
        { SVMS_MIKEY_SALT, salt },
        { SVMS_MIKEY_PRF, 0 },
        { SVMS_MIKEY_SRTP_ENCRYPTED, 1 },
        { SVMS_MIKEY_SRTCP_ENCRYPTED, 1 },
        { SVMS_MIKEY_SRTP_AUTHENTICATED, 1 },
        { SVMS_MIKEY_TAG, CM_TAG },
    };
    const parameter of_gcm[] = {
        { SVMS_MIKEY_ENCRYPTION, SVMS_MIKEY_AES_GCM },
        { SVMS_MIKEY_ENCRYPTION_KEY, key },
        { SVMS_MIKEY_AUTHENTICATION, 0 },
        { SVMS_MIKEY_SALT, salt },
        { SVMS_MIKEY_PRF, 0 },
        { SVMS_MIKEY_SRTP_ENCRYPTED, 1 },
        { SVMS_MIKEY_SRTCP_ENCRYPTED, 1 },
        { SVMS_MIKEY_SRTP_AUTHENTICATED, 1 },
        { SVMS_MIKEY_AEAD_TAG, GCM_TAG },
    };
    if (!message->has_policy) {
        return;
    }
    put_u8(out, SVMS_MIKEY_KEMAC);
    put_u8(out, message->source_count > 0 ? message->sources[0].policy : 0);
    put_u8(out, 0); /* SRTP */
    if (suite == SVMS_SRTP_AES_CM_128_HMAC_SHA1_80) {
        put_parameters(out, of_cm, sizeof of_cm / sizeof of_cm[0]);
    } else {
        put_parameters(out, of_gcm, sizeof of_gcm / sizeof of_gcm[0]);
    }
}

/* The length that goes before what follows it is patched once that is written. */
static void patch_u16(written *out, size_t place)
{
    svms_store_u16(out->data + place, (uint16_t)(out->size - place - 2));
}

static void put_key(written *out, const svms_mikey *message)
{
    const svms_srtp_key *key = &message->key;
    size_t key_size = svms_srtp_key_size((svms_srtp_suite)key->suite);
    size_t salt_size = svms_srtp_salt_size((svms_srtp_suite)key->suite);
    bool joined = message->form == SVMS_MIKEY_JOINED ||
                  key->suite == (uint32_t)SVMS_SRTP_AES_CM_128_HMAC_SHA1_80;
    unsigned type = joined ? SVMS_MIKEY_TEK : SVMS_MIKEY_TEK_SALT;
    unsigned validity = key->mki_size > 0 ? SVMS_MIKEY_VALID_SPI : SVMS_MIKEY_VALID_ALWAYS;
    put_u8(out, SVMS_MIKEY_LAST);
    put_u8(out, 0); /* not encrypted */
    size_t keys = out->size;
    put_u16(out, 0);
    put_u8(out, SVMS_MIKEY_LAST);
    put_u8(out, type << 4 | validity);
    put_u16(out, joined ? key_size + salt_size : key_size);
    put_bytes(out, key->key, key_size);
    if (!joined) {
        put_u16(out, salt_size);
    }
    put_bytes(out, key->salt, salt_size);
    if (key->mki_size > 0) {
        put_u8(out, key->mki_size);
        put_bytes(out, key->mki, key->mki_size);
    }
    patch_u16(out, keys);
    put_u8(out, 0); /* not authenticated */
}

static bool sources_can_be_written(const svms_mikey *message)
{
    if (message->source_count > SVMS_MIKEY_SOURCES_MAX) {
        return false;
    }
    /* One policy is written, and it holds for all. */
    for (uint32_t i = 0; i < message->source_count; i++) {
        if (message->sources[i].policy > NUMBER_MAX ||
            message->sources[i].policy != message->sources[0].policy) {
            return false;
        }
    }
    return true;
}

static bool can_be_written(const svms_mikey *message)
{
    bool rand_fits = message->rand_size == 0 || (message->rand_size >= SVMS_MIKEY_RAND_MIN &&
                                                 message->rand_size <= SVMS_MIKEY_RAND_MAX);
    bool time_fits = (unsigned)message->time_kind <= SVMS_MIKEY_TIME_COUNTER &&
                     (message->time_kind != SVMS_MIKEY_TIME_COUNTER || message->time <= UINT32_MAX);
    bool joined = message->form == SVMS_MIKEY_JOINED && message->key.mki_size == 0;
    bool apart = message->form == SVMS_MIKEY_ONVIF && message->key.mki_size > 0 &&
                 message->key.mki_size <= SVMS_SRTP_MKI_MAX;
    return rand_fits && time_fits && (joined || apart) && sources_can_be_written(message) &&
           svms_srtp_key_size((svms_srtp_suite)message->key.suite) > 0;
}

static svms_status hand_out(const written *from, uint8_t *data, size_t *size, svms_error *err)
{
    size_t capacity = *size;
    *size = from->size;
    if (capacity < from->size) {
        return svms_fail(err, SVMS_E_LIMIT, "the MIKEY message needs %zu bytes", from->size);
    }
    memcpy(data, from->data, from->size);
    return SVMS_OK;
}

svms_status svms_mikey_write(const svms_mikey *message, uint8_t *data, size_t *size,
                             svms_error *err)
{
    svms_mikey known = SVMS_MIKEY_INIT;
    written out = { { 0 }, 0 };
    if (!message || !data || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, message, "svms_mikey", err);
    if (status == SVMS_OK && !can_be_written(&known)) {
        status = svms_fail(err, SVMS_E_USAGE, "a MIKEY message that cannot be written");
    }
    if (status == SVMS_OK) {
        put_header(&out, &known);
        put_time(&out, &known);
        put_rand(&out, &known);
        put_policy(&out, &known);
        put_key(&out, &known);
        status = hand_out(&out, data, size, err);
    }
    svms_wipe(&out, sizeof out);
    svms_wipe(&known, sizeof known);
    return status;
}
