/* SPDX-License-Identifier: Apache-2.0 */
/* Security policies of MIKEY for SRTP (RFC 3830 section 6.10, RFC 7714; MK-SP). */
#include "failure.h"
#include "mikey_internal.h"

enum { SRTP = 0, NUMBER_BYTES_MAX = 8 };
enum { KEY_128 = 16, KEY_256 = 32, CM_SALT = 14, GCM_SALT = 12, CM_TAG = 10, GCM_TAG = 16 };
/* What GStreamer writes for the length of the authentication key is that of the tag. */
enum { SHA_1_KEY = 20, SHA_1_KEY_OF_GSTREAMER = CM_TAG };

typedef struct parameters {
    bool said[SVMS_MIKEY_PARAMETER_COUNT];
    uint64_t value[SVMS_MIKEY_PARAMETER_COUNT];
    uint64_t offset; /* of the first of them, for messages */
} parameters;

static svms_status unsupported(const parameters *all, svms_error *err, const char *what)
{
    return svms_fail_at(err, SVMS_E_UNSUPPORTED, all->offset,
                        "MIKEY: a security policy with %s is not supported", what);
}

/* The value, or what holds where none is said. */
static uint64_t value_of(const parameters *all, unsigned type, uint64_t otherwise)
{
    return all->said[type] ? all->value[type] : otherwise;
}

static svms_status read_parameter(parameters *all, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    unsigned type = svms_read_u8(cursor);
    svms_cursor bytes = svms_read_sub(cursor, svms_read_u8(cursor));
    svms_status status = svms_mikey_whole(cursor, "a security policy", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (type >= SVMS_MIKEY_PARAMETER_COUNT ||
        (type > SVMS_MIKEY_PREFIX && type < SVMS_MIKEY_AEAD_TAG)) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset,
                            "MIKEY: parameter %u of a security policy is not known", type);
    }
    size_t size = svms_cursor_left(&bytes);
    if (all->said[type] || size == 0 || size > NUMBER_BYTES_MAX) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "MIKEY: parameter %u of a security policy stands twice or is no number",
                            type);
    }
    all->said[type] = true;
    while (!svms_cursor_at_end(&bytes)) {
        all->value[type] = all->value[type] << 8 | svms_read_u8(&bytes);
    }
    return SVMS_OK;
}

/* MK-SP-3. */
static svms_status check_protection(const parameters *all, bool aead, svms_error *err)
{
    static const struct {
        unsigned type;
        const char *what;
    } switches[] = {
        { SVMS_MIKEY_SRTP_ENCRYPTED, "unencrypted SRTP" },
        { SVMS_MIKEY_SRTCP_ENCRYPTED, "unencrypted SRTCP" },
        { SVMS_MIKEY_SRTP_AUTHENTICATED, "unauthenticated SRTP" },
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        uint64_t value = value_of(all, switches[i].type, 1);
        if (value > 1) {
            return svms_fail_at(err, SVMS_E_MALFORMED, all->offset,
                                "MIKEY: parameter %u of a security policy is neither on nor off",
                                switches[i].type);
        }
        /* AES-GCM authenticates whatever is said. */
        bool matters = !(aead && switches[i].type == SVMS_MIKEY_SRTP_AUTHENTICATED);
        if (value == 0 && matters) {
            return svms_fail_at(err, SVMS_E_POLICY, all->offset,
                                "MIKEY: a security policy with %s is refused", switches[i].what);
        }
    }
    return SVMS_OK;
}

/* What changes packets or keys in a way that we do not implement. */
static svms_status check_modes(const parameters *all, svms_error *err)
{
    if (value_of(all, SVMS_MIKEY_PRF, 0) != 0) {
        return unsupported(all, err, "this pseudo-random function");
    }
    if (value_of(all, SVMS_MIKEY_DERIVATION_RATE, 0) != 0) {
        return unsupported(all, err, "a key derivation rate");
    }
    if (value_of(all, SVMS_MIKEY_PREFIX, 0) != 0) {
        return unsupported(all, err, "an SRTP prefix");
    }
    return SVMS_OK;
}

