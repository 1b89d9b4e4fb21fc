/* SPDX-License-Identifier: Apache-2.0 */
/* The property query of a context holds for everything: whatever the library computes, it computes
 * with a provider that has the property. Where that one lacks an algorithm the library says so, and
 * takes no other. */
#include <stdlib.h>
#include <unistd.h>

#include <openssl/core_dispatch.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#include "../identity/authority.h"
#include "crowd.h"

/* These two want CMocka, which comes with the others. */
#include "../crypto/key_material.h"

#include "../crypto/key_owner.h"

#include "property_provider.h"

static void expect_no_stray(const char *after)
{
    if (property_provider_strays() != 0) {
        fail_msg("%s: %u times another provider was asked, first for operation %d", after,
                 property_provider_strays(), property_provider_first_stray());
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static int set_up(void **state)
{
    OSSL_LIB_CTX *library = property_provider_load(NULL);
    assert_non_null(library);
    return fixture_setup_in(state, library, PROPER);
}

static int tear_down(void **state)
{
    int result = fixture_teardown(state);
    property_provider_unload();
    return result;
}

static void who_asks_without_properties_gets_the_stray_provider(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    svms_private_key *key = NULL;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.ossl_context = property_provider_load(NULL);
    assert_non_null(options.ossl_context);
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    assert_int_equal(property_provider_strays(), 0);
    assert_int_equal(svms_private_key_generate(&key, ctx, NULL), SVMS_E_CRYPTO);
    assert_int_equal(property_provider_strays(), 1);
    assert_int_equal(property_provider_first_stray(), OSSL_OP_KEYMGMT);
    svms_ctx_free(&ctx);
    ERR_clear_error();
    property_provider_unload();
}

static void recording_verifying_and_opening_keep_to_the_properties(void **state)
{
    fixture *fix = *state;
    svms_report report;
    memory_file file = { 0 };
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    expect_no_stray("identities");
    crowd all = crowd_new(fix);
    expect_no_stray("keys");
    crowd_record(&all, &how, &file);
    expect_no_stray("recording");
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.verdict, SVMS_VERDICT_AUTHENTIC);
    expect_no_stray("verifying");
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        assert_int_equal(crowd_open(&all, ONLY(kind), &file, NULL), SVMS_OK);
        expect_no_stray("opening");
    }
    file.data[lay_out_file(&file).segments[1] - 1] ^= 1;
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_NOT_AUTHENTIC);
    expect_no_stray("finding a flipped bit");
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void changing_recipients_keeps_to_the_properties(void **state)
{
    fixture *fix = *state;
    memory_file file = { 0 };
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_recipe how = { ONLY(P256) | ONLY(PASSWORD), 0, false, NULL };
    crowd all = crowd_new(fix);
    crowd_record(&all, &how, &file);
    const svms_public_key *added[] = { all.public_keys[X25519], all.public_keys[RSA] };
    const svms_kek *keks[] = { all.kek };
    svms_keyring *ring = crowd_ring(&all, ONLY(P256));
    svms_chain *officer =
        issue_chain(fix, fix->recorder_key, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY);
    change.keys = ring;
    change.add = added;
    change.add_count = 2;
    change.add_keks = keks;
    change.add_kek_count = 1;
    change.remove_password = 1;
    change.officer_key = fix->recorder_key;
    change.officer_chain = officer;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    expect_no_stray("changing recipients");
    svms_recipient_list list = list_of(fix, &file, ring);
    assert_int_equal(list.count, 4);
    assert_int_equal(list.authenticated, 1);
    expect_no_stray("listing recipients");
    assert_int_equal(crowd_openers(&all, &file), EVERYBODY & ~ONLY(PASSWORD));
    expect_no_stray("opening with changed recipients");
    svms_chain_free(&officer);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void disclosing_keeps_to_the_properties(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    memory_file file = { 0 };
    svms_disclosure *written = NULL;
    svms_disclosure *read = NULL;
    svms_keyring *empty = NULL;
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    size_t size = 0;
    record_container(fix, &how, &file);
    svms_keyring *ring = password_ring(fix, "pass word");
    svms_source source = memory_source(&file);
    options.keys = ring;
    options.trust = fix->trust;
    assert_int_equal(svms_disclosure_make(&written, fix->ctx, &source, &options, NULL), SVMS_OK);
    expect_no_stray("disclosing");
    const uint8_t *bytes = svms_disclosure_data(written, &size);
    assert_int_equal(svms_disclosure_parse(&read, fix->ctx, bytes, size, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_new(&empty, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_disclosure(empty, read, NULL), SVMS_OK);
    assert_int_equal(open_with_ring(fix, empty, &file, NULL), SVMS_OK);
    expect_no_stray("reading what was disclosed");
    svms_keyring_free(&empty);
    svms_disclosure_free(&read);
    svms_disclosure_free(&written);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

/* Records, verifies, and looks for a flipped bit in a signature. */
static void use_signer(fixture *fix, const svms_private_key *key, const char *kind)
{
    recipe how = RECIPE_INIT;
    svms_report report;
    memory_file file = { 0 };
    svms_chain *chain = issue_chain(fix, key, SVMS_ROLE_RECORDER, T0 - DAY, T0 + DAY);
    expect_no_stray(kind);
    how.key = key;
    how.chain = chain;
    how.protection = SVMS_PROTECT_LIGHT;
    record_container(fix, &how, &file);
    expect_no_stray(kind);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    expect_no_stray(kind);
    file.data[lay_out_file(&file).segments[1] - 1] ^= 1;
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_NOT_AUTHENTIC);
    expect_no_stray(kind);
    memory_file_clear(&file);
    svms_chain_free(&chain);
}

static void every_kind_of_signer_keeps_to_the_properties(void **state)
{
    static const char *const kinds[] = { "P-256", "P-384", "ED25519", "RSA:3072" };
    fixture *fix = *state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        char pem[PEM_ROOM];
        svms_private_key *inside = NULL;
        svms_private_key *outside = NULL;
        svms_public_key *half = NULL;
        owner who;
        EVP_PKEY *pkey = make_pkey(kinds[i]);
        size_t size = private_pem(pkey, pem);
        assert_int_equal(svms_private_key_from_pem(&inside, fix->ctx, pem, size, NULL), SVMS_OK);
        use_signer(fix, inside, kinds[i]);
        size = public_pem(pkey, pem);
        assert_int_equal(svms_public_key_from_pem(&half, fix->ctx, pem, size, NULL), SVMS_OK);
        owner_start(&who, pkey);
        svms_signer signer = signer_of(&who);
        assert_int_equal(svms_private_key_from_signer(&outside, fix->ctx, half, &signer, NULL),
                         SVMS_OK);
        use_signer(fix, outside, kinds[i]);
        svms_private_key_free(&outside);
        owner_ends(&who);
        svms_public_key_free(&half);
        svms_private_key_free(&inside);
        EVP_PKEY_free(pkey);
    }
}

static void issue_pem(fixture *fix, const svms_private_key *key, bool is_ca, char pem[PEM_ROOM])
{
    size_t size = PEM_ROOM;
    svms_certificate_options options = SVMS_CERTIFICATE_OPTIONS_INIT;
    options.role = is_ca ? SVMS_ROLE_NONE : SVMS_ROLE_RECORDER;
    options.common_name = is_ca ? "test CA" : "test signer";
    options.not_before_utc_ns = T0 - DAY;
    options.not_after_utc_ns = T0 + 365 * DAY;
    assert_int_equal(svms_certificate_issue(fix->ctx, &options, key, is_ca ? NULL : fix->ca,
                                            is_ca ? NULL : fix->ca_key, pem, &size, NULL),
                     SVMS_OK);
}

static void take_key_from_file(fixture *fix, const char *pem, size_t size)
{
    char uri[64] = "file:/tmp/svms-properties-XXXXXX";
    char *path = uri + strlen("file:");
    svms_private_key *key = NULL;
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, pem, size), size);
    close(file);
    svms_status status = svms_private_key_from_uri(&key, fix->ctx, uri, NULL);
    unlink(path);
    assert_int_equal(status, SVMS_OK);
    svms_private_key_free(&key);
}

