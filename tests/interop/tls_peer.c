/* SPDX-License-Identifier: Apache-2.0 */
/* Usage: tls_peer server|client [OPTION]...; see peer_options below. Servers print their port,
 * read their files again on SIGHUP and end on SIGTERM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls_peer.h"

#define FILE_MOST (1U << 22)

void peer_say(const char *event, unsigned long number, svms_status status, const char *words)
{
    char line[2048];
    int length = snprintf(line, sizeof line, "%s\t%lu\t%s\t%s\n", event, number,
                          svms_status_name(status), words);
    if (length < 0 || (size_t)length >= sizeof line ||
        write(STDOUT_FILENO, line, (size_t)length) != length) {
        _exit(3); /* whoever listened is gone */
    }
}

void peer_say_who(const char *event, unsigned long number, const svms_tls *tls)
{
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_tls_peer_info(tls, &peer, &err);
    if (status != SVMS_OK) {
        peer_say("nobody", number, status, err.message);
        return;
    }
    char words[1600];
    snprintf(words, sizeof words,
             "version=%s cipher=%s group=%s alpn=%s resumed=%u verdict=%d revocation=%d roles=%x "
             "stapled=%u name=%u certificates=%zu reason=[%s] subject=[%s]",
             peer.version == SVMS_TLS_1_3 ? "1.3" : "1.2", peer.cipher, peer.group, peer.alpn,
             peer.resumed, (int)peer.verdict, (int)peer.revocation, peer.roles, peer.stapled,
             peer.name_matches, svms_chain_count(svms_tls_peer_chain(tls)), peer.reason,
             peer.certificate.subject);
    peer_say(event, number, SVMS_OK, words);
}

uint8_t *peer_load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(FILE_MOST);
    size_t got = file && bytes ? fread(bytes, 1, FILE_MOST, file) : FILE_MOST;
    if (file) {
        fclose(file);
    }
    if (got == FILE_MOST) {
        free(bytes);
        peer_say("unreadable", 0, SVMS_E_IO, path);
        return NULL;
    }
    *size = got;
    return bytes;
}

/* What was read from the files; made into credentials, then released. */
typedef struct read_files {
    svms_chain *chain;
    svms_private_key *key;
    svms_trust *trust;
    uint8_t *staple;
    size_t staple_size;
} read_files;

static bool complain(svms_status status, const char *file, const svms_error *err)
{
    char words[512];
    snprintf(words, sizeof words, "%s: %s", file, err->message);
    peer_say("unusable", 0, status, words);
    return false;
}

static bool read_own(read_files *files, svms_ctx *ctx, const peer_settings *settings)
{
    if (!settings->chain_file) {
        return true;
    }
    svms_error err = SVMS_ERROR_INIT;
    size_t size = 0;
    uint8_t *text = peer_load(settings->chain_file, &size);
    svms_status status =
        text ? svms_chain_from_pem(&files->chain, ctx, (const char *)text, size, &err) : SVMS_E_IO;
    free(text);
    if (status != SVMS_OK) {
        return complain(status, settings->chain_file, &err);
    }
    text = peer_load(settings->key_file, &size);
    status = text ? svms_private_key_from_pem(&files->key, ctx, (const char *)text, size, &err)
                  : SVMS_E_IO;
    free(text);
    return status == SVMS_OK || complain(status, settings->key_file, &err);
}

static bool read_trust(read_files *files, svms_ctx *ctx, const peer_settings *settings)
{
    if (!settings->trust_file && !settings->trust_pin) {
        return true;
    }
    svms_error err = SVMS_ERROR_INIT;
    svms_trust_options options = SVMS_TRUST_OPTIONS_INIT;
    uint8_t *anchors =
        settings->trust_file ? peer_load(settings->trust_file, &options.anchors_size) : NULL;
    uint8_t *crls = settings->crl_file ? peer_load(settings->crl_file, &options.crls_size) : NULL;
    size_t ocsp_size = 0;
    uint8_t *ocsp = settings->ocsp_file ? peer_load(settings->ocsp_file, &ocsp_size) : NULL;
    const void *const responses[] = { ocsp };
    options.anchors = (const char *)anchors;
    options.crls = crls;
    options.ocsp = ocsp ? responses : NULL;
    options.ocsp_sizes = ocsp ? &ocsp_size : NULL;
    options.ocsp_count = ocsp ? 1 : 0;
    options.pins = settings->trust_pin ? settings->pin : NULL;
    options.pin_count = settings->trust_pin ? 1 : 0;
    svms_status status = svms_trust_new(&files->trust, ctx, &options, &err);
    free(anchors);
    free(crls);
    free(ocsp);
    return status == SVMS_OK || complain(status, "trust", &err);
}

static void release_files(read_files *files)
{
    svms_trust_free(&files->trust);
    svms_private_key_free(&files->key);
    svms_chain_free(&files->chain);
    free(files->staple);
}

static bool read_all(read_files *files, svms_tls_credentials *out, svms_ctx *ctx,
                     const peer_settings *settings)
{
    if (!read_own(files, ctx, settings) || !read_trust(files, ctx, settings)) {
        return false;
    }
    if (settings->staple_file) {
        files->staple = peer_load(settings->staple_file, &files->staple_size);
    }
    out->chain = files->chain;
    out->key = files->key;
    out->trust = files->trust;
    out->ocsp = files->staple;
    out->ocsp_size = files->staple_size;
    return true;
}

