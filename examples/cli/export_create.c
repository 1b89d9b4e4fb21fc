/* SPDX-License-Identifier: Apache-2.0 */
/* svms export create: parts of recordings as evidence, sealed and signed. */
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "export_audit.h"
#include "export_command.h"
#include "export_make.h"
#include "export_profile.h"
#include "file.h"
#include "keys.h"
#include "message.h"

static exit_status load_trusts(export_means *means, svms_ctx *ctx, const export_request *request)
{
    exit_status status = EXIT_GOOD;
    if (request->trust_path) {
        status = load_trust_and_crls(&means->trust, ctx, request->trust_path, request->crl_path);
    }
    if (status == EXIT_GOOD && request->anchors_path) {
        status =
            load_trust_and_crls(&means->stamp_trust, ctx, request->anchors_path, request->crl_path);
    }
    if (status == EXIT_GOOD) {
        status = attest_load(&means->witnesses, ctx, &request->witnesses, EXPORT_CREATE);
    }
    return status;
}

static exit_status load_means(export_means *means, svms_ctx *ctx, const export_request *request)
{
    exit_status status =
        attachment_list_make(&means->attachments, &request->attachments, EXPORT_CREATE);
    if (status == EXIT_GOOD) {
        status = load_chain(&means->chain, ctx, request->signer);
    }
    if (status == EXIT_GOOD) {
        status = load_private_key(&means->key, ctx, request->signer_key);
    }
    if (status == EXIT_GOOD) {
        status = load_trusts(means, ctx, request);
    }
    if (status == EXIT_GOOD) {
        status = source_keys_load(&means->keys, ctx, &request->source_keys);
    }
    if (status == EXIT_GOOD) {
        status =
            recipient_set_load(&means->people, ctx, &request->people, "Password for the package: ");
    }
    return status;
}

/* What the user himself said; the rest is the profile's to set. */
static uint32_t given_options(const export_request *request)
{
    uint32_t given = UINT32_C(1) << SVMS_PROFILE_FORMATS | UINT32_C(1) << SVMS_PROFILE_DESTINATIONS;
    if (request->unsealed || !recipient_options_are_empty(&request->people)) {
        given |= UINT32_C(1) << SVMS_PROFILE_SEALED;
    }
    if (request->no_reexport) {
        given |= UINT32_C(1) << SVMS_PROFILE_REEXPORT;
    }
    return given;
}

static void fill_profile_request(svms_profile_request *out, const export_request *request,
                                 const export_means *means)
{
    out->given = given_options(request);
    out->format = SVMS_FORMAT_SVMX;
    out->sealed = request->unsealed ? 0 : 1;
    out->reexport = request->no_reexport ? 0 : 1;
    out->time_stamp = request->tsa ? 1 : 0;
    out->include_unverified = request->include_unverified ? 1 : 0;
    out->removed_tracks = (uint32_t)request->without_tracks.count;
    out->attachments = (uint32_t)attachment_list_count(means->attachments);
    out->password = means->people.secret.size > 0 ? means->people.secret.text : NULL;
    out->password_size = means->people.secret.size;
    out->signer = means->key;
    out->from_utc_ns = request->from_utc_ns;
    out->to_utc_ns = request->to_utc_ns;
    out->case_number = request->case_number;
    out->operator_name = request->operator_name;
    out->reason = request->reason;
    out->comment = request->comment;
}

static exit_status apply_profile(export_request *request, export_means *means, svms_ctx *ctx)
{
    svms_profile_request wanted = SVMS_PROFILE_REQUEST_INIT;
    uint8_t ids[2 * MAX_LIST_ITEMS][16];
    if (!request->profile_path) {
        return EXIT_GOOD;
    }
    char *folder = export_profile_folder_of(request->output);
    if (!folder) {
        return EXIT_ENVIRONMENT;
    }
    fill_profile_request(&wanted, request, means);
    wanted.destination = folder;
    wanted.recipients = (const uint8_t(*)[16])ids;
    exit_status status = export_profile_recipients(ids, &wanted.recipient_count, &means->people);
    if (status == EXIT_GOOD) {
        status = export_profile_apply(&means->profile, &wanted, ctx, request->profile_path);
    }
    free(folder);
    if (status != EXIT_GOOD) {
        return status;
    }
    means->output = export_profile_output(&wanted, request->output);
    request->output = means->output;
    request->unsealed = wanted.sealed == 0;
    request->no_reexport = wanted.reexport == 0;
    return means->output ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static exit_status check_access(const export_request *request)
{
    if (request->unsealed || !recipient_options_are_empty(&request->people)) {
        return EXIT_GOOD;
    }
    complain("nobody could ever open it: give --password-file, --recipient or --recipient-kek, or "
             "--unsealed");
    return EXIT_POLICY;
}

static exit_status create(export_request *request, audit_trail *trail)
{
    svms_ctx *ctx = NULL;
    export_means *means = calloc(1, sizeof *means);
    if (!means) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    means->trail = trail;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = load_means(means, ctx, request);
    }
    if (status == EXIT_GOOD) {
        status = apply_profile(request, means, ctx);
    }
    if (status == EXIT_GOOD) {
        status = check_access(request);
    }
    if (status == EXIT_GOOD) {
        status = options_check_output(&request->typed, request->output, request->force);
    }
    if (status == EXIT_GOOD) {
        status = export_make(request, ctx, means);
    }
    if (!audit_trail_has_told(trail)) {
        status = export_audit_failed(trail, request, status);
    }
    recipient_set_free(&means->people);
    source_keys_free(&means->keys);
    attachment_list_free(&means->attachments);
    svms_trust_free(&means->stamp_trust);
    svms_trust_free(&means->trust);
    svms_chain_free(&means->chain);
    svms_private_key_free(&means->key);
    free(means->profile);
    free(means->output);
    free(means);
    svms_ctx_free(&ctx);
    return status;
}

