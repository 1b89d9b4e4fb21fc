/* SPDX-License-Identifier: Apache-2.0 */
/* Links of a package (evidence.md, section 7). Time stamps are made by OpenSSL
 * (../identity/authority.c). */
#include "../identity/authority.h"
#include "../container/fixture.h"

#include <errno.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "key_internal.h"
#include "link.h"

#define PLACE 5000u

typedef struct link_case {
    fixture *fix;
    svms_private_key *key;
    svms_chain *exporter;
    svms_chain *custodian;
    svms_chain *recorder;
} link_case;

static int set_up(void **state)
{
    link_case *self = calloc(1, sizeof(*self));
    void *inner = NULL;
    assert_non_null(self);
    fixture_setup(&inner);
    self->fix = inner;
    assert_int_equal(svms_private_key_generate(&self->key, self->fix->ctx, NULL), SVMS_OK);
    self->exporter =
        issue_chain(self->fix, self->key, SVMS_ROLE_EXPORTER, T0 - DAY, T0 + 365 * DAY);
    self->custodian =
        issue_chain(self->fix, self->key, SVMS_ROLE_CUSTODIAN, T0 - DAY, T0 + 365 * DAY);
    self->recorder =
        issue_chain(self->fix, self->key, SVMS_ROLE_RECORDER, T0 - DAY, T0 + 365 * DAY);
    *state = self;
    return 0;
}

static int tear_down(void **state)
{
    link_case *self = *state;
    void *inner = self->fix;
    svms_chain_free(&self->exporter);
    svms_chain_free(&self->custodian);
    svms_chain_free(&self->recorder);
    svms_private_key_free(&self->key);
    fixture_teardown(&inner);
    free(self);
    return 0;
}

static svms_export_signer signer_of(link_case *self, svms_role role)
{
    svms_export_signer signer = SVMS_EXPORT_SIGNER_INIT;
    signer.role = role;
    signer.key = self->key;
    signer.chain = role == SVMS_ROLE_EXPORTER    ? self->exporter
                   : role == SVMS_ROLE_CUSTODIAN ? self->custodian
                                                 : self->recorder;
    return signer;
}

static svms_link_object object_of(uint32_t number, const char *note)
{
    svms_link_object object = { 0 };
    memset(object.package_id, 1, sizeof(object.package_id));
    memset(object.h, 2, sizeof(object.h));
    memset(object.previous, 3, sizeof(object.previous));
    object.number = number;
    object.policy = SVMS_EXPORT_NO_REEXPORT;
    object.utc_ns = T0;
    object.offset = PLACE;
    object.previous_offset = number == 0 ? 0 : 1000;
    object.note = note;
    object.note_size = strlen(note);
    if (number == 0) {
        memset(object.directory_hash, 4, sizeof(object.directory_hash));
        object.directory_offset = 900;
        object.frames = 12;
        object.sources = 3;
        object.attachments = 2;
        object.presentation_size = 77;
        memset(object.presentation_hash, 5, sizeof(object.presentation_hash));
    }
    return object;
}

/* Whatever the object says; with its tail. */
static svms_builder make(link_case *self, svms_link_object object, const svms_export_signer *signer,
                         uint8_t head[32])
{
    svms_error err = SVMS_ERROR_INIT;
    svms_builder out = svms_builder_new(self->fix->ctx, 1u << 20);
    if (svms_link_sign(&out, self->fix->ctx, &object, signer, head, &err) != SVMS_OK) {
        fail_msg("sign: %s", err.message);
    }
    return out;
}

static svms_status parse(link_case *self, const uint8_t *bytes, size_t size, uint64_t offset,
                         svms_link_view *view)
{
    svms_chain *chain = NULL;
    svms_status status = svms_link_parse(view, &chain, self->fix->ctx, bytes, size, offset, NULL);
    assert_int_equal(chain != NULL, status == SVMS_OK);
    svms_chain_free(&chain);
    return status;
}

