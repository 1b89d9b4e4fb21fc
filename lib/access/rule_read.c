/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_read.h"

#include <stdio.h>
#include <string.h>

#include "action.h"
#include "network.h"

#define MINUTES_PER_HOUR 60
#define MINUTES_PER_DAY 1440
#define ALL_DAYS 0x7Fu
#define CLOCK_SIZE 5 /* "HH:MM" */

/* A word of a list and its place in it. */
typedef struct word_list {
    const char *const *words;
    size_t count;
} word_list;

static const char *const days[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
static const char *const client_kinds[] = { "browser", "desktop", "mobile", "service", "device" };
static const char *const export_kinds[] = { "svmx", "mp4", "onvif", "jpeg", "png" };
static const char *const duties[] = { "watermark", "mask", "audit-each", "no-reexport" };

#define WORDS(list)                                                                                \
    {                                                                                              \
        (list), sizeof(list) / sizeof((list)[0])                                                   \
    }

static const char *word_at(word_list list, size_t place)
{
    return place < list.count ? list.words[place] : NULL;
}

/* 0, nobody knows, becomes a place beyond the list. */
const char *svms_client_word(unsigned kind)
{
    static const word_list list = WORDS(client_kinds);
    return word_at(list, (size_t)kind - 1);
}

const char *svms_form_word(unsigned form)
{
    static const word_list list = WORDS(export_kinds);
    return word_at(list, (size_t)form - 1);
}

const char *svms_obligation_word(unsigned bit)
{
    static const word_list list = WORDS(duties);
    return word_at(list, bit);
}

bool svms_name_is_fit(const char *name)
{
    size_t size = strnlen(name, SVMS_NAME_MAX + 1);
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
              c == '.')) {
            return false;
        }
    }
    return size > 0 && size <= SVMS_NAME_MAX;
}

/* Room for the entries of a list; NULL where it is empty, absent or refused. */
static void *room_for(svms_rule_reader *reader, size_t count, size_t size)
{
    void *room = count > 0 ? svms_alloc_array(reader->ctx, count, size) : NULL;
    if (count > 0 && !room) {
        reader->status = SVMS_E_NO_MEMORY;
    }
    return room;
}

/* Entries of a list that is there; an empty one is refused, since nobody can tell "none" from "any"
 * by it. */
static size_t count_of(const svms_json_node *node, const char *member, size_t most)
{
    size_t count = svms_json_count(node, member, most);
    if (count == 0) {
        svms_json_refuse(node, member, "is an empty list");
    }
    return svms_json_failed(node) ? 0 : count;
}

void svms_entry_refuse(const svms_json_node *node, const char *member, size_t n, const char *what)
{
    char place[SVMS_NAME_MAX];
    (void)snprintf(place, sizeof place, "%s[%zu]", member, n);
    svms_json_refuse(node, place, what);
}

/* R-RUL-1: in a token, a word that is not known makes its condition unclear. */
static uint32_t read_words(svms_rule_reader *reader, const svms_json_node *node, const char *member,
                           word_list list, bool *is_unclear)
{
    uint32_t bits = 0;
    size_t count = count_of(node, member, SVMS_RULE_WORDS);
    for (size_t i = 0; i < count; i++) {
        const char *word = svms_json_item_text(node, member, i);
        size_t place = 0;
        while (word && place < list.count && strcmp(word, list.words[place]) != 0) {
            place++;
        }
        if (word && place < list.count) {
            bits |= 1u << place;
        } else if (word && reader->is_right && is_unclear) {
            *is_unclear = true;
        } else if (word) {
            svms_entry_refuse(node, member, i, "is a word that is not known");
        }
    }
    return bits;
}

static size_t read_patterns(svms_rule_reader *reader, const svms_json_node *node,
                            const char *member, svms_pattern **out)
{
    size_t count = count_of(node, member, SVMS_RULE_ACTIONS);
    *out = room_for(reader, count, sizeof **out);
    for (size_t i = 0; *out && i < count; i++) {
        const char *text = svms_json_item_text(node, member, i);
        if (text && !svms_pattern_parse(&(*out)[i], text)) {
            svms_entry_refuse(node, member, i, "is no pattern of actions");
        }
    }
    return *out ? count : 0;
}

