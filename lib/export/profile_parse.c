/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a profile (export-profile.md, section 2). */
#include <string.h>

#include "failure.h"
#include "json_read.h"
#include "profile_rules.h"
#include "utf8.h"

#define FORMAT_NAME "svms-export-profile"

static bool is_control(unsigned long character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

/* Characters of a text, or 0 where it holds control characters. */
static size_t characters_of(const char *text)
{
    svms_cursor cursor = svms_cursor_over(text, strlen(text), 0);
    size_t count = 0;
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || is_control(character)) {
            return 0;
        }
        (void)svms_skip(&cursor, length);
        count++;
    }
    return count;
}

/* What may stand in an option, and how it is read. */
typedef void value_reader(svms_profile *profile, svms_profile_rule *rule,
                          const svms_json_node *option);

static void read_flag(svms_profile *profile, svms_profile_rule *rule, const svms_json_node *option)
{
    (void)profile;
    rule->value = svms_json_flag(option, "value") ? 1 : 0;
}

static void read_demand(svms_profile *profile, svms_profile_rule *rule,
                        const svms_json_node *option)
{
    const char *word = svms_json_text(option, "value");
    (void)profile;
    if (word == NULL || strcmp(word, "optional") == 0) {
        rule->value = SVMS_RULE_FREE;
    } else if (strcmp(word, "required") == 0) {
        rule->value = SVMS_RULE_REQUIRED;
    } else {
        svms_json_refuse(option, "value", "is neither \"optional\" nor \"required\"");
    }
}

static void read_permission(svms_profile *profile, svms_profile_rule *rule,
                            const svms_json_node *option)
{
    const char *word = svms_json_text(option, "value");
    (void)profile;
    if (word == NULL || strcmp(word, "allowed") == 0) {
        rule->value = SVMS_RULE_FREE;
    } else if (strcmp(word, "forbidden") == 0) {
        rule->value = SVMS_RULE_FORBIDDEN;
    } else {
        svms_json_refuse(option, "value", "is neither \"allowed\" nor \"forbidden\"");
    }
}

static void read_password(svms_profile *profile, svms_profile_rule *rule,
                          const svms_json_node *option)
{
    const char *word = svms_json_text(option, "value");
    if (word != NULL && strcmp(word, "required") == 0) {
        rule->value = SVMS_RULE_REQUIRED;
    } else if (word != NULL && strcmp(word, "allowed") != 0 && strcmp(word, "forbidden") != 0) {
        svms_json_refuse(option, "value", "is none of \"allowed\", \"required\", \"forbidden\"");
    } else {
        read_permission(profile, rule, option);
    }
}

static void read_number(svms_profile_rule *rule, const svms_json_node *option, uint64_t most)
{
    rule->value = svms_json_number(option, "value", most);
    if (rule->value == 0) {
        svms_json_refuse(option, "value", "is out of range");
    }
}

static void read_length(svms_profile *profile, svms_profile_rule *rule,
                        const svms_json_node *option)
{
    (void)profile;
    read_number(rule, option, SVMS_PROFILE_MAX_PASSWORD);
}

static void read_classes(svms_profile *profile, svms_profile_rule *rule,
                         const svms_json_node *option)
{
    (void)profile;
    read_number(rule, option, SVMS_PROFILE_CHARACTER_CLASSES);
}

static void read_seconds(svms_profile *profile, svms_profile_rule *rule,
                         const svms_json_node *option)
{
    (void)profile;
    read_number(rule, option, UINT32_MAX);
}

/* Entries of a list, which has at least one. */
static size_t count_list(const svms_json_node *option)
{
    size_t count = svms_json_count(option, "value", SVMS_PROFILE_MAX_ENTRIES);
    if (count == 0) {
        svms_json_refuse(option, "value", "is empty");
    }
    return count;
}

