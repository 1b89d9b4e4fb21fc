/* SPDX-License-Identifier: Apache-2.0 */
/* Records are found by going through the log, past what the index rules out. */
#include "failure.h"
#include "query.h"
#include "reader.h"

typedef struct search {
    svms_audit_reader *reader;
    svms_query query;
    uint64_t first; /* what is left of the log: */
    uint64_t end;
    svms_audit_each each;
    void *user;
    bool is_enough;
} search;

static bool is_newest_first(const search *at)
{
    return (at->query.asked.flags & SVMS_AUDIT_NEWEST_FIRST) != 0;
}

/* first, end: of a bundle. */
static bool index_rules_out(search *at, uint64_t first, uint64_t end)
{
    const svms_audit_query *asked = &at->query.asked;
    bool is_useful = asked->from_utc_ns != SVMS_NO_TIME || asked->to_utc_ns != SVMS_NO_TIME ||
                     asked->event_count > 0;
    svms_bundle_index_entry entry;
    return is_useful && (asked->flags & SVMS_AUDIT_NO_INDEX) == 0 &&
           end - first == SVMS_TILE_WIDTH && end <= at->reader->state->published.size &&
           svms_bundle_index_window_entry(&at->reader->index, first / SVMS_TILE_WIDTH, &entry) &&
           svms_query_rules_out(&at->query, &entry);
}

static svms_status tell(search *at, uint64_t index, const svms_bundle_entry *entry, svms_error *err)
{
    svms_audit_tally *tally = &at->reader->tally;
    const svms_audit_found found = {
        .struct_size = (uint32_t)sizeof found,
        .is_verified = at->reader->is_trusted,
        .index = index,
        .record = entry->record,
        .size = entry->size,
    };
    tally->found++;
    svms_status status = at->each(at->user, &found);
    at->is_enough = status == SVMS_END || tally->found == at->query.asked.limit;
    return status == SVMS_OK || status == SVMS_END
               ? SVMS_OK
               : svms_fail(err, status, "who was told of record %llu ended it",
                           (unsigned long long)index);
}

static svms_status look_at(search *at, uint64_t index, svms_error *err)
{
    const svms_bundle_entry *entry = NULL;
    bool is_one = false;
    svms_status status = svms_reader_entry(at->reader, index, &entry, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!entry) {
        at->reader->tally.pruned++;
        return SVMS_OK;
    }
    at->reader->tally.read++;
    status = svms_query_match(&at->query, entry->record, entry->size, &is_one, err);
    return status == SVMS_OK && is_one ? tell(at, index, entry, err) : status;
}

/* Of the block that is loaded. */
static svms_status look_through(search *at, uint64_t first, uint64_t end, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint64_t i = first; i < end && status == SVMS_OK && !at->is_enough; i++) {
        status = look_at(at, is_newest_first(at) ? end - 1 - (i - first) : i, err);
    }
    return status;
}

/* The records that stand together with the next one. *is_gone: they are somewhere else now. */
static svms_status step(search *at, bool *is_gone, svms_error *err)
{
    const svms_reader_state *state = at->reader->state;
    uint64_t index = is_newest_first(at) ? at->end - 1 : at->first;
    uint64_t first = 0;
    uint64_t end = 0;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    svms_reader_span(state, index, &first, &end);
    bool is_out = index_rules_out(at, first, end);
    first = first > at->first ? first : at->first;
    end = end < at->end ? end : at->end;
    *is_gone = false;
    if (is_out) {
        at->reader->tally.skipped += end - first;
    } else {
        status = svms_reader_load(at->reader, index, &why);
        *is_gone = svms_log_is_missing(status, &why) && index >= state->published.size;
        if (status != SVMS_OK) {
            return svms_fail_as(err, status, &why);
        }
        status = look_through(at, first, end, err);
    }
    if (is_newest_first(at)) {
        at->end = first;
    } else {
        at->first = end;
    }
    return status;
}

/* A part of the journal that is gone has been published: what is left of the range is in tiles. */
static svms_status run(search *at, svms_error *err)
{
    svms_status status = SVMS_OK;
    unsigned attempts = 0;
    while (status == SVMS_OK && at->first < at->end && !at->is_enough) {
        bool is_gone = false;
        svms_error why = SVMS_ERROR_INIT;
        status = step(at, &is_gone, &why);
        attempts = is_gone ? attempts + 1 : 0;
        if (is_gone && attempts < SVMS_READER_ATTEMPTS) {
            status = svms_reader_refresh(at->reader, err);
        } else if (status != SVMS_OK) {
            return svms_fail_as(err, status, &why);
        }
    }
    return status;
}

svms_status svms_audit_reader_find(svms_audit_reader *reader, const svms_audit_query *query,
                                   svms_audit_each each, void *user, svms_error *err)
{
    search at = { .reader = reader, .each = each, .user = user };
    if (!reader || !each) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    reader->tally = (svms_audit_tally)SVMS_AUDIT_TALLY_INIT;
    svms_bundle_index_window_forget(&reader->index);
    svms_status status = svms_query_read(&at.query, reader->ctx, query, err);
    if (status == SVMS_OK) {
        uint64_t size = reader->state->head.size;
        at.end = at.query.asked.end < size ? at.query.asked.end : size;
        at.first = at.query.asked.first < at.end ? at.query.asked.first : at.end;
        status = run(&at, err);
    }
    svms_query_clear(&at.query);
    return status;
}
