/* SPDX-License-Identifier: Apache-2.0 */
/* token.md, J-EXC-1 and J-EXC-2: what may be exchanged for what. */
#include "token_world.h"

#include "token_internal.h"

#define GATEWAY "https://gateway.example"

typedef struct scene {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_private_key *gateway;
    svms_token_verifier *verifier; /* the gateway's */
    svms_token_verifier *server;   /* for which it exchanges */
} scene;

static const uint8_t gateway_peer[32] = "the certificate of the gateway.";

static int set_up(void **state)
{
    static scene s;
    memset(&s, 0, sizeof s);
    assert_int_equal(svms_ctx_new(&s.ctx, NULL, NULL), SVMS_OK);
    s.key = world_key(s.ctx, SVMS_TOKEN_ES256);
    s.gateway = world_key(s.ctx, SVMS_TOKEN_EDDSA);
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    s.verifier = world_verifier(s.ctx, &rules, s.key, SVMS_TOKEN_ES256);
    rules.audience = "archive";
    rules.demand_binding = 1;
    svms_keyset *keys = world_keyset(s.ctx, s.gateway, SVMS_TOKEN_EDDSA, "g1");
    assert_int_equal(svms_token_verifier_new(&s.server, s.ctx, &rules, NULL), SVMS_OK);
    assert_int_equal(svms_token_verifier_add(s.server, GATEWAY, &keys, 1, NULL), SVMS_OK);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_token_verifier_free(&s->verifier);
    svms_token_verifier_free(&s->server);
    svms_private_key_free(&s->key);
    svms_private_key_free(&s->gateway);
    svms_ctx_free(&s->ctx);
    return 0;
}

#define HEAD                                                                                       \
    "{\"iss\":\"" WORLD_ISSUER "\",\"sub\":\"anna\",\"aud\":\"" WORLD_AUDIENCE                     \
    "\",\"jti\":\"j1\",\"client_id\":\"web\",\"iat\":1799999900,\"nbf\":1799999900,"               \
    "\"exp\":1800000500"

/* A token with any payload behind the usual claims. */
static svms_token *old_token(const scene *s, const char *more)
{
    char payload[SVMS_JWS_MAX];
    char text[SVMS_JWS_MAX + 1];
    int length = snprintf(payload, sizeof payload, HEAD "%s}", more);
    assert_true(length > 0 && (size_t)length < sizeof payload);
    size_t size = world_sign(text, sizeof text, s->ctx, s->key, SVMS_TOKEN_ES256, payload);
    return world_take(s->verifier, text, size);
}

static svms_token *old_with_rights(const scene *s, const char *rights)
{
    char more[SVMS_JWS_MAX];
    int length = snprintf(more, sizeof more, ",\"authorization_details\":[%s]", rights);
    assert_true(length > 0 && (size_t)length < sizeof more);
    return old_token(s, more);
}

static svms_exchange usual_exchange(void)
{
    svms_exchange exchange = SVMS_EXCHANGE_INIT;
    exchange.issuer = GATEWAY;
    exchange.audience = "archive";
    exchange.actor = "gateway-1";
    exchange.certificate_sha256 = gateway_peer;
    exchange.now_utc_ns = WORLD_NOW_S * WORLD_NS;
    return exchange;
}

static svms_status exchange_it(const scene *s, const svms_token *token,
                               const svms_exchange *exchange, char *out, size_t *size,
                               svms_error *err)
{
    return svms_token_exchange(s->ctx, token, exchange, s->gateway, SVMS_TOKEN_NO_ALGORITHM, "g1",
                               out, size, err);
}

