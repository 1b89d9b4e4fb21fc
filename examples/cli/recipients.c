/* SPDX-License-Identifier: Apache-2.0 */
/* svms recipients: who can decrypt a recording; changing that touches neither media nor signatures.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "command.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "recipient_list.h"
#include "recipient_set.h"
#include "recording.h"

/* Shortest beginning of a key id that may stand for it. */
#define SHORTEST_ID 8
#define ID_DIGITS 32

typedef struct list_request {
    const char *path;
    key_options keys;
    bool json;
} list_request;

/* Of add, remove and rewrap; each has the options that mean something to it. */
typedef struct change_request {
    const char *path;
    key_options keys;
    recipient_options people;
    text_list key_ids;
    bool password; /* the password goes */
    const char *officer_key;
    const char *officer_cert;
    bool json;
} change_request;

typedef struct change_state {
    svms_ctx *ctx;
    svms_store store;
    key_set keys;
    recipient_set people;
    svms_private_key *officer_key;
    svms_chain *officer_chain;
    uint8_t (*ids)[16]; /* of recipients that go */
    size_t id_count;
} change_state;

static exit_status show_list(const list_request *request)
{
    svms_ctx *ctx = NULL;
    recording file = { NULL, SVMS_SOURCE_INIT };
    key_set keys = KEY_SET_INIT;
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = recording_open(&file, ctx, request->path);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&keys, ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = recipient_list_read(&list, ctx, &file.source, keys.ring, file.path);
    }
    if (status == EXIT_GOOD && request->json) {
        status = json_print(recipient_list_to_json(file.path, &list));
    } else if (status == EXIT_GOOD) {
        recipient_list_print(file.path, &list);
    }
    if (status == EXIT_GOOD && list.revision == 0) {
        status = EXIT_EVIDENCE;
    }
    key_set_free(&keys);
    recording_close(&file);
    svms_ctx_free(&ctx);
    return status;
}

static svms_source source_of(const svms_store *store)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = store->user;
    source.read_at = store->read_at;
    source.get_size = store->get_size;
    return source;
}

static bool id_begins(const uint8_t id[16], const char *digits)
{
    char text[ID_DIGITS + 1];
    for (size_t i = 0; i < 16; i++) {
        snprintf(text + 2 * i, 3, "%02x", (unsigned)id[i]);
    }
    return strncmp(text, digits, strlen(digits)) == 0;
}

