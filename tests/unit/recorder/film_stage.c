/* SPDX-License-Identifier: Apache-2.0 */
#include "film_stage.h"

#include <ftw.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICTURE_SIZE 2000
#define SOUND_SIZE 160
#define DAY (86400 * FILM_SECOND)

static const uint8_t avcc[] = { 1,    0x42, 0x00, 0x0A, 0xFF, 0xE1, 0, 9, 0x67, 0x42, 0x00, 0x0A,
                                0x96, 0x53, 0x05, 0x89, 0x88, 1,    0, 4, 0x68, 0xC9, 0x63, 0x88 };

static svms_private_key *new_key(svms_ctx *ctx)
{
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_generate(&key, ctx, NULL), SVMS_OK);
    return key;
}

static void issue(film *f)
{
    char pem[8192];
    size_t size = sizeof pem;
    svms_private_key *key = f->authority_key = new_key(f->ctx);
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = recorder_now() / FILM_SECOND * FILM_SECOND;
    options.common_name = "test CA";
    options.not_before_utc_ns = now - 3650 * DAY;
    options.not_after_utc_ns = now + 3650 * DAY;
    assert_int_equal(svms_certificate_issue(f->ctx, &options, key, NULL, NULL, pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&f->authority, f->ctx, pem, size, NULL), SVMS_OK);
    snprintf(f->authority_pem, sizeof f->authority_pem, "%.*s", (int)size, pem);
    options.role = SVMS_ROLE_RECORDER;
    options.common_name = "test recorder";
    size = sizeof pem;
    f->signer_key = new_key(f->ctx);
    assert_int_equal(svms_certificate_issue(f->ctx, &options, f->signer_key, f->authority, key, pem,
                                            &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&f->signer, f->ctx, pem, size, NULL), SVMS_OK);
}

