/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody without the content key, or with that of another container, can do to the access
 * block; what a key officer's signature adds; and what neither can prevent. */
#include <stdio.h>

#include <openssl/evp.h>

#include "access_block.h"
#include "crowd.h"
#include "front.h"

enum { FIXED = 40, STANZA_HEADER = 8, SEALED = 48, BLOCK = 16 };

static uint8_t *slot_of(memory_file *file, uint32_t number)
{
    return file->data + slot_offset(file, number);
}

/* The n-th stanza of slot 0 with its header. */
static uint8_t *stanza_of(memory_file *file, uint32_t number, size_t *size)
{
    uint8_t *at = slot_of(file, 0) + FIXED;
    for (;; number--) {
        *size = STANZA_HEADER + (((size_t)at[6] << 8) | at[7]);
        if (number == 0) {
            return at;
        }
        at += *size;
    }
}

/* Order of the stanzas in the file: that of the members. */
static void expect_refusals(const crowd *all, memory_file *file, svms_status of_kek)
{
    for (uint32_t kind = 0; kind < MEMBERS; kind++) {
        svms_error err;
        svms_status status = crowd_open(all, ONLY(kind), file, &err);
        const char *words =
            kind == PASSWORD ? "the password is wrong" : "altered or made for another container";
        if (kind == KEK && of_kek == SVMS_E_UNDECRYPTABLE) {
            words = "altered by somebody without the key";
        }
        if (status != (kind == KEK ? of_kek : SVMS_E_WRONG_KEY) ||
            strstr(err.message, words) == NULL) {
            fail_msg("kind %u: %s: %s", kind, svms_status_name(status), err.message);
        }
    }
}

static void stanzas_of_another_container_open_nothing(void **state)
{
    crowd all = crowd_new(*state);
    memory_file one = { 0 };
    memory_file two = { 0 };
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    crowd_record(&all, &how, &one);
    crowd_record(&all, &how, &two);
    size_t last = 0;
    size_t size = (size_t)(stanza_of(&one, MEMBERS - 1, &last) - slot_of(&one, 0)) + last - FIXED;
    memcpy(slot_of(&two, 0) + FIXED, slot_of(&one, 0) + FIXED, size);
    reseal_slot(&two, 0);
    expect_refusals(&all, &two, SVMS_E_WRONG_KEY);
    memory_file_clear(&two);
    memory_file_clear(&one);
    crowd_clear(&all);
}

static void a_swapped_stanza_is_an_altered_list_to_those_who_still_open(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    for (uint32_t swapped = 0; swapped < MEMBERS; swapped++) {
        memory_file one = { 0 };
        memory_file two = { 0 };
        size_t size = 0;
        crowd_record(&all, &how, &one);
        crowd_record(&all, &how, &two);
        uint8_t *target = stanza_of(&two, swapped, &size);
        memcpy(target, stanza_of(&one, swapped, &size), size);
        reseal_slot(&two, 0);
        for (uint32_t kind = 0; kind < MEMBERS; kind++) {
            svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
            svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
            svms_keyring *ring = crowd_ring(&all, ONLY(kind));
            svms_source source = memory_source(&two);
            svms_status expected = kind == swapped ? SVMS_E_WRONG_KEY : SVMS_E_UNDECRYPTABLE;
            assert_int_equal(svms_recipients_list(fix->ctx, &source, ring, &list, NULL), expected);
            assert_int_equal(list.count, 0);
            change.keys = ring;
            change.password = "x";
            change.password_size = 1;
            change.password_log2_n = 10;
            assert_int_equal(change_file(fix, &two, &change, NULL), expected);
            svms_keyring_free(&ring);
        }
        /* Without keys the list is consistent, and nothing more is said of it. */
        svms_recipient_list list = list_of(fix, &two, NULL);
        assert_int_equal(list.count, MEMBERS);
        assert_int_equal(list.authenticated, 0);
        memory_file_clear(&two);
        memory_file_clear(&one);
    }
    crowd_clear(&all);
}

