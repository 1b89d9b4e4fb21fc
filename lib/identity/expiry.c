/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates in use, each once, and who uses them (I-EXP-2, I-EXP-3, I-EXP-7, I-EXP-8). */
#include <string.h>

#include "expiry_internal.h"
#include "failure.h"
#include "options.h"
#include "utf8.h"

static int compare_fingerprints(const void *key, const svms_order_node *node)
{
    const expiry_certificate *certificate = node->owner;
    return memcmp(key, certificate->sha256, SVMS_DIGEST_SIZE);
}

static int compare_ends(const void *key, const svms_order_node *node)
{
    const expiry_certificate *a = key;
    const expiry_certificate *b = node->owner;
    if (a->not_after_utc_ns != b->not_after_utc_ns) {
        return a->not_after_utc_ns < b->not_after_utc_ns ? -1 : 1;
    }
    return memcmp(a->sha256, b->sha256, SVMS_DIGEST_SIZE);
}

static int compare_labels(const void *key, const svms_order_node *node)
{
    const expiry_label *label = node->owner;
    return strcmp(key, label->name);
}

svms_status svms_expiry_usable(const svms_expiry *expiry, svms_error *err)
{
    if (!expiry) {
        return svms_fail(err, SVMS_E_USAGE, "no inventory of certificates was given");
    }
    if (expiry->telling) {
        return svms_fail(err, SVMS_E_STATE,
                         "the callback of an inventory of certificates must not use it");
    }
    return SVMS_OK;
}

svms_status svms_expiry_new(svms_expiry **out, svms_ctx *ctx, svms_expiry_callback callback,
                            void *user, svms_error *err)
{
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an inventory of certificates needs an out pointer and a context");
    }
    svms_expiry *expiry = svms_alloc(ctx, sizeof *expiry);
    if (!expiry) {
        return svms_fail_memory(err);
    }
    expiry->ctx = ctx;
    expiry->callback = callback;
    expiry->user = user;
    expiry->now_utc_ns = svms_utc_now(ctx);
    expiry->certificates.compare = compare_fingerprints;
    expiry->in_use.compare = compare_ends;
    expiry->remembered.compare = compare_ends;
    expiry->labels.compare = compare_labels;
    *out = expiry;
    return SVMS_OK;
}

expiry_certificate *svms_expiry_find(const svms_expiry *expiry,
                                     const uint8_t sha256[SVMS_DIGEST_SIZE])
{
    const svms_order_node *node = svms_order_find(&expiry->certificates, sha256);
    return node ? node->owner : NULL;
}

const expiry_certificate *svms_expiry_by_fingerprint(const svms_expiry *expiry, size_t rank)
{
    const svms_order_node *node = svms_order_at(&expiry->certificates, rank);
    return node ? node->owner : NULL;
}

void svms_expiry_release(const svms_expiry *expiry, expiry_certificate *certificate)
{
    svms_release(expiry->ctx, certificate->info);
    svms_release(expiry->ctx, certificate);
}

static void drop(svms_expiry *expiry, expiry_certificate *certificate)
{
    svms_order_remove(&expiry->certificates, certificate->sha256);
    svms_expiry_release(expiry, certificate);
}

void svms_expiry_drop_remembered(svms_expiry *expiry, expiry_certificate *certificate)
{
    svms_order_remove(&expiry->remembered, certificate);
    drop(expiry, certificate);
}

expiry_certificate *svms_expiry_first_remembered(const svms_expiry *expiry)
{
    const svms_order_node *node = svms_order_at(&expiry->remembered, 0);
    return node ? node->owner : NULL;
}

void svms_expiry_make_room(svms_expiry *expiry)
{
    expiry_certificate *first = svms_expiry_first_remembered(expiry);
    while (first && svms_order_count(&expiry->certificates) > SVMS_EXPIRY_MAX) {
        svms_expiry_drop_remembered(expiry, first);
        first = svms_expiry_first_remembered(expiry);
    }
}

void svms_expiry_remember(svms_expiry *expiry, expiry_certificate *certificate)
{
    expiry_certificate *known = svms_expiry_find(expiry, certificate->sha256);
    if (known) {
        known->told |= certificate->told;
        svms_expiry_release(expiry, certificate);
        return;
    }
    svms_order_insert(&expiry->certificates, certificate->sha256, &certificate->by_fingerprint);
    svms_order_insert(&expiry->remembered, certificate, &certificate->by_end);
}

expiry_certificate *svms_expiry_certificate_new(const svms_expiry *expiry,
                                                const uint8_t sha256[SVMS_DIGEST_SIZE])
{
    expiry_certificate *certificate = svms_alloc(expiry->ctx, sizeof *certificate);
    if (certificate) {
        certificate->by_fingerprint.owner = certificate;
        certificate->by_end.owner = certificate;
        memcpy(certificate->sha256, sha256, SVMS_DIGEST_SIZE);
    }
    return certificate;
}

