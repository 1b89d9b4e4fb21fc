/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies an evidence package and reads what is in it: receive FILE.svmx PASSWORD-FILE CA.pem ...
 * Several CAs may be needed, of those who record and of those who export. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

/* Who signed, as each link is judged. */
static void print_link(void *user, const svms_export_link *link)
{
    (void)user;
    printf("link %" PRIu32 " %s: %s, as %s, \"%s\"\n", link->number,
           svms_verdict_name(link->verdict), link->signer, svms_role_name(link->role), link->note);
}

/* Returns 0 only when recordings and links are what was signed, by people whom the CAs vouch for.
 */
static int verify(svms_evidence *package, const svms_trust *trust)
{
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;

    options.trust = trust;
    options.link = print_link;
    svms_status status = svms_export_verify(package, &options, &report, &err);
    if (status == SVMS_OK) {
        printf("authentic: every byte is what was signed\n");
        return 0;
    }
    printf("%s: %s\n", svms_status_name(status), err.message);
    if (report.has_failure && report.failure_segment != SVMS_NO_SEGMENT)
        printf("first failure in source %" PRIu32 ", segment %" PRIu64 "\n", report.failure_source,
               report.failure_segment);
    return 1;
}

/* A package that forbids re-export may be shown, and not be written to other files. */
static int print_samples(svms_evidence *package, uint32_t source)
{
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_export_extract(&reader, package, source, NULL, &err);
    while (status == SVMS_OK && (status = svms_reader_next(reader, &sample, &err)) == SVMS_OK) {
        char time[SVMS_TIME_TEXT_SIZE];
        svms_time_format(sample.utc_ns, time);
        printf("%s source %" PRIu32 " track %" PRIu32 ": %zu bytes\n", time, source, sample.track,
               sample.size);
    }
    svms_reader_close(&reader);
    if (status != SVMS_END) {
        fprintf(stderr, "receive: %s\n", err.message);
    }
    return status == SVMS_END ? 0 : 1;
}

static svms_status read_password(svms_keyring *ring, const char *path, svms_error *err)
{
    char password[1025] = "";
    FILE *file = fopen(path, "r");
    if (!file || !fgets(password, sizeof password, file)) {
        fprintf(stderr, "cannot read %s\n", path);
    }
    if (file) {
        fclose(file);
    }
    return svms_keyring_add_password(ring, password, strcspn(password, "\n"), err);
}

/* The certificates of all files, one behind the other. */
static svms_status load_trust(svms_trust **out, svms_ctx *ctx, char **paths, int count,
                              svms_error *err)
{
    char pem[16384];
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        FILE *file = fopen(paths[i], "r");
        size += file ? fread(pem + size, 1, sizeof pem - size, file) : 0;
        if (file) {
            fclose(file);
        }
    }
    return svms_trust_from_pem(out, ctx, pem, size, err);
}

static svms_status open_package(svms_evidence **out, svms_ctx *ctx, const svms_source *source,
                                const char *password_path, svms_error *err)
{
    svms_keyring *ring = NULL;
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_status status = svms_keyring_new(&ring, ctx, err);
    if (status == SVMS_OK) {
        status = read_password(ring, password_path, err);
    }
    if (status == SVMS_OK) {
        options.keys = ring;
        status = svms_export_open(out, ctx, source, &options, err);
    }
    svms_keyring_free(&ring);
    return status;
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    svms_source source = SVMS_SOURCE_INIT;
    svms_evidence *package = NULL;
    svms_evidence_info info = SVMS_EVIDENCE_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    int result = 1;
    if (count < 4) {
        fprintf(stderr, "usage: receive FILE.svmx PASSWORD-FILE CA.pem ...\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = load_trust(&trust, ctx, arguments + 3, count - 3, &err);
    }
    if (status == SVMS_OK) {
        status = svms_source_open_file(&source, ctx, arguments[1], &err);
    }
    if (status == SVMS_OK) {
        status = open_package(&package, ctx, &source, arguments[2], &err);
    }
    if (status == SVMS_OK) {
        status = svms_export_get_info(package, &info, &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "receive: %s\n", err.message);
    } else {
        result = verify(package, trust);
    }
    for (uint32_t i = 0; result == 0 && i < info.sources; i++) {
        result = print_samples(package, i);
    }

    svms_export_close(&package);
    svms_source_close(&source);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return result;
}
