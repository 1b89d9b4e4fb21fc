/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "recorder_failure.h"

#define MEGABYTE 1000000

static const char *const modes[] = { "strong", "light", NULL };
static const char *const signatures[] = { "never", "expected", NULL };
static const char *const logs[] = { "text", "json", NULL };
static const char *const forms[] = { "onvif", "joined", NULL };

static bool is_name(const char *text)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return text && text[0] != '\0' && text[0] != '.' && strlen(text) <= RECORDER_NAME_MAX &&
           text[strspn(text, good)] == '\0';
}

static const char *read_name(settings_node *node, const char *member)
{
    const char *text = settings_text(node, member);
    if (text && !is_name(text)) {
        settings_refuse(node, member,
                        "is not 1 to 64 letters, digits, '-', '_' and '.', or begins with '.'");
    }
    return text;
}

static void read_storage(storage_settings *out, settings_node *node)
{
    out->name = read_name(node, "name");
    out->path = settings_path(node, "path");
    out->mode =
        settings_choice_or(node, "mode", modes, 0) == 1 ? SVMS_PROTECT_LIGHT : SVMS_PROTECT_STRONG;
    out->certificate = settings_path(node, "certificate");
    out->key = settings_path(node, "key");
    out->rotate_minutes = (uint32_t)settings_number_or(node, "rotate_minutes", 1, 1440, 60);
    out->keep_days = (uint32_t)settings_number_or(node, "keep_days", 0, 36500, 0);
    out->keep_bytes = (uint64_t)settings_number_or(node, "keep_bytes", 0, INT64_MAX, 0);
    out->reserve_bytes = (uint64_t)settings_number_or(node, "reserve_bytes", MEGABYTE, INT64_MAX,
                                                      (int64_t)1000 * MEGABYTE);
    size_t count = 0;
    settings_node *list = settings_list(node, "recipients", &count);
    if (count == 0) {
        settings_refuse(node, "recipients", "names nobody: who shall be able to open it?");
    } else if (count > RECORDER_RECIPIENTS_MAX) {
        settings_refuse(node, "recipients", "names more than 15");
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        out->recipients[i] = settings_path_at(list, i);
    }
    out->recipient_count = count;
}

static int digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = letter ? strchr(digits, letter | (letter >= 'A' ? 0x20 : 0)) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* 64 hexadecimal digits, with colons between the bytes or without. */
static bool read_pin(uint8_t out[32], const char *text)
{
    for (size_t i = 0; i < 32; i++) {
        if (i > 0 && *text == ':') {
            text++;
        }
        int high = digit_of(text[0]);
        int low = high < 0 ? -1 : digit_of(text[1]);
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
        text += 2;
    }
    return *text == '\0';
}

static const storage_settings *find_storage(const recorder_settings *self, const char *name)
{
    for (size_t i = 0; name && i < self->storage_count; i++) {
        if (self->storages[i].name && strcmp(self->storages[i].name, name) == 0) {
            return &self->storages[i];
        }
    }
    return NULL;
}

