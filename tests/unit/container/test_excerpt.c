/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of a container comes to the same verdict as the container does for the same
 * period (evidence.md, sections 5 and 8). */
#include "../identity/authority.h"
#include "attest.h"
#include "sparse.h"

static recipe plain(uint32_t segments)
{
    recipe how = RECIPE_INIT;
    how.segments = segments;
    how.sample_size = 60;
    return how;
}

static svms_verify_options asked(fixture *fix, int64_t from, int64_t to)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    options.trust = fix->trust;
    options.from_utc_ns = from;
    options.to_utc_ns = to;
    return options;
}

static void expect_same(const svms_report *of_container, const svms_report *of_excerpt,
                        const char *what)
{
    if (of_container->verdict != of_excerpt->verdict) {
        fail_msg("%s: %s, but the excerpt is %s (%s; %s)", what,
                 svms_verdict_name(of_container->verdict), svms_verdict_name(of_excerpt->verdict),
                 of_container->first_failure.reason, of_excerpt->first_failure.reason);
    }
    assert_int_equal(of_container->identity, of_excerpt->identity);
    assert_int_equal(of_container->segments_verified, of_excerpt->segments_verified);
    assert_int_equal(of_container->samples_verified, of_excerpt->samples_verified);
    assert_int_equal(of_container->first_utc_ns, of_excerpt->first_utc_ns);
    assert_int_equal(of_container->last_utc_ns, of_excerpt->last_utc_ns);
    assert_int_equal(of_container->signed_from_utc_ns, of_excerpt->signed_from_utc_ns);
    assert_int_equal(of_container->signed_to_utc_ns, of_excerpt->signed_to_utc_ns);
    assert_int_equal(of_container->gap_count, of_excerpt->gap_count);
    assert_int_equal(of_container->time_attested, of_excerpt->time_attested);
    assert_int_equal(of_container->attested_utc_ns, of_excerpt->attested_utc_ns);
}

/* Reads all that is carried, and counts the samples. */
static size_t read_all(sparse *of, svms_status *last)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    size_t count = 0;
    options.trust = of->fix->trust;
    assert_int_equal(svms_reader_open_excerpt(&reader, of->fix->ctx, &of->excerpt, &options, NULL),
                     SVMS_OK);
    while ((*last = svms_reader_next(reader, &sample, NULL)) == SVMS_OK) {
        assert_false(sample.flags & SVMS_SAMPLE_UNATTESTED);
        count++;
    }
    svms_reader_close(&reader);
    return count;
}

/* How many of the periods that were compared were authentic. */
static size_t authentic;

/* keys: of the file, unlocked; NULL: its samples are not opened. */
static void compare(fixture *fix, memory_file *file, svms_front *keys, int64_t from, int64_t to,
                    const char *name)
{
    static sparse taken;
    svms_report direct = SVMS_REPORT_INIT;
    svms_report collected;
    svms_report carried;
    svms_verify_options options = asked(fix, from, to);
    svms_source source = memory_source(file);
    char what[128];
    svms_status last = SVMS_OK;
    (void)snprintf(what, sizeof(what), "%s, %lld to %lld", name,
                   from == SVMS_NO_TIME ? -1 : (long long)((from - T0) / (SECOND / 4)),
                   to == SVMS_NO_TIME ? -1 : (long long)((to - T0) / (SECOND / 4)));
    svms_status status = svms_verify_container(fix->ctx, &source, &options, &direct, NULL);
    assert_int_equal(sparse_collect(&taken, fix, file, &options, false, &collected), status);
    expect_same(&direct, &collected, what);
    assert_int_equal(direct.bytes_verified, collected.bytes_verified);
    assert_int_equal(sparse_verify(&taken, &options, &carried, NULL), status);
    expect_same(&direct, &carried, what);
    authentic += status == SVMS_OK;
    if (status == SVMS_OK && keys != NULL) {
        sparse_lend(&taken, keys);
        assert_int_equal(sparse_verify(&taken, &options, &carried, NULL), SVMS_OK);
        assert_true(carried.access == SVMS_ACCESS_OPENED || carried.access == SVMS_ACCESS_CLEAR);
        size_t samples = read_all(&taken, &last);
        if (last != SVMS_END) {
            fail_msg("%s: reading ends with %d", what, last);
        }
        assert_int_equal(samples, direct.samples_verified);
    }
    sparse_clear(&taken);
}

