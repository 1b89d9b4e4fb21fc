/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_author.h"

#include <string.h>

#include "axis_key.h"
#include "certificate.h"
#include "failure.h"

void svms_camera_authors_init(svms_camera_authors *authors, svms_ctx *ctx,
                              svms_camera_hasher *hasher)
{
    *authors = (svms_camera_authors){ .ctx = ctx, .hasher = hasher };
    authors->algorithms.hash = SVMS_CAMERA_HASHES;
    authors->algorithms.scheme_hash = SVMS_CAMERA_HASHES;
    authors->axis =
        (svms_camera_algorithms){ SVMS_CAMERA_SHA256, SVMS_CAMERA_SCHEME_AXIS, SVMS_CAMERA_HASHES };
}

svms_camera_author *svms_camera_author_retain(svms_camera_author *author)
{
    if (author) {
        author->users++;
    }
    return author;
}

void svms_camera_author_free(svms_camera_author **author)
{
    svms_camera_author *gone = *author;
    *author = NULL;
    if (!gone || --gone->users > 0) {
        return;
    }
    svms_camera_key_free(&gone->maker);
    svms_camera_key_free(&gone->user);
    svms_release(gone->ctx, gone);
}

void svms_camera_authors_clear(svms_camera_authors *authors)
{
    for (size_t i = 0; i < authors->count; i++) {
        svms_camera_author_free(&authors->authors[i]);
    }
    authors->count = 0;
}

const svms_chain *svms_camera_author_chain(const svms_camera_author *author, bool by_user)
{
    const svms_camera_key *key = by_user ? author->user : author->maker;
    return key ? svms_camera_key_chain(key) : NULL;
}

const uint8_t *svms_camera_author_digest(const svms_camera_author *author, bool by_user)
{
    return svms_camera_key_digest(by_user ? author->user : author->maker);
}

const svms_camera_algorithms *svms_camera_authors_algorithms(const svms_camera_authors *authors,
                                                             const svms_camera_document *document)
{
    if (document->has_cryptography) {
        return &document->algorithms;
    }
    return document->format == SVMS_CAMERA_FORMAT_MEDIA_SIGNING ? &authors->algorithms
                                                                : &authors->axis;
}

/* The key of this text that is known already, or NULL. */
static svms_camera_key *find_key(const svms_camera_authors *authors, const svms_camera_text *pem)
{
    for (size_t i = 0; i < authors->count; i++) {
        svms_camera_author *author = authors->authors[i];
        if (author->maker && svms_camera_key_is_of(author->maker, pem)) {
            return author->maker;
        }
        if (author->user && svms_camera_key_is_of(author->user, pem)) {
            return author->user;
        }
    }
    return NULL;
}

/* *reasons says why a key is of no use; that is no failure. */
static svms_status excuse(svms_status status, uint32_t *reasons)
{
    if (status == SVMS_E_UNSUPPORTED) {
        *reasons |= SVMS_CAMERA_WHY_UNSUPPORTED;
        return SVMS_OK;
    }
    if (status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT) {
        *reasons |= SVMS_CAMERA_WHY_SEI_MALFORMED;
        return SVMS_OK;
    }
    return status;
}

static svms_status open_key(const svms_camera_authors *authors, const svms_camera_text *pem,
                            svms_camera_key **out, uint32_t *reasons, svms_error *err)
{
    if (!pem->data) {
        return SVMS_OK;
    }
    svms_camera_key *known = find_key(authors, pem);
    if (known) {
        *out = svms_camera_key_retain(known);
        return SVMS_OK;
    }
    return excuse(svms_camera_key_new(out, authors->ctx, pem, err), reasons);
}

/* The same for what a SEI of Axis brings. */
static svms_status open_axis_key(const svms_camera_authors *authors,
                                 const svms_camera_document *document, svms_camera_key **out,
                                 uint32_t *reasons, svms_error *err)
{
    svms_builder text;
    svms_status status = svms_axis_key_text(&text, authors->ctx, document, err);
    if (status == SVMS_OK) {
        svms_camera_text whole = { text.data, text.size };
        svms_camera_key *known = find_key(authors, &whole);
        if (known) {
            *out = svms_camera_key_retain(known);
        } else {
            status =
                excuse(svms_axis_key_new(out, authors->ctx, authors->hasher, document, &whole, err),
                       reasons);
        }
    }
    svms_builder_clear(&text);
    return status;
}

static svms_status open_keys(const svms_camera_authors *authors,
                             const svms_camera_document *document, svms_camera_author *author,
                             uint32_t *reasons, svms_error *err)
{
    if (document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING) {
        return open_axis_key(authors, document, &author->maker, reasons, err);
    }
    svms_status status = open_key(authors, &document->maker_pem, &author->maker, reasons, err);
    return status == SVMS_OK ? open_key(authors, &document->user_pem, &author->user, reasons, err)
                             : status;
}

