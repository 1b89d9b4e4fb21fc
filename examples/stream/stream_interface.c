/* SPDX-License-Identifier: Apache-2.0 */
/* SO_BINDTODEVICE is Linux's own. */
#define _GNU_SOURCE
#include "stream_interface.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

bool stream_interface_is_name(const char *text)
{
    return text[0] != '\0' && strlen(text) < IF_NAMESIZE;
}

bool stream_interface_bind(int socket, const char *interface)
{
    return !interface || setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, interface,
                                    (socklen_t)strlen(interface)) == 0;
}
