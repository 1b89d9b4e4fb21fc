/* SPDX-License-Identifier: Apache-2.0 */
/* The file "holds": records that stay whatever their age (A-RET-8). */
#ifndef SVMS_HOLDS_H
#define SVMS_HOLDS_H

#include <svms/folder.h>

#include "builder.h"
#include "tile.h"

#define SVMS_HOLDS_MAX 4096u
#define SVMS_HOLD_NAME_MAX 64u
/* A name, two numbers below 2^48, a time, and what is between. */
#define SVMS_HOLD_LINE_MAX 160u
#define SVMS_HOLDS_TEXT_MAX ((size_t)SVMS_HOLDS_MAX * SVMS_HOLD_LINE_MAX)

typedef struct svms_hold {
    char name[SVMS_HOLD_NAME_MAX + 1];
    uint64_t first;
    uint64_t last;
    int64_t until_utc_ns; /* SVMS_NO_TIME: until it is lifted */
} svms_hold;

typedef struct svms_holds {
    svms_ctx *ctx;
    svms_hold *hold;
    size_t count;
} svms_holds;

bool svms_hold_is_name(const char *name);
bool svms_hold_is_same(const svms_hold *a, const svms_hold *b);

/* After any outcome svms_holds_clear() may be called. */
SVMS_MUST_CHECK svms_status svms_holds_parse(svms_holds *out, svms_ctx *ctx, const void *bytes,
                                             size_t size, svms_error *err);
void svms_put_hold(svms_builder *out, const svms_hold *hold);
void svms_holds_clear(svms_holds *holds);
/* Of a log without that file: none. */
SVMS_MUST_CHECK svms_status svms_holds_read(svms_holds *out, svms_ctx *ctx,
                                            const svms_folder *folder, svms_error *err);
SVMS_MUST_CHECK svms_status svms_holds_write(const svms_holds *holds, const svms_folder *folder,
                                             svms_error *err);
/* SVMS_E_LIMIT: there are too many. */
SVMS_MUST_CHECK svms_status svms_holds_add(svms_holds *holds, const svms_hold *hold,
                                           svms_error *err);

/* Which records of a bundle are held at a time. */
void svms_holds_mark(const svms_holds *holds, int64_t now_utc_ns, uint64_t bundle,
                     bool held[SVMS_TILE_WIDTH]);

#endif