static void unlock(fixture *fix, memory_file *file, svms_front *keys)
{
    svms_keyring *ring = password_ring(fix, "pass word");
    svms_source source = memory_source(file);
    assert_int_equal(svms_front_open(keys, fix->ctx, &source, NULL), SVMS_OK);
    assert_int_equal(svms_front_unlock(keys, ring, NULL), SVMS_OK);
    svms_keyring_free(&ring);
}

static void compare_ranges(fixture *fix, memory_file *file, uint32_t segments, const char *name)
{
    int64_t quarters = 4 * (int64_t)segments;
    int64_t step = segments > 12 ? quarters / 2 : 7; /* all quarters of a second in turn */
    svms_front keys;
    unlock(fix, file, &keys);
    compare(fix, file, &keys, SVMS_NO_TIME, SVMS_NO_TIME, name);
    /* How a segment is opened does not depend on how many others there are. */
    svms_front *some = segments > 12 ? NULL : &keys;
    for (int64_t from = -2; from < quarters; from += step) {
        compare(fix, file, some, T0 + from * SECOND / 4, SVMS_NO_TIME, name);
        compare(fix, file, some, SVMS_NO_TIME, T0 + (from + 3) * SECOND / 4, name);
        for (int64_t to = from + 1; to <= quarters + 3; to += step) {
            compare(fix, file, some, T0 + from * SECOND / 4, T0 + to * SECOND / 4, name);
        }
    }
    svms_front_clear(&keys);
}

static void an_excerpt_comes_to_the_verdict_of_its_container(void **state)
{
    static const uint32_t lengths[] = { 1, 7, 140 };
    for (size_t i = 0; i < signing_count; i++) {
        for (size_t n = 0; n < 3; n++) {
            for (uint32_t open = 0; open < 2; open++) {
                memory_file file = { 0 };
                fixture *fix = *state;
                recipe how = plain(lengths[n]);
                char name[96];
                how.leave_open = open;
                how.frames = n == 2 ? 2 : 3;
                (void)snprintf(name, sizeof(name), "%s, %u, %s", signings[i].name, lengths[n],
                               open ? "open" : "closed");
                fix->now = T0;
                record_signed(fix, &signings[i], &how, &file);
                compare_ranges(fix, &file, lengths[n], name);
                memory_file_clear(&file);
            }
        }
    }
    assert_true(authentic > 300);
}

/* Track 0 or 1 or both are left out, of segments in which they begin or not. */
static void removed_tracks_leave_the_rest_as_it_was_signed(void **state)
{
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                                   SVMS_PROTECT_NONE };
    static sparse taken;
    fixture *fix = *state;
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t tracks = 1; tracks < 4; tracks++) {
            memory_file file = { 0 };
            svms_report report;
            svms_status last = SVMS_OK;
            svms_verify_options options = asked(fix, T0 + SECOND, T0 + 3 * SECOND);
            recipe how = plain(5);
            how.protection = protections[i];
            how.password = i == 2 ? NULL : "pass word";
            fix->now = T0;
            record_signed(fix, &signings[0], &how, &file);
            assert_int_equal(sparse_collect(&taken, fix, &file, &options, false, &report), SVMS_OK);
            sparse_remove(&taken, &file, tracks);
            if (i != 2) {
                sparse_unlock(&taken, &file, "pass word");
            }
            svms_status status = sparse_verify(&taken, &options, &report, NULL);
            if (status != SVMS_OK) {
                fail_msg("protection %zu, tracks %u: %s", i, tracks, report.first_failure.reason);
            }
            assert_int_equal(report.segments_verified, 2);
            assert_int_equal(report.samples_verified, 2 * (5 - 3 * (tracks & 1) - (tracks & 2)));
            assert_int_equal(read_all(&taken, &last), report.samples_verified);
            assert_int_equal(last, SVMS_END);
            /* The same bytes are no segments when nothing is said to be removed, or another. */
            taken.excerpt.removed_tracks = 0;
            assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_E_NOT_AUTHENTIC);
            taken.excerpt.removed_tracks = tracks == 3 ? 1 : 3 - tracks;
            assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_E_NOT_AUTHENTIC);
            taken.excerpt.removed_tracks = tracks | 4;
            assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_E_NOT_AUTHENTIC);
            sparse_clear(&taken);
            memory_file_clear(&file);
        }
    }
}

