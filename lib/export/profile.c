/* SPDX-License-Identifier: Apache-2.0 */
/* Holding a request against a profile (export-profile.md, sections 3 and 4). */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "key_kind.h"
#include "options.h"
#include "profile_rules.h"
#include "sign.h"
#include "utf8.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define KNOWN_GIVEN                                                                                \
    (1u << SVMS_PROFILE_FORMATS | 1u << SVMS_PROFILE_DESTINATIONS | 1u << SVMS_PROFILE_SEALED |    \
     1u << SVMS_PROFILE_REEXPORT)

const char *svms_profile_option_name(svms_profile_option option)
{
    static const char *const names[SVMS_PROFILE_OPTION_COUNT] = {
        [SVMS_PROFILE_FORMATS] = "formats",
        [SVMS_PROFILE_DESTINATIONS] = "destinations",
        [SVMS_PROFILE_SEALED] = "sealed",
        [SVMS_PROFILE_REEXPORT] = "reexport",
        [SVMS_PROFILE_PASSWORD] = "password",
        [SVMS_PROFILE_PASSWORD_LENGTH] = "password_length",
        [SVMS_PROFILE_PASSWORD_CLASSES] = "password_classes",
        [SVMS_PROFILE_PASSWORD_UNRELATED] = "password_unrelated",
        [SVMS_PROFILE_RECIPIENTS] = "recipients",
        [SVMS_PROFILE_SIGNATURE_ALGORITHMS] = "signature_algorithms",
        [SVMS_PROFILE_TIME_STAMP] = "time_stamp",
        [SVMS_PROFILE_CASE] = "case",
        [SVMS_PROFILE_OPERATOR] = "operator",
        [SVMS_PROFILE_REASON] = "reason",
        [SVMS_PROFILE_COMMENT] = "comment",
        [SVMS_PROFILE_PROOF] = "proof",
        [SVMS_PROFILE_INCLUDE_UNVERIFIED] = "include_unverified",
        [SVMS_PROFILE_TRACK_REMOVAL] = "track_removal",
        [SVMS_PROFILE_ATTACHMENTS] = "attachments",
        [SVMS_PROFILE_MAXIMUM_PERIOD] = "maximum_period",
    };
    unsigned index = (unsigned)option;
    return index < SVMS_PROFILE_OPTION_COUNT ? names[index] : "unknown";
}

const char *svms_profile_format_name(svms_profile_format format)
{
    static const char *const names[SVMS_PROFILE_FORMAT_COUNT] = {
        [SVMS_FORMAT_SVMX] = "svmx", [SVMS_FORMAT_MP4] = "mp4", [SVMS_FORMAT_ONVIF] = "onvif",
        [SVMS_FORMAT_JPEG] = "jpeg", [SVMS_FORMAT_PNG] = "png",
    };
    unsigned index = (unsigned)format;
    return index < SVMS_PROFILE_FORMAT_COUNT ? names[index] : "unknown";
}

const char *svms_profile_algorithm_name(unsigned algorithm)
{
    static const char *const names[] = {
        [SVMS_SIG_ECDSA_P256_SHA256] = "ecdsa-p256",
        [SVMS_SIG_ECDSA_P384_SHA384] = "ecdsa-p384",
        [SVMS_SIG_ED25519] = "ed25519",
        [SVMS_SIG_RSA_PSS_SHA256] = "rsa-pss",
    };
    return algorithm < sizeof(names) / sizeof(names[0]) ? names[algorithm] : NULL;
}

const char *svms_profile_name(const svms_profile *profile)
{
    return profile != NULL ? profile->name : "";
}

void svms_profile_free(svms_profile **profile)
{
    if (profile == NULL || *profile == NULL) {
        return;
    }
    svms_profile *gone = *profile;
    for (size_t i = 0; i < gone->destination_count; i++) {
        svms_release(gone->ctx, gone->destinations[i]);
    }
    svms_release(gone->ctx, gone);
    *profile = NULL;
}

const svms_profile_rule *svms_profile_rule_of(const svms_profile *profile,
                                              svms_profile_option option)
{
    const svms_profile_rule *rule = &profile->rules[option];
    return rule->present ? rule : NULL;
}

