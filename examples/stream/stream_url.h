/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of cameras: rtsp://HOST[:PORT]/PATH and rtsps://HOST[:PORT]/PATH. */
#ifndef SVMS_STREAM_URL_H
#define SVMS_STREAM_URL_H

#include <stdbool.h>

#define STREAM_URL_MAX 2048

typedef struct stream_url {
    bool secure;    /* rtsps */
    char host[254]; /* without brackets */
    char port[6];
} stream_url;

/* NULL when it is one; otherwise why not, in words that go on behind the address. User and password
 * in it are refused: they would stand in every list of processes and every log. */
const char *stream_url_parse(stream_url *out, const char *text);

#endif
