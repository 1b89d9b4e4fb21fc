/* SPDX-License-Identifier: Apache-2.0 */
/* SOAP 1.2 messages as ONVIF uses them: what is asked, by whom, and what is answered. No I/O. */
#ifndef ONVIF_SOAP_H
#define ONVIF_SOAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xml_tree.h"
#include "xml_writer.h"

#define SOAP_TYPE "application/soap+xml; charset=utf-8"
#define SOAP_NONCE_MAX 64u
#define SOAP_REASON_SIZE 200u

/* How somebody shows who he is (WS-Security, UsernameToken with PasswordDigest). */
typedef struct soap_user {
    const char *name; /* NULL: nobody is named */
    uint8_t digest[20];
    uint8_t nonce[SOAP_NONCE_MAX];
    size_t nonce_size;
    const char *created;
} soap_user;

/* Texts belong to the tree. */
typedef struct soap_request {
    xml_tree *tree;
    const xml_node *operation; /* the one element of the body */
    const char *message_id;    /* of WS-Addressing, or NULL */
    bool is_user_wrong;        /* there is a UsernameToken, and it cannot be judged */
    soap_user user;
} soap_request;

/* SVMS_E_MALFORMED and others: it is no such message; err has words. Clear it in any case. */
svms_status soap_read(soap_request *out, const char *bytes, size_t size, svms_error *err);
void soap_clear(soap_request *request);

/* Why something is not done: code and subcodes as ONVIF Core, section 5.8.2, has them. */
typedef struct soap_fault {
    bool is_there;
    bool is_ours;        /* Receiver; else Sender */
    const char *code;    /* "ter:NotAuthorized" */
    const char *subcode; /* "ter:NoProfile", or NULL */
    char reason[SOAP_REASON_SIZE];
} soap_fault;

void soap_fail(soap_fault *fault, const char *code, const char *subcode, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Up to the body, which stays open. answers: the id of the message that is answered, or NULL. */
void soap_begin(xml_writer *writer, const char *answers);
/* Closes body and envelope; false: it could not be written. */
bool soap_end(xml_writer *writer);
/* The whole of it, in place of what is there. */
bool soap_write_fault(xml_writer *writer, const soap_fault *fault, const char *answers);

#endif
