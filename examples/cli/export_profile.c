/* SPDX-License-Identifier: Apache-2.0 */
#include "export_profile.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "message.h"

static exit_status load_profile(svms_profile **out, svms_ctx *ctx, const char *path)
{
    file_text text = { NULL, 0 };
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = file_read(&text, path, SVMS_PROFILE_MAX_SIZE, false);
    if (status == EXIT_GOOD &&
        svms_profile_parse(out, ctx, text.bytes, text.size, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot use the export profile %s", path);
    }
    file_text_free(&text);
    return status;
}

static void warn_of_unmet(const svms_profile_request *request, const svms_profile *profile)
{
    for (uint32_t option = 0; option < 32; option++) {
        if ((request->unmet & (UINT32_C(1) << option)) != 0) {
            complain("warning: the profile '%s' wants '%s' otherwise, but does not insist",
                     svms_profile_name(profile),
                     svms_profile_option_name((svms_profile_option)option));
        }
    }
}

exit_status export_profile_apply(char **name, svms_profile_request *request, svms_ctx *ctx,
                                 const char *path)
{
    svms_profile *profile = NULL;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = load_profile(&profile, ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_profile_apply(profile, request, &err) != SVMS_OK) {
        status = complain_error(&err, "refused by the profile '%s'", svms_profile_name(profile));
    } else {
        warn_of_unmet(request, profile);
        *name = path_with_suffix(svms_profile_name(profile), "");
        status = *name ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    svms_profile_free(&profile);
    return status;
}

char *export_profile_output(const svms_profile_request *request, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (request->folder[0] == '\0') {
        return path_with_suffix(path, "");
    }
    /* The root's name ends with a slash already. */
    return path_join(strcmp(request->folder, "/") == 0 ? "" : request->folder,
                     slash ? slash + 1 : path);
}

char *export_profile_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        return path_with_suffix(".", "");
    }
    char *folder = path_with_suffix(path, "");
    if (folder) {
        folder[slash == path ? 1 : slash - path] = '\0';
    }
    return folder;
}

exit_status export_profile_recipients(uint8_t (*ids)[16], uint32_t *count,
                                      const recipient_set *people)
{
    svms_error err = SVMS_ERROR_INIT;
    uint32_t found = 0;
    for (size_t i = 0; i < people->key_count; i++) {
        if (svms_recipient_id(people->keys[i], ids[found++], &err) != SVMS_OK) {
            return complain_error(&err, "cannot name a recipient");
        }
    }
    for (size_t i = 0; i < people->kek_count; i++) {
        svms_kek_id(people->keks[i], ids[found++]);
    }
    *count = found;
    return EXIT_GOOD;
}
