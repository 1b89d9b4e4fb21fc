/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the links of a package from its end, and checking them from its beginning (E-LNK). */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "segment.h"
#include "stream.h"

#define STEP 131072u
/* How far back the last whole tail is looked for (E-LNK-2). */
#define SEARCHED 262144u
/* Smallest block of a disk (E-LNK-5). */
#define BLOCK 512u

/* What can be told of a link before its signature has been checked: hints. */
typedef struct link_hint {
    uint64_t offset;
    uint64_t previous;
    uint32_t number;
    uint8_t type;
} link_hint;

typedef struct link_tail {
    uint64_t offset;
    uint8_t head[SVMS_DIGEST_SIZE];
} link_tail;

/* False when these bytes are no tail. */
static bool read_tail(const uint8_t *bytes, link_tail *out)
{
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_LINK_TAIL_SIZE, 0);
    out->offset = svms_read_u64(&cursor);
    svms_read_copy(&cursor, out->head, sizeof(out->head));
    const uint8_t *text = svms_read_bytes(&cursor, 8);
    return text != NULL && memcmp(text, SVMS_LINK_TAIL_TEXT, 8) == 0;
}

/* What a link's first bytes say of its length, and that it is one: nothing else of them matters for
 * where it ends (E-LNK-5). */
static bool read_length(const uint8_t *bytes, uint64_t *size)
{
    svms_cursor cursor = svms_cursor_over(bytes, SVMS_LINK_FIXED_SIZE, 0);
    uint32_t magic = svms_read_u32(&cursor);
    *size = SVMS_LINK_FIXED_SIZE;
    for (unsigned i = 0; i < 4; i++) {
        *size += svms_read_u32(&cursor);
    }
    return magic == SVMS_LINK_MAGIC;
}

static bool are_zeros(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Behind the last byte that is not zero. */
static svms_status find_written_end(svms_evidence *evidence, uint64_t *end, svms_error *err)
{
    uint64_t at = evidence->window.size;
    while (at > 0) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        uint64_t begin = at > STEP ? at - STEP : 0;
        svms_status status =
            svms_window_peek(&evidence->window, begin, (size_t)(at - begin), &bytes, &got, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (are_zeros(bytes, got)) {
            got = 0;
        }
        while (got > 0 && bytes[got - 1] == 0) {
            got--;
        }
        at = begin + got;
        if (got > 0) {
            break;
        }
    }
    *end = at;
    return SVMS_OK;
}

/* Whether a link that ends where its tail begins stands where a tail says. */
static svms_status tail_fits(svms_evidence *evidence, uint64_t tail, uint64_t link, bool *fits,
                             svms_error *err)
{
    uint8_t fixed[SVMS_LINK_FIXED_SIZE];
    uint64_t size = 0;
    *fits = false;
    if (link < svms_package_front_size(&evidence->header) || link >= tail ||
        tail - link < sizeof(fixed)) {
        return SVMS_OK;
    }
    svms_status status =
        svms_source_read(&evidence->window.source, link, fixed, sizeof(fixed), err);
    if (status == SVMS_OK) {
        *fits = read_length(fixed, &size) && tail - link == size;
    }
    return status;
}

/* The last tail that fits (E-LNK-5). */
static svms_status find_last_tail(svms_evidence *evidence, uint64_t *tail, svms_error *err)
{
    uint64_t end = 0;
    uint64_t front = svms_package_front_size(&evidence->header);
    bool fits = false;
    svms_status status = find_written_end(evidence, &end, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t begin = end > SEARCHED ? end - SEARCHED : 0;
    begin = begin < front ? front : begin;
    size_t size = end > begin ? (size_t)(end - begin) : 0;
    uint8_t *bytes = svms_alloc(evidence->ctx, size + 1);
    if (bytes == NULL) {
        return svms_fail_memory(err);
    }
    status = svms_source_read(&evidence->window.source, begin, bytes, size, err);
    for (size_t at = size < SVMS_LINK_TAIL_SIZE ? 0 : size - SVMS_LINK_TAIL_SIZE + 1;
         at > 0 && status == SVMS_OK && !fits; at--) {
        link_tail candidate;
        if (read_tail(bytes + at - 1, &candidate)) {
            *tail = begin + at - 1;
            status = tail_fits(evidence, *tail, candidate.offset, &fits, err);
        }
    }
    svms_release(evidence->ctx, bytes);
    if (status == SVMS_OK && !fits) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, evidence->window.size,
                            "there is no complete link 0: nobody has signed it (E-OVR-1)");
    }
    return status;
}