static void an_access_block_of_another_container_is_refused(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file one = { 0 };
    memory_file two = { 0 };
    svms_report report;
    svms_error err;
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    crowd_record(&all, &how, &one);
    crowd_record(&all, &how, &two);
    uint8_t id[16];
    memcpy(id, slot_of(&two, 0) + 8, 16);
    memcpy(slot_of(&two, 0), slot_of(&one, 0), slot_size_in(&two));
    assert_int_equal(verify_file(fix, &two, fix->trust, &report), SVMS_E_INCOMPLETE);
    assert_string_equal(report.first_failure.reason, "an access slot belongs to another container");
    assert_int_equal(crowd_open(&all, ONLY(RSA), &two, &err), SVMS_E_WRONG_KEY);
    assert_non_null(strstr(err.message, "access block is damaged"));
    /* The forger gives it the container's id. */
    memcpy(slot_of(&two, 0) + 8, id, 16);
    reseal_slot(&two, 0);
    expect_refusals(&all, &two, SVMS_E_WRONG_KEY);
    memory_file_clear(&two);
    memory_file_clear(&one);
    crowd_clear(&all);
}

static uint8_t *find(memory_file *file, const void *wanted, size_t size)
{
    size_t end = lay_out_file(file).header_size;
    for (size_t at = 0; at + size <= end; at++) {
        if (memcmp(file->data + at, wanted, size) == 0) {
            return file->data + at;
        }
    }
    fail_msg("the header does not hold what was looked for");
    return NULL;
}

/* A gateway that releases what belongs to camera B must not be talked into releasing camera A. */
static void a_header_that_was_relabelled_releases_no_key(void **state)
{
    static const uint8_t camera_a[16] = "camera A, safe ";
    static const uint8_t camera_b[16] = "camera B, lobby";
    crowd all = crowd_new(*state);
    memory_file file = { 0 };
    crowd_recipe how = { EVERYBODY, 0, true, camera_a };
    crowd_record(&all, &how, &file); /* unsigned, so that the header can be changed at all */
    assert_int_equal(crowd_openers(&all, &file), EVERYBODY);
    memcpy(find(&file, camera_a, 16), camera_b, 16);
    expect_refusals(&all, &file, SVMS_E_UNDECRYPTABLE);
    memory_file_clear(&file);
    crowd_clear(&all);
}

/* The forger's own container, with all that the key check of the victim's depends on. */
static void a_header_that_borrows_the_key_check_releases_no_key(void **state)
{
    crowd all = crowd_new(*state);
    memory_file victim = { 0 };
    memory_file forged = { 0 };
    svms_front front;
    crowd_recipe how = { EVERYBODY, 0, true, NULL };
    fixture *fix = *state;
    crowd_record(&all, &how, &victim);
    crowd_record(&all, &how, &forged);
    svms_source source = memory_source(&forged);
    assert_int_equal(svms_front_open(&front, fix->ctx, &source, NULL), SVMS_OK);
    uint8_t *id = find(&forged, front.header.container_id, 16);
    uint8_t *check = find(&forged, front.header.key_check, 32);
    svms_front_clear(&front);
    source = memory_source(&victim);
    assert_int_equal(svms_front_open(&front, fix->ctx, &source, NULL), SVMS_OK);
    memcpy(id, front.header.container_id, 16);
    memcpy(check, front.header.key_check, 32);
    svms_front_clear(&front);
    memcpy(slot_of(&forged, 0), slot_of(&victim, 0), 2 * slot_size_in(&victim));
    expect_refusals(&all, &forged, SVMS_E_UNDECRYPTABLE);
    memory_file_clear(&forged);
    memory_file_clear(&victim);
    crowd_clear(&all);
}

/* Elements of GF(2^128) as GCM writes them: the first bit of the first byte is the constant term.
 */
