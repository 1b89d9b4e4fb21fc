/* SPDX-License-Identifier: Apache-2.0 */
/* token.md, J-EXC-2, by chance: whatever a decision allows to an exchanged token, it allows to the
 * old one, under no fewer obligations there than here. */
#include <svms/policy.h>

#include "token_world.h"

#define ROUNDS 3000
#define QUESTIONS 60
#define RIGHTS_MAX 4
#define ROOM 4000
#define RANGES 64

static const char policy_text[] =
    "{\"format\":\"svms-policy\",\"version\":1,\"revision\":1,"
    "\"groups\":{\"hall\":{\"devices\":[\"a\",\"b\"]},\"yard\":{\"devices\":[\"b\",\"c\"]}},"
    "\"rules\":[{\"id\":\"all\",\"actions\":[\"*\"],\"devices\":[\"*\"]}]}";

/* What each member of a right may hold. A right is a set of these for each member. */
static const char *const actions[] = {
    "\"live.view\"",     "\"live.*\"",        "\"live.listen\"", "\"playback.*\"",
    "\"playback.view\"", "\"export.create\"", "\"export.*\"",    "\"*\"",
    "\"config.read.*\"", "\"audit.read\"",    "\"x.*\"",         "\"x.door\"",
    "\"approve.*\"",     "\"live.view.*\"",   "\"mask.lift\"",   "\"config.read.devices\""
};
static const char *const devices[] = { "\"a\"",          "\"b\"",          "\"c\"",         "\"*\"",
                                       "\"group:hall\"", "\"group:yard\"", "\"group:moon\"" };
static const char *const windows[] = {
    "{\"from\":\"08:00\",\"to\":\"18:00\"}",
    "{\"from\":\"10:00\",\"to\":\"12:00\",\"days\":[\"mon\",\"fri\"]}",
    "{\"from\":\"22:00\",\"to\":\"06:00\"}",
    "{\"from\":\"23:00\",\"to\":\"01:00\",\"days\":[\"thu\"]}",
    "{\"days\":[\"fri\"]}",
    "{\"to\":\"12:00\",\"zone\":\"Asia/Tokyo\"}",
    "{\"to\":\"11:00\",\"zone\":\"Asia/Tokyo\"}",
    "{\"to\":\"10:00\",\"zone\":\"UTC\"}",
};
static const char *const clients[] = { "\"browser\"", "\"desktop\"", "\"mobile\"" };
static const char *const networks[] = { "\"10.0.0.0/8\"",    "\"10.2.0.0/16\"", "\"10.2.3.0/24\"",
                                        "\"2001:db8::/32\"", "\"0.0.0.0/0\"",   "\"::/0\"" };
static const char *const methods[] = { "[\"pwd\"]", "[\"otp\"]", "[\"pwd\",\"otp\"]", "[\"hwk\"]" };
static const char *const formats[] = { "\"svmx\"", "\"mp4\"" };
static const char *const destinations[] = { "\"usb\"", "\"mail\"" };
static const char *const obligations[] = { "\"watermark\"", "\"mask\"", "\"audit-each\"" };
static const char *const ages[] = { "0", "60", "3600", "86400" };

typedef struct member {
    const char *name;
    const char *const *entries;
    size_t count;
    bool is_number;   /* one entry, and no list */
    unsigned absence; /* in how many of ten rights it is absent */
} member;

#define MEMBER(name, list, is_number, absence)                                                     \
    {                                                                                              \
        name, list, sizeof(list) / sizeof((list)[0]), is_number, absence                           \
    }

static const member members[] = {
    MEMBER("actions", actions, false, 0),   MEMBER("devices", devices, false, 1),
    MEMBER("when", windows, false, 7),      MEMBER("recorded", windows, false, 8),
    MEMBER("max_age", ages, true, 8),       MEMBER("clients", clients, false, 7),
    MEMBER("networks", networks, false, 7), MEMBER("amr", methods, false, 8),
    MEMBER("formats", formats, false, 8),   MEMBER("destinations", destinations, false, 8),
    MEMBER("second", actions, false, 7),    MEMBER("obligations", obligations, false, 6),
};
#define MEMBERS (sizeof members / sizeof members[0])

typedef struct right {
    bool denies;
    uint32_t holds[MEMBERS]; /* 0: absent */
} right;

typedef struct rights {
    size_t count;
    right list[RIGHTS_MAX + 1];
} rights;

/* xorshift64: the same numbers in each run. */
static uint64_t chance_state = UINT64_C(0x9E3779B97F4A7C15);

static unsigned chance(unsigned below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return (unsigned)(chance_state >> 33) % below;
}

static uint32_t some_entries(const member *m)
{
    uint32_t bits = 1u << chance((unsigned)m->count);
    while (!m->is_number && chance(2) == 0) {
        bits |= 1u << chance((unsigned)m->count);
    }
    return bits;
}

static right some_right(void)
{
    right made = { chance(5) == 0, { 0 } };
    for (size_t i = 0; i < MEMBERS; i++) {
        if (chance(10) >= members[i].absence) {
            made.holds[i] = some_entries(&members[i]);
        }
    }
    return made;
}