#define AT(member) offsetof(export_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "out", "PACKAGE.svmx", "the file to write; it appears when it is complete and verified",
      OPTION_TEXT, AT(output) },
    { "from", "T", "begin with the segment that holds T (RFC 3339)", OPTION_TIME, AT(from_utc_ns) },
    { "to", "T", "end with the segment that holds the moment before T", OPTION_TIME,
      AT(to_utc_ns) },
    { "device", "ID|NAME", "only recordings of this device; may be repeated", OPTION_LIST,
      AT(devices) },
    { "without-track", "N|KIND", "leave out a track, or video, audio, metadata; repeatable",
      OPTION_LIST, AT(without_tracks) },
    { "source-password-file", "FILE", "password that opens the recordings; repeatable", OPTION_LIST,
      AT(source_keys.password_files) },
    { "source-password-prompt", NULL, "ask for that password on the terminal", OPTION_FLAG,
      AT(source_keys.password_prompt) },
    { "source-identity", "KEY", "private key that opens the recordings (PEM); repeatable",
      OPTION_LIST, AT(source_keys.identities) },
    { "source-kek", "FILE", "key-encryption key that opens the recordings; repeatable", OPTION_LIST,
      AT(source_keys.keks) },
    { "source-keys", "KEYS", "export what was disclosed in KEYS; repeatable", OPTION_LIST,
      AT(source_keys.disclosures) },
    { "password-file", "FILE", "password that shall open the package: first line of FILE",
      OPTION_TEXT, AT(people.password_file) },
    { "password-prompt", NULL, "ask for that password on the terminal, twice", OPTION_FLAG,
      AT(people.password_prompt) },
    { "recipient", "PEM", "public key or certificate whose key shall open it; repeatable",
      OPTION_LIST, AT(people.keys) },
    { "recipient-kek", "FILE", "key-encryption key that shall open it; repeatable", OPTION_LIST,
      AT(people.keks) },
    { "unsealed", NULL, "encrypt nothing: everybody can see it", OPTION_FLAG, AT(unsealed) },
    { "signer", "CERT", "certificate of the exporter who signs (PEM)", OPTION_TEXT, AT(signer) },
    { "signer-key", "KEY", "private key of that certificate (PEM)", OPTION_TEXT, AT(signer_key) },
    { "trust", "CA", "CA certificates (PEM) that vouch for the recorders", OPTION_TEXT,
      AT(trust_path) },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT, AT(crl_path) },
    { "tsa-anchors", "CA", "CA certificates (PEM) of time stamp authorities that are trusted",
      OPTION_TEXT, AT(anchors_path) },
    ATTEST_OPTIONS(export_request, witnesses),
    { "accept-claimed-time", NULL, "believe a recorder's clock when its certificate has expired",
      OPTION_FLAG, AT(claimed_time) },
    { "include-unverified", NULL, "also export what does not verify, and declare it", OPTION_FLAG,
      AT(include_unverified) },
    { "tsa", "URL", "have this time stamp authority stamp the signature", OPTION_TEXT, AT(tsa) },
    { "case", "TEXT", "number or name of the case", OPTION_TEXT, AT(case_number) },
    { "operator", "TEXT", "who exports", OPTION_TEXT, AT(operator_name) },
    { "reason", "TEXT", "why", OPTION_TEXT, AT(reason) },
    { "comment", "TEXT", "anything else", OPTION_TEXT, AT(comment) },
    { "audit-reference", "TEXT", "where the audit log has this export", OPTION_TEXT,
      AT(audit_reference) },
    { "note", "TEXT", "what everybody shall read without a key; in clear", OPTION_TEXT, AT(note) },
    { "no-reexport", NULL, "forbid to export from the package again", OPTION_FLAG,
      AT(no_reexport) },
    { "profile", "FILE", "export profile (JSON) to follow", OPTION_TEXT, AT(profile_path) },
    { "attach", "FILE", "carry FILE too; repeatable", OPTION_LIST, AT(attachments.attached) },
    { "derived", "FILE", "carry FILE, which was made from the recordings; repeatable", OPTION_LIST,
      AT(attachments.derived) },
    { "description", "TEXT", "behind --attach or --derived: what it is", OPTION_LIST,
      AT(attachments.descriptions) },
    { "method", "TEXT", "behind --derived: how it was made", OPTION_LIST, AT(attachments.methods) },
    { "tool", "TEXT", "behind --derived: with what", OPTION_LIST, AT(attachments.tools) },
    { "derived-from", "N[:TRACK]", "behind --derived: from which source; repeatable", OPTION_LIST,
      AT(attachments.origins) },
    { "audit", "LOG", "tell this audit log: a folder, or the socket of svms audit serve",
      OPTION_TEXT, AT(audit) },
    { "no-check", NULL, "do not read back and verify what was written", OPTION_FLAG, AT(no_check) },
    { "force", NULL, "replace the output when the new one is complete", OPTION_FLAG, AT(force) },
    { "json", NULL, "print what was exported as one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing when all is well", OPTION_FLAG, AT(quiet) },
};