bool peer_open_context(svms_tls_context **out, svms_ctx *ctx, peer_settings *settings)
{
    svms_error err = SVMS_ERROR_INIT;
    read_files files = { 0 };
    svms_tls_options *options = &settings->options;
    bool read = read_all(&files, &options->credentials, ctx, settings);
    svms_status status = read ? svms_tls_context_new(out, ctx, options, &err) : SVMS_E_IO;
    release_files(&files);
    if (read && status != SVMS_OK) {
        peer_say("unusable", 0, status, err.message);
    }
    return status == SVMS_OK;
}

bool peer_reload(svms_tls_context *context, svms_ctx *ctx, peer_settings *settings)
{
    svms_error err = SVMS_ERROR_INIT;
    read_files files = { 0 };
    svms_tls_credentials credentials = SVMS_TLS_CREDENTIALS_INIT;
    bool read = read_all(&files, &credentials, ctx, settings);
    svms_status status = read ? svms_tls_context_reload(context, &credentials, &err) : SVMS_E_IO;
    release_files(&files);
    peer_say(status == SVMS_OK ? "reloaded" : "kept", 0, status, err.message);
    return status == SVMS_OK;
}

/* Options with a value that is only kept. */
static const char **text_option(peer_settings *settings, const char *name)
{
    const struct {
        const char *name;
        const char **where;
    } options[] = {
        { "--cert", &settings->chain_file },    { "--key", &settings->key_file },
        { "--trust", &settings->trust_file },   { "--crl", &settings->crl_file },
        { "--staple", &settings->staple_file }, { "--ocsp", &settings->ocsp_file },
        { "--host", &settings->host },          { "--send", &settings->send_file },
        { "--out", &settings->out_file },
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(name, options[i].name) == 0) {
            return options[i].where;
        }
    }
    return NULL;
}

static bool read_pin(uint8_t pin[32], const char *digits)
{
    for (size_t i = 0; i < 32; i++) {
        unsigned value = 0;
        if (sscanf(digits + 2 * i, "%2x", &value) != 1) {
            return false;
        }
        pin[i] = (uint8_t)value;
    }
    return digits[64] == '\0';
}

static bool take_value(peer_settings *settings, const char *name, const char *value)
{
    const char **text = text_option(settings, name);
    if (text) {
        *text = value;
        return true;
    }
    if (strcmp(name, "--port") == 0) {
        settings->port = (unsigned)strtoul(value, NULL, 10);
        return true;
    }
    if (strcmp(name, "--role") == 0) {
        settings->options.peer_roles |= 1U << strtoul(value, NULL, 10);
        return true;
    }
    if (strcmp(name, "--alpn") == 0 && settings->options.alpn_count < ALPN_MOST) {
        settings->alpn[settings->options.alpn_count++] = value;
        settings->options.alpn = settings->alpn;
        return true;
    }
    bool trusted = strcmp(name, "--trust-pin") == 0;
    if ((trusted || strcmp(name, "--pin") == 0) && strlen(value) == 64) {
        settings->trust_pin = trusted;
        settings->pinned = !trusted;
        return read_pin(settings->pin, value);
    }
    return false;
}

static bool take_flag(peer_settings *settings, const char *name)
{
    svms_tls_options *options = &settings->options;
    if (strcmp(name, "--tls12") == 0) {
        options->min_version = SVMS_TLS_1_2;
    } else if (strcmp(name, "--tickets") == 0) {
        options->tickets = SVMS_TLS_TICKETS_ROTATED;
    } else if (strcmp(name, "--optional") == 0) {
        options->peer = SVMS_TLS_PEER_OPTIONAL;
    } else if (strcmp(name, "--not-asked") == 0) {
        options->peer = SVMS_TLS_PEER_NOT_ASKED;
    } else if (strcmp(name, "--inspect") == 0) {
        options->peer = SVMS_TLS_PEER_INSPECTED;
    } else if (strcmp(name, "--need-revocation") == 0) {
        options->require_revocation = 1;
    } else if (strcmp(name, "--need-staple") == 0) {
        options->require_staple = 1;
    } else if (strcmp(name, "--memory") == 0) {
        settings->memory = true;
    } else if (strcmp(name, "--http") == 0) {
        settings->http = true;
    } else if (strcmp(name, "--blocking") == 0) {
        settings->blocking = true;
    } else if (strcmp(name, "--again") == 0) {
        settings->again = true;
    } else if (strcmp(name, "--keep") == 0) {
        settings->keep = true;
    } else {
        return false;
    }
    return true;
}

static bool peer_options(peer_settings *settings, int argc, char **argv)
{
    bool server = argc > 1 && strcmp(argv[1], "server") == 0;
    bool client = argc > 1 && strcmp(argv[1], "client") == 0;
    settings->options.side = server ? SVMS_TLS_SERVER : SVMS_TLS_CLIENT;
    for (int i = 2; i < argc; i++) {
        if (take_flag(settings, argv[i])) {
            continue;
        }
        if (i + 1 == argc || !take_value(settings, argv[i], argv[i + 1])) {
            fprintf(stderr, "tls_peer: what is %s?\n", argv[i]);
            return false;
        }
        i++;
    }
    return (server || client) && (!settings->chain_file == !settings->key_file);
}

int main(int argc, char **argv)
{
    peer_settings settings = { .options = SVMS_TLS_OPTIONS_INIT };
    if (!peer_options(&settings, argc, argv)) {
        fprintf(stderr, "usage: tls_peer server|client [OPTION]...\n");
        return 2;
    }
    svms_ctx *ctx = NULL;
    if (svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK) {
        return 2;
    }
    int result = settings.options.side == SVMS_TLS_SERVER ? peer_serve(ctx, &settings)
                                                          : peer_connect(ctx, &settings);
    svms_ctx_free(&ctx);
    return result;
}
