/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a certificate is for: common names, DNS names and addresses as authorities write them. */
#ifndef SVMS_SUBJECT_NAME_H
#define SVMS_SUBJECT_NAME_H

#include <svms/status.h>

#include "der_put.h"
#include "host.h"

#define SVMS_COMMON_NAME_MAX 64 /* characters (RFC 5280, ub-common-name) */
#define SVMS_COMMON_NAME_MAX_BYTES 256

/* 1 to 64 characters of UTF-8; no controls, and nothing that reorders or hides the text around it.
 */
bool svms_is_common_name(const void *text, size_t size);
/* The same for text that ends with NUL. SVMS_E_USAGE; NULL is none. */
SVMS_MUST_CHECK svms_status svms_check_common_name(const char *text, svms_error *err);
/* Name ::= SEQUENCE { SET { SEQUENCE { commonName, UTF8String } } } */
void svms_put_common_name(svms_builder *builder, const char *common_name);

/* One host, and no pattern of several. SVMS_E_USAGE, with the name in the message. */
SVMS_MUST_CHECK svms_status svms_read_subject_host(svms_host *out, const char *text,
                                                   svms_error *err);
/* How many, and each of them. */
SVMS_MUST_CHECK svms_status svms_check_subject_hosts(const char *const *names, size_t count,
                                                     svms_error *err);
/* The extension, for names that were checked. */
void svms_put_subject_hosts(svms_builder *builder, const char *const *names, size_t count);

/* Text of somebody else within a message: printable, and cut to fit. */
#define SVMS_QUOTED_SIZE 80
void svms_quote(char out[SVMS_QUOTED_SIZE], const char *text);

#endif
