/* SPDX-License-Identifier: Apache-2.0 */
/* What a request asks for, once its signature was checked (I-REQ-10 to I-REQ-13). */
#include "request_internal.h"

#include <string.h>

#include "failure.h"
#include "role_profile.h"
#include "signed_der.h"

/* How many attributes, and how many extensions, are read. */
#define PARTS_MAX 32

static svms_status malformed(svms_error *err, const char *what)
{
    return svms_fail(err, SVMS_E_MALFORMED, "the request %s", what);
}

static bool is_read_as_utf8(uint8_t tag)
{
    return tag == SVMS_DER_UTF8 || tag == SVMS_DER_PRINTABLE || tag == SVMS_DER_IA5;
}

static svms_status take_common_name(svms_request *request, const svms_der *value, svms_error *err)
{
    svms_cursor content = value->content;
    size_t size = svms_cursor_left(&content);
    const uint8_t *text = svms_read_bytes(&content, size);
    if (request->info.common_name[0] != '\0') {
        return malformed(err, "has two common names");
    }
    if (!is_read_as_utf8(value->tag)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the common name of the request is in an old character set");
    }
    if (!svms_is_common_name(text, size)) {
        return malformed(err, "has a common name that is empty, too long, no UTF-8, or has "
                              "characters that hide or reorder the text");
    }
    memcpy(request->info.common_name, text, size);
    return SVMS_OK;
}

svms_status svms_request_read_subject(svms_request *request, const svms_der *subject,
                                      svms_error *err)
{
    static const uint8_t common_name[] = { 0x55, 0x04, 0x03 };
    svms_cursor sets = subject->content;
    while (!svms_cursor_at_end(&sets)) {
        svms_der set;
        svms_der pair;
        svms_der type;
        svms_der value;
        if (!svms_der_take(&sets, SVMS_DER_SET, &set)) {
            return malformed(err, "has a subject that cannot be read");
        }
        do {
            if (!svms_der_take(&set.content, SVMS_DER_SEQUENCE, &pair) ||
                !svms_der_take(&pair.content, SVMS_DER_OID, &type) ||
                !svms_der_next(&pair.content, &value) || !svms_cursor_at_end(&pair.content)) {
                return malformed(err, "has a subject that cannot be read");
            }
            if (svms_der_equals(&type, common_name, sizeof common_name)) {
                svms_status status = take_common_name(request, &value, err);
                if (status != SVMS_OK) {
                    return status;
                }
            }
        } while (!svms_cursor_at_end(&set.content));
    }
    return SVMS_OK;
}

static svms_status read_purposes(svms_request *request, svms_cursor value, svms_error *err)
{
    svms_der list;
    svms_der purpose;
    if (!svms_der_take(&value, SVMS_DER_SEQUENCE, &list) || !svms_cursor_at_end(&value) ||
        svms_cursor_at_end(&list.content)) {
        return malformed(err, "has an extended key usage that cannot be read");
    }
    while (!svms_cursor_at_end(&list.content)) {
        if (!svms_der_take(&list.content, SVMS_DER_OID, &purpose)) {
            return malformed(err, "has an extended key usage that cannot be read");
        }
        svms_role role = svms_role_named(&purpose);
        if (role == SVMS_ROLE_NONE || role == request->info.role) {
            continue;
        }
        if (request->info.role != SVMS_ROLE_NONE) {
            return svms_fail(err, SVMS_E_UNSUPPORTED, "the request asks for two roles, %s and %s",
                             svms_role_name(request->info.role), svms_role_name(role));
        }
        request->info.role = role;
    }
    return SVMS_OK;
}

/* False for what no certificate of ours would carry. */
static bool name_text(char out[SVMS_HOST_NAME_MAX + 1], const svms_der *name)
{
    svms_cursor content = name->content;
    size_t size = svms_cursor_left(&content);
    const uint8_t *bytes = svms_read_bytes(&content, size);
    svms_host host;
    if (name->tag == SVMS_NAME_ADDRESS) {
        if (size != 4 && size != SVMS_ADDRESS_MAX) {
            return false;
        }
        svms_address_text(out, bytes, size);
        return true;
    }
    if (size > SVMS_HOST_NAME_MAX || memchr(bytes, 0, size)) {
        return false;
    }
    memcpy(out, bytes, size);
    out[size] = '\0';
    /* An address that poses as a DNS name is none. */
    if (svms_read_subject_host(&host, out, NULL) != SVMS_OK || host.address_size > 0) {
        return false;
    }
    memcpy(out, host.name, host.name_size + 1);
    return true;
}

