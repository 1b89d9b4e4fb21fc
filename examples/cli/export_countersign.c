/* SPDX-License-Identifier: Apache-2.0 */
/* svms export countersign: somebody else signs for what went through his hands. */
#include "export_countersign.h"

#include <inttypes.h>
#include <string.h>

#include "audit_verdict.h"
#include "export_command.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "link_stamp.h"
#include "message.h"
#include "options.h"
#include "package_check.h"
#include "package_file.h"
#include "verify_report.h"

typedef struct countersigning {
    const countersign_request *request;
    svms_ctx *ctx;
    svms_private_key *key;
    svms_chain *chain;
    svms_trust *anchors;
    svms_store store;
    uint8_t head[HEAD_SIZE];
    uint32_t number; /* of the new link */
    bool reexport;
} countersigning;

/* Whether something was changed since the exporter signed; what he declared not to verify is as he
 * found it. */
static bool is_forged(const package_findings *found)
{
    for (size_t i = 0; i < found->source_count; i++) {
        if (found->sources[i].verdict == SVMS_VERDICT_NOT_AUTHENTIC &&
            !found->sources[i].period.unverified) {
            return true;
        }
    }
    return found->report.contents == SVMS_VERDICT_NOT_AUTHENTIC;
}

/* Who signs for something should know what it is worth. */
static exit_status judge(const package_findings *found)
{
    const svms_export_report *report = &found->report;
    /* Links are incomplete where the last was interrupted: that is cut off and signed again. */
    if (report->links > SVMS_VERDICT_INCOMPLETE || is_forged(found) ||
        (found->expected_head && !report->expected_head)) {
        complain("%s was not signed: %s: %s", found->file->path,
                 verify_verdict_title(report->verdict), report->reason);
        return EXIT_EVIDENCE;
    }
    if (report->verdict != SVMS_VERDICT_AUTHENTIC) {
        complain("note: its links hold, but the package is %s: %s",
                 verify_verdict_title(report->verdict), report->reason);
    }
    return EXIT_GOOD;
}

static exit_status check(const countersigning *self, const uint8_t *expected_head)
{
    const countersign_request *request = self->request;
    const package_question question = { request->trust_path,
                                        request->crl_path,
                                        request->anchors_path,
                                        request->claimed_time,
                                        expected_head,
                                        false,
                                        false,
                                        NULL };
    package_file file = PACKAGE_FILE_INIT;
    package_findings found = PACKAGE_FINDINGS_INIT;
    exit_status status = package_file_open(&file, self->ctx, request->path, NULL, NULL);
    if (status == EXIT_GOOD) {
        status = package_check(&found, self->ctx, &file, &question);
        if (status == EXIT_GOOD) {
            status = judge(&found);
            package_findings_free(&found);
        }
    }
    package_file_close(&file);
    return status;
}

static exit_status check_first(const countersigning *self)
{
    const countersign_request *request = self->request;
    uint8_t head[HEAD_SIZE];
    if (request->expected_head && !head_text_parse(head, sizeof head, request->expected_head)) {
        return usage_error(COUNTERSIGN_COMMAND,
                           "--expect-head takes a receipt: 64 hexadecimal digits");
    }
    if (!request->trust_path) {
        complain("note: who signed before is not checked without --trust");
        return EXIT_GOOD;
    }
    return check(self, request->expected_head ? head : NULL);
}

static exit_status load(countersigning *self)
{
    const countersign_request *request = self->request;
    exit_status status = load_chain(&self->chain, self->ctx, request->signer);
    if (status == EXIT_GOOD) {
        status = load_private_key(&self->key, self->ctx, request->signer_key);
    }
    if (status == EXIT_GOOD && request->anchors_path) {
        status = load_trust_and_crls(&self->anchors, self->ctx, request->anchors_path,
                                     request->crl_path);
    }
    return status;
}

/* Opened, and so locked, before anything is looked at. */
static exit_status open_store(countersigning *self)
{
    svms_error err = SVMS_ERROR_INIT;
    const char *path = self->request->path;
    if (svms_store_open_file(&self->store, self->ctx, path, &err) != SVMS_OK) {
        return complain_error(&err, "cannot change %s", path);
    }
    return EXIT_GOOD;
}

