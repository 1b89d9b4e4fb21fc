/* SPDX-License-Identifier: Apache-2.0 */
/* Packages that somebody altered: never authentic, and named where they were. */
#include "evidence_case.h"

#include <stdio.h>

#include "builder.h"
#include "link.h"

/* A small package with two links, and where its parts are. */
typedef struct target {
    export_case *self;
    const char *password;
    seen_package *seen;
    person custodian;
    uint64_t link; /* the second one */
    uint8_t head[32];
} target;

static void target_make(export_case *self, target *out, svms_protection protection, bool sealed)
{
    recipe how = RECIPE_INIT;
    memset(out, 0, sizeof(*out));
    out->self = self;
    out->password = sealed ? SEAL : NULL;
    how.protection = protection;
    how.tracks = 1;
    how.segments = 2;
    how.frames = 2;
    how.sample_size = 20;
    memory_file_clear(&self->container);
    record_container(self->fix, &how, &self->container);
    svms_export_options options = sealed ? sealed_options(self) : clear_options(self);
    svms_export_source source = whole_source(self);
    export_well(self, &options, &source);
    out->seen = look_at_package(self, out->password);
    out->link = self->out.size;
    person_make(self, &out->custodian, SVMS_ROLE_CUSTODIAN);
    assert_int_equal(countersign(self, &out->custodian.signer, out->head), SVMS_OK);
}

static void target_clear(target *this)
{
    person_clear(&this->custodian);
    free(this->seen);
}

/* The frame that holds a byte, or NULL. */
static const seen_frame *frame_at(const seen_package *seen, uint64_t offset)
{
    for (size_t i = 0; i < seen->count; i++) {
        const seen_frame *frame = &seen->frames[i];
        if (offset >= frame->offset && offset - frame->offset < svms_frame_size(&frame->frame)) {
            return frame;
        }
    }
    return NULL;
}

/* A flip in a frame that the directories list leaves the package open, and names the frame. */
static void expect_named(const target *this, uint64_t offset, int verdict, svms_status opening,
                         const svms_export_report *report)
{
    const seen_frame *frame = frame_at(this->seen, offset);
    if (frame == NULL || frame->frame.kind == SVMS_FRAME_DIRECTORY) {
        return;
    }
    if (opening != SVMS_OK || verdict != SVMS_VERDICT_NOT_AUTHENTIC) {
        fail_msg("byte %llu of a frame of kind %u: opening %d, verdict %d (%s)",
                 (unsigned long long)offset, frame->frame.kind, opening, verdict, report->reason);
    }
    assert_int_equal(report->links, SVMS_VERDICT_AUTHENTIC);
    bool piece = frame->frame.kind != SVMS_FRAME_CASE && frame->frame.kind != SVMS_FRAME_ATTACHMENT;
    if (report->failure_source != (piece ? 0 : UINT32_MAX) ||
        (frame->frame.kind == SVMS_FRAME_SEGMENT &&
         (report->failure_segment != frame->frame.number ||
          report->failure_utc_ns != frame->first_utc_ns))) {
        fail_msg("byte %llu of a frame of kind %u, number %lld: source %d segment %lld (%s)",
                 (unsigned long long)offset, frame->frame.kind, (long long)frame->frame.number,
                 (int)report->failure_source, (long long)report->failure_segment, report->reason);
    }
    assert_true(report->failure_offset == frame->offset);
}

static void flip_everything(export_case *self, svms_protection protection, bool sealed)
{
    target this;
    target_make(self, &this, protection, sealed);
    for (uint64_t i = 0; i < self->out.size; i++) {
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        uint8_t bit = (uint8_t)(1u << (i % 8));
        self->out.data[i] ^= bit;
        int verdict = judge(self, &self->out, this.password, &report, &opening);
        self->out.data[i] ^= bit;
        if (opening == SVMS_OK && verdict == SVMS_VERDICT_AUTHENTIC) {
            fail_msg("byte %llu can be changed", (unsigned long long)i);
        }
        expect_named(&this, i, verdict, opening, &report);
        if (i >= this.link) {
            assert_int_equal(opening, SVMS_OK);
            assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
            assert_int_equal(report.contents, SVMS_VERDICT_AUTHENTIC);
            assert_true(report.links != SVMS_VERDICT_AUTHENTIC);
            assert_true(report.failure_offset == this.link);
        }
    }
    target_clear(&this);
}

