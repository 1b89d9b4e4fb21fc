/* SPDX-License-Identifier: Apache-2.0 */
#include "package_case.h"

#include <inttypes.h>

#include "message.h"

exit_status package_case_load(json_t **out, svms_evidence *evidence, const char *path)
{
    const char *text = NULL;
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_export_get_case(evidence, &text, &size, &err);
    *out = NULL;
    if (status == SVMS_E_WRONG_KEY) {
        return EXIT_GOOD;
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot read the case of %s", path);
    }
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    if (!*out) {
        complain("cannot read the case of %s", path);
        return EXIT_MALFORMED;
    }
    return EXIT_GOOD;
}

const char *package_case_text(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

static bool is_number(const json_t *value, uint32_t number)
{
    return json_is_integer(value) && json_integer_value(value) == (json_int_t)number;
}

const json_t *package_case_entry(const json_t *document, const char *list, uint32_t number)
{
    size_t i = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(document, list), i, entry)
    {
        if (is_number(json_object_get(entry, "number"), number)) {
            return entry;
        }
    }
    return NULL;
}

static bool names_source(const json_t *device, uint32_t source)
{
    size_t i = 0;
    const json_t *number = NULL;
    json_array_foreach(json_object_get(device, "sources"), i, number)
    {
        if (is_number(number, source)) {
            return true;
        }
    }
    return false;
}

const json_t *package_case_device(const json_t *document, uint32_t source)
{
    size_t i = 0;
    const json_t *device = NULL;
    json_array_foreach(json_object_get(document, "devices"), i, device)
    {
        if (names_source(device, source)) {
            return device;
        }
    }
    return NULL;
}

void package_case_print(const json_t *document)
{
    static const struct {
        const char *member;
        const char *label;
    } lines[] = {
        { "case", "Case" },
        { "operator", "Operator" },
        { "reason", "Reason" },
        { "comment", "Comment" },
        { "created", "Exported" },
        { "profile", "Profile" },
        { "audit_reference", "Audit" },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const char *text = package_case_text(document, lines[i].member);
        if (text) {
            print_line(stdout, "%-13s %s", lines[i].label, text);
        }
    }
}

static void print_derivation(const json_t *derivation)
{
    const char *method = package_case_text(derivation, "method");
    const char *tool = package_case_text(derivation, "tool");
    size_t i = 0;
    const json_t *from = NULL;
    if (!method) {
        return;
    }
    print_line(stdout, "    made from the recordings: %s%s%s%s", method, tool ? " (" : "",
               tool ? tool : "", tool ? ")" : "");
    json_array_foreach(json_object_get(derivation, "from"), i, from)
    {
        print_line(stdout, "    from source %lld, segments %lld to %lld",
                   (long long)json_integer_value(json_object_get(from, "source")),
                   (long long)json_integer_value(json_object_get(from, "first_segment")),
                   (long long)json_integer_value(json_object_get(from, "last_segment")));
    }
}

void package_case_print_attachments(const json_t *document)
{
    const json_t *attachments = json_object_get(document, "attachments");
    size_t i = 0;
    const json_t *attachment = NULL;
    if (json_array_size(attachments) == 0) {
        return;
    }
    print_line(stdout, "Attachments   %zu, added by the exporter; they are no recordings",
               json_array_size(attachments));
    json_array_foreach(attachments, i, attachment)
    {
        const char *name = package_case_text(attachment, "name");
        const char *description = package_case_text(attachment, "description");
        print_line(stdout, "  %lld: %s, %lld bytes%s%s",
                   (long long)json_integer_value(json_object_get(attachment, "number")),
                   name ? name : "?",
                   (long long)json_integer_value(json_object_get(attachment, "size")),
                   description ? ": " : "", description ? description : "");
        print_derivation(json_object_get(attachment, "derivation"));
    }
}
