/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "peer_address.h"

static struct sockaddr_storage parse(const char *text)
{
    struct sockaddr_storage address;
    socklen_t size = 0;
    assert_true(peer_address_parse(text, &address, &size));
    return address;
}

static void key_of(const char *text, uint8_t out[PEER_TRIES_KEY_SIZE])
{
    struct sockaddr_storage address = parse(text);
    peer_address_key((const struct sockaddr *)&address, out);
}

static void what_counts_as_one_peer(void **state)
{
    static const struct {
        const char *one;
        const char *other;
        bool same;
    } cases[] = {
        { "192.0.2.1:1", "192.0.2.1:2", true },
        { "192.0.2.1:1", "192.0.2.2:1", false },
        { "[2001:db8::1]:1", "[2001:db8::ffff:1]:1", true },
        { "[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false },
        { "[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1", false },
        { "[::ffff:192.0.2.1]:1", "192.0.2.1:1", true },
        { "[::]:1", "0.0.0.0:1", false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t one[PEER_TRIES_KEY_SIZE];
        uint8_t other[PEER_TRIES_KEY_SIZE];
        key_of(cases[i].one, one);
        key_of(cases[i].other, other);
        assert_int_equal(memcmp(one, other, sizeof one) == 0, cases[i].same);
    }
}

static void addresses_are_written_as_they_are_read(void **state)
{
    static const char *const cases[] = { "192.0.2.1:443", "[2001:db8::1]:443", "0.0.0.0:0" };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[PEER_ADDRESS_TEXT];
        struct sockaddr_storage address = parse(cases[i]);
        peer_address_text((const struct sockaddr *)&address, text);
        assert_string_equal(text, cases[i]);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const cases[] = { "",      "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536",
                                         ":443",  "a:1",       "[::1]",      "[::1]:-1",
                                         "::1:1", "1.2.3:4",   "[]:1",       "192.0.2.1:1x" };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sockaddr_storage address;
        socklen_t size = 0;
        assert_false(peer_address_parse(cases[i], &address, &size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts_as_one_peer),
        cmocka_unit_test(addresses_are_written_as_they_are_read),
        cmocka_unit_test(what_is_no_address_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
