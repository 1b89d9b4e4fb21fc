/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates with any subject alternative name, made with OpenSSL alone. */
#ifndef SVMS_TEST_NAMED_LEAF_H
#define SVMS_TEST_NAMED_LEAF_H

#include <svms/identity.h>

/* Names of a certificate: tag and content, as they stand in a GeneralName. */
typedef struct leaf_name {
    unsigned char tag; /* 0x82 DNS, 0x87 address, 0x81 e-mail */
    const char *text;
    size_t size; /* 0: a C string */
} leaf_name;

/* A self-signed certificate with these names; NULL for no extension at all. */
svms_chain *named_leaf(svms_ctx *ctx, const char *common_name, const leaf_name *names,
                       size_t count);
/* The same with the extension's content as it is. */
svms_chain *named_leaf_raw(svms_ctx *ctx, const char *common_name, const unsigned char *der,
                           size_t size);

#endif
