/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory behind svms_expiry, as its files share it. */
#ifndef SVMS_EXPIRY_INTERNAL_H
#define SVMS_EXPIRY_INTERNAL_H

#include <svms/expiry.h>

#include "chain_internal.h"
#include "expiry_order.h"

typedef struct expiry_certificate expiry_certificate;
typedef struct expiry_label expiry_label;

/* A certificate at its place in the chain of a label. */
typedef struct expiry_use expiry_use;
struct expiry_use {
    expiry_certificate *certificate;
    const expiry_label *label;
    uint32_t position;
    expiry_use *earlier; /* of the same certificate */
    expiry_use *later;
};

struct expiry_label {
    svms_order_node node; /* of svms_expiry.labels */
    char name[SVMS_EXPIRY_LABEL_SIZE];
    size_t use_count;
    expiry_use uses[SVMS_CHAIN_MAX_CERTIFICATES];
};

struct expiry_certificate {
    svms_order_node by_fingerprint; /* of svms_expiry.certificates */
    svms_order_node by_end;         /* of svms_expiry.in_use or svms_expiry.remembered */
    uint8_t sha256[SVMS_DIGEST_SIZE];
    int64_t not_after_utc_ns;
    unsigned told;               /* bits 1 << stage */
    uint32_t use_count;          /* 0: it is only remembered */
    svms_certificate_info *info; /* NULL when it is only remembered */
    expiry_use *first_use;
    expiry_use *last_use;
    expiry_certificate *next; /* of those that were just read */
};

struct svms_expiry {
    svms_ctx *ctx;
    svms_expiry_callback callback;
    void *user;
    int64_t now_utc_ns; /* of the last check */
    svms_order certificates;
    svms_order in_use;
    svms_order remembered;
    svms_order labels;
    bool telling;  /* the callback is running */
    bool released; /* by the callback */
};

/* SVMS_E_USAGE without an inventory, SVMS_E_STATE while its callback is running. */
SVMS_MUST_CHECK svms_status svms_expiry_usable(const svms_expiry *expiry, svms_error *err);

/* When the next stage begins behind now, or SVMS_NO_TIME. */
int64_t svms_expiry_next_stage(const svms_certificate_info *certificate, int64_t now_utc_ns);

/* Fills an entry as of a moment; the certificate stands in a chain. */
void svms_expiry_describe(svms_expiry_entry *out, const expiry_certificate *certificate,
                          int64_t now_utc_ns);

/* A certificate that is not in the inventory yet; NULL when out of memory. */
expiry_certificate *svms_expiry_certificate_new(const svms_expiry *expiry,
                                                const uint8_t sha256[SVMS_DIGEST_SIZE]);
/* Releases one that is not in the inventory. */
void svms_expiry_release(const svms_expiry *expiry, expiry_certificate *certificate);
expiry_certificate *svms_expiry_find(const svms_expiry *expiry,
                                     const uint8_t sha256[SVMS_DIGEST_SIZE]);
/* The certificates in the order of their fingerprints; NULL behind the last. */
const expiry_certificate *svms_expiry_by_fingerprint(const svms_expiry *expiry, size_t rank);
/* Takes in a certificate that is in no chain. What was told of one with the same fingerprint is
 * joined, and the new one is released. */
void svms_expiry_remember(svms_expiry *expiry, expiry_certificate *certificate);
/* Of those that are only remembered the one that ends first, or NULL. */
expiry_certificate *svms_expiry_first_remembered(const svms_expiry *expiry);
void svms_expiry_drop_remembered(svms_expiry *expiry, expiry_certificate *certificate);
/* Lets go of what is only remembered, as far as there is no room (I-EXP-7). */
void svms_expiry_make_room(svms_expiry *expiry);
/* Releases everything. */
void svms_expiry_destroy(svms_expiry *expiry);

#endif