/* The bit of a name among those that name_of gives for [first, end); it must be new. */
static uint32_t read_name(const svms_json_node *option, size_t n, const char *(*name_of)(unsigned),
                          unsigned end, uint32_t known)
{
    const char *text = svms_json_item_text(option, "value", n);
    for (unsigned i = 0; text != NULL && i < end; i++) {
        const char *name = name_of(i);
        uint32_t bit = UINT32_C(1) << i;
        if (name != NULL && strcmp(text, name) == 0) {
            if ((known & bit) != 0) {
                svms_json_refuse(option, "value", "names something twice");
            }
            return bit;
        }
    }
    svms_json_refuse(option, "value", "names something that is not known");
    return 0;
}

static const char *format_name(unsigned format)
{
    return svms_profile_format_name((svms_profile_format)format);
}

static void read_formats(svms_profile *profile, svms_profile_rule *rule,
                         const svms_json_node *option)
{
    size_t count = count_list(option);
    (void)rule;
    for (size_t i = 0; i < count && !svms_json_failed(option); i++) {
        uint32_t bit =
            read_name(option, i, format_name, SVMS_PROFILE_FORMAT_COUNT, profile->formats);
        for (unsigned n = 0; i == 0 && n < SVMS_PROFILE_FORMAT_COUNT; n++) {
            if (bit == UINT32_C(1) << n) {
                profile->first_format = (svms_profile_format)n;
            }
        }
        profile->formats |= bit;
    }
}

static void read_algorithms(svms_profile *profile, svms_profile_rule *rule,
                            const svms_json_node *option)
{
    size_t count = count_list(option);
    (void)rule;
    for (size_t i = 0; i < count && !svms_json_failed(option); i++) {
        profile->algorithms |=
            read_name(option, i, svms_profile_algorithm_name, 32, profile->algorithms);
    }
}

static void read_recipients(svms_profile *profile, svms_profile_rule *rule,
                            const svms_json_node *option)
{
    size_t count = count_list(option);
    (void)rule;
    for (size_t i = 0; i < count && !svms_json_failed(option); i++) {
        const char *text = svms_json_item_text(option, "value", i);
        if (text != NULL && !svms_hex_read(text, profile->recipients[i], 16)) {
            svms_json_refuse(option, "value", "holds something that is no key id");
        }
        for (size_t n = 0; n < i; n++) {
            if (memcmp(profile->recipients[n], profile->recipients[i], 16) == 0) {
                svms_json_refuse(option, "value", "names something twice");
            }
        }
        profile->recipient_count = i + 1;
    }
}

/* Absolute, and spelled without detours: what a profile allows must be plain to see. */
static bool is_folder(const char *text)
{
    size_t characters = characters_of(text);
    if (text[0] != '/' || characters == 0 || characters > SVMS_PROFILE_MAX_FOLDER) {
        return false;
    }
    if (strcmp(text, "/") == 0) {
        return true;
    }
    for (const char *at = text; *at == '/'; at += strcspn(at, "/")) {
        at++;
        size_t length = strcspn(at, "/");
        if (length == 0 || (length <= 2 && strncmp(at, "..", length) == 0)) {
            return false;
        }
    }
    return true;
}

static void read_destinations(svms_profile *profile, svms_profile_rule *rule,
                              const svms_json_node *option)
{
    size_t count = count_list(option);
    (void)rule;
    for (size_t i = 0; i < count && !svms_json_failed(option); i++) {
        const char *text = svms_json_item_text(option, "value", i);
        if (text == NULL) {
            return;
        }
        if (!is_folder(text)) {
            svms_json_refuse(option, "value", "holds something that is no absolute folder");
            return;
        }
        profile->destinations[i] = svms_copy_text(profile->ctx, text);
        if (profile->destinations[i] == NULL) {
            option->document->status = svms_fail_memory(option->document->err);
            return;
        }
        profile->destination_count = i + 1;
    }
}