svms_status svms_profile_breach(const svms_profile *profile, svms_profile_request *request,
                                svms_profile_option option, svms_error *err, const char *format,
                                ...)
{
    char what[128];
    va_list arguments;
    if (!profile->rules[option].locked) {
        request->unmet |= 1u << option;
        return SVMS_OK;
    }
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    return svms_fail(err, SVMS_E_POLICY, "%s ('%s' is locked by profile %s)", what,
                     svms_profile_option_name(option), profile->name);
}

static bool is_given(const svms_profile_request *request, svms_profile_option option)
{
    return (request->given & 1u << option) != 0;
}

static svms_status apply_format(const svms_profile *profile, svms_profile_request *request,
                                svms_error *err)
{
    const svms_profile_rule *rule = svms_profile_rule_of(profile, SVMS_PROFILE_FORMATS);
    char allowed[48] = "";
    if (rule == NULL) {
        return SVMS_OK;
    }
    if (!is_given(request, SVMS_PROFILE_FORMATS)) {
        request->format = profile->first_format;
        return SVMS_OK;
    }
    if ((profile->formats & 1u << request->format) != 0) {
        return SVMS_OK;
    }
    for (unsigned i = 0; i < SVMS_PROFILE_FORMAT_COUNT; i++) {
        size_t used = strlen(allowed);
        if ((profile->formats & 1u << i) != 0) {
            (void)snprintf(allowed + used, sizeof(allowed) - used, "%s%s", used > 0 ? ", " : "",
                           svms_profile_format_name((svms_profile_format)i));
        }
    }
    return svms_profile_breach(profile, request, SVMS_PROFILE_FORMATS, err,
                               "%s was asked for, only %s is allowed",
                               svms_profile_format_name(request->format), allowed);
}

/* A setting that only packages can have; other formats are as if it were `fixed`. */
typedef struct package_setting {
    svms_profile_option option;
    uint32_t wanted;
    uint32_t fixed;
    const char *never;   /* what the other formats are not */
    const char *refused; /* what was asked for that is locked otherwise */
} package_setting;

static svms_status apply_setting(const svms_profile *profile, svms_profile_request *request,
                                 const package_setting *setting, uint32_t *field, svms_error *err)
{
    const svms_profile_rule *rule = svms_profile_rule_of(profile, setting->option);
    if (request->format != SVMS_FORMAT_SVMX) {
        *field = setting->fixed;
        if (rule == NULL || setting->wanted == setting->fixed) {
            return SVMS_OK;
        }
        return svms_profile_breach(profile, request, setting->option, err, "%s %s",
                                   svms_profile_format_name(request->format), setting->never);
    }
    if (rule == NULL) {
        return SVMS_OK;
    }
    if (!is_given(request, setting->option)) {
        *field = setting->wanted;
        return SVMS_OK;
    }
    if ((*field != 0) == (setting->wanted != 0)) {
        return SVMS_OK;
    }
    return svms_profile_breach(profile, request, setting->option, err, "%s", setting->refused);
}

static svms_status apply_sealed(const svms_profile *profile, svms_profile_request *request,
                                svms_error *err)
{
    uint32_t wanted = profile->rules[SVMS_PROFILE_SEALED].value != 0 ? 1 : 0;
    package_setting setting = { SVMS_PROFILE_SEALED, wanted, 0, "cannot be sealed",
                                wanted != 0 ? "an unsealed package was asked for"
                                            : "a sealed package was asked for" };
    return apply_setting(profile, request, &setting, &request->sealed, err);
}

static svms_status apply_reexport(const svms_profile *profile, svms_profile_request *request,
                                  svms_error *err)
{
    uint32_t wanted = profile->rules[SVMS_PROFILE_REEXPORT].value == SVMS_RULE_FORBIDDEN ? 0 : 1;
    package_setting setting = { SVMS_PROFILE_REEXPORT, wanted, 1, "cannot forbid re-export",
                                wanted != 0 ? "re-export shall be forbidden"
                                            : "re-export shall be allowed" };
    return apply_setting(profile, request, &setting, &request->reexport, err);
}

static bool has_recipient(const svms_profile_request *request, const uint8_t id[16])
{
    for (uint32_t i = 0; i < request->recipient_count; i++) {
        if (memcmp(request->recipients[i], id, 16) == 0) {
            return true;
        }
    }
    return false;
}