static void link_use(expiry_use *use)
{
    expiry_certificate *certificate = use->certificate;
    use->earlier = certificate->last_use;
    if (use->earlier) {
        use->earlier->later = use;
    } else {
        certificate->first_use = use;
    }
    certificate->last_use = use;
    certificate->use_count++;
}

static void unlink_use(const expiry_use *use)
{
    expiry_certificate *certificate = use->certificate;
    if (use->earlier) {
        use->earlier->later = use->later;
    } else {
        certificate->first_use = use->later;
    }
    if (use->later) {
        use->later->earlier = use->earlier;
    } else {
        certificate->last_use = use->earlier;
    }
    certificate->use_count--;
}

/* From the chains of the inventory to those that are remembered, if there is anything to. */
static void retire(svms_expiry *expiry, expiry_certificate *certificate)
{
    svms_order_remove(&expiry->in_use, certificate);
    if (certificate->told == 0) {
        drop(expiry, certificate);
        return;
    }
    svms_release(expiry->ctx, certificate->info);
    certificate->info = NULL;
    svms_order_insert(&expiry->remembered, certificate, &certificate->by_end);
}

/* The label is in no order any more. */
static void release_label(svms_expiry *expiry, expiry_label *label)
{
    for (size_t i = 0; i < label->use_count; i++) {
        expiry_certificate *certificate = label->uses[i].certificate;
        unlink_use(&label->uses[i]);
        if (certificate->use_count == 0) {
            retire(expiry, certificate);
        }
    }
    svms_release(expiry->ctx, label);
}

static expiry_label *find_label(const svms_expiry *expiry, const char *name)
{
    const svms_order_node *node = svms_order_find(&expiry->labels, name);
    return node ? node->owner : NULL;
}

void svms_expiry_destroy(svms_expiry *expiry)
{
    for (svms_order_node *node = expiry->labels.root; node; node = expiry->labels.root) {
        expiry_label *label = node->owner;
        svms_order_remove(&expiry->labels, label->name);
        release_label(expiry, label);
    }
    expiry_certificate *first = svms_expiry_first_remembered(expiry);
    while (first) {
        svms_expiry_drop_remembered(expiry, first);
        first = svms_expiry_first_remembered(expiry);
    }
    svms_release(expiry->ctx, expiry);
}

void svms_expiry_free(svms_expiry **expiry)
{
    if (!expiry || !*expiry) {
        return;
    }
    svms_expiry *gone = *expiry;
    *expiry = NULL;
    if (gone->telling) {
        gone->released = true;
        return;
    }
    svms_expiry_destroy(gone);
}

/* What a chain will change, all of it made before anything is changed. */
typedef struct plan {
    expiry_label *label;
    /* For each use: made for it, or NULL when the certificate is there. */
    expiry_certificate *made[SVMS_CHAIN_MAX_CERTIFICATES];
    /* For each use: to be given to a certificate that was in no chain, or NULL. */
    svms_certificate_info *info[SVMS_CHAIN_MAX_CERTIFICATES];
} plan;

static void plan_clear(const svms_expiry *expiry, plan *gone)
{
    for (size_t i = 0; i < SVMS_CHAIN_MAX_CERTIFICATES; i++) {
        svms_release(expiry->ctx, gone->made[i]);
        svms_release(expiry->ctx, gone->info[i]);
    }
    svms_release(expiry->ctx, gone->label);
}

static bool stands_in(const expiry_label *label, const expiry_certificate *certificate)
{
    for (size_t i = 0; i < label->use_count; i++) {
        if (label->uses[i].certificate == certificate) {
            return true;
        }
    }
    return false;
}

