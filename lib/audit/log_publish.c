/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles, tiles and the checkpoint, made from what was acknowledged (A-TRE-2, A-TRE-3). */
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "log_internal.h"

svms_status svms_log_publisher_init(svms_log_publisher *publisher, svms_ctx *ctx, svms_error *err)
{
    publisher->bundle = svms_builder_new(ctx, SVMS_BUNDLE_MAX);
    publisher->work.records = svms_builder_new(ctx, SIZE_MAX);
    publisher->work.leaves = svms_builder_new(ctx, SIZE_MAX);
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS; level++) {
        publisher->tile[level] = svms_alloc(ctx, SVMS_TILE_BYTES);
        if (!publisher->tile[level]) {
            return svms_fail_memory(err);
        }
    }
    return svms_hasher_new(&publisher->hasher, ctx, err);
}

void svms_log_publisher_clear(svms_log_publisher *publisher, svms_ctx *ctx)
{
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS; level++) {
        svms_release(ctx, publisher->tile[level]);
        publisher->tile[level] = NULL;
    }
    svms_log_index_close(publisher);
    svms_builder_clear(&publisher->bundle);
    svms_builder_clear(&publisher->work.records);
    svms_builder_clear(&publisher->work.leaves);
    svms_hasher_free(&publisher->hasher);
}

static uint64_t tile_number(uint64_t size, unsigned level)
{
    return size >> (SVMS_TILE_HEIGHT * (level + 1));
}

static svms_status put_tile(const svms_audit_log *log, uint32_t level, uint64_t number,
                            uint32_t width, const void *data, size_t size, svms_error *err)
{
    svms_tile tile = { level, number, width };
    char path[SVMS_TILE_PATH_MAX];
    /* The parts of this tile are removed, and of those above the lowest level a journal may begin
     * within: that it can be made again from there is not certain. */
    bool durable = level > 0 && level != SVMS_TILE_ENTRIES && width == SVMS_TILE_WIDTH;
    svms_tile_path(&tile, path);
    return svms_log_put_file(log->folder, path, data, size, durable, err);
}

typedef struct partial_names {
    const svms_folder *folder;
    char front[SVMS_TILE_PATH_MAX];
} partial_names;

static svms_status remove_partial(void *user, const char *name)
{
    const partial_names *names = user;
    char path[2 * SVMS_TILE_PATH_MAX];
    int os_error = 0;
    snprintf(path, sizeof path, "%s/%.16s", names->front, name);
    /* What cannot be removed now costs room, and nothing else. */
    (void)names->folder->remove(names->folder->user, path, &os_error);
    return SVMS_OK;
}

/* The parts of a tile that is full now. */
static void remove_partials(const svms_audit_log *log, uint32_t level, uint64_t number)
{
    partial_names names = { log->folder, "" };
    svms_tile tile = { level, number, SVMS_TILE_WIDTH };
    char path[SVMS_TILE_PATH_MAX];
    int os_error = 0;
    svms_tile_path(&tile, path);
    snprintf(names.front, sizeof names.front, "%.60s.p", path);
    if (log->folder->list(log->folder->user, names.front, remove_partial, &names, &os_error) ==
        SVMS_OK) {
        (void)log->folder->remove(log->folder->user, names.front, &os_error);
    }
}

/* Writes what is full, from below; can be called again after a failure. */
static svms_status flush_full(svms_audit_log *log, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS && status == SVMS_OK; level++) {
        if (publisher->width[level] < SVMS_TILE_WIDTH) {
            continue;
        }
        uint8_t root[SVMS_DIGEST_SIZE];
        uint64_t number = tile_number(publisher->size, level) - 1;
        status = svms_tile_root(publisher->hasher, publisher->tile[level], root, err);
        if (status == SVMS_OK && level == 0) {
            status = put_tile(log, SVMS_TILE_ENTRIES, number, SVMS_TILE_WIDTH,
                              publisher->bundle.data, publisher->bundle.size, err);
        }
        if (status == SVMS_OK) {
            status = put_tile(log, level, number, SVMS_TILE_WIDTH, publisher->tile[level],
                              SVMS_TILE_BYTES, err);
        }
        if (status != SVMS_OK || level + 1 == SVMS_LOG_TILE_LEVELS) {
            return status;
        }
        uint32_t *above = &publisher->width[level + 1];
        memcpy(publisher->tile[level + 1] + (size_t)*above * SVMS_DIGEST_SIZE, root, sizeof root);
        (*above)++;
        publisher->width[level] = 0;
        remove_partials(log, level, number);
        if (level == 0) {
            svms_log_index_bundle(log, number);
            svms_builder_reset(&publisher->bundle);
            remove_partials(log, SVMS_TILE_ENTRIES, number);
        }
    }
    return status;
}