static svms_status apply_recipients(const svms_profile *profile, svms_profile_request *request,
                                    svms_error *err)
{
    for (size_t i = 0; i < profile->recipient_count; i++) {
        const uint8_t *id = profile->recipients[i];
        char hex[33];
        if (request->sealed != 0 && has_recipient(request, id)) {
            continue;
        }
        for (size_t n = 0; n < 16; n++) {
            (void)snprintf(hex + 2 * n, sizeof(hex) - 2 * n, "%02x", id[n]);
        }
        return svms_profile_breach(profile, request, SVMS_PROFILE_RECIPIENTS, err,
                                   "recipient %s is missing", hex);
    }
    return SVMS_OK;
}

static unsigned algorithm_of(const svms_private_key *key)
{
    switch (svms_private_key_kind(key)) {
    case SVMS_KEY_P256:
        return SVMS_SIG_ECDSA_P256_SHA256;
    case SVMS_KEY_P384:
        return SVMS_SIG_ECDSA_P384_SHA384;
    case SVMS_KEY_ED25519:
        return SVMS_SIG_ED25519;
    case SVMS_KEY_RSA:
        return SVMS_SIG_RSA_PSS_SHA256;
    case SVMS_KEY_X25519:
        break;
    }
    return SVMS_SIG_NONE;
}

static svms_status apply_algorithm(const svms_profile *profile, svms_profile_request *request,
                                   svms_error *err)
{
    if (svms_profile_rule_of(profile, SVMS_PROFILE_SIGNATURE_ALGORITHMS) == NULL) {
        return SVMS_OK;
    }
    unsigned algorithm =
        request->signer != NULL ? algorithm_of(request->signer) : (unsigned)SVMS_SIG_NONE;
    if (algorithm == SVMS_SIG_NONE) {
        return svms_profile_breach(profile, request, SVMS_PROFILE_SIGNATURE_ALGORITHMS, err,
                                   "no signature was asked for");
    }
    if ((profile->algorithms & 1u << algorithm) != 0) {
        return SVMS_OK;
    }
    return svms_profile_breach(profile, request, SVMS_PROFILE_SIGNATURE_ALGORITHMS, err,
                               "the signer's algorithm %s is not among the allowed ones",
                               svms_profile_algorithm_name(algorithm));
}

/* Characters that show nothing: White_Space, Cc, and Default_Ignorable_Code_Point of Unicode, with
 * the braille pattern without dots and what stands for interlinear annotations. */
static bool shows_nothing(unsigned long character)
{
    static const struct {
        unsigned long first;
        unsigned long last;
    } blanks[] = {
        { 0x0000, 0x0020 },   { 0x007F, 0x00A0 },   { 0x00AD, 0x00AD }, { 0x034F, 0x034F },
        { 0x061C, 0x061C },   { 0x115F, 0x1160 },   { 0x1680, 0x1680 }, { 0x17B4, 0x17B5 },
        { 0x180B, 0x180F },   { 0x2000, 0x200F },   { 0x2028, 0x202F }, { 0x205F, 0x206F },
        { 0x2800, 0x2800 },   { 0x3000, 0x3000 },   { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F },
        { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },   { 0xFFF0, 0xFFFB }, { 0x1BCA0, 0x1BCA3 },
        { 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF },
    };
    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
        if (character >= blanks[i].first && character <= blanks[i].last) {
            return true;
        }
    }
    return false;
}

static bool is_blank(const char *text)
{
    svms_cursor cursor =
        svms_cursor_over(text == NULL ? "" : text, text == NULL ? 0 : strlen(text), 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || !shows_nothing(character)) {
            return false;
        }
        (void)svms_skip(&cursor, length);
    }
    return true;
}

