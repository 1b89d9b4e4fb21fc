/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of a film, from the outside to its tracks. */
#include "iso_film.h"

#include <string.h>

#include "cursor.h"
#include "failure.h"

#define FTYP SVMS_ISO_TYPE('f', 't', 'y', 'p')
#define MOOV SVMS_ISO_TYPE('m', 'o', 'o', 'v')
#define MDAT SVMS_ISO_TYPE('m', 'd', 'a', 't')
#define FREE SVMS_ISO_TYPE('f', 'r', 'e', 'e')
#define SKIP SVMS_ISO_TYPE('s', 'k', 'i', 'p')
#define MVHD SVMS_ISO_TYPE('m', 'v', 'h', 'd')
#define TRAK SVMS_ISO_TYPE('t', 'r', 'a', 'k')
#define UDTA SVMS_ISO_TYPE('u', 'd', 't', 'a')

#define MVHD_SHORT 96u
#define MVHD_LONG 108u
#define NORMAL_RATE 0x00010000u
#define FULL_VOLUME 0x0100u
#define FTYP_LEAST 8u
#define FTYP_MOST 136u /* 32 brands */

svms_status svms_film_refuse(const svms_iso_box *box, const char *why, svms_error *err)
{
    return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "box '%s': %s",
                        svms_iso_name_of(box->type).text, why);
}

svms_status svms_film_must_be_first(const svms_iso_box *box, const svms_iso_box *child,
                                    svms_error *err)
{
    return child->offset == svms_iso_payload_offset(box)
               ? SVMS_OK
               : svms_film_refuse(child, "it must be the first in its box", err);
}

static const svms_film_rule *rule_of(const svms_film_rule *rules, size_t count, uint32_t type)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].type == type) {
            return &rules[i];
        }
    }
    return NULL;
}

static svms_status take_child(const svms_iso_box *parent, const svms_iso_box *child,
                              const svms_film_rule *rules, size_t count, svms_iso_box *found,
                              svms_error *err)
{
    const svms_film_rule *rule = rule_of(rules, count, child->type);
    if (rule == NULL) {
        return svms_fail_at(
            err, SVMS_E_MALFORMED, child->offset, "a box '%s' in '%s', which no plain film has",
            svms_iso_name_of(child->type).text, svms_iso_name_of(parent->type).text);
    }
    size_t place = (size_t)(rule - rules);
    if (found[place].type != 0 && !rule->many) {
        return svms_fail_at(err, SVMS_E_MALFORMED, child->offset, "a second box '%s' in '%s'",
                            svms_iso_name_of(child->type).text,
                            svms_iso_name_of(parent->type).text);
    }
    found[place] = *child;
    return SVMS_OK;
}

