/* SPDX-License-Identifier: Apache-2.0 */
/* RTSPS of a recorder, with a real client: who has a good token sees what he may, and nothing else;
 * all of it is on the record. */
#include "film_stage.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <auditor.h>
#include <recorder_rtsp.h>
#include <serve_listen.h>
#include <stream_clock.h>
#include <stream_pull.h>

#include "workshop.h"

#define ISSUER "https://id.example"
#define AUDIENCE "recorder-1"
#define TOKEN_SIZE 16384
/* Half a second before a minute begins, so that a window opens within a group of pictures. */
#define LONG_AGO (INT64_C(1767225655) * FILM_SECOND + FILM_SECOND / 2)
#define PATIENCE (20 * STREAM_SECOND)

/* Cameras of which nothing else is known here. */
struct camera_fleet {
    live_hub *door;
    live_hub *yard;
};

live_hub *camera_fleet_hub(camera_fleet *self, const char *camera)
{
    return strcmp(camera, FILM_CAMERA) == 0  ? self->door
           : strcmp(camera, FILM_OTHER) == 0 ? self->yard
                                             : NULL;
}

typedef struct house {
    char found[SVMS_AUDIT_RECORD_MAX + 1]; /* the record that count_records() found last */
    film *film;
    char policy[96];
    char keys[96];
    char revocations[96];
    char log[96];
    svms_folder folder;
    svms_private_key *token_key;
    gate_issuer issuer;
    gate_options gate_options;
    gate *gate;
    auditor *auditor;
    identity_card *root;
    identity_card *server_card;
    identity_card *client_cards[2];
    svms_tls_context *server;
    svms_tls_context *clients[2];
    camera_fleet fleet;
    recorder_rtsp *rtsp;
    char address[SERVE_LISTEN_TEXT];
    /* Live pictures of the door. */
    pthread_t camera;
    atomic_bool camera_stops;
    bool camera_runs;
} house;

static void write_text(const char *path, const char *text)
{
    char fresh[160];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *out = fopen(fresh, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(fresh, 0600), 0);
    assert_int_equal(rename(fresh, path), 0);
}

/* Rules beside that anna may all of the door: members of the only rule, and further rules. */
static void write_policy(const house *h, int revision, const char *actions, const char *more)
{
    static const char text[] =
        "{\"format\": \"svms-policy\", \"version\": 1, \"revision\": %d, \"roles\": {\"guard\": "
        "{\"subjects\": [\"anna\"]}}, \"rules\": [{\"id\": \"guards\", \"roles\": [\"guard\"], "
        "\"actions\": [%s], \"devices\": [\"door\"]%s}]}";
    char whole[2048];
    snprintf(whole, sizeof whole, text, revision, actions, more);
    write_text(h->policy, whole);
}

