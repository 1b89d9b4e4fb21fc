/* SPDX-License-Identifier: Apache-2.0 */
/* What a file-level meta holds: description and signatures. A signature that lacks something is
 * kept, with the reason: it must be told of, and its bytes have their place. */
#include "cursor.h"
#include "failure.h"
#include "onvif_file.h"

#define HDLR SVMS_ISO_TYPE('h', 'd', 'l', 'r')
#define SUEP SVMS_ISO_TYPE('s', 'u', 'e', 'p')
#define CSTB SVMS_ISO_TYPE('c', 's', 't', 'b')
#define IPRO SVMS_ISO_TYPE('i', 'p', 'r', 'o')
#define SINF SVMS_ISO_TYPE('s', 'i', 'n', 'f')
#define SCHM SVMS_ISO_TYPE('s', 'c', 'h', 'm')
#define SCHI SVMS_ISO_TYPE('s', 'c', 'h', 'i')
#define SIBO SVMS_ISO_TYPE('s', 'i', 'b', 'o')
#define CERT SVMS_ISO_TYPE('c', 'e', 'r', 't')
#define SIGC SVMS_ISO_TYPE('s', 'i', 'g', 'C')
#define AUIB SVMS_ISO_TYPE('a', 'u', 'i', 'b')
#define OEFF_CAPITALS SVMS_ISO_TYPE('O', 'E', 'F', 'F')

#define FULL_BOX 4
#define TWICE_DESCRIBED "there is more than one box 'suep'; the first counts"

/* Keeps the first box of a kind; a second one is a defect of the signature. */
static void keep(svms_onvif_sinf *sinf, svms_iso_box *place, const svms_iso_box *box,
                 const char *twice)
{
    if (place->type != 0) {
        sinf->defect = twice;
        return;
    }
    *place = *box;
}

