/* SPDX-License-Identifier: Apache-2.0 */
#include "json_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "message.h"

json_t *json_text(const char *text)
{
    if (!text) {
        return json_null();
    }
    json_t *value = json_string(text);
    if (value) {
        return value;
    }
    size_t size = strlen(text);
    char *copy = malloc(size + 1);
    if (!copy) {
        return NULL;
    }
    for (size_t i = 0; i <= size; i++) {
        copy[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    value = json_string(copy);
    free(copy);
    return value;
}

json_t *json_time(int64_t utc_ns)
{
    if (utc_ns == SVMS_NO_TIME) {
        return json_null();
    }
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(utc_ns, text);
    return json_string(text);
}

json_t *json_hex(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char text[65];
    size_t count = size < 32 ? size : 32;
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return json_stringn(text, 2 * count);
}

json_t *json_place(uint64_t number)
{
    return number == UINT64_MAX ? json_null() : json_integer((json_int_t)number);
}

static exit_status print(json_t *object, size_t layout)
{
    /* Nothing of what others wrote reaches a terminal as it is. */
    char *text = object ? json_dumps(object, layout | JSON_ENSURE_ASCII) : NULL;
    json_decref(object);
    if (!text) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    /* DEL, which JSON lets stand, occurs in texts only. */
    for (const char *place = text; *place; place++) {
        if (*place == 0x7f) {
            fputs("\\u007F", stdout);
        } else {
            putchar(*place);
        }
    }
    putchar('\n');
    free(text);
    return EXIT_GOOD;
}

exit_status json_print(json_t *object)
{
    return print(object, JSON_INDENT(2));
}

exit_status json_print_line(json_t *object)
{
    return print(object, JSON_COMPACT);
}