/* What the server finds that the gateway asks. */
static svms_token *taken_by_server(const scene *s, const char *text, size_t size)
{
    svms_token *token = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_APPROVAL;
    svms_error err = SVMS_ERROR_INIT;
    svms_token_question question = world_question();
    question.certificate_sha256 = gateway_peer;
    if (svms_token_verify(&token, s->server, text, size, &question, &verdict, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return token;
}

#define A(more) "{\"type\":\"svms\",\"actions\":[\"live.*\"],\"devices\":[\"a\",\"b\"]" more "}"
#define D(more)                                                                                    \
    "{\"type\":\"svms\",\"effect\":\"deny\",\"actions\":[\"live.*\"],\"devices\":[\"a\"]" more "}"
#define R(actions, devices)                                                                        \
    "{\"type\":\"svms\",\"actions\":[" actions "],\"devices\":[" devices "]}"
#define N(actions, devices)                                                                        \
    "{\"type\":\"svms\",\"effect\":\"deny\",\"actions\":[" actions "],\"devices\":[" devices "]}"
#define WHEN(window) ",\"when\":[" window "]"
#define DAY "{\"from\":\"08:00\",\"to\":\"18:00\"}"
#define NIGHT "{\"from\":\"22:00\",\"to\":\"06:00\"}"

/* Rights of the old token and of the new one, without brackets; NULL: it is narrower; else what the
 * refusal says. */
typedef struct narrowing {
    const char *old;
    const char *fresh;
    const char *words;
} narrowing;

static const narrowing narrowings[] = {
    /* As it was, less, nothing */
    { A(""), A(""), NULL },
    { A("") "," D(""), A("") "," D(""), NULL },
    { A("") "," R("\"ptz.*\"", "\"*\""), A(""), NULL },
    { A(""), "", NULL },
    { "", "", NULL },
    { "", A(""), "rights[0].effect" },
    /* Actions */
    { A(""), R("\"live.view\"", "\"a\""), NULL },
    { A(""), R("\"live.view\",\"live.listen\"", "\"b\",\"a\""), NULL },
    { A(""), R("\"live.view.x\"", "\"a\""), NULL },
    { A(""), R("\"live.view.*\"", "\"a\""), NULL },
    { A(""), R("\"live\"", "\"a\""), "rights[0].actions" },
    { A(""), R("\"*\"", "\"a\""), "rights[0].actions" },
    { A(""), R("\"lives.view\"", "\"a\""), "rights[0].actions" },
    { A(""), R("\"live.view\",\"ptz.move\"", "\"a\""), "rights[0].actions" },
    { R("\"live.view\"", "\"a\""), R("\"live.*\"", "\"a\""), "rights[0].actions" },
    { R("\"live.view\"", "\"a\""), R("\"live.view.*\"", "\"a\""), "rights[0].actions" },
    { R("\"*\"", "\"a\""), R("\"*\"", "\"a\""), NULL },
    { R("\"*\"", "\"a\""), R("\"live.*\",\"audit.read\"", "\"a\""), NULL },
    { R("\"live.view\",\"live.listen\"", "\"a\""), R("\"live.*\"", "\"a\""), "rights[0].actions" },
    /* Two rights together are none: each has to lie within one */
    { R("\"live.view\"", "\"a\"") "," R("\"live.listen\"", "\"a\""),
      R("\"live.view\",\"live.listen\"", "\"a\""), "rights[0].actions" },
    { R("\"live.view\"", "\"a\"") "," R("\"live.listen\"", "\"b\""),
      R("\"live.listen\"", "\"b\"") "," R("\"live.view\"", "\"a\""), NULL },
    { R("\"live.view\"", "\"a\"") "," R("\"live.listen\"", "\"b\""),
      R("\"live.listen\"", "\"b\"") "," R("\"live.view\"", "\"b\""), "rights[1].devices" },
    /* Devices */
    { A(""), R("\"live.*\"", "\"c\""), "rights[0].devices" },
    { A(""), R("\"live.*\"", "\"*\""), "rights[0].devices" },
    { A(""), R("\"live.*\"", "\"group:hall\""), "rights[0].devices" },
    { R("\"live.*\"", "\"group:hall\""), R("\"live.*\"", "\"group:hall\""), NULL },
    { R("\"live.*\"", "\"group:hall\""), R("\"live.*\"", "\"a\""),
      "rights[0].devices cannot be shown" },
    { R("\"live.*\"", "\"group:hall\""), R("\"live.*\"", "\"hall\""), "rights[0].devices" },
    { R("\"live.*\"", "\"*\""), R("\"live.*\"", "\"group:hall\",\"c\""), NULL },
    { R("\"live.*\"", "\"*\",\"a\""), R("\"live.*\"", "\"*\""), NULL },
    { R("\"*\"", "\"*\""), "{\"type\":\"svms\",\"actions\":[\"audit.read\"]}", NULL },
    { "{\"type\":\"svms\",\"actions\":[\"*\"]}", R("\"live.view\"", "\"a\""), "rights[0].devices" },
    /* Windows */
    { A(""), A(WHEN(DAY)), NULL },
    { A(WHEN(DAY)), A(""), "rights[0].when" },
    { A(WHEN(DAY)), A(WHEN("{\"from\":\"09:00\",\"to\":\"17:59\"}")), NULL },
    { A(WHEN(DAY)), A(WHEN("{\"from\":\"07:59\",\"to\":\"17:00\"}")), "rights[0].when" },
    { A(WHEN(DAY)), A(WHEN("{\"from\":\"09:00\",\"to\":\"18:01\"}")), "rights[0].when" },
    { A(WHEN(DAY "," NIGHT)), A(WHEN(NIGHT)), NULL },
    { A(WHEN(DAY)), A(WHEN(DAY "," NIGHT)), "rights[0].when" },
    { A(WHEN(NIGHT)), A(WHEN("{\"from\":\"23:00\",\"to\":\"05:00\",\"days\":[\"sun\"]}")), NULL },
    { A(WHEN("{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"sun\"]}")),
      A(WHEN("{\"from\":\"00:00\",\"to\":\"06:00\",\"days\":[\"mon\"]}")), NULL },
    { A(WHEN("{\"from\":\"22:00\",\"to\":\"06:00\",\"days\":[\"sun\"]}")),
      A(WHEN("{\"from\":\"00:00\",\"to\":\"06:00\",\"days\":[\"sun\"]}")), "rights[0].when" },
    { A(WHEN("{\"from\":\"08:00\",\"to\":\"12:00\"},{\"from\":\"12:00\",\"to\":\"18:00\"}")),
      A(WHEN(DAY)), NULL },
    { A(WHEN("{\"from\":\"08:00\",\"to\":\"12:00\"},{\"from\":\"12:01\",\"to\":\"18:00\"}")),
      A(WHEN(DAY)), "rights[0].when" },
    { A(WHEN("{\"days\":[\"mon\",\"tue\"]}")), A(WHEN("{\"days\":[\"tue\"]}")), NULL },
    { A(WHEN("{\"days\":[\"mon\"]}")), A(WHEN("{\"days\":[\"tue\"]}")), "rights[0].when" },
    { A(WHEN("{\"to\":\"12:00\",\"zone\":\"Asia/Tokyo\"}")),
      A(WHEN("{\"to\":\"11:00\",\"zone\":\"Asia/Tokyo\"}")), NULL },
    { A(WHEN("{\"to\":\"12:00\",\"zone\":\"Asia/Tokyo\"}")), A(WHEN("{\"to\":\"11:00\"}")),
      "rights[0].when cannot be shown" },
    { A(WHEN("{\"to\":\"12:00\"}")), A(WHEN("{\"to\":\"11:00\",\"zone\":\"UTC\"}")),
      "rights[0].when cannot be shown" },
    { A(WHEN("{\"from\":\"12:00\",\"zone\":\"Asia/Tokyo\"},{\"to\":\"12:00\"}")), A(WHEN("{}")),
      "rights[0].when" },
    { A(",\"recorded\":[" DAY "]"), A(",\"recorded\":[" DAY "]"), NULL },
    { A(",\"recorded\":[" DAY "]"), A(WHEN(DAY)), "rights[0].recorded" },
    { A(",\"recorded\":[" DAY "]"), A(",\"recorded\":[{}]"), "rights[0].recorded" },
    /* Age, clients, networks, methods, formats, destinations */
    { A(",\"max_age\":600"), A(",\"max_age\":600"), NULL },
    { A(",\"max_age\":600"), A(",\"max_age\":0"), NULL },
    { A(",\"max_age\":600"), A(",\"max_age\":601"), "rights[0].max_age" },
    { A(",\"max_age\":600"), A(""), "rights[0].max_age" },
    { A(""), A(",\"max_age\":600"), NULL },
    { A(",\"clients\":[\"mobile\",\"browser\"]"), A(",\"clients\":[\"browser\"]"), NULL },
    { A(",\"clients\":[\"mobile\"]"), A(",\"clients\":[\"browser\"]"), "rights[0].clients" },
    { A(",\"clients\":[\"mobile\"]"), A(""), "rights[0].clients" },
    { A(",\"networks\":[\"10.0.0.0/8\"]"), A(",\"networks\":[\"10.2.0.0/16\",\"10.7.7.7/32\"]"),
      NULL },
    { A(",\"networks\":[\"10.0.0.0/8\"]"), A(",\"networks\":[\"10.2.0.0/16\",\"11.0.0.0/16\"]"),
      "rights[0].networks" },
    { A(",\"networks\":[\"10.2.0.0/16\"]"), A(",\"networks\":[\"10.0.0.0/8\"]"),
      "rights[0].networks" },
    { A(",\"networks\":[\"10.0.0.0/16\"]"), A(",\"networks\":[\"10.0.0.0/8\"]"),
      "rights[0].networks" },
    { A(",\"networks\":[\"2001:db8::/32\"]"), A(",\"networks\":[\"2001:db8:1::/48\"]"), NULL },
    { A(",\"networks\":[\"0.0.0.0/0\"]"), A(",\"networks\":[\"::/0\"]"), "rights[0].networks" },
    { A(",\"networks\":[\"::/0\"]"), A(",\"networks\":[\"10.0.0.0/8\"]"), NULL },
    { A(",\"networks\":[\"10.0.0.0/8\"]"), A(""), "rights[0].networks" },
    { A(",\"amr\":[[\"pwd\",\"otp\"],[\"hwk\"]]"), A(",\"amr\":[[\"hwk\"]]"), NULL },
    { A(",\"amr\":[[\"pwd\"]]"), A(",\"amr\":[[\"otp\",\"pwd\"]]"), NULL },
    { A(",\"amr\":[[\"pwd\",\"otp\"]]"), A(",\"amr\":[[\"pwd\"]]"), "rights[0].amr" },
    { A(",\"amr\":[[\"pwd\"]]"), A(",\"amr\":[[\"pwd\"],[\"otp\"]]"), "rights[0].amr" },
    { A(",\"amr\":[[\"pwd\"]]"), A(""), "rights[0].amr" },
    { A(",\"formats\":[\"mp4\",\"svmx\"]"), A(",\"formats\":[\"svmx\"]"), NULL },
    { A(",\"formats\":[\"svmx\"]"), A(",\"formats\":[\"mp4\",\"svmx\"]"), "rights[0].formats" },
    { A(",\"destinations\":[\"usb\",\"mail\"]"), A(",\"destinations\":[\"usb\"]"), NULL },
    { A(",\"destinations\":[\"usb\"]"), A(",\"destinations\":[\"USB\"]"),
      "rights[0].destinations" },
    /* Second persons */
    { A(",\"second\":[\"live.view\"]"), A(",\"second\":[\"live.view\"]"), NULL },
    { A(",\"second\":[\"live.view\"]"), A(",\"second\":[\"*\"]"), NULL },
    { A(",\"second\":[\"live.view\"]"), A(""), "rights[0].second" },
    { A(",\"second\":[\"*\"]"), A(",\"second\":[\"live.view\"]"), "rights[0].second" },
    { A(",\"second\":[\"*\"]"), A(",\"second\":[\"live.*\"]"), NULL },
    { A(",\"second\":[\"export.*\"]"), A(""), NULL },
    { A(",\"second\":[\"live.view\"]"), R("\"live.listen\"", "\"a\""), NULL },
    { A(""), A(",\"second\":[\"live.view\"]"), NULL },
    /* Obligations */
    { A(",\"obligations\":[\"mask\"]"), A(",\"obligations\":[\"mask\",\"watermark\"]"), NULL },
    { A(",\"obligations\":[\"mask\"]"), A(""), "rights[0].obligations" },
    { A("") "," R("\"live.view\"", "\"a\""), A(""), NULL },
    { A("") "," A(",\"obligations\":[\"mask\"],\"clients\":[\"mobile\"]"), A(""),
      "rights[0].obligations lack one of right 1" },
    { A("") "," A(",\"obligations\":[\"mask\"],\"clients\":[\"mobile\"]"),
      A("") "," A(",\"obligations\":[\"mask\"],\"clients\":[\"mobile\"]"), NULL },
    { A("") "," A(",\"obligations\":[\"mask\"],\"clients\":[\"mobile\"]"),
      A(",\"obligations\":[\"mask\"]"), NULL },
    { A("") ",{\"type\":\"svms\",\"actions\":[\"live.view\"],\"devices\":[\"c\"],"
            "\"obligations\":[\"mask\"]}",
      A(""), NULL },
    { A("") ",{\"type\":\"svms\",\"actions\":[\"x.own\"],\"devices\":[\"c\"],"
            "\"obligations\":[\"mask\"]}",
      A(""), NULL },
    { R("\"*\"", "\"a\"") ",{\"type\":\"svms\",\"actions\":[\"x.own\"],\"devices\":[\"c\"],"
                          "\"obligations\":[\"mask\"]}",
      R("\"*\"", "\"a\""), "rights[0].obligations lack one of right 1" },
    /* Denies */
    { A("") "," D(""), A(""), "leave out right 1" },
    { A("") "," D(""), A("") "," N("\"*\"", "\"*\""), NULL },
    { A("") "," D(""), A("") "," N("\"live.*\"", "\"a\",\"group:hall\""), NULL },
    { A("") "," D(""), A("") "," N("\"live.view\"", "\"a\""), "leave out right 1" },
    { A("") "," D(""), A("") "," N("\"live.*\"", "\"b\""), "rights[1].devices" },
    { A("") "," D(""), A("") "," D(WHEN(DAY)), "rights[1].when" },
    { A("") "," D(WHEN(DAY)), A("") "," D(""), NULL },
    { A("") "," D(WHEN(DAY)), A("") "," D(WHEN(DAY "," NIGHT)), NULL },
    { A("") "," D(",\"networks\":[\"10.2.0.0/16\"]"), A("") "," D(",\"networks\":[\"10.0.0.0/8\"]"),
      NULL },
    { A("") "," D(",\"networks\":[\"10.0.0.0/8\"]"), A("") "," D(",\"networks\":[\"10.2.0.0/16\"]"),
      "rights[1].networks" },
    { A("") "," D(""), R("\"live.view\"", "\"b\""), "leave out right 1" },
    { A(""), A("") "," D(""), NULL },
    { D(""), A(""), "rights[0].effect" },
    { A("") "," D(""), D("") "," D(""), NULL },
    /* What is not understood */
    { A(",\"moon\":1"), A(""), "rights[0].conditions cannot be shown" },
    { A("") "," D(",\"moon\":1"), A("") "," D(""), NULL },
    { A("") "," D(",\"moon\":1"), A(""), "leave out right 1" },
    { A("") "," D(",\"moon\":1,\"clients\":[\"mobile\"]"), A("") "," D(",\"clients\":[\"mobile\"]"),
      NULL },
    { A("") "," D(",\"clients\":[\"mobile\",\"toaster\"]"),
      A("") "," D(",\"clients\":[\"mobile\"]"), "rights[1].clients" },
    { A("") "," D(",\"clients\":[\"toaster\"]"), A("") "," D(""), NULL },
    { A(",\"clients\":[\"toaster\",\"mobile\"]"), A(",\"clients\":[\"mobile\"]"),
      "rights[0].clients" },
};

static void what_is_not_shown_to_be_narrower_is_refused(void **state)
{
    const scene *s = *state;
    for (size_t i = 0; i < sizeof narrowings / sizeof narrowings[0]; i++) {
        const narrowing *n = &narrowings[i];
        char rights[SVMS_JWS_MAX];
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_error err = SVMS_ERROR_INIT;
        svms_token *token = old_with_rights(s, n->old);
        svms_exchange exchange = usual_exchange();
        int length = snprintf(rights, sizeof rights, "[%s]", n->fresh);
        exchange.rights = rights;
        exchange.rights_size = (size_t)length;
        svms_status status = exchange_it(s, token, &exchange, text, &size, &err);
        if (n->words ? status != SVMS_E_POLICY || !strstr(err.message, n->words)
                     : status != SVMS_OK) {
            fail_msg("case %zu: %s -> %s: %d, %s", i, n->old, n->fresh, status, err.message);
        }
        svms_token_free(&token);
        if (status == SVMS_OK) {
            token = taken_by_server(s, text, size);
            svms_token_free(&token);
        }
    }
}

static void rights_stay_as_they_are_where_none_are_given(void **state)
{
    static const char *const rights[] = {
        A("") "," D(",\"moon\":{\"phase\":[0.5,null,\"\\u00e4\"]}"),
        A(",\"clients\":[\"toaster\"]"),
        "{\"type\":\"other\",\"x\":[1]}",
        "",
    };
    const scene *s = *state;
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_exchange exchange = usual_exchange();
        svms_token *token = old_with_rights(s, rights[i]);
        assert_int_equal(exchange_it(s, token, &exchange, text, &size, NULL), SVMS_OK);
        svms_token *fresh = taken_by_server(s, text, size);
        svms_builder before = svms_builder_new(s->ctx, SVMS_JWS_MAX);
        svms_builder after = svms_builder_new(s->ctx, SVMS_JWS_MAX);
        svms_json_put_member(&before, &token->document, "authorization_details");
        svms_json_put_member(&after, &fresh->document, "authorization_details");
        assert_int_equal(before.size, after.size);
        assert_memory_equal(before.data, after.data, after.size);
        assert_int_equal(fresh->right_count, token->right_count);
        svms_builder_clear(&before);
        svms_builder_clear(&after);
        svms_token_free(&token);
        svms_token_free(&fresh);
    }
    /* And a token without any stays without. */
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_exchange exchange = usual_exchange();
    svms_token *token = old_token(s, "");
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, NULL), SVMS_OK);
    svms_token *fresh = taken_by_server(s, text, size);
    assert_int_equal(fresh->right_count, 0);
    svms_token_free(&token);
    svms_token_free(&fresh);
}