static rights some_rights(void)
{
    rights made = { 1 + chance(RIGHTS_MAX), { { 0 } } };
    for (size_t i = 0; i < made.count; i++) {
        made.list[i] = some_right();
    }
    return made;
}

/* Mostly the same; where it is not, it may be wider as well as narrower. */
static rights altered(const rights *old)
{
    rights made = { 0, { { 0 } } };
    for (size_t i = 0; i < old->count; i++) {
        if (chance(4) == 0) {
            continue;
        }
        right r = old->list[i];
        for (unsigned changes = chance(3); changes > 0; changes--) {
            size_t m = chance(MEMBERS);
            uint32_t others = some_entries(&members[m]);
            r.holds[m] = chance(3) == 0 || members[m].is_number ? others
                         : chance(2) == 0                       ? r.holds[m] & others
                                                                : r.holds[m] | others;
        }
        r.holds[0] = r.holds[0] ? r.holds[0] : 1;
        made.list[made.count++] = r;
    }
    if (chance(4) == 0) {
        made.list[made.count] = some_right();
        made.list[made.count++].denies = true;
    }
    return made;
}

static size_t put(char *out, size_t at, const char *text)
{
    size_t size = strlen(text);
    assert_true(at + size < ROOM);
    memcpy(out + at, text, size + 1);
    return at + size;
}

static size_t put_member(char *out, size_t at, const member *m, uint32_t holds)
{
    bool first = true;
    at = put(out, put(out, put(out, at, ",\""), m->name), m->is_number ? "\":" : "\":[");
    for (size_t i = 0; i < m->count; i++) {
        if ((holds >> i & 1u) != 0) {
            at = put(out, put(out, at, first ? "" : ","), m->entries[i]);
            first = false;
        }
    }
    return put(out, at, m->is_number ? "" : "]");
}

static void spell(char out[ROOM], const rights *given)
{
    size_t at = put(out, 0, "[");
    for (size_t i = 0; i < given->count; i++) {
        const right *r = &given->list[i];
        at = put(out, at, i > 0 ? ",{\"type\":\"svms\"" : "{\"type\":\"svms\"");
        at = put(out, at, r->denies ? ",\"effect\":\"deny\"" : "");
        for (size_t m = 0; m < MEMBERS; m++) {
            at = r->holds[m] ? put_member(out, at, &members[m], r->holds[m]) : at;
        }
        at = put(out, at, "}");
    }
    (void)put(out, at, "]");
}

typedef struct scene {
    svms_ctx *ctx;
    svms_private_key *key;
    svms_token_verifier *verifier;
    svms_policy *policy;
} scene;

static int set_up(void **state)
{
    static scene s;
    svms_token_rules rules = world_rules(SVMS_TOKEN_ACCESS);
    assert_int_equal(svms_ctx_new(&s.ctx, NULL, NULL), SVMS_OK);
    s.key = world_key(s.ctx, SVMS_TOKEN_ES256);
    s.verifier = world_verifier(s.ctx, &rules, s.key, SVMS_TOKEN_ES256);
    assert_int_equal(
        svms_policy_read(&s.policy, s.ctx, policy_text, sizeof policy_text - 1, NULL, NULL),
        SVMS_OK);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    svms_policy_free(&s->policy);
    svms_token_verifier_free(&s->verifier);
    svms_private_key_free(&s->key);
    svms_ctx_free(&s->ctx);
    return 0;
}

/* NULL when it is too long for a token. */
static svms_token *issued(const scene *s, const char *text_of_rights)
{
    static const char *const ways[] = { "pwd", "otp", "hwk" };
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_token_claims claims = world_claims(text_of_rights);
    unsigned first = chance(3);
    claims.methods = ways + first;
    claims.method_count = chance(4 - first);
    claims.method_count = claims.method_count > 3 - first ? 3 - first : claims.method_count;
    svms_status status =
        svms_token_issue(s->ctx, &claims, s->key, SVMS_TOKEN_NO_ALGORITHM, "k1", text, &size, NULL);
    if (status == SVMS_E_LIMIT) {
        return NULL;
    }
    assert_int_equal(status, SVMS_OK);
    return world_take(s->verifier, text, size);
}

/* NULL when it was refused. */
static svms_token *exchanged(const scene *s, const svms_token *token, const char *text_of_rights)
{
    char text[SVMS_JWS_MAX];
    size_t size = sizeof text;
    svms_error err = SVMS_ERROR_INIT;
    svms_exchange exchange = SVMS_EXCHANGE_INIT;
    exchange.issuer = WORLD_ISSUER;
    exchange.audience = WORLD_AUDIENCE;
    exchange.actor = "gateway";
    exchange.rights = text_of_rights;
    exchange.rights_size = strlen(text_of_rights);
    exchange.certificate_sha256 = world_peer;
    exchange.now_utc_ns = WORLD_NOW_S * WORLD_NS;
    svms_status status = svms_token_exchange(s->ctx, token, &exchange, s->key,
                                             SVMS_TOKEN_NO_ALGORITHM, "k1", text, &size, &err);
    if (status == SVMS_OK) {
        return world_take(s->verifier, text, size);
    }
    assert_true(status == SVMS_E_POLICY || status == SVMS_E_LIMIT);
    assert_string_not_equal(err.message, "");
    return NULL;
}

