/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of WS-Discovery (April 2005), as far as ONVIF Core, section 7.3, wants them. No I/O. */
#ifndef ONVIF_DISCOVERY_MESSAGE_H
#define ONVIF_DISCOVERY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "xml_tree.h"
#include "xml_writer.h"

/* More than fits one datagram that is not in pieces is nobody's question. */
#define DISCOVERY_BYTES_MAX 4096u
#define DISCOVERY_ID_MAX 256u
#define DISCOVERY_SCOPES_SIZE 1024u

typedef enum discovery_kind {
    DISCOVERY_PROBE,   /* who is there? */
    DISCOVERY_RESOLVE, /* where is this one? */
    DISCOVERY_HELLO,
    DISCOVERY_BYE
} discovery_kind;

/* Who is looked for. */
typedef struct discovery_self {
    const char *id;      /* "urn:uuid:..." */
    const char *address; /* of its device service */
    const char *scopes;  /* with one space between them */
} discovery_self;

typedef struct discovery_question {
    discovery_kind kind;                   /* probe or resolve */
    char message_id[DISCOVERY_ID_MAX + 1]; /* to be named by the answer */
} discovery_question;

/* Whether it is a question that this one answers. Whatever else comes there (other messages, other
 * devices, what is no XML) is no failure: anybody may send anything. */
bool discovery_read(discovery_question *out, const char *bytes, size_t size,
                    const discovery_self *self);

/* message_id: a new one, "urn:uuid:...". instance and number are those of AppSequence, which says
 * which message is newer. false: no memory. */
bool discovery_write(xml_writer *out, discovery_kind kind, const discovery_self *self,
                     const char *message_id, const char *answers, uint32_t instance,
                     uint32_t number);

#endif