static void light_and_clear_media_are_carried_too(void **state)
{
    static const svms_protection protections[] = { SVMS_PROTECT_LIGHT, SVMS_PROTECT_NONE };
    fixture *fix = *state;
    for (size_t i = 0; i < 2; i++) {
        memory_file file = { 0 };
        recipe how = plain(4);
        how.protection = protections[i];
        how.sample_size = 3000;
        fix->now = T0;
        record_signed(fix, &signings[0], &how, &file);
        compare_ranges(fix, &file, 4, "protection");
        memory_file_clear(&file);
    }
}

/* Of sealed bodies that were not opened only the manifests are known. */
static void hidden_segments_are_incomplete_at_best(void **state)
{
    static sparse taken;
    memory_file file = { 0 };
    fixture *fix = *state;
    svms_report report;
    svms_excerpt_findings found;
    svms_status last = SVMS_OK;
    svms_verify_options options = asked(fix, T0 + SECOND, T0 + 3 * SECOND);
    recipe how = plain(5);
    fix->now = T0;
    record_signed(fix, &signings[0], &how, &file);
    assert_int_equal(sparse_collect(&taken, fix, &file, &options, false, &report), SVMS_OK);
    for (size_t i = 0; i < taken.count; i++) {
        svms_piece *piece = &taken.pieces[i];
        if (piece->kind == SVMS_PIECE_SEGMENT) {
            piece->hidden = true;
            memset(taken.image.data + piece->offset, 0xEE, (size_t)piece->body_size);
        }
    }
    assert_int_equal(sparse_verify(&taken, &options, &report, &found), SVMS_E_INCOMPLETE);
    assert_int_equal(found.hidden, 2);
    assert_int_equal(found.last_segment, 2);
    assert_int_equal(report.segments_verified, 0);
    assert_int_equal(report.finding_count, 1);
    assert_non_null(strstr(report.first_failure.reason, "E-VER-4"));
    svms_reader *reader = NULL;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_reader_open_excerpt(&reader, fix->ctx, &taken.excerpt, NULL, NULL),
                     SVMS_OK);
    assert_int_equal(svms_reader_next(reader, &sample, &err), SVMS_E_WRONG_KEY);
    assert_int_equal(err.segment, 1);
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_E_WRONG_KEY);
    assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_END);
    svms_reader_close(&reader);
    /* One that can be read among them. */
    sparse_lay_out(&taken, &file);
    taken.pieces[0].hidden = false;
    assert_int_equal(sparse_verify(&taken, &options, &report, &found), SVMS_E_INCOMPLETE);
    assert_int_equal(found.hidden, 1);
    assert_int_equal(report.segments_verified, 1);
    assert_int_equal(read_all(&taken, &last), 0);
    assert_int_equal(last, SVMS_E_WRONG_KEY);
    sparse_clear(&taken);
    memory_file_clear(&file);
}

