/* SPDX-License-Identifier: Apache-2.0 */
#include "log_leaves.h"

#include <zlib.h>

#include "failure.h"

static svms_status split(svms_log_hashing *all, const svms_log_run *run, uint64_t first,
                         svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(run->records, run->size, 0);
    uint32_t room = SVMS_LOG_PART_RECORDS - (uint32_t)(first % SVMS_LOG_PART_RECORDS);
    for (uint32_t done = 0; done < run->count; room = SVMS_LOG_PART_RECORDS) {
        svms_log_part *out = &all->part[all->count++];
        size_t from = cursor.position;
        out->records = run->records + from;
        out->leaves = run->leaves + (size_t)done * SVMS_DIGEST_SIZE;
        out->count = run->count - done < room ? run->count - done : room;
        for (uint32_t i = 0; i < out->count; i++) {
            (void)svms_skip(&cursor, svms_read_u16(&cursor));
        }
        out->size = cursor.position - from;
        done += out->count;
    }
    bool fits = !cursor.failed && svms_cursor_at_end(&cursor);
    return fits ? SVMS_OK : svms_fail(err, SVMS_E_INTERNAL, "a group has not the records it has");
}

static bool is_subtree(const svms_log_part *part)
{
    return part->count == SVMS_LOG_PART_RECORDS;
}

static svms_status hash_part(svms_log_part *at, svms_hasher *hasher, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(at->records, at->size, 0);
    svms_tree tree;
    svms_status status = SVMS_OK;
    svms_tree_reset(&tree);
    for (uint32_t i = 0; i < at->count && status == SVMS_OK; i++) {
        uint8_t *leaf = at->leaves + (size_t)i * SVMS_DIGEST_SIZE;
        size_t size = svms_read_u16(&cursor);
        status = svms_tree_leaf(hasher, svms_read_bytes(&cursor, size), size, leaf, err);
        if (status == SVMS_OK && is_subtree(at)) {
            status = svms_tree_add(&tree, hasher, leaf, err);
        }
    }
    if (status == SVMS_OK && is_subtree(at)) {
        status = svms_tree_root(&tree, hasher, at->root, err);
    }
    at->crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), at->records, at->size);
    return status;
}

/* Takes up parts as long as there are any. */
static svms_status hash_parts(svms_log_hashing *all, svms_hasher *hasher, svms_error *err)
{
    svms_status status = SVMS_OK;
    while (status == SVMS_OK) {
        unsigned number = atomic_fetch_add(&all->next, 1);
        if (number >= all->count) {
            break;
        }
        status = hash_part(&all->part[number], hasher, err);
    }
    return status;
}

static void help(void *user)
{
    svms_log_hashing *all = user;
    all->status = hash_parts(all, all->help, &all->error);
}

svms_status svms_log_hashing_begin(svms_log_hashing *out, svms_ctx *ctx, const svms_log_run *run,
                                   uint64_t first, bool has_help, svms_error *err)
{
    svms_error ignored = SVMS_ERROR_INIT;
    svms_error none = SVMS_ERROR_INIT;
    out->count = 0;
    out->help = NULL;
    out->is_helped = false;
    out->status = SVMS_OK;
    out->error = none;
    atomic_init(&out->next, 0);
    svms_status status = split(out, run, first, err);
    if (status == SVMS_OK && has_help && svms_hasher_new(&out->help, ctx, &ignored) == SVMS_OK) {
        out->is_helped = svms_platform_thread_start(&out->thread, help, out) == 0;
    }
    return status;
}

static svms_status grow(const svms_log_hashing *all, svms_hasher *hasher, svms_tree *tree,
                        uint32_t *crc, svms_error *err)
{
    svms_status status = SVMS_OK;
    uLong sum = crc32_z(0, NULL, 0);
    for (unsigned i = 0; i < all->count && status == SVMS_OK; i++) {
        const svms_log_part *at = &all->part[i];
        sum = crc32_combine(sum, at->crc, (z_off_t)at->size);
        if (is_subtree(at)) {
            status = svms_tree_add_subtree(tree, hasher, SVMS_LOG_PART_LEVEL, at->root, err);
            continue;
        }
        for (uint32_t j = 0; j < at->count && status == SVMS_OK; j++) {
            status = svms_tree_add(tree, hasher, at->leaves + (size_t)j * SVMS_DIGEST_SIZE, err);
        }
    }
    *crc = (uint32_t)sum;
    return status;
}

static void await(svms_log_hashing *at)
{
    if (at->is_helped) {
        svms_platform_thread_join(&at->thread);
    }
    svms_hasher_free(&at->help);
}

svms_status svms_log_hashing_end(svms_log_hashing *at, svms_hasher *hasher, svms_tree *tree,
                                 uint32_t *crc, svms_error *err)
{
    svms_status status = hash_parts(at, hasher, err);
    await(at);
    if (status == SVMS_OK && at->status != SVMS_OK) {
        status = svms_fail_as(err, at->status, &at->error);
    }
    return status == SVMS_OK ? grow(at, hasher, tree, crc, err) : status;
}

void svms_log_hashing_give_up(svms_log_hashing *at)
{
    atomic_store(&at->next, at->count);
    await(at);
}
