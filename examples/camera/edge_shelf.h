/* SPDX-License-Identifier: Apache-2.0 */
/* The containers that a camera keeps itself: which there are, and which goes first. Any thread. */
#ifndef EDGE_SHELF_H
#define EDGE_SHELF_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

typedef struct edge_container {
    char name[64]; /* NUMBER-TIME.svms: in the order of their numbers */
    uint64_t sequence;
    int64_t first_utc_ns; /* SVMS_NO_TIME: not known */
    int64_t last_utc_ns;  /* SVMS_NO_TIME: not known, or it still grows */
    uint64_t bytes;
    bool is_written; /* now, by us */
} edge_container;

typedef struct edge_shelf edge_shelf;

/* Makes the folder (0700) where it is missing, and looks at what is in it. found: head of the
 * newest container, *is_found: there is one that can be read. */
svms_status edge_shelf_open(edge_shelf **out, svms_ctx *ctx, const char *folder, svms_head *found,
                            bool *is_found, svms_error *err);
const char *edge_shelf_folder(const edge_shelf *self);
/* In place of what was known of this name. */
svms_status edge_shelf_put(edge_shelf *self, const edge_container *container, svms_error *err);
void edge_shelf_drop(edge_shelf *self, const char *name);
/* Oldest ones go, until all together have at most so many bytes. *pruned: how many went. What is
 * being written stays. */
svms_status edge_shelf_prune(edge_shelf *self, uint64_t keep_bytes, unsigned *pruned,
                             svms_error *err);
/* The oldest one goes; SVMS_END: there is none that may. */
svms_status edge_shelf_prune_one(edge_shelf *self, svms_error *err);
/* Copies of those that may hold something of [from, to]; free() it. SVMS_NO_TIME: no bound. */
svms_status edge_shelf_list(edge_shelf *self, int64_t from_utc_ns, int64_t to_utc_ns,
                            edge_container **out, size_t *count, svms_error *err);
/* Of all that there is; SVMS_NO_TIME: nothing. */
void edge_shelf_range(edge_shelf *self, int64_t *first_utc_ns, int64_t *last_utc_ns);
uint64_t edge_shelf_bytes(edge_shelf *self);
/* NULL and pointer to NULL are accepted. */
void edge_shelf_close(edge_shelf **self);

#endif
