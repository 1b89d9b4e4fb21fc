/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_stage.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <serve_listen.h>

enum {
    ROOM = 1 << 18,
    HEAD = 4,
    TRIES = 5000,
    PICTURE = 1000,
    SOUND = 160,
    PATIENCE_MS = 150,
    ROUNDS = 4
};

uint64_t stage_now;

/* Instead of the machine's. */
uint64_t stream_clock(void)
{
    struct timespec now = { 0, 0 };
    if (stage_now != 0) {
        return stage_now;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * STREAM_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t stream_earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

int64_t stage_utc(unsigned picture)
{
    int64_t gap = picture >= STAGE_GAP_GROUP * STAGE_GROUP ? STAGE_GAP : 0;
    return STAGE_FIRST + gap + (int64_t)picture * STAGE_PICTURE + (int64_t)(picture * 37 % 1000);
}

static void keep_note(void *user, stream_serve_note note, const char *who, const char *words)
{
    stage *s = user;
    (void)who;
    s->notes[note]++;
    (void)snprintf(s->words, sizeof s->words, "%s", words);
}

static void keep_watch(void *user, const stream_serve_watch *watch)
{
    stage *s = user;
    s->begun += watch->is_over ? 0 : 1;
    s->ended += watch->is_over ? 1 : 0;
    s->told = *watch;
    (void)snprintf(s->path, sizeof s->path, "%s", watch->path);
    (void)snprintf(s->why, sizeof s->why, "%s", watch->why ? watch->why : "");
}

static void permit(void *user, const stream_serve_question *question, stream_serve_verdict *verdict)
{
    stage *s = user;
    assert_int_equal(verdict->valid_until_utc_ns, INT64_MAX);
    assert_false(verdict->is_allowed);
    s->asked[question->wish]++;
    s->question = *question;
    (void)snprintf(s->asked_path, sizeof s->asked_path, "%s", question->path);
    (void)snprintf(s->asked_identity, sizeof s->asked_identity, "%s", question->identity);
    (void)snprintf(s->asked_token, sizeof s->asked_token, "%s",
                   question->token ? question->token : "");
    *verdict = s->verdict;
}

static void woken(void *user)
{
    ((stage *)user)->woken++;
}

static const uint8_t avcc[] = { 1,    0x42, 0x00, 0x0A, 0xFF, 0xE1, 0, 9, 0x67, 0x42, 0x00, 0x0A,
                                0x96, 0x53, 0x05, 0x89, 0x88, 1,    0, 4, 0x68, 0xC9, 0x63, 0x88 };
static svms_track tracks[2];

static void make_tracks(void)
{
    tracks[STAGE_VIDEO] = (svms_track)SVMS_TRACK_INIT;
    tracks[STAGE_VIDEO].codec = SVMS_CODEC_H264;
    tracks[STAGE_VIDEO].config = avcc;
    tracks[STAGE_VIDEO].config_size = sizeof avcc;
    tracks[STAGE_SOUND] = (svms_track)SVMS_TRACK_INIT;
    tracks[STAGE_SOUND].kind = SVMS_TRACK_AUDIO;
    tracks[STAGE_SOUND].codec = SVMS_CODEC_PCMU;
    tracks[STAGE_SOUND].timebase_den = 8000;
    tracks[STAGE_SOUND].sample_rate = 8000;
    tracks[STAGE_SOUND].channels = 1;
}

/* One who watches the recording. */
typedef struct cursor {
    stage *stage;
    unsigned at;    /* picture */
    bool sound_due; /* of that picture */
    bool backwards;
    bool jumped;
    uint8_t *data;
} cursor;

static svms_status open_cursor(void *user, stream_replay_opening *opening, void **out,
                               svms_error *err)
{
    stage *s = user;
    (void)err;
    if (strstr(opening->query, "nothing")) {
        return SVMS_END;
    }
    cursor *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->stage = s;
    c->data = calloc(1, s->sample_size);
    assert_non_null(c->data);
    opening->tracks = tracks;
    opening->track_count = 2;
    opening->first_utc_ns = stage_utc(0);
    opening->last_utc_ns = stage_utc(STAGE_PICTURES - 1);
    s->opened++;
    *out = c;
    return SVMS_OK;
}

static svms_status seek_cursor(void *user, void *opened, const stream_replay_seek *to,
                               svms_error *err)
{
    stage *s = user;
    cursor *c = opened;
    unsigned at = to->is_backwards ? STAGE_PICTURES - STAGE_GROUP : 0;
    (void)err;
    s->sought = *to;
    if (to->from_utc_ns != SVMS_NO_TIME) {
        if (to->from_utc_ns > stage_utc(STAGE_PICTURES - 1)) {
            return SVMS_END;
        }
        for (at = 0;
             at < STAGE_PICTURES - STAGE_GROUP && stage_utc(at + STAGE_GROUP) <= to->from_utc_ns;
             at += STAGE_GROUP) {
        }
        /* In the gap: the first behind it. */
        if (at == (STAGE_GAP_GROUP - 1) * STAGE_GROUP && !to->is_backwards &&
            to->from_utc_ns > stage_utc(at + STAGE_GROUP - 1)) {
            at += STAGE_GROUP;
        }
    }
    c->at = at;
    c->sound_due = false;
    c->backwards = to->is_backwards;
    c->jumped = false;
    return SVMS_OK;
}

/* The group before, when one is done backwards. */
static svms_status turn(cursor *c)
{
    if (c->backwards && c->at % STAGE_GROUP == 0 && c->jumped) {
        if (c->at <= STAGE_GROUP) {
            return SVMS_END;
        }
        c->at -= 2 * STAGE_GROUP;
    }
    return c->at < STAGE_PICTURES ? SVMS_OK : SVMS_END;
}

static svms_status next_sample(void *user, void *opened, stream_replay_sample *out, svms_error *err)
{
    stage *s = user;
    cursor *c = opened;
    svms_status status = c->sound_due ? SVMS_OK : turn(c);
    if (status != SVMS_OK) {
        return status;
    }
    if (s->fails && c->at >= STAGE_GROUP) {
        (void)snprintf(err->message, sizeof err->message, "the disk is gone");
        return SVMS_E_IO;
    }
    if (c->at >= s->pictures) {
        return SVMS_AGAIN;
    }
    unsigned place = c->at % STAGE_GROUP;
    bool sync = place == 0;
    out->utc_ns = stage_utc(c->at);
    out->data = c->data;
    if (c->sound_due) {
        out->track = STAGE_SOUND;
        out->size = SOUND;
        c->sound_due = false;
        c->at++;
        return SVMS_OK;
    }
    uint32_t unit = (uint32_t)s->sample_size - 4;
    c->data[1] = (uint8_t)(unit >> 16);
    c->data[2] = (uint8_t)(unit >> 8);
    c->data[3] = (uint8_t)unit;
    c->data[4] = sync ? 0x65 : 0x41;
    out->track = STAGE_VIDEO;
    out->size = s->sample_size;
    out->flags = sync ? SVMS_SAMPLE_SYNC : 0;
    unsigned edge =
        c->backwards ? (STAGE_GAP_GROUP - 1) * STAGE_GROUP : STAGE_GAP_GROUP * STAGE_GROUP;
    out->is_after_gap = c->at == edge && c->jumped;
    c->jumped = true;
    c->sound_due = true;
    return SVMS_OK;
}

static void close_cursor(void *user, void *opened)
{
    cursor *c = opened;
    ((stage *)user)->closed++;
    free(c->data);
    free(c);
}

static const stream_replay_calls calls = { open_cursor, seek_cursor, next_sample, close_cursor };

void stage_options(stage *s, stream_serve_options *options)
{
    char address[SERVE_LISTEN_TEXT];
    unsigned port = 0;
    svms_error err = SVMS_ERROR_INIT;
    memset(s, 0, sizeof *s);
    memset(options, 0, sizeof *options);
    stage_now = 1000 * STREAM_SECOND;
    make_tracks();
    s->pictures = STAGE_PICTURES;
    s->sample_size = PICTURE;
    s->verdict.is_allowed = true;
    s->verdict.valid_until_utc_ns = INT64_MAX;
    assert_int_equal(svms_ctx_new(&s->ctx, NULL, &err), SVMS_OK);
    options->ctx = s->ctx;
    options->listener = serve_listen("127.0.0.1:0", NULL, address);
    assert_true(options->listener >= 0);
    assert_int_equal(sscanf(address, "127.0.0.1:%u", &port), 1);
    options->media = STREAM_SERVE_CLEAR;
    options->server_flags = SVMS_RTSP_SERVER_OPEN | SVMS_RTSP_SERVER_REPLAY;
    options->user = s;
    options->permit = permit;
    options->watch = keep_watch;
    options->note = keep_note;
    options->woken = woken;
    s->at.sin_family = AF_INET;
    s->at.sin_port = htons((uint16_t)port);
    s->at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
}

void stage_begin(stage *s, stream_serve_options *options)
{
    svms_error err = SVMS_ERROR_INIT;
    const stream_live_options live = { "/live", NULL, tracks, 2 };
    const stream_replay_options replay = { "/replay", NULL, &calls, s };
    if (stream_serve_open(&s->serve, options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(stream_serve_add_live(&s->live, s->serve, &live, &err), SVMS_OK);
    assert_int_equal(stream_serve_add_replay(&s->replay, s->serve, &replay, &err), SVMS_OK);
}

void stage_open(stage *s)
{
    stream_serve_options options;
    stage_options(s, &options);
    stage_begin(s, &options);
}

void stage_close(stage *s)
{
    stream_serve_close(&s->serve);
    assert_int_equal(s->opened, s->closed);
    assert_int_equal(s->begun, s->ended);
    svms_ctx_free(&s->ctx);
    stage_now = 0;
}

void stage_work(stage *s)
{
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(stream_serve_run(s->serve, stream_clock(), &err), SVMS_OK);
}

void stage_give(stage *s, stream_presentation *live, bool alone)
{
    static uint8_t data[PICTURE];
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    data[2] = (PICTURE - 4) >> 8;
    data[3] = (PICTURE - 4) & 0xFF;
    data[4] = alone ? 0x65 : 0x41;
    sample.data = data;
    sample.size = sizeof data;
    sample.flags = alone ? SVMS_SAMPLE_SYNC : 0;
    sample.pts = sample.dts = s->pts;
    s->pts += 3600;
    assert_int_equal(stream_presentation_sample(live, &sample, &err), SVMS_OK);
    stage_work(s);
}

int stage_connect(const stage *s, unsigned host, int receive_buffer)
{
    int yes = 1;
    struct sockaddr_in from = { .sin_family = AF_INET };
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(handle >= 0);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + host);
    if (receive_buffer > 0) {
        assert_int_equal(
            setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer), 0);
    }
    /* Or a sign of life waits until the one before it was acknowledged. */
    assert_int_equal(setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes), 0);
    assert_int_equal(bind(handle, (const struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(handle, (const struct sockaddr *)&s->at, sizeof s->at), 0);
    return handle;
}

viewer *viewer_from(stage *s, unsigned host, int receive_buffer)
{
    viewer *v = calloc(1, sizeof *v);
    assert_non_null(v);
    v->bytes = calloc(1, ROOM + 1);
    v->packets = calloc(VIEWER_PACKETS, sizeof *v->packets);
    assert_non_null(v->bytes);
    assert_non_null(v->packets);
    v->socket = stage_connect(s, host, receive_buffer);
    stage_work(s);
    return v;
}

viewer *viewer_new(stage *s, int receive_buffer)
{
    return viewer_from(s, 1, receive_buffer);
}

void viewer_free(viewer *v)
{
    close(v->socket);
    free(v->bytes);
    free(v->packets);
    free(v);
}

static void keep_packet(viewer *v, const uint8_t *data, size_t size, unsigned channel)
{
    svms_error err = SVMS_ERROR_INIT;
    if (channel % 2 == 1) {
        for (size_t at = 0; at + 4 <= size;
             at += 4 * (((size_t)data[at + 2] << 8 | data[at + 3]) + 1)) {
            v->byes[channel] += data[at + 1] == 203 ? 1 : 0;
        }
        return;
    }
    assert_true(v->count < VIEWER_PACKETS);
    packet *kept = &v->packets[v->count++];
    kept->channel = channel;
    kept->rtp = (svms_rtp_packet)SVMS_RTP_PACKET_INIT;
    if (svms_rtp_parse(&kept->rtp, data, size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    assert_true(kept->rtp.payload_size > 1);
    kept->first = kept->rtp.payload[0];
    kept->second = kept->rtp.payload[1];
}

/* Bytes of the whole response at the front; 0: not all is there. */
static size_t response_size(const viewer *v)
{
    size_t body = 0;
    const char *text = (const char *)v->bytes;
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");
    if (!end) {
        return 0;
    }
    if (length && length < end) {
        body = strtoul(length + 16, NULL, 10);
    }
    size_t size = (size_t)(end - text) + 4 + body;
    return v->size >= size ? size : 0;
}

static size_t take_front(viewer *v)
{
    if (v->size >= HEAD && v->bytes[0] == '$') {
        size_t size = HEAD + ((size_t)v->bytes[2] << 8 | v->bytes[3]);
        if (v->size < size) {
            return 0;
        }
        keep_packet(v, v->bytes + HEAD, size - HEAD, v->bytes[1]);
        return size;
    }
    if (v->size < HEAD || v->bytes[0] == '$') {
        return 0;
    }
    size_t size = response_size(v);
    if (size > 0) {
        assert_true(size < sizeof v->answer);
        memcpy(v->answer, v->bytes, size);
        v->answer[size] = '\0';
        assert_int_equal(sscanf(v->answer, "RTSP/1.0 %u", &v->code), 1);
    }
    return size;
}

void viewer_take(viewer *v, size_t most)
{
    while (most > 0 && !v->is_gone) {
        size_t room = ROOM - v->size < most ? ROOM - v->size : most;
        ssize_t got = recv(v->socket, v->bytes + v->size, room, MSG_DONTWAIT);
        if (got <= 0) {
            v->is_gone = got == 0;
            return;
        }
        most -= (size_t)got;
        v->size += (size_t)got;
        for (size_t taken = 1; taken > 0;) {
            v->bytes[v->size] = '\0';
            taken = take_front(v);
            memmove(v->bytes, v->bytes + taken, v->size - taken);
            v->size -= taken;
        }
    }
}

static bool step(stage *s, viewer *v, int wait_ms)
{
    struct pollfd until = { v->socket, POLLIN, 0 };
    for (int i = 0; i < ROUNDS; i++) {
        stage_work(s);
    }
    int found = poll(&until, 1, wait_ms);
    viewer_take(v, SIZE_MAX);
    return found > 0;
}

void viewer_take_all(stage *s, viewer *v)
{
    while (step(s, v, PATIENCE_MS) && !v->is_gone) {
    }
}

void viewer_take_packets(stage *s, viewer *v, size_t wanted)
{
    for (int i = 0; i < TRIES && v->count < wanted; i++) {
        (void)step(s, v, 10);
    }
    assert_true(v->count >= wanted);
}

unsigned viewer_say(stage *s, viewer *v, const char *method, const char *path, const char *headers)
{
    char text[4096];
    char session[96] = "";
    if (v->session[0] != '\0') {
        (void)snprintf(session, sizeof session, "Session: %s\r\n", v->session);
    }
    int size = snprintf(text, sizeof text, "%s rtsp://127.0.0.1%s RTSP/1.0\r\nCSeq: %u\r\n%s%s\r\n",
                        method, path, ++v->cseq, session, headers);
    assert_int_equal(send(v->socket, text, (size_t)size, MSG_NOSIGNAL), size);
    v->code = 0;
    for (int i = 0; i < TRIES && v->code == 0 && !v->is_gone; i++) {
        (void)step(s, v, 10);
    }
    return v->code;
}

unsigned viewer_play(stage *s, viewer *v, const char *path, unsigned count, const char *headers)
{
    char url[96];
    char transport[96];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(url, sizeof url, "%s/track%u", path, i);
        (void)snprintf(transport, sizeof transport,
                       "Transport: RTP/AVP/TCP;unicast;interleaved=%u-%u\r\n", 2 * i, 2 * i + 1);
        unsigned code = viewer_say(s, v, "SETUP", url, transport);
        if (code != 200) {
            return code;
        }
        char whole[160];
        assert_non_null(viewer_header(v, "Session", whole, sizeof whole));
        assert_int_equal(sscanf(whole, "%63[^;]", v->session), 1);
    }
    return viewer_say(s, v, "PLAY", path, headers);
}

const char *viewer_header(const viewer *v, const char *name, char *out, size_t room)
{
    char start[64];
    (void)snprintf(start, sizeof start, "\r\n%s: ", name);
    const char *at = strstr(v->answer, start);
    if (!at) {
        return NULL;
    }
    at += strlen(start);
    size_t size = strcspn(at, "\r\n");
    assert_true(size < room);
    memcpy(out, at, size);
    out[size] = '\0';
    return out;
}
