/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a signed recording, in the clear, of samples that lie in files: for what no camera sends.
 * Usage: make_scene OUT CERT KEY SCENE
 * SCENE is a text of lines "device NAME", "track KIND CODEC TIMEBASE-DEN WIDTH HEIGHT CONFIG-FILE"
 * and "sample TRACK SYNC TICK DURATION FILE"; KIND is 1 video, 2 audio, 3 metadata; "-" is no
 * configuration. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#define MAX_TRACKS 8
#define MAX_LINE 4096

typedef struct scene {
    char device[MAX_LINE];
    svms_track tracks[MAX_TRACKS];
    uint32_t track_count;
    FILE *lines;
    char pending[MAX_LINE]; /* first line of a sample */
} scene;

static uint8_t *load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    uint8_t *bytes = NULL;
    long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (end >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)end + 1);
    }
    *size = 0;
    if (bytes) {
        *size = fread(bytes, 1, (size_t)end, file);
        bytes[*size] = 0;
    }
    fclose(file);
    return bytes;
}

static int read_track(const char *line, svms_track *track)
{
    char codec[5];
    char config[MAX_LINE];
    uint32_t kind = 0;
    if (sscanf(line, "track %" SCNu32 " %4s %" SCNu32 " %" SCNu32 " %" SCNu32 " %4095s", &kind,
               codec, &track->timebase_den, &track->width, &track->height, config) != 6 ||
        strlen(codec) != 4) {
        return -1;
    }
    track->kind = (svms_track_kind)kind;
    track->protection = SVMS_PROTECT_NONE;
    track->codec = SVMS_FOURCC(codec[0], codec[1], codec[2], codec[3]);
    if (strcmp(config, "-") == 0) {
        return 0;
    }
    size_t size = 0;
    track->config = load(config, &size);
    track->config_size = (uint32_t)size;
    return track->config ? 0 : -1;
}

/* Everything in front of the first sample. */
static int read_description(scene *into)
{
    while (fgets(into->pending, sizeof into->pending, into->lines)) {
        char *line = into->pending;
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "sample ", 7) == 0) {
            return 0;
        }
        if (strncmp(line, "device ", 7) == 0) {
            memcpy(into->device, line + 7, strlen(line + 7) + 1);
            continue;
        }
        if (into->track_count == MAX_TRACKS) {
            return -1;
        }
        svms_track *track = &into->tracks[into->track_count++];
        *track = (svms_track)SVMS_TRACK_INIT;
        if (read_track(line, track) != 0) {
            return -1;
        }
    }
    return -1;
}

static svms_status append(svms_writer *writer, const char *line, svms_error *err)
{
    char path[MAX_LINE];
    uint32_t is_sync = 0;
    svms_sample sample = SVMS_SAMPLE_INIT;
    if (sscanf(line, "sample %" SCNu32 " %" SCNu32 " %" SCNd64 " %" SCNu32 " %4095s", &sample.track,
               &is_sync, &sample.dts, &sample.duration, path) != 5) {
        fprintf(stderr, "make_scene: what is \"%s\"?\n", line);
        return SVMS_E_USAGE;
    }
    sample.pts = sample.dts;
    sample.flags = is_sync ? SVMS_SAMPLE_SYNC : 0;
    uint8_t *bytes = load(path, &sample.size);
    if (!bytes) {
        return SVMS_E_IO;
    }
    sample.data = bytes;
    svms_status status = svms_writer_append(writer, &sample, err);
    free(bytes);
    return status;
}

static svms_status record(svms_ctx *ctx, scene *from, const char *path,
                          svms_writer_options *options, svms_error *err)
{
    svms_sink sink = SVMS_SINK_INIT;
    svms_writer *writer = NULL;
    options->tracks = from->tracks;
    options->track_count = from->track_count;
    options->device_name = from->device;
    svms_status status = svms_time_parse(&options->start_utc_ns, "2026-11-21T10:00:00Z", err);
    if (status == SVMS_OK) {
        status = svms_sink_create_file(&sink, ctx, path, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_open(&writer, ctx, &sink, options, err);
    }
    char *line = from->pending;
    while (status == SVMS_OK && line) {
        status = append(writer, line, err);
        line = fgets(from->pending, sizeof from->pending, from->lines);
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, err);
    }
    svms_writer_abort(&writer);
    svms_sink_close(&sink);
    return status;
}

int main(int count, char **arguments)
{
    static scene made;
    svms_ctx *ctx = NULL;
    svms_private_key *key = NULL;
    svms_chain *chain = NULL;
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    svms_writer_options options = SVMS_WRITER_OPTIONS_INIT;
    made.lines = count == 5 ? fopen(arguments[4], "r") : NULL;
    if (!made.lines || read_description(&made) != 0) {
        fprintf(stderr, "usage: make_scene OUT CERT KEY SCENE\n");
        return 2;
    }
    uint8_t *certificate = load(arguments[2], &size);
    svms_status status = svms_ctx_new(&ctx, NULL, &err);
    if (status == SVMS_OK) {
        status = certificate
                     ? svms_chain_from_pem(&chain, ctx, (const char *)certificate, size, &err)
                     : SVMS_E_IO;
    }
    uint8_t *secret = load(arguments[3], &size);
    if (status == SVMS_OK) {
        status = secret ? svms_private_key_from_pem(&key, ctx, (const char *)secret, size, &err)
                        : SVMS_E_IO;
    }
    options.signer_key = key;
    options.signer_chain = chain;
    if (status == SVMS_OK) {
        status = record(ctx, &made, arguments[1], &options, &err);
    }
    if (status != SVMS_OK) {
        fprintf(stderr, "make_scene: %s %s\n", svms_status_name(status), err.message);
    }
    for (uint32_t i = 0; i < made.track_count; i++) {
        uint8_t *config = (uint8_t *)(uintptr_t)made.tracks[i].config;
        free(config);
    }
    free(certificate);
    free(secret);
    svms_private_key_free(&key);
    svms_chain_free(&chain);
    svms_ctx_free(&ctx);
    fclose(made.lines);
    return status == SVMS_OK ? 0 : 1;
}
