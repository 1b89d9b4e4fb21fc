/* SPDX-License-Identifier: Apache-2.0 */
/* svms: record, inspect, verify and extract signed, encrypted recordings. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#include "command.h"
#include "message.h"

typedef struct command {
    const char *name;
    exit_status (*run)(int count, char **arguments);
    const char *summary;
} command;

static const command commands[] = {
    { "identity", command_identity, "create a signing identity and a demonstration CA" },
    { "ca", command_ca, "run a small certificate authority" },
    { "request", command_request, "ask an authority to certify a key" },
    { "record", command_record, "record video into a signed, encrypted file" },
    { "info", command_info, "say what a recording is" },
    { "verify", command_verify, "prove that a recording is what was recorded" },
    { "extract", command_extract, "get the video back" },
    { "export", command_export, "make evidence for others" },
    { "verify-proof", command_verify_proof, "prove that a clear file is what was recorded" },
    { "verify-onvif", command_verify_onvif, "prove that a signed MP4 file is what was exported" },
    { "keys", command_keys, "disclose a range of a recording to somebody" },
    { "recipients", command_recipients, "say or change who can decrypt a recording" },
    { "kek", command_kek, "make a key-encryption key, or erase by destroying one" },
    { "prune", command_prune, "remove a container and leave a signed record" },
    { "timestamp", command_timestamp, "have a third party attest when a recording existed" },
    { "recover", command_recover, "take stock of an interrupted or damaged recording" },
    { "enroll", command_enroll, "get a certificate over the network, and renew it" },
    { "token", command_token, "issue, verify, exchange or look at a token" },
    { "jwks", command_jwks, "publish the keys with which tokens are verified" },
    { "policy", command_policy, "say what an access policy allows, and what is wrong with it" },
    { "audit", command_audit, "keep a log that nobody can rewrite, and verify it" },
    { "rtsp", command_rtsp, "record a camera on the network" },
    { "camsign", command_camsign, "sign video as cameras do, and say what became of it" },
    { "mask", command_mask, "put privacy masks over a clear video" },
    { "update", command_update, "sign what devices run, and say whether they take it" },
    { "tls", command_tls, "say what is wrong with servers and certificates" },
};

static void print_usage(FILE *out)
{
    fprintf(out, "Usage: svms COMMAND [options]\n\nCommands:\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        fprintf(out, "  %-12s  %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(out, "\n'svms COMMAND --help' lists a command's options; svms(1) is the manual.\n"
                 "Exit status: 0 good, 1 evidence failed, 2 usage, 3 environment, 4 malformed,\n"
                 "5 refused by policy.\n");
}

/* A full disk or a broken pipe must be errors that are reported, not signals that kill. */
static void turn_signals_into_errors(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

static exit_status dispatch(int count, char **arguments)
{
    if (count < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    const char *name = arguments[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return EXIT_GOOD;
    }
    if (strcmp(name, "--version") == 0) {
        printf("svms %s\n", svms_version());
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return commands[i].run(count - 2, arguments + 2);
        }
    }
    complain("unknown %s '%s' (see 'svms --help')", name[0] == '-' ? "option" : "command", name);
    return EXIT_USAGE;
}

int main(int count, char **arguments)
{
    turn_signals_into_errors();
    exit_status status = dispatch(count, arguments);
    /* A result that did not arrive is no result. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return complain_system(errno, "cannot write to standard output");
    }
    return status;
}
