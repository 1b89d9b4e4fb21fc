/* SPDX-License-Identifier: Apache-2.0 */
/* Makes an evidence package of a recording, and signs for it as somebody who received it:
 * export FILE.svms CA.pem OUT.svmx EXPORT-CA-OUT.pem
 * Both passwords are "demonstration". Real exporters and custodians load their keys from files. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#define PASSWORD "demonstration"
#define DAY_NS INT64_C(86400000000000)

typedef struct signer {
    svms_private_key *key;
    svms_chain *chain;
} signer;

/* A certificate for a new key; without issuer a CA. pem receives its text. */
static svms_status certify(svms_ctx *ctx, signer *out, svms_role role, const signer *issuer,
                           char *pem, size_t capacity, svms_error *err)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = role;
    options.common_name = issuer ? svms_role_name(role) : "snippet export CA";
    options.not_before_utc_ns = (int64_t)time(NULL) * 1000000000;
    options.not_after_utc_ns = options.not_before_utc_ns + DAY_NS;
    svms_status status = svms_private_key_generate(&out->key, ctx, err);
    if (status == SVMS_OK) {
        status = svms_certificate_issue(ctx, &options, out->key, issuer ? issuer->chain : NULL,
                                        issuer ? issuer->key : NULL, pem, &capacity, err);
    }
    if (status == SVMS_OK) {
        status = svms_chain_from_pem(&out->chain, ctx, pem, capacity, err);
    }
    return status;
}

/* Everything of the recording; what does not verify against the CA is refused. */
static svms_status add_recording(svms_export *package, svms_ctx *ctx, const char *path,
                                 const svms_trust *trust, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_keyring *keys = NULL;
    svms_export_source options = SVMS_EXPORT_SOURCE_INIT;
    svms_status status = svms_source_open_file(&source, ctx, path, err);
    if (status == SVMS_OK) {
        status = svms_keyring_new(&keys, ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_password(keys, PASSWORD, strlen(PASSWORD), err);
    }
    if (status == SVMS_OK) {
        options.keys = keys;
        options.trust = trust;
        status = svms_export_add_source(package, &source, &options, NULL, err);
    }
    svms_keyring_free(&keys);
    svms_source_close(&source);
    return status;
}

/* The file is a package when this has returned SVMS_OK, and not before. */
static svms_status make_package(svms_ctx *ctx, const char *recording, const char *path,
                                const svms_trust *trust, const signer *exporter, svms_error *err)
{
    svms_sink sink = SVMS_SINK_INIT;
    svms_export *package = NULL;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    options.signer.key = exporter->key;
    options.signer.chain = exporter->chain;
    options.password = PASSWORD;
    options.password_size = strlen(PASSWORD);
    options.case_number = "7/2026";
    options.reason = "asked for by the court";
    svms_status status = svms_sink_create_file(&sink, ctx, path, err);
    if (status == SVMS_OK) {
        status = svms_export_create(&package, ctx, &options, &sink, err);
    }
    if (status == SVMS_OK) {
        status = add_recording(package, ctx, recording, trust, err);
    }
    if (status == SVMS_OK) {
        status = svms_export_finish(package, NULL, err);
    }
    svms_export_abort(&package);
    svms_sink_close(&sink);
    return status;
}

/* Adds a link; nothing before it is changed. Keep the receipt: it shows when links are taken away.
 */
static svms_status countersign(svms_ctx *ctx, const char *path, const signer *custodian,
                               svms_error *err)
{
    svms_store store = SVMS_STORE_INIT;
    svms_export_signer options = SVMS_EXPORT_SIGNER_INIT;
    uint8_t receipt[32];
    options.role = SVMS_ROLE_CUSTODIAN;
    options.key = custodian->key;
    options.chain = custodian->chain;
    options.note = "received by hand";
    svms_status status = svms_store_open_file(&store, ctx, path, err);
    if (status == SVMS_OK) {
        status = svms_export_countersign(ctx, &store, &options, receipt, err);
    }
    svms_store_close(&store);
    for (size_t i = 0; status == SVMS_OK && i < sizeof receipt; i++) {
        printf("%02x%s", (unsigned)receipt[i], i + 1 < sizeof receipt ? "" : "\n");
    }
    return status;
}

static svms_status load_trust(svms_trust **out, svms_ctx *ctx, const char *path, svms_error *err)
{
    char pem[16384];
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(pem, 1, sizeof pem, file) : 0;
    if (file) {
        fclose(file);
    }
    return svms_trust_from_pem(out, ctx, pem, size, err);
}

static int save(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        return -1;
    }
    int written = fputs(text, file);
    return fclose(file) == 0 && written >= 0 ? 0 : -1;
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    signer ca = { NULL, NULL };
    signer exporter = { NULL, NULL };
    signer custodian = { NULL, NULL };
    svms_error err = SVMS_ERROR_INIT;
    char ca_pem[4096];
    char pem[4096];
    if (count != 5) {
        fprintf(stderr, "usage: export FILE.svms CA.pem OUT.svmx EXPORT-CA-OUT.pem\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = load_trust(&trust, ctx, arguments[2], &err);
    }
    if (status == SVMS_OK) {
        status = certify(ctx, &ca, SVMS_ROLE_NONE, NULL, ca_pem, sizeof ca_pem, &err);
    }
    if (status == SVMS_OK) {
        status = certify(ctx, &exporter, SVMS_ROLE_EXPORTER, &ca, pem, sizeof pem, &err);
    }
    if (status == SVMS_OK) {
        status = certify(ctx, &custodian, SVMS_ROLE_CUSTODIAN, &ca, pem, sizeof pem, &err);
    }
    if (status == SVMS_OK && save(arguments[4], ca_pem) != 0) {
        fprintf(stderr, "cannot write %s\n", arguments[4]);
        status = SVMS_E_IO;
    }
    if (status == SVMS_OK) {
        status = make_package(ctx, arguments[1], arguments[3], trust, &exporter, &err);
    }
    if (status == SVMS_OK) {
        status = countersign(ctx, arguments[3], &custodian, &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "export: %s\n", err.message);
    }

    svms_chain_free(&custodian.chain);
    svms_private_key_free(&custodian.key);
    svms_chain_free(&exporter.chain);
    svms_private_key_free(&exporter.key);
    svms_chain_free(&ca.chain);
    svms_private_key_free(&ca.key);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return status == SVMS_OK ? 0 : 1;
}