static void who_asks_and_how_he_logged_in_stay_and_the_actor_comes_in_front(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_token_info info = SVMS_TOKEN_INFO_INIT;
    svms_exchange exchange = usual_exchange();
    svms_token *token =
        old_token(s, ",\"sid\":\"s\",\"amr\":[\"pwd\",\"otp\"],\"roles\":[\"op\",\"chief\"],"
                     "\"auth_time\":1799990000.9,"
                     "\"act\":{\"sub\":\"portal\",\"iss\":\"x\",\"act\":{\"sub\":\"app\"}}");
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, NULL), SVMS_OK);
    assert_int_equal(strlen(text), size);
    svms_token *fresh = taken_by_server(s, text, size);
    assert_int_equal(svms_token_describe(fresh, &info, NULL), SVMS_OK);
    assert_string_equal(info.issuer, GATEWAY);
    assert_string_equal(info.subject, "anna");
    assert_string_equal(info.client, "web");
    assert_string_equal(info.session, "s");
    assert_string_not_equal(info.id, "j1");
    assert_int_equal(info.is_bound, 1);
    assert_true(info.authenticated_utc_ns == INT64_C(1799990000) * WORLD_NS);
    assert_int_equal(info.method_count, 2);
    assert_string_equal(svms_token_method(fresh, 1), "otp");
    assert_int_equal(info.role_count, 2);
    assert_string_equal(svms_token_role(fresh, 1), "chief");
    assert_int_equal(info.actor_count, 3);
    assert_string_equal(svms_token_actor(fresh, 0), "gateway-1");
    assert_string_equal(svms_token_actor(fresh, 1), "portal");
    assert_string_equal(svms_token_actor(fresh, 2), "app");
    svms_token_free(&token);
    svms_token_free(&fresh);
}

