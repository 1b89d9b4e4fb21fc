/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera keeps itself: kept, pruned, found again, opened by nobody else, and served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "camera_file.h"
#include "edge_key.h"
#include "edge_store.h"
#include "serve_listen.h"
#include "stream_clock.h"
#include "stream_pull.h"

#define SECOND INT64_C(1000000000)
#define T0 (INT64_C(1780000000) * SECOND + 123456789)
#define GROUP 10
#define MOST 600
#define SIZE 900u
#define ROUNDS 20000

static const uint8_t avcc[] = { 1,    0x42, 0x00, 0x0A, 0xFF, 0xE1, 0, 9, 0x67, 0x42, 0x00, 0x0A,
                                0x96, 0x53, 0x05, 0x89, 0x88, 1,    0, 4, 0x68, 0xC9, 0x63, 0x88 };

/* Files that are written fail with this error of the system, unless it is 0. */
static atomic_int failing_write;

static svms_status (*true_write)(void *user, const svms_iovec *runs, size_t count, int *os_error);

svms_status __real_svms_sink_create_file(svms_sink *out, svms_ctx *ctx, const char *path,
                                         svms_error *err);
svms_status __wrap_svms_sink_create_file(svms_sink *out, svms_ctx *ctx, const char *path,
                                         svms_error *err);

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
    svms_status status = __real_svms_sink_create_file(out, ctx, path, err);
    if (status == SVMS_OK) {
        true_write = out->write;
        out->write = write_or_fail;
    }
    return status;
}

typedef struct stage {
    char place[64];
    char folder[96];
    char key[96];
    char secret[96];
    char identity_folder[96];
    svms_ctx *ctx;
    service *service;
    camera_events *events;
    camera_identity *identity;
    edge_store *store;
    const camera_edge *edge;
    edge_store_options options;
    uint8_t *data;
    svms_error err;
} stage;

