/* SPDX-License-Identifier: Apache-2.0 */
/* User data of a film. Players look for tracks, covers and items in there as well, so what is not
 * known to be words is refused. */

#include "cursor.h"
#include "failure.h"
#include "iso_film.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define META SVMS_ISO_TYPE('m', 'e', 't', 'a')
#define FREE SVMS_ISO_TYPE('f', 'r', 'e', 'e')
#define COVER SVMS_ISO_TYPE('c', 'o', 'v', 'r')
#define DATA SVMS_ISO_TYPE('d', 'a', 't', 'a')
#define COPYRIGHT_SIGN 0xA9u /* names that QuickTime gives to texts begin with it */

/* Kinds of 'data' (QuickTime File Format, well-known types). */
#define DATA_UTF8 1u
#define DATA_INTEGER 21u

static bool is_text(uint32_t type)
{
    static const uint32_t types[] = {
        SVMS_ISO_TYPE('n', 'a', 'm', 'e'),
        SVMS_ISO_TYPE('c', 'p', 'r', 't'),
        SVMS_ISO_TYPE('t', 'i', 't', 'l'),
        SVMS_ISO_TYPE('d', 's', 'c', 'p'),
        SVMS_ISO_TYPE('a', 'u', 't', 'h'),
        SVMS_ISO_TYPE('l', 'o', 'c', 'i'),
        FREE,
    };
    for (size_t i = 0; i < COUNT(types); i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return type >> 24 == COPYRIGHT_SIGN;
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
    return kind == DATA_UTF8 || kind == DATA_INTEGER
               ? SVMS_OK
               : svms_film_refuse(data, "it holds something else than words", err);
}

static svms_status check_item(const svms_iso_walk *walk, const svms_iso_box *item, svms_error *err)
{
    static const svms_film_rule rules[] = {
        { DATA, true, false },
        { SVMS_ISO_TYPE('m', 'e', 'a', 'n'), false, false },
        { SVMS_ISO_TYPE('n', 'a', 'm', 'e'), false, false },
    };
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    if (item->type == COVER) {
        return svms_film_refuse(item, "a picture that is shown beside the film", err);
    }
    svms_status status = svms_film_children(walk, item, 0, rules, COUNT(rules), found, &inner, err);
    return status == SVMS_OK ? check_data(&inner, &found[0], err) : status;
}

/* A list of items, each of which is named and has one value. */
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

static svms_status check_meta(const svms_iso_walk *walk, const svms_iso_box *meta, svms_error *err)
{
    static const svms_film_rule rules[] = {
        { SVMS_ISO_TYPE('h', 'd', 'l', 'r'), true, false },
        { SVMS_ISO_TYPE('i', 'l', 's', 't'), false, false },
        { FREE, false, true },
    };
    svms_iso_box found[COUNT(rules)];
    svms_iso_walk inner;
    svms_status status = svms_film_children(walk, meta, 4, rules, COUNT(rules), found, &inner, err);
    return status == SVMS_OK && found[1].type != 0 ? check_list(&inner, &found[1], err) : status;
}

svms_status svms_film_check_texts(const svms_iso_walk *walk, const svms_iso_box *udta,
                                  svms_error *err)
{
    svms_iso_walk inner;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&inner, walk, udta, 0, err);
    while (status == SVMS_OK && (status = svms_iso_next(&inner, &box, err)) == SVMS_OK) {
        if (box.type == META) {
            status = check_meta(&inner, &box, err);
        } else if (!is_text(box.type)) {
            status = svms_fail_at(err, SVMS_E_MALFORMED, box.offset,
                                  "a box '%s' in 'udta', which is not known to hold words",
                                  svms_iso_name_of(box.type).text);
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}