static const command_line line = {
    EXPORT_CREATE,
    "SOURCE... --out PACKAGE.svmx --trust CA [options]",
    "Verifies recordings, or a period of them, and makes an evidence package: parts of recordings "
    "with\ntheir recorders' signatures, signed by the exporter. SOURCE is a recording or a folder.",
    options,
    sizeof options / sizeof options[0],
    "SOURCE",
    offsetof(export_request, sources)
};

static exit_status check_people(const export_request *request)
{
    bool nobody = recipient_options_are_empty(&request->people);
    if (request->unsealed && !nobody) {
        return usage_error(EXPORT_CREATE, "--unsealed encrypts nothing, so nobody can be named who "
                                          "opens it");
    }
    if (request->people.password_file && request->people.password_prompt) {
        return usage_error(EXPORT_CREATE, "only one of --password-file and --password-prompt");
    }
    return EXIT_GOOD;
}

static exit_status check_signers(const export_request *request)
{
    if (!request->signer && !request->signer_key) {
        complain("nobody would sign: give --signer and --signer-key");
        return EXIT_POLICY;
    }
    if (!request->signer || !request->signer_key) {
        return usage_error(EXPORT_CREATE, "--signer and --signer-key belong together");
    }
    if (!request->trust_path && !request->include_unverified) {
        return usage_error(EXPORT_CREATE, "--trust is missing: without it no recorder is trusted, "
                                          "and nothing verifies");
    }
    if (request->crl_path && !request->trust_path && !request->anchors_path) {
        return usage_error(EXPORT_CREATE, "--crl belongs to --trust or --tsa-anchors");
    }
    return EXIT_GOOD;
}

static exit_status check(const export_request *request)
{
    if (!request->output || request->output[0] == '\0') {
        return usage_error(EXPORT_CREATE, "--out is %s", request->output ? "empty" : "missing");
    }
    if (request->from_utc_ns != SVMS_NO_TIME && request->to_utc_ns != SVMS_NO_TIME &&
        request->from_utc_ns >= request->to_utc_ns) {
        return usage_error(EXPORT_CREATE, "--from is not before --to");
    }
    if (request->json && request->quiet) {
        return usage_error(EXPORT_CREATE, "--json and --quiet contradict each other");
    }
    exit_status status = check_signers(request);
    return status == EXIT_GOOD ? check_people(request) : status;
}

/* With --audit, nothing is done that could not be told. */
static exit_status create_told(export_request *request)
{
    audit_trail *trail = NULL;
    exit_status checked = check(request);
    /* A command that makes no sense is none; one that is refused is told. */
    if (checked != EXIT_GOOD && checked != EXIT_POLICY) {
        return checked;
    }
    exit_status status = audit_trail_open(&trail, request->audit, EXPORT_CREATE);
    if (status == EXIT_GOOD) {
        status = checked == EXIT_GOOD ? create(request, trail)
                                      : export_audit_failed(trail, request, checked);
    }
    return audit_trail_close(&trail, status);
}

exit_status command_export_create(int count, char **arguments)
{
    export_request *request = calloc(1, sizeof *request);
    if (!request) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    request->from_utc_ns = SVMS_NO_TIME;
    request->to_utc_ns = SVMS_NO_TIME;
    request->typed = (typed_inputs){ &line, request, true };
    parse_result parsed = options_parse_many(&line, request, count, arguments);
    exit_status status = parsed == PARSE_READY ? create_told(request) : parse_exit(parsed);
    free(request);
    return status;
}
