/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_trail.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_place.h"
#include "file.h"
#include "keys.h"
#include "message.h"

#define PASSWD_SIZE 4096

struct audit_trail {
    svms_ctx *ctx;
    audit_place *place;
    const char *component;
    char server[AUDIT_SERVER_SIZE];
    char process[24];
    char user_id[32];
    char user_name[64];
    char client[64];
    time_t tended;
    bool has_told;
};

/* The system vouches for the number; its name is for people. */
static void find_user(audit_trail *self)
{
    char room[PASSWD_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    snprintf(self->user_id, sizeof self->user_id, "uid:%ju", (uintmax_t)geteuid());
    if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found) {
        snprintf(self->user_name, sizeof self->user_name, "%s", found->pw_name);
    }
}

exit_status audit_trail_open(audit_trail **out, const char *log, const char *component)
{
    const audit_place_options options = { log, NULL, 0 };
    if (!log) {
        return EXIT_GOOD;
    }
    audit_trail *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->component = component;
    audit_place_server(self->server);
    snprintf(self->process, sizeof self->process, "%jd", (intmax_t)getpid());
    snprintf(self->client, sizeof self->client, "svms %s", svms_version());
    find_user(self);
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = audit_place_open(&self->place, self->ctx, &options);
    }
    if (status != EXIT_GOOD) {
        return audit_trail_close(&self, status);
    }
    *out = self;
    return EXIT_GOOD;
}

static svms_audit_outcome outcome_of(exit_status status)
{
    switch (status) {
    case EXIT_GOOD:
        return SVMS_AUDIT_SUCCESS;
    case EXIT_EVIDENCE:
    case EXIT_POLICY:
        return SVMS_AUDIT_DENIED;
    case EXIT_USAGE:
    case EXIT_ENVIRONMENT:
    case EXIT_MALFORMED:
        break;
    }
    return SVMS_AUDIT_ERROR;
}

/* What went wrong in detail was said to who asked; here it could be somebody's secret. */
static void explain(svms_audit_event *event, exit_status status)
{
    static const struct {
        const char *code;
        const char *reason;
    } words[] = {
        [EXIT_GOOD] = { NULL, NULL },
        [EXIT_EVIDENCE] = { "evidence", "something is not what was signed, or not trusted" },
        [EXIT_USAGE] = { "usage", "what was asked for makes no sense" },
        [EXIT_ENVIRONMENT] = { "environment", "a file, the system or an interruption" },
        [EXIT_MALFORMED] = { "malformed", "an input is not what it should be" },
        [EXIT_POLICY] = { "policy", "refused on purpose" },
    };
    event->code = words[status].code;
    event->reason = event->reason ? event->reason : words[status].reason;
}

/* A log outlives the folder in which a command was typed. Released by free(). */
static char *lasting(const char *object)
{
    char folder[4096];
    bool is_path = object[0] != '/' && strcmp(object, "-") != 0 && !strstr(object, "://");
    if (!is_path || !getcwd(folder, sizeof folder)) {
        return path_with_suffix(object, "");
    }
    return path_join(folder, object);
}

exit_status audit_trail_begin(svms_audit_record **out, audit_trail *trail, const audit_deed *deed)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    char *object = deed->object ? lasting(deed->object) : NULL;
    if (deed->object && !object) {
        return EXIT_ENVIRONMENT;
    }
    event.event = deed->event;
    event.outcome = deed->outcome != SVMS_AUDIT_UNKNOWN ? deed->outcome : outcome_of(deed->status);
    event.server = trail->server;
    event.component = trail->component;
    event.process = trail->process;
    event.actor_kind = SVMS_AUDIT_ACTOR_USER;
    event.actor_id = trail->user_id;
    event.actor_name = deed->actor_name              ? deed->actor_name
                       : trail->user_name[0] != '\0' ? trail->user_name
                                                     : NULL;
    event.client = trail->client;
    event.object = object;
    event.reason = deed->reason;
    event.device = deed->device;
    event.devices = deed->devices;
    event.device_count = deed->device_count;
    event.from_utc_ns = deed->from_utc_ns;
    event.to_utc_ns = deed->to_utc_ns;
    explain(&event, deed->status);
    svms_status begun = svms_audit_record_new(out, trail->ctx, &event, &err);
    free(object);
    if (begun != SVMS_OK) {
        complain_error(&err, "cannot tell the audit log about it");
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

exit_status audit_trail_tell(audit_trail *trail, svms_audit_record **record, svms_status parts,
                             const svms_error *err)
{
    svms_error why = err ? *err : (svms_error)SVMS_ERROR_INIT;
    const uint8_t *bytes = NULL;
    size_t size = 0;
    exit_status status = EXIT_GOOD;
    if (parts == SVMS_OK) {
        parts = svms_audit_record_end(*record, &bytes, &size, &why);
    }
    if (parts == SVMS_OK) {
        const svms_iovec one = { bytes, size };
        status = audit_place_append(trail->place, &one, 1, NULL);
    } else {
        complain_error(&why, "cannot tell the audit log about it");
        status = EXIT_ENVIRONMENT;
    }
    svms_audit_record_free(record);
    trail->has_told = trail->has_told || status == EXIT_GOOD;
    return status;
}

bool audit_trail_has_told(const audit_trail *trail)
{
    return trail && trail->has_told;
}

void audit_trail_tend(audit_trail *trail)
{
    if (trail && time(NULL) != trail->tended) {
        trail->tended = time(NULL);
        /* What could not be published is told, and done later; nothing is lost by it. */
        (void)audit_place_tend(trail->place);
    }
}

exit_status audit_trail_close(audit_trail **trail, exit_status status)
{
    if (!*trail) {
        return status;
    }
    exit_status closed = audit_place_close(&(*trail)->place);
    svms_ctx_free(&(*trail)->ctx);
    free(*trail);
    *trail = NULL;
    return status == EXIT_GOOD ? closed : status;
}
