/* SPDX-License-Identifier: Apache-2.0 */
#include "discovery_message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "onvif_names.h"

#define NS_DISCOVERY "http://schemas.xmlsoap.org/ws/2005/04/discovery"
/* WS-Discovery of 2005 has the addressing of 2004. */
#define NS_OLD_ADDRESSING "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define ANYBODY "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"
#define EVERYBODY "urn:schemas-xmlsoap-org:ws:2005:04:discovery"
#define BY_STRCMP NS_DISCOVERY "/strcmp0"
#define BY_RFC3986 NS_DISCOVERY "/rfc3986"
#define SPACES " \t\r\n"

static const struct {
    const char *action;
    const char *element;
    const char *match; /* NULL: it matches by itself */
    const char *to;
} messages[] = {
    [DISCOVERY_PROBE] = { NS_DISCOVERY "/ProbeMatches", "d:ProbeMatches", "d:ProbeMatch", ANYBODY },
    [DISCOVERY_RESOLVE] = { NS_DISCOVERY "/ResolveMatches", "d:ResolveMatches", "d:ResolveMatch",
                            ANYBODY },
    [DISCOVERY_HELLO] = { NS_DISCOVERY "/Hello", "d:Hello", NULL, EVERYBODY },
    [DISCOVERY_BYE] = { NS_DISCOVERY "/Bye", "d:Bye", NULL, EVERYBODY },
};

/* The next word of a list, or NULL; *at goes behind it. */
static const char *next_word(const char **at, size_t *size)
{
    const char *word = *at + strspn(*at, SPACES);
    *size = strcspn(word, SPACES);
    *at = word + *size;
    return *size > 0 ? word : NULL;
}

/* By its name alone: clients bind prefixes as they like, and a wrong one finds a camera too many at
 * most. */