static void write_keys(const house *h)
{
    char jwk[4096];
    char text[4200];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    svms_ctx *ctx = h->film->ctx;
    assert_int_equal(svms_private_key_public(&half, ctx, h->token_key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_jwk(ctx, half, SVMS_TOKEN_ES256, "k1", jwk, &size, NULL),
                     SVMS_OK);
    svms_public_key_free(&half);
    snprintf(text, sizeof text, "{\"keys\": [%s]}", jwk);
    write_text(h->keys, text);
}

static void open_gate(house *h)
{
    svms_error err = SVMS_ERROR_INIT;
    if (gate_open(&h->gate, &h->gate_options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    h->film->parts.gate = h->gate;
}

static void open_log(house *h)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    film *f = h->film;
    assert_int_equal(svms_folder_open(&h->folder, f->ctx, h->log, 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_create(f->ctx, &h->folder, "test.example/audit", key, &err),
                     SVMS_OK);
    const auditor_options options = { .ctx = f->ctx,
                                      .log = h->log,
                                      .server = "vms1",
                                      .component = "recorder",
                                      .service = f->service };
    if (auditor_open(&h->auditor, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    f->parts.auditor = h->auditor;
}

static identity_card *make_card(const card_order *order)
{
    card_order lasting = *order;
    lasting.from = -3650;
    lasting.until = 36500;
    return card_make(&lasting);
}

static svms_tls_context *make_tls(house *h, const identity_card *card, svms_tls_side side)
{
    svms_tls_context *made = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_ctx *ctx = h->film->ctx;
    svms_chain *chain = card_chain(ctx, card);
    svms_private_key *key = card_key(ctx, card);
    char *pem = card_pem(h->root);
    assert_int_equal(svms_trust_from_pem(&trust, ctx, pem, strlen(pem), NULL), SVMS_OK);
    options.side = side;
    options.peer = side == SVMS_TLS_SERVER ? SVMS_TLS_PEER_OPTIONAL : SVMS_TLS_PEER_REQUIRED;
    options.credentials.chain = chain;
    options.credentials.key = key;
    options.credentials.trust = trust;
    if (svms_tls_context_new(&made, ctx, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    free(pem);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_trust_free(&trust);
    return made;
}

static void make_certificates(house *h)
{
    h->root = make_card(&(card_order){ .name = "Root", .is_ca = true });
    h->server_card = make_card(&(card_order){
        .name = "server", .issuer = h->root, .hosts = "IP:127.0.0.1", .usages = "serverAuth" });
    h->server = make_tls(h, h->server_card, SVMS_TLS_SERVER);
    for (int i = 0; i < 2; i++) {
        h->client_cards[i] = make_card(&(card_order){ .name = i == 0 ? "client" : "other client",
                                                      .issuer = h->root,
                                                      .usages = "clientAuth" });
        h->clients[i] = make_tls(h, h->client_cards[i], SVMS_TLS_CLIENT);
    }
}

static void start(house *h)
{
    svms_error err = SVMS_ERROR_INIT;
    recorder_rtsp_options options = {
        .parts = &h->film->parts, .fleet = &h->fleet, .keys = h->film->keys, .tls = h->server
    };
    options.listener = serve_listen("127.0.0.1:0", NULL, h->address);
    assert_true(options.listener >= 0);
    if (recorder_rtsp_start(&h->rtsp, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

static int set_up(void **state)
{
    house *h = calloc(1, sizeof *h);
    void *stage = NULL;
    assert_non_null(h);
    assert_int_equal(film_set_up(&stage), 0);
    film *f = h->film = stage;
    snprintf(h->policy, sizeof h->policy, "%s/policy", f->folder);
    snprintf(h->keys, sizeof h->keys, "%s/keys", f->folder);
    snprintf(h->revocations, sizeof h->revocations, "%s/revoked", f->folder);
    snprintf(h->log, sizeof h->log, "%s/log", f->folder);
    assert_int_equal(svms_private_key_generate(&h->token_key, f->ctx, NULL), SVMS_OK);
    open_log(h);
    write_keys(h);
    write_policy(h, 1, "\"live.*\", \"playback.*\"", "");
    h->issuer = (gate_issuer){ ISSUER, h->keys, false };
    h->gate_options = (gate_options){ .ctx = f->ctx,
                                      .service = f->service,
                                      .auditor = h->auditor,
                                      .audience = AUDIENCE,
                                      .issuers = &h->issuer,
                                      .issuer_count = 1,
                                      .policy = h->policy,
                                      .revocations = h->revocations,
                                      .obligations = SVMS_OBLIGED_AUDIT_EACH };
    open_gate(h);
    make_certificates(h);
    assert_int_equal(live_hub_new(&h->fleet.door, NULL, NULL), SVMS_OK);
    assert_int_equal(live_hub_new(&h->fleet.yard, NULL, NULL), SVMS_OK);
    *state = h;
    return 0;
}

static void stop(house *h)
{
    recorder_rtsp_stop(&h->rtsp);
    assert_null(h->rtsp);
    if (h->camera_runs) {
        atomic_store(&h->camera_stops, true);
        assert_int_equal(pthread_join(h->camera, NULL), 0);
        h->camera_runs = false;
    }
    auditor_close(&h->auditor);
    h->film->parts.auditor = NULL;
}

static int tear_down(void **state)
{
    house *h = *state;
    void *stage = h->film;
    stop(h);
    gate_close(&h->gate);
    live_hub_free(&h->fleet.door);
    live_hub_free(&h->fleet.yard);
    svms_tls_context_free(&h->server);
    for (int i = 0; i < 2; i++) {
        svms_tls_context_free(&h->clients[i]);
        card_free(&h->client_cards[i]);
    }
    card_free(&h->server_card);
    card_free(&h->root);
    svms_private_key_free(&h->token_key);
    svms_folder_close(&h->folder);
    assert_int_equal(film_tear_down(&stage), 0);
    free(h);
    return 0;
}

static void *film_the_door(void *user)
{
    house *h = user;
    static uint8_t data[1200];
    data[2] = (sizeof data - 4) >> 8;
    data[3] = (sizeof data - 4) & 0xFF;
    for (unsigned i = 0; !atomic_load(&h->camera_stops); i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        data[4] = i % 10 == 0 ? 0x65 : 0x41;
        sample.flags = i % 10 == 0 ? SVMS_SAMPLE_SYNC : 0;
        sample.data = data;
        sample.size = sizeof data;
        sample.dts = sample.pts = (int64_t)i * 1800;
        sample.utc_ns = recorder_now();
        live_hub_put(h->fleet.door, &sample);
        (void)poll(NULL, 0, 20);
    }
    return NULL;
}

static void begin_live(house *h)
{
    assert_int_equal(live_hub_begin(h->fleet.door, h->film->tracks, 2, NULL), SVMS_OK);
    assert_int_equal(live_hub_begin(h->fleet.yard, h->film->tracks, 2, NULL), SVMS_OK);
    assert_int_equal(pthread_create(&h->camera, NULL, film_the_door, h), 0);
    h->camera_runs = true;
}

typedef struct ticket {
    const char *subject; /* NULL: anna */
    const char *audience;
    int64_t now_utc_ns; /* when it was given; 0: now */
    uint32_t life_s;
    const identity_card *bound_to;
    bool is_forged;
} ticket;

static void issue(const house *h, const ticket *wanted, char text[TOKEN_SIZE])
{
    static const char rights[] =
        "[{\"type\": \"svms\", \"actions\": [\"*\"], \"devices\": [\"*\"]}]";
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    size_t size = TOKEN_SIZE;
    svms_ctx *ctx = h->film->ctx;
    svms_chain *chain = wanted->bound_to ? card_chain(ctx, wanted->bound_to) : NULL;
    claims.issuer = ISSUER;
    claims.audience = wanted->audience ? wanted->audience : AUDIENCE;
    claims.subject = wanted->subject ? wanted->subject : "anna";
    claims.client = "desktop";
    claims.rights = rights;
    claims.rights_size = sizeof rights - 1;
    if (wanted->now_utc_ns) {
        claims.now_utc_ns = wanted->now_utc_ns;
    }
    if (wanted->life_s) {
        claims.life_s = wanted->life_s;
    }
    if (chain) {
        assert_int_equal(svms_chain_certificate(chain, 0, &info, NULL), SVMS_OK);
        claims.certificate_sha256 = info.sha256;
    }
    if (svms_token_issue(ctx, &claims, h->token_key, SVMS_TOKEN_ES256, "k1", text, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_chain_free(&chain);
    size_t length = strlen(text);
    if (wanted->is_forged) {
        text[length - 10] = text[length - 10] == 'A' ? 'B' : 'A';
    }
}

/* A client, and what came. */
typedef struct client {
    stream_pull *pull;
    stream_pull_end end;
    char url[128];
    char token[TOKEN_SIZE];
    size_t tracks;
    bool has_sound;
    unsigned pictures;
    unsigned sounds;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
} client;

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    client *c = user;
    c->tracks = count;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(tracks[i].protection, STREAM_IN_SRTP);
        c->has_sound = c->has_sound || tracks[i].track.kind == SVMS_TRACK_AUDIO;
    }
    return SVMS_OK;
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    client *c = user;
    (void)now_ns;
    if (event->kind != SVMS_RTP_SAMPLE) {
        return SVMS_OK;
    }
    if (track == 0) {
        c->first_utc_ns = c->pictures == 0 ? event->utc_ns : c->first_utc_ns;
        c->last_utc_ns = event->utc_ns;
        c->pictures++;
    } else {
        c->sounds++;
    }
    return SVMS_OK;
}

static void begin(house *h, client *c, const char *path, const ticket *shown,
                  const stream_pull_replay *replay, int certificate)
{
    static const stream_pull_events events = { NULL, NULL, on_tracks, on_media, NULL };
    svms_error err = SVMS_ERROR_INIT;
    stream_pull_options options;
    memset(c, 0, sizeof *c);
    memset(&options, 0, sizeof options);
    snprintf(c->url, sizeof c->url, "rtsps://%s%s", h->address, path);
    if (shown) {
        issue(h, shown, c->token);
        options.token = c->token;
    }
    options.url = c->url;
    options.tls = h->clients[certificate];
    options.replay = replay;
    options.events = &events;
    options.user = c;
    if (stream_pull_open(&c->pull, h->film->ctx, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

/* Until it ends, or so many pictures have come. */
static void work(client *c, unsigned pictures)
{
    uint64_t until = stream_clock() + PATIENCE;
    while (c->pictures < pictures && stream_clock() < until) {
        struct pollfd ready[STREAM_PULL_POLL_MAX];
        size_t count = stream_pull_poll(c->pull, ready);
        int found = poll(ready, (nfds_t)count, 10);
        c->end = stream_pull_step(c->pull, found > 0 ? ready : NULL, count);
        if (c->end != STREAM_PULL_GOES_ON) {
            return;
        }
    }
}

static void expect_end(const client *c, stream_pull_end wanted)
{
    if (c->end != wanted) {
        fail_msg("%s, not %s: %s", stream_pull_end_name(c->end), stream_pull_end_name(wanted),
                 stream_pull_why(c->pull)->message);
    }
}

static void leave(client *c)
{
    if (c->end == STREAM_PULL_GOES_ON) {
        stream_pull_stop(c->pull);
        c->pictures = 0;
        work(c, UINT32_MAX);
    }
    stream_pull_free(&c->pull);
}

/* A camera is offered within a second or two of its first picture. */
static void watch_door(house *h, client *c, const ticket *shown, int certificate)
{
    uint64_t until = stream_clock() + PATIENCE;
    for (;;) {
        begin(h, c, "/live/door", shown, NULL, certificate);
        work(c, 5);
        if (c->end != STREAM_PULL_REFUSED || stream_clock() > until) {
            return;
        }
        leave(c);
    }
}

static const ticket annas = { .subject = "anna" };
static const stream_pull_replay whole = { SVMS_NO_TIME, SVMS_NO_TIME, false, false };

static void fetch(house *h, client *c, const char *path, const stream_pull_replay *replay)
{
    begin(h, c, path, &annas, replay, 0);
    work(c, UINT32_MAX);
}

/* Records of this event that hold these words. The server and the log are closed first. */
static unsigned count_records(house *h, const char *event, const char *words)
{
    svms_audit_reader *reader = NULL;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char wanted[96];
    unsigned found = 0;
    stop(h);
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    assert_int_equal(svms_audit_reader_open(&reader, h->film->ctx, &h->folder, NULL, &err),
                     SVMS_OK);
    assert_int_equal(svms_audit_reader_head(reader, &head, &err), SVMS_OK);
    for (uint64_t i = 0; i < head.size; i++) {
        char record[SVMS_AUDIT_RECORD_MAX + 1];
        size_t size = sizeof record - 1;
        assert_int_equal(svms_audit_reader_record(reader, i, record, &size, &err), SVMS_OK);
        record[size] = '\0';
        if (strstr(record, "\"event\":\"log.gap\"")) {
            fail_msg("%s", record);
        }
        if (strstr(record, wanted) && strstr(record, words)) {
            found++;
            (void)snprintf(h->found, sizeof h->found, "%s", record);
        }
    }
    svms_audit_reader_close(&reader);
    return found;
}

static void who_may_watches_and_it_is_on_the_record(void **state)
{
    house *h = *state;
    client c;
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    expect_end(&c, STREAM_PULL_GOES_ON);
    assert_int_equal(c.tracks, 2);
    assert_true(c.pictures >= 5);
    leave(&c);
    live_stats stats;
    assert_int_equal(count_records(h, "live.start", "\"id\":\"anna\""), 1);
    assert_int_equal(count_records(h, "live.start", "\"stream\":\"/live/door\""), 1);
    assert_int_equal(count_records(h, "live.stop", "\"seconds\":"), 1);
    assert_int_equal(count_records(h, "live.stop", "\"device\":\"door\""), 1);
    live_hub_count(h->fleet.door, &stats);
    assert_int_equal(stats.viewers, 0);
}

/* A-EVT-1: sequence length, records seen, and the switch. */
static void expect_told(house *h, const viewing_rule *rule, unsigned due)
{
    client c;
    h->film->settings.viewing = *rule;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    leave(&c);
    assert_int_equal(count_records(h, "playback.start", ""), due);
    assert_int_equal(count_records(h, "playback.stop", ""), due);
}

static void what_was_too_short_is_not_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ true, true, 3600, 0 }, 0);
}

static void what_showed_too_little_is_not_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ true, true, 0, 100000 }, 0);
}

static void what_is_switched_off_is_not_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ true, false, 0, 0 }, 0);
}

static void what_showed_enough_is_on_the_record(void **state)
{
    expect_told(*state, &(viewing_rule){ false, true, 0, 5 }, 1);
}

/* To the second. */
static void time_of(const char *record, char out[32])
{
    const char *at = strstr(record, "\"time\":\"");
    assert_non_null(at);
    (void)snprintf(out, 32, "%.19s", at + 8);
}

static void it_is_on_the_record_while_somebody_still_watches(void **state)
{
    house *h = *state;
    client c;
    char began[32];
    char ended[32];
    h->film->settings.viewing.least_seconds = 1;
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    (void)poll(NULL, 0, 5000);
    leave(&c);
    assert_int_equal(count_records(h, "live.start", "\"stream\":\"/live/door\""), 1);
    time_of(h->found, began);
    assert_int_equal(count_records(h, "live.stop", ""), 1);
    time_of(h->found, ended);
    assert_true(strcmp(began, ended) < 0);
}

static void a_token_that_does_not_hold_opens_nothing(void **state)
{
    house *h = *state;
    int64_t day_ago = recorder_now() - 86400 * FILM_SECOND;
    const ticket bad[] = { { .is_forged = true },
                           { .audience = "recorder-2" },
                           { .now_utc_ns = day_ago, .life_s = 60 } };
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    start(h);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        begin(h, &c, "/replay/door", &bad[i], &whole, 0);
        work(&c, UINT32_MAX);
        expect_end(&c, STREAM_PULL_DENIED);
        leave(&c);
    }
    begin(h, &c, "/replay/door", NULL, &whole, 0);
    work(&c, UINT32_MAX);
    expect_end(&c, STREAM_PULL_DENIED);
    leave(&c);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    leave(&c);
    assert_true(count_records(h, "token.refuse", "") >= 3);
    assert_int_equal(count_records(h, "playback.start", ""), 1);
}

static void a_stolen_token_is_of_no_use(void **state)
{
    house *h = *state;
    const ticket bound = { .bound_to = h->client_cards[0] };
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    gate_close(&h->gate);
    h->gate_options.demand_binding = true;
    open_gate(h);
    start(h);
    begin(h, &c, "/replay/door", &bound, &whole, 1);
    work(&c, UINT32_MAX);
    expect_end(&c, STREAM_PULL_DENIED);
    leave(&c);
    begin(h, &c, "/replay/door", &annas, &whole, 0);
    work(&c, UINT32_MAX);
    expect_end(&c, STREAM_PULL_DENIED);
    leave(&c);
    begin(h, &c, "/replay/door", &bound, &whole, 0);
    work(&c, UINT32_MAX);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.pictures, 30);
    leave(&c);
    assert_true(count_records(h, "token.refuse", "") >= 2);
}

static void what_one_may_not_see_is_not_there(void **state)
{
    house *h = *state;
    static const char *const paths[] = { "/replay/yard", "/replay/nowhere", "/live/yard",
                                         "/live/nowhere", "/elsewhere" };
    char words[5][256];
    client c;
    film_make(h->film, FILM_OTHER, LONG_AGO, 3, 60);
    start(h);
    for (int i = 0; i < 5; i++) {
        fetch(h, &c, paths[i], &whole);
        expect_end(&c, STREAM_PULL_REFUSED);
        snprintf(words[i], sizeof words[i], "%s", stream_pull_why(c.pull)->message);
        assert_string_equal(words[i], words[0]);
        assert_non_null(strstr(words[i], "404"));
        leave(&c);
    }
    assert_int_equal(count_records(h, "playback.start", "\"outcome\":\"denied\""), 1);
    assert_int_equal(count_records(h, "live.start", "\"outcome\":\"denied\""), 1);
    assert_int_equal(count_records(h, "live.start", "nowhere"), 0);
}

static void write_revocation(const house *h)
{
    svms_revocations *list = NULL;
    svms_revocation_entry entry = SVMS_REVOCATION_ENTRY_INIT;
    char text[4096];
    size_t size = sizeof text;
    assert_int_equal(svms_revocations_new(&list, h->film->ctx, NULL), SVMS_OK);
    entry.kind = SVMS_REVOKE_SUBJECT;
    entry.issuer = ISSUER;
    entry.value = "anna";
    entry.before_utc_ns = ((int64_t)time(NULL) + 3600) * FILM_SECOND;
    entry.until_utc_ns = entry.before_utc_ns + 3600 * FILM_SECOND;
    assert_int_equal(svms_revocations_add(list, &entry, NULL), SVMS_OK);
    assert_int_equal(svms_revocations_write(list, text, &size, NULL), SVMS_OK);
    write_text(h->revocations, text);
    svms_revocations_free(&list);
}

static void who_is_revoked_sees_no_more(void **state)
{
    house *h = *state;
    client c;
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    expect_end(&c, STREAM_PULL_GOES_ON);
    write_revocation(h);
    gate_tend(h->gate);
    recorder_rtsp_judge_again(h->rtsp);
    work(&c, UINT32_MAX);
    assert_int_not_equal(c.end, STREAM_PULL_GOES_ON);
    leave(&c);
    begin(h, &c, "/live/door", &annas, NULL, 0);
    work(&c, 5);
    expect_end(&c, STREAM_PULL_DENIED);
    leave(&c);
    assert_int_equal(count_records(h, "live.stop", "\"id\":\"anna\""), 1);
}

static void a_recording_comes_whole_and_is_told(void **state)
{
    house *h = *state;
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 12, 5);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.pictures, 120);
    assert_int_equal(c.sounds, 24);
    assert_int_equal(c.first_utc_ns, LONG_AGO);
    assert_int_equal(c.last_utc_ns, film_utc(h->film, 119));
    leave(&c);
    const stream_pull_replay part = { film_utc(h->film, 35), film_utc(h->film, 64), false, false };
    fetch(h, &c, "/replay/door", &part);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.first_utc_ns, film_utc(h->film, 30));
    assert_int_equal(c.last_utc_ns, film_utc(h->film, 64));
    leave(&c);
    const stream_pull_replay thumbs = { SVMS_NO_TIME, SVMS_NO_TIME, false, true };
    fetch(h, &c, "/replay/door", &thumbs);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.pictures, 12);
    leave(&c);
    const stream_pull_replay later = { film_utc(h->film, 500), SVMS_NO_TIME, false, false };
    fetch(h, &c, "/replay/door", &later);
    expect_end(&c, STREAM_PULL_REFUSED);
    assert_non_null(strstr(stream_pull_why(c.pull)->message, "457"));
    leave(&c);
    assert_int_equal(count_records(h, "playback.start", "\"ranges\":[{"), 3);
    assert_int_equal(count_records(h, "playback.stop", "\"records\":144"), 1);
    assert_int_equal(count_records(h, "playback.stop", "\"token\":"), 3);
}

