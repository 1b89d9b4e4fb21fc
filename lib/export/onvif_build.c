/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_build.h"

#include <string.h>

#include "chain_internal.h"
#include "cursor.h"
#include "failure.h"
#include "signer_check.h"
#include "utf8.h"

size_t svms_onvif_begin_box(svms_builder *builder, uint32_t type)
{
    size_t position = builder->size;
    svms_put_u32(builder, 0);
    svms_put_u32(builder, type);
    return position;
}

void svms_onvif_end_box(svms_builder *builder, size_t position)
{
    svms_patch_u32(builder, position, (uint32_t)(builder->size - position));
}

void svms_onvif_put_text(svms_builder *builder, const char *text)
{
    if (text) {
        svms_put_bytes(builder, text, strlen(text));
    }
    svms_put_u8(builder, 0);
}

svms_status svms_onvif_check_text(const char *text, size_t limit, const char *what, svms_error *err)
{
    size_t size = text ? strnlen(text, limit + 1) : 0;
    if (size > limit) {
        return svms_fail(err, SVMS_E_USAGE, "%s has more than %zu bytes", what, limit);
    }
    svms_cursor cursor = svms_cursor_over(text, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t width = svms_utf8_peek(&cursor, &character);
        if (width == 0) {
            return svms_fail(err, SVMS_E_USAGE, "%s is not UTF-8", what);
        }
        svms_skip(&cursor, width);
    }
    return SVMS_OK;
}

static svms_status check_start_times(const svms_onvif_signing *signing, svms_error *err)
{
    if (signing->start_count > SVMS_ONVIF_MAX_TRACKS ||
        (signing->start_count > 0 && !signing->starts)) {
        return svms_fail(err, SVMS_E_USAGE, "at most %d starts of tracks can be given",
                         SVMS_ONVIF_MAX_TRACKS);
    }
    for (uint32_t i = 0; i < signing->start_count; i++) {
        uint64_t ticks = 0;
        if (signing->starts[i].reserved != 0 ||
            !svms_onvif_to_1601(signing->starts[i].utc_ns, &ticks)) {
            return svms_fail(err, SVMS_E_USAGE, "the start of track %u is no time",
                             (unsigned)signing->starts[i].track_id);
        }
        for (uint32_t other = 0; other < i; other++) {
            if (signing->starts[other].track_id == signing->starts[i].track_id) {
                return svms_fail(err, SVMS_E_USAGE, "two starts are given for track %u",
                                 (unsigned)signing->starts[i].track_id);
            }
        }
    }
    return SVMS_OK;
}

svms_status svms_onvif_check_starts(const svms_onvif_signing *signing, const uint32_t *ids,
                                    uint32_t count, svms_error *err)
{
    for (uint32_t i = 0; i < signing->start_count; i++) {
        bool found = false;
        for (uint32_t track = 0; track < count; track++) {
            found = found || ids[track] == signing->starts[i].track_id;
        }
        if (!found) {
            return svms_fail(err, SVMS_E_USAGE, "the file has no track %u",
                             (unsigned)signing->starts[i].track_id);
        }
    }
    return SVMS_OK;
}

svms_status svms_onvif_prepare_signing(svms_onvif_signing *signing, svms_role first,
                                       svms_role second, svms_error *err)
{
    if (!signing->chain || !signing->key) {
        return svms_fail(err, SVMS_E_USAGE, "a signer needs a certificate and its key");
    }
    svms_status status = svms_onvif_check_text(signing->note, SVMS_ONVIF_MAX_NOTE, "the note", err);
    if (status == SVMS_OK) {
        status = check_start_times(signing, err);
    }
    if (status == SVMS_OK) {
        status = svms_onvif_algorithm_of(&signing->algorithm, signing->key, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    signing->signature_size = svms_onvif_signature_size(&signing->algorithm, signing->key);
    bool is_second = second != SVMS_ROLE_NONE && !svms_chain_allows(signing->chain, first) &&
                     svms_chain_allows(signing->chain, second);
    svms_role role = is_second ? second : first;
    return svms_signer_check(signing->key, signing->chain, role, svms_utc_now(signing->ctx), err);
}

static void put_leaf(svms_builder *builder, const svms_chain *chain)
{
    size_t size = 0;
    const uint8_t *wire = svms_chain_wire(chain, &size);
    svms_cursor cursor = svms_cursor_over(wire, size, 0);
    uint32_t leaf = svms_read_u32(&cursor);
    svms_put_bytes(builder, svms_read_bytes(&cursor, leaf), leaf);
}

static void put_starts(svms_builder *builder, const svms_onvif_signing *signing)
{
    if (signing->start_count == 0) {
        return;
    }
    size_t cstb = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('c', 's', 't', 'b'));
    svms_put_u32(builder, signing->start_count);
    for (uint32_t i = 0; i < signing->start_count; i++) {
        uint64_t ticks = 0;
        (void)svms_onvif_to_1601(signing->starts[i].utc_ns, &ticks);
        svms_put_u32(builder, signing->starts[i].track_id);
        svms_put_u64(builder, ticks);
    }
    svms_onvif_end_box(builder, cstb);
}

static void put_schi(svms_builder *builder, svms_onvif_signing *signing)
{
    size_t schi = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('s', 'c', 'h', 'i'));
    size_t box = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('s', 'i', 'b', 'o'));
    signing->signature_at = builder->size;
    svms_put_zeros(builder, signing->signature_size);
    svms_onvif_end_box(builder, box);
    box = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('c', 'e', 'r', 't'));
    put_leaf(builder, signing->chain);
    svms_onvif_end_box(builder, box);
    if (signing->algorithm.family == SVMS_ONVIF_ECDSA) {
        box = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('s', 'i', 'g', 'C'));
        svms_onvif_put_algorithm(builder, &signing->algorithm);
        svms_onvif_end_box(builder, box);
    }
    if (signing->note) {
        box = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('a', 'u', 'i', 'b'));
        svms_onvif_put_text(builder, signing->note);
        svms_onvif_end_box(builder, box);
    }
    svms_onvif_end_box(builder, schi);
}

void svms_onvif_put_sinf(svms_builder *builder, svms_onvif_signing *signing)
{
    size_t sinf = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('s', 'i', 'n', 'f'));
    put_starts(builder, signing);
    size_t schm = svms_onvif_begin_box(builder, SVMS_ISO_TYPE('s', 'c', 'h', 'm'));
    svms_put_u32(builder, 0);
    svms_put_u32(builder, SVMS_ONVIF_OEFF);
    svms_put_u32(builder, SVMS_ONVIF_VERSION);
    svms_onvif_end_box(builder, schm);
    put_schi(builder, signing);
    svms_onvif_end_box(builder, sinf);
}
