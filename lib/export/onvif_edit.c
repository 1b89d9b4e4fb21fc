/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_edit.h"

#include "failure.h"

#define SHORT_HEADER 8

void svms_onvif_add_edit(svms_onvif_edits *edits, uint64_t at, uint64_t drop, const uint8_t *put,
                         uint64_t put_size)
{
    edits->list[edits->count++] = (svms_onvif_edit){ at, drop, put, put_size };
}

bool svms_onvif_add_size(svms_onvif_edits *edits, const svms_iso_box *box, uint64_t size)
{
    uint8_t *place = edits->sizes[edits->sizes_used++];
    if (box->header_size > SHORT_HEADER) {
        svms_store_u64(place, size);
        svms_onvif_add_edit(edits, box->offset + SHORT_HEADER, 8, place, 8);
        return true;
    }
    if (size > UINT32_MAX) {
        return false;
    }
    svms_store_u32(place, (uint32_t)size);
    svms_onvif_add_edit(edits, box->offset, 4, place, 4);
    return true;
}

static svms_status put(const svms_onvif_edit *edit, svms_onvif_take take, void *user,
                       svms_error *err)
{
    static const uint8_t zeros[256];
    if (edit->put) {
        return edit->put_size > 0 ? take(user, edit->put, (size_t)edit->put_size, err) : SVMS_OK;
    }
    svms_status status = SVMS_OK;
    for (uint64_t left = edit->put_size; status == SVMS_OK && left > 0;) {
        size_t size = left < sizeof zeros ? (size_t)left : sizeof zeros;
        status = take(user, zeros, size, err);
        left -= size;
    }
    return status;
}

/* The edit that comes next, when it lies before end. */
static const svms_onvif_edit *pending(const svms_onvif_editor *editor, uint64_t end)
{
    const svms_onvif_edits *edits = editor->edits;
    if (editor->next == edits->count || edits->list[editor->next].at >= end) {
        return NULL;
    }
    return &edits->list[editor->next];
}

svms_status svms_onvif_feed(svms_onvif_editor *editor, uint64_t offset, const uint8_t *data,
                            size_t size, svms_onvif_take take, void *user, svms_error *err)
{
    uint64_t end = offset + size;
    uint64_t place = offset;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && place < end) {
        if (place < editor->dropped_until) {
            place = editor->dropped_until < end ? editor->dropped_until : end;
            continue;
        }
        const svms_onvif_edit *edit = pending(editor, end);
        uint64_t until = edit ? edit->at : end;
        if (until > place) {
            status = take(user, data + (place - offset), (size_t)(until - place), err);
            place = until;
        }
        if (status == SVMS_OK && edit) {
            status = put(edit, take, user, err);
            editor->dropped_until = edit->at + edit->drop;
            editor->next++;
        }
    }
    return status;
}

svms_status svms_onvif_feed_end(svms_onvif_editor *editor, uint64_t size, svms_onvif_take take,
                                void *user, svms_error *err)
{
    svms_status status = SVMS_OK;
    const svms_onvif_edit *edit = pending(editor, UINT64_MAX);
    while (status == SVMS_OK && edit) {
        if (edit->at != size) {
            return svms_fail(err, SVMS_E_INTERNAL, "an edit lies behind the end of the file");
        }
        status = put(edit, take, user, err);
        editor->next++;
        edit = pending(editor, UINT64_MAX);
    }
    return status;
}

/* Whether a later hand made this meta: the standard knows only one, but a tool is known that begins
 * another one where it does not find the first. One without a signature is covered by all others:
 * otherwise by nothing. */
static bool came_later(const svms_onvif_file *file, uint32_t meta, const svms_onvif_sinf *own)
{
    return file->metas[meta].is_signed && meta > own->meta;
}

uint64_t svms_onvif_first_omission(const svms_onvif_edits *edits)
{
    for (uint32_t i = 0; i < edits->count; i++) {
        if (edits->list[i].drop > edits->list[i].put_size) {
            return edits->list[i].at;
        }
    }
    return UINT64_MAX;
}

void svms_onvif_view_of(svms_onvif_edits *edits, const svms_onvif_file *file, uint32_t number)
{
    const svms_onvif_sinf *own = &file->sinfs[number];
    const svms_onvif_meta *meta = &file->metas[own->meta];
    uint64_t removed = 0;
    edits->count = 0;
    edits->sizes_used = 0;
    for (uint32_t i = number + 1; i < file->sinf_count; i++) {
        removed += file->sinfs[i].meta == own->meta ? file->sinfs[i].box.size : 0;
    }
    if (removed > 0) {
        /* Smaller sizes always fit. */
        (void)svms_onvif_add_size(edits, &meta->box, meta->box.size - removed);
        (void)svms_onvif_add_size(edits, &meta->ipro, meta->ipro.size - removed);
    }
    if (own->sibo.type != 0) {
        uint64_t size = svms_iso_payload_size(&own->sibo);
        svms_onvif_add_edit(edits, svms_iso_payload_offset(&own->sibo), size, NULL, size);
    }
    for (uint32_t i = number + 1; i < file->sinf_count; i++) {
        const svms_iso_box *box = &file->sinfs[i].box;
        if (file->sinfs[i].meta == own->meta) {
            svms_onvif_add_edit(edits, box->offset, box->size, NULL, 0);
        }
    }
    for (uint32_t i = 0; i < file->meta_count; i++) {
        const svms_iso_box *box = &file->metas[i].box;
        if (came_later(file, i, own)) {
            svms_onvif_add_edit(edits, box->offset, box->size, NULL, 0);
        }
    }
}
