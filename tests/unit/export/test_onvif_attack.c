/* SPDX-License-Identifier: Apache-2.0 */
/* Export files that somebody changed: nothing but taking the last signature away goes unnoticed. */
#include "onvif_case.h"
#include "onvif_edit.h"

static void no_flipped_byte_is_authentic(void **state)
{
    static const struct {
        mp4_layout shape;
        unsigned signatures;
        uint8_t flip;
    } cases[] = { { MP4_PLAIN, 1, 0x01 },
                  { MP4_PLAIN, 2, 0x80 },
                  { MP4_LONG, 1, 0x04 },
                  { MP4_FRAGMENTED, 1, 0x20 } };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file file = sealed_file(given, cases[i].shape, cases[i].signatures);
        for (size_t at = 0; at < file.size; at++) {
            file.data[at] ^= cases[i].flip;
            assert_int_not_equal(status_of(given, &file), SVMS_OK);
            file.data[at] ^= cases[i].flip;
        }
        assert_int_equal(status_of(given, &file), SVMS_OK);
        memory_file_clear(&file);
    }
}

static void no_truncated_file_is_authentic(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_FRAGMENTED, 2);
    size_t whole = file.size;
    for (file.size = 0; file.size < whole; file.size++) {
        assert_int_not_equal(status_of(given, &file), SVMS_OK);
    }
    assert_int_equal(status_of(given, &file), SVMS_OK);
    memory_file_clear(&file);
}

static void nothing_can_be_appended(void **state)
{
    const onvif_case *given = *state;
    for (size_t more = 1; more <= 24; more++) {
        memory_file file = sealed_file(given, MP4_PLAIN, 1);
        insert_bytes(&file, file.size, NULL, more);
        assert_int_not_equal(status_of(given, &file), SVMS_OK);
        memory_file_clear(&file);
    }
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    put_box(&file, "free", NULL, 4);
    assert_int_equal(status_of(given, &file), SVMS_E_NOT_AUTHENTIC);
    memory_file_clear(&file);
}

static void a_byte_outside_of_boxes_is_malformed(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    insert_bytes(&file, file.size, NULL, 3);
    assert_int_equal(status_of(given, &file), SVMS_E_MALFORMED);
    memory_file_clear(&file);
}

/* Where the signatures of a file of ours lie. */
typedef struct places {
    size_t meta;
    size_t ipro;
    size_t sinf[4];
    size_t size[4];
} places;

static places find_places(const memory_file *file, unsigned signatures)
{
    places found = { 0 };
    found.meta = find_box(file, "meta", 0);
    found.ipro = find_box(file, "ipro", found.meta);
    size_t at = found.ipro + 14;
    for (unsigned i = 0; i < signatures; i++) {
        assert_memory_equal(file->data + at + 4, "sinf", 4);
        found.sinf[i] = at;
        found.size[i] = load_u32(file, at);
        at += found.size[i];
    }
    return found;
}

static void resize(memory_file *file, const places *at, int64_t by)
{
    store_u32(file, at->meta, (uint32_t)(load_u32(file, at->meta) + by));
    store_u32(file, at->ipro, (uint32_t)(load_u32(file, at->ipro) + by));
}

static void a_dropped_signature_is_missed_unless_it_is_the_last(void **state)
{
    const onvif_case *given = *state;
    for (unsigned dropped = 0; dropped < 3; dropped++) {
        memory_file file = sealed_file(given, MP4_FRAGMENTED, 3);
        places at = find_places(&file, 3);
        remove_bytes(&file, at.sinf[dropped], at.size[dropped]);
        resize(&file, &at, -(int64_t)at.size[dropped]);
        assert_int_equal(status_of(given, &file), dropped == 2 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        memory_file_clear(&file);
    }
}

static void signatures_keep_their_order(void **state)
{
    static const unsigned orders[][3] = { { 1, 0, 2 }, { 0, 2, 1 }, { 2, 1, 0 },
                                          { 1, 2, 0 }, { 0, 1, 1 }, { 0, 0, 1 } };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        memory_file whole = sealed_file(given, MP4_PLAIN, 3);
        memory_file file = memory_copy(&whole);
        places at = find_places(&file, 3);
        size_t all = at.size[0] + at.size[1] + at.size[2];
        size_t now = 0;
        remove_bytes(&file, at.sinf[0], all);
        for (unsigned place = 0; place < 3; place++) {
            unsigned which = orders[i][place];
            insert_bytes(&file, at.sinf[0] + now, whole.data + at.sinf[which], at.size[which]);
            now += at.size[which];
        }
        resize(&file, &at, (int64_t)now - (int64_t)all);
        assert_int_equal(status_of(given, &file), SVMS_E_NOT_AUTHENTIC);
        memory_file_clear(&file);
        memory_file_clear(&whole);
    }
}

