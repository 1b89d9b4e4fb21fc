/* SPDX-License-Identifier: Apache-2.0 */
#include "arena.h"

#include <stdint.h>
#include <string.h>

#define ARENA_SIZE ((size_t)16 << 20)
#define ORDERS 25 /* a block has 2^order bytes with its head; the largest is the whole array */

typedef union head {
    struct {
        union head *next; /* of the blocks that came back */
        size_t size;      /* that was asked for */
        unsigned order;
    } is;
    max_align_t alignment;
} head;

/* OpenSSL's hooks carry no pointer of ours, so this is the one place for it. */
static struct {
    _Alignas(max_align_t) uint8_t bytes[ARENA_SIZE];
    size_t reach;
    size_t live;
    size_t peak;
    head *back[ORDERS];
} arena;

static unsigned order_of(size_t size)
{
    unsigned order = 5;
    while (order < ORDERS && ((size_t)1 << order) < size) {
        order++;
    }
    return order;
}

static head *take(unsigned order)
{
    head *block = arena.back[order];
    if (block) {
        arena.back[order] = block->is.next;
        return block;
    }
    size_t size = (size_t)1 << order;
    if (size > ARENA_SIZE - arena.reach) {
        return NULL;
    }
    block = (head *)(void *)(arena.bytes + arena.reach);
    arena.reach += size;
    return block;
}

void *arena_allocate(size_t size)
{
    if (size == 0 || size > ARENA_SIZE - sizeof(head)) {
        return NULL;
    }
    unsigned order = order_of(size + sizeof(head));
    head *block = take(order);
    if (!block) {
        return NULL;
    }
    block->is.order = order;
    block->is.size = size;
    arena.live += size;
    if (arena.live > arena.peak) {
        arena.peak = arena.live;
    }
    return block + 1;
}

void arena_release(void *pointer)
{
    if (!pointer) {
        return;
    }
    head *block = (head *)pointer - 1;
    arena.live -= block->is.size;
    block->is.next = arena.back[block->is.order];
    arena.back[block->is.order] = block;
}

void *arena_resize(void *pointer, size_t size)
{
    if (!pointer) {
        return arena_allocate(size);
    }
    if (size == 0) {
        arena_release(pointer);
        return NULL;
    }
    const head *block = (const head *)pointer - 1;
    void *moved = arena_allocate(size);
    if (moved) {
        memcpy(moved, pointer, block->is.size < size ? block->is.size : size);
        arena_release(pointer);
    }
    return moved;
}

size_t arena_peak(void)
{
    return arena.peak;
}

size_t arena_live(void)
{
    return arena.live;
}

size_t arena_reach(void)
{
    return arena.reach;
}
