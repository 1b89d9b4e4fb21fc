/* SPDX-License-Identifier: Apache-2.0 */
/* New connections. Who has not said anything yet that was let in is a stranger: of these there are
 * few at a time, and the newest pushes out the oldest, so that connections which are only opened
 * keep nobody out. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve_internal.h"

enum { ACCEPTS_AT_ONCE = 16 };

/* A stranger has so long at least to become known, also where there is no room for others. */
#define STRANGER_NS STREAM_SECOND

static void address_text(const struct sockaddr_storage *from, char out[SERVE_ADDRESS_SIZE])
{
    const void *bytes = from->ss_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)from)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)from)->sin_addr;
    if (!inet_ntop(from->ss_family, bytes, out, SERVE_ADDRESS_SIZE)) {
        out[0] = '\0';
    }
}

static bool is_stranger(const serve_client *client)
{
    return !client->is_known && !client->is_over;
}

static uint32_t strangers_of(const stream_serve *serve, const char *address)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        const serve_client *one = serve->clients[i];
        count += is_stranger(one) && (!address || strcmp(one->address, address) == 0) ? 1 : 0;
    }
    return count;
}

/* The one that is there for longest; address NULL: of those of the address that has most. */
static serve_client *oldest_stranger(const stream_serve *serve, const char *address)
{
    serve_client *oldest = NULL;
    uint32_t most = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_client *one = serve->clients[i];
        if (!is_stranger(one) || (address && strcmp(one->address, address) != 0)) {
            continue;
        }
        uint32_t count = address ? 1 : strangers_of(serve, one->address);
        if (count > most || (count == most && one->since < oldest->since)) {
            oldest = one;
            most = count;
        }
    }
    return oldest;
}

static uint32_t count_of(const stream_serve *serve, const char *address)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        count += strcmp(serve->clients[i]->address, address) == 0 ? 1 : 0;
    }
    return count;
}

static void push_out(stream_serve *serve, serve_client *client)
{
    uint32_t kept = 0;
    serve_client_drop(client, "said nothing, and others wait");
    for (uint32_t i = 0; i < serve->client_count; i++) {
        if (serve->clients[i] != client) {
            serve->clients[kept++] = serve->clients[i];
        }
    }
    serve->client_count = kept;
    serve_client_free(client);
}

/* False: nobody gives way. */
static bool make_room_among(stream_serve *serve, const char *address)
{
    serve_client *oldest = oldest_stranger(serve, address);
    if (!oldest || stream_clock() - oldest->since < STRANGER_NS) {
        return false;
    }
    push_out(serve, oldest);
    return true;
}

static bool make_room(stream_serve *serve, const char *address)
{
    const stream_serve_options *o = &serve->options;
    if (count_of(serve, address) >= o->max_per_address && !make_room_among(serve, address)) {
        return false;
    }
    if (serve->client_count >= o->max_clients && !make_room_among(serve, NULL)) {
        return false;
    }
    if (strangers_of(serve, NULL) >= o->max_strangers) {
        push_out(serve, oldest_stranger(serve, NULL));
    }
    return true;
}

/* Bounded: whoever connects without end does not keep the others waiting. */
void serve_accept(stream_serve *serve)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        char address[SERVE_ADDRESS_SIZE];
        int yes = 1;
        int socket = accept(serve->options.listener, (struct sockaddr *)&from, &size);
        if (socket < 0) {
            return;
        }
        address_text(&from, address);
        if (!make_room(serve, address) || fcntl(socket, F_SETFL, O_NONBLOCK) != 0 ||
            fcntl(socket, F_SETFD, FD_CLOEXEC) != 0) {
            close(socket);
            continue;
        }
        (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        serve_client *client = serve_client_new(serve, socket, address);
        if (client) {
            serve->clients[serve->client_count++] = client;
        }
    }
}