typedef struct element {
    uint8_t bytes[BLOCK];
} element;

static element sum(element a, element b)
{
    for (size_t i = 0; i < BLOCK; i++) {
        a.bytes[i] ^= b.bytes[i];
    }
    return a;
}

static element product(element a, element b)
{
    element result = { { 0 } };
    for (unsigned bit = 0; bit < 128; bit++) {
        if ((a.bytes[bit / 8] >> (7 - bit % 8)) & 1) {
            result = sum(result, b);
        }
        unsigned carry = b.bytes[BLOCK - 1] & 1;
        for (size_t i = BLOCK - 1; i > 0; i--) {
            b.bytes[i] = (uint8_t)((b.bytes[i] >> 1) | (b.bytes[i - 1] << 7));
        }
        b.bytes[0] = (uint8_t)((b.bytes[0] >> 1) ^ (carry != 0 ? 0xe1 : 0));
    }
    return result;
}

/* a^(2^128 - 2) */
static element inverse(element a)
{
    element result = a;
    for (int i = 0; i < 126; i++) {
        result = product(product(result, result), a);
    }
    return product(result, result);
}

static element encrypt_block(const uint8_t key[32], const uint8_t in[BLOCK])
{
    element out;
    int size = 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(cipher, EVP_aes_256_ecb(), NULL, key, NULL), 1);
    assert_int_equal(EVP_CIPHER_CTX_set_padding(cipher, 0), 1);
    assert_int_equal(EVP_EncryptUpdate(cipher, out.bytes, &size, in, BLOCK), 1);
    assert_int_equal(size, BLOCK);
    EVP_CIPHER_CTX_free(cipher);
    return out;
}

/* Equation of one key for the two ciphertext blocks and the tag: C1 H^3 + C2 H^2 + T = rest. */
static void equation(const uint8_t key[32], const uint8_t aad[32], element row[4])
{
    static const uint8_t zero[BLOCK] = { 0 };
    static const uint8_t counter[BLOCK] = { [15] = 1 };
    static const element lengths = { { [6] = 1, [14] = 1 } }; /* 256 bits each */
    element h = encrypt_block(key, zero);
    element h2 = product(h, h);
    element h3 = product(h2, h);
    element first;
    element second;
    memcpy(first.bytes, aad, BLOCK);
    memcpy(second.bytes, aad + BLOCK, BLOCK);
    row[0] = h3;
    row[1] = h2;
    row[2] = (element){ { 0x80 } };
    row[3] = sum(sum(product(first, product(h3, h2)), product(second, product(h2, h2))),
                 sum(product(lengths, h), encrypt_block(key, counter)));
}

/* Three unknowns, three keys: one sealed box that three keys open. Gauss and Jordan. */
static void make_collision(const uint8_t keys[3][32], const uint8_t aad[32], uint8_t sealed[SEALED])
{
    element rows[3][4];
    for (size_t i = 0; i < 3; i++) {
        equation(keys[i], aad, rows[i]);
    }
    for (size_t pivot = 0; pivot < 3; pivot++) {
        element scale = inverse(rows[pivot][pivot]);
        for (size_t j = 0; j < 4; j++) {
            rows[pivot][j] = product(rows[pivot][j], scale);
        }
        for (size_t i = 0; i < 3; i++) {
            element factor = rows[i][pivot];
            for (size_t j = 0; i != pivot && j < 4; j++) {
                rows[i][j] = sum(rows[i][j], product(factor, rows[pivot][j]));
            }
        }
    }
    for (size_t i = 0; i < 3; i++) {
        memcpy(sealed + i * BLOCK, rows[i][3].bytes, BLOCK);
    }
}