static void no_byte_of_a_clear_package_can_be_changed(void **state)
{
    flip_everything(*state, SVMS_PROTECT_STRONG, false);
}

static void no_byte_of_a_sealed_package_can_be_changed(void **state)
{
    flip_everything(*state, SVMS_PROTECT_LIGHT, true);
}

/* Without key everything but what is inside is as sure. */
static void flips_are_noticed_without_the_password(void **state)
{
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_NONE, true);
    for (uint64_t i = 0; i < self->out.size; i += 3) {
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        self->out.data[i] ^= 0x10;
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        self->out.data[i] ^= 0x10;
        assert_true(opening != SVMS_OK || verdict >= SVMS_VERDICT_INCOMPLETE);
        expect_named(&this, i, verdict, opening, &report);
    }
    target_clear(&this);
}

static void every_truncation_is_noticed(void **state)
{
    export_case *self = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        target this;
        target_make(self, &this, SVMS_PROTECT_LIGHT, sealed != 0);
        size_t whole = self->out.size;
        for (size_t size = 0; size < whole; size += sealed != 0 ? 13 : 1) {
            svms_export_report report = SVMS_EXPORT_REPORT_INIT;
            svms_status opening = SVMS_OK;
            self->out.size = size;
            int verdict = judge(self, &self->out, this.password, &report, &opening);
            if (size < this.link) {
                assert_true(opening == SVMS_E_TRUNCATED || opening == SVMS_E_MALFORMED);
            } else if (size == this.link) {
                assert_int_equal(verdict, SVMS_VERDICT_AUTHENTIC); /* the receipt tells */
            } else {
                assert_int_equal(verdict, SVMS_VERDICT_INCOMPLETE);
                assert_int_equal(report.bytes_unattested, size - this.link);
                assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
            }
        }
        self->out.size = whole;
        target_clear(&this);
    }
}

static void append(memory_file *file, const void *data, size_t size)
{
    file->data = realloc(file->data, file->size + size);
    assert_non_null(file->data);
    memcpy(file->data + file->size, data, size);
    file->size += size;
    file->capacity = file->size;
}

/* E-LNK-5 */
static void what_stands_behind_the_last_link_is_a_beginning_or_false(void **state)
{
    static const struct rest {
        const char *bytes;
        size_t size;
        int verdict;
    } rests[] = { { "S", 1, 1 },           { "SVX", 3, 1 },        { "SVXL", 4, 1 },
                  { "SVXLabcdef", 10, 1 }, { "\0\0\0\0\0", 5, 1 }, { "\0", 1, 1 },
                  { "S\0", 2, 4 },         { "X", 1, 4 },          { "\0\0\0\0\1", 5, 4 },
                  { "SVXM", 4, 4 } };
    export_case *self = *state;
    target this;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        self->out.size = whole;
        append(&self->out, rests[i].bytes, rests[i].size);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), rests[i].verdict);
        assert_true(report.bytes_unattested == rests[i].size);
        assert_true(report.failure_offset == whole);
        svms_status status = countersign(self, &this.custodian.signer, NULL);
        assert_int_equal(status, rests[i].verdict == 1 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        if (status == SVMS_OK) {
            expect_authentic(self, NULL);
        }
    }
    target_clear(&this);
}

/* A link as it stands in a file, with its tail. */
typedef struct piece {
    uint8_t *data;
    size_t size;
} piece;

static piece cut_out(const memory_file *file, uint64_t from, uint64_t to)
{
    piece out = { malloc((size_t)(to - from) + 1), (size_t)(to - from) };
    assert_non_null(out.data);
    memcpy(out.data, file->data + from, out.size);
    return out;
}