static void it_begins_no_earlier_and_ends_no_later(void **state)
{
    static const struct {
        int64_t now_s;
        uint32_t life_s;
        int64_t issued_s;
        int64_t begins_s;
        int64_t ends_s;
    } cases[] = {
        { 1800000000, 600, 1800000000, 1800000000, 1800000500 },
        { 1800000000, 300, 1800000000, 1800000000, 1800000300 },
        { 1800000499, 300, 1800000499, 1800000499, 1800000500 },
        /* It was taken early because clocks may differ. */
        { 1799999870, 300, 1799999870, 1799999900, 1800000200 },
        { 1799999870, 31622400, 1799999870, 1799999900, 1800000500 },
    };
    const scene *s = *state;
    svms_token *token = old_token(s, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_token *fresh = NULL;
        svms_token_verdict verdict = SVMS_TOKEN_GOOD;
        svms_exchange exchange = usual_exchange();
        svms_token_question question = world_question();
        exchange.now_utc_ns = cases[i].now_s * WORLD_NS;
        exchange.life_s = cases[i].life_s;
        question.now_utc_ns = exchange.now_utc_ns;
        question.certificate_sha256 = gateway_peer;
        assert_int_equal(exchange_it(s, token, &exchange, text, &size, NULL), SVMS_OK);
        assert_int_equal(
            svms_token_verify(&fresh, s->server, text, size, &question, &verdict, NULL), SVMS_OK);
        assert_true(fresh->issued_s == cases[i].issued_s);
        assert_true(fresh->not_before_s == cases[i].begins_s);
        assert_true(fresh->expires_s == cases[i].ends_s);
        svms_token_free(&fresh);
    }
    svms_token_free(&token);
}