static bool gcm_opens(const uint8_t key[32], const uint8_t aad[32], const uint8_t sealed[SEALED],
                      uint8_t plain[32])
{
    static const uint8_t nonce[12] = { 0 };
    uint8_t tag[BLOCK];
    int size = 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    memcpy(tag, sealed + 32, BLOCK);
    bool opened = EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
                  EVP_DecryptUpdate(cipher, NULL, &size, aad, 32) == 1 &&
                  EVP_DecryptUpdate(cipher, plain, &size, sealed, 32) == 1 &&
                  EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, BLOCK, tag) == 1 &&
                  EVP_DecryptFinal_ex(cipher, plain + size, &size) == 1;
    EVP_CIPHER_CTX_free(cipher);
    return opened;
}

/* A of C-ACC-6 for a password, by OpenSSL alone. */
static void password_binding(const memory_file *file, uint8_t aad[32])
{
    uint8_t text[14 + 32] = "svms1 stanza\0\1";
    assert_int_equal(
        EVP_Digest(file->data, lay_out_file(file).header_size, text + 14, NULL, EVP_sha256(), NULL),
        1);
    assert_int_equal(EVP_Digest(text, sizeof(text), aad, NULL, EVP_sha256(), NULL), 1);
}

/* A partitioning oracle asks with one stanza whether the password is one of several. Three is what
 * 48 bytes allow; the key check leaves none of them, and all are told the same. */
static void one_stanza_that_three_passwords_open_opens_with_none(void **state)
{
    static const char *const guesses[] = { "123456", "password", "qwerty", "none of them" };
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    size_t size = 0;
    uint8_t aad[32];
    uint8_t keys[4][32];
    uint8_t plain[4][32];
    crowd_recipe how = { ONLY(PASSWORD) | ONLY(X25519), 0, false, NULL };
    crowd_record(&all, &how, &file);
    uint8_t *body = stanza_of(&file, 0, &size) + STANZA_HEADER;
    password_binding(&file, aad);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(EVP_PBE_scrypt(guesses[i], strlen(guesses[i]), body, 16, 1024, 8, 1,
                                        UINT64_C(64) << 20, keys[i], 32),
                         1);
    }
    make_collision((const uint8_t(*)[32])keys, aad, body + 20);
    reseal_slot(&file, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(gcm_opens(keys[i], aad, body + 20, plain[i]), i < 3);
    }
    assert_memory_not_equal(plain[0], plain[1], 32);
    assert_memory_not_equal(plain[1], plain[2], 32);
    for (size_t i = 0; i < 4; i++) {
        svms_error err;
        svms_keyring *ring = password_ring(fix, guesses[i]);
        assert_int_equal(open_with_ring(fix, ring, &file, &err), SVMS_E_WRONG_KEY);
        assert_string_equal(err.message, "the password is wrong");
        svms_keyring_free(&ring);
    }
    assert_int_equal(crowd_open(&all, ONLY(X25519), &file, NULL), SVMS_E_UNDECRYPTABLE);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void a_second_password_stanza_makes_the_slot_damaged(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    svms_report report;
    size_t size = 0;
    crowd_recipe how = { ONLY(PASSWORD), 0, false, NULL };
    crowd_record(&all, &how, &file);
    uint8_t *slot = slot_of(&file, 0);
    uint8_t closing[4 + 64];
    uint8_t *stanza = stanza_of(&file, 0, &size);
    memcpy(closing, stanza + size, sizeof(closing));
    memcpy(stanza + size, stanza, size);
    memcpy(stanza + 2 * size, closing, sizeof(closing));
    slot[35] = 2;
    slot[39] = (uint8_t)(2 * size);
    reseal_slot(&file, 0);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_INCOMPLETE);
    assert_non_null(strstr(report.first_failure.reason, "more than one password stanza"));
    svms_error err;
    assert_int_equal(crowd_open(&all, ONLY(PASSWORD), &file, &err), SVMS_E_WRONG_KEY);
    assert_non_null(strstr(err.message, "damaged"));
    memory_file_clear(&file);
    crowd_clear(&all);
}