/* Three links; where each begins, and the end. */
static void three_links(export_case *self, target *this, uint64_t at[4])
{
    target_make(self, this, SVMS_PROTECT_STRONG, false);
    at[0] = this->seen->link_offset;
    at[1] = this->link;
    at[2] = self->out.size;
    this->custodian.signer.note = "again";
    assert_int_equal(countersign(self, &this->custodian.signer, NULL), SVMS_OK);
    at[3] = self->out.size;
}

static int judge_pieces(export_case *self, const memory_file *base, uint64_t keep,
                        const piece *pieces, const int *order, size_t count,
                        svms_export_report *report)
{
    memory_file file = memory_copy(base);
    svms_status opening = SVMS_OK;
    file.size = (size_t)keep;
    for (size_t i = 0; i < count; i++) {
        append(&file, pieces[order[i]].data, pieces[order[i]].size);
    }
    *report = (svms_export_report)SVMS_EXPORT_REPORT_INIT;
    int verdict = judge(self, &file, NULL, report, &opening);
    memory_file_clear(&file);
    return opening == SVMS_OK ? verdict : -1;
}

static void links_cannot_be_dropped_swapped_or_repeated(void **state)
{
    static const struct order {
        size_t count;
        int links[4];
        bool authentic;
    } orders[] = { { 3, { 0, 1, 2, 0 }, true },  { 2, { 0, 1, 0, 0 }, true },
                   { 1, { 0, 0, 0, 0 }, true },  { 2, { 0, 2, 0, 0 }, false },
                   { 3, { 0, 2, 1, 0 }, false }, { 2, { 1, 2, 0, 0 }, false },
                   { 3, { 0, 0, 1, 0 }, false }, { 3, { 0, 1, 1, 0 }, false },
                   { 4, { 0, 1, 2, 2 }, false }, { 4, { 0, 1, 2, 0 }, false },
                   { 2, { 1, 0, 0, 0 }, false }, { 3, { 1, 0, 2, 0 }, false } };
    export_case *self = *state;
    target this;
    uint64_t at[4];
    three_links(self, &this, at);
    piece links[3];
    for (int i = 0; i < 3; i++) {
        links[i] = cut_out(&self->out, at[i], at[i + 1]);
    }
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        svms_export_report report;
        int verdict =
            judge_pieces(self, &self->out, at[0], links, orders[i].links, orders[i].count, &report);
        if (orders[i].authentic != (verdict == 0)) {
            fail_msg("order %zu: verdict %d (%s)", i, verdict, report.reason);
        }
    }
    for (int i = 0; i < 3; i++) {
        free(links[i].data);
    }
    target_clear(&this);
}

