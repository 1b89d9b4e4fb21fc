/* SPDX-License-Identifier: Apache-2.0 */
#include "device_id.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>

#include "message.h"

#define DEVICE_ID_LABEL "svms device"

exit_status device_id_of_name(uint8_t id[16], const char *name)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool done = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
                EVP_DigestUpdate(hash, DEVICE_ID_LABEL, strlen(DEVICE_ID_LABEL)) == 1 &&
                EVP_DigestUpdate(hash, name, strlen(name)) == 1 &&
                EVP_DigestFinal_ex(hash, digest, NULL) == 1;
    EVP_MD_CTX_free(hash);
    if (!done) {
        complain("cannot derive the device id");
        return EXIT_ENVIRONMENT;
    }
    memcpy(id, digest, 16);
    return EXIT_GOOD;
}