/* Whoever kept an old copy of a slot can put it back; the numbers show it, and nothing else can. */
static void an_older_slot_that_was_put_back_shows_in_the_revisions(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    memory_file file = { 0 };
    svms_report report;
    crowd_recipe how = { ONLY(X25519) | ONLY(KEK), 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &file);
    memory_file old = memory_copy(&file);
    size_t size = slot_size_in(&file);
    change.keys = ring;
    change.remove = &all.ids[KEK];
    change.remove_count = 1;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    /* Over the slot that counts: the other one counts, and the list says that they differ. */
    memcpy(slot_of(&file, 0), slot_of(&old, 0), size);
    svms_recipient_list list = list_of(fix, &file, ring);
    assert_int_equal(list.revision, 2);
    assert_int_equal(list.other_revision, 1);
    assert_int_equal(list.other_differs, 1);
    assert_int_equal(list.authenticated, 1);
    assert_int_equal(crowd_openers(&all, &file), ONLY(X25519));
    /* Over both: it is the old container again. Whoever noted the revision knows better. */
    memcpy(slot_of(&file, 1), slot_of(&old, 1), size);
    list = list_of(fix, &file, ring);
    assert_int_equal(list.revision, 1);
    assert_int_equal(list.other_revision, 0);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.access_revision, 1);
    svms_keyring_free(&ring);
    memory_file_clear(&old);
    memory_file_clear(&file);
    crowd_clear(&all);
}

typedef struct officer {
    svms_private_key *key;
    svms_chain *chain;
} officer;

static officer officer_new(fixture *fix, svms_role role, int64_t from, int64_t to)
{
    officer made = { NULL, NULL };
    assert_int_equal(svms_private_key_generate(&made.key, fix->ctx, NULL), SVMS_OK);
    made.chain = issue_chain(fix, made.key, role, from, to);
    return made;
}

static void officer_clear(officer *made)
{
    svms_chain_free(&made->chain);
    svms_private_key_free(&made->key);
}

/* A container whose KEK was removed by the officer, in both slots. */
static void record_and_sign(const crowd *all, const officer *by, memory_file *file)
{
    crowd_recipe how = { ONLY(X25519) | ONLY(KEK), 0, false, NULL };
    svms_keyring *ring = crowd_ring(all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    svms_error err;
    crowd_record(all, &how, file);
    change.keys = ring;
    change.remove = &all->ids[KEK];
    change.remove_count = 1;
    change.officer_key = by->key;
    change.officer_chain = by->chain;
    if (change_file(all->fix, file, &change, &err) != SVMS_OK) {
        fail_msg("%s", err.message);
    }
    svms_keyring_free(&ring);
}

static svms_identity_verdict officer_verdict(fixture *fix, memory_file *file,
                                             const svms_trust *trust, svms_time_policy policy)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_source source = memory_source(file);
    options.trust = trust;
    options.time_policy = policy;
    svms_status status = svms_verify_container(fix->ctx, &source, &options, &report, NULL);
    assert_true(status == SVMS_OK || status == SVMS_E_UNTRUSTED);
    assert_int_equal(report.segments_failed + report.access_damaged, 0);
    assert_string_equal(report.officer, "CN=test signer");
    return report.officer_identity;
}

