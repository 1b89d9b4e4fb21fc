/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's signer puts into the stream, and where (CS-SGN-1 to CS-SGN-4, CS-SGN-6). */
#include "../base/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "camera_desk.h"
#include "signer_internal.h"

/* "I" and count further slices. */
static void slices(char *out, char first, char other, size_t count)
{
    out[0] = first;
    memset(out + 1, other, count);
    out[count + 1] = '\0';
}

static void a_sei_stands_before_the_slice_that_ends_its_gop(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "DstoI", "....cI");
    desk_feed(&d, "DP", ".P");
    desk_feed(&d, "DstoIi", "....SIP");
    desk_feed(&d, "NPNp", ".P.P");
    desk_feed(&d, "DNI", ".S.I");
    desk_end(&d, "S");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 3);
    assert_int_equal(sum.signatures, 3);
    assert_int_equal(sum.covered, 7);
    assert_int_equal(sum.tail, 0);
    assert_int_equal(sum.gaps, 0);
    desk_close(&d);
}

static void nothing_before_the_first_anchor_is_signed(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "st", "..");
    desk_feed(&d, "aPp", "acPP");
    desk_feed(&d, "P", "P");
    desk_feed(&d, "I", "I");
    desk_feed(&d, "P", "P");
    desk_end(&d, "S");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.first_unit, 4);
    assert_int_equal(sum.covered, 2);
    desk_stop(&d);

    desk_start(&d);
    desk_feed(&d, "P", "cP");
    desk_end(&d, "");
    assert_null(d.out);
    desk_close(&d);
}

static void a_picture_that_is_handed_in_slice_by_slice_stays_in_one_piece(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "i", "P");
    desk_feed(&d, "I", "cI");
    desk_feed(&d, "i", "P");
    desk_feed(&d, "I", "SI");
    desk_feed(&d, "i", "P");
    desk_end(&d, "S");
    assert_int_equal(desk_check(&d).covered, 4);
    desk_close(&d);
}

static void two_pictures_in_one_access_unit_are_two_gops(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "IPI", "cIPI");
    desk_feed(&d, "P", "SP");
    desk_end(&d, "S");
    assert_int_equal(desk_check(&d).covered, 4);
    assert_int_equal(signed_stream_gop(d.seen, 1)->start, signed_stream_gop(d.seen, 0)->end);
    desk_close(&d);
}

static void every_key_codec_framing_and_form_gives_a_valid_stream(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "RSA", "P-256/callbacks" };
    static const uint32_t codecs[] = { SVMS_CODEC_H264, SVMS_CODEC_H265 };
    static const svms_nal_framing framings[] = { SVMS_NAL_LENGTH4, SVMS_NAL_LENGTH2,
                                                 SVMS_NAL_ANNEX_B };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        desk d;
        desk_open(&d, kinds[k], NULL);
        for (uint32_t n = 0; n < 2 * 3 * 8; n++) {
            d.options.codec = codecs[n % 2];
            d.options.framing = framings[n / 2 % 3];
            d.options.flags = n / 6;
            desk_start(&d);
            for (int gop = 0; gop < 3; gop++) {
                desk_feed(&d, "DstIi", NULL);
                desk_feed(&d, "DPp", NULL);
                desk_feed(&d, "DaP", NULL);
            }
            desk_end(&d, "S");
            signed_summary sum = desk_check(&d);
            assert_int_equal(sum.signatures, 3);
            assert_int_equal(sum.covered, 3 * 6);
            assert_int_equal(sum.tail, 0);
            desk_stop(&d);
        }
        desk_close(&d);
    }
}

static void flags_decide_what_stands_in_which_sei(void **state)
{
    (void)state;
    for (uint32_t flags = 0; flags < 8; flags++) {
        desk d;
        desk_open(&d, "P-256", NULL);
        d.options.flags = flags;
        d.options.firmware = "1.2.3";
        d.options.manufacturer = "M\xC3\xBCller";
        desk_start(&d);
        bool always = (flags & SVMS_CAMERA_CERTIFICATE_SEI) == 0;
        desk_feed(&d, "I", always ? "I" : "cI");
        desk_feed(&d, "I", "SI");
        desk_end(&d, "S");
        assert_int_equal(desk_check(&d).signatures, 2);
        for (size_t i = 0; i < d.seen->sei_count; i++) {
            const signed_sei *sei = &d.seen->seis[i];
            bool is_certificate = !always && i == 0;
            bool has_chain = always || is_certificate;
            uint8_t expected = (uint8_t)((is_certificate ? 0x80 : 0) |
                                         (flags & SVMS_CAMERA_HASH_ESCAPED ? 0x40 : 0));
            assert_int_equal(sei->flags, expected);
            assert_int_equal(sei->pem[0] != NULL, has_chain);
            assert_null(sei->pem[1]);
            assert_int_equal(sei->vendor != NULL, has_chain);
            if (has_chain) {
                /* The root is not there. */
                assert_int_equal(signed_sei_certificates(sei, 0), 2);
                assert_memory_equal(sei->vendor,
                                    "\5"
                                    "1.2.3\0\7M\xC3\xBCller",
                                    15);
            }
            bool has_list = !is_certificate && (flags & SVMS_CAMERA_LOW_BIT_RATE) == 0;
            assert_int_equal(sei->list != NULL, has_list);
        }
        desk_close(&d);
    }
}

