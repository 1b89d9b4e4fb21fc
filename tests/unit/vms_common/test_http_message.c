/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP heads: what can be read in two ways is refused, and everything has a bound. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "http_message.h"

/* In memory that ends where the text does, so that a read beyond it is found. What the head points
 * to lives until the next call. */
static http_status parse(const char *text, size_t size, http_head *head)
{
    static char kept[4 * HTTP_HEAD_MAX];
    char *end = kept + sizeof kept;
    assert_true(size <= sizeof kept);
    memcpy(end - size, text, size);
    return http_parse_request(head, end - size, size);
}

static void a_request_is_taken_apart(void **state)
{
    static const char text[] = "POST /.well-known/est/simpleenroll HTTP/1.1\r\n"
                               "Host: ca.example:8443\r\n"
                               "content-TYPE:application/pkcs10 ; charset=x\r\n"
                               "Empty:\r\n"
                               "Content-Length: \t1234 \r\n"
                               "Expect: 100-Continue\r\n\r\n";
    http_head head;
    (void)state;
    assert_int_equal(http_head_size(text, sizeof text - 1), sizeof text - 1);
    assert_int_equal(parse(text, sizeof text - 1, &head), HTTP_OK);
    assert_true(http_slice_is(head.method, "POST"));
    assert_true(http_slice_is(head.target, "/.well-known/est/simpleenroll"));
    assert_int_equal(head.minor, 1);
    assert_true(head.has_length && head.length == 1234 && head.keep && head.expects);
    assert_true(http_type_is(*http_find(&head, "content-type"), "application/PKCS10"));
    assert_int_equal(http_find(&head, "empty")->size, 0);
    assert_null(http_find(&head, "absent"));
}

static void the_connection_is_kept_as_it_was_agreed(void **state)
{
    static const struct {
        const char *text;
        bool keep;
    } cases[] = {
        { "GET / HTTP/1.1\r\nHost: a\r\n\r\n", true },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", true },
        { "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, TE\r\n\r\n", false },
        { "GET / HTTP/1.0\r\n\r\n", false },
        { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_head head;
        assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &head), HTTP_OK);
        assert_int_equal(head.keep, cases[i].keep);
    }
}

#define BEGIN "GET / HTTP/1.1\r\nHost: a\r\n"