static const char *one_of(const char *const *texts, size_t count)
{
    return texts[chance((unsigned)count)];
}

static svms_access_question some_question(void)
{
    static const char *const on_devices[] = { "live.view",     "live.listen", "playback.view",
                                              "export.create", "mask.lift",   "approve.live.view" };
    static const char *const on_server[] = { "audit.read", "config.read.devices",
                                             "approve.audit.read" };
    static const char *const addresses[] = { NULL,       "10.2.3.4",    "10.2.9.9",
                                             "10.9.9.9", "2001:db8::1", "192.0.2.1" };
    static const char *const places[] = { NULL, "usb", "mail", "paper" };
    static const char *const cameras[] = { "a", "b", "c", "d" };
    svms_access_question q = SVMS_ACCESS_QUESTION_INIT;
    unsigned kind = chance(10);
    q.action = kind == 0 ? "x.door" : kind < 3 ? one_of(on_server, 3) : one_of(on_devices, 6);
    q.device = kind >= 3 || (kind == 0 && chance(2) == 0) ? one_of(cameras, 4) : NULL;
    q.client = (svms_client_kind)chance(5);
    q.format = (svms_export_form)chance(4);
    q.address = one_of(addresses, 6);
    q.destination = one_of(places, 4);
    q.is_approved = chance(3) == 0;
    q.approved_until_utc_ns = (WORLD_NOW_S + 300) * WORLD_NS;
    /* A Friday; the token lives until ten minutes later, so it is recorded time that wanders. */
    q.now_utc_ns = (WORLD_NOW_S + (int64_t)chance(599)) * WORLD_NS;
    if (chance(2) == 0) {
        int64_t begin_s = WORLD_NOW_S - (int64_t)chance(3 * 86400);
        q.range.from_utc_ns = begin_s * WORLD_NS;
        q.range.to_utc_ns = (begin_s + 1 + (int64_t)chance(86400)) * WORLD_NS;
    }
    return q;
}

static svms_decision ask(const scene *s, const svms_token *token, const svms_access_question *q,
                         svms_time_range ranges[RANGES])
{
    svms_decision answer = SVMS_DECISION_INIT;
    svms_error err = SVMS_ERROR_INIT;
    answer.ranges = ranges;
    answer.range_capacity = RANGES;
    if (svms_access_decide(s->policy, token, q, &answer, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return answer;
}

static bool range_is_within(const svms_time_range *range, const svms_decision *answer)
{
    for (size_t i = 0; i < answer->range_count; i++) {
        if (answer->ranges[i].from_utc_ns <= range->from_utc_ns &&
            answer->ranges[i].to_utc_ns >= range->to_utc_ns) {
            return true;
        }
    }
    return false;
}

/* 1 when it was allowed to both. */
static unsigned compare(const scene *s, const svms_token *old, const svms_token *fresh,
                        const char *words[2])
{
    svms_time_range old_ranges[RANGES];
    svms_time_range fresh_ranges[RANGES];
    svms_access_question q = some_question();
    svms_decision before = ask(s, old, &q, old_ranges);
    svms_decision after = ask(s, fresh, &q, fresh_ranges);
    bool fits = after.is_allowed <= before.is_allowed;
    for (size_t i = 0; fits && i < after.range_count; i++) {
        fits = range_is_within(&after.ranges[i], &before);
    }
    /* Of a range, those of each instant count; for one instant they can be compared. */
    if (fits && after.is_allowed && after.range_count == 0) {
        fits = (before.obligations & ~after.obligations) == 0;
    }
    if (!fits) {
        fail_msg("%s of %s: %s became %s", q.action, q.device ? q.device : "the server", words[0],
                 words[1]);
    }
    return after.is_allowed;
}

static void what_an_exchanged_token_may_the_old_one_may(void **state)
{
    const scene *s = *state;
    unsigned taken = 0;
    unsigned refused = 0;
    unsigned allowed = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char before[ROOM];
        char after[ROOM];
        rights old = some_rights();
        rights fresh = altered(&old);
        spell(before, &old);
        spell(after, &fresh);
        svms_token *given = issued(s, before);
        svms_token *made = given ? exchanged(s, given, after) : NULL;
        taken += made != NULL;
        refused += given && !made;
        for (unsigned k = 0; made && k < QUESTIONS; k++) {
            allowed += compare(s, given, made, (const char *[]){ before, after });
        }
        svms_token_free(&given);
        svms_token_free(&made);
    }
    /* It would prove nothing by refusing everything, or by allowing nothing. */
    assert_true(taken > ROUNDS / 10);
    assert_true(refused > ROUNDS / 10);
    assert_true(allowed > taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_exchanged_token_may_the_old_one_may),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
