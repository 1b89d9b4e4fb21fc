/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <svms/version.h>

#include "export_internal.h"
#include "failure.h"
#include "options.h"
#include "stanza.h"
#include "stream.h"

svms_status svms_export_usable(const svms_export *package, svms_error *err)
{
    if (package->failed) {
        return svms_fail(err, SVMS_E_STATE, "the export ended when an earlier call failed");
    }
    if (package->finished) {
        return svms_fail(err, SVMS_E_STATE, "the package is finished");
    }
    return SVMS_OK;
}

svms_status svms_export_settle(svms_export *package, svms_status status)
{
    package->failed = package->failed || status != SVMS_OK;
    return status;
}

static svms_status accept_recipients(const svms_export_options *options, svms_error *err)
{
    if (options->recipient_count > SVMS_MAX_STANZAS - 1 ||
        options->kek_count > SVMS_MAX_STANZAS - 1 - options->recipient_count) {
        return svms_fail(err, SVMS_E_LIMIT, "a package has at most %u recipients",
                         SVMS_MAX_STANZAS - 1);
    }
    if ((options->recipient_count != 0 && options->recipients == NULL) ||
        (options->kek_count != 0 && options->keks == NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "recipients are counted, but not given");
    }
    for (size_t i = 0; i < options->recipient_count; i++) {
        if (options->recipients[i] == NULL) {
            return svms_fail(err, SVMS_E_USAGE, "recipient %zu is NULL", i);
        }
        if (!svms_stanza_can_wrap(options->recipients[i])) {
            return svms_fail(err, SVMS_E_UNSUPPORTED,
                             "recipient %zu is not an X25519, P-256 or RSA key", i);
        }
    }
    for (size_t i = 0; i < options->kek_count; i++) {
        if (options->keks[i] == NULL) {
            return svms_fail(err, SVMS_E_USAGE, "key-encryption key %zu is NULL", i);
        }
    }
    if (options->password != NULL &&
        (options->password_size == 0 || options->password_size > 1024)) {
        return svms_fail(err, SVMS_E_USAGE, "a password has 1 to 1024 bytes (C-ACC-8)");
    }
    if (options->password_log2_n != 0 &&
        (options->password_log2_n < 10 || options->password_log2_n > 18)) {
        return svms_fail(err, SVMS_E_USAGE, "the password cost is 10 to 18 (C-ACC-6)");
    }
    return SVMS_OK;
}

static svms_status accept(const svms_export_options *options, svms_recipients *recipients,
                          svms_error *err)
{
    if ((options->kind != SVMS_EXPORT_PACKAGE && options->kind != SVMS_EXPORT_PROOF) ||
        options->unsealed > 1 || options->signer.struct_size != sizeof(options->signer)) {
        return svms_fail(err, SVMS_E_USAGE, "kind, signer or unsealed is out of range");
    }
    svms_status status = accept_recipients(options, err);
    if (status != SVMS_OK) {
        return status;
    }
    memset(recipients, 0, sizeof(*recipients));
    recipients->keys = options->recipients;
    recipients->key_count = options->recipient_count;
    recipients->keks = options->keks;
    recipients->kek_count = options->kek_count;
    recipients->password = options->password;
    recipients->password_size = options->password_size;
    recipients->password_log2_n = options->password_log2_n == 0 ? 17 : options->password_log2_n;
    bool any = recipients->key_count + recipients->kek_count != 0 || recipients->password != NULL;
    bool unsealed = options->unsealed == 1 || options->kind == SVMS_EXPORT_PROOF;
    if (unsealed && any) {
        return svms_fail(err, SVMS_E_USAGE,
                         options->kind == SVMS_EXPORT_PROOF
                             ? "a proof is not sealed (E-HDR-3)"
                             : "what is not sealed needs no recipients");
    }
    if (!unsealed && !any) {
        return svms_fail(err, SVMS_E_POLICY,
                         "the package is to be sealed, but nobody could open it: no recipient, no "
                         "password");
    }
    return SVMS_OK;
}

