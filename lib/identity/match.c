/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a certificate is for a host (I-PTH-20 to I-PTH-23). */
#include <stdio.h>
#include <string.h>

#include "certificate.h"
#include "failure.h"
#include "host.h"

/* So many names stand in a message. */
#define NAMES_TOLD 3
#define NAMES_TEXT_SIZE 128

/* "a.example, b.example, c.example, and 4 more" */
static svms_status list_names(char out[NAMES_TEXT_SIZE], const svms_chain *chain, const X509 *leaf,
                              svms_error *err)
{
    svms_host_names names = svms_certificate_hosts(leaf);
    svms_der name;
    size_t used = 0;
    size_t told = 0;
    size_t more = 0;
    snprintf(out, NAMES_TEXT_SIZE, "no host");
    while (svms_host_names_next(&names, &name)) {
        char text[SVMS_CERTIFICATE_NAME_SIZE];
        svms_status status = svms_host_name_text(text, chain->ctx, &name, err);
        if (status != SVMS_OK) {
            return status;
        }
        size_t room = NAMES_TEXT_SIZE - used - sizeof ", and 20000 more";
        if (more == 0 && told < NAMES_TOLD && strlen(text) + 2 < room) {
            used += (size_t)snprintf(out + used, NAMES_TEXT_SIZE - used, "%s%s",
                                     told > 0 ? ", " : "", text);
            told++;
        } else {
            more++;
        }
    }
    if (more > 0) {
        snprintf(out + used, NAMES_TEXT_SIZE - used, told > 0 ? ", and %zu more" : "%zu others",
                 more);
    }
    return SVMS_OK;
}

static svms_status refuse(const svms_chain *chain, X509 *leaf, const char *host, svms_error *err)
{
    char subject[SVMS_NAME_WORDS_SIZE];
    char names[NAMES_TEXT_SIZE];
    svms_status status = svms_name_words(subject, chain->ctx, X509_get_subject_name(leaf), err);
    if (status == SVMS_OK) {
        status = list_names(names, chain, leaf, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    return svms_fail(err, SVMS_E_UNTRUSTED, "the certificate of %s is not for %.60s; it is for %s",
                     subject, host, names);
}

svms_status svms_chain_matches_host(const svms_chain *chain, const char *host, svms_error *err)
{
    svms_host wanted;
    svms_der name;
    if (!chain || !host) {
        return svms_fail(err, SVMS_E_USAGE, "a host needs a chain and a name");
    }
    if (!svms_host_parse(&wanted, host)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the host is neither a DNS name of letters, digits and hyphens (other "
                         "scripts as xn--...) nor an IP address");
    }
    X509 *leaf = sk_X509_value(chain->certificates, 0);
    svms_host_names names = svms_certificate_hosts(leaf);
    while (svms_host_names_next(&names, &name)) {
        if (svms_host_matches(&wanted, &name)) {
            return SVMS_OK;
        }
    }
    return refuse(chain, leaf, host, err);
}
