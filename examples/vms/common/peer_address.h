/* SPDX-License-Identifier: Apache-2.0 */
/* Network addresses as text, and as what limits are counted by. */
#ifndef VMS_PEER_ADDRESS_H
#define VMS_PEER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "peer_tries.h"

/* "[2001:db8::1]:443" and NUL. */
#define PEER_ADDRESS_TEXT 64

/* "192.0.2.1:443", "[2001:db8::1]:443". */
void peer_address_text(const struct sockaddr *address, char out[PEER_ADDRESS_TEXT]);

/* What counts as one peer: an IPv4 address, or the network of 64 bits of an IPv6 one, as anybody
 * who has one of its addresses has them all. */
void peer_address_key(const struct sockaddr *address, uint8_t out[PEER_TRIES_KEY_SIZE]);

/* "ADDRESS:PORT" or "[ADDRESS]:PORT", numbers only. */
bool peer_address_parse(const char *text, struct sockaddr_storage *out, socklen_t *size);

/* The address alone, without its port. */
void peer_address_host(const struct sockaddr *address, char out[PEER_ADDRESS_TEXT]);

/* Whether it stands for all addresses of a machine. */
bool peer_address_is_any(const struct sockaddr *address);

#endif