static svms_status read_hint(svms_evidence *evidence, uint64_t offset, link_hint *out,
                             svms_error *err)
{
    uint8_t bytes[SVMS_LINK_FIXED_SIZE + SVMS_OBJECT_PREFIX_SIZE + 72];
    size_t got = 0;
    memset(bytes, 0, sizeof(bytes));
    svms_status status =
        svms_source_read_some(&evidence->window.source, offset, bytes, sizeof(bytes), &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, sizeof(bytes), offset);
    (void)svms_skip(&cursor, SVMS_LINK_FIXED_SIZE + 4);
    out->type = svms_read_u8(&cursor);
    (void)svms_skip(&cursor, SVMS_OBJECT_PREFIX_SIZE - 5 + 16 + SVMS_DIGEST_SIZE);
    out->number = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, 4 + 8 + 8);
    out->previous = svms_read_u64(&cursor);
    out->offset = offset;
    return SVMS_OK;
}

/* The link before: where the tail in front of this one says, or where this one says. *found is
 * false when this is the first. Where neither leads anywhere, nobody can tell what was signed. */
static svms_status step_back(svms_evidence *evidence, const link_hint *from, bool *found,
                             uint64_t *offset, svms_error *err)
{
    uint8_t bytes[SVMS_LINK_TAIL_SIZE];
    link_tail before;
    uint64_t front = svms_package_front_size(&evidence->header);
    *found = false;
    if (from->offset >= front + sizeof(bytes)) {
        svms_status status = svms_source_read(
            &evidence->window.source, from->offset - sizeof(bytes), bytes, sizeof(bytes), err);
        if (status != SVMS_OK) {
            return status;
        }
        *found =
            read_tail(bytes, &before) && before.offset >= front && before.offset < from->offset;
        *offset = before.offset;
    }
    if (*found || from->number == 0 || from->type == SVMS_OBJECT_EXPORT_LINK) {
        return SVMS_OK;
    }
    if (from->previous < front || from->previous >= from->offset) {
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, from->offset,
                            "the way to link 0 is lost (E-LNK-4)");
    }
    *found = true;
    *offset = from->previous;
    return SVMS_OK;
}