static void without_texts_there_is_no_vendor_element(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    assert_int_equal(d.seen->seis[0].tag_count[5], 0);
    desk_close(&d);
}

static void a_users_key_signs_gops_and_the_makers_key_vouches_for_it(void **state)
{
    (void)state;
    static const char *const users[] = { "P-256", "P-384", "RSA" };
    for (size_t i = 0; i < sizeof users / sizeof users[0]; i++) {
        for (uint32_t flags = 0; flags < 8; flags++) {
            desk d;
            desk_open(&d, "P-256", NULL);
            desk_add_user(&d, users[i]);
            d.options.flags = flags;
            desk_start(&d);
            desk_feed(&d, "I", "cI");
            desk_feed(&d, "I", "SI");
            desk_end(&d, "S");
            /* Who signed what is checked there. */
            assert_int_equal(desk_check(&d).signatures, 2);
            assert_int_equal(signed_sei_certificates(&d.seen->seis[0], 0), 2);
            assert_int_equal(signed_sei_certificates(&d.seen->seis[0], 1), 2);
            assert_string_equal(d.seen->seis[0].hash, "SHA256");
            assert_int_equal(d.seen->seis[1].tag_count[6], 0);
            desk_close(&d);
        }
    }
}

static void who_begins_to_watch_gets_the_certificates_again(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    svms_camera_signer_announce(d.signer);
    svms_camera_signer_announce(d.signer);
    desk_feed(&d, "st", "..");
    desk_feed(&d, "P", "cP");
    desk_feed(&d, "P", "P");
    svms_camera_signer_announce(d.signer);
    desk_feed(&d, "I", "cSI");
    assert_int_equal(desk_check(&d).signatures, 1);
    assert_int_equal(d.seen->seis[0].nal_size, d.seen->seis[1].nal_size);
    assert_memory_equal(d.seen->seis[0].nal, d.seen->seis[1].nal, d.seen->seis[0].nal_size);
    desk_stop(&d);

    d.options.flags = 0;
    desk_start(&d);
    svms_camera_signer_announce(d.signer);
    desk_feed(&d, "I", "I");
    svms_camera_signer_announce(NULL);
    desk_close(&d);
}

static void seis_without_signature_stand_behind_the_slice_that_leads_the_next_list(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.sign_every = 3;
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    desk_feed(&d, "P", "P");
    desk_feed(&d, "I", "I");
    desk_feed(&d, "P", "UP");
    /* A GOP of one picture: the SEI belongs to the list that ends here. */
    desk_feed(&d, "I", "I");
    desk_feed(&d, "I", "USI");
    desk_feed(&d, "P", "P");
    desk_feed(&d, "I", "I");
    desk_end(&d, "US");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 5);
    assert_int_equal(sum.signatures, 2);
    assert_int_equal(sum.tail, 0);
    assert_int_equal(sum.covered, d.seen->unit_count);
    desk_close(&d);
}

static void what_waits_at_the_end_belongs_to_the_last_list(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.sign_every = 255;
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    desk_feed(&d, "I", "I");
    desk_feed(&d, "I", "UI");
    desk_end(&d, "US");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 3);
    assert_int_equal(sum.signatures, 1);
    assert_int_equal(sum.tail, 0);
    assert_int_equal(signed_stream_gop(d.seen, 2)->count, 2);
    desk_close(&d);
}

static void copies_are_the_same_and_those_without_signature_are_covered(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.sign_every = 2;
    d.options.copies = 3;
    desk_start(&d);
    desk_feed(&d, "I", "cccI");
    desk_feed(&d, "I", "I");
    desk_feed(&d, "P", "UUUP");
    desk_feed(&d, "I", "SSSI");
    desk_end(&d, "SSS");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 3);
    assert_int_equal(sum.signatures, 2);
    assert_int_equal(sum.tail, 0);
    assert_int_equal(signed_stream_gop(d.seen, 1)->count, 5);
    size_t repeated = 0;
    for (size_t i = 0; i < d.seen->sei_count; i++) {
        repeated += d.seen->seis[i].is_repeated;
    }
    assert_int_equal(repeated, 2 * 4);
    desk_close(&d);
}