static void secrets_are_compared_with_what_was_signed(void **state)
{
    static sparse taken;
    memory_file file = { 0 };
    fixture *fix = *state;
    svms_report report;
    svms_verify_options options = asked(fix, T0 + SECOND, T0 + 3 * SECOND);
    recipe how = plain(5);
    fix->now = T0;
    record_signed(fix, &signings[0], &how, &file);
    assert_int_equal(sparse_collect(&taken, fix, &file, &options, false, &report), SVMS_OK);
    assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_OK);
    assert_int_equal(report.access, SVMS_ACCESS_NOT_TRIED);
    sparse_unlock(&taken, &file, "pass word");
    assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_OK);
    assert_int_equal(report.access, SVMS_ACCESS_OPENED);
    taken.no_secret = 1 + 1;
    assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_OK);
    assert_int_equal(report.access, SVMS_ACCESS_DISCLOSED);
    taken.wrong_secret = 2 + 1;
    assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_E_UNDECRYPTABLE);
    assert_int_equal(report.access, SVMS_ACCESS_FAILED);
    assert_int_equal(report.first_failure.segment, 2);
    sparse_clear(&taken);
    memory_file_clear(&file);
}

static void a_reader_finds_its_way_by_time(void **state)
{
    static sparse taken;
    memory_file file = { 0 };
    fixture *fix = *state;
    svms_report report;
    svms_verify_options options = asked(fix, T0 + 2 * SECOND, T0 + 8 * SECOND);
    recipe how = plain(10);
    fix->now = T0;
    record_signed(fix, &signings[2], &how, &file);
    assert_int_equal(sparse_collect(&taken, fix, &file, &options, false, &report), SVMS_OK);
    sparse_unlock(&taken, &file, "pass word");
    for (uint32_t with_find = 0; with_find < 2; with_find++) {
        svms_reader *reader = NULL;
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_container_info info = SVMS_CONTAINER_INFO_INIT;
        taken.excerpt.find = with_find ? taken.excerpt.find : NULL;
        assert_int_equal(svms_reader_open_excerpt(&reader, fix->ctx, &taken.excerpt, NULL, NULL),
                         SVMS_OK);
        for (int64_t at = 0; at < 20; at++) {
            int64_t utc = T0 + at * SECOND / 2;
            uint64_t expected = at < 4 ? 2 : (uint64_t)at / 2;
            svms_status status = svms_reader_seek(reader, utc, NULL);
            assert_int_equal(svms_reader_get_info(reader, &info, NULL), SVMS_OK);
            if (at >= 17) { /* the samples of the second track end half a second later */
                continue;
            }
            assert_int_equal(status, at == 16 ? SVMS_END : SVMS_OK);
            assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
            assert_int_equal(sample.segment, at == 16 ? 7 : expected);
        }
        assert_int_equal(svms_reader_seek(reader, SVMS_NO_TIME, NULL), SVMS_OK);
        assert_int_equal(svms_reader_next(reader, &sample, NULL), SVMS_OK);
        assert_int_equal(sample.segment, 2);
        assert_int_equal(info.disclosed, 1);
        svms_reader_close(&reader);
    }
    sparse_clear(&taken);
    memory_file_clear(&file);
}

/* A byte is wrong in each segment in turn. */
static void what_does_not_verify_is_told_only_to_those_who_ask_for_it(void **state)
{
    static sparse taken;
    fixture *fix = *state;
    memory_file file = { 0 };
    svms_verify_options options = asked(fix, T0 + SECOND, T0 + 5 * SECOND);
    recipe how = plain(6);
    fix->now = T0;
    record_signed(fix, &signings[0], &how, &file);
    layout at = lay_out_file(&file);
    for (size_t n = 1; n < 5; n++) {
        for (size_t where = 0; where < 3; where++) {
            svms_report report;
            memory_file bad = memory_copy(&file);
            /* In a sample; in the length of a record; in the manifest. */
            size_t offset = where == 0   ? at.segments[n] + 140
                            : where == 1 ? at.segments[n] + 16 + 80 + 5
                                         : at.segments[n + 1] - 200;
            bad.data[offset] ^= 1;
            assert_int_equal(sparse_collect(&taken, fix, &bad, &options, false, &report),
                             SVMS_E_NOT_AUTHENTIC);
            assert_true(taken.count <= n);
            sparse_clear(&taken);
            assert_int_equal(sparse_collect(&taken, fix, &bad, &options, true, &report),
                             SVMS_E_NOT_AUTHENTIC);
            assert_int_equal(report.first_failure.segment, n);
            size_t segments = 0;
            size_t unverified = 0;
            for (size_t i = 0; i < taken.count; i++) {
                const svms_piece *piece = &taken.pieces[i];
                unverified += piece->unverified;
                segments += piece->kind == SVMS_PIECE_SEGMENT && !piece->unverified;
                assert_true(!piece->unverified || piece->number == n);
                assert_true(!piece->unverified ||
                            piece->kind == (where == 0 ? SVMS_PIECE_SEGMENT : SVMS_PIECE_FRAGMENT));
            }
            assert_int_equal(unverified, 1);
            assert_int_equal(segments, 3);
            svms_report carried;
            assert_int_equal(sparse_verify(&taken, &options, &carried, NULL), SVMS_E_NOT_AUTHENTIC);
            assert_int_equal(carried.first_failure.segment, n);
            assert_int_equal(carried.segments_verified, 3);
            sparse_clear(&taken);
            memory_file_clear(&bad);
        }
    }
    memory_file_clear(&file);
}

