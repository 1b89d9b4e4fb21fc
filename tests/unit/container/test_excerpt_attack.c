/* SPDX-License-Identifier: Apache-2.0 */
/* Excerpts that somebody changed, mixed up, or made up: never authentic, and nothing breaks. */
#include <errno.h>

#include "sparse.h"

static recipe plain(uint32_t segments)
{
    recipe how = RECIPE_INIT;
    how.segments = segments;
    how.sample_size = 20;
    how.frames = 3;
    how.tracks = 1;
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

typedef struct scene {
    fixture *fix;
    memory_file file;
    sparse taken;
    svms_verify_options options;
} scene;

/* Some segments of a container, with what shows that they are complete. */
static scene *take_of(void **state, size_t mode, const recipe *how, int64_t from, int64_t to)
{
    scene *at = calloc(1, sizeof(*at));
    svms_report report;
    assert_non_null(at);
    at->fix = *state;
    at->fix->now = T0;
    record_signed(at->fix, &signings[mode], how, &at->file);
    at->options = asked(at->fix, from, to);
    assert_int_equal(sparse_collect(&at->taken, at->fix, &at->file, &at->options, false, &report),
                     SVMS_OK);
    assert_int_equal(sparse_verify(&at->taken, &at->options, &report, NULL), SVMS_OK);
    return at;
}

static scene *take_some(void **state, size_t mode, uint32_t segments, int64_t from, int64_t to)
{
    recipe how = plain(segments);
    return take_of(state, mode, &how, from, to);
}

static void drop_scene(scene **at)
{
    sparse_clear(&(*at)->taken);
    memory_file_clear(&(*at)->file);
    free(*at);
    *at = NULL;
}

static void read_on(sparse *of)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    for (options.allow_unverified = 0; options.allow_unverified < 2; options.allow_unverified++) {
        if (svms_reader_open_excerpt(&reader, of->fix->ctx, &of->excerpt, &options, NULL) !=
            SVMS_OK) {
            return;
        }
        for (int i = 0; i < 200 && svms_reader_next(reader, &sample, NULL) != SVMS_END; i++) {
        }
        for (int64_t i = 0; i < 6; i++) {
            if (svms_reader_seek(reader, T0 + i * SECOND, NULL) == SVMS_OK &&
                svms_reader_next(reader, &sample, NULL) == SVMS_OK) {
                assert_true(sample.size < 1000);
            }
        }
        svms_reader_close(&reader);
    }
}

/* What was done to it must be seen. */
static svms_verdict expect_seen(scene *at, const char *what, size_t n, size_t m)
{
    svms_report report;
    svms_status status = sparse_verify(&at->taken, &at->options, &report, NULL);
    if (status == SVMS_OK || report.verdict == SVMS_VERDICT_AUTHENTIC) {
        fail_msg("%s, %zu, %zu: authentic", what, n, m);
    }
    read_on(&at->taken);
    return report.verdict;
}

typedef struct plot {
    size_t mode; /* of signings */
    uint32_t segments;
    int64_t from; /* half seconds, or -1: not bounded */
    int64_t to;
} plot;

static const plot plots[] = {
    { 0, 5, 2, 6 },  { 0, 5, 3, 5 },  { 0, 3, -1, -1 }, { 2, 8, 4, 8 },   { 3, 12, 4, 8 },
    { 5, 12, 4, 8 }, { 7, 12, 5, 9 }, { 4, 4, 2, -1 },  { 9, 12, -1, 8 }, { 8, 6, 4, 8 },
};
#define PLOTS (sizeof(plots) / sizeof(plots[0]))

static scene *play(void **state, const plot *how)
{
    return take_some(state, how->mode, how->segments,
                     how->from < 0 ? SVMS_NO_TIME : T0 + how->from * SECOND / 2,
                     how->to < 0 ? SVMS_NO_TIME : T0 + how->to * SECOND / 2);
}