/* A whole id stands for itself; its beginning for the one recipient whose id begins so. */
static exit_status find_id(uint8_t out[16], const svms_recipient_list *list, const char *digits)
{
    size_t size = strlen(digits);
    uint32_t found = 0;
    if (size < SHORTEST_ID || size > ID_DIGITS || strspn(digits, "0123456789abcdef") != size) {
        return usage_error("recipients remove",
                           "--key-id is %d to %d digits of 0-9 and a-f, not '%s'", SHORTEST_ID,
                           ID_DIGITS, digits);
    }
    for (size_t i = 0; size == ID_DIGITS && i < 16; i++) {
        const char pair[3] = { digits[2 * i], digits[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    for (uint32_t i = 0; size < ID_DIGITS && i < list->count; i++) {
        const svms_recipient *one = &list->recipients[i];
        if (one->kind != SVMS_RECIPIENT_PASSWORD && id_begins(one->key_id, digits)) {
            memcpy(out, one->key_id, 16);
            found++;
        }
    }
    if (size < ID_DIGITS && found != 1) {
        return usage_error("recipients remove", "%s recipient has an id that begins with %s",
                           found == 0 ? "no" : "more than one", digits);
    }
    return EXIT_GOOD;
}

/* Ids of all that shall go: by their keys, and by what was typed. */
static exit_status collect_ids(change_state *state, const change_request *request)
{
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_error err = SVMS_ERROR_INIT;
    size_t most = state->people.key_count + state->people.kek_count + request->key_ids.count;
    state->ids = calloc(most + 1, sizeof *state->ids);
    if (!state->ids) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < state->people.key_count; i++) {
        if (svms_recipient_id(state->people.keys[i], state->ids[state->id_count++], &err) !=
            SVMS_OK) {
            return complain_error(&err, "cannot name the recipient %s",
                                  request->people.keys.items[i]);
        }
    }
    for (size_t i = 0; i < state->people.kek_count; i++) {
        svms_kek_id(state->people.keks[i], state->ids[state->id_count++]);
    }
    if (request->key_ids.count == 0) {
        return EXIT_GOOD;
    }
    svms_source source = source_of(&state->store);
    exit_status status = recipient_list_read(&list, state->ctx, &source, NULL, request->path);
    for (size_t i = 0; i < request->key_ids.count && status == EXIT_GOOD; i++) {
        status = find_id(state->ids[state->id_count++], &list, request->key_ids.items[i]);
    }
    return status;
}

static exit_status load_officer(change_state *state, const change_request *request)
{
    if (!request->officer_key) {
        return EXIT_GOOD;
    }
    exit_status status = load_private_key(&state->officer_key, state->ctx, request->officer_key);
    return status == EXIT_GOOD
               ? load_chain(&state->officer_chain, state->ctx, request->officer_cert)
               : status;
}

static exit_status open_store(change_state *state, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_store_open_file(&state->store, state->ctx, path, &err) == SVMS_OK) {
        return EXIT_GOOD;
    }
    complain("%s", err.message);
    return exit_status_of(err.status);
}

static exit_status load(change_state *state, const change_request *request, const char *command)
{
    exit_status status = make_context(&state->ctx);
    if (status == EXIT_GOOD) {
        status = open_store(state, request->path);
    }
    if (status == EXIT_GOOD) {
        status = load_officer(state, request);
    }
    if (status == EXIT_GOOD) {
        status = recipient_set_load(&state->people, state->ctx, &request->people,
                                    "New password of the recording: ");
    }
    if (status == EXIT_GOOD) {
        status = key_set_require(&state->keys, state->ctx, &request->keys, command);
    }
    return status;
}

static void clear(change_state *state)
{
    free(state->ids);
    svms_chain_free(&state->officer_chain);
    svms_private_key_free(&state->officer_key);
    recipient_set_free(&state->people);
    key_set_free(&state->keys);
    svms_store_close(&state->store);
    svms_ctx_free(&state->ctx);
}

static exit_status show_result(change_state *state, const change_request *request)
{
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_source source = source_of(&state->store);
    exit_status status = EXIT_GOOD;
    /* Who removed himself cannot prove the new list any more. */
    if (svms_recipients_list(state->ctx, &source, state->keys.ring, &list, NULL) != SVMS_OK) {
        status = recipient_list_read(&list, state->ctx, &source, NULL, request->path);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    if (request->json) {
        return json_print(recipient_list_to_json(request->path, &list));
    }
    recipient_list_print(request->path, &list);
    return EXIT_GOOD;
}

/* An officer without the role is refused by policy; a list that has no room in a recording which is
 * as it should be was too much to ask for. */
static exit_status refuse_change(change_state *state, const svms_error *err, const char *path)
{
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    svms_source source = source_of(&state->store);
    exit_status status = complain_error(err, "cannot change who opens %s", path);
    if (err->status == SVMS_E_UNTRUSTED) {
        return EXIT_POLICY;
    }
    if (err->status == SVMS_E_LIMIT &&
        svms_recipients_list(state->ctx, &source, NULL, &list, NULL) == SVMS_OK) {
        return EXIT_USAGE;
    }
    return status;
}

/* Fills in who signs and what opens it, and does it. */
static exit_status apply(change_state *state, const change_request *request,
                         svms_recipients_change *change)
{
    svms_error err = SVMS_ERROR_INIT;
    change->keys = state->keys.ring;
    change->officer_key = state->officer_key;
    change->officer_chain = state->officer_chain;
    svms_status changed = svms_recipients_change_list(state->ctx, &state->store, change, &err);
    if (changed != SVMS_OK) {
        return refuse_change(state, &err, request->path);
    }
    if (change->replace == 1 || change->remove_count != 0 || change->remove_password == 1) {
        complain("note: who was removed keeps what was copied or opened before; on flash memory, "
                 "remains of the old list may stay");
    }
    return show_result(state, request);
}

static void add_people(const change_state *state, svms_recipients_change *change)
{
    change->add = (const svms_public_key *const *)state->people.keys;
    change->add_count = state->people.key_count;
    change->add_keks = (const svms_kek *const *)state->people.keks;
    change->add_kek_count = state->people.kek_count;
    if (state->people.secret.size > 0) {
        change->password = state->people.secret.text;
        change->password_size = state->people.secret.size;
    }
}

static exit_status add(const change_request *request, bool replace)
{
    change_state *state = calloc(1, sizeof *state);
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    if (!state) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = load(state, request, replace ? "recipients rewrap" : "recipients add");
    if (status == EXIT_GOOD) {
        change.replace = replace;
        add_people(state, &change);
        status = apply(state, request, &change);
    }
    clear(state);
    free(state);
    return status;
}

static exit_status remove_people(const change_request *request)
{
    change_state *state = calloc(1, sizeof *state);
    svms_recipients_change change = SVMS_RECIPIENTS_CHANGE_INIT;
    if (!state) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = load(state, request, "recipients remove");
    if (status == EXIT_GOOD) {
        status = collect_ids(state, request);
    }
    if (status == EXIT_GOOD) {
        change.remove = (const uint8_t(*)[16])state->ids;
        change.remove_count = state->id_count;
        change.remove_password = request->password;
        status = apply(state, request, &change);
    }
    clear(state);
    free(state);
    return status;
}

static const option_spec list_options[] = {
    { "password-file", "FILE", "password that opens it, to prove the list: first line of FILE",
      OPTION_TEXT, offsetof(list_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for that password on the terminal", OPTION_FLAG,
      offsetof(list_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens it, to prove the list (PEM)", OPTION_TEXT,
      offsetof(list_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens it, to prove the list", OPTION_TEXT,
      offsetof(list_request, keys.kek), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(list_request, json), NULL, 0,
      0 },
};

/* What only means something to remove stands first, what means nothing to it last. */
static const option_spec change_options[] = {
    { "key-id", "HEX", "id of a key, or its first 8 digits or more; repeatable", OPTION_LIST,
      offsetof(change_request, key_ids), NULL, 0, 0 },
    { "password", NULL, "the password that opens it now", OPTION_FLAG,
      offsetof(change_request, password), NULL, 0, 0 },
    { "recipient", "PEM", "whom: a public key or certificate; repeatable", OPTION_LIST,
      offsetof(change_request, people.keys), NULL, 0, 0 },
    { "recipient-kek", "FILE", "whom: a key-encryption key; repeatable", OPTION_LIST,
      offsetof(change_request, people.keks), NULL, 0, 0 },
    { "password-file", "FILE", "password that opens the recording now: first line of FILE",
      OPTION_TEXT, offsetof(change_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for that password on the terminal", OPTION_FLAG,
      offsetof(change_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the recording now (PEM)", OPTION_TEXT,
      offsetof(change_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the recording now", OPTION_TEXT,
      offsetof(change_request, keys.kek), NULL, 0, 0 },
    { "officer-key", "KEY", "private key of the key officer who signs the change (PEM)",
      OPTION_TEXT, offsetof(change_request, officer_key), NULL, 0, 0 },
    { "officer-cert", "CERT", "certificate of the key officer (PEM, leaf first)", OPTION_TEXT,
      offsetof(change_request, officer_cert), NULL, 0, 0 },
    { "json", NULL, "print the new list as one JSON object", OPTION_FLAG,
      offsetof(change_request, json), NULL, 0, 0 },
    { "new-password-file", "FILE", "whom: who knows the first line of FILE", OPTION_TEXT,
      offsetof(change_request, people.password_file), NULL, 0, 0 },
    { "new-password-prompt", NULL, "whom: who knows a password that is asked for, twice",
      OPTION_FLAG, offsetof(change_request, people.password_prompt), NULL, 0, 0 },
};

#define CHANGE_OPTIONS (sizeof change_options / sizeof change_options[0])
#define ONLY_OF_REMOVE 2
#define NOT_OF_REMOVE 2

static const command_line list_line = {
    "recipients list",
    "FILE [options]",
    "Says who can decrypt a recording. Needs no key; one that opens it proves the list.",
    list_options,
    sizeof list_options / sizeof list_options[0],
    "FILE",
    offsetof(list_request, path)
};

static const command_line add_line = { "recipients add",
                                       "FILE --recipient PEM [options]",
                                       "Lets somebody else decrypt a recording as well. Media and "
                                       "signatures stay as they are.",
                                       change_options + ONLY_OF_REMOVE,
                                       CHANGE_OPTIONS - ONLY_OF_REMOVE,
                                       "FILE",
                                       offsetof(change_request, path) };

static const command_line remove_line = {
    "recipients remove",
    "FILE --recipient PEM | --key-id HEX | --password [options]",
    "Lets somebody decrypt a recording no more. What he has copied before stays his.",
    change_options,
    CHANGE_OPTIONS - NOT_OF_REMOVE,
    "FILE",
    offsetof(change_request, path)
};

static const command_line rewrap_line = {
    "recipients rewrap",
    "FILE --recipient PEM [options]",
    "Lets those that are given decrypt a recording, and nobody else any more.",
    change_options + ONLY_OF_REMOVE,
    CHANGE_OPTIONS - ONLY_OF_REMOVE,
    "FILE",
    offsetof(change_request, path)
};

static exit_status command_list(int count, char **arguments)
{
    list_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&list_line, &request, count, arguments);
    return parsed == PARSE_READY ? show_list(&request) : parse_exit(parsed);
}

/* What is wrong with a request in any of the three, or EXIT_GOOD. */
static exit_status check_change(const change_request *request, const command_line *line)
{
    if (!request->officer_key != !request->officer_cert) {
        return usage_error(line->name, "--officer-key and --officer-cert belong together");
    }
    if (request->people.password_file && request->people.password_prompt) {
        return usage_error(line->name,
                           "--new-password-file and --new-password-prompt: only one is possible");
    }
    bool signs = line == &add_line && request->officer_key;
    if (recipient_options_are_empty(&request->people) && request->key_ids.count == 0 &&
        !request->password && !signs) {
        return usage_error(line->name, "who is missing, such as --recipient PEM");
    }
    return EXIT_GOOD;
}

static exit_status command_change(const command_line *line, int count, char **arguments)
{
    change_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check_change(&request, line);
    if (status != EXIT_GOOD) {
        return status;
    }
    return line == &remove_line ? remove_people(&request) : add(&request, line == &rewrap_line);
}

static exit_status print_all_help(int count, char **arguments)
{
    static const command_line *const lines[] = { &add_line, &remove_line, &rewrap_line };
    (void)command_list(count, arguments);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        printf("\n");
        (void)command_change(lines[i], count, arguments);
    }
    return EXIT_GOOD;
}

exit_status command_recipients(int count, char **arguments)
{
    static const struct {
        const char *word;
        const command_line *line;
    } changes[] = { { "add", &add_line }, { "remove", &remove_line }, { "rewrap", &rewrap_line } };
    if (count == 0) {
        return usage_error("recipients", "list, add, remove or rewrap is missing");
    }
    if (strcmp(arguments[0], "list") == 0) {
        return command_list(count - 1, arguments + 1);
    }
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        if (strcmp(arguments[0], changes[i].word) == 0) {
            return command_change(changes[i].line, count - 1, arguments + 1);
        }
    }
    if (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0) {
        return print_all_help(1, arguments);
    }
    return usage_error("recipients",
                       "'%s' is unknown; there are 'list', 'add', 'remove' and 'rewrap'",
                       arguments[0]);
}
