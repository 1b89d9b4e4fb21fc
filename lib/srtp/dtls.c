/* SPDX-License-Identifier: Apache-2.0 */
/* An association from its first datagram to its last. */
#include "dtls_internal.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include "cursor.h"
#include "failure.h"
#include "platform_interval.h"

/* Calls for one datagram: no honest one holds more that matters. */
#define ROUNDS_MAX 64
#define PIECE_MAX 1024

/* OpenSSL comes back after some messages although more of the datagram waits. */
static svms_status shake(svms_dtls *dtls, svms_error *err)
{
    svms_status status = SVMS_AGAIN;
    for (int i = 0; i < ROUNDS_MAX && status == SVMS_AGAIN; i++) {
        dtls->tls.carrier.hungry = false;
        status = svms_tls_handshake(&dtls->tls, err);
        if (dtls->tls.carrier.hungry) {
            break;
        }
    }
    return status;
}

/* What comes once the association stands: a goodbye, an alert, messages that were lost and are sent
 * again. Data are for nobody. */
static svms_status listen_on(svms_dtls *dtls, svms_error *err)
{
    uint8_t data[PIECE_MAX];
    size_t size = 0;
    svms_status status = SVMS_OK;
    for (int i = 0; i < ROUNDS_MAX && status == SVMS_OK; i++) {
        status = svms_tls_read(&dtls->tls, data, sizeof data, &size, err);
        svms_wipe(data, size);
    }
    if (status == SVMS_END) {
        dtls->is_closed = true;
        status = svms_tls_close(&dtls->tls, err);
    }
    return status;
}

svms_status svms_dtls_go_on(svms_dtls *dtls, svms_error *err)
{
    svms_status status = dtls->tls.is_ready ? SVMS_OK : shake(dtls, err);
    if (status == SVMS_OK) {
        status = listen_on(dtls, err);
    }
    return status == SVMS_AGAIN ? SVMS_OK : status;
}

/* Bytes that sealing adds at least: the tag, and before it what of the nonce AES-GCM sends. */
static size_t sealing_adds(const svms_dtls *dtls)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(dtls->tls.ssl);
    bool is_chacha = cipher && SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305;
    return is_chacha ? 16 : 8 + 16;
}

/* OpenSSL gives up an association for a sealed record that is too short to be one, and anybody can
 * send such. What is only the beginning of a record it drops itself. */
static bool may_be_looked_at(const svms_dtls *dtls, const void *datagram, size_t size)
{
    if (size > SVMS_TLS_DATAGRAM_MAX ||
        svms_dtls_packet_kind_of(datagram, size) != SVMS_DTLS_PACKET_DTLS) {
        return false;
    }
    svms_cursor cursor = svms_cursor_over(datagram, size, 0);
    while (!svms_cursor_at_end(&cursor) && !cursor.failed) {
        (void)svms_skip(&cursor, 3); /* type, version */
        uint16_t epoch = svms_read_u16(&cursor);
        (void)svms_skip(&cursor, 6); /* number */
        uint16_t length = svms_read_u16(&cursor);
        (void)svms_skip(&cursor, length);
        if (!cursor.failed && epoch > 0 && length < sealing_adds(dtls)) {
            return false;
        }
    }
    return true;
}

svms_status svms_dtls_feed(svms_dtls *dtls, const void *datagram, size_t size, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    if (!dtls || (!datagram && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "feeding needs an association and a datagram");
    }
    svms_tls *tls = &dtls->tls;
    if (tls->failure != SVMS_OK) {
        return svms_fail_as(err, tls->failure, &tls->failure_words);
    }
    if (dtls->is_closed || !may_be_looked_at(dtls, datagram, size)) {
        return SVMS_OK;
    }
    if (!svms_tls_datagram_put(&tls->carrier.in, datagram, size, &tls->carrier.starved)) {
        svms_status status = svms_fail_memory(&why);
        return svms_tls_stop(tls, status, &why, err);
    }
    return svms_dtls_go_on(dtls, err);
}

svms_status svms_dtls_drain(svms_dtls *dtls, void *out, size_t capacity, size_t *size,
                            svms_error *err)
{
    if (!dtls || (!out && capacity > 0) || !size) {
        return svms_fail(err, SVMS_E_USAGE, "draining needs an association and room");
    }
    size_t waiting = svms_tls_datagram_size(&dtls->tls.carrier.out);
    *size = 0;
    if (waiting == 0) {
        return SVMS_END;
    }
    if (waiting > capacity) {
        return svms_fail(err, SVMS_E_LIMIT, "the datagram needs %zu bytes of room", waiting);
    }
    *size = svms_tls_datagram_take(&dtls->tls.carrier.out, out, capacity);
    return SVMS_OK;
}

/* For svms_platform_interval(). */
static bool ask_timer(void *ssl, void *timeval)
{
    return DTLSv1_get_timeout((SSL *)ssl, timeval) == 1;
}

uint64_t svms_dtls_wait(const svms_dtls *dtls)
{
    if (!dtls || dtls->tls.failure != SVMS_OK || dtls->is_closed) {
        return UINT64_MAX;
    }
    return svms_platform_interval(ask_timer, dtls->tls.ssl);
}

svms_status svms_dtls_tick(svms_dtls *dtls, svms_error *err)
{
    if (!dtls) {
        return svms_fail(err, SVMS_E_USAGE, "no association was given");
    }
    svms_tls *tls = &dtls->tls;
    if (tls->failure != SVMS_OK) {
        return svms_fail_as(err, tls->failure, &tls->failure_words);
    }
    if (dtls->is_closed) {
        return SVMS_OK;
    }
    ERR_clear_error();
    tls->carrier.hungry = false;
    long result = DTLSv1_handle_timeout(tls->ssl);
    if (result >= 0) {
        ERR_clear_error();
        return SVMS_OK;
    }
    svms_status status = svms_tls_came_of(tls, (int)result, err);
    return status == SVMS_AGAIN ? SVMS_OK : status;
}

svms_dtls_phase svms_dtls_phase_of(const svms_dtls *dtls)
{
    if (!dtls || dtls->tls.failure != SVMS_OK) {
        return SVMS_DTLS_FAILED;
    }
    if (dtls->is_closed) {
        return SVMS_DTLS_CLOSED;
    }
    return dtls->tls.is_ready ? SVMS_DTLS_READY : SVMS_DTLS_HANDSHAKE;
}

svms_status svms_dtls_close(svms_dtls *dtls, svms_error *err)
{
    if (!dtls) {
        return svms_fail(err, SVMS_E_USAGE, "no association was given");
    }
    dtls->tls.carrier.hungry = false;
    svms_status status = svms_tls_close(&dtls->tls, err);
    /* Where there is no room for it, it is lost like any other datagram. */
    dtls->is_closed = dtls->is_closed || status == SVMS_OK || status == SVMS_AGAIN;
    return status == SVMS_AGAIN ? SVMS_OK : status;
}