static void what_has_ended_or_is_no_access_token_is_not_exchanged(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    svms_exchange exchange = usual_exchange();
    svms_token *token = old_token(s, "");
    exchange.now_utc_ns = INT64_C(1800000500) * WORLD_NS;
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, &err), SVMS_E_POLICY);
    assert_non_null(strstr(err.message, "expired"));
    exchange.now_utc_ns = WORLD_NOW_S * WORLD_NS;
    token->profile = SVMS_TOKEN_ONVIF;
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, &err), SVMS_E_POLICY);
    token->profile = SVMS_TOKEN_APPROVING;
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, &err), SVMS_E_POLICY);
    svms_token_free(&token);
    token = old_token(s, ",\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\","
                         "\"act\":{\"sub\":\"4\"}}}}");
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, &err), SVMS_E_LIMIT);
    svms_token_free(&token);
    token =
        old_token(s, ",\"act\":{\"sub\":\"1\",\"act\":{\"sub\":\"2\",\"act\":{\"sub\":\"3\"}}}");
    assert_int_equal(exchange_it(s, token, &exchange, text, &size, &err), SVMS_OK);
    svms_token_free(&token);
}

static void rights_that_are_none_are_malformed(void **state)
{
    static const char *const rights[] = {
        "",
        "{}",
        "[",
        "[{}]",
        "[],\"act\":{}",
        "[{\"type\":\"other\",\"actions\":[\"*\"]}]",
        "[{\"type\":\"svms\",\"actions\":[\"*\"],\"moon\":1}]",
        "[{\"type\":\"svms\",\"actions\":[\"*\"],\"actions\":[\"*\"]}]",
        "[{\"type\":\"svms\",\"actions\":[\"*\"],\"clients\":[\"toaster\"]}]",
        "[{\"type\":\"svms\",\"actions\":[]}]",
    };
    const scene *s = *state;
    svms_token *token = old_with_rights(s, R("\"*\"", "\"*\""));
    for (size_t i = 0; i < sizeof rights / sizeof rights[0]; i++) {
        char text[SVMS_JWS_MAX];
        size_t size = sizeof text;
        svms_error err = SVMS_ERROR_INIT;
        svms_exchange exchange = usual_exchange();
        exchange.rights = rights[i];
        exchange.rights_size = strlen(rights[i]);
        assert_int_equal(exchange_it(s, token, &exchange, text, &size, &err), SVMS_E_MALFORMED);
        assert_non_null(strstr(err.message, "rights"));
    }
    svms_token_free(&token);
}