static svms_role role_of(const countersign_request *request)
{
    return request->role == SVMS_ROLE_NONE ? SVMS_ROLE_CUSTODIAN : (svms_role)request->role;
}

static exit_status sign(countersigning *self)
{
    const countersign_request *request = self->request;
    link_stamp stamp = { self->ctx, request->tsa, self->anchors, false };
    svms_export_signer signer = SVMS_EXPORT_SIGNER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    signer.role = role_of(request);
    signer.key = self->key;
    signer.chain = self->chain;
    signer.note = request->note;
    signer.policy = request->no_reexport ? SVMS_EXPORT_NO_REEXPORT : 0;
    signer.stamp = request->tsa ? link_stamp_ask : NULL;
    signer.stamp_user = &stamp;
    if (svms_export_countersign(self->ctx, &self->store, &signer, self->head, &err) != SVMS_OK) {
        /* Of the command line, not of evidence. */
        bool own = err.status == SVMS_E_UNTRUSTED && !stamp.refused;
        exit_status status = complain_error(&err, "cannot sign %s", request->path);
        return own ? EXIT_POLICY : status;
    }
    return EXIT_GOOD;
}

/* While the package is still locked: the next signer may be waiting. */
static exit_status look_back(countersigning *self)
{
    package_file file = PACKAGE_FILE_INIT;
    exit_status status = package_file_open(&file, self->ctx, self->request->path, NULL, NULL);
    if (status == EXIT_GOOD) {
        self->number = file.info.links - 1;
        self->reexport = (file.info.policy & SVMS_EXPORT_NO_REEXPORT) == 0;
    }
    package_file_close(&file);
    return status;
}

static exit_status say(const countersigning *self)
{
    const countersign_request *request = self->request;
    if (request->json) {
        return json_print(
            json_pack("{s:o, s:I, s:s, s:o, s:o, s:b, s:b, s:o}", "file", json_text(request->path),
                      "link", (json_int_t)self->number, "role", svms_role_name(role_of(request)),
                      "signer", json_text(svms_chain_subject(self->chain)), "note",
                      json_text(request->note), "stamped", request->tsa != NULL, "reexport",
                      (int)self->reexport, "receipt", json_hex(self->head, sizeof self->head)));
    }
    print_line(stdout, "Signed        %s: link %" PRIu32 ", by %s, as %s", request->path,
               self->number, svms_chain_subject(self->chain), svms_role_name(role_of(request)));
    print_line(stdout, "Re-export     %s", self->reexport ? "not forbidden" : "forbidden");
    print_line(stdout, "Receipt       %s", head_text_of(self->head, sizeof self->head).text);
    print_line(stdout, "              keep it: it shows when links are taken away "
                       "(export verify --expect-head)");
    return EXIT_GOOD;
}

static exit_status countersign_package(svms_ctx *ctx, const countersign_request *request)
{
    countersigning self;
    memset(&self, 0, sizeof self);
    self.request = request;
    self.ctx = ctx;
    self.store = (svms_store)SVMS_STORE_INIT;
    exit_status status = load(&self);
    if (status == EXIT_GOOD) {
        status = open_store(&self);
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = check_first(&self);
    }
    if (status == EXIT_GOOD) {
        status = sign(&self);
    }
    if (status == EXIT_GOOD) {
        status = look_back(&self);
    }
    svms_store_close(&self.store);
    if (status == EXIT_GOOD) {
        status = audit_tell_countersign(request->trail, request->path, self.number, self.head);
    }
    if (status == EXIT_GOOD) {
        status = say(&self);
    }
    svms_trust_free(&self.anchors);
    svms_chain_free(&self.chain);
    svms_private_key_free(&self.key);
    return status;
}

static exit_status check_package_options(const countersign_request *request)
{
    if (request->output || request->force || request->intermediates_path) {
        return usage_error(COUNTERSIGN_COMMAND,
                           "--out, --force and --intermediates are for signed MP4 files; a package "
                           "is signed where it is, and brings its certificates");
    }
    if (request->crl_path && !request->trust_path && !request->anchors_path) {
        return usage_error(COUNTERSIGN_COMMAND, "--crl belongs to --trust or --tsa-anchors");
    }
    return EXIT_GOOD;
}