static void a_link_of_another_package_is_not_taken(void **state)
{
    export_case *self = *state;
    target this;
    uint64_t at[4];
    svms_export_report report;
    three_links(self, &this, at);
    memory_file first = memory_copy(&self->out);
    target other;
    target_make(self, &other, SVMS_PROTECT_STRONG, false);
    piece foreign = cut_out(&self->out, other.link, self->out.size);
    static const int order[] = { 0 };
    int verdict = judge_pieces(self, &first, at[1], &foreign, order, 1, &report);
    assert_int_equal(verdict, SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
    assert_int_equal(report.links, SVMS_VERDICT_NOT_AUTHENTIC);
    free(foreign.data);
    foreign = cut_out(&self->out, other.seen->link_offset, self->out.size);
    assert_int_equal(judge_pieces(self, &first, at[0], &foreign, order, 1, &report), -1);
    free(foreign.data);
    memory_file_clear(&first);
    target_clear(&this);
    target_clear(&other);
}

/* Signing what one likes --------------------------------------------------------------------------
 */

/* What a forger changes of a link that he signs anew. */
typedef void change_link(svms_link_object *object);

/* Replaces the link at offset, and cuts what stands behind it. */
static void sign_anew(export_case *self, uint64_t offset, const svms_export_signer *signer,
                      change_link *change)
{
    svms_link_view view;
    svms_chain *chain = NULL;
    size_t size = 0;
    uint8_t head[32];
    piece old = cut_out(&self->out, offset, self->out.size);
    assert_int_equal(svms_link_peek(old.data, offset, &size, NULL), SVMS_OK);
    assert_int_equal(
        svms_link_parse(&view, &chain, self->fix->ctx, old.data, size, offset, &self->err),
        SVMS_OK);
    if (change != NULL) {
        change(&view.object);
    }
    svms_builder made = svms_builder_new(self->fix->ctx, 1 << 20);
    assert_int_equal(svms_link_sign(&made, self->fix->ctx, &view.object, signer, head, &self->err),
                     SVMS_OK);
    self->out.size = (size_t)offset;
    append(&self->out, made.data, made.size);
    svms_builder_clear(&made);
    svms_chain_free(&chain);
    free(old.data);
}

static void a_key_of_another_role_is_not_trusted(void **state)
{
    static const svms_role roles[] = { SVMS_ROLE_RECORDER, SVMS_ROLE_CUSTODIAN, SVMS_ROLE_CAMERA,
                                       SVMS_ROLE_KEY_OFFICER };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        target this;
        person other;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &other, roles[i]);
        other.signer.role = SVMS_ROLE_EXPORTER; /* says so, but the certificate does not */
        sign_anew(self, this.seen->link_offset, &other.signer, NULL);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        assert_int_equal(verdict, SVMS_VERDICT_UNTRUSTED);
        assert_int_equal(report.links, SVMS_VERDICT_UNTRUSTED);
        assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(svms_export_countersign(self->fix->ctx, NULL, NULL, NULL, NULL),
                         SVMS_E_USAGE);
        assert_int_equal(countersign(self, &other.signer, NULL), SVMS_E_UNTRUSTED);
        other.signer.role = roles[i]; /* admits it */
        sign_anew(self, this.seen->link_offset, &other.signer, NULL);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), -1);
        assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
        person_clear(&other);
        target_clear(&this);
    }
}

static void forbid(svms_link_object *object)
{
    object->policy = SVMS_EXPORT_NO_REEXPORT;
}

static void allow(svms_link_object *object)
{
    object->policy = 0;
}

static void policy_never_shrinks(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    sign_anew(self, this.link, &this.custodian.signer, forbid);
    expect_authentic(self, NULL);
    uint64_t last = self->out.size;
    assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_OK);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
    assert_int_equal(report.policy, SVMS_EXPORT_NO_REEXPORT);
    sign_anew(self, last, &this.custodian.signer, allow);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.policy, SVMS_EXPORT_NO_REEXPORT);
    assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_E_NOT_AUTHENTIC);
    target_clear(&this);
}

static void more_sources(svms_link_object *object)
{
    object->sources++;
}

static void more_attachments(svms_link_object *object)
{
    object->attachments++;
}

static void more_frames(svms_link_object *object)
{
    object->frames++;
}

static void fewer_frames(svms_link_object *object)
{
    object->frames--;
}

static void most_frames(svms_link_object *object)
{
    object->frames = SVMS_MAX_FRAMES;
}

static void most_sources(svms_link_object *object)
{
    object->sources = SVMS_EXPORT_MAX_SOURCES;
}

static void no_frames(svms_link_object *object)
{
    object->frames = 0;
}

static void another_number(svms_link_object *object)
{
    object->previous_offset++;
}

static void a_presentation(svms_link_object *object)
{
    object->presentation_size = 1;
}

static void another_directory(svms_link_object *object)
{
    object->directory_offset -= 40;
}

static void another_hash(svms_link_object *object)
{
    object->directory_hash[5] ^= 1;
}

/* A real exporter who signs what is not so, or a forger with his key. */
static void a_link_that_promises_something_else_opens_nothing(void **state)
{
    static change_link *const changes[] = { more_sources, more_attachments, more_frames,
                                            fewer_frames, most_frames,      most_sources,
                                            no_frames,    a_presentation,   another_directory,
                                            another_hash, another_number };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        target this;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        person exporter;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        sign_anew(self, this.seen->link_offset, &exporter.signer, changes[i]);
        self->fix->allocated_bytes = 0;
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != -1 || opening != SVMS_E_NOT_AUTHENTIC) {
            fail_msg("change %zu: opening %d, verdict %d", i, opening, verdict);
        }
        assert_true(self->fix->allocated_bytes < 2 * 1048576);
        person_clear(&exporter);
        target_clear(&this);
    }
}

