/* SPDX-License-Identifier: Apache-2.0 */
/* What a package is made of (evidence.md, sections 2 to 7). */
#include "package_case.h"

#include <openssl/evp.h>

#include <svms/external_key.h>

#include "access_block.h"
#include "key_internal.h"
#include "key_schedule.h"
#include "manifest.h"
#include "record.h"

static bool holds(const uint8_t *data, size_t size, const void *what, size_t length)
{
    for (size_t at = 0; at + length <= size; at++) {
        if (memcmp(data + at, what, length) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t u32_at(const uint8_t *at)
{
    svms_cursor cursor = svms_cursor_over(at, 4, 0);
    return svms_read_u32(&cursor);
}

static uint64_t u64_at(const uint8_t *at)
{
    svms_cursor cursor = svms_cursor_over(at, 8, 0);
    return svms_read_u64(&cursor);
}

static void record(export_case *self, const recipe *how)
{
    memory_file_clear(&self->container);
    record_container(self->fix, how, &self->container);
}

/* Parts of a container that stand in a frame are where the frame says. */
static void is_verbatim(const memory_file *container, uint64_t origin, const uint8_t *bytes,
                        size_t size)
{
    assert_true(origin + size <= container->size);
    assert_memory_equal(bytes, container->data + origin, size);
}

static void the_first_frame_is_the_container_s_header(const export_case *self,
                                                      const seen_frame *frame, size_t header_size,
                                                      int64_t from, int64_t to, uint32_t removed)
{
    assert_int_equal(frame->frame.kind, SVMS_FRAME_SOURCE);
    assert_int_equal(u32_at(frame->c), removed);
    assert_int_equal(u32_at(frame->c + 4), 0);
    assert_true((int64_t)u64_at(frame->c + 8) == from && (int64_t)u64_at(frame->c + 16) == to);
    assert_true(u64_at(frame->c + 24) == self->container.size);
    assert_true(frame->frame.c_size > 32 + header_size);
    is_verbatim(&self->container, 0, frame->c + 32, frame->frame.c_size - 32);
}

/* Each secret gives the commitment of the manifest that stands behind it (C-KEY-5). */
static void secrets_fit(export_case *self, const seen_package *seen, const seen_frame *frame,
                        const uint8_t *tracks, size_t count)
{
    size_t size = 0;
    uint8_t *a = secrets_of(self, seen, frame, &size);
    assert_int_equal(size, count * 33);
    const uint8_t *manifest = frame->c + 16;
    for (size_t i = 0; i < count; i++) {
        svms_track_keys keys;
        assert_int_equal(a[33 * i], tracks[i]);
        assert_int_equal(svms_track_keys_derive(self->fix->ctx, a + 33 * i + 1, &keys, NULL),
                         SVMS_OK);
        bool found = false;
        for (size_t at = 236; at + 88 <= u32_at(frame->c + 4); at += 88) {
            found = found || (manifest[at] == tracks[i] &&
                              memcmp(manifest + at + 56, keys.commitment, 32) == 0);
        }
        assert_true(found);
    }
    free(a);
}

static void a_clear_package_holds_the_segments_as_they_were_recorded(void **state)
{
    export_case *self = *state;
    static const uint8_t tracks[] = { 0, 1 };
    recipe how = RECIPE_INIT;
    record(self, &how);
    layout at = lay_out_file(&self->container);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, NULL);
    assert_false(seen->header.sealed);
    the_first_frame_is_the_container_s_header(self, &seen->frames[0], at.header_size, INT64_MIN,
                                              INT64_MIN, 0);
    assert_int_equal(frames_of(seen, SVMS_FRAME_SEGMENT), 3);
    for (size_t i = 0; i < 3; i++) {
        const seen_frame *frame = frame_of(seen, SVMS_FRAME_SEGMENT, i);
        assert_true(frame->frame.number == i && frame->frame.flags == 0);
        assert_true(frame->frame.origin == at.segments[i]);
        assert_true(frame->frame.b_size + frame->frame.c_size ==
                    at.segments[i + 1] - at.segments[i]);
        is_verbatim(&self->container, at.segments[i], frame->b,
                    (size_t)(frame->frame.b_size + frame->frame.c_size));
        assert_true(frame->first_utc_ns == T0 + (int64_t)i * SECOND);
        secrets_fit(self, seen, frame, tracks, 2);
    }
    const seen_frame *end = frame_of(seen, SVMS_FRAME_END, 0);
    assert_true(end->frame.origin == at.end_record);
    assert_true(end->frame.c_size == self->container.size - at.end_record);
    is_verbatim(&self->container, at.end_record, end->c, end->frame.c_size);
    assert_int_equal(self->report.verdict, SVMS_VERDICT_AUTHENTIC);
    char *json = case_of(self, seen);
    assert_non_null(strstr(json, "\"svms-case\""));
    assert_non_null(strstr(json, "2026-17"));
    assert_non_null(strstr(json, "front door"));
    free(json);
    free(seen);
}

/* Strong bodies stay as they are; everything else is sealed (E-FRM-5). */
static void a_sealed_package_seals_what_is_not_strong(void **state)
{
    export_case *self = *state;
    static const svms_protection protections[] = { SVMS_PROTECT_STRONG, SVMS_PROTECT_LIGHT,
                                                   SVMS_PROTECT_NONE };
    static const uint8_t tracks[] = { 0, 1 };
    for (size_t i = 0; i < 3; i++) {
        recipe how = RECIPE_INIT;
        how.protection = protections[i];
        how.sample_size = 70000;
        record(self, &how);
        layout at = lay_out_file(&self->container);
        svms_export_options options = sealed_options(self);
        svms_export_source source = whole_source(self);
        options.signer.policy = SVMS_EXPORT_NO_REEXPORT;
        options.signer.note = "handed over";
        export_well(self, &options, &source);
        seen_package *seen = look_at_package(self, SEAL);
        assert_true(seen->header.sealed && seen->opened);
        assert_int_equal(seen->policy, 1);
        assert_int_equal(seen->note_size, 11);
        assert_memory_equal(seen->note, "handed over", 11);
        for (size_t n = 0; n < 3; n++) {
            const seen_frame *frame = frame_of(seen, SVMS_FRAME_SEGMENT, n);
            size_t size = 0;
            uint8_t *body = body_of(self, seen, frame, &size);
            assert_int_equal(frame->frame.flags, i == 0 ? 0 : SVMS_FRAME_SEALED);
            assert_true(size + frame->frame.c_size == at.segments[n + 1] - at.segments[n]);
            is_verbatim(&self->container, at.segments[n], body, size);
            is_verbatim(&self->container, at.segments[n] + size, frame->c, frame->frame.c_size);
            secrets_fit(self, seen, frame, tracks, i == 2 ? 0 : 2);
            free(body);
        }
        char *json = case_of(self, seen);
        assert_false(holds(self->out.data, self->out.size, "2026-17", 7));
        assert_non_null(strstr(json, "2026-17"));
        free(json);
        free(seen);
    }
}

/* Records of a body, walked by their headers. */
static size_t records_of_track(const uint8_t *body, size_t size, uint8_t track)
{
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        svms_record record = { 0 };
        assert_int_equal(svms_record_parse(&record, body + at, size - at, at, NULL), SVMS_OK);
        count += record.type == SVMS_RECORD_SAMPLE && record.track == track ? 1 : 0;
        at += (size_t)record.header_size + record.body_size;
        assert_true(at <= size);
    }
    return count;
}

static void a_removed_track_leaves_neither_samples_nor_secrets(void **state)
{
    export_case *self = *state;
    for (uint8_t removed = 0; removed < 2; removed++) {
        recipe how = RECIPE_INIT;
        uint8_t stays = removed == 0 ? 1 : 0;
        how.protection = removed == 0 ? SVMS_PROTECT_NONE : SVMS_PROTECT_STRONG;
        record(self, &how);
        layout at = lay_out_file(&self->container);
        svms_export_options options = removed == 0 ? clear_options(self) : sealed_options(self);
        svms_export_source source = whole_source(self);
        source.removed_tracks = 1u << removed;
        export_well(self, &options, &source);
        seen_package *seen = look_at_package(self, SEAL);
        assert_int_equal(u32_at(seen->frames[0].c), source.removed_tracks);
        for (size_t n = 0; n < 3; n++) {
            const seen_frame *frame = frame_of(seen, SVMS_FRAME_SEGMENT, n);
            size_t size = 0;
            uint8_t *body = body_of(self, seen, frame, &size);
            assert_int_equal(frame->frame.flags, SVMS_FRAME_REMOVED);
            assert_int_equal(records_of_track(body, size, removed), 0);
            assert_int_equal(records_of_track(body, size, stays), stays == 0 ? 3 : 2);
            assert_true(size + frame->frame.c_size < at.segments[n + 1] - at.segments[n]);
            secrets_fit(self, seen, frame, &stays, removed == 0 ? 0 : 1);
            free(body);
        }
        if (removed == 0) { /* in the clear: nothing of the samples is left anywhere */
            uint8_t bytes[100];
            for (uint32_t i = 0; i < 9; i++) {
                sample_bytes(&how, 0, i, bytes, sizeof(bytes));
                assert_false(holds(self->out.data, self->out.size, bytes, 16));
            }
        }
        assert_int_equal(self->result.periods[0].removed_tracks, source.removed_tracks);
        free(seen);
    }
}

/* Ten minutes out of an hour: what is not asked for is not there. */
static void a_period_carries_its_segments_and_what_shows_that_they_are_all(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.segments = 40;
    record(self, &how);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    source.from_utc_ns = T0 + 10 * SECOND + SECOND / 2;
    source.to_utc_ns = T0 + 20 * SECOND;
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    size_t count = frames_of(seen, SVMS_FRAME_SEGMENT);
    assert_true(count >= 10 && count <= 11);
    assert_true(frame_of(seen, SVMS_FRAME_SEGMENT, 0)->frame.number == 10);
    assert_true(seen->count <= count + 8); /* source, case, directory, and a few that prove */
    const svms_export_period *period = &self->result.periods[0];
    assert_true(period->first_segment == 10 && period->last_segment == 9 + count);
    assert_true(period->segments == count);
    assert_true(period->from_utc_ns == source.from_utc_ns);
    assert_true(period->to_utc_ns == source.to_utc_ns);
    assert_true(period->first_utc_ns == T0 + 10 * SECOND);
    assert_true(period->last_utc_ns >= T0 + 20 * SECOND);
    assert_int_equal(period->verdict, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(period->track_count, 2);
    uint64_t before = 0;
    for (size_t i = 1; i < seen->count; i++) {
        if (seen->frames[i].frame.kind < SVMS_FRAME_ATTACHMENT) {
            assert_true(seen->frames[i].frame.origin > before);
            before = seen->frames[i].frame.origin;
        }
    }
    free(seen);
}

static void several_devices_and_periods_share_a_package(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    memory_file other = { 0 };
    how.segments = 12;
    record(self, &how);
    how.seed = 9;
    how.tracks = 1;
    record_container(self->fix, &how, &other);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    svms_export *package = begin_export(self, &options);
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    assert_int_equal(svms_export_get_period(package, 0, &period, NULL), SVMS_E_USAGE);
    source.to_utc_ns = T0 + 3 * SECOND;
    add_source_well(self, package, &self->container, &source);
    source.from_utc_ns = T0 + 8 * SECOND;
    source.to_utc_ns = T0 + 9 * SECOND;
    add_source_well(self, package, &self->container, &source);
    source = whole_source(self);
    add_source_well(self, package, &other, &source);
    assert_int_equal(svms_export_get_period(package, 1, &period, NULL), SVMS_OK);
    assert_true(period.first_segment == 8 && period.number == 1);
    assert_int_equal(svms_export_get_period(package, 3, &period, NULL), SVMS_E_USAGE);
    finish_well(self, &package);
    seen_package *seen = look_at_package(self, SEAL);
    assert_int_equal(seen->sources, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(frame_of(seen, SVMS_FRAME_SOURCE, i)->frame.number == i);
        assert_int_equal(self->result.periods[i].number, i);
    }
    assert_memory_equal(self->result.periods[0].container_id, self->result.periods[1].container_id,
                        16);
    assert_memory_not_equal(self->result.periods[0].container_id,
                            self->result.periods[2].container_id, 16);
    assert_true(self->result.periods[2].segments == 12);
    free(seen);
    memory_file_clear(&other);
}

static void many_frames_have_many_directories(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    how.segments = 600;
    how.tracks = 1;
    how.frames = 1;
    how.sample_size = 20;
    record(self, &how);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    assert_int_equal(frames_of(seen, SVMS_FRAME_SEGMENT), 600);
    assert_int_equal(seen->directories, 3);
    for (size_t i = 0; i < 600; i++) {
        assert_true(frame_of(seen, SVMS_FRAME_SEGMENT, i)->frame.number == i);
    }
    free(seen);
}

/* Attachments and derivations -------------------------------------------------------------------
 */

static void attachments_are_sealed_and_named_by_their_digest(void **state)
{
    export_case *self = *state;
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 200001 };
    recipe how = RECIPE_INIT;
    how.segments = 5;
    record(self, &how);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    svms_export_origin origins[2] = { { 0, 0, 1, 3, INT64_MIN }, { 0, UINT32_MAX, 0, 4, T0 } };
    svms_export *package = begin_export(self, &options);
    uint8_t *content = malloc(200001);
    assert_non_null(content);
    memset(content, 0x5A, 200001);
    add_source_well(self, package, &self->container, &source);
    for (size_t i = 0; i < 6; i++) {
        svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
        memory_file file = { 0 };
        svms_source bytes = memory_source(&file);
        file.data = content;
        file.size = sizes[i];
        attachment.name = "blurred.mp4";
        attachment.media_type = "video/mp4";
        attachment.method = i == 0 ? NULL : "faces were blurred";
        attachment.origins = origins;
        attachment.origin_count = i == 0 ? 0 : 2;
        if (svms_export_add_attachment(package, &bytes, &attachment, &self->err) != SVMS_OK) {
            fail_msg("attachment: %s", self->err.message);
        }
    }
    finish_well(self, &package);
    seen_package *seen = look_at_package(self, SEAL);
    char *json = case_of(self, seen);
    assert_int_equal(seen->attachments, 6);
    for (size_t i = 0; i < 6; i++) {
        const seen_frame *frame = frame_of(seen, SVMS_FRAME_ATTACHMENT, i);
        size_t size = 0;
        uint8_t digest[32];
        char text[65];
        uint8_t *body = body_of(self, seen, frame, &size);
        assert_true(frame->frame.number == i && size == sizes[i]);
        assert_int_equal(frame->frame.flags, size == 0 ? 0 : SVMS_FRAME_SEALED);
        assert_memory_equal(body, content, size);
        sha256_of(content, size, digest);
        for (size_t n = 0; n < 32; n++) {
            (void)snprintf(text + 2 * n, 3, "%02x", digest[n]);
        }
        assert_non_null(strstr(json, text));
        free(body);
    }
    for (size_t i = 0; i < 5; i++) { /* hashes of the manifests that the derivations name */
        const seen_frame *frame = frame_of(seen, SVMS_FRAME_SEGMENT, i);
        uint8_t digest[32];
        char text[65];
        sha256_of(frame->c, frame->frame.c_size, digest);
        for (size_t n = 0; n < 32; n++) {
            (void)snprintf(text + 2 * n, 3, "%02x", digest[n]);
        }
        assert_int_equal(strstr(json, text) != NULL, i != 2);
    }
    free(json);
    free(content);
    free(seen);
}

static void a_derivation_of_what_is_not_carried_is_refused(void **state)
{
    export_case *self = *state;
    static const svms_export_origin wrong[] = {
        { 1, 0, 0, 1, INT64_MIN },          { 0, 2, 0, 1, INT64_MIN },
        { 0, 0, 2, 1, INT64_MIN },          { 0, 0, 0, 5, INT64_MIN },
        { 0, 0, 4, UINT64_MAX, INT64_MIN }, { UINT32_MAX, 0, 0, 0, INT64_MIN },
    };
    recipe how = RECIPE_INIT;
    record(self, &how);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        svms_export_options options = sealed_options(self);
        svms_export_source source = whole_source(self);
        svms_export_attachment attachment = SVMS_EXPORT_ATTACHMENT_INIT;
        svms_export *package = begin_export(self, &options);
        svms_source bytes = memory_source(&self->container);
        add_source_well(self, package, &self->container, &source);
        attachment.name = "a";
        attachment.media_type = "video/mp4";
        attachment.method = "blurred";
        attachment.origins = &wrong[i];
        attachment.origin_count = 1;
        assert_int_equal(svms_export_add_attachment(package, &bytes, &attachment, NULL),
                         SVMS_E_USAGE);
        assert_int_equal(svms_export_finish(package, NULL, NULL), SVMS_E_STATE);
        assert_false(looks_finished(&self->out));
        svms_export_abort(&package);
    }
}

