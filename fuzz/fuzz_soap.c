/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers send to a camera: SOAP over HTTPS, WS-Discovery by UDP. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "discovery_message.h"
#include "soap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count(const xml_node *node, unsigned depth)
{
    unsigned found = 1;
    if (depth > XML_DEPTH_MAX) {
        abort();
    }
    for (const xml_node *child = xml_first(node); child; child = xml_next(child)) {
        found += count(child, depth + 1);
    }
    return found;
}

/* Names of what was read may be any; those of the writer are its owner's. */
static void write_texts(xml_writer *out, const xml_node *node)
{
    xml_open(out, "t");
    xml_put_attribute(out, "name", xml_name(node));
    xml_put_text(out, xml_text(node));
    for (const xml_node *child = xml_first(node); child; child = xml_next(child)) {
        write_texts(out, child);
    }
    xml_shut(out);
}

static bool is_same(const xml_node *read, const xml_node *again)
{
    const char *name = again ? xml_attribute(again, "name") : NULL;
    if (!name || strcmp(name, xml_name(read)) != 0 ||
        strcmp(xml_text(again), xml_text(read)) != 0) {
        return false;
    }
    const xml_node *one = xml_first(read);
    const xml_node *other = xml_first(again);
    while (one && is_same(one, other)) {
        one = xml_next(one);
        other = xml_next(other);
    }
    return !one && !other;
}

/* What is written of it is read as it was, whatever signs are in it. */
static void check_tree(const xml_tree *tree)
{
    xml_writer out = XML_WRITER_INIT;
    xml_tree *again = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (count(xml_tree_root(tree), 1) > XML_NODES_MAX) {
        abort();
    }
    write_texts(&out, xml_tree_root(tree));
    if (!out.has_failed && out.size <= XML_BYTES_MAX &&
        (xml_tree_read(&again, out.bytes, out.size, &err) != SVMS_OK ||
         !is_same(xml_tree_root(tree), xml_tree_root(again)))) {
        abort();
    }
    xml_tree_free(&again);
    xml_writer_clear(&out);
}

static void check_soap(const char *text, size_t size)
{
    soap_request request;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = soap_read(&request, text, size, &err);
    if (status == SVMS_OK) {
        check_tree(request.tree);
        if (!request.operation || request.user.nonce_size > SOAP_NONCE_MAX) {
            abort();
        }
    } else if (err.status != status || err.message[0] == '\0') {
        abort();
    }
    soap_clear(&request);
}

static void check_discovery(const char *text, size_t size)
{
    static const discovery_self self = {
        "urn:uuid:7", "https://192.0.2.7/",
        "onvif://www.onvif.org/name/a onvif://www.onvif.org/type/ptz"
    };
    discovery_question question;
    xml_writer out = XML_WRITER_INIT;
    xml_tree *tree = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (!discovery_read(&question, text, size, &self)) {
        return;
    }
    if (size > DISCOVERY_BYTES_MAX || question.message_id[0] == '\0' ||
        !discovery_write(&out, question.kind, &self, "urn:uuid:8", question.message_id, 1, 2) ||
        xml_tree_read(&tree, out.bytes, out.size, &err) != SVMS_OK) {
        abort();
    }
    xml_tree_free(&tree);
    xml_writer_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] % 2 == 0) {
        check_soap((const char *)data + 1, size - 1);
    } else {
        check_discovery((const char *)data + 1, size - 1);
    }
    return 0;
}