static void a_recording_is_cut_to_what_may_be_seen(void **state)
{
    house *h = *state;
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 12, 60);
    /* It opens at picture 45, within a group. */
    write_policy(h, 2, "\"playback.*\"",
                 ", \"recorded\": [{\"from\": \"00:01\", \"to\": \"00:02\"}]");
    gate_tend(h->gate);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.first_utc_ns, film_utc(h->film, 50));
    assert_int_equal(c.pictures, 70);
    leave(&c);
    /* Nothing of what is asked for. */
    const stream_pull_replay before = { film_utc(h->film, 5), film_utc(h->film, 30), false, false };
    fetch(h, &c, "/replay/door", &before);
    expect_end(&c, STREAM_PULL_REFUSED);
    assert_int_equal(c.pictures, 0);
    leave(&c);
    assert_int_equal(count_records(h, "playback.start", "\"outcome\":\"denied\""), 1);
}

static void sound_needs_a_right_of_its_own(void **state)
{
    house *h = *state;
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    write_policy(h, 2, "\"playback.view\"", "");
    gate_tend(h->gate);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_false(c.has_sound);
    assert_int_equal(c.pictures, 30);
    assert_int_equal(c.sounds, 0);
    leave(&c);
}

static void it_ends_when_permission_ends(void **state)
{
    house *h = *state;
    const ticket brief = { .life_s = 4 };
    client c;
    start(h);
    begin_live(h);
    watch_door(h, &c, &brief, 0);
    if (c.end == STREAM_PULL_GOES_ON) {
        work(&c, UINT32_MAX);
    }
    assert_int_not_equal(c.end, STREAM_PULL_GOES_ON);
    leave(&c);
    assert_int_equal(count_records(h, "live.stop", "ended"), 1);
}

