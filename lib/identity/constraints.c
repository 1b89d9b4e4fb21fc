/* SPDX-License-Identifier: Apache-2.0 */
#include "constraints.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "failure.h"
#include "subject_name.h"

/* "255.255.255.255", or an IPv6 address. */
#define NETWORK_TEXT_MAX 64

static bool read_bits(const char *text, unsigned most, unsigned *bits)
{
    unsigned value = 0;
    size_t digits = 0;
    for (; digits < 3 && text[digits] >= '0' && text[digits] <= '9'; digits++) {
        value = value * 10 + (unsigned)(text[digits] - '0');
    }
    *bits = value;
    return digits > 0 && text[digits] == '\0' && (digits == 1 || text[0] != '0') && value <= most;
}

/* False where the address has bits behind the mask. */
static bool make_mask(svms_constraint *network, unsigned bits)
{
    for (size_t i = 0; i < network->host.address_size; i++) {
        unsigned before = (unsigned)(8 * i);
        unsigned here = bits > before ? bits - before : 0;
        network->mask[i] = here >= 8 ? 0xFF : (uint8_t)(0xFF00u >> here);
        if ((network->host.address[i] & ~network->mask[i] & 0xFF) != 0) {
            return false;
        }
    }
    return true;
}

static bool read_network(svms_constraint *out, const char *text, const char *slash)
{
    char address[NETWORK_TEXT_MAX];
    size_t size = (size_t)(slash - text);
    unsigned bits = 0;
    if (size >= sizeof address) {
        return false;
    }
    memcpy(address, text, size);
    address[size] = '\0';
    out->is_network = true;
    return svms_host_parse(&out->host, address) && out->host.address_size > 0 &&
           read_bits(slash + 1, (unsigned)(8 * out->host.address_size), &bits) &&
           make_mask(out, bits);
}

svms_status svms_constraint_read(svms_constraint *out, const char *text, svms_error *err)
{
    char quoted[SVMS_QUOTED_SIZE];
    memset(out, 0, sizeof *out);
    if (!text) {
        return svms_fail(err, SVMS_E_USAGE, "a constraint is NULL");
    }
    const char *slash = strchr(text, '/');
    if (slash ? read_network(out, text, slash)
              : svms_host_parse(&out->host, text) && out->host.address_size == 0) {
        return SVMS_OK;
    }
    svms_quote(quoted, text);
    return svms_fail(err, SVMS_E_USAGE,
                     "'%s' is neither a DNS suffix nor a network such as 10.0.0.0/8", quoted);
}

static bool is_below(const svms_host *inner, const svms_host *outer)
{
    if (inner->name_size < outer->name_size) {
        return false;
    }
    size_t extra = inner->name_size - outer->name_size;
    return memcmp(inner->name + extra, outer->name, outer->name_size) == 0 &&
           (extra == 0 || outer->name_size == 0 || inner->name[extra - 1] == '.');
}

bool svms_constraint_is_within(const svms_constraint *inner, const svms_constraint *outer)
{
    if (inner->is_network != outer->is_network ||
        inner->host.address_size != outer->host.address_size) {
        return false;
    }
    if (!inner->is_network) {
        return is_below(&inner->host, &outer->host);
    }
    for (size_t i = 0; i < inner->host.address_size; i++) {
        if ((inner->mask[i] & outer->mask[i]) != outer->mask[i] ||
            (inner->host.address[i] & outer->mask[i]) != outer->host.address[i]) {
            return false;
        }
    }
    return true;
}

/* One entry of a certificate's list; false for other forms of names and what cannot be read. */
static bool from_subtree(svms_constraint *out, const GENERAL_SUBTREE *subtree)
{
    const GENERAL_NAME *name = subtree->base;
    memset(out, 0, sizeof *out);
    if (name->type == GEN_DNS) {
        const uint8_t *text = ASN1_STRING_get0_data(name->d.dNSName);
        size_t size = (size_t)ASN1_STRING_length(name->d.dNSName);
        char copy[SVMS_HOST_NAME_MAX + 1];
        if (size == 0) {
            return true;
        }
        if (size > SVMS_HOST_NAME_MAX || memchr(text, 0, size)) {
            return false;
        }
        memcpy(copy, text, size);
        copy[size] = '\0';
        return svms_host_parse(&out->host, copy) && out->host.address_size == 0;
    }
    if (name->type != GEN_IPADD) {
        return false;
    }
    size_t size = (size_t)ASN1_STRING_length(name->d.iPAddress) / 2;
    const uint8_t *bytes = ASN1_STRING_get0_data(name->d.iPAddress);
    if (size != 4 && size != SVMS_ADDRESS_MAX) {
        return false;
    }
    out->is_network = true;
    out->host.address_size = size;
    memcpy(out->mask, bytes + size, size);
    for (size_t i = 0; i < size; i++) {
        out->host.address[i] = bytes[i] & out->mask[i];
    }
    return true;
}

/* Whether a new entry may stand below a CA that permits these; other forms of names say nothing
 * about it. */
