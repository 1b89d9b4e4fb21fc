/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <string.h>

#define TEXT_MAX 64
#define IPV4_BITS 32
#define IPV6_BITS 128
#define MAPPED_BITS 96
#define HALF_BITS 64u

static bool bits_are_zero_from(const uint8_t address[16], unsigned from)
{
    for (unsigned i = from; i < IPV6_BITS; i++) {
        if ((address[i / 8] >> (7 - i % 8) & 1u) != 0) {
            return false;
        }
    }
    return true;
}

bool svms_network_parse(svms_network *out, const char *text)
{
    svms_cursor cursor = svms_cursor_over(text, strnlen(text, TEXT_MAX), 0);
    svms_network network = { { 0 }, 0 };
    bool is_ipv4 = false;
    if (!svms_address_read(&cursor, network.address, &is_ipv4) || svms_read_u8(&cursor) != '/') {
        return false;
    }
    int bits = svms_address_number(&cursor, 3, is_ipv4 ? IPV4_BITS : IPV6_BITS);
    if (cursor.failed || !svms_cursor_at_end(&cursor)) {
        return false;
    }
    network.bits = (uint8_t)(bits + (is_ipv4 ? MAPPED_BITS : 0));
    if (!bits_are_zero_from(network.address, network.bits)) {
        return false;
    }
    *out = network;
    return true;
}

static uint64_t half_of(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Whether the first bits of a half are the same. */
static bool halves_agree(uint64_t one, uint64_t other, unsigned bits)
{
    return bits == 0 || (one ^ other) >> (HALF_BITS - bits) == 0;
}

bool svms_network_holds(const svms_network *network, const uint8_t address[16])
{
    unsigned front = network->bits < HALF_BITS ? network->bits : HALF_BITS;
    return halves_agree(half_of(network->address), half_of(address), front) &&
           halves_agree(half_of(network->address + 8), half_of(address + 8), network->bits - front);
}
