/* SPDX-License-Identifier: Apache-2.0 */
/* Disclosures: what they open, and everything that they must not. Files are also put together here
 * by hand, so that what no maker would write is tried as well. */
#include <stdio.h>

#include <openssl/evp.h>

#include "disclosure.h"
#include "fixture.h"

enum { FIXED = 64, ENTRY = 48, DIGEST = 32 };

static recipe sealed_container(uint32_t segments)
{
    recipe how = RECIPE_INIT;
    how.segments = segments;
    how.sample_size = 60;
    return how;
}

static svms_status disclose(fixture *fix, memory_file *file, uint32_t mask, int64_t from,
                            int64_t to, svms_disclosure **out, svms_error *err)
{
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    svms_source source = memory_source(file);
    svms_keyring *ring = password_ring(fix, "pass word");
    options.keys = ring;
    options.track_mask = mask;
    options.from_utc_ns = from;
    options.to_utc_ns = to;
    *err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_disclosure_make(out, fix->ctx, &source, &options, err);
    svms_keyring_free(&ring);
    return status;
}

static svms_disclosure *disclose_well(fixture *fix, memory_file *file, uint32_t mask, int64_t from,
                                      int64_t to)
{
    svms_disclosure *made = NULL;
    svms_error err;
    if (disclose(fix, file, mask, from, to, &made, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return made;
}

/* Segments first to last, as times that lie within them. */
static svms_disclosure *disclose_segments(fixture *fix, memory_file *file, uint32_t mask,
                                          int64_t first, int64_t last)
{
    return disclose_well(fix, file, mask, T0 + first * SECOND + SECOND / 2,
                         T0 + last * SECOND + SECOND / 2 + 1);
}

static svms_keyring *ring_with(fixture *fix, svms_disclosure *disclosure)
{
    svms_keyring *ring = NULL;
    assert_int_equal(svms_keyring_new(&ring, fix->ctx, NULL), SVMS_OK);
    assert_int_equal(svms_keyring_add_disclosure(ring, disclosure, NULL), SVMS_OK);
    return ring;
}

static svms_disclosure_info info_of(const svms_disclosure *disclosure)
{
    svms_disclosure_info info = SVMS_DISCLOSURE_INFO_INIT;
    assert_int_equal(svms_disclosure_get_info(disclosure, &info, NULL), SVMS_OK);
    return info;
}

static svms_status open_with(fixture *fix, memory_file *file, const svms_keyring *ring,
                             bool allow_unverified, svms_reader **out, svms_error *err)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_source source = memory_source(file);
    options.keys = ring;
    options.allow_unverified = allow_unverified;
    options.recheck = 1;
    *err = (svms_error)SVMS_ERROR_INIT;
    return svms_reader_open(out, fix->ctx, &source, &options, err);
}

/* How samples of each segment and track came out. */
typedef struct tally {
    unsigned opened[16][2];
    unsigned refused[16][2]; /* SVMS_E_WRONG_KEY */
    unsigned wrong[16][2];   /* SVMS_E_UNDECRYPTABLE */
    unsigned unverified;
} tally;

static unsigned track_in(const char *message)
{
    const char *at = strstr(message, "track ");
    assert_non_null(at);
    return (unsigned)strtoul(at + 6, NULL, 10);
}

static void expect_bytes(const recipe *how, const svms_sample *sample)
{
    uint8_t bytes[4096];
    uint32_t number = sample->track == 0 ? (uint32_t)(sample->segment * how->frames) +
                                               (uint32_t)(sample->dts % 1000 / (1000 / how->frames))
                                         : (uint32_t)(sample->dts / 500);
    sample_bytes(how, sample->track, number, bytes, sample->size);
    assert_memory_equal(sample->data, bytes, sample->size);
}

static tally read_all(svms_reader *reader, const recipe *how)
{
    tally count = { 0 };
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_reader_next(reader, &sample, &err);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return count;
        }
        if (status == SVMS_OK) {
            expect_bytes(how, &sample);
            count.opened[sample.segment][sample.track]++;
            continue;
        }
        if (status == SVMS_E_NOT_AUTHENTIC) {
            count.unverified++;
            continue;
        }
        assert_true(err.segment < 16);
        if (strstr(err.message, "not attested") != NULL) {
            assert_int_equal(status, SVMS_E_WRONG_KEY);
            count.refused[err.segment][0]++;
            continue;
        }
        char named[32];
        snprintf(named, sizeof(named), "segment %llu ", (unsigned long long)err.segment);
        assert_non_null(strstr(err.message, named));
        unsigned track = track_in(err.message);
        assert_true(track < 2);
        if (status == SVMS_E_WRONG_KEY) {
            count.refused[err.segment][track]++;
        } else {
            assert_int_equal(status, SVMS_E_UNDECRYPTABLE);
            count.wrong[err.segment][track]++;
        }
    }
}

/* Reads the whole container with a disclosure and nothing else. */
static tally try_disclosure(fixture *fix, memory_file *file, const recipe *how,
                            svms_disclosure *disclosure)
{
    svms_reader *reader = NULL;
    svms_error err;
    svms_keyring *ring = ring_with(fix, disclosure);
    svms_status status = open_with(fix, file, ring, false, &reader, &err);
    svms_keyring_free(&ring);
    if (status != SVMS_OK) {
        fail_msg("open: %s", err.message);
    }
    tally count = read_all(reader, how);
    svms_reader_close(&reader);
    return count;
}

/* Exactly these segments and tracks open, and the rest is refused sample by sample. */
static void expect_opened(const tally *count, const recipe *how, int64_t first, int64_t last,
                          uint32_t mask)
{
    for (int64_t i = 0; i < how->segments; i++) {
        for (uint32_t track = 0; track < how->tracks; track++) {
            bool open = i >= first && i <= last && (mask & (1u << track)) != 0;
            unsigned samples = track == 0 ? how->frames : 2;
            assert_int_equal(count->opened[i][track], open ? samples : 0);
            assert_int_equal(count->refused[i][track], open ? 0 : samples);
            assert_int_equal(count->wrong[i][track], 0);
        }
    }
}

