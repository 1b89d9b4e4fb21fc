/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing: what an authority checks before it certifies, and that the journal knows it first. */
#ifndef SVMS_CLI_CA_CERTIFY_H
#define SVMS_CLI_CA_CERTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "ca_certificate.h"
#include "ca_folder.h"
#include "exit_status.h"

/* What shall be certified; it alone counts, whatever the request asks for. */
typedef struct ca_order {
    svms_role role;
    const char *name;
    const char *const *hosts;
    size_t host_count;
    uint32_t days;    /* 0: what the role has, or less where the authority ends before that */
    const char *code; /* id of the one-time code that is used up, or NULL: it must be open, and for
                         this name, role and these hosts */
    const char *renews; /* serial of the certificate that it takes the place of, or NULL: it must
                           have this name, role and these hosts, and not have ended */
} ca_order;

typedef struct ca_certified {
    char *pem; /* the certificate, then those above it; released by free() */
    size_t size;
    char serial[CA_SERIAL_TEXT];
    int64_t not_after_utc_ns;
    bool shortened; /* it has less than the role's days */
} ca_certified;

/* How a request differs from an order. */
typedef enum ca_difference {
    CA_SAME = 0,
    CA_OTHER_ROLE,
    CA_OTHER_NAME,
    CA_OTHER_HOSTS
} ca_difference;

/* Compares what the request asks for; what it does not say (no role, no name) is no difference. */
exit_status ca_compare(const ca_order *order, const svms_request *request, ca_difference *out);

/* Why a request gets nothing, beyond what the library refuses. */
typedef enum ca_refusal {
    CA_REFUSED_NOT = 0,     /* or for the code that it names */
    CA_REFUSED_KEY_REVOKED, /* the key of a revoked certificate */
    CA_REFUSED_KEY_IN_USE,  /* the key is certified for another name or role */
    CA_REFUSED_BEYOND_END,  /* the authority ends before */
    CA_REFUSED_RENEWED      /* the certificate to renew is revoked, over, another or unknown */
} ca_refusal;

/* A key belongs to one holder in one role, and no longer to anybody once it was revoked. */
exit_status ca_check_key(const ca_journal *journal, svms_role role, const char *name,
                         const uint8_t key_sha256[CA_HASH_SIZE], ca_refusal *refusal);

/* Issues, and has it in the journal, durably, before it returns. The folder is entered and its key
 * is open. refusal (may be NULL) says why an EXIT_POLICY came about. */
exit_status ca_certify(ca_folder *folder, const ca_order *order, const svms_request *request,
                       ca_certified *out, ca_refusal *refusal);
void ca_certified_free(ca_certified *certified);

/* Days that a certificate of a role has unless somebody says other. */
uint32_t ca_role_days(svms_role role);

#endif
