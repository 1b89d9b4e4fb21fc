/* SPDX-License-Identifier: Apache-2.0 */
/* Questions of WS-Discovery: which are answered, and what hostile ones do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "discovery_message.h"

#define SOAP "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\""
#define WSA "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\""
#define WSD "xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\""
#define HEAD                                                                                       \
    "<s:Envelope " SOAP " " WSA " " WSD                                                            \
    "><s:Header><a:MessageID>uuid:7</a:MessageID></s:Header><s:Body>"
#define TAIL "</s:Body></s:Envelope>"

static const discovery_self self = {
    "urn:uuid:0c2f5a3e-8d1b-8a70-9c55-1e2d3c4b5a69", "https://192.0.2.7:443/onvif/device_service",
    "onvif://www.onvif.org/Profile/T onvif://www.onvif.org/name/Gate%203 "
    "onvif://www.onvif.org/location/hall/north"
};

static bool is_answered(const char *inside)
{
    char text[4096];
    discovery_question question;
    (void)snprintf(text, sizeof text, HEAD "%s" TAIL, inside);
    bool is = discovery_read(&question, text, strlen(text), &self);
    if (is) {
        assert_string_equal(question.message_id, "uuid:7");
    }
    return is;
}

static bool finds_scopes(const char *rule, const char *scopes)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "<d:Probe><d:Scopes%s>%s</d:Scopes></d:Probe>", rule, scopes);
    return is_answered(text);
}

static void types_are_compared_by_name(void **state)
{
    (void)state;
    assert_true(is_answered("<d:Probe/>"));
    assert_true(is_answered("<d:Probe><d:Types/></d:Probe>"));
    assert_true(is_answered("<d:Probe><d:Types>x:NetworkVideoTransmitter</d:Types></d:Probe>"));
    assert_true(is_answered(
        "<d:Probe><d:Types>\n tds:Device\tNetworkVideoTransmitter </d:Types></d:Probe>"));
    assert_false(is_answered("<d:Probe><d:Types>x:Printer</d:Types></d:Probe>"));
    assert_false(is_answered("<d:Probe><d:Types>tds:Device x:Printer</d:Types></d:Probe>"));
    assert_false(is_answered("<d:Probe><d:Types>x:DeviceX</d:Types></d:Probe>"));
}

static void scopes_are_compared_by_segments(void **state)
{
    (void)state;
    assert_true(finds_scopes("", "onvif://www.onvif.org/Profile/T"));
    assert_true(finds_scopes("", "ONVIF://WWW.onvif.org/Profile"));
    assert_true(finds_scopes("", "onvif://www.onvif.org/location/hall/ onvif://www.onvif.org"));
    assert_false(finds_scopes("", "onvif://www.onvif.org/Pro"));
    assert_false(finds_scopes("", "onvif://www.onvif.org/profile/T"));
    assert_false(finds_scopes("", "onvif://www.onvif.org/Profile/T/x"));
    assert_false(finds_scopes("", "onvif://www.onvif.org/Profile/T http://other"));
    assert_false(finds_scopes("", "o"));
    static const char exact[] =
        " MatchBy=\"http://schemas.xmlsoap.org/ws/2005/04/discovery/strcmp0\"";
    assert_true(finds_scopes(exact, "onvif://www.onvif.org/Profile/T"));
    assert_false(finds_scopes(exact, "onvif://www.onvif.org/Profile"));
    assert_false(finds_scopes(" MatchBy=\"http://example.org/ldap\"", "onvif://www.onvif.org"));
}

static void only_who_is_meant_resolves(void **state)
{
    char text[512];
    (void)state;
    static const char form[] = "<d:Resolve><a:EndpointReference><a:Address>%s</a:Address></"
                               "a:EndpointReference></d:Resolve>";
    (void)snprintf(text, sizeof text, form, self.id);
    assert_true(is_answered(text));
    (void)snprintf(text, sizeof text, form, "urn:uuid:00000000-0000-0000-0000-000000000000");
    assert_false(is_answered(text));
    assert_false(is_answered("<d:Resolve/>"));
}

static void what_is_no_question_is_passed_over(void **state)
{
    discovery_question question;
    (void)state;
    assert_false(is_answered("<d:ProbeMatches/>"));
    assert_false(is_answered("<d:Hello/>"));
    assert_false(is_answered(""));
    static const char *const others[] = {
        "",
        "\0",
        "<",
        "<s:Envelope " SOAP "/>",
        "<!DOCTYPE x [<!ENTITY a \"b\">]><s:Envelope " SOAP "/>",
        "<s:Envelope " SOAP " " WSD "><s:Body><d:Probe/></s:Body></s:Envelope>",
        "<Envelope><Body><Probe/></Body></Envelope>",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(discovery_read(&question, others[i], strlen(others[i]), &self));
    }
    /* No id is longer than there is room for, and every cut is harmless. */
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "<s:Envelope " SOAP " " WSA " " WSD
                   "><s:Header><a:MessageID>%0300d</a:MessageID>"
                   "</s:Header><s:Body><d:Probe/></s:Body></s:Envelope>",
                   7);
    assert_false(discovery_read(&question, text, strlen(text), &self));
    static const char whole[] = HEAD "<d:Probe/>" TAIL;
    for (size_t size = 0; size < sizeof whole - 1; size++) {
        assert_false(discovery_read(&question, whole, size, &self));
    }
    static char large[DISCOVERY_BYTES_MAX + 1];
    memset(large, ' ', sizeof large);
    memcpy(large, whole, sizeof whole - 1);
    assert_true(discovery_read(&question, large, sizeof large - 1, &self));
    assert_false(discovery_read(&question, large, sizeof large, &self));
}

static void what_is_written_is_read_again(void **state)
{
    static const struct {
        discovery_kind kind;
        const char *action;
        bool has_address;
    } kinds[] = { { DISCOVERY_PROBE, "/ProbeMatches<", true },
                  { DISCOVERY_RESOLVE, "/ResolveMatches<", true },
                  { DISCOVERY_HELLO, "/Hello<", true },
                  { DISCOVERY_BYE, "/Bye<", false } };
    xml_writer out = XML_WRITER_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        xml_tree *tree = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_true(discovery_write(&out, kinds[i].kind, &self, "urn:uuid:1", "<uuid:7&", 5, 6));
        assert_int_equal(xml_tree_read(&tree, out.bytes, out.size, &err), SVMS_OK);
        assert_non_null(strstr(out.bytes, kinds[i].action));
        assert_non_null(strstr(out.bytes, self.id));
        assert_non_null(strstr(out.bytes, "&lt;uuid:7&amp;"));
        assert_int_equal(strstr(out.bytes, self.address) != NULL, kinds[i].has_address);
        xml_tree_free(&tree);
    }
    xml_writer_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_are_compared_by_name),
        cmocka_unit_test(scopes_are_compared_by_segments),
        cmocka_unit_test(only_who_is_meant_resolves),
        cmocka_unit_test(what_is_no_question_is_passed_over),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
