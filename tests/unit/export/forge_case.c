/* SPDX-License-Identifier: Apache-2.0 */
#include "forge_case.h"

#include "builder.h"

void target_make(export_case *self, target *out, svms_protection protection, bool sealed)
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

void target_clear(target *this)
{
    person_clear(&this->custodian);
    free(this->seen);
}

void append(memory_file *file, const void *data, size_t size)
{
    file->data = realloc(file->data, file->size + size);
    assert_non_null(file->data);
    memcpy(file->data + file->size, data, size);
    file->size += size;
    file->capacity = file->size;
}

piece cut_out(const memory_file *file, uint64_t from, uint64_t to)
{
    piece out = { malloc((size_t)(to - from) + 1), (size_t)(to - from) };
    assert_non_null(out.data);
    memcpy(out.data, file->data + from, out.size);
    return out;
}

void sign_anew(export_case *self, uint64_t offset, const svms_export_signer *signer,
               change_link *change, const void *with)
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
        change(&view.object, with);
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

void digest_frame(const svms_frame *is, const uint8_t *bytes, uint8_t out[32])
{
    if (!svms_frame_digest_omits_body(is)) {
        sha256_of(bytes, (size_t)svms_frame_size(is), out);
        return;
    }
    size_t front = SVMS_FRAME_HEADER_SIZE + (size_t)is->a_size;
    uint8_t *joined = malloc(front + is->c_size);
    assert_non_null(joined);
    memcpy(joined, bytes, front);
    memcpy(joined + front, bytes + front + is->b_size, is->c_size);
    sha256_of(joined, front + is->c_size, out);
    free(joined);
}

uint8_t *entry_of(export_case *self, const target *this, const seen_frame *frame)
{
    const seen_frame *directory = frame_of(this->seen, SVMS_FRAME_DIRECTORY, 0);
    return self->out.data + directory->offset + 80 + 80 * frame->index;
}

static void take_hash(svms_link_object *object, const void *hash)
{
    memcpy(object->directory_hash, hash, 32);
}

void sign_frame(export_case *self, const target *this, const seen_frame *frame,
                const person *exporter)
{
    const seen_frame *directory = frame_of(this->seen, SVMS_FRAME_DIRECTORY, 0);
    uint8_t hash[32];
    digest_frame(&frame->frame, self->out.data + frame->offset, entry_of(self, this, frame) + 48);
    sha256_of(self->out.data + directory->offset, (size_t)svms_frame_size(&directory->frame), hash);
    sign_anew(self, this->seen->link_offset, &exporter->signer, take_hash, hash);
}

size_t carry(const seen_package *seen, carried *out, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < seen->count; i++) {
        const seen_frame *is = &seen->frames[i];
        if (is->frame.kind != SVMS_FRAME_DIRECTORY) {
            assert_true(count < room);
            out[count++] = (carried){ is->a, is->frame, is->first_utc_ns, is->last_utc_ns };
        }
    }
    return count;
}

static void append_frame(memory_file *file, const svms_frame *frame, const uint8_t *parts)
{
    uint8_t header[SVMS_FRAME_HEADER_SIZE];
    svms_frame_encode(frame, header);
    append(file, header, sizeof(header));
    append(file, parts, (size_t)svms_frame_size(frame) - sizeof(header));
}

/* Link 0 over what is there. */
static void sign_first(export_case *self, const svms_link_object *object, const person *exporter)
{
    uint8_t head[32];
    svms_link_object own = *object;
    svms_builder made = svms_builder_new(self->fix->ctx, 1 << 20);
    own.note = "";
    own.note_size = 0;
    own.policy = exporter->signer.policy;
    own.utc_ns = T0;
    assert_int_equal(
        svms_link_sign(&made, self->fix->ctx, &own, &exporter->signer, head, &self->err), SVMS_OK);
    append(&self->out, made.data, made.size);
    svms_builder_clear(&made);
}

void assemble(export_case *self, const piece *front, const carried *frames, size_t count,
              const person *exporter)
{
    svms_link_object object = { 0 };
    svms_frame directory = { 0 };
    svms_builder list = svms_builder_new(self->fix->ctx, 1 << 20);
    memory_file_clear(&self->out);
    append(&self->out, front->data, front->size);
    svms_put_zeros(&list, SVMS_DIRECTORY_FIXED_SIZE);
    for (size_t i = 0; i < count; i++) {
        const svms_frame *is = &frames[i].frame;
        svms_frame_entry entry = { 0 };
        entry.offset = self->out.size;
        entry.number = is->number;
        entry.origin = is->origin;
        entry.first_utc_ns = frames[i].first_utc_ns;
        entry.last_utc_ns = frames[i].last_utc_ns;
        entry.kind = is->kind;
        entry.flags = is->flags;
        append_frame(&self->out, is, frames[i].parts);
        digest_frame(is, self->out.data + entry.offset, entry.digest);
        svms_frame_entry_put(&list, &entry);
        object.sources += is->kind == SVMS_FRAME_SOURCE ? 1 : 0;
        object.attachments += is->kind == SVMS_FRAME_ATTACHMENT ? 1 : 0;
    }
    directory.kind = SVMS_FRAME_DIRECTORY;
    directory.number = count;
    directory.c_size = (uint32_t)list.size;
    object.directory_offset = self->out.size;
    append_frame(&self->out, &directory, list.data);
    sha256_of(self->out.data + object.directory_offset,
              self->out.size - (size_t)object.directory_offset, object.directory_hash);
    svms_builder_clear(&list);
    memcpy(object.package_id, front->data + 32, 16);
    sha256_of(front->data, SVMS_PACKAGE_HEADER_SIZE, object.h);
    if (front->size > SVMS_PACKAGE_HEADER_SIZE) {
        sha256_of(front->data + SVMS_PACKAGE_HEADER_SIZE, front->size - SVMS_PACKAGE_HEADER_SIZE,
                  object.previous);
    }
    object.offset = self->out.size;
    object.frames = count + 1;
    sign_first(self, &object, exporter);
}