static void obligations_are_kept_or_it_is_a_no(void **state)
{
    house *h = *state;
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    write_policy(h, 2, "\"playback.*\"", ", \"obligations\": [\"watermark\"]");
    gate_tend(h->gate);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_REFUSED);
    leave(&c);
    write_policy(h, 3, "\"playback.*\"", ", \"obligations\": [\"audit-each\"]");
    gate_tend(h->gate);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    leave(&c);
    assert_int_equal(count_records(h, "access.decide", "playback.view"), 1);
}

static void who_tries_too_often_is_shut_out(void **state)
{
    house *h = *state;
    const ticket forged = { .is_forged = true };
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    start(h);
    for (int i = 0; i < 10; i++) {
        begin(h, &c, "/replay/door", &forged, &whole, 0);
        work(&c, UINT32_MAX);
        expect_end(&c, STREAM_PULL_DENIED);
        leave(&c);
    }
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_DENIED);
    leave(&c);
    assert_int_equal(count_records(h, "account.locked", "127.0.0.1"), 1);
}

static svms_status count_event(void *user, const indexed_event *event)
{
    *(unsigned *)user += strcmp(event->kind, "playback.damaged") == 0 ? 1 : 0;
    return SVMS_OK;
}

static void damage_is_told_and_passed_over(void **state)
{
    house *h = *state;
    const indexed_range all = { FILM_CAMERA, INT64_MIN + 1, INT64_MAX };
    unsigned told = 0;
    client c;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 10, 60);
    film_damage(h->film, 0, 0.5);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.pictures, 90);
    leave(&c);
    assert_int_equal(recorder_index_events(h->film->index, &all, 0, 100, count_event, &told, NULL),
                     SVMS_OK);
    assert_int_equal(told, 1);
}

