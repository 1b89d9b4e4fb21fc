/* SPDX-License-Identifier: Apache-2.0 */
#include "subject_name.h"

#include <stdio.h>
#include <string.h>

#include <svms/ca.h>

#include "certificate.h"
#include "failure.h"
#include "signed_der.h"

#define ESCAPE_SIZE 4
#define DOTS_SIZE 4 /* with NUL */

bool svms_is_common_name(const void *text, size_t size)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    size_t count = 0;
    if (size == 0 || size > SVMS_COMMON_NAME_MAX_BYTES) {
        return false;
    }
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || character < 0x20 || character == 0x7F || svms_is_deceptive(character)) {
            return false;
        }
        svms_skip(&cursor, length);
        count++;
    }
    return count <= SVMS_COMMON_NAME_MAX;
}

svms_status svms_check_common_name(const char *text, svms_error *err)
{
    if (text && svms_is_common_name(text, strnlen(text, SVMS_COMMON_NAME_MAX_BYTES + 1))) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_USAGE,
                     "a common name has 1 to 64 characters of UTF-8, none of them a control");
}

void svms_put_common_name(svms_builder *builder, const char *common_name)
{
    static const uint8_t identifier[] = { 0x55, 0x04, 0x03 };
    size_t name = svms_der_open(builder, SVMS_DER_SEQUENCE);
    size_t set = svms_der_open(builder, SVMS_DER_SET);
    size_t pair = svms_der_open(builder, SVMS_DER_SEQUENCE);
    svms_der_put(builder, SVMS_DER_OID, identifier, sizeof identifier);
    svms_der_put(builder, SVMS_DER_UTF8, common_name, strlen(common_name));
    svms_der_close(builder, pair);
    svms_der_close(builder, set);
    svms_der_close(builder, name);
}

void svms_quote(char out[SVMS_QUOTED_SIZE], const char *text)
{
    size_t room = SVMS_QUOTED_SIZE - ESCAPE_SIZE - DOTS_SIZE;
    size_t used = 0;
    for (; *text != '\0' && used < room; text++) {
        uint8_t c = (uint8_t)*text;
        bool plain = c >= 0x20 && c < 0x7F && c != '\\';
        used += (size_t)snprintf(out + used, ESCAPE_SIZE, plain ? "%c" : "\\%02X", c);
    }
    snprintf(out + used, DOTS_SIZE, "%s", *text == '\0' ? "" : "...");
}

svms_status svms_read_subject_host(svms_host *out, const char *text, svms_error *err)
{
    char quoted[SVMS_QUOTED_SIZE];
    if (text && svms_host_parse(out, text) && !strchr(text, '_')) {
        return SVMS_OK;
    }
    if (!text) {
        return svms_fail(err, SVMS_E_USAGE, "a name is NULL");
    }
    svms_quote(quoted, text);
    if (strchr(text, '*')) {
        return svms_fail(err, SVMS_E_USAGE,
                         "'%s' has a wildcard, and a certificate here is for one host", quoted);
    }
    return svms_fail(err, SVMS_E_USAGE, "'%s' is neither a DNS name nor an IP address", quoted);
}

svms_status svms_check_subject_hosts(const char *const *names, size_t count, svms_error *err)
{
    if (count > SVMS_NAMES_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a certificate has at most %d names", SVMS_NAMES_MAX);
    }
    if (count > 0 && !names) {
        return svms_fail(err, SVMS_E_USAGE, "names are counted, but NULL");
    }
    for (size_t i = 0; i < count; i++) {
        svms_host host;
        svms_status status = svms_read_subject_host(&host, names[i], err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

void svms_put_subject_hosts(svms_builder *builder, const char *const *names, size_t count)
{
    svms_extension_marks marks = svms_extension_open(builder, SVMS_EXT_SUBJECT_NAMES, false);
    size_t list = svms_der_open(builder, SVMS_DER_SEQUENCE);
    for (size_t i = 0; i < count; i++) {
        svms_host host;
        if (!svms_host_parse(&host, names[i])) {
            continue;
        }
        if (host.address_size > 0) {
            svms_der_put(builder, SVMS_NAME_ADDRESS, host.address, host.address_size);
        } else {
            svms_der_put(builder, SVMS_NAME_DNS, host.name, host.name_size);
        }
    }
    svms_der_close(builder, list);
    svms_extension_close(builder, marks);
}
