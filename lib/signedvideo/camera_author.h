/* SPDX-License-Identifier: Apache-2.0 */
/* Whose signatures the SEIs of a stream have: certificates that came with a valid signature of
 * theirs, and what was found out about them (CS-DOC-7, CS-VER-10). */
#ifndef SVMS_CAMERA_AUTHOR_H
#define SVMS_CAMERA_AUTHOR_H

#include <svms/signedvideo.h>

#include "camera_key.h"

/* What a path check said, and for which times. */
typedef struct svms_camera_finding {
    bool is_known;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    svms_identity_result result;
} svms_camera_finding;

/* Shared by count: one thread at a time. */
typedef struct svms_camera_author {
    svms_ctx *ctx;
    size_t users;
    svms_camera_key *maker; /* or NULL */
    svms_camera_key *user;  /* or NULL */
    bool is_bound;          /* the maker's key signed something that has the user's key, too */
    bool has_covered;       /* it signed what is in the stream */
    uint64_t last_use;
    svms_camera_finding of_maker;
    svms_camera_finding of_user;
    bool has_texts;
    char firmware[SVMS_CAMERA_TEXT_SIZE];
    char serial[SVMS_CAMERA_TEXT_SIZE];
    char manufacturer[SVMS_CAMERA_TEXT_SIZE];
} svms_camera_author;

/* As many are remembered; those that covered nothing are forgotten first. */
#define SVMS_CAMERA_AUTHORS 8

typedef struct svms_camera_authors {
    svms_ctx *ctx;
    svms_camera_hasher *hasher;
    svms_camera_author *authors[SVMS_CAMERA_AUTHORS];
    size_t count;
    uint64_t uses;
    svms_camera_algorithms algorithms; /* of the last verified document that says them */
    svms_camera_algorithms axis;       /* the same, of those of Axis */
} svms_camera_authors;

/* Who signed, and with which of the two keys. */
typedef struct svms_camera_signature {
    svms_camera_author *author; /* borrowed; NULL: nobody whose signature fits */
    bool by_user;
    uint32_t reasons; /* why nobody: SVMS_CAMERA_WHY_... */
} svms_camera_signature;

void svms_camera_authors_init(svms_camera_authors *authors, svms_ctx *ctx,
                              svms_camera_hasher *hasher);
void svms_camera_authors_clear(svms_camera_authors *authors);
/* Verifies the signature of a document, and remembers its certificates when it fits. SVMS_OK
 * whatever the signature is like; SVMS_E_NO_MEMORY, SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_camera_authors_verify(svms_camera_authors *authors,
                                                       const svms_camera_document *document,
                                                       svms_camera_signature *out, svms_error *err);

/* Certificates that the caller brings, as if a certificate SEI had brought them. As
 * svms_camera_key_new(). */
SVMS_MUST_CHECK svms_status svms_camera_authors_add(svms_camera_authors *authors,
                                                    const svms_chain *chain, svms_error *err);

svms_camera_author *svms_camera_author_retain(svms_camera_author *author);
void svms_camera_author_free(svms_camera_author **author);
/* SHA-256 of who signed, svms_camera_key_digest(). Borrowed. */
const uint8_t *svms_camera_author_digest(const svms_camera_author *author, bool by_user);
/* The algorithms of a document: its own, or those of the ones before it. Borrowed. */
const svms_camera_algorithms *svms_camera_authors_algorithms(const svms_camera_authors *authors,
                                                             const svms_camera_document *document);
/* The chain of the key that signed; NULL when that came without one. Borrowed. */
const svms_chain *svms_camera_author_chain(const svms_camera_author *author, bool by_user);

/* Whom the caller trusts, and how it is asked. */
typedef struct svms_camera_trust {
    const svms_trust *maker; /* or NULL */
    const svms_trust *user;  /* or NULL */
    svms_time_policy policy;
    int64_t now_utc_ns; /* SVMS_NO_TIME: the context's clock */
    int64_t attested_utc_ns;
} svms_camera_trust;

/* Who is it, at these signed times? Fills result. SVMS_E_NO_MEMORY, SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_camera_author_check(svms_camera_author *author, bool by_user,
                                                     const svms_camera_trust *trust,
                                                     int64_t from_utc_ns, int64_t to_utc_ns,
                                                     svms_identity_result *result, svms_error *err);

#endif
