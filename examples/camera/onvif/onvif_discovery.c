/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_discovery.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "camera_failure.h"
#include "discovery_message.h"
#include "onvif_scopes.h"
#include "peer_address.h"

#define GROUP "239.255.255.250"
#define ID_SIZE ONVIF_ENDPOINT_SIZE
#define NETWORKS_MAX 16
/* Answers wait for a moment that chance decides, so that a thousand cameras do not answer at once
 * (WS-Discovery, APP_MAX_DELAY); and there are only so many of them, whoever asks. */
#define WAITING_MAX 16
#define DELAY_MAX_MS 500
#define ANSWERS_PER_SECOND 20

/* An address of this camera, and the network that it is in. */
typedef struct network {
    struct in_addr address;
    unsigned index;
} network;

typedef struct waiting_answer {
    struct onvif_discovery *owner;
    struct event *timer; /* NULL: this place is free */
    discovery_question question;
    struct sockaddr_in to;
    network from;
} waiting_answer;

struct onvif_discovery {
    const camera_parts *parts;
    struct event_base *base;
    struct event *look; /* each second: whether it shall be found, and how many answers are left */
    struct event *readable;
    struct sockaddr_storage place; /* where HTTPS listens */
    unsigned port;
    char id[ID_SIZE];
    int socket; /* -1: nobody finds it */
    bool has_complained;
    network networks[NETWORKS_MAX];
    size_t network_count;
    uint32_t instance;
    uint32_t number;
    unsigned answers_left;
    waiting_answer waiting[WAITING_MAX];
};

static void write_uuid(const uint8_t bytes[16], char out[ID_SIZE])
{
    size_t used = (size_t)snprintf(out, ID_SIZE, "urn:uuid:");
    for (size_t i = 0; i < 16; i++) {
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        used += (size_t)snprintf(out + used, ID_SIZE - used, "%s%02x", dash, bytes[i]);
    }
}

svms_status onvif_endpoint(const camera_parts *parts, char out[ONVIF_ENDPOINT_SIZE],
                           svms_error *err)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    svms_certificate_info leaf = SVMS_CERTIFICATE_INFO_INIT;
    const camera_papers *papers = camera_identity_take(parts->identity);
    svms_status status = svms_chain_certificate(papers->chain, 0, &leaf, err);
    if (status == SVMS_OK &&
        EVP_Digest(leaf.subject, strlen(leaf.subject), hash, NULL, EVP_sha256(), NULL) != 1) {
        status = camera_fail(err, SVMS_E_CRYPTO, 0, "no SHA-256");
    }
    camera_identity_give(parts->identity, &papers);
    if (status == SVMS_OK) {
        hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80); /* RFC 9562, version 8 */
        hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
        write_uuid(hash, out);
    }
    return status;
}

static bool make_message_id(char out[ID_SIZE])
{
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    write_uuid(bytes, out);
    return true;
}

typedef struct scope_list {
    char text[DISCOVERY_SCOPES_SIZE];
    size_t used;
} scope_list;

static void add_scope(void *user, bool is_fixed, const char *item)
{
    scope_list *list = user;
    size_t room = sizeof list->text - list->used;
    (void)is_fixed;
    int size = snprintf(list->text + list->used, room, "%s%s", list->used > 0 ? " " : "", item);
    if (size > 0 && (size_t)size < room) {
        list->used += (size_t)size;
    } else {
        list->text[list->used] = '\0';
    }
}

static bool send_from(onvif_discovery *self, const network *from, const struct sockaddr_in *to,
                      discovery_kind kind, const char *answers)
{
    char id[ID_SIZE];
    char host[INET_ADDRSTRLEN] = "";
    char address[128];
    camera_settings current;
    scope_list scopes = { "", 0 };
    xml_writer message = XML_WRITER_INIT;
    camera_state_read(self->parts->state, &current);
    onvif_scopes(&current, add_scope, &scopes);
    (void)inet_ntop(AF_INET, &from->address, host, sizeof host);
    (void)snprintf(address, sizeof address, "https://%s:%u/onvif/device_service", host, self->port);
    const discovery_self who = { self->id, address, scopes.text };
    struct ip_mreqn out = { { 0 }, from->address, (int)from->index };
    bool is_sent =
        make_message_id(id) &&
        discovery_write(&message, kind, &who, id, answers, self->instance, ++self->number) &&
        setsockopt(self->socket, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) == 0 &&
        sendto(self->socket, message.bytes, message.size, MSG_DONTWAIT, (const struct sockaddr *)to,
               sizeof *to) == (ssize_t)message.size;
    xml_writer_clear(&message);
    return is_sent;
}