static void a_link_is_read_as_it_was_signed(void **state)
{
    link_case *self = *state;
    static const svms_role roles[] = { SVMS_ROLE_EXPORTER, SVMS_ROLE_CUSTODIAN,
                                       SVMS_ROLE_EXPORTER };
    for (uint32_t number = 0; number < 3; number++) {
        svms_export_signer signer = signer_of(self, roles[number]);
        svms_link_object object = object_of(number, number == 1 ? "" : "gr\xC3\xBC\xC3\x9F dich");
        svms_link_view view;
        uint8_t head[32];
        uint8_t digest[32];
        size_t size = 0;
        svms_builder out = make(self, object, &signer, head);
        assert_int_equal(svms_link_peek(out.data, PLACE, &size, NULL), SVMS_OK);
        assert_int_equal(out.size, size + SVMS_LINK_TAIL_SIZE);
        assert_memory_equal(out.data, "SVXL", 4);
        assert_memory_equal(out.data + size + 8, head, 32);
        assert_memory_equal(out.data + size + 40, "SVXLTAIL", 8);
        svms_cursor tail = svms_cursor_over(out.data + size, 8, 0);
        assert_true(svms_read_u64(&tail) == PLACE);
        svms_iovec run = { out.data, size };
        assert_int_equal(svms_sha256(self->fix->ctx, &run, 1, digest, NULL), SVMS_OK);
        assert_memory_equal(head, digest, 32);
        assert_int_equal(parse(self, out.data, size, PLACE, &view), SVMS_OK);
        assert_int_equal(view.size, size);
        assert_int_equal(view.object.signer.role, roles[number]);
        assert_int_equal(view.object.number, number);
        assert_int_equal(view.object.policy, 1);
        assert_true(view.object.utc_ns == T0);
        assert_true(view.object.previous_offset == object.previous_offset);
        assert_memory_equal(view.object.package_id, object.package_id, 16);
        assert_memory_equal(view.object.h, object.h, 32);
        assert_memory_equal(view.object.previous, object.previous, 32);
        assert_true(view.object.frames == object.frames && view.object.sources == object.sources);
        assert_int_equal(view.object.attachments, object.attachments);
        assert_true(view.object.directory_offset == object.directory_offset);
        assert_memory_equal(view.object.directory_hash, object.directory_hash, 32);
        assert_memory_equal(view.object.presentation_hash, object.presentation_hash, 32);
        assert_true(view.object.presentation_size == object.presentation_size);
        assert_int_equal(view.object.note_size, object.note_size);
        assert_memory_equal(view.object.note, object.note, object.note_size);
        assert_int_equal(view.token_size, 0);
        svms_builder_clear(&out);
    }
}

static void every_kind_of_key_signs_links(void **state)
{
    link_case *self = *state;
    static const char *const kinds[] = { "P-384", "ED25519", "RSA" };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        svms_export_signer signer = SVMS_EXPORT_SIGNER_INIT;
        svms_private_key *key = NULL;
        svms_link_view view;
        uint8_t head[32];
        EVP_PKEY *pkey = i == 0   ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[i])
                         : i == 1 ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[i])
                                  : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i], (size_t)2048);
        assert_int_equal(svms_private_key_from_evp(&key, self->fix->ctx, pkey, NULL), SVMS_OK);
        svms_chain *chain =
            issue_chain(self->fix, key, SVMS_ROLE_EXPORTER, T0 - DAY, T0 + 365 * DAY);
        signer.key = key;
        signer.chain = chain;
        assert_int_equal(svms_link_check_signer(self->fix->ctx, &signer, true, NULL), SVMS_OK);
        svms_builder out = make(self, object_of(0, "note"), &signer, head);
        assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                         SVMS_OK);
        svms_builder_clear(&out);
        svms_chain_free(&chain);
        svms_private_key_free(&key);
        EVP_PKEY_free(pkey);
    }
}

static void a_flipped_byte_is_never_accepted(void **state)
{
    link_case *self = *state;
    for (uint32_t number = 0; number < 2; number++) {
        svms_export_signer signer =
            signer_of(self, number == 0 ? SVMS_ROLE_EXPORTER : SVMS_ROLE_CUSTODIAN);
        svms_link_view view;
        uint8_t head[32];
        svms_builder out = make(self, object_of(number, "a note"), &signer, head);
        size_t size = out.size - SVMS_LINK_TAIL_SIZE;
        for (size_t at = 0; at < size; at++) {
            for (unsigned bit = 0; bit < 8; bit += 7) {
                out.data[at] ^= (uint8_t)(1u << bit);
                assert_int_not_equal(parse(self, out.data, size, PLACE, &view), SVMS_OK);
                out.data[at] ^= (uint8_t)(1u << bit);
            }
        }
        assert_int_equal(parse(self, out.data, size, PLACE, &view), SVMS_OK);
        svms_builder_clear(&out);
    }
}

