/* SPDX-License-Identifier: Apache-2.0 */
#include "store_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"
#include "store_folder.h"

static svms_status fail_memory(svms_error *err)
{
    return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
}

/* One container of the folder, as its header describes it. */
typedef struct seen_container {
    svms_container_info info;
    const char *name;
} seen_container;

typedef struct end_search {
    svms_ctx *ctx;
    const char *folder;
    const svms_head *remembered;
    store_doubt *doubt;
    void *user;
    seen_container *seen;
    size_t count;
    store_end end;
} end_search;

/* What cannot be read may be the newest one, whose number must not be given a second time: unless a
 * number is remembered, a failure of the disk is no reason to go on. */
static svms_status look_into(end_search *self, const char *name, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_error why = SVMS_ERROR_INIT;
    char *path = store_path(self->folder, name);
    if (!path) {
        return fail_memory(err);
    }
    svms_status status = svms_source_open_file(&source, self->ctx, path, &why);
    if (status == SVMS_OK) {
        status = store_read_info(&info, self->ctx, &source, &why);
    }
    if (status == SVMS_OK && self->remembered &&
        memcmp(info.container_id, self->remembered->container_id, 16) == 0) {
        status = svms_container_holds(self->ctx, &source, self->remembered, &self->end.holds, &why);
    }
    svms_source_close(&source);
    free(path);
    if (status == SVMS_OK) {
        if (info.origin != SVMS_ORIGIN_EDGE) {
            self->seen[self->count++] = (seen_container){ info, name };
        }
        return SVMS_OK;
    }
    bool is_grave = svms_status_class(status) == SVMS_CLASS_ENVIRONMENT;
    if (is_grave && (!self->remembered || status != SVMS_E_IO)) {
        return recorder_fail(err, status, why.os_error, "cannot look into %.90s: %.120s", name,
                             why.message);
    }
    self->doubt(self->user, name, &why);
    return SVMS_OK;
}

static const seen_container *newest_of(const end_search *self, const uint8_t recording[16])
{
    const seen_container *newest = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const seen_container *one = &self->seen[i];
        if (memcmp(one->info.recording_id, recording, 16) == 0 &&
            (!newest || one->info.recording_sequence >= newest->info.recording_sequence)) {
            newest = one;
        }
    }
    return newest;
}

static const seen_container *begun_last(const end_search *self)
{
    const seen_container *last = NULL;
    for (size_t i = 0; i < self->count; i++) {
        if (!last || self->seen[i].info.created_utc_ns >= last->info.created_utc_ns) {
            last = &self->seen[i];
        }
    }
    return last;
}

static const seen_container *choose(end_search *self)
{
    const seen_container *last = begun_last(self);
    const uint8_t *recording = self->remembered ? self->remembered->recording_id
                               : last           ? last->info.recording_id
                                                : NULL;
    for (size_t i = 0; recording && i < self->count; i++) {
        self->end.is_mixed =
            self->end.is_mixed || memcmp(self->seen[i].info.recording_id, recording, 16) != 0;
    }
    return recording ? newest_of(self, recording) : NULL;
}

/* Of one that is damaged *why says what is wrong, and SVMS_OK comes with is_damaged. */
static svms_status read_head(const end_search *self, const char *name, svms_head *head,
                             bool *is_damaged, svms_error *why, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    char *path = store_path(self->folder, name);
    if (!path) {
        return fail_memory(err);
    }
    svms_status status = svms_source_open_file(&source, self->ctx, path, why);
    if (status == SVMS_OK) {
        status = svms_container_head(self->ctx, &source, head, why);
    }
    svms_source_close(&source);
    free(path);
    if (svms_status_class(status) == SVMS_CLASS_ENVIRONMENT) {
        return recorder_fail(err, status, why->os_error, "cannot look into %.90s: %.120s", name,
                             why->message);
    }
    *is_damaged = status != SVMS_OK;
    return SVMS_OK;
}

/* One whose end is damaged is not what is remembered, whatever it holds besides. */
static svms_status take_head(end_search *self, const seen_container *newest, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_head head = SVMS_HEAD_INIT;
    store_end *end = &self->end;
    svms_status status = read_head(self, newest->name, &head, &end->is_damaged, &why, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (end->is_damaged) {
        memcpy(head.recording_id, newest->info.recording_id, 16);
        memcpy(head.container_id, newest->info.container_id, 16);
        head.recording_sequence = newest->info.recording_sequence;
        end->holds = SVMS_LINK_MISMATCH;
        self->doubt(self->user, newest->name, &why);
    }
    end->newest = head;
    end->until_utc_ns = head.last_utc_ns;
    end->is_found = true;
    end->was_interrupted = newest->info.closed == 0;
    (void)snprintf(end->name, sizeof end->name, "%s", newest->name);
    return SVMS_OK;
}

static const seen_container *one_before(const end_search *self, const seen_container *next)
{
    const seen_container *before = NULL;
    for (size_t i = 0; i < self->count; i++) {
        const seen_container *one = &self->seen[i];
        if (memcmp(one->info.recording_id, next->info.recording_id, 16) == 0 &&
            one->info.recording_sequence < next->info.recording_sequence &&
            (!before || one->info.recording_sequence > before->info.recording_sequence)) {
            before = one;
        }
    }
    return before;
}

/* Where the newest were interrupted before anything was signed in them, what is missing begins
 * where those before them end. */
static svms_status find_until(end_search *self, const seen_container *newest, svms_error *err)
{
    const seen_container *one = newest;
    bool is_damaged = self->end.is_damaged;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !is_damaged && self->end.until_utc_ns == SVMS_NO_TIME &&
           (one = one_before(self, one)) != NULL) {
        svms_error why = SVMS_ERROR_INIT;
        svms_head head = SVMS_HEAD_INIT;
        status = read_head(self, one->name, &head, &is_damaged, &why, err);
        if (status == SVMS_OK && !is_damaged) {
            self->end.until_utc_ns = head.last_utc_ns;
        }
    }
    return status;
}

svms_status store_find_end(store_end *out, svms_ctx *ctx, const char *folder,
                           const svms_head *remembered, store_doubt *doubt, void *user,
                           svms_error *err)
{
    store_list list = { NULL, 0 };
    end_search search = { .ctx = ctx,
                          .folder = folder,
                          .remembered = remembered,
                          .doubt = doubt,
                          .user = user,
                          .end = { .newest = SVMS_HEAD_INIT, .until_utc_ns = SVMS_NO_TIME } };
    svms_status status = store_list_containers(&list, folder, err);
    if (status != SVMS_OK) {
        return status;
    }
    search.end.holds = remembered ? SVMS_LINK_MISSING : SVMS_LINK_NONE;
    search.seen = calloc(list.count + 1, sizeof *search.seen);
    if (!search.seen) {
        status = fail_memory(err);
    }
    for (size_t i = 0; i < list.count && status == SVMS_OK; i++) {
        status = look_into(&search, list.names[i], err);
    }
    const seen_container *newest = status == SVMS_OK ? choose(&search) : NULL;
    if (newest) {
        status = take_head(&search, newest, err);
    }
    if (newest && status == SVMS_OK) {
        status = find_until(&search, newest, err);
    }
    free(search.seen);
    store_list_free(&list);
    if (status == SVMS_OK) {
        *out = search.end;
    }
    return status;
}