static void what_is_recorded_now_comes_as_it_grows(void **state)
{
    house *h = *state;
    client c;
    film_begin(h->film, FILM_CAMERA, recorder_now() - 30 * FILM_SECOND, 60);
    film_take(h->film, 0, 20);
    film_flush(h->film);
    start(h);
    begin(h, &c, "/replay/door", &annas, &whole, 0);
    work(&c, 19);
    expect_end(&c, STREAM_PULL_GOES_ON);
    film_take(h->film, 20, 60);
    film_flush(h->film);
    work(&c, 55);
    expect_end(&c, STREAM_PULL_GOES_ON);
    assert_true(c.pictures >= 55);
    leave(&c);
    film_end(h->film);
}

static void a_recording_ends_when_the_policy_says_so(void **state)
{
    house *h = *state;
    client c;
    film_begin(h->film, FILM_CAMERA, recorder_now() - 30 * FILM_SECOND, 60);
    film_take(h->film, 0, 20);
    film_flush(h->film);
    start(h);
    begin(h, &c, "/replay/door", &annas, &whole, 0);
    work(&c, 19);
    expect_end(&c, STREAM_PULL_GOES_ON);
    write_policy(h, 2, "\"live.*\"", "");
    gate_tend(h->gate);
    recorder_rtsp_judge_again(h->rtsp);
    work(&c, UINT32_MAX);
    assert_int_not_equal(c.end, STREAM_PULL_GOES_ON);
    assert_true(c.pictures <= 20);
    leave(&c);
    film_end(h->film);
    assert_int_equal(count_records(h, "playback.stop", "\"id\":\"anna\""), 1);
}