static void a_link_that_is_cut_off_or_too_long_is_never_accepted(void **state)
{
    link_case *self = *state;
    svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
    svms_link_view view;
    uint8_t head[32];
    svms_builder out = make(self, object_of(0, "a note"), &signer, head);
    size_t size = out.size - SVMS_LINK_TAIL_SIZE;
    for (size_t part = 0; part <= out.size; part++) {
        uint8_t *copy = malloc(part + 1); /* so that a read beyond is seen */
        assert_non_null(copy);
        memcpy(copy, out.data, part);
        assert_int_equal(parse(self, copy, part, PLACE, &view),
                         part == size ? SVMS_OK : SVMS_E_MALFORMED);
        free(copy);
    }
    svms_builder_clear(&out);
}

static void what_a_link_must_not_say_is_refused(void **state)
{
    link_case *self = *state;
    static char long_note[SVMS_EXPORT_MAX_NOTE + 2];
    memset(long_note, 'x', SVMS_EXPORT_MAX_NOTE + 1);
    typedef struct wrong {
        svms_link_object object;
        svms_status status;
    } wrong;
    wrong cases[] = {
        { object_of(0, "good"), SVMS_OK },          { object_of(1023, "good"), SVMS_OK },
        { object_of(1024, ""), SVMS_E_LIMIT },      { object_of(0, ""), SVMS_E_MALFORMED },
        { object_of(1, ""), SVMS_E_MALFORMED },     { object_of(0, long_note), SVMS_E_LIMIT },
        { object_of(0, "\xFF"), SVMS_E_MALFORMED }, { object_of(0, "ab"), SVMS_E_MALFORMED },
        { object_of(0, ""), SVMS_E_NOT_AUTHENTIC }, { object_of(0, ""), SVMS_E_NOT_AUTHENTIC },
        { object_of(1, ""), SVMS_E_NOT_AUTHENTIC }, { object_of(0, ""), SVMS_E_NOT_AUTHENTIC },
        { object_of(0, ""), SVMS_E_LIMIT },         { object_of(0, ""), SVMS_E_LIMIT },
        { object_of(0, ""), SVMS_E_LIMIT },
    };
    cases[3].object.policy = 2;
    cases[4].object.policy = 0x80000001u;
    cases[7].object.note = "a\0b";
    cases[7].object.note_size = 3;
    cases[8].object.offset = PLACE + 1;
    cases[9].object.previous_offset = 1;
    cases[10].object.previous_offset = PLACE;
    cases[11].object.directory_offset = PLACE + 1;
    cases[12].object.frames = SVMS_MAX_FRAMES + 1;
    cases[13].object.sources = 4097;
    cases[14].object.attachments = 4097;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
        svms_link_view view;
        uint8_t head[32];
        svms_builder out = make(self, cases[i].object, &signer, head);
        svms_status status = parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view);
        if (status != cases[i].status) {
            fail_msg("case %zu gives %s", i, svms_status_name(status));
        }
        svms_builder_clear(&out);
    }
}

static void lengths_out_of_bounds_are_refused_before_anything_is_read(void **state)
{
    (void)state;
    typedef struct wrong {
        size_t at;
        uint32_t value;
        svms_status status;
    } wrong;
    static const wrong cases[] = {
        { 0, 0x5356584D, SVMS_E_MALFORMED }, { 4, 0, SVMS_E_MALFORMED },
        { 4, 163, SVMS_E_MALFORMED },        { 4, 8193, SVMS_E_LIMIT },
        { 8, 0, SVMS_E_MALFORMED },          { 8, 65537, SVMS_E_LIMIT },
        { 12, 0, SVMS_E_MALFORMED },         { 12, 8193, SVMS_E_LIMIT },
        { 16, 65537, SVMS_E_LIMIT },         { 16, UINT32_MAX, SVMS_E_LIMIT },
        { 20, 1, SVMS_E_MALFORMED },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t fixed[SVMS_LINK_FIXED_SIZE] = { 0 };
        size_t size = 0;
        svms_store_u32(fixed, SVMS_LINK_MAGIC);
        svms_store_u32(fixed + 4, 260);
        svms_store_u32(fixed + 8, 300);
        svms_store_u32(fixed + 12, 64);
        assert_int_equal(svms_link_peek(fixed, 0, &size, NULL), SVMS_OK);
        assert_int_equal(size, 24 + 260 + 300 + 64);
        svms_store_u32(fixed + cases[i].at, cases[i].value);
        assert_int_equal(svms_link_peek(fixed, 0, &size, NULL), cases[i].status);
    }
    assert_true(SVMS_LINK_LARGEST >= 24 + 8192 + 65536 + 8192 + 65536);
}

