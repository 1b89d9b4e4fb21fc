/* SPDX-License-Identifier: Apache-2.0 */
/* Attested time, from the writer to the report. Tokens, certificates and revocation lists are made
 * by OpenSSL (../identity/authority.c). */
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <zlib.h>

#include "../identity/authority.h"
#include "fixture.h"

#define ROLE_RECORDER "2.25.132330503438125610743018859333830030049.2"
#define STAMPING "critical,timeStamping"
#define PEM_ROOM 16384
#define SEGMENTS 6
#define NEVER INT64_MIN
#define YEAR (365 * DAY)

typedef struct scene {
    fixture *fix;
    party ca;
    party recorder; /* T0 - 1 day to T0 + 1 year */
    party stamp_ca;
    party short_lived; /* authority until T0 + 150 days */
    party long_lived;
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *trust;
    svms_trust *stamp_trust;
} scene;

static svms_trust *trust_in(const scene *at, const party *anchor, const made *list)
{
    char pem[PEM_ROOM];
    svms_trust *trust = NULL;
    size_t size = party_pem(anchor, pem, 0, sizeof(pem));
    assert_int_equal(svms_trust_from_pem_and_crls(&trust, at->fix->ctx, pem, size,
                                                  list == NULL ? NULL : list->data,
                                                  list == NULL ? 0 : list->size, NULL),
                     SVMS_OK);
    return trust;
}

static void load_recorder(scene *at)
{
    char pem[PEM_ROOM];
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    size_t size = party_pem(&at->recorder, pem, 0, sizeof(pem));
    assert_int_equal(svms_chain_from_pem(&at->chain, at->fix->ctx, pem, size, NULL), SVMS_OK);
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(bio, at->recorder.key, NULL, NULL, 0, NULL, NULL), 1);
    long length = BIO_get_mem_data(bio, &text);
    assert_int_equal(svms_private_key_from_pem(&at->key, at->fix->ctx, text, (size_t)length, NULL),
                     SVMS_OK);
    BIO_free(bio);
}

static int set_up(void **state)
{
    scene *at = calloc(1, sizeof(*at));
    const party_plan ca = { .name = "CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    party_plan recorder = { .name = "Recorder",
                            .issuer = &at->ca,
                            .from = "20251231000000Z",
                            .to = "20270101000000Z",
                            .usage = ROLE_RECORDER };
    party_plan authority = { .name = "Short time",
                             .issuer = &at->stamp_ca,
                             .from = "20250101000000Z",
                             .to = "20260531000000Z",
                             .usage = STAMPING };
    assert_non_null(at);
    assert_int_equal(fixture_setup((void **)&at->fix), 0);
    at->ca = party_make(&ca);
    at->stamp_ca = party_make(&ca);
    at->recorder = party_make(&recorder);
    at->short_lived = party_make(&authority);
    authority.name = "Long time";
    authority.to = "20500101000000Z";
    at->long_lived = party_make(&authority);
    load_recorder(at);
    at->trust = trust_in(at, &at->ca, NULL);
    at->stamp_trust = trust_in(at, &at->stamp_ca, NULL);
    *state = at;
    return 0;
}

static int tear_down(void **state)
{
    scene *at = *state;
    svms_trust_free(&at->stamp_trust);
    svms_trust_free(&at->trust);
    svms_chain_free(&at->chain);
    svms_private_key_free(&at->key);
    party_free(&at->long_lived);
    party_free(&at->short_lived);
    party_free(&at->stamp_ca);
    party_free(&at->recorder);
    party_free(&at->ca);
    void *fix = at->fix;
    assert_int_equal(fixture_teardown(&fix), 0);
    free(at);
    return 0;
}

static made token_of(const party *authority, const uint8_t digest[32], int64_t utc_ns)
{
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(utc_ns, when);
    const stamp_plan plan = { .authority = authority, .when = when, .digest = digest };
    return stamp_token(&plan);
}

