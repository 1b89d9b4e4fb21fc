/* SPDX-License-Identifier: Apache-2.0 */
/* Two UDP sockets on neighbouring ports, the even one for RTP, the odd one for RTCP (RFC 3550
 * section 11). */
#ifndef SVMS_STREAM_PORTS_H
#define SVMS_STREAM_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct stream_ports {
    int rtp; /* -1: there are none */
    int rtcp;
    uint16_t port; /* of rtp; that of rtcp is the next one */
} stream_ports;

#define STREAM_PORTS_INIT                                                                          \
    {                                                                                              \
        -1, -1, 0                                                                                  \
    }

/* Bound to the address at which this stream socket is reached. False with errno. */
bool stream_ports_open(stream_ports *ports, int stream);
/* From now on nothing is taken but from these ports of the host at the other end of the stream
 * socket, and what came from anywhere before is dropped. False with errno. */
bool stream_ports_connect(stream_ports *ports, int stream, uint16_t rtp, uint16_t rtcp);
/* One datagram: its size, 0 when there is none. What goes wrong with one of them (a port that is
 * closed, say) is no end of anything: the time-out for media is. */
size_t stream_ports_receive(int socket, uint8_t *out, size_t capacity);
/* False: it was not sent; reports come again. */
bool stream_ports_send(int socket, const uint8_t *data, size_t size);
void stream_ports_close(stream_ports *ports);

#endif
