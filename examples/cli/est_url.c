/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "est_client.h"
#include "message.h"
#include "stream_authority.h"

#define SCHEME "https://"
#define DEFAULT_PORT "443"

static bool parse(est_url *out, const char *text)
{
    size_t size = strcspn(text, "/");
    const char *end = text + size;
    memcpy(out->port, DEFAULT_PORT, sizeof DEFAULT_PORT);
    return (strcmp(end, "") == 0 || strcmp(end, "/") == 0) &&
           stream_authority_parse(out->host, sizeof out->host, out->port, text, size);
}

exit_status est_url_parse(est_url *out, const char *text)
{
    memset(out, 0, sizeof *out);
    if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 || !parse(out, text + strlen(SCHEME))) {
        complain("'%s' is no address of an enrolment server, such as https://ca.example:8443",
                 text);
        return EXIT_USAGE;
    }
    bool is_ipv6 = strchr(out->host, ':') != NULL;
    (void)snprintf(out->text, sizeof out->text, SCHEME "%s%s%s:%s", is_ipv6 ? "[" : "", out->host,
                   is_ipv6 ? "]" : "", out->port);
    return EXIT_GOOD;
}
