/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_authority.h"

#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535

static bool take_host(char *out, size_t room, const char *text, size_t size)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";
    if (size == 0 || size >= room) {
        return false;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return strspn(out, allowed) == size;
}

static bool take_port(char out[STREAM_PORT_SIZE], const char *text, size_t size)
{
    if (size == 0 || size >= STREAM_PORT_SIZE) {
        return false;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    unsigned long port = strtoul(out, NULL, 10);
    return strspn(out, "0123456789") == size && port > 0 && port <= PORT_MAX;
}

bool stream_authority_parse(char *host, size_t host_room, char port[STREAM_PORT_SIZE],
                            const char *text, size_t size)
{
    const char *end = text + size;
    const char *close = text[0] == '[' ? memchr(text, ']', size) : NULL;
    const char *begin = close ? text + 1 : text;
    const char *colon = close ? close + 1 : memchr(text, ':', size);
    const char *host_end = close ? close : (colon ? colon : end);
    bool has_port = colon && colon < end;
    if (!take_host(host, host_room, begin, (size_t)(host_end - begin)) ||
        (!close && strchr(host, ':'))) {
        return false;
    }
    return !has_port || (*colon == ':' && take_port(port, colon + 1, (size_t)(end - colon - 1)));
}
