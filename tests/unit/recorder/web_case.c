/* SPDX-License-Identifier: Apache-2.0 */
#include "web_case.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <serve_listen.h>

#define ISSUER "https://id.example"
#define AUDIENCE "recorder-1"

const char *camera_condition_name(camera_condition condition)
{
    return condition == CAMERA_RECORDS ? "records" : "waits";
}

live_hub *camera_fleet_hub(camera_fleet *self, const char *camera)
{
    return strcmp(camera, FILM_CAMERA) == 0  ? self->door
           : strcmp(camera, FILM_OTHER) == 0 ? self->yard
                                             : NULL;
}

bool camera_fleet_look(camera_fleet *self, const char *camera, camera_status *out)
{
    (void)self;
    memset(out, 0, sizeof *out);
    out->condition = CAMERA_RECORDS;
    out->since_utc_ns = WEB_LONG_AGO;
    out->store.last_utc_ns = SVMS_NO_TIME;
    out->packets = 7;
    return camera != NULL;
}

void camera_fleet_flush(camera_fleet *self, const char *camera)
{
    (void)camera;
    atomic_fetch_add(&self->flushes, 1);
}

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

static void write_keys(const web_case *c)
{
    char jwk[4096];
    char text[4200];
    size_t size = sizeof jwk;
    svms_public_key *half = NULL;
    svms_ctx *ctx = c->film->ctx;
    assert_int_equal(svms_private_key_public(&half, ctx, c->token_key, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_jwk(ctx, half, SVMS_TOKEN_ES256, "k1", jwk, &size, NULL),
                     SVMS_OK);
    svms_public_key_free(&half);
    snprintf(text, sizeof text, "{\"keys\": [%s]}", jwk);
    write_text(c->keys, text);
}

static void open_log(web_case *c)
{
    char key[SVMS_AUDIT_KEY_SIZE];
    svms_error err = SVMS_ERROR_INIT;
    film *f = c->film;
    assert_int_equal(svms_folder_open(&c->folder, f->ctx, c->log, 1, NULL), SVMS_OK);
    assert_int_equal(svms_audit_log_create(f->ctx, &c->folder, "test.example/audit", key, &err),
                     SVMS_OK);
    const auditor_options options = { .ctx = f->ctx,
                                      .log = c->log,
                                      .server = "vms1",
                                      .component = "recorder",
                                      .service = f->service };
    if (auditor_open(&c->auditor, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    f->parts.auditor = c->auditor;
}

static identity_card *make_card(const card_order *order)
{
    card_order lasting = *order;
    lasting.from = -3650;
    lasting.until = 36500;
    return card_make(&lasting);
}

static svms_tls_context *make_tls(web_case *c, const identity_card *card, svms_tls_side side)
{
    svms_tls_context *made = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_options options = SVMS_TLS_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_ctx *ctx = c->film->ctx;
    svms_chain *chain = card_chain(ctx, card);
    svms_private_key *key = card_key(ctx, card);
    char *pem = card_pem(c->root);
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

static void make_certificates(web_case *c)
{
    c->root = make_card(&(card_order){ .name = "Root", .is_ca = true });
    c->server_card = make_card(&(card_order){
        .name = "server", .issuer = c->root, .hosts = "IP:127.0.0.1", .usages = "serverAuth" });
    c->server = make_tls(c, c->server_card, SVMS_TLS_SERVER);
    for (int i = 0; i < 2; i++) {
        c->client_cards[i] = make_card(&(card_order){ .name = i == 0 ? "client" : "other client",
                                                      .issuer = c->root,
                                                      .usages = "clientAuth" });
        c->clients[i] = make_tls(c, c->client_cards[i], SVMS_TLS_CLIENT);
    }
}

void web_case_issue(const web_case *c, const web_ticket *wanted, char text[WEB_TOKEN_SIZE])
{
    static const char rights[] =
        "[{\"type\": \"svms\", \"actions\": [\"*\"], \"devices\": [\"*\"]}]";
    svms_token_claims claims = SVMS_TOKEN_CLAIMS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    size_t size = WEB_TOKEN_SIZE;
    svms_ctx *ctx = c->film->ctx;
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
    if (svms_token_issue(ctx, &claims, c->token_key, SVMS_TOKEN_ES256, "k1", text, &size, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_chain_free(&chain);
    size_t length = strlen(text);
    if (wanted->is_forged) {
        text[length - 10] = text[length - 10] == 'A' ? 'B' : 'A';
    }
}

static void *film_the_door(void *user)
{
    web_case *c = user;
    static uint8_t data[1200];
    data[2] = (sizeof data - 4) >> 8;
    data[3] = (sizeof data - 4) & 0xFF;
    for (unsigned i = 0; !atomic_load(&c->camera_stops); i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        data[4] = i % 10 == 0 ? 0x65 : 0x41;
        sample.flags = i % 10 == 0 ? SVMS_SAMPLE_SYNC : 0;
        sample.data = data;
        sample.size = sizeof data;
        sample.dts = sample.pts = (int64_t)i * 1800;
        sample.utc_ns = recorder_now();
        live_hub_put(c->fleet.door, &sample);
        (void)poll(NULL, 0, 20);
    }
    return NULL;
}

void web_case_write_policy(const web_case *c, int revision, const char *actions,
                           const char *devices, const char *more)
{
    static const char text[] =
        "{\"format\": \"svms-policy\", \"version\": 1, \"revision\": %d, \"roles\": {\"guard\": "
        "{\"subjects\": [\"anna\"]}}, \"rules\": [{\"id\": \"guards\", \"roles\": [\"guard\"], "
        "\"actions\": [%s], \"devices\": [%s]%s}]}";
    char whole[4096];
    snprintf(whole, sizeof whole, text, revision, actions, devices, more);
    write_text(c->policy, whole);
}

void web_case_change_policy(web_case *c, int revision, const char *actions, const char *devices,
                            const char *more)
{
    web_case_write_policy(c, revision, actions, devices, more);
    assert_true(gate_tend(c->gate));
    recorder_web_judge_again(c->web);
}

void web_case_open_gate(web_case *c)
{
    svms_error err = SVMS_ERROR_INIT;
    gate_close(&c->gate);
    if (gate_open(&c->gate, &c->gate_options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    c->film->parts.gate = c->gate;
}

static void make_exporter(web_case *c)
{
    char pem[8192];
    size_t size = sizeof pem;
    film *f = c->film;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    int64_t now = recorder_now() / FILM_SECOND * FILM_SECOND;
    options.common_name = "test exporter";
    options.role = SVMS_ROLE_EXPORTER;
    options.not_before_utc_ns = now - 86400 * FILM_SECOND;
    options.not_after_utc_ns = now + 86400 * FILM_SECOND;
    assert_int_equal(svms_private_key_generate(&c->exporter_key, f->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_certificate_issue(f->ctx, &options, c->exporter_key, f->authority,
                                            f->authority_key, pem, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_chain_from_pem(&c->exporter, f->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(
        svms_trust_from_pem(&c->trust, f->ctx, f->authority_pem, strlen(f->authority_pem), NULL),
        SVMS_OK);
}

static void open_keeper(web_case *c)
{
    svms_error err = SVMS_ERROR_INIT;
    film *f = c->film;
    c->storage_keys.storage = &f->storage;
    c->storage_keys.chain = f->signer;
    c->storage_keys.key = f->signer_key;
    c->storage_keys.recipients[0] = f->recipient;
    c->storage_keys.recipient_count = 1;
    f->settings.ledger = c->ledger_path;
    if (ledger_open(&c->ledger, f->ctx, c->ledger_path, &c->storage_keys, c->trust, &err) !=
        SVMS_OK) {
        fail_msg("%s", err.message);
    }
    const keeper_options options = {
        .parts = &f->parts, .keys = &c->storage_keys, .ledger = c->ledger, .period_ms = 3600000
    };
    if (keeper_start(&c->keeper, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

void web_case_start(web_case *c)
{
    svms_error err = SVMS_ERROR_INIT;
    char address[SERVE_LISTEN_TEXT];
    const recorder_web_options options = { .parts = &c->film->parts,
                                           .fleet = &c->fleet,
                                           .keeper = c->keeper,
                                           .keys = c->film->keys,
                                           .exporter = c->exporter,
                                           .exporter_key = c->exporter_key,
                                           .trust = c->trust,
                                           .tls = c->server,
                                           .listener = serve_listen("127.0.0.1:0", NULL, address) };
    assert_true(options.listener >= 0);
    if (recorder_web_start(&c->web, &options, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
}

int web_case_set_up(void **state)
{
    web_case *c = calloc(1, sizeof *c);
    void *stage = NULL;
    assert_non_null(c);
    assert_int_equal(film_set_up(&stage), 0);
    film *f = c->film = stage;
    f->cameras[0].name = "Front door";
    f->cameras[1].name = "Yard";
    snprintf(c->policy, sizeof c->policy, "%s/policy", f->folder);
    snprintf(c->keys, sizeof c->keys, "%s/keys", f->folder);
    snprintf(c->revocations, sizeof c->revocations, "%s/revoked", f->folder);
    snprintf(c->log, sizeof c->log, "%s/log", f->folder);
    snprintf(c->ledger_path, sizeof c->ledger_path, "%s/ledger", f->folder);
    assert_int_equal(svms_private_key_generate(&c->token_key, f->ctx, NULL), SVMS_OK);
    open_log(c);
    write_keys(c);
    web_case_write_policy(c, 1, "\"live.*\", \"playback.*\", \"export.*\", \"evidence.*\"",
                          "\"door\"", "");
    c->issuer = (gate_issuer){ ISSUER, c->keys, false };
    c->gate_options =
        (gate_options){ .ctx = f->ctx,
                        .service = f->service,
                        .auditor = c->auditor,
                        .audience = AUDIENCE,
                        .issuers = &c->issuer,
                        .issuer_count = 1,
                        .policy = c->policy,
                        .revocations = c->revocations,
                        .obligations = SVMS_OBLIGED_AUDIT_EACH | SVMS_OBLIGED_NO_REEXPORT };
    web_case_open_gate(c);
    make_certificates(c);
    make_exporter(c);
    open_keeper(c);
    assert_int_equal(live_hub_new(&c->fleet.door, NULL, NULL), SVMS_OK);
    assert_int_equal(live_hub_new(&c->fleet.yard, NULL, NULL), SVMS_OK);
    *state = c;
    return 0;
}

void web_case_stop(web_case *c)
{
    recorder_web_stop(&c->web);
    assert_null(c->web);
    if (c->camera_runs) {
        atomic_store(&c->camera_stops, true);
        assert_int_equal(pthread_join(c->camera, NULL), 0);
        c->camera_runs = false;
    }
    keeper_stop(&c->keeper);
    auditor_close(&c->auditor);
    c->film->parts.auditor = NULL;
}

int web_case_tear_down(void **state)
{
    web_case *c = *state;
    void *stage = c->film;
    web_case_stop(c);
    ledger_close(&c->ledger);
    gate_close(&c->gate);
    live_hub_free(&c->fleet.door);
    live_hub_free(&c->fleet.yard);
    svms_tls_context_free(&c->server);
    for (int i = 0; i < 2; i++) {
        svms_tls_context_free(&c->clients[i]);
        card_free(&c->client_cards[i]);
    }
    card_free(&c->server_card);
    card_free(&c->root);
    svms_trust_free(&c->trust);
    svms_chain_free(&c->exporter);
    svms_private_key_free(&c->exporter_key);
    svms_private_key_free(&c->token_key);
    svms_folder_close(&c->folder);
    assert_int_equal(film_tear_down(&stage), 0);
    free(c);
    return 0;
}

void web_case_film_the_door(web_case *c)
{
    assert_int_equal(live_hub_begin(c->fleet.door, c->film->tracks, 2, NULL), SVMS_OK);
    assert_int_equal(pthread_create(&c->camera, NULL, film_the_door, c), 0);
    c->camera_runs = true;
}

unsigned web_case_records(web_case *c, const char *event, const char *words)
{
    svms_audit_reader *reader = NULL;
    svms_audit_head head = SVMS_AUDIT_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char wanted[96];
    unsigned found = 0;
    web_case_stop(c);
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    assert_int_equal(svms_audit_reader_open(&reader, c->film->ctx, &c->folder, NULL, &err),
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
        found += strstr(record, wanted) && strstr(record, words) ? 1 : 0;
    }
    svms_audit_reader_close(&reader);
    return found;
}