static void an_officers_list_is_verified_with_trust(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer by = officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + 30 * DAY);
    svms_trust *strangers = trust_of_new_ca(fix);
    memory_file file = { 0 };
    svms_report report;
    record_and_sign(&all, &by, &file);
    assert_int_equal(crowd_openers(&all, &file), ONLY(X25519));
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.access_revision, 3);
    assert_int_equal(officer_verdict(fix, &file, fix->trust, SVMS_TIME_ATTESTED),
                     SVMS_IDENTITY_TRUSTED);
    assert_int_equal(officer_verdict(fix, &file, NULL, SVMS_TIME_ATTESTED),
                     SVMS_IDENTITY_NO_ANCHOR);
    assert_int_equal(officer_verdict(fix, &file, strangers, SVMS_TIME_ATTESTED),
                     SVMS_IDENTITY_UNKNOWN_ISSUER);
    svms_recipient_list list = list_of(fix, &file, NULL);
    assert_string_equal(list.officer, "CN=test signer");
    assert_int_equal(list.officer_identity, SVMS_IDENTITY_NO_ANCHOR);
    assert_int_equal(list.officer_lost, 0);
    int64_t then = fix->now;
    fix->now = T0 + 31 * DAY;
    assert_int_equal(officer_verdict(fix, &file, fix->trust, SVMS_TIME_ATTESTED),
                     SVMS_IDENTITY_EXPIRED_NOW);
    assert_int_equal(officer_verdict(fix, &file, fix->trust, SVMS_TIME_CLAIMED),
                     SVMS_IDENTITY_TRUSTED);
    fix->now = then;
    svms_trust_free(&strangers);
    officer_clear(&by);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void who_is_no_officer_cannot_sign_a_change(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer cases[] = {
        officer_new(fix, SVMS_ROLE_CUSTODIAN, T0 - DAY, T0 + DAY),
        officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - 2 * DAY, T0 - DAY),
        officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 + DAY, T0 + 2 * DAY),
        officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY),
        officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY),
    };
    static const struct {
        svms_status status;
        const char *words;
    } expected[] = {
        { SVMS_E_UNTRUSTED, "does not allow the role of a key-officer" },
        { SVMS_E_UNTRUSTED, "is expired" },
        { SVMS_E_UNTRUSTED, "is not yet valid" },
        { SVMS_E_USAGE, "does not belong to its certificate" },
        { SVMS_E_USAGE, "a key and its certificate" },
    };
    memory_file file = { 0 };
    crowd_recipe how = { ONLY(X25519), 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    crowd_record(&all, &how, &file);
    memory_file before = memory_copy(&file);
    for (size_t i = 0; i < 5; i++) {
        svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
        svms_error err;
        change.keys = ring;
        change.password = "x";
        change.password_size = 1;
        change.password_log2_n = 10;
        change.officer_key = i == 3 ? fix->recorder_key : cases[i].key;
        change.officer_chain = i == 4 ? NULL : cases[i].chain;
        svms_status status = change_file(fix, &file, &change, &err);
        if (status != expected[i].status || strstr(err.message, expected[i].words) == NULL) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
        assert_memory_equal(before.data, file.data, file.size);
        officer_clear(&cases[i]);
    }
    svms_keyring_free(&ring);
    memory_file_clear(&before);
    memory_file_clear(&file);
    crowd_clear(&all);
}