static svms_status make_author(const svms_camera_authors *authors,
                               const svms_camera_document *document, svms_camera_author **out,
                               uint32_t *reasons, svms_error *err)
{
    svms_camera_author *author = svms_alloc(authors->ctx, sizeof *author);
    if (!author) {
        return svms_fail_memory(err);
    }
    author->ctx = authors->ctx;
    author->users = 1;
    svms_status status = open_keys(authors, document, author, reasons, err);
    if (status != SVMS_OK) {
        svms_camera_author_free(&author);
        return status;
    }
    *out = author;
    return SVMS_OK;
}

/* Does this key of the author fit? *fits says; what is wrong with it is added to reasons. */
static svms_status try_key(svms_camera_authors *authors, svms_camera_key *key,
                           const svms_camera_document *document, bool *fits, uint32_t *reasons,
                           svms_error *err)
{
    *fits = false;
    if (!key) {
        return SVMS_OK;
    }
    const svms_camera_algorithms *algorithms = svms_camera_authors_algorithms(authors, document);
    svms_status status = svms_camera_key_verify(key, authors->hasher, algorithms, document, err);
    *fits = status == SVMS_OK;
    switch (status) {
    case SVMS_E_NOT_AUTHENTIC:
        *reasons |= SVMS_CAMERA_WHY_SEI_CHANGED;
        return SVMS_OK;
    case SVMS_E_UNSUPPORTED:
        *reasons |= SVMS_CAMERA_WHY_UNSUPPORTED;
        return SVMS_OK;
    case SVMS_E_MALFORMED:
        *reasons |= SVMS_CAMERA_WHY_SEI_MALFORMED;
        return SVMS_OK;
    default:
        return status;
    }
}

/* A user's key signs GOPs, never certificates (CS-DOC-7). */
static svms_status try_author(svms_camera_authors *authors, svms_camera_author *author,
                              const svms_camera_document *document, svms_camera_signature *out,
                              svms_error *err)
{
    bool fits = false;
    svms_status status = SVMS_OK;
    if (!document->is_certificate) {
        status = try_key(authors, author->user, document, &fits, &out->reasons, err);
        out->by_user = fits;
    }
    if (status == SVMS_OK && !fits) {
        status = try_key(authors, author->maker, document, &fits, &out->reasons, err);
    }
    if (fits) {
        out->author = author;
        out->reasons = 0;
    }
    return status;
}

/* Where there is one already that has the same keys, that one: equal texts are one key. */
static svms_camera_author *find_author(const svms_camera_authors *authors,
                                       const svms_camera_author *like)
{
    for (size_t i = 0; i < authors->count; i++) {
        svms_camera_author *author = authors->authors[i];
        bool has_maker = author->maker == like->maker || !like->maker;
        if (has_maker && author->user == like->user) {
            return author;
        }
    }
    return NULL;
}

/* The place for one more: the one that covered nothing and was used longest ago is given up. */
static svms_camera_author **find_place(svms_camera_authors *authors)
{
    if (authors->count < SVMS_CAMERA_AUTHORS) {
        return &authors->authors[authors->count++];
    }
    size_t worst = 0;
    for (size_t i = 1; i < authors->count; i++) {
        const svms_camera_author *one = authors->authors[i];
        const svms_camera_author *other = authors->authors[worst];
        bool is_idler = !one->has_covered && other->has_covered;
        if (is_idler ||
            (one->has_covered == other->has_covered && one->last_use < other->last_use)) {
            worst = i;
        }
    }
    svms_camera_author_free(&authors->authors[worst]);
    return &authors->authors[worst];
}

/* The certificates in the document itself. */
static svms_status verify_by_own(svms_camera_authors *authors, const svms_camera_document *document,
                                 svms_camera_signature *out, svms_error *err)
{
    svms_camera_author *made = NULL;
    uint32_t reasons = 0;
    svms_status status = make_author(authors, document, &made, &reasons, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_camera_author *known = find_author(authors, made);
    status = try_author(authors, known ? known : made, document, out, err);
    if (status != SVMS_OK || !out->author) {
        out->reasons |= reasons;
        svms_camera_author_free(&made);
        return status;
    }
    if (known) {
        svms_camera_author_free(&made);
    } else {
        *find_place(authors) = made;
    }
    out->author->is_bound |= document->user_pem.data && document->maker_pem.data && !out->by_user;
    return SVMS_OK;
}

/* The certificates of documents before, those used last first. */
static svms_status verify_by_known(svms_camera_authors *authors,
                                   const svms_camera_document *document, svms_camera_signature *out,
                                   svms_error *err)
{
    uint64_t before = UINT64_MAX;
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < authors->count && status == SVMS_OK && !out->author; i++) {
        svms_camera_author *next = NULL;
        for (size_t j = 0; j < authors->count; j++) {
            svms_camera_author *one = authors->authors[j];
            if (one->last_use < before && (!next || one->last_use > next->last_use)) {
                next = one;
            }
        }
        if (!next) {
            break;
        }
        before = next->last_use;
        status = try_author(authors, next, document, out, err);
    }
    if (authors->count == 0) {
        out->reasons |= SVMS_CAMERA_WHY_NO_KEY;
    }
    return status;
}

