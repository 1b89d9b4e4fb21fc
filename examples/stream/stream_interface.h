/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping a socket to one network interface, whatever routes there are. */
#ifndef STREAM_INTERFACE_H
#define STREAM_INTERFACE_H

#include <stdbool.h>

/* Whether the text can be the name of one. */
bool stream_interface_is_name(const char *text);
/* Nothing leaves or reaches the socket but through this interface. NULL: nothing is changed. false
 * with errno; ENODEV: there is none. */
bool stream_interface_bind(int socket, const char *interface);

#endif