/* A real exporter, or a forger with his key, who changes a frame and signs it all -----------------
 */

static uint8_t signed_hash[32]; /* of the directory that take_hash() signs */

static void take_hash(svms_link_object *object)
{
    memcpy(object->directory_hash, signed_hash, 32);
}

static uint8_t *entry_of(export_case *self, const target *this, const seen_frame *frame)
{
    const seen_frame *directory = frame_of(this->seen, SVMS_FRAME_DIRECTORY, 0);
    return self->out.data + directory->offset + 80 + 80 * frame->index;
}

/* Digest of the frame into its entry, hash of the directory into link 0. */
static void sign_frame(export_case *self, const target *this, const seen_frame *frame,
                       const person *exporter)
{
    const seen_frame *directory = frame_of(this->seen, SVMS_FRAME_DIRECTORY, 0);
    const uint8_t *bytes = self->out.data + frame->offset;
    const svms_frame *is = &frame->frame;
    if (svms_frame_digest_omits_body(is)) {
        size_t front = SVMS_FRAME_HEADER_SIZE + (size_t)is->a_size;
        uint8_t *joined = malloc(front + is->c_size);
        assert_non_null(joined);
        memcpy(joined, bytes, front);
        memcpy(joined + front, bytes + front + is->b_size, is->c_size);
        sha256_of(joined, front + is->c_size, entry_of(self, this, frame) + 48);
        free(joined);
    } else {
        sha256_of(bytes, (size_t)svms_frame_size(is), entry_of(self, this, frame) + 48);
    }
    sha256_of(self->out.data + directory->offset, (size_t)svms_frame_size(&directory->frame),
              signed_hash);
    sign_anew(self, this->seen->link_offset, &exporter->signer, take_hash);
}

static void a_case_that_promises_something_else_is_refused(void **state)
{
    static const struct edit {
        const char *from;
        const char *to;
    } edits[] = { { "\"first_segment\":0", "\"first_segment\":1" },
                  { "\"last_segment\":1", "\"last_segment\":2" },
                  { "\"reexport\":true", "\"reexport\":null" },
                  { "\"included\":true", "\"includeD\":true" },
                  { "\"kind\":\"video\"", "\"kind\":\"audio\"" },
                  { "\"codec\":\"tstv\"", "\"codec\":\"tstw\"" },
                  { "\"sequence\":0", "\"sequence\":1" },
                  { "\"from\":null,\"to\":null", "\"from\":null,\"tO\":null" },
                  { "\"number\":0", "\"number\":1" },
                  { "\"first_utc\":\"2026", "\"first_utc\":\"2025" },
                  { "\"last_utc\":\"2026", "\"last_utc\":\"2027" },
                  { "\"svms-case\"", "\"svms-caze\"" } };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        target this;
        person exporter;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_CASE, 0);
        uint8_t *json = self->out.data + frame->offset + SVMS_FRAME_HEADER_SIZE;
        size_t length = strlen(edits[i].from);
        size_t at = 0;
        while (at + length <= frame->frame.b_size &&
               memcmp(json + at, edits[i].from, length) != 0) {
            at++;
        }
        if (at + length > frame->frame.b_size) {
            fail_msg("the case has no %s", edits[i].from);
        }
        memcpy(json + at, edits[i].to, length);
        sign_frame(self, &this, frame, &exporter);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != SVMS_VERDICT_NOT_AUTHENTIC) {
            fail_msg("edit %zu: opening %d, verdict %d", i, opening, verdict);
        }
        assert_int_equal(report.contents, SVMS_VERDICT_NOT_AUTHENTIC);
        assert_int_equal(report.links, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.sources, SVMS_VERDICT_AUTHENTIC);
        assert_true(report.failure_offset == frame->offset);
        person_clear(&exporter);
        target_clear(&this);
    }
}

