/* SPDX-License-Identifier: Apache-2.0 */
/* Directories (evidence.md, section 4): back from link 0 by their hashes, forward again to compare
 * what they say, and looking things up in them. Only where they are stays in memory. */
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "stream.h"

#define FANOUT SVMS_DIRECTORY_FANOUT
#define LARGEST_DIRECTORY                                                                          \
    (SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE + FANOUT * SVMS_DIRECTORY_ENTRY_SIZE)

/* What the entries so far came to. */
typedef struct index_walk {
    svms_evidence *evidence;
    uint64_t e;
    uint64_t earliest; /* where the next frame can begin at the earliest */
    uint32_t sources;
    uint32_t attachments;
    bool case_seen;
    bool in_source;  /* pieces may follow */
    bool unverified; /* one of them has flag 4 */
    uint64_t last_origin;
    uint64_t ordinal;
} index_walk;

uint64_t svms_evidence_frame_count(uint64_t e)
{
    return e + e / FANOUT;
}

static uint64_t entries_in(const svms_evidence *evidence, uint64_t k)
{
    uint64_t before = k * FANOUT;
    uint64_t left = evidence->entry_count - before;
    return left < FANOUT ? left : FANOUT;
}

static size_t directory_size(const svms_evidence *evidence, uint64_t k)
{
    return SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE +
           (size_t)entries_in(evidence, k) * SVMS_DIRECTORY_ENTRY_SIZE;
}

/* The block that has not been asked for the longest. */
static svms_evidence_block *oldest_block(svms_evidence *evidence)
{
    svms_evidence_block *oldest = &evidence->blocks[0];
    for (uint32_t i = 1; i < SVMS_EVIDENCE_BLOCKS; i++) {
        if (evidence->blocks[i].used < oldest->used) {
            oldest = &evidence->blocks[i];
        }
    }
    return oldest;
}

/* Reads a directory into one of the blocks and compares it with its hash. */
static svms_status load(svms_evidence *evidence, uint64_t k, const svms_evidence_block **out,
                        svms_error *err)
{
    uint8_t hash[SVMS_DIGEST_SIZE];
    const svms_evidence_directory *directory = &evidence->directories[k];
    for (uint32_t i = 0; i < SVMS_EVIDENCE_BLOCKS; i++) {
        svms_evidence_block *known = &evidence->blocks[i];
        if (known->bytes != NULL && known->number == k) {
            known->used = ++evidence->blocks_used;
            *out = known;
            return SVMS_OK;
        }
    }
    svms_evidence_block *block = oldest_block(evidence);
    if (block->bytes == NULL) {
        block->bytes = svms_alloc(evidence->ctx, LARGEST_DIRECTORY);
        if (block->bytes == NULL) {
            return svms_fail_memory(err);
        }
    }
    block->number = UINT64_MAX;
    size_t size = directory_size(evidence, k);
    svms_status status =
        svms_source_read(&evidence->window.source, directory->offset, block->bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!svms_hasher_once(evidence->hasher, block->bytes, size, hash)) {
        return svms_fail_crypto(err, "hashing a directory");
    }
    if (memcmp(hash, directory->hash, sizeof(hash)) != 0) {
        return evidence->indexed ? svms_fail_at(err, SVMS_E_IO, directory->offset,
                                                "the file changes while it is read")
                                 : svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, directory->offset,
                                                "a directory is not what was signed (E-DIR)");
    }
    block->number = k;
    block->used = ++evidence->blocks_used;
    *out = block;
    return SVMS_OK;
}

static svms_status refuse(svms_error *err, uint64_t offset, const char *what)
{
    return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, offset, "%s", what);
}

/* One directory on the way back: its own header, and which is before it. */
static svms_status step_back(svms_evidence *evidence, uint64_t k, svms_error *err)
{
    const svms_evidence_block *block = NULL;
    svms_frame frame = { 0 };
    uint64_t offset = evidence->directories[k].offset;
    static const uint8_t none[SVMS_DIGEST_SIZE] = { 0 };
    svms_status status = load(evidence, k, &block, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_frame_parse(&frame, evidence->header.kind, evidence->header.sealed, block->bytes,
                         offset, NULL) != SVMS_OK ||
        frame.kind != SVMS_FRAME_DIRECTORY || frame.number != entries_in(evidence, k)) {
        return refuse(err, offset, "a directory is malformed (E-DIR-1)");
    }
    svms_cursor cursor = svms_cursor_over(block->bytes, directory_size(evidence, k), offset);
    (void)svms_skip(&cursor, SVMS_FRAME_HEADER_SIZE);
    uint64_t before = svms_read_u64(&cursor);
    const uint8_t *hash = svms_read_bytes(&cursor, SVMS_DIGEST_SIZE);
    if (k == 0) {
        return before == 0 && memcmp(hash, none, sizeof(none)) == 0
                   ? SVMS_OK
                   : refuse(err, offset, "the first directory names one before it");
    }
    if (before >= offset || offset - before < directory_size(evidence, k - 1)) {
        return refuse(err, offset, "a directory names one that cannot be before it");
    }
    evidence->directories[k - 1].offset = before;
    memcpy(evidence->directories[k - 1].hash, hash, SVMS_DIGEST_SIZE);
    return SVMS_OK;
}

