/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies a recording against a CA: verify FILE.svms CA.pem */
#include <inttypes.h>
#include <stdio.h>

#include <svms/svms.h>

/* Returns 0 only when every byte is authentic and the signer leads to the given CA. */
static int verify(svms_ctx *ctx, const char *path, const svms_trust *trust)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;

    if (svms_source_open_file(&source, ctx, path, &err) != SVMS_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    options.trust = trust;
    svms_status status = svms_verify_container(ctx, &source, &options, &report, &err);
    svms_source_close(&source);
    if (status == SVMS_OK) {
        printf("authentic: %" PRIu64 " segments signed by %s\n", report.segments_verified,
               report.signer);
        return 0;
    }
    printf("%s: %s\n", svms_status_name(status), err.message);
    if (err.segment != SVMS_NO_SEGMENT)
        printf("first failure in segment %" PRIu64 ", byte %" PRIu64 "\n", err.segment, err.offset);
    return 1;
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

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    svms_error err = SVMS_ERROR_INIT;
    int result = 1;
    if (count != 3) {
        fprintf(stderr, "usage: verify FILE.svms CA.pem\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = load_trust(&trust, ctx, arguments[2], &err);
    }
    if (status == SVMS_OK) {
        result = verify(ctx, arguments[1], trust);
    } else {
        fprintf(stderr, "verify: %s\n", err.message);
    }
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return result;
}