/* Each changes a frame or its entry in some way. */
typedef void spoil(export_case *self, const target *this, const seen_frame *frame);

static void other_time(export_case *self, const target *this, const seen_frame *frame)
{
    entry_of(self, this, frame)[31] ^= 1;
}

static void other_origin(export_case *self, const target *this, const seen_frame *frame)
{
    self->out.data[frame->offset + 39] ^= 1;
    entry_of(self, this, frame)[23] ^= 1;
}

static void other_number(export_case *self, const target *this, const seen_frame *frame)
{
    self->out.data[frame->offset + 31] ^= 4;
    entry_of(self, this, frame)[15] ^= 4;
}

static void other_flags(export_case *self, const target *this, const seen_frame *frame)
{
    self->out.data[frame->offset + 1] ^= SVMS_FRAME_REMOVED;
    entry_of(self, this, frame)[41] ^= SVMS_FRAME_REMOVED;
}

static void other_secret(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + 5] ^= 1;
}

static void secret_of_another_track(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE] = 7;
}

static void other_sample(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + frame->frame.a_size +
                   frame->frame.b_size - 5] ^= 1;
}

static void other_manifest(export_case *self, const target *this, const seen_frame *frame)
{
    (void)this;
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + frame->frame.a_size +
                   frame->frame.b_size + 200] ^= 1;
}

/* What the recorder signed stays what it was, whoever signs the package. */
static void an_exporter_cannot_change_what_was_recorded(void **state)
{
    static const struct lie {
        spoil *spoil;
        int verdict;
    } lies[] = { { other_time, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_origin, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_number, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_flags, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_secret, SVMS_VERDICT_UNDECRYPTABLE },
                 { secret_of_another_track, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_sample, SVMS_VERDICT_NOT_AUTHENTIC },
                 { other_manifest, SVMS_VERDICT_NOT_AUTHENTIC } };
    export_case *self = *state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        target this;
        person exporter;
        svms_export_report report = SVMS_EXPORT_REPORT_INIT;
        svms_status opening = SVMS_OK;
        target_make(self, &this, SVMS_PROTECT_STRONG, false);
        person_make(self, &exporter, SVMS_ROLE_EXPORTER);
        const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_SEGMENT, 1);
        lies[i].spoil(self, &this, frame);
        sign_frame(self, &this, frame, &exporter);
        int verdict = judge(self, &self->out, NULL, &report, &opening);
        if (verdict != lies[i].verdict) {
            fail_msg("lie %zu: opening %d, verdict %d (%s)", i, opening, verdict, report.reason);
        }
        assert_int_equal(report.links, SVMS_VERDICT_AUTHENTIC);
        assert_int_equal(report.sources, lies[i].verdict);
        assert_int_equal(report.failure_source, 0);
        person_clear(&exporter);
        target_clear(&this);
    }
}

/* A sealed body that its digest covers, and that does not open (E-VER-7). */
static void what_is_signed_and_does_not_open_is_undecryptable(void **state)
{
    export_case *self = *state;
    target this;
    person exporter;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_LIGHT, true);
    person_make(self, &exporter, SVMS_ROLE_EXPORTER);
    const seen_frame *frame = frame_of(this.seen, SVMS_FRAME_SEGMENT, 1);
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE + frame->frame.a_size + 30] ^= 1;
    sign_frame(self, &this, frame, &exporter);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.sources, SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.access, SVMS_ACCESS_FAILED);
    assert_true(report.failure_segment == 1 && report.failure_utc_ns == frame->first_utc_ns);
    assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_INCOMPLETE);
    /* The case: what cannot be read promises nothing. */
    frame = frame_of(this.seen, SVMS_FRAME_CASE, 0);
    self->out.data[frame->offset + SVMS_FRAME_HEADER_SIZE] ^= 1;
    sign_frame(self, &this, frame, &exporter);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), SVMS_VERDICT_UNDECRYPTABLE);
    assert_int_equal(report.contents, SVMS_VERDICT_UNDECRYPTABLE);
    person_clear(&exporter);
    target_clear(&this);
}