/* The segment that is complete while segment n is recorded is stamped by authorities[n]. */
typedef struct stamped_recording {
    const party *authorities[SEGMENTS];
    int64_t shift; /* of the time that is stamped */
} stamped_recording;

static void stamp_head(svms_writer *writer, const party *authority, int64_t utc_ns)
{
    svms_head head = SVMS_HEAD_INIT;
    assert_int_equal(svms_writer_get_head(writer, &head), SVMS_OK);
    assert_int_not_equal(head.segment, SVMS_NO_SEGMENT);
    made token = token_of(authority, head.manifest_hash, utc_ns);
    assert_int_equal(svms_writer_add_timestamp(writer, head.segment, head.manifest_hash, token.data,
                                               token.size, NULL),
                     SVMS_OK);
    free(token.data);
}

static void record(scene *at, const stamped_recording *how, memory_file *file)
{
    recipe plain = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    plain.key = at->key;
    plain.chain = at->chain;
    at->fix->now = T0;
    svms_writer_options options = writer_options(at->fix, &plain, tracks);
    assert_int_equal(svms_writer_open(&writer, at->fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        at->fix->now = T0 + (int64_t)(i + 1) * SECOND;
        assert_int_equal(append_segment(writer, &plain, i, NULL), SVMS_OK);
        if (how->authorities[i] != NULL) {
            stamp_head(writer, how->authorities[i], at->fix->now + how->shift);
        }
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
}

static void store(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Appends a trailer (C-TRL), written by hand. */
static void add_trailer(memory_file *file, const party *authority, int64_t utc_ns)
{
    static size_t end_record; /* of the file that was lengthened last */
    uint8_t fixed[16 + 72] = { 8 };
    uint8_t tail[32];
    uint8_t previous[32];
    uint64_t end_offset = 0;
    memcpy(tail, file->data + file->size - sizeof(tail), sizeof(tail));
    for (int i = 0; i < 8; i++) {
        end_offset = end_offset << 8 | tail[16 + i];
    }
    end_record = (size_t)end_offset;
    assert_int_equal(EVP_Digest(file->data + end_record, file->size - end_record, previous, NULL,
                                EVP_sha256(), NULL),
                     1);
    made token = token_of(authority, previous, utc_ns);
    store(fixed + 4, (uint32_t)(72 + token.size));
    store(fixed + 12, (uint32_t)crc32(0, fixed, 12));
    fixed[17] = 1;
    memcpy(fixed + 20, previous, 32);
    store(fixed + 52, (uint32_t)token.size);
    assert_int_equal(EVP_Digest(token.data, token.size, fixed + 56, NULL, EVP_sha256(), NULL), 1);
    size_t size = file->size + sizeof(fixed) + token.size + sizeof(tail);
    file->data = realloc(file->data, size);
    assert_non_null(file->data);
    memcpy(file->data + file->size, fixed, sizeof(fixed));
    memcpy(file->data + file->size + sizeof(fixed), token.data, token.size);
    memcpy(file->data + size - sizeof(tail), tail, sizeof(tail));
    file->size = size;
    file->capacity = size;
    free(token.data);
}

/* from and to count segments; 0 and 0: everything. */
static svms_status verify(scene *at, memory_file *file, int64_t now, uint32_t from, uint32_t to,
                          svms_report *report)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(file);
    options.trust = at->trust;
    options.stamp_trust = at->stamp_trust;
    if (to != 0) {
        options.from_utc_ns = T0 + from * SECOND;
        options.to_utc_ns = T0 + to * SECOND;
    }
    at->fix->now = now;
    *report = (svms_report)SVMS_REPORT_INIT;
    svms_status status = svms_verify_container(at->fix->ctx, &source, &options, report, NULL);
    print_message("  %s; %s%s%s\n", svms_verdict_name(report->verdict), report->identity_reason,
                  report->stamp_reason[0] != '\0' ? "; stamp: " : "", report->stamp_reason);
    return status;
}

static void stamps_within_a_recording_attest_what_is_before_them(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL, &at->long_lived, NULL, &at->long_lived }, 0 };
    record(at, &how, &file);
    assert_int_equal(verify(at, &file, T0 + DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps, 2);
    assert_int_equal(report.stamps_valid, 2);
    /* The last segments are younger than every stamp. */
    assert_int_equal(report.time_attested, 0);
    assert_int_equal(report.attested_utc_ns, SVMS_NO_TIME);
    assert_int_equal(report.attested_segment, 2);
    assert_int_equal(report.attested_segment_utc_ns, T0 + 4 * SECOND);
    assert_string_equal(report.authority, "CN=Long time");
    assert_string_equal(report.stamp_reason, "");
    /* What a range needs may stand behind it. */
    assert_int_equal(verify(at, &file, T0 + DAY, 1, 2, &report), SVMS_OK);
    assert_int_equal(report.time_attested, 1);
    assert_int_equal(report.attested_utc_ns, T0 + 4 * SECOND);
    memory_file_clear(&file);
}

static void a_trailer_attests_everything(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL }, 0 };
    record(at, &how, &file);
    add_trailer(&file, &at->long_lived, T0 + DAY);
    assert_int_equal(verify(at, &file, T0 + 2 * DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps_valid, 1);
    assert_int_equal(report.time_attested, 1);
    assert_int_equal(report.attested_utc_ns, T0 + DAY);
    assert_int_equal(report.attested_segment, SEGMENTS - 1);
    assert_int_equal(report.segments_verified, SEGMENTS);
    assert_int_equal(verify(at, &file, T0 + 2 * DAY, 1, 2, &report), SVMS_OK);
    assert_int_equal(report.time_attested, 1);
    assert_int_equal(report.attested_utc_ns, T0 + DAY);
    memory_file_clear(&file);
}