svms_status svms_film_children(const svms_iso_walk *walk, const svms_iso_box *box, uint32_t own,
                               const svms_film_rule *rules, size_t count, svms_iso_box *found,
                               svms_iso_walk *inner, svms_error *err)
{
    svms_iso_box child;
    memset(found, 0, count * sizeof(*found));
    svms_status status = svms_iso_enter(inner, walk, box, own, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_iso_walk way = *inner;
    while ((status = svms_iso_next(&way, &child, err)) == SVMS_OK) {
        status = take_child(box, &child, rules, count, found, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    for (size_t i = 0; i < count; i++) {
        if (rules[i].needed && found[i].type == 0) {
            return svms_fail_at(err, SVMS_E_MALFORMED, box->offset, "no box '%s' in '%s'",
                                svms_iso_name_of(rules[i].type).text,
                                svms_iso_name_of(box->type).text);
        }
    }
    return SVMS_OK;
}

svms_status svms_film_read_full(const svms_iso_walk *walk, const svms_iso_box *box, uint8_t *out,
                                size_t size, svms_error *err)
{
    if (svms_iso_payload_size(box) != size) {
        return svms_film_refuse(box, "its length is not that of its version", err);
    }
    return svms_source_read(walk->source, svms_iso_payload_offset(box), out, size, err);
}

bool svms_film_matrix_is_plain(svms_cursor *cursor)
{
    static const uint32_t plain[9] = { 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000 };
    bool same = true;
    for (size_t i = 0; i < 9; i++) {
        same = svms_read_u32(cursor) == plain[i] && same;
    }
    return same && !cursor->failed;
}

static svms_status read_movie_header(svms_film *film, const svms_iso_walk *walk,
                                     const svms_iso_box *box, svms_error *err)
{
    uint8_t bytes[4 + MVHD_LONG];
    bool is_long = svms_iso_payload_size(box) == 4 + MVHD_LONG;
    size_t size = 4 + (is_long ? MVHD_LONG : MVHD_SHORT);
    svms_status status = svms_film_read_full(walk, box, bytes, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, size, svms_iso_payload_offset(box));
    if (svms_read_u32(&cursor) != (is_long ? UINT32_C(1) << 24 : 0)) {
        return svms_film_refuse(box, "an unknown version, or flags", err);
    }
    (void)svms_skip(&cursor, is_long ? 16 : 8);
    film->timescale = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, is_long ? 8 : 4);
    uint32_t rate = svms_read_u32(&cursor);
    uint16_t volume = svms_read_u16(&cursor);
    (void)svms_skip(&cursor, 10);
    if (film->timescale == 0) {
        return svms_film_refuse(box, "a second of no ticks", err);
    }
    if (rate != NORMAL_RATE || !svms_film_matrix_is_plain(&cursor)) {
        return svms_film_refuse(box, "it is not played at normal speed, or turned", err);
    }
    if (volume != FULL_VOLUME) {
        return svms_film_refuse(box, "the sound is made louder or softer", err);
    }
    return SVMS_OK;
}

static svms_status add_track(svms_film *film, const svms_iso_walk *walk, const svms_iso_box *box,
                             svms_error *err)
{
    if (film->track_count == SVMS_FILM_MAX_TRACKS) {
        return svms_fail_at(err, SVMS_E_LIMIT, box->offset, "more than %u tracks",
                            SVMS_FILM_MAX_TRACKS);
    }
    svms_film_track *track = &film->tracks[film->track_count];
    svms_status status = svms_film_read_track(track, walk, box, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool first_of_kind = true;
    for (uint32_t i = 0; i < film->track_count; i++) {
        if (film->tracks[i].id == track->id) {
            return svms_film_refuse(box, "a track with the number of another one", err);
        }
        bool other_kind = film->tracks[i].handler != track->handler;
        if (other_kind && track->group != 0 && film->tracks[i].group == track->group) {
            return svms_film_refuse(box, "pictures or sound are played, not both", err);
        }
        first_of_kind = first_of_kind && other_kind;
    }
    if (first_of_kind && !track->enabled) {
        return svms_film_refuse(box, "the first track of its kind is not played", err);
    }
    film->track_count++;
    return SVMS_OK;
}

static svms_status read_movie(svms_film *film, const svms_iso_walk *walk, const svms_iso_box *moov,
                              svms_error *err)
{
    static const svms_film_rule rules[] = {
        { MVHD, true, false },
        { TRAK, true, true },
        { UDTA, false, false },
    };
    svms_iso_box found[sizeof(rules) / sizeof(rules[0])];
    svms_iso_walk inner;
    svms_iso_box box;
    svms_status status = svms_film_children(walk, moov, 0, rules, sizeof(rules) / sizeof(rules[0]),
                                            found, &inner, err);
    if (status == SVMS_OK) {
        status = svms_film_must_be_first(moov, &found[0], err);
    }
    if (status == SVMS_OK) {
        status = read_movie_header(film, &inner, &found[0], err);
    }
    if (status == SVMS_OK && found[2].type != 0) {
        status = svms_film_check_texts(&inner, &found[2], err);
    }
    while (status == SVMS_OK && (status = svms_iso_next(&inner, &box, err)) == SVMS_OK) {
        if (box.type == TRAK) {
            status = add_track(film, &inner, &box, err);
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* By its first box players tell what kind of file it is: nothing else may be in front, and pictures
 * have brands as well. */
static svms_status check_brand(const svms_source *source, const svms_iso_box *ftyp, svms_error *err)
{
    static const char brands[][5] = { "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7",
                                      "iso8", "iso9", "mp41", "mp42", "avc1", "M4V ", "M4A " };
    uint8_t major[4];
    uint64_t size = svms_iso_payload_size(ftyp);
    if (ftyp->offset != 0 || size < FTYP_LEAST || size > FTYP_MOST || size % 4 != 0) {
        return svms_film_refuse(ftyp, "it must be the first box, and short", err);
    }
    svms_status status =
        svms_source_read(source, svms_iso_payload_offset(ftyp), major, sizeof(major), err);
    if (status != SVMS_OK) {
        return status;
    }
    for (size_t i = 0; i < sizeof(brands) / sizeof(brands[0]); i++) {
        if (memcmp(major, brands[i], sizeof(major)) == 0) {
            return SVMS_OK;
        }
    }
    return svms_film_refuse(ftyp, "it is not the brand of an MP4 film", err);
}

svms_status svms_film_open(svms_film *film, const svms_source *source, svms_error *err)
{
    static const svms_film_rule rules[] = {
        { FTYP, true, false }, { MOOV, true, false }, { MDAT, false, true },
        { FREE, false, true }, { SKIP, false, true },
    };
    static const svms_iso_box file = { .type = SVMS_ISO_TYPE('f', 'i', 'l', 'e') };
    svms_iso_box found[sizeof(rules) / sizeof(rules[0])] = { { 0 } };
    svms_iso_box box;
    memset(film, 0, sizeof(*film));
    film->source = source;
    svms_status status = svms_source_size(source, &film->size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_iso_walk walk = svms_iso_begin(source, film->size);
    for (uint32_t count = 0; (status = svms_iso_next(&walk, &box, err)) == SVMS_OK; count++) {
        if (count == SVMS_FILM_MAX_BOXES ||
            (box.type == MOOV && svms_iso_payload_size(&box) > SVMS_FILM_MAX_MOVIE)) {
            return svms_film_refuse(&box, "a film has no so many, or so large, boxes", err);
        }
        status = take_child(&file, &box, rules, sizeof(rules) / sizeof(rules[0]), found, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    for (size_t i = 0; i < 2; i++) {
        if (found[i].type == 0) {
            return svms_fail(err, SVMS_E_MALFORMED, "no box '%s': it is no MP4 file",
                             svms_iso_name_of(rules[i].type).text);
        }
    }
    status = check_brand(source, &found[0], err);
    if (status != SVMS_OK) {
        return status;
    }
    walk = svms_iso_begin(source, film->size);
    status = read_movie(film, &walk, &found[1], err);
    svms_film_rewind(film);
    return status;
}
