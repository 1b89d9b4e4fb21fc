/* SPDX-License-Identifier: Apache-2.0 */
/* What a profile demands of a password. No message says anything of it but which demand it misses.
 */
#include <string.h>

#include "failure.h"
#include "profile_rules.h"
#include "utf8.h"

/* Shorter texts are found in good passwords by chance. */
#define TELLING_TEXT 4u

static size_t count_characters(const char *password, size_t size)
{
    svms_cursor cursor = svms_cursor_over(password, size, 0);
    size_t count = 0;
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        (void)svms_skip(&cursor, length > 0 ? length : 1);
        count++;
    }
    return count;
}

static unsigned count_classes(const char *password, size_t size)
{
    bool lower = false;
    bool upper = false;
    bool digit = false;
    bool other = false;
    for (size_t i = 0; i < size; i++) {
        char c = password[i];
        bool is_lower = c >= 'a' && c <= 'z';
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_digit = c >= '0' && c <= '9';
        lower = lower || is_lower;
        upper = upper || is_upper;
        digit = digit || is_digit;
        other = other || !(is_lower || is_upper || is_digit);
    }
    return (unsigned)lower + (unsigned)upper + (unsigned)digit + (unsigned)other;
}

/* A copy in lower case; NULL when out of memory. */
static char *folded(svms_ctx *ctx, const char *text, size_t size)
{
    char *copy = svms_alloc(ctx, size + 1);
    for (size_t i = 0; copy != NULL && i < size; i++) {
        char c = text[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return copy;
}

static bool contains(const char *text, size_t size, const char *part, size_t part_size)
{
    bool found = false;
    for (size_t at = 0; part_size <= size && at <= size - part_size; at++) {
        found = found || svms_equal_secret(text + at, part, part_size);
    }
    return found;
}

/* *related: one occurs in the other, whatever the case of its letters. */
static svms_status compare(svms_ctx *ctx, const char *password, size_t size, const char *text,
                           bool *related, svms_error *err)
{
    size_t text_size = strlen(text);
    char *text_copy = folded(ctx, text, text_size);
    char *copy = folded(ctx, password, size);
    svms_status status = SVMS_OK;
    if (text_copy == NULL || copy == NULL) {
        status = svms_fail_memory(err);
    } else {
        *related = contains(text_copy, text_size, copy, size) ||
                   (text_size >= TELLING_TEXT && contains(copy, size, text_copy, text_size));
    }
    svms_release(ctx, text_copy);
    svms_release_secret(ctx, copy, size + 1);
    return status;
}

static svms_status check_unrelated(const svms_profile *profile, svms_profile_request *request,
                                   svms_error *err)
{
    const char *const texts[] = { request->case_number, request->operator_name, request->reason,
                                  request->comment, profile->name };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        bool related = false;
        if (texts[i] == NULL || texts[i][0] == '\0') {
            continue;
        }
        svms_status status = compare(profile->ctx, request->password, request->password_size,
                                     texts[i], &related, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (related) {
            return svms_profile_breach(profile, request, SVMS_PROFILE_PASSWORD_UNRELATED, err,
                                       "the password repeats what the request says");
        }
    }
    return SVMS_OK;
}

static svms_status check_strength(const svms_profile *profile, svms_profile_request *request,
                                  svms_error *err)
{
    svms_status status = SVMS_OK;
    const svms_profile_rule *rule = svms_profile_rule_of(profile, SVMS_PROFILE_PASSWORD_LENGTH);
    if (rule != NULL && count_characters(request->password, request->password_size) < rule->value) {
        status = svms_profile_breach(profile, request, SVMS_PROFILE_PASSWORD_LENGTH, err,
                                     "the password is shorter than %u characters",
                                     (unsigned)rule->value);
    }
    if (status != SVMS_OK) {
        return status;
    }
    rule = svms_profile_rule_of(profile, SVMS_PROFILE_PASSWORD_CLASSES);
    if (rule != NULL && count_classes(request->password, request->password_size) < rule->value) {
        status = svms_profile_breach(profile, request, SVMS_PROFILE_PASSWORD_CLASSES, err,
                                     "the password has fewer than %u of lower case, upper case, "
                                     "digits, other characters",
                                     (unsigned)rule->value);
    }
    if (status != SVMS_OK) {
        return status;
    }
    rule = svms_profile_rule_of(profile, SVMS_PROFILE_PASSWORD_UNRELATED);
    if (rule != NULL && rule->value == SVMS_RULE_REQUIRED) {
        status = check_unrelated(profile, request, err);
    }
    return status;
}

svms_status svms_profile_apply_password(const svms_profile *profile, svms_profile_request *request,
                                        svms_error *err)
{
    const svms_profile_rule *rule = svms_profile_rule_of(profile, SVMS_PROFILE_PASSWORD);
    uint64_t word = rule != NULL ? rule->value : SVMS_RULE_FREE;
    bool has_password = request->password != NULL && request->password_size > 0;
    svms_status status = SVMS_OK;
    if (word == SVMS_RULE_REQUIRED && (!has_password || request->sealed == 0)) {
        status = svms_profile_breach(profile, request, SVMS_PROFILE_PASSWORD, err,
                                     "nothing is sealed with a password");
    } else if (word == SVMS_RULE_FORBIDDEN && has_password) {
        status = svms_profile_breach(profile, request, SVMS_PROFILE_PASSWORD, err,
                                     "a password was given");
    }
    if (status != SVMS_OK || !has_password) {
        return status;
    }
    return check_strength(profile, request, err);
}