static void the_slot_of_another_package_is_not_taken(void **state)
{
    export_case *self = *state;
    target this;
    target other;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &other, SVMS_PROTECT_LIGHT, true);
    memory_file theirs = memory_copy(&self->out);
    target_make(self, &this, SVMS_PROTECT_LIGHT, true);
    assert_int_equal(this.seen->header.slot_size, other.seen->header.slot_size);
    memory_file mine = memory_copy(&self->out);
    memcpy(self->out.data + 120, theirs.data + 120, this.seen->header.slot_size);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), -1);
    assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
    /* Header and slot together. */
    memcpy(self->out.data, theirs.data, 120);
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), -1);
    assert_int_equal(opening, SVMS_E_NOT_AUTHENTIC);
    /* A frame of the other one. */
    memcpy(self->out.data, mine.data, mine.size);
    const seen_frame *here = frame_of(this.seen, SVMS_FRAME_SEGMENT, 0);
    const seen_frame *there = frame_of(other.seen, SVMS_FRAME_SEGMENT, 0);
    assert_true(svms_frame_size(&here->frame) == svms_frame_size(&there->frame));
    memcpy(self->out.data + here->offset, theirs.data + there->offset,
           (size_t)svms_frame_size(&here->frame));
    assert_int_equal(judge(self, &self->out, SEAL, &report, &opening), SVMS_VERDICT_NOT_AUTHENTIC);
    assert_int_equal(report.failure_source, 0);
    assert_int_equal(report.failure_segment, 0);
    memory_file_clear(&theirs);
    memory_file_clear(&mine);
    target_clear(&this);
    target_clear(&other);
}

/* Countersigning on a disk that fails -------------------------------------------------------------
 */

static void an_interrupted_countersignature_changes_nothing_before_it(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    size_t link = whole - (size_t)this.link;
    memory_file before = memory_copy(&self->out);
    for (size_t torn = 1; torn < link; torn++) {
        memory_store memory = { 0 };
        memory.file = &self->out;
        memory.torn_at = torn;
        memory.no_cut = true;
        svms_store store = store_of(&memory);
        svms_status status = svms_export_countersign(self->fix->ctx, &store, &this.custodian.signer,
                                                     NULL, &self->err);
        if (status == SVMS_OK) {
            break; /* signatures differ in nothing but their bytes */
        }
        assert_int_equal(status, SVMS_E_IO);
        assert_int_equal(self->out.size, whole + torn);
        assert_memory_equal(self->out.data, before.data, whole);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), SVMS_VERDICT_INCOMPLETE);
        memory.torn_at = 0;
        /* Without a way to cut, nothing can be done about it. */
        assert_int_equal(svms_export_countersign(self->fix->ctx, &store, &this.custodian.signer,
                                                 NULL, &self->err),
                         SVMS_E_STATE);
        if (torn % 16 == 0) {
            assert_int_equal(countersign(self, &this.custodian.signer, NULL), SVMS_OK);
            assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
        }
        self->out.size = whole;
    }
    memory_file_clear(&before);
    target_clear(&this);
}

static void every_failure_of_the_store_leaves_a_good_package(void **state)
{
    export_case *self = *state;
    target this;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_status opening = SVMS_OK;
    target_make(self, &this, SVMS_PROTECT_STRONG, false);
    size_t whole = self->out.size;
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        memory_store memory = { 0 };
        memory.file = &self->out;
        memory.fails_at = n;
        svms_store store = store_of(&memory);
        svms_status status = svms_export_countersign(self->fix->ctx, &store, &this.custodian.signer,
                                                     NULL, &self->err);
        done = status == SVMS_OK;
        assert_true(done || status == SVMS_E_IO);
        assert_true(done || self->out.size == whole);
        assert_int_equal(judge(self, &self->out, NULL, &report, &opening), 0);
        assert_true(n < 1000);
    }
    assert_true(self->out.size > whole);
    target_clear(&this);
}

