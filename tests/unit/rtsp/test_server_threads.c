/* SPDX-License-Identifier: Apache-2.0 */
/* One server for connections of many threads: what they share does not change. For ThreadSanitizer,
 * above all. */
#include "cmocka_all.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

enum { THREADS = 4, ROUNDS = 100 };

static const char asked[] = "DESCRIBE rtsp://192.0.2.1/live RTSP/1.0\r\nCSeq: 1\r\n\r\n";
static const char tried[] =
    "DESCRIBE rtsp://192.0.2.1/live RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Digest "
    "username=\"anna\", "
    "realm=\"svms\", nonce=\"00\", uri=\"rtsp://192.0.2.1/live\", nc=00000001, cnonce=\"x\", "
    "qop=auth, algorithm=SHA-256, response=\"00\"\r\n\r\n";
static const char shown[] = "DESCRIBE rtsp://192.0.2.1/live RTSP/1.0\r\nCSeq: 3\r\n"
                            "Authorization: Bearer good\r\n\r\n";

static svms_status no_secret(void *user, const char *name, svms_rtsp_digest algorithm,
                             svms_rtsp_secret *out)
{
    (void)user;
    (void)name;
    (void)algorithm;
    (void)out;
    return SVMS_OK;
}

static svms_status take_token(void *user, const char *token, size_t size,
                              char identity[SVMS_RTSP_IDENTITY_SIZE], svms_error *err)
{
    (void)user;
    (void)err;
    (void)snprintf(identity, SVMS_RTSP_IDENTITY_SIZE, "%.*s", (int)size, token);
    return SVMS_OK;
}

static svms_status answer_all(void *user, const svms_rtsp_server_request *request,
                              svms_rtsp_server_answer *answer)
{
    (void)user;
    (void)request;
    answer->status = 404;
    return SVMS_OK;
}

static void hear(void *user, const svms_rtsp_server_event *event)
{
    (void)user;
    (void)event;
}

/* The status code of what is answered; 0: nothing is. */
static unsigned code_of(svms_rtsp_connection *connection, const char *text)
{
    const void *data = NULL;
    unsigned code = 0;
    if (svms_rtsp_connection_feed(connection, text, strlen(text), 1, NULL) != SVMS_OK) {
        return 0;
    }
    size_t size = svms_rtsp_connection_output(connection, &data);
    char head[32] = "";
    memcpy(head, data, size < sizeof head ? size : sizeof head - 1);
    svms_rtsp_connection_sent(connection, size);
    return sscanf(head, "RTSP/1.0 %u", &code) == 1 ? code : 0;
}

/* NULL where all was as it must be: cmocka must not fail outside of its own thread. */
static void *talk(void *user)
{
    svms_rtsp_connection_options options = SVMS_RTSP_CONNECTION_OPTIONS_INIT;
    options.flags = SVMS_RTSP_CONNECTION_SECURE;
    options.peer = "192.0.2.7";
    for (int i = 0; i < ROUNDS; i++) {
        svms_rtsp_connection *connection = NULL;
        if (svms_rtsp_connection_new(&connection, user, &options, 0, NULL) != SVMS_OK) {
            return user;
        }
        bool good = code_of(connection, asked) == 401 && code_of(connection, tried) == 401 &&
                    code_of(connection, shown) == 404;
        svms_rtsp_connection_free(&connection);
        if (!good) {
            return user;
        }
    }
    return NULL;
}

static void any_thread_may_use_a_server(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    svms_rtsp_server *server = NULL;
    svms_rtsp_server_options options = SVMS_RTSP_SERVER_OPTIONS_INIT;
    pthread_t threads[THREADS];
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    options.flags = SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER;
    options.handlers.secret = no_secret;
    options.handlers.token = take_token;
    options.handlers.request = answer_all;
    options.handlers.event = hear;
    assert_int_equal(svms_rtsp_server_new(&server, ctx, &options, NULL), SVMS_OK);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, talk, server), 0);
    }
    size_t failed = 0;
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        failed += result ? 1 : 0;
    }
    assert_int_equal(failed, 0);
    svms_rtsp_server_free(&server);
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(any_thread_may_use_a_server) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
