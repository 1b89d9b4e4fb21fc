/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a recording while it is written, until its end: follow FILE.svms
 * The password is the one of write.c; read.c shows how to take it from a file. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include <svms/svms.h>

static void wait_a_little(void)
{
    const struct timespec pause = { 0, 50000000 };
    nanosleep(&pause, NULL);
}

/* Every segment is announced as soon as its signature verifies. */
static svms_status follow(svms_reader *reader, svms_error *err)
{
    uint64_t announced = SVMS_NO_SEGMENT;
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_status status = svms_reader_next(reader, &sample, err);
        if (status == SVMS_AGAIN) {
            wait_a_little();
            continue;
        }
        if (status != SVMS_OK) {
            return status;
        }
        if (sample.segment != announced) {
            char time[SVMS_TIME_TEXT_SIZE];
            svms_time_format(sample.utc_ns, time);
            printf("segment %" PRIu64 " from %s\n", sample.segment, time);
            fflush(stdout);
            announced = sample.segment;
        }
    }
}

/* The recorder may not have written the header yet. */
static svms_status open_when_there(svms_reader **out, svms_ctx *ctx, svms_source *source,
                                   const char *path, const svms_reader_options *options,
                                   svms_error *err)
{
    svms_status status = SVMS_E_IO;
    for (int i = 0; i < 200 && status != SVMS_OK; i++) {
        svms_source_close(source);
        status = svms_source_open_file(source, ctx, path, err);
        if (status == SVMS_OK) {
            status = svms_reader_open(out, ctx, source, options, err);
        }
        if (status != SVMS_OK) {
            wait_a_little();
        }
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
    if (count != 2) {
        fprintf(stderr, "usage: follow FILE.svms\n");
        return 2;
    }
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = svms_keyring_new(&ring, ctx, &err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_password(ring, "demonstration", 13, &err);
    }
    if (status == SVMS_OK) {
        options.keys = ring;
        status = open_when_there(&reader, ctx, &source, arguments[1], &options, &err);
    }
    if (status == SVMS_OK) {
        status = follow(reader, &err);
    }
    if (status != SVMS_END) {
        fprintf(stderr, "follow: %s\n", err.message);
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
    svms_keyring_free(&ring);
    svms_ctx_free(&ctx);
    return status == SVMS_END ? 0 : 1;
}
