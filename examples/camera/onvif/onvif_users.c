/* SPDX-License-Identifier: Apache-2.0 */
/* Device service: users. Passwords come in, and never go out. */
#include <string.h>

#include <svms/password.h>

#include "onvif_call.h"

static const char *level_name(camera_level level)
{
    switch (level) {
    case CAMERA_ADMINISTRATOR:
        return "Administrator";
    case CAMERA_OPERATOR:
        return "Operator";
    case CAMERA_USER:
        return "User";
    case CAMERA_ANONYMOUS:
        break;
    }
    return "Anonymous";
}

/* CAMERA_ANONYMOUS, and a fault: it is none that a user can have. */
static camera_level read_level(onvif_call *call, const char *text)
{
    for (camera_level level = CAMERA_USER; level <= CAMERA_ADMINISTRATOR; level++) {
        if (strcmp(level_name(level), text) == 0) {
            return level;
        }
    }
    soap_fail(&call->fault, "ter:InvalidArgVal", "ter:InvalidUserLevel",
              "'%.40s' is no level of a user", text);
    return CAMERA_ANONYMOUS;
}

static void get_users(onvif_call *call)
{
    camera_user users[CAMERA_USERS_MAX];
    uint32_t count = camera_users_list(call->parts->users, users);
    for (uint32_t i = 0; i < count; i++) {
        xml_open(&call->out, "tds:User");
        xml_leaf(&call->out, "tt:Username", users[i].name);
        xml_leaf(&call->out, "tt:UserLevel", level_name(users[i].level));
        xml_shut(&call->out);
    }
}

static void fail_user(onvif_call *call, const svms_error *err, uint32_t findings)
{
    if (findings != 0) {
        soap_fail(&call->fault, "ter:OperationProhibited", "ter:Password", "%s", err->message);
    } else if (err->status == SVMS_E_EXISTS) {
        soap_fail(&call->fault, "ter:OperationProhibited", "ter:UsernameClash", "%s", err->message);
    } else if (err->status == SVMS_E_LIMIT) {
        soap_fail(&call->fault, "ter:Action", "ter:TooManyUsers", "%s", err->message);
    } else if (err->status == SVMS_E_STATE) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:UsernameMissing", "%s", err->message);
    } else {
        onvif_fail_status(call, err);
    }
}

static const char *member(const xml_node *user, const char *name)
{
    return xml_text(xml_child(user, NS_SCHEMA, name));
}

/* What was done before one of several fails stays done: the answer is a fault that names it. */
static void create_users(onvif_call *call)
{
    const xml_node *user = onvif_member(call, "User");
    if (!user) {
        soap_fail(&call->fault, "ter:InvalidArgVal", NULL, "no user is named");
    }
    for (; user && !call->fault.is_there; user = xml_again(user)) {
        svms_error err = SVMS_ERROR_INIT;
        uint32_t findings = 0;
        camera_level level = read_level(call, member(user, "UserLevel"));
        if (level == CAMERA_ANONYMOUS) {
            return;
        }
        if (camera_users_add(call->parts->users, member(user, "Username"), level,
                             member(user, "Password"), &findings, &err) != SVMS_OK) {
            onvif_tell(call, "user.create", SVMS_AUDIT_FAILURE, member(user, "Username"), NULL,
                       err.message[0] ? err.message : "it failed");
            fail_user(call, &err, findings);
            return;
        }
        onvif_tell(call, "user.create", SVMS_AUDIT_SUCCESS, member(user, "Username"), NULL, NULL);
    }
}

static void set_user(onvif_call *call)
{
    const xml_node *user = onvif_member(call, "User");
    if (!user) {
        soap_fail(&call->fault, "ter:InvalidArgVal", NULL, "no user is named");
    }
    for (; user && !call->fault.is_there; user = xml_again(user)) {
        svms_error err = SVMS_ERROR_INIT;
        uint32_t findings = 0;
        const xml_node *password = xml_child(user, NS_SCHEMA, "Password");
        camera_level level = read_level(call, member(user, "UserLevel"));
        if (level == CAMERA_ANONYMOUS) {
            return;
        }
        if (camera_users_edit(call->parts->users, member(user, "Username"), level,
                              password ? xml_text(password) : NULL, &findings, &err) != SVMS_OK) {
            onvif_tell(call, "user.edit", SVMS_AUDIT_FAILURE, member(user, "Username"), NULL,
                       err.message[0] ? err.message : "it failed");
            fail_user(call, &err, findings);
            return;
        }
        onvif_tell(call, "user.edit", SVMS_AUDIT_SUCCESS, member(user, "Username"), NULL, NULL);
    }
}

static void delete_users(onvif_call *call)
{
    const xml_node *name = onvif_member(call, "Username");
    if (!name) {
        soap_fail(&call->fault, "ter:InvalidArgVal", NULL, "no user is named");
    }
    for (; name && !call->fault.is_there; name = xml_again(name)) {
        svms_error err = SVMS_ERROR_INIT;
        if (camera_users_remove(call->parts->users, xml_text(name), &err) != SVMS_OK) {
            onvif_tell(call, "user.delete", SVMS_AUDIT_FAILURE, xml_text(name), NULL,
                       err.message[0] ? err.message : "it failed");
            fail_user(call, &err, 0);
            return;
        }
        onvif_tell(call, "user.delete", SVMS_AUDIT_SUCCESS, xml_text(name), NULL, NULL);
    }
}

const onvif_operation onvif_user_operations[] = {
    { NS_DEVICE, "GetUsers", "tds:GetUsersResponse", ONVIF_READ_SECRET, get_users },
    { NS_DEVICE, "CreateUsers", "tds:CreateUsersResponse", ONVIF_WRITE_SYSTEM, create_users },
    { NS_DEVICE, "SetUser", "tds:SetUserResponse", ONVIF_WRITE_SYSTEM, set_user },
    { NS_DEVICE, "DeleteUsers", "tds:DeleteUsersResponse", ONVIF_WRITE_SYSTEM, delete_users },
    { NULL, NULL, NULL, ONVIF_PRE_AUTH, NULL },
};