static svms_status take_schi(svms_onvif_sinf *sinf, const svms_iso_walk *outer,
                             const svms_iso_box *schi, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, outer, schi, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    while ((status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        switch (box.type) {
        case SIBO:
            keep(sinf, &sinf->sibo, &box, "it has more than one box 'sibo'");
            break;
        case CERT:
            keep(sinf, &sinf->cert, &box, "it has more than one box 'cert'");
            break;
        case SIGC:
            keep(sinf, &sinf->sigc, &box, "it has more than one box 'sigC'");
            break;
        case AUIB:
            keep(sinf, &sinf->auib, &box, "it has more than one box 'auib'");
            break;
        case CSTB:
            keep(sinf, &sinf->cstb, &box, "it has more than one box 'cstb'");
            break;
        default:
            break;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

/* *ours tells whether it is a scheme of signatures. */
static svms_status take_schm(svms_onvif_file *file, const svms_iso_box *schm, bool *ours,
                             svms_error *err)
{
    uint8_t bytes[12];
    uint64_t size = svms_iso_payload_size(schm);
    size_t count = size < sizeof bytes ? (size_t)size : sizeof bytes;
    svms_status status =
        svms_source_read(file->source, svms_iso_payload_offset(schm), bytes, count, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(bytes, count, schm->offset);
    svms_skip(&cursor, FULL_BOX);
    uint32_t type = svms_read_u32(&cursor);
    bool has_type = !cursor.failed;
    uint32_t version = svms_read_u32(&cursor);
    *ours = has_type && (type == SVMS_ONVIF_OEFF || type == OEFF_CAPITALS);
    if (!*ours) {
        svms_onvif_warn(&file->warnings, "a protection scheme '%s' is no signature of this format",
                        svms_iso_name_of(type).text);
        return SVMS_OK;
    }
    if (type == OEFF_CAPITALS) {
        svms_onvif_warn(&file->warnings,
                        "signature %u: the scheme is called 'OEFF', where 'oeff' is right",
                        (unsigned)file->sinf_count + 1);
    }
    if (cursor.failed || version != SVMS_ONVIF_VERSION) {
        svms_onvif_warn(&file->warnings,
                        "signature %u: the scheme's version is 0x%08X, where 0x00010000 is right",
                        (unsigned)file->sinf_count + 1, (unsigned)version);
    }
    return SVMS_OK;
}

typedef struct sinf_parts {
    unsigned schm_count;
    unsigned schi_count;
    bool ours;
} sinf_parts;

static svms_status take_sinf_box(svms_onvif_file *file, svms_onvif_sinf *sinf, sinf_parts *parts,
                                 const svms_iso_walk *walk, const svms_iso_box *box,
                                 svms_error *err)
{
    switch (box->type) {
    case SCHM:
        parts->schm_count++;
        return parts->schm_count == 1 ? take_schm(file, box, &parts->ours, err) : SVMS_OK;
    case SCHI:
        parts->schi_count++;
        return parts->schi_count == 1 ? take_schi(sinf, walk, box, err) : SVMS_OK;
    case CSTB:
        keep(sinf, &sinf->cstb, box, "it has more than one box 'cstb'");
        return SVMS_OK;
    default:
        return SVMS_OK;
    }
}

static const char *defect_of(const svms_onvif_sinf *sinf, const sinf_parts *parts)
{
    if (parts->schm_count > 1) {
        return "it has more than one box 'schm'";
    }
    if (parts->schi_count > 1) {
        return "it has more than one box 'schi'";
    }
    if (sinf->defect) {
        return sinf->defect;
    }
    if (sinf->sibo.type == 0) {
        return "it has no box 'sibo'";
    }
    return sinf->cert.type == 0 ? "it has no box 'cert'" : NULL;
}

static svms_status take_sinf(svms_onvif_file *file, const svms_iso_walk *outer,
                             const svms_iso_box *sinf_box, svms_error *err)
{
    svms_onvif_sinf sinf = { .box = *sinf_box, .meta = file->meta_count };
    sinf_parts parts = { 0, 0, false };
    svms_iso_walk walk;
    svms_iso_box box;
    svms_status status = svms_iso_enter(&walk, outer, sinf_box, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    while ((status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        status = take_sinf_box(file, &sinf, &parts, &walk, &box, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    if (!parts.ours) {
        return SVMS_OK;
    }
    if (file->sinf_count == SVMS_ONVIF_MAX_SIGNATURES) {
        return svms_fail_at(err, SVMS_E_LIMIT, sinf_box->offset, "more than %d signatures",
                            SVMS_ONVIF_MAX_SIGNATURES);
    }
    sinf.defect = defect_of(&sinf, &parts);
    file->sinfs[file->sinf_count++] = sinf;
    return SVMS_OK;
}

static svms_status take_ipro(svms_onvif_file *file, const svms_iso_walk *outer,
                             const svms_iso_box *ipro, svms_error *err)
{
    svms_iso_walk walk;
    svms_iso_box box;
    uint8_t own[FULL_BOX + 2];
    svms_status status = svms_iso_enter(&walk, outer, ipro, sizeof own, err);
    if (status == SVMS_OK) {
        status =
            svms_source_read(file->source, svms_iso_payload_offset(ipro), own, sizeof own, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_cursor cursor = svms_cursor_over(own, sizeof own, ipro->offset);
    svms_skip(&cursor, FULL_BOX);
    uint16_t count = svms_read_u16(&cursor);
    if (count != 1) {
        svms_onvif_warn(&file->warnings, "protection_count is %u, where 1 is right", count);
    }
    while ((status = svms_iso_next(&walk, &box, err)) == SVMS_OK) {
        if (box.type != SINF) {
            continue;
        }
        status = take_sinf(file, &walk, &box, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status take_meta_box(svms_onvif_file *file, svms_onvif_meta *meta,
                                 const svms_iso_walk *walk, const svms_iso_box *box,
                                 svms_error *err)
{
    switch (box->type) {
    case SUEP:
        if (meta->suep.type != 0) {
            svms_onvif_warn(&file->warnings, TWICE_DESCRIBED);
            return SVMS_OK;
        }
        meta->suep = *box;
        return SVMS_OK;
    case CSTB:
        if (meta->cstb.type == 0) {
            meta->cstb = *box;
        }
        return SVMS_OK;
    case IPRO:
        if (meta->ipro.type != 0) {
            return svms_fail_at(err, SVMS_E_MALFORMED, box->offset,
                                "more than one box 'ipro' in a box 'meta'");
        }
        meta->ipro = *box;
        return take_ipro(file, walk, box, err);
    default:
        return SVMS_OK;
    }
}

/* Boxes of a meta that signature 1 does not cover say nothing in its name (O-VER-8). */
static void take_description(svms_onvif_file *file, const svms_onvif_meta *meta)
{
    if (meta->is_signed && file->sinfs[0].meta != file->meta_count) {
        const svms_iso_box *const boxes[] = { &meta->suep, &meta->cstb };
        for (size_t i = 0; i < sizeof boxes / sizeof boxes[0]; i++) {
            if (boxes[i]->type != 0) {
                svms_onvif_warn(&file->warnings,
                                "a box '%s' that signature 1 does not cover is passed over",
                                svms_iso_name_of(boxes[i]->type).text);
            }
        }
        return;
    }
    if (file->suep.type == 0) {
        file->suep = meta->suep;
    } else if (meta->suep.type != 0) {
        svms_onvif_warn(&file->warnings, TWICE_DESCRIBED);
    }
    if (file->cstb.type == 0) {
        file->cstb = meta->cstb;
    }
}

svms_status svms_onvif_outline_meta(svms_onvif_file *file, const svms_iso_walk *top,
                                    const svms_iso_box *box, svms_error *err)
{
    svms_onvif_meta meta = { .box = *box };
    svms_iso_walk walk;
    svms_iso_box inner;
    bool has_handler = false;
    uint32_t before = file->sinf_count;
    svms_status status = svms_iso_enter(&walk, top, box, FULL_BOX, err);
    if (status != SVMS_OK) {
        return status;
    }
    while ((status = svms_iso_next(&walk, &inner, err)) == SVMS_OK) {
        has_handler = has_handler || inner.type == HDLR;
        status = take_meta_box(file, &meta, &walk, &inner, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (status != SVMS_END) {
        return status;
    }
    if (!has_handler) {
        svms_onvif_warn(&file->warnings, "a file-level box 'meta' has no handler (box 'hdlr')");
    }
    meta.is_signed = file->sinf_count > before;
    take_description(file, &meta);
    file->metas[file->meta_count++] = meta;
    return SVMS_OK;
}