static void write_file(const char *folder, const char *name, const void *bytes, size_t size)
{
    svms_error err = SVMS_ERROR_INIT;
    char *path = camera_file_path(folder, name);
    if (camera_file_write(path, bytes, size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    free(path);
}

static void make_identity(stage *s)
{
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_private_key *ca_key = NULL;
    svms_private_key *key = NULL;
    svms_chain *ca = NULL;
    char pem[8192];
    size_t size = sizeof pem;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    options.common_name = "test CA";
    options.not_before_utc_ns = (now.tv_sec - 86400) * SECOND;
    options.not_after_utc_ns = (now.tv_sec + 30 * 86400) * SECOND;
    assert_int_equal(mkdir(s->identity_folder, 0700), 0);
    assert_int_equal(svms_private_key_generate(&ca_key, s->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_generate(&key, s->ctx, NULL), SVMS_OK);
    options.role = SVMS_ROLE_NONE;
    assert_int_equal(
        svms_certificate_issue(s->ctx, &options, ca_key, NULL, NULL, pem, &size, &s->err), SVMS_OK);
    write_file(s->identity_folder, "ca.pem", pem, size);
    assert_int_equal(svms_chain_from_pem(&ca, s->ctx, pem, size, NULL), SVMS_OK);
    options.role = SVMS_ROLE_CAMERA;
    options.common_name = "a camera";
    size = sizeof pem;
    assert_int_equal(svms_certificate_issue(s->ctx, &options, key, ca, ca_key, pem, &size, &s->err),
                     SVMS_OK);
    write_file(s->identity_folder, "cert.pem", pem, size);
    size = sizeof pem;
    assert_int_equal(svms_private_key_to_pem(key, pem, &size, NULL), SVMS_OK);
    write_file(s->identity_folder, "key.pem", pem, size);
    svms_chain_free(&ca);
    svms_private_key_free(&key);
    svms_private_key_free(&ca_key);
}

static void store_open(stage *s)
{
    if (edge_store_open(&s->store, &s->options, &s->err) != SVMS_OK) {
        fail_msg("%s", s->err.message);
    }
    s->edge = edge_store_edge(s->store);
}

static int set_up(void **state)
{
    const service_options life = { "test", false };
    stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    snprintf(s->place, sizeof s->place, "/tmp/svms-test-edge-XXXXXX");
    assert_non_null(mkdtemp(s->place));
    snprintf(s->folder, sizeof s->folder, "%s/edge", s->place);
    snprintf(s->key, sizeof s->key, "%s/edge.key", s->place);
    snprintf(s->secret, sizeof s->secret, "%s/secret", s->place);
    snprintf(s->identity_folder, sizeof s->identity_folder, "%s/identity", s->place);
    s->data = calloc(1, (size_t)1 << 20);
    assert_non_null(s->data);
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(service_begin(&s->service, &life, NULL), SVMS_OK);
    s->events = camera_events_new();
    assert_non_null(s->events);
    make_identity(s);
    assert_int_equal(camera_identity_open(&s->identity, s->ctx, s->identity_folder, NULL, &s->err),
                     SVMS_OK);
    s->options = (edge_store_options){
        s->ctx,    s->service,        s->events, s->identity,         s->folder, s->key,
        s->secret, (uint64_t)1 << 30, 10,        SVMS_PROTECT_STRONG, 0
    };
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    stage *s = *state;
    char command[256];
    edge_store_close(&s->store);
    camera_identity_close(&s->identity);
    camera_events_free(&s->events);
    service_end(&s->service);
    svms_ctx_free(&s->ctx);
    snprintf(command, sizeof command, "rm -rf %s %s.other", s->place, s->place);
    /* NOLINTNEXTLINE(cert-env33-c): a path of our own */
    assert_int_equal(system(command), 0);
    free(s->data);
    free(s);
    return 0;
}

static int64_t utc_of(unsigned number)
{
    return T0 + number * (SECOND / 10) + number % 7 * 1001;
}

static void fill(uint8_t *data, size_t size, unsigned number)
{
    size_t unit = size - 4;
    memset(data, (int)(number % 200) + 1, size);
    data[0] = 0;
    data[1] = (uint8_t)(unit >> 16);
    data[2] = (uint8_t)(unit >> 8);
    data[3] = (uint8_t)unit;
    data[4] = number % GROUP == 0 ? 0x65 : 0x41;
}

static void give(stage *s, unsigned number, size_t size)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    fill(s->data, size, number);
    sample.data = s->data;
    sample.size = size;
    sample.pts = sample.dts = number * INT64_C(9000);
    sample.duration = 9000;
    sample.utc_ns = utc_of(number);
    sample.flags = number % GROUP == 0 ? SVMS_SAMPLE_SYNC : 0;
    assert_int_equal(s->edge->sample(s->edge->user, &sample, &s->err), SVMS_OK);
}

static void begin(stage *s)
{
    svms_track track = SVMS_TRACK_INIT;
    track.codec = SVMS_CODEC_H264;
    track.timebase_den = 90000;
    track.default_duration = 9000;
    track.width = 64;
    track.height = 48;
    track.config = avcc;
    track.config_size = sizeof avcc;
    assert_int_equal(s->edge->begin(s->edge->user, &track, 1, &s->err), SVMS_OK);
}

static void give_all(stage *s, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        give(s, i, SIZE);
    }
    edge_store_flush(s->store);
}

static edge_store_state look(stage *s)
{
    edge_store_state is;
    edge_store_look(s->store, &is);
    return is;
}

/* A recorder that fetches. */
typedef struct fetch {
    unsigned count;
    int64_t utc[MOST];
    unsigned different; /* samples whose bytes are not what was given */
} fetch;

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    (void)user;
    assert_int_equal(count, 1);
    assert_int_equal(tracks[0].track.codec, SVMS_CODEC_H264);
    return SVMS_OK;
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    fetch *f = user;
    uint8_t wanted[SIZE];
    (void)track;
    (void)now_ns;
    if (event->kind != SVMS_RTP_SAMPLE) {
        return SVMS_OK;
    }
    assert_true(f->count < MOST);
    f->utc[f->count++] = event->utc_ns;
    unsigned number = (unsigned)((event->utc_ns - T0 + SECOND / 20) / (SECOND / 10));
    fill(wanted, SIZE, number);
    f->different +=
        event->size < SIZE || memcmp(event->data + event->size - SIZE, wanted, SIZE) != 0;
    return SVMS_OK;
}

static const stream_pull_events events = { NULL, NULL, on_tracks, on_media, NULL };

static void permit(void *user, const stream_serve_question *question, stream_serve_verdict *verdict)
{
    (void)user;
    (void)question;
    verdict->is_allowed = true;
}