/* Somebody who has the content key needs no library of ours to sign with what he has. */
static void a_list_signed_in_the_wrong_role_is_said_to_be(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer by = officer_new(fix, SVMS_ROLE_EXPORTER, T0 - DAY, T0 + DAY);
    memory_file file = { 0 };
    svms_front front;
    svms_sign_engine *engine = NULL;
    crowd_recipe how = { ONLY(X25519), 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    crowd_record(&all, &how, &file);
    svms_source source = memory_source(&file);
    assert_int_equal(svms_front_open(&front, fix->ctx, &source, NULL), SVMS_OK);
    assert_int_equal(svms_front_unlock(&front, ring, NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&engine, fix->ctx, by.key, NULL), SVMS_OK);
    svms_officer signs = { engine, by.chain };
    svms_slot slot = { 2, front.access.stanza_count, front.access.stanzas,
                       front.access.stanzas_size, &signs };
    svms_builder out = svms_builder_new(fix->ctx, SVMS_MAX_SLOT_SIZE);
    assert_int_equal(svms_access_put_slot(&out, &front.header, &slot, front.content_key, NULL),
                     SVMS_OK);
    memcpy(slot_of(&file, 1), out.data, out.size);
    svms_builder_clear(&out);
    svms_sign_engine_free(&engine);
    svms_front_clear(&front);
    assert_int_equal(crowd_open(&all, ONLY(X25519), &file, NULL), SVMS_OK);
    assert_int_equal(officer_verdict(fix, &file, fix->trust, SVMS_TIME_ATTESTED),
                     SVMS_IDENTITY_WRONG_ROLE);
    svms_keyring_free(&ring);
    officer_clear(&by);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void every_altered_byte_of_the_officers_part_is_noticed(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer by = officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY);
    memory_file file = { 0 };
    record_and_sign(&all, &by, &file);
    uint8_t *slot = slot_of(&file, 0); /* revision 3 */
    size_t part = FIXED + (((size_t)slot[38] << 8) | slot[39]) + 4;
    size_t size = ((size_t)slot[part - 2] << 8) | slot[part - 1];
    assert_true(size > 104);
    for (size_t at = 0; at < size; at++) {
        slot[part + at] ^= 1;
        reseal_slot(&file, 0);
        svms_recipient_list list = list_of(fix, &file, NULL);
        svms_report report;
        assert_int_equal(list.damaged, 1);
        assert_int_equal(list.revision, 2);
        if (at % 16 == 0) {
            assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_INCOMPLETE);
            assert_non_null(strstr(report.first_failure.reason, "key officer"));
        }
        slot[part + at] ^= 1;
    }
    /* A list that he did not sign, and a revision that he did not. */
    static const size_t elsewhere[] = { 31, FIXED + STANZA_HEADER, FIXED + STANZA_HEADER + 90 };
    for (size_t i = 0; i < 3; i++) {
        svms_report report;
        slot[elsewhere[i]] ^= 8;
        reseal_slot(&file, 0);
        assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_E_INCOMPLETE);
        assert_non_null(strstr(report.first_failure.reason, "signed something else"));
        slot[elsewhere[i]] ^= 8;
    }
    officer_clear(&by);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void a_change_without_the_officer_after_his_is_reported(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer by = officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY);
    const svms_kek *keks[] = { all.kek };
    memory_file file = { 0 };
    svms_report report;
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    record_and_sign(&all, &by, &file);
    change.keys = ring;
    change.add_keks = keks;
    change.add_kek_count = 1;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    svms_recipient_list list = list_of(fix, &file, NULL);
    assert_int_equal(list.revision, 4);
    assert_int_equal(list.other_revision, 3);
    assert_int_equal(list.officer_lost, 1);
    assert_string_equal(list.officer, "");
    assert_int_equal(list.officer_identity, SVMS_IDENTITY_UNSIGNED);
    assert_int_equal(verify_file(fix, &file, fix->trust, &report), SVMS_OK);
    assert_int_equal(report.officer_identity, SVMS_IDENTITY_UNSIGNED);
    assert_string_equal(report.officer, "");
    assert_int_equal(report.access_revision, 4);
    /* He signs again, which takes nobody away. */
    change.add_kek_count = 0;
    change.password = "x";
    change.password_size = 1;
    change.password_log2_n = 10;
    change.officer_key = by.key;
    change.officer_chain = by.chain;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    list = list_of(fix, &file, NULL);
    assert_int_equal(list.revision, 5);
    assert_int_equal(list.officer_lost, 0);
    assert_string_equal(list.officer, "CN=test signer");
    svms_keyring_free(&ring);
    officer_clear(&by);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void an_officer_signs_a_list_as_it_is(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer by = officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY);
    memory_file file = { 0 };
    crowd_recipe how = { EVERYBODY, 0, false, NULL };
    svms_keyring *ring = crowd_ring(&all, ONLY(KEK));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    crowd_record(&all, &how, &file);
    change.keys = ring;
    change.officer_key = by.key;
    change.officer_chain = by.chain;
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_OK);
    svms_recipient_list list = list_of(fix, &file, ring);
    assert_int_equal(list.revision, 2);
    assert_int_equal(list.other_revision, 1);
    assert_int_equal(list.other_differs, 0);
    assert_string_equal(list.officer, "CN=test signer");
    assert_int_equal(crowd_openers(&all, &file), EVERYBODY);
    change.replace = 1; /* by nobody */
    assert_int_equal(change_file(fix, &file, &change, NULL), SVMS_E_USAGE);
    svms_keyring_free(&ring);
    officer_clear(&by);
    memory_file_clear(&file);
    crowd_clear(&all);
}

