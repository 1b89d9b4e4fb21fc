/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS-SRTP that hears hostile datagrams: an association of either side in its handshake, one that
 * stands, and a server's first messages. Nothing in it is random (fuzz_random.h), so that a finding
 * can be repeated.
 *
 * Byte 0 modulo 5 says who hears. Then datagrams: u8 number of edits; 0: {u16 size, bytes} as they
 * are; otherwise u8 which datagram of a genuine handshake, and edits of {u16 position, u8 value},
 * where position 0xFFFF cuts it to value bytes. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/dtls.h>

#include "fuzz_random.h"
#include "fuzz_tls_identity.h"

#define KEPT_MAX 64
#define DATAGRAMS_MAX 200
#define EDITS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum listener {
    SERVER_ALONE,
    CLIENT_ALONE,
    FIRST_MESSAGES,
    SERVER_STANDING,
    CLIENT_STANDING,
    LISTENERS
};

typedef struct datagram {
    size_t size;
    uint8_t bytes[20000];
} datagram;

typedef struct keys {
    svms_srtp_key send;
    svms_srtp_key receive;
} keys;

/* What never changes between inputs. */
typedef struct setting {
    svms_ctx *ctx;
    svms_chain *chains[2]; /* client, server */
    svms_private_key *keys[2];
    svms_dtls_fingerprint prints[2];
    svms_dtls_context *contexts[2];
    size_t kept_count; /* of a genuine handshake */
    datagram kept[KEPT_MAX];
} setting;

static setting fixed;

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static int64_t fixed_time(void *user)
{
    (void)user;
    return INT64_C(1798761600000000000); /* 2027-01-01 */
}

static svms_dtls *open_end(int side)
{
    svms_dtls *dtls = NULL;
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    target.fingerprints = &fixed.prints[1 - side];
    target.fingerprint_count = 1;
    demand(svms_dtls_open(&dtls, fixed.contexts[side], &target, NULL) == SVMS_OK);
    return dtls;
}

/* What one end has to say goes to the other, and is kept the first time. */
static bool carry(svms_dtls *from, svms_dtls *to, bool keep)
{
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    size_t size = 0;
    bool moved = false;
    while (svms_dtls_drain(from, bytes, sizeof bytes, &size, NULL) == SVMS_OK) {
        if (keep && fixed.kept_count < KEPT_MAX) {
            datagram *kept = &fixed.kept[fixed.kept_count++];
            memcpy(kept->bytes, bytes, size);
            kept->size = size;
        }
        demand(svms_dtls_feed(to, bytes, size, NULL) == SVMS_OK);
        moved = true;
    }
    return moved;
}

static void shake(svms_dtls *ends[2], bool keep)
{
    ends[0] = open_end(0);
    ends[1] = open_end(1);
    while (carry(ends[0], ends[1], keep) || carry(ends[1], ends[0], keep)) {
    }
    demand(svms_dtls_phase_of(ends[0]) == SVMS_DTLS_READY);
    demand(svms_dtls_phase_of(ends[1]) == SVMS_DTLS_READY);
}

static void prepare(void)
{
    static const char *const chains[] = { fuzz_client, fuzz_server };
    static const char *const private_keys[] = { fuzz_client_key, fuzz_server_key };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_dtls *ends[2];
    options.ossl_context = fuzz_random_library();
    options.utc_now = fixed_time;
    demand(svms_ctx_new(&fixed.ctx, &options, NULL) == SVMS_OK);
    for (int i = 0; i < 2; i++) {
        svms_dtls_options wanted = SVMS_DTLS_OPTIONS_INIT;
        demand(svms_chain_from_pem(&fixed.chains[i], fixed.ctx, chains[i], strlen(chains[i]),
                                   NULL) == SVMS_OK);
        demand(svms_private_key_from_pem(&fixed.keys[i], fixed.ctx, private_keys[i],
                                         strlen(private_keys[i]), NULL) == SVMS_OK);
        fixed.prints[i] = (svms_dtls_fingerprint)SVMS_DTLS_FINGERPRINT_INIT;
        demand(svms_dtls_fingerprint_of(&fixed.prints[i], fixed.ctx, fixed.chains[i],
                                        SVMS_DTLS_SHA_256, NULL) == SVMS_OK);
        wanted.side = i == 0 ? SVMS_TLS_CLIENT : SVMS_TLS_SERVER;
        wanted.chain = fixed.chains[i];
        wanted.key = fixed.keys[i];
        wanted.mtu = 600;
        wanted.first_wait_ms = 60000; /* the clock has no part in this */
        demand(svms_dtls_context_new(&fixed.contexts[i], fixed.ctx, &wanted, NULL) == SVMS_OK);
    }
    shake(ends, true);
    svms_dtls_free(&ends[0]);
    svms_dtls_free(&ends[1]);
}

static uint8_t take(const uint8_t **data, size_t *size)
{
    uint8_t byte = *size > 0 ? (*data)[0] : 0;
    *data += *size > 0;
    *size -= *size > 0;
    return byte;
}

static size_t take_u16(const uint8_t **data, size_t *size)
{
    size_t high = take(data, size);
    return high << 8 | take(data, size);
}