static stream_pull_end fetch_from(stage *s, fetch *f, int64_t from, int64_t to)
{
    char address[SERVE_LISTEN_TEXT];
    char url[96];
    unsigned port = 0;
    stream_serve *serve = NULL;
    stream_pull *pull = NULL;
    stream_serve_options server;
    stream_pull_options client;
    const stream_pull_replay replay = { from, to, false, false };
    stream_pull_end end = STREAM_PULL_GOES_ON;
    memset(f, 0, sizeof *f);
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    server.ctx = s->ctx;
    server.listener = serve_listen("127.0.0.1:0", NULL, address);
    assert_int_equal(sscanf(address, "127.0.0.1:%u", &port), 1);
    server.media = STREAM_SERVE_CLEAR;
    server.server_flags = SVMS_RTSP_SERVER_OPEN | SVMS_RTSP_SERVER_REPLAY;
    server.permit = permit;
    assert_int_equal(stream_serve_open(&serve, &server, &s->err), SVMS_OK);
    assert_int_equal(s->edge->serve(s->edge->user, serve, &s->err), SVMS_OK);
    snprintf(url, sizeof url, "rtsp://127.0.0.1:%u" EDGE_PATH, port);
    client.url = url;
    client.clear = true;
    client.replay = &replay;
    client.events = &events;
    client.user = f;
    assert_int_equal(stream_pull_open(&pull, s->ctx, &client, &s->err), SVMS_OK);
    for (int i = 0; i < ROUNDS && end == STREAM_PULL_GOES_ON; i++) {
        struct pollfd ready[STREAM_PULL_POLL_MAX];
        size_t count = stream_pull_poll(pull, ready);
        assert_int_equal(stream_serve_run(serve, stream_clock(), &s->err), SVMS_OK);
        int found = poll(ready, (nfds_t)count, 1);
        end = stream_pull_step(pull, found > 0 ? ready : NULL, count);
    }
    if (end != STREAM_PULL_COMPLETE) {
        print_message("%s\n", stream_pull_why(pull)->message);
    }
    stream_pull_free(&pull);
    stream_serve_close(&serve);
    s->edge->closed(s->edge->user);
    return end;
}

/* To the nanosecond where a segment begins, and to a tick of the track behind that (C-MAN-5). */
static void expect_time(int64_t utc, unsigned number)
{
    int64_t off = utc - utc_of(number);
    assert_true(number % GROUP == 0 ? off == 0 : off > -12000 && off < 12000);
}

static void expect_fetched(const fetch *f, unsigned from, unsigned to)
{
    assert_int_equal(f->count, to - from);
    for (unsigned i = from; i < to; i++) {
        expect_time(f->utc[i - from], i);
    }
    assert_int_equal(f->different, 0);
}

static void what_was_sent_is_kept_and_served_byte_for_byte(void **state)
{
    stage *s = *state;
    fetch f;
    store_open(s);
    begin(s);
    give_all(s, 0, 95);
    assert_int_equal(look(s).samples, 95);
    assert_int_equal(look(s).first_utc_ns, utc_of(0));
    assert_int_equal(fetch_from(s, &f, SVMS_NO_TIME, SVMS_NO_TIME), STREAM_PULL_COMPLETE);
    expect_fetched(&f, 0, 95);
    /* From the picture that stands alone before the moment. */
    assert_int_equal(fetch_from(s, &f, utc_of(37), utc_of(62)), STREAM_PULL_COMPLETE);
    expect_fetched(&f, 30, 63);
    assert_int_equal(fetch_from(s, &f, utc_of(500), utc_of(510)), STREAM_PULL_REFUSED);
}

static void copy_to_other(stage *s)
{
    char command[256];
    snprintf(command, sizeof command, "cp -a %s %s.other", s->place, s->place);
    /* NOLINTNEXTLINE(cert-env33-c): paths of our own */
    assert_int_equal(system(command), 0);
}

static void what_was_killed_goes_on_with_all_that_was_complete(void **state)
{
    stage *s = *state;
    fetch f;
    char other[3][128];
    store_open(s);
    begin(s);
    give_all(s, 0, 40);
    /* What is on the disk in this moment is what a killed process leaves. */
    copy_to_other(s);
    edge_store_close(&s->store);
    snprintf(other[0], sizeof other[0], "%s.other/edge", s->place);
    snprintf(other[1], sizeof other[1], "%s.other/edge.key", s->place);
    snprintf(other[2], sizeof other[2], "%s.other/secret", s->place);
    s->options.folder = other[0];
    s->options.key = other[1];
    s->options.secret = other[2];
    store_open(s);
    assert_int_equal(look(s).first_utc_ns, utc_of(0));
    begin(s);
    give_all(s, 60, 90);
    assert_int_equal(fetch_from(s, &f, SVMS_NO_TIME, SVMS_NO_TIME), STREAM_PULL_COMPLETE);
    assert_int_equal(f.count, 70);
    expect_time(f.utc[39], 39);
    expect_time(f.utc[40], 60);
    assert_int_equal(f.different, 0);
}

