/* SPDX-License-Identifier: Apache-2.0 */
#include "host.h"

#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63
#define GROUPS 8

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* -1 for what is no hexadecimal digit. */
static int hex_value(char c)
{
    c = lower(c);
    if (is_digit(c)) {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four decimal numbers without leading zeros, which some would read as octal, and nothing else. */
static bool read_ipv4(uint8_t out[4], const char *text)
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned value = 0;
        unsigned digits = 0;
        for (; digits < 3 && is_digit(*text); digits++) {
            value = value * 10 + (unsigned)(*text++ - '0');
        }
        bool padded = digits > 1 && text[-(int)digits] == '0';
        if (digits == 0 || padded || value > 255 || *text != (i == 3 ? '\0' : '.')) {
            return false;
        }
        text++;
        out[i] = (uint8_t)value;
    }
    return true;
}

/* What has been read of an IPv6 address. */
typedef struct groups {
    uint8_t bytes[SVMS_ADDRESS_MAX];
    unsigned count;
    int gap; /* groups before "::", or -1 */
} groups;

/* One group of up to four digits; moves text behind it. */
static bool read_group(groups *out, const char **text)
{
    unsigned value = 0;
    unsigned digits = 0;
    for (; digits < 4 && hex_value(**text) >= 0; digits++) {
        value = value << 4 | (unsigned)hex_value(*(*text)++);
    }
    if (digits == 0 || out->count == GROUPS) {
        return false;
    }
    uint8_t *group = out->bytes + (size_t)2 * out->count;
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)value;
    out->count++;
    return true;
}

/* The groups, up to the end of the text. */
static bool read_groups(groups *out, const char *text)
{
    if (text[0] == ':' && text[1] == ':') {
        out->gap = 0;
        text += 2;
        if (*text == '\0') {
            return true;
        }
    }
    for (;;) {
        if (out->count <= GROUPS - 2 && read_ipv4(out->bytes + (size_t)2 * out->count, text)) {
            out->count += 2;
            return true;
        }
        if (!read_group(out, &text)) {
            return false;
        }
        if (*text == '\0') {
            return true;
        }
        if (*text++ != ':') {
            return false;
        }
        if (*text == ':') {
            if (out->gap >= 0) {
                return false;
            }
            out->gap = (int)out->count;
            if (*++text == '\0') {
                return true;
            }
        }
    }
}

static bool read_ipv6(uint8_t out[SVMS_ADDRESS_MAX], const char *text)
{
    groups read = { { 0 }, 0, -1 };
    if (!read_groups(&read, text) || (read.gap < 0) != (read.count == GROUPS)) {
        return false;
    }
    size_t head = 2 * (read.gap < 0 ? (size_t)GROUPS : (size_t)read.gap);
    size_t tail = (size_t)2 * read.count - head;
    memset(out, 0, SVMS_ADDRESS_MAX);
    memcpy(out, read.bytes, head);
    memcpy(out + SVMS_ADDRESS_MAX - tail, read.bytes + head, tail);
    return true;
}

static bool is_name_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

/* Bytes of the label at the start of the text; 0 when there is none. */
static size_t label_size(const char *text, size_t size)
{
    size_t length = 0;
    while (length < size && is_name_character(text[length])) {
        length++;
    }
    bool whole = length == size || text[length] == '.';
    bool fits = length > 0 && length <= LABEL_MAX && text[0] != '-' && text[length - 1] != '-';
    return whole && fits ? length : 0;
}

/* Lower-case labels with dots between them, of which the last is no number. */
static bool is_name(const char *text, size_t size, unsigned *labels)
{
    bool only_digits = false;
    *labels = 0;
    while (size > 0) {
        size_t length = label_size(text, size);
        if (length == 0) {
            return false;
        }
        only_digits = strspn(text, "0123456789") >= length;
        ++*labels;
        if (length == size) {
            return !only_digits;
        }
        text += length + 1;
        size -= length + 1;
    }
    return false;
}