/* A recorder's key in the exporter's role, a custodian for link 0, somebody else's key. */
static void a_wrong_role_or_key_is_refused(void **state)
{
    link_case *self = *state;
    static const svms_role roles[] = { SVMS_ROLE_RECORDER, SVMS_ROLE_CUSTODIAN, SVMS_ROLE_NONE,
                                       SVMS_ROLE_KEY_OFFICER };
    svms_link_view view;
    uint8_t head[32];
    for (uint32_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        for (uint32_t number = 0; number < 2; number++) {
            svms_export_signer signer = signer_of(self, roles[i]);
            bool allowed = number == 1 && roles[i] == SVMS_ROLE_CUSTODIAN;
            svms_builder out = make(self, object_of(number, ""), &signer, head);
            assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                             allowed                      ? SVMS_OK
                             : roles[i] == SVMS_ROLE_NONE ? SVMS_E_MALFORMED
                                                          : SVMS_E_NOT_AUTHENTIC);
            svms_builder_clear(&out);
        }
    }
    svms_export_signer stranger = signer_of(self, SVMS_ROLE_EXPORTER);
    stranger.key = self->fix->recorder_key;
    svms_builder out = make(self, object_of(0, ""), &stranger, head);
    assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                     SVMS_E_NOT_AUTHENTIC);
    svms_builder_clear(&out);
}

/* s and n - s verify alike; only one of them is a signature here (C-ALG-3). */
static void a_high_s_is_refused(void **state)
{
    link_case *self = *state;
    svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
    svms_link_view view;
    uint8_t head[32];
    BIGNUM *n = NULL;
    BIGNUM *s = BN_new();
    svms_builder out = make(self, object_of(0, ""), &signer, head);
    assert_true(BN_hex2bn(&n, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551") >
                0);
    assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view), SVMS_OK);
    assert_int_equal(view.signature_size, 64);
    uint8_t *place = out.data + (view.signature - out.data) + 32;
    assert_non_null(BN_bin2bn(place, 32, s));
    assert_int_equal(BN_sub(s, n, s), 1);
    assert_int_equal(BN_bn2binpad(s, place, 32), 32);
    assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                     SVMS_E_NOT_AUTHENTIC);
    BN_free(n);
    BN_free(s);
    svms_builder_clear(&out);
}

static void unknown_algorithms_are_not_supported(void **state)
{
    link_case *self = *state;
    svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
    svms_link_view view;
    uint8_t head[32];
    svms_builder out = make(self, object_of(0, ""), &signer, head);
    uint8_t *algorithm = out.data + SVMS_LINK_FIXED_SIZE + 11;
    static const uint8_t values[] = { 5, 16, 17, 18, 255 };
    for (size_t i = 0; i < sizeof(values); i++) {
        *algorithm = values[i];
        assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                         SVMS_E_UNSUPPORTED);
    }
    *algorithm = 2; /* known, and not that of the key */
    assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                     SVMS_E_NOT_AUTHENTIC);
    *algorithm = 0;
    assert_int_equal(parse(self, out.data, out.size - SVMS_LINK_TAIL_SIZE, PLACE, &view),
                     SVMS_E_MALFORMED);
    svms_builder_clear(&out);
}

/* Who may sign -----------------------------------------------------------------------------------
 */

