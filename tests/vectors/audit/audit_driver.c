/* SPDX-License-Identifier: Apache-2.0 */
/* Does with logs and proofs what each line of its input says, and answers with one line: for the
 * comparison with another implementation.
 *
 *   make FOLDER RECORDS RECORDS   a log of two epochs; answers with its key
 *   check FOLDER KEY              answers with the status and the first wrong record, or -
 *   prove FOLDER KEY INDEX FILE   writes a proof
 *   verify KEY FILE               answers with the status, index and size, or - - */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/audit_check.h>
#include <svms/audit_proof.h>

#define LINE_MAX_SIZE 4096
#define RECORD_SIZE 48

static svms_ctx *ctx;

static void need(svms_status status, const svms_error *err)
{
    if (status != SVMS_OK) {
        fprintf(stderr, "%s\n", err->message);
        exit(1);
    }
}

static void append(const svms_folder *folder, unsigned count)
{
    svms_audit_log_options options = SVMS_AUDIT_LOG_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_log *log = NULL;
    options.server = "vms";
    need(svms_audit_log_open(&log, ctx, folder, &options, &err), &err);
    for (unsigned i = 0; i < count; i++) {
        char record[RECORD_SIZE];
        uint64_t first;
        svms_iovec run = { record, (size_t)snprintf(record, sizeof record, "{\"n\":%u}", i) };
        need(svms_audit_log_append(log, &run, 1, &first, &err), &err);
    }
    need(svms_audit_log_close(&log, &err), &err);
}

static void make(const char *path, unsigned first, unsigned second)
{
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char key[SVMS_AUDIT_KEY_SIZE];
    need(svms_folder_open(&folder, ctx, path, 1, &err), &err);
    need(svms_audit_log_create(ctx, &folder, "vms.example/c", key, &err), &err);
    append(&folder, first);
    append(&folder, second);
    svms_folder_close(&folder);
    printf("%s\n", key);
}

static void check(const char *path, const char *key)
{
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    trust.log_key = key;
    need(svms_folder_open(&folder, ctx, path, 0, &err), &err);
    svms_status status = svms_audit_check(ctx, &folder, &trust, NULL, &report, &err);
    if (report.first_wrong == SVMS_NO_RECORD) {
        printf("%s -\n", svms_status_name(status));
    } else {
        printf("%s %" PRIu64 "\n", svms_status_name(status), report.first_wrong);
    }
    svms_folder_close(&folder);
}

static void prove(const char *path, const char *key, uint64_t index, const char *out)
{
    static char proof[1 << 20];
    svms_folder folder = SVMS_FOLDER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_reader *reader = NULL;
    size_t size = sizeof proof;
    trust.log_key = key;
    need(svms_folder_open(&folder, ctx, path, 0, &err), &err);
    need(svms_audit_reader_open(&reader, ctx, &folder, &trust, &err), &err);
    need(svms_audit_prove(reader, index, proof, &size, &err), &err);
    svms_audit_reader_close(&reader);
    svms_folder_close(&folder);
    FILE *file = fopen(out, "wb");
    if (!file || fwrite(proof, 1, size, file) != size || fclose(file) != 0) {
        perror(out);
        exit(1);
    }
    printf("ok\n");
}

static void verify(const char *key, const char *path)
{
    static char proof[1 << 20];
    svms_audit_trust trust = SVMS_AUDIT_TRUST_INIT;
    svms_audit_proven proven = SVMS_AUDIT_PROVEN_INIT;
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t size = fread(proof, 1, sizeof proof, file);
    fclose(file);
    trust.log_key = key;
    svms_status status = svms_audit_proof_verify(&proven, ctx, &trust, proof, size, NULL);
    if (status == SVMS_OK) {
        printf("ok %" PRIu64 " %" PRIu64 "\n", proven.index, proven.size);
    } else {
        printf("%s - -\n", svms_status_name(status));
    }
    svms_audit_proven_clear(&proven);
}

int main(void)
{
    char line[LINE_MAX_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    need(svms_ctx_new(&ctx, NULL, &err), &err);
    while (fgets(line, sizeof line, stdin)) {
        char *word[6] = { NULL };
        unsigned count = 0;
        for (char *at = strtok(line, " \n"); at && count < 5; at = strtok(NULL, " \n")) {
            word[count++] = at;
        }
        if (count == 4 && strcmp(word[0], "make") == 0) {
            make(word[1], (unsigned)atoi(word[2]), (unsigned)atoi(word[3]));
        } else if (count == 3 && strcmp(word[0], "check") == 0) {
            check(word[1], word[2]);
        } else if (count == 5 && strcmp(word[0], "prove") == 0) {
            prove(word[1], word[2], strtoull(word[3], NULL, 10), word[4]);
        } else if (count == 3 && strcmp(word[0], "verify") == 0) {
            verify(word[1], word[2]);
        } else {
            return 2;
        }
        fflush(stdout);
    }
    svms_ctx_free(&ctx);
    return 0;
}