static void a_signature_belongs_to_its_file(void **state)
{
    const onvif_case *given = *state;
    memory_file plain = sealed_file(given, MP4_PLAIN, 1);
    memory_file other = sealed_file(given, MP4_LONG, 1);
    size_t from = find_box(&plain, "meta", 0);
    size_t to = find_box(&other, "meta", 0);
    remove_bytes(&other, to, other.size - to);
    insert_bytes(&other, to, plain.data + from, plain.size - from);
    assert_int_equal(status_of(given, &other), SVMS_E_NOT_AUTHENTIC);
    memory_file_clear(&plain);
    memory_file_clear(&other);
}

/* The certificate of the signer gives way to that of another exporter of the same CA. */
static void a_replaced_certificate_is_noticed(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    memory_file in = make_mp4(MP4_PLAIN);
    memory_file other = { 0 };
    assert_int_equal(seal(given, SIGNER_BRIEF, &in, &other, NULL), SVMS_OK);
    places at = find_places(&file, 1);
    size_t from = find_box(&other, "cert", 0);
    size_t to = find_box(&file, "cert", 0);
    size_t gone = load_u32(&file, to);
    size_t come = load_u32(&other, from);
    remove_bytes(&file, to, gone);
    insert_bytes(&file, to, other.data + from, come);
    int64_t by = (int64_t)come - (int64_t)gone;
    size_t schi = find_box(&file, "schi", 0);
    store_u32(&file, schi, (uint32_t)(load_u32(&file, schi) + by));
    store_u32(&file, at.sinf[0], (uint32_t)(at.size[0] + by));
    resize(&file, &at, by);
    svms_onvif_report *report = NULL;
    assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_string_equal(signature_of(report, 0).integrity_reason, "the signature does not verify");
    svms_onvif_report_free(&report);
    memory_file_clear(&in);
    memory_file_clear(&file);
    memory_file_clear(&other);
}

/* Were such boxes left out of what is checked, they could hold anything. */
static void a_second_meta_without_signatures_is_covered(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    memory_file inner = { 0 };
    insert_bytes(&inner, 0, NULL, 4);
    put_box(&inner, "ipro", "\0\0\0\0\0\1", 6);
    put_box(&inner, "xml ", "anything", 8);
    put_box(&file, "meta", inner.data, inner.size);
    svms_onvif_report *report = NULL;
    assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    assert_true(has_warning(report, "more than one file-level box 'meta'"));
    svms_onvif_report_free(&report);
    memory_file_clear(&inner);
    memory_file_clear(&file);
}

/* A sinf that is no signature, or a broken one, shields nothing. */
static void a_forged_last_signature_shields_nothing(void **state)
{
    static const char *const types[] = { "sinf", "free" };
    const onvif_case *given = *state;
    for (size_t i = 0; i < 2; i++) {
        memory_file file = sealed_file(given, MP4_PLAIN, 1);
        places at = find_places(&file, 1);
        memory_file copy = memory_copy(&file);
        size_t end = at.sinf[0] + at.size[0];
        insert_bytes(&file, end, copy.data + at.sinf[0], at.size[0]);
        memcpy(file.data + end + 4, types[i], 4);
        resize(&file, &at, (int64_t)at.size[0]);
        assert_int_equal(status_of(given, &file), SVMS_E_NOT_AUTHENTIC);
        memory_file_clear(&copy);
        memory_file_clear(&file);
    }
}