static void an_expired_signer_is_trusted_by_attested_time_only(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL }, 0 };
    record(at, &how, &file);
    memory_file late = memory_copy(&file);
    memory_file early = memory_copy(&file);
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_EXPIRED_NOW);
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 1, 2, &report), SVMS_E_UNTRUSTED);
    /* Stamped after the certificate had expired: anybody who found the key may have recorded it. */
    add_trailer(&late, &at->long_lived, T0 + YEAR + DAY);
    assert_int_equal(verify(at, &late, T0 + 2 * YEAR, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_EXPIRED_NOW);
    assert_int_equal(report.time_attested, 1);
    add_trailer(&early, &at->long_lived, T0 + DAY);
    assert_int_equal(verify(at, &early, T0 + 2 * YEAR, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.identity, SVMS_IDENTITY_TRUSTED);
    assert_int_equal(verify(at, &early, T0 + 2 * YEAR, 1, 2, &report), SVMS_OK);
    memory_file_clear(&early);
    memory_file_clear(&late);
    memory_file_clear(&file);
}

static void a_range_is_trusted_by_the_stamps_behind_it(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL, NULL, NULL, NULL, &at->long_lived }, 0 };
    record(at, &how, &file);
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_EXPIRED_NOW);
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 1, 2, &report), SVMS_OK);
    assert_int_equal(report.attested_utc_ns, T0 + 5 * SECOND);
    /* Nothing covers the last segment. */
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 5, 6, &report), SVMS_E_UNTRUSTED);
    memory_file_clear(&file);
}