/* Who can open it, for the result. */
static svms_status note_recipients(svms_export *package, const svms_header *as_container,
                                   const uint8_t *slot, svms_error *err)
{
    svms_access_view view;
    const char *damage = NULL;
    svms_stanza_view stanza;
    svms_status status =
        svms_access_parse_slot(&view, package->ctx, as_container, slot, 0, &damage, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!view.present) {
        return svms_fail(err, SVMS_E_INTERNAL, "the slot that was just made is none");
    }
    svms_cursor cursor = svms_cursor_over(view.stanzas, view.stanzas_size, 0);
    while (package->recipient_count < SVMS_MAX_RECIPIENTS &&
           svms_access_next_stanza(&view, &cursor, &stanza)) {
        svms_recipient *recipient = &package->recipients[package->recipient_count++];
        recipient->kind = stanza.type;
        recipient->size = stanza.size;
        if (stanza.type != SVMS_STANZA_PASSWORD && stanza.size >= SVMS_KEY_ID_SIZE) {
            memcpy(recipient->key_id, stanza.body, SVMS_KEY_ID_SIZE);
        }
    }
    return SVMS_OK;
}

static svms_status put_slot(svms_builder *out, const svms_header *as_container,
                            const svms_recipients *recipients, const uint8_t *key, svms_error *err)
{
    svms_builder stanzas = svms_builder_new(out->ctx, SVMS_MAX_SLOT_SIZE);
    svms_slot slot = { 1, 0, NULL, 0, NULL };
    svms_status status = svms_access_put_stanzas(&stanzas, as_container, recipients, key, err);
    slot.stanza_count =
        (uint32_t)(recipients->key_count + recipients->kek_count + (recipients->password != NULL));
    slot.stanzas = stanzas.data;
    slot.stanzas_size = stanzas.size;
    if (status == SVMS_OK) {
        status = svms_access_put_slot(out, as_container, &slot, key, err);
    }
    svms_builder_clear(&stanzas);
    return status;
}

/* Slot behind the header, and its hash for link 0. */
static svms_status make_slot(svms_export *package, svms_builder *out,
                             const svms_recipients *recipients, const uint8_t *key, svms_error *err)
{
    svms_header *as_container = svms_alloc(package->ctx, sizeof(*as_container));
    if (as_container == NULL) {
        return svms_fail_memory(err);
    }
    svms_package_as_container(&package->header, as_container);
    size_t start = out->size;
    svms_status status = put_slot(out, as_container, recipients, key, err);
    if (status == SVMS_OK) {
        svms_iovec run = { out->data + start, out->size - start };
        status = svms_sha256(package->ctx, &run, 1, package->slot_hash, err);
    }
    if (status == SVMS_OK) {
        status = note_recipients(package, as_container, out->data + start, err);
    }
    svms_release(package->ctx, as_container);
    return status;
}

