/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a root, a CA below it and a leaf of each role for one kind of key into a folder, for
 * openssl_accepts.sh to look at: write_certificates FOLDER P-256|P-384|ED25519|RSA */
#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#include "chain_internal.h"
#include "key_internal.h"

#define PEM_SIZE 8192

typedef struct authority {
    svms_ctx *ctx;
    const char *folder;
    svms_private_key *key;
    char root[PEM_SIZE];
    char below[PEM_SIZE];
} authority;

static int write_text(const char *folder, const char *name, const char *text)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.pem", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        return 1;
    }
    int failed = fputs(text, file) < 0;
    return fclose(file) != 0 || failed;
}

static int issue(const authority *by, svms_role role, const char *issuer_pem, char out[PEM_SIZE])
{
    svms_error err = SVMS_ERROR_INIT;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_chain *issuer = NULL;
    size_t size = PEM_SIZE;
    options.role = role;
    options.common_name = role != SVMS_ROLE_NONE ? svms_role_name(role)
                          : issuer_pem           ? "Issuing CA"
                                                 : "Root CA";
    svms_status status = svms_time_parse(&options.not_before_utc_ns, "2020-01-01T00:00:00Z", &err);
    if (status == SVMS_OK) {
        status = svms_time_parse(&options.not_after_utc_ns, "2060-01-01T00:00:00Z", &err);
    }
    if (status == SVMS_OK && issuer_pem) {
        status = svms_chain_from_pem(&issuer, by->ctx, issuer_pem, strlen(issuer_pem), &err);
    }
    if (status == SVMS_OK) {
        status = svms_certificate_issue(by->ctx, &options, by->key, issuer, issuer ? by->key : NULL,
                                        out, &size, &err);
    }
    svms_chain_free(&issuer);
    if (status != SVMS_OK) {
        fprintf(stderr, "%s: %s\n", options.common_name, err.message);
    }
    return status != SVMS_OK;
}

static int make_key(authority *by, const char *kind)
{
    EVP_PKEY *pkey;
    if (kind[0] == 'P') {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    } else if (strcmp(kind, "RSA") == 0) {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    } else {
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, kind);
    }
    if (!pkey) {
        return 1;
    }
    svms_status status = svms_private_key_from_evp(&by->key, by->ctx, pkey, NULL);
    EVP_PKEY_free(pkey);
    return status != SVMS_OK;
}

int main(int argc, char **argv)
{
    static authority by;
    if (argc != 3 || svms_ctx_new(&by.ctx, NULL, NULL) != SVMS_OK) {
        return 2;
    }
    by.folder = argv[1];
    int failed = make_key(&by, argv[2]) || issue(&by, SVMS_ROLE_NONE, NULL, by.root) ||
                 issue(&by, SVMS_ROLE_NONE, by.root, by.below) ||
                 write_text(by.folder, "root", by.root) || write_text(by.folder, "below", by.below);
    for (svms_role role = SVMS_ROLE_CAMERA; !failed && role <= SVMS_ROLE_KEY_OFFICER; role++) {
        char leaf[PEM_SIZE];
        failed =
            issue(&by, role, by.below, leaf) || write_text(by.folder, svms_role_name(role), leaf);
    }
    svms_private_key_free(&by.key);
    svms_ctx_free(&by.ctx);
    return failed;
}
