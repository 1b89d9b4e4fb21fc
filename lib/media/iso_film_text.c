/* SPDX-License-Identifier: Apache-2.0 */
/* User data of a film. Players parse boxes that they know wherever they find them, as parts of the
 * film, and search 'meta' for the word 'hdlr'; so only what cannot be taken for one is let pass. */

#include "cursor.h"
#include "failure.h"
#include "iso_film.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define COPYRIGHT_SIGN 0xA9u /* names that QuickTime gives to texts begin with it */
#define HANDLER SVMS_ISO_TYPE('m', 'd', 'i', 'r')
#define HANDLER_LEAST 24u
#define HANDLER_MOST 64u
#define META_FIELDS 4u  /* version and flags */
#define SHORT_HEADER 8u /* of a box */
#define DATA_UTF8 1u    /* QuickTime File Format, well-known types */

static bool is_word(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

static bool is_text(uint32_t type)
{
    return type >> 24 == COPYRIGHT_SIGN && is_word((uint8_t)(type >> 16)) &&
           is_word((uint8_t)(type >> 8)) && is_word((uint8_t)type);
}

static svms_status check_data(const svms_iso_walk *walk, const svms_iso_box *data, svms_error *err)
{
    uint8_t bytes[8];
    if (svms_iso_payload_size(data) < sizeof(bytes)) {
        return svms_film_refuse(data, "it is too short", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(data), bytes, sizeof(bytes), err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, sizeof(bytes), data->offset);
    uint32_t kind = svms_read_u32(&cursor);
    uint32_t locale = svms_read_u32(&cursor);
    return kind == DATA_UTF8 && locale == 0 && data->header_size == SHORT_HEADER
               ? SVMS_OK
               : svms_film_refuse(data, "it holds something else than words", err);
}

static svms_status check_item(const svms_iso_walk *walk, const svms_iso_box *item, svms_error *err)
{
    static const svms_film_rule rules[] = { { SVMS_ISO_TYPE('d', 'a', 't', 'a'), true, false } };
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    if (!is_text(item->type)) {
        return svms_film_refuse(item, "an item that is not known to hold words", err);
    }
    svms_status status = svms_film_children(walk, item, 0, rules, COUNT(rules), found, &inner, err);
    return status == SVMS_OK ? check_data(&inner, &found[0], err) : status;
}

static svms_status check_list(const svms_iso_walk *walk, const svms_iso_box *list, svms_error *err)
{
    svms_iso_walk inner;
    svms_iso_box item;
    svms_status status = svms_iso_enter(&inner, walk, list, 0, err);
    while (status == SVMS_OK && (status = svms_iso_next(&inner, &item, err)) == SVMS_OK) {
        status = check_item(&inner, &item, err);
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* Another handler than that of a list of texts becomes the one of a track in players. */
static svms_status check_handler(const svms_iso_walk *walk, const svms_iso_box *box,
                                 svms_error *err)
{
    uint8_t bytes[12];
    uint64_t size = svms_iso_payload_size(box);
    if (size < HANDLER_LEAST || size > HANDLER_MOST || box->header_size != SHORT_HEADER) {
        return svms_film_refuse(box, "a handler of texts has another length", err);
    }
    svms_status status =
        svms_source_read(walk->source, svms_iso_payload_offset(box), bytes, sizeof(bytes), err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, sizeof(bytes), box->offset);
    bool plain = svms_read_u64(&cursor) == 0 && svms_read_u32(&cursor) == HANDLER;
    return plain ? SVMS_OK : svms_film_refuse(box, "it is not the handler of texts", err);
}

static svms_status check_meta(const svms_iso_walk *walk, const svms_iso_box *meta, svms_error *err)
{
    static const svms_film_rule rules[] = {
        { SVMS_ISO_TYPE('h', 'd', 'l', 'r'), true, false },
        { SVMS_ISO_TYPE('i', 'l', 's', 't'), false, false },
    };
    uint8_t fields[META_FIELDS];
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    svms_status status =
        svms_film_children(walk, meta, META_FIELDS, rules, COUNT(rules), found, &inner, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t front = svms_iso_payload_offset(meta);
    status = svms_source_read(walk->source, front, fields, sizeof(fields), err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(fields, sizeof(fields), front);
    if (svms_read_u32(&cursor) != 0 || found[0].offset != front + META_FIELDS) {
        return svms_film_refuse(meta, "it does not begin with its handler", err);
    }
    status = check_handler(&inner, &found[0], err);
    return status == SVMS_OK && found[1].type != 0 ? check_list(&inner, &found[1], err) : status;
}

svms_status svms_film_check_texts(const svms_iso_walk *walk, const svms_iso_box *udta,
                                  svms_error *err)
{
    static const svms_film_rule rules[] = { { SVMS_ISO_TYPE('m', 'e', 't', 'a'), true, false } };
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    svms_status status = svms_film_children(walk, udta, 0, rules, COUNT(rules), found, &inner, err);
    return status == SVMS_OK ? check_meta(&inner, &found[0], err) : status;
}