/* To all who listen in each network. One that is down for the moment hears of it when it asks. */
static void announce(onvif_discovery *self, discovery_kind kind)
{
    struct sockaddr_in group = { .sin_family = AF_INET, .sin_port = htons(ONVIF_DISCOVERY_PORT) };
    (void)inet_pton(AF_INET, GROUP, &group.sin_addr);
    for (size_t i = 0; i < self->network_count; i++) {
        if (!send_from(self, &self->networks[i], &group, kind, NULL)) {
            service_log(self->parts->service, SERVICE_INFO,
                        "discovery: one network does not take the announcement");
        }
    }
}

static void forget(waiting_answer *one)
{
    if (one->timer) {
        event_free(one->timer);
        one->timer = NULL;
    }
}

static void on_time(evutil_socket_t socket, short what, void *user)
{
    waiting_answer *one = user;
    (void)socket;
    (void)what;
    if (!send_from(one->owner, &one->from, &one->to, one->question.kind,
                   one->question.message_id)) {
        service_log(one->owner->parts->service, SERVICE_INFO,
                    "discovery: an answer could not be sent");
    }
    forget(one);
}

static void answer_later(onvif_discovery *self, const discovery_question *question,
                         const struct sockaddr_in *to, const network *from)
{
    uint16_t chance = 0;
    waiting_answer *place = NULL;
    for (size_t i = 0; i < WAITING_MAX && !place; i++) {
        place = self->waiting[i].timer ? NULL : &self->waiting[i];
    }
    if (!place || self->answers_left == 0 ||
        RAND_bytes((uint8_t *)&chance, (int)sizeof chance) != 1) {
        return;
    }
    /* Who names somebody is the only one to be answered. */
    unsigned wait_ms = question->kind == DISCOVERY_PROBE ? chance % DELAY_MAX_MS : 0;
    const struct timeval wait = { 0, (suseconds_t)wait_ms * 1000 };
    self->answers_left--;
    *place =
        (waiting_answer){ self, evtimer_new(self->base, on_time, place), *question, *to, *from };
    if (!place->timer || evtimer_add(place->timer, &wait) != 0) {
        forget(place);
    }
}

/* Through which network it came; false: through none of those that it is to be found in. */
static bool find_network(const onvif_discovery *self, struct msghdr *message, network *out)
{
    const struct in_pktinfo *info = NULL;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at; at = CMSG_NXTHDR(message, at)) {
        if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
            info = (const struct in_pktinfo *)(const void *)CMSG_DATA(at);
        }
    }
    for (size_t i = 0; info && i < self->network_count; i++) {
        if (self->networks[i].index == (unsigned)info->ipi_ifindex) {
            *out = self->networks[i];
            return true;
        }
    }
    return false;
}

static void on_readable(evutil_socket_t socket, short what, void *user)
{
    onvif_discovery *self = user;
    char bytes[DISCOVERY_BYTES_MAX + 1];
    struct sockaddr_in from;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control;
    struct iovec piece = { bytes, sizeof bytes };
    struct msghdr message = { .msg_name = &from,
                              .msg_namelen = sizeof from,
                              .msg_iov = &piece,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof control };
    (void)what;
    ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT);
    network through;
    discovery_question question;
    if (size <= 0 || (message.msg_flags & MSG_TRUNC) != 0 ||
        !find_network(self, &message, &through)) {
        return;
    }
    camera_settings current;
    scope_list scopes = { "", 0 };
    camera_state_read(self->parts->state, &current);
    onvif_scopes(&current, add_scope, &scopes);
    const discovery_self who = { self->id, "", scopes.text };
    if (discovery_read(&question, bytes, (size_t)size, &who)) {
        answer_later(self, &question, &from, &through);
    }
}

/* The networks that HTTPS is reached from. */
static void find_networks(onvif_discovery *self)
{
    struct ifaddrs *all = NULL;
    const struct sockaddr_in *own = (const struct sockaddr_in *)&self->place;
    bool is_any = peer_address_is_any((const struct sockaddr *)&self->place);
    self->network_count = 0;
    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *one = all; one && self->network_count < NETWORKS_MAX;
         one = one->ifa_next) {
        if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP)) {
            continue;
        }
        struct in_addr address =
            ((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
        bool is_wanted = is_any
                             ? !(one->ifa_flags & IFF_LOOPBACK)
                             : own->sin_family == AF_INET && own->sin_addr.s_addr == address.s_addr;
        if (is_wanted) {
            self->networks[self->network_count++] =
                (network){ address, if_nametoindex(one->ifa_name) };
        }
    }
    freeifaddrs(all);
}