static svms_status take_record(svms_audit_log *log, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    svms_cursor cursor =
        svms_cursor_over(publisher->work.records.data + publisher->records_done,
                         publisher->work.records.size - publisher->records_done, 0);
    size_t size = svms_read_u16(&cursor);
    const uint8_t *record = svms_read_bytes(&cursor, size);
    svms_put_bundle_entry(&publisher->bundle, record, size);
    svms_status status = svms_builder_check(&publisher->bundle, "a bundle", err);
    if (status != SVMS_OK) {
        return status;
    }
    memcpy(publisher->tile[0] + (size_t)publisher->width[0] * SVMS_DIGEST_SIZE,
           publisher->work.leaves.data + publisher->leaves_done, SVMS_DIGEST_SIZE);
    publisher->width[0]++;
    publisher->size++;
    publisher->records_done += 2 + size;
    publisher->leaves_done += SVMS_DIGEST_SIZE;
    return flush_full(log, err);
}

static svms_status put_partials(const svms_audit_log *log, svms_error *err)
{
    const svms_log_publisher *publisher = &log->publisher;
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS && status == SVMS_OK; level++) {
        if (publisher->width[level] > 0) {
            status = put_tile(log, level, tile_number(publisher->size, level),
                              publisher->width[level], publisher->tile[level],
                              (size_t)publisher->width[level] * SVMS_DIGEST_SIZE, err);
        }
    }
    if (status == SVMS_OK && publisher->width[0] > 0) {
        status = put_tile(log, SVMS_TILE_ENTRIES, tile_number(publisher->size, 0),
                          publisher->width[0], publisher->bundle.data, publisher->bundle.size, err);
    }
    return status;
}

/* The backlog becomes the work; what the publisher worked at is done. */
static void take_backlog(svms_audit_log *log)
{
    svms_log_publisher *publisher = &log->publisher;
    svms_log_backlog empty = publisher->work;
    svms_builder_reset(&empty.records);
    svms_builder_reset(&empty.leaves);
    empty.note_size = 0;
    svms_platform_lock(&log->latch);
    while (log->is_reserved) {
        svms_platform_sleep(&log->latch);
    }
    publisher->work = log->backlog;
    log->backlog = empty;
    svms_platform_unlock(&log->latch);
    publisher->records_done = 0;
    publisher->leaves_done = 0;
}

static bool is_worked_off(const svms_log_publisher *publisher)
{
    return publisher->leaves_done == publisher->work.leaves.size;
}

/* Behind the last record: what is not full, and the checkpoint over all. */
static svms_status finish(svms_audit_log *log, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    svms_status status = SVMS_OK;
    if (publisher->work.note_size > 0) {
        status = put_partials(log, err);
        if (status == SVMS_OK) {
            status = svms_log_put_file(log->folder, "checkpoint", publisher->work.note,
                                       publisher->work.note_size, true, err);
        }
    }
    if (status == SVMS_OK) {
        publisher->work.note_size = 0;
        svms_platform_lock(&log->latch);
        log->published = publisher->size;
        svms_platform_unlock(&log->latch);
    }
    return status;
}

/* About so many bytes of records. */
static svms_status work_off(svms_audit_log *log, size_t bytes, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    size_t begun_at = publisher->records_done;
    /* What was full when the last attempt failed. */
    svms_status status = flush_full(log, err);
    while (status == SVMS_OK && !is_worked_off(publisher) &&
           publisher->records_done - begun_at < bytes) {
        status = take_record(log, err);
    }
    return status == SVMS_OK && is_worked_off(publisher) ? finish(log, err) : status;
}