static void disclosed_tracks_of_disclosed_segments_open_and_nothing_else(void **state)
{
    fixture *fix = *state;
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT };
    for (size_t p = 0; p < 2; p++) {
        recipe how = sealed_container(5);
        memory_file file = { 0 };
        how.protection = protections[p];
        record_container(fix, &how, &file);
        for (uint32_t mask = 1; mask <= 3; mask++) {
            svms_disclosure *made = disclose_segments(fix, &file, mask, 1, 3);
            svms_disclosure_info info = info_of(made);
            assert_int_equal(info.track_mask, mask);
            assert_int_equal(info.first_segment, 1);
            assert_int_equal(info.last_segment, 3);
            assert_int_equal(info.segments, 3);
            assert_int_equal(info.entries, mask == 3 ? 6 : 3);
            assert_int_equal(info.first_utc_ns, T0 + SECOND);
            assert_int_equal(info.last_utc_ns, T0 + 4 * SECOND);
            tally count = try_disclosure(fix, &file, &how, made);
            expect_opened(&count, &how, 1, 3, mask);
            svms_disclosure_free(&made);
        }
        memory_file_clear(&file);
    }
}

static void a_file_is_as_the_format_says_and_reads_back(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(3);
    memory_file file = { 0 };
    static const uint8_t magic[8] = { 0x8A, 'S', 'V', 'K', '\r', '\n', 0x1A, '\n' };
    record_container(fix, &how, &file);
    svms_disclosure *made = disclose_segments(fix, &file, 0, 0, 1);
    svms_disclosure *again = NULL;
    size_t size = 0;
    const uint8_t *data = svms_disclosure_data(made, &size);
    assert_int_equal(size, FIXED + 4 * ENTRY + DIGEST);
    assert_memory_equal(data, magic, 8);
    assert_memory_equal(data + 8, "\0\1\0\0\0\0\0\4", 8);
    layout at = lay_out_file(&file);
    uint8_t digest[DIGEST];
    assert_int_equal(EVP_Digest(file.data, at.header_size, digest, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(data + 32, digest, DIGEST);
    assert_int_equal(EVP_Digest(data, size - DIGEST, digest, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(data + size - DIGEST, digest, DIGEST);
    for (unsigned i = 0; i < 4; i++) {
        uint8_t place[16] = { 0, 0, 0, 0, 0, 0, 0, (uint8_t)(i / 2), (uint8_t)(i % 2) };
        assert_memory_equal(data + FIXED + i * ENTRY, place, 16);
    }
    assert_int_equal(svms_disclosure_parse(&again, fix->ctx, data, size, NULL), SVMS_OK);
    svms_disclosure_info info = info_of(again);
    svms_disclosure_info first = info_of(made);
    assert_memory_equal(info.header_digest, data + 32, 32);
    assert_memory_equal(info.container_id, data + 16, 16);
    assert_int_equal(info.first_utc_ns, SVMS_NO_TIME);
    assert_int_equal(info.last_utc_ns, SVMS_NO_TIME);
    assert_int_equal(info.entries, first.entries);
    assert_int_equal(info.last_segment, first.last_segment);
    tally count = try_disclosure(fix, &file, &how, again);
    expect_opened(&count, &how, 0, 1, 3);
    svms_disclosure_free(&again);
    svms_disclosure_free(&made);
    memory_file_clear(&file);
}

static void a_reader_that_has_a_disclosure_says_so_and_shows_no_name(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(3);
    memory_file file = { 0 };
    svms_error err;
    record_container(fix, &how, &file);
    svms_disclosure *made = disclose_segments(fix, &file, 0, 1, 1);
    for (int with_password = 0; with_password < 2; with_password++) {
        svms_container_info info = SVMS_CONTAINER_INFO_INIT;
        svms_reader *reader = NULL;
        svms_keyring *ring = ring_with(fix, made);
        assert_int_equal(svms_keyring_add_password(ring, with_password ? "pass word" : "wrong",
                                                   with_password ? 9 : 5, NULL),
                         SVMS_OK);
        assert_int_equal(open_with(fix, &file, ring, false, &reader, &err), SVMS_OK);
        svms_keyring_free(&ring);
        assert_int_equal(svms_reader_get_info(reader, &info, NULL), SVMS_OK);
        assert_int_equal(info.encrypted, 1);
        assert_int_equal(info.unlocked, with_password);
        assert_int_equal(info.disclosed, !with_password);
        if (with_password) {
            assert_string_equal(info.device_name, "front door");
            assert_int_equal(svms_reader_seek_disclosed(reader, NULL), SVMS_E_STATE);
        } else {
            assert_null(info.device_name);
        }
        tally count = read_all(reader, &how);
        assert_int_equal(count.opened[0][0], with_password ? 3 : 0);
        assert_int_equal(count.opened[1][0], 3);
        svms_reader_close(&reader);
    }
    svms_disclosure_free(&made);
    memory_file_clear(&file);
}

static void seeking_goes_to_the_first_disclosed_segment(void **state)
{
    fixture *fix = *state;
    for (int open = 0; open < 2; open++) {
        recipe how = sealed_container(6);
        memory_file file = { 0 };
        svms_error err;
        how.leave_open = open;
        record_container(fix, &how, &file);
        layout at = lay_out_file(&file);
        svms_disclosure *made = disclose_segments(fix, &file, 0, 3, 4);
        for (int damaged = 0; damaged < 2; damaged++) {
            svms_reader *reader = NULL;
            svms_sample sample = SVMS_SAMPLE_INIT;
            svms_keyring *ring = ring_with(fix, made);
            assert_int_equal(open_with(fix, &file, ring, false, &reader, &err), SVMS_OK);
            svms_keyring_free(&ring);
            assert_int_equal(svms_reader_seek_disclosed(reader, NULL), SVMS_OK);
            assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
            assert_int_equal(sample.segment, 3);
            svms_reader_close(&reader);
            /* The same behind a damaged segment, and with an index that leads elsewhere. */
            file.data[at.segments[2] + 4] ^= 1;
            if (!open) {
                file.data[at.segments[6] + 60] ^= 1;
            }
        }
        svms_disclosure_free(&made);
        memory_file_clear(&file);
    }
    assert_int_equal(svms_reader_seek_disclosed(NULL, NULL), SVMS_E_USAGE);
}

static void seeking_what_was_cut_off_reaches_the_end(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(4);
    memory_file file = { 0 };
    svms_error err;
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    svms_disclosure *made = disclose_segments(fix, &file, 0, 3, 3);
    svms_keyring *ring = ring_with(fix, made);
    file.size = at.segments[2] + 7;
    assert_int_equal(open_with(fix, &file, ring, false, &reader, &err), SVMS_OK);
    assert_int_equal(svms_reader_seek_disclosed(reader, NULL), SVMS_END);
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_END);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    svms_disclosure_free(&made);
    memory_file_clear(&file);
}

static void all_segments_that_overlap_the_range_are_disclosed(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(5);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    static const struct {
        int64_t from;
        int64_t to;
        int first; /* -1: refused */
        int last;
    } cases[] = {
        { SVMS_NO_TIME, SVMS_NO_TIME, 0, 4 },
        { T0, T0 + 5 * SECOND, 0, 4 },
        { T0 - DAY, T0 + DAY, 0, 4 },
        { T0 + SECOND, T0 + 2 * SECOND, 1, 1 },
        { T0 + SECOND - 1, T0 + 2 * SECOND, 0, 1 },
        { T0 + SECOND, T0 + 2 * SECOND + 1, 1, 2 },
        { T0 + SECOND, T0 + SECOND + 1, 1, 1 },
        { T0 + 2 * SECOND - 1, T0 + 2 * SECOND, 1, 1 },
        { SVMS_NO_TIME, T0 + 1, 0, 0 },
        { T0 + 4 * SECOND, SVMS_NO_TIME, 4, 4 },
        { T0 + 5 * SECOND - 1, SVMS_NO_TIME, 4, 4 },
        { T0 + 5 * SECOND, SVMS_NO_TIME, -1, -1 },
        { SVMS_NO_TIME, T0, -1, -1 },
        { T0 - DAY, T0, -1, -1 },
        { T0 + DAY, T0 + 2 * DAY, -1, -1 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_disclosure *made = NULL;
        svms_error err;
        svms_status status = disclose(fix, &file, 0, cases[i].from, cases[i].to, &made, &err);
        if (cases[i].first < 0) {
            assert_int_equal(status, SVMS_E_INCOMPLETE);
            assert_non_null(strstr(err.message, "range holds no"));
            assert_null(made);
            continue;
        }
        if (status != SVMS_OK) {
            fail_msg("case %zu: %s", i, err.message);
        }
        svms_disclosure_info info = info_of(made);
        assert_int_equal(info.first_segment, cases[i].first);
        assert_int_equal(info.last_segment, cases[i].last);
        assert_int_equal(info.entries, 2 * (cases[i].last - cases[i].first + 1));
        svms_disclosure_free(&made);
    }
    memory_file_clear(&file);
}

/* A container in which the protection of the second track, and whether it has samples, is chosen.
 */
static void record_mixed(fixture *fix, const recipe *how, svms_protection second, memory_file *file)
{
    svms_track tracks[2];
    svms_writer *writer = NULL;
    recipe both = *how;
    both.tracks = 2;
    svms_sink sink = memory_sink(file);
    svms_writer_options options = writer_options(fix, &both, tracks);
    tracks[1].protection = second;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < how->segments; i++) {
        assert_int_equal(append_segment(writer, how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
}

static void tracks_that_cannot_be_disclosed_are_named(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(2);
    memory_file clear_sound = { 0 };
    memory_file no_sound = { 0 };
    svms_disclosure *made = NULL;
    svms_error err;
    record_mixed(fix, &how, SVMS_PROTECT_NONE, &clear_sound);
    assert_int_equal(disclose(fix, &clear_sound, 2, SVMS_NO_TIME, SVMS_NO_TIME, &made, &err),
                     SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "track 1 is stored in the clear"));
    assert_int_equal(disclose(fix, &clear_sound, 4, SVMS_NO_TIME, SVMS_NO_TIME, &made, &err),
                     SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "no track 2"));
    made = disclose_segments(fix, &clear_sound, 0, 0, 0);
    assert_int_equal(info_of(made).track_mask, 1);
    tally count = try_disclosure(fix, &clear_sound, &how, made);
    assert_int_equal(count.opened[0][0], 3);
    assert_int_equal(count.opened[1][0], 0);
    assert_int_equal(count.opened[1][1], 2); /* clear media need no secret */
    svms_disclosure_free(&made);
    how.tracks = 1;
    record_mixed(fix, &how, SVMS_PROTECT_STRONG, &no_sound);
    assert_int_equal(disclose(fix, &no_sound, 3, SVMS_NO_TIME, SVMS_NO_TIME, &made, &err),
                     SVMS_E_INCOMPLETE);
    assert_non_null(strstr(err.message, "no sample of track 1"));
    made = disclose_segments(fix, &no_sound, 0, 0, 0);
    assert_int_equal(info_of(made).entries, 1);
    svms_disclosure_free(&made);
    memory_file_clear(&clear_sound);
    memory_file_clear(&no_sound);
}

static void containers_without_secrets_or_signature_are_refused(void **state)
{
    fixture *fix = *state;
    svms_disclosure *made = NULL;
    svms_error err;
    recipe how = sealed_container(2);
    memory_file clear = { 0 };
    memory_file unsigned_file = { 0 };
    how.protection = SVMS_PROTECT_NONE;
    how.password = NULL;
    record_container(fix, &how, &clear);
    assert_int_equal(disclose(fix, &clear, 0, SVMS_NO_TIME, SVMS_NO_TIME, &made, &err),
                     SVMS_E_USAGE);
    assert_non_null(strstr(err.message, "nothing to disclose"));
    how = sealed_container(2);
    how.is_unsigned = true;
    record_container(fix, &how, &unsigned_file);
    assert_int_equal(disclose(fix, &unsigned_file, 0, SVMS_NO_TIME, SVMS_NO_TIME, &made, &err),
                     SVMS_E_UNTRUSTED);
    assert_null(made);
    memory_file_clear(&clear);
    memory_file_clear(&unsigned_file);
}

static void only_who_can_open_a_container_can_disclose_of_it(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(4);
    memory_file file = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    svms_disclosure *part = NULL;
    svms_disclosure *smaller = NULL;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    svms_keyring *wrong = password_ring(fix, "something else");
    options.keys = wrong;
    assert_int_equal(svms_disclosure_make(&part, fix->ctx, &source, &options, &err),
                     SVMS_E_WRONG_KEY);
    svms_keyring_free(&wrong);
    /* A disclosure can be narrowed, never widened. */
    part = disclose_segments(fix, &file, 3, 1, 2);
    svms_keyring *ring = ring_with(fix, part);
    options.keys = ring;
    options.track_mask = 1;
    options.from_utc_ns = T0 + 2 * SECOND;
    options.to_utc_ns = T0 + 3 * SECOND;
    assert_int_equal(svms_disclosure_make(&smaller, fix->ctx, &source, &options, &err), SVMS_OK);
    assert_int_equal(info_of(smaller).entries, 1);
    svms_disclosure_free(&smaller);
    options.to_utc_ns = T0 + 4 * SECOND;
    assert_int_equal(svms_disclosure_make(&smaller, fix->ctx, &source, &options, &err),
                     SVMS_E_WRONG_KEY);
    assert_int_equal(err.segment, 3);
    assert_non_null(strstr(err.message, "track 0 of segment 3 was not disclosed"));
    svms_keyring_free(&ring);
    svms_disclosure_free(&part);
    /* A stranger's signature is not good enough either. */
    svms_trust *others = trust_of_new_ca(fix);
    ring = password_ring(fix, "pass word");
    options = (svms_disclosure_options)SVMS_DISCLOSURE_OPTIONS_INIT;
    options.keys = ring;
    options.trust = others;
    assert_int_equal(svms_disclosure_make(&part, fix->ctx, &source, &options, &err),
                     SVMS_E_UNTRUSTED);
    options.trust = fix->trust;
    assert_int_equal(svms_disclosure_make(&part, fix->ctx, &source, &options, &err), SVMS_OK);
    svms_disclosure_free(&part);
    svms_keyring_free(&ring);
    svms_trust_free(&others);
    memory_file_clear(&file);
}

static void a_damaged_segment_of_the_range_is_refused_and_named(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(5);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    for (size_t offset = at.segments[2]; offset < at.segments[3]; offset += 5) {
        svms_disclosure *made = NULL;
        svms_error err;
        file.data[offset] ^= 0x40;
        svms_status status = disclose(fix, &file, 0, T0 + SECOND / 2, T0 + 4 * SECOND, &made, &err);
        if (status != SVMS_E_NOT_AUTHENTIC || err.segment != 2) {
            fail_msg("byte %zu: %s, segment %lld, %s", offset, svms_status_name(status),
                     (long long)err.segment, err.message);
        }
        assert_null(made);
        /* Next to the range it does no harm. */
        made = disclose_segments(fix, &file, 0, 0, 1);
        svms_disclosure_free(&made);
        made = disclose_well(fix, &file, 0, T0 + 3 * SECOND, T0 + 5 * SECOND);
        assert_int_equal(info_of(made).first_segment, 3);
        assert_int_equal(info_of(made).entries, 4);
        svms_disclosure_free(&made);
        file.data[offset] ^= 0x40;
    }
    memory_file_clear(&file);
}

static void a_missing_segment_of_the_range_is_refused(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(5);
    memory_file file = { 0 };
    svms_disclosure *made = NULL;
    svms_error err;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    size_t gone = at.segments[3] - at.segments[2];
    memmove(file.data + at.segments[2], file.data + at.segments[3], file.size - at.segments[3]);
    file.size -= gone;
    assert_int_equal(disclose(fix, &file, 0, T0, T0 + 5 * SECOND, &made, &err),
                     SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(err.segment, 2);
    memory_file_clear(&file);
}

static void of_an_open_recording_complete_segments_are_disclosed(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(4);
    memory_file file = { 0 };
    svms_reader *reader = NULL;
    svms_error err;
    how.leave_open = true;
    record_container(fix, &how, &file);
    layout at = lay_out_file(&file);
    file.size = at.segments[3] + (file.size - at.segments[3]) / 2;
    svms_disclosure *made = disclose_well(fix, &file, 0, T0 + SECOND, T0 + 10 * SECOND);
    assert_int_equal(info_of(made).last_segment, 2);
    assert_int_equal(info_of(made).last_utc_ns, T0 + 3 * SECOND);
    assert_int_equal(info_of(made).entries, 4);
    svms_disclosure_free(&made);
    /* And what nobody signed yet does not open, even when its secret is at hand. */
    file.size = at.segments[4];
    made = disclose_well(fix, &file, 0, T0, T0 + 10 * SECOND);
    assert_int_equal(info_of(made).last_segment, 3);
    svms_keyring *ring = ring_with(fix, made);
    file.size -= 1;
    assert_int_equal(open_with(fix, &file, ring, true, &reader, &err), SVMS_OK);
    tally count = read_all(reader, &how);
    assert_int_equal(count.opened[2][0] + count.opened[2][1], 5);
    assert_int_equal(count.opened[3][0] + count.opened[3][1], 0);
    assert_int_equal(count.refused[3][0], 5);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    svms_disclosure_free(&made);
    memory_file_clear(&file);
}

/* Every third manifest is signed and covers those before it (C-SIG-5, C-SIG-6). */
static void what_a_later_signature_attests_is_disclosed_and_the_rest_is_not(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(5);
    memory_file file = { 0 };
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(&file);
    svms_writer_options options = writer_options(fix, &how, tracks);
    options.signature_interval = 3;
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < how.segments; i++) {
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    svms_disclosure *all = disclose_well(fix, &file, 0, T0, T0 + 9 * SECOND);
    assert_int_equal(info_of(all).entries, 10);
    file.size = lay_out_file(&file).segments[4];
    svms_disclosure *part = disclose_well(fix, &file, 0, T0, T0 + 9 * SECOND);
    assert_int_equal(info_of(part).last_segment, 2);
    assert_int_equal(info_of(part).entries, 6);
    svms_keyring *ring = ring_with(fix, all);
    svms_reader *reader = NULL;
    svms_error err;
    assert_int_equal(open_with(fix, &file, ring, true, &reader, &err), SVMS_OK);
    tally count = read_all(reader, &how);
    assert_int_equal(count.opened[2][0], 3);
    assert_int_equal(count.opened[3][0] + count.opened[4][0], 0);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    svms_disclosure_free(&part);
    svms_disclosure_free(&all);
    memory_file_clear(&file);
}

static void a_disclosure_of_another_container_is_foreign(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(2);
    memory_file file = { 0 };
    memory_file other = { 0 };
    svms_reader *reader = NULL;
    svms_error err;
    svms_report report = SVMS_REPORT_INIT;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    record_container(fix, &how, &file);
    record_container(fix, &how, &other);
    svms_disclosure *made = disclose_segments(fix, &other, 0, 0, 1);
    svms_keyring *ring = ring_with(fix, made);
    assert_int_equal(open_with(fix, &file, ring, false, &reader, &err), SVMS_E_WRONG_KEY);
    assert_non_null(strstr(err.message, "belongs to another container"));
    assert_null(reader);
    svms_source source = memory_source(&file);
    options.trust = fix->trust;
    options.keys = ring;
    assert_int_equal(svms_verify_container(fix->ctx, &source, &options, &report, NULL),
                     SVMS_E_UNDECRYPTABLE);
    assert_int_equal(report.access, SVMS_ACCESS_WRONG_KEY);
    assert_non_null(strstr(report.first_failure.reason, "another container"));
    /* Beside one that fits, a foreign one does no harm. */
    svms_disclosure *right = disclose_segments(fix, &file, 0, 1, 1);
    assert_int_equal(svms_keyring_add_disclosure(ring, right, NULL), SVMS_OK);
    assert_int_equal(open_with(fix, &file, ring, false, &reader, &err), SVMS_OK);
    tally count = read_all(reader, &how);
    expect_opened(&count, &how, 1, 1, 3);
    svms_reader_close(&reader);
    svms_keyring_free(&ring);
    svms_disclosure_free(&right);
    svms_disclosure_free(&made);
    memory_file_clear(&other);
    memory_file_clear(&file);
}

/* The bytes of a disclosure file, with a right digest again. */
static void seal_file(uint8_t *data, size_t size)
{
    assert_int_equal(
        EVP_Digest(data, size - DIGEST, data + size - DIGEST, NULL, EVP_sha256(), NULL), 1);
}

static svms_disclosure *parse_sealed(fixture *fix, uint8_t *data, size_t size)
{
    svms_disclosure *parsed = NULL;
    svms_error err = SVMS_ERROR_INIT;
    seal_file(data, size);
    if (svms_disclosure_parse(&parsed, fix->ctx, data, size, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    return parsed;
}

static uint8_t *copy_bytes(const svms_disclosure *disclosure, size_t *size)
{
    const uint8_t *data = svms_disclosure_data(disclosure, size);
    uint8_t *copy = malloc(*size);
    assert_non_null(copy);
    memcpy(copy, data, *size);
    return copy;
}

static void a_secret_on_another_track_or_segment_is_wrong(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(2);
    memory_file file = { 0 };
    size_t size = 0;
    record_container(fix, &how, &file);
    svms_disclosure *made = disclose_segments(fix, &file, 0, 0, 1);
    uint8_t *bytes = copy_bytes(made, &size);
    svms_disclosure_free(&made);
    /* Entries: (0, 0), (0, 1), (1, 0), (1, 1). Every secret in every place but its own. */
    for (unsigned place = 0; place < 4; place++) {
        for (unsigned secret = 0; secret < 4; secret++) {
            uint8_t swapped[FIXED + 4 * ENTRY + DIGEST];
            assert_int_equal(size, sizeof(swapped));
            memcpy(swapped, bytes, size);
            memcpy(swapped + FIXED + place * ENTRY + 16, bytes + FIXED + secret * ENTRY + 16, 32);
            made = parse_sealed(fix, swapped, size);
            tally count = try_disclosure(fix, &file, &how, made);
            for (unsigned i = 0; i < 4; i++) {
                unsigned samples = i % 2 == 0 ? how.frames : 2;
                bool wrong = i == place && place != secret;
                assert_int_equal(count.wrong[i / 2][i % 2], wrong ? samples : 0);
                assert_int_equal(count.opened[i / 2][i % 2], wrong ? 0 : samples);
            }
            svms_disclosure_free(&made);
        }
    }
    free(bytes);
    memory_file_clear(&file);
}

static void every_flipped_bit_of_a_file_is_noticed(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(1);
    memory_file file = { 0 };
    size_t size = 0;
    record_container(fix, &how, &file);
    svms_disclosure *made = disclose_segments(fix, &file, 1, 0, 0);
    uint8_t *bytes = copy_bytes(made, &size);
    svms_disclosure_free(&made);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        svms_status status = svms_disclosure_parse(&made, fix->ctx, bytes, size, NULL);
        assert_true(status == SVMS_E_UNSUPPORTED ||
                    svms_status_class(status) == SVMS_CLASS_MALFORMED);
        assert_null(made);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    /* Whoever can make the digest right cannot make the secret right. */
    for (size_t bit = 8 * 16; bit < 8 * (size - DIGEST); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        seal_file(bytes, size);
        if (svms_disclosure_parse(&made, fix->ctx, bytes, size, NULL) == SVMS_OK) {
            svms_keyring *ring = ring_with(fix, made);
            svms_reader *reader = NULL;
            svms_error err;
            svms_status status = open_with(fix, &file, ring, false, &reader, &err);
            assert_int_equal(status, bit < 8 * FIXED ? SVMS_E_WRONG_KEY : SVMS_OK);
            if (status == SVMS_OK) {
                bool secret = bit >= 8 * (FIXED + 16);
                tally count = read_all(reader, &how);
                assert_int_equal(count.opened[0][0], 0);
                assert_int_equal(count.wrong[0][0], secret ? 3 : 0);
                assert_int_equal(count.refused[0][0], secret ? 0 : 3);
            }
            svms_reader_close(&reader);
            svms_keyring_free(&ring);
            svms_disclosure_free(&made);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    free(bytes);
    memory_file_clear(&file);
}

/* Randomness that can be foretold, so that two containers differ in nothing but salts. */
typedef struct dice {
    uint8_t next;
    uint8_t step;
} dice;

static int roll(void *user, uint8_t *out, size_t size)
{
    dice *own = user;
    for (size_t i = 0; i < size; i++) {
        out[i] = own->next;
        own->next = (uint8_t)(own->next + own->step);
    }
    return 0;
}

static int64_t frozen(void *user)
{
    (void)user;
    return T0;
}

static void record_with_salts(fixture *fix, const recipe *how, uint8_t step, memory_file *file)
{
    svms_ctx *ctx = NULL;
    svms_ctx_options hooks = SVMS_CTX_OPTIONS_INIT;
    dice own = { 1, 7 };
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    hooks.user = &own;
    hooks.random_bytes = roll;
    hooks.utc_now = frozen;
    assert_int_equal(svms_ctx_new(&ctx, &hooks, NULL), SVMS_OK);
    svms_writer_options options = writer_options(fix, how, tracks);
    assert_int_equal(svms_writer_open(&writer, ctx, &sink, &options, NULL), SVMS_OK);
    own.step = step;
    for (uint32_t i = 0; i < how->segments; i++) {
        assert_int_equal(append_segment(writer, how, i, NULL), SVMS_OK);
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
    svms_ctx_free(&ctx);
}

static void a_secret_does_not_fit_when_the_salt_is_another(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(2);
    memory_file file = { 0 };
    memory_file salted = { 0 };
    record_with_salts(fix, &how, 7, &file);
    record_with_salts(fix, &how, 9, &salted);
    layout at = lay_out_file(&file);
    /* One header, one content key. */
    assert_memory_equal(file.data, salted.data, at.header_size);
    svms_disclosure *made = disclose_segments(fix, &file, 0, 0, 1);
    tally count = try_disclosure(fix, &salted, &how, made);
    assert_int_equal(count.opened[0][0] + count.opened[0][1] + count.opened[1][0], 0);
    assert_int_equal(count.wrong[0][0], 3);
    assert_int_equal(count.wrong[1][1], 2);
    /* A salt that was changed in the file itself is a false segment. */
    file.data[at.segments[0] + 16 + 24] ^= 1;
    count = try_disclosure(fix, &file, &how, made);
    assert_int_equal(count.opened[0][0], 0);
    assert_int_equal(count.unverified, 1);
    assert_int_equal(count.opened[1][0], 3);
    svms_disclosure_free(&made);
    memory_file_clear(&salted);
    memory_file_clear(&file);
}

static void verification_opens_what_is_disclosed_and_asks_no_more(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(3);
    memory_file file = { 0 };
    size_t size = 0;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    options.trust = fix->trust;
    svms_disclosure *made = disclose_segments(fix, &file, 1, 1, 1);
    uint8_t *bytes = copy_bytes(made, &size);
    for (int wrong = 0; wrong < 2; wrong++) {
        svms_report report = SVMS_REPORT_INIT;
        svms_keyring *ring = ring_with(fix, made);
        options.keys = ring;
        svms_status status = svms_verify_container(fix->ctx, &source, &options, &report, NULL);
        svms_keyring_free(&ring);
        svms_disclosure_free(&made);
        assert_int_equal(status, wrong ? SVMS_E_UNDECRYPTABLE : SVMS_OK);
        assert_int_equal(report.access, wrong ? SVMS_ACCESS_FAILED : SVMS_ACCESS_DISCLOSED);
        if (wrong) {
            assert_int_equal(report.first_failure.segment, 1);
            assert_non_null(strstr(report.first_failure.reason, "track 0 of segment 1 is wrong"));
        }
        bytes[FIXED + 20] ^= 1;
        made = parse_sealed(fix, bytes, size);
    }
    svms_disclosure_free(&made);
    free(bytes);
    memory_file_clear(&file);
}

/* A file with count entries for track 0 of segments 0, 1, 2 ... */
static uint8_t *long_file(uint32_t count, size_t *size)
{
    *size = FIXED + (size_t)count * ENTRY + DIGEST;
    uint8_t *bytes = calloc(1, *size);
    assert_non_null(bytes);
    memcpy(bytes, "\x8ASVK\r\n\x1A\n\0\1\0\0", 12);
    for (int i = 0; i < 4; i++) {
        bytes[12 + i] = (uint8_t)(count >> (24 - 8 * i));
    }
    for (uint32_t n = 0; n < count; n++) {
        uint8_t *entry = bytes + FIXED + (size_t)n * ENTRY;
        for (int i = 0; i < 4; i++) {
            entry[4 + i] = (uint8_t)(n >> (24 - 8 * i));
            entry[16 + i] = (uint8_t)(n >> (24 - 8 * i));
        }
    }
    seal_file(bytes, *size);
    return bytes;
}

static void a_day_of_seconds_fits_and_every_entry_is_found(void **state)
{
    fixture *fix = *state;
    size_t size = 0;
    uint8_t secret[32];
    svms_disclosure *parsed = NULL;
    uint8_t *bytes = long_file(86400, &size);
    assert_int_equal(svms_disclosure_parse(&parsed, fix->ctx, bytes, size, NULL), SVMS_OK);
    assert_int_equal(info_of(parsed).entries, 86400);
    assert_int_equal(info_of(parsed).segments, 86400);
    assert_int_equal(info_of(parsed).last_segment, 86399);
    for (uint32_t n = 0; n < 86400; n++) {
        assert_true(svms_disclosure_find(parsed, n, 0, secret));
        assert_memory_equal(secret, bytes + FIXED + (size_t)n * ENTRY + 16, 32);
    }
    assert_false(svms_disclosure_find(parsed, 86400, 0, secret));
    assert_false(svms_disclosure_find(parsed, 5, 1, secret));
    svms_disclosure_free(&parsed);
    free(bytes);
}

static void the_number_of_entries_is_bounded(void **state)
{
    fixture *fix = *state;
    size_t size = 0;
    svms_disclosure *parsed = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t *bytes = long_file(SVMS_MAX_DISCLOSED, &size);
    assert_int_equal(svms_disclosure_parse(&parsed, fix->ctx, bytes, size, NULL), SVMS_OK);
    svms_disclosure_free(&parsed);
    free(bytes);
    bytes = long_file(SVMS_MAX_DISCLOSED + 1, &size);
    assert_int_equal(svms_disclosure_parse(&parsed, fix->ctx, bytes, size, &err), SVMS_E_LIMIT);
    assert_int_equal(svms_disclosure_parse(&parsed, fix->ctx, bytes, 200, &err), SVMS_E_LIMIT);
    assert_int_equal(err.offset, 12);
    free(bytes);
}

static void files_that_break_the_format_are_refused_where_they_do(void **state)
{
    fixture *fix = *state;
    static const struct {
        size_t offset;
        uint8_t value;
        svms_status status;
        uint64_t at;
    } cases[] = {
        { 0, 0x8B, SVMS_E_MALFORMED, 0 },
        { 9, 2, SVMS_E_UNSUPPORTED, 8 },
        { 8, 1, SVMS_E_UNSUPPORTED, 8 },
        { 10, 1, SVMS_E_MALFORMED, 10 },
        { 15, 0, SVMS_E_MALFORMED, 10 },
        { 15, 2, SVMS_E_MALFORMED, FIXED + 2 * ENTRY + DIGEST },
        { 15, 4, SVMS_E_TRUNCATED, FIXED + 3 * ENTRY + DIGEST },
        { 13, 0x20, SVMS_E_LIMIT, 12 },
        { FIXED + 9, 1, SVMS_E_MALFORMED, FIXED },
        { FIXED + ENTRY + 15, 1, SVMS_E_MALFORMED, FIXED + ENTRY },
        { FIXED + ENTRY + 7, 0, SVMS_E_MALFORMED, FIXED + ENTRY },
        { FIXED + ENTRY + 7, 2, SVMS_E_MALFORMED, FIXED + 2 * ENTRY },
        { FIXED + ENTRY + 7, 3, SVMS_E_MALFORMED, FIXED + 2 * ENTRY },
        { FIXED + 2 * ENTRY + 8, 32, SVMS_E_MALFORMED, FIXED + 2 * ENTRY },
        { FIXED + 2 * ENTRY, 1, SVMS_E_MALFORMED, FIXED + 2 * ENTRY },
        { FIXED + 2 * ENTRY + 8, 31, SVMS_OK, 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = 0;
        svms_disclosure *parsed = NULL;
        svms_error err = SVMS_ERROR_INIT;
        uint8_t *bytes = long_file(3, &size);
        bytes[cases[i].offset] = cases[i].value;
        seal_file(bytes, size);
        svms_status status = svms_disclosure_parse(&parsed, fix->ctx, bytes, size, &err);
        if (status != cases[i].status || (status != SVMS_OK && err.offset != cases[i].at)) {
            fail_msg("case %zu: %s at %lld, %s", i, svms_status_name(status), (long long)err.offset,
                     err.message);
        }
        svms_disclosure_free(&parsed);
        free(bytes);
    }
    size_t size = 0;
    uint8_t *bytes = long_file(3, &size);
    for (size_t cut = 0; cut < size; cut++) {
        svms_disclosure *parsed = NULL;
        svms_status status = svms_disclosure_parse(&parsed, fix->ctx, bytes, cut, NULL);
        assert_int_equal(status, cut < 8 ? SVMS_E_MALFORMED : SVMS_E_TRUNCATED);
    }
    free(bytes);
}

static void nonsense_is_a_usage_error(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(1);
    memory_file file = { 0 };
    size_t size = 0;
    svms_disclosure *made = NULL;
    svms_disclosure_info info = SVMS_DISCLOSURE_INFO_INIT;
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    svms_keyring *ring = password_ring(fix, "pass word");
    assert_int_equal(svms_disclosure_make(&made, fix->ctx, &source, &options, NULL), SVMS_E_USAGE);
    options.keys = ring;
    assert_int_equal(svms_disclosure_make(NULL, fix->ctx, &source, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_make(&made, NULL, &source, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_make(&made, fix->ctx, NULL, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_make(&made, fix->ctx, &source, NULL, NULL), SVMS_E_USAGE);
    options.from_utc_ns = options.to_utc_ns = T0;
    assert_int_equal(svms_disclosure_make(&made, fix->ctx, &source, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_parse(NULL, fix->ctx, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_parse(&made, NULL, "", 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_parse(&made, fix->ctx, NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_disclosure_parse(&made, fix->ctx, "", 0, NULL), SVMS_E_MALFORMED);
    assert_int_equal(svms_disclosure_get_info(NULL, &info, NULL), SVMS_E_USAGE);
    assert_null(svms_disclosure_data(NULL, &size));
    svms_disclosure_free(NULL);
    svms_disclosure_free(&made);
    made = disclose_well(fix, &file, 0, SVMS_NO_TIME, SVMS_NO_TIME);
    assert_null(svms_disclosure_data(made, NULL));
    assert_int_equal(svms_disclosure_get_info(made, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_disclosure(NULL, made, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_keyring_add_disclosure(ring, NULL, NULL), SVMS_E_USAGE);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(svms_keyring_add_disclosure(ring, made, NULL), SVMS_OK);
    }
    assert_int_equal(svms_keyring_add_disclosure(ring, made, NULL), SVMS_E_LIMIT);
    svms_disclosure_free(&made);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

static int count_calls(void *user, uint64_t done, uint64_t total)
{
    int *left = user;
    assert_true(done <= total);
    return (*left)-- == 0;
}

static void making_can_be_cancelled(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(3);
    memory_file file = { 0 };
    svms_disclosure *made = NULL;
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    record_container(fix, &how, &file);
    svms_source source = memory_source(&file);
    svms_keyring *ring = password_ring(fix, "pass word");
    options.keys = ring;
    options.progress = count_calls;
    for (int allowed = 0; allowed < 2; allowed++) {
        int left = allowed == 0 ? 0 : 1000;
        options.user = &left;
        svms_status status = svms_disclosure_make(&made, fix->ctx, &source, &options, NULL);
        assert_int_equal(status, allowed == 0 ? SVMS_E_CANCELLED : SVMS_OK);
    }
    svms_disclosure_free(&made);
    svms_keyring_free(&ring);
    memory_file_clear(&file);
}

/* Makes, parses, adds, opens, reads; SVMS_OK when everything went well. */
static svms_status whole_way(fixture *fix, memory_file *file, svms_error *err)
{
    svms_disclosure *made = NULL;
    svms_disclosure *parsed = NULL;
    svms_keyring *ring = NULL;
    svms_reader *reader = NULL;
    size_t size = 0;
    svms_disclosure_options options = SVMS_DISCLOSURE_OPTIONS_INIT;
    svms_reader_options reading = SVMS_READER_OPTIONS_INIT;
    svms_source source = memory_source(file);
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_status status = svms_keyring_new(&ring, fix->ctx, err);
    if (status == SVMS_OK) {
        status = svms_keyring_add_password(ring, "pass word", 9, err);
    }
    options.keys = ring;
    if (status == SVMS_OK) {
        status = svms_disclosure_make(&made, fix->ctx, &source, &options, err);
    }
    svms_keyring_free(&ring);
    if (status == SVMS_OK) {
        const uint8_t *data = svms_disclosure_data(made, &size);
        status = svms_disclosure_parse(&parsed, fix->ctx, data, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_new(&ring, fix->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_keyring_add_disclosure(ring, parsed, err);
    }
    svms_disclosure_free(&parsed);
    reading.keys = ring;
    if (status == SVMS_OK) {
        status = svms_reader_open(&reader, fix->ctx, &source, &reading, err);
    }
    svms_keyring_free(&ring);
    if (status == SVMS_OK) {
        status = svms_reader_seek_disclosed(reader, err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_next(reader, &sample, err);
    }
    svms_reader_close(&reader);
    svms_disclosure_free(&made);
    return status;
}

static void every_failing_allocation_and_read_is_clean(void **state)
{
    fixture *fix = *state;
    recipe how = sealed_container(2);
    memory_file file = { 0 };
    record_container(fix, &how, &file);
    for (int reads = 0; reads < 2; reads++) {
        for (uint64_t n = 1;; n++) {
            svms_error err = SVMS_ERROR_INIT;
            int64_t before = fix->live_blocks;
            fix->allocations = 0;
            file.reads = 0;
            fix->allocation_fails_at = reads ? 0 : n;
            file.read_fails_at = reads ? n : 0;
            svms_status status = whole_way(fix, &file, &err);
            bool reached = (reads ? file.reads : fix->allocations) >= n;
            fix->allocation_fails_at = 0;
            file.read_fails_at = 0;
            assert_int_equal(fix->live_blocks, before);
            if (!reached) {
                assert_int_equal(status, SVMS_OK);
                assert_true(n > 10);
                break;
            }
            svms_status expected = reads ? SVMS_E_IO : SVMS_E_NO_MEMORY;
            if (status != expected || err.status != expected) {
                fail_msg("%llu: %s, %s", (unsigned long long)n, svms_status_name(status),
                         err.message);
            }
        }
    }
    memory_file_clear(&file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(disclosed_tracks_of_disclosed_segments_open_and_nothing_else),
        CASE(a_file_is_as_the_format_says_and_reads_back),
        CASE(a_reader_that_has_a_disclosure_says_so_and_shows_no_name),
        CASE(seeking_goes_to_the_first_disclosed_segment),
        CASE(seeking_what_was_cut_off_reaches_the_end),
        CASE(all_segments_that_overlap_the_range_are_disclosed),
        CASE(tracks_that_cannot_be_disclosed_are_named),
        CASE(containers_without_secrets_or_signature_are_refused),
        CASE(only_who_can_open_a_container_can_disclose_of_it),
        CASE(a_damaged_segment_of_the_range_is_refused_and_named),
        CASE(a_missing_segment_of_the_range_is_refused),
        CASE(of_an_open_recording_complete_segments_are_disclosed),
        CASE(what_a_later_signature_attests_is_disclosed_and_the_rest_is_not),
        CASE(a_disclosure_of_another_container_is_foreign),
        CASE(a_secret_on_another_track_or_segment_is_wrong),
        CASE(every_flipped_bit_of_a_file_is_noticed),
        CASE(a_secret_does_not_fit_when_the_salt_is_another),
        CASE(verification_opens_what_is_disclosed_and_asks_no_more),
        CASE(a_day_of_seconds_fits_and_every_entry_is_found),
        CASE(the_number_of_entries_is_bounded),
        CASE(files_that_break_the_format_are_refused_where_they_do),
        CASE(nonsense_is_a_usage_error),
        CASE(making_can_be_cancelled),
        CASE(every_failing_allocation_and_read_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