static svms_status add_name(svms_request *request, const svms_der *name, svms_error *err)
{
    char text[SVMS_HOST_NAME_MAX + 1];
    if (name->tag != SVMS_NAME_DNS && name->tag != SVMS_NAME_ADDRESS) {
        return SVMS_OK;
    }
    if (!name_text(text, name)) {
        return malformed(err, "asks for a name that is neither a DNS name nor an IP address");
    }
    if (request->info.name_count == SVMS_NAMES_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "the request asks for more than %d names",
                         SVMS_NAMES_MAX);
    }
    char *copy = svms_copy_text(request->ctx, text);
    if (!copy) {
        return svms_fail_memory(err);
    }
    request->names[request->info.name_count++] = copy;
    return SVMS_OK;
}

static svms_status read_names(svms_request *request, svms_cursor value, svms_error *err)
{
    svms_der list;
    svms_der name;
    svms_status status = SVMS_OK;
    if (!svms_der_take(&value, SVMS_DER_SEQUENCE, &list) || !svms_cursor_at_end(&value)) {
        return malformed(err, "has names that cannot be read");
    }
    while (status == SVMS_OK && !svms_cursor_at_end(&list.content)) {
        status = svms_der_next(&list.content, &name)
                     ? add_name(request, &name, err)
                     : malformed(err, "has names that cannot be read");
    }
    return status;
}

static bool is_known(const svms_der *identifier, uint8_t number)
{
    const uint8_t known[] = { 0x55, 0x1D, number };
    return svms_der_equals(identifier, known, sizeof known);
}

static svms_status read_extension(svms_request *request, svms_cursor parts,
                                  const svms_der *identifier, svms_error *err)
{
    svms_der critical;
    svms_der value;
    static const uint8_t yes = 0xFF;
    if (svms_der_take_optional(&parts, SVMS_DER_BOOLEAN, &critical) &&
        !svms_der_equals(&critical, &yes, 1)) {
        return malformed(err, "has an extension that is not in canonical DER");
    }
    if (!svms_der_take(&parts, SVMS_DER_OCTETS, &value) || !svms_cursor_at_end(&parts)) {
        return malformed(err, "has an extension that cannot be read");
    }
    if (is_known(identifier, SVMS_EXT_PURPOSES)) {
        return read_purposes(request, value.content, err);
    }
    return is_known(identifier, SVMS_EXT_SUBJECT_NAMES) ? read_names(request, value.content, err)
                                                        : SVMS_OK;
}

static bool is_among(const svms_der *identifier, const svms_der *seen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (svms_der_is_same(identifier, &seen[i])) {
            return true;
        }
    }
    return false;
}

static svms_status read_extensions(svms_request *request, svms_cursor values, svms_error *err)
{
    svms_der list;
    svms_der seen[PARTS_MAX];
    size_t count = 0;
    if (!svms_der_take(&values, SVMS_DER_SEQUENCE, &list) || !svms_cursor_at_end(&values)) {
        return malformed(err, "has extensions that cannot be read");
    }
    while (!svms_cursor_at_end(&list.content)) {
        svms_der extension;
        if (count == PARTS_MAX) {
            return svms_fail(err, SVMS_E_LIMIT, "the request has more than %d extensions",
                             PARTS_MAX);
        }
        if (!svms_der_take(&list.content, SVMS_DER_SEQUENCE, &extension) ||
            !svms_der_take(&extension.content, SVMS_DER_OID, &seen[count])) {
            return malformed(err, "has an extension that cannot be read");
        }
        if (is_among(&seen[count], seen, count)) {
            return malformed(err, "has an extension twice");
        }
        svms_status status = read_extension(request, extension.content, &seen[count], err);
        if (status != SVMS_OK) {
            return status;
        }
        count++;
    }
    return SVMS_OK;
}

svms_status svms_request_read_attributes(svms_request *request, const svms_der *attributes,
                                         svms_error *err)
{
    static const uint8_t wanted[] = SVMS_EXTENSION_REQUEST_OID;
    svms_cursor left = attributes->content;
    svms_der seen[PARTS_MAX];
    size_t count = 0;
    while (!svms_cursor_at_end(&left)) {
        svms_der attribute;
        svms_der values;
        if (count == PARTS_MAX) {
            return svms_fail(err, SVMS_E_LIMIT, "the request has more than %d attributes",
                             PARTS_MAX);
        }
        if (!svms_der_take(&left, SVMS_DER_SEQUENCE, &attribute) ||
            !svms_der_take(&attribute.content, SVMS_DER_OID, &seen[count]) ||
            !svms_der_take(&attribute.content, SVMS_DER_SET, &values) ||
            !svms_cursor_at_end(&attribute.content)) {
            return malformed(err, "has an attribute that cannot be read");
        }
        if (is_among(&seen[count], seen, count)) {
            return malformed(err, "has an attribute twice");
        }
        if (svms_der_equals(&seen[count], wanted, sizeof wanted)) {
            svms_status status = read_extensions(request, values.content, err);
            if (status != SVMS_OK) {
                return status;
            }
        }
        count++;
    }
    return SVMS_OK;
}
