/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "certificate.h"

/* Arcs under one UUID object identifier (ITU-T X.667), so no registration authority is involved. */
#define ROLE_ARC "2.25.132330503438125610743018859333830030049"
/* The same in DER. */
#define ROLE_ARC_DER                                                                               \
    0x69, 0x81, 0xC7, 0x8D, 0xF6, 0xE2, 0xF6, 0x85, 0xBA, 0x9C, 0x8F, 0x80, 0xDB, 0xE9, 0x80,      \
        0xA6, 0xF8, 0xFE, 0xE5, 0x61

/* Time stamping has its own purpose already (RFC 3161 section 2.3): id-kp-timeStamping. */
#define STAMPING_OID "1.3.6.1.5.5.7.3.8"
#define STAMPING_DER 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08

typedef struct role_entry {
    const char *name; /* NULL: there is no such role */
    const char *oid;
    uint8_t der_size;
    uint8_t der[SVMS_ROLE_DER_SIZE];
} role_entry;

static const role_entry roles[] = {
    [SVMS_ROLE_NONE] = { "none", NULL, 0, { 0 } },
    [SVMS_ROLE_CAMERA] = { "camera", ROLE_ARC ".1", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 1 } },
    [SVMS_ROLE_RECORDER] = { "recorder", ROLE_ARC ".2", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 2 } },
    [SVMS_ROLE_EXPORTER] = { "exporter", ROLE_ARC ".3", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 3 } },
    [SVMS_ROLE_CUSTODIAN] = { "custodian", ROLE_ARC ".4", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 4 } },
    [SVMS_ROLE_KEY_OFFICER] = { "key-officer",
                                ROLE_ARC ".5",
                                SVMS_ROLE_DER_SIZE,
                                { ROLE_ARC_DER, 5 } },
    [SVMS_ROLE_SERVER] = { "server", ROLE_ARC ".16", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 16 } },
    [SVMS_ROLE_CLIENT_DEVICE] = { "client-device",
                                  ROLE_ARC ".17",
                                  SVMS_ROLE_DER_SIZE,
                                  { ROLE_ARC_DER, 17 } },
    [SVMS_ROLE_USER] = { "user", ROLE_ARC ".18", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 18 } },
    [SVMS_ROLE_TIME_STAMPER] = { "time-stamper", STAMPING_OID, 8, { STAMPING_DER } },
    [SVMS_ROLE_UPDATE] = { "update", ROLE_ARC ".20", SVMS_ROLE_DER_SIZE, { ROLE_ARC_DER, 20 } },
};

static const role_entry *find(svms_role role)
{
    size_t index = (size_t)role;
    bool known = index < sizeof roles / sizeof roles[0] && roles[index].name != NULL;
    return known ? &roles[index] : NULL;
}

const char *svms_role_name(svms_role role)
{
    const role_entry *entry = find(role);
    return entry ? entry->name : "unknown";
}

const char *svms_role_oid(svms_role role)
{
    const role_entry *entry = find(role);
    return entry ? entry->oid : NULL;
}

const uint8_t *svms_role_der(svms_role role, size_t *size)
{
    const role_entry *entry = find(role);
    *size = entry ? entry->der_size : 0;
    return *size > 0 ? entry->der : NULL;
}

bool svms_role_signs_evidence(svms_role role)
{
    return role >= SVMS_ROLE_CAMERA && role <= SVMS_ROLE_KEY_OFFICER;
}

void svms_roles_words(char out[SVMS_ROLES_WORDS_SIZE], uint32_t roles_asked)
{
    size_t used = 0;
    snprintf(out, SVMS_ROLES_WORDS_SIZE, "no role");
    for (svms_role role = SVMS_ROLE_FIRST; role <= SVMS_ROLE_LAST; role++) {
        if ((roles_asked & (1u << role)) == 0 || !svms_role_oid(role)) {
            continue;
        }
        int length = snprintf(out + used, SVMS_ROLES_WORDS_SIZE - used, "%s%s",
                              used > 0 ? ", " : "", svms_role_name(role));
        if (length > 0 && (size_t)length < SVMS_ROLES_WORDS_SIZE - used) {
            used += (size_t)length;
        }
    }
}
