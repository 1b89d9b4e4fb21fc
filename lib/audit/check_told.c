/* SPDX-License-Identifier: Apache-2.0 */
/* What the log's own records say that the files of the log must show. */
#include <inttypes.h>
#include <string.h>

#include "check.h"
#include "failure.h"
#include "json_read.h"
#include "log_aside.h"

#define RECORD_DEPTH 32u

static bool is_event(const svms_record_front *front, const char *event)
{
    return front->event_size == strlen(event) &&
           memcmp(front->event, event, front->event_size) == 0;
}

typedef struct aside {
    uint64_t index; /* of the record about it */
    const char *sha256;
    bool is_there;
} aside;

/* The record stands in the first group behind. */
static svms_status compare_name(void *user, const char *name)
{
    aside *wanted = user;
    uint64_t before = 0;
    const char *digits = NULL;
    wanted->is_there = wanted->is_there ||
                       (svms_log_aside_parse(name, &before, &digits) && before < wanted->index &&
                        wanted->index - before <= SVMS_LOG_ASIDE_MOST &&
                        memcmp(digits, wanted->sha256, SVMS_LOG_ASIDE_DIGITS) == 0);
    return SVMS_OK;
}

/* A-JRN-3: the bytes lie there as long as the record does. They never were records. */
static svms_status look_aside(svms_check *at, uint64_t index, const char *sha256, svms_error *err)
{
    aside wanted = { index, sha256, false };
    int os_error = 0;
    if (strlen(sha256) < SVMS_LOG_ASIDE_DIGITS) {
        return SVMS_OK;
    }
    svms_status status =
        at->folder->list(at->folder->user, SVMS_LOG_ASIDE_FOLDER, compare_name, &wanted, &os_error);
    if (svms_check_is_fatal(status)) {
        return svms_log_io(status, os_error, "look into", SVMS_LOG_ASIDE_FOLDER, err);
    }
    /* What cannot be looked into is told where all that lies there is compared. */
    return status != SVMS_OK || wanted.is_there
               ? SVMS_OK
               : svms_check_tell(at, SVMS_AUDIT_FLAW_ASIDE, index, 1,
                                 "what recovery put aside is not there any more: record %" PRIu64
                                 " tells of it",
                                 index);
}

static svms_status read_pruned(svms_check *at, svms_json_document *document, svms_error *err)
{
    const uint64_t most = SVMS_TREE_MAX - 1;
    svms_json_node root = svms_json_root(document);
    svms_json_node details = svms_json_object(&root, "details");
    uint64_t first = svms_json_number(&details, "first", most);
    uint64_t last = svms_json_number(&details, "last", most);
    uint64_t kept = svms_json_number(&details, "kept", most);
    return document->status == SVMS_OK && first <= last
               ? svms_check_add_pruning(at, first, last, kept, err)
               : document->status;
}

static svms_status read_aside(svms_check *at, uint64_t index, svms_json_document *document,
                              svms_error *err)
{
    svms_json_node root = svms_json_root(document);
    svms_json_node details = svms_json_object(&root, "details");
    const char *sha256 = svms_json_text(&details, "sha256");
    return document->status == SVMS_OK ? look_aside(at, index, sha256, err) : document->status;
}

svms_status svms_check_look(svms_check *at, uint64_t index, const svms_record_front *front,
                            const void *record, size_t size, svms_error *err)
{
    const svms_json_limits limits = { SVMS_AUDIT_RECORD_MAX, RECORD_DEPTH };
    svms_json_document document;
    svms_error why = SVMS_ERROR_INIT;
    bool is_pruned = is_event(front, "log.pruned");
    if (!is_pruned && !is_event(front, "log.quarantine")) {
        return SVMS_OK;
    }
    svms_status status =
        svms_json_load_plain(&document, at->ctx, "record", &limits, record, size, &why);
    if (status == SVMS_OK) {
        status =
            is_pruned ? read_pruned(at, &document, &why) : read_aside(at, index, &document, &why);
        svms_json_unload(&document);
    }
    /* What is no record of section 1 says nothing. */
    bool ends = svms_check_is_fatal(status) || status == SVMS_E_LIMIT;
    return status == SVMS_END ? SVMS_END : ends ? svms_fail_as(err, status, &why) : SVMS_OK;
}
