/* SPDX-License-Identifier: Apache-2.0 */
/* Who the recorder is to cameras and clients: the folder that `svms enroll` makes and renews; and
 * whom it believes. */
#ifndef RECORDER_IDENTITY_H
#define RECORDER_IDENTITY_H

#include <svms/svms.h>

typedef struct recorder_identity {
    svms_chain *chain;
    svms_private_key *key;
    svms_trust *trust; /* who issued it */
} recorder_identity;

/* cert.pem, key.pem and ca.pem of the folder; err names the file. SVMS_E_UNTRUSTED: it is for no
 * recorder. */
svms_status recorder_identity_load(recorder_identity *out, svms_ctx *ctx, const char *folder,
                                   svms_error *err);
/* A cleared one is accepted. */
void recorder_identity_free(recorder_identity *self);

/* A chain and its key, whatever they are for. */
svms_status recorder_signer_load(svms_chain **chain, svms_private_key **key, svms_ctx *ctx,
                                 const char *certificate, const char *key_path, svms_error *err);

/* CA certificates (PEM) of a file, with the revocations of another one, or NULL. */
svms_status recorder_trust_load(svms_trust **out, svms_ctx *ctx, const char *anchors,
                                const char *crl, svms_error *err);

#endif
