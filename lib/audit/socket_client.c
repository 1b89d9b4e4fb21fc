/* SPDX-License-Identifier: Apache-2.0 */
/* Records for a log that another process holds (audit.md, section 11). */
#include <svms/audit_socket.h>

#include <errno.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "platform.h"
#include "platform_local.h"
#include "socket_frame.h"

#define PATIENCE_MOST 3600000u

struct svms_audit_client {
    svms_ctx *ctx;
    int handle; /* -1: not connected any more */
    svms_builder frame;
};

static void hang_up(svms_audit_client *client)
{
    if (client->handle >= 0) {
        svms_platform_close(client->handle);
        client->handle = -1;
    }
}

static svms_status failed(int os_error, svms_error *err)
{
    /* A socket that ran out of time says that it would block. */
    bool is_late = os_error == EAGAIN;
    return svms_fail_io(err, is_late ? ETIMEDOUT : os_error, "the log's holder cannot be %s",
                        is_late ? "waited for any longer" : "reached");
}

static svms_status send_all(const svms_audit_client *client, svms_error *err)
{
    size_t done = 0;
    while (done < client->frame.size) {
        size_t sent = 0;
        int os_error = svms_platform_send(client->handle, client->frame.data + done,
                                          client->frame.size - done, &sent);
        if (os_error != 0) {
            return failed(os_error, err);
        }
        done += sent;
    }
    return SVMS_OK;
}

static svms_status receive_all(const svms_audit_client *client, uint8_t *out, size_t size,
                               svms_error *err)
{
    size_t done = 0;
    while (done < size) {
        size_t got = 0;
        int os_error = svms_platform_receive(client->handle, out + done, size - done, &got);
        if (os_error != 0) {
            return failed(os_error, err);
        }
        if (got == 0) {
            return svms_fail(err, SVMS_E_TRUNCATED, "the log's holder has hung up");
        }
        done += got;
    }
    return SVMS_OK;
}

static svms_status be_greeted(const svms_audit_client *client, svms_error *err)
{
    uint8_t bytes[SVMS_SOCKET_GREETING_SIZE];
    svms_socket_state state = SVMS_SOCKET_SERVES;
    svms_status status = receive_all(client, bytes, sizeof bytes, err);
    if (status == SVMS_OK) {
        status = svms_socket_greeting_parse(&state, bytes, sizeof bytes, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    switch (state) {
    case SVMS_SOCKET_SERVES:
        return SVMS_OK;
    case SVMS_SOCKET_IS_BUSY:
        return svms_fail(err, SVMS_E_STATE, "the log's holder serves as many clients as it can");
    default:
        return svms_fail(err, SVMS_E_UNTRUSTED, "the log's holder does not serve this user");
    }
}

static svms_status connect_to(svms_audit_client *client, const char *path, uint32_t patience_ms,
                              svms_error *err)
{
    bool is_known = false;
    int os_error = svms_platform_local_connect(path, patience_ms, &client->handle);
    if (os_error == 0) {
        os_error = svms_platform_local_peer(client->handle, &is_known);
    }
    if (os_error != 0) {
        return svms_fail_path(err, SVMS_E_IO, os_error == EAGAIN ? ETIMEDOUT : os_error,
                              "connect to", path, NULL);
    }
    if (!is_known) {
        return svms_fail(err, SVMS_E_UNTRUSTED, "another user's process is at the socket");
    }
    return be_greeted(client, err);
}

svms_status svms_audit_client_connect(svms_audit_client **out, svms_ctx *ctx, const char *path,
                                      const svms_audit_client_options *options, svms_error *err)
{
    svms_audit_client_options known = SVMS_AUDIT_CLIENT_OPTIONS_INIT;
    if (!out || !ctx || !path) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&known, sizeof known, options, "the options", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (known.patience_ms == 0 || known.patience_ms > PATIENCE_MOST) {
        return svms_fail(err, SVMS_E_USAGE, "a client waits for 1 to %u ms", PATIENCE_MOST);
    }
    svms_audit_client *client = svms_alloc(ctx, sizeof *client);
    if (!client) {
        return svms_fail_memory(err);
    }
    client->ctx = ctx;
    client->handle = -1;
    client->frame = svms_builder_new(ctx, SVMS_SOCKET_LENGTH_SIZE + SVMS_SOCKET_FRAME_MAX);
    status = connect_to(client, path, known.patience_ms, err);
    if (status != SVMS_OK) {
        svms_audit_client_close(&client);
        return status;
    }
    *out = client;
    return SVMS_OK;
}

static svms_status check_records(const svms_iovec *records, size_t count, svms_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!records[i].data || records[i].size == 0 || records[i].size > SVMS_AUDIT_RECORD_MAX) {
            return svms_fail(err, SVMS_E_USAGE, "record %zu has not 1 to %u bytes", i + 1,
                             SVMS_AUDIT_RECORD_MAX);
        }
    }
    return SVMS_OK;
}

static svms_status exchange(const svms_audit_client *client, svms_socket_answer *answer,
                            svms_error *err)
{
    uint8_t length[SVMS_SOCKET_LENGTH_SIZE];
    uint8_t bytes[SVMS_SOCKET_ANSWER_MAX];
    size_t size = 0;
    svms_status status = send_all(client, err);
    if (status == SVMS_OK) {
        status = receive_all(client, length, sizeof length, err);
    }
    if (status == SVMS_OK &&
        svms_socket_length_parse(&size, length, sizeof bytes, NULL) != SVMS_OK) {
        status = svms_fail(err, SVMS_E_MALFORMED, "the log's holder gives no answer");
    }
    if (status == SVMS_OK) {
        status = receive_all(client, bytes, size, err);
    }
    return status == SVMS_OK ? svms_socket_answer_parse(answer, bytes, size, err) : status;
}

static svms_status refused(const svms_socket_answer *answer, svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_status status =
        svms_fail(&cause, answer->status, "%s",
                  answer->words[0] != '\0' ? answer->words : "the log's holder refused");
    cause.os_error = answer->os_error;
    return svms_fail_as(err, status, &cause);
}

svms_status svms_audit_client_append(svms_audit_client *client, const svms_iovec *records,
                                     size_t count, uint64_t *first, svms_error *err)
{
    svms_socket_answer answer = { .status = SVMS_OK };
    if (!client || !records || !first || count == 0 || count > SVMS_AUDIT_APPEND_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a log takes 1 to %u records at a time",
                         SVMS_AUDIT_APPEND_MAX);
    }
    svms_status status = check_records(records, count, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (client->handle < 0) {
        return svms_fail(err, SVMS_E_STATE, "the connection to the log's holder was lost");
    }
    svms_builder_reset(&client->frame);
    svms_put_socket_append(&client->frame, records, count);
    status = svms_builder_check(&client->frame, "what is appended", err);
    if (status != SVMS_OK) {
        return status;
    }
    status = exchange(client, &answer, err);
    if (status != SVMS_OK) {
        hang_up(client);
        return status;
    }
    if (answer.status != SVMS_OK) {
        return refused(&answer, err);
    }
    *first = answer.first;
    return SVMS_OK;
}

void svms_audit_client_close(svms_audit_client **client)
{
    if (!client || !*client) {
        return;
    }
    hang_up(*client);
    svms_builder_clear(&(*client)->frame);
    svms_release((*client)->ctx, *client);
    *client = NULL;
}
