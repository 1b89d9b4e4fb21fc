/* SPDX-License-Identifier: Apache-2.0 */
#include "revocations.h"

#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

#include "failure.h"
#include "options.h"

static int order_of(const svms_revoked_token *a, svms_revoke_kind kind, const char *issuer,
                    const char *value)
{
    int order = strcmp(a->issuer, issuer);
    if (order == 0) {
        order = (a->kind > kind) - (a->kind < kind);
    }
    if (order == 0 && a->value && value) {
        order = strcmp(a->value, value);
    }
    return order;
}

static int compare(const void *left, const void *right)
{
    const svms_revoked_token *b = right;
    return order_of(left, b->kind, b->issuer, b->value);
}

static void clear_entry(svms_ctx *ctx, svms_revoked_token *entry)
{
    svms_release(ctx, entry->issuer);
    svms_release(ctx, entry->value);
    memset(entry, 0, sizeof *entry);
}

static void free_set(svms_ctx *ctx, svms_revoked_set *set)
{
    for (size_t i = 0; set && i < set->count; i++) {
        clear_entry(ctx, &set->entries[i]);
    }
    if (set) {
        svms_release(ctx, set->entries);
    }
    svms_release(ctx, set);
}

static bool copy_entry(svms_revoked_set *to, svms_ctx *ctx, const svms_revoked_token *from)
{
    svms_revoked_token *entry = &to->entries[to->count];
    *entry = *from;
    entry->issuer = svms_copy_text(ctx, from->issuer);
    entry->value = from->value ? svms_copy_text(ctx, from->value) : NULL;
    to->count++;
    return entry->issuer && (entry->value || !from->value);
}

static void absorb(svms_revoked_token *into, const svms_revoked_token *other)
{
    into->before_s = other->before_s > into->before_s ? other->before_s : into->before_s;
    into->until_s = other->until_s > into->until_s ? other->until_s : into->until_s;
}

/* Sorted, each thing once, without what has ended. */
static void settle(svms_revoked_set *set, svms_ctx *ctx, int64_t now_s)
{
    size_t kept = 0;
    if (set->count > 1) {
        qsort(set->entries, set->count, sizeof *set->entries, compare);
    }
    for (size_t i = 0; i < set->count; i++) {
        svms_revoked_token *entry = &set->entries[i];
        if (entry->until_s <= now_s) {
            clear_entry(ctx, entry);
        } else if (kept > 0 && compare(&set->entries[kept - 1], entry) == 0) {
            absorb(&set->entries[kept - 1], entry);
            clear_entry(ctx, entry);
        } else if (kept < i) {
            set->entries[kept++] = *entry;
            memset(entry, 0, sizeof *entry);
        } else {
            kept++;
        }
    }
    set->count = kept;
}

/* The issuer with the most entries, which stand side by side. */
static size_t longest_run(const svms_revoked_set *set, size_t *length)
{
    size_t best = 0;
    size_t begin = 0;
    *length = 0;
    for (size_t i = 1; i <= set->count; i++) {
        if (i < set->count && strcmp(set->entries[i].issuer, set->entries[begin].issuer) == 0) {
            continue;
        }
        if (i - begin > *length) {
            *length = i - begin;
            best = begin;
        }
        begin = i;
    }
    return best;
}

/* J-REV-2: one issuer's entries become one epoch, which refuses all that they refused. */
static void shorten(svms_revoked_set *set, svms_ctx *ctx)
{
    size_t length = 0;
    size_t begin = longest_run(set, &length);
    svms_revoked_token *epoch = &set->entries[begin];
    for (size_t i = begin + 1; i < begin + length; i++) {
        absorb(epoch, &set->entries[i]);
        clear_entry(ctx, &set->entries[i]);
    }
    svms_release(ctx, epoch->value);
    epoch->value = NULL;
    epoch->kind = SVMS_REVOKE_EPOCH;
    for (size_t i = begin + length; i < set->count; i++) {
        set->entries[i - length + 1] = set->entries[i];
    }
    set->count -= length - 1;
}

static svms_revoked_set *build(svms_revocations *list, const svms_revoked_set *old,
                               const svms_revoked_token *entries, size_t count)
{
    svms_ctx *ctx = list->ctx;
    svms_revoked_set *set = svms_alloc(ctx, sizeof *set);
    bool done = set != NULL;
    if (done) {
        set->entries = svms_alloc_array(ctx, old->count + count, sizeof *set->entries);
        done = set->entries != NULL;
    }
    for (size_t i = 0; done && i < old->count; i++) {
        done = copy_entry(set, ctx, &old->entries[i]);
    }
    for (size_t i = 0; done && i < count; i++) {
        done = copy_entry(set, ctx, &entries[i]);
    }
    if (!done) {
        free_set(ctx, set);
        return NULL;
    }
    settle(set, ctx, svms_floor_seconds(svms_utc_now(ctx)));
    while (set->count > SVMS_REVOCATIONS_MAX) {
        shorten(set, ctx);
    }
    return set;
}