static void parts_end_after_so_many_nal_units_and_keep_the_anchor(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.part_nal_units = 3;
    /* Parts that do not end their GOP are signed all the same. */
    d.options.sign_every = 2;
    desk_start(&d);
    desk_feed(&d, "Ii", "cIP");
    desk_feed(&d, "Pp", "PP");
    desk_feed(&d, "Ppp", "SPPP");
    desk_feed(&d, "P", "SP");
    desk_feed(&d, "I", "I");
    desk_feed(&d, "I", "USI");
    desk_end(&d, "S");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 5);
    assert_int_equal(sum.signatures, 4);
    static const size_t counts[] = { 4, 3, 1, 2, 1 };
    static const bool partial[] = { true, true, false, false, false };
    for (size_t i = 0; i < sum.gops; i++) {
        assert_int_equal(signed_stream_gop(d.seen, i)->count, counts[i]);
        assert_int_equal(signed_stream_gop(d.seen, i)->is_partial, partial[i]);
    }
    desk_close(&d);
}

static void parts_end_after_so_long_a_time(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.part_ms = 100;
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    desk_feed(&d, "P", "P");
    desk_feed(&d, "P", "P");
    desk_feed(&d, "P", "SP");
    d.now += INT64_C(60000000) - DESK_FRAME;
    desk_feed(&d, "st", "..");
    d.now += INT64_C(40000000) - DESK_FRAME;
    desk_feed(&d, "P", "SP");
    desk_end(&d, "S");
    assert_int_equal(desk_check(&d).gops, 3);
    desk_close(&d);
}

static void the_usual_part_has_a_thousand_nal_units_or_lasts_five_seconds(void **state)
{
    (void)state;
    static char many[1001];
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    slices(many, 'I', 'i', 998);
    desk_feed(&d, many, NULL);
    desk_feed(&d, "P", "P");
    desk_feed(&d, "P", "SP");
    d.now += INT64_C(5000000000) - 2 * DESK_FRAME;
    desk_feed(&d, "P", "P");
    desk_feed(&d, "P", "SP");
    desk_end(&d, "S");
    assert_int_equal(signed_stream_gop(d.seen, 0)->count, 1000);
    assert_int_equal(signed_stream_gop(d.seen, 1)->count, 2);
    assert_int_equal(desk_check(&d).tail, 0);
    desk_close(&d);
}

static void a_list_that_does_not_fit_an_element_is_left_out(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        size_t most; /* hashes */
    } cases[] = { { "P-256", 2047 }, { "P-384", 1365 } };
    static char many[4096];
    for (size_t i = 0; i < 2; i++) {
        desk d;
        desk_open(&d, cases[i].kind, NULL);
        d.options.part_nal_units = 50000;
        desk_start(&d);
        slices(many, 'I', 'i', cases[i].most - 1);
        desk_feed(&d, many, NULL);
        slices(many, 'I', 'i', cases[i].most);
        desk_feed(&d, many, NULL);
        desk_end(&d, "S");
        assert_int_equal(desk_check(&d).signatures, 2);
        assert_non_null(signed_stream_gop(d.seen, 0)->list);
        assert_null(signed_stream_gop(d.seen, 1)->list);
        assert_int_equal(signed_stream_gop(d.seen, 1)->count, cases[i].most + 1);
        desk_close(&d);
    }
}

static void a_list_that_does_not_fit_behind_its_length_is_left_out(void **state)
{
    (void)state;
    static char many[4096];
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.framing = SVMS_NAL_LENGTH2;
    d.options.part_nal_units = 50000;
    desk_start(&d);
    slices(many, 'I', 'i', 1900);
    desk_feed(&d, many, NULL);
    slices(many, 'I', 'i', 2045);
    desk_feed(&d, many, NULL);
    desk_end(&d, "S");
    assert_int_equal(desk_check(&d).signatures, 2);
    assert_non_null(signed_stream_gop(d.seen, 0)->list);
    assert_null(signed_stream_gop(d.seen, 1)->list);
    desk_close(&d);
}

static void one_byte_lengths_hold_small_seis_and_no_certificates(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.framing = SVMS_NAL_LENGTH1;
    assert_int_equal(desk_try_start(&d), SVMS_E_LIMIT);
    assert_null(d.signer);
    d.options.flags = 0;
    desk_start(&d);
    desk_feed(&d, "I", "I");
    assert_int_equal(desk_try(&d, "I"), SVMS_E_LIMIT);
    assert_string_equal(d.text, "I");
    assert_int_equal(desk_try_end(&d), SVMS_E_LIMIT);
    assert_int_equal(desk_check(&d).gops, 0);
    desk_close(&d);
}

