/* SPDX-License-Identifier: Apache-2.0 */
#include "enroll_settings.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "message.h"
#include "role_choice.h"

static const char *name_of(int role)
{
    const option_choice *choice = role_choices;
    while (choice->name && choice->value != role) {
        choice++;
    }
    return choice->name;
}

static int role_of(const char *name)
{
    const option_choice *choice = role_choices;
    while (choice->name && (!name || strcmp(choice->name, name) != 0)) {
        choice++;
    }
    return choice->value;
}

char *enroll_settings_text(const enroll_settings *settings)
{
    json_t *hosts = json_array();
    for (size_t i = 0; i < settings->host_count && hosts; i++) {
        if (json_array_append_new(hosts, json_string(settings->hosts[i])) != 0) {
            json_decref(hosts);
            hosts = NULL;
        }
    }
    json_t *object = json_pack("{s:i, s:s, s:s, s:s, s:o, s:s?}", "version", 1, "url",
                               settings->url, "name", settings->name, "role",
                               name_of(settings->role), "hosts", hosts, "key", settings->key_uri);
    char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;
    json_decref(object);
    if (!text) {
        complain("out of memory");
    }
    return text;
}

static bool copy_hosts(const json_t *list, enroll_settings *out)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count > SVMS_NAMES_MAX) {
        return false;
    }
    out->hosts = calloc(count + 1, sizeof *out->hosts);
    for (size_t i = 0; i < count && out->hosts; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        out->hosts[i] = text ? strdup(text) : NULL;
        if (!out->hosts[i]) {
            return false;
        }
        out->host_count++;
    }
    return out->hosts != NULL;
}

static bool copy_settings(const json_t *object, enroll_settings *out)
{
    const char *url = json_string_value(json_object_get(object, "url"));
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *uri = json_string_value(json_object_get(object, "key"));
    out->role = role_of(json_string_value(json_object_get(object, "role")));
    out->url = url ? strdup(url) : NULL;
    out->name = name ? strdup(name) : NULL;
    out->key_uri = uri ? strdup(uri) : NULL;
    return json_integer_value(json_object_get(object, "version")) == 1 && out->url && out->name &&
           (!uri || out->key_uri) && out->role != SVMS_ROLE_NONE &&
           copy_hosts(json_object_get(object, "hosts"), out);
}

exit_status enroll_folder_load_settings(const enroll_folder *folder, enroll_settings *out)
{
    file_text text = { NULL, 0 };
    struct stat info;
    memset(out, 0, sizeof *out);
    if (stat(folder->settings, &info) != 0) {
        return EXIT_POLICY;
    }
    exit_status status = file_read(&text, folder->settings, ENROLL_FILE_MAX, false);
    if (status != EXIT_GOOD) {
        return status;
    }
    json_t *object = json_loadb(text.bytes, text.size, JSON_REJECT_DUPLICATES, NULL);
    if (!copy_settings(object, out)) {
        complain("%s is damaged, or of a later version", folder->settings);
        enroll_settings_free(out);
        status = EXIT_MALFORMED;
    }
    json_decref(object);
    file_text_free(&text);
    return status;
}

void enroll_settings_free(enroll_settings *settings)
{
    for (size_t i = 0; i < settings->host_count; i++) {
        free(settings->hosts[i]);
    }
    free(settings->hosts);
    free(settings->url);
    free(settings->name);
    free(settings->key_uri);
    memset(settings, 0, sizeof *settings);
}