static void what_is_not_understood_is_refused(void **state)
{
    static const struct {
        const char *text;
        http_status status;
    } cases[] = {
        { "", HTTP_BAD_REQUEST },
        { "\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET /\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { " GET / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "G{T / HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET / HTTP/2.0\r\nHost: a\r\n\r\n", HTTP_WRONG_VERSION },
        { "GET / HTTP/1.2\r\nHost: a\r\n\r\n", HTTP_WRONG_VERSION },
        { "GET / FTP/1.1\r\nHost: a\r\n\r\n", HTTP_BAD_REQUEST },
        { "GET / HTTP/1.1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Host: b\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "a: b\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "a: b\rc: d\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN " folded\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "\tfolded: x\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "no colon\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN ": no name\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length : 1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "a: \x01\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "a: \x7f\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: 1, 1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: -1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: +1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: 0x1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length:\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: 1000000000000\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Transfer-Encoding: gzip, chunked\r\n\r\n", HTTP_NOT_IMPLEMENTED },
        { BEGIN "Transfer-Encoding: Chunked\r\n\r\n", HTTP_NOT_IMPLEMENTED },
        { BEGIN "Transfer-Encoding: chunked;a=b\r\n\r\n", HTTP_NOT_IMPLEMENTED },
        { BEGIN "Transfer-Encoding:\r\n\r\n", HTTP_NOT_IMPLEMENTED },
        { BEGIN "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
          HTTP_BAD_REQUEST },
        { BEGIN "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD_REQUEST },
        { "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD_REQUEST },
        { BEGIN "Expect: something\r\n\r\n", HTTP_EXPECTATION_FAILED },
        { BEGIN "\r\nmore", HTTP_BAD_REQUEST },
        { BEGIN, HTTP_BAD_REQUEST },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_head head;
        assert_int_equal(parse(cases[i].text, strlen(cases[i].text), &head), cases[i].status);
    }
    http_head head;
    assert_int_equal(parse(BEGIN "a: \0\r\n\r\n", sizeof BEGIN - 1 + 8, &head), HTTP_BAD_REQUEST);
}

static void heads_have_bounds(void **state)
{
    static char text[3 * HTTP_HEAD_MAX];
    http_head head;
    size_t used = (size_t)snprintf(text, sizeof text, BEGIN);
    (void)state;
    for (size_t i = 1; i < HTTP_FIELDS_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "a: b\r\n");
    }
    memcpy(text + used, "\r\n", 2);
    assert_int_equal(parse(text, used + 2, &head), HTTP_OK);
    assert_int_equal(head.field_count, HTTP_FIELDS_MAX);
    memcpy(text + used, "a: b\r\n\r\n", 8);
    assert_int_equal(parse(text, used + 8, &head), HTTP_HEAD_TOO_LARGE);

    used = (size_t)snprintf(text, sizeof text, "GET /%01023d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    assert_int_equal(parse(text, used, &head), HTTP_OK);
    used = (size_t)snprintf(text, sizeof text, "GET /%01024d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
    assert_int_equal(parse(text, used, &head), HTTP_URI_TOO_LONG);

    used = (size_t)snprintf(text, sizeof text, BEGIN "a: %016384d\r\n\r\n", 0);
    assert_int_equal(parse(text, used, &head), HTTP_HEAD_TOO_LARGE);
}

static void a_head_that_is_cut_is_not_complete(void **state)
{
    static const char text[] = BEGIN "a: b\r\n\r\n";
    (void)state;
    for (size_t size = 0; size < sizeof text - 1; size++) {
        http_head head;
        assert_int_equal(http_head_size(text, size), 0);
        assert_int_not_equal(parse(text, size, &head), HTTP_OK);
    }
}

static void an_answer_is_taken_apart(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int status;
        size_t length;
    } cases[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, 200, 5 },
        { "HTTP/1.0 403\r\n\r\n", true, 403, 0 },
        { "HTTP/1.1 401 \r\nContent-Length: 0\r\n\r\n", true, 401, 0 },
        { "HTTP/1.1 2000 OK\r\n\r\n", false, 0, 0 },
        { "HTTP/1.1 20 OK\r\n\r\n", false, 0, 0 },
        { "HTTP/1.1 2x0 OK\r\n\r\n", false, 0, 0 },
        { "HTTP/1.1 099 OK\r\n\r\n", false, 0, 0 },
        { "HTTP/2 200 OK\r\n\r\n", false, 0, 0 },
        { "200 OK\r\n\r\n", false, 0, 0 },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, 0, 0 },
        { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", false, 0, 0 },
        { "HTTP/1.1 200 \x1b[2J\r\n\r\n", false, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        http_head head;
        assert_int_equal(http_parse_response(&head, cases[i].text, strlen(cases[i].text)),
                         cases[i].good);
        if (cases[i].good) {
            assert_int_equal(head.status, cases[i].status);
            assert_int_equal(head.length, cases[i].length);
        }
    }
}

static void every_status_that_is_sent_has_a_reason(void **state)
{
    static const http_status sent[] = {
        HTTP_CONTINUE,       HTTP_OK,
        HTTP_BAD_REQUEST,    HTTP_UNAUTHORIZED,
        HTTP_FORBIDDEN,      HTTP_NOT_FOUND,
        HTTP_TOO_LARGE,      HTTP_METHOD_NOT_ALLOWED,
        HTTP_TIMEOUT,        HTTP_INTERNAL,
        HTTP_UNAVAILABLE,    HTTP_LENGTH_REQUIRED,
        HTTP_URI_TOO_LONG,   HTTP_WRONG_TYPE,
        HTTP_WRONG_VERSION,  HTTP_EXPECTATION_FAILED,
        HTTP_HEAD_TOO_LARGE, HTTP_NOT_IMPLEMENTED,
    };
    (void)state;
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        assert_string_not_equal(http_reason(sent[i]), "Unknown");
    }
    assert_string_equal(http_reason((http_status)999), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(the_connection_is_kept_as_it_was_agreed),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(heads_have_bounds),
        cmocka_unit_test(a_head_that_is_cut_is_not_complete),
        cmocka_unit_test(an_answer_is_taken_apart),
        cmocka_unit_test(every_status_that_is_sent_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