/* A certificate may stand twice in one chain. */
static bool is_planned(const expiry_label *label, const svms_certificate_info *info)
{
    for (size_t i = 0; i < label->use_count; i++) {
        if (memcmp(label->uses[i].certificate->sha256, info->sha256, SVMS_DIGEST_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static svms_status plan_certificate(plan *planned, const svms_expiry *expiry,
                                    const svms_chain *chain, size_t position, svms_error *err)
{
    svms_certificate_info info = SVMS_CERTIFICATE_INFO_INIT;
    expiry_label *label = planned->label;
    svms_status status = svms_chain_certificate(chain, position, &info, err);
    if (status != SVMS_OK || is_planned(label, &info)) {
        return status;
    }
    size_t place = label->use_count;
    expiry_certificate *certificate = svms_expiry_find(expiry, info.sha256);
    if (!certificate) {
        certificate = svms_expiry_certificate_new(expiry, info.sha256);
        planned->made[place] = certificate;
    }
    if (certificate && !certificate->info) {
        planned->info[place] = svms_alloc(expiry->ctx, sizeof info);
        if (!planned->info[place]) {
            return svms_fail_memory(err);
        }
        memcpy(planned->info[place], &info, sizeof info);
    }
    if (!certificate) {
        return svms_fail_memory(err);
    }
    label->uses[place].certificate = certificate;
    label->uses[place].label = label;
    label->uses[place].position = (uint32_t)position;
    label->use_count++;
    return SVMS_OK;
}

/* I-EXP-7; old is what the new label replaces, or NULL. */
static svms_status check_room(const svms_expiry *expiry, const plan *planned,
                              const expiry_label *old, svms_error *err)
{
    size_t labels = svms_order_count(&expiry->labels) + (old ? 0 : 1);
    size_t certificates = svms_order_count(&expiry->in_use);
    for (size_t i = 0; i < planned->label->use_count; i++) {
        certificates += planned->info[i] ? 1 : 0;
    }
    for (size_t i = 0; old && i < old->use_count; i++) {
        const expiry_certificate *certificate = old->uses[i].certificate;
        bool leaves = certificate->use_count == 1 && !stands_in(planned->label, certificate);
        certificates -= leaves ? 1 : 0;
    }
    if (labels > SVMS_EXPIRY_MAX || certificates > SVMS_EXPIRY_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an inventory of more than %d labels or certificates",
                         SVMS_EXPIRY_MAX);
    }
    return SVMS_OK;
}

static void take_in(svms_expiry *expiry, plan *planned, size_t place)
{
    expiry_certificate *certificate = planned->label->uses[place].certificate;
    if (planned->made[place]) {
        svms_order_insert(&expiry->certificates, certificate->sha256, &certificate->by_fingerprint);
    } else if (planned->info[place]) {
        svms_order_remove(&expiry->remembered, certificate);
    }
    if (planned->info[place]) {
        certificate->info = planned->info[place];
        certificate->not_after_utc_ns = certificate->info->not_after_utc_ns;
        svms_order_insert(&expiry->in_use, certificate, &certificate->by_end);
    }
    link_use(&planned->label->uses[place]);
}

/* Cannot fail. New uses come in before old ones go, so that what stays is never retired. */
static void carry_out(svms_expiry *expiry, plan *planned, expiry_label *old)
{
    expiry_label *label = planned->label;
    if (old) {
        svms_order_remove(&expiry->labels, old->name);
    }
    svms_order_insert(&expiry->labels, label->name, &label->node);
    for (size_t i = 0; i < label->use_count; i++) {
        take_in(expiry, planned, i);
    }
    if (old) {
        release_label(expiry, old);
    }
    svms_expiry_make_room(expiry);
}

static bool is_label(const char *text)
{
    const char *end = memchr(text, '\0', SVMS_EXPIRY_LABEL_SIZE);
    if (!end || end == text) {
        return false;
    }
    svms_cursor cursor = svms_cursor_over(text, (size_t)(end - text), 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        bool control = character < 0x20 || (character >= 0x7F && character <= 0x9F);
        if (length == 0 || control || !svms_skip(&cursor, length)) {
            return false;
        }
    }
    return true;
}

svms_status svms_expiry_watch(svms_expiry *expiry, const char *label, const svms_chain *chain,
                              svms_error *err)
{
    svms_status status = svms_expiry_usable(expiry, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!label || !chain || !is_label(label)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a chain is watched under a label of 1 to %d bytes of UTF-8, none of them "
                         "a control",
                         SVMS_EXPIRY_LABEL_SIZE - 1);
    }
    plan planned = { svms_alloc(expiry->ctx, sizeof *planned.label), { NULL }, { NULL } };
    if (!planned.label) {
        return svms_fail_memory(err);
    }
    planned.label->node.owner = planned.label;
    memcpy(planned.label->name, label, strlen(label));
    for (size_t i = 0; i < svms_chain_count(chain) && status == SVMS_OK; i++) {
        status = plan_certificate(&planned, expiry, chain, i, err);
    }
    expiry_label *old = find_label(expiry, label);
    if (status == SVMS_OK) {
        status = check_room(expiry, &planned, old, err);
    }
    if (status != SVMS_OK) {
        plan_clear(expiry, &planned);
        return status;
    }
    carry_out(expiry, &planned, old);
    return SVMS_OK;
}

svms_status svms_expiry_forget(svms_expiry *expiry, const char *label, svms_error *err)
{
    svms_status status = svms_expiry_usable(expiry, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!label) {
        return svms_fail(err, SVMS_E_USAGE, "no label was given");
    }
    expiry_label *gone = find_label(expiry, label);
    if (!gone) {
        return SVMS_END;
    }
    svms_order_remove(&expiry->labels, gone->name);
    release_label(expiry, gone);
    return SVMS_OK;
}

size_t svms_expiry_count(const svms_expiry *expiry)
{
    return expiry ? svms_order_count(&expiry->in_use) : 0;
}

svms_status svms_expiry_get(const svms_expiry *expiry, size_t index, svms_expiry_entry *out,
                            svms_error *err)
{
    svms_status status = svms_expiry_usable(expiry, err);
    if (status != SVMS_OK) {
        return status;
    }
    const svms_order_node *node = svms_order_at(&expiry->in_use, index);
    if (!node) {
        return SVMS_END;
    }
    svms_expiry_entry entry = SVMS_EXPIRY_ENTRY_INIT;
    svms_expiry_describe(&entry, node->owner, expiry->now_utc_ns);
    return svms_result_write(out, &entry, sizeof entry, "svms_expiry_entry", err);
}
