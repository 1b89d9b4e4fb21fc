/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the body of a leaves frame, entry by entry (evidence.md, section 9). */
#include <string.h>

#include "failure.h"
#include "leaves.h"

#define STEP_SIZE 65536u

void svms_leaves_open(svms_leaves *leaves, svms_window *window, const svms_header *header,
                      uint32_t removed_tracks, uint64_t offset, uint64_t size)
{
    memset(leaves, 0, sizeof(*leaves));
    leaves->window = window;
    leaves->header = header;
    leaves->removed_tracks = removed_tracks;
    leaves->offset = offset;
    leaves->end = offset + size;
    leaves->at = offset;
}

static svms_status refuse(const svms_leaf *leaf, const char *why, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, leaf->offset, "%s (section 9)", why);
}

/* Form, track and length; leaves->at moves to the content. */
static svms_status read_head(svms_leaves *leaves, svms_leaf *out, svms_error *err)
{
    const uint8_t *bytes = NULL;
    out->offset = leaves->at;
    if (leaves->end - leaves->at < SVMS_LEAF_ENTRY_SIZE) {
        return refuse(out, "leaves end within an entry", err);
    }
    svms_status status =
        svms_window_get(leaves->window, leaves->at, SVMS_LEAF_ENTRY_SIZE, &bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_LEAF_ENTRY_SIZE, leaves->at);
    out->form = svms_read_u8(&cursor);
    out->track = svms_read_u8(&cursor);
    uint16_t zeros = svms_read_u16(&cursor);
    out->size = svms_read_u32(&cursor);
    out->content = leaves->at + SVMS_LEAF_ENTRY_SIZE;
    bool sample = out->form == SVMS_LEAF_PRESENTED || out->form == SVMS_LEAF_HASH;
    if ((out->form != SVMS_LEAF_WHOLE && !sample) || zeros != 0) {
        return refuse(out, "an entry of an unknown form", err);
    }
    if (sample && (out->track >= leaves->header->track_count ||
                   (leaves->removed_tracks >> out->track & 1) != 0)) {
        return refuse(out, "a leaf of a track that is not there", err);
    }
    if (!sample && out->track != SVMS_AUXILIARY_TRACK) {
        return refuse(out, "a record under a wrong track", err);
    }
    if (out->size > leaves->end - out->content) {
        return refuse(out, "leaves end within an entry", err);
    }
    leaves->at = out->content;
    return SVMS_OK;
}

/* A record header's number against the entries so far (C-REC-1). */
static svms_status follow_number(svms_leaves *leaves, const svms_leaf *leaf, svms_error *err)
{
    uint32_t number = leaf->record.number;
    bool ascends = leaves->entries == 0 || number > leaves->last_number;
    bool fits = leaves->removed_tracks == 0 ? number == leaves->entries : number >= leaves->entries;
    if (!ascends || !fits) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, leaf->offset,
                            "leaves were removed, repeated or reordered (C-REC-1)");
    }
    leaves->last_number = number;
    return SVMS_OK;
}

static svms_status parse_record(svms_leaves *leaves, svms_leaf *leaf, const uint8_t *bytes,
                                size_t size, svms_error *err)
{
    svms_status status = svms_record_parse(&leaf->record, bytes, size, leaf->content, err);
    if (status == SVMS_E_TRUNCATED) {
        return refuse(leaf, "an entry too short for its record", err);
    }
    return status == SVMS_OK ? follow_number(leaves, leaf, err) : status;
}

