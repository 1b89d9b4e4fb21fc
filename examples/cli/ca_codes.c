/* SPDX-License-Identifier: Apache-2.0 */
#include "ca_codes.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "head_text.h"
#include "message.h"

#define ID_SIZE ((CA_CODE_ID_TEXT - 1) / 2)

static exit_status provider_failed(void)
{
    complain("cannot make a code: the provider failed");
    return EXIT_ENVIRONMENT;
}

/* Ids are short, for people, so that two could be the same. */
static exit_status choose_id(const ca_folder *folder, char id[CA_CODE_ID_TEXT])
{
    bool taken = true;
    while (taken) {
        uint8_t random[ID_SIZE];
        if (RAND_bytes(random, sizeof random) != 1) {
            return provider_failed();
        }
        memcpy(id, head_text_of(random, sizeof random).text, CA_CODE_ID_TEXT);
        taken = ca_journal_find_code(&folder->journal, id) != NULL;
    }
    return EXIT_GOOD;
}

exit_status ca_code_make(ca_folder *folder, ca_code *code, est_code *out)
{
    svms_certificate_info top = SVMS_CERTIFICATE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_chain_certificate(folder->chain, svms_chain_count(folder->chain) - 1, &top, &err) !=
        SVMS_OK) {
        return complain_error(&err, "cannot use %s/%s", folder->path, CA_CERTIFICATE_NAME);
    }
    memcpy(out->fingerprint, top.sha256, sizeof out->fingerprint);
    if (RAND_priv_bytes(out->secret, sizeof out->secret) != 1 ||
        EVP_Q_digest(NULL, "SHA256", NULL, out->secret, sizeof out->secret, code->sha256, NULL) !=
            1) {
        return provider_failed();
    }
    exit_status status = choose_id(folder, code->id);
    if (status == EXIT_GOOD) {
        status = ca_journal_add_code(&folder->journal, code);
    }
    if (status != EXIT_GOOD) {
        OPENSSL_cleanse(out->secret, sizeof out->secret);
    }
    return status;
}