/* Offsets in the file are signed as they stand: a later signature that pushed a box on could hold a
 * film of its own, where they then lead. */
static void nothing_that_later_signatures_moved_is_authentic(void **state)
{
    static const struct {
        const char *type;
        bool may_follow;
    } cases[] = { { "mdat", false }, { "moof", false }, { "free", false }, { "uuid", false },
                  { "what", false }, { "meta", false }, { "mfra", true } };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file file = sealed_file(given, MP4_PLAIN, 2);
        memory_file out = { 0 };
        svms_onvif_report *report = NULL;
        svms_error err = SVMS_ERROR_INIT;
        put_box(&file, cases[i].type, NULL, 4);
        assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
        const char *moved = "stands in front of other boxes, and moved them";
        assert_int_equal(strstr(signature_of(report, 0).integrity_reason, moved) == NULL,
                         cases[i].may_follow);
        assert_null(strstr(signature_of(report, 1).integrity_reason, moved));
        assert_int_equal(countersign(given, SIGNER_CUSTODIAN, &file, &out, &err),
                         cases[i].may_follow ? SVMS_E_NOT_AUTHENTIC : SVMS_E_UNSUPPORTED);
        assert_int_equal(out.size, 0);
        svms_onvif_report_free(&report);
        memory_file_clear(&file);
        memory_file_clear(&out);
    }
}

/* A stranger may change that other file as he likes. */
static void media_in_another_file_are_signed_by_nobody(void **state)
{
    const onvif_case *given = *state;
    for (unsigned track = 0; track < 2; track++) {
        memory_file file = sealed_file(given, MP4_PLAIN, 1);
        memory_file in = make_mp4(MP4_PLAIN);
        memory_file out = { 0 };
        svms_onvif_report *report = NULL;
        svms_error err = SVMS_ERROR_INIT;
        size_t entry = find_box(&in, "url ", 0);
        entry = track == 0 ? entry : find_box(&in, "url ", entry + 1);
        file.data[entry + 11] = 0;
        in.data[entry + 11] = 0;
        assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
        assert_string_equal(signature_of(report, 0).integrity_reason,
                            "the media of a track lie in another file, which nobody signed");
        assert_int_equal(seal(given, SIGNER_P256, &in, &out, &err), SVMS_E_UNSUPPORTED);
        assert_non_null(strstr(err.message, "lie in another file"));
        assert_int_equal(out.size, 0);
        svms_onvif_report_free(&report);
        memory_file_clear(&in);
        memory_file_clear(&file);
    }
}

/* The custodian's own meta, with his signature, is none that signature 1 covers. */
static void a_later_meta_does_not_speak_for_the_exporter(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    size_t meta = find_box(&file, "meta", 0);
    size_t size = load_u32(&file, meta);
    memory_file copy = memory_copy(&file);
    insert_bytes(&file, file.size, copy.data + meta, size);
    /* Now the earlier meta has no description any more. */
    memcpy(file.data + find_box(&file, "suep", meta) + 4, "free", 4);
    svms_onvif_report *report = NULL;
    assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
    svms_onvif_summary summary = summary_of(report);
    assert_int_equal(summary.has_export, 0);
    assert_int_equal(summary.track_count, 0);
    assert_true(has_warning(report, "a box 'suep' that signature 1 does not cover is passed over"));
    assert_true(has_warning(report, "(box 'suep' is missing)"));
    svms_onvif_report_free(&report);
    memory_file_clear(&copy);
    memory_file_clear(&file);
}