static svms_status walk_back(svms_evidence *evidence, svms_error *err)
{
    uint64_t last = evidence->directory_count - 1;
    uint64_t end = evidence->links[0].offset;
    uint64_t size = directory_size(evidence, last);
    evidence->directories[last].offset = evidence->first.directory_offset;
    memcpy(evidence->directories[last].hash, evidence->first.directory_hash, SVMS_DIGEST_SIZE);
    if (evidence->first.directory_offset > end || end - evidence->first.directory_offset != size) {
        return refuse(err, evidence->first.directory_offset,
                      "the last directory does not end where link 0 begins (E-LNK-4)");
    }
    for (uint64_t k = evidence->directory_count; k > 0; k--) {
        svms_status status = step_back(evidence, k - 1, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

/* Flag 4 of a source stands exactly when one of its frames has it (E-SRC-1). */
static void close_source(index_walk *walk)
{
    if (!walk->in_source) {
        return;
    }
    svms_evidence_part *part = &walk->evidence->parts[walk->sources - 1];
    bool said = (part->flags & SVMS_FRAME_UNVERIFIED) != 0;
    part->end = walk->e;
    part->wrong_flag = said != walk->unverified;
    walk->in_source = false;
}

static const char *take_source(index_walk *walk, const svms_frame_entry *entry)
{
    svms_evidence *evidence = walk->evidence;
    if (walk->case_seen || walk->sources == evidence->first.sources ||
        entry->number != walk->sources) {
        return "a source stands where none can (E-FRM-6)";
    }
    svms_evidence_part *part = &evidence->parts[walk->sources++];
    part->evidence = evidence;
    part->number = (uint32_t)entry->number;
    part->flags = entry->flags;
    part->first = walk->e;
    part->first_ordinal = walk->ordinal;
    part->first_segment = SVMS_NO_SEGMENT;
    part->last_segment = SVMS_NO_SEGMENT;
    part->first_utc_ns = SVMS_NO_TIME;
    part->last_utc_ns = SVMS_NO_TIME;
    part->verdict = SVMS_VERDICT_UNTRUSTED;
    walk->in_source = true;
    walk->unverified = false;
    walk->last_origin = 0;
    return NULL;
}

static void take_segment(index_walk *walk, const svms_frame_entry *entry)
{
    svms_evidence_part *part = &walk->evidence->parts[walk->sources - 1];
    if (part->segments++ == 0) {
        part->first_segment = entry->number;
    }
    part->last_segment = entry->number;
    walk->ordinal++;
    if (entry->first_utc_ns != SVMS_NO_TIME &&
        (part->first_utc_ns == SVMS_NO_TIME || entry->first_utc_ns < part->first_utc_ns)) {
        part->first_utc_ns = entry->first_utc_ns;
    }
    if (entry->last_utc_ns > part->last_utc_ns) {
        part->last_utc_ns = entry->last_utc_ns;
    }
}

/* A piece of the source before it (E-SRC-2, E-DIR-3). */
static const char *take_piece(index_walk *walk, const svms_frame_entry *entry)
{
    bool segment = entry->kind == SVMS_FRAME_SEGMENT || entry->kind == SVMS_FRAME_LEAVES;
    bool timed = segment || entry->kind == SVMS_FRAME_MANIFEST;
    if (!walk->in_source) {
        return "a frame that belongs to a source does not follow one (E-FRM-6)";
    }
    if (entry->origin <= walk->last_origin) {
        return "frames of a source are out of order (E-SRC-2)";
    }
    walk->last_origin = entry->origin;
    if (!timed && (entry->first_utc_ns != SVMS_NO_TIME || entry->last_utc_ns != SVMS_NO_TIME)) {
        return "a frame without manifest has a time (E-DIR-3)";
    }
    walk->unverified = walk->unverified || (entry->flags & SVMS_FRAME_UNVERIFIED) != 0;
    if (segment) {
        take_segment(walk, entry);
    }
    return NULL;
}

static const char *take_other(index_walk *walk, const svms_frame_entry *entry)
{
    svms_evidence *evidence = walk->evidence;
    close_source(walk);
    if (entry->origin != 0 || entry->first_utc_ns != SVMS_NO_TIME ||
        entry->last_utc_ns != SVMS_NO_TIME) {
        return "a frame that comes from no container has an origin or a time (E-DIR-3)";
    }
    if (entry->kind == SVMS_FRAME_SOURCE) {
        return take_source(walk, entry);
    }
    if (entry->kind == SVMS_FRAME_ATTACHMENT) {
        if (walk->case_seen || walk->attachments == evidence->first.attachments ||
            entry->number != walk->attachments) {
            return "an attachment stands where none can (E-FRM-6)";
        }
        evidence->attachments[walk->attachments++] = walk->e;
        return NULL;
    }
    if (walk->case_seen || entry->number != 0) {
        return "there is more than one case (E-FRM-6)";
    }
    walk->case_seen = true;
    return NULL;
}

static bool kind_fits(const svms_evidence *evidence, uint8_t kind)
{
    bool proof = evidence->header.kind == SVMS_EXPORT_PROOF;
    switch (kind) {
    case SVMS_FRAME_SEGMENT:
    case SVMS_FRAME_FRAGMENT:
        return !proof;
    case SVMS_FRAME_LEAVES:
        return proof;
    case SVMS_FRAME_SOURCE:
    case SVMS_FRAME_MANIFEST:
    case SVMS_FRAME_RECORD:
    case SVMS_FRAME_END:
    case SVMS_FRAME_ATTACHMENT:
    case SVMS_FRAME_CASE:
        return true;
    default:
        return false;
    }
}

static svms_status take_entry(index_walk *walk, const svms_frame_entry *entry, bool first_here,
                              svms_error *err)
{
    svms_evidence *evidence = walk->evidence;
    const char *wrong = NULL;
    bool other = entry->kind == SVMS_FRAME_SOURCE || entry->kind == SVMS_FRAME_ATTACHMENT ||
                 entry->kind == SVMS_FRAME_CASE;
    /* Frames follow each other without gap; behind a directory, and at the front, it is known
     * where. */
    bool placed = first_here ? entry->offset == walk->earliest : entry->offset >= walk->earliest;
    if (!placed || entry->offset > evidence->first.directory_offset) {
        wrong = "a directory has entries out of order (E-DIR-1)";
    } else if (!kind_fits(evidence, entry->kind)) {
        wrong = "a directory lists a frame of a kind that cannot be there";
    } else {
        wrong = other ? take_other(walk, entry) : take_piece(walk, entry);
    }
    walk->earliest = entry->offset + SVMS_FRAME_HEADER_SIZE;
    return wrong == NULL ? SVMS_OK : refuse(err, entry->offset, wrong);
}

static svms_status walk_directory(index_walk *walk, uint64_t k, svms_error *err)
{
    svms_evidence *evidence = walk->evidence;
    const svms_evidence_block *block = NULL;
    uint64_t count = entries_in(evidence, k);
    uint64_t offset = evidence->directories[k].offset;
    evidence->directories[k].segments_before = (uint32_t)walk->ordinal;
    svms_status status = load(evidence, k, &block, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(block->bytes, directory_size(evidence, k), offset);
    (void)svms_skip(&cursor, SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE);
    for (uint64_t i = 0; i < count; i++) {
        svms_frame_entry entry = { 0 };
        svms_frame_entry_read(&cursor, &entry);
        if (cursor.failed) {
            return refuse(err, svms_cursor_offset(&cursor), "an entry of a directory is malformed");
        }
        if (i == 0) {
            evidence->directories[k].first_origin = entry.origin;
        }
        status = take_entry(walk, &entry, i == 0, err);
        if (status != SVMS_OK) {
            return status;
        }
        walk->e++;
    }
    if (offset < walk->earliest) {
        return refuse(err, offset, "a directory lists frames behind itself");
    }
    walk->earliest = offset + directory_size(evidence, k);
    return SVMS_OK;
}

static svms_status walk_forward(svms_evidence *evidence, svms_error *err)
{
    index_walk walk = { 0 };
    walk.evidence = evidence;
    walk.earliest = svms_package_front_size(&evidence->header);
    for (uint64_t k = 0; k < evidence->directory_count; k++) {
        svms_status status = walk_directory(&walk, k, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (!walk.case_seen || walk.sources != evidence->first.sources ||
        walk.attachments != evidence->first.attachments) {
        return refuse(err, evidence->first.directory_offset,
                      "link 0 states another number of sources, attachments or cases");
    }
    return SVMS_OK;
}

static svms_status make_room(svms_evidence *evidence, svms_error *err)
{
    svms_ctx *ctx = evidence->ctx;
    size_t bits = (size_t)(evidence->entry_count + 7) / 8;
    uint32_t sources = evidence->first.sources;
    uint32_t attachments = evidence->first.attachments;
    evidence->directories =
        svms_alloc_array(ctx, (size_t)evidence->directory_count, sizeof(*evidence->directories));
    evidence->checked = svms_alloc(ctx, bits);
    evidence->failed = svms_alloc(ctx, bits);
    evidence->parts = svms_alloc_array(ctx, sources == 0 ? 1 : sources, sizeof(*evidence->parts));
    evidence->attachments =
        svms_alloc_array(ctx, attachments == 0 ? 1 : attachments, sizeof(*evidence->attachments));
    if (evidence->directories == NULL || evidence->checked == NULL || evidence->failed == NULL ||
        evidence->parts == NULL || evidence->attachments == NULL) {
        return svms_fail_memory(err);
    }
    return SVMS_OK;
}

svms_status svms_evidence_read_index(svms_evidence *evidence, svms_error *err)
{
    uint64_t frames = evidence->first.frames;
    uint64_t front = svms_package_front_size(&evidence->header);
    uint64_t room = evidence->links[0].offset - front;
    /* All but the last directory hold as many entries as fit, and none is empty (E-DIR-1). */
    if (frames < 2 || frames > SVMS_MAX_FRAMES || frames % (FANOUT + 1) == 1 ||
        frames > room / SVMS_FRAME_HEADER_SIZE ||
        evidence->first.sources + evidence->first.attachments >= frames) {
        return refuse(err, evidence->links[0].offset, "link 0 states a wrong number of frames");
    }
    evidence->directory_count = (frames + FANOUT) / (FANOUT + 1);
    evidence->entry_count = frames - evidence->directory_count;
    svms_status status = make_room(evidence, err);
    if (status == SVMS_OK) {
        status = walk_back(evidence, err);
    }
    if (status == SVMS_OK) {
        status = walk_forward(evidence, err);
    }
    evidence->indexed = status == SVMS_OK;
    return status;
}

static void read_entry(const svms_evidence_block *block, uint64_t slot, svms_frame_entry *out)
{
    size_t at = SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE +
                (size_t)slot * SVMS_DIRECTORY_ENTRY_SIZE;
    svms_cursor cursor = svms_cursor_over(block->bytes, LARGEST_DIRECTORY, 0);
    (void)svms_skip(&cursor, at);
    svms_frame_entry_read(&cursor, out);
}

svms_status svms_evidence_entry_at(svms_evidence *evidence, uint64_t e, svms_frame_entry *out,
                                   svms_error *err)
{
    const svms_evidence_block *block = NULL;
    svms_status status = load(evidence, e / FANOUT, &block, err);
    if (status == SVMS_OK) {
        read_entry(block, e % FANOUT, out);
    }
    return status;
}

svms_status svms_evidence_entry_end(svms_evidence *evidence, uint64_t e, uint64_t *end,
                                    svms_error *err)
{
    svms_frame_entry next = { 0 };
    if (e + 1 == evidence->entry_count || (e + 1) % FANOUT == 0) {
        *end = evidence->directories[e / FANOUT].offset;
        return SVMS_OK;
    }
    svms_status status = svms_evidence_entry_at(evidence, e + 1, &next, err);
    if (status == SVMS_OK) {
        *end = next.offset;
    }
    return status;
}

/* Whether e is the last entry of the part whose origin is not above offset. */
static svms_status is_origin(const svms_evidence_part *part, uint64_t e, uint64_t offset, bool *is,
                             svms_error *err)
{
    svms_frame_entry entry = { 0 };
    *is = false;
    if (e <= part->first || e >= part->end) {
        return SVMS_OK;
    }
    svms_status status = svms_evidence_entry_at(part->evidence, e, &entry, err);
    if (status != SVMS_OK || entry.origin > offset || e + 1 == part->end) {
        *is = status == SVMS_OK && entry.origin <= offset;
        return status;
    }
    status = svms_evidence_entry_at(part->evidence, e + 1, &entry, err);
    *is = status == SVMS_OK && entry.origin > offset;
    return status;
}

/* Whoever reads a source mostly asks for what was found last, or for what follows it. */
static svms_status find_near(const svms_evidence_part *part, uint64_t offset, bool *found,
                             uint64_t *e, svms_error *err)
{
    svms_status status = SVMS_OK;
    *found = false;
    for (uint64_t i = 0; i < 2 && part->near != 0 && status == SVMS_OK && !*found; i++) {
        *e = part->near + i;
        status = is_origin(part, *e, offset, found, err);
    }
    return status;
}

/* Narrows down [*low, *high) to one directory, by what is in memory: entries of a source ascend by
 * origin. */
static void narrow_origin(const svms_evidence_part *part, uint64_t offset, uint64_t *low,
                          uint64_t *high)
{
    uint64_t from = *low / FANOUT;
    uint64_t to = (*high - 1) / FANOUT;
    while (from < to) {
        uint64_t middle = to - (to - from) / 2;
        if (part->evidence->directories[middle].first_origin <= offset) {
            from = middle;
        } else {
            to = middle - 1;
        }
    }
    uint64_t begin = from * FANOUT;
    *low = begin > *low ? begin : *low;
    *high = *high - begin > FANOUT ? begin + FANOUT : *high;
}

svms_status svms_evidence_find_origin(svms_evidence_part *part, uint64_t offset, bool *found,
                                      uint64_t *e, svms_error *err)
{
    uint64_t low = part->first + 1; /* all before have origins that are not above */
    uint64_t high = part->end;      /* from here on all are above */
    svms_status status = find_near(part, offset, found, e, err);
    if (status == SVMS_OK && *found) {
        part->near = *e;
    }
    if (status != SVMS_OK || *found || low == high) {
        return status;
    }
    narrow_origin(part, offset, &low, &high);
    while (low < high) {
        svms_frame_entry entry = { 0 };
        uint64_t middle = low + (high - low) / 2;
        status = svms_evidence_entry_at(part->evidence, middle, &entry, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (entry.origin <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *found = low > part->first + 1;
    *e = low - 1;
    part->near = *found ? *e : 0;
    return SVMS_OK;
}

/* Entry of the n-th segment or leaves frame of all sources. */
static svms_status find_ordinal(svms_evidence *evidence, uint64_t n, uint64_t *e,
                                svms_frame_entry *entry, svms_error *err)
{
    const svms_evidence_block *block = NULL;
    uint64_t low = 0;
    uint64_t high = evidence->directory_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (evidence->directories[middle].segments_before <= n) {
            low = middle;
        } else {
            high = middle;
        }
    }
    svms_status status = load(evidence, low, &block, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t seen = evidence->directories[low].segments_before;
    uint64_t count = entries_in(evidence, low);
    for (uint64_t i = 0; i < count; i++) {
        read_entry(block, i, entry);
        bool segment = entry->kind == SVMS_FRAME_SEGMENT || entry->kind == SVMS_FRAME_LEAVES;
        if (segment && seen++ == n) {
            *e = low * FANOUT + i;
            return SVMS_OK;
        }
    }
    return svms_fail(err, SVMS_E_INTERNAL, "segment %llu of the package is not in its directories",
                     (unsigned long long)n);
}

/* By time where utc_ns is given, otherwise by number. */
static svms_status find_last_not_above(const svms_evidence_part *part, const int64_t *utc_ns,
                                       uint64_t number, bool *found, uint64_t *e, svms_error *err)
{
    uint64_t low = 0;
    uint64_t high = part->segments;
    uint64_t at = 0;
    svms_frame_entry entry = { 0 };
    *found = false;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        svms_status status =
            find_ordinal(part->evidence, part->first_ordinal + middle, &at, &entry, err);
        if (status != SVMS_OK) {
            return status;
        }
        bool above = utc_ns != NULL ? entry.first_utc_ns > *utc_ns : entry.number > number;
        if (above) {
            high = middle;
        } else {
            low = middle + 1;
            *found = true;
            *e = at;
        }
    }
    return SVMS_OK;
}

svms_status svms_evidence_find_time(const svms_evidence_part *part, int64_t utc_ns, bool *found,
                                    uint64_t *e, svms_error *err)
{
    svms_frame_entry entry = { 0 };
    svms_status status = find_last_not_above(part, &utc_ns, 0, found, e, err);
    if (status == SVMS_OK && !*found && part->segments != 0) {
        *found = true;
        status = find_ordinal(part->evidence, part->first_ordinal, e, &entry, err);
    }
    return status;
}

svms_status svms_evidence_find_segment(const svms_evidence_part *part, uint64_t number, bool *found,
                                       uint64_t *e, svms_error *err)
{
    svms_frame_entry entry = { 0 };
    svms_status status = find_last_not_above(part, NULL, number, found, e, err);
    if (status == SVMS_OK && *found) {
        status = svms_evidence_entry_at(part->evidence, *e, &entry, err);
        *found = entry.number == number;
    }
    return status;
}