static value_reader *const readers[SVMS_PROFILE_OPTION_COUNT] = {
    [SVMS_PROFILE_FORMATS] = read_formats,
    [SVMS_PROFILE_DESTINATIONS] = read_destinations,
    [SVMS_PROFILE_SEALED] = read_flag,
    [SVMS_PROFILE_REEXPORT] = read_permission,
    [SVMS_PROFILE_PASSWORD] = read_password,
    [SVMS_PROFILE_PASSWORD_LENGTH] = read_length,
    [SVMS_PROFILE_PASSWORD_CLASSES] = read_classes,
    [SVMS_PROFILE_PASSWORD_UNRELATED] = read_demand,
    [SVMS_PROFILE_RECIPIENTS] = read_recipients,
    [SVMS_PROFILE_SIGNATURE_ALGORITHMS] = read_algorithms,
    [SVMS_PROFILE_TIME_STAMP] = read_demand,
    [SVMS_PROFILE_CASE] = read_demand,
    [SVMS_PROFILE_OPERATOR] = read_demand,
    [SVMS_PROFILE_REASON] = read_demand,
    [SVMS_PROFILE_COMMENT] = read_demand,
    [SVMS_PROFILE_PROOF] = read_demand,
    [SVMS_PROFILE_INCLUDE_UNVERIFIED] = read_permission,
    [SVMS_PROFILE_TRACK_REMOVAL] = read_permission,
    [SVMS_PROFILE_ATTACHMENTS] = read_permission,
    [SVMS_PROFILE_MAXIMUM_PERIOD] = read_seconds,
};

static void read_options(svms_profile *profile, const svms_json_node *root)
{
    static const char *const members[] = { "value", "locked", NULL };
    const char *names[SVMS_PROFILE_OPTION_COUNT + 1] = { NULL };
    svms_json_node options = svms_json_object(root, "options");
    for (unsigned i = 0; i < SVMS_PROFILE_OPTION_COUNT; i++) {
        names[i] = svms_profile_option_name((svms_profile_option)i);
    }
    svms_json_only(&options, names);
    for (unsigned i = 0; i < SVMS_PROFILE_OPTION_COUNT; i++) {
        if (!svms_json_is_there(&options, names[i])) {
            continue;
        }
        svms_profile_rule *rule = &profile->rules[i];
        svms_json_node option = svms_json_object(&options, names[i]);
        svms_json_only(&option, members);
        rule->present = true;
        rule->locked = svms_json_flag(&option, "locked");
        readers[i](profile, rule, &option);
    }
}

static void read_head(svms_profile *profile, const svms_json_node *root)
{
    static const char *const members[] = { "$schema", "description", "format", "version",
                                           "name",    "options",     NULL };
    const char *format = svms_json_text(root, "format");
    if (format != NULL && strcmp(format, FORMAT_NAME) != 0) {
        svms_json_refuse(root, "format", "is not \"" FORMAT_NAME "\"");
    }
    uint64_t version = svms_json_number(root, "version", INT64_MAX);
    if (!svms_json_failed(root) && version != 1) {
        root->document->status = svms_fail(root->document->err, SVMS_E_UNSUPPORTED,
                                           "the profile: this version of the format is not known");
    }
    svms_json_only(root, members);
    for (size_t i = 0; i < 2; i++) {
        if (svms_json_is_there(root, members[i])) {
            (void)svms_json_text(root, members[i]);
        }
    }
    const char *name = svms_json_text(root, "name");
    size_t characters = name != NULL ? characters_of(name) : 1;
    if (characters == 0 || characters > SVMS_PROFILE_MAX_NAME) {
        svms_json_refuse(root, "name", "is not a text of 1 to 64 characters");
    } else if (name != NULL) {
        memcpy(profile->name, name, strlen(name) + 1);
    }
}

svms_status svms_profile_parse(svms_profile **out, svms_ctx *ctx, const void *json, size_t size,
                               svms_error *err)
{
    static const svms_json_limits limits = { SVMS_PROFILE_MAX_SIZE, SVMS_PROFILE_MAX_DEPTH };
    svms_json_document text;
    if (out == NULL || ctx == NULL || json == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_json_load(&text, ctx, "the profile", &limits, json, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_profile *profile = svms_alloc(ctx, sizeof(*profile));
    if (profile == NULL) {
        svms_json_unload(&text);
        return svms_fail_memory(err);
    }
    profile->ctx = ctx;
    svms_json_node root = svms_json_root(&text);
    read_head(profile, &root);
    read_options(profile, &root);
    status = text.status;
    svms_json_unload(&text);
    if (status != SVMS_OK) {
        svms_profile_free(&profile);
        return status;
    }
    *out = profile;
    return SVMS_OK;
}