/* Index records of several levels lead from the end to the range; some lie within it. */
static void an_index_of_several_levels_leads_to_the_range(void **state)
{
    static const int64_t ranges[][2] = { { 100, 103 }, { 254, 256 }, { 255, 258 },
                                         { 256, 257 }, { 510, 514 }, { 590, 600 } };
    static const size_t modes[] = { 3, 6 };
    fixture *fix = *state;
    for (size_t m = 0; m < 2; m++) {
        memory_file file = { 0 };
        recipe how = plain(600);
        how.tracks = 1;
        how.frames = 1;
        how.sample_size = 10;
        fix->now = T0;
        record_signed(fix, &signings[modes[m]], &how, &file);
        svms_front keys;
        unlock(fix, &file, &keys);
        authentic = 0;
        for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
            compare(fix, &file, &keys, T0 + ranges[i][0] * SECOND, T0 + ranges[i][1] * SECOND,
                    "deep");
            compare(fix, &file, &keys, T0 + ranges[i][0] * SECOND + SECOND / 2,
                    T0 + ranges[i][1] * SECOND - SECOND / 4, "deep, within");
        }
        assert_int_equal(authentic, 2 * sizeof(ranges) / sizeof(ranges[0]));
        svms_front_clear(&keys);
        memory_file_clear(&file);
    }
}

/* Puts record pieces in front of the end. */
static void insert_path(sparse *taken, const svms_index_path *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        svms_piece piece = { 0 };
        size_t at = taken->count++;
        piece.kind = SVMS_PIECE_RECORD;
        piece.number = path->steps[i].holder;
        piece.offset = path->steps[i].offset;
        piece.closing_size = path->steps[i].size;
        piece.first_utc_ns = SVMS_NO_TIME;
        piece.last_utc_ns = SVMS_NO_TIME;
        while (at > 0 && taken->pieces[at - 1].offset > piece.offset) {
            taken->pieces[at] = taken->pieces[at - 1];
            at--;
        }
        taken->pieces[at] = piece;
    }
}

/* Index records may lead to the last segment, also where the chain reaches the end by itself; they
 * must lead there all the same (E-SRC-5). */