static void what_is_missing_or_out_of_range_is_a_mistake_of_the_caller(void **state)
{
    static const char not_utf8[] = "gate\xFFway";
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_token *token = old_token(s, "");
    const svms_exchange good = usual_exchange();
    for (int i = 0; i < 8; i++) {
        svms_exchange exchange = good;
        exchange.issuer = i == 0 ? NULL : good.issuer;
        exchange.audience = i == 1 ? "" : good.audience;
        exchange.actor = i == 2 ? NULL : i == 3 ? not_utf8 : good.actor;
        exchange.certificate_sha256 = i == 4 ? NULL : gateway_peer;
        exchange.life_s = i == 5 ? 0 : i == 6 ? 31622401 : 600;
        exchange.now_utc_ns = i == 7 ? -1 : good.now_utc_ns;
        assert_int_equal(exchange_it(s, token, &exchange, text, &size, NULL), SVMS_E_USAGE);
    }
    assert_int_equal(exchange_it(s, NULL, &good, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(exchange_it(s, token, NULL, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(exchange_it(s, token, &good, NULL, &size, NULL), SVMS_E_USAGE);
    size = 0;
    assert_int_equal(exchange_it(s, token, &good, NULL, &size, NULL), SVMS_E_LIMIT);
    assert_true(size > 100 && size < sizeof text);
    size_t due = size;
    size = due - 1;
    assert_int_equal(exchange_it(s, token, &good, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(exchange_it(s, token, &good, text, &size, NULL), SVMS_OK);
    assert_int_equal(size, due - 1);
    svms_token_free(&token);
}

/* The server believes the gateway's key for what it exchanges, and for nothing else (J-EXC-1). */
static void a_gateway_speaks_for_nobody_but_those_who_came_to_it(void **state)
{
    const scene *s = *state;
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_token *token = NULL;
    svms_token_verdict verdict = SVMS_TOKEN_GOOD;
    svms_token_question question = world_question();
    svms_token_claims claims = world_claims("[" A("") "]");
    question.certificate_sha256 = gateway_peer;
    claims.issuer = GATEWAY;
    claims.audience = "archive";
    claims.certificate_sha256 = gateway_peer;
    assert_int_equal(svms_token_issue(s->ctx, &claims, s->gateway, SVMS_TOKEN_NO_ALGORITHM, "g1",
                                      text, &size, NULL),
                     SVMS_OK);
    assert_int_equal(svms_token_verify(&token, s->server, text, size, &question, &verdict, NULL),
                     SVMS_E_UNTRUSTED);
    assert_int_equal(verdict, SVMS_TOKEN_ISSUER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_shown_to_be_narrower_is_refused),
        cmocka_unit_test(rights_stay_as_they_are_where_none_are_given),
        cmocka_unit_test(who_asks_and_how_he_logged_in_stay_and_the_actor_comes_in_front),
        cmocka_unit_test(it_begins_no_earlier_and_ends_no_later),
        cmocka_unit_test(what_has_ended_or_is_no_access_token_is_not_exchanged),
        cmocka_unit_test(rights_that_are_none_are_malformed),
        cmocka_unit_test(what_is_missing_or_out_of_range_is_a_mistake_of_the_caller),
        cmocka_unit_test(a_gateway_speaks_for_nobody_but_those_who_came_to_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