static svms_status suite_of_gcm(svms_srtp_suite *out, const parameters *all, svms_error *err)
{
    if (!all->said[SVMS_MIKEY_ENCRYPTION_KEY]) {
        return svms_fail_at(err, SVMS_E_MALFORMED, all->offset,
                            "MIKEY: a security policy with AES-GCM does not say how long keys are");
    }
    uint64_t key = all->value[SVMS_MIKEY_ENCRYPTION_KEY];
    if ((key != KEY_128 && key != KEY_256) ||
        value_of(all, SVMS_MIKEY_SALT, GCM_SALT) != GCM_SALT ||
        value_of(all, SVMS_MIKEY_AEAD_TAG, GCM_TAG) != GCM_TAG) {
        return unsupported(all, err, "AES-GCM of these lengths");
    }
    *out = key == KEY_256 ? SVMS_SRTP_AEAD_AES_256_GCM : SVMS_SRTP_AEAD_AES_128_GCM;
    return SVMS_OK;
}

static svms_status suite_of_cm(svms_srtp_suite *out, const parameters *all, svms_error *err)
{
    uint64_t authentication = value_of(all, SVMS_MIKEY_AUTHENTICATION, SVMS_MIKEY_HMAC_SHA_1);
    if (authentication == 0) {
        return svms_fail_at(err, SVMS_E_POLICY, all->offset,
                            "MIKEY: a security policy with unauthenticated SRTP is refused");
    }
    if (authentication != SVMS_MIKEY_HMAC_SHA_1) {
        return unsupported(all, err, "this authentication");
    }
    uint64_t key = value_of(all, SVMS_MIKEY_AUTHENTICATION_KEY, SHA_1_KEY);
    if (value_of(all, SVMS_MIKEY_ENCRYPTION_KEY, KEY_128) != KEY_128 ||
        value_of(all, SVMS_MIKEY_SALT, CM_SALT) != CM_SALT ||
        (key != SHA_1_KEY && key != SHA_1_KEY_OF_GSTREAMER) ||
        value_of(all, SVMS_MIKEY_TAG, CM_TAG) != CM_TAG) {
        return unsupported(all, err, "AES-CM of these lengths");
    }
    *out = SVMS_SRTP_AES_CM_128_HMAC_SHA1_80;
    return SVMS_OK;
}

static svms_status judge(svms_srtp_suite *out, const parameters *all, svms_error *err)
{
    uint64_t encryption = value_of(all, SVMS_MIKEY_ENCRYPTION, SVMS_MIKEY_AES_CM);
    if (encryption == 0) {
        return svms_fail_at(err, SVMS_E_POLICY, all->offset,
                            "MIKEY: a security policy with unencrypted SRTP is refused");
    }
    if (encryption != SVMS_MIKEY_AES_CM && encryption != SVMS_MIKEY_AES_GCM) {
        return unsupported(all, err, "this encryption");
    }
    bool aead = encryption == SVMS_MIKEY_AES_GCM;
    svms_status status = check_protection(all, aead, err);
    if (status == SVMS_OK) {
        status = check_modes(all, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    return aead ? suite_of_gcm(out, all, err) : suite_of_cm(out, all, err);
}

svms_status svms_mikey_read_policy(svms_mikey_policy *out, svms_cursor *cursor, svms_error *err)
{
    uint64_t offset = svms_cursor_offset(cursor);
    uint32_t number = svms_read_u8(cursor);
    unsigned protocol = svms_read_u8(cursor);
    svms_cursor body = svms_read_sub(cursor, svms_read_u16(cursor));
    svms_status status = svms_mikey_whole(cursor, "a security policy", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (protocol != SRTP) {
        return svms_fail_at(err, SVMS_E_UNSUPPORTED, offset,
                            "MIKEY: a security policy for another protocol than SRTP");
    }
    parameters all = { { false }, { 0 }, svms_cursor_offset(&body) };
    while (status == SVMS_OK && !svms_cursor_at_end(&body)) {
        status = read_parameter(&all, &body, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    out->number = number;
    return judge(&out->suite, &all, err);
}