static void make_viewer_key(film *f)
{
    char pem[4096];
    size_t size = sizeof pem;
    svms_error err = SVMS_ERROR_INIT;
    f->viewer_key = new_key(f->ctx);
    assert_int_equal(svms_private_key_public(&f->recipient, f->ctx, f->viewer_key, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_to_pem(f->viewer_key, pem, &size, NULL), SVMS_OK);
    FILE *out = fopen(f->key_path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(pem, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(f->key_path, 0600), 0);
    if (playback_keys_load(&f->keys, &f->parts, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static void make_tracks(film *f)
{
    f->tracks[0] = (svms_track)SVMS_TRACK_INIT;
    f->tracks[0].codec = SVMS_CODEC_H264;
    f->tracks[0].protection = SVMS_PROTECT_STRONG;
    f->tracks[0].config = avcc;
    f->tracks[0].config_size = sizeof avcc;
    f->tracks[1] = (svms_track)SVMS_TRACK_INIT;
    f->tracks[1].kind = SVMS_TRACK_AUDIO;
    f->tracks[1].codec = SVMS_CODEC_PCMU;
    f->tracks[1].protection = SVMS_PROTECT_STRONG;
    f->tracks[1].timebase_den = 8000;
    f->tracks[1].sample_rate = 8000;
    f->tracks[1].channels = 1;
}

static void make_settings(film *f)
{
    f->storage.name = "disk";
    f->storage.path = f->storage_path;
    f->cameras[0].id = FILM_CAMERA;
    f->cameras[1].id = FILM_OTHER;
    f->settings.playback_key = f->key_path;
    f->settings.storages = &f->storage;
    f->settings.storage_count = 1;
    f->settings.cameras = f->cameras;
    f->settings.camera_count = 2;
    f->settings.viewing = (viewing_rule){ .live = true, .playback = true };
    f->parts = (recorder_parts){
        .ctx = f->ctx, .settings = &f->settings, .service = f->service, .index = f->index
    };
}

static void *take(void *user, size_t size)
{
    film_memory *memory = user;
    return ++memory->count == memory->fails_at ? NULL : malloc(size);
}

static void give_back(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

svms_ctx *film_failing_ctx(film_memory *memory)
{
    svms_ctx *ctx = NULL;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = memory;
    options.allocate = take;
    options.release = give_back;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    return ctx;
}

int film_set_up(void **state)
{
    const service_options options = { "test", false };
    char path[96];
    film *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "/tmp/svms-test-film-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->storage_path, sizeof f->storage_path, "%s/disk", f->folder);
    snprintf(f->key_path, sizeof f->key_path, "%s/viewer.key", f->folder);
    snprintf(path, sizeof path, "%s/index", f->folder);
    assert_int_equal(mkdir(f->storage_path, 0700), 0);
    assert_int_equal(svms_ctx_new(&f->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(service_begin(&f->service, &options, NULL), SVMS_OK);
    assert_int_equal(recorder_index_open(&f->index, path, NULL), SVMS_OK);
    make_settings(f);
    make_tracks(f);
    issue(f);
    make_viewer_key(f);
    *state = f;
    return 0;
}

static int drop(const char *path, const struct stat *is, int kind, struct FTW *where)
{
    (void)is;
    (void)kind;
    (void)where;
    return remove(path);
}

int film_tear_down(void **state)
{
    film *f = *state;
    svms_recording_abort(&f->recording);
    playback_keys_free(&f->keys);
    svms_public_key_free(&f->recipient);
    svms_private_key_free(&f->viewer_key);
    svms_chain_free(&f->authority);
    svms_private_key_free(&f->authority_key);
    svms_chain_free(&f->signer);
    svms_private_key_free(&f->signer_key);
    recorder_index_close(&f->index);
    service_end(&f->service);
    /* Or leaks could not be looked for by whoever is not root. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    svms_ctx_free(&f->ctx);
    assert_int_equal(nftw(f->folder, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(f);
    return 0;
}

static void path_of(const film *f, const film_part *part, char *out, size_t room)
{
    snprintf(out, room, "%s/%s", f->storage_path, part->file);
}

static svms_status open_part(void *user, const svms_recording_container *container, svms_sink *sink,
                             svms_error *err)
{
    film *f = user;
    char path[200];
    assert_true(f->count < FILM_PARTS_MAX);
    film_part *part = &f->written[f->count++];
    memset(part, 0, sizeof *part);
    part->first_utc_ns = part->last_utc_ns = SVMS_NO_TIME;
    part->is_edge = f->is_edge;
    part->head = (svms_head)SVMS_HEAD_INIT;
    part->head.recording_sequence = container->recording_sequence;
    memcpy(part->head.container_id, container->container_id, 16);
    memcpy(part->head.recording_id, container->recording_id, 16);
    snprintf(part->file, sizeof part->file, "%s/%s%zu.svms.part", f->camera,
             f->is_edge ? "edge-" : "", f->count);
    path_of(f, part, path, sizeof path);
    return svms_sink_create_file(sink, f->ctx, path, err);
}

static void rename_part(film *f, film_part *part)
{
    char from[200];
    char to[200];
    path_of(f, part, from, sizeof from);
    *strrchr(part->file, '.') = '\0';
    path_of(f, part, to, sizeof to);
    assert_int_equal(rename(from, to), 0);
    part->is_renamed = true;
}

static void close_part(void *user, const svms_recording_container *container, svms_sink *sink)
{
    film *f = user;
    svms_sink_close(sink);
    for (size_t i = f->first; i < f->count; i++) {
        if (memcmp(f->written[i].head.container_id, container->container_id, 16) == 0) {
            f->written[i].is_closed = true;
            if (!f->is_late) {
                rename_part(f, &f->written[i]);
            }
        }
    }
}

void film_begin(film *f, const char *camera, int64_t start_utc_ns, unsigned rotate_s)
{
    char path[200];
    svms_error err = SVMS_ERROR_INIT;
    svms_recording_options options = SVMS_RECORDING_OPTIONS_INIT;
    f->camera = camera;
    f->first = f->count;
    f->start_utc_ns = start_utc_ns;
    snprintf(path, sizeof path, "%s/%s", f->storage_path, camera);
    (void)mkdir(path, 0700);
    f->writer = (svms_writer_options)SVMS_WRITER_OPTIONS_INIT;
    f->writer.tracks = f->tracks;
    f->writer.track_count = f->without_sound ? 1 : 2;
    f->writer.signer_key = f->signer_key;
    f->writer.signer_chain = f->signer;
    f->writer.recipients = (const svms_public_key *const *)&f->recipient;
    f->writer.recipient_count = 1;
    f->writer.start_utc_ns = start_utc_ns;
    f->writer.segment_ns = FILM_SECOND - 1;
    f->writer.origin = f->is_edge ? SVMS_ORIGIN_EDGE : SVMS_ORIGIN_LIVE;
    options.writer = &f->writer;
    options.rotate_ns = rotate_s * (uint64_t)FILM_SECOND;
    options.user = f;
    options.open_sink = open_part;
    options.close_sink = close_part;
    if (svms_recording_open(&f->recording, f->ctx, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static void append(film *f, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_recording_append(f->recording, sample, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    film_part *part = &f->written[f->count - 1];
    if (part->first_utc_ns == SVMS_NO_TIME) {
        part->first_utc_ns = sample->utc_ns;
    }
    part->last_utc_ns = sample->utc_ns + FILM_PICTURE;
}

static void put_number(uint8_t *at, unsigned number)
{
    at[0] = (uint8_t)(number >> 16);
    at[1] = (uint8_t)(number >> 8);
    at[2] = (uint8_t)number;
}

unsigned film_number(const void *data, size_t size)
{
    const uint8_t *at = (const uint8_t *)data + (size == SOUND_SIZE ? 0 : 5);
    return (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
}

int64_t film_utc(const film *f, unsigned picture)
{
    return f->start_utc_ns + picture * FILM_PICTURE;
}

static void take_picture(film *f, unsigned number)
{
    static uint8_t data[PICTURE_SIZE];
    svms_sample sample = SVMS_SAMPLE_INIT;
    bool is_sync = number % (f->group ? f->group : FILM_GROUP) == 0;
    data[2] = (PICTURE_SIZE - 4) >> 8;
    data[3] = (PICTURE_SIZE - 4) & 0xFF;
    data[4] = is_sync ? 0x65 : 0x41;
    put_number(data + 5, number);
    sample.flags = is_sync ? SVMS_SAMPLE_SYNC : 0;
    sample.data = data;
    sample.size = sizeof data;
    sample.dts = sample.pts = (int64_t)number * 9000;
    sample.duration = 9000;
    sample.utc_ns = film_utc(f, number);
    append(f, &sample);
}

static void take_sound(film *f, unsigned number)
{
    static uint8_t data[SOUND_SIZE];
    svms_sample sample = SVMS_SAMPLE_INIT;
    put_number(data, number);
    sample.track = 1;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.data = data;
    sample.size = sizeof data;
    sample.dts = sample.pts = (int64_t)number * 800;
    sample.duration = 800;
    sample.utc_ns = film_utc(f, number);
    append(f, &sample);
}

void film_take(film *f, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        take_picture(f, i);
        if (!f->without_sound && i % 5 == 0) {
            take_sound(f, i);
        }
    }
}

void film_tell(film *f)
{
    svms_error err = SVMS_ERROR_INIT;
    for (size_t i = f->first; i < f->count; i++) {
        const film_part *part = &f->written[i];
        indexed_container is = { .storage = "disk",
                                 .camera = f->camera,
                                 .file = part->file,
                                 .head = part->head,
                                 .first_utc_ns = part->first_utc_ns,
                                 .last_utc_ns = part->last_utc_ns,
                                 .bytes = 1,
                                 .is_closed = part->is_closed,
                                 .is_edge = part->is_edge };
        if (recorder_index_put(f->index, &is, &err) != SVMS_OK) {
            fail_msg("%s", err.message);
        }
    }
}

void film_flush(film *f)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_recording_flush(f->recording, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    if (!f->is_late) {
        film_tell(f);
    }
}

void film_end(film *f)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_recording_close(&f->recording, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    if (!f->is_late) {
        film_tell(f);
        return;
    }
    for (size_t i = f->first; i < f->count; i++) {
        if (!f->written[i].is_renamed) {
            rename_part(f, &f->written[i]);
        }
    }
}

void film_make(film *f, const char *camera, int64_t start_utc_ns, unsigned seconds,
               unsigned rotate_s)
{
    film_begin(f, camera, start_utc_ns, rotate_s);
    film_take(f, 0, seconds * 10);
    film_end(f);
}

void film_damage(const film *f, size_t part, double where)
{
    char path[200];
    struct stat is;
    path_of(f, &f->written[part], path, sizeof path);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &is), 0);
    long at = (long)((double)is.st_size * where);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_true(byte >= 0);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 0x40, file), byte ^ 0x40);
    assert_int_equal(fclose(file), 0);
}

void film_remove(const film *f, size_t part)
{
    char path[200];
    path_of(f, &f->written[part], path, sizeof path);
    assert_int_equal(unlink(path), 0);
}
