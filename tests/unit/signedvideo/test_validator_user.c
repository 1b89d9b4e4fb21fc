/* SPDX-License-Identifier: Apache-2.0 */
/* A user's own key: it is believed by what the maker's key signed together with it, or by an anchor
 * of the user's, and by nothing else (CS-DOC-7, CS-VER-10). */
#include "../base/cmocka_all.h"

#include <string.h>

#include "film_lab.h"

/* A camera with a user's key: the film is signed with that. */
typedef struct owner {
    lab *l;
    film_camera user;
    svms_trust *anchors; /* the user's */
} owner;

static void owner_open(owner *o, lab *l)
{
    *o = (owner){ .l = l };
    film_camera_open(&o->user, "EC", NULL, 5000);
    o->anchors = film_trust(l->ctx, &o->user);
}

static void owner_close(owner *o)
{
    svms_trust_free(&o->anchors);
    film_camera_close(&o->user);
}

/* A certificate SEI with both chains, or without the maker's, signed by that key. */
static bytes certificates_of(const owner *o, bool with_maker, EVP_PKEY *key)
{
    bytes elements = { NULL, 0 };
    put_cryptography(&elements, 1, NULL, 0);
    if (with_maker) {
        put_certificates(&elements, 0, o->l->camera.pem);
    }
    put_certificates(&elements, 1, o->user.pem);
    sei_plan plan = { .reserved = 0x80, .elements = &elements, .key = key, .digest = "SHA256" };
    bytes out = sei_make(&plan);
    bytes_free(&elements);
    return out;
}

/* The user's key signs everything but the certificate SEI. */
static void shoot(owner *o, bool with_maker, bool by_maker)
{
    film_free(&o->l->film);
    film_camera_restart(&o->user);
    film_shoot(&o->l->film, &o->user, "I P P SI P S");
    EVP_PKEY *key = by_maker ? o->l->camera.leaf.key : o->user.leaf.key;
    bytes sei = certificates_of(o, with_maker, key);
    film_insert(&o->l->film, 0, sei.data, sei.size);
    o->l->film.units[0].frame = o->l->film.units[1].frame;
    bytes_free(&sei);
}

static void what_the_makers_key_signed_binds_the_users_key(void **state)
{
    owner o;
    owner_open(&o, *state);
    shoot(&o, true, true);
    lab_expect(o.l, "authentic 0+3; authentic 3+3");
    /* A stranger's anchor instead. */
    o.l->options.trust = o.anchors;
    lab_expect(o.l, "authentic 0+3?; authentic 3+3?");
    owner_close(&o);
}

/* With nothing but the user's anchor the maker's need not be known. */
static void an_anchor_of_the_users_is_enough(void **state)
{
    owner o;
    owner_open(&o, *state);
    o.l->options.trust = NULL;
    o.l->options.user_trust = o.anchors;
    shoot(&o, true, true);
    lab_expect(o.l, "authentic 0+3; authentic 3+3");
    /* It says nothing of the maker's key. */
    lab_shoot(o.l, "CI P P SI P S");
    lab_expect(o.l, "authentic 0+3?; authentic 3+3?");
    owner_close(&o);
}

/* Whoever has a key can write a SEI that names the maker's certificates as well. */
static void a_users_key_binds_itself_to_nothing(void **state)
{
    owner o;
    owner_open(&o, *state);
    o.l->options.user_trust = o.anchors;
    for (int with_maker = 0; with_maker < 2; with_maker++) {
        shoot(&o, with_maker, false);
        lab_expect(o.l, with_maker ? "unsigned:tail+no_key 0+3; "
                                     "unsigned:tail+sei_changed+no_key 3+3"
                                   : "unsigned:tail+no_key 0+3; "
                                     "unsigned:tail+sei_malformed+no_key 3+3");
    }
    owner_close(&o);
}

/* A document that brings the user's certificates alone is verified, and not believed without an
 * anchor of the user's. */
static void a_users_key_alone_is_a_stranger(void **state)
{
    owner o;
    owner_open(&o, *state);
    shoot(&o, true, true);
    film_remove(&o.l->film, 0, 1);
    lab_expect(o.l, "unsigned:tail+no_key 0+3; unsigned:tail+no_key 3+3");
    owner_close(&o);
}

/* The maker's word does not make a certificate valid that was not. */
static void an_expired_certificate_of_a_user_is_told(void **state)
{
    owner o;
    owner_open(&o, *state);
    o.l->options.user_trust = o.anchors;
    film_camera_restart(&o.user);
    o.user.now_ns = FILM_START + INT64_C(30) * 365 * 86400 * 1000000000;
    o.l->options.now_utc_ns = o.user.now_ns + INT64_C(3600000000000);
    shoot(&o, true, true);
    lab_expect(o.l, "authentic 0+3?; authentic 3+3?");
    o.l->options.user_trust = NULL;
    lab_expect(o.l, "authentic 0+3?; authentic 3+3?");
    owner_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_makers_key_signed_binds_the_users_key, lab_open,
                                        lab_close),
        cmocka_unit_test_setup_teardown(an_anchor_of_the_users_is_enough, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(a_users_key_binds_itself_to_nothing, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(a_users_key_alone_is_a_stranger, lab_open, lab_close),
        cmocka_unit_test_setup_teardown(an_expired_certificate_of_a_user_is_told, lab_open,
                                        lab_close),
    };
    return cmocka_run_group_tests_name("signedvideo_validator_user", tests, NULL, NULL);
}
