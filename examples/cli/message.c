/* SPDX-License-Identifier: Apache-2.0 */
#include "message.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of an address such as rtsp://user:secret@host only the host is shown. */
static void hide_users(char *text)
{
    char *place = strstr(text, "://");
    while (place) {
        place += strlen("://");
        char *user = NULL;
        size_t size = strcspn(place, "/?# \t\n");
        for (size_t i = 0; i < size; i++) {
            user = place[i] == '@' ? place + i : user;
        }
        if (user) {
            memmove(place, user + 1, strlen(user + 1) + 1);
        }
        place = strstr(place, "://");
    }
}

/* What of UTF-8 a terminal could take as a command (C1), or what makes a line look like another
 * one: marks and overrides of direction, line separators, and what has no width. */
static bool misleads(const unsigned char *place)
{
    if (place[0] == 0xc2) {
        return (place[1] >= 0x80 && place[1] <= 0x9f) || place[1] == 0xad;
    }
    if (place[0] == 0xd8) {
        return place[1] == 0x9c;
    }
    if (place[0] == 0xe2 && place[1] == 0x80) {
        return place[2] == 0x8b || place[2] == 0x8e || place[2] == 0x8f ||
               (place[2] >= 0xa8 && place[2] <= 0xae);
    }
    if (place[0] == 0xe2 && place[1] == 0x81) {
        return place[2] >= 0xa0 && place[2] <= 0xa9;
    }
    if (place[0] == 0xf3) {
        return place[1] == 0xa0; /* tags */
    }
    return place[0] == 0xef && place[1] == 0xbb && place[2] == 0xbf;
}

void text_disarm(char *text, char replacement)
{
    for (unsigned char *place = (unsigned char *)text; *place; place++) {
        if (*place < 0x20 || *place == 0x7f) {
            *place = (unsigned char)replacement;
        } else if (misleads(place)) {
            do {
                *place++ = (unsigned char)replacement;
            } while ((*place & 0xc0) == 0x80);
            place--;
        }
    }
}

static char *format_text(const char *format, va_list args, bool hide)
    __attribute__((format(printf, 1, 0)));
static void print_parts(FILE *out, const char *prefix, const char *format, va_list args,
                        const char *suffix) __attribute__((format(printf, 3, 0)));

static char *format_text(const char *format, va_list args, bool hide)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (!text) {
        return NULL;
    }
    vsnprintf(text, (size_t)size + 1, format, args);
    if (hide) {
        hide_users(text);
    }
    text_disarm(text, '?');
    return text;
}

static void print_parts(FILE *out, const char *prefix, const char *format, va_list args,
                        const char *suffix)
{
    /* Results are given as they are: what was signed must not be shortened. */
    char *text = format_text(format, args, out == stderr);
    fprintf(out, "%s%s%s\n", prefix, text ? text : "out of memory", suffix);
    free(text);
}

void print_line(FILE *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_parts(out, "", format, args, "");
    va_end(args);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_parts(stderr, "svms: ", format, args, "");
    va_end(args);
}

exit_status complain_error(const svms_error *err, const char *format, ...)
{
    char place[96] = "";
    size_t used = 0;
    if (err->segment != SVMS_NO_SEGMENT) {
        used = (size_t)snprintf(place, sizeof place, " (segment %" PRIu64, err->segment);
    }
    if (err->offset != SVMS_NO_OFFSET) {
        used += (size_t)snprintf(place + used, sizeof place - used, "%sbyte %" PRIu64,
                                 used > 0 ? ", " : " (", err->offset);
    }
    if (used > 0) {
        snprintf(place + used, sizeof place - used, ")");
    }
    char suffix[sizeof err->message + sizeof place + 2];
    snprintf(suffix, sizeof suffix, ": %s%s",
             err->message[0] ? err->message : svms_status_name(err->status), place);
    hide_users(suffix);
    text_disarm(suffix, '?');
    va_list args;
    va_start(args, format);
    print_parts(stderr, "svms: ", format, args, suffix);
    va_end(args);
    /* What complains has failed, also where nobody said in err how. */
    exit_status status = exit_status_of(err->status);
    return status == EXIT_GOOD ? EXIT_ENVIRONMENT : status;
}

exit_status complain_system(int os_error, const char *format, ...)
{
    char suffix[256];
    snprintf(suffix, sizeof suffix, ": %s", strerror(os_error));
    va_list args;
    va_start(args, format);
    print_parts(stderr, "svms: ", format, args, suffix);
    va_end(args);
    return EXIT_ENVIRONMENT;
}

exit_status exit_status_of(svms_status status)
{
    /* A file of a later version, or a key of a kind we do not know: the input, not the typing. */
    if (status == SVMS_E_UNSUPPORTED) {
        return EXIT_MALFORMED;
    }
    switch (svms_status_class(status)) {
    case SVMS_CLASS_SUCCESS:
        return EXIT_GOOD;
    case SVMS_CLASS_USAGE:
        return EXIT_USAGE;
    case SVMS_CLASS_MALFORMED:
        return EXIT_MALFORMED;
    case SVMS_CLASS_EVIDENCE:
        return EXIT_EVIDENCE;
    case SVMS_CLASS_POLICY:
        return EXIT_POLICY;
    case SVMS_CLASS_ENVIRONMENT:
    case SVMS_CLASS_INTERNAL:
        break;
    }
    return EXIT_ENVIRONMENT;
}
