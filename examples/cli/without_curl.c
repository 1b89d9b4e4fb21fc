/* SPDX-License-Identifier: Apache-2.0 */
/* What stands for questions to web servers in a build without libcurl. */
#include "http.h"
#include "message.h"

exit_status http_post(http_exchange *exchange)
{
    return http_ask(exchange);
}

exit_status http_ask(http_exchange *exchange)
{
    complain("cannot ask %s: this svms was built without libcurl", exchange->url);
    return EXIT_ENVIRONMENT;
}
