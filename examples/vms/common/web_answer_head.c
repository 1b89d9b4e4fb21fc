/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of answers: what every one of them says, and what makes browsers careful. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "web_internal.h"

/* All lines that are ours, at most. */
#define OWN_SIZE 1024

/* Without the connection's own: they say where an answer ends, and that is nobody else's to say. */
static const char *const reserved[] = { "connection", "content-length",    "content-type",
                                        "date",       "keep-alive",        "server",
                                        "trailer",    "transfer-encoding", "upgrade" };

typedef struct text {
    char *bytes;
    size_t size;
    size_t room;
} text;

static void add(text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(text *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(out->bytes + out->size, out->room - out->size, format, arguments);
    va_end(arguments);
    if (size > 0) {
        out->size += (size_t)size;
    }
}

static bool is_value(const char *value)
{
    for (const char *at = value; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (strcasecmp(name, reserved[i]) == 0) {
            return false;
        }
    }
    return name[0] != '\0' && strspn(name, letters) == strlen(name);
}

bool web_fields_are_good(const char *type, const web_pair *fields)
{
    for (const web_pair *field = fields; field && field->name; field++) {
        if (!is_name(field->name) || !field->value || !is_value(field->value)) {
            return false;
        }
    }
    return !type || (is_value(type) && strlen(type) < 128);
}

static bool has(const web_pair *fields, const char *name)
{
    for (const web_pair *field = fields; field && field->name; field++) {
        if (strcasecmp(field->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* In English, whatever the locale (RFC 9110 section 5.6.7). */
static void add_date(text *out)
{
    static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts)) {
        add(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[parts.tm_wday],
            parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
            parts.tm_sec);
    }
}

static void add_safety(text *out, const web_answer_parts *parts)
{
    bool is_page = parts->type && strncmp(parts->type, "text/html", 9) == 0;
    add(out, "X-Content-Type-Options: nosniff\r\n");
    if (!has(parts->fields, "Cache-Control")) {
        add(out, "Cache-Control: no-store\r\n");
    }
    if (is_page && !has(parts->fields, "Content-Security-Policy")) {
        add(out, "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
    }
    if (is_page && !has(parts->fields, "Referrer-Policy")) {
        add(out, "Referrer-Policy: no-referrer\r\n");
    }
    if (parts->is_secure && !has(parts->fields, "Strict-Transport-Security")) {
        add(out, "Strict-Transport-Security: max-age=31536000\r\n");
    }
}

char *web_answer_head(const web_answer_parts *parts, size_t *size)
{
    text out = { NULL, 0, OWN_SIZE };
    for (const web_pair *field = parts->fields; field && field->name; field++) {
        out.room += strlen(field->name) + strlen(field->value) + 4;
    }
    out.bytes = malloc(out.room);
    if (!out.bytes) {
        return NULL;
    }
    add(&out, "HTTP/1.1 %d %s\r\n", (int)parts->status, http_reason(parts->status));
    add_date(&out);
    if (parts->type) {
        add(&out, "Content-Type: %s\r\n", parts->type);
    }
    if (parts->has_length) {
        add(&out, "Content-Length: %" PRIu64 "\r\n", parts->length);
    }
    if (parts->is_chunked) {
        add(&out, "Transfer-Encoding: chunked\r\n");
    }
    add_safety(&out, parts);
    for (const web_pair *field = parts->fields; field && field->name; field++) {
        add(&out, "%s: %s\r\n", field->name, field->value);
    }
    add(&out, "Connection: %s\r\n\r\n", parts->keep ? "keep-alive" : "close");
    *size = out.size;
    return out.bytes;
}
