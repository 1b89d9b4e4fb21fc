/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca list: what an authority issued. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <svms/svms.h>

#include "ca_command.h"
#include "ca_folder.h"
#include "ca_key.h"
#include "head_text.h"
#include "json_output.h"
#include "message.h"
#include "options.h"

#define COMMAND "ca list"
#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (INT64_C(86400) * NS_PER_SECOND)
#define MAX_DAYS 36500

typedef struct list_request {
    const char *folder;
    uint32_t expiring; /* days; 0: not asked for */
    bool revoked;
    bool json;
} list_request;

typedef struct listing {
    const list_request *request;
    const ca_folder *folder;
    int64_t now_utc_ns;
    const ca_issued **last; /* of each name and role the one that ends last, in their order */
    size_t last_count;
} listing;

static int compare_holders(const ca_issued *one, const ca_issued *other)
{
    int names = strcmp(one->name, other->name);
    return names != 0 ? names : (one->role > other->role) - (one->role < other->role);
}

/* Of qsort(): those of one name and role together, the one that ends last in front. */
static int compare_entries(const void *a, const void *b)
{
    const ca_issued *one = *(const ca_issued *const *)a;
    const ca_issued *other = *(const ca_issued *const *)b;
    int holders = compare_holders(one, other);
    return holders != 0 ? holders
                        : (one->not_after_utc_ns < other->not_after_utc_ns) -
                              (one->not_after_utc_ns > other->not_after_utc_ns);
}

static int compare_key(const void *key, const void *element)
{
    return compare_holders(key, *(const ca_issued *const *)element);
}

/* Fills last from what was not revoked. */
static exit_status find_last(listing *list)
{
    const ca_journal *journal = &list->folder->journal;
    size_t count = 0;
    list->last = calloc(journal->issued_count + 1, sizeof(ca_issued *));
    if (!list->last) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < journal->issued_count; i++) {
        if (!journal->issued[i].revoked) {
            list->last[count++] = &journal->issued[i];
        }
    }
    qsort(list->last, count, sizeof(ca_issued *), compare_entries);
    for (size_t i = 0; i < count; i++) {
        const ca_issued *next = list->last[i];
        if (list->last_count == 0 || compare_holders(next, list->last[list->last_count - 1]) != 0) {
            list->last[list->last_count++] = next;
        }
    }
    return EXIT_GOOD;
}

/* Somebody has a later certificate for the same, so that this one's end surprises nobody. */
static bool is_renewed(const listing *list, const ca_issued *entry)
{
    const ca_issued *const *last =
        bsearch(entry, list->last, list->last_count, sizeof(ca_issued *), compare_key);
    return last && (*last)->not_after_utc_ns > entry->not_after_utc_ns;
}

static const char *state_of(const listing *list, const ca_issued *entry)
{
    if (entry->revoked) {
        return "revoked";
    }
    if (entry->not_after_utc_ns < list->now_utc_ns) {
        return "expired";
    }
    return is_renewed(list, entry) ? "renewed" : "valid";
}

static const char *code_state(const listing *list, const ca_code *code)
{
    switch (code->state) {
    case CA_CODE_USED:
        return "used";
    case CA_CODE_VOID:
        return "void";
    case CA_CODE_OPEN:
        break;
    }
    return code->until_utc_ns < list->now_utc_ns ? "expired" : "open";
}

static bool is_wanted(const listing *list, const ca_issued *entry)
{
    const list_request *request = list->request;
    if (request->revoked) {
        return entry->revoked;
    }
    if (request->expiring > 0) {
        return strcmp(state_of(list, entry), "valid") == 0 &&
               entry->not_after_utc_ns <= list->now_utc_ns + request->expiring * NS_PER_DAY;
    }
    return true;
}

