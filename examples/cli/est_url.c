/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "est_client.h"
#include "message.h"

#define SCHEME "https://"
#define DEFAULT_PORT "443"
#define PORT_MAX 65535

/* Names, IPv4 and IPv6 addresses; the resolver and the certificate judge the rest. */
static bool take_host(est_url *out, const char *text, size_t size)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:";
    if (size == 0 || size >= sizeof out->host) {
        return false;
    }
    memcpy(out->host, text, size);
    out->host[size] = '\0';
    return strspn(out->host, allowed) == size;
}

static bool take_port(est_url *out, const char *text, size_t size)
{
    if (size == 0 || size >= sizeof out->port) {
        return false;
    }
    memcpy(out->port, text, size);
    out->port[size] = '\0';
    unsigned long port = strtoul(out->port, NULL, 10);
    return strspn(out->port, "0123456789") == size && port > 0 && port <= PORT_MAX;
}

static bool parse(est_url *out, const char *text)
{
    size_t size = strcspn(text, "/");
    const char *end = text + size;
    if (strcmp(end, "") != 0 && strcmp(end, "/") != 0) {
        return false;
    }
    const char *close = text[0] == '[' ? memchr(text, ']', size) : NULL;
    const char *host = close ? text + 1 : text;
    const char *colon = close ? close + 1 : memchr(text, ':', size);
    const char *host_end = close ? close : (colon ? colon : end);
    bool has_port = colon && colon < end;
    if (!close && memchr(text, '[', size)) {
        return false;
    }
    if (has_port && *colon != ':') {
        return false;
    }
    if (!has_port) {
        memcpy(out->port, DEFAULT_PORT, sizeof DEFAULT_PORT);
    }
    return take_host(out, host, (size_t)(host_end - host)) && (close || !strchr(out->host, ':')) &&
           (!has_port || take_port(out, colon + 1, (size_t)(end - colon - 1)));
}

exit_status est_url_parse(est_url *out, const char *text)
{
    memset(out, 0, sizeof *out);
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 || !parse(out, text + strlen(SCHEME))) {
        complain("'%s' is no address of an enrolment server, such as https://ca.example:8443",
                 text);
        return EXIT_USAGE;
    }
    bool is_ipv6 = strchr(out->host, ':') != NULL;
    (void)snprintf(out->text, sizeof out->text, SCHEME "%s%s%s:%s", is_ipv6 ? "[" : "", out->host,
                   is_ipv6 ? "]" : "", out->port);
    return EXIT_GOOD;
}
