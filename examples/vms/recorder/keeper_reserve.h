/* SPDX-License-Identifier: Apache-2.0 */
/* A little room in a storage that nobody else can take: enough for records of removals, without
 * which nothing could be removed from a disk that is full to its last byte. */
#ifndef KEEPER_RESERVE_H
#define KEEPER_RESERVE_H

#include <stdbool.h>
#include <stddef.h>

#define KEEPER_RESERVE_SIZE ((size_t)262144)

/* Takes the room, where it is not taken yet. A disk that has none left is no failure. */
void keeper_reserve_take(const char *storage);
/* Gives it to whoever is quickest. false: there was none. */
bool keeper_reserve_give(const char *storage);

#endif