/* A player would find fragments there, or take the letters for the beginning of such a box. */
static void later_signatures_hold_nothing_that_is_played(void **state)
{
    static const struct {
        const char *box; /* which is renamed, in the second signature */
        const char *type;
        const char *words;
    } cases[] = { { "auib", "mvex", "has a box 'mvex' which does not belong there" },
                  { "auib", "schi", "has a box 'schi' which does not belong there" },
                  { "sigC", "free", "has a box 'free' which does not belong there" },
                  { "cert", "uuid", "has a box 'uuid' which does not belong there" },
                  { "schi", "moof", "has a box 'moof' which does not belong there" } };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file file = sealed_file(given, MP4_PLAIN, 2);
        memory_file out = { 0 };
        svms_onvif_report *report = NULL;
        svms_error err = SVMS_ERROR_INIT;
        places at = find_places(&file, 2);
        memcpy(file.data + find_box(&file, cases[i].box, at.sinf[1]) + 4, cases[i].type, 4);
        assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
        if (strstr(signature_of(report, 0).integrity_reason, cases[i].words) == NULL) {
            fail_msg("case %zu: %s", i, signature_of(report, 0).integrity_reason);
        }
        assert_int_equal(countersign(given, SIGNER_CUSTODIAN, &file, &out, &err),
                         SVMS_E_NOT_AUTHENTIC);
        assert_non_null(strstr(err.message, cases[i].words));
        assert_int_equal(out.size, 0);
        svms_onvif_report_free(&report);
        memory_file_clear(&file);
    }
}

/* As the one that was there, with one thing changed. */
static void a_later_meta_holds_nothing_that_is_played(void **state)
{
    static const struct {
        const char *box;
        size_t place; /* from the beginning of the box */
        const char *put;
        const char *words; /* NULL: no word of what was added */
    } cases[] = { { "suep", 4, "suep", NULL },
                  { "suep", 4, "cstb", NULL },
                  { "suep", 4, "sumi", NULL },
                  { "suep", 4, "moof", "has a box 'moof' which does not belong there" },
                  { "suep", 4, "free", "has a box 'free' that is not empty" },
                  { "suep", 4, "hdlr", "has a box 'hdlr' that is not the format's, or not in f" },
                  { "hdlr", 4, "suep", NULL },
                  { "hdlr", 4, "uuid", "has a box 'uuid' which does not belong there" },
                  { "hdlr", 8, "\0\0\0\1", "has a box 'hdlr' that is not the format's" },
                  { "hdlr", 16, "vide", "has a box 'hdlr' that is not the format's" },
                  { "hdlr", 28, "\0\0\0\1", "has a box 'hdlr' that is not the format's" },
                  { "meta", 8, "\0\0\0\1", "has a box 'meta' of another version" },
                  { "cstb", 4, "trak", "has a box 'trak' which does not belong there" },
                  { "auib", 4, "moov", "has a box 'moov' which does not belong there" } };
    static const char moved[] = "what was added later";
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memory_file file = sealed_file(given, MP4_PLAIN, 1);
        svms_onvif_report *report = NULL;
        memory_file copy = memory_copy(&file);
        size_t first = find_box(&file, "meta", 0);
        size_t meta = file.size;
        insert_bytes(&file, meta, copy.data + first, copy.size - first);
        memcpy(file.data + find_box(&file, cases[i].box, meta) + cases[i].place, cases[i].put, 4);
        assert_int_equal(verify_export(given, &file, false, &report, NULL), SVMS_E_NOT_AUTHENTIC);
        const char *why = signature_of(report, 0).integrity_reason;
        const char *words = cases[i].words;
        /* The second signature is a copy of the first, and holds for nothing. */
        if (words != NULL ? strstr(why, words) == NULL : strstr(why, moved) != NULL) {
            fail_msg("case %zu: %s", i, why);
        }
        assert_int_equal(signature_of(report, 0).integrity == SVMS_INTEGRITY_INTACT, words == NULL);
        assert_null(strstr(signature_of(report, 1).integrity_reason, moved));
        svms_onvif_report_free(&report);
        memory_file_clear(&copy);
        memory_file_clear(&file);
    }
}

