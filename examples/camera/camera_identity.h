/* SPDX-License-Identifier: Apache-2.0 */
/* Who a camera is: the folder that `svms enroll` and `svms identity` make, with cert.pem, key.pem
 * and ca.pem. Read again when it was renewed. Any thread. */
#ifndef CAMERA_IDENTITY_H
#define CAMERA_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

typedef struct camera_identity camera_identity;

/* One reading of the folder; counted, never changed. */
typedef struct camera_papers {
    uint64_t number; /* grows with each reading that was new */
    svms_chain *chain;
    svms_private_key *key;
    svms_trust *trust;
    void *hold; /* the identity's own */
} camera_papers;

/* crl: file with revocations of the authorities, or NULL. SVMS_E_STATE: the device is not
 * enrolled. SVMS_E_UNTRUSTED: the certificate is not for a camera. Key files that others can read
 * are refused (SVMS_E_POLICY). */
svms_status camera_identity_open(camera_identity **out, svms_ctx *ctx, const char *folder,
                                 const char *crl, svms_error *err);
/* Give it back. */
const camera_papers *camera_identity_take(camera_identity *identity);
void camera_identity_give(camera_identity *identity, const camera_papers **papers);
/* Reads again. SVMS_OK and *is_new: others than before. What cannot be used replaces nothing. */
svms_status camera_identity_reload(camera_identity *identity, bool *is_new, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void camera_identity_close(camera_identity **identity);

#endif