static void a_later_stamp_renews_an_expired_authority(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL }, 0 };
    record(at, &how, &file);
    add_trailer(&file, &at->short_lived, T0 + DAY);
    memory_file renewed = memory_copy(&file);
    memory_file renewed_late = memory_copy(&file);
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.stamps, 1);
    assert_int_equal(report.stamps_valid, 0);
    assert_non_null(strstr(report.stamp_reason, "CN=Short time expired"));
    add_trailer(&renewed, &at->long_lived, T0 + 100 * DAY);
    assert_int_equal(verify(at, &renewed, T0 + 2 * YEAR, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps_valid, 2);
    assert_int_equal(report.attested_utc_ns, T0 + DAY);
    assert_string_equal(report.authority, "CN=Short time");
    /* Renewed after the authority had expired: only the newer one counts. */
    add_trailer(&renewed_late, &at->long_lived, T0 + 200 * DAY);
    assert_int_equal(verify(at, &renewed_late, T0 + 2 * YEAR, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps_valid, 1);
    assert_int_equal(report.attested_utc_ns, T0 + 200 * DAY);
    assert_string_equal(report.authority, "CN=Long time");
    memory_file_clear(&renewed_late);
    memory_file_clear(&renewed);
    memory_file_clear(&file);
}

/* A stamp leans on newer ones only where its own place in the recording is proven. */
static void stamps_behind_a_range_do_not_lean_on_others(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL, NULL, NULL, &at->short_lived, NULL, &at->long_lived }, 0 };
    record(at, &how, &file);
    assert_int_equal(verify(at, &file, T0 + YEAR / 2, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps_valid, 2);
    assert_int_equal(verify(at, &file, T0 + 2 * YEAR, 1, 2, &report), SVMS_OK);
    assert_int_equal(report.stamps, 2);
    assert_int_equal(report.stamps_valid, 1);
    assert_int_equal(report.attested_utc_ns, T0 + 6 * SECOND);
    memory_file_clear(&file);
}