static svms_status read_whole(svms_leaves *leaves, svms_leaf *leaf, svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t wanted = leaf->size < SVMS_RECORD_HEADER_SIZE ? leaf->size : SVMS_RECORD_HEADER_SIZE;
    const svms_record *record = &leaf->record;
    svms_status status = svms_window_get(leaves->window, leaf->content, wanted, &bytes, err);
    if (status == SVMS_OK) {
        status = parse_record(leaves, leaf, bytes, wanted, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    bool late = (leaves->header->critical & SVMS_CRITICAL_LATE) != 0;
    bool start = record->type == SVMS_RECORD_START;
    bool inner = record->type == SVMS_RECORD_INDEX || record->type == SVMS_RECORD_EVIDENCE ||
                 (record->type == SVMS_RECORD_SIGNATURE && late);
    if ((!start && !inner) || start != (leaves->entries == 0)) {
        return refuse(leaf, "a record that does not belong there", err);
    }
    if (leaf->size != (uint64_t)record->header_size + record->body_size) {
        return refuse(leaf, "an entry that is not as long as its record", err);
    }
    if (leaves->auxiliary++ == SVMS_MAX_SEGMENT_AUXILIARY) {
        return svms_fail_at(err, SVMS_E_LIMIT, leaf->offset,
                            "too many auxiliary records in a segment (C-LIM-1)");
    }
    return SVMS_OK;
}

/* What any sample's header must hold besides. */
static svms_status check_sample(const svms_leaves *leaves, const svms_leaf *leaf, svms_error *err)
{
    const svms_record *record = &leaf->record;
    const svms_track *track = &leaves->header->tracks[leaf->track];
    bool overflow = record->composition > 0 ? record->dts > INT64_MAX - record->composition
                                            : record->dts < INT64_MIN - record->composition;
    bool stated =
        (record->flags & SVMS_FLAG_DURATION) != 0 && record->duration == track->default_duration;
    if (overflow || stated) {
        return refuse(leaf, "a sample whose times break the format", err);
    }
    return SVMS_OK;
}

static svms_status read_presented(svms_leaves *leaves, svms_leaf *leaf, svms_error *err)
{
    const uint8_t *bytes = NULL;
    svms_record *record = &leaf->record;
    if (leaf->size < SVMS_SAMPLE_HEADER_MIN + SVMS_DIGEST_SIZE ||
        leaf->size > sizeof(leaf->header) + sizeof(leaf->table) + SVMS_DIGEST_SIZE) {
        return refuse(leaf, "an entry of wrong length", err);
    }
    size_t head = leaf->size - SVMS_DIGEST_SIZE;
    svms_status status = svms_window_get(leaves->window, leaf->content, leaf->size, &bytes, err);
    if (status == SVMS_OK) {
        status = parse_record(leaves, leaf, bytes, head, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (record->type != SVMS_RECORD_SAMPLE || record->track != leaf->track) {
        return refuse(leaf, "a leaf that is no sample of its track", err);
    }
    svms_cursor cursor = svms_cursor_over(bytes, leaf->size, leaf->content);
    svms_read_copy(&cursor, leaf->header, record->header_size);
    size_t table = head - record->header_size;
    if (table > sizeof(leaf->table)) {
        return refuse(leaf, "an entry of wrong length", err);
    }
    svms_read_copy(&cursor, leaf->table, table);
    svms_read_copy(&cursor, leaf->hash, sizeof(leaf->hash));
    status = svms_sample_layout_of(&leaf->layout, &leaves->header->tracks[leaf->track], record,
                                   leaf->table, table, leaf->content, err);
    if (status == SVMS_OK && leaf->layout.table_size != table) {
        return refuse(leaf, "an entry of wrong length", err);
    }
    return status == SVMS_OK ? check_sample(leaves, leaf, err) : status;
}

static svms_status read_hash(svms_leaves *leaves, svms_leaf *leaf, svms_error *err)
{
    if (leaf->size != SVMS_DIGEST_SIZE) {
        return refuse(leaf, "an entry of wrong length", err);
    }
    return svms_window_copy(leaves->window, leaf->content, SVMS_DIGEST_SIZE, leaf->hash, err);
}

svms_status svms_leaves_next(svms_leaves *leaves, bool *found, svms_leaf *out, svms_error *err)
{
    *found = leaves->at < leaves->end;
    if (!*found) {
        return SVMS_OK;
    }
    out->form = 0;
    out->size = 0;
    out->content = leaves->at;
    svms_status status = read_head(leaves, out, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->form != SVMS_LEAF_WHOLE && leaves->entries == 0) {
        return refuse(out, "leaves that do not begin with a segment start", err);
    }
    if (out->form == SVMS_LEAF_WHOLE) {
        status = read_whole(leaves, out, err);
    } else if (leaves->entries - leaves->auxiliary == SVMS_MAX_SEGMENT_SAMPLES) {
        status =
            svms_fail_at(err, SVMS_E_LIMIT, out->offset, "too many samples in a segment (C-LIM-1)");
    } else if (out->form == SVMS_LEAF_PRESENTED) {
        status = read_presented(leaves, out, err);
    } else {
        status = read_hash(leaves, out, err);
    }
    if (status == SVMS_OK) {
        leaves->entries++;
        leaves->at = out->content + out->size;
        leaves->reached += out->form == SVMS_LEAF_WHOLE ? out->size : 0;
    }
    return status;
}

static void rewind_leaves(svms_leaves *leaves)
{
    svms_leaves_open(leaves, leaves->window, leaves->header, leaves->removed_tracks, leaves->offset,
                     leaves->end - leaves->offset);
}

svms_status svms_leaves_auxiliary_size(svms_leaves *leaves, uint64_t *size, svms_error *err)
{
    svms_leaf leaf;
    bool found = true;
    rewind_leaves(leaves);
    while (found) {
        svms_status status = svms_leaves_next(leaves, &found, &leaf, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    *size = leaves->reached;
    return SVMS_OK;
}

svms_status svms_leaves_copy_auxiliary(svms_leaves *leaves, uint64_t position, uint8_t *out,
                                       size_t size, svms_error *err)
{
    svms_leaf leaf;
    if (position < leaves->reached) {
        rewind_leaves(leaves);
    }
    while (size > 0) {
        /* The entry that holds position may be needed again, so at stays in front of it. */
        svms_leaves before = *leaves;
        bool found = false;
        svms_status status = svms_leaves_next(leaves, &found, &leaf, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!found) {
            return svms_fail_at(err, SVMS_E_TRUNCATED, leaves->end, "the leaves end here");
        }
        if (leaf.form != SVMS_LEAF_WHOLE || position >= leaves->reached) {
            continue;
        }
        uint64_t within = position - before.reached;
        uint64_t left = leaf.size - within;
        size_t piece = size < STEP_SIZE ? size : STEP_SIZE;
        piece = piece < left ? piece : (size_t)left;
        status = svms_window_copy(leaves->window, leaf.content + within, piece, out, err);
        if (status != SVMS_OK) {
            return status;
        }
        position += piece;
        out += piece;
        size -= piece;
        if (piece < left) {
            *leaves = before;
        }
    }
    return SVMS_OK;
}