static void every_failing_allocation_with_an_officer_is_clean(void **state)
{
    fixture *fix = *state;
    crowd all = crowd_new(fix);
    officer by = officer_new(fix, SVMS_ROLE_KEY_OFFICER, T0 - DAY, T0 + DAY);
    memory_file whole = { 0 };
    svms_keyring *ring = crowd_ring(&all, ONLY(X25519));
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    record_and_sign(&all, &by, &whole);
    change.keys = ring;
    change.password = "x";
    change.password_size = 1;
    change.password_log2_n = 10;
    change.officer_key = by.key;
    change.officer_chain = by.chain;
    bool reached = true;
    for (uint64_t n = 1; reached; n++) {
        memory_file file = memory_copy(&whole);
        svms_source source = memory_source(&file);
        svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
        svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
        svms_report report = SVMS_REPORT_INIT;
        int64_t before = fix->live_blocks;
        options.trust = fix->trust;
        reached = false;
        for (int call = 0; call < 3; call++) {
            svms_status status = SVMS_OK;
            fix->allocations = 0;
            fix->allocation_fails_at = n;
            if (call == 0) {
                status = svms_recipients_list(fix->ctx, &source, NULL, &list, NULL);
            } else if (call == 1) {
                status = svms_verify_container(fix->ctx, &source, &options, &report, NULL);
            } else {
                status = change_file(fix, &file, &change, NULL);
            }
            bool failed = fix->allocations >= n;
            fix->allocation_fails_at = 0;
            reached = reached || failed;
            assert_int_equal(status, failed ? SVMS_E_NO_MEMORY : SVMS_OK);
        }
        assert_int_equal(fix->live_blocks, before);
        assert_int_equal(crowd_open(&all, ONLY(X25519), &file, NULL), SVMS_OK);
        memory_file_clear(&file);
    }
    svms_keyring_free(&ring);
    officer_clear(&by);
    memory_file_clear(&whole);
    crowd_clear(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stanzas_of_another_container_open_nothing),
        cmocka_unit_test(a_swapped_stanza_is_an_altered_list_to_those_who_still_open),
        cmocka_unit_test(an_access_block_of_another_container_is_refused),
        cmocka_unit_test(a_header_that_was_relabelled_releases_no_key),
        cmocka_unit_test(a_header_that_borrows_the_key_check_releases_no_key),
        cmocka_unit_test(one_stanza_that_three_passwords_open_opens_with_none),
        cmocka_unit_test(a_second_password_stanza_makes_the_slot_damaged),
        cmocka_unit_test(an_older_slot_that_was_put_back_shows_in_the_revisions),
        cmocka_unit_test(an_officers_list_is_verified_with_trust),
        cmocka_unit_test(who_is_no_officer_cannot_sign_a_change),
        cmocka_unit_test(a_list_signed_in_the_wrong_role_is_said_to_be),
        cmocka_unit_test(every_altered_byte_of_the_officers_part_is_noticed),
        cmocka_unit_test(a_change_without_the_officer_after_his_is_reported),
        cmocka_unit_test(an_officer_signs_a_list_as_it_is),
        cmocka_unit_test(every_failing_allocation_with_an_officer_is_clean),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