svms_status svms_revocations_join(svms_revocations *list, const svms_revoked_token *entries,
                                  size_t count, svms_error *err)
{
    if (count == 0) {
        return SVMS_OK;
    }
    svms_platform_lock(&list->latch);
    unsigned ticket = 0;
    const svms_revoked_set *old = svms_shared_enter(&list->set, &ticket);
    svms_revoked_set *set = build(list, old, entries, count);
    svms_shared_leave(&list->set, ticket);
    if (set) {
        free_set(list->ctx, svms_shared_replace(&list->set, set));
    }
    svms_platform_unlock(&list->latch);
    return set ? SVMS_OK : svms_fail_memory(err);
}

svms_status svms_revocations_new(svms_revocations **out, svms_ctx *ctx, svms_error *err)
{
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_revocations *list = svms_alloc(ctx, sizeof *list);
    svms_revoked_set *set = svms_alloc(ctx, sizeof *set);
    if (!list || !set || svms_platform_latch_init(&list->latch) != 0) {
        svms_release(ctx, list);
        svms_release(ctx, set);
        return svms_fail_memory(err);
    }
    list->ctx = ctx;
    svms_shared_init(&list->set, set);
    *out = list;
    return SVMS_OK;
}

void svms_revocations_free(svms_revocations **list)
{
    if (!list || !*list) {
        return;
    }
    free_set((*list)->ctx, atomic_load(&(*list)->set.value));
    svms_platform_latch_destroy(&(*list)->latch);
    svms_release((*list)->ctx, *list);
    *list = NULL;
}

static svms_status check(const svms_revocation_entry *entry, svms_error *err)
{
    size_t issuer = entry->issuer ? strnlen(entry->issuer, SVMS_ISSUER_MAX + 1) : 0;
    size_t value = entry->value ? strnlen(entry->value, SVMS_CLAIM_MAX + 1) : 0;
    bool is_epoch = entry->kind == SVMS_REVOKE_EPOCH;
    if (!is_epoch && entry->kind != SVMS_REVOKE_TOKEN && entry->kind != SVMS_REVOKE_SUBJECT) {
        return svms_fail(err, SVMS_E_USAGE, "%d is nothing that can be revoked", (int)entry->kind);
    }
    if (issuer == 0 || issuer > SVMS_ISSUER_MAX || value > SVMS_CLAIM_MAX ||
        is_epoch != (value == 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a revocation names an issuer, and what of him unless it is an epoch");
    }
    if (entry->kind != SVMS_REVOKE_TOKEN && entry->before_utc_ns == SVMS_NO_TIME) {
        return svms_fail(err, SVMS_E_USAGE, "a revocation of many tokens says until which");
    }
    return SVMS_OK;
}

svms_status svms_revocations_add(svms_revocations *list, const svms_revocation_entry *entry,
                                 svms_error *err)
{
    svms_revocation_entry read = SVMS_REVOCATION_ENTRY_INIT;
    if (!list || !entry) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&read, sizeof read, entry, "svms_revocation_entry", err);
    if (status == SVMS_OK) {
        status = check(&read, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    /* A token was issued by now; that is what it counts for, should it become part of an epoch. */
    int64_t before_ns =
        read.kind == SVMS_REVOKE_TOKEN ? svms_utc_now(list->ctx) : read.before_utc_ns;
    svms_revoked_token added = { read.kind, NULL, NULL, svms_floor_seconds(before_ns) + 1,
                                 svms_floor_seconds(read.until_utc_ns) };
    if (read.kind != SVMS_REVOKE_TOKEN) {
        added.before_s = svms_floor_seconds(before_ns);
    }
    added.issuer = svms_copy_text(list->ctx, read.issuer);
    added.value = read.value ? svms_copy_text(list->ctx, read.value) : NULL;
    if (!added.issuer || (read.value && !added.value)) {
        clear_entry(list->ctx, &added);
        return svms_fail_memory(err);
    }
    status = svms_revocations_join(list, &added, 1, err);
    clear_entry(list->ctx, &added);
    return status;
}

size_t svms_revocations_count(svms_revocations *list)
{
    unsigned ticket = 0;
    const svms_revoked_set *set = svms_shared_enter(&list->set, &ticket);
    size_t count = set->count;
    svms_shared_leave(&list->set, ticket);
    return count;
}

static const svms_revoked_token *find(const svms_revoked_set *set, svms_revoke_kind kind,
                                      const char *issuer, const char *value)
{
    size_t least = 0;
    size_t most = set->count;
    while (least < most) {
        size_t middle = least + (most - least) / 2;
        int order = order_of(&set->entries[middle], kind, issuer, value);
        if (order == 0) {
            return &set->entries[middle];
        }
        if (order < 0) {
            least = middle + 1;
        } else {
            most = middle;
        }
    }
    return NULL;
}

/* A token without a time of issue may be as old as can be. */
static bool is_before(const svms_revoked_token *entry, const svms_token *token)
{
    return entry && token->issued_s < entry->before_s;
}

bool svms_revocations_speak_of(svms_revocations *list, const svms_token *token)
{
    unsigned ticket = 0;
    const svms_revoked_set *set = svms_shared_enter(&list->set, &ticket);
    bool spoken =
        (token->id && find(set, SVMS_REVOKE_TOKEN, token->issuer, token->id) != NULL) ||
        (token->subject &&
         is_before(find(set, SVMS_REVOKE_SUBJECT, token->issuer, token->subject), token)) ||
        is_before(find(set, SVMS_REVOKE_EPOCH, token->issuer, NULL), token);
    svms_shared_leave(&list->set, ticket);
    return spoken;
}
