/* SPDX-License-Identifier: Apache-2.0 */
#include "recipient_set.h"

#include "keys.h"

bool recipient_options_are_empty(const recipient_options *options)
{
    return options->keys.count == 0 && options->keks.count == 0 && !options->password_file &&
           !options->password_prompt;
}

exit_status recipient_set_load(recipient_set *out, svms_ctx *ctx, const recipient_options *options,
                               const char *question)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < options->keys.count && status == EXIT_GOOD; i++) {
        status = load_public_key(&out->keys[i], ctx, options->keys.items[i]);
        out->key_count += status == EXIT_GOOD;
    }
    for (size_t i = 0; i < options->keks.count && status == EXIT_GOOD; i++) {
        status = load_kek(&out->keks[i], ctx, options->keks.items[i]);
        out->kek_count += status == EXIT_GOOD;
    }
    if (status == EXIT_GOOD && options->password_file) {
        status = password_from_file(&out->secret, options->password_file);
    }
    if (status == EXIT_GOOD && options->password_prompt) {
        status = password_from_terminal(&out->secret, question, true);
    }
    return status;
}

void recipient_set_free(recipient_set *set)
{
    for (size_t i = 0; i < MAX_LIST_ITEMS; i++) {
        svms_public_key_free(&set->keys[i]);
        svms_kek_free(&set->keks[i]);
    }
    set->key_count = 0;
    set->kek_count = 0;
    password_wipe(&set->secret);
}
