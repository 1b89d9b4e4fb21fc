/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_hold.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

bool serve_hold_is_full(const serve_hold *hold)
{
    return hold->count == SERVE_HOLD_SAMPLES || hold->bytes >= SERVE_HOLD_BYTES;
}

serve_held *serve_hold_front(serve_hold *hold)
{
    return hold->count > 0 ? &hold->list[hold->first] : NULL;
}

/* *out is NULL where there is nothing to copy. */
static bool copy(uint8_t **out, const uint8_t *data, size_t size)
{
    *out = NULL;
    if (!data || size == 0) {
        return true;
    }
    *out = malloc(size);
    if (*out) {
        memcpy(*out, data, size);
    }
    return *out != NULL;
}

bool serve_hold_put(serve_hold *hold, const stream_replay_sample *sample, uint32_t track,
                    uint32_t flags)
{
    serve_held held = { .track = track, .flags = flags, .utc_ns = sample->utc_ns };
    if (!copy(&held.data, sample->data, sample->size)) {
        return false;
    }
    if (!copy(&held.config, sample->config, sample->config_size)) {
        free(held.data);
        return false;
    }
    held.size = held.data ? sample->size : 0;
    held.config_size = held.config ? sample->config_size : 0;
    hold->list[(hold->first + hold->count++) % SERVE_HOLD_SAMPLES] = held;
    hold->bytes += held.size;
    return true;
}

void serve_hold_mark_last(serve_hold *hold, uint32_t marks)
{
    uint32_t seen = 0;
    for (uint32_t i = hold->count; i > 0; i--) {
        serve_held *held = &hold->list[(hold->first + i - 1) % SERVE_HOLD_SAMPLES];
        uint32_t bit = UINT32_C(1) << held->track;
        held->marks |= (seen & bit) == 0 ? marks : 0;
        seen |= bit;
    }
}

void serve_hold_drop(serve_hold *hold)
{
    serve_held *held = serve_hold_front(hold);
    if (!held) {
        return;
    }
    hold->bytes -= held->size;
    /* Pictures were encrypted where they came from. */
    OPENSSL_cleanse(held->data, held->size);
    free(held->data);
    free(held->config);
    *held = (serve_held){ .track = 0 };
    hold->first = (hold->first + 1) % SERVE_HOLD_SAMPLES;
    hold->count--;
}

void serve_hold_clear(serve_hold *hold)
{
    while (hold->count > 0) {
        serve_hold_drop(hold);
    }
}
