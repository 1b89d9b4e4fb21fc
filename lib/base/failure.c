/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

/* Longest tail of a path that a message shows; leaves room for verb and reason. */
#define PATH_SHOWN 140
#define REASON_SIZE 96

typedef struct failure_facts {
    svms_status status;
    uint64_t offset;
    int os_error;
} failure_facts;

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* A message goes into logs and onto terminals, and may quote file names. */
static void make_printable(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F) {
            *text = '?';
        }
    }
}

/* Cuts a UTF-8 sequence that lost its end when the text was shortened to length. */
static void drop_partial_character(char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && is_continuation(text[start - 1])) {
        start--;
    }
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0) {
        text[start - 1] = '\0';
    }
}

static void fill(svms_error *err, const failure_facts *facts, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void fill(svms_error *err, const failure_facts *facts, const char *format, va_list arguments)
{
    if (!err || err->struct_size < sizeof *err) {
        return;
    }
    err->status = facts->status;
    err->offset = facts->offset;
    err->segment = SVMS_NO_SEGMENT;
    err->os_error = facts->os_error;
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    if (length < 0) {
        err->message[0] = '\0';
    } else if ((size_t)length >= sizeof err->message) {
        drop_partial_character(err->message, sizeof err->message - 1);
    }
    make_printable(err->message);
}

static void fill_plain(svms_error *err, const failure_facts *facts, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fill_plain(svms_error *err, const failure_facts *facts, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fill(err, facts, format, arguments);
    va_end(arguments);
}

static void describe_os_error(int os_error, char out[REASON_SIZE])
{
    if (os_error == 0 || strerror_r(os_error, out, REASON_SIZE) != 0) {
        snprintf(out, REASON_SIZE, "system error %d", os_error);
    }
}

static void append_os_error(svms_error *err, int os_error)
{
    if (!err || err->struct_size < sizeof *err || os_error == 0) {
        return;
    }
    char reason[REASON_SIZE];
    describe_os_error(os_error, reason);
    size_t room = sizeof err->message - 1;
    size_t tail = strlen(reason) + 2;
    size_t length = strlen(err->message);
    if (length + tail > room) {
        length = room - tail;
        err->message[length] = '\0';
        drop_partial_character(err->message, length);
        length = strlen(err->message);
    }
    snprintf(err->message + length, sizeof err->message - length, ": %s", reason);
}

svms_status svms_fail(svms_error *err, svms_status status, const char *format, ...)
{
    failure_facts facts = { status, SVMS_NO_OFFSET, 0 };
    va_list arguments;
    va_start(arguments, format);
    fill(err, &facts, format, arguments);
    va_end(arguments);
    return status;
}

svms_status svms_fail_at(svms_error *err, svms_status status, uint64_t offset, const char *format,
                         ...)
{
    failure_facts facts = { status, offset, 0 };
    va_list arguments;
    va_start(arguments, format);
    fill(err, &facts, format, arguments);
    va_end(arguments);
    return status;
}

svms_status svms_fail_io(svms_error *err, int os_error, const char *format, ...)
{
    failure_facts facts = { SVMS_E_IO, SVMS_NO_OFFSET, os_error };
    va_list arguments;
    va_start(arguments, format);
    fill(err, &facts, format, arguments);
    va_end(arguments);
    append_os_error(err, os_error);
    return SVMS_E_IO;
}

svms_status svms_fail_io_at(svms_error *err, int os_error, uint64_t offset, const char *format, ...)
{
    failure_facts facts = { SVMS_E_IO, offset, os_error };
    va_list arguments;
    va_start(arguments, format);
    fill(err, &facts, format, arguments);
    va_end(arguments);
    append_os_error(err, os_error);
    return SVMS_E_IO;
}

svms_status svms_fail_path(svms_error *err, svms_status status, int os_error, const char *verb,
                           const char *path, const char *reason)
{
    failure_facts facts = { status, SVMS_NO_OFFSET, os_error };
    char text[REASON_SIZE];
    if (!reason) {
        describe_os_error(os_error, text);
        reason = text;
    }
    size_t length = strlen(path);
    const char *dots = "";
    if (length > PATH_SHOWN) {
        dots = "...";
        path += length - PATH_SHOWN;
        while (is_continuation(*path)) {
            path++;
        }
    }
    fill_plain(err, &facts, "cannot %s %s%s: %s", verb, dots, path, reason);
    return status;
}

svms_status svms_fail_as(svms_error *err, svms_status status, const svms_error *cause)
{
    failure_facts facts = { status, cause->offset, cause->os_error };
    fill_plain(err, &facts, "%s", cause->message);
    if (cause->segment != SVMS_NO_SEGMENT) {
        svms_fail_in_segment(err, cause->segment);
    }
    return status;
}

svms_status svms_fail_memory(svms_error *err)
{
    return svms_fail(err, SVMS_E_NO_MEMORY, "out of memory");
}

bool svms_crypto_starved(void)
{
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
           ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

svms_status svms_fail_crypto(svms_error *err, const char *what)
{
    /* The oldest entry is the cause; later ones only say who passed it on. */
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    svms_status status = SVMS_E_CRYPTO;
    if (svms_crypto_starved()) {
        status = svms_fail_memory(err);
    } else {
        svms_fail(err, status, "%s: %s", what, reason ? reason : "the provider failed");
    }
    ERR_clear_error();
    return status;
}

void svms_fail_in_segment(svms_error *err, uint64_t segment)
{
    if (err && err->struct_size >= sizeof *err && err->segment == SVMS_NO_SEGMENT) {
        err->segment = segment;
    }
}