static void a_camera_that_comes_back_otherwise_is_another_stream(void **state)
{
    house *h = *state;
    uint64_t until = stream_clock() + PATIENCE;
    client c;
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    assert_int_equal(c.tracks, 2);
    assert_int_equal(live_hub_begin(h->fleet.door, h->film->tracks, 1, NULL), SVMS_OK);
    work(&c, UINT32_MAX);
    assert_int_not_equal(c.end, STREAM_PULL_GOES_ON);
    leave(&c);
    do {
        watch_door(h, &c, &annas, 0);
        leave(&c);
    } while (c.tracks != 1 && stream_clock() < until);
    assert_int_equal(c.tracks, 1);
}

static void other_parameter_sets_end_nothing(void **state)
{
    house *h = *state;
    uint8_t other[64];
    svms_track tracks[2] = { h->film->tracks[0], h->film->tracks[1] };
    client c;
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    expect_end(&c, STREAM_PULL_GOES_ON);
    /* The level is another. */
    memcpy(other, tracks[0].config, tracks[0].config_size);
    other[3] = other[11] = 0x0B;
    tracks[0].config = other;
    assert_int_equal(live_hub_begin(h->fleet.door, tracks, 2, NULL), SVMS_OK);
    work(&c, c.pictures + 20);
    expect_end(&c, STREAM_PULL_GOES_ON);
    leave(&c);
}