/* Everything, with what can fail failing at some point. */
static svms_status use_everything(export_case *self, const char *password, memory_file *file)
{
    svms_evidence *evidence = NULL;
    svms_reader *reader = NULL;
    svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_source source = memory_source(file);
    svms_evidence_options options = SVMS_EVIDENCE_OPTIONS_INIT;
    svms_keyring *ring = NULL;
    self->err = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_keyring_new(&ring, self->fix->ctx, &self->err);
    if (status == SVMS_OK && password != NULL) {
        status = svms_keyring_add_password(ring, password, strlen(password), &self->err);
    }
    options.keys = password == NULL ? NULL : ring;
    if (status == SVMS_OK) {
        status = svms_export_open(&evidence, self->fix->ctx, &source, &options, &self->err);
    }
    if (status == SVMS_OK) {
        svms_export_verify_options how = trusting(self, NULL);
        how.open_samples = 1;
        status = svms_export_verify(evidence, &how, &report, &self->err);
    }
    if (status == SVMS_OK) {
        status = svms_export_extract(&reader, evidence, 0, NULL, &self->err);
    }
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = svms_reader_next(reader, &sample, &self->err);
    }
    svms_reader_close(&reader);
    svms_export_close(&evidence);
    svms_keyring_free(&ring);
    return status;
}

static void every_failed_allocation_is_a_clean_error(void **state)
{
    export_case *self = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        target this;
        target_make(self, &this, SVMS_PROTECT_LIGHT, sealed != 0);
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            int64_t live = self->fix->live_blocks;
            self->fix->allocations = 0;
            self->fix->allocation_fails_at = n;
            svms_status status = use_everything(self, this.password, &self->out);
            self->fix->allocation_fails_at = 0;
            done = status == SVMS_END;
            if (!done && status != SVMS_E_NO_MEMORY) {
                fail_msg("allocation %llu: %d %s", (unsigned long long)n, status,
                         self->err.message);
            }
            assert_true(self->fix->live_blocks == live);
            assert_true(n < 5000);
        }
        target_clear(&this);
    }
}

static void every_failed_read_is_a_clean_error(void **state)
{
    export_case *self = *state;
    for (int sealed = 0; sealed < 2; sealed++) {
        target this;
        target_make(self, &this, SVMS_PROTECT_LIGHT, sealed != 0);
        bool done = false;
        for (uint64_t n = 1; !done; n++) {
            self->out.reads = 0;
            self->out.read_fails_at = n;
            svms_status status = use_everything(self, this.password, &self->out);
            self->out.read_fails_at = 0;
            done = status == SVMS_END;
            if (!done && status != SVMS_E_IO) {
                fail_msg("read %llu: %d %s", (unsigned long long)n, status, self->err.message);
            }
            assert_true(n < 5000);
        }
        target_clear(&this);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, export_case_setup, export_case_teardown)
        CASE(no_byte_of_a_clear_package_can_be_changed),
        CASE(no_byte_of_a_sealed_package_can_be_changed),
        CASE(flips_are_noticed_without_the_password),
        CASE(every_truncation_is_noticed),
        CASE(what_stands_behind_the_last_link_is_a_beginning_or_false),
        CASE(links_cannot_be_dropped_swapped_or_repeated),
        CASE(a_link_of_another_package_is_not_taken),
        CASE(a_key_of_another_role_is_not_trusted),
        CASE(policy_never_shrinks),
        CASE(a_link_that_promises_something_else_opens_nothing),
        CASE(a_case_that_promises_something_else_is_refused),
        CASE(an_exporter_cannot_change_what_was_recorded),
        CASE(what_is_signed_and_does_not_open_is_undecryptable),
        CASE(the_slot_of_another_package_is_not_taken),
        CASE(an_interrupted_countersignature_changes_nothing_before_it),
        CASE(every_failure_of_the_store_leaves_a_good_package),
        CASE(every_failed_allocation_is_a_clean_error),
        CASE(every_failed_read_is_a_clean_error),
    };
    return cmocka_run_group_tests_name("evidence_attack", tests, NULL, NULL);
}