static size_t read_texts(svms_rule_reader *reader, const svms_json_node *node, const char *member,
                         size_t most, const char ***out)
{
    size_t count = count_of(node, member, most);
    *out = room_for(reader, count, sizeof **out);
    for (size_t i = 0; *out && i < count; i++) {
        (*out)[i] = svms_json_item_text(node, member, i);
    }
    return *out ? count : 0;
}

/* Entries of devices: "*", "group:NAME", a name. */
static void read_devices(svms_rule_reader *reader, const svms_json_node *node, svms_rule *rule)
{
    static const char group[] = "group:";
    rule->device_count = read_texts(reader, node, "devices", SVMS_RULE_DEVICES, &rule->devices);
    for (size_t i = 0; i < rule->device_count && !svms_json_failed(node); i++) {
        const char *text = rule->devices[i];
        if (strcmp(text, "*") == 0) {
            rule->all_devices = true;
            continue;
        }
        const char *name =
            strncmp(text, group, sizeof group - 1) == 0 ? text + sizeof group - 1 : text;
        if (!svms_name_is_fit(name)) {
            svms_entry_refuse(node, "devices", i, "is no device and no group");
        }
    }
}

/* Minutes since midnight; 1440 where that is allowed. */
static uint16_t read_clock(const svms_json_node *node, const char *member, uint16_t absent)
{
    if (!svms_json_is_there(node, member)) {
        return absent;
    }
    const char *text = svms_json_text(node, member);
    if (!text) {
        return absent;
    }
    bool fits = strlen(text) == CLOCK_SIZE && text[2] == ':';
    for (size_t i = 0; fits && i < CLOCK_SIZE; i++) {
        fits = i == 2 || (text[i] >= '0' && text[i] <= '9');
    }
    int hour = fits ? (text[0] - '0') * 10 + (text[1] - '0') : 0;
    int minute = fits ? (text[3] - '0') * 10 + (text[4] - '0') : 0;
    int sum = hour * MINUTES_PER_HOUR + minute;
    if (!fits || minute >= MINUTES_PER_HOUR || sum > MINUTES_PER_DAY ||
        (sum == MINUTES_PER_DAY && absent == 0)) {
        svms_json_refuse(node, member, "is no time of day");
        return absent;
    }
    return (uint16_t)sum;
}

void svms_window_read(svms_rule_reader *reader, const svms_json_node *node, svms_window *out)
{
    static const char *const members[] = { "days", "from", "to", "zone", NULL };
    static const word_list weekdays = WORDS(days);
    svms_window window = { ALL_DAYS, 0, MINUTES_PER_DAY, NULL, NULL };
    svms_json_only(node, members);
    if (svms_json_is_there(node, "days")) {
        window.days = (uint8_t)read_words(reader, node, "days", weekdays, NULL);
    }
    window.from = read_clock(node, "from", 0);
    window.to = read_clock(node, "to", MINUTES_PER_DAY);
    if (window.from == window.to) {
        svms_json_refuse(node, "to", "is when the window begins");
    }
    if (svms_json_is_there(node, "zone")) {
        window.zone_name = svms_json_text(node, "zone");
    }
    if (!reader->is_right && !svms_json_failed(node)) {
        window.zone = reader->zone(reader->user, node, window.zone_name);
    }
    *out = window;
}

/* A window by its name, which policies alone have (R-RUL-1). */
static bool read_named_window(svms_rule_reader *reader, const svms_json_node *node,
                              const char *member, size_t n, svms_window *out)
{
    const char *name = svms_json_item_text(node, member, n);
    if (reader->is_right) {
        return false;
    }
    if (!reader->window(reader->user, name, out)) {
        svms_entry_refuse(node, member, n, "names a window that is not there");
    }
    return true;
}