/* Counts the links from the last one back; with links, fills in their offsets. */
static svms_status walk_back(svms_evidence *evidence, uint64_t last, uint32_t *count,
                             svms_evidence_link *links, svms_error *err)
{
    uint64_t offset = last;
    uint32_t seen = 0;
    for (bool found = true; found;) {
        link_hint hint = { 0 };
        if (seen == SVMS_EXPORT_MAX_LINKS) {
            return svms_fail_at(err, SVMS_E_LIMIT, offset, "there are too many links (E-OVR-5)");
        }
        if (links != NULL && seen < *count) {
            links[*count - 1 - seen].offset = offset;
        }
        seen++;
        svms_status status = read_hint(evidence, offset, &hint, err);
        if (status == SVMS_OK) {
            status = step_back(evidence, &hint, &found, &offset, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (links != NULL && seen != *count) {
        return svms_fail_at(err, SVMS_E_IO, offset, "the file changes while it is read");
    }
    *count = seen;
    return SVMS_OK;
}

/* Whether what stands behind the last whole tail is a link that was interrupted (E-LNK-5): it
 * begins like one, or where that did not reach the disk, with zero bytes as far as the disk's block
 * does. */
static svms_status look_at_rest(svms_evidence *evidence, svms_error *err)
{
    static const uint8_t beginning[4] = { 'S', 'V', 'X', 'L' };
    uint8_t bytes[sizeof(beginning) + BLOCK];
    size_t size = 0;
    size_t at = 0;
    svms_status status = svms_source_read_some(&evidence->window.source, evidence->attested_end,
                                               bytes, sizeof(bytes), &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    while (at < sizeof(beginning) && at < size && bytes[at] == beginning[at]) {
        at++;
    }
    if (at == sizeof(beginning)) {
        return SVMS_OK;
    }
    size_t block = BLOCK - (size_t)((evidence->attested_end + at) % BLOCK);
    size_t end = size - at < block ? size : at + block;
    while (at < end && bytes[at] == 0) {
        at++;
    }
    evidence->foreign_rest = at < end;
    return SVMS_OK;
}

/* Size of link n by its own words, or by where the next begins when they make no sense, and its
 * tail. */
static svms_status measure(svms_evidence *evidence, uint32_t n, link_tail *tail, bool *fits,
                           svms_error *err)
{
    uint8_t fixed[SVMS_LINK_FIXED_SIZE] = { 0 };
    uint8_t bytes[SVMS_LINK_TAIL_SIZE] = { 0 };
    svms_evidence_link *link = &evidence->links[n];
    uint64_t limit =
        n + 1 < evidence->link_count ? evidence->links[n + 1].offset : evidence->attested_end;
    uint64_t stated = 0;
    size_t got = 0;
    svms_status status = svms_source_read_some(&evidence->window.source, link->offset, fixed,
                                               sizeof(fixed), &got, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool room = limit - link->offset >= SVMS_LINK_TAIL_SIZE;
    link->size = room ? limit - link->offset - SVMS_LINK_TAIL_SIZE : 0;
    *fits = room && read_length(fixed, &stated) && stated == link->size;
    if (*fits) {
        status = svms_source_read(&evidence->window.source, link->offset + link->size, bytes,
                                  sizeof(bytes), err);
        *fits = read_tail(bytes, tail) && tail->offset == link->offset;
    }
    return status;
}

static void break_link(svms_evidence_link *link, const char *reason)
{
    if (!link->broken) {
        link->broken = true;
        (void)snprintf(link->reason, sizeof(link->reason), "%s", reason);
    }
}

/* What is wrong with what link n signs, or NULL (E-LNK-4). */
static const char *contradiction(const svms_evidence *evidence, uint32_t n,
                                 const svms_link_object *object)
{
    static const uint8_t none[SVMS_DIGEST_SIZE] = { 0 };
    const svms_evidence_link *before = n == 0 ? NULL : &evidence->links[n - 1];
    if (memcmp(object->package_id, evidence->header.package_id, 16) != 0 ||
        memcmp(object->h, evidence->header.h, SVMS_DIGEST_SIZE) != 0) {
        return "a link was signed for another package";
    }
    if (object->number != n || object->offset != evidence->links[n].offset) {
        return "a link was signed for another place (E-LNK-4)";
    }
    if (before != NULL) {
        if (object->previous_offset != before->offset ||
            memcmp(object->previous, before->head, SVMS_DIGEST_SIZE) != 0) {
            return "a link does not follow the one before it (E-LNK-4)";
        }
        return before->unsupported || (object->policy & before->policy) == before->policy
                   ? NULL
                   : "a link takes back the policy of the one before it (E-LNK-4)";
    }
    if (memcmp(object->previous, evidence->header.sealed ? evidence->slot_hash : none,
               SVMS_DIGEST_SIZE) != 0) {
        return "the access slot is not the one that was signed";
    }
    bool presented = object->presentation_size != 0 ||
                     memcmp(object->presentation_hash, none, SVMS_DIGEST_SIZE) != 0;
    bool proof = evidence->header.kind == SVMS_EXPORT_PROOF;
    return presented == proof ? NULL : "link 0 and the kind of the file contradict each other";
}

static svms_status take_fields(svms_evidence *evidence, uint32_t n, const svms_link_object *object,
                               svms_error *err)
{
    svms_evidence_link *link = &evidence->links[n];
    const char *wrong = contradiction(evidence, n, object);
    link->role = (svms_role)object->signer.role;
    link->policy = object->policy;
    link->utc_ns = object->utc_ns;
    if (wrong != NULL) {
        break_link(link, wrong);
    }
    if (object->note_size != 0) {
        link->note = svms_alloc(evidence->ctx, object->note_size + 1);
        if (link->note == NULL) {
            return svms_fail_memory(err);
        }
        memcpy(link->note, object->note, object->note_size);
    }
    if (n == 0) {
        evidence->first = *object;
        evidence->first.note = NULL;
        evidence->first.note_size = 0;
    }
    return SVMS_OK;
}

/* Signature over the raw bytes, then fields, then what they are compared with. */
static svms_status parse_link(svms_evidence *evidence, uint32_t n, const uint8_t *bytes,
                              svms_error *err)
{
    svms_evidence_link *link = &evidence->links[n];
    svms_error found = SVMS_ERROR_INIT;
    svms_link_view view = { 0 };
    svms_chain *chain = NULL;
    svms_status status = svms_link_parse(&view, &chain, evidence->ctx, bytes, (size_t)link->size,
                                         link->offset, &found);
    if (status == SVMS_OK) {
        link->stamped = view.token_size != 0;
        status = take_fields(evidence, n, &view.object, err);
        svms_chain_free(&chain);
        return status;
    }
    if (svms_is_grave(status) || (n == 0 && status == SVMS_E_UNSUPPORTED)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_E_UNSUPPORTED) {
        link->unsupported = true;
        (void)snprintf(link->reason, sizeof(link->reason), "%s", found.message);
        return SVMS_OK;
    }
    break_link(link, found.message);
    return SVMS_OK;
}

/* Policy of a link whose signature may be wrong: it may add to what is forbidden. */
static uint32_t stated_policy(const uint8_t *bytes, size_t size)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    (void)svms_skip(&cursor,
                    SVMS_LINK_FIXED_SIZE + SVMS_OBJECT_PREFIX_SIZE + 16 + SVMS_DIGEST_SIZE + 4);
    return svms_read_u32(&cursor) & SVMS_EXPORT_NO_REEXPORT;
}

static svms_status check_link(svms_evidence *evidence, uint32_t n, svms_error *err)
{
    svms_evidence_link *link = &evidence->links[n];
    link_tail tail = { 0 };
    bool fits = false;
    svms_status status = measure(evidence, n, &tail, &fits, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!fits) {
        break_link(link, "a link and its tail do not fit each other (E-LNK-4)");
    }
    size_t size = link->size > SVMS_LINK_LARGEST ? 0 : (size_t)link->size;
    uint8_t *bytes = svms_alloc(evidence->ctx, size + 1);
    if (bytes == NULL) {
        return svms_fail_memory(err);
    }
    status = svms_source_read(&evidence->window.source, link->offset, bytes, size, err);
    if (status == SVMS_OK) {
        svms_iovec run = { bytes, size };
        status = svms_sha256(evidence->ctx, &run, 1, link->head, err);
    }
    if (status == SVMS_OK) {
        link->policy = stated_policy(bytes, size);
    }
    if (status == SVMS_OK && fits && memcmp(tail.head, link->head, SVMS_DIGEST_SIZE) != 0) {
        break_link(link, "a link is not the one that its tail names (E-LNK-2)");
    } else if (status == SVMS_OK && fits) {
        status = parse_link(evidence, n, bytes, err);
    }
    svms_release(evidence->ctx, bytes);
    return status;
}

static svms_status check_links(svms_evidence *evidence, svms_error *err)
{
    for (uint32_t n = 0; n < evidence->link_count; n++) {
        svms_evidence_link *link = &evidence->links[n];
        svms_status status = check_link(evidence, n, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (n == 0 && link->broken) {
            return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, link->offset, "link 0: %s",
                                link->reason);
        }
        if (n > 0 && evidence->links[n - 1].broken) {
            break_link(link, "a link before it is not authentic (E-VER-2)");
        }
        if (link->broken) {
            link->policy |= SVMS_EXPORT_NO_REEXPORT; /* nobody can tell what it said */
        }
    }
    return SVMS_OK;
}

svms_status svms_evidence_find_links(svms_evidence *evidence, svms_error *err)
{
    uint64_t tail = 0;
    link_tail last = { 0 };
    uint8_t bytes[SVMS_LINK_TAIL_SIZE];
    uint32_t count = 0;
    svms_status status = find_last_tail(evidence, &tail, err);
    if (status == SVMS_OK) {
        status = svms_source_read(&evidence->window.source, tail, bytes, sizeof(bytes), err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!read_tail(bytes, &last) || last.offset >= tail) {
        return svms_fail_at(err, SVMS_E_IO, tail, "the file changes while it is read");
    }
    evidence->attested_end = tail + SVMS_LINK_TAIL_SIZE;
    status = walk_back(evidence, last.offset, &count, NULL, err);
    if (status != SVMS_OK) {
        return status;
    }
    evidence->links = svms_alloc_array(evidence->ctx, count, sizeof(*evidence->links));
    if (evidence->links == NULL) {
        return svms_fail_memory(err);
    }
    evidence->link_count = count;
    status = walk_back(evidence, last.offset, &count, evidence->links, err);
    if (status == SVMS_OK) {
        status = check_links(evidence, err);
    }
    if (status == SVMS_OK) {
        status = look_at_rest(evidence, err);
    }
    return status;
}

svms_status svms_evidence_reread_link(svms_evidence *evidence, uint32_t number,
                                      svms_link_view *view, svms_chain **chain, uint8_t **bytes,
                                      svms_error *err)
{
    const svms_evidence_link *link = &evidence->links[number];
    uint8_t head[SVMS_DIGEST_SIZE];
    size_t size = link->size > SVMS_LINK_LARGEST ? 0 : (size_t)link->size;
    *bytes = svms_alloc(evidence->ctx, size + 1);
    if (*bytes == NULL) {
        return svms_fail_memory(err);
    }
    svms_iovec run = { *bytes, size };
    svms_status status =
        svms_source_read(&evidence->window.source, link->offset, *bytes, size, err);
    if (status == SVMS_OK) {
        status = svms_sha256(evidence->ctx, &run, 1, head, err);
    }
    if (status == SVMS_OK && memcmp(head, link->head, sizeof(head)) != 0) {
        status = svms_fail_at(err, SVMS_E_IO, link->offset, "the file changes while it is read");
    }
    if (status == SVMS_OK) {
        status = svms_link_parse(view, chain, evidence->ctx, *bytes, size, link->offset, err);
    }
    if (status != SVMS_OK) {
        svms_release(evidence->ctx, *bytes);
        *bytes = NULL;
    }
    return status;
}

uint32_t svms_evidence_policy(const svms_evidence *evidence)
{
    /* A link that is not authentic takes nothing back, and may have added something; so may one
     * whose place bytes of somebody else have taken. */
    uint32_t policy = evidence->foreign_rest ? SVMS_EXPORT_NO_REEXPORT : 0;
    for (uint32_t i = 0; i < evidence->link_count; i++) {
        policy |= evidence->links[i].policy;
    }
    return policy;
}
