/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts, and for which of them a certificate is (I-PTH-20 to I-PTH-23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "host.h"
#include "named_leaf.h"

static svms_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    ctx = fixture_context(NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static void addresses_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *written; /* NULL: no address */
    } cases[] = {
        { "10.1.2.3", "10.1.2.3" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "256.1.1.1", NULL },
        { "1.2.3", NULL },
        { "1.2.3.4.5", NULL },
        { "01.2.3.4", NULL },
        { "1.2.3.4.", NULL },
        { " 1.2.3.4", NULL },
        { "1.2.3.4 ", NULL },
        { "0x7f.0.0.1", NULL },
        { "2130706433", NULL },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "2001:DB8::1", "2001:db8::1" },
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
        { "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
        { "0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
        { "::ffff:10.1.2.3", "::ffff:a01:203" },
        { "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
        { "1:2:3:4:5:6:7:1.2.3.4", NULL },
        { "::1.2.3.4:1", NULL },
        { "1:2:3:4:5:6:7", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
        { "1:2:3:4:5:6:7:8::", NULL },
        { "::1::", NULL },
        { "1:::2", NULL },
        { ":1:2:3:4:5:6:7", NULL },
        { "12345::", NULL },
        { "1:", NULL },
        { ":", NULL },
        { "fe80::1%eth0", NULL },
        { "[::1]", NULL },
        { "g::1", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_host host;
        char text[SVMS_ADDRESS_TEXT_SIZE];
        bool read = svms_host_parse(&host, cases[i].text) && host.address_size > 0;
        if (read != (cases[i].written != NULL)) {
            fail_msg("%s", cases[i].text);
        }
        if (read) {
            svms_address_text(text, host.address, host.address_size);
            assert_string_equal(text, cases[i].written);
        }
    }
}

static void names_are_read_strictly(void **state)
{
    (void)state;
    char label_63[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
    char label_64[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
    char longest[400] = "";
    for (int i = 0; i < 126; i++) {
        strcat(longest, "a.");
    }
    strcat(longest, "a");
    assert_int_equal(strlen(longest), SVMS_HOST_NAME_MAX);
    char too_long[402];
    snprintf(too_long, sizeof too_long, "b%s", longest);
    const struct {
        const char *text;
        bool host;
        bool pattern;
    } cases[] = {
        { "a", true, true },
        { "a.example", true, true },
        { "a.example.", true, true },
        { "A.Example", true, true },
        { "xn--bcher-kva.example", true, true },
        { "_x.example", true, true },
        { "a-b.example", true, true },
        { "1.example", true, true },
        { "3com.example", true, true },
        { label_63, true, true },
        { longest, true, true },
        { "*.a.example", false, true },
        { "", false, false },
        { ".", false, false },
        { "..", false, false },
        { ".a", false, false },
        { "a..b", false, false },
        { "a.example..", false, false },
        { "-a.example", false, false },
        { "a-.example", false, false },
        { "a b", false, false },
        { "a.example:443", false, false },
        { "a/b", false, false },
        { "b\xC3\xBC"
          "cher.example",
          false, false },
        { "a.1", false, false },
        { "1.2.3.4.5", false, false },
        { "*.example", false, false },
        { "*", false, false },
        { "*.", false, false },
        { "a*.b.example", false, false },
        { "*a.b.example", false, false },
        { "a.*.example", false, false },
        { "*.*.example", false, false },
        { "*.1.2", false, false },
        { label_64, false, false },
        { too_long, false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_host host;
        if (svms_host_parse(&host, cases[i].text) != cases[i].host ||
            svms_host_pattern_parse(&host, cases[i].text) != cases[i].pattern) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void a_certificate_is_for_the_names_it_has(void **state)
{
    (void)state;
    static const leaf_name names[] = {
        { 0x82, "a.example", 0 },
        { 0x82, "*.b.example", 0 },
        { 0x82, "xn--bcher-kva.example", 0 },
        { 0x82, "*.com", 0 },
        { 0x82, "w*.c.example", 0 },
        { 0x82, "dot.example.", 0 },
        { 0x82, "nul.example\0.evil.example", 25 },
        { 0x82, "10.9.9.9", 0 },
        { 0x82, "UPPER.example", 0 },
        { 0x82, "*", 0 },
        { 0x87, "\x0A\x01\x02\x03", 4 },
        { 0x87, "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01", 16 },
        { 0x87, "\x0A\x01\x02\x03\x04", 5 },
        { 0x81, "mail.example", 0 },
        { 0x86, "https://uri.example/", 0 },
    };
    static const struct {
        const char *host;
        svms_status status;
    } cases[] = {
        { "a.example", SVMS_OK },
        { "A.EXAMPLE", SVMS_OK },
        { "a.example.", SVMS_OK },
        { "upper.example", SVMS_OK },
        { "x.b.example", SVMS_OK },
        { "xn--bcher-kva.b.example", SVMS_OK },
        { "xn--bcher-kva.example", SVMS_OK },
        { "10.1.2.3", SVMS_OK },
        { "2001:db8::1", SVMS_OK },
        { "2001:0DB8:0:0:0:0:0:1", SVMS_OK },
        { "b.example", SVMS_E_UNTRUSTED },
        { "x.y.b.example", SVMS_E_UNTRUSTED },
        { "x.com", SVMS_E_UNTRUSTED },
        { "www.c.example", SVMS_E_UNTRUSTED },
        { "dot.example", SVMS_E_UNTRUSTED },
        { "nul.example", SVMS_E_UNTRUSTED },
        { "evil.example", SVMS_E_UNTRUSTED },
        { "10.9.9.9", SVMS_E_UNTRUSTED },
        { "10.1.2.4", SVMS_E_UNTRUSTED },
        { "::ffff:10.1.2.3", SVMS_E_UNTRUSTED },
        { "mail.example", SVMS_E_UNTRUSTED },
        { "uri.example", SVMS_E_UNTRUSTED },
        { "front-door.example", SVMS_E_UNTRUSTED },
        { "localhost", SVMS_E_UNTRUSTED },
        { "", SVMS_E_USAGE },
        { "*.b.example", SVMS_E_USAGE },
        { "b\xC3\xBC"
          "cher.example",
          SVMS_E_USAGE },
    };
    svms_chain *chain =
        named_leaf(ctx, "front-door.example", names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_chain_matches_host(chain, cases[i].host, &err);
        if (status != cases[i].status) {
            fail_msg("%s: %d %s", cases[i].host, (int)status, err.message);
        }
    }
    svms_chain_free(&chain);
}

static void what_a_certificate_is_for_is_told(void **state)
{
    (void)state;
    static const leaf_name one[] = { { 0x82, "a.example", 0 } };
    static const leaf_name many[] = { { 0x82, "a.example", 0 },
                                      { 0x82, "evil\x1B[2J", 0 },
                                      { 0x87, "\x0A\x01\x02\x03", 4 },
                                      { 0x82, "d.example", 0 },
                                      { 0x82, "e.example", 0 } };
    static const struct {
        const leaf_name *names;
        size_t count;
        const char *words;
    } cases[] = {
        { NULL, 0, "the certificate of CN=door is not for b.example; it is for no host" },
        { one, 1, "the certificate of CN=door is not for b.example; it is for a.example" },
        { many, 5,
          "the certificate of CN=door is not for b.example; it is for a.example, evil\\1B[2J, "
          "10.1.2.3, and 2 more" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_chain *chain = named_leaf(ctx, "door", cases[i].names, cases[i].count);
        assert_int_equal(svms_chain_matches_host(chain, "b.example", &err), SVMS_E_UNTRUSTED);
        assert_string_equal(err.message, cases[i].words);
        svms_chain_free(&chain);
    }
}

static void common_names_never_count(void **state)
{
    (void)state;
    svms_chain *chain = named_leaf(ctx, "a.example", NULL, 0);
    assert_int_equal(svms_chain_matches_host(chain, "a.example", NULL), SVMS_E_UNTRUSTED);
    svms_chain_free(&chain);
}

static void damaged_names_are_none(void **state)
{
    (void)state;
    static const unsigned char damaged[][13] = {
        { 0x30, 0x0B, 0x82, 0x0A, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e' },
        { 0x31, 0x0B, 0x82, 0x09, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e' },
        { 0x30, 0x80, 0x82, 0x09, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e' },
        { 0x82, 0x0B, 'a', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0 },
    };
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
        svms_chain *chain = named_leaf_raw(ctx, "door", damaged[i], sizeof damaged[i]);
        assert_int_equal(svms_chain_matches_host(chain, "a.example", NULL), SVMS_E_UNTRUSTED);
        assert_int_equal(svms_chain_certificate(chain, 0, &info, NULL), SVMS_OK);
        assert_int_equal(info.name_count, 0);
        svms_chain_free(&chain);
    }
}

static void nothing_to_match_is_refused(void **state)
{
    (void)state;
    svms_chain *chain = named_leaf(ctx, "door", NULL, 0);
    assert_int_equal(svms_chain_matches_host(NULL, "a.example", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_chain_matches_host(chain, NULL, NULL), SVMS_E_USAGE);
    svms_chain_free(&chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_strictly),
        cmocka_unit_test(names_are_read_strictly),
        cmocka_unit_test(a_certificate_is_for_the_names_it_has),
        cmocka_unit_test(what_a_certificate_is_for_is_told),
        cmocka_unit_test(common_names_never_count),
        cmocka_unit_test(damaged_names_are_none),
        cmocka_unit_test(nothing_to_match_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
