/* SPDX-License-Identifier: Apache-2.0 */
#include "store_case.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <store_head.h>

#define DAY (86400 * SECOND)
#define ORIGIN "vms.example/audit"

int failing_write;
int failing_create;
uint64_t free_room = UINT64_C(1) << 40;

/* The linker puts these in place of the library's and the system's. */
svms_status __real_svms_sink_create_file(svms_sink *out, svms_ctx *ctx, const char *path,
                                         svms_error *err);
svms_status __wrap_svms_sink_create_file(svms_sink *out, svms_ctx *ctx, const char *path,
                                         svms_error *err);
int __wrap_statvfs(const char *path, struct statvfs *out);
int __wrap_statvfs64(const char *path, struct statvfs *out);

static svms_status (*true_write)(void *user, const svms_iovec *runs, size_t count, int *os_error);

static svms_status write_or_fail(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    if (failing_write != 0) {
        *os_error = failing_write;
        return SVMS_E_IO;
    }
    return true_write(user, runs, count, os_error);
}

svms_status __wrap_svms_sink_create_file(svms_sink *out, svms_ctx *ctx, const char *path,
                                         svms_error *err)
{
    if (failing_create != 0) {
        err->status = SVMS_E_IO;
        err->os_error = failing_create;
        snprintf(err->message, sizeof err->message, "as a test wants it");
        return SVMS_E_IO;
    }
    svms_status status = __real_svms_sink_create_file(out, ctx, path, err);
    if (status == SVMS_OK) {
        true_write = out->write;
        out->write = write_or_fail;
    }
    return status;
}

int __wrap_statvfs(const char *path, struct statvfs *out)
{
    (void)path;
    memset(out, 0, sizeof *out);
    out->f_frsize = 1;
    out->f_bavail = free_room;
    return 0;
}

/* What it is called where files may be large. */
int __wrap_statvfs64(const char *path, struct statvfs *out)
{
    return __wrap_statvfs(path, out);
}

/* Other threads are let alone. */
static _Thread_local bool is_counted;

static void *count_allocate(void *user, size_t size)
{
    store_case *c = user;
    bool fails = is_counted && ++c->allocations == c->allocation_fails_at;
    return fails ? NULL : malloc(size);
}

static void release(void *user, void *pointer)
{
    (void)user;
    free(pointer);
}

static int64_t shifted_now(void *user)
{
    const store_case *c = user;
    return recorder_now() + c->clock_shift_ns;
}

static void make_context(store_case *c)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = c;
    options.allocate = count_allocate;
    options.release = release;
    options.utc_now = shifted_now;
    is_counted = true;
    assert_int_equal(svms_ctx_new(&c->ctx, &options, NULL), SVMS_OK);
}

void store_case_write(const char *path, const void *bytes, size_t size, unsigned mode)
{
    int handle = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(handle >= 0);
    assert_int_equal(write(handle, bytes, size), (ssize_t)size);
    assert_int_equal(fchmod(handle, mode), 0);
    assert_int_equal(close(handle), 0);
}

static void issue(store_case *c, const svms_private_key *key, svms_role role, char pem[8192],
                  size_t *size)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = recorder_now() / SECOND * SECOND;
    *size = 8192;
    options.role = role;
    options.common_name = c->ca ? "somebody" : "test CA";
    options.not_before_utc_ns = now - DAY;
    options.not_after_utc_ns = now + 30 * DAY;
    assert_int_equal(svms_certificate_issue(c->ctx, &options, key, c->ca, c->ca ? c->ca_key : NULL,
                                            pem, size, &c->err),
                     SVMS_OK);
}

void store_case_certify(store_case *c, const svms_private_key *key, svms_role role,
                        const char *path)
{
    char pem[8192];
    size_t size = 0;
    issue(c, key, role, pem, &size);
    store_case_write(path, pem, size, 0644);
}

static void make_ca(store_case *c)
{
    char pem[8192];
    size_t size = 0;
    assert_int_equal(svms_private_key_generate(&c->ca_key, c->ctx, NULL), SVMS_OK);
    issue(c, c->ca_key, SVMS_ROLE_NONE, pem, &size);
    assert_int_equal(svms_trust_from_pem(&c->trust, c->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&c->ca, c->ctx, pem, size, NULL), SVMS_OK);
}

