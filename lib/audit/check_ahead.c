/* SPDX-License-Identifier: Apache-2.0 */
#include "check_ahead.h"

#include "check.h"
#include "failure.h"
#include "platform_thread.h"

/* With fewer bundles a thread costs more than it saves. */
#define LEAST_BUNDLES 32u
/* Bundles at hand. The thread that has filled all of them sleeps until half of them was used: to be
 * woken for each would cost as much as reading one. */
#define SLOTS 16u

typedef struct slot {
    svms_check_bundle *bundle;
    bool is_ready;
} slot;

struct svms_check_ahead {
    svms_ctx *ctx;
    const svms_folder *folder;
    uint64_t end;
    svms_platform_latch latch;
    bool has_latch;
    svms_platform_thread thread;
    bool is_started;
    svms_hasher *hasher; /* the thread's */

    /* Under the latch. Bundle n is in slot n % SLOTS. */
    uint64_t read;  /* the next that the thread takes up */
    uint64_t taken; /* the one that is looked at, or the first before that */
    bool is_over;
    bool is_awaited;  /* the one that is wanted */
    bool is_sleeping; /* the thread has nowhere to read into */
    slot slot[SLOTS];
};

svms_status svms_check_bundle_new(svms_check_bundle **out, svms_ctx *ctx, svms_error *err)
{
    svms_check_bundle *bundle = svms_alloc(ctx, sizeof *bundle);
    *out = bundle;
    if (!bundle) {
        return svms_fail_memory(err);
    }
    bundle->bytes = svms_builder_new(ctx, SVMS_BUNDLE_MAX);
    return SVMS_OK;
}

void svms_check_bundle_free(svms_check_bundle **bundle, svms_ctx *ctx)
{
    if (*bundle) {
        svms_builder_clear(&(*bundle)->bytes);
        svms_release(ctx, *bundle);
        *bundle = NULL;
    }
}

svms_status svms_check_bundle_split(svms_check_bundle *bundle, uint32_t width, svms_hasher *hasher,
                                    svms_error *err)
{
    bundle->count = svms_check_split(&bundle->bytes, width, bundle->entry, &bundle->ends_there);
    return svms_check_leaves(hasher, bundle->entry, bundle->count, bundle->leaves, err);
}

static void read_one(svms_check_ahead *ahead, uint64_t number, svms_check_bundle *out)
{
    const svms_tile which = { SVMS_TILE_ENTRIES, number, SVMS_TILE_WIDTH };
    char path[SVMS_TILE_PATH_MAX];
    svms_tile_path(&which, path);
    out->why = (svms_error)SVMS_ERROR_INIT;
    out->count = 0;
    out->status = svms_log_read_file(ahead->folder, path, &out->bytes, &out->why);
    if (out->status == SVMS_OK) {
        out->status = svms_check_bundle_split(out, SVMS_TILE_WIDTH, ahead->hasher, &out->why);
    }
}

/* With the latch held: waits for a slot to read into; false where there is nothing left to do. */
static bool has_room(svms_check_ahead *ahead)
{
    while (!ahead->is_over && ahead->read < ahead->end && ahead->read - ahead->taken >= SLOTS) {
        ahead->is_sleeping = true;
        svms_platform_sleep(&ahead->latch);
    }
    ahead->is_sleeping = false;
    return !ahead->is_over && ahead->read < ahead->end;
}

static void run(void *user)
{
    svms_check_ahead *ahead = user;
    svms_platform_lock(&ahead->latch);
    while (has_room(ahead)) {
        uint64_t number = ahead->read++;
        slot *into = &ahead->slot[number % SLOTS];
        svms_platform_unlock(&ahead->latch);
        read_one(ahead, number, into->bundle);
        svms_platform_lock(&ahead->latch);
        into->is_ready = true;
        if (ahead->is_awaited) {
            svms_platform_wake_all(&ahead->latch);
        }
    }
    svms_platform_unlock(&ahead->latch);
}

static svms_status make(svms_check_ahead *ahead, svms_error *err)
{
    svms_status status = svms_hasher_new(&ahead->hasher, ahead->ctx, err);
    for (unsigned i = 0; i < SLOTS && status == SVMS_OK; i++) {
        status = svms_check_bundle_new(&ahead->slot[i].bundle, ahead->ctx, err);
    }
    return status;
}

static bool start(svms_check_ahead *ahead)
{
    ahead->has_latch = svms_platform_latch_init(&ahead->latch) == 0;
    ahead->is_started =
        ahead->has_latch && svms_platform_thread_start(&ahead->thread, run, ahead) == 0;
    return ahead->is_started;
}

svms_status svms_check_ahead_new(svms_check_ahead **out, svms_ctx *ctx, const svms_folder *folder,
                                 uint64_t first, uint64_t end, svms_error *err)
{
    *out = NULL;
    if (first >= end || end - first < LEAST_BUNDLES) {
        return SVMS_OK;
    }
    svms_check_ahead *ahead = svms_alloc(ctx, sizeof *ahead);
    if (!ahead) {
        return svms_fail_memory(err);
    }
    ahead->ctx = ctx;
    ahead->folder = folder;
    ahead->read = first;
    ahead->taken = first;
    ahead->end = end;
    svms_status status = make(ahead, err);
    if (status != SVMS_OK || !start(ahead)) {
        svms_check_ahead_free(&ahead);
    }
    *out = ahead;
    return status;
}

void svms_check_ahead_free(svms_check_ahead **ahead)
{
    svms_check_ahead *gone = *ahead;
    *ahead = NULL;
    if (!gone) {
        return;
    }
    if (gone->is_started) {
        svms_platform_lock(&gone->latch);
        gone->is_over = true;
        svms_platform_wake_all(&gone->latch);
        svms_platform_unlock(&gone->latch);
        svms_platform_thread_join(&gone->thread);
    }
    if (gone->has_latch) {
        svms_platform_latch_destroy(&gone->latch);
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        svms_check_bundle_free(&gone->slot[i].bundle, gone->ctx);
    }
    svms_hasher_free(&gone->hasher);
    svms_release(gone->ctx, gone);
}

/* With the latch held. */
static void await(svms_check_ahead *ahead, const slot *one)
{
    ahead->is_awaited = !one->is_ready;
    while (!one->is_ready) {
        svms_platform_sleep(&ahead->latch);
    }
    ahead->is_awaited = false;
}

const svms_check_bundle *svms_check_ahead_take(svms_check_ahead *ahead, uint64_t number)
{
    if (!ahead || number < ahead->taken || number >= ahead->end) {
        return NULL;
    }
    slot *wanted = &ahead->slot[number % SLOTS];
    svms_platform_lock(&ahead->latch);
    /* What was looked at makes room. */
    while (ahead->taken < number) {
        slot *used = &ahead->slot[ahead->taken % SLOTS];
        await(ahead, used);
        used->is_ready = false;
        ahead->taken++;
        if (ahead->is_sleeping && ahead->read - ahead->taken <= SLOTS / 2) {
            svms_platform_wake_all(&ahead->latch);
        }
    }
    await(ahead, wanted);
    svms_platform_unlock(&ahead->latch);
    return wanted->bundle;
}