static svms_status keep_text(char out[SVMS_CAMERA_TEXT_SIZE], svms_ctx *ctx,
                             const svms_camera_text *text, svms_error *err)
{
    svms_builder printable = svms_builder_new(ctx, (size_t)8 * SVMS_CAMERA_TEXT_SIZE);
    svms_name_put(&printable, text->data, text->size);
    svms_put_u8(&printable, 0);
    svms_status status = svms_builder_check(&printable, "what a camera says of itself", err);
    if (status == SVMS_OK) {
        svms_name_fit(out, SVMS_CAMERA_TEXT_SIZE, &printable);
    }
    svms_builder_clear(&printable);
    return status;
}

static svms_status keep_texts(svms_camera_author *author, const svms_camera_document *document,
                              svms_error *err)
{
    if (!document->has_vendor || author->has_texts) {
        return SVMS_OK;
    }
    svms_status status = keep_text(author->firmware, author->ctx, &document->firmware, err);
    if (status == SVMS_OK) {
        status = keep_text(author->serial, author->ctx, &document->serial, err);
    }
    if (status == SVMS_OK) {
        status = keep_text(author->manufacturer, author->ctx, &document->manufacturer, err);
    }
    author->has_texts = status == SVMS_OK;
    return status;
}

svms_status svms_camera_authors_verify(svms_camera_authors *authors,
                                       const svms_camera_document *document,
                                       svms_camera_signature *out, svms_error *err)
{
    *out = (svms_camera_signature){ 0 };
    bool has_own = document->maker_pem.data || document->user_pem.data || document->public_pem.data;
    svms_status status = has_own ? verify_by_own(authors, document, out, err)
                                 : verify_by_known(authors, document, out, err);
    if (status != SVMS_OK || !out->author) {
        return status;
    }
    out->author->last_use = ++authors->uses;
    if (document->has_cryptography) {
        bool is_axis = document->format != SVMS_CAMERA_FORMAT_MEDIA_SIGNING;
        *(is_axis ? &authors->axis : &authors->algorithms) = document->algorithms;
    }
    return keep_texts(out->author, document, err);
}

static svms_status text_of(svms_ctx *ctx, const svms_chain *chain, svms_camera_text *out,
                           svms_error *err)
{
    char *pem = NULL;
    size_t size = 0;
    svms_status status = svms_chain_to_pem(chain, NULL, &size, err);
    if (status != SVMS_E_LIMIT) {
        return status;
    }
    pem = svms_alloc(ctx, ++size);
    if (!pem) {
        return svms_fail_memory(err);
    }
    status = svms_chain_to_pem(chain, pem, &size, err);
    if (status != SVMS_OK) {
        svms_release(ctx, pem);
        return status;
    }
    *out = (svms_camera_text){ (const uint8_t *)pem, size };
    return SVMS_OK;
}

svms_status svms_camera_authors_add(svms_camera_authors *authors, const svms_chain *chain,
                                    svms_error *err)
{
    svms_camera_text pem = { NULL, 0 };
    svms_camera_author *author = svms_alloc(authors->ctx, sizeof *author);
    if (!author) {
        return svms_fail_memory(err);
    }
    author->ctx = authors->ctx;
    author->users = 1;
    svms_status status = text_of(authors->ctx, chain, &pem, err);
    if (status == SVMS_OK) {
        status = svms_camera_key_of_chain(&author->maker, authors->ctx, chain, &pem, err);
    }
    svms_release(authors->ctx, (void *)(uintptr_t)pem.data);
    if (status != SVMS_OK) {
        svms_camera_author_free(&author);
        return status;
    }
    /* The SEI that is not there said which hash it is; where no other does, this is the usual one.
     */
    authors->algorithms.hash = SVMS_CAMERA_SHA256;
    author->last_use = ++authors->uses;
    *find_place(authors) = author;
    return SVMS_OK;
}