static void a_stamp_of_a_stranger_attests_nothing_and_spoils_nothing(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL, NULL, &at->long_lived }, 0 };
    record(at, &how, &file);
    svms_trust *own = at->stamp_trust;
    at->stamp_trust = at->trust;
    assert_int_equal(verify(at, &file, T0 + DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps, 1);
    assert_int_equal(report.stamps_valid, 0);
    assert_int_equal(report.attested_segment, SVMS_NO_SEGMENT);
    assert_true(report.stamp_reason[0] != '\0');
    at->stamp_trust = NULL;
    assert_int_equal(verify(at, &file, T0 + DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps, 0);
    at->stamp_trust = own;
    memory_file_clear(&file);
}

static void media_cannot_be_younger_than_their_stamp(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    memory_file trailed = { 0 };
    svms_report report;
    stamped_recording early = { { NULL, NULL, &at->long_lived }, -DAY };
    stamped_recording none = { { NULL }, 0 };
    record(at, &early, &file);
    assert_int_equal(verify(at, &file, T0 + DAY, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_FUTURE);
    assert_non_null(strstr(report.identity_reason, "segment 1 claims to have been made after"));
    record(at, &none, &trailed);
    add_trailer(&trailed, &at->long_lived, T0 - 400 * SECOND);
    assert_int_equal(verify(at, &trailed, T0 + DAY, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_FUTURE);
    memory_file_clear(&trailed);
    memory_file_clear(&file);
    /* Nor than the clock of whoever verifies. */
    record(at, &none, &file);
    assert_int_equal(verify(at, &file, T0 - 400 * SECOND, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_FUTURE);
    assert_int_equal(verify(at, &file, T0 - 200 * SECOND, 0, 0, &report), SVMS_OK);
    memory_file_clear(&file);
}

static void a_revoked_signer_is_trusted_by_attested_time_only(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    memory_file stamped = { 0 };
    svms_report report;
    stamped_recording none = { { NULL }, 0 };
    const revocation_plan plan = { .issuer = &at->ca,
                                   .made = "20260301000000Z",
                                   .next = "20260901000000Z",
                                   .revoked = &at->recorder,
                                   .when = "20260201000000Z",
                                   .reason = 1 };
    made list = revocation_list(&plan);
    svms_trust *plain = at->trust;
    record(at, &none, &file);
    assert_int_equal(verify(at, &file, T0 + 90 * DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.revocation, SVMS_REVOCATION_NOT_CHECKED);
    at->trust = trust_in(at, &at->ca, &list);
    assert_int_equal(verify(at, &file, T0 + 90 * DAY, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_REVOKED);
    assert_int_equal(report.revocation, SVMS_REVOCATION_REVOKED);
    assert_int_equal(report.revoked_utc_ns, T0 + 31 * DAY);
    stamped = memory_copy(&file);
    add_trailer(&stamped, &at->long_lived, T0 + 30 * DAY);
    assert_int_equal(verify(at, &stamped, T0 + 90 * DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.revocation, SVMS_REVOCATION_REVOKED);
    memory_file_clear(&stamped);
    stamped = memory_copy(&file);
    add_trailer(&stamped, &at->long_lived, T0 + 32 * DAY);
    assert_int_equal(verify(at, &stamped, T0 + 90 * DAY, 0, 0, &report), SVMS_E_UNTRUSTED);
    assert_int_equal(report.identity, SVMS_IDENTITY_REVOKED);
    svms_trust_free(&at->trust);
    at->trust = plain;
    free(list.data);
    memory_file_clear(&stamped);
    memory_file_clear(&file);
}

static void a_changed_token_makes_the_file_false(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL, NULL, &at->long_lived }, 0 };
    static const uint8_t oid[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02 };
    record(at, &how, &file);
    size_t place = 0;
    while (memcmp(file.data + place, oid, sizeof(oid)) != 0) {
        place++;
    }
    file.data[place] ^= 1;
    assert_int_equal(verify(at, &file, T0 + DAY, 0, 0, &report), SVMS_E_NOT_AUTHENTIC);
    file.data[place] ^= 1;
    add_trailer(&file, &at->long_lived, T0 + DAY);
    assert_int_equal(verify(at, &file, T0 + 2 * DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.attested_utc_ns, T0 + DAY);
    file.data[file.size - 100] ^= 1;
    assert_int_equal(verify(at, &file, T0 + 2 * DAY, 0, 0, &report), SVMS_E_NOT_AUTHENTIC);
    memory_file_clear(&file);
}

static void a_writer_takes_only_tokens_of_its_segments(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    recipe plain = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_head head = SVMS_HEAD_INIT;
    svms_report report;
    uint8_t other[32] = { 7 };
    svms_sink sink = memory_sink(&file);
    plain.key = at->key;
    plain.chain = at->chain;
    at->fix->now = T0;
    svms_writer_options options = writer_options(at->fix, &plain, tracks);
    assert_int_equal(svms_writer_open(&writer, at->fix->ctx, &sink, &options, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &plain, 0, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &plain, 1, NULL), SVMS_OK);
    assert_int_equal(svms_writer_get_head(writer, &head), SVMS_OK);
    made wrong = token_of(&at->long_lived, other, T0);
    made right = token_of(&at->long_lived, head.manifest_hash, T0);
    assert_int_equal(
        svms_writer_add_timestamp(writer, 0, head.manifest_hash, wrong.data, wrong.size, NULL),
        SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(
        svms_writer_add_timestamp(writer, 0, head.manifest_hash, right.data, right.size - 1, NULL),
        SVMS_E_MALFORMED);
    assert_int_equal(svms_writer_add_timestamp(writer, 0, other, wrong.data, wrong.size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(
        svms_writer_add_timestamp(writer, 0, head.manifest_hash, right.data, right.size, NULL),
        SVMS_OK);
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    assert_int_equal(verify(at, &file, T0 + DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps_valid, 1);
    free(right.data);
    free(wrong.data);
    memory_file_clear(&file);
}

/* Thousands may have been kept for a segment that has not begun. */
static void a_segment_takes_a_bounded_number_of_stamps(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    recipe plain = RECIPE_INIT;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_head head = SVMS_HEAD_INIT;
    svms_report report;
    svms_sink sink = memory_sink(&file);
    svms_status status = SVMS_OK;
    int taken = 0;
    plain.key = at->key;
    plain.chain = at->chain;
    at->fix->now = T0;
    svms_writer_options options = writer_options(at->fix, &plain, tracks);
    assert_int_equal(svms_writer_open(&writer, at->fix->ctx, &sink, &options, NULL), SVMS_OK);
    assert_int_equal(append_segment(writer, &plain, 0, NULL), SVMS_OK);
    assert_int_equal(svms_writer_flush(writer, NULL), SVMS_OK);
    assert_int_equal(svms_writer_get_head(writer, &head), SVMS_OK);
    made token = token_of(&at->long_lived, head.manifest_hash, T0);
    for (; status == SVMS_OK && taken < 5000; taken++) {
        status =
            svms_writer_add_timestamp(writer, 0, head.manifest_hash, token.data, token.size, NULL);
    }
    assert_int_equal(status, SVMS_E_LIMIT);
    assert_in_range(taken, 3000, 4096);
    assert_int_equal(append_segment(writer, &plain, 1, NULL), SVMS_OK);
    assert_int_equal(
        svms_writer_add_timestamp(writer, 0, head.manifest_hash, token.data, token.size, NULL),
        SVMS_E_LIMIT);
    assert_int_equal(append_segment(writer, &plain, 2, NULL), SVMS_OK);
    assert_int_equal(
        svms_writer_add_timestamp(writer, 0, head.manifest_hash, token.data, token.size, NULL),
        SVMS_OK);
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    assert_int_equal(verify_file(at->fix, &file, at->trust, &report), SVMS_OK);
    assert_int_equal(report.segments_verified, 3);
    free(token.data);
    memory_file_clear(&file);
}

typedef struct recorded {
    memory_file files[2];
    uint32_t begun;
    uint32_t over;
} recorded;

static svms_status begin_file(void *user, const svms_recording_container *container,
                              svms_sink *sink, svms_error *err)
{
    recorded *all = user;
    (void)err;
    assert_true(all->begun < 2);
    assert_int_equal(container->recording_sequence, all->begun);
    *sink = memory_sink(&all->files[all->begun++]);
    return SVMS_OK;
}

static void end_file(void *user, const svms_recording_container *container, svms_sink *sink)
{
    recorded *all = user;
    (void)sink;
    assert_int_equal(container->state, SVMS_RECORDING_ENDED);
    all->over++;
}

/* A second of samples; the first is a sync sample. */
static void take_second(scene *at, svms_recording *recording, int second)
{
    uint8_t bytes[50] = { 0 };
    at->fix->now = T0 + second * SECOND;
    for (int i = 0; i < 10; i++) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        bytes[0] = (uint8_t)(10 * second + i);
        sample.data = bytes;
        sample.size = sizeof(bytes);
        sample.dts = sample.pts = 1000 * second + 100 * i;
        sample.duration = 100;
        sample.flags = i == 0 ? SVMS_SAMPLE_SYNC : 0;
        assert_int_equal(svms_recording_append(recording, &sample, NULL), SVMS_OK);
    }
}

static svms_status stamp_recording(scene *at, svms_recording *recording, const svms_head *head)
{
    made token = token_of(&at->long_lived, head->manifest_hash, at->fix->now);
    svms_status status =
        svms_recording_add_timestamp(recording, head, token.data, token.size, NULL);
    free(token.data);
    return status;
}

static void a_recording_stores_tokens_in_the_container_that_they_attest(void **state)
{
    scene *at = *state;
    recorded all = { 0 };
    recipe plain = RECIPE_INIT;
    svms_track tracks[2];
    svms_recording *recording = NULL;
    svms_recording_options options = SVMS_RECORDING_OPTIONS_INIT;
    svms_head head = SVMS_HEAD_INIT;
    svms_head nothing = SVMS_HEAD_INIT;
    svms_report report;
    plain.key = at->key;
    plain.chain = at->chain;
    plain.tracks = 1;
    plain.frames = 10;
    at->fix->now = T0;
    svms_writer_options writer = writer_options(at->fix, &plain, tracks);
    options.writer = &writer;
    options.rotate_ns = 4 * SECOND;
    options.user = &all;
    options.open_sink = begin_file;
    options.close_sink = end_file;
    assert_int_equal(svms_recording_open(&recording, at->fix->ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_recording_get_head(recording, &nothing), SVMS_OK);
    take_second(at, recording, 0);
    /* There is no segment yet. */
    assert_int_equal(stamp_recording(at, recording, &nothing), SVMS_E_USAGE);
    take_second(at, recording, 1);
    assert_int_equal(svms_recording_get_head(recording, &head), SVMS_OK);
    assert_int_equal(head.segment, 0);
    assert_int_equal(stamp_recording(at, recording, &head), SVMS_OK);
    /* Between two segments a token is kept for the next. */
    assert_int_equal(svms_recording_flush(recording, NULL), SVMS_OK);
    assert_int_equal(svms_recording_get_head(recording, &head), SVMS_OK);
    assert_int_equal(head.segment, 1);
    assert_int_equal(stamp_recording(at, recording, &head), SVMS_OK);
    /* A token of something else is refused, and costs nothing. */
    head.segment = 0;
    assert_int_equal(stamp_recording(at, recording, &head), SVMS_E_USAGE);
    head.segment = 1;
    assert_int_equal(svms_recording_add_timestamp(recording, &head, "no token", 8, NULL),
                     SVMS_E_MALFORMED);
    for (int i = 2; i < 5; i++) {
        take_second(at, recording, i);
    }
    assert_int_equal(all.begun, 2);
    assert_int_equal(stamp_recording(at, recording, &head), SVMS_E_STATE);
    assert_int_equal(svms_recording_close(&recording, NULL), SVMS_OK);
    assert_int_equal(all.over, 2);
    assert_int_equal(verify(at, &all.files[0], T0 + DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps, 2);
    assert_int_equal(report.stamps_valid, 2);
    assert_int_equal(report.attested_segment, 1);
    assert_int_equal(verify(at, &all.files[1], T0 + DAY, 0, 0, &report), SVMS_OK);
    assert_int_equal(report.stamps, 0);
    memory_file_clear(&all.files[0]);
    memory_file_clear(&all.files[1]);
}

static void memory_may_fail(void **state)
{
    scene *at = *state;
    memory_file file = { 0 };
    svms_report report;
    stamped_recording how = { { NULL, NULL, &at->long_lived }, 0 };
    record(at, &how, &file);
    add_trailer(&file, &at->long_lived, T0 + DAY);
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_source source = memory_source(&file);
    options.trust = at->trust;
    options.stamp_trust = at->stamp_trust;
    at->fix->now = T0 + 2 * DAY;
    int64_t live = at->fix->live_blocks;
    for (uint64_t failing = 1;; failing++) {
        at->fix->allocations = 0;
        at->fix->allocation_fails_at = failing;
        report = (svms_report)SVMS_REPORT_INIT;
        svms_status status = svms_verify_container(at->fix->ctx, &source, &options, &report, NULL);
        at->fix->allocation_fails_at = 0;
        assert_int_equal(at->fix->live_blocks, live);
        if (at->fix->allocations < failing) {
            assert_int_equal(status, SVMS_OK);
            break;
        }
        assert_int_equal(status, SVMS_E_NO_MEMORY);
    }
    memory_file_clear(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_within_a_recording_attest_what_is_before_them),
        cmocka_unit_test(a_trailer_attests_everything),
        cmocka_unit_test(an_expired_signer_is_trusted_by_attested_time_only),
        cmocka_unit_test(a_range_is_trusted_by_the_stamps_behind_it),
        cmocka_unit_test(a_later_stamp_renews_an_expired_authority),
        cmocka_unit_test(stamps_behind_a_range_do_not_lean_on_others),
        cmocka_unit_test(a_stamp_of_a_stranger_attests_nothing_and_spoils_nothing),
        cmocka_unit_test(media_cannot_be_younger_than_their_stamp),
        cmocka_unit_test(a_revoked_signer_is_trusted_by_attested_time_only),
        cmocka_unit_test(a_changed_token_makes_the_file_false),
        cmocka_unit_test(a_writer_takes_only_tokens_of_its_segments),
        cmocka_unit_test(a_segment_takes_a_bounded_number_of_stamps),
        cmocka_unit_test(a_recording_stores_tokens_in_the_container_that_they_attest),
        cmocka_unit_test(memory_may_fail),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
