/* SPDX-License-Identifier: Apache-2.0 */
#include "web_lockout.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#define PEER_SIZE 16
#define KEY_SIZE 32
#define NAME_SEEN 255

typedef struct entry {
    uint8_t key[KEY_SIZE];
    uint32_t count; /* failures since first_ms; 0: the place is free */
    uint64_t first_ms;
    uint64_t last_ms;
    uint64_t closed_until_ms; /* 0: open */
    uint64_t times[WEB_LOCKOUT_FAILURES_MAX];
} entry;

struct web_lockout {
    web_lockout_options options;
    pthread_mutex_t mutex;
    entry entries[WEB_LOCKOUT_ENTRIES];
};

static uint32_t or_usual(uint32_t value, uint32_t usual)
{
    return value > 0 ? value : usual;
}

web_lockout *web_lockout_new(const web_lockout_options *options)
{
    web_lockout *self =
        options->failures <= WEB_LOCKOUT_FAILURES_MAX ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        return NULL;
    }
    self->options = (web_lockout_options){
        .failures = or_usual(options->failures, 5),
        .within_ms = or_usual(options->within_ms, 30000),
        .closed_ms = or_usual(options->closed_ms, 300000),
        .address_failures = or_usual(options->address_failures, 50),
    };
    if (pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self);
        return NULL;
    }
    return self;
}

void web_lockout_free(web_lockout **lockout)
{
    if (*lockout) {
        pthread_mutex_destroy(&(*lockout)->mutex);
        free(*lockout);
        *lockout = NULL;
    }
}

/* Of a name from an address; name NULL: of the address. A name beyond the longest counts by its
 * beginning. Where no digest can be made, all count as one: too strict is better than open. */
static void make_key(uint8_t out[KEY_SIZE], const char *name, const uint8_t *peer)
{
    unsigned char text[1 + PEER_SIZE + NAME_SEEN];
    size_t size = name ? strnlen(name, NAME_SEEN) : 0;
    text[0] = name ? 'n' : 'a';
    memcpy(text + 1, peer, PEER_SIZE);
    if (size > 0) {
        memcpy(text + 1 + PEER_SIZE, name, size);
    }
    if (!EVP_Digest(text, 1 + PEER_SIZE + size, out, NULL, EVP_sha256(), NULL)) {
        memset(out, 0, KEY_SIZE);
    }
}

static entry *find(web_lockout *self, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < WEB_LOCKOUT_ENTRIES; i++) {
        if (self->entries[i].count > 0 && memcmp(self->entries[i].key, key, KEY_SIZE) == 0) {
            return &self->entries[i];
        }
    }
    return NULL;
}

static bool is_closed(const entry *self, uint64_t now_ms)
{
    return self && self->closed_until_ms > now_ms;
}

/* Whether a is the one that is missed less. */
static bool gives_way(const entry *a, const entry *b, uint64_t now_ms)
{
    bool a_closed = is_closed(a, now_ms);
    if (a->count == 0 || b->count == 0) {
        return a->count == 0;
    }
    if (a_closed != is_closed(b, now_ms)) {
        return !a_closed;
    }
    if (a_closed) {
        return a->closed_until_ms < b->closed_until_ms;
    }
    return a->count != b->count ? a->count < b->count : a->last_ms < b->last_ms;
}

static entry *place_for(web_lockout *self, const uint8_t key[KEY_SIZE], uint64_t now_ms)
{
    entry *place = find(self, key);
    if (place) {
        return place;
    }
    place = &self->entries[0];
    for (size_t i = 0; i < WEB_LOCKOUT_ENTRIES; i++) {
        entry *one = &self->entries[i];
        bool is_old = one->count > 0 && !is_closed(one, now_ms) &&
                      now_ms - one->last_ms > self->options.within_ms;
        if (is_old) {
            one->count = 0;
        }
        if (gives_way(one, place, now_ms)) {
            place = one;
        }
    }
    memset(place, 0, sizeof *place);
    memcpy(place->key, key, KEY_SIZE);
    return place;
}

/* One more of a name: the last so many are looked at, each with its own time. */
static bool count_name(const web_lockout *self, entry *place, uint64_t now_ms)
{
    uint32_t most = self->options.failures;
    uint64_t *slot = &place->times[place->count % most];
    bool closes = place->count + 1 >= most;
    *slot = now_ms;
    place->count++;
    /* The oldest of them is where the next one goes. */
    return closes && now_ms - place->times[place->count % most] <= self->options.within_ms;
}

/* One more of an address: there may be many, so they are counted in windows. */
static bool count_address(const web_lockout *self, entry *place, uint64_t now_ms)
{
    if (place->count == 0 || now_ms - place->first_ms > self->options.within_ms) {
        place->first_ms = now_ms;
        place->count = 0;
    }
    place->count++;
    return place->count >= self->options.address_failures;
}

static web_lockout_state count(web_lockout *self, const char *name, const uint8_t *peer,
                               uint64_t now_ms)
{
    uint8_t key[KEY_SIZE];
    make_key(key, name, peer);
    entry *place = place_for(self, key, now_ms);
    if (is_closed(place, now_ms)) {
        return WEB_LOCKOUT_CLOSED;
    }
    if (place->closed_until_ms > 0) {
        place->closed_until_ms = 0;
        place->count = 0;
    }
    bool closes = name ? count_name(self, place, now_ms) : count_address(self, place, now_ms);
    place->last_ms = now_ms;
    place->closed_until_ms = closes ? now_ms + self->options.closed_ms : 0;
    return closes ? WEB_LOCKOUT_CLOSES : WEB_LOCKOUT_OPEN;
}

web_lockout_state web_lockout_ask(web_lockout *lockout, const char *name, const uint8_t *peer,
                                  uint64_t now_ms)
{
    uint8_t of_name[KEY_SIZE];
    uint8_t of_address[KEY_SIZE];
    make_key(of_name, name, peer);
    make_key(of_address, NULL, peer);
    pthread_mutex_lock(&lockout->mutex);
    bool closed =
        is_closed(find(lockout, of_name), now_ms) || is_closed(find(lockout, of_address), now_ms);
    pthread_mutex_unlock(&lockout->mutex);
    return closed ? WEB_LOCKOUT_CLOSED : WEB_LOCKOUT_OPEN;
}

web_lockout_state web_lockout_fail(web_lockout *lockout, const char *name, const uint8_t *peer,
                                   uint64_t now_ms)
{
    pthread_mutex_lock(&lockout->mutex);
    web_lockout_state of_name = count(lockout, name, peer, now_ms);
    web_lockout_state of_address = count(lockout, NULL, peer, now_ms);
    pthread_mutex_unlock(&lockout->mutex);
    /* Worth an event is what closes now, also where the other was closed before. */
    bool closes = of_name == WEB_LOCKOUT_CLOSES || of_address == WEB_LOCKOUT_CLOSES;
    if (closes) {
        return WEB_LOCKOUT_CLOSES;
    }
    return of_name > of_address ? of_name : of_address;
}

void web_lockout_succeed(web_lockout *lockout, const char *name, const uint8_t *peer)
{
    uint8_t key[KEY_SIZE];
    make_key(key, name, peer);
    pthread_mutex_lock(&lockout->mutex);
    entry *place = find(lockout, key);
    if (place) {
        memset(place, 0, sizeof *place);
    }
    pthread_mutex_unlock(&lockout->mutex);
}
