/* SPDX-License-Identifier: Apache-2.0 */
/* Links (evidence.md, section 7). */
#ifndef SVMS_EXPORT_LINK_H
#define SVMS_EXPORT_LINK_H

#include <svms/export.h>

#include "builder.h"
#include "chain_internal.h"
#include "header.h"
#include "package_format.h"

/* What a link signs. */
typedef struct svms_link_object {
    svms_object_identity signer;
    uint8_t package_id[16];
    uint8_t h[SVMS_DIGEST_SIZE];
    uint32_t number;
    uint32_t policy;
    int64_t utc_ns;
    uint64_t offset;
    uint64_t previous_offset;
    uint8_t previous[SVMS_DIGEST_SIZE]; /* link 0: SHA-256 of the slot, or zeros */
    /* Link 0 only. */
    uint64_t directory_offset;
    uint8_t directory_hash[SVMS_DIGEST_SIZE];
    uint64_t frames;
    uint32_t sources;
    uint32_t attachments;
    uint8_t presentation_hash[SVMS_DIGEST_SIZE];
    uint64_t presentation_size;
    const char *note; /* not NUL-terminated when parsed */
    size_t note_size;
} svms_link_object;

/* A link as it stands in the file; pointers into its bytes. */
typedef struct svms_link_view {
    svms_link_object object;
    const uint8_t *raw_object;
    size_t raw_object_size;
    const uint8_t *chain;
    size_t chain_size;
    const uint8_t *signature;
    size_t signature_size;
    const uint8_t *token; /* size 0: none */
    size_t token_size;
    size_t size; /* of the whole link, without its tail */
} svms_link_view;

/* Largest link (E-OVR-5, C-LIM-1). */
#define SVMS_LINK_LARGEST                                                                          \
    (SVMS_LINK_FIXED_SIZE + SVMS_MAX_LINK_OBJECT + 65536u + 8192u + SVMS_EXPORT_MAX_TOKEN)

/* Signs object with signer (whose role, policy and note must already be in it; signer.* of the
 * object are set here), asks for a token if the signer has a callback, and appends link and tail.
 * head receives the head. */
SVMS_MUST_CHECK svms_status svms_link_sign(svms_builder *out, svms_ctx *ctx,
                                           svms_link_object *object,
                                           const svms_export_signer *signer,
                                           uint8_t head[SVMS_DIGEST_SIZE], svms_error *err);
/* The signer can sign links: key fits certificate, role is right and the certificate is valid now.
 * first: link 0. */
SVMS_MUST_CHECK svms_status svms_link_check_signer(svms_ctx *ctx, const svms_export_signer *signer,
                                                   bool first, svms_error *err);

/* Length of the link whose first bytes are given (SVMS_LINK_FIXED_SIZE of them). */
SVMS_MUST_CHECK svms_status svms_link_peek(const uint8_t *bytes, uint64_t offset, size_t *size,
                                           svms_error *err);
/* Structure, then the signature over the bounded raw object with the certificate it carries, then
 * its fields (C-OBJ-3); *chain is made. size: as svms_link_peek() says.
 * SVMS_E_MALFORMED, SVMS_E_LIMIT, SVMS_E_NOT_AUTHENTIC, SVMS_E_UNSUPPORTED. */
SVMS_MUST_CHECK svms_status svms_link_parse(svms_link_view *out, svms_chain **chain, svms_ctx *ctx,
                                            const uint8_t *bytes, size_t size, uint64_t offset,
                                            svms_error *err);
/* SHA-256(object || signature): what a token stamps (E-LNK-3). */
SVMS_MUST_CHECK svms_status svms_link_imprint(const svms_link_view *view, svms_ctx *ctx,
                                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

#endif