static void read_camera(recorded_camera *out, const recorder_settings *self, settings_node *node)
{
    out->id = read_name(node, "id");
    out->name = settings_text_or(node, "name", out->id);
    out->url = settings_text(node, "url");
    if (out->url && strncmp(out->url, "rtsps://", 8) != 0) {
        settings_refuse(node, "url", "does not begin with rtsps://");
    }
    out->edge_url = settings_text_or(node, "edge_url", NULL);
    if (out->edge_url && strncmp(out->edge_url, "rtsps://", 8) != 0) {
        settings_refuse(node, "edge_url", "does not begin with rtsps://");
    }
    out->trust = settings_path_or(node, "trust", NULL);
    out->crl = settings_path_or(node, "crl", NULL);
    out->signers = settings_path_or(node, "signers", NULL);
    const char *pin = settings_text_or(node, "pin", NULL);
    out->is_pinned = pin != NULL;
    if (pin && !read_pin(out->pin, pin)) {
        settings_refuse(node, "pin", "is not the 64 hexadecimal digits of a SHA-256");
    }
    if (!pin && !out->trust) {
        settings_refuse(node, "trust", "is missing, and so is pin: one of them is needed");
    }
    if (out->crl && !out->trust) {
        settings_refuse(node, "crl", "belongs to trust, which is missing");
    }
    out->user = settings_text_or(node, "user", NULL);
    out->password_file = settings_path_or(node, "password_file", NULL);
    if ((out->user != NULL) != (out->password_file != NULL)) {
        settings_refuse(node, "user", "and password_file belong together");
    }
    const char *storage = settings_text(node, "storage");
    out->storage = find_storage(self, storage);
    if (storage && !out->storage) {
        settings_refuse(node, "storage", "is the name of no storage");
    }
    out->is_signed = settings_choice_or(node, "signed", signatures, 0) == 1;
    if (out->is_signed && !out->signers) {
        settings_refuse(node, "signers", "is missing: who is believed about its signatures?");
    }
}

/* Case does not tell names apart: two of them would be one folder on some file systems. */
static void read_storages(recorder_settings *self, settings_node *list)
{
    for (size_t i = 0; i < self->storage_count; i++) {
        settings_node *node = settings_object_at(list, i);
        read_storage(&self->storages[i], node);
        for (size_t k = 0; k < i; k++) {
            const char *other = self->storages[k].name;
            if (other && self->storages[i].name && strcasecmp(other, self->storages[i].name) == 0) {
                settings_refuse(node, "name", "is there twice");
            }
        }
    }
}

static void read_cameras(recorder_settings *self, settings_node *list)
{
    for (size_t i = 0; i < self->camera_count; i++) {
        settings_node *node = settings_object_at(list, i);
        read_camera(&self->cameras[i], self, node);
        for (size_t k = 0; k < i; k++) {
            const char *other = self->cameras[k].id;
            if (other && self->cameras[i].id && strcasecmp(other, self->cameras[i].id) == 0) {
                settings_refuse(node, "id", "is there twice");
            }
        }
    }
}

static void read_tokens(token_settings *out, settings_node *node)
{
    size_t count = 0;
    settings_node *issuers = settings_list(node, "issuers", &count);
    if (count == 0 || count > GATE_ISSUERS_MAX) {
        settings_refuse(node, "issuers", "is not a list of as many as tokens may have");
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        settings_node *issuer = settings_object_at(issuers, i);
        out->issuers[i].name = settings_text(issuer, "name");
        out->issuers[i].keys = settings_path(issuer, "keys");
        out->issuers[i].is_exchanger = settings_flag_or(issuer, "exchanger", false);
    }
    out->issuer_count = count;
    out->audience = settings_text(node, "audience");
    out->revocations = settings_path_or(node, "revocations", NULL);
    out->longest_life_s = (uint32_t)settings_number_or(node, "longest_life_seconds", 0, 86400, 0);
    out->demand_binding = settings_flag_or(node, "demand_binding", true);
    out->client_trust = settings_path_or(node, "client_trust", NULL);
    out->client_crl = settings_path_or(node, "client_crl", NULL);
    if (out->client_crl && !out->client_trust) {
        settings_refuse(node, "client_crl", "belongs to client_trust, which is missing");
    }
    if (out->demand_binding && !out->client_trust) {
        settings_refuse(node, "client_trust",
                        "is missing: tokens are bound to certificates that it vouches for "
                        "(demand_binding)");
    }
}

/* Exports need who signs them; either both are there or none. */
static void read_export(recorder_settings *self, settings_node *node)
{
    self->export_certificate = node ? settings_path(node, "certificate") : NULL;
    self->export_key = node ? settings_path(node, "key") : NULL;
}

