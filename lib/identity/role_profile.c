/* SPDX-License-Identifier: Apache-2.0 */
#include "role_profile.h"

#include "certificate.h"

/* Under id-kp, 1.3.6.1.5.5.7.3 (RFC 5280 section 4.2.1.12). */
#define ID_KP_SIZE 8
#define SERVER_AUTH 1
#define CLIENT_AUTH 2

static const svms_role roles[] = { SVMS_ROLE_CAMERA,        SVMS_ROLE_RECORDER,
                                   SVMS_ROLE_EXPORTER,      SVMS_ROLE_CUSTODIAN,
                                   SVMS_ROLE_KEY_OFFICER,   SVMS_ROLE_SERVER,
                                   SVMS_ROLE_CLIENT_DEVICE, SVMS_ROLE_USER,
                                   SVMS_ROLE_TIME_STAMPER,  SVMS_ROLE_UPDATE };

const svms_role_profile *svms_role_profile_of(svms_role role)
{
    static const svms_role_profile peer = { .server = true, .client = true, .has_hosts = true };
    static const svms_role_profile device = { .client = true, .has_hosts = true };
    static const svms_role_profile person = { .client = true };
    static const svms_role_profile signer = { .has_hosts = false };
    static const svms_role_profile stamper = { .critical = true, .has_hosts = true };
    switch (role) {
    case SVMS_ROLE_CAMERA:
    case SVMS_ROLE_RECORDER:
    case SVMS_ROLE_SERVER:
        return &peer;
    case SVMS_ROLE_CLIENT_DEVICE:
        return &device;
    case SVMS_ROLE_USER:
        return &person;
    case SVMS_ROLE_EXPORTER:
    case SVMS_ROLE_CUSTODIAN:
    case SVMS_ROLE_KEY_OFFICER:
    case SVMS_ROLE_UPDATE:
        return &signer;
    case SVMS_ROLE_TIME_STAMPER:
        return &stamper;
    case SVMS_ROLE_NONE:
        break;
    }
    return NULL;
}

static void put_key_purpose(svms_builder *builder, uint8_t number)
{
    const uint8_t identifier[ID_KP_SIZE] = { 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, number };
    svms_der_put(builder, SVMS_DER_OID, identifier, sizeof identifier);
}

void svms_put_purposes(svms_builder *builder, svms_role role, bool all)
{
    const svms_role_profile *profile = svms_role_profile_of(role);
    size_t size = 0;
    const uint8_t *identifier = svms_role_der(role, &size);
    svms_extension_marks marks = svms_extension_open(builder, SVMS_EXT_PURPOSES, profile->critical);
    size_t list = svms_der_open(builder, SVMS_DER_SEQUENCE);
    svms_der_put(builder, SVMS_DER_OID, identifier, size);
    if (all && profile->server) {
        put_key_purpose(builder, SERVER_AUTH);
    }
    if (all && profile->client) {
        put_key_purpose(builder, CLIENT_AUTH);
    }
    svms_der_close(builder, list);
    svms_extension_close(builder, marks);
}

svms_role svms_role_named(const svms_der *identifier)
{
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        size_t size = 0;
        const uint8_t *der = svms_role_der(roles[i], &size);
        if (der && svms_der_equals(identifier, der, size)) {
            return roles[i];
        }
    }
    return SVMS_ROLE_NONE;
}
