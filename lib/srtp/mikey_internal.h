/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of MIKEY messages (RFC 3830 section 6), for those who read and write them. */
#ifndef SVMS_MIKEY_INTERNAL_H
#define SVMS_MIKEY_INTERNAL_H

#include <stdbool.h>

#include "cursor.h"

#include <svms/mikey.h>

/* Payload types that messages of ours and of our peers have. */
enum {
    SVMS_MIKEY_LAST = 0,
    SVMS_MIKEY_KEMAC = 1,
    SVMS_MIKEY_T = 5,
    SVMS_MIKEY_ID = 6,
    SVMS_MIKEY_SP = 10,
    SVMS_MIKEY_RAND = 11,
    SVMS_MIKEY_ERR = 12,
    SVMS_MIKEY_KEY_DATA = 20,
    SVMS_MIKEY_EXTENSION = 21
};

enum { SVMS_MIKEY_RAND_MIN = 16 };

/* Data types of messages. */
enum { SVMS_MIKEY_PRE_SHARED = 0, SVMS_MIKEY_ERROR_MESSAGE = 6 };

/* Parameters of a policy for SRTP (RFC 3830 section 6.10.1, RFC 7714). */
enum {
    SVMS_MIKEY_ENCRYPTION = 0,
    SVMS_MIKEY_ENCRYPTION_KEY = 1,
    SVMS_MIKEY_AUTHENTICATION = 2,
    SVMS_MIKEY_AUTHENTICATION_KEY = 3,
    SVMS_MIKEY_SALT = 4,
    SVMS_MIKEY_PRF = 5,
    SVMS_MIKEY_DERIVATION_RATE = 6,
    SVMS_MIKEY_SRTP_ENCRYPTED = 7,
    SVMS_MIKEY_SRTCP_ENCRYPTED = 8,
    SVMS_MIKEY_FEC_ORDER = 9,
    SVMS_MIKEY_SRTP_AUTHENTICATED = 10,
    SVMS_MIKEY_TAG = 11,
    SVMS_MIKEY_PREFIX = 12,
    SVMS_MIKEY_AEAD_TAG = 20,
    SVMS_MIKEY_PARAMETER_COUNT = 21
};

enum { SVMS_MIKEY_AES_CM = 1, SVMS_MIKEY_AES_GCM = 6, SVMS_MIKEY_HMAC_SHA_1 = 1 };

/* Types of key data and of its validity. */
enum { SVMS_MIKEY_TGK = 0, SVMS_MIKEY_TGK_SALT = 1, SVMS_MIKEY_TEK = 2, SVMS_MIKEY_TEK_SALT = 3 };
enum { SVMS_MIKEY_VALID_ALWAYS = 0, SVMS_MIKEY_VALID_SPI = 1 };

/* What a policy for SRTP asks for. number: that of the policy. */
typedef struct svms_mikey_policy {
    uint32_t number;
    svms_srtp_suite suite;
} svms_mikey_policy;

/* Key data as they stand in a message; the pointers go into it. */
typedef struct svms_mikey_key_data {
    const uint8_t *tek;
    size_t tek_size;
    const uint8_t *salt; /* NULL: within the TEK */
    size_t salt_size;
    const uint8_t *mki; /* NULL: none */
    size_t mki_size;
    uint64_t offset; /* of the key data, for messages */
} svms_mikey_key_data;

/* SVMS_E_TRUNCATED where the cursor failed. what: "the time stamp". */
SVMS_MUST_CHECK svms_status svms_mikey_whole(const svms_cursor *cursor, const char *what,
                                             svms_error *err);
/* Reads a security policy behind its next payload. */
SVMS_MUST_CHECK svms_status svms_mikey_read_policy(svms_mikey_policy *out, svms_cursor *cursor,
                                                   svms_error *err);
/* Reads a KEMAC behind its next payload. */
SVMS_MUST_CHECK svms_status svms_mikey_read_kemac(svms_mikey_key_data *out, svms_cursor *cursor,
                                                  svms_error *err);

#endif