/* A list of windows, spelled out or by name. */
static size_t read_windows(svms_rule_reader *reader, const svms_json_node *node, const char *member,
                           svms_window **out, bool *is_unclear)
{
    size_t count = count_of(node, member, SVMS_RULE_WINDOWS);
    size_t kept = 0;
    *out = room_for(reader, count, sizeof **out);
    for (size_t i = 0; *out && i < count && !svms_json_failed(node); i++) {
        if (svms_json_item_is_text(node, member, i)) {
            bool is_known = read_named_window(reader, node, member, i, &(*out)[kept]);
            *is_unclear = *is_unclear || !is_known;
            kept += is_known;
        } else {
            svms_json_node inner = svms_json_item(node, member, i);
            svms_window_read(reader, &inner, &(*out)[kept++]);
        }
    }
    return kept;
}

static void read_networks(svms_rule_reader *reader, const svms_json_node *node, svms_rule *rule)
{
    size_t count = count_of(node, "networks", SVMS_RULE_NETWORKS);
    rule->networks = room_for(reader, count, sizeof *rule->networks);
    rule->network_count = rule->networks ? count : 0;
    for (size_t i = 0; i < rule->network_count; i++) {
        const char *text = svms_json_item_text(node, "networks", i);
        if (text && !svms_network_parse(&rule->networks[i], text)) {
            svms_entry_refuse(node, "networks", i, "is no network");
        }
    }
}

/* A list of lists of methods. */
static void read_methods(svms_rule_reader *reader, const svms_json_node *node, svms_rule *rule)
{
    size_t count = count_of(node, "amr", SVMS_RULE_LISTS);
    rule->lists = room_for(reader, count, sizeof *rule->lists);
    rule->list_count = rule->lists ? count : 0;
    for (size_t i = 0; i < rule->list_count; i++) {
        size_t size = svms_json_inner_count(node, "amr", i, SVMS_RULE_METHODS);
        if (size == 0) {
            svms_entry_refuse(node, "amr", i, "is an empty list");
        }
        rule->lists[i].count = size;
        for (size_t k = 0; k < size; k++) {
            rule->lists[i].methods[k] = svms_json_inner_text(node, "amr", i, k);
        }
    }
}

static void read_effect(const svms_json_node *node, svms_rule *rule)
{
    if (!svms_json_is_there(node, "effect")) {
        return;
    }
    const char *effect = svms_json_text(node, "effect");
    rule->denies = effect && strcmp(effect, "deny") == 0;
    if (effect && !rule->denies && strcmp(effect, "allow") != 0) {
        svms_json_refuse(node, "effect", "is neither allow nor deny");
    }
}

/* Notes the condition where its member is there. */
static bool has(const svms_json_node *node, const char *member, unsigned condition, svms_rule *rule)
{
    bool there = svms_json_is_there(node, member);
    rule->conditions |= there ? condition : 0;
    return there;
}

static void note(svms_rule *rule, unsigned condition, bool is_unclear)
{
    rule->unclear |= is_unclear ? condition : 0;
}

static void read_times(svms_rule_reader *reader, const svms_json_node *node, svms_rule *rule)
{
    bool is_unclear = false;
    if (has(node, "when", SVMS_COND_WHEN, rule)) {
        rule->when_count = read_windows(reader, node, "when", &rule->when, &is_unclear);
        note(rule, SVMS_COND_WHEN, is_unclear);
    }
    is_unclear = false;
    if (has(node, "recorded", SVMS_COND_RECORDED, rule)) {
        rule->recorded_count = read_windows(reader, node, "recorded", &rule->recorded, &is_unclear);
        note(rule, SVMS_COND_RECORDED, is_unclear);
    }
    if (has(node, "max_age", SVMS_COND_AGE, rule)) {
        rule->max_age_s = (uint32_t)svms_json_number(node, "max_age", UINT32_MAX);
    }
}

