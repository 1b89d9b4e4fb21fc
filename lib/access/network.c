/* SPDX-License-Identifier: Apache-2.0 */
#include "network.h"

#include <string.h>

#define TEXT_MAX 64
#define IPV4_BITS 32
#define IPV6_BITS 128
#define MAPPED_BITS 96

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

bool svms_network_holds(const svms_network *network, const uint8_t address[16])
{
    size_t whole = network->bits / 8u;
    unsigned rest = network->bits % 8u;
    if (memcmp(network->address, address, whole) != 0) {
        return false;
    }
    return rest == 0 || (network->address[whole] ^ address[whole]) >> (8u - rest) == 0;
}