static void read_viewing(viewing_rule *out, settings_node *node)
{
    out->live = settings_flag_or(node, "live", true);
    out->playback = settings_flag_or(node, "playback", true);
    out->least_seconds = (uint32_t)settings_number_or(node, "least_seconds", 0, 86400, 0);
    out->least_records = (uint64_t)settings_number_or(node, "least_records", 0, 1000000000, 0);
}

static void read_places(recorder_settings *self, settings_node *root)
{
    self->identity = settings_path(root, "identity");
    self->trust = settings_path_or(root, "trust", NULL);
    self->index = settings_path(root, "index");
    self->heads = settings_path_or(root, "heads", "heads");
    self->ledger = settings_path_or(root, "ledger", "ledger");
    self->playback_key = settings_path_or(root, "playback_key", NULL);
    read_export(self, settings_object(root, "export"));
    self->audit = settings_path_or(root, "audit", NULL);
    self->policy = settings_path_or(root, "policy", NULL);
    settings_node *tokens = settings_object(root, "tokens");
    if (self->policy) {
        read_tokens(&self->tokens, tokens);
    } else if (tokens) {
        settings_refuse(root, "policy", "is missing: tokens alone allow nothing");
    }
    self->user = settings_text_or(root, "user", NULL);
    self->allow_root = settings_flag_or(root, "allow_root", false);
    self->log_json = settings_choice_or(root, "log", logs, 0) == 1;
    read_viewing(&self->viewing, settings_object(root, "audit_viewing"));
    settings_node *network = settings_object(root, "camera_network");
    self->camera_address = settings_text_or(network, "address", NULL);
    self->camera_interface = settings_text_or(network, "interface", NULL);
    settings_node *listen = settings_object(root, "listen");
    self->https = settings_text_or(listen, "https", NULL);
    self->rtsps = settings_text_or(listen, "rtsps", NULL);
    self->listen_interface = settings_text_or(listen, "interface", NULL);
    self->mikey = settings_choice_or(settings_object(root, "players"), "mikey", forms, 0) == 0
                      ? SVMS_MIKEY_ONVIF
                      : SVMS_MIKEY_JOINED;
    if ((self->https || self->rtsps) && !self->policy) {
        settings_refuse(root, "policy", "is missing: nothing is served without one");
    }
}

static svms_status read_root(recorder_settings *self, settings_node *root, svms_error *err)
{
    read_places(self, root);
    settings_node *storages = settings_list(root, "storages", &self->storage_count);
    settings_node *cameras = settings_list(root, "cameras", &self->camera_count);
    if (self->storage_count == 0 || self->storage_count > RECORDER_STORAGES_MAX) {
        settings_refuse(root, "storages", "is not a list of 1 to 64");
        self->storage_count = 0;
    }
    if (self->camera_count > RECORDER_CAMERAS_MAX) {
        settings_refuse(root, "cameras", "are more than 1024");
        self->camera_count = 0;
    }
    self->storages = calloc(self->storage_count + 1, sizeof *self->storages);
    self->cameras = calloc(self->camera_count + 1, sizeof *self->cameras);
    if (!self->storages || !self->cameras) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    read_storages(self, storages);
    read_cameras(self, cameras);
    return settings_finish(self->file, err);
}

svms_status recorder_settings_read(recorder_settings *out, const char *path, svms_error *err)
{
    memset(out, 0, sizeof *out);
    svms_status status = settings_open(&out->file, path, err);
    if (status == SVMS_OK) {
        status = read_root(out, settings_root(out->file), err);
    }
    if (status != SVMS_OK) {
        recorder_settings_close(out);
    }
    return status;
}

void recorder_settings_close(recorder_settings *self)
{
    settings_close(&self->file);
    free(self->storages);
    free(self->cameras);
    memset(self, 0, sizeof *self);
}

const recorded_camera *recorder_settings_camera(const recorder_settings *self, const char *id)
{
    for (size_t i = 0; i < self->camera_count; i++) {
        if (strcmp(self->cameras[i].id, id) == 0) {
            return &self->cameras[i];
        }
    }
    return NULL;
}
