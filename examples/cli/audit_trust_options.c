/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_trust_options.h"

#include <stdio.h>
#include <string.h>

#include "file.h"
#include "message.h"

#define KEY_FILE_MAX 4096

exit_status audit_key_load(char out[SVMS_AUDIT_KEY_SIZE], const char *text, const char *command,
                           const char *option)
{
    file_text file = { NULL, 0 };
    if (file_exists(text)) {
        exit_status status = file_read(&file, text, KEY_FILE_MAX, false);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    const char *key = file.bytes ? file.bytes : text;
    size_t size = strcspn(key, "\r\n");
    bool fits = size > 0 && size < SVMS_AUDIT_KEY_SIZE && memchr(key, '+', size);
    if (fits) {
        memcpy(out, key, size);
        out[size] = '\0';
    }
    bool is_file = file.bytes != NULL;
    file_text_free(&file);
    if (!fits && is_file) {
        complain("%s does not begin with a key such as NAME+ID+BASE64", text);
        return EXIT_MALFORMED;
    }
    return fits ? EXIT_GOOD
                : usage_error(command, "--%s is neither a key such as NAME+ID+BASE64 nor a file",
                              option);
}

static exit_status add_witnesses(audit_trust *self, const text_list *keys, bool is_outside,
                                 const char *command)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < keys->count && status == EXIT_GOOD; i++) {
        size_t place = self->trust.witness_count;
        if (place == SVMS_AUDIT_WITNESSES_MAX) {
            return usage_error(command, "there are more than %d witnesses",
                               SVMS_AUDIT_WITNESSES_MAX);
        }
        status = audit_key_load(self->witness_keys[place], keys->items[i], command,
                                is_outside ? "outside-witness-key" : "witness-key");
        self->witnesses[place] = (svms_audit_witness)SVMS_AUDIT_WITNESS_INIT;
        self->witnesses[place].is_outside = is_outside ? 1 : 0;
        self->witnesses[place].key = self->witness_keys[place];
        self->trust.witness_count++;
    }
    return status;
}

exit_status audit_trust_load(audit_trust *out, const audit_trust_options *options,
                             const char *command)
{
    out->trust = (svms_audit_trust)SVMS_AUDIT_TRUST_INIT;
    size_t witnesses = options->witnesses.count + options->outside.count;
    if (options->quorum > 0 && options->outside.count == 0) {
        return usage_error(command, "with --quorum, one witness at least is outside the control "
                                    "of who administers the log: --outside-witness-key");
    }
    if (options->quorum > witnesses) {
        return usage_error(command, "--quorum asks for more witnesses than are named");
    }
    if (witnesses > 0 && options->quorum == 0) {
        return usage_error(command, "--witness-key and --outside-witness-key belong to --quorum");
    }
    exit_status status = audit_key_load(out->log_key, options->key, command, "key");
    if (status == EXIT_GOOD) {
        status = add_witnesses(out, &options->outside, true, command);
    }
    if (status == EXIT_GOOD) {
        status = add_witnesses(out, &options->witnesses, false, command);
    }
    out->trust.log_key = out->log_key;
    out->trust.witnesses = out->witnesses;
    out->trust.quorum = options->quorum;
    return status;
}