static void keys_in_files_keep_to_the_properties(void **state)
{
    fixture *fix = *state;
    char pem[PEM_ROOM];
    size_t size = sizeof(pem);
    svms_kek *kek = NULL;
    svms_public_key *half = NULL;
    assert_int_equal(svms_private_key_to_pem(fix->recorder_key, pem, &size, NULL), SVMS_OK);
    take_key_from_file(fix, pem, strlen(pem));
    expect_no_stray("a key by its URI");
    issue_pem(fix, fix->recorder_key, false, pem);
    assert_int_equal(svms_public_key_from_pem(&half, fix->ctx, pem, strlen(pem), NULL), SVMS_OK);
    svms_public_key_free(&half);
    expect_no_stray("a key from a certificate");
    assert_int_equal(svms_kek_generate(&kek, fix->ctx, NULL), SVMS_OK);
    size = sizeof(pem);
    assert_int_equal(svms_kek_to_pem(kek, pem, &size, NULL), SVMS_OK);
    svms_kek_free(&kek);
    assert_int_equal(svms_kek_from_pem(&kek, fix->ctx, pem, size, NULL), SVMS_OK);
    svms_kek_free(&kek);
    expect_no_stray("key-encryption keys");
}

static void many_writers_under_one_signature_keep_to_the_properties(void **state)
{
    fixture *fix = *state;
    recipe how = RECIPE_INIT;
    svms_batch *batch = NULL;
    svms_writer *writer = NULL;
    svms_track tracks[2];
    svms_report report;
    uint64_t count = 0;
    memory_file file = { 0 };
    svms_sink sink = memory_sink(&file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    assert_int_equal(svms_batch_new(&batch, fix->ctx, fix->recorder_key, fix->recorder,
                                    SVMS_ROLE_RECORDER, NULL),
                     SVMS_OK);
    options.batch = batch;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < how.segments; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
        assert_int_equal(svms_batch_sign(batch, &count, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    expect_no_stray("signing a batch");
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    expect_no_stray("verifying a batch");
    svms_batch_free(&batch);
    memory_file_clear(&file);
}

static void stamp_newest_segment(svms_writer *writer, const party *authority)
{
    svms_head head = SVMS_HEAD_INIT;
    assert_int_equal(svms_writer_get_head(writer, &head), SVMS_OK);
    const stamp_plan plan = { .authority = authority,
                              .when = "2026-01-01T00:00:03Z",
                              .digest = head.manifest_hash };
    made token = stamp_token(&plan);
    assert_int_equal(svms_writer_add_timestamp(writer, head.segment, head.manifest_hash, token.data,
                                               token.size, NULL),
                     SVMS_OK);
    free(token.data);
}

static void record_with_stamp(fixture *fix, const party *authority, memory_file *file)
{
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < how.segments; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
        if (i == 1) {
            stamp_newest_segment(writer, authority);
        }
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
}

static void time_stamps_and_revocation_lists_keep_to_the_properties(void **state)
{
    fixture *fix = *state;
    const party_plan root = { .name = "CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    party ca = party_make(&root);
    const party_plan clock = { .name = "Clock",
                               .issuer = &ca,
                               .from = "20250101000000Z",
                               .to = "20500101000000Z",
                               .usage = "critical,timeStamping" };
    party authority = party_make(&clock);
    const revocation_plan nobody = { .issuer = &ca,
                                     .made = "20251231000000Z",
                                     .next = "20300101000000Z" };
    made list = revocation_list(&nobody);
    char pem[PEM_ROOM];
    size_t size = party_pem(&ca, pem, 0, sizeof(pem));
    svms_trust *stamp_trust = NULL;
    memory_file file = { 0 };
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    record_with_stamp(fix, &authority, &file);
    expect_no_stray("taking a time stamp");
    assert_int_equal(
        svms_trust_from_pem_and_crls(&stamp_trust, fix->ctx, pem, size, list.data, list.size, NULL),
        SVMS_OK);
    svms_source source = memory_source(&file);
    options.trust = fix->trust;
    options.stamp_trust = stamp_trust;
    assert_int_equal(svms_verify_container(fix->ctx, &source, &options, &report, NULL), SVMS_OK);
    assert_string_equal(report.stamp_reason, "");
    assert_int_equal(report.stamps_valid, 1);
    expect_no_stray("verifying a time stamp");
    memory_file_clear(&file);
    svms_trust_free(&stamp_trust);
    free(list.data);
    party_free(&authority);
    party_free(&ca);
}

/* What was made elsewhere, as text and bytes. */
typedef struct material {
    char ca[PEM_ROOM];
    char recorder[PEM_ROOM];
    char recorder_key[PEM_ROOM];
    char private_keys[MEMBERS][PEM_ROOM];
    char public_keys[MEMBERS][PEM_ROOM];
    char kek[PEM_ROOM];
    memory_file file;
} material;

/* What somebody holds who works with it. */
typedef struct holdings {
    svms_trust *trust;
    svms_chain *chain;
    svms_private_key *signer;
    svms_private_key *key;
    svms_public_key *public_key;
    svms_kek *kek;
    svms_keyring *ring;
} holdings;

static void holdings_clear(holdings *all)
{
    svms_keyring_free(&all->ring);
    svms_kek_free(&all->kek);
    svms_public_key_free(&all->public_key);
    svms_private_key_free(&all->key);
    svms_private_key_free(&all->signer);
    svms_chain_free(&all->chain);
    svms_trust_free(&all->trust);
}

typedef struct task {
    fixture fix; /* its context has the gap */
    const material *from;
    enum member kind;
    holdings all;
} task;

typedef svms_status attempt(task *at, svms_error *err);

static svms_status make_key(task *at, svms_error *err)
{
    return svms_private_key_generate(&at->all.key, at->fix.ctx, err);
}

static svms_status take_private_key(task *at, svms_error *err)
{
    const char *pem = at->from->private_keys[at->kind];
    return svms_private_key_from_pem(&at->all.key, at->fix.ctx, pem, strlen(pem), err);
}

static svms_status take_public_key(task *at, svms_error *err)
{
    const char *pem = at->from->public_keys[at->kind];
    return svms_public_key_from_pem(&at->all.public_key, at->fix.ctx, pem, strlen(pem), err);
}

static svms_status take_key_of_certificate(task *at, svms_error *err)
{
    const char *pem = at->from->recorder;
    return svms_public_key_from_pem(&at->all.public_key, at->fix.ctx, pem, strlen(pem), err);
}

static svms_status take_kek(task *at, svms_error *err)
{
    return svms_kek_from_pem(&at->all.kek, at->fix.ctx, at->from->kek, strlen(at->from->kek), err);
}

static svms_status take_trust(task *at, svms_error *err)
{
    return svms_trust_from_pem(&at->all.trust, at->fix.ctx, at->from->ca, strlen(at->from->ca),
                               err);
}

static svms_status take_signer(task *at, svms_error *err)
{
    const material *from = at->from;
    svms_status status = svms_chain_from_pem(&at->all.chain, at->fix.ctx, from->recorder,
                                             strlen(from->recorder), err);
    if (status == SVMS_OK) {
        status = svms_private_key_from_pem(&at->all.signer, at->fix.ctx, from->recorder_key,
                                           strlen(from->recorder_key), err);
    }
    return status;
}

static svms_status take_ring(task *at, svms_error *err)
{
    svms_status status = svms_keyring_new(&at->all.ring, at->fix.ctx, err);
    if (status == SVMS_OK && at->kind == PASSWORD) {
        return svms_keyring_add_password(at->all.ring, CROWD_PASSWORD, strlen(CROWD_PASSWORD), err);
    }
    if (status == SVMS_OK) {
        status = at->kind == KEK ? take_kek(at, err) : take_private_key(at, err);
    }
    if (status == SVMS_OK) {
        status = at->kind == KEK ? svms_keyring_add_kek(at->all.ring, at->all.kek, err)
                                 : svms_keyring_add_key(at->all.ring, at->all.key, err);
    }
    return status;
}

static svms_status open_and_read(task *at, svms_error *err)
{
    memory_file file = at->from->file;
    svms_status status = take_ring(at, err);
    if (status == SVMS_OK) {
        status = open_with_ring(&at->fix, at->all.ring, &file, err);
    }
    return status;
}

static svms_status disclose(task *at, svms_error *err)
{
    memory_file file = at->from->file;
    svms_source source = memory_source(&file);
    svms_disclosure *written = NULL;
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    svms_status status = take_ring(at, err);
    options.keys = at->all.ring;
    if (status == SVMS_OK) {
        status = svms_disclosure_make(&written, at->fix.ctx, &source, &options, err);
    }
    svms_disclosure_free(&written);
    return status;
}

static svms_status verify(task *at, svms_error *err)
{
    memory_file file = at->from->file;
    svms_source source = memory_source(&file);
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_status status = take_trust(at, err);
    options.trust = at->all.trust;
    if (status == SVMS_OK) {
        status = svms_verify_container(at->fix.ctx, &source, &options, &report, err);
    }
    return status;
}

static svms_status record(task *at, svms_error *err)
{
    recipe how = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    memory_file file = { 0 };
    svms_sink sink = memory_sink(&file);
    svms_status status = take_signer(at, err);
    how.password = at->kind == PASSWORD ? CROWD_PASSWORD : NULL;
    if (status == SVMS_OK && at->kind == KEK) {
        status = take_kek(at, err);
    } else if (status == SVMS_OK && at->kind != PASSWORD) {
        status = take_public_key(at, err);
    }
    how.key = at->all.signer;
    how.chain = at->all.chain;
    how.recipient = at->all.public_key;
    svms_writer_options options = writer_options(&at->fix, &how, tracks);
    const svms_kek *keks[] = { at->all.kek };
    options.keks = keks;
    options.kek_count = at->all.kek != NULL;
    if (status == SVMS_OK) {
        status = svms_writer_open(&writer, at->fix.ctx, &sink, &options, err);
    }
    if (status == SVMS_OK) {
        status = append_segment(writer, &how, 0, err);
    }
    if (status == SVMS_OK) {
        status = svms_writer_close(&writer, err);
    }
    svms_writer_abort(&writer);
    memory_file_clear(&file);
    return status;
}

static svms_status change(task *at, svms_error *err)
{
    memory_file copy = memory_copy(&at->from->file);
    svms_recipients_change wish = SVMS_RECIPIENTS_CHANGE_INIT;
    svms_status status = take_ring(at, err);
    wish.keys = at->all.ring;
    wish.password = "another";
    wish.password_size = 7;
    wish.password_log2_n = 10;
    if (status == SVMS_OK) {
        status = change_file(&at->fix, &copy, &wish, err);
    }
    memory_file_clear(&copy);
    return status;
}

static svms_status begin(task *at, svms_error *err)
{
    (void)at;
    (void)err;
    return SVMS_OK;
}

typedef struct gap_case {
    property_gap gap;
    const char *what;
    attempt *run;
    enum member kind;
} gap_case;

static const gap_case cases[] = {
    { { OSSL_OP_DIGEST, "SHA2-256" }, "begin without SHA-256", begin, PASSWORD },
    { { OSSL_OP_CIPHER, "AES-256-GCM" }, "begin without AES-256-GCM", begin, PASSWORD },
    { { OSSL_OP_MAC, "HMAC" }, "begin without HMAC", begin, PASSWORD },
    { { OSSL_OP_KEYMGMT, "EC" }, "make a key", make_key, P256 },
    { { OSSL_OP_KEYMGMT, "EC" }, "take a P-256 key", take_private_key, P256 },
    { { OSSL_OP_KEYMGMT, "X25519" }, "take an X25519 key", take_private_key, X25519 },
    { { OSSL_OP_KEYMGMT, "RSA" }, "take an RSA key", take_private_key, RSA },
    { { OSSL_OP_KEYMGMT, "EC" }, "take a public P-256 key", take_public_key, P256 },
    { { OSSL_OP_KEYMGMT, "X25519" }, "take a public X25519 key", take_public_key, X25519 },
    { { OSSL_OP_KEYMGMT, "RSA" }, "take a public RSA key", take_public_key, RSA },
    { { OSSL_OP_KEYMGMT, "EC" }, "take a certificate's key", take_key_of_certificate, P256 },
    { { OSSL_OP_KEYMGMT, "EC" }, "take a signer", take_signer, P256 },
    { { OSSL_OP_KEYMGMT, "EC" }, "verify without EC keys", verify, P256 },
    { { OSSL_OP_SIGNATURE, "ECDSA" }, "verify without ECDSA", verify, P256 },
    { { OSSL_OP_SIGNATURE, "ECDSA" }, "record without ECDSA", record, PASSWORD },
    { { OSSL_OP_SIGNATURE, "ECDSA" }, "read without ECDSA", open_and_read, PASSWORD },
    { { OSSL_OP_KDF, "SCRYPT" }, "record without scrypt", record, PASSWORD },
    { { OSSL_OP_KDF, "SCRYPT" }, "open without scrypt", open_and_read, PASSWORD },
    { { OSSL_OP_KDF, "SCRYPT" }, "change without scrypt", change, P256 },
    { { OSSL_OP_KDF, "SCRYPT" }, "disclose without scrypt", disclose, PASSWORD },
    { { OSSL_OP_KEYEXCH, "ECDH" }, "record without ECDH", record, P256 },
    { { OSSL_OP_KEYEXCH, "ECDH" }, "open without ECDH", open_and_read, P256 },
    { { OSSL_OP_KEYEXCH, "ECDH" }, "disclose without ECDH", disclose, P256 },
    { { OSSL_OP_KEYEXCH, "X25519" }, "record without X25519", record, X25519 },
    { { OSSL_OP_KEYEXCH, "X25519" }, "open without X25519", open_and_read, X25519 },
    { { OSSL_OP_ASYM_CIPHER, "RSA" }, "record without RSA", record, RSA },
    { { OSSL_OP_ASYM_CIPHER, "RSA" }, "open without RSA", open_and_read, RSA },
    { { OSSL_OP_CIPHER, "AES-256-WRAP" }, "record without key wrap", record, KEK },
    { { OSSL_OP_CIPHER, "AES-256-WRAP" }, "open without key wrap", open_and_read, KEK },
    { { OSSL_OP_CIPHER, "AES-256-WRAP" }, "change without key wrap", change, KEK },
    { { OSSL_OP_RAND, "CTR-DRBG" }, "record without generator", record, PASSWORD },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

static int64_t staged_now(void *user)
{
    return ((task *)user)->fix.now += 1000;
}

/* With the gap, or with everything. */
static svms_status try_case(const gap_case *what, const material *from, bool with_gap,
                            svms_error *err)
{
    task at = { .from = from, .kind = what->kind };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    at.fix.now = T0;
    options.user = &at;
    options.utc_now = staged_now;
    options.ossl_properties = PROPER;
    options.ossl_context = property_provider_load(with_gap ? &what->gap : NULL);
    assert_non_null(options.ossl_context);
    svms_status status = svms_ctx_new(&at.fix.ctx, &options, err);
    if (status == SVMS_OK) {
        status = what->run(&at, err);
    }
    holdings_clear(&at.all);
    svms_ctx_free(&at.fix.ctx);
    if (with_gap) {
        assert_int_equal(property_provider_gaps(), 1);
    }
    expect_no_stray(what->what);
    property_provider_unload();
    return status;
}

static void record_for_everybody(fixture *fix, material *things)
{
    crowd all = { .fix = fix };
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    static const char *const names[MEMBERS] = { NULL, "X25519", "P-256", "RSA:2048", NULL };
    for (int kind = X25519; kind <= RSA; kind++) {
        EVP_PKEY *pkey = make_pkey(names[kind]);
        private_pem(pkey, things->private_keys[kind]);
        public_pem(pkey, things->public_keys[kind]);
        EVP_PKEY_free(pkey);
        assert_int_equal(svms_public_key_from_pem(&all.public_keys[kind], fix->ctx,
                                                  things->public_keys[kind],
                                                  strlen(things->public_keys[kind]), NULL),
                         SVMS_OK);
    }
    size_t size = sizeof(things->kek);
    assert_int_equal(svms_kek_generate(&all.kek, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_kek_to_pem(all.kek, things->kek, &size, NULL), SVMS_OK);
    crowd_record(&all, &how, &things->file);
    crowd_clear(&all);
}

static material *make_material(fixture *fix)
{
    material *things = calloc(1, sizeof(*things));
    assert_non_null(things);
    size_t size = sizeof(things->recorder_key);
    assert_int_equal(svms_private_key_to_pem(fix->recorder_key, things->recorder_key, &size, NULL),
                     SVMS_OK);
    issue_pem(fix, fix->recorder_key, false, things->recorder);
    issue_pem(fix, fix->ca_key, true, things->ca);
    record_for_everybody(fix, things);
    return things;
}

static void what_the_provider_lacks_is_taken_from_no_other(void **state)
{
    material *things = make_material(*state);
    unsigned wrong = 0;
    for (size_t i = 0; i < CASES; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = try_case(&cases[i], things, false, &err);
        if (status != SVMS_OK) {
            print_message("%s: fails with everything there: %s, %s\n", cases[i].what,
                          svms_status_name(status), err.message);
            wrong++;
        }
        err = (svms_error)SVMS_ERROR_INIT;
        status = try_case(&cases[i], things, true, &err);
        if (status != SVMS_E_CRYPTO && status != SVMS_E_UNSUPPORTED) {
            print_message("%s: %s, %s\n", cases[i].what, svms_status_name(status), err.message);
            wrong++;
        }
    }
    memory_file_clear(&things->file);
    free(things);
    assert_int_equal(wrong, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_without_properties_gets_the_stray_provider),
        CASE(recording_verifying_and_opening_keep_to_the_properties),
        CASE(changing_recipients_keeps_to_the_properties),
        CASE(disclosing_keeps_to_the_properties),
        CASE(every_kind_of_signer_keeps_to_the_properties),
        CASE(keys_in_files_keep_to_the_properties),
        CASE(time_stamps_and_revocation_lists_keep_to_the_properties),
        CASE(many_writers_under_one_signature_keep_to_the_properties),
        cmocka_unit_test_setup_teardown(what_the_provider_lacks_is_taken_from_no_other,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