/* Everything in front of the first frame; key: of a package that is sealed. */
static svms_status make_front(svms_export *package, svms_builder *out,
                              const svms_recipients *recipients, const uint8_t *key,
                              svms_error *err)
{
    uint8_t bytes[SVMS_PACKAGE_HEADER_SIZE];
    svms_package_header *header = &package->header;
    svms_status status = svms_package_header_encode(package->ctx, header, bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_put_bytes(out, bytes, sizeof(bytes));
    status = svms_builder_check(out, "a package", err);
    if (status == SVMS_OK && header->sealed) {
        status = make_slot(package, out, recipients, key, err);
    }
    return status;
}

static svms_status fill_header(svms_export *package, const svms_recipients *recipients,
                               uint8_t key[SVMS_CONTENT_KEY_SIZE], svms_error *err)
{
    static const char software[] = "libsvms " SVMS_VERSION_TEXT;
    svms_package_header *header = &package->header;
    header->kind = package->options.kind;
    header->sealed =
        recipients->key_count + recipients->kek_count != 0 || recipients->password != NULL;
    header->created_utc_ns = svms_utc_now(package->ctx);
    memcpy(header->software, software, sizeof(software));
    svms_status status =
        svms_random(package->ctx, header->package_id, sizeof(header->package_id), err);
    if (status != SVMS_OK || !header->sealed) {
        return status;
    }
    header->slot_size = svms_slot_size_for(recipients);
    status = svms_random(package->ctx, key, SVMS_CONTENT_KEY_SIZE, err);
    return status == SVMS_OK
               ? svms_key_check(package->ctx, key, header->package_id, header->key_check, err)
               : status;
}

static svms_status begin(svms_export *package, const svms_recipients *recipients,
                         const svms_sink *sink, svms_error *err)
{
    uint8_t key[SVMS_CONTENT_KEY_SIZE];
    uint8_t p[SVMS_DIGEST_SIZE];
    bool sealed = false;
    svms_builder front =
        svms_builder_new(package->ctx, SVMS_PACKAGE_HEADER_SIZE + SVMS_MAX_SLOT_SIZE);
    svms_status status = fill_header(package, recipients, key, err);
    if (status == SVMS_OK) {
        status = make_front(package, &front, recipients, key, err);
        sealed = package->header.sealed;
    }
    if (status == SVMS_OK && sealed) {
        status = svms_segment_root(package->ctx, key, package->header.h, p, err);
    }
    if (status == SVMS_OK) {
        status = svms_package_writer_init(&package->writer, package->ctx, sink,
                                          package->options.kind, sealed ? p : NULL, err);
    }
    if (status == SVMS_OK) {
        status = svms_package_put(&package->writer, front.data, front.size, err);
    }
    svms_wipe(key, sizeof(key));
    svms_wipe(p, sizeof(p));
    svms_builder_clear(&front);
    return status;
}

static svms_status create(svms_export *package, const svms_sink *sink, svms_error *err)
{
    svms_recipients recipients = { 0 };
    svms_status status = accept(&package->options, &recipients, err);
    if (status == SVMS_OK) {
        status = svms_link_check_signer(package->ctx, &package->options.signer, true, err);
    }
    if (status == SVMS_OK) {
        status = svms_hasher_new(&package->content, package->ctx, err);
    }
    if (status == SVMS_OK) {
        status = svms_case_writer_new(&package->document, package->ctx, &package->options,
                                      svms_utc_now(package->ctx), err);
    }
    return status == SVMS_OK ? begin(package, &recipients, sink, err) : status;
}

svms_status svms_export_create(svms_export **out, svms_ctx *ctx, const svms_export_options *options,
                               const svms_sink *sink, svms_error *err)
{
    svms_sink given = SVMS_SINK_INIT;
    if (out == NULL || ctx == NULL || options == NULL || sink == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "out, ctx, options and sink must not be NULL");
    }
    svms_status status = svms_options_read(&given, sizeof(given), sink, "svms_sink", err);
    if (status == SVMS_OK && !svms_sink_usable(&given)) {
        status = svms_fail(err, SVMS_E_USAGE, "the sink lacks a callback");
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_export *package = svms_alloc(ctx, sizeof(*package));
    if (package == NULL) {
        return svms_fail_memory(err);
    }
    package->ctx = ctx;
    status = svms_options_read(&package->options, sizeof(package->options), options,
                               "svms_export_options", err);
    if (status == SVMS_OK) {
        status = create(package, &given, err);
    }
    if (status != SVMS_OK) {
        svms_export_abort(&package);
        return status;
    }
    *out = package;
    return SVMS_OK;
}

void svms_export_abort(svms_export **package)
{
    if (package == NULL || *package == NULL) {
        return;
    }
    svms_export *gone = *package;
    svms_ctx *ctx = gone->ctx;
    *package = NULL;
    svms_package_writer_clear(&gone->writer);
    svms_hasher_free(&gone->content);
    svms_case_writer_free(&gone->document);
    svms_carried_clear(&gone->carried, ctx);
    svms_release(ctx, gone->sources);
    svms_release_secret(ctx, gone, sizeof(*gone));
}