/* What must be there, and what must not. */
static svms_status apply_words(const svms_profile *profile, svms_profile_request *request,
                               svms_error *err)
{
    const struct {
        svms_profile_option option;
        uint64_t word; /* the one that is breached */
        bool breached;
        const char *what;
    } rules[] = {
        { SVMS_PROFILE_TIME_STAMP, SVMS_RULE_REQUIRED, request->time_stamp == 0,
          "no time stamp was asked for" },
        { SVMS_PROFILE_CASE, SVMS_RULE_REQUIRED, is_blank(request->case_number),
          "the case is missing" },
        { SVMS_PROFILE_OPERATOR, SVMS_RULE_REQUIRED, is_blank(request->operator_name),
          "the operator is missing" },
        { SVMS_PROFILE_REASON, SVMS_RULE_REQUIRED, is_blank(request->reason),
          "the reason is missing" },
        { SVMS_PROFILE_COMMENT, SVMS_RULE_REQUIRED, is_blank(request->comment),
          "the comment is missing" },
        { SVMS_PROFILE_PROOF, SVMS_RULE_REQUIRED,
          request->format == SVMS_FORMAT_MP4 && request->proof == 0,
          "mp4 was asked for without a proof" },
        { SVMS_PROFILE_INCLUDE_UNVERIFIED, SVMS_RULE_FORBIDDEN, request->include_unverified != 0,
          "what does not verify shall be included" },
        { SVMS_PROFILE_TRACK_REMOVAL, SVMS_RULE_FORBIDDEN, request->removed_tracks != 0,
          "tracks shall be left out" },
        { SVMS_PROFILE_ATTACHMENTS, SVMS_RULE_FORBIDDEN, request->attachments != 0,
          "attachments shall be added" },
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const svms_profile_rule *rule = svms_profile_rule_of(profile, rules[i].option);
        if (rule == NULL || rule->value != rules[i].word || !rules[i].breached) {
            continue;
        }
        svms_status status =
            svms_profile_breach(profile, request, rules[i].option, err, "%s", rules[i].what);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static svms_status apply_period(const svms_profile *profile, svms_profile_request *request,
                                svms_error *err)
{
    const svms_profile_rule *rule = svms_profile_rule_of(profile, SVMS_PROFILE_MAXIMUM_PERIOD);
    if (rule == NULL) {
        return SVMS_OK;
    }
    if (request->from_utc_ns == SVMS_NO_TIME || request->to_utc_ns == SVMS_NO_TIME) {
        return svms_profile_breach(profile, request, SVMS_PROFILE_MAXIMUM_PERIOD, err,
                                   "a period without both ends was asked for, at most %" PRIu64
                                   " s are allowed",
                                   rule->value);
    }
    uint64_t length = (uint64_t)request->to_utc_ns - (uint64_t)request->from_utc_ns;
    if (length <= rule->value * NS_PER_SECOND) {
        return SVMS_OK;
    }
    uint64_t seconds = (length - 1) / NS_PER_SECOND + 1;
    return svms_profile_breach(profile, request, SVMS_PROFILE_MAXIMUM_PERIOD, err,
                               "a period of %" PRIu64 " s was asked for, at most %" PRIu64
                               " s are allowed",
                               seconds, rule->value);
}

static svms_status check_request(const svms_profile_request *request, svms_error *err)
{
    bool has_period = request->from_utc_ns != SVMS_NO_TIME && request->to_utc_ns != SVMS_NO_TIME;
    if ((unsigned)request->format >= SVMS_PROFILE_FORMAT_COUNT) {
        return svms_fail(err, SVMS_E_USAGE, "the format of the request is not known");
    }
    if ((request->given & ~(uint32_t)KNOWN_GIVEN) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "the request says that something unknown was given");
    }
    if ((request->recipient_count > 0 && request->recipients == NULL) ||
        (request->password_size > 0 && request->password == NULL) ||
        (is_given(request, SVMS_PROFILE_DESTINATIONS) && request->destination == NULL)) {
        return svms_fail(err, SVMS_E_USAGE, "something that the request counts is missing");
    }
    if (has_period && request->to_utc_ns < request->from_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the period ends before it begins");
    }
    return SVMS_OK;
}

svms_status svms_profile_apply(const svms_profile *profile, svms_profile_request *request,
                               svms_error *err)
{
    static svms_status (*const steps[])(const svms_profile *, svms_profile_request *,
                                        svms_error *) = {
        apply_format,
        apply_sealed,
        apply_reexport,
        svms_profile_apply_password,
        apply_recipients,
        apply_algorithm,
        apply_words,
        apply_period,
        svms_profile_apply_destination,
    };
    svms_profile_request now = SVMS_PROFILE_REQUEST_INIT;
    if (profile == NULL || request == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = svms_options_read(&now, sizeof(now), request, "svms_profile_request", err);
    if (status == SVMS_OK) {
        status = check_request(&now, err);
    }
    now.unmet = 0;
    for (size_t i = 0; status == SVMS_OK && i < sizeof(steps) / sizeof(steps[0]); i++) {
        status = steps[i](profile, &now, err);
    }
    if (status == SVMS_OK) {
        status = svms_result_write(request, &now, sizeof(now), "svms_profile_request", err);
    }
    return status;
}