static void the_oldest_goes_first_and_never_more_is_kept(void **state)
{
    stage *s = *state;
    s->options.keep_bytes = (uint64_t)1 << 20;
    store_open(s);
    begin(s);
    for (unsigned i = 0; i < 400; i++) {
        give(s, i, 10000);
        if (i % GROUP == GROUP - 1) {
            edge_store_flush(s->store);
            /* One segment may be on its way. */
            assert_true(look(s).bytes <= s->options.keep_bytes + 20 * 10000);
        }
    }
    assert_int_equal(look(s).samples, 400);
    assert_true(look(s).first_utc_ns > utc_of(250));
    assert_true(look(s).last_utc_ns >= utc_of(399));
}

/* Path of the oldest container. */
static void find_first(stage *s, char path[256])
{
    char command[256];
    snprintf(command, sizeof command, "ls %s/*.svms", s->folder);
    /* NOLINTNEXTLINE(cert-env33-c): a path of our own */
    FILE *names = popen(command, "r");
    assert_non_null(names);
    assert_non_null(fgets(path, 256, names));
    (void)pclose(names);
    path[strcspn(path, "\n")] = '\0';
}

static svms_status open_first(stage *s, svms_kek *kek)
{
    svms_reader *reader = NULL;
    svms_keyring *ring = NULL;
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader_options how = SVMS_READER_OPTIONS_INIT;
    char path[256];
    find_first(s, path);
    assert_int_equal(svms_keyring_new(&ring, s->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_kek(ring, kek, NULL), SVMS_OK);
    assert_int_equal(svms_source_open_file(&source, s->ctx, path, NULL), SVMS_OK);
    how.keys = ring;
    svms_status status = svms_reader_open(&reader, s->ctx, &source, &how, NULL);
    svms_reader_close(&reader);
    svms_source_close(&source);
    svms_keyring_free(&ring);
    return status;
}

static void no_other_device_opens_it(void **state)
{
    stage *s = *state;
    char other_key[128];
    char other_secret[128];
    svms_kek *own = NULL;
    svms_kek *other = NULL;
    bool was_there = false;
    store_open(s);
    begin(s);
    give_all(s, 0, 30);
    edge_store_close(&s->store);
    snprintf(other_key, sizeof other_key, "%s/other.key", s->place);
    snprintf(other_secret, sizeof other_secret, "%s/other", s->place);
    assert_int_equal(edge_key_open(&own, s->ctx, s->key, s->secret, NULL), SVMS_OK);
    assert_int_equal(edge_key_open(&other, s->ctx, other_key, other_secret, NULL), SVMS_OK);
    assert_int_equal(open_first(s, own), SVMS_OK);
    assert_int_equal(open_first(s, other), SVMS_E_WRONG_KEY);
    svms_kek_free(&own);
    svms_kek_free(&other);
    /* The file of the key alone is no use, and without the secret nothing is. */
    assert_int_equal(edge_key_open(&own, s->ctx, s->key, other_secret, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(camera_file_erase(s->secret, &was_there, NULL), SVMS_OK);
    assert_true(was_there);
    assert_int_equal(edge_key_open(&own, s->ctx, s->key, s->secret, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_null(own);
}

static bool is_told(stage *s, camera_topic topic)
{
    camera_event is[CAMERA_STATES_MAX];
    size_t count = camera_events_states(s->events, is, CAMERA_STATES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (is[i].topic == topic && is[i].is_so) {
            return true;
        }
    }
    return false;
}

static void a_disk_that_fails_is_told_and_gone_on_with_when_it_works(void **state)
{
    stage *s = *state;
    char gone[128];
    snprintf(gone, sizeof gone, "%s.gone", s->folder);
    store_open(s);
    assert_int_equal(rename(s->folder, gone), 0);
    begin(s);
    give_all(s, 0, 20);
    assert_true(look(s).is_failing);
    assert_true(is_told(s, CAMERA_EDGE_FAILED));
    assert_int_equal(look(s).samples, 0);
    assert_int_equal(rename(gone, s->folder), 0);
    const struct timespec moment = { 0, 100000000 };
    unsigned number = 20;
    for (int i = 0; i < 100 && look(s).is_failing; i++) {
        (void)nanosleep(&moment, NULL);
        give_all(s, number, number + GROUP);
        number += GROUP;
    }
    assert_false(look(s).is_failing);
    assert_false(is_told(s, CAMERA_EDGE_FAILED));
    assert_true(look(s).samples > 0);
}

static void what_comes_too_fast_is_left_out_and_nobody_waits(void **state)
{
    stage *s = *state;
    s->options.queue_bytes = 3000;
    store_open(s);
    begin(s);
    give(s, 0, 10000);
    for (unsigned i = 1; i < 30; i++) {
        give(s, i, 10000);
    }
    edge_store_flush(s->store);
    assert_int_equal(look(s).left_out, 30);
    give(s, 30, 500);
    edge_store_flush(s->store);
    assert_int_equal(look(s).samples, 1);
}

static void what_is_left_out_is_a_gap_that_the_camera_signs(void **state)
{
    stage *s = *state;
    svms_source source = SVMS_SOURCE_INIT;
    svms_verify_options how = SVMS_VERIFY_OPTIONS_INIT;
    static svms_report report;
    char path[256];
    s->options.queue_bytes = 3000;
    store_open(s);
    begin(s);
    for (unsigned i = 0; i < 40; i++) {
        /* From 10 on nothing has room, and 20 to 29 wait for a picture that stands alone. */
        give(s, i, i >= 10 && i <= 20 ? 10000 : SIZE);
        edge_store_flush(s->store);
    }
    assert_int_equal(look(s).samples, 20);
    assert_int_equal(look(s).left_out, 20);
    edge_store_close(&s->store);
    find_first(s, path);
    report = (svms_report)SVMS_REPORT_INIT;
    const camera_papers *papers = camera_identity_take(s->identity);
    how.trust = papers->trust;
    assert_int_equal(svms_source_open_file(&source, s->ctx, path, NULL), SVMS_OK);
    assert_int_equal(svms_verify_container(s->ctx, &source, &how, &report, &s->err), SVMS_OK);
    svms_source_close(&source);
    camera_identity_give(s->identity, &papers);
    assert_int_equal(report.gap_count, 1);
    assert_int_equal(report.gaps[0].reason, SVMS_GAP_OVERLOAD);
    assert_int_equal(report.gaps[0].to_utc_ns, utc_of(30));
}

static void a_full_disk_gives_up_the_oldest_until_there_is_room(void **state)
{
    stage *s = *state;
    const struct timespec moment = { 0, 100000000 };
    char first[256];
    unsigned number = 400;
    s->options.keep_bytes = (uint64_t)1 << 20;
    store_open(s);
    begin(s);
    give_all(s, 0, number);
    find_first(s, first);
    failing_write = ENOSPC;
    give_all(s, number, number + GROUP);
    number += GROUP;
    assert_true(is_told(s, CAMERA_EDGE_FULL));
    assert_true(is_told(s, CAMERA_EDGE_FAILED));
    assert_int_not_equal(access(first, F_OK), 0);
    failing_write = 0;
    for (int i = 0; i < 100 && look(s).is_failing; i++) {
        (void)nanosleep(&moment, NULL);
        give_all(s, number, number + GROUP);
        number += GROUP;
    }
    assert_false(is_told(s, CAMERA_EDGE_FAILED));
    assert_true(is_told(s, CAMERA_EDGE_FULL));
    edge_store_close(&s->store);
    assert_false(is_told(s, CAMERA_EDGE_FULL));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_was_sent_is_kept_and_served_byte_for_byte),
        CASE(what_was_killed_goes_on_with_all_that_was_complete),
        CASE(the_oldest_goes_first_and_never_more_is_kept),
        CASE(no_other_device_opens_it),
        CASE(a_disk_that_fails_is_told_and_gone_on_with_when_it_works),
        CASE(what_comes_too_fast_is_left_out_and_nobody_waits),
        CASE(what_is_left_out_is_a_gap_that_the_camera_signs),
        CASE(a_full_disk_gives_up_the_oldest_until_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