static json_t *json_hosts(const ca_hosts *hosts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < hosts->count; i++) {
        if (json_array_append_new(list, json_text(hosts->items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *json_issued(const listing *list, const ca_issued *entry)
{
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
                     "serial", entry->serial, "sha256", json_hex(entry->sha256, CA_HASH_SIZE),
                     "key_sha256", json_hex(entry->key_sha256, CA_HASH_SIZE), "role",
                     ca_role_name(entry->role), "name", json_text(entry->name), "hosts",
                     json_hosts(&entry->hosts), "issued", json_time(entry->issued_utc_ns),
                     "not_before", json_time(entry->not_before_utc_ns), "not_after",
                     json_time(entry->not_after_utc_ns), "state", state_of(list, entry), "revoked",
                     json_time(entry->revoked ? entry->revoked_utc_ns : SVMS_NO_TIME), "invalid",
                     json_time(entry->invalid_utc_ns), "reason",
                     json_text(entry->revoked ? ca_reason_name(entry->reason) : NULL), "code",
                     json_text(entry->code[0] ? entry->code : NULL), "renews",
                     json_text(entry->renews[0] ? entry->renews : NULL));
}

static json_t *json_certificates(const listing *list)
{
    const ca_journal *journal = &list->folder->journal;
    json_t *all = json_array();
    for (size_t i = 0; i < journal->issued_count; i++) {
        if (is_wanted(list, &journal->issued[i]) &&
            json_array_append_new(all, json_issued(list, &journal->issued[i])) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static json_t *json_codes(const listing *list)
{
    const ca_journal *journal = &list->folder->journal;
    json_t *all = json_array();
    for (size_t i = 0; i < journal->code_count; i++) {
        const ca_code *code = &journal->codes[i];
        json_t *one =
            json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "id", code->id, "role",
                      ca_role_name(code->role), "name", json_text(code->name), "hosts",
                      json_hosts(&code->hosts), "made", json_time(code->made_utc_ns), "until",
                      json_time(code->until_utc_ns), "state", code_state(list, code));
        if (json_array_append_new(all, one) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

static exit_status print_json(const listing *list)
{
    const ca_folder *folder = list->folder;
    const ca_journal *journal = &folder->journal;
    json_t *newest = journal->list_number == 0
                         ? json_null()
                         : json_pack("{s:I, s:o, s:o}", "number", (json_int_t)journal->list_number,
                                     "this_update", json_time(journal->list_utc_ns), "next_update",
                                     json_time(journal->list_next_utc_ns));
    json_t *authority = json_pack(
        "{s:o, s:o, s:o, s:o, s:s}", "subject", json_text(folder->info.subject), "sha256",
        json_hex(folder->info.sha256, CA_HASH_SIZE), "not_before",
        json_time(folder->info.not_before_utc_ns), "not_after",
        json_time(folder->info.not_after_utc_ns), "key", folder->key_uri ? "provider" : "file");
    return json_print(json_pack("{s:o, s:o, s:o, s:o}", "authority", authority, "list", newest,
                                "certificates", json_certificates(list), "codes",
                                json_codes(list)));
}

static void print_authority(const listing *list)
{
    const ca_journal *journal = &list->folder->journal;
    const svms_certificate_info *info = &list->folder->info;
    char text[SVMS_TIME_TEXT_SIZE];
    print_line(stdout, "Authority     %s", info->subject);
    print_line(stdout, "SHA-256       %s", head_text_of(info->sha256, CA_HASH_SIZE).text);
    svms_time_format(info->not_after_utc_ns, text);
    print_line(stdout, "Valid until   %s", text);
    if (journal->list_number == 0) {
        print_line(stdout, "List          none yet");
        return;
    }
    svms_time_format(journal->list_next_utc_ns, text);
    print_line(stdout, "List          number %" PRIu64 ", next one before %s%s",
               journal->list_number, text,
               journal->revoked_line > journal->list_line ? "; somebody was revoked since" : "");
}

static void print_text(const listing *list)
{
    const ca_journal *journal = &list->folder->journal;
    char until[SVMS_TIME_TEXT_SIZE];
    print_authority(list);
    for (size_t i = 0; i < journal->issued_count; i++) {
        const ca_issued *entry = &journal->issued[i];
        if (is_wanted(list, entry)) {
            svms_time_format(entry->not_after_utc_ns, until);
            print_line(stdout, "%-13s %s", state_of(list, entry), entry->name);
            print_line(stdout, "              %s, until %s", ca_role_name(entry->role), until);
            print_line(stdout, "              serial %s", entry->serial);
        }
    }
    for (size_t i = 0; i < journal->code_count; i++) {
        const ca_code *code = &journal->codes[i];
        if (strcmp(code_state(list, code), "open") == 0) {
            svms_time_format(code->until_utc_ns, until);
            print_line(stdout, "code %s %s, %s, until %s", code->id, code->name,
                       ca_role_name(code->role), until);
        }
    }
}

static exit_status run(const list_request *request)
{
    svms_ctx *ctx = NULL;
    ca_folder folder;
    exit_status status = ca_make_context(&ctx);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = ca_folder_open(&folder, ctx, request->folder, false);
    if (status == EXIT_GOOD) {
        listing list = { request, &folder, (int64_t)time(NULL) * NS_PER_SECOND, NULL, 0 };
        status = ca_folder_enter(&folder);
        if (status == EXIT_GOOD) {
            status = find_last(&list);
        }
        if (status == EXIT_GOOD && request->json) {
            status = print_json(&list);
        } else if (status == EXIT_GOOD) {
            print_text(&list);
        }
        free(list.last);
        ca_folder_close(&folder);
    }
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "expiring", "DAYS", "only those that end within so many days and are not renewed",
      OPTION_COUNT, offsetof(list_request, expiring), NULL, 1, MAX_DAYS },
    { "revoked", NULL, "only those that were taken back", OPTION_FLAG,
      offsetof(list_request, revoked), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(list_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    COMMAND,
    "DIR [options]",
    "Says what an authority issued and took back. Needs no passphrase.",
    options,
    sizeof options / sizeof options[0],
    "DIR",
    offsetof(list_request, folder)
};

exit_status command_ca_list(int count, char **arguments)
{
    list_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.revoked && request.expiring > 0) {
        return usage_error(COMMAND, "--revoked and --expiring: only one is possible");
    }
    return run(&request);
}