static void the_tracks_of_a_moment_can_be_asked_for(void **state)
{
    house *h = *state;
    client c;
    char path[96];
    char moment[SVMS_TIME_TEXT_SIZE];
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    h->film->without_sound = true;
    film_make(h->film, FILM_CAMERA, LONG_AGO + 10 * FILM_SECOND, 3, 60);
    start(h);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.tracks, 1);
    assert_int_equal(c.pictures, 60);
    leave(&c);
    svms_time_format(LONG_AGO + FILM_SECOND, moment);
    snprintf(path, sizeof path, "/replay/door?at=%s", moment);
    fetch(h, &c, path, &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.tracks, 2);
    assert_int_equal(c.pictures, 60);
    assert_int_equal(c.sounds, 6);
    leave(&c);
}

static void recordings_of_a_camera_that_sends_come_whole(void **state)
{
    house *h = *state;
    uint8_t other[64];
    client c;
    /* Recorded when its parameter sets were others, and before that without sound. */
    h->film->without_sound = true;
    film_make(h->film, FILM_CAMERA, LONG_AGO, 3, 60);
    h->film->without_sound = false;
    memcpy(other, h->film->tracks[0].config, h->film->tracks[0].config_size);
    other[3] = other[11] = 0x0B;
    h->film->tracks[0].config = other;
    film_make(h->film, FILM_CAMERA, LONG_AGO + 10 * FILM_SECOND, 3, 60);
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    expect_end(&c, STREAM_PULL_GOES_ON);
    leave(&c);
    fetch(h, &c, "/replay/door", &whole);
    expect_end(&c, STREAM_PULL_COMPLETE);
    assert_int_equal(c.tracks, 2);
    assert_int_equal(c.pictures, 60);
    assert_int_equal(c.sounds, 6);
    leave(&c);
}

