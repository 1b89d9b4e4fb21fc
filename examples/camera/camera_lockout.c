/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_lockout.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 1024u
#define KEY_SIZE 72
#define SECOND UINT64_C(1000000000)
#define NAME_FACTOR 4u

typedef struct place {
    char key[KEY_SIZE]; /* "a" or "n", then address or name; empty: free */
    uint32_t failures;  /* since `began` */
    uint64_t began;
    uint64_t last;
    uint64_t closed_until;
} place;

struct camera_lockout {
    place places[PLACES];
};

camera_lockout *camera_lockout_new(void)
{
    return calloc(1, sizeof(camera_lockout));
}

/* The address without its port; of IPv6 the network, since who has one address there has them all.
 */
static void address_key(char out[KEY_SIZE], const char *address)
{
    char host[KEY_SIZE];
    struct in6_addr six;
    const char *from = address[0] == '[' ? address + 1 : address;
    size_t size = strcspn(from, address[0] == '[' ? "]" : " ");
    const char *colon = memchr(from, ':', size);
    bool has_port = colon && !memchr(colon + 1, ':', size - (size_t)(colon + 1 - from));
    size = has_port ? (size_t)(colon - from) : size;
    snprintf(host, sizeof host, "%.*s", (int)(size < 63 ? size : 63), from);
    if (inet_pton(AF_INET6, host, &six) == 1 && !IN6_IS_ADDR_V4MAPPED(&six)) {
        memset(six.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &six, host, sizeof host);
    }
    snprintf(out, KEY_SIZE, "a%.70s", host);
}

static void name_key(char out[KEY_SIZE], const char *name)
{
    snprintf(out, KEY_SIZE, "n%.70s", name);
}

static place *find(camera_lockout *self, const char *key)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (strcmp(self->places[i].key, key) == 0) {
            return &self->places[i];
        }
    }
    return NULL;
}

/* A free one, else the one whose last failure is longest ago; closed ones as the last resort. */
static place *make(camera_lockout *self, const char *key, uint64_t now)
{
    place *best = &self->places[0];
    for (size_t i = 0; i < PLACES && best->key[0] != '\0'; i++) {
        place *each = &self->places[i];
        bool is_closed = each->closed_until > now;
        bool best_is_closed = best->closed_until > now;
        if (each->key[0] == '\0' || (best_is_closed && !is_closed) ||
            (best_is_closed == is_closed && each->last < best->last)) {
            best = each;
        }
    }
    memset(best, 0, sizeof *best);
    snprintf(best->key, sizeof best->key, "%s", key);
    return best;
}

static bool is_closed(camera_lockout *self, const char *key, uint64_t now)
{
    const place *found = find(self, key);
    return found && found->closed_until > now;
}

bool camera_lockout_is_closed(camera_lockout *lockout, const char *name, const char *address,
                              uint64_t now)
{
    char by_address[KEY_SIZE];
    char by_name[KEY_SIZE];
    address_key(by_address, address);
    name_key(by_name, name);
    bool one = is_closed(lockout, by_address, now);
    bool other = is_closed(lockout, by_name, now);
    return one || other;
}

static bool count(camera_lockout *self, const camera_lockout_rule *rule, const char *key,
                  uint32_t most, uint64_t now)
{
    place *found = find(self, key);
    if (!found) {
        found = make(self, key, now);
    }
    if (found->closed_until > now) {
        return false;
    }
    if (found->failures == 0 || now - found->began > rule->within_s * SECOND) {
        found->failures = 0;
        found->began = now;
    }
    found->last = now;
    if (++found->failures < most) {
        return false;
    }
    found->failures = 0;
    found->closed_until = now + rule->closed_s * SECOND;
    return true;
}

bool camera_lockout_failed(camera_lockout *lockout, const camera_lockout_rule *rule,
                           const char *name, const char *address, uint64_t now)
{
    char key[KEY_SIZE];
    address_key(key, address);
    bool closed = count(lockout, rule, key, rule->failures, now);
    name_key(key, name);
    bool name_closed = count(lockout, rule, key, rule->failures * NAME_FACTOR, now);
    return closed || name_closed;
}

void camera_lockout_free(camera_lockout **lockout)
{
    if (lockout) {
        free(*lockout);
        *lockout = NULL;
    }
}