static void next_datagram(datagram *out, const uint8_t **data, size_t *size)
{
    size_t edits = take(data, size) % (EDITS_MAX + 1);
    if (edits == 0) {
        size_t wanted = take_u16(data, size) % sizeof out->bytes;
        out->size = wanted < *size ? wanted : *size;
        memcpy(out->bytes, *data, out->size);
        *data += out->size;
        *size -= out->size;
        return;
    }
    const datagram *source = &fixed.kept[take(data, size) % fixed.kept_count];
    memcpy(out->bytes, source->bytes, source->size);
    out->size = source->size;
    for (size_t i = 0; i < edits; i++) {
        size_t position = take_u16(data, size);
        uint8_t value = take(data, size);
        if (position == 0xFFFF) {
            out->size = value < out->size ? value : out->size;
        } else if (out->size > 0) {
            out->bytes[position % out->size] = value;
        }
    }
}

/* A peer's bytes can make an association fail; they are no fault of the provider, the caller or the
 * library, and the reason is words that a terminal can show. */
static void check_failure(svms_status status, const svms_error *err)
{
    bool possible = status == SVMS_E_UNTRUSTED || status == SVMS_E_POLICY ||
                    status == SVMS_E_MALFORMED || status == SVMS_E_TRUNCATED ||
                    status == SVMS_E_LIMIT;
    if (!possible) {
        fprintf(stderr, "status %s: %s\n", svms_status_name(status), err->message);
    }
    demand(possible);
    size_t length = strnlen(err->message, sizeof err->message);
    demand(length > 0 && length < sizeof err->message);
    for (size_t i = 0; i < length; i++) {
        demand((unsigned char)err->message[i] >= 0x20 && err->message[i] != 0x7F);
    }
}

static void drain_all(svms_dtls *dtls)
{
    uint8_t bytes[SVMS_DTLS_MTU_MAX];
    size_t size = 0;
    while (svms_dtls_drain(dtls, bytes, sizeof bytes, &size, NULL) == SVMS_OK) {
        demand(size > 0 && size <= 600);
    }
}

/* Nobody stands without the other end's part of the work. */
static void hear_alone(svms_dtls *dtls, const datagram *heard)
{
    svms_error err = SVMS_ERROR_INIT;
    keys got = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    svms_status status = svms_dtls_feed(dtls, heard->bytes, heard->size, &err);
    if (status != SVMS_OK) {
        check_failure(status, &err);
    }
    svms_dtls_phase phase = svms_dtls_phase_of(dtls);
    demand(phase == (status == SVMS_OK ? SVMS_DTLS_HANDSHAKE : SVMS_DTLS_FAILED));
    demand(svms_dtls_keys(dtls, &got.send, &got.receive, NULL) != SVMS_OK);
    drain_all(dtls);
}

/* Whoever has no keys changes nothing. */
static void hear_standing(svms_dtls *dtls, const datagram *heard, const keys *before)
{
    keys got = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    demand(svms_dtls_feed(dtls, heard->bytes, heard->size, NULL) == SVMS_OK);
    demand(svms_dtls_phase_of(dtls) == SVMS_DTLS_READY);
    demand(svms_dtls_keys(dtls, &got.send, &got.receive, NULL) == SVMS_OK);
    demand(memcmp(&got, before, sizeof got) == 0);
    drain_all(dtls);
}

static void hear_first(const datagram *heard)
{
    svms_dtls *dtls = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t answer[256];
    size_t size = 0;
    svms_dtls_target target = SVMS_DTLS_TARGET_INIT;
    target.fingerprints = &fixed.prints[0];
    target.fingerprint_count = 1;
    svms_status status =
        svms_dtls_accept(&dtls, fixed.contexts[1], &target, "somewhere", 9, heard->bytes,
                         heard->size, answer, sizeof answer, &size, &err);
    demand(!dtls);
    demand(status == SVMS_AGAIN || status == SVMS_E_MALFORMED);
    demand(size <= heard->size && (size > 0) == (status == SVMS_AGAIN));
}

static void hear(enum listener who, svms_dtls *dtls, const datagram *heard, const keys *before)
{
    switch (who) {
    case FIRST_MESSAGES:
        hear_first(heard);
        break;
    case SERVER_STANDING:
    case CLIENT_STANDING:
        hear_standing(dtls, heard, before);
        break;
    default:
        hear_alone(dtls, heard);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static datagram heard;
    svms_dtls *ends[2] = { NULL, NULL };
    keys before = { SVMS_SRTP_KEY_INIT, SVMS_SRTP_KEY_INIT };
    fuzz_random_restart();
    if (!fixed.ctx) {
        prepare();
        fuzz_random_restart();
    }
    enum listener who = (enum listener)(take(&data, &size) % LISTENERS);
    bool stands = who == SERVER_STANDING || who == CLIENT_STANDING;
    int side = who == SERVER_ALONE || who == SERVER_STANDING;
    if (stands) {
        shake(ends, false);
        demand(svms_dtls_keys(ends[side], &before.send, &before.receive, NULL) == SVMS_OK);
    } else if (who != FIRST_MESSAGES) {
        ends[side] = open_end(side);
    }
    for (int i = 0; i < DATAGRAMS_MAX && size > 0; i++) {
        next_datagram(&heard, &data, &size);
        hear(who, ends[side], &heard, &before);
    }
    svms_dtls_free(&ends[0]);
    svms_dtls_free(&ends[1]);
    return 0;
}
