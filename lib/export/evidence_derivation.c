/* SPDX-License-Identifier: Apache-2.0 */
/* Derivations of a case: they name segments that are carried, by their right hashes (E-CAS-1). A
 * case can name the same segments many thousand times, so they are looked at in their order. */
#include <stdlib.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"

/* One segment as one derivation names it. */
typedef struct named_segment {
    uint32_t source;
    uint32_t attachment; /* or SVMS_CASE_PRESENTATION */
    uint64_t segment;
    const uint8_t *manifest; /* its hash, as the case says; belongs to the case */
} named_segment;

typedef struct name_list {
    named_segment *at;
    size_t count;
} name_list;

static int by_segment(const void *left, const void *right)
{
    const named_segment *a = left;
    const named_segment *b = right;
    if (a->source != b->source) {
        return a->source < b->source ? -1 : 1;
    }
    return (a->segment > b->segment) - (a->segment < b->segment);
}

static size_t origins_of(const svms_case *document, uint32_t n)
{
    if (n == SVMS_CASE_PRESENTATION) {
        return svms_case_get_presentation(document)->origin_count;
    }
    return svms_case_attachment_at(document, n)->origin_count;
}

static svms_status refuse(svms_error *err, uint32_t attachment)
{
    if (attachment == SVMS_CASE_PRESENTATION) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the case does not fit what is there: the derivation of the presentation "
                         "names segments that are not carried (E-CAS-1)");
    }
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                     "the case does not fit what is there: a derivation names segments that are "
                     "not carried, attachment %u (E-CAS-1)",
                     attachment);
}

/* Its source and track are there; its two ends go into the list. */
static svms_status take_origin(svms_evidence *evidence, const svms_case_origin *stated, uint32_t n,
                               name_list *list, svms_error *err)
{
    const svms_header *header = NULL;
    const svms_export_origin *origin = &stated->origin;
    if (origin->source >= evidence->first.sources || origin->last_segment < origin->first_segment) {
        return refuse(err, n);
    }
    if (origin->track != UINT32_MAX) {
        svms_status status = svms_evidence_header_of(evidence, origin->source, &header, err);
        if (status != SVMS_OK && status != SVMS_E_UNSUPPORTED) {
            return status;
        }
        if (status == SVMS_OK && origin->track >= header->track_count) {
            return refuse(err, n);
        }
    }
    named_segment first = { origin->source, n, origin->first_segment, stated->first_manifest };
    named_segment last = { origin->source, n, origin->last_segment, stated->last_manifest };
    list->at[list->count++] = first;
    list->at[list->count++] = last;
    return SVMS_OK;
}

static svms_status take_origins(svms_evidence *evidence, const svms_case *document, uint32_t n,
                                name_list *list, svms_error *err)
{
    size_t count = origins_of(document, n);
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        status = take_origin(evidence, svms_case_origin_at(document, n, i), n, list, err);
    }
    return status;
}

/* The hash of a manifest (C-MAN-4) is that of part C of its segment. */
static svms_status hash_of(svms_evidence *evidence, const named_segment *named, bool *there,
                           uint8_t hash[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint64_t e = 0;
    svms_status status =
        svms_evidence_find_segment(&evidence->parts[named->source], named->segment, there, &e, err);
    return status == SVMS_OK && *there ? svms_evidence_closing_hash(evidence, e, there, hash, err)
                                       : status;
}

/* Each segment is looked up once. The first attachment that is wrong is named. */
static svms_status compare(svms_evidence *evidence, const name_list *list, svms_error *err)
{
    uint8_t hash[SVMS_DIGEST_SIZE] = { 0 };
    const named_segment *before = NULL;
    const named_segment *wrong = NULL;
    bool there = false;
    for (size_t i = 0; i < list->count; i++) {
        const named_segment *named = &list->at[i];
        if (before == NULL || by_segment(before, named) != 0) {
            svms_status status = hash_of(evidence, named, &there, hash, err);
            if (status != SVMS_OK) {
                return status;
            }
            if (!svms_evidence_tick(evidence)) {
                return svms_fail(err, SVMS_E_CANCELLED, "cancelled");
            }
            before = named;
        }
        bool fits = there && memcmp(hash, named->manifest, sizeof(hash)) == 0;
        if (!fits && (wrong == NULL || named->attachment < wrong->attachment)) {
            wrong = named;
        }
    }
    return wrong == NULL ? SVMS_OK : refuse(err, wrong->attachment);
}

svms_status svms_evidence_compare_derivations(svms_evidence *evidence, const svms_case *document,
                                              svms_error *err)
{
    name_list list = { NULL, 0 };
    bool proof = svms_case_get_presentation(document)->present;
    uint32_t attachments = svms_case_attachment_count(document);
    size_t count = proof ? origins_of(document, SVMS_CASE_PRESENTATION) : 0;
    for (uint32_t n = 0; n < attachments; n++) {
        count += origins_of(document, n);
    }
    if (count == 0) {
        return SVMS_OK;
    }
    list.at = svms_alloc_array(evidence->ctx, 2 * count, sizeof(*list.at));
    if (list.at == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = SVMS_OK;
    for (uint32_t n = 0; n < attachments && status == SVMS_OK; n++) {
        status = take_origins(evidence, document, n, &list, err);
    }
    if (status == SVMS_OK && proof) {
        status = take_origins(evidence, document, SVMS_CASE_PRESENTATION, &list, err);
    }
    if (status == SVMS_OK) {
        qsort(list.at, list.count, sizeof(*list.at), by_segment);
        status = compare(evidence, &list, err);
    }
    svms_release(evidence->ctx, list.at);
    return status;
}
