/* SPDX-License-Identifier: Apache-2.0 */
#include "peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535
#define NETWORK_SIZE 8

/* What a socket says is of the family's own type; copied, because it need not be aligned for it. */
static struct sockaddr_in in_of(const struct sockaddr *address)
{
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return in;
}

static struct sockaddr_in6 in6_of(const struct sockaddr *address)
{
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return in6;
}

void peer_address_host(const struct sockaddr *address, char out[PEER_ADDRESS_TEXT])
{
    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in = in_of(address);
        inet_ntop(AF_INET, &in.sin_addr, out, PEER_ADDRESS_TEXT);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6 = in6_of(address);
        inet_ntop(AF_INET6, &in6.sin6_addr, out, PEER_ADDRESS_TEXT);
    }
}

void peer_address_text(const struct sockaddr *address, char out[PEER_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN + 1] = "";
    char whole[PEER_ADDRESS_TEXT];
    peer_address_host(address, whole);
    (void)snprintf(host, sizeof host, "%.*s", INET6_ADDRSTRLEN, whole);
    if (address->sa_family == AF_INET6) {
        (void)snprintf(out, PEER_ADDRESS_TEXT, "[%s]:%u", host,
                       (unsigned)ntohs(in6_of(address).sin6_port));
    } else {
        (void)snprintf(out, PEER_ADDRESS_TEXT, "%s:%u", host,
                       (unsigned)ntohs(in_of(address).sin_port));
    }
}

void peer_address_key(const struct sockaddr *address, uint8_t out[PEER_TRIES_KEY_SIZE])
{
    memset(out, 0, PEER_TRIES_KEY_SIZE);
    out[PEER_TRIES_KEY_SIZE - 1] = (uint8_t)address->sa_family;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in = in_of(address);
        memcpy(out, &in.sin_addr, sizeof in.sin_addr);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6 = in6_of(address);
        bool is_mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
        if (is_mapped) {
            /* As it is where IPv4 has a socket of its own; all of them would be one network. */
            memcpy(out, in6.sin6_addr.s6_addr + 12, sizeof(struct in_addr));
            out[PEER_TRIES_KEY_SIZE - 1] = AF_INET;
        } else {
            memcpy(out, &in6.sin6_addr, NETWORK_SIZE);
        }
    }
}

static bool parse_port(const char *text, uint16_t *out)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    *out = (uint16_t)port;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port <= PORT_MAX;
}

bool peer_address_parse(const char *text, struct sockaddr_storage *out, socklen_t *size)
{
    const char *colon = strrchr(text, ':');
    char host[PEER_ADDRESS_TEXT] = "";
    uint16_t port = 0;
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (!colon || (size_t)(colon - text) >= sizeof host || !parse_port(colon + 1, &port)) {
        return false;
    }
    memcpy(host, text, (size_t)(colon - text));
    size_t length = strlen(host);
    memset(out, 0, sizeof *out);
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        in6.sin6_port = htons(port);
        *size = sizeof in6;
        if (inet_pton(AF_INET6, host + 1, &in6.sin6_addr) != 1) {
            return false;
        }
        memcpy(out, &in6, sizeof in6);
        return true;
    }
    in.sin_port = htons(port);
    *size = sizeof in;
    if (inet_pton(AF_INET, host, &in.sin_addr) != 1) {
        return false;
    }
    memcpy(out, &in, sizeof in);
    return true;
}

bool peer_address_is_any(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6 = in6_of(address);
        return IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr);
    }
    return in_of(address).sin_addr.s_addr == htonl(INADDR_ANY);
}