/* Who can open it, who signs it -----------------------------------------------------------------
 */

static svms_public_key *public_key_of(export_case *self, EVP_PKEY *pkey)
{
    svms_public_key *key = NULL;
    assert_int_equal(svms_public_key_from_evp(&key, self->fix->ctx, pkey, NULL), SVMS_OK);
    return key;
}

static void recipients_of_every_kind_open_it(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    EVP_PKEY *pkeys[] = { EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
                          EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
                          EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048) };
    static const uint32_t kinds[] = { SVMS_RECIPIENT_PASSWORD, SVMS_RECIPIENT_X25519,
                                      SVMS_RECIPIENT_P256, SVMS_RECIPIENT_RSA, SVMS_RECIPIENT_KEK };
    const svms_public_key *recipients[3];
    svms_kek *kek = NULL;
    record(self, &how);
    assert_int_equal(svms_kek_generate(&kek, self->fix->ctx, NULL), SVMS_OK);
    for (size_t i = 0; i < 3; i++) {
        recipients[i] = public_key_of(self, pkeys[i]);
    }
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    options.recipients = recipients;
    options.recipient_count = 3;
    options.keks = (const svms_kek *const *)&kek;
    options.kek_count = 1;
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, SEAL);
    assert_int_equal(self->result.recipient_count, 5);
    assert_int_equal(self->result.has_password, 1);
    svms_header *as_container = calloc(1, sizeof(*as_container));
    assert_non_null(as_container);
    svms_package_as_container(&seen->header, as_container);
    for (size_t i = 0; i < 5; i++) {
        svms_keyring *ring = NULL;
        svms_private_key *key = NULL;
        svms_access_view view;
        const char *damage = NULL;
        uint8_t found[32];
        assert_int_equal(self->result.recipients[i].kind, kinds[i]);
        assert_int_equal(svms_keyring_new(&ring, self->fix->ctx, NULL), SVMS_OK);
        if (i == 0) {
            assert_int_equal(svms_keyring_add_password(ring, SEAL, strlen(SEAL), NULL), SVMS_OK);
        } else if (i == 4) {
            assert_int_equal(svms_keyring_add_kek(ring, kek, NULL), SVMS_OK);
        } else {
            assert_int_equal(svms_private_key_from_evp(&key, self->fix->ctx, pkeys[i - 1], NULL),
                             SVMS_OK);
            assert_int_equal(svms_keyring_add_key(ring, key, NULL), SVMS_OK);
        }
        assert_int_equal(svms_access_parse_slot(&view, self->fix->ctx, as_container,
                                                self->out.data + 120, 0, &damage, NULL),
                         SVMS_OK);
        assert_int_equal(svms_access_unlock(self->fix->ctx, as_container, &view, ring, found, NULL),
                         SVMS_OK);
        svms_keyring_free(&ring);
        svms_private_key_free(&key);
    }
    for (size_t i = 0; i < 3; i++) {
        svms_public_key *gone = (svms_public_key *)(uintptr_t)recipients[i];
        svms_public_key_free(&gone);
        EVP_PKEY_free(pkeys[i]);
    }
    svms_kek_free(&kek);
    free(as_container);
    free(seen);
}

