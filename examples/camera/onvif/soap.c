/* SPDX-License-Identifier: Apache-2.0 */
#include "soap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "onvif_names.h"

static const struct {
    const char *prefix;
    const char *space;
} prefixes[] = {
    { "xmlns:s", NS_SOAP },      { "xmlns:wsa", NS_ADDRESSING },    { "xmlns:tds", NS_DEVICE },
    { "xmlns:tr2", NS_MEDIA },   { "xmlns:tptz", NS_PTZ },          { "xmlns:tev", NS_EVENTS },
    { "xmlns:wsnt", NS_NOTIFY }, { "xmlns:wstop", NS_TOPICS },      { "xmlns:tt", NS_SCHEMA },
    { "xmlns:ter", NS_ERRORS },  { "xmlns:tns1", NS_ONVIF_TOPICS }, { "xmlns:xs", NS_TYPES },
    { "xmlns:trp", NS_REPLAY },
};

static svms_status malformed(svms_error *err, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = SVMS_E_MALFORMED;
        (void)snprintf(err->message, sizeof err->message, "SOAP: %s", words);
    }
    return SVMS_E_MALFORMED;
}

/* Base64 with padding and nothing else; bytes, or 0: it is none, or larger than room. */
static size_t decode(uint8_t *out, size_t room, const char *text)
{
    uint8_t block[SOAP_NONCE_MAX + 8];
    size_t size = strlen(text);
    if (size == 0 || size % 4 != 0 || size / 4 * 3 > sizeof block) {
        return 0;
    }
    int got = EVP_DecodeBlock(block, (const unsigned char *)text, (int)size);
    if (got < 0) {
        return 0;
    }
    size_t bytes = (size_t)got;
    /* It counts what padding stands for. */
    for (size_t i = 1; i <= 2 && text[size - i] == '='; i++) {
        bytes--;
    }
    if (bytes > room) {
        return 0;
    }
    memcpy(out, block, bytes);
    return bytes;
}

/* Only digests: a password as it is would be on the camera's side of TLS in memory that nobody
 * wipes. */
static void read_user(soap_request *out, const xml_node *token)
{
    const xml_node *password = xml_child(token, NS_SECURITY, "Password");
    const char *type = xml_attribute(password, "Type");
    out->user.name = xml_text(xml_child(token, NS_SECURITY, "Username"));
    out->user.created = xml_text(xml_child(token, NS_UTILITY, "Created"));
    out->user.nonce_size = decode(out->user.nonce, sizeof out->user.nonce,
                                  xml_text(xml_child(token, NS_SECURITY, "Nonce")));
    bool is_digest = type && strcmp(type, PASSWORD_DIGEST) == 0 &&
                     decode(out->user.digest, sizeof out->user.digest, xml_text(password)) ==
                         sizeof out->user.digest;
    out->is_user_wrong = !is_digest || out->user.name[0] == '\0' || out->user.created[0] == '\0' ||
                         out->user.nonce_size == 0;
}

/* A header that must be understood and is not ends the matter (SOAP 1.2 part 1, section 2.4). */
static svms_status read_header(soap_request *out, const xml_node *header, svms_error *err)
{
    for (const xml_node *block = xml_first(header); block; block = xml_next(block)) {
        if (strcmp(xml_space(block), NS_SECURITY) == 0 &&
            strcmp(xml_name(block), "Security") == 0) {
            const xml_node *token = xml_child(block, NS_SECURITY, "UsernameToken");
            if (token && (out->user.name || xml_again(token))) {
                return malformed(err, "it names more than one user");
            }
            if (token) {
                read_user(out, token);
            }
        } else if (strcmp(xml_space(block), NS_ADDRESSING) == 0) {
            if (strcmp(xml_name(block), "MessageID") == 0) {
                out->message_id = xml_text(block);
            }
        }
    }
    return SVMS_OK;
}

svms_status soap_read(soap_request *out, const char *bytes, size_t size, svms_error *err)
{
    memset(out, 0, sizeof *out);
    svms_status status = xml_tree_read(&out->tree, bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    const xml_node *envelope = xml_tree_root(out->tree);
    if (strcmp(xml_space(envelope), NS_SOAP) != 0 || strcmp(xml_name(envelope), "Envelope") != 0) {
        return malformed(err, "it is no envelope of SOAP 1.2");
    }
    const xml_node *header = xml_child(envelope, NS_SOAP, "Header");
    const xml_node *body = xml_child(envelope, NS_SOAP, "Body");
    if (!body || xml_again(body) || (header && xml_again(header))) {
        return malformed(err, "it has no body, or more than one body or header");
    }
    out->operation = xml_first(body);
    if (!out->operation || xml_next(out->operation)) {
        return malformed(err, "its body asks for nothing, or for more than one thing");
    }
    return header ? read_header(out, header, err) : SVMS_OK;
}

void soap_clear(soap_request *request)
{
    xml_tree_free(&request->tree);
    memset(request, 0, sizeof *request);
}

void soap_fail(soap_fault *fault, const char *code, const char *subcode, const char *format, ...)
{
    va_list args;
    /* The first reason is the reason. */
    if (fault->is_there) {
        return;
    }
    fault->is_there = true;
    fault->code = code;
    fault->subcode = subcode;
    va_start(args, format);
    (void)vsnprintf(fault->reason, sizeof fault->reason, format, args);
    va_end(args);
}

void soap_begin(xml_writer *writer, const char *answers)
{
    xml_put_raw(writer, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    xml_open(writer, "s:Envelope");
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        xml_put_attribute(writer, prefixes[i].prefix, prefixes[i].space);
    }
    if (answers) {
        xml_open(writer, "s:Header");
        xml_leaf(writer, "wsa:RelatesTo", answers);
        xml_shut(writer);
    }
    xml_open(writer, "s:Body");
}

bool soap_end(xml_writer *writer)
{
    xml_shut(writer);
    xml_shut(writer);
    return !writer->has_failed && writer->depth == 0;
}

bool soap_write_fault(xml_writer *writer, const soap_fault *fault, const char *answers)
{
    xml_writer_clear(writer);
    soap_begin(writer, answers);
    xml_open(writer, "s:Fault");
    xml_open(writer, "s:Code");
    xml_leaf(writer, "s:Value", fault->is_ours ? "s:Receiver" : "s:Sender");
    xml_open(writer, "s:Subcode");
    xml_leaf(writer, "s:Value", fault->code);
    if (fault->subcode) {
        xml_open(writer, "s:Subcode");
        xml_leaf(writer, "s:Value", fault->subcode);
        xml_shut(writer);
    }
    xml_shut(writer);
    xml_shut(writer);
    xml_open(writer, "s:Reason");
    xml_open(writer, "s:Text");
    xml_put_attribute(writer, "xml:lang", "en");
    xml_put_text(writer, fault->reason);
    xml_shut(writer);
    xml_shut(writer);
    xml_shut(writer);
    return soap_end(writer);
}
