/* SPDX-License-Identifier: Apache-2.0 */
/* Prints every sample of a recording that verifies: read FILE.svms PASSWORD-FILE */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

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

static svms_status print_samples(svms_reader *reader, svms_error *err)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_status status;
    while ((status = svms_reader_next(reader, &sample, err)) == SVMS_OK) {
        char time[SVMS_TIME_TEXT_SIZE];
        svms_time_format(sample.utc_ns, time);
        printf("%s track %" PRIu32 " segment %" PRIu64 ": %zu bytes\n", time, sample.track,
               sample.segment, sample.size);
    }
    return status;
}

int main(int count, char **arguments)
{
    svms_ctx *ctx = NULL;
    svms_source source = SVMS_SOURCE_INIT;
    svms_keyring *ring = NULL;
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    if (count != 3) {
        fprintf(stderr, "usage: read FILE.svms PASSWORD-FILE\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = svms_keyring_new(&ring, ctx, &err);
    }
    if (status == SVMS_OK) {
        status = read_password(ring, arguments[2], &err);
    }
    if (status == SVMS_OK) {
        status = svms_source_open_file(&source, ctx, arguments[1], &err);
    }
    if (status == SVMS_OK) {
        options.keys = ring;
        status = svms_reader_open(&reader, ctx, &source, &options, &err);
    }
    if (status == SVMS_OK) {
        status = print_samples(reader, &err);
    }
    if (status == SVMS_AGAIN) {
        fprintf(stderr, "the recording has no end yet\n");
    }
    if (status < 0) {
        fprintf(stderr, "read: %s\n", err.message);
    }

    svms_reader_close(&reader);
    svms_source_close(&source);
    svms_keyring_free(&ring);
    svms_ctx_free(&ctx);
    return status == SVMS_END ? 0 : 1;
}