static void read_conditions(svms_rule_reader *reader, const svms_json_node *node, svms_rule *rule)
{
    static const word_list clients = WORDS(client_kinds);
    static const word_list formats = WORDS(export_kinds);
    bool is_unclear = false;
    read_times(reader, node, rule);
    if (has(node, "clients", SVMS_COND_CLIENTS, rule)) {
        rule->clients = read_words(reader, node, "clients", clients, &is_unclear);
        note(rule, SVMS_COND_CLIENTS, is_unclear);
    }
    if (has(node, "networks", SVMS_COND_NETWORKS, rule)) {
        read_networks(reader, node, rule);
    }
    if (has(node, "amr", SVMS_COND_METHODS, rule)) {
        read_methods(reader, node, rule);
    }
    is_unclear = false;
    if (has(node, "formats", SVMS_COND_FORMATS, rule)) {
        rule->formats = read_words(reader, node, "formats", formats, &is_unclear);
        note(rule, SVMS_COND_FORMATS, is_unclear);
    }
    if (has(node, "destinations", SVMS_COND_DESTINATIONS, rule)) {
        rule->destination_count =
            read_texts(reader, node, "destinations", SVMS_RULE_DESTINATIONS, &rule->destinations);
    }
}

/* What an allow asks for besides. Of a deny it would mean nothing (R-RUL-5). */
static void read_terms(svms_rule_reader *reader, const svms_json_node *node, svms_rule *rule)
{
    static const word_list obligations = WORDS(duties);
    bool is_unclear = false;
    if (has(node, "second", SVMS_COND_SECOND, rule)) {
        rule->second_count = read_patterns(reader, node, "second", &rule->second);
    }
    if (svms_json_is_there(node, "obligations")) {
        rule->obligations = read_words(reader, node, "obligations", obligations, &is_unclear);
    }
    if (!rule->denies) {
        rule->conditions |= is_unclear ? SVMS_COND_UNKNOWN : 0;
        return;
    }
    if (!reader->is_right && (rule->second_count > 0 || rule->obligations != 0)) {
        svms_json_refuse(node, rule->second_count > 0 ? "second" : "obligations",
                         "is for allows, and this is a deny");
    }
    rule->conditions &= ~(unsigned)SVMS_COND_SECOND;
    rule->obligations = 0;
}

/* R-RUL-1 */
static void check_members(const svms_rule_reader *reader, const svms_json_node *node,
                          svms_rule *rule)
{
    static const char *const of_rules[] = {
        "id",      "description",  "roles",   "effect",      "actions",  "devices",
        "when",    "recorded",     "max_age", "clients",     "networks", "amr",
        "formats", "destinations", "second",  "obligations", NULL,
    };
    static const char *const of_rights[] = {
        "type",     "effect",       "actions", "devices",     "when",
        "recorded", "max_age",      "clients", "networks",    "amr",
        "formats",  "destinations", "second",  "obligations", NULL,
    };
    if (!reader->is_right) {
        svms_json_only(node, of_rules);
    } else if (!svms_json_has_only(node, of_rights)) {
        rule->conditions |= SVMS_COND_UNKNOWN;
    }
}

void svms_rule_read(svms_rule_reader *reader, const svms_json_node *node, svms_rule *out)
{
    svms_rule rule = { 0 };
    check_members(reader, node, &rule);
    read_effect(node, &rule);
    rule.action_count = read_patterns(reader, node, "actions", &rule.actions);
    if (svms_json_is_there(node, "devices")) {
        read_devices(reader, node, &rule);
    }
    read_conditions(reader, node, &rule);
    read_terms(reader, node, &rule);
    if (svms_json_failed(node) || reader->status != SVMS_OK) {
        svms_rule_clear(reader->ctx, &rule);
    }
    *out = rule;
}

bool svms_rule_is_clear(const svms_rule *rule)
{
    return (rule->conditions & SVMS_COND_UNKNOWN) == 0 && rule->unclear == 0;
}

void svms_rule_clear(svms_ctx *ctx, svms_rule *rule)
{
    svms_release(ctx, rule->actions);
    svms_release(ctx, rule->devices);
    svms_release(ctx, rule->when);
    svms_release(ctx, rule->recorded);
    svms_release(ctx, rule->networks);
    svms_release(ctx, rule->lists);
    svms_release(ctx, rule->destinations);
    svms_release(ctx, rule->second);
    memset(rule, 0, sizeof *rule);
}