static void the_count_of_a_part_never_overflows(void **state)
{
    (void)state;
    static char many[SVMS_SIGNER_UNIT_MAX + 1];
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.part_nal_units = 50000;
    desk_start(&d);
    slices(many, 'I', 'i', 1);
    desk_feed(&d, many, NULL);
    slices(many, 'P', 'p', SVMS_SIGNER_UNIT_MAX - 1);
    for (int i = 0; i < 14; i++) {
        desk_feed(&d, many, NULL);
    }
    desk_end(&d, "S");
    signed_summary sum = desk_check(&d);
    assert_int_equal(sum.gops, 2);
    assert_int_equal(sum.tail, 0);
    assert_int_equal(signed_stream_gop(d.seen, 0)->count, 2 + 13 * SVMS_SIGNER_UNIT_MAX);
    desk_stop(&d);

    /* Slices that begin no picture cannot end a part. */
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    slices(many, 'p', 'p', SVMS_SIGNER_UNIT_MAX - 1);
    for (int i = 0; i < 15; i++) {
        desk_feed(&d, many, NULL);
    }
    assert_int_equal(desk_try(&d, many), SVMS_E_LIMIT);
    assert_non_null(d.out);
    desk_feed(&d, "P", "P");
    desk_feed(&d, "I", "SI");
    desk_end(&d, "S");
    sum = desk_check(&d);
    assert_int_equal(sum.gaps, 1);
    assert_int_equal(sum.covered, 2);
    desk_close(&d);
}

static void counters_begin_anew_after_the_last_one(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "I", "cI");
    d.signer->counter = UINT32_MAX;
    desk_feed(&d, "I", "SI");
    desk_feed(&d, "I", "SI");
    desk_end(&d, "S");
    assert_int_equal(signed_stream_gop(d.seen, 0)->counter, UINT32_MAX);
    assert_int_equal(signed_stream_gop(d.seen, 1)->counter, 0);
    assert_int_equal(signed_stream_gop(d.seen, 2)->counter, 1);
    desk_close(&d);
}

static void what_the_encoder_wants_signed_is_covered_where_it_stands(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    desk_feed(&d, "aI", "acI");
    desk_feed(&d, "aPa", "aPa");
    desk_feed(&d, "aI", "aSI");
    desk_feed(&d, "a", "a");
    desk_end(&d, "S");
    assert_int_equal(signed_stream_gop(d.seen, 0)->count, 5);
    assert_int_equal(signed_stream_gop(d.seen, 1)->count, 2);
    assert_int_equal(desk_check(&d).tail, 0);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sei_stands_before_the_slice_that_ends_its_gop),
        cmocka_unit_test(nothing_before_the_first_anchor_is_signed),
        cmocka_unit_test(a_picture_that_is_handed_in_slice_by_slice_stays_in_one_piece),
        cmocka_unit_test(two_pictures_in_one_access_unit_are_two_gops),
        cmocka_unit_test(every_key_codec_framing_and_form_gives_a_valid_stream),
        cmocka_unit_test(flags_decide_what_stands_in_which_sei),
        cmocka_unit_test(without_texts_there_is_no_vendor_element),
        cmocka_unit_test(a_users_key_signs_gops_and_the_makers_key_vouches_for_it),
        cmocka_unit_test(who_begins_to_watch_gets_the_certificates_again),
        cmocka_unit_test(seis_without_signature_stand_behind_the_slice_that_leads_the_next_list),
        cmocka_unit_test(what_waits_at_the_end_belongs_to_the_last_list),
        cmocka_unit_test(copies_are_the_same_and_those_without_signature_are_covered),
        cmocka_unit_test(parts_end_after_so_many_nal_units_and_keep_the_anchor),
        cmocka_unit_test(parts_end_after_so_long_a_time),
        cmocka_unit_test(the_usual_part_has_a_thousand_nal_units_or_lasts_five_seconds),
        cmocka_unit_test(a_list_that_does_not_fit_an_element_is_left_out),
        cmocka_unit_test(a_list_that_does_not_fit_behind_its_length_is_left_out),
        cmocka_unit_test(one_byte_lengths_hold_small_seis_and_no_certificates),
        cmocka_unit_test(the_count_of_a_part_never_overflows),
        cmocka_unit_test(counters_begin_anew_after_the_last_one),
        cmocka_unit_test(what_the_encoder_wants_signed_is_covered_where_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