static void every_byte_matters(void **state)
{
    static const size_t chosen[] = { 0, 1, 3, 4, 5 };
    for (size_t p = 0; p < sizeof(chosen) / sizeof(chosen[0]); p++) {
        scene *at = play(state, &plots[chosen[p]]);
        uint8_t *image = at->taken.image.data;
        for (size_t i = 0; i < at->taken.front_size; i += 3) {
            image[i] ^= (uint8_t)(1u << i % 8);
            svms_report report;
            assert_int_not_equal(sparse_verify(&at->taken, &at->options, &report, NULL), SVMS_OK);
            image[i] ^= (uint8_t)(1u << i % 8);
        }
        for (size_t n = 0; n < at->taken.count; n++) {
            const svms_piece *piece = &at->taken.pieces[n];
            uint64_t end = piece->offset + piece->body_size + piece->closing_size;
            size_t step = p == 0 ? 1 : 7;
            for (uint64_t i = piece->offset; i < end; i += step) {
                svms_report report;
                image[i] ^= (uint8_t)(1u << i % 8);
                if (sparse_verify(&at->taken, &at->options, &report, NULL) == SVMS_OK) {
                    fail_msg("plot %zu, piece %zu of kind %d: byte %llu", p, n, (int)piece->kind,
                             (unsigned long long)(i - piece->offset));
                }
                image[i] ^= (uint8_t)(1u << i % 8);
            }
        }
        drop_scene(&at);
    }
}

static void no_piece_can_be_left_out(void **state)
{
    for (size_t p = 0; p < PLOTS; p++) {
        scene *at = play(state, &plots[p]);
        for (size_t n = 0; n < at->taken.count; n++) {
            sparse *of = &at->taken;
            svms_piece pieces[SPARSE_PIECES];
            size_t count = of->count;
            memcpy(pieces, of->pieces, sizeof(pieces));
            sparse_drop(of, n);
            (void)expect_seen(at, "dropped", p, n);
            memcpy(of->pieces, pieces, sizeof(pieces));
            of->count = count;
            sparse_lay_out(of, &at->file);
        }
        drop_scene(&at);
    }
}

static void pieces_cannot_be_swapped_or_repeated(void **state)
{
    for (size_t p = 0; p < PLOTS; p++) {
        scene *at = play(state, &plots[p]);
        svms_piece *pieces = at->taken.pieces;
        for (size_t n = 0; n + 1 < at->taken.count; n++) {
            svms_piece kept = pieces[n];
            pieces[n] = pieces[n + 1];
            pieces[n + 1] = kept;
            assert_int_equal(expect_seen(at, "swapped", p, n), SVMS_VERDICT_NOT_AUTHENTIC);
            pieces[n + 1] = pieces[n];
            pieces[n] = kept;
        }
        for (size_t n = 0; n < at->taken.count; n++) {
            memmove(&pieces[n + 1], &pieces[n], (at->taken.count - n) * sizeof(*pieces));
            at->taken.count++;
            assert_int_equal(expect_seen(at, "repeated", p, n), SVMS_VERDICT_NOT_AUTHENTIC);
            memmove(&pieces[n], &pieces[n + 1], (at->taken.count - n - 1) * sizeof(*pieces));
            at->taken.count--;
        }
        drop_scene(&at);
    }
}

static const svms_piece *piece_of(const sparse *of, svms_piece_kind kind, uint64_t number)
{
    for (size_t n = 0; n < of->count; n++) {
        if (of->pieces[n].kind == kind && of->pieces[n].number == number) {
            return &of->pieces[n];
        }
    }
    return NULL;
}

