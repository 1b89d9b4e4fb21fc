/* SPDX-License-Identifier: Apache-2.0 */
/* Taking NAL units apart and building new ones bit by bit. */
#include <string.h>

#include "attack.h"

void attack_put(attack_bits *out, uint32_t value, unsigned count)
{
    for (unsigned i = count; i > 0; i--) {
        size_t byte = out->bits / 8;
        if (byte >= out->capacity) {
            return;
        }
        if (out->bits % 8 == 0) {
            out->data[byte] = 0;
        }
        if ((value >> (i - 1) & 1) != 0) {
            out->data[byte] |= (uint8_t)(0x80u >> (out->bits % 8));
        }
        out->bits++;
    }
}

void attack_put_ue(attack_bits *out, uint32_t value)
{
    unsigned length = 0;
    while (((value + 1) >> (length + 1)) != 0) {
        length++;
    }
    attack_put(out, 0, length);
    attack_put(out, value + 1, length + 1);
}

void attack_copy_bits(attack_bits *out, const uint8_t *from, size_t first, size_t count)
{
    size_t i = first;
    if (out->bits % 8 == 0 && first % 8 == 0 && count >= 8) {
        size_t bytes = count / 8;
        if (bytes > out->capacity - out->bits / 8) {
            bytes = out->capacity - out->bits / 8;
        }
        memcpy(out->data + out->bits / 8, from + first / 8, bytes);
        out->bits += bytes * 8;
        i += bytes * 8;
    }
    for (; i < first + count; i++) {
        attack_put(out, from[i / 8] >> (7 - i % 8) & 1u, 1);
    }
}

size_t attack_write_nal(uint8_t *out, const uint8_t *header, size_t header_size,
                        const uint8_t *payload, size_t size)
{
    uint8_t *at = out + 4;
    memcpy(at, header, header_size);
    at += header_size;
    unsigned zeros = 0;
    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && payload[i] <= 3) {
            *at++ = 3;
            zeros = 0;
        }
        *at++ = payload[i];
        zeros = payload[i] == 0 ? zeros + 1 : 0;
    }
    size_t length = (size_t)(at - out) - 4;
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(length >> (24 - 8 * i));
    }
    return length + 4;
}

size_t attack_read_nal(const uint8_t *nal, const uint8_t *hidden, size_t size, size_t header_size,
                       uint8_t *payload, uint8_t *payload_hidden)
{
    size_t count = 0;
    unsigned zeros = 0;
    for (size_t i = header_size; i < size; i++) {
        if (zeros >= 2 && nal[i] == 3) {
            zeros = 0;
            continue;
        }
        payload[count] = nal[i];
        payload_hidden[count++] = hidden[i];
        zeros = nal[i] == 0 ? zeros + 1 : 0;
    }
    return count;
}