static exit_status countersign(const countersign_request *request)
{
    svms_ctx *ctx = NULL;
    exit_status status = make_context(&ctx);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (!package_file_is_one(ctx, request->path) && countersign_onvif_fits(ctx, request->path)) {
        status = countersign_onvif(ctx, request);
    } else {
        status = check_package_options(request);
        status = status == EXIT_GOOD ? countersign_package(ctx, request) : status;
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_choice roles[] = {
    { "custodian", SVMS_ROLE_CUSTODIAN },
    { "exporter", SVMS_ROLE_EXPORTER },
    { NULL, 0 },
};

static const option_spec options[] = {
    { "signer", "CERT", "certificate of whoever signs (PEM)", OPTION_TEXT,
      offsetof(countersign_request, signer), NULL, 0, 0 },
    { "signer-key", "KEY", "private key of that certificate (PEM)", OPTION_TEXT,
      offsetof(countersign_request, signer_key), NULL, 0, 0 },
    { "role", "ROLE", "custodian (default) or exporter", OPTION_CHOICE,
      offsetof(countersign_request, role), roles, 0, 0 },
    { "note", "TEXT", "what everybody shall read: from whom, for what; in clear", OPTION_TEXT,
      offsetof(countersign_request, note), NULL, 0, 0 },
    { "out", "X.mp4", "of a signed MP4 file: the new file, which appears when it is complete",
      OPTION_TEXT, offsetof(countersign_request, output), NULL, 0, 0 },
    { "force", NULL, "of a signed MP4 file: replace the output when the new one is complete",
      OPTION_FLAG, offsetof(countersign_request, force), NULL, 0, 0 },
    { "no-reexport", NULL, "from now on, forbid to export from the package again", OPTION_FLAG,
      offsetof(countersign_request, no_reexport), NULL, 0, 0 },
    { "tsa", "URL", "have this time stamp authority stamp the signature", OPTION_TEXT,
      offsetof(countersign_request, tsa), NULL, 0, 0 },
    { "tsa-anchors", "CA", "CA certificates (PEM) of time stamp authorities that are trusted",
      OPTION_TEXT, offsetof(countersign_request, anchors_path), NULL, 0, 0 },
    { "trust", "CA", "verify it first, against these CA certificates (PEM)", OPTION_TEXT,
      offsetof(countersign_request, trust_path), NULL, 0, 0 },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(countersign_request, crl_path), NULL, 0, 0 },
    { "intermediates", "FILE", "of a signed MP4 file: certificates between signers and CA (PEM)",
      OPTION_TEXT, offsetof(countersign_request, intermediates_path), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signers' clocks when a certificate has expired since", OPTION_FLAG,
      offsetof(countersign_request, claimed_time), NULL, 0, 0 },
    { "expect-head", "HEX", "with --trust: the link that this receipt was given for must be there",
      OPTION_TEXT, offsetof(countersign_request, expected_head), NULL, 0, 0 },
    { "audit", "LOG", "tell this audit log: a folder, or the socket of svms audit serve",
      OPTION_TEXT, offsetof(countersign_request, audit), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(countersign_request, json), NULL,
      0, 0 },
};

static const command_line line = { COUNTERSIGN_COMMAND,
                                   "PACKAGE|X.mp4 --signer CERT --signer-key KEY [options]",
                                   "Signs a package, or a signed MP4 file, on top of all who "
                                   "signed. Nothing of theirs is changed.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "PACKAGE",
                                   offsetof(countersign_request, path) };

exit_status command_export_countersign(int count, char **arguments)
{
    countersign_request request;
    memset(&request, 0, sizeof request);
    request.role = SVMS_ROLE_NONE;
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.signer || !request.signer_key) {
        return usage_error(COUNTERSIGN_COMMAND, "--%s is missing",
                           request.signer ? "signer-key" : "signer");
    }
    if (request.expected_head && !request.trust_path) {
        return usage_error(COUNTERSIGN_COMMAND, "--expect-head belongs to --trust");
    }
    exit_status status = audit_trail_open(&request.trail, request.audit, COUNTERSIGN_COMMAND);
    if (status == EXIT_GOOD) {
        status = countersign(&request);
        if (!audit_trail_has_told(request.trail)) {
            status = audit_tell_failure(request.trail, COUNTERSIGN_EVENT, request.path, status);
        }
    }
    return audit_trail_close(&request.trail, status);
}