/* A segment that is missing has the time at which the one before it ends (C-VER-2). */
static void a_missing_segment_is_named_with_its_time(void **state)
{
    svms_report report;
    scene *at = take_some(state, 0, 6, T0 + SECOND, T0 + 5 * SECOND);
    sparse *of = &at->taken;
    int64_t ended = piece_of(of, SVMS_PIECE_SEGMENT, 1)->last_utc_ns;
    sparse_drop(of, (size_t)(piece_of(of, SVMS_PIECE_SEGMENT, 2) - of->pieces));
    assert_int_equal(sparse_verify(of, &at->options, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_int_equal(report.first_failure.segment, 2);
    assert_int_equal(report.first_failure.utc_ns, ended);
    drop_scene(&at);
}

/* Also where the signature stands far behind what it signs. */
static void a_wrong_late_signature_names_the_segment_that_it_signs(void **state)
{
    svms_report report;
    recipe how = plain(12);
    how.leave_open = 1; /* so that no end record attests it */
    scene *at = take_of(state, 5, &how, T0 + 2 * SECOND, T0 + 4 * SECOND);
    sparse *of = &at->taken;
    const svms_piece *record = NULL;
    for (size_t n = 0; n < of->count; n++) {
        bool signature = of->pieces[n].kind == SVMS_PIECE_RECORD &&
                         of->image.data[of->pieces[n].offset] == SVMS_RECORD_SIGNATURE;
        record = signature ? &of->pieces[n] : record;
    }
    assert_non_null(record);
    of->image.data[record->offset + record->closing_size - 1] ^= 1;
    assert_int_equal(sparse_verify(of, &at->options, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    const svms_piece *named = piece_of(of, SVMS_PIECE_SEGMENT, report.first_failure.segment);
    named = named == NULL ? piece_of(of, SVMS_PIECE_MANIFEST, report.first_failure.segment) : named;
    assert_non_null(named);
    assert_true(named->number < record->number);
    assert_int_equal(report.first_failure.utc_ns, named->first_utc_ns);
    drop_scene(&at);
}

/* Each number that a piece says of itself is another. */
static void a_piece_cannot_lie_about_itself(void **state)
{
    static const uint64_t changes[] = { 1, UINT64_MAX, 256, (uint64_t)1 << 40, UINT64_MAX / 2 };
    for (size_t p = 0; p < PLOTS; p++) {
        scene *at = play(state, &plots[p]);
        for (size_t n = 0; n < at->taken.count; n++) {
            svms_piece *piece = &at->taken.pieces[n];
            const svms_piece kept = *piece;
            for (size_t c = 0; c < 5; c++) {
                piece->offset += changes[c];
                (void)expect_seen(at, "offset", n, c);
                *piece = kept;
                piece->body_size += changes[c];
                (void)expect_seen(at, "body", n, c);
                *piece = kept;
                piece->closing_size += (uint32_t)changes[c];
                if (piece->closing_size != kept.closing_size) {
                    (void)expect_seen(at, "closing", n, c);
                }
                *piece = kept;
                if (kept.kind != SVMS_PIECE_RECORD) {
                    piece->number += changes[c];
                    (void)expect_seen(at, "number", n, c);
                }
                *piece = kept;
                if (kept.kind == SVMS_PIECE_SEGMENT || kept.kind == SVMS_PIECE_MANIFEST) {
                    piece->first_utc_ns += (int64_t)(changes[c] / 2 + 1);
                    (void)expect_seen(at, "first time", n, c);
                    *piece = kept;
                    piece->last_utc_ns -= (int64_t)(changes[c] / 2 + 1);
                    (void)expect_seen(at, "last time", n, c);
                    *piece = kept;
                }
            }
            for (int kind = 0; kind < 9; kind++) {
                piece->kind = (svms_piece_kind)kind;
                if (piece->kind != kept.kind) {
                    (void)expect_seen(at, "kind", n, (size_t)kind);
                }
            }
            *piece = kept;
        }
        drop_scene(&at);
    }
}

/* A piece of another container of the same recorder stands in place of each. */
static void pieces_of_another_container_do_not_belong_here(void **state)
{
    for (size_t p = 0; p < PLOTS; p++) {
        scene *at = play(state, &plots[p]);
        scene *other = play(state, &plots[p]);
        for (size_t n = 0; n < at->taken.count; n++) {
            const svms_piece *piece = &at->taken.pieces[n];
            size_t size = (size_t)(piece->body_size + piece->closing_size);
            uint8_t *bytes = at->taken.image.data + piece->offset;
            bool same = n < other->taken.count && other->taken.pieces[n].offset == piece->offset &&
                        other->taken.pieces[n].closing_size == piece->closing_size;
            if (!same) {
                continue;
            }
            memcpy(bytes, other->taken.image.data + piece->offset, size);
            (void)expect_seen(at, "of another", p, n);
            memcpy(bytes, at->file.data + piece->offset, size);
        }
        drop_scene(&other);
        drop_scene(&at);
    }
}

/* Records and ends that prove nothing here. */
static void what_leads_nowhere_is_not_carried(void **state)
{
    static const struct {
        uint8_t type;
        bool numbered;
    } kinds[] = { { 4, true }, { 4, false }, { 5, true }, { 6, true }, { 1, true }, { 9, false } };
    scene *at = play(state, &plots[0]);
    svms_piece *last = &at->taken.pieces[at->taken.count - 1];
    uint64_t behind = last->offset + last->closing_size + last->body_size;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint8_t header[16];
        svms_piece added = { 0 };
        svms_record_encode(kinds[i].type, 100, kinds[i].numbered ? 3 : 0, header);
        uint8_t *bytes = realloc(at->taken.image.data, (size_t)behind + 116);
        assert_non_null(bytes);
        at->taken.image.data = bytes;
        memset(bytes + behind, 0, 116);
        memcpy(bytes + behind, header, 16);
        at->taken.image.size = (size_t)behind + 116;
        added.kind = SVMS_PIECE_RECORD;
        added.number = kinds[i].numbered ? 9 : SVMS_NO_SEGMENT;
        added.offset = behind;
        added.closing_size = 116;
        at->taken.pieces[at->taken.count++] = added;
        (void)expect_seen(at, "record", i, 0);
        at->taken.pieces[at->taken.count - 1].kind = SVMS_PIECE_FRAGMENT;
        at->taken.pieces[at->taken.count - 1].body_size = 116;
        at->taken.pieces[at->taken.count - 1].closing_size = 0;
        (void)expect_seen(at, "fragment", i, 0);
        at->taken.pieces[at->taken.count - 1].body_size = 0;
        (void)expect_seen(at, "empty fragment", i, 0);
        at->taken.count--;
        at->taken.image.size = (size_t)behind;
    }
    drop_scene(&at);
}

/* Only manifests: they say nothing about media. */
static void manifests_do_not_stand_for_segments(void **state)
{
    scene *at = play(state, &plots[0]);
    for (size_t n = 0; n < at->taken.count; n++) {
        svms_piece *piece = &at->taken.pieces[n];
        const svms_piece kept = *piece;
        if (piece->kind != SVMS_PIECE_SEGMENT) {
            continue;
        }
        piece->kind = SVMS_PIECE_MANIFEST;
        piece->offset += piece->body_size;
        piece->body_size = 0;
        assert_int_equal(expect_seen(at, "manifest only", n, 0), SVMS_VERDICT_INCOMPLETE);
        *piece = kept;
    }
    drop_scene(&at);
}

/* With a track removed, nothing else may be missing or changed, and nothing of it may be left. */
static void no_more_is_removed_than_is_said(void **state)
{
    static sparse whole;
    fixture *fix = *state;
    memory_file file = { 0 };
    svms_report report;
    svms_verify_options options = asked(fix, T0, T0 + SECOND);
    recipe how = plain(2);
    how.tracks = 2;
    fix->now = T0;
    record_signed(fix, &signings[0], &how, &file);
    assert_int_equal(sparse_collect(&whole, fix, &file, &options, false, &report), SVMS_OK);
    sparse_remove(&whole, &file, 2);
    assert_int_equal(sparse_verify(&whole, &options, &report, NULL), SVMS_OK);
    for (size_t i = (size_t)whole.pieces[0].offset; i < whole.image.size; i++) {
        whole.image.data[i] ^= (uint8_t)(1u << i % 8);
        assert_int_not_equal(sparse_verify(&whole, &options, &report, NULL), SVMS_OK);
        whole.image.data[i] ^= (uint8_t)(1u << i % 8);
    }
    /* Each record in turn is left out. */
    svms_piece *piece = &whole.pieces[0];
    const svms_piece kept = *piece;
    uint8_t *body = whole.image.data + piece->offset;
    uint8_t *copy = malloc(whole.image.size);
    assert_non_null(copy);
    memcpy(copy, whole.image.data, whole.image.size);
    for (uint64_t at = 0; at < kept.body_size;) {
        uint64_t size =
            (body[at] == 1 ? body[at + 3] : 16u) + ((uint64_t)body[at + 6] << 8) + body[at + 7];
        memmove(body + at, body + at + size,
                (size_t)(kept.body_size + kept.closing_size - at - size));
        piece->body_size -= size;
        assert_int_not_equal(sparse_verify(&whole, &options, &report, NULL), SVMS_OK);
        read_on(&whole);
        *piece = kept;
        memcpy(whole.image.data, copy, whole.image.size);
        at += size;
    }
    free(copy);
    sparse_clear(&whole);
    memory_file_clear(&file);
}

static bool carries(const sparse *of, uint64_t offset)
{
    for (size_t i = 0; i < of->count; i++) {
        const svms_piece *piece = &of->pieces[i];
        if (offset >= piece->offset &&
            offset < piece->offset + piece->body_size + piece->closing_size) {
            return true;
        }
    }
    return false;
}

/* Whatever is taken out of a container that somebody changed, the change is in it. */
static void unverified_pieces_are_never_authentic(void **state)
{
    static sparse taken;
    static const size_t chosen[] = { 0, 3, 5 };
    for (size_t p = 0; p < 3; p++) {
        scene *at = play(state, &plots[chosen[p]]);
        layout found = lay_out_file(&at->file);
        for (size_t i = found.first_record; i < at->file.size; i += 37) {
            svms_report report;
            svms_report carried;
            at->file.data[i] ^= (uint8_t)(1u << i % 8);
            svms_status status =
                sparse_collect(&taken, at->fix, &at->file, &at->options, true, &report);
            svms_status again = sparse_verify(&taken, &at->options, &carried, NULL);
            /* What is carried may hold although the verifier of the container was misled. */
            if (status != SVMS_OK && again == SVMS_OK && carries(&taken, i)) {
                fail_msg("plot %zu, byte %zu: %s", p, i, report.first_failure.reason);
            }
            if (report.verdict != SVMS_VERDICT_NOT_AUTHENTIC && report.verdict != carried.verdict) {
                fail_msg("plot %zu, byte %zu: %s, then %s", p, i, svms_verdict_name(report.verdict),
                         carried.first_failure.reason);
            }
            read_on(&taken);
            sparse_clear(&taken);
            at->file.data[i] ^= (uint8_t)(1u << i % 8);
        }
        drop_scene(&at);
    }
}

/* Ways to damage segments first to last: bytes of each, from its beginning or (negative) from its
 * end. */
typedef struct hole_case {
    size_t first;
    size_t last;
    int at;
    bool open;     /* no index tells where the period lies */
    bool no_index; /* and here the index was cut off */
    bool refused;
} hole_case;

/* Period: segments 4 to 6 of 12. */
static void judge_hole(fixture *fix, size_t mode, const hole_case *of)
{
    static sparse taken;
    memory_file file = { 0 };
    recipe how = plain(12);
    svms_report report;
    how.leave_open = of->open;
    fix->now = T0;
    record_signed(fix, &signings[mode], &how, &file);
    layout found = lay_out_file(&file);
    for (size_t n = of->first; n <= of->last; n++) {
        size_t from = of->at < 0 ? found.segments[n + 1] - (size_t)-of->at
                                 : found.segments[n] + (size_t)of->at;
        file.data[from] ^= 0x55;
    }
    if (of->no_index) {
        file.size = found.segments[found.segment_count];
    }
    svms_verify_options options = asked(fix, T0 + 4 * SECOND, T0 + 7 * SECOND);
    svms_status status = sparse_collect(&taken, fix, &file, &options, true, &report);
    if (of->refused) {
        assert_int_equal(status, SVMS_E_LIMIT);
    } else {
        assert_true(of->last < 4 || report.verdict == SVMS_VERDICT_NOT_AUTHENTIC);
    }
    uint64_t reached = 0;
    for (size_t i = 0; i < taken.count; i++) {
        const svms_piece *piece = &taken.pieces[i];
        uint64_t end = piece->offset + piece->body_size + piece->closing_size;
        if (piece->kind == SVMS_PIECE_SEGMENT || piece->kind == SVMS_PIECE_FRAGMENT) {
            assert_true(piece->offset >= found.segments[4]);
            assert_true(end <= found.segments[7]);
            reached = end;
        }
    }
    /* And nothing of the period is withheld. */
    assert_true(of->refused || reached == found.segments[7]);
    sparse_clear(&taken);
    memory_file_clear(&file);
}

/* E-SRC-10: whoever damages a byte does not get more than he may ask for. */
static void what_does_not_verify_never_reaches_out_of_the_period(void **state)
{
    static const hole_case cases[] = {
        { 5, 6, 4, false, false, false },  { 5, 6, -3, false, false, false },
        { 6, 6, 40, false, false, false }, { 4, 4, 4, false, false, false },
        { 6, 8, -3, false, false, false }, { 5, 9, 4, false, false, false },
        { 5, 11, 4, false, false, false }, { 5, 11, -3, false, false, false },
        { 5, 6, 4, true, false, false },   { 5, 6, -3, true, false, false },
        { 6, 6, 40, true, false, false },  { 5, 6, 4, false, true, false },
        { 5, 11, 4, true, false, true },   { 5, 11, -3, false, true, true },
        { 3, 3, 4, false, false, false },  { 0, 3, 4, false, false, false },
        { 1, 3, -3, false, false, false }, { 2, 4, 4, false, false, false },
        { 0, 11, 4, false, false, false }, { 1, 3, 4, true, false, false },
        { 0, 3, -3, false, true, false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        judge_hole(*state, 0, &cases[i]);
    }
}

/* The n-th allocation fails, the n-th read fails, the n-th callback fails. */
static void whatever_fails_fails_cleanly(void **state)
{
    scene *at = play(state, &plots[5]);
    fixture *fix = at->fix;
    svms_report report;
    sparse_unlock(&at->taken, &at->file, "pass word");
    for (uint64_t n = 1; n < 400; n++) {
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = sparse_verify(&at->taken, &at->options, &report, NULL);
        fix->allocation_fails_at = 0;
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO);
        if (status == SVMS_OK && fix->allocations < n) {
            break;
        }
    }
    for (uint64_t n = 1; n < 400; n++) {
        at->taken.image.reads = 0;
        at->taken.image.read_fails_at = n;
        svms_status status = sparse_verify(&at->taken, &at->options, &report, NULL);
        at->taken.image.read_fails_at = 0;
        assert_true(status == SVMS_E_IO || (status == SVMS_OK && at->taken.image.reads < n));
        if (status == SVMS_OK) {
            break;
        }
    }
    for (uint64_t n = 1; n < 400; n++) {
        at->taken.calls = 0;
        at->taken.call_fails_at = n;
        svms_status status = sparse_verify(&at->taken, &at->options, &report, NULL);
        at->taken.call_fails_at = 0;
        assert_true(status == SVMS_E_IO || (status == SVMS_OK && at->taken.calls < n));
        if (status == SVMS_OK) {
            break;
        }
    }
    drop_scene(&at);
}

static void collecting_fails_cleanly_too(void **state)
{
    scene *at = play(state, &plots[5]);
    fixture *fix = at->fix;
    svms_report report;
    size_t pieces = at->taken.count;
    sparse_clear(&at->taken);
    for (size_t n = 1; n <= pieces; n++) {
        at->taken.callback_fails_at = n;
        assert_int_equal(sparse_collect(&at->taken, fix, &at->file, &at->options, false, &report),
                         SVMS_E_STATE);
        assert_int_equal(at->taken.count, n - 1);
        sparse_clear(&at->taken);
    }
    for (uint64_t n = 1; n < 2000; n++) {
        uint64_t before = at->file.reads;
        at->taken.callback_fails_at = 0;
        at->file.read_fails_at = before + 6 + n; /* opening the header in the fixture first */
        svms_status status =
            sparse_collect(&at->taken, fix, &at->file, &at->options, false, &report);
        bool reached = at->file.reads >= at->file.read_fails_at;
        at->file.read_fails_at = 0;
        sparse_clear(&at->taken);
        assert_true(status == SVMS_E_IO || (status == SVMS_OK && !reached));
        if (status == SVMS_OK) {
            break;
        }
    }
    drop_scene(&at);
}

/* Whoever looks for the end says why reading failed. */
static void a_failed_read_says_what_the_system_said(void **state)
{
    scene *at = play(state, &plots[0]);
    svms_source source = memory_source(&at->file);
    svms_front front;
    svms_index_entry entry;
    svms_end end;
    bool done = false;
    assert_int_equal(svms_front_open(&front, at->fix->ctx, &source, NULL), SVMS_OK);
    for (uint64_t n = 1; !done && n < 100; n++) {
        svms_error err = SVMS_ERROR_INIT;
        bool found = false;
        at->file.reads = 0;
        at->file.read_fails_at = n;
        svms_status status = svms_front_find_end(&front, &found, &end, &err);
        if (status == SVMS_OK) {
            status = svms_front_believe_end(&front, &end, &found, &err);
        }
        if (status == SVMS_OK) {
            status = svms_front_look_up(&front, &end, 2, NULL, &found, &entry, &err);
        }
        at->file.read_fails_at = 0;
        done = status == SVMS_OK;
        assert_int_equal(status, done ? SVMS_OK : SVMS_E_IO);
        assert_int_equal(err.os_error, done ? 0 : EIO);
        assert_true(!done || (found && at->file.reads == n - 1));
    }
    assert_true(done);
    svms_front_clear(&front);
    drop_scene(&at);
}

static svms_status forget(void *user, const svms_piece *piece, const svms_manifest *manifest,
                          svms_error *err)
{
    (void)user;
    (void)piece;
    (void)manifest;
    (void)err;
    return SVMS_OK;
}

static void memory_may_fail_while_collecting(void **state)
{
    static const size_t chosen[] = { 0, 4, 5 };
    for (size_t p = 0; p < 3; p++) {
        scene *at = play(state, &plots[chosen[p]]);
        fixture *fix = at->fix;
        const svms_collector collector = { forget, NULL, true, NULL, NULL };
        bool done = false;
        for (uint64_t n = 1; !done && n < 1000; n++) {
            svms_report report = SVMS_REPORT_INIT;
            svms_source source = memory_source(&at->file);
            fix->allocations = 0;
            fix->allocation_fails_at = n;
            svms_status status =
                svms_excerpt_collect(fix->ctx, &source, &at->options, &collector, &report, NULL);
            fix->allocation_fails_at = 0;
            done = fix->allocations < n;
            assert_true(status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO ||
                        (status == SVMS_OK && done));
        }
        assert_true(done);
        drop_scene(&at);
    }
}

static void wrong_calls_are_refused(void **state)
{
    scene *at = play(state, &plots[0]);
    svms_report report = SVMS_REPORT_INIT;
    svms_excerpt_findings found;
    svms_excerpt broken = at->taken.excerpt;
    svms_reader *reader = NULL;
    svms_ctx *ctx = at->fix->ctx;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_keyring *ring = password_ring(at->fix, "pass word");
    options.keys = ring;
    assert_int_equal(svms_verify_excerpt(NULL, &broken, NULL, false, &report, &found, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_verify_excerpt(ctx, NULL, NULL, false, &report, &found, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_verify_excerpt(ctx, &broken, NULL, false, &report, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_reader_open_excerpt(&reader, ctx, &broken, &options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_reader_open_excerpt(NULL, ctx, &broken, NULL, NULL), SVMS_E_USAGE);
    broken.piece_at = NULL;
    assert_int_equal(svms_verify_excerpt(ctx, &broken, NULL, false, &report, &found, NULL),
                     SVMS_E_USAGE);
    svms_keyring_free(&ring);
    drop_scene(&at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_piece_can_be_left_out, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(pieces_cannot_be_swapped_or_repeated, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_missing_segment_is_named_with_its_time, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_wrong_late_signature_names_the_segment_that_it_signs,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_piece_cannot_lie_about_itself, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(pieces_of_another_container_do_not_belong_here,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_leads_nowhere_is_not_carried, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(manifests_do_not_stand_for_segments, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(no_more_is_removed_than_is_said, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_does_not_verify_never_reaches_out_of_the_period,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(unverified_pieces_are_never_authentic, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(whatever_fails_fails_cleanly, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(collecting_fails_cleanly_too, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_failed_read_says_what_the_system_said, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(memory_may_fail_while_collecting, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(wrong_calls_are_refused, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_byte_matters, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
