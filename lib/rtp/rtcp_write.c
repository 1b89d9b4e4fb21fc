/* SPDX-License-Identifier: Apache-2.0 */
#include "rtcp_write.h"

#include <string.h>

#include "failure.h"

enum {
    CNAME_MAX = 255,
    CNAME_ITEM = 1,
    VERSION = 0x80,
    PLI = 1,
    LOST_MOST = 0x7FFFFF,
    COMPOUND_MOST = 512
};

static void put_head(svms_builder *out, unsigned count, unsigned type, size_t body)
{
    svms_put_u8(out, (uint8_t)(VERSION | count));
    svms_put_u8(out, (uint8_t)type);
    svms_put_u16(out, (uint16_t)(body / 4));
}

static void put_block(svms_builder *out, const svms_rtcp_block *block)
{
    int32_t lost = block->lost > LOST_MOST ? LOST_MOST : block->lost;
    lost = lost < -LOST_MOST - 1 ? -LOST_MOST - 1 : lost;
    svms_put_u32(out, block->ssrc);
    svms_put_u32(out, (block->fraction_lost & 0xFF) << 24 | ((uint32_t)lost & 0xFFFFFFu));
    svms_put_u32(out, block->highest_sequence);
    svms_put_u32(out, block->jitter);
    svms_put_u32(out, block->last_report);
    svms_put_u32(out, block->since_report);
}

static void put_report(svms_builder *out, const svms_rtcp_report *report)
{
    unsigned blocks = report->block ? 1 : 0;
    size_t body = 4 + (report->sends ? 20u : 0u) + (size_t)blocks * 24;
    put_head(out, blocks, report->sends ? SVMS_RTCP_SR : SVMS_RTCP_RR, body);
    svms_put_u32(out, report->ssrc);
    if (report->sends) {
        svms_put_u64(out, report->ntp);
        svms_put_u32(out, report->rtp_time);
        svms_put_u32(out, report->packets);
        svms_put_u32(out, report->bytes);
    }
    if (report->block) {
        put_block(out, report->block);
    }
}

static void put_description(svms_builder *out, const svms_rtcp_report *report)
{
    size_t length = strlen(report->cname);
    size_t items = 2 + length;
    /* One zero byte at least ends the items. */
    size_t zeros = 4 - items % 4;
    put_head(out, 1, SVMS_RTCP_SDES, 4 + items + zeros);
    svms_put_u32(out, report->ssrc);
    svms_put_u8(out, CNAME_ITEM);
    svms_put_u8(out, (uint8_t)length);
    svms_put_bytes(out, report->cname, length);
    svms_put_zeros(out, zeros);
}

svms_status svms_rtcp_write(svms_ctx *ctx, const svms_rtcp_report *report, uint8_t *out,
                            size_t *size, svms_error *err)
{
    size_t length = report->cname ? strlen(report->cname) : 0;
    if (length == 0 || length > CNAME_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a CNAME has 1 to %d bytes", CNAME_MAX);
    }
    svms_builder packet = svms_builder_new(ctx, COMPOUND_MOST);
    put_report(&packet, report);
    put_description(&packet, report);
    if (report->pli) {
        put_head(&packet, PLI, SVMS_RTCP_PSFB, 8);
        svms_put_u32(&packet, report->ssrc);
        svms_put_u32(&packet, report->pli_about);
    }
    if (report->bye) {
        put_head(&packet, 1, SVMS_RTCP_BYE, 4);
        svms_put_u32(&packet, report->ssrc);
    }
    svms_status status = svms_builder_check(&packet, "the report", err);
    if (status == SVMS_OK && packet.size > *size) {
        status =
            svms_fail(err, SVMS_E_LIMIT, "the report needs a buffer of %zu bytes", packet.size);
    } else if (status == SVMS_OK) {
        memcpy(out, packet.data, packet.size);
    }
    if (status == SVMS_OK || status == SVMS_E_LIMIT) {
        *size = packet.size;
    }
    svms_builder_clear(&packet);
    return status;
}