static void make_keys(store_case *c)
{
    char pem[8192];
    size_t size = sizeof pem;
    svms_private_key *key = NULL;
    make_ca(c);
    assert_int_equal(svms_private_key_generate(&key, c->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_to_pem(key, pem, &size, NULL), SVMS_OK);
    store_case_write(c->key, pem, size, 0600);
    store_case_certify(c, key, SVMS_ROLE_RECORDER, c->certificate);
    svms_private_key_free(&key);
    assert_int_equal(svms_private_key_generate(&c->reader_key, c->ctx, NULL), SVMS_OK);
    store_case_certify(c, c->reader_key, SVMS_ROLE_RECORDER, c->recipient);
}

static void make_settings(store_case *c)
{
    c->storage.name = STORAGE;
    c->storage.path = c->path;
    c->storage.mode = SVMS_PROTECT_STRONG;
    c->storage.recipients[0] = c->recipient;
    c->storage.recipient_count = 1;
    c->storage.certificate = c->certificate;
    c->storage.key = c->key;
    c->storage.rotate_minutes = 1;
    c->camera.id = CAMERA;
    c->camera.name = "Gate";
    c->camera.storage = &c->storage;
    c->settings.index = c->index;
    c->settings.heads = c->heads;
    c->settings.storages = &c->storage;
    c->settings.storage_count = 1;
    c->settings.cameras = &c->camera;
    c->settings.camera_count = 1;
    c->parts.ctx = c->ctx;
    c->parts.settings = &c->settings;
    c->parts.service = c->service;
}

static void name_places(store_case *c)
{
    snprintf(c->place, sizeof c->place, "/tmp/svms-test-store-XXXXXX");
    assert_non_null(mkdtemp(c->place));
    snprintf(c->path, sizeof c->path, "%s/storage", c->place);
    snprintf(c->folder, sizeof c->folder, "%s/" CAMERA, c->path);
    snprintf(c->heads, sizeof c->heads, "%s/heads", c->place);
    snprintf(c->head, sizeof c->head, "%s/" CAMERA ".head", c->heads);
    snprintf(c->index, sizeof c->index, "%s/index", c->place);
    snprintf(c->log, sizeof c->log, "%s/log", c->place);
    snprintf(c->certificate, sizeof c->certificate, "%s/cert.pem", c->place);
    snprintf(c->key, sizeof c->key, "%s/key.pem", c->place);
    snprintf(c->recipient, sizeof c->recipient, "%s/recipient.pem", c->place);
    assert_int_equal(mkdir(c->path, 0700), 0);
}

static void make_log(store_case *c)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    const auditor_options options = { .ctx = c->ctx,
                                      .log = c->log,
                                      .server = "vms1",
                                      .component = "recorder",
                                      .service = c->service };
    assert_int_equal(svms_folder_open(&c->audit, c->ctx, c->log, 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_create(c->ctx, &c->audit, ORIGIN, key, NULL), SVMS_OK);
    assert_int_equal(auditor_open(&c->parts.auditor, &options, NULL), SVMS_OK);
}

int store_case_set_up(void **state)
{
    const service_options options = { "test", false };
    store_case *c = calloc(1, sizeof *c);
    assert_non_null(c);
    failing_write = 0;
    failing_create = 0;
    free_room = UINT64_C(1) << 40;
    name_places(c);
    make_context(c);
    assert_int_equal(service_begin(&c->service, &options, NULL), SVMS_OK);
    make_keys(c);
    make_settings(c);
    make_log(c);
    assert_int_equal(recorder_index_open(&c->parts.index, c->index, &c->err), SVMS_OK);
    if (storage_keys_load(&c->keys, c->ctx, &c->storage, &c->err) != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
    *state = c;
    return 0;
}

int store_case_tear_down(void **state)
{
    store_case *c = *state;
    char command[128];
    camera_store_close(&c->store);
    recorder_index_close(&c->parts.index);
    auditor_close(&c->parts.auditor);
    storage_keys_free(&c->keys);
    svms_folder_close(&c->audit);
    service_end(&c->service);
    /* Or leaks could not be looked for by whoever is not root. */
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    svms_private_key_free(&c->reader_key);
    svms_private_key_free(&c->ca_key);
    svms_chain_free(&c->ca);
    svms_trust_free(&c->trust);
    svms_ctx_free(&c->ctx);
    snprintf(command, sizeof command, "rm -r %s", c->place);
    /* NOLINTNEXTLINE(cert-env33-c): a path of our own */
    assert_int_equal(system(command), 0);
    free(c);
    return 0;
}

static void be_troubled(void *user, const storage_settings *storage, const svms_error *err)
{
    store_case *c = user;
    assert_ptr_equal(storage, &c->storage);
    assert_int_equal(err->status, SVMS_E_IO);
    c->troubles++;
}

void store_case_open(store_case *c)
{
    const camera_store_options options = { &c->parts, &c->camera, &c->keys, be_troubled, c };
    if (camera_store_open(&c->store, &options, &c->err) != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
}

svms_track store_case_track(uint32_t width)
{
    svms_track track = SVMS_TRACK_INIT;
    track.codec = SVMS_FOURCC('t', 'e', 's', 't');
    track.timebase_den = 1000;
    track.default_duration = 100;
    track.width = width;
    return track;
}

void store_case_begin(store_case *c, uint32_t width)
{
    svms_track track = store_case_track(width);
    if (camera_store_begin(c->store, &track, 1, T0, SVMS_CLOCK_CAMERA, &c->err) != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
}

static svms_sample picture(int number, int64_t shift_ns, uint8_t bytes[500])
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    memset(bytes, number & 0xff, 500);
    sample.data = bytes;
    sample.size = 500;
    sample.dts = number * INT64_C(100) + shift_ns / 1000000;
    sample.pts = sample.dts;
    sample.duration = 100;
    sample.utc_ns = T0 + number * (SECOND / 10) + shift_ns;
    sample.flags = number % 10 == 0 ? SVMS_SAMPLE_SYNC : 0;
    return sample;
}

void store_case_put_one(store_case *c, int number, int64_t shift_ns)
{
    uint8_t bytes[500];
    svms_sample sample = picture(number, shift_ns, bytes);
    if (camera_store_put(c->store, &sample, &c->err) != SVMS_OK) {
        fail_msg("picture %d: %s", number, c->err.message);
    }
}

void store_case_put(store_case *c, int first, int count, int64_t shift_ns)
{
    for (int i = first; i < first + count; i++) {
        store_case_put_one(c, i, shift_ns);
    }
}

camera_store_state store_case_look(const store_case *c)
{
    camera_store_state seen;
    camera_store_look(c->store, &seen);
    return seen;
}

static void run(const char *command)
{
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
}

void store_case_kill(store_case *c)
{
    char command[2048];
    snprintf(command, sizeof command, "cp -a %s %s.kept && cp -a %s %s.kept", c->folder, c->folder,
             c->heads, c->heads);
    run(command);
    camera_store_close(&c->store);
    snprintf(command, sizeof command,
             "rm -r %s %s && mv %s.kept %s && mv %s.kept %s && rm -f %s %s-wal %s-shm", c->folder,
             c->heads, c->folder, c->folder, c->heads, c->heads, c->index, c->index, c->index);
    recorder_index_close(&c->parts.index);
    run(command);
    assert_int_equal(recorder_index_open(&c->parts.index, c->index, &c->err), SVMS_OK);
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t end = strlen(suffix);
    return size > end && strcmp(name + size - end, suffix) == 0;
}

static int wanted_by(const char *folder, const char *suffix, struct dirent ***names)
{
    int kept = 0;
    int count = scandir(folder, names, NULL, alphasort);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        if (ends_with((*names)[i]->d_name, suffix)) {
            (*names)[kept++] = (*names)[i];
        } else {
            free((*names)[i]);
        }
    }
    return kept;
}

static void let_go(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

unsigned store_case_files(const store_case *c, const char *suffix)
{
    struct dirent **names = NULL;
    int count = wanted_by(c->folder, suffix, &names);
    let_go(names, count);
    return (unsigned)count;
}

void store_case_file(const store_case *c, const char *suffix, unsigned nth, char out[256])
{
    struct dirent **names = NULL;
    int count = wanted_by(c->folder, suffix, &names);
    assert_true((int)nth < count);
    snprintf(out, 256, "%s/%.120s", c->folder, names[nth]->d_name);
    let_go(names, count);
}

typedef struct judged {
    store_case *c;
    struct dirent **names;
    svms_sequence_issue_kind kind;
    unsigned issues;
} judged;

static svms_status open_file(void *user, uint32_t index, svms_source *out, svms_error *err)
{
    judged *self = user;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", self->c->folder, self->names[index]->d_name);
    return svms_source_open_file(out, self->c->ctx, path, err);
}

static void close_file(void *user, uint32_t index, svms_source *source)
{
    (void)user;
    (void)index;
    svms_source_close(source);
}

static void count_issue(void *user, const svms_sequence_issue *issue)
{
    judged *self = user;
    self->issues += issue->kind == self->kind;
}

static int any_container(const struct dirent *entry)
{
    return ends_with(entry->d_name, ".svms") || ends_with(entry->d_name, ".svms.part");
}

svms_status store_case_verify(store_case *c, svms_sequence_report *report, unsigned *issues,
                              svms_sequence_issue_kind kind)
{
    judged all = { c, NULL, kind, 0 };
    svms_head head = SVMS_HEAD_INIT;
    bool found = false;
    svms_sequence_options options = SVMS_SEQUENCE_OPTIONS_INIT;
    svms_verify_options how = SVMS_VERIFY_OPTIONS_INIT;
    int count = scandir(c->folder, &all.names, any_container, alphasort);
    assert_true(count >= 0);
    assert_int_equal(store_head_read(&head, &found, c->head, &c->err), SVMS_OK);
    how.trust = c->trust;
    options.count = (uint32_t)count;
    options.heads = found ? &head : NULL;
    options.head_count = found;
    options.verify = &how;
    options.user = &all;
    options.open = open_file;
    options.close = close_file;
    options.issue = count_issue;
    svms_status status = svms_verify_recording(c->ctx, &options, report, &c->err);
    let_go(all.names, count);
    if (issues) {
        *issues = all.issues;
    }
    return status;
}

void store_case_expect_whole(store_case *c, unsigned containers)
{
    svms_sequence_report report = SVMS_SEQUENCE_REPORT_INIT;
    svms_status status = store_case_verify(c, &report, NULL, SVMS_SEQUENCE_MISSING);
    if (status != SVMS_OK) {
        fail_msg("%s", c->err.message);
    }
    assert_int_equal(report.containers, containers);
    assert_int_equal(report.missing, 0);
}

static svms_status open_listed(void *user, uint64_t key, svms_source *source, svms_error *err)
{
    return open_file(user, (uint32_t)key, source, err);
}

static void close_listed(void *user, uint64_t key, svms_source *source)
{
    (void)user;
    (void)key;
    svms_source_close(source);
}

unsigned store_case_samples(store_case *c)
{
    judged all = { c, NULL, SVMS_SEQUENCE_MISSING, 0 };
    svms_playlist *list = NULL;
    svms_keyring *ring = NULL;
    svms_playlist_options options = SVMS_PLAYLIST_OPTIONS_INIT;
    svms_reader_options how = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_status status = SVMS_OK;
    unsigned found = 0;
    assert_int_equal(svms_keyring_new(&ring, c->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_key(ring, c->reader_key, NULL), SVMS_OK);
    how.keys = ring;
    options.reader = &how;
    options.user = &all;
    options.open_source = open_listed;
    options.close_source = close_listed;
    int count = scandir(c->folder, &all.names, any_container, alphasort);
    assert_int_equal(svms_playlist_new(&list, c->ctx, &options, &c->err), SVMS_OK);
    for (int i = 0; i < count; i++) {
        assert_int_equal(svms_playlist_add(list, (uint64_t)i, &c->err), SVMS_OK);
    }
    while ((status = svms_playlist_next(list, &sample, NULL, &c->err)) == SVMS_OK) {
        found++;
    }
    assert_true(status == SVMS_END || status == SVMS_AGAIN);
    svms_playlist_free(&list);
    svms_keyring_free(&ring);
    let_go(all.names, count);
    return found;
}

typedef struct event_tally {
    const char *kind;
    unsigned found;
} event_tally;

static svms_status count_event(void *user, const indexed_event *event)
{
    event_tally *tally = user;
    tally->found += strcmp(event->kind, tally->kind) == 0;
    return SVMS_OK;
}

unsigned store_case_events(store_case *c, const char *kind)
{
    event_tally tally = { kind, 0 };
    const indexed_range all = { NULL, INT64_MIN, INT64_MAX };
    assert_int_equal(
        recorder_index_events(c->parts.index, &all, 0, 100000, count_event, &tally, &c->err),
        SVMS_OK);
    return tally.found;
}

unsigned store_case_audited(store_case *c, const char *event, const char *words)
{
    svms_audit_reader *reader = NULL;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    char wanted[80];
    unsigned found = 0;
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    auditor_close(&c->parts.auditor);
    assert_int_equal(svms_audit_reader_open(&reader, c->ctx, &c->audit, NULL, &c->err), SVMS_OK);
    assert_int_equal(svms_audit_reader_head(reader, &head, &c->err), SVMS_OK);
    for (uint64_t i = 0; i < head.size; i++) {
        char record[SVMS_AUDIT_RECORD_MAX + 1];
        size_t size = sizeof record - 1;
        assert_int_equal(svms_audit_reader_record(reader, i, record, &size, &c->err), SVMS_OK);
        record[size] = '\0';
        /* Something was told that may not be told so. */
        assert_null(strstr(record, "\"event\":\"log.gap\""));
        if (strstr(record, wanted)) {
            found += !words || strstr(record, words) != NULL;
        }
    }
    svms_audit_reader_close(&reader);
    return found;
}

typedef struct index_words {
    char *text;
    size_t size;
    FILE *stream;
} index_words;

static svms_status say_container(void *user, const indexed_container *is)
{
    index_words *words = user;
    fprintf(words->stream, "%s %s %s %llu.%lld %lld-%lld %lld %llu %d %d ", is->storage, is->camera,
            is->file, (unsigned long long)is->head.recording_sequence, (long long)is->head.segment,
            (long long)is->first_utc_ns, (long long)is->last_utc_ns,
            (long long)is->head.last_utc_ns, (unsigned long long)is->bytes, is->is_closed,
            is->is_edge);
    for (int i = 0; i < 32; i++) {
        fprintf(words->stream, "%02x", is->head.manifest_hash[i]);
    }
    for (int i = 0; i < 16; i++) {
        fprintf(words->stream, "%02x%02x", is->head.container_id[i], is->head.recording_id[i]);
    }
    fputs("\n", words->stream);
    return SVMS_OK;
}

static svms_status say_gap(void *user, const indexed_gap *is)
{
    index_words *words = user;
    fprintf(words->stream, "gap %s %lld-%lld %s\n", is->camera, (long long)is->from_utc_ns,
            (long long)is->to_utc_ns, is->reason);
    return SVMS_OK;
}

static svms_status say_lock(void *user, const indexed_lock *is)
{
    index_words *words = user;
    fprintf(words->stream, "lock %s %s %lld-%lld %s %s %lld\n", is->id, is->camera,
            (long long)is->from_utc_ns, (long long)is->to_utc_ns, is->who, is->why,
            (long long)is->since_utc_ns);
    return SVMS_OK;
}

char *store_case_index_text(store_case *c, bool with_gaps)
{
    index_words words = { NULL, 0, NULL };
    const indexed_range all = { NULL, INT64_MIN, INT64_MAX };
    words.stream = open_memstream(&words.text, &words.size);
    assert_non_null(words.stream);
    assert_int_equal(
        recorder_index_containers(c->parts.index, &all, say_container, &words, &c->err), SVMS_OK);
    if (with_gaps) {
        assert_int_equal(recorder_index_gaps(c->parts.index, &all, say_gap, &words, &c->err),
                         SVMS_OK);
    }
    assert_int_equal(recorder_index_locks(c->parts.index, &all, say_lock, &words, &c->err),
                     SVMS_OK);
    fclose(words.stream);
    return words.text;
}
