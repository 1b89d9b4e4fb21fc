/* SPDX-License-Identifier: Apache-2.0 */
/* Time stamps of links: certificates that expired or were revoked since, and stamps that renew each
 * other (E-LNK-3, E-VER-5). Tokens, certificates and revocation lists are made by OpenSSL
 * (../identity/authority.c). */
#include "forge_case.h"

#include <stdio.h>

#include <openssl/pem.h>

#include "../identity/authority.h"

#define ROLES "2.25.132330503438125610743018859333830030049."
#define STAMPING "critical,timeStamping"
#define PEM_ROOM 16384
#define NEVER INT64_MIN
#define LATE (SECOND * 30) /* the clock goes on while a link is made */

/* Who signs what. */
enum { RECORDER, EXPORTER, CUSTODIAN, SIGNERS };
/* Who stamps; the first one's certificate expires after 150 days. */
enum { NOBODY, SHORT, LONG, STRANGER, STAMPERS };

typedef struct scene {
    export_case *made;
    party ca;
    party stamp_ca;
    party other_ca;
    party signers[SIGNERS];
    party stampers[STAMPERS];
    svms_private_key *keys[SIGNERS];
    svms_chain *chains[SIGNERS];
    svms_trust *stamp_trust;
} scene;

static svms_trust *trust_in(const scene *at, const party *anchor, const made *list)
{
    char pem[PEM_ROOM];
    svms_trust *trust = NULL;
    size_t size = party_pem(anchor, pem, 0, sizeof(pem));
    assert_int_equal(svms_trust_from_pem_and_crls(&trust, at->made->fix->ctx, pem, size,
                                                  list == NULL ? NULL : list->data,
                                                  list == NULL ? 0 : list->size, NULL),
                     SVMS_OK);
    return trust;
}

