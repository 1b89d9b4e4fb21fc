/* SPDX-License-Identifier: Apache-2.0 */
/* Every allocation fails once: a clean error, and no leak. */
#include "cmocka_all.h"

#include <string.h>

#include "failing_allocator.h"

#include <svms/svms.h>

static svms_status give_password(void *user, const char *realm, uint8_t *out, size_t *size)
{
    (void)user;
    (void)realm;
    memcpy(out, "secret", 6);
    *size = 6;
    return SVMS_OK;
}

static svms_status ignore(void *user, const svms_rtsp_client_event *event)
{
    (void)user;
    (void)event;
    return SVMS_OK;
}

/* What the server says, in pieces that make the client keep something. */
static const char *const pieces[] = {
    "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Dig",
    "est realm=\"a\", nonce=\"b\", algorithm=SHA-256, qop=\"auth\"\r\n\r\n",
    "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0",
    ("\r\nRTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: x\r\nTransport: RTP/SAVP;client_port=5000\r\n"
     "KeyMgmt: prot=mikey;data=\"AQID\"\r\n\r\n"),
    "RTSP/1.0 200 OK\r\nCSeq: 4\r\nRTP-Info: url=a;seq=1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 9\r\n",
    "\r\n$abc",
};

static svms_status ask_all(svms_rtsp_client *client, svms_error *err)
{
    static const uint8_t mikey[] = { 1, 2, 3 };
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    t.secure = 1;
    t.client_rtp = 5000;
    svms_status status = svms_rtsp_client_describe(client, NULL, err);
    if (status == SVMS_OK) {
        status = svms_rtsp_client_setup(client, "v", &t, mikey, sizeof mikey, NULL, err);
    }
    if (status == SVMS_OK) {
        status = svms_rtsp_client_play(client, NULL, NULL, NULL, err);
    }
    return status;
}

static svms_status run(svms_ctx *ctx, svms_error *err)
{
    svms_rtsp_client *client = NULL;
    svms_rtsp_client_options options = SVMS_RTSP_CLIENT_OPTIONS_INIT;
    options.flags = SVMS_RTSP_CLIENT_SECURE;
    options.url = "rtsps://camera/live";
    options.user_name = "joe";
    options.password = give_password;
    options.event = ignore;
    svms_status status = svms_rtsp_client_new(&client, ctx, &options, 0, err);
    if (status == SVMS_OK) {
        status = ask_all(client, err);
    }
    for (size_t i = 0; status == SVMS_OK && i < sizeof pieces / sizeof pieces[0]; i++) {
        status = svms_rtsp_client_feed(client, pieces[i], strlen(pieces[i]), 1, err);
    }
    if (status == SVMS_OK) {
        assert_int_equal(svms_rtsp_client_idle(client), 1);
        status = svms_rtsp_client_send_frame(client, 0, (const uint8_t *)"x", 1, err);
    }
    if (status == SVMS_OK) {
        status = svms_rtsp_client_tick(client, UINT64_C(30000000000), err);
        /* The frame that began never ended. */
        assert_int_equal(status, SVMS_E_IO);
        status = SVMS_OK;
    }
    svms_rtsp_client_free(&client);
    return status;
}

static void allocations_of_a_client_fail_cleanly(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(run);
}

/* What could not be asked was not asked: the client goes on. */
static void a_request_without_memory_changes_nothing(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options ctx_options = failing_options(&allocator);
    svms_ctx *ctx = NULL;
    svms_rtsp_client *client = NULL;
    svms_rtsp_client_options options = SVMS_RTSP_CLIENT_OPTIONS_INIT;
    options.url = "rtsp://camera/live";
    options.event = ignore;
    assert_int_equal(svms_ctx_new(&ctx, &ctx_options, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_client_new(&client, ctx, &options, 0, NULL), SVMS_OK);
    svms_status status = SVMS_E_NO_MEMORY;
    for (long n = 0; status != SVMS_OK; n++) {
        allocator.until_failure = n;
        status = svms_rtsp_client_describe(client, NULL, NULL);
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_NO_MEMORY);
            assert_int_equal(svms_rtsp_client_pending(client), 0);
            assert_int_equal(svms_rtsp_client_idle(client), 1);
        }
    }
    allocator.until_failure = NEVER_FAILS;
    assert_true(svms_rtsp_client_pending(client) > 0);
    svms_rtsp_client_free(&client);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_of_a_client_fail_cleanly),
        cmocka_unit_test(a_request_without_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