static void an_index_leads_to_the_last_segment_that_the_end_names_too(void **state)
{
    static sparse taken;
    fixture *fix = *state;
    memory_file file = { 0 };
    svms_report report;
    svms_front front;
    svms_end end;
    svms_index_path path = { 0 };
    svms_attestation found = SVMS_NEVER;
    bool closed = false;
    uint8_t hash[SVMS_DIGEST_SIZE];
    recipe how = plain(258);
    svms_verify_options options = asked(fix, T0 + 257 * SECOND + SECOND / 4, T0 + 300 * SECOND);
    how.tracks = 1;
    how.frames = 1;
    how.sample_size = 10;
    fix->now = T0;
    record_signed(fix, &signings[0], &how, &file);
    assert_int_equal(sparse_collect(&taken, fix, &file, &options, false, &report), SVMS_OK);
    svms_source source = memory_source(&file);
    assert_int_equal(svms_front_open(&front, fix->ctx, &source, NULL), SVMS_OK);
    assert_int_equal(svms_front_find_end(&front, &closed, &end, NULL), SVMS_OK);
    assert_true(closed);
    memcpy(hash, end.last_manifest, sizeof(hash));
    assert_int_equal(svms_attest_by_path(&front, &end, 257, hash, &found, &path, NULL), SVMS_OK);
    assert_int_equal(found, SVMS_ATTESTED);
    assert_int_equal(path.count, 2);
    svms_front_clear(&front);
    insert_path(&taken, &path);
    sparse_lay_out(&taken, &file);
    assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_OK);
    for (size_t n = 0; n < taken.count; n++) {
        if (taken.pieces[n].kind == SVMS_PIECE_RECORD &&
            taken.pieces[n].offset == end.root_offset) {
            sparse_drop(&taken, n);
        }
    }
    assert_int_equal(sparse_verify(&taken, &options, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(report.first_failure.reason, "E-SRC-5"));
    sparse_clear(&taken);
    memory_file_clear(&file);
}

/* With stamps ------------------------------------------------------------------------------------
 */

static made token_of(const party *authority, const uint8_t digest[32], int64_t utc_ns)
{
    char when[SVMS_TIME_TEXT_SIZE];
    svms_time_format(utc_ns, when);
    const stamp_plan plan = { .authority = authority, .when = when, .digest = digest };
    return stamp_token(&plan);
}

static svms_status write_at(void *user, uint64_t offset, const void *data, size_t size,
                            int *os_error)
{
    memory_file *file = user;
    (void)os_error;
    if (offset + size > file->size) {
        file->data = realloc(file->data, (size_t)offset + size);
        assert_non_null(file->data);
        file->size = (size_t)offset + size;
        file->capacity = file->size;
    }
    memcpy(file->data + offset, data, size);
    return SVMS_OK;
}

static svms_status sync(void *user, int *os_error)
{
    (void)user;
    (void)os_error;
    return SVMS_OK;
}

static void add_trailer(fixture *fix, memory_file *file, const party *authority, int64_t utc_ns)
{
    svms_source source = memory_source(file);
    svms_store store = SVMS_STORE_INIT;
    uint8_t digest[32];
    store.user = file;
    store.read_at = source.read_at;
    store.get_size = source.get_size;
    store.write_at = write_at;
    store.sync = sync;
    assert_int_equal(svms_trailer_digest(fix->ctx, &source, digest, NULL), SVMS_OK);
    made token = token_of(authority, digest, utc_ns);
    assert_int_equal(svms_trailer_append(fix->ctx, &store, token.data, token.size, NULL), SVMS_OK);
    free(token.data);
}

#define STAMPED 12u

static void record_stamped(fixture *fix, const party *authority, uint32_t every, memory_file *file)
{
    recipe how = plain(STAMPED);
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_sink sink = memory_sink(file);
    fix->now = T0;
    svms_writer_options options = writer_options(fix, &how, tracks);
    assert_int_equal(svms_writer_open(&writer, fix->ctx, &sink, &options, NULL), SVMS_OK);
    for (uint32_t i = 0; i < STAMPED; i++) {
        fix->now = T0 + (int64_t)(i + 1) * SECOND;
        assert_int_equal(append_segment(writer, &how, i, NULL), SVMS_OK);
        if (i % every == every - 1) {
            svms_head head = SVMS_HEAD_INIT;
            assert_int_equal(svms_writer_get_head(writer, &head), SVMS_OK);
            made token = token_of(authority, head.manifest_hash, fix->now);
            assert_int_equal(svms_writer_add_timestamp(writer, head.segment, head.manifest_hash,
                                                       token.data, token.size, NULL),
                             SVMS_OK);
            free(token.data);
        }
    }
    assert_int_equal(svms_writer_close(&writer, NULL), SVMS_OK);
}