/* A key that lives behind callbacks, and somebody who may refuse to use it. */
typedef struct keeper {
    EVP_PKEY *pkey;
    bool refuses;
} keeper;

static svms_status keep_key(void *user, svms_sign_request *request,
                            const svms_sign_message *message)
{
    const keeper *self = user;
    uint8_t signature[128];
    size_t size = sizeof(signature);
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    if (self->refuses) {
        EVP_MD_CTX_free(state);
        return SVMS_E_POLICY;
    }
    assert_int_equal(EVP_DigestSignInit_ex(state, NULL, NULL, NULL, NULL, self->pkey, NULL), 1);
    assert_int_equal(EVP_DigestSign(state, signature, &size, message->data, message->size), 1);
    EVP_MD_CTX_free(state);
    return svms_sign_request_complete(request, SVMS_OK, signature, size);
}

static void a_key_behind_callbacks_signs_or_ends_the_export(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    keeper keeps = { EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false };
    svms_public_key *half = public_key_of(self, keeps.pkey);
    svms_private_key *key = NULL;
    svms_signer signer = SVMS_SIGNER_INIT;
    record(self, &how);
    signer.user = &keeps;
    signer.begin = keep_key;
    assert_int_equal(svms_private_key_from_signer(&key, self->fix->ctx, half, &signer, NULL),
                     SVMS_OK);
    svms_chain *chain = issue_chain(self->fix, key, SVMS_ROLE_EXPORTER, T0 - DAY, T0 + 365 * DAY);
    svms_export_options options = sealed_options(self);
    svms_export_source source = whole_source(self);
    options.signer.key = key;
    options.signer.chain = chain;
    export_well(self, &options, &source);
    free(look_at_package(self, SEAL));
    keeps.refuses = true;
    assert_int_equal(export_one(self, &options, &source), SVMS_E_POLICY);
    assert_false(looks_finished(&self->out));
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_public_key_free(&half);
    EVP_PKEY_free(keeps.pkey);
}

