/* SPDX-License-Identifier: Apache-2.0 */
/* What later hands may add (O-VER-12). Earlier signatures leave it out, so it must be nothing that
 * a player takes for a part of the film: there are players that read fragments, edit lists and
 * handlers wherever in a 'meta' they find them, and look for the letters 'hdlr' to find out where
 * its boxes begin. */
#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "onvif_file.h"

#define HDLR SVMS_ISO_TYPE('h', 'd', 'l', 'r')
#define NULL_HANDLER SVMS_ISO_TYPE('n', 'u', 'l', 'l')
#define SUEP SVMS_ISO_TYPE('s', 'u', 'e', 'p')
#define SUMI SVMS_ISO_TYPE('s', 'u', 'm', 'i')
#define CSTB SVMS_ISO_TYPE('c', 's', 't', 'b')
#define FREE SVMS_ISO_TYPE('f', 'r', 'e', 'e')
#define IPRO SVMS_ISO_TYPE('i', 'p', 'r', 'o')
#define SINF SVMS_ISO_TYPE('s', 'i', 'n', 'f')
#define SCHM SVMS_ISO_TYPE('s', 'c', 'h', 'm')
#define SCHI SVMS_ISO_TYPE('s', 'c', 'h', 'i')
#define SIBO SVMS_ISO_TYPE('s', 'i', 'b', 'o')
#define CERT SVMS_ISO_TYPE('c', 'e', 'r', 't')
#define SIGC SVMS_ISO_TYPE('s', 'i', 'g', 'C')
#define AUIB SVMS_ISO_TYPE('a', 'u', 'i', 'b')

#define FULL_BOX 4
#define IPRO_FIELDS 6
#define HANDLER_FIELDS 24
#define SHORT_HEADER 8
#define BLOCK_SIZE 4096

static void note(svms_onvif_stray *stray, const svms_iso_box *box, const char *why)
{
    if (!stray->why) {
        *stray = (svms_onvif_stray){ why, box->type, box->offset };
    }
}

/* Takes one byte after the other. */
typedef void (*take_byte)(void *user, uint64_t offset, uint8_t byte);

static svms_status read_bytes(const svms_onvif_file *file, uint64_t from, uint64_t end,
                              take_byte take, void *user, svms_error *err)
{
    uint8_t block[BLOCK_SIZE];
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && from < end) {
        size_t size = end - from < sizeof block ? (size_t)(end - from) : sizeof block;
        status = svms_source_read(file->source, from, block, size, err);
        for (size_t i = 0; status == SVMS_OK && i < size; i++) {
            take(user, from + i, block[i]);
        }
        from += size;
    }
    return status;
}

typedef struct letters {
    uint32_t window;
    uint64_t last;
} letters;

/* A take_byte. */
static void look_for_handler(void *user, uint64_t offset, uint8_t byte)
{
    letters *found = user;
    found->window = found->window << 8 | byte;
    if (found->window == HDLR) {
        found->last = offset - 3;
    }
}

/* A take_byte. */
static void look_for_content(void *user, uint64_t offset, uint8_t byte)
{
    bool *is_empty = user;
    (void)offset;
    *is_empty = *is_empty && byte == 0;
}