/* Key and chain as the library has them. */
static void load_signer(scene *at, int which)
{
    char pem[PEM_ROOM];
    char *text = NULL;
    svms_ctx *ctx = at->made->fix->ctx;
    BIO *bio = BIO_new(BIO_s_mem());
    size_t size = party_pem(&at->signers[which], pem, 0, sizeof(pem));
    assert_int_equal(svms_chain_from_pem(&at->chains[which], ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(bio, at->signers[which].key, NULL, NULL, 0, NULL, NULL), 1);
    long length = BIO_get_mem_data(bio, &text);
    assert_int_equal(svms_private_key_from_pem(&at->keys[which], ctx, text, (size_t)length, NULL),
                     SVMS_OK);
    BIO_free(bio);
}

static int set_up(void **state)
{
    static const char *const roles[SIGNERS] = { ROLES "2", ROLES "3", ROLES "4" };
    static const char *const names[SIGNERS] = { "Recorder", "Exporter", "Custodian" };
    scene *at = calloc(1, sizeof(*at));
    const party_plan ca = { .name = "CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    party_plan plan = { .from = "20250101000000Z", .to = "20260531000000Z", .usage = STAMPING };
    void *made_case = NULL;
    assert_non_null(at);
    assert_int_equal(export_case_setup(&made_case), 0);
    at->made = made_case;
    at->ca = party_make(&ca);
    at->stamp_ca = party_make(&ca);
    at->other_ca = party_make(&ca);
    plan.name = "Short time";
    plan.issuer = &at->stamp_ca;
    at->stampers[SHORT] = party_make(&plan);
    plan.name = "Long time";
    plan.to = "20500101000000Z";
    at->stampers[LONG] = party_make(&plan);
    plan.name = "Stranger";
    plan.issuer = &at->other_ca;
    at->stampers[STRANGER] = party_make(&plan);
    plan.issuer = &at->ca;
    plan.from = "20251231000000Z";
    for (int i = 0; i < SIGNERS; i++) {
        plan.name = names[i];
        plan.usage = roles[i];
        plan.to = i == CUSTODIAN ? "20500101000000Z" : "20270101000000Z";
        at->signers[i] = party_make(&plan);
        load_signer(at, i);
    }
    at->stamp_trust = trust_in(at, &at->stamp_ca, NULL);
    recipe how = RECIPE_INIT;
    how.key = at->keys[RECORDER];
    how.chain = at->chains[RECORDER];
    record_container(at->made->fix, &how, &at->made->container);
    *state = at;
    return 0;
}

static int tear_down(void **state)
{
    scene *at = *state;
    svms_trust_free(&at->stamp_trust);
    for (int i = 0; i < SIGNERS; i++) {
        svms_chain_free(&at->chains[i]);
        svms_private_key_free(&at->keys[i]);
        party_free(&at->signers[i]);
    }
    for (int i = SHORT; i < STAMPERS; i++) {
        party_free(&at->stampers[i]);
    }
    party_free(&at->other_ca);
    party_free(&at->stamp_ca);
    party_free(&at->ca);
    void *made_case = at->made;
    assert_int_equal(export_case_teardown(&made_case), 0);
    free(at);
    return 0;
}

/* A stamp that is asked for while a link is made. */
typedef struct stamp {
    scene *at;
    int who;
    int64_t slow_ns; /* how much the authority's clock lags behind */
} stamp;

static svms_status ask(void *user, const uint8_t imprint[32], uint8_t *token, size_t *size,
                       svms_error *err)
{
    const stamp *this = user;
    char when[SVMS_TIME_TEXT_SIZE];
    (void)err;
    svms_time_format(this->at->made->fix->now - this->slow_ns, when);
    const stamp_plan plan = { .authority = &this->at->stampers[this->who],
                              .when = when,
                              .digest = imprint };
    made answer = stamp_token(&plan);
    assert_true(answer.size <= *size);
    memcpy(token, answer.data, answer.size);
    *size = answer.size;
    free(answer.data);
    return SVMS_OK;
}

/* A link, made some days after the recording. */
typedef struct link_plan {
    int who; /* NOBODY: no such link, or no stamp for link 0 */
    int day;
    bool of_something_else;
} link_plan;

static svms_export_signer signer_of(scene *at, int which, const link_plan *plan, stamp *asked)
{
    svms_export_signer signer = SVMS_EXPORT_SIGNER_INIT;
    signer.role = which == EXPORTER ? SVMS_ROLE_EXPORTER : SVMS_ROLE_CUSTODIAN;
    signer.key = at->keys[which];
    signer.chain = at->chains[which];
    *asked = (stamp){ at, plan->who, 0 };
    if (plan->who != NOBODY) {
        signer.stamp = ask;
        signer.stamp_user = asked;
    }
    return signer;
}

/* No signer takes a token of something else; somebody puts one where the last link's was. */
static void replace_token(scene *at, uint64_t link)
{
    memory_file *file = &at->made->out;
    uint8_t digest[32] = { 1, 2, 3 };
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(at->made->fix->now, when);
    const stamp_plan plan = { .authority = &at->stampers[LONG], .when = when, .digest = digest };
    made token = stamp_token(&plan);
    svms_cursor cursor = svms_cursor_over(file->data + link + 4, 16, 0);
    size_t front = SVMS_LINK_FIXED_SIZE + (size_t)svms_read_u32(&cursor);
    front += svms_read_u32(&cursor);
    front += svms_read_u32(&cursor);
    file->size = (size_t)link + front;
    append(file, token.data, token.size);
    uint8_t tail[SVMS_LINK_TAIL_SIZE];
    svms_store_u32(file->data + link + 16, (uint32_t)token.size);
    svms_store_u64(tail, link);
    sha256_of(file->data + link, front + token.size, tail + 8);
    memcpy(tail + 40, SVMS_LINK_TAIL_TEXT, 8);
    append(file, tail, sizeof(tail));
    free(token.data);
}

/* Exports on the first day, countersigns when the plan says so. */
static void make_package(scene *at, const link_plan *first, const link_plan *second)
{
    export_case *base = at->made;
    stamp asked;
    svms_trust *trust = trust_in(at, &at->ca, NULL);
    base->fix->now = T0 + (int64_t)first->day * DAY + 5 * SECOND;
    svms_export_options options = clear_options(base);
    options.signer = signer_of(at, EXPORTER, first, &asked);
    svms_export_source source = whole_source(base);
    source.trust = trust;
    export_well(base, &options, &source);
    if (first->of_something_else) {
        seen_package *seen = look_at_package(base, NULL);
        replace_token(at, seen->link_offset);
        free(seen);
    }
    if (second->day != 0) {
        base->fix->now = T0 + (int64_t)second->day * DAY;
        svms_export_signer custodian = signer_of(at, CUSTODIAN, second, &asked);
        assert_int_equal(countersign(base, &custodian, NULL), SVMS_OK);
    }
    svms_trust_free(&trust);
}

/* Verifies some days after the recording; revoked: from day 200 on, or SIGNERS. */
static void judge_then(scene *at, int day, int revoked, told *seen, svms_export_report *report)
{
    made list = { NULL, 0 };
    export_case *base = at->made;
    if (revoked != SIGNERS) {
        const revocation_plan plan = { .issuer = &at->ca,
                                       .made = "20260801000000Z",
                                       .next = "20400101000000Z",
                                       .revoked = &at->signers[revoked],
                                       .when = "20260720000000Z",
                                       .reason = -1 };
        list = revocation_list(&plan);
    }
    svms_trust *trust = trust_in(at, &at->ca, revoked == SIGNERS ? NULL : &list);
    svms_evidence *evidence = open_well(base, &base->out, NULL);
    svms_export_verify_options options = trusting(base, seen);
    options.trust = trust;
    options.stamp_trust = at->stamp_trust;
    base->fix->now = T0 + (int64_t)day * DAY;
    (void)!verify_evidence(base, evidence, &options, report);
    svms_export_close(&evidence);
    svms_trust_free(&trust);
    free(list.data);
}

typedef struct situation {
    const char *name;
    link_plan links[2];
    int day;     /* of the verification */
    int revoked; /* who, or SIGNERS */
    bool link_trusted;
    bool source_trusted;
    int attested_day; /* of link 0; -1: none */
} situation;

static const situation situations[] = {
    { "expired, no stamp", { { NOBODY, 0, 0 }, { 0 } }, 500, SIGNERS, false, false, -1 },
    { "expired, own stamp", { { LONG, 0, 0 }, { 0 } }, 500, SIGNERS, true, true, 0 },
    { "expired, later stamp",
      { { NOBODY, 0, 0 }, { LONG, 100, 0 } },
      500,
      SIGNERS,
      true,
      true,
      100 },
    { "expired, later link unstamped",
      { { NOBODY, 0, 0 }, { NOBODY, 100, 0 } },
      500,
      SIGNERS,
      false,
      false,
      -1 },
    { "stamped when it had expired",
      { { NOBODY, 0, 0 }, { LONG, 400, 0 } },
      500,
      SIGNERS,
      false,
      false,
      400 },
    { "an authority that is still valid", { { SHORT, 0, 0 }, { 0 } }, 100, SIGNERS, true, true, 0 },
    { "an authority that expired", { { SHORT, 0, 0 }, { 0 } }, 500, SIGNERS, false, false, -1 },
    { "an authority that expired, renewed",
      { { SHORT, 0, 0 }, { LONG, 100, 0 } },
      500,
      SIGNERS,
      true,
      true,
      0 },
    { "renewed too late", { { SHORT, 0, 0 }, { LONG, 200, 0 } }, 500, SIGNERS, true, true, 200 },
    { "renewed by one that expired too",
      { { SHORT, 0, 0 }, { SHORT, 100, 0 } },
      500,
      SIGNERS,
      false,
      false,
      -1 },
    { "a stranger's stamp", { { STRANGER, 0, 0 }, { 0 } }, 500, SIGNERS, false, false, -1 },
    { "a stamp of something else", { { LONG, 0, true }, { 0 } }, 500, SIGNERS, false, false, -1 },
    { "a bad stamp, and a good one",
      { { LONG, 0, true }, { LONG, 100, 0 } },
      500,
      SIGNERS,
      true,
      true,
      100 },
    { "nobody needs a stamp yet", { { STRANGER, 0, 0 }, { 0 } }, 100, SIGNERS, true, true, -1 },
    { "exporter revoked, no stamp", { { NOBODY, 0, 0 }, { 0 } }, 250, EXPORTER, false, true, -1 },
    { "exporter revoked, own stamp", { { LONG, 0, 0 }, { 0 } }, 250, EXPORTER, true, true, 0 },
    { "exporter revoked, later stamp",
      { { NOBODY, 0, 0 }, { LONG, 100, 0 } },
      250,
      EXPORTER,
      true,
      true,
      100 },
    { "exporter revoked before the stamp",
      { { NOBODY, 0, 0 }, { LONG, 220, 0 } },
      250,
      EXPORTER,
      false,
      true,
      220 },
    { "recorder revoked, no stamp", { { NOBODY, 0, 0 }, { 0 } }, 250, RECORDER, true, false, -1 },
    { "recorder revoked, own stamp", { { LONG, 0, 0 }, { 0 } }, 250, RECORDER, true, true, 0 },
    { "recorder revoked before the stamp",
      { { NOBODY, 0, 0 }, { LONG, 220, 0 } },
      250,
      RECORDER,
      true,
      false,
      220 },
};

static void judge_situation(scene *at, const situation *is)
{
    told *seen = calloc(1, sizeof(*seen));
    svms_export_report report;
    assert_non_null(seen);
    make_package(at, &is->links[0], &is->links[1]);
    judge_then(at, is->day, is->revoked, seen, &report);
    svms_verdict link = is->link_trusted ? SVMS_VERDICT_AUTHENTIC : SVMS_VERDICT_UNTRUSTED;
    svms_verdict source = is->source_trusted ? SVMS_VERDICT_AUTHENTIC : SVMS_VERDICT_UNTRUSTED;
    if (seen->link[0].verdict != link || seen->source[0] != source) {
        fail_msg("%s: link %d (%s), source %d (%s)", is->name, seen->link[0].verdict,
                 seen->link[0].reason, seen->source[0], report.reason);
    }
    assert_int_equal(seen->links, is->links[1].day == 0 ? 1 : 2);
    assert_int_equal(report.verdict, link > source ? link : source);
    int64_t attested = seen->link[0].attested_utc_ns;
    if (is->attested_day < 0) {
        assert_true(attested == NEVER);
        assert_string_equal(seen->link[0].authority, "");
    } else {
        int64_t day = T0 + (int64_t)is->attested_day * DAY;
        if (attested < day || attested > day + LATE) {
            fail_msg("%s: attested %lld", is->name, (long long)attested);
        }
        assert_true(seen->link[0].authority[0] != '\0');
    }
    free(seen);
}

static void a_stamp_shows_that_a_link_was_made_in_time(void **state)
{
    for (size_t i = 0; i < sizeof(situations) / sizeof(situations[0]); i++) {
        judge_situation(*state, &situations[i]);
    }
}

static void a_custodian_who_was_revoked_is_trusted_by_his_stamp(void **state)
{
    scene *at = *state;
    told *seen = calloc(1, sizeof(*seen));
    svms_export_report report;
    assert_non_null(seen);
    for (int stamped = 0; stamped < 2; stamped++) {
        const link_plan first = { NOBODY, 0, false };
        const link_plan second = { stamped != 0 ? LONG : NOBODY, 100, false };
        make_package(at, &first, &second);
        judge_then(at, 250, CUSTODIAN, seen, &report);
        assert_int_equal(seen->link[0].verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(seen->link[1].verdict,
                         stamped != 0 ? SVMS_VERDICT_AUTHENTIC : SVMS_VERDICT_UNTRUSTED);
        assert_int_equal(seen->source[0], SVMS_VERDICT_AUTHENTIC);
    }
    free(seen);
}

/* The head covers the token, and the tail says the head. */
static void no_byte_of_a_token_can_be_changed(void **state)
{
    scene *at = *state;
    told *seen = calloc(1, sizeof(*seen));
    svms_export_report report;
    assert_non_null(seen);
    const link_plan first = { LONG, 0, false };
    const link_plan second = { LONG, 100, false };
    make_package(at, &first, &second);
    memory_file *file = &at->made->out;
    for (size_t back = 48 + 1; back < 48 + 1500; back += 131) {
        file->data[file->size - back] ^= 4;
        judge_then(at, 110, SIGNERS, seen, &report);
        assert_int_equal(report.links, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(seen->link[0].verdict, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(seen->link[1].verdict, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_true(seen->link[1].attested_utc_ns == NEVER);
        assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
        file->data[file->size - back] ^= 4;
    }
    judge_then(at, 110, SIGNERS, seen, &report);
    assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
    free(seen);
}

static svms_status refuse(void *user, const uint8_t imprint[32], uint8_t *token, size_t *size,
                          svms_error *err)
{
    (void)user;
    (void)imprint;
    (void)token;
    (void)size;
    (void)err;
    return SVMS_E_IO;
}

static void an_authority_that_does_not_answer_leaves_the_package_alone(void **state)
{
    scene *at = *state;
    stamp unused;
    const link_plan none = { NOBODY, 0, false };
    make_package(at, &none, &none);
    size_t size = at->made->out.size;
    svms_export_signer custodian = signer_of(at, CUSTODIAN, &none, &unused);
    custodian.stamp = refuse;
    assert_int_equal(countersign(at->made, &custodian, NULL), SVMS_E_IO);
    assert_int_equal(at->made->out.size, size);
    assert_true(looks_finished(&at->made->out));
}

/* E-VER-11; that nobody is trusted who signed after his own stamp, C-VER-4 says. */
static void a_stamp_that_is_older_than_its_link_is_told(void **state)
{
    static const struct {
        int64_t slow_ns;
        uint32_t told;
    } clocks[] = { { 0, 0 }, { 290 * SECOND, 0 }, { 310 * SECOND, 1 } };
    scene *at = *state;
    told *seen = calloc(1, sizeof(*seen));
    svms_export_report report;
    assert_non_null(seen);
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        stamp asked;
        const link_plan first = { NOBODY, 0, false };
        const link_plan none = { NOBODY, 0, false };
        const link_plan second = { LONG, 100, false };
        make_package(at, &first, &none);
        at->made->fix->now = T0 + 100 * DAY;
        svms_export_signer custodian = signer_of(at, CUSTODIAN, &second, &asked);
        asked.slow_ns = clocks[i].slow_ns;
        assert_int_equal(countersign(at->made, &custodian, NULL), SVMS_OK);
        judge_then(at, 110, SIGNERS, seen, &report);
        assert_int_equal(report.verdict,
                         clocks[i].told ? SVMS_VERDICT_UNTRUSTED : SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(seen->link[0].contradicts_time, 0);
        assert_int_equal(seen->link[1].contradicts_time, clocks[i].told);
    }
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(a_stamp_shows_that_a_link_was_made_in_time),
        CASE(a_custodian_who_was_revoked_is_trusted_by_his_stamp),
        CASE(no_byte_of_a_token_can_be_changed),
        CASE(an_authority_that_does_not_answer_leaves_the_package_alone),
        CASE(a_stamp_that_is_older_than_its_link_is_told),
    };
    return cmocka_run_group_tests_name("evidence_time", tests, NULL, NULL);
}
