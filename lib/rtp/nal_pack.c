/* SPDX-License-Identifier: Apache-2.0 */
#include "nal_pack.h"

#include "failure.h"

enum { TOGETHER_MAX = 16, LENGTH_SIZE = 2 };

/* The units to send, one after another: parameter sets of the format, then the sample's. */
typedef struct unit_walk {
    const svms_parameter_sets *sets; /* NULL: none */
    uint32_t next_set;
    svms_nal_iterator units;
} unit_walk;

/* Units that will share a packet. */
typedef struct together {
    svms_iovec units[TOGETHER_MAX];
    size_t count;
    size_t size; /* of the payload, were it an aggregate */
} together;

static svms_status begin_units(svms_nal_iterator *it, const svms_packer *packer,
                               const svms_sample *sample, svms_error *err)
{
    *it = (svms_nal_iterator)SVMS_NAL_ITERATOR_INIT;
    svms_status status =
        svms_nal_begin(it, packer->format->codec, SVMS_NAL_LENGTH4, sample->data, sample->size);
    return status == SVMS_OK ? SVMS_OK : svms_fail(err, status, "the sample has no bytes");
}

/* Looks at every unit, so that nothing fails later. */
static svms_status survey(const svms_packer *packer, const svms_sample *sample, bool *has_sets,
                          svms_error *err)
{
    svms_nal_iterator it;
    svms_nal nal = SVMS_NAL_INIT;
    size_t count = 0;
    svms_status status = begin_units(&it, packer, sample, err);
    while (status == SVMS_OK && (status = svms_nal_next(&it, &nal, err)) == SVMS_OK) {
        count++;
        *has_sets = *has_sets || svms_parameter_sets_wants(packer->format->codec, nal.type);
        if (packer->format->single_only && nal.size > packer->room) {
            return svms_fail_at(err, SVMS_E_LIMIT, nal.framed_offset,
                                "packetisation mode 0 has no fragments: a NAL unit of %zu bytes "
                                "does not fit",
                                nal.size);
        }
    }
    if (status == SVMS_END && count == 0) {
        return svms_fail(err, SVMS_E_MALFORMED, "the sample has no NAL unit");
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status next_unit(unit_walk *walk, svms_iovec *out, svms_error *err)
{
    if (walk->sets && walk->next_set < walk->sets->count) {
        const svms_parameter_set *set = &walk->sets->items[walk->next_set++];
        *out = (svms_iovec){ set->data, set->size };
        return SVMS_OK;
    }
    svms_nal nal = SVMS_NAL_INIT;
    svms_status status = svms_nal_next(&walk->units, &nal, err);
    *out = (svms_iovec){ nal.data, nal.size };
    return status;
}

static svms_status send_together(svms_packer *packer, const svms_nal_packing *packing, together *t,
                                 bool last)
{
    if (t->count == 0) {
        return SVMS_OK;
    }
    size_t count = t->count;
    t->count = 0;
    if (count == 1) {
        return packer->emit(packer->owner, t->units, 1, last, 0);
    }
    uint8_t header[SVMS_NAL_PREFIX_MAX];
    uint8_t lengths[TOGETHER_MAX][LENGTH_SIZE];
    svms_iovec pieces[1 + 2 * TOGETHER_MAX];
    pieces[0] = (svms_iovec){ header, packing->aggregate_header };
    for (size_t i = 0; i < count; i++) {
        packing->aggregate(header, t->units[i].data, i == 0);
        svms_store_u16(lengths[i], (uint16_t)t->units[i].size);
        pieces[1 + 2 * i] = (svms_iovec){ lengths[i], LENGTH_SIZE };
        pieces[2 + 2 * i] = t->units[i];
    }
    return packer->emit(packer->owner, pieces, 1 + 2 * count, last, 0);
}

static svms_status send_fragments(svms_packer *packer, const svms_nal_packing *packing,
                                  const svms_iovec *unit, bool last)
{
    const uint8_t *bytes = unit->data;
    size_t most = packer->room - packing->fragment_header;
    size_t at = packing->unit_header;
    svms_status status = SVMS_OK;
    while (at < unit->size && status == SVMS_OK) {
        size_t size = unit->size - at < most ? unit->size - at : most;
        bool ends = at + size == unit->size;
        uint8_t header[SVMS_NAL_PREFIX_MAX];
        packing->fragment(header, bytes, at == packing->unit_header, ends);
        svms_iovec pieces[] = { { header, packing->fragment_header }, { bytes + at, size } };
        status = packer->emit(packer->owner, pieces, 2, last && ends, 0);
        at += size;
    }
    return status;
}

static bool fits(const svms_packer *packer, const svms_nal_packing *packing, const together *t,
                 const svms_iovec *unit)
{
    if (t->count == 0) {
        return unit->size <= packer->room;
    }
    size_t before = t->count == 1 ? packing->aggregate_header + LENGTH_SIZE + t->size : t->size;
    return !packer->format->single_only && t->count < TOGETHER_MAX && unit->size <= UINT16_MAX &&
           unit->size + LENGTH_SIZE + before <= packer->room;
}

static void add(const svms_nal_packing *packing, together *t, const svms_iovec *unit)
{
    size_t before = t->count == 1 ? packing->aggregate_header + LENGTH_SIZE + t->size : t->size;
    t->size = t->count == 0 ? unit->size : before + LENGTH_SIZE + unit->size;
    t->units[t->count++] = *unit;
}

static svms_status send_units(svms_packer *packer, const svms_nal_packing *packing, unit_walk *walk,
                              svms_error *err)
{
    together t = { .count = 0 };
    svms_iovec unit;
    svms_iovec next;
    svms_status status = next_unit(walk, &unit, err);
    while (status == SVMS_OK) {
        svms_status more = next_unit(walk, &next, err);
        bool last = more == SVMS_END;
        if (!fits(packer, packing, &t, &unit)) {
            status = send_together(packer, packing, &t, false);
        }
        if (status == SVMS_OK && unit.size <= packer->room) {
            add(packing, &t, &unit);
        } else if (status == SVMS_OK) {
            status = send_fragments(packer, packing, &unit, last);
        }
        unit = next;
        status = status == SVMS_OK ? more : status;
    }
    return status == SVMS_END ? send_together(packer, packing, &t, true) : status;
}

svms_status svms_pack_nal_units(svms_packer *packer, const svms_nal_packing *packing,
                                const svms_sample *sample, svms_error *err)
{
    bool has_sets = false;
    svms_status status = survey(packer, sample, &has_sets, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool sets = packer->parameter_sets && (sample->flags & SVMS_SAMPLE_SYNC) != 0 && !has_sets;
    unit_walk walk = { .sets = sets ? &packer->format->sets : NULL };
    status = begin_units(&walk.units, packer, sample, err);
    return status == SVMS_OK ? send_units(packer, packing, &walk, err) : status;
}