/* The handler of the format in front, whose letters are then the first that anybody finds. */
static svms_status look_at_beginning(const svms_onvif_file *file, svms_onvif_meta *meta,
                                     bool *is_full, svms_error *err)
{
    static const uint8_t zeros[12];
    uint8_t bytes[FULL_BOX + SHORT_HEADER + HANDLER_FIELDS];
    uint64_t payload = svms_iso_payload_size(&meta->box);
    size_t size = payload < sizeof bytes ? (size_t)payload : sizeof bytes;
    svms_status status =
        svms_source_read(file->source, svms_iso_payload_offset(&meta->box), bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor fields = svms_cursor_over(bytes, size, meta->box.offset);
    *is_full = svms_read_u32(&fields) == 0;
    uint32_t box_size = svms_read_u32(&fields);
    bool is_handler = svms_read_u32(&fields) == HDLR && box_size >= SHORT_HEADER + HANDLER_FIELDS &&
                      svms_read_u64(&fields) == 0 && svms_read_u32(&fields) == NULL_HANDLER;
    const uint8_t *reserved = svms_read_bytes(&fields, sizeof zeros);
    meta->begins_right = *is_full && is_handler && !fields.failed && reserved &&
                         memcmp(reserved, zeros, sizeof zeros) == 0;
    return SVMS_OK;
}

static svms_status look_into_schi(const svms_iso_walk *outer, const svms_iso_box *schi,
                                  svms_onvif_stray *stray, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, outer, schi, 0, err);
    while (status == SVMS_OK && (status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        if (box.type != SIBO && box.type != CERT && box.type != SIGC && box.type != AUIB &&
            box.type != CSTB) {
            note(stray, &box, "which does not belong there");
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status look_into_sinf(const svms_iso_walk *outer, const svms_iso_box *sinf,
                                  svms_onvif_stray *stray, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    bool has_schi = false;
    svms_status status = svms_iso_enter(&walk, outer, sinf, 0, err);
    while (status == SVMS_OK && (status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        if (box.type == SCHI && !has_schi) {
            has_schi = true;
            status = look_into_schi(&walk, &box, stray, err);
        } else if (box.type != SCHM && box.type != CSTB) {
            note(stray, &box, "which does not belong there");
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status look_into_ipro(const svms_iso_walk *outer, const svms_iso_box *ipro,
                                  svms_onvif_stray *stray, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, outer, ipro, IPRO_FIELDS, err);
    while (status == SVMS_OK && (status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        if (box.type == SINF) {
            status = look_into_sinf(&walk, &box, stray, err);
        } else {
            note(stray, &box, "which does not belong there");
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status look_at_box(const svms_onvif_file *file, svms_onvif_meta *meta,
                               const svms_iso_walk *walk, const svms_iso_box *box, svms_error *err)
{
    bool is_empty = true;
    svms_status status = SVMS_OK;
    switch (box->type) {
    case SUEP:
    case SUMI:
    case CSTB:
        return SVMS_OK;
    case IPRO:
        return look_into_ipro(walk, box, &meta->stray, err);
    case FREE:
        status = read_bytes(file, svms_iso_payload_offset(box), box->offset + box->size,
                            look_for_content, &is_empty, err);
        if (!is_empty) {
            note(&meta->stray, box, "that is not empty");
        }
        return status;
    case HDLR:
        if (walk->count != 1 || !meta->begins_right) {
            note(&meta->stray, box, "that is not the format's, or not in front");
        }
        return SVMS_OK;
    default:
        note(&meta->stray, box, "which does not belong there");
        return SVMS_OK;
    }
}

static svms_status look_into_meta(const svms_onvif_file *file, svms_onvif_meta *meta,
                                  const svms_iso_walk *top, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, top, &meta->box, FULL_BOX, err);
    while (status == SVMS_OK && (status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        status = look_at_box(file, meta, &walk, &box, err);
    }
    if (!meta->begins_right && meta->last_handler != SVMS_ONVIF_NOWHERE) {
        note(&meta->stray, &meta->box, "where players look for its handler, and find another");
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status look_at_meta(const svms_onvif_file *file, svms_onvif_meta *meta, bool is_later,
                                svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    letters found = { 0, SVMS_ONVIF_NOWHERE };
    bool is_full = false;
    svms_status status = look_at_beginning(file, meta, &is_full, err);
    if (status == SVMS_OK && !meta->begins_right) {
        status = read_bytes(file, svms_iso_payload_offset(&meta->box),
                            meta->box.offset + meta->box.size, look_for_handler, &found, err);
    }
    meta->last_handler = found.last;
    if (status != SVMS_OK || !is_later) {
        return status;
    }
    if (!is_full) {
        note(&meta->stray, &meta->box, "of another version");
    }
    return look_into_meta(file, meta, &top, err);
}

svms_status svms_onvif_look_at_later(svms_onvif_file *file, svms_error *err)
{
    svms_iso_walk top = svms_iso_begin(file->source, file->size);
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < file->meta_count; i++) {
        if (file->metas[i].is_signed) {
            status = look_at_meta(file, &file->metas[i], i > file->sinfs[0].meta, err);
        }
    }
    for (uint32_t i = 1; status == SVMS_OK && i < file->sinf_count; i++) {
        status = look_into_sinf(&top, &file->sinfs[i].box, &file->sinfs[i].stray, err);
    }
    return status;
}

static svms_status tell(const svms_onvif_stray *stray, svms_error *err)
{
    return !stray->why ? SVMS_OK
                       : svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, stray->offset,
                                      "what was added later has a box '%s' %s",
                                      svms_iso_name_of(stray->type).text, stray->why);
}

svms_status svms_onvif_check_later(const svms_onvif_file *file, uint32_t number, svms_error *err)
{
    const svms_onvif_sinf *own = &file->sinfs[number];
    const svms_onvif_meta *meta = &file->metas[own->meta];
    svms_status status = SVMS_OK;
    for (uint32_t i = own->meta + 1; status == SVMS_OK && i < file->meta_count; i++) {
        status = tell(&file->metas[i].stray, err);
    }
    for (uint32_t i = number + 1; status == SVMS_OK && i < file->sinf_count; i++) {
        status = tell(&file->sinfs[i].stray, err);
    }
    bool is_last = number + 1 == file->sinf_count || file->sinfs[number + 1].meta != own->meta;
    if (status != SVMS_OK || is_last || meta->last_handler == SVMS_ONVIF_NOWHERE) {
        return status;
    }
    return meta->last_handler + 3 < file->sinfs[number + 1].box.offset
               ? SVMS_OK
               : svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, meta->last_handler,
                              "what was added later has the letters 'hdlr', which players look "
                              "for");
}

bool svms_onvif_may_append(const svms_onvif_meta *meta, const uint8_t *sinf, size_t size)
{
    letters found = { 0, SVMS_ONVIF_NOWHERE };
    for (size_t i = 0; i < size; i++) {
        look_for_handler(&found, i, sinf[i]);
    }
    bool is_behind = meta->last_handler != SVMS_ONVIF_NOWHERE &&
                     meta->last_handler + 3 >= meta->ipro.offset + meta->ipro.size;
    return meta->begins_right || (found.last == SVMS_ONVIF_NOWHERE && !is_behind);
}