static bool is_permitted(const svms_constraint *wanted, const STACK_OF(GENERAL_SUBTREE) * permitted)
{
    bool constrained = false;
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(permitted); i++) {
        const GENERAL_SUBTREE *subtree = sk_GENERAL_SUBTREE_value(permitted, i);
        svms_constraint upper;
        if (subtree->base->type != (wanted->is_network ? GEN_IPADD : GEN_DNS)) {
            continue;
        }
        constrained = true;
        if (from_subtree(&upper, subtree) && svms_constraint_is_within(wanted, &upper)) {
            return true;
        }
    }
    return !constrained;
}

static bool is_excluded(const svms_constraint *wanted, const STACK_OF(GENERAL_SUBTREE) * excluded)
{
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(excluded); i++) {
        svms_constraint upper;
        if (from_subtree(&upper, sk_GENERAL_SUBTREE_value(excluded, i)) &&
            svms_constraint_is_within(wanted, &upper)) {
            return true;
        }
    }
    return false;
}

static svms_status check_against(const svms_certificate_plan *plan, X509 *upper, svms_error *err)
{
    char quoted[SVMS_QUOTED_SIZE];
    int critical = -1;
    ERR_clear_error();
    NAME_CONSTRAINTS *theirs = X509_get_ext_d2i(upper, NID_name_constraints, &critical, NULL);
    if (!theirs && critical != -1) {
        return svms_fail_crypto(err, "cannot read the name constraints of an authority");
    }
    svms_status status = SVMS_OK;
    for (size_t i = 0; theirs && status == SVMS_OK && i < plan->permitted_count; i++) {
        svms_constraint wanted;
        status = svms_constraint_read(&wanted, plan->permitted[i], err);
        if (status == SVMS_OK && (!is_permitted(&wanted, theirs->permittedSubtrees) ||
                                  is_excluded(&wanted, theirs->excludedSubtrees))) {
            svms_quote(quoted, plan->permitted[i]);
            status = svms_fail(err, SVMS_E_USAGE,
                               "'%s' is not within what the authority above may certify", quoted);
        }
    }
    NAME_CONSTRAINTS_free(theirs);
    ERR_clear_error();
    return status;
}

static svms_status read_all(const char *const *texts, size_t count, svms_error *err)
{
    if (count > SVMS_CONSTRAINTS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an authority has at most %d constraints of each kind",
                         SVMS_CONSTRAINTS_MAX);
    }
    if (count > 0 && !texts) {
        return svms_fail(err, SVMS_E_USAGE, "constraints are counted, but NULL");
    }
    svms_status status = SVMS_OK;
    for (size_t i = 0; status == SVMS_OK && i < count; i++) {
        svms_constraint read;
        status = svms_constraint_read(&read, texts[i], err);
    }
    return status;
}

svms_status svms_check_constraints(const svms_certificate_plan *plan, svms_error *err)
{
    svms_status status = read_all(plan->permitted, plan->permitted_count, err);
    if (status == SVMS_OK) {
        status = read_all(plan->excluded, plan->excluded_count, err);
    }
    const svms_certificates *above = plan->issuer ? plan->issuer->chain->certificates : NULL;
    for (int i = 0; status == SVMS_OK && i < sk_X509_num(above); i++) {
        status = check_against(plan, sk_X509_value(above, i), err);
    }
    return status;
}

static void put_subtrees(svms_builder *tbs, uint8_t tag, const char *const *texts, size_t count)
{
    if (count == 0) {
        return;
    }
    size_t list = svms_der_open(tbs, tag);
    for (size_t i = 0; i < count; i++) {
        svms_constraint one;
        if (svms_constraint_read(&one, texts[i], NULL) != SVMS_OK) {
            continue;
        }
        size_t subtree = svms_der_open(tbs, SVMS_DER_SEQUENCE);
        if (one.is_network) {
            size_t address = svms_der_open(tbs, SVMS_NAME_ADDRESS);
            svms_put_bytes(tbs, one.host.address, one.host.address_size);
            svms_put_bytes(tbs, one.mask, one.host.address_size);
            svms_der_close(tbs, address);
        } else {
            svms_der_put(tbs, SVMS_NAME_DNS, one.host.name, one.host.name_size);
        }
        svms_der_close(tbs, subtree);
    }
    svms_der_close(tbs, list);
}

void svms_put_constraints(svms_builder *tbs, const svms_certificate_plan *plan)
{
    svms_extension_marks marks = svms_extension_open(tbs, SVMS_EXT_NAME_CONSTRAINTS, true);
    size_t both = svms_der_open(tbs, SVMS_DER_SEQUENCE);
    put_subtrees(tbs, SVMS_DER_CONSTRUCTED(0), plan->permitted, plan->permitted_count);
    put_subtrees(tbs, SVMS_DER_CONSTRUCTED(1), plan->excluded, plan->excluded_count);
    svms_der_close(tbs, both);
    svms_extension_close(tbs, marks);
}