static bool join(onvif_discovery *self, int socket)
{
    size_t joined = 0;
    for (size_t i = 0; i < self->network_count; i++) {
        struct ip_mreqn where = { { 0 }, self->networks[i].address, (int)self->networks[i].index };
        (void)inet_pton(AF_INET, GROUP, &where.imr_multiaddr);
        bool is_in = setsockopt(socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, &where, sizeof where) == 0;
        joined += is_in || errno == EADDRINUSE ? 1 : 0;
    }
    return joined > 0;
}

/* Bound to the group, so that nothing is taken that was sent to this address alone. Nothing goes
 * beyond the next router, answers included: whoever pretends to be somebody else makes no traffic
 * there. */
static int open_socket(onvif_discovery *self)
{
    const int one = 1;
    struct sockaddr_in group = { .sin_family = AF_INET, .sin_port = htons(ONVIF_DISCOVERY_PORT) };
    int made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0) {
        return -1;
    }
    (void)inet_pton(AF_INET, GROUP, &group.sin_addr);
    if (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        setsockopt(made, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) != 0 ||
        setsockopt(made, IPPROTO_IP, IP_TTL, &one, sizeof one) != 0 ||
        setsockopt(made, IPPROTO_IP, IP_MULTICAST_TTL, &one, sizeof one) != 0 ||
        bind(made, (const struct sockaddr *)&group, sizeof group) != 0 || !join(self, made)) {
        (void)close(made);
        return -1;
    }
    return made;
}

static void hide(onvif_discovery *self)
{
    if (self->socket < 0) {
        return;
    }
    announce(self, DISCOVERY_BYE);
    for (size_t i = 0; i < WAITING_MAX; i++) {
        forget(&self->waiting[i]);
    }
    event_free(self->readable);
    self->readable = NULL;
    (void)close(self->socket);
    self->socket = -1;
}

static void show(onvif_discovery *self)
{
    find_networks(self);
    self->socket = open_socket(self);
    int why = errno;
    self->readable = self->socket < 0 ? NULL
                                      : event_new(self->base, self->socket, EV_READ | EV_PERSIST,
                                                  on_readable, self);
    if (self->readable && event_add(self->readable, NULL) == 0) {
        self->has_complained = false;
        service_log(self->parts->service, SERVICE_NOTICE, "can be discovered, as %s", self->id);
        announce(self, DISCOVERY_HELLO);
        return;
    }
    if (self->readable) {
        event_free(self->readable);
        self->readable = NULL;
    }
    if (self->socket >= 0) {
        (void)close(self->socket);
        self->socket = -1;
    }
    if (!self->has_complained) {
        self->has_complained = true;
        service_log(self->parts->service, SERVICE_ERROR, "cannot be discovered, will try again: %s",
                    strerror(why));
    }
}

static void on_look(evutil_socket_t socket, short what, void *user)
{
    onvif_discovery *self = user;
    camera_settings current;
    (void)socket;
    (void)what;
    self->answers_left = ANSWERS_PER_SECOND;
    camera_state_read(self->parts->state, &current);
    if (current.is_discoverable && self->socket < 0) {
        show(self);
    } else if (!current.is_discoverable && self->socket >= 0) {
        hide(self);
        service_log(self->parts->service, SERVICE_NOTICE, "cannot be discovered any more");
    }
}

svms_status onvif_discovery_start(onvif_discovery **out, struct event_base *base,
                                  const camera_parts *parts, const char *address, svms_error *err)
{
    const struct timeval second = { 1, 0 };
    const char *colon = strrchr(address, ':');
    socklen_t size = 0;
    onvif_discovery *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for discovery");
    }
    self->parts = parts;
    self->base = base;
    self->socket = -1;
    self->instance = (uint32_t)time(NULL);
    self->port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
    self->look = event_new(base, -1, EV_PERSIST, on_look, self);
    if (!peer_address_parse(address, &self->place, &size) || !self->look ||
        event_add(self->look, &second) != 0) {
        onvif_discovery_stop(&self);
        return camera_fail(err, SVMS_E_INTERNAL, 0, "discovery cannot begin");
    }
    svms_status status = onvif_endpoint(parts, self->id, err);
    if (status != SVMS_OK) {
        onvif_discovery_stop(&self);
        return status;
    }
    on_look(-1, 0, self);
    *out = self;
    return SVMS_OK;
}

void onvif_discovery_stop(onvif_discovery **self)
{
    if (self && *self) {
        hide(*self);
        if ((*self)->look) {
            event_free((*self)->look);
        }
        free(*self);
        *self = NULL;
    }
}
