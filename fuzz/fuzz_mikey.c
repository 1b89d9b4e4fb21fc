/* SPDX-License-Identifier: Apache-2.0 */
/* MIKEY messages: the first byte says what went before, the rest is the message. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <svms/mikey.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_zero(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++) {
        all |= bytes[i];
    }
    return all == 0;
}

/* What was read fits its suite, and a message that we would write like that is read as the same. */
static void check(const svms_mikey *message, const svms_mikey *before)
{
    svms_srtp_suite suite = (svms_srtp_suite)message->key.suite;
    size_t key = svms_srtp_key_size(suite);
    size_t salt = svms_srtp_salt_size(suite);
    require(key > 0 && message->source_count <= SVMS_MIKEY_SOURCES_MAX);
    require(is_zero(message->key.key + key, SVMS_SRTP_KEY_MAX - key));
    require(is_zero(message->key.salt + salt, SVMS_SRTP_SALT_MAX - salt));
    require(message->key.mki_size <= SVMS_SRTP_MKI_MAX);
    uint8_t data[512];
    size_t size = sizeof data;
    svms_mikey again = SVMS_MIKEY_INIT;
    svms_status status = svms_mikey_write(message, data, &size, NULL);
    if (status == SVMS_OK) {
        require(svms_mikey_read(&again, data, size, before, NULL) == SVMS_OK);
        require(memcmp(&again, message, sizeof again) == 0);
    } else {
        /* A salt apart from the key without an MKI, or sources of several policies in a re-key. */
        require(status == SVMS_E_USAGE);
        require((message->form == SVMS_MIKEY_ONVIF && message->key.mki_size == 0) ||
                (!message->has_policy && message->source_count > 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    svms_mikey before = SVMS_MIKEY_INIT;
    before.key.suite = data[0] % 4u;
    const svms_mikey *known = before.key.suite == 0 ? NULL : &before;
    svms_mikey message = SVMS_MIKEY_INIT;
    const svms_mikey untouched = SVMS_MIKEY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_mikey_read(&message, data + 1, size - 1, known, &err);
    if (status == SVMS_OK) {
        check(&message, known);
    } else {
        require(err.status == status && err.message[0] != '\0');
        require(err.offset == SVMS_NO_OFFSET || err.offset <= size - 1);
        require(memcmp(&message, &untouched, sizeof message) == 0);
    }
    svms_mikey text = SVMS_MIKEY_INIT;
    status = svms_mikey_read_text(&text, (const char *)data + 1, size - 1, known, NULL);
    if (status == SVMS_OK) {
        check(&text, known);
    } else {
        require(svms_status_class(status) != SVMS_CLASS_ENVIRONMENT);
    }
    return 0;
}
