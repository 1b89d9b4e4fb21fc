/* SPDX-License-Identifier: Apache-2.0 */
/* Plaintext in and out, and the bytes that the caller carries. */
#include <openssl/err.h>

#include "connection.h"
#include "failure.h"

#define RECORD_MAX ((size_t)16384)
/* Messages of TLS itself in a row. */
#define MESSAGES_MAX 64

/* OpenSSL comes back after each message that is no data (tickets, key updates), whether or not more
 * is there. */
static svms_status read_some(svms_tls *tls, void *out, size_t capacity, size_t *size,
                             svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    for (int i = 0; i < MESSAGES_MAX; i++) {
        ERR_clear_error();
        tls->carrier.hungry = false;
        int result = SSL_read_ex(tls->ssl, out, capacity, size);
        if (result == 1) {
            return SVMS_OK;
        }
        int error = SSL_get_error(tls->ssl, result);
        if (error == SSL_ERROR_ZERO_RETURN) {
            ERR_clear_error();
            tls->heard_goodbye = true;
            return SVMS_END;
        }
        if (error != SSL_ERROR_WANT_READ || tls->carrier.hungry) {
            return svms_tls_came_of(tls, result, err);
        }
    }
    (void)svms_fail(&why, SVMS_E_LIMIT, "the peer sends messages without end, and no data");
    return svms_tls_stop(tls, SVMS_E_LIMIT, &why, err);
}

