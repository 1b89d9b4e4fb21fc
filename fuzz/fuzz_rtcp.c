/* SPDX-License-Identifier: Apache-2.0 */
/* Compound RTCP packets. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <svms/rtcp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    svms_rtcp_packet packet = SVMS_RTCP_PACKET_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_rtcp_begin(&it, data, size, &err);
    if (status != SVMS_OK) {
        require(err.status == status);
        return 0;
    }
    /* What was checked as a whole gives every packet. */
    size_t end = 0;
    while ((status = svms_rtcp_next(&it, &packet, &err)) == SVMS_OK) {
        require(packet.body == data + end + 4 && packet.body_size <= size - end - 4);
        require(end > 0 || packet.type == SVMS_RTCP_SR || packet.type == SVMS_RTCP_RR);
        require(packet.cname_size == 0 ||
                (packet.cname >= packet.body &&
                 packet.cname + packet.cname_size <= packet.body + packet.body_size));
        end += 4 + (size_t)(data[end + 2] << 8 | data[end + 3]) * 4;
    }
    require(status == SVMS_END && end == size);
    return 0;
}
