/* SPDX-License-Identifier: Apache-2.0 */
#include "record_text.h"

#include <string.h>

#include "json_put.h"
#include "utf8.h"

static const char ellipsis[] = "\xe2\x80\xa6";

/* Where the user information of a URL begins and ends: behind "://", up to the last "@" in front of
 * the next "/", "?", "#" or space. */
static bool find_user(const char *text, const char **from, const char **to)
{
    const char *scheme = strstr(text, "://");
    *to = NULL;
    if (!scheme) {
        return false;
    }
    *from = scheme + 3;
    for (const char *at = *from; *at != '\0' && !strchr("/?# \t\r\n", *at); at++) {
        if (*at == '@') {
            *to = at + 1;
        }
    }
    return *to != NULL;
}

/* Copies without the user information of URLs. */
static void put_plain(svms_builder *out, const char *text)
{
    const char *from;
    const char *to;
    for (const char *scheme = strstr(text, "://"); scheme; scheme = strstr(text, "://")) {
        if (find_user(text, &from, &to)) {
            svms_put_bytes(out, text, (size_t)(from - text));
            text = to;
        } else {
            svms_put_bytes(out, text, (size_t)(scheme + 3 - text));
            text = scheme + 3;
        }
    }
    svms_put_bytes(out, text, strlen(text));
}

/* Bytes of as many whole characters as fit; what is no UTF-8 counts by bytes. */
static size_t fitting(const char *text, size_t size, size_t most)
{
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    size_t fits = 0;
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character;
        size_t length = svms_utf8_peek(&cursor, &character);
        length = length > 0 ? length : 1;
        if (fits + length > most || !svms_skip(&cursor, length)) {
            break;
        }
        fits += length;
    }
    return fits;
}

void svms_record_put_text(svms_builder *out, const char *name, const char *text, size_t most)
{
    if (!text) {
        return;
    }
    svms_builder plain = svms_builder_new(out->ctx, strlen(text) + sizeof ellipsis);
    put_plain(&plain, text);
    if (plain.size > most) {
        plain.size = fitting((const char *)plain.data, plain.size, most - (sizeof ellipsis - 1));
        svms_put_bytes(&plain, ellipsis, sizeof ellipsis - 1);
    }
    svms_put_u8(&plain, 0);
    if (plain.status == SVMS_OK) {
        svms_json_put_text(out, name, (const char *)plain.data);
    } else if (out->status == SVMS_OK) {
        out->status = plain.status;
    }
    svms_builder_clear(&plain);
}

bool svms_record_is_member_name(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > 64) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') ||
              name[i] == '_')) {
            return false;
        }
    }
    return true;
}

static char lower(char sign)
{
    return sign >= 'A' && sign <= 'Z' ? (char)(sign - 'A' + 'a') : sign;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);
    if (size < end_size) {
        return false;
    }
    for (size_t i = 0; i < end_size; i++) {
        if (lower(text[size - end_size + i]) != end[i]) {
            return false;
        }
    }
    return true;
}

const char *svms_record_secret_kind(const char *setting, bool is_secret)
{
    static const char *const kinds[] = { "password", "secret", "key",        "token",
                                         "pin",      "code",   "passphrase", "credential" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (ends_with(setting, kinds[i])) {
            return kinds[i];
        }
    }
    return is_secret ? "secret" : NULL;
}