static bool is_our_type(const char *word, size_t size)
{
    static const char *const ours[] = { "NetworkVideoTransmitter", "Device" };
    const char *colon = memchr(word, ':', size);
    const char *name = colon ? colon + 1 : word;
    size_t length = size - (size_t)(name - word);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strlen(ours[i]) == length && memcmp(ours[i], name, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool are_our_types(const char *types)
{
    size_t size = 0;
    const char *word = next_word(&types, &size);
    while (word && is_our_type(word, size)) {
        word = next_word(&types, &size);
    }
    return word == NULL;
}

/* Whole segments of a path; scheme and authority whatever their case (RFC 3986). */
static bool is_prefix(const char *wanted, size_t size, const char *scope, size_t length)
{
    static const char authority[] = "onvif://www.onvif.org";
    size_t head = sizeof authority - 1;
    while (size > head && wanted[size - 1] == '/') {
        size--;
    }
    if (size > length || size < head || strncasecmp(wanted, scope, head) != 0 ||
        memcmp(wanted + head, scope + head, size - head) != 0) {
        return false;
    }
    return size == length || scope[size] == '/';
}

static bool is_our_scope(const char *wanted, size_t size, const char *scopes, bool is_exact)
{
    size_t length = 0;
    const char *scope = next_word(&scopes, &length);
    while (scope) {
        if (is_exact ? size == length && memcmp(wanted, scope, size) == 0
                     : is_prefix(wanted, size, scope, length)) {
            return true;
        }
        scope = next_word(&scopes, &length);
    }
    return false;
}

/* Each that is asked for must be there (WS-Discovery, section 5.1). */
static bool are_our_scopes(const xml_node *node, const char *scopes)
{
    const char *rule = node ? xml_attribute(node, "MatchBy") : NULL;
    bool is_exact = rule && strcmp(rule, BY_STRCMP) == 0;
    if (rule && !is_exact && strcmp(rule, BY_RFC3986) != 0) {
        return false;
    }
    const char *at = node ? xml_text(node) : "";
    size_t size = 0;
    const char *word = next_word(&at, &size);
    while (word && is_our_scope(word, size, scopes, is_exact)) {
        word = next_word(&at, &size);
    }
    return word == NULL;
}

static bool is_for(discovery_question *out, const xml_node *body, const discovery_self *self)
{
    const xml_node *probe = xml_child(body, NS_DISCOVERY, "Probe");
    const xml_node *resolve = xml_child(body, NS_DISCOVERY, "Resolve");
    if (probe) {
        const xml_node *types = xml_child(probe, NS_DISCOVERY, "Types");
        out->kind = DISCOVERY_PROBE;
        return are_our_types(types ? xml_text(types) : "") &&
               are_our_scopes(xml_child(probe, NS_DISCOVERY, "Scopes"), self->scopes);
    }
    out->kind = DISCOVERY_RESOLVE;
    const xml_node *whom = xml_child(resolve, NS_OLD_ADDRESSING, "EndpointReference");
    const xml_node *address = xml_child(whom, NS_OLD_ADDRESSING, "Address");
    return address && strcasecmp(xml_text(address), self->id) == 0;
}

bool discovery_read(discovery_question *out, const char *bytes, size_t size,
                    const discovery_self *self)
{
    xml_tree *tree = NULL;
    svms_error err = SVMS_ERROR_INIT;
    memset(out, 0, sizeof *out);
    if (size > DISCOVERY_BYTES_MAX || xml_tree_read(&tree, bytes, size, &err) != SVMS_OK) {
        return false;
    }
    const xml_node *envelope = xml_tree_root(tree);
    bool is_soap =
        strcmp(xml_space(envelope), NS_SOAP) == 0 && strcmp(xml_name(envelope), "Envelope") == 0;
    const xml_node *header = is_soap ? xml_child(envelope, NS_SOAP, "Header") : NULL;
    const xml_node *body = is_soap ? xml_child(envelope, NS_SOAP, "Body") : NULL;
    const xml_node *id = xml_child(header, NS_OLD_ADDRESSING, "MessageID");
    size_t length = id ? strlen(xml_text(id)) : 0;
    bool is_asked = length > 0 && length <= DISCOVERY_ID_MAX && is_for(out, body, self);
    if (is_asked) {
        memcpy(out->message_id, xml_text(id), length);
    }
    xml_tree_free(&tree);
    return is_asked;
}

static void write_header(xml_writer *out, discovery_kind kind, const char *message_id,
                         const char *answers, uint32_t instance, uint32_t number)
{
    char text[11];
    xml_open(out, "s:Header");
    xml_leaf(out, "a:MessageID", message_id);
    if (answers) {
        xml_leaf(out, "a:RelatesTo", answers);
    }
    xml_leaf(out, "a:To", messages[kind].to);
    xml_leaf(out, "a:Action", messages[kind].action);
    xml_open(out, "d:AppSequence");
    (void)snprintf(text, sizeof text, "%u", (unsigned)instance);
    xml_put_attribute(out, "InstanceId", text);
    (void)snprintf(text, sizeof text, "%u", (unsigned)number);
    xml_put_attribute(out, "MessageNumber", text);
    xml_shut(out);
    xml_shut(out);
}

static void write_self(xml_writer *out, discovery_kind kind, const discovery_self *self)
{
    xml_open(out, "a:EndpointReference");
    xml_leaf(out, "a:Address", self->id);
    xml_shut(out);
    if (kind == DISCOVERY_BYE) {
        return;
    }
    xml_leaf(out, "d:Types", "dn:NetworkVideoTransmitter tds:Device");
    xml_leaf(out, "d:Scopes", self->scopes);
    xml_leaf(out, "d:XAddrs", self->address);
    xml_leaf_number(out, "d:MetadataVersion", 1);
}

bool discovery_write(xml_writer *out, discovery_kind kind, const discovery_self *self,
                     const char *message_id, const char *answers, uint32_t instance,
                     uint32_t number)
{
    xml_writer_clear(out);
    xml_open(out, "s:Envelope");
    xml_put_attribute(out, "xmlns:s", NS_SOAP);
    xml_put_attribute(out, "xmlns:a", NS_OLD_ADDRESSING);
    xml_put_attribute(out, "xmlns:d", NS_DISCOVERY);
    xml_put_attribute(out, "xmlns:dn", "http://www.onvif.org/ver10/network/wsdl");
    xml_put_attribute(out, "xmlns:tds", NS_DEVICE);
    write_header(out, kind, message_id, answers, instance, number);
    xml_open(out, "s:Body");
    xml_open(out, messages[kind].element);
    if (messages[kind].match) {
        xml_open(out, messages[kind].match);
    }
    write_self(out, kind, self);
    while (out->depth > 0 && !out->has_failed) {
        xml_shut(out);
    }
    return !out->has_failed;
}