static void a_signer_is_looked_at_before_he_signs(void **state)
{
    link_case *self = *state;
    svms_ctx *ctx = self->fix->ctx;
    svms_export_signer good = signer_of(self, SVMS_ROLE_EXPORTER);
    svms_export_signer signer = good;
    svms_chain *old = issue_chain(self->fix, self->key, SVMS_ROLE_EXPORTER, T0 - 9 * DAY, T0 - DAY);
    char note[SVMS_EXPORT_MAX_NOTE + 2];
    memset(note, 'n', sizeof(note));
    note[sizeof(note) - 1] = 0;
    assert_int_equal(svms_link_check_signer(ctx, &good, true, NULL), SVMS_OK);
    signer.key = NULL;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_POLICY);
    signer = good;
    signer.chain = NULL;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_POLICY);
    signer = good;
    signer.key = self->fix->recorder_key;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_UNTRUSTED);
    signer = good;
    signer.chain = self->recorder;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_UNTRUSTED);
    signer.chain = old;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_UNTRUSTED);
    signer = signer_of(self, SVMS_ROLE_CUSTODIAN);
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_link_check_signer(ctx, &signer, false, NULL), SVMS_OK);
    signer = signer_of(self, SVMS_ROLE_RECORDER);
    assert_int_equal(svms_link_check_signer(ctx, &signer, false, NULL), SVMS_E_USAGE);
    signer = good;
    signer.policy = 2;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_USAGE);
    signer = good;
    signer.reserved = 1;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_USAGE);
    signer = good;
    signer.note = "\xC3";
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_USAGE);
    signer.note = note;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_E_LIMIT);
    note[SVMS_EXPORT_MAX_NOTE] = 0;
    assert_int_equal(svms_link_check_signer(ctx, &signer, true, NULL), SVMS_OK);
    svms_chain_free(&old);
}

/* Time stamps ------------------------------------------------------------------------------------
 */

typedef struct stamper {
    party root;
    party tsa;
    enum { STAMPS, STAMPS_ANOTHER, FAILS, FAILS_SILENTLY, IS_NO_TOKEN, IS_EMPTY, TOO_LONG } how;
    uint8_t imprint[32];
    size_t capacity;
} stamper;

static void stamper_init(stamper *self)
{
    static const party_plan root_plan = { "root", NULL, "20200101000000Z", "20400101000000Z", NULL,
                                          NULL,   NULL };
    self->root = party_make(&root_plan);
    const party_plan plan = {
        "authority", &self->root, "20200101000000Z", "20400101000000Z", "critical,timeStamping",
        NULL,        NULL
    };
    self->tsa = party_make(&plan);
}

static void stamper_clear(stamper *self)
{
    party_free(&self->tsa);
    party_free(&self->root);
}

static svms_status stamp(void *user, const uint8_t imprint[32], uint8_t *token, size_t *size,
                         svms_error *err)
{
    stamper *self = user;
    uint8_t other[32] = { 0 };
    self->capacity = *size;
    memcpy(self->imprint, imprint, 32);
    if (self->how == FAILS) {
        err->status = SVMS_E_IO;
        err->os_error = ETIMEDOUT;
        strcpy(err->message, "the authority does not answer");
        return SVMS_E_IO;
    }
    if (self->how == FAILS_SILENTLY) {
        return SVMS_E_CANCELLED;
    }
    if (self->how == TOO_LONG || self->how == IS_EMPTY) {
        *size = self->how == IS_EMPTY ? 0 : *size + 1;
        return SVMS_OK;
    }
    if (self->how == IS_NO_TOKEN) {
        memset(token, 0x30, *size = 40);
        return SVMS_OK;
    }
    stamp_plan plan = { 0 };
    plan.authority = &self->tsa;
    plan.when = "2026-01-02T03:04:05Z";
    plan.digest = self->how == STAMPS ? imprint : other;
    made bytes = stamp_token(&plan);
    memcpy(token, bytes.data, bytes.size);
    *size = bytes.size;
    free(bytes.data);
    return SVMS_OK;
}