/* As other tools write it: without a handler. */
static memory_file bare_file(const onvif_case *given)
{
    memory_file file = sealed_file(given, MP4_PLAIN, 1);
    svms_source source = memory_source(&file);
    svms_onvif_file found = { .ctx = given->fix->ctx, .source = &source };
    svms_onvif_algorithm algorithm;
    svms_onvif_edits edits;
    memcpy(file.data + find_box(&file, "hdlr", find_box(&file, "meta", 0)) + 4, "what", 4);
    assert_int_equal(svms_onvif_algorithm_of(&algorithm, given->keys[SIGNER_P256], NULL), SVMS_OK);
    assert_int_equal(svms_onvif_outline(&found, NULL), SVMS_OK);
    svms_onvif_view_of(&edits, &found, 0);
    svms_onvif_lane lane = { .edits = &edits, .digest = algorithm.digest };
    assert_int_equal(svms_onvif_digest_lanes(&found, &lane, 1, NULL), SVMS_OK);
    const svms_iso_box *sibo = &found.sinfs[0].sibo;
    assert_int_equal(svms_onvif_sign(given->fix->ctx, given->keys[SIGNER_P256], &algorithm,
                                     lane.out, file.data + svms_iso_payload_offset(sibo),
                                     (size_t)svms_iso_payload_size(sibo), NULL),
                     SVMS_OK);
    assert_int_equal(status_of(given, &file), SVMS_OK);
    return file;
}

/* What another tool signed begins without a handler; ours is signed again, and read so. */
static void letters_of_a_handler_are_not_added(void **state)
{
    static const char *const notes[] = { "as received", "hdlr", "xhdlrx" };
    const onvif_case *given = *state;
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        for (unsigned bare = 0; bare < 2; bare++) {
            svms_onvif_countersign_options options = sign_options(given, SIGNER_CUSTODIAN);
            memory_file file = bare ? bare_file(given) : sealed_file(given, MP4_PLAIN, 1);
            memory_file out = { 0 };
            svms_error err = SVMS_ERROR_INIT;
            svms_source source = memory_source(&file);
            svms_sink sink = memory_sink(&out);
            options.note = notes[i];
            svms_status status =
                svms_onvif_countersign(given->fix->ctx, &source, &sink, &options, &err);
            if (bare && i > 0) {
                assert_int_equal(status, SVMS_E_UNSUPPORTED);
                assert_non_null(strstr(err.message, "has the letters 'hdlr'"));
                assert_int_equal(out.size, 0);
            } else {
                assert_int_equal(status, SVMS_OK);
                assert_int_equal(status_of(given, &out), SVMS_OK);
            }
            memory_file_clear(&file);
            memory_file_clear(&out);
        }
    }
}

static void a_broken_file_is_not_signed_again(void **state)
{
    const onvif_case *given = *state;
    memory_file file = sealed_file(given, MP4_PLAIN, 2);
    memory_file out = { 0 };
    svms_error err = SVMS_ERROR_INIT;
    file.data[find_box(&file, "mdat", 0) + 9] ^= 1;
    assert_int_equal(countersign(given, SIGNER_CUSTODIAN, &file, &out, &err), SVMS_E_NOT_AUTHENTIC);
    assert_non_null(strstr(err.message, "signature 1 does not hold"));
    assert_int_equal(out.size, 0);
    memory_file_clear(&file);
    memory_file_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_flipped_byte_is_authentic),
        cmocka_unit_test(no_truncated_file_is_authentic),
        cmocka_unit_test(nothing_can_be_appended),
        cmocka_unit_test(a_byte_outside_of_boxes_is_malformed),
        cmocka_unit_test(a_dropped_signature_is_missed_unless_it_is_the_last),
        cmocka_unit_test(signatures_keep_their_order),
        cmocka_unit_test(a_signature_belongs_to_its_file),
        cmocka_unit_test(a_replaced_certificate_is_noticed),
        cmocka_unit_test(a_second_meta_without_signatures_is_covered),
        cmocka_unit_test(a_forged_last_signature_shields_nothing),
        cmocka_unit_test(nothing_that_later_signatures_moved_is_authentic),
        cmocka_unit_test(media_in_another_file_are_signed_by_nobody),
        cmocka_unit_test(a_later_meta_does_not_speak_for_the_exporter),
        cmocka_unit_test(later_signatures_hold_nothing_that_is_played),
        cmocka_unit_test(a_later_meta_holds_nothing_that_is_played),
        cmocka_unit_test(letters_of_a_handler_are_not_added),
        cmocka_unit_test(a_broken_file_is_not_signed_again),
    };
    return cmocka_run_group_tests(tests, onvif_setup, onvif_teardown);
}
