/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS #7 "certs-only": SignedData without signers and without content (RFC 5652 section 5,
 * RFC 7030 section 4.1.3). */
#ifndef SVMS_PKCS7_H
#define SVMS_PKCS7_H

#include <stdint.h>

/* Content of the object identifiers id-signedData and id-data. */
#define SVMS_PKCS7_SIGNED_DATA                                                                     \
    {                                                                                              \
        0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02                                       \
    }
#define SVMS_PKCS7_DATA                                                                            \
    {                                                                                              \
        0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01                                       \
    }
#define SVMS_PKCS7_VERSION 1
/* Lists may come along, which are passed over. */
#define SVMS_PKCS7_MAX ((size_t)1024 * 1024)

#endif