static void a_token_is_stored_with_the_link_and_is_part_of_its_head(void **state)
{
    link_case *self = *state;
    stamper authority = { 0 };
    stamper_init(&authority);
    svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
    signer.stamp = stamp;
    signer.stamp_user = &authority;
    svms_link_view view;
    uint8_t head[32];
    uint8_t imprint[32];
    uint8_t digest[32];
    svms_builder out = make(self, object_of(0, ""), &signer, head);
    size_t size = out.size - SVMS_LINK_TAIL_SIZE;
    assert_int_equal(authority.capacity, SVMS_EXPORT_MAX_TOKEN);
    assert_int_equal(parse(self, out.data, size, PLACE, &view), SVMS_OK);
    assert_true(view.token_size > 100);
    assert_int_equal(svms_link_imprint(&view, self->fix->ctx, imprint, NULL), SVMS_OK);
    assert_memory_equal(imprint, authority.imprint, 32);
    svms_iovec runs[2] = { { view.raw_object, view.raw_object_size },
                           { view.signature, view.signature_size } };
    assert_int_equal(svms_sha256(self->fix->ctx, runs, 2, digest, NULL), SVMS_OK);
    assert_memory_equal(imprint, digest, 32);
    svms_iovec whole = { out.data, size };
    assert_int_equal(svms_sha256(self->fix->ctx, &whole, 1, digest, NULL), SVMS_OK);
    assert_memory_equal(head, digest, 32);
    svms_builder_clear(&out);
    stamper_clear(&authority);
}

static void a_token_that_does_not_come_or_does_not_fit_ends_the_link(void **state)
{
    link_case *self = *state;
    stamper authority = { 0 };
    stamper_init(&authority);
    static const svms_status expected[] = {
        [STAMPS_ANOTHER] = SVMS_E_NOT_AUTHENTIC, [FAILS] = SVMS_E_IO,
        [FAILS_SILENTLY] = SVMS_E_CANCELLED,     [IS_NO_TOKEN] = SVMS_E_MALFORMED,
        [IS_EMPTY] = SVMS_E_MALFORMED,           [TOO_LONG] = SVMS_E_LIMIT,
    };
    for (int how = STAMPS_ANOTHER; how <= TOO_LONG; how++) {
        svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
        svms_link_object object = object_of(0, "");
        svms_error err = SVMS_ERROR_INIT;
        uint8_t head[32] = { 0 };
        static const uint8_t none[32] = { 0 };
        authority.how = how;
        signer.stamp = stamp;
        signer.stamp_user = &authority;
        svms_builder out = svms_builder_new(self->fix->ctx, 1u << 20);
        svms_status status = svms_link_sign(&out, self->fix->ctx, &object, &signer, head, &err);
        if (status != expected[how]) {
            fail_msg("how %d gives %s", how, svms_status_name(status));
        }
        assert_int_equal(err.status, status);
        assert_memory_equal(head, none, 32);
        if (how == FAILS) {
            assert_string_equal(err.message, "the authority does not answer");
        }
        svms_builder_clear(&out);
    }
    stamper_clear(&authority);
}

static void memory_that_runs_out_is_said_and_nothing_leaks(void **state)
{
    link_case *self = *state;
    fixture *fix = self->fix;
    svms_export_signer signer = signer_of(self, SVMS_ROLE_EXPORTER);
    int64_t live = fix->live_blocks;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        svms_link_object object = object_of(0, "note");
        svms_link_view view;
        svms_chain *chain = NULL;
        uint8_t head[32];
        svms_builder out = svms_builder_new(fix->ctx, 1u << 20);
        fix->allocations = 0;
        fix->allocation_fails_at = n;
        svms_status status = svms_link_sign(&out, fix->ctx, &object, &signer, head, NULL);
        if (status == SVMS_OK) {
            status = svms_link_parse(&view, &chain, fix->ctx, out.data,
                                     out.size - SVMS_LINK_TAIL_SIZE, PLACE, NULL);
        }
        done = fix->allocations < n;
        fix->allocation_fails_at = 0;
        assert_int_equal(status, done ? SVMS_OK : SVMS_E_NO_MEMORY);
        svms_chain_free(&chain);
        svms_builder_clear(&out);
        assert_int_equal(fix->live_blocks, live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_link_is_read_as_it_was_signed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_kind_of_key_signs_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flipped_byte_is_never_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_that_is_cut_off_or_too_long_is_never_accepted,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_link_must_not_say_is_refused, set_up, tear_down),
        cmocka_unit_test(lengths_out_of_bounds_are_refused_before_anything_is_read),
        cmocka_unit_test_setup_teardown(a_wrong_role_or_key_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_high_s_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_algorithms_are_not_supported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signer_is_looked_at_before_he_signs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_is_stored_with_the_link_and_is_part_of_its_head,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_that_does_not_come_or_does_not_fit_ends_the_link,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_said_and_nothing_leaks, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
