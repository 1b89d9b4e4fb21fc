/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the boxes of export files. */
#ifndef SVMS_ONVIF_BUILD_H
#define SVMS_ONVIF_BUILD_H

#include "onvif_algorithm.h"
#include "onvif_file.h"

/* Who signs, and what is said with the signature. */
typedef struct svms_onvif_signing {
    svms_ctx *ctx;
    const svms_chain *chain;
    const svms_private_key *key;
    const char *note;
    const svms_onvif_start *starts;
    uint32_t start_count;
    /* Found by svms_onvif_prepare_signing(). */
    svms_onvif_algorithm algorithm;
    size_t signature_size;
    size_t signature_at; /* where the signature goes in what was built */
} svms_onvif_signing;

/* Checks what was given, the key and its certificate; first is the role to begin with, second one
 * that also does, or SVMS_ROLE_NONE. */
SVMS_MUST_CHECK svms_status svms_onvif_prepare_signing(svms_onvif_signing *signing, svms_role first,
                                                       svms_role second, svms_error *err);
/* Starts of tracks that are not among ids are refused. */
SVMS_MUST_CHECK svms_status svms_onvif_check_starts(const svms_onvif_signing *signing,
                                                    const uint32_t *ids, uint32_t count,
                                                    svms_error *err);
/* A sinf whose signature is zero; signature_at counts from the builder's beginning. */
void svms_onvif_put_sinf(svms_builder *builder, svms_onvif_signing *signing);

/* Begins a box; the result goes to svms_onvif_end_box(). */
size_t svms_onvif_begin_box(svms_builder *builder, uint32_t type);
void svms_onvif_end_box(svms_builder *builder, size_t position);
/* Text and its NUL; NULL is empty. */
void svms_onvif_put_text(svms_builder *builder, const char *text);
/* SVMS_E_USAGE unless text is NULL or UTF-8 of at most limit bytes. */
SVMS_MUST_CHECK svms_status svms_onvif_check_text(const char *text, size_t limit, const char *what,
                                                  svms_error *err);

#endif
