/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation of the server fails once: it goes on, and nobody gets half an answer that looks
 * whole. The server is built with malloc and calloc of this file. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web_digest.h"
#include "web_lockout.h"
#include "web_stage.h"

#define NEVER (-1)
#define TOO_MANY 1000

/* Allocations until one fails; below 0: it has, or none shall. */
static atomic_int left = NEVER;

void *failing_malloc(size_t size);
void *failing_calloc(size_t count, size_t size);

static bool fails(void)
{
    return atomic_load(&left) >= 0 && atomic_fetch_sub(&left, 1) == 0;
}

void *failing_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}

void *failing_calloc(size_t count, size_t size)
{
    return fails() ? NULL : calloc(count, size);
}

static void a_server_that_cannot_begin_says_so(void **state)
{
    struct event_base *base = event_base_new();
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const web_options options = {
        .base = base,
        .listen = (const struct sockaddr *)&address,
        .listen_size = sizeof address,
    };
    svms_status status = SVMS_E_NO_MEMORY;
    int tries = 0;
    (void)state;
    for (; status != SVMS_OK && tries < TOO_MANY; tries++) {
        web_server *server = NULL;
        svms_error err = SVMS_ERROR_INIT;
        atomic_store(&left, tries);
        status = web_open(&server, &options, &err);
        atomic_store(&left, NEVER);
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_NO_MEMORY);
            assert_null(server);
            assert_string_equal(err.message, "out of memory");
        }
        web_close(&server);
    }
    assert_int_equal(status, SVMS_OK);
    assert_true(tries > 4);
    event_base_free(base);
}

/* Whole, refused, or nothing at all. */
static void ask(const web_stage *stage, const char *request, const char *whole)
{
    char *answer = web_stage_ask(stage, request);
    int status = web_stage_status(answer);
    bool is_whole = status == 200 && strstr(answer, whole);
    /* The stream may have lost its end; then it has no last chunk. */
    bool is_cut = status == 200 && strstr(answer, "chunked") && !strstr(answer, "\r\n0\r\n\r\n");
    if (!is_whole && !is_cut && status != 0 && status != 503) {
        fail_msg("%s: %s", request, answer);
    }
    free(answer);
}

static void each_allocation_may_fail(void **state)
{
    static const struct {
        const char *request;
        const char *whole;
    } cases[] = {
        { "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
          "body 3 abc\n" },
        { "GET /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "\r\n0\r\n\r\n" },
        { "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "Content-Length: 100000" },
    };
    web_stage *stage = web_stage_open(NULL);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int tries = 0;
        bool failed = true;
        for (; failed && tries < TOO_MANY; tries++) {
            atomic_store(&left, tries);
            ask(stage, cases[i].request, cases[i].whole);
            failed = atomic_load(&left) < 0;
            atomic_store(&left, NEVER);
        }
        assert_false(failed);
        assert_true(tries > 4);
    }
    web_stage_close(stage);
}

static void logins_that_find_no_memory_do_not_begin(void **state)
{
    web_digest *digest = NULL;
    svms_error err = SVMS_ERROR_INIT;
    const web_digest_options options = { .realm = "r" };
    const web_lockout_options usual = { 0 };
    (void)state;
    atomic_store(&left, 0);
    assert_int_equal(web_digest_open(&digest, &options, &err), SVMS_E_NO_MEMORY);
    assert_null(digest);
    atomic_store(&left, 0);
    assert_null(web_lockout_new(&usual));
    atomic_store(&left, NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_cannot_begin_says_so),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(logins_that_find_no_memory_do_not_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
