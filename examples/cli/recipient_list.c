/* SPDX-License-Identifier: Apache-2.0 */
#include "recipient_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_output.h"
#include "message.h"

typedef struct kind_name {
    uint32_t kind;
    const char *json;
    const char *words;
} kind_name;

static const kind_name kinds[] = {
    { SVMS_RECIPIENT_PASSWORD, "password", "password" },
    { SVMS_RECIPIENT_X25519, "x25519", "X25519" },
    { SVMS_RECIPIENT_P256, "p256", "P-256" },
    { SVMS_RECIPIENT_RSA, "rsa", "RSA" },
    { SVMS_RECIPIENT_KEK, "kek", "key-encryption key" },
    { SVMS_RECIPIENT_XWING, "xwing", "X-Wing" },
};

static const kind_name *find_kind(uint32_t kind)
{
    static const kind_name unknown = { 0, "unknown", "unknown kind" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind) {
            return &kinds[i];
        }
    }
    return &unknown;
}

recipient_text recipient_words(const svms_recipient *recipient)
{
    recipient_text words = { "" };
    size_t used =
        (size_t)snprintf(words.text, sizeof words.text, "%s", find_kind(recipient->kind)->words);
    if (recipient->kind == SVMS_RECIPIENT_PASSWORD) {
        return words;
    }
    used += (size_t)snprintf(words.text + used, sizeof words.text - used, " ");
    for (size_t i = 0; i < sizeof recipient->key_id; i++) {
        snprintf(words.text + used + 2 * i, 3, "%02x", (unsigned)recipient->key_id[i]);
    }
    return words;
}

exit_status recipient_list_read(svms_recipient_list *out, svms_ctx *ctx, const svms_source *source,
                                const svms_keyring *keys, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_recipients_list(ctx, source, keys, out, &err) != SVMS_OK) {
        return complain_error(&err, "cannot say who opens %s", path);
    }
    return EXIT_GOOD;
}

static void print_other_slot(const svms_recipient_list *list)
{
    if (list->damaged > 0) {
        print_line(stdout, "              %" PRIu32 " of 2 access slots damaged", list->damaged);
    }
    if (list->other_differs) {
        print_line(stdout,
                   "              the other slot, revision %" PRIu64
                   ", still names somebody else: a change was interrupted,",
                   list->other_revision);
        print_line(stdout, "              or an old slot was put back; remove him again");
    }
    if (list->officer_lost) {
        print_line(stdout, "              a key officer signed the revision before, and nobody "
                           "signed this one");
    }
}

void recipient_list_print(const char *path, const svms_recipient_list *list)
{
    print_line(stdout, "Recording     %s", path);
    if (list->revision == 0) {
        print_line(stdout, "List          none that is whole: nobody can open it");
    } else {
        print_line(stdout, "List          revision %" PRIu64 ", %s", list->revision,
                   list->authenticated ? "authentic: whoever wrote it could open the recording"
                                       : "consistent; without a key nobody can say whose it is");
    }
    print_other_slot(list);
    if (list->officer[0] != '\0') {
        print_line(stdout, "Signed by     %s, as key officer ('svms verify' checks who that is)",
                   list->officer);
    }
    print_line(stdout, "Slot          %" PRIu32 " of %" PRIu32 " bytes used", list->slot_used,
               list->slot_size);
    print_line(stdout, "Opens with    %" PRIu32 " recipient%s", list->count,
               list->count == 1 ? "" : "s");
    for (uint32_t i = 0; i < list->count; i++) {
        print_line(stdout, "  %s", recipient_words(&list->recipients[i]).text);
    }
}

json_t *recipients_to_json(const svms_recipient_list *list, const uint8_t except[16])
{
    json_t *all = json_array();
    for (uint32_t i = 0; all && i < list->count; i++) {
        const svms_recipient *one = &list->recipients[i];
        if (except && one->kind == SVMS_RECIPIENT_KEK && memcmp(one->key_id, except, 16) == 0) {
            continue;
        }
        json_t *id = one->kind == SVMS_RECIPIENT_PASSWORD
                         ? json_null()
                         : json_hex(one->key_id, sizeof one->key_id);
        json_t *entry = json_pack("{s:s, s:o, s:I}", "kind", find_kind(one->kind)->json, "key_id",
                                  id, "size", (json_int_t)one->size);
        if (json_array_append_new(all, entry) != 0) {
            json_decref(all);
            return NULL;
        }
    }
    return all;
}

json_t *recipient_list_to_json(const char *path, const svms_recipient_list *list)
{
    return json_pack("{s:o, s:I, s:I, s:b, s:b, s:I, s:b, s:o, s:I, s:I, s:o}", "file",
                     json_text(path), "revision", (json_int_t)list->revision, "other_revision",
                     (json_int_t)list->other_revision, "other_differs", (int)list->other_differs,
                     "officer_lost", (int)list->officer_lost, "damaged_slots",
                     (json_int_t)list->damaged, "authenticated", (int)list->authenticated,
                     "officer", json_text(list->officer[0] != '\0' ? list->officer : NULL),
                     "slot_size", (json_int_t)list->slot_size, "slot_used",
                     (json_int_t)list->slot_used, "recipients", recipients_to_json(list, NULL));
}