/* Long after the recorder's certificate has expired, only what is stamped is trusted. */
static void attested_time_travels_with_the_excerpt(void **state)
{
    static const uint32_t every[] = { 2, 5, 100 };
    static sparse taken;
    fixture *fix = *state;
    const party_plan ca = { .name = "CA", .from = "20200101000000Z", .to = "20600101000000Z" };
    party stamp_ca = party_make(&ca);
    const party_plan who = { .name = "Time",
                             .issuer = &stamp_ca,
                             .from = "20250101000000Z",
                             .to = "20500101000000Z",
                             .usage = "critical,timeStamping" };
    party authority = party_make(&who);
    char pem[16384];
    svms_trust *trust = NULL;
    size_t attested = 0;
    size_t size = party_pem(&stamp_ca, pem, 0, sizeof(pem));
    assert_int_equal(svms_trust_from_pem(&trust, fix->ctx, pem, size, NULL), SVMS_OK);
    for (size_t i = 0; i < 6; i++) {
        memory_file file = { 0 };
        record_stamped(fix, &authority, every[i / 2], &file);
        if (i % 2 == 1) {
            fix->now = T0 + DAY;
            add_trailer(fix, &file, &authority, T0 + DAY);
            add_trailer(fix, &file, &authority, T0 + 2 * DAY);
        }
        for (int64_t from = -1; from < STAMPED; from += 3) {
            for (int64_t to = from + 1; to <= STAMPED + 1; to += 3) {
                svms_verify_options options =
                    asked(fix, from < 0 ? SVMS_NO_TIME : T0 + from * SECOND,
                          to > (int64_t)STAMPED ? SVMS_NO_TIME : T0 + to * SECOND);
                svms_source source = memory_source(&file);
                svms_report direct = SVMS_REPORT_INIT;
                svms_report report;
                options.stamp_trust = trust;
                fix->now = T0 + 800 * DAY;
                svms_status status =
                    svms_verify_container(fix->ctx, &source, &options, &direct, NULL);
                assert_int_equal(sparse_collect(&taken, fix, &file, &options, false, &report),
                                 status);
                expect_same(&direct, &report, "stamped, collected");
                assert_int_equal(sparse_verify(&taken, &options, &report, NULL), status);
                expect_same(&direct, &report, "stamped");
                attested += report.time_attested;
                /* What somebody else attests counts as well, and the earliest wins. */
                taken.excerpt.attested_utc_ns = T0 + 100 * DAY;
                (void)sparse_verify(&taken, &options, &report, NULL);
                if (direct.segments_verified != 0) {
                    assert_int_equal(report.attested_utc_ns, direct.time_attested
                                                                 ? direct.attested_utc_ns
                                                                 : T0 + 100 * DAY);
                }
                options.stamp_trust = NULL;
                (void)sparse_verify(&taken, &options, &report, NULL);
                assert_true(report.segments_verified == 0 ||
                            report.attested_utc_ns == T0 + 100 * DAY);
                sparse_clear(&taken);
                /* Trailers, also when whoever takes it out trusts no authority. */
                options.stamp_trust = NULL;
                (void)sparse_collect(&taken, fix, &file, &options, false, &report);
                options.stamp_trust = trust;
                svms_status later = sparse_verify(&taken, &options, &report, NULL);
                assert_true(i % 2 == 0 || later == status);
                sparse_clear(&taken);
            }
        }
        memory_file_clear(&file);
    }
    assert_true(attested > 40);
    svms_trust_free(&trust);
    party_free(&authority);
    party_free(&stamp_ca);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_excerpt_comes_to_the_verdict_of_its_container,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(removed_tracks_leave_the_rest_as_it_was_signed,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(light_and_clear_media_are_carried_too, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(hidden_segments_are_incomplete_at_best, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(secrets_are_compared_with_what_was_signed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_reader_finds_its_way_by_time, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_verify_is_told_only_to_those_who_ask_for_it,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_index_of_several_levels_leads_to_the_range,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_index_leads_to_the_last_segment_that_the_end_names_too,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(attested_time_travels_with_the_excerpt, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
