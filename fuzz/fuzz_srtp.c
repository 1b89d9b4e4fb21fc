/* SPDX-License-Identifier: Apache-2.0 */
/* Packets from somebody without keys: bytes of his own, or one of the peer's that he changed. Only
 * what the peer sent is ever accepted, and only once. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <svms/srtp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SOURCE = 0x01020304, ROOM = 4096, KINDS = 12, RENEWED = 4096, PLAIN_MAX = 1500 };

/* Bits of the first byte above the kind. */
enum { IS_RTCP = 0x10, IS_RAW = 0x20, CHANGES_KEY = 0x40 };

typedef struct link {
    svms_srtp *peer;
    svms_srtp *us;
    uint16_t number;
    uint8_t key;
    uint32_t used;
} link;

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static svms_srtp_key key_of(size_t kind, uint8_t number)
{
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    key.suite = (uint32_t)(1 + kind % 3);
    memset(key.key, number, svms_srtp_key_size((svms_srtp_suite)key.suite));
    memset(key.salt, 0x33, svms_srtp_salt_size((svms_srtp_suite)key.suite));
    key.mki_size = kind / 3 * 2;
    memset(key.mki, number, key.mki_size);
    return key;
}

static void set_key(link *l, size_t kind)
{
    svms_srtp_key key = key_of(kind, ++l->key);
    require(svms_srtp_send(l->peer, SOURCE, &key, NULL) == SVMS_OK);
    require(svms_srtp_receive(l->us, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL) == SVMS_OK);
}

/* Sessions live over many inputs: making them takes a hundred times longer than a packet. */
static link *link_of(svms_ctx *ctx, size_t kind)
{
    static link links[KINDS];
    link *l = &links[kind];
    if (l->us && ++l->used % RENEWED != 0 && l->key < 200) {
        return l;
    }
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    options.flags = SVMS_SRTP_ALLOW_SHA1;
    svms_srtp_free(&l->peer);
    svms_srtp_free(&l->us);
    *l = (link){ NULL, NULL, 0, 0, 0 };
    require(svms_srtp_new(&l->peer, ctx, &options, NULL) == SVMS_OK);
    require(svms_srtp_new(&l->us, ctx, &options, NULL) == SVMS_OK);
    set_key(l, kind);
    return l;
}

/* A packet of the peer's: the first byte of data says how long. */
static size_t protect(link *l, bool rtcp, size_t payload, uint8_t *out)
{
    uint8_t header[12] = {
        0x80, 0x60, (uint8_t)(l->number >> 8), (uint8_t)l->number, 0, 0, 0, 0, 1, 2, 3, 4
    };
    uint8_t report[8] = { 0x80, 200, 0, 6, 1, 2, 3, 4 };
    size_t size = (rtcp ? sizeof report : sizeof header) + payload % PLAIN_MAX;
    memset(out, 0x77, size);
    memcpy(out, rtcp ? report : header, rtcp ? sizeof report : sizeof header);
    l->number = (uint16_t)(l->number + (rtcp ? 0 : 1));
    svms_status status = rtcp ? svms_srtp_protect_rtcp(l->peer, out, &size, ROOM, NULL)
                              : svms_srtp_protect(l->peer, out, &size, ROOM, NULL);
    require(status == SVMS_OK);
    return size;
}

/* Three bytes each: where, and what is put there by XOR; place 0xFFFF cuts. */
static size_t change(uint8_t *packet, size_t size, const uint8_t *data, size_t left)
{
    for (; left >= 3 && size > 0; data += 3, left -= 3) {
        size_t place = (size_t)data[0] << 8 | data[1];
        if (place == 0xFFFF) {
            size -= size > data[2] ? data[2] : size;
        } else {
            packet[place % size] ^= data[2];
        }
    }
    return size;
}

static svms_status give(link *l, bool rtcp, const uint8_t *packet, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    require(copy != NULL);
    memcpy(copy, packet, size);
    size_t length = size;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = rtcp ? svms_srtp_unprotect_rtcp(l->us, copy, &length, &err)
                              : svms_srtp_unprotect(l->us, copy, &length, &err);
    require(status == SVMS_OK ? length < size : length == size && err.status == status);
    require(status != SVMS_E_CRYPTO && status != SVMS_E_NO_MEMORY && status != SVMS_E_INTERNAL);
    free(copy);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svms_ctx *ctx;
    static uint8_t genuine[ROOM];
    static uint8_t packet[ROOM];
    if (!ctx) {
        require(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    }
    if (size < 2 || size > ROOM) {
        return 0;
    }
    size_t kind = (data[0] & 0x0F) % KINDS;
    bool rtcp = (data[0] & IS_RTCP) != 0;
    link *l = link_of(ctx, kind);
    if ((data[0] & IS_RAW) != 0) {
        require(give(l, rtcp, data + 1, size - 1) != SVMS_OK);
        return 0;
    }
    size_t whole = protect(l, rtcp, data[1], genuine);
    if ((data[0] & CHANGES_KEY) != 0) {
        set_key(l, kind);
    }
    memcpy(packet, genuine, whole);
    size_t changed = change(packet, whole, data + 2, size - 2);
    bool same = changed == whole && memcmp(packet, genuine, whole) == 0;
    require((give(l, rtcp, packet, changed) == SVMS_OK) == same);
    require(give(l, rtcp, genuine, whole) == (same ? SVMS_E_POLICY : SVMS_OK));
    return 0;
}