static bool read_name(svms_host *out, const char *text, bool star_allowed)
{
    size_t size = strnlen(text, SVMS_HOST_NAME_MAX + 2);
    unsigned labels = 0;
    if (size > 0 && text[size - 1] == '.') {
        size--;
    }
    if (size == 0 || size > SVMS_HOST_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        out->name[i] = lower(text[i]);
    }
    out->name[size] = '\0';
    out->name_size = size;
    if (star_allowed && size > 2 && memcmp(text, "*.", 2) == 0) {
        return is_name(out->name + 2, size - 2, &labels) && labels >= 2;
    }
    return is_name(out->name, size, &labels);
}

static bool parse(svms_host *out, const char *text, bool star_allowed)
{
    svms_host read = { 0 };
    if (read_ipv4(read.address, text)) {
        read.address_size = 4;
    } else if (read_ipv6(read.address, text)) {
        read.address_size = SVMS_ADDRESS_MAX;
    } else if (!read_name(&read, text, star_allowed)) {
        return false;
    }
    *out = read;
    return true;
}

bool svms_host_parse(svms_host *out, const char *text)
{
    return parse(out, text, false);
}

bool svms_host_pattern_parse(svms_host *out, const char *text)
{
    return parse(out, text, true);
}

static unsigned group_at(const uint8_t *address, unsigned index)
{
    const uint8_t *group = address + (size_t)2 * index;
    return (unsigned)group[0] << 8 | group[1];
}

/* The longest run of at least two zero groups, the first of equals; its length in *length. */
static unsigned find_zeros(const uint8_t *address, unsigned *length)
{
    unsigned best = 0;
    *length = 1;
    for (unsigned i = 0; i < GROUPS; i++) {
        unsigned run = 0;
        while (i + run < GROUPS && group_at(address, i + run) == 0) {
            run++;
        }
        if (run > *length) {
            best = i;
            *length = run;
        }
    }
    return best;
}

void svms_address_text(char out[SVMS_ADDRESS_TEXT_SIZE], const uint8_t *address, size_t size)
{
    unsigned zeros = 0;
    size_t used = 0;
    if (size == 4) {
        snprintf(out, SVMS_ADDRESS_TEXT_SIZE, "%u.%u.%u.%u", address[0], address[1], address[2],
                 address[3]);
        return;
    }
    unsigned gap = find_zeros(address, &zeros);
    for (unsigned i = 0; i < GROUPS; i++) {
        int length;
        if (zeros > 1 && i == gap) {
            length = snprintf(out + used, SVMS_ADDRESS_TEXT_SIZE - used, "::");
            i += zeros - 1;
        } else {
            bool first = used == 0 || out[used - 1] == ':';
            length = snprintf(out + used, SVMS_ADDRESS_TEXT_SIZE - used, "%s%x", first ? "" : ":",
                              group_at(address, i));
        }
        used += (size_t)length;
    }
}

/* A DNS name of a certificate, which may begin with a star that stands for one whole label. */
static bool name_matches(const svms_host *host, const char *text, size_t size)
{
    svms_host pattern = { 0 };
    char copy[SVMS_HOST_NAME_MAX + 1];
    /* A dot at the end is none of the preferred syntax (RFC 1034), and a NUL ends only our copy. */
    if (size == 0 || size > SVMS_HOST_NAME_MAX || text[size - 1] == '.' ||
        memchr(text, '\0', size)) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!read_name(&pattern, copy, true)) {
        return false;
    }
    const char *wanted = host->name;
    const char *given = pattern.name;
    if (given[0] == '*') {
        wanted = strchr(wanted, '.');
        given++;
    }
    return wanted && strcmp(wanted, given) == 0;
}

bool svms_host_matches(const svms_host *host, const svms_der *general_name)
{
    svms_cursor content = general_name->content;
    size_t size = svms_cursor_left(&content);
    const uint8_t *bytes = svms_read_bytes(&content, size);
    if (!bytes) {
        return false;
    }
    if (host->address_size > 0) {
        return general_name->tag == SVMS_NAME_ADDRESS && size == host->address_size &&
               memcmp(bytes, host->address, size) == 0;
    }
    return general_name->tag == SVMS_NAME_DNS && name_matches(host, (const char *)bytes, size);
}