svms_status svms_tls_read(svms_tls *tls, void *out, size_t capacity, size_t *size, svms_error *err)
{
    if (!tls || !out || !size || capacity == 0) {
        return svms_fail(err, SVMS_E_USAGE, "reading needs a connection and room");
    }
    *size = 0;
    svms_status status = svms_tls_shake(tls, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (tls->heard_goodbye) {
        return SVMS_END;
    }
    /* What the socket had no room for goes on its way also where one only reads from now on. */
    (void)svms_tls_carrier_flush(&tls->carrier);
    return read_some(tls, out, capacity, size, err);
}

/* The socket fails before the peer's last words are read: they may say why. */
static svms_status hear_last_words(svms_tls *tls, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    uint8_t byte;
    size_t size = 0;
    ERR_clear_error();
    int result = SSL_peek_ex(tls->ssl, &byte, sizeof byte, &size);
    int error = SSL_get_error(tls->ssl, result);
    if (result != 1 && error == SSL_ERROR_SSL && tls->carrier.read_error == 0) {
        svms_status status = svms_tls_explain(tls, error, &why);
        if (status == SVMS_E_POLICY) {
            return svms_tls_stop(tls, status, &why, err);
        }
    }
    ERR_clear_error();
    (void)svms_fail_io(&why, tls->carrier.write_error, "the connection to the peer failed");
    return svms_tls_stop(tls, SVMS_E_IO, &why, err);
}

/* One record, sealed only when nothing waits for the socket, so that no more than one ever does.
 * What is sealed is taken, whether or not the socket has room for it; nothing else is. */
static svms_status write_record(svms_tls *tls, const uint8_t *data, size_t size, size_t *taken,
                                svms_error *err)
{
    size_t written = 0;
    svms_status status = svms_tls_flushed(tls);
    if (status == SVMS_OK && size > 0) {
        if (svms_tls_queue_room(&tls->carrier.out) < SVMS_TLS_RECORD_ROOM) {
            tls->wants = SVMS_TLS_WANTS_WRITE;
            return SVMS_AGAIN;
        }
        ERR_clear_error();
        int result = SSL_write_ex(tls->ssl, data, size < RECORD_MAX ? size : RECORD_MAX, &written);
        if (result != 1) {
            return svms_tls_came_of(tls, result, err);
        }
        *taken += written;
        status = svms_tls_flushed(tls);
    }
    return tls->carrier.write_error != 0 ? hear_last_words(tls, err) : status;
}

svms_status svms_tls_write(svms_tls *tls, const void *data, size_t size, size_t *taken,
                           svms_error *err)
{
    if (!tls || (!data && size > 0) || !taken) {
        return svms_fail(err, SVMS_E_USAGE, "writing needs a connection and bytes");
    }
    *taken = 0;
    svms_status status = svms_tls_shake(tls, err);
    if (status == SVMS_OK && tls->said_goodbye) {
        return svms_fail(err, SVMS_E_STATE, "nothing can be written after the goodbye");
    }
    const uint8_t *bytes = data;
    if (status == SVMS_OK && size == 0) {
        return write_record(tls, NULL, 0, taken, err);
    }
    while (status == SVMS_OK && *taken < size) {
        status = write_record(tls, bytes + *taken, size - *taken, taken, err);
    }
    if (status == SVMS_AGAIN && *taken > 0) {
        /* Without a socket there is nothing to wait for but the caller. */
        tls->wants = tls->carrier.socket >= 0 ? SVMS_TLS_WANTS_WRITE : SVMS_TLS_WANTS_NOTHING;
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        *taken = 0;
    }
    return status;
}

svms_status svms_tls_close(svms_tls *tls, svms_error *err)
{
    if (!tls) {
        return svms_fail(err, SVMS_E_USAGE, "no connection was given");
    }
    if (tls->failure != SVMS_OK) {
        return svms_fail_as(err, tls->failure, &tls->failure_words);
    }
    if (!tls->is_ready) {
        return svms_fail(err, SVMS_E_STATE, "the connection does not stand yet");
    }
    tls->wants = SVMS_TLS_WANTS_NOTHING;
    if (!tls->said_goodbye) {
        if (svms_tls_queue_room(&tls->carrier.out) < SVMS_TLS_RECORD_ROOM) {
            tls->wants = SVMS_TLS_WANTS_WRITE;
            return SVMS_AGAIN;
        }
        ERR_clear_error();
        int result = SSL_shutdown(tls->ssl);
        if (result < 0) {
            return svms_tls_came_of(tls, result, err);
        }
        tls->said_goodbye = true;
    }
    return svms_tls_flushed(tls);
}

svms_status svms_tls_feed(svms_tls *tls, const void *data, size_t size, size_t *taken,
                          svms_error *err)
{
    if (!tls || (!data && size > 0) || !taken) {
        return svms_fail(err, SVMS_E_USAGE, "feeding needs a connection and bytes");
    }
    *taken = 0;
    if (tls->failure != SVMS_OK) {
        return svms_fail_as(err, tls->failure, &tls->failure_words);
    }
    if (tls->carrier.socket >= 0) {
        return svms_fail(err, SVMS_E_STATE, "the connection takes its bytes from a socket");
    }
    if (tls->carrier.ended) {
        return svms_fail(err, SVMS_E_STATE, "the peer's bytes have ended");
    }
    if (tls->heard_goodbye) {
        *taken = size;
        return SVMS_OK;
    }
    bool starved = false;
    *taken = svms_tls_queue_put(&tls->carrier.in, data, size, &starved);
    return starved ? svms_fail_memory(err) : SVMS_OK;
}

svms_status svms_tls_feed_end(svms_tls *tls, svms_error *err)
{
    if (!tls) {
        return svms_fail(err, SVMS_E_USAGE, "no connection was given");
    }
    if (tls->failure != SVMS_OK) {
        return svms_fail_as(err, tls->failure, &tls->failure_words);
    }
    if (tls->carrier.socket >= 0) {
        return svms_fail(err, SVMS_E_STATE, "the connection takes its bytes from a socket");
    }
    tls->carrier.ended = true;
    return SVMS_OK;
}

svms_status svms_tls_drain(svms_tls *tls, void *out, size_t capacity, size_t *size, svms_error *err)
{
    if (!tls || (!out && capacity > 0) || !size) {
        return svms_fail(err, SVMS_E_USAGE, "draining needs a connection and room");
    }
    *size = 0;
    if (tls->carrier.socket >= 0) {
        return svms_fail(err, SVMS_E_STATE, "the connection gives its bytes to a socket");
    }
    *size = svms_tls_queue_take(&tls->carrier.out, out, capacity);
    return SVMS_OK;
}

size_t svms_tls_pending(const svms_tls *tls)
{
    int size = tls && tls->ssl ? SSL_pending(tls->ssl) : 0;
    return size > 0 ? (size_t)size : 0;
}