static void begin_publishing(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    while (log->has_publisher) {
        svms_platform_sleep(&log->latch);
    }
    log->has_publisher = true;
    svms_platform_unlock(&log->latch);
}

static void end_publishing(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    log->has_publisher = false;
    svms_platform_wake_all(&log->latch);
    svms_platform_unlock(&log->latch);
}

svms_status svms_log_publish_part(svms_audit_log *log, size_t bytes, svms_error *err)
{
    begin_publishing(log);
    svms_status status = work_off(log, bytes, err);
    if (status == SVMS_OK && is_worked_off(&log->publisher)) {
        take_backlog(log);
    }
    end_publishing(log);
    return status;
}

static uint64_t known_size(svms_audit_log *log)
{
    svms_platform_lock(&log->latch);
    uint64_t size = log->head.size;
    svms_platform_unlock(&log->latch);
    return size;
}

/* Whoever appends and has to help must not wait for all of it: the role is given up now and then.
 */
svms_status svms_log_publish(svms_audit_log *log, svms_error *err)
{
    uint64_t size = known_size(log);
    bool is_done = false;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !is_done) {
        begin_publishing(log);
        status = work_off(log, SVMS_LOG_PART_BYTES, err);
        is_done = is_worked_off(&log->publisher) && log->publisher.size >= size;
        if (status == SVMS_OK && is_done) {
            svms_log_index_rest(log);
        } else if (status == SVMS_OK && is_worked_off(&log->publisher)) {
            take_backlog(log);
        }
        end_publishing(log);
    }
    return status;
}

static svms_status resume_tile(svms_audit_log *log, unsigned level, uint64_t size,
                               svms_builder *bytes, svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    uint32_t width = (uint32_t)((size >> (SVMS_TILE_HEIGHT * level)) % SVMS_TILE_WIDTH);
    svms_tile tile = { level, tile_number(size, level), width };
    publisher->width[level] = width;
    if (width == 0) {
        return SVMS_OK;
    }
    svms_status status = svms_log_read_tile(log->folder, &tile, bytes, err);
    if (status == SVMS_OK && bytes->size < width * (size_t)SVMS_DIGEST_SIZE) {
        status = svms_fail(err, SVMS_E_TRUNCATED, "tile %llu of level %u of the log is too short",
                           (unsigned long long)tile.number, level);
    }
    if (status == SVMS_OK) {
        memcpy(publisher->tile[level], bytes->data, width * (size_t)SVMS_DIGEST_SIZE);
    }
    return status;
}

static svms_status resume_bundle(svms_audit_log *log, uint64_t size, svms_builder *bytes,
                                 svms_error *err)
{
    svms_log_publisher *publisher = &log->publisher;
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    uint32_t width = publisher->width[0];
    svms_tile tile = { SVMS_TILE_ENTRIES, tile_number(size, 0), width };
    svms_builder_reset(&publisher->bundle);
    if (width == 0) {
        return SVMS_OK;
    }
    svms_status status = svms_log_read_tile(log->folder, &tile, bytes, err);
    if (status == SVMS_OK) {
        /* Of a full bundle the part in front is wanted. */
        svms_error why = SVMS_ERROR_INIT;
        status = svms_bundle_parse(bytes->data, bytes->size, SVMS_TILE_WIDTH, entry, &why);
        if (status != SVMS_OK) {
            status = svms_bundle_parse(bytes->data, bytes->size, width, entry, err);
        }
    }
    for (uint32_t i = 0; i < width && status == SVMS_OK; i++) {
        svms_put_bundle_entry(&publisher->bundle, entry[i].record, entry[i].size);
        status = svms_builder_check(&publisher->bundle, "a bundle", err);
    }
    return status;
}

svms_status svms_log_publisher_resume(svms_audit_log *log, uint64_t size, svms_error *err)
{
    svms_builder bytes = svms_builder_new(log->ctx, SVMS_BUNDLE_MAX);
    svms_status status = SVMS_OK;
    log->publisher.size = size;
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS && status == SVMS_OK; level++) {
        status = resume_tile(log, level, size, &bytes, err);
    }
    if (status == SVMS_OK) {
        status = resume_bundle(log, size, &bytes, err);
    }
    svms_builder_clear(&bytes);
    return status;
}
