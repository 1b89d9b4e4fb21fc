/* SPDX-License-Identifier: Apache-2.0 */
/* What the end of the recording in a camera's folder looks like. */
#ifndef STORE_END_H
#define STORE_END_H

#include <stdbool.h>

#include <svms/svms.h>

typedef struct store_end {
    svms_head newest;
    int64_t until_utc_ns;  /* end of what is signed, in it or before it, or SVMS_NO_TIME */
    bool is_found;         /* there is a newest container */
    svms_link_state holds; /* what became of the remembered segment, where there is one */
    bool was_interrupted;  /* the newest has no end, */
    bool is_damaged;       /* or its end is not what was written */
    bool is_pruned;        /* it was removed, which a signed record says */
    bool is_mixed;         /* there are recordings besides */
    char name[96];         /* of the newest */
} store_end;

/* Called for each file that cannot be read. */
typedef void store_doubt(void *user, const char *name, const svms_error *why);

/* Looks for the newest container of the remembered recording or, with NULL, of the one that was
 * begun last. */
svms_status store_find_end(store_end *out, svms_ctx *ctx, const char *folder,
                           const svms_head *remembered, store_doubt *doubt, void *user,
                           svms_error *err);

#endif