static void nothing_is_served_without_a_gate(void **state)
{
    house *h = *state;
    svms_error err = SVMS_ERROR_INIT;
    recorder_rtsp_options options = { .parts = &h->film->parts,
                                      .fleet = &h->fleet,
                                      .tls = h->server };
    options.listener = serve_listen("127.0.0.1:0", NULL, h->address);
    h->film->parts.gate = NULL;
    assert_int_equal(recorder_rtsp_start(&h->rtsp, &options, &err), SVMS_E_USAGE);
    assert_null(h->rtsp);
}

static void it_ends_while_somebody_watches(void **state)
{
    house *h = *state;
    client c;
    start(h);
    begin_live(h);
    watch_door(h, &c, &annas, 0);
    expect_end(&c, STREAM_PULL_GOES_ON);
    recorder_rtsp_stop(&h->rtsp);
    work(&c, UINT32_MAX);
    assert_int_not_equal(c.end, STREAM_PULL_GOES_ON);
    leave(&c);
    assert_int_equal(count_records(h, "live.start", ""), 1);
    assert_int_equal(count_records(h, "live.stop", ""), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(who_may_watches_and_it_is_on_the_record),
        CASE(what_was_too_short_is_not_on_the_record),
        CASE(what_showed_too_little_is_not_on_the_record),
        CASE(what_is_switched_off_is_not_on_the_record),
        CASE(what_showed_enough_is_on_the_record),
        CASE(it_is_on_the_record_while_somebody_still_watches),
        CASE(a_token_that_does_not_hold_opens_nothing),
        CASE(a_stolen_token_is_of_no_use),
        CASE(what_one_may_not_see_is_not_there),
        CASE(who_is_revoked_sees_no_more),
        CASE(a_recording_comes_whole_and_is_told),
        CASE(a_recording_is_cut_to_what_may_be_seen),
        CASE(sound_needs_a_right_of_its_own),
        CASE(it_ends_when_permission_ends),
        CASE(obligations_are_kept_or_it_is_a_no),
        CASE(who_tries_too_often_is_shut_out),
        CASE(damage_is_told_and_passed_over),
        CASE(what_is_recorded_now_comes_as_it_grows),
        CASE(a_recording_ends_when_the_policy_says_so),
        CASE(a_camera_that_comes_back_otherwise_is_another_stream),
        CASE(other_parameter_sets_end_nothing),
        CASE(the_tracks_of_a_moment_can_be_asked_for),
        CASE(recordings_of_a_camera_that_sends_come_whole),
        CASE(nothing_is_served_without_a_gate),
        CASE(it_ends_while_somebody_watches),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