static void the_result_says_all_that_an_audit_record_needs(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    record(self, &how);
    svms_export_options options = clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    seen_package *seen = look_at_package(self, NULL);
    assert_string_equal(self->result.signer, svms_chain_subject(self->exporter));
    assert_true(self->result.signed_utc_ns > T0);
    assert_int_equal(self->result.has_password, 0);
    assert_int_equal(self->result.recipient_count, 0);
    svms_export_result_clear(&self->result);
    assert_null(self->result.periods);
    svms_export_result_clear(&self->result);
    svms_export_result_clear(NULL);
    free(seen);
}

/* Proofs ----------------------------------------------------------------------------------------
 */

static void a_proof_holds_leaves_instead_of_records(void **state)
{
    export_case *self = *state;
    recipe how = RECIPE_INIT;
    record(self, &how);
    for (int presented = SVMS_PRESENTED_ALL; presented <= SVMS_PRESENTED_ONE; presented++) {
        svms_export_options options = clear_options(self);
        svms_export_source source = whole_source(self);
        svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
        svms_export_origin origin = { 0, 0, 0, 2, T0 };
        svms_export_track_pair pairs[2] = { { 0, 1 }, { 1, 2 } };
        memory_file clear = { (uint8_t *)(uintptr_t) "a clear file", 12, 0, 0, 0, 0, 0, 0, 0 };
        svms_source bytes = memory_source(&clear);
        uint8_t digest[32];
        options.kind = SVMS_EXPORT_PROOF;
        source.presented = (svms_export_presented)presented;
        source.presented_segment = 1;
        source.presented_track = 0;
        source.presented_sample = 2;
        svms_export *package = begin_export(self, &options);
        add_source_well(self, package, &self->container, &source);
        assert_int_equal(svms_export_finish(package, NULL, NULL), SVMS_E_USAGE);
        presentation.name = "clear.mp4";
        presentation.media_type = "video/mp4";
        if (presented == SVMS_PRESENTED_NONE) {
            presentation.name = "clear.png";
            presentation.media_type = "image/png";
            presentation.method = "decoded";
            presentation.origins = &origin;
            presentation.origin_count = 1;
        } else if (presented == SVMS_PRESENTED_ALL) {
            presentation.tracks = pairs;
            presentation.track_count = 2;
        } else {
            presentation.name = "clear.jpg";
            presentation.media_type = "image/jpeg";
            presentation.tracks = pairs;
            pairs[0].presentation_track = 0;
            presentation.track_count = 1;
        }
        if (svms_export_set_presentation(package, &bytes, &presentation, &self->err) != SVMS_OK) {
            fail_msg("presentation: %s", self->err.message);
        }
        finish_well(self, &package);
        seen_package *seen = look_at_package(self, NULL);
        sha256_of("a clear file", 12, digest);
        assert_memory_equal(seen->presentation, digest, 32);
        assert_true(u64_at(seen->presentation + 32) == 12);
        assert_int_equal(frames_of(seen, SVMS_FRAME_LEAVES), 3);
        for (size_t i = 0; i < 3; i++) {
            static const uint8_t tracks[] = { 0, 1 };
            size_t secrets = presented == SVMS_PRESENTED_ALL             ? 2
                             : presented == SVMS_PRESENTED_ONE && i == 1 ? 1
                                                                         : 0;
            secrets_fit(self, seen, frame_of(seen, SVMS_FRAME_LEAVES, i), tracks, secrets);
        }
        free(seen);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_clear_package_holds_the_segments_as_they_were_recorded,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(a_sealed_package_seals_what_is_not_strong,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(a_removed_track_leaves_neither_samples_nor_secrets,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(
            a_period_carries_its_segments_and_what_shows_that_they_are_all, export_case_setup,
            export_case_teardown),
        cmocka_unit_test_setup_teardown(several_devices_and_periods_share_a_package,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(many_frames_have_many_directories, export_case_setup,
                                        export_case_teardown),
        cmocka_unit_test_setup_teardown(attachments_are_sealed_and_named_by_their_digest,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(a_derivation_of_what_is_not_carried_is_refused,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(recipients_of_every_kind_open_it, export_case_setup,
                                        export_case_teardown),
        cmocka_unit_test_setup_teardown(a_key_behind_callbacks_signs_or_ends_the_export,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(the_result_says_all_that_an_audit_record_needs,
                                        export_case_setup, export_case_teardown),
        cmocka_unit_test_setup_teardown(a_proof_holds_leaves_instead_of_records, export_case_setup,
                                        export_case_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
