/* SPDX-License-Identifier: Apache-2.0 */
/* Handovers that came while a log was verified: groups behind what it began with are signed by
 * later keys. */
#include <string.h>

#include "check.h"
#include "failure.h"

static bool is_same_key(const svms_note_key *a, const svms_note_key *b)
{
    return a->kind == b->kind && memcmp(a->key, b->key, sizeof a->key) == 0;
}

static bool is_same(const svms_epoch *a, const svms_epoch *b)
{
    return a->from.size == b->from.size &&
           memcmp(a->from.root, b->from.root, sizeof a->from.root) == 0 &&
           is_same_key(&a->key, &b->key);
}

/* Those that were known stay, and the others begin where the tree is now, or later. */
static bool follows(const svms_epochs *known, const svms_epochs *now, const svms_tree_head *at)
{
    for (size_t i = 0; i < now->count; i++) {
        bool is_good = i < known->count ? is_same(&known->epoch[i], &now->epoch[i])
                                        : now->epoch[i].from.size >= at->size;
        if (!is_good) {
            return false;
        }
    }
    return now->count > known->count && svms_epochs_agree(now, at, NULL) == SVMS_OK;
}

svms_status svms_check_later_epochs(svms_check *at, const svms_tree_head *head, bool *has_more,
                                    svms_error *err)
{
    svms_check_presence presence = SVMS_CHECK_ABSENT;
    svms_epochs now = { .ctx = at->ctx };
    svms_error why = SVMS_ERROR_INIT;
    *has_more = false;
    svms_status status = svms_check_read(at, "epochs", &at->bytes, &presence, err);
    if (status != SVMS_OK || presence != SVMS_CHECK_PRESENT) {
        return status;
    }
    status = svms_epochs_init(&now, at->ctx, &at->trusted.log_key, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_epochs_read(&now, at->bytes.data, at->bytes.size, &why);
    *has_more = status == SVMS_OK && follows(&at->epochs, &now, head);
    if (*has_more) {
        svms_epochs known = at->epochs;
        at->epochs = now;
        now = known;
        at->has_later_epochs = true;
        at->report.epochs = at->epochs.count - 1;
    }
    svms_epochs_clear(&now);
    return svms_check_is_fatal(status) ? svms_fail_as(err, status, &why) : SVMS_OK;
}

bool svms_check_keeps_epochs(const svms_check *at, uint64_t first, const svms_tree_head *end)
{
    for (size_t i = 0; at->has_later_epochs && i < at->epochs.count; i++) {
        uint64_t from = at->epochs.epoch[i].from.size;
        if (from > first && from < end->size) {
            return false;
        }
    }
    return !at->has_later_epochs || svms_epochs_agree(&at->epochs, end, NULL) == SVMS_OK;
}
